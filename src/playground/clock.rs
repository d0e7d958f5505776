//! How real time moves the cursor: plain state, driven by ticks.

use super::Speed;
use crate::time::Duration;

/// The most real time that one tick counts: after a pause of the page (a hidden tab) the run goes on where it was.
const LONGEST_TICK: Duration = Duration::from_millis(250);

/// Play state and speed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) playing: bool,
    pub(super) speed: Speed,
    /// Tenths of a microsecond that did not make a whole one.
    rest: u64,
}

impl Clock {
    pub(super) const fn new() -> Self {
        Self { playing: false, speed: Speed::NORMAL, rest: 0 }
    }

    /// The virtual time that passes in this much real time.
    pub(super) fn advance(&mut self, elapsed: Duration) -> Duration {
        let elapsed = elapsed.min(LONGEST_TICK).as_micros();
        let tenths = elapsed * u64::from(self.speed.0) + self.rest;
        self.rest = tenths % 10;
        Duration::from_micros(tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_motion_loses_no_time() {
        let mut clock = Clock { speed: Speed(1), ..Clock::new() };
        let total: u64 = (0..1_000).map(|_| clock.advance(Duration::from_micros(16_667)).as_micros()).sum();
        assert_eq!(total, 1_666_700);
    }

    #[test]
    fn a_thousand_times_is_a_thousand_times() {
        let mut clock = Clock { speed: Speed(10_000), ..Clock::new() };
        assert_eq!(clock.advance(Duration::from_millis(16)), Duration::from_secs(16));
    }

    #[test]
    fn a_long_pause_of_the_page_is_no_leap() {
        let mut clock = Clock::new();
        assert_eq!(clock.advance(Duration::from_secs(60)), Duration::from_millis(250));
    }
}
