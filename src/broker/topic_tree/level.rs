//! One topic level in 24 bytes, and hashes that are the same in every build.

use std::hash::Hasher;

/// The text of a level. Short ones need no memory of their own.
#[derive(Clone, Debug)]
pub(super) enum Level {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Box<str>),
}

const SHORT: usize = 22;

impl Level {
    /// `text` is UTF-8.
    pub(super) fn new(text: &[u8]) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text);
                Self::Short { length, bytes }
            }
            _ => Self::Long(str::from_utf8(text).unwrap_or_default().into()),
        }
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Long(text) => text.as_bytes(),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl Default for Level {
    fn default() -> Self {
        Self::Short { length: 0, bytes: [0; SHORT] }
    }
}

/// Odd, without a pattern: 2⁶⁴ divided by the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Takes one word into a hash: each of its bits reaches all higher ones, and by the shift the lower ones too.
#[inline]
const fn mix(hash: u64, word: u64) -> u64 {
    let mixed = (hash ^ word).wrapping_mul(MULTIPLIER);
    mixed ^ mixed.wrapping_shr(32)
}

#[inline]
pub(super) fn hash_bytes(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    // The last bytes as one word; up to seven, so that none is shifted out.
    mix(hash, rest.iter().fold(0, |word: u64, byte| word.wrapping_shl(8) | u64::from(*byte)))
}

/// Of the step from one node to the next.
#[inline]
pub(super) fn edge_hash(above: u32, level: u64) -> u64 {
    mix(level, u64::from(above).wrapping_mul(MULTIPLIER))
}

/// A hasher that is the same on every platform: each integer has a fixed width.
pub(super) struct FixedHasher(u64);

impl FixedHasher {
    pub(super) const fn new(start: u64) -> Self {
        Self(start)
    }
}

impl Hasher for FixedHasher {
    fn finish(&self) -> u64 {
        mix(self.0, MULTIPLIER)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = mix(self.0, hash_bytes(bytes));
    }

    fn write_u8(&mut self, value: u8) {
        self.0 = mix(self.0, u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = mix(self.0, u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = mix(self.0, value);
    }

    fn write_usize(&mut self, value: usize) {
        self.0 = mix(self.0, value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.0 = mix(self.0, value as u64);
    }
}
