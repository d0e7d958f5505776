//! A look at the session of a client, for the inspector.

use crate::client::{Client, ClientState, KnownSubscription, PublishToken, Timer};
use crate::packet::{PacketId, QoS, TopicName};
use crate::session::InFlight;
use crate::time::Instant;

/// What a client knows of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView<'a> {
    /// Whether there is Session State at all.
    pub exists: bool,
    /// QoS 1 and 2 messages sent and not completely acknowledged, in the order of first sending.
    pub outgoing: Vec<InFlight<'a, PublishToken>>,
    /// Identifiers of received QoS 2 messages whose PUBREL has not come, upwards.
    pub incoming: Vec<PacketId>,
    /// Identifiers of received messages that the application is not done with, in the order in which they came.
    pub unacknowledged: Vec<PacketId>,
    /// Publishes that wait, first in first.
    pub queued: Vec<QueuedPublish<'a>>,
    /// Subscriptions that the program wants.
    pub subscriptions: &'a [KnownSubscription],
    /// PUBLISHes at QoS 1 and 2 that may still be sent before one is acknowledged; 0 without a connection.
    pub send_quota: u16,
    /// How many that were at the start of the connection: the Server's Receive Maximum; 0 without one.
    pub send_maximum: u16,
    /// Topic Aliases that the Client has set: by itself by topic, else upwards.
    pub aliases_to_server: Vec<(u16, &'a TopicName)>,
    /// Topic Aliases that the Server has set, upwards.
    pub aliases_from_server: Vec<(u16, &'a TopicName)>,
    /// PUBLISHes at QoS 1 and 2 that may still come before one is acknowledged; 0 without a connection.
    pub receive_quota: u16,
    /// When the next PINGREQ is due, if nothing else is sent before.
    pub next_pingreq: Option<Instant>,
    /// Until when PINGRESP has to come, if PINGREQ is sent.
    pub pingresp_until: Option<Instant>,
}

/// A publish that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedPublish<'a> {
    /// Which.
    pub token: PublishToken,
    /// Its Topic Name.
    pub topic: &'a TopicName,
    /// Its QoS.
    pub qos: QoS,
}

impl Client {
    /// What the client knows of its session now.
    #[must_use]
    pub fn session(&self) -> SessionView<'_> {
        let is_connected = self.state == ClientState::Connected;
        SessionView {
            exists: self.has_session,
            outgoing: self.outbound.iter().collect(),
            incoming: self.inbound.unreleased().collect(),
            unacknowledged: self.unfinished.iter().collect(),
            queued: self
                .queue
                .iter()
                .map(|queued| QueuedPublish { token: queued.token, topic: &queued.publish.topic, qos: queued.publish.qos })
                .collect(),
            subscriptions: &self.subscriptions,
            send_quota: self.outbound.send_quota(),
            send_maximum: self.outbound.receive_maximum(),
            aliases_to_server: if is_connected {
                let given = self.connection.aliases.iter().map(|(&alias, topic)| (alias, topic));
                given.chain(self.connection.automatic_aliases.iter()).collect()
            } else {
                Vec::new()
            },
            aliases_from_server: if is_connected { self.connection.inbound_aliases.iter().collect() } else { Vec::new() },
            receive_quota: if is_connected { self.inbound.receive_quota() } else { 0 },
            next_pingreq: self.timers.deadline(&Timer::Pingreq),
            pingresp_until: self.timers.deadline(&Timer::Pingresp),
        }
    }
}
