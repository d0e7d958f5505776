//! Bounds of a world.

/// What stops a run that would never come to rest, or cuts a connection that would grow without end. Each becomes a `LimitReached` record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldLimits {
    /// Events in one run.
    pub events: u64,
    /// Events without time passing.
    pub events_per_instant: u64,
    /// Bytes that one side of a connection may have waiting; more resets the connection.
    pub backlog: u64,
    /// Bytes that may wait for a program that hangs; more resets the connection.
    pub frozen_backlog: u64,
    /// Answers that reply rules have planned and not yet given; more are not planned.
    pub replies: usize,
    /// Bytes of one payload.
    pub payload: usize,
    /// Bytes that one side is handed at once, as by one read from a socket; 0 counts as 1. Nothing comes later for it.
    pub read: usize,
}

impl Default for WorldLimits {
    fn default() -> Self {
        Self {
            events: 5_000_000,
            events_per_instant: 10_000,
            backlog: 8 * 1_048_576,
            frozen_backlog: 1_048_576,
            replies: 10_000,
            payload: crate::sim::scenario::MAX_PAYLOAD,
            read: usize::MAX,
        }
    }
}
