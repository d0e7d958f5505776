//! What one run cannot show: how runs of the same world go that differ in what must not matter.
//!
//! The same once more; from the file that says the same; with bytes handed on in other pieces; with a stranger who has nothing to do with the others; and with a
//! stranger who sends nonsense, whom an access control list keeps in a corner. The first three have to be the same record by record, the last two for each of
//! the others, packet by packet and to the microsecond: then whatever was promised to them is kept as before.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::planted::Flaw;
use super::{Invariant, Report, Violation};
use crate::broker::{Acl, BrokerConfig};
use crate::client::{ReconnectPolicy, WantedSubscription};
use crate::link::Conditions;
use crate::packet::{ClientId, QoS, Subscription, SubscriptionOptions, TopicFilter, TopicName, WillMessage, WillProperties};
use crate::ratio::Ratio;
use crate::session::ConnectionId;
use crate::sim::{ClientSpec, Command, MessageProperties, Scenario, World, WorldLimits};
use crate::time::{Duration, Instant};
use crate::trace::{Digest, Event, NodeId, Record, RecordId, Trace};

/// The most records of one run.
const RECORDS_MAX: usize = 1_000_000;
/// Where the stranger is alone: no filter with a wildcard in front matches it.
const CORNER: &str = "$z";
/// What the others may do, and what the stranger may.
const ACL: &str = "user friend\ntopic readwrite #\ntopic readwrite $x/#\nuser stranger\ntopic readwrite $z/#\n";

/// What a run has told.
#[derive(Debug, Default)]
struct Told {
    /// A digest of each record.
    records: Vec<u64>,
    /// What each client and its connections have to do with, in order: a digest, and the record.
    by_client: BTreeMap<NodeId, Vec<(u64, RecordId)>>,
    owners: BTreeMap<ConnectionId, NodeId>,
}

impl Told {
    fn take(&mut self, record: &Record) {
        let mut digest = Digest::new();
        record.digest_into(&mut digest);
        self.records.push(digest.finish());
        let mut digest = Digest::new();
        record.at.hash(&mut digest);
        if let Some(client) = self.concerns(&record.event, &mut digest) {
            self.by_client.entry(client).or_default().push((digest.finish(), record.id));
        }
    }

    /// Whom an event concerns, and what it is without the numbers of records and connections.
    fn concerns(&mut self, event: &Event, digest: &mut Digest) -> Option<NodeId> {
        std::mem::discriminant(event).hash(digest);
        let connection = match event {
            Event::ConnectionOpening { connection, client } => {
                self.owners.insert(*connection, *client);
                connection
            }
            Event::TransportOpened { connection, side } => {
                side.hash(digest);
                connection
            }
            Event::TransportClosed { connection, side, reason } => {
                (side, reason).hash(digest);
                connection
            }
            Event::SegmentSent { connection, segment } => {
                segment.hash(digest);
                connection
            }
            Event::SegmentArrived { connection, number } => {
                number.hash(digest);
                connection
            }
            Event::SegmentLost { connection, number, reason } => {
                (number, reason).hash(digest);
                connection
            }
            Event::PacketSent { connection, from, bytes, .. } => {
                (from, bytes).hash(digest);
                connection
            }
            Event::PacketReceived { connection, to, .. } => {
                to.hash(digest);
                connection
            }
            Event::PacketLost { connection, reason, .. } => {
                reason.hash(digest);
                connection
            }
            Event::FaultStruck(fault) => {
                fault.verdict.hash(digest);
                &fault.connection
            }
            Event::PacketMalformed(malformed) => &malformed.connection,
            Event::Client { client, event } => {
                event.hash(digest);
                return Some(*client);
            }
            Event::CommandApplied { node, command, .. } => {
                command.hash(digest);
                return Some(*node);
            }
            Event::PathChanged { client, cut } => {
                cut.hash(digest);
                return Some(*client);
            }
            Event::PowerChanged { node, on } => {
                on.hash(digest);
                return Some(*node);
            }
            _ => return None,
        };
        self.owners.get(connection).copied()
    }

    /// The first record in which another run differs.
    fn differs(&self, other: &Self) -> Option<RecordId> {
        let same = self.records.iter().zip(&other.records).take_while(|(one, other)| one == other).count();
        let is_same = same == self.records.len() && same == other.records.len();
        (!is_same).then(|| RecordId(u32::try_from(same).unwrap_or(u32::MAX)))
    }

    /// The first record of another run in which it differs for one of these clients.
    fn differs_for(&self, clients: usize, other: &Self) -> Option<RecordId> {
        let of = |told: &Self, client: NodeId| told.by_client.get(&client).cloned().unwrap_or_default();
        (1_u32..).map(NodeId).take(clients).find_map(|client| {
            let (here, there) = (of(self, client), of(other, client));
            let same = here.iter().zip(&there).take_while(|((one, _), (other, _))| one == other).count();
            let at = there.get(same).or_else(|| there.last()).map_or(RecordId(0), |(_, record)| *record);
            (same < here.len() || same < there.len()).then_some(at)
        })
    }
}

fn run(scenario: &Arc<Scenario>, limits: WorldLimits, spoils: Option<NodeId>, flaw: Option<Flaw>) -> Told {
    let end = Instant::ZERO + scenario.until;
    let mut trace = Trace::new(scenario.nodes(), RECORDS_MAX);
    let mut world = World::with_limits(scenario, scenario.seed, limits);
    if let Some(client) = spoils {
        world.spoil(client);
    }
    let mut told = Told::default();
    while world.next_at().is_some_and(|at| at <= end) && world.step(&mut trace) {
        for mut record in trace.drain() {
            match flaw {
                Some(Flaw::WallClock) if told.records.len() == 100 => record.at += Duration::from_micros(1),
                Some(Flaw::PieceForgotten) if told.records.len() > 100 && matches!(record.event, Event::PacketReceived { .. }) => continue,
                _ => {}
            }
            told.take(&record);
        }
    }
    told
}

/// Judges a scenario by runs that differ in what must not matter. Of a flaw only the relations that it concerns are judged.
pub(super) fn judge(scenario: &Arc<Scenario>, flaw: Option<Flaw>, report: &mut Report) {
    let plain = |scenario: &Arc<Scenario>, flaw| run(scenario, WorldLimits::default(), None, flaw);
    let first = plain(scenario, None);
    note(report, Invariant::Determinism, "the same run twice is not the same", first.differs(&plain(scenario, flaw)));
    let again = read_again(scenario, flaw).map(|read| plain(&read, None));
    let differs = again.map_or(Some(RecordId(0)), |again| first.differs(&again));
    note(report, Invariant::Replay, "a scenario that is written down and read again runs otherwise", differs);
    let read = usize::try_from(scenario.seed.0 % 7).unwrap_or_default().saturating_add(1);
    let pieces = run(scenario, WorldLimits { read, ..WorldLimits::default() }, None, flaw);
    note(report, Invariant::Chunking, "bytes that come in other pieces mean something else", first.differs(&pieces));
    let clients = scenario.clients.len();
    let visited = plain(&with_stranger(scenario, flaw), None);
    note(report, Invariant::Isolation, "a stranger changes something for others", first.differs_for(clients, &visited));
    let (alone, hostile) = (guarded(scenario), guarded(&with_stranger(scenario, flaw)));
    let nonsense = u32::try_from(clients).ok().map(|clients| NodeId(clients.saturating_add(1)));
    let suffered = run(&with_hostile(&hostile, flaw), WorldLimits::default(), nonsense, None);
    let differs = plain(&alone, None).differs_for(clients, &suffered);
    note(report, Invariant::Hostility, "who sends nonsense changes something for others", differs);
}

fn note(report: &mut Report, invariant: Invariant, what: &'static str, differs: Option<RecordId>) {
    match differs {
        None => report.judge_runs(invariant),
        Some(record) => {
            report.add(Violation { invariant, clause: "", what, at: Instant::ZERO, record, earlier: None, connection: None });
        }
    }
}

/// The scenario as its file says it; `None` if no file can.
fn read_again(scenario: &Scenario, flaw: Option<Flaw>) -> Option<Arc<Scenario>> {
    let mut file = scenario.to_toml().ok()?;
    if flaw == Some(Flaw::LineForgotten) {
        let is_left = |line: &&str| !line.starts_with("connect_at");
        file = file.lines().filter(is_left).collect::<Vec<_>>().join("\n");
    }
    Scenario::parse("scenario.toml", &file).ok().map(Scenario::shared)
}

/// The same world with one client more, who has a corner of its own.
fn with_stranger(scenario: &Scenario, flaw: Option<Flaw>) -> Arc<Scenario> {
    let mut scenario = scenario.clone();
    let mut draw = scenario.seed.stream("stranger", "relations");
    let mut spec = ClientSpec::new("stranger");
    let corner = if matches!(flaw, Some(Flaw::StrangerMeddles | Flaw::HostileIsFree)) { "a" } else { CORNER };
    let topic = TopicName::new(format!("{corner}/b")).unwrap_or_default();
    let filter = if flaw == Some(Flaw::StrangerShares) { "$share/g/a/#".to_owned() } else { format!("{CORNER}/#") };
    for filter in [filter, format!("$share/g/{CORNER}/+")].into_iter().filter_map(|filter| TopicFilter::new(filter).ok()) {
        let options = SubscriptionOptions { qos: QoS::ExactlyOnce, ..SubscriptionOptions::default() };
        spec.config.subscriptions.push(WantedSubscription { subscription: Subscription { filter, options }, identifier: Some(7) });
    }
    spec.config.clean_start = false;
    spec.config.session_expiry_interval = Some(3);
    spec.config.keep_alive = 4;
    spec.config.reconnect = ReconnectPolicy::Fixed { delay: Duration::from_millis(700) };
    let properties = WillProperties { will_delay_interval: Some(1), ..WillProperties::default() };
    let payload = bytes::Bytes::from_static(b"will of a stranger");
    spec.config.will = Some(WillMessage { topic: topic.clone(), payload, qos: QoS::AtLeastOnce, retain: false, properties });
    spec.connect_at = Some(Instant::from_millis(draw.below(2_000)));
    spec.conditions = Conditions { loss: Ratio::from_percent(10), ..Conditions::default() };
    scenario.clients.push(spec);
    let client = NodeId(u32::try_from(scenario.clients.len()).unwrap_or(u32::MAX));
    let span = scenario.until.as_micros() / 2;
    let mut at = || Instant::from_micros(draw.below(span));
    for (number, qos) in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce].into_iter().cycle().take(18).enumerate() {
        let (topic, payload) = (topic.clone(), format!("s{number}").into());
        let properties = MessageProperties::default();
        // Room for what is retained is for all.
        let retain = number % 3 == 1 && scenario.broker.max_retained == BrokerConfig::default().max_retained;
        scenario.timeline.push((at(), Command::Publish { client, topic, payload, qos, retain, properties }));
    }
    scenario.timeline.extend((0..3).map(|_| (at(), Command::Reset { client })));
    let off = at();
    scenario
        .timeline
        .extend([(off, Command::PowerCut { node: client }), (off + Duration::from_secs(4), Command::PowerOn { node: client })]);
    scenario.timeline.sort_by_key(|(at, _)| *at);
    scenario.shared()
}

/// The same world where everybody has a name, and the names have rights.
fn guarded(scenario: &Scenario) -> Arc<Scenario> {
    let mut scenario = scenario.clone();
    scenario.broker.access.acl = Acl::parse("acl", ACL).ok();
    scenario.broker.max_retained = BrokerConfig::default().max_retained;
    for spec in &mut scenario.clients {
        let name = if spec.name == "stranger" { "stranger" } else { "friend" };
        spec.config.user_name = Some(name.into());
    }
    scenario.shared()
}

/// The stranger at its worst.
fn with_hostile(scenario: &Scenario, flaw: Option<Flaw>) -> Arc<Scenario> {
    let mut scenario = scenario.clone();
    let stolen = scenario.clients.first().map(|spec| spec.config.client_id.clone());
    if let Some(spec) = scenario.clients.last_mut() {
        spec.config.reconnect = ReconnectPolicy::Fixed { delay: Duration::from_millis(50) };
        spec.config.client_id = ClientId::new("a stranger with a long name");
        match flaw {
            Some(Flaw::HostileTakesOver) => spec.config.client_id = stolen.unwrap_or_default(),
            Some(Flaw::HostileIsFree) => {
                spec.config.user_name = Some("friend".into());
                spec.config.will = None;
            }
            _ => {}
        }
    }
    scenario.shared()
}
