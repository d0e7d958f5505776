//! AUTH (5.0 §3.15).

use bytestring::ByteString;

use super::codec::VARIABLE_HEADER;
use super::primitive::{Label, Rule};
use super::property::{PROPERTIES, Properties, PropertyId, PropertyOutput as _, write_properties};
use super::reader::{Reader, Sink};
use super::reason_code::SUCCESS;
use super::writer::{Output, require};
use super::{DecodeError, EncodeError, Password, ProtocolVersion, ReasonCode, UserProperties};
use crate::text::key;

/// AUTH: extended authentication exchange. Only in 5.0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Auth {
    /// Authenticate Reason Code: 0x00, 0x18 or 0x19.
    pub reason_code: ReasonCode,
    /// Properties.
    pub properties: AuthProperties,
}

/// AUTH Properties (5.0 §3.15.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuthProperties {
    /// Authentication Method.
    pub authentication_method: Option<ByteString>,
    /// Authentication Data: never shown.
    pub authentication_data: Option<Password>,
    /// Reason String.
    pub reason_string: Option<ByteString>,
    /// User Properties.
    pub user_properties: UserProperties,
}

const REASON_CODE: Label = Label::new("Authenticate Reason Code", "", "5.0 §3.15.2.1", key::PACKET_FIELD_REASON_CODE);
const REASON_CODE_RULE: Rule = Rule::protocol_error("", "MQTT-3.15.2-1", key::PACKET_ERROR_REASON_CODE);
const NO_METHOD: Rule = Rule::protocol_error("", "5.0 §3.15.2.2.2", key::PACKET_ERROR_NO_AUTHENTICATION_METHOD);

const fn is_legal(code: ReasonCode) -> bool {
    matches!(code, ReasonCode::Success | ReasonCode::ContinueAuthentication | ReasonCode::ReAuthenticate)
}

impl Auth {
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        // Remaining Length 0 is Success without properties (5.0 §3.15.2.1), although §3.15.2.2.2 wants an Authentication Method.
        if r.remaining() == 0 {
            return Ok(Self { reason_code: ReasonCode::Success, properties: AuthProperties::default() });
        }
        r.section(&VARIABLE_HEADER);
        let reason_code = r.reason_code(&REASON_CODE, &REASON_CODE_RULE, &SUCCESS, is_legal)?;
        let offset = r.position();
        let properties = AuthProperties::read(r)?;
        if properties.authentication_method.is_none() {
            return Err(r.broken(&NO_METHOD, offset, "Authentication Method", ""));
        }
        r.close();
        Ok(Self { reason_code, properties })
    }

    pub(super) fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        if out.version() == ProtocolVersion::V311 {
            return Err(EncodeError::NotInVersion { field: "AUTH", version: ProtocolVersion::V311 });
        }
        require(is_legal(self.reason_code), "Authenticate Reason Code", REASON_CODE_RULE.v5)?;
        if self.reason_code == ReasonCode::Success && self.properties == AuthProperties::default() {
            return Ok(());
        }
        require(self.properties.authentication_method.is_some(), "Authentication Method", NO_METHOD.v5)?;
        out.byte(self.reason_code.as_u8());
        write_properties(out, &self.properties)
    }
}

impl AuthProperties {
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, Box<DecodeError>> {
        let mut p = Self::default();
        let mut data = None;
        r.properties(&PROPERTIES, |r, property| match property.id {
            PropertyId::AuthenticationMethod => r.string(property, "5.0 §3.15.2.2.2", &mut p.authentication_method),
            PropertyId::AuthenticationData => r.data(property, "5.0 §3.15.2.2.3", &mut data),
            PropertyId::ReasonString => r.string(property, "5.0 §3.15.2.2.4", &mut p.reason_string),
            PropertyId::UserProperty => r.user_property(property, &mut p.user_properties),
            _ => Err(r.misplaced(property)),
        })?;
        p.authentication_data = data.map(Password);
        Ok(p)
    }
}

impl Properties for AuthProperties {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        out.string(PropertyId::AuthenticationMethod, self.authentication_method.as_deref())?;
        out.data(PropertyId::AuthenticationData, self.authentication_data.as_ref().map(|data| &*data.0))?;
        out.string(PropertyId::ReasonString, self.reason_string.as_deref())?;
        out.user_properties(&self.user_properties)
    }
}
