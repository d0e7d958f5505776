//! The protocol as Mosquitto 2.0.11 speaks it. `mosquitto_2_0_11.jsonl` was recorded from that program: it started as [`DynamicSecurity::with_admin`] does, and got
//! the first part of each line as its only command; the second part is what it answered.

use serde_json::{Value, json};

use super::*;
use crate::packet::{ClientId, TopicName};

fn salts() -> impl FnMut() -> [u8; 12] {
    || [7; 12]
}

fn started() -> DynamicSecurity {
    DynamicSecurity::with_admin("admin", PasswordHash::new(b"secret", &[1; 12], 1))
}

fn ask(dynamic: &mut DynamicSecurity, command: Value) -> Value {
    let request = json!({ "commands": [command] }).to_string();
    let mut response = dynamic.handle_request(request.as_bytes(), &mut salts());
    response["responses"].as_array_mut().unwrap().remove(0)
}

fn did(dynamic: &mut DynamicSecurity, command: Value) {
    let response = ask(dynamic, command);
    assert!(response.get("error").is_none(), "{response}");
}

#[test]
fn every_recorded_command_is_answered_as_mosquitto_answers_it() {
    let mut dynamic = started();
    let lines: Vec<Value> = include_str!("mosquitto_2_0_11.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 200);
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(ask(&mut dynamic, line[0].clone()), line[1], "line {}: {}", number + 1, line[0]);
    }
}

#[test]
fn what_is_no_request_is_answered_too() {
    let mut dynamic = started();
    for (text, error) in [
        ("", "Payload not valid JSON"),
        ("nonsense", "Payload not valid JSON"),
        (r#"{"commands":[{"command":"listClients"}"#, "Payload not valid JSON"),
        (&"[".repeat(100_000), "Payload not valid JSON"),
        ("{}", "Invalid/missing commands"),
        ("[]", "Invalid/missing commands"),
        ("7", "Invalid/missing commands"),
        (r#"{"commands":7}"#, "Invalid/missing commands"),
    ] {
        let response = dynamic.handle_request(text.as_bytes(), &mut salts());
        assert_eq!(response, json!({ "responses": [{ "command": "Unknown command", "error": error }] }), "{:.40}", text);
    }
    assert_eq!(dynamic.handle_request(br#"{"commands":[]}"#, &mut salts()), json!({ "responses": [] }));
    assert_eq!(dynamic, started());
}

/// Whether `user` with the Client Identifier `c` may do this: `send`, `receive`, `subscribe` or `unsubscribe`.
fn may(dynamic: &DynamicSecurity, user: Option<&str>, what: &str, topic: &str) -> bool {
    let (client_id, user) = (ClientId::new("c"), user.map(ByteString::from));
    let who = Identity { user_name: user.as_ref(), client_id: &client_id };
    let (name, filter) = (TopicName::new(topic.to_owned()), TopicFilter::new(topic.to_owned()));
    let decision = match what {
        "send" => dynamic.decide(who, Wanted::Publish(&name.unwrap())),
        "receive" => dynamic.decide(who, Wanted::Receive(&name.unwrap())),
        "subscribe" => dynamic.decide(who, Wanted::Subscribe(&filter.unwrap())),
        "unsubscribe" => dynamic.decide(who, Wanted::Unsubscribe(&filter.unwrap())),
        other => panic!("{other}"),
    };
    decision.is_ok()
}

#[test]
fn the_administrator_may_administer_and_watch_but_not_publish() {
    let dynamic = started();
    let admin = Some("admin");
    assert!(may(&dynamic, admin, "send", "$CONTROL/dynamic-security/v1"));
    assert!(may(&dynamic, admin, "subscribe", "$CONTROL/dynamic-security/v1/response") && may(&dynamic, admin, "subscribe", "$SYS/#"));
    assert!(may(&dynamic, admin, "subscribe", "#") && may(&dynamic, admin, "receive", "home/a"));
    assert!(!may(&dynamic, admin, "send", "home/a") && !may(&dynamic, admin, "subscribe", "$CONTROL/#"));
}

#[test]
fn the_first_rule_of_the_highest_role_decides() {
    let mut dynamic = started();
    for (role, topic, priority, allow) in [
        ("low", "a/#", 0, true),
        ("high", "a/b/#", 1, false),
        ("high", "a/b/c", 2, true),
        ("house", "h/#", 0, true),
        ("house", "a/x", 9, false),
    ] {
        ask(&mut dynamic, json!({ "command": "createRole", "rolename": role }));
        did(
            &mut dynamic,
            json!({ "command": "addRoleACL", "rolename": role, "acltype": "publishClientSend", "topic": topic, "priority": priority, "allow": allow }),
        );
    }
    did(&mut dynamic, json!({ "command": "createGroup", "groupname": "g", "roles": [{ "rolename": "house" }] }));
    let roles = json!([{ "rolename": "low", "priority": 1 }, { "rolename": "high", "priority": 5 }]);
    did(
        &mut dynamic,
        json!({ "command": "createClient", "username": "u", "password": "p", "roles": roles, "groups": [{ "groupname": "g" }] }),
    );
    let may_send = |dynamic: &DynamicSecurity, topic| may(dynamic, Some("u"), "send", topic);
    assert_eq!(["a/b/c", "a/b/d", "a/q", "h/1", "other"].map(|topic| may_send(&dynamic, topic)), [true, false, true, true, false]);
    assert!(may_send(&dynamic, "a/x"), "its own roles come before those of its groups");
    did(&mut dynamic, json!({ "command": "removeClientRole", "username": "u", "rolename": "low" }));
    assert!(!may_send(&dynamic, "a/x") && !may_send(&dynamic, "a/q"));
    did(&mut dynamic, json!({ "command": "deleteRole", "rolename": "high" }));
    did(&mut dynamic, json!({ "command": "setDefaultACLAccess", "acls": [{ "acltype": "publishClientSend", "allow": true }] }));
    assert!(may_send(&dynamic, "a/b/d") && !may_send(&dynamic, "$CONTROL/dynamic-security/v1"), "$CONTROL is never allowed by default");
    assert!(!may(&dynamic, None, "receive", "$CONTROL/x") && may(&dynamic, None, "receive", "x"));
}

#[test]
fn subscribing_is_decided_by_literals_then_by_patterns_that_cover_the_filter() {
    let mut dynamic = started();
    let acls = json!([
        { "acltype": "subscribeLiteral", "topic": "#", "allow": false },
        { "acltype": "subscribePattern", "topic": "home/#", "allow": true },
        { "acltype": "subscribePattern", "topic": "room/+/t", "allow": true },
        { "acltype": "unsubscribeLiteral", "topic": "home/#", "allow": false },
    ]);
    did(&mut dynamic, json!({ "command": "createRole", "rolename": "r", "acls": acls }));
    did(&mut dynamic, json!({ "command": "createGroup", "groupname": "anyone", "roles": [{ "rolename": "r" }] }));
    assert!(!may(&dynamic, None, "subscribe", "home/a"));
    did(&mut dynamic, json!({ "command": "setAnonymousGroup", "groupname": "anyone" }));
    for (filter, allowed) in [
        ("home", true),
        ("home/#", true),
        ("home/+/x", true),
        ("$share/g/home/a", true),
        ("#", false),
        ("+/a", false),
        ("$SYS/#", false),
        ("room/+/t", true),
        ("room/1/t", true),
        ("room/#", false),
        ("room/1/#", false),
        ("room/1", false),
    ] {
        assert_eq!(may(&dynamic, None, "subscribe", filter), allowed, "{filter}");
    }
    assert!(!may(&dynamic, None, "unsubscribe", "home/#") && may(&dynamic, None, "unsubscribe", "home/a"));
}

#[test]
fn names_in_topics_stand_for_whole_levels_only() {
    let mut dynamic = started();
    let acls = json!([{ "acltype": "publishClientSend", "topic": "u/%u/c/%c", "allow": true }]);
    did(&mut dynamic, json!({ "command": "createRole", "rolename": "own", "acls": acls }));
    for name in ["kim", "+", "a/b", "#"] {
        did(&mut dynamic, json!({ "command": "createClient", "username": name, "password": "p", "roles": [{ "rolename": "own" }] }));
    }
    assert!(may(&dynamic, Some("kim"), "send", "u/kim/c/c") && !may(&dynamic, Some("kim"), "send", "u/lee/c/c"));
    assert!(!may(&dynamic, Some("kim"), "send", "u/%u/c/%c") && !may(&dynamic, Some("a/b"), "send", "u/a/b/c/c"));
}

#[test]
fn names_entries_and_texts_are_bounded() {
    let mut dynamic = started();
    for number in 0..MAX_NAMES {
        dynamic.groups.insert(number.to_string(), Group::default());
    }
    assert_eq!(ask(&mut dynamic, json!({ "command": "createGroup", "groupname": "more" }))["error"], "Too many entries");
    assert_eq!(
        ask(&mut dynamic, json!({ "command": "createRole", "rolename": "x".repeat(MAX_TEXT + 1) }))["error"],
        "Invalid/missing rolename"
    );
    did(&mut dynamic, json!({ "command": "createRole", "rolename": "r" }));
    for number in 0..MAX_ENTRIES {
        did(&mut dynamic, json!({ "command": "addRoleACL", "rolename": "r", "acltype": "publishClientSend", "topic": number.to_string() }));
    }
    let one_more = json!({ "command": "addRoleACL", "rolename": "r", "acltype": "publishClientSend", "topic": "more" });
    assert_eq!(ask(&mut dynamic, one_more)["error"], "Too many entries");
}

proptest::proptest! {
    #[test]
    fn no_request_panics_and_each_command_gets_one_response(
        commands in proptest::collection::vec((0..33_usize, proptest::collection::vec((0..12_usize, 0..6_usize), 0..6)), 1..20)
    ) {
        let names = ["createClient", "deleteClient", "enableClient", "disableClient", "getClient", "listClients", "modifyClient", "setClientId",
            "setClientPassword", "addClientRole", "removeClientRole", "createRole", "getRole", "listRoles", "modifyRole", "deleteRole", "addRoleACL",
            "removeRoleACL", "createGroup", "deleteGroup", "getGroup", "listGroups", "modifyGroup", "addGroupClient", "removeGroupClient", "addGroupRole",
            "removeGroupRole", "setAnonymousGroup", "getAnonymousGroup", "setDefaultACLAccess", "getDefaultACLAccess", "nonsense", ""];
        let members = ["username", "rolename", "groupname", "password", "clientid", "acls", "roles", "groups", "clients", "priority", "acltype", "topic"];
        let values = [json!("admin"), json!("a"), json!(-7), json!([{ "rolename": "admin", "username": "a", "groupname": "a", "acltype": "subscribeLiteral", "topic": "#" }]), json!(null), json!("subscribePattern")];
        let mut dynamic = started();
        let commands: Vec<Value> = commands.into_iter().map(|(name, chosen)| {
            let mut command = json!({ "command": names[name] });
            for (member, value) in chosen {
                command[members[member]] = values[value].clone();
            }
            command
        }).collect();
        let count = commands.len();
        let response = dynamic.handle_request(json!({ "commands": commands }).to_string().as_bytes(), &mut salts());
        proptest::prop_assert_eq!(response["responses"].as_array().unwrap().len(), count);
        // No role or group is left that a client or group names but that is gone.
        for client in dynamic.clients.values() {
            proptest::prop_assert!(client.roles.names().all(|name| dynamic.roles.contains_key(name)));
            proptest::prop_assert!(client.groups.names().all(|name| dynamic.groups.contains_key(name)));
        }
    }
}

fn administered() -> DynamicSecurity {
    let mut dynamic = started();
    for command in [
        json!({ "command": "createRole", "rolename": "reader", "textname": "Reads", "acls": [
            { "acltype": "subscribePattern", "topic": "home/#", "priority": 3, "allow": true },
            { "acltype": "publishClientReceive", "topic": "home/secret", "allow": false },
        ] }),
        json!({ "command": "createGroup", "groupname": "z", "roles": [{ "rolename": "reader", "priority": 2 }] }),
        json!({ "command": "createGroup", "groupname": "a", "textdescription": "all" }),
        json!({ "command": "createClient", "username": "kim", "password": "pw", "clientid": "c", "roles": [{ "rolename": "reader" }],
            "groups": [{ "groupname": "z", "priority": 4 }, { "groupname": "a", "priority": 4 }] }),
        json!({ "command": "createClient", "username": "without password" }),
        json!({ "command": "disableClient", "username": "without password" }),
        json!({ "command": "setAnonymousGroup", "groupname": "a" }),
        json!({ "command": "setDefaultACLAccess", "acls": [{ "acltype": "publishClientSend", "allow": true }, { "acltype": "unsubscribe", "allow": false }] }),
    ] {
        did(&mut dynamic, command);
    }
    dynamic
}

#[test]
fn the_file_brings_back_all_that_was_administered() {
    for dynamic in [started(), administered(), DynamicSecurity::default()] {
        let text = dynamic.to_file();
        assert_eq!(DynamicSecurity::from_file(&text), Ok(dynamic), "{text}");
    }
    let text = administered().to_file();
    assert!(!text.contains("pw\"") && !text.contains("secret\"\n    }"), "no password: {text}");
    let read = DynamicSecurity::from_file(&text).unwrap();
    assert!(read.check_password("kim", "c", Some(b"pw")) && !read.check_password("kim", "other", Some(b"pw")));
    let old_kind = DynamicSecurity::with_admin("admin", PasswordHash::from_text(&sha512()).unwrap());
    assert_eq!(DynamicSecurity::from_file(&old_kind.to_file()), Ok(old_kind));
}

fn sha512() -> String {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
    format!("$6${}${}", encode(&[1; 12]), encode(&[2; 64]))
}

/// What Mosquitto 2.0.11 wrote, begun by `mosquitto_ctrl dynsec init` for `admin` with the password `secret`, with a role, a group and two clients added.
const FILE_OF_MOSQUITTO: &str = include_str!("mosquitto_2_0_11.json");

#[test]
fn a_file_of_mosquitto_is_read() {
    let dynamic = DynamicSecurity::from_file(FILE_OF_MOSQUITTO).unwrap();
    assert!(dynamic.check_password("admin", "any", Some(b"secret")) && !dynamic.check_password("admin", "any", Some(b"other")));
    assert!(may(&dynamic, Some("admin"), "send", "$CONTROL/dynamic-security/v1") && !may(&dynamic, Some("admin"), "send", "a"));
    assert!(dynamic.check_password("kim", "any", Some(b"pw")) && may(&dynamic, Some("kim"), "send", "room/1"));
    assert!(!dynamic.check_password("lee", "onlyme", Some(b"pw")), "disabled");
    assert_eq!((dynamic.anonymous_group.as_deref(), dynamic.clients["kim"].groups.0[0].1), (Some("house"), 3));
    assert!(dynamic.clients["lee"].disabled && dynamic.clients["lee"].client_id.as_deref() == Some("onlyme"));
    let [of_mosquitto, ours] = [FILE_OF_MOSQUITTO, &dynamic.to_file()].map(|text| serde_json::from_str::<Value>(text).unwrap());
    assert_eq!(of_mosquitto["roles"], ours["roles"]);
    assert_eq!((&of_mosquitto["groups"], &of_mosquitto["defaultACLAccess"]), (&ours["groups"], &ours["defaultACLAccess"]));
    assert_eq!(of_mosquitto["clients"][0]["password"], ours["clients"][0]["password"]);
    // As `mosquitto_ctrl dynsec init` writes it.
    let named = DynamicSecurity::from_file(r#"{"clients":[{"username":"u","textName":"U"}]}"#).unwrap();
    assert_eq!(named.clients["u"].text_name.as_deref(), Some("U"));
}

#[test]
fn what_cannot_be_followed_is_named_and_nothing_is_passed_over() {
    let refused = |text: &str| {
        let message = DynamicSecurity::from_file(text).unwrap_err();
        crate::text::Language::English.render(&message)
    };
    assert!(refused("[]").contains("no JSON object") && refused("{").contains("no JSON object"));
    for (text, words) in [
        (r#"{"roles":7}"#, "“” of roles cannot be followed: Entry not an object"),
        (r#"{"roles":[7]}"#, "Entry not an object"),
        (r#"{"roles":[{"rolename":"r"},{"rolename":"r"}]}"#, "“r” of roles cannot be followed: Role already exists"),
        (r#"{"roles":[{"rolename":"r","allowwildcardsubs":false}]}"#, "'allowwildcardsubs' false is not supported"),
        (r#"{"clients":[{"username":"u","roles":[{"rolename":"x"}]}]}"#, "“u” of clients cannot be followed: Role not found"),
        (r#"{"clients":[{"username":"u","password":"AA=="}]}"#, "Invalid password, salt or iterations"),
        (r#"{"clients":[{"username":"u","password":"AA==","salt":"AA==","iterations":1}]}"#, "Invalid password, salt or iterations"),
        (r#"{"groups":[{"groupname":"g","clients":[{"username":"u"}]}]}"#, "“g” of groups cannot be followed: Client not found"),
        (r#"{"anonymousGroup":"g"}"#, "“g” of anonymousGroup cannot be followed: Group not found"),
    ] {
        let told = refused(text);
        assert!(told.contains(words), "{text}: {told}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_reading_the_file_panic(text in r#"(\{"(clients|roles|groups)":\[)?[-{}\[\]":,a-z0-9 ]{0,60}"#) {
        if let Ok(read) = DynamicSecurity::from_file(&text) {
            proptest::prop_assert_eq!(DynamicSecurity::from_file(&read.to_file()), Ok(read));
        }
    }
}
