//! Clients and a broker on wires that carry single bytes and break anywhere.

use std::collections::VecDeque;

use bytes::Bytes;
use mqtt_playground::broker::{Broker, BrokerConfig, BrokerEvent, EndCause, Output as BrokerOutput};
use mqtt_playground::client::{Client, ClientConfig, ClientEvent, ClientState, DisconnectCause, Output, PublishRequest};
use mqtt_playground::packet::{Packet, ProtocolVersion, PublishProperties, QoS, TopicName};
use mqtt_playground::rng::Seed;
use mqtt_playground::session::{ConnectionId, Transmit};
use mqtt_playground::time::{Duration, Instant};

use super::judge::{Allows, Judge};
use super::ledger::Ledger;

/// A message that an application got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) payload: String,
    pub(super) qos: QoS,
}

pub(super) struct Peer {
    pub(super) client: Client,
    version: ProtocolVersion,
    wire: Option<Wire>,
    up: Judge,
    down: Judge,
    pub(super) got: Vec<Got>,
    /// The most that one connection set, up and down.
    pub(super) aliases_seen: (usize, usize),
}

struct Wire {
    id: ConnectionId,
    is_open: bool,
    up: VecDeque<u8>,
    down: VecDeque<u8>,
    client_closes: bool,
    broker_closes: bool,
}

pub(super) struct Wires {
    pub(super) broker: Broker,
    pub(super) peers: Vec<Peer>,
    pub(super) events: Vec<BrokerEvent>,
    pub(super) ledger: Ledger,
    now: Instant,
    next_connection: u32,
}

impl Wires {
    pub(super) fn new(config: BrokerConfig, clients: Vec<ClientConfig>) -> Self {
        let peers = clients.into_iter().map(|client| peer(&config, client)).collect();
        let broker = Broker::new(config, Seed(7).stream("nonces", "broker"));
        let mut wires = Self { broker, peers, events: Vec::new(), ledger: Ledger::default(), now: Instant::ZERO, next_connection: 1 };
        for index in 0..wires.peers.len() {
            wires.peers[index].client.handle_connect(wires.now).expect("idle");
            wires.drain();
            wires.settle();
        }
        wires
    }

    /// The payload begins with the topic, so that the judge can tell whether the right one arrives.
    pub(super) fn publish(&mut self, index: usize, topic: &str, tag: &str, qos: QoS, expiry: Option<u32>) {
        let properties = PublishProperties {
            message_expiry_interval: expiry.filter(|_| self.peers[index].version == ProtocolVersion::V5),
            ..PublishProperties::default()
        };
        let request = PublishRequest {
            topic: TopicName::new(topic.to_owned()).expect("a topic"),
            payload: Bytes::from(format!("{topic} {tag}")),
            qos,
            retain: false,
            properties,
        };
        self.peers[index].client.handle_publish(self.now, request).expect("a legal message");
        self.drain();
    }

    /// The wire of one client breaks; both sides learn of it.
    pub(super) fn cut(&mut self, index: usize) {
        let peer = &mut self.peers[index];
        let Some(wire) = peer.wire.take() else { return };
        self.broker.handle_connection_closed(self.now, wire.id);
        self.peers[index].client.handle_transport_closed(self.now);
        self.drain();
    }

    /// Up to `count` bytes arrive at the broker.
    pub(super) fn move_up(&mut self, index: usize, count: usize) {
        let peer = &mut self.peers[index];
        let Some(wire) = &mut peer.wire else { return };
        if !wire.is_open {
            wire.is_open = true;
            peer.client.handle_transport_opened(self.now);
            return self.drain();
        }
        let bytes: Bytes = wire.up.drain(..count.min(wire.up.len())).collect();
        let (id, is_over) = (wire.id, wire.client_closes && wire.up.is_empty());
        self.broker.handle_bytes(self.now, id, bytes);
        self.drain();
        if is_over {
            self.cut(index);
        }
    }

    /// Up to `count` bytes arrive at the client.
    pub(super) fn move_down(&mut self, index: usize, count: usize) {
        let peer = &mut self.peers[index];
        let Some(wire) = &mut peer.wire else { return };
        let bytes: Bytes = wire.down.drain(..count.min(wire.down.len())).collect();
        let is_over = wire.broker_closes && wire.down.is_empty();
        peer.client.handle_bytes(self.now, bytes);
        self.drain();
        if is_over {
            self.cut(index);
        }
    }

    pub(super) fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let next = self.peers.iter().filter_map(|peer| peer.client.poll_timeout()).chain(self.broker.poll_timeout()).min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            for index in 0..self.peers.len() {
                self.peers[index].client.handle_timeout(self.now);
                self.drain();
            }
            self.broker.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// The wires hold from now on: until everything is acknowledged (I23).
    pub(super) fn settle(&mut self) {
        for _ in 0..2_000 {
            let mut is_quiet = true;
            for index in 0..self.peers.len() {
                self.move_up(index, usize::MAX);
                self.move_down(index, usize::MAX);
                is_quiet &= self.is_quiet(index);
            }
            if is_quiet {
                return;
            }
            self.wait(Duration::from_millis(100));
        }
        panic!("never at rest: {:?}", self.broker.sessions().collect::<Vec<_>>());
    }

    fn is_quiet(&self, index: usize) -> bool {
        let Peer { client, wire, .. } = &self.peers[index];
        if client.state() == ClientState::Idle {
            return true;
        }
        let here = client.session();
        let Some(there) = self.broker.session(client.client_id()) else { return false };
        client.state() == ClientState::Connected
            && wire.as_ref().is_some_and(|wire| wire.up.is_empty() && wire.down.is_empty())
            && (here.outgoing.is_empty() && here.queued.is_empty() && here.incoming.is_empty())
            && (there.in_flight.is_empty() && there.queued_messages == 0 && there.unreleased.is_empty())
    }

    /// Nothing is left over on either side.
    pub(super) fn assert_at_rest(&self) {
        for peer in &self.peers {
            peer.up.assert_idle();
            peer.down.assert_idle();
        }
        assert_eq!(self.broker.held_bytes(), 0, "I22");
    }

    /// Carries out all that both sides want.
    fn drain(&mut self) {
        for index in 0..self.peers.len() {
            while let Some(output) = self.peers[index].client.poll_output() {
                self.client_wants(index, output);
            }
        }
        while let Some(output) = self.broker.poll_output() {
            self.broker_wants(output);
        }
    }

    fn client_wants(&mut self, index: usize, output: Output) {
        let peer = &mut self.peers[index];
        match output {
            Output::Transmit(Transmit::Open) => {
                assert!(peer.wire.is_none(), "one connection at a time");
                let id = ConnectionId(self.next_connection);
                self.next_connection += 1;
                let (up, down) = (VecDeque::new(), VecDeque::new());
                peer.wire = Some(Wire { id, is_open: false, up, down, client_closes: false, broker_closes: false });
                peer.up.connection_started();
                peer.down.connection_started();
                self.broker.handle_connection_opened(self.now, id);
            }
            Output::Transmit(Transmit::Packet { bytes, .. }) => {
                peer.up.sent(&decoded(&bytes, peer.version), bytes.len());
                peer.aliases_seen.0 = peer.aliases_seen.0.max(peer.up.aliases());
                if let Some(wire) = &mut peer.wire {
                    wire.up.extend(bytes);
                }
            }
            Output::Transmit(Transmit::Close | Transmit::Abort) => {
                if let Some(wire) = &mut peer.wire {
                    wire.client_closes = true;
                }
            }
            Output::Event(ClientEvent::PacketReceived { frame }) => peer.up.acknowledged(&decoded(&frame, peer.version)),
            Output::Event(ClientEvent::MessageReceived { publish, .. }) => {
                let payload = String::from_utf8(publish.payload.to_vec()).expect("text");
                assert_eq!(payload.split(' ').next(), Some(publish.topic.as_str()), "I16: the true topic");
                peer.got.push(Got { payload, qos: publish.qos });
            }
            Output::Event(ClientEvent::Disconnected(cause)) => {
                assert!(!matches!(cause, DisconnectCause::ServerMisbehaved { .. }), "{cause:?}");
            }
            Output::Event(ClientEvent::MalformedReceived { error, .. }) => panic!("{error:?}"),
            Output::Event(_) => {}
        }
    }

    fn broker_wants(&mut self, output: BrokerOutput) {
        match output {
            BrokerOutput::Transmit(id, transmit) => {
                let Some(peer) = self.peers.iter_mut().find(|peer| peer.wire.as_ref().is_some_and(|wire| wire.id == id)) else { return };
                let Some(wire) = &mut peer.wire else { return };
                match transmit {
                    Transmit::Packet { bytes, .. } => {
                        let packet = decoded(&bytes, peer.version);
                        if matches!(&packet, Packet::Connack(connack) if !connack.session_present) {
                            peer.up.session_ended();
                            peer.down.session_ended();
                        }
                        peer.down.sent(&packet, bytes.len());
                        if let Packet::Publish(publish) = &packet {
                            self.ledger.sent(self.now, publish, expiry_of);
                        }
                        peer.aliases_seen.1 = peer.aliases_seen.1.max(peer.down.aliases());
                        wire.down.extend(bytes);
                    }
                    Transmit::Close | Transmit::Abort => wire.broker_closes = true,
                    Transmit::Open => panic!("a broker opens nothing"),
                }
            }
            BrokerOutput::Event(BrokerEvent::PacketReceived { connection, frame }) => {
                let peer = self.peers.iter_mut().find(|peer| peer.wire.as_ref().is_some_and(|wire| wire.id == connection));
                if let Some(peer) = peer {
                    let packet = decoded(&frame, peer.version);
                    peer.down.acknowledged(&packet);
                    self.ledger.arrives(&packet);
                }
            }
            BrokerOutput::Event(BrokerEvent::ConnectionEnded { cause, .. }) => {
                assert!(!matches!(cause, EndCause::ClientMisbehaved { .. }), "{cause:?}");
            }
            BrokerOutput::Event(BrokerEvent::MalformedReceived { error, .. }) => panic!("{error:?}"),
            BrokerOutput::Event(event) => {
                self.ledger.enter(self.now, &event);
                self.events.push(event);
            }
        }
    }
}

fn peer(broker: &BrokerConfig, config: ClientConfig) -> Peer {
    let (version, name) = (config.version, config.client_id.to_string());
    let is_v5 = version == ProtocolVersion::V5;
    let of_broker = Allows {
        receive_maximum: if is_v5 { usize::from(broker.receive_maximum) } else { usize::MAX },
        alias_maximum: if is_v5 { broker.topic_alias_maximum } else { 0 },
        packet_maximum: broker.maximum_packet_size as usize,
    };
    let of_client = Allows {
        receive_maximum: config.receive_maximum.filter(|_| is_v5).map_or(usize::MAX, usize::from),
        alias_maximum: config.topic_alias_maximum.filter(|_| is_v5).unwrap_or(0),
        packet_maximum: config.maximum_packet_size.filter(|_| is_v5).map_or(usize::MAX, |size| size as usize),
    };
    Peer {
        client: Client::new(config, Seed(7).stream("reconnect", &name)),
        version,
        wire: None,
        up: Judge::new(format!("{name} → broker"), of_broker),
        down: Judge::new(format!("broker → {name}"), of_client),
        got: Vec::new(),
        aliases_seen: (0, 0),
    }
}

/// A payload may say when it expires: `… expires-3 …`.
pub(super) fn expiry_of(payload: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(payload).ok()?;
    text.split(' ').find_map(|word| word.strip_prefix("expires-"))?.parse().ok()
}

fn decoded(bytes: &Bytes, version: ProtocolVersion) -> Packet {
    Packet::decode(bytes, version).expect("what is sent is legal")
}
