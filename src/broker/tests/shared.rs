//! Shared Subscriptions (5.0 §4.8.2).

use super::*;

const GROUP: &str = "$share/g/t";

/// Sessions that last, each a member of the group.
fn group(bench: &mut Bench, names: &[&str], qos: QoS) -> Vec<ConnectionId> {
    let connections: Vec<_> = names.iter().map(|name| bench.join(lasting(V5, name, 60))).collect();
    for connection in &connections {
        bench.subscribe(*connection, GROUP, qos);
    }
    connections
}

/// The payloads that each has got, without anything else.
fn got(bench: &mut Bench, connections: &[ConnectionId]) -> Vec<String> {
    connections
        .iter()
        .map(|connection| {
            let packets = bench.take(*connection);
            let payloads = packets.into_iter().map(|packet| match packet {
                Packet::Publish(publish) => String::from_utf8_lossy(&publish.payload).into_owned(),
                other => panic!("PUBLISH expected: {other:?}"),
            });
            payloads.collect::<Vec<_>>().concat()
        })
        .collect()
}

/// Publishes one message for each character.
fn say(bench: &mut Bench, publisher: ConnectionId, payloads: &str, qos: QoS) {
    for (payload, packet_id) in payloads.chars().zip(1..) {
        bench.send(publisher, publish("t", &payload.to_string(), qos, if qos == Q0 { 0 } else { packet_id }));
        match qos {
            Q0 => {}
            Q1 => assert!(matches!(bench.one(publisher), Packet::Puback(_))),
            Q2 => {
                bench.send(publisher, Packet::Pubrel(ack(packet_id)));
                assert_eq!(bench.take(publisher).len(), 2);
            }
        }
    }
}

#[test]
fn each_message_goes_to_one_member_in_turn_5_0_4_8_2() {
    for qos in [Q0, Q1, Q2] {
        let mut bench = Bench::new();
        let members = group(&mut bench, &["a", "b", "c"], qos);
        let publisher = bench.join(connect(V311, "p"));
        say(&mut bench, publisher, "1234567", qos);
        assert_eq!(got(&mut bench, &members), ["147", "25", "36"]);
        let chosen: Vec<_> = bench
            .events
            .iter()
            .filter_map(|event| match event {
                BrokerEvent::SharedMemberChosen { client_id, members: 3, passed_over: 0, .. } => Some(client_id.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(chosen, ["a", "b", "c", "a", "b", "c", "a"]);
    }
}

#[test]
fn groups_of_other_names_and_ordinary_subscribers_get_their_own_copies_mqtt_3_3_4_5() {
    let mut bench = Bench::new();
    let members = group(&mut bench, &["a", "b"], Q1);
    let other = bench.join(connect(V5, "other"));
    bench.subscribe(other, "$share/h/+", Q1);
    let ordinary = bench.join(connect(V5, "ordinary"));
    bench.subscribe(ordinary, "t", Q1);
    // A member with an ordinary subscription of its own gets that copy too, each with its own Subscription Identifier.
    bench.send(members[0], subscribe(2, &[("#", options(Q0))], Some(5)));
    bench.send(members[0], subscribe(3, &[(GROUP, options(Q1))], Some(6)));
    bench.take(members[0]);
    let publisher = bench.join(connect(V5, "p"));
    say(&mut bench, publisher, "1", Q1);
    let copies = bench.take(members[0]);
    let copies: Vec<_> = copies
        .iter()
        .map(|packet| match packet {
            Packet::Publish(one) => (one.qos, one.properties.subscription_identifiers.to_vec()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(copies, [(Q0, vec![5]), (Q1, vec![6])]);
    assert_eq!(got(&mut bench, &[members[1], other, ordinary]), ["", "1", "1"]);
}

#[test]
fn each_member_gets_the_qos_that_it_was_granted_mqtt_3_8_4_8_mqtt_4_8_2_3() {
    let mut bench = Bench::new();
    let members: Vec<_> = ["a", "b", "c"].map(|name| bench.join(connect(V5, name))).to_vec();
    for (member, qos) in members.iter().zip([Q0, Q1, Q2]) {
        bench.subscribe(*member, GROUP, qos);
    }
    let publisher = bench.join(connect(V5, "p"));
    for packet_id in 1..4 {
        bench.send(publisher, publish("t", "x", Q2, packet_id));
    }
    assert_eq!(members.iter().map(|member| bench.publish(*member).qos).collect::<Vec<_>>(), [Q0, Q1, Q2]);
}

#[test]
fn retain_as_published_counts_for_the_member_that_is_chosen() {
    let mut bench = Bench::new();
    let member = bench.join(connect(V5, "a"));
    bench.subscribe_with(member, GROUP, SubscriptionOptions { retain_as_published: true, ..options(Q0) });
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, retained("t", "x", Q0, 0));
    assert!(bench.publish(member).retain);
}

#[test]
fn a_shared_subscription_gets_no_retained_messages_5_0_4_8_2() {
    let mut bench = Bench::new();
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, retained("t", "old", Q1, 1));
    let member = bench.join(connect(V5, "a"));
    bench.subscribe(member, GROUP, Q1);
    assert!(bench.take(member).is_empty());
}

#[test]
fn a_client_of_3_1_1_may_be_a_member() {
    let mut bench = Bench::new();
    let members = [bench.join(connect(V311, "old")), bench.join(connect(V5, "new"))];
    for member in members {
        bench.subscribe(member, "$share/g/+", Q1);
    }
    let publisher = bench.join(connect(V5, "p"));
    say(&mut bench, publisher, "1234", Q1);
    assert_eq!(got(&mut bench, &members), ["13", "24"]);
}

#[test]
fn members_that_cannot_take_a_message_now_are_passed_over() {
    let mut bench = Bench::new();
    let mut busy = lasting(V5, "busy", 60);
    busy.properties.receive_maximum = Some(1);
    let mut small = lasting(V5, "small", 60);
    small.properties.maximum_packet_size = Some(30);
    let members = [bench.join(busy), bench.join(small), bench.join(lasting(V5, "gone", 60)), bench.join(lasting(V5, "free", 60))];
    for member in members {
        bench.subscribe(member, GROUP, Q1);
    }
    bench.cut(members[2]);
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, publish("t", "1", Q1, 1));
    bench.send(publisher, publish("t", &"2".repeat(30), Q1, 2));
    assert!(
        bench.has(
            |event| matches!(event, BrokerEvent::SharedMemberChosen { client_id, passed_over: 2, .. } if client_id.as_str() == "free")
        )
    );
    bench.send(publisher, publish("t", "3", Q1, 3));
    let expected = ["1".to_owned(), "3".to_owned(), "2".repeat(30)];
    assert_eq!(got(&mut bench, &[members[0], members[1], members[3]]), expected);
}

#[test]
fn a_member_that_does_not_read_is_passed_over_too() {
    for qos in [Q0, Q1] {
        let mut bench = Bench::with(BrokerConfig { max_unwritten_packets: 4, ..BrokerConfig::default() });
        let members = group(&mut bench, &["slow", "quick"], qos);
        let publisher = bench.join(connect(V5, "p"));
        // Both have got CONNACK and SUBACK; only one takes them, and all that follows.
        for number in 0..8_u16 {
            bench.broker.handle_written(bench.now, members[1], usize::MAX, usize::MAX);
            bench.broker.handle_written(bench.now, publisher, usize::MAX, usize::MAX);
            bench.send(publisher, publish("t", &number.to_string(), qos, if qos == Q0 { 0 } else { number + 1 }));
        }
        let got = got(&mut bench, &members);
        assert_eq!(got[0].len(), 2, "{got:?}");
        assert_eq!(got[1].len(), 6, "{got:?}");
    }
}

#[test]
fn when_none_is_online_a_message_waits_with_one_member_and_qos_0_is_dropped() {
    let mut bench = Bench::new();
    let members = group(&mut bench, &["a", "b"], Q1);
    for member in members {
        bench.cut(member);
    }
    let publisher = bench.join(connect(V5, "p"));
    say(&mut bench, publisher, "123", Q1);
    bench.send(publisher, publish("t", "0", Q0, 0));
    assert_eq!(
        bench.events.iter().filter(|event| matches!(event, BrokerEvent::MessageRouted { routing: Routing::Dropped(_), .. })).count(),
        1
    );
    assert_eq!(["a", "b"].map(|name| bench.session(name).unwrap().queued_messages), [2, 1]);
    let members = ["a", "b"].map(|name| bench.join(lasting(V5, name, 60)));
    assert_eq!(got(&mut bench, &members), ["13", "2"]);
}

#[test]
fn a_full_queue_passes_its_messages_to_the_next_member() {
    let mut bench = Bench::with(BrokerConfig { max_queued_messages: 1, ..BrokerConfig::default() });
    for member in group(&mut bench, &["a", "b"], Q1) {
        bench.cut(member);
    }
    let publisher = bench.join(connect(V5, "p"));
    say(&mut bench, publisher, "123", Q1);
    assert_eq!(["a", "b"].map(|name| bench.session(name).unwrap().queued_messages), [1, 1]);
    assert_eq!(bench.last_routing("a"), Routing::Dropped(DropReason::QueueFull));
}

#[test]
fn when_a_session_ends_others_get_what_it_did_not_acknowledge_at_qos_1_and_what_was_not_sent_5_0_4_8_2() {
    let mut bench = Bench::with(BrokerConfig { max_inflight: 2, ..BrokerConfig::default() });
    let first = group(&mut bench, &["a"], Q1)[0];
    let publisher = bench.join(connect(V5, "p"));
    say(&mut bench, publisher, "12345", Q1);
    assert_eq!(got(&mut bench, &[first]), ["12"]);
    bench.send(first, Packet::Puback(ack(1)));
    assert_eq!(got(&mut bench, &[first]), ["3"]);
    let second = group(&mut bench, &["b"], Q1)[0];
    bench.cut(first);
    assert_eq!(got(&mut bench, &[second]), [""], "it may come back");
    bench.pass(Duration::from_secs(61));
    assert_eq!(bench.session("a"), None);
    assert_eq!(got(&mut bench, &[second]), ["23"], "as a first delivery, within the quota");
    bench.send(second, Packet::Puback(ack(1)));
    bench.send(second, Packet::Puback(ack(2)));
    assert_eq!(got(&mut bench, &[second]), ["45"]);
    let moved = |event: &&BrokerEvent| matches!(event, BrokerEvent::MessageDropped { reason: DropReason::MovedToAnotherMember, .. });
    assert_eq!(bench.events.iter().filter(moved).count(), 4);
    // Nobody is left.
    bench.send(second, disconnect(ReasonCode::Success));
    bench.pass(Duration::from_secs(61));
    assert_eq!(bench.broker.shared_groups().count(), 0);
    assert!(bench.has(|event| matches!(event, BrokerEvent::MessageDropped { reason: DropReason::SessionEnded, .. })));
}

#[test]
fn a_qos_2_message_that_was_sent_stays_with_its_member_mqtt_4_8_2_4_mqtt_4_8_2_5() {
    let mut bench = Bench::with(BrokerConfig { max_inflight: 1, ..BrokerConfig::default() });
    let first = group(&mut bench, &["a"], Q2)[0];
    let publisher = bench.join(connect(V5, "p"));
    say(&mut bench, publisher, "12", Q2);
    let second = group(&mut bench, &["b"], Q2)[0];
    bench.cut(first);
    // Until the session ends, it is sent again to the same member.
    let first = bench.join(lasting(V5, "a", 60));
    assert_eq!(got(&mut bench, &[first, second]), ["1", ""]);
    bench.cut(first);
    bench.pass(Duration::from_secs(61));
    assert_eq!(got(&mut bench, &[second]), ["2"], "only what was never sent");
    assert!(
        bench.has(|event| matches!(event, BrokerEvent::MessageDropped { message: MessageId(1), reason: DropReason::SessionEnded, .. }))
    );
}

#[test]
fn what_a_member_refuses_goes_to_no_other_mqtt_4_8_2_6() {
    for qos in [Q1, Q2] {
        let mut bench = Bench::new();
        let members = group(&mut bench, &["a", "b"], qos);
        let publisher = bench.join(connect(V5, "p"));
        say(&mut bench, publisher, "1", qos);
        assert_eq!(got(&mut bench, &members), ["1", ""]);
        let refusal = Acknowledgement::new(id(1), ReasonCode::ImplementationSpecificError);
        bench.send(members[0], if qos == Q1 { Packet::Puback(refusal) } else { Packet::Pubrec(refusal) });
        bench.send(members[0], disconnect(ReasonCode::Success));
        bench.pass(Duration::from_secs(61));
        assert_eq!(got(&mut bench, &members), ["", ""]);
    }
}

#[test]
fn after_unsubscribe_others_get_what_was_not_sent_and_the_member_finishes_the_rest_mqtt_3_10_4_3() {
    let mut bench = Bench::with(BrokerConfig { max_inflight: 1, ..BrokerConfig::default() });
    let first = group(&mut bench, &["a"], Q1)[0];
    let publisher = bench.join(connect(V5, "p"));
    say(&mut bench, publisher, "123", Q1);
    let second = group(&mut bench, &["b"], Q1)[0];
    bench.take(first);
    bench.send(first, unsubscribe(9, &[GROUP]));
    assert!(matches!(bench.one(first), Packet::Unsuback(_)));
    bench.send(first, Packet::Puback(ack(1)));
    bench.send(second, Packet::Puback(ack(1)));
    assert_eq!(got(&mut bench, &[first, second]), ["", "23"]);
    // The last to leave keeps what waits for it.
    say(&mut bench, publisher, "4", Q1);
    bench.send(second, unsubscribe(9, &[GROUP]));
    bench.take(second);
    bench.send(second, Packet::Puback(ack(2)));
    assert_eq!(got(&mut bench, &[first, second]), ["", "4"]);
}

#[test]
fn what_expires_before_it_can_be_handed_over_is_not_delivered_mqtt_3_3_2_5() {
    let mut bench = Bench::new();
    let first = group(&mut bench, &["a"], Q1)[0];
    bench.cut(first);
    let second = group(&mut bench, &["b"], Q1)[0];
    bench.cut(second);
    let publisher = bench.join(connect(V5, "p"));
    let mut short = message("t", "short", Q1, 1);
    short.properties.message_expiry_interval = Some(60);
    bench.send(publisher, Packet::Publish(short));
    bench.pass(Duration::from_secs(50));
    let second = bench.join(lasting(V5, "b", 60));
    bench.pass(Duration::from_secs(11));
    assert_eq!(got(&mut bench, &[second]), [""]);
}

#[test]
fn a_broker_without_shared_subscriptions_says_so_and_refuses_them() {
    let mut bench = Bench::with(BrokerConfig { shared_subscription_available: false, ..BrokerConfig::default() });
    let connection = bench.dial(connect(V5, "c"));
    let Packet::Connack(connack) = bench.one(connection) else { panic!() };
    assert_eq!(connack.properties.shared_subscription_available, Some(false));
    bench.send(connection, subscribe(1, &[("a", options(Q1)), (GROUP, options(Q1))], None));
    bench.assert_misbehaved(connection, ReasonCode::SharedSubscriptionsNotSupported);
    let old = bench.join(connect(V311, "old"));
    bench.send(old, subscribe(1, &[("a", options(Q1)), (GROUP, options(Q1))], None));
    let Packet::Suback(suback) = bench.one(old) else { panic!() };
    assert_eq!(suback.reason_codes, [ReasonCode::GrantedQoS1, ReasonCode::UnspecifiedError]);
}

#[test]
fn a_crash_that_loses_everything_hands_nothing_over() {
    let mut bench = Bench::with(BrokerConfig { persistence: false, ..BrokerConfig::default() });
    group(&mut bench, &["a", "b", "c"], Q1);
    let publisher = bench.join(connect(V5, "p"));
    say(&mut bench, publisher, "123456", Q1);
    bench.events.clear();
    bench.broker.handle_crash(bench.now);
    bench.broker.handle_restart(bench.now);
    bench.drain();
    let dropped = bench.events.iter().filter(|event| matches!(event, BrokerEvent::MessageDropped { .. })).count();
    assert_eq!(dropped, 6);
    assert_eq!(bench.broker.shared_groups().count(), 0);
}

#[test]
fn members_that_end_together_hand_nothing_to_each_other() {
    let ends: [fn(&mut Bench); 2] = [
        |bench| bench.broker.handle_shutdown(bench.now),
        |bench| {
            bench.broker.handle_crash(bench.now);
            bench.drain();
            bench.broker.handle_restart(bench.now);
        },
    ];
    for end in ends {
        let mut bench = Bench::new();
        for name in ["a", "b", "c", "d"] {
            let member = bench.join(connect(V5, name));
            bench.subscribe(member, "$share/g/t", Q1);
        }
        let stays = bench.join(lasting(V5, "s", 60));
        bench.subscribe(stays, "$share/g/t", Q1);
        let publisher = bench.join(connect(V5, "p"));
        for packet_id in 1..=5 {
            bench.send(publisher, publish("t", "x", Q1, packet_id));
        }
        end(&mut bench);
        bench.drain();
        let moved = |event: &&BrokerEvent| matches!(event, BrokerEvent::MessageDropped { reason: DropReason::MovedToAnotherMember, .. });
        assert_eq!(bench.events.iter().filter(moved).count(), 4, "each of them once");
        let session = bench.session("s").unwrap();
        assert_eq!((session.in_flight.len(), session.queued_messages), (1, 4));
    }
}
