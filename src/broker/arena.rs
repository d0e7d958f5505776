//! A vector of slots with stable numbers.

use std::collections::BTreeSet;

/// Values with small stable numbers. A freed number is given out again, the lowest first, and an emptied arena equals a new one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Arena<T> {
    slots: Vec<Option<T>>,
    free: BTreeSet<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: BTreeSet::new() }
    }
}

impl<T> Arena<T> {
    /// Stores `value` and tells its number.
    pub(super) fn insert(&mut self, value: T) -> u32 {
        if let Some(key) = self.free.pop_first() {
            if let Some(slot) = self.slots.get_mut(index(key)) {
                *slot = Some(value);
            }
            return key;
        }
        // More than 2³² slots would need more memory than the limits of the configuration allow.
        let key = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        // Not twice as much, as a vector grows by itself: what is kept here is large.
        if self.slots.len() == self.slots.capacity() {
            self.slots.reserve_exact((self.slots.len() / 4).saturating_add(4));
        }
        self.slots.push(Some(value));
        key
    }

    pub(super) fn remove(&mut self, key: u32) -> Option<T> {
        let value = self.slots.get_mut(index(key))?.take()?;
        self.free.insert(key);
        while self.slots.last().is_some_and(Option::is_none) {
            self.slots.pop();
            self.free.remove(&u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        }
        Some(value)
    }

    /// The values in order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }

    #[cfg(test)]
    pub(super) const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn get(&self, key: u32) -> Option<&T> {
        self.slots.get(index(key))?.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        self.slots.get_mut(index(key))?.as_mut()
    }
}

const fn index(key: u32) -> usize {
    key as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_numbers_are_used_again_and_an_emptied_arena_equals_a_new_one() {
        let mut arena = Arena::default();
        let keys: Vec<u32> = ["a", "b", "c"].map(|value| arena.insert(value)).to_vec();
        assert_eq!(keys, [0, 1, 2]);
        assert_eq!(arena.remove(1), Some("b"));
        assert_eq!(arena.remove(1), None);
        assert_eq!(arena.insert("d"), 1);
        assert_eq!(arena.get(1), Some(&"d"));
        for key in [0, 2, 1] {
            arena.remove(key);
        }
        assert_eq!(arena, Arena::default());
    }
}
