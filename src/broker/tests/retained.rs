//! Retained messages, Retain Handling, Retain As Published.

use super::*;
use crate::packet::RetainHandling;

/// A broker with a retained message `t`, and its publisher.
fn stored() -> (Bench, ConnectionId) {
    let mut bench = Bench::new();
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, retained("t", "kept", Q1, 1));
    bench.take(publisher);
    (bench, publisher)
}

fn handling(retain_handling: RetainHandling) -> SubscriptionOptions {
    SubscriptionOptions { retain_handling, ..options(Q2) }
}

#[test]
fn a_new_subscription_gets_the_last_retained_message_with_retain_1_mqtt_3_3_1_5() {
    for version in BOTH {
        let (mut bench, publisher) = stored();
        bench.send(publisher, retained("t", "newer", Q1, 2));
        let subscriber = bench.join(connect(version, "s"));
        bench.subscribe(subscriber, "#", Q2);
        let got = bench.publish(subscriber);
        assert_eq!((&got.payload[..], got.retain, got.qos, got.dup), (&b"newer"[..], true, Q1, false));
        assert_eq!(bench.broker.retained_count(), 1);
    }
}

#[test]
fn an_empty_payload_clears_and_is_passed_on_mqtt_3_3_1_6_and_7() {
    let (mut bench, publisher) = stored();
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "t", Q0);
    bench.take(subscriber);
    bench.send(publisher, retained("t", "", Q0, 0));
    assert_eq!(bench.payloads(subscriber), ["t="]);
    assert!(bench.has(|event| matches!(event, BrokerEvent::RetainedCleared { .. })));
    bench.events.clear();
    bench.send(publisher, retained("t", "", Q0, 0));
    assert!(!bench.has(|event| matches!(event, BrokerEvent::RetainedCleared { .. } | BrokerEvent::RetainedStored { .. })));
    let late = bench.join(connect(V5, "late"));
    bench.subscribe(late, "t", Q0);
    assert!(bench.take(late).is_empty());
}

#[test]
fn retain_0_neither_stores_nor_removes_mqtt_3_3_1_8() {
    let (mut bench, publisher) = stored();
    for packet in [publish("t", "plain", Q0, 0), publish("t", "", Q0, 0)] {
        bench.send(publisher, packet);
        assert_eq!(&bench.broker.retained().next().unwrap().payload[..], b"kept");
    }
}

#[test]
fn retain_handling_decides_what_a_subscription_gets_mqtt_3_3_1_9_to_11() {
    for (retain_handling, first, again) in
        [(RetainHandling::SendAtSubscribe, 1, 1), (RetainHandling::SendIfNew, 1, 0), (RetainHandling::DoNotSend, 0, 0)]
    {
        let (mut bench, _) = stored();
        let subscriber = bench.join(connect(V5, "s"));
        for expected in [first, again] {
            bench.subscribe_with(subscriber, "t", handling(retain_handling));
            assert_eq!(bench.take(subscriber).len(), expected, "{retain_handling:?}");
        }
        bench.send(subscriber, unsubscribe(1, &["t"]));
        bench.take(subscriber);
        bench.subscribe_with(subscriber, "t", handling(retain_handling));
        assert_eq!(bench.take(subscriber).len(), first);
    }
}

#[test]
fn a_repeated_3_1_1_subscription_gets_retained_messages_again_mqtt_3_8_4_3_v311() {
    let (mut bench, _) = stored();
    let subscriber = bench.join(connect(V311, "s"));
    for _ in 0..2 {
        bench.subscribe(subscriber, "t", Q0);
        assert_eq!(bench.payloads(subscriber), ["t=kept"]);
    }
}

#[test]
fn retain_as_published_decides_about_the_flag_mqtt_3_3_1_12_and_13() {
    for (retain_as_published, retain, expected) in [(false, true, false), (true, true, true), (true, false, false)] {
        let mut bench = Bench::new();
        let subscriber = bench.join(connect(V5, "s"));
        bench.subscribe_with(subscriber, "t", SubscriptionOptions { retain_as_published, ..options(Q0) });
        let publisher = bench.join(connect(V5, "p"));
        bench.send(publisher, Packet::Publish(Publish { retain, ..message("t", "x", Q0, 0) }));
        assert_eq!(bench.publish(subscriber).retain, expected);
    }
}

#[test]
fn each_filter_of_a_subscribe_gets_its_own_retained_messages_after_suback_mqtt_3_8_4_5() {
    let (mut bench, publisher) = stored();
    bench.send(publisher, retained("u", "also", Q2, 2));
    let subscriber = bench.join(connect(V5, "s"));
    bench.send(subscriber, subscribe(5, &[("u", options(Q1)), ("t", options(Q0)), ("+", options(Q2))], Some(77)));
    let packets = bench.take(subscriber);
    assert!(matches!(&packets[0], Packet::Suback(suback) if suback.reason_codes.len() == 3));
    let got: Vec<_> = packets[1..]
        .iter()
        .map(|packet| match packet {
            Packet::Publish(one) => (one.topic.as_str().to_owned(), u8::from(one.qos), one.properties.subscription_identifiers.to_vec()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("u", 1), ("t", 0), ("t", 1), ("u", 2)].map(|(topic, qos)| (topic.to_owned(), qos, vec![77]));
    assert_eq!(got, expected);
}

#[test]
fn retained_messages_expire_and_carry_the_remaining_interval_mqtt_3_3_2_6() {
    let mut bench = Bench::new();
    let publisher = bench.join(connect(V5, "p"));
    let mut one = Publish { retain: true, ..message("t", "x", Q0, 0) };
    one.properties.message_expiry_interval = Some(60);
    bench.send(publisher, Packet::Publish(one));
    bench.pass_until(Instant::from_secs(20));
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "t", Q0);
    assert_eq!(bench.publish(subscriber).properties.message_expiry_interval, Some(40));
    bench.pass_until(Instant::from_secs(60));
    assert_eq!(bench.broker.retained_count(), 0);
    assert!(bench.has(|event| matches!(event, BrokerEvent::RetainedCleared { .. })));
    // A message without an interval that replaces one with it stays.
    let mut one = Publish { retain: true, ..message("t", "x", Q0, 0) };
    one.properties.message_expiry_interval = Some(60);
    bench.send(publisher, Packet::Publish(one));
    bench.send(publisher, retained("t", "stays", Q0, 0));
    assert_eq!(bench.broker.poll_timeout(), None);
}

#[test]
fn no_local_holds_for_retained_messages_too_mqtt_3_8_3_3() {
    let (mut bench, publisher) = stored();
    bench.subscribe_with(publisher, "t", SubscriptionOptions { no_local: true, ..options(Q0) });
    assert!(bench.take(publisher).is_empty());
    assert_eq!(bench.last_routing("p"), Routing::Dropped(DropReason::NoLocal));
}

#[test]
fn retained_messages_outlive_the_session_of_their_publisher_mqtt_3_1_2_7_v311() {
    let (mut bench, publisher) = stored();
    bench.send(publisher, disconnect(ReasonCode::Success));
    assert_eq!(bench.broker.session_count(), 0);
    assert_eq!(bench.broker.retained_count(), 1);
}

#[test]
fn without_retain_available_retain_is_refused_with_0x9a() {
    for version in BOTH {
        let mut bench = Bench::with(BrokerConfig { retain_available: false, ..BrokerConfig::default() });
        let publisher = bench.join(connect(version, "p"));
        bench.send(publisher, retained("t", "x", Q1, 1));
        bench.assert_misbehaved(publisher, ReasonCode::RetainNotSupported);
        assert_eq!(bench.broker.retained_count(), 0);
    }
}
