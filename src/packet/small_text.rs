//! Text that is kept in place while it is short.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use arrayvec::ArrayString;
use bytestring::ByteString;

/// The most bytes that are kept in place: most Topic Names are shorter.
pub(super) const IN_PLACE: usize = 32;

/// UTF-8 text: a short one lies here, so that reading and cloning touch no reference count and hold no buffer; a longer one is shared.
#[derive(Clone)]
pub(super) enum SmallText {
    InPlace(ArrayString<IN_PLACE>),
    Shared(ByteString),
}

impl SmallText {
    pub(super) fn new(text: ByteString) -> Self {
        Self::of(&text).unwrap_or(Self::Shared(text))
    }

    /// `None` if the text is too long to be kept in place.
    pub(super) fn of(text: &str) -> Option<Self> {
        ArrayString::from(text).ok().map(Self::InPlace)
    }

    /// Short text of ASCII characters alone without U+0000, `+` and `#`, which is what Topic Names mostly are. `None` for any other bytes,
    /// right or wrong.
    #[inline]
    pub(super) fn plain_name(bytes: &[u8]) -> Option<Self> {
        // Padded with a character that passes, so that whole words can be looked at; aligned, as it suits the check of the standard library.
        let mut padded = Aligned([b'a'; IN_PLACE]);
        padded.0.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let (words, _) = padded.0.as_chunks::<8>();
        if !words.iter().map(|word| plain(u64::from_le_bytes(*word))).fold(true, |all, one| all & one) {
            return None;
        }
        let mut text = ArrayString::from_byte_string(&padded.0).ok()?;
        text.truncate(bytes.len());
        Some(Self::InPlace(text))
    }

    /// The text, if need be as a copy.
    pub(super) fn into_shared(self) -> ByteString {
        match self {
            Self::InPlace(text) => ByteString::from(text.as_str()),
            Self::Shared(text) => text,
        }
    }
}

#[repr(align(16))]
struct Aligned([u8; IN_PLACE]);

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

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
        Self::InPlace(ArrayString::new_const())
    }
}

impl Deref for SmallText {
    type Target = str;
    #[inline]
    fn deref(&self) -> &str {
        match self {
            Self::InPlace(text) => text,
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
        **self == **other
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
        (**self).cmp(&**other)
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
                    assert_eq!(SmallText::plain_name(&bytes).is_some(), expected, "{byte:02X} at {at} of {length}");
                    assert_eq!(is_plain(&bytes), byte.is_ascii() && byte != 0, "{byte:02X} at {at} of {length}");
                }
            }
        }
        assert!(SmallText::plain_name(&[b'x'; IN_PLACE + 1]).is_none());
    }

    #[test]
    fn neighbours_do_not_hide_a_byte() {
        for pair in [[0xFF, 0], [0x80, b'+'], [0xFF, b'#'], [0xD4, 0x2C], [b'+', 0xFF], [0, 0xFF]] {
            assert!(SmallText::plain_name(&[pair[0], pair[1], b'x', b'x', b'x', b'x', b'x', b'x']).is_none(), "{pair:02X?}");
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
