//! The fuzz targets of `fuzz/`: all of them built, most run for some seconds from the seeds in the repository, the others on the seeds alone.

use std::path::Path;
use std::{env, fs};

use crate::command::{command, root, run};
use crate::steps::Ended;

/// How long all targets run together, in seconds.
const SECONDS: usize = 60;

/// The least for one target, in seconds.
const SECONDS_EACH: usize = 5;

/// Targets of which a check only plays the seeds. New inputs are for long runs: what `differential` finds is a fault of another codec as a rule.
const SEEDS_ALONE: [&str; 1] = ["differential"];

pub(crate) fn smoke() -> Ended {
    let targets = targets(&root().join("fuzz/targets"))?;
    cargo_fuzz(&["build"], &[])?;
    let seconds = (SECONDS / targets.len().saturating_sub(SEEDS_ALONE.len()).max(1)).max(SECONDS_EACH);
    for target in &targets {
        let limit = if SEEDS_ALONE.contains(&target.as_str()) { "-runs=0".to_owned() } else { format!("-max_total_time={seconds}") };
        println!("{target}: {limit}");
        // Finds of this run go to a folder that nobody keeps; the seeds are only read.
        let finds = root().join("target/fuzz/finds").join(target);
        fs::create_dir_all(&finds).map_err(|error| format!("{}: {error}", finds.display()))?;
        let seeds = root().join("fuzz/corpus").join(target);
        let mut folders = vec![finds.display().to_string()];
        if seeds.is_dir() {
            folders.push(seeds.display().to_string());
        }
        let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
        // Counting how rare each feature is would take as long as many a target itself.
        let speed = ["-entropic=0", "-reduce_inputs=0"];
        let limits = ["--", "-rss_limit_mb=256", "-timeout=1", "-max_len=65536", "-verbosity=0", "-print_final_stats=1", limit.as_str()];
        let limits = [&limits[..], &speed].concat();
        cargo_fuzz(&[&["run"], &[target.as_str()], folders.as_slice()].concat(), &limits)?;
    }
    Ok("")
}

/// The names of the targets, sorted.
fn targets(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned)).collect();
    names.sort_unstable();
    Ok(names)
}

/// `words` are the subcommand and what it takes, without its options.
fn cargo_fuzz(words: &[&str], rest: &[&str]) -> Result<(), String> {
    let (subcommand, operands) = words.split_first().ok_or("no subcommand")?;
    let target = root().join("target/fuzz").display().to_string();
    // No sanitizer for addresses: the code is safe Rust, and without it a target runs some times faster. Nor are comparisons traced: that halves the speed of the
    // broker, and what a dictionary of them could find, seeds and generators bring.
    let options = ["fuzz", *subcommand, "--fuzz-dir", "fuzz", "--sanitizer", "none", "--no-trace-compares", "--target-dir", &target];
    let mut cargo = command(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), &options);
    cargo.args(operands).args(rest);
    // The flags of the fuzzer are unstable in the stable compiler.
    run(cargo.env("RUSTC_BOOTSTRAP", "1").current_dir(root()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_has_a_binary_and_those_that_only_play_seeds_have_seeds() {
        let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
        let targets = targets(&root().join("fuzz/targets")).unwrap();
        assert!(targets.len() >= 7, "{targets:?}");
        assert!(SEEDS_ALONE.iter().all(|alone| targets.iter().any(|target| target == alone)), "{targets:?}");
        for target in targets {
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
            let has_seeds = fs::read_dir(root().join("fuzz/corpus").join(&target)).is_ok_and(|mut seeds| seeds.next().is_some());
            assert!(has_seeds || !SEEDS_ALONE.contains(&target.as_str()), "{target}");
        }
    }
}
