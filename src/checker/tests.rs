//! The checker on runs of this broker.

use super::*;
use crate::sim::World;
use crate::trace::Trace;

/// A run of a scenario, judged.
fn judged(text: &str) -> Report {
    let scenario = Scenario::parse("scenario.toml", text).unwrap().shared();
    let mut trace = Trace::new(scenario.nodes(), 1_000_000);
    let mut world = World::new(&scenario, scenario.seed);
    let end = Instant::ZERO + scenario.until;
    while world.next_at().is_some_and(|at| at <= end) && world.step(&mut trace) {}
    let mut checker = Checker::for_scenario(&scenario);
    trace.records().iter().for_each(|record| checker.take(record));
    checker.finish(false)
}

#[test]
fn every_lesson_keeps_every_promise() {
    let mut clean = true;
    for lesson in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/lessons")).unwrap() {
        let path = lesson.unwrap().path().join("scenario.toml");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for violation in judged(&text).violations() {
            clean = false;
            println!("{}: {violation:?}", path.display());
        }
    }
    assert!(clean);
}
