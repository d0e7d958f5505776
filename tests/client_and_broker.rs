//! Client and broker on a wire that breaks anywhere: at least once at QoS 1, exactly once at QoS 2, in order, and neither finds fault with the other.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "the driver is part of the test, outside of its functions")]

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use mqtt_playground::broker::{Broker, BrokerConfig, BrokerEvent, EndCause, Output as BrokerOutput};
use mqtt_playground::client::{
    Client, ClientConfig, ClientEvent, ClientState, DisconnectCause, Output, PublishRequest, PublishToken, ReconnectPolicy,
};
use mqtt_playground::packet::{
    ProtocolVersion, PublishProperties, QoS, ReasonCode, Subscription, SubscriptionOptions, TopicFilter, TopicName,
};
use mqtt_playground::rng::Seed;
use mqtt_playground::session::{ConnectionId, Transmit};
use mqtt_playground::time::{Duration, Instant};
use proptest::prelude::*;

/// One client and its wire.
struct Peer {
    client: Client,
    connection: Option<ConnectionId>,
    /// Whether the client has been told that its connection is open.
    opened: bool,
    up: VecDeque<u8>,
    down: VecDeque<u8>,
    /// Whether a side has closed, once all it sent has arrived.
    client_closes: bool,
    broker_closes: bool,
}

struct Wires {
    broker: Broker,
    peers: Vec<Peer>,
    now: Instant,
    next_connection: u32,
    /// What the subscriber got, in order.
    received: Vec<(QoS, u64)>,
    completed: BTreeMap<PublishToken, bool>,
    dropped: Vec<PublishToken>,
}

impl Wires {
    fn new(configs: Vec<ClientConfig>) -> Self {
        let peers = configs
            .into_iter()
            .map(|config| Peer {
                client: Client::new(config, Seed(7).stream("reconnect", "x")),
                connection: None,
                opened: false,
                up: VecDeque::new(),
                down: VecDeque::new(),
                client_closes: false,
                broker_closes: false,
            })
            .collect();
        let mut wires = Self {
            broker: Broker::new(BrokerConfig::default(), Seed(7).stream("nonces", "broker")),
            peers,
            now: Instant::ZERO,
            next_connection: 1,
            received: Vec::new(),
            completed: BTreeMap::new(),
            dropped: Vec::new(),
        };
        for index in 0..wires.peers.len() {
            wires.peers[index].client.handle_connect(wires.now).unwrap();
            wires.drain();
        }
        wires
    }

    /// Carries out all that both sides want.
    fn drain(&mut self) {
        for index in 0..self.peers.len() {
            while let Some(output) = self.peers[index].client.poll_output() {
                self.client_wants(index, output);
            }
        }
        while let Some(output) = self.broker.poll_output() {
            match output {
                BrokerOutput::Transmit(id, transmit) => {
                    let Some(peer) = self.peers.iter_mut().find(|peer| peer.connection == Some(id)) else { continue };
                    match transmit {
                        Transmit::Packet { bytes, .. } => peer.down.extend(bytes),
                        Transmit::Close => peer.broker_closes = true,
                        Transmit::Abort => peer.broker_closes = true,
                        Transmit::Open => panic!("a broker opens nothing"),
                    }
                }
                BrokerOutput::Event(BrokerEvent::ConnectionEnded { cause, .. }) => {
                    assert!(!matches!(cause, EndCause::ClientMisbehaved { .. }), "{cause:?}");
                }
                BrokerOutput::Event(BrokerEvent::MalformedReceived { error, .. }) => panic!("{error:?}"),
                BrokerOutput::Event(_) => {}
            }
        }
    }

    fn client_wants(&mut self, index: usize, output: Output) {
        let now = self.now;
        match output {
            Output::Transmit(Transmit::Open) => {
                let id = ConnectionId(self.next_connection);
                self.next_connection += 1;
                let peer = &mut self.peers[index];
                assert_eq!(peer.connection, None, "one connection at a time");
                peer.connection = Some(id);
                (peer.opened, peer.client_closes, peer.broker_closes) = (false, false, false);
                self.broker.handle_connection_opened(now, id);
            }
            Output::Transmit(Transmit::Packet { bytes, .. }) => self.peers[index].up.extend(bytes),
            Output::Transmit(Transmit::Close) => self.peers[index].client_closes = true,
            Output::Transmit(Transmit::Abort) => self.cut(index, false),
            Output::Event(ClientEvent::MessageReceived { publish, .. }) => {
                let number = String::from_utf8(publish.payload.to_vec()).unwrap().parse().unwrap();
                self.received.push((publish.qos, number));
            }
            Output::Event(ClientEvent::PublishCompleted { token, reason_code, .. }) => {
                // PUBCOMP for a PUBREL that is sent again after the broker had forgotten the identifier: no error during recovery (5.0 §3.7.2.1).
                let done = !reason_code.is_error() || reason_code == ReasonCode::PacketIdentifierNotFound;
                self.completed.insert(token, done);
            }
            Output::Event(ClientEvent::PublishDropped { token, .. }) => self.dropped.push(token),
            Output::Event(ClientEvent::Disconnected(cause)) => {
                assert!(!matches!(cause, DisconnectCause::ServerMisbehaved { .. }), "{cause:?}");
            }
            Output::Event(_) => {}
        }
    }

    /// All that is on the wire is lost.
    fn cut(&mut self, index: usize, client_learns: bool) {
        let peer = &mut self.peers[index];
        let Some(id) = peer.connection.take() else { return };
        peer.up.clear();
        peer.down.clear();
        self.broker.handle_connection_closed(self.now, id);
        if client_learns {
            self.peers[index].client.handle_transport_closed(self.now);
        }
    }

    /// Up to `count` bytes arrive at the broker.
    fn move_up(&mut self, index: usize, count: usize) {
        let peer = &mut self.peers[index];
        let Some(id) = peer.connection else { return };
        if !peer.opened {
            peer.opened = true;
            peer.client.handle_transport_opened(self.now);
            return self.drain();
        }
        let count = count.min(peer.up.len());
        let bytes: Bytes = peer.up.drain(..count).collect();
        let closes = peer.client_closes && peer.up.is_empty();
        self.broker.handle_bytes(self.now, id, bytes);
        if closes {
            self.cut(index, true);
        }
        self.drain();
    }

    /// Up to `count` bytes arrive at the client.
    fn move_down(&mut self, index: usize, count: usize) {
        let peer = &mut self.peers[index];
        let count = count.min(peer.down.len());
        let bytes: Bytes = peer.down.drain(..count).collect();
        let closes = peer.broker_closes && peer.down.is_empty();
        peer.client.handle_bytes(self.now, bytes);
        if closes {
            self.cut(index, true);
        }
        self.drain();
    }

    fn wait(&mut self, duration: Duration) {
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

    /// The wires hold from now on: until everything is acknowledged.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            for index in 0..self.peers.len() {
                self.move_up(index, usize::MAX);
                self.move_down(index, usize::MAX);
            }
            let quiet = self.peers.iter().all(|peer| {
                let session = peer.client.session();
                peer.client.state() == ClientState::Connected
                    && (session.outgoing.is_empty() && session.queued.is_empty() && session.incoming.is_empty())
                    && (peer.up.is_empty() && peer.down.is_empty())
            });
            if quiet {
                return;
            }
            self.wait(Duration::from_millis(100));
        }
        panic!("never at rest: {:?}", self.peers.iter().map(|peer| peer.client.session()).collect::<Vec<_>>());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Publish(u8),
    Up(usize, usize),
    Down(usize, usize),
    Cut(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u8..3).prop_map(Step::Publish),
        12 => (0usize..2, 1usize..60).prop_map(|(peer, count)| Step::Up(peer, count)),
        12 => (0usize..2, 1usize..60).prop_map(|(peer, count)| Step::Down(peer, count)),
        2 => (0usize..2).prop_map(Step::Cut),
        2 => (0u64..1_500).prop_map(Step::Wait),
    ]
}

fn config(name: &'static str, version: ProtocolVersion, receive_maximum: u16) -> ClientConfig {
    ClientConfig {
        version,
        clean_start: false,
        session_expiry_interval: (version == ProtocolVersion::V5).then_some(u32::MAX),
        receive_maximum: Some(receive_maximum),
        reconnect: ReconnectPolicy::Fixed { delay: Duration::from_secs(1) },
        ..ClientConfig::new(name)
    }
}

fn run(versions: [ProtocolVersion; 2], receive_maximum: u16, steps: &[Step]) -> Result<(), TestCaseError> {
    let everything = Subscription {
        filter: TopicFilter::new("#").unwrap(),
        options: SubscriptionOptions { qos: QoS::ExactlyOnce, ..SubscriptionOptions::default() },
    };
    let mut subscriber = config("subscriber", versions[1], receive_maximum);
    subscriber.subscriptions.push(everything.into());
    let mut wires = Wires::new(vec![config("publisher", versions[0], receive_maximum), subscriber]);
    wires.settle();
    wires.wait(Duration::from_millis(10));
    wires.settle();

    let mut published = Vec::new();
    for step in steps {
        match *step {
            Step::Publish(qos) => {
                let qos = QoS::try_from(qos).unwrap();
                let number = published.len() as u64;
                let request = PublishRequest {
                    topic: TopicName::new("t").unwrap(),
                    payload: Bytes::from(number.to_string()),
                    qos,
                    retain: false,
                    properties: PublishProperties::default(),
                };
                let token = wires.peers[0].client.handle_publish(wires.now, request).unwrap();
                published.push((token, qos, number));
                wires.drain();
            }
            Step::Up(peer, count) => wires.move_up(peer, count),
            Step::Down(peer, count) => wires.move_down(peer, count),
            Step::Cut(peer) => {
                wires.cut(peer, true);
                wires.drain();
            }
            Step::Wait(millis) => wires.wait(Duration::from_millis(millis)),
        }
    }
    wires.settle();
    // The broker may still have packets for the subscriber in its queue.
    for _ in 0..5 {
        wires.wait(Duration::from_secs(1));
        wires.settle();
    }

    for (token, qos, number) in published {
        let copies = wires.received.iter().filter(|(_, other)| *other == number).count();
        match qos {
            QoS::AtMostOnce => prop_assert!(copies <= 1, "I1: {number} came {copies} times"),
            QoS::AtLeastOnce => prop_assert!(copies >= 1, "I2: {number} is lost"),
            QoS::ExactlyOnce => prop_assert_eq!(copies, 1, "I3: {}", number),
        }
        if qos != QoS::AtMostOnce {
            prop_assert_eq!(wires.completed.get(&token), Some(&true));
            prop_assert!(!wires.dropped.contains(&token));
        }
    }
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut first = Vec::new();
        for (_, number) in wires.received.iter().filter(|(other, _)| *other == qos) {
            if !first.contains(number) {
                first.push(*number);
            }
        }
        prop_assert!(first.is_sorted(), "I6: {qos:?} came as {first:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn qos_is_kept_over_breaks_in_5_0(receive_maximum in 1u16..5, steps in proptest::collection::vec(step(), 0..150)) {
        run([ProtocolVersion::V5; 2], receive_maximum, &steps)?;
    }

    #[test]
    fn qos_is_kept_over_breaks_in_3_1_1(steps in proptest::collection::vec(step(), 0..150)) {
        run([ProtocolVersion::V311; 2], 1, &steps)?;
    }

    #[test]
    fn qos_is_kept_over_breaks_between_versions(receive_maximum in 1u16..5, steps in proptest::collection::vec(step(), 0..150)) {
        run([ProtocolVersion::V311, ProtocolVersion::V5], receive_maximum, &steps)?;
        run([ProtocolVersion::V5, ProtocolVersion::V311], receive_maximum, &steps)?;
    }
}
