//! The world: broker, clients, devices and links, moved from event to event.
//!
//! One event is one source coming due: a command of the timeline, a device, a reply, a link, a client or the broker. Everything that follows from it within the
//! same instant without a further timer (bytes handed on, packets answered) belongs to it. Each record names the one that led to it.

mod act;
mod clock;
mod connection;
mod device_run;
mod limits;
mod settle;
mod spoil;
mod station;

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use limits::WorldLimits;
pub use station::ClientNode;

use connection::Connections;
use settle::Delivery;
use station::Station;

use crate::broker::Broker;
use crate::link::Link;
use crate::packet::ClientId;
use crate::rng::{RngStream, Seed};
use crate::session::ConnectionId;
use crate::sim::{Command, CommandError, Scenario};
use crate::text::{Message, key};
use crate::time::{Instant, TimerTable};
use crate::trace::{Digest, Event, NodeId, RecordId, Trace};

/// The state of everything at one instant. Cloning is cheap enough for snapshots: payloads are shared.
#[derive(Clone, Debug)]
pub struct World {
    scenario: Arc<Scenario>,
    seed: Seed,
    limits: WorldLimits,
    now: Instant,
    events: u64,
    events_now: u64,
    stopped: bool,
    broker: Broker,
    broker_powered: bool,
    stations: Vec<Station>,
    connections: Connections,
    next_connection: u32,
    timers: TimerTable<Source>,
    next_timeline: usize,
    replies: BTreeMap<u64, device_run::PendingReply>,
    next_reply: u64,
    /// The record that scheduled the Will of a client: the cause of its publication.
    wills: BTreeMap<ClientId, RecordId>,
    started: Option<RecordId>,
    /// What draws how the packets of some clients come out.
    spoils: BTreeMap<u32, RngStream>,
    /// What is still to be handed on within the current event; empty between events.
    deliveries: VecDeque<Delivery>,
    /// Whose timer may have changed within the current event, some more than once; empty between events.
    touched: Vec<Source>,
}

/// What can come due. At the same instant the order of this list counts, then the number: commands before the network, the network before the timers of the two
/// sides, so that bytes that arrive at the deadline are still in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Source {
    Start,
    Connect(u32),
    Timeline,
    Thaw(u32),
    Device(u32, u32),
    Reply(u64),
    Link(ConnectionId),
    Client(u32),
    Broker,
}

impl World {
    /// The world at time zero, before anything happened. The scenario's timeline is in it.
    #[must_use]
    pub fn new(scenario: &Arc<Scenario>, seed: Seed) -> Self {
        Self::with_limits(scenario, seed, WorldLimits::default())
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(scenario: &Arc<Scenario>, seed: Seed, limits: WorldLimits) -> Self {
        let mut timers = TimerTable::new();
        timers.set(Source::Start, Instant::ZERO);
        if let Some((at, _)) = scenario.timeline.first() {
            timers.set(Source::Timeline, *at);
        }
        let mut stations = Vec::with_capacity(scenario.clients.len());
        for (index, spec) in (0_u32..).zip(&scenario.clients) {
            if let Some(at) = spec.connect_at {
                timers.set(Source::Connect(index), at);
            }
            for (number, device) in (0_u32..).zip(&spec.devices) {
                if let Some(at) = device_run::first_at(device) {
                    timers.set(Source::Device(index, number), at);
                }
            }
            stations.push(Station::new(spec, seed));
        }
        Self {
            scenario: Arc::clone(scenario),
            seed,
            limits,
            now: Instant::ZERO,
            events: 0,
            events_now: 0,
            stopped: false,
            broker: Broker::new(scenario.broker.clone(), seed.stream("nonces", "broker")),
            broker_powered: true,
            stations,
            connections: Connections::default(),
            next_connection: 1,
            timers,
            next_timeline: 0,
            replies: BTreeMap::new(),
            next_reply: 0,
            wills: BTreeMap::new(),
            started: None,
            spoils: BTreeMap::new(),
            deliveries: VecDeque::new(),
            touched: Vec::new(),
        }
    }

    /// The time of the last event.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// How many events and commands were handled.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// When the next event happens; `None` when nothing will ever happen by itself.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        if self.stopped { None } else { self.timers.next_deadline().map(|at| at.max(self.now)) }
    }

    /// Moves to the next event and handles it. Returns whether there was one.
    pub fn step(&mut self, trace: &mut Trace) -> bool {
        let Some(at) = self.next_at() else { return false };
        let Some(source) = self.timers.pop_due(at) else { return false };
        if self.begin(at, trace) {
            self.touched.push(source);
            self.come_due(source, trace);
            self.settle(trace);
        }
        true
    }

    /// Carries out a command at `now`, which is not before the last event and not after the next.
    ///
    /// # Errors
    /// The command makes no sense now; nothing has changed.
    pub fn apply(&mut self, now: Instant, command: &Command, trace: &mut Trace) -> Result<RecordId, CommandError> {
        let now = now.max(self.now).min(self.next_at().unwrap_or(now));
        if self.stopped || self.limit_at(now, trace).is_some() {
            return Err(CommandError::Stopped);
        }
        let before = (self.now, self.events, self.events_now);
        self.count(now);
        match self.act(command, true, trace) {
            Ok(record) => {
                self.settle(trace);
                Ok(record)
            }
            Err(error) => {
                (self.now, self.events, self.events_now) = before;
                Err(error)
            }
        }
    }

    /// The broker.
    #[must_use]
    pub const fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Whether the broker has power.
    #[must_use]
    pub const fn broker_powered(&self) -> bool {
        self.broker_powered
    }

    /// The client with this number.
    #[must_use]
    pub fn client(&self, node: NodeId) -> Option<&ClientNode> {
        self.stations.get(index_of(node)? as usize).map(|station| &station.node)
    }

    /// All connections that are not over, with the client of each, oldest first. A client can have a half-open one beside its current one.
    pub fn links(&self) -> impl Iterator<Item = (ConnectionId, NodeId, &Link)> {
        self.connections.iter().map(|(id, connection)| (id, node_of(connection.client), &connection.link))
    }

    /// The scenario.
    #[must_use]
    pub const fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// Whether a limit has stopped the run; the last records say which.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// A digest of the whole state, the same on every platform.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        self.hash(&mut digest);
        digest.finish()
    }

    /// Counts an event at `at`; false if a limit stops the run instead.
    fn begin(&mut self, at: Instant, trace: &mut Trace) -> bool {
        let limit = self.limit_at(at, trace);
        self.count(at);
        let Some(message) = limit else { return true };
        self.stopped = true;
        trace.push(self.now, None, Event::LimitReached { message: message.into() });
        false
    }

    fn count(&mut self, at: Instant) {
        if at > self.now {
            self.now = at;
            self.events_now = 0;
        }
        self.events += 1;
        self.events_now += 1;
    }

    /// The limit that one more event at `at` would pass.
    fn limit_at(&self, at: Instant, trace: &Trace) -> Option<Message> {
        if trace.is_full() {
            Some(key::SIM_LIMIT_STOPPED.message())
        } else if at <= self.now && self.events_now >= self.limits.events_per_instant {
            Some(key::SIM_LIMIT_INSTANT.with("limit", self.limits.events_per_instant))
        } else if self.events >= self.limits.events {
            Some(key::SIM_LIMIT_EVENTS.with("limit", self.limits.events))
        } else {
            None
        }
    }

    fn come_due(&mut self, source: Source, trace: &mut Trace) {
        match source {
            Source::Start => self.started = Some(self.record(trace, None, Event::RunStarted { seed: Some(self.seed.into()) })),
            Source::Connect(index) => {
                let _ = self.act_or_refuse(&Command::Connect { client: node_of(index) }, trace);
            }
            Source::Timeline => self.run_timeline(trace),
            Source::Thaw(index) => {
                let _ = self.act_or_refuse(&Command::Freeze { client: node_of(index), frozen: false, lasts: None }, trace);
            }
            Source::Device(index, number) => self.run_device(index, number, trace),
            Source::Reply(number) => self.run_reply(number, trace),
            Source::Link(id) => {
                let now = self.now;
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.link.handle_timeout(now);
                    self.drain_link(id, None, trace);
                }
            }
            Source::Client(index) => {
                let now = self.now;
                if let Some(station) = self.stations.get_mut(index as usize) {
                    let local = station.node.clock.shows(now);
                    station.node.client.handle_timeout(local);
                    self.drain_client(index, None, trace);
                }
            }
            Source::Broker => {
                // Each timer starts a chain of causes of its own.
                while self.broker.poll_timeout().is_some_and(|at| at <= self.now) {
                    self.broker.handle_timeout(self.now);
                    self.drain_broker(None, trace);
                }
            }
        }
    }

    fn run_timeline(&mut self, trace: &mut Trace) {
        let scenario = Arc::clone(&self.scenario);
        let Some((_, command)) = scenario.timeline.get(self.next_timeline) else { return };
        self.next_timeline += 1;
        if let Some((at, _)) = scenario.timeline.get(self.next_timeline) {
            self.timers.set(Source::Timeline, *at);
        }
        let _ = self.act_or_refuse(command, trace);
    }

    fn record(&self, trace: &mut Trace, cause: Option<RecordId>, event: Event) -> RecordId {
        trace.push(self.now, cause, event)
    }
}

/// Everything but the scenario, which never changes.
impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.seed.hash(state);
        self.now.hash(state);
        (self.events, self.events_now, self.stopped, self.broker_powered).hash(state);
        self.broker.hash(state);
        self.stations.hash(state);
        self.connections.hash(state);
        self.next_connection.hash(state);
        self.timers.hash(state);
        (self.next_timeline as u64).hash(state);
        self.replies.hash(state);
        self.next_reply.hash(state);
        self.wills.hash(state);
        self.started.hash(state);
        self.spoils.iter().for_each(|spoil| spoil.hash(state));
    }
}

/// The number of a client's node.
const fn node_of(index: u32) -> NodeId {
    NodeId(index.saturating_add(1))
}

/// The index of the client with this number; `None` for the broker.
const fn index_of(node: NodeId) -> Option<u32> {
    node.0.checked_sub(1)
}
