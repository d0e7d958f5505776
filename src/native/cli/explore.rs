//! `explore`: worlds drawn from seeds, judged on all processors.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use clap::Args;

use crate::checker::{self, Invariant, Judgement, Report};
use crate::rng::Seed;
use crate::sim::World;
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
pub(super) fn explore_all(options: &Options) -> ExitCode {
    let threads = options.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1);
    let (next, end) = (AtomicU64::new(options.from), options.from.saturating_add(options.seeds));
    let found: Vec<Found> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(&next, end))).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    let mut out = std::io::stdout().lock();
    let is_whole = found.len() == threads;
    let seeds: u64 = found.iter().map(|found| found.seeds).sum();
    let records: u64 = found.iter().map(|found| found.records).sum();
    for (place, invariant) in Invariant::ALL.into_iter().enumerate() {
        let tested: u64 = found.iter().filter_map(|found| found.tested.get(place)).sum();
        let _ = writeln!(out, "I{:<2} {:<16} tested by {tested} seeds", invariant.number(), invariant.slug());
    }
    let mut failed: Vec<_> = found.into_iter().flat_map(|found| found.failed).collect();
    failed.sort_by_key(|(seed, _)| *seed);
    for (seed, report) in failed.iter().take(NAMED_MAX) {
        let _ = writeln!(out, "seed {seed}");
        for violation in report.violations() {
            let (slug, clause, what) = (violation.invariant.slug(), violation.clause, violation.what);
            let _ = writeln!(out, "  {slug} [{clause}] at {} us, record {}: {what}", violation.at.as_micros(), violation.record.0);
        }
    }
    if let Some((seed, report)) = failed.first()
        && let Some(violation) = report.violations().next()
    {
        let scenario = checker::generate(Seed(*seed));
        let small = checker::shrink(&scenario, violation.invariant, SHRINK_RUNS, &mut |scenario| checker::run(scenario).report);
        let _ = writeln!(out, "seed {seed} in {} events: {small:#?}", checker::events_of(&small));
        if options.trace {
            let small = small.shared();
            let mut trace = Trace::new(small.nodes(), 1_000_000);
            let mut world = World::new(&small, small.seed);
            let end = Instant::ZERO + small.until;
            while world.next_at().is_some_and(|at| at <= end) && world.step(&mut trace) {}
            let _ = write!(out, "{}", Text::new(&trace).whole());
        }
    }
    let _ = writeln!(out, "{seeds} seeds, {records} records, {} failed", failed.len());
    if failed.is_empty() && is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
