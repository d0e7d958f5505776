//! What a client is asked, what it wants done, and what happens to it.

use bytes::Bytes;

use crate::packet::{DecodeError, EncodeError, PacketId, Publish, PublishProperties, QoS, ReasonCode, TopicFilter, TopicName};
use crate::session::Transmit;
use crate::text::Message;
use crate::time::Instant;

/// What a client wants done, and what happened to it, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
        /// From PUBACK, PUBREC or PUBCOMP. Packet Identifier not found in a PUBCOMP after resumption is no failure: the Server had
        /// completed the exchange before the connection broke (5.0 §3.7.2.1).
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
    Encode(#[from] EncodeError),
    /// The Server does not offer this.
    #[error("the server does not allow it: {0}")]
    NotAllowedByServer(&'static str),
    /// All 65 535 packet identifiers are in use.
    #[error("all packet identifiers are in use: wait for acknowledgements")]
    NoPacketIdFree,
}

/// What an application publishes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    pub properties: PublishProperties,
}
