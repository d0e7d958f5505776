//! PUBACK, PUBREC, PUBREL and PUBCOMP (5.0 §3.4 to §3.7): four packets of one shape.

use bytestring::ByteString;

use super::codec::VARIABLE_HEADER;
use super::primitive::{Label, Rule};
use super::property::{PROPERTIES, Properties, PropertyId, PropertyOutput as _, write_properties};
use super::reader::{Reader, Sink};
use super::reason_code::SUCCESS;
use super::writer::{Output, require};
use super::{DecodeError, EncodeError, PacketId, PacketType, ProtocolVersion, ReasonCode, UserProperties};
use crate::text::key;

/// The content of PUBACK, PUBREC, PUBREL or PUBCOMP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Acknowledgement {
    /// Packet Identifier of the PUBLISH.
    pub packet_id: PacketId,
    /// Reason Code; always Success in 3.1.1.
    pub reason_code: ReasonCode,
    /// Reason String (5.0).
    pub reason_string: Option<ByteString>,
    /// User Properties (5.0).
    pub user_properties: UserProperties,
}

impl Acknowledgement {
    /// With no properties.
    #[must_use]
    pub const fn new(packet_id: PacketId, reason_code: ReasonCode) -> Self {
        Self { packet_id, reason_code, reason_string: None, user_properties: UserProperties(Vec::new()) }
    }
}

/// What the four packets differ in.
struct Kind {
    label: Label,
    /// The rule for its Reason Codes.
    rule: Rule,
    reason_string: &'static str,
}

impl Kind {
    const fn new(section: &'static str, rule: &'static str, reason_string: &'static str) -> Self {
        Self {
            label: Label::new("Reason Code", "", section, key::PACKET_FIELD_REASON_CODE),
            rule: Rule::protocol_error("", rule, key::PACKET_ERROR_REASON_CODE),
            reason_string,
        }
    }

    const fn of(packet_type: PacketType) -> Self {
        match packet_type {
            PacketType::Pubrec => Self::new("5.0 §3.5.2.1", "MQTT-3.5.2-1", "5.0 §3.5.2.2.2"),
            PacketType::Pubrel => Self::new("5.0 §3.6.2.1", "MQTT-3.6.2-1", "5.0 §3.6.2.2.2"),
            PacketType::Pubcomp => Self::new("5.0 §3.7.2.1", "MQTT-3.7.2-1", "5.0 §3.7.2.2.2"),
            _ => Self::new("5.0 §3.4.2.1", "MQTT-3.4.2-1", "5.0 §3.4.2.2.2"),
        }
    }
}

/// Tables 3-4 to 3-7 of 5.0.
const fn is_legal(packet_type: PacketType, code: ReasonCode) -> bool {
    match packet_type {
        PacketType::Pubrel | PacketType::Pubcomp => matches!(code, ReasonCode::Success | ReasonCode::PacketIdentifierNotFound),
        _ => matches!(
            code,
            ReasonCode::Success
                | ReasonCode::NoMatchingSubscribers
                | ReasonCode::UnspecifiedError
                | ReasonCode::ImplementationSpecificError
                | ReasonCode::NotAuthorized
                | ReasonCode::TopicNameInvalid
                | ReasonCode::PacketIdentifierInUse
                | ReasonCode::QuotaExceeded
                | ReasonCode::PayloadFormatInvalid
        ),
    }
}

impl Acknowledgement {
    #[inline]
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>, packet_type: PacketType) -> Result<Self, Box<DecodeError>> {
        r.section(&VARIABLE_HEADER);
        let mut ack = Self::new(r.packet_id()?, ReasonCode::Success);
        // Without a Reason Code it is Success, without a Property Length there are no properties (5.0 §3.4.2.1, §3.4.2.2.1).
        if r.version == ProtocolVersion::V5 && r.remaining() > 0 {
            let kind = Kind::of(packet_type);
            ack.reason_code = r.reason_code(&kind.label, &kind.rule, &SUCCESS, |code| is_legal(packet_type, code))?;
            if r.remaining() > 0 {
                ack.read_properties(r, kind.reason_string)?;
            }
        }
        r.close();
        Ok(ack)
    }

    fn read_properties<S: Sink>(&mut self, r: &mut Reader<'_, S>, reason_string: &'static str) -> Result<(), Box<DecodeError>> {
        r.properties(&PROPERTIES, |r, property| match property.id {
            PropertyId::ReasonString => r.string(property, reason_string, &mut self.reason_string),
            PropertyId::UserProperty => r.user_property(property, &mut self.user_properties),
            _ => Err(r.misplaced(property)),
        })?;
        Ok(())
    }

    #[inline]
    pub(super) fn write(&self, out: &mut impl Output, packet_type: PacketType) -> Result<(), EncodeError> {
        out.two_byte_integer(self.packet_id.as_u16());
        let has_properties = self.reason_string.is_some() || !self.user_properties.is_empty();
        match out.version() {
            ProtocolVersion::V311 => {
                if self.reason_code != ReasonCode::Success {
                    return Err(EncodeError::NotInVersion { field: "Reason Code", version: ProtocolVersion::V311 });
                }
                write_properties(out, self)
            }
            ProtocolVersion::V5 => {
                require(is_legal(packet_type, self.reason_code), "Reason Code", Kind::of(packet_type).rule.v5)?;
                // The shortest form of each: what is left out is Success and no properties.
                if self.reason_code != ReasonCode::Success || has_properties {
                    out.byte(self.reason_code.as_u8());
                }
                if has_properties { write_properties(out, self) } else { Ok(()) }
            }
        }
    }
}

impl Properties for Acknowledgement {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        out.string(PropertyId::ReasonString, self.reason_string.as_deref())?;
        out.user_properties(&self.user_properties)
    }
}
