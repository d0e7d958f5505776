//! The broker under virtual time, with hand-made clients: what they send is written out, what they get is decoded.

mod access;
mod connack;
mod connect_rate;
mod dynamic_security;
mod enhanced;
mod handshake;
mod limits;
mod misbehaviour;
mod model;
mod properties;
mod qos;
mod retained;
mod routing;
mod sessions;
mod shared;
mod subscribing;
mod sys_topics;
mod topic_alias;
mod wills;

use std::collections::BTreeMap;

use super::*;
use crate::packet::{
    Acknowledgement, CarriedProperties, Connack, Connect, ConnectProperties, Disconnect, Packet, PacketId, ProtocolVersion, Publish, QoS,
    ReasonCode, Subscribe, SubscribeProperties, Subscription, SubscriptionOptions, TopicFilter, Unsubscribe, UserProperties, WillMessage,
    WillProperties,
};
use crate::rng::Seed;
use crate::time::Duration;

const V5: ProtocolVersion = ProtocolVersion::V5;
const V311: ProtocolVersion = ProtocolVersion::V311;
const BOTH: [ProtocolVersion; 2] = [V311, V5];
const Q0: QoS = QoS::AtMostOnce;
const Q1: QoS = QoS::AtLeastOnce;
const Q2: QoS = QoS::ExactlyOnce;

/// A broker with the far ends of its connections.
#[derive(Clone)]
struct Bench {
    broker: Broker,
    now: Instant,
    peers: BTreeMap<ConnectionId, Peer>,
    events: Vec<BrokerEvent>,
    /// Every output as a word, to look at the order of causes.
    order: Vec<String>,
}

/// The far end of a connection.
#[derive(Clone, Default)]
struct Peer {
    version: ProtocolVersion,
    received: Vec<Packet>,
    closed: bool,
}

impl Bench {
    fn new() -> Self {
        Self::with(BrokerConfig::default())
    }

    fn with(config: BrokerConfig) -> Self {
        Self {
            broker: Broker::new(config, Seed(1).stream("nonces", "broker")),
            now: Instant::ZERO,
            peers: BTreeMap::new(),
            events: Vec::new(),
            order: Vec::new(),
        }
    }

    fn open(&mut self, version: ProtocolVersion) -> ConnectionId {
        let connection = ConnectionId(self.peers.len() as u32 + 1);
        self.peers.insert(connection, Peer { version, ..Peer::default() });
        self.broker.handle_connection_opened(self.now, connection);
        self.drain();
        connection
    }

    /// Opens a connection and sends CONNECT; the answer waits in the peer.
    fn dial(&mut self, connect: Connect) -> ConnectionId {
        let connection = self.open(connect.version);
        self.send(connection, Packet::Connect(Box::new(connect)));
        connection
    }

    /// Connects with success.
    fn join(&mut self, connect: Connect) -> ConnectionId {
        self.join_session(connect).0
    }

    /// Connects with success; tells Session Present.
    fn join_session(&mut self, connect: Connect) -> (ConnectionId, bool) {
        let connection = self.dial(connect);
        let peer = self.peers.get_mut(&connection).unwrap();
        assert!(!peer.received.is_empty(), "no CONNACK");
        let Packet::Connack(connack) = peer.received.remove(0) else { panic!("CONNACK comes first [MQTT-3.2.0-1]") };
        assert_eq!(connack.reason_code, ReasonCode::Success);
        (connection, connack.session_present)
    }

    /// The CONNACK that a refused CONNECT got.
    fn refused(&mut self, connect: Connect) -> (ConnectionId, Option<Connack>) {
        let connection = self.dial(connect);
        assert!(self.is_closed(connection), "a refused connection is closed");
        let connack = self.take(connection).into_iter().map(|packet| match packet {
            Packet::Connack(connack) => *connack,
            other => panic!("only CONNACK may answer CONNECT: {other:?}"),
        });
        (connection, connack.last())
    }

    fn send(&mut self, connection: ConnectionId, packet: Packet) {
        let bytes = packet.to_bytes(self.peers[&connection].version).expect("a legal packet");
        self.send_bytes(connection, bytes);
    }

    fn send_bytes(&mut self, connection: ConnectionId, bytes: impl Into<Bytes>) {
        self.broker.handle_bytes(self.now, connection, bytes.into());
        self.drain();
    }

    /// The network breaks: the broker sees the connection closed.
    fn cut(&mut self, connection: ConnectionId) {
        self.peers.get_mut(&connection).unwrap().closed = true;
        self.broker.handle_connection_closed(self.now, connection);
        self.drain();
    }

    /// Lets time pass until `at`; timers fire at their own instants.
    fn pass_until(&mut self, at: Instant) {
        let mut wakes = 0;
        while let Some(due) = self.broker.poll_timeout().filter(|due| *due <= at) {
            self.now = self.now.max(due);
            self.broker.handle_timeout(self.now);
            self.drain();
            wakes += 1;
            assert!(wakes < 100_000, "timers make no progress");
        }
        self.now = at;
    }

    fn pass(&mut self, duration: Duration) {
        self.pass_until(self.now + duration);
    }

    fn drain(&mut self) {
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Transmit(connection, transmit) => {
                    let peer = self.peers.get_mut(&connection).expect("a known connection");
                    assert!(!peer.closed, "nothing is sent after the close: {transmit:?}");
                    match transmit {
                        Transmit::Packet { packet_type, bytes } => {
                            let packet = Packet::decode(&bytes, peer.version).expect("the broker sends legal packets");
                            assert_eq!(packet.packet_type(), packet_type);
                            self.order.push(packet_type.name().to_owned());
                            peer.received.push(packet);
                        }
                        Transmit::Close | Transmit::Abort => {
                            self.order.push("close".to_owned());
                            peer.closed = true;
                        }
                        Transmit::Open => panic!("a broker opens nothing"),
                    }
                }
                Output::Event(event) => {
                    let name = format!("{event:?}");
                    self.order.push(name.split([' ', '(']).next().unwrap().to_owned());
                    self.events.push(event);
                }
            }
        }
    }

    /// What the peer has received since the last call.
    fn take(&mut self, connection: ConnectionId) -> Vec<Packet> {
        std::mem::take(&mut self.peers.get_mut(&connection).unwrap().received)
    }

    /// The only packet received since the last call.
    fn one(&mut self, connection: ConnectionId) -> Packet {
        let mut packets = self.take(connection);
        assert_eq!(packets.len(), 1, "{packets:?}");
        packets.remove(0)
    }

    /// The only packet received, a PUBLISH.
    fn publish(&mut self, connection: ConnectionId) -> Publish {
        match self.one(connection) {
            Packet::Publish(publish) => publish,
            other => panic!("PUBLISH expected: {other:?}"),
        }
    }

    /// Topic and payload of the PUBLISHes received, and nothing else.
    fn payloads(&mut self, connection: ConnectionId) -> Vec<String> {
        let packets = self.take(connection);
        packets
            .into_iter()
            .map(|packet| match packet {
                Packet::Publish(publish) => format!("{}={}", publish.topic, String::from_utf8_lossy(&publish.payload)),
                other => panic!("PUBLISH expected: {other:?}"),
            })
            .collect()
    }

    fn is_closed(&self, connection: ConnectionId) -> bool {
        self.peers[&connection].closed
    }

    /// Subscribes one filter with these options; the SUBACK is checked, retained messages stay in the peer.
    fn subscribe_with(&mut self, connection: ConnectionId, filter: &str, options: SubscriptionOptions) {
        self.send(connection, subscribe(1_000, &[(filter, options)], None));
        let peer = self.peers.get_mut(&connection).unwrap();
        let Packet::Suback(suback) = peer.received.remove(0) else { panic!("SUBACK expected") };
        assert!(suback.reason_codes.iter().all(|code| !code.is_error()), "{suback:?}");
    }

    fn subscribe(&mut self, connection: ConnectionId, filter: &str, qos: QoS) {
        self.subscribe_with(connection, filter, options(qos));
    }

    fn session(&self, client_id: &str) -> Option<SessionSummary<'_>> {
        self.broker.session(&ClientId::new(client_id.to_owned()))
    }

    /// How the last connection ended.
    fn last_end(&self) -> &EndCause {
        let ends = self.events.iter().rev().find_map(|event| match event {
            BrokerEvent::ConnectionEnded { cause, .. } => Some(cause),
            _ => None,
        });
        ends.expect("a connection has ended")
    }

    /// The last routing decision for this client.
    fn last_routing(&self, client: &str) -> Routing {
        let found = self.events.iter().rev().find_map(|event| match event {
            BrokerEvent::MessageRouted { client_id, routing, .. } if client_id.as_str() == client => Some(*routing),
            _ => None,
        });
        found.expect("something was routed")
    }

    /// The keys of all limits that were named.
    fn limits(&self) -> Vec<&'static str> {
        self.events
            .iter()
            .filter_map(|event| match event {
                BrokerEvent::LimitReached { message } => Some(message.key().as_str()),
                _ => None,
            })
            .collect()
    }

    fn has(&self, wanted: impl Fn(&BrokerEvent) -> bool) -> bool {
        self.events.iter().any(wanted)
    }

    /// The DISCONNECT that the peer got as its last packet before the close, and the cause that the broker reports.
    fn assert_misbehaved(&mut self, connection: ConnectionId, expected: ReasonCode) {
        assert!(self.is_closed(connection), "closed [MQTT-4.13.1-1]");
        let EndCause::ClientMisbehaved { reason_code, .. } = self.last_end() else { panic!("{:?}", self.last_end()) };
        assert_eq!(*reason_code, expected);
        let last = self.take(connection).pop();
        match self.peers[&connection].version {
            V5 => assert!(matches!(&last, Some(Packet::Disconnect(one)) if one.reason_code == expected), "{last:?}"),
            V311 => assert!(!matches!(last, Some(Packet::Disconnect(_))), "3.1.1 has no DISCONNECT from the Server"),
        }
    }
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

/// A clean CONNECT.
fn connect(version: ProtocolVersion, client_id: &str) -> Connect {
    Connect { version, clean_start: true, client_id: ClientId::new(client_id.to_owned()), ..Connect::default() }
}

/// A CONNECT that resumes, and whose session stays for `seconds` (in 3.1.1 for ever).
fn lasting(version: ProtocolVersion, client_id: &str, seconds: u32) -> Connect {
    let session_expiry_interval = (version == V5).then_some(seconds);
    Connect {
        clean_start: false,
        properties: ConnectProperties { session_expiry_interval, ..ConnectProperties::default() },
        ..connect(version, client_id)
    }
}

fn with_will(mut connect: Connect, qos: QoS, delay: Option<u32>) -> Connect {
    connect.will = Some(WillMessage {
        topic: TopicName::new("will").unwrap(),
        payload: connect.client_id.as_str().to_owned().into(),
        qos,
        retain: false,
        properties: WillProperties { will_delay_interval: delay.filter(|_| connect.version == V5), ..WillProperties::default() },
    });
    connect
}

fn options(qos: QoS) -> SubscriptionOptions {
    SubscriptionOptions { qos, ..SubscriptionOptions::default() }
}

fn subscribe(packet_id: u16, filters: &[(&str, SubscriptionOptions)], identifier: Option<u32>) -> Packet {
    Packet::Subscribe(Subscribe {
        packet_id: id(packet_id),
        properties: SubscribeProperties { subscription_identifier: identifier, ..SubscribeProperties::default() },
        subscriptions: filters
            .iter()
            .map(|(filter, options)| Subscription { filter: TopicFilter::new((*filter).to_owned()).unwrap(), options: *options })
            .collect(),
    })
}

fn unsubscribe(packet_id: u16, filters: &[&str]) -> Packet {
    let filters = filters.iter().map(|filter| TopicFilter::new((*filter).to_owned()).unwrap()).collect();
    Packet::Unsubscribe(Unsubscribe { packet_id: id(packet_id), user_properties: UserProperties::default(), filters })
}

/// A PUBLISH; `packet_id` 0 is QoS 0's none.
fn message(topic: &str, payload: &str, qos: QoS, packet_id: u16) -> Publish {
    Publish {
        dup: false,
        qos,
        retain: false,
        topic: TopicName::new(topic.to_owned()).unwrap(),
        packet_id: PacketId::new(packet_id),
        properties: CarriedProperties::default(),
        payload: payload.to_owned().into(),
    }
}

fn publish(topic: &str, payload: &str, qos: QoS, packet_id: u16) -> Packet {
    Packet::Publish(message(topic, payload, qos, packet_id))
}

fn retained(topic: &str, payload: &str, qos: QoS, packet_id: u16) -> Packet {
    Packet::Publish(Publish { retain: true, ..message(topic, payload, qos, packet_id) })
}

fn ack(packet_id: u16) -> Acknowledgement {
    Acknowledgement::new(id(packet_id), ReasonCode::Success)
}

fn disconnect(reason_code: ReasonCode) -> Packet {
    Packet::Disconnect(Disconnect::new(reason_code))
}
