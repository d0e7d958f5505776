//! A program that writes nonsense, for checks of what others suffer from it.

use bytes::{Bytes, BytesMut};

use super::{World, index_of};
use crate::packet::PacketType;
use crate::rng::RngStream;
use crate::trace::NodeId;

/// Of a hundred CONNECTs so many come out changed: one who is never let in does little harm.
const OF_CONNECT: u64 = 20;
/// Of a hundred other packets.
const OF_OTHERS: u64 = 50;

impl World {
    /// From now on the packets of this client come out changed now and then: bits turned over, bytes missing, doubled or made up.
    pub fn spoil(&mut self, client: NodeId) {
        if let Some(index) = index_of(client) {
            self.spoils.insert(index, self.seed.stream("spoil", &client.0.to_string()));
        }
    }
}

/// The packet as it comes out.
pub(super) fn spoiled(rng: &mut RngStream, packet_type: PacketType, bytes: &Bytes) -> Bytes {
    let share = if packet_type == PacketType::Connect { OF_CONNECT } else { OF_OTHERS };
    let (is_spoiled, kind, draw) = (rng.below(100) < share, rng.below(6), rng.next_u64());
    if !is_spoiled {
        return bytes.clone();
    }
    let place = usize::try_from(rng.below(bytes.len() as u64)).unwrap_or_default();
    let (before, after) = bytes.split_at(place.min(bytes.len()));
    let made_up = draw.to_le_bytes();
    let mut out = BytesMut::with_capacity(bytes.len() * 2 + made_up.len());
    match kind {
        // A bit turned over, in the fixed header as often as in all the rest.
        0 | 1 => {
            out.extend_from_slice(bytes);
            let place = if kind == 0 { place } else { place % 2 };
            if let Some(byte) = out.get_mut(place) {
                *byte ^= 1 << (draw % 8);
            }
        }
        // The end is missing: what follows is taken for it.
        2 => out.extend_from_slice(before),
        // Twice.
        3 => {
            out.extend_from_slice(bytes);
            out.extend_from_slice(bytes);
        }
        // Bytes in the middle that nobody meant.
        4 => {
            out.extend_from_slice(before);
            out.extend_from_slice(&made_up);
            out.extend_from_slice(after);
        }
        // Another type of packet, with the content of this one.
        _ => {
            out.extend_from_slice(bytes);
            if let Some(byte) = out.first_mut() {
                *byte = made_up[0];
            }
        }
    }
    out.freeze()
}
