//! A digest that is the same on every platform.

use std::hash::Hasher;

/// FNV-1a in 64 bits, fed eight bytes at a time where it can be. Not for secrets: it only tells whether two runs are the same.
///
/// The standard hasher differs between platforms and versions; here every integer has a fixed width (`usize` and `isize` count as 64 bits, the largest `usize` as the largest 64-bit number) and byte order.
/// What is hashed must not contain a slice of `usize`, whose bytes the standard library passes on as they lie in memory.
#[derive(Clone, Debug)]
pub struct Digest(u64);

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Digest {
    /// The digest of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(OFFSET)
    }

    const fn mix(&mut self, word: u64) {
        // The rotation lets high bits reach low ones, which a multiplication alone never does.
        self.0 = (self.0 ^ word).wrapping_mul(PRIME).rotate_left(23);
    }
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        // The finaliser of SplitMix64.
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
        for byte in chunks.remainder() {
            self.mix(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }
    fn write_u16(&mut self, value: u16) {
        self.mix(u64::from(value));
    }
    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }
    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }
    fn write_u128(&mut self, value: u128) {
        self.write(&value.to_le_bytes());
    }
    fn write_usize(&mut self, value: usize) {
        // `usize::MAX` stands for «no limit», however wide it is.
        self.mix(if value == usize::MAX { u64::MAX } else { value as u64 });
    }
    fn write_i8(&mut self, value: i8) {
        self.mix(i64::from(value).cast_unsigned());
    }
    fn write_i16(&mut self, value: i16) {
        self.mix(i64::from(value).cast_unsigned());
    }
    fn write_i32(&mut self, value: i32) {
        self.mix(i64::from(value).cast_unsigned());
    }
    fn write_i64(&mut self, value: i64) {
        self.mix(value.cast_unsigned());
    }
    fn write_i128(&mut self, value: i128) {
        self.write(&value.to_le_bytes());
    }
    fn write_isize(&mut self, value: isize) {
        self.mix((value as i64).cast_unsigned());
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hash;

    use super::*;

    fn digest(value: &impl Hash) -> u64 {
        let mut digest = Digest::new();
        value.hash(&mut digest);
        digest.finish()
    }

    #[test]
    fn digests_are_the_same_in_every_build() {
        // These numbers are also computed by the wasm tests.
        assert_eq!(digest(&(1_usize, -1_isize, "a", 7_u8)), digest(&(1_u64, -1_i64, "a", 7_u8)));
        assert_eq!(Digest::new().finish(), 0xf52a_15e9_a9b5_e89b);
        assert_eq!(digest(&usize::MAX), digest(&u64::MAX));
        assert_ne!(digest(&"ab"), digest(&"ba"));
        assert_ne!(digest(&[1_u8, 2]), digest(&[2_u8, 1]));
        assert_ne!(digest(&vec![vec![1_u8], vec![]]), digest(&vec![vec![], vec![1_u8]]));
    }
}
