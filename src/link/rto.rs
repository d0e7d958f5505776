//! The retransmission time-out, as RFC 6298 computes it, in whole microseconds.

use crate::time::Duration;

/// The time-out before the first measurement (RFC 6298, 2.1).
pub(super) const INITIAL: Duration = Duration::from_secs(1);
/// The least time-out. The RFC asks for 1 s; 200 ms is what operating systems use.
pub(super) const MINIMUM: Duration = Duration::from_millis(200);
/// The greatest time-out: doubling stops here (2.5 allows any bound of at least 60 s).
pub(super) const MAXIMUM: Duration = Duration::from_secs(64);
/// The time-out for data when the handshake itself had to be repeated (5.7).
const AFTER_REPEATED_HANDSHAKE: Duration = Duration::from_secs(3);

/// Smoothed round-trip time, its variation, and the time-out that follows from them.
#[derive(Clone, Debug, Hash)]
pub(super) struct RtoEstimator {
    /// SRTT and RTTVAR in µs, once something was measured.
    measured: Option<(u64, u64)>,
    rto: Duration,
}

impl RtoEstimator {
    pub(super) const fn new() -> Self {
        Self { measured: None, rto: INITIAL }
    }

    /// The current time-out, doublings included.
    pub(super) const fn rto(&self) -> Duration {
        self.rto
    }

    /// A round trip of a segment that was sent only once (Karn's rule is the caller's duty). Ends the effect of earlier doublings.
    pub(super) fn measure(&mut self, round_trip: Duration) {
        let r = round_trip.as_micros();
        let (srtt, rttvar) = match self.measured {
            None => (r, r / 2),
            Some((srtt, rttvar)) => {
                // RTTVAR ← 3/4 RTTVAR + 1/4 |SRTT − R'|, then SRTT ← 7/8 SRTT + 1/8 R' (2.3).
                let rttvar = (rttvar.saturating_mul(3).saturating_add(srtt.abs_diff(r))) / 4;
                (srtt.saturating_mul(7).saturating_add(r) / 8, rttvar)
            }
        };
        self.measured = Some((srtt, rttvar));
        self.rto = Duration::from_micros(srtt.saturating_add(rttvar.saturating_mul(4))).clamp(MINIMUM, MAXIMUM);
    }

    /// A time-out struck: the next one waits twice as long (5.5).
    pub(super) fn back_off(&mut self) {
        self.rto = self.rto.scale(2, 1).min(MAXIMUM);
    }

    /// The handshake is over and its segment had to be repeated, so that nothing was measured.
    pub(super) const fn restart_after_repeated_handshake(&mut self) {
        self.rto = AFTER_REPEATED_HANDSHAKE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_measurement_gives_three_times_the_round_trip() {
        let mut estimator = RtoEstimator::new();
        assert_eq!(estimator.rto(), Duration::from_secs(1));
        estimator.measure(Duration::from_millis(400));
        assert_eq!(estimator.rto(), Duration::from_millis(1_200));
    }

    #[test]
    fn later_measurements_follow_rfc_6298_2_3() {
        let mut estimator = RtoEstimator::new();
        estimator.measure(Duration::from_millis(400));
        estimator.measure(Duration::from_millis(480));
        // RTTVAR = (3·200 + 80)/4 = 170, SRTT = (7·400 + 480)/8 = 410.
        assert_eq!(estimator.rto(), Duration::from_millis(410 + 4 * 170));
    }

    #[test]
    fn a_steady_round_trip_settles_at_the_minimum() {
        let mut estimator = RtoEstimator::new();
        for _ in 0..50 {
            estimator.measure(Duration::from_millis(40));
        }
        assert_eq!(estimator.rto(), MINIMUM);
    }

    #[test]
    fn doubling_stops_at_the_maximum_and_ends_with_a_measurement() {
        let mut estimator = RtoEstimator::new();
        let mut waits = Vec::new();
        for _ in 0..8 {
            waits.push(estimator.rto().as_micros() / 1_000_000);
            estimator.back_off();
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 64]);
        estimator.measure(Duration::from_millis(100));
        assert_eq!(estimator.rto(), Duration::from_millis(300));
    }

    #[test]
    fn absurd_measurements_saturate() {
        let mut estimator = RtoEstimator::new();
        estimator.measure(Duration::MAX);
        estimator.measure(Duration::ZERO);
        estimator.measure(Duration::MAX);
        assert_eq!(estimator.rto(), MAXIMUM);
    }
}
