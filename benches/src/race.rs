//! Contestants that take turns, so that whatever else the machine does hits all of them alike.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// One side of a comparison.
pub struct Contestant<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> Duration + 'a>,
}

impl<'a> Contestant<'a> {
    /// A side whose whole run counts.
    pub fn new(name: &'static str, mut run: impl FnMut() + 'a) -> Self {
        Self::timed(name, move || {
            let start = processor_time();
            run();
            processor_time() - start
        })
    }

    /// A side that measures itself and leaves out what it prepares.
    pub fn timed(name: &'static str, run: impl FnMut() -> Duration + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What this thread has used of its processor so far.
#[must_use]
pub fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

/// Nanoseconds per unit of one contestant, and how many times faster than it the first one is; both medians over all rounds.
pub struct Standing {
    pub name: &'static str,
    pub nanoseconds: f64,
    pub ratio: f64,
}

/// Runs all contestants `rounds` times in turns, `units` units of work in each run; prints and returns the standings. The first one is ours.
pub fn race(title: &str, unit: &str, units: usize, rounds: usize, mut contestants: Vec<Contestant<'_>>) -> Vec<Standing> {
    let mut times = vec![Vec::with_capacity(rounds); contestants.len()];
    let count = contestants.len();
    // The first round warms up. Each round begins with another contestant.
    for round in 0..=rounds {
        for turn in 0..count {
            let index = (round + turn) % count;
            let elapsed = (contestants[index].run)();
            if round > 0 {
                times[index].push(elapsed.as_nanos() as f64 / units as f64);
            }
        }
    }
    println!("{title}: {units} {unit}s a run, {rounds} rounds");
    let ours = times[0].clone();
    let mut standings = Vec::new();
    for (contestant, times) in contestants.iter().zip(times) {
        let ratio = median(times.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect());
        let nanoseconds = median(times);
        println!("  {:<26}{nanoseconds:>10.1} ns/{unit}{ratio:>9.2}×", contestant.name);
        standings.push(Standing { name: contestant.name, nanoseconds, ratio });
    }
    standings
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
