//! Users and rights across client, link and broker.

use std::sync::Arc;

use mqtt_playground::broker::{AccessControl, Acl, BrokerEvent, DeniedAccess, EndCause, User};
use mqtt_playground::client::ClientState;
use mqtt_playground::link::Side;
use mqtt_playground::packet::PacketType;
use mqtt_playground::session::scram::ITERATIONS_MIN;
use mqtt_playground::sim::{Scenario, World};
use mqtt_playground::time::Instant;
use mqtt_playground::trace::Trace;

use super::run::Run;
use super::test;

const SCENARIO: &str = r#"
seed = 5
[broker]
allow_anonymous = false

[[client]]
name = "screen"
authentication = { method = "SCRAM-SHA-256", user = "screen", password = "to look at" }
subscriptions = [{ filter = "home/#", qos = 1 }]

[[client]]
name = "sensor"
version = "3.1.1"
user = "sensor"
password = "to measure"
connect_at = "1 s"

[[client]]
name = "stranger"
authentication = { method = "SCRAM-SHA-256", user = "screen", password = "guessed" }
connect_at = "1 s"
reconnect = "never"

[[timeline]]
at = "2 s"
do = "publish"
client = "sensor"
topic = "home/temperature"
payload = "21"
qos = 1

[[timeline]]
at = "3 s"
do = "publish"
client = "sensor"
topic = "home/door"
payload = "open"
qos = 1
"#;

const ACL: &str = "user screen\ntopic read home/#\nuser sensor\ntopic write home/temperature\n";

fn access(names: &[(&str, &str)]) -> AccessControl {
    let users =
        names.iter().map(|(name, password)| ((*name).into(), User::with_password(password, b"salt", ITERATIONS_MIN).expect("a password")));
    AccessControl {
        allow_anonymous: false,
        users: Some(users.collect()),
        acl: Some(Acl::parse("acl", ACL).expect("a list")),
        ..AccessControl::default()
    }
}

fn run() -> Run {
    let mut scenario = Scenario::parse("scenario.toml", SCENARIO).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    scenario.broker.access = access(&[("screen", "to look at"), ("sensor", "to measure")]);
    let scenario = Arc::new(scenario);
    let run = Run { world: World::new(&scenario, scenario.seed), trace: Trace::new(scenario.nodes(), 1_000_000) };
    run.until_millis(4_000)
}

#[test]
fn who_proves_itself_gets_in_and_does_what_it_may() {
    let run = run();
    let state = |name| run.world.client(run.node(name)).map(|node| node.client.state());
    assert_eq!((state("screen"), state("sensor")), (Some(ClientState::Connected), Some(ClientState::Connected)), "{}", run.text());
    assert_eq!(state("stranger"), Some(ClientState::Idle));
    assert_eq!(run.messages("screen"), ["21"], "{}", run.text());
    assert_eq!(run.sent(Side::Broker, PacketType::Puback).len(), 2, "3.1.1 cannot be told");
    let denied: Vec<_> = run
        .broker_events()
        .filter_map(|(at, event)| match event {
            BrokerEvent::AccessDenied { access, topic, .. } => Some((at >= Instant::from_secs(3), *access, topic.to_string())),
            _ => None,
        })
        .collect();
    assert_eq!(denied, [(true, DeniedAccess::Publish, "home/door".to_owned())]);
    assert!(run.text().contains(r#"denied to "sensor" ("sensor"): Publish "home/door", no rule allows it"#), "{}", run.text());
    let refused =
        run.broker_events().any(|(_, event)| matches!(event, BrokerEvent::ConnectionEnded { cause: EndCause::Refused { .. }, .. }));
    assert!(refused, "{}", run.text());
}

#[test]
fn the_same_seed_gives_the_same_nonces() {
    assert_eq!(run().text(), run().text());
    assert_eq!(run().trace.digest(), run().trace.digest());
}

#[test]
fn no_password_is_in_the_text_of_a_trace() {
    let text = run().text();
    for secret in ["to look at", "to measure", "guessed"] {
        assert!(!text.contains(secret), "{text}");
    }
}
