//! Virtual time: instants and durations in whole microseconds, and a table of timers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// A point on the virtual clock, in microseconds since the run started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(u64);

impl Instant {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than any timer that can fire.
    pub const FAR_FUTURE: Self = Self(u64::MAX);

    /// The instant `micros` microseconds after the start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The instant `millis` milliseconds after the start; saturates.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// The instant `secs` seconds after the start; saturates.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the start.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    /// Saturates at [`Instant::FAR_FUTURE`].
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    /// Saturates at [`Instant::ZERO`].
    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

/// Seconds with three decimals, the way every view shows time: `4.310`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}

/// A length of virtual time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Duration(u64);

impl Duration {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// The longest duration.
    pub const MAX: Self = Self(u64::MAX);

    /// `micros` microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// `millis` milliseconds; saturates.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// `secs` seconds; saturates.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }

    /// `self × numerator / denominator` in 128-bit arithmetic; saturates. A zero denominator gives [`Duration::MAX`].
    #[must_use]
    pub const fn scale(self, numerator: u64, denominator: u64) -> Self {
        if denominator == 0 {
            return Self::MAX;
        }
        let wide = self.0 as u128 * numerator as u128 / denominator as u128;
        if wide > u64::MAX as u128 { Self::MAX } else { Self(wide as u64) }
    }
}

impl Add for Duration {
    type Output = Self;
    /// Saturates at [`Duration::MAX`].
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}

/// At most one timer for each key; due timers come out in order of time, then of key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimerTable<K> {
    at: BTreeMap<K, Instant>,
    order: BTreeSet<(Instant, K)>,
}

impl<K: Ord + Clone> TimerTable<K> {
    /// A table without timers.
    #[must_use]
    pub const fn new() -> Self {
        Self { at: BTreeMap::new(), order: BTreeSet::new() }
    }

    /// Sets the timer of `key`, replacing an earlier one.
    pub fn set(&mut self, key: K, at: Instant) {
        match self.at.get_mut(&key) {
            // Most timers are set again to what they are.
            Some(known) if *known == at => return,
            Some(known) => {
                let before = std::mem::replace(known, at);
                self.order.remove(&(before, key.clone()));
            }
            None => {
                self.at.insert(key.clone(), at);
            }
        }
        self.order.insert((at, key));
    }

    /// Removes the timer of `key`, if there is one, and says when it would have fired.
    pub fn cancel(&mut self, key: &K) -> Option<Instant> {
        let at = self.at.remove(key)?;
        self.order.remove(&(at, key.clone()));
        Some(at)
    }

    /// When the timer of `key` fires.
    #[must_use]
    pub fn deadline(&self, key: &K) -> Option<Instant> {
        self.at.get(key).copied()
    }

    /// When the next timer fires.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes the next timer that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        if self.next_deadline()? > now {
            return None;
        }
        let (_, key) = self.order.pop_first()?;
        self.at.remove(&key);
        Some(key)
    }

    /// How many timers are set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether no timer is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }
}

impl<K: Ord + Clone> Default for TimerTable<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_out_in_order_of_time_then_key() {
        let mut table = TimerTable::new();
        table.set("b", Instant::from_secs(2));
        table.set("a", Instant::from_secs(2));
        table.set("c", Instant::from_secs(1));
        table.set("c", Instant::from_secs(3));
        assert_eq!(table.pop_due(Instant::from_secs(1)), None);
        assert_eq!(table.pop_due(Instant::from_secs(9)), Some("a"));
        assert_eq!(table.pop_due(Instant::from_secs(9)), Some("b"));
        assert_eq!(table.cancel(&"c"), Some(Instant::from_secs(3)));
        assert!(table.is_empty());
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Instant::FAR_FUTURE + Duration::MAX, Instant::FAR_FUTURE);
        assert_eq!(Duration::from_secs(60).scale(3, 2), Duration::from_secs(90));
        assert_eq!(Duration::MAX.scale(3, 2), Duration::MAX);
        assert_eq!(Instant::from_millis(4_310).to_string(), "4.310");
    }
}
