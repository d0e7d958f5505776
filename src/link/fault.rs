//! Fault rules: which write triggers what.

use serde::{Deserialize, Serialize};

use super::{CutNotice, Label, Side};
use crate::time::Duration;

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
}

/// A rule: the `nth` unit with this label from this side, counted from when the rule was set, gets the verdict; once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Sender.
    pub from: Side,
    /// The kind of unit: the packet type's number.
    pub label: u8,
    /// 1 for the first.
    pub nth: u32,
    /// What happens.
    pub verdict: Verdict,
}

/// The rules in force on one client's path, over all its connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FaultTable {
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

    /// The rules that have not struck yet.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|(rule, _)| rule)
    }

    /// Counts a unit; the first rule that it completes is used up and gives its verdict. A rule completed by the same unit strikes at the next one.
    pub fn judge(&mut self, from: Side, label: Label) -> Verdict {
        let mut struck = None;
        for (index, (rule, seen)) in self.rules.iter_mut().enumerate() {
            if rule.from == from && rule.label == label.0 {
                *seen = seen.saturating_add(1);
                if *seen >= rule.nth && struck.is_none() {
                    struck = Some(index);
                }
            }
        }
        struck.map_or(Verdict::Pass, |index| self.rules.remove(index).0.verdict)
    }
}
