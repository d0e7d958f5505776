//! DISCONNECT (5.0 §3.14).

use bytestring::ByteString;

use super::codec::VARIABLE_HEADER;
use super::primitive::{Label, Rule};
use super::property::{PROPERTIES, Properties, PropertyId, PropertyOutput as _, write_properties};
use super::reader::{Reader, Sink};
use super::reason_code::{NORMAL_DISCONNECTION, is_disconnect_reason};
use super::writer::{Output, require};
use super::{DecodeError, EncodeError, ProtocolVersion, ReasonCode, UserProperties};
use crate::text::key;

/// DISCONNECT: the last packet of a Network Connection. From the Server only in 5.0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disconnect {
    /// Disconnect Reason Code; always Normal disconnection in 3.1.1.
    pub reason_code: ReasonCode,
    /// Properties; default in 3.1.1.
    pub properties: DisconnectProperties,
}

/// DISCONNECT Properties (5.0 §3.14.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DisconnectProperties {
    /// Session Expiry Interval in seconds. Only from the Client.
    pub session_expiry_interval: Option<u32>,
    /// Reason String.
    pub reason_string: Option<ByteString>,
    /// User Properties.
    pub user_properties: UserProperties,
    /// Server Reference. Only from the Server.
    pub server_reference: Option<ByteString>,
}

impl Disconnect {
    /// With no properties.
    #[must_use]
    pub fn new(reason_code: ReasonCode) -> Self {
        Self { reason_code, properties: DisconnectProperties::default() }
    }
}

const REASON_CODE: Label = Label::new("Disconnect Reason Code", "", "5.0 §3.14.2.1", key::PACKET_FIELD_REASON_CODE);
const REASON_CODE_RULE: Rule = Rule::protocol_error("", "MQTT-3.14.2-1", key::PACKET_ERROR_REASON_CODE);

impl Disconnect {
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        let mut packet = Self::new(ReasonCode::Success);
        // Without a Reason Code it is Normal disconnection, without a Property Length there are no properties (5.0 §3.14.2).
        if r.version == ProtocolVersion::V5 && r.remaining() > 0 {
            r.section(&VARIABLE_HEADER);
            packet.reason_code = r.reason_code(&REASON_CODE, &REASON_CODE_RULE, &NORMAL_DISCONNECTION, is_disconnect_reason)?;
            if r.remaining() > 0 {
                packet.properties = DisconnectProperties::read(r)?;
            }
            r.close();
        }
        Ok(packet)
    }

    pub(super) fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        if out.version() == ProtocolVersion::V311 {
            if self.reason_code != ReasonCode::Success {
                return Err(EncodeError::NotInVersion { field: "Disconnect Reason Code", version: ProtocolVersion::V311 });
            }
            return write_properties(out, &self.properties);
        }
        require(is_disconnect_reason(self.reason_code), "Disconnect Reason Code", REASON_CODE_RULE.v5)?;
        let has_properties = self.properties != DisconnectProperties::default();
        if self.reason_code != ReasonCode::Success || has_properties {
            out.byte(self.reason_code.as_u8());
        }
        if has_properties { write_properties(out, &self.properties) } else { Ok(()) }
    }
}

impl DisconnectProperties {
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        let mut p = Self::default();
        r.properties(&PROPERTIES, |r, property| match property.id {
            PropertyId::SessionExpiryInterval => r.four_bytes(property, "5.0 §3.14.2.2.2", &mut p.session_expiry_interval),
            PropertyId::ReasonString => r.string(property, "5.0 §3.14.2.2.3", &mut p.reason_string),
            PropertyId::UserProperty => r.user_property(property, &mut p.user_properties),
            PropertyId::ServerReference => r.string(property, "5.0 §3.14.2.2.5", &mut p.server_reference),
            _ => Err(r.misplaced(property)),
        })?;
        Ok(p)
    }
}

impl Properties for DisconnectProperties {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        out.four_bytes(PropertyId::SessionExpiryInterval, self.session_expiry_interval)?;
        out.string(PropertyId::ReasonString, self.reason_string.as_deref())?;
        out.user_properties(&self.user_properties)?;
        out.string(PropertyId::ServerReference, self.server_reference.as_deref())
    }
}
