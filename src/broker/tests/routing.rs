//! Who gets a message, and as what.

use super::*;
use crate::packet::PublishProperties;

#[test]
fn one_copy_at_the_highest_qos_with_all_identifiers_for_overlapping_subscriptions_mqtt_3_3_4_2_to_4() {
    let mut bench = Bench::new();
    let subscriber = bench.join(connect(V5, "s"));
    for (packet_id, filter, qos, identifier) in
        [(1, "a/#", Q0, Some(10)), (2, "a/+", Q2, None), (3, "+/b", Q1, Some(30)), (4, "x", Q2, Some(40))]
    {
        bench.send(subscriber, subscribe(packet_id, &[(filter, options(qos))], identifier));
    }
    bench.take(subscriber);
    let publisher = bench.join(connect(V311, "p"));
    bench.send(publisher, publish("a/b", "x", Q2, 1));
    let got = bench.publish(subscriber);
    assert_eq!(got.qos, Q2);
    let mut identifiers = got.properties.subscription_identifiers.to_vec();
    identifiers.sort_unstable();
    assert_eq!(identifiers, [10, 30]);
    let routed: Vec<_> = bench
        .events
        .iter()
        .filter_map(|event| match event {
            BrokerEvent::MessageRouted { filter, .. } => Some(filter.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(routed, ["a/+"], "the filter that granted the most");
}

#[test]
fn no_local_keeps_own_messages_away_but_not_those_of_others_mqtt_3_8_3_3() {
    let mut bench = Bench::new();
    let own = bench.join(connect(V5, "own"));
    bench.subscribe_with(own, "a", SubscriptionOptions { no_local: true, ..options(Q0) });
    let other = bench.join(connect(V5, "other"));
    bench.send(own, publish("a", "mine", Q0, 0));
    assert_eq!(bench.last_routing("own"), Routing::Dropped(DropReason::NoLocal));
    assert!(bench.take(own).is_empty());
    bench.send(other, publish("a", "theirs", Q0, 0));
    assert_eq!(bench.payloads(own), ["a=theirs"]);
    // Another subscription of the same session without No Local lets it through, at that subscription's QoS.
    bench.subscribe(own, "#", Q0);
    bench.send(own, publish("a", "mine", Q1, 1));
    let packets = bench.take(own);
    assert!(matches!(&packets[0], Packet::Publish(one) if one.qos == Q0 && one.properties.subscription_identifiers.is_empty()));
}

#[test]
fn properties_are_forwarded_unchanged_to_5_0_and_left_out_for_3_1_1_mqtt_3_3_2_4_and_15_to_20() {
    let mut bench = Bench::new();
    let five = bench.join(connect(V5, "five"));
    let three = bench.join(connect(V311, "three"));
    for subscriber in [five, three] {
        bench.subscribe(subscriber, "t", Q1);
    }
    let publisher = bench.join(connect(V5, "p"));
    let properties: CarriedProperties = PublishProperties {
        payload_format_indicator: Some(true),
        response_topic: Some(TopicName::new("답").unwrap()),
        correlation_data: Some("\u{0}\u{1}".into()),
        user_properties: UserProperties(vec![("b".into(), "2".into()), ("a".into(), "1".into()), ("b".into(), "2".into())]),
        content_type: Some("text/plain".into()),
        ..PublishProperties::default()
    }
    .into();
    bench.send(publisher, Packet::Publish(Publish { properties: properties.clone(), ..message("t", "온도", Q1, 1) }));
    assert_eq!(bench.publish(five).properties, properties);
    let got = bench.publish(three);
    assert_eq!((got.properties, &got.payload[..]), (CarriedProperties::default(), "온도".as_bytes()));
}

#[test]
fn dollar_topics_need_a_filter_that_names_them_mqtt_4_7_2_1() {
    let mut bench = Bench::new();
    let all = bench.join(connect(V5, "all"));
    for filter in ["#", "+/x"] {
        bench.subscribe(all, filter, Q0);
    }
    let named = bench.join(connect(V5, "named"));
    bench.subscribe(named, "$mine/#", Q0);
    let publisher = bench.join(connect(V5, "p"));
    bench.send(publisher, publish("$mine/x", "1", Q0, 0));
    assert!(bench.take(all).is_empty());
    assert_eq!(bench.payloads(named), ["$mine/x=1"]);
}

#[test]
fn topics_are_compared_byte_by_byte_mqtt_4_7_3_4() {
    let mut bench = Bench::new();
    let subscriber = bench.join(connect(V5, "s"));
    // Composed and decomposed forms of one syllable, upper and lower case.
    bench.subscribe(subscriber, "가", Q0);
    bench.subscribe(subscriber, "a", Q0);
    let publisher = bench.join(connect(V5, "p"));
    for topic in ["가", "\u{1100}\u{1161}", "A", "a", "a/", "/a"] {
        bench.send(publisher, publish(topic, "x", Q0, 0));
    }
    assert_eq!(bench.payloads(subscriber), ["가=x", "a=x"]);
}

#[test]
fn a_message_larger_than_the_subscribers_maximum_packet_size_is_dropped_and_blocks_nothing_mqtt_3_1_2_25() {
    let mut bench = Bench::new();
    let properties = ConnectProperties { maximum_packet_size: Some(40), session_expiry_interval: Some(60), ..ConnectProperties::default() };
    let small = Connect { properties, clean_start: false, ..connect(V5, "small") };
    let subscriber = bench.join(small.clone());
    bench.subscribe(subscriber, "t", Q2);
    let publisher = bench.join(connect(V5, "p"));
    let long = "x".repeat(40);
    for (qos, packet_id) in [(Q0, 0), (Q1, 1), (Q2, 2)] {
        bench.send(publisher, publish("t", &long, qos, packet_id));
        assert_eq!(bench.last_routing("small"), Routing::Dropped(DropReason::PacketTooLarge));
    }
    bench.send(publisher, publish("t", "fits", Q1, 1));
    assert_eq!(bench.payloads(subscriber), ["t=fits"]);
    assert_eq!(bench.session("small").unwrap().in_flight.len(), 1);
    // The same from the queue.
    bench.cut(subscriber);
    for payload in [&*long, "next"] {
        bench.send(publisher, publish("t", payload, Q1, 1));
    }
    let subscriber = bench.join(small);
    assert_eq!(bench.payloads(subscriber), ["t=fits", "t=next"]);
    assert!(bench.has(|event| matches!(event, BrokerEvent::MessageDropped { reason: DropReason::PacketTooLarge, .. })));
}

#[test]
fn a_message_in_flight_that_a_smaller_client_cannot_take_any_more_counts_as_completed_mqtt_3_1_2_25() {
    for qos in [Q1, Q2] {
        let mut bench = Bench::new();
        let subscriber = bench.join(lasting(V5, "s", 60));
        bench.subscribe(subscriber, "t", Q2);
        let publisher = bench.join(connect(V5, "p"));
        bench.send(publisher, publish("t", &"x".repeat(100), qos, 1));
        bench.send(publisher, publish("t", "y", qos, 2));
        bench.cut(subscriber);
        let mut smaller = lasting(V5, "s", 60);
        smaller.properties.maximum_packet_size = Some(60);
        let subscriber = bench.join(smaller);
        assert_eq!(bench.payloads(subscriber), ["t=y"]);
        assert_eq!(bench.session("s").unwrap().in_flight.len(), 1);
    }
}

#[test]
fn no_packet_is_larger_than_the_client_allows_mqtt_3_1_2_24() {
    let mut bench = Bench::new();
    let mut tiny = connect(V5, "tiny");
    tiny.properties.maximum_packet_size = Some(10);
    let (_, connack) = bench.refused(tiny.clone());
    assert_eq!(connack.unwrap().reason_code, ReasonCode::PacketTooLarge, "this CONNACK has 5 bytes, the success would have more");
    tiny.properties.maximum_packet_size = Some(4);
    assert_eq!(bench.refused(tiny.clone()).1, None);
    tiny.properties.maximum_packet_size = Some(30);
    let connection = bench.join(tiny);
    let filters: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let filters: Vec<_> = filters.iter().map(|filter| (filter.as_str(), options(Q0))).collect();
    // SUBACK would be larger, and there is no doing without: nothing is subscribed. DISCONNECT leaves its Reason String out [MQTT-3.14.2-3].
    bench.send(connection, subscribe(1, &filters, None));
    let [Packet::Disconnect(last)] = &bench.peers[&connection].received[..] else { panic!() };
    assert_eq!(last.properties.reason_string, None);
    assert!(!bench.has(|event| matches!(event, BrokerEvent::Subscribed { .. })));
    bench.assert_misbehaved(connection, ReasonCode::PacketTooLarge);
    // The largest that fits is sent: 2 + 2 + 1 bytes and a code for each filter.
    let mut tiny = connect(V5, "tiny");
    tiny.properties.maximum_packet_size = Some(30);
    for (count, fits) in [(25, true), (26, false)] {
        let connection = bench.join(tiny.clone());
        bench.send(connection, subscribe(1, &filters[..count], None));
        assert_eq!(!bench.is_closed(connection), fits);
        let connection = bench.join(tiny.clone());
        let names: Vec<_> = filters[..count].iter().map(|(filter, _)| *filter).collect();
        bench.send(connection, unsubscribe(1, &names));
        assert_eq!(!bench.is_closed(connection), fits);
    }
}

#[test]
fn fan_out_shares_the_bytes_of_equal_packets() {
    let mut bench = Bench::new();
    for number in 0..50 {
        let subscriber = bench.join(connect(BOTH[number % 2], &format!("s{number}")));
        bench.subscribe(subscriber, "t", Q0);
    }
    let publisher = bench.join(connect(V5, "p"));
    bench.broker.handle_bytes(bench.now, publisher, publish("t", "x", Q0, 0).to_bytes(V5).unwrap());
    let mut sent = 0;
    while let Some(output) = bench.broker.poll_output() {
        if let Output::Transmit(connection, Transmit::Packet { bytes, .. }) = output {
            assert_eq!(Packet::decode(&bytes, bench.peers[&connection].version).unwrap(), publish("t", "x", Q0, 0));
            sent += 1;
        }
    }
    assert_eq!(sent, 50);
}

#[test]
fn an_unrelated_client_changes_nothing_for_the_others() {
    let run = |stranger: bool| {
        let mut bench = Bench::new();
        let subscriber = bench.join(connect(V5, "s"));
        bench.subscribe(subscriber, "a/#", Q2);
        let publisher = bench.join(connect(V5, "p"));
        if stranger {
            let other = bench.join(with_will(connect(V311, "x"), Q1, None));
            bench.subscribe(other, "b/#", Q1);
            bench.send(other, publish("b/1", "x", Q1, 1));
            bench.send_bytes(other, &b"\xff\xff\xff\xff\xff"[..]);
        }
        bench.send(publisher, publish("a/1", "x", Q2, 1));
        bench.take(subscriber)
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn a_quiet_broker_does_the_same_and_tells_nothing() {
    let run = |quiet: bool| {
        let mut bench = Bench::new();
        bench.broker.set_quiet(quiet);
        let subscribers = [(V311, "a", "t/#"), (V5, "b", "t/+"), (V5, "c", "$share/g/t/x"), (V311, "d", "+/x")]
            .map(|(version, client_id, filter)| (bench.join(connect(version, client_id)), filter));
        for (index, (subscriber, filter)) in subscribers.into_iter().enumerate() {
            bench.subscribe(subscriber, filter, [Q0, Q1, Q2, Q2][index]);
        }
        for version in BOTH {
            let publisher = bench.join(connect(version, "p"));
            for (packet_id, qos) in [(0, Q0), (1, Q1), (2, Q2)] {
                bench.send(publisher, publish("t/x", "x", qos, packet_id));
                bench.send(publisher, publish("nobody", "x", qos, if qos == Q0 { 0 } else { packet_id + 10 }));
            }
        }
        bench.send(subscribers[1].0, Packet::Puback(Acknowledgement::new(id(1), ReasonCode::Success)));
        bench
    };
    let (loud, quiet) = (run(false), run(true));
    assert!(loud.events.len() > 30);
    assert_eq!(quiet.events, []);
    let received = |bench: &Bench| bench.peers.values().map(|peer| peer.received.clone()).collect::<Vec<_>>();
    assert_eq!(received(&loud), received(&quiet));
    let digest = |bench: &Bench| {
        let mut hasher = std::hash::DefaultHasher::new();
        bench.broker.hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(digest(&loud), digest(&quiet));
}
