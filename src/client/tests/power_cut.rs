use super::*;

#[test]
fn without_flash_a_power_cut_loses_everything_and_says_nothing() {
    let mut bench = Bench::connected(ClientConfig { subscriptions: vec![subscription("a").into()], ..resuming() });
    bench.publish(QoS::AtLeastOnce);
    bench.transport_closed();
    bench.publish(QoS::ExactlyOnce);
    bench.client.handle_power_cut();
    assert_eq!(bench.seen(), ["state idle", "dropped 0 power-cut", "dropped 1 power-cut"]);
    assert!(!bench.client.session().exists);
    assert_eq!(bench.client.poll_timeout(), None);
}

#[test]
fn with_flash_the_session_survives_a_power_cut() {
    let mut bench = Bench::connected(ClientConfig { persistent_session: true, ..resuming() });
    bench.publish(QoS::ExactlyOnce);
    bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 4, "x")));
    bench.client.handle_power_cut();
    assert_eq!(bench.seen(), ["state idle"]);
    assert_eq!(bench.connect(connack(true))[2..], ["> PUBLISH 1 dup", "resent 1"]);
    let again = Publish { dup: true, ..publish(QoS::ExactlyOnce, 4, "x") };
    assert_eq!(bench.receive(Packet::Publish(again)), ["duplicate 4", "> PUBREC 4"]);
}

#[test]
fn flash_keeps_no_session_that_was_to_end_with_its_connection() {
    let mut bench = Bench::connected(ClientConfig { persistent_session: true, ..config() });
    bench.publish(QoS::ExactlyOnce);
    bench.client.handle_power_cut();
    assert_eq!(bench.seen(), ["dropped 0 session-ended", "state idle"]);
}

#[test]
fn a_power_cut_fits_every_state() {
    let mut idle = Bench::new(resuming());
    let mut opening = idle.clone();
    opening.client.handle_connect(opening.now).unwrap();
    let mut connecting = opening.clone();
    connecting.client.handle_transport_opened(connecting.now);
    let mut disconnecting = Bench::connected(resuming());
    disconnecting.client.handle_disconnect(disconnecting.now, ReasonCode::Success).unwrap();
    let mut waiting = Bench::connected(resuming());
    waiting.transport_closed();
    for bench in [&mut idle, &mut opening, &mut connecting, &mut disconnecting, &mut waiting] {
        bench.client.handle_power_cut();
        bench.seen();
        assert_eq!((bench.client.state(), bench.client.poll_timeout()), (ClientState::Idle, None));
    }
}
