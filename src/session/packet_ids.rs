//! Which Packet Identifiers are in use in one direction (5.0 §2.2.1).

use std::collections::BTreeSet;

use crate::packet::PacketId;

/// Gives out Packet Identifiers: never 0, never one in use, upwards and after 65 535 from 1 again [MQTT-2.2.1-3] [MQTT-2.2.1-4].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PacketIds {
    next: PacketId,
    in_use: BTreeSet<PacketId>,
}

impl PacketIds {
    pub(super) const fn new() -> Self {
        Self { next: PacketId::MIN, in_use: BTreeSet::new() }
    }

    /// The next free identifier, from now on in use. `None` if all 65 535 are.
    pub(super) fn allocate(&mut self) -> Option<PacketId> {
        let id = self.peek()?;
        self.in_use.insert(id);
        self.next = id.next();
        Some(id)
    }

    /// The identifier that [`PacketIds::allocate`] would give.
    pub(super) fn peek(&self) -> Option<PacketId> {
        if self.is_exhausted() {
            return None;
        }
        // At least one is free, so that the walk ends within one round.
        let mut id = self.next;
        while self.in_use.contains(&id) {
            id = id.next();
        }
        Some(id)
    }

    pub(super) fn release(&mut self, id: PacketId) {
        self.in_use.remove(&id);
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.in_use.len() >= usize::from(u16::MAX)
    }

    pub(super) fn contains(&self, id: PacketId) -> bool {
        self.in_use.contains(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_wrap_to_1_and_skip_those_in_use_2_2_1_3() {
        let mut ids = PacketIds::new();
        let all: Vec<u16> = (0..65_535).map(|_| ids.allocate().unwrap().as_u16()).collect();
        assert_eq!((all.first(), all.last()), (Some(&1), Some(&65_535)));
        assert!(ids.is_exhausted());
        assert_eq!(ids.allocate(), None);
        ids.release(PacketId::new(7).unwrap());
        ids.release(PacketId::new(3).unwrap());
        assert_eq!(ids.allocate().unwrap().as_u16(), 3);
        assert_eq!(ids.allocate().unwrap().as_u16(), 7);
        assert_eq!(ids.allocate(), None);
    }
}
