//! A client in the hands of whoever writes the server's bytes, calls its program and moves its clock.

mod watch;

use std::sync::OnceLock;

use bytes::Bytes;
use mqtt_playground::client::{
    Acknowledges, Client, ClientConfig, ClientEvent, ClientState, Credentials, DisconnectCause, Output, Overflow, PublishRequest,
    ReconnectPolicy, RequestMessage,
};
use mqtt_playground::packet::{
    Auth, AuthProperties, Connack, ConnackProperties, Packet, PacketId, PacketType, Password, ProtocolVersion, Publish, PublishProperties,
    QoS, ReasonCode, Subscription, SubscriptionOptions, TopicFilter, TopicName, WillMessage, WillProperties,
};
use mqtt_playground::rng::Seed;
use mqtt_playground::session::Transmit;
use mqtt_playground::session::scram::{ClientFirst, NONCE_BYTES, Nonce, SCRAM_SHA_256, ScramCredentials, ScramServer};
use mqtt_playground::time::{Duration, Instant};

use crate::choices::Choices;
use watch::Watch;

/// The most unacknowledged messages that the client allows a 5.0 server.
const RECEIVE_MAXIMUM: u16 = 3;
/// The most publishes that wait, and the most open requests.
const QUEUE_LIMIT: usize = 4;
const REQUEST_LIMIT: usize = 3;

/// A client and what its driver knows: whether there is a connection, and what became of it.
struct Bench {
    client: Client,
    now: Instant,
    open: bool,
    closing: bool,
    sent: Vec<PacketType>,
    /// The Reason Code of a DISCONNECT that was sent on this connection.
    said: Option<ReasonCode>,
    watch: Watch,
    /// An honest server's half of the exchange that the client began, and the client's last Authentication Data. It proves itself once in an input: that takes
    /// thousands of hashes.
    scram: Option<ScramServer>,
    data: Bytes,
    has_proved: bool,
}

/// Whatever the input says: the client sends a legal sequence of legal packets, its queues stay bounded, and it can start again.
pub fn client_hostile(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let mut bench = Bench::new(choices.byte(), choices.byte());
    while !choices.0.is_empty() {
        bench.step(&mut choices);
        bench.drain();
        bench.check();
    }
    bench.client.handle_power_cut();
    bench.open = false;
    bench.drain();
    assert_eq!((bench.client.state(), bench.client.poll_timeout()), (ClientState::Idle, None));
    assert!(bench.client.handle_connect(bench.now).is_ok());
}

impl Bench {
    fn new(flags: u8, more: u8) -> Self {
        let flag = |bit: u8| flags >> bit & 1 == 1;
        let version = if flag(0) { ProtocolVersion::V5 } else { ProtocolVersion::V311 };
        let v5 = version == ProtocolVersion::V5;
        let config = ClientConfig {
            version,
            clean_start: flag(1),
            session_expiry_interval: v5.then_some(60),
            keep_alive: 20,
            reconnect: ReconnectPolicy::Fixed { delay: Duration::from_secs(1) },
            receive_maximum: v5.then_some(RECEIVE_MAXIMUM),
            maximum_packet_size: (v5 && flag(2)).then_some(200),
            topic_alias_maximum: (v5 && flag(3)).then_some(2),
            uses_topic_aliases: flag(3),
            persistent_session: flag(4),
            keeps_qos_0: flag(5),
            overflow: if flag(6) { Overflow::DropOldest } else { Overflow::DropNewest },
            retry_interval: (!v5 && flag(7)).then_some(Duration::from_secs(7)),
            acknowledges: match more % 3 {
                0 => Acknowledges::AtOnce,
                1 => Acknowledges::WhenTold,
                _ => Acknowledges::After(Duration::from_millis(700)),
            },
            queue_limit: QUEUE_LIMIT,
            request_limit: REQUEST_LIMIT,
            request_response_information: more & 4 != 0,
            will: (more & 8 != 0).then(|| will(v5)),
            authentication: (v5 && more >> 4 == 9)
                .then(|| Credentials::ScramSha256 { user: "u".into(), password: Password(Bytes::from_static(b"p")) }),
            subscriptions: vec![subscription("a").into()],
            ..ClientConfig::new("victim")
        };
        let client = Client::new(config, Seed(1).stream("client", "victim"));
        Self {
            client,
            now: Instant::ZERO,
            open: false,
            closing: false,
            sent: Vec::new(),
            said: None,
            watch: Watch::new(version),
            scram: None,
            data: Bytes::new(),
            has_proved: false,
        }
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        let (now, version) = (self.now, self.client.version());
        match choices.byte() % 16 {
            0 => drop(self.client.handle_connect(now)),
            1 => self.client.handle_transport_opened(now),
            2 => {
                // All the way to CONNACK, of which the input chooses the flags.
                drop(self.client.handle_connect(now));
                self.client.handle_transport_opened(now);
                let flags = choices.byte();
                let mut connack =
                    Connack { session_present: flags & 1 == 1, reason_code: ReasonCode::Success, properties: ConnackProperties::default() };
                if version == ProtocolVersion::V5 {
                    connack.properties.receive_maximum = (flags & 2 != 0).then_some(1);
                    connack.properties.topic_alias_maximum = (flags & 4 != 0).then_some(2);
                    if flags & 8 != 0 {
                        connack.properties.maximum_packet_size = Some(u32::from(flags >> 4) * 4 + 1);
                    } else {
                        connack.properties.maximum_qos = (flags & 16 != 0).then_some(QoS::AtLeastOnce);
                        connack.properties.retain_available = (flags & 32 != 0).then_some(false);
                        connack.properties.response_information = (flags & 64 != 0).then(|| "answers".into());
                        connack.properties.server_keep_alive = (flags & 128 != 0).then_some(3);
                    }
                }
                if self.client.state() == ClientState::Connecting {
                    let bytes = Packet::Connack(Box::new(connack)).to_bytes(version).expect("legal");
                    self.client.handle_bytes(now, bytes);
                }
            }
            3 => {
                self.client.handle_transport_closed(now);
                self.open = false;
            }
            4 => drop(self.client.handle_publish(now, request(choices.byte()))),
            5 => {
                drop(self.client.handle_request(now, RequestMessage { publish: request(choices.byte()), timeout: Duration::from_secs(3) }))
            }
            6 => drop(self.client.handle_subscribe(now, vec![subscription("b")])),
            7 => drop(self.client.handle_unsubscribe(now, vec![filter("b")])),
            8 => drop(self.client.handle_acknowledge(now, packet_id(choices.byte()))),
            9 => drop(self.client.handle_disconnect(now, ReasonCode::Success)),
            10 => match choices.byte() {
                0 => {
                    self.client.handle_power_cut();
                    self.open = false;
                }
                what @ 1..64 => self.authenticate(what),
                64..96 => drop(self.client.handle_reauthenticate(now)),
                what => {
                    let bytes = Packet::Publish(from_server(what, choices, version)).to_bytes(version);
                    bytes.into_iter().for_each(|bytes| self.client.handle_bytes(now, bytes));
                }
            },
            11 => self.wait(u64::from(choices.byte()) * 100),
            12 | 13 => {
                // An acknowledgement or the like, whole.
                let (first, id, code) = (choices.byte(), choices.byte() % 8, choices.byte());
                let frame = if code == 0 { vec![first, 2, 0, id] } else { vec![first, 3, 0, id, code] };
                self.client.handle_bytes(now, Bytes::from(frame));
            }
            _ => {
                let length = usize::from(choices.byte() % 64);
                self.client.handle_bytes(now, Bytes::copy_from_slice(choices.bytes(length)));
            }
        }
    }

    /// The next packet of a server that knows the user's keys, or says so.
    fn authenticate(&mut self, what: u8) {
        let (method, version) = (Some(SCRAM_SHA_256.into()), self.client.version());
        let Some(server) = &self.scram else { return };
        let data = if what & 1 == 0 {
            if std::mem::replace(&mut self.has_proved, true) {
                return;
            }
            server.server_first()
        } else {
            server.verify(&self.data).unwrap_or_else(|_| Bytes::from_static(b"v=AAAA"))
        };
        let data = Some(Password(data));
        let packet = if what & 6 == 6 {
            let properties = ConnackProperties { authentication_method: method, authentication_data: data, ..ConnackProperties::default() };
            Packet::Connack(Box::new(Connack { session_present: false, reason_code: ReasonCode::Success, properties }))
        } else {
            let reason_code = if what & 6 == 4 { ReasonCode::Success } else { ReasonCode::ContinueAuthentication };
            let properties = AuthProperties { authentication_method: method, authentication_data: data, ..AuthProperties::default() };
            Packet::Auth(Auth { reason_code, properties })
        };
        if let Ok(bytes) = packet.to_bytes(version) {
            self.client.handle_bytes(self.now, bytes);
        }
    }

    /// Authentication Data of the client.
    fn take_data(&mut self, data: Option<&Password>) {
        static KEYS: OnceLock<ScramCredentials> = OnceLock::new();
        let Some(Password(data)) = data else { return };
        if let Ok(first) = ClientFirst::read(data) {
            let keys = KEYS.get_or_init(|| ScramCredentials::new("p", b"salt", 4_096).expect("legal")).clone();
            self.scram = Some(ScramServer::new(first, keys, &Nonce::new(&[7; NONCE_BYTES])));
        }
        self.data = data.clone();
    }

    fn wait(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        // A client that never comes to rest would hang here; the fuzzer's time limit finds it.
        while let Some(at) = self.client.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.client.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        let version = self.client.version();
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Transmit(Transmit::Open) => {
                    assert!(!self.open, "one connection at a time");
                    (self.open, self.closing, self.said) = (true, false, None);
                    self.sent.clear();
                    self.watch.opened();
                }
                Output::Transmit(Transmit::Packet { packet_type, bytes }) => {
                    assert!(self.open && !self.closing, "{packet_type} without a connection, or after its end");
                    let packet = Packet::decode(&bytes, version).expect("the client sends legal packets");
                    assert_eq!(packet.packet_type(), packet_type);
                    assert_eq!(self.sent.is_empty(), packet_type == PacketType::Connect, "CONNECT is the first and only the first");
                    assert!(self.said.is_none(), "{packet_type} after DISCONNECT");
                    self.watch.sent(&packet, bytes.len());
                    match &packet {
                        Packet::Disconnect(disconnect) => self.said = Some(disconnect.reason_code),
                        Packet::Connect(connect) => self.take_data(connect.properties.authentication_data.as_ref()),
                        Packet::Auth(auth) => self.take_data(auth.properties.authentication_data.as_ref()),
                        _ => {}
                    }
                    self.sent.push(packet_type);
                }
                Output::Transmit(Transmit::Close) => self.closing = true,
                Output::Transmit(Transmit::Abort) => self.open = false,
                Output::Event(event) => {
                    self.watch.event(&event);
                    let ClientEvent::Disconnected(DisconnectCause::ServerMisbehaved { reason_code, clause, .. }) = event else { continue };
                    assert!(reason_code.may_be_in_disconnect_of_client() && reason_code.is_error() && !clause.is_empty());
                    assert!(self.closing);
                    match version {
                        // Too small a Maximum Packet Size leaves no room for it.
                        ProtocolVersion::V5 => assert!(self.said.is_none_or(|said| said == reason_code)),
                        ProtocolVersion::V311 => assert_eq!(self.said, None),
                    }
                }
            }
        }
    }

    fn check(&self) {
        let session = self.client.session();
        assert!(session.queued.len() <= QUEUE_LIMIT && self.client.pending_requests() <= REQUEST_LIMIT);
        if self.client.version() == ProtocolVersion::V5 {
            // At QoS 2 the application keeps what it was given on connections before.
            let (connections, mut ids) = (self.watch.connections(), session.unacknowledged.clone());
            assert!(ids.len() <= usize::from(RECEIVE_MAXIMUM) * connections && session.receive_quota <= RECEIVE_MAXIMUM);
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), session.unacknowledged.len(), "each identifier once");
        }
        match self.client.state() {
            ClientState::Idle => {}
            ClientState::Connected => assert!(session.exists),
            _ => assert!(self.client.poll_timeout().is_some(), "no state waits for ever"),
        }
    }
}

fn filter(text: &'static str) -> TopicFilter {
    TopicFilter::new(text).expect("legal")
}

fn subscription(text: &'static str) -> Subscription {
    Subscription { filter: filter(text), options: SubscriptionOptions { qos: QoS::ExactlyOnce, ..SubscriptionOptions::default() } }
}

fn packet_id(choice: u8) -> PacketId {
    PacketId::new(u16::from(choice % 7) + 1).expect("not 0")
}

fn request(choice: u8) -> PublishRequest {
    let qos = QoS::try_from(choice % 3).unwrap_or_default();
    let topic = TopicName::new(if choice & 4 == 0 { "a" } else { "long/topic/name" }).expect("legal");
    let payload = Bytes::from(vec![0; usize::from(choice >> 4)]);
    // Some of them with an alias that the program chose.
    let topic_alias = (choice >> 4 == 15).then_some(u16::from(choice & 3));
    PublishRequest { topic, payload, qos, retain: choice & 8 != 0, properties: PublishProperties { topic_alias, ..Default::default() } }
}

fn will(v5: bool) -> WillMessage {
    let properties = WillProperties { will_delay_interval: v5.then_some(5), ..WillProperties::default() };
    let topic = TopicName::new("will").expect("legal");
    WillMessage { topic, payload: Bytes::from_static(b"gone"), qos: QoS::AtLeastOnce, retain: true, properties }
}

/// A legal PUBLISH of a server, as far as its alias is known.
fn from_server(choice: u8, choices: &mut Choices<'_>, version: ProtocolVersion) -> Publish {
    let (flags, id) = (choices.byte(), choices.byte());
    let qos = QoS::try_from(flags % 3).unwrap_or_default();
    let mut properties = PublishProperties::default();
    if version == ProtocolVersion::V5 {
        properties.topic_alias = (flags & 4 != 0).then_some(u16::from(id >> 4 & 3));
        properties.correlation_data = (flags & 8 != 0).then(|| Bytes::copy_from_slice(&u64::from(id >> 6).to_be_bytes()));
        properties.response_topic = (flags & 16 != 0).then(|| TopicName::new("a/b").expect("legal"));
    }
    let topic = ["a", "response/victim", "answers/victim", ""][usize::from(choice & 3)];
    Publish {
        dup: qos > QoS::AtMostOnce && flags & 32 != 0,
        qos,
        retain: flags & 64 != 0,
        topic: TopicName::new(topic).unwrap_or_default(),
        packet_id: (qos > QoS::AtMostOnce).then(|| packet_id(id)),
        properties: properties.into(),
        payload: Bytes::from_static(b"1").into(),
    }
}
