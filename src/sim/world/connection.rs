//! A link with what the trace needs to know about it.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};

use bytes::Bytes;

use crate::link::{Link, Segment, Side, UnitNumber};
use crate::session::ConnectionId;
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
    /// The segments on the way, in the order of their numbers.
    segments: VecDeque<OnTheWay>,
    /// Records of lost segments, by sender and sequence number: the causes of retransmissions.
    lost: BTreeMap<(Side, u32), RecordId>,
    /// Records of packets that a fault rule has judged.
    judged: BTreeMap<(Side, UnitNumber), RecordId>,
    /// The last arrival at the client and at the broker: what a bare acknowledgement acknowledges.
    arrived: (Option<RecordId>, Option<RecordId>),
    written: (u64, u64),
}

/// The connections that are not over, by number. Numbers are given one after the other, so that looking one up is no search.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    /// The number of the first slot.
    first: u32,
    slots: VecDeque<Option<Box<Connection>>>,
}

impl Connections {
    fn place(&self, id: ConnectionId) -> Option<usize> {
        usize::try_from(id.0.checked_sub(self.first)?).ok()
    }

    pub(super) fn get(&self, id: &ConnectionId) -> Option<&Connection> {
        self.slots.get(self.place(*id)?)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, id: &ConnectionId) -> Option<&mut Connection> {
        let place = self.place(*id)?;
        self.slots.get_mut(place)?.as_deref_mut()
    }

    /// Adds a connection with a higher number than all before.
    pub(super) fn insert(&mut self, id: ConnectionId, connection: Connection) {
        if self.slots.is_empty() {
            self.first = id.0;
        }
        if let Some(place) = self.place(id) {
            self.slots.resize_with(place.max(self.slots.len()), || None);
            self.slots.push_back(Some(Box::new(connection)));
        }
    }

    pub(super) fn remove(&mut self, id: &ConnectionId) {
        if let Some(slot) = self.place(*id).and_then(|place| self.slots.get_mut(place)) {
            *slot = None;
        }
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.first = self.first.saturating_add(1);
        }
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ConnectionId, &Connection)> {
        (self.first..).zip(&self.slots).filter_map(|(number, slot)| Some((ConnectionId(number), slot.as_deref()?)))
    }
}

/// What is there counts, not where it lies.
impl Hash for Connections {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for one in self.iter() {
            one.hash(state);
        }
        u32::MAX.hash(state);
    }
}

/// A segment whose fate is open.
#[derive(Clone, Copy, Debug, Hash)]
struct OnTheWay {
    number: u32,
    from: Side,
    seq: u32,
    sent: RecordId,
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
            segments: VecDeque::new(),
            lost: BTreeMap::new(),
            judged: BTreeMap::new(),
            arrived: (None, None),
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
            let arrived = match segment.from {
                Side::Client => self.arrived.0,
                Side::Broker => self.arrived.1,
            };
            return arrived.filter(|_| bare);
        }
        let offset = segment.seq.wrapping_sub(1);
        // Sequence numbers wrap, so offsets are compared in 32 bits; at most a window of them is open at a time.
        let carries = |unit: &&Unit| u64::from(offset.wrapping_sub(unit.start as u32)) < unit.length;
        self.units(segment.from).iter().find(carries).map(|unit| unit.sent)
    }

    pub(super) fn segment_sent(&mut self, number: u32, (from, seq): (Side, u32), sent: RecordId) {
        self.segments.push_back(OnTheWay { number, from, seq, sent });
    }

    /// Takes a segment whose fate is known. Few are on the way at a time, and mostly it is the oldest.
    fn settle(&mut self, number: u32) -> Option<OnTheWay> {
        let at = self.segments.iter().position(|segment| segment.number == number)?;
        self.segments.remove(at)
    }

    pub(super) fn segment_arrived(&mut self, number: u32) -> (Option<RecordId>, Option<Side>) {
        let Some(segment) = self.settle(number) else { return (None, None) };
        self.lost.remove(&(segment.from, segment.seq));
        (Some(segment.sent), Some(segment.from.peer()))
    }

    pub(super) fn note_arrival(&mut self, at: Side, record: RecordId) {
        match at {
            Side::Client => self.arrived.0 = Some(record),
            Side::Broker => self.arrived.1 = Some(record),
        }
    }

    /// The record of a segment that will not arrive, and its sender and sequence number.
    pub(super) fn segment_lost(&mut self, number: u32) -> (Option<RecordId>, Option<(Side, u32)>) {
        self.settle(number).map_or((None, None), |segment| (Some(segment.sent), Some((segment.from, segment.seq))))
    }

    pub(super) fn note_loss(&mut self, key: (Side, u32), record: RecordId) {
        self.lost.insert(key, record);
    }
}
