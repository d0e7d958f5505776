//! What a run starts from.

use crate::rng::Seed;

/// Everything that a run starts from: seed, broker, clients, devices, paths, faults, timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The seed, unless the caller picks another.
    pub seed: Seed,
}
