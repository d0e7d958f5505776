//! Will Messages: every way to lose a connection, and Will Delay.

use super::*;

/// A watcher of the will, and a client with one: its connection.
fn watched(connect: Connect) -> (Bench, ConnectionId, ConnectionId) {
    let mut bench = Bench::new();
    let watcher = bench.join(super::connect(V5, "watcher"));
    bench.subscribe(watcher, "will", Q2);
    let connection = bench.join(connect);
    (bench, watcher, connection)
}

#[test]
fn disconnect_0x00_discards_the_will_mqtt_3_14_4_3() {
    for version in BOTH {
        let (mut bench, watcher, connection) = watched(with_will(connect(version, "c"), Q1, None));
        bench.send(connection, disconnect(ReasonCode::Success));
        assert!(bench.take(watcher).is_empty());
        assert!(bench.has(|event| matches!(event, BrokerEvent::WillDiscarded { resumed: false, .. })));
    }
}

#[test]
fn every_other_disconnect_publishes_the_will_mqtt_3_1_2_8() {
    let codes = [ReasonCode::DisconnectWithWillMessage, ReasonCode::UnspecifiedError, ReasonCode::QuotaExceeded];
    for reason_code in codes {
        let (mut bench, watcher, connection) = watched(with_will(connect(V5, "c"), Q1, None));
        bench.send(connection, disconnect(reason_code));
        assert_eq!(bench.last_end(), &EndCause::ClientDisconnected(reason_code));
        assert_eq!(bench.payloads(watcher), ["will=c"]);
    }
}

#[test]
fn an_invalid_disconnect_publishes_the_will() {
    // Keep Alive timeout and Session taken over come from the Server only; 0x01 is no Reason Code of DISCONNECT.
    for code in [0x8D_u8, 0x8E, 0x01] {
        let (mut bench, watcher, connection) = watched(with_will(connect(V5, "c"), Q1, None));
        bench.send_bytes(connection, vec![0xE0, 0x01, code]);
        assert!(matches!(bench.last_end(), EndCause::ClientMisbehaved { .. }), "{:?}", bench.last_end());
        assert_eq!(bench.payloads(watcher), ["will=c"]);
    }
}

#[test]
fn a_lost_connection_publishes_the_will_once_mqtt_3_1_2_8_and_10() {
    for version in BOTH {
        let (mut bench, watcher, connection) = watched(with_will(lasting(version, "c", 60), Q2, None));
        bench.cut(connection);
        assert_eq!(bench.payloads(watcher), ["will=c"]);
        assert!(bench.session("c").unwrap().will.is_none());
        bench.pass(Duration::from_secs(100));
        assert!(bench.take(watcher).is_empty());
    }
}

#[test]
fn malformed_bytes_publish_the_will() {
    for version in BOTH {
        let (mut bench, watcher, connection) = watched(with_will(connect(version, "c"), Q1, None));
        bench.send_bytes(connection, &b"\x36\x03\x00\x01a"[..]);
        bench.assert_misbehaved(connection, ReasonCode::MalformedPacket);
        assert_eq!(bench.payloads(watcher), ["will=c"]);
    }
}

#[test]
fn a_takeover_publishes_the_will_unless_it_is_delayed_and_the_session_resumed_mqtt_3_1_3_9() {
    for (second, delay, published) in [
        (lasting(V5, "c", 60), None, true),
        (lasting(V5, "c", 60), Some(5), false),
        // With Clean Start the session ends, and the will comes before its delay has passed.
        (connect(V5, "c"), Some(5), true),
    ] {
        let (mut bench, watcher, _) = watched(with_will(lasting(V5, "c", 60), Q1, delay));
        bench.join(second);
        assert_eq!(bench.payloads(watcher).len(), usize::from(published));
        bench.pass(Duration::from_secs(100));
        assert!(bench.take(watcher).is_empty(), "once");
    }
}

#[test]
fn the_will_comes_after_its_delay_or_with_the_end_of_the_session_mqtt_3_1_2_8() {
    for (delay, expiry, at) in [(5, 60, 5), (60, 5, 5), (7, 7, 7), (9, u32::MAX, 9), (u32::MAX, 20, 20)] {
        let (mut bench, watcher, connection) = watched(with_will(lasting(V5, "c", expiry), Q1, Some(delay)));
        bench.cut(connection);
        let due = Instant::from_secs(at);
        assert!(bench.has(|event| matches!(event, BrokerEvent::WillScheduled { at, .. } if *at == due)));
        assert_eq!(bench.session("c").unwrap().will.unwrap().scheduled_at, Some(due));
        bench.pass_until(due - Duration::from_micros(1));
        assert!(bench.take(watcher).is_empty());
        bench.pass_until(due);
        assert_eq!(bench.payloads(watcher), ["will=c"]);
        bench.pass(Duration::from_secs(100));
        assert!(bench.take(watcher).is_empty(), "once");
    }
}

#[test]
fn a_delay_means_nothing_to_a_session_that_ends_with_its_connection() {
    let (mut bench, watcher, connection) = watched(with_will(connect(V5, "c"), Q1, Some(30)));
    bench.cut(connection);
    assert_eq!(bench.payloads(watcher), ["will=c"]);
}

#[test]
fn resumption_within_the_delay_discards_the_will_mqtt_3_1_3_9() {
    let (mut bench, watcher, connection) = watched(with_will(lasting(V5, "c", 60), Q1, Some(30)));
    bench.cut(connection);
    bench.pass(Duration::from_secs(29));
    bench.join(lasting(V5, "c", 60));
    assert!(bench.has(|event| matches!(event, BrokerEvent::WillDiscarded { resumed: true, .. })));
    bench.pass(Duration::from_secs(100));
    assert!(bench.take(watcher).is_empty());
}

#[test]
fn the_will_carries_its_properties_and_retain_mqtt_3_1_2_15_and_3_1_3_10() {
    let mut dying = with_will(connect(V5, "c"), Q2, None);
    let will = dying.will.as_mut().unwrap();
    will.retain = true;
    will.properties.content_type = Some("text/plain".into());
    will.properties.user_properties = UserProperties(vec![("b".into(), "1".into()), ("a".into(), "2".into()), ("b".into(), "3".into())]);
    will.properties.message_expiry_interval = Some(10);
    let (mut bench, watcher, connection) = watched(dying);
    bench.pass(Duration::from_secs(100));
    bench.cut(connection);
    let got = bench.publish(watcher);
    assert_eq!((got.qos, got.retain), (Q2, false));
    assert_eq!(got.properties.content_type.as_deref(), Some("text/plain"));
    assert_eq!(got.properties.user_properties.iter().collect::<Vec<_>>(), [("b", "1"), ("a", "2"), ("b", "3")]);
    assert_eq!(got.properties.message_expiry_interval, Some(10), "it counts from the publication");
    assert_eq!(bench.broker.retained().next().unwrap().topic.as_str(), "will");
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.broker.retained_count(), 0);
}

#[test]
fn the_will_of_a_new_connection_does_not_inherit_the_timer_of_the_old() {
    for second in [lasting(V5, "c", 60), connect(V5, "c"), connect(V311, "other")] {
        let (mut bench, watcher, connection) = watched(with_will(lasting(V5, "c", 60), Q1, Some(30)));
        bench.cut(connection);
        bench.pass(Duration::from_secs(10));
        if second.client_id.as_str() == "other" {
            // The session ends, and its place in memory goes to the next one.
            let last = bench.join(connect(V5, "c"));
            bench.send(last, disconnect(ReasonCode::Success));
        }
        bench.join(with_will(second, Q1, Some(5)));
        bench.take(watcher);
        bench.pass(Duration::from_secs(100));
        assert!(bench.take(watcher).is_empty(), "it is connected");
        assert_eq!(bench.broker.poll_timeout(), None);
    }
}

#[test]
fn timers_due_at_the_same_instant_fire_one_by_one() {
    let mut bench = Bench::new();
    for name in ["a", "b"] {
        let connection = bench.join(with_will(lasting(V5, name, 60), Q0, Some(5)));
        bench.cut(connection);
    }
    let due = bench.broker.poll_timeout().unwrap();
    for published in 1..=2 {
        assert_eq!(bench.broker.poll_timeout(), Some(due));
        bench.broker.handle_timeout(due);
        bench.drain();
        assert_eq!(bench.events.iter().filter(|event| matches!(event, BrokerEvent::WillPublished { .. })).count(), published);
    }
}
