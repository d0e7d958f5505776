//! Every limit of the configuration bites, says so, and leaves the others served.

use super::*;

#[test]
fn connections_beyond_the_limit_are_closed_at_once() {
    let mut bench = Bench::with(BrokerConfig { max_connections: 2, ..BrokerConfig::default() });
    let first = bench.join(connect(V5, "a"));
    bench.open(V5);
    let third = bench.open(V5);
    assert!(bench.is_closed(third));
    assert!(bench.take(third).is_empty());
    assert_eq!(bench.limits(), ["broker-limit-connections"]);
    assert_eq!(bench.broker.connection_count(), 2);
    bench.send(first, disconnect(ReasonCode::Success));
    bench.join(connect(V5, "b"));
}

#[test]
fn sessions_beyond_the_limit_are_refused_but_known_ones_come_back() {
    let mut bench = Bench::with(BrokerConfig { max_sessions: 1, ..BrokerConfig::default() });
    let known = bench.join(lasting(V5, "known", 60));
    bench.cut(known);
    assert_eq!(bench.refused(connect(V5, "new")).1.unwrap().reason_code, ReasonCode::QuotaExceeded);
    assert_eq!(bench.refused(connect(V311, "new")).1.unwrap().reason_code, ReasonCode::ServerUnavailable);
    assert_eq!(bench.limits(), ["broker-limit-sessions"; 2]);
    bench.join(lasting(V5, "known", 60));
}

#[test]
fn a_full_queue_drops_the_new_message_with_a_reason_and_says_so_once() {
    for config in [
        BrokerConfig { max_queued_messages: 2, ..BrokerConfig::default() },
        BrokerConfig { max_queued_bytes: 5, ..BrokerConfig::default() },
    ] {
        let mut bench = Bench::with(config);
        let subscriber = bench.join(lasting(V5, "s", 60));
        bench.subscribe(subscriber, "t", Q1);
        bench.cut(subscriber);
        let publisher = bench.join(connect(V5, "p"));
        for number in 1..=4 {
            bench.send(publisher, publish("t", &number.to_string(), Q1, number));
        }
        assert_eq!(bench.last_routing("s"), Routing::Dropped(DropReason::QueueFull));
        assert_eq!(bench.limits(), ["broker-limit-queue"]);
        assert_eq!(bench.session("s").unwrap().queued_messages, 2);
        let subscriber = bench.join(lasting(V5, "s", 60));
        assert_eq!(bench.payloads(subscriber), ["t=1", "t=2"]);
    }
}

fn bounded_in_unwritten() -> [BrokerConfig; 2] {
    [
        BrokerConfig { max_unwritten_packets: 3, ..BrokerConfig::default() },
        BrokerConfig { max_unwritten_bytes: 15, ..BrokerConfig::default() },
    ]
}

#[test]
fn qos_0_is_dropped_for_a_client_that_does_not_read_until_it_reads_again() {
    for config in bounded_in_unwritten() {
        let mut bench = Bench::with(config);
        let subscriber = bench.join(connect(V311, "s"));
        bench.subscribe(subscriber, "t", Q1);
        bench.broker.handle_written(bench.now, subscriber, usize::MAX, usize::MAX);
        let publisher = bench.join(connect(V5, "p"));
        for number in 1..=5 {
            // Seven bytes each.
            bench.send(publisher, publish("t", &format!("{number:02}"), Q0, 0));
        }
        assert_eq!(bench.payloads(subscriber), ["t=01", "t=02", "t=03"]);
        assert_eq!(bench.last_routing("s"), Routing::Dropped(DropReason::SlowReader));
        assert_eq!(bench.limits(), ["broker-limit-unwritten"], "said once for both that are dropped");
        bench.broker.handle_written(bench.now, subscriber, 3, 21);
        bench.send(publisher, publish("t", "06", Q0, 0));
        assert_eq!(bench.payloads(subscriber), ["t=06"]);
    }
}

#[test]
fn qos_1_and_what_is_sent_again_wait_for_a_client_that_does_not_read() {
    for config in bounded_in_unwritten() {
        let mut bench = Bench::with(config);
        let mut subscriber = bench.join(lasting(V311, "s", 60));
        bench.subscribe(subscriber, "t", Q1);
        bench.broker.handle_written(bench.now, subscriber, usize::MAX, usize::MAX);
        let publisher = bench.join(connect(V5, "p"));
        for number in 1..=5 {
            bench.send(publisher, publish("t", &number.to_string(), Q1, number));
        }
        let sent = bench.payloads(subscriber);
        assert!(sent.len() < 4, "{sent:?}");
        assert_eq!(bench.last_routing("s"), Routing::QueuedSlowReader);
        // It comes back: what it did not acknowledge is sent again, and waits in the same way.
        bench.cut(subscriber);
        subscriber = bench.join(lasting(V311, "s", 60));
        let mut received = bench.payloads(subscriber);
        assert!(received.len() < 4, "{received:?}");
        for _ in 0..6 {
            bench.broker.handle_written(bench.now, subscriber, usize::MAX, usize::MAX);
            bench.drain();
            received.extend(bench.payloads(subscriber));
        }
        assert_eq!(received, ["t=1", "t=2", "t=3", "t=4", "t=5"]);
    }
}

#[test]
fn a_slow_consumer_is_bounded_too() {
    let config = BrokerConfig { max_inflight: 3, max_queued_messages: 5, ..BrokerConfig::default() };
    let mut bench = Bench::with(config);
    let subscriber = bench.join(connect(V311, "s"));
    bench.subscribe(subscriber, "t", Q1);
    let publisher = bench.join(connect(V5, "p"));
    for _ in 0..100 {
        bench.send(publisher, publish("t", "x", Q1, 1));
        let session = bench.session("s").unwrap();
        assert!(session.in_flight.len() <= 3 && session.queued_messages <= 5);
    }
    assert_eq!(bench.take(subscriber).len(), 3);
}

#[test]
fn retained_messages_beyond_the_limit_are_refused_or_not_kept() {
    let mut bench = Bench::with(BrokerConfig { max_retained: 1, ..BrokerConfig::default() });
    let five = bench.join(connect(V5, "five"));
    bench.subscribe(five, "#", Q0);
    bench.send(five, retained("a", "1", Q1, 1));
    bench.take(five);
    for (qos, packet_id) in [(Q1, 2), (Q2, 3)] {
        bench.send(five, retained("b", "1", qos, packet_id));
        let answer = bench.one(five);
        let (Packet::Puback(one) | Packet::Pubrec(one)) = answer else { panic!("{answer:?}") };
        assert_eq!(one.reason_code, ReasonCode::QuotaExceeded);
    }
    assert!(bench.session("five").unwrap().unreleased.is_empty(), "[MQTT-4.3.3-9]");
    bench.send(five, retained("b", "1", Q0, 0));
    assert_eq!(bench.payloads(five), ["b=1"], "delivered, not kept");
    bench.send(five, retained("a", "2", Q1, 4));
    bench.send(five, retained("a", "", Q1, 5));
    assert_eq!(bench.broker.retained_count(), 0);
    assert_eq!(bench.limits(), ["broker-limit-retained"; 3]);
}

#[test]
fn topics_and_filters_with_too_many_levels_are_refused() {
    let mut bench = Bench::with(BrokerConfig { max_topic_levels: 3, ..BrokerConfig::default() });
    let five = bench.join(connect(V5, "five"));
    bench.send(five, subscribe(1, &[("a/b/c", options(Q0)), ("a/b/c/d", options(Q0))], None));
    let Packet::Suback(suback) = bench.one(five) else { panic!() };
    assert_eq!(suback.reason_codes, [ReasonCode::Success, ReasonCode::TopicFilterInvalid]);
    bench.send(five, publish("a/b/c/d", "x", Q1, 1));
    assert_eq!(bench.one(five), Packet::Puback(Acknowledgement::new(id(1), ReasonCode::TopicNameInvalid)));
    bench.send(five, publish("a/b/c/d", "x", Q0, 0));
    bench.assert_misbehaved(five, ReasonCode::TopicNameInvalid);
    let three = bench.join(connect(V311, "three"));
    bench.send(three, publish("a/b/c/d", "x", Q1, 1));
    bench.assert_misbehaved(three, ReasonCode::TopicNameInvalid);
    let mut willing = with_will(connect(V5, "w"), Q0, None);
    willing.will.as_mut().unwrap().topic = TopicName::new("a/b/c/d").unwrap();
    assert_eq!(bench.refused(willing).1.unwrap().reason_code, ReasonCode::TopicNameInvalid);
    assert_eq!(bench.limits(), ["broker-limit-topic-levels"; 5]);
}

#[test]
fn sixty_five_thousand_levels_are_served_if_allowed() {
    let mut bench = Bench::with(BrokerConfig { max_topic_levels: usize::MAX, ..BrokerConfig::default() });
    let connection = bench.join(connect(V5, "c"));
    let deep = "/".repeat(65_535);
    bench.subscribe(connection, &deep, Q0);
    bench.subscribe(connection, "/#", Q0);
    bench.send(connection, publish(&deep, "x", Q0, 0));
    assert_eq!(bench.publish(connection).topic.as_str(), deep);
}

#[test]
fn subscriptions_beyond_the_limit_get_0x97() {
    for (version, expected) in [(V5, ReasonCode::QuotaExceeded), (V311, ReasonCode::UnspecifiedError)] {
        let mut bench = Bench::with(BrokerConfig { max_subscriptions: 1, ..BrokerConfig::default() });
        let connection = bench.join(connect(version, "c"));
        bench.send(connection, subscribe(1, &[("a", options(Q0)), ("b", options(Q0)), ("a", options(Q1))], None));
        let Packet::Suback(suback) = bench.one(connection) else { panic!() };
        assert_eq!(suback.reason_codes, [ReasonCode::Success, expected, ReasonCode::GrantedQoS1]);
        assert_eq!(bench.limits(), ["broker-limit-subscriptions"]);
    }
}

#[test]
fn filters_of_one_subscribe_beyond_the_limit_get_0x97_even_if_they_repeat() {
    let mut bench = Bench::with(BrokerConfig { max_subscriptions: 1, ..BrokerConfig::default() });
    let connection = bench.join(connect(V5, "c"));
    bench.send(connection, subscribe(1, &[("a", options(Q0)); 18], None));
    let Packet::Suback(suback) = bench.one(connection) else { panic!() };
    assert_eq!(suback.reason_codes[..16], [ReasonCode::Success; 16]);
    assert_eq!(suback.reason_codes[16..], [ReasonCode::QuotaExceeded; 2]);
    assert_eq!(bench.limits(), ["broker-limit-subscriptions"]);
}

#[test]
fn the_longest_session_expiry_holds_for_everyone() {
    for version in BOTH {
        let mut bench = Bench::with(BrokerConfig { session_expiry_max: 30, ..BrokerConfig::default() });
        let connection = bench.join(lasting(version, "c", 1_000));
        bench.cut(connection);
        bench.pass_until(Instant::from_secs(30));
        assert_eq!(bench.broker.session_count(), 0);
    }
}

#[test]
fn a_packet_larger_than_the_brokers_maximum_is_0x95_before_its_bytes_come() {
    let mut bench = Bench::with(BrokerConfig { maximum_packet_size: 100, ..BrokerConfig::default() });
    let connection = bench.join(connect(V5, "c"));
    bench.send_bytes(connection, &b"\x30\x64"[..]);
    bench.assert_misbehaved(connection, ReasonCode::PacketTooLarge);
}

#[test]
fn a_payload_beyond_the_limit_is_acknowledged_and_goes_nowhere() {
    let mut bench = Bench::with(BrokerConfig { max_payload: Some(3), ..BrokerConfig::default() });
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "t", Q2);
    for (version, code) in [(V5, ReasonCode::ImplementationSpecificError), (V311, ReasonCode::Success)] {
        let publisher = bench.join(connect(version, "p"));
        bench.send(publisher, publish("t", "1234", Q1, 1));
        assert_eq!(bench.one(publisher), Packet::Puback(Acknowledgement::new(id(1), code)));
        bench.send(publisher, publish("t", "1234", Q2, 2));
        assert_eq!(bench.one(publisher), Packet::Pubrec(Acknowledgement::new(id(2), code)));
        bench.send(publisher, publish("t", "1234", Q0, 0));
        bench.send(publisher, publish("t", "123", Q0, 0));
        assert_eq!(bench.payloads(subscriber), ["t=123"]);
    }
    assert_eq!(bench.limits(), ["broker-limit-payload"; 6]);
}

#[test]
fn a_longer_keep_alive_than_the_longest_is_replaced_for_5_0() {
    let mut bench = Bench::with(BrokerConfig { max_keep_alive: Some(30), ..BrokerConfig::default() });
    for (asked, told) in [(0, Some(30)), (31, Some(30)), (30, None), (5, None)] {
        let connection = bench.dial(Connect { keep_alive: asked, ..connect(V5, "c") });
        let Packet::Connack(connack) = bench.one(connection) else { panic!() };
        assert_eq!(connack.properties.server_keep_alive, told, "{asked}");
    }
    let old = bench.join(Connect { keep_alive: 0, ..connect(V311, "old") });
    bench.pass(Duration::from_secs(600));
    assert!(!bench.is_closed(old), "3.1.1 cannot be told");
}

#[test]
fn client_identifiers_have_to_be_as_the_broker_wants_them() {
    let config =
        BrokerConfig { client_id_prefix: Some("lab-".to_owned()), assigned_prefix: "lab-auto-".to_owned(), ..BrokerConfig::default() };
    let mut bench = Bench::with(config.clone());
    for version in BOTH {
        bench.join(connect(version, "lab-1"));
        bench.join(connect(version, ""));
        assert_eq!(bench.refused(connect(version, "home")).1.unwrap().reason_code, ReasonCode::NotAuthorized);
    }
    assert!(bench.session("lab-auto-2").is_some());
    let mut bench = Bench::with(BrokerConfig { allow_empty_client_id: false, ..config });
    for version in BOTH {
        assert_eq!(bench.refused(connect(version, "")).1.unwrap().reason_code, ReasonCode::ClientIdentifierNotValid);
    }
}

#[test]
fn outgoing_qos_can_be_upgraded_against_the_specification() {
    let mut bench = Bench::with(BrokerConfig { upgrade_outgoing_qos: true, ..BrokerConfig::default() });
    let connection = bench.join(connect(V5, "c"));
    bench.subscribe(connection, "t", Q2);
    bench.send(connection, retained("t", "x", Q0, 0));
    assert_eq!(bench.publish(connection).qos, Q2);
    let late = bench.join(connect(V5, "late"));
    bench.subscribe(late, "t", Q1);
    assert_eq!(bench.publish(late).qos, Q1);
}

#[test]
fn every_limit_reads_well_in_both_languages() {
    use crate::text::{Language, key};
    let message = key::BROKER_LIMIT_QUEUE.with("client", "s").with("messages", 2_u8).with("bytes", 9_u8);
    assert!(Language::English.render(&message).starts_with("The queue of s is full (2 messages or 9 bytes)"));
    assert!(Language::Korean.render(&message).contains("큐가 가득 찼어요"));
}

#[test]
fn all_kept_messages_together_stay_within_their_limit_and_each_counts_once() {
    let mut bench = Bench::with(BrokerConfig { max_payload_bytes: 100, ..BrokerConfig::default() });
    for name in ["a", "b"] {
        let subscriber = bench.join(lasting(V5, name, 60));
        bench.subscribe(subscriber, "t", Q1);
        bench.cut(subscriber);
    }
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, publish("t", &"1".repeat(59), Q1, 1));
    assert_eq!(bench.broker.held_bytes(), 60, "two queues, one message");
    bench.send(publisher, retained("r", &"2".repeat(29), Q0, 0));
    assert_eq!(bench.broker.held_bytes(), 90);
    bench.take(publisher);
    // A publisher at QoS 1 or 2 learns that there is no room.
    bench.send(publisher, publish("t", &"3".repeat(10), Q1, 2));
    let Packet::Puback(puback) = bench.one(publisher) else { panic!() };
    assert_eq!(puback.reason_code, ReasonCode::QuotaExceeded);
    bench.send(publisher, publish("t", &"3".repeat(10), Q2, 3));
    let Packet::Pubrec(pubrec) = bench.one(publisher) else { panic!() };
    assert_eq!(pubrec.reason_code, ReasonCode::QuotaExceeded);
    // A message of no QoS is delivered, but not retained.
    let witness = bench.join(connect(V5, "w"));
    bench.subscribe(witness, "new", Q0);
    bench.send(publisher, retained("new", &"4".repeat(10), Q0, 0));
    assert_eq!(bench.payloads(witness), ["new=4444444444"]);
    assert_eq!(bench.broker.retained_count(), 1);
    assert_eq!(bench.limits(), ["broker-limit-payloads"; 3]);
    // Replacing and fetching make room again.
    bench.send(publisher, retained("r", "", Q0, 0));
    assert_eq!(bench.broker.held_bytes(), 60);
    for name in ["a", "b"] {
        let subscriber = bench.join(lasting(V5, name, 60));
        assert_eq!(bench.take(subscriber).len(), 1);
        assert_eq!(bench.broker.held_bytes(), 60, "until it is acknowledged");
        bench.send(subscriber, Packet::Puback(ack(1)));
    }
    assert_eq!(bench.broker.held_bytes(), 0);
    bench.send(publisher, publish("t", &"5".repeat(50), Q1, 1));
    let Packet::Puback(puback) = bench.one(publisher) else { panic!() };
    assert_eq!(puback.reason_code, ReasonCode::Success);
}

#[test]
fn a_will_beyond_the_longest_payload_is_refused_at_connect() {
    let mut bench = Bench::with(BrokerConfig { max_payload: Some(4), ..BrokerConfig::default() });
    for version in BOTH {
        bench.join(with_will(connect(version, "four"), Q1, None));
        let (_, connack) = bench.refused(with_will(connect(version, "fiver"), Q1, None));
        assert_eq!(
            connack.map(|connack| connack.reason_code),
            (version == V5).then_some(ReasonCode::QuotaExceeded),
            "3.1.1 has no code for it"
        );
        assert!(matches!(bench.last_end(), EndCause::Refused { reason_code: ReasonCode::QuotaExceeded, .. }));
    }
    assert_eq!(bench.limits(), ["broker-limit-will-payload"; 2]);
    assert!(bench.session("fiver").is_none());
}

#[test]
fn wills_count_as_long_as_they_may_be_published_and_always_have_their_room() {
    // A will here has four bytes of topic and one of payload.
    let mut bench = Bench::with(BrokerConfig { max_payload_bytes: 20, ..BrokerConfig::default() });
    let subscriber = bench.join(lasting(V5, "s", 60));
    bench.subscribe(subscriber, "will", Q1);
    bench.cut(subscriber);
    let dying = ["a", "b"].map(|name| bench.join(with_will(lasting(V5, name, 60), Q1, Some(30))));
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, retained("r", &"x".repeat(5), Q1, 1));
    for (version, code) in [(V5, ReasonCode::QuotaExceeded), (V311, ReasonCode::ServerUnavailable)] {
        let (_, connack) = bench.refused(with_will(connect(version, "c"), Q1, None));
        assert_eq!(connack.unwrap().reason_code, code);
    }
    assert_eq!(bench.limits(), ["broker-limit-payloads"; 2]);
    // One that it has already makes room for the next.
    let again = bench.join(with_will(lasting(V5, "a", 60), Q1, Some(30)));
    assert!(bench.is_closed(dying[0]));
    bench.take(publisher);
    bench.send(publisher, retained("q", "1234", Q1, 2));
    assert!(
        matches!(bench.one(publisher), Packet::Puback(puback) if puback.reason_code == ReasonCode::QuotaExceeded),
        "nobody takes it away"
    );
    bench.cut(again);
    bench.pass(Duration::from_secs(30));
    assert_eq!((bench.last_routing("s"), bench.broker.held_bytes()), (Routing::QueuedOffline, 11));
    // Discarded, published as the session ends: neither leaves anything behind.
    bench.send(dying[1], disconnect(ReasonCode::Success));
    bench.send(publisher, retained("q", "12", Q1, 3));
    assert!(matches!(bench.one(publisher), Packet::Puback(puback) if !puback.reason_code.is_error()));
    let last = bench.join(with_will(connect(V5, "l"), Q1, None));
    bench.cut(last);
    bench.pass(Duration::from_secs(60));
    bench.send(publisher, retained("r", "", Q1, 4));
    bench.send(publisher, retained("q", "", Q1, 5));
    assert_eq!(bench.broker.held.bytes_with_wills(), 0);
}

#[test]
fn a_retained_message_that_finds_no_room_leaves_no_older_one_behind_mqtt_3_3_1_5() {
    let mut bench = Bench::with(BrokerConfig { max_payload_bytes: 40, ..BrokerConfig::default() });
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, retained("t", "old", Q0, 0));
    bench.send(publisher, retained("r", &"x".repeat(29), Q0, 0));
    bench.send(publisher, retained("t", "new, and longer", Q0, 0));
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "t", Q0);
    assert_eq!(bench.payloads(subscriber), [""; 0], "a server may forget the newest message, but then there is none (5.0 §3.3.1.3)");
    bench.send(publisher, retained("r", &"y".repeat(39), Q0, 0));
    bench.subscribe(subscriber, "r", Q0);
    assert_eq!(bench.payloads(subscriber).len(), 1, "what it replaces makes room for it");
    assert_eq!(bench.broker.held_bytes(), 40);
}

#[test]
fn a_qos_2_message_that_closed_its_connection_is_no_duplicate_when_there_is_room_mqtt_4_3_3_2_v311() {
    let mut bench = Bench::with(BrokerConfig { max_payload_bytes: 20, ..BrokerConfig::default() });
    let other = bench.join(connect(V5, "o"));
    bench.subscribe(other, "t", Q0);
    bench.send(other, retained("r", &"x".repeat(19), Q0, 0));
    let publisher = bench.join(lasting(V311, "p", 0));
    bench.send(publisher, publish("t", "once", Q2, 1));
    assert!(bench.is_closed(publisher), "3.1.1 has no other way to refuse it");
    bench.send(other, retained("r", "", Q0, 0));
    let publisher = bench.join(lasting(V311, "p", 0));
    bench.send(publisher, Packet::Publish(Publish { dup: true, ..message("t", "once", Q2, 1) }));
    assert_eq!(bench.take(publisher), [Packet::Pubrec(ack(1))]);
    assert_eq!(bench.payloads(other), ["t=once"]);
}

#[test]
fn a_subscribe_that_names_a_filter_over_and_over_brings_a_bounded_number_of_retained_messages() {
    let mut bench = Bench::new();
    let client = bench.join(connect(V5, "c"));
    for number in 0..100 {
        bench.send(client, retained(&format!("t/{number}"), "x", Q0, 0));
    }
    bench.send(client, subscribe(1, &vec![("#", options(Q0)); 150], None));
    let received = bench.take(client);
    assert_eq!(received.len(), 1 + 10_000, "SUBACK, and the first hundred filters have theirs");
    assert_eq!(bench.limits(), ["broker-limit-retained-at-once"]);
}
