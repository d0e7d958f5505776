//! The retry interval of older clients, in 3.1.1 only.

use super::*;

fn retrying() -> ClientConfig {
    v311(ClientConfig { retry_interval: Some(Duration::from_secs(10)), keep_alive: 0, ..resuming() })
}

#[test]
fn a_3_1_1_client_may_send_again_on_a_living_connection_with_dup_and_the_same_id_3_3_1_1_and_2_3_1_3_v311() {
    let mut bench = Bench::connected(retrying());
    bench.publish(QoS::AtLeastOnce);
    bench.until(3_000);
    bench.publish(QoS::ExactlyOnce);
    assert_eq!(
        bench.until(25_000),
        [
            "10.000 > PUBLISH 1 dup",
            "10.000 retried 1",
            "13.000 > PUBLISH 2 dup",
            "13.000 retried 2",
            "20.000 > PUBLISH 1 dup",
            "20.000 retried 1",
            "23.000 > PUBLISH 2 dup",
            "23.000 retried 2"
        ]
    );
    assert_eq!(bench.receive(Packet::Puback(ack(1))), ["completed 0 0x00"]);
    assert_eq!(bench.receive(Packet::Pubrec(ack(2))), ["> PUBREL 2"]);
    assert_eq!(bench.until(40_000), ["35.000 > PUBREL 2", "35.000 retried 2"], "no PUBLISH after PUBREL [MQTT-4.3.3-1]");
    assert_eq!(bench.receive(Packet::Puback(ack(1))), Vec::<String>::new(), "one answer too many");
    assert_eq!(bench.receive(Packet::Pubcomp(ack(2))), ["completed 1 0x00"]);
    assert_eq!((bench.client.session().send_quota, bench.client.poll_timeout()), (u16::MAX, None));
}

#[test]
fn it_is_off_by_default_and_refused_in_5_0_mqtt_4_4_0_1() {
    let mut bench = Bench::connected(v311(ClientConfig { keep_alive: 0, ..resuming() }));
    bench.publish(QoS::AtLeastOnce);
    assert_eq!(bench.client.poll_timeout(), None);
    let mut bench = Bench::new(ClientConfig { version: ProtocolVersion::V5, ..retrying() });
    assert_eq!(bench.client.handle_connect(bench.now), Err(ClientError::RetryNotAllowed));
    assert_eq!(bench.seen(), Vec::<String>::new());
}

#[test]
fn the_interval_ends_with_the_connection_and_starts_anew_on_the_next() {
    let mut bench = Bench::connected(retrying());
    bench.publish(QoS::AtLeastOnce);
    bench.until(9_000);
    bench.transport_closed();
    bench.until(10_000);
    assert_eq!(bench.opened(connack(true))[2..], ["> PUBLISH 1 dup", "resent 1"]);
    assert_eq!(bench.until(20_000), ["20.000 > PUBLISH 1 dup", "20.000 retried 1"]);
}

#[test]
fn a_storm_of_repeated_pubrecs_plans_no_more_repetitions() {
    let mut bench = Bench::connected(retrying());
    bench.publish(QoS::ExactlyOnce);
    for _ in 0..100 {
        assert_eq!(bench.receive(Packet::Pubrec(ack(1))), ["> PUBREL 1"]);
    }
    assert_eq!(bench.until(10_000), ["10.000 > PUBREL 1", "10.000 retried 1"]);
}

#[test]
fn an_interval_of_zero_is_none() {
    let mut bench = Bench::connected(ClientConfig { retry_interval: Some(Duration::ZERO), ..retrying() });
    bench.publish(QoS::AtLeastOnce);
    assert_eq!(bench.client.poll_timeout(), None);
}
