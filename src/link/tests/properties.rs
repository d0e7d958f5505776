//! What holds for every schedule.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Act {
    Write(Side, usize, Verdict),
    Wait(u64),
    Close(Side),
    Cut(CutDirection, CutNotice),
    Restore,
    Reset,
    Vanish(Side, bool),
    Conditions(Conditions),
    Release,
    Reading(Side, bool),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Broker)]
}

fn notice() -> impl Strategy<Value = CutNotice> {
    prop_oneof![Just(CutNotice::Client), Just(CutNotice::Nobody), Just(CutNotice::Both)]
}

fn direction() -> impl Strategy<Value = CutDirection> {
    prop_oneof![Just(CutDirection::Both), Just(CutDirection::ToBroker), Just(CutDirection::ToClient)]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        12 => Just(Verdict::Pass),
        1 => notice().prop_map(|notice| Verdict::CutBeforeDelivery { notice }),
        1 => notice().prop_map(|notice| Verdict::CutAfterDelivery { notice }),
        1 => Just(Verdict::ResetBeforeDelivery),
        1 => Just(Verdict::ResetAfterDelivery),
        1 => Just(Verdict::Hold),
        1 => Just(Verdict::DuplicateConnection),
        2 => (0..5_000_u64).prop_map(|by| Verdict::Delay { by: Duration::from_millis(by) }),
    ]
}

fn conditions(loss_percent: u32) -> impl Strategy<Value = Conditions> {
    let path = (0..300_u64, 0..100_u64, 0..=loss_percent, prop::option::of(2_000..1_000_000_u64), prop::option::of(3_000..60_000_u64));
    (path, costs()).prop_map(|((latency, jitter, loss, rate, queue), costs)| Conditions {
        latency: Duration::from_millis(latency),
        jitter: Duration::from_millis(jitter),
        loss: Ratio::from_percent(loss),
        rate,
        queue,
        costs,
        ..QUIET
    })
}

fn costs() -> impl Strategy<Value = Costs> {
    let tls = prop_oneof![3 => Just(None), 1 => Just(Some(Tls::V1_2)), 1 => Just(Some(Tls::V1_3))];
    (tls, prop::bool::weighted(0.3)).prop_map(|(tls, websocket)| Costs { tls, websocket })
}

/// Conditions with what can end a connection or hold it up for long.
fn harsh(loss_percent: u32) -> impl Strategy<Value = Conditions> {
    let bursts = (1..100_u32, 1..100_u32).prop_map(|(enter, leave)| Bursts {
        enter: Ratio::from_percent(enter),
        leave: Ratio::from_percent(leave),
        loss: Ratio::ALWAYS,
    });
    let outage = (2..90_u64, 1..90_u64)
        .prop_map(|(every, lasts)| Outage { every: Duration::from_secs(every), lasts: Duration::from_secs(lasts.min(every - 1)) });
    (conditions(loss_percent), prop::option::of(bursts), prop::option::of(outage), prop::option::weighted(0.2, 1..100_u64)).prop_map(
        |(conditions, bursts, outage, idle)| Conditions { bursts, outage, idle_timeout: idle.map(Duration::from_secs), ..conditions },
    )
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => (side(), 0..4_000_usize, verdict()).prop_map(|(side, size, verdict)| Act::Write(side, size, verdict)),
        10 => (0..3_000_u64).prop_map(Act::Wait),
        1 => side().prop_map(Act::Close),
        1 => (direction(), notice()).prop_map(|(direction, notice)| Act::Cut(direction, notice)),
        2 => Just(Act::Restore),
        1 => Just(Act::Reset),
        1 => (side(), any::<bool>()).prop_map(|(side, rst)| Act::Vanish(side, rst)),
        2 => harsh(100).prop_map(Act::Conditions),
        1 => Just(Act::Release),
        1 => (side(), any::<bool>()).prop_map(|(side, reads)| Act::Reading(side, reads)),
    ]
}

/// Carries out one act and checks the books at every step.
fn perform(driven: &mut Driven, act: &Act, written: &mut [u64; 2]) {
    match act.clone() {
        Act::Write(side, size, verdict) => {
            written[side as usize] += size as u64;
            driven.write_with(side, pattern(size), verdict);
        }
        Act::Wait(millis) => {
            let until = driven.now + Duration::from_millis(millis);
            while driven.step(until) {
                check_books(driven, written);
            }
            driven.now = until;
        }
        Act::Close(side) => driven.act(|link, now| link.handle_close(now, side)),
        Act::Cut(direction, notice) => driven.act(|link, now| link.handle_cut(now, direction, notice)),
        Act::Restore => driven.act(Link::handle_restore),
        Act::Reset => driven.act(Link::handle_reset),
        Act::Vanish(side, rst) => driven.act(|link, now| link.handle_vanish(now, side, rst)),
        Act::Conditions(conditions) => driven.act(|link, now| link.handle_conditions(now, conditions)),
        Act::Release => driven.act(|link, now| {
            link.handle_release(now);
        }),
        Act::Reading(side, reads) => driven.act(|link, now| link.handle_reading(now, side, reads)),
    }
    check_books(driven, written);
}

fn check_books(driven: &Driven, written: &[u64; 2]) {
    for side in [Side::Client, Side::Broker] {
        let (delivered, lost, pending) = driven.link.byte_account(side);
        assert_eq!(delivered + lost + pending, written[side as usize], "bytes of {side:?}");
    }
}

fn check_history(driven: &Driven, written: &[u64; 2], writes: &[u64; 2]) {
    // Each segment has one end.
    let mut segments = BTreeMap::new();
    for (_, event) in &driven.past {
        match event {
            LinkEvent::SegmentSent(segment) => assert_eq!(segments.insert(segment.number, false), None),
            LinkEvent::SegmentArrived { number } | LinkEvent::SegmentLost { number, .. } => {
                assert_eq!(segments.insert(*number, true), Some(false), "segment {number}");
            }
            _ => {}
        }
    }
    assert!(segments.values().all(|ended| *ended), "a segment without an end");
    for side in [Side::Client, Side::Broker] {
        let (delivered, lost, pending) = driven.link.byte_account(side);
        assert_eq!(driven.received(side.peer()).len() as u64, delivered);
        assert_eq!(delivered + lost + pending, written[side as usize]);
        // Each unit has at most one fate; all have one once the sender has ended.
        let fates = driven.fates(side);
        let distinct: BTreeMap<_, _> = fates.iter().copied().collect();
        assert_eq!(distinct.len(), fates.len(), "a second fate");
        assert!(distinct.keys().all(|unit| *unit < writes[side as usize]));
        if driven.link.is_over() {
            assert_eq!(fates.len() as u64, writes[side as usize], "a unit of {side:?} without a fate");
            assert_eq!(pending, 0);
        }
        assert!(driven.count(|e| matches!(e, LinkEvent::Closed { side: s, .. } if *s == side)) <= 1);
        assert!(driven.count(|e| *e == LinkEvent::Opened { side }) <= 1);
    }
}

fn start(conditions: Conditions, cut: Option<CutDirection>, seed: u64, segment_size: u16) -> Driven {
    Driven::over(Link::open(Instant::ZERO, conditions, cut, Seed(seed), "p").with_segment_size(segment_size))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_and_every_unit_and_every_segment_is_accounted_for(
        conditions in conditions(60), cut in prop::option::weighted(0.1, direction()), seed in any::<u64>(),
        segment_size in prop_oneof![Just(1_460_u16), 50..1_460_u16], acts in prop::collection::vec(act(), 1..40),
    ) {
        let mut driven = start(conditions, cut, seed, segment_size);
        let (mut written, mut writes) = ([0; 2], [0; 2]);
        for act in &acts {
            if let Act::Write(side, ..) = act {
                writes[*side as usize] += 1;
            }
            perform(&mut driven, act, &mut written);
        }
        // A window that stays closed is asked about for ever.
        for side in [Side::Client, Side::Broker] {
            driven.act(|link, now| link.handle_reading(now, side, true));
        }
        driven.rest();
        // What a hold keeps from both is on the way until the end.
        // Then the end: every unit gets its fate.
        driven.act(Link::handle_reset);
        driven.rest();
        check_history(&driven, &written, &writes);
        prop_assert!(driven.link.is_over());
    }

    #[test]
    fn a_living_connection_delivers_everything_in_order(
        conditions in conditions(20), seed in any::<u64>(), segment_size in 20..=1_460_u16,
        writes in prop::collection::vec((side(), 1..3_000_usize, 0..2_000_u64), 1..15),
    ) {
        let mut driven = start(conditions, None, seed, segment_size);
        let mut expected = [Vec::new(), Vec::new()];
        for (side, size, wait) in writes {
            expected[side as usize].extend(pattern(size));
            driven.write(side, pattern(size));
            let until = driven.now.as_micros() / 1_000 + wait;
            driven.run_until(until);
        }
        driven.act(|link, now| link.handle_close(now, Side::Client));
        driven.rest();
        // Twenty percent each way: sixteen round trips in a row fail once in 10^7.
        prop_assert!(driven.closed().iter().all(|(_, _, reason)| *reason != CloseReason::TimedOut));
        prop_assert_eq!(driven.received(Side::Broker), expected[0].clone());
        prop_assert!(expected[1].starts_with(&driven.received(Side::Client)), "nothing invented towards the side that closed");
        prop_assert!(driven.link.is_over());
    }

    #[test]
    fn a_clone_replays_the_same_events_and_step_width_changes_nothing(
        conditions in conditions(40), seed in any::<u64>(), acts in prop::collection::vec(act(), 2..30), split in any::<prop::sample::Index>(),
    ) {
        let mut driven = start(conditions, None, seed, 1_460);
        let mut written = [0; 2];
        let (before, after) = acts.split_at(split.index(acts.len()));
        for act in before {
            perform(&mut driven, act, &mut written);
        }
        let mut copy = driven.clone();
        let mut coarse = driven.clone();
        let mut written_copy = written;
        let mut written_coarse = written;
        for act in after {
            perform(&mut driven, act, &mut written);
            perform(&mut copy, act, &mut written_copy);
            // The coarse one skips its timers and only acts.
            if let Act::Wait(millis) = act {
                coarse.now += Duration::from_millis(*millis);
                coarse.link.handle_timeout(coarse.now);
                coarse.take_events();
            } else {
                perform(&mut coarse, act, &mut written_coarse);
            }
        }
        for run in [&mut driven, &mut copy, &mut coarse] {
            for side in [Side::Client, Side::Broker] {
                run.act(|link, now| link.handle_reading(now, side, true));
            }
            run.rest();
        }
        prop_assert_eq!(&driven.past, &copy.past);
        let events = |driven: &Driven| driven.past.iter().map(|(_, event)| event.clone()).collect::<Vec<_>>();
        prop_assert_eq!(events(&driven), events(&coarse));
    }
}

/// Found by the property above: the last bytes of the exchange were still on the way, so what waited behind them was delivered after it had been told as lost.
#[test]
fn bytes_that_wait_behind_the_exchange_are_not_lost_while_its_last_bytes_are_on_the_way() {
    let costs = Costs { tls: None, websocket: true };
    let conditions = Conditions { latency: Duration::ZERO, loss: Ratio::from_percent(27), costs, ..QUIET };
    let mut driven = start(conditions, None, 2_422_934_902_485_421_848, 1_460);
    let mut written = [0; 2];
    let delay = Verdict::Delay { by: Duration::from_millis(253) };
    for act in [Act::Write(Side::Broker, 1, delay), Act::Wait(200), Act::Vanish(Side::Broker, false)] {
        perform(&mut driven, &act, &mut written);
    }
    driven.rest();
    driven.act(Link::handle_reset);
    driven.rest();
    check_history(&driven, &written, &[0, 1]);
}
