//! Cuts, resets and sides that vanish.

use super::*;

#[test]
fn a_cut_loses_what_is_on_the_way_in_both_directions() {
    let mut driven = Driven::opened();
    driven.write(Side::Client, *b"up");
    driven.write(Side::Broker, *b"down");
    driven.run_until(110);
    driven.act(|link, now| link.handle_cut(now, CutDirection::Both, CutNotice::Both));
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::SegmentLost { reason: LossReason::PathCut, .. })), [110, 110]);
    assert_eq!(driven.closed(), [(110, Side::Client, CloseReason::NetworkDown), (110, Side::Broker, CloseReason::NetworkDown)]);
    for side in [Side::Client, Side::Broker] {
        assert_eq!(driven.fates(side), [(0, Some(LossReason::PathCut))]);
    }
    assert_eq!((driven.received(Side::Client), driven.received(Side::Broker)), (vec![], vec![]));
    assert!(driven.link.is_over());
}

#[test]
fn a_cut_that_only_the_client_notices_leaves_the_broker_half_open_until_it_gives_up() {
    let mut driven = Driven::opened();
    driven.write(Side::Broker, *b"on the way");
    driven.act(|link, now| link.handle_cut(now, CutDirection::Both, CutNotice::Client));
    assert_eq!(driven.closed(), [(100, Side::Client, CloseReason::NetworkDown)]);
    assert_eq!(driven.fates(Side::Broker), [(0, Some(LossReason::PathCut))]);
    driven.run_until(1_000);
    driven.write(Side::Broker, *b"into the void");
    driven.rest();
    assert_eq!(driven.fates(Side::Broker), [(0, Some(LossReason::PathCut)), (1, Some(LossReason::PathCut))]);
    let told = driven.times(|e| matches!(e, LinkEvent::UnitLost { .. }));
    assert_eq!(told, [100, 1_000], "nobody reads there: lost with its first segment, not when the broker gives up");
    assert_eq!(driven.closed().len(), 2);
    assert_eq!((driven.closed()[1].1, driven.closed()[1].2), (Side::Broker, CloseReason::TimedOut));
    assert!(driven.link.is_over());
}

#[test]
fn restored_before_anyone_gives_up_the_connection_goes_on() {
    let mut driven = Driven::opened();
    driven.write(Side::Client, *b"up");
    driven.write(Side::Broker, *b"down");
    driven.run_until(110);
    driven.act(|link, now| link.handle_cut(now, CutDirection::Both, CutNotice::Nobody));
    driven.run_until(60_000);
    assert_eq!(driven.closed(), []);
    assert_eq!(driven.fates(Side::Client), []);
    assert_eq!(driven.link.byte_account(Side::Client), (0, 0, 2));
    driven.act(|link, now| link.handle_restore(now));
    driven.rest();
    assert_eq!((driven.received(Side::Broker), driven.received(Side::Client)), (b"up".to_vec(), b"down".to_vec()));
    assert_eq!(driven.closed(), []);
}

#[test]
fn a_half_open_broker_learns_of_the_end_from_a_reset_once_the_path_is_back() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_cut(now, CutDirection::Both, CutNotice::Client));
    driven.run_until(5_000);
    driven.act(|link, now| link.handle_restore(now));
    driven.write(Side::Broker, *b"PUBLISH");
    driven.rest();
    assert_eq!(driven.closed()[1], (5_040, Side::Broker, CloseReason::Reset));
    assert_eq!(driven.fates(Side::Broker), [(0, Some(LossReason::NoConnection))]);
    assert!(driven.link.is_over());
}

#[test]
fn a_cut_towards_the_broker_lets_the_other_direction_live() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_cut(now, CutDirection::ToBroker, CutNotice::Nobody));
    driven.write(Side::Broker, *b"down");
    driven.write(Side::Client, *b"up");
    driven.run_until(1_000);
    assert_eq!(driven.received(Side::Client), b"down");
    assert_eq!(driven.received(Side::Broker), b"");
    assert_eq!(driven.fates(Side::Broker), [(0, None)]);
}

#[test]
fn an_idle_connection_over_a_cut_path_ends_for_nobody() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_cut(now, CutDirection::Both, CutNotice::Nobody));
    driven.rest();
    assert_eq!(driven.link.poll_timeout(), None);
    assert_eq!(driven.closed(), []);
    assert!(!driven.link.is_over());
}

#[test]
fn a_reset_ends_both_sides_at_once() {
    let mut driven = Driven::opened();
    driven.write(Side::Client, pattern(80_000));
    driven.run_until(110);
    driven.act(Link::handle_reset);
    assert_eq!(driven.closed(), [(110, Side::Client, CloseReason::Reset), (110, Side::Broker, CloseReason::Reset)]);
    assert_eq!(driven.sent().iter().filter(|(_, s)| s.rst).count(), 2);
    assert_eq!(driven.fates(Side::Client), [(0, Some(LossReason::NeverSent))], "its end had not fitted the window");
    assert!(driven.link.is_over());
    let segments = driven.sent().len();
    assert_eq!(driven.count(|e| matches!(e, LinkEvent::SegmentArrived { .. } | LinkEvent::SegmentLost { .. })), segments);
}

#[test]
fn a_power_cut_is_silent_and_the_peer_only_learns_by_giving_up() {
    let mut driven = Driven::opened();
    driven.write(Side::Client, *b"last words");
    driven.act(|link, now| link.handle_vanish(now, Side::Client, false));
    driven.run_until(1_000);
    assert_eq!(driven.received(Side::Broker), b"last words", "already on the way");
    driven.write(Side::Broker, *b"anybody?");
    driven.rest();
    assert_eq!(driven.closed().len(), 1);
    assert_eq!((driven.closed()[0].1, driven.closed()[0].2), (Side::Broker, CloseReason::TimedOut));
    assert_eq!(driven.count(|e| matches!(e, LinkEvent::SegmentSent(s) if s.rst)), 0);
    assert_eq!(driven.fates(Side::Broker), [(0, Some(LossReason::NoConnection))]);
    assert!(driven.link.is_over());
}

#[test]
fn a_crashed_program_on_a_living_machine_resets_its_peer() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_vanish(now, Side::Broker, true));
    driven.rest();
    assert_eq!(driven.closed(), [(120, Side::Client, CloseReason::Reset)]);
    assert!(driven.link.is_over());
}

#[test]
fn a_machine_that_runs_again_answers_with_rst() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_vanish(now, Side::Broker, false));
    driven.write(Side::Client, *b"PINGREQ");
    driven.run_until(250);
    assert_eq!(driven.closed(), []);
    driven.act(|link, now| link.handle_vanish(now, Side::Broker, true));
    driven.rest();
    // Sent at 100, again at 300.
    assert_eq!(driven.closed(), [(340, Side::Client, CloseReason::Reset)]);
    assert!(driven.link.is_over());
}

#[test]
fn a_break_can_come_inside_a_packet() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_conditions(now, Conditions { rate: Some(15_000), ..QUIET }));
    let unit = driven.write(Side::Client, pattern(3 * 1_460));
    driven.run_until(330);
    driven.act(|link, now| link.handle_cut(now, CutDirection::Both, CutNotice::Client));
    assert_eq!(driven.received(Side::Broker), pattern(2 * 1_460));
    assert_eq!(driven.count(|e| *e == LinkEvent::UnitLost { from: Side::Client, unit, reason: LossReason::PathCut }), 1);
    assert_eq!(driven.link.byte_account(Side::Client), (2 * 1_460, 1_460, 0));
}

#[test]
fn a_side_that_closes_towards_nobody_gives_up_in_the_end() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_vanish(now, Side::Broker, false));
    driven.act(|link, now| link.handle_close(now, Side::Client));
    driven.rest();
    assert_eq!(driven.closed(), [(100, Side::Client, CloseReason::ClosedHere)]);
    assert!(driven.link.is_over());
}

#[test]
fn a_side_that_has_closed_waits_a_minute_for_the_others_fin() {
    let mut driven = Driven::opened();
    driven.write(Side::Broker, pattern(100_000));
    driven.act(|link, now| link.handle_close(now, Side::Client));
    // The FIN is acknowledged at 120, while the broker still has much to send.
    driven.run_until(125);
    driven.act(|link, now| link.handle_vanish(now, Side::Broker, false));
    driven.run_until(60_100);
    assert!(!driven.link.is_over());
    driven.rest();
    assert_eq!(driven.closed(), [(100, Side::Client, CloseReason::ClosedHere), (120, Side::Broker, CloseReason::ClosedByPeer)]);
    assert!(driven.link.is_over());
    let (_, lost, pending) = driven.link.byte_account(Side::Broker);
    assert_eq!((lost, pending), (100_000, 0));
}
