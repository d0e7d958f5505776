//! The stage: nodes, paths and packets on their way, at one instant.

use crate::packet::PacketType;
use crate::text::Message;
use crate::trace::{NodeId, NodeKind, RecordId};

/// What the stage shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// The broker first.
    pub nodes: Vec<StageNode>,
    /// One for each client.
    pub paths: Vec<StagePath>,
    /// Packets on their way.
    pub flights: Vec<Flight>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageNode {
    /// Which.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub kind: NodeKind,
    /// Whether it has power.
    pub powered: bool,
    /// A short line below its name: sessions of the broker, state of a client, last value.
    pub status: Message,
}

/// The way between a client and the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagePath {
    /// The client.
    pub client: NodeId,
    /// Its state.
    pub status: PathStatus,
}

/// State of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStatus {
    /// No connection.
    Idle,
    /// A connection is being opened.
    Opening,
    /// Connected, MQTT accepted.
    Connected,
    /// One side believes in a connection that the other has given up or that cannot carry anything.
    HalfOpen,
    /// Cut.
    Cut,
}

/// A packet on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Its `PacketSent` record.
    pub record: RecordId,
    /// Its type.
    pub packet_type: PacketType,
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// How far, in thousandths. A segment that was lost makes it stop and start again.
    pub progress: u16,
    /// Whether a segment that carries it was lost and is waiting to be sent again.
    pub waiting: bool,
}
