//! The clock of one device, which may run fast or slow.

use crate::time::{Duration, Instant};

const MILLION: u64 = 1_000_000;

/// What a device's own clock shows. It starts right, and drifts by parts per million from when it is told to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Clock {
    /// When the drift last changed, and what the clock showed then.
    since: Instant,
    shown: Instant,
    ppm: i32,
}

impl Clock {
    /// It can be half as fast again, or half as fast.
    pub(super) const MAX_PPM: i32 = 500_000;

    pub(super) const fn drift(&self) -> i32 {
        self.ppm
    }

    /// From `now` on it gains so many microseconds in a second; more than [`Self::MAX_PPM`] counts as that.
    pub(super) fn set_drift(&mut self, now: Instant, ppm: i32) {
        *self = Self { since: now, shown: self.shows(now), ppm: ppm.clamp(-Self::MAX_PPM, Self::MAX_PPM) };
    }

    /// Microseconds that it counts in a second.
    fn pace(&self) -> u64 {
        MILLION.saturating_add_signed(i64::from(self.ppm))
    }

    /// What it shows at `now`.
    pub(super) fn shows(&self, now: Instant) -> Instant {
        self.shown + now.saturating_since(self.since).scale(self.pace(), MILLION)
    }

    /// The first instant at which it shows `shown` or more.
    pub(super) fn when(&self, shown: Instant) -> Instant {
        let at = self.since + self.lasts(shown.saturating_since(self.shown));
        if self.shows(at) < shown { at + Duration::from_micros(1) } else { at }
    }

    /// How long it takes until it has counted `counted`, rounded down.
    pub(super) fn lasts(&self, counted: Duration) -> Duration {
        counted.scale(MILLION, self.pace())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_without_drift_shows_the_time() {
        let clock = Clock::default();
        for at in [Instant::ZERO, Instant::from_millis(12_345), Instant::FAR_FUTURE] {
            assert_eq!(clock.shows(at), at);
            assert_eq!(clock.when(at), at);
        }
    }

    #[test]
    fn drift_adds_up_from_when_it_is_set() {
        let mut clock = Clock::default();
        clock.set_drift(Instant::from_secs(100), 100_000);
        assert_eq!(clock.shows(Instant::from_secs(110)), Instant::from_secs(111));
        assert_eq!(clock.when(Instant::from_secs(111)), Instant::from_secs(110));
        clock.set_drift(Instant::from_secs(110), -500_000);
        assert_eq!(clock.shows(Instant::from_secs(120)), Instant::from_secs(116));
        assert_eq!(clock.when(Instant::from_secs(116)), Instant::from_secs(120));
    }

    proptest::proptest! {
        #[test]
        fn a_timer_fires_at_the_first_microsecond_at_which_its_clock_agrees(
            ppm in -500_000..=500_000_i32, set in 0..1_000_000_000_u64, ahead in 0..1_000_000_000_000_u64,
        ) {
            let mut clock = Clock::default();
            clock.set_drift(Instant::from_micros(set), ppm);
            let shown = Instant::from_micros(set + ahead);
            let at = clock.when(shown);
            proptest::prop_assert!(clock.shows(at) >= shown);
            proptest::prop_assert!(at <= Instant::from_micros(set) || clock.shows(at - Duration::from_micros(1)) < shown);
        }
    }
}
