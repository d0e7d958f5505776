//! One branch: what was computed on it, and how to get back into it.

use std::sync::Arc;

use super::{Cursor, Limits};
use crate::rng::Seed;
use crate::sim::{Command, CommandError, Scenario, World};
use crate::time::Instant;
use crate::trace::{RecordId, Trace};

/// A branch with its whole trace, its commands, and snapshots of the world along it.
///
/// Events and commands are counted together ([`World::events`]): the state after a number of them is always the same.
#[derive(Clone, Debug)]
pub(super) struct Line {
    trace: Trace,
    /// The world after everything that was computed.
    head: World,
    /// For each event that recorded something: its number (from 1) and how many records there were after it.
    steps: Vec<Step>,
    log: Vec<Logged>,
    commands: Vec<(usize, Instant, Command)>,
    /// Shared with the branches that left after them.
    snapshots: Vec<Arc<World>>,
    /// Events between two snapshots; doubles when there are too many.
    spacing: u64,
    most_snapshots: usize,
    /// The world that was looked at last, to go on from there.
    view: World,
    /// The cursor asked for last, with the head of that time, and the events that had happened there.
    last_asked: Option<(Cursor, u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    events: u64,
    records: usize,
}

#[derive(Clone, Debug)]
struct Logged {
    /// How many events came before it.
    events: u64,
    at: Instant,
    command: Command,
}

/// Events between two snapshots at first.
const FIRST_SPACING: u64 = 64;

impl Line {
    pub(super) fn new(scenario: &Arc<Scenario>, seed: Seed, limits: Limits) -> Self {
        let world = World::new(scenario, seed);
        let affordable = limits.snapshot_clients / scenario.clients.len().max(1);
        Self {
            trace: Trace::new(scenario.nodes(), limits.records),
            head: world.clone(),
            steps: Vec::new(),
            log: Vec::new(),
            commands: Vec::new(),
            snapshots: vec![Arc::new(world.clone())],
            spacing: FIRST_SPACING,
            most_snapshots: limits.snapshots.min(affordable).max(2),
            view: world,
            last_asked: None,
        }
    }

    pub(super) const fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(super) const fn head(&self) -> &World {
        &self.head
    }

    pub(super) fn commands(&self) -> &[(usize, Instant, Command)] {
        &self.commands
    }

    /// One event on at the head. False if there is none.
    pub(super) fn step(&mut self) -> bool {
        let before = self.trace.len();
        if !self.head.step(&mut self.trace) {
            return false;
        }
        self.note(before);
        true
    }

    /// Everything up to and including `at`, in at most so many events. False if they did not suffice.
    pub(super) fn compute(&mut self, at: Instant, budget: usize) -> bool {
        for _ in 0..budget {
            if self.knows(at) || !self.step() {
                return true;
            }
        }
        self.knows(at)
    }

    /// A command at the head.
    pub(super) fn apply(&mut self, at: Instant, command: Command) -> Result<RecordId, CommandError> {
        let (events, before) = (self.head.events(), self.trace.len());
        let record = self.head.apply(at, &command, &mut self.trace)?;
        let at = self.head.now();
        self.commands.push((before, at, command.clone()));
        self.log.push(Logged { events, at, command });
        self.note(before);
        Ok(record)
    }

    fn note(&mut self, before: usize) {
        let (events, records) = (self.head.events(), self.trace.len());
        if records > before {
            self.steps.push(Step { events, records });
        }
        if self.snapshots.last().is_none_or(|last| events >= last.events() + self.spacing) {
            self.snapshots.push(Arc::new(self.head.clone()));
            if self.snapshots.len() > self.most_snapshots {
                let mut keep = false;
                self.snapshots.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.spacing *= 2;
            }
        }
    }

    /// How many events have happened at a cursor: all that belong to the visible records (an event is atomic), and those after them that recorded nothing, up to the
    /// time of the cursor.
    fn events_at(&mut self, cursor: Cursor) -> u64 {
        let head = self.head.events();
        if cursor.records == self.trace.len() && cursor.at >= self.head.now() {
            return head;
        }
        match self.last_asked {
            Some((asked, then, events)) if asked == cursor && then == head => events,
            _ => {
                let events = self.count_events_at(cursor);
                self.last_asked = Some((cursor, head, events));
                events
            }
        }
    }

    fn count_events_at(&mut self, cursor: Cursor) -> u64 {
        let next = self.steps.partition_point(|step| step.records < cursor.records);
        let base = if cursor.records == 0 { 0 } else { self.steps.get(next).map_or(self.head.events(), |step| step.events) };
        let following = if cursor.records == 0 { next } else { next + 1 };
        let limit = self.steps.get(following).map_or(self.head.events(), |step| step.events - 1);
        if base >= limit {
            return base;
        }
        self.go_to(base);
        while self.view.events() < limit && self.view.next_at().is_some_and(|at| at <= cursor.at) {
            let mut shadow = self.trace.replay_from(cursor.records);
            self.view.step(&mut shadow);
        }
        self.view.events()
    }

    /// Moves the view to the state after `events` events.
    fn go_to(&mut self, events: u64) {
        if events == self.head.events() {
            self.view = self.head.clone();
            return;
        }
        let nearest = self.snapshots.partition_point(|snapshot| snapshot.events() <= events).saturating_sub(1);
        if let Some(snapshot) = self.snapshots.get(nearest)
            && (self.view.events() > events || self.view.events() < snapshot.events())
        {
            self.view = World::clone(snapshot);
        }
        let at = self.view.events();
        let reached = self.steps.partition_point(|step| step.events <= at);
        let records = reached.checked_sub(1).and_then(|last| self.steps.get(last)).map_or(0, |step| step.records);
        let mut shadow = self.trace.replay_from(records);
        let mut next = self.log.partition_point(|logged| logged.events < at);
        while self.view.events() < events {
            match self.log.get(next) {
                Some(logged) if logged.events == self.view.events() => {
                    // It went well the first time, and everything is as it was then.
                    let _ = self.view.apply(logged.at, &logged.command, &mut shadow);
                    next += 1;
                }
                _ => {
                    if !self.view.step(&mut shadow) {
                        return;
                    }
                }
            }
        }
    }

    /// The world at a cursor.
    pub(super) fn world(&mut self, cursor: Cursor) -> &World {
        let events = self.events_at(cursor);
        if events == self.head.events() {
            return &self.head;
        }
        self.go_to(events);
        &self.view
    }

    /// Whether something was computed beyond the cursor, so that a command there changes the past.
    pub(super) fn is_past(&mut self, cursor: Cursor) -> bool {
        self.events_at(cursor) < self.head.events()
    }

    /// A branch that has only what happened up to the cursor.
    pub(super) fn fork(&mut self, cursor: Cursor) -> Self {
        let events = self.events_at(cursor);
        self.go_to(events);
        let steps: Vec<Step> = self.steps.iter().take_while(|step| step.events <= events).copied().collect();
        let records = steps.last().map_or(0, |step| step.records);
        Self {
            trace: self.trace.prefix(records),
            head: self.view.clone(),
            steps,
            log: self.log.iter().take_while(|logged| logged.events < events).cloned().collect(),
            commands: self.commands.iter().take_while(|(before, ..)| *before < records).cloned().collect(),
            snapshots: self.snapshots.iter().take_while(|snapshot| snapshot.events() <= events).cloned().collect(),
            spacing: self.spacing,
            most_snapshots: self.most_snapshots,
            view: self.view.clone(),
            last_asked: None,
        }
    }

    /// The snapshots, oldest first.
    pub(super) fn snapshots(&self) -> &[Arc<World>] {
        &self.snapshots
    }

    /// Whether everything up to and including this time is computed.
    pub(super) fn knows(&self, at: Instant) -> bool {
        self.head.next_at().is_none_or(|next| next > at)
    }
}
