//! mqttbytes and mqtt5-protocol beside us. `disagreements.md` says why each of them is listed here.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use bytes::{Bytes, BytesMut};
use mqtt_playground::packet::{Packet, ProtocolVersion};
use mqtt5_protocol::packet as lab;

thread_local! {
    /// Whether somebody else's code runs, whose panics are answers.
    static ELSEWHERE: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the fuzzer from ending where a codec of others panics.
pub fn forgive_others() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !ELSEWHERE.get() {
            hook(info);
        }
    }));
}

/// What a codec makes of a packet: its type, and of a PUBLISH its content.
#[derive(PartialEq, Debug)]
struct Reading {
    packet_type: u8,
    publish: Option<(u8, u16, Bytes, Bytes)>,
}

fn asked<T>(ask: impl FnOnce() -> Option<T>) -> Option<T> {
    ELSEWHERE.set(true);
    let answer = catch_unwind(AssertUnwindSafe(ask)).ok().flatten();
    ELSEWHERE.set(false);
    answer
}

/// # Panics
/// A disagreement that is not listed: another accepts what we refuse, refuses what we accept, or reads a PUBLISH otherwise.
pub fn compare(bytes: &[u8], version: ProtocolVersion) {
    let frame = Bytes::copy_from_slice(bytes);
    let ours = Packet::decode(&frame, version);
    let version = if let Ok(Packet::Connect(connect)) = &ours { connect.version } else { version };
    let theirs = [("mqttbytes", mqttbytes(&frame, version)), ("mqtt5-protocol", mqtt5_protocol(&frame, version))];
    match ours {
        Ok(packet) => {
            let ours = our_reading(&packet);
            for (name, theirs) in theirs {
                match theirs {
                    Some(theirs) => assert_eq!(ours, theirs, "{name} {version} reads otherwise: {bytes:02X?}"),
                    None => assert!(is_known_to_refuse(name, &packet, bytes, version), "{name} {version} refuses {bytes:02X?} {packet:?}"),
                }
            }
        }
        Err(error) => {
            for (name, _) in theirs.iter().filter(|(_, theirs)| theirs.is_some()) {
                assert!(lets_pass(name).contains(error.clause), "{name} {version} accepts what breaks {}: {bytes:02X?}", error.clause);
            }
        }
    }
}

/// Tries each row whose bytes stand whole in `disagreements.md`.
///
/// # Panics
/// We do not refuse the packet for the clause of the row, or the codec refuses it too.
pub fn check_rows() {
    for codec in ["mqttbytes", "mqtt5-protocol"] {
        for row in table(codec) {
            let [clause, version, bytes] = row.map(|cell| cell.trim_matches('`'));
            let Some(bytes) = bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).ok()).collect::<Option<Vec<u8>>>() else { continue };
            let version = if version.contains('5') { ProtocolVersion::V5 } else { ProtocolVersion::V311 };
            let frame = Bytes::from(bytes);
            let ours = Packet::decode(&frame, version).err().map(|error| error.clause);
            assert_eq!(ours, Some(clause), "{codec} {frame:02X?}");
            let theirs = if codec == "mqttbytes" { mqttbytes(&frame, version) } else { mqtt5_protocol(&frame, version) };
            assert!(theirs.is_some(), "{codec} refuses what breaks {clause} too: {frame:02X?}");
        }
    }
}

/// Legal packets that the codec does not take.
fn is_known_to_refuse(codec: &str, packet: &Packet, bytes: &[u8], version: ProtocolVersion) -> bool {
    match packet {
        // Without a User Name, which 5.0 allows.
        Packet::Connect(connect) if codec == "mqtt5-protocol" => connect.password.is_some() && connect.user_name.is_none(),
        _ if codec == "mqtt5-protocol" => false,
        Packet::Auth(_) => true,
        // Not asked, see below.
        Packet::Unsubscribe(_) => version == ProtocolVersion::V5,
        // Without a Property Length.
        Packet::Disconnect(_) => version == ProtocolVersion::V5 && bytes.len() <= 3,
        // A Password is Binary Data; it wants UTF-8.
        Packet::Connect(connect) => connect.password.as_ref().is_some_and(|password| std::str::from_utf8(&password.0).is_err()),
        _ => false,
    }
}

/// The clauses that a codec does not check in all packets.
fn lets_pass(codec: &str) -> &'static BTreeSet<&'static str> {
    static CLAUSES: OnceLock<[BTreeSet<&'static str>; 2]> = OnceLock::new();
    let clauses = CLAUSES.get_or_init(|| ["mqttbytes", "mqtt5-protocol"].map(|codec| table(codec).map(|[clause, ..]| clause).collect()));
    &clauses[usize::from(codec != "mqttbytes")]
}

/// Clause, version and bytes in the table that has the codec in its heading.
fn table(codec: &str) -> impl Iterator<Item = [&'static str; 3]> {
    let heading = format!("\n## Broken rules that {codec} ");
    let (_, rest) = LISTED.split_once(heading.as_str()).expect("a heading");
    let rows = rest.split("\n## ").next().unwrap_or_default().lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter_map(|row| <[&str; 3]>::try_from(row.split(" | ").collect::<Vec<_>>()).ok()).filter(|[clause, ..]| *clause != "clause")
}

const LISTED: &str = include_str!("../disagreements.md");

fn our_reading(packet: &Packet) -> Reading {
    let publish = match packet {
        Packet::Publish(publish) => Some((
            u8::from(publish.qos),
            publish.packet_id.map_or(0, |id| id.as_u16()),
            Bytes::copy_from_slice(publish.topic.as_str().as_bytes()),
            publish.payload.to_bytes(),
        )),
        _ => None,
    };
    Reading { packet_type: packet.packet_type() as u8, publish }
}

fn mqttbytes(frame: &Bytes, version: ProtocolVersion) -> Option<Reading> {
    // It prints a line for each UNSUBSCRIBE of 5.0.
    if frame.first()? >> 4 == 10 && version == ProtocolVersion::V5 {
        return None;
    }
    let mut stream = BytesMut::from(&**frame);
    asked(move || {
        let publish = match version {
            ProtocolVersion::V311 => match mqttbytes::v4::read(&mut stream, 65_535).ok()? {
                mqttbytes::v4::Packet::Publish(publish) => {
                    Some((publish.qos as u8, publish.pkid, Bytes::from(publish.topic), publish.payload))
                }
                _ => None,
            },
            ProtocolVersion::V5 => match mqttbytes::v5::read(&mut stream, 65_535).ok()? {
                mqttbytes::v5::Packet::Publish(publish) => {
                    Some((publish.qos as u8, publish.pkid, Bytes::from(publish.topic), publish.payload))
                }
                _ => None,
            },
        };
        Some(Reading { packet_type: frame.first()? >> 4, publish })
    })
}

fn mqtt5_protocol(frame: &Bytes, version: ProtocolVersion) -> Option<Reading> {
    let mut stream = frame.clone();
    asked(move || {
        let header = lab::FixedHeader::decode(&mut stream).ok()?;
        let length = header.remaining_length as usize;
        if stream.len() < length {
            return None;
        }
        let mut body = stream.split_to(length);
        let level = if version == ProtocolVersion::V5 { 5 } else { 4 };
        let packet = lab::Packet::decode_from_body_with_version(header.packet_type, &header, &mut body, level).ok()?;
        let publish = match packet {
            lab::Packet::Publish(publish) => {
                Some((publish.qos as u8, publish.packet_id.unwrap_or(0), Bytes::from(publish.topic_name), publish.payload))
            }
            _ => None,
        };
        Some(Reading { packet_type: header.packet_type as u8, publish })
    })
}
