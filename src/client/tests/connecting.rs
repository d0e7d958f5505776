use super::*;
use crate::packet::{ClientId, WillMessage, WillProperties};

#[test]
fn connect_is_the_first_packet_and_says_what_the_settings_say_3_1_0_1() {
    let will = WillMessage {
        topic: topic("room/status"),
        payload: Bytes::from_static(b"offline"),
        qos: QoS::AtLeastOnce,
        retain: true,
        properties: WillProperties::default(),
    };
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let config = ClientConfig {
            version,
            will: Some(will.clone()),
            keep_alive: 7,
            receive_maximum: Some(9),
            maximum_packet_size: Some(1_000),
            ..resuming()
        };
        let mut bench = Bench::new(config);
        bench.client.handle_connect(bench.now).unwrap();
        assert_eq!(bench.seen(), ["state opening", "open"]);
        bench.client.handle_transport_opened(bench.now);
        let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!() };
        assert_eq!((connect.version, connect.clean_start, connect.keep_alive), (version, false, 7));
        assert_eq!((connect.client_id.as_str(), connect.will.as_ref()), ("sensor", Some(&will)));
        let expected = if version == ProtocolVersion::V5 { (Some(3_600), Some(9), Some(1_000)) } else { (None, None, None) };
        let properties = &connect.properties;
        assert_eq!((properties.session_expiry_interval, properties.receive_maximum, properties.maximum_packet_size), expected);
        assert_eq!(properties.topic_alias_maximum, None);
        assert_eq!(bench.client.state(), ClientState::Connecting);
    }
}

#[test]
fn connack_with_success_makes_a_connection() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::new(ClientConfig { version, ..config() });
        assert_eq!(bench.connect(connack(false)), ["state connected", "connected, session present 0, keep alive 60"]);
        assert_eq!(bench.client.handle_connect(bench.now), Err(ClientError::AlreadyConnected));
    }
}

#[test]
fn an_illegal_connect_is_the_callers_mistake() {
    let mut bench = Bench::new(ClientConfig { receive_maximum: Some(0), ..config() });
    assert!(matches!(bench.client.handle_connect(bench.now), Err(ClientError::Encode(_))));
    assert_eq!(bench.client.state(), ClientState::Idle);
    // An empty Client Identifier needs Clean Session in 3.1.1 [MQTT-3.1.3-7 v311].
    let mut bench = Bench::new(v311(ClientConfig { client_id: ClientId::new(""), clean_start: false, ..config() }));
    assert!(matches!(bench.client.handle_connect(bench.now), Err(ClientError::Encode(_))));
}

#[test]
fn a_refusal_ends_the_attempt() {
    let mut bench = Bench::new(config());
    let refusal = Connack { reason_code: ReasonCode::NotAuthorized, ..connack(false) };
    assert_eq!(bench.connect(refusal), ["close", "disconnected: Refused(NotAuthorized)", "state disconnecting"]);
    assert_eq!(bench.transport_closed(), ["state idle"]);
}

#[test]
fn no_connection_and_no_connack_within_the_time_out_end_the_attempt() {
    let mut bench = Bench::new(config());
    bench.client.handle_connect(bench.now).unwrap();
    bench.seen();
    assert_eq!(bench.until(30_000), ["30.000 disconnected: ConnectTimeout", "30.000 abort", "30.000 state idle"]);
    bench.client.handle_connect(bench.now).unwrap();
    bench.client.handle_transport_opened(bench.now);
    bench.seen();
    assert_eq!(bench.until(59_999), Vec::<String>::new());
    assert_eq!(bench.until(60_000), ["60.000 disconnected: ConnectTimeout", "60.000 abort", "60.000 state idle"]);
}

#[test]
fn a_connection_that_can_not_be_opened_is_reported() {
    let mut bench = Bench::new(config());
    bench.client.handle_connect(bench.now).unwrap();
    bench.seen();
    assert_eq!(bench.transport_closed(), ["disconnected: NetworkClosed", "state idle"]);
}

#[test]
fn session_present_without_session_state_closes_and_the_next_connect_starts_anew_3_2_2_4() {
    let mut bench = Bench::new(resuming());
    assert_eq!(
        bench.connect(connack(true)),
        ["> DISCONNECT 0x82", "close", "disconnected: misbehaved 0x82 MQTT-3.2.2-4", "state disconnecting"]
    );
    assert_eq!(bench.transport_closed(), ["state waiting until 1.000", "attempt 1 at 1.000"]);
    bench.until(1_000);
    bench.client.handle_transport_opened(bench.now);
    let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!() };
    assert!(connect.clean_start);
    bench.receive(Packet::Connack(Box::new(connack(false))));
    bench.transport_closed();
    bench.until(2_000);
    bench.client.handle_transport_opened(bench.now);
    let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!() };
    assert!(!connect.clean_start, "only once");
}

#[test]
fn a_3_1_1_client_may_go_on_with_a_session_that_only_the_server_knows() {
    let mut bench = Bench::new(v311(resuming()));
    assert_eq!(bench.connect(connack(true)), ["state connected", "connected, session present 1, keep alive 60"]);
}

#[test]
fn session_present_0_discards_the_state_of_the_client_3_2_2_5() {
    for version in [ProtocolVersion::V311, ProtocolVersion::V5] {
        let mut bench = Bench::connected(ClientConfig { version, ..resuming() });
        bench.publish(QoS::AtLeastOnce);
        bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "x")));
        bench.transport_closed();
        bench.until(1_000);
        assert_eq!(
            bench.opened(connack(false)),
            ["state connected", "connected, session present 0, keep alive 60", "dropped 0 session-not-present"]
        );
        assert!(bench.client.session().incoming.is_empty() && bench.client.session().outgoing.is_empty());
        assert_eq!(bench.receive(Packet::Publish(publish(QoS::ExactlyOnce, 5, "x"))), ["message x", "> PUBREC 5"], "5 is new");
    }
}

#[test]
fn clean_start_throws_an_earlier_session_away_3_1_2_4() {
    let mut bench = Bench::connected(ClientConfig { clean_start: true, ..resuming() });
    bench.publish(QoS::AtLeastOnce);
    bench.transport_closed();
    let session = bench.client.session();
    assert_eq!(session.outgoing.len(), 1, "[MQTT-3.1.2-23] kept while offline");
    assert_eq!((session.send_quota, session.receive_quota), (0, 0), "no connection, no quota");
    bench.until(1_000);
    bench.client.handle_transport_opened(bench.now);
    assert_eq!(bench.seen(), ["dropped 0 clean-start", "> CONNECT", "state connecting"]);
}

#[test]
fn a_session_without_expiry_ends_with_its_connection_3_1_2_23() {
    for config in [config(), v311(config())] {
        let mut bench = Bench::connected(config);
        bench.publish(QoS::ExactlyOnce);
        assert_eq!(bench.transport_closed(), ["disconnected: NetworkClosed", "dropped 0 session-ended", "state idle"]);
        assert!(!bench.client.session().exists);
    }
}

#[test]
fn the_servers_session_expiry_interval_counts() {
    let zero = ConnackProperties { session_expiry_interval: Some(0), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(resuming(), connack_with(zero));
    bench.publish(QoS::AtLeastOnce);
    assert_eq!(bench.transport_closed()[1], "dropped 0 session-ended");
}

#[test]
fn an_assigned_client_identifier_is_used_from_then_on_3_2_2_16() {
    let properties = ConnackProperties { assigned_client_identifier: Some(ClientId::new("auto-7")), ..ConnackProperties::default() };
    let mut bench = Bench::connected_to(ClientConfig { client_id: ClientId::new(""), ..resuming() }, connack_with(properties));
    assert_eq!(bench.client.client_id().as_str(), "auto-7");
    bench.transport_closed();
    bench.until(1_000);
    bench.client.handle_transport_opened(bench.now);
    let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!() };
    assert_eq!(connect.client_id.as_str(), "auto-7");
}

#[test]
fn a_wanted_end_is_disconnect_then_close_and_nothing_after_3_14_4_1_3_14_4_2() {
    for (version, code) in [
        (ProtocolVersion::V311, ReasonCode::Success),
        (ProtocolVersion::V5, ReasonCode::Success),
        (ProtocolVersion::V5, ReasonCode::DisconnectWithWillMessage),
    ] {
        let mut bench = Bench::connected(ClientConfig { version, ..resuming() });
        bench.client.handle_disconnect(bench.now, code).unwrap();
        let expected = format!("> DISCONNECT 0x{:02X}", code.as_u8());
        assert_eq!(bench.seen(), [&expected, "close", "disconnected: Requested", "state disconnecting"]);
        assert_eq!(bench.receive(Packet::Publish(publish(QoS::AtLeastOnce, 1, "late"))), Vec::<String>::new());
        assert_eq!(bench.client.handle_disconnect(bench.now, code), Err(ClientError::NotConnected));
        assert_eq!(bench.client.handle_connect(bench.now), Err(ClientError::AlreadyConnected));
        assert_eq!(bench.transport_closed(), ["state idle"], "no reconnection");
        assert_eq!(bench.client.poll_timeout(), None);
    }
}

#[test]
fn a_close_that_does_not_come_to_an_end_is_given_up() {
    let mut bench = Bench::connected(config());
    bench.client.handle_disconnect(bench.now, ReasonCode::Success).unwrap();
    bench.seen();
    assert_eq!(bench.until(30_000), ["30.000 abort", "30.000 state idle"]);
}

#[test]
fn a_reason_code_that_only_a_server_may_send_is_the_callers_mistake_3_14_2_1() {
    let mut bench = Bench::connected(config());
    assert!(matches!(bench.client.handle_disconnect(bench.now, ReasonCode::SessionTakenOver), Err(ClientError::Encode(_))));
    let mut bench = Bench::connected(v311(config()));
    assert!(matches!(bench.client.handle_disconnect(bench.now, ReasonCode::DisconnectWithWillMessage), Err(ClientError::Encode(_))));
    assert_eq!(bench.seen(), Vec::<String>::new());
}

#[test]
fn disconnect_of_the_server_is_reported_with_its_reason() {
    let mut bench = Bench::connected(resuming());
    let packet = Packet::Disconnect(crate::packet::Disconnect::new(ReasonCode::SessionTakenOver));
    assert_eq!(bench.receive(packet), ["close", "disconnected: ServerDisconnected(SessionTakenOver)", "state disconnecting"]);
    assert_eq!(bench.transport_closed(), ["state waiting until 1.000", "attempt 1 at 1.000"]);
}
