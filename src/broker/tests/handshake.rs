//! CONNECT and CONNACK.

use super::*;

#[test]
fn success_is_answered_by_connack_0_and_announces_what_the_broker_offers_mqtt_3_1_4_5() {
    let mut bench = Bench::new();
    let five = bench.dial(connect(V5, "five"));
    let Packet::Connack(connack) = bench.one(five) else { panic!() };
    assert_eq!((connack.reason_code, connack.session_present), (ReasonCode::Success, false));
    assert_eq!(connack.properties.receive_maximum, Some(20));
    assert_eq!(connack.properties.maximum_packet_size, Some(327_680));
    assert_eq!(connack.properties.topic_alias_maximum, Some(10));
    assert_eq!(connack.properties.shared_subscription_available, None);
    assert_eq!(connack.properties.assigned_client_identifier, None);
    assert_eq!(connack.properties.maximum_qos, None, "absent means 2; the value 2 would be a Protocol Error");
    let three = bench.dial(connect(V311, "three"));
    let Packet::Connack(connack) = bench.one(three) else { panic!() };
    assert_eq!(connack.reason_code, ReasonCode::Success);
    assert_eq!(connack.properties, Default::default());
}

#[test]
fn a_smaller_broker_announces_what_it_lacks_mqtt_3_2_2_9() {
    let config = BrokerConfig {
        maximum_qos: Q1,
        retain_available: false,
        session_expiry_max: 60,
        server_keep_alive: Some(7),
        ..BrokerConfig::default()
    };
    let mut bench = Bench::with(config);
    let connection = bench.dial(Connect { keep_alive: 100, ..lasting(V5, "c", 100) });
    let Packet::Connack(connack) = bench.one(connection) else { panic!() };
    assert_eq!(connack.properties.maximum_qos, Some(Q1));
    assert_eq!(connack.properties.retain_available, Some(false));
    assert_eq!(connack.properties.session_expiry_interval, Some(60));
    assert_eq!(connack.properties.server_keep_alive, Some(7));
    assert!(bench.has(|event| matches!(event, BrokerEvent::ClientConnected { keep_alive: 7, .. })));
    bench.pass_until(Instant::from_millis(10_499));
    assert!(!bench.is_closed(connection));
    bench.pass_until(Instant::from_millis(10_500));
    assert_eq!(bench.last_end(), &EndCause::KeepAliveTimeout);
}

#[test]
fn nothing_is_sent_before_connect_and_another_first_packet_is_closed_mqtt_3_1_0_1() {
    for version in BOTH {
        let packets = [publish("t", "x", Q1, 1), Packet::Puback(ack(1)), Packet::Pingreq, disconnect(ReasonCode::Success)];
        for packet in packets {
            let mut bench = Bench::new();
            let connection = bench.open(version);
            assert!(bench.take(connection).is_empty());
            bench.send(connection, packet);
            assert!(bench.take(connection).is_empty(), "not even DISCONNECT before CONNACK [MQTT-3.14.0-1]");
            assert!(bench.is_closed(connection));
            assert!(matches!(bench.last_end(), EndCause::ClientMisbehaved { clause: "MQTT-3.1.0-1", .. }));
        }
    }
}

#[test]
fn a_second_connect_is_a_protocol_error_and_publishes_the_will_mqtt_3_1_0_2() {
    for version in BOTH {
        let mut bench = Bench::new();
        let watcher = bench.join(connect(V5, "watcher"));
        bench.subscribe(watcher, "will", Q0);
        let connection = bench.join(with_will(connect(version, "c"), Q0, None));
        bench.send(connection, Packet::Connect(Box::new(connect(version, "c"))));
        bench.assert_misbehaved(connection, ReasonCode::ProtocolError);
        assert_eq!(bench.payloads(watcher), ["will=c"]);
    }
}

#[test]
fn connect_has_a_deadline_that_dripped_bytes_do_not_move() {
    let mut bench = Bench::new();
    let connection = bench.open(V5);
    let bytes = Packet::Connect(Box::new(connect(V5, "slow"))).to_bytes(V5).unwrap();
    for (second, byte) in bytes.iter().take(9).enumerate() {
        bench.pass_until(Instant::from_secs(second as u64 + 1));
        bench.send_bytes(connection, vec![*byte]);
    }
    bench.pass_until(Instant::from_micros(9_999_999));
    assert!(!bench.is_closed(connection));
    bench.pass_until(Instant::from_secs(10));
    assert!(bench.is_closed(connection));
    assert_eq!(bench.last_end(), &EndCause::ConnectTimeout);
    assert_eq!(bench.broker.connection_count(), 0);
    assert_eq!(bench.broker.poll_timeout(), None);
}

#[test]
fn an_empty_client_identifier_gets_an_unused_one_mqtt_3_1_3_6_and_7() {
    let mut bench = Bench::new();
    bench.join(connect(V5, "auto-1"));
    let assigned: Vec<String> = (0..2)
        .map(|_| {
            let connection = bench.dial(connect(V5, ""));
            let Packet::Connack(connack) = bench.one(connection) else { panic!() };
            connack.properties.assigned_client_identifier.unwrap().to_string()
        })
        .collect();
    assert_eq!(assigned, ["auto-2", "auto-3"]);
    let old = bench.join(connect(V311, ""));
    assert!(bench.has(|event| matches!(event, BrokerEvent::ClientConnected { connection, client_id, .. } if *connection == old && client_id.as_str() == "auto-4")));
}

#[test]
fn in_3_1_1_an_empty_client_identifier_needs_clean_session_mqtt_3_1_3_8_v311() {
    let mut bench = Bench::new();
    // The encoder refuses what a client must not send: by hand.
    let connection = bench.open(V311);
    bench.send_bytes(connection, &b"\x10\x0c\x00\x04MQTT\x04\x00\x00\x00\x00\x00"[..]);
    assert!(bench.is_closed(connection));
    let Packet::Connack(connack) = bench.one(connection) else { panic!() };
    assert_eq!((connack.reason_code, connack.session_present), (ReasonCode::ClientIdentifierNotValid, false));
}

#[test]
fn an_unsupported_protocol_level_is_named_mqtt_3_1_2_2() {
    for (level, version, answer) in [(3, V311, &b"\x20\x02\x00\x01"[..]), (6, V5, &b"\x20\x03\x00\x84\x00"[..])] {
        let mut bench = Bench::new();
        let connection = bench.open(version);
        bench.send_bytes(connection, [b"\x10\x0d\x00\x04MQTT", &[level][..], b"\x02\x00\x00\x00\x01c"].concat());
        assert!(bench.is_closed(connection));
        assert_eq!(bench.one(connection).to_bytes(version).unwrap(), answer);
        assert_eq!(bench.broker.session_count(), 0);
    }
}

#[test]
fn another_protocol_name_is_closed_mqtt_3_1_2_1() {
    let mut bench = Bench::new();
    let connection = bench.open(V5);
    bench.send_bytes(connection, &b"\x10\x0d\x00\x04MQTX\x05\x02\x00\x00\x00\x00\x00"[..]);
    assert!(bench.is_closed(connection));
    assert!(bench.take(connection).is_empty());
}

#[test]
fn a_malformed_connect_is_answered_in_5_0_only_mqtt_3_1_4_1() {
    for (level, expected) in [(4_u8, 0), (5, 1)] {
        let mut bench = Bench::new();
        let connection = bench.open(V5);
        // The reserved bit of the Connect Flags [MQTT-3.1.2-3].
        bench.send_bytes(connection, [b"\x10\x0d\x00\x04MQTT", &[level][..], b"\x03\x00\x00\x00\x00\x00"].concat());
        assert!(bench.is_closed(connection));
        let packets = bench.take(connection);
        assert_eq!(packets.len(), expected);
        for packet in packets {
            let Packet::Connack(connack) = packet else { panic!() };
            assert_eq!((connack.reason_code, connack.session_present), (ReasonCode::MalformedPacket, false));
        }
        assert!(bench.has(|event| matches!(event, BrokerEvent::MalformedReceived { .. })));
    }
}

#[test]
fn what_follows_a_refused_connect_is_ignored_mqtt_3_1_4_6() {
    let config = BrokerConfig { access: AccessControl { allow_anonymous: false, ..AccessControl::default() }, ..BrokerConfig::default() };
    let mut bench = Bench::with(config);
    let (connection, connack) = bench.refused(connect(V5, "c"));
    assert_eq!(connack.unwrap().reason_code, ReasonCode::NotAuthorized);
    bench.events.clear();
    bench.send(connection, publish("t", "x", Q0, 0));
    assert!(bench.events.is_empty());
    assert!(bench.take(connection).is_empty());
}

#[test]
fn without_anonymous_nobody_can_be_let_in_mqtt_3_1_4_2() {
    let mut bench = Bench::with(BrokerConfig {
        access: AccessControl { allow_anonymous: false, ..AccessControl::default() },
        ..BrokerConfig::default()
    });
    for version in BOTH {
        let named = Connect { user_name: Some("alice".into()), ..connect(version, "c") };
        assert_eq!(bench.refused(named).1.unwrap().reason_code, ReasonCode::BadUserNameOrPassword);
        assert_eq!(bench.refused(connect(version, "c")).1.unwrap().reason_code, ReasonCode::NotAuthorized);
    }
    assert_eq!(bench.broker.session_count(), 0);
}

#[test]
fn an_authentication_method_is_refused_with_0x8c_mqtt_4_12_0_1() {
    let mut bench = Bench::new();
    let properties = ConnectProperties { authentication_method: Some("SCRAM-SHA-256".into()), ..ConnectProperties::default() };
    let (_, connack) = bench.refused(Connect { properties, ..connect(V5, "c") });
    assert_eq!(connack.unwrap().reason_code, ReasonCode::BadAuthenticationMethod);
}

#[test]
fn a_will_beyond_the_announced_capabilities_is_refused_mqtt_3_2_2_12_and_13() {
    let config = BrokerConfig { maximum_qos: Q0, retain_available: false, ..BrokerConfig::default() };
    let mut bench = Bench::with(config);
    let (_, connack) = bench.refused(with_will(connect(V5, "c"), Q1, None));
    assert_eq!(connack.unwrap().reason_code, ReasonCode::QoSNotSupported);
    let mut retained = with_will(connect(V5, "c"), Q0, None);
    retained.will.as_mut().unwrap().retain = true;
    let (_, connack) = bench.refused(retained.clone());
    assert_eq!(connack.unwrap().reason_code, ReasonCode::RetainNotSupported);
    let (_, connack) = bench.refused(Connect { version: V311, ..retained });
    assert_eq!(connack, None, "3.1.1 has no such return code: close without CONNACK [MQTT-3.2.2-6 v311]");
}

#[test]
fn a_second_connection_takes_the_session_over_mqtt_3_1_4_3() {
    for version in BOTH {
        let mut bench = Bench::new();
        let first = bench.join(lasting(version, "c", 100));
        bench.subscribe(first, "t", Q1);
        let (second, session_present) = bench.join_session(lasting(version, "c", 100));
        assert!(session_present);
        assert!(bench.is_closed(first));
        match version {
            V5 => assert_eq!(bench.one(first), disconnect(ReasonCode::SessionTakenOver)),
            V311 => assert!(bench.take(first).is_empty()),
        }
        assert!(bench.has(
            |event| matches!(event, BrokerEvent::ConnectionEnded { connection, cause: EndCause::TakenOver, .. } if *connection == first)
        ));
        assert_eq!(bench.session("c").unwrap().connection, Some(second));
        assert_eq!(bench.broker.connection_count(), 1);
        // What still arrives from the old one changes nothing, nor does its end.
        bench.send(first, publish("t", "late", Q0, 0));
        bench.cut(first);
        assert!(bench.take(second).is_empty());
        assert_eq!(bench.session("c").unwrap().connection, Some(second));
    }
}

#[test]
fn a_takeover_storm_leaves_one_connection() {
    let mut bench = Bench::new();
    for round in 0..200 {
        bench.join(with_will(lasting(BOTH[round % 2], "c", 5), Q1, Some(1)));
    }
    assert_eq!((bench.broker.connection_count(), bench.broker.session_count()), (1, 1));
}

#[test]
fn events_come_before_what_they_cause() {
    let mut bench = Bench::new();
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "t", Q1);
    let publisher = bench.join(connect(V5, "p"));
    bench.order.clear();
    bench.send(publisher, retained("t", "x", Q1, 1));
    assert_eq!(bench.order, ["PacketReceived", "MessageAccepted", "RetainedStored", "MessageRouted", "PUBLISH", "PUBACK"]);
    bench.order.clear();
    bench.send(publisher, disconnect(ReasonCode::Success));
    assert_eq!(bench.order, ["PacketReceived", "ConnectionEnded", "close", "SessionEnded"]);
}

#[test]
fn client_identifiers_are_opaque_keys() {
    let mut bench = Bench::new();
    let names = ["#", "+", "../x", "__proto__", "%s", "가", "a", "A", "a ", "0123456789abcdefghijklm", "<b>"];
    for name in names {
        assert!(!bench.join_session(lasting(V5, name, 60)).1, "{name}");
    }
    assert_eq!(bench.broker.session_count(), names.len());
    bench.join(connect(V5, &"x".repeat(65_535)));
}

#[test]
fn limits_of_0_are_announced_as_1_since_0_would_be_a_protocol_error() {
    let mut bench = Bench::with(BrokerConfig { receive_maximum: 0, max_inflight: 0, ..BrokerConfig::default() });
    let connection = bench.dial(connect(V5, "c"));
    let Packet::Connack(connack) = bench.one(connection) else { panic!() };
    assert_eq!(connack.properties.receive_maximum, Some(1));
    bench.subscribe(connection, "t", Q1);
    bench.send(connection, publish("t", "x", Q1, 1));
    assert_eq!(bench.take(connection).len(), 2);
}
