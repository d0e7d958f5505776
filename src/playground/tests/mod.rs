mod time;

use std::rc::Rc;

use bytes::Bytes;

use super::*;
use crate::broker::{Broker, BrokerConfig, Output as BrokerOutput};
use crate::lesson::{Attempt, Expectation, Goal, NamedPacket, PacketPattern, Pattern, Prediction, PredictionOption, TextByLanguage};
use crate::packet::{PacketType, Password, QoS, SubscriptionOptions, TopicFilter, TopicName};
use crate::rng::Seed;
use crate::session::ConnectionId;
use crate::sim::{MessageProperties, Scenario, Stride};
use crate::text::Language;
use crate::trace::NodeId;
use crate::view::{Fate, PathStatus, SequenceItem};

const FRAME: Duration = Duration::from_micros(16_667);

fn scenario() -> Scenario {
    let text = r#"
        until = "10 s"
        [[client]]
        name = "sensor"
        path = { latency = "50 ms" }
        [[client]]
        name = "app"
        subscriptions = [{ filter = "a/#", qos = 1 }]
        path = { latency = "50 ms" }
        [[device]]
        client = "sensor"
        signal = "burst"
        size = 1
        every = "2 s"
        start = "1 s"
        topic = "a/b"
        qos = 1
    "#;
    Scenario::parse("scenario.toml", text).unwrap()
}

fn publish(topic: &'static str) -> Command {
    let topic = TopicName::new(topic).unwrap();
    Command::Publish {
        client: NodeId(1),
        topic,
        payload: "21".into(),
        qos: QoS::AtMostOnce,
        retain: false,
        properties: MessageProperties::default(),
    }
}

fn pattern(packet_type: PacketType) -> PacketPattern {
    PacketPattern { packet_type: Some(packet_type), ..PacketPattern::default() }
}

/// The learner has to unsubscribe; the solution does so at 4.5 s.
fn lesson() -> Lesson {
    let mut lesson = Lesson::bare(scenario());
    lesson.slug = "test".to_owned();
    lesson.packets = vec![
        NamedPacket { name: "third".to_owned(), pattern: pattern(PacketType::Puback), nth: 3 },
        NamedPacket { name: "never".to_owned(), pattern: pattern(PacketType::Unsuback), nth: 1 },
    ];
    let option = PredictionOption { text: TextByLanguage::default(), feedback: TextByLanguage::default(), correct: true };
    lesson.predictions = vec![Prediction { id: "p".to_owned(), question: TextByLanguage::default(), options: vec![option] }];
    let expectation = Expectation { sequence: vec![Pattern::Packet(pattern(PacketType::Unsubscribe))], counts: Vec::new() };
    lesson.goals = vec![Goal { id: "g".to_owned(), text: TextByLanguage::default(), expectation }];
    lesson.text.korean.hints = vec![Vec::new(); 2];
    let unsubscribe = Command::Unsubscribe { client: NodeId(2), filter: TopicFilter::new("a/#").unwrap() };
    lesson.solution = Attempt { name: "solution".to_owned(), commands: vec![(Instant::from_millis(4_500), unsubscribe)] };
    lesson
}

fn open() -> Playground {
    Playground::with_lesson(&lesson())
}

fn frames(playground: &mut Playground, count: usize) -> Screen {
    for _ in 0..count {
        playground.apply(Action::Tick { elapsed: FRAME }).unwrap();
    }
    playground.screen()
}

/// Plays until the clock stops by itself.
fn play_out(playground: &mut Playground) -> Screen {
    playground.apply(Action::Play).unwrap();
    for _ in 0..10_000 {
        let screen = frames(playground, 10);
        if !screen.transport.playing {
            return screen;
        }
    }
    panic!("the clock does not stop");
}

#[test]
fn a_lesson_opens_paused_with_nothing_visible() {
    let mut playground = open();
    let screen = frames(&mut playground, 10);
    assert_eq!((screen.transport.records, screen.transport.at), (0, Instant::ZERO));
    assert!(!screen.transport.playing && !screen.transport.can_step_back && screen.transport.can_step_forward);
    assert!(screen.packets.is_empty() && screen.sequence.is_empty());
    assert_eq!(screen.transport.end, Instant::from_secs(10));
    assert_eq!(Playground::open_lesson("no such").unwrap_err().key(), key::PLAYGROUND_NO_SUCH_LESSON);
}

#[test]
fn time_follows_the_clock_at_each_speed_and_stops_at_the_end_of_the_lesson() {
    for speed in [Speed(2), Speed::NORMAL, Speed(100), Speed(10_000)] {
        let mut playground = open();
        playground.apply(Action::SetSpeed(speed)).unwrap();
        playground.apply(Action::Play).unwrap();
        let screen = frames(&mut playground, 5);
        let expected = Instant::from_micros(5 * 16_667 * u64::from(speed.0) / 10).min(Instant::from_secs(10));
        assert_eq!(screen.transport.at, expected, "{speed:?}");
        let screen = if screen.transport.playing { play_out(&mut playground) } else { screen };
        assert_eq!(screen.transport.at, Instant::from_secs(10), "{speed:?}");
        // Whoever wants to see more goes on.
        playground.apply(Action::StepForward(Stride::Packet)).unwrap();
        assert!(playground.screen().transport.at > Instant::from_secs(10));
        playground.apply(Action::Play).unwrap();
        assert!(playground.screen().transport.playing);
    }
}

#[test]
fn a_step_over_quiet_time_rests_at_the_end_of_the_lesson() {
    let mut playground = open();
    playground.apply(Action::Seek(Instant::from_micros(9_999_999))).unwrap();
    let mut times = Vec::new();
    for _ in 0..100 {
        playground.apply(Action::StepForward(Stride::Packet)).unwrap();
        times.push(playground.screen().transport.at);
    }
    assert!(times.contains(&Instant::from_secs(10)) && times.last() > Some(&Instant::from_secs(10)), "{times:?}");
}

#[test]
fn steps_forward_and_back_show_the_same_screens() {
    let mut playground = open();
    let mut seen = vec![playground.screen()];
    for _ in 0..60 {
        playground.apply(Action::StepForward(Stride::Packet)).unwrap();
        seen.push(playground.screen());
    }
    assert!(seen.last().unwrap().packets.len() > 10);
    while let Some(expected) = seen.pop() {
        let screen = playground.screen();
        assert_eq!(screen.packets, expected.packets);
        assert_eq!(screen.sequence, expected.sequence);
        assert_eq!(screen.stage, expected.stage);
        assert_eq!(screen.sessions, expected.sessions);
        assert_eq!(screen.announcement, expected.announcement);
        playground.apply(Action::StepBack(Stride::Packet)).unwrap();
    }
}

#[test]
fn what_lies_ahead_of_the_cursor_is_not_shown() {
    let mut playground = open();
    playground.apply(Action::ToEnd).unwrap();
    let whole = playground.screen();
    let connect = whole.packets.iter().find(|row| row.packet_type == PacketType::Connect).unwrap();
    assert!(matches!(connect.fate, Fate::Arrived { .. }));
    playground.apply(Action::SeekRecord(connect.record)).unwrap();
    let screen = playground.screen();
    assert_eq!(screen.packets.last().unwrap().fate, Fate::InFlight);
    let half_way = connect.at + Duration::from_millis(25);
    playground.apply(Action::Seek(half_way)).unwrap();
    let flight = playground.screen().stage.flights.iter().find(|flight| flight.record == connect.record).cloned().unwrap();
    assert_eq!((flight.progress, flight.waiting), (500, false));
    playground.apply(Action::ToStart).unwrap();
    assert_eq!(playground.screen().transport.records, 0);
}

#[test]
fn parts_of_the_screen_stay_the_same_until_they_change() {
    let mut playground = open();
    playground.apply(Action::Seek(Instant::from_millis(1_500))).unwrap();
    let (first, again) = (playground.screen(), playground.screen());
    assert!(Rc::ptr_eq(&first.packets, &again.packets) && Rc::ptr_eq(&first.stage, &again.stage));
    assert!(Rc::ptr_eq(&first.transport, &again.transport) && Rc::ptr_eq(first.lesson.as_ref().unwrap(), again.lesson.as_ref().unwrap()));
    playground.apply(Action::Play).unwrap();
    let later = frames(&mut playground, 1);
    assert!(Rc::ptr_eq(&first.packets, &later.packets) && Rc::ptr_eq(&first.sessions, &later.sessions));
    assert!(Rc::ptr_eq(&first.sequence, &later.sequence) && Rc::ptr_eq(&first.clients, &later.clients));
    assert!(!Rc::ptr_eq(&first.transport, &later.transport));
}

#[test]
fn an_act_in_the_past_makes_a_branch_with_a_name_in_both_languages() {
    let mut playground = open();
    playground.apply(Action::ToEnd).unwrap();
    playground.apply(Action::Seek(Instant::from_secs(2))).unwrap();
    playground.apply(Action::Do(publish("a/late"))).unwrap();
    let screen = playground.screen();
    let names: Vec<_> = screen.transport.branches.iter().map(|row| Language::Korean.render(&row.name)).collect();
    assert_eq!(names, ["처음 흐름", "갈래 1"]);
    assert_eq!(Language::English.render(&screen.transport.branches[1].name), "Branch 1");
    assert_eq!(screen.transport.branch, BranchId(1));
    assert!(screen.packets.iter().any(|row| row.summary.topic.as_deref() == Some("a/late")));
    playground.apply(Action::SwitchBranch(BranchId(0))).unwrap();
    let original = playground.screen();
    assert!(!original.packets.iter().any(|row| row.summary.topic.as_deref() == Some("a/late")));
    assert_eq!(playground.apply(Action::SwitchBranch(BranchId(9))).unwrap_err().key(), key::PLAYGROUND_NO_SUCH_BRANCH);
}

#[test]
fn an_act_at_the_head_makes_no_branch() {
    let mut playground = open();
    for _ in 0..8 {
        playground.apply(Action::StepForward(Stride::Packet)).unwrap();
    }
    playground.apply(Action::Do(Command::PowerCut { node: NodeId(2) })).unwrap();
    let screen = playground.screen();
    assert_eq!(screen.transport.branches.len(), 1);
    assert!(!screen.clients[1].powered && !screen.stage.nodes[2].powered);
    let refused = playground.apply(Action::Do(Command::PowerCut { node: NodeId(2) }));
    assert!(refused.is_err());
    assert_eq!(playground.screen().transport.records, screen.transport.records);
}

#[test]
fn one_selection_names_packet_and_field_and_what_led_to_it() {
    let mut playground = open();
    assert_eq!(playground.apply(Action::SelectField(Some(0))).unwrap_err().key(), key::PLAYGROUND_NO_SELECTION);
    playground.apply(Action::Seek(Instant::from_secs(2))).unwrap();
    let rows = playground.screen().packets;
    let connack = rows.iter().find(|row| row.packet_type == PacketType::Connack).unwrap();
    let Fate::Arrived { record: arrival, .. } = connack.fate else { panic!("{connack:?}") };
    playground.apply(Action::Select(Some(arrival))).unwrap();
    playground.apply(Action::SelectField(Some(1))).unwrap();
    let selection = playground.screen().selection.unwrap();
    assert_eq!((selection.packet.record, selection.field), (connack.record, Some(1)));
    let cause = rows.iter().find(|row| Some(row.record) == selection.caused_by).unwrap();
    assert_eq!(cause.packet_type, PacketType::Connect);
    assert_eq!(playground.apply(Action::SelectField(Some(999))).unwrap_err().key(), key::PLAYGROUND_NO_SUCH_FIELD);
    // Before it was sent it is not shown; afterwards it is selected still.
    playground.apply(Action::ToStart).unwrap();
    assert_eq!(playground.screen().selection, None);
    playground.apply(Action::Seek(Instant::from_secs(2))).unwrap();
    assert_eq!(playground.screen().selection.unwrap().packet.record, connack.record);
}

#[test]
fn a_packet_that_the_text_names_is_gone_to_only_if_it_comes() {
    let mut playground = open();
    playground.apply(Action::SelectNamed(0)).unwrap();
    let screen = playground.screen();
    let selection = screen.selection.unwrap();
    assert_eq!(selection.packet.packet_type, PacketType::Puback);
    assert_eq!(screen.transport.records, selection.packet.record.0 as usize + 1);
    assert_eq!(screen.packets.iter().filter(|row| row.packet_type == PacketType::Puback).count(), 3);
    let before = playground.screen().transport;
    assert_eq!(playground.apply(Action::SelectNamed(1)).unwrap_err().key(), key::PLAYGROUND_NOT_YET);
    assert_eq!(playground.screen().transport, before);
    // Nothing beyond was computed in the run itself: an act here is none in the past.
    playground.apply(Action::Do(publish("a/now"))).unwrap();
    assert_eq!(playground.screen().transport.branches.len(), 1);
}

#[test]
fn answers_hints_and_steps_that_do_not_exist_are_refused() {
    let mut playground = open();
    playground.apply(Action::Predict { prediction: 0, option: 0 }).unwrap();
    assert!(playground.apply(Action::Predict { prediction: 0, option: 1 }).is_err());
    playground.apply(Action::RevealHint).unwrap();
    playground.apply(Action::RevealHint).unwrap();
    assert_eq!(playground.apply(Action::RevealHint).unwrap_err().key(), key::PLAYGROUND_NO_MORE_HINTS);
    assert_eq!(playground.apply(Action::TurnToStep(5)).unwrap_err().key(), key::PLAYGROUND_NO_SUCH_STEP);
    let lesson = playground.screen().lesson.unwrap();
    assert_eq!((lesson.predictions[0].chosen, lesson.hints_shown), (Some(0), 2));
}

#[test]
fn the_solution_plays_as_it_is_judged_whether_it_runs_or_is_stepped() {
    let lesson = lesson();
    let judged = crate::lesson::run(&lesson, Some(&lesson.solution), None).unwrap();
    let mut played = open();
    played.apply(Action::ShowSolution).unwrap();
    let screen = play_out(&mut played);
    assert!(screen.lesson.as_ref().unwrap().solved && screen.lesson.as_ref().unwrap().showing_solution);
    assert_eq!(played.trace().records(), judged.trace.records());
    for stride in [Stride::Packet, Stride::Record] {
        let mut stepped = open();
        stepped.apply(Action::ShowSolution).unwrap();
        while stepped.screen().transport.at < Instant::from_secs(10) {
            stepped.apply(Action::StepForward(stride)).unwrap();
        }
        let length = judged.trace.len();
        assert_eq!(&stepped.trace().records()[..length], judged.trace.records(), "{stride:?}");
    }
    played.apply(Action::Restart).unwrap();
    let screen = played.screen();
    assert_eq!(screen.transport.records, 0);
    let lesson = screen.lesson.unwrap();
    assert!(!lesson.solved && !lesson.showing_solution && screen.packets.is_empty());
}

#[test]
fn goals_are_judged_on_what_is_visible() {
    let mut playground = open();
    playground.apply(Action::Seek(Instant::from_secs(3))).unwrap();
    playground.apply(Action::Check).unwrap();
    let lesson = playground.screen().lesson.unwrap();
    assert!(lesson.checked && !lesson.solved && lesson.goals[0].finding.is_some());
    let filter = TopicFilter::new("a/#").unwrap();
    playground.apply(Action::Do(Command::Unsubscribe { client: NodeId(2), filter })).unwrap();
    assert!(playground.screen().lesson.unwrap().solved);
    playground.apply(Action::Seek(Instant::from_secs(2))).unwrap();
    assert!(!playground.screen().lesson.unwrap().solved);
}

#[test]
fn a_long_way_is_gone_in_slices() {
    let mut playground = open();
    playground.apply(Action::Seek(Instant::from_secs(40_000))).unwrap();
    let screen = playground.screen();
    assert!(screen.transport.busy && screen.transport.at < Instant::from_secs(40_000));
    for _ in 0..1_000 {
        playground.apply(Action::Tick { elapsed: FRAME }).unwrap();
    }
    let screen = playground.screen();
    assert!(!screen.transport.busy);
    assert_eq!(screen.transport.at, Instant::from_secs(40_000));
    assert!(screen.transport.marks.len() <= 200);
}

#[test]
fn a_step_where_nothing_more_happens_leaves_the_time_where_it_is() {
    let text = "until = \"10 s\"\n[[client]]\nname = \"sensor\"\nkeep_alive = \"0 s\"";
    let mut lesson = Lesson::bare(Scenario::parse("scenario.toml", text).unwrap());
    lesson.solution = Attempt { name: "solution".to_owned(), commands: Vec::new() };
    let mut playground = Playground::with_lesson(&lesson);
    playground.apply(Action::Seek(Instant::from_secs(5))).unwrap();
    assert!(!playground.screen().transport.can_step_forward);
    playground.apply(Action::StepForward(Stride::Packet)).unwrap();
    assert_eq!(playground.screen().transport.at, Instant::from_secs(5));
    // A command given there happens there, and not in the past.
    playground.apply(Action::Do(publish("a/b"))).unwrap();
    let transport = playground.screen().transport;
    assert_eq!((transport.at, transport.branches.len()), (Instant::from_secs(5), 1));
}

#[test]
fn a_named_packet_that_is_too_far_ahead_to_look_for_is_not_said_to_be_missing() {
    let mut lesson = lesson();
    lesson.until = Duration::from_secs(1_000_000);
    let mut playground = Playground::with_lesson(&lesson);
    let before = playground.screen().transport;
    assert_eq!(playground.apply(Action::SelectNamed(1)).unwrap_err().key(), key::PLAYGROUND_TOO_FAR);
    assert_eq!(playground.screen().transport, before);
    // What comes before that is found all the same.
    playground.apply(Action::SelectNamed(0)).unwrap();
}

#[test]
fn what_a_device_publishes_is_known_before_it_has() {
    let screen = open().screen();
    let usual = UsualMessage { topic: "a/b".to_owned(), qos: QoS::AtLeastOnce, retain: false };
    assert_eq!((screen.clients[0].usual.as_ref(), screen.clients[1].usual.as_ref()), (Some(&usual), None));
}

#[test]
fn a_broker_without_power_has_nobody_connected_and_expiry_counts_from_the_crash() {
    let mut playground = open();
    playground.apply(Action::Seek(Instant::from_secs(3))).unwrap();
    assert!(!playground.screen().sessions.broker_off);
    playground.apply(Action::Do(Command::PowerCut { node: NodeId::BROKER })).unwrap();
    let sessions = playground.screen().sessions;
    assert!(sessions.broker_off);
    for session in &sessions.sessions {
        assert!(!session.connected, "{session:?}");
        assert_eq!(session.expires_at, Some(Instant::from_secs(3)), "Session Expiry Interval 0");
    }
    playground.apply(Action::Do(Command::PowerOn { node: NodeId::BROKER })).unwrap();
    assert!(!playground.screen().sessions.broker_off);
}

/// A real broker behind a WebSocket, without the WebSocket.
struct Outside {
    broker: Broker,
    connection: u32,
}

impl Outside {
    /// Carries everything back and forth until both are quiet.
    fn exchange(&mut self, playground: &mut Playground, now: Instant) {
        loop {
            let mut is_quiet = true;
            while let Some(transmit) = playground.poll_live() {
                is_quiet = false;
                match transmit {
                    Transmit::Open => {
                        self.connection += 1;
                        self.broker.handle_connection_opened(now, ConnectionId(self.connection));
                        playground.apply(Action::Live(LiveInput::Opened { now })).unwrap();
                    }
                    Transmit::Packet { bytes, .. } => self.broker.handle_bytes(now, ConnectionId(self.connection), bytes),
                    Transmit::Close | Transmit::Abort => self.broker.handle_connection_closed(now, ConnectionId(self.connection)),
                }
            }
            while let Some(output) = self.broker.poll_output() {
                match output {
                    BrokerOutput::Transmit(_, Transmit::Packet { bytes, .. }) => {
                        is_quiet = false;
                        playground.apply(Action::Live(LiveInput::Bytes { now, bytes })).unwrap();
                    }
                    BrokerOutput::Transmit(_, Transmit::Close | Transmit::Abort) => {
                        playground.apply(Action::Live(LiveInput::Closed { now })).unwrap();
                    }
                    BrokerOutput::Transmit(_, Transmit::Open) | BrokerOutput::Event(_) => {}
                }
            }
            if is_quiet {
                return;
            }
        }
    }
}

fn open_live() -> (Playground, Outside) {
    let mut config = ClientConfig::new("page");
    config.user_name = Some("me".into());
    config.password = Some(Password(Bytes::from_static(b"open sesame")));
    let playground = Playground::open_live(config, "wss://me:open%20sesame@broker.example/mqtt").unwrap();
    (playground, Outside { broker: Broker::new(BrokerConfig::default(), Seed(1).stream("nonces", "broker")), connection: 0 })
}

#[test]
fn a_live_connection_shows_in_the_same_views_without_secrets() {
    let (mut playground, mut outside) = open_live();
    let client = NodeId(1);
    let filter = TopicFilter::new("a/#").unwrap();
    let options = SubscriptionOptions { qos: QoS::AtLeastOnce, ..Default::default() };
    let subscribe = Command::Subscribe { client, filter, options, identifier: None };
    let topic = TopicName::new("a/b").unwrap();
    let properties = MessageProperties::default();
    let publish = Command::Publish { client, topic, payload: "21".into(), qos: QoS::AtLeastOnce, retain: false, properties };
    for (second, command) in (1..).zip([Command::Connect { client }, subscribe, publish]) {
        let now = Instant::from_secs(second);
        playground.apply(Action::Live(LiveInput::Timeout { now })).unwrap();
        playground.apply(Action::Do(command)).unwrap();
        outside.exchange(&mut playground, now);
    }
    let screen = playground.screen();
    assert!(screen.live && screen.transport.playing && screen.lesson.is_none() && screen.transport.seed.is_none());
    let types: Vec<_> = screen.packets.iter().map(|row| row.packet_type.name()).collect();
    assert_eq!(types, ["CONNECT", "CONNACK", "SUBSCRIBE", "SUBACK", "PUBLISH", "PUBLISH", "PUBACK", "PUBACK"]);
    // Nothing answers the client's PUBACK: whether it arrived cannot be known here.
    let unknown: Vec<_> = screen.packets.iter().filter(|row| row.fate == Fate::Sent).map(|row| (row.from, row.packet_type)).collect();
    assert_eq!(unknown, [(client, PacketType::Puback)]);
    assert!(screen.packets.iter().all(|row| row.fate != Fate::InFlight));
    assert_eq!(screen.stage.flights, [], "all that wants an answer has one");
    assert_eq!(screen.stage.paths[0].status, PathStatus::Connected);
    assert_eq!(Language::English.render(&screen.stage.nodes[0].status), "1 connection");
    assert!(screen.clients[0].connected);
    assert_eq!(screen.nodes[0].name, "wss://broker.example/mqtt");
    let secret = b"open sesame";
    assert!(screen.packets.iter().all(|row| !row.bytes.windows(secret.len()).any(|bytes| bytes == secret)));
    // Looking back while more comes: what the answers tell later is not known yet.
    playground.apply(Action::ToStart).unwrap();
    playground.apply(Action::StepForward(Stride::Packet)).unwrap();
    playground.apply(Action::StepForward(Stride::Packet)).unwrap();
    let now = Instant::from_secs(9);
    playground.apply(Action::Live(LiveInput::Timeout { now })).unwrap();
    let back = playground.screen();
    assert_eq!(back.packets.iter().map(|row| row.fate).collect::<Vec<_>>(), [Fate::Sent]);
    assert_eq!(back.stage.flights.len(), 1, "CONNECT waits for its answer");
    assert!(!back.clients[0].connected);
    assert_eq!(Language::English.render(&back.sessions.clients[0].state), Language::English.render(&back.stage.nodes[1].status));
    playground.apply(Action::Play).unwrap();
    assert_eq!(playground.screen().packets.len(), 8);
    assert!(playground.apply(Action::Do(Command::PowerCut { node: client })).is_err());
    assert!(playground.apply(Action::Restart).is_err());
}

#[test]
fn what_is_kept_of_a_live_connection_is_bounded() {
    let (mut playground, mut outside) = open_live();
    playground.apply(Action::Do(Command::Connect { client: NodeId(1) })).unwrap();
    outside.exchange(&mut playground, Instant::ZERO);
    let mut flood = vec![0x30, 0x83, 0x80, 0x80, 0x01, 0, 1, b'a', 0];
    flood.resize(5 + 0x20_0003, 0);
    flood[1..5].copy_from_slice(&[0x83, 0x80, 0x80, 0x01]);
    let bytes = Bytes::from(flood);
    for second in 1..40 {
        let now = Instant::from_secs(second);
        playground.apply(Action::Live(LiveInput::Bytes { now, bytes: bytes.clone() })).unwrap();
    }
    let kept: usize = playground.screen().packets.iter().map(|row| row.bytes.len()).sum();
    assert!((32 << 20..40 << 20).contains(&kept), "{kept}");
    let last = playground.trace().records().last().unwrap();
    assert!(matches!(&last.event, Event::LimitReached { message } if message.key() == key::SIM_LIMIT_RECORDED_BYTES));
    assert!(playground.screen().clients[0].connected, "the connection goes on");
}

#[test]
fn a_live_connection_that_the_server_closes_is_marked() {
    let (mut playground, mut outside) = open_live();
    playground.apply(Action::Do(Command::Connect { client: NodeId(1) })).unwrap();
    outside.exchange(&mut playground, Instant::ZERO);
    playground.apply(Action::Live(LiveInput::Closed { now: Instant::from_secs(1) })).unwrap();
    let screen = playground.screen();
    let marks =
        screen.sequence.iter().filter(|item| matches!(item, SequenceItem::Mark(mark) if mark.kind == crate::view::MarkKind::Closed));
    assert_eq!(marks.count(), 1);
    assert_eq!(screen.stage.paths[0].status, PathStatus::Idle);
    // What comes late changes nothing.
    playground.apply(Action::Live(LiveInput::Bytes { now: Instant::from_secs(2), bytes: Bytes::from_static(&[0xd0, 0]) })).unwrap();
    assert_eq!(playground.screen().packets.len(), 2);
}

#[test]
fn a_live_connection_that_never_opens_is_not_told_as_one_that_broke() {
    let (mut playground, _) = open_live();
    playground.apply(Action::Do(Command::Connect { client: NodeId(1) })).unwrap();
    playground.apply(Action::Live(LiveInput::Closed { now: Instant::from_secs(1) })).unwrap();
    let screen = playground.screen();
    let told: Vec<_> = screen
        .sequence
        .iter()
        .filter_map(|item| if let SequenceItem::Mark(mark) = item { Some(mark.message.key()) } else { None })
        .collect();
    assert!(told.contains(&key::VIEW_CLOSED_NEVER_OPENED) && !told.contains(&key::VIEW_CLOSED_NETWORK_DOWN), "{told:?}");
}

#[test]
fn an_act_on_a_live_connection_returns_from_the_past_and_one_that_is_refused_does_not() {
    let (mut playground, mut outside) = open_live();
    playground.apply(Action::Do(Command::Connect { client: NodeId(1) })).unwrap();
    outside.exchange(&mut playground, Instant::ZERO);
    playground.apply(Action::ToStart).unwrap();
    assert!(!playground.screen().transport.playing);
    assert!(playground.apply(Action::Do(Command::Connect { client: NodeId(1) })).is_err());
    assert_eq!(playground.screen().transport.records, 0);
    playground.apply(Action::Do(publish("a"))).unwrap();
    let screen = playground.screen();
    assert!(screen.transport.playing && screen.packets.iter().any(|row| row.packet_type == PacketType::Publish));
}

#[test]
fn a_broker_outside_that_refuses_is_named_with_its_reason_and_the_connection_is_over_at_once() {
    let (mut playground, mut outside) = open_live();
    let access = crate::broker::AccessControl { allow_anonymous: false, ..Default::default() };
    outside.broker = Broker::new(BrokerConfig { access, ..BrokerConfig::default() }, Seed(1).stream("nonces", "broker"));
    playground.apply(Action::Do(Command::Connect { client: NodeId(1) })).unwrap();
    outside.exchange(&mut playground, Instant::ZERO);
    let screen = playground.screen();
    let refused = screen.clients[0].refused.unwrap();
    assert!(refused.is_error(), "{refused}");
    assert_eq!(screen.stage.paths[0].status, PathStatus::Idle);
    assert_eq!(Language::English.render(&screen.stage.nodes[1].status), "not connected");
    // It can be tried again at once.
    playground.apply(Action::Do(Command::Connect { client: NodeId(1) })).unwrap();
}

#[test]
fn every_lesson_in_the_catalog_is_solved_by_its_solution_and_shows_the_packets_that_its_text_names() {
    assert!(crate::lesson::catalog().len() >= 4);
    for lesson in crate::lesson::catalog() {
        let mut playground = Playground::open_lesson(&lesson.slug).unwrap();
        playground.apply(Action::SetSpeed(Speed(1_000))).unwrap();
        playground.apply(Action::ShowSolution).unwrap();
        let screen = play_out(&mut playground);
        let shown = screen.lesson.unwrap();
        assert!(shown.solved, "{}: {:#?}", lesson.slug, shown.goals);
        for (index, named) in lesson.packets.iter().enumerate() {
            let found = playground.apply(Action::SelectNamed(index));
            assert!(found.is_ok() && playground.screen().selection.is_some(), "{}: {}", lesson.slug, named.name);
        }
    }
}
