//! A link with what the trace needs to know about it.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::link::{Link, Segment, Side, UnitNumber};
use crate::trace::RecordId;

/// A connection: the link, and which records its packets and segments have.
#[derive(Clone, Debug, Hash)]
pub(super) struct Connection {
    pub(super) link: Link,
    /// Index of the client.
    pub(super) client: u32,
    /// Its `ConnectionOpening` record.
    pub(super) opening: RecordId,
    /// Whether the broker's program still holds its end.
    pub(super) broker_holds: bool,
    /// Of somebody with the same Client Identifier: the CONNECT that is sent as soon as the connection is open. Nothing else is ever sent on it.
    pub(super) double: Option<Bytes>,
    /// Packets of each side whose fate is open.
    from_client: VecDeque<Unit>,
    from_broker: VecDeque<Unit>,
    /// Records of the segments on the way, by number.
    segments: BTreeMap<u32, RecordId>,
    /// Records of lost segments, by sender and sequence number: the causes of retransmissions.
    lost: BTreeMap<(Side, u32), RecordId>,
    sequence: BTreeMap<u32, (Side, u32)>,
    /// Records of packets that a fault rule has judged.
    judged: BTreeMap<(Side, UnitNumber), RecordId>,
    /// The last arrival at each side: what a bare acknowledgement acknowledges.
    arrived: BTreeMap<Side, RecordId>,
    written: (u64, u64),
}

/// A packet that was written.
#[derive(Clone, Copy, Debug, Hash)]
struct Unit {
    number: UnitNumber,
    sent: RecordId,
    /// The offset of its first byte in the stream.
    start: u64,
    length: u64,
}

impl Connection {
    pub(super) const fn new(link: Link, client: u32, opening: RecordId) -> Self {
        Self {
            link,
            client,
            opening,
            broker_holds: true,
            double: None,
            from_client: VecDeque::new(),
            from_broker: VecDeque::new(),
            segments: BTreeMap::new(),
            lost: BTreeMap::new(),
            sequence: BTreeMap::new(),
            judged: BTreeMap::new(),
            arrived: BTreeMap::new(),
            written: (0, 0),
        }
    }

    fn units(&mut self, from: Side) -> &mut VecDeque<Unit> {
        match from {
            Side::Client => &mut self.from_client,
            Side::Broker => &mut self.from_broker,
        }
    }

    /// Notes a packet before it is written; its number follows in [`Connection::number`].
    pub(super) fn sending(&mut self, from: Side, sent: RecordId, length: usize, judged: bool, number: UnitNumber) {
        let length = length as u64;
        let written = match from {
            Side::Client => &mut self.written.0,
            Side::Broker => &mut self.written.1,
        };
        let start = *written;
        *written += length;
        self.units(from).push_back(Unit { number, sent, start, length });
        if judged {
            self.judged.insert((from, number), sent);
        }
    }

    /// The receiver has taken the next packet whole.
    pub(super) fn received(&mut self, from: Side) -> Option<RecordId> {
        self.units(from).pop_front().map(|unit| unit.sent)
    }

    /// All bytes of a packet were handed over. If the receiver did not take it, nobody ever will; then this is its record.
    pub(super) fn unread(&mut self, from: Side, number: UnitNumber) -> Option<RecordId> {
        let unread = self.units(from).front().is_some_and(|unit| unit.number <= number);
        if unread { self.received(from) } else { None }
    }

    /// A packet will never arrive.
    pub(super) fn never(&mut self, from: Side, number: UnitNumber) -> Option<RecordId> {
        let units = self.units(from);
        let at = units.iter().position(|unit| unit.number == number)?;
        units.remove(at).map(|unit| unit.sent)
    }

    /// The packet that a fault rule struck.
    pub(super) fn struck(&mut self, from: Side, number: UnitNumber) -> Option<RecordId> {
        self.judged.remove(&(from, number))
    }

    /// What led to a segment: the loss that it repairs, the packet whose bytes it carries first, or the arrival that it acknowledges.
    pub(super) fn cause_of(&mut self, segment: &Segment) -> Option<RecordId> {
        if segment.attempt > 0 {
            return self.lost.remove(&(segment.from, segment.seq));
        }
        if segment.payload.is_empty() {
            let bare = segment.ack.is_some() && !segment.syn && !segment.fin && !segment.rst;
            return self.arrived.get(&segment.from).copied().filter(|_| bare);
        }
        let offset = segment.seq.wrapping_sub(1);
        // Sequence numbers wrap, so offsets are compared in 32 bits; at most a window of them is open at a time.
        let carries = |unit: &&Unit| u64::from(offset.wrapping_sub(unit.start as u32)) < unit.length;
        self.units(segment.from).iter().find(carries).map(|unit| unit.sent)
    }

    pub(super) fn segment_sent(&mut self, number: u32, key: (Side, u32), record: RecordId) {
        self.segments.insert(number, record);
        self.sequence.insert(number, key);
    }

    pub(super) fn segment_arrived(&mut self, number: u32) -> (Option<RecordId>, Option<Side>) {
        let from = self.sequence.remove(&number).map(|key| {
            self.lost.remove(&key);
            key.0
        });
        (self.segments.remove(&number), from.map(Side::peer))
    }

    pub(super) fn note_arrival(&mut self, at: Side, record: RecordId) {
        self.arrived.insert(at, record);
    }

    /// The record of a segment that will not arrive; `record` is then called with the record of the loss.
    pub(super) fn segment_lost(&mut self, number: u32) -> (Option<RecordId>, Option<(Side, u32)>) {
        (self.segments.remove(&number), self.sequence.remove(&number))
    }

    pub(super) fn note_loss(&mut self, key: (Side, u32), record: RecordId) {
        self.lost.insert(key, record);
    }
}
