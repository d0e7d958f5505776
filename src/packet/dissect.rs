//! Every byte of a packet by name, read by the same reader that decodes.

use std::ops::{Range, RangeInclusive};

use bytes::{Bytes, BytesMut};

use super::codec::read_packet;
use super::reader::{Description, Reader, Sink};
use super::{DecodeError, PacketType, ProtocolVersion};
use crate::text::{Key, Message, key};

/// The fields of one packet, in order; a group stands before its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dissection {
    /// The type, unless the first byte has a reserved one.
    pub packet_type: Option<PacketType>,
    /// All fields in pre-order. The leaves, which are neither groups nor bits, cover each byte exactly once.
    pub fields: Vec<Field>,
    /// What is wrong, if the packet is not legal; the last field then covers the bytes that could not be read, if there are any.
    pub error: Option<DecodeError>,
}

/// A named range of bytes, or of bits of one byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// 0 for the top level.
    pub depth: u8,
    /// The specification's name: `Remaining Length`.
    pub name: &'static str,
    /// The bytes. Empty for an empty payload.
    pub range: Range<usize>,
    /// For a part of a single byte: its bits, `7` is the highest: `4..=7` is the high nibble. They follow their byte, one level deeper.
    pub bits: Option<RangeInclusive<u8>>,
    /// The value as text, long ones cut off, secrets hidden. Data, never markup.
    pub value: String,
    /// What the value means here.
    pub meaning: Option<Message>,
    /// The clause that defines or constrains it: `MQTT-3.3.1-1`, or `5.0 §3.3.1.1`.
    pub clause: Option<&'static str>,
    /// Whether it consists of the fields after it that lie deeper. A byte with named bits is no group: it is a leaf.
    pub is_group: bool,
}

impl Field {
    /// Whether it is one of the fields that share out the bytes among them: neither a group nor bits of a byte.
    #[must_use]
    pub const fn is_leaf(&self) -> bool {
        !self.is_group && self.bits.is_none()
    }
}

/// Names the bytes of one packet.
#[must_use]
pub fn dissect(frame: &[u8], version: ProtocolVersion) -> Dissection {
    let frame = Bytes::copy_from_slice(frame);
    let mut reader = Reader::new(&frame, version, Recorder::default());
    let error = read_packet(&mut reader).err().map(|error| *error);
    let read_to = reader.position();
    let mut fields = reader.sink.finish(read_to);
    if read_to < frame.len() {
        let value = frame.len().saturating_sub(read_to);
        fields.push(Field {
            depth: 0,
            name: "Unread Bytes",
            range: read_to..frame.len(),
            bits: None,
            value: value.to_string(),
            meaning: Some(key::PACKET_FIELD_UNREAD.with("value", value)),
            clause: error.as_ref().map(|error| error.clause),
            is_group: false,
        });
    }
    Dissection { packet_type: frame.first().copied().and_then(PacketType::from_first_byte), fields, error }
}

/// The packet with the bytes of Password and Authentication Data replaced by `*`, for traces of real connections.
///
/// In a packet that cannot be read to its end, what was not read is replaced as well if it may hold such bytes.
#[must_use]
pub fn mask_secrets(frame: &Bytes, version: ProtocolVersion) -> Bytes {
    let packet_type = frame.first().copied().and_then(PacketType::from_first_byte);
    if !matches!(packet_type, Some(PacketType::Connect | PacketType::Connack | PacketType::Auth)) {
        return frame.clone();
    }
    let mut reader = Reader::new(frame, version, Secrets::default());
    let is_broken = read_packet(&mut reader).is_err();
    let read_to = reader.position();
    let Secrets(mut ranges) = reader.sink;
    if is_broken {
        ranges.push(read_to..frame.len());
    }
    ranges.retain(|range| !range.is_empty());
    if ranges.is_empty() {
        return frame.clone();
    }
    let mut masked = BytesMut::from(&**frame);
    for range in ranges {
        if let Some(secret) = masked.get_mut(range) {
            secret.fill(b'*');
        }
    }
    masked.freeze()
}

/// Where the secrets are.
#[derive(Default)]
struct Secrets(Vec<Range<usize>>);

impl Sink for Secrets {
    fn secret(&mut self, range: Range<usize>) {
        self.0.push(range);
    }
}

/// Writes down each field.
#[derive(Default)]
struct Recorder {
    fields: Vec<Field>,
    /// Where the open groups stand in `fields`, the innermost last.
    open: Vec<usize>,
}

impl Recorder {
    fn push(&mut self, field: Field) {
        let depth = self.open.len().saturating_add(usize::from(field.bits.is_some()));
        self.fields.push(Field { depth: u8::try_from(depth).unwrap_or(u8::MAX), ..field });
    }

    /// All fields; groups that an error left open end here, and not at all if nothing of them was read.
    fn finish(mut self, end: usize) -> Vec<Field> {
        while let Some(index) = self.open.pop() {
            if self.fields.len() == index.saturating_add(1) {
                self.fields.pop();
            } else if let Some(group) = self.fields.get_mut(index) {
                group.range.end = end;
            }
        }
        self.fields
    }
}

impl Sink for Recorder {
    fn open(&mut self, name: &'static str, clause: &'static str, start: usize, meaning: Option<Key>) {
        let index = self.fields.len();
        self.push(Field {
            depth: 0,
            name,
            range: start..start,
            bits: None,
            value: String::new(),
            meaning: meaning.map(Key::message),
            clause: Some(clause),
            is_group: true,
        });
        self.open.push(index);
    }

    fn close(&mut self, end: usize, describe: impl FnOnce() -> Description) {
        let Some(group) = self.open.pop().and_then(|index| self.fields.get_mut(index)) else { return };
        let Description { value, meaning } = describe();
        group.range.end = end;
        group.value = value;
        group.meaning = meaning.or(group.meaning.take());
    }

    fn redefine(&mut self, clause: &'static str) {
        if let Some(group) = self.open.last().and_then(|index| self.fields.get_mut(*index)) {
            group.clause = Some(clause);
        }
    }

    fn leaf(&mut self, name: &'static str, clause: &'static str, range: Range<usize>, describe: impl FnOnce() -> Description) {
        let Description { value, meaning } = describe();
        self.push(Field { depth: 0, name, range, bits: None, value, meaning, clause: Some(clause), is_group: false });
    }

    fn bits(
        &mut self,
        name: &'static str,
        clause: &'static str,
        at: usize,
        bits: RangeInclusive<u8>,
        describe: impl FnOnce() -> Description,
    ) {
        let Description { value, meaning } = describe();
        let range = at..at.saturating_add(1);
        self.push(Field { depth: 0, name, range, bits: Some(bits), value, meaning, clause: Some(clause), is_group: false });
    }
}
