//! PUBLISH (5.0 §3.3).

use bytes::Bytes;
use bytestring::ByteString;
use smallvec::SmallVec;

use super::{PacketId, QoS, TopicName, UserProperties};

/// PUBLISH: carries an Application Message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Publish {
    /// DUP; false at QoS 0 [MQTT-3.3.1-2].
    pub dup: bool,
    /// QoS.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
    /// Topic Name; empty only together with a Topic Alias.
    pub topic: TopicName,
    /// Packet Identifier: present exactly at QoS 1 and 2.
    pub packet_id: Option<PacketId>,
    /// Properties; default in 3.1.1.
    pub properties: PublishProperties,
    /// Payload, shared with the bytes it was read from.
    pub payload: Bytes,
}

/// PUBLISH Properties (5.0 §3.3.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PublishProperties {
    /// Payload Format Indicator: true for UTF-8 text.
    pub payload_format_indicator: Option<bool>,
    /// Message Expiry Interval in seconds.
    pub message_expiry_interval: Option<u32>,
    /// Topic Alias. Never 0.
    pub topic_alias: Option<u16>,
    /// Response Topic.
    pub response_topic: Option<TopicName>,
    /// Correlation Data.
    pub correlation_data: Option<Bytes>,
    /// User Properties.
    pub user_properties: UserProperties,
    /// Subscription Identifiers, 1 to 268 435 455.
    pub subscription_identifiers: SmallVec<[u32; 1]>,
    /// Content Type.
    pub content_type: Option<ByteString>,
}
