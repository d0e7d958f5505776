//! A Client: connects, subscribes, publishes, keeps its Session State, reconnects.
//!
//! A state machine without a clock or a socket: `handle_*` takes `now` and input; afterwards the caller drains [`Client::poll_output`] until `None`, and
//! calls [`Client::handle_timeout`] when [`Client::poll_timeout`] says so. A mistake of the Server is never an `Err`: it becomes an event and the right DISCONNECT or
//! close. `Err` is for the caller's misuse.

mod config;

use bytes::Bytes;

pub use config::{ClientConfig, ReconnectPolicy};

use crate::packet::{DecodeError, PacketId, ProtocolVersion, Publish, QoS, ReasonCode, Subscription, TopicFilter, TopicName};
use crate::rng::RngStream;
use crate::session::Transmit;
use crate::text::Message;
use crate::time::Instant;

/// What a client wants done, and what happened to it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// To do on the Network Connection.
    Transmit(Transmit),
    /// Something happened.
    Event(ClientEvent),
}

/// Names one publish of the application, from its call to the end of its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct PublishToken(pub u64);

/// Connection state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientState {
    /// No Network Connection and none wanted.
    Idle,
    /// The Network Connection is being opened.
    Opening,
    /// CONNECT is sent, CONNACK not yet received.
    Connecting,
    /// CONNACK with Success is received.
    Connected,
    /// DISCONNECT is sent; the connection is closing.
    Disconnecting,
    /// Waiting to reconnect.
    Waiting {
        /// When the next attempt starts.
        until: Instant,
    },
}

/// Why a connection of a client ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisconnectCause {
    /// The application asked for it.
    Requested,
    /// The Network Connection broke or was closed by the Server without DISCONNECT.
    NetworkClosed,
    /// The Server sent DISCONNECT (5.0).
    ServerDisconnected(ReasonCode),
    /// The Server refused CONNECT.
    Refused(ReasonCode),
    /// No CONNACK or no network connection within the time-out.
    ConnectTimeout,
    /// No PINGRESP in time.
    KeepAliveTimeout,
    /// The Server broke the protocol; the client has sent this DISCONNECT Reason Code (5.0) or just closed (3.1.1).
    ServerMisbehaved {
        /// What the client answered.
        reason_code: ReasonCode,
        /// The clause that was broken.
        clause: &'static str,
        /// In words.
        message: Message,
    },
}

/// What happened to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// A whole packet was taken from the stream, before it is handled.
    PacketReceived {
        /// Its bytes.
        frame: Bytes,
    },
    /// Bytes that are no legal packet.
    MalformedReceived {
        /// What is wrong.
        error: DecodeError,
        /// The packet as far as known.
        bytes: Bytes,
    },
    /// The state changed.
    StateChanged(ClientState),
    /// CONNACK with Success.
    Connected {
        /// Session Present.
        session_present: bool,
        /// Keep Alive in force, in seconds (Server Keep Alive counts).
        keep_alive: u16,
    },
    /// The connection ended.
    Disconnected(DisconnectCause),
    /// The next attempt is planned.
    ReconnectScheduled {
        /// When.
        at: Instant,
        /// 1 for the first attempt after a loss.
        attempt: u32,
    },
    /// A publish waits: offline, or Receive Maximum is used up.
    PublishQueued {
        /// Which.
        token: PublishToken,
    },
    /// A publish could not be kept: the queue is full, or QoS 0 while offline.
    PublishDropped {
        /// Which.
        token: PublishToken,
        /// Why.
        message: Message,
    },
    /// A PUBLISH was handed to the network for the first time.
    PublishSent {
        /// Which.
        token: PublishToken,
        /// Its identifier at QoS 1 and 2.
        packet_id: Option<PacketId>,
    },
    /// The handshake of a QoS 1 or 2 publish is complete.
    PublishCompleted {
        /// Which.
        token: PublishToken,
        /// Its identifier.
        packet_id: PacketId,
        /// From PUBACK, PUBREC or PUBCOMP.
        reason_code: ReasonCode,
    },
    /// An unacknowledged packet is sent again after reconnection.
    PacketResent {
        /// Its identifier.
        packet_id: PacketId,
    },
    /// A message for the application. At QoS 2 exactly once.
    MessageReceived {
        /// The packet, with the topic name filled in.
        publish: Publish,
        /// QoS 2 duplicates are never reported; at QoS 1 a repeated delivery is, with this flag from the packet.
        dup: bool,
    },
    /// A QoS 2 PUBLISH came again and was not given to the application.
    DuplicateSuppressed {
        /// Its identifier.
        packet_id: PacketId,
    },
    /// SUBACK.
    Subscribed {
        /// Filter and the Reason Code for it, in order.
        results: Vec<(TopicFilter, ReasonCode)>,
    },
    /// UNSUBACK.
    Unsubscribed {
        /// Filter and the Reason Code for it, in order (Success in 3.1.1).
        results: Vec<(TopicFilter, ReasonCode)>,
    },
}

/// A call that makes no sense. The caller's mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The call needs a connection.
    #[error("the client is not connected: connect first")]
    NotConnected,
    /// The client is connected or connecting already.
    #[error("the client is connected or connecting already: disconnect first")]
    AlreadyConnected,
    /// The packet would have no legal form.
    #[error("the packet would be illegal: {0}")]
    Encode(#[from] crate::packet::EncodeError),
    /// The Server does not offer this.
    #[error("the server does not allow it: {0}")]
    NotAllowedByServer(&'static str),
    /// All 65 535 packet identifiers are in use.
    #[error("all packet identifiers are in use: wait for acknowledgements")]
    NoPacketIdFree,
}

/// What an application publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishRequest {
    /// Topic Name.
    pub topic: TopicName,
    /// Payload.
    pub payload: Bytes,
    /// QoS.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
    /// Properties (5.0).
    pub properties: crate::packet::PublishProperties,
}

/// A Client.
#[derive(Clone, Debug)]
pub struct Client {
    config: ClientConfig,
}

impl Client {
    /// A client that is idle. `rng` serves jitter of the reconnect delay.
    #[must_use]
    pub fn new(config: ClientConfig, rng: RngStream) -> Self {
        let _ = rng;
        Self { config }
    }

    /// How it is set up.
    #[must_use]
    pub const fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Protocol Version.
    #[must_use]
    pub const fn version(&self) -> ProtocolVersion {
        self.config.version
    }

    /// The connection state.
    #[must_use]
    pub fn state(&self) -> ClientState {
        todo!()
    }

    /// Starts to connect (asks for a Network Connection). Subscriptions of the configuration follow after CONNACK.
    ///
    /// # Errors
    /// [`ClientError::AlreadyConnected`].
    pub fn handle_connect(&mut self, now: Instant) -> Result<(), ClientError> {
        let _ = now;
        todo!()
    }

    /// Publishes, now or as soon as the connection and Receive Maximum allow.
    ///
    /// # Errors
    /// The packet would be illegal, or the Server has ruled it out in CONNACK.
    pub fn handle_publish(&mut self, now: Instant, request: PublishRequest) -> Result<PublishToken, ClientError> {
        let _ = (now, request);
        todo!()
    }

    /// Subscribes. The filters are also remembered for resubscription.
    ///
    /// # Errors
    /// Not connected, or an illegal packet.
    pub fn handle_subscribe(&mut self, now: Instant, subscriptions: Vec<Subscription>) -> Result<PacketId, ClientError> {
        let _ = (now, subscriptions);
        todo!()
    }

    /// Unsubscribes.
    ///
    /// # Errors
    /// Not connected, or an illegal packet.
    pub fn handle_unsubscribe(&mut self, now: Instant, filters: Vec<TopicFilter>) -> Result<PacketId, ClientError> {
        let _ = (now, filters);
        todo!()
    }

    /// Sends DISCONNECT and closes; no reconnection follows.
    ///
    /// # Errors
    /// Not connected, or a Reason Code that DISCONNECT from a Client must not have.
    pub fn handle_disconnect(&mut self, now: Instant, reason_code: ReasonCode) -> Result<(), ClientError> {
        let _ = (now, reason_code);
        todo!()
    }

    /// The device loses power: volatile state is gone without a packet. What survives is what the configuration calls persistent (the session, if
    /// [`ClientConfig::persistent_session`]).
    pub fn handle_power_cut(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// The Network Connection is open: CONNECT goes out.
    pub fn handle_transport_opened(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// Bytes came in.
    pub fn handle_bytes(&mut self, now: Instant, bytes: Bytes) {
        let _ = (now, bytes);
        todo!()
    }

    /// The Network Connection is closed, or could not be opened.
    pub fn handle_transport_closed(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// Timers that are due at `now` fire.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// When [`Client::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        todo!()
    }
}
