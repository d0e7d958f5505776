//! The payload of a PUBLISH.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use bytes::Bytes;

/// The most bytes that are kept in place: what sensors send is mostly shorter.
const IN_PLACE: usize = 32;

/// The bytes of an Application Message (5.0 §3.3.3): few lie here, so that reading and cloning touch no reference count and hold no buffer; more are shared.
#[derive(Clone)]
pub struct Payload(Kept);

#[derive(Clone)]
enum Kept {
    /// The first `length` bytes; what lies behind them says nothing.
    InPlace {
        length: u8,
        bytes: [u8; IN_PLACE],
    },
    Shared(Bytes),
}

impl Payload {
    /// The first `length` of these bytes, if they are few. Faster if more bytes follow.
    #[inline]
    pub(super) fn in_place(bytes: &[u8], length: usize) -> Option<Self> {
        let short = u8::try_from(length).ok().filter(|_| length <= IN_PLACE)?;
        if let Some(chunk) = bytes.first_chunk::<IN_PLACE>() {
            return Some(Self(Kept::InPlace { length: short, bytes: *chunk }));
        }
        let mut copy = [0; IN_PLACE];
        copy.get_mut(..length)?.copy_from_slice(bytes.get(..length)?);
        Some(Self(Kept::InPlace { length: short, bytes: copy }))
    }

    /// Bytes that are shared, few or many.
    #[inline]
    pub(super) const fn shared(bytes: Bytes) -> Self {
        Self(Kept::Shared(bytes))
    }

    /// The bytes, if need be as a copy.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match &self.0 {
            Kept::InPlace { .. } => Bytes::copy_from_slice(self),
            Kept::Shared(bytes) => bytes.clone(),
        }
    }

    /// Keeps the first `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        match &mut self.0 {
            Kept::InPlace { length: present, .. } => *present = u8::try_from(length).map_or(*present, |length| length.min(*present)),
            Kept::Shared(bytes) => bytes.truncate(length),
        }
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self(Kept::InPlace { length: 0, bytes: [0; IN_PLACE] })
    }
}

impl Deref for Payload {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Kept::InPlace { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Kept::Shared(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().fmt(f)
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Payload {}

impl PartialEq<Bytes> for Payload {
    fn eq(&self, other: &Bytes) -> bool {
        **self == **other
    }
}

impl PartialEq<Payload> for Bytes {
    fn eq(&self, other: &Payload) -> bool {
        **self == **other
    }
}

impl PartialEq<&str> for Payload {
    fn eq(&self, other: &&str) -> bool {
        **self == *other.as_bytes()
    }
}

impl Hash for Payload {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::in_place(&bytes, bytes.len()).unwrap_or(Self::shared(bytes))
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Payload {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_bytes_lie_makes_no_difference() {
        let hash = |payload: &Payload| {
            let mut hasher = std::hash::DefaultHasher::new();
            payload.hash(&mut hasher);
            hasher.finish()
        };
        for length in 0..=2 * IN_PLACE {
            let bytes: Vec<u8> = (0..u8::MAX).take(length).collect();
            let payload = Payload::from(bytes.clone());
            assert_eq!(matches!(payload.0, Kept::InPlace { .. }), length <= IN_PLACE);
            let shared = Payload::shared(bytes.clone().into());
            assert_eq!((&payload, hash(&payload), payload.to_bytes()), (&shared, hash(&shared), bytes.clone().into()));
            assert_eq!(format!("{payload:?}"), format!("{:?}", Bytes::from(bytes.clone())));
            // What follows in the buffer is no part of it.
            let longer = [&bytes[..], &[0xEE; IN_PLACE]].concat();
            assert_eq!(Payload::in_place(&longer, length), (length <= IN_PLACE).then_some(payload.clone()));
            let (mut short, mut other) = (payload, shared);
            short.truncate(length / 2);
            other.truncate(length / 2);
            assert_eq!((&*short, &short), (&bytes[..length / 2], &other));
            short.truncate(usize::MAX);
            assert_eq!(short, other, "nothing grows");
        }
    }
}
