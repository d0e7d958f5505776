//! DISCONNECT (5.0 §3.14).

use bytestring::ByteString;

use super::{ReasonCode, UserProperties};

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
