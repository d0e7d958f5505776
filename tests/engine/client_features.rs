//! What a client can do beyond publishing, with the broker and over the network.

use mqtt_playground::sim::World;
use mqtt_playground::time::Instant;
use mqtt_playground::trace::{Event, Text};

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
