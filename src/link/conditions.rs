//! Conditions of a path.

use serde::{Deserialize, Serialize};

use crate::ratio::Ratio;
use crate::time::Duration;

/// What the path does to segments, the same in both directions. Changes count for segments that leave later.
///
/// A direction is first in, first out: no segment overtakes an earlier one, whatever its jitter. Latency and jitter count up to one day each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conditions {
    /// One-way delay.
    pub latency: Duration,
    /// Each segment takes up to this much longer, uniformly.
    pub jitter: Duration,
    /// The share of segments that get lost, each on its own.
    pub loss: Ratio,
    /// Bytes per second, 40 bytes of headers a segment included; what does not fit the line waits before it. `None`: as fast as one likes; 0 counts as 1.
    pub rate: Option<u64>,
}

impl Default for Conditions {
    /// A quiet local network: 20 ms, no jitter, no loss, no limit.
    fn default() -> Self {
        Self { latency: Duration::from_millis(20), jitter: Duration::ZERO, loss: Ratio::NEVER, rate: None }
    }
}
