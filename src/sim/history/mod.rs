//! Time travel: a cursor over the run, snapshots to go back to, branches for changed pasts.

mod line;
mod stride;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Serialize;

use line::Line;
pub use stride::Stride;

use crate::rng::Seed;
use crate::sim::{Command, CommandError, Scenario, World};
use crate::time::Instant;
use crate::trace::{Record, RecordId, Trace};

/// Bounds of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Records in one branch.
    pub records: usize,
    /// Snapshots kept in one branch. Reaching it leaves out every other one.
    pub snapshots: usize,
    /// Clients in all snapshots of one branch together: a world of thousands is kept less often. Two snapshots are always kept.
    pub snapshot_clients: usize,
    /// Branches.
    pub branches: usize,
    /// Events of the world in one call that runs it.
    pub events_per_call: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { records: 1_000_000, snapshots: 64, snapshot_clients: 40_000, branches: 16, events_per_call: 20_000 }
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

/// What came of running on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This record was looked for; the cursor stands right behind it.
    Found(RecordId),
    /// It does not come; the cursor stands at the time that was the limit.
    Nowhere,
    /// The budget of one call is used up; the cursor stands where it came to. Call again.
    Unfinished,
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
///
/// The cursor counts visible records; its time may lie between two records. An event is atomic: with the cursor between two records of one event, the world is the one
/// after the event, and a command given there comes after all of it.
#[derive(Clone, Debug)]
pub struct History {
    scenario: Arc<Scenario>,
    limits: Limits,
    branches: Vec<Branch>,
    lines: Vec<Line>,
    current: usize,
    cursor: Cursor,
}

/// Where two branches part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How many records they share.
    pub shared: usize,
    /// The first record that only the first branch has there; `None` if it has no more.
    pub first: Option<Record>,
    /// The first record that only the second branch has there.
    pub second: Option<Record>,
}

impl History {
    /// A run at its start, with nothing visible.
    #[must_use]
    pub fn new(scenario: Arc<Scenario>, seed: Seed, limits: Limits) -> Self {
        let line = Line::new(&scenario, seed, limits);
        let original = Branch { id: BranchId(0), name: String::new(), parent: None };
        Self { scenario, limits, branches: vec![original], lines: vec![line], current: 0, cursor: Cursor::default() }
    }

    /// The scenario.
    #[must_use]
    pub const fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// The trace of the current branch: all that was ever computed on it, also beyond the cursor.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        self.line().trace()
    }

    /// The visible records.
    #[must_use]
    pub fn visible(&self) -> &[Record] {
        self.trace().records().get(..self.cursor.records).unwrap_or_default()
    }

    /// Where the page is looking.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Whether the cursor is at the head and nothing will ever happen by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.cursor.records == self.trace().len() && self.line().head().next_at().is_none()
    }

    /// The time of the head of this branch (how far it was computed).
    #[must_use]
    pub fn head_at(&self) -> Instant {
        self.line().head().now()
    }

    /// How many events of the world were computed on this branch.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.line().head().events()
    }

    /// How many snapshots this branch keeps.
    #[must_use]
    pub fn snapshots(&self) -> usize {
        self.line().snapshots().len()
    }

    /// One step on; computes as far as needed, at most [`Limits::events_per_call`] events. Returns whether the cursor moved.
    pub fn step_forward(&mut self, stride: Stride) -> bool {
        let mut looked_at = self.cursor.records;
        for _ in 0..=self.limits.events_per_call {
            let records = self.trace().records();
            if let Some(stop) = (looked_at..records.len()).find(|index| stride.stops_at(records, *index)) {
                let records = stride.rest(records, stop);
                return self.show_records(records);
            }
            looked_at = self.trace().len();
            if !self.line_mut().step() {
                break;
            }
        }
        // With nothing more to show, the time stays too, which may lie behind the last record.
        looked_at > self.cursor.records && self.show_records(looked_at)
    }

    /// One step back. Returns whether the cursor moved.
    pub fn step_back(&mut self, stride: Stride) -> bool {
        let shown = self.cursor.records;
        let records = self.trace().records();
        let stops = (0..shown).rev().filter(|index| stride.stops_at(records, *index));
        // In quiet time, behind the last record, the first step back leads to where that time began.
        let is_quiet = shown.checked_sub(1).and_then(|last| records.get(last)).is_some_and(|last| last.at < self.cursor.at);
        let before = stops.map(|stop| stride.rest(records, stop)).find(|rest| *rest < shown || is_quiet && *rest == shown).unwrap_or(0);
        self.show_records(before)
    }

    /// Moves the time to `at`, forward or back, and computes as far as needed but at most [`Limits::events_per_call`] events. Returns whether `at` was reached.
    pub fn seek(&mut self, at: Instant) -> bool {
        let reached = self.compute(at);
        let at = if reached { at } else { at.min(self.head_at()) };
        let records = self.trace().records().partition_point(|record| record.at <= at);
        self.cursor = Cursor { records, at };
        reached
    }

    /// Moves the cursor right behind a record of the current branch.
    pub fn seek_record(&mut self, record: RecordId) {
        let records = (record.0 as usize).saturating_add(1).min(self.trace().len());
        self.show_records(records);
    }

    /// Moves the cursor behind what the last visible record brought about at once, as a step of this length would.
    pub fn settle(&mut self, stride: Stride) {
        if let Some(last) = self.cursor.records.checked_sub(1) {
            let records = stride.rest(self.trace().records(), last);
            self.show_records(records);
        }
    }

    /// Runs on from the cursor until a record that the predicate accepts, and moves the cursor right behind it. Looks no further than `until`, and computes at
    /// most [`Limits::events_per_call`] events; if nothing was found, the cursor stays. The predicate gets the records of the branch and the index of one.
    pub fn run_until(&mut self, until: Instant, predicate: impl FnMut(&[Record], usize) -> bool) -> Option<RecordId> {
        let before = self.cursor;
        match self.run_on(until, predicate) {
            Outcome::Found(record) => Some(record),
            Outcome::Nowhere | Outcome::Unfinished => {
                self.cursor = before;
                None
            }
        }
    }

    /// The same, but the cursor comes along, so that nothing is computed beyond it: if there is no such record it ends at `until`, or where it came to after
    /// [`Limits::events_per_call`] events. Over several calls the predicate meets every record behind the cursor once, in order.
    pub fn run_on(&mut self, until: Instant, mut predicate: impl FnMut(&[Record], usize) -> bool) -> Outcome {
        let mut looked_at = self.cursor.records;
        let mut budget = self.limits.events_per_call;
        loop {
            let records = self.trace().records();
            let due = looked_at + records.iter().skip(looked_at).take_while(|record| record.at <= until).count();
            let found =
                (looked_at..due).find(|index| predicate(records, *index)).and_then(|index| records.get(index)).map(|record| record.id);
            if let Some(id) = found {
                self.seek_record(id);
                return Outcome::Found(id);
            }
            looked_at = due;
            if due < records.len() || self.line().knows(until) {
                self.cursor = Cursor { records: looked_at, at: until.max(self.cursor.at) };
                return Outcome::Nowhere;
            }
            if budget == 0 || !self.line_mut().step() {
                self.show_records(looked_at);
                return Outcome::Unfinished;
            }
            budget -= 1;
        }
    }

    /// Does something at the cursor. In the past it makes a new branch, named by `name`, and goes there. The cursor then stands behind everything that the command
    /// brought about at once.
    ///
    /// # Errors
    /// The command makes no sense there, or there are too many branches; nothing has changed.
    pub fn apply(&mut self, command: Command, name: &str) -> Result<RecordId, CommandError> {
        let cursor = self.cursor;
        let record = if self.line_mut().is_past(cursor) {
            if self.lines.len() >= self.limits.branches {
                return Err(CommandError::TooManyBranches(self.limits.branches));
            }
            let mut line = self.line_mut().fork(cursor);
            let shared = line.trace().len();
            let record = line.apply(cursor.at, command)?;
            let parent = self.branch();
            let id = BranchId(u32::try_from(self.lines.len()).unwrap_or(u32::MAX));
            self.branches.push(Branch { id, name: name.to_owned(), parent: Some((parent, shared)) });
            self.lines.push(line);
            self.current = self.lines.len() - 1;
            record
        } else {
            self.line_mut().apply(cursor.at, command)?
        };
        self.cursor = Cursor { records: self.trace().len(), at: self.head_at() };
        Ok(record)
    }

    /// All branches, the original first.
    #[must_use]
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The current branch.
    #[must_use]
    pub fn branch(&self) -> BranchId {
        self.branches.get(self.current).map_or(BranchId(0), |branch| branch.id)
    }

    /// Goes to another branch; the cursor stays at its time, as far as that branch was computed.
    pub fn switch(&mut self, branch: BranchId) {
        if let Some(index) = self.branches.iter().position(|candidate| candidate.id == branch) {
            self.current = index;
            self.seek(self.cursor.at);
        }
    }

    /// The trace of any branch.
    #[must_use]
    pub fn trace_of(&self, branch: BranchId) -> Option<&Trace> {
        let index = self.branches.iter().position(|candidate| candidate.id == branch)?;
        self.lines.get(index).map(Line::trace)
    }

    /// Gives a branch another name. Returns whether there is such a branch.
    pub fn rename(&mut self, branch: BranchId, name: &str) -> bool {
        let found = self.branches.iter_mut().find(|candidate| candidate.id == branch);
        found.map(|branch| name.clone_into(&mut branch.name)).is_some()
    }

    /// Computes a branch up to `at` without going there, at most [`Limits::events_per_call`] events. Returns whether `at` was reached.
    pub fn compute_branch(&mut self, branch: BranchId, at: Instant) -> bool {
        let Some(index) = self.branches.iter().position(|candidate| candidate.id == branch) else { return true };
        let budget = self.limits.events_per_call;
        self.lines.get_mut(index).is_none_or(|line| line.compute(at, budget))
    }

    /// How many records of a branch stand before a time of which it knows everything; `None` if it was not computed so far.
    #[must_use]
    pub fn records_before(&self, branch: BranchId, at: Instant) -> Option<usize> {
        let index = self.branches.iter().position(|candidate| candidate.id == branch)?;
        let line = self.lines.get(index)?;
        let is_known = line.head().next_at().is_none_or(|next| next >= at);
        is_known.then(|| line.trace().records().partition_point(|record| record.at < at))
    }

    /// Where two branches part, as far as they were computed; `None` if they are the same, or one of them does not exist.
    #[must_use]
    pub fn compare(&self, first: BranchId, second: BranchId) -> Option<Difference> {
        let known = self.shared_by_descent(first, second);
        let (first, second) = (self.trace_of(first)?.records(), self.trace_of(second)?.records());
        let beyond = first.iter().zip(second).skip(known);
        let shared = known + beyond.take_while(|(a, b)| a == b).count();
        let difference = Difference { shared, first: first.get(shared).cloned(), second: second.get(shared).cloned() };
        (difference.first.is_some() || difference.second.is_some()).then_some(difference)
    }

    /// How many records two branches have in common because one left the other or both left a third; they may have more.
    fn shared_by_descent(&self, first: BranchId, second: BranchId) -> usize {
        let lineage = |branch: BranchId| {
            let mut line = vec![(branch, usize::MAX)];
            while let Some((from, records)) = line.last().copied() {
                let Some((parent, left)) = self.branches.iter().find(|found| found.id == from).and_then(|found| found.parent) else {
                    break;
                };
                line.push((parent, records.min(left)));
            }
            line
        };
        let second = lineage(second);
        let common = lineage(first).into_iter().find_map(|(branch, records)| {
            let other = second.iter().find(|(candidate, _)| *candidate == branch)?;
            Some(records.min(other.1))
        });
        common.filter(|records| *records < usize::MAX).unwrap_or(0)
    }

    /// The world at the cursor, from the nearest snapshot and replay.
    pub fn world(&mut self) -> &World {
        let cursor = self.cursor;
        self.line_mut().world(cursor)
    }

    /// The commands given on the current branch, with the number of records that stood before each.
    #[must_use]
    pub fn commands(&self) -> &[(usize, Instant, Command)] {
        self.line().commands()
    }

    /// Computes all events up to `at`. False if the budget of one call did not suffice.
    fn compute(&mut self, at: Instant) -> bool {
        let budget = self.limits.events_per_call;
        self.line_mut().compute(at, budget)
    }

    fn show_records(&mut self, records: usize) -> bool {
        let at = records.checked_sub(1).and_then(|last| self.trace().records().get(last)).map_or(Instant::ZERO, |record| record.at);
        let cursor = Cursor { records, at };
        let moved = cursor != self.cursor;
        self.cursor = cursor;
        moved
    }

    fn line(&self) -> &Line {
        &self.lines[self.current]
    }

    fn line_mut(&mut self) -> &mut Line {
        &mut self.lines[self.current]
    }
}
