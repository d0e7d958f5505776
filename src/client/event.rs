//! What a client is asked, what it wants done, and what happens to it.

use bytes::Bytes;
use bytestring::ByteString;

use crate::packet::{
    DecodeError, EncodeError, PacketId, Publish, PublishProperties, QoS, ReasonCode, Subscription, TopicFilter, TopicName, UserProperties,
};
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

/// Names one request of the application, from its call to its answer. It has the number of its publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct RequestToken(pub u64);

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
        message: Box<Message>,
    },
    /// Authentication that the client had begun again did not come to an end within the time-out; DISCONNECT 0x80 was sent (5.0 §4.12.1).
    AuthenticationTimeout,
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
        error: Box<DecodeError>,
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
    /// A publish could not be kept: the queue is full, QoS 0 while offline, or its Message Expiry Interval passed while it waited.
    PublishDropped {
        /// Which.
        token: PublishToken,
        /// Why.
        message: Box<Message>,
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
    /// An unacknowledged packet is sent again on the living connection, because the retry interval has passed (3.1.1).
    PacketRetried {
        /// Its identifier.
        packet_id: PacketId,
    },
    /// A message for the application. At QoS 2 exactly once.
    MessageReceived {
        /// The packet, with the topic name filled in.
        publish: Box<Publish>,
        /// QoS 2 duplicates are never reported; at QoS 1 a repeated delivery is, with this flag from the packet.
        dup: bool,
    },
    /// A QoS 2 PUBLISH came again and was not given to the application.
    DuplicateSuppressed {
        /// Its identifier.
        packet_id: PacketId,
    },
    /// The connection ended before these messages were acknowledged. The Server sends them again when the session goes on.
    LeftUnacknowledged {
        /// Their identifiers, in the order in which they came.
        packet_ids: Vec<PacketId>,
    },
    /// The answer to a request; it follows the message itself ([`ClientEvent::MessageReceived`]).
    ResponseReceived {
        /// Which.
        token: RequestToken,
    },
    /// No answer came in time. What comes later is ignored.
    RequestTimedOut {
        /// Which.
        token: RequestToken,
    },
    /// A request can get no answer.
    RequestFailed {
        /// Which.
        token: RequestToken,
        /// Why.
        message: Box<Message>,
    },
    /// An answer came to the response topic that no request waits for; the application does not get it.
    ResponseIgnored {
        /// The packet, with the topic name filled in.
        publish: Box<Publish>,
        /// Whose time-out it missed, if it has the Correlation Data of one.
        token: Option<RequestToken>,
    },
    /// The exchange of AUTH packets came to a good end, and the Server has proved itself too.
    Authenticated {
        /// Authentication Method.
        method: ByteString,
        /// Whether it was a re-authentication.
        again: bool,
    },
    /// The Server says which other Server to use (5.0 §4.11).
    ServerReferred {
        /// Use another server or Server moved.
        reason_code: ReasonCode,
        /// Server Reference, as the Server wrote it.
        reference: ByteString,
        /// Whether the client comes back here all the same.
        stays: bool,
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
    /// 5.0 forbids to send again on a living connection.
    #[error("a retry interval is for 3.1.1 only [MQTT-4.4.0-1]")]
    RetryNotAllowed,
    /// No message with this Packet Identifier waits for its acknowledgement by the application.
    #[error("there is no such message to acknowledge")]
    NothingToAcknowledge,
    /// As many requests as the settings allow wait for their answer.
    #[error("{0} requests wait for their answer already")]
    TooManyRequests(usize),
    /// The Client Identifier makes no topic for answers, and the settings name none.
    #[error("there is no topic for answers: name one in the settings")]
    NoResponseTopic,
    /// The CONNECT of this connection had no Authentication Method, or an exchange is under way.
    #[error("there is nothing to authenticate again [MQTT-4.12.1-1]")]
    CannotReauthenticate,
    /// User or password of the settings can't be used with their method.
    #[error("the credentials can't be used with this method")]
    BadCredentials,
}

/// How an application ends a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DisconnectRequest {
    /// Disconnect Reason Code; Success in 3.1.1.
    pub reason_code: ReasonCode,
    /// A new Session Expiry Interval in seconds (5.0).
    pub session_expiry_interval: Option<u32>,
    /// Reason String (5.0); left out if the packet would be too large for the Server [MQTT-3.14.2-3].
    pub reason_string: Option<ByteString>,
    /// User Properties (5.0); left out if the packet would be too large for the Server [MQTT-3.14.2-4].
    pub user_properties: UserProperties,
}

impl From<ReasonCode> for DisconnectRequest {
    fn from(reason_code: ReasonCode) -> Self {
        Self { reason_code, session_expiry_interval: None, reason_string: None, user_properties: UserProperties::default() }
    }
}

/// What an application subscribes to in one SUBSCRIBE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SubscribeRequest {
    /// Topic Filters with their options, in order.
    pub subscriptions: Vec<Subscription>,
    /// Subscription Identifier of them all, 1 to 268 435 455 (5.0).
    pub identifier: Option<u32>,
    /// User Properties (5.0).
    pub user_properties: UserProperties,
}

impl From<Vec<Subscription>> for SubscribeRequest {
    fn from(subscriptions: Vec<Subscription>) -> Self {
        Self { subscriptions, ..Self::default() }
    }
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
