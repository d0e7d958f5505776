//! UNSUBSCRIBE and UNSUBACK (5.0 §3.10, §3.11).

use bytestring::ByteString;

use super::{PacketId, ReasonCode, TopicFilter, UserProperties};

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
