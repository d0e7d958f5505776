//! One side's TCP: what it has sent and not yet seen acknowledged, what it has received, and its timers.

mod timers;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::costs::{Costs, Setup};
use super::path::{Extra, Mapping, Origins, Path, Wire};
use super::rto::RtoEstimator;
use super::{LinkEvent, Side, UnitNumber, Verdict};
use crate::time::{Duration, Instant};

/// Bytes of payload in a full segment: Ethernet's 1,500 less the headers.
pub(super) const MAXIMUM_SEGMENT_SIZE: usize = 1_460;
/// Bytes that a receiver has room for, and so the most that may be on their way without acknowledgement; more waits.
const WINDOW: u16 = u16::MAX;
/// Acknowledgements in a row that bring nothing new tell of a gap (RFC 5681, 3.2).
const DUPLICATE_ACKS: u8 = 3;
/// How long an acknowledgement waits for data to travel with (RFC 1122, 4.2.3.2 allows 500 ms).
const DELAYED_ACK: Duration = Duration::from_millis(40);
/// How long a side that has closed waits for the peer's FIN.
const FIN_WAIT: Duration = Duration::from_secs(60);
/// Retransmissions of a SYN before giving up: 127 s in all.
pub(super) const SYN_RETRIES: u32 = 6;
/// Retransmissions of a SYN-ACK before listening again.
const SYN_ACK_RETRIES: u32 = 5;
/// Retransmissions of data or FIN before giving up: with doubling, 9 to 13 minutes.
pub(super) const DATA_RETRIES: u32 = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    Listen,
    SynSent,
    SynReceived,
    /// Also while closing: the FIN fields tell how far that went.
    Established,
    /// No connection here. `answers`: the machine lives and answers segments with RST.
    Ended {
        answers: bool,
    },
}

/// The program above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Application {
    /// Does not know of the connection yet.
    Unaware,
    Reading,
    /// Closed it, saw its end, or is gone. Bytes that still come are acknowledged and thrown away.
    Gone,
}

/// Bytes that were written and not yet sent.
#[derive(Clone, Debug, Hash)]
struct Chunk {
    bytes: Bytes,
    /// A unit with a verdict travels in segments of its own.
    alone: Option<(UnitNumber, Verdict)>,
    /// Bytes of TLS and WebSocket around it that have not left.
    framing: u16,
    /// Whether its first segment has left.
    begun: bool,
}

/// A segment that was sent and not acknowledged.
#[derive(Clone, Debug, Hash)]
struct Outstanding {
    wire: Wire,
    sent_at: Instant,
    attempt: u32,
}

/// A segment that arrived and was not handed on.
#[derive(Clone, Debug, Hash)]
pub(super) struct Piece {
    seq: u64,
    pub(super) setup: u16,
    pub(super) payload: Bytes,
    pub(super) fin: bool,
}

/// Where a side's segments and reports go.
pub(super) struct Outlet<'a> {
    pub(super) now: Instant,
    pub(super) from: Side,
    pub(super) path: &'a mut Path,
    pub(super) mapping: &'a mut Mapping,
    pub(super) origins: Origins,
    pub(super) events: &'a mut VecDeque<LinkEvent>,
    pub(super) next_number: &'a mut u32,
}

impl Outlet<'_> {
    pub(super) fn send(&mut self, mut wire: Wire, attempt: u32, extra: Extra) {
        wire.number = *self.next_number;
        *self.next_number = self.next_number.saturating_add(1);
        self.events.push_back(LinkEvent::SegmentSent(wire.to_segment(self.from, attempt, self.origins)));
        self.path.send(self.now, wire, extra, self.mapping);
    }
}

/// What a timer led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Expiry {
    /// The connection goes on.
    GoesOn,
    /// Too many retransmissions.
    GaveUp,
    /// The peer's FIN did not come.
    WaitedForFin,
}

#[derive(Clone, Debug, Hash)]
pub(super) struct Endpoint {
    pub(super) phase: Phase,
    pub(super) application: Application,
    segment_size: usize,

    unsent: VecDeque<Chunk>,
    outstanding: VecDeque<Outstanding>,
    snd_una: u64,
    pub(super) snd_nxt: u64,
    close_requested: bool,
    /// The sequence number of the FIN, once sent.
    fin_seq: Option<u64>,
    rto: RtoEstimator,
    rto_at: Option<Instant>,
    /// What was sent before this number may have been lost together with the segment that was sent again.
    recover: u64,
    /// Acknowledgements in a row that brought nothing new.
    duplicate_acks: u8,
    /// The sequence number up to which the peer has room.
    send_limit: u64,
    /// When the peer is asked whether it has room again, and how long that was waited for.
    probe_at: Option<Instant>,
    probe_wait: Duration,
    unanswered_probes: u32,

    costs: Costs,
    pub(super) setup: Setup,
    /// Whether the exchange before the first data is over.
    is_open: bool,

    pub(super) rcv_nxt: u64,
    peer_fin: bool,
    /// By sequence number; those from `rcv_nxt` on are ready, others wait behind a gap.
    held: VecDeque<Piece>,
    ack_now: bool,
    ack_at: Option<Instant>,
    full_segments: u8,
    fin_wait_at: Option<Instant>,
    /// Whether the application takes what arrives.
    takes: bool,
    /// Bytes that arrived and wait for the application.
    untaken: u64,
}

impl Endpoint {
    pub(super) const fn new(phase: Phase, application: Application, costs: Costs) -> Self {
        Self {
            phase,
            application,
            segment_size: MAXIMUM_SEGMENT_SIZE,
            unsent: VecDeque::new(),
            outstanding: VecDeque::new(),
            snd_una: 0,
            snd_nxt: 0,
            close_requested: false,
            fin_seq: None,
            rto: RtoEstimator::new(),
            rto_at: None,
            recover: 0,
            duplicate_acks: 0,
            send_limit: WINDOW as u64,
            probe_at: None,
            probe_wait: Duration::ZERO,
            unanswered_probes: 0,
            costs,
            setup: Setup::new(costs),
            is_open: false,
            rcv_nxt: 0,
            peer_fin: false,
            held: VecDeque::new(),
            ack_now: false,
            ack_at: None,
            full_segments: 0,
            fin_wait_at: None,
            takes: true,
            untaken: 0,
        }
    }

    pub(super) fn set_segment_size(&mut self, bytes: u16) {
        self.segment_size = usize::from(bytes).clamp(1, MAXIMUM_SEGMENT_SIZE);
    }

    // ---- state ----

    pub(super) const fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }

    /// Whether nothing is left to do here: ended, or closed in order on both sides, or never begun.
    pub(super) fn is_done(&self) -> bool {
        match self.phase {
            Phase::Ended { .. } | Phase::Listen => true,
            Phase::Established => self.fin_seq.is_some_and(|fin| self.snd_una > fin) && self.peer_fin,
            Phase::SynSent | Phase::SynReceived => false,
        }
    }

    /// Whether bytes wait that can never leave: the peer closed before the exchange was over.
    pub(super) fn waits_in_vain(&self) -> bool {
        self.peer_fin && !self.is_open && self.has_unsent()
    }

    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Payload bytes sent at least once, if the stream of this side begins behind `origin`.
    pub(super) fn sent_position(&self, origin: u64) -> u64 {
        let fin = u64::from(self.fin_seq.is_some());
        self.snd_nxt.saturating_sub(1).saturating_sub(fin).saturating_sub(origin)
    }

    /// Forgets the connection.
    pub(super) fn end(&mut self, answers: bool) {
        let (una, nxt, fin, rcv) = (self.snd_una, self.snd_nxt, self.fin_seq, self.rcv_nxt);
        *self = Self::new(Phase::Ended { answers }, Application::Gone, self.costs);
        (self.snd_una, self.snd_nxt, self.fin_seq, self.rcv_nxt) = (una, nxt, fin, rcv);
    }

    // ---- sending ----

    pub(super) fn write(&mut self, from: Side, bytes: Bytes, unit: UnitNumber, verdict: Verdict) {
        let alone = (verdict != Verdict::Pass).then_some((unit, verdict));
        let framing = self.costs.framing(from, bytes.len());
        self.unsent.push_back(Chunk { bytes, alone, framing, begun: false });
    }

    pub(super) const fn request_close(&mut self) {
        self.close_requested = true;
    }

    fn header(&self, seq: u64, payload: Bytes) -> Wire {
        let ack = Some(self.rcv_nxt);
        Wire { number: 0, seq, ack, syn: false, fin: false, rst: false, setup: 0, payload, framing: 0, window: self.window() }
    }

    /// How much room there is for the peer's bytes.
    fn window(&self) -> u16 {
        u16::try_from(u64::from(WINDOW).saturating_sub(self.untaken)).unwrap_or(WINDOW)
    }

    /// Sends a segment for the first time and keeps it until it is acknowledged.
    fn send_first(&mut self, wire: Wire, extra: Extra, outlet: &mut Outlet<'_>) {
        self.snd_nxt = wire.end();
        if wire.ack.is_some() {
            self.acknowledged_now();
        }
        self.outstanding.push_back(Outstanding { wire: wire.clone(), sent_at: outlet.now, attempt: 0 });
        if self.rto_at.is_none() {
            self.rto_at = Some(outlet.now + self.rto.rto());
        }
        outlet.send(wire, 0, extra);
    }

    pub(super) fn send_syn(&mut self, outlet: &mut Outlet<'_>) {
        let ack = (self.phase == Phase::SynReceived).then_some(self.rcv_nxt);
        let wire = Wire { ack, syn: true, ..self.header(0, Bytes::new()) };
        self.send_first(wire, Extra::Nothing, outlet);
    }

    /// Resets the peer.
    pub(super) fn send_rst(&self, outlet: &mut Outlet<'_>) {
        outlet.send(Wire { rst: true, ..self.header(self.snd_nxt, Bytes::new()) }, 0, Extra::Nothing);
    }

    /// Sends what the window allows, then a FIN if that is due, then a bare acknowledgement if one is still owed.
    pub(super) fn flush(&mut self, outlet: &mut Outlet<'_>) {
        if self.phase == Phase::Established {
            while self.setup.unsent > 0 && self.send_setup(outlet) {}
            if self.is_open && self.setup.unsent == 0 {
                while let Some(length) = self.next_payload_length() {
                    self.send_payload(length, outlet);
                }
                self.watch_the_window(outlet.now);
            }
            if self.close_requested && self.fin_seq.is_none() && self.unsent.is_empty() && self.setup.unsent == 0 {
                self.fin_seq = Some(self.snd_nxt);
                let wire = Wire { fin: true, ..self.header(self.snd_nxt, Bytes::new()) };
                self.send_first(wire, Extra::Nothing, outlet);
            }
        }
        if self.ack_now {
            self.send_ack(outlet);
        }
    }

    /// Sends the next bytes of the exchange before the first data, if they fit the window.
    fn send_setup(&mut self, outlet: &mut Outlet<'_>) -> bool {
        let length = self.setup.unsent.min(u64::try_from(self.segment_size).unwrap_or(u64::MAX));
        let fits = self.snd_nxt.saturating_add(length) <= self.send_limit;
        if let (true, Ok(setup)) = (fits, u16::try_from(length)) {
            self.setup.unsent = self.setup.unsent.saturating_sub(length);
            let wire = Wire { setup, ..self.header(self.snd_nxt, Bytes::new()) };
            self.send_first(wire, Extra::Nothing, outlet);
        }
        fits
    }

    /// If bytes wait and nothing is on the way whose acknowledgement could open the window, the peer has to be asked (RFC 9293, 3.8.6.1).
    fn watch_the_window(&mut self, now: Instant) {
        if self.unsent.is_empty() || !self.outstanding.is_empty() {
            self.probe_at = None;
            self.probe_wait = Duration::ZERO;
        } else if self.probe_at.is_none() {
            self.probe_wait = self.rto.rto();
            self.probe_at = Some(now + self.probe_wait);
        }
    }

    /// The size of the next data segment, if it fits the window whole.
    fn next_payload_length(&self) -> Option<usize> {
        let mut length = 0_usize;
        for chunk in &self.unsent {
            if length >= self.segment_size || (length > 0 && chunk.alone.is_some()) {
                break;
            }
            length = length.saturating_add(chunk.bytes.len());
            if chunk.alone.is_some() {
                break;
            }
        }
        let length = length.min(self.segment_size);
        let end = self.snd_nxt.saturating_add(u64::try_from(length).ok()?);
        (length > 0 && end <= self.send_limit).then_some(length)
    }

    fn send_payload(&mut self, length: usize, outlet: &mut Outlet<'_>) {
        let judged = self.unsent.front_mut().and_then(|chunk| match chunk.alone {
            Some((unit, verdict @ (Verdict::Delay { .. } | Verdict::Hold))) => {
                Some((unit, verdict, !std::mem::replace(&mut chunk.begun, true)))
            }
            _ => None,
        });
        let (payload, framing) = self.take_unsent(length);
        let wire = Wire { framing, ..self.header(self.snd_nxt, payload) };
        let extra = match judged {
            Some((_, Verdict::Delay { by }, _)) => Extra::Delay(by),
            Some((_, Verdict::Hold, _)) => Extra::Hold,
            _ => Extra::Nothing,
        };
        self.send_first(wire, extra, outlet);
        if let Some((unit, verdict, true)) = judged {
            outlet.events.push_back(LinkEvent::VerdictExecuted { from: outlet.from, unit, verdict });
        }
    }

    /// The next `length` bytes, and what surrounds the writes that begin among them. They are shared with the write that they came from unless they span several.
    fn take_unsent(&mut self, length: usize) -> (Bytes, u16) {
        let mut joined = BytesMut::new();
        let mut framing = 0_u16;
        loop {
            let missing = length.saturating_sub(joined.len());
            let Some(chunk) = self.unsent.front_mut() else { break };
            framing = framing.saturating_add(std::mem::take(&mut chunk.framing));
            let part = if chunk.bytes.len() > missing {
                chunk.bytes.split_to(missing)
            } else {
                let part = std::mem::take(&mut chunk.bytes);
                self.unsent.pop_front();
                part
            };
            if joined.is_empty() && part.len() == length {
                return (part, framing);
            }
            joined.extend_from_slice(&part);
            if joined.len() >= length {
                break;
            }
        }
        (joined.freeze(), framing)
    }

    fn send_ack(&mut self, outlet: &mut Outlet<'_>) {
        self.acknowledged_now();
        outlet.send(self.header(self.snd_nxt, Bytes::new()), 0, Extra::Nothing);
    }

    const fn acknowledged_now(&mut self) {
        self.ack_now = false;
        self.ack_at = None;
        self.full_segments = 0;
    }

    fn retransmit_oldest(&mut self, outlet: &mut Outlet<'_>) {
        let acknowledges = self.phase != Phase::SynSent;
        let (rcv_nxt, window) = (self.rcv_nxt, self.window());
        if let Some(oldest) = self.outstanding.front_mut() {
            oldest.attempt = oldest.attempt.saturating_add(1);
            oldest.sent_at = outlet.now;
            oldest.wire.ack = acknowledges.then_some(rcv_nxt);
            oldest.wire.window = window;
            let (wire, attempt) = (oldest.wire.clone(), oldest.attempt);
            if acknowledges {
                self.acknowledged_now();
            }
            outlet.send(wire, attempt, Extra::Nothing);
        }
    }

    // ---- receiving ----

    /// Takes a segment's flags and acknowledgement, and keeps its data until [`Self::next_piece`] asks. Not called when ended.
    pub(super) fn handle_segment(&mut self, wire: &Wire, outlet: &mut Outlet<'_>) {
        match self.phase {
            Phase::Listen if wire.syn => {
                self.phase = Phase::SynReceived;
                self.rcv_nxt = wire.end();
                self.send_syn(outlet);
                return;
            }
            Phase::SynSent if wire.syn && wire.ack.is_some() => {
                self.rcv_nxt = wire.end();
                self.ack_now = true;
            }
            // Segments out of any order.
            Phase::Listen | Phase::SynSent | Phase::Ended { .. } => return,
            // The client has not heard the answer: it counts as if the answer's own timer had struck.
            Phase::SynReceived if wire.syn => {
                self.back_off(outlet.now);
                self.retransmit_oldest(outlet);
                return;
            }
            // The acknowledgement that ended the handshake was lost.
            Phase::Established if wire.syn => self.ack_now = true,
            Phase::SynReceived | Phase::Established => {}
        }
        if let Some(ack) = wire.ack {
            self.handle_ack(wire, ack, outlet);
        }
        if !wire.syn && (wire.fin || wire.setup > 0 || !wire.payload.is_empty()) {
            self.hold(wire, outlet.now);
        } else if wire.is_bare() && wire.seq < self.rcv_nxt {
            // A question about the window.
            self.ack_now = true;
        }
    }

    fn handle_ack(&mut self, wire: &Wire, ack: u64, outlet: &mut Outlet<'_>) {
        let limit = ack.saturating_add(u64::from(wire.window));
        let opens = limit > self.send_limit;
        self.send_limit = self.send_limit.max(limit);
        self.unanswered_probes = 0;
        if opens {
            self.probe_at = None;
        }
        if ack <= self.snd_una || ack > self.snd_nxt {
            if ack == self.snd_una && wire.is_bare() && !opens && !self.outstanding.is_empty() {
                self.count_duplicate(outlet);
            }
            return;
        }
        self.duplicate_acks = 0;
        let mut repeated = false;
        let mut newest = None;
        while let Some(done) = self.outstanding.pop_front_if(|oldest| oldest.wire.end() <= ack) {
            repeated |= done.attempt > 0;
            newest = Some(done.sent_at);
        }
        self.snd_una = ack;
        // Karn's rule: an acknowledgement that may be for either copy measures nothing.
        if let (false, Some(sent_at)) = (repeated, newest) {
            self.rto.measure(outlet.now.saturating_since(sent_at));
        }
        if matches!(self.phase, Phase::SynSent | Phase::SynReceived) {
            if repeated {
                self.rto.restart_after_repeated_handshake();
            }
            self.phase = Phase::Established;
            if self.setup.advance(outlet.from) {
                self.open(outlet);
            }
            // The handshake's last acknowledgement travels alone, as from an ordinary operating system.
            if self.ack_now {
                self.send_ack(outlet);
            }
        }
        self.rto_at = (!self.outstanding.is_empty()).then(|| outlet.now + self.rto.rto());
        if !self.outstanding.is_empty() && self.snd_una < self.recover {
            // Another gap behind the one that timed out: mended at once rather than after one more time-out.
            self.retransmit_oldest(outlet);
        }
        if self.outstanding.is_empty() && self.fin_seq.is_some() && !self.peer_fin {
            self.fin_wait_at = Some(outlet.now + FIN_WAIT);
        }
    }

    /// An acknowledgement that says nothing new: the third in a row means that a segment is missing and others behind it have arrived. It is sent again
    /// without waiting for the timer, once for all that was on the way then.
    fn count_duplicate(&mut self, outlet: &mut Outlet<'_>) {
        self.duplicate_acks = self.duplicate_acks.saturating_add(1);
        if self.duplicate_acks == DUPLICATE_ACKS && self.snd_una >= self.recover && self.phase == Phase::Established {
            self.recover = self.snd_nxt;
            self.retransmit_oldest(outlet);
            self.rto_at = Some(outlet.now + self.rto.rto());
        }
    }

    /// The application may send now.
    fn open(&mut self, outlet: &mut Outlet<'_>) {
        self.is_open = true;
        if self.application == Application::Unaware {
            self.application = Application::Reading;
        }
        if self.application == Application::Reading {
            outlet.events.push_back(LinkEvent::Opened { side: outlet.from });
        }
    }

    /// Keeps a segment's data and decides how soon it is acknowledged.
    fn hold(&mut self, wire: &Wire, now: Instant) {
        if wire.end() <= self.rcv_nxt {
            self.ack_now = true;
            return;
        }
        let in_order = wire.seq <= self.rcv_nxt && self.held.is_empty();
        if !in_order || wire.fin {
            self.ack_now = true;
        } else {
            if wire.payload.len() >= self.segment_size {
                self.full_segments = self.full_segments.saturating_add(1);
            }
            if self.full_segments >= 2 {
                self.ack_now = true;
            } else if self.ack_at.is_none() {
                self.ack_at = Some(now + DELAYED_ACK);
            }
        }
        let at = self.held.partition_point(|piece| piece.seq < wire.seq);
        if self.held.get(at).is_none_or(|piece| piece.seq != wire.seq) {
            self.held.insert(at, Piece { seq: wire.seq, setup: wire.setup, payload: wire.payload.clone(), fin: wire.fin });
        }
    }

    /// The next piece in order, taken out of the buffer. It counts as received only with [`Self::receive`].
    pub(super) fn next_piece(&mut self) -> Option<Piece> {
        // A segment keeps its limits when it is sent again: pieces never overlap.
        if self.phase != Phase::Established {
            return None;
        }
        let rcv_nxt = self.rcv_nxt;
        self.held.pop_front_if(|piece| piece.seq == rcv_nxt)
    }

    pub(super) fn receive(&mut self, piece: &Piece, outlet: &mut Outlet<'_>) {
        let length = u64::try_from(piece.payload.len()).unwrap_or(u64::MAX);
        self.rcv_nxt = self.rcv_nxt.saturating_add(length).saturating_add(u64::from(piece.setup)).saturating_add(u64::from(piece.fin));
        if !self.takes {
            self.untaken = self.untaken.saturating_add(length);
        }
        // Who has closed takes no further part in the exchange: nothing follows a FIN.
        if piece.setup > 0 && !self.is_open && self.fin_seq.is_none() {
            let is_over = self.setup.received(u64::from(piece.setup), outlet.from);
            if is_over {
                self.open(outlet);
            }
        }
        if piece.fin {
            self.peer_fin = true;
            self.fin_wait_at = None;
            self.close_requested = true;
        }
    }
}
