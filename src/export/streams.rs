//! What each side of each connection wrote, packet by packet, and how much of it got onto the wire.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::broker::{BrokerEvent, MessageId};
use crate::link::{LossReason, Segment, Side};
use crate::packet::{Packet, PacketType, ProtocolVersion, mask_secrets};
use crate::session::ConnectionId;
use crate::trace::{Event, Lane, NodeId, Record, RecordId};

/// One MQTT packet that was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) record: RecordId,
    pub(super) packet_type: PacketType,
    pub(super) version: ProtocolVersion,
    /// Its bytes without secrets.
    pub(super) bytes: Bytes,
    /// The broker's name for the message that it carries, where the trace tells.
    pub(super) message: Option<MessageId>,
}

impl Written {
    /// `PUBLISH QoS 1, id 7, message 3`.
    pub(super) fn title(&self) -> String {
        let mut parts = Vec::new();
        if let Ok(packet) = Packet::decode(&self.bytes, self.version) {
            if let Packet::Publish(publish) = &packet {
                parts.push(format!("QoS {}", u8::from(publish.qos)));
                parts.extend(publish.dup.then(|| "DUP".to_owned()));
                parts.extend(publish.retain.then(|| "RETAIN".to_owned()));
            }
            parts.extend(packet.packet_id().map(|id| format!("id {id}")));
        }
        parts.extend(self.message.map(|message| format!("message {}", message.0)));
        let separator = if parts.is_empty() { "" } else { " " };
        format!("{}{separator}{}", self.packet_type, parts.join(", "))
    }
}

/// One direction of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    pub(super) lane: Lane,
    pub(super) packets: Vec<Written>,
    /// All bytes that were written, without secrets.
    content: Vec<u8>,
    /// How many of them left in a segment at least once.
    sent: u64,
}

impl Stream {
    fn write(&mut self, record: &Record, packet_type: PacketType, version: ProtocolVersion, bytes: &Bytes) {
        let bytes = mask_secrets(bytes, version);
        self.lane.write(bytes.len(), self.packets.len());
        self.content.extend_from_slice(&bytes);
        self.packets.push(Written { record: record.id, packet_type, version, bytes, message: None });
    }

    /// The payload of a segment without secrets.
    pub(super) fn payload(&self, segment: &Segment) -> Vec<u8> {
        let start = usize::try_from(self.lane.offset(segment.seq)).unwrap_or(usize::MAX);
        let known = self.content.get(start..start.saturating_add(segment.payload.len()));
        // Whatever was written is known. Should bytes be in a segment that nobody wrote, they are not shown: they might be secret.
        known.map_or_else(|| vec![b'*'; segment.payload.len()], <[u8]>::to_vec)
    }
}

/// A connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) client: NodeId,
    /// Whether its segments are in the trace; those of live connections are not.
    pub(super) has_segments: bool,
    to_broker: Stream,
    to_client: Stream,
}

impl Connection {
    pub(super) const fn stream(&self, from: Side) -> &Stream {
        match from {
            Side::Client => &self.to_broker,
            Side::Broker => &self.to_client,
        }
    }

    const fn stream_mut(&mut self, from: Side) -> &mut Stream {
        match from {
            Side::Client => &mut self.to_broker,
            Side::Broker => &mut self.to_client,
        }
    }
}

/// Everything that a capture needs to know ahead of the frame that it writes.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams {
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    /// Why segments were lost, by number.
    pub(super) lost: BTreeMap<(ConnectionId, u32), LossReason>,
    places: BTreeMap<RecordId, (ConnectionId, Side, usize)>,
}

impl Streams {
    pub(super) fn of(records: &[Record]) -> Self {
        let mut streams = Self::default();
        for record in records {
            streams.take(record, records);
        }
        streams
    }

    fn take(&mut self, record: &Record, records: &[Record]) {
        match &record.event {
            Event::ConnectionOpening { connection, client } => {
                let opened =
                    Connection { client: *client, has_segments: false, to_broker: Stream::default(), to_client: Stream::default() };
                self.connections.insert(*connection, opened);
            }
            Event::SegmentSent { connection, segment } => {
                if let Some(opened) = self.connections.get_mut(connection) {
                    opened.has_segments = true;
                    let stream = opened.stream_mut(segment.from);
                    if !segment.payload.is_empty() {
                        let end = stream.lane.offset(segment.seq).saturating_add(segment.payload.len() as u64);
                        stream.sent = stream.sent.max(end);
                    }
                }
            }
            Event::SegmentLost { connection, number, reason } => {
                self.lost.insert((*connection, *number), *reason);
            }
            Event::PacketSent { connection, from, packet_type, version, bytes }
            | Event::PacketObserved { connection, from, packet_type, version, bytes } => {
                if let Some(opened) = self.connections.get_mut(connection) {
                    let stream = opened.stream_mut(*from);
                    self.places.insert(record.id, (*connection, *from, stream.packets.len()));
                    stream.write(record, *packet_type, *version, bytes);
                    self.name_delivery(record, records);
                }
            }
            Event::Broker(event) if let BrokerEvent::MessageAccepted { message, .. } = &**event => {
                // The PUBLISH that brought the message is what the broker received last before.
                let received = record.cause().and_then(|cause| records.get(cause.0 as usize));
                if let Some(Event::PacketReceived { sent: Some(sent), .. }) = received.map(|received| &received.event) {
                    self.name_message(*sent, *message);
                }
            }
            _ => {}
        }
    }

    /// A PUBLISH from the broker is named after the decision that led to it.
    fn name_delivery(&mut self, record: &Record, records: &[Record]) {
        let cause = record.cause().and_then(|cause| records.get(cause.0 as usize));
        let Some(Event::Broker(event)) = cause.map(|cause| &cause.event) else { return };
        let (BrokerEvent::MessageRouted { message, .. } | BrokerEvent::MessageSent { message, .. }) = &**event else { return };
        let message = *message;
        self.name_message(record.id, message);
    }

    fn name_message(&mut self, packet: RecordId, message: MessageId) {
        let Some((connection, from, index)) = self.places.get(&packet) else { return };
        let written = self.connections.get_mut(connection).and_then(|opened| opened.stream_mut(*from).packets.get_mut(*index));
        if let Some(written) = written.filter(|written| written.packet_type == PacketType::Publish) {
            written.message = Some(message);
        }
    }

    /// The packet with this record.
    pub(super) fn written(&self, packet: RecordId) -> Option<&Written> {
        let (connection, from, index) = self.places.get(&packet)?;
        self.connections.get(connection)?.stream(*from).packets.get(*index)
    }

    /// Whether every byte of the packet left at least once, so that a capture shows it whole.
    pub(super) fn is_on_the_wire(&self, packet: RecordId) -> bool {
        let Some((connection, from, index)) = self.places.get(&packet) else { return false };
        let Some(opened) = self.connections.get(connection) else { return false };
        let stream = opened.stream(*from);
        !opened.has_segments || stream.lane.end(*index) <= stream.sent
    }

    /// How many packets a capture shows whole.
    pub(super) fn on_the_wire(&self) -> usize {
        self.places.keys().filter(|packet| self.is_on_the_wire(**packet)).count()
    }
}
