//! CONNACK (5.0 §3.2).

use bytes::Bytes;
use bytestring::ByteString;

use super::{ClientId, QoS, ReasonCode, UserProperties};

/// CONNACK: the Server's answer to CONNECT.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connack {
    /// Session Present.
    pub session_present: bool,
    /// Connect Reason Code. In 3.1.1 the Connect Return codes 1 to 5 are the Reason Codes 0x84, 0x85, 0x88, 0x86, 0x87.
    pub reason_code: ReasonCode,
    /// Properties; default in 3.1.1.
    pub properties: ConnackProperties,
}

/// CONNACK Properties (5.0 §3.2.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnackProperties {
    /// Session Expiry Interval in seconds, if it differs from what the Client asked for.
    pub session_expiry_interval: Option<u32>,
    /// Receive Maximum of the Server; absent is 65 535.
    pub receive_maximum: Option<u16>,
    /// Maximum QoS; absent is 2.
    pub maximum_qos: Option<QoS>,
    /// Retain Available; absent is true.
    pub retain_available: Option<bool>,
    /// Maximum Packet Size of the Server in bytes.
    pub maximum_packet_size: Option<u32>,
    /// Assigned Client Identifier.
    pub assigned_client_identifier: Option<ClientId>,
    /// Topic Alias Maximum of the Server; absent is 0.
    pub topic_alias_maximum: Option<u16>,
    /// Reason String.
    pub reason_string: Option<ByteString>,
    /// User Properties.
    pub user_properties: UserProperties,
    /// Wildcard Subscription Available; absent is true.
    pub wildcard_subscription_available: Option<bool>,
    /// Subscription Identifiers Available; absent is true.
    pub subscription_identifiers_available: Option<bool>,
    /// Shared Subscription Available; absent is true.
    pub shared_subscription_available: Option<bool>,
    /// Server Keep Alive in seconds.
    pub server_keep_alive: Option<u16>,
    /// Response Information.
    pub response_information: Option<ByteString>,
    /// Server Reference.
    pub server_reference: Option<ByteString>,
    /// Authentication Method.
    pub authentication_method: Option<ByteString>,
    /// Authentication Data.
    pub authentication_data: Option<Bytes>,
}
