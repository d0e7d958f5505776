//! The link alone, under virtual time.

mod breaks;
mod handshake;
mod model;
mod properties;
mod recovery;
mod verdicts;

use bytes::Bytes;

use super::*;
use crate::ratio::Ratio;
use crate::rng::Seed;
use crate::time::{Duration, Instant};

const QUIET: Conditions = Conditions::QUIET;

/// A link with its past: every event with its time.
#[derive(Clone)]
struct Driven {
    link: Link,
    now: Instant,
    past: Vec<(u64, LinkEvent)>,
    steps: u32,
}

impl Driven {
    fn open(conditions: Conditions) -> Self {
        Self::over(Link::open(Instant::ZERO, conditions, None, Seed(1), "test"))
    }

    fn over(link: Link) -> Self {
        let mut driven = Self { link, now: Instant::ZERO, past: Vec::new(), steps: 0 };
        driven.take_events();
        driven
    }

    /// Opened on both sides, at 60 ms; its past forgotten.
    fn opened() -> Self {
        let mut driven = Self::open(QUIET);
        driven.run_until(100);
        assert_eq!(driven.times(|event| matches!(event, LinkEvent::Opened { .. })), [40, 60]);
        driven.past.clear();
        driven
    }

    fn take_events(&mut self) {
        while let Some(event) = self.link.poll_event() {
            self.past.push((self.now.as_micros() / 1_000, event));
        }
    }

    fn act(&mut self, action: impl FnOnce(&mut Link, Instant)) {
        action(&mut self.link, self.now);
        self.take_events();
    }

    fn write(&mut self, from: Side, bytes: impl Into<Vec<u8>>) -> UnitNumber {
        self.write_with(from, bytes, Verdict::Pass)
    }

    fn write_with(&mut self, from: Side, bytes: impl Into<Vec<u8>>, verdict: Verdict) -> UnitNumber {
        let unit = self.link.handle_write(self.now, from, Bytes::from(bytes.into()), verdict);
        self.take_events();
        unit
    }

    /// One step at most at each instant that the link names. False if nothing is to come up to `limit`.
    fn step(&mut self, limit: Instant) -> bool {
        let Some(at) = self.link.poll_timeout().filter(|at| *at <= limit) else { return false };
        assert!(at >= self.now, "time went back");
        self.steps += 1;
        assert!(self.steps < 1_000_000, "does not come to rest");
        self.now = at;
        self.link.handle_timeout(at);
        self.take_events();
        true
    }

    fn run_until(&mut self, millis: u64) {
        while self.step(Instant::from_millis(millis)) {}
        self.now = Instant::from_millis(millis);
    }

    /// Until nothing is to come.
    fn rest(&mut self) {
        while self.step(Instant::FAR_FUTURE) {}
    }

    fn times(&self, which: impl Fn(&LinkEvent) -> bool) -> Vec<u64> {
        self.past.iter().filter(|(_, event)| which(event)).map(|(at, _)| *at).collect()
    }

    fn count(&self, which: impl Fn(&LinkEvent) -> bool) -> usize {
        self.times(which).len()
    }

    fn received(&self, by: Side) -> Vec<u8> {
        let mut all = Vec::new();
        for (_, event) in &self.past {
            if let LinkEvent::BytesArrived { to, bytes } = event
                && *to == by
            {
                all.extend_from_slice(bytes);
            }
        }
        all
    }

    fn sent(&self) -> Vec<(u64, Segment)> {
        let segment = |(at, event): &(u64, LinkEvent)| match event {
            LinkEvent::SegmentSent(segment) => Some((*at, segment.clone())),
            _ => None,
        };
        self.past.iter().filter_map(segment).collect()
    }

    fn closed(&self) -> Vec<(u64, Side, CloseReason)> {
        let closed = |(at, event): &(u64, LinkEvent)| match event {
            LinkEvent::Closed { side, reason } => Some((*at, *side, *reason)),
            _ => None,
        };
        self.past.iter().filter_map(closed).collect()
    }

    /// The fate of each unit of `from`, in order of telling: `None` for arrived.
    fn fates(&self, from: Side) -> Vec<(u64, Option<LossReason>)> {
        let fate = |(_, event): &(u64, LinkEvent)| match event {
            LinkEvent::UnitArrived { from: side, unit } if *side == from => Some((unit.0, None)),
            LinkEvent::UnitLost { from: side, unit, reason } if *side == from => Some((unit.0, Some(*reason))),
            _ => None,
        };
        self.past.iter().filter_map(fate).collect()
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}
