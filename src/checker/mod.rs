//! Does a run keep MQTT's promises? What a linearizability checker is to databases.
//!
//! The checker is a fold over records. It decides from the bytes on the wire and a model of its own, written once more and as simply as it can be; it never asks
//! the code that it checks. The broker's events are used where only they can tell: which message it accepted, and why it dropped a copy.

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

mod connection;
mod dropping;
mod explore;
mod flow;
mod generator;
mod invariant;
mod leak;
pub mod planted;
mod reference;
mod relations;
mod routing;
mod session;
mod sessions;
mod shrink;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::BytesMut;
pub use explore::{Run, explore, judge, run};
pub use generator::generate;
pub use invariant::{Invariant, Judgement, Report, Unjudged, Violation};
pub use shrink::{events_of, shrink};

use connection::Connections;
use flow::{Fault, Flow};
use invariant::Findings;
use session::{Accepted, Session};

use crate::broker::{BrokerConfig, BrokerEvent, MessageId};
use crate::link::Side;
use crate::packet::{ClientId, PacketId, Publish, TopicFilter, TopicName};
use crate::session::ConnectionId;
use crate::sim::Scenario;
use crate::time::{Duration, Instant};
use crate::trace::{Event, Malformed, NodeId, Record, RecordId};

/// How late a timer may be.
const TOLERANCE: Duration = Duration::from_millis(100);

/// Folds records into judgements.
#[derive(Clone, Debug)]
pub struct Checker {
    /// The broker's settings, where they are known.
    limits: Option<BrokerConfig>,
    findings: Findings,
    now: Instant,
    last: Option<RecordId>,
    /// Whether the broker's own decisions are in the trace.
    sees_broker: bool,
    connections: Connections,
    /// At the broker.
    sessions: BTreeMap<ClientId, Session>,
    /// Sessions that ended in what the broker does now, with what it still has to say of their messages.
    ended: Vec<(ClientId, Session)>,
    /// What each client sends.
    outgoing: BTreeMap<NodeId, Flow>,
    messages: BTreeMap<MessageId, Arc<Accepted>>,
    retained: BTreeMap<TopicName, Arc<Accepted>>,
    next_tag: u64,
    broker_is_off: bool,
    /// When the broker came back: what was due while it was off comes now.
    restarted_at: Instant,
    batch: Batch,
    /// No timer is due before.
    next_due: Instant,
    /// The last packet, written once more: room that is used again.
    again: BytesMut,
}

/// What the broker does with one input.
#[derive(Clone, Debug, Default)]
struct Batch {
    /// The PUBLISH that it has taken.
    publish: Option<Incoming>,
    /// A limit was reached, or rights denied something.
    is_excused: bool,
    /// A message with RETAIN that is to be stored, or with an empty payload to be cleared.
    retained: Option<Arc<Accepted>>,
    /// The Will that is published now.
    will: Option<(MessageId, ClientId)>,
    /// Groups that have to choose one.
    to_choose: Vec<(MessageId, TopicFilter)>,
    /// Copies that are to be told of.
    owed: Vec<(ClientId, u64)>,
}

#[derive(Clone, Debug)]
struct Incoming {
    record: RecordId,
    connection: ConnectionId,
    client_id: ClientId,
    packet_id: Option<PacketId>,
    publish: Publish,
    /// It came before.
    is_duplicate: bool,
    is_accepted: bool,
}

impl Default for Checker {
    fn default() -> Self {
        Self::new()
    }
}

impl Checker {
    /// For a trace of which nothing more is known.
    #[must_use]
    pub fn new() -> Self {
        Self {
            limits: None,
            findings: Findings::default(),
            now: Instant::ZERO,
            last: None,
            sees_broker: false,
            connections: Connections::new(),
            sessions: BTreeMap::new(),
            ended: Vec::new(),
            outgoing: BTreeMap::new(),
            messages: BTreeMap::new(),
            retained: BTreeMap::new(),
            next_tag: 0,
            broker_is_off: false,
            restarted_at: Instant::ZERO,
            batch: Batch::default(),
            next_due: Instant::FAR_FUTURE,
            again: BytesMut::new(),
        }
    }

    /// For a run of this scenario, whose limits are known.
    #[must_use]
    pub fn for_scenario(scenario: &Scenario) -> Self {
        Self { limits: Some(scenario.broker.clone()), ..Self::new() }
    }

    /// Whether nothing is broken so far.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_clean()
    }

    /// Takes the next record.
    pub fn take(&mut self, record: &Record) {
        self.take_time(record);
        match &record.event {
            Event::ConnectionOpening { connection, client } => {
                for earlier in self.connections.values_mut().filter(|earlier| earlier.client == Some(*client)) {
                    earlier.is_left = true;
                }
                self.connections.insert(*connection, connection::Connection::new(Some(*client), record.at));
            }
            Event::TransportOpened { connection, side: Side::Broker } => {
                self.connections.entry(*connection).or_insert_with(|| connection::Connection::new(None, record.at)).heard_at = record.at;
            }
            Event::PacketSent { connection, from, packet_type: _, version, bytes } => {
                self.take_sent(record.id, *connection, *from, *version, bytes);
            }
            Event::PacketReceived { connection, to, sent: Some(sent) } => self.take_received(record.id, *connection, *to, *sent),
            Event::PacketObserved { connection, from, packet_type: _, version, bytes } => {
                self.take_sent(record.id, *connection, *from, *version, bytes);
                self.take_received(record.id, *connection, from.peer(), record.id);
            }
            Event::PacketLost { connection, sent, .. } => self.take_lost(*connection, *sent),
            Event::PacketMalformed(malformed) => {
                let Malformed { connection, to, .. } = &**malformed;
                if *to == Side::Broker {
                    self.end_batch();
                }
                if let Some(known) = self.connections.get_mut(connection) {
                    known.is_spoilt = true;
                    known.way(to.peer()).sent.clear();
                }
            }
            Event::PowerChanged { node, on } => self.take_power(*node, *on),
            Event::Broker(event) => {
                self.sees_broker = true;
                self.take_broker_event(record.id, event);
            }
            Event::TransportClosed { side: Side::Broker, .. } => self.end_batch(),
            Event::TransportClosed { connection, side: Side::Client, .. } => {
                if let Some(known) = self.connections.get_mut(connection) {
                    known.is_left = true;
                }
            }
            _ => {}
        }
    }

    /// What became of the promises. `is_at_rest` says that the run went on, without faults and with everybody connected who wants to be, until nothing moved: then
    /// nothing may be left over.
    #[must_use]
    pub fn finish(mut self, is_at_rest: bool) -> Report {
        self.end_batch();
        if is_at_rest {
            self.check_rest();
        }
        let (sees_broker, knows_limits) = (self.sees_broker, self.limits.is_some());
        self.findings.into_report(|invariant| match invariant {
            _ if invariant.takes_runs() => Some(Unjudged::TakesRuns),
            Invariant::AtMostOnce
            | Invariant::NoInvention
            | Invariant::MatchingOnly
            | Invariant::Retained
            | Invariant::Will
            | Invariant::SharedOnce
            | Invariant::Options
            | Invariant::Expiry
            | Invariant::Sessions
            | Invariant::KeepAlive
            | Invariant::Conservation
            | Invariant::Bounded
                if !sees_broker =>
            {
                Some(Unjudged::BrokerOutside)
            }
            Invariant::Bounded if !knows_limits => Some(Unjudged::LimitsUnknown),
            Invariant::Liveness if !is_at_rest => Some(Unjudged::TakesRuns),
            _ => None,
        })
    }

    fn take_time(&mut self, record: &Record) {
        self.findings.test(Invariant::Time);
        if record.at < self.now || self.last.is_some_and(|last| record.id <= last) {
            self.break_at(record.id, None, (Invariant::Time, "", "time or the order of records went back"));
        }
        if record.cause().is_some_and(|cause| cause >= record.id) {
            self.break_at(record.id, record.cause(), (Invariant::Time, "", "a cause comes after what it caused"));
        }
        self.last = Some(record.id);
        if record.at > self.now {
            self.end_batch();
            self.now = record.at;
            if self.next_due + TOLERANCE < self.now && !self.broker_is_off {
                self.check_timers();
            }
        }
    }

    fn break_at(&mut self, record: RecordId, earlier: Option<RecordId>, fault: Fault) {
        self.break_on(None, record, earlier, fault);
    }

    fn break_on(&mut self, connection: Option<ConnectionId>, record: RecordId, earlier: Option<RecordId>, fault: Fault) {
        let (invariant, clause, what) = fault;
        self.findings.add(Violation { invariant, clause, what, at: self.now, record, earlier, connection });
    }

    fn last_record(&self) -> RecordId {
        self.last.unwrap_or(RecordId(0))
    }

    fn take_broker_event(&mut self, record: RecordId, event: &BrokerEvent) {
        match event {
            BrokerEvent::ConnectionEnded { connection, cause, .. } => self.take_end(record, *connection, cause),
            BrokerEvent::SessionEnded { client_id, .. } => self.take_session_end(record, client_id),
            BrokerEvent::MessageAccepted { message, publisher, topic, qos, retain, payload } => {
                self.take_accepted(record, *message, publisher.as_ref(), topic, *qos, *retain, payload);
            }
            BrokerEvent::SharedMemberChosen { message, filter, client_id, .. } => self.take_chosen(record, *message, filter, client_id),
            BrokerEvent::MessageRouted { message, client_id, routing, .. } => self.take_routed(record, *message, client_id, *routing),
            BrokerEvent::MessageDropped { message, client_id, reason } => self.take_dropped(record, *message, client_id, *reason),
            BrokerEvent::RetainedStored { topic, message } => self.take_retained_stored(record, topic, *message),
            BrokerEvent::RetainedCleared { topic } => self.take_retained_cleared(record, topic),
            BrokerEvent::WillScheduled { client_id, at } => self.take_will_scheduled(record, client_id, *at),
            BrokerEvent::WillDiscarded { client_id, resumed } => self.take_will_discarded(record, client_id, *resumed),
            BrokerEvent::WillPublished { client_id, message } => self.take_will_published(record, client_id, *message),
            BrokerEvent::DuplicateSuppressed { packet_id, .. } => self.take_suppressed(record, *packet_id),
            BrokerEvent::LimitReached { .. } => {
                self.batch.is_excused = true;
                self.batch.retained = None;
            }
            BrokerEvent::AccessDenied { access, client_id, .. } => {
                self.batch.is_excused = true;
                if *access == crate::broker::DeniedAccess::Will
                    && let Some(session) = self.session_or_ended(client_id)
                {
                    session.will = None;
                }
            }
            _ => {}
        }
    }

    /// Whether the broker loses power, and with it all that it had.
    fn broker_dies(&self) -> bool {
        self.broker_is_off && self.limits.as_ref().is_none_or(|limits| !limits.persistence)
    }

    /// The session, or what is left of one that ended just now.
    fn session_or_ended(&mut self, client_id: &ClientId) -> Option<&mut Session> {
        // What the broker tells of an ended session, it tells before the next one of that Client begins.
        match self.sessions.get_mut(client_id) {
            Some(session) => Some(session),
            None => self.ended.iter_mut().rev().find(|(id, _)| id == client_id).map(|(_, session)| session),
        }
    }
}
