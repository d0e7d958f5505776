//! The table at the end of `cargo xtask test`.

use std::fmt;
use std::time::Duration;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With what there is to add, if anything.
    Passed(&'static str),
    Failed(String),
    Skipped(String),
}

/// A step that is over.
pub(crate) struct Line {
    pub(crate) step: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// All steps that are over, in order.
#[derive(Default)]
pub(crate) struct Report(pub(crate) Vec<Line>);

impl Report {
    /// With `skip_fails`, a skipped step counts as failed.
    pub(crate) fn is_green(&self, skip_fails: bool) -> bool {
        self.0.iter().all(|line| match line.outcome {
            Outcome::Passed(_) => true,
            Outcome::Failed(_) => false,
            Outcome::Skipped(_) => !skip_fails,
        })
    }

    fn count(&self, is_counted: fn(&Outcome) -> bool) -> usize {
        self.0.iter().filter(|line| is_counted(&line.outcome)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|line| line.step.len()).max().unwrap_or(0);
        for Line { step, outcome, took } in &self.0 {
            let (word, reason) = match outcome {
                Outcome::Passed(note) => ("passed", *note),
                Outcome::Failed(reason) => ("FAILED", reason.as_str()),
                Outcome::Skipped(reason) => ("skipped", reason.as_str()),
            };
            writeln!(f, "{step:width$}  {word:7}  {:7.1} s  {reason}", took.as_secs_f64())?;
        }
        let passed = self.count(|outcome| matches!(outcome, Outcome::Passed(_)));
        let failed = self.count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let skipped = self.count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
        write!(f, "\n{passed} passed, {failed} failed{skipped}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[Outcome]) -> Report {
        Report(outcomes.iter().map(|outcome| Line { step: "fmt", outcome: outcome.clone(), took: Duration::from_millis(1500) }).collect())
    }

    #[test]
    fn the_last_line_counts() {
        let text = report(&[Outcome::Passed(""), Outcome::Failed("why".to_owned())]).to_string();
        assert!(text.contains("fmt  FAILED       1.5 s  why\n"), "{text}");
        assert!(text.ends_with("\n1 passed, 1 failed"), "{text}");
    }

    #[test]
    fn a_skip_fails_only_where_it_must() {
        let skipped = report(&[Outcome::Passed(""), Outcome::Skipped("no browser".to_owned())]);
        assert!(skipped.is_green(false));
        assert!(!skipped.is_green(true));
        assert!(skipped.to_string().ends_with("1 passed, 0 failed, 1 skipped"));
    }
}
