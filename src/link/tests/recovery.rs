//! Loss on a living connection is delay.

use super::*;

/// The times at which `from` sent segments with these attempts.
fn attempts(driven: &Driven, from: Side) -> Vec<(u64, u32)> {
    driven.sent().iter().filter(|(_, s)| s.from == from).map(|(at, s)| (*at, s.attempt)).collect()
}

#[test]
fn a_syn_is_repeated_with_doubling_waits_and_given_up_after_127_seconds() {
    let mut driven = Driven::over(Link::open(Instant::ZERO, QUIET, Some(CutDirection::Both), Seed(1), "test"));
    driven.rest();
    let expected = [(0, 0), (1_000, 1), (3_000, 2), (7_000, 3), (15_000, 4), (31_000, 5), (63_000, 6)];
    assert_eq!(attempts(&driven, Side::Client), expected);
    assert_eq!(driven.closed(), [(127_000, Side::Client, CloseReason::TimedOut)]);
    assert!(driven.link.is_over());
}

#[test]
fn data_is_repeated_from_200_ms_on_with_doubling_waits_and_given_up_after_fifteen() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_cut(now, CutDirection::Both, CutNotice::Nobody));
    driven.write(Side::Client, *b"PUBLISH");
    driven.rest();
    // Round trip 40 ms measured once: SRTT 40, RTTVAR 20, so 120 ms, less than the minimum.
    let mut at = 100;
    let mut wait = 200;
    let mut expected = vec![(at, 0)];
    for attempt in 1..=15 {
        at += wait;
        expected.push((at, attempt));
        wait = (wait * 2).min(64_000);
    }
    assert_eq!(attempts(&driven, Side::Client), expected);
    assert_eq!(driven.closed(), [(at + wait, Side::Client, CloseReason::TimedOut)]);
    assert_eq!(driven.fates(Side::Client), [(0, Some(LossReason::PathCut))]);
    assert!(!driven.link.is_over(), "the broker, with nothing to send, never learns of it");
    assert_eq!(driven.link.poll_timeout(), None);
}

#[test]
fn after_a_repeated_syn_data_waits_three_seconds_for_its_acknowledgement() {
    let mut driven = Driven::over(Link::open(Instant::ZERO, QUIET, Some(CutDirection::Both), Seed(1), "test"));
    driven.run_until(500);
    driven.act(|link, now| link.handle_restore(now));
    driven.run_until(1_200);
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::Opened { .. })), [1_040, 1_060]);
    driven.past.clear();
    driven.act(|link, now| link.handle_cut(now, CutDirection::ToBroker, CutNotice::Nobody));
    driven.write(Side::Client, *b"CONNECT");
    driven.run_until(5_000);
    assert_eq!(attempts(&driven, Side::Client), [(1_200, 0), (4_200, 1)]);
}

#[test]
fn what_follows_a_lost_segment_waits_behind_it() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_conditions(now, Conditions { loss: Ratio::ALWAYS, ..QUIET }));
    driven.write(Side::Client, *b"first");
    driven.act(|link, now| link.handle_conditions(now, QUIET));
    driven.run_until(110);
    driven.write(Side::Client, *b"second");
    driven.run_until(319);
    assert_eq!(driven.received(Side::Broker), b"", "held behind the gap");
    assert_eq!(driven.count(|e| matches!(e, LinkEvent::SegmentLost { reason: LossReason::RandomLoss, .. })), 1);
    driven.rest();
    assert_eq!(driven.received(Side::Broker), b"firstsecond");
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::UnitArrived { .. })), [320, 320]);
    assert_eq!(driven.sent().iter().filter(|(_, s)| s.attempt > 0).count(), 1, "the second was not sent again");
}

#[test]
fn a_lost_acknowledgement_brings_a_copy_that_the_application_never_sees() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_cut(now, CutDirection::ToClient, CutNotice::Nobody));
    driven.write(Side::Client, *b"PUBLISH");
    driven.run_until(250);
    driven.act(|link, now| link.handle_restore(now));
    driven.rest();
    assert_eq!(driven.received(Side::Broker), b"PUBLISH");
    assert_eq!(driven.fates(Side::Client), [(0, None)]);
    assert_eq!(driven.sent().iter().filter(|(_, s)| s.attempt > 0).count(), 1);
}

#[test]
fn several_gaps_in_one_window_are_mended_after_one_time_out() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_conditions(now, Conditions { loss: Ratio::from_percent(30), ..QUIET }));
    driven.write(Side::Client, pattern(30 * 1_460));
    driven.act(|link, now| link.handle_conditions(now, QUIET));
    driven.rest();
    assert_eq!(driven.received(Side::Broker), pattern(30 * 1_460));
    let repeated: Vec<_> = driven.sent().into_iter().filter(|(_, s)| s.attempt > 0).collect();
    assert!(repeated.len() > 3, "the seed loses several");
    assert!(repeated.iter().all(|(_, s)| s.attempt == 1), "each lost one is sent again once");
    let done = driven.times(|e| matches!(e, LinkEvent::UnitArrived { .. }));
    assert_eq!(done, [repeated[0].0 + 40 * repeated.len() as u64 - 20], "one time-out, then a round trip for each gap");
}

#[test]
fn thirty_percent_loss_delivers_every_byte_in_order_exactly_once() {
    for seed in 0..300 {
        let conditions = Conditions { loss: Ratio::from_percent(30), jitter: Duration::from_millis(15), ..QUIET };
        let mut driven = Driven::over(Link::open(Instant::ZERO, conditions, None, Seed(seed), "sensor"));
        let mut written = [Vec::new(), Vec::new()];
        for round in 0..20_u64 {
            for (index, side) in [Side::Client, Side::Broker].into_iter().enumerate() {
                let bytes = pattern(20 + (round as usize * 97 + index * 31) % 400);
                written[index].extend_from_slice(&bytes);
                driven.write(side, bytes);
            }
            driven.run_until((round + 1) * 500);
        }
        driven.rest();
        assert_eq!(driven.received(Side::Broker), written[0], "seed {seed}");
        assert_eq!(driven.received(Side::Client), written[1], "seed {seed}");
        for side in [Side::Client, Side::Broker] {
            assert_eq!(driven.fates(side), (0..20).map(|unit| (unit, None)).collect::<Vec<_>>(), "seed {seed}");
        }
        assert_eq!(driven.closed(), []);
    }
}

#[test]
fn a_repeated_syn_is_answered_again() {
    let mut driven = Driven::over(Link::open(Instant::ZERO, QUIET, Some(CutDirection::ToClient), Seed(1), "test"));
    driven.run_until(62_000);
    assert_eq!(attempts(&driven, Side::Broker).len(), 6, "one answer for each SYN");
    driven.act(|link, now| link.handle_restore(now));
    driven.write(Side::Client, *b"CONNECT");
    driven.rest();
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::Opened { side: Side::Client })), [63_040]);
    assert_eq!(driven.received(Side::Broker), b"CONNECT");
}

#[test]
fn a_broker_that_waits_in_vain_for_the_handshake_forgets_it_without_a_word() {
    let mut driven = Driven::open(QUIET);
    driven.run_until(30);
    driven.act(|link, now| link.handle_cut(now, CutDirection::Both, CutNotice::Client));
    assert_eq!(driven.closed(), [(30, Side::Client, CloseReason::NetworkDown)]);
    driven.rest();
    let answers = [(20, 0), (1_020, 1), (3_020, 2), (7_020, 3), (15_020, 4), (31_020, 5)];
    assert_eq!(attempts(&driven, Side::Broker), answers);
    assert_eq!(driven.closed().len(), 1);
    assert!(driven.link.is_over());
}

#[test]
fn an_acknowledgement_that_may_be_for_either_copy_measures_nothing() {
    // Karn's rule: the doubled wait stays until a segment that was sent once is acknowledged.
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_cut(now, CutDirection::ToClient, CutNotice::Nobody));
    driven.write(Side::Client, *b"first");
    driven.run_until(250);
    driven.act(|link, now| link.handle_restore(now));
    driven.run_until(1_000);
    driven.past.clear();
    driven.act(|link, now| link.handle_cut(now, CutDirection::ToBroker, CutNotice::Nobody));
    driven.write(Side::Client, *b"second");
    driven.run_until(1_500);
    assert_eq!(attempts(&driven, Side::Client), [(1_000, 0), (1_400, 1)]);
}

#[test]
fn a_lost_end_of_the_handshake_is_sent_again_when_the_answer_comes_again() {
    let mut driven = Driven::open(QUIET);
    driven.run_until(30);
    driven.act(|link, now| link.handle_cut(now, CutDirection::ToBroker, CutNotice::Nobody));
    driven.run_until(500);
    driven.act(|link, now| link.handle_restore(now));
    driven.rest();
    assert_eq!(driven.times(|e| *e == LinkEvent::Opened { side: Side::Client }), [40]);
    assert_eq!(driven.times(|e| *e == LinkEvent::Opened { side: Side::Broker }), [1_060]);
}

#[test]
fn absurd_conditions_come_to_rest() {
    let worst = Conditions { latency: Duration::MAX, jitter: Duration::MAX, loss: Ratio::from_percent(50), rate: Some(0), ..QUIET };
    for conditions in [worst, Conditions { latency: Duration::ZERO, ..QUIET }, Conditions { rate: Some(1), ..QUIET }] {
        let mut driven = Driven::opened();
        driven.act(|link, now| link.handle_conditions(now, conditions));
        driven.write_with(Side::Client, pattern(100_000), Verdict::Delay { by: Duration::MAX });
        driven.write(Side::Broker, pattern(100_000));
        driven.rest();
        assert!(driven.steps < 10_000, "{} steps", driven.steps);
        for side in [Side::Client, Side::Broker] {
            assert_eq!(driven.link.byte_account(side).2, 0, "all delivered or lost");
        }
    }
}
