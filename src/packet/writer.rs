//! Writing packets: each packet is written twice by the same code, first only counted and checked, then into the place made for it.

use bytes::BytesMut;

use super::primitive::{VARIABLE_BYTE_INTEGER_MAX, write_variable_byte_integer};
use super::property::{Properties, PropertyId};
use super::small_text::is_plain;
use super::{EncodeError, ProtocolVersion};

/// Variable header and payload of a packet, but for the payload of a PUBLISH.
pub(super) trait Fields {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError>;
}

/// Appends a packet that ends with `payload`, or nothing if it has no legal form.
#[inline]
pub(super) fn append(
    fields: &impl Fields,
    first_byte: u8,
    payload: &[u8],
    version: ProtocolVersion,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    let mut count = Count::new(version);
    fields.write(&mut count)?;
    let head = count.bytes();
    let remaining_length = u32::try_from(head.saturating_add(payload.len())).unwrap_or(u32::MAX);
    if remaining_length > VARIABLE_BYTE_INTEGER_MAX {
        return Err(EncodeError::PacketTooLong);
    }
    let mut fixed_header = Count { version, bytes: 1 };
    fixed_header.variable_byte_integer(remaining_length);
    let length = fixed_header.bytes().saturating_add(head);
    // A long payload is appended as it is, not zeroed first.
    let is_short = payload.len() <= SHORT;
    let start = out.len();
    if is_short {
        out.resize(start.saturating_add(length).saturating_add(payload.len()), 0);
    } else {
        out.reserve(length.saturating_add(payload.len()));
        out.resize(start.saturating_add(length), 0);
    }
    let mut fill = Fill { version, place: out.get_mut(start..).unwrap_or_default() };
    fill.byte(first_byte);
    fill.variable_byte_integer(remaining_length);
    fields.write(&mut fill)?;
    if is_short {
        fill.put(payload);
    } else {
        out.extend_from_slice(payload);
    }
    Ok(())
}

/// Where the fields of a packet go.
pub(super) trait Output {
    fn version(&self) -> ProtocolVersion;
    fn put(&mut self, bytes: &[u8]);

    #[inline]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.put(&bytes);
    }

    #[inline]
    fn byte(&mut self, value: u8) {
        self.array([value]);
    }

    #[inline]
    fn two_byte_integer(&mut self, value: u16) {
        self.array(value.to_be_bytes());
    }

    #[inline]
    fn four_byte_integer(&mut self, value: u32) {
        self.array(value.to_be_bytes());
    }

    #[inline]
    fn variable_byte_integer(&mut self, value: u32) {
        write_variable_byte_integer(value, |bytes| self.put(bytes));
    }

    /// UTF-8 Encoded String.
    fn text(&mut self, field: &'static str, text: &str) -> Result<(), EncodeError>;

    /// UTF-8 Encoded String of a type that lets in no U+0000.
    #[inline]
    fn checked_text(&mut self, field: &'static str, text: &str) -> Result<(), EncodeError> {
        self.binary(field, text.as_bytes())
    }

    /// Binary Data.
    fn binary(&mut self, field: &'static str, bytes: &[u8]) -> Result<(), EncodeError>;

    /// Properties, whose Property Length is known.
    #[inline]
    fn properties(&mut self, properties: &impl Properties, _length: u32) -> Result<(), EncodeError>
    where
        Self: Sized,
    {
        properties.write(self)
    }

    /// The identifier of a property.
    #[inline]
    fn property(&mut self, id: PropertyId) -> Result<(), EncodeError> {
        self.byte(id as u8);
        Ok(())
    }
}

/// Counts the bytes and refuses what has no legal form.
pub(super) struct Count {
    version: ProtocolVersion,
    bytes: usize,
}

impl Count {
    pub(super) const fn new(version: ProtocolVersion) -> Self {
        Self { version, bytes: 0 }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Output for Count {
    fn version(&self) -> ProtocolVersion {
        self.version
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len());
    }

    fn text(&mut self, field: &'static str, text: &str) -> Result<(), EncodeError> {
        if !is_plain(text.as_bytes()) && text.contains('\0') {
            let clause = match self.version {
                ProtocolVersion::V311 => "MQTT-1.5.3-2",
                ProtocolVersion::V5 => "MQTT-1.5.4-2",
            };
            return Err(EncodeError::Illegal { field, clause });
        }
        self.binary(field, text.as_bytes())
    }

    #[inline]
    fn binary(&mut self, field: &'static str, bytes: &[u8]) -> Result<(), EncodeError> {
        if bytes.len() > usize::from(u16::MAX) {
            return Err(EncodeError::FieldTooLong { field });
        }
        self.bytes = self.bytes.saturating_add(2).saturating_add(bytes.len());
        Ok(())
    }

    #[inline]
    fn properties(&mut self, _properties: &impl Properties, length: u32) -> Result<(), EncodeError> {
        self.bytes = self.bytes.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }
}

/// Fills the place that [`Count`] has measured and checked.
struct Fill<'a> {
    version: ProtocolVersion,
    place: &'a mut [u8],
}

impl Output for Fill<'_> {
    fn version(&self) -> ProtocolVersion {
        self.version
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        // The place is as long as what the same code counted, so it always suffices.
        if let Some((here, after)) = std::mem::take(&mut self.place).split_at_mut_checked(bytes.len()) {
            copy(here, bytes);
            self.place = after;
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some((here, after)) = std::mem::take(&mut self.place).split_first_chunk_mut() {
            *here = bytes;
            self.place = after;
        }
    }

    #[inline]
    fn text(&mut self, field: &'static str, text: &str) -> Result<(), EncodeError> {
        self.binary(field, text.as_bytes())
    }

    #[inline]
    fn binary(&mut self, field: &'static str, bytes: &[u8]) -> Result<(), EncodeError> {
        let length = u16::try_from(bytes.len()).map_err(|_| EncodeError::FieldTooLong { field })?;
        self.two_byte_integer(length);
        self.put(bytes);
        Ok(())
    }

    /// By a writer of their own: this one stays in registers.
    #[inline]
    fn properties(&mut self, properties: &impl Properties, _length: u32) -> Result<(), EncodeError> {
        let mut apart = Fill { version: self.version, place: std::mem::take(&mut self.place) };
        properties.write(&mut apart)?;
        self.place = apart.place;
        Ok(())
    }
}

/// The most bytes that are copied word by word.
const SHORT: usize = 64;

/// Copies between places of one length. What is short is copied as two runs of words that may overlap, without a call. Not as loops: they would be
/// compiled to calls again.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        8..=16 => copy_ends(to, from, copy_word),
        17..=32 => copy_ends(to, from, copy_two),
        33..=SHORT => copy_ends(to, from, copy_four),
        _ => to.copy_from_slice(from),
    }
}

/// Copies the first and the last `N` bytes.
#[inline]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8], copy: impl Fn(&mut [u8; N], &[u8; N])) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut(), from.first_chunk()) {
        copy(to, from);
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut(), from.last_chunk()) {
        copy(to, from);
    }
}

#[inline]
const fn copy_word(to: &mut [u8; 8], from: &[u8; 8]) {
    *to = u64::from_ne_bytes(*from).to_ne_bytes();
}

#[inline]
fn copy_two(to: &mut [u8; 16], from: &[u8; 16]) {
    copy_ends(to, from, copy_word);
}

#[inline]
fn copy_four(to: &mut [u8; 32], from: &[u8; 32]) {
    copy_ends(to, from, copy_two);
}

/// Takes no property: names the first one that has no place in 3.1.1.
pub(super) struct WithoutProperties;

impl Output for WithoutProperties {
    fn version(&self) -> ProtocolVersion {
        ProtocolVersion::V311
    }

    fn put(&mut self, _bytes: &[u8]) {}

    fn text(&mut self, _field: &'static str, _text: &str) -> Result<(), EncodeError> {
        Ok(())
    }

    fn binary(&mut self, _field: &'static str, _bytes: &[u8]) -> Result<(), EncodeError> {
        Ok(())
    }

    fn property(&mut self, id: PropertyId) -> Result<(), EncodeError> {
        Err(EncodeError::NotInVersion { field: id.name(), version: ProtocolVersion::V311 })
    }
}

/// `Illegal` unless the condition holds.
#[inline]
pub(super) fn require(holds: bool, field: &'static str, clause: &'static str) -> Result<(), EncodeError> {
    if holds { Ok(()) } else { Err(EncodeError::Illegal { field, clause }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copying_is_right_at_every_length() {
        for length in 0..=SHORT + 8 {
            let from: Vec<u8> = (1..).take(length).collect();
            let mut to = vec![0; length];
            copy(&mut to, &from);
            assert_eq!(to, from);
        }
    }
}
