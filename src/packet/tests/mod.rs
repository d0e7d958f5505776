//! What holds for all packets.

mod dissection;
mod round_trip;
pub(crate) mod strategies;
