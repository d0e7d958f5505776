//! Two versions of the past side by side: which of their rows are the same thing, and which only one of them has.

use std::hash::{Hash as _, Hasher as _};
use std::mem::Discriminant;
use std::ops::Range;
use std::rc::Rc;

use super::packets::{Fate, PacketList, PacketRow};
use super::sequence::{Mark, Sequence, SequenceItem};
use crate::time::Instant;
use crate::trace::{Digest, RecordId};

/// More rows than this on either side, behind what both share, are not compared.
const ROWS_MAX: usize = 1_000;
/// Common rows that are shown before the first difference.
const CONTEXT: usize = 3;

/// One side of a comparison: the folds of its trace, and how many of its records count.
#[derive(Clone, Copy, Debug)]
pub struct ComparedSide<'a> {
    /// Its packets.
    pub packets: &'a PacketList,
    /// Its rows.
    pub sequence: &'a Sequence,
    /// The records that count.
    pub records: usize,
}

/// Two runs side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many records both have in common, from the start.
    pub shared: usize,
    /// Common rows before the first one in `rows`.
    pub before: usize,
    /// The rows in order: the last common ones, then all others.
    pub rows: Vec<ComparedRow>,
    /// Index in `rows` of the first that is not the same on both sides.
    pub first_difference: Option<usize>,
    /// Rows behind these that were not compared, on each side.
    pub left_out: (usize, usize),
}

/// One row of a comparison; at least one side has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedRow {
    /// What the first run has here.
    pub first: Option<Happening>,
    /// What the second run has here.
    pub second: Option<Happening>,
}

impl ComparedRow {
    /// How the two sides differ.
    #[must_use]
    pub fn contrast(&self) -> Contrast {
        match (&self.first, &self.second) {
            (Some(_), None) => Contrast::OnlyFirst,
            (None, Some(_)) => Contrast::OnlySecond,
            (Some(first), Some(second)) if kind(first.fate()) != kind(second.fate()) => Contrast::OtherFate,
            (Some(first), Some(second)) if (first.at(), ended(first)) != (second.at(), ended(second)) => Contrast::OtherTime,
            _ => Contrast::Same,
        }
    }
}

/// What became of a packet, without when.
fn kind(fate: Option<Fate>) -> Option<Discriminant<Fate>> {
    fate.as_ref().map(std::mem::discriminant)
}

/// When that was.
fn ended(happening: &Happening) -> Option<Instant> {
    match happening.fate()? {
        Fate::Arrived { at, .. } | Fate::Lost { at, .. } => Some(at),
        Fate::InFlight | Fate::Sent => None,
    }
}

/// How a row differs between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contrast {
    /// Not at all.
    Same,
    /// The same thing happens, or ends, at another time.
    OtherTime,
    /// The same packet, of which something else becomes.
    OtherFate,
    /// Only the first run has it.
    OnlyFirst,
    /// Only the second run has it.
    OnlySecond,
}

/// What a row shows of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A packet; its fate is what the records that count tell.
    Packet(Box<PacketRow>),
    /// Something else.
    Mark(Rc<Mark>),
}

impl Happening {
    /// When.
    #[must_use]
    pub fn at(&self) -> Instant {
        match self {
            Self::Packet(row) => row.at,
            Self::Mark(mark) => mark.at,
        }
    }

    /// Its record in its own run.
    #[must_use]
    pub fn record(&self) -> RecordId {
        match self {
            Self::Packet(row) => row.record,
            Self::Mark(mark) => mark.record,
        }
    }

    fn fate(&self) -> Option<Fate> {
        match self {
            Self::Packet(row) => Some(row.fate),
            Self::Mark(_) => None,
        }
    }

    /// Two happenings with one digest are the same thing, whenever it happens: Packet Identifiers, which count on, and times in words do not matter.
    fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        match self {
            Self::Packet(row) => {
                let summary = &row.summary;
                (row.packet_type, row.from, row.to, row.version).hash(&mut digest);
                (summary.qos, summary.dup, summary.retain, &summary.topic, &summary.payload).hash(&mut digest);
                (summary.reason_code, summary.session_present, summary.clean_start).hash(&mut digest);
            }
            Self::Mark(mark) => (mark.node, mark.on_path, mark.kind, mark.message.key()).hash(&mut digest),
        }
        digest.finish()
    }
}

impl Comparison {
    /// Compares two runs of which the first `shared` records are the same.
    #[must_use]
    pub fn of(first: ComparedSide<'_>, second: ComparedSide<'_>, shared: usize) -> Self {
        let shared = shared.min(first.records).min(second.records);
        let (from_first, from_second) = (first.rows(shared), second.rows(shared));
        // What happened before they parted may end differently: a packet that was on its way.
        let common = from_first.start.min(from_second.start);
        let undecided = (0..common).find(|row| first.ends_otherwise(second, *row));
        let start = undecided.unwrap_or(common).saturating_sub(CONTEXT).max(common.saturating_sub(ROWS_MAX));
        let mut rows: Vec<ComparedRow> =
            (start..common).map(|row| ComparedRow { first: first.happening(row), second: second.happening(row) }).collect();
        let (end_first, end_second) = (from_first.end.min(common + ROWS_MAX), from_second.end.min(common + ROWS_MAX));
        let gather = |side: ComparedSide<'_>, range: Range<usize>| range.filter_map(|row| side.happening(row)).collect::<Vec<_>>();
        align(gather(first, common..end_first), gather(second, common..end_second), &mut rows);
        Self {
            shared,
            before: start,
            first_difference: rows.iter().position(|row| row.contrast() != Contrast::Same),
            rows,
            left_out: (from_first.end - end_first, from_second.end - end_second),
        }
    }
}

impl ComparedSide<'_> {
    /// The rows that the records from `shared` on make.
    fn rows(self, shared: usize) -> Range<usize> {
        self.sequence.seen_from(shared).len()..self.sequence.seen_from(self.records).len()
    }

    fn happening(self, row: usize) -> Option<Happening> {
        Some(match self.sequence.items().get(row)? {
            SequenceItem::Packet(index) => {
                let mut packet = self.packets.rows().get(*index)?.clone();
                packet.fate = packet.fate.seen_from(self.records);
                Happening::Packet(Box::new(packet))
            }
            SequenceItem::Mark(mark) => Happening::Mark(Rc::clone(mark)),
        })
    }

    fn fate(self, row: usize) -> Option<Fate> {
        match self.sequence.items().get(row)? {
            SequenceItem::Packet(index) => Some(self.packets.rows().get(*index)?.fate.seen_from(self.records)),
            SequenceItem::Mark(_) => None,
        }
    }

    fn ends_otherwise(self, other: Self, row: usize) -> bool {
        kind(self.fate(row)) != kind(other.fate(row))
    }
}

/// What it is worth that the same thing happens on both sides; at the same time it is worth more.
const SAME: u32 = 2;
const SAME_TIME: u32 = 3;

/// Puts what is the same side by side: the alignment that is worth the most, as `diff` finds the longest common part.
fn align(first: Vec<Happening>, second: Vec<Happening>, rows: &mut Vec<ComparedRow>) {
    let keys = |side: &[Happening]| side.iter().map(|happening| (happening.digest(), happening.at())).collect::<Vec<_>>();
    let (left, right) = (keys(&first), keys(&second));
    let width = right.len() + 1;
    let worth = |a: usize, b: usize| match (left.get(a), right.get(b)) {
        (Some((a, then)), Some((b, now))) if a == b => {
            if then == now {
                SAME_TIME
            } else {
                SAME
            }
        }
        _ => 0,
    };
    // `best[a * width + b]`: the worth of the rest, from row a of the first and row b of the second side on.
    let mut best = vec![0_u32; (left.len() + 1) * width];
    let rest = |best: &[u32], a: usize, b: usize| best.get(a * width + b).copied().unwrap_or(0);
    for a in (0..left.len()).rev() {
        for b in (0..right.len()).rev() {
            let together = worth(a, b);
            let aligned = if together > 0 { together + rest(&best, a + 1, b + 1) } else { 0 };
            let most = aligned.max(rest(&best, a + 1, b)).max(rest(&best, a, b + 1));
            if let Some(cell) = best.get_mut(a * width + b) {
                *cell = most;
            }
        }
    }
    let (mut a, mut b) = (0, 0);
    let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
    loop {
        let (take_first, take_second) = match (first.peek(), second.peek()) {
            (None, None) => return,
            (Some(_), None) => (true, false),
            (None, Some(_)) => (false, true),
            (Some(one), Some(other)) => {
                let (here, together) = (rest(&best, a, b), worth(a, b));
                if together > 0 && here == together + rest(&best, a + 1, b + 1) {
                    (true, true)
                } else {
                    let (skip_first, skip_second) = (here == rest(&best, a + 1, b), here == rest(&best, a, b + 1));
                    // Where both can go first, the earlier one does.
                    let first_goes = skip_first && (!skip_second || one.at() <= other.at());
                    (first_goes, !first_goes)
                }
            }
        };
        a += usize::from(take_first);
        b += usize::from(take_second);
        let (first, second) = (if take_first { first.next() } else { None }, if take_second { second.next() } else { None });
        rows.push(ComparedRow { first, second });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{PacketType, ProtocolVersion};
    use crate::session::ConnectionId;
    use crate::trace::NodeId;
    use crate::view::Summary;
    use proptest::prelude::*;

    fn happening((topic, at): (u8, u64)) -> Happening {
        Happening::Packet(Box::new(PacketRow {
            record: RecordId(0),
            at: Instant::from_millis(at),
            connection: ConnectionId(1),
            from: NodeId(1),
            to: NodeId(0),
            packet_type: PacketType::Publish,
            version: ProtocolVersion::V5,
            bytes: bytes::Bytes::new(),
            summary: Rc::new(Summary { topic: Some(topic.to_string()), ..Summary::default() }),
            fate: Fate::InFlight,
            retransmissions: 0,
        }))
    }

    fn aligned(first: &[(u8, u64)], second: &[(u8, u64)]) -> Vec<ComparedRow> {
        let mut rows = Vec::new();
        align(first.iter().copied().map(happening).collect(), second.iter().copied().map(happening).collect(), &mut rows);
        rows
    }

    #[test]
    fn what_only_one_side_has_stands_alone_and_the_rest_side_by_side() {
        use Contrast::{OnlyFirst, OnlySecond, OtherTime, Same};
        let contrasts =
            |first: &[(u8, u64)], second: &[(u8, u64)]| aligned(first, second).iter().map(ComparedRow::contrast).collect::<Vec<_>>();
        assert_eq!(contrasts(&[(1, 0), (2, 1), (3, 2)], &[(1, 0), (3, 2)]), [Same, OnlyFirst, Same]);
        assert_eq!(contrasts(&[(1, 0), (3, 2)], &[(1, 0), (2, 1), (3, 5)]), [Same, OnlySecond, OtherTime]);
        // Of equal packets the ones at the same time are the same.
        assert_eq!(contrasts(&[(1, 10), (1, 20), (1, 30)], &[(1, 20), (1, 30)]), [OnlyFirst, Same, Same]);
        assert_eq!(contrasts(&[(1, 5)], &[(2, 4)]), [OnlySecond, OnlyFirst]);
        assert_eq!(contrasts(&[], &[]), []);
    }

    proptest! {
        #[test]
        fn every_row_of_both_sides_is_shown_once_and_in_order(
            first in proptest::collection::vec((0_u8..4, 0_u64..30), 0..40),
            second in proptest::collection::vec((0_u8..4, 0_u64..30), 0..40),
        ) {
            let rows = aligned(&first, &second);
            let side = |pick: fn(&ComparedRow) -> Option<&Happening>| rows.iter().filter_map(pick).cloned().collect::<Vec<_>>();
            prop_assert_eq!(side(|row| row.first.as_ref()), first.iter().copied().map(happening).collect::<Vec<_>>());
            prop_assert_eq!(side(|row| row.second.as_ref()), second.iter().copied().map(happening).collect::<Vec<_>>());
            for row in &rows {
                if let (Some(first), Some(second)) = (&row.first, &row.second) {
                    prop_assert_eq!(first.digest(), second.digest());
                }
            }
            // The same on both sides are all rows of equal runs.
            prop_assert!(aligned(&first, &first).iter().all(|row| row.contrast() == Contrast::Same));
        }
    }
}
