//! Two branches side by side.

use std::rc::Rc;

use super::screen::ComparisonScreen;
use super::views::{Kept, Source};
use super::{Action, Engine, Playground};
use crate::sim::{BranchId, History};
use crate::text::{Message, key};
use crate::time::{Duration, Instant};
use crate::trace::{RecordId, Trace};
use crate::view::{ComparedSide, Comparison, PacketList, Sequence};

/// What is compared, and the folds behind it.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Whether the page shows it.
    pub(super) shown: bool,
    /// The two branches that the learner chose.
    pub(super) pair: Option<(BranchId, BranchId)>,
    first: Folds,
    second: Folds,
    screen: Kept<Key, ComparisonScreen>,
}

/// The run, the branches, the time up to which they are compared, and how many records of each that makes.
type Key = (u64, BranchId, BranchId, Instant, Option<(usize, usize)>);

#[derive(Debug, Default)]
struct Folds {
    source: Option<Source>,
    packets: PacketList,
    sequence: Sequence,
}

impl Folds {
    fn follow(&mut self, source: Source, trace: &Trace) {
        if self.source != Some(source) {
            *self = Self { source: Some(source), packets: PacketList::default(), sequence: Sequence::new(trace.nodes()) };
        }
        self.packets.extend(trace.records());
        self.sequence.extend(trace.records(), &self.packets);
    }

    const fn side(&self, records: usize) -> ComparedSide<'_> {
        ComparedSide { packets: &self.packets, sequence: &self.sequence, records }
    }
}

impl Playground {
    pub(super) fn name_branch(&mut self, branch: BranchId, name: &str) -> Result<(), Message> {
        let Engine::Run(run) = &mut self.engine else { return Err(key::PLAYGROUND_ONLY_IN_LESSON.message()) };
        let name: String = name.trim().chars().take(Action::NAME_CHARACTERS).collect();
        if run.history.rename(branch, &name) { Ok(()) } else { Err(key::PLAYGROUND_NO_SUCH_BRANCH.message()) }
    }

    pub(super) fn compare(&mut self, first: BranchId, second: BranchId) -> Result<(), Message> {
        let Engine::Run(run) = &self.engine else { return Err(key::PLAYGROUND_ONLY_IN_LESSON.message()) };
        if [first, second].iter().any(|branch| run.history.trace_of(*branch).is_none()) {
            return Err(key::PLAYGROUND_NO_SUCH_BRANCH.message());
        }
        self.compared.pair = Some((first, second));
        Ok(())
    }

    /// The comparison up to the time of the cursor. The branches are computed that far, a slice at each call.
    pub(super) fn comparison(&mut self) -> Option<Rc<ComparisonScreen>> {
        let runs = self.runs;
        let Engine::Run(run) = &mut self.engine else { return None };
        if !self.compared.shown {
            return None;
        }
        let (first, second) = self.compared.pair.or_else(|| newest(&run.history))?;
        let before = limit(&run.history);
        let known = [first, second].map(|branch| {
            // Whole instants count: those that lie before the limit.
            if let Some(last) = before.as_micros().checked_sub(1) {
                run.history.compute_branch(branch, Instant::from_micros(last));
            }
            run.history.records_before(branch, before)
        });
        let known = known[0].zip(known[1]);
        let Compared { first: left, second: right, screen, .. } = &mut self.compared;
        let key = (runs, first, second, before, known);
        let history = &run.history;
        Some(screen.get(key, || {
            let waiting = ComparisonScreen { first, second, waiting: true, parted: None, comparison: Comparison::default() };
            let (Some((of_first, of_second)), Some(one), Some(other)) = (known, history.trace_of(first), history.trace_of(second)) else {
                return waiting;
            };
            left.follow((runs, first), one);
            right.follow((runs, second), other);
            let difference = history.compare(first, second);
            let shared = difference.as_ref().map_or(usize::MAX, |difference| difference.shared);
            let next = [(one, of_first), (other, of_second)].map(|(trace, records)| trace.records().get(..records)?.get(shared));
            let parted = next.into_iter().flatten().min_by_key(|record| record.at).map(|record| (RecordId(record.id.0), record.at));
            let comparison = Comparison::of(left.side(of_first), right.side(of_second), shared);
            ComparisonScreen { waiting: false, parted, comparison, ..waiting }
        }))
    }
}

/// The newest branch beside the one that it left.
fn newest(history: &History) -> Option<(BranchId, BranchId)> {
    let branch = history.branches().last()?;
    Some((branch.parent?.0, branch.id))
}

/// All instants before this one are compared: the one at the cursor too if all of it is visible.
fn limit(history: &History) -> Instant {
    let cursor = history.cursor();
    let behind = cursor.at + Duration::from_micros(1);
    if history.records_before(history.branch(), behind) == Some(cursor.records) { behind } else { cursor.at }
}
