//! A Server that breaks the protocol, in every state: the right DISCONNECT or close, an event that says why, and never a crash.

use super::*;
use crate::packet::{
    Auth, AuthProperties, ClientId, Connect, Disconnect, DisconnectProperties, Suback, Subscribe, SubscribeProperties, Unsuback,
    Unsubscribe, UserProperties,
};

fn expect_misbehaved(mut bench: Bench, packet: Packet, code: u8, clause: &str) {
    let name = describe(&packet);
    let version = bench.client.version();
    let lines = bench.receive(packet);
    let mut expected = vec!["close".to_owned(), format!("disconnected: misbehaved 0x{code:02X} {clause}")];
    if version == ProtocolVersion::V5 {
        expected.insert(0, format!("> DISCONNECT 0x{code:02X}"));
    }
    assert_eq!(
        lines.iter().filter(|line| !line.starts_with("message")).cloned().collect::<Vec<_>>()[..expected.len()],
        expected,
        "{version} {name}"
    );
    assert_eq!(bench.client.state(), ClientState::Disconnecting);
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "late"))), Vec::<String>::new(), "nothing after it");
    assert_eq!(bench.transport_closed(), ["state idle"]);
}

fn connecting(version: ProtocolVersion) -> Bench {
    let mut bench = Bench::new(ClientConfig { version, ..config() });
    bench.client.handle_connect(bench.now).unwrap();
    bench.client.handle_transport_opened(bench.now);
    bench.seen();
    bench
}

fn subscribe() -> Packet {
    Packet::Subscribe(Subscribe { packet_id: id(1), properties: SubscribeProperties::default(), subscriptions: vec![subscription("a")] })
}

fn unsubscribe() -> Packet {
    let filters = vec![TopicFilter::new("a").unwrap()];
    Packet::Unsubscribe(Unsubscribe { packet_id: id(1), user_properties: UserProperties::default(), filters })
}

fn suback(packet_id: u16, count: usize) -> Packet {
    let reason_codes = vec![ReasonCode::Success; count];
    Packet::Suback(Suback { packet_id: id(packet_id), reason_string: None, user_properties: UserProperties::default(), reason_codes })
}

fn unsuback(version: ProtocolVersion, packet_id: u16, count: usize) -> Packet {
    let reason_codes = if version == ProtocolVersion::V5 { vec![ReasonCode::Success; count] } else { vec![] };
    Packet::Unsuback(Unsuback { packet_id: id(packet_id), reason_string: None, user_properties: UserProperties::default(), reason_codes })
}

fn connect(version: ProtocolVersion) -> Packet {
    Packet::Connect(Box::new(Connect { version, clean_start: true, client_id: ClientId::new("x"), ..Connect::default() }))
}

fn auth() -> Packet {
    let properties = AuthProperties { authentication_method: Some("SCRAM".into()), ..AuthProperties::default() };
    Packet::Auth(Auth { reason_code: ReasonCode::ContinueAuthentication, properties })
}

#[test]
fn nothing_comes_before_connack_3_2_0_1() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        for packet in [
            Packet::Publish(publish(QoS::AtMostOnce, 0, "x")),
            Packet::Puback(ack(1)),
            Packet::Pubrec(ack(1)),
            Packet::Pubrel(ack(1)),
            Packet::Pubcomp(ack(1)),
            suback(1, 1),
            unsuback(version, 1, 1),
            Packet::Pingresp,
            connect(version),
            subscribe(),
            unsubscribe(),
            Packet::Pingreq,
        ] {
            expect_misbehaved(connecting(version), packet, 0x82, "MQTT-3.2.0-1");
        }
    }
    expect_misbehaved(connecting(ProtocolVersion::V5), auth(), 0x82, "MQTT-4.12.0-6");
    expect_misbehaved(connecting(ProtocolVersion::V5), Packet::Disconnect(Disconnect::new(ReasonCode::ServerBusy)), 0x82, "MQTT-3.14.0-1");
}

#[test]
fn packets_of_a_client_and_a_second_connack_do_not_come_from_a_server() {
    for (version, direction, second) in
        [(ProtocolVersion::V311, "3.1.1 §2.2.1", "3.1.1 §3.2"), (ProtocolVersion::V5, "5.0 §2.1.2", "MQTT-3.2.0-2")]
    {
        let connected = Bench::connected(ClientConfig { version, ..config() });
        for packet in [connect(version), subscribe(), unsubscribe(), Packet::Pingreq] {
            expect_misbehaved(connected.clone(), packet, 0x82, direction);
        }
        expect_misbehaved(connected.clone(), Packet::Connack(Box::new(connack(false))), 0x82, second);
    }
    let connected = Bench::connected(v311(config()));
    expect_misbehaved(connected, Packet::Disconnect(Disconnect::new(ReasonCode::Success)), 0x82, "3.1.1 §2.2.1");
}

#[test]
fn a_connack_that_breaks_its_rules_is_refused() {
    let with = |change: fn(&mut Connack)| {
        let mut connack = connack(false);
        change(&mut connack);
        Packet::Connack(Box::new(connack))
    };
    let v5 = || connecting(ProtocolVersion::V5);
    expect_misbehaved(v5(), with(|connack| connack.session_present = true), 0x82, "MQTT-3.2.2-2");
    expect_misbehaved(connecting(ProtocolVersion::V311), with(|connack| connack.session_present = true), 0x82, "MQTT-3.2.2-1");
    expect_misbehaved(v5(), with(|connack| connack.properties.authentication_method = Some("X".into())), 0x82, "MQTT-4.12.0-6");
    expect_misbehaved(v5(), with(|connack| connack.properties.response_information = Some("r/".into())), 0x82, "MQTT-3.1.2-28");
    let mut nameless = Bench::new(ClientConfig { client_id: ClientId::new(""), ..config() });
    nameless.client.handle_connect(nameless.now).unwrap();
    nameless.client.handle_transport_opened(nameless.now);
    nameless.seen();
    expect_misbehaved(nameless, with(|_| ()), 0x82, "MQTT-3.2.2-16");
}

#[test]
fn answers_have_the_identifier_of_what_they_answer_2_2_1_5_2_2_1_6() {
    for (version, echo, request) in
        [(ProtocolVersion::V311, "MQTT-2.3.1-6", "MQTT-2.3.1-7"), (ProtocolVersion::V5, "MQTT-2.2.1-5", "MQTT-2.2.1-6")]
    {
        let mut bench = Bench::connected(ClientConfig { version, ..config() });
        bench.publish(QoS::AtLeastOnce);
        bench.publish(QoS::ExactlyOnce);
        bench.client.handle_subscribe(bench.now, vec![subscription("a")]).unwrap();
        bench.client.handle_unsubscribe(bench.now, vec![TopicFilter::new("a").unwrap()]).unwrap();
        bench.seen();
        for packet in [
            Packet::Pubrec(ack(1)),
            Packet::Pubcomp(ack(1)),
            Packet::Puback(ack(2)),
            Packet::Pubcomp(ack(2)),
            Packet::Puback(ack(3)),
            Packet::Pubrec(ack(4)),
        ] {
            expect_misbehaved(bench.clone(), packet, 0x82, echo);
        }
        for packet in [suback(1, 1), suback(4, 1), suback(9, 1), unsuback(version, 1, 1), unsuback(version, 3, 1), unsuback(version, 9, 1)]
        {
            expect_misbehaved(bench.clone(), packet, 0x82, request);
        }
        let count = if version == ProtocolVersion::V5 { "MQTT-3.8.4-6" } else { "MQTT-3.8.4-5" };
        expect_misbehaved(bench.clone(), suback(3, 2), 0x82, count);
    }
    let mut bench = Bench::connected(config());
    expect_misbehaved(bench.clone(), Packet::Puback(ack(9)), 0x82, "MQTT-2.2.1-5");
    bench.client.handle_unsubscribe(bench.now, vec![TopicFilter::new("a").unwrap()]).unwrap();
    bench.seen();
    expect_misbehaved(bench, unsuback(ProtocolVersion::V5, 1, 3), 0x82, "MQTT-3.11.3-1");
}

#[test]
fn more_than_receive_maximum_gets_0x93_3_3_4_9() {
    let mut bench = Bench::connected(ClientConfig { receive_maximum: Some(1), ..config() });
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 1, "x")));
    expect_misbehaved(bench, Packet::Publish(publish(QoS::ExactlyOnce, 2, "y")), 0x93, "MQTT-3.3.4-9");
}

#[test]
fn a_topic_alias_gets_0x94_since_none_is_allowed_3_1_2_27() {
    let mut aliased = publish(QoS::AtMostOnce, 0, "x");
    aliased.properties.topic_alias = Some(1);
    expect_misbehaved(Bench::connected(config()), Packet::Publish(aliased), 0x94, "MQTT-3.1.2-27");
}

#[test]
fn a_packet_above_maximum_packet_size_gets_0x95_as_soon_as_its_length_is_known() {
    let mut bench = Bench::connected(ClientConfig { maximum_packet_size: Some(100), ..config() });
    let lines = bench.receive_bytes(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F]);
    assert_eq!(lines[1..3], ["> DISCONNECT 0x95", "close"]);
    assert!(lines[0].starts_with("malformed") && lines[3].starts_with("disconnected: misbehaved 0x95"), "{lines:?}");
}

#[test]
fn malformed_bytes_get_the_code_of_their_clause_or_a_close() {
    // Reserved type 0; flags of PINGRESP; Remaining Length of five bytes; QoS 3; PUBLISH with Packet Identifier 0.
    let cases: [&[u8]; 5] = [
        &[0x00, 0x00],
        &[0xD1, 0x00],
        &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        &[0x36, 0x03, 0, 1, b'a'],
        &[0x32, 0x06, 0, 1, b'a', 0, 0, 0],
    ];
    for bytes in cases {
        for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
            let mut bench = Bench::connected(ClientConfig { version, ..config() });
            let lines = bench.receive_bytes(bytes);
            assert!(lines[0].starts_with("malformed"), "{lines:?}");
            let disconnects = lines.iter().filter(|line| line.starts_with("> DISCONNECT 0x8")).count();
            assert_eq!(disconnects, usize::from(version == ProtocolVersion::V5), "{bytes:02X?} {lines:?}");
            assert!(lines.iter().any(|line| line.starts_with("disconnected: misbehaved 0x8")), "{lines:?}");
            assert_eq!(bench.client.state(), ClientState::Disconnecting);
        }
    }
}

#[test]
fn an_unasked_pingresp_is_unexpected() {
    expect_misbehaved(Bench::connected(config()), Packet::Pingresp, 0x82, "5.0 §3.13");
    expect_misbehaved(Bench::connected(v311(config())), Packet::Pingresp, 0x82, "3.1.1 §3.13");
}

#[test]
fn auth_without_a_method_in_connect_is_a_protocol_error_4_12_0_6() {
    expect_misbehaved(Bench::connected(config()), auth(), 0x82, "MQTT-4.12.0-6");
}

#[test]
fn disconnect_of_a_server_keeps_to_its_rules_3_14_2_1_3_14_2_2() {
    let connected = Bench::connected(config());
    expect_misbehaved(connected.clone(), Packet::Disconnect(Disconnect::new(ReasonCode::DisconnectWithWillMessage)), 0x82, "MQTT-3.14.2-1");
    let properties = DisconnectProperties { session_expiry_interval: Some(1), ..DisconnectProperties::default() };
    let packet = Packet::Disconnect(Disconnect { reason_code: ReasonCode::ServerBusy, properties });
    expect_misbehaved(connected, packet, 0x82, "MQTT-3.14.2-2");
}

#[test]
fn an_identifier_used_twice_ends_a_3_1_1_connection() {
    let mut bench = Bench::connected(v311(config()));
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 1, "x")));
    expect_misbehaved(bench, Packet::Publish(publish(QoS::AtLeastOnce, 1, "y")), 0x82, "MQTT-2.3.1-4");
}

#[test]
fn a_server_that_takes_no_packet_at_all_can_not_be_talked_to_3_2_2_15() {
    let tiny = ConnackProperties { maximum_packet_size: Some(3), ..ConnackProperties::default() };
    let bench = Bench::connected_to(config(), connack_with(tiny));
    expect_misbehaved(bench, Packet::Publish(publish(QoS::AtLeastOnce, 1, "x")), 0x83, "MQTT-3.2.2-15");
}

#[test]
fn what_a_server_takes_holds_for_the_answer_to_its_connack_too_3_2_2_15() {
    let mut bench = connecting(ProtocolVersion::V5);
    let tiny = ConnackProperties { maximum_packet_size: Some(2), ..ConnackProperties::default() };
    let lines = bench.receive(Packet::Connack(Box::new(Connack { session_present: true, ..connack_with(tiny) })));
    assert_eq!(lines[..2], ["close", "disconnected: misbehaved 0x82 MQTT-3.2.2-2"], "no room for DISCONNECT: {lines:?}");
}
