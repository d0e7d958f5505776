//! CONNECT (5.0 §3.1).

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use super::{ClientId, ProtocolVersion, QoS, TopicName, UserProperties};

/// CONNECT: the first packet of every Network Connection [MQTT-3.1.0-1].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connect {
    /// Protocol Version.
    pub version: ProtocolVersion,
    /// Clean Start; in 3.1.1 Clean Session.
    pub clean_start: bool,
    /// Keep Alive in seconds; 0 turns it off.
    pub keep_alive: u16,
    /// Client Identifier.
    pub client_id: ClientId,
    /// Will Message with its properties.
    pub will: Option<WillMessage>,
    /// User Name.
    pub user_name: Option<ByteString>,
    /// Password.
    pub password: Option<Password>,
    /// Properties; default in 3.1.1.
    pub properties: ConnectProperties,
}

/// A password: shown nowhere.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Password(pub Bytes);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// CONNECT Properties (5.0 §3.1.2.11).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectProperties {
    /// Session Expiry Interval in seconds; absent is 0, 0xFFFFFFFF never expires.
    pub session_expiry_interval: Option<u32>,
    /// Receive Maximum; absent is 65 535. Never 0.
    pub receive_maximum: Option<u16>,
    /// Maximum Packet Size in bytes. Never 0.
    pub maximum_packet_size: Option<u32>,
    /// Topic Alias Maximum; absent is 0.
    pub topic_alias_maximum: Option<u16>,
    /// Request Response Information.
    pub request_response_information: Option<bool>,
    /// Request Problem Information; absent is true.
    pub request_problem_information: Option<bool>,
    /// User Properties.
    pub user_properties: UserProperties,
    /// Authentication Method.
    pub authentication_method: Option<ByteString>,
    /// Authentication Data: never shown.
    pub authentication_data: Option<Password>,
}

/// Will Message (5.0 §3.1.2.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WillMessage {
    /// Will Topic.
    pub topic: TopicName,
    /// Will Payload.
    pub payload: Bytes,
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// Will Properties; default in 3.1.1.
    pub properties: WillProperties,
}

/// Will Properties (5.0 §3.1.3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WillProperties {
    /// Will Delay Interval in seconds; absent is 0.
    pub will_delay_interval: Option<u32>,
    /// Payload Format Indicator: true for UTF-8 text.
    pub payload_format_indicator: Option<bool>,
    /// Message Expiry Interval in seconds.
    pub message_expiry_interval: Option<u32>,
    /// Content Type.
    pub content_type: Option<ByteString>,
    /// Response Topic.
    pub response_topic: Option<TopicName>,
    /// Correlation Data.
    pub correlation_data: Option<Bytes>,
    /// User Properties.
    pub user_properties: UserProperties,
}
