//! Benchmarks of MQTT Playground beside its peers, all in one process and in turns: medians and ratios count, single figures do not.

pub mod codecs;
pub mod host;
pub mod mix;
#[cfg(not(target_arch = "wasm32"))]
pub mod race;
pub mod runs;
pub mod topics;
