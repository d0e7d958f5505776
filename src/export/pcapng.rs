//! The blocks of a pcapng file (draft-ietf-opsawg-pcapng): section header, interface, names, packets. Little-endian, times in nanoseconds.
//!
//! Written by hand: the crates that write pcapng bring a second copy of `syn`, and four kinds of blocks are little.

use super::capture::{Frame, address};
use crate::trace::Node;

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE_DESCRIPTION: u32 = 1;
const NAME_RESOLUTION: u32 = 4;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1A2B_3C4D;
/// Raw IPv4 or IPv6, told apart by the version field.
const LINKTYPE_RAW: u16 = 101;

const OPTION_COMMENT: u16 = 1;
const SHB_USER_APPLICATION: u16 = 4;
const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TIMESTAMP_RESOLUTION: u16 = 9;
/// Times count 10⁻⁹ seconds.
const NANOSECONDS: u8 = 9;
const RECORD_IPV4: u16 = 1;
/// The length of an option or a name record is a 16-bit number.
const LONGEST_TEXT: usize = 60_000;

/// The file.
pub(super) fn write(nodes: &[Node], frames: &[Frame]) -> Vec<u8> {
    let mut file = Vec::new();
    block(&mut file, SECTION_HEADER, |body| {
        body.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        body.extend(1_u16.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // The section's length is not given.
        body.extend((-1_i64).to_le_bytes());
        text_option(body, SHB_USER_APPLICATION, concat!("MQTT Playground ", env!("CARGO_PKG_VERSION")));
        end_of_options(body);
    });
    block(&mut file, INTERFACE_DESCRIPTION, |body| {
        body.extend(LINKTYPE_RAW.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // No limit to what is captured of a packet.
        body.extend(0_u32.to_le_bytes());
        text_option(body, IF_NAME, "playground");
        text_option(body, IF_DESCRIPTION, "Both ends of every path: each segment as it leaves. Time is the virtual clock.");
        option(body, IF_TIMESTAMP_RESOLUTION, &[NANOSECONDS]);
        end_of_options(body);
    });
    block(&mut file, NAME_RESOLUTION, |body| {
        for (node, number) in nodes.iter().zip(0..) {
            let mut record = address(crate::trace::NodeId(number)).to_vec();
            record.extend(cut(&node.name.replace('\0', "")).as_bytes());
            record.push(0);
            option(body, RECORD_IPV4, &record);
        }
        // The end of the records is written like the end of options.
        end_of_options(body);
    });
    for frame in frames {
        block(&mut file, ENHANCED_PACKET, |body| packet(body, frame));
    }
    file
}

fn packet(body: &mut Vec<u8>, frame: &Frame) {
    let nanoseconds = frame.at.as_micros().saturating_mul(1_000);
    let [a, b, c, d, e, f, g, h] = nanoseconds.to_be_bytes();
    let length = u32::try_from(frame.data.len()).unwrap_or(u32::MAX);
    body.extend(0_u32.to_le_bytes());
    body.extend(u32::from_be_bytes([a, b, c, d]).to_le_bytes());
    body.extend(u32::from_be_bytes([e, f, g, h]).to_le_bytes());
    body.extend(length.to_le_bytes());
    body.extend(length.to_le_bytes());
    body.extend(&frame.data);
    pad(body);
    if let Some(comment) = &frame.comment {
        text_option(body, OPTION_COMMENT, comment);
        end_of_options(body);
    }
}

/// A block: its type, its whole length, the body, and the length again. The body is a multiple of four bytes.
fn block(file: &mut Vec<u8>, block_type: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    fill(&mut body);
    let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    file.extend(block_type.to_le_bytes());
    file.extend(length);
    file.extend(body);
    file.extend(length);
}

fn text_option(body: &mut Vec<u8>, code: u16, text: &str) {
    option(body, code, cut(text).as_bytes());
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend(value);
    pad(body);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend([0; 4]);
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or(text)
}
