//! A broker in the hands of whoever opens connections, writes their bytes, moves the clock, and administers it.

mod packets;
mod watch;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use bytes::Bytes;
use mqtt_playground::broker::{AccessControl, Acl, Broker, BrokerConfig, ConnectRate, DynamicSecurity, PasswordHash, Redirect, User};
use mqtt_playground::packet::{ClientId, Connect, Packet, ProtocolVersion, Publish, PublishProperties, QoS, TopicName};
use mqtt_playground::rng::Seed;
use mqtt_playground::session::ConnectionId;
use mqtt_playground::time::{Duration, Instant};

use crate::choices::Choices;
use watch::{Peer, Watch};

/// How many connections the clients have at once.
const SLOTS: usize = 4;
/// The most timers that may fire in one wait.
const TIMERS: usize = 20_000;

/// Whatever the input says: the broker serves everybody by the rules and stays within its limits; when all have gone it keeps nothing. Some inputs are
/// played twice: they come to the same.
///
/// # Panics
/// It does not.
pub fn broker_ops(bytes: &[u8]) {
    if bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).is_multiple_of(16) {
        let digest = play(bytes, Some(DefaultHasher::new()));
        assert_eq!(play(bytes, Some(DefaultHasher::new())), digest, "the same input, another run");
    } else {
        play(bytes, None);
    }
}

/// Says what came of it to a digest, if there is one: that takes its time.
fn play(bytes: &[u8], digest: Option<DefaultHasher>) -> Option<u64> {
    let mut choices = Choices(bytes);
    let mut bench = Bench::new(&mut choices, digest);
    while !choices.0.is_empty() {
        bench.step(&mut choices);
        bench.come_to_rest();
        bench.check();
    }
    bench.end();
    let mut digest = bench.digest?;
    bench.broker.hash(&mut digest);
    Some(digest.finish())
}

struct Bench {
    broker: Broker,
    now: Instant,
    watch: Watch,
    slots: [Option<ConnectionId>; SLOTS],
    opened: u32,
    crashed: bool,
    /// What the next packet suffers.
    mutation: Option<(u8, u8)>,
    digest: Option<DefaultHasher>,
}

impl Bench {
    fn new(choices: &mut Choices<'_>, digest: Option<DefaultHasher>) -> Self {
        Self {
            broker: Broker::new(config(choices), Seed(1).stream("nonces", "broker")),
            now: Instant::ZERO,
            watch: Watch::default(),
            slots: [None; SLOTS],
            opened: 0,
            crashed: false,
            mutation: None,
            digest,
        }
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        let what = choices.byte();
        let slot = usize::from(what >> 6);
        if self.crashed {
            // Nothing may be handed in but the restart, some time later.
            self.now = self.now + Duration::from_millis(u64::from(what) * 50);
            self.broker.handle_restart(self.now);
            self.crashed = false;
            return;
        }
        match what & 0x3F {
            0..8 => self.connect(slot, choices),
            8..36 => self.packet(slot, choices),
            36..40 => self.close(slot),
            40 => {
                self.open(slot);
            }
            41..45 => {
                let length = usize::from(choices.byte() % 32);
                self.bytes(slot, Bytes::copy_from_slice(choices.bytes(length)));
            }
            45..51 => {
                let millis = choices.byte();
                self.wait(Duration::from_millis(u64::from(millis) * if millis & 1 == 0 { 10 } else { 500 }));
            }
            51 | 52 => {
                // To the very instant of the next timer, or just before.
                if let Some(at) = self.broker.poll_timeout().filter(|at| *at > self.now) {
                    let early = Duration::from_micros(u64::from(what & 1));
                    self.wait(Duration::from_micros((at.saturating_since(self.now)).as_micros().saturating_sub(early.as_micros())));
                }
            }
            53 => {
                self.broker.handle_crash(self.now);
                self.crashed = true;
            }
            54 if slot == 0 => self.broker.handle_shutdown(self.now),
            54 => drop(self.broker.handle_kick(self.now, &ClientId::new(choices.of(&["x", "y", "z"])), None)),
            55 => {
                let redirect = Redirect { server: "other".into(), permanent: slot & 1 == 1, only_when_full: slot & 2 == 2 };
                self.broker.handle_redirect(self.now, (choices.byte() & 1 == 1).then_some(redirect));
            }
            56 | 57 => self.broker.handle_access_changed(self.now, access(choices.byte())),
            58..61 => self.mutation = Some((choices.byte(), choices.byte())),
            _ => {
                if let Some(connection) = self.slots[slot] {
                    let (packets, bytes) = (choices.byte(), choices.byte());
                    self.broker.handle_written(self.now, connection, usize::from(packets), usize::from(bytes));
                }
            }
        }
    }

    fn open(&mut self, slot: usize) -> ConnectionId {
        self.close(slot);
        self.opened += 1;
        let connection = ConnectionId(self.opened);
        self.watch.peers.insert(connection, Peer::default());
        self.slots[slot] = Some(connection);
        self.broker.handle_connection_opened(self.now, connection);
        self.drain();
        connection
    }

    fn close(&mut self, slot: usize) {
        if let Some(connection) = self.slots[slot].take() {
            self.watch.closed_by_client(connection);
            self.broker.handle_connection_closed(self.now, connection);
            self.drain();
            self.watch.peers.remove(&connection);
        }
    }

    fn connect(&mut self, slot: usize, choices: &mut Choices<'_>) {
        let connect = packets::connect(choices);
        let version = connect.version;
        self.open(slot);
        self.send(slot, version, &Packet::Connect(Box::new(connect)));
    }

    fn packet(&mut self, slot: usize, choices: &mut Choices<'_>) {
        let peer = self.slots[slot].and_then(|connection| self.watch.peers.get(&connection));
        let (version, waiting) = peer.map_or((ProtocolVersion::V5, None), |peer| (peer.version, peer.first_in_flight()));
        let packet = packets::packet(choices, version, waiting);
        self.send(slot, version, &packet);
    }

    fn send(&mut self, slot: usize, version: ProtocolVersion, packet: &Packet) {
        let Ok(bytes) = packet.to_bytes(version) else { return };
        let mut bytes = bytes.to_vec();
        match self.mutation.take() {
            Some((at, value)) if at & 3 == 0 => bytes.truncate(usize::from(value) % bytes.len()),
            Some((at, value)) if at & 3 == 1 => {
                // In two pieces.
                let rest = bytes.split_off(usize::from(value) % bytes.len());
                self.bytes(slot, bytes.into());
                return self.bytes(slot, rest.into());
            }
            Some((at, value)) => {
                let place = usize::from(at >> 1) % bytes.len();
                bytes[place] = value;
            }
            None => {}
        }
        self.bytes(slot, bytes.into());
    }

    fn bytes(&mut self, slot: usize, bytes: Bytes) {
        if let Some(connection) = self.slots[slot] {
            self.broker.handle_bytes(self.now, connection, bytes);
            self.drain();
        }
    }

    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut fired = 0;
        while let Some(at) = self.broker.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.broker.handle_timeout(self.now);
            self.drain();
            fired += 1;
            assert!(fired < TIMERS, "timers make no progress");
        }
        self.now = end;
    }

    fn come_to_rest(&mut self) {
        self.drain();
        if !self.crashed {
            self.wait(Duration::ZERO);
            assert!(self.broker.poll_timeout().is_none_or(|at| at > self.now));
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.broker.poll_output() {
            if let Some(digest) = &mut self.digest {
                output.hash(digest);
            }
            self.watch.output(&self.broker, &output);
        }
    }

    fn check(&self) {
        self.watch.rest(&self.broker);
        let config = self.broker.config();
        assert!(self.broker.retained_count() <= config.max_retained);
        assert!(self.broker.session_count() <= config.max_sessions);
        assert!(self.broker.held_bytes() <= config.max_payload_bytes);
        let room = config.max_connections * if config.redirect.is_some() { 2 } else { 1 };
        assert!(self.broker.connection_count() <= room.max(SLOTS));
        for session in self.broker.sessions() {
            assert!(session.queued_messages <= config.max_queued_messages && session.queued_bytes <= config.max_queued_bytes);
            assert!(session.subscriptions.len() <= config.max_subscriptions);
            assert!(session.unreleased.len() <= 6 || session.version == ProtocolVersion::V311 || session.unreleased.len() <= 256);
            let waits = session.connection.is_none() && !self.crashed && session.session_expiry_interval != u32::MAX;
            assert!(!waits || session.expires_at.is_some(), "a session without connection that never ends");
            let will = session.will.as_ref().filter(|_| session.connection.is_none() && !self.crashed);
            assert!(will.is_none_or(|will| will.scheduled_at.is_some()), "a will that never comes");
        }
    }

    /// All go, each session is ended by its Client, what is retained is cleared: nothing is left.
    fn end(&mut self) {
        if std::mem::take(&mut self.crashed) {
            self.broker.handle_restart(self.now);
            self.drain();
        }
        (0..SLOTS).for_each(|slot| self.close(slot));
        self.broker.handle_access_changed(self.now, AccessControl::default());
        self.broker.handle_redirect(self.now, None);
        self.drain();
        self.mutation = None;
        let clients: Vec<ClientId> = self.broker.sessions().map(|session| session.client_id.clone()).collect();
        for client_id in clients {
            self.join(Connect { client_id, clean_start: true, ..Connect::default() });
            self.close(0);
        }
        self.wait(Duration::from_secs(100));
        assert_eq!(self.broker.session_count(), 0);
        self.join(Connect { client_id: ClientId::new("cleaner"), clean_start: true, ..Connect::default() });
        let topics: Vec<TopicName> = self.broker.retained().map(|message| message.topic.clone()).collect();
        for topic in topics.into_iter().filter(|topic| !topic.as_str().starts_with("$SYS/")) {
            let properties = PublishProperties::default().into();
            let publish = Publish {
                dup: false,
                qos: QoS::AtMostOnce,
                retain: true,
                topic,
                packet_id: None,
                properties,
                payload: Bytes::new().into(),
            };
            self.send(0, ProtocolVersion::V5, &Packet::Publish(publish));
        }
        self.close(0);
        assert_eq!((self.broker.session_count(), self.broker.connection_count()), (0, 0));
        if self.broker.config().sys_interval.is_none() {
            assert_eq!((self.broker.retained_count(), self.broker.held_bytes(), self.broker.poll_timeout()), (0, 0, None));
        }
    }

    /// Connects, after a time in which no rate holds it up.
    fn join(&mut self, connect: Connect) {
        self.wait(Duration::from_secs(2));
        self.open(0);
        self.send(0, ProtocolVersion::V5, &Packet::Connect(Box::new(connect)));
        let connected = self.slots[0].and_then(|connection| self.watch.peers.get(&connection)).is_some_and(|peer| peer.connected);
        assert!(connected, "whoever comes alone is served");
    }
}

fn config(choices: &mut Choices<'_>) -> BrokerConfig {
    let [limits, more, services, rights] = [choices.byte(), choices.byte(), choices.byte(), choices.byte()];
    let [limit, other, service] = [limits, more, services].map(|flags| move |bit: u8| flags >> bit & 1 == 1);
    let rate = |connects| ConnectRate { connects, per: Duration::from_secs(1) };
    let normal = BrokerConfig::default();
    BrokerConfig {
        access: access(rights),
        receive_maximum: u16::from(limits & 3) + 1,
        max_inflight: if limit(2) { 1 } else { 3 },
        max_queued_messages: if limit(3) { 2 } else { 5 },
        max_queued_bytes: if limit(4) { 30 } else { 1_000 },
        queue_qos_zero: limit(5),
        max_payload_bytes: if limit(6) { 100 } else { 10_000 },
        max_retained: if limit(7) { 1 } else { 4 },
        maximum_packet_size: if other(0) { 120 } else { normal.maximum_packet_size },
        topic_alias_maximum: if other(1) { 0 } else { 2 },
        max_topic_alias_outgoing: if other(2) { 1 } else { 2 },
        max_subscriptions: if other(3) { 2 } else { 20 },
        max_topic_levels: if other(4) { 3 } else { 128 },
        max_sessions: if other(5) { 2 } else { 20 },
        max_connections: if other(6) { 2 } else { 20 },
        persistence: !other(7),
        upgrade_outgoing_qos: service(0),
        session_expiry_max: if service(1) { 3 } else { u32::MAX },
        max_unwritten_packets: if service(2) { 3 } else { usize::MAX },
        connect_rate: service(3).then(|| rate(5)),
        connect_rate_per_client: service(3).then(|| rate(2)),
        sys_interval: service(4).then(|| Duration::from_secs(90)),
        max_payload: service(5).then_some(20),
        maximum_qos: if services >> 6 == 1 { QoS::AtLeastOnce } else { QoS::ExactlyOnce },
        retain_available: services >> 6 != 2,
        shared_subscription_available: services >> 6 != 3,
        server_keep_alive: (services >> 6 == 3).then_some(6),
        response_information: service(5).then(|| "answers/".into()),
        ..normal
    }
}

/// One of a few sets of rights.
fn access(choice: u8) -> AccessControl {
    static USER: OnceLock<User> = OnceLock::new();
    let user = || USER.get_or_init(|| User::with_password("p", b"salt", 1).expect("legal")).clone();
    let users = |names: &[&str]| Some(names.iter().map(|name| ((*name).into(), user())).collect());
    let acl = |text| Some(Acl::parse("acl", text).expect("legal"));
    let all = AccessControl::default();
    match choice % 8 {
        0..=2 => all,
        3 => AccessControl { users: users(&["u", "v"]), ..all },
        4 => AccessControl { acl: acl("topic readwrite a/#\ntopic read will\nuser u\ntopic readwrite #\n"), ..all },
        5 => AccessControl { acl: acl("topic read #\ntopic write a\ntopic deny a/b\npattern write %c/#\n"), users: users(&["u"]), ..all },
        6 => AccessControl { allow_anonymous: false, users: users(&["u"]), ..all },
        _ => {
            let admin = PasswordHash::new(b"p", b"salt", 1);
            AccessControl { allow_anonymous: choice & 8 == 0, dynamic: Some(DynamicSecurity::with_admin("admin", admin)), ..all }
        }
    }
}
