use super::*;
use crate::packet::EncodeError;

#[test]
fn qos_0_is_sent_and_forgotten_4_3_1_1() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::connected(ClientConfig { version, ..config() });
        assert_eq!(bench.publish(QoS::AtMostOnce), ["> PUBLISH", "sent 0"]);
        assert!(bench.client.session().outgoing.is_empty());
    }
}

#[test]
fn qos_1_waits_for_puback_4_3_2() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::connected(ClientConfig { version, ..config() });
        assert_eq!(bench.publish(QoS::AtLeastOnce), ["> PUBLISH 1", "sent 0"]);
        assert_eq!(bench.receive(Packet::Puback(ack(1))), ["completed 0 0x00"]);
    }
}

#[test]
fn qos_2_takes_four_packets_4_3_3() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::connected(ClientConfig { version, ..config() });
        assert_eq!(bench.publish(QoS::ExactlyOnce), ["> PUBLISH 1", "sent 0"]);
        assert_eq!(bench.receive(Packet::Pubrec(ack(1))), ["> PUBREL 1"]);
        assert_eq!(bench.receive(Packet::Pubrec(ack(1))), ["> PUBREL 1"], "a repeated PUBREC");
        assert_eq!(bench.receive(Packet::Pubcomp(ack(1))), ["completed 0 0x00"]);
        assert!(bench.client.session().outgoing.is_empty());
    }
}

#[test]
fn a_negative_acknowledgement_ends_the_exchange_4_4_0_2() {
    let mut bench = Bench::connected(config());
    bench.publish(QoS::AtLeastOnce);
    bench.publish(QoS::ExactlyOnce);
    let refusal = |packet_id| Acknowledgement { reason_code: ReasonCode::NotAuthorized, ..ack(packet_id) };
    assert_eq!(bench.receive(Packet::Puback(refusal(1))), ["completed 0 0x87"]);
    assert_eq!(bench.receive(Packet::Pubrec(refusal(2))), ["completed 1 0x87"]);
    assert!(bench.client.session().outgoing.is_empty());
}

#[test]
fn receive_maximum_of_the_server_delays_qos_1_and_2_only_3_3_4_7_and_3_3_4_8() {
    let two = ConnackProperties { receive_maximum: Some(2), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(config(), connack_with(two));
    bench.publish(QoS::AtLeastOnce);
    bench.publish(QoS::ExactlyOnce);
    assert_eq!(bench.client.session().send_quota, 0);
    assert_eq!(bench.publish(QoS::AtLeastOnce), ["queued 2"]);
    assert_eq!(bench.publish(QoS::AtMostOnce), ["> PUBLISH", "sent 3"]);
    assert_eq!(bench.receive(Packet::Pubrec(ack(2))), ["> PUBREL 2"], "PUBREC gives no quota back");
    assert_eq!(bench.receive(Packet::Pubcomp(ack(2))), ["completed 1 0x00", "> PUBLISH 3", "sent 2"]);
    assert_eq!(bench.receive(Packet::Puback(ack(1))), ["completed 0 0x00"]);
    assert_eq!(bench.receive(Packet::Puback(ack(3))), ["completed 2 0x00"]);
    assert_eq!(bench.client.session().send_quota, 2, "[MQTT-4.9.0-1]");
}

#[test]
fn publishes_before_the_connection_wait_in_order_and_qos_0_only_while_connecting() {
    let mut bench = Bench::new(config());
    assert_eq!(bench.publish(QoS::AtMostOnce), ["dropped 0 offline-qos-0"]);
    assert_eq!(bench.publish(QoS::AtLeastOnce), ["queued 1"]);
    bench.client.handle_connect(bench.now).unwrap();
    assert_eq!(bench.seen(), ["state opening", "open"]);
    assert_eq!(bench.publish(QoS::AtMostOnce), ["queued 2"]);
    assert_eq!(bench.publish(QoS::ExactlyOnce), ["queued 3"]);
    assert_eq!(bench.opened(connack(false))[2..], ["> PUBLISH 1", "sent 1", "> PUBLISH", "sent 2", "> PUBLISH 2", "sent 3"]);
}

#[test]
fn qos_0_that_waited_for_connack_does_not_wait_for_the_send_quota_too_mqtt_4_9_0_3() {
    let mut bench = Bench::new(config());
    bench.client.handle_connect(bench.now).unwrap();
    bench.seen();
    for (token, qos) in [QoS::AtLeastOnce, QoS::AtLeastOnce, QoS::AtMostOnce].into_iter().enumerate() {
        assert_eq!(bench.publish(qos), [format!("queued {token}")]);
    }
    let one = ConnackProperties { receive_maximum: Some(1), ..ConnackProperties::default() };
    assert_eq!(bench.opened(connack_with(one))[2..], ["> PUBLISH 1", "sent 0", "> PUBLISH", "sent 2"]);
    assert_eq!(bench.publish(QoS::AtMostOnce), ["> PUBLISH", "sent 3"], "or this one would overtake it");
}

#[test]
fn a_failed_attempt_drops_waiting_qos_0_and_keeps_the_rest() {
    let mut bench = Bench::new(config());
    bench.client.handle_connect(bench.now).unwrap();
    bench.publish(QoS::AtLeastOnce);
    bench.publish(QoS::AtMostOnce);
    assert_eq!(bench.transport_closed(), ["disconnected: NetworkClosed", "dropped 1 offline-qos-0", "state idle"]);
    assert_eq!(bench.client.session().queued.iter().map(|queued| queued.token.0).collect::<Vec<_>>(), [0]);
}

#[test]
fn the_queue_is_bounded() {
    let mut bench = Bench::new(ClientConfig { queue_limit: 2, ..config() });
    bench.publish(QoS::AtLeastOnce);
    bench.publish(QoS::AtLeastOnce);
    assert_eq!(bench.publish(QoS::AtLeastOnce), ["dropped 2 queue-full"]);
    assert_eq!(bench.client.session().queued.len(), 2);
}

#[test]
fn resumption_resends_what_is_unacknowledged_with_dup_and_original_ids_in_order_4_4_0_1_4_6_0_1() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::connected(ClientConfig { version, ..resuming() });
        for qos in [QoS::ExactlyOnce, QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::AtLeastOnce] {
            bench.publish(qos);
        }
        bench.receive(Packet::Pubrec(ack(1)));
        bench.receive(Packet::Puback(ack(2)));
        assert_eq!(bench.until(59_000), Vec::<String>::new(), "nothing is sent again on a living connection");
        bench.transport_closed();
        bench.publish(QoS::AtLeastOnce);
        bench.until(60_000);
        assert_eq!(
            bench.opened(connack(true))[2..],
            ["> PUBREL 1", "resent 1", "> PUBLISH 3 dup", "resent 3", "> PUBLISH 4 dup", "resent 4", "> PUBLISH 5", "sent 4"],
            "{version}: and only then what is new"
        );
        assert_eq!(bench.receive(Packet::Pubcomp(ack(1))), ["completed 0 0x00"]);
    }
}

#[test]
fn resending_keeps_to_the_receive_maximum_of_the_new_connection_3_3_4_7() {
    let mut bench = Bench::connected(resuming());
    bench.publish(QoS::AtLeastOnce);
    bench.publish(QoS::AtLeastOnce);
    bench.transport_closed();
    bench.until(1_000);
    let one = ConnackProperties { receive_maximum: Some(1), ..ConnackProperties::default() };
    assert_eq!(bench.opened(Connack { properties: one, ..connack(true) })[2..], ["> PUBLISH 1 dup", "resent 1"]);
    assert_eq!(bench.publish(QoS::AtLeastOnce), ["queued 2"]);
    assert_eq!(bench.receive(Packet::Puback(ack(1))), ["completed 0 0x00", "> PUBLISH 2 dup", "resent 2"]);
    assert_eq!(bench.receive(Packet::Puback(ack(2))), ["completed 1 0x00", "> PUBLISH 3", "sent 2"]);
}

#[test]
fn what_the_server_ruled_out_is_the_callers_mistake_3_2_2_11_3_2_2_14_3_2_2_15_3_2_2_17() {
    let limits = ConnackProperties {
        maximum_qos: Some(QoS::AtLeastOnce),
        retain_available: Some(false),
        maximum_packet_size: Some(30),
        ..ConnackProperties::default()
    };
    let mut bench = Bench::connected_to(config(), connack_with(limits));
    let now = bench.now;
    let aliased = PublishProperties { topic_alias: Some(1), ..PublishProperties::default() };
    for (request, clause) in [
        (request(QoS::ExactlyOnce), "MQTT-3.2.2-11"),
        (PublishRequest { retain: true, ..request(QoS::AtMostOnce) }, "MQTT-3.2.2-14"),
        (PublishRequest { payload: Bytes::from_static(&[0; 30]), ..request(QoS::AtMostOnce) }, "MQTT-3.2.2-15"),
        (PublishRequest { properties: aliased, ..request(QoS::AtMostOnce) }, "MQTT-3.2.2-17"),
    ] {
        let Err(ClientError::NotAllowedByServer(limit)) = bench.client.handle_publish(now, request) else { panic!("{clause}") };
        assert!(limit.contains(clause), "{limit}");
    }
    assert_eq!(bench.seen(), Vec::<String>::new());
    assert_eq!(bench.publish(QoS::AtLeastOnce), ["> PUBLISH 1", "sent 0"]);
}

#[test]
fn what_was_queued_before_the_server_ruled_it_out_is_dropped_with_the_reason() {
    let mut bench = Bench::connected(resuming());
    bench.publish(QoS::ExactlyOnce);
    bench.transport_closed();
    bench.publish(QoS::ExactlyOnce);
    bench.publish(QoS::AtLeastOnce);
    bench.until(1_000);
    let limits = ConnackProperties { maximum_qos: Some(QoS::AtLeastOnce), ..ConnackProperties::default() };
    assert_eq!(
        bench.opened(Connack { properties: limits, ..connack(true) })[2..],
        ["dropped 0 server-limit", "dropped 1 server-limit", "> PUBLISH 2", "sent 2"]
    );
}

#[test]
fn topic_aliases_end_with_the_connection_and_stay_out_of_the_queue_3_3_2_7() {
    let ten = ConnackProperties { topic_alias_maximum: Some(10), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(resuming(), connack_with(ten.clone()));
    let now = bench.now;
    let aliased = |topic: TopicName| PublishRequest {
        topic,
        properties: PublishProperties { topic_alias: Some(3), ..PublishProperties::default() },
        ..request(QoS::AtLeastOnce)
    };
    bench.client.handle_publish(now, aliased(topic("long/name"))).unwrap();
    bench.client.handle_publish(now, aliased(TopicName::default())).unwrap();
    let sent: Vec<_> =
        bench.packets().into_iter().filter_map(|packet| if let Packet::Publish(publish) = packet { Some(publish) } else { None }).collect();
    assert_eq!(
        sent.iter().map(|publish| (publish.topic.as_str(), publish.properties.topic_alias)).collect::<Vec<_>>(),
        [("long/name", Some(3)), ("", Some(3))]
    );
    bench.transport_closed();
    assert!(bench.client.handle_publish(now, aliased(TopicName::default())).is_err(), "nobody knows the alias any more");
    bench.until(1_000);
    bench.client.handle_transport_opened(bench.now);
    bench.seen();
    let resumed = Packet::Connack(Box::new(Connack { properties: ten, ..connack(true) })).to_bytes(ProtocolVersion::V5).unwrap();
    bench.client.handle_bytes(bench.now, resumed);
    let again: Vec<_> = bench.packets();
    assert_eq!(again.len(), 2);
    for packet in again {
        let Packet::Publish(publish) = packet else { panic!() };
        assert_eq!((publish.topic.as_str(), publish.properties.topic_alias, publish.dup), ("long/name", None, true));
    }
}

#[test]
fn a_client_sends_no_subscription_identifier_3_3_4_6() {
    let mut bench = Bench::connected(config());
    let mut request = request(QoS::AtMostOnce);
    request.properties.subscription_identifiers.push(1);
    assert_eq!(
        bench.client.handle_publish(bench.now, request),
        Err(ClientError::Encode(EncodeError::Illegal { field: "Subscription Identifier", clause: "MQTT-3.3.4-6" }))
    );
}

#[test]
fn the_session_view_names_what_each_message_waits_for() {
    use crate::session::Awaiting;
    let mut bench = Bench::connected(config());
    bench.publish(QoS::ExactlyOnce);
    bench.publish(QoS::ExactlyOnce);
    bench.publish(QoS::AtLeastOnce);
    bench.receive(Packet::Pubrec(ack(1)));
    let session = bench.client.session();
    let waiting: Vec<_> =
        session.outgoing.iter().map(|flight| (flight.packet_id.as_u16(), flight.topic.as_str(), flight.awaiting)).collect();
    let topic = "room/temperature";
    assert_eq!(waiting, [(1, topic, Awaiting::Pubcomp), (2, topic, Awaiting::Pubrec), (3, topic, Awaiting::Puback)]);
    assert!(session.exists);
    assert_eq!(session.next_pingreq, Some(Instant::from_secs(60)));
}

/// A publish with this Message Expiry Interval.
fn expiring(qos: QoS, seconds: u32) -> PublishRequest {
    let properties = PublishProperties { message_expiry_interval: Some(seconds), ..PublishProperties::default() };
    PublishRequest { properties, ..request(qos) }
}

/// Message Expiry Interval of each PUBLISH that went out.
fn intervals(bench: &mut Bench) -> Vec<Option<u32>> {
    let publishes = bench.packets().into_iter().filter_map(|packet| match packet {
        Packet::Publish(publish) => Some(publish.properties.message_expiry_interval),
        _ => None,
    });
    publishes.collect()
}

#[test]
fn what_expires_while_it_waits_is_not_sent() {
    let mut bench = Bench::new(ClientConfig { keeps_qos_0: true, ..config() });
    for (qos, seconds) in [(QoS::AtLeastOnce, 30), (QoS::ExactlyOnce, 10), (QoS::AtMostOnce, 10), (QoS::AtLeastOnce, 31)] {
        bench.client.handle_publish(bench.now, expiring(qos, seconds)).unwrap();
    }
    bench.publish(QoS::AtLeastOnce);
    bench.seen();
    assert_eq!(bench.until(29_999), ["10.000 dropped 1 expired", "10.000 dropped 2 expired"]);
    assert_eq!(bench.client.session().queued.iter().map(|queued| queued.token.0).collect::<Vec<_>>(), [0, 3, 4]);
    // At the very instant, before the timer fires.
    bench.now = Instant::from_millis(30_000);
    let lines = bench.connect(connack(false));
    assert_eq!(lines[2..], ["dropped 0 expired", "> PUBLISH 1", "sent 3", "> PUBLISH 2", "sent 4"]);
    assert_eq!(bench.until(31_000), Vec::<String>::new());
}

#[test]
fn the_message_expiry_interval_is_sent_without_the_time_that_the_message_waited() {
    let one = ConnackProperties { receive_maximum: Some(1), ..ConnackProperties::default() };
    let mut bench = Bench::new(config());
    for seconds in [60, 61, 62] {
        bench.client.handle_publish(bench.now, expiring(QoS::AtLeastOnce, seconds)).unwrap();
    }
    bench.until(9_900);
    bench.client.handle_connect(bench.now).unwrap();
    bench.client.handle_transport_opened(bench.now);
    bench.seen();
    bench.client.handle_bytes(bench.now, Packet::Connack(Box::new(connack_with(one))).to_bytes(ProtocolVersion::V5).unwrap());
    assert_eq!(intervals(&mut bench), [Some(51)], "whole seconds");
    bench.until(20_000);
    bench.client.handle_bytes(bench.now, Packet::Puback(ack(1)).to_bytes(ProtocolVersion::V5).unwrap());
    assert_eq!(intervals(&mut bench), [Some(41)], "Receive Maximum lets it wait too");
    bench.client.handle_bytes(bench.now, Packet::Puback(ack(2)).to_bytes(ProtocolVersion::V5).unwrap());
    assert_eq!(intervals(&mut bench), [Some(42)]);
    bench.client.handle_bytes(bench.now, Packet::Puback(ack(3)).to_bytes(ProtocolVersion::V5).unwrap());
    bench.client.handle_publish(bench.now, expiring(QoS::AtLeastOnce, 0)).unwrap();
    assert_eq!(intervals(&mut bench), [Some(0)], "what does not wait goes as it is");
}
