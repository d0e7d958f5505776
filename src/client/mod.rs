//! A Client: connects, subscribes, publishes, keeps its Session State, reconnects.
//!
//! A state machine without a clock or a socket: `handle_*` takes `now` and input; afterwards the caller drains [`Client::poll_output`] until `None`, and
//! calls [`Client::handle_timeout`] when [`Client::poll_timeout`] says so. A mistake of the Server is never an `Err`: it becomes an event and the right DISCONNECT or
//! close. `Err` is for the caller's misuse.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

mod acknowledging;
mod authentication;
mod config;
mod connect;
mod connection;
mod ending;
mod event;
mod incoming;
mod keep_alive;
mod misbehaviour;
mod outgoing;
mod reconnect;
mod requests;
mod retry;
mod session_view;
mod subscribing;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use config::{Acknowledges, ClientConfig, Credentials, OnServerReference, Overflow, ReconnectPolicy, WantedSubscription};
pub use event::{
    ClientError, ClientEvent, ClientState, DisconnectCause, DisconnectRequest, Output, PublishRequest, PublishToken, RequestToken,
    SubscribeRequest,
};
pub use requests::RequestMessage;
pub use session_view::{QueuedPublish, SessionView};
pub use subscribing::{KnownSubscription, SubscriptionStatus};

use crate::packet::{ClientId, Packet, ProtocolVersion};
use crate::rng::RngStream;
use crate::session::{Inbound, Outbound, Transmit};
use crate::time::{Instant, TimerTable};
use acknowledging::Unfinished;
use connection::Connection;
use outgoing::Queued;
use requests::Requests;
use retry::Retries;

/// A Client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Never changes; shared between the copies of a client that snapshots keep.
    config: Arc<ClientConfig>,
    rng: RngStream,
    state: ClientState,
    timers: TimerTable<Timer>,

    // Session State (5.0 §4.1).
    outbound: Outbound<PublishToken>,
    inbound: Inbound,
    /// Received messages that the application is not done with.
    unfinished: Unfinished,
    /// Whether the Client has Session State, empty or not: since the first CONNACK with Success, until the session ends.
    has_session: bool,
    /// From the Server, when it was asked to assign one [MQTT-3.2.2-16].
    assigned_client_id: Option<ClientId>,
    /// The next CONNECT starts a new session whatever the settings say: the Server had a session that this Client knows nothing of [MQTT-3.2.2-4].
    starts_anew: bool,

    // What the program knows.
    queue: VecDeque<Queued>,
    subscriptions: Vec<KnownSubscription>,
    next_token: u64,
    /// `None` until there is a first request.
    requests: Option<Box<Requests>>,

    // This connection and the next.
    connection: Connection,
    /// What is to be sent again on the living connection (3.1.1).
    retries: Option<Box<Retries>>,
    /// Attempts since the last CONNACK with Success.
    attempt: u32,
    /// Whether a reconnection is planned once the connection that is closing is closed.
    reconnects_after_close: bool,
    output: VecDeque<Output>,
}

/// Timers, in the order in which they fire at one instant: a missing PINGRESP is noticed before the next PINGREQ goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Timer {
    /// No Network Connection or no CONNACK in time.
    Connect,
    /// No PINGRESP in time.
    Pingresp,
    /// Authentication that was begun again has no end.
    Authenticate,
    /// The orderly close does not come to an end.
    Close,
    /// PINGREQ is due.
    Pingreq,
    /// The next attempt to connect is due.
    Reconnect,
    /// No acknowledgement came within the retry interval.
    Retry,
    /// The application is done with a message.
    Work,
    /// A request has waited long enough for its answer.
    Request,
    /// A publish in the queue expires.
    QueueExpiry,
}

impl Timer {
    /// Those that end with the connection.
    const OF_CONNECTION: [Self; 7] =
        [Self::Connect, Self::Pingresp, Self::Authenticate, Self::Close, Self::Pingreq, Self::Reconnect, Self::Retry];
}

impl Client {
    /// A client that is idle. `rng` serves jitter of the reconnect delay.
    #[must_use]
    pub fn new(config: ClientConfig, rng: RngStream) -> Self {
        Self {
            subscriptions: config.subscriptions.iter().cloned().map(KnownSubscription::new).collect(),
            connection: Connection::new(&config),
            config: Arc::new(config),
            rng,
            state: ClientState::Idle,
            timers: TimerTable::new(),
            outbound: Outbound::new(),
            inbound: Inbound::new(),
            unfinished: Unfinished::new(),
            has_session: false,
            assigned_client_id: None,
            starts_anew: false,
            queue: VecDeque::new(),
            next_token: 0,
            requests: None,
            retries: None,
            attempt: 0,
            reconnects_after_close: false,
            output: VecDeque::new(),
        }
    }

    /// How it is set up.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Protocol Version.
    #[must_use]
    pub fn version(&self) -> ProtocolVersion {
        self.config.version
    }

    /// The connection state.
    #[must_use]
    pub const fn state(&self) -> ClientState {
        self.state
    }

    /// The Client Identifier: its own, or the one that the Server assigned.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        self.assigned_client_id.as_ref().unwrap_or(&self.config.client_id)
    }

    /// Timers that are due at `now` fire.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Connect => self.give_up(now, DisconnectCause::ConnectTimeout),
                Timer::Pingresp => self.give_up(now, DisconnectCause::KeepAliveTimeout),
                Timer::Authenticate => self.authentication_timed_out(now),
                Timer::Close => {
                    self.transmit(Transmit::Abort);
                    self.closed(now);
                }
                Timer::Pingreq => self.ping(now),
                Timer::Reconnect => self.open(now),
                Timer::Retry => self.retry(now),
                Timer::Work => self.work_done(now),
                Timer::Request => self.requests_due(now),
                Timer::QueueExpiry => self.expire_queued(now),
            }
        }
    }

    /// When [`Client::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        let next = self.output.pop_front();
        if next.is_none() {
            // Most of their time clients are idle, and there may be many.
            self.output = VecDeque::new();
        }
        next
    }

    fn emit(&mut self, event: ClientEvent) {
        self.output.push_back(Output::Event(event));
    }

    fn transmit(&mut self, transmit: Transmit) {
        self.output.push_back(Output::Transmit(transmit));
    }

    fn enter(&mut self, state: ClientState) {
        if self.state != state {
            self.state = state;
            self.emit(ClientEvent::StateChanged(state));
        }
    }

    /// Sends a packet on the open connection, and puts off the next PINGREQ [MQTT-3.1.2-20].
    fn send(&mut self, now: Instant, packet: &Packet) {
        // What the application asked for was encoded once before it was accepted; what the client answers by itself has a form in both versions.
        let Ok(bytes) = packet.to_bytes(self.config.version) else { return };
        if !self.connection.server.takes(&bytes) {
            // PUBLISH, SUBSCRIBE and UNSUBSCRIBE are measured before. A Server that takes no PUBACK or PINGREQ can't be talked to [MQTT-3.2.2-15].
            let maximum = self.connection.server.maximum_packet_size;
            return self.misbehaved(now, misbehaviour::maximum_packet_size_unusable(maximum, packet.packet_type()));
        }
        self.transmit(Transmit::Packet { packet_type: packet.packet_type(), bytes });
        self.packet_sent(now);
    }
}

/// Everything but the output, which the caller has drained whenever time passes.
impl Hash for Client {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // Named one by one, so that a new field can't be forgotten.
        let Self {
            config,
            rng,
            state,
            timers,
            outbound,
            inbound,
            unfinished,
            has_session,
            assigned_client_id,
            starts_anew,
            queue,
            subscriptions,
            next_token,
            requests,
            connection,
            retries,
            attempt,
            reconnects_after_close,
            output: _,
        } = self;
        (config, rng, state, timers, outbound, inbound, unfinished, has_session, assigned_client_id, starts_anew).hash(hasher);
        (queue, subscriptions, next_token, requests, connection, retries, attempt, reconnects_after_close).hash(hasher);
    }
}
