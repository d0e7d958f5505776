//! Time travel: a cursor over the run, snapshots to go back to, branches for changed pasts.

use std::sync::Arc;

use serde::Serialize;

use crate::rng::Seed;
use crate::sim::{Command, CommandError, Scenario, World};
use crate::time::Instant;
use crate::trace::{RecordId, Trace};

/// Bounds of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Records in one branch.
    pub records: usize,
    /// Snapshots kept in one branch.
    pub snapshots: usize,
    /// Branches.
    pub branches: usize,
    /// Events of the world in one call that runs it.
    pub events_per_call: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { records: 1_000_000, snapshots: 64, branches: 16, events_per_call: 20_000 }
    }
}

/// Names a branch; 0 is the original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct BranchId(pub u32);

/// One version of the past.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Its number.
    pub id: BranchId,
    /// Its name; empty for the original, which the page names in the learner's language.
    pub name: String,
    /// The branch that it left, and after how many records.
    pub parent: Option<(BranchId, usize)>,
}

/// How far one step goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Stride {
    /// To the next record.
    Record,
    /// To the next packet sent, received or lost, or the next change of a connection that a learner can see.
    #[default]
    Packet,
}

/// Where in the run the page is looking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cursor {
    /// How many records are visible.
    pub records: usize,
    /// The time shown; at least the time of the last visible record.
    pub at: Instant,
}

/// A run with all its branches. `apply` is the only mutation of what happened.
#[derive(Clone, Debug)]
pub struct History {}

impl History {
    /// A run at its start, with nothing visible.
    #[must_use]
    pub fn new(scenario: Arc<Scenario>, seed: Seed, limits: Limits) -> Self {
        let _ = (scenario, seed, limits);
        todo!()
    }

    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &Arc<Scenario> {
        todo!()
    }

    /// The trace of the current branch: all that was ever computed on it, also beyond the cursor.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        todo!()
    }

    /// Where the page is looking.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        todo!()
    }

    /// Whether the cursor is at the head and nothing will ever happen by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        todo!()
    }

    /// The time of the head of this branch (how far it was computed).
    #[must_use]
    pub fn head_at(&self) -> Instant {
        todo!()
    }

    /// One step on; computes as far as needed. Returns whether the cursor moved.
    pub fn step_forward(&mut self, stride: Stride) -> bool {
        let _ = stride;
        todo!()
    }

    /// One step back. Returns whether the cursor moved.
    pub fn step_back(&mut self, stride: Stride) -> bool {
        let _ = stride;
        todo!()
    }

    /// Moves the time to `at`, forward or back, and computes as far as needed but at most [`Limits::events_per_call`] events. Returns whether `at` was reached.
    pub fn seek(&mut self, at: Instant) -> bool {
        let _ = at;
        todo!()
    }

    /// Moves the cursor right behind a record of the current branch.
    pub fn seek_record(&mut self, record: RecordId) {
        let _ = record;
        todo!()
    }

    /// Does something at the cursor. In the past it makes a new branch, named by `name`, and goes there.
    ///
    /// # Errors
    /// The command makes no sense there, or there are too many branches; nothing has changed.
    pub fn apply(&mut self, command: Command, name: &str) -> Result<RecordId, CommandError> {
        let _ = (command, name);
        todo!()
    }

    /// All branches, the original first.
    #[must_use]
    pub fn branches(&self) -> &[Branch] {
        todo!()
    }

    /// The current branch.
    #[must_use]
    pub fn branch(&self) -> BranchId {
        todo!()
    }

    /// Goes to another branch; the cursor stays at its time.
    pub fn switch(&mut self, branch: BranchId) {
        let _ = branch;
        todo!()
    }

    /// The world at the cursor, from the nearest snapshot and replay.
    pub fn world(&mut self) -> &World {
        todo!()
    }

    /// The commands given on the current branch, with the number of records that stood before each.
    #[must_use]
    pub fn commands(&self) -> &[(usize, Instant, Command)] {
        todo!()
    }
}
