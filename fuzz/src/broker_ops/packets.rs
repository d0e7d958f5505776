//! Whole packets of Clients from small alphabets, so that they meet.

use bytes::Bytes;
use mqtt_playground::packet::{
    Acknowledgement, Auth, AuthProperties, ClientId, Connect, ConnectProperties, Disconnect, Packet, PacketId, Password, ProtocolVersion,
    Publish, PublishProperties, QoS, ReasonCode, RetainHandling, Subscribe, SubscribeProperties, Subscription, SubscriptionOptions,
    TopicFilter, TopicName, Unsubscribe, UserProperties, WillMessage, WillProperties,
};

use crate::choices::Choices;

const TOPICS: [&str; 9] = ["a", "a/b", "b", "a/b/c", "/", "$SYS/x", "a/b/c/d/e", "will", "$CONTROL/dynamic-security/v1"];
const FILTERS: [&str; 14] =
    ["a", "a/b", "#", "+", "a/+", "a/#", "+/b", "$share/g/a", "$share/g/#", "$share/h/a/+", "$share/g/a/b", "$SYS/#", "will", "a/b/c/d/e"];
const CLIENTS: [&str; 5] = ["x", "y", "z", "", "a+"];
/// What administers dynamic security.
const COMMANDS: [&str; 4] = [
    r#"{"commands":[{"command":"createClient","username":"u","password":"p"}]}"#,
    r#"{"commands":[{"command":"createRole","rolename":"r","acls":[{"acltype":"subscribePattern","topic":"a/#","allow":true}]}]}"#,
    r#"{"commands":[{"command":"addClientRole","username":"u","rolename":"r"},{"command":"disableClient","username":"u"}]}"#,
    r#"{"commands":[{"command":"deleteClient","username":"u"},{"command":"listClients"}]}"#,
];

fn qos(choice: u8) -> QoS {
    QoS::try_from(choice % 3).unwrap_or_default()
}

/// One that is seldom 0.
fn packet_id(choice: u8) -> PacketId {
    PacketId::new(u16::from(choice % 6) + 1).expect("not 0")
}

fn topic(choices: &mut Choices<'_>) -> TopicName {
    TopicName::new(choices.of(&TOPICS)).expect("legal")
}

fn filter(choices: &mut Choices<'_>) -> TopicFilter {
    TopicFilter::new(choices.of(&FILTERS)).expect("legal")
}

pub(super) fn connect(choices: &mut Choices<'_>) -> Connect {
    let (flags, more) = (choices.byte(), choices.byte());
    let flag = |bit: u8| flags >> bit & 1 == 1;
    let version = if flag(0) { ProtocolVersion::V5 } else { ProtocolVersion::V311 };
    let mut connect = Connect {
        version,
        clean_start: flag(1),
        keep_alive: if flag(2) { 4 } else { 0 },
        client_id: ClientId::new(CLIENTS[usize::from(flags >> 5) % CLIENTS.len()]),
        ..Connect::default()
    };
    if flag(3) {
        let name = choices.of(&["u", "admin", "v"]);
        connect.user_name = Some(name.into());
        connect.password = Some(Password(Bytes::from_static(if choices.byte() & 7 == 7 { b"wrong" } else { b"p" })));
    }
    if flag(4) {
        connect.will = Some(will(choices, version));
    }
    if version == ProtocolVersion::V5 {
        connect.properties = ConnectProperties {
            session_expiry_interval: [None, Some(0), Some(5), Some(u32::MAX)][usize::from(more & 3)],
            receive_maximum: [None, Some(1), Some(2), None][usize::from(more >> 2 & 3)],
            topic_alias_maximum: (more & 16 != 0).then_some(2),
            request_problem_information: (more & 32 != 0).then_some(false),
            request_response_information: (more & 32 != 0).then_some(true),
            ..ConnectProperties::default()
        };
        if more & 64 != 0 {
            connect.properties.maximum_packet_size = Some(u32::from(choices.byte() % 80) + 1);
        }
        if more & 128 != 0 {
            connect.properties.authentication_method = Some(choices.of(&["SCRAM-SHA-256", "other"]).into());
            connect.properties.authentication_data = scram_data(choices.byte());
        }
    }
    connect
}

fn scram_data(choice: u8) -> Option<Password> {
    let data: &[u8] = match choice % 5 {
        0 => return None,
        1 => b"n,,n=u,r=abc",
        2 => b"n,,n=nobody,r=abc",
        3 => b"c=biws,r=abc,p=AAAA",
        _ => b"y,,",
    };
    Some(Password(Bytes::from_static(data)))
}

fn will(choices: &mut Choices<'_>, version: ProtocolVersion) -> WillMessage {
    let flags = choices.byte();
    let mut properties = WillProperties::default();
    if version == ProtocolVersion::V5 {
        properties.will_delay_interval = [None, Some(0), Some(3), Some(9)][usize::from(flags >> 3 & 3)];
        properties.message_expiry_interval = (flags & 32 != 0).then_some(2);
    }
    WillMessage { topic: topic(choices), payload: payload(choices), qos: qos(flags), retain: flags & 4 != 0, properties }
}

fn payload(choices: &mut Choices<'_>) -> Bytes {
    match choices.byte() {
        0 => Bytes::new(),
        choice @ 252.. => Bytes::from_static(COMMANDS[usize::from(choice - 252)].as_bytes()),
        choice => Bytes::from(vec![choice; usize::from(choice % 40) + 1]),
    }
}

/// What a connected Client of this version sends; `waiting` is a message that it has not acknowledged.
pub(super) fn packet(choices: &mut Choices<'_>, version: ProtocolVersion, waiting: Option<u16>) -> Packet {
    let v5 = version == ProtocolVersion::V5;
    match choices.byte() % 16 {
        0..5 => Packet::Publish(publish(choices, v5)),
        5..7 => {
            let (count, id) = (choices.byte(), packet_id(choices.byte()));
            let subscriptions = (0..=count % 3).map(|_| subscription(choices, v5)).collect();
            let subscription_identifier = (v5 && count & 4 != 0).then_some(u32::from(count >> 3) + 1);
            let properties = SubscribeProperties { subscription_identifier, ..SubscribeProperties::default() };
            Packet::Subscribe(Subscribe { packet_id: id, properties, subscriptions })
        }
        7 => {
            let (count, id) = (choices.byte(), packet_id(choices.byte()));
            let filters = (0..=count % 2).map(|_| filter(choices)).collect();
            Packet::Unsubscribe(Unsubscribe { packet_id: id, user_properties: UserProperties::default(), filters })
        }
        8..12 => {
            let kind = choices.byte();
            let id = waiting.filter(|_| kind & 0x70 != 0).and_then(PacketId::new).unwrap_or_else(|| packet_id(choices.byte()));
            let mut ack = Acknowledgement::new(id, ReasonCode::Success);
            if v5 && kind & 12 == 12 {
                ack.reason_code = if kind & 1 == 0 { ReasonCode::UnspecifiedError } else { ReasonCode::PacketIdentifierNotFound };
            }
            match kind % 4 {
                0 => Packet::Puback(ack),
                1 => Packet::Pubcomp(ack),
                2 => Packet::Pubrec(ack),
                _ => Packet::Pubrel(ack),
            }
        }
        12 => Packet::Pingreq,
        13 | 14 => {
            let flags = choices.byte();
            let mut disconnect = Disconnect::new(ReasonCode::Success);
            if v5 {
                disconnect.reason_code = [
                    ReasonCode::Success,
                    ReasonCode::DisconnectWithWillMessage,
                    ReasonCode::UnspecifiedError,
                    ReasonCode::ServerShuttingDown,
                ][usize::from(flags & 3)];
                disconnect.properties.session_expiry_interval = [None, Some(0), Some(5), Some(u32::MAX)][usize::from(flags >> 2 & 3)];
            }
            Packet::Disconnect(disconnect)
        }
        _ => {
            let flags = choices.byte();
            let reason_code = [ReasonCode::ReAuthenticate, ReasonCode::ContinueAuthentication, ReasonCode::Success][usize::from(flags % 3)];
            let properties = AuthProperties {
                authentication_method: Some("SCRAM-SHA-256".into()),
                authentication_data: scram_data(choices.byte()),
                ..AuthProperties::default()
            };
            Packet::Auth(Auth { reason_code, properties })
        }
    }
}

fn subscription(choices: &mut Choices<'_>, v5: bool) -> Subscription {
    let flags = choices.byte();
    let mut options = SubscriptionOptions { qos: qos(flags & 3), ..SubscriptionOptions::default() };
    if v5 {
        options.no_local = flags & 0x30 == 0x30;
        options.retain_as_published = flags & 8 != 0;
        options.retain_handling =
            [RetainHandling::SendAtSubscribe, RetainHandling::SendAtSubscribe, RetainHandling::SendIfNew, RetainHandling::DoNotSend]
                [usize::from(flags >> 6)];
    }
    Subscription { filter: filter(choices), options }
}

fn publish(choices: &mut Choices<'_>, v5: bool) -> Publish {
    let flags = choices.byte();
    let qos = qos(flags);
    let mut publish = Publish {
        dup: qos > QoS::AtMostOnce && flags & 0x30 == 0x30,
        qos,
        retain: flags & 4 != 0,
        topic: topic(choices),
        packet_id: (qos > QoS::AtMostOnce).then(|| packet_id(choices.byte())),
        properties: PublishProperties::default().into(),
        payload: payload(choices).into(),
    };
    if v5 && flags & 8 != 0 {
        let more = choices.byte();
        let properties = PublishProperties {
            message_expiry_interval: [None, Some(0), Some(2), Some(6)][usize::from(more & 3)],
            topic_alias: (more & 4 != 0).then_some(u16::from(more >> 3 & 3) + 1),
            payload_format_indicator: (more & 32 != 0).then_some(false),
            response_topic: (more & 32 != 0).then(|| TopicName::new("a/b").expect("legal")),
            ..PublishProperties::default()
        };
        if properties.topic_alias.is_some() && more & 64 != 0 {
            publish.topic = TopicName::default();
        }
        publish.properties = properties.into();
    }
    publish
}
