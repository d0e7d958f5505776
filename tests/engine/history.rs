//! Time travel: steps, seeks, branches.

use std::sync::Arc;

use mqtt_playground::broker::{BrokerEvent, EndCause};
use mqtt_playground::client::{ClientEvent, ClientState};
use mqtt_playground::rng::Seed;
use mqtt_playground::sim::{BranchId, Command, CommandError, History, Limits, Outcome, Scenario, Stride, World};
use mqtt_playground::time::{Duration, Instant};
use mqtt_playground::trace::{Event, NodeId, Record, RecordId, Trace};

use super::test;
use super::world::BUSY;

fn history(limits: Limits) -> History {
    let scenario = Arc::new(Scenario::parse("scenario.toml", BUSY).expect("legal"));
    let seed = scenario.seed;
    History::new(scenario, seed, limits)
}

/// The digest of the world after everything up to `at`, computed from the start without a history.
fn replayed(seed: Seed, at: Instant) -> u64 {
    let scenario = Arc::new(Scenario::parse("scenario.toml", BUSY).expect("legal"));
    let (mut world, mut trace) = (World::new(&scenario, seed), Trace::new(scenario.nodes(), 1_000_000));
    while world.next_at().is_some_and(|next| next <= at) && world.step(&mut trace) {}
    world.digest()
}

#[test]
fn n_steps_forward_then_n_steps_back_give_the_same_state_on_a_run_of_more_than_10_000_events() {
    for stride in [Stride::Packet, Stride::Record] {
        let mut history = history(Limits { events_per_call: 1_000_000, ..Limits::default() });
        history.seek(Instant::from_secs(5));
        history.step_back(stride);
        let (start, digest) = (history.cursor(), history.world().digest());
        let mut path = vec![start];
        while history.events() < 10_200 {
            assert!(history.step_forward(stride));
            path.push(history.cursor());
        }
        // On the way back the world is looked at in some places only: each costs a replay.
        let middle = path.len() / 2;
        for (steps, expected) in path.iter().enumerate().rev().skip(1) {
            assert!(history.step_back(stride));
            assert_eq!(history.cursor(), *expected, "{steps} steps from the start");
            if steps == middle {
                let there = history.world().digest();
                history.step_forward(stride);
                history.world();
                history.step_back(stride);
                assert_eq!(history.world().digest(), there);
            }
        }
        assert_eq!((history.cursor(), history.world().digest()), (start, digest));
    }
}

#[test]
fn a_seek_leads_to_the_same_state_as_a_replay_from_zero() {
    let mut history = history(Limits { snapshots: 6, ..Limits::default() });
    let seed = history.scenario().seed;
    assert!(history.seek(Instant::from_secs(30)));
    for millis in [29_999, 12_000, 1, 0, 17_345, 17_346, 8_060, 30_000, 22_020, 5_500] {
        let at = Instant::from_millis(millis);
        assert!(history.seek(at));
        assert_eq!(history.cursor().at, at);
        assert_eq!(history.world().digest(), replayed(seed, at), "{millis} ms");
        assert!(history.visible().iter().all(|record| record.at <= at));
    }
    assert!(history.snapshots() <= 6);
}

#[test]
fn a_run_has_the_same_trace_however_it_is_walked_through() {
    let mut in_one_go = history(Limits { events_per_call: 1_000_000, ..Limits::default() });
    in_one_go.seek(Instant::from_secs(20));
    let mut in_steps = history(Limits { events_per_call: 7, ..Limits::default() });
    let mut turn = 0_u64;
    while in_steps.head_at() < Instant::from_secs(20) {
        turn += 1;
        match turn % 4 {
            0 => {
                in_steps.step_back(Stride::Packet);
                in_steps.world();
            }
            1 => {
                in_steps.seek(in_steps.head_at() + Duration::from_millis(turn % 13));
            }
            _ => {
                in_steps.step_forward(if turn.is_multiple_of(3) { Stride::Record } else { Stride::Packet });
            }
        }
    }
    let shared = in_one_go.trace().len().min(in_steps.trace().len());
    assert!(shared > 1_000);
    assert_eq!(in_one_go.trace().records()[..shared], in_steps.trace().records()[..shared]);
}

#[test]
fn a_command_in_the_past_makes_a_branch_and_leaves_the_original_alone() {
    let mut history = history(Limits { events_per_call: 1_000_000, ..Limits::default() });
    history.seek(Instant::from_secs(20));
    let original = history.trace().digest();
    history.seek(Instant::from_secs(7));
    let cut = Command::PowerCut { node: NodeId(3) };
    let record = history.apply(cut.clone(), "what if").expect("makes sense");
    assert_eq!(history.branch(), BranchId(1));
    assert!(matches!(history.trace().get(record).map(|r| &r.event), Some(Event::CommandApplied { by_learner: true, .. })));
    assert_eq!(history.cursor().at, Instant::from_secs(7));
    history.seek(Instant::from_secs(20));
    assert_ne!(history.trace().digest(), original);
    // The branch parts exactly at the command.
    let difference = history.compare(BranchId(0), BranchId(1)).expect("they differ");
    assert_eq!(difference.second.map(|record| record.id), Some(record));
    assert_eq!(history.branches()[1].parent, Some((BranchId(0), difference.shared)));
    assert_eq!(history.branches()[1].name, "what if");
    assert_eq!(
        history.commands().iter().map(|(_, at, command)| (*at, command.clone())).collect::<Vec<_>>(),
        [(Instant::from_secs(7), cut)]
    );
    // A replay within the branch carries the command out again.
    history.seek(Instant::from_secs(9));
    assert!(history.world().client(NodeId(3)).is_some_and(|node| !node.powered));
    history.seek(Instant::from_secs(6));
    assert!(history.world().client(NodeId(3)).is_some_and(|node| node.powered));
    history.switch(BranchId(0));
    assert_eq!(history.cursor().at, Instant::from_secs(6));
    assert_eq!(history.trace().digest(), original);
    history.seek(Instant::from_secs(9));
    assert!(history.world().client(NodeId(3)).is_some_and(|node| node.powered));
    assert_eq!(history.compare(BranchId(0), BranchId(0)), None);
}

#[test]
fn a_command_at_the_head_makes_no_branch_and_a_refused_one_changes_nothing() {
    let mut history = history(Limits::default());
    history.seek(Instant::from_secs(2));
    let (before, digest) = (history.cursor(), history.world().digest());
    let refused = history.apply(Command::Connect { client: NodeId(99) }, "");
    assert_eq!(refused, Err(CommandError::NoSuchNode(99)));
    let refused = history.apply(Command::Connect { client: NodeId::BROKER }, "");
    assert_eq!(refused, Err(CommandError::NoSuchNode(0)));
    assert_eq!((history.cursor(), history.world().digest()), (before, digest));
    history.apply(Command::Cut { client: NodeId(1), direction: Default::default(), notice: Default::default() }, "").expect("makes sense");
    assert_eq!(history.branches().len(), 1);
    assert_eq!(history.cursor().at, Instant::from_secs(2));
    assert_eq!(history.cursor().records, history.trace().len());
}

#[test]
fn the_number_of_branches_is_limited() {
    let mut history = history(Limits { branches: 3, ..Limits::default() });
    history.seek(Instant::from_secs(3));
    let command = Command::Restore { client: NodeId(1) };
    for _ in 0..2 {
        history.seek(Instant::from_secs(1));
        history.apply(command.clone(), "b").expect("room");
        history.seek(Instant::from_secs(3));
    }
    history.seek(Instant::from_secs(1));
    // Standing at a branch's own command is standing in the past of what followed.
    assert_eq!(history.apply(command, "b"), Err(CommandError::TooManyBranches(3)));
    assert_eq!(history.branches().len(), 3);
}

#[test]
fn running_until_a_record_stops_right_behind_it_or_stays() {
    let mut history = history(Limits::default());
    let fault = |records: &[Record], index: usize| matches!(records[index].event, Event::FaultStruck { .. });
    let found = history.run_until(Instant::from_secs(10), fault).expect("a fault strikes");
    assert_eq!(history.cursor().records, found.0 as usize + 1);
    let cursor = history.cursor();
    assert_eq!(history.run_until(Instant::from_secs(3), |_, _| false), None);
    assert_eq!(history.cursor(), cursor);
    history.seek_record(RecordId(0));
    assert_eq!(history.cursor().records, 1);
    history.seek_record(RecordId(u32::MAX));
    assert_eq!(history.cursor().records, history.trace().len());
}

#[test]
fn running_on_takes_the_cursor_along_and_shows_every_record_to_the_predicate_once() {
    let mut whole = history(Limits { events_per_call: 1_000_000, ..Limits::default() });
    whole.seek(Instant::from_secs(30));
    let mut history = history(Limits { events_per_call: 11, ..Limits::default() });
    let mut met = Vec::new();
    let until = Instant::from_secs(30);
    let will = |event: &Event| matches!(event, Event::Broker(event) if matches!(**event, BrokerEvent::WillPublished { .. }));
    let outcome = loop {
        let outcome = history.run_on(until, |records, index| {
            met.push(index);
            will(&records[index].event)
        });
        assert_eq!(
            history.cursor().records,
            history.trace().len().min(met.len()),
            "nothing is computed beyond the cursor but what the last event recorded"
        );
        if outcome != Outcome::Unfinished {
            break outcome;
        }
    };
    let Outcome::Found(found) = outcome else { panic!("the sensor has a Will and its power is cut") };
    assert_eq!(whole.trace().records().iter().position(|record| will(&record.event)), Some(found.0 as usize));
    assert_eq!(met, (0..=found.0 as usize).collect::<Vec<_>>());
    while history.run_on(until, |_, _| false) == Outcome::Unfinished {}
    assert_eq!(history.cursor(), whole.cursor());
    // From the past it passes what is known already.
    history.seek(Instant::from_secs(1));
    let before = history.trace().len();
    assert_eq!(history.run_on(until, |records, index| will(&records[index].event)), Outcome::Found(found));
    assert_eq!(history.trace().len(), before);
    history.seek(Instant::from_secs(1));
    assert_eq!(history.run_on(Instant::from_secs(2), |_, _| false), Outcome::Nowhere);
    assert_eq!(history.cursor().at, Instant::from_secs(2));
}

const WAITING: &str = r#"
[[client]]
name = "sensor"
keep_alive = "10 s"
session_expiry = "30 s"
will = { topic = "status", payload = "offline", delay = "5 s" }
reconnect = { every = "100 s" }
[[client]]
name = "board"
keep_alive = "0 s"
subscriptions = ["status"]
[[timeline]]
at = "25 s"
do = "cut"
client = "sensor"
notice = "nobody"
"#;

#[test]
fn a_step_to_the_next_time_out_rests_at_each_time_that_ran_out() {
    let scenario = Arc::new(Scenario::parse("scenario.toml", WAITING).expect("legal"));
    let mut history = History::new(scenario, Seed(1), Limits::default());
    let mut path = vec![history.cursor()];
    let mut told = Vec::new();
    while history.cursor().at < Instant::from_secs(80) && history.step_forward(Stride::TimeOut) {
        let (before, now) = (path.last().expect("the start").records, history.cursor());
        let stops = (before..now.records).find(|index| Stride::TimeOut.stops_at(history.trace().records(), *index));
        let record = &history.trace().records()[stops.expect("a time-out")];
        told.push((record.at.as_micros() / 1_000_000, record.event.clone()));
        path.push(now);
    }
    let pings = told.iter().filter(|(_, event)| matches!(event, Event::PacketSent { .. })).map(|(at, _)| *at).collect::<Vec<_>>();
    assert_eq!(pings, [10, 20, 30]);
    let at = |wanted: &dyn Fn(&Event) -> bool| told.iter().find(|(_, event)| wanted(event)).map(|(at, _)| *at);
    // The last packet that reached the broker left at 20 s: Keep Alive runs out at 35, Will Delay at 40, and the session 30 s after the connection.
    assert_eq!(
        at(
            &|event| matches!(event, Event::Broker(event) if matches!(**event, BrokerEvent::ConnectionEnded { cause: EndCause::KeepAliveTimeout, .. }))
        ),
        Some(35)
    );
    assert_eq!(at(&|event| matches!(event, Event::Broker(event) if matches!(**event, BrokerEvent::WillPublished { .. }))), Some(40));
    assert_eq!(at(&|event| matches!(event, Event::Broker(event) if matches!(**event, BrokerEvent::SessionEnded { .. }))), Some(65));
    // TCP tries again and again.
    assert!(told.iter().filter(|(_, event)| matches!(event, Event::SegmentSent { .. })).count() > 2, "{told:?}");
    assert_eq!(
        at(&|event| matches!(event, Event::Client { event, .. } if matches!(**event, ClientEvent::StateChanged(ClientState::Opening)))),
        None
    );
    for cursor in path.iter().rev().skip(1) {
        assert!(history.step_back(Stride::TimeOut));
        assert_eq!(history.cursor().records, cursor.records);
    }
    assert!(!history.step_back(Stride::TimeOut));
}

#[test]
fn a_branch_shares_its_past_and_has_a_name() {
    let mut history = history(Limits { events_per_call: 1_000_000, ..Limits::default() });
    let (fork, end) = (Instant::from_secs(10), Instant::from_secs(20));
    history.seek(end);
    for _ in 0..2 {
        history.switch(BranchId(0));
        history.seek(fork);
        history.apply(Command::Restore { client: NodeId(1) }, "").expect("makes sense");
    }
    assert!(history.rename(BranchId(1), "restored") && !history.rename(BranchId(9), "nobody"));
    assert_eq!(history.branches()[1].name, "restored");
    // Two that left the same branch at the same place with the same command.
    assert_eq!(history.compare(BranchId(1), BranchId(2)), None);
    // Computing a branch goes nowhere.
    let cursor = history.cursor();
    assert_eq!(history.records_before(BranchId(1), end), None);
    assert!(history.compute_branch(BranchId(1), end) && history.compute_branch(BranchId(9), end));
    assert_eq!((history.cursor(), history.branch()), (cursor, BranchId(2)));
    let known = history.records_before(BranchId(1), end).expect("computed");
    assert!(history.trace_of(BranchId(1)).is_some_and(|trace| trace.records()[..known].iter().all(|record| record.at < end)));
    let difference = history.compare(BranchId(1), BranchId(2)).expect("one was computed further");
    assert_eq!((difference.shared, difference.second), (history.trace().len(), None));
}

#[test]
fn a_world_of_many_clients_is_kept_less_often() {
    let mut text = String::from("seed = 1\n");
    for client in 0..40 {
        text += &format!("[[client]]\nname = \"c{client}\"\nkeep_alive = \"1 s\"\n");
    }
    let scenario = Arc::new(Scenario::parse("scenario.toml", &text).expect("legal"));
    let snapshots = |snapshot_clients| {
        let mut history = History::new(scenario.clone(), Seed(1), Limits { snapshot_clients, ..Limits::default() });
        history.seek(Instant::from_secs(20));
        history.snapshots()
    };
    assert!(snapshots(400) <= 10 && snapshots(400) > 3);
    assert_eq!(snapshots(0), 2);
    assert!(snapshots(40_000) > 10);
}

#[test]
fn a_run_that_comes_to_rest_is_over() {
    let text = "[[client]]\nname = \"a\"\nkeep_alive = \"0 s\"\n[[timeline]]\nat = \"1 s\"\ndo = \"disconnect\"\nclient = \"a\"";
    let scenario = Arc::new(Scenario::parse("scenario.toml", text).expect("legal"));
    let mut history = History::new(scenario, Seed(1), Limits::default());
    assert!(!history.is_over());
    let mut steps = 0;
    while history.step_forward(Stride::Packet) {
        steps += 1;
    }
    assert!(history.is_over(), "{:?}", history.world().next_at());
    assert!(!history.step_forward(Stride::Record));
    let mut back = 0;
    while history.step_back(Stride::Packet) {
        back += 1;
    }
    assert_eq!(back, steps);
    assert_eq!(history.cursor(), Default::default());
}

#[test]
fn a_step_shows_what_the_packet_brought_about() {
    let scenario = Scenario::parse(
        "scenario.toml",
        "[[client]]\nname = \"app\"\nsubscriptions = [\"a\"]\n[[timeline]]\nat = \"1 s\"\ndo = \"publish\"\nclient = \"app\"\ntopic = \"a\"\npayload = \"x\"\n",
    );
    let mut history = History::new(Arc::new(scenario.expect("legal")), Seed(1), Limits::default());
    let received =
        |record: &Record| matches!(&record.event, Event::Client { event, .. } if matches!(**event, ClientEvent::MessageReceived { .. }));
    let mut rests = vec![0];
    while history.step_forward(Stride::Packet) {
        rests.push(history.cursor().records);
        if history.visible().iter().any(received) {
            break;
        }
    }
    let visible = history.visible();
    let packet = visible.iter().rposition(|record| matches!(record.event, Event::PacketReceived { .. })).expect("arrived");
    let message = visible.iter().position(received).expect("received");
    assert!(packet < message && rests.iter().rev().nth(1).is_some_and(|rest| *rest <= packet), "one step shows both");
    for rest in rests.iter().rev().skip(1) {
        history.step_back(Stride::Packet);
        assert_eq!(history.cursor().records, *rest, "steps back rest where steps forward did");
    }
}
