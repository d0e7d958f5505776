//! Patterns that packets and events of a trace match or do not match.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

use std::collections::BTreeMap;

use crate::broker::{BrokerEvent, EndCause};
use crate::client::ClientEvent;
use crate::link::{LossReason, Side};
use crate::packet::{Packet, PacketId, PacketType, Publish, QoS, ReasonCode, TopicFilter};
use crate::session::ConnectionId;
use crate::text::{Message, key};
use crate::time::Instant;
use crate::trace::{Event, Node, NodeId, Record, RecordId};

/// Which packets are meant. Absent fields match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketPattern {
    /// Packet type.
    pub packet_type: Option<PacketType>,
    /// Sender.
    pub from: Option<NodeId>,
    /// Receiver.
    pub to: Option<NodeId>,
    /// Topic Name of a PUBLISH that the filter matches, or a filter that a SUBSCRIBE or UNSUBSCRIBE names.
    pub topic: Option<TopicFilter>,
    /// The whole payload of a PUBLISH.
    pub payload: Option<String>,
    /// QoS of a PUBLISH, or asked for by a SUBSCRIBE.
    pub qos: Option<QoS>,
    /// DUP.
    pub dup: Option<bool>,
    /// RETAIN.
    pub retain: Option<bool>,
    /// Clean Start of a CONNECT.
    pub clean_start: Option<bool>,
    /// Session Present of a CONNACK.
    pub session_present: Option<bool>,
    /// Whether a CONNECT carries a Will.
    pub will: Option<bool>,
    /// Any of the packet's Reason Codes.
    pub reason_code: Option<ReasonCode>,
    /// A name for the Packet Identifier: the first match binds it, later ones must have the same.
    pub id: Option<String>,
    /// Whether it arrived (true) or was lost (false).
    pub arrived: Option<bool>,
    /// Not before.
    pub after: Option<Instant>,
    /// Not after.
    pub before: Option<Instant>,
}

/// Something that happens and is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A client got CONNACK with Success.
    Connected,
    /// A client's connection ended, for whatever reason.
    Disconnected,
    /// The broker closed a connection because Keep Alive ran out.
    KeepAliveTimeout,
    /// The broker published a Will.
    WillPublished,
    /// The broker discarded a Will.
    WillDiscarded,
    /// A node lost power.
    PowerOff,
    /// A node got power.
    PowerOn,
    /// A path was cut.
    PathCut,
    /// A path was restored.
    PathRestored,
    /// An application received a message.
    MessageReceived,
    /// A QoS 2 duplicate was held back, by client or broker.
    DuplicateSuppressed,
    /// The QoS 1 or 2 handshake of a publish is complete.
    PublishCompleted,
    /// Session State was discarded.
    SessionEnded,
    /// Bytes that are no legal packet arrived.
    MalformedPacket,
    /// A segment was lost at random.
    SegmentLost,
    /// A segment was sent again.
    Retransmission,
}

impl EventKind {
    /// What happens, in words.
    #[must_use]
    pub const fn message(self) -> Message {
        let words = match self {
            Self::Connected => key::LESSON_EVENT_CONNECTED,
            Self::Disconnected => key::LESSON_EVENT_DISCONNECTED,
            Self::KeepAliveTimeout => key::LESSON_EVENT_KEEP_ALIVE_TIMEOUT,
            Self::WillPublished => key::LESSON_EVENT_WILL_PUBLISHED,
            Self::WillDiscarded => key::LESSON_EVENT_WILL_DISCARDED,
            Self::PowerOff => key::LESSON_EVENT_POWER_OFF,
            Self::PowerOn => key::LESSON_EVENT_POWER_ON,
            Self::PathCut => key::LESSON_EVENT_PATH_CUT,
            Self::PathRestored => key::LESSON_EVENT_PATH_RESTORED,
            Self::MessageReceived => key::LESSON_EVENT_MESSAGE_RECEIVED,
            Self::DuplicateSuppressed => key::LESSON_EVENT_DUPLICATE_SUPPRESSED,
            Self::PublishCompleted => key::LESSON_EVENT_PUBLISH_COMPLETED,
            Self::SessionEnded => key::LESSON_EVENT_SESSION_ENDED,
            Self::MalformedPacket => key::LESSON_EVENT_MALFORMED_PACKET,
            Self::SegmentLost => key::LESSON_EVENT_SEGMENT_LOST,
            Self::Retransmission => key::LESSON_EVENT_RETRANSMISSION,
        };
        words.message()
    }
}

/// Which events are meant. Absent fields match everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPattern {
    /// What happens.
    pub kind: EventKind,
    /// To whom.
    pub client: Option<NodeId>,
    /// Topic of a message.
    pub topic: Option<TopicFilter>,
    /// Whole payload of a message.
    pub payload: Option<String>,
    /// Not before.
    pub after: Option<Instant>,
    /// Not after.
    pub before: Option<Instant>,
}

/// A packet or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// A packet.
    Packet(PacketPattern),
    /// An event.
    Event(EventPattern),
}

/// Packet Identifiers bound to names while a sequence is matched.
pub(super) type Bindings = BTreeMap<String, PacketId>;

/// What the records so far tell of a run: who is at the end of each connection, and what became of each packet.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    clients: BTreeMap<ConnectionId, NodeId>,
    arrived: BTreeMap<RecordId, bool>,
    names: BTreeMap<String, NodeId>,
}

/// A trace prepared for matching.
pub(super) struct Matcher<'a> {
    records: &'a [Record],
    known: Known,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(nodes: &[Node], records: &'a [Record]) -> Self {
        let mut known = Known::new(nodes);
        for record in records {
            known.take(record);
        }
        Self { records, known }
    }

    pub(super) const fn records(&self) -> &'a [Record] {
        self.records
    }

    /// Whether the record matches; a name in the pattern binds or must agree.
    pub(super) fn matches(&self, pattern: &Pattern, record: &Record, bindings: &mut Bindings) -> bool {
        self.known.matches(pattern, record, bindings)
    }
}

impl Known {
    /// Before anything has happened.
    pub(super) fn new(nodes: &[Node]) -> Self {
        let names = (0..).zip(nodes).map(|(number, node)| (node.name.clone(), NodeId(number))).collect();
        Self { names, ..Self::default() }
    }

    /// Takes in the next record.
    pub(super) fn take(&mut self, record: &Record) {
        match &record.event {
            Event::ConnectionOpening { connection, client } => {
                self.clients.insert(*connection, *client);
            }
            Event::PacketReceived { sent: Some(sent), .. } => {
                self.arrived.insert(*sent, true);
            }
            Event::PacketLost { sent, .. } => {
                self.arrived.insert(*sent, false);
            }
            // The scenario's name and the Client Identifier may differ: the CONNECT on a connection tells whose it is.
            Event::Broker(event) => {
                if let BrokerEvent::ClientConnected { connection, client_id, .. } = &**event
                    && let Some(node) = self.clients.get(connection)
                {
                    self.names.insert(client_id.as_str().to_owned(), *node);
                }
            }
            _ => {}
        }
    }

    /// Whether the record matches; a name in the pattern binds or must agree.
    pub(super) fn matches(&self, pattern: &Pattern, record: &Record, bindings: &mut Bindings) -> bool {
        match pattern {
            Pattern::Packet(pattern) => self.packet(pattern, record, bindings),
            Pattern::Event(pattern) => self.event(pattern, record),
        }
    }

    fn packet(&self, pattern: &PacketPattern, record: &Record, bindings: &mut Bindings) -> bool {
        let Event::PacketSent { connection, from, packet_type, version, bytes } = &record.event else { return false };
        if pattern.packet_type.is_some_and(|wanted| wanted != *packet_type) || !within(record.at, pattern.after, pattern.before) {
            return false;
        }
        let client = self.clients.get(connection).copied();
        let (sender, receiver) = match from {
            Side::Client => (client, Some(NodeId::BROKER)),
            Side::Broker => (Some(NodeId::BROKER), client),
        };
        let at_ends = agrees(pattern.from, sender) && agrees(pattern.to, receiver);
        if !at_ends || pattern.arrived.is_some_and(|wanted| self.arrived.get(&record.id) != Some(&wanted)) {
            return false;
        }
        let Ok(packet) = Packet::decode(bytes, *version) else { return false };
        if !content(pattern, &packet) {
            return false;
        }
        let Some(name) = &pattern.id else { return true };
        let Some(id) = packet.packet_id() else { return false };
        *bindings.entry(name.clone()).or_insert(id) == id
    }

    fn event(&self, pattern: &EventPattern, record: &Record) -> bool {
        if !within(record.at, pattern.after, pattern.before) {
            return false;
        }
        let by_name = |name: &str| self.names.get(name).copied();
        let of_connection = |connection: &ConnectionId| self.clients.get(connection).copied();
        let (kind, client) = match &record.event {
            Event::Client { client, event } => match &**event {
                ClientEvent::Connected { .. } => (EventKind::Connected, Some(*client)),
                ClientEvent::Disconnected(_) => (EventKind::Disconnected, Some(*client)),
                ClientEvent::PublishCompleted { .. } => (EventKind::PublishCompleted, Some(*client)),
                ClientEvent::DuplicateSuppressed { .. } => (EventKind::DuplicateSuppressed, Some(*client)),
                ClientEvent::MessageReceived { publish, .. } => {
                    if !message(pattern, publish) {
                        return false;
                    }
                    (EventKind::MessageReceived, Some(*client))
                }
                _ => return false,
            },
            Event::Broker(event) => match &**event {
                BrokerEvent::ConnectionEnded { connection, cause: EndCause::KeepAliveTimeout, .. } => {
                    (EventKind::KeepAliveTimeout, of_connection(connection))
                }
                BrokerEvent::WillPublished { client_id, .. } => (EventKind::WillPublished, by_name(client_id.as_str())),
                BrokerEvent::WillDiscarded { client_id, .. } => (EventKind::WillDiscarded, by_name(client_id.as_str())),
                BrokerEvent::DuplicateSuppressed { client_id, .. } => (EventKind::DuplicateSuppressed, by_name(client_id.as_str())),
                BrokerEvent::SessionEnded { client_id, .. } => (EventKind::SessionEnded, by_name(client_id.as_str())),
                _ => return false,
            },
            Event::PowerChanged { node, on } => (if *on { EventKind::PowerOn } else { EventKind::PowerOff }, Some(*node)),
            Event::PathChanged { client, cut } => (if cut.is_some() { EventKind::PathCut } else { EventKind::PathRestored }, Some(*client)),
            Event::PacketMalformed(malformed) => (EventKind::MalformedPacket, of_connection(&malformed.connection)),
            Event::SegmentLost { connection, reason: LossReason::RandomLoss | LossReason::BurstLoss | LossReason::QueueFull, .. } => {
                (EventKind::SegmentLost, of_connection(connection))
            }
            Event::SegmentSent { connection, segment } if segment.attempt > 0 => (EventKind::Retransmission, of_connection(connection)),
            _ => return false,
        };
        kind == pattern.kind && agrees(pattern.client, client)
    }
}

fn agrees(wanted: Option<NodeId>, found: Option<NodeId>) -> bool {
    wanted.is_none() || wanted == found
}

fn within(at: Instant, after: Option<Instant>, before: Option<Instant>) -> bool {
    after.is_none_or(|after| at >= after) && before.is_none_or(|before| at <= before)
}

fn message(pattern: &EventPattern, publish: &Publish) -> bool {
    pattern.topic.as_ref().is_none_or(|topic| topic.matches(&publish.topic))
        && pattern.payload.as_ref().is_none_or(|payload| *payload.as_bytes() == *publish.payload)
}

fn content(pattern: &PacketPattern, packet: &Packet) -> bool {
    let topic = pattern.topic.as_ref().is_none_or(|wanted| match packet {
        Packet::Publish(publish) => wanted.matches(&publish.topic),
        Packet::Subscribe(packet) => packet.subscriptions.iter().any(|subscription| subscription.filter == *wanted),
        Packet::Unsubscribe(packet) => packet.filters.contains(wanted),
        _ => false,
    });
    let publish = match packet {
        Packet::Publish(publish) => {
            pattern.payload.as_ref().is_none_or(|payload| *payload.as_bytes() == *publish.payload)
                && pattern.dup.is_none_or(|dup| dup == publish.dup)
                && pattern.retain.is_none_or(|retain| retain == publish.retain)
        }
        _ => pattern.payload.is_none() && pattern.dup.is_none() && pattern.retain.is_none(),
    };
    let qos = pattern.qos.is_none_or(|wanted| match packet {
        Packet::Publish(publish) => publish.qos == wanted,
        Packet::Subscribe(packet) => packet.subscriptions.iter().any(|subscription| subscription.options.qos == wanted),
        _ => false,
    });
    let connect = match packet {
        Packet::Connect(connect) => {
            pattern.clean_start.is_none_or(|wanted| wanted == connect.clean_start)
                && pattern.will.is_none_or(|wanted| wanted == connect.will.is_some())
        }
        _ => pattern.clean_start.is_none() && pattern.will.is_none(),
    };
    let session =
        pattern.session_present.is_none_or(|wanted| matches!(packet, Packet::Connack(connack) if connack.session_present == wanted));
    let reason = pattern.reason_code.is_none_or(|wanted| match packet {
        Packet::Connack(packet) => packet.reason_code == wanted,
        Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => ack.reason_code == wanted,
        Packet::Suback(packet) => packet.reason_codes.contains(&wanted),
        Packet::Unsuback(packet) => packet.reason_codes.contains(&wanted),
        Packet::Disconnect(packet) => packet.reason_code == wanted,
        Packet::Auth(packet) => packet.reason_code == wanted,
        _ => false,
    });
    topic && publish && qos && connect && session && reason
}

/// The pattern in words, for findings: `PUBLISH sensor → broker, DUP 1, QoS 1`.
pub(super) fn describe(pattern: &Pattern, nodes: &[Node]) -> Message {
    let name = |node: NodeId| nodes.get(node.0 as usize).map_or_else(|| node.0.to_string(), |node| node.name.clone());
    match pattern {
        Pattern::Packet(pattern) => {
            let mut text = pattern.packet_type.map_or_else(|| "MQTT".to_owned(), |packet_type| packet_type.name().to_owned());
            match (pattern.from, pattern.to) {
                (Some(from), Some(to)) => text += &format!(" {} → {}", name(from), name(to)),
                (Some(from), None) => text += &format!(" {} →", name(from)),
                (None, Some(to)) => text += &format!(" → {}", name(to)),
                (None, None) => {}
            }
            let mut details: Vec<String> = Vec::new();
            let flag = |value: bool| u8::from(value);
            details.extend(pattern.dup.map(|dup| format!("DUP {}", flag(dup))));
            details.extend(pattern.qos.map(|qos| format!("QoS {}", u8::from(qos))));
            details.extend(pattern.retain.map(|retain| format!("RETAIN {}", flag(retain))));
            details.extend(pattern.topic.as_ref().map(ToString::to_string));
            details.extend(pattern.payload.as_ref().map(|payload| format!("\"{payload}\"")));
            details.extend(pattern.clean_start.map(|clean| format!("Clean Start {}", flag(clean))));
            details.extend(pattern.session_present.map(|present| format!("Session Present {}", flag(present))));
            details.extend(pattern.will.map(|will| format!("Will Flag {}", flag(will))));
            details.extend(pattern.reason_code.map(|code| code.to_string()));
            details.extend(pattern.after.map(|at| format!("t ≥ {at}")));
            details.extend(pattern.before.map(|at| format!("t ≤ {at}")));
            if !details.is_empty() {
                text += &format!(" ({})", details.join(", "));
            }
            match pattern.arrived {
                Some(true) => key::LESSON_PACKET_ARRIVED.with("packet", text),
                Some(false) => key::LESSON_PACKET_LOST.with("packet", text),
                None => key::LESSON_PACKET.with("packet", text),
            }
        }
        Pattern::Event(pattern) => {
            let mut details: Vec<String> = Vec::new();
            details.extend(pattern.client.map(name));
            details.extend(pattern.topic.as_ref().map(ToString::to_string));
            details.extend(pattern.payload.as_ref().map(|payload| format!("\"{payload}\"")));
            details.extend(pattern.after.map(|at| format!("t ≥ {at}")));
            details.extend(pattern.before.map(|at| format!("t ≤ {at}")));
            let what = pattern.kind.message();
            if details.is_empty() { what } else { key::LESSON_EVENT.with("what", what).with("details", details.join(", ")) }
        }
    }
}
