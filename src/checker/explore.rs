//! Runs whole worlds and judges them, without keeping their records.

use std::sync::Arc;

use super::planted::Planter;
use super::{Checker, Invariant, Report, Violation, generator};
use crate::rng::Seed;
use crate::sim::{Scenario, World};
use crate::time::Instant;
use crate::trace::{Digest, Trace};

/// The most records of one run.
const RECORDS_MAX: usize = 1_000_000;
/// Of so many seeds one is run twice.
const TWICE_OF: u64 = 64;

/// What became of one run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The judgements.
    pub report: Report,
    /// How many records there were.
    pub records: u64,
    /// Of the last state.
    pub digest: u64,
}

/// Runs a scenario to its end and judges it.
#[must_use]
pub fn run(scenario: &Arc<Scenario>) -> Run {
    run_with(scenario, None)
}

/// The same with a defect planted in the records.
pub(super) fn run_with(scenario: &Arc<Scenario>, mut planter: Option<&mut Planter>) -> Run {
    let end = Instant::ZERO + scenario.until;
    let mut trace = Trace::new(scenario.nodes(), RECORDS_MAX);
    let mut world = World::new(scenario, scenario.seed);
    let mut checker = Checker::for_scenario(scenario);
    let mut digest = Digest::new();
    let mut records = 0_u64;
    while world.next_at().is_some_and(|at| at <= end) && world.step(&mut trace) {
        for record in trace.drain() {
            records = records.saturating_add(1);
            match &mut planter {
                None => checker.take(&record),
                Some(planter) => planter.plant(record).iter().for_each(|record| checker.take(record)),
            }
        }
    }
    std::hash::Hash::hash(&world.digest(), &mut digest);
    if !scenario.broker.persistence {
        check_leak(&world, &mut checker);
    }
    let mut report = checker.finish(!world.is_stopped());
    if !scenario.broker.persistence {
        report.judge_runs(Invariant::NoLeak);
    }
    Run { report, records, digest: std::hash::Hasher::finish(&digest) }
}

/// A broker without persistence dies, and with it everything that it had: nothing may be left.
fn check_leak(world: &World, checker: &mut Checker) {
    let mut broker = world.broker().clone();
    broker.handle_crash(world.now());
    while broker.poll_output().is_some() {}
    let is_empty = broker.session_count() == 0
        && broker.retained_count() == 0
        && broker.connection_count() == 0
        && broker.shared_groups().next().is_none()
        && broker.poll_timeout().is_none();
    if !is_empty {
        let record = checker.last_record();
        checker.break_at(record, None, (Invariant::NoLeak, "", "something is left when all sessions have ended"));
    }
}

/// Draws the scenario of a seed, runs and judges it; now and then twice.
#[must_use]
pub fn explore(seed: Seed) -> Run {
    let scenario = generator::generate(seed).shared();
    let mut run = run(&scenario);
    if seed.0.is_multiple_of(TWICE_OF) {
        let again = self::run(&scenario);
        if (again.digest, again.records) != (run.digest, run.records) {
            let at = Instant::ZERO + scenario.until;
            let record = crate::trace::RecordId(0);
            let what = "the same run twice is not the same";
            let violation = Violation { invariant: Invariant::Determinism, clause: "", what, at, record, earlier: None, connection: None };
            run.report.add(violation);
        }
        run.report.judge_runs(Invariant::Determinism);
    }
    run
}
