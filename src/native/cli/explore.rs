//! `explore`: worlds drawn from seeds, judged on all processors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use clap::Args;

use super::log::say;
use crate::checker::{self, Invariant, Judgement, Report, Violation};
use crate::rng::Seed;
use crate::sim::{Scenario, World};
use crate::text::{Language, Message, key};
use crate::time::Instant;
use crate::trace::{Text, Trace};

/// The most seeds that are named.
const NAMED_MAX: usize = 20;
/// The most runs to make one failing scenario smaller.
const SHRINK_RUNS: usize = 2_000;

/// What to explore.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// How many seeds.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many threads; all processors if absent.
    #[arg(long)]
    threads: Option<usize>,
    /// Write the smallest scenario of each seed that fails, of the first twenty, into this folder: files that the page opens and `run` runs.
    #[arg(long, value_name = "FOLDER")]
    save: Option<PathBuf>,
    /// Print the trace of the smallest scenario of the first seed that fails, a line a record.
    #[arg(long)]
    trace: bool,
}

/// What one thread has found.
#[derive(Default)]
struct Found {
    seeds: u64,
    records: u64,
    /// How many seeds put each promise to the test.
    tested: [u64; 30],
    failed: Vec<(u64, Report)>,
}

/// Explores and says what was found; fails if a promise is broken.
pub(super) fn explore_all(language: Language, options: &Options) -> ExitCode {
    let threads = options.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1);
    let (next, end) = (AtomicU64::new(options.from), options.from.saturating_add(options.seeds));
    let found: Vec<Found> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(&next, end))).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    let is_whole = found.len() == threads;
    let seeds: u64 = found.iter().map(|found| found.seeds).sum();
    let records: u64 = found.iter().map(|found| found.records).sum();
    let say = |message: Message| say(&language.render(&message));
    for (place, invariant) in Invariant::ALL.into_iter().enumerate() {
        let tested: u64 = found.iter().filter_map(|found| found.tested.get(place)).sum();
        say(key::EXPLORE_TESTED.with("number", invariant.number()).with("promise", invariant.slug()).with("seeds", tested));
    }
    let mut failed: Vec<_> = found.into_iter().flat_map(|found| found.failed).collect();
    failed.sort_by_key(|(seed, _)| *seed);
    for (seed, report) in failed.iter().take(NAMED_MAX) {
        say(key::EXPLORE_SEED.with("seed", *seed));
        report.violations().for_each(|violation| say(words(violation)));
    }
    if failed.len() > NAMED_MAX {
        say(key::EXPLORE_MORE_FAILED.with("count", failed.len().saturating_sub(NAMED_MAX) as u64));
    }
    let shown = if options.save.is_some() { NAMED_MAX } else { 1 };
    for (place, (seed, report)) in failed.iter().take(shown).enumerate() {
        let Some(violation) = report.violations().next() else { continue };
        let scenario = checker::generate(Seed(*seed));
        let small = checker::shrink(&scenario, violation.invariant, SHRINK_RUNS, &mut |scenario| checker::judge(scenario));
        match &options.save {
            Some(folder) => say(save(folder, *seed, &small)),
            None => {
                say(key::EXPLORE_SMALL.with("seed", *seed).with("events", checker::events_of(&small) as u64));
                super::log::say(&small.to_toml().unwrap_or_else(|_| format!("{small:#?}")));
            }
        }
        if options.trace && place == 0 {
            super::log::say(&traced(small));
        }
    }
    say(key::EXPLORE_SUMMARY.with("seeds", seeds).with("records", records).with("failed", failed.len() as u64));
    if !is_whole {
        say(key::EXPLORE_THREAD_DIED.message());
    }
    if failed.is_empty() && is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is wrong is said in English: it is for those who develop.
fn words(violation: &Violation) -> Message {
    key::EXPLORE_VIOLATION
        .with("promise", violation.invariant.slug())
        .with("clause", violation.clause)
        .with("at", violation.at.to_string())
        .with("record", violation.record.0)
        .with("what", violation.what)
}

/// Writes a scenario into a folder, and says how that went.
fn save(folder: &Path, seed: u64, scenario: &Scenario) -> Message {
    let Ok(text) = scenario.to_toml() else { return key::EXPLORE_NOT_WRITABLE.with("seed", seed) };
    let file = folder.join(format!("seed-{seed}.toml"));
    let name = file.display().to_string();
    match fs::create_dir_all(folder).and_then(|()| fs::write(&file, text)) {
        Ok(()) => key::EXPLORE_SAVED.with("seed", seed).with("events", checker::events_of(scenario) as u64).with("file", name),
        Err(error) => key::EXPLORE_NOT_SAVED.with("file", name).with("why", error.to_string()),
    }
}

/// The trace of a run, a line a record.
fn traced(scenario: Scenario) -> String {
    let scenario = scenario.shared();
    let mut trace = Trace::new(scenario.nodes(), 1_000_000);
    let mut world = World::new(&scenario, scenario.seed);
    let end = Instant::ZERO + scenario.until;
    while world.next_at().is_some_and(|at| at <= end) && world.step(&mut trace) {}
    Text::new(&trace).whole().to_string()
}

fn work(next: &AtomicU64, end: u64) -> Found {
    let mut found = Found::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return found;
        }
        let run = checker::explore(Seed(seed));
        found.seeds += 1;
        found.records += run.records;
        for ((_, judgement), count) in run.report.iter().zip(&mut found.tested) {
            *count += u64::from(matches!(judgement, Judgement::Kept(_) | Judgement::Broken(_)));
        }
        if !run.report.is_clean() {
            found.failed.push((seed, run.report));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_scenario_reads_back_and_a_folder_that_cannot_be_made_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (seed, scenario) = (7, checker::generate(Seed(7)));
        let inner = folder.path().join("failed");
        let file = inner.join("seed-7.toml");
        let said = save(&inner, seed, &scenario);
        assert_eq!(said.key(), key::EXPLORE_SAVED);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(Scenario::parse("seed-7.toml", &text), Ok(scenario.clone()));
        // A file stands where the folder should be.
        assert_eq!(save(&file, seed, &scenario).key(), key::EXPLORE_NOT_SAVED);
        let nameless = Scenario { clients: vec![crate::sim::ClientSpec::new("")], ..Scenario::default() };
        assert_eq!(save(&inner, seed, &nameless).key(), key::EXPLORE_NOT_WRITABLE);
    }

    #[test]
    fn a_violation_is_said_in_both_languages() {
        let report = checker::run(&checker::generate(Seed(1)).shared()).report;
        assert!(report.is_clean());
        let violation = Violation {
            invariant: Invariant::Will,
            clause: "5.0 §3.1.2.5",
            what: "a Will is delivered twice",
            at: Instant::from_millis(1_500),
            record: crate::trace::RecordId(3),
            earlier: None,
            connection: None,
        };
        for language in Language::ALL {
            let said = language.render(&words(&violation));
            assert!(said.contains("will [5.0 §3.1.2.5]") && said.contains("1.500"), "{said}");
        }
    }
}
