//! Messages that the application acknowledges by itself, and a slow one.

use super::*;

fn told() -> ClientConfig {
    ClientConfig { acknowledges: Acknowledges::WhenTold, ..resuming() }
}

fn slow() -> ClientConfig {
    ClientConfig { acknowledges: Acknowledges::After(Duration::from_millis(500)), keep_alive: 0, ..resuming() }
}

fn acknowledge(bench: &mut Bench, packet_id: u16) -> Vec<String> {
    bench.client.handle_acknowledge(bench.now, id(packet_id)).unwrap();
    bench.seen()
}

#[test]
fn nothing_is_acknowledged_until_the_application_says_so_4_3_2_4_4_3_3_8() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::connected(ClientConfig { version, ..told() });
        assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "a"))), ["message a"]);
        assert_eq!(bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 2, "b"))), ["message b"]);
        assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtMostOnce, 0, "c"))), ["message c"]);
        assert_eq!(bench.client.session().unacknowledged, [id(1), id(2)]);
        assert_eq!(acknowledge(&mut bench, 2), ["> PUBREC 2"]);
        assert_eq!(acknowledge(&mut bench, 1), ["> PUBACK 1"]);
        assert_eq!(bench.receive(Packet::Pubrel(ack(2))), ["> PUBCOMP 2"]);
        let again = bench.client.handle_acknowledge(bench.now, id(1));
        assert_eq!(again, Err(ClientError::NothingToAcknowledge));
        assert!(bench.client.session().unacknowledged.is_empty());
    }
}

#[test]
fn acknowledgements_keep_the_order_of_arrival_whatever_the_application_does_first_4_6_0_2_4_6_0_3() {
    let mut bench = Bench::connected(told());
    for (qos, number) in [(QoS::AtLeastOnce, 1), (QoS::AtLeastOnce, 2), (QoS::ExactlyOnce, 3), (QoS::ExactlyOnce, 4)] {
        bench.receive(Packet::Publish(publish(qos, number, "x")));
    }
    assert_eq!(acknowledge(&mut bench, 2), Vec::<String>::new());
    assert_eq!(acknowledge(&mut bench, 4), Vec::<String>::new());
    assert_eq!(acknowledge(&mut bench, 1), ["> PUBACK 1", "> PUBACK 2"]);
    assert_eq!(acknowledge(&mut bench, 3), ["> PUBREC 3", "> PUBREC 4"]);
}

#[test]
fn receive_maximum_makes_a_slow_application_visible_3_3_4_9() {
    let mut bench = Bench::connected(ClientConfig { receive_maximum: Some(2), ..told() });
    bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "a")));
    bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 2, "b")));
    assert_eq!(bench.client.session().receive_quota, 0);
    assert_eq!(bench.clone().receive(Packet::Publish(publish(QoS::AtLeastOnce, 3, "c")))[0], "> DISCONNECT 0x93");
    acknowledge(&mut bench, 1);
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 3, "c"))), ["message c"]);
}

#[test]
fn what_was_not_acknowledged_comes_again_at_qos_1_and_is_not_repeated_at_qos_2_4_3_3_10() {
    let mut bench = Bench::connected(told());
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "two")));
    bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 6, "one")));
    assert_eq!(bench.transport_closed()[..2], ["disconnected: NetworkClosed", "left 5 6"]);
    assert_eq!(bench.client.handle_acknowledge(bench.now, id(6)), Err(ClientError::NothingToAcknowledge));
    bench.until(1_000);
    bench.opened(connack(true));
    let again = |qos, number, payload| Packet::Publish(Publish { dup: true, ..publish(qos, number, payload) });
    assert_eq!(bench.receive(again(QoS::ExactlyOnce, 5, "two")), ["duplicate 5"], "the application is still at it");
    assert_eq!(bench.receive(again(QoS::AtLeastOnce, 6, "one")), ["message one dup"]);
    assert_eq!(acknowledge(&mut bench, 6), ["> PUBACK 6"]);
    assert_eq!(acknowledge(&mut bench, 5), ["> PUBREC 5"]);
}

#[test]
fn what_was_finished_without_a_connection_is_acknowledged_when_it_comes_again() {
    let mut bench = Bench::connected(told());
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "two")));
    bench.transport_closed();
    assert_eq!(acknowledge(&mut bench, 5), Vec::<String>::new());
    bench.until(1_000);
    assert_eq!(bench.opened(connack(true)).len(), 2, "nothing before it came again");
    let again = Publish { dup: true, ..publish(QoS::ExactlyOnce, 5, "two") };
    assert_eq!(bench.receive(Packet::Publish(again)), ["duplicate 5", "> PUBREC 5"]);
}

#[test]
fn a_lost_session_takes_what_was_not_acknowledged_with_it() {
    let mut bench = Bench::connected(ClientConfig { session_expiry_interval: None, ..told() });
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "x")));
    bench.transport_closed();
    assert!(bench.client.session().unacknowledged.is_empty());
    bench.until(1_000);
    bench.opened(connack(false));
    assert_eq!(bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "y"))), ["message y"], "5 is new");
}

#[test]
fn a_program_without_power_forgets_what_it_had_not_finished() {
    let mut bench = Bench::connected(ClientConfig { persistent_session: true, ..told() });
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "x")));
    bench.client.handle_power_cut();
    bench.seen();
    bench.connect(connack(true));
    let again = Publish { dup: true, ..publish(QoS::ExactlyOnce, 5, "x") };
    assert_eq!(bench.receive(Packet::Publish(again)), ["message x dup"], "it was not accepted, so it is delivered");
}

#[test]
fn a_server_that_releases_what_is_not_received_is_out_of_turn_4_3_3_4() {
    let mut bench = Bench::connected(told());
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "x")));
    assert_eq!(bench.receive(Packet::Pubrel(ack(5)))[0], "> DISCONNECT 0x82");
}

#[test]
fn a_3_1_1_server_may_repeat_a_message_that_the_application_is_still_at() {
    let mut bench = Bench::connected(v311(told()));
    bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 5, "x")));
    let again = Publish { dup: true, ..publish(QoS::AtLeastOnce, 5, "x") };
    assert_eq!(bench.receive(Packet::Publish(again)), ["duplicate 5"]);
    assert_eq!(acknowledge(&mut bench, 5), ["> PUBACK 5"]);
}

#[test]
fn a_slow_consumer_works_on_one_message_after_the_other() {
    let mut bench = Bench::connected(slow());
    bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "a")));
    bench.receive(Packet::Publish(publish(QoS::AtMostOnce, 0, "b")));
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 2, "c")));
    assert_eq!(bench.until(10_000), ["0.500 > PUBACK 1", "1.500 > PUBREC 2"]);
    bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 3, "d")));
    assert_eq!(bench.until(20_000), ["10.500 > PUBACK 3"]);
}

#[test]
fn a_slow_consumer_goes_on_with_qos_2_over_a_break_and_throws_the_rest_of_its_backlog_away() {
    let mut bench = Bench::connected(slow());
    for number in 1..=3 {
        bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, number, "x")));
    }
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 4, "y")));
    assert_eq!(bench.transport_closed()[1], "left 1 2 3 4");
    bench.until(1_000);
    bench.opened(connack(true));
    bench.receive(Packet::Publish(Publish { dup: true, ..publish(QoS::AtLeastOnce, 1, "x") }));
    bench.receive(Packet::Publish(Publish { dup: true, ..publish(QoS::ExactlyOnce, 4, "y") }));
    assert_eq!(bench.until(5_000), ["2.000 > PUBREC 4", "2.500 > PUBACK 1"]);
}
