//! mqttbytes: accepts U+0000, wildcards in Topic Names, repeated properties, wrong flags, trailing bytes; has no AUTH.

use bytes::{Bytes, BytesMut};
use mqttbytes::Error;
use mqttbytes::v5::{Packet, PingReq, PingResp, read};

pub struct Mqttbytes;

impl super::Codec for Mqttbytes {
    const NAME: &'static str = "mqttbytes 0.6";
    type Stream = BytesMut;
    type Packet = Packet;

    fn open(bytes: &Bytes) -> BytesMut {
        BytesMut::from(&**bytes)
    }

    #[inline]
    fn next(stream: &mut BytesMut) -> Option<Packet> {
        match read(stream, usize::MAX) {
            Ok(packet) => Some(packet),
            Err(Error::InsufficientBytes(_)) => None,
            Err(error) => panic!("{error:?}"),
        }
    }

    #[inline]
    fn encode(packet: &Packet, out: &mut BytesMut) {
        match packet {
            Packet::Connect(packet) => packet.write(out),
            Packet::ConnAck(packet) => packet.write(out),
            Packet::Publish(packet) => packet.write(out),
            Packet::PubAck(packet) => packet.write(out),
            Packet::PubRec(packet) => packet.write(out),
            Packet::PubRel(packet) => packet.write(out),
            Packet::PubComp(packet) => packet.write(out),
            Packet::Subscribe(packet) => packet.write(out),
            Packet::SubAck(packet) => packet.write(out),
            Packet::Unsubscribe(packet) => packet.write(out),
            Packet::UnsubAck(packet) => packet.write(out),
            Packet::PingReq => PingReq.write(out),
            Packet::PingResp => PingResp.write(out),
            Packet::Disconnect(packet) => packet.write(out),
        }
        .unwrap();
    }
}
