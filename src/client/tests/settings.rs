//! What the settings of a client change, one by one.

use super::*;
use crate::packet::{Disconnect, DisconnectProperties, EncodeError, UserProperties};

#[test]
fn a_full_queue_drops_its_oldest_if_it_is_set_so() {
    let mut bench = Bench::new(ClientConfig { queue_limit: 2, overflow: Overflow::DropOldest, ..config() });
    bench.publish(QoS::AtLeastOnce);
    bench.publish(QoS::ExactlyOnce);
    assert_eq!(bench.publish(QoS::AtLeastOnce), ["dropped 0 oldest", "queued 2"]);
    assert_eq!(bench.connect(connack(false))[2..], ["> PUBLISH 1", "sent 1", "> PUBLISH 2", "sent 2"]);
    let mut none = Bench::new(ClientConfig { queue_limit: 0, overflow: Overflow::DropOldest, ..config() });
    assert_eq!(none.publish(QoS::AtLeastOnce), ["dropped 0 queue-full"]);
}

#[test]
fn the_queue_outlives_failed_attempts_and_lost_sessions() {
    let mut bench = Bench::connected(ClientConfig { session_expiry_interval: None, ..resuming() });
    bench.transport_closed();
    bench.publish(QoS::AtLeastOnce);
    bench.until(1_000);
    bench.transport_closed();
    bench.until(2_000);
    assert_eq!(bench.opened(connack(false))[2..], ["> PUBLISH 1", "sent 0"]);
}

#[test]
fn qos_0_is_kept_if_it_is_set_so() {
    let mut bench = Bench::new(ClientConfig { keeps_qos_0: true, ..resuming() });
    assert_eq!(bench.publish(QoS::AtMostOnce), ["queued 0"]);
    bench.client.handle_connect(bench.now).unwrap();
    assert_eq!(bench.transport_closed()[2], "disconnected: NetworkClosed");
    assert_eq!(bench.client.session().queued.len(), 1);
    bench.until(1_000);
    assert_eq!(bench.opened(connack(false))[2..], ["> PUBLISH", "sent 0"]);
}

#[test]
fn connect_carries_every_property_of_the_settings_in_5_0() {
    let pairs = UserProperties(vec![("site".into(), "seoul".into())]);
    let config = ClientConfig {
        topic_alias_maximum: Some(3),
        request_response_information: true,
        request_problem_information: Some(false),
        user_properties: pairs.clone(),
        ..config()
    };
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::new(ClientConfig { version, ..config.clone() });
        bench.client.handle_connect(bench.now).unwrap();
        bench.client.handle_transport_opened(bench.now);
        let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!() };
        let properties = &connect.properties;
        let said = (properties.topic_alias_maximum, properties.request_response_information, properties.request_problem_information);
        match version {
            ProtocolVersion::V5 => assert_eq!((said, &properties.user_properties), ((Some(3), Some(true), Some(false)), &pairs)),
            ProtocolVersion::V311 => assert_eq!((said, properties.user_properties.is_empty()), ((None, None, None), true)),
        }
    }
}

#[test]
fn session_expiry_can_change_with_disconnect_but_not_from_0() {
    let expiring = |seconds| DisconnectRequest { session_expiry_interval: Some(seconds), ..ReasonCode::Success.into() };
    let mut bench = Bench::connected(resuming());
    bench.publish(QoS::AtLeastOnce);
    bench.client.handle_disconnect(bench.now, expiring(0)).unwrap();
    assert!(bench.seen().contains(&"dropped 0 session-ended".to_owned()));
    assert!(!bench.client.session().exists);

    let mut bench = Bench::connected(resuming());
    bench.publish(QoS::AtLeastOnce);
    bench.client.handle_disconnect(bench.now, expiring(9)).unwrap();
    let [Packet::Disconnect(packet)] = &bench.packets()[..] else { panic!() };
    assert_eq!(packet.properties.session_expiry_interval, Some(9));
    assert!(bench.client.session().exists);

    let mut bench = Bench::connected(config());
    let illegal = ClientError::Encode(EncodeError::Illegal { field: "Session Expiry Interval", clause: "5.0 §3.14.2.2.2" });
    assert_eq!(bench.client.handle_disconnect(bench.now, expiring(9)), Err(illegal));
    assert!(bench.client.handle_disconnect(bench.now, expiring(0)).is_ok());
    let mut bench = Bench::connected(v311(resuming()));
    assert!(matches!(bench.client.handle_disconnect(bench.now, expiring(9)), Err(ClientError::Encode(_))));
}

#[test]
fn a_server_reference_is_reported_and_followed_by_nobody_here() {
    let reference = "other.example:1883";
    let refusal = || {
        let properties = ConnackProperties { server_reference: Some(reference.into()), ..ConnackProperties::default() };
        Connack { reason_code: ReasonCode::UseAnotherServer, ..connack_with(properties) }
    };
    let goodbye = || {
        let properties = DisconnectProperties { server_reference: Some(reference.into()), ..DisconnectProperties::default() };
        Packet::Disconnect(Disconnect { reason_code: ReasonCode::ServerMoved, properties })
    };
    let mut stays = Bench::new(resuming());
    assert_eq!(
        stays.connect(refusal()),
        ["referred to other.example:1883, stays true", "close", "disconnected: Refused(UseAnotherServer)", "state disconnecting"]
    );
    assert_eq!(stays.transport_closed()[1], "attempt 1 at 1.000");
    let leaving = ClientConfig { on_server_reference: OnServerReference::Leave, ..resuming() };
    let mut leaves = Bench::new(leaving.clone());
    leaves.connect(refusal());
    assert_eq!(leaves.transport_closed(), ["state idle"]);
    let mut leaves = Bench::connected(leaving);
    assert_eq!(leaves.receive(goodbye())[0], "referred to other.example:1883, stays false");
    assert_eq!(leaves.transport_closed(), ["state idle"]);
    let mut plain = Bench::connected(resuming());
    plain.receive(Packet::Disconnect(Disconnect::new(ReasonCode::ServerMoved)));
    assert_eq!(plain.transport_closed()[1], "attempt 1 at 1.000", "nobody said where to");
}

#[test]
fn subscriptions_with_another_identifier_go_in_a_packet_of_their_own() {
    let wanted = |filter, identifier| WantedSubscription { subscription: subscription(filter), identifier };
    let config = ClientConfig { subscriptions: vec![wanted("a", Some(1)), wanted("b", None), wanted("c", Some(1))], ..config() };
    let mut bench = Bench::new(config.clone());
    bench.client.handle_connect(bench.now).unwrap();
    bench.client.handle_transport_opened(bench.now);
    bench.seen();
    bench.client.handle_bytes(bench.now, Packet::Connack(Box::new(connack(false))).to_bytes(ProtocolVersion::V5).unwrap());
    let sent: Vec<_> =
        bench.packets().into_iter().filter_map(|packet| if let Packet::Subscribe(packet) = packet { Some(packet) } else { None }).collect();
    let filters = |at: usize| sent[at].subscriptions.iter().map(|one| one.filter.as_str()).collect::<Vec<_>>();
    assert_eq!((sent.len(), sent[0].properties.subscription_identifier, filters(0)), (2, Some(1), vec!["a", "c"]));
    assert_eq!((sent[1].properties.subscription_identifier, filters(1)), (None, vec!["b"]));
    // A Server without them gets no identifier, and so not those subscriptions.
    let none = ConnackProperties { subscription_identifiers_available: Some(false), ..ConnackProperties::default() };
    let mut bench = Bench::new(config);
    assert_eq!(bench.connect(connack_with(none))[2..], ["> SUBSCRIBE 1"]);
    assert_eq!(bench.client.session().subscriptions[0].status, SubscriptionStatus::NotSent);
    let request = SubscribeRequest { identifier: Some(4), ..vec![subscription("d")].into() };
    assert!(
        matches!(bench.client.handle_subscribe(bench.now, request), Err(ClientError::NotAllowedByServer(limit)) if limit.contains("3.2.2.3.12"))
    );
}
