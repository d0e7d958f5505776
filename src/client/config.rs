//! How a client is set up.

use bytestring::ByteString;

use crate::packet::{ClientId, Password, ProtocolVersion, Subscription, TopicName, UserProperties, WillMessage};
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
    /// How long to wait for the Network Connection and CONNACK, and for the end of authentication that was begun again.
    pub connect_timeout: Duration,
    /// Subscribed after each CONNACK without Session Present.
    pub subscriptions: Vec<WantedSubscription>,
    /// Publishes kept while offline or while Receive Maximum is used up.
    pub queue_limit: usize,
    /// What gives way when one more would have to wait.
    pub overflow: Overflow,
    /// Whether QoS 0 waits for a connection too, instead of being dropped.
    pub keeps_qos_0: bool,
    /// Whether Session State survives a power cut, as on a device with flash storage.
    pub persistent_session: bool,
    /// Topic Alias Maximum: the highest alias that the Server may use (5.0).
    pub topic_alias_maximum: Option<u16>,
    /// Whether the client gives Topic Aliases to the topics that it publishes to, as far as the Server allows (5.0).
    pub uses_topic_aliases: bool,
    /// Request Response Information (5.0).
    pub request_response_information: bool,
    /// Request Problem Information; absent is true (5.0).
    pub request_problem_information: Option<bool>,
    /// User Properties of CONNECT (5.0).
    pub user_properties: UserProperties,
    /// How the client proves who it is through AUTH (5.0); user name and password of CONNECT are something else.
    pub authentication: Option<Credentials>,
    /// When received messages are acknowledged.
    pub acknowledges: Acknowledges,
    /// After this time without an acknowledgement, PUBLISH and PUBREL are sent again on the living connection, as older clients do. Only in 3.1.1: 5.0
    /// forbids it [MQTT-4.4.0-1].
    pub retry_interval: Option<Duration>,
    /// Where answers to requests come, unless the Server grants Response Information; absent is `response/` and the Client Identifier (5.0).
    pub response_topic: Option<TopicName>,
    /// Requests that wait for their answer at the same time; one more is refused.
    pub request_limit: usize,
    /// What a Server Reference means for the next attempt to connect (5.0).
    pub on_server_reference: OnServerReference,
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
            overflow: Overflow::DropNewest,
            keeps_qos_0: false,
            persistent_session: false,
            topic_alias_maximum: None,
            uses_topic_aliases: false,
            request_response_information: false,
            request_problem_information: None,
            user_properties: UserProperties::default(),
            authentication: None,
            acknowledges: Acknowledges::AtOnce,
            retry_interval: None,
            response_topic: None,
            request_limit: 100,
            on_server_reference: OnServerReference::Stay,
        }
    }

    /// The same client for another Server, one that a Server Reference names: everything that proves who the client is stays here, since nobody has vouched
    /// for the other.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        Self { user_name: None, password: None, authentication: None, user_properties: UserProperties::default(), ..self.clone() }
    }
}

/// A subscription of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WantedSubscription {
    /// Filter and options.
    pub subscription: Subscription,
    /// Subscription Identifier, 1 to 268 435 455 (5.0).
    pub identifier: Option<u32>,
}

impl From<Subscription> for WantedSubscription {
    fn from(subscription: Subscription) -> Self {
        Self { subscription, identifier: None }
    }
}

/// What gives way in a full queue of publishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// The new one is not taken.
    #[default]
    DropNewest,
    /// The one that has waited longest.
    DropOldest,
}

/// When a received message at QoS 1 or 2 gets its PUBACK or PUBREC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Acknowledges {
    /// As soon as the application has it.
    #[default]
    AtOnce,
    /// When the application says so, by [`crate::client::Client::handle_acknowledge`].
    WhenTold,
    /// When the application has worked on it for this long, one message after the other (those at QoS 0 take their time too): a slow consumer.
    After(Duration),
}

/// What a client does when a Server says which other Server to use (5.0 §4.11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnServerReference {
    /// It reports where to, and comes back to this Server as its reconnect policy says.
    #[default]
    Stay,
    /// It reports where to and does not come back. Whoever drives it may open the other Server, with [`ClientConfig::without_secrets`].
    Leave,
}

/// How a client proves who it is through AUTH (5.0 §4.12).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Credentials {
    /// SCRAM-SHA-256 (RFC 5802, RFC 7677). The Server proves itself too.
    ScramSha256 {
        /// The user.
        user: ByteString,
        /// The password; it is never sent.
        password: Password,
    },
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
