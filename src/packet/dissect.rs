//! Every byte of a packet by name, read by the same reader that decodes.

use std::ops::Range;

use super::{DecodeError, PacketType, ProtocolVersion};
use crate::text::Message;

/// The fields of one packet, in order; a group stands before its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dissection {
    /// The type, unless the first byte has a reserved one.
    pub packet_type: Option<PacketType>,
    /// All fields in pre-order. The leaves without `bits` cover each byte exactly once.
    pub fields: Vec<Field>,
    /// What is wrong, if the packet is not legal; the last field then covers the bytes that could not be read.
    pub error: Option<DecodeError>,
}

/// A named range of bytes, or of bits of one byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// 0 for the top level.
    pub depth: u8,
    /// The specification's name: `Remaining Length`.
    pub name: &'static str,
    /// The bytes.
    pub range: Range<usize>,
    /// For a part of a single byte: its bits, `7` is the highest: `4..=7` is the high nibble.
    pub bits: Option<std::ops::RangeInclusive<u8>>,
    /// The value as text. Data, never markup.
    pub value: String,
    /// What the value means here.
    pub meaning: Option<Message>,
    /// The clause that defines or constrains it: `MQTT-3.3.1-1`, or `5.0 §3.3.1.1`.
    pub clause: Option<&'static str>,
    /// Whether other fields belong to it.
    pub is_group: bool,
}

/// Names the bytes of one packet.
#[must_use]
pub fn dissect(frame: &[u8], version: ProtocolVersion) -> Dissection {
    let _ = (frame, version);
    todo!()
}

/// The packet with the bytes of Password and Authentication Data replaced by `*`, for traces of real connections.
#[must_use]
pub fn mask_secrets(frame: &bytes::Bytes, version: ProtocolVersion) -> bytes::Bytes {
    let _ = (frame, version);
    todo!()
}
