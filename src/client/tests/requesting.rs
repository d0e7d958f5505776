//! Request and response with a time-out (5.0 §4.10).

use super::*;
use crate::packet::{Suback, UserProperties};

fn requesting() -> ClientConfig {
    ClientConfig { keep_alive: 0, request_limit: 2, ..resuming() }
}

fn ask(bench: &mut Bench) -> Result<RequestToken, ClientError> {
    let message = RequestMessage { publish: request(QoS::AtLeastOnce), timeout: Duration::from_secs(5) };
    bench.client.handle_request(bench.now, message)
}

fn suback(packet_id: u16, code: ReasonCode) -> Packet {
    let (reason_string, user_properties) = (None, UserProperties::default());
    Packet::Suback(Suback { packet_id: id(packet_id), reason_string, user_properties, reason_codes: vec![code] })
}

fn response(correlation: u64) -> Packet {
    let mut publish = publish(QoS::AtMostOnce, 0, "answer");
    publish.topic = topic("response/sensor");
    publish.properties.correlation_data = Some(Bytes::copy_from_slice(&correlation.to_be_bytes()));
    Packet::Publish(publish)
}

/// Asked once, with the subscription granted.
fn asked() -> Bench {
    let mut bench = Bench::connected(requesting());
    ask(&mut bench).unwrap();
    bench.seen();
    bench.receive(suback(1, ReasonCode::GrantedQoS1));
    bench
}

#[test]
fn a_request_subscribes_first_and_its_answer_is_found_by_correlation_data() {
    let mut bench = Bench::connected(requesting());
    assert_eq!(ask(&mut bench), Ok(RequestToken(0)));
    assert_eq!(bench.seen(), ["> SUBSCRIBE 1"]);
    bench.client.handle_bytes(bench.now, suback(1, ReasonCode::GrantedQoS1).to_bytes(ProtocolVersion::V5).unwrap());
    let [Packet::Publish(sent)] = &bench.packets()[..] else { panic!() };
    assert_eq!(sent.properties.response_topic.as_ref().map(TopicName::as_str), Some("response/sensor"));
    assert_eq!(sent.properties.correlation_data.as_deref(), Some(&[0; 8][..]));
    assert_eq!(ask(&mut bench), Ok(RequestToken(1)));
    assert_eq!(bench.seen(), ["> PUBLISH 3", "sent 1"], "the subscription is there");
    assert_eq!(bench.receive(response(1)), ["message answer", "response 1"]);
    assert_eq!(bench.receive(response(0)), ["message answer", "response 0"]);
    assert_eq!((bench.client.pending_requests(), bench.client.poll_timeout()), (0, None));
}

#[test]
fn an_answer_that_comes_late_or_to_no_request_is_ignored_and_reported() {
    let mut bench = asked();
    assert_eq!(bench.until(5_000), ["5.000 timed out 0"]);
    assert_eq!(bench.receive(response(0)), ["ignored Some(0)"]);
    assert_eq!(bench.receive(response(77)), ["ignored None"]);
    let Packet::Publish(mut bare) = response(0) else { panic!() };
    bare.properties.correlation_data = None;
    assert_eq!(bench.receive(Packet::Publish(bare)), ["ignored None"]);
}

#[test]
fn an_ignored_answer_is_acknowledged_as_its_qos_asks_4_5_0_2() {
    let mut bench = asked();
    bench.until(5_000);
    let Packet::Publish(late) = response(0) else { panic!() };
    let late = Publish { qos: QoS::AtLeastOnce, packet_id: Some(id(9)), ..late };
    assert_eq!(bench.receive(Packet::Publish(late)), ["ignored Some(0)", "> PUBACK 9"]);
}

#[test]
fn the_number_of_open_requests_is_bounded() {
    let mut bench = asked();
    assert_eq!(ask(&mut bench), Ok(RequestToken(1)));
    assert_eq!(ask(&mut bench), Err(ClientError::TooManyRequests(2)));
    bench.receive(response(0));
    assert_eq!(ask(&mut bench), Ok(RequestToken(2)));
}

#[test]
fn a_refused_subscription_or_request_fails_at_once() {
    let mut bench = Bench::connected(requesting());
    ask(&mut bench).unwrap();
    bench.seen();
    let lines = bench.receive(suback(1, ReasonCode::NotAuthorized));
    assert_eq!(lines, ["subscribed response/sensor=0x87", "failed 0 client-request-not-subscribed"]);
    let mut bench = asked();
    let refusal = Acknowledgement { reason_code: ReasonCode::NotAuthorized, ..ack(3) };
    assert_eq!(ask(&mut bench), Ok(RequestToken(1)));
    assert_eq!(bench.receive(Packet::Puback(refusal))[2..], ["completed 1 0x87", "failed 1 client-request-refused"]);
}

#[test]
fn response_information_makes_the_response_topic_if_it_was_asked_for_3_1_2_28() {
    let granted = ConnackProperties { response_information: Some("answers/".into()), ..ConnackProperties::default() };
    let mut bench = Bench::new(ClientConfig { request_response_information: true, ..requesting() });
    bench.client.handle_connect(bench.now).unwrap();
    bench.client.handle_transport_opened(bench.now);
    let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!() };
    assert_eq!(connect.properties.request_response_information, Some(true));
    bench.receive(Packet::Connack(Box::new(connack_with(granted))));
    ask(&mut bench).unwrap();
    let [Packet::Subscribe(subscribe)] = &bench.packets()[..] else { panic!() };
    assert_eq!(subscribe.subscriptions[0].filter.as_str(), "answers/sensor");
    bench.transport_closed();
    bench.until(1_000);
    let own = ConnackProperties { response_information: Some("answers/of/sensor".into()), ..ConnackProperties::default() };
    bench.opened(connack_with(own));
    ask(&mut bench).unwrap();
    let [Packet::Subscribe(subscribe)] = &bench.packets()[..] else { panic!() };
    assert_eq!(subscribe.subscriptions[0].filter.as_str(), "answers/of/sensor", "made for this client already");
    // The next connection grants nothing: the topic of the settings, and the old one is not subscribed to again.
    bench.transport_closed();
    bench.until(2_000);
    bench.opened(connack(false));
    assert!(bench.client.session().subscriptions.is_empty());
}

#[test]
fn an_unusable_response_information_is_passed_over_3_3_2_14() {
    let granted = ConnackProperties { response_information: Some("answers/#".into()), ..ConnackProperties::default() };
    let config = ClientConfig { request_response_information: true, response_topic: Some(topic("mine")), ..requesting() };
    let mut bench = Bench::connected_to(config, connack_with(granted));
    ask(&mut bench).unwrap();
    let [Packet::Subscribe(subscribe)] = &bench.packets()[..] else { panic!() };
    assert_eq!(subscribe.subscriptions[0].filter.as_str(), "mine");
}

#[test]
fn a_request_that_waits_for_its_subscription_goes_out_on_the_next_connection() {
    let mut bench = Bench::connected(requesting());
    ask(&mut bench).unwrap();
    bench.transport_closed();
    bench.until(1_000);
    assert_eq!(bench.opened(connack(false))[2..], ["> SUBSCRIBE 1"]);
    assert_eq!(bench.receive(suback(1, ReasonCode::Success))[1..], ["> PUBLISH 2", "sent 0"]);
    assert_eq!(bench.receive(response(0)), ["message answer", "response 0"]);
}

#[test]
fn requests_need_5_0_a_connection_and_a_topic() {
    let mut bench = Bench::connected(v311(requesting()));
    assert!(matches!(ask(&mut bench), Err(ClientError::Encode(_))));
    assert_eq!(ask(&mut Bench::new(requesting())), Err(ClientError::NotConnected));
    let mut bench = Bench::connected(ClientConfig { client_id: crate::packet::ClientId::new("a/+"), ..requesting() });
    assert_eq!(ask(&mut bench), Err(ClientError::NoResponseTopic));
    assert_eq!(bench.seen(), Vec::<String>::new());
}

#[test]
fn a_power_cut_ends_the_waiting() {
    let mut bench = asked();
    bench.client.handle_power_cut();
    assert!(bench.seen().contains(&"failed 0 client-dropped-power-cut".to_owned()));
    assert_eq!(bench.client.poll_timeout(), None);
}

#[test]
fn a_request_dropped_from_the_queue_fails() {
    let one = ConnackProperties { receive_maximum: Some(1), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(ClientConfig { queue_limit: 0, ..requesting() }, connack_with(one));
    ask(&mut bench).unwrap();
    bench.seen();
    bench.receive(suback(1, ReasonCode::Success));
    ask(&mut bench).unwrap();
    assert_eq!(bench.seen(), ["dropped 1 queue-full", "failed 1 client-dropped-queue-full"]);
}
