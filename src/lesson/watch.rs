//! A pattern that is looked for while a run goes on, record by record.

use super::Pattern;
use super::pattern::{Bindings, Known};
use crate::trace::{Node, Record};

/// Waits for the first record that one of its patterns matches. Unlike goals it knows only what has happened so far: a pattern that asks what became of a packet
/// matches none, since no packet has arrived when it is sent.
#[derive(Clone, Debug)]
pub struct Watch {
    patterns: Vec<Pattern>,
    known: Known,
    seen: usize,
}

impl Watch {
    /// Waits for any of these, in a run with these participants.
    #[must_use]
    pub fn new(patterns: Vec<Pattern>, nodes: &[Node]) -> Self {
        Self { patterns, known: Known::new(nodes), seen: 0 }
    }

    /// Whether the record with this index is what was waited for. Takes in all records before it that it has not met.
    pub fn sees(&mut self, records: &[Record], index: usize) -> bool {
        let next = index.saturating_add(1);
        for record in records.get(self.seen..next).unwrap_or_default() {
            self.known.take(record);
        }
        self.seen = self.seen.max(next);
        records
            .get(index)
            .is_some_and(|record| self.patterns.iter().any(|pattern| self.known.matches(pattern, record, &mut Bindings::new())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{EventKind, EventPattern, catalog, run};

    #[test]
    fn what_is_met_on_the_way_is_what_is_found_afterwards() {
        use crate::lesson::pattern::Matcher;
        let kinds = [EventKind::WillPublished, EventKind::SessionEnded, EventKind::MessageReceived, EventKind::Connected];
        let mut met = 0;
        for lesson in catalog().iter().take(6) {
            let done = run(lesson, Some(&lesson.solution), None).expect("solutions run");
            let (nodes, records) = (done.trace.nodes(), done.trace.records());
            let matcher = Matcher::new(nodes, records);
            for kind in kinds {
                let event = EventPattern { kind, client: None, topic: None, payload: None, after: None, before: None };
                let pattern = Pattern::Event(event);
                let mut watch = Watch::new(vec![pattern.clone()], nodes);
                for (index, record) in records.iter().enumerate() {
                    let sees = watch.sees(records, index);
                    assert_eq!(sees, matcher.matches(&pattern, record, &mut Bindings::new()), "{} {}", lesson.slug, index);
                    met += usize::from(sees);
                }
            }
        }
        assert!(met > 20);
    }
}
