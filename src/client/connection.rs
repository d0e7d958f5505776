//! What a client knows about its Network Connection. All of it ends with the connection.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::client::ClientConfig;
use crate::client::authentication::Authentication;
use crate::packet::{ConnackProperties, FrameReader, PacketId, ProtocolVersion, QoS, TopicFilter, TopicName};
use crate::session::{InboundAliases, OutboundAliases};
use crate::time::{Duration, Instant};

/// The longest packet that MQTT can express: a fixed header of 5 bytes and 268 435 455 more (5.0 §2.1.4).
const LONGEST_PACKET: u32 = 268_435_460;

#[derive(Clone, Debug, Hash)]
pub(super) struct Connection {
    pub(super) frames: FrameReader,
    pub(super) server: ServerLimits,
    /// SUBSCRIBE and UNSUBSCRIBE that have no answer yet.
    pub(super) requests: BTreeMap<PacketId, Request>,
    /// Keep Alive in force; zero turns it off.
    pub(super) keep_alive: Duration,
    /// When the last packet was sent.
    pub(super) last_sent: Instant,
    /// PINGREQ is sent, PINGRESP not received.
    pub(super) awaits_pingresp: bool,
    /// Topic Aliases that the application has set [MQTT-3.3.2-7]. Bounded by the Server's Topic Alias Maximum.
    pub(super) aliases: BTreeMap<u16, TopicName>,
    /// Those that the client has set by itself.
    pub(super) automatic_aliases: OutboundAliases,
    /// Those that the Server has set.
    pub(super) inbound_aliases: InboundAliases,
    /// The exchange of AUTH packets, if CONNECT began one.
    pub(super) authentication: Option<Box<Authentication>>,
    /// Whether the session ends with this connection: Session Expiry Interval 0, in 3.1.1 Clean Session.
    pub(super) ends_session: bool,
    /// Whether the CONNECT of this connection had Clean Start.
    pub(super) clean_start: bool,
}

impl Connection {
    pub(super) fn new(config: &ClientConfig) -> Self {
        let maximum = match config.version {
            ProtocolVersion::V5 => config.maximum_packet_size,
            // Cannot be said in 3.1.1.
            ProtocolVersion::V311 => None,
        };
        let mut inbound_aliases = InboundAliases::new();
        if config.version == ProtocolVersion::V5 {
            inbound_aliases.connection_started(config.topic_alias_maximum.unwrap_or(0));
        }
        Self {
            frames: FrameReader::new(maximum.unwrap_or(LONGEST_PACKET)),
            server: ServerLimits::default(),
            requests: BTreeMap::new(),
            keep_alive: Duration::ZERO,
            last_sent: Instant::ZERO,
            awaits_pingresp: false,
            aliases: BTreeMap::new(),
            automatic_aliases: OutboundAliases::new(),
            inbound_aliases,
            authentication: None,
            ends_session: false,
            clean_start: false,
        }
    }
}

/// What the Server does not take, from CONNACK (5.0 §3.2.2.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ServerLimits {
    pub(super) maximum_packet_size: u32,
    maximum_qos: QoS,
    retain_available: bool,
    pub(super) topic_alias_maximum: u16,
    wildcard_subscription_available: bool,
    shared_subscription_available: bool,
    subscription_identifiers_available: bool,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self::new(&ConnackProperties::default())
    }
}

impl ServerLimits {
    pub(super) fn new(properties: &ConnackProperties) -> Self {
        Self {
            maximum_packet_size: properties.maximum_packet_size.unwrap_or(u32::MAX),
            maximum_qos: properties.maximum_qos.unwrap_or(QoS::ExactlyOnce),
            retain_available: properties.retain_available.unwrap_or(true),
            topic_alias_maximum: properties.topic_alias_maximum.unwrap_or(0),
            wildcard_subscription_available: properties.wildcard_subscription_available.unwrap_or(true),
            shared_subscription_available: properties.shared_subscription_available.unwrap_or(true),
            subscription_identifiers_available: properties.subscription_identifiers_available.unwrap_or(true),
        }
    }

    /// Whether a packet is not too large [MQTT-3.2.2-15].
    pub(super) fn takes(&self, packet: &Bytes) -> bool {
        u32::try_from(packet.len()).is_ok_and(|length| length <= self.maximum_packet_size)
    }

    /// The property of CONNACK that rules a PUBLISH out.
    pub(super) fn rules_out_publish(&self, qos: QoS, retain: bool, alias: Option<u16>, packet: &Bytes) -> Option<&'static str> {
        if qos > self.maximum_qos {
            Some("Maximum QoS [MQTT-3.2.2-11]")
        } else if retain && !self.retain_available {
            Some("Retain Available [MQTT-3.2.2-14]")
        } else if alias.is_some_and(|alias| alias > self.topic_alias_maximum) {
            Some("Topic Alias Maximum [MQTT-3.2.2-17]")
        } else if !self.takes(packet) {
            Some("Maximum Packet Size [MQTT-3.2.2-15]")
        } else {
            None
        }
    }

    /// The property of CONNACK that rules a Topic Filter out.
    pub(super) fn rules_out_filter(&self, filter: &TopicFilter, identifier: Option<u32>) -> Option<&'static str> {
        if identifier.is_some() && !self.subscription_identifiers_available {
            Some("Subscription Identifiers Available (5.0 §3.2.2.3.12)")
        } else if filter.is_shared() && !self.shared_subscription_available {
            Some("Shared Subscription Available (5.0 §3.2.2.3.13)")
        } else if filter.has_wildcard() && !self.wildcard_subscription_available {
            Some("Wildcard Subscription Available (5.0 §3.2.2.3.11)")
        } else {
            None
        }
    }
}

/// A request that waits for its answer, with its filters in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Request {
    Subscribe(Vec<TopicFilter>),
    Unsubscribe(Vec<TopicFilter>),
}
