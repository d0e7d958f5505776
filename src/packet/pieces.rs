//! A queue of pieces of a stream.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use bytes::Bytes;

/// First in, first out; no piece is empty. One piece needs no room of its own: whoever looks at each as it comes never has two, and the connections that wait
/// for something may be many.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    /// Empty only if there is none.
    first: Bytes,
    #[expect(clippy::box_collection, reason = "what is mostly absent takes one word")]
    more: Option<Box<VecDeque<Bytes>>>,
}

impl Pieces {
    #[inline]
    pub(super) fn push_back(&mut self, piece: Bytes) {
        if self.first.is_empty() {
            self.first = piece;
        } else {
            self.more.get_or_insert_default().push_back(piece);
        }
    }

    #[inline]
    pub(super) fn front(&self) -> Option<&Bytes> {
        if self.first.is_empty() { None } else { Some(&self.first) }
    }

    /// May be emptied, if [`Pieces::pop_front`] follows.
    #[inline]
    pub(super) fn front_mut(&mut self) -> Option<&mut Bytes> {
        if self.first.is_empty() { None } else { Some(&mut self.first) }
    }

    #[inline]
    pub(super) fn pop_front(&mut self) {
        self.first = match &mut self.more {
            None => Bytes::new(),
            Some(more) => more.pop_front().unwrap_or_default(),
        };
        if self.more.as_ref().is_some_and(|more| more.is_empty()) {
            self.more = None;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.front().into_iter().chain(self.more.iter().flat_map(|more| more.iter()))
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// As any sequence: the number of pieces, then each.
impl Hash for Pieces {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.iter().count());
        self.iter().for_each(|piece| piece.hash(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_out_in_order_and_leave_no_room_behind() {
        let mut pieces = Pieces::default();
        for text in ["a", "b", "c"] {
            pieces.push_back(text.into());
        }
        assert_eq!(pieces.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
        pieces.front_mut().unwrap().clear();
        pieces.pop_front();
        assert_eq!(pieces.front().unwrap(), "b");
        pieces.push_back("d".into());
        pieces.pop_front();
        pieces.pop_front();
        assert_eq!(pieces.front().unwrap(), "d");
        pieces.pop_front();
        assert_eq!(pieces.front(), None);
        assert!(pieces.more.is_none());
    }
}
