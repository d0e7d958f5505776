//! One direction of the network: what it does to each segment.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{Conditions, LossReason, Segment, Side};
use crate::rng::{RngStream, Seed};
use crate::time::{Duration, Instant};

/// Bytes of IPv4 and TCP headers that each segment costs on the line.
pub(super) const HEADER_BYTES: u64 = 40;
/// Latency, jitter and a verdict's delay count up to one day each, so that no setting reaches the end of time.
const LONGEST_DELAY: Duration = Duration::from_secs(86_400);

/// A segment inside the model: sequence numbers are 64 bits wide here and wrap only when shown.
#[derive(Clone, Debug, Hash)]
pub(super) struct Wire {
    pub(super) number: u64,
    pub(super) seq: u64,
    pub(super) ack: Option<u64>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) payload: Bytes,
}

impl Wire {
    /// The sequence number after the last one that it takes up.
    pub(super) fn end(&self) -> u64 {
        self.payload_end().saturating_add(u64::from(self.syn)).saturating_add(u64::from(self.fin))
    }

    /// The sequence number after its last byte of payload.
    pub(super) fn payload_end(&self) -> u64 {
        self.seq.saturating_add(u64::try_from(self.payload.len()).unwrap_or(u64::MAX))
    }

    /// As a capture shows it.
    pub(super) fn to_segment(&self, from: Side, attempt: u32) -> Segment {
        Segment {
            number: self.number,
            from,
            seq: wrapped(self.seq),
            ack: self.ack.map(wrapped),
            syn: self.syn,
            fin: self.fin,
            rst: self.rst,
            payload: self.payload.clone(),
            attempt,
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a TCP sequence number is the position modulo 2^32")]
const fn wrapped(seq: u64) -> u32 {
    seq as u32
}

/// A segment on its way.
#[derive(Clone, Debug, Hash)]
pub(super) struct Flight {
    pub(super) at: Instant,
    /// Decided when it left, known to the world only at `at`.
    pub(super) lost: Option<LossReason>,
    pub(super) wire: Wire,
}

/// One direction. First in, first out: jitter spreads arrivals, but no segment overtakes an earlier one.
#[derive(Clone, Debug, Hash)]
pub(super) struct Path {
    pub(super) conditions: Conditions,
    cut: bool,
    /// When the line has put the last accepted byte on its way.
    line_busy_until: Instant,
    last_arrival: Instant,
    loss_draws: RngStream,
    jitter_draws: RngStream,
    flights: VecDeque<Flight>,
}

impl Path {
    pub(super) fn new(conditions: Conditions, cut: bool, from: Side, seed: Seed, id: &str) -> Self {
        let (loss, jitter) = match from {
            Side::Client => ("link loss to broker", "link jitter to broker"),
            Side::Broker => ("link loss to client", "link jitter to client"),
        };
        Self {
            conditions,
            cut,
            line_busy_until: Instant::ZERO,
            last_arrival: Instant::ZERO,
            loss_draws: seed.stream(loss, id),
            jitter_draws: seed.stream(jitter, id),
            flights: VecDeque::new(),
        }
    }

    /// Takes a segment at `now`. Draws exactly one value for loss and one for jitter, whatever the conditions, also on a cut path: the nth segment of a
    /// direction meets the same chance in every variation of a run.
    pub(super) fn send(&mut self, now: Instant, wire: Wire, extra: Duration) {
        let lost = self.conditions.loss.roll(&mut self.loss_draws).then_some(LossReason::RandomLoss);
        let spread = self.conditions.jitter.min(LONGEST_DELAY).as_micros().saturating_add(1);
        let jitter = Duration::from_micros(self.jitter_draws.below(spread));
        if self.cut {
            self.last_arrival = self.last_arrival.max(now);
            self.flights.push_back(Flight { at: self.last_arrival, lost: Some(LossReason::PathCut), wire });
            return;
        }
        let size = HEADER_BYTES.saturating_add(u64::try_from(wire.payload.len()).unwrap_or(u64::MAX));
        let serialisation = self.conditions.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1).scale(size, rate.max(1)));
        self.line_busy_until = self.line_busy_until.max(now) + serialisation;
        let travelled = self.line_busy_until + self.conditions.latency.min(LONGEST_DELAY) + jitter + extra.min(LONGEST_DELAY);
        self.last_arrival = self.last_arrival.max(travelled);
        self.flights.push_back(Flight { at: self.last_arrival, lost, wire });
    }

    /// When the next segment reaches its end.
    pub(super) fn next_arrival(&self) -> Option<Instant> {
        self.flights.front().map(|flight| flight.at)
    }

    /// Takes the next segment off the path.
    pub(super) fn pop(&mut self) -> Option<Flight> {
        self.flights.pop_front()
    }

    /// Takes everything off the path and frees the line.
    pub(super) fn drain(&mut self, now: Instant) -> impl Iterator<Item = Flight> + use<> {
        self.line_busy_until = now;
        self.last_arrival = now;
        std::mem::take(&mut self.flights).into_iter()
    }

    pub(super) const fn set_cut(&mut self, cut: bool) {
        self.cut = cut;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// Whether bytes are on the way that may still arrive.
    pub(super) fn carries_payload(&self) -> bool {
        self.flights.iter().any(|flight| !flight.wire.payload.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratio::Ratio;

    fn wire(number: u64, payload: usize) -> Wire {
        let payload = Bytes::from(vec![0; payload]);
        Wire { number, seq: 1, ack: None, syn: false, fin: false, rst: false, payload }
    }

    fn path(conditions: Conditions) -> Path {
        Path::new(conditions, false, Side::Client, Seed(7), "sensor")
    }

    fn flights(conditions: Conditions, count: u64) -> Vec<Flight> {
        let mut path = path(conditions);
        for number in 0..count {
            path.send(Instant::from_millis(number), wire(number, 10), Duration::ZERO);
        }
        std::iter::from_fn(|| path.pop()).collect()
    }

    #[test]
    fn segments_queue_for_the_line_headers_included() {
        let mut path = path(Conditions { latency: Duration::from_millis(10), rate: Some(1_000), ..Conditions::default() });
        path.send(Instant::ZERO, wire(0, 60), Duration::ZERO);
        path.send(Instant::ZERO, wire(1, 160), Duration::ZERO);
        path.send(Instant::from_secs(1), wire(2, 0), Duration::ZERO);
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
            let travelled = flight.at.saturating_since(Instant::from_millis(flight.wire.number));
            assert!((20_000..=70_000).contains(&travelled.as_micros()), "{travelled}");
        }
        assert!(flights.iter().any(|f| f.at.saturating_since(Instant::from_millis(f.wire.number)).as_micros() > 60_000));
    }

    #[test]
    fn changing_one_setting_leaves_the_other_draws_alone() {
        let loss = Ratio::from_percent(30);
        let lost = |conditions| flights(conditions, 500).iter().map(|flight| flight.lost).collect::<Vec<_>>();
        let quiet = lost(Conditions { loss, ..Conditions::default() });
        let busy = lost(Conditions { loss, jitter: Duration::from_secs(1), latency: Duration::from_secs(3), rate: Some(100) });
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
            path.send(Instant::from_millis(number), wire(number, 10), Duration::ZERO);
        }
        assert!(path.drain(Instant::from_millis(50)).all(|flight| flight.lost == Some(LossReason::PathCut)));
        path.set_cut(false);
        for number in 50..100 {
            path.send(Instant::from_millis(number), wire(number, 10), Duration::ZERO);
        }
        let after: Vec<_> = std::iter::from_fn(|| path.pop()).map(|flight| flight.lost).collect();
        assert_eq!(after, whole[50..].iter().map(|flight| flight.lost).collect::<Vec<_>>());
    }

    #[test]
    fn absurd_conditions_stay_within_time() {
        let conditions = Conditions { latency: Duration::MAX, jitter: Duration::MAX, loss: Ratio::ALWAYS, rate: Some(0) };
        let mut path = path(conditions);
        path.send(Instant::from_secs(1), wire(0, 1_460), Duration::MAX);
        assert!(path.next_arrival() < Some(Instant::from_secs(4 * 86_400)));
    }
}
