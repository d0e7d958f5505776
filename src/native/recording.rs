//! The trace of real clients: a fold of what a server does.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;

use super::listen::Transport;
use super::server::Happening;
use crate::broker::BrokerEvent;
use crate::link::{CloseReason, Side};
use crate::packet::{ClientId, Packet, PacketType, ProtocolVersion};
use crate::session::ConnectionId;
use crate::time::Instant;
use crate::trace::{Event, Malformed, Node, NodeId, NodeKind, Recorder, Trace};

/// Records that are kept.
const RECORDS_MAX: usize = 250_000;
/// Bytes of packets that are kept.
const BYTES_MAX: usize = 64 << 20;

/// Records what a server does. A participant is a Client Identifier, however often it connects; a connection is recorded once its CONNECT says whose it is,
/// or when it ends or fails without one, and is then named by its address.
#[derive(Clone, Debug)]
pub struct Recording {
    recorder: Recorder,
    clients: BTreeMap<ClientId, NodeId>,
    connections: BTreeMap<ConnectionId, Caller>,
}

#[derive(Clone, Debug)]
struct Caller {
    address: SocketAddr,
    transport: Transport,
    node: Option<NodeId>,
    /// Whether its CONNECT left the identifier to the broker.
    is_unnamed: bool,
    version: ProtocolVersion,
}

impl Default for Recording {
    fn default() -> Self {
        let broker = Node { name: "broker".to_owned(), version: None, kind: NodeKind::Broker };
        Self { recorder: Recorder::new(vec![broker], RECORDS_MAX, BYTES_MAX), clients: BTreeMap::new(), connections: BTreeMap::new() }
    }
}

impl Recording {
    /// What was recorded.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        self.recorder.trace()
    }

    /// Takes in one happening.
    pub fn take(&mut self, at: Instant, happening: &Happening<'_>) {
        match happening {
            Happening::Opened { connection, peer, transport } => {
                let caller =
                    Caller { address: *peer, transport: *transport, node: None, is_unnamed: false, version: ProtocolVersion::default() };
                self.connections.insert(*connection, caller);
            }
            Happening::Broker(event) => self.take_event(at, event),
            Happening::Sent { connection, packet_type, bytes } => {
                let version = self.introduce(at, *connection, None);
                let (connection, packet_type, bytes) = (*connection, *packet_type, (*bytes).clone());
                self.recorder.record(at, Event::PacketSent { connection, from: Side::Broker, packet_type, version, bytes: bytes.into() });
            }
            Happening::Closed { connection, reason } => self.close(at, *connection, *reason),
            // Nothing of MQTT has happened.
            Happening::HandshakeFailed { .. }
            | Happening::ListenerFull { .. }
            | Happening::AcceptFailed(_)
            | Happening::AccessChanged(_) => {}
        }
    }

    fn take_event(&mut self, at: Instant, event: &BrokerEvent) {
        match event {
            BrokerEvent::PacketReceived { connection, frame } => {
                let version = self.introduce(at, *connection, Some(frame));
                if let Some(packet_type) = frame.first().and_then(|first| PacketType::from_first_byte(*first)) {
                    let (connection, bytes) = (*connection, frame.clone());
                    self.recorder
                        .record(at, Event::PacketObserved { connection, from: Side::Client, packet_type, version, bytes: bytes.into() });
                }
            }
            BrokerEvent::MalformedReceived { connection, error, bytes } => {
                self.introduce(at, *connection, None);
                let malformed = Malformed { connection: *connection, to: Side::Broker, bytes: bytes.clone(), error: (**error).clone() };
                self.recorder.record(at, Event::PacketMalformed(Box::new(malformed)));
            }
            event => {
                if let BrokerEvent::ClientConnected { connection, client_id, version, .. } = event {
                    self.name_assigned(*connection, client_id, *version);
                }
                self.recorder.record(at, Event::Broker(event.clone().into()));
            }
        }
    }

    /// Records that the connection was opened, unless that is done; tells the version that is spoken on it.
    fn introduce(&mut self, at: Instant, connection: ConnectionId, first: Option<&Bytes>) -> ProtocolVersion {
        let Some(caller) = self.connections.get_mut(&connection) else { return ProtocolVersion::default() };
        if caller.node.is_some() || self.recorder.is_full() {
            return caller.version;
        }
        let connect = first.and_then(|frame| match Packet::decode(frame, ProtocolVersion::V5) {
            Ok(Packet::Connect(connect)) => Some(connect),
            _ => None,
        });
        let client_id = connect.as_ref().map(|connect| connect.client_id.clone()).unwrap_or_default();
        caller.version = connect.as_ref().map_or(caller.version, |connect| connect.version);
        caller.is_unnamed = connect.is_some() && client_id.as_str().is_empty();
        let version = caller.version;
        let name = if client_id.as_str().is_empty() {
            format!("{}://{}", caller.transport, caller.address)
        } else {
            client_id.as_str().to_owned()
        };
        let known = self.clients.get(&client_id).copied();
        let node = known.unwrap_or_else(|| {
            let described = Node { name, version: connect.is_some().then_some(version), kind: NodeKind::App };
            self.recorder.add_node(described)
        });
        caller.node = Some(node);
        if !client_id.as_str().is_empty() {
            self.clients.insert(client_id, node);
        }
        self.recorder.record(at, Event::ConnectionOpening { connection, client: node });
        self.recorder.record(at, Event::TransportOpened { connection, side: Side::Broker });
        version
    }

    /// A Client that asked for an identifier has one now.
    fn name_assigned(&mut self, connection: ConnectionId, client_id: &ClientId, version: ProtocolVersion) {
        let Some(caller) = self.connections.get(&connection).filter(|caller| caller.is_unnamed) else { return };
        let Some(node) = caller.node else { return };
        let name = client_id.as_str().to_owned();
        self.recorder.describe_node(node, Node { name, version: Some(version), kind: NodeKind::App });
        self.clients.insert(client_id.clone(), node);
    }

    fn close(&mut self, at: Instant, connection: ConnectionId, reason: CloseReason) {
        self.introduce(at, connection, None);
        self.connections.remove(&connection);
        self.recorder.record(at, Event::TransportClosed { connection, side: Side::Broker, reason });
    }
}
