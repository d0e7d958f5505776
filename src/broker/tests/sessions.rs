//! Session State: how it begins, stays and ends.

use super::*;
use std::hash::{DefaultHasher, Hash, Hasher};

#[test]
fn session_present_tells_whether_state_existed_mqtt_3_2_2_3() {
    for version in BOTH {
        let mut bench = Bench::new();
        let (connection, session_present) = bench.join_session(lasting(version, "c", 60));
        assert!(!session_present);
        bench.subscribe(connection, "t", Q1);
        bench.cut(connection);
        let (connection, session_present) = bench.join_session(lasting(version, "c", 60));
        assert!(session_present);
        assert_eq!(bench.session("c").unwrap().subscriptions.len(), 1, "[MQTT-3.1.2-5]");
        bench.cut(connection);
        let (_, session_present) = bench.join_session(connect(version, "c"));
        assert!(!session_present, "Clean Start [MQTT-3.2.2-2]");
        assert!(bench.session("c").unwrap().subscriptions.is_empty(), "[MQTT-3.1.2-4]");
        assert!(bench.has(|event| matches!(event, BrokerEvent::SessionEnded { expired: false, .. })));
    }
}

#[test]
fn a_session_with_expiry_0_ends_with_its_connection() {
    for version in BOTH {
        let mut bench = Bench::new();
        let connection = bench.join(connect(version, "c"));
        bench.subscribe(connection, "t", Q1);
        bench.cut(connection);
        assert_eq!(bench.broker.session_count(), 0);
        assert!(bench.has(|event| matches!(event, BrokerEvent::SessionEnded { expired, .. } if *expired == (version == V5))));
        let publisher = bench.join(connect(version, "p"));
        bench.events.clear();
        bench.send(publisher, publish("t", "x", Q1, 1));
        assert!(!bench.has(|event| matches!(event, BrokerEvent::MessageRouted { .. })));
    }
}

#[test]
fn session_expiry_counts_from_the_close_mqtt_4_1_0_2() {
    let mut bench = Bench::new();
    let connection = bench.join(lasting(V5, "c", 60));
    bench.pass_until(Instant::from_secs(500));
    bench.cut(connection);
    assert_eq!(bench.session("c").unwrap().expires_at, Some(Instant::from_secs(560)));
    bench.pass_until(Instant::from_micros(559_999_999));
    assert!(bench.session("c").is_some());
    bench.pass_until(Instant::from_secs(560));
    assert!(bench.session("c").is_none());
    assert!(bench.has(|event| matches!(event, BrokerEvent::SessionEnded { expired: true, .. })));
}

#[test]
fn resumption_stops_session_expiry_and_sets_it_anew() {
    let mut bench = Bench::new();
    let connection = bench.join(lasting(V5, "c", 60));
    bench.cut(connection);
    bench.pass_until(Instant::from_secs(59));
    let connection = bench.join(lasting(V5, "c", 10));
    bench.pass_until(Instant::from_secs(200));
    assert!(bench.session("c").is_some());
    bench.cut(connection);
    bench.pass_until(Instant::from_secs(210));
    assert!(bench.session("c").is_none());
}

#[test]
fn sessions_that_never_expire_have_no_timer() {
    for connect in [lasting(V5, "c", u32::MAX), lasting(V311, "c", 0)] {
        let mut bench = Bench::new();
        let connection = bench.join(connect);
        bench.cut(connection);
        assert_eq!(bench.broker.poll_timeout(), None);
        assert_eq!(bench.session("c").unwrap().session_expiry_interval, u32::MAX);
    }
}

#[test]
fn disconnect_may_change_session_expiry_but_not_from_0() {
    for (asked, changed, kept) in [(60, 5, true), (60, 0, false), (0, 0, false)] {
        let mut bench = Bench::new();
        let connection = bench.join(lasting(V5, "c", asked));
        let mut farewell = Disconnect::new(ReasonCode::Success);
        farewell.properties.session_expiry_interval = Some(changed);
        bench.send(connection, Packet::Disconnect(farewell));
        assert_eq!(bench.last_end(), &EndCause::ClientDisconnected(ReasonCode::Success));
        assert_eq!(bench.session("c").map(|session| session.expires_at), kept.then_some(Some(Instant::from_secs(5))));
    }
    let mut bench = Bench::new();
    let connection = bench.join(lasting(V5, "c", 0));
    let mut farewell = Disconnect::new(ReasonCode::Success);
    farewell.properties.session_expiry_interval = Some(1);
    bench.send(connection, Packet::Disconnect(farewell));
    bench.assert_misbehaved(connection, ReasonCode::ProtocolError);
}

#[test]
fn a_silent_client_is_closed_after_90_s_and_its_will_published_mqtt_3_1_2_22() {
    for version in BOTH {
        let mut bench = Bench::new();
        let watcher = bench.join(connect(V5, "watcher"));
        bench.subscribe(watcher, "will", Q0);
        let connection = bench.join(Connect { keep_alive: 60, ..with_will(connect(version, "c"), Q0, None) });
        bench.pass_until(Instant::from_micros(89_999_999));
        assert!(!bench.is_closed(connection));
        bench.pass_until(Instant::from_secs(90));
        assert_eq!(bench.last_end(), &EndCause::KeepAliveTimeout);
        let farewell = bench.take(connection);
        match version {
            V5 => assert_eq!(farewell, [disconnect(ReasonCode::KeepAliveTimeout)]),
            V311 => assert!(farewell.is_empty()),
        }
        assert_eq!(bench.payloads(watcher), ["will=c"]);
    }
}

#[test]
fn only_whole_packets_keep_a_connection_alive_mqtt_3_1_2_22() {
    let mut bench = Bench::new();
    let connection = bench.join(Connect { keep_alive: 10, ..connect(V5, "c") });
    bench.pass_until(Instant::from_secs(8));
    bench.send(connection, Packet::Pingreq);
    assert_eq!(bench.one(connection), Packet::Pingresp, "[MQTT-3.12.4-1]");
    bench.pass_until(Instant::from_secs(20));
    bench.send_bytes(connection, &b"\xc0"[..]);
    bench.pass_until(Instant::from_micros(22_999_999));
    assert!(!bench.is_closed(connection));
    bench.pass_until(Instant::from_secs(23));
    assert!(bench.is_closed(connection));
}

#[test]
fn timers_end_with_what_they_are_for() {
    let mut bench = Bench::new();
    let connection = bench.join(Connect { keep_alive: 10, ..lasting(V5, "c", 60) });
    bench.cut(connection);
    assert_eq!(bench.broker.poll_timeout(), Some(Instant::from_secs(60)), "Session Expiry, no Keep Alive");
    let session = bench.session("c").unwrap();
    assert_eq!((session.connection, session.send_quota), (None, 0));
    let connection = bench.join(lasting(V5, "c", 60));
    assert_eq!(bench.broker.poll_timeout(), None);
    bench.send(connection, disconnect(ReasonCode::Success));
    assert_eq!(bench.broker.poll_timeout(), Some(Instant::from_secs(60)));
}

#[test]
fn keep_alive_0_never_closes() {
    let mut bench = Bench::new();
    let connection = bench.join(connect(V5, "c"));
    assert_eq!(bench.broker.poll_timeout(), None);
    bench.pass_until(Instant::from_secs(1_000_000));
    assert!(!bench.is_closed(connection));
}

#[test]
fn queued_messages_expire_and_the_rest_carries_the_remaining_interval_mqtt_3_3_2_5_and_6() {
    let mut bench = Bench::new();
    let subscriber = bench.join(lasting(V5, "s", 1_000));
    bench.subscribe(subscriber, "t", Q1);
    bench.cut(subscriber);
    let publisher = bench.join(connect(V5, "p"));
    for (payload, interval) in [("short", Some(10)), ("long", Some(100)), ("none", None)] {
        let mut one = message("t", payload, Q1, 1);
        one.properties.message_expiry_interval = interval;
        bench.send(publisher, Packet::Publish(one));
    }
    bench.pass_until(Instant::from_secs(10));
    assert!(bench.has(|event| matches!(event, BrokerEvent::MessageDropped { reason: DropReason::Expired, .. })));
    assert_eq!(bench.session("s").unwrap().queued_messages, 2);
    bench.pass_until(Instant::from_millis(30_500));
    let subscriber = bench.join(lasting(V5, "s", 1_000));
    let got: Vec<_> = bench
        .take(subscriber)
        .into_iter()
        .map(|packet| match packet {
            Packet::Publish(one) => (one.payload, one.properties.message_expiry_interval),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(got, [("long".into(), Some(70)), ("none".into(), None)]);
    // Once sent it does not expire any more [MQTT-4.3.3-7].
    bench.pass_until(Instant::from_secs(500));
    bench.cut(subscriber);
    let subscriber = bench.join(lasting(V5, "s", 1_000));
    let got = bench.take(subscriber);
    let intervals = got.iter().map(|packet| match packet {
        Packet::Publish(one) => (one.dup, one.properties.message_expiry_interval),
        other => panic!("{other:?}"),
    });
    assert_eq!(intervals.collect::<Vec<_>>(), [(true, Some(0)), (true, None)]);
}

#[test]
fn a_message_that_expires_at_the_instant_of_resumption_is_not_sent_mqtt_3_3_2_5() {
    let mut bench = Bench::new();
    let subscriber = bench.join(lasting(V5, "s", 1_000));
    bench.subscribe(subscriber, "t", Q1);
    bench.cut(subscriber);
    let publisher = bench.join(connect(V5, "p"));
    for interval in [Some(10), None] {
        let mut one = message("t", "x", Q1, 1);
        one.properties.message_expiry_interval = interval;
        bench.send(publisher, Packet::Publish(one));
    }
    // The bytes come first, the timer of the same instant has not fired yet.
    bench.now = Instant::from_secs(10);
    let subscriber = bench.join(lasting(V5, "s", 1_000));
    assert_eq!(bench.publish(subscriber).properties.message_expiry_interval, None);
    assert!(bench.has(|event| matches!(event, BrokerEvent::MessageDropped { reason: DropReason::Expired, .. })));
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.broker.poll_timeout(), None);
}

#[test]
fn qos_0_for_an_offline_session_is_dropped_or_queued_as_configured() {
    for (queue_qos_zero, routing) in [(false, Routing::Dropped(DropReason::QosZeroOffline)), (true, Routing::QueuedOffline)] {
        let mut bench = Bench::with(BrokerConfig { queue_qos_zero, ..BrokerConfig::default() });
        let subscriber = bench.join(lasting(V5, "s", 1_000));
        bench.subscribe(subscriber, "t", Q1);
        bench.cut(subscriber);
        let publisher = bench.join(connect(V5, "p"));
        bench.send(publisher, publish("t", "x", Q0, 0));
        assert_eq!(bench.last_routing("s"), routing);
        let subscriber = bench.join(lasting(V5, "s", 1_000));
        assert_eq!(bench.payloads(subscriber).len(), usize::from(queue_qos_zero));
    }
}

#[test]
fn the_end_of_a_session_names_every_message_that_is_lost() {
    let mut bench = Bench::new();
    let subscriber = bench.join(lasting(V5, "s", 60));
    bench.subscribe(subscriber, "t", Q2);
    let publisher = bench.join(connect(V5, "p"));
    for number in 1..4 {
        bench.send(publisher, publish("t", "x", Q2, number));
        if number == 2 {
            bench.send(subscriber, Packet::Pubrec(ack(1)));
            bench.cut(subscriber);
        }
    }
    bench.pass(Duration::from_secs(60));
    let lost = bench.events.iter().filter(|event| matches!(event, BrokerEvent::MessageDropped { reason: DropReason::SessionEnded, .. }));
    assert_eq!(lost.count(), 2, "one in flight, one queued; the one with PUBREC has arrived");
}

#[test]
fn shutdown_tells_the_clients_and_closes() {
    let mut bench = Bench::new();
    let five = bench.join(with_will(lasting(V5, "five", 60), Q1, None));
    let three = bench.join(lasting(V311, "three", 0));
    bench.subscribe(three, "will", Q1);
    let waiting = bench.open(V5);
    bench.broker.handle_shutdown(bench.now);
    bench.drain();
    assert_eq!(bench.take(five), [disconnect(ReasonCode::ServerShuttingDown)]);
    assert!(bench.take(three).is_empty());
    assert!([five, three, waiting].into_iter().all(|connection| bench.is_closed(connection)));
    assert_eq!(bench.session("three").unwrap().queued_messages, 1, "the will waits for its subscriber");
    assert_eq!(bench.last_end(), &EndCause::ServerShutDown);
}

#[test]
fn after_a_crash_with_persistence_everything_goes_on() {
    let mut bench = Bench::new();
    let subscriber = bench.join(lasting(V5, "s", 600));
    bench.subscribe(subscriber, "#", Q2);
    let publisher = bench.join(with_will(lasting(V311, "p", 0), Q1, None));
    bench.send(publisher, retained("t", "x", Q2, 1));
    bench.take(subscriber);
    bench.broker.handle_crash(bench.now);
    bench.broker.handle_restart(bench.now);
    bench.drain();
    assert!(bench.is_closed(subscriber) && bench.is_closed(publisher));
    assert!(bench.take(subscriber).is_empty(), "a crash says nothing");
    assert_eq!((bench.broker.connection_count(), bench.broker.session_count(), bench.broker.retained_count()), (0, 2, 1));
    let subscriber = bench.join(lasting(V5, "s", 600));
    let got = bench.take(subscriber);
    assert!(matches!(&got[0], Packet::Publish(one) if one.dup && &one.payload[..] == b"x"));
    assert!(matches!(&got[1], Packet::Publish(one) if one.topic.as_str() == "will"));
    assert_eq!(bench.session("p").unwrap().unreleased, [id(1)]);
}

#[test]
fn qos_2_exchanges_go_on_after_a_crash_with_persistence() {
    for version in BOTH {
        let mut bench = Bench::with(BrokerConfig { persistence: true, ..BrokerConfig::default() });
        let client = bench.join(lasting(version, "c", 600));
        bench.subscribe(client, "t", Q2);
        bench.send(client, publish("t", "x", Q2, 7));
        let delivered =
            bench.take(client).into_iter().find_map(|packet| if let Packet::Publish(one) = packet { one.packet_id } else { None });
        let delivered = delivered.unwrap().as_u16();
        bench.send(client, Packet::Pubrec(ack(delivered)));
        assert_eq!(bench.one(client), Packet::Pubrel(ack(delivered)));
        bench.broker.handle_crash(bench.now);
        bench.broker.handle_restart(bench.now);
        bench.drain();
        let (client, present) = bench.join_session(lasting(version, "c", 600));
        assert!(present);
        assert_eq!(bench.one(client), Packet::Pubrel(ack(delivered)), "to the subscriber, where it stood");
        let again = Publish { dup: true, ..message("t", "x", Q2, 7) };
        bench.send(client, Packet::Publish(again));
        assert_eq!(bench.one(client), Packet::Pubrec(ack(7)), "from the publisher, and not delivered twice");
        bench.send(client, Packet::Pubrel(ack(7)));
        assert_eq!(bench.one(client), Packet::Pubcomp(ack(7)));
        bench.send(client, Packet::Pubcomp(ack(delivered)));
        let session = bench.session("c").unwrap();
        assert!(session.in_flight.is_empty() && session.unreleased.is_empty());
    }
}

#[test]
fn session_expiry_counts_from_a_crash_and_wills_wait_for_the_restart() {
    let mut bench = Bench::new();
    let watcher = bench.join(lasting(V5, "watcher", u32::MAX));
    bench.subscribe(watcher, "will", Q1);
    bench.join(with_will(lasting(V5, "long", 600), Q1, None));
    bench.join(with_will(lasting(V5, "short", 20), Q1, Some(15)));
    bench.join(with_will(lasting(V5, "none", 0), Q1, None));
    let crashed = bench.now;
    bench.broker.handle_crash(crashed);
    bench.drain();
    assert_eq!(bench.last_end(), &EndCause::ServerCrashed);
    assert!(!bench.has(|event| matches!(event, BrokerEvent::WillPublished { .. } | BrokerEvent::WillScheduled { .. })), "nobody is there");
    assert!(bench.broker.sessions().all(|session| session.connection.is_none()));
    assert_eq!(bench.session("long").unwrap().expires_at, Some(crashed + Duration::from_secs(600)));
    // Down for 30 s; no timer fires meanwhile.
    bench.now = crashed + Duration::from_secs(30);
    bench.broker.handle_restart(bench.now);
    bench.drain();
    bench.pass_until(bench.now);
    assert!(bench.session("short").is_none() && bench.session("none").is_none());
    let watcher = bench.join(lasting(V5, "watcher", u32::MAX));
    let mut wills = bench.payloads(watcher);
    wills.sort();
    assert_eq!(wills, ["will=long", "will=none", "will=short"]);
    bench.pass_until(crashed + Duration::from_millis(599_999));
    assert!(bench.session("long").is_some());
    bench.pass_until(crashed + Duration::from_secs(600));
    assert!(bench.session("long").is_none());
}

#[test]
fn after_a_crash_a_will_is_not_told_for_later_than_its_session_ends() {
    let mut bench = Bench::new();
    bench.join(with_will(lasting(V5, "c", 20), Q1, Some(15)));
    let crashed = bench.now;
    bench.broker.handle_crash(crashed);
    bench.drain();
    bench.now = crashed + Duration::from_secs(10);
    bench.broker.handle_restart(bench.now);
    bench.drain();
    let end = crashed + Duration::from_secs(20);
    assert!(bench.has(|event| matches!(event, BrokerEvent::WillScheduled { at, .. } if *at == end)));
}

#[test]
fn after_a_crash_without_persistence_nothing_is_left() {
    let mut bench = Bench::with(BrokerConfig { persistence: false, ..BrokerConfig::default() });
    let subscriber = bench.join(lasting(V5, "s", 600));
    bench.subscribe(subscriber, "#", Q2);
    let publisher = bench.join(with_will(lasting(V5, "p", 600), Q1, Some(5)));
    bench.send(publisher, retained("t", "x", Q2, 1));
    bench.broker.handle_crash(bench.now);
    bench.broker.handle_restart(bench.now);
    bench.drain();
    assert_eq!((bench.broker.connection_count(), bench.broker.session_count(), bench.broker.retained_count()), (0, 0, 0));
    assert_eq!(bench.broker.poll_timeout(), None);
    assert!(bench.has(|event| matches!(event, BrokerEvent::WillDiscarded { resumed: false, .. })));
    assert!(bench.has(|event| matches!(event, BrokerEvent::RetainedCleared { .. })));
    assert!(!bench.has(|event| matches!(event, BrokerEvent::WillPublished { .. })));
    let (_, session_present) = bench.join_session(lasting(V5, "s", 600));
    assert!(!session_present);
}

#[test]
fn a_copy_of_the_broker_goes_the_same_way() {
    fn digest(broker: &Broker) -> u64 {
        let mut hasher = DefaultHasher::new();
        broker.hash(&mut hasher);
        hasher.finish()
    }
    let mut bench = Bench::new();
    let connection = bench.join(with_will(lasting(V5, "c", 600), Q1, Some(5)));
    bench.subscribe(connection, "#", Q2);
    let mut copy = bench.clone();
    for one in [&mut bench, &mut copy] {
        one.send(connection, retained("t", "x", Q2, 1));
        one.cut(connection);
        one.pass(Duration::from_secs(10));
    }
    assert_eq!(bench.order, copy.order);
    assert_eq!(digest(&bench.broker), digest(&copy.broker));
    copy.pass(Duration::from_secs(600));
    assert_ne!(digest(&bench.broker), digest(&copy.broker));
}
