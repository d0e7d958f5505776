//! rumqttc: as mqttbytes, from which it comes, and does not check that Topic Names are UTF-8.

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::Error;
use rumqttc::v5::mqttbytes::v5::Packet;

pub struct Rumqttc;

impl super::Codec for Rumqttc {
    const NAME: &'static str = "rumqttc 0.25";
    type Stream = BytesMut;
    type Packet = Packet;

    fn open(bytes: &Bytes) -> BytesMut {
        BytesMut::from(&**bytes)
    }

    #[inline]
    fn next(stream: &mut BytesMut) -> Option<Packet> {
        match Packet::read(stream, None) {
            Ok(packet) => Some(packet),
            Err(Error::InsufficientBytes(_)) => None,
            Err(error) => panic!("{error:?}"),
        }
    }

    #[inline]
    fn encode(packet: &Packet, out: &mut BytesMut) {
        packet.write(out, None).unwrap();
    }
}
