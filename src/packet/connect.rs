//! CONNECT (5.0 §3.1).

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use super::codec::{PAYLOAD, RESERVED, VARIABLE_HEADER};
use super::primitive::{Label, Rule};
use super::property::{PROPERTIES, Properties, PropertyId, PropertyOutput as _, WILL_PROPERTIES, write_properties};
use super::reader::{Reader, Sink};
use super::writer::{Output, require};
use super::{ClientId, DecodeError, EncodeError, ProtocolVersion, QoS, ReasonCode, TopicName, UserProperties};
use crate::text::key;

/// CONNECT: the first packet of every Network Connection [MQTT-3.1.0-1].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connect {
    /// Protocol Version.
    pub version: ProtocolVersion,
    /// Clean Start; in 3.1.1 Clean Session.
    pub clean_start: bool,
    /// Keep Alive in seconds; 0 turns it off.
    pub keep_alive: u16,
    /// Client Identifier.
    pub client_id: ClientId,
    /// Will Message with its properties.
    pub will: Option<WillMessage>,
    /// User Name.
    pub user_name: Option<ByteString>,
    /// Password.
    pub password: Option<Password>,
    /// Properties; default in 3.1.1.
    pub properties: ConnectProperties,
}

/// A password: shown nowhere.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Password(pub Bytes);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// CONNECT Properties (5.0 §3.1.2.11).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectProperties {
    /// Session Expiry Interval in seconds; absent is 0, 0xFFFFFFFF never expires.
    pub session_expiry_interval: Option<u32>,
    /// Receive Maximum; absent is 65 535. Never 0.
    pub receive_maximum: Option<u16>,
    /// Maximum Packet Size in bytes. Never 0.
    pub maximum_packet_size: Option<u32>,
    /// Topic Alias Maximum; absent is 0.
    pub topic_alias_maximum: Option<u16>,
    /// Request Response Information.
    pub request_response_information: Option<bool>,
    /// Request Problem Information; absent is true.
    pub request_problem_information: Option<bool>,
    /// User Properties.
    pub user_properties: UserProperties,
    /// Authentication Method.
    pub authentication_method: Option<ByteString>,
    /// Authentication Data: never shown.
    pub authentication_data: Option<Password>,
}

/// Will Message (5.0 §3.1.2.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WillMessage {
    /// Will Topic.
    pub topic: TopicName,
    /// Will Payload.
    pub payload: Bytes,
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// Will Properties; default in 3.1.1.
    pub properties: WillProperties,
}

/// Will Properties (5.0 §3.1.3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WillProperties {
    /// Will Delay Interval in seconds; absent is 0.
    pub will_delay_interval: Option<u32>,
    /// Payload Format Indicator: true for UTF-8 text.
    pub payload_format_indicator: Option<bool>,
    /// Message Expiry Interval in seconds.
    pub message_expiry_interval: Option<u32>,
    /// Content Type.
    pub content_type: Option<ByteString>,
    /// Response Topic.
    pub response_topic: Option<TopicName>,
    /// Correlation Data.
    pub correlation_data: Option<Bytes>,
    /// User Properties.
    pub user_properties: UserProperties,
}

const PROTOCOL_NAME: Label = Label::new("Protocol Name", "MQTT-3.1.2-1", "MQTT-3.1.2-1", key::PACKET_FIELD_PROTOCOL_NAME);
const PROTOCOL_VERSION: Label = Label::new("Protocol Version", "MQTT-3.1.2-2", "MQTT-3.1.2-2", key::PACKET_FIELD_PROTOCOL_VERSION);
const FLAGS: Label = Label::new("Connect Flags", "3.1.1 §3.1.2.3", "5.0 §3.1.2.3", key::PACKET_FIELD_CONNECT_FLAGS);
const USER_NAME_FLAG: Label = Label::new("User Name Flag", "MQTT-3.1.2-18", "MQTT-3.1.2-16", key::PACKET_FIELD_USER_NAME_FLAG);
const PASSWORD_FLAG: Label = Label::new("Password Flag", "MQTT-3.1.2-20", "MQTT-3.1.2-18", key::PACKET_FIELD_PASSWORD_FLAG);
const WILL_RETAIN: Label = Label::new("Will Retain", "MQTT-3.1.2-17", "MQTT-3.1.2-15", key::PACKET_FIELD_WILL_RETAIN);
const WILL_QOS: Label = Label::new("Will QoS", "MQTT-3.1.2-14", "MQTT-3.1.2-12", key::PACKET_FIELD_WILL_QOS);
const WILL_FLAG: Label = Label::new("Will Flag", "MQTT-3.1.2-8", "MQTT-3.1.2-7", key::PACKET_FIELD_WILL_FLAG);
const CLEAN_START: Label = Label::new("Clean Start", "", "MQTT-3.1.2-4", key::PACKET_FIELD_CLEAN_START);
const CLEAN_SESSION: Label = Label::new("Clean Session", "MQTT-3.1.2-6", "", key::PACKET_FIELD_CLEAN_SESSION);
const RESERVED_FLAG: Label = Label { v311: "MQTT-3.1.2-3", v5: "MQTT-3.1.2-3", meaning: key::PACKET_FIELD_RESERVED_ZERO, ..RESERVED };
const KEEP_ALIVE: Label = Label::new("Keep Alive", "MQTT-3.1.2-24", "MQTT-3.1.2-22", key::PACKET_FIELD_KEEP_ALIVE);
const CLIENT_ID: Label = Label::new("Client Identifier", "MQTT-3.1.3-3", "MQTT-3.1.3-3", key::PACKET_FIELD_CLIENT_IDENTIFIER);
const WILL_TOPIC: Label = Label::new("Will Topic", "MQTT-3.1.3-10", "MQTT-3.1.3-11", key::PACKET_FIELD_WILL_TOPIC);
const WILL_PAYLOAD: Label = Label::new("Will Payload", "", "5.0 §3.1.3.4", key::PACKET_FIELD_WILL_PAYLOAD);
const WILL_MESSAGE: Label = Label::new("Will Message", "3.1.1 §3.1.3.3", "", key::PACKET_FIELD_WILL_PAYLOAD);
const USER_NAME: Label = Label::new("User Name", "MQTT-3.1.3-11", "MQTT-3.1.3-12", key::PACKET_FIELD_USER_NAME);
const PASSWORD: Label = Label::new("Password", "3.1.1 §3.1.3.5", "5.0 §3.1.3.6", key::PACKET_FIELD_PASSWORD).secret();

const NOT_MQTT: Rule = Rule::protocol_error("MQTT-3.1.2-1", "MQTT-3.1.2-1", key::PACKET_ERROR_PROTOCOL_NAME)
    .answered_by(ReasonCode::UnsupportedProtocolVersion);
const UNKNOWN_VERSION: Rule = Rule::protocol_error("MQTT-3.1.2-2", "MQTT-3.1.2-2", key::PACKET_ERROR_PROTOCOL_VERSION)
    .answered_by(ReasonCode::UnsupportedProtocolVersion);
const RESERVED_BIT: Rule = Rule::malformed("MQTT-3.1.2-3", "MQTT-3.1.2-3", key::PACKET_ERROR_RESERVED_BITS);
const WILL_QOS_WITHOUT_WILL: Rule = Rule::malformed("MQTT-3.1.2-13", "MQTT-3.1.2-11", key::PACKET_ERROR_WITHOUT_WILL);
const WILL_RETAIN_WITHOUT_WILL: Rule = Rule::malformed("MQTT-3.1.2-15", "MQTT-3.1.2-13", key::PACKET_ERROR_WITHOUT_WILL);
const WILL_QOS_3: Rule = Rule::malformed("MQTT-3.1.2-14", "MQTT-3.1.2-12", key::PACKET_ERROR_QOS_3);
const PASSWORD_WITHOUT_USER_NAME: Rule = Rule::malformed("MQTT-3.1.2-22", "", key::PACKET_ERROR_PASSWORD_WITHOUT_USER_NAME);
const WILDCARD: Rule = Rule::malformed("MQTT-4.7.1-1", "MQTT-4.7.0-1", key::PACKET_ERROR_WILDCARD_IN_NAME);
const NO_METHOD: Rule = Rule::protocol_error("", "5.0 §3.1.2.11.10", key::PACKET_ERROR_NO_AUTHENTICATION_METHOD);

/// Connect Flags (5.0 §3.1.2.3) that have passed their checks.
struct Flags {
    user_name: bool,
    password: bool,
    will: Option<(QoS, bool)>,
    clean_start: bool,
}

impl Flags {
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        let byte = r.flags(&FLAGS)?;
        let at = r.position().saturating_sub(1);
        let user_name = r.bits(&USER_NAME_FLAG, byte, 7, 7) == 1;
        let password = r.bits(&PASSWORD_FLAG, byte, 6, 6) == 1;
        let will_retain = r.bits(&WILL_RETAIN, byte, 5, 5) == 1;
        let will_qos = r.bits(&WILL_QOS, byte, 3, 4);
        let has_will = r.bits(&WILL_FLAG, byte, 2, 2) == 1;
        let clean = if r.version == ProtocolVersion::V5 { &CLEAN_START } else { &CLEAN_SESSION };
        let clean_start = r.bits(clean, byte, 1, 1) == 1;
        if r.bits(&RESERVED_FLAG, byte, 0, 0) != 0 {
            return Err(r.broken(&RESERVED_BIT, at, FLAGS.name, byte));
        }
        if !has_will && will_qos != 0 {
            return Err(r.broken(&WILL_QOS_WITHOUT_WILL, at, WILL_QOS.name, will_qos));
        }
        if !has_will && will_retain {
            return Err(r.broken(&WILL_RETAIN_WITHOUT_WILL, at, WILL_RETAIN.name, 1_u8));
        }
        let Ok(will_qos) = QoS::try_from(will_qos) else { return Err(r.broken(&WILL_QOS_3, at, WILL_QOS.name, will_qos)) };
        if r.version == ProtocolVersion::V311 && password && !user_name {
            return Err(r.broken(&PASSWORD_WITHOUT_USER_NAME, at, PASSWORD_FLAG.name, 1_u8));
        }
        Ok(Self { user_name, password, will: has_will.then_some((will_qos, will_retain)), clean_start })
    }
}

impl Connect {
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        r.section(&VARIABLE_HEADER);
        read_version(r)?;
        let flags = Flags::read(r)?;
        let keep_alive = r.two_byte_integer(&KEEP_ALIVE)?;
        let properties = match r.version {
            ProtocolVersion::V311 => ConnectProperties::default(),
            ProtocolVersion::V5 => ConnectProperties::read(r)?,
        };
        r.close();
        r.section(&PAYLOAD);
        let client_id = ClientId::new(r.text(&CLIENT_ID)?);
        let will = match flags.will {
            Some((qos, retain)) => Some(WillMessage::read(r, qos, retain)?),
            None => None,
        };
        let user_name = if flags.user_name { Some(r.text(&USER_NAME)?) } else { None };
        let password = if flags.password { Some(Password(r.binary(&PASSWORD)?)) } else { None };
        r.close();
        Ok(Self { version: r.version, clean_start: flags.clean_start, keep_alive, client_id, will, user_name, password, properties })
    }

    pub(super) fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        let version = out.version();
        out.put(&[0, 4, b'M', b'Q', b'T', b'T']);
        out.byte(match version {
            ProtocolVersion::V311 => 4,
            ProtocolVersion::V5 => 5,
        });
        if version == ProtocolVersion::V311 {
            require(self.password.is_none() || self.user_name.is_some(), "Password", PASSWORD_WITHOUT_USER_NAME.v311)?;
        }
        out.byte(self.flags());
        out.two_byte_integer(self.keep_alive);
        write_properties(out, &self.properties)?;
        out.text("Client Identifier", self.client_id.as_str())?;
        if let Some(will) = &self.will {
            will.write(out)?;
        }
        if let Some(user_name) = &self.user_name {
            out.text("User Name", user_name)?;
        }
        if let Some(Password(password)) = &self.password {
            out.binary("Password", password)?;
        }
        Ok(())
    }

    fn flags(&self) -> u8 {
        let will =
            self.will.as_ref().map_or(0, |will| u8::from(will.retain).wrapping_shl(5) | u8::from(will.qos).wrapping_shl(3) | 0b0000_0100);
        u8::from(self.user_name.is_some()).wrapping_shl(7)
            | u8::from(self.password.is_some()).wrapping_shl(6)
            | will
            | u8::from(self.clean_start).wrapping_shl(1)
    }
}

/// Protocol Name and Protocol Version; from here on the reader follows that version.
fn read_version<S: Sink>(r: &mut Reader<'_, S>) -> Result<(), Box<DecodeError>> {
    let start = r.position();
    let name = r.text(&PROTOCOL_NAME)?;
    if name != "MQTT" {
        return Err(r.broken(&NOT_MQTT, start, PROTOCOL_NAME.name, name.chars().take(32).collect::<String>()));
    }
    r.version = match r.byte(&PROTOCOL_VERSION)? {
        4 => ProtocolVersion::V311,
        5 => ProtocolVersion::V5,
        other => return Err(r.broken(&UNKNOWN_VERSION, r.position().saturating_sub(1), PROTOCOL_VERSION.name, other)),
    };
    Ok(())
}

impl ConnectProperties {
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        let mut p = Self::default();
        let mut data = None;
        let offset = r.position();
        r.properties(&PROPERTIES, |r, property| match property.id {
            PropertyId::SessionExpiryInterval => r.four_bytes(property, "5.0 §3.1.2.11.2", &mut p.session_expiry_interval),
            PropertyId::ReceiveMaximum => r.two_bytes_not_zero(property, "5.0 §3.1.2.11.3", &mut p.receive_maximum),
            PropertyId::MaximumPacketSize => r.four_bytes_not_zero(property, "5.0 §3.1.2.11.4", &mut p.maximum_packet_size),
            PropertyId::TopicAliasMaximum => r.two_bytes(property, "5.0 §3.1.2.11.5", &mut p.topic_alias_maximum),
            PropertyId::RequestResponseInformation => r.boolean(property, "5.0 §3.1.2.11.6", &mut p.request_response_information),
            PropertyId::RequestProblemInformation => r.boolean(property, "5.0 §3.1.2.11.7", &mut p.request_problem_information),
            PropertyId::UserProperty => r.user_property(property, &mut p.user_properties),
            PropertyId::AuthenticationMethod => r.string(property, "5.0 §3.1.2.11.9", &mut p.authentication_method),
            PropertyId::AuthenticationData => r.data(property, "5.0 §3.1.2.11.10", &mut data),
            _ => Err(r.misplaced(property)),
        })?;
        p.authentication_data = data.map(Password);
        if p.authentication_data.is_some() && p.authentication_method.is_none() {
            return Err(r.broken(&NO_METHOD, offset, "Authentication Data", ""));
        }
        Ok(p)
    }
}

impl Properties for ConnectProperties {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        require(self.authentication_data.is_none() || self.authentication_method.is_some(), "Authentication Data", NO_METHOD.v5)?;
        out.four_bytes(PropertyId::SessionExpiryInterval, self.session_expiry_interval)?;
        out.two_bytes_not_zero(PropertyId::ReceiveMaximum, self.receive_maximum, "5.0 §3.1.2.11.3")?;
        out.four_bytes_not_zero(PropertyId::MaximumPacketSize, self.maximum_packet_size, "5.0 §3.1.2.11.4")?;
        out.two_bytes(PropertyId::TopicAliasMaximum, self.topic_alias_maximum)?;
        out.boolean(PropertyId::RequestResponseInformation, self.request_response_information)?;
        out.boolean(PropertyId::RequestProblemInformation, self.request_problem_information)?;
        out.user_properties(&self.user_properties)?;
        out.string(PropertyId::AuthenticationMethod, self.authentication_method.as_deref())?;
        out.data(PropertyId::AuthenticationData, self.authentication_data.as_ref().map(|data| &*data.0))
    }
}

impl WillMessage {
    fn read<S: Sink>(r: &mut Reader<'_, S>, qos: QoS, retain: bool) -> Result<Self, Box<DecodeError>> {
        let (properties, payload) = match r.version {
            ProtocolVersion::V311 => (WillProperties::default(), &WILL_MESSAGE),
            ProtocolVersion::V5 => (WillProperties::read(r)?, &WILL_PAYLOAD),
        };
        let topic = r.topic_name(&WILL_TOPIC, &WILDCARD, false)?;
        Ok(Self { topic, payload: r.binary(payload)?, qos, retain, properties })
    }

    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        write_properties(out, &self.properties)?;
        require(!self.topic.is_empty(), "Will Topic", "MQTT-4.7.3-1")?;
        out.checked_text("Will Topic", self.topic.as_str())?;
        out.binary("Will Payload", &self.payload)
    }
}

impl WillProperties {
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        let mut p = Self::default();
        r.properties(&WILL_PROPERTIES, |r, property| match property.id {
            PropertyId::WillDelayInterval => r.four_bytes(property, "5.0 §3.1.3.2.2", &mut p.will_delay_interval),
            PropertyId::PayloadFormatIndicator => r.boolean(property, "5.0 §3.1.3.2.3", &mut p.payload_format_indicator),
            PropertyId::MessageExpiryInterval => r.four_bytes(property, "5.0 §3.1.3.2.4", &mut p.message_expiry_interval),
            PropertyId::ContentType => r.string(property, "5.0 §3.1.3.2.5", &mut p.content_type),
            PropertyId::ResponseTopic => r.response_topic(property, "5.0 §3.1.3.2.6", &mut p.response_topic),
            PropertyId::CorrelationData => r.data(property, "5.0 §3.1.3.2.7", &mut p.correlation_data),
            PropertyId::UserProperty => r.user_property(property, &mut p.user_properties),
            _ => Err(r.misplaced(property)),
        })?;
        Ok(p)
    }
}

impl Properties for WillProperties {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        out.four_bytes(PropertyId::WillDelayInterval, self.will_delay_interval)?;
        out.boolean(PropertyId::PayloadFormatIndicator, self.payload_format_indicator)?;
        out.four_bytes(PropertyId::MessageExpiryInterval, self.message_expiry_interval)?;
        out.string(PropertyId::ContentType, self.content_type.as_deref())?;
        out.response_topic(self.response_topic.as_ref())?;
        out.data(PropertyId::CorrelationData, self.correlation_data.as_deref())?;
        out.user_properties(&self.user_properties)
    }
}
