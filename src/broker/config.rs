//! Every limit and choice of the broker.

use bytestring::ByteString;

use super::access::AccessControl;
use super::rate_limit::ConnectRate;
use crate::packet::{ClientId, ProtocolVersion, QoS, ReasonCode};
use crate::time::Duration;

/// Settings of a broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerConfig {
    /// Who may do what.
    pub access: AccessControl,
    /// Maximum QoS.
    pub maximum_qos: QoS,
    /// Retain Available.
    pub retain_available: bool,
    /// Receive Maximum: QoS 1 and 2 messages that one client may have unacknowledged with the broker; 0 counts as 1.
    pub receive_maximum: u16,
    /// QoS 1 and 2 messages in flight to one client, whatever its Receive Maximum; 0 counts as 1.
    pub max_inflight: u16,
    /// Maximum Packet Size in bytes.
    pub maximum_packet_size: u32,
    /// Longest Session Expiry Interval in seconds; `u32::MAX` lets sessions live for ever.
    pub session_expiry_max: u32,
    /// Server Keep Alive in seconds, replacing what clients ask for.
    pub server_keep_alive: Option<u16>,
    /// Longest Keep Alive in seconds of a 5.0 Client: one who asks for more, or for none, gets this one.
    pub max_keep_alive: Option<u16>,
    /// Whether a Client may leave its Client Identifier to the broker [MQTT-3.1.3-6].
    pub allow_empty_client_id: bool,
    /// What an assigned Client Identifier begins with.
    pub assigned_prefix: String,
    /// What every Client Identifier has to begin with.
    pub client_id_prefix: Option<String>,
    /// The longest Client Identifier in bytes.
    pub max_client_id_bytes: usize,
    /// What Response Information begins with, for Clients that ask for it; their Client Identifier follows (5.0 §3.2.2.3.15).
    pub response_information: Option<ByteString>,
    /// The Server that Clients are to use instead (5.0 §4.11).
    pub redirect: Option<Redirect>,
    /// Time for CONNECT after the Network Connection was opened.
    /// In 5.0 the whole exchange of enhanced authentication has to come within it.
    pub connect_timeout: Duration,
    /// How often Clients may connect, all together; `None` for as often as they like.
    pub connect_rate: Option<ConnectRate>,
    /// How often one Client Identifier may connect.
    pub connect_rate_per_client: Option<ConnectRate>,
    /// Longest payload in bytes: a longer message is acknowledged, but goes nowhere, and a CONNECT with a longer will is refused.
    pub max_payload: Option<u32>,
    /// Whether a subscriber gets every message at the QoS it was granted, even one that was published with less. The specification forbids it
    /// [MQTT-3.8.4-8]; Mosquitto has it as `upgrade_outgoing_qos`.
    pub upgrade_outgoing_qos: bool,
    /// Messages queued for one session.
    pub max_queued_messages: usize,
    /// Bytes queued for one session.
    pub max_queued_bytes: usize,
    /// Bytes sent to one connection that its driver has not reported as written ([`super::Broker::handle_written`]); beyond them a QoS 0 message is
    /// dropped, others are queued. Without end, unless the driver reports.
    pub max_unwritten_bytes: usize,
    /// Packets sent to one connection and not written yet, in the same way.
    pub max_unwritten_packets: usize,
    /// Whether QoS 0 messages are queued for offline sessions.
    pub queue_qos_zero: bool,
    /// Retained messages in all.
    pub max_retained: usize,
    /// Bytes of all messages that are retained, queued or in flight, each counted once, and of all wills: topics, payloads and properties.
    pub max_payload_bytes: usize,
    /// Sessions in all.
    pub max_sessions: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// Levels of a topic.
    pub max_topic_levels: usize,
    /// Subscriptions of one session.
    pub max_subscriptions: usize,
    /// Whether filters with wildcards are served.
    pub wildcard_subscription_available: bool,
    /// Whether Subscription Identifiers are served.
    pub subscription_identifiers_available: bool,
    /// Whether Shared Subscriptions are served.
    pub shared_subscription_available: bool,
    /// Topic Alias Maximum: aliases that one client may set; 0 for none.
    pub topic_alias_maximum: u16,
    /// Aliases that the broker sets towards one client, whatever its Topic Alias Maximum; 0 for none.
    pub max_topic_alias_outgoing: u16,
    /// How often `$SYS/broker/…` is published; `None` for never.
    pub sys_interval: Option<Duration>,
    /// Whether sessions and retained messages survive a crash.
    pub persistence: bool,
}

/// Where Clients are sent instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Redirect {
    /// Server Reference: `host` or `host:port`, several with spaces between.
    pub server: ByteString,
    /// Whether they are to keep to it (0x9D Server moved, else 0x9C Use another server).
    pub permanent: bool,
    /// Whether only those are sent for whom there is no room.
    pub only_when_full: bool,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            access: AccessControl::default(),
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            receive_maximum: 20,
            max_inflight: 20,
            maximum_packet_size: 262_144 + 65_536,
            session_expiry_max: u32::MAX,
            server_keep_alive: None,
            max_keep_alive: None,
            allow_empty_client_id: true,
            assigned_prefix: "auto-".to_owned(),
            client_id_prefix: None,
            max_client_id_bytes: 65_535,
            response_information: None,
            redirect: None,
            connect_timeout: Duration::from_secs(10),
            connect_rate: None,
            connect_rate_per_client: None,
            max_payload: None,
            upgrade_outgoing_qos: false,
            max_queued_messages: 1_000,
            max_queued_bytes: 1_000_000,
            max_unwritten_bytes: usize::MAX,
            max_unwritten_packets: usize::MAX,
            queue_qos_zero: false,
            max_retained: 10_000,
            max_payload_bytes: 64_000_000,
            max_sessions: 10_000,
            max_connections: 10_000,
            max_topic_levels: 128,
            max_subscriptions: 1_000,
            wildcard_subscription_available: true,
            subscription_identifiers_available: true,
            shared_subscription_available: true,
            topic_alias_maximum: 10,
            max_topic_alias_outgoing: 10,
            sys_interval: None,
            persistence: true,
        }
    }
}

impl BrokerConfig {
    /// Server Keep Alive for a Client that asks for this Keep Alive; `None` if it may have its way. 3.1.1 cannot be told.
    pub(super) fn server_keep_alive_for(&self, version: ProtocolVersion, asked: u16) -> Option<u16> {
        if version == ProtocolVersion::V311 {
            return None;
        }
        let too_long = |longest: &u16| asked == 0 || asked > *longest;
        self.server_keep_alive.or_else(|| self.max_keep_alive.filter(|longest| *longest > 0 && too_long(longest)))
    }

    /// Whether the Client Identifier may be used; `asked` is what CONNECT says, `client_id` what it becomes.
    pub(super) fn check_client_id(&self, asked: &ClientId, client_id: &ClientId) -> Result<(), ReasonCode> {
        if asked.is_empty() && !self.allow_empty_client_id || client_id.as_str().len() > self.max_client_id_bytes {
            return Err(ReasonCode::ClientIdentifierNotValid);
        }
        match &self.client_id_prefix {
            Some(prefix) if !client_id.as_str().starts_with(prefix.as_str()) => Err(ReasonCode::NotAuthorized),
            _ => Ok(()),
        }
    }

    /// QoS of a delivery [MQTT-3.8.4-8].
    pub(super) fn delivery_qos(&self, published: QoS, granted: QoS) -> QoS {
        if self.upgrade_outgoing_qos { granted } else { published.min(granted) }
    }
}
