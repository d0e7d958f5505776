//! Views as folds of traces: whatever the pieces they are fed in, and in words of both languages.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use mqtt_playground::link::Side;
use mqtt_playground::packet::PacketType;
use mqtt_playground::sim::{Scenario, World};
use mqtt_playground::text::Language;
use mqtt_playground::time::{Duration, Instant};
use mqtt_playground::trace::{Event, NodeId, Trace};
use mqtt_playground::view::{Fate, MarkKind, PacketList, PathStatus, Sequence, SequenceItem, SessionReport, StageFold};

/// Loss, a cut that nobody notices, power, a will: what the diagram marks.
const STORMY: &str = r#"
seed = 5
until = "60 s"
[[client]]
name = "sensor"
keep_alive = "10 s"
will = { topic = "s/status", payload = "offline", qos = 1 }
path = { latency = "50 ms", loss = "25 %" }
[[client]]
name = "app"
version = "3.1.1"
subscriptions = [{ filter = "s/#", qos = 2 }]
path = { latency = "50 ms" }
[[device]]
client = "sensor"
signal = "burst"
size = 2
every = "1 s"
start = "2 s"
topic = "s/t"
qos = 2
[[timeline]]
at = "20 s"
do = "cut"
client = "sensor"
notice = "client"
[[timeline]]
at = "50 s"
do = "restore"
client = "sensor"
[[timeline]]
at = "55 s"
do = "power-cut"
node = "app"
"#;

fn run() -> (Trace, World) {
    let scenario = Scenario::parse("scenario.toml", STORMY).unwrap().shared();
    let mut trace = Trace::new(scenario.nodes(), 100_000);
    let mut world = World::new(&scenario, scenario.seed);
    let until = Instant::ZERO + scenario.until;
    while world.next_at().is_some_and(|at| at <= until) && world.step(&mut trace) {}
    (trace, world)
}

fn whole(trace: &Trace) -> (PacketList, Sequence) {
    let (mut packets, mut sequence) = (PacketList::default(), Sequence::new(trace.nodes()));
    packets.extend(trace.records());
    sequence.extend(trace.records(), &packets);
    (packets, sequence)
}

fn marks(sequence: &Sequence, kind: MarkKind) -> Vec<[String; 2]> {
    let of_kind = sequence.items().iter().filter_map(|item| match item {
        SequenceItem::Mark(mark) if mark.kind == kind => Some(Language::ALL.map(|language| language.render(&mark.message))),
        _ => None,
    });
    of_kind.collect()
}

#[test]
fn folding_in_pieces_gives_what_folding_at_once_gives() {
    let (trace, _) = run();
    let (packets, sequence) = whole(&trace);
    for piece in [1, 7, 100] {
        let (mut grown_packets, mut grown) = (PacketList::default(), Sequence::new(trace.nodes()));
        for records in trace.records().chunks(piece) {
            grown_packets.extend(records);
            grown.extend(records, &grown_packets);
        }
        assert_eq!(grown_packets.rows(), packets.rows());
        assert_eq!(grown.items(), sequence.items());
    }
    // Feeding everything again adds nothing.
    let mut again = packets.clone();
    again.extend(trace.records());
    assert_eq!(again.rows(), packets.rows());
}

#[test]
fn every_packet_sent_has_a_row_and_its_fate_is_that_of_the_trace() {
    let (trace, _) = run();
    let (packets, sequence) = whole(&trace);
    let count = |wanted: fn(&Event) -> bool| trace.records().iter().filter(|record| wanted(&record.event)).count();
    assert_eq!(packets.rows().len(), count(|event| matches!(event, Event::PacketSent { .. })));
    let arrived = packets.rows().iter().filter(|row| matches!(row.fate, Fate::Arrived { .. })).count();
    let lost = packets.rows().iter().filter(|row| matches!(row.fate, Fate::Lost { .. })).count();
    assert_eq!(arrived, count(|event| matches!(event, Event::PacketReceived { .. })));
    assert_eq!(lost, count(|event| matches!(event, Event::PacketLost { .. })));
    assert!(lost > 0);
    let drawn = sequence.items().iter().filter(|item| matches!(item, SequenceItem::Packet(_))).count();
    assert_eq!(drawn, packets.rows().len());
}

#[test]
fn a_packet_counts_the_retransmissions_of_the_segments_that_carry_it() {
    let (trace, _) = run();
    let (packets, _) = whole(&trace);
    let again = trace
        .records()
        .iter()
        .filter(|record| matches!(&record.event, Event::SegmentSent { segment, .. } if segment.attempt > 0 && !segment.payload.is_empty()));
    let total: u32 = packets.rows().iter().map(|row| row.retransmissions).sum();
    assert!(total > 0 && total as usize >= again.count());
    // Nothing is known of them before they happen.
    for records in [0, 40, trace.len() / 2, trace.len()] {
        let seen: u32 = packets.rows_seen_from(records).iter().map(|row| row.retransmissions).sum();
        let mut partial = PacketList::default();
        partial.extend(&trace.records()[..records]);
        assert_eq!(seen, partial.rows().iter().map(|row| row.retransmissions).sum::<u32>());
        assert_eq!(packets.rows_seen_from(records), partial.rows());
    }
}

#[test]
fn marks_and_sentences_say_in_both_languages_what_happened() {
    let (trace, _) = run();
    let (_, sequence) = whole(&trace);
    let [korean, english] = &marks(&sequence, MarkKind::Broken)[0];
    assert_eq!(korean, "sensor ↔ 브로커: 경로가 끊겼어요");
    assert_eq!(english, "sensor ↔ broker: the path is cut");
    assert_eq!(marks(&sequence, MarkKind::Restored)[0][1], "sensor ↔ broker: the path is back");
    assert_eq!(marks(&sequence, MarkKind::Power)[0][0], "app 전원이 꺼졌어요");
    assert!(marks(&sequence, MarkKind::Will).iter().any(|[_, english]| english == "The broker published the Will Message of sensor"));
    assert!(
        marks(&sequence, MarkKind::Segment)
            .iter()
            .any(|[korean, _]| korean.starts_with("sensor → 브로커: TCP 세그먼트가 사라졌어요 (PUBLISH"))
    );
    let first = (0..trace.len()).find_map(|records| {
        sequence.announcement(records).filter(|_| {
            records > 0
                && matches!(
                    trace.records()[records - 1].event,
                    Event::PacketSent { packet_type: PacketType::Publish, from: Side::Client, .. }
                )
        })
    });
    let (_, sentence) = first.unwrap();
    assert_eq!(Language::Korean.render(sentence), "sensor에서 브로커에게 PUBLISH를 보냈어요 (QoS 2, id 1)");
    assert_eq!(Language::English.render(sentence), "sensor sent PUBLISH to broker (QoS 2, id 1)");
    // No message is left without its arguments.
    for item in sequence.items() {
        if let SequenceItem::Mark(mark) = item {
            for language in Language::ALL {
                let text = language.render(&mark.message);
                assert!(!text.contains('{') && !text.starts_with("view-"), "{text}");
            }
        }
    }
}

#[test]
fn the_stage_shows_how_a_connection_stands() {
    let (trace, _) = run();
    let (packets, _) = whole(&trace);
    let mut fold = StageFold::new(trace.nodes());
    let mut statuses = Vec::new();
    let mut waited = false;
    for second in 0..600 {
        let now = Instant::ZERO + Duration::from_millis(100 * second);
        let visible = trace.records().partition_point(|record| record.at <= now);
        fold.extend(&trace.records()[..visible], &packets);
        let stage = fold.at(now, &packets);
        let status = stage.paths[0].status;
        if statuses.last() != Some(&status) {
            statuses.push(status);
        }
        assert!(stage.flights.iter().all(|flight| flight.progress <= 1_000));
        waited |= stage.flights.iter().any(|flight| flight.waiting);
        assert_eq!(stage.paths.len(), 2);
    }
    let expected = [PathStatus::Opening, PathStatus::Connected, PathStatus::Cut];
    assert_eq!(statuses[..3], expected);
    assert!(waited, "a lost segment shows as waiting");
    let end = fold.at(Instant::from_secs(60), &packets);
    assert!(!end.nodes[2].powered);
    // Power went without a word: the broker still believes in the connection.
    assert_eq!(end.paths[1].status, PathStatus::HalfOpen);
}

#[test]
fn the_session_report_is_the_broker_s_and_the_clients_state() {
    let (trace, world) = run();
    let report = SessionReport::of(&world, trace.nodes());
    assert_eq!(report.clients.iter().map(|client| client.node).collect::<Vec<_>>(), [NodeId(1), NodeId(2)]);
    assert_eq!(Language::English.render(&report.clients[1].state), "off");
    let app = report.sessions.iter().find(|session| session.client_id == "app").unwrap();
    assert!(app.connected);
    let subscriptions: Vec<_> = app.subscriptions.iter().map(|row| (row.filter.as_str(), row.qos, row.options.len())).collect();
    assert_eq!(subscriptions, [("s/#", mqtt_playground::packet::QoS::ExactlyOnce, 0)]);
}

#[test]
fn a_publish_that_leaves_its_topic_to_an_alias_shows_what_the_alias_means_on_its_connection() {
    use mqtt_playground::packet::{Packet, ProtocolVersion, Publish, PublishProperties, QoS, TopicName};
    use mqtt_playground::session::ConnectionId;
    use mqtt_playground::trace::{Record, RecordId};

    let mut records = Vec::new();
    let mut add = |event| {
        let id = RecordId(records.len() as u32);
        records.push(Record::new(id, Instant::ZERO, None, event));
    };
    add(Event::ConnectionOpening { connection: ConnectionId(1), client: NodeId(1) });
    add(Event::ConnectionOpening { connection: ConnectionId(2), client: NodeId(2) });
    let lines = [
        (1, Side::Client, "a", 1),
        (1, Side::Broker, "b", 1),
        (2, Side::Client, "", 1),
        (1, Side::Client, "", 1),
        (1, Side::Broker, "", 1),
        (1, Side::Client, "c", 1),
        (1, Side::Client, "", 1),
    ];
    for (connection, from, topic, alias) in lines {
        let topic = if topic.is_empty() { TopicName::default() } else { TopicName::new(topic).unwrap() };
        let properties = PublishProperties { topic_alias: Some(alias), ..PublishProperties::default() };
        let publish = Publish {
            dup: false,
            qos: QoS::AtMostOnce,
            retain: false,
            topic,
            packet_id: None,
            properties: properties.into(),
            payload: "x".into(),
        };
        let bytes = Packet::Publish(publish).to_bytes(ProtocolVersion::V5).unwrap();
        let (connection, version) = (ConnectionId(connection), ProtocolVersion::V5);
        add(Event::PacketSent { connection, from, packet_type: PacketType::Publish, version, bytes: bytes.into() });
    }
    let mut packets = PacketList::default();
    packets.extend(&records);
    let shown: Vec<_> = packets.rows().iter().map(|row| row.summary.topic.as_deref()).collect();
    assert_eq!(shown, [Some("a"), Some("b"), None, Some("a"), Some("b"), Some("c"), Some("c")]);
    assert!(packets.rows().iter().all(|row| row.summary.topic_alias == Some(1)));
}
