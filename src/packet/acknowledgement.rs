//! PUBACK, PUBREC, PUBREL and PUBCOMP (5.0 §3.4 to §3.7): four packets of one shape.

use bytestring::ByteString;

use super::{PacketId, ReasonCode, UserProperties};

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
