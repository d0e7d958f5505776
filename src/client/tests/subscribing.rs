use super::*;
use crate::packet::{Suback, Unsuback, UserProperties};

fn suback(packet_id: u16, reason_codes: &[ReasonCode]) -> Packet {
    let reason_codes = reason_codes.to_vec();
    Packet::Suback(Suback { packet_id: id(packet_id), reason_string: None, user_properties: UserProperties::default(), reason_codes })
}

fn unsuback(packet_id: u16, reason_codes: &[ReasonCode]) -> Packet {
    let reason_codes = reason_codes.to_vec();
    Packet::Unsuback(Unsuback { packet_id: id(packet_id), reason_string: None, user_properties: UserProperties::default(), reason_codes })
}

fn with_subscriptions() -> ClientConfig {
    ClientConfig { subscriptions: vec![subscription("a").into(), subscription("b/#").into()], ..resuming() }
}

#[test]
fn subscriptions_of_the_settings_follow_connack_unless_session_present() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::new(ClientConfig { version, ..with_subscriptions() });
        assert_eq!(bench.connect(connack(false))[2..], ["> SUBSCRIBE 1"]);
        assert_eq!(bench.receive(suback(1, &[ReasonCode::GrantedQoS1, ReasonCode::UnspecifiedError])), ["subscribed a=0x01 b/#=0x80"]);
        let statuses: Vec<_> = bench.client.session().subscriptions.iter().map(|known| known.status).collect();
        assert_eq!(
            statuses,
            [SubscriptionStatus::Answered(ReasonCode::GrantedQoS1), SubscriptionStatus::Answered(ReasonCode::UnspecifiedError)]
        );
        bench.transport_closed();
        bench.until(1_000);
        assert_eq!(bench.opened(connack(true)).len(), 2, "nothing after Connected");
        bench.transport_closed();
        bench.until(2_000);
        assert_eq!(bench.opened(connack(false))[2..], ["> SUBSCRIBE 1"]);
    }
}

#[test]
fn a_suback_that_the_break_swallowed_is_asked_for_again() {
    let mut bench = Bench::connected(with_subscriptions());
    bench.transport_closed();
    bench.until(1_000);
    assert_eq!(bench.opened(connack(true))[2..], ["> SUBSCRIBE 2"]);
}

#[test]
fn later_subscriptions_are_remembered_and_forgotten() {
    let mut bench = Bench::connected(resuming());
    assert_eq!(bench.client.handle_subscribe(bench.now, vec![subscription("x"), subscription("y")]), Ok(id(1)));
    assert_eq!(bench.client.handle_unsubscribe(bench.now, vec![TopicFilter::new("x").unwrap()]), Ok(id(2)));
    assert_eq!(bench.seen(), ["> SUBSCRIBE 1", "> UNSUBSCRIBE 2"]);
    assert_eq!(bench.receive(suback(1, &[ReasonCode::Success, ReasonCode::Success])), ["subscribed x=0x00 y=0x00"]);
    assert_eq!(bench.receive(unsuback(2, &[ReasonCode::Success])), ["unsubscribed x=0x00"]);
    bench.transport_closed();
    bench.until(1_000);
    bench.client.handle_transport_opened(bench.now);
    bench.seen();
    let fresh = Packet::Connack(Box::new(connack(false))).to_bytes(ProtocolVersion::V5).unwrap();
    bench.client.handle_bytes(bench.now, fresh);
    let [Packet::Subscribe(subscribe)] = &bench.packets()[..] else { panic!() };
    assert_eq!(subscribe.subscriptions, [subscription("y")]);
}

#[test]
fn unsuback_in_3_1_1_has_no_codes() {
    let mut bench = Bench::connected(v311(config()));
    bench.client.handle_unsubscribe(bench.now, vec![TopicFilter::new("x").unwrap(), TopicFilter::new("y").unwrap()]).unwrap();
    bench.seen();
    assert_eq!(bench.receive(unsuback(1, &[])), ["unsubscribed x=0x00 y=0x00"]);
}

#[test]
fn requests_share_the_identifiers_with_publishes_2_2_1_3() {
    let mut bench = Bench::connected(config());
    bench.publish(QoS::AtLeastOnce);
    assert_eq!(bench.client.handle_subscribe(bench.now, vec![subscription("x")]), Ok(id(2)));
    bench.seen();
    assert_eq!(bench.publish(QoS::AtLeastOnce)[0], "> PUBLISH 3");
}

#[test]
fn requests_need_a_connection_a_legal_form_and_a_server_that_takes_them() {
    let mut bench = Bench::new(config());
    let now = bench.now;
    assert_eq!(bench.client.handle_subscribe(now, vec![subscription("x")]), Err(ClientError::NotConnected));
    assert_eq!(bench.client.handle_unsubscribe(now, vec![TopicFilter::new("x").unwrap()]), Err(ClientError::NotConnected));
    let limits = ConnackProperties {
        wildcard_subscription_available: Some(false),
        shared_subscription_available: Some(false),
        maximum_packet_size: Some(20),
        ..ConnackProperties::default()
    };
    bench.connect(connack_with(limits));
    assert!(matches!(bench.client.handle_subscribe(now, vec![]), Err(ClientError::Encode(_))), "[MQTT-3.8.3-2]");
    assert!(matches!(bench.client.handle_unsubscribe(now, vec![]), Err(ClientError::Encode(_))), "[MQTT-3.10.3-2]");
    for filter in ["a/#", "$share/g/a", "a/filter/too/long/for/it"] {
        assert!(
            matches!(bench.client.handle_subscribe(now, vec![subscription(filter)]), Err(ClientError::NotAllowedByServer(_))),
            "{filter}"
        );
    }
    let mut shared = subscription("$share/g/a");
    shared.options.no_local = true;
    assert!(bench.client.handle_subscribe(now, vec![shared]).is_err(), "[MQTT-3.8.3-4]");
    assert_eq!(bench.seen(), Vec::<String>::new());
    assert!(bench.client.session().subscriptions.is_empty());
}

#[test]
fn settings_that_the_server_can_not_take_in_one_packet_go_one_by_one() {
    let mut bench = Bench::new(ClientConfig {
        subscriptions: vec![subscription("first/one").into(), subscription("a/#").into(), subscription("second/one").into()],
        ..config()
    });
    let limits =
        ConnackProperties { wildcard_subscription_available: Some(false), maximum_packet_size: Some(20), ..ConnackProperties::default() };
    assert_eq!(bench.connect(connack_with(limits))[2..], ["> SUBSCRIBE 1", "> SUBSCRIBE 2"]);
    assert_eq!(bench.client.session().subscriptions[1].status, SubscriptionStatus::NotSent);
}
