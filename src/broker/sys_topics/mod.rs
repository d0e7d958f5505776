//! `$SYS/broker/…`: what Mosquitto tells of itself, with its names and its ways of writing.
//!
//! Every [`super::BrokerConfig::sys_interval`] the broker publishes, as retained messages at QoS 2, what has changed since the last time. The numbers count from the
//! start of the broker: after a crash from zero. Mosquitto's `heap` topics are missing, for there is no heap to measure; `store/messages/bytes` counts topics and
//! properties beside payloads.

mod load;

use std::collections::BTreeMap;

use load::Load;

use super::delivery::SharedFrame;
use super::event::{BrokerEvent, DropReason, Routing};
use super::message::MessageContent;
use super::{Broker, Timer};
use crate::packet::{CarriedProperties, PacketType, ProtocolVersion, QoS, TopicName};
use crate::time::{Duration, Instant};

/// What all of these topics begin with.
pub(super) const PREFIX: &str = "$SYS/";

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Totals {
    bytes_received: u64,
    bytes_sent: u64,
    messages_received: u64,
    messages_sent: u64,
    publish_bytes_received: u64,
    publish_bytes_sent: u64,
    publish_dropped: u64,
    publish_received: u64,
    publish_sent: u64,
    sockets: u64,
    connects: u64,
    clients_expired: u64,
}

/// What is counted, and what was published of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Statistics {
    /// Nothing is counted unless it is published some day.
    enabled: bool,
    started: Instant,
    totals: Totals,
    clients_maximum: u64,
    /// At the last publication.
    before: Totals,
    last_update: Option<Instant>,
    loads: [Load; 9],
    published: BTreeMap<&'static str, u64>,
}

impl Statistics {
    pub(super) const fn is_enabled(&self) -> bool {
        self.enabled
    }

    pub(super) fn count_event(&mut self, event: &BrokerEvent) {
        if !self.enabled {
            return;
        }
        let dropped = DropReason::QueueFull;
        match event {
            BrokerEvent::PacketReceived { frame, .. } => {
                add(&mut self.totals.messages_received, 1);
                match frame.first().copied().and_then(PacketType::from_first_byte) {
                    Some(PacketType::Publish) => add(&mut self.totals.publish_received, 1),
                    Some(PacketType::Connect) => add(&mut self.totals.connects, 1),
                    _ => {}
                }
            }
            BrokerEvent::MessageRouted { routing: Routing::Dropped(reason), .. } | BrokerEvent::MessageDropped { reason, .. }
                if *reason == dropped || *reason == DropReason::SlowReader || *reason == DropReason::PayloadsFull =>
            {
                add(&mut self.totals.publish_dropped, 1);
            }
            _ => {}
        }
    }

    pub(super) fn count_sent(&mut self, packet_type: PacketType, bytes: &[u8], version: Option<ProtocolVersion>) {
        if !self.enabled {
            return;
        }
        add(&mut self.totals.messages_sent, 1);
        add(&mut self.totals.bytes_sent, bytes.len());
        if packet_type == PacketType::Publish {
            add(&mut self.totals.publish_sent, 1);
            let payload = version.and_then(|version| payload_len(bytes, version));
            add(&mut self.totals.publish_bytes_sent, payload.unwrap_or_default());
        }
    }

    pub(super) fn count_received(&mut self, bytes: usize) {
        if self.enabled {
            add(&mut self.totals.bytes_received, bytes);
        }
    }

    pub(super) fn count_payload(&mut self, bytes: usize) {
        if self.enabled {
            add(&mut self.totals.publish_bytes_received, bytes);
        }
    }

    pub(super) fn count_socket(&mut self) {
        if self.enabled {
            add(&mut self.totals.sockets, 1);
        }
    }

    pub(super) fn count_expired(&mut self) {
        if self.enabled {
            add(&mut self.totals.clients_expired, 1);
        }
    }
}

/// A state of the broker that is looked at, not counted.
#[derive(Clone, Copy)]
struct Gauges {
    clients: u64,
    connected: u64,
    subscriptions: u64,
    shared_subscriptions: u64,
    retained: u64,
    stored: u64,
    stored_bytes: u64,
}

impl Broker {
    /// Starts counting from zero at `now`, and publishes at once.
    pub(super) fn start_statistics(&mut self, now: Instant) {
        let enabled = self.config.sys_interval.is_some_and(|interval| interval > Duration::ZERO);
        self.statistics = Statistics { enabled, started: now, ..Statistics::default() };
        if enabled {
            self.timers.set(Timer::SysTopics, now);
        }
    }

    /// Publishes what has changed, and sets the timer for the next time.
    pub(super) fn publish_sys_topics(&mut self, now: Instant) {
        let Some(interval) = self.config.sys_interval.filter(|interval| *interval > Duration::ZERO) else { return };
        self.timers.set(Timer::SysTopics, now + interval);
        let first = self.statistics.last_update.is_none();
        if first {
            self.publish_sys("$SYS/broker/version", version(), now);
        }
        let uptime = now.saturating_since(self.statistics.started).as_millis() / 1_000;
        self.publish_sys("$SYS/broker/uptime", format!("{uptime} seconds"), now);
        // Before the totals, as Mosquitto has it: what these messages add counts for the next time.
        for (topic, text) in self.update_loads(now) {
            self.publish_sys(topic, text, now);
        }
        let gauges = self.gauges();
        self.statistics.clients_maximum = self.statistics.clients_maximum.max(gauges.connected);
        for (topic, value) in self.values(gauges) {
            if self.statistics.published.insert(topic, value) != Some(value) {
                self.publish_sys(topic, value.to_string(), now);
            }
        }
    }

    fn update_loads(&mut self, now: Instant) -> Vec<(&'static str, String)> {
        let Statistics { totals, before, last_update, loads, .. } = &mut self.statistics;
        let passed = last_update.map(|last| now.saturating_since(last));
        let counts = |totals: &Totals| {
            [
                totals.messages_received,
                totals.messages_sent,
                totals.publish_dropped,
                totals.publish_received,
                totals.publish_sent,
                totals.bytes_received,
                totals.bytes_sent,
                totals.sockets,
                totals.connects,
            ]
        };
        let mut changed = Vec::new();
        for (((load, topics), total), total_before) in loads.iter_mut().zip(&LOADS).zip(counts(totals)).zip(counts(before)) {
            for (topic, text) in topics.iter().zip(load.update(total.saturating_sub(total_before), passed)) {
                changed.extend(text.map(|text| (*topic, text)));
            }
        }
        *before = *totals;
        *last_update = Some(now);
        changed
    }

    fn gauges(&self) -> Gauges {
        let sessions = || self.by_client.values().filter_map(|key| self.sessions.get(key.0));
        let filters = || sessions().flat_map(|session| session.subscriptions.keys());
        let (stored, stored_bytes) = self.held.totals();
        Gauges {
            clients: count(self.by_client.len()),
            connected: count(sessions().filter(|session| session.online.is_some()).count()),
            subscriptions: count(filters().filter(|filter| !filter.is_shared()).count()),
            shared_subscriptions: count(filters().filter(|filter| filter.is_shared()).count()),
            retained: count(self.retained.len()),
            stored: count(stored),
            stored_bytes: count(stored_bytes),
        }
    }

    fn values(&self, gauges: Gauges) -> [(&'static str, u64); 22] {
        let Statistics { totals, clients_maximum, .. } = &self.statistics;
        let offline = gauges.clients.saturating_sub(gauges.connected);
        [
            ("$SYS/broker/clients/total", gauges.clients),
            ("$SYS/broker/clients/maximum", *clients_maximum),
            ("$SYS/broker/clients/disconnected", offline),
            ("$SYS/broker/clients/inactive", offline),
            ("$SYS/broker/clients/connected", gauges.connected),
            ("$SYS/broker/clients/active", gauges.connected),
            ("$SYS/broker/clients/expired", totals.clients_expired),
            ("$SYS/broker/messages/stored", gauges.stored),
            ("$SYS/broker/store/messages/count", gauges.stored),
            ("$SYS/broker/store/messages/bytes", gauges.stored_bytes),
            ("$SYS/broker/subscriptions/count", gauges.subscriptions),
            ("$SYS/broker/shared_subscriptions/count", gauges.shared_subscriptions),
            ("$SYS/broker/retained messages/count", gauges.retained),
            ("$SYS/broker/messages/received", totals.messages_received),
            ("$SYS/broker/messages/sent", totals.messages_sent),
            ("$SYS/broker/bytes/received", totals.bytes_received),
            ("$SYS/broker/bytes/sent", totals.bytes_sent),
            ("$SYS/broker/publish/bytes/received", totals.publish_bytes_received),
            ("$SYS/broker/publish/bytes/sent", totals.publish_bytes_sent),
            ("$SYS/broker/publish/messages/dropped", totals.publish_dropped),
            ("$SYS/broker/publish/messages/received", totals.publish_received),
            ("$SYS/broker/publish/messages/sent", totals.publish_sent),
        ]
    }

    fn publish_sys(&mut self, topic: &'static str, text: String, now: Instant) {
        // All of them are legal Topic Names.
        let Ok(topic) = TopicName::new(topic) else { return };
        self.accept(
            now,
            MessageContent {
                publisher: None,
                publisher_user: None,
                topic,
                payload: text.into(),
                qos: QoS::ExactlyOnce,
                retain: self.config.retain_available,
                properties: CarriedProperties::default(),
            },
            SharedFrame::default(),
        );
    }
}

/// The topics of each moving average: over 1, 5 and 15 minutes.
const LOADS: [[&str; 3]; 9] = [
    ["$SYS/broker/load/messages/received/1min", "$SYS/broker/load/messages/received/5min", "$SYS/broker/load/messages/received/15min"],
    ["$SYS/broker/load/messages/sent/1min", "$SYS/broker/load/messages/sent/5min", "$SYS/broker/load/messages/sent/15min"],
    ["$SYS/broker/load/publish/dropped/1min", "$SYS/broker/load/publish/dropped/5min", "$SYS/broker/load/publish/dropped/15min"],
    ["$SYS/broker/load/publish/received/1min", "$SYS/broker/load/publish/received/5min", "$SYS/broker/load/publish/received/15min"],
    ["$SYS/broker/load/publish/sent/1min", "$SYS/broker/load/publish/sent/5min", "$SYS/broker/load/publish/sent/15min"],
    ["$SYS/broker/load/bytes/received/1min", "$SYS/broker/load/bytes/received/5min", "$SYS/broker/load/bytes/received/15min"],
    ["$SYS/broker/load/bytes/sent/1min", "$SYS/broker/load/bytes/sent/5min", "$SYS/broker/load/bytes/sent/15min"],
    ["$SYS/broker/load/sockets/1min", "$SYS/broker/load/sockets/5min", "$SYS/broker/load/sockets/15min"],
    ["$SYS/broker/load/connections/1min", "$SYS/broker/load/connections/5min", "$SYS/broker/load/connections/15min"],
];

fn version() -> String {
    format!("mqtt-playground version {}", env!("CARGO_PKG_VERSION"))
}

fn add(total: &mut u64, more: usize) {
    *total = total.saturating_add(count(more));
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Bytes of payload in a PUBLISH that this broker has written.
fn payload_len(bytes: &[u8], version: ProtocolVersion) -> Option<usize> {
    let (first, rest) = bytes.split_first()?;
    let (_, rest) = variable_byte_integer(rest)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let rest = rest.get(usize::from(u16::from_be_bytes(*length))..)?;
    let rest = if first & 0b0110 == 0 { rest } else { rest.get(2..)? };
    if version == ProtocolVersion::V311 {
        return Some(rest.len());
    }
    let (properties, rest) = variable_byte_integer(rest)?;
    rest.len().checked_sub(properties)
}

fn variable_byte_integer(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().take(4).position(|byte| byte & 0x80 == 0)?;
    let (digits, rest) = bytes.split_at_checked(end.checked_add(1)?)?;
    let value = digits.iter().rev().try_fold(0_usize, |value, byte| value.checked_mul(128)?.checked_add(usize::from(byte & 0x7F)))?;
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Packet, PacketId, Publish, PublishProperties};

    #[test]
    fn the_payload_of_a_packet_is_what_follows_everything_else() {
        for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
            for (qos, size) in [(QoS::AtMostOnce, 0), (QoS::AtLeastOnce, 5), (QoS::ExactlyOnce, 20_000)] {
                let mut properties = PublishProperties::default();
                if version == ProtocolVersion::V5 {
                    properties.content_type = Some("x".repeat(200).into());
                }
                let publish = Publish {
                    dup: false,
                    qos,
                    retain: true,
                    topic: TopicName::new("a/b").unwrap(),
                    packet_id: PacketId::new(if qos == QoS::AtMostOnce { 0 } else { 1 }),
                    properties: properties.into(),
                    payload: vec![7; size].into(),
                };
                let bytes = Packet::Publish(publish).to_bytes(version).unwrap();
                assert_eq!(payload_len(&bytes, version), Some(size), "{version:?} {qos:?}");
            }
        }
        assert_eq!(payload_len(b"\x30", ProtocolVersion::V5), None);
    }
}
