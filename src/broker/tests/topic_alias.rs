//! Topic Aliases, in and out (5.0 §3.3.2.3.4).

use super::*;

/// A PUBLISH with a Topic Alias; an empty topic is left out.
fn aliased(topic: &str, alias: u16, payload: &str, qos: QoS, packet_id: u16) -> Publish {
    let mut publish = message("t", payload, qos, packet_id);
    publish.topic = TopicName::new(topic.to_owned()).unwrap_or_default();
    publish.properties.topic_alias = Some(alias);
    publish
}

/// A CONNECT that takes this many aliases.
fn taking(client_id: &str, maximum: u16) -> Connect {
    let mut connect = lasting(V5, client_id, 60);
    connect.properties.topic_alias_maximum = Some(maximum);
    connect
}

/// Topic, alias and payload of the PUBLISHes received.
fn received(bench: &mut Bench, connection: ConnectionId) -> Vec<(String, Option<u16>, String)> {
    bench
        .take(connection)
        .into_iter()
        .map(|packet| match packet {
            Packet::Publish(one) => (one.topic.to_string(), one.properties.topic_alias, String::from_utf8_lossy(&one.payload).into_owned()),
            other => panic!("PUBLISH expected: {other:?}"),
        })
        .collect()
}

fn shown(topic: &str, alias: impl Into<Option<u16>>, payload: &str) -> (String, Option<u16>, String) {
    (topic.to_owned(), alias.into(), payload.to_owned())
}

#[test]
fn every_alias_up_to_the_announced_maximum_is_accepted_and_never_forwarded_mqtt_3_3_2_12() {
    let mut bench = Bench::with(BrokerConfig { topic_alias_maximum: 3, ..BrokerConfig::default() });
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "#", Q2);
    let publisher = bench.dial(connect(V5, "p"));
    let Packet::Connack(connack) = bench.one(publisher) else { panic!() };
    assert_eq!(connack.properties.topic_alias_maximum, Some(3));
    for (topic, alias, packet_id) in [("a", 1, 1), ("b", 3, 2), ("", 1, 3), ("", 3, 4), ("c", 3, 5), ("", 3, 6)] {
        bench.send(publisher, Packet::Publish(aliased(topic, alias, "x", QoS::try_from((packet_id % 2) as u8 + 1).unwrap(), packet_id)));
    }
    bench.send(publisher, Packet::Publish(aliased("", 1, "retained", Q0, 0)));
    let packets = received(&mut bench, subscriber);
    assert_eq!(
        packets,
        ["a", "b", "a", "b", "c", "c"]
            .map(|topic| shown(topic, None, "x"))
            .into_iter()
            .chain([shown("a", None, "retained")])
            .collect::<Vec<_>>()
    );
}

#[test]
fn an_alias_of_0_or_above_the_maximum_is_answered_with_0x94_mqtt_3_3_2_8_mqtt_3_3_2_9() {
    for (topic_alias_maximum, topic, alias) in [(10, "t", 11), (10, "", 11), (0, "t", 1), (1, "t", u16::MAX)] {
        let mut bench = Bench::with(BrokerConfig { topic_alias_maximum, ..BrokerConfig::default() });
        let publisher = bench.join(connect(V5, "p"));
        bench.send(publisher, Packet::Publish(aliased(topic, alias, "x", Q0, 0)));
        bench.assert_misbehaved(publisher, ReasonCode::TopicAliasInvalid);
    }
    let mut bench = Bench::new();
    let publisher = bench.join(connect(V5, "p"));
    bench.send_bytes(publisher, &b"\x30\x08\x00\x01t\x03\x23\x00\x00x"[..]);
    bench.assert_misbehaved(publisher, ReasonCode::TopicAliasInvalid);
}

#[test]
fn an_alias_that_this_connection_did_not_set_is_a_protocol_error_mqtt_3_3_2_7() {
    let mut bench = Bench::new();
    let publisher = bench.join(lasting(V5, "p", 60));
    bench.send(publisher, Packet::Publish(aliased("t", 1, "x", Q0, 0)));
    bench.cut(publisher);
    let publisher = bench.join(lasting(V5, "p", 60));
    bench.send(publisher, Packet::Publish(aliased("", 1, "x", Q0, 0)));
    bench.assert_misbehaved(publisher, ReasonCode::ProtocolError);
    // An alias of one connection means nothing on another.
    let one = bench.join(connect(V5, "one"));
    bench.send(one, Packet::Publish(aliased("t", 1, "x", Q0, 0)));
    let other = bench.join(connect(V5, "other"));
    bench.send(other, Packet::Publish(aliased("", 1, "x", Q0, 0)));
    bench.assert_misbehaved(other, ReasonCode::ProtocolError);
}

#[test]
fn a_message_that_is_refused_or_repeated_sets_its_alias_all_the_same() {
    let mut bench = Bench::with(BrokerConfig { max_topic_levels: 1, ..BrokerConfig::default() });
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "#", Q0);
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, publish("first", "1", Q2, 1));
    bench.send(publisher, Packet::Publish(Publish { dup: true, ..aliased("first", 1, "1", Q2, 1) }));
    bench.send(publisher, Packet::Publish(aliased("too/deep", 2, "2", Q1, 2)));
    bench.send(publisher, Packet::Publish(aliased("", 1, "3", Q0, 0)));
    bench.send(publisher, Packet::Publish(aliased("", 2, "4", Q1, 3)));
    assert_eq!(received(&mut bench, subscriber), [shown("first", None, "1"), shown("first", None, "3")]);
    assert!(!bench.is_closed(publisher));
}

#[test]
fn no_alias_is_used_towards_a_client_that_allows_none_mqtt_3_1_2_27() {
    let mut bench = Bench::new();
    let subscribers = [bench.join(taking("zero", 0)), bench.join(connect(V5, "silent")), bench.join(connect(V311, "old"))];
    let publisher = bench.join(connect(V5, "p"));
    for subscriber in subscribers {
        bench.subscribe(subscriber, "t", Q1);
    }
    for packet_id in 1..4 {
        bench.send(publisher, publish("t", "x", Q1, packet_id));
        bench.send(publisher, publish("t", "x", Q0, 0));
    }
    for subscriber in subscribers {
        assert_eq!(received(&mut bench, subscriber), vec![shown("t", None, "x"); 6]);
    }
}

#[test]
fn aliases_towards_a_client_stay_within_its_maximum_and_the_brokers_mqtt_3_1_2_26_mqtt_3_3_2_11() {
    for (of_client, of_broker, expected) in [(2, 10, 2), (10, 2, 2), (u16::MAX, 0, 0)] {
        let mut bench = Bench::with(BrokerConfig { max_topic_alias_outgoing: of_broker, ..BrokerConfig::default() });
        let subscriber = bench.join(taking("s", of_client));
        bench.subscribe(subscriber, "#", Q0);
        let publisher = bench.join(connect(V5, "p"));
        for round in 0..30_u32 {
            bench.send(publisher, publish(["a", "b", "c", "d"][(round * round % 7 % 4) as usize], &round.to_string(), Q0, 0));
        }
        let aliases: Vec<_> = received(&mut bench, subscriber).into_iter().map(|(_, alias, _)| alias).collect();
        assert_eq!(aliases.iter().flatten().max().copied().unwrap_or(0), expected);
        assert_eq!(aliases.len(), 30);
    }
}

#[test]
fn a_topic_is_left_out_once_its_alias_is_known_at_every_qos() {
    let mut bench = Bench::new();
    let subscriber = bench.join(taking("s", 5));
    bench.subscribe(subscriber, "#", Q2);
    let publisher = bench.join(connect(V5, "p"));
    for (number, qos) in [Q0, Q1, Q2, Q0].into_iter().enumerate() {
        let packet_id = if qos == Q0 { 0 } else { number as u16 };
        bench.send(publisher, publish("topic", "x", qos, packet_id));
    }
    let expected = [shown("topic", 1, "x"), shown("", 1, "x"), shown("", 1, "x"), shown("", 1, "x")];
    assert_eq!(received(&mut bench, subscriber), expected);
}

#[test]
fn resent_and_queued_messages_name_their_topic_anew_on_the_next_connection_mqtt_3_3_2_7() {
    let mut bench = Bench::new();
    let subscriber = bench.join(taking("s", 5));
    bench.subscribe(subscriber, "#", Q1);
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, publish("other", "0", Q0, 0));
    bench.send(publisher, publish("topic", "1", Q1, 1));
    bench.send(publisher, publish("topic", "2", Q1, 1));
    assert_eq!(received(&mut bench, subscriber), [shown("other", 1, "0"), shown("topic", 2, "1"), shown("", 2, "2")]);
    bench.cut(subscriber);
    bench.send(publisher, publish("topic", "3", Q1, 1));
    let subscriber = bench.join(taking("s", 5));
    assert_eq!(received(&mut bench, subscriber), [shown("topic", 1, "1"), shown("", 1, "2"), shown("", 1, "3")]);
    bench.cut(subscriber);
    let subscriber = bench.join(lasting(V5, "s", 60));
    assert_eq!(received(&mut bench, subscriber), ["1", "2", "3"].map(|payload| shown("topic", None, payload)));
}

#[test]
fn maximum_packet_size_counts_the_bytes_that_are_sent_mqtt_3_1_2_24_mqtt_3_1_2_25() {
    let mut bench = Bench::new();
    let mut small = taking("s", 5);
    small.properties.maximum_packet_size = Some(40);
    let subscriber = bench.join(small);
    bench.subscribe(subscriber, "#", Q1);
    let publisher = bench.join(connect(V5, "p"));
    let topic = "t".repeat(20);
    // 2 + 2 + 20 + 1 bytes without alias, 3 more to set it; 2 + 2 + 1 + 3 with the alias alone.
    let full = "x".repeat(15);
    bench.send(publisher, publish(&topic, &full, Q0, 0));
    bench.send(publisher, publish(&topic, "sets", Q0, 0));
    let long = "x".repeat(32);
    bench.send(publisher, publish(&topic, &long, Q0, 0));
    bench.send(publisher, publish(&topic, &"x".repeat(33), Q0, 0));
    assert_eq!(bench.last_routing("s"), Routing::Dropped(DropReason::PacketTooLarge));
    // Too large with its topic, it sets no alias.
    bench.send(publisher, publish(&"u".repeat(30), &full, Q0, 0));
    bench.send(publisher, publish("v", "x", Q0, 0));
    let expected = [shown(&topic, None, &full), shown(&topic, 1, "sets"), shown("", 1, &long), shown("v", 2, "x")];
    assert_eq!(received(&mut bench, subscriber), expected);
}
