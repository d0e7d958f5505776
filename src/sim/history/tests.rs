//! Random worlds, random commands, random walks through time.

use proptest::prelude::*;

use super::*;
use crate::client::ReconnectPolicy;
use crate::link::{Conditions, CutDirection, CutNotice, Rule, Side, Verdict};
use crate::packet::{PacketType, ProtocolVersion, QoS, ReasonCode, Subscription, SubscriptionOptions, TopicFilter, TopicName};
use crate::ratio::Ratio;
use crate::sim::{ClientSpec, Device, MessageProperties, Signal, Template};
use crate::time::Duration;
use crate::trace::{Event, NodeId};

fn qos() -> impl Strategy<Value = QoS> {
    prop_oneof![Just(QoS::AtMostOnce), Just(QoS::AtLeastOnce), Just(QoS::ExactlyOnce)]
}

fn conditions() -> impl Strategy<Value = Conditions> {
    (0_u64..60, 0_u64..30, 0_u32..40, proptest::option::of(2_000_u64..50_000)).prop_map(|(latency, jitter, loss, rate)| Conditions {
        latency: Duration::from_millis(latency),
        jitter: Duration::from_millis(jitter),
        loss: Ratio::from_percent(loss),
        rate,
        ..Conditions::default()
    })
}

fn device() -> impl Strategy<Value = Device> {
    (100_u64..3_000, 0_u64..2_000, qos(), any::<bool>()).prop_map(|(every, start, qos, retain)| Device {
        signal: Signal::Steps { values: vec!["a".to_owned(), "b".to_owned()] },
        start: Instant::from_millis(start),
        every: Duration::from_millis(every),
        times: None,
        topic: TopicName::new("t/x").unwrap(),
        qos,
        retain,
        payload: Template("{n}{value}".into()),
    })
}

fn client() -> impl Strategy<Value = ClientSpec> {
    let settings = (any::<bool>(), any::<bool>(), any::<bool>(), 0_u16..5, qos(), 0_u64..2_000);
    (settings, conditions(), proptest::collection::vec(device(), 0..3)).prop_map(
        |((old, clean, jitter, keep_alive, qos, connect_at), conditions, devices)| {
            let mut spec = ClientSpec::new("");
            spec.config.version = if old { ProtocolVersion::V311 } else { ProtocolVersion::V5 };
            spec.config.clean_start = clean;
            spec.config.session_expiry_interval = (!old).then_some(60);
            spec.config.keep_alive = keep_alive;
            spec.config.reconnect = ReconnectPolicy::Exponential { first: Duration::from_millis(200), max: Duration::from_secs(3), jitter };
            let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
            spec.config.subscriptions = vec![Subscription { filter: TopicFilter::new("t/#").unwrap(), options }.into()];
            spec.connect_at = Some(Instant::from_millis(connect_at));
            spec.conditions = conditions;
            spec.devices = devices;
            spec
        },
    )
}

fn scenario() -> impl Strategy<Value = Arc<Scenario>> {
    (any::<u64>(), proptest::collection::vec(client(), 1..4)).prop_map(|(seed, mut clients)| {
        for (index, spec) in clients.iter_mut().enumerate() {
            spec.name = format!("c{index}");
            // Two of them may share an identifier and take over from each other.
            spec.config.client_id = crate::packet::ClientId::new(format!("id{}", index % 2));
        }
        Arc::new(Scenario { seed: Seed(seed), clients, ..Scenario::default() })
    })
}

fn command() -> impl Strategy<Value = Command> {
    let client = (1_u32..4).prop_map(NodeId);
    let label = prop_oneof![Just(PacketType::Publish), Just(PacketType::Puback), Just(PacketType::Pubrec), Just(PacketType::Connack)];
    let verdict = prop_oneof![
        Just(Verdict::CutBeforeDelivery { notice: CutNotice::Client }),
        Just(Verdict::CutAfterDelivery { notice: CutNotice::Nobody }),
        Just(Verdict::ResetBeforeDelivery),
        Just(Verdict::ResetAfterDelivery),
        Just(Verdict::Delay { by: Duration::from_millis(700) }),
    ];
    (client, 0_u8..14, any::<bool>(), qos(), label, verdict, conditions()).prop_map(
        |(client, act, flag, qos, label, verdict, conditions)| match act {
            0 => Command::Connect { client },
            1 => Command::Disconnect { client, reason_code: ReasonCode::Success, session_expiry: None },
            2 | 3 => {
                let topic = TopicName::new("t/y").unwrap();
                Command::Publish { client, topic, payload: "hello".into(), qos, retain: flag, properties: MessageProperties::default() }
            }
            4 => {
                let filter = TopicFilter::new("t/+").unwrap();
                Command::Subscribe { client, filter, options: SubscriptionOptions::default(), identifier: None }
            }
            5 => Command::Unsubscribe { client, filter: TopicFilter::new("t/#").unwrap() },
            6 => Command::PowerCut { node: if flag { client } else { NodeId::BROKER } },
            7 => Command::PowerOn { node: if flag { client } else { NodeId::BROKER } },
            8 => Command::Cut { client, direction: CutDirection::ToBroker, notice: CutNotice::Nobody },
            9 => Command::Restore { client },
            10 => Command::Reset { client },
            11 => Command::SetConditions { client, conditions },
            12 => Command::AddFault { client, rule: Rule::once(Side::Broker, label as u8, 1, verdict) },
            _ => Command::Freeze { client, frozen: flag, lasts: flag.then_some(Duration::from_secs(2)) },
        },
    )
}

/// The world at `at`, from the start and without a history.
fn replay(scenario: &Arc<Scenario>, commands: &[(usize, Instant, Command)], at: Instant) -> (World, Trace) {
    let (mut world, mut trace) = (World::new(scenario, scenario.seed), Trace::new(scenario.nodes(), 1_000_000));
    let advance =
        |world: &mut World, trace: &mut Trace, until| while world.next_at().is_some_and(|next| next <= until) && world.step(trace) {};
    for (_, when, command) in commands.iter().filter(|(_, when, _)| *when <= at) {
        advance(&mut world, &mut trace, *when);
        world.apply(*when, command, &mut trace).expect("it was possible the first time");
    }
    advance(&mut world, &mut trace, at);
    (world, trace)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_run_can_be_walked_in_any_order_and_is_always_the_same(
        scenario in scenario(),
        commands in proptest::collection::vec((0_u64..1_500, proptest::option::of(0_u64..4_000), command()), 0..8),
        seeks in proptest::collection::vec(0_u64..12_000, 1..5),
        snapshots in 2_usize..20,
    ) {
        let limits = Limits { snapshots, events_per_call: 1_000_000, ..Limits::default() };
        let mut history = History::new(Arc::clone(&scenario), scenario.seed, limits);
        let mut at = Instant::ZERO;
        for (later, past, command) in commands {
            at += Duration::from_millis(later);
            history.seek(at);
            // Some go back first, and make a branch.
            if let Some(past) = past {
                at = Instant::from_millis(past.min(at.as_micros() / 1_000));
                history.seek(at);
            }
            // Some make no sense where they stand; then nothing changes.
            let before = (history.cursor(), history.world().digest(), history.trace().len());
            if history.apply(command, "").is_err() {
                prop_assert_eq!(before, (history.cursor(), history.world().digest(), history.trace().len()));
            }
        }
        history.seek(Instant::from_secs(12));
        for millis in seeks {
            let at = Instant::from_millis(millis);
            history.seek(at);
            let (mut world, trace) = replay(&scenario, history.commands(), at);
            prop_assert_eq!(history.visible(), trace.records());
            prop_assert_eq!(history.world().digest(), world.digest());
            // Going on from there leads to the same future.
            let mut shadow = trace.replay_from(trace.len());
            if history.commands().iter().all(|(_, when, _)| *when <= at) {
                while world.next_at().is_some_and(|next| next <= Instant::from_secs(12)) && world.step(&mut shadow) {}
                history.seek(Instant::from_secs(12));
                prop_assert_eq!(history.world().digest(), world.digest());
            }
        }
        // However many branches there are, each keeps no more snapshots than the limit, and the ones from before it left are those of its parent.
        for line in &history.lines {
            prop_assert!(line.snapshots().len() <= snapshots);
        }
        for (line, branch) in history.lines.iter().zip(&history.branches) {
            let Some((parent, records)) = branch.parent else { continue };
            let parent = &history.lines[parent.0 as usize];
            prop_assert_eq!(&line.trace().records()[..records], &parent.trace().records()[..records]);
            for kept in parent.snapshots() {
                if let Some(own) = line.snapshots().iter().find(|own| own.events() == kept.events() && own.digest() == kept.digest()) {
                    let shared = Arc::ptr_eq(own, kept);
                    prop_assert!(shared || kept.now() >= line.commands().last().map_or(Instant::ZERO, |(_, at, _)| *at), "copied, not shared");
                }
            }
        }
        let mut fates = std::collections::BTreeMap::<RecordId, u32>::new();
        for record in history.trace().records() {
            prop_assert!(record.cause().is_none_or(|cause| cause < record.id));
            if let Event::PacketReceived { sent: Some(sent), .. } | Event::PacketLost { sent, .. } = record.event {
                *fates.entry(sent).or_default() += 1;
            }
        }
        prop_assert!(fates.values().all(|fates| *fates == 1), "a packet was received or lost twice");
    }

    #[test]
    fn whatever_scenario_is_accepted_runs_without_panic_and_within_its_limits(
        edits in proptest::collection::vec((0_usize..3_000, 0_usize..6, "[0-9.]{0,3}|[a-z]{0,4}|[-\\]\\[{}\"=\n]{0,2}"), 0..4),
        number in proptest::option::of(0_u64..u64::MAX),
    ) {
        let format = include_str!("../../../lessons/FORMAT.md");
        let example = format.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
        let mut text: Vec<char> = example.chars().collect();
        for (at, cut, insert) in edits {
            let at = at.min(text.len());
            text.splice(at..(at + cut).min(text.len()), insert.chars());
        }
        let mut text: String = text.into_iter().collect();
        if let Some(number) = number {
            // A number anywhere, however absurd.
            let place = text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).nth((number % 20) as usize);
            if let Some(at) = place {
                text.replace_range(at..=at, &number.to_string());
            }
        }
        if let Ok(scenario) = Scenario::parse("scenario.toml", &text) {
            let scenario = Arc::new(scenario);
            let (mut world, mut trace) = (World::new(&scenario, scenario.seed), Trace::new(scenario.nodes(), 20_000));
            for _ in 0..2_000 {
                if !world.step(&mut trace) {
                    break;
                }
            }
            prop_assert!(trace.len() <= 20_001);
        }
    }
}
