//! AUTH (5.0 §3.15).

use bytes::Bytes;
use bytestring::ByteString;

use super::{ReasonCode, UserProperties};

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
    /// Authentication Data.
    pub authentication_data: Option<Bytes>,
    /// Reason String.
    pub reason_string: Option<ByteString>,
    /// User Properties.
    pub user_properties: UserProperties,
}
