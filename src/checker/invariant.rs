//! The promises that are judged, and how.

use std::collections::BTreeMap;

use crate::session::ConnectionId;
use crate::time::Instant;
use crate::trace::RecordId;

macro_rules! invariants {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $slug:literal;)*) => {
        /// A promise of MQTT, or of this broker, that every run keeps.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Invariant {
            $($(#[$doc])* $name = $number,)*
        }

        impl Invariant {
            /// All thirty, in their order.
            pub const ALL: [Self; 30] = [$(Self::$name,)*];

            /// A short name, for the command line and for keys.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Self::$name => $slug,)*
                }
            }
        }
    };
}

invariants! {
    /// QoS 0: at most once.
    AtMostOnce = 1, "at-most-once";
    /// QoS 1: at least once; copies only after a break, with DUP and the same Packet Identifier.
    AtLeastOnce = 2, "at-least-once";
    /// QoS 2: exactly once.
    ExactlyOnce = 3, "exactly-once";
    /// Nothing is invented: payload, topic and properties as published, QoS the lower of published and granted.
    NoInvention = 4, "no-invention";
    /// Only to matching, current subscriptions, and to all of them.
    MatchingOnly = 5, "matching-only";
    /// Order for each publisher, topic and QoS; what is sent again keeps its order.
    Order = 6, "order";
    /// Retained messages.
    Retained = 7, "retained";
    /// Will Messages.
    Will = 8, "will";
    /// Shared Subscriptions: one member for each message and group.
    SharedOnce = 9, "shared-once";
    /// No Local and Subscription Identifiers.
    Options = 10, "options";
    /// Message Expiry Interval.
    Expiry = 11, "expiry";
    /// Sessions: Session Present, expiry, Clean Start, one connection for each Client Identifier.
    Sessions = 12, "sessions";
    /// Packet Identifiers.
    PacketIds = 13, "packet-ids";
    /// Receive Maximum.
    ReceiveMaximum = 14, "receive-maximum";
    /// Maximum Packet Size.
    PacketSize = 15, "packet-size";
    /// Topic Aliases.
    TopicAlias = 16, "topic-alias";
    /// Keep Alive.
    KeepAlive = 17, "keep-alive";
    /// The sequence of packets in each direction.
    Sequence = 18, "sequence";
    /// SUBACK and UNSUBACK: a code for each filter.
    OneCodeEach = 19, "one-code-each";
    /// Every accepted message is accounted for.
    Conservation = 20, "conservation";
    /// Every queue within its limit.
    Bounded = 21, "bounded";
    /// Nothing is left when all sessions have ended.
    NoLeak = 22, "no-leak";
    /// When the faults stop, everything comes to rest.
    Liveness = 23, "liveness";
    /// The same run twice is the same.
    Determinism = 24, "determinism";
    /// Time never goes back, and causes come first.
    Time = 25, "time";
    /// Every packet is written in its one form.
    Canonical = 26, "canonical";
    /// A run that is written down and read again is the same.
    Replay = 27, "replay";
    /// How bytes are cut into pieces changes nothing.
    Chunking = 28, "chunking";
    /// Who has nothing to do with others changes nothing for them.
    Isolation = 29, "isolation";
    /// A hostile client changes no promise to the others.
    Hostility = 30, "hostility";
}

impl Invariant {
    /// 1 to 30.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether one trace cannot show it: it takes several runs.
    #[must_use]
    pub const fn takes_runs(self) -> bool {
        matches!(self, Self::NoLeak | Self::Determinism | Self::Replay | Self::Chunking | Self::Isolation | Self::Hostility)
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub invariant: Invariant,
    /// The clause that makes it, as `MQTT-3.3.1-2` or `5.0 §4.8.2`; empty for promises that only this broker makes.
    pub clause: &'static str,
    /// What is wrong, for those who develop.
    pub what: &'static str,
    /// When it showed.
    pub at: Instant,
    /// The record that shows it.
    pub record: RecordId,
    /// An earlier record that belongs to it.
    pub earlier: Option<RecordId>,
    /// The Network Connection on which it showed, if it is one.
    pub connection: Option<ConnectionId>,
}

/// Why a promise cannot be judged on a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unjudged {
    /// What the broker decides is not in the trace: it is a broker outside.
    BrokerOutside,
    /// It takes several runs, not one trace.
    TakesRuns,
    /// The limits of the broker are not known.
    LimitsUnknown,
}

/// What became of a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Put to the test this many times, and kept.
    Kept(u64),
    /// Nothing in the run put it to the test.
    Unchallenged,
    /// Broken at least once; the first is the one to look at.
    Broken(Vec<Violation>),
    /// Nobody can tell.
    NotJudged(Unjudged),
}

/// The most violations that are kept for each promise: the first ones are those to look at.
const VIOLATIONS_MAX: usize = 20;

/// What is found while the records come in.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    tested: [u64; 31],
    violations: BTreeMap<Invariant, Vec<Violation>>,
}

impl Findings {
    /// The promise was put to the test.
    pub(super) fn test(&mut self, invariant: Invariant) {
        if let Some(count) = self.tested.get_mut(usize::from(invariant.number())) {
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn add(&mut self, violation: Violation) {
        let found = self.violations.entry(violation.invariant).or_default();
        if found.len() < VIOLATIONS_MAX {
            found.push(violation);
        }
    }

    pub(super) fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    pub(super) fn into_report(mut self, unjudged: impl Fn(Invariant) -> Option<Unjudged>) -> Report {
        let judge = |invariant: Invariant| {
            let violations = self.violations.remove(&invariant).unwrap_or_default();
            let tested = self.tested.get(usize::from(invariant.number())).copied().unwrap_or_default();
            match unjudged(invariant) {
                _ if !violations.is_empty() => Judgement::Broken(violations),
                Some(reason) => Judgement::NotJudged(reason),
                None if tested == 0 => Judgement::Unchallenged,
                None => Judgement::Kept(tested),
            }
        };
        Report { judgements: Invariant::ALL.map(judge).into() }
    }
}

/// What became of all thirty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    judgements: Vec<Judgement>,
}

impl Report {
    /// Each promise with its judgement, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Invariant, &Judgement)> {
        Invariant::ALL.into_iter().zip(&self.judgements)
    }

    /// What became of one.
    #[must_use]
    pub fn judgement(&self, invariant: Invariant) -> &Judgement {
        self.iter().find(|(one, _)| *one == invariant).map_or(&Judgement::Unchallenged, |(_, judgement)| judgement)
    }

    /// All violations, in the order of the promises.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.judgements.iter().flat_map(|judgement| match judgement {
            Judgement::Broken(violations) => violations.as_slice(),
            _ => &[],
        })
    }

    /// What several runs have shown.
    pub(super) fn judge_runs(&mut self, invariant: Invariant) {
        let place = usize::from(invariant.number()).saturating_sub(1);
        if let Some(judgement @ Judgement::NotJudged(_)) = self.judgements.get_mut(place) {
            *judgement = Judgement::Kept(1);
        }
    }

    pub(super) fn add(&mut self, violation: Violation) {
        let place = usize::from(violation.invariant.number()).saturating_sub(1);
        if let Some(judgement) = self.judgements.get_mut(place) {
            *judgement = Judgement::Broken(vec![violation]);
        }
    }

    /// Whether no promise is broken.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations().next().is_none()
    }
}
