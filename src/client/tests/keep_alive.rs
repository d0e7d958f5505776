use super::*;

#[test]
fn an_idle_client_sends_pingreq_after_keep_alive_3_1_2_20() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::connected(ClientConfig { version, ..config() });
        assert_eq!(bench.until(60_000), ["60.000 > PINGREQ"]);
        assert_eq!(bench.receive(Packet::Pingresp), Vec::<String>::new());
        assert_eq!(bench.until(120_000), ["120.000 > PINGREQ"]);
    }
}

#[test]
fn any_packet_puts_pingreq_off() {
    let mut bench = Bench::connected(config());
    bench.until(40_000);
    bench.publish(QoS::AtMostOnce);
    assert_eq!(bench.until(99_999), Vec::<String>::new());
    assert_eq!(bench.until(100_000), ["100.000 > PINGREQ"]);
}

#[test]
fn what_is_received_does_not_put_pingreq_off() {
    let mut bench = Bench::connected(config());
    bench.until(40_000);
    bench.receive(Packet::Publish(publish(QoS::AtMostOnce, 0, "x")));
    assert_eq!(bench.until(60_000), ["60.000 > PINGREQ"]);
}

#[test]
fn the_interval_counts_from_connect_not_from_connack_3_1_2_20() {
    let mut bench = Bench::new(config());
    bench.client.handle_connect(bench.now).unwrap();
    bench.client.handle_transport_opened(bench.now);
    bench.until(10_000);
    bench.receive(Packet::Connack(Box::new(connack(false))));
    assert_eq!(bench.until(60_000), ["60.000 > PINGREQ"]);
}

#[test]
fn server_keep_alive_replaces_the_clients_3_1_2_21_3_2_2_21() {
    let five = ConnackProperties { server_keep_alive: Some(5), ..ConnackProperties::default() };
    let mut bench = Bench::new(config());
    assert_eq!(bench.connect(connack_with(five))[1], "connected, session present 0, keep alive 5");
    assert_eq!(bench.until(5_000), ["5.000 > PINGREQ"]);
    let off = ConnackProperties { server_keep_alive: Some(0), ..ConnackProperties::default() };
    assert_eq!(Bench::connected_to(config(), connack_with(off)).until(1_000_000), Vec::<String>::new());
}

#[test]
fn a_missing_pingresp_ends_the_connection_whatever_else_comes() {
    let mut bench = Bench::connected(resuming());
    bench.until(60_000);
    bench.receive(Packet::Publish(publish(QoS::AtMostOnce, 0, "x")));
    assert_eq!(
        bench.until(120_000),
        ["120.000 disconnected: KeepAliveTimeout", "120.000 abort", "120.000 state waiting until 121.000", "120.000 attempt 1 at 121.000"]
    );
}

#[test]
fn pings_can_be_switched_off() {
    let mut bench = Bench::connected(ClientConfig { sends_pings: false, ..config() });
    assert_eq!(bench.client.poll_timeout(), None);
    assert_eq!(bench.publish(QoS::AtMostOnce), ["> PUBLISH", "sent 0"]);
    assert_eq!(bench.client.poll_timeout(), None);
}

#[test]
fn keep_alive_0_turns_it_off() {
    let bench = Bench::connected(ClientConfig { keep_alive: 0, ..config() });
    assert_eq!(bench.client.poll_timeout(), None);
}
