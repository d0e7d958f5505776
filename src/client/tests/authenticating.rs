//! Enhanced authentication with SCRAM-SHA-256 (5.0 §4.12), against the Server's half of the same exchange.

use super::*;
use crate::packet::{Auth, AuthProperties, Password};
use crate::session::scram::{ClientFirst, Nonce, SCRAM_SHA_256, ScramCredentials, ScramServer};

fn with_credentials(password: &'static str) -> ClientConfig {
    let credentials = Credentials::ScramSha256 { user: "mina".into(), password: Password(Bytes::from_static(password.as_bytes())) };
    ClientConfig { authentication: Some(credentials), ..resuming() }
}

fn auth(reason_code: ReasonCode, data: Option<Bytes>) -> Packet {
    let properties = AuthProperties {
        authentication_method: Some(SCRAM_SHA_256.into()),
        authentication_data: data.map(Password),
        ..AuthProperties::default()
    };
    Packet::Auth(Auth { reason_code, properties })
}

fn success(data: Option<Bytes>) -> Packet {
    let properties = ConnackProperties {
        authentication_method: Some(SCRAM_SHA_256.into()),
        authentication_data: data.map(Password),
        ..ConnackProperties::default()
    };
    Packet::Connack(Box::new(connack_with(properties)))
}

/// The Server's half, for a user whose password is `secret`.
fn challenge(client_first: &[u8]) -> ScramServer {
    let credentials = ScramCredentials::new("secret", b"salt of the user", 4_096).unwrap();
    ScramServer::new(ClientFirst::read(client_first).unwrap(), credentials, &Nonce::new(&[7; 18]))
}

fn give(bench: &mut Bench, packet: &Packet) {
    bench.client.handle_bytes(bench.now, packet.to_bytes(ProtocolVersion::V5).unwrap());
}

/// The Client's answer in AUTH.
fn answer(bench: &mut Bench) -> (ReasonCode, Bytes) {
    let [Packet::Auth(auth)] = &bench.packets()[..] else { panic!("one AUTH") };
    assert_eq!(auth.properties.authentication_method.as_deref(), Some(SCRAM_SHA_256), "[MQTT-4.12.0-5]");
    (auth.reason_code, auth.properties.authentication_data.clone().unwrap().0)
}

/// CONNECT is sent: the Client's first message.
fn started(config: ClientConfig) -> (Bench, Bytes) {
    let mut bench = Bench::new(config);
    bench.client.handle_connect(bench.now).unwrap();
    bench.client.handle_transport_opened(bench.now);
    let [Packet::Connect(connect)] = &bench.packets()[..] else { panic!() };
    assert_eq!(connect.properties.authentication_method.as_deref(), Some(SCRAM_SHA_256));
    assert_eq!((&connect.user_name, &connect.password), (&None, &None), "[MQTT-4.12.0-3] is about AUTH, not the password");
    let first = connect.properties.authentication_data.clone().unwrap().0;
    (bench, first)
}

/// The proof is sent: what the Server answers to it.
fn proved(config: ClientConfig) -> (Bench, Bytes) {
    let (mut bench, first) = started(config);
    let server = challenge(&first);
    give(&mut bench, &auth(ReasonCode::ContinueAuthentication, Some(server.server_first())));
    let (reason_code, proof) = answer(&mut bench);
    assert_eq!(reason_code, ReasonCode::ContinueAuthentication, "[MQTT-4.12.0-3]");
    let last = server.verify(&proof).unwrap();
    (bench, last)
}

fn authenticated() -> Bench {
    let (mut bench, last) = proved(with_credentials("secret"));
    bench.receive(success(Some(last)));
    bench
}

fn expect_misbehaved(bench: &mut Bench, packet: Packet, code: u8, clause: &str) {
    let lines = bench.receive(packet);
    assert_eq!(lines[..2], [format!("> DISCONNECT 0x{code:02X}"), "close".to_owned()], "{lines:?}");
    assert_eq!(lines[2], format!("disconnected: misbehaved 0x{code:02X} {clause}"));
}

#[test]
fn both_sides_prove_who_they_are_4_12_0_3_4_12_0_5() {
    let (mut bench, last) = proved(with_credentials("secret"));
    let lines = bench.receive(success(Some(last)));
    assert_eq!(lines, ["state connected", "connected, session present 0, keep alive 60", "authenticated SCRAM-SHA-256"]);
}

#[test]
fn only_auth_and_disconnect_go_out_before_connack_3_1_2_30() {
    let (mut bench, first) = started(ClientConfig { subscriptions: vec![subscription("a").into()], ..with_credentials("secret") });
    bench.publish(QoS::AtLeastOnce);
    let server = challenge(&first);
    give(&mut bench, &auth(ReasonCode::ContinueAuthentication, Some(server.server_first())));
    answer(&mut bench);
    assert!(matches!(bench.client.handle_subscribe(bench.now, vec![subscription("b")]), Err(ClientError::NotConnected)));
    bench.client.handle_disconnect(bench.now, ReasonCode::Success).unwrap();
    assert_eq!(bench.seen()[0], "> DISCONNECT 0x00");
}

#[test]
fn a_server_may_prove_itself_before_connack_too() {
    let (mut bench, last) = proved(with_credentials("secret"));
    assert_eq!(bench.receive(auth(ReasonCode::ContinueAuthentication, Some(last))), ["> AUTH"]);
    assert_eq!(bench.receive(success(None))[2], "authenticated SCRAM-SHA-256");
}

#[test]
fn a_server_that_does_not_know_the_user_is_left() {
    let (mut bench, last) = proved(with_credentials("secret"));
    let mut wrong = last.to_vec();
    wrong[3] ^= 1;
    expect_misbehaved(&mut bench.clone(), success(Some(Bytes::from(wrong))), 0x80, "5.0 §4.12");
    expect_misbehaved(&mut bench.clone(), success(None), 0x80, "5.0 §4.12");
    expect_misbehaved(&mut bench, success(Some(Bytes::from_static(b"e=other-error"))), 0x80, "5.0 §4.12");
    // Success without a challenge would prove nothing.
    let (mut bench, _) = started(with_credentials("secret"));
    expect_misbehaved(&mut bench, success(None), 0x80, "5.0 §4.12");
}

#[test]
fn a_broken_challenge_is_refused() {
    let (bench, first) = started(with_credentials("secret"));
    let mine = std::str::from_utf8(&first).unwrap().rsplit_once("r=").unwrap().1.to_owned();
    for challenge in [
        "nonsense".to_owned(),
        "r=another,s=c2FsdA==,i=4096".to_owned(),
        format!("r={mine}x,s=c2FsdA==,i=1"),
        format!("r={mine}x,s=c2FsdA==,i=99999999999"),
        format!("r={mine},s=c2FsdA==,i=4096"),
        format!("r={mine}x,s=???,i=4096"),
    ] {
        let packet = auth(ReasonCode::ContinueAuthentication, Some(Bytes::from(challenge)));
        expect_misbehaved(&mut bench.clone(), packet, 0x80, "5.0 §4.12");
    }
    expect_misbehaved(&mut bench.clone(), auth(ReasonCode::ContinueAuthentication, None), 0x80, "5.0 §4.12");
}

#[test]
fn another_method_is_refused_4_12_0_5() {
    let (bench, first) = started(with_credentials("secret"));
    let server = challenge(&first);
    let Packet::Auth(mut other) = auth(ReasonCode::ContinueAuthentication, Some(server.server_first())) else { panic!() };
    other.properties.authentication_method = Some("PLAIN".into());
    expect_misbehaved(&mut bench.clone(), Packet::Auth(other), 0x82, "MQTT-4.12.0-5");
    expect_misbehaved(&mut bench.clone(), Packet::Connack(Box::new(connack(false))), 0x82, "MQTT-4.12.0-5");
}

#[test]
fn auth_of_a_server_keeps_to_its_reason_codes_3_15_2_1() {
    let (bench, _) = started(with_credentials("secret"));
    for code in [ReasonCode::Success, ReasonCode::ReAuthenticate] {
        expect_misbehaved(&mut bench.clone(), auth(code, Some(Bytes::new())), 0x82, "MQTT-3.15.2-1");
    }
    expect_misbehaved(&mut authenticated(), auth(ReasonCode::ReAuthenticate, None), 0x82, "5.0 §4.12.1");
    expect_misbehaved(&mut authenticated(), auth(ReasonCode::ContinueAuthentication, Some(Bytes::new())), 0x82, "5.0 §4.12.1");
}

#[test]
fn a_refusal_ends_the_exchange() {
    let (mut bench, _) = proved(with_credentials("secret"));
    let refusal = Connack { reason_code: ReasonCode::NotAuthorized, ..connack(false) };
    assert_eq!(bench.receive(Packet::Connack(Box::new(refusal)))[1], "disconnected: Refused(NotAuthorized)");
}

#[test]
fn re_authentication_keeps_the_method_and_ends_with_success_4_12_1_1() {
    let mut bench = authenticated();
    bench.client.handle_reauthenticate(bench.now).unwrap();
    let (reason_code, first) = answer(&mut bench);
    assert_eq!(reason_code, ReasonCode::ReAuthenticate);
    assert_eq!(bench.client.handle_reauthenticate(bench.now), Err(ClientError::CannotReauthenticate), "one at a time");
    assert_eq!(bench.publish(QoS::AtLeastOnce), ["> PUBLISH 1", "sent 0"], "the connection goes on meanwhile");
    let server = challenge(&first);
    give(&mut bench, &auth(ReasonCode::ContinueAuthentication, Some(server.server_first())));
    let (_, proof) = answer(&mut bench);
    let last = server.verify(&proof).unwrap();
    assert_eq!(bench.receive(auth(ReasonCode::Success, Some(last))), ["authenticated SCRAM-SHA-256 again"]);
    assert!(bench.client.handle_reauthenticate(bench.now).is_ok(), "and again");
}

#[test]
fn a_failed_re_authentication_ends_the_connection_4_12_1_2() {
    let mut bench = authenticated();
    bench.client.handle_reauthenticate(bench.now).unwrap();
    let (_, first) = answer(&mut bench);
    expect_misbehaved(&mut bench.clone(), auth(ReasonCode::Success, None), 0x80, "5.0 §4.12");
    let server = challenge(&first);
    give(&mut bench, &auth(ReasonCode::ContinueAuthentication, Some(server.server_first())));
    answer(&mut bench);
    let forged = Bytes::from_static(b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    expect_misbehaved(&mut bench, auth(ReasonCode::Success, Some(forged)), 0x80, "5.0 §4.12");
}

#[test]
fn without_a_method_in_connect_the_client_sends_no_auth_4_12_0_7() {
    let mut bench = Bench::connected(config());
    assert_eq!(bench.client.handle_reauthenticate(bench.now), Err(ClientError::CannotReauthenticate));
    assert_eq!(Bench::new(config()).client.handle_reauthenticate(Instant::ZERO), Err(ClientError::NotConnected));
    assert_eq!(bench.seen(), Vec::<String>::new());
}

#[test]
fn credentials_need_5_0_and_a_user() {
    let mut bench = Bench::new(v311(with_credentials("secret")));
    assert!(matches!(bench.client.handle_connect(bench.now), Err(ClientError::Encode(_))));
    let nobody = Credentials::ScramSha256 { user: "".into(), password: Password(Bytes::new()) };
    let mut bench = Bench::new(ClientConfig { authentication: Some(nobody), ..config() });
    assert_eq!(bench.client.handle_connect(bench.now), Err(ClientError::BadCredentials));
}

#[test]
fn no_secret_shows() {
    let (bench, _) = proved(with_credentials("secret"));
    let shown = format!("{:?}", bench.client);
    assert!(!shown.contains("secret") && !shown.contains(&format!("{:?}", b"secret")[1..]), "{shown}");
    let elsewhere = ClientConfig {
        user_name: Some("mina".into()),
        password: Some(Password(Bytes::from_static(b"secret"))),
        ..with_credentials("secret")
    }
    .without_secrets();
    assert_eq!((elsewhere.user_name, elsewhere.password, elsewhere.authentication), (None, None, None));
}

#[test]
fn a_re_authentication_that_the_server_leaves_unanswered_ends_the_connection_4_12_1_2() {
    let mut bench = authenticated();
    bench.client.handle_reauthenticate(bench.now).unwrap();
    let (_, first) = answer(&mut bench);
    // The Server answers once, and then no more: the bound is for the exchange as a whole.
    assert_eq!(bench.until(20_000), Vec::<String>::new());
    let server = challenge(&first);
    give(&mut bench, &auth(ReasonCode::ContinueAuthentication, Some(server.server_first())));
    let (_, proof) = answer(&mut bench);
    let mut late = bench.clone();
    let lines = late.until(30_000);
    let expected = ["30.000 > DISCONNECT 0x80", "30.000 close", "30.000 disconnected: AuthenticationTimeout", "30.000 state disconnecting"];
    assert_eq!(lines, expected);
    assert_eq!(late.transport_closed(), ["state waiting until 31.000", "attempt 1 at 31.000"], "and then all begins anew");
    let last = server.verify(&proof).unwrap();
    bench.receive(auth(ReasonCode::Success, Some(last)));
    assert_eq!(bench.until(50_000), Vec::<String>::new(), "what is over has no deadline");
}
