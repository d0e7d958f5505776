//! Goals judged on the trace.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

use super::pattern::{Bindings, Matcher, describe};
use super::{GoalResult, Lesson, Pattern};
use crate::text::{Message, key};
use crate::trace::{Node, Record};

/// What has to hold of a run. All parts have to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// These appear in this order; others may stand between.
    pub sequence: Vec<Pattern>,
    /// These appear so many times.
    pub counts: Vec<Count>,
}

/// How often something appears in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What.
    pub of: Pattern,
    /// At least.
    pub min: u32,
    /// At most.
    pub max: Option<u32>,
}

/// How many candidates for the first pattern of a sequence are tried: bounds the time on long runs.
const CANDIDATES: usize = 1_000;

/// Judges the goals of a lesson on the visible part of a run; `complete` says that the run has come to its end, so that what did not
/// happen will not happen. An upper bound can be broken at any time but is met only by a complete run.
#[must_use]
pub fn judge(lesson: &Lesson, nodes: &[Node], records: &[Record], complete: bool) -> Vec<GoalResult> {
    let matcher = Matcher::new(nodes, records);
    lesson
        .goals
        .iter()
        .enumerate()
        .map(|(goal, wanted)| {
            let finding = finding(&wanted.expectation, &matcher, nodes, complete);
            GoalResult { goal, met: finding.is_none(), finding }
        })
        .collect()
}

fn finding(expectation: &Expectation, matcher: &Matcher<'_>, nodes: &[Node], complete: bool) -> Option<Message> {
    expectation
        .counts
        .iter()
        .find_map(|count| too_many(count, matcher, nodes))
        .or_else(|| missing(&expectation.sequence, matcher, nodes))
        .or_else(|| expectation.counts.iter().find_map(|count| too_few(count, matcher, nodes)))
        .or_else(|| {
            let bounded = expectation.counts.iter().any(|count| count.max.is_some());
            (bounded && !complete).then(|| key::LESSON_FINDING_NOT_OVER.message())
        })
}

/// The first pattern of the sequence that is missing. Names bind to Packet Identifiers; where a binding leads nowhere, the next candidate of the first pattern that
/// bound is tried, so that a match is found if there is one.
fn missing(sequence: &[Pattern], matcher: &Matcher<'_>, nodes: &[Node]) -> Option<Message> {
    let (first, rest) = sequence.split_first()?;
    let mut furthest = 0;
    let mut start = 0;
    for _ in 0..CANDIDATES {
        let mut bindings = Bindings::new();
        let Some(found) = next_match(first, matcher, start, &mut bindings) else { break };
        let mut position = found.saturating_add(1);
        let mut matched: usize = 1;
        for pattern in rest {
            let Some(found) = next_match(pattern, matcher, position, &mut bindings) else { break };
            position = found.saturating_add(1);
            matched = matched.saturating_add(1);
        }
        furthest = furthest.max(matched);
        if matched == sequence.len() {
            return None;
        }
        // Without bindings a later start cannot do better.
        if bindings.is_empty() {
            break;
        }
        start = found.saturating_add(1);
    }
    let wanted = sequence.get(furthest)?;
    let what = describe(wanted, nodes);
    Some(match furthest.checked_sub(1).and_then(|index| sequence.get(index)) {
        Some(previous) => key::LESSON_FINDING_MISSING_AFTER.with("what", what).with("previous", describe(previous, nodes)),
        None => key::LESSON_FINDING_MISSING.with("what", what),
    })
}

fn next_match(pattern: &Pattern, matcher: &Matcher<'_>, from: usize, bindings: &mut Bindings) -> Option<usize> {
    let records = matcher.records().get(from..)?;
    let found = records.iter().position(|record| {
        let mut tried = bindings.clone();
        let matched = matcher.matches(pattern, record, &mut tried);
        if matched {
            *bindings = tried;
        }
        matched
    })?;
    from.checked_add(found)
}

fn matching<'a>(count: &'a Count, matcher: &'a Matcher<'_>) -> impl Iterator<Item = &'a Record> {
    matcher.records().iter().filter(|record| matcher.matches(&count.of, record, &mut Bindings::new()))
}

fn too_many(count: &Count, matcher: &Matcher<'_>, nodes: &[Node]) -> Option<Message> {
    let max = count.max?;
    let extra = matching(count, matcher).nth(usize::try_from(max).ok()?)?;
    Some(key::LESSON_FINDING_EXTRA.with("what", describe(&count.of, nodes)).with("at", extra.at.to_string()).with("max", max))
}

fn too_few(count: &Count, matcher: &Matcher<'_>, nodes: &[Node]) -> Option<Message> {
    let found = u32::try_from(matching(count, matcher).count()).unwrap_or(u32::MAX);
    (found < count.min)
        .then(|| key::LESSON_FINDING_TOO_FEW.with("what", describe(&count.of, nodes)).with("min", count.min).with("found", found))
}
