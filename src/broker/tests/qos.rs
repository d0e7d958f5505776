//! QoS 1 and 2, in and out.

use super::*;

/// A publisher and a subscriber to everything at QoS 2.
fn pair(version: ProtocolVersion) -> (Bench, ConnectionId, ConnectionId) {
    let mut bench = Bench::new();
    let subscriber = bench.join(lasting(version, "s", 1_000));
    bench.subscribe(subscriber, "#", Q2);
    let publisher = bench.join(lasting(version, "p", 1_000));
    (bench, publisher, subscriber)
}

#[test]
fn delivery_has_the_lower_of_published_and_granted_qos_mqtt_3_8_4_8() {
    for version in BOTH {
        for published in [Q0, Q1, Q2] {
            for granted in [Q0, Q1, Q2] {
                let mut bench = Bench::new();
                let subscriber = bench.join(connect(version, "s"));
                bench.subscribe(subscriber, "t", granted);
                let publisher = bench.join(connect(version, "p"));
                bench.send(publisher, publish("t", "x", published, u16::from(published > Q0)));
                let got = bench.publish(subscriber);
                assert_eq!((got.qos, got.dup, &got.payload[..]), (published.min(granted), false, &b"x"[..]));
                assert_eq!(got.packet_id.is_some(), got.qos > Q0);
            }
        }
    }
}

#[test]
fn qos_1_is_acknowledged_by_puback_with_its_identifier_mqtt_4_3_2_4() {
    for version in BOTH {
        let (mut bench, publisher, subscriber) = pair(version);
        bench.send(publisher, publish("t", "a", Q1, 7));
        assert_eq!(bench.one(publisher), Packet::Puback(ack(7)));
        // After PUBACK the identifier means a new message, whatever DUP says [MQTT-4.3.2-5].
        bench.send(publisher, Packet::Publish(Publish { dup: true, ..message("t", "b", Q1, 7) }));
        assert_eq!(bench.one(publisher), Packet::Puback(ack(7)));
        let got = bench.take(subscriber);
        assert_eq!(got.len(), 2);
        assert!(got.iter().all(|packet| matches!(packet, Packet::Publish(one) if !one.dup)), "DUP is not passed on [MQTT-3.3.1-3]");
    }
}

#[test]
fn a_message_without_subscribers_says_so_in_5_0() {
    for (version, expected) in [(V5, ReasonCode::NoMatchingSubscribers), (V311, ReasonCode::Success)] {
        let mut bench = Bench::new();
        let publisher = bench.join(connect(version, "p"));
        bench.send(publisher, publish("t", "a", Q1, 7));
        assert_eq!(bench.one(publisher), Packet::Puback(Acknowledgement::new(id(7), expected)));
    }
}

#[test]
fn qos_2_is_delivered_once_until_pubrel_mqtt_4_3_3_10() {
    for version in BOTH {
        let (mut bench, publisher, subscriber) = pair(version);
        bench.send(publisher, publish("t", "a", Q2, 7));
        assert_eq!(bench.one(publisher), Packet::Pubrec(ack(7)));
        for _ in 0..3 {
            bench.send(publisher, Packet::Publish(Publish { dup: true, ..message("t", "a", Q2, 7) }));
            assert_eq!(bench.one(publisher), Packet::Pubrec(ack(7)));
        }
        assert_eq!(bench.session("p").unwrap().unreleased, [id(7)]);
        assert!(bench.has(|event| matches!(event, BrokerEvent::DuplicateSuppressed { .. })));
        bench.send(publisher, Packet::Pubrel(ack(7)));
        assert_eq!(bench.one(publisher), Packet::Pubcomp(ack(7)), "[MQTT-4.3.3-11]");
        assert_eq!(bench.payloads(subscriber), ["t=a"]);
        bench.send(publisher, publish("t", "b", Q2, 7));
        assert_eq!(bench.payloads(subscriber), ["t=b"], "[MQTT-4.3.3-12]");
    }
}

#[test]
fn qos_2_is_delivered_once_over_a_resumed_session_mqtt_4_3_3_10() {
    for version in BOTH {
        let (mut bench, publisher, subscriber) = pair(version);
        bench.send(publisher, publish("t", "a", Q2, 7));
        bench.cut(publisher);
        let publisher = bench.join(lasting(version, "p", 1_000));
        bench.send(publisher, Packet::Publish(Publish { dup: true, ..message("t", "a", Q2, 7) }));
        bench.send(publisher, Packet::Pubrel(ack(7)));
        assert_eq!(bench.take(publisher), [Packet::Pubrec(ack(7)), Packet::Pubcomp(ack(7))]);
        assert_eq!(bench.payloads(subscriber), ["t=a"]);
    }
}

#[test]
fn an_unknown_pubrel_is_answered_with_0x92_in_5_0() {
    for (version, expected) in [(V5, ReasonCode::PacketIdentifierNotFound), (V311, ReasonCode::Success)] {
        let mut bench = Bench::new();
        let connection = bench.join(connect(version, "c"));
        bench.send(connection, Packet::Pubrel(ack(9)));
        assert_eq!(bench.one(connection), Packet::Pubcomp(Acknowledgement::new(id(9), expected)));
        bench.send(connection, Packet::Pubrec(ack(9)));
        assert_eq!(bench.one(connection), Packet::Pubrel(Acknowledgement::new(id(9), expected)));
        bench.send(connection, Packet::Puback(ack(9)));
        assert!(bench.take(connection).is_empty());
    }
}

#[test]
fn qos_2_goes_out_with_publish_pubrel_and_completes_at_pubcomp_mqtt_4_3_3_4() {
    for version in BOTH {
        let (mut bench, publisher, subscriber) = pair(version);
        bench.send(publisher, publish("t", "a", Q2, 1));
        let packet_id = bench.publish(subscriber).packet_id.unwrap().as_u16();
        assert_eq!(bench.session("s").unwrap().in_flight[0].awaiting, crate::session::Awaiting::Pubrec);
        bench.send(subscriber, Packet::Pubrec(ack(packet_id)));
        assert_eq!(bench.one(subscriber), Packet::Pubrel(ack(packet_id)));
        assert_eq!(bench.session("s").unwrap().in_flight[0].awaiting, crate::session::Awaiting::Pubcomp);
        assert!(!bench.has(|event| matches!(event, BrokerEvent::DeliveryCompleted { .. })));
        bench.send(subscriber, Packet::Pubcomp(ack(packet_id)));
        assert!(bench.session("s").unwrap().in_flight.is_empty());
        assert!(bench.has(|event| matches!(event, BrokerEvent::DeliveryCompleted { .. })));
    }
}

#[test]
fn a_resumed_session_gets_publish_with_dup_and_pubrel_again_in_order_mqtt_4_4_0_1() {
    for version in BOTH {
        let (mut bench, publisher, subscriber) = pair(version);
        for (packet_id, payload) in [(1, "a"), (2, "b"), (3, "c")] {
            bench.send(publisher, publish("t", payload, Q2, packet_id));
        }
        assert_eq!(bench.payloads(subscriber), ["t=a", "t=b", "t=c"]);
        bench.send(subscriber, Packet::Pubrec(ack(2)));
        bench.take(subscriber);
        bench.pass(Duration::from_secs(100));
        assert!(bench.take(subscriber).is_empty(), "nothing is sent again on a living connection");
        bench.cut(subscriber);
        let (subscriber, session_present) = bench.join_session(lasting(version, "s", 1_000));
        assert!(session_present);
        let again = bench.take(subscriber);
        assert!(matches!(&again[0], Packet::Publish(one) if one.dup && one.packet_id == Some(id(1)) && &one.payload[..] == b"a"));
        assert_eq!(again[1], Packet::Pubrel(ack(2)), "no PUBLISH after PUBREL [MQTT-4.3.3-6]");
        assert!(matches!(&again[2], Packet::Publish(one) if one.dup && one.packet_id == Some(id(3))));
        assert_eq!(again.len(), 3);
        assert!(bench.has(|event| matches!(event, BrokerEvent::MessageSent { dup: true, .. })));
        bench.send(subscriber, Packet::Pubcomp(ack(2)));
        assert_eq!(bench.session("s").unwrap().in_flight.len(), 2);
    }
}

#[test]
fn a_session_may_be_resumed_in_the_other_version() {
    for (before, after) in [(V311, V5), (V5, V311)] {
        let (mut bench, publisher, subscriber) = pair(before);
        let mut with_property = message("t", "a", Q1, 1);
        if before == V5 {
            with_property.properties.content_type = Some("text/plain".into());
        }
        bench.send(publisher, Packet::Publish(with_property));
        bench.cut(subscriber);
        let subscriber = bench.join(lasting(after, "s", 1_000));
        let got = bench.publish(subscriber);
        assert!(got.dup);
        assert_eq!(got.properties, CarriedProperties::default());
    }
}

#[test]
fn queued_messages_keep_their_order_behind_those_in_flight_mqtt_4_6_0_6() {
    for version in BOTH {
        let (mut bench, publisher, subscriber) = pair(version);
        bench.send(publisher, publish("t", "0", Q1, 1));
        bench.cut(subscriber);
        for number in 1..5 {
            bench.send(publisher, publish("t", &number.to_string(), Q1, 1));
            assert_eq!(bench.last_routing("s"), Routing::QueuedOffline);
        }
        assert_eq!(bench.session("s").unwrap().queued_messages, 4);
        let subscriber = bench.join(lasting(version, "s", 1_000));
        assert_eq!(bench.payloads(subscriber), ["t=0", "t=1", "t=2", "t=3", "t=4"]);
    }
}

#[test]
fn the_clients_receive_maximum_is_never_exceeded_mqtt_3_3_4_9() {
    let mut bench = Bench::new();
    let properties = ConnectProperties { receive_maximum: Some(2), ..ConnectProperties::default() };
    let subscriber = bench.join(Connect { properties, ..connect(V5, "s") });
    bench.subscribe(subscriber, "t", Q2);
    let publisher = bench.join(connect(V5, "p"));
    for (number, qos) in [(1, Q1), (2, Q2), (3, Q1), (4, Q2)] {
        bench.send(publisher, publish("t", &number.to_string(), qos, number));
        bench.send(publisher, Packet::Pubrel(ack(number)));
    }
    assert_eq!(bench.last_routing("s"), Routing::QueuedReceiveMaximum);
    assert_eq!(bench.payloads(subscriber), ["t=1", "t=2"]);
    // Only PUBLISH at QoS 1 and 2 waits [MQTT-3.3.4-10].
    bench.send(publisher, publish("t", "0", Q0, 0));
    bench.send(subscriber, Packet::Pingreq);
    assert_eq!(bench.take(subscriber), [publish("t", "0", Q0, 0), Packet::Pingresp]);
    bench.send(subscriber, Packet::Pubrec(ack(2)));
    assert_eq!(bench.one(subscriber), Packet::Pubrel(ack(2)), "PUBREC does not give the quota back");
    bench.send(subscriber, Packet::Puback(ack(1)));
    assert_eq!(bench.payloads(subscriber), ["t=3"]);
    bench.send(subscriber, Packet::Pubcomp(ack(2)));
    assert_eq!(bench.payloads(subscriber), ["t=4"]);
}

#[test]
fn a_failing_pubrec_ends_the_exchange_mqtt_4_4_0_2() {
    let (mut bench, publisher, subscriber) = pair(V5);
    bench.send(publisher, publish("t", "a", Q2, 1));
    bench.take(subscriber);
    bench.send(subscriber, Packet::Pubrec(Acknowledgement::new(id(1), ReasonCode::QuotaExceeded)));
    assert!(bench.take(subscriber).is_empty());
    assert!(bench.session("s").unwrap().in_flight.is_empty());
    bench.cut(subscriber);
    let subscriber = bench.join(lasting(V5, "s", 1_000));
    assert!(bench.take(subscriber).is_empty());
}

#[test]
fn packet_identifiers_wrap_and_are_never_reused_in_flight() {
    let mut bench = Bench::new();
    let subscriber = bench.join(connect(V311, "s"));
    bench.subscribe(subscriber, "t", Q1);
    let publisher = bench.join(connect(V311, "p"));
    bench.send(publisher, publish("t", "stays", Q1, 1));
    let stays = bench.publish(subscriber).packet_id.unwrap();
    for _ in 0..65_600 {
        bench.send(publisher, publish("t", "x", Q1, 1));
        let packet_id = bench.publish(subscriber).packet_id.unwrap();
        assert_ne!(packet_id, stays);
        bench.send(subscriber, Packet::Puback(ack(packet_id.as_u16())));
        bench.events.clear();
        bench.order.clear();
        bench.take(publisher);
    }
}

#[test]
fn a_qos_0_message_does_not_overtake_queued_ones_mqtt_4_6_0_5() {
    let mut bench = Bench::with(BrokerConfig { queue_qos_zero: true, ..BrokerConfig::default() });
    let one_at_a_time = || {
        let mut connect = lasting(V5, "s", 60);
        connect.properties.receive_maximum = Some(1);
        connect
    };
    let subscriber = bench.join(one_at_a_time());
    bench.subscribe(subscriber, "t", Q1);
    bench.cut(subscriber);
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, publish("t", "first", Q1, 1));
    bench.send(publisher, publish("t", "second", Q1, 2));
    bench.send(publisher, publish("t", "zero", Q0, 0));
    let subscriber = bench.join(one_at_a_time());
    assert_eq!(bench.payloads(subscriber), ["t=first"]);
    bench.send(publisher, publish("t", "zero, later", Q0, 0));
    assert!(bench.take(subscriber).is_empty(), "an older QoS 0 message waits");
    bench.send(subscriber, Packet::Puback(ack(1)));
    assert_eq!(bench.payloads(subscriber), ["t=second", "t=zero", "t=zero, later"]);
}

#[test]
fn a_refusal_by_the_subscriber_ends_the_exchange_and_says_so_mqtt_4_4_0_2() {
    let (mut bench, publisher, subscriber) = pair(V5);
    bench.send(publisher, publish("t", "a", Q2, 1));
    let packet_id = bench.publish(subscriber).packet_id.unwrap();
    let refused = ReasonCode::QuotaExceeded;
    bench.send(subscriber, Packet::Pubrec(Acknowledgement::new(packet_id, refused)));
    assert!(bench.take(subscriber).is_empty(), "no PUBREL");
    assert!(bench.has(|event| matches!(event, BrokerEvent::DeliveryCompleted { reason_code, .. } if *reason_code == refused)));
}

#[test]
fn acknowledgements_carry_no_reason_string_and_no_user_properties_that_could_make_them_too_large_mqtt_3_1_2_29() {
    // Nor would they if the Client asked for Problem Information: [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.6.2-2] [MQTT-3.6.2-3]
    // [MQTT-3.7.2-2] [MQTT-3.7.2-3] [MQTT-3.9.2-1] [MQTT-3.9.2-2] [MQTT-3.11.2-1] [MQTT-3.11.2-2] hold by that.
    for request_problem_information in [None, Some(false), Some(true)] {
        let mut bench = Bench::with(BrokerConfig { max_topic_levels: 1, ..BrokerConfig::default() });
        let mut asking = connect(V5, "c");
        asking.properties.request_problem_information = request_problem_information;
        let connection = bench.join(asking);
        // Each of these is answered with a failure.
        for packet in [
            subscribe(1, &[("a/b", options(Q0))], None),
            unsubscribe(2, &["nothing"]),
            publish("a/b", "x", Q1, 3),
            publish("a/b", "x", Q2, 4),
            Packet::Pubrel(ack(5)),
            Packet::Pubrec(ack(6)),
        ] {
            bench.send(connection, packet);
        }
        let answers = bench.take(connection);
        assert_eq!(answers.len(), 6);
        for answer in answers {
            let (reason_string, user_properties) = match answer {
                Packet::Suback(one) => (one.reason_string, one.user_properties),
                Packet::Unsuback(one) => (one.reason_string, one.user_properties),
                Packet::Puback(one) | Packet::Pubrec(one) | Packet::Pubrel(one) | Packet::Pubcomp(one) => {
                    assert!(one.reason_code.is_error());
                    (one.reason_string, one.user_properties)
                }
                other => panic!("{other:?}"),
            };
            assert_eq!((reason_string, user_properties), (None, UserProperties::default()));
        }
    }
}

#[test]
fn a_qos_2_message_is_unacknowledged_until_pubrec_and_then_until_pubcomp_mqtt_4_3_3_3_mqtt_4_3_3_5() {
    for version in BOTH {
        let (mut bench, publisher, subscriber) = pair(version);
        bench.send(publisher, publish("t", "x", Q2, 9));
        let got = bench.publish(subscriber);
        let packet_id = got.packet_id.unwrap();
        let awaiting = |bench: &Bench| {
            let session = bench.broker.sessions().find(|session| !session.in_flight.is_empty())?;
            Some((session.in_flight[0].packet_id, session.in_flight[0].awaiting))
        };
        assert_eq!(awaiting(&bench), Some((packet_id, crate::session::Awaiting::Pubrec)));
        bench.send(subscriber, Packet::Pubrec(Acknowledgement::new(packet_id, ReasonCode::Success)));
        assert_eq!(awaiting(&bench), Some((packet_id, crate::session::Awaiting::Pubcomp)));
        bench.send(subscriber, Packet::Pubcomp(Acknowledgement::new(packet_id, ReasonCode::Success)));
        assert_eq!(awaiting(&bench), None);
    }
}

#[test]
fn dup_of_a_received_publish_is_not_passed_on_mqtt_3_3_1_3_v311() {
    for qos in [Q1, Q2] {
        let (mut bench, publisher, subscriber) = pair(V311);
        bench.send(publisher, Packet::Publish(Publish { dup: true, ..message("t", "x", qos, 9) }));
        assert!(!bench.publish(subscriber).dup);
    }
}

#[test]
fn a_publish_that_is_not_accepted_is_acknowledged_or_the_connection_closed_mqtt_3_3_5_2_v311() {
    let mut bench = Bench::with(BrokerConfig { max_payload: Some(1), max_topic_levels: 1, ..BrokerConfig::default() });
    let connection = bench.join(connect(V311, "c"));
    bench.send(connection, publish("t", "xx", Q1, 1));
    assert_eq!(bench.one(connection), Packet::Puback(ack(1)));
    bench.send(connection, publish("a/b", "x", Q1, 2));
    assert!(bench.take(connection).is_empty() && bench.is_closed(connection));
}
