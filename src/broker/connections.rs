//! All Network Connections by their numbers.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;

use super::arena::Arena;
use super::connection::Connection;
use crate::session::ConnectionId;

/// Found in one step, since every packet in and out looks its connection up. Iterated only in order of the numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    slots: Arena<(ConnectionId, Connection)>,
    by_id: HashTable<u32>,
}

impl Connections {
    pub(super) fn insert(&mut self, id: ConnectionId, connection: Connection) {
        self.remove(&id);
        let slot = self.slots.insert((id, connection));
        let Self { slots, by_id } = self;
        by_id.insert_unique(hash(id), slot, |slot| slots.get(*slot).map_or(0, |(id, _)| hash(*id)));
    }

    pub(super) fn remove(&mut self, id: &ConnectionId) -> Option<Connection> {
        let Self { slots, by_id } = self;
        let entry = by_id.find_entry(hash(*id), |slot| slots.get(*slot).is_some_and(|(one, _)| one == id)).ok()?;
        let (slot, _) = entry.remove();
        slots.remove(slot).map(|(_, connection)| connection)
    }

    #[inline]
    fn slot(&self, id: &ConnectionId) -> Option<u32> {
        self.by_id.find(hash(*id), |slot| self.slots.get(*slot).is_some_and(|(one, _)| one == id)).copied()
    }

    #[inline]
    pub(super) fn get(&self, id: &ConnectionId) -> Option<&Connection> {
        self.slots.get(self.slot(id)?).map(|(_, connection)| connection)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: &ConnectionId) -> Option<&mut Connection> {
        let slot = self.slot(id)?;
        self.slots.get_mut(slot).map(|(_, connection)| connection)
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All numbers, upwards.
    pub(super) fn ids(&self) -> Vec<ConnectionId> {
        self.into_iter().map(|(id, _)| id).collect()
    }
}

/// In order of the numbers.
impl<'a> IntoIterator for &'a Connections {
    type Item = (ConnectionId, &'a Connection);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        let mut all: Vec<_> = self.slots.iter().map(|(id, connection)| (*id, connection)).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all.into_iter()
    }
}

impl Hash for Connections {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for one in self {
            one.hash(state);
        }
    }
}

/// The numbers are mostly successive; the table looks at the lowest and the highest bits.
const fn hash(id: ConnectionId) -> u64 {
    let mixed = (id.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed.wrapping_shr(32)
}
