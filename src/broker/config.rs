//! Every limit and choice of the broker.

use super::access::AccessControl;
use crate::packet::QoS;
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
    /// Time for CONNECT after the Network Connection was opened.
    pub connect_timeout: Duration,
    /// Messages queued for one session.
    pub max_queued_messages: usize,
    /// Bytes queued for one session.
    pub max_queued_bytes: usize,
    /// Bytes sent to one connection that its driver has not reported as written ([`super::Broker::handle_written`]); beyond them a QoS 0 message is
    /// dropped. Without end, unless the driver reports.
    pub max_unwritten_bytes: usize,
    /// Packets sent to one connection and not written yet, in the same way.
    pub max_unwritten_packets: usize,
    /// Whether QoS 0 messages are queued for offline sessions.
    pub queue_qos_zero: bool,
    /// Retained messages in all.
    pub max_retained: usize,
    /// Sessions in all.
    pub max_sessions: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// Levels of a topic.
    pub max_topic_levels: usize,
    /// Subscriptions of one session.
    pub max_subscriptions: usize,
    /// Whether sessions and retained messages survive a crash.
    pub persistence: bool,
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
            connect_timeout: Duration::from_secs(10),
            max_queued_messages: 1_000,
            max_queued_bytes: 1_000_000,
            max_unwritten_bytes: usize::MAX,
            max_unwritten_packets: usize::MAX,
            queue_qos_zero: false,
            max_retained: 10_000,
            max_sessions: 10_000,
            max_connections: 10_000,
            max_topic_levels: 128,
            max_subscriptions: 1_000,
            persistence: true,
        }
    }
}
