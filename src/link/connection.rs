//! One connection: two endpoints, a path each way, and the fate of every unit.

use std::collections::VecDeque;

use bytes::Bytes;

use super::endpoint::{Application, Endpoint, Expiry, Outlet, Phase, Piece};
use super::ledger::Ledger;
use super::path::{Extra, Mapping, Origins, Path, Wire};
use super::{CloseReason, Conditions, CutDirection, CutNotice, LinkEvent, LossReason, Side, UnitNumber, Verdict};
use crate::rng::Seed;
use crate::time::Instant;

const SIDES: [Side; 2] = [Side::Client, Side::Broker];

/// One connection between a client and the broker. `now` never goes back.
///
/// The caller hands in what happens (`handle_*`), then drains [`Link::poll_event`], then waits until [`Link::poll_timeout`]. A caller that comes late changes
/// nothing but the moment at which it learns: what was due earlier happens first, at its own time.
#[derive(Clone, Debug, Hash)]
pub struct Link {
    now: Instant,
    client: End,
    broker: End,
    /// Bytes of the exchange before the first MQTT byte, from the client and from the broker.
    exchange: (u64, u64),
    mapping: Mapping,
    events: VecDeque<LinkEvent>,
    next_number: u32,
}

/// One side, the path that leads away from it, and what it wrote.
#[derive(Clone, Debug, Hash)]
struct End {
    endpoint: Endpoint,
    path: Path,
    ledger: Ledger,
}

/// What happens next without input, in the order in which it happens within one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    ArrivalFrom(Side),
    TimerOf(Side),
}

impl Link {
    /// Starts the handshake at `now`. `id` names the connection for its random streams.
    #[must_use]
    pub fn open(now: Instant, conditions: Conditions, cut: Option<CutDirection>, seed: Seed, id: &str) -> Self {
        let end = |side, phase, application| End {
            endpoint: Endpoint::new(phase, application, conditions.costs),
            path: Path::new(conditions, cut.is_some_and(|cut| cut.drops_from(side)), side, seed, id),
            ledger: Ledger::new(side),
        };
        let mut link = Self {
            now,
            client: end(Side::Client, Phase::SynSent, Application::Reading),
            broker: end(Side::Broker, Phase::Listen, Application::Unaware),
            exchange: (0, 0),
            mapping: Mapping::new(now),
            events: VecDeque::new(),
            next_number: 0,
        };
        let setup = &link.client.endpoint.setup;
        link.exchange = (setup.bytes_of(Side::Client), setup.bytes_of(Side::Broker));
        let (endpoint, mut outlet) = link.split(Side::Client);
        endpoint.send_syn(&mut outlet);
        link
    }

    /// Makes both sides send at most `bytes` bytes of payload in a segment (1 to 1,460, the default), as on a path with small packets: a packet then
    /// arrives in pieces, and a break can come between any two of its bytes.
    #[must_use]
    pub fn with_segment_size(mut self, bytes: u16) -> Self {
        self.client.endpoint.set_segment_size(bytes);
        self.broker.endpoint.set_segment_size(bytes);
        self
    }

    /// The application of `from` writes one unit (one MQTT packet). Before the handshake is over, or when the window is full, the bytes wait
    /// without limit: [`Link::byte_account`] tells how many, and the caller decides when to stop.
    ///
    /// A `verdict` other than [`Verdict::Pass`] is carried out when the unit reaches the point that it names; such a unit shares no segment with others. On an
    /// empty unit it has no effect.
    pub fn handle_write(&mut self, now: Instant, from: Side, bytes: Bytes, verdict: Verdict) -> UnitNumber {
        self.catch_up(now);
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let (End { endpoint, ledger, .. }, events, _) = self.parts(from);
        if endpoint.application == Application::Gone {
            return ledger.refuse(length, events);
        }
        if bytes.is_empty() {
            let unit = ledger.write(0, Verdict::Pass);
            ledger.deliver(0, events);
            return unit;
        }
        let unit = ledger.write(length, verdict);
        endpoint.write(from, bytes, unit, verdict);
        let (endpoint, mut outlet) = self.split(from);
        endpoint.flush(&mut outlet);
        self.settle();
        unit
    }

    /// The application of `side` closes: what it wrote is still sent, then FIN. It sees [`LinkEvent::Closed`] at once; bytes that still come for it are
    /// acknowledged and thrown away, so that the peer gets all that was written. The peer's application sees the end after the last byte; what that one wrote is
    /// still sent, then its FIN.
    pub fn handle_close(&mut self, now: Instant, side: Side) {
        self.catch_up(now);
        let endpoint = &self.end(side).endpoint;
        match (endpoint.application, endpoint.phase) {
            (Application::Gone, _) => {}
            (Application::Unaware, phase) => {
                if matches!(phase, Phase::SynReceived | Phase::Established) {
                    self.send_rst(side);
                }
                self.end_mut(side).endpoint.end(true);
            }
            (Application::Reading, phase) => {
                let nothing_to_send = phase == Phase::SynSent && !endpoint.has_unsent();
                self.tell_closed(side, CloseReason::ClosedHere);
                if nothing_to_send {
                    self.end_mut(side).endpoint.end(true);
                } else {
                    let (endpoint, mut outlet) = self.split(side);
                    endpoint.request_close();
                    endpoint.flush(&mut outlet);
                }
            }
        }
        self.settle();
    }

    /// `side` disappears without a word (power cut, crash): nothing more is sent from there, and what arrives there finds no connection. With `rst`
    /// the operating system still resets the connection (a crashed program on a living machine), and answers what arrives later with RST. Called again with `rst` for a
    /// side that vanished without: the machine runs again and answers from now on. A broker that vanishes before the SYN arrives refuses the connection.
    pub fn handle_vanish(&mut self, now: Instant, side: Side, rst: bool) {
        self.catch_up(now);
        let phase = self.end(side).endpoint.phase;
        if rst && matches!(phase, Phase::SynReceived | Phase::Established) && !self.end(side).endpoint.is_done() {
            self.send_rst(side);
        }
        self.end_mut(side).endpoint.end(rst);
        self.settle();
    }

    /// Both sides see a reset now; all bytes on the way are lost. The segments that do it come from within the network: each side sees one that bears the
    /// other's name.
    pub fn handle_reset(&mut self, now: Instant) {
        self.catch_up(now);
        self.reset();
        self.settle();
    }

    /// The path drops everything from now on, also what is on the way.
    pub fn handle_cut(&mut self, now: Instant, direction: CutDirection, notice: CutNotice) {
        self.catch_up(now);
        self.cut(direction, notice);
        self.settle();
    }

    /// The path carries segments again. A connection that nobody gave up goes on by retransmission.
    pub fn handle_restore(&mut self, now: Instant) {
        self.catch_up(now);
        self.client.path.set_cut(false);
        self.broker.path.set_cut(false);
    }

    /// What fault rules hold on the path, in both directions, travels on. Says whether there was something.
    pub fn handle_release(&mut self, now: Instant) -> bool {
        self.catch_up(now);
        let held = SIDES.into_iter().any(|side| self.end(side).path.holds());
        for side in SIDES {
            self.end_mut(side).path.release(now);
        }
        held
    }

    /// The application of `side` stops (or begins again) to take what arrives, as a program that hangs. The link still tells of the bytes, which the caller
    /// keeps; meanwhile the receive window closes, and the peer has to wait when it is full.
    pub fn handle_reading(&mut self, now: Instant, side: Side, reads: bool) {
        self.catch_up(now);
        let (endpoint, mut outlet) = self.split(side);
        endpoint.set_takes(reads, &mut outlet);
        self.settle();
    }

    /// New conditions for segments that leave from now on.
    pub fn handle_conditions(&mut self, now: Instant, conditions: Conditions) {
        self.catch_up(now);
        self.client.path.conditions = conditions;
        self.broker.path.conditions = conditions;
    }

    /// Time has come to `now`: deliveries and timers that are due happen, in order.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, next)) = self.next()
            && at <= now
        {
            self.step(at, next);
        }
        self.now = self.now.max(now);
    }

    /// When something happens next without input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next().map(|(at, _)| at)
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    /// Payload bytes that `from` wrote: (handed to the peer, lost for good, still waiting or on the way). Their sum is what was written.
    #[must_use]
    pub fn byte_account(&self, from: Side) -> (u64, u64, u64) {
        self.end(from).ledger.account()
    }

    /// Whether both sides have seen the end, nothing is on the way and all events were taken: the link can be dropped.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.events.is_empty() && SIDES.into_iter().all(|side| self.end(side).endpoint.is_done() && self.end(side).path.is_empty())
    }

    // ---- parts ----

    const fn end(&self, side: Side) -> &End {
        match side {
            Side::Client => &self.client,
            Side::Broker => &self.broker,
        }
    }

    const fn end_mut(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client,
            Side::Broker => &mut self.broker,
        }
    }

    const fn parts(&mut self, side: Side) -> (&mut End, &mut VecDeque<LinkEvent>, &mut u32) {
        let end = match side {
            Side::Client => &mut self.client,
            Side::Broker => &mut self.broker,
        };
        (end, &mut self.events, &mut self.next_number)
    }

    const fn split(&mut self, side: Side) -> (&mut Endpoint, Outlet<'_>) {
        let now = self.now;
        let origins = self.origins(side);
        let End { endpoint, path, .. } = match side {
            Side::Client => &mut self.client,
            Side::Broker => &mut self.broker,
        };
        let outlet = Outlet {
            now,
            from: side,
            path,
            mapping: &mut self.mapping,
            origins,
            events: &mut self.events,
            next_number: &mut self.next_number,
        };
        (endpoint, outlet)
    }

    const fn origins(&self, side: Side) -> Origins {
        match side {
            Side::Client => Origins { own: self.exchange.0, peer: self.exchange.1 },
            Side::Broker => Origins { own: self.exchange.1, peer: self.exchange.0 },
        }
    }

    /// The count of payload bytes from `from` before the sequence number `seq`: the SYN takes number 0, then comes the exchange.
    const fn position(&self, from: Side, seq: u64) -> u64 {
        seq.saturating_sub(1).saturating_sub(self.origins(from).own)
    }

    fn send_rst(&mut self, side: Side) {
        let (endpoint, mut outlet) = self.split(side);
        endpoint.send_rst(&mut outlet);
    }

    // ---- time ----

    fn next(&self) -> Option<(Instant, Next)> {
        let mut first: Option<(Instant, Next)> = None;
        // Asked for after each write: no list of all. At the same time the first one counts.
        let mut consider = |at: Option<Instant>, next: Next| {
            if let Some(at) = at
                && first.is_none_or(|(earliest, _)| at < earliest)
            {
                first = Some((at, next));
            }
        };
        consider(self.client.path.next_arrival(), Next::ArrivalFrom(Side::Client));
        consider(self.broker.path.next_arrival(), Next::ArrivalFrom(Side::Broker));
        consider(self.client.endpoint.next_timer(), Next::TimerOf(Side::Client));
        consider(self.broker.endpoint.next_timer(), Next::TimerOf(Side::Broker));
        first
    }

    /// Carries out what was due before `now`; what is due exactly then waits for [`Link::handle_timeout`].
    fn catch_up(&mut self, now: Instant) {
        while let Some((at, next)) = self.next()
            && at < now
        {
            self.step(at, next);
        }
        self.now = self.now.max(now);
    }

    fn step(&mut self, at: Instant, next: Next) {
        self.now = self.now.max(at);
        match next {
            Next::ArrivalFrom(from) => self.arrive(from),
            Next::TimerOf(side) => {
                let (endpoint, mut outlet) = self.split(side);
                match endpoint.handle_timer(&mut outlet) {
                    Expiry::GoesOn => {}
                    Expiry::GaveUp => self.finish(side, CloseReason::TimedOut),
                    Expiry::WaitedForFin => self.finish(side, CloseReason::ClosedHere),
                }
            }
        }
        self.settle();
    }

    // ---- arrivals ----

    fn arrive(&mut self, from: Side) {
        let Some(flight) = self.end_mut(from).path.pop() else { return };
        let wire = flight.wire;
        if let Some(reason) = flight.lost {
            self.lose(from, &wire, reason);
            return;
        }
        let to = from.peer();
        let receiver = &self.end(to).endpoint;
        let answers = match receiver.phase {
            Phase::Ended { answers } => Some(answers),
            Phase::Listen if !wire.syn => Some(true),
            _ => None,
        };
        if let Some(answers) = answers {
            self.lose(from, &wire, LossReason::NoConnection);
            if answers && !wire.rst {
                self.answer_with_rst(to, &wire);
            }
            return;
        }
        let reaches_application = receiver.application == Application::Reading && wire.seq == receiver.rcv_nxt && !wire.payload.is_empty();
        let end = self.position(from, wire.payload_end());
        if reaches_application && let Some((unit, verdict)) = self.end_mut(from).ledger.take_verdict_before(end) {
            self.carry_out(from, unit, verdict, Some(&wire));
            return;
        }
        self.events.push_back(LinkEvent::SegmentArrived { number: wire.number });
        if wire.rst {
            self.finish(to, CloseReason::Reset);
            return;
        }
        let (endpoint, mut outlet) = self.split(to);
        endpoint.handle_segment(&wire, &mut outlet);
        while let Some(piece) = self.end_mut(to).endpoint.next_piece() {
            if !self.receive(from, piece) {
                break;
            }
        }
        let (endpoint, mut outlet) = self.split(to);
        endpoint.flush(&mut outlet);
    }

    /// Hands a piece to the application of the peer of `from`. False if a verdict struck, after which nothing more is handed on in this instant.
    fn receive(&mut self, from: Side, piece: Piece) -> bool {
        let to = from.peer();
        let reading = self.end(to).endpoint.application == Application::Reading;
        let end = self.position(from, self.end(to).endpoint.rcv_nxt).saturating_add(u64::try_from(piece.payload.len()).unwrap_or(u64::MAX));
        // A piece that waited behind a gap meets its verdict here. It is forgotten, as if it had never come.
        if reading
            && !piece.payload.is_empty()
            && let Some((unit, verdict)) = self.end_mut(from).ledger.take_verdict_before(end)
        {
            self.carry_out(from, unit, verdict, None);
            return false;
        }
        let (endpoint, mut outlet) = self.split(to);
        endpoint.receive(&piece, &mut outlet);
        if piece.fin && reading {
            self.tell_closed(to, CloseReason::ClosedByPeer);
        }
        if piece.fin && self.end(to).endpoint.waits_in_vain() {
            self.send_rst(to);
            self.finish(to, CloseReason::Reset);
            return false;
        }
        if piece.payload.is_empty() {
            return true;
        }
        let (End { ledger, .. }, events, _) = self.parts(from);
        if !reading {
            ledger.lose_up_to(end, LossReason::NoConnection, events);
            return true;
        }
        let length = u64::try_from(piece.payload.len()).unwrap_or(u64::MAX);
        events.push_back(LinkEvent::BytesArrived { to, bytes: piece.payload });
        match ledger.deliver(length, events) {
            Some((unit, verdict)) => {
                self.carry_out(from, unit, verdict, None);
                verdict == Verdict::DuplicateConnection
            }
            None => true,
        }
    }

    /// RFC 9293, 3.10.7.1: a segment for no connection is answered so that its sender accepts the reset.
    fn answer_with_rst(&mut self, side: Side, wire: &Wire) {
        let (seq, ack) = wire.ack.map_or((0, Some(wire.end())), |ack| (ack, None));
        let rst = Wire { number: 0, seq, ack, syn: false, fin: false, rst: true, setup: 0, payload: Bytes::new(), framing: 0, window: 0 };
        let (_, mut outlet) = self.split(side);
        outlet.send(rst, 0, Extra::Nothing);
    }

    // ---- ends ----

    fn carry_out(&mut self, from: Side, unit: UnitNumber, verdict: Verdict, lost: Option<&Wire>) {
        self.events.push_back(LinkEvent::VerdictExecuted { from, unit, verdict });
        let (reason, notice) = match verdict {
            Verdict::Pass | Verdict::Delay { .. } | Verdict::Hold | Verdict::DuplicateConnection => return,
            Verdict::CutBeforeDelivery { notice } | Verdict::CutAfterDelivery { notice } => (LossReason::PathCut, Some(notice)),
            Verdict::ResetBeforeDelivery | Verdict::ResetAfterDelivery => (LossReason::ConnectionReset, None),
        };
        if let Some(wire) = lost {
            self.lose(from, wire, reason);
        }
        match notice {
            Some(notice) => self.cut(CutDirection::Both, notice),
            None => self.reset(),
        }
    }

    fn cut(&mut self, direction: CutDirection, notice: CutNotice) {
        for from in SIDES.into_iter().filter(|from| direction.drops_from(*from)) {
            let end = self.end_mut(from);
            end.path.set_cut(true);
            end.ledger.last_loss = LossReason::PathCut;
            self.drop_flights(from, LossReason::PathCut);
        }
        for side in SIDES.into_iter().filter(|side| notice.reaches(*side)) {
            self.finish(side, CloseReason::NetworkDown);
        }
        for from in SIDES.into_iter().filter(|from| direction.drops_from(*from)) {
            // Nobody reads there any more and nothing is on the way: what was sent so far is lost.
            if self.end(from.peer()).endpoint.application == Application::Gone {
                let origin = self.origins(from).own;
                let (End { endpoint, ledger, .. }, events, _) = self.parts(from);
                ledger.lose_up_to(endpoint.sent_position(origin), LossReason::PathCut, events);
            }
        }
    }

    fn reset(&mut self) {
        for from in SIDES {
            self.drop_flights(from, LossReason::ConnectionReset);
            self.end_mut(from).ledger.last_loss = LossReason::ConnectionReset;
        }
        let alive = SIDES.map(|side| !self.end(side).endpoint.is_done());
        for (from, peer_alive) in SIDES.into_iter().zip([alive[1], alive[0]]) {
            if peer_alive {
                let number = self.next_number;
                self.next_number = number.saturating_add(1);
                let sender = &self.end(from).endpoint;
                let (seq, ack) = (sender.snd_nxt, Some(sender.rcv_nxt));
                let rst =
                    Wire { number, seq, ack, syn: false, fin: false, rst: true, setup: 0, payload: Bytes::new(), framing: 0, window: 0 };
                self.events.push_back(LinkEvent::SegmentSent(rst.to_segment(from, 0, self.origins(from))));
                self.events.push_back(LinkEvent::SegmentArrived { number });
            }
        }
        for side in SIDES {
            self.finish(side, CloseReason::Reset);
        }
    }

    fn drop_flights(&mut self, from: Side, reason: LossReason) {
        let now = self.now;
        for flight in self.end_mut(from).path.drain(now) {
            self.lose(from, &flight.wire, flight.lost.unwrap_or(reason));
        }
    }

    /// A segment is gone. If nobody reads at its end any more, so are the bytes up to its last.
    fn lose(&mut self, from: Side, wire: &Wire, reason: LossReason) {
        let unread = self.end(from.peer()).endpoint.application == Application::Gone;
        let end = self.position(from, wire.payload_end());
        let (End { ledger, .. }, events, _) = self.parts(from);
        events.push_back(LinkEvent::SegmentLost { number: wire.number, reason });
        if !wire.payload.is_empty() {
            ledger.last_loss = reason;
            if unread {
                ledger.lose_up_to(end, reason, events);
            }
        }
    }

    /// The connection is over on this side. A living machine answers with RST from now on.
    fn finish(&mut self, side: Side, reason: CloseReason) {
        if !self.end(side).endpoint.is_ended() {
            self.tell_closed(side, reason);
            self.end_mut(side).endpoint.end(true);
        }
    }

    fn tell_closed(&mut self, side: Side, reason: CloseReason) {
        let endpoint = &mut self.end_mut(side).endpoint;
        if endpoint.application == Application::Reading {
            endpoint.application = Application::Gone;
            self.events.push_back(LinkEvent::Closed { side, reason });
        }
    }

    /// Gives units their fate that nobody can send any more and of which nothing is on the way.
    fn settle(&mut self) {
        for from in SIDES {
            if self.end(from).endpoint.is_ended() && self.end(from).path.holds() {
                // Nobody is left who would send it again.
                self.drop_flights(from, LossReason::NeverReleased);
            }
            let end = self.end(from);
            if end.ledger.is_settled() {
                continue;
            }
            let silent = match end.endpoint.phase {
                Phase::Ended { .. } => true,
                Phase::Listen => self.end(from.peer()).endpoint.is_ended() && self.end(from.peer()).path.is_empty(),
                _ => false,
            };
            if silent && !end.path.carries_bytes() {
                let origin = self.origins(from).own;
                let (End { endpoint, ledger, .. }, events, _) = self.parts(from);
                ledger.lose_all(endpoint.sent_position(origin), events);
            }
        }
    }
}

impl CutDirection {
    /// Whether segments from this side are dropped.
    const fn drops_from(self, side: Side) -> bool {
        matches!((self, side), (Self::Both, _) | (Self::ToBroker, Side::Client) | (Self::ToClient, Side::Broker))
    }
}

impl CutNotice {
    /// Whether this side learns of the cut at once.
    const fn reaches(self, side: Side) -> bool {
        matches!((self, side), (Self::Both, _) | (Self::Client, Side::Client))
    }
}
