//! Lessons run headless: stored solutions have to pass, stored wrong attempts to fail.

use super::{Attempt, GoalResult, Lesson, judge};
use crate::rng::Seed;
use crate::sim::{CommandError, World};
use crate::text::{Message, key};
use crate::time::Instant;
use crate::trace::Trace;

/// The most records of a headless run.
const RECORDS_MAX: usize = 1_000_000;

/// A lesson that was run to its end with an attempt's commands.
#[derive(Debug)]
pub struct Run {
    /// What happened.
    pub trace: Trace,
    /// The world at the end.
    pub world: World,
    /// How far each goal is met.
    pub goals: Vec<GoalResult>,
}

/// Runs a lesson from its start to its end and carries out the commands at their times.
///
/// # Errors
/// A command that makes no sense when its time comes, with that time.
pub fn run(lesson: &Lesson, attempt: Option<&Attempt>, seed: Option<Seed>) -> Result<Run, (Instant, CommandError)> {
    let mut trace = Trace::new(lesson.scenario.nodes(), RECORDS_MAX);
    let mut world = World::new(&lesson.scenario, seed.unwrap_or(lesson.scenario.seed));
    for (at, command) in attempt.iter().flat_map(|attempt| &attempt.commands) {
        advance(&mut world, *at, &mut trace);
        world.apply(*at, command, &mut trace).map_err(|error| (*at, error))?;
    }
    advance(&mut world, Instant::ZERO + lesson.until, &mut trace);
    let goals = judge(lesson, trace.nodes(), trace.records(), true);
    Ok(Run { trace, world, goals })
}

fn advance(world: &mut World, until: Instant, trace: &mut Trace) {
    while world.next_at().is_some_and(|at| at <= until) && world.step(trace) {}
}

/// What is wrong with a lesson that parses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The attempt: `solution`, `wrong-…`.
    pub attempt: String,
    /// What is wrong with it.
    pub message: Message,
}

/// One attempt that was judged as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The attempt.
    pub attempt: String,
    /// For a wrong attempt: what the learner is told.
    pub finding: Option<Message>,
}

/// Runs the solution, which has to meet all goals, and the wrong attempts, each of which has to miss one and say which packet is missing or extra.
#[must_use]
pub fn check(lesson: &Lesson) -> (Vec<Judged>, Vec<Flaw>) {
    let (mut judged, mut flaws) = (Vec::new(), Vec::new());
    let attempts = std::iter::once((&lesson.solution, true)).chain(lesson.wrong.iter().map(|wrong| (wrong, false)));
    for (attempt, right) in attempts {
        let name = attempt.name.clone();
        let mut flaw = |message: Message| flaws.push(Flaw { attempt: name.clone(), message });
        let run = match run(lesson, Some(attempt), None) {
            Ok(run) => run,
            Err((at, error)) => {
                flaw(key::LESSON_FLAW_COMMAND.with("at", at.to_string()).with("error", error.to_string()));
                continue;
            }
        };
        let unmet = run.goals.iter().find(|goal| !goal.met);
        match (right, unmet) {
            (true, None) => judged.push(Judged { attempt: name, finding: None }),
            (true, Some(goal)) => {
                let id = lesson.goals.get(goal.goal).map(|goal| goal.id.clone()).unwrap_or_default();
                let message = key::LESSON_FLAW_UNMET.with("goal", id);
                flaw(goal.finding.iter().fold(message, |message, finding| message.with("finding", finding.clone())));
            }
            (false, Some(goal)) => judged.push(Judged { attempt: name, finding: goal.finding.clone() }),
            (false, None) => flaw(key::LESSON_FLAW_PASSED.message()),
        }
    }
    if lesson.wrong.len() < 2 {
        flaws.push(Flaw { attempt: "wrong-*".to_owned(), message: key::LESSON_FLAW_FEW_WRONG.message() });
    }
    (judged, flaws)
}
