//! A trace of real connections: bounded in records and bytes, without secrets.

use super::{Event, Node, NodeId, Trace};
use crate::packet::{ProtocolVersion, mask_secrets};
use crate::text::{Message, key};
use crate::time::Instant;

/// Records what drivers of real connections see. At a limit a last record says so; the connections go on.
#[derive(Clone, Debug)]
pub struct Recorder {
    trace: Trace,
    records_max: usize,
    /// Bytes of packets in the trace.
    bytes: usize,
    bytes_max: usize,
    is_full: bool,
}

impl Recorder {
    /// Begins with [`Event::RunStarted`]. At most `records_max` records are kept, and packets until they have `bytes_max` bytes.
    #[must_use]
    pub fn new(nodes: Vec<Node>, records_max: usize, bytes_max: usize) -> Self {
        // One more for the record that says that the limit is reached.
        let mut trace = Trace::new(nodes, records_max.saturating_add(1));
        trace.push(Instant::ZERO, None, Event::RunStarted { seed: None });
        Self { trace, records_max, bytes: 0, bytes_max, is_full: false }
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
        let event = without_secrets(event);
        if let Event::PacketSent { bytes, .. } | Event::PacketObserved { bytes, .. } | Event::PacketMalformed { bytes, .. } = &event {
            self.bytes = self.bytes.saturating_add(bytes.len());
        }
        self.trace.push(at, None, event);
        if self.bytes > self.bytes_max {
            self.stop(at, key::SIM_LIMIT_RECORDED_BYTES.with("limit", self.bytes_max >> 20));
        }
    }

    fn stop(&mut self, at: Instant, message: Message) {
        self.is_full = true;
        self.trace.push(at, None, Event::LimitReached { message });
    }
}

fn without_secrets(mut event: Event) -> Event {
    match &mut event {
        Event::PacketSent { bytes, version, .. } | Event::PacketObserved { bytes, version, .. } => *bytes = mask_secrets(bytes, *version),
        // Where the secrets of a packet are does not depend on the version: AUTH is of 5.0 alone, CONNECT names its own.
        Event::PacketMalformed { bytes, .. } => *bytes = mask_secrets(bytes, ProtocolVersion::V5),
        _ => {}
    }
    event
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
        let bytes = Bytes::from_static(bytes);
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
}
