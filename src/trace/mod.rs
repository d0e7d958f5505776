//! The append-only record of everything that happened. Every view, check, metric and export is a fold of it.

mod digest;
mod lane;
mod memory;
mod recorder;
mod text;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

pub use digest::Digest;
pub use lane::Lane;
pub use memory::Memory;
pub use recorder::Recorder;
pub use text::Text;

use crate::broker::BrokerEvent;
use crate::client::ClientEvent;
use crate::link::{CloseReason, CutDirection, LossReason, Segment, Side, Verdict};
use crate::packet::{DecodeError, PacketType, ProtocolVersion};
use crate::rng::Seed;
use crate::session::ConnectionId;
use crate::text::{Message, key};
use crate::time::Instant;

/// From so many records on the memory for them grows by a quarter at a time.
const GROWS_SLOWLY: usize = 1 << 16;

/// The position of a record in its trace, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RecordId(pub u32);

/// A participant: 0 is the broker, clients follow in the order of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The broker.
    pub const BROKER: Self = Self(0);
}

/// Who takes part, for the head of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// The name in the scenario.
    pub name: String,
    /// Its MQTT version; `None` for the broker.
    pub version: Option<ProtocolVersion>,
    /// What it looks like on the stage.
    pub kind: NodeKind,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// The broker.
    Broker,
    /// A device that measures.
    Sensor,
    /// A device that acts.
    Actuator,
    /// An application on a phone or computer.
    #[default]
    App,
    /// A screen that shows values.
    Dashboard,
    /// A server behind the broker.
    Server,
}

/// One thing that happened. A run has millions of them, so that a record is small: [`Memory`] says how small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its position.
    pub id: RecordId,
    cause: Cause,
    /// When.
    pub at: Instant,
    /// What.
    pub event: Event,
}

/// `Option<RecordId>` in half the space; no record has the highest number.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cause(u32);

/// What can happen. What is large or rare lies behind a pointer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// Its seed; `None` for a live connection.
        seed: Option<Box<Seed>>,
    },
    /// A command of the scenario's timeline, a device or the learner takes effect.
    CommandApplied {
        /// Whom it concerns.
        node: NodeId,
        /// What is done, in words. A device says the same each time.
        command: Arc<Message>,
        /// Whether the learner (or the caller of `apply`) gave it; otherwise the scenario did.
        by_learner: bool,
    },
    /// A client opens a Network Connection.
    ConnectionOpening {
        /// Its number.
        connection: ConnectionId,
        /// The client.
        client: NodeId,
    },
    /// One side may use the Network Connection.
    TransportOpened {
        /// Which.
        connection: ConnectionId,
        /// Whose view.
        side: Side,
    },
    /// The Network Connection ended for one side.
    TransportClosed {
        /// Which.
        connection: ConnectionId,
        /// Whose view.
        side: Side,
        /// Why.
        reason: CloseReason,
    },
    /// A segment left.
    SegmentSent {
        /// On this connection.
        connection: ConnectionId,
        /// The segment.
        segment: Box<Segment>,
    },
    /// A segment arrived.
    SegmentArrived {
        /// On this connection.
        connection: ConnectionId,
        /// [`Segment::number`].
        number: u32,
    },
    /// A segment got lost.
    SegmentLost {
        /// On this connection.
        connection: ConnectionId,
        /// [`Segment::number`].
        number: u32,
        /// Why.
        reason: LossReason,
    },
    /// A side wrote one MQTT packet to its connection.
    PacketSent {
        /// On this connection.
        connection: ConnectionId,
        /// By.
        from: Side,
        /// Its type.
        packet_type: PacketType,
        /// The version spoken on the connection.
        version: ProtocolVersion,
        /// All its bytes.
        bytes: Box<Bytes>,
    },
    /// The other side has taken it whole.
    PacketReceived {
        /// On this connection.
        connection: ConnectionId,
        /// The receiver.
        to: Side,
        /// The `PacketSent` record; `None` if the sender is outside (a live connection).
        sent: Option<RecordId>,
    },
    /// On a live connection: one whole packet came from a peer outside, whose sending nobody here could see.
    PacketObserved {
        /// On this connection.
        connection: ConnectionId,
        /// The sender.
        from: Side,
        /// Its type.
        packet_type: PacketType,
        /// The version spoken on the connection.
        version: ProtocolVersion,
        /// All its bytes; secrets are masked.
        bytes: Box<Bytes>,
    },
    /// It will never arrive whole.
    PacketLost {
        /// On this connection.
        connection: ConnectionId,
        /// The `PacketSent` record.
        sent: RecordId,
        /// Why.
        reason: LossReason,
    },
    /// Bytes arrived that are no legal packet.
    PacketMalformed(Box<Malformed>),
    /// A fault rule struck.
    FaultStruck(Box<Fault>),
    /// The path of a client was cut or restored.
    PathChanged {
        /// The client.
        client: NodeId,
        /// What is cut now.
        cut: Option<CutDirection>,
    },
    /// A node was switched off or on (also a broker crash and restart).
    PowerChanged {
        /// Which.
        node: NodeId,
        /// On.
        on: bool,
    },
    /// Something happened inside a client (never `PacketReceived` or `MalformedReceived`, which are records of their own).
    Client {
        /// Which.
        client: NodeId,
        /// What.
        event: Box<ClientEvent>,
    },
    /// Something happened inside the broker (never `PacketReceived` or `MalformedReceived`).
    Broker(Box<BrokerEvent>),
    /// A limit was reached, and what is no longer done because of it.
    LimitReached {
        /// Which, and what follows.
        message: Box<Message>,
    },
}

/// Bytes that are no legal packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Malformed {
    /// On this connection.
    pub connection: ConnectionId,
    /// The receiver.
    pub to: Side,
    /// The bytes.
    pub bytes: Bytes,
    /// What is wrong.
    pub error: DecodeError,
}

/// What a fault rule did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// On this connection.
    pub connection: ConnectionId,
    /// The `PacketSent` record that triggered it.
    pub sent: RecordId,
    /// What was done.
    pub verdict: Verdict,
}

/// Everything that happened in one run, in order.
#[derive(Clone, Debug)]
pub struct Trace {
    nodes: Arc<Vec<Node>>,
    records: Vec<Record>,
    /// Records that are counted but not kept, before those in `records`.
    unkept: usize,
    limit: usize,
    keeps: bool,
}

impl Trace {
    /// An empty trace that holds at most `limit` records; one more becomes a final `LimitReached`.
    #[must_use]
    pub fn new(nodes: Vec<Node>, limit: usize) -> Self {
        Self { nodes: Arc::new(nodes), records: Vec::new(), unkept: 0, limit: limit.min(u32::MAX as usize - 1), keeps: true }
    }

    /// A trace of the same length and limit that keeps nothing: for going through a known run again.
    #[must_use]
    pub fn replay_from(&self, length: usize) -> Self {
        Self { nodes: Arc::clone(&self.nodes), records: Vec::new(), unkept: length, limit: self.limit, keeps: false }
    }

    /// The first `length` records as a trace of its own.
    #[must_use]
    pub fn prefix(&self, length: usize) -> Self {
        let records = self.records.iter().take(length).cloned().collect();
        Self { nodes: Arc::clone(&self.nodes), records, unkept: 0, limit: self.limit, keeps: true }
    }

    /// Adds a record and gives its position. Time never goes back. Once the limit is reached nothing more is added.
    pub fn push(&mut self, at: Instant, cause: Option<RecordId>, event: Event) -> RecordId {
        self.push_with(at, cause, || event)
    }

    /// The same with an event that is made only if it is kept.
    pub fn push_with(&mut self, at: Instant, cause: Option<RecordId>, event: impl FnOnce() -> Event) -> RecordId {
        let length = self.len();
        if length > self.limit {
            return record_id(self.limit);
        }
        let id = record_id(length);
        if self.keeps {
            let event = if length == self.limit {
                Event::LimitReached { message: key::SIM_LIMIT_TRACE.with("limit", self.limit).into() }
            } else {
                event()
            };
            debug_assert!(self.records.last().is_none_or(|last| last.at <= at), "time went back");
            if self.records.len() == self.records.capacity() && self.records.len() >= GROWS_SLOWLY {
                // Doubling would take up to twice the memory of a long run, and three times that while it is copied.
                self.records.reserve_exact(self.records.len() / 4);
            }
            self.records.push(Record::new(id, at, cause, event));
        } else {
            self.unkept += 1;
        }
        id
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.unkept + self.records.len()
    }

    /// Whether nothing has happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the limit is reached: nothing more will be recorded.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() > self.limit
    }

    /// Adds a participant who was not known when the trace began.
    pub fn add_node(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        Arc::make_mut(&mut self.nodes).push(node);
        id
    }

    /// Says more of a participant, whose name came only later.
    pub fn describe_node(&mut self, id: NodeId, node: Node) {
        if let Some(known) = Arc::make_mut(&mut self.nodes).get_mut(id.0 as usize) {
            *known = node;
        }
    }

    /// Who takes part.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All records in order.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The record with this position.
    #[must_use]
    pub fn get(&self, id: RecordId) -> Option<&Record> {
        self.records.get(id.0 as usize)
    }

    /// Takes the kept records out, oldest first; they still count. For folds over runs that nobody looks at again: [`Trace::get`] and [`Trace::records`] know only
    /// what came since.
    pub fn drain(&mut self) -> impl Iterator<Item = Record> + '_ {
        self.unkept += self.records.len();
        self.records.drain(..)
    }

    /// A digest of all records, the same on every platform.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        for record in &self.records {
            record.digest_into(&mut digest);
        }
        digest.finish()
    }
}

impl Record {
    /// A record.
    #[must_use]
    pub fn new(id: RecordId, at: Instant, cause: Option<RecordId>, event: Event) -> Self {
        Self { id, cause: cause.into(), at, event }
    }

    /// The record that led to this one.
    #[must_use]
    pub const fn cause(&self) -> Option<RecordId> {
        self.cause.known()
    }

    /// Adds this record to a digest, for digests that grow with the trace.
    pub fn digest_into(&self, digest: &mut Digest) {
        self.hash(digest);
    }
}

impl Hash for Record {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.id, self.at, self.cause(), &self.event).hash(state);
    }
}

impl Cause {
    const NONE: Self = Self(u32::MAX);

    const fn known(self) -> Option<RecordId> {
        if self.0 == Self::NONE.0 { None } else { Some(RecordId(self.0)) }
    }
}

impl From<Option<RecordId>> for Cause {
    fn from(cause: Option<RecordId>) -> Self {
        cause.map_or(Self::NONE, |cause| Self(cause.0))
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.known().fmt(f)
    }
}

fn record_id(position: usize) -> RecordId {
    RecordId(u32::try_from(position).unwrap_or(u32::MAX))
}
