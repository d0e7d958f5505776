//! Arbitrary legal packets of either version.

use bytes::Bytes;
use bytestring::ByteString;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::packet::reason_code::{
    is_connect_reason, is_disconnect_reason, is_subscribe_reason, is_subscribe_return_code, is_unsubscribe_reason,
};
use crate::packet::*;

pub(crate) fn version() -> impl Strategy<Value = ProtocolVersion> {
    select(vec![ProtocolVersion::V311, ProtocolVersion::V5])
}

pub(crate) fn text() -> impl Strategy<Value = ByteString> {
    prop_oneof![4 => "[^\u{0}]{0,12}", 1 => "[가-힣🌱\u{FEFF} -~]{0,40}"].prop_map(ByteString::from)
}

pub(crate) fn binary() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..24).prop_map(Bytes::from)
}

pub(crate) fn topic_name() -> impl Strategy<Value = TopicName> {
    "[^\u{0}+#]{1,12}".prop_map(|text| TopicName::new(text).unwrap())
}

pub(crate) fn topic_filter() -> impl Strategy<Value = TopicFilter> {
    let level = prop_oneof![3 => "[^\u{0}+#/]{0,5}", 1 => Just("+".to_owned())];
    (option::of("[a-z]{1,4}"), vec(level, 1..4), any::<bool>()).prop_map(|(share, mut levels, all_below)| {
        if all_below {
            levels.push("#".to_owned());
        }
        let filter = match (levels.join("/"), share) {
            (filter, None) if filter.is_empty() => "a".to_owned(),
            (filter, Some(name)) if !filter.is_empty() => format!("$share/{name}/{filter}"),
            (filter, _) if filter.is_empty() => "b".to_owned(),
            (filter, _) => filter,
        };
        TopicFilter::new(filter).unwrap_or_else(|_| TopicFilter::new("c").unwrap())
    })
}

pub(crate) fn packet_id() -> impl Strategy<Value = PacketId> {
    (1..=u16::MAX).prop_map(|value| PacketId::new(value).unwrap())
}

pub(crate) fn qos() -> impl Strategy<Value = QoS> {
    select(vec![QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce])
}

pub(crate) fn user_properties() -> impl Strategy<Value = UserProperties> {
    prop_oneof![2 => Just(UserProperties::default()), 1 => vec((text(), text()), 0..3).prop_map(UserProperties)]
}

fn codes(is_legal: fn(ReasonCode) -> bool) -> impl Strategy<Value = ReasonCode> {
    select(ReasonCode::ALL.into_iter().filter(|code| is_legal(*code)).collect::<Vec<_>>())
}

/// The strategy in 5.0, the default in 3.1.1.
fn v5<T: Clone + std::fmt::Debug + Default + 'static>(
    version: ProtocolVersion,
    strategy: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    if version == ProtocolVersion::V5 { strategy.boxed() } else { Just(T::default()).boxed() }
}

prop_compose! {
    fn connect_properties()(
        session_expiry_interval in any::<Option<u32>>(), receive_maximum in option::of(1..=u16::MAX),
        maximum_packet_size in option::of(1..=u32::MAX), topic_alias_maximum in any::<Option<u16>>(),
        request_response_information in any::<Option<bool>>(), request_problem_information in any::<Option<bool>>(),
        user_properties in user_properties(), authentication in option::of((text(), option::of(binary()))),
    ) -> ConnectProperties {
        let (authentication_method, data) = authentication.map_or((None, None), |(method, data)| (Some(method), data.map(Password)));
        ConnectProperties {
            session_expiry_interval, receive_maximum, maximum_packet_size, topic_alias_maximum, request_response_information,
            request_problem_information, user_properties, authentication_method, authentication_data: data,
        }
    }
}

prop_compose! {
    fn will_properties()(
        will_delay_interval in any::<Option<u32>>(), payload_format_indicator in any::<Option<bool>>(),
        message_expiry_interval in any::<Option<u32>>(), content_type in option::of(text()), response_topic in option::of(topic_name()),
        correlation_data in option::of(binary()), user_properties in user_properties(),
    ) -> WillProperties {
        WillProperties {
            will_delay_interval, payload_format_indicator, message_expiry_interval, content_type, response_topic, correlation_data,
            user_properties,
        }
    }
}

fn will(version: ProtocolVersion) -> impl Strategy<Value = WillMessage> {
    (topic_name(), binary(), qos(), any::<bool>(), v5(version, will_properties()))
        .prop_map(|(topic, payload, qos, retain, properties)| WillMessage { topic, payload, qos, retain, properties })
}

fn connect(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    let secrets = (option::of(text()), option::of(binary()));
    (any::<bool>(), any::<u16>(), text(), option::of(will(version)), secrets, v5(version, connect_properties())).prop_map(
        move |(clean_start, keep_alive, client_id, will, (user_name, password), properties)| {
            let password = password.filter(|_| version == ProtocolVersion::V5 || user_name.is_some()).map(Password);
            let client_id = ClientId::new(client_id);
            Packet::Connect(Box::new(Connect { version, clean_start, keep_alive, client_id, will, user_name, password, properties }))
        },
    )
}

prop_compose! {
    fn connack_properties()(
        numbers in (any::<Option<u32>>(), option::of(1..=u16::MAX), option::of(1..=u32::MAX), any::<Option<u16>>(), any::<Option<u16>>()),
        maximum_qos in option::of(select(vec![QoS::AtMostOnce, QoS::AtLeastOnce])),
        available in any::<[Option<bool>; 4]>(),
        assigned in option::of(text()), reason_string in option::of(text()), user_properties in user_properties(),
        response_information in option::of(text()), server_reference in option::of(text()),
        authentication in option::of((text(), option::of(binary()))),
    ) -> ConnackProperties {
        let (session_expiry_interval, receive_maximum, maximum_packet_size, topic_alias_maximum, server_keep_alive) = numbers;
        let [retain_available, wildcard_subscription_available, subscription_identifiers_available, shared_subscription_available] =
            available;
        let (authentication_method, authentication_data) = authentication.map_or((None, None), |(method, data)| (Some(method), data.map(Password)));
        ConnackProperties {
            session_expiry_interval, receive_maximum, maximum_qos, retain_available, maximum_packet_size,
            assigned_client_identifier: assigned.map(ClientId::new), topic_alias_maximum, reason_string, user_properties,
            wildcard_subscription_available, subscription_identifiers_available, shared_subscription_available, server_keep_alive,
            response_information, server_reference, authentication_method, authentication_data,
        }
    }
}

fn connack(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    let code = match version {
        ProtocolVersion::V311 => codes(|code| code.connect_return_code().is_some()).boxed(),
        ProtocolVersion::V5 => codes(is_connect_reason).boxed(),
    };
    (any::<bool>(), code, v5(version, connack_properties())).prop_map(|(session_present, reason_code, properties)| {
        let session_present = session_present && reason_code == ReasonCode::Success;
        Packet::Connack(Box::new(Connack { session_present, reason_code, properties }))
    })
}

prop_compose! {
    fn publish_properties()(
        payload_format_indicator in any::<Option<bool>>(), message_expiry_interval in any::<Option<u32>>(),
        topic_alias in option::of(1..=u16::MAX), response_topic in option::of(topic_name()), correlation_data in option::of(binary()),
        user_properties in user_properties(), identifiers in vec(1..=268_435_455_u32, 0..3), content_type in option::of(text()),
    ) -> PublishProperties {
        PublishProperties {
            payload_format_indicator, message_expiry_interval, topic_alias, response_topic, correlation_data, user_properties,
            subscription_identifiers: identifiers.into(), content_type,
        }
    }
}

pub(crate) fn publish(version: ProtocolVersion) -> impl Strategy<Value = Publish> {
    let flags = (any::<bool>(), qos(), any::<bool>(), any::<bool>());
    let payload = prop_oneof![3 => binary(), 1 => vec(any::<u8>(), 0..400).prop_map(Bytes::from)];
    (flags, topic_name(), packet_id(), v5(version, publish_properties()), payload).prop_map(
        |((dup, qos, retain, by_alias), topic, packet_id, properties, payload)| {
            let has_id = qos != QoS::AtMostOnce;
            let topic = if by_alias && properties.topic_alias.is_some() { TopicName::default() } else { topic };
            Publish {
                dup: dup && has_id,
                qos,
                retain,
                topic,
                packet_id: has_id.then_some(packet_id),
                properties: properties.into(),
                payload: payload.into(),
            }
        },
    )
}

fn acknowledgement(version: ProtocolVersion, packet_type: PacketType) -> impl Strategy<Value = Acknowledgement> {
    let legal = ReasonCode::ALL
        .into_iter()
        .filter(|code| match packet_type {
            _ if version == ProtocolVersion::V311 => *code == ReasonCode::Success,
            PacketType::Puback | PacketType::Pubrec => [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99].contains(&code.as_u8()),
            _ => [0x00, 0x92].contains(&code.as_u8()),
        })
        .collect::<Vec<_>>();
    (packet_id(), select(legal), v5(version, option::of(text())), v5(version, user_properties())).prop_map(
        |(packet_id, reason_code, reason_string, user_properties)| Acknowledgement {
            packet_id,
            reason_code,
            reason_string,
            user_properties,
        },
    )
}

fn subscription(version: ProtocolVersion) -> impl Strategy<Value = Subscription> {
    let handling = select(vec![RetainHandling::SendAtSubscribe, RetainHandling::SendIfNew, RetainHandling::DoNotSend]);
    let options = (qos(), v5(version, any::<bool>()), v5(version, any::<bool>()), v5(version, handling));
    (topic_filter(), options).prop_map(|(filter, (qos, no_local, retain_as_published, retain_handling))| {
        let no_local = no_local && !filter.is_shared();
        Subscription { filter, options: SubscriptionOptions { qos, no_local, retain_as_published, retain_handling } }
    })
}

fn subscribe(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    let properties = (option::of(1..=268_435_455_u32), user_properties())
        .prop_map(|(subscription_identifier, user_properties)| SubscribeProperties { subscription_identifier, user_properties });
    (packet_id(), v5(version, properties), vec(subscription(version), 1..4))
        .prop_map(|(packet_id, properties, subscriptions)| Packet::Subscribe(Subscribe { packet_id, properties, subscriptions }))
}

fn suback(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    let code = if version == ProtocolVersion::V5 { codes(is_subscribe_reason) } else { codes(is_subscribe_return_code) };
    (packet_id(), v5(version, option::of(text())), v5(version, user_properties()), vec(code, 1..5)).prop_map(
        |(packet_id, reason_string, user_properties, reason_codes)| {
            Packet::Suback(Suback { packet_id, reason_string, user_properties, reason_codes })
        },
    )
}

fn unsubscribe(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    (packet_id(), v5(version, user_properties()), vec(topic_filter(), 1..4))
        .prop_map(|(packet_id, user_properties, filters)| Packet::Unsubscribe(Unsubscribe { packet_id, user_properties, filters }))
}

fn unsuback(version: ProtocolVersion) -> impl Strategy<Value = Packet> {
    let codes = v5(version, vec(codes(is_unsubscribe_reason), 1..5));
    (packet_id(), v5(version, option::of(text())), v5(version, user_properties()), codes).prop_map(
        |(packet_id, reason_string, user_properties, reason_codes)| {
            Packet::Unsuback(Unsuback { packet_id, reason_string, user_properties, reason_codes })
        },
    )
}

fn disconnect(version: ProtocolVersion) -> BoxedStrategy<Packet> {
    if version == ProtocolVersion::V311 {
        return Just(Packet::Disconnect(Disconnect::new(ReasonCode::Success))).boxed();
    }
    (codes(is_disconnect_reason), any::<Option<u32>>(), option::of(text()), user_properties(), option::of(text()))
        .prop_map(|(reason_code, session_expiry_interval, reason_string, user_properties, server_reference)| {
            let properties = DisconnectProperties { session_expiry_interval, reason_string, user_properties, server_reference };
            Packet::Disconnect(Disconnect { reason_code, properties })
        })
        .boxed()
}

fn auth() -> impl Strategy<Value = Packet> {
    let code = select(vec![ReasonCode::Success, ReasonCode::ContinueAuthentication, ReasonCode::ReAuthenticate]);
    (code, text(), option::of(binary()), option::of(text()), user_properties(), any::<bool>()).prop_map(
        |(reason_code, method, authentication_data, reason_string, user_properties, is_empty)| {
            if is_empty {
                return Packet::Auth(Auth { reason_code: ReasonCode::Success, properties: AuthProperties::default() });
            }
            let authentication_method = Some(method);
            let authentication_data = authentication_data.map(Password);
            let properties = AuthProperties { authentication_method, authentication_data, reason_string, user_properties };
            Packet::Auth(Auth { reason_code, properties })
        },
    )
}

/// Any packet that is legal in `version`.
pub(crate) fn packet(version: ProtocolVersion) -> BoxedStrategy<Packet> {
    let ack = |packet_type, wrap: fn(Acknowledgement) -> Packet| acknowledgement(version, packet_type).prop_map(wrap).boxed();
    let mut all = vec![
        connect(version).boxed(),
        connack(version).boxed(),
        publish(version).prop_map(Packet::Publish).boxed(),
        ack(PacketType::Puback, Packet::Puback),
        ack(PacketType::Pubrec, Packet::Pubrec),
        ack(PacketType::Pubrel, Packet::Pubrel),
        ack(PacketType::Pubcomp, Packet::Pubcomp),
        subscribe(version).boxed(),
        suback(version).boxed(),
        unsubscribe(version).boxed(),
        unsuback(version).boxed(),
        Just(Packet::Pingreq).boxed(),
        Just(Packet::Pingresp).boxed(),
        disconnect(version),
    ];
    if version == ProtocolVersion::V5 {
        all.push(auth().boxed());
    }
    proptest::strategy::Union::new(all).boxed()
}

/// A version and a packet that is legal in it.
pub(crate) fn versioned_packet() -> impl Strategy<Value = (ProtocolVersion, Packet)> {
    version().prop_flat_map(|version| (Just(version), packet(version)))
}

/// Bytes that look like a packet for a while: a legal packet with some bytes changed, cut off or added, or anything.
pub(crate) fn damaged() -> impl Strategy<Value = (ProtocolVersion, Bytes)> {
    let changed =
        (versioned_packet(), vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), option::of(any::<prop::sample::Index>()), binary())
            .prop_map(|((version, packet), changes, cut, more)| {
                let mut bytes = packet.to_bytes(version).unwrap().to_vec();
                for (index, byte) in changes {
                    let at = index.index(bytes.len());
                    bytes[at] = byte;
                }
                match cut {
                    Some(index) => bytes.truncate(index.index(bytes.len())),
                    None if more.len() > 16 => bytes.extend_from_slice(&more),
                    None => {}
                }
                (version, Bytes::from(bytes))
            });
    let framed = (version(), any::<u8>(), vec(any::<u8>(), 0..60)).prop_map(|(version, first, body)| {
        let mut bytes = vec![first, u8::try_from(body.len()).unwrap()];
        bytes.extend(body);
        (version, Bytes::from(bytes))
    });
    prop_oneof![6 => changed, 3 => framed, 1 => (version(), binary())]
}
