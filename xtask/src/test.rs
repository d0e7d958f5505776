//! `cargo xtask test`: every check, or those asked for, and a table of how they ended.

use std::time::Duration;

use crate::cli::TestOptions;
use crate::command::is_ci;
use crate::needs::Need;
use crate::report::{Line, Outcome, Report};
use crate::setup::{self, Missing};
use crate::steps::{STEPS, Step};
use crate::stopwatch::Stopwatch;

/// Sets up, runs the steps, prints the table.
pub(crate) fn run(options: &TestOptions) -> Result<(), String> {
    if options.list {
        for step in &STEPS {
            println!("{:12} {}", step.name, step.about);
        }
        return Ok(());
    }
    let steps = chosen(options)?;
    println!("Checks: {}", steps.iter().map(|step| step.name).collect::<Vec<_>>().join(", "));
    if options.only.is_empty() {
        println!("About 15 min the first time (compiling), 5 min after that, installations not counted.");
    }
    let missing = setup::provide(&needs(&steps));

    let mut report = Report::default();
    for step in &steps {
        println!("\n── {}: {} ──", step.name, step.about);
        let watch = Stopwatch::start();
        let outcome = outcome(step, &missing, &report);
        report.0.push(Line { step: step.name, outcome, took: watch.elapsed() });
        for need in step.wants.iter().filter(|need| missing.contains_key(need)) {
            let outcome = Outcome::Skipped(format!("its tests that need {need}"));
            report.0.push(Line { step: step.name, outcome, took: Duration::ZERO });
        }
    }
    if !missing.is_empty() {
        println!("\n{}", setup::remedies(&missing));
    }
    println!("\n{report}");
    if report.is_green(is_ci()) { Ok(()) } else { Err("\nNot every check passed.".to_owned()) }
}

fn chosen(options: &TestOptions) -> Result<Vec<&'static Step>, String> {
    for name in options.only.iter().chain(&options.skip) {
        if !STEPS.iter().any(|step| step.name == name) {
            let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
            return Err(format!("`{name}` is no step; the steps are {}", names.join(", ")));
        }
    }
    let is_chosen = |step: &&Step| {
        let name = step.name.to_owned();
        (options.only.is_empty() || options.only.contains(&name)) && !options.skip.contains(&name)
    };
    let steps: Vec<&Step> = STEPS.iter().filter(is_chosen).collect();
    if steps.is_empty() { Err("no step is left to run".to_owned()) } else { Ok(steps) }
}

/// What the steps need, each once, in the order of installation.
fn needs(steps: &[&Step]) -> Vec<Need> {
    let mut needs: Vec<Need> = steps.iter().flat_map(|step| step.needs.iter().chain(step.wants).copied()).collect();
    needs.sort_unstable();
    needs.dedup();
    needs
}

fn outcome(step: &Step, missing: &Missing, report: &Report) -> Outcome {
    let absent: Vec<String> = step.needs.iter().filter(|need| missing.contains_key(need)).map(Need::to_string).collect();
    if !absent.is_empty() {
        println!("skipped: no {}", absent.join(", "));
        return Outcome::Skipped(format!("no {}", absent.join(", ")));
    }
    let broken = report.0.iter().find(|line| step.after.contains(&line.step) && !matches!(line.outcome, Outcome::Passed(_)));
    if let Some(Line { step: earlier, .. }) = broken {
        println!("skipped: `{earlier}` did not pass");
        return Outcome::Skipped(format!("`{earlier}` did not pass"));
    }
    match (step.run)() {
        Ok(note) => Outcome::Passed(note),
        Err(message) => {
            println!("{}: {message}", step.name);
            Outcome::Failed(message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(only: &[&str], skip: &[&str]) -> TestOptions {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        TestOptions { only: owned(only), skip: owned(skip), list: false }
    }

    #[test]
    fn steps_are_chosen_in_their_own_order() {
        let names: Vec<_> = chosen(&options(&["deny", "fmt", "page"], &["page"])).unwrap().iter().map(|step| step.name).collect();
        assert_eq!(names, ["fmt", "deny"]);
        let Err(message) = chosen(&options(&["format"], &[])) else { panic!("an unknown step was taken") };
        assert!(message.contains("`format` is no step"));
    }

    #[test]
    fn a_step_without_its_needs_is_skipped_by_name() {
        let step = STEPS.iter().find(|step| step.name == "e2e").unwrap();
        let missing = Missing::from([(Need::Chromium, "not root".to_owned())]);
        assert_eq!(outcome(step, &missing, &Report::default()), Outcome::Skipped("no chromium".to_owned()));
    }

    #[test]
    fn a_step_after_a_failed_one_is_skipped() {
        let step = STEPS.iter().find(|step| step.name == "sizes").unwrap();
        let failed = Line { step: "page", outcome: Outcome::Failed("no".to_owned()), took: Duration::ZERO };
        assert_eq!(outcome(step, &Missing::new(), &Report(vec![failed])), Outcome::Skipped("`page` did not pass".to_owned()));
    }

    #[test]
    fn every_step_names_only_earlier_steps() {
        for (index, step) in STEPS.iter().enumerate() {
            for after in step.after {
                assert!(STEPS[..index].iter().any(|earlier| earlier.name == *after), "{}", step.name);
            }
        }
    }
}
