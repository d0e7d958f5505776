//! A look at the state, for inspectors and tests.

use super::{Broker, Timer};
use crate::packet::{ClientId, PacketId, ProtocolVersion, QoS, SubscriptionOptions, TopicFilter, TopicName, WillMessage};
use crate::session::{Awaiting, ConnectionId};
use crate::time::Instant;

use super::event::MessageId;

/// One session, connected or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary<'a> {
    /// Whose.
    pub client_id: &'a ClientId,
    /// Of the last connection.
    pub version: ProtocolVersion,
    /// As which user it connected last; `None` is anonymous.
    pub user_name: Option<&'a str>,
    /// The living connection.
    pub connection: Option<ConnectionId>,
    /// Session Expiry Interval in seconds: 0 ends with the connection, `u32::MAX` never.
    pub session_expiry_interval: u32,
    /// When Session Expiry ends it, while it has no connection.
    pub expires_at: Option<Instant>,
    /// By Topic Filter.
    pub subscriptions: Vec<SubscriptionSummary<'a>>,
    /// QoS 1 and 2 messages to the Client that are not completely acknowledged, in the order of first sending.
    pub in_flight: Vec<InFlightSummary<'a>>,
    /// How many more may be sent before one is acknowledged.
    pub send_quota: u16,
    /// How many that were at the start of the connection; 0 without one.
    pub receive_maximum: u16,
    /// Topic Aliases that the Client has set, upwards.
    pub aliases_from_client: Vec<(u16, &'a TopicName)>,
    /// Topic Aliases that the broker has set, by topic.
    pub aliases_to_client: Vec<(u16, &'a TopicName)>,
    /// Identifiers of QoS 2 messages from the Client that are not released.
    pub unreleased: Vec<PacketId>,
    /// Messages that wait.
    pub queued_messages: usize,
    /// Bytes of topics, payloads and properties that wait.
    pub queued_bytes: usize,
    /// The will.
    pub will: Option<WillSummary<'a>>,
}

/// One subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionSummary<'a> {
    /// Topic Filter.
    pub filter: &'a TopicFilter,
    /// As granted.
    pub options: SubscriptionOptions,
    /// Subscription Identifier.
    pub identifier: Option<u32>,
}

/// One message in flight to a Client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlightSummary<'a> {
    /// Which message.
    pub message: MessageId,
    /// Its identifier on the way to this Client.
    pub packet_id: PacketId,
    /// Topic Name.
    pub topic: &'a TopicName,
    /// QoS of this delivery.
    pub qos: QoS,
    /// What it waits for.
    pub awaiting: Awaiting,
}

/// The will of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WillSummary<'a> {
    /// As the Client gave it.
    pub will: &'a WillMessage,
    /// When it will be published, if the connection is lost already and Will Delay runs.
    pub scheduled_at: Option<Instant>,
}

/// One retained message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetainedSummary<'a> {
    /// Which message.
    pub message: MessageId,
    /// Topic Name.
    pub topic: &'a TopicName,
    /// Payload.
    pub payload: &'a crate::packet::Payload,
    /// As published.
    pub qos: QoS,
    /// When it expires.
    pub expires_at: Option<Instant>,
}

impl Broker {
    /// All sessions in order of their Client Identifiers.
    pub fn sessions(&self) -> impl Iterator<Item = SessionSummary<'_>> {
        self.by_client.keys().filter_map(|client_id| self.session(client_id))
    }

    /// The session of this Client.
    #[must_use]
    pub fn session(&self, client_id: &ClientId) -> Option<SessionSummary<'_>> {
        let key = self.session_key(client_id)?;
        let session = self.sessions.get(key.0)?;
        Some(SessionSummary {
            client_id: &session.client_id,
            version: session.version,
            user_name: session.user_name.as_deref(),
            connection: session.online.map(|online| online.connection),
            session_expiry_interval: session.expiry.0,
            expires_at: self.timers.deadline(&Timer::SessionEnd(key)),
            subscriptions: session
                .subscriptions
                .iter()
                .map(|(filter, granted)| SubscriptionSummary { filter, options: granted.options, identifier: granted.identifier })
                .collect(),
            in_flight: session
                .outbound
                .iter()
                .map(|flight| InFlightSummary {
                    message: flight.tag.message.id,
                    packet_id: flight.packet_id,
                    topic: flight.topic,
                    qos: flight.qos,
                    awaiting: flight.awaiting,
                })
                .collect(),
            send_quota: session.outbound.send_quota(),
            receive_maximum: session.outbound.receive_maximum(),
            aliases_from_client: session.inbound_aliases.iter().collect(),
            aliases_to_client: session.outbound_aliases.iter().collect(),
            unreleased: session.inbound.unreleased().collect(),
            queued_messages: session.queue.len(),
            queued_bytes: session.queue.bytes(),
            will: session.will.as_deref().map(|will| WillSummary { will, scheduled_at: self.timers.deadline(&Timer::Will(key)) }),
        })
    }

    /// All retained messages in order of their topics.
    pub fn retained(&self) -> impl Iterator<Item = RetainedSummary<'_>> {
        self.retained.iter().map(|message| RetainedSummary {
            message: message.id,
            topic: &message.topic,
            payload: &message.payload,
            qos: message.qos,
            expires_at: message.expires_at(),
        })
    }

    /// How many connections are open, those without CONNECT included.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.connections.len()
    }

    /// How many sessions there are, connected or not.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.by_client.len()
    }

    /// How many messages are retained, queued or in flight, each counted once.
    #[must_use]
    pub fn kept_messages(&self) -> usize {
        self.held.totals().0
    }

    /// How many retained messages there are.
    #[must_use]
    pub fn retained_count(&self) -> usize {
        self.retained.len()
    }
}
