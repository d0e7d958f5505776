//! Encode and decode undo each other; nothing panics.

use bytes::Bytes;
use proptest::prelude::*;

use super::strategies::{damaged, versioned_packet};
use crate::packet::{Acknowledgement, FrameReader, Packet, PacketId, ProtocolVersion, ReasonCode};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn encode_then_decode_is_the_identity((version, packet) in versioned_packet()) {
        let bytes = packet.to_bytes(version).unwrap();
        prop_assert_eq!(Packet::decode(&bytes, version), Ok(packet));
    }

    #[test]
    fn decode_never_panics_and_what_it_accepts_is_written_and_read_again((version, bytes) in damaged()) {
        if let Ok(packet) = Packet::decode(&bytes, version) {
            let canonical = packet.to_bytes(version).unwrap();
            prop_assert_eq!(Packet::decode(&canonical, version), Ok(packet.clone()));
            prop_assert_eq!(packet.to_bytes(version).unwrap(), canonical);
        }
    }

    #[test]
    fn frames_do_not_depend_on_how_the_stream_is_cut(
        packets in prop::collection::vec(versioned_packet(), 1..6),
        cuts in prop::collection::vec(1_usize..40, 1..40),
        drain in any::<bool>(),
    ) {
        let whole: Vec<Bytes> = packets.iter().map(|(version, packet)| packet.to_bytes(*version).unwrap()).collect();
        let mut stream = Bytes::from(whole.concat());
        let mut reader = FrameReader::new(268_435_460);
        let mut frames = Vec::new();
        for length in cuts.into_iter().cycle() {
            if stream.is_empty() {
                break;
            }
            reader.push(stream.split_to(length.min(stream.len())));
            while let Some(frame) = if drain { reader.next_frame().unwrap() } else { None } {
                frames.push(frame);
            }
        }
        while let Some(frame) = reader.next_frame().unwrap() {
            frames.push(frame);
        }
        prop_assert_eq!(frames, whole);
        prop_assert_eq!(reader.buffered(), 0);
    }
}

#[test]
fn a_plain_acknowledgement_written_at_once_is_what_is_written_field_by_field() {
    let plain = Acknowledgement::new(PacketId::new(0x1234).unwrap(), ReasonCode::Success);
    let refusing = Acknowledgement { reason_code: ReasonCode::PacketIdentifierNotFound, ..plain.clone() };
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        for content in [&plain, &refusing] {
            for kind in [Packet::Puback, Packet::Pubrec, Packet::Pubrel, Packet::Pubcomp] {
                let packet = kind(content.clone());
                let mut out = bytes::BytesMut::new();
                let written = packet.encode(version, &mut out).map(|()| out.freeze());
                assert_eq!(packet.to_bytes(version), written, "{packet:?}");
            }
        }
    }
}
