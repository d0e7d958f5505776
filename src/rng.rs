//! Random numbers: one stream for each purpose, all derived from one seed.

use std::hash::{Hash, Hasher};

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// The seed of a run. The same seed, scenario and commands give the same run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream for `purpose` of the thing with the stable name `id`. Streams do not influence each other: a draw from one
    /// leaves all others untouched.
    #[must_use]
    pub fn stream(self, purpose: &str, id: &str) -> RngStream {
        // FNV-1a over both names with a separator that neither can contain as UTF-8.
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in purpose.bytes().chain([0xff]).chain(id.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        RngStream(Xoshiro256PlusPlus::seed_from_u64(self.0 ^ hash))
    }
}

/// A deterministic stream of random numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RngStream(Xoshiro256PlusPlus);

/// By the next four draws, which name the state.
impl Hash for RngStream {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut ahead = self.0.clone();
        for _ in 0..4 {
            state.write_u64(ahead.next_u64());
        }
    }
}

impl RngStream {
    /// A stream from outside randomness, for brokers that serve real Clients. A run with it cannot be repeated.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(Xoshiro256PlusPlus::from_seed(entropy))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..bound` (0 for a bound of 0), always from exactly one draw, so that a changed bound shifts no later draw.
    /// The bias is at most `bound / 2^64`.
    pub fn below(&mut self, bound: u64) -> u64 {
        let draw = self.next_u64();
        u64::try_from((u128::from(draw) * u128::from(bound)) >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_stable_and_independent() {
        let seed = Seed(42);
        let mut a = seed.stream("loss", "sensor");
        let mut b = seed.stream("loss", "sensor");
        let mut c = seed.stream("jitter", "sensor");
        assert_eq!(a.next_u64(), b.next_u64());
        assert_ne!(a.next_u64(), c.next_u64());
        assert!((0..1_000).all(|_| a.below(10) < 10));
        assert_eq!(a.below(0), 0);
    }
}
