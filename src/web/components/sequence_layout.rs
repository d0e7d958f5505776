//! Where the rows of the sequence diagram stand: downwards goes the order of the trace, not the scale of time.

use std::collections::BTreeMap;

use crate::time::{Duration, Instant};
use crate::trace::RecordId;
use crate::view::{Fate, MarkKind, PacketRow, SequenceItem};

/// Room between two things that happen.
const STEP: f64 = 15.0;
/// Room above an arrow for its label.
const LABEL: f64 = 15.0;
/// Room for a mark.
const MARK: f64 = 34.0;
/// More room between a mark and the label of a packet that follows at once.
const AFTER_MARK: f64 = 5.0;
/// More room between a packet that has just been sent and the words of a mark that follows at once.
const BEFORE_MARK: f64 = 12.0;
/// Room where nothing happened for a while.
const PAUSE: f64 = 16.0;
/// A while.
const LONG: Duration = Duration::from_millis(500);
/// Above the first row.
const TOP: f64 = 14.0;
/// Below the last one.
const BOTTOM: f64 = 48.0;
/// How deep an arrow falls whose end is not known yet.
const OPEN: f64 = 22.0;

/// How an arrow ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    /// At the receiver.
    Arrived,
    /// Nobody knows yet.
    Open,
    /// Outside, where nobody looks.
    Sent,
    /// On the way.
    Lost,
}

/// A row of the diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    /// Index in the items.
    pub(crate) item: usize,
    /// Where it starts.
    pub(crate) y: f64,
    /// Where an arrow ends; for a mark the same as `y`.
    pub(crate) end: f64,
    /// How an arrow ends.
    pub(crate) fate: End,
    /// The time to write beside it, if it differs from the one above.
    pub(crate) at: Option<Instant>,
}

/// All rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SequenceLayout {
    /// In the order of the items.
    pub(crate) rows: Vec<Row>,
    /// The height of everything.
    pub(crate) height: f64,
}

/// Whether a mark gets a row of the diagram. TCP segments have their place in the table.
pub(crate) const fn is_drawn(kind: MarkKind) -> bool {
    !matches!(kind, MarkKind::Segment)
}

#[derive(Clone, Copy)]
enum Happening {
    Start(usize),
    End(usize),
    Mark(usize),
}

impl SequenceLayout {
    /// Lays out what the first `records` records tell.
    pub(crate) fn new(items: &[SequenceItem], packets: &[PacketRow], records: usize) -> Self {
        let mut order: BTreeMap<(RecordId, u8), (Instant, Happening)> = BTreeMap::new();
        let mut fates = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let mut fate = End::Open;
            match item {
                SequenceItem::Packet(packet) => {
                    let Some(packet) = packets.get(*packet) else {
                        fates.push(fate);
                        continue;
                    };
                    order.insert((packet.record, 1), (packet.at, Happening::Start(index)));
                    match packet.fate.seen_from(records) {
                        Fate::InFlight => {}
                        Fate::Sent => fate = End::Sent,
                        Fate::Arrived { record, at } => {
                            fate = End::Arrived;
                            order.insert((record, 0), (at, Happening::End(index)));
                        }
                        Fate::Lost { record, at, .. } => {
                            fate = End::Lost;
                            order.insert((record, 0), (at, Happening::End(index)));
                        }
                    }
                }
                SequenceItem::Mark(mark) if is_drawn(mark.kind) => {
                    order.insert((mark.record, 2), (mark.at, Happening::Mark(index)));
                }
                SequenceItem::Mark(_) => {}
            }
            fates.push(fate);
        }
        Self::place(order, &fates)
    }

    fn place(order: BTreeMap<(RecordId, u8), (Instant, Happening)>, fates: &[End]) -> Self {
        let mut rows: BTreeMap<usize, Row> = BTreeMap::new();
        let (mut y, mut before, mut written) = (TOP, Instant::ZERO, None);
        let (mut after_mark, mut after_start) = (false, false);
        for (at, happening) in order.into_values() {
            if at.saturating_since(before) >= LONG {
                y += PAUSE;
            }
            before = before.max(at);
            let mut row = |item: usize, y: f64, end: f64| {
                let fate = fates.get(item).copied().unwrap_or(End::Open);
                let text = at.to_string();
                let is_new = written.as_ref() != Some(&text);
                written = Some(text);
                rows.insert(item, Row { item, y, end, fate, at: is_new.then_some(at) });
            };
            match happening {
                Happening::Start(item) => {
                    y += STEP + LABEL + if after_mark { AFTER_MARK } else { 0.0 };
                    row(item, y, y + OPEN);
                }
                Happening::End(item) => {
                    y += STEP;
                    if let Some(row) = rows.get_mut(&item) {
                        row.end = y;
                    }
                }
                Happening::Mark(item) => {
                    y += MARK + if after_start { BEFORE_MARK } else { 0.0 };
                    row(item, y - 8.0, y - 8.0);
                }
            }
            after_mark = matches!(happening, Happening::Mark(_));
            after_start = matches!(happening, Happening::Start(_));
        }
        Self { rows: rows.into_values().collect(), height: y + BOTTOM }
    }

    /// Rows that touch the window, and a few more so that quick scrolling shows no gaps.
    pub(crate) fn window(&self, top: f64, bottom: f64) -> &[Row] {
        let above = self.rows.partition_point(|row| row.end < top - 400.0);
        let below = self.rows.partition_point(|row| row.y <= bottom + 400.0);
        self.rows.get(above.min(below)..below).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::packet::{PacketType, ProtocolVersion};
    use crate::session::ConnectionId;
    use crate::trace::NodeId;

    fn packet(record: u32, fate: Fate) -> PacketRow {
        PacketRow {
            record: RecordId(record),
            at: Instant::from_millis(u64::from(record)),
            connection: ConnectionId(1),
            from: NodeId(1),
            to: NodeId(0),
            packet_type: PacketType::Pingreq,
            version: ProtocolVersion::V5,
            bytes: bytes::Bytes::new(),
            summary: Rc::default(),
            fate,
            retransmissions: 0,
        }
    }

    #[test]
    fn arrows_end_below_what_was_sent_meanwhile() {
        let arrived = Fate::Arrived { record: RecordId(3), at: Instant::from_millis(3) };
        let packets = [packet(1, arrived), packet(2, Fate::InFlight)];
        let items = [SequenceItem::Packet(0), SequenceItem::Packet(1)];
        let layout = SequenceLayout::new(&items, &packets, 4);
        assert_eq!(layout.rows[0].fate, End::Arrived);
        assert_eq!(layout.rows[1].fate, End::Open);
        assert!(layout.rows[0].end > layout.rows[1].y);
        // Before the arrival is visible, the arrow is open.
        assert_eq!(SequenceLayout::new(&items, &packets, 3).rows[0].fate, End::Open);
    }

    #[test]
    fn only_a_window_of_a_long_run_is_drawn() {
        let packets: Vec<PacketRow> = (0..10_000).map(|record| packet(record, Fate::InFlight)).collect();
        let items: Vec<SequenceItem> = (0..packets.len()).map(SequenceItem::Packet).collect();
        let layout = SequenceLayout::new(&items, &packets, 10_000);
        let window = layout.window(100_000.0, 100_600.0);
        assert!((20..80).contains(&window.len()), "{}", window.len());
        assert!(layout.window(0.0, 600.0).first().is_some_and(|row| row.item == 0));
    }
}
