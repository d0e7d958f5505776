//! Packets ⇄ bytes in MQTT 5.0: a mixed stream (`mix::mixed`), PUBLISH at QoS 0, and PUBLISH at QoS 1 with six properties.
//!
//! Decoding: all packets of one buffer, one after the other, through the interface that each codec has for streams; each packet is dropped before
//! the next is read. Encoding: the packets that the same codec decoded, into one buffer that is emptied every 64 kB. What each peer does
//! not check is said in `src/codecs/`.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mqtt_playground_benches::codecs::{
    Codec, decode_all, encode_all, mqtt5_protocol::Mqtt5Protocol, mqttbytes::Mqttbytes, ours::Ours, packets, rmqtt::Rmqtt, rumqttc::Rumqttc,
};
use mqtt_playground_benches::mix;
use mqtt_playground_benches::race::{Contestant, processor_time, race};

const PACKETS: usize = 100_000;
const ROUNDS: usize = 31;

fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    let streams = [
        ("mixed", mix::mixed(PACKETS)),
        ("PUBLISH QoS 0", mix::publishes_qos_0(PACKETS)),
        ("PUBLISH QoS 1, 6 properties", mix::publishes_with_six_properties(PACKETS)),
    ];
    for (name, stream) in &streams {
        let title = format!("decode {name}");
        if title.contains(&only) {
            let contestants = vec![
                decode::<Ours>(stream),
                decode::<Rumqttc>(stream),
                decode::<Mqttbytes>(stream),
                decode::<Mqtt5Protocol>(stream),
                decode::<Rmqtt>(stream),
            ];
            race(&title, "packet", PACKETS, ROUNDS, contestants);
        }
    }
    for (name, stream) in &streams {
        let title = format!("encode {name}");
        if title.contains(&only) {
            let contestants = vec![
                encode::<Ours>(stream),
                encode::<Rumqttc>(stream),
                encode::<Mqttbytes>(stream),
                encode::<Mqtt5Protocol>(stream),
                encode::<Rmqtt>(stream),
            ];
            race(&title, "packet", PACKETS, ROUNDS, contestants);
        }
    }
}

fn decode<C: Codec>(bytes: &Bytes) -> Contestant<'_> {
    Contestant::timed(C::NAME, || {
        let stream = C::open(bytes);
        let start = processor_time();
        assert_eq!(decode_all::<C>(stream), PACKETS, "{}", C::NAME);
        processor_time() - start
    })
}

fn encode<'a, C: Codec + 'a>(bytes: &Bytes) -> Contestant<'a>
where
    C::Packet: 'a,
{
    let packets = packets::<C>(bytes);
    let mut out = BytesMut::with_capacity(1 << 17);
    Contestant::timed(C::NAME, move || -> Duration {
        out.clear();
        let start = processor_time();
        encode_all::<C>(&packets, &mut out);
        processor_time() - start
    })
}
