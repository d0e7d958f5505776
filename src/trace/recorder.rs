//! A trace of real connections: bounded in records and bytes, without secrets.

use std::collections::BTreeSet;

use bytes::{Bytes, BytesMut};

use super::{Event, Node, NodeId, Trace};
use crate::broker::BrokerEvent;
use crate::packet::{Packet, ProtocolVersion, mask_secrets};
use crate::session::ConnectionId;
use crate::text::{Message, key};
use crate::time::Instant;

/// Topics over which brokers are administered: new passwords are among what is published there.
const CONTROL_TOPICS: &str = "$CONTROL/";

/// Records what drivers of real connections see. At a limit a last record says so; the connections go on.
#[derive(Clone, Debug)]
pub struct Recorder {
    trace: Trace,
    records_max: usize,
    /// Bytes of packets in the trace.
    bytes: usize,
    bytes_max: usize,
    is_full: bool,
    /// Connections on which a Topic Alias may stand for a control topic.
    control_aliases: BTreeSet<ConnectionId>,
}

impl Recorder {
    /// Begins with [`Event::RunStarted`]. At most `records_max` records are kept, and packets until they have `bytes_max` bytes.
    #[must_use]
    pub fn new(nodes: Vec<Node>, records_max: usize, bytes_max: usize) -> Self {
        // One more for the record that says that the limit is reached.
        let mut trace = Trace::new(nodes, records_max.saturating_add(1));
        trace.push(Instant::ZERO, None, Event::RunStarted { seed: None });
        Self { trace, records_max, bytes: 0, bytes_max, is_full: false, control_aliases: BTreeSet::new() }
    }

    /// What was recorded.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Whether a limit is reached: nothing more is recorded.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.is_full
    }

    /// Adds a participant.
    pub fn add_node(&mut self, node: Node) -> NodeId {
        self.trace.add_node(node)
    }

    /// Says more of a participant, whose name came only later.
    pub fn describe_node(&mut self, id: NodeId, node: Node) {
        self.trace.describe_node(id, node);
    }

    /// Adds a record, without the secrets of its packet.
    pub fn record(&mut self, at: Instant, event: Event) {
        if self.is_full {
            return;
        }
        if self.trace.len() >= self.records_max {
            self.stop(at, key::SIM_LIMIT_RECORDED_RECORDS.with("limit", self.records_max));
            return;
        }
        let event = self.without_secrets(event);
        let bytes = match &event {
            Event::PacketSent { bytes, .. } | Event::PacketObserved { bytes, .. } => bytes.len(),
            Event::PacketMalformed(malformed) => malformed.bytes.len(),
            _ => 0,
        };
        self.bytes = self.bytes.saturating_add(bytes);
        self.trace.push(at, None, event);
        if self.bytes > self.bytes_max {
            self.stop(at, key::SIM_LIMIT_RECORDED_BYTES.with("limit", self.bytes_max >> 20));
        }
    }

    fn stop(&mut self, at: Instant, message: Message) {
        self.is_full = true;
        self.trace.push(at, None, Event::LimitReached { message: message.into() });
    }

    fn without_secrets(&mut self, mut event: Event) -> Event {
        match &mut event {
            Event::PacketSent { connection, bytes, version, .. } | Event::PacketObserved { connection, bytes, version, .. } => {
                **bytes = self.without_control(*connection, &mask_secrets(bytes, *version), *version);
            }
            // Where the secrets of a packet are does not depend on the version: AUTH is of 5.0 alone, CONNECT names its own.
            Event::PacketMalformed(malformed) => malformed.bytes = mask_secrets(&malformed.bytes, ProtocolVersion::V5),
            Event::Broker(event) => {
                if let BrokerEvent::MessageAccepted { topic, payload, .. } = &mut **event
                    && topic.as_str().starts_with(CONTROL_TOPICS)
                {
                    *payload = vec![b'*'; payload.len()].into();
                }
            }
            Event::TransportClosed { connection, .. } => {
                self.control_aliases.remove(connection);
            }
            _ => {}
        }
        event
    }

    /// A PUBLISH to a control topic, with `*` for its payload.
    fn without_control(&mut self, connection: ConnectionId, frame: &Bytes, version: ProtocolVersion) -> Bytes {
        let is_publish = frame.first().is_some_and(|first| first >> 4 == 3);
        let may_be_control = is_publish
            && (frame.windows(CONTROL_TOPICS.len()).any(|part| part == CONTROL_TOPICS.as_bytes()) || !self.control_aliases.is_empty());
        if !may_be_control {
            return frame.clone();
        }
        let Ok(Packet::Publish(publish)) = Packet::decode(frame, version) else { return frame.clone() };
        let topic = publish.topic.as_str();
        let has_alias = publish.properties.topic_alias.is_some();
        let is_control = topic.starts_with(CONTROL_TOPICS) || (topic.is_empty() && self.control_aliases.contains(&connection));
        if !is_control {
            return frame.clone();
        }
        if has_alias {
            self.control_aliases.insert(connection);
        }
        let mut masked = BytesMut::from(&**frame);
        let start = masked.len().saturating_sub(publish.payload.len());
        if let Some(payload) = masked.get_mut(start..) {
            payload.fill(b'*');
        }
        masked.freeze()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::link::Side;
    use crate::packet::PacketType;
    use crate::session::ConnectionId;

    fn observed(bytes: &'static [u8]) -> Event {
        let packet_type = PacketType::from_first_byte(bytes[0]).unwrap();
        let bytes = Box::new(Bytes::from_static(bytes));
        Event::PacketObserved { connection: ConnectionId(1), from: Side::Client, packet_type, version: ProtocolVersion::V311, bytes }
    }

    #[test]
    fn the_last_record_names_the_limit() {
        let mut recorder = Recorder::new(Vec::new(), 3, usize::MAX);
        for second in 0..9 {
            recorder.record(Instant::from_secs(second), observed(b"\xC0\0"));
        }
        let records = recorder.trace().records();
        assert_eq!(records.len(), 4);
        assert!(matches!(&records[3].event, Event::LimitReached { message } if message.key() == key::SIM_LIMIT_RECORDED_RECORDS));

        let mut recorder = Recorder::new(Vec::new(), 100, 5);
        for second in 0..9 {
            recorder.record(Instant::from_secs(second), observed(b"\xC0\0"));
        }
        let records = recorder.trace().records();
        assert_eq!(records.len(), 5, "the start, three packets, the limit");
        assert!(matches!(&records[4].event, Event::LimitReached { message } if message.key() == key::SIM_LIMIT_RECORDED_BYTES));
    }

    #[test]
    fn passwords_are_masked() {
        let mut recorder = Recorder::new(Vec::new(), 10, 1_000);
        recorder.record(Instant::ZERO, observed(b"\x10\x13\0\x04MQTT\x04\xC2\0\0\0\x01a\0\x01u\0\x03key"));
        let Event::PacketObserved { bytes, .. } = &recorder.trace().records()[1].event else { panic!("a packet") };
        assert!(bytes.ends_with(b"\0\x03***"), "{bytes:?}");
    }

    #[test]
    fn what_is_published_to_administer_a_broker_is_masked_under_an_alias_too() {
        let mut recorder = Recorder::new(Vec::new(), 10, 1_000);
        let publish = |bytes: &'static [u8]| Event::PacketObserved {
            connection: ConnectionId(1),
            from: Side::Client,
            packet_type: PacketType::Publish,
            version: ProtocolVersion::V5,
            bytes: Bytes::from_static(bytes).into(),
        };
        recorder.record(Instant::ZERO, publish(b"\x30\x14\0\x0A$CONTROL/a\x03\x23\0\x01key!"));
        recorder.record(Instant::ZERO, publish(b"\x30\x09\0\0\x03\x23\0\x01key"));
        recorder.record(Instant::ZERO, publish(b"\x30\x07\0\x01a\0key"));
        let ends: Vec<_> = recorder.trace().records()[1..]
            .iter()
            .map(|record| match &record.event {
                Event::PacketObserved { bytes, .. } => bytes.slice(bytes.len() - 3..),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ends, ["***", "***", "key"]);
    }
}
