//! The whole world: scenario in, trace out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mqtt_playground::broker::{BrokerEvent, EndCause};
use mqtt_playground::client::ClientState;
use mqtt_playground::link::Side;
use mqtt_playground::packet::{ClientId, TopicFilter, TopicName};
use mqtt_playground::rng::Seed;
use mqtt_playground::sim::{ClientSpec, Command, CommandError, MessageProperties, Reply, Scenario, Template, World, WorldLimits};
use mqtt_playground::time::{Duration, Instant};
use mqtt_playground::trace::{Event, NodeId, Trace};

use super::run::Run;
use super::test;

/// Two sensors, an actuator that answers and a dashboard, on paths of different quality, with everything that can go wrong.
pub(super) const BUSY: &str = r#"
seed = 11
[[client]]
name = "sensor"
kind = "sensor"
clean_start = false
session_expiry = "10 min"
keep_alive = "10 s"
reconnect = { first = "500 ms", max = "8 s", jitter = true }
will = { topic = "status/sensor", payload = "offline", qos = 1, retain = true, delay = "2 s" }
path = { latency = "15 ms", jitter = "10 ms", loss = "10 %" }
[[client]]
name = "old"
version = "3.1.1"
clean_start = false
keep_alive = "5 s"
reconnect = { every = "1 s" }
subscriptions = [{ filter = "plant/+/water", qos = 2 }]
path = { latency = "5 ms", rate = 20000 }
[[client]]
name = "board"
kind = "dashboard"
clean_start = false
session_expiry = "never"
subscriptions = [{ filter = "plant/#", qos = 2 }, { filter = "status/+", qos = 1 }]
reconnect = { every = "700 ms" }
[[device]]
client = "sensor"
signal = "random-walk"
first = 40
step = 2.5
low = 0
high = 100
every = "300 ms"
topic = "plant/1/moisture"
qos = 1
payload = "{n}:{value}"
[[device]]
client = "old"
signal = "burst"
size = 3
every = "2 s"
start = "1 s"
topic = "plant/1/light"
qos = 2
retain = true
[[reply]]
client = "old"
when = "plant/1/water"
topic = "plant/1/watered"
qos = 1
delay = "40 ms"
[[fault]]
client = "sensor"
packet = "PUBACK"
from = "broker"
nth = 3
verdict = "reset-before-delivery"
[[fault]]
client = "old"
packet = "PUBREC"
from = "broker"
nth = 2
verdict = "cut-before-delivery"
notice = "nobody"
[[timeline]]
at = "6 s"
do = "restore"
client = "old"
[[timeline]]
at = "8 s"
do = "publish"
client = "board"
topic = "plant/1/water"
payload = "200 ml"
qos = 2
[[timeline]]
at = "12 s"
do = "power-cut"
client = "sensor"
[[timeline]]
at = "18 s"
do = "power-on"
client = "sensor"
[[timeline]]
at = "22 s"
do = "power-cut"
node = "broker"
[[timeline]]
at = "24 s"
do = "power-on"
node = "broker"
[[timeline]]
at = "26 s"
do = "freeze"
client = "board"
[[timeline]]
at = "29 s"
do = "thaw"
client = "board"
[[timeline]]
at = "31 s"
do = "set-path"
client = "board"
path = { latency = "80 ms", jitter = "40 ms", loss = "25 %" }
"#;

#[test]
fn the_same_inputs_give_the_same_digests_here_and_on_every_platform() {
    let first = Run::new(BUSY).until_millis(45_000);
    let second = Run::new(BUSY).until_millis(45_000);
    assert_eq!(first.text(), second.text());
    assert_eq!(first.trace.digest(), second.trace.digest());
    assert_eq!(first.world.digest(), second.world.digest());
    let other = Run::with_seed(BUSY, Some(12)).until_millis(45_000);
    assert_ne!(first.trace.digest(), other.trace.digest());
    // The same constants are checked natively and in wasm. They change with every change of behaviour, and then on both.
    assert_eq!((first.trace.len(), format!("{:016x}", first.trace.digest())), (GOLDEN_RECORDS, GOLDEN_TRACE.to_owned()), "trace");
    assert_eq!(format!("{:016x}", first.world.digest()), GOLDEN_STATE, "state");
}

const GOLDEN_RECORDS: usize = 7_172;
const GOLDEN_TRACE: &str = "ea4f7a6b6ae5dbf5";
const GOLDEN_STATE: &str = "b94461db3d1d17f0";

#[test]
fn every_record_names_an_earlier_cause_and_time_never_goes_back() {
    let run = Run::new(BUSY).until_millis(45_000);
    let mut last = Instant::ZERO;
    for (record, event) in run.events() {
        assert!(record.cause().is_none_or(|cause| cause < record.id), "{record:?}");
        assert!(record.at >= last, "{record:?}");
        last = record.at;
        let cause = record.cause().and_then(|cause| run.trace.get(cause)).map(|cause| &cause.event);
        match event {
            Event::PacketReceived { connection, to, sent } => {
                assert_eq!(record.cause(), *sent);
                let matches = matches!(cause, Some(Event::PacketSent { connection: c, from, .. }) if c == connection && *from == to.peer());
                assert!(matches, "{record:?} caused by {cause:?}");
            }
            Event::SegmentArrived { connection, number } | Event::SegmentLost { connection, number, .. } => {
                let matches =
                    matches!(cause, Some(Event::SegmentSent { connection: c, segment }) if c == connection && segment.number == *number);
                assert!(matches, "{record:?} caused by {cause:?}");
            }
            Event::SegmentSent { segment, .. } if !segment.payload.is_empty() && segment.attempt == 0 => {
                assert!(matches!(cause, Some(Event::PacketSent { .. })), "{record:?} caused by {cause:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn timers_of_the_broker_that_fire_together_have_causes_of_their_own() {
    let client = |name: &str| {
        format!(
            "[[client]]\nname = \"{name}\"\nkeep_alive = \"10 s\"\nsession_expiry = \"60 s\"\n\
             will = {{ topic = \"gone/{name}\", payload = \"x\", delay = \"5 s\" }}\n\
             [[timeline]]\nat = \"1 s\"\ndo = \"freeze\"\nclient = \"{name}\"\n"
        )
    };
    let run = Run::new(&format!("{}{}", client("a"), client("b"))).until_millis(40_000);
    let of_broker = |cause: Option<&Event>| if let Some(Event::Broker(event)) = cause { Some((**event).clone()) } else { None };
    let mut published = Vec::new();
    let mut farewells = 0;
    for (record, event) in run.events() {
        let cause = record.cause().and_then(|cause| run.trace.get(cause)).map(|cause| &cause.event);
        match event {
            Event::Broker(event) => match &**event {
                BrokerEvent::WillPublished { client_id, .. } => {
                    let planned =
                        matches!(of_broker(cause), Some(BrokerEvent::WillScheduled { client_id: planned, .. }) if planned == *client_id);
                    assert!(planned, "{record:?} caused by {cause:?}");
                    published.push((record.at, client_id.clone()));
                }
                BrokerEvent::ConnectionEnded { .. } => assert_eq!(cause, None, "a timer has no cause"),
                _ => {}
            },
            Event::PacketSent { from: Side::Broker, packet_type, connection, .. } if packet_type.name() == "DISCONNECT" => {
                let ended =
                    matches!(of_broker(cause), Some(BrokerEvent::ConnectionEnded { connection: ended, .. }) if ended == *connection);
                assert!(ended, "{record:?} caused by {cause:?}");
                farewells += 1;
            }
            Event::SegmentSent { segment, .. }
                if segment.payload.is_empty() && segment.ack.is_some() && !(segment.syn || segment.fin || segment.rst) =>
            {
                assert!(matches!(cause, Some(Event::SegmentArrived { .. })), "{record:?} caused by {cause:?}");
            }
            _ => {}
        }
    }
    assert_eq!(published.len(), 2);
    assert_eq!(published[0].0, published[1].0, "both at the same instant");
    assert_eq!(farewells, 2);
}

#[test]
fn bytes_sent_are_delivered_lost_or_still_on_the_way_after_every_event() {
    let mut run = Run::new(BUSY);
    let mut written: BTreeMap<_, u64> = BTreeMap::new();
    let mut seen = 0;
    while run.world.next_at().is_some_and(|at| at <= Instant::from_secs(45)) && run.world.step(&mut run.trace) {
        for record in &run.trace.records()[seen..] {
            if let Event::PacketSent { connection, from, bytes, .. } = &record.event {
                *written.entry((*connection, *from)).or_default() += bytes.len() as u64;
            }
        }
        seen = run.trace.len();
        for (id, _, link) in run.world.links() {
            for side in [Side::Client, Side::Broker] {
                let (delivered, lost, waiting) = link.byte_account(side);
                assert_eq!(delivered + lost + waiting, written.get(&(id, side)).copied().unwrap_or(0), "{id:?} {side:?}");
            }
        }
    }
    assert!(written.values().sum::<u64>() > 5_000);
}

#[test]
fn each_packet_is_received_lost_or_still_on_the_way_and_never_two_of_them() {
    let run = Run::new(BUSY).until_millis(45_000);
    let alive: BTreeSet<_> = run.world.links().map(|(id, ..)| id).collect();
    let mut fates: BTreeMap<_, (u32, _)> = BTreeMap::new();
    for (record, event) in run.events() {
        match event {
            Event::PacketSent { connection, .. } => {
                fates.insert(record.id, (0, *connection));
            }
            Event::PacketReceived { sent: Some(sent), .. } | Event::PacketLost { sent, .. } => {
                fates.get_mut(sent).expect("sent before").0 += 1;
            }
            _ => {}
        }
    }
    for (id, (fates, connection)) in fates {
        assert!(fates == 1 || (fates == 0 && alive.contains(&connection)), "{:?} has {fates} fates", run.trace.get(id));
    }
}

#[test]
fn a_fold_of_the_trace_tells_what_the_broker_holds() {
    let mut run = Run::new(BUSY);
    for second in 1..=45 {
        run.advance(Instant::from_secs(second));
        let mut connected: BTreeMap<ClientId, u32> = BTreeMap::new();
        let mut retained = BTreeSet::new();
        for (_, event) in run.broker_events() {
            match event {
                BrokerEvent::ClientConnected { connection, client_id, .. } => {
                    connected.insert(client_id.clone(), connection.0);
                }
                BrokerEvent::ConnectionEnded { connection, client_id: Some(client_id), .. }
                    if connected.get(client_id) == Some(&connection.0) =>
                {
                    connected.remove(client_id);
                }
                BrokerEvent::RetainedStored { topic, .. } => {
                    retained.insert(topic.clone());
                }
                BrokerEvent::RetainedCleared { topic } => {
                    retained.remove(topic);
                }
                _ => {}
            }
        }
        let broker = run.world.broker();
        let held: BTreeSet<&str> = broker.retained().map(|retained| retained.topic.as_str()).collect();
        assert_eq!(retained.iter().map(TopicName::as_str).collect::<BTreeSet<_>>(), held, "retained at {second} s");
        let online: BTreeSet<&str> = broker.sessions().filter(|s| s.connection.is_some()).map(|s| s.client_id.as_str()).collect();
        assert_eq!(connected.keys().map(ClientId::as_str).collect::<BTreeSet<_>>(), online, "connected at {second} s");
    }
}

#[test]
fn a_second_connection_with_the_same_client_identifier_takes_the_session_over() {
    // [MQTT-3.1.4-3]
    let text = "[[client]]\nname = \"a\"\nclient_id = \"same\"\n[[client]]\nname = \"b\"\nclient_id = \"same\"\nconnect_at = \"1 s\"";
    let run = Run::new(text).until_millis(3_000);
    let ended: Vec<_> = run
        .broker_events()
        .filter_map(|(_, event)| if let BrokerEvent::ConnectionEnded { cause, .. } = event { Some(cause.clone()) } else { None })
        .collect();
    assert_eq!(ended, [EndCause::TakenOver], "{}", run.text());
    let state = |name| run.world.client(run.node(name)).map(|node| node.client.state());
    assert_eq!((state("a"), state("b")), (Some(ClientState::Idle), Some(ClientState::Connected)));
}

#[test]
fn whoever_administers_the_broker_ends_connections_and_changes_rights_while_it_runs() {
    let text = concat!(
        "[broker]\nallow_anonymous = false\nacl = \"\"\"\nuser kim\ntopic readwrite home/#\n\"\"\"\n[[broker.user]]\nname = \"kim\"\npassword = \"secret\"\n",
        "[[client]]\nname = \"a\"\nuser = \"kim\"\npassword = \"secret\"\nsubscriptions = [\"home/a\"]\nreconnect = { every = \"1 s\" }\n",
        "[[client]]\nname = \"stranger\"\nreconnect = \"never\"\n",
        "[[timeline]]\nat = \"1 s\"\ndo = \"kick\"\nclient = \"a\"\n",
        "[[timeline]]\nat = \"5 s\"\ndo = \"set-acl\"\nacl = \"topic read other\"\n",
    );
    let mut run = Run::new(text).until_millis(4_000);
    let ended: Vec<_> = run
        .broker_events()
        .filter_map(
            |(_, event)| {
                if let BrokerEvent::ConnectionEnded { client_id: Some(_), cause, .. } = event { Some(cause.clone()) } else { None }
            },
        )
        .collect();
    assert_eq!(ended, [EndCause::Kicked], "{}", run.text());
    let state = |run: &Run, name| run.world.client(run.node(name)).map(|node| node.client.state());
    assert_eq!((state(&run, "a"), state(&run, "stranger")), (Some(ClientState::Connected), Some(ClientState::Idle)), "{}", run.text());
    let subscriptions = |run: &Run| run.world.broker().sessions().map(|session| session.subscriptions.len()).sum::<usize>();
    assert_eq!(subscriptions(&run), 1);
    run.advance(Instant::from_secs(6));
    assert_eq!(subscriptions(&run), 0, "{}", run.text());
    assert!(run.broker_events().any(|(at, event)| at == Instant::from_secs(5) && *event == BrokerEvent::AccessChanged));
}

#[test]
fn a_connection_to_a_broker_that_is_down_is_refused_at_once() {
    let text = "[[client]]\nname = \"a\"\nconnect_at = \"2 s\"\nreconnect = { every = \"1 s\" }\n[[timeline]]\nat = \"1 s\"\ndo = \"power-cut\"\nnode = \"broker\"\n[[timeline]]\nat = \"3500 ms\"\ndo = \"power-on\"\nnode = \"broker\"";
    let mut run = Run::new(text).until_millis(2_050);
    let closed =
        run.events().any(|(record, event)| matches!(event, Event::TransportClosed { .. }) && record.at == Instant::from_millis(2_040));
    assert!(closed, "{}", run.text());
    run.advance(Instant::from_secs(6));
    assert_eq!(run.world.client(NodeId(1)).map(|node| node.client.state()), Some(ClientState::Connected), "{}", run.text());
}

#[test]
fn a_broker_without_power_has_no_connections_and_its_sessions_begin_to_expire() {
    let text = "[[client]]\nname = \"a\"\nclean_start = false\nsession_expiry = \"10 s\"\nreconnect = \"never\"\n[[timeline]]\nat = \"1 s\"\ndo = \"power-cut\"\nnode = \"broker\"\n[[timeline]]\nat = \"20 s\"\ndo = \"power-on\"\nnode = \"broker\"";
    let mut run = Run::new(text).until_millis(5_000);
    let ended: Vec<_> = run
        .broker_events()
        .filter_map(|(at, event)| if let BrokerEvent::ConnectionEnded { cause, .. } = event { Some((at, cause.clone())) } else { None })
        .collect();
    assert_eq!(ended, [(Instant::from_secs(1), EndCause::ServerCrashed)], "{}", run.text());
    let session = run.world.broker().sessions().next().expect("the session is kept");
    assert_eq!((session.connection, session.expires_at), (None, Some(Instant::from_secs(11))));
    run.advance(Instant::from_secs(21));
    let gone = run.broker_events().any(|(at, event)| at == Instant::from_secs(20) && matches!(event, BrokerEvent::SessionEnded { .. }));
    assert!(gone, "{}", run.text());
}

#[test]
fn a_program_that_hangs_answers_nothing_and_goes_on_where_it_stopped() {
    let text = "[[client]]\nname = \"a\"\nkeep_alive = \"0 s\"\nsubscriptions = [{ filter = \"t\", qos = 1 }]\n[[client]]\nname = \"b\"\n[[timeline]]\nat = \"1 s\"\ndo = \"freeze\"\nclient = \"a\"\n[[timeline]]\nat = \"2 s\"\ndo = \"publish\"\nclient = \"b\"\ntopic = \"t\"\npayload = \"x\"\nqos = 1\n[[timeline]]\nat = \"9 s\"\ndo = \"thaw\"\nclient = \"a\"";
    let mut run = Run::new(text).until_millis(8_999);
    assert!(run.messages("a").is_empty());
    let refused = run.apply(Instant::from_millis(8_999), &Command::Connect { client: NodeId(1) });
    assert_eq!(refused, Err(CommandError::Frozen));
    run.advance(Instant::from_secs(10));
    assert_eq!(run.messages("a"), ["x"], "{}", run.text());
}

#[test]
fn a_reply_storm_without_delay_stops_at_a_limit_that_the_trace_records() {
    let mut scenario = Scenario::default();
    for (name, hears, says) in [("a", "ping", "pong"), ("b", "pong", "ping")] {
        let mut spec = ClientSpec::new(name);
        spec.conditions.latency = Duration::ZERO;
        spec.config.subscriptions = vec![
            mqtt_playground::packet::Subscription {
                filter: TopicFilter::new(hears).expect("legal"),
                options: mqtt_playground::packet::SubscriptionOptions::default(),
            }
            .into(),
        ];
        spec.replies = vec![Reply {
            when: TopicFilter::new("#").expect("legal"),
            topic: Some(TopicName::new(says).expect("legal")),
            payload: Template("{n}".into()),
            qos: mqtt_playground::packet::QoS::AtMostOnce,
            retain: false,
            delay: Duration::ZERO,
        }];
        scenario.clients.push(spec);
    }
    let kick = Command::Publish {
        client: NodeId(1),
        topic: TopicName::new("pong").expect("legal"),
        payload: "go".into(),
        qos: mqtt_playground::packet::QoS::AtMostOnce,
        retain: false,
        properties: MessageProperties::default(),
    };
    scenario.timeline = vec![(Instant::from_secs(1), kick)];
    let scenario = Arc::new(scenario);
    let (mut world, mut trace) = (World::new(&scenario, Seed(1)), Trace::new(scenario.nodes(), 1_000_000));
    while world.step(&mut trace) {}
    assert!(world.is_stopped());
    assert_eq!(world.now(), Instant::from_secs(1));
    assert!(matches!(trace.records().last().map(|record| &record.event), Some(Event::LimitReached { .. })));
    assert_eq!(world.apply(Instant::from_secs(1), &Command::Reset { client: NodeId(1) }, &mut trace), Err(CommandError::Stopped));
}

#[test]
fn answers_that_wait_are_bounded() {
    let mut scenario = Scenario::parse(
        "scenario.toml",
        "[[client]]\nname = \"a\"\nsubscriptions = [\"t\"]\n[[reply]]\nclient = \"a\"\nwhen = \"t\"\ntopic = \"u\"\ndelay = \"1 h\"\n\
         [[device]]\nclient = \"a\"\nsignal = \"burst\"\nsize = 5\nevery = \"1 s\"\nstart = \"1 s\"\ntimes = 2\ntopic = \"t\"\n",
    )
    .expect("legal");
    scenario.seed = Seed(1);
    let scenario = Arc::new(scenario);
    let limits = WorldLimits { replies: 3, ..WorldLimits::default() };
    let (mut world, mut trace) = (World::with_limits(&scenario, Seed(1), limits), Trace::new(scenario.nodes(), 100_000));
    while world.next_at().is_some_and(|at| at < Instant::from_secs(4_000)) {
        world.step(&mut trace);
    }
    let count = |wanted: &dyn Fn(&Event) -> bool| trace.records().iter().filter(|record| wanted(&record.event)).count();
    assert_eq!(count(&|event| matches!(event, Event::LimitReached { message } if message.key().as_str() == "sim-limit-replies")), 7);
    let answered = |event: &Event| matches!(event, Event::CommandApplied { command, .. } if command.key().as_str() == "sim-did-reply");
    assert_eq!(count(&answered), 3);
}

#[test]
fn a_full_trace_ends_with_the_limit_and_stops_the_run() {
    let scenario = Arc::new(Scenario::parse("scenario.toml", BUSY).expect("legal"));
    let (mut world, mut trace) = (World::new(&scenario, Seed(1)), Trace::new(scenario.nodes(), 500));
    while world.step(&mut trace) {}
    assert_eq!(trace.len(), 501);
    assert!(matches!(trace.records().last().map(|record| &record.event), Some(Event::LimitReached { .. })));
    assert!(world.is_stopped());
}
