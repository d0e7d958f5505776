//! The sequence diagram and its table twin: packets and what breaks between them, in order.

use crate::text::Message;
use crate::time::Instant;
use crate::trace::{NodeId, Record, RecordId};

/// One row of the diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceItem {
    /// The packet with this index in the packet list.
    Packet(usize),
    /// Something that is no packet.
    Mark(Mark),
}

/// Something that is no packet but matters: a break, a restore, power, a will, a session that ended, an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its record.
    pub record: RecordId,
    /// When.
    pub at: Instant,
    /// Whom it concerns: one lane, or the line between a client and the broker.
    pub node: NodeId,
    /// Whether it concerns the connection between the node and the broker rather than the node alone.
    pub on_path: bool,
    /// What kind.
    pub kind: MarkKind,
    /// In words.
    pub message: Message,
}

/// Kinds of marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkKind {
    /// A connection opened.
    Opened,
    /// A connection ended in order.
    Closed,
    /// A connection broke, a path was cut, a packet was malformed.
    Broken,
    /// A path was restored.
    Restored,
    /// Power off or on.
    Power,
    /// A Will was scheduled, published or discarded.
    Will,
    /// Session State was discarded, a limit reached and the like.
    Note,
    /// A TCP segment was lost or sent again.
    Segment,
    /// The learner did something.
    Command,
}

/// The rows of the diagram, kept up to date as the trace grows.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    items: Vec<SequenceItem>,
}

impl Sequence {
    /// Takes in the records that came since the last call, after the packet list has.
    pub fn extend(&mut self, records: &[Record], packets: &super::PacketList) {
        let _ = (records, packets);
        todo!()
    }

    /// All rows in order of their records.
    #[must_use]
    pub fn items(&self) -> &[SequenceItem] {
        &self.items
    }
}
