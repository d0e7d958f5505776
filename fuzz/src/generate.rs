//! Legal packets with every property, or nearly legal ones: what the encoder refuses is no packet.

use bytes::Bytes;
use mqtt_playground::packet::{
    Acknowledgement, Auth, AuthProperties, ClientId, Connack, ConnackProperties, Connect, ConnectProperties, Disconnect,
    DisconnectProperties, Packet, PacketId, Password, ProtocolVersion, Publish, PublishProperties, QoS, ReasonCode, RetainHandling, Suback,
    Subscribe, SubscribeProperties, Subscription, SubscriptionOptions, TopicFilter, TopicName, Unsuback, Unsubscribe, UserProperties,
    WillMessage, WillProperties,
};

use crate::choices::Choices;

const TEXTS: [&str; 8] =
    ["", "a", "a/b", "온도", "long enough that it is not kept in place/1234567890123456789012345678901234567890", "+", "\u{1}", "$x"];
const FILTERS: [&str; 6] = ["a", "#", "+/b", "$share/g/a/#", "온/+/#", "/"];

/// One more choice: absent, or what `make` makes.
fn maybe<T>(choices: &mut Choices<'_>, make: impl FnOnce(&mut Choices<'_>) -> T) -> Option<T> {
    (choices.byte() & 1 == 1).then(|| make(choices))
}

fn number(choices: &mut Choices<'_>) -> u32 {
    let [first, second] = [choices.byte(), choices.byte()];
    [u32::from(first), u32::from(first) << 8 | u32::from(second), u32::from(second) << 24, u32::MAX][usize::from(first & 3)]
}

fn short(choices: &mut Choices<'_>) -> u16 {
    u16::from_be_bytes([choices.byte(), choices.byte()])
}

fn flag(choices: &mut Choices<'_>) -> bool {
    choices.byte() & 1 == 1
}

fn text<T: From<&'static str>>(choices: &mut Choices<'_>) -> T {
    T::from(choices.of(&TEXTS))
}

fn data(choices: &mut Choices<'_>) -> Bytes {
    let length = usize::from(choices.byte() % 20);
    Bytes::copy_from_slice(choices.bytes(length))
}

fn password(choices: &mut Choices<'_>) -> Password {
    Password(data(choices))
}

fn qos(choices: &mut Choices<'_>) -> QoS {
    QoS::try_from(choices.byte() % 3).unwrap_or_default()
}

fn topic(choices: &mut Choices<'_>) -> TopicName {
    TopicName::new(choices.of(&TEXTS)).unwrap_or_default()
}

fn filter(choices: &mut Choices<'_>) -> TopicFilter {
    TopicFilter::new(choices.of(&FILTERS)).expect("legal")
}

fn id(choices: &mut Choices<'_>) -> PacketId {
    PacketId::new(short(choices)).unwrap_or(PacketId::MIN)
}

fn reason(choices: &mut Choices<'_>) -> ReasonCode {
    ReasonCode::try_from(choices.byte()).unwrap_or(ReasonCode::Success)
}

fn users(choices: &mut Choices<'_>) -> UserProperties {
    let count = choices.byte();
    UserProperties((0..count.saturating_sub(250)).map(|_| (text(choices), text(choices))).collect())
}

/// A packet of this version; of 5.0 with properties.
pub(crate) fn packet(choices: &mut Choices<'_>, version: ProtocolVersion) -> Packet {
    let v5 = version == ProtocolVersion::V5;
    let kind = choices.byte();
    let ack = |choices: &mut Choices<'_>| {
        let mut ack = Acknowledgement::new(id(choices), if v5 { reason(choices) } else { ReasonCode::Success });
        if v5 {
            (ack.reason_string, ack.user_properties) = (maybe(choices, text), users(choices));
        }
        ack
    };
    match kind % 15 {
        0 => Packet::Connect(Box::new(connect(choices, version))),
        1 => {
            let properties = if v5 { connack(choices) } else { ConnackProperties::default() };
            Packet::Connack(Box::new(Connack { session_present: flag(choices), reason_code: reason(choices), properties }))
        }
        2 => Packet::Publish(publish(choices, v5)),
        3 => Packet::Puback(ack(choices)),
        4 => Packet::Pubrec(ack(choices)),
        5 => Packet::Pubrel(ack(choices)),
        6 => Packet::Pubcomp(ack(choices)),
        7 => {
            let mut properties = SubscribeProperties::default();
            if v5 {
                properties.subscription_identifier = maybe(choices, number);
                properties.user_properties = users(choices);
            }
            let subscriptions = (0..=choices.byte() % 3).map(|_| subscription(choices, v5)).collect();
            Packet::Subscribe(Subscribe { packet_id: id(choices), properties, subscriptions })
        }
        8 => {
            let (reason_string, user_properties) = if v5 { (maybe(choices, text), users(choices)) } else { Default::default() };
            let reason_codes = (0..=choices.byte() % 3).map(|_| reason(choices)).collect();
            Packet::Suback(Suback { packet_id: id(choices), reason_string, user_properties, reason_codes })
        }
        9 => {
            let user_properties = if v5 { users(choices) } else { UserProperties::default() };
            let filters = (0..=choices.byte() % 3).map(|_| filter(choices)).collect();
            Packet::Unsubscribe(Unsubscribe { packet_id: id(choices), user_properties, filters })
        }
        10 => {
            let (reason_string, user_properties) = if v5 { (maybe(choices, text), users(choices)) } else { Default::default() };
            let reason_codes = if v5 { (0..=choices.byte() % 3).map(|_| reason(choices)).collect() } else { Vec::new() };
            Packet::Unsuback(Unsuback { packet_id: id(choices), reason_string, user_properties, reason_codes })
        }
        11 => Packet::Pingreq,
        12 => Packet::Pingresp,
        13 => {
            let mut disconnect = Disconnect::new(if v5 { reason(choices) } else { ReasonCode::Success });
            if v5 {
                disconnect.properties = DisconnectProperties {
                    session_expiry_interval: maybe(choices, number),
                    reason_string: maybe(choices, text),
                    user_properties: users(choices),
                    server_reference: maybe(choices, text),
                };
            }
            Packet::Disconnect(disconnect)
        }
        _ => {
            let properties = AuthProperties {
                authentication_method: maybe(choices, text),
                authentication_data: maybe(choices, password),
                reason_string: maybe(choices, text),
                user_properties: users(choices),
            };
            Packet::Auth(Auth { reason_code: reason(choices), properties })
        }
    }
}

fn connect(choices: &mut Choices<'_>, version: ProtocolVersion) -> Connect {
    let v5 = version == ProtocolVersion::V5;
    let mut connect = Connect {
        version,
        clean_start: flag(choices),
        keep_alive: short(choices),
        client_id: ClientId::new(choices.of(&TEXTS)),
        will: maybe(choices, |choices| will(choices, v5)),
        user_name: maybe(choices, text),
        password: maybe(choices, password),
        ..Connect::default()
    };
    if v5 {
        connect.properties = ConnectProperties {
            session_expiry_interval: maybe(choices, number),
            receive_maximum: maybe(choices, short),
            maximum_packet_size: maybe(choices, number),
            topic_alias_maximum: maybe(choices, short),
            request_response_information: maybe(choices, flag),
            request_problem_information: maybe(choices, flag),
            user_properties: users(choices),
            authentication_method: maybe(choices, text),
            authentication_data: maybe(choices, password),
        };
    }
    connect
}

fn will(choices: &mut Choices<'_>, v5: bool) -> WillMessage {
    let mut properties = WillProperties::default();
    if v5 {
        properties = WillProperties {
            will_delay_interval: maybe(choices, number),
            payload_format_indicator: maybe(choices, flag),
            message_expiry_interval: maybe(choices, number),
            content_type: maybe(choices, text),
            response_topic: maybe(choices, topic),
            correlation_data: maybe(choices, data),
            user_properties: users(choices),
        };
    }
    WillMessage { topic: topic(choices), payload: data(choices), qos: qos(choices), retain: flag(choices), properties }
}

fn connack(choices: &mut Choices<'_>) -> ConnackProperties {
    ConnackProperties {
        session_expiry_interval: maybe(choices, number),
        receive_maximum: maybe(choices, short),
        maximum_qos: maybe(choices, qos),
        retain_available: maybe(choices, flag),
        maximum_packet_size: maybe(choices, number),
        assigned_client_identifier: maybe(choices, |choices| ClientId::new(choices.of(&TEXTS))),
        topic_alias_maximum: maybe(choices, short),
        reason_string: maybe(choices, text),
        user_properties: users(choices),
        wildcard_subscription_available: maybe(choices, flag),
        subscription_identifiers_available: maybe(choices, flag),
        shared_subscription_available: maybe(choices, flag),
        server_keep_alive: maybe(choices, short),
        response_information: maybe(choices, text),
        server_reference: maybe(choices, text),
        authentication_method: maybe(choices, text),
        authentication_data: maybe(choices, password),
    }
}

fn publish(choices: &mut Choices<'_>, v5: bool) -> Publish {
    let qos = qos(choices);
    let mut properties = PublishProperties::default();
    if v5 {
        properties = PublishProperties {
            payload_format_indicator: maybe(choices, flag),
            message_expiry_interval: maybe(choices, number),
            topic_alias: maybe(choices, short),
            response_topic: maybe(choices, topic),
            correlation_data: maybe(choices, data),
            user_properties: users(choices),
            subscription_identifiers: (0..choices.byte().saturating_sub(252)).map(|_| number(choices)).collect(),
            content_type: maybe(choices, text),
        };
    }
    let dup = qos > QoS::AtMostOnce && flag(choices);
    let packet_id = (qos > QoS::AtMostOnce).then(|| id(choices));
    Publish {
        dup,
        qos,
        retain: flag(choices),
        topic: topic(choices),
        packet_id,
        properties: properties.into(),
        payload: data(choices).into(),
    }
}

fn subscription(choices: &mut Choices<'_>, v5: bool) -> Subscription {
    let mut options = SubscriptionOptions { qos: qos(choices), ..SubscriptionOptions::default() };
    if v5 {
        options.no_local = flag(choices);
        options.retain_as_published = flag(choices);
        options.retain_handling = choices.of(&[RetainHandling::SendAtSubscribe, RetainHandling::SendIfNew, RetainHandling::DoNotSend]);
    }
    Subscription { filter: filter(choices), options }
}
