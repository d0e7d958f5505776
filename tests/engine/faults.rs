//! Faults on the network and what MQTT makes of them.

use mqtt_playground::broker::{BrokerEvent, EndCause};
use mqtt_playground::link::Side;
use mqtt_playground::packet::PacketType;
use mqtt_playground::time::Instant;
use mqtt_playground::trace::Event;

use super::run::Run;
use super::test;

#[test]
fn thirty_percent_loss_on_a_living_link_is_delay_only_no_dup_and_no_missing_message() {
    let text = r#"
[[client]]
name = "sensor"
keep_alive = "0 s"
path = { latency = "20 ms", jitter = "5 ms", loss = "30 %" }
[[client]]
name = "board"
keep_alive = "0 s"
subscriptions = [{ filter = "t/#", qos = 2 }]
path = { latency = "20 ms", loss = "30 %" }
[[device]]
client = "sensor"
signal = "steps"
values = ["-"]
every = "2 s"
start = "100 s"
times = 40
topic = "t/0"
payload = "0/{n}"
[[device]]
client = "sensor"
signal = "steps"
values = ["-"]
every = "2 s"
start = "100 s"
times = 40
topic = "t/1"
qos = 1
payload = "1/{n}"
[[device]]
client = "sensor"
signal = "steps"
values = ["-"]
every = "2 s"
start = "100 s"
times = 40
topic = "t/2"
qos = 2
payload = "2/{n}"
"#;
    let mut whole_runs = 0;
    let mut repeated = 0;
    for seed in 1..=8 {
        let run = Run::with_seed(text, Some(seed)).until_millis(7_200_000);
        let broke = run.events().any(|(_, event)| matches!(event, Event::TransportClosed { .. }));
        if broke {
            // So much loss can exhaust the retransmissions of a handshake; then the link is not a living one.
            continue;
        }
        whole_runs += 1;
        repeated += run.events().filter(|(_, event)| matches!(event, Event::SegmentSent { segment, .. } if segment.attempt > 0)).count();
        for side in [Side::Client, Side::Broker] {
            assert!(run.publishes(side).iter().all(|publish| !publish.dup), "seed {seed}");
            assert_eq!(run.publishes(side).len(), 120, "seed {seed}");
        }
        for qos in 0..3 {
            let prefix = format!("{qos}/");
            let got: Vec<String> = run.messages("board").into_iter().filter(|payload| payload.starts_with(&prefix)).collect();
            let expected: Vec<String> = (1..=40).map(|n| format!("{qos}/{n}")).collect();
            assert_eq!(got, expected, "seed {seed}");
        }
    }
    assert!(whole_runs >= 5, "only {whole_runs} runs kept their connections");
    assert!(repeated > 100, "the loss repeated only {repeated} segments");
}

const RESUMING: &str = r#"
[[client]]
name = "sensor"
clean_start = false
session_expiry = "1 h"
reconnect = { every = "1 s" }
[[client]]
name = "board"
clean_start = false
session_expiry = "1 h"
reconnect = { every = "1 s" }
subscriptions = [{ filter = "t", qos = 2 }]
"#;

fn publish_at(millis: u64, payload: &str, qos: u8) -> String {
    format!(
        "[[timeline]]\nat = \"{millis} ms\"\ndo = \"publish\"\nclient = \"sensor\"\ntopic = \"t\"\npayload = \"{payload}\"\nqos = {qos}\n"
    )
}

#[test]
fn after_a_cut_before_puback_exactly_the_unacknowledged_publish_is_sent_again_with_dup_and_the_same_identifier() {
    // [MQTT-4.4.0-1] [MQTT-3.3.1-1]
    let text = format!(
        "{RESUMING}[[fault]]\nclient = \"sensor\"\npacket = \"PUBACK\"\nfrom = \"broker\"\nnth = 2\nverdict = \"cut-before-delivery\"\n\
         [[timeline]]\nat = \"4 s\"\ndo = \"restore\"\nclient = \"sensor\"\n{}{}{}",
        publish_at(1_000, "one", 1),
        publish_at(2_000, "two", 1),
        publish_at(6_000, "three", 1)
    );
    let run = Run::new(&text).until_millis(12_000);
    let sent: Vec<_> = run
        .publishes(Side::Client)
        .into_iter()
        .map(|publish| (String::from_utf8_lossy(&publish.payload).into_owned(), publish.dup, publish.packet_id))
        .collect();
    let [one, two, again, three] = sent.as_slice() else { panic!("{sent:?}\n{}", run.text()) };
    assert_eq!((one.0.as_str(), one.1), ("one", false));
    assert_eq!((two.0.as_str(), two.1), ("two", false));
    assert_eq!((again.0.as_str(), again.1, again.2), ("two", true, two.2));
    assert_eq!((three.0.as_str(), three.1), ("three", false));
    // At QoS 1 the subscriber gets what was accepted twice twice.
    assert_eq!(run.messages("board"), ["one", "two", "two", "three"]);
}

#[test]
fn qos_2_arrives_exactly_once_with_a_break_at_every_point() {
    // [MQTT-4.3.3-1] [MQTT-4.3.3-10]
    let steps = [("PUBLISH", 3), ("PUBREC", 5), ("PUBREL", 6), ("PUBCOMP", 7)];
    let verdicts = ["reset-before-delivery", "reset-after-delivery", "cut-before-delivery", "cut-after-delivery"];
    for victim in ["sensor", "board"] {
        for (step, (packet, _)) in steps.iter().enumerate() {
            for verdict in verdicts {
                // The publisher sends PUBLISH and PUBREL; towards the subscriber the broker does.
                let from = if (step % 2 == 0) == (victim == "sensor") { "client" } else { "broker" };
                let text = format!(
                    "{RESUMING}[[fault]]\nclient = \"{victim}\"\npacket = \"{packet}\"\nfrom = \"{from}\"\nverdict = \"{verdict}\"\n\
                     [[timeline]]\nat = \"4 s\"\ndo = \"restore\"\nclient = \"{victim}\"\n{}{}",
                    publish_at(1_000, "one", 2),
                    publish_at(6_000, "two", 2)
                );
                let run = Run::new(&text).until_millis(20_000);
                let struck = run.events().any(|(_, event)| matches!(event, Event::FaultStruck { .. }));
                assert!(struck, "{packet} from {from} at {victim}: the fault did not strike");
                assert_eq!(run.messages("board"), ["one", "two"], "{packet} from {from} at {victim}, {verdict}\n{}", run.text());
            }
        }
    }
}

const SILENT: &str = r#"
[[client]]
name = "sensor"
keep_alive = "60 s"
sends_pings = false
will = { topic = "status/sensor", payload = "offline", qos = 1 }
path = { latency = "0 s" }
[[client]]
name = "board"
subscriptions = [{ filter = "status/+", qos = 1 }]
path = { latency = "0 s" }
"#;

#[test]
fn a_client_that_falls_silent_at_0_is_disconnected_and_its_will_published_at_90_seconds() {
    // [MQTT-3.1.2-22] [MQTT-3.1.2-8]
    let run = Run::new(SILENT).until_millis(200_000);
    let ended: Vec<_> = run
        .broker_events()
        .filter_map(|(at, event)| match event {
            BrokerEvent::ConnectionEnded { cause, .. } => Some((at, cause.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(ended, [(Instant::from_secs(90), EndCause::KeepAliveTimeout)]);
    let wills: Vec<_> =
        run.broker_events().filter(|(_, event)| matches!(event, BrokerEvent::WillPublished { .. })).map(|(at, _)| at).collect();
    assert_eq!(wills, [Instant::from_secs(90)]);
    assert_eq!(run.messages("board"), ["offline"]);
}

#[test]
fn a_power_cut_is_noticed_by_keep_alive_only_and_then_the_will_follows() {
    let text = SILENT.replace("sends_pings = false", "reconnect = { every = \"1 s\" }");
    let text = format!(
        "{text}[[timeline]]\nat = \"100 s\"\ndo = \"power-cut\"\nclient = \"sensor\"\n[[timeline]]\nat = \"300 s\"\ndo = \"power-on\"\nclient = \"sensor\""
    );
    let run = Run::new(&text).until_millis(310_000);
    // Its last packet was the PINGREQ at 60 s.
    let ended: Vec<_> =
        run.broker_events().filter(|(_, event)| matches!(event, BrokerEvent::ConnectionEnded { .. })).map(|(at, _)| at).collect();
    assert_eq!(ended, [Instant::from_secs(150)], "{}", run.text());
    assert_eq!(run.messages("board"), ["offline"]);
    let connects = run.sent(Side::Client, PacketType::Connect).len();
    assert_eq!(connects, 3, "sensor, board, sensor again");
}

#[test]
fn an_orderly_disconnect_publishes_no_will() {
    // [MQTT-3.14.4-3]
    let text = format!("{SILENT}[[timeline]]\nat = \"5 s\"\ndo = \"disconnect\"\nclient = \"sensor\"");
    let run = Run::new(&text).until_millis(200_000);
    assert!(run.messages("board").is_empty());
    let with_will = text.replace("do = \"disconnect\"", "do = \"disconnect\"\nreason_code = 4");
    assert_eq!(Run::new(&with_will).until_millis(200_000).messages("board"), ["offline"]);
}

#[test]
fn a_half_open_connection_lives_beside_the_new_one_until_the_broker_takes_the_session_over() {
    let text = format!(
        "{RESUMING}[[timeline]]\nat = \"2 s\"\ndo = \"cut\"\nclient = \"sensor\"\nnotice = \"client\"\n[[timeline]]\nat = \"3 s\"\ndo = \"restore\"\nclient = \"sensor\""
    );
    let mut run = Run::new(&text).until_millis(3_010);
    let sensor = run.node("sensor");
    run.advance(Instant::from_millis(4_020));
    let links = run.world.links().filter(|(_, node, _)| *node == sensor).count();
    assert!(links >= 1);
    run.advance(Instant::from_secs(40));
    let takeovers =
        run.broker_events().filter(|(_, event)| matches!(event, BrokerEvent::ConnectionEnded { cause: EndCause::TakenOver, .. })).count();
    assert_eq!(takeovers, 1, "{}", run.text());
    assert_eq!(run.world.links().filter(|(_, node, _)| *node == sensor).count(), 1);
}
