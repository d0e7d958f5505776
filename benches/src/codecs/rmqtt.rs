//! rmqtt-codec, a `tokio_util` codec. It encodes packets that it takes for itself, so that copying them is part of the figure.

use bytes::{Bytes, BytesMut};
use rmqtt_codec::v5::{Codec, Packet};
use tokio_util::codec::{Decoder as _, Encoder as _};

pub struct Rmqtt;

impl super::Codec for Rmqtt {
    const NAME: &'static str = "rmqtt-codec 0.3";
    type Stream = (Codec, BytesMut);
    type Packet = Packet;

    fn open(bytes: &Bytes) -> Self::Stream {
        (Codec::new(0, 0), BytesMut::from(&**bytes))
    }

    #[inline]
    fn next((codec, bytes): &mut Self::Stream) -> Option<Packet> {
        Some(codec.decode(bytes).unwrap()?.0)
    }

    #[inline]
    fn encode(packet: &Packet, out: &mut BytesMut) {
        Codec::new(0, 0).encode(packet.clone(), out).unwrap();
    }
}
