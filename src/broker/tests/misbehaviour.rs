//! Packets that a Client must not send: the code of the clause, the close, and everyone else served on.

use super::*;

/// Sends the bytes on a connected client with a will; expects this end, the will, and a second client that is still served.
#[track_caller]
fn check(version: ProtocolVersion, bytes: &[u8], expected: ReasonCode) {
    let mut bench = Bench::new();
    let watcher = bench.join(connect(V5, "watcher"));
    bench.subscribe(watcher, "will", Q0);
    let connection = bench.join(with_will(lasting(version, "bad", 60), Q0, None));
    bench.send_bytes(connection, bytes.to_vec());
    bench.assert_misbehaved(connection, expected);
    assert_eq!(bench.payloads(watcher), ["will=bad"]);
    bench.send(watcher, Packet::Pingreq);
    assert_eq!(bench.one(watcher), Packet::Pingresp);
    assert!(bench.session("bad").is_some(), "the session outlives the connection");
}

#[test]
fn packets_that_only_a_server_sends_are_protocol_errors() {
    for (version, bytes) in [
        (V5, &b"\x20\x03\x00\x00\x00"[..]),
        (V5, b"\x90\x04\x00\x01\x00\x00"),
        (V5, b"\xb0\x04\x00\x01\x00\x00"),
        (V5, b"\xd0\x00"),
        (V311, b"\x20\x02\x00\x00"),
        (V311, b"\x90\x03\x00\x01\x00"),
        (V311, b"\xb0\x02\x00\x01"),
        (V311, b"\xd0\x00"),
    ] {
        check(version, bytes, ReasonCode::ProtocolError);
    }
}

#[test]
fn auth_without_a_method_in_connect_is_a_protocol_error_mqtt_4_12_0_6() {
    check(V5, b"\xf0\x00", ReasonCode::ProtocolError);
}

#[test]
fn a_subscription_identifier_from_a_client_is_a_protocol_error_mqtt_3_3_4_6() {
    check(V5, b"\x30\x07\x00\x01t\x02\x0b\x01x", ReasonCode::ProtocolError);
}

#[test]
fn a_topic_name_with_a_wildcard_is_refused_mqtt_3_3_2_2() {
    check(V5, b"\x30\x04\x00\x01#\x00", ReasonCode::MalformedPacket);
    check(V311, b"\x30\x03\x00\x01#", ReasonCode::MalformedPacket);
}

#[test]
fn an_acknowledgement_of_the_wrong_kind_is_a_protocol_error_mqtt_2_2_1_5() {
    for version in BOTH {
        for (qos, wrong) in
            [(Q1, Packet::Pubrec(ack(1))), (Q1, Packet::Pubcomp(ack(1))), (Q2, Packet::Puback(ack(1))), (Q2, Packet::Pubcomp(ack(1)))]
        {
            let mut bench = Bench::new();
            let subscriber = bench.join(connect(version, "s"));
            bench.subscribe(subscriber, "t", Q2);
            let publisher = bench.join(connect(version, "p"));
            bench.send(publisher, publish("t", "x", qos, 1));
            bench.take(subscriber);
            bench.send(subscriber, wrong);
            bench.assert_misbehaved(subscriber, ReasonCode::ProtocolError);
        }
    }
}

#[test]
fn more_than_receive_maximum_is_0x93_mqtt_3_3_4_7() {
    for (last, qos) in [(3, Q2), (3, Q1)] {
        let mut bench = Bench::with(BrokerConfig { receive_maximum: 2, ..BrokerConfig::default() });
        let connection = bench.join(connect(V5, "c"));
        for packet_id in [1, 2, 1] {
            bench.send(connection, publish("t", "x", Q2, packet_id));
        }
        assert!(!bench.is_closed(connection), "a repetition is none more");
        bench.send(connection, publish("t", "x", qos, last));
        bench.assert_misbehaved(connection, ReasonCode::ReceiveMaximumExceeded);
    }
    // 3.1.1 was told no maximum.
    let mut bench = Bench::with(BrokerConfig { receive_maximum: 2, ..BrokerConfig::default() });
    let connection = bench.join(connect(V311, "c"));
    for packet_id in 1..10 {
        bench.send(connection, publish("t", "x", Q2, packet_id));
    }
    assert!(!bench.is_closed(connection));
}

#[test]
fn a_qos_above_the_announced_maximum_is_0x9b() {
    for version in BOTH {
        let mut bench = Bench::with(BrokerConfig { maximum_qos: Q0, ..BrokerConfig::default() });
        let connection = bench.join(connect(version, "c"));
        bench.send(connection, publish("t", "x", Q1, 1));
        bench.assert_misbehaved(connection, ReasonCode::QoSNotSupported);
    }
}

#[test]
fn malformed_packets_are_closed_with_their_code_mqtt_4_13_1_1() {
    for (version, bytes, expected) in [
        // Reserved packet type 0.
        (V5, &b"\x00\x00"[..], ReasonCode::MalformedPacket),
        // Remaining Length in five bytes, announced long before the bytes come.
        (V5, b"\x30\xff\xff\xff\xff\x01", ReasonCode::MalformedPacket),
        (V311, b"\x30\xff\xff\xff\xff\x01", ReasonCode::MalformedPacket),
        // A length over Maximum Packet Size is refused before its bytes come.
        (V5, b"\x30\xff\xff\xff\x7f", ReasonCode::PacketTooLarge),
        // SUBSCRIBE with wrong flags.
        (V5, b"\x80\x07\x00\x01\x00\x00\x01a\x00", ReasonCode::MalformedPacket),
        // Packet Identifier 0 [MQTT-2.2.1-3].
        (V311, b"\x32\x05\x00\x01t\x00\x00", ReasonCode::ProtocolError),
        // QoS 3 [MQTT-3.3.1-4].
        (V5, b"\x36\x06\x00\x01t\x00\x01\x00", ReasonCode::MalformedPacket),
        // Ill-formed UTF-8: a surrogate [MQTT-1.5.4-1].
        (V5, b"\x30\x06\x00\x03\xed\xa0\x80\x00", ReasonCode::MalformedPacket),
        // U+0000 in a topic [MQTT-1.5.4-2].
        (V5, b"\x30\x04\x00\x01\x00\x00", ReasonCode::MalformedPacket),
    ] {
        let mut bench = Bench::new();
        let connection = bench.join(connect(version, "c"));
        bench.send_bytes(connection, bytes.to_vec());
        assert!(bench.is_closed(connection), "{bytes:02x?}");
        let EndCause::ClientMisbehaved { reason_code, .. } = bench.last_end() else { panic!() };
        // Malformed or Protocol Error is the codec's distinction; what matters here is that the DISCONNECT says what the event says.
        let class = [ReasonCode::MalformedPacket, ReasonCode::ProtocolError];
        assert!(*reason_code == expected || class.contains(reason_code) && class.contains(&expected), "{bytes:02x?} {reason_code}");
        let reason_code = *reason_code;
        bench.assert_misbehaved(connection, reason_code);
        assert!(bench.has(|event| matches!(event, BrokerEvent::MalformedReceived { error, .. } if error.reason_code == reason_code)));
    }
}

#[test]
fn bytes_that_cannot_be_a_packet_are_shown_from_their_beginning() {
    let mut bench = Bench::new();
    let connection = bench.join(connect(V5, "c"));
    bench.send_bytes(connection, &b"\xc0\x00\x00\x01\x02"[..]);
    assert!(bench.has(|event| matches!(event, BrokerEvent::MalformedReceived { bytes, .. } if &bytes[..] == b"\x00\x01\x02")));
}

#[test]
fn packets_before_the_illegal_one_count_and_those_after_it_do_not() {
    let mut bench = Bench::new();
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "#", Q0);
    let publisher = bench.join(connect(V5, "p"));
    let before = publish("t", "before", Q0, 0).to_bytes(V5).unwrap();
    let after = publish("t", "after", Q0, 0).to_bytes(V5).unwrap();
    bench.send_bytes(publisher, [&before[..], b"\xd0\x00", &after].concat());
    assert_eq!(bench.payloads(subscriber), ["t=before"]);
    bench.assert_misbehaved(publisher, ReasonCode::ProtocolError);
}

#[test]
fn disconnect_is_the_last_packet_of_a_connection_mqtt_3_14_4_1() {
    let mut bench = Bench::new();
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "#", Q0);
    let publisher = bench.join(connect(V5, "p"));
    let last = disconnect(ReasonCode::Success).to_bytes(V5).unwrap();
    let after = publish("t", "after", Q0, 0).to_bytes(V5).unwrap();
    bench.send_bytes(publisher, [last, after].concat());
    assert!(bench.take(subscriber).is_empty());
    assert!(bench.is_closed(publisher));
}

#[test]
fn single_bytes_mean_the_same_as_whole_packets() {
    let run = |size: usize| {
        let mut bench = Bench::new();
        let subscriber = bench.join(connect(V5, "s"));
        bench.subscribe(subscriber, "#", Q2);
        let publisher = bench.open(V5);
        let packets = [
            Packet::Connect(Box::new(with_will(connect(V5, "p"), Q1, None))),
            publish("a", "1", Q0, 0),
            publish("b", "2", Q1, 1),
            publish("c", "3", Q2, 2),
            Packet::Pubrel(ack(2)),
            subscribe(3, &[("a/+", options(Q1))], Some(9)),
            Packet::Pingreq,
            disconnect(ReasonCode::DisconnectWithWillMessage),
        ];
        let bytes: Vec<u8> = packets.iter().flat_map(|packet| packet.to_bytes(V5).unwrap()).collect();
        for piece in bytes.chunks(size) {
            bench.send_bytes(publisher, piece.to_vec());
        }
        (bench.take(publisher), bench.take(subscriber), bench.order)
    };
    let whole = run(10_000);
    assert_eq!(whole.1.len(), 4);
    for size in [1, 2, 3, 7] {
        assert_eq!(run(size), whole);
    }
}

#[test]
fn what_begins_unlike_a_connect_is_closed_before_the_rest_comes_mqtt_3_1_0_1() {
    let mut bench = Bench::new();
    let connection = bench.open(V5);
    bench.send_bytes(connection, &b"GET / HTTP/1.1\r\n"[..]);
    assert!(bench.is_closed(connection));
    assert!(matches!(bench.last_end(), EndCause::ClientMisbehaved { clause: "MQTT-3.1.0-1", .. }));
    let connection = bench.open(V5);
    bench.send_bytes(connection, &b"\x10"[..]);
    assert!(!bench.is_closed(connection));
}
