//! UNSUBSCRIBE and UNSUBACK (5.0 §3.10, §3.11).

use bytestring::ByteString;

use super::codec::{PAYLOAD, VARIABLE_HEADER};
use super::primitive::{Label, Rule};
use super::property::{PROPERTIES, Properties, PropertyId, PropertyOutput as _, write_properties};
use super::reader::{Reader, Sink};
use super::reason_code::{SUCCESS, is_unsubscribe_reason};
use super::writer::{Output, require};
use super::{DecodeError, EncodeError, PacketId, ProtocolVersion, ReasonCode, TopicFilter, UserProperties};
use crate::text::key;

/// UNSUBSCRIBE: at least one Topic Filter [MQTT-3.10.3-2].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unsubscribe {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// User Properties (5.0).
    pub user_properties: UserProperties,
    /// Topic Filters, in order.
    pub filters: Vec<TopicFilter>,
}

/// UNSUBACK: in 5.0 one Reason Code for each filter, in order; none in 3.1.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unsuback {
    /// Packet Identifier of the UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// Reason String (5.0).
    pub reason_string: Option<ByteString>,
    /// User Properties (5.0).
    pub user_properties: UserProperties,
    /// Reason Codes; empty in 3.1.1.
    pub reason_codes: Vec<ReasonCode>,
}

const TOPIC_FILTER: Label = Label::new("Topic Filter", "MQTT-3.10.3-1", "MQTT-3.10.3-1", key::PACKET_FIELD_UNSUBSCRIBE_FILTER);
const REASON_CODE: Label = Label::new("Reason Code", "", "MQTT-3.11.3-1", key::PACKET_FIELD_REASON_CODE);

const NO_FILTERS: Rule = Rule::protocol_error("MQTT-3.10.3-2", "MQTT-3.10.3-2", key::PACKET_ERROR_NO_FILTERS);
const REASON_CODE_RULE: Rule = Rule::protocol_error("", "MQTT-3.11.3-2", key::PACKET_ERROR_REASON_CODE);
const NO_REASON_CODES: Rule = Rule::protocol_error("", "MQTT-3.11.3-1", key::PACKET_ERROR_NO_REASON_CODES);

impl Unsubscribe {
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        r.section(&VARIABLE_HEADER);
        let packet_id = r.packet_id()?;
        let mut user_properties = UserProperties::default();
        if r.version == ProtocolVersion::V5 {
            r.properties(&PROPERTIES, |r, property| match property.id {
                PropertyId::UserProperty => r.user_property(property, &mut user_properties),
                _ => Err(r.misplaced(property)),
            })?;
        }
        r.close();
        if r.remaining() == 0 {
            return Err(r.broken(&NO_FILTERS, r.position(), "Payload", ""));
        }
        r.section(&PAYLOAD);
        let mut filters = Vec::new();
        while r.remaining() > 0 {
            filters.push(r.topic_filter(&TOPIC_FILTER)?);
        }
        r.close();
        Ok(Self { packet_id, user_properties, filters })
    }

    pub(super) fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        require(!self.filters.is_empty(), "Topic Filter", NO_FILTERS.clause(out.version()))?;
        out.two_byte_integer(self.packet_id.as_u16());
        write_properties(out, self)?;
        self.filters.iter().try_for_each(|filter| out.checked_text("Topic Filter", filter.as_str()))
    }
}

impl Properties for Unsubscribe {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        out.user_properties(&self.user_properties)
    }
}

impl Unsuback {
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        r.section(&VARIABLE_HEADER);
        let mut packet =
            Self { packet_id: r.packet_id()?, reason_string: None, user_properties: UserProperties::default(), reason_codes: Vec::new() };
        if r.version == ProtocolVersion::V311 {
            r.close();
            return Ok(packet);
        }
        r.properties(&PROPERTIES, |r, property| match property.id {
            PropertyId::ReasonString => r.string(property, "5.0 §3.11.2.1.2", &mut packet.reason_string),
            PropertyId::UserProperty => r.user_property(property, &mut packet.user_properties),
            _ => Err(r.misplaced(property)),
        })?;
        r.close();
        if r.remaining() == 0 {
            return Err(r.broken(&NO_REASON_CODES, r.position(), "Payload", ""));
        }
        r.section(&PAYLOAD);
        // One byte each, and all of them are here: the capacity is no announced length.
        packet.reason_codes.reserve_exact(r.remaining());
        while r.remaining() > 0 {
            packet.reason_codes.push(r.reason_code(&REASON_CODE, &REASON_CODE_RULE, &SUCCESS, is_unsubscribe_reason)?);
        }
        r.close();
        Ok(packet)
    }

    pub(super) fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        let version = out.version();
        out.two_byte_integer(self.packet_id.as_u16());
        write_properties(out, self)?;
        if version == ProtocolVersion::V311 {
            return match self.reason_codes.as_slice() {
                [] => Ok(()),
                _ => Err(EncodeError::NotInVersion { field: "Reason Code", version }),
            };
        }
        require(!self.reason_codes.is_empty(), "Reason Code", NO_REASON_CODES.v5)?;
        for code in &self.reason_codes {
            require(is_unsubscribe_reason(*code), "Reason Code", REASON_CODE_RULE.v5)?;
            out.byte(code.as_u8());
        }
        Ok(())
    }
}

impl Properties for Unsuback {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        out.string(PropertyId::ReasonString, self.reason_string.as_deref())?;
        out.user_properties(&self.user_properties)
    }
}
