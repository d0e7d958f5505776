//! The broker with the far ends of its connections.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::str::FromStr;

use bytes::Bytes;
use mqtt_playground::broker::{Acl, Broker, BrokerConfig, Output, User};
use mqtt_playground::packet::{ProtocolVersion, QoS};
use mqtt_playground::rng::Seed;
use mqtt_playground::session::{ConnectionId, Transmit};
use mqtt_playground::time::{Duration, Instant};

use super::case::Act;
use super::pattern::packets;
use super::run::Stage;

pub(super) struct BrokerStage {
    broker: Broker,
    now: Instant,
    version: ProtocolVersion,
    ids: BTreeMap<char, ConnectionId>,
    ends: BTreeMap<ConnectionId, End>,
}

/// The far end of a connection.
struct End {
    version: ProtocolVersion,
    unread: Vec<Vec<u8>>,
    closed_by_broker: bool,
    close_expected: bool,
    sent: usize,
}

impl BrokerStage {
    pub(super) fn new(version: ProtocolVersion, settings: &[(String, String)]) -> Result<Self, String> {
        let mut config = BrokerConfig::default();
        for (key, value) in settings {
            set(&mut config, key, value)?;
        }
        let broker = Broker::new(config, Seed(1).stream("broker", "broker"));
        Ok(Self { broker, now: Instant::ZERO, version, ids: BTreeMap::new(), ends: BTreeMap::new() })
    }

    fn id(&mut self, connection: char) -> ConnectionId {
        match self.ids.get(&connection) {
            Some(id) => *id,
            None => {
                self.open(connection);
                self.ids[&connection]
            }
        }
    }

    fn end(&mut self, connection: char) -> &mut End {
        let id = self.id(connection);
        self.ends.get_mut(&id).unwrap()
    }

    /// Takes the output; timers that are due by now fire first.
    fn settle(&mut self) {
        let mut wakes = 0;
        loop {
            while let Some(output) = self.broker.poll_output() {
                let Output::Transmit(connection, transmit) = output else { continue };
                let end = self.ends.get_mut(&connection).unwrap();
                assert!(!end.closed_by_broker, "nothing is sent after the close: {transmit:?}");
                match transmit {
                    Transmit::Packet { bytes, .. } => end.unread.extend(packets(&bytes)),
                    Transmit::Close | Transmit::Abort => end.closed_by_broker = true,
                    Transmit::Open => panic!("a broker opens nothing"),
                }
            }
            if self.broker.poll_timeout().is_none_or(|due| due > self.now) {
                return;
            }
            self.broker.handle_timeout(self.now);
            wakes += 1;
            assert!(wakes < 10_000, "timers make no progress");
        }
    }
}

/// A user with this password. Its key takes thousands of hashes, and is made once.
fn user(password: &str) -> Result<User, String> {
    thread_local! {
        static USERS: RefCell<BTreeMap<String, User>> = const { RefCell::new(BTreeMap::new()) };
    }
    USERS.with_borrow_mut(|users| {
        if let Some(user) = users.get(password) {
            return Ok(user.clone());
        }
        let user = User::with_password(password, b"salt of the case", 1).map_err(|error| format!("{error:?}"))?;
        users.insert(password.to_owned(), user.clone());
        Ok(user)
    })
}

fn set(config: &mut BrokerConfig, key: &str, value: &str) -> Result<(), String> {
    fn number<T: FromStr>(value: &str) -> Result<T, String> {
        value.parse().map_err(|_| format!("{value} is no number for this"))
    }
    match key {
        "user" => {
            let (name, password) = value.split_once(' ').ok_or("user = NAME PASSWORD")?;
            config.access.users.get_or_insert_default().insert(name.into(), user(password)?);
        }
        "acl" => {
            let text = value.replace(';', "\n");
            config.access.acl = Some(Acl::parse("acl", &text).map_err(|mistakes| format!("{mistakes:?}"))?);
        }
        "allow_anonymous" => config.access.allow_anonymous = value == "true",
        "allow_empty_client_id" => config.allow_empty_client_id = value == "true",
        "wildcard_subscription_available" => config.wildcard_subscription_available = value == "true",
        "subscription_identifiers_available" => config.subscription_identifiers_available = value == "true",
        "shared_subscription_available" => config.shared_subscription_available = value == "true",
        "topic_alias_maximum" => config.topic_alias_maximum = number(value)?,
        "max_topic_alias_outgoing" => config.max_topic_alias_outgoing = number(value)?,
        "response_information" => config.response_information = Some(value.into()),
        "maximum_qos" => config.maximum_qos = QoS::try_from(number::<u8>(value)?).map_err(|error| error.to_string())?,
        "retain_available" => config.retain_available = value == "true",
        "receive_maximum" => config.receive_maximum = number(value)?,
        "max_inflight" => config.max_inflight = number(value)?,
        "maximum_packet_size" => config.maximum_packet_size = number(value)?,
        "session_expiry_max" => config.session_expiry_max = number(value)?,
        "server_keep_alive" => config.server_keep_alive = Some(number(value)?),
        "connect_timeout_ms" => config.connect_timeout = Duration::from_millis(number(value)?),
        "max_queued_messages" => config.max_queued_messages = number(value)?,
        "max_queued_bytes" => config.max_queued_bytes = number(value)?,
        "queue_qos_zero" => config.queue_qos_zero = value == "true",
        "max_retained" => config.max_retained = number(value)?,
        "max_sessions" => config.max_sessions = number(value)?,
        "max_connections" => config.max_connections = number(value)?,
        "max_topic_levels" => config.max_topic_levels = number(value)?,
        "max_subscriptions" => config.max_subscriptions = number(value)?,
        "persistence" => config.persistence = value == "true",
        _ => return Err(format!("{key} is no setting of the broker here")),
    }
    Ok(())
}

impl Stage for BrokerStage {
    fn receive(&mut self, connection: char, bytes: &[u8]) {
        let id = self.id(connection);
        let end = self.end(connection);
        if end.sent == 0
            && let Some(level) = bytes.get(8)
        {
            end.version = if *level == 5 { ProtocolVersion::V5 } else { ProtocolVersion::V311 };
        }
        end.sent += bytes.len();
        self.broker.handle_bytes(self.now, id, Bytes::copy_from_slice(bytes));
        self.settle();
    }

    fn unread(&mut self, connection: char) -> &mut Vec<Vec<u8>> {
        &mut self.end(connection).unread
    }

    fn connections(&self) -> Vec<char> {
        self.ids.keys().copied().collect()
    }

    fn take_close(&mut self, connection: char) -> bool {
        let end = self.end(connection);
        end.close_expected = true;
        end.closed_by_broker
    }

    fn is_closed_unasked(&self, connection: char) -> bool {
        let end = self.ids.get(&connection).and_then(|id| self.ends.get(id));
        end.is_some_and(|end| end.closed_by_broker && !end.close_expected)
    }

    fn cut(&mut self, connection: char) {
        let id = self.id(connection);
        self.broker.handle_connection_closed(self.now, id);
        self.settle();
    }

    fn open(&mut self, connection: char) {
        let id = ConnectionId(self.ends.len() as u32 + 1);
        self.ids.insert(connection, id);
        let end = End { version: self.version, unread: Vec::new(), closed_by_broker: false, close_expected: false, sent: 0 };
        self.ends.insert(id, end);
        self.broker.handle_connection_opened(self.now, id);
        self.settle();
    }

    fn pass(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(due) = self.broker.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.settle();
        }
        self.now = until;
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Stop => self.broker.handle_shutdown(self.now),
            Act::Crash => {
                self.broker.handle_crash(self.now);
                self.broker.handle_restart(self.now);
            }
            Act::Change(settings) => {
                let mut config = BrokerConfig::default();
                for (key, value) in settings {
                    set(&mut config, key, value)?;
                }
                self.broker.handle_access_changed(self.now, config.access);
            }
            other => return Err(format!("{other:?} is for cases of the client")),
        }
        self.settle();
        Ok(())
    }

    fn left_over(&self) -> Option<String> {
        None
    }

    fn version(&self, connection: char) -> ProtocolVersion {
        self.ids.get(&connection).and_then(|id| self.ends.get(id)).map_or(self.version, |end| end.version)
    }
}
