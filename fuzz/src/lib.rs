//! What the fuzz targets check; each target in `targets/` is one line.

pub mod broker_ops;
mod choices;
pub mod client_hostile;
pub mod differential;
mod generate;
pub mod texts;
pub mod topics;

use bytes::Bytes;
use mqtt_playground::packet::{DecodeError, FrameReader, Packet, ProtocolVersion, dissect, mask_secrets};

/// Lets the lowest bit of the first byte choose the version.
pub fn with_version(bytes: &[u8], check: impl FnOnce(&[u8], ProtocolVersion)) {
    if let Some((first, rest)) = bytes.split_first() {
        check(rest, if first & 1 == 0 { ProtocolVersion::V311 } else { ProtocolVersion::V5 });
    }
}

/// Decodes the bytes; the offset of an error lies in them or at their end.
pub fn decode(bytes: &[u8], version: ProtocolVersion) {
    match Packet::decode(&Bytes::copy_from_slice(bytes), version) {
        Ok(packet) => drop(std::hint::black_box(packet)),
        Err(error) => assert!(error.offset <= bytes.len() && !error.clause.is_empty(), "{error:?}"),
    }
}

/// Builds a legal packet of every kind by the input's choices; what is written of it reads as it was.
pub fn built(bytes: &[u8], version: ProtocolVersion) {
    let packet = generate::packet(&mut choices::Choices(bytes), version);
    if let Ok(written) = packet.to_bytes(version) {
        assert_eq!(Packet::decode(&written, version).as_ref(), Ok(&packet), "{written:02X?}");
        round_trip(&written, version);
        dissection(&written, version);
    }
}

/// decode(encode(p)) = p, and encode(decode(b)) is canonical: reading and writing it once more changes nothing.
pub fn round_trip(bytes: &[u8], version: ProtocolVersion) {
    let Ok(packet) = Packet::decode(&Bytes::copy_from_slice(bytes), version) else { return };
    let version = if let Packet::Connect(connect) = &packet { connect.version } else { version };
    let written = packet.to_bytes(version).expect("what was read can be written");
    assert!(written.len() <= bytes.len(), "{written:02X?} is longer than {bytes:02X?}");
    let again = Packet::decode(&written, version).expect("what was written can be read");
    assert_eq!(again, packet);
    assert_eq!(again.to_bytes(version).as_ref(), Ok(&written));
    // Properties that were looked at and put in order say the same.
    if let Packet::Publish(mut publish) = again {
        publish.properties = publish.properties.into_values().into();
        let put_in_order = Packet::Publish(publish);
        assert_eq!(put_in_order, packet);
        let written = put_in_order.to_bytes(version).expect("what was read can be written");
        assert_eq!(Packet::decode(&written, version).as_ref(), Ok(&packet));
    }
}

/// What a stream is made of.
type Read<T> = (Vec<T>, Option<DecodeError>);

fn read<'a, T>(
    pieces: impl Iterator<Item = &'a [u8]>,
    mut next: impl FnMut(&mut FrameReader) -> Result<Option<T>, DecodeError>,
) -> (Read<T>, usize) {
    let mut reader = FrameReader::new(16_384);
    let mut read = Vec::new();
    for piece in pieces {
        reader.push(Bytes::copy_from_slice(piece));
        loop {
            match next(&mut reader) {
                Ok(Some(one)) => read.push(one),
                Ok(None) => break,
                Err(error) => return ((read, Some(error)), reader.buffered()),
            }
        }
    }
    ((read, None), reader.buffered())
}

/// Frames and packets are the same whether the stream comes at once, in pieces, or byte by byte.
pub fn frame_chunks(bytes: &[u8], version: ProtocolVersion) {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let size = usize::from(*size % 32) + 1;
    let whole = read(std::iter::once(bytes), FrameReader::next_frame);
    assert_eq!(read(bytes.chunks(size), FrameReader::next_frame), whole);
    assert_eq!(read(bytes.chunks(1), FrameReader::next_frame), whole);
    let ((frames, error), _) = whole;
    let (mut packets, mut packet_error) = (Vec::new(), None);
    for frame in &frames {
        match Packet::decode(frame, version) {
            Ok(packet) => packets.push(packet),
            Err(error) => {
                packet_error = Some(error);
                break;
            }
        }
    }
    let expected = (packets, packet_error.or(error));
    assert_eq!(read(std::iter::once(bytes), |reader| reader.next_packet(version).transpose().map_err(|error| *error)).0, expected);
    assert_eq!(read(bytes.chunks(size), |reader| reader.next_packet(version).transpose().map_err(|error| *error)).0, expected);
}

/// The leaves cover each byte once, in order; groups and bits lie within; the error is that of decoding.
pub fn dissection(bytes: &[u8], version: ProtocolVersion) {
    let dissection = dissect(bytes, version);
    let frame = Bytes::copy_from_slice(bytes);
    assert_eq!(dissection.error, Packet::decode(&frame, version).err());
    let mut end = 0;
    for field in dissection.fields.iter().filter(|field| field.is_leaf()) {
        assert_eq!(field.range.start, end, "{} {bytes:02X?}", field.name);
        end = field.range.end;
    }
    assert_eq!(end, bytes.len(), "{bytes:02X?}");
    for field in &dissection.fields {
        assert!(field.range.start <= field.range.end && field.range.end <= bytes.len(), "{} {bytes:02X?}", field.name);
        assert!(!field.name.is_empty());
    }
    assert_eq!(mask_secrets(&frame, version).len(), frame.len());
}
