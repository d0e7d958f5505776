//! CONNACK (5.0 §3.2).

use bytestring::ByteString;

use super::codec::{RESERVED, VARIABLE_HEADER};
use super::primitive::{Label, Rule};
use super::property::{PROPERTIES, Properties, PropertyId, PropertyOutput as _, write_properties};
use super::reader::{Reader, Sink};
use super::reason_code::{SUCCESS, is_connect_reason};
use super::writer::{Output, require};
use super::{ClientId, DecodeError, EncodeError, Password, ProtocolVersion, QoS, ReasonCode, UserProperties};
use crate::text::key;

/// CONNACK: the Server's answer to CONNECT.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connack {
    /// Session Present.
    pub session_present: bool,
    /// Connect Reason Code. In 3.1.1 the Connect Return codes 1 to 5 are the Reason Codes 0x84, 0x85, 0x88, 0x86, 0x87.
    pub reason_code: ReasonCode,
    /// Properties; default in 3.1.1.
    pub properties: ConnackProperties,
}

/// CONNACK Properties (5.0 §3.2.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnackProperties {
    /// Session Expiry Interval in seconds, if it differs from what the Client asked for.
    pub session_expiry_interval: Option<u32>,
    /// Receive Maximum of the Server; absent is 65 535.
    pub receive_maximum: Option<u16>,
    /// Maximum QoS; absent is 2.
    pub maximum_qos: Option<QoS>,
    /// Retain Available; absent is true.
    pub retain_available: Option<bool>,
    /// Maximum Packet Size of the Server in bytes.
    pub maximum_packet_size: Option<u32>,
    /// Assigned Client Identifier.
    pub assigned_client_identifier: Option<ClientId>,
    /// Topic Alias Maximum of the Server; absent is 0.
    pub topic_alias_maximum: Option<u16>,
    /// Reason String.
    pub reason_string: Option<ByteString>,
    /// User Properties.
    pub user_properties: UserProperties,
    /// Wildcard Subscription Available; absent is true.
    pub wildcard_subscription_available: Option<bool>,
    /// Subscription Identifiers Available; absent is true.
    pub subscription_identifiers_available: Option<bool>,
    /// Shared Subscription Available; absent is true.
    pub shared_subscription_available: Option<bool>,
    /// Server Keep Alive in seconds.
    pub server_keep_alive: Option<u16>,
    /// Response Information.
    pub response_information: Option<ByteString>,
    /// Server Reference.
    pub server_reference: Option<ByteString>,
    /// Authentication Method.
    pub authentication_method: Option<ByteString>,
    /// Authentication Data: never shown.
    pub authentication_data: Option<Password>,
}

const FLAGS: Label = Label::new("Connect Acknowledge Flags", "3.1.1 §3.2.2.1", "5.0 §3.2.2.1", key::PACKET_FIELD_CONNECT_ACKNOWLEDGE_FLAGS);
const SESSION_PRESENT: Label = Label::new("Session Present", "MQTT-3.2.2-2", "MQTT-3.2.2-3", key::PACKET_FIELD_SESSION_PRESENT);
const REASON_CODE: Label = Label::new("Connect Reason Code", "", "5.0 §3.2.2.2", key::PACKET_FIELD_REASON_CODE);
const RETURN_CODE: Label = Label::new("Connect Return code", "3.1.1 §3.2.2.3", "", key::PACKET_FIELD_REASON_CODE);

const RESERVED_FLAGS: Rule = Rule::malformed("3.1.1 §3.2.2.1", "MQTT-3.2.2-1", key::PACKET_ERROR_RESERVED_BITS);
const SESSION_PRESENT_RULE: Rule = Rule::protocol_error("MQTT-3.2.2-4", "MQTT-3.2.2-6", key::PACKET_ERROR_SESSION_PRESENT);
const REASON_CODE_RULE: Rule = Rule::protocol_error("3.1.1 §3.2.2.3", "MQTT-3.2.2-8", key::PACKET_ERROR_REASON_CODE);
const NO_METHOD: Rule = Rule::protocol_error("", "5.0 §3.2.2.3.18", key::PACKET_ERROR_NO_AUTHENTICATION_METHOD);

impl Connack {
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        r.section(&VARIABLE_HEADER);
        let flags = r.flags(&FLAGS)?;
        r.bits(
            &Label { v311: RESERVED_FLAGS.v311, v5: RESERVED_FLAGS.v5, meaning: key::PACKET_FIELD_RESERVED_ZERO, ..RESERVED },
            flags,
            1,
            7,
        );
        let session_present = r.bits(&SESSION_PRESENT, flags, 0, 0) == 1;
        let flags_at = r.position().saturating_sub(1);
        if flags > 1 {
            return Err(r.broken(&RESERVED_FLAGS, flags_at, FLAGS.name, flags));
        }
        let reason_code = match r.version {
            ProtocolVersion::V311 => r.connect_return_code(&RETURN_CODE, &REASON_CODE_RULE)?,
            ProtocolVersion::V5 => r.reason_code(&REASON_CODE, &REASON_CODE_RULE, &SUCCESS, is_connect_reason)?,
        };
        if session_present && reason_code != ReasonCode::Success {
            return Err(r.broken(&SESSION_PRESENT_RULE, flags_at, SESSION_PRESENT.name, 1_u8));
        }
        let properties = match r.version {
            ProtocolVersion::V311 => ConnackProperties::default(),
            ProtocolVersion::V5 => ConnackProperties::read(r)?,
        };
        r.close();
        Ok(Self { session_present, reason_code, properties })
    }

    pub(super) fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        let version = out.version();
        let code = match version {
            ProtocolVersion::V311 => match self.reason_code.connect_return_code() {
                Some(code) => code,
                None => return Err(EncodeError::NotInVersion { field: "Connect Reason Code", version }),
            },
            ProtocolVersion::V5 => {
                require(is_connect_reason(self.reason_code), "Connect Reason Code", REASON_CODE_RULE.v5)?;
                self.reason_code.as_u8()
            }
        };
        require(!self.session_present || code == 0, "Session Present", SESSION_PRESENT_RULE.clause(version))?;
        out.byte(self.session_present.into());
        out.byte(code);
        write_properties(out, &self.properties)
    }
}

impl ConnackProperties {
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        let mut p = Self::default();
        let (mut assigned, mut data) = (None, None);
        let offset = r.position();
        r.properties(&PROPERTIES, |r, property| match property.id {
            PropertyId::SessionExpiryInterval => r.four_bytes(property, "5.0 §3.2.2.3.2", &mut p.session_expiry_interval),
            PropertyId::ReceiveMaximum => r.two_bytes_not_zero(property, "5.0 §3.2.2.3.3", &mut p.receive_maximum),
            PropertyId::MaximumQoS => r.byte_value(property, "5.0 §3.2.2.3.4", &mut p.maximum_qos, |value| match value {
                0 => Some(QoS::AtMostOnce),
                1 => Some(QoS::AtLeastOnce),
                _ => None,
            }),
            PropertyId::RetainAvailable => r.boolean(property, "5.0 §3.2.2.3.5", &mut p.retain_available),
            PropertyId::MaximumPacketSize => r.four_bytes_not_zero(property, "5.0 §3.2.2.3.6", &mut p.maximum_packet_size),
            PropertyId::AssignedClientIdentifier => r.string(property, "5.0 §3.2.2.3.7", &mut assigned),
            PropertyId::TopicAliasMaximum => r.two_bytes(property, "5.0 §3.2.2.3.8", &mut p.topic_alias_maximum),
            PropertyId::ReasonString => r.string(property, "5.0 §3.2.2.3.9", &mut p.reason_string),
            PropertyId::UserProperty => r.user_property(property, &mut p.user_properties),
            PropertyId::WildcardSubscriptionAvailable => r.boolean(property, "5.0 §3.2.2.3.11", &mut p.wildcard_subscription_available),
            PropertyId::SubscriptionIdentifiersAvailable => {
                r.boolean(property, "5.0 §3.2.2.3.12", &mut p.subscription_identifiers_available)
            }
            PropertyId::SharedSubscriptionAvailable => r.boolean(property, "5.0 §3.2.2.3.13", &mut p.shared_subscription_available),
            PropertyId::ServerKeepAlive => r.two_bytes(property, "5.0 §3.2.2.3.14", &mut p.server_keep_alive),
            PropertyId::ResponseInformation => r.string(property, "5.0 §3.2.2.3.15", &mut p.response_information),
            PropertyId::ServerReference => r.string(property, "5.0 §3.2.2.3.16", &mut p.server_reference),
            PropertyId::AuthenticationMethod => r.string(property, "5.0 §3.2.2.3.17", &mut p.authentication_method),
            PropertyId::AuthenticationData => r.data(property, "5.0 §3.2.2.3.18", &mut data),
            _ => Err(r.misplaced(property)),
        })?;
        p.assigned_client_identifier = assigned.map(ClientId::new);
        p.authentication_data = data.map(Password);
        if p.authentication_data.is_some() && p.authentication_method.is_none() {
            return Err(r.broken(&NO_METHOD, offset, "Authentication Data", ""));
        }
        Ok(p)
    }
}

impl Properties for ConnackProperties {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        require(self.maximum_qos != Some(QoS::ExactlyOnce), "Maximum QoS", "5.0 §3.2.2.3.4")?;
        require(self.authentication_data.is_none() || self.authentication_method.is_some(), "Authentication Data", NO_METHOD.v5)?;
        out.four_bytes(PropertyId::SessionExpiryInterval, self.session_expiry_interval)?;
        out.two_bytes_not_zero(PropertyId::ReceiveMaximum, self.receive_maximum, "5.0 §3.2.2.3.3")?;
        out.boolean(PropertyId::MaximumQoS, self.maximum_qos.map(|qos| qos == QoS::AtLeastOnce))?;
        out.boolean(PropertyId::RetainAvailable, self.retain_available)?;
        out.four_bytes_not_zero(PropertyId::MaximumPacketSize, self.maximum_packet_size, "5.0 §3.2.2.3.6")?;
        out.string(PropertyId::AssignedClientIdentifier, self.assigned_client_identifier.as_ref().map(ClientId::as_str))?;
        out.two_bytes(PropertyId::TopicAliasMaximum, self.topic_alias_maximum)?;
        out.string(PropertyId::ReasonString, self.reason_string.as_deref())?;
        out.user_properties(&self.user_properties)?;
        out.boolean(PropertyId::WildcardSubscriptionAvailable, self.wildcard_subscription_available)?;
        out.boolean(PropertyId::SubscriptionIdentifiersAvailable, self.subscription_identifiers_available)?;
        out.boolean(PropertyId::SharedSubscriptionAvailable, self.shared_subscription_available)?;
        out.two_bytes(PropertyId::ServerKeepAlive, self.server_keep_alive)?;
        out.string(PropertyId::ResponseInformation, self.response_information.as_deref())?;
        out.string(PropertyId::ServerReference, self.server_reference.as_deref())?;
        out.string(PropertyId::AuthenticationMethod, self.authentication_method.as_deref())?;
        out.data(PropertyId::AuthenticationData, self.authentication_data.as_ref().map(|data| &*data.0))
    }
}
