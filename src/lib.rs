//! MQTT Playground: a complete MQTT 3.1.1 and 5.0 broker, virtual clients and the network between them, on one virtual clock.
//!
//! Each folder is shaped like a crate: a facade in `mod.rs`, imports only from lower ranks, siblings of one rank never name each other.
//! `tests/architecture/` checks it; `ARCHITECTURE.md` is the map.

// Rank 0: time, chance and words.
pub mod ratio;
pub mod rng;
pub mod text;
pub mod time;

// Rank 1: bytes.
pub mod link;
pub mod packet;

// Rank 2: what both sides of MQTT share.
pub mod session;

// Rank 3: the two sides.
pub mod broker;
pub mod client;

// Rank 4: what happened.
pub mod trace;

// Rank 5: what happens.
pub mod sim;

// Rank 6: what it teaches and shows, and whether it keeps its promises.
pub mod checker;
pub mod export;
pub mod lesson;
pub mod view;

// Rank 7: the page without a page.
pub mod playground;

// Rank 8: the front ends.
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(feature = "web")]
pub mod web;
