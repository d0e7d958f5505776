//! What holds for all packets.

mod dissection;
mod errors;
mod round_trip;
pub(crate) mod strategies;
mod vectors;
