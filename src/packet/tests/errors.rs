//! Each rule that bytes or packets can break, with the clause that forbids it.

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;

use crate::packet::*;

const V311: ProtocolVersion = ProtocolVersion::V311;
const V5: ProtocolVersion = ProtocolVersion::V5;

/// Version, packet, Reason Code, clause and offset of the error.
type Case = (ProtocolVersion, &'static [u8], u8, &'static str, usize);

fn check(cases: &[Case]) {
    for (version, bytes, reason_code, clause, offset) in cases {
        let error = Packet::decode(&Bytes::from_static(bytes), *version).expect_err(&format!("{clause} {bytes:02X?}"));
        let found = (error.reason_code.as_u8(), error.clause, error.offset);
        assert_eq!(found, (*reason_code, *clause, *offset), "{version} {bytes:02X?} {:?}", error.message);
    }
}

#[test]
fn fixed_header() {
    check(&[
        (V5, b"", 0x81, "5.0 §2.1.2", 0),
        (V5, b"\x00\x00", 0x81, "5.0 §2.1.2", 0),
        (V311, b"\x00\x00", 0x81, "3.1.1 §2.2.1", 0),
        (V311, b"\xF0\x00", 0x81, "3.1.1 §2.2.1", 0),
        (V5, b"\x30", 0x81, "5.0 §2.1.4", 1),
        (V5, b"\xC0\x80\x00", 0x81, "MQTT-1.5.5-1", 1),
        (V311, b"\xC0\x80\x00", 0x81, "3.1.1 §2.2.3", 1),
        (V5, b"\xC0\xFF\xFF\xFF\xFF\x01", 0x81, "5.0 §1.5.5", 1),
        (V5, b"\xC0\x01\x00", 0x81, "5.0 §2.1.4", 2),
        (V5, b"\xC0\x00\x00", 0x81, "5.0 §2.1.4", 2),
        (V5, b"\xC0\x01", 0x81, "5.0 §2.1.4", 2),
        (V311, b"\xE0\x01\x00", 0x81, "3.1.1 §2.2.3", 2),
        (V311, b"\x40\x03\x00\x01\x00", 0x81, "3.1.1 §2.2.3", 4),
        (V5, b"\x30\x05\x00\x01a\x00", 0x81, "5.0 §2.1.4", 6),
    ]);
}

#[test]
fn flags_have_their_prescribed_value() {
    check(&[
        (V5, b"\x11\x00", 0x81, "MQTT-2.1.3-1", 0),
        (V311, b"\x11\x00", 0x81, "MQTT-2.2.2-2", 0),
        (V5, b"\x2F\x03\x00\x00\x00", 0x81, "MQTT-2.1.3-1", 0),
        (V5, b"\x42\x02\x00\x01", 0x81, "MQTT-2.1.3-1", 0),
        (V5, b"\x51\x02\x00\x01", 0x81, "MQTT-2.1.3-1", 0),
        (V5, b"\x60\x02\x00\x01", 0x81, "MQTT-3.6.1-1", 0),
        (V311, b"\x63\x02\x00\x01", 0x81, "MQTT-3.6.1-1", 0),
        (V5, b"\x72\x02\x00\x01", 0x81, "MQTT-2.1.3-1", 0),
        (V5, b"\x80\x00", 0x81, "MQTT-3.8.1-1", 0),
        (V311, b"\x8A\x00", 0x81, "MQTT-3.8.1-1", 0),
        (V5, b"\x92\x00", 0x81, "MQTT-2.1.3-1", 0),
        (V5, b"\xA0\x00", 0x81, "MQTT-3.10.1-1", 0),
        (V5, b"\xB1\x00", 0x81, "MQTT-2.1.3-1", 0),
        (V5, b"\xC1\x00", 0x81, "MQTT-2.1.3-1", 0),
        (V5, b"\xD8\x00", 0x81, "MQTT-2.1.3-1", 0),
        (V5, b"\xE1\x00", 0x81, "MQTT-3.14.1-1", 0),
        (V5, b"\xF1\x00", 0x81, "MQTT-3.15.1-1", 0),
    ]);
}

#[test]
fn connect() {
    check(&[
        (V5, b"\x10\x0D\0\x04MQTX\x05\x02\0\0\0\0\0", 0x84, "MQTT-3.1.2-1", 2),
        (V5, b"\x10\x0E\0\x06MQIsdp\x03\x02\0\0\0\0", 0x84, "MQTT-3.1.2-1", 2),
        (V5, b"\x10\x0D\0\x04MQTT\x06\x02\0\0\0\0\0", 0x84, "MQTT-3.1.2-2", 8),
        (V5, b"\x10\x0C\0\x04MQTT\x84\x02\0\0\0\0", 0x84, "MQTT-3.1.2-2", 8),
        (V5, b"\x10\x0D\0\x04MQTT\x05\x03\0\0\0\0\0", 0x81, "MQTT-3.1.2-3", 9),
        (V5, b"\x10\x0D\0\x04MQTT\x05\x0A\0\0\0\0\0", 0x81, "MQTT-3.1.2-11", 9),
        (V5, b"\x10\x0C\0\x04MQTT\x04\x0A\0\0\0\0", 0x81, "MQTT-3.1.2-13", 9),
        (V5, b"\x10\x0D\0\x04MQTT\x05\x22\0\0\0\0\0", 0x81, "MQTT-3.1.2-13", 9),
        (V5, b"\x10\x0C\0\x04MQTT\x04\x22\0\0\0\0", 0x81, "MQTT-3.1.2-15", 9),
        (V5, b"\x10\x0D\0\x04MQTT\x05\x1E\0\0\0\0\0", 0x81, "MQTT-3.1.2-12", 9),
        (V5, b"\x10\x0C\0\x04MQTT\x04\x1E\0\0\0\0", 0x81, "MQTT-3.1.2-14", 9),
        (V5, b"\x10\x0F\0\x04MQTT\x04\x42\0\0\0\0\0\x01p", 0x81, "MQTT-3.1.2-22", 9),
        // Fields that the flags announce are missing.
        (V5, b"\x10\x0D\0\x04MQTT\x05\x82\0\0\0\0\0", 0x81, "MQTT-3.1.3-12", 15),
        (V5, b"\x10\x0D\0\x04MQTT\x05\x42\0\0\0\0\0", 0x81, "5.0 §3.1.3.6", 15),
        (V5, b"\x10\x0D\0\x04MQTT\x05\x06\0\0\0\0\0", 0x81, "5.0 §2.2.2.1", 15),
        (V5, b"\x10\x0C\0\x04MQTT\x04\x06\0\0\0\0", 0x81, "MQTT-3.1.3-10", 14),
        (V5, b"\x10\x0B\0\x04MQTT\x05\x02\0\0\0", 0x81, "MQTT-3.1.3-3", 13),
        // Fields that the flags do not announce are there.
        (V5, b"\x10\x10\0\x04MQTT\x05\x02\0\0\0\0\0\0\x01u", 0x81, "5.0 §2.1.4", 15),
        (V5, b"\x10\x0F\0\x04MQTT\x05\x02\0\0\0\0\x02a\0", 0x81, "MQTT-1.5.4-2", 16),
        (V5, b"\x10\x0E\0\x04MQTT\x04\x02\0\0\0\x02a\xFF", 0x81, "MQTT-1.5.3-1", 15),
        // Will Topic: empty, with a wildcard.
        (V5, b"\x10\x10\0\x04MQTT\x04\x06\0\0\0\0\0\0\0\0", 0x82, "MQTT-4.7.3-1", 16),
        (V5, b"\x10\x12\0\x04MQTT\x05\x06\0\0\0\0\0\0\0\x01#\0\0", 0x81, "MQTT-4.7.0-1", 18),
        (V5, b"\x10\x11\0\x04MQTT\x04\x06\0\0\0\0\0\x01+\0\0", 0x81, "MQTT-4.7.1-1", 16),
    ]);
}

#[test]
fn connack() {
    check(&[
        (V5, b"\x20\x03\x02\0\0", 0x81, "MQTT-3.2.2-1", 2),
        (V311, b"\x20\x02\x80\0", 0x81, "3.1.1 §3.2.2.1", 2),
        (V5, b"\x20\x03\x01\x87\0", 0x82, "MQTT-3.2.2-6", 2),
        (V311, b"\x20\x02\x01\x05", 0x82, "MQTT-3.2.2-4", 2),
        (V5, b"\x20\x03\0\x01\0", 0x82, "MQTT-3.2.2-8", 3),
        (V5, b"\x20\x03\0\x8E\0", 0x82, "MQTT-3.2.2-8", 3),
        (V311, b"\x20\x02\0\x06", 0x82, "3.1.1 §3.2.2.3", 3),
        (V5, b"\x20\x02\0\0", 0x81, "5.0 §2.2.2.1", 4),
        (V311, b"\x20\x01\0", 0x81, "3.1.1 §3.2.2.3", 3),
        (V5, b"\x20\x05\0\0\x02\x24\x02", 0x82, "5.0 §3.2.2.3.4", 6),
        (V5, b"\x20\x05\0\0\x02\x25\x02", 0x82, "5.0 §3.2.2.3.5", 6),
        (V5, b"\x20\x05\0\0\x02\x28\x02", 0x82, "5.0 §3.2.2.3.11", 6),
        (V5, b"\x20\x05\0\0\x02\x29\x02", 0x82, "5.0 §3.2.2.3.12", 6),
        (V5, b"\x20\x05\0\0\x02\x2A\x02", 0x82, "5.0 §3.2.2.3.13", 6),
        (V5, b"\x20\x06\0\0\x03\x21\0\0", 0x82, "5.0 §3.2.2.3.3", 6),
        (V5, b"\x20\x08\0\0\x05\x27\0\0\0\0", 0x82, "5.0 §3.2.2.3.6", 6),
        (V5, b"\x20\x06\0\0\x03\x16\0\0", 0x82, "5.0 §3.2.2.3.18", 4),
        (V5, b"\x20\x09\0\0\x06\x13\0\x01\x13\0\x01", 0x82, "5.0 §3.2.2.3.14", 8),
    ]);
}

#[test]
fn publish() {
    check(&[
        (V5, b"\x36\x03\0\x01a", 0x81, "MQTT-3.3.1-4", 0),
        (V5, b"\x38\x04\0\x01a\0", 0x81, "MQTT-3.3.1-2", 0),
        (V311, b"\x30\x02\0\0", 0x82, "MQTT-4.7.3-1", 4),
        (V5, b"\x30\x03\0\0\0", 0x82, "5.0 §3.3.2.1", 2),
        (V5, b"\x30\x06\0\x03a/#\0", 0x81, "MQTT-3.3.2-2", 6),
        (V311, b"\x30\x05\0\x03+/a", 0x81, "MQTT-3.3.2-2", 4),
        (V5, b"\x30\x04\0\x02aa", 0x81, "5.0 §2.2.2.1", 6),
        (V5, b"\x30\x02\0\x01", 0x81, "MQTT-3.3.2-1", 4),
        (V5, b"\x30\x05\0\x02a\0\0", 0x81, "MQTT-1.5.4-2", 5),
        (V311, b"\x30\x04\0\x02a\0", 0x81, "MQTT-1.5.3-2", 5),
        (V5, b"\x30\x06\0\x03\xED\xA0\x80\0", 0x81, "MQTT-1.5.4-1", 4),
        (V5, b"\x30\x05\0\x02\xC0\x80\0", 0x81, "MQTT-1.5.4-1", 4),
        (V5, b"\x32\x06\0\x01a\0\0\0", 0x82, "MQTT-2.2.1-3", 5),
        (V311, b"\x34\x05\0\x01a\0\0", 0x82, "MQTT-2.3.1-1", 5),
        (V5, b"\x32\x04\0\x01a\0", 0x81, "MQTT-2.2.1-3", 5),
        (V5, b"\x30\x07\0\x01a\x03\x23\0\0", 0x94, "MQTT-3.3.2-8", 7),
        (V5, b"\x30\x06\0\x01a\x02\x01\x02", 0x82, "5.0 §3.3.2.3.2", 7),
        (V5, b"\x30\x06\0\x01a\x02\x0B\x00", 0x82, "5.0 §3.3.2.3.8", 7),
        (V5, b"\x30\x07\0\x01a\x03\x0B\x80\x00", 0x81, "MQTT-1.5.5-1", 7),
        (V5, b"\x30\x08\0\x01a\x04\x08\0\x01+", 0x82, "MQTT-3.3.2-14", 9),
        (V5, b"\x30\x07\0\x01a\x03\x08\0\0", 0x82, "MQTT-4.7.3-1", 9),
        (V5, b"\x30\x08\0\x01a\x04\x26\0\0\0", 0x81, "MQTT-1.5.7-1", 9),
    ]);
}

#[test]
fn properties() {
    check(&[
        // Property Length goes beyond the packet, or is in no shortest form, or the last property beyond the Property Length.
        (V5, b"\x30\x05\0\x01a\x02\x01", 0x81, "5.0 §2.2.2.1", 6),
        (V5, b"\x30\x05\0\x01a\x80\x00", 0x81, "MQTT-1.5.5-1", 5),
        (V5, b"\x30\x08\0\x01a\x02\x02\0\0\0", 0x81, "5.0 §3.3.2.3.3", 7),
        // No such property; a property of other packets.
        (V5, b"\x30\x06\0\x01a\x02\x04\0", 0x81, "5.0 §2.2.2.2", 6),
        (V5, b"\x30\x06\0\x01a\x02\x7F\0", 0x81, "5.0 §2.2.2.2", 6),
        (V5, b"\x30\x09\0\x01a\x05\x11\0\0\0\0", 0x81, "5.0 §2.2.2.2", 6),
        (V5, b"\xE0\x04\0\x02\x01\0", 0x81, "5.0 §2.2.2.2", 4),
        (V5, b"\x40\x06\0\x01\0\x02\x01\0", 0x81, "5.0 §2.2.2.2", 6),
        (V5, b"\x82\x09\0\x01\x02\x01\0\0\x01a\0", 0x81, "5.0 §2.2.2.2", 5),
        // Twice, each time with the section that allows it once.
        (V5, b"\x30\x08\0\x01a\x04\x01\0\x01\0", 0x82, "5.0 §3.3.2.3.2", 8),
        (V5, b"\x30\x0E\0\x01a\x0A\x02\0\0\0\x01\x02\0\0\0\x01", 0x82, "5.0 §3.3.2.3.3", 11),
        (V5, b"\x30\x0A\0\x01a\x06\x23\0\x01\x23\0\x01", 0x82, "5.0 §3.3.2.3.4", 9),
        (V5, b"\x30\x0A\0\x01a\x06\x09\0\0\x09\0\0", 0x82, "5.0 §3.3.2.3.6", 9),
        (V5, b"\x30\x0A\0\x01a\x06\x03\0\0\x03\0\0", 0x82, "5.0 §3.3.2.3.9", 9),
        (V5, b"\x40\x0A\0\x01\0\x06\x1F\0\0\x1F\0\0", 0x82, "5.0 §3.4.2.2.2", 9),
        (V5, b"\x82\x0B\0\x01\x04\x0B\x01\x0B\x02\0\x01a\0", 0x82, "5.0 §3.8.2.1.2", 7),
        (V5, b"\x10\x13\0\x04MQTT\x05\x02\0\0\x06\x22\0\0\x22\0\0\0\0", 0x82, "5.0 §3.1.2.11.5", 16),
        (V5, b"\x10\x10\0\x04MQTT\x05\x02\0\0\x03\x21\0\0\0\0", 0x82, "5.0 §3.1.2.11.3", 14),
        (V5, b"\x10\x12\0\x04MQTT\x05\x02\0\0\x05\x27\0\0\0\0\0\0", 0x82, "5.0 §3.1.2.11.4", 14),
        (V5, b"\x10\x0F\0\x04MQTT\x05\x02\0\0\x02\x19\x02\0\0", 0x82, "5.0 §3.1.2.11.6", 14),
        (V5, b"\x10\x0F\0\x04MQTT\x05\x02\0\0\x02\x17\x02\0\0", 0x82, "5.0 §3.1.2.11.7", 14),
        (V5, b"\x10\x10\0\x04MQTT\x05\x02\0\0\x03\x16\0\0\0\0", 0x82, "5.0 §3.1.2.11.10", 12),
    ]);
}

#[test]
fn reason_codes_of_other_packets() {
    check(&[
        (V5, b"\x40\x03\0\x01\x92", 0x82, "MQTT-3.4.2-1", 4),
        (V5, b"\x50\x03\0\x01\x92", 0x82, "MQTT-3.5.2-1", 4),
        (V5, b"\x62\x03\0\x01\x10", 0x82, "MQTT-3.6.2-1", 4),
        (V5, b"\x70\x03\0\x01\x80", 0x82, "MQTT-3.7.2-1", 4),
        (V5, b"\x40\x03\0\x01\xFF", 0x82, "MQTT-3.4.2-1", 4),
        (V5, b"\x90\x04\0\x01\0\x03", 0x82, "MQTT-3.9.3-2", 5),
        (V5, b"\x90\x04\0\x01\0\x11", 0x82, "MQTT-3.9.3-2", 5),
        (V311, b"\x90\x03\0\x01\x87", 0x82, "MQTT-3.9.3-2", 4),
        (V5, b"\xB0\x04\0\x01\0\x01", 0x82, "MQTT-3.11.3-2", 5),
        (V5, b"\xE0\x01\x01", 0x82, "MQTT-3.14.2-1", 2),
        (V5, b"\xF0\x02\x87\0", 0x82, "MQTT-3.15.2-1", 2),
        (V5, b"\xF0\x02\x18\0", 0x82, "5.0 §3.15.2.2.2", 3),
        (V5, b"\xF0\x01\x18", 0x81, "5.0 §2.2.2.1", 3),
    ]);
}

#[test]
fn subscribe_and_unsubscribe() {
    check(&[
        (V5, b"\x82\x03\0\x01\0", 0x82, "MQTT-3.8.3-2", 5),
        (V311, b"\x82\x02\0\x01", 0x82, "MQTT-3.8.3-3", 4),
        (V5, b"\x82\x07\0\0\0\0\x01a\0", 0x82, "MQTT-2.2.1-3", 2),
        (V5, b"\x82\x06\0\x01\0\0\x01a", 0x81, "5.0 §3.8.3.1", 8),
        (V5, b"\x82\x07\0\x01\0\0\x01a\x40", 0x81, "MQTT-3.8.3-5", 8),
        (V311, b"\x82\x06\0\x01\0\x01a\x04", 0x81, "MQTT-3.8.3-4", 7),
        (V5, b"\x82\x07\0\x01\0\0\x01a\x03", 0x82, "5.0 §3.8.3.1", 8),
        (V311, b"\x82\x06\0\x01\0\x01a\x03", 0x82, "MQTT-3.8.3-4", 7),
        (V5, b"\x82\x07\0\x01\0\0\x01a\x30", 0x82, "5.0 §3.8.3.1", 8),
        (V5, b"\x82\x10\0\x01\0\0\x0A$share/g/a\x04", 0x82, "MQTT-3.8.3-4", 17),
        (V5, b"\x82\x06\0\x01\0\0\0\0", 0x82, "MQTT-4.7.3-1", 7),
        (V5, b"\x82\x09\0\x01\0\0\x03#/a\0", 0x81, "MQTT-4.7.1-1", 7),
        (V311, b"\x82\x07\0\x01\0\x02a#\0", 0x81, "MQTT-4.7.1-2", 7),
        (V5, b"\x82\x08\0\x01\0\0\x02a+\0", 0x81, "MQTT-4.7.1-2", 8),
        (V311, b"\x82\x07\0\x01\0\x02+a\0", 0x81, "MQTT-4.7.1-3", 6),
        (V5, b"\x82\x0F\0\x01\0\0\x09$share//a\0", 0x81, "MQTT-4.8.2-1", 7),
        (V5, b"\x82\x0E\0\x01\0\0\x08$share/g\0", 0x81, "MQTT-4.8.2-2", 7),
        (V5, b"\x82\x10\0\x01\0\0\x0A$share/+/a\0", 0x81, "MQTT-4.8.2-2", 7),
        (V5, b"\x90\x03\0\x01\0", 0x82, "MQTT-3.8.4-6", 5),
        (V311, b"\x90\x02\0\x01", 0x82, "MQTT-3.8.4-5", 4),
        (V5, b"\xA2\x03\0\x01\0", 0x82, "MQTT-3.10.3-2", 5),
        (V311, b"\xA2\x02\0\x01", 0x82, "MQTT-3.10.3-2", 4),
        (V5, b"\xA2\x05\0\x01\0\0\x01", 0x81, "MQTT-3.10.3-1", 7),
        (V5, b"\xB0\x03\0\x01\0", 0x82, "MQTT-3.11.3-1", 5),
        (V311, b"\xB0\x03\0\x01\0", 0x81, "3.1.1 §2.2.3", 4),
    ]);
}

/// The packet is refused with this error and nothing is appended.
fn refuses(version: ProtocolVersion, packet: Packet, expected: EncodeError) {
    let mut out = BytesMut::from(&b"before"[..]);
    assert_eq!(packet.encode(version, &mut out), Err(expected));
    assert_eq!(&*out, b"before");
}

fn a_publish() -> Publish {
    Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic: TopicName::new("a").unwrap(),
        packet_id: None,
        properties: CarriedProperties::default(),
        payload: Payload::default(),
    }
}

#[test]
fn what_breaks_a_rule_is_not_written() {
    let illegal = |field, clause| EncodeError::Illegal { field, clause };
    let connect = Connect { client_id: ClientId::new("a\0"), ..Connect::default() };
    refuses(V5, Packet::Connect(Box::new(connect)), illegal("Client Identifier", "MQTT-1.5.4-2"));
    let password = Some(Password(Bytes::new()));
    let connect = Connect { version: V311, password, ..Connect::default() };
    refuses(V311, Packet::Connect(Box::new(connect)), illegal("Password", "MQTT-3.1.2-22"));
    let user_name = Some(ByteString::from("x".repeat(65_536)));
    let connect = Connect { user_name, ..Connect::default() };
    refuses(V5, Packet::Connect(Box::new(connect)), EncodeError::FieldTooLong { field: "User Name" });
    refuses(V5, Packet::Publish(Publish { dup: true, ..a_publish() }), illegal("DUP", "MQTT-3.3.1-2"));
    let with_id = Publish { packet_id: Some(PacketId::MIN), ..a_publish() };
    refuses(V5, Packet::Publish(with_id), illegal("Packet Identifier", "MQTT-2.2.1-2"));
    let without_id = Publish { qos: QoS::AtLeastOnce, ..a_publish() };
    refuses(V311, Packet::Publish(without_id), illegal("Packet Identifier", "MQTT-2.3.1-1"));
    let without_topic = Publish { topic: TopicName::default(), ..a_publish() };
    refuses(V5, Packet::Publish(without_topic), illegal("Topic Name", "MQTT-4.7.3-1"));
    let alias_0 = PublishProperties { topic_alias: Some(0), ..PublishProperties::default() };
    refuses(V5, Packet::Publish(Publish { properties: alias_0.into(), ..a_publish() }), illegal("Topic Alias", "MQTT-3.3.2-8"));
    let ack = Acknowledgement::new(PacketId::MIN, ReasonCode::ProtocolError);
    refuses(V5, Packet::Puback(ack), illegal("Reason Code", "MQTT-3.4.2-1"));
    let subscribe = Subscribe { packet_id: PacketId::MIN, properties: SubscribeProperties::default(), subscriptions: vec![] };
    refuses(V5, Packet::Subscribe(subscribe), illegal("Topic Filter", "MQTT-3.8.3-2"));
    let auth = Auth { reason_code: ReasonCode::ContinueAuthentication, properties: AuthProperties::default() };
    refuses(V5, Packet::Auth(auth), illegal("Authentication Method", "5.0 §3.15.2.2.2"));
    let properties = ConnackProperties { maximum_qos: Some(QoS::ExactlyOnce), ..ConnackProperties::default() };
    let connack = Connack { session_present: false, reason_code: ReasonCode::Success, properties };
    refuses(V5, Packet::Connack(Box::new(connack)), illegal("Maximum QoS", "5.0 §3.2.2.3.4"));
}

#[test]
fn a_packet_above_the_largest_remaining_length_is_not_written() {
    // 268,435,455 is what a Variable Byte Integer can say (5.0 §1.5.5); topic, Property Length and payload together are one more.
    let payload = vec![0; 268_435_456 - 4].into();
    refuses(V5, Packet::Publish(Publish { payload, ..a_publish() }), EncodeError::PacketTooLong);
}

#[test]
fn what_3_1_1_does_not_have_is_not_written_in_it() {
    let absent = |field| EncodeError::NotInVersion { field, version: V311 };
    let properties = PublishProperties { content_type: Some("t".into()), ..PublishProperties::default() };
    refuses(V311, Packet::Publish(Publish { properties: properties.into(), ..a_publish() }), absent("Content Type"));
    refuses(V311, Packet::Puback(Acknowledgement::new(PacketId::MIN, ReasonCode::NotAuthorized)), absent("Reason Code"));
    refuses(V311, Packet::Disconnect(Disconnect::new(ReasonCode::SessionTakenOver)), absent("Disconnect Reason Code"));
    let connack = |reason_code| Packet::Connack(Box::new(Connack { session_present: false, reason_code, properties: Default::default() }));
    refuses(V311, connack(ReasonCode::ServerBusy), absent("Connect Reason Code"));
    let auth = Auth { reason_code: ReasonCode::Success, properties: AuthProperties::default() };
    refuses(V311, Packet::Auth(auth), absent("AUTH"));
    let options = SubscriptionOptions { no_local: true, ..SubscriptionOptions::default() };
    let subscriptions = vec![Subscription { filter: TopicFilter::new("a").unwrap(), options }];
    let subscribe = Subscribe { packet_id: PacketId::MIN, properties: SubscribeProperties::default(), subscriptions };
    refuses(V311, Packet::Subscribe(subscribe), absent("No Local"));
    let unsuback = Unsuback {
        packet_id: PacketId::MIN,
        reason_string: None,
        user_properties: UserProperties::default(),
        reason_codes: vec![ReasonCode::Success],
    };
    refuses(V311, Packet::Unsuback(unsuback), absent("Reason Code"));
}

#[test]
fn each_error_tells_what_is_wrong_in_both_languages() {
    use crate::text::Language;
    let error = Packet::decode(&Bytes::from_static(b"\x30\x06\0\x03a/#\0"), V5).unwrap_err();
    let korean = Language::Korean.render(&error.message);
    assert_eq!(korean, "Topic Name “a/#”: 토픽 이름에는 +와 #을 쓸 수 없어요. 필터에만 써요.");
    let english = Language::English.render(&error.message);
    assert_eq!(english, "Topic Name “a/#”: + and # are for filters, not for topic names.");
}
