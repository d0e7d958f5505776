//! Packets to bytes and back.

use bytes::{Bytes, BytesMut};

use super::primitive::{Label, Rule};
use super::reader::{Description, Reader, Silent, Sink};
use super::writer::{Fields, Output, append};
use super::{
    Acknowledgement, Auth, Connack, Connect, DecodeError, Disconnect, EncodeError, Packet, PacketType, ProtocolVersion, Publish,
    ReasonCode, Suback, Subscribe, Unsuback, Unsubscribe,
};
use crate::text::key;

pub(super) const VARIABLE_HEADER: Label = Label::new("Variable Header", "3.1.1 §2.3", "5.0 §2.2", key::PACKET_FIELD_VARIABLE_HEADER);
pub(super) const PAYLOAD: Label = Label::new("Payload", "3.1.1 §2.4", "5.0 §2.3", key::PACKET_FIELD_PAYLOAD_SECTION);
pub(super) const RESERVED: Label = Label::new("Reserved", "MQTT-2.2.2-1", "MQTT-2.1.3-1", key::PACKET_FIELD_RESERVED);

const FIXED_HEADER: Label = Label::new("Fixed Header", "3.1.1 §2.2", "5.0 §2.1", key::PACKET_FIELD_FIXED_HEADER);
const FIRST_BYTE: Label = Label::new("Packet Type and Flags", "3.1.1 §2.2.1", "5.0 §2.1.2", key::PACKET_FIELD_FIRST_BYTE);
const PACKET_TYPE: Label = Label::new("Packet Type", "3.1.1 §2.2.1", "5.0 §2.1.2", key::PACKET_FIELD_PACKET_TYPE);
const DUP: Label = Label::new("DUP", "MQTT-3.3.1-1", "MQTT-3.3.1-1", key::PACKET_FIELD_DUP);
const QOS: Label = Label::new("QoS", "3.1.1 §3.3.1.2", "5.0 §3.3.1.2", key::PACKET_FIELD_QOS);
const RETAIN: Label = Label::new("RETAIN", "MQTT-3.3.1-5", "MQTT-3.3.1-5", key::PACKET_FIELD_RETAIN);
const REMAINING_LENGTH: Label = Label::new("Remaining Length", "3.1.1 §2.2.3", "5.0 §2.1.4", key::PACKET_FIELD_REMAINING_LENGTH);

const RESERVED_TYPE: Rule = Rule::malformed("3.1.1 §2.2.1", "5.0 §2.1.2", key::PACKET_ERROR_RESERVED_TYPE);
const TOO_SHORT: Rule = Rule::malformed("3.1.1 §2.2.3", "5.0 §2.1.4", key::PACKET_ERROR_TOO_SHORT);
const TOO_LONG: Rule = Rule::malformed("3.1.1 §2.2.3", "5.0 §2.1.4", key::PACKET_ERROR_TOO_LONG);
const TRAILING: Rule = Rule::malformed("3.1.1 §2.2.3", "5.0 §2.1.4", key::PACKET_ERROR_TRAILING);

impl Packet {
    /// Reads exactly one whole packet. A CONNECT says its version itself; `version` counts for all others.
    ///
    /// # Errors
    /// The first rule that the bytes break.
    pub fn decode(frame: &Bytes, version: ProtocolVersion) -> Result<Self, DecodeError> {
        read_packet(&mut Reader::new(frame, version, Silent)).map_err(|error| *error)
    }

    /// Appends the packet. A CONNECT is written in the version that it names.
    ///
    /// # Errors
    /// The packet has no legal form in this version. Nothing is appended then.
    #[inline]
    pub fn encode(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            // What most packets are.
            Self::Publish(publish) => append(publish, self.first_byte(), &publish.payload, version, out),
            _ => self.encode_other(version, out),
        }
    }

    fn encode_other(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        if let Some(bytes) = self.plain_acknowledgement() {
            out.extend_from_slice(&bytes);
            return Ok(());
        }
        let version = if let Self::Connect(connect) = self { connect.version } else { version };
        append(self, self.first_byte(), &[], version, out)
    }

    /// The packet as bytes of its own.
    ///
    /// # Errors
    /// As [`Packet::encode`].
    pub fn to_bytes(&self, version: ProtocolVersion) -> Result<Bytes, EncodeError> {
        // Half of all packets are these: written at once, into just the room that they take.
        if let Some(bytes) = self.plain_acknowledgement() {
            return Ok(Bytes::copy_from_slice(&bytes));
        }
        let mut out = BytesMut::new();
        self.encode(version, &mut out)?;
        Ok(out.freeze())
    }

    /// A PUBACK, PUBREC, PUBREL or PUBCOMP with Success and no properties, which is written in the same four bytes in both versions.
    #[inline]
    fn plain_acknowledgement(&self) -> Option<[u8; 4]> {
        match self {
            Self::Puback(packet) | Self::Pubrec(packet) | Self::Pubrel(packet) | Self::Pubcomp(packet) => {
                let is_plain =
                    packet.reason_code == ReasonCode::Success && packet.reason_string.is_none() && packet.user_properties.is_empty();
                let [high, low] = packet.packet_id.as_u16().to_be_bytes();
                is_plain.then_some([self.first_byte(), 2, high, low])
            }
            _ => None,
        }
    }

    /// Packet Type and flags (5.0 §2.1.2).
    #[inline]
    fn first_byte(&self) -> u8 {
        let packet_type = self.packet_type();
        let flags = match self {
            Self::Publish(publish) => publish.flags(),
            _ => required_flags(packet_type),
        };
        (packet_type as u8).wrapping_shl(4) | flags
    }
}

impl Fields for Packet {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        match self {
            Self::Connect(packet) => packet.write(out),
            Self::Connack(packet) => packet.write(out),
            Self::Publish(packet) => packet.write(out),
            Self::Puback(packet) => packet.write(out, PacketType::Puback),
            Self::Pubrec(packet) => packet.write(out, PacketType::Pubrec),
            Self::Pubrel(packet) => packet.write(out, PacketType::Pubrel),
            Self::Pubcomp(packet) => packet.write(out, PacketType::Pubcomp),
            Self::Subscribe(packet) => packet.write(out),
            Self::Suback(packet) => packet.write(out),
            Self::Unsubscribe(packet) => packet.write(out),
            Self::Unsuback(packet) => packet.write(out),
            Self::Pingreq | Self::Pingresp => Ok(()),
            Self::Disconnect(packet) => packet.write(out),
            Self::Auth(packet) => packet.write(out),
        }
    }
}

/// Bits 3 to 0 of the first byte of all packets but PUBLISH (5.0 §2.1.3, table 2-2).
const fn required_flags(packet_type: PacketType) -> u8 {
    match packet_type {
        PacketType::Pubrel | PacketType::Subscribe | PacketType::Unsubscribe => 0b0010,
        _ => 0,
    }
}

/// Reads one packet to the end of its frame. Errors are boxed, so that they make no result larger than what was read.
pub(super) fn read_packet<S: Sink>(r: &mut Reader<'_, S>) -> Result<Packet, Box<DecodeError>> {
    r.section(&FIXED_HEADER);
    let (packet_type, flags) = read_first_byte(r)?;
    let remaining_length = r.variable_byte_integer(&REMAINING_LENGTH)?;
    r.close();
    let announced = usize::try_from(remaining_length).unwrap_or(usize::MAX);
    let present = r.remaining();
    // A frame of the wrong length is still read as far as it goes: the fields help to see what happened.
    let after = r.narrow(announced.min(present));
    // Bound to one name and returned under it, so that the packet is built where the caller wants it.
    let packet = read_body(r, packet_type, flags);
    if packet.is_ok() {
        if present < announced {
            return Err(r.broken(&TOO_SHORT, r.position(), REMAINING_LENGTH.name, announced.saturating_sub(present)));
        }
        if r.remaining() > 0 {
            return Err(r.broken(&TRAILING, r.position(), packet_type.name(), r.remaining()));
        }
        if let Some(after) = after {
            r.widen(after);
        }
        if r.remaining() > 0 {
            return Err(r.broken(&TOO_LONG, r.position(), REMAINING_LENGTH.name, r.remaining()));
        }
    }
    packet
}

/// Variable header and payload.
#[inline]
fn read_body<S: Sink>(r: &mut Reader<'_, S>, packet_type: PacketType, flags: u8) -> Result<Packet, Box<DecodeError>> {
    Ok(match packet_type {
        PacketType::Connect => Packet::Connect(Box::new(Connect::read(r)?)),
        PacketType::Connack => Packet::Connack(Box::new(Connack::read(r)?)),
        PacketType::Publish => Packet::Publish(Publish::read(r, flags)?),
        PacketType::Puback => Packet::Puback(Acknowledgement::read(r, packet_type)?),
        PacketType::Pubrec => Packet::Pubrec(Acknowledgement::read(r, packet_type)?),
        PacketType::Pubrel => Packet::Pubrel(Acknowledgement::read(r, packet_type)?),
        PacketType::Pubcomp => Packet::Pubcomp(Acknowledgement::read(r, packet_type)?),
        PacketType::Subscribe => Packet::Subscribe(Subscribe::read(r)?),
        PacketType::Suback => Packet::Suback(Suback::read(r)?),
        PacketType::Unsubscribe => Packet::Unsubscribe(Unsubscribe::read(r)?),
        PacketType::Unsuback => Packet::Unsuback(Unsuback::read(r)?),
        PacketType::Pingreq => Packet::Pingreq,
        PacketType::Pingresp => Packet::Pingresp,
        PacketType::Disconnect => Packet::Disconnect(Disconnect::read(r)?),
        PacketType::Auth => Packet::Auth(Auth::read(r)?),
    })
}

#[inline]
fn read_first_byte<S: Sink>(r: &mut Reader<'_, S>) -> Result<(PacketType, u8), Box<DecodeError>> {
    let byte = r.byte_as(&FIRST_BYTE, |value| Description {
        value: format!("0x{value:02X}"),
        meaning: Some(FIRST_BYTE.meaning.with("value", PacketType::from_first_byte(value).map_or("?", PacketType::name))),
    })?;
    let packet_type = PacketType::from_first_byte(byte).filter(|found| {
        // AUTH came with 5.0; in 3.1.1 its value is reserved.
        *found != PacketType::Auth || r.version == ProtocolVersion::V5
    });
    r.bits_as(&PACKET_TYPE, byte, 4, 7, |value| Description {
        value: format!("{value} ({})", packet_type.map_or("Reserved", PacketType::name)),
        meaning: Some(packet_type.map_or(key::PACKET_TYPE_RESERVED, type_meaning).message()),
    });
    let Some(packet_type) = packet_type else {
        r.bits(&Label { meaning: key::PACKET_TYPE_RESERVED, ..RESERVED }, byte, 0, 3);
        return Err(r.broken(&RESERVED_TYPE, 0, PACKET_TYPE.name, byte.wrapping_shr(4)));
    };
    if packet_type == PacketType::Publish {
        r.bits(&DUP, byte, 3, 3);
        r.bits(&QOS, byte, 1, 2);
        r.bits(&RETAIN, byte, 0, 0);
        return Ok((packet_type, byte & 0x0F));
    }
    let required = required_flags(packet_type);
    let flags = r.bits_as(&RESERVED, byte, 0, 3, |value| Description {
        value: format!("0b{value:04b}"),
        meaning: Some(RESERVED.meaning.with("value", format!("{required:04b}"))),
    });
    if flags != required {
        return Err(r.broken(&flags_rule(packet_type), 0, packet_type.name(), format!("{required:04b}")));
    }
    Ok((packet_type, flags))
}

const fn flags_rule(packet_type: PacketType) -> Rule {
    let (v311, v5) = match packet_type {
        PacketType::Pubrel => ("MQTT-3.6.1-1", "MQTT-3.6.1-1"),
        PacketType::Subscribe => ("MQTT-3.8.1-1", "MQTT-3.8.1-1"),
        PacketType::Unsubscribe => ("MQTT-3.10.1-1", "MQTT-3.10.1-1"),
        PacketType::Disconnect => ("MQTT-3.14.1-1", "MQTT-3.14.1-1"),
        PacketType::Auth => ("3.1.1 §2.2.1", "MQTT-3.15.1-1"),
        _ => ("MQTT-2.2.2-2", "MQTT-2.1.3-1"),
    };
    Rule::malformed(v311, v5, key::PACKET_ERROR_FLAGS)
}

const fn type_meaning(packet_type: PacketType) -> crate::text::Key {
    match packet_type {
        PacketType::Connect => key::PACKET_TYPE_CONNECT,
        PacketType::Connack => key::PACKET_TYPE_CONNACK,
        PacketType::Publish => key::PACKET_TYPE_PUBLISH,
        PacketType::Puback => key::PACKET_TYPE_PUBACK,
        PacketType::Pubrec => key::PACKET_TYPE_PUBREC,
        PacketType::Pubrel => key::PACKET_TYPE_PUBREL,
        PacketType::Pubcomp => key::PACKET_TYPE_PUBCOMP,
        PacketType::Subscribe => key::PACKET_TYPE_SUBSCRIBE,
        PacketType::Suback => key::PACKET_TYPE_SUBACK,
        PacketType::Unsubscribe => key::PACKET_TYPE_UNSUBSCRIBE,
        PacketType::Unsuback => key::PACKET_TYPE_UNSUBACK,
        PacketType::Pingreq => key::PACKET_TYPE_PINGREQ,
        PacketType::Pingresp => key::PACKET_TYPE_PINGRESP,
        PacketType::Disconnect => key::PACKET_TYPE_DISCONNECT,
        PacketType::Auth => key::PACKET_TYPE_AUTH,
    }
}
