//! Captures as Wireshark reads them: every MQTT packet counted once, none malformed, no option given.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::process::Command;

use mqtt_playground::export::Format;
use mqtt_playground::lesson::catalog;
use mqtt_playground::link::{CloseReason, LossReason, Side};
use mqtt_playground::sim::{Scenario, World};
use mqtt_playground::time::Instant;
use mqtt_playground::trace::{Event, NodeId, Trace};
use serde_json::Value;

/// Two versions, all QoS levels, retained messages and a will.
const QUIET: &str = r#"
seed = 3
until = "30 s"
[[client]]
name = "sensor"
will = { topic = "home/status", payload = "offline", qos = 1, retain = true }
user = "sensor"
password = "open sesame"
[[client]]
name = "화면"
version = "3.1.1"
client_id = "display"
subscriptions = [{ filter = "home/#", qos = 2 }]
keep_alive = "5 s"
[[device]]
client = "sensor"
signal = "sine"
low = 18
high = 24
cycle = "1 min"
every = "2 s"
start = "1 s"
topic = "home/temperature"
qos = 2
[[device]]
client = "sensor"
signal = "random-walk"
first = 50
step = 1
low = 40
high = 60
every = "3 s"
start = "1 s"
topic = "home/humidity"
qos = 1
retain = true
[[timeline]]
at = "20 s"
do = "unsubscribe"
client = "화면"
filter = "home/#"
[[timeline]]
at = "25 s"
do = "disconnect"
client = "화면"
[[timeline]]
at = "26 s"
do = "reset"
client = "sensor"
"#;

/// A third of all segments gets lost, in both directions.
const LOSSY: &str = r#"
seed = 11
until = "60 s"
[[client]]
name = "sensor"
path = { latency = "40 ms", jitter = "10 ms", loss = "30 %" }
[[client]]
name = "app"
version = "3.1.1"
subscriptions = [{ filter = "a/#", qos = 1 }]
path = { latency = "20 ms", loss = "20 %" }
[[device]]
client = "sensor"
signal = "burst"
size = 4
every = "1 s"
start = "1 s"
topic = "a/b"
qos = 1
"#;

/// Packets longer than a segment, and so many at once that the window closes and one segment carries the end of one and the start of the next.
fn crowded() -> String {
    let payload = "0123456789".repeat(500);
    format!(
        r#"
until = "20 s"
[[client]]
name = "sensor"
path = {{ latency = "30 ms", rate = 200000 }}
[[client]]
name = "app"
subscriptions = ["+"]
[[device]]
client = "sensor"
signal = "burst"
size = 60
every = "15 s"
start = "1 s"
topic = "long"
payload = "{payload}{{n}}"
[[device]]
client = "sensor"
signal = "burst"
size = 200
every = "15 s"
start = "1 s"
topic = "short"
"#
    )
}

/// The broker's PUBACK never arrives, the client comes back with its session; later its path goes for good.
const CUT: &str = r#"
until = "60 s"
[[client]]
name = "sensor"
clean_start = false
session_expiry = "1 h"
keep_alive = "10 s"
reconnect = { every = "2 s" }
[[fault]]
client = "sensor"
packet = "PUBACK"
from = "broker"
verdict = "cut-before-delivery"
[[timeline]]
at = "1 s"
do = "publish"
client = "sensor"
topic = "a"
payload = "1"
qos = 1
[[timeline]]
at = "5 s"
do = "restore"
client = "sensor"
[[timeline]]
at = "30 s"
do = "cut"
client = "sensor"
notice = "nobody"
[[timeline]]
at = "31 s"
do = "publish"
client = "sensor"
topic = "a"
payload = "2"
qos = 1
"#;

fn run(scenario: &str) -> Trace {
    let scenario = Scenario::parse("scenario.toml", scenario).unwrap().shared();
    let mut trace = Trace::new(scenario.nodes(), 1_000_000);
    let mut world = World::new(&scenario, scenario.seed);
    let until = Instant::ZERO + scenario.until;
    while world.next_at().is_some_and(|at| at <= until) && world.step(&mut trace) {}
    trace
}

fn json(trace: &Trace) -> Value {
    serde_json::from_slice(&Format::Json.write(trace)).unwrap()
}

fn records<'a>(json: &'a Value, event: &'a str) -> impl Iterator<Item = &'a Value> {
    json["records"].as_array().unwrap().iter().filter(move |record| record["event"] == event)
}

/// The lines that tshark prints for the capture. On CI a missing tshark is a failure; elsewhere the test says that it was skipped.
fn tshark(trace: &Trace, arguments: &[&str]) -> Option<Vec<String>> {
    let found = Command::new("tshark").arg("--version").output().is_ok();
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(found || !ci, "tshark is missing: apt-get install tshark");
    if !found {
        println!("skipped: tshark is missing: apt-get install tshark");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.pcapng");
    std::fs::write(&file, Format::Pcapng.write(trace)).unwrap();
    let output = Command::new("tshark").arg("-r").arg(&file).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// Counts frames as `tshark -Y mqtt` does, and the packets in them; both have to be what the JSON says.
fn check_counts(trace: &Trace) {
    let json = json(trace);
    let expected = json["mqtt_packets_on_the_wire"].as_u64().unwrap();
    let marked = records(&json, "packet_sent").filter(|packet| packet["on_the_wire"] == true).count();
    assert_eq!(marked as u64, expected);
    let Some(types) = tshark(trace, &["-Y", "mqtt", "-T", "fields", "-e", "mqtt.msgtype"]) else { return };
    assert_eq!(types.len() as u64, expected);
    let mut seen: Vec<u64> = types.iter().flat_map(|line| line.split(',')).map(|number| number.parse().unwrap()).collect();
    assert_eq!(seen.len() as u64, expected);
    let mut written: Vec<u64> = records(&json, "packet_sent")
        .filter(|packet| packet["on_the_wire"] == true)
        .map(|packet| u64::from_str_radix(&packet["hex"].as_str().unwrap()[..1], 16).unwrap())
        .collect();
    seen.sort_unstable();
    written.sort_unstable();
    assert_eq!(seen, written);
    let broken =
        tshark(trace, &["-Y", "_ws.malformed || mqtt.unknown_version || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment"]);
    assert_eq!(broken, Some(Vec::new()));
}

fn segments(trace: &Trace, wanted: impl Fn(&mqtt_playground::link::Segment) -> bool) -> usize {
    trace.records().iter().filter(|record| matches!(&record.event, Event::SegmentSent { segment, .. } if wanted(segment))).count()
}

#[test]
fn a_quiet_run_in_both_versions_counts_right() {
    let trace = run(QUIET);
    let json = json(&trace);
    assert_eq!(json["mqtt_packets_on_the_wire"], records(&json, "packet_sent").count());
    check_counts(&trace);
    if let Some(frames) = tshark(&trace, &["-Y", "mqtt"]) {
        assert_eq!(frames.len(), records(&json, "packet_sent").count());
    }
}

#[test]
fn a_lossy_run_counts_right_and_shows_its_retransmissions() {
    let trace = run(LOSSY);
    let again = segments(&trace, |segment| segment.attempt > 0);
    assert!(again > 10, "{again}");
    check_counts(&trace);
    let shown =
        // A fast retransmission comes so soon after other data that Wireshark takes it for a segment out of order.
        tshark(&trace, &["-Y", "tcp.analysis.retransmission || tcp.analysis.spurious_retransmission || tcp.analysis.out_of_order"]);
    if let Some(shown) = shown {
        assert_eq!(shown.len(), again);
    }
}

#[test]
fn packets_over_several_segments_and_several_in_one_count_right() {
    let trace = run(&crowded());
    assert!(segments(&trace, |segment| segment.payload.len() == 1_460) > 100);
    assert!(
        segments(&trace, |segment| segment.payload.len() > 1_000
            && segment.payload.windows(7).filter(|bytes| bytes == b"\x00\x05short").count() > 20)
            > 0
    );
    check_counts(&trace);
}

#[test]
fn what_a_cut_takes_with_it_is_in_the_capture_and_what_never_left_is_not() {
    let trace = run(CUT);
    let is_lost = |record: &&mqtt_playground::trace::Record| matches!(record.event, Event::PacketLost { reason: LossReason::PathCut, .. });
    assert!(trace.records().iter().any(|record| is_lost(&record)));
    check_counts(&trace);
}

#[test]
fn every_checksum_is_right() {
    let wrong = "ip.checksum.status == 0 || tcp.checksum.status == 0";
    for scenario in [QUIET, LOSSY] {
        let options = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-Y", wrong];
        let Some(shown) = tshark(&run(scenario), &options) else { return };
        assert_eq!(shown, Vec::<String>::new());
    }
}

#[test]
fn the_capture_has_handshake_teardown_port_time_and_a_comment_on_each_packet() {
    let trace = run(QUIET);
    let Some(syn) = tshark(&trace, &["-Y", "tcp.flags.syn == 1 && tcp.dstport == 1883"]) else { return };
    let opened = trace.records().iter().filter(|record| matches!(record.event, Event::ConnectionOpening { .. })).count();
    assert_eq!(syn.len(), opened);
    assert_eq!(tshark(&trace, &["-Y", "tcp.flags.fin == 1"]).unwrap().len(), segments(&trace, |segment| segment.fin));
    assert_eq!(tshark(&trace, &["-Y", "tcp.flags.reset == 1"]).unwrap().len(), segments(&trace, |segment| segment.rst));
    let comments = tshark(&trace, &["-Y", "mqtt", "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.comment"]).unwrap();
    let sent = trace.records().iter().filter(|record| matches!(record.event, Event::PacketSent { .. }));
    assert!(comments[0].starts_with("0.040000000\tCONNECT"), "{}", comments[0]);
    assert_eq!(comments.iter().filter(|line| line.contains("[record ")).count(), sent.count());
    assert!(comments.iter().any(|line| line.contains("\tPUBLISH QoS 2, id 1, message ")), "{comments:#?}");
}

#[test]
fn secrets_are_in_no_file() {
    let trace = run(QUIET);
    let secret = b"open sesame";
    assert!(trace.records().iter().any(|record| {
        matches!(&record.event, Event::PacketSent { bytes, .. } if bytes.windows(secret.len()).any(|window| window == secret))
    }));
    for format in Format::ALL {
        let file = format.write(&trace);
        assert!(!file.windows(secret.len()).any(|window| window == secret), "{format:?}");
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!file.windows(hex.len()).any(|window| window == hex.as_bytes()), "{format:?}");
    }
}

#[test]
fn the_json_names_who_takes_part_and_what_each_packet_says() {
    let json = json(&run(QUIET));
    assert_eq!(json["product"], "MQTT Playground");
    assert_eq!(json["seed"], 3);
    assert_eq!(json["nodes"][2]["name"], "화면");
    assert_eq!(json["nodes"][2]["version"], "3.1.1");
    let publish = records(&json, "packet_sent").find(|packet| packet["packet_type"] == "PUBLISH").unwrap();
    let fields = publish["fields"].as_array().unwrap();
    assert!(fields.iter().any(|field| field["name"] == "Topic Name" && field["value"].as_str().unwrap().contains("home/")), "{fields:#?}");
    let ids: Vec<u64> = json["records"].as_array().unwrap().iter().map(|record| record["id"].as_u64().unwrap()).collect();
    assert!(ids.iter().zip(0..).all(|(id, place)| *id == place));
}

/// As a live connection records it: the peer is outside, no segment is seen.
#[test]
fn a_live_connection_gets_segments_of_its_own_and_counts_right() {
    let scenario = run(&crowded());
    let mut live = Trace::new(scenario.nodes()[..2].to_vec(), 10_000);
    live.push(Instant::ZERO, None, Event::RunStarted { seed: None });
    let first = scenario.records().iter().find_map(|record| match &record.event {
        Event::ConnectionOpening { connection, client: NodeId(1) } => Some(*connection),
        _ => None,
    });
    for record in scenario.records() {
        let event = match record.event.clone() {
            Event::PacketSent { connection, from: Side::Broker, packet_type, version, bytes } if Some(connection) == first => {
                Event::PacketObserved { connection, from: Side::Broker, packet_type, version, bytes }
            }
            event @ (Event::PacketSent { connection, .. } | Event::ConnectionOpening { connection, .. }) if Some(connection) == first => {
                event
            }
            event @ Event::TransportOpened { connection, side: Side::Client } if Some(connection) == first => event,
            _ => continue,
        };
        live.push(record.at, None, event);
    }
    let reason = CloseReason::ClosedByPeer;
    live.push(Instant::from_secs(30), None, Event::TransportClosed { connection: first.unwrap(), side: Side::Client, reason });
    let json = json(&live);
    let expected = json["mqtt_packets_on_the_wire"].as_u64().unwrap();
    assert!(expected > 250 && records(&json, "packet_observed").count() > 0);
    let Some(frames) = tshark(&live, &["-Y", "mqtt"]) else { return };
    assert_eq!(frames.len() as u64, expected);
    let broken = "_ws.malformed || tcp.analysis.flags";
    assert_eq!(tshark(&live, &["-Y", broken]), Some(Vec::new()));
    assert_eq!(tshark(&live, &["-Y", "tcp.flags.syn == 1 || tcp.flags.fin == 1"]).unwrap().len(), 4);
}

#[test]
fn the_lessons_on_delivery_and_loss_count_right() {
    for slug in ["qos-2", "loss-and-tcp"] {
        let lesson = catalog().iter().find(|lesson| lesson.slug == slug).unwrap();
        let trace = mqtt_playground::lesson::run(lesson, Some(&lesson.solution), None).unwrap().trace;
        check_counts(&trace);
    }
}
