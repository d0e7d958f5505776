//! MQTT Playground: checks all that a packet alone can be checked for.

use bytes::{Bytes, BytesMut};
use mqtt_playground::packet::{FrameReader, Packet, ProtocolVersion};

pub struct Ours;

impl super::Codec for Ours {
    const NAME: &'static str = "mqtt-playground";
    type Stream = FrameReader;
    type Packet = Packet;

    fn open(bytes: &Bytes) -> FrameReader {
        let mut reader = FrameReader::new(u32::MAX);
        reader.push(Bytes::copy_from_slice(bytes));
        reader
    }

    #[inline]
    fn next(stream: &mut FrameReader) -> Option<Packet> {
        stream.next_packet(ProtocolVersion::V5).map(Result::unwrap)
    }

    #[inline]
    fn encode(packet: &Packet, out: &mut BytesMut) {
        packet.encode(ProtocolVersion::V5, out).unwrap();
    }
}
