//! Moving through time: the transport bar and what its buttons do.

use super::run::{Advance, Pursuit, Quest, Run};
use super::screen::BranchRow;
use super::{Action, Engine, Playground, Transport};
use crate::lesson::Watch;
use crate::sim::{Branch, BranchId, History, Outcome, Stride};
use crate::text::{Message, key};
use crate::time::{Duration, Instant};
use crate::trace::Event;

impl Playground {
    pub(super) fn tick(&mut self, elapsed: Duration) -> Result<(), Message> {
        self.since_judged = self.since_judged + elapsed;
        let end = self.lesson_end();
        let Engine::Run(run) = &mut self.engine else { return Ok(()) };
        if run.pursuit.is_some() {
            return self.pursue();
        }
        if let Some(target) = run.target {
            return go(run, target);
        }
        if !self.clock.playing {
            return Ok(());
        }
        let from = run.cursor().at;
        let target = from + self.clock.advance(elapsed);
        // The lesson's end stops the time once; who plays on from there sees what comes after.
        let stop = end.filter(|end| from < *end && target >= *end);
        let outcome = run.advance_to(stop.unwrap_or(target));
        let has_ended = stop.is_some() && outcome == Ok(Advance::Reached);
        let is_idle = run.history.is_over() && end.is_none_or(|end| run.cursor().at >= end);
        if has_ended || is_idle || outcome.is_err() {
            self.clock.playing = false;
        }
        outcome.map(drop)
    }

    /// Everything that moves the cursor, and the settings of the clock.
    pub(super) fn navigate(&mut self, action: Action) -> Result<(), Message> {
        match action {
            Action::Play => self.clock.playing = true,
            Action::SetSpeed(speed) => {
                self.clock.speed = speed;
                return Ok(());
            }
            _ => self.clock.playing = false,
        }
        let end = self.lesson_end();
        match &mut self.engine {
            Engine::Live(live) => match action {
                Action::Play | Action::ToEnd => live.follow(),
                Action::Pause => live.stay(),
                Action::StepForward(stride) => live.step_forward(stride),
                Action::StepBack(stride) => live.step_back(stride),
                Action::ToStart => live.seek_records(0),
                Action::Seek(at) => live.seek(at),
                Action::SeekRecord(record) => live.seek_records(record.0 as usize + 1),
                _ => return Err(key::PLAYGROUND_ONLY_IN_LESSON.message()),
            },
            Engine::Run(run) => {
                run.stop();
                match action {
                    Action::StepForward(Stride::TimeOut) => return self.run_on(Quest::TimeOut),
                    Action::RunUntil(until) => {
                        if until.client.is_some_and(|client| run.history.world().client(client).is_none()) {
                            return Err(key::PLAYGROUND_NO_SUCH_NODE.message());
                        }
                        let watch = Watch::new(until.patterns(), run.trace().nodes());
                        return self.run_on(Quest::Until(Box::new(until), Box::new(watch)));
                    }
                    Action::StepForward(stride) => {
                        let before = run.cursor().at;
                        run.step_forward(stride)?;
                        // Quiet time may be long: a step rests at the end of the lesson before it goes beyond.
                        if let Some(end) = end.filter(|end| before < *end && run.cursor().at > *end) {
                            run.history.seek(end);
                        }
                    }
                    Action::StepBack(stride) => {
                        let before = run.cursor().at;
                        run.history.step_back(stride);
                        // The same rest on the way back.
                        if let Some(end) = end.filter(|end| before > *end && run.cursor().at < *end) {
                            run.history.seek(end);
                        }
                    }
                    Action::ToStart => {
                        go(run, Instant::ZERO)?;
                        // The start is before the first record, not behind all that happens at time zero.
                        while run.history.step_back(Stride::Record) {}
                    }
                    Action::ToEnd => {
                        let head = run.history.head_at();
                        go(run, end.unwrap_or(head).max(head))?;
                    }
                    Action::Seek(at) => go(run, at)?,
                    Action::SeekRecord(record) => {
                        if record.0 as usize >= run.trace().len() {
                            return Err(key::PLAYGROUND_NO_SUCH_PACKET.message());
                        }
                        run.history.seek_record(record);
                    }
                    Action::SwitchBranch(branch) => {
                        if !run.history.branches().iter().any(|found| found.id == branch) {
                            return Err(key::PLAYGROUND_NO_SUCH_BRANCH.message());
                        }
                        run.history.switch(branch);
                        self.selected = None;
                        self.field = None;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Runs on for something, to the end of the lesson at most; who stands there already goes once more as far.
    fn run_on(&mut self, quest: Quest) -> Result<(), Message> {
        let end = self.lesson_end();
        let Engine::Run(run) = &mut self.engine else { return Ok(()) };
        let at = run.cursor().at;
        let until = match end {
            Some(end) if at < end => end,
            Some(end) => at + end.saturating_since(Instant::ZERO),
            None => run.history.head_at(),
        };
        run.pursuit = Some(Pursuit { quest, until });
        self.pursue()
    }

    fn pursue(&mut self) -> Result<(), Message> {
        let Engine::Run(run) = &mut self.engine else { return Ok(()) };
        let Some((pursuit, outcome)) = run.pursue()? else { return Ok(()) };
        match (pursuit.quest, outcome) {
            (Quest::TimeOut, Outcome::Found(_)) => run.history.settle(Stride::TimeOut),
            (Quest::Until(..), Outcome::Found(record)) => {
                // What was waited for is what the learner wants to look at; only packets can be selected.
                let _ = self.select(Some(record));
            }
            (Quest::TimeOut, _) => return Err(key::PLAYGROUND_NO_TIME_OUT.with("at", pursuit.until.to_string())),
            (Quest::Until(until, _), _) => {
                let what = until.message(run.trace().nodes());
                return Err(key::PLAYGROUND_UNTIL_NOWHERE.with("what", what).with("at", pursuit.until.to_string()));
            }
        }
        Ok(())
    }

    pub(super) fn transport(&mut self) -> Transport {
        let cursor = self.engine.cursor();
        let length = self.engine.trace().len();
        let lesson_end = self.lesson_end();
        let head = match &self.engine {
            Engine::Run(run) => run.history.head_at(),
            Engine::Live(live) => live.head_at(),
        };
        let end = lesson_end.unwrap_or(head).max(head).max(cursor.at);
        let marks = self.views.marks(length, end).to_vec();
        let common = Transport {
            playing: self.clock.playing,
            busy: false,
            until: None,
            at: cursor.at,
            records: cursor.records,
            end,
            head,
            can_step_back: cursor.records > 0,
            can_step_forward: cursor.records < length,
            speed: self.clock.speed,
            seed: None,
            marks,
            branches: vec![original_row()],
            branch: BranchId(0),
        };
        match &self.engine {
            Engine::Live(live) => Transport { playing: live.is_following(), ..common },
            Engine::Run(run) => Transport {
                busy: run.target.is_some() || run.pursuit.is_some(),
                until: run.pursuit.as_ref().map(|pursuit| match &pursuit.quest {
                    Quest::TimeOut => key::PLAYGROUND_NEXT_TIME_OUT.message(),
                    Quest::Until(until, _) => until.message(run.trace().nodes()),
                }),
                can_step_forward: !run.history.is_over() || run.has_script(),
                seed: self.progress.as_ref().map(|progress| progress.lesson.scenario.seed.0),
                branches: run.history.branches().iter().map(|branch| branch_row(&run.history, branch)).collect(),
                branch: run.history.branch(),
                ..common
            },
        }
    }
}

/// Goes to a time; what one action cannot compute is left for the next ticks.
fn go(run: &mut Run, at: Instant) -> Result<(), Message> {
    run.target = None;
    if run.advance_to(at)? == Advance::Unfinished {
        run.target = Some(at);
    }
    Ok(())
}

fn branch_row(history: &History, branch: &Branch) -> BranchRow {
    let left = branch.parent.and_then(|(_, records)| {
        let record = history.trace_of(branch.id)?.records().get(records)?;
        match &record.event {
            Event::CommandApplied { command, .. } => Some((record.at, (**command).clone())),
            _ => None,
        }
    });
    let name = match branch.id {
        _ if !branch.name.is_empty() => key::PLAYGROUND_BRANCH_NAMED.with("name", branch.name.as_str()),
        BranchId(0) => key::PLAYGROUND_BRANCH_ORIGINAL.message(),
        BranchId(number) => key::PLAYGROUND_BRANCH.with("number", number),
    };
    BranchRow { id: branch.id, name, own_name: branch.name.clone(), left }
}

fn original_row() -> BranchRow {
    BranchRow { id: BranchId(0), name: key::PLAYGROUND_BRANCH_ORIGINAL.message(), own_name: String::new(), left: None }
}
