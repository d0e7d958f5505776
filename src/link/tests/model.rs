//! Fast retransmit, the receive window, idle time-outs, held packets, and the costs of TLS and WebSocket.

use super::*;

fn retransmissions(driven: &Driven) -> Vec<(u64, u32)> {
    driven.sent().iter().filter(|(_, segment)| segment.attempt > 0).map(|(at, segment)| (*at, segment.seq)).collect()
}

/// Writes a full segment that gets lost, then `after` more that do not.
fn lose_one_of(after: usize) -> Driven {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_conditions(now, Conditions { loss: Ratio::ALWAYS, ..QUIET }));
    driven.write(Side::Client, pattern(1_460));
    driven.act(|link, now| link.handle_conditions(now, QUIET));
    for _ in 0..after {
        driven.write(Side::Client, pattern(1_460));
    }
    driven
}

#[test]
fn three_duplicate_acknowledgements_bring_the_missing_segment_at_once() {
    let mut driven = lose_one_of(3);
    driven.rest();
    // They leave at 100 and come at 120; the acknowledgements are back at 140, 60 ms before the timer.
    assert_eq!(retransmissions(&driven), [(140, 1)]);
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::UnitArrived { .. })), [160; 4]);
}

#[test]
fn two_duplicate_acknowledgements_leave_it_to_the_timer() {
    let mut driven = lose_one_of(2);
    driven.rest();
    assert_eq!(retransmissions(&driven), [(300, 1)]);
}

#[test]
fn a_fast_retransmission_happens_once_and_a_second_gap_is_mended_by_its_partial_acknowledgement() {
    let mut driven = Driven::opened();
    for lost in [true, false, true, false, false, false, false, false] {
        let loss = if lost { Ratio::ALWAYS } else { Ratio::NEVER };
        driven.act(|link, now| link.handle_conditions(now, Conditions { loss, ..QUIET }));
        driven.write(Side::Client, pattern(1_460));
    }
    driven.act(|link, now| link.handle_conditions(now, QUIET));
    driven.rest();
    assert_eq!(retransmissions(&driven), [(140, 1), (180, 1 + 2 * 1_460)]);
    assert_eq!(driven.received(Side::Broker).len(), 8 * 1_460);
}

#[test]
fn a_fast_retransmission_that_gets_lost_too_waits_for_the_timer() {
    let mut driven = lose_one_of(3);
    driven.run_until(130);
    driven.act(|link, now| link.handle_conditions(now, Conditions { loss: Ratio::ALWAYS, ..QUIET }));
    driven.run_until(150);
    driven.act(|link, now| link.handle_conditions(now, QUIET));
    driven.rest();
    assert_eq!(retransmissions(&driven), [(140, 1), (340, 1)]);
}

#[test]
fn the_window_closes_on_a_program_that_does_not_read_and_opens_when_it_goes_on() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_reading(now, Side::Client, false));
    driven.write(Side::Broker, pattern(100_000));
    driven.run_until(30_000);
    let taken = driven.received(Side::Client).len();
    assert!((65_535 - 1_460..=65_535).contains(&taken), "{taken}");
    let last_window = driven.sent().iter().rfind(|(_, s)| s.from == Side::Client).unwrap().1.window;
    assert_eq!(usize::from(last_window), 65_535 - taken);
    // Asked again and again, ever more seldom; the program's system answers.
    let questions = driven.sent().iter().filter(|(at, s)| *at > 2_000 && s.from == Side::Broker).count();
    assert!((2..8).contains(&questions), "{questions}");
    driven.act(|link, now| link.handle_reading(now, Side::Client, true));
    driven.run_until(30_500);
    assert_eq!(driven.received(Side::Client), pattern(100_000));
    assert_eq!(retransmissions(&driven), []);
    driven.rest();
    assert_eq!(driven.closed(), []);
}

#[test]
fn a_lost_update_of_the_window_is_made_up_for_by_a_question() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_reading(now, Side::Client, false));
    driven.write(Side::Broker, pattern(100_000));
    driven.run_until(5_000);
    driven.act(|link, now| link.handle_cut(now, CutDirection::ToBroker, CutNotice::Nobody));
    driven.act(|link, now| link.handle_reading(now, Side::Client, true));
    driven.act(|link, now| link.handle_restore(now));
    driven.rest();
    assert_eq!(driven.received(Side::Client), pattern(100_000));
}

#[test]
fn questions_about_the_window_that_nobody_answers_are_given_up() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_reading(now, Side::Client, false));
    driven.write(Side::Broker, pattern(100_000));
    driven.run_until(5_000);
    driven.act(|link, now| link.handle_cut(now, CutDirection::Both, CutNotice::Nobody));
    driven.rest();
    assert_eq!(driven.closed().iter().map(|(_, side, why)| (*side, *why)).collect::<Vec<_>>(), [(Side::Broker, CloseReason::TimedOut)]);
}

#[test]
fn a_router_forgets_an_idle_connection_and_tells_nobody() {
    let conditions = Conditions { idle_timeout: Some(Duration::from_secs(60)), ..QUIET };
    let mut driven = Driven::open(conditions);
    driven.run_until(50_000);
    driven.write(Side::Client, *b"PINGREQ");
    driven.run_until(105_000);
    assert_eq!(driven.received(Side::Broker), b"PINGREQ", "in time");
    driven.run_until(200_000);
    assert_eq!(driven.closed(), [], "nobody knows");
    driven.past.clear();
    driven.write(Side::Broker, *b"PUBLISH");
    driven.write(Side::Client, *b"PINGREQ");
    driven.rest();
    assert_eq!(driven.received(Side::Client), b"");
    assert_eq!(driven.received(Side::Broker), b"");
    let sent = driven.sent().len();
    assert_eq!(driven.count(|e| matches!(e, LinkEvent::SegmentLost { reason: LossReason::IdleTimeout, .. })), sent);
    let reasons: Vec<_> = driven.closed().iter().map(|(_, _, reason)| *reason).collect();
    assert_eq!(reasons, [CloseReason::TimedOut; 2], "each side finds out by its own timers");
    assert_eq!(driven.fates(Side::Client).last(), Some(&(1, Some(LossReason::IdleTimeout))));
}

#[test]
fn what_is_held_and_all_behind_it_waits_for_the_release() {
    let mut driven = Driven::opened();
    driven.write_with(Side::Broker, *b"PUBACK", Verdict::Hold);
    driven.write(Side::Broker, *b"PUBLISH");
    driven.run_until(5_000);
    assert_eq!(driven.received(Side::Client), b"");
    assert!(driven.link.clone().handle_release(driven.now));
    driven.act(|link, now| assert!(link.handle_release(now)));
    driven.rest();
    assert_eq!(driven.received(Side::Client), b"PUBACKPUBLISH");
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::UnitArrived { .. })), [5_000; 2]);
    assert_eq!(driven.closed(), []);
}

#[test]
fn what_is_never_released_is_lost_when_its_sender_gives_up() {
    let mut driven = Driven::opened();
    driven.write_with(Side::Broker, *b"PUBACK", Verdict::Hold);
    driven.rest();
    let (at, side, reason) = driven.closed()[0];
    assert_eq!((side, reason), (Side::Broker, CloseReason::TimedOut));
    assert!((540_000..800_000).contains(&at), "{at}");
    assert_eq!(driven.fates(Side::Broker), [(0, Some(LossReason::NeverReleased))]);
    driven.act(Link::handle_reset);
    driven.rest();
    assert!(driven.link.is_over());
}

#[test]
fn layers_cost_round_trips_and_bytes_before_the_first_byte_of_mqtt() {
    // One way 20 ms: TCP opens the client at 40 and the broker at 60.
    let cases = [
        (None, false, 40, 60),
        (None, true, 80, 60),
        (Some(Tls::V1_3), false, 80, 100),
        (Some(Tls::V1_2), false, 120, 100),
        (Some(Tls::V1_3), true, 120, 100),
        (Some(Tls::V1_2), true, 160, 140),
    ];
    for (tls, websocket, client, broker) in cases {
        let costs = Costs { tls, websocket };
        let mut driven = Driven::open(Conditions { costs, ..QUIET });
        driven.run_until(1_000);
        let opened = |side| driven.times(|event| *event == LinkEvent::Opened { side });
        assert_eq!((opened(Side::Client), opened(Side::Broker)), (vec![client], vec![broker]), "{costs:?}");
        let spent = |side| -> u64 { driven.sent().iter().filter(|(_, s)| s.from == side).map(|(_, s)| u64::from(s.overhead)).sum() };
        let setup = super::super::costs::Setup::new(costs);
        assert_eq!(spent(Side::Client), setup.bytes_of(Side::Client));
        assert_eq!(spent(Side::Broker), setup.bytes_of(Side::Broker));
        // The stream of MQTT begins at 1, whatever came before.
        driven.past.clear();
        driven.write(Side::Client, *b"CONNECT");
        driven.rest();
        assert_eq!(driven.sent()[0].1.seq, 1);
        assert_eq!(driven.received(Side::Broker), b"CONNECT");
        assert_eq!(u64::from(driven.sent()[0].1.overhead), u64::from(costs.framing(Side::Client, 7)));
    }
}

#[test]
fn a_lost_part_of_the_exchange_is_sent_again() {
    let costs = Costs { tls: Some(Tls::V1_2), websocket: true };
    for seed in 0..100 {
        let conditions = Conditions { costs, loss: Ratio::from_percent(30), ..QUIET };
        let mut driven = Driven::over(Link::open(Instant::ZERO, conditions, None, Seed(seed), "tls"));
        driven.write(Side::Client, pattern(5_000));
        driven.rest();
        assert_eq!(driven.received(Side::Broker), pattern(5_000), "seed {seed}");
        assert_eq!(driven.link.byte_account(Side::Client), (5_000, 0, 0));
    }
}

#[test]
fn a_client_that_closes_during_the_exchange_leaves_no_half_open_broker() {
    for at in [30, 50, 70, 90] {
        let mut driven = Driven::open(Conditions { costs: Costs { tls: Some(Tls::V1_2), websocket: true }, ..QUIET });
        driven.run_until(at);
        driven.act(|link, now| link.handle_close(now, Side::Client));
        driven.rest();
        assert!(driven.link.is_over(), "closed at {at}");
    }
}

#[test]
fn the_settings_of_one_link_leave_the_draws_of_another_alone() {
    let past = |other: Conditions| {
        let steady = Conditions { loss: Ratio::from_percent(30), jitter: Duration::from_millis(30), ..QUIET };
        let mut first = Driven::over(Link::open(Instant::ZERO, steady, None, Seed(3), "a#1"));
        let mut second = Driven::over(Link::open(Instant::ZERO, other, None, Seed(3), "b#1"));
        for _ in 0..20 {
            first.write(Side::Client, pattern(2_000));
            second.write(Side::Client, pattern(2_000));
            first.run_until(first.now.as_micros() / 1_000 + 700);
            second.run_until(second.now.as_micros() / 1_000 + 700);
        }
        first.rest();
        first.past
    };
    let reference = past(QUIET);
    for preset in Preset::ALL {
        assert_eq!(past(preset.conditions()), reference, "{preset:?}");
    }
}

#[test]
fn a_client_that_closes_within_the_exchange_says_nothing_more_and_nobody_waits_for_ever() {
    for writes in [false, true] {
        let mut driven = Driven::open(Conditions { costs: Costs { tls: Some(Tls::V1_3), websocket: false }, ..QUIET });
        driven.run_until(50);
        if writes {
            driven.write(Side::Broker, *b"too early");
        }
        driven.act(|link, now| link.handle_close(now, Side::Client));
        driven.rest();
        assert!(driven.link.is_over(), "writes {writes}");
        let sent = driven.sent();
        let from_client = sent.iter().filter(|(_, segment)| segment.from == Side::Client && segment.attempt == 0);
        let after = from_client.skip_while(|(_, segment)| !segment.fin).filter(|(_, segment)| segment.overhead > 0);
        assert_eq!(after.count(), 0, "data after a FIN");
        assert_eq!(driven.fates(Side::Broker).len(), usize::from(writes));
    }
}
