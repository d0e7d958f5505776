//! Users, passwords and access control lists at work.

use proptest::prelude::*;

use super::*;
use crate::packet::Password;
use crate::session::scram::ITERATIONS_MIN;

fn users(names: &[&str]) -> Option<BTreeMap<bytestring::ByteString, User>> {
    // The password is the name.
    Some(names.iter().map(|name| ((*name).into(), User::with_password(name, b"salt", ITERATIONS_MIN).unwrap())).collect())
}

fn access(allow_anonymous: bool, names: &[&str], acl: Option<&str>) -> AccessControl {
    AccessControl { allow_anonymous, users: users(names), acl: acl.map(|text| Acl::parse("acl", text).unwrap()), dynamic: None }
}

fn guarded(access: AccessControl) -> Bench {
    Bench::with(BrokerConfig { access, ..BrokerConfig::default() })
}

fn login(mut connect: Connect, user: &str, password: Option<&str>) -> Connect {
    connect.user_name = Some(user.to_owned().into());
    connect.password = password.map(|password| Password(password.to_owned().into()));
    connect
}

/// A user whose password is its name.
fn user(version: ProtocolVersion, client_id: &str, name: &str) -> Connect {
    login(connect(version, client_id), name, Some(name))
}

impl Bench {
    /// The refusals that were named since the last call: what, where, and the line that decided (0 for no rule).
    fn denied(&mut self) -> Vec<(DeniedAccess, String, u32)> {
        let events = std::mem::take(&mut self.events);
        let denied = events.iter().filter_map(|event| match event {
            BrokerEvent::AccessDenied { access, topic, decided_by, .. } => {
                let line = match &**decided_by {
                    DecidedBy::Rule { line, .. } => *line,
                    DecidedBy::NoRule => 0,
                    DecidedBy::UnknownUser => u32::MAX,
                };
                Some((*access, topic.to_string(), line))
            }
            _ => None,
        });
        denied.collect()
    }

    fn suback(&mut self, connection: ConnectionId, filter: &str, qos: QoS) -> ReasonCode {
        self.send(connection, subscribe(7, &[(filter, options(qos))], None));
        match self.take(connection).remove(0) {
            Packet::Suback(suback) => suback.reason_codes[0],
            other => panic!("SUBACK expected: {other:?}"),
        }
    }

    fn change(&mut self, access: AccessControl) {
        self.broker.handle_access_changed(self.now, access);
        self.drain();
    }
}

#[test]
fn user_name_and_password_are_checked_mqtt_3_1_4_2() {
    for version in BOTH {
        let mut bench = guarded(access(false, &["alice", "bob"], None));
        bench.join(user(version, "a", "alice"));
        let wrong = [login(connect(version, "b"), "alice", Some("bob")), login(connect(version, "b"), "mallory", Some("mallory"))];
        for connect in wrong.into_iter().chain([login(connect(version, "b"), "alice", None), login(connect(version, "b"), "", Some(""))]) {
            let (_, connack) = bench.refused(connect);
            let connack = connack.unwrap();
            assert_eq!(connack.reason_code, ReasonCode::BadUserNameOrPassword);
            assert!(matches!(bench.last_end(), EndCause::Refused { reason_code: ReasonCode::BadUserNameOrPassword, .. }));
            let reason = connack.properties.reason_string.map(|text| text.to_string());
            let expected = (version == V5).then(|| "There is no such user, or the password is wrong.".to_owned());
            assert_eq!(reason, expected, "an unknown user and a wrong password are told alike");
        }
        let (_, connack) = bench.refused(connect(version, "c"));
        assert_eq!(connack.unwrap().reason_code, ReasonCode::NotAuthorized);
        assert_eq!(bench.broker.sessions().count(), 1, "who is refused leaves no session");
    }
}

#[test]
fn anonymous_clients_may_stand_beside_users() {
    let mut bench = guarded(access(true, &["alice"], None));
    bench.join(connect(V5, "a"));
    bench.join(connect(V311, "b"));
    bench.join(user(V5, "c", "alice"));
    let (_, connack) = bench.refused(user(V5, "d", "mallory"));
    assert_eq!(connack.unwrap().reason_code, ReasonCode::BadUserNameOrPassword);
    // 5.0 permits a Password without User Name: it is anonymous.
    bench.join(Connect { password: Some(Password("token".into())), ..connect(V5, "e") });
}

#[test]
fn an_empty_password_file_lets_nobody_in() {
    let mut bench = guarded(access(false, &[], None));
    assert_eq!(bench.refused(user(V5, "a", "alice")).1.unwrap().reason_code, ReasonCode::BadUserNameOrPassword);
    assert_eq!(bench.refused(connect(V5, "a")).1.unwrap().reason_code, ReasonCode::NotAuthorized);
}

#[test]
fn a_user_with_scram_credentials_alone_can_use_its_password_too() {
    let mut access = access(false, &["alice"], None);
    access.users.as_mut().unwrap().get_mut("alice").unwrap().password = None;
    let mut bench = guarded(access);
    bench.join(user(V5, "a", "alice"));
    assert!(bench.refused(login(connect(V5, "b"), "alice", Some("wrong"))).1.is_some());
}

#[test]
fn no_password_is_in_what_the_broker_shows() {
    let mut bench = guarded(access(false, &["alice"], None));
    bench.refused(login(connect(V5, "a"), "alice", Some("open sesame")));
    bench.join(user(V5, "a", "alice"));
    let events: Vec<_> = bench.events.iter().filter(|event| !matches!(event, BrokerEvent::PacketReceived { .. })).collect();
    let shown = format!("{:?} {events:?}", bench.broker);
    assert!(!shown.contains("sesame"), "{shown}");
}

#[test]
fn publishing_without_right_gets_0x87_in_5_0_and_goes_nowhere() {
    let mut bench = guarded(access(true, &[], Some("topic read #\ntopic write ok/#\n")));
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "#", Q2);
    let publisher = bench.join(connect(V5, "p"));
    for (packet_id, qos) in [(1, Q1), (2, Q2)] {
        bench.send(publisher, publish("secret", "x", qos, packet_id));
        let (Packet::Puback(ack) | Packet::Pubrec(ack)) = bench.one(publisher) else { panic!() };
        assert_eq!((ack.packet_id, ack.reason_code), (id(packet_id), ReasonCode::NotAuthorized));
        assert!(ack.reason_string.is_some());
        assert_eq!(bench.denied(), [(DeniedAccess::Publish, "secret".to_owned(), 0)]);
    }
    // The identifier of the refused QoS 2 message is free again [MQTT-4.3.3-9].
    bench.send(publisher, publish("ok/1", "y", Q1, 2));
    assert!(matches!(bench.one(publisher), Packet::Puback(ack) if ack.reason_code == ReasonCode::Success));
    bench.send(publisher, publish("secret", "z", Q0, 0));
    assert_eq!(bench.denied(), [(DeniedAccess::Publish, "secret".to_owned(), 0)]);
    assert!(!bench.is_closed(publisher));
    assert_eq!(bench.payloads(subscriber), ["ok/1=y"]);
    bench.send(publisher, retained("secret", "kept", Q1, 3));
    bench.take(publisher);
    assert_eq!(bench.broker.retained().count(), 0);
}

#[test]
fn publishing_without_right_in_3_1_1_is_acknowledged_and_goes_nowhere_mqtt_3_3_5_2_v311() {
    let mut bench = guarded(access(true, &[], Some("topic read #\n")));
    let subscriber = bench.join(connect(V5, "s"));
    bench.subscribe(subscriber, "#", Q2);
    let publisher = bench.join(connect(V311, "p"));
    bench.send(publisher, publish("secret", "x", Q1, 1));
    assert!(matches!(bench.one(publisher), Packet::Puback(_)));
    bench.send(publisher, publish("secret", "x", Q2, 2));
    assert!(matches!(bench.one(publisher), Packet::Pubrec(_)));
    bench.send(publisher, Packet::Pubrel(ack(2)));
    assert!(matches!(bench.one(publisher), Packet::Pubcomp(_)));
    assert_eq!(bench.denied().len(), 2);
    assert!(bench.take(subscriber).is_empty());
    assert!(!bench.is_closed(publisher));
}

#[test]
fn a_client_without_interest_in_problems_gets_no_reason_string_but_in_connack_and_disconnect_mqtt_3_1_2_29() {
    let mut bench = guarded(access(true, &[], Some("topic read #\n")));
    let mut quiet = connect(V5, "q");
    quiet.properties.request_problem_information = Some(false);
    let publisher = bench.join(quiet);
    bench.send(publisher, publish("secret", "x", Q1, 1));
    assert_eq!(bench.one(publisher), Packet::Puback(Acknowledgement::new(id(1), ReasonCode::NotAuthorized)));
    bench.send(publisher, Packet::Connect(Box::new(connect(V5, "q"))));
    let Packet::Disconnect(disconnect) = bench.one(publisher) else { panic!() };
    assert!(disconnect.properties.reason_string.is_some());
}

#[test]
fn subscribing_without_right_gets_a_failure_in_suback() {
    for (version, code) in [(V5, ReasonCode::NotAuthorized), (V311, ReasonCode::UnspecifiedError)] {
        let mut bench = guarded(access(true, &[], Some("topic read home/#\ntopic deny home/secret/#\n")));
        let client = bench.join(connect(version, "c"));
        assert_eq!(bench.suback(client, "other/#", Q1), code);
        assert_eq!(bench.suback(client, "home/secret/#", Q1), code);
        assert_eq!(bench.suback(client, "home/#", Q1), ReasonCode::GrantedQoS1);
        let denied = bench.denied();
        assert_eq!(denied, [(DeniedAccess::Subscribe, "other/#".into(), 0), (DeniedAccess::Subscribe, "home/secret/#".into(), 2)]);
        assert_eq!(bench.session("c").unwrap().subscriptions.len(), 1);
    }
}

#[test]
fn what_a_subscriber_may_not_read_is_not_delivered_live_or_retained_or_shared() {
    let mut bench = guarded(access(true, &["admin"], Some("topic read home/#\ntopic deny home/secret\nuser admin\ntopic #\n")));
    let admin = bench.join(user(V5, "admin", "admin"));
    bench.send(admin, retained("home/secret", "1", Q0, 0));
    bench.send(admin, retained("home/light", "2", Q0, 0));
    let reader = bench.join(connect(V5, "r"));
    bench.subscribe(reader, "#", Q1);
    assert_eq!(bench.payloads(reader), ["home/light=2"]);
    bench.subscribe(admin, "$share/g/home/#", Q0);
    bench.subscribe(reader, "$share/g/home/#", Q0);
    bench.take(reader);
    bench.denied();
    for number in 0..4 {
        bench.send(admin, publish("home/secret", &number.to_string(), Q0, 0));
    }
    assert!(bench.take(reader).is_empty());
    assert_eq!(bench.take(admin).len(), 4, "the group gives it to those who may read it");
    assert_eq!(bench.last_routing("admin"), Routing::Sent { qos: Q0, packet_id: None });
    let denied = bench.denied();
    assert!(denied.iter().all(|one| *one == (DeniedAccess::Receive, "home/secret".into(), 2)), "{denied:?}");
}

#[test]
fn a_will_is_checked_when_it_is_published() {
    let acl = "user alice\ntopic write will\nuser bob\ntopic write other\nuser admin\ntopic #\n";
    let mut bench = guarded(access(true, &["alice", "bob", "admin"], Some(acl)));
    let admin = bench.join(user(V5, "admin", "admin"));
    bench.subscribe(admin, "will", Q1);
    let [alice, bob] = ["alice", "bob"].map(|name| bench.join(with_will(user(V5, name, name), Q0, None)));
    bench.denied();
    bench.cut(bob);
    assert_eq!(bench.denied(), [(DeniedAccess::Will, "will".into(), 0)]);
    bench.cut(alice);
    assert_eq!(bench.payloads(admin), ["will=alice"]);
    // A right that was revoked meanwhile.
    let alice = bench.join(with_will(user(V5, "alice", "alice"), Q0, None));
    bench.change(access(true, &["alice", "admin"], Some("user admin\ntopic #\n")));
    bench.denied();
    bench.cut(alice);
    assert_eq!(bench.denied(), [(DeniedAccess::Will, "will".into(), 0)]);
    assert!(bench.take(admin).is_empty());
}

#[test]
fn revoked_rights_end_subscriptions_queued_messages_and_resending_at_once() {
    let before = access(true, &[], Some("topic read a\ntopic read b\ntopic write #\n"));
    let after = access(true, &[], Some("topic read b\ntopic write #\n"));
    let mut bench = guarded(before);
    let publisher = bench.join(connect(V5, "p"));
    let reader = bench.join(lasting(V5, "r", 1_000));
    bench.subscribe(reader, "a", Q1);
    bench.subscribe(reader, "b", Q1);
    bench.send(publisher, publish("a", "in flight", Q1, 1));
    bench.take(reader);
    bench.cut(reader);
    bench.send(publisher, publish("a", "queued", Q1, 2));
    bench.send(publisher, publish("b", "queued", Q1, 3));
    assert_eq!(bench.session("r").unwrap().queued_messages, 2);
    bench.denied();
    bench.change(after);
    assert!(bench.has(|event| matches!(event, BrokerEvent::AccessChanged)));
    assert!(bench.has(|event| matches!(event, BrokerEvent::Unsubscribed { reason_code: ReasonCode::NotAuthorized, .. })));
    let dropped =
        bench.events.iter().filter(|event| matches!(event, BrokerEvent::MessageDropped { reason: DropReason::NotAuthorized, .. }));
    assert_eq!(dropped.count(), 2);
    let session = bench.session("r").unwrap();
    assert_eq!((session.queued_messages, session.in_flight.len(), session.subscriptions.len()), (1, 0, 1));
    let reader = bench.join(lasting(V5, "r", 1_000));
    assert_eq!(bench.payloads(reader), ["b=queued"]);
    bench.send(publisher, publish("a", "late", Q1, 4));
    assert!(bench.take(reader).is_empty());
}

#[test]
fn what_waits_to_be_sent_again_on_a_living_connection_is_not_sent_after_the_right_is_gone() {
    let mut bench = guarded(access(true, &[], Some("topic readwrite #\n")));
    let subscriber = bench.join(lasting(V5, "s", 60));
    bench.subscribe(subscriber, "#", Q1);
    let publisher = bench.join(connect(V5, "p"));
    for packet_id in 1..=2 {
        bench.send(publisher, publish("t", &packet_id.to_string(), Q1, packet_id));
    }
    bench.cut(subscriber);
    let mut resuming = lasting(V5, "s", 60);
    resuming.properties.receive_maximum = Some(1);
    let subscriber = bench.join(resuming);
    assert_eq!(bench.payloads(subscriber), ["t=1"], "the second waits for Receive Maximum");
    bench.change(access(true, &[], Some("topic readwrite #\ntopic deny t\n")));
    bench.send(subscriber, Packet::Puback(ack(1)));
    assert_eq!(bench.payloads(subscriber), [""; 0]);
    assert_eq!(bench.broker.held_bytes(), 0);
    // The quota is whole again.
    bench.send(publisher, publish("ok", "3", Q1, 3));
    assert_eq!(bench.payloads(subscriber), ["ok=3"]);
}

/// What was said of messages that were kept, by client.
fn drops(bench: &Bench, client: &str) -> Vec<(u64, DropReason)> {
    let drops = bench.events.iter().filter_map(|event| match event {
        BrokerEvent::MessageDropped { message, client_id, reason } if client_id.as_str() == client => Some((message.0, *reason)),
        _ => None,
    });
    drops.collect()
}

#[test]
fn what_waits_for_a_member_that_loses_its_right_goes_to_another_5_0_4_8_2() {
    let acl = |alice: &str| format!("topic write #\nuser alice\ntopic {alice}\nuser bob\ntopic read #\n");
    for (lost, stays_member) in [("write other", false), ("read #\ntopic deny t", true)] {
        let mut bench = guarded(access(true, &["alice", "bob"], Some(&acl("read #"))));
        let login = |client_id: &str, name| login(lasting(V5, client_id, 1_000), name, Some(name));
        let (mut alice, bob) = (login("a", "alice"), bench.join(login("b", "bob")));
        alice.properties.receive_maximum = Some(2);
        let alice = bench.join(alice);
        let publisher = bench.join(connect(V5, "p"));
        for (group, member) in [("$share/g/#", alice), ("$share/2/#", alice)] {
            bench.subscribe(member, group, if group == "$share/2/#" { Q2 } else { Q1 });
        }
        // Message 1 is in flight at QoS 1 and at QoS 2; message 2 waits in both groups.
        bench.send(publisher, publish("t", "1", Q2, 1));
        bench.cut(alice);
        bench.send(publisher, publish("t", "2", Q2, 2));
        for group in ["$share/g/#", "$share/2/#"] {
            bench.subscribe(bob, group, Q2);
        }
        bench.events.clear();
        bench.change(access(true, &["alice", "bob"], Some(&acl(lost))));
        assert_eq!(bench.session("a").unwrap().subscriptions.len(), if stays_member { 2 } else { 0 });
        let got = bench.payloads(bob);
        assert_eq!(got, ["t=2", "t=2", "t=1"], "{lost}: all but the one that was sent at QoS 2 [MQTT-4.8.2-5]");
        use DropReason::{MovedToAnotherMember as Moved, NotAuthorized};
        assert_eq!(drops(&bench, "a"), [(2, Moved), (2, Moved), (1, NotAuthorized), (1, Moved)]);
    }
}

#[test]
fn what_no_member_may_have_any_more_is_told_as_dropped_for_want_of_the_right() {
    let mut bench = guarded(access(true, &[], Some("topic readwrite #\n")));
    let members = ["a", "b"].map(|name| bench.join(lasting(V5, name, 1_000)));
    for member in members {
        bench.subscribe(member, "$share/g/#", Q1);
        bench.cut(member);
    }
    let publisher = bench.join(connect(V5, "p"));
    for packet_id in 1..=2 {
        bench.send(publisher, publish("t", "x", Q1, packet_id));
    }
    bench.events.clear();
    bench.change(access(true, &[], Some("topic readwrite #\ntopic deny t\n")));
    let all = ["a", "b"].map(|name| drops(&bench, name));
    assert_eq!(all, [[(1, DropReason::NotAuthorized)], [(2, DropReason::NotAuthorized)]]);
    assert_eq!(bench.broker.held_bytes(), 0);
}

#[test]
fn what_was_to_be_sent_again_to_a_member_that_lost_its_right_goes_to_another() {
    let acl = |bob: &str| format!("topic write #\nuser alice\ntopic {bob}\nuser bob\ntopic read #\n");
    let mut bench = guarded(access(true, &["alice", "bob"], Some(&acl("read #"))));
    let login = |client_id: &str, name| login(lasting(V5, client_id, 1_000), name, Some(name));
    let alice = bench.join(login("a", "alice"));
    bench.subscribe(alice, "$share/g/#", Q1);
    let publisher = bench.join(connect(V5, "p"));
    for packet_id in 1..=2 {
        bench.send(publisher, publish("t", &packet_id.to_string(), Q1, packet_id));
    }
    bench.cut(alice);
    let mut resuming = login("a", "alice");
    resuming.properties.receive_maximum = Some(1);
    let alice = bench.join(resuming);
    assert_eq!(bench.payloads(alice), ["t=1"]);
    let bob = bench.join(login("b", "bob"));
    bench.subscribe(bob, "$share/g/#", Q1);
    bench.change(access(true, &["alice", "bob"], Some(&acl("read other"))));
    bench.send(alice, Packet::Puback(ack(1)));
    assert_eq!((bench.payloads(alice), bench.payloads(bob)), (vec![], vec!["t=2".to_owned()]));
}

#[test]
fn a_retained_message_is_withheld_when_its_publisher_lost_the_right() {
    let acl = "user alice\ntopic write a\nuser bob\ntopic read #\n";
    let mut bench = guarded(access(true, &["alice", "bob"], Some(acl)));
    let alice = bench.join(user(V5, "alice", "alice"));
    bench.send(alice, retained("a", "x", Q0, 0));
    let bob = bench.join(user(V5, "bob", "bob"));
    bench.subscribe(bob, "a", Q0);
    assert_eq!(bench.payloads(bob), ["a=x"]);
    bench.change(access(true, &["alice", "bob"], Some("user bob\ntopic read #\n")));
    bench.denied();
    bench.subscribe(bob, "a", Q0);
    assert!(bench.take(bob).is_empty());
    assert_eq!(bench.denied(), [(DeniedAccess::Retained, "a".into(), 0)]);
    // Given back, it is delivered again: nothing was deleted.
    bench.change(access(true, &["alice", "bob"], Some(acl)));
    bench.subscribe(bob, "a", Q0);
    assert_eq!(bench.payloads(bob), ["a=x"]);
}

#[test]
fn who_is_removed_is_disconnected_with_0x87_and_others_stay() {
    let mut bench = guarded(access(true, &["alice", "bob"], None));
    let alice = bench.join(user(V5, "alice", "alice"));
    let old = bench.join(user(V311, "old", "alice"));
    let bob = bench.join(user(V5, "bob", "bob"));
    let anyone = bench.join(connect(V5, "anyone"));
    bench.change(access(true, &["bob"], None));
    let Packet::Disconnect(disconnect) = bench.one(alice) else { panic!() };
    assert_eq!(disconnect.reason_code, ReasonCode::NotAuthorized);
    assert!(disconnect.properties.reason_string.is_some());
    assert!(bench.is_closed(alice) && bench.is_closed(old));
    assert!(bench.take(old).is_empty());
    assert!(matches!(bench.last_end(), EndCause::NotAuthorized { .. }));
    assert!(!bench.is_closed(bob) && !bench.is_closed(anyone));
    bench.change(access(false, &["bob"], None));
    assert!(bench.is_closed(anyone) && !bench.is_closed(bob));
    // Another password: whoever logged in with the old one has to log in again.
    let mut changed = access(false, &["bob"], None);
    changed.users = Some([("bob".into(), User::with_password("new", b"salt", ITERATIONS_MIN).unwrap())].into());
    bench.change(changed);
    assert!(bench.is_closed(bob));
}

#[test]
fn a_session_resumed_by_another_user_is_cut_to_its_rights() {
    let mut bench = guarded(access(true, &["alice", "bob"], Some("user alice\ntopic #\nuser bob\ntopic read b\n")));
    let alice = bench.join(user(V5, "pub", "alice"));
    let session = bench.join(login(lasting(V5, "s", 100), "alice", Some("alice")));
    bench.subscribe(session, "a", Q1);
    bench.subscribe(session, "b", Q1);
    bench.cut(session);
    for (packet_id, topic) in [(1, "a"), (2, "b")] {
        bench.send(alice, publish(topic, "x", Q1, packet_id));
    }
    let session = bench.join(login(lasting(V5, "s", 100), "bob", Some("bob")));
    assert_eq!(bench.payloads(session), ["b=x"]);
}

#[test]
fn an_administrator_can_end_a_connection_with_0x98() {
    let mut bench = Bench::new();
    let watcher = bench.join(connect(V5, "w"));
    bench.subscribe(watcher, "will", Q0);
    let five = bench.join(with_will(connect(V5, "five"), Q0, None));
    let three = bench.join(connect(V311, "three"));
    for client_id in ["five", "three"] {
        let client_id = ClientId::new(client_id);
        assert!(bench.broker.handle_kick(bench.now, &client_id, Some("go away")));
        assert!(!bench.broker.handle_kick(bench.now, &client_id, None), "it has no connection any more");
        bench.drain();
        assert_eq!(bench.last_end(), &EndCause::Kicked);
    }
    let Packet::Disconnect(disconnect) = bench.one(five) else { panic!() };
    assert_eq!(disconnect.reason_code, ReasonCode::AdministrativeAction);
    assert_eq!(disconnect.properties.reason_string.as_deref(), Some("go away"));
    assert!(bench.is_closed(five) && bench.is_closed(three));
    assert!(bench.take(three).is_empty());
    assert_eq!(bench.payloads(watcher), ["will=five"]);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Publish {
        client: usize,
        topic: usize,
        retain: bool,
    },
    Subscribe {
        client: usize,
        filter: usize,
    },
    /// Loses the connection, or comes back.
    Toggle {
        client: usize,
    },
    Acknowledge {
        client: usize,
    },
    /// Bit `3 × client + topic` of each: who may read and write what.
    Change {
        reads: u16,
        writes: u16,
    },
}

const TOPICS: [&str; 3] = ["a", "b", "c/d"];
const FILTERS: [&str; 4] = ["#", "a", "+/d", "$share/g/#"];
const CLIENTS: [&str; 3] = ["u0", "u1", "u2"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_usize, 0..3_usize, any::<bool>()).prop_map(|(client, topic, retain)| Step::Publish { client, topic, retain }),
        3 => (0..3_usize, 0..4_usize).prop_map(|(client, filter)| Step::Subscribe { client, filter }),
        2 => (0..3_usize).prop_map(|client| Step::Toggle { client }),
        2 => (0..3_usize).prop_map(|client| Step::Acknowledge { client }),
        2 => (0..512_u16, 0..512_u16).prop_map(|(reads, writes)| Step::Change { reads, writes }),
    ];
    proptest::collection::vec(step, 1..40)
}

fn rights(reads: u16, writes: u16) -> AccessControl {
    let mut text = String::new();
    for (client, name) in CLIENTS.iter().enumerate() {
        text += &format!("user {name}\n");
        for (topic, filter) in TOPICS.iter().enumerate() {
            let bit = 1 << (3 * client + topic);
            for (mask, access) in [(reads, "read"), (writes, "write")] {
                if mask & bit != 0 {
                    text += &format!("topic {access} {filter}\n");
                }
            }
        }
    }
    AccessControl { acl: Some(Acl::parse("acl", &text).unwrap()), ..AccessControl::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever happens, a PUBLISH only ever leaves for who may read it at that moment, and only what was written by who might then.
    #[test]
    fn nothing_is_sent_to_who_may_not_read_it(steps in steps()) {
        let (mut reads, mut writes) = (0b1_1111_1111, 0b1_1111_1111);
        let mut bench = guarded(rights(reads, writes));
        let mut online: [Option<ConnectionId>; 3] = [None; 3];
        let mut unacknowledged: [Vec<PacketId>; 3] = Default::default();
        for (number, step) in (1_u16..).zip(steps) {
            match step {
                Step::Publish { client, topic, retain } => if let Some(connection) = online[client] {
                    bench.events.clear();
                    bench.send(connection, Packet::Publish(Publish { retain, ..message(TOPICS[topic], "x", Q1, number) }));
                    let accepted = bench.has(|event| matches!(event, BrokerEvent::MessageAccepted { .. }));
                    prop_assert_eq!(accepted, writes & (1 << (3 * client + topic)) != 0);
                },
                Step::Subscribe { client, filter } => if let Some(connection) = online[client] {
                    bench.send(connection, subscribe(number, &[(FILTERS[filter], options(Q1))], None));
                },
                Step::Toggle { client } => match online[client].take() {
                    Some(connection) => {
                        bench.cut(connection);
                        unacknowledged[client].clear();
                    }
                    None => {
                        let connect = Connect { user_name: Some(CLIENTS[client].into()), ..lasting(V5, CLIENTS[client], 1_000) };
                        online[client] = Some(bench.dial(connect));
                    }
                },
                Step::Acknowledge { client } => if let (Some(connection), Some(packet_id)) = (online[client], unacknowledged[client].pop()) {
                    bench.send(connection, Packet::Puback(Acknowledgement::new(packet_id, ReasonCode::Success)));
                },
                Step::Change { reads: new_reads, writes: new_writes } => {
                    (reads, writes) = (new_reads, new_writes);
                    bench.change(rights(reads, writes));
                }
            }
            for client in 0..3 {
                let Some(connection) = online[client] else { continue };
                prop_assert!(!bench.is_closed(connection));
                for packet in bench.take(connection) {
                    let Packet::Publish(publish) = packet else { continue };
                    let topic = TOPICS.iter().position(|topic| *topic == publish.topic.as_str()).unwrap();
                    prop_assert!(reads & (1 << (3 * client + topic)) != 0, "{} got {}", CLIENTS[client], TOPICS[topic]);
                    unacknowledged[client].extend(publish.packet_id);
                }
            }
        }
    }
}
