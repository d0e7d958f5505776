//! Writing packets: each packet is written twice by the same code, first only counted and checked, then into the place made for it.

use super::primitive::write_variable_byte_integer;
use super::property::PropertyId;
use super::small_text::is_plain;
use super::{EncodeError, ProtocolVersion};

/// Where the fields of a packet go.
pub(super) trait Output {
    fn version(&self) -> ProtocolVersion;
    fn put(&mut self, bytes: &[u8]);

    #[inline]
    fn byte(&mut self, value: u8) {
        self.put(&[value]);
    }

    #[inline]
    fn two_byte_integer(&mut self, value: u16) {
        self.put(&value.to_be_bytes());
    }

    #[inline]
    fn four_byte_integer(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
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
}

/// Fills the place that [`Count`] has measured.
pub(super) struct Fill<'a> {
    version: ProtocolVersion,
    place: &'a mut [u8],
}

impl<'a> Fill<'a> {
    pub(super) const fn new(version: ProtocolVersion, place: &'a mut [u8]) -> Self {
        Self { version, place }
    }
}

impl Output for Fill<'_> {
    fn version(&self) -> ProtocolVersion {
        self.version
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        // The place is as long as what the same code counted, so it always suffices.
        if let Some((here, after)) = std::mem::take(&mut self.place).split_at_mut_checked(bytes.len()) {
            here.copy_from_slice(bytes);
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
