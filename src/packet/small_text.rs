//! Text that is kept in place while it is short.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use bytestring::ByteString;

/// The most bytes that are kept in place: most Topic Names are shorter.
pub(super) const IN_PLACE: usize = 32;

/// UTF-8 text: a short one lies here, so that reading and cloning touch no reference count and hold no buffer; a longer one is shared.
#[derive(Clone)]
pub(super) enum SmallText {
    /// The first `length` bytes, which are UTF-8; what lies behind them says nothing.
    InPlace {
        length: u8,
        bytes: [u8; IN_PLACE],
    },
    Shared(ByteString),
}

impl SmallText {
    pub(super) fn new(text: ByteString) -> Self {
        Self::of(&text).unwrap_or(Self::Shared(text))
    }

    /// `None` if the text is too long to be kept in place.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut bytes = [0; IN_PLACE];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self::InPlace { length: u8::try_from(text.len()).ok()?, bytes })
    }

    /// The first `length` of these bytes as a Topic Name in place, if they are few, ASCII, and without U+0000, `+` and `#`, as Topic Names mostly
    /// are; faster if more bytes follow. `None` for any others, right or wrong.
    #[inline]
    pub(super) fn plain_name(bytes: &[u8], length: usize) -> Option<Self> {
        let within = WITHIN.get(length)?;
        let bytes = match bytes.first_chunk::<IN_PLACE>() {
            Some(chunk) => *chunk,
            None => {
                let mut copy = [0; IN_PLACE];
                copy.get_mut(..length)?.copy_from_slice(bytes.get(..length)?);
                copy
            }
        };
        // Whole words are looked at, wherever the text ends: what lies behind it is replaced by a character that passes.
        let mut is_plain = true;
        for (word, within) in bytes.as_chunks::<8>().0.iter().zip(within) {
            is_plain &= plain((u64::from_le_bytes(*word) & within) | (LOW.wrapping_mul(b'a' as u64) & !within));
        }
        is_plain.then_some(Self::InPlace { length: u8::try_from(length).ok()?, bytes })
    }

    /// The bytes of the text, at no cost.
    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::InPlace { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Shared(text) => text.as_bytes(),
        }
    }

    /// The text, if need be as a copy.
    pub(super) fn into_shared(self) -> ByteString {
        match self {
            Self::InPlace { .. } => ByteString::from(&*self),
            Self::Shared(text) => text,
        }
    }
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// For each length, the bits of the words that belong to a text of that length.
#[expect(clippy::indexing_slicing, reason = "computed at compile time: a slip would not build")]
static WITHIN: [[u64; IN_PLACE / 8]; IN_PLACE + 1] = {
    let mut table = [[0; IN_PLACE / 8]; IN_PLACE + 1];
    let mut length = 0;
    while length <= IN_PLACE {
        let mut at = 0;
        while at < length {
            table[length][at / 8] |= 0xFF << (at % 8 * 8);
            at += 1;
        }
        length += 1;
    }
    table
};

/// Whether the eight bytes are ASCII, and none is U+0000, `+` or `#`.
#[inline]
const fn plain(word: u64) -> bool {
    // 0x7F more sets the highest bit of every byte but 0. A carry from a byte to the next comes only from bytes above 0x7F, which fail anyway.
    let not_zero = word.wrapping_add(LOW.wrapping_mul(0x7F));
    // `#` and `+` differ in bit 3 alone.
    let not_wildcard = ((word | LOW.wrapping_mul(0x08)) ^ LOW.wrapping_mul(0x2B)).wrapping_add(LOW.wrapping_mul(0x7F));
    not_zero & not_wildcard & !word & HIGH == HIGH
}

/// Whether the eight bytes are ASCII without U+0000.
#[inline]
const fn ascii_without_null(word: u64) -> bool {
    word.wrapping_add(LOW.wrapping_mul(0x7F)) & !word & HIGH == HIGH
}

/// Whether all bytes are ASCII without U+0000. Text for which it says no may be legal as well.
#[inline]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().all(|word| ascii_without_null(u64::from_le_bytes(*word))) && rest.iter().all(|byte| matches!(byte, 1..=0x7F))
}

impl Default for SmallText {
    fn default() -> Self {
        Self::InPlace { length: 0, bytes: [0; IN_PLACE] }
    }
}

impl Deref for SmallText {
    type Target = str;
    #[inline]
    fn deref(&self) -> &str {
        match self {
            // Checked where it was made; to check it again takes less than to hold it in a form that moves more slowly.
            Self::InPlace { .. } => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Shared(text) => text,
        }
    }
}

impl std::fmt::Debug for SmallText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl PartialEq for SmallText {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for SmallText {}

impl PartialOrd for SmallText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SmallText {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for SmallText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_judged_as_by_the_plain_rule() {
        for length in 1..=IN_PLACE {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let expected = byte.is_ascii() && !matches!(byte, 0 | b'+' | b'#');
                    assert_eq!(SmallText::plain_name(&bytes, length).is_some(), expected, "{byte:02X} at {at} of {length}");
                    assert_eq!(is_plain(&bytes), byte.is_ascii() && byte != 0, "{byte:02X} at {at} of {length}");
                }
            }
        }
        assert!(SmallText::plain_name(&[b'x'; IN_PLACE + 1], IN_PLACE + 1).is_none());
    }

    #[test]
    fn neighbours_do_not_hide_a_byte() {
        for pair in [[0xFF, 0], [0x80, b'+'], [0xFF, b'#'], [0xD4, 0x2C], [b'+', 0xFF], [0, 0xFF]] {
            assert!(SmallText::plain_name(&[pair[0], pair[1], b'x', b'x', b'x', b'x', b'x', b'x'], 8).is_none(), "{pair:02X?}");
        }
    }

    #[test]
    fn where_it_lies_makes_no_difference() {
        let short = "room/1/temperature";
        let (here, shared) = (SmallText::new(short.into()), SmallText::Shared(short.into()));
        assert_eq!((&here, here.cmp(&shared)), (&shared, Ordering::Equal));
        let hash = |text: &SmallText| {
            let mut hasher = std::hash::DefaultHasher::new();
            text.hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(hash(&here), hash(&shared));
        assert_eq!(here.into_shared(), short);
        let long = "a".repeat(IN_PLACE + 1);
        assert!(matches!(SmallText::new(long.clone().into()), SmallText::Shared(text) if text == long));
    }
}
