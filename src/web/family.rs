//! Packet families: each has a colour and a shape, so that neither is needed to tell them apart.

use crate::packet::PacketType;
use crate::view::{MarkKind, PacketRow};

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Starts, ends and authenticates a connection.
    Connect,
    /// Carries a message.
    Publish,
    /// Acknowledges one.
    Acknowledge,
    /// Subscribes.
    Subscribe,
    /// Keeps alive.
    Ping,
}

impl Family {
    /// The family of a packet type.
    pub(crate) const fn of(packet_type: PacketType) -> Self {
        match packet_type {
            PacketType::Connect | PacketType::Connack | PacketType::Disconnect | PacketType::Auth => Self::Connect,
            PacketType::Publish => Self::Publish,
            PacketType::Puback | PacketType::Pubrec | PacketType::Pubrel | PacketType::Pubcomp => Self::Acknowledge,
            PacketType::Subscribe | PacketType::Suback | PacketType::Unsubscribe | PacketType::Unsuback => Self::Subscribe,
            PacketType::Pingreq | PacketType::Pingresp => Self::Ping,
        }
    }

    /// The class that colours it.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Connect => "f-connect",
            Self::Publish => "f-publish",
            Self::Acknowledge => "f-ack",
            Self::Subscribe => "f-subscribe",
            Self::Ping => "f-ping",
        }
    }

    /// Its shape as a character.
    pub(crate) const fn glyph(self) -> &'static str {
        match self {
            Self::Connect => "■",
            Self::Publish => "●",
            Self::Acknowledge => "◆",
            Self::Subscribe => "▲",
            Self::Ping => "⬟",
        }
    }

    /// Its shape as an SVG path inside a circle of radius 6 around the origin.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Connect => "M-4.5-4.5h9v9h-9z",
            Self::Publish => "M-5 0a5 5 0 1 1 10 0a5 5 0 1 1-10 0z",
            Self::Acknowledge => "M0-6 6 0 0 6-6 0z",
            Self::Subscribe => "M0-5.5 6 4.5H-6z",
            Self::Ping => "M0-6 5.7-1.9 3.5 4.9H-3.5L-5.7-1.9z",
        }
    }
}

/// The class that colours a mark.
pub(crate) const fn mark_class(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Opened | MarkKind::Restored => "m-good",
        MarkKind::Broken | MarkKind::Power => "m-bad",
        MarkKind::Will => "m-will",
        MarkKind::Closed | MarkKind::Note | MarkKind::Segment => "m-quiet",
        MarkKind::Command => "m-command",
    }
}

/// What stands behind the packet's name on an arrow: `dup id 7 q1 retain`.
pub(crate) fn details(packet: &PacketRow) -> String {
    let summary = &packet.summary;
    let mut parts: Vec<String> = Vec::new();
    if summary.dup {
        parts.push("DUP".to_owned());
    }
    if let Some(id) = summary.packet_id {
        parts.push(format!("id {id}"));
    }
    if let Some(qos) = summary.qos {
        parts.push(format!("q{}", u8::from(qos)));
    }
    if summary.retain {
        parts.push("retain".to_owned());
    }
    if let Some(code) = summary.reason_code.filter(|code| code.is_error() || packet.packet_type == PacketType::Disconnect) {
        parts.push(format!("0x{:02X}", code.as_u8()));
    }
    if summary.session_present == Some(true) {
        parts.push("sp 1".to_owned());
    }
    parts.join(" ")
}
