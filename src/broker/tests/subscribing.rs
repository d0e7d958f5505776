//! SUBSCRIBE and UNSUBSCRIBE.

use super::*;

#[test]
fn suback_has_one_code_for_each_filter_in_order_mqtt_3_9_3_1() {
    for version in BOTH {
        let mut bench = Bench::with(BrokerConfig { max_topic_levels: 2, ..BrokerConfig::default() });
        let connection = bench.join(connect(version, "c"));
        bench.send(
            connection,
            subscribe(9, &[("b", options(Q2)), ("too/many/levels", options(Q1)), ("a/+", options(Q0)), ("#", options(Q1))], None),
        );
        let Packet::Suback(suback) = bench.one(connection) else { panic!() };
        let refused = if version == V5 { ReasonCode::TopicFilterInvalid } else { ReasonCode::UnspecifiedError };
        assert_eq!(suback.packet_id, id(9), "[MQTT-3.8.4-2]");
        assert_eq!(suback.reason_codes, [ReasonCode::GrantedQoS2, refused, ReasonCode::Success, ReasonCode::GrantedQoS1]);
        assert_eq!(bench.session("c").unwrap().subscriptions.len(), 3);
    }
}

#[test]
fn a_shared_subscription_with_no_local_is_a_protocol_error_mqtt_3_8_3_4() {
    let mut bench = Bench::new();
    let connection = bench.join(connect(V5, "c"));
    bench.send_bytes(connection, &b"\x82\x10\x00\x01\x00\x00\x0a$share/g/a\x04"[..]);
    bench.assert_misbehaved(connection, ReasonCode::ProtocolError);
}

#[test]
fn granted_qos_is_at_most_maximum_qos_mqtt_3_2_2_10() {
    let mut bench = Bench::with(BrokerConfig { maximum_qos: Q1, ..BrokerConfig::default() });
    let connection = bench.join(connect(V5, "c"));
    bench.send(connection, subscribe(1, &[("a", options(Q2))], None));
    let Packet::Suback(suback) = bench.one(connection) else { panic!() };
    assert_eq!(suback.reason_codes, [ReasonCode::GrantedQoS1]);
    assert_eq!(bench.session("c").unwrap().subscriptions[0].options.qos, Q1);
}

#[test]
fn the_same_filter_again_replaces_the_subscription_mqtt_3_8_4_3() {
    for version in BOTH {
        let mut bench = Bench::new();
        let connection = bench.join(connect(version, "c"));
        bench.subscribe(connection, "t", Q0);
        bench.subscribe(connection, "t", Q1);
        let publisher = bench.join(connect(version, "p"));
        bench.send(publisher, publish("t", "x", Q1, 1));
        assert_eq!(bench.publish(connection).qos, Q1);
        assert_eq!(bench.session("c").unwrap().subscriptions.len(), 1);
    }
}

#[test]
fn unsubscribe_stops_new_messages_and_finishes_the_old_mqtt_3_10_4_2_and_3() {
    for version in BOTH {
        let mut bench = Bench::new();
        let subscriber = bench.join(connect(version, "s"));
        bench.subscribe(subscriber, "t", Q2);
        let publisher = bench.join(connect(version, "p"));
        bench.send(publisher, publish("t", "x", Q2, 1));
        bench.take(subscriber);
        bench.send(subscriber, unsubscribe(3, &["t", "other", "t"]));
        let Packet::Unsuback(unsuback) = bench.one(subscriber) else { panic!() };
        assert_eq!(unsuback.packet_id, id(3));
        let codes = [ReasonCode::Success, ReasonCode::NoSubscriptionExisted, ReasonCode::NoSubscriptionExisted];
        assert_eq!(unsuback.reason_codes, if version == V5 { &codes[..] } else { &[] });
        bench.send(publisher, publish("t", "y", Q2, 2));
        assert!(bench.take(subscriber).is_empty());
        bench.send(subscriber, Packet::Pubrec(ack(1)));
        assert_eq!(bench.one(subscriber), Packet::Pubrel(ack(1)));
    }
}

#[test]
fn an_identifier_that_a_qos_2_publish_owns_is_in_use_0x91() {
    let mut bench = Bench::new();
    let connection = bench.join(connect(V5, "c"));
    bench.send(connection, publish("t", "x", Q2, 4));
    bench.take(connection);
    bench.send(connection, subscribe(4, &[("a", options(Q0))], None));
    bench.send(connection, unsubscribe(4, &["a"]));
    bench.send(connection, publish("t", "x", Q1, 4));
    let codes: Vec<_> = bench
        .take(connection)
        .into_iter()
        .map(|packet| match packet {
            Packet::Suback(one) => one.reason_codes[0],
            Packet::Unsuback(one) => one.reason_codes[0],
            Packet::Puback(one) => one.reason_code,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(codes, [ReasonCode::PacketIdentifierInUse; 3]);
    bench.send(connection, Packet::Pubrel(ack(4)));
    assert_eq!(bench.one(connection), Packet::Pubcomp(ack(4)), "its exchange goes on");
}

#[test]
fn what_connack_says_is_not_available_is_a_protocol_error_with_its_own_code_5_0_3_2_2_3() {
    let none =
        BrokerConfig { wildcard_subscription_available: false, subscription_identifiers_available: false, ..BrokerConfig::default() };
    let wildcards = [("a", "a/#"), ("a", "+"), ("a", "$share/g/+")];
    for (ok, refused) in wildcards {
        let mut bench = Bench::with(none.clone());
        let connection = bench.dial(connect(V5, "c"));
        let Packet::Connack(connack) = bench.one(connection) else { panic!() };
        assert_eq!(connack.properties.wildcard_subscription_available, Some(false));
        assert_eq!(connack.properties.subscription_identifiers_available, Some(false));
        bench.send(connection, subscribe(1, &[(ok, options(Q0)), (refused, options(Q0))], None));
        bench.assert_misbehaved(connection, ReasonCode::WildcardSubscriptionsNotSupported);
        let old = bench.join(connect(V311, "old"));
        bench.send(old, subscribe(1, &[(ok, options(Q0)), (refused, options(Q0))], None));
        let Packet::Suback(suback) = bench.one(old) else { panic!() };
        assert_eq!(suback.reason_codes, [ReasonCode::Success, ReasonCode::UnspecifiedError]);
    }
    let mut bench = Bench::with(none);
    let connection = bench.join(connect(V5, "c"));
    bench.send(connection, subscribe(1, &[("a", options(Q0))], Some(7)));
    bench.assert_misbehaved(connection, ReasonCode::SubscriptionIdentifiersNotSupported);
}
