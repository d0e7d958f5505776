//! What dissection promises for any bytes.

use bytes::Bytes;
use proptest::prelude::*;

use super::strategies::{damaged, versioned_packet};
use crate::packet::{Dissection, Packet, PacketType, ProtocolVersion, dissect, mask_secrets};
use crate::text::Language;

/// Leaves share out all bytes in order; groups hold their members; bits lie in their byte and do not overlap.
fn check_shape(dissection: &Dissection, length: usize) {
    let mut position = 0;
    for field in dissection.fields.iter().filter(|field| field.is_leaf()) {
        assert_eq!(field.range.start, position, "{} in {dissection:#?}", field.name);
        position = field.range.end;
    }
    assert_eq!(position, length, "{dissection:#?}");
    for (index, field) in dissection.fields.iter().enumerate() {
        assert!(field.clause.is_some_and(|clause| !clause.is_empty()), "{} has no clause", field.name);
        let deeper = dissection.fields[index + 1..].iter().take_while(|other| other.depth > field.depth);
        if field.is_group {
            let members: Vec<_> = deeper.collect();
            assert_eq!(members.first().expect("a group has members").range.start, field.range.start, "{}", field.name);
            assert_eq!(members.iter().map(|member| member.range.end).max(), Some(field.range.end), "{}", field.name);
        } else if field.bits.is_none() {
            let mut free = 8;
            for bits in deeper.map(|other| other.bits.clone().expect("only bits lie below a byte")) {
                assert!(*bits.end() < free, "{}: bits go from the highest to the lowest", field.name);
                assert_eq!(*bits.end() + 1, free, "{}: no bit is left out", field.name);
                free = *bits.start();
            }
            assert!(free == 8 || free == 0, "{}: all bits have a name", field.name);
        }
    }
}

fn check_texts(dissection: &Dissection) {
    let messages = dissection.fields.iter().filter_map(|field| field.meaning.as_ref());
    for message in messages.chain(dissection.error.as_ref().map(|error| &error.message)) {
        for language in Language::ALL {
            let text = language.render(message);
            let lacks =
                ["value", "length", "field", "qos", "needed", "left", "maximum"].iter().any(|name| text.contains(&format!("{{${name}}}")));
            assert!(!lacks && !text.starts_with("packet-"), "{message:?} lacks an argument: {text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn every_byte_of_a_legal_packet_has_one_name_and_each_field_a_meaning((version, packet) in versioned_packet()) {
        let bytes = packet.to_bytes(version).unwrap();
        let dissection = dissect(&bytes, version);
        prop_assert_eq!(&dissection.error, &None);
        prop_assert_eq!(dissection.packet_type, Some(packet.packet_type()));
        check_shape(&dissection, bytes.len());
        check_texts(&dissection);
        prop_assert!(dissection.fields.iter().all(|field| field.meaning.is_some() && field.name != "Unread Bytes"), "{:#?}", dissection);
    }

    #[test]
    fn dissection_of_any_bytes_covers_each_once_and_errs_exactly_as_decoding_does((version, bytes) in damaged()) {
        let dissection = dissect(&bytes, version);
        prop_assert_eq!(dissection.error.clone(), Packet::decode(&bytes, version).err());
        check_shape(&dissection, bytes.len());
        check_texts(&dissection);
        if let Some(error) = dissection.error {
            prop_assert!(error.offset <= bytes.len());
            prop_assert!(!error.clause.is_empty());
            prop_assert!(error.reason_code.is_error());
        }
    }

    #[test]
    fn masking_keeps_length_and_legality_and_leaves_no_secret((version, packet) in versioned_packet()) {
        let bytes = packet.to_bytes(version).unwrap();
        let masked = mask_secrets(&bytes, version);
        prop_assert_eq!(masked.len(), bytes.len());
        let stars = |secret: Option<&Bytes>| secret.is_none_or(|secret| secret.iter().all(|byte| *byte == b'*'));
        match Packet::decode(&masked, version) {
            Ok(Packet::Connect(connect)) => {
                prop_assert!(stars(connect.password.as_ref().map(|password| &password.0)));
                prop_assert!(stars(connect.properties.authentication_data.as_ref().map(|data| &data.0)));
            }
            Ok(Packet::Connack(connack)) => prop_assert!(stars(connack.properties.authentication_data.as_ref().map(|data| &data.0))),
            Ok(Packet::Auth(auth)) => prop_assert!(stars(auth.properties.authentication_data.as_ref().map(|data| &data.0))),
            other => prop_assert_eq!(other, Ok(packet)),
        }
        prop_assert_eq!(mask_secrets(&masked, version), masked);
    }

    #[test]
    fn masking_any_bytes_keeps_the_length((version, bytes) in damaged()) {
        prop_assert_eq!(mask_secrets(&bytes, version).len(), bytes.len());
    }
}

#[test]
fn a_cut_off_connect_shows_no_part_of_its_password() {
    // CONNECT 3.1.1, client "c", user "u", password "hunter" cut after "hun".
    let bytes = Bytes::from_static(b"\x10\x1A\x00\x04MQTT\x04\xC2\x00\x3C\x00\x01c\x00\x01u\x00\x06hun");
    let masked = mask_secrets(&bytes, ProtocolVersion::V311);
    assert_eq!(masked.len(), bytes.len());
    assert!(masked.ends_with(b"***"));
    let shown = format!("{:?}", dissect(&masked, ProtocolVersion::V311));
    assert!(!shown.contains("hun"));
    let whole = Bytes::from_static(b"\x10\x1A\x00\x04MQTT\x04\xC2\x00\x3C\x00\x01c\x00\x01u\x00\x06hunter");
    assert!(!format!("{:?}", dissect(&whole, ProtocolVersion::V311)).contains("hunter"), "the field tree hides it too");
}

#[test]
fn a_connect_is_named_field_by_field() {
    let dissection = dissect(b"\x10\x13\x00\x04MQTT\x05\x02\x00\x3C\x05\x11\x00\x00\x00\x0A\x00\x01c", ProtocolVersion::V5);
    assert_eq!(dissection.error, None);
    let tree: Vec<String> = dissection
        .fields
        .iter()
        .map(|field| {
            let bits = field.bits.as_ref().map_or(String::new(), |bits| format!(".{}-{}", bits.end(), bits.start()));
            let indent = "  ".repeat(field.depth.into());
            let gap = if field.value.is_empty() { "" } else { " = " };
            format!("{indent}{} [{}..{}{bits}]{gap}{}", field.name, field.range.start, field.range.end, field.value)
        })
        .collect();
    let expected = [
        "Fixed Header [0..2]",
        "  Packet Type and Flags [0..1] = 0x10",
        "    Packet Type [0..1.7-4] = 1 (CONNECT)",
        "    Reserved [0..1.3-0] = 0b0000",
        "  Remaining Length [1..2] = 19",
        "Variable Header [2..18]",
        "  Protocol Name [2..8] = MQTT",
        "    Length [2..4] = 4",
        "    Text [4..8] = MQTT",
        "  Protocol Version [8..9] = 5",
        "  Connect Flags [9..10] = 0b00000010",
        "    User Name Flag [9..10.7-7] = 0",
        "    Password Flag [9..10.6-6] = 0",
        "    Will Retain [9..10.5-5] = 0",
        "    Will QoS [9..10.4-3] = 0",
        "    Will Flag [9..10.2-2] = 0",
        "    Clean Start [9..10.1-1] = 1",
        "    Reserved [9..10.0-0] = 0",
        "  Keep Alive [10..12] = 60",
        "  Properties [12..18]",
        "    Property Length [12..13] = 5",
        "    Session Expiry Interval [13..18] = 10",
        "      Identifier [13..14] = 0x11",
        "      Session Expiry Interval [14..18] = 10",
        "Payload [18..21]",
        "  Client Identifier [18..21] = c",
        "    Length [18..20] = 1",
        "    Text [20..21] = c",
    ];
    assert_eq!(tree.join("\n"), expected.join("\n"));
    let keep_alive = dissection.fields.iter().find(|field| field.name == "Keep Alive").unwrap();
    let meaning = Language::Korean.render(keep_alive.meaning.as_ref().unwrap());
    assert!(meaning.starts_with("60초 안에 아무것도 보내지 않으면 PINGREQ를 보내요."), "{meaning}");
    assert_eq!(keep_alive.clause, Some("MQTT-3.1.2-22"));
    assert_eq!(dissection.packet_type, Some(PacketType::Connect));
}
