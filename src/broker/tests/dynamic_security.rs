//! Dynamic security from outside: requests are messages, and what they change is in force at once.

use serde_json::{Value, json};

use super::*;
use crate::packet::Password;

const CONTROL: &str = "$CONTROL/dynamic-security/v1";
const RESPONSE: &str = "$CONTROL/dynamic-security/v1/response";

fn bench(allow_anonymous: bool) -> Bench {
    let dynamic = DynamicSecurity::with_admin("admin", PasswordHash::new(b"secret", &[1; 12], 1));
    let access = AccessControl { allow_anonymous, dynamic: Some(dynamic), ..AccessControl::default() };
    Bench::with(BrokerConfig { access, ..BrokerConfig::default() })
}

fn login(mut connect: Connect, user: &str, password: &str) -> Connect {
    connect.user_name = Some(user.to_owned().into());
    connect.password = Some(Password(password.as_bytes().to_vec().into()));
    connect
}

/// The administrator, subscribed to responses.
fn admin(bench: &mut Bench) -> ConnectionId {
    let admin = bench.join(login(connect(V5, "admin-tool"), "admin", "secret"));
    bench.subscribe(admin, RESPONSE, Q1);
    admin
}

/// Sends commands; gives their responses.
fn ask(bench: &mut Bench, admin: ConnectionId, commands: Value) -> Vec<Value> {
    bench.send(admin, publish(CONTROL, &json!({ "commands": commands }).to_string(), Q1, 1));
    let packets = bench.take(admin);
    assert!(packets.iter().any(|packet| matches!(packet, Packet::Puback(ack) if ack.reason_code == ReasonCode::Success)));
    let responses: Vec<_> = packets
        .into_iter()
        .filter_map(|packet| match packet {
            Packet::Publish(publish) if publish.topic.as_str() == RESPONSE => Some(publish),
            _ => None,
        })
        .collect();
    assert_eq!(responses.len(), 1);
    bench.send(admin, Packet::Puback(Acknowledgement::new(responses[0].packet_id.unwrap(), ReasonCode::Success)));
    let response: Value = serde_json::from_slice(&responses[0].payload).unwrap();
    response["responses"].as_array().unwrap().clone()
}

fn do_all(bench: &mut Bench, admin: ConnectionId, commands: Value) {
    for response in ask(bench, admin, commands) {
        assert!(response.get("error").is_none(), "{response}");
    }
}

/// A user who may send to and read `home/#`.
fn with_sensor(allow_anonymous: bool) -> (Bench, ConnectionId) {
    let mut bench = bench(allow_anonymous);
    let admin = admin(&mut bench);
    let rules = ["publishClientSend", "publishClientReceive", "subscribePattern"];
    let acls = rules.map(|acltype| json!({ "acltype": acltype, "topic": "home/#", "allow": true }));
    do_all(
        &mut bench,
        admin,
        json!([
            { "command": "createRole", "rolename": "home", "acls": acls },
            { "command": "createClient", "username": "sensor", "password": "pw", "roles": [{ "rolename": "home" }], "correlationData": "x" },
        ]),
    );
    (bench, admin)
}

#[test]
fn a_client_that_was_created_can_log_in_at_once() {
    let (mut bench, _) = with_sensor(false);
    let sensor = bench.join(login(connect(V5, "s"), "sensor", "pw"));
    bench.subscribe(sensor, "home/a", Q1);
    bench.send(sensor, publish("home/a", "1", Q0, 0));
    assert_eq!(bench.payloads(sensor), ["home/a=1"]);
    for (user, password) in [("sensor", "wrong"), ("nobody", "pw"), ("sensor", "")] {
        let refused = bench.refused(login(connect(V5, "s2"), user, password)).1.unwrap();
        assert_eq!(refused.reason_code, ReasonCode::BadUserNameOrPassword);
    }
    assert_eq!(bench.refused(connect(V5, "anonymous")).1.unwrap().reason_code, ReasonCode::NotAuthorized);
}

#[test]
fn what_no_role_allows_is_refused_in_both_versions() {
    let (mut bench, _) = with_sensor(false);
    let five = bench.join(login(connect(V5, "five"), "sensor", "pw"));
    bench.send(five, subscribe(1, &[("home/x", options(Q0)), ("other", options(Q0)), ("#", options(Q0))], None));
    let Packet::Suback(suback) = bench.one(five) else { panic!() };
    assert_eq!(suback.reason_codes, [ReasonCode::Success, ReasonCode::NotAuthorized, ReasonCode::NotAuthorized]);
    bench.send(five, publish("other", "x", Q1, 1));
    assert!(matches!(bench.one(five), Packet::Puback(ack) if ack.reason_code == ReasonCode::NotAuthorized));
    let three = bench.join(login(connect(V311, "three"), "sensor", "pw"));
    bench.send(three, publish("other", "x", Q1, 1));
    assert_eq!(bench.one(three), Packet::Puback(ack(1)));
    assert!(!bench.has(|event| matches!(event, BrokerEvent::MessageAccepted { topic, .. } if topic.as_str() == "other")));
}

#[test]
fn only_who_is_allowed_to_administers() {
    let (mut bench, admin) = with_sensor(true);
    let request = json!({ "commands": [{ "command": "deleteClient", "username": "admin" }] }).to_string();
    let sensor = bench.join(login(connect(V5, "s"), "sensor", "pw"));
    bench.send(sensor, publish(CONTROL, &request, Q1, 1));
    assert!(matches!(bench.one(sensor), Packet::Puback(ack) if ack.reason_code == ReasonCode::NotAuthorized));
    let anonymous = bench.join(connect(V5, "anonymous"));
    bench.send(anonymous, publish(CONTROL, &request, Q1, 1));
    assert!(matches!(bench.one(anonymous), Packet::Puback(ack) if ack.reason_code == ReasonCode::NotAuthorized));
    bench.send(anonymous, subscribe(2, &[(RESPONSE, options(Q0))], None));
    assert!(matches!(bench.one(anonymous), Packet::Suback(suback) if suback.reason_codes == [ReasonCode::NotAuthorized]));
    assert!(bench.take(admin).is_empty() && !bench.is_closed(admin));
}

#[test]
fn a_request_is_not_delivered_even_to_who_subscribed_to_it() {
    let mut bench = bench(false);
    let admin = admin(&mut bench);
    bench.subscribe(admin, CONTROL, Q1);
    bench.send(admin, retained(CONTROL, r#"{"commands":[{"command":"listClients"}]}"#, Q2, 9));
    let packets = bench.take(admin);
    assert!(packets.iter().all(|packet| !matches!(packet, Packet::Publish(publish) if publish.topic.as_str() == CONTROL)));
    assert!(packets.iter().any(|packet| matches!(packet, Packet::Pubrec(ack) if ack.reason_code == ReasonCode::Success)));
    assert_eq!(bench.broker.retained_count(), 0);
}

#[test]
fn a_disabled_client_is_disconnected_and_stays_out_until_it_is_enabled() {
    let (mut bench, admin) = with_sensor(false);
    let sensor = bench.join(login(connect(V5, "s"), "sensor", "pw"));
    do_all(&mut bench, admin, json!([{ "command": "disableClient", "username": "sensor" }]));
    assert!(bench.is_closed(sensor));
    assert!(matches!(bench.take(sensor).last(), Some(Packet::Disconnect(one)) if one.reason_code == ReasonCode::NotAuthorized));
    assert_eq!(bench.refused(login(connect(V5, "s"), "sensor", "pw")).1.unwrap().reason_code, ReasonCode::BadUserNameOrPassword);
    do_all(&mut bench, admin, json!([{ "command": "enableClient", "username": "sensor" }]));
    bench.join(login(connect(V5, "s"), "sensor", "pw"));
}

#[test]
fn a_deleted_client_one_with_a_new_password_and_one_with_another_client_id_are_disconnected() {
    for command in [
        json!({ "command": "deleteClient", "username": "sensor" }),
        json!({ "command": "setClientPassword", "username": "sensor", "password": "new" }),
        json!({ "command": "setClientId", "username": "sensor", "clientid": "other" }),
    ] {
        let (mut bench, admin) = with_sensor(false);
        let sensor = bench.join(login(connect(V311, "s"), "sensor", "pw"));
        do_all(&mut bench, admin, json!([command]));
        assert!(bench.is_closed(sensor), "{command}");
        assert!(!bench.is_closed(admin));
    }
    let (mut bench, admin) = with_sensor(false);
    let sensor = bench.join(login(connect(V311, "s"), "sensor", "pw"));
    do_all(&mut bench, admin, json!([{ "command": "setClientId", "username": "sensor", "clientid": "s" }]));
    assert!(!bench.is_closed(sensor));
    bench.refused(login(connect(V5, "t"), "sensor", "pw"));
}

#[test]
fn a_revoked_right_acts_at_once() {
    let (mut bench, admin) = with_sensor(false);
    let sensor = bench.join(login(connect(V5, "s"), "sensor", "pw"));
    bench.subscribe(sensor, "home/a", Q1);
    do_all(&mut bench, admin, json!([{ "command": "removeClientRole", "username": "sensor", "rolename": "home" }]));
    assert!(!bench.is_closed(sensor));
    assert!(bench.session("s").unwrap().subscriptions.is_empty());
    bench.send(sensor, publish("home/a", "x", Q1, 1));
    assert!(matches!(bench.take(sensor).last(), Some(Packet::Puback(ack)) if ack.reason_code == ReasonCode::NotAuthorized));
    do_all(&mut bench, admin, json!([{ "command": "addClientRole", "username": "sensor", "rolename": "home" }]));
    bench.subscribe(sensor, "home/a", Q1);
}

#[test]
fn unsubscribing_can_be_forbidden() {
    let (mut bench, admin) = with_sensor(false);
    let rule = json!({ "command": "addRoleACL", "rolename": "home", "acltype": "unsubscribeLiteral", "topic": "home/a", "allow": false });
    do_all(&mut bench, admin, json!([rule]));
    let sensor = bench.join(login(connect(V5, "s"), "sensor", "pw"));
    bench.subscribe(sensor, "home/a", Q0);
    bench.send(sensor, unsubscribe(1, &["home/a"]));
    assert!(matches!(bench.one(sensor), Packet::Unsuback(unsuback) if unsuback.reason_codes == [ReasonCode::NotAuthorized]));
    assert_eq!(bench.session("s").unwrap().subscriptions.len(), 1);
}

#[test]
fn who_takes_its_own_rights_away_still_gets_the_response() {
    let mut bench = bench(false);
    let admin = admin(&mut bench);
    bench.send(
        admin,
        publish(
            CONTROL,
            r#"{"commands":[{"command":"deleteRole","rolename":"admin"},{"command":"disableClient","username":"admin"}]}"#,
            Q1,
            1,
        ),
    );
    let packets = bench.take(admin);
    assert!(packets.iter().any(|packet| matches!(packet, Packet::Publish(publish) if publish.topic.as_str() == RESPONSE)));
    assert!(matches!(packets.last(), Some(Packet::Disconnect(_))));
}

#[test]
fn a_crash_leaves_clients_groups_and_roles_with_and_without_persistence() {
    for persistence in [true, false] {
        let dynamic = DynamicSecurity::with_admin("admin", PasswordHash::new(b"secret", &[1; 12], 1));
        let access = AccessControl { allow_anonymous: false, dynamic: Some(dynamic), ..AccessControl::default() };
        let mut bench = Bench::with(BrokerConfig { access, persistence, ..BrokerConfig::default() });
        let admin = admin(&mut bench);
        do_all(&mut bench, admin, json!([{ "command": "createClient", "username": "sensor", "password": "pw" }]));
        bench.broker.handle_crash(bench.now);
        bench.broker.handle_restart(bench.now);
        bench.drain();
        assert!(bench.is_closed(admin));
        bench.join(login(connect(V5, "s"), "sensor", "pw"));
        assert!(bench.session("admin-tool").is_none(), "its session was to end with its connection");
    }
}

#[test]
fn without_dynamic_security_the_control_topic_is_a_topic_like_others() {
    let mut bench = Bench::new();
    let client = bench.join(connect(V5, "c"));
    bench.subscribe(client, CONTROL, Q0);
    bench.send(client, publish(CONTROL, "{}", Q0, 0));
    assert_eq!(bench.payloads(client), [format!("{CONTROL}={{}}")]);
}
