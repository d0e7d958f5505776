//! The simulated run of a lesson: history, and the commands of a stored attempt that carry themselves out as their time comes.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Until;
use crate::lesson::Watch;
use crate::rng::Seed;
use crate::sim::{Command, Cursor, History, Limits, Outcome, Scenario, Stride};
use crate::text::Message;
use crate::time::Instant;
use crate::trace::{Record, RecordId, Trace};

/// What one action may compute, so that a frame never hangs. What is left over goes on at the next tick.
const EVENTS_PER_SLICE: usize = 4_000;
const SLICES_PER_ACTION: usize = 4;

/// How far an advance came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advance {
    Reached,
    /// The budget of this action is used up; call again.
    Unfinished,
}

/// What came of looking for a record that may lie ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    Found(RecordId),
    /// It does not come if nobody does anything.
    Nowhere,
    /// Not within what one action may compute; it may come later.
    GaveUp,
}

/// What a run goes on for until it happens, over as many ticks as it takes.
#[derive(Clone, Debug)]
pub(super) struct Pursuit {
    pub(super) quest: Quest,
    /// No further than this.
    pub(super) until: Instant,
}

#[derive(Clone, Debug)]
pub(super) enum Quest {
    TimeOut,
    Until(Box<Until>, Box<Watch>),
}

impl Quest {
    fn meets(&mut self, records: &[Record], index: usize) -> bool {
        match self {
            Self::TimeOut => Stride::TimeOut.stops_at(records, index),
            Self::Until(_, watch) => watch.sees(records, index),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) history: History,
    /// Commands of a stored attempt that are still to come.
    script: VecDeque<(Instant, Command)>,
    /// Where a seek that is not finished wants to go.
    pub(super) target: Option<Instant>,
    /// What it runs on for.
    pub(super) pursuit: Option<Pursuit>,
}

impl Run {
    pub(super) fn new(scenario: &Arc<Scenario>, seed: Seed, script: Vec<(Instant, Command)>) -> Self {
        let limits = Limits { events_per_call: EVENTS_PER_SLICE, ..Limits::default() };
        Self { history: History::new(Arc::clone(scenario), seed, limits), script: script.into(), target: None, pursuit: None }
    }

    pub(super) fn trace(&self) -> &Trace {
        self.history.trace()
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.history.cursor()
    }

    /// Whether commands of a stored attempt are still to come.
    pub(super) fn has_script(&self) -> bool {
        !self.script.is_empty()
    }

    /// Carries out the script's next command, whose time has come.
    fn carry_out(&mut self) -> Result<(), Message> {
        let Some((at, command)) = self.script.pop_front() else { return Ok(()) };
        self.history.seek(at);
        if let Err(error) = self.history.apply(command, "") {
            self.script.clear();
            return Err(error.message());
        }
        Ok(())
    }

    /// Moves the time to `at`, forward or back, within the budget of one action.
    ///
    /// # Errors
    /// A command of the script that makes no sense when its time comes.
    pub(super) fn advance_to(&mut self, at: Instant) -> Result<Advance, Message> {
        for _ in 0..SLICES_PER_ACTION {
            let stop = self.script.front().map(|(due, _)| *due).filter(|due| *due <= at);
            let reached = self.history.seek(stop.unwrap_or(at));
            if !reached {
                continue;
            }
            if stop.is_none() {
                return Ok(Advance::Reached);
            }
            // What happens by itself at the same time has happened first, as when attempts are judged.
            self.carry_out()?;
        }
        Ok(Advance::Unfinished)
    }

    /// One step on. Returns whether the cursor moved.
    ///
    /// # Errors
    /// A command of the script that makes no sense when its time comes.
    pub(super) fn step_forward(&mut self, stride: Stride) -> Result<bool, Message> {
        let Some(due) = self.script.front().map(|(due, _)| *due) else { return Ok(self.history.step_forward(stride)) };
        if self.history.run_until(due, |records, index| stride.stops_at(records, index)).is_some() {
            self.history.settle(stride);
            return Ok(true);
        }
        // Nothing to stop at before the command; or a long way, of which a part is done.
        if self.history.seek(due) {
            self.carry_out()?;
        }
        Ok(true)
    }

    /// Ends whatever goes on over several ticks.
    pub(super) fn stop(&mut self) {
        self.target = None;
        self.pursuit = None;
    }

    /// Goes on with what is looked for, within the budget of one action. When it has ended, says what it was and what came of it.
    ///
    /// # Errors
    /// A command of the script that makes no sense when its time comes.
    pub(super) fn pursue(&mut self) -> Result<Option<(Pursuit, Outcome)>, Message> {
        let Some(mut pursuit) = self.pursuit.take() else { return Ok(None) };
        for _ in 0..SLICES_PER_ACTION {
            let due = self.script.front().map(|(due, _)| *due).filter(|due| *due <= pursuit.until);
            let mut outcome = self.history.run_on(due.unwrap_or(pursuit.until), |records, index| pursuit.quest.meets(records, index));
            if outcome == Outcome::Nowhere && due.is_some() {
                let before = self.cursor().records;
                self.carry_out()?;
                let records = self.trace().records();
                let Some(index) = (before..self.cursor().records).find(|index| pursuit.quest.meets(records, *index)) else { continue };
                let Some(found) = records.get(index).map(|record| record.id) else { continue };
                self.history.seek_record(found);
                outcome = Outcome::Found(found);
            }
            if outcome != Outcome::Unfinished {
                return Ok(Some((pursuit, outcome)));
            }
        }
        self.pursuit = Some(pursuit);
        Ok(None)
    }

    /// Does something at the cursor. The learner's own act ends the script.
    ///
    /// # Errors
    /// The command makes no sense there.
    pub(super) fn apply(&mut self, command: Command) -> Result<RecordId, Message> {
        let record = self.history.apply(command, "").map_err(|error| error.message())?;
        self.script.clear();
        self.stop();
        Ok(record)
    }

    /// Goes right behind a record that lies at most at `until`, which may not be computed yet. If there is none that `find` accepts, nothing moves.
    ///
    /// # Errors
    /// A command of the script that makes no sense when its time comes.
    pub(super) fn go_to(&mut self, until: Instant, find: impl Fn(&Trace) -> Option<RecordId>) -> Result<Search, Message> {
        let mut found = find(self.trace());
        if found.is_none() {
            // Looked for in a copy: computing ahead here would make every later act one in the past.
            let mut ahead = self.clone();
            let advance = ahead.advance_to(until)?;
            found = find(ahead.trace());
            if found.is_none() {
                return Ok(if advance == Advance::Reached { Search::Nowhere } else { Search::GaveUp });
            }
            if let Some(record) = found {
                if self.has_script() {
                    *self = ahead;
                    self.history.seek_record(record);
                } else {
                    // As far as the copy came, in as many slices.
                    let mut slices = 0..SLICES_PER_ACTION;
                    while slices.next().is_some() && self.history.run_until(until, |_, index| index == record.0 as usize).is_none() {}
                }
            }
        }
        if let Some(record) = found.filter(|record| record.0 as usize >= self.cursor().records) {
            self.history.seek_record(record);
        }
        Ok(found.map_or(Search::Nowhere, Search::Found))
    }
}
