//! Time-outs, running until something happens, branches side by side.

use super::*;
use crate::lesson::EventKind;
use crate::view::{ComparedRow, Contrast};

/// Ticks until nothing is left to compute.
fn rest(playground: &mut Playground) -> Result<Screen, Message> {
    for _ in 0..10_000 {
        let screen = playground.screen();
        if !screen.transport.busy {
            return Ok(screen);
        }
        playground.apply(Action::Tick { elapsed: FRAME })?;
    }
    panic!("it never rests");
}

fn until(what: Occurrence) -> Until {
    Until { what, client: None, topic: None }
}

#[test]
fn a_run_goes_on_until_what_the_learner_waits_for_and_selects_it() {
    let mut playground = open();
    let first = until(Occurrence::Packet(PacketType::Publish));
    playground.apply(Action::RunUntil(first.clone())).unwrap();
    let screen = rest(&mut playground).unwrap();
    assert_eq!(screen.transport.at, Instant::from_secs(1));
    assert_eq!(screen.packets.last().map(|row| Some(row.record)), Some(screen.selection.map(|selection| selection.packet.record)));
    // Nothing was computed beyond, so an act makes no branch.
    playground.apply(Action::Do(publish("a/c"))).unwrap();
    assert_eq!(playground.screen().transport.branches.len(), 1);
    // The next one, to the subscriber; with its topic only.
    let to_app = Until { client: Some(NodeId(2)), topic: Some(TopicFilter::new("a/b").unwrap()), ..first.clone() };
    playground.apply(Action::RunUntil(to_app)).unwrap();
    let screen = rest(&mut playground).unwrap();
    let row = screen.packets.last().unwrap();
    assert_eq!((row.to, row.summary.topic.as_deref()), (NodeId(2), Some("a/b")));
    // An event.
    playground.apply(Action::RunUntil(until(Occurrence::Event(EventKind::MessageReceived)))).unwrap();
    assert!(rest(&mut playground).unwrap().transport.at > screen.transport.at);
    // What does not come is said, at the end of the lesson.
    let never = playground
        .apply(Action::RunUntil(until(Occurrence::Event(EventKind::WillPublished))))
        .and_then(|()| rest(&mut playground).map(drop));
    assert_eq!(never.unwrap_err().key(), key::PLAYGROUND_UNTIL_NOWHERE);
    assert_eq!(playground.screen().transport.at, Instant::from_secs(10));
    // From there it goes on once more as far.
    playground.apply(Action::RunUntil(first)).unwrap();
    assert_eq!(rest(&mut playground).unwrap().transport.at, Instant::from_secs(11));
    let nobody = Until { client: Some(NodeId(7)), ..until(Occurrence::Packet(PacketType::Publish)) };
    assert_eq!(playground.apply(Action::RunUntil(nobody)).unwrap_err().key(), key::PLAYGROUND_NO_SUCH_NODE);
}

#[test]
fn a_long_search_goes_on_over_ticks_and_can_be_stopped() {
    let mut lesson = lesson();
    lesson.until = Duration::from_secs(1_000_000);
    let mut playground = Playground::with_lesson(&lesson);
    playground.apply(Action::RunUntil(until(Occurrence::Event(EventKind::SessionEnded)))).unwrap();
    let screen = playground.screen();
    assert!(screen.transport.busy && screen.transport.until.is_some());
    playground.apply(Action::Tick { elapsed: FRAME }).unwrap();
    let further = playground.screen();
    assert!(further.transport.busy && further.transport.at > screen.transport.at);
    playground.apply(Action::Pause).unwrap();
    let stopped = frames(&mut playground, 3);
    assert!(!stopped.transport.busy && stopped.transport.until.is_none());
    assert_eq!(stopped.transport.at, further.transport.at);
    assert_eq!(stopped.transport.records, playground.trace().len());
}

#[test]
fn what_a_stored_attempt_does_is_met_on_the_way() {
    let mut playground = open();
    playground.apply(Action::ShowSolution).unwrap();
    playground.apply(Action::RunUntil(until(Occurrence::Packet(PacketType::Unsubscribe)))).unwrap();
    let screen = rest(&mut playground).unwrap();
    assert_eq!(screen.packets.last().map(|row| row.packet_type), Some(PacketType::Unsubscribe));
    assert_eq!(screen.transport.at, Instant::from_millis(4_500));
}

#[test]
fn steps_to_time_outs_end_with_the_lesson() {
    let mut playground = Playground::open_lesson("last-will").unwrap();
    let mut times = Vec::new();
    let none = loop {
        if let Err(none) = playground.apply(Action::StepForward(Stride::TimeOut)).and_then(|()| rest(&mut playground).map(drop)) {
            break none;
        }
        times.push(playground.screen().transport.at);
    };
    assert!(times.len() > 3 && times.is_sorted() && times.last() <= Some(&Instant::from_secs(240)), "{times:?}");
    assert_eq!((none.key(), playground.screen().transport.at), (key::PLAYGROUND_NO_TIME_OUT, Instant::from_secs(240)));
    let mut playground = open();
    let none = playground.apply(Action::StepForward(Stride::TimeOut)).unwrap_err();
    assert_eq!((none.key(), playground.screen().transport.at), (key::PLAYGROUND_NO_TIME_OUT, Instant::from_secs(10)));
    playground.apply(Action::StepBack(Stride::TimeOut)).unwrap();
    assert_eq!(playground.screen().transport.at, Instant::ZERO);
}

#[test]
fn two_branches_stand_side_by_side_up_to_the_cursor() {
    let mut playground = open();
    assert_eq!(playground.screen().comparison, None);
    playground.apply(Action::ShowComparison(true)).unwrap();
    assert_eq!(playground.screen().comparison, None, "there is one branch only");
    playground.apply(Action::Seek(Instant::from_secs(8))).unwrap();
    playground.apply(Action::Seek(Instant::from_millis(2_500))).unwrap();
    playground.apply(Action::Do(Command::PowerCut { node: NodeId(2) })).unwrap();
    let screen = rest(&mut playground).unwrap();
    let compared = screen.comparison.unwrap();
    assert_eq!((compared.first, compared.second), (BranchId(0), BranchId(1)));
    let (record, at) = compared.parted.unwrap();
    assert_eq!((record.0 as usize, at), (compared.comparison.shared, Instant::from_millis(2_500)));
    let contrasts: Vec<Contrast> = compared.comparison.rows.iter().map(ComparedRow::contrast).collect();
    assert_eq!(contrasts.last(), Some(&Contrast::OnlySecond));
    let row = &screen.transport.branches[1];
    assert_eq!(row.left.as_ref().map(|(at, _)| *at), Some(Instant::from_millis(2_500)));
    // Further on: what the subscriber got, only the original has.
    playground.apply(Action::Seek(Instant::from_secs(6))).unwrap();
    let later = rest(&mut playground).unwrap().comparison.unwrap();
    let rows = &later.comparison.rows;
    let only = |contrast: Contrast| rows.iter().filter(|row| row.contrast() == contrast).count();
    assert!(
        only(Contrast::OnlyFirst) > 1 && only(Contrast::OnlySecond) > 4 && only(Contrast::OtherFate) > 1 && only(Contrast::Same) > 3,
        "{rows:?}"
    );
    let first = &rows[later.comparison.first_difference.unwrap()];
    assert!(first.contrast() != Contrast::Same);
    // Both may be named, and turned round.
    playground.apply(Action::NameBranch { branch: BranchId(1), name: "  off  ".to_owned() }).unwrap();
    assert_eq!(playground.screen().transport.branches[1].own_name, "off");
    playground.apply(Action::Compare(BranchId(1), BranchId(0))).unwrap();
    let turned = rest(&mut playground).unwrap().comparison.unwrap();
    assert_eq!(turned.comparison.shared, later.comparison.shared);
    assert_eq!(turned.comparison.rows.iter().filter(|row| row.contrast() == Contrast::OnlySecond).count(), only(Contrast::OnlyFirst));
    // Before they part nothing differs.
    playground.apply(Action::Seek(Instant::from_secs(1))).unwrap();
    let same = rest(&mut playground).unwrap().comparison.unwrap();
    assert_eq!((same.parted, same.comparison.first_difference), (None, None));
    assert_eq!(playground.apply(Action::Compare(BranchId(1), BranchId(9))).unwrap_err().key(), key::PLAYGROUND_NO_SUCH_BRANCH);
}
