//! Golden traces: a few short runs, record by record, as text that a person can review. A change of behaviour shows as a change of these files
//! (`cargo insta review`, or `INSTA_UPDATE=always cargo test --test golden`).
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test may panic; the exemption for tests does not reach shared functions")]

use std::sync::Arc;

use mqtt_playground::sim::{Scenario, World};
use mqtt_playground::time::Instant;
use mqtt_playground::trace::{Text, Trace};

/// A scenario run to its end, a line a record.
fn run(scenario: &str) -> String {
    let scenario = Arc::new(Scenario::parse("scenario.toml", scenario).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")));
    let (mut world, mut trace) = (World::new(&scenario, scenario.seed), Trace::new(scenario.nodes(), 10_000));
    let end = Instant::ZERO + scenario.until;
    while world.next_at().is_some_and(|at| at <= end) && world.step(&mut trace) {}
    Text::new(&trace).whole()
}

#[test]
fn qos_2_from_publisher_to_subscriber() {
    insta::assert_snapshot!(run(r#"
until = "2 s"
[[client]]
name = "app"
subscriptions = [{ filter = "home/#", qos = 2 }]
[[client]]
name = "sensor"
[[timeline]]
at = "1 s"
do = "publish"
client = "sensor"
topic = "home/temp"
payload = "22.5"
qos = 2
"#));
}

#[test]
fn a_puback_lost_with_its_connection_is_asked_for_again_after_resumption() {
    insta::assert_snapshot!(run(r#"
until = "5 s"
[[client]]
name = "sensor"
clean_start = false
session_expiry = "1 h"
reconnect = { every = "1 s" }
[[fault]]
client = "sensor"
packet = "PUBACK"
from = "broker"
verdict = "cut-before-delivery"
[[timeline]]
at = "1 s"
do = "publish"
client = "sensor"
topic = "home/temp"
payload = "22.5"
qos = 1
[[timeline]]
at = "2 s"
do = "restore"
client = "sensor"
"#));
}

#[test]
fn a_silent_client_is_disconnected_and_its_will_published_at_90_s() {
    insta::assert_snapshot!(run(r#"
until = "95 s"
[[client]]
name = "watcher"
version = "3.1.1"
keep_alive = "0 s"
path = { latency = "0 ms" }
subscriptions = ["status"]
[[client]]
name = "sensor"
sends_pings = false
path = { latency = "0 ms" }
will = { topic = "status", payload = "offline" }
"#));
}
