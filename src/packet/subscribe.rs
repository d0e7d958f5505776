//! SUBSCRIBE and SUBACK (5.0 §3.8, §3.9).

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::codec::{PAYLOAD, RESERVED, VARIABLE_HEADER};
use super::primitive::{Label, Rule};
use super::property::{PROPERTIES, Properties, PropertyId, PropertyOutput as _, write_properties};
use super::reader::{Description, Reader, Sink};
use super::reason_code::{GRANTED_QOS_0, is_subscribe_reason, is_subscribe_return_code};
use super::writer::{Output, require};
use super::{DecodeError, EncodeError, PacketId, ProtocolVersion, QoS, ReasonCode, TopicFilter, UserProperties};
use crate::text::key;

/// SUBSCRIBE: at least one subscription [MQTT-3.8.3-2].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subscribe {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// Properties; default in 3.1.1.
    pub properties: SubscribeProperties,
    /// Topic Filters with their options, in order.
    pub subscriptions: Vec<Subscription>,
}

/// SUBSCRIBE Properties (5.0 §3.8.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SubscribeProperties {
    /// Subscription Identifier, 1 to 268 435 455.
    pub subscription_identifier: Option<u32>,
    /// User Properties.
    pub user_properties: UserProperties,
}

/// One Topic Filter with its Subscription Options.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subscription {
    /// Topic Filter.
    pub filter: TopicFilter,
    /// Subscription Options; only the QoS counts in 3.1.1.
    pub options: SubscriptionOptions,
}

/// Subscription Options (5.0 §3.8.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriptionOptions {
    /// Maximum QoS.
    pub qos: QoS,
    /// No Local.
    pub no_local: bool,
    /// Retain As Published.
    pub retain_as_published: bool,
    /// Retain Handling.
    pub retain_handling: RetainHandling,
}

/// Retain Handling (5.0 §3.8.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RetainHandling {
    /// 0: send retained messages at each subscribe.
    #[default]
    SendAtSubscribe = 0,
    /// 1: send them only if the subscription did not exist.
    SendIfNew = 1,
    /// 2: do not send them.
    DoNotSend = 2,
}

/// SUBACK: one Reason Code for each filter of the SUBSCRIBE, in order [MQTT-3.8.4-6].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Suback {
    /// Packet Identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// Reason String (5.0).
    pub reason_string: Option<ByteString>,
    /// User Properties (5.0).
    pub user_properties: UserProperties,
    /// Reason Codes: the granted QoS, or a failure.
    pub reason_codes: Vec<ReasonCode>,
}

const SUBSCRIPTION: Label = Label::new("Subscription", "3.1.1 §3.8.3", "5.0 §3.8.3", key::PACKET_FIELD_SUBSCRIPTION);
const TOPIC_FILTER: Label = Label::new("Topic Filter", "MQTT-3.8.3-1", "MQTT-3.8.3-1", key::PACKET_FIELD_TOPIC_FILTER);
const OPTIONS: Label = Label::new("Subscription Options", "", "5.0 §3.8.3.1", key::PACKET_FIELD_SUBSCRIPTION_OPTIONS);
const REQUESTED_QOS: Label = Label::new("Requested QoS", "MQTT-3.8.3-4", "", key::PACKET_FIELD_SUBSCRIPTION_OPTIONS);
const MAXIMUM_QOS: Label = Label::new("Maximum QoS", "3.1.1 §3.8.3", "5.0 §3.8.3.1", key::PACKET_FIELD_SUBSCRIPTION_QOS);
const NO_LOCAL: Label = Label::new("No Local", "", "MQTT-3.8.3-3", key::PACKET_FIELD_NO_LOCAL);
const RETAIN_AS_PUBLISHED: Label = Label::new("Retain As Published", "", "5.0 §3.8.3.1", key::PACKET_FIELD_RETAIN_AS_PUBLISHED);
const RETAIN_HANDLING: Label = Label::new("Retain Handling", "", "5.0 §3.8.3.1", key::PACKET_FIELD_RETAIN_HANDLING);
const RESERVED_OPTIONS: Label = Label { v311: "MQTT-3.8.3-4", v5: "MQTT-3.8.3-5", meaning: key::PACKET_FIELD_RESERVED_ZERO, ..RESERVED };
const REASON_CODE: Label = Label::new("Reason Code", "", "MQTT-3.9.3-1", key::PACKET_FIELD_REASON_CODE);
const RETURN_CODE: Label = Label::new("Return Code", "MQTT-3.9.3-1", "", key::PACKET_FIELD_REASON_CODE);

const NO_FILTERS: Rule = Rule::protocol_error("MQTT-3.8.3-3", "MQTT-3.8.3-2", key::PACKET_ERROR_NO_FILTERS);
const RESERVED_BITS: Rule = Rule::malformed("MQTT-3.8.3-4", "MQTT-3.8.3-5", key::PACKET_ERROR_RESERVED_BITS);
const QOS_3: Rule = Rule::protocol_error("MQTT-3.8.3-4", "5.0 §3.8.3.1", key::PACKET_ERROR_QOS_3);
const RETAIN_HANDLING_3: Rule = Rule::protocol_error("", "5.0 §3.8.3.1", key::PACKET_ERROR_RETAIN_HANDLING_3);
const SHARED_NO_LOCAL: Rule = Rule::protocol_error("", "MQTT-3.8.3-4", key::PACKET_ERROR_SHARED_NO_LOCAL);
const REASON_CODE_RULE: Rule = Rule::protocol_error("MQTT-3.9.3-2", "MQTT-3.9.3-2", key::PACKET_ERROR_REASON_CODE);
const NO_REASON_CODES: Rule = Rule::protocol_error("MQTT-3.8.4-5", "MQTT-3.8.4-6", key::PACKET_ERROR_NO_REASON_CODES);

impl Subscribe {
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        r.section(&VARIABLE_HEADER);
        let packet_id = r.packet_id()?;
        let properties = match r.version {
            ProtocolVersion::V311 => SubscribeProperties::default(),
            ProtocolVersion::V5 => SubscribeProperties::read(r)?,
        };
        r.close();
        if r.remaining() == 0 {
            return Err(r.broken(&NO_FILTERS, r.position(), "Payload", ""));
        }
        r.section(&PAYLOAD);
        let mut subscriptions = Vec::new();
        while r.remaining() > 0 {
            subscriptions.push(Subscription::read(r)?);
        }
        r.close();
        Ok(Self { packet_id, properties, subscriptions })
    }

    pub(super) fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        require(!self.subscriptions.is_empty(), "Topic Filter", NO_FILTERS.clause(out.version()))?;
        out.two_byte_integer(self.packet_id.as_u16());
        write_properties(out, &self.properties)?;
        self.subscriptions.iter().try_for_each(|subscription| subscription.write(out))
    }
}

impl SubscribeProperties {
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        let mut p = Self::default();
        r.properties(&PROPERTIES, |r, property| match property.id {
            PropertyId::SubscriptionIdentifier => r.one_subscription_identifier(property, "5.0 §3.8.2.1.2", &mut p.subscription_identifier),
            PropertyId::UserProperty => r.user_property(property, &mut p.user_properties),
            _ => Err(r.misplaced(property)),
        })?;
        Ok(p)
    }
}

impl Properties for SubscribeProperties {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        if let Some(identifier) = self.subscription_identifier {
            out.subscription_identifier(identifier, "5.0 §3.8.2.1.2")?;
        }
        out.user_properties(&self.user_properties)
    }
}

impl Subscription {
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        r.open(&SUBSCRIPTION);
        let filter = r.topic_filter(&TOPIC_FILTER)?;
        let options = SubscriptionOptions::read(r)?;
        if options.no_local && filter.is_shared() {
            return Err(r.broken(&SHARED_NO_LOCAL, r.position().saturating_sub(1), NO_LOCAL.name, 1_u8));
        }
        let end = r.position();
        r.sink.close(end, || Description {
            value: format!("{filter} · QoS {}", u8::from(options.qos)),
            meaning: Some(SUBSCRIPTION.meaning.with("value", filter.as_str()).with("qos", u8::from(options.qos))),
        });
        Ok(Self { filter, options })
    }

    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        require(!(self.options.no_local && self.filter.is_shared()), "No Local", SHARED_NO_LOCAL.v5)?;
        out.checked_text("Topic Filter", self.filter.as_str())?;
        let version = out.version();
        if version == ProtocolVersion::V311 {
            let default = SubscriptionOptions { qos: self.options.qos, ..SubscriptionOptions::default() };
            let absent = |field| EncodeError::NotInVersion { field, version };
            if self.options.no_local != default.no_local {
                return Err(absent("No Local"));
            }
            if self.options.retain_as_published != default.retain_as_published {
                return Err(absent("Retain As Published"));
            }
            if self.options.retain_handling != default.retain_handling {
                return Err(absent("Retain Handling"));
            }
        }
        out.byte(self.options.bits());
        Ok(())
    }
}

impl SubscriptionOptions {
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        let version = r.version;
        let byte = r.flags(if version == ProtocolVersion::V5 { &OPTIONS } else { &REQUESTED_QOS })?;
        let at = r.position().saturating_sub(1);
        let (reserved, no_local, retain_as_published, retain_handling) = match version {
            ProtocolVersion::V311 => (r.bits(&RESERVED_OPTIONS, byte, 2, 7), 0, 0, 0),
            ProtocolVersion::V5 => {
                let reserved = r.bits(&RESERVED_OPTIONS, byte, 6, 7);
                let retain_handling = r.bits(&RETAIN_HANDLING, byte, 4, 5);
                let retain_as_published = r.bits(&RETAIN_AS_PUBLISHED, byte, 3, 3);
                (reserved, r.bits(&NO_LOCAL, byte, 2, 2), retain_as_published, retain_handling)
            }
        };
        let qos = r.bits(&MAXIMUM_QOS, byte, 0, 1);
        if reserved != 0 {
            return Err(r.broken(&RESERVED_BITS, at, OPTIONS.name, byte));
        }
        let Ok(qos) = QoS::try_from(qos) else { return Err(r.broken(&QOS_3, at, MAXIMUM_QOS.name, qos)) };
        let retain_handling = match retain_handling {
            0 => RetainHandling::SendAtSubscribe,
            1 => RetainHandling::SendIfNew,
            2 => RetainHandling::DoNotSend,
            other => return Err(r.broken(&RETAIN_HANDLING_3, at, RETAIN_HANDLING.name, other)),
        };
        Ok(Self { qos, no_local: no_local == 1, retain_as_published: retain_as_published == 1, retain_handling })
    }

    fn bits(self) -> u8 {
        u8::from(self.qos)
            | u8::from(self.no_local).wrapping_shl(2)
            | u8::from(self.retain_as_published).wrapping_shl(3)
            | (self.retain_handling as u8).wrapping_shl(4)
    }
}

impl Suback {
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        r.section(&VARIABLE_HEADER);
        let packet_id = r.packet_id()?;
        let (mut reason_string, mut user_properties) = (None, UserProperties::default());
        if r.version == ProtocolVersion::V5 {
            r.properties(&PROPERTIES, |r, property| match property.id {
                PropertyId::ReasonString => r.string(property, "5.0 §3.9.2.1.2", &mut reason_string),
                PropertyId::UserProperty => r.user_property(property, &mut user_properties),
                _ => Err(r.misplaced(property)),
            })?;
        }
        r.close();
        if r.remaining() == 0 {
            return Err(r.broken(&NO_REASON_CODES, r.position(), "Payload", ""));
        }
        r.section(&PAYLOAD);
        // One byte each, and all of them are here: the capacity is no announced length.
        let mut reason_codes = Vec::with_capacity(r.remaining());
        while r.remaining() > 0 {
            reason_codes.push(match r.version {
                ProtocolVersion::V311 => r.reason_code(&RETURN_CODE, &REASON_CODE_RULE, &GRANTED_QOS_0, is_subscribe_return_code)?,
                ProtocolVersion::V5 => r.reason_code(&REASON_CODE, &REASON_CODE_RULE, &GRANTED_QOS_0, is_subscribe_reason)?,
            });
        }
        r.close();
        Ok(Self { packet_id, reason_string, user_properties, reason_codes })
    }

    pub(super) fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        let version = out.version();
        require(!self.reason_codes.is_empty(), "Reason Code", NO_REASON_CODES.clause(version))?;
        out.two_byte_integer(self.packet_id.as_u16());
        write_properties(out, self)?;
        for code in &self.reason_codes {
            let is_legal = match version {
                ProtocolVersion::V311 => is_subscribe_return_code(*code),
                ProtocolVersion::V5 => is_subscribe_reason(*code),
            };
            require(is_legal, "Reason Code", REASON_CODE_RULE.clause(version))?;
            out.byte(code.as_u8());
        }
        Ok(())
    }
}

impl Properties for Suback {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        out.string(PropertyId::ReasonString, self.reason_string.as_deref())?;
        out.user_properties(&self.user_properties)
    }
}
