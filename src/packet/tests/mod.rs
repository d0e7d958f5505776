//! What holds for all packets.

mod round_trip;
pub(crate) mod strategies;
