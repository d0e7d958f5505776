//! How a client is set up.

use bytestring::ByteString;

use crate::packet::{ClientId, Password, ProtocolVersion, Subscription, WillMessage};
use crate::time::Duration;

/// Settings of a client; they hold for all its connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientConfig {
    /// Protocol Version.
    pub version: ProtocolVersion,
    /// Client Identifier.
    pub client_id: ClientId,
    /// Clean Start of every CONNECT; 3.1.1: Clean Session.
    pub clean_start: bool,
    /// Session Expiry Interval in seconds (5.0).
    pub session_expiry_interval: Option<u32>,
    /// Keep Alive in seconds; 0 turns it off.
    pub keep_alive: u16,
    /// Whether PINGREQ is sent when Keep Alive asks for it. Off, the client falls silent, as a hung program does.
    pub sends_pings: bool,
    /// Will Message.
    pub will: Option<WillMessage>,
    /// User Name.
    pub user_name: Option<ByteString>,
    /// Password.
    pub password: Option<Password>,
    /// Receive Maximum (5.0).
    pub receive_maximum: Option<u16>,
    /// Maximum Packet Size in bytes (5.0).
    pub maximum_packet_size: Option<u32>,
    /// What follows a lost connection.
    pub reconnect: ReconnectPolicy,
    /// How long to wait for the Network Connection and CONNACK.
    pub connect_timeout: Duration,
    /// Subscribed after each CONNACK without Session Present.
    pub subscriptions: Vec<Subscription>,
    /// Publishes kept while offline or while Receive Maximum is used up; one more is dropped.
    pub queue_limit: usize,
    /// Whether Session State survives a power cut, as on a device with flash storage.
    pub persistent_session: bool,
}

impl ClientConfig {
    /// MQTT 5.0, Clean Start, Keep Alive 60 s, no will, no reconnection, 1,000 queued publishes.
    #[must_use]
    pub fn new(client_id: impl Into<ByteString>) -> Self {
        Self {
            version: ProtocolVersion::V5,
            client_id: ClientId::new(client_id),
            clean_start: true,
            session_expiry_interval: None,
            keep_alive: 60,
            sends_pings: true,
            will: None,
            user_name: None,
            password: None,
            receive_maximum: None,
            maximum_packet_size: None,
            reconnect: ReconnectPolicy::Never,
            connect_timeout: Duration::from_secs(30),
            subscriptions: Vec::new(),
            queue_limit: 1_000,
            persistent_session: false,
        }
    }
}

/// When a client tries again after its connection was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReconnectPolicy {
    /// Not by itself.
    #[default]
    Never,
    /// After the same delay each time.
    Fixed {
        /// The delay.
        delay: Duration,
    },
    /// The delay doubles from `first` up to `max`; with `jitter`, each wait is drawn uniformly from zero to the delay.
    Exponential {
        /// The first delay.
        first: Duration,
        /// The longest.
        max: Duration,
        /// Whether to draw.
        jitter: bool,
    },
}
