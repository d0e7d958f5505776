//! Fault rules: which write triggers what.

use serde::{Deserialize, Serialize};

use super::{CutNotice, Label, Side};
use crate::time::{Duration, Instant};

/// What happens to a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing special.
    #[default]
    Pass,
    /// The path is cut in both directions at the moment the last byte would arrive: it does not.
    CutBeforeDelivery {
        /// Who notices.
        notice: CutNotice,
    },
    /// The path is cut right after the last byte has arrived.
    CutAfterDelivery {
        /// Who notices.
        notice: CutNotice,
    },
    /// The connection is reset at the moment the last byte would arrive: it does not.
    ResetBeforeDelivery,
    /// The connection is reset right after the last byte has arrived.
    ResetAfterDelivery,
    /// The segments that carry it arrive this much later (what follows waits behind them).
    Delay {
        /// How much later.
        by: Duration,
    },
    /// The segments that carry it, and what follows them, wait on the path until [`super::Link::handle_release`]. They are lost if their sender gives up before.
    Hold,
    /// Right after the last byte has arrived, somebody else connects with the same Client Identifier. The link only reports it; the caller does it.
    DuplicateConnection,
}

/// A rule: the `nth` unit with this label from this side, counted from when the rule was set, gets the verdict, and so do the next ones, `times` in all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Sender.
    pub from: Side,
    /// The kind of unit: the packet type's number; 0 stands for every kind.
    pub label: u8,
    /// 1 for the first.
    pub nth: u32,
    /// How many units get the verdict, one after the other; [`Rule::ALWAYS`] for all.
    #[serde(default = "once")]
    pub times: u32,
    /// Units written before this time do not count.
    #[serde(default)]
    pub not_before: Instant,
    /// Units written from this time on do not count.
    #[serde(default = "no_end")]
    pub until: Instant,
    /// What happens.
    pub verdict: Verdict,
}

const fn once() -> u32 {
    1
}

const fn no_end() -> Instant {
    Instant::FAR_FUTURE
}

impl Rule {
    /// [`Rule::label`] of a rule for every kind of unit.
    pub const ANY: u8 = 0;
    /// [`Rule::times`] of a rule that never wears out.
    pub const ALWAYS: u32 = u32::MAX;

    /// A rule that strikes the `nth` unit with this label from this side once, whenever that is.
    #[must_use]
    pub const fn once(from: Side, label: u8, nth: u32, verdict: Verdict) -> Self {
        Self { from, label, nth, times: 1, not_before: Instant::ZERO, until: Instant::FAR_FUTURE, verdict }
    }

    fn concerns(&self, now: Instant, from: Side, label: Label) -> bool {
        self.from == from && (self.label == label.0 || self.label == Self::ANY) && self.not_before <= now && now < self.until
    }
}

/// The rules in force on one client's path, over all its connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FaultTable {
    /// Each with the number of units that it has counted.
    rules: Vec<(Rule, u32)>,
}

impl FaultTable {
    /// As many rules can be in force.
    pub const MAX_RULES: usize = 1_000;

    /// Puts a rule in force. False, and nothing changes, if [`Self::MAX_RULES`] are.
    pub fn add(&mut self, rule: Rule) -> bool {
        let fits = self.rules.len() < Self::MAX_RULES;
        if fits {
            self.rules.push((rule, 0));
        }
        fits
    }

    /// Removes all rules.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules that can still strike.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|(rule, _)| rule)
    }

    /// Counts a unit written at `now`; the first rule that it completes gives its verdict, and is used up with its last time. A rule completed by the same
    /// unit strikes at the next one.
    pub fn judge(&mut self, now: Instant, from: Side, label: Label) -> Verdict {
        if self.rules.is_empty() {
            return Verdict::Pass;
        }
        let mut struck = None;
        for (index, (rule, seen)) in self.rules.iter_mut().enumerate() {
            if rule.concerns(now, from, label) {
                *seen = seen.saturating_add(1);
                if *seen >= rule.nth && struck.is_none() {
                    struck = Some((index, rule.verdict));
                    if rule.times != Rule::ALWAYS {
                        rule.times = rule.times.saturating_sub(1);
                    }
                }
            }
        }
        let Some((index, verdict)) = struck else { return Verdict::Pass };
        if self.rules.get(index).is_some_and(|(rule, _)| rule.times == 0) {
            self.rules.remove(index);
        }
        verdict
    }
}
