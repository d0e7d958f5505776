//! A byte stream cut into whole packets.

use bytes::{Buf, Bytes, BytesMut};

use super::codec::read_packet;
use super::pieces::Pieces;
use super::primitive::{VariableByteIntegerError, read_variable_byte_integer};
use super::reader::{Reader, Silent};
use super::{DecodeError, Packet, PacketType, ProtocolVersion, ReasonCode};
use crate::text::{Key, Message, key};

/// Collects bytes in whatever pieces they come and gives whole packets.
///
/// A packet that lies in one pushed piece is a slice of it; only a packet spread over several is copied together. Memory follows the bytes
/// that came, never a length that a packet announces. Call [`FrameReader::next_frame`] until `None` after each push: then less than
/// one packet stays behind.
#[derive(Clone, Debug, Hash)]
pub struct FrameReader {
    maximum_packet_size: u32,
    /// The beginning of a packet whose end is still to come; comes before `pieces`.
    begun: BytesMut,
    /// Bytes that were pushed and not looked at yet; none is empty.
    pieces: Pieces,
    failed: Option<Box<DecodeError>>,
}

impl FrameReader {
    /// A reader that refuses packets of more than `maximum_packet_size` bytes as soon as their length is known.
    #[must_use]
    pub fn new(maximum_packet_size: u32) -> Self {
        Self { maximum_packet_size, begun: BytesMut::new(), pieces: Pieces::default(), failed: None }
    }

    /// Takes in bytes of the stream. After an error they are dropped.
    pub fn push(&mut self, bytes: Bytes) {
        if self.failed.is_none() && !bytes.is_empty() {
            self.pieces.push_back(bytes);
        }
    }

    /// How many bytes wait for the rest of their packet, or for [`FrameReader::next_frame`].
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.pieces.iter().fold(self.begun.len(), |sum, piece| sum.saturating_add(piece.len()))
    }

    /// The first byte of the packet that comes next: its type, before the rest has come.
    #[must_use]
    pub fn first_byte(&self) -> Option<u8> {
        self.begun.first().or_else(|| self.pieces.front()?.first()).copied()
    }

    /// The next whole packet, `None` until more bytes come. After an error the stream cannot go on: the same error comes again.
    ///
    /// # Errors
    /// Remaining Length in more than four bytes or not the shortest form, a reserved packet type, or Packet too large (0x95).
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, DecodeError> {
        if let Some(error) = &self.failed {
            return Err(DecodeError::clone(error));
        }
        self.advance().map_err(|error| {
            self.fail(&error);
            *error
        })
    }

    /// The next packet, read where it lies if it lies in one piece; `None` until more bytes come. As [`FrameReader::next_frame`] and
    /// [`Packet::decode`] together, for those who need no frame.
    ///
    /// # Errors
    /// Those of both; after one of a packet the stream cannot go on either.
    #[inline]
    pub fn next_packet(&mut self, version: ProtocolVersion) -> Option<Result<Packet, Box<DecodeError>>> {
        if self.begun.is_empty()
            && let Some(piece) = self.pieces.front_mut()
            && let Ok(Some(length)) = packet_length(piece, self.maximum_packet_size)
            && length <= piece.len()
        {
            // Bound to one name and returned under it, so that the packet is built where the caller wants it.
            let packet = read_packet(&mut Reader::of_first(length, piece, version, Silent));
            if piece.len() == length {
                self.pieces.pop_front();
            } else {
                piece.advance(length);
            }
            if let Err(error) = &packet {
                self.fail(error);
            }
            return Some(packet);
        }
        self.next_copied(version)
    }

    /// As [`FrameReader::next_packet`], where that is not simple.
    #[cold]
    fn next_copied(&mut self, version: ProtocolVersion) -> Option<Result<Packet, Box<DecodeError>>> {
        let packet = match self.next_frame() {
            Ok(frame) => read_packet(&mut Reader::new(&frame?, version, Silent)),
            Err(error) => Err(Box::new(error)),
        };
        if let Err(error) = &packet {
            self.fail(error);
        }
        Some(packet)
    }

    /// The stream ends with this error.
    #[cold]
    fn fail(&mut self, error: &DecodeError) {
        self.begun = BytesMut::new();
        self.pieces.clear();
        self.failed = Some(Box::new(error.clone()));
    }

    fn advance(&mut self) -> Result<Option<Bytes>, Box<DecodeError>> {
        if self.begun.is_empty() {
            let Some(piece) = self.pieces.front_mut() else { return Ok(None) };
            if let Some(length) = packet_length(piece, self.maximum_packet_size)?.filter(|length| *length <= piece.len()) {
                let frame = piece.split_to(length);
                if piece.is_empty() {
                    self.pieces.pop_front();
                }
                return Ok(Some(frame));
            }
        }
        loop {
            let length = packet_length(&self.begun, self.maximum_packet_size)?;
            // Until the length is known, one byte at a time, so that nothing beyond this packet is taken.
            let wanted = length.map_or(1, |length| length.saturating_sub(self.begun.len()));
            if wanted == 0 {
                return Ok(Some(std::mem::take(&mut self.begun).freeze()));
            }
            let Some(piece) = self.pieces.front_mut() else { return Ok(None) };
            let taken = wanted.min(piece.len());
            self.begun.extend_from_slice(piece.get(..taken).unwrap_or_default());
            piece.advance(taken);
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
    }
}

/// The length of the packet that starts here with its fixed header, `None` if that is not known yet.
#[inline]
fn packet_length(bytes: &[u8], maximum_packet_size: u32) -> Result<Option<usize>, Box<DecodeError>> {
    let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
    if PacketType::from_first_byte(*first).is_none() {
        let value = first.wrapping_shr(4);
        return Err(refuse(
            ReasonCode::MalformedPacket,
            "5.0 §2.1.2",
            0,
            named(key::PACKET_ERROR_RESERVED_TYPE, "Packet Type").with("value", value),
        ));
    }
    let malformed = |clause, text| refuse(ReasonCode::MalformedPacket, clause, 1, named(text, "Remaining Length").with("value", ""));
    let (remaining, width) = match read_variable_byte_integer(rest) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(None),
        Err(VariableByteIntegerError::TooLong) => return Err(malformed("5.0 §1.5.5", key::PACKET_ERROR_VARIABLE_TOO_LONG)),
        Err(VariableByteIntegerError::NotShortest) => return Err(malformed("MQTT-1.5.5-1", key::PACKET_ERROR_VARIABLE_NOT_SHORTEST)),
    };
    let length = usize::try_from(remaining).unwrap_or(usize::MAX).saturating_add(width).saturating_add(1);
    if u32::try_from(length).is_ok_and(|length| length <= maximum_packet_size) {
        return Ok(Some(length));
    }
    let message = named(key::PACKET_ERROR_TOO_LARGE, "Maximum Packet Size").with("value", length).with("maximum", maximum_packet_size);
    Err(refuse(ReasonCode::PacketTooLarge, "5.0 §3.1.2.11.4", 1, message))
}

fn named(text: Key, field: &'static str) -> Message {
    text.with("field", field)
}

#[cold]
fn refuse(reason_code: ReasonCode, clause: &'static str, offset: usize, message: Message) -> Box<DecodeError> {
    Box::new(DecodeError { reason_code, clause, offset, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(maximum_packet_size: u32, bytes: &[u8]) -> FrameReader {
        let mut reader = FrameReader::new(maximum_packet_size);
        reader.push(Bytes::copy_from_slice(bytes));
        reader
    }

    #[test]
    fn a_packet_within_one_piece_is_not_copied() {
        let piece = Bytes::from(vec![0xC0, 0, 0x40, 2, 0, 1, 0xD0]);
        let mut reader = FrameReader::new(100);
        reader.push(piece.clone());
        assert_eq!(reader.next_frame(), Ok(Some(Bytes::from_static(&[0xC0, 0]))));
        let second = reader.next_frame().unwrap().unwrap();
        assert_eq!(second.as_ptr(), piece[2..].as_ptr());
        assert_eq!((reader.next_frame(), reader.buffered()), (Ok(None), 1));
        reader.push(Bytes::from_static(&[0]));
        assert_eq!(reader.next_frame(), Ok(Some(Bytes::from_static(&[0xD0, 0]))));
    }

    #[test]
    fn a_packet_too_large_is_refused_as_soon_as_its_length_is_known() {
        // 3 bytes of fixed header and 128 bytes: 131 in all.
        assert_eq!(reader(131, &[0x30, 0x80, 0x01]).next_frame(), Ok(None));
        let error = reader(130, &[0x30, 0x80, 0x01]).next_frame().unwrap_err();
        assert_eq!((error.reason_code, error.clause, error.offset), (ReasonCode::PacketTooLarge, "5.0 §3.1.2.11.4", 1));
    }

    #[test]
    fn an_announced_length_takes_no_memory() {
        let mut reader = reader(u32::MAX, &[0x30, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3]);
        assert_eq!(reader.next_frame(), Ok(None));
        assert!(reader.begun.capacity() < 64, "{} bytes for 8", reader.begun.capacity());
    }

    #[test]
    fn packets_come_in_any_pieces_and_an_error_in_one_ends_the_stream() {
        let bytes = b"\xC0\0\x40\x02\0\x01\x30\x06\0\x01a\0hi\x42\x02\0\x01\xC0\0";
        for size in 1..=bytes.len() {
            let mut reader = FrameReader::new(100);
            for piece in bytes.chunks(size) {
                reader.push(Bytes::from_static(piece));
            }
            let mut types = Vec::new();
            let error = loop {
                match reader.next_packet(ProtocolVersion::V5).expect("an error comes first") {
                    Ok(packet) => types.push(packet.packet_type()),
                    Err(error) => break error,
                }
            };
            assert_eq!(types, [PacketType::Pingreq, PacketType::Puback, PacketType::Publish], "{size}");
            assert_eq!((error.clause, reader.buffered()), ("MQTT-2.1.3-1", 0), "{size}");
            assert_eq!(reader.next_packet(ProtocolVersion::V5), Some(Err(error.clone())));
            assert_eq!(reader.next_frame(), Err(*error));
        }
    }

    #[test]
    fn an_error_is_final() {
        let cases: [(&[u8], &str); 3] =
            [(&[0x00], "5.0 §2.1.2"), (&[0x30, 0x80, 0x00], "MQTT-1.5.5-1"), (&[0x30, 0x80, 0x80, 0x80, 0x80], "5.0 §1.5.5")];
        for (bytes, clause) in cases {
            let mut reader = reader(100, bytes);
            let error = reader.next_frame().unwrap_err();
            assert_eq!((error.reason_code, error.clause), (ReasonCode::MalformedPacket, clause));
            reader.push(Bytes::from_static(&[0xC0, 0]));
            assert_eq!(reader.next_frame(), Err(error));
            assert_eq!(reader.buffered(), 0);
        }
    }
}
