//! What reading and writing share: named fields, rules, and the Variable Byte Integer (5.0 §1.5.5).

use super::{ProtocolVersion, ReasonCode};
use crate::text::Key;

/// The largest Variable Byte Integer (5.0 §1.5.5).
pub(super) const VARIABLE_BYTE_INTEGER_MAX: u32 = 268_435_455;

/// A field of a packet: its name, where it is defined, and what its value tells a learner (`$value` in the text).
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) name: &'static str,
    pub(super) v311: &'static str,
    pub(super) v5: &'static str,
    pub(super) meaning: Key,
    /// Whether the bytes must be shown nowhere.
    pub(super) is_secret: bool,
}

impl Label {
    pub(super) const fn new(name: &'static str, v311: &'static str, v5: &'static str, meaning: Key) -> Self {
        Self { name, v311, v5, meaning, is_secret: false }
    }

    pub(super) const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    pub(super) const fn clause(&self, version: ProtocolVersion) -> &'static str {
        match version {
            ProtocolVersion::V311 => self.v311,
            ProtocolVersion::V5 => self.v5,
        }
    }
}

/// A rule that bytes can break: the clause in each version and the Reason Code that answers it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) reason_code: ReasonCode,
    pub(super) v311: &'static str,
    pub(super) v5: &'static str,
    pub(super) message: Key,
}

impl Rule {
    /// Bytes that cannot be read: 0x81.
    pub(super) const fn malformed(v311: &'static str, v5: &'static str, message: Key) -> Self {
        Self { reason_code: ReasonCode::MalformedPacket, v311, v5, message }
    }

    /// Bytes that can be read but say what is not allowed: 0x82.
    pub(super) const fn protocol_error(v311: &'static str, v5: &'static str, message: Key) -> Self {
        Self { reason_code: ReasonCode::ProtocolError, v311, v5, message }
    }

    pub(super) const fn answered_by(self, reason_code: ReasonCode) -> Self {
        Self { reason_code, ..self }
    }

    pub(super) const fn clause(&self, version: ProtocolVersion) -> &'static str {
        match version {
            ProtocolVersion::V311 => self.v311,
            ProtocolVersion::V5 => self.v5,
        }
    }
}

/// Why bytes are no Variable Byte Integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VariableByteIntegerError {
    /// The fourth byte says that a fifth follows.
    TooLong,
    /// Fewer bytes say the same [MQTT-1.5.5-1].
    NotShortest,
}

/// The Variable Byte Integer at the start of `bytes` and how many bytes it takes; `None` if it goes on after them.
#[inline]
pub(super) fn read_variable_byte_integer(bytes: &[u8]) -> Result<Option<(u32, usize)>, VariableByteIntegerError> {
    // Most are one byte long.
    if let Some(&byte) = bytes.first()
        && byte < 0x80
    {
        return Ok(Some((byte.into(), 1)));
    }
    read_longer(bytes)
}

fn read_longer(bytes: &[u8]) -> Result<Option<(u32, usize)>, VariableByteIntegerError> {
    let mut value = 0_u32;
    for (byte, (shift, length)) in bytes.iter().zip([(0, 1), (7, 2), (14, 3), (21, 4)]) {
        value |= u32::from(byte & 0x7F).wrapping_shl(shift);
        if byte & 0x80 == 0 {
            if *byte == 0 && length > 1 {
                return Err(VariableByteIntegerError::NotShortest);
            }
            return Ok(Some((value, length)));
        }
    }
    if bytes.len() >= 4 { Err(VariableByteIntegerError::TooLong) } else { Ok(None) }
}

/// The bytes of a Variable Byte Integer, given to `put` at once. Values above the maximum are for the caller to refuse.
#[inline]
pub(super) fn write_variable_byte_integer(value: u32, put: impl FnOnce(&[u8])) {
    let [low, second, third, high] =
        [value & 0x7F, value.wrapping_shr(7) & 0x7F, value.wrapping_shr(14) & 0x7F, value.wrapping_shr(21) & 0x7F]
            .map(|bits| u8::try_from(bits).unwrap_or(0x7F));
    match value {
        0..=127 => put(&[low]),
        128..=16_383 => put(&[low | 0x80, second]),
        16_384..=2_097_151 => put(&[low | 0x80, second | 0x80, third]),
        _ => put(&[low | 0x80, second | 0x80, third | 0x80, high]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_byte_integers_at_the_borders_of_table_1_1() {
        let cases: [(u32, &[u8]); 9] = [
            (0, &[0x00]),
            (127, &[0x7F]),
            (128, &[0x80, 0x01]),
            (321, &[0xC1, 0x02]),
            (16_383, &[0xFF, 0x7F]),
            (16_384, &[0x80, 0x80, 0x01]),
            (2_097_151, &[0xFF, 0xFF, 0x7F]),
            (2_097_152, &[0x80, 0x80, 0x80, 0x01]),
            (268_435_455, &[0xFF, 0xFF, 0xFF, 0x7F]),
        ];
        for (value, bytes) in cases {
            assert_eq!(read_variable_byte_integer(bytes), Ok(Some((value, bytes.len()))));
            write_variable_byte_integer(value, |written| assert_eq!(written, bytes, "{value}"));
            let cut = bytes.split_last().unwrap().1;
            assert_eq!(read_variable_byte_integer(cut), Ok(None), "{value} cut short");
        }
    }

    #[test]
    fn a_fifth_byte_and_a_longer_form_are_refused_mqtt_1_5_5_1() {
        assert_eq!(read_variable_byte_integer(&[0x80, 0x80, 0x80, 0x80, 0x01]), Err(VariableByteIntegerError::TooLong));
        assert_eq!(read_variable_byte_integer(&[0xFF, 0xFF, 0xFF, 0xFF]), Err(VariableByteIntegerError::TooLong));
        assert_eq!(read_variable_byte_integer(&[0x80, 0x00]), Err(VariableByteIntegerError::NotShortest));
        assert_eq!(read_variable_byte_integer(&[0xFF, 0xFF, 0x80, 0x00]), Err(VariableByteIntegerError::NotShortest));
    }
}
