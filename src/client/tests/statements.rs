//! Statements of MQTT 5.0 that bind a Client and are shown nowhere else in this folder.

use super::*;
use crate::packet::{Auth, AuthProperties, EncodeError, UserProperties};

fn v5_bytes(packets: &[Packet]) -> Vec<u8> {
    packets.iter().flat_map(|packet| packet.to_bytes(ProtocolVersion::V5).unwrap()).collect()
}

/// Broken, and connected again a second later with the session.
fn again(bench: &mut Bench) -> Vec<String> {
    bench.transport_closed();
    let millis = bench.now.as_micros() / 1_000 + 1_000;
    bench.until(millis);
    bench.opened(connack(true))
}

#[test]
fn the_same_session_has_the_same_client_identifier_3_1_3_2() {
    let mut bench = Bench::new(resuming());
    let mut ids = Vec::new();
    bench.client.handle_connect(bench.now).unwrap();
    for second in 1..=3 {
        bench.client.handle_transport_opened(bench.now);
        let sent = bench.packets();
        let Some(Packet::Connect(connect)) = sent.last() else { panic!("{sent:?}") };
        ids.push(connect.client_id.clone());
        bench.transport_closed();
        bench.until(second * 1_000);
    }
    assert!(ids.iter().all(|id| id.as_str() == "sensor"), "{ids:?}");
}

#[test]
fn dup_says_only_whether_this_sender_repeats_itself_3_3_1_1_3_3_1_2_3_3_1_3_4_3_2_1_4_3_3_1_4_3_3_2() {
    let mut bench = Bench::connected(resuming());
    let incoming = Publish { dup: true, ..publish(QoS::AtLeastOnce, 9, "x") };
    bench.receive(Packet::Publish(incoming));
    for (qos, number) in [(QoS::AtMostOnce, None), (QoS::AtLeastOnce, Some(1)), (QoS::ExactlyOnce, Some(2))] {
        bench.client.handle_publish(bench.now, request(qos)).unwrap();
        let [Packet::Publish(sent)] = &bench.packets()[..] else { panic!() };
        assert_eq!((sent.qos, sent.dup, sent.packet_id.map(PacketId::as_u16)), (qos, false, number));
    }
    assert_eq!(again(&mut bench)[2..], ["> PUBLISH 1 dup", "resent 1", "> PUBLISH 2 dup", "resent 2"]);
}

#[test]
fn qos_2_ends_with_pubcomp_and_sends_no_publish_after_pubrel_4_3_3_6_4_3_3_11_4_3_3_12() {
    let mut bench = Bench::connected(resuming());
    bench.publish(QoS::ExactlyOnce);
    bench.receive(Packet::Pubrec(ack(1)));
    assert_eq!(again(&mut bench)[2..], ["> PUBREL 1", "resent 1"]);
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "a")));
    assert_eq!(bench.receive(Packet::Pubrel(ack(5))), ["> PUBCOMP 5"]);
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "b"))), ["message b", "> PUBREC 5"]);
}

#[test]
fn an_expired_message_goes_through_its_handshake_all_the_same_4_3_3_7_4_3_3_13() {
    let mut bench = Bench::connected(ClientConfig { keep_alive: 0, ..resuming() });
    let mut short = request(QoS::ExactlyOnce);
    short.properties.message_expiry_interval = Some(1);
    bench.client.handle_publish(bench.now, short).unwrap();
    bench.seen();
    let mut incoming = publish(QoS::ExactlyOnce, 9, "x");
    incoming.properties.message_expiry_interval = Some(1);
    bench.receive(Packet::Publish(incoming));
    bench.until(60_000);
    assert_eq!(bench.receive(Packet::Pubrel(ack(9))), ["> PUBCOMP 9"]);
    assert_eq!(again(&mut bench)[2..], ["> PUBLISH 1 dup", "resent 1"]);
}

#[test]
fn session_state_is_kept_while_connected_and_the_quota_follows_receive_maximum_4_1_0_1_4_9_0_1_4_9_0_2() {
    let two = ConnackProperties { receive_maximum: Some(2), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(config(), connack_with(two));
    assert_eq!(bench.client.session().send_quota, 2);
    bench.publish(QoS::AtLeastOnce);
    bench.publish(QoS::ExactlyOnce);
    assert_eq!(bench.publish(QoS::AtLeastOnce), ["queued 2"]);
    let session = bench.client.session();
    assert_eq!((session.exists, session.outgoing.len(), session.queued.len(), session.send_quota), (true, 2, 1, 0));
}

#[test]
fn acknowledgements_of_the_client_carry_nothing_that_could_be_too_large_3_4_2_2_3_4_2_3_3_5_2_2_3_5_2_3_3_6_2_2_3_6_2_3_3_7_2_2_3_7_2_3() {
    // The largest of them has 5 bytes: fixed header, Packet Identifier, Reason Code.
    let five = ConnackProperties { maximum_packet_size: Some(5), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(config(), connack_with(five));
    bench.client.handle_bytes(
        bench.now,
        Bytes::from(v5_bytes(&[
            Packet::Publish(publish(QoS::AtLeastOnce, 1, "a")),
            Packet::Publish(publish(QoS::ExactlyOnce, 2, "b")),
            Packet::Pubrel(ack(2)),
            Packet::Pubrel(ack(3)),
            Packet::Pubrec(ack(4)),
        ])),
    );
    let sent = bench.packets();
    assert_eq!(sent.iter().map(describe).collect::<Vec<_>>(), ["PUBACK 1", "PUBREC 2", "PUBCOMP 2", "PUBCOMP 3 0x92", "PUBREL 4 0x92"]);
    for packet in sent {
        let (Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack)) = packet else { panic!() };
        assert_eq!((ack.reason_string, ack.user_properties.is_empty()), (None, true));
    }
}

#[test]
fn acknowledgements_have_no_reason_code_that_is_not_theirs_3_5_2_1_3_6_2_1_3_7_2_1() {
    let wrong = Acknowledgement::new(id(1), ReasonCode::ServerBusy);
    for packet in [Packet::Pubrec(wrong.clone()), Packet::Pubrel(wrong.clone()), Packet::Pubcomp(wrong)] {
        assert!(matches!(packet.to_bytes(ProtocolVersion::V5), Err(EncodeError::Illegal { .. })), "not sent");
    }
    for (first, clause) in [(0x50, "MQTT-3.5.2-1"), (0x62, "MQTT-3.6.2-1"), (0x70, "MQTT-3.7.2-1")] {
        let mut bench = Bench::connected(config());
        let lines = bench.receive_bytes(&[first, 0x03, 0x00, 0x01, ReasonCode::ServerBusy.as_u8()]);
        assert_eq!(lines[..2], [format!("malformed {clause}"), "> DISCONNECT 0x82".to_owned()], "not taken");
    }
}

#[test]
fn disconnect_with_reserved_bits_gets_0x81_3_14_1_1() {
    let mut bench = Bench::connected(config());
    let lines = bench.receive_bytes(&[0xE1, 0x00]);
    assert_eq!(lines[1..3], ["> DISCONNECT 0x81", "close"], "{lines:?}");
}

#[test]
fn disconnect_leaves_out_what_would_make_it_too_large_3_14_2_3_3_14_2_4() {
    let disconnect = DisconnectRequest {
        reason_string: Some("why it goes".into()),
        user_properties: UserProperties(vec![("key".into(), "value".into())]),
        ..ReasonCode::DisconnectWithWillMessage.into()
    };
    let sent = |maximum| {
        let limits = ConnackProperties { maximum_packet_size: Some(maximum), ..ConnackProperties::default() };
        let mut bench = Bench::connected_to(resuming(), connack_with(limits));
        bench.client.handle_disconnect(bench.now, disconnect.clone()).unwrap();
        let sent = bench.packets();
        sent.into_iter().next().map(|packet| {
            let Packet::Disconnect(packet) = packet else { panic!() };
            (packet.properties.reason_string.is_some(), packet.properties.user_properties.0.len())
        })
    };
    assert_eq!(sent(31), Some((true, 1)));
    assert_eq!(sent(30), Some((false, 1)));
    assert_eq!(sent(16), Some((false, 0)));
    assert_eq!(sent(2), None, "not even so");
}

#[test]
fn auth_of_the_client_has_neither_reason_string_nor_user_properties_3_15_2_2_3_15_2_3() {
    let user = Credentials::ScramSha256 { user: "mina".into(), password: crate::packet::Password(Bytes::from_static(b"secret")) };
    let mut bench = Bench::new(ClientConfig { authentication: Some(user), ..config() });
    bench.client.handle_connect(bench.now).unwrap();
    bench.client.handle_transport_opened(bench.now);
    let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!() };
    let first = connect.properties.authentication_data.clone().unwrap().0;
    let nonce = std::str::from_utf8(&first).unwrap().rsplit_once("r=").unwrap().1;
    let challenge = crate::packet::Password(Bytes::from(format!("r={nonce}server,s=c2FsdA==,i=4096")));
    let properties = AuthProperties {
        authentication_method: connect.properties.authentication_method.clone(),
        authentication_data: Some(challenge),
        reason_string: Some("on".into()),
        ..AuthProperties::default()
    };
    let challenge = Packet::Auth(Auth { reason_code: ReasonCode::ContinueAuthentication, properties });
    bench.client.handle_bytes(bench.now, challenge.to_bytes(ProtocolVersion::V5).unwrap());
    let [Packet::Auth(answer)] = &bench.packets()[..] else { panic!() };
    assert_eq!((&answer.properties.reason_string, answer.properties.user_properties.is_empty()), (&None, true));
}

#[test]
fn a_closing_reason_closes_whether_or_not_it_can_be_said_4_13_2_1() {
    let tiny = ConnackProperties { maximum_packet_size: Some(2), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(config(), connack_with(tiny));
    let lines = bench.receive(Packet::Pingresp);
    assert_eq!(lines[..2], ["close", "disconnected: misbehaved 0x82 5.0 §3.13"], "DISCONNECT with a Reason Code has three bytes");
    let mut bench = Bench::connected(config());
    assert_eq!(bench.receive(Packet::Pingresp)[..2], ["> DISCONNECT 0x82", "close"]);
}

#[test]
fn wildcards_are_in_filters_only_4_7_0_1() {
    assert!(TopicName::new("a/#").is_err() && TopicName::new("+").is_err() && TopicFilter::new("+/#").is_ok());
    let mut bench = Bench::connected(config());
    let lines = bench.receive_bytes(&[0x30, 0x06, 0x00, 0x03, b'a', b'/', b'+', 0x00]);
    assert_eq!(lines[1..3], ["> DISCONNECT 0x81", "close"], "{lines:?}");
}

#[test]
fn a_shared_filter_has_a_share_name_and_a_filter_4_8_2_1_4_8_2_2() {
    for wrong in ["$share//a", "$share/g", "$share/g/", "$share/g+/a", "$share/#/a"] {
        assert!(TopicFilter::new(wrong).is_err(), "{wrong}");
    }
    let mut bench = Bench::connected(config());
    assert!(bench.client.handle_subscribe(bench.now, vec![subscription("$share/group/a/+")]).is_ok());
}
