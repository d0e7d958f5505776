//! What CONNACK and DISCONNECT of 5.0 tell beyond their Reason Code.

use super::*;

fn redirect(permanent: bool, only_when_full: bool) -> Option<Redirect> {
    Some(Redirect { server: "other.example:1883".into(), permanent, only_when_full })
}

#[test]
fn response_information_comes_only_when_asked_for_mqtt_3_1_2_28() {
    let asks = |client_id: &str, asks: Option<bool>| {
        let mut connect = connect(V5, client_id);
        connect.properties.request_response_information = asks;
        connect
    };
    let config = BrokerConfig { response_information: Some("replies/".into()), ..BrokerConfig::default() };
    let mut bench = Bench::with(config);
    let mut told = |connect| {
        let connection = bench.dial(connect);
        let Packet::Connack(connack) = bench.one(connection) else { panic!() };
        connack.properties.response_information.map(|text| text.to_string())
    };
    assert_eq!(told(asks("a", Some(true))).as_deref(), Some("replies/a"));
    assert_eq!(told(asks("a", Some(false))), None);
    assert_eq!(told(asks("a", None)), None);
    assert_eq!(told(asks("#", Some(true))), None, "a Client Identifier is no pattern");
    assert_eq!(told(asks("", Some(true))).as_deref(), Some("replies/auto-1"), "the assigned identifier counts as the Client's own");
    let mut without = Bench::new();
    let connection = without.dial(asks("a", Some(true)));
    assert!(matches!(without.one(connection), Packet::Connack(connack) if connack.properties.response_information.is_none()));
}

#[test]
fn clients_are_sent_to_another_server_with_its_reference() {
    for (permanent, expected) in [(false, ReasonCode::UseAnotherServer), (true, ReasonCode::ServerMoved)] {
        let mut bench = Bench::with(BrokerConfig { redirect: redirect(permanent, false), ..BrokerConfig::default() });
        let (_, connack) = bench.refused(connect(V5, "a"));
        let connack = connack.unwrap();
        assert_eq!(connack.reason_code, expected);
        assert_eq!(connack.properties.server_reference.as_deref(), Some("other.example:1883"));
        let (_, connack) = bench.refused(connect(V311, "a"));
        assert_eq!(connack.unwrap().reason_code, ReasonCode::ServerUnavailable, "3.1.1 has no better code");
    }
}

#[test]
fn a_full_broker_sends_the_next_to_another_server() {
    let mut bench = Bench::with(BrokerConfig { redirect: redirect(true, true), max_sessions: 1, ..BrokerConfig::default() });
    bench.join(connect(V5, "a"));
    assert_eq!(bench.refused(connect(V5, "b")).1.unwrap().reason_code, ReasonCode::UseAnotherServer);
    let mut bench = Bench::with(BrokerConfig { redirect: redirect(true, true), max_connections: 1, ..BrokerConfig::default() });
    bench.join(connect(V5, "a"));
    let waiting = bench.open(V5);
    let third = bench.open(V5);
    assert!(!bench.is_closed(waiting) && bench.is_closed(third), "as many again are heard, and no more");
    bench.send(waiting, Packet::Connect(Box::new(connect(V5, "b"))));
    assert!(bench.is_closed(waiting));
    assert!(matches!(bench.one(waiting), Packet::Connack(one) if one.reason_code == ReasonCode::UseAnotherServer));
}

#[test]
fn a_server_that_moves_tells_those_who_are_connected_mqtt_3_14_2_2() {
    let mut bench = Bench::new();
    let (five, three) = (bench.join(lasting(V5, "five", 9)), bench.join(connect(V311, "three")));
    bench.broker.handle_redirect(bench.now, redirect(true, false));
    bench.drain();
    let Packet::Disconnect(disconnect) = bench.one(five) else { panic!() };
    assert_eq!(disconnect.reason_code, ReasonCode::ServerMoved);
    assert_eq!(disconnect.properties.server_reference.as_deref(), Some("other.example:1883"));
    assert_eq!(disconnect.properties.session_expiry_interval, None, "a Server sends none");
    assert!(bench.is_closed(five) && bench.is_closed(three) && bench.take(three).is_empty());
    assert_eq!(bench.last_end(), &EndCause::Redirected);
    bench.broker.handle_redirect(bench.now, None);
    bench.join(connect(V5, "five"));
}

#[test]
fn a_refusal_says_why_as_far_as_the_client_takes_it_mqtt_3_2_2_19_and_mqtt_3_2_2_20() {
    let refused = |maximum: Option<u32>| {
        let access = AccessControl { allow_anonymous: false, ..AccessControl::default() };
        let mut bench = Bench::with(BrokerConfig { access, ..BrokerConfig::default() });
        let mut connect = connect(V5, "a");
        connect.properties.maximum_packet_size = maximum;
        connect.properties.request_problem_information = Some(false);
        bench.refused(connect).1
    };
    let whole = refused(None).unwrap();
    assert_eq!(whole.properties.reason_string.as_deref(), Some("This broker accepts no Client without a User Name."));
    let size = Packet::Connack(Box::new(whole)).to_bytes(V5).unwrap().len() as u32;
    assert!(refused(Some(size)).unwrap().properties.reason_string.is_some());
    let short = refused(Some(size - 1)).unwrap();
    assert_eq!((short.reason_code, short.properties), (ReasonCode::NotAuthorized, Default::default()));
    assert!(refused(Some(5)).is_some());
    assert_eq!(refused(Some(4)), None, "closed without CONNACK");
}

#[test]
fn a_disconnect_says_why_as_far_as_the_client_takes_it_mqtt_3_14_2_3_and_mqtt_3_14_2_4() {
    let ended = |maximum: Option<u32>| {
        let mut bench = Bench::new();
        let mut small = connect(V5, "a");
        small.properties.maximum_packet_size = maximum;
        let connection = bench.join(small);
        bench.send(connection, Packet::Connect(Box::new(connect(V5, "a"))));
        assert!(bench.is_closed(connection));
        let Packet::Disconnect(disconnect) = bench.one(connection) else { panic!() };
        assert_eq!(disconnect.properties.user_properties, UserProperties::default());
        disconnect
    };
    let whole = ended(None);
    assert!(whole.properties.reason_string.is_some());
    let size = Packet::Disconnect(whole).to_bytes(V5).unwrap().len() as u32;
    assert!(ended(Some(size)).properties.reason_string.is_some());
    assert_eq!(ended(Some(size - 1)), Disconnect::new(ReasonCode::ProtocolError));
}

#[test]
fn every_refusal_is_followed_by_the_close_and_leaves_nothing_behind_mqtt_3_2_2_7() {
    let config = || BrokerConfig {
        maximum_qos: Q0,
        retain_available: false,
        max_client_id_bytes: 3,
        allow_empty_client_id: false,
        ..BrokerConfig::default()
    };
    let mut retained_will = with_will(connect(V5, "a"), Q0, None);
    retained_will.will.as_mut().unwrap().retain = true;
    let mut small = connect(V5, "a");
    small.properties.maximum_packet_size = Some(6);
    let cases = [
        (connect(V5, "abcd"), ReasonCode::ClientIdentifierNotValid),
        (connect(V311, "abcd"), ReasonCode::ClientIdentifierNotValid),
        (connect(V5, ""), ReasonCode::ClientIdentifierNotValid),
        (with_will(connect(V5, "a"), Q1, None), ReasonCode::QoSNotSupported),
        (retained_will, ReasonCode::RetainNotSupported),
        (small, ReasonCode::PacketTooLarge),
    ];
    for (connect, expected) in cases {
        let mut bench = Bench::with(config());
        let (connection, connack) = bench.refused(connect);
        let connack = connack.expect("CONNACK");
        assert_eq!((connack.reason_code, connack.session_present), (expected, false));
        let EndCause::Refused { reason_code, message } = bench.last_end() else { panic!() };
        assert_eq!(*reason_code, expected);
        assert!(!crate::text::Language::English.render(message).is_empty());
        // What still comes is not answered.
        bench.send(connection, Packet::Pingreq);
        assert!(bench.take(connection).is_empty());
        assert_eq!(bench.broker.sessions().count(), 0);
        assert!(bench.broker.poll_timeout().is_none());
        bench.join(super::connect(V5, "abc"));
    }
}

#[test]
fn client_identifiers_of_1_to_23_letters_and_digits_are_accepted_mqtt_3_1_3_5() {
    let mut bench = Bench::new();
    for client_id in ["0", "abcdefghijklmnopqrstuvw", "ABCDEFGHIJKLMNOPQRSTUVW", "XYZxyz0123456789", "유니코드/+#"] {
        for version in BOTH {
            bench.join(connect(version, client_id));
        }
    }
    bench.join(connect(V5, &"x".repeat(65_535)));
}

#[test]
fn a_client_identifier_too_long_for_response_information_is_connected_without_it() {
    let mut bench = Bench::with(BrokerConfig { response_information: Some("response/".into()), ..BrokerConfig::default() });
    let mut connect = connect(V5, &"c".repeat(65_530));
    connect.properties.request_response_information = Some(true);
    let connection = bench.dial(connect);
    let Packet::Connack(connack) = bench.one(connection) else { panic!("CONNACK expected") };
    assert_eq!((connack.reason_code, connack.properties.response_information), (ReasonCode::Success, None));
}
