//! Session State on the Server (5.0 §4.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use bytestring::ByteString;

use super::message::{ApplicationMessage, Kept};
use super::queue::MessageQueue;
use crate::packet::{ClientId, ProtocolVersion, SubscriptionOptions, TopicFilter, WillMessage};
use crate::session::{Awaiting, ConnectionId, Inbound, InboundAliases, Outbound, OutboundAliases};
use crate::time::Duration;

/// Everything that the broker keeps for one Client Identifier.
#[derive(Clone, Debug, Hash)]
pub(super) struct Session {
    pub(super) client_id: ClientId,
    /// The user of the last connection, by whose rights it is served; `None` is anonymous.
    pub(super) user_name: Option<ByteString>,
    /// Of the last connection.
    pub(super) version: ProtocolVersion,
    pub(super) online: Option<Online>,
    pub(super) expiry: SessionExpiry,
    pub(super) subscriptions: BTreeMap<TopicFilter, Granted>,
    pub(super) outbound: Outbound<Kept>,
    pub(super) inbound: Inbound,
    pub(super) queue: MessageQueue,
    /// Of the living connection, as the next.
    pub(super) inbound_aliases: InboundAliases,
    pub(super) outbound_aliases: OutboundAliases,
    /// Present until it is published or discarded, also while Will Delay runs.
    pub(super) will: Option<Box<WillMessage>>,
}

/// The living connection of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Online {
    pub(super) connection: ConnectionId,
    /// Of the Client: larger packets are not sent [MQTT-3.1.2-24].
    pub(super) maximum_packet_size: usize,
    /// Request Problem Information: whether a Reason String may stand in more than CONNACK and DISCONNECT [MQTT-3.1.2-29].
    pub(super) wants_problem_information: bool,
}

/// A subscription as granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Granted {
    pub(super) options: SubscriptionOptions,
    pub(super) identifier: Option<u32>,
}

/// Session Expiry Interval (5.0 §3.1.2.11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SessionExpiry(pub(super) u32);

impl SessionExpiry {
    /// The session ends with its connection.
    pub(super) const AT_CLOSE: Self = Self(0);

    /// How long after the close; `None` if never.
    pub(super) fn delay(self) -> Option<Duration> {
        (self.0 != u32::MAX).then(|| Duration::from_secs(u64::from(self.0)))
    }
}

impl Session {
    /// Every message that is queued or in flight.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Arc<ApplicationMessage>> {
        self.outbound.iter().map(|flight| &flight.tag.message).chain(self.queue.iter().map(|delivery| &delivery.message))
    }

    /// What has not reached the Client, at the end of the session: in flight and then queued, each in order. Another member of a group may get what was never sent, and
    /// what was sent at QoS 1; a QoS 2 message that was sent stays with its member [MQTT-4.8.2-5].
    pub(super) fn take_undelivered(&mut self) -> Vec<Kept> {
        // A message whose PUBREC has come has reached the subscriber.
        let unfinished = self.outbound.iter().filter(|flight| flight.awaiting != Awaiting::Pubcomp);
        let sent = unfinished.map(|flight| flight.tag.sent_at(flight.qos));
        let mut undelivered: Vec<Kept> = sent.collect();
        undelivered.extend(self.queue.drain().into_iter().map(|delivery| Kept { message: delivery.message, share: delivery.share }));
        self.outbound.discard();
        undelivered
    }

    /// Topic Aliases begin and end with a connection [MQTT-3.3.2-7]: the most that each side may set on this one, 0 without connection and in 3.1.1.
    pub(super) fn start_aliases(&mut self, inbound_maximum: u16, outbound_maximum: u16) {
        self.inbound_aliases.connection_started(inbound_maximum);
        self.outbound_aliases.connection_started(outbound_maximum);
    }

    pub(super) const fn new(client_id: ClientId, version: ProtocolVersion) -> Self {
        Self {
            client_id,
            user_name: None,
            version,
            online: None,
            expiry: SessionExpiry::AT_CLOSE,
            subscriptions: BTreeMap::new(),
            outbound: Outbound::new(),
            inbound: Inbound::new(),
            queue: MessageQueue::new(),
            inbound_aliases: InboundAliases::new(),
            outbound_aliases: OutboundAliases::new(),
            will: None,
        }
    }
}
