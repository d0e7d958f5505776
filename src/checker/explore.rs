//! Runs whole worlds and judges them, without keeping their records.

use std::sync::Arc;

use super::planted::{Flaw, Planter};
use super::{Checker, Invariant, Report, generator, leak, relations};
use crate::rng::Seed;
use crate::sim::{Scenario, World};
use crate::time::Instant;
use crate::trace::Trace;

/// The most records of one run.
const RECORDS_MAX: usize = 1_000_000;
/// Of so many seeds one is run in several ways.
const RELATED_OF: u64 = 128;

/// What became of one run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The judgements.
    pub report: Report,
    /// How many records there were.
    pub records: u64,
}

/// Runs a scenario to its end and judges it.
#[must_use]
pub fn run(scenario: &Arc<Scenario>) -> Run {
    run_with(scenario, None, None)
}

/// The same with a defect planted in the records, or with sessions that never end. What is left at the end is only looked at without the former.
pub(super) fn run_with(scenario: &Arc<Scenario>, mut planter: Option<&mut Planter>, flaw: Option<Flaw>) -> Run {
    let end = Instant::ZERO + scenario.until;
    let mut trace = Trace::new(scenario.nodes(), RECORDS_MAX);
    let mut world = World::new(scenario, scenario.seed);
    let mut checker = Checker::for_scenario(scenario);
    let mut records = 0_u64;
    while world.next_at().is_some_and(|at| at <= end) && world.step(&mut trace) {
        match &mut planter {
            None => {
                for record in trace.records() {
                    records = records.saturating_add(1);
                    checker.take(record);
                }
                drop(trace.drain());
            }
            Some(planter) => {
                for record in trace.drain() {
                    records = records.saturating_add(1);
                    planter.plant(record).iter().for_each(|record| checker.take(record));
                }
            }
        }
    }
    if planter.is_none() && leak::is_anything_left(world.broker(), world.now(), flaw) {
        let record = checker.last_record();
        checker.break_at(record, None, (Invariant::NoLeak, "5.0 §4.1", "something is left when all sessions have ended"));
    }
    let mut report = checker.finish(!world.is_stopped());
    if planter.is_none() {
        report.judge_runs(Invariant::NoLeak);
    }
    Run { report, records }
}

/// Draws the scenario of a seed, runs and judges it; now and then in several ways.
#[must_use]
pub fn explore(seed: Seed) -> Run {
    let scenario = generator::generate(seed).shared();
    let mut run = run(&scenario);
    if seed.0.is_multiple_of(RELATED_OF) {
        relations::judge(&scenario, None, &mut run.report);
    }
    run
}

/// Judges a scenario as [`explore`] does at its most: by one run and, if that shows nothing, in several ways.
#[must_use]
pub fn judge(scenario: &Arc<Scenario>) -> Report {
    let mut report = run(scenario).report;
    if report.is_clean() {
        relations::judge(scenario, None, &mut report);
    }
    report
}
