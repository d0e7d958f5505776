use super::*;

#[test]
fn each_qos_is_answered_as_it_asks_for_3_3_4_1() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::connected(ClientConfig { version, ..config() });
        assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtMostOnce, 0, "a"))), ["message a"]);
        assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "b"))), ["message b", "> PUBACK 1"]);
        assert_eq!(bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 1, "c"))), ["message c", "> PUBREC 1"]);
        assert_eq!(bench.receive(Packet::Pubrel(ack(1))), ["> PUBCOMP 1"]);
    }
}

#[test]
fn a_repeated_qos_1_publish_is_reported_again_with_dup_4_3_2_5() {
    let mut bench = Bench::connected(config());
    bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "a")));
    let again = Publish { dup: true, ..publish(QoS::AtLeastOnce, 1, "a") };
    assert_eq!(bench.receive(Packet::Publish(again)), ["message a dup", "> PUBACK 1"]);
}

#[test]
fn a_repeated_qos_2_publish_is_delivered_once_also_after_resumption_4_3_3_10() {
    let mut bench = Bench::connected(resuming());
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 9, "a")));
    bench.transport_closed();
    bench.until(1_000);
    bench.opened(connack(true));
    assert_eq!(bench.client.session().incoming, [id(9)]);
    let again = Publish { dup: true, ..publish(QoS::ExactlyOnce, 9, "a") };
    assert_eq!(bench.receive(Packet::Publish(again)), ["duplicate 9", "> PUBREC 9"]);
    assert_eq!(bench.receive(Packet::Pubrel(ack(9))), ["> PUBCOMP 9"]);
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 9, "b"))), ["message b", "> PUBREC 9"], "[MQTT-4.3.3-12]");
}

#[test]
fn answers_to_unknown_identifiers_say_so_in_5_0() {
    let mut bench = Bench::connected(config());
    assert_eq!(bench.receive(Packet::Pubrel(ack(7))), ["> PUBCOMP 7 0x92"]);
    assert_eq!(bench.receive(Packet::Pubrec(ack(7))), ["> PUBREL 7 0x92"]);
    assert_eq!(bench.receive(Packet::Pubcomp(ack(7))), Vec::<String>::new());
    let mut bench = Bench::connected(v311(config()));
    assert_eq!(bench.receive(Packet::Pubrel(ack(7))), ["> PUBCOMP 7"]);
    assert_eq!(bench.receive(Packet::Pubrec(ack(7))), ["> PUBREL 7"]);
    assert_eq!(bench.receive(Packet::Puback(ack(7))), Vec::<String>::new());
}

#[test]
fn an_identifier_of_an_unfinished_qos_2_message_is_refused_at_qos_1() {
    let mut bench = Bench::connected(config());
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 1, "a")));
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "b"))), ["> PUBACK 1 0x91"]);
    assert_eq!(bench.receive(Packet::Pubrel(ack(1))), ["> PUBCOMP 1"]);
}

#[test]
fn acknowledgements_keep_the_order_of_arrival_4_6_0_2_4_6_0_3() {
    let mut bench = Bench::connected(config());
    let stream: Vec<u8> = [
        publish(QoS::AtLeastOnce, 3, "a"),
        publish(QoS::ExactlyOnce, 1, "b"),
        publish(QoS::AtLeastOnce, 2, "c"),
        publish(QoS::ExactlyOnce, 4, "d"),
    ]
    .into_iter()
    .flat_map(|publish| Packet::Publish(publish).to_bytes(ProtocolVersion::V5).unwrap())
    .collect();
    let lines = bench.receive_bytes(&stream);
    assert_eq!(lines, ["message a", "> PUBACK 3", "message b", "> PUBREC 1", "message c", "> PUBACK 2", "message d", "> PUBREC 4"]);
}

#[test]
fn as_many_messages_as_receive_maximum_may_be_unacknowledged() {
    let mut bench = Bench::connected(ClientConfig { receive_maximum: Some(2), ..config() });
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 1, "a")));
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 2, "b")));
    assert_eq!(bench.client.session().receive_quota, 0);
    bench.receive(Packet::Pubrel(ack(1)));
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 3, "c"))), ["message c", "> PUBACK 3"]);
}
