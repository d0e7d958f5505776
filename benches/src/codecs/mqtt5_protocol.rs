//! mqtt5-protocol: the packets are read from the stream itself, which only advances; no refcounted frame is split off.

use bytes::{Buf as _, Bytes, BytesMut};
use mqtt5_protocol::packet::{FixedHeader, MqttPacket as _, Packet, pingreq::PingReqPacket, pingresp::PingRespPacket};

pub struct Mqtt5Protocol;

impl super::Codec for Mqtt5Protocol {
    const NAME: &'static str = "mqtt5-protocol 0.16";
    type Stream = Bytes;
    type Packet = Packet;

    fn open(bytes: &Bytes) -> Bytes {
        Bytes::copy_from_slice(bytes)
    }

    #[inline]
    fn next(stream: &mut Bytes) -> Option<Packet> {
        if !stream.has_remaining() {
            return None;
        }
        let header = FixedHeader::decode(stream).unwrap();
        let mut body = stream.split_to(header.remaining_length as usize);
        Some(Packet::decode_from_body(header.packet_type, &header, &mut body).unwrap())
    }

    #[inline]
    fn encode(packet: &Packet, out: &mut BytesMut) {
        match packet {
            Packet::Connect(packet) => packet.encode(out),
            Packet::ConnAck(packet) => packet.encode(out),
            Packet::Publish(packet) => packet.encode(out),
            Packet::PubAck(packet) => packet.encode(out),
            Packet::PubRec(packet) => packet.encode(out),
            Packet::PubRel(packet) => packet.encode(out),
            Packet::PubComp(packet) => packet.encode(out),
            Packet::Subscribe(packet) => packet.encode(out),
            Packet::SubAck(packet) => packet.encode(out),
            Packet::Unsubscribe(packet) => packet.encode(out),
            Packet::UnsubAck(packet) => packet.encode(out),
            Packet::PingReq => PingReqPacket::default().encode(out),
            Packet::PingResp => PingRespPacket::default().encode(out),
            Packet::Disconnect(packet) => packet.encode(out),
            Packet::Auth(packet) => packet.encode(out),
        }
        .unwrap();
    }
}
