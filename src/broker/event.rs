//! What the broker gives out: transmissions and events, in the order of their causes.

use bytes::Bytes;
use bytestring::ByteString;
use serde::Serialize;

use crate::packet::{ClientId, DecodeError, PacketId, Payload, ProtocolVersion, QoS, ReasonCode, Subscription, TopicFilter, TopicName};
use crate::session::{ConnectionId, Transmit};
use crate::text::Message;
use crate::time::Instant;

/// What the broker wants done, and what it decided, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// To do on a Network Connection.
    Transmit(ConnectionId, Transmit),
    /// Something happened.
    Event(BrokerEvent),
}

/// Names one Application Message that the broker accepted, unique within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct MessageId(pub u64);

/// Why a connection ended, as the broker sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EndCause {
    /// DISCONNECT with this Reason Code.
    ClientDisconnected(ReasonCode),
    /// The Network Connection closed without DISCONNECT.
    NetworkClosed,
    /// Nothing came for one and a half times the Keep Alive [MQTT-3.1.2-22].
    KeepAliveTimeout,
    /// Another connection came with the same Client Identifier [MQTT-3.1.4-3].
    TakenOver,
    /// No CONNECT came in time.
    ConnectTimeout,
    /// The Client broke the protocol.
    ClientMisbehaved {
        /// The Reason Code of the clause.
        reason_code: ReasonCode,
        /// The clause.
        clause: &'static str,
        /// In words.
        message: Message,
    },
    /// CONNECT was refused.
    Refused {
        /// As in CONNACK, if there was one.
        reason_code: ReasonCode,
        /// In words.
        message: Message,
    },
    /// The Client may not be connected any more: its rights were revoked, or it failed to authenticate again.
    NotAuthorized {
        /// In words.
        message: Message,
    },
    /// Somebody who administers the broker ended it.
    Kicked,
    /// The Client is to use another Server.
    Redirected,
    /// The broker shuts down in order.
    ServerShutDown,
    /// The broker died.
    ServerCrashed,
}

/// What somebody was not allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeniedAccess {
    /// To publish.
    Publish,
    /// To have its will published.
    Will,
    /// To subscribe, or to stay subscribed.
    Subscribe,
    /// To end a subscription.
    Unsubscribe,
    /// To be sent a message.
    Receive,
    /// To be sent a retained message whose publisher may not publish there any more.
    Retained,
}

/// What decided it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// A rule that denies.
    Rule {
        /// Its line in the access control list, from 1; 0 if it stands in none.
        line: u32,
        /// The line itself.
        text: ByteString,
    },
    /// No rule allows it.
    NoRule,
    /// There is no such user, or anonymous Clients are not accepted.
    UnknownUser,
}

/// Where one message went, for one subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Routing {
    /// Sent now.
    Sent {
        /// QoS of this delivery: the lower of published and granted [MQTT-3.8.4-8].
        qos: QoS,
        /// At QoS 1 and 2.
        packet_id: Option<PacketId>,
    },
    /// Kept for later: the subscriber is offline.
    QueuedOffline,
    /// Kept for later: Receive Maximum is used up.
    QueuedReceiveMaximum,
    /// Kept for later: the subscriber does not read what was sent to it before.
    QueuedSlowReader,
    /// Not kept.
    Dropped(DropReason),
}

/// Why a message was not delivered to a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// QoS 0 for an offline session (the broker's policy, the protocol leaves it open).
    QosZeroOffline,
    /// The queue of the session is full.
    QueueFull,
    /// No Local: the subscriber published it itself [MQTT-3.8.3-3].
    NoLocal,
    /// Message Expiry Interval has passed [MQTT-3.3.2-5].
    Expired,
    /// Larger than the subscriber's Maximum Packet Size [MQTT-3.1.2-25].
    PacketTooLarge,
    /// The session ended before delivery.
    SessionEnded,
    /// QoS 0, and the Client does not read what was sent to it before.
    SlowReader,
    /// The broker keeps as many bytes of messages as it may.
    PayloadsFull,
    /// The subscriber may not read it, or not any more; the event before says what decided it.
    NotAuthorized,
    /// The session ended, unsubscribed or lost the right, and another member of the group with the Shared Subscription gets it (5.0 §4.8.2).
    MovedToAnotherMember,
}

/// What the broker did or decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BrokerEvent {
    /// A whole packet was taken from the stream, before it is handled.
    PacketReceived {
        /// On this connection.
        connection: ConnectionId,
        /// Its bytes.
        frame: Bytes,
    },
    /// Bytes that are no legal packet.
    MalformedReceived {
        /// On this connection.
        connection: ConnectionId,
        /// What is wrong.
        error: Box<DecodeError>,
        /// The packet as far as known.
        bytes: Bytes,
    },
    /// A Client is connected.
    ClientConnected {
        /// Its connection.
        connection: ConnectionId,
        /// Its identifier, assigned or its own.
        client_id: ClientId,
        /// Its version.
        version: ProtocolVersion,
        /// Whether a session was resumed.
        session_present: bool,
        /// Keep Alive in force, in seconds.
        keep_alive: u16,
    },
    /// A connection ended.
    ConnectionEnded {
        /// Which.
        connection: ConnectionId,
        /// Whose, if CONNECT was accepted.
        client_id: Option<ClientId>,
        /// Why.
        cause: EndCause,
    },
    /// Session State was discarded.
    SessionEnded {
        /// Whose.
        client_id: ClientId,
        /// Whether Session Expiry ended it (else Clean Start or Clean Session did).
        expired: bool,
    },
    /// A subscription was made or replaced.
    Subscribed {
        /// Whose.
        client_id: ClientId,
        /// What was asked.
        subscription: Subscription,
        /// What was granted, or why not.
        reason_code: ReasonCode,
    },
    /// A subscription was removed.
    Unsubscribed {
        /// Whose.
        client_id: ClientId,
        /// Which.
        filter: TopicFilter,
        /// Success or No subscription existed.
        reason_code: ReasonCode,
    },
    /// The broker took responsibility for a message.
    MessageAccepted {
        /// Its name in this run.
        message: MessageId,
        /// The publisher; `None` for the broker's own.
        publisher: Option<ClientId>,
        /// Topic Name.
        topic: TopicName,
        /// Published QoS.
        qos: QoS,
        /// RETAIN.
        retain: bool,
        /// Payload.
        payload: Payload,
    },
    /// Of a group with a Shared Subscription this member was chosen to get a message, so that the others do not; `MessageRouted` follows and says what it gets
    /// (5.0 §4.8.2).
    SharedMemberChosen {
        /// Which message.
        message: MessageId,
        /// The group: `$share/ShareName/filter`.
        filter: TopicFilter,
        /// Who was chosen.
        client_id: ClientId,
        /// How many members the group has.
        members: usize,
        /// How many had their turn earlier and could not take it as soon: offline, Receive Maximum used up, or Maximum Packet Size too small.
        passed_over: usize,
    },
    /// What one matching subscriber gets of it.
    MessageRouted {
        /// Which message.
        message: MessageId,
        /// To whom.
        client_id: ClientId,
        /// The filter that matched.
        filter: TopicFilter,
        /// What was done.
        routing: Routing,
    },
    /// A queued or unacknowledged message was sent (again).
    MessageSent {
        /// Which message.
        message: MessageId,
        /// To whom.
        client_id: ClientId,
        /// At QoS 1 and 2.
        packet_id: Option<PacketId>,
        /// Whether it had been sent before.
        dup: bool,
    },
    /// The exchange with the subscriber is over: it has the message, or its Reason Code of 0x80 or above says that it refused it [MQTT-4.4.0-2].
    DeliveryCompleted {
        /// Which message.
        message: MessageId,
        /// By whom.
        client_id: ClientId,
        /// Its identifier.
        packet_id: PacketId,
        /// From PUBACK, PUBREC or PUBCOMP.
        reason_code: ReasonCode,
    },
    /// A message that was kept for a subscriber is gone.
    MessageDropped {
        /// Which message.
        message: MessageId,
        /// For whom.
        client_id: ClientId,
        /// Why.
        reason: DropReason,
    },
    /// A QoS 2 PUBLISH came again and was not accepted twice [MQTT-4.3.3-10].
    DuplicateSuppressed {
        /// From whom.
        client_id: ClientId,
        /// Its identifier.
        packet_id: PacketId,
    },
    /// A retained message was stored or replaced.
    RetainedStored {
        /// Topic Name.
        topic: TopicName,
        /// The message.
        message: MessageId,
    },
    /// A retained message was removed by an empty payload [MQTT-3.3.1-6] or by expiry.
    RetainedCleared {
        /// Topic Name.
        topic: TopicName,
    },
    /// The Will will be published at this time unless the session is resumed (Will Delay).
    WillScheduled {
        /// Whose.
        client_id: ClientId,
        /// When.
        at: Instant,
    },
    /// The Will was discarded: DISCONNECT with 0x00 [MQTT-3.14.4-3], or resumed in time [MQTT-3.1.3-9].
    WillDiscarded {
        /// Whose.
        client_id: ClientId,
        /// Whether the session was resumed within Will Delay.
        resumed: bool,
    },
    /// The Will is published; `MessageAccepted` follows with the same message.
    WillPublished {
        /// Whose.
        client_id: ClientId,
        /// As which message.
        message: MessageId,
    },
    /// Somebody was not allowed to do something.
    AccessDenied {
        /// Who.
        client_id: ClientId,
        /// As which user; `None` is anonymous.
        user_name: Option<ByteString>,
        /// What.
        access: DeniedAccess,
        /// Where: a Topic Name or a Topic Filter.
        topic: ByteString,
        /// Why.
        decided_by: Box<DecidedBy>,
    },
    /// Other users, passwords or rights are in force.
    AccessChanged,
    /// A limit was reached.
    LimitReached {
        /// Which, and what follows.
        message: Message,
    },
}
