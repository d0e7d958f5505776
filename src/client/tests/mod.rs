//! The client under virtual time, against packets made by hand.

mod acknowledging;
mod aliases;
mod arbitrary_input;
mod authenticating;
mod connecting;
mod hostile_server;
mod keep_alive;
mod power_cut;
mod publishing;
mod receiving;
mod reconnecting;
mod requesting;
mod retrying;
mod settings;
mod statements;
mod statements_v311;
mod subscribing;

use bytes::Bytes;

use super::*;
use crate::packet::{
    Acknowledgement, Connack, ConnackProperties, PacketId, Publish, PublishProperties, QoS, ReasonCode, Subscription, SubscriptionOptions,
    TopicFilter, TopicName,
};
use crate::rng::Seed;
use crate::time::Duration;

/// A client, its clock, and the hand of the one who writes the Server's packets.
#[derive(Clone)]
struct Bench {
    client: Client,
    now: Instant,
}

impl Bench {
    fn new(config: ClientConfig) -> Self {
        Self { client: Client::new(config, Seed(1).stream("reconnect", "client")), now: Instant::ZERO }
    }

    /// Connected, with all output up to then taken away.
    fn connected(config: ClientConfig) -> Self {
        Self::connected_to(config, connack(false))
    }

    fn connected_to(config: ClientConfig, connack: Connack) -> Self {
        let mut bench = Self::new(config);
        bench.connect(connack);
        bench
    }

    fn connect(&mut self, connack: Connack) -> Vec<String> {
        self.client.handle_connect(self.now).unwrap();
        self.opened(connack)
    }

    /// The Network Connection opens, CONNECT goes out, CONNACK comes: what followed CONNACK.
    fn opened(&mut self, connack: Connack) -> Vec<String> {
        self.client.handle_transport_opened(self.now);
        self.seen();
        self.receive(Packet::Connack(Box::new(connack)))
    }

    fn receive(&mut self, packet: Packet) -> Vec<String> {
        let bytes = packet.to_bytes(self.client.version()).unwrap();
        self.receive_bytes(&bytes)
    }

    fn receive_bytes(&mut self, bytes: &[u8]) -> Vec<String> {
        self.client.handle_bytes(self.now, Bytes::copy_from_slice(bytes));
        self.seen()
    }

    fn publish(&mut self, qos: QoS) -> Vec<String> {
        self.client.handle_publish(self.now, request(qos)).unwrap();
        self.seen()
    }

    fn transport_closed(&mut self) -> Vec<String> {
        self.client.handle_transport_closed(self.now);
        self.seen()
    }

    /// Lets time pass up to `millis` after the start and fires the timers on the way; each line starts with its time.
    fn until(&mut self, millis: u64) -> Vec<String> {
        let end = Instant::from_millis(millis);
        let mut lines = Vec::new();
        while let Some(at) = self.client.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.client.handle_timeout(self.now);
            lines.extend(self.seen().into_iter().map(|line| format!("{} {line}", self.now)));
        }
        self.now = end;
        lines
    }

    /// Takes the output, a line each; `PacketReceived` is left out.
    fn seen(&mut self) -> Vec<String> {
        let version = self.client.version();
        std::iter::from_fn(|| self.client.poll_output()).filter_map(|output| line(&output, version)).collect()
    }

    fn packets(&mut self) -> Vec<Packet> {
        let version = self.client.version();
        std::iter::from_fn(|| self.client.poll_output())
            .filter_map(|output| match output {
                Output::Transmit(Transmit::Packet { bytes, .. }) => Some(Packet::decode(&bytes, version).unwrap()),
                _ => None,
            })
            .collect()
    }
}

fn line(output: &Output, version: ProtocolVersion) -> Option<String> {
    Some(match output {
        Output::Transmit(Transmit::Open) => "open".to_owned(),
        Output::Transmit(Transmit::Close) => "close".to_owned(),
        Output::Transmit(Transmit::Abort) => "abort".to_owned(),
        Output::Transmit(Transmit::Packet { packet_type, bytes }) => {
            let packet = Packet::decode(bytes, version).unwrap();
            assert_eq!(packet.packet_type(), *packet_type);
            format!("> {}", describe(&packet))
        }
        Output::Event(event) => match event {
            ClientEvent::PacketReceived { .. } => return None,
            ClientEvent::MalformedReceived { error, .. } => format!("malformed {}", error.clause),
            ClientEvent::StateChanged(ClientState::Waiting { until }) => format!("state waiting until {until}"),
            ClientEvent::StateChanged(state) => format!("state {state:?}").to_lowercase(),
            ClientEvent::Connected { session_present, keep_alive } => {
                format!("connected, session present {}, keep alive {keep_alive}", u8::from(*session_present))
            }
            ClientEvent::Disconnected(DisconnectCause::ServerMisbehaved { reason_code, clause, .. }) => {
                format!("disconnected: misbehaved 0x{:02X} {clause}", reason_code.as_u8())
            }
            ClientEvent::Disconnected(cause) => format!("disconnected: {cause:?}"),
            ClientEvent::ReconnectScheduled { at, attempt } => format!("attempt {attempt} at {at}"),
            ClientEvent::PublishQueued { token } => format!("queued {}", token.0),
            ClientEvent::PublishDropped { token, message } => {
                format!("dropped {} {}", token.0, message.key().as_str().trim_start_matches("client-dropped-"))
            }
            ClientEvent::PublishSent { token, .. } => format!("sent {}", token.0),
            ClientEvent::PublishCompleted { token, reason_code, .. } => format!("completed {} 0x{:02X}", token.0, reason_code.as_u8()),
            ClientEvent::PacketResent { packet_id } => format!("resent {packet_id}"),
            ClientEvent::PacketRetried { packet_id } => format!("retried {packet_id}"),
            ClientEvent::LeftUnacknowledged { packet_ids } => {
                format!("left {}", packet_ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
            ClientEvent::ResponseReceived { token } => format!("response {}", token.0),
            ClientEvent::RequestTimedOut { token } => format!("timed out {}", token.0),
            ClientEvent::RequestFailed { token, message } => format!("failed {} {}", token.0, message.key().as_str()),
            ClientEvent::ResponseIgnored { token, .. } => format!("ignored {:?}", token.map(|token| token.0)),
            ClientEvent::Authenticated { method, again } => format!("authenticated {method}{}", if *again { " again" } else { "" }),
            ClientEvent::ServerReferred { reference, stays, .. } => format!("referred to {reference}, stays {stays}"),
            ClientEvent::MessageReceived { publish, dup } => {
                format!("message {}{}", String::from_utf8_lossy(&publish.payload), if *dup { " dup" } else { "" })
            }
            ClientEvent::DuplicateSuppressed { packet_id } => format!("duplicate {packet_id}"),
            ClientEvent::Subscribed { results } => format!("subscribed {}", list(results)),
            ClientEvent::Unsubscribed { results } => format!("unsubscribed {}", list(results)),
        },
    })
}

fn describe(packet: &Packet) -> String {
    let mut text = packet.packet_type().name().to_owned();
    if let Some(id) = packet.packet_id() {
        text += &format!(" {id}");
    }
    match packet {
        Packet::Publish(publish) if publish.dup => text += " dup",
        Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack)
            if ack.reason_code != ReasonCode::Success =>
        {
            text += &format!(" 0x{:02X}", ack.reason_code.as_u8());
        }
        Packet::Disconnect(disconnect) => text += &format!(" 0x{:02X}", disconnect.reason_code.as_u8()),
        _ => {}
    }
    text
}

fn list(results: &[(TopicFilter, ReasonCode)]) -> String {
    results.iter().map(|(filter, code)| format!("{filter}=0x{:02X}", code.as_u8())).collect::<Vec<_>>().join(" ")
}

fn config() -> ClientConfig {
    ClientConfig::new("sensor")
}

/// Keeps its session for an hour and comes back after a second.
fn resuming() -> ClientConfig {
    ClientConfig {
        clean_start: false,
        session_expiry_interval: Some(3_600),
        reconnect: ReconnectPolicy::Fixed { delay: Duration::from_secs(1) },
        ..config()
    }
}

fn v311(config: ClientConfig) -> ClientConfig {
    ClientConfig { version: ProtocolVersion::V311, ..config }
}

fn connack(session_present: bool) -> Connack {
    Connack { session_present, reason_code: ReasonCode::Success, properties: ConnackProperties::default() }
}

fn connack_with(properties: ConnackProperties) -> Connack {
    Connack { properties, ..connack(false) }
}

fn request(qos: QoS) -> PublishRequest {
    PublishRequest {
        topic: topic("room/temperature"),
        payload: Bytes::from_static(b"21"),
        qos,
        retain: false,
        properties: PublishProperties::default(),
    }
}

fn publish(qos: QoS, packet_id: u16, payload: &'static str) -> Publish {
    Publish {
        dup: false,
        qos,
        retain: false,
        topic: topic("room/temperature"),
        packet_id: PacketId::new(packet_id),
        properties: PublishProperties::default().into(),
        payload: payload.into(),
    }
}

fn ack(packet_id: u16) -> Acknowledgement {
    Acknowledgement::new(id(packet_id), ReasonCode::Success)
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

fn topic(text: &'static str) -> TopicName {
    TopicName::new(text).unwrap()
}

fn subscription(filter: &'static str) -> Subscription {
    Subscription {
        filter: TopicFilter::new(filter).unwrap(),
        options: SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() },
    }
}

#[test]
fn packets_are_reported_before_what_they_cause() {
    let mut bench = Bench::connected(config());
    let frame = Packet::Publish(publish(QoS::AtLeastOnce, 1, "x")).to_bytes(ProtocolVersion::V5).unwrap();
    bench.client.handle_bytes(bench.now, frame.clone());
    assert_eq!(bench.client.poll_output(), Some(Output::Event(ClientEvent::PacketReceived { frame })));
    assert_eq!(bench.seen(), ["message x", "> PUBACK 1"]);
}

#[test]
fn any_chunking_of_the_stream_gives_the_same_output_4_2_1_6_0_0_2() {
    let packets = [
        Packet::Connack(Box::new(connack(false))),
        Packet::Publish(publish(QoS::ExactlyOnce, 1, "x")),
        Packet::Pubrel(ack(1)),
        Packet::Publish(publish(QoS::AtMostOnce, 0, "y")),
    ];
    let stream: Vec<u8> = packets.iter().flat_map(|packet| packet.to_bytes(ProtocolVersion::V5).unwrap()).collect();
    let mut expected = None;
    for size in 1..=stream.len() {
        let mut bench = Bench::new(config());
        bench.client.handle_connect(bench.now).unwrap();
        bench.client.handle_transport_opened(bench.now);
        bench.seen();
        let lines: Vec<String> = stream.chunks(size).flat_map(|chunk| bench.receive_bytes(chunk)).collect();
        assert_eq!(&lines, expected.get_or_insert_with(|| lines.clone()), "pieces of {size}");
        assert!(lines.contains(&"message y".to_owned()));
    }
}

#[test]
fn equal_histories_give_equal_digests() {
    fn digest(client: &Client) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        client.hash(&mut hasher);
        hasher.finish()
    }
    let (mut one, mut two) = (Bench::connected(config()), Bench::connected(config()));
    one.publish(QoS::AtLeastOnce);
    assert_ne!(digest(&one.client), digest(&two.client));
    two.publish(QoS::AtLeastOnce);
    assert_eq!(digest(&one.client), digest(&two.client));
}

#[test]
fn an_idle_client_is_small() {
    // What is rarely used is boxed, the settings are shared with its copies.
    let size = std::mem::size_of::<Client>();
    assert!(size <= 1_000, "{size} bytes");
}
