//! The packets of a run, one row each.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use bytes::Bytes;

use crate::link::{Segment, Side};
use crate::packet::{Packet, PacketId, PacketType, ProtocolVersion, QoS, ReasonCode};
use crate::session::ConnectionId;
use crate::time::Instant;
use crate::trace::{Event, Lane, NodeId, Record, RecordId};

/// Characters of a payload that a row shows.
const PAYLOAD_CHARACTERS: usize = 64;

/// One MQTT packet between two nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketRow {
    /// Its `PacketSent` record (in a live connection, for the broker's packets: `PacketObserved`).
    pub record: RecordId,
    /// When it was sent.
    pub at: Instant,
    /// On this connection.
    pub connection: ConnectionId,
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// Its type.
    pub packet_type: PacketType,
    /// The version spoken.
    pub version: ProtocolVersion,
    /// All its bytes.
    pub bytes: Bytes,
    /// What a row shows of it. Shared, since all rows are copied whenever one is added.
    pub summary: Rc<Summary>,
    /// What became of it, in the whole trace: compare the record with the cursor.
    pub fate: Fate,
    /// How many times a segment that carries it was sent again.
    pub retransmissions: u32,
}

/// What a row shows of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Packet Identifier.
    pub packet_id: Option<PacketId>,
    /// QoS of a PUBLISH.
    pub qos: Option<QoS>,
    /// DUP.
    pub dup: bool,
    /// RETAIN.
    pub retain: bool,
    /// Topic Name, or the first Topic Filter. Of a PUBLISH that leaves its topic to a Topic Alias: what that means on its connection.
    pub topic: Option<String>,
    /// Topic Alias of a PUBLISH.
    pub topic_alias: Option<u16>,
    /// Payload as text, cut to 64 characters; `None` if it is no UTF-8 text.
    pub payload: Option<String>,
    /// The (first) Reason Code, in packets that have one.
    pub reason_code: Option<ReasonCode>,
    /// Session Present of a CONNACK.
    pub session_present: Option<bool>,
    /// Clean Start of a CONNECT.
    pub clean_start: Option<bool>,
}

impl Summary {
    /// What a row shows of the packet with these bytes. What is no legal packet shows nothing.
    #[must_use]
    pub fn of(frame: &Bytes, version: ProtocolVersion) -> Self {
        let Ok(packet) = Packet::decode(frame, version) else { return Self::default() };
        let mut summary = Self { packet_id: packet.packet_id(), ..Self::default() };
        match packet {
            Packet::Connect(connect) => {
                summary.clean_start = Some(connect.clean_start);
            }
            Packet::Connack(connack) => {
                summary.session_present = Some(connack.session_present);
                summary.reason_code = Some(connack.reason_code);
            }
            Packet::Publish(publish) => {
                summary.qos = Some(publish.qos);
                summary.dup = publish.dup;
                summary.retain = publish.retain;
                summary.topic = (!publish.topic.is_empty()).then(|| publish.topic.as_str().to_owned());
                summary.topic_alias = publish.properties.topic_alias;
                summary.payload = text_of(&publish.payload);
            }
            Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => {
                // 3.1.1 has no Reason Codes here; showing Success would invent one.
                summary.reason_code = (version == ProtocolVersion::V5).then_some(ack.reason_code);
            }
            Packet::Subscribe(subscribe) => {
                summary.topic = subscribe.subscriptions.first().map(|first| first.filter.as_str().to_owned());
                summary.qos = subscribe.subscriptions.first().map(|first| first.options.qos);
            }
            Packet::Suback(suback) => summary.reason_code = suback.reason_codes.first().copied(),
            Packet::Unsubscribe(unsubscribe) => {
                summary.topic = unsubscribe.filters.first().map(|first| first.as_str().to_owned());
            }
            Packet::Unsuback(unsuback) => summary.reason_code = unsuback.reason_codes.first().copied(),
            Packet::Disconnect(disconnect) => {
                summary.reason_code = (version == ProtocolVersion::V5).then_some(disconnect.reason_code);
            }
            Packet::Auth(auth) => summary.reason_code = Some(auth.reason_code),
            Packet::Pingreq | Packet::Pingresp => {}
        }
        summary
    }
}

/// The payload as text, cut to 64 characters; `None` if it is no UTF-8 text.
#[must_use]
pub fn text_of(payload: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(payload).ok()?;
    Some(text.chars().take(PAYLOAD_CHARACTERS).collect())
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// Not known (yet).
    #[default]
    InFlight,
    /// It left for a peer outside, and nothing that came back shows (yet) that it arrived.
    Sent,
    /// It arrived whole.
    Arrived {
        /// The record.
        record: RecordId,
        /// When.
        at: Instant,
    },
    /// It never will.
    Lost {
        /// The record.
        record: RecordId,
        /// When that was certain.
        at: Instant,
        /// Why.
        reason: crate::link::LossReason,
    },
}

impl Fate {
    /// The fate as far as the first `records` records tell.
    #[must_use]
    pub fn seen_from(self, records: usize) -> Self {
        match self {
            Self::Arrived { record, .. } | Self::Lost { record, .. } if (record.0 as usize) >= records => Self::InFlight,
            _ => self,
        }
    }
}

const fn is_answered_by(packet: PacketType, answer: PacketType) -> bool {
    matches!(
        (packet, answer),
        (PacketType::Connect, PacketType::Connack)
            | (PacketType::Publish, PacketType::Puback | PacketType::Pubrec)
            | (PacketType::Pubrec, PacketType::Pubrel)
            | (PacketType::Pubrel, PacketType::Pubcomp)
            | (PacketType::Subscribe, PacketType::Suback)
            | (PacketType::Unsubscribe, PacketType::Unsuback)
            | (PacketType::Pingreq, PacketType::Pingresp)
    )
}

impl PacketRow {
    /// Whether the receiver has to answer it.
    #[must_use]
    pub fn wants_answer(&self) -> bool {
        match self.packet_type {
            PacketType::Publish => self.summary.qos.is_some_and(|qos| qos != QoS::AtMostOnce),
            PacketType::Connect
            | PacketType::Pubrec
            | PacketType::Pubrel
            | PacketType::Subscribe
            | PacketType::Unsubscribe
            | PacketType::Pingreq => true,
            _ => false,
        }
    }
}

/// All packets of a trace, kept up to date as the trace grows.
#[derive(Clone, Debug, Default)]
pub struct PacketList {
    rows: Vec<PacketRow>,
    /// The number of records taken in.
    seen: usize,
    connections: BTreeMap<ConnectionId, Connection>,
    by_record: BTreeMap<RecordId, usize>,
    /// For each segment sent again, in order: its record and the rows that it carries bytes of.
    retransmitted: Vec<(RecordId, usize)>,
    /// Whether peers are outside.
    live: bool,
}

/// What has to be remembered of a connection to tell which segment carries which packet.
#[derive(Clone, Debug)]
struct Connection {
    client: NodeId,
    to_broker: Lane,
    to_client: Lane,
    /// What each side's Topic Aliases mean so far.
    aliases: BTreeMap<(Side, u16), String>,
    /// On a live connection: packets that a peer outside has not been heard to have received.
    unheard: VecDeque<usize>,
}

impl Connection {
    const fn lane(&mut self, from: Side) -> &mut Lane {
        match from {
            Side::Client => &mut self.to_broker,
            Side::Broker => &mut self.to_client,
        }
    }
}

impl PacketList {
    /// Takes in the records that came since the last call; those it knows already are passed over. The trace only grows; for another branch start anew.
    pub fn extend(&mut self, records: &[Record]) {
        let known = records.partition_point(|record| (record.id.0 as usize) < self.seen);
        for record in records.get(known..).unwrap_or_default() {
            self.take(record);
            self.seen = record.id.0 as usize + 1;
        }
    }

    fn take(&mut self, record: &Record) {
        match &record.event {
            Event::RunStarted { seed } => self.live = seed.is_none(),
            Event::ConnectionOpening { connection, client } => {
                let opened = Connection {
                    client: *client,
                    to_broker: Lane::default(),
                    to_client: Lane::default(),
                    aliases: BTreeMap::new(),
                    unheard: VecDeque::new(),
                };
                self.connections.insert(*connection, opened);
            }
            Event::PacketSent { connection, from, packet_type, version, bytes } => {
                self.push(record, *connection, *from, *packet_type, *version, bytes, self.fate_at_first());
            }
            Event::PacketObserved { connection, from, packet_type, version, bytes } => {
                let fate = Fate::Arrived { record: record.id, at: record.at };
                self.push(record, *connection, *from, *packet_type, *version, bytes, fate);
                self.hear(*connection, fate);
            }
            Event::PacketReceived { sent: Some(sent), .. } => {
                self.decide(*sent, Fate::Arrived { record: record.id, at: record.at });
            }
            Event::PacketLost { sent, reason, .. } => {
                self.decide(*sent, Fate::Lost { record: record.id, at: record.at, reason: *reason });
            }
            Event::SegmentSent { connection, segment } if segment.attempt > 0 && !segment.payload.is_empty() => {
                let Some(opened) = self.connections.get_mut(connection) else { return };
                for row in opened.lane(segment.from).rows_in(segment.seq, segment.payload.len()) {
                    self.retransmitted.push((record.id, row));
                    if let Some(row) = self.rows.get_mut(row) {
                        row.retransmissions += 1;
                    }
                }
            }
            _ => {}
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one event, taken apart once")]
    fn push(
        &mut self,
        record: &Record,
        connection: ConnectionId,
        from: Side,
        packet_type: PacketType,
        version: ProtocolVersion,
        bytes: &Bytes,
        fate: Fate,
    ) {
        let index = self.rows.len();
        let Some(opened) = self.connections.get_mut(&connection) else { return };
        opened.lane(from).write(bytes.len(), index);
        let mut summary = Summary::of(bytes, version);
        if let Some(alias) = summary.topic_alias {
            match &summary.topic {
                Some(topic) => drop(opened.aliases.insert((from, alias), topic.clone())),
                None => summary.topic = opened.aliases.get(&(from, alias)).cloned(),
            }
        }
        if fate == Fate::Sent {
            opened.unheard.push_back(index);
        }
        let (from, to) = match from {
            Side::Client => (opened.client, NodeId::BROKER),
            Side::Broker => (NodeId::BROKER, opened.client),
        };
        self.by_record.insert(record.id, index);
        self.rows.push(PacketRow {
            record: record.id,
            at: record.at,
            connection,
            from,
            to,
            packet_type,
            version,
            bytes: bytes.clone(),
            summary: Rc::new(summary),
            fate,
            retransmissions: 0,
        });
    }

    /// An answer came from a peer outside: the packet that it answers has arrived, and since bytes keep their order so has everything before it.
    fn hear(&mut self, connection: ConnectionId, fate: Fate) {
        let (Some(answer), Some(opened)) = (self.rows.last(), self.connections.get_mut(&connection)) else { return };
        let (answer_type, answer_id) = (answer.packet_type, answer.summary.packet_id);
        let answered = opened.unheard.iter().rposition(|row| {
            self.rows.get(*row).is_some_and(|row| is_answered_by(row.packet_type, answer_type) && row.summary.packet_id == answer_id)
        });
        for index in opened.unheard.drain(..answered.map_or(0, |place| place + 1)) {
            if let Some(row) = self.rows.get_mut(index) {
                row.fate = fate;
            }
        }
    }

    /// What is known of a packet that has just left.
    const fn fate_at_first(&self) -> Fate {
        if self.live { Fate::Sent } else { Fate::InFlight }
    }

    fn decide(&mut self, sent: RecordId, fate: Fate) {
        if let Some(row) = self.by_record.get(&sent).and_then(|index| self.rows.get_mut(*index)) {
            row.fate = fate;
        }
    }

    /// Whether the peer is outside, so that the arrival of what is sent shows only in its answers.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.live
    }

    /// All rows in order of sending.
    #[must_use]
    pub fn rows(&self) -> &[PacketRow] {
        &self.rows
    }

    /// The row of the packet with this record.
    #[must_use]
    pub fn index_of(&self, record: RecordId) -> Option<usize> {
        self.by_record.get(&record).copied()
    }

    /// The client at the end of this connection.
    #[must_use]
    pub fn client_of(&self, connection: ConnectionId) -> Option<NodeId> {
        self.connections.get(&connection).map(|opened| opened.client)
    }

    /// The packets of which a segment carries at least one byte.
    pub fn carried_by(&self, connection: ConnectionId, segment: &Segment) -> impl Iterator<Item = &PacketRow> {
        let lane = self.connections.get(&connection).map(|opened| match segment.from {
            Side::Client => &opened.to_broker,
            Side::Broker => &opened.to_client,
        });
        let rows = lane.into_iter().flat_map(|lane| lane.rows_in(segment.seq, segment.payload.len()));
        rows.filter_map(|row| self.rows.get(row))
    }

    /// How many rows the first `records` records make.
    #[must_use]
    pub fn visible(&self, records: usize) -> usize {
        self.rows.partition_point(|row| (row.record.0 as usize) < records)
    }

    /// The rows as the first `records` records tell them: fates and retransmissions that lie ahead are not in them.
    #[must_use]
    pub fn rows_seen_from(&self, records: usize) -> Vec<PacketRow> {
        let mut rows: Vec<PacketRow> = self.rows.get(..self.visible(records)).unwrap_or_default().to_vec();
        for row in &mut rows {
            row.fate = match row.fate.seen_from(records) {
                Fate::InFlight => self.fate_at_first(),
                known => known,
            };
            row.retransmissions = 0;
        }
        for (record, row) in &self.retransmitted {
            if (record.0 as usize) < records
                && let Some(row) = rows.get_mut(*row)
            {
                row.retransmissions += 1;
            }
        }
        rows
    }
}
