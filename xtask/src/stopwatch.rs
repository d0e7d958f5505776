//! Wall-clock seconds, for progress only: the one place outside the engine's virtual time.

use std::time::Duration;

/// A running stopwatch.
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[allow(clippy::disallowed_methods, reason = "the duration of a build is wall-clock time")]
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
