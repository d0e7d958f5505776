//! Packets whose bytes were written by hand from the tables of the specification.

use bytes::Bytes;
use bytestring::ByteString;
use smallvec::smallvec;

use crate::packet::*;

const V311: ProtocolVersion = ProtocolVersion::V311;
const V5: ProtocolVersion = ProtocolVersion::V5;

/// The packet is written as these bytes and these bytes are read as the packet.
fn check(version: ProtocolVersion, packet: Packet, bytes: &[u8]) {
    let name = packet.packet_type();
    assert_eq!(packet.to_bytes(version).as_deref(), Ok(bytes), "{name} {version}");
    assert_eq!(Packet::decode(&Bytes::copy_from_slice(bytes), version), Ok(packet), "{name} {version}");
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

fn text(value: &'static str) -> ByteString {
    ByteString::from_static(value)
}

fn topic(value: &'static str) -> TopicName {
    TopicName::new(value).unwrap()
}

fn filter(value: &'static str) -> TopicFilter {
    TopicFilter::new(value).unwrap()
}

fn user_properties() -> UserProperties {
    UserProperties(vec![(text("k"), text("v"))])
}

fn ack(value: u16, reason_code: ReasonCode) -> Acknowledgement {
    Acknowledgement::new(id(value), reason_code)
}

#[test]
fn connect() {
    let connect = |connect| Packet::Connect(Box::new(connect));
    let least = Connect { version: V311, clean_start: true, keep_alive: 60, client_id: ClientId::new("c"), ..Connect::default() };
    check(V311, connect(least.clone()), b"\x10\x0D\0\x04MQTT\x04\x02\0\x3C\0\x01c");
    check(V5, connect(Connect { version: V5, ..least.clone() }), b"\x10\x0E\0\x04MQTT\x05\x02\0\x3C\0\0\x01c");
    let will = WillMessage {
        topic: topic("w"),
        payload: Bytes::from_static(b"gone"),
        qos: QoS::AtLeastOnce,
        retain: true,
        properties: WillProperties::default(),
    };
    let full = Connect {
        clean_start: false,
        will: Some(will.clone()),
        user_name: Some(text("u")),
        password: Some(Password(Bytes::from_static(b"p"))),
        ..least
    };
    check(V311, connect(full.clone()), b"\x10\x1C\0\x04MQTT\x04\xEC\0\x3C\0\x01c\0\x01w\0\x04gone\0\x01u\0\x01p");
    let full = Connect {
        version: V5,
        will: Some(WillMessage {
            properties: WillProperties {
                will_delay_interval: Some(5),
                payload_format_indicator: Some(true),
                message_expiry_interval: Some(6),
                content_type: Some(text("t")),
                response_topic: Some(topic("r")),
                correlation_data: Some(Bytes::from_static(b"\x00")),
                user_properties: user_properties(),
            },
            ..will
        }),
        properties: ConnectProperties {
            session_expiry_interval: Some(10),
            receive_maximum: Some(20),
            maximum_packet_size: Some(100),
            topic_alias_maximum: Some(3),
            request_response_information: Some(true),
            request_problem_information: Some(false),
            user_properties: user_properties(),
            authentication_method: Some(text("m")),
            authentication_data: Some(Password(Bytes::from_static(b"d"))),
        },
        ..full
    };
    let bytes = [
        &b"\x10\x60\0\x04MQTT\x05\xEC\0\x3C"[..],
        b"\x23\x11\0\0\0\x0A\x21\0\x14\x27\0\0\0\x64\x22\0\x03\x19\x01\x17\0\x26\0\x01k\0\x01v\x15\0\x01m\x16\0\x01d",
        b"\0\x01c",
        b"\x1F\x18\0\0\0\x05\x01\x01\x02\0\0\0\x06\x03\0\x01t\x08\0\x01r\x09\0\x01\0\x26\0\x01k\0\x01v",
        b"\0\x01w\0\x04gone\0\x01u\0\x01p",
    ]
    .concat();
    check(V5, connect(full), &bytes);
}

#[test]
fn connack() {
    let connack =
        |session_present, reason_code, properties| Packet::Connack(Box::new(Connack { session_present, reason_code, properties }));
    check(V311, connack(true, ReasonCode::Success, ConnackProperties::default()), b"\x20\x02\x01\x00");
    for (code, reason_code) in [
        (1, ReasonCode::UnsupportedProtocolVersion),
        (2, ReasonCode::ClientIdentifierNotValid),
        (3, ReasonCode::ServerUnavailable),
        (4, ReasonCode::BadUserNameOrPassword),
        (5, ReasonCode::NotAuthorized),
    ] {
        check(V311, connack(false, reason_code, ConnackProperties::default()), &[0x20, 2, 0, code]);
    }
    check(V5, connack(false, ReasonCode::NotAuthorized, ConnackProperties::default()), b"\x20\x03\x00\x87\x00");
    let all = ConnackProperties {
        session_expiry_interval: Some(1),
        receive_maximum: Some(2),
        maximum_qos: Some(QoS::AtLeastOnce),
        retain_available: Some(false),
        maximum_packet_size: Some(3),
        assigned_client_identifier: Some(ClientId::new("a")),
        topic_alias_maximum: Some(4),
        reason_string: Some(text("b")),
        user_properties: user_properties(),
        wildcard_subscription_available: Some(true),
        subscription_identifiers_available: Some(false),
        shared_subscription_available: Some(true),
        server_keep_alive: Some(5),
        response_information: Some(text("c")),
        server_reference: Some(text("d")),
        authentication_method: Some(text("e")),
        authentication_data: Some(Password(Bytes::from_static(b"f"))),
    };
    let properties = [
        &b"\x11\0\0\0\x01\x21\0\x02\x24\x01\x25\0\x27\0\0\0\x03\x12\0\x01a\x22\0\x04\x1F\0\x01b\x26\0\x01k\0\x01v"[..],
        b"\x28\x01\x29\0\x2A\x01\x13\0\x05\x1A\0\x01c\x1C\0\x01d\x15\0\x01e\x16\0\x01f",
    ]
    .concat();
    let length = u8::try_from(properties.len()).unwrap();
    let bytes = [&[0x20, length + 3, 1, 0, length], &*properties].concat();
    check(V5, connack(true, ReasonCode::Success, all), &bytes);
}

#[test]
fn publish() {
    let publish = Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic: topic("a/b"),
        packet_id: None,
        properties: CarriedProperties::default(),
        payload: "hi".into(),
    };
    check(V311, Packet::Publish(publish.clone()), b"\x30\x07\0\x03a/bhi");
    check(V5, Packet::Publish(publish.clone()), b"\x30\x08\0\x03a/b\0hi");
    let again = Publish { dup: true, qos: QoS::ExactlyOnce, retain: true, packet_id: Some(id(10)), ..publish.clone() };
    check(V311, Packet::Publish(again.clone()), b"\x3D\x09\0\x03a/b\0\x0Ahi");
    let properties = PublishProperties {
        payload_format_indicator: Some(true),
        message_expiry_interval: Some(256),
        topic_alias: Some(2),
        response_topic: Some(topic("r")),
        correlation_data: Some(Bytes::from_static(b"x")),
        user_properties: user_properties(),
        subscription_identifiers: smallvec![1, 128],
        content_type: Some(text("t")),
    };
    let bytes =
        b"\x3D\x29\0\0\0\x0A\x22\x01\x01\x02\0\0\x01\0\x23\0\x02\x08\0\x01r\x09\0\x01x\x26\0\x01k\0\x01v\x0B\x01\x0B\x80\x01\x03\0\x01thi";
    check(V5, Packet::Publish(Publish { topic: TopicName::default(), properties: properties.into(), ..again }), bytes);
    let long = Publish { payload: vec![7; 200].into(), ..publish };
    check(V311, Packet::Publish(long), &[&b"\x30\xCD\x01\0\x03a/b"[..], &[7; 200]].concat());
}

#[test]
fn acknowledgements() {
    type Wrap = fn(Acknowledgement) -> Packet;
    let kinds: [(Wrap, u8); 4] = [(Packet::Puback, 0x40), (Packet::Pubrec, 0x50), (Packet::Pubrel, 0x62), (Packet::Pubcomp, 0x70)];
    for (packet, first) in kinds {
        for version in [V311, V5] {
            check(version, packet(ack(258, ReasonCode::Success)), &[first, 2, 1, 2]);
        }
        let with_reason = Acknowledgement { reason_string: Some(text("x")), ..ack(1, ReasonCode::Success) };
        check(V5, packet(with_reason), &[first, 8, 0, 1, 0, 4, 0x1F, 0, 1, b'x']);
        let with_pair = Acknowledgement { user_properties: user_properties(), ..ack(1, ReasonCode::Success) };
        check(V5, packet(with_pair), &[first, 11, 0, 1, 0, 7, 0x26, 0, 1, b'k', 0, 1, b'v']);
    }
    check(V5, Packet::Puback(ack(1, ReasonCode::NoMatchingSubscribers)), b"\x40\x03\0\x01\x10");
    check(V5, Packet::Pubrec(ack(1, ReasonCode::PacketIdentifierInUse)), b"\x50\x03\0\x01\x91");
    check(V5, Packet::Pubrel(ack(1, ReasonCode::PacketIdentifierNotFound)), b"\x62\x03\0\x01\x92");
    check(V5, Packet::Pubcomp(ack(1, ReasonCode::PacketIdentifierNotFound)), b"\x70\x03\0\x01\x92");
}

#[test]
fn subscribe_and_suback() {
    let options = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
    let one = Subscription { filter: filter("a/#"), options };
    let full = SubscriptionOptions {
        qos: QoS::ExactlyOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
    };
    let two = Subscription { filter: filter("+"), options: full };
    let packet = Subscribe { packet_id: id(7), properties: SubscribeProperties::default(), subscriptions: vec![one.clone()] };
    check(V311, Packet::Subscribe(packet), b"\x82\x08\0\x07\0\x03a/#\x01");
    let properties = SubscribeProperties { subscription_identifier: Some(300), user_properties: user_properties() };
    let packet = Subscribe { packet_id: id(7), properties, subscriptions: vec![one, two] };
    check(V5, Packet::Subscribe(packet), b"\x82\x17\0\x07\x0A\x0B\xAC\x02\x26\0\x01k\0\x01v\0\x03a/#\x01\0\x01+\x2E");

    let suback = |reason_codes| Suback { packet_id: id(7), reason_string: None, user_properties: UserProperties::default(), reason_codes };
    let codes = vec![ReasonCode::Success, ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS2, ReasonCode::UnspecifiedError];
    check(V311, Packet::Suback(suback(codes)), b"\x90\x06\0\x07\0\x01\x02\x80");
    let packet = Suback { reason_string: Some(text("x")), ..suback(vec![ReasonCode::NotAuthorized]) };
    check(V5, Packet::Suback(packet), b"\x90\x08\0\x07\x04\x1F\0\x01x\x87");
}

#[test]
fn unsubscribe_and_unsuback() {
    let packet =
        |user_properties| Packet::Unsubscribe(Unsubscribe { packet_id: id(9), user_properties, filters: vec![filter("a"), filter("#")] });
    check(V311, packet(UserProperties::default()), b"\xA2\x08\0\x09\0\x01a\0\x01#");
    check(V5, packet(user_properties()), b"\xA2\x10\0\x09\x07\x26\0\x01k\0\x01v\0\x01a\0\x01#");
    let packet = |reason_codes| {
        Packet::Unsuback(Unsuback { packet_id: id(9), reason_string: None, user_properties: UserProperties::default(), reason_codes })
    };
    check(V311, packet(vec![]), b"\xB0\x02\0\x09");
    check(V5, packet(vec![ReasonCode::Success, ReasonCode::NoSubscriptionExisted]), b"\xB0\x05\0\x09\0\0\x11");
}

#[test]
fn pings() {
    for version in [V311, V5] {
        check(version, Packet::Pingreq, b"\xC0\0");
        check(version, Packet::Pingresp, b"\xD0\0");
    }
}

#[test]
fn disconnect_and_auth() {
    for version in [V311, V5] {
        check(version, Packet::Disconnect(Disconnect::new(ReasonCode::Success)), b"\xE0\0");
    }
    check(V5, Packet::Disconnect(Disconnect::new(ReasonCode::SessionTakenOver)), b"\xE0\x01\x8E");
    let properties = DisconnectProperties {
        session_expiry_interval: Some(0),
        reason_string: Some(text("r")),
        user_properties: user_properties(),
        server_reference: Some(text("s")),
    };
    let packet = Disconnect { reason_code: ReasonCode::ServerMoved, properties };
    check(V5, Packet::Disconnect(packet), b"\xE0\x16\x9D\x14\x11\0\0\0\0\x1F\0\x01r\x26\0\x01k\0\x01v\x1C\0\x01s");

    check(V5, Packet::Auth(Auth { reason_code: ReasonCode::Success, properties: AuthProperties::default() }), b"\xF0\0");
    let properties = AuthProperties {
        authentication_method: Some(text("m")),
        authentication_data: Some(Password(Bytes::from_static(b"d"))),
        reason_string: Some(text("r")),
        user_properties: user_properties(),
    };
    let packet = Auth { reason_code: ReasonCode::ContinueAuthentication, properties };
    check(V5, Packet::Auth(packet), b"\xF0\x15\x18\x13\x15\0\x01m\x16\0\x01d\x1F\0\x01r\x26\0\x01k\0\x01v");
}

#[test]
fn what_may_be_left_out_may_also_be_written_out_5_0_3_4_2_1() {
    let same: [(&[u8], &[u8]); 5] = [
        (b"\x40\x03\0\x01\0", b"\x40\x02\0\x01"),
        (b"\x40\x04\0\x01\0\0", b"\x40\x02\0\x01"),
        (b"\x62\x04\0\x01\x92\0", b"\x62\x03\0\x01\x92"),
        (b"\xE0\x01\0", b"\xE0\0"),
        (b"\xE0\x02\x8E\0", b"\xE0\x01\x8E"),
    ];
    for (long, short) in same {
        let packet = Packet::decode(&Bytes::from_static(long), V5).unwrap();
        assert_eq!(packet.to_bytes(V5).as_deref(), Ok(short));
    }
}

#[test]
fn a_byte_order_mark_is_kept_mqtt_1_5_4_3() {
    let packet = Packet::decode(&Bytes::from_static(b"\x30\x06\0\x04\xEF\xBB\xBFa"), V311).unwrap();
    let Packet::Publish(publish) = packet else { panic!("a PUBLISH") };
    assert_eq!(publish.topic.as_str(), "\u{FEFF}a");
}

#[test]
fn long_payloads_and_topics_are_slices_of_the_frame() {
    let topic = "a".repeat(33);
    let bytes = [&[0x30, 69, 0, 33], topic.as_bytes(), b"\0", topic.as_bytes()].concat();
    let frame = Bytes::from(bytes);
    let Ok(Packet::Publish(publish)) = Packet::decode(&frame, ProtocolVersion::V5) else { panic!("a PUBLISH") };
    assert!(frame.as_ptr_range().contains(&publish.topic.as_str().as_ptr()));
    assert!(frame.as_ptr_range().contains(&publish.payload.as_ptr()));
}

#[test]
fn properties_are_written_in_the_order_in_which_they_came_and_equal_in_any() {
    let read = |bytes: &'static [u8]| Packet::decode(&Bytes::from_static(bytes), ProtocolVersion::V5).unwrap();
    let (one, other) = (b"\x30\x0B\0\x01a\x07\x03\0\x01t\x23\0\x05", b"\x30\x0B\0\x01a\x07\x23\0\x05\x03\0\x01t");
    assert_eq!(read(one), read(other));
    assert_eq!(read(one).to_bytes(ProtocolVersion::V5).unwrap(), one.as_slice());
    assert_eq!(read(other).to_bytes(ProtocolVersion::V5).unwrap(), other.as_slice());
    let (Packet::Publish(mut changed), Packet::Publish(plain)) = (read(other), read(b"\x30\x04\0\x01a\0")) else { panic!("PUBLISH") };
    assert_eq!((changed.properties.topic_alias, changed.properties.content_type.as_deref()), (Some(5), Some("t")));
    changed.properties.topic_alias = None;
    assert_eq!(changed.properties, PublishProperties { content_type: Some("t".into()), ..PublishProperties::default() });
    assert_eq!(Packet::Publish(changed.clone()).to_bytes(ProtocolVersion::V5).unwrap(), b"\x30\x08\0\x01a\x04\x03\0\x01t".as_slice());
    changed.properties.content_type = None;
    assert!(changed.properties.is_empty());
    assert_eq!((changed, plain.properties.into_values()), (plain_publish(), PublishProperties::default()));
}

fn plain_publish() -> Publish {
    let Ok(Packet::Publish(publish)) = Packet::decode(&Bytes::from_static(b"\x30\x04\0\x01a\0"), ProtocolVersion::V5) else {
        panic!("PUBLISH")
    };
    publish
}
