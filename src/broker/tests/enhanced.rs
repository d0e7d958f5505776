//! Enhanced authentication with SCRAM-SHA-256 (5.0 §4.12).

use super::*;
use crate::packet::{Auth, AuthProperties, Password};
use crate::session::scram::{ITERATIONS_MIN, NONCE_BYTES, Nonce, SCRAM_SHA_256, ScramClient, ServerSignature};

fn bench(acl: Option<&str>) -> Bench {
    let users = ["alice", "bob"].map(|name| (name.into(), User::with_password(name, b"salt", ITERATIONS_MIN).unwrap()));
    let acl = acl.map(|text| Acl::parse("acl", text).unwrap());
    let access = AccessControl { allow_anonymous: false, users: Some(users.into()), acl, dynamic: None };
    Bench::with(BrokerConfig { access, ..BrokerConfig::default() })
}

fn method() -> Option<bytestring::ByteString> {
    Some(SCRAM_SHA_256.into())
}

fn first(user: &str) -> (ScramClient, Bytes) {
    ScramClient::start(user, &Nonce::new(&[3; NONCE_BYTES])).unwrap()
}

/// CONNECT with the first message of the exchange.
fn scram(mut connect: Connect, data: Bytes) -> Connect {
    connect.properties.authentication_method = method();
    connect.properties.authentication_data = Some(Password(data));
    connect
}

fn auth(reason_code: ReasonCode, data: Bytes) -> Packet {
    let properties = AuthProperties { authentication_method: method(), authentication_data: Some(Password(data)), ..Default::default() };
    Packet::Auth(Auth { reason_code, properties })
}

impl Bench {
    /// The AUTH that came alone: its code and data. Its method is checked.
    fn auth(&mut self, connection: ConnectionId) -> (ReasonCode, Bytes) {
        let Packet::Auth(auth) = self.one(connection) else { panic!("AUTH expected") };
        assert_eq!(auth.properties.authentication_method, method(), "the same method in every AUTH [MQTT-4.12.0-5]");
        assert_eq!(auth.properties.reason_string, None);
        (auth.reason_code, auth.properties.authentication_data.unwrap().0)
    }

    /// Takes the exchange as far as the proof, which is sent.
    fn prove(&mut self, client: ScramClient, password: &str, connection: ConnectionId) -> ServerSignature {
        let (reason_code, challenge) = self.auth(connection);
        assert_eq!(reason_code, ReasonCode::ContinueAuthentication);
        let (signature, proof) = client.respond(password, &challenge).unwrap();
        self.send(connection, auth(ReasonCode::ContinueAuthentication, proof));
        signature
    }

    fn log_in(&mut self, connect: Connect, user: &str) -> ConnectionId {
        let (client, data) = first(user);
        let connection = self.dial(scram(connect, data));
        let signature = self.prove(client, user, connection);
        let Packet::Connack(connack) = self.one(connection) else { panic!("CONNACK expected") };
        assert_eq!(connack.reason_code, ReasonCode::Success);
        signature.verify(&connack.properties.authentication_data.unwrap().0).unwrap();
        connection
    }

    fn connack_code(&mut self, connection: ConnectionId) -> ReasonCode {
        assert!(self.is_closed(connection), "a refused connection is closed");
        match self.one(connection) {
            Packet::Connack(connack) => connack.reason_code,
            other => panic!("CONNACK expected: {other:?}"),
        }
    }
}

#[test]
fn both_sides_prove_that_they_know_the_password_mqtt_4_12_0_2_and_mqtt_4_12_0_5() {
    let mut bench = bench(None);
    let (client, data) = first("alice");
    let connection = bench.dial(scram(connect(V5, "a"), data));
    let signature = bench.prove(client, "alice", connection);
    let Packet::Connack(connack) = bench.one(connection) else { panic!() };
    assert_eq!(connack.reason_code, ReasonCode::Success);
    assert_eq!(connack.properties.authentication_method, method());
    assert_eq!(signature.verify(&connack.properties.authentication_data.unwrap().0), Ok(()));
    assert!(bench.has(|event| matches!(event, BrokerEvent::ClientConnected { .. })));
    // The deadline of CONNECT is over.
    bench.pass(Duration::from_secs(3_600));
    assert!(!bench.is_closed(connection));
}

#[test]
fn a_wrong_proof_and_an_unknown_user_get_connack_0x87_mqtt_4_12_0_4() {
    for (user, password) in [("alice", "bob"), ("mallory", "mallory")] {
        let mut bench = bench(None);
        let (client, data) = first(user);
        let connection = bench.dial(scram(connect(V5, "a"), data));
        bench.prove(client, password, connection);
        assert_eq!(bench.connack_code(connection), ReasonCode::NotAuthorized);
        assert!(matches!(bench.last_end(), EndCause::Refused { reason_code: ReasonCode::NotAuthorized, .. }));
        assert_eq!(bench.broker.sessions().count(), 0);
    }
}

#[test]
fn an_unknown_user_gets_the_same_kind_of_challenge_each_time() {
    let mut bench = bench(None);
    let mut salts = Vec::new();
    for _ in 0..2 {
        let connection = bench.dial(scram(connect(V5, ""), first("mallory").1));
        let (_, challenge) = bench.auth(connection);
        let challenge = String::from_utf8(challenge.to_vec()).unwrap();
        assert!(challenge.ends_with("i=4096"), "{challenge}");
        salts.push(challenge.split(',').nth(1).unwrap().to_owned());
    }
    assert_eq!(salts[0], salts[1]);
}

#[test]
fn nonces_differ_and_depend_on_the_seed_alone() {
    let mut nonces = Vec::new();
    let mut bench = bench(None);
    for _ in 0..3 {
        let connection = bench.dial(scram(connect(V5, ""), first("alice").1));
        nonces.push(bench.auth(connection).1);
    }
    assert_ne!(nonces[0], nonces[1]);
    assert_ne!(nonces[1], nonces[2]);
    let mut again = super::enhanced::bench(None);
    let connection = again.dial(scram(connect(V5, ""), first("alice").1));
    assert_eq!(again.auth(connection).1, nonces[0]);
}

#[test]
fn another_method_gets_connack_0x8c_mqtt_4_12_0_1() {
    let mut with_users = bench(None);
    let mut other = scram(connect(V5, "a"), first("alice").1);
    other.properties.authentication_method = Some("SCRAM-SHA-1".into());
    let connection = with_users.dial(other);
    assert_eq!(with_users.connack_code(connection), ReasonCode::BadAuthenticationMethod);
    // Without users there is nobody to authenticate.
    let mut without = Bench::new();
    let connection = without.dial(scram(connect(V5, "a"), first("alice").1));
    assert_eq!(without.connack_code(connection), ReasonCode::BadAuthenticationMethod);
}

#[test]
fn a_first_message_that_is_none_gets_connack_0x87_mqtt_4_12_0_4() {
    for data in [&b""[..], b"n,,n=alice", b"p=tls-unique,,n=alice,r=x", b"n,a=bob,n=alice,r=x", b"\xff\xfe"] {
        let mut bench = bench(None);
        let connection = bench.dial(scram(connect(V5, "a"), Bytes::from_static(data)));
        assert_eq!(bench.connack_code(connection), ReasonCode::NotAuthorized, "{data:?}");
    }
    let mut bench = bench(None);
    let mut without_data = scram(connect(V5, "a"), Bytes::new());
    without_data.properties.authentication_data = None;
    let connection = bench.dial(without_data);
    assert_eq!(bench.connack_code(connection), ReasonCode::NotAuthorized);
}

#[test]
fn only_auth_and_disconnect_may_come_before_connack_mqtt_3_1_2_30_and_mqtt_3_14_0_1() {
    let others = [
        Packet::Pingreq,
        publish("t", "x", Q1, 1),
        subscribe(1, &[("t", options(Q0))], None),
        Packet::Connect(Box::new(connect(V5, "b"))),
        auth(ReasonCode::ReAuthenticate, Bytes::new()),
        Packet::Auth(Auth {
            reason_code: ReasonCode::ContinueAuthentication,
            properties: AuthProperties { authentication_method: Some("OTHER".into()), ..Default::default() },
        }),
    ];
    for packet in others {
        let mut bench = bench(None);
        let connection = bench.dial(scram(connect(V5, "a"), first("alice").1));
        bench.auth(connection);
        bench.send(connection, packet.clone());
        assert_eq!(bench.connack_code(connection), ReasonCode::ProtocolError, "{packet:?}");
        assert!(matches!(bench.last_end(), EndCause::ClientMisbehaved { reason_code: ReasonCode::ProtocolError, .. }));
    }
    let mut malformed = bench(None);
    let connection = malformed.dial(scram(connect(V5, "a"), first("alice").1));
    malformed.auth(connection);
    malformed.send_bytes(connection, &b"\xf1\x00"[..]);
    assert_eq!(malformed.connack_code(connection), ReasonCode::MalformedPacket);
    let mut leaving = bench(None);
    let connection = leaving.dial(scram(with_will(connect(V5, "a"), Q0, None), first("alice").1));
    leaving.auth(connection);
    leaving.send(connection, Packet::Disconnect(Disconnect::new(ReasonCode::DisconnectWithWillMessage)));
    assert!(leaving.is_closed(connection) && leaving.take(connection).is_empty());
    assert!(!leaving.has(|event| matches!(event, BrokerEvent::WillPublished { .. })), "it never was connected");
}

#[test]
fn the_deadline_of_connect_covers_the_whole_exchange() {
    let mut bench = bench(None);
    let connection = bench.dial(scram(connect(V5, "a"), first("alice").1));
    bench.auth(connection);
    bench.pass(Duration::from_millis(9_999));
    assert!(!bench.is_closed(connection));
    bench.pass(Duration::from_millis(1));
    assert!(bench.is_closed(connection));
    assert_eq!(bench.last_end(), &EndCause::ConnectTimeout);
    assert!(bench.take(connection).is_empty());
    assert!(bench.broker.poll_timeout().is_none());
}

#[test]
fn nobody_is_taken_over_before_it_is_known_who_comes() {
    let mut bench = bench(None);
    let connection = bench.log_in(connect(V5, "a"), "alice");
    let intruder = bench.dial(scram(connect(V5, "a"), first("bob").1));
    bench.auth(intruder);
    bench.send(intruder, auth(ReasonCode::ContinueAuthentication, Bytes::from_static(b"c=biws,r=x,p=AAAA")));
    assert_eq!(bench.connack_code(intruder), ReasonCode::NotAuthorized);
    assert!(!bench.is_closed(connection));
}

#[test]
fn rights_follow_who_authenticated_and_not_what_connect_says() {
    let mut bench = bench(Some("user alice\ntopic read #\nuser bob\ntopic write #\n"));
    let alice = bench.log_in(Connect { user_name: Some("bob".into()), ..connect(V5, "a") }, "alice");
    bench.subscribe(alice, "t", Q0);
    let bob = bench.log_in(connect(V5, "b"), "bob");
    bench.send(alice, publish("t", "no", Q0, 0));
    bench.send(bob, publish("t", "yes", Q0, 0));
    assert_eq!(bench.payloads(alice), ["t=yes"]);
}

#[test]
fn a_living_connection_can_authenticate_again_also_as_another() {
    let mut bench = bench(Some("user alice\ntopic read #\nuser bob\ntopic write #\n"));
    let connection = bench.log_in(connect(V5, "a"), "alice");
    bench.subscribe(connection, "t", Q0);
    for user in ["alice", "bob"] {
        let (client, data) = first(user);
        bench.send(connection, auth(ReasonCode::ReAuthenticate, data));
        let (reason_code, challenge) = bench.auth(connection);
        assert_eq!(reason_code, ReasonCode::ContinueAuthentication);
        // Meanwhile everything goes on.
        bench.send(connection, Packet::Pingreq);
        assert_eq!(bench.one(connection), Packet::Pingresp);
        let (signature, proof) = client.respond(user, &challenge).unwrap();
        bench.send(connection, auth(ReasonCode::ContinueAuthentication, proof));
        let (reason_code, data) = bench.auth(connection);
        assert_eq!(reason_code, ReasonCode::Success);
        signature.verify(&data).unwrap();
    }
    assert!(bench.session("a").unwrap().subscriptions.is_empty(), "bob may not read");
    bench.pass(Duration::from_secs(60));
    assert!(!bench.is_closed(connection));
}

#[test]
fn a_failed_re_authentication_ends_the_connection_with_0x87_mqtt_4_12_1_2() {
    let mut bench = bench(None);
    let connection = bench.log_in(with_will(connect(V5, "a"), Q0, None), "alice");
    let (client, data) = first("alice");
    bench.send(connection, auth(ReasonCode::ReAuthenticate, data));
    bench.prove(client, "wrong", connection);
    let Packet::Disconnect(disconnect) = bench.one(connection) else { panic!() };
    assert_eq!(disconnect.reason_code, ReasonCode::NotAuthorized);
    assert!(bench.is_closed(connection));
    assert!(matches!(bench.last_end(), EndCause::NotAuthorized { .. }));
    assert!(bench.has(|event| matches!(event, BrokerEvent::WillPublished { .. })));
}

#[test]
fn a_re_authentication_that_is_not_finished_ends_the_connection() {
    let mut bench = bench(None);
    let connection = bench.log_in(connect(V5, "a"), "alice");
    bench.send(connection, auth(ReasonCode::ReAuthenticate, first("alice").1));
    bench.auth(connection);
    bench.pass(Duration::from_secs(10));
    assert!(matches!(bench.one(connection), Packet::Disconnect(one) if one.reason_code == ReasonCode::NotAuthorized));
    assert!(bench.is_closed(connection));
}

#[test]
fn auth_out_of_turn_on_a_living_connection_is_a_protocol_error() {
    let out_of_turn = [
        auth(ReasonCode::ContinueAuthentication, Bytes::new()),
        auth(ReasonCode::Success, Bytes::new()),
        Packet::Auth(Auth {
            reason_code: ReasonCode::ReAuthenticate,
            properties: AuthProperties { authentication_method: Some("OTHER".into()), ..Default::default() },
        }),
    ];
    for packet in out_of_turn {
        let mut bench = bench(None);
        let connection = bench.log_in(connect(V5, "a"), "alice");
        bench.send(connection, packet);
        bench.assert_misbehaved(connection, ReasonCode::ProtocolError);
    }
    // A second beginning while the first is not over.
    let mut twice = bench(None);
    let connection = twice.log_in(connect(V5, "a"), "alice");
    twice.send(connection, auth(ReasonCode::ReAuthenticate, first("alice").1));
    twice.take(connection);
    twice.send(connection, auth(ReasonCode::ReAuthenticate, first("alice").1));
    twice.assert_misbehaved(connection, ReasonCode::ProtocolError);
}

#[test]
fn without_method_in_connect_there_is_no_auth_and_no_method_in_connack_mqtt_4_12_0_6() {
    let mut bench = bench(None);
    let connection = bench.dial(Connect { user_name: Some("alice".into()), password: Some(Password("alice".into())), ..connect(V5, "a") });
    let Packet::Connack(connack) = bench.one(connection) else { panic!() };
    assert_eq!(connack.reason_code, ReasonCode::Success);
    assert_eq!((connack.properties.authentication_method, connack.properties.authentication_data), (None, None));
    bench.send(connection, auth(ReasonCode::ReAuthenticate, first("alice").1));
    bench.assert_misbehaved(connection, ReasonCode::ProtocolError);
}

#[test]
fn a_user_removed_during_the_exchange_is_refused() {
    let mut bench = bench(None);
    let (client, data) = first("alice");
    let connection = bench.dial(scram(connect(V5, "a"), data));
    let access = AccessControl { allow_anonymous: false, users: Some(BTreeMap::new()), acl: None, dynamic: None };
    bench.broker.handle_access_changed(bench.now, access);
    bench.drain();
    bench.prove(client, "alice", connection);
    assert_eq!(bench.connack_code(connection), ReasonCode::NotAuthorized);
}

#[test]
fn auth_carries_no_reason_string_or_user_property_and_stays_within_maximum_packet_size_mqtt_3_15_2_2_and_mqtt_3_15_2_3() {
    let mut bench = bench(None);
    let mut small = scram(connect(V5, "a"), first("alice").1);
    small.properties.maximum_packet_size = Some(40);
    let connection = bench.dial(small);
    assert!(bench.is_closed(connection), "the challenge is larger than 40 bytes");
    let answer = bench.take(connection);
    assert!(matches!(answer.as_slice(), [Packet::Connack(one)] if one.reason_code == ReasonCode::PacketTooLarge), "{answer:?}");
    let Packet::Auth(challenge) = ({
        let connection = bench.dial(scram(connect(V5, "b"), first("alice").1));
        bench.one(connection)
    }) else {
        panic!()
    };
    assert_eq!((challenge.properties.reason_string, challenge.properties.user_properties), (None, UserProperties::default()));
}

#[test]
fn nothing_of_the_exchange_is_in_what_the_broker_shows() {
    let mut bench = bench(None);
    let connection = bench.log_in(connect(V5, "a"), "alice");
    bench.send(connection, auth(ReasonCode::ReAuthenticate, first("alice").1));
    let shown = format!("{:?}", bench.broker.config());
    assert!(!shown.contains("stored_key") && !shown.contains("hash"), "{shown}");
}

#[test]
fn with_dynamic_security_the_users_of_the_password_file_cannot_authenticate() {
    let mut bench = bench(None);
    let (client, data) = first("alice");
    let begun = bench.dial(scram(connect(V5, "a"), data));
    let mut access = bench.broker.config().access.clone();
    access.dynamic = Some(DynamicSecurity::default());
    bench.broker.handle_access_changed(bench.now, access);
    bench.drain();
    bench.prove(client, "alice", begun);
    assert_eq!(bench.connack_code(begun), ReasonCode::NotAuthorized);
    let connection = bench.dial(scram(connect(V5, "b"), first("alice").1));
    assert_eq!(bench.connack_code(connection), ReasonCode::BadAuthenticationMethod);
}
