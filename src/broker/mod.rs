//! The Server: connections, sessions, subscriptions, retained messages, wills.
//!
//! A state machine without a clock or a socket, with the same contract as the client: `handle_*`, then drain [`Broker::poll_output`] until `None`;
//! [`Broker::poll_timeout`] tells when [`Broker::handle_timeout`] is due. What a Client does wrong is never an `Err`: it becomes an event and the DISCONNECT or close that
//! the clause asks for, and all others are served on.
//!
//! Where the specification leaves a choice, this broker
//! - sends one copy of a message to each session, at the highest QoS of all its matching subscriptions and with all their Subscription Identifiers
//!   (5.0 §3.3.4); RETAIN is kept if any of them asks for Retain As Published;
//! - starts onward delivery of a QoS 2 message when PUBLISH arrives, and keeps its Packet Identifier until PUBREL (5.0 §4.3.3);
//! - sends SUBACK before the retained messages of a new subscription;
//! - drops a QoS 0 message for a Client that does not read what it was sent before, as Mosquitto does; those at QoS 1 and 2 wait in its session;
//! - ends a session with Session Expiry Interval 0 before it publishes the will of that session;
//! - gives each message for a Shared Subscription to its members in turn, passing over those that cannot take it now; if none can, it waits with one of them, online before
//!   offline. When a session ends, or unsubscribes, others get what was not sent, and at its end what was sent at QoS 1 without PUBACK;
//! - serves Shared Subscriptions to Clients of 3.1.1 too, as other brokers do: to them `$share/…` would otherwise be a filter that matches nothing anyone meant;
//! - gives a Topic Alias to every topic that it sends to a Client that takes aliases, and the least recently used one again when all are given;
//! - ends a connection with 0x95 when SUBACK or UNSUBACK would be larger than the Client accepts, and does not subscribe or unsubscribe then;
//! - grants a subscription if some topic under it may be read, looks at each message again, and refuses it if there is none or a rule denies them all;
//! - acknowledges a PUBLISH that its 3.1.1 Client may not send, and drops it: only 5.0 has a Reason Code for it. A will is looked at when it is published;
//! - lets whoever is authenticated resume any session, and cuts the session to the rights of the new user;
//! - holds a 3.1.1 Client to the Keep Alive that it asked for: it cannot be told of another;
//! - answers a malformed CONNECT of 5.0 with CONNACK, of 3.1.1 with the close alone.

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

mod access;
mod acknowledge;
mod arena;
mod config;
mod connection;
mod connections;
mod delivery;
mod dynamic_security;
mod ending;
mod event;
mod handshake;
mod held;
mod inspect;
mod message;
mod mosquitto_conf;
mod profile;
mod publish;
mod queue;
mod rate_limit;
mod retained;
mod session_state;
mod shared;
mod subscribe;
mod subscription;
mod sys_topics;
#[cfg(test)]
mod tests;
mod topic_tree;
mod will;

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};

use bytes::Bytes;

pub use access::{
    ACL_RULES_MAX, AccessControl, Acl, AclAccess, AclRule, AclSubject, PASSWORD_ITERATIONS_MAX, PasswordHash, PasswordHashError, USERS_MAX,
    User, parse_password_file,
};
pub use config::{BrokerConfig, Redirect};
pub use dynamic_security::DynamicSecurity;
pub use event::{BrokerEvent, DecidedBy, DeniedAccess, DropReason, EndCause, MessageId, Output, Routing};
pub use inspect::{InFlightSummary, RetainedSummary, SessionSummary, SubscriptionSummary, WillSummary};
pub use mosquitto_conf::{ListenerConf, ListenerProtocol, MosquittoConf, MosquittoImport};
pub use profile::Profile;
pub use rate_limit::ConnectRate;
pub use shared::SharedGroupSummary;
pub use topic_tree::{FilterId, Match, Subscribed, TopicTree};

use access::Secrets;
use arena::Arena;
use connections::Connections;
use delivery::Scratch;
use held::HeldMessages;
use rate_limit::ConnectRates;
use retained::RetainedMessages;
use session_state::Session;
use shared::SharedSubscriptions;
use subscription::{SessionKey, SubscriptionTree};
use sys_topics::Statistics;

use crate::packet::{ClientId, TopicName};
use crate::rng::RngStream;
use crate::session::{ConnectionId, Transmit};
use crate::time::{Instant, TimerTable};

/// A Server.
#[derive(Clone, Debug)]
pub struct Broker {
    config: BrokerConfig,
    secrets: Secrets,
    connections: Connections,
    sessions: Arena<Session>,
    by_client: BTreeMap<ClientId, SessionKey>,
    subscriptions: SubscriptionTree,
    shared: SharedSubscriptions,
    retained: RetainedMessages,
    held: HeldMessages,
    statistics: Statistics,
    connect_rates: ConnectRates,
    timers: TimerTable<Timer>,
    next_message: u64,
    next_assigned: u64,
    outputs: VecDeque<Output>,
    quiet: bool,
    scratch: Scratch,
}

/// What a timer is for. Of those due at one instant the first variant fires first: a will comes before the end of its session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Timer {
    /// CONNECT, or the end of an exchange of AUTH packets, has not come.
    ConnectDeadline(ConnectionId),
    /// One and a half times the Keep Alive may have passed. It is set once and looks at the last packet when it fires, so that packets cost nothing.
    KeepAlive(ConnectionId),
    /// A queued message expires.
    QueueExpiry(SessionKey),
    /// A retained message expires.
    RetainedExpiry(TopicName),
    /// Will Delay Interval has passed.
    Will(SessionKey),
    /// Session Expiry Interval has passed.
    SessionEnd(SessionKey),
    /// `$SYS/broker/…` is due.
    SysTopics,
}

impl Broker {
    /// A broker without sessions. `rng` is for what Clients must not be able to guess: the nonces of enhanced authentication.
    #[must_use]
    pub fn new(config: BrokerConfig, rng: RngStream) -> Self {
        let mut broker = Self {
            config,
            secrets: Secrets::new(rng),
            connections: Connections::default(),
            sessions: Arena::default(),
            by_client: BTreeMap::new(),
            subscriptions: SubscriptionTree::default(),
            shared: SharedSubscriptions::default(),
            retained: RetainedMessages::default(),
            held: HeldMessages::default(),
            statistics: Statistics::default(),
            connect_rates: ConnectRates::new(),
            timers: TimerTable::new(),
            next_message: 1,
            next_assigned: 1,
            outputs: VecDeque::new(),
            quiet: false,
            scratch: Scratch::default(),
        };
        broker.start_statistics(Instant::ZERO);
        broker
    }

    /// How it is set up.
    #[must_use]
    pub const fn config(&self) -> &BrokerConfig {
        &self.config
    }

    /// Whether [`Broker::poll_output`] leaves out what happened, and tells only what is to be done: for drivers that record nothing, since events take more time than
    /// the messages themselves. All else is the same.
    pub const fn set_quiet(&mut self, quiet: bool) {
        self.quiet = quiet;
    }

    /// A Network Connection was opened. Beyond [`BrokerConfig::max_connections`] it is closed at once; otherwise the Client has
    /// [`BrokerConfig::connect_timeout`] for its CONNECT.
    pub fn handle_connection_opened(&mut self, now: Instant, connection: ConnectionId) {
        self.open(now, connection);
    }

    /// Bytes came in. Those of a connection that has ended are ignored [MQTT-3.1.4-6].
    pub fn handle_bytes(&mut self, now: Instant, connection: ConnectionId, bytes: Bytes) {
        self.receive(now, connection, bytes);
    }

    /// A Network Connection was closed by the peer or by the network.
    pub fn handle_connection_closed(&mut self, now: Instant, connection: ConnectionId) {
        self.end_connection(now, connection, EndCause::NetworkClosed, ending::Farewell::None);
    }

    /// The driver has handed packets over to the network: so many of them, so many bytes. Only drivers that report it can bound what a slow Client
    /// makes wait ([`BrokerConfig::max_unwritten_bytes`]); what waited in its session goes on then.
    pub fn handle_written(&mut self, now: Instant, connection: ConnectionId, packets: usize, bytes: usize) {
        self.written(now, connection, packets, bytes);
    }

    /// An orderly stop: every Client gets DISCONNECT 0x8B (5.0) and is closed. Wills follow as after any close by the Server.
    pub fn handle_shutdown(&mut self, now: Instant) {
        self.shut_down(now);
    }

    /// The process dies: every connection gets [`Transmit::Abort`]. With [`BrokerConfig::persistence`] sessions, queues and retained messages survive, and Session
    /// Expiry counts from now; without it all of that is gone, wills too, and an event says so for each piece. Until [`Broker::handle_restart`] nothing may be handed
    /// in, and no timer is to fire.
    pub fn handle_crash(&mut self, now: Instant) {
        self.crash(now);
    }

    /// The process starts again. Wills of those who were connected are published or scheduled as after any lost connection; timers that came due meanwhile are due now.
    pub fn handle_restart(&mut self, now: Instant) {
        self.restart(now);
    }

    /// From now on `access` says who may do what.
    pub fn handle_access_changed(&mut self, now: Instant, access: AccessControl) {
        self.change_access(now, access);
    }

    /// Somebody who administers the broker ends the connection of a Client: DISCONNECT 0x98 with these words (5.0) and close. Says whether it had one. Its session
    /// and its will go on as after any close by the Server.
    pub fn handle_kick(&mut self, now: Instant, client_id: &ClientId, reason: Option<&str>) -> bool {
        self.kick(now, client_id, reason)
    }

    /// From now on Clients are to use another Server, or this one again. Unless it is only meant for when this one is full, those who are connected get DISCONNECT
    /// with Server Reference (5.0) and are closed.
    pub fn handle_redirect(&mut self, now: Instant, redirect: Option<Redirect>) {
        self.redirect(now, redirect);
    }

    /// The first timer that is due at `now` fires; more may be due then. One at a time, so that the outputs of each are told apart: they have nothing to do with one
    /// another. It may turn out that there was nothing to do.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.timers.pop_due(now) {
            Some(Timer::ConnectDeadline(connection)) => self.connect_deadline(now, connection),
            Some(Timer::KeepAlive(connection)) => self.check_keep_alive(now, connection),
            Some(Timer::QueueExpiry(session)) => self.expire_queued(now, session),
            Some(Timer::RetainedExpiry(topic)) => self.clear_retained(&topic),
            Some(Timer::Will(session)) => self.publish_will(now, session),
            Some(Timer::SessionEnd(session)) => {
                self.statistics.count_expired();
                self.end_session(now, session, true);
            }
            Some(Timer::SysTopics) => self.publish_sys_topics(now),
            None => {}
        }
    }

    /// When [`Broker::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn emit(&mut self, event: BrokerEvent) {
        self.emit_with(|| event);
    }

    /// As [`Broker::emit`], for what happens with every message: nothing is made if nobody wants to know.
    fn emit_with(&mut self, event: impl FnOnce() -> BrokerEvent) {
        if self.wants_events() {
            let event = event();
            self.statistics.count_event(&event);
            if !self.quiet {
                self.outputs.push_back(Output::Event(event));
            }
        }
    }

    const fn wants_events(&self) -> bool {
        !self.quiet || self.statistics.is_enabled()
    }

    fn transmit(&mut self, connection: ConnectionId, transmit: Transmit) {
        if let Transmit::Packet { packet_type, bytes } = &transmit {
            let state = self.connections.get_mut(&connection);
            self.statistics.count_sent(*packet_type, bytes, state.as_ref().and_then(|state| state.version()));
            if let Some(state) = state {
                state.unwritten.add(bytes.len());
            }
        }
        self.outputs.push_back(Output::Transmit(connection, transmit));
    }

    fn session_key(&self, client_id: &ClientId) -> Option<SessionKey> {
        self.by_client.get(client_id).copied()
    }
}

/// All state, for digests. Outputs are not part of it: they are drained before anyone looks.
impl Hash for Broker {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            config,
            secrets,
            connections,
            sessions,
            by_client,
            subscriptions,
            shared,
            retained,
            held,
            statistics,
            connect_rates,
            timers,
            next_message,
            next_assigned,
            outputs: _,
            quiet: _,
            scratch: _,
        } = self;
        (config, secrets, connections, sessions, by_client).hash(state);
        (subscriptions, shared, retained, held, statistics, connect_rates, timers, next_message, next_assigned).hash(state);
    }
}
