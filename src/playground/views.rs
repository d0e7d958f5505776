//! The parts of the screen, made again only when what they show has changed.

use std::rc::Rc;

use super::screen::{ClientRow, FieldRow, Selection, TimelineMark};
use crate::packet::{PacketType, dissect};
use crate::sim::{BranchId, Cursor};
use crate::text::Message;
use crate::time::Instant;
use crate::trace::{Event, Node, RecordId, Trace};
use crate::view::{MarkKind, PacketList, PacketRow, Sequence, SequenceItem, SessionReport, Stage, StageFold};

/// Marks on the scrubber; more are thinned out.
const MARKS_MAX: usize = 200;
/// How far causes are followed from one packet back to another.
const CAUSES_MAX: usize = 64;

/// Which trace is shown: counts runs started anew, and names the branch.
pub(super) type Source = (u64, BranchId);

/// All folds of the trace that is shown, and the parts made of them.
#[derive(Debug, Default)]
pub(super) struct Views {
    source: Option<Source>,
    pub(super) packets: PacketList,
    pub(super) sequence: Sequence,
    stage: StageFold,
    pub(super) nodes: Kept<(), [Node]>,
    rows: Kept<usize, [PacketRow]>,
    items: Kept<usize, [SequenceItem]>,
    shown_stage: Kept<(usize, Instant), Stage>,
    pub(super) sessions: Kept<(usize, Instant), SessionReport>,
    pub(super) clients: Kept<(usize, Instant), [ClientRow]>,
    selection: Kept<(RecordId, Option<usize>, usize), Selection>,
    marks: Kept<(usize, Instant), [TimelineMark]>,
}

/// A part of the screen with what it was made from. It stays the same `Rc` as long as it looks the same.
#[derive(Debug)]
pub(super) struct Kept<K, T: ?Sized> {
    made: Option<(K, Rc<T>)>,
}

impl<K, T: ?Sized> Default for Kept<K, T> {
    fn default() -> Self {
        Self { made: None }
    }
}

impl<K: PartialEq, T: PartialEq + ?Sized> Kept<K, T> {
    pub(super) fn get<V: Into<Rc<T>>>(&mut self, key: K, make: impl FnOnce() -> V) -> Rc<T> {
        if let Some((made_from, part)) = &self.made
            && *made_from == key
        {
            return Rc::clone(part);
        }
        let fresh: Rc<T> = make().into();
        let part = match self.made.take() {
            Some((_, old)) if *old == *fresh => old,
            _ => fresh,
        };
        self.made = Some((key, Rc::clone(&part)));
        part
    }

    fn forget_key(&mut self, stale: K) {
        if let Some((key, _)) = &mut self.made {
            *key = stale;
        }
    }
}

impl Views {
    /// Takes in what the trace has gained; for another trace starts anew.
    pub(super) fn follow(&mut self, source: Source, trace: &Trace) {
        if self.source != Some(source) {
            self.source = Some(source);
            self.packets = PacketList::default();
            self.sequence = Sequence::new(trace.nodes());
            self.stage = StageFold::new(trace.nodes());
            // The old parts stay for comparison, but none counts as made from this trace.
            self.rows.forget_key(usize::MAX);
            self.items.forget_key(usize::MAX);
            let never = (usize::MAX, Instant::FAR_FUTURE);
            self.shown_stage.forget_key(never);
            self.sessions.forget_key(never);
            self.clients.forget_key(never);
            self.marks.forget_key(never);
            self.selection.forget_key((RecordId(u32::MAX), None, usize::MAX));
        }
        self.packets.extend(trace.records());
        self.sequence.extend(trace.records(), &self.packets);
    }

    pub(super) fn rows(&mut self, records: usize) -> Rc<[PacketRow]> {
        let packets = &self.packets;
        self.rows.get(records, || packets.rows_seen_from(records))
    }

    pub(super) fn items(&mut self, records: usize) -> Rc<[SequenceItem]> {
        let sequence = &self.sequence;
        self.items.get(records, || sequence.seen_from(records).to_vec())
    }

    pub(super) fn announcement(&self, records: usize) -> Option<(RecordId, Message)> {
        self.sequence.announcement(records).cloned()
    }

    pub(super) fn stage(&mut self, trace: &Trace, cursor: Cursor) -> Rc<Stage> {
        if self.stage.seen() > cursor.records {
            self.stage = StageFold::new(trace.nodes());
        }
        self.stage.extend(trace.records().get(..cursor.records).unwrap_or_default(), &self.packets);
        let (stage, packets) = (&self.stage, &self.packets);
        self.shown_stage.get((cursor.records, cursor.at), || stage.at(cursor.at, packets))
    }

    /// The selected packet, if it is among the first `records` records.
    pub(super) fn selection(&mut self, record: RecordId, field: Option<usize>, trace: &Trace, records: usize) -> Option<Rc<Selection>> {
        let index = self.packets.index_of(record)?;
        if index >= self.packets.visible(records) {
            return None;
        }
        let row = self.rows(records).get(index)?.clone();
        let packets = &self.packets;
        Some(self.selection.get((record, field, records), || select(row, field, trace, packets)))
    }

    /// Marks on the scrubber for the whole trace.
    pub(super) fn marks(&mut self, length: usize, end: Instant) -> Rc<[TimelineMark]> {
        let (sequence, packets) = (&self.sequence, &self.packets);
        self.marks.get((length, end), || marks(sequence, packets, end))
    }
}

fn select(packet: PacketRow, field: Option<usize>, trace: &Trace, packets: &PacketList) -> Selection {
    let dissection = dissect(&packet.bytes, packet.version);
    let caused_by = packet_before(packet.record, trace, packets);
    Selection {
        packet,
        field: field.filter(|field| *field < dissection.fields.len()),
        fields: dissection.fields.into_iter().map(|field| FieldRow { field }).collect(),
        error: dissection.error.map(|error| error.message),
        caused_by,
    }
}

/// The packet that led to this one.
fn packet_before(record: RecordId, trace: &Trace, packets: &PacketList) -> Option<RecordId> {
    let mut at = trace.get(record)?.cause();
    for _ in 0..CAUSES_MAX {
        let found = trace.get(at?)?;
        if packets.index_of(found.id).is_some() {
            return Some(found.id);
        }
        if let Event::PacketReceived { sent: Some(sent), .. } = found.event {
            return Some(sent);
        }
        at = found.cause();
    }
    None
}

fn marks(sequence: &Sequence, packets: &PacketList, end: Instant) -> Vec<TimelineMark> {
    let all = sequence.items().iter().filter_map(|item| match item {
        SequenceItem::Packet(index) => {
            let row = packets.rows().get(*index)?;
            Some(TimelineMark { at: row.at, packet_type: Some(row.packet_type), kind: None })
        }
        SequenceItem::Mark(mark) => Some(TimelineMark { at: mark.at, packet_type: None, kind: Some(mark.kind) }),
    });
    // One slot for each place on the scrubber; the weightiest mark of a slot stays.
    let width = end.as_micros() / MARKS_MAX as u64 + 1;
    let mut slots: Vec<Option<TimelineMark>> = vec![None; MARKS_MAX];
    for mark in all {
        let place = usize::try_from(mark.at.as_micros() / width).unwrap_or(MARKS_MAX).min(MARKS_MAX - 1);
        if let Some(slot) = slots.get_mut(place)
            && slot.is_none_or(|held| weight(&mark) > weight(&held))
        {
            *slot = Some(mark);
        }
    }
    slots.into_iter().flatten().collect()
}

const fn weight(mark: &TimelineMark) -> u8 {
    match (mark.kind, mark.packet_type) {
        (Some(MarkKind::Broken | MarkKind::Power), _) => 9,
        (Some(MarkKind::Will), _) => 8,
        (Some(MarkKind::Restored), _) => 7,
        (Some(MarkKind::Command), _) => 6,
        (_, Some(PacketType::Connect | PacketType::Disconnect)) => 5,
        (_, Some(PacketType::Publish)) => 4,
        (_, Some(_)) => 3,
        (Some(MarkKind::Opened | MarkKind::Closed), _) => 2,
        _ => 1,
    }
}
