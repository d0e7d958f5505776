//! What a client can do beyond publishing, with the broker and over the network.

use std::sync::Arc;

use mqtt_playground::broker::User;
use mqtt_playground::sim::{Scenario, World};
use mqtt_playground::time::Instant;
use mqtt_playground::trace::{Event, Text, Trace};

use super::run::Run;
use super::test;

/// What clients and commands said in a run of ten seconds, a line each.
fn run(text: &str) -> (Vec<String>, World) {
    let mut run = Run::new(text);
    run.advance(Instant::from_secs(10));
    let lines = Text::new(&run.trace);
    let told = run.trace.records().iter().filter(|record| matches!(record.event, Event::Client { .. } | Event::CommandApplied { .. }));
    let told = told.map(|record| lines.line(record)).collect();
    (told, run.world)
}

/// The same with a broker that knows one user, and gives everyone a place for responses.
fn run_with_user(text: &str) -> Vec<String> {
    let mut scenario = Scenario::parse("scenario.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let user = User::with_password("pencil", b"a salt of its own", 4_096).expect("a legal password");
    scenario.broker.access.users = Some([("mina".into(), user)].into());
    scenario.broker.access.allow_anonymous = true;
    scenario.broker.response_information = Some("answers/".into());
    let scenario = Arc::new(scenario);
    let (mut world, mut trace) = (World::new(&scenario, scenario.seed), Trace::new(scenario.nodes(), 100_000));
    while world.next_at().is_some_and(|at| at <= Instant::from_secs(10)) && world.step(&mut trace) {}
    let lines = Text::new(&trace);
    trace.records().iter().map(|record| lines.line(record)).collect()
}

fn has(lines: &[String], part: &str) -> bool {
    lines.iter().any(|line| line.contains(part))
}

const ASK: &str = r#"
[[client]]
name = "asker"
[[client]]
name = "heater"
subscriptions = ["heater/ask"]
[[reply]]
client = "heater"
when = "heater/ask"
to_response_topic = true
payload = "{payload}: 21"
delay = "DELAY"
[[timeline]]
at = "1 s"
do = "request"
client = "asker"
topic = "heater/ask"
payload = "how warm"
timeout = "2 s"
"#;

#[test]
fn a_request_is_answered_on_its_response_topic() {
    let (lines, _) = run(&ASK.replace("DELAY", "100 ms"));
    assert!(has(&lines, "ResponseReceived"), "{lines:#?}");
    assert!(has(&lines, "response/asker"), "{lines:#?}");
}

#[test]
fn an_answer_after_the_time_out_is_ignored_and_reported() {
    let (lines, _) = run(&ASK.replace("DELAY", "5 s"));
    assert!(has(&lines, "RequestTimedOut") && has(&lines, "response ignored"), "{lines:#?}");
    assert!(!has(&lines, "ResponseReceived"));
}

#[test]
fn receive_maximum_holds_the_broker_back_from_a_slow_consumer() {
    let (lines, world) = run(r#"
[[client]]
name = "slow"
receive_maximum = 2
acknowledges = { after = "1 s" }
subscriptions = [{ filter = "t", qos = 1 }]
[[client]]
name = "fast"
[[device]]
client = "fast"
signal = "burst"
size = 5
every = "1 s"
times = 1
start = "1 s"
topic = "t"
qos = 1
"#);
    let messages: Vec<&String> = lines.iter().filter(|line| line.contains("slow: message")).collect();
    let second = |line: &&String| line.split('.').next().map(str::to_owned);
    // Two at once, then one for each second of work.
    assert_eq!(messages.iter().filter_map(second).collect::<Vec<_>>(), ["1", "1", "2", "3", "4"], "{messages:#?}");
    let session = world.client(mqtt_playground::trace::NodeId(1)).expect("a client").client.session();
    assert!(session.unacknowledged.is_empty());
}

#[test]
fn a_program_acknowledges_when_it_is_told() {
    let (lines, world) = run(r#"
[[client]]
name = "a"
acknowledges = "when-told"
subscriptions = [{ filter = "t", qos = 2 }]
[[client]]
name = "b"
[[timeline]]
at = "1 s"
do = "publish"
client = "b"
topic = "t"
payload = "x"
qos = 2
[[timeline]]
at = "5 s"
do = "acknowledge"
client = "a"
[[timeline]]
at = "6 s"
do = "acknowledge"
client = "a"
"#);
    assert!(world.client(mqtt_playground::trace::NodeId(1)).expect("a client").client.session().unacknowledged.is_empty());
    assert!(has(&lines, "There is no message that waits"), "{lines:#?}");
}

#[test]
fn aliases_in_both_directions_change_no_topic() {
    let (lines, _) = run(r#"
[[client]]
name = "a"
topic_alias_maximum = 5
subscriptions = ["long/topic/#"]
[[client]]
name = "b"
uses_topic_aliases = true
[[device]]
client = "b"
signal = "steps"
values = ["1"]
every = "1 s"
times = 4
start = "1 s"
topic = "long/topic/name"
"#);
    let messages = lines.iter().filter(|line| line.contains("a: message qos 0 \"long/topic/name\"")).count();
    assert_eq!(messages, 4, "{lines:#?}");
}

const SCRAM: &str = r#"
[[client]]
name = "a"
authentication = { method = "SCRAM-SHA-256", user = "mina", password = "PASSWORD" }
[[timeline]]
at = "2 s"
do = "reauthenticate"
client = "a"
"#;

#[test]
fn client_and_broker_prove_who_they_are_and_do_so_again() {
    let lines = run_with_user(&SCRAM.replace("PASSWORD", "pencil"));
    let proved = lines.iter().filter(|line| line.contains("Authenticated")).count();
    assert_eq!(proved, 2, "{lines:#?}");
    assert!(has(&lines, "again: true") && !has(&lines, "Disconnected"), "{lines:#?}");
    assert!(!has(&lines, "pencil"), "no secret in the trace");
}

#[test]
fn a_wrong_password_is_refused_in_the_exchange() {
    let lines = run_with_user(&SCRAM.replace("PASSWORD", "pen"));
    assert!(has(&lines, "Refused(NotAuthorized)"), "{lines:#?}");
    assert!(!has(&lines, "Authenticated {"), "{lines:#?}");
}

#[test]
fn response_information_of_the_broker_makes_the_response_topic() {
    let lines =
        run_with_user(&ASK.replace("DELAY", "10 ms").replace("name = \"asker\"", "name = \"asker\"\nrequest_response_information = true"));
    assert!(has(&lines, "\"answers/asker\"") && has(&lines, "ResponseReceived"), "{lines:#?}");
}
