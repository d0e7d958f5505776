//! When a client tries again.

use crate::client::{Client, ClientEvent, ClientState, ReconnectPolicy, Timer};
use crate::time::{Duration, Instant};

impl Client {
    /// Plans the next attempt as the policy says, or stays idle.
    pub(super) fn plan_reconnection(&mut self, now: Instant) {
        if self.config.reconnect == ReconnectPolicy::Never {
            return self.enter(ClientState::Idle);
        }
        self.attempt = self.attempt.saturating_add(1);
        // One draw for each wait, whatever the policy: changing it shifts no later draw.
        let draw = self.rng.next_u64();
        let at = now + self.config.reconnect.wait(self.attempt, draw);
        self.timers.set(Timer::Reconnect, at);
        self.enter(ClientState::Waiting { until: at });
        self.emit(ClientEvent::ReconnectScheduled { at, attempt: self.attempt });
    }
}

impl ReconnectPolicy {
    /// The wait before this attempt; `draw` is uniform over all 64-bit numbers.
    fn wait(self, attempt: u32, draw: u64) -> Duration {
        match self {
            Self::Never => Duration::MAX,
            Self::Fixed { delay } => delay,
            Self::Exponential { first, max, jitter } => {
                let doublings = attempt.saturating_sub(1);
                let delay = first.scale(1u64.checked_shl(doublings).unwrap_or(u64::MAX), 1).min(max);
                if jitter { share(delay, draw) } else { delay }
            }
        }
    }
}

/// Uniform from zero to `delay`, both included.
fn share(delay: Duration, draw: u64) -> Duration {
    let choices = u128::from(delay.as_micros()).saturating_add(1);
    let product = u128::from(draw).saturating_mul(choices);
    Duration::from_micros(u64::try_from(product >> 64).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_waits_double_up_to_the_longest() {
        let policy = ReconnectPolicy::Exponential { first: Duration::from_secs(1), max: Duration::from_secs(30), jitter: false };
        let waits: Vec<u64> = (1..=8).map(|attempt| policy.wait(attempt, 0).as_millis() / 1_000).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(policy.wait(u32::MAX, 0), Duration::from_secs(30));
    }

    #[test]
    fn jitter_covers_zero_to_the_delay() {
        let policy = ReconnectPolicy::Exponential { first: Duration::from_secs(2), max: Duration::from_secs(30), jitter: true };
        assert_eq!(policy.wait(1, 0), Duration::ZERO);
        assert_eq!(policy.wait(1, u64::MAX), Duration::from_secs(2));
        assert_eq!(policy.wait(2, u64::MAX / 2 + 1), Duration::from_secs(2));
        assert_eq!(share(Duration::MAX, u64::MAX), Duration::MAX);
    }
}
