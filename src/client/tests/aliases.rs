//! Topic Aliases in both directions (5.0 §3.3.2.3.4).

use super::*;

fn aliased(name: &'static str, alias: u16) -> Packet {
    let mut publish = publish(QoS::AtMostOnce, 0, "x");
    publish.topic = if name.is_empty() { TopicName::default() } else { topic(name) };
    publish.properties.topic_alias = Some(alias);
    Packet::Publish(publish)
}

fn accepting() -> ClientConfig {
    ClientConfig { topic_alias_maximum: Some(2), ..resuming() }
}

/// Topic of the message that the packet brings.
fn topic_of(bench: &mut Bench, packet: &Packet) -> Option<String> {
    bench.client.handle_bytes(bench.now, packet.to_bytes(ProtocolVersion::V5).unwrap());
    std::iter::from_fn(|| bench.client.poll_output()).find_map(|output| match output {
        Output::Event(ClientEvent::MessageReceived { publish, .. }) => Some(publish.topic.as_str().to_owned()),
        _ => None,
    })
}

/// What was sent: Topic Name and Topic Alias.
fn sent(bench: &mut Bench) -> Vec<(String, Option<u16>)> {
    let publishes =
        bench.packets().into_iter().filter_map(|packet| if let Packet::Publish(publish) = packet { Some(publish) } else { None });
    publishes.map(|publish| (publish.topic.as_str().to_owned(), publish.properties.topic_alias)).collect()
}

fn publish_to(bench: &mut Bench, name: &'static str) -> Vec<(String, Option<u16>)> {
    bench.client.handle_publish(bench.now, PublishRequest { topic: topic(name), ..request(QoS::AtLeastOnce) }).unwrap();
    sent(bench)
}

#[test]
fn every_alias_up_to_the_announced_maximum_is_accepted_3_3_2_10() {
    let mut bench = Bench::connected(accepting());
    assert_eq!(topic_of(&mut bench, &aliased("a/b", 1)).as_deref(), Some("a/b"));
    assert_eq!(topic_of(&mut bench, &aliased("c", 2)).as_deref(), Some("c"));
    assert_eq!(topic_of(&mut bench, &aliased("", 1)).as_deref(), Some("a/b"));
    assert_eq!(topic_of(&mut bench, &aliased("d", 1)).as_deref(), Some("d"), "it means another topic from now on");
    assert_eq!(topic_of(&mut bench, &aliased("", 1)).as_deref(), Some("d"));
}

#[test]
fn topic_alias_maximum_stands_in_connect_3_1_2_26() {
    let mut bench = Bench::new(accepting());
    bench.client.handle_connect(bench.now).unwrap();
    bench.client.handle_transport_opened(bench.now);
    let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!() };
    assert_eq!(connect.properties.topic_alias_maximum, Some(2));
}

#[test]
fn an_alias_above_the_maximum_gets_0x94_and_an_unset_one_0x82_3_1_2_26() {
    let bench = Bench::connected(accepting());
    for (packet, code, clause) in [(aliased("a", 3), "0x94", "MQTT-3.1.2-26"), (aliased("", 1), "0x82", "5.0 §3.3.2.3.4")] {
        let lines = bench.clone().receive(packet);
        assert_eq!(lines[..3], [format!("> DISCONNECT {code}"), "close".to_owned(), format!("disconnected: misbehaved {code} {clause}")]);
    }
}

#[test]
fn the_servers_aliases_end_with_the_connection_3_3_2_7() {
    let mut bench = Bench::connected(accepting());
    topic_of(&mut bench, &aliased("a", 1));
    bench.transport_closed();
    bench.until(1_000);
    bench.opened(connack(true));
    assert_eq!(bench.receive(aliased("", 1))[0], "> DISCONNECT 0x82");
}

#[test]
fn the_client_gives_aliases_up_to_the_servers_maximum_3_2_2_17_3_3_2_9() {
    let two = ConnackProperties { topic_alias_maximum: Some(2), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(ClientConfig { uses_topic_aliases: true, ..resuming() }, connack_with(two.clone()));
    let pair = |name: &str, alias| vec![(name.to_owned(), Some(alias))];
    assert_eq!(publish_to(&mut bench, "first/topic"), pair("first/topic", 1));
    assert_eq!(publish_to(&mut bench, "first/topic"), pair("", 1));
    assert_eq!(publish_to(&mut bench, "second/topic"), pair("second/topic", 2));
    assert_eq!(publish_to(&mut bench, "third/topic"), pair("third/topic", 1), "the one that was not used for the longest time");
    assert_eq!(publish_to(&mut bench, "first/topic"), pair("first/topic", 2));
    // What is sent again on another connection has its topic, and no alias of the old one [MQTT-3.3.2-7].
    bench.transport_closed();
    bench.until(1_000);
    bench.client.handle_transport_opened(bench.now);
    bench.seen();
    let resumed = Packet::Connack(Box::new(Connack { properties: two, ..connack(true) })).to_bytes(ProtocolVersion::V5).unwrap();
    bench.client.handle_bytes(bench.now, resumed);
    assert!(sent(&mut bench).iter().all(|(name, alias)| !name.is_empty() && alias.is_none()));
    assert_eq!(publish_to(&mut bench, "first/topic"), pair("first/topic", 1));
}

#[test]
fn without_a_maximum_of_the_server_there_are_no_aliases_3_2_2_18() {
    let mut bench = Bench::connected(ClientConfig { uses_topic_aliases: true, ..resuming() });
    assert_eq!(publish_to(&mut bench, "a/b"), [("a/b".to_owned(), None)]);
}

#[test]
fn an_application_that_gives_aliases_has_them_to_itself() {
    let two = ConnackProperties { topic_alias_maximum: Some(2), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(ClientConfig { uses_topic_aliases: true, ..resuming() }, connack_with(two));
    publish_to(&mut bench, "a");
    let mut own = PublishRequest { topic: topic("b"), ..request(QoS::AtMostOnce) };
    own.properties.topic_alias = Some(1);
    bench.client.handle_publish(bench.now, own).unwrap();
    assert_eq!(sent(&mut bench), [("b".to_owned(), Some(1))]);
    assert_eq!(publish_to(&mut bench, "a"), [("a".to_owned(), None)], "alias 1 means b now");
}

#[test]
fn an_alias_that_would_make_the_packet_too_large_is_not_set_3_2_2_15() {
    let (packet, version) =
        (Packet::Publish(Publish { packet_id: Some(id(1)), ..publish(QoS::AtLeastOnce, 1, "21") }), ProtocolVersion::V5);
    let size = u32::try_from(packet.to_bytes(version).unwrap().len()).unwrap();
    let limits = ConnackProperties { topic_alias_maximum: Some(2), maximum_packet_size: Some(size + 2), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(ClientConfig { uses_topic_aliases: true, ..resuming() }, connack_with(limits));
    assert_eq!(publish_to(&mut bench, "room/temperature"), [("room/temperature".to_owned(), None)]);
    assert_eq!(publish_to(&mut bench, "room"), [("room".to_owned(), Some(1))]);
}
