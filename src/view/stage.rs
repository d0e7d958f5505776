//! The stage: nodes, paths and packets on their way, at one instant.

use std::collections::BTreeMap;

use super::packets::{Fate, PacketList, PacketRow, text_of};
use crate::broker::BrokerEvent;
use crate::client::{ClientEvent, ClientState};
use crate::link::{CutDirection, Segment, Side};
use crate::packet::{Packet, PacketType};
use crate::session::ConnectionId;
use crate::text::{Message, key};
use crate::time::{Duration, Instant};
use crate::trace::{Event, Node, NodeId, NodeKind, Record, RecordId};

/// How long a segment is taken to be on its way before any has arrived.
const ASSUMED_TRANSIT: Duration = Duration::from_millis(20);
/// A packet that should have arrived waits this far, in thousandths, until it has.
const ALMOST_THERE: u64 = 960;
/// Where a packet stops that lost a segment, in thousandths.
const STOPPED: u16 = 500;
/// Characters of a last value below a node.
const VALUE_CHARACTERS: usize = 16;

/// What the stage shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// The broker first.
    pub nodes: Vec<StageNode>,
    /// One for each client.
    pub paths: Vec<StagePath>,
    /// Packets on their way.
    pub flights: Vec<Flight>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageNode {
    /// Which.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub kind: NodeKind,
    /// Whether it has power.
    pub powered: bool,
    /// A short line below its name: sessions of the broker, state of a client, last value.
    pub status: Message,
}

/// The way between a client and the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagePath {
    /// The client.
    pub client: NodeId,
    /// Its state.
    pub status: PathStatus,
}

/// State of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStatus {
    /// No connection.
    Idle,
    /// A connection is being opened.
    Opening,
    /// Connected, MQTT accepted.
    Connected,
    /// One side believes in a connection that the other has given up or that cannot carry anything.
    HalfOpen,
    /// Cut.
    Cut,
}

/// A packet on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Its `PacketSent` record.
    pub record: RecordId,
    /// Its type.
    pub packet_type: PacketType,
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// How far, in thousandths. A segment that was lost makes it stop and start again.
    pub progress: u16,
    /// Whether a segment that carries it was lost and is waiting to be sent again.
    pub waiting: bool,
}

/// What the stage is drawn from, as far as the records taken in tell. To look further back, start anew.
#[derive(Clone, Debug, Default)]
pub struct StageFold {
    nodes: Vec<StageNode>,
    clients: BTreeMap<NodeId, ClientPath>,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Packets on their way, in order of sending.
    flights: BTreeMap<RecordId, Departure>,
    seen: usize,
}

#[derive(Clone, Debug, Default)]
struct ClientPath {
    cut: Option<CutDirection>,
    current: Option<ConnectionId>,
    state: Option<ClientState>,
    last_value: Option<String>,
}

#[derive(Clone, Debug)]
struct Connection {
    client: NodeId,
    client_side: End,
    broker_side: End,
    /// CONNACK with Success was received, or (before that) the broker has accepted.
    accepted: bool,
    /// How long the last segment took, by direction.
    to_broker: Duration,
    to_client: Duration,
    /// Segments on their way.
    segments: BTreeMap<u32, (Segment, Instant)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Before,
    Open,
    Over,
}

#[derive(Clone, Copy, Debug)]
struct Departure {
    connection: ConnectionId,
    from: Side,
    at: Instant,
    waiting: bool,
}

impl Connection {
    const fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client_side,
            Side::Broker => &mut self.broker_side,
        }
    }

    const fn transit(&mut self, from: Side) -> &mut Duration {
        match from {
            Side::Client => &mut self.to_broker,
            Side::Broker => &mut self.to_client,
        }
    }

    /// Whether the broker has it open. A broker outside does not tell; what it has accepted is open until the client sees the end.
    fn is_open_at_broker(&self) -> bool {
        match self.broker_side {
            End::Open => true,
            End::Before => self.client_side == End::Open,
            End::Over => false,
        }
    }

    fn is_over(&self) -> bool {
        self.client_side == End::Over && self.broker_side != End::Open
    }
}

impl StageFold {
    /// Before the first record.
    #[must_use]
    pub fn new(nodes: &[Node]) -> Self {
        let stage_nodes = nodes.iter().zip(0..).map(|(node, number)| StageNode {
            node: NodeId(number),
            name: node.name.clone(),
            kind: node.kind,
            powered: true,
            status: key::VIEW_STATE_IDLE.message(),
        });
        let clients = (1..u32::try_from(nodes.len()).unwrap_or(u32::MAX)).map(|number| (NodeId(number), ClientPath::default()));
        Self { nodes: stage_nodes.collect(), clients: clients.collect(), ..Self::default() }
    }

    /// How many records are taken in.
    #[must_use]
    pub const fn seen(&self) -> usize {
        self.seen
    }

    /// Takes in the records that came since the last call, after the packet list has; those it knows already are passed over.
    pub fn extend(&mut self, records: &[Record], packets: &PacketList) {
        let known = records.partition_point(|record| (record.id.0 as usize) < self.seen);
        for record in records.get(known..).unwrap_or_default() {
            self.take(record, packets);
            self.seen = record.id.0 as usize + 1;
        }
    }

    fn take(&mut self, record: &Record, packets: &PacketList) {
        match &record.event {
            Event::ConnectionOpening { connection, client } => self.open(*connection, *client),
            Event::TransportOpened { connection, side } => self.set_end(*connection, *side, End::Open),
            Event::TransportClosed { connection, side, .. } => {
                self.set_end(*connection, *side, End::Over);
                if packets.is_live() {
                    // What was not answered by now never will be, and nobody will say that it was lost.
                    self.flights.retain(|_, departure| departure.connection != *connection);
                }
            }
            Event::SegmentSent { connection, segment } => self.segment_sent(record.at, *connection, segment, packets),
            Event::SegmentArrived { connection, number } => {
                if let Some(opened) = self.connections.get_mut(connection)
                    && let Some((segment, sent_at)) = opened.segments.remove(number)
                {
                    *opened.transit(segment.from) = record.at.saturating_since(sent_at);
                }
            }
            Event::SegmentLost { connection, number, .. } => self.segment_lost(*connection, *number, packets),
            Event::PacketSent { connection, from, bytes, version, packet_type } => {
                if !packets.is_live()
                    || packets.index_of(record.id).and_then(|index| packets.rows().get(index)).is_some_and(PacketRow::wants_answer)
                {
                    self.flights.insert(record.id, Departure { connection: *connection, from: *from, at: record.at, waiting: false });
                }
                if *from == Side::Client
                    && *packet_type == PacketType::Publish
                    && let Ok(Packet::Publish(publish)) = Packet::decode(bytes, *version)
                {
                    self.show_value(*connection, &publish.payload);
                }
            }
            Event::PacketReceived { sent: Some(sent), .. } | Event::PacketLost { sent, .. } => {
                self.flights.remove(sent);
            }
            Event::PacketObserved { .. } => self.hear(record.id, packets),
            Event::PathChanged { client, cut } => {
                if let Some(path) = self.clients.get_mut(client) {
                    path.cut = *cut;
                }
            }
            Event::PowerChanged { node, on } => self.switch(*node, *on),
            Event::Client { client, event } => self.take_client(*client, event),
            Event::Broker(event) => {
                if let BrokerEvent::ClientConnected { connection, .. } = &**event
                    && let Some(opened) = self.connections.get_mut(connection)
                {
                    opened.accepted = true;
                }
            }
            _ => {}
        }
    }

    /// An answer from a peer outside shows that packets have arrived.
    fn hear(&mut self, answer: RecordId, packets: &PacketList) {
        self.flights.retain(|sent, _| {
            let row = packets.index_of(*sent).and_then(|index| packets.rows().get(index));
            !row.is_some_and(|row| matches!(row.fate, Fate::Arrived { record, .. } if record <= answer))
        });
    }

    fn open(&mut self, connection: ConnectionId, client: NodeId) {
        let opened = Connection {
            client,
            client_side: End::Before,
            broker_side: End::Before,
            accepted: false,
            to_broker: ASSUMED_TRANSIT,
            to_client: ASSUMED_TRANSIT,
            segments: BTreeMap::new(),
        };
        self.connections.retain(|_, old| !old.is_over());
        self.connections.insert(connection, opened);
        if let Some(path) = self.clients.get_mut(&client) {
            path.current = Some(connection);
        }
    }

    fn set_end(&mut self, connection: ConnectionId, side: Side, end: End) {
        if let Some(opened) = self.connections.get_mut(&connection) {
            *opened.end(side) = end;
        }
    }

    fn segment_sent(&mut self, at: Instant, connection: ConnectionId, segment: &Segment, packets: &PacketList) {
        let Some(opened) = self.connections.get_mut(&connection) else { return };
        opened.segments.insert(segment.number, (segment.clone(), at));
        for row in packets.carried_by(connection, segment) {
            if let Some(departure) = self.flights.get_mut(&row.record) {
                departure.at = at;
                departure.waiting = false;
            }
        }
    }

    fn segment_lost(&mut self, connection: ConnectionId, number: u32, packets: &PacketList) {
        let Some((segment, _)) = self.connections.get_mut(&connection).and_then(|opened| opened.segments.remove(&number)) else { return };
        for row in packets.carried_by(connection, &segment) {
            if let Some(departure) = self.flights.get_mut(&row.record) {
                departure.waiting = true;
            }
        }
    }

    fn switch(&mut self, node: NodeId, on: bool) {
        if let Some(shown) = self.nodes.get_mut(node.0 as usize) {
            shown.powered = on;
        }
        if on {
            return;
        }
        for opened in self.connections.values_mut() {
            if node == NodeId::BROKER {
                opened.broker_side = End::Over;
            } else if opened.client == node {
                opened.client_side = End::Over;
            }
        }
        if let Some(path) = self.clients.get_mut(&node) {
            path.state = None;
        }
    }

    fn take_client(&mut self, client: NodeId, event: &ClientEvent) {
        let Some(path) = self.clients.get_mut(&client) else { return };
        match event {
            ClientEvent::StateChanged(state) => path.state = Some(*state),
            ClientEvent::Connected { .. } => {
                if let Some(opened) = path.current.and_then(|current| self.connections.get_mut(&current)) {
                    opened.accepted = true;
                }
            }
            ClientEvent::MessageReceived { publish, .. } => path.last_value = short(&publish.payload),
            _ => {}
        }
    }

    fn show_value(&mut self, connection: ConnectionId, payload: &[u8]) {
        let client = self.connections.get(&connection).map(|opened| opened.client);
        if let Some(path) = client.and_then(|client| self.clients.get_mut(&client)) {
            path.last_value = short(payload);
        }
    }

    /// The stage at this time, which is not before the last record taken in. `packets` tells where each packet goes.
    #[must_use]
    pub fn at(&self, now: Instant, packets: &PacketList) -> Stage {
        let mut nodes = self.nodes.clone();
        for node in &mut nodes {
            node.status = self.status(node);
        }
        let paths = self.clients.iter().map(|(client, path)| StagePath { client: *client, status: self.path_status(*client, path) });
        let flights = self.flights.iter().filter_map(|(record, departure)| {
            let row = packets.rows().get(packets.index_of(*record)?)?;
            self.flight(now, row, departure)
        });
        Stage { nodes, paths: paths.collect(), flights: flights.collect() }
    }

    fn flight(&self, now: Instant, row: &PacketRow, departure: &Departure) -> Option<Flight> {
        let opened = self.connections.get(&departure.connection)?;
        let transit = match departure.from {
            Side::Client => opened.to_broker,
            Side::Broker => opened.to_client,
        };
        let elapsed = now.saturating_since(departure.at).as_micros();
        let share = elapsed.saturating_mul(1_000).checked_div(transit.as_micros()).unwrap_or(ALMOST_THERE).min(ALMOST_THERE);
        let progress = if departure.waiting { STOPPED } else { u16::try_from(share).unwrap_or(STOPPED) };
        let PacketRow { record, packet_type, from, to, .. } = *row;
        Some(Flight { record, packet_type, from, to, progress, waiting: departure.waiting })
    }

    fn path_status(&self, client: NodeId, path: &ClientPath) -> PathStatus {
        if path.cut.is_some() {
            return PathStatus::Cut;
        }
        let current = path.current.and_then(|current| self.connections.get(&current));
        match current.map(|current| (current.client_side, current.broker_side, current.accepted)) {
            Some((End::Open, End::Over, _)) => PathStatus::HalfOpen,
            Some((End::Open, _, true)) => PathStatus::Connected,
            Some((End::Before | End::Open, _, _)) => PathStatus::Opening,
            Some((End::Over, _, _)) | None => {
                let is_believed = self.connections.values().any(|old| old.client == client && old.broker_side == End::Open);
                if is_believed { PathStatus::HalfOpen } else { PathStatus::Idle }
            }
        }
    }

    fn status(&self, node: &StageNode) -> Message {
        if !node.powered {
            return key::VIEW_STATE_OFF.message();
        }
        if node.node == NodeId::BROKER {
            let count = self.connections.values().filter(|opened| opened.accepted && opened.is_open_at_broker()).count();
            return key::VIEW_STATE_BROKER.with("count", count);
        }
        let Some(path) = self.clients.get(&node.node) else { return key::VIEW_STATE_IDLE.message() };
        match (path.state.unwrap_or(ClientState::Idle), &path.last_value) {
            (ClientState::Connected, Some(value)) => key::VIEW_STATE_CONNECTED_VALUE.with("value", value.as_str()),
            (state, _) => state_words(state),
        }
    }
}

/// A client's connection state in words.
#[must_use]
pub fn state_words(state: ClientState) -> Message {
    match state {
        ClientState::Idle => key::VIEW_STATE_IDLE.message(),
        ClientState::Opening => key::VIEW_STATE_OPENING.message(),
        ClientState::Connecting => key::VIEW_STATE_CONNECTING.message(),
        ClientState::Connected => key::VIEW_STATE_CONNECTED.message(),
        ClientState::Disconnecting => key::VIEW_STATE_DISCONNECTING.message(),
        ClientState::Waiting { until } => key::VIEW_STATE_WAITING.with("at", until.to_string()),
    }
}

fn short(payload: &[u8]) -> Option<String> {
    let text = text_of(payload)?;
    if text.chars().count() <= VALUE_CHARACTERS {
        return (!text.is_empty()).then_some(text);
    }
    let mut cut: String = text.chars().take(VALUE_CHARACTERS - 1).collect();
    cut.push('…');
    Some(cut)
}
