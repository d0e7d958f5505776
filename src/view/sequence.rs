//! The sequence diagram and its table twin: packets and what breaks between them, in order.

use std::rc::Rc;

use super::narrator::Narrator;
use super::packets::PacketList;
use crate::text::Message;
use crate::time::Instant;
use crate::trace::{Node, NodeId, Record, RecordId};

/// One row of the diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceItem {
    /// The packet with this index in the packet list.
    Packet(usize),
    /// Something that is no packet. Shared, since all rows are copied whenever one is added.
    Mark(Rc<Mark>),
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
    /// The record of each item.
    records: Vec<RecordId>,
    /// What a screen reader says, with the record that it is about.
    announcements: Vec<(RecordId, Message)>,
    narrator: Narrator,
    /// The number of records taken in.
    seen: usize,
}

impl Sequence {
    /// The diagram of a run with these participants, empty as yet.
    #[must_use]
    pub fn new(nodes: &[Node]) -> Self {
        Self { narrator: Narrator::new(nodes), ..Self::default() }
    }

    /// Takes in the records that came since the last call, after the packet list has; those it knows already are passed over.
    pub fn extend(&mut self, records: &[Record], packets: &PacketList) {
        let known = records.partition_point(|record| (record.id.0 as usize) < self.seen);
        for record in records.get(known..).unwrap_or_default() {
            let mark = self.narrator.mark(record, packets);
            if let Some(sentence) = self.narrator.sentence(record, mark.as_ref(), packets) {
                self.announcements.push((record.id, sentence));
            }
            let item = packets.index_of(record.id).map(SequenceItem::Packet).or(mark.map(|mark| SequenceItem::Mark(Rc::new(mark))));
            if let Some(item) = item {
                self.items.push(item);
                self.records.push(record.id);
            }
            self.seen = record.id.0 as usize + 1;
        }
    }

    /// All rows in order of their records.
    #[must_use]
    pub fn items(&self) -> &[SequenceItem] {
        &self.items
    }

    /// The rows that the first `records` records make.
    #[must_use]
    pub fn seen_from(&self, records: usize) -> &[SequenceItem] {
        let visible = self.records.partition_point(|record| (record.0 as usize) < records);
        self.items.get(..visible).unwrap_or_default()
    }

    /// The newest sentence that the first `records` records give a screen reader, and the record that it is about.
    #[must_use]
    pub fn announcement(&self, records: usize) -> Option<&(RecordId, Message)> {
        let visible = self.announcements.partition_point(|(record, _)| (record.0 as usize) < records);
        self.announcements.get(visible.checked_sub(1)?)
    }
}
