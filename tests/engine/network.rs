//! The network and the machines at its ends, as MQTT meets them.

use mqtt_playground::broker::{BrokerEvent, EndCause};
use mqtt_playground::client::ClientEvent;
use mqtt_playground::link::{CloseReason, LossReason, Side};
use mqtt_playground::packet::PacketType;
use mqtt_playground::time::Instant;
use mqtt_playground::trace::Event;

use super::run::Run;
use super::test;

fn ended(run: &Run) -> Vec<(Instant, EndCause)> {
    run.broker_events()
        .filter_map(|(at, event)| match event {
            BrokerEvent::ConnectionEnded { cause, .. } => Some((at, cause.clone())),
            _ => None,
        })
        .collect()
}

#[test]
fn a_router_that_forgets_idle_connections_spares_a_short_keep_alive_and_breaks_a_long_one() {
    let text = |keep_alive: &str| {
        format!("[[client]]\nname = \"sensor\"\nkeep_alive = \"{keep_alive}\"\npath = {{ latency = \"0 s\", idle_timeout = \"60 s\" }}")
    };
    let run = Run::new(&text("50 s")).until_millis(1_000_000);
    assert_eq!(ended(&run), []);
    let run = Run::new(&text("120 s")).until_millis(2_000_000);
    // The broker waits for one and a half times the keep alive; the client for an answer to its PINGREQ.
    assert_eq!(ended(&run), [(Instant::from_secs(180), EndCause::KeepAliveTimeout)], "{}", run.text());
    let lost = |(_, event): (_, &Event)| matches!(event, Event::SegmentLost { reason: LossReason::IdleTimeout, .. });
    assert!(run.events().any(lost));
    assert!(run.events().any(|(_, event)| matches!(event, Event::Client { event, .. } if matches!(**event, ClientEvent::Disconnected(_)))));
}

#[test]
fn bytes_for_a_program_that_hangs_pile_up_until_its_window_closes_and_come_when_it_goes_on() {
    let text = r#"
[[client]]
name = "source"
[[client]]
name = "board"
keep_alive = "0 s"
subscriptions = ["t"]
[[device]]
client = "source"
signal = "burst"
size = 100
every = "1 s"
start = "10 s"
times = 10
topic = "t"
payload = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
[[timeline]]
at = "5 s"
do = "freeze"
client = "board"
lasts = "40 s"
"#;
    let run = Run::new(text).until_millis(44_999);
    assert_eq!(run.messages("board").len(), 0);
    let narrowest = run.events().filter_map(|(_, event)| match event {
        Event::SegmentSent { segment, .. } if segment.from == Side::Client => Some(segment.window),
        _ => None,
    });
    assert!(narrowest.min().is_some_and(|window| window < 1_460), "the window is all but closed");
    let run = Run::new(text).until_millis(60_000);
    assert_eq!(run.messages("board").len(), 1_000);
    assert_eq!(ended(&run), []);
}

#[test]
fn a_program_that_hangs_too_long_is_given_up_by_its_keep_alive() {
    let text = "[[client]]\nname = \"a\"\nkeep_alive = \"10 s\"\npath = { latency = \"0 s\" }\n[[timeline]]\nat = \"3 s\"\ndo = \"freeze\"\nclient = \"a\"\nlasts = \"60 s\"";
    let run = Run::new(text).until_millis(100_000);
    assert_eq!(ended(&run), [(Instant::from_secs(15), EndCause::KeepAliveTimeout)]);
    let sees = run.events().find_map(|(record, event)| match event {
        Event::Client { event, .. } if matches!(**event, ClientEvent::Disconnected(_)) => Some(record.at),
        _ => None,
    });
    assert_eq!(sees, Some(Instant::from_secs(63)), "it learns of it when it goes on");
}

#[test]
fn the_timers_of_a_device_follow_its_own_clock() {
    let text = |drift: i32| {
        format!(
            "[[client]]\nname = \"a\"\nkeep_alive = \"60 s\"\nclock_drift = {drift}\npath = {{ latency = \"0 s\" }}\n\
             [[client]]\nname = \"b\"\nkeep_alive = \"60 s\"\npath = {{ latency = \"0 s\" }}\n\
             [[device]]\nclient = \"a\"\nsignal = \"steps\"\nvalues = [\"-\"]\nevery = \"100 s\"\nstart = \"1 s\"\ntopic = \"t\"\ntimes = 3"
        )
    };
    let pings = |run: &Run, name: &str| -> Vec<u64> {
        let node = run.node(name);
        let mine = |connection| {
            run.events().any(
                |(_, event)| matches!(event, Event::ConnectionOpening { connection: opened, client } if *opened == connection && *client == node),
            )
        };
        run.events()
            .filter_map(|(record, event)| match event {
                Event::PacketSent { connection, packet_type: PacketType::Pingreq, .. } if mine(*connection) => Some(record.at.as_micros()),
                _ => None,
            })
            .collect()
    };
    let publishes = |run: &Run| -> Vec<u64> {
        run.events()
            .filter_map(|(record, event)| match event {
                Event::PacketSent { packet_type: PacketType::Publish, from: Side::Client, .. } => Some(record.at.as_micros()),
                _ => None,
            })
            .collect()
    };
    let right = Run::new(&text(0)).until_millis(250_000);
    let fast = Run::new(&text(250_000)).until_millis(250_000);
    assert_eq!(publishes(&right), [1_000_000, 101_000_000, 201_000_000]);
    assert_eq!(publishes(&fast), [1_000_000, 81_000_000, 161_000_000]);
    assert_eq!(pings(&right, "b"), pings(&fast, "b"), "another device is not concerned");
    // Right: 60 s after each packet. Fast: after 48 s.
    assert_eq!(pings(&right, "a").first(), Some(&61_000_000));
    assert_eq!(pings(&fast, "a").first(), Some(&49_000_000));
    // So slow that PINGREQ comes too late for one and a half times the keep alive.
    let slow = Run::new(&text(-400_000).replace("times = 3", "times = 1")).until_millis(300_000);
    assert_eq!(ended(&slow), [(Instant::from_secs(91), EndCause::KeepAliveTimeout)]);
}

#[test]
fn a_held_puback_is_released_by_a_command_and_nothing_is_sent_twice() {
    let text = r#"
[[client]]
name = "sensor"
[[fault]]
client = "sensor"
packet = "PUBACK"
from = "broker"
verdict = "hold"
[[timeline]]
at = "1 s"
do = "publish"
client = "sensor"
topic = "t"
qos = 1
[[timeline]]
at = "9 s"
do = "release"
client = "sensor"
"#;
    let run = Run::new(text).until_millis(20_000);
    let done = run.events().find_map(|(record, event)| match event {
        Event::PacketReceived { to: Side::Client, .. } if record.at > Instant::from_secs(1) => Some(record.at),
        _ => None,
    });
    assert_eq!(done, Some(Instant::from_secs(9)), "{}", run.text());
    assert_eq!(run.publishes(Side::Client).len(), 1);
    assert!(run.events().any(|(_, event)| matches!(event, Event::FaultStruck { .. })));
}

#[test]
fn a_hold_that_nobody_releases_ends_with_its_sender_and_the_trace_says_so() {
    let text = "[[client]]\nname = \"a\"\nkeep_alive = \"0 s\"\n[[fault]]\nclient = \"a\"\npacket = \"CONNACK\"\nfrom = \"broker\"\nverdict = \"hold\"";
    let run = Run::new(text).until_millis(3_600_000);
    assert!(run.events().any(|(_, event)| matches!(event, Event::PacketLost { .. })), "{}", run.text());
    assert_eq!(run.world.links().count(), 0);
}

#[test]
fn somebody_with_the_same_client_identifier_takes_the_session_over() {
    // [MQTT-3.1.4-3]
    for how in [
        "[[fault]]\nclient = \"a\"\npacket = \"PUBLISH\"\nfrom = \"client\"\nverdict = \"connect-double\"\n[[timeline]]\nat = \"2 s\"\ndo = \"publish\"\nclient = \"a\"\ntopic = \"t\"",
        "[[timeline]]\nat = \"2 s\"\ndo = \"connect-double\"\nclient = \"a\"",
    ] {
        let text = format!("[[client]]\nname = \"a\"\nkeep_alive = \"30 s\"\nreconnect = {{ every = \"5 s\" }}\n{how}");
        let run = Run::new(&text).until_millis(20_000);
        let ends: Vec<_> = ended(&run).into_iter().map(|(_, cause)| cause).collect();
        assert_eq!(ends, [EndCause::TakenOver, EndCause::TakenOver], "it takes its session back\n{}", run.text());
        assert_eq!(run.sent(Side::Client, PacketType::Connect).len(), 3);
        assert_eq!(run.world.links().count(), 1);
    }
}

#[test]
fn an_orderly_stop_leaves_no_will_and_a_stopped_broker_says_goodbye() {
    // [MQTT-3.14.4-3]
    let text = |node: &str| {
        format!(
            "[[client]]\nname = \"a\"\nwill = {{ topic = \"gone\", payload = \"a\" }}\n[[client]]\nname = \"b\"\nsubscriptions = [\"gone\"]\n\
             [[timeline]]\nat = \"2 s\"\ndo = \"stop\"\nnode = \"{node}\"\n[[timeline]]\nat = \"5 s\"\ndo = \"power-on\"\nnode = \"{node}\""
        )
    };
    let run = Run::new(&text("a")).until_millis(100_000);
    assert_eq!(run.messages("b").len(), 0);
    assert_eq!(run.sent(Side::Client, PacketType::Disconnect).len(), 1);
    assert!(run.events().any(|(_, event)| matches!(event, Event::PowerChanged { on: true, .. })));
    let run = Run::new(&text("broker")).until_millis(100_000);
    assert_eq!(run.sent(Side::Broker, PacketType::Disconnect).len(), 2, "{}", run.text());
    let closed = run.events().filter(|(_, event)| matches!(event, Event::TransportClosed { reason: CloseReason::ClosedByPeer, .. }));
    assert_eq!(closed.count(), 2);
    assert_eq!(run.world.links().count(), 0);
}

#[test]
fn a_broker_that_crashes_without_persistence_forgets_what_one_with_it_keeps() {
    for (persistence, expected) in [(true, 1), (false, 0)] {
        let text = format!(
            "[broker]\npersistence = {persistence}\n[[client]]\nname = \"a\"\nreconnect = {{ every = \"1 s\" }}\n\
             [[timeline]]\nat = \"1 s\"\ndo = \"publish\"\nclient = \"a\"\ntopic = \"t\"\npayload = \"kept\"\nqos = 1\nretain = true\n\
             [[timeline]]\nat = \"2 s\"\ndo = \"power-cut\"\nnode = \"broker\"\n[[timeline]]\nat = \"3 s\"\ndo = \"power-on\"\nnode = \"broker\"\n\
             [[timeline]]\nat = \"10 s\"\ndo = \"subscribe\"\nclient = \"a\"\nfilter = \"t\""
        );
        assert_eq!(Run::new(&text).until_millis(20_000).messages("a").len(), expected, "persistence {persistence}");
    }
}

#[test]
fn total_loss_is_given_up_and_the_trace_says_so() {
    let run = Run::new("[[client]]\nname = \"a\"\nconnect_timeout = \"1 h\"\npath = { loss = \"100 %\" }").until_millis(3_600_000);
    assert!(run.events().any(|(_, event)| matches!(event, Event::TransportClosed { reason: CloseReason::TimedOut, .. })));
}

#[test]
fn the_settings_of_one_path_leave_the_draws_of_another_alone() {
    let segments = |other: &str| -> Vec<_> {
        let text = format!(
            "[[client]]\nname = \"a\"\nkeep_alive = \"5 s\"\npath = {{ loss = \"20 %\", jitter = \"50 ms\" }}\n[[client]]\nname = \"b\"\nkeep_alive = \"5 s\"\npath = {{ {other} }}"
        );
        let run = Run::new(&text).until_millis(200_000);
        let node = run.node("a");
        let mine: Vec<_> = run
            .events()
            .filter_map(|(_, event)| match event {
                Event::ConnectionOpening { connection, client } if *client == node => Some(*connection),
                _ => None,
            })
            .collect();
        run.events()
            .filter_map(|(record, event)| match event {
                Event::SegmentSent { connection, segment } if mine.contains(connection) => Some((record.at, segment.number, true)),
                Event::SegmentArrived { connection, number } if mine.contains(connection) => Some((record.at, *number, false)),
                _ => None,
            })
            .collect()
    };
    let reference = segments("latency = \"20 ms\"");
    for preset in ["lan", "wifi", "lte", "satellite", "tunnel", "flaky"] {
        assert_eq!(segments(&format!("preset = \"{preset}\"")), reference, "{preset}");
    }
}
