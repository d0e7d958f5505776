//! The codecs that are compared, each through the interface that it offers for a stream of bytes.

use bytes::{Bytes, BytesMut};

#[cfg(target_arch = "wasm32")]
mod exports;
pub mod mqtt5_protocol;
pub mod mqttbytes;
pub mod ours;
#[cfg(not(target_arch = "wasm32"))]
pub mod rmqtt;
#[cfg(not(target_arch = "wasm32"))]
pub mod rumqttc;

/// A codec for MQTT 5.0.
pub trait Codec {
    const NAME: &'static str;
    type Stream;
    type Packet: Clone;

    /// Takes in the whole stream; not measured.
    fn open(bytes: &Bytes) -> Self::Stream;

    /// The next packet; `None` at the end.
    ///
    /// # Panics
    /// The bytes are not what this codec takes for a packet.
    fn next(stream: &mut Self::Stream) -> Option<Self::Packet>;

    /// Appends the packet.
    fn encode(packet: &Self::Packet, out: &mut BytesMut);
}

/// Decodes all and drops each packet; says how many there were.
pub fn decode_all<C: Codec>(mut stream: C::Stream) -> usize {
    let mut count = 0;
    while let Some(packet) = C::next(&mut stream) {
        std::hint::black_box(&packet);
        count += 1;
    }
    count
}

/// All packets of the stream.
pub fn packets<C: Codec>(bytes: &Bytes) -> Vec<C::Packet> {
    let mut stream = C::open(bytes);
    std::iter::from_fn(|| C::next(&mut stream)).collect()
}

/// Encodes all into one buffer, which is emptied whenever it holds 64 kB, as if it were written to a socket.
pub fn encode_all<C: Codec>(packets: &[C::Packet], out: &mut BytesMut) {
    for packet in packets {
        if out.len() > 60_000 {
            std::hint::black_box(&*out);
            out.clear();
        }
        C::encode(packet, out);
    }
}
