//! Defects that are planted in the records on their way to the checker: a checker that never fired proves nothing.
//!
//! Each stands for a fault of the broker or of a client as it would show in a trace.

use super::Invariant;
use crate::broker::{BrokerEvent, DropReason, EndCause, Routing};
use crate::link::Side;
use crate::packet::{Packet, PacketId, PacketType, ProtocolVersion, Publish, QoS, ReasonCode};
use crate::time::{Duration, Instant};
use crate::trace::{Event, Record, RecordId};

/// What stands in the place of a record: at which time, and what.
type Instead = Vec<Event>;

/// A defect.
#[derive(Clone, Copy)]
pub struct Defect {
    /// What goes wrong.
    pub name: &'static str,
    /// The promise that it breaks.
    pub invariant: Invariant,
    /// What stands in the place of a record in which it shows; `None` for all others.
    show: fn(&Event) -> Option<Instead>,
}

impl std::fmt::Debug for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.invariant.slug(), self.name)
    }
}

/// The first of two deliveries waits for the second.
const SWAPPED: &str = "two deliveries change places";

/// From one acknowledgement on there is none: the ends of faults would heal a single one.
const MUTE: &str = "no PUBLISH is acknowledged any more";

/// Plants a defect in the `nth` record in which it can show, counted from 0.
#[derive(Debug)]
pub struct Planter {
    defect: Defect,
    nth: u32,
    seen: u32,
    /// A delivery that waits for the next one of its kind.
    held: Option<Event>,
}

impl Planter {
    /// A defect to be planted.
    #[must_use]
    pub const fn new(defect: Defect, nth: u32) -> Self {
        Self { defect, nth, seen: 0, held: None }
    }

    /// Whether it was planted.
    #[must_use]
    pub const fn has_struck(&self) -> bool {
        self.seen > self.nth
    }

    /// What the checker gets for a record. Numbers are doubled, so that there is room between them.
    pub(super) fn plant(&mut self, record: Record) -> Vec<Record> {
        let double = |id: RecordId| RecordId(id.0.saturating_mul(2));
        let mut record = Record::new(double(record.id), record.at, record.cause().map(double), record.event);
        match &mut record.event {
            Event::PacketReceived { sent: Some(sent), .. } | Event::PacketLost { sent, .. } => *sent = double(*sent),
            _ => {}
        }
        if let Some(held) = self.held.take() {
            if !is_next_of(&held, &record.event) {
                self.held = Some(held);
                return vec![record];
            }
            let after = Record::new(RecordId(record.id.0.saturating_add(1)), record.at, record.cause(), held);
            return vec![record, after];
        }
        if self.has_struck() && self.defect.name != MUTE {
            return vec![record];
        }
        let Some(instead) = (self.defect.show)(&record.event) else { return vec![record] };
        self.seen = self.seen.saturating_add(1);
        if !self.has_struck() {
            return vec![record];
        }
        // Time itself is no part of an event.
        match self.defect.name {
            "time goes back" => {
                record.at = Instant::ZERO;
                return vec![record];
            }
            "a cause comes later" => {
                return vec![Record::new(record.id, record.at, Some(RecordId(record.id.0.saturating_add(2))), record.event)];
            }
            SWAPPED => self.held = Some(record.event.clone()),
            _ => {}
        }
        let ids = (record.id.0..).map(RecordId);
        ids.zip(instead).map(|(id, event)| Record::new(id, record.at, record.cause(), event)).collect()
    }
}

/// Whether it is a delivery of the same topic and QoS on the same connection.
fn is_next_of(held: &Event, event: &Event) -> bool {
    let connection = |event: &Event| if let Event::PacketSent { connection, .. } = event { Some(*connection) } else { None };
    match (delivery(held, None), delivery(event, None)) {
        (Some(one), Some(other)) => one.topic == other.topic && one.qos == other.qos && connection(held) == connection(event),
        _ => false,
    }
}

fn sent(event: &Event, from: Side) -> Option<Packet> {
    match event {
        Event::PacketSent { from: side, bytes, version, .. } if *side == from => Packet::decode(bytes, *version).ok(),
        _ => None,
    }
}

fn delivery(event: &Event, qos: Option<QoS>) -> Option<Publish> {
    match sent(event, Side::Broker)? {
        Packet::Publish(publish) if qos.is_none_or(|qos| qos == publish.qos) => Some(publish),
        _ => None,
    }
}

/// The same record with another packet.
fn with(event: &Event, packet: &Packet) -> Option<Instead> {
    let Event::PacketSent { connection, from, version, .. } = event else { return None };
    let bytes = packet.to_bytes(*version).ok()?;
    Some(vec![Event::PacketSent {
        connection: *connection,
        from: *from,
        packet_type: packet.packet_type(),
        version: *version,
        bytes: bytes.into(),
    }])
}

fn twice(event: &Event) -> Option<Instead> {
    Some(vec![event.clone(), event.clone()])
}

fn is_v5(event: &Event) -> bool {
    matches!(event, Event::PacketSent { version: ProtocolVersion::V5, .. })
}

fn of_broker(event: &Event) -> Option<&BrokerEvent> {
    if let Event::Broker(event) = event { Some(event) } else { None }
}

fn changed_delivery(event: &Event, qos: Option<QoS>, change: impl FnOnce(&mut Publish) -> Option<()>) -> Option<Instead> {
    let mut publish = delivery(event, qos)?;
    change(&mut publish)?;
    with(event, &Packet::Publish(publish))
}

fn changed_connect(event: &Event, change: impl FnOnce(&mut crate::packet::Connect) -> Option<()>) -> Option<Instead> {
    let Packet::Connect(mut connect) = sent(event, Side::Client)? else { return None };
    change(&mut connect)?;
    with(event, &Packet::Connect(connect))
}

/// Removed if the test holds.
fn gone(test: bool) -> Option<Instead> {
    test.then(Vec::new)
}

const fn defect(invariant: Invariant, name: &'static str, show: fn(&Event) -> Option<Instead>) -> Defect {
    Defect { name, invariant, show }
}

/// A defect that no record shows: it is planted in the second of two runs, or in what is left at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The clock of the machine shows in one record.
    WallClock,
    /// The file that is written has a line less.
    LineForgotten,
    /// A packet that comes in several pieces is not taken.
    PieceForgotten,
    /// The stranger is a member of a group of the others.
    StrangerShares,
    /// The stranger's messages go to everybody.
    StrangerMeddles,
    /// Who sends nonsense may use the Client Identifier of another.
    HostileTakesOver,
    /// Nobody keeps who sends nonsense in a corner.
    HostileIsFree,
    /// One session never ends.
    SessionOverlooked,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::WallClock,
        Self::LineForgotten,
        Self::PieceForgotten,
        Self::StrangerShares,
        Self::StrangerMeddles,
        Self::HostileTakesOver,
        Self::HostileIsFree,
        Self::SessionOverlooked,
    ];

    /// The promise that it breaks.
    #[must_use]
    pub const fn invariant(self) -> Invariant {
        match self {
            Self::WallClock => Invariant::Determinism,
            Self::LineForgotten => Invariant::Replay,
            Self::PieceForgotten => Invariant::Chunking,
            Self::StrangerShares | Self::StrangerMeddles => Invariant::Isolation,
            Self::HostileTakesOver | Self::HostileIsFree => Invariant::Hostility,
            Self::SessionOverlooked => Invariant::NoLeak,
        }
    }
}

use Invariant as I;

/// All of them.
pub const DEFECTS: [Defect; 54] = [
    defect(I::AtMostOnce, "a QoS 0 delivery is sent twice", |e| delivery(e, Some(QoS::AtMostOnce)).and_then(|_| twice(e))),
    defect(I::AtLeastOnce, "a QoS 1 delivery is forgotten", |e| gone(delivery(e, Some(QoS::AtLeastOnce)).is_some_and(|p| !p.dup))),
    defect(I::AtLeastOnce, "DUP on a first delivery", |e| {
        changed_delivery(e, Some(QoS::AtLeastOnce), |p| (!std::mem::replace(&mut p.dup, true)).then_some(()))
    }),
    defect(I::AtLeastOnce, "PUBACK is forgotten", |e| gone(matches!(sent(e, Side::Broker), Some(Packet::Puback(_))))),
    defect(I::PacketIds, "DUP is missing on what is sent again", |e| {
        changed_delivery(e, None, |p| std::mem::replace(&mut p.dup, false).then_some(()))
    }),
    defect(I::ExactlyOnce, "a QoS 2 delivery is sent twice", |e| delivery(e, Some(QoS::ExactlyOnce)).and_then(|_| twice(e))),
    defect(I::ExactlyOnce, "a QoS 2 delivery is forgotten", |e| gone(delivery(e, Some(QoS::ExactlyOnce)).is_some_and(|p| !p.dup))),
    defect(I::ExactlyOnce, "PUBREL for another message", |e| match sent(e, Side::Broker)? {
        Packet::Pubrel(mut ack) => {
            ack.packet_id = PacketId::new(60_000)?;
            with(e, &Packet::Pubrel(ack))
        }
        _ => None,
    }),
    defect(I::ExactlyOnce, "a QoS 2 message is accepted twice", |e| match of_broker(e)? {
        BrokerEvent::MessageAccepted { qos: QoS::ExactlyOnce, .. } => twice(e),
        _ => None,
    }),
    defect(I::ExactlyOnce, "PUBREC is forgotten", |e| gone(matches!(sent(e, Side::Broker), Some(Packet::Pubrec(_))))),
    defect(I::NoInvention, "a payload is cut short", |e| {
        changed_delivery(e, None, |p| {
            let short = p.payload.len().checked_sub(1)?;
            p.payload.truncate(short);
            Some(())
        })
    }),
    defect(I::NoInvention, "a delivery at a lower QoS", |e| {
        changed_delivery(e, Some(QoS::ExactlyOnce), |p| {
            p.qos = QoS::AtLeastOnce;
            (!p.dup).then_some(())
        })
    }),
    defect(I::NoInvention, "User Properties are left out", |e| {
        changed_delivery(e, None, |p| {
            let mut properties = p.properties.clone().into_values();
            let had = !properties.user_properties.is_empty() && !p.dup;
            properties.user_properties = Default::default();
            p.properties = properties.into();
            had.then_some(())
        })
    }),
    defect(I::NoInvention, "another message is accepted than was published", |e| match of_broker(e)?.clone() {
        BrokerEvent::MessageAccepted { message, publisher: Some(publisher), topic, qos, retain, payload } if payload.starts_with(b"m") => {
            let payload = payload.to_bytes().slice(1..).into();
            Some(vec![Event::Broker(Box::new(BrokerEvent::MessageAccepted {
                message,
                publisher: Some(publisher),
                topic,
                qos,
                retain,
                payload,
            }))])
        }
        _ => None,
    }),
    defect(I::MatchingOnly, "a matching subscription is overlooked", |e| {
        gone(matches!(of_broker(e), Some(BrokerEvent::MessageRouted { routing: Routing::QueuedOffline, .. })))
    }),
    defect(I::MatchingOnly, "a subscription that was never made", |e| match sent(e, Side::Broker)? {
        Packet::Suback(mut suback) => {
            let code = suback.reason_codes.iter_mut().find(|code| !code.is_error())?;
            *code = ReasonCode::UnspecifiedError;
            with(e, &Packet::Suback(suback))
        }
        _ => None,
    }),
    defect(I::MatchingOnly, "UNSUBSCRIBE changes nothing", |e| match sent(e, Side::Broker)? {
        Packet::Unsuback(mut unsuback) => {
            let code = unsuback.reason_codes.iter_mut().find(|code| **code == ReasonCode::Success)?;
            *code = ReasonCode::UnspecifiedError;
            with(e, &Packet::Unsuback(unsuback))
        }
        _ => None,
    }),
    defect(I::Order, "a burst is acknowledged in another order", |e| match sent(e, Side::Client)? {
        Packet::Puback(mut ack) => {
            ack.packet_id = PacketId::new(ack.packet_id.as_u16().checked_add(1)?)?;
            with(e, &Packet::Puback(ack))
        }
        _ => None,
    }),
    defect(I::Order, SWAPPED, |e| gone(delivery(e, None).is_some_and(|p| p.qos > QoS::AtMostOnce && !p.dup && !p.topic.is_empty()))),
    defect(I::Retained, "RETAIN is turned over", |e| {
        changed_delivery(e, None, |p| {
            p.retain = !p.retain;
            (!p.dup).then_some(())
        })
    }),
    defect(I::Retained, "a retained message is not stored", |e| gone(matches!(of_broker(e), Some(BrokerEvent::RetainedStored { .. })))),
    defect(I::Retained, "an empty payload removes nothing", |e| gone(matches!(of_broker(e), Some(BrokerEvent::RetainedCleared { .. })))),
    defect(I::Retained, "a retained message is removed without a reason", |e| match of_broker(e)? {
        BrokerEvent::RetainedStored { topic, .. } => {
            Some(vec![e.clone(), Event::Broker(Box::new(BrokerEvent::RetainedCleared { topic: topic.clone() }))])
        }
        _ => None,
    }),
    defect(I::Will, "a Will is forgotten", |e| gone(matches!(of_broker(e), Some(BrokerEvent::WillPublished { .. })))),
    defect(I::Will, "a Will is not discarded", |e| gone(matches!(of_broker(e), Some(BrokerEvent::WillDiscarded { resumed: true, .. })))),
    defect(I::Will, "a Will is published twice", |e| match of_broker(e)? {
        BrokerEvent::WillPublished { .. } => twice(e),
        _ => None,
    }),
    defect(I::Will, "a Will comes later than its delay", |e| match of_broker(e)? {
        BrokerEvent::WillScheduled { client_id, at } => {
            let at = *at + Duration::from_secs(1);
            Some(vec![Event::Broker(Box::new(BrokerEvent::WillScheduled { client_id: client_id.clone(), at }))])
        }
        _ => None,
    }),
    defect(I::Will, "a Will comes although its Client said goodbye", |e| match of_broker(e)? {
        BrokerEvent::WillDiscarded { client_id, resumed: false } => {
            let message = crate::broker::MessageId(u64::MAX);
            Some(vec![Event::Broker(Box::new(BrokerEvent::WillPublished { client_id: client_id.clone(), message }))])
        }
        _ => None,
    }),
    defect(I::Will, "a Will is another message", |e| match of_broker(e)?.clone() {
        BrokerEvent::MessageAccepted { message, publisher, topic, qos, retain, payload } if payload.starts_with(b"will") => {
            let payload = payload.to_bytes().slice(1..).into();
            Some(vec![Event::Broker(Box::new(BrokerEvent::MessageAccepted { message, publisher, topic, qos, retain, payload }))])
        }
        _ => None,
    }),
    defect(I::SharedOnce, "a group gets two copies", |e| match of_broker(e)? {
        BrokerEvent::SharedMemberChosen { .. } => twice(e),
        _ => None,
    }),
    defect(I::SharedOnce, "a group gets nothing", |e| gone(matches!(of_broker(e), Some(BrokerEvent::SharedMemberChosen { .. })))),
    defect(I::Options, "Subscription Identifiers are left out", |e| {
        changed_delivery(e, None, |p| {
            let mut properties = p.properties.clone().into_values();
            let had = !properties.subscription_identifiers.is_empty() && !p.dup;
            properties.subscription_identifiers.clear();
            p.properties = properties.into();
            had.then_some(())
        })
    }),
    defect(I::Options, "a Subscription Identifier too many", |e| {
        changed_delivery(e, None, |p| {
            let mut properties = p.properties.clone().into_values();
            properties.subscription_identifiers.push(7);
            p.properties = properties.into();
            (!p.dup).then_some(())
        })
        .filter(|_| is_v5(e))
    }),
    defect(I::Expiry, "Message Expiry Interval is not reduced", |e| {
        changed_delivery(e, None, |p| {
            let mut properties = p.properties.clone().into_values();
            let interval = properties.message_expiry_interval.as_mut()?;
            *interval = interval.checked_add(1)?;
            p.properties = properties.into();
            (!p.dup).then_some(())
        })
    }),
    defect(I::Expiry, "dropped as expired before its time", |e| match of_broker(e)?.clone() {
        BrokerEvent::MessageRouted { message, client_id, filter, routing: Routing::QueuedOffline } => {
            let routing = Routing::Dropped(DropReason::Expired);
            Some(vec![Event::Broker(Box::new(BrokerEvent::MessageRouted { message, client_id, filter, routing }))])
        }
        _ => None,
    }),
    defect(I::Sessions, "Session Present is turned over", |e| match sent(e, Side::Broker)? {
        Packet::Connack(mut connack) if connack.reason_code == ReasonCode::Success => {
            connack.session_present = !connack.session_present;
            with(e, &Packet::Connack(connack))
        }
        _ => None,
    }),
    defect(I::Sessions, "a session outlives its expiry", |e| gone(matches!(of_broker(e), Some(BrokerEvent::SessionEnded { .. })))),
    defect(I::PacketIds, "a Packet Identifier in use", |e| {
        changed_delivery(e, Some(QoS::AtLeastOnce), |p| {
            p.packet_id = PacketId::new(p.packet_id?.as_u16().checked_sub(1)?);
            (!p.dup && p.packet_id.is_some()).then_some(())
        })
    }),
    defect(I::ReceiveMaximum, "Receive Maximum is not looked at", |e| {
        changed_connect(e, |connect| {
            connect.properties.receive_maximum = Some(1);
            (connect.version == ProtocolVersion::V5).then_some(())
        })
    }),
    defect(I::PacketSize, "Maximum Packet Size is not looked at", |e| {
        changed_connect(e, |connect| {
            connect.properties.maximum_packet_size = Some(12);
            (connect.version == ProtocolVersion::V5).then_some(())
        })
    }),
    defect(I::TopicAlias, "an alias that was never set", |e| {
        changed_delivery(e, None, |p| {
            p.topic = Default::default();
            p.properties.topic_alias.map(drop)
        })
    }),
    defect(I::KeepAlive, "closed too early", |e| match of_broker(e)?.clone() {
        BrokerEvent::ConnectionEnded { connection, client_id, cause: EndCause::NetworkClosed } => {
            let cause = EndCause::KeepAliveTimeout;
            Some(vec![Event::Broker(Box::new(BrokerEvent::ConnectionEnded { connection, client_id, cause }))])
        }
        _ => None,
    }),
    defect(I::KeepAlive, "never closed", |e| {
        changed_connect(e, |connect| {
            connect.keep_alive = 1;
            Some(())
        })
    }),
    defect(I::Sequence, "PINGRESP twice", |e| matches!(sent(e, Side::Broker)?, Packet::Pingresp).then(|| twice(e))?),
    defect(I::Sequence, "no CONNACK", |e| gone(matches!(sent(e, Side::Broker), Some(Packet::Connack(_))))),
    defect(I::Sequence, "PUBACK twice", |e| matches!(sent(e, Side::Broker)?, Packet::Puback(_)).then(|| twice(e))?),
    defect(I::OneCodeEach, "SUBACK with a code too few or too many", |e| match sent(e, Side::Broker)? {
        Packet::Suback(mut suback) => {
            suback.reason_codes.push(ReasonCode::Success);
            with(e, &Packet::Suback(suback))
        }
        _ => None,
    }),
    defect(I::Conservation, "a QoS 0 delivery is forgotten", |e| gone(delivery(e, Some(QoS::AtMostOnce)).is_some())),
    defect(I::Conservation, "the messages of a session go silently", |e| {
        gone(matches!(of_broker(e), Some(BrokerEvent::MessageDropped { reason: DropReason::SessionEnded, .. })))
    }),
    defect(I::Canonical, "a length in more bytes than it needs", |e| match e {
        Event::PacketSent { connection, from: from @ Side::Broker, packet_type: packet_type @ PacketType::Publish, version, bytes } => {
            let (first, length) = (*bytes.first()?, *bytes.get(1).filter(|length| **length < 0x80)?);
            let mut longer = vec![first, length | 0x80, 0];
            longer.extend_from_slice(bytes.get(2..)?);
            let (connection, from, packet_type, version) = (*connection, *from, *packet_type, *version);
            Some(vec![Event::PacketSent { connection, from, packet_type, version, bytes: Box::new(longer.into()) }])
        }
        _ => None,
    }),
    defect(I::Bounded, "a full queue takes one more", |e| match of_broker(e)?.clone() {
        BrokerEvent::MessageRouted { message, client_id, filter, routing: Routing::Dropped(DropReason::QueueFull) } => {
            let routing = Routing::QueuedOffline;
            Some(vec![Event::Broker(Box::new(BrokerEvent::MessageRouted { message, client_id, filter, routing }))])
        }
        _ => None,
    }),
    defect(I::Liveness, MUTE, |e| match sent(e, Side::Broker)? {
        Packet::Puback(_) => with(e, &Packet::Pingresp),
        _ => None,
    }),
    defect(I::Time, "time goes back", |e| matches!(e, Event::PacketReceived { .. }).then(Vec::new)),
    defect(I::Time, "a cause comes later", |e| matches!(e, Event::PacketReceived { .. }).then(Vec::new)),
];
