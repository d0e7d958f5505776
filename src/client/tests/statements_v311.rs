//! Statements of MQTT 3.1.1 that bind a Client, each where it can be seen from outside.

use super::*;
use crate::packet::ClientId;

fn resuming_v311() -> ClientConfig {
    v311(resuming())
}

/// The CONNECT that goes out when the Network Connection opens.
fn connect_packet(bench: &mut Bench) -> crate::packet::Connect {
    bench.client.handle_transport_opened(bench.now);
    let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!("CONNECT and nothing else") };
    (**connect).clone()
}

/// Broken, and connected again a second later.
fn again(bench: &mut Bench, session_present: bool) -> Vec<String> {
    bench.transport_closed();
    let millis = bench.now.as_micros() / 1_000 + 1_000;
    bench.until(millis);
    bench.opened(connack(session_present))
}

#[test]
fn connect_comes_first_3_1_0_1_v311() {
    let mut bench = Bench::new(v311(config()));
    bench.publish(QoS::AtLeastOnce);
    bench.client.handle_connect(bench.now).unwrap();
    assert_eq!(bench.seen(), ["state opening", "open"]);
    connect_packet(&mut bench);
}

#[test]
fn each_packet_has_an_unused_identifier_and_answers_echo_it_2_3_1_2_2_3_1_6_4_3_2_1_4_3_3_1_v311() {
    let mut bench = Bench::connected(v311(config()));
    assert_eq!(bench.publish(QoS::AtLeastOnce)[0], "> PUBLISH 1");
    assert_eq!(bench.client.handle_subscribe(bench.now, vec![subscription("a")]), Ok(id(2)));
    bench.seen();
    assert_eq!(bench.publish(QoS::ExactlyOnce)[0], "> PUBLISH 3");
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 7, "x"))), ["message x", "> PUBACK 7"]);
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 8, "y"))), ["message y", "> PUBREC 8"]);
    assert_eq!(bench.receive(Packet::Pubrel(ack(8))), ["> PUBCOMP 8"]);
    assert_eq!(bench.receive(Packet::Pubrec(ack(3))), ["> PUBREL 3"]);
    assert_eq!(bench.client.session().outgoing.len(), 2, "unacknowledged until PUBACK and PUBCOMP");
    bench.receive(Packet::Puback(ack(1)));
    bench.receive(Packet::Pubcomp(ack(3)));
    assert!(bench.client.session().outgoing.is_empty());
}

#[test]
fn clean_session_0_resumes_and_sends_again_with_the_same_identifiers_3_1_2_4_4_1_0_1_4_1_0_2_4_4_0_1_v311() {
    let mut bench = Bench::connected(resuming_v311());
    bench.publish(QoS::AtLeastOnce);
    bench.publish(QoS::ExactlyOnce);
    bench.receive(Packet::Pubrec(ack(2)));
    assert_eq!(again(&mut bench, true)[2..], ["> PUBLISH 1 dup", "resent 1", "> PUBREL 2", "resent 2"]);
}

#[test]
fn clean_session_1_starts_without_state_and_leaves_none_3_1_2_6_v311() {
    let mut bench = Bench::connected(ClientConfig { clean_start: true, ..resuming_v311() });
    bench.publish(QoS::AtLeastOnce);
    assert_eq!(bench.transport_closed()[1], "dropped 0 session-ended");
    assert!(!bench.client.session().exists);
    bench.until(1_000);
    assert!(connect_packet(&mut bench).clean_start);
}

#[test]
fn an_idle_client_sends_pingreq_within_keep_alive_3_1_2_23_v311() {
    let mut bench = Bench::connected(v311(ClientConfig { keep_alive: 5, ..config() }));
    assert_eq!(bench.until(5_000), ["5.000 > PINGREQ"]);
}

#[test]
fn the_same_session_has_the_same_client_identifier_3_1_3_2_v311() {
    let mut bench = Bench::new(resuming_v311());
    bench.client.handle_connect(bench.now).unwrap();
    bench.seen();
    let first = connect_packet(&mut bench).client_id;
    bench.transport_closed();
    bench.until(1_000);
    assert_eq!(connect_packet(&mut bench).client_id, first);
}

#[test]
fn an_empty_client_identifier_needs_clean_session_1_3_1_3_7_v311() {
    let nameless = |clean_start| Bench::new(v311(ClientConfig { client_id: ClientId::new(""), clean_start, ..config() }));
    assert!(nameless(true).client.handle_connect(Instant::ZERO).is_ok());
    assert!(matches!(nameless(false).client.handle_connect(Instant::ZERO), Err(ClientError::Encode(_))));
}

#[test]
fn qos_0_has_no_identifier_and_dup_0_3_3_1_2_4_3_1_1_v311() {
    let mut bench = Bench::connected(v311(config()));
    bench.client.handle_publish(bench.now, request(QoS::AtMostOnce)).unwrap();
    let [Packet::Publish(sent)] = &bench.packets()[..] else { panic!() };
    assert_eq!((sent.qos, sent.dup, sent.packet_id), (QoS::AtMostOnce, false, None));
}

#[test]
fn a_topic_name_with_a_wildcard_is_neither_sent_nor_taken_3_3_2_2_4_7_1_1_v311() {
    assert!(TopicName::new("a/+").is_err() && TopicName::new("a/#").is_err());
    let mut bench = Bench::connected(v311(config()));
    let lines = bench.receive_bytes(&[0x30, 0x05, 0x00, 0x03, b'a', b'/', b'+']);
    assert!(lines[0].starts_with("malformed") && lines[1] == "close", "{lines:?}");
}

#[test]
fn each_qos_is_answered_also_when_nobody_asked_for_the_message_3_3_4_1_4_5_0_2_v311() {
    let mut bench = Bench::connected(v311(config()));
    assert!(bench.client.session().subscriptions.is_empty());
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtMostOnce, 0, "a"))), ["message a"]);
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "b"))), ["message b", "> PUBACK 1"]);
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 2, "c"))), ["message c", "> PUBREC 2"]);
}

#[test]
fn disconnect_is_followed_by_the_close_and_nothing_else_3_14_4_1_3_14_4_2_v311() {
    let mut bench = Bench::connected(v311(config()));
    bench.client.handle_disconnect(bench.now, ReasonCode::Success).unwrap();
    assert_eq!(bench.seen()[..2], ["> DISCONNECT 0x00", "close"]);
    assert_eq!(bench.publish(QoS::AtLeastOnce), ["queued 0"]);
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "late"))), Vec::<String>::new());
}

#[test]
fn after_puback_the_identifier_means_a_new_message_4_3_2_2_v311() {
    let mut bench = Bench::connected(v311(config()));
    bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "a")));
    let dup = Publish { dup: true, ..publish(QoS::AtLeastOnce, 1, "b") };
    assert_eq!(bench.receive(Packet::Publish(dup)), ["message b dup", "> PUBACK 1"]);
}

#[test]
fn a_repeated_qos_2_message_is_delivered_once_until_pubrel_4_3_3_2_v311() {
    let mut bench = Bench::connected(v311(config()));
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 1, "a")));
    let dup = Publish { dup: true, ..publish(QoS::ExactlyOnce, 1, "a") };
    assert_eq!(bench.receive(Packet::Publish(dup)), ["duplicate 1", "> PUBREC 1"]);
    assert_eq!(bench.receive(Packet::Pubrel(ack(1))), ["> PUBCOMP 1"]);
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 1, "b"))), ["message b", "> PUBREC 1"]);
}

#[test]
fn what_is_sent_again_and_what_is_answered_keeps_its_order_4_6_0_1_4_6_0_2_4_6_0_3_4_6_0_4_v311() {
    let mut bench = Bench::connected(resuming_v311());
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::ExactlyOnce, QoS::AtLeastOnce] {
        bench.publish(qos);
    }
    let stream: Vec<u8> = [Packet::Pubrec(ack(3)), Packet::Pubrec(ack(2))]
        .iter()
        .flat_map(|packet| packet.to_bytes(ProtocolVersion::V311).unwrap())
        .collect();
    assert_eq!(bench.receive_bytes(&stream), ["> PUBREL 3", "> PUBREL 2"]);
    let lines = again(&mut bench, true);
    let sent: Vec<&String> = lines.iter().filter(|line| line.starts_with('>')).collect();
    assert_eq!(sent, ["> PUBLISH 1 dup", "> PUBREL 3", "> PUBREL 2", "> PUBLISH 4 dup"]);
    let messages = [
        publish(QoS::AtLeastOnce, 9, "a"),
        publish(QoS::ExactlyOnce, 8, "b"),
        publish(QoS::AtLeastOnce, 7, "c"),
        publish(QoS::ExactlyOnce, 6, "d"),
    ];
    let stream: Vec<u8> =
        messages.into_iter().flat_map(|publish| Packet::Publish(publish).to_bytes(ProtocolVersion::V311).unwrap()).collect();
    let lines = bench.receive_bytes(&stream);
    let sent: Vec<&String> = lines.iter().filter(|line| line.starts_with('>')).collect();
    assert_eq!(sent, ["> PUBACK 9", "> PUBREC 8", "> PUBACK 7", "> PUBREC 6"]);
}

#[test]
fn a_violation_closes_the_connection_without_a_disconnect_2_2_2_2_4_8_0_1_v311() {
    // PINGRESP and PUBREL with wrong flags, a second CONNACK, a packet of a Client.
    for bytes in [&[0xD1, 0x00][..], &[0x60, 0x02, 0x00, 0x01], &[0x20, 0x02, 0x00, 0x00], &[0xC0, 0x00]] {
        let mut bench = Bench::connected(v311(config()));
        let lines = bench.receive_bytes(bytes);
        assert!(lines.contains(&"close".to_owned()) && !lines.iter().any(|line| line.starts_with('>')), "{lines:?}");
        assert_eq!(bench.client.state(), ClientState::Disconnecting);
    }
}
