//! The packets of the benchmarks: MQTT 5.0, written by hand so that they are the same whoever encodes them.

use bytes::{BufMut as _, Bytes, BytesMut};

/// What a broker with many sensors and some services reads and writes: per thousand packets 500 PUBLISH at QoS 0, 130 at QoS 1 and 20 at
/// QoS 2 without properties, 60 at QoS 1 with six properties, 230 acknowledgements, 30 pings, 30 CONNECT, CONNACK, SUBSCRIBE, SUBACK and
/// UNSUBACK together (no UNSUBSCRIBE: mqttbytes prints one line for each). One topic in ten is not ASCII. In a fixed random order.
pub fn mixed(count: usize) -> Bytes {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut out = BytesMut::new();
    for index in 0..count {
        let id = u16::try_from(index % 65_535 + 1).unwrap();
        match random.below(1000) {
            0..500 => publish(&mut out, 0x30, topic(&mut random), id, &[], random.below(48)),
            500..630 => publish(&mut out, 0x32, topic(&mut random), id, &[], random.below(120)),
            630..650 => publish(&mut out, 0x34, topic(&mut random), id, &[], random.below(120)),
            650..710 => publish(&mut out, 0x32, topic(&mut random), id, SIX_PROPERTIES, random.below(120)),
            710..860 => acknowledgement(&mut out, 0x40, id, random.below(4) == 0),
            860..890 => acknowledgement(&mut out, 0x50, id, false),
            890..915 => acknowledgement(&mut out, 0x62, id, false),
            915..940 => acknowledgement(&mut out, 0x70, id, false),
            940..970 => out.put_slice(if random.below(2) == 0 { &[0xC0, 0] } else { &[0xD0, 0] }),
            970..975 => connect(&mut out),
            975..980 => packet(&mut out, 0x20, b"\0\0\x0B\x21\0\x20\x22\0\x0A\x27\0\0\x40\0"),
            980..985 => subscribe(&mut out, id),
            985..993 => packet(&mut out, 0x90, &[high(id), low(id), 0, 1, 0, 2]),
            _ => packet(&mut out, 0xB0, &[high(id), low(id), 0, 0, 0x11]),
        }
    }
    out.freeze()
}

/// `count` PUBLISH at QoS 0 without properties.
pub fn publishes_qos_0(count: usize) -> Bytes {
    let mut random = Random(1);
    let mut out = BytesMut::new();
    for _ in 0..count {
        publish(&mut out, 0x30, topic(&mut random), 1, &[], 16 + random.below(16));
    }
    out.freeze()
}

/// `count` PUBLISH at QoS 1 with six properties.
pub fn publishes_with_six_properties(count: usize) -> Bytes {
    let mut random = Random(2);
    let mut out = BytesMut::new();
    for index in 0..count {
        let id = u16::try_from(index % 65_535 + 1).unwrap();
        publish(&mut out, 0x32, topic(&mut random), id, SIX_PROPERTIES, 16 + random.below(16));
    }
    out.freeze()
}

/// Payload Format Indicator, Message Expiry Interval, Content Type, Response Topic, Correlation Data, User Property.
const SIX_PROPERTIES: &[u8] =
    b"\x01\x01\x02\x00\x00\x0E\x10\x03\x00\x10application/json\x08\x00\x0Dreply/line-12\x09\x00\x08\x01\x02\x03\x04\x05\x06\x07\x08\x26\x00\x05trace\x00\x0A4bf92f3577";

/// A generator of its own (SplitMix64), so that the packets never change.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}

fn topic(random: &mut Random) -> String {
    let (hall, sensor) = (random.below(12), random.below(400));
    match random.below(10) {
        0 => format!("공장/{hall}층/센서{sensor}/온도"),
        1..4 => format!("site/{hall}/line/{sensor}/temperature"),
        4..7 => format!("home/livingroom{hall}/lamp-{sensor}"),
        _ => format!("devices/esp32-{hall:02}{sensor:04}/status"),
    }
}

fn high(value: u16) -> u8 {
    value.to_be_bytes()[0]
}

fn low(value: u16) -> u8 {
    value.to_be_bytes()[1]
}

fn packet(out: &mut BytesMut, first_byte: u8, body: &[u8]) {
    out.put_u8(first_byte);
    length(out, body.len());
    out.put_slice(body);
}

fn length(out: &mut BytesMut, mut value: usize) {
    while value > 0x7F {
        out.put_u8((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

fn text(out: &mut BytesMut, text: &str) {
    out.put_u16(u16::try_from(text.len()).unwrap());
    out.put_slice(text.as_bytes());
}

fn publish(out: &mut BytesMut, first_byte: u8, topic: String, id: u16, properties: &[u8], payload: usize) {
    let mut body = BytesMut::new();
    text(&mut body, &topic);
    if first_byte & 0b110 != 0 {
        body.put_u16(id);
    }
    length(&mut body, properties.len());
    body.put_slice(properties);
    body.put_bytes(b'7', payload);
    packet(out, first_byte, &body);
}

fn acknowledgement(out: &mut BytesMut, first_byte: u8, id: u16, has_reason_code: bool) {
    let body = [high(id), low(id), 0x10];
    packet(out, first_byte, if has_reason_code { &body } else { &body[..2] });
}

fn connect(out: &mut BytesMut) {
    let mut body = BytesMut::from(&b"\0\x04MQTT\x05\xE6\0\x3C\x08\x11\0\0\x0E\x10\x21\0\x14"[..]);
    text(&mut body, "esp32-0A1B2C3D4E5F");
    body.put_slice(b"\x05\x18\0\0\0\x0A");
    text(&mut body, "devices/esp32-0A1B2C3D4E5F/status");
    text(&mut body, "offline");
    text(&mut body, "sensor");
    text(&mut body, "correct horse");
    packet(out, 0x10, &body);
}

fn subscribe(out: &mut BytesMut, id: u16) {
    let mut body = BytesMut::from(&[high(id), low(id), 2, 0x0B, 7][..]);
    text(&mut body, "site/+/line/+/temperature");
    body.put_u8(0x01);
    text(&mut body, "home/#");
    body.put_u8(0x02);
    text(&mut body, "$share/workers/jobs/+");
    body.put_u8(0x01);
    packet(out, 0x82, &body);
}
