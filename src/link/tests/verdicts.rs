//! Fault rules and what their verdicts do.

use super::*;

const NOTICED: CutNotice = CutNotice::Client;

fn rule(label: u8, nth: u32, verdict: Verdict) -> Rule {
    Rule::once(Side::Broker, label, nth, verdict)
}

#[test]
fn a_rule_strikes_the_nth_unit_with_its_label_from_its_side_once() {
    let mut table = FaultTable::default();
    assert!(table.add(rule(4, 2, Verdict::ResetBeforeDelivery)));
    assert_eq!(table.judge(Instant::ZERO, Side::Client, Label(4)), Verdict::Pass);
    assert_eq!(table.judge(Instant::ZERO, Side::Broker, Label(3)), Verdict::Pass);
    assert_eq!(table.judge(Instant::ZERO, Side::Broker, Label(4)), Verdict::Pass);
    assert_eq!(table.rules().count(), 1);
    assert_eq!(table.judge(Instant::ZERO, Side::Broker, Label(4)), Verdict::ResetBeforeDelivery);
    assert_eq!(table.judge(Instant::ZERO, Side::Broker, Label(4)), Verdict::Pass);
    assert_eq!(table.rules().count(), 0);
}

#[test]
fn a_rule_strikes_as_often_as_it_says_within_its_window() {
    let mut table = FaultTable::default();
    let window = Rule {
        label: Rule::ANY,
        times: 2,
        not_before: Instant::from_secs(1),
        until: Instant::from_secs(2),
        ..rule(0, 2, Verdict::ResetBeforeDelivery)
    };
    assert!(table.add(window.clone()));
    let judged: Vec<bool> = [0, 500, 1_000, 1_100, 1_200, 1_300]
        .map(|at| table.judge(Instant::from_millis(at), Side::Broker, Label(4)) != Verdict::Pass)
        .to_vec();
    assert_eq!(judged, [false, false, false, true, true, false]);
    assert_eq!(table.rules().count(), 0);
    assert!(table.add(Rule { times: Rule::ALWAYS, ..window }));
    let judged = (0..100).filter(|_| table.judge(Instant::from_millis(1_999), Side::Broker, Label(9)) != Verdict::Pass).count();
    assert_eq!(judged, 99);
    assert_eq!(table.judge(Instant::from_secs(2), Side::Broker, Label(9)), Verdict::Pass);
    assert_eq!(table.rules().count(), 1);
}

#[test]
fn rules_are_bounded() {
    let mut table = FaultTable::default();
    assert!((0..FaultTable::MAX_RULES).all(|_| table.add(rule(4, 1, Verdict::Pass))));
    assert!(!table.add(rule(4, 1, Verdict::Pass)));
    table.clear();
    assert!(table.add(rule(4, 1, Verdict::Pass)));
}

#[test]
fn cut_before_delivery_strikes_when_the_last_byte_would_arrive() {
    let mut driven = Driven::opened();
    driven.write(Side::Broker, *b"SUBACK");
    let verdict = Verdict::CutBeforeDelivery { notice: NOTICED };
    let unit = driven.write_with(Side::Broker, *b"PUBACK", verdict);
    driven.write(Side::Broker, *b"PUBLISH");
    driven.run_until(119);
    assert_eq!(driven.closed(), []);
    driven.run_until(200);
    assert_eq!(driven.times(|e| *e == LinkEvent::VerdictExecuted { from: Side::Broker, unit, verdict }), [120]);
    assert_eq!(driven.received(Side::Client), b"SUBACK");
    assert_eq!(driven.closed(), [(120, Side::Client, CloseReason::NetworkDown)]);
    let lost = Some(LossReason::PathCut);
    assert_eq!(driven.fates(Side::Broker), [(0, None), (1, lost), (2, lost)]);
}

#[test]
fn cut_before_delivery_spares_the_first_segments_of_a_long_unit() {
    let mut driven = Driven::opened();
    driven.write_with(Side::Client, pattern(2_000), Verdict::CutBeforeDelivery { notice: CutNotice::Nobody });
    driven.run_until(200);
    assert_eq!(driven.received(Side::Broker), pattern(1_460));
    driven.act(|link, now| link.handle_restore(now));
    driven.rest();
    assert_eq!(driven.received(Side::Broker), pattern(2_000), "the verdict is used up");
    assert_eq!(driven.fates(Side::Client), [(0, None)]);
}

#[test]
fn cut_before_delivery_also_strikes_a_unit_that_waited_behind_a_gap() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_conditions(now, Conditions { loss: Ratio::ALWAYS, ..QUIET }));
    driven.write(Side::Client, *b"first");
    driven.act(|link, now| link.handle_conditions(now, QUIET));
    driven.write_with(Side::Client, *b"second", Verdict::CutBeforeDelivery { notice: NOTICED });
    driven.rest();
    assert_eq!(driven.received(Side::Broker), b"first");
    assert_eq!(driven.fates(Side::Client), [(0, None), (1, Some(LossReason::PathCut))]);
    assert_eq!(driven.closed(), [(320, Side::Client, CloseReason::NetworkDown)]);
}

#[test]
fn cut_after_delivery_lets_the_unit_arrive_and_nothing_more() {
    let mut driven = Driven::opened();
    let verdict = Verdict::CutAfterDelivery { notice: CutNotice::Both };
    let unit = driven.write_with(Side::Client, *b"PUBLISH", verdict);
    driven.write(Side::Client, *b"PINGREQ");
    driven.rest();
    assert_eq!(driven.received(Side::Broker), b"PUBLISH");
    let arrived = driven.past.iter().position(|(_, e)| *e == LinkEvent::UnitArrived { from: Side::Client, unit }).unwrap();
    assert_eq!(driven.past[arrived + 1].1, LinkEvent::VerdictExecuted { from: Side::Client, unit, verdict });
    assert_eq!(driven.fates(Side::Client), [(0, None), (1, Some(LossReason::PathCut))]);
    assert_eq!(driven.closed(), [(120, Side::Client, CloseReason::NetworkDown), (120, Side::Broker, CloseReason::NetworkDown)]);
    assert!(driven.link.is_over());
}

#[test]
fn reset_before_and_after_delivery() {
    for (verdict, received) in [(Verdict::ResetBeforeDelivery, &b""[..]), (Verdict::ResetAfterDelivery, &b"PUBLISH"[..])] {
        let mut driven = Driven::opened();
        driven.write_with(Side::Client, *b"PUBLISH", verdict);
        driven.rest();
        assert_eq!(driven.received(Side::Broker), received);
        assert_eq!(driven.closed(), [(120, Side::Client, CloseReason::Reset), (120, Side::Broker, CloseReason::Reset)]);
        let lost = received.is_empty().then_some(LossReason::ConnectionReset);
        assert_eq!(driven.fates(Side::Client), [(0, lost)]);
        assert_eq!(driven.count(|e| matches!(e, LinkEvent::VerdictExecuted { .. })), 1);
        assert!(driven.link.is_over());
    }
}

#[test]
fn a_delay_holds_up_the_unit_and_what_follows_it() {
    let mut driven = Driven::opened();
    let unit = driven.write_with(Side::Client, pattern(2_000), Verdict::Delay { by: Duration::from_millis(150) });
    driven.write(Side::Client, *b"next");
    driven.rest();
    assert_eq!(driven.times(|e| *e == LinkEvent::UnitArrived { from: Side::Client, unit }), [270]);
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::UnitArrived { .. })), [270, 270]);
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::VerdictExecuted { .. })), [100]);
    assert_eq!(driven.closed(), []);
}

#[test]
fn a_delay_beyond_the_time_out_brings_needless_copies_but_each_byte_once() {
    let mut driven = Driven::opened();
    driven.write_with(Side::Client, *b"PUBACK", Verdict::Delay { by: Duration::from_secs(2) });
    driven.rest();
    assert_eq!(driven.received(Side::Broker), b"PUBACK");
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::UnitArrived { .. })), [2_120]);
    assert_eq!(driven.sent().iter().filter(|(_, s)| s.attempt > 0).count(), 3, "after 200, 600 and 1,400 ms");
}

#[test]
fn a_unit_with_a_verdict_shares_no_segment_even_when_all_wait_together() {
    let lost = Some(LossReason::PathCut);
    for (verdict, received, fate) in [
        (Verdict::CutBeforeDelivery { notice: NOTICED }, &b"CONNECT"[..], lost),
        (Verdict::CutAfterDelivery { notice: NOTICED }, &b"CONNECTPUBLISH"[..], None),
    ] {
        let mut driven = Driven::open(QUIET);
        driven.write(Side::Client, *b"CONNECT");
        driven.write_with(Side::Client, *b"PUBLISH", verdict);
        driven.write(Side::Client, *b"PINGREQ");
        driven.rest();
        assert_eq!(driven.received(Side::Broker), received);
        assert_eq!(driven.fates(Side::Client), [(0, None), (1, fate), (2, lost)]);
    }
}
