//! One direction of the network: what it does to each segment.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{Conditions, LossReason, Segment, Side};
use crate::ratio::Ratio;
use crate::rng::{RngStream, Seed};
use crate::time::{Duration, Instant};

/// Bytes of IPv4 and TCP headers that each segment costs on the line.
pub(super) const HEADER_BYTES: u64 = 40;
/// Latency, jitter and a verdict's delay count up to one day each, so that no setting reaches the end of time.
const LONGEST_DELAY: Duration = Duration::from_secs(86_400);

/// A segment inside the model: sequence numbers are 64 bits wide here and wrap only when shown.
#[derive(Clone, Debug, Hash)]
pub(super) struct Wire {
    pub(super) number: u32,
    pub(super) seq: u64,
    pub(super) ack: Option<u64>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    /// Bytes of the exchange before the first MQTT byte. They take up sequence numbers here, and none as shown.
    pub(super) setup: u16,
    pub(super) payload: Bytes,
    /// Bytes of TLS records and WebSocket frames around the payload.
    pub(super) framing: u16,
    /// How many bytes its sender is ready to receive.
    pub(super) window: u16,
}

/// The sequence number of the first MQTT byte less one, of the sender and of its peer: what [`Wire::to_segment`] takes off.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Origins {
    pub(super) own: u64,
    pub(super) peer: u64,
}

impl Wire {
    /// The sequence number after the last one that it takes up.
    pub(super) fn end(&self) -> u64 {
        self.payload_end().saturating_add(u64::from(self.syn)).saturating_add(u64::from(self.fin))
    }

    /// The sequence number after its last byte of payload.
    pub(super) fn payload_end(&self) -> u64 {
        self.seq.saturating_add(u64::try_from(self.payload.len()).unwrap_or(u64::MAX)).saturating_add(u64::from(self.setup))
    }

    /// Whether it occupies no place in its sender's stream.
    pub(super) fn is_bare(&self) -> bool {
        self.payload.is_empty() && self.setup == 0 && !self.syn && !self.fin && !self.rst
    }

    /// As a capture shows it.
    pub(super) fn to_segment(&self, from: Side, attempt: u32, origins: Origins) -> Segment {
        Segment {
            number: self.number,
            from,
            seq: shown(self.seq, origins.own),
            ack: self.ack.map(|ack| shown(ack, origins.peer)),
            overhead: self.setup.saturating_add(self.framing),
            window: self.window,
            syn: self.syn,
            fin: self.fin,
            rst: self.rst,
            payload: self.payload.clone(),
            attempt,
        }
    }
}

/// All numbers of the exchange before the first MQTT byte are shown as 1.
#[allow(clippy::cast_possible_truncation, reason = "a TCP sequence number is the position modulo 2^32")]
fn shown(seq: u64, origin: u64) -> u32 {
    seq.saturating_sub(origin).max(seq.min(1)) as u32
}

/// A segment on its way.
#[derive(Clone, Debug, Hash)]
pub(super) struct Flight {
    pub(super) at: Instant,
    /// Decided when it left, known to the world only at `at`.
    pub(super) lost: Option<LossReason>,
    /// Waits, with all behind it, until the path is told to let go.
    held: bool,
    pub(super) wire: Wire,
}

/// What a fault rule adds to a segment's journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    Nothing,
    Delay(Duration),
    Hold,
}

/// What a router on the way remembers of the connection, both directions in one.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Mapping {
    last_segment: Instant,
    is_gone: bool,
}

impl Mapping {
    pub(super) const fn new(now: Instant) -> Self {
        Self { last_segment: now, is_gone: false }
    }

    /// A segment comes by. False if the router has forgotten the connection.
    fn passes(&mut self, now: Instant, idle_timeout: Option<Duration>) -> bool {
        self.is_gone |= idle_timeout.is_some_and(|limit| now.saturating_since(self.last_segment) > limit);
        self.last_segment = now;
        !self.is_gone
    }
}

/// One direction. First in, first out: jitter spreads arrivals, but no segment overtakes an earlier one.
#[derive(Clone, Debug, Hash)]
pub(super) struct Path {
    pub(super) conditions: Conditions,
    cut: bool,
    /// Whether losses come in a burst now.
    in_burst: bool,
    /// When the line has put the last accepted byte on its way.
    line_busy_until: Instant,
    last_arrival: Instant,
    loss_draws: RngStream,
    burst_draws: RngStream,
    jitter_draws: RngStream,
    flights: VecDeque<Flight>,
    /// How many of `flights`, at the front, were lost where they left and only wait to be told.
    stillborn: usize,
}

impl Path {
    pub(super) fn new(conditions: Conditions, cut: bool, from: Side, seed: Seed, id: &str) -> Self {
        let (loss, burst, jitter) = match from {
            Side::Client => ("link loss to broker", "link bursts to broker", "link jitter to broker"),
            Side::Broker => ("link loss to client", "link bursts to client", "link jitter to client"),
        };
        Self {
            conditions,
            cut,
            in_burst: false,
            line_busy_until: Instant::ZERO,
            last_arrival: Instant::ZERO,
            loss_draws: seed.stream(loss, id),
            burst_draws: seed.stream(burst, id),
            jitter_draws: seed.stream(jitter, id),
            flights: VecDeque::new(),
            stillborn: 0,
        }
    }

    /// Takes a segment at `now`. Draws exactly one value for loss, one for bursts and one for jitter, whatever the conditions, also on a cut path: the nth
    /// segment of a direction meets the same chance in every variation of a run.
    pub(super) fn send(&mut self, now: Instant, wire: Wire, extra: Extra, mapping: &mut Mapping) {
        let random = self.draw_loss();
        let spread = self.conditions.jitter.min(LONGEST_DELAY).as_micros().saturating_add(1);
        let jitter = Duration::from_micros(self.jitter_draws.below(spread));
        let known = mapping.passes(now, self.conditions.idle_timeout);
        let size = HEADER_BYTES
            .saturating_add(u64::try_from(wire.payload.len()).unwrap_or(u64::MAX))
            .saturating_add(u64::from(wire.setup))
            .saturating_add(u64::from(wire.framing));
        let at_once = if self.cut {
            Some(LossReason::PathCut)
        } else if self.conditions.outage.is_some_and(|outage| outage.strikes(now)) {
            Some(LossReason::Outage)
        } else if !known {
            Some(LossReason::IdleTimeout)
        } else if !self.has_room(now, size) {
            Some(LossReason::QueueFull)
        } else {
            None
        };
        if at_once.is_some() {
            self.flights.insert(self.stillborn, Flight { at: now, lost: at_once, held: false, wire });
            self.stillborn = self.stillborn.saturating_add(1);
            return;
        }
        let serialisation = self.conditions.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1).scale(size, rate.max(1)));
        self.line_busy_until = self.line_busy_until.max(now) + serialisation;
        let (by, held) = match extra {
            Extra::Nothing => (Duration::ZERO, false),
            Extra::Delay(by) => (by, false),
            Extra::Hold => (Duration::ZERO, true),
        };
        let travelled = self.line_busy_until + self.conditions.latency.min(LONGEST_DELAY) + jitter + by.min(LONGEST_DELAY);
        self.last_arrival = self.last_arrival.max(travelled);
        self.flights.push_back(Flight { at: self.last_arrival, lost: random, held, wire });
    }

    fn draw_loss(&mut self) -> Option<LossReason> {
        let bursts = self.conditions.bursts;
        let change = bursts.map_or(Ratio::NEVER, |bursts| if self.in_burst { bursts.leave } else { bursts.enter });
        let changes = change.roll(&mut self.burst_draws);
        self.in_burst = bursts.is_some() && self.in_burst != changes;
        let (ratio, reason) = match bursts {
            Some(bursts) if self.in_burst => (bursts.loss, LossReason::BurstLoss),
            _ => (self.conditions.loss, LossReason::RandomLoss),
        };
        ratio.roll(&mut self.loss_draws).then_some(reason)
    }

    /// Whether `size` more bytes fit before the line, the ones that it is sending included.
    fn has_room(&self, now: Instant, size: u64) -> bool {
        let (Some(rate), Some(queue)) = (self.conditions.rate, self.conditions.queue) else { return true };
        let waiting = self.line_busy_until.saturating_since(now).scale(rate.max(1), 1_000_000).as_micros();
        // An idle line takes any segment.
        waiting == 0 || waiting.saturating_add(size) <= queue
    }

    /// When the next segment reaches its end.
    pub(super) fn next_arrival(&self) -> Option<Instant> {
        self.flights.front().filter(|flight| !flight.held).map(|flight| flight.at)
    }

    /// Takes the next segment off the path.
    pub(super) fn pop(&mut self) -> Option<Flight> {
        self.stillborn = self.stillborn.saturating_sub(1);
        self.flights.pop_front()
    }

    /// Lets go of what a fault rule holds: it arrives now, or when it would have.
    pub(super) fn release(&mut self, now: Instant) {
        for flight in &mut self.flights {
            flight.held = false;
            flight.at = flight.at.max(now);
        }
        self.last_arrival = self.last_arrival.max(now);
    }

    /// Whether a fault rule holds something.
    pub(super) fn holds(&self) -> bool {
        self.flights.iter().any(|flight| flight.held)
    }

    /// Takes everything off the path and frees the line.
    pub(super) fn drain(&mut self, now: Instant) -> impl Iterator<Item = Flight> + use<> {
        self.line_busy_until = now;
        self.last_arrival = now;
        self.stillborn = 0;
        std::mem::take(&mut self.flights).into_iter()
    }

    pub(super) const fn set_cut(&mut self, cut: bool) {
        self.cut = cut;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// Whether bytes are on the way that may still arrive. Those of the exchange count: others may wait behind them.
    pub(super) fn carries_bytes(&self) -> bool {
        self.flights.iter().any(|flight| flight.wire.setup > 0 || !flight.wire.payload.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Bursts, Outage};

    fn wire(number: u32, payload: usize) -> Wire {
        let payload = Bytes::from(vec![0; payload]);
        Wire { number, seq: 1, ack: None, syn: false, fin: false, rst: false, setup: 0, payload, framing: 0, window: 0 }
    }

    fn path(conditions: Conditions) -> Path {
        Path::new(conditions, false, Side::Client, Seed(7), "sensor")
    }

    impl Path {
        fn put(&mut self, now: Instant, wire: Wire, by: Duration) {
            self.send(now, wire, Extra::Delay(by), &mut Mapping::new(now));
        }
    }

    fn flights(conditions: Conditions, count: u64) -> Vec<Flight> {
        let mut path = path(conditions);
        for number in 0..count {
            path.put(Instant::from_millis(number), wire(u32::try_from(number).unwrap(), 10), Duration::ZERO);
        }
        std::iter::from_fn(|| path.pop()).collect()
    }

    #[test]
    fn segments_queue_for_the_line_headers_included() {
        let mut path = path(Conditions { latency: Duration::from_millis(10), rate: Some(1_000), ..Conditions::default() });
        path.put(Instant::ZERO, wire(0, 60), Duration::ZERO);
        path.put(Instant::ZERO, wire(1, 160), Duration::ZERO);
        path.put(Instant::from_secs(1), wire(2, 0), Duration::ZERO);
        let arrivals: Vec<_> = std::iter::from_fn(|| path.pop()).map(|flight| flight.at.as_micros()).collect();
        assert_eq!(arrivals, [110_000, 310_000, 1_050_000]);
    }

    #[test]
    fn jitter_spreads_arrivals_but_nothing_overtakes() {
        let jitter = Duration::from_millis(50);
        let flights = flights(Conditions { jitter, ..Conditions::default() }, 2_000);
        assert!(flights.is_sorted_by_key(|flight| flight.at));
        assert!(flights.is_sorted_by_key(|flight| flight.wire.number));
        for flight in &flights {
            let travelled = flight.at.saturating_since(Instant::from_millis(flight.wire.number.into()));
            assert!((20_000..=70_000).contains(&travelled.as_micros()), "{travelled}");
        }
        assert!(flights.iter().any(|f| f.at.saturating_since(Instant::from_millis(f.wire.number.into())).as_micros() > 60_000));
    }

    #[test]
    fn changing_one_setting_leaves_the_other_draws_alone() {
        let loss = Ratio::from_percent(30);
        let lost = |conditions| flights(conditions, 500).iter().map(|flight| flight.lost).collect::<Vec<_>>();
        let quiet = lost(Conditions { loss, ..Conditions::default() });
        let busy = lost(Conditions {
            loss,
            jitter: Duration::from_secs(1),
            latency: Duration::from_secs(3),
            rate: Some(100),
            ..Conditions::default()
        });
        assert_eq!(quiet, busy);
        assert!(quiet.iter().any(Option::is_some) && quiet.iter().any(Option::is_none));

        let jitter = Duration::from_millis(5);
        let arrivals = |conditions| flights(conditions, 500).iter().map(|flight| flight.at).collect::<Vec<_>>();
        assert_eq!(
            arrivals(Conditions { jitter, ..Conditions::default() }),
            arrivals(Conditions { jitter, loss: Ratio::ALWAYS, ..Conditions::default() })
        );
    }

    #[test]
    fn a_cut_path_draws_like_a_whole_one() {
        let conditions = Conditions { loss: Ratio::from_percent(30), ..Conditions::default() };
        let whole = flights(conditions, 100);
        let mut path = path(conditions);
        path.set_cut(true);
        for number in 0..50 {
            path.put(Instant::from_millis(number.into()), wire(number, 10), Duration::ZERO);
        }
        assert!(path.drain(Instant::from_millis(50)).all(|flight| flight.lost == Some(LossReason::PathCut)));
        path.set_cut(false);
        for number in 50..100 {
            path.put(Instant::from_millis(number.into()), wire(number, 10), Duration::ZERO);
        }
        let after: Vec<_> = std::iter::from_fn(|| path.pop()).map(|flight| flight.lost).collect();
        assert_eq!(after, whole[50..].iter().map(|flight| flight.lost).collect::<Vec<_>>());
    }

    #[test]
    fn absurd_conditions_stay_within_time() {
        let conditions =
            Conditions { latency: Duration::MAX, jitter: Duration::MAX, loss: Ratio::ALWAYS, rate: Some(0), ..Conditions::default() };
        let mut path = path(conditions);
        path.put(Instant::from_secs(1), wire(0, 1_460), Duration::MAX);
        assert!(path.next_arrival() < Some(Instant::from_secs(4 * 86_400)));
    }

    /// The lengths of the bursts of losses among `count` segments.
    fn bursts(conditions: Conditions, count: u64) -> (u64, Vec<u64>) {
        let lost: Vec<_> = flights(conditions, count).iter().map(|flight| flight.lost.is_some()).collect();
        let runs: Vec<u64> = lost.chunk_by(|a, b| a == b).filter(|run| run[0]).map(|run| run.len() as u64).collect();
        (runs.iter().sum(), runs)
    }

    #[test]
    fn losses_come_in_bursts_of_the_length_and_at_the_rate_that_gilbert_and_elliott_foretell() {
        let ratio = Ratio::from_percent;
        let conditions =
            Conditions { bursts: Some(Bursts { enter: ratio(2), leave: ratio(20), loss: Ratio::ALWAYS }), ..Conditions::default() };
        let (lost, runs) = bursts(conditions, 200_000);
        // 2 / (2 + 20) of all, five at a time.
        assert!((17_200..19_200).contains(&lost), "{lost}");
        let mean_in_hundredths = lost * 100 / runs.len() as u64;
        assert!((480..520).contains(&mean_in_hundredths), "{mean_in_hundredths}");

        let (lost, runs) = bursts(Conditions { loss: Ratio::from_ppm(90_909), ..Conditions::default() }, 200_000);
        assert!((17_200..19_200).contains(&lost), "the same share without bursts");
        let mean_in_hundredths = lost * 100 / runs.len() as u64;
        assert!((107..113).contains(&mean_in_hundredths), "{mean_in_hundredths}");
    }

    #[test]
    fn between_the_bursts_the_plain_loss_counts() {
        let bursts = Bursts { enter: Ratio::from_percent(1), leave: Ratio::from_percent(10), loss: Ratio::NEVER };
        let spared = flights(Conditions { loss: Ratio::ALWAYS, bursts: Some(bursts), ..Conditions::default() }, 50_000);
        let spared = spared.iter().filter(|flight| flight.lost.is_none()).count();
        assert!((3_800..5_300).contains(&spared), "one in eleven: {spared}");
    }

    #[test]
    fn a_segment_that_finds_the_queue_full_is_dropped_at_once() {
        let conditions = Conditions { rate: Some(1_000), queue: Some(250), ..Conditions::default() };
        let mut path = path(conditions);
        for number in 0..4 {
            path.put(Instant::ZERO, wire(number, 60), Duration::ZERO);
        }
        // 100 bytes each: two wait, the third and the fourth find no room; 100 ms later there is room again.
        path.put(Instant::from_millis(100), wire(4, 60), Duration::ZERO);
        let fates: Vec<_> = std::iter::from_fn(|| path.pop()).map(|f| (f.wire.number, f.at.as_micros() / 1_000, f.lost)).collect();
        let full = Some(LossReason::QueueFull);
        assert_eq!(fates, [(2, 0, full), (3, 0, full), (0, 120, None), (1, 220, None), (4, 320, None)]);
    }

    #[test]
    fn segments_that_leave_in_an_outage_are_lost() {
        let outage = Some(Outage { every: Duration::from_millis(100), lasts: Duration::from_millis(30) });
        let lost: Vec<_> = flights(Conditions { outage, ..Conditions::default() }, 200)
            .iter()
            .filter(|flight| flight.lost == Some(LossReason::Outage))
            .map(|flight| flight.wire.number)
            .collect();
        assert_eq!(lost, (70..100).chain(170..200).collect::<Vec<_>>());
    }

    #[test]
    fn jitter_is_uniform_up_to_its_bound() {
        // Far enough apart that none waits for another.
        let conditions = Conditions { jitter: Duration::from_millis(9), ..Conditions::default() };
        let mut path = path(conditions);
        let mut tenths = [0_u32; 10];
        for number in 0..10_000 {
            let now = Instant::from_millis(u64::from(number) * 100);
            path.put(now, wire(number, 10), Duration::ZERO);
            let jitter = path.pop().unwrap().at.saturating_since(now).as_micros() - 20_000;
            assert!(jitter <= 9_000);
            tenths[usize::try_from(jitter / 901).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (850..1_150).contains(count)), "{tenths:?}");
    }
}
