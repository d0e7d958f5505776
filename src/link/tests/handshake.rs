//! Opening, plain delivery and closing.

use super::*;

#[test]
fn handshake_opens_the_client_after_one_round_trip_and_the_broker_after_one_and_a_half() {
    let mut driven = Driven::open(QUIET);
    driven.rest();
    assert_eq!(driven.times(|event| *event == LinkEvent::Opened { side: Side::Client }), [40]);
    assert_eq!(driven.times(|event| *event == LinkEvent::Opened { side: Side::Broker }), [60]);
    let flags: Vec<_> = driven.sent().iter().map(|(at, s)| (*at, s.from, s.syn, s.seq, s.ack)).collect();
    assert_eq!(flags, [(0, Side::Client, true, 0, None), (20, Side::Broker, true, 0, Some(1)), (40, Side::Client, false, 1, Some(1))]);
}

#[test]
fn a_write_arrives_after_the_latency_and_is_acknowledged_forty_milliseconds_later() {
    let mut driven = Driven::opened();
    let unit = driven.write(Side::Client, *b"PUBLISH");
    driven.rest();
    assert_eq!(driven.times(|e| *e == LinkEvent::UnitArrived { from: Side::Client, unit }), [120]);
    assert_eq!(driven.received(Side::Broker), b"PUBLISH");
    let sent = driven.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!((sent[0].1.seq, sent[0].1.ack, &sent[0].1.payload[..]), (1, Some(1), &b"PUBLISH"[..]));
    assert_eq!((sent[1].0, sent[1].1.from, sent[1].1.ack), (160, Side::Broker, Some(8)));
}

#[test]
fn an_answer_carries_the_acknowledgement() {
    let mut driven = Driven::opened();
    driven.write(Side::Client, *b"PINGREQ");
    driven.run_until(120);
    driven.write(Side::Broker, *b"PINGRESP");
    driven.rest();
    let sent = driven.sent();
    assert_eq!(sent.len(), 3, "request, answer with acknowledgement, acknowledgement of the answer");
    assert_eq!((sent[1].0, sent[1].1.ack), (120, Some(8)));
    assert_eq!((sent[2].0, sent[2].1.ack), (180, Some(9)));
}

#[test]
fn what_is_written_before_the_handshake_is_over_waits_and_shares_segments() {
    let mut driven = Driven::open(QUIET);
    driven.write(Side::Client, *b"CONNECT");
    driven.write(Side::Client, *b"SUBSCRIBE");
    driven.rest();
    let data: Vec<_> = driven.sent().into_iter().filter(|(_, s)| !s.payload.is_empty()).collect();
    assert_eq!(data.len(), 1);
    assert_eq!((data[0].0, &data[0].1.payload[..]), (40, &b"CONNECTSUBSCRIBE"[..]));
    assert_eq!(driven.fates(Side::Client), [(0, None), (1, None)]);
}

#[test]
fn long_writes_travel_in_full_segments_and_every_second_is_acknowledged() {
    let mut driven = Driven::opened();
    driven.write(Side::Client, pattern(4 * 1_460 + 1));
    driven.rest();
    let sizes: Vec<_> = driven.sent().iter().filter(|(_, s)| s.from == Side::Client).map(|(_, s)| s.payload.len()).collect();
    assert_eq!(sizes, [1_460, 1_460, 1_460, 1_460, 1]);
    let acks: Vec<_> = driven.sent().iter().filter(|(_, s)| s.from == Side::Broker).map(|(at, s)| (*at, s.ack.unwrap())).collect();
    assert_eq!(acks, [(120, 2_921), (120, 5_841), (160, 5_842)]);
    assert_eq!(driven.received(Side::Broker), pattern(5_841));
}

#[test]
fn no_more_than_the_window_is_on_its_way() {
    let mut driven = Driven::opened();
    driven.write(Side::Client, pattern(200_000));
    let on_the_way: usize = driven.sent().iter().map(|(_, s)| s.payload.len()).sum();
    assert_eq!(on_the_way, 44 * 1_460);
    driven.rest();
    assert_eq!(driven.received(Side::Broker), pattern(200_000));
    assert!(driven.sent().iter().all(|(_, s)| s.attempt == 0));
}

#[test]
fn bandwidth_serialises_segments_with_their_headers() {
    let mut driven = Driven::opened();
    // 15 kB/s: a full segment takes 100 ms.
    driven.act(|link, now| link.handle_conditions(now, Conditions { rate: Some(15_000), ..QUIET }));
    driven.write(Side::Client, pattern(3 * 1_460));
    driven.rest();
    assert_eq!(driven.times(|e| matches!(e, LinkEvent::BytesArrived { .. })), [220, 320, 420]);
}

#[test]
fn closing_sends_what_was_written_and_then_fin_both_ways() {
    let mut driven = Driven::opened();
    driven.write(Side::Client, *b"DISCONNECT");
    driven.act(|link, now| link.handle_close(now, Side::Client));
    driven.rest();
    assert_eq!(driven.received(Side::Broker), b"DISCONNECT");
    assert_eq!(driven.closed(), [(100, Side::Client, CloseReason::ClosedHere), (120, Side::Broker, CloseReason::ClosedByPeer)]);
    let fins: Vec<_> = driven.sent().iter().filter(|(_, s)| s.fin).map(|(at, s)| (*at, s.from, s.seq, s.ack)).collect();
    assert_eq!(fins, [(100, Side::Client, 11, Some(1)), (120, Side::Broker, 1, Some(12))]);
    let (at, last) = driven.sent().pop().unwrap();
    assert_eq!((at, last.from, last.ack, last.rst), (140, Side::Client, Some(2), false));
    assert!(driven.link.is_over());
}

#[test]
fn both_may_close_at_once() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_close(now, Side::Client));
    driven.act(|link, now| link.handle_close(now, Side::Broker));
    driven.rest();
    assert_eq!(driven.closed().len(), 2);
    assert!(driven.closed().iter().all(|(_, _, reason)| *reason == CloseReason::ClosedHere));
    assert!(driven.link.is_over());
}

#[test]
fn bytes_for_a_side_that_has_closed_are_lost_but_harm_nothing() {
    let mut driven = Driven::opened();
    driven.write(Side::Broker, *b"PUBLISH");
    driven.write(Side::Client, *b"DISCONNECT");
    driven.act(|link, now| link.handle_close(now, Side::Client));
    driven.rest();
    assert_eq!(driven.fates(Side::Broker), [(0, Some(LossReason::NoConnection))]);
    assert_eq!(driven.fates(Side::Client), [(0, None)]);
    assert_eq!(driven.count(|e| matches!(e, LinkEvent::SegmentSent(s) if s.rst)), 0);
    assert_eq!(driven.link.byte_account(Side::Broker), (0, 7, 0));
    assert!(driven.link.is_over());
}

#[test]
fn a_write_after_the_end_is_never_sent() {
    let mut driven = Driven::opened();
    driven.act(|link, now| link.handle_close(now, Side::Client));
    let unit = driven.write(Side::Client, *b"late");
    assert_eq!(unit, UnitNumber(0));
    assert_eq!(driven.write(Side::Client, *b"later"), UnitNumber(1));
    driven.rest();
    assert_eq!(driven.fates(Side::Client), [(0, Some(LossReason::NeverSent)), (1, Some(LossReason::NeverSent))]);
    assert_eq!(driven.link.byte_account(Side::Client), (0, 9, 0));
    assert!(driven.link.is_over());
}

#[test]
fn closing_before_the_answer_ends_the_attempt_and_the_broker_never_knew() {
    let mut driven = Driven::open(QUIET);
    driven.act(|link, now| link.handle_close(now, Side::Client));
    driven.rest();
    assert_eq!(driven.closed(), [(0, Side::Client, CloseReason::ClosedHere)]);
    assert_eq!(driven.count(|e| matches!(e, LinkEvent::Opened { .. })), 0);
    assert!(driven.link.is_over());
}

#[test]
fn a_broker_that_is_not_there_refuses_or_stays_silent() {
    let mut refused = Driven::open(QUIET);
    refused.act(|link, now| link.handle_vanish(now, Side::Broker, true));
    refused.rest();
    assert_eq!(refused.closed(), [(40, Side::Client, CloseReason::Reset)]);
    assert!(refused.link.is_over());

    let mut silent = Driven::open(QUIET);
    silent.act(|link, now| link.handle_vanish(now, Side::Broker, false));
    silent.rest();
    assert_eq!(silent.closed(), [(127_000, Side::Client, CloseReason::TimedOut)]);
    assert!(silent.link.is_over());
}

#[test]
fn small_segments_bring_a_packet_in_pieces() {
    let mut driven = Driven::over(Link::open(Instant::ZERO, QUIET, None, Seed(1), "test").with_segment_size(3));
    driven.write(Side::Client, *b"CONNECT!");
    driven.rest();
    let pieces = driven.past.iter().filter_map(|(_, e)| match e {
        LinkEvent::BytesArrived { bytes, .. } => Some(bytes.to_vec()),
        _ => None,
    });
    let pieces: Vec<_> = pieces.collect();
    assert_eq!(pieces, [b"CON".to_vec(), b"NEC".to_vec(), b"T!".to_vec()]);
    assert_eq!(driven.fates(Side::Client), [(0, None)]);
}

#[test]
fn what_was_written_before_a_close_is_sent_even_if_the_handshake_is_not_over() {
    let mut driven = Driven::open(QUIET);
    driven.write(Side::Client, *b"CONNECT");
    driven.act(|link, now| link.handle_close(now, Side::Client));
    driven.rest();
    assert_eq!(driven.received(Side::Broker), b"CONNECT");
    assert_eq!(driven.closed(), [(0, Side::Client, CloseReason::ClosedHere), (60, Side::Broker, CloseReason::ClosedByPeer)]);
    assert_eq!(driven.count(|e| *e == LinkEvent::Opened { side: Side::Client }), 0, "it had closed before");
    assert!(driven.link.is_over());
}

#[test]
fn what_is_due_at_this_instant_waits_for_its_call_and_what_was_due_before_does_not() {
    let mut driven = Driven::opened();
    driven.write(Side::Client, *b"up");
    let due = Instant::from_millis(120);
    let arrived = |driven: &Driven| driven.received(Side::Broker);
    let mut punctual = driven.clone();
    punctual.now = due;
    punctual.write(Side::Broker, *b"down");
    assert_eq!(arrived(&punctual), b"");
    let mut late = driven.clone();
    late.now = due + Duration::from_micros(1);
    late.write(Side::Broker, *b"down");
    assert_eq!(arrived(&late), b"up");
}
