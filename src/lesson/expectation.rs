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

/// How many times a pattern of a sequence is looked for: bounds the time on long runs.
const TRIES: usize = 2_000;

/// Judges the goals of a lesson on the visible part of a run; `complete` says that the run has come to its end, so that what did not
/// happen will not happen. An upper bound can be broken at any time but is met only by a complete run.
#[must_use]
pub fn judge(lesson: &Lesson, nodes: &[Node], records: &[Record], complete: bool) -> Vec<GoalResult> {
    if lesson.goals.is_empty() {
        return Vec::new();
    }
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

/// The first pattern of the sequence that is missing. Names bind to Packet Identifiers; where a binding leads nowhere, the last pattern that bound a name tries its next
/// candidate, so that a match is found if there is one among the first [`TRIES`].
fn missing(sequence: &[Pattern], matcher: &Matcher<'_>, nodes: &[Node]) -> Option<Message> {
    let mut bindings = Bindings::new();
    // Where each pattern so far has matched, and what was bound before it.
    let mut matched: Vec<(usize, Bindings)> = Vec::new();
    let mut start = 0;
    let mut furthest = 0;
    'tries: for _ in 0..TRIES {
        let pattern = sequence.get(matched.len())?;
        let before = bindings.clone();
        if let Some(found) = next_match(pattern, matcher, start, &mut bindings) {
            start = found.saturating_add(1);
            matched.push((found, before));
            furthest = furthest.max(matched.len());
            continue;
        }
        // The earliest match of a pattern that binds nothing is the best one.
        while let Some((found, before)) = matched.pop() {
            let bound = before.len() < bindings.len();
            bindings = before;
            if bound {
                start = found.saturating_add(1);
                continue 'tries;
            }
        }
        break;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::PacketPattern;
    use crate::link::Side;
    use crate::packet::{Acknowledgement, Packet, PacketId, PacketType, ProtocolVersion, ReasonCode};
    use crate::session::ConnectionId;
    use crate::time::Instant;
    use crate::trace::{Event, Trace};

    fn records(packets: &[(PacketType, u16)]) -> Trace {
        let mut trace = Trace::new(Vec::new(), 100);
        for (packet_type, id) in packets {
            let ack = Acknowledgement::new(PacketId::new(*id).unwrap(), ReasonCode::Success);
            let packet = match packet_type {
                PacketType::Pubrec => Packet::Pubrec(ack),
                PacketType::Pubrel => Packet::Pubrel(ack),
                PacketType::Pubcomp => Packet::Pubcomp(ack),
                _ => Packet::Pingreq,
            };
            let version = ProtocolVersion::V5;
            let bytes = packet.to_bytes(version).unwrap();
            let packet_type = packet.packet_type();
            trace.push(
                Instant::ZERO,
                None,
                Event::PacketSent { connection: ConnectionId(1), from: Side::Client, packet_type, version, bytes: bytes.into() },
            );
        }
        trace
    }

    fn wanted(packets: &[(PacketType, &str)]) -> Vec<Pattern> {
        let pattern = |(packet_type, name): &(PacketType, &str)| {
            let id = (!name.is_empty()).then(|| (*name).to_owned());
            Pattern::Packet(PacketPattern { packet_type: Some(*packet_type), id, ..PacketPattern::default() })
        };
        packets.iter().map(pattern).collect()
    }

    #[test]
    fn a_name_bound_late_in_a_sequence_tries_its_next_candidate() {
        use PacketType::{Pingreq, Pubcomp, Pubrec, Pubrel};
        // The first PUBREC is never followed up; the second is.
        let trace =
            records(&[(Pingreq, 0), (Pubrec, 1), (Pubrec, 2), (Pubrel, 2), (Pubrec, 3), (Pubcomp, 2)].map(|(kind, id)| (kind, id.max(1))));
        let matcher = Matcher::new(&[], trace.records());
        let whole = wanted(&[(Pingreq, ""), (Pubrec, "x"), (Pubrel, "x"), (Pubcomp, "x")]);
        assert_eq!(missing(&whole, &matcher, &[]), None);
        let two = wanted(&[(Pubrec, "x"), (Pubrec, "y"), (Pubrel, "x"), (Pubcomp, "y")]);
        assert!(missing(&two, &matcher, &[]).is_some(), "no PUBREL of the first of two has the PUBCOMP of the second");
        let crossed = wanted(&[(Pubrec, "x"), (Pubrec, "y"), (Pubrel, "y"), (Pubcomp, "y")]);
        assert_eq!(missing(&crossed, &matcher, &[]), None);
    }
}
