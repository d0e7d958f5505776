//! Reads a whole scenario.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

use std::collections::BTreeSet;

use super::{ClientSpec, MAX_CLIENTS, MAX_ENTRIES, Names, Reply, Scenario, client, command, device, reply};
use crate::link::FaultTable;
use crate::packet::TopicName;
use crate::rng::Seed;
use crate::sim::Command;
use crate::sim::toml_source::{Source, Table, Value, shortened};
use crate::text::{Diagnostic, key};
use crate::time::{Duration, Instant};
use crate::trace::NodeId;

/// The most reply rules: looking for circles compares each with each.
const MAX_REPLIES: usize = 1_000;

pub(super) fn parse(file: &str, text: &str) -> Result<Scenario, Vec<Diagnostic>> {
    let source = Source::new(file, text);
    let mut scenario = Scenario::default();
    if let Some(root) = source.parse() {
        let table = Table::new(&source, root.get_ref(), 0);
        read(&table, &mut scenario);
        table.report_unknown_keys();
    }
    finish(source, scenario)
}

pub(super) fn parse_timeline(scenario: &Scenario, file: &str, text: &str) -> Result<Vec<(Instant, Command)>, Vec<Diagnostic>> {
    let source = Source::new(file, text);
    let mut timeline = Vec::new();
    if let Some(root) = source.parse() {
        let table = Table::new(&source, root.get_ref(), 0);
        timeline = scenario.read_timeline(&table);
        table.report_unknown_keys();
    }
    finish(source, timeline)
}

fn finish<T>(source: Source<'_>, value: T) -> Result<T, Vec<Diagnostic>> {
    if source.mistakes() == 0 { Ok(value) } else { Err(source.into_diagnostics()) }
}

fn read(table: &Table<'_, '_>, scenario: &mut Scenario) {
    if let Some(seed) = table.get("seed").and_then(|value| value.integer(0..u64::MAX)) {
        scenario.seed = Seed(seed);
    }
    if let Some(until) = table.get("until") {
        match until.duration() {
            Some(Duration::ZERO) => {
                let _: Option<()> = until.error(key::SIM_DURATION_TOO_SHORT.with("key", "until").with("min", "1 ms"));
            }
            Some(duration) => scenario.until = duration,
            None => {}
        }
    }
    if let Some(broker) = table.get("broker").and_then(|value| value.table()) {
        super::broker::read(&broker, &mut scenario.broker);
        broker.report_unknown_keys();
    }
    read_clients(table, scenario);
    let names = scenario.names();
    read_devices(table, &names, scenario);
    read_replies(table, &names, scenario);
    for entry in bounded(table, "fault", MAX_ENTRIES) {
        let client = command::read_client(&names, &entry);
        let rule = command::read_rule(&entry);
        entry.report_unknown_keys();
        if let (Some(spec), Some(rule)) = (client.and_then(|client| spec(scenario, client)), rule) {
            if spec.faults.len() >= FaultTable::MAX_RULES {
                entry.error(key::SIM_LIST_LENGTH.with("key", "fault").with("max", FaultTable::MAX_RULES));
                break;
            }
            spec.faults.push(rule);
        }
    }
    scenario.timeline = command::read_timeline(&names, table);
}

/// The tables of `[[key]]`, none if there are too many.
fn bounded<'s, 'i>(table: &Table<'s, 'i>, key: &'static str, max: usize) -> Vec<Table<'s, 'i>> {
    let entries = table.tables(key);
    if entries.len() > max {
        table.error(key::SIM_LIST_LENGTH.with("key", key).with("max", max));
        return Vec::new();
    }
    entries
}

fn spec(scenario: &mut Scenario, client: NodeId) -> Option<&mut ClientSpec> {
    scenario.clients.get_mut(usize::try_from(client.0.checked_sub(1)?).ok()?)
}

fn read_clients(table: &Table<'_, '_>, scenario: &mut Scenario) {
    let mut seen = BTreeSet::new();
    for entry in bounded(table, "client", MAX_CLIENTS) {
        let read = client::read(&entry);
        entry.report_unknown_keys();
        let Some(read) = read else {
            // The name still counts, so that one mistake does not make every reference to the client another.
            if let Some(name) = entry.get("name").filter(Value::is_text).and_then(|value| value.text()) {
                scenario.clients.push(ClientSpec::new(name));
            }
            continue;
        };
        if !seen.insert(read.name.clone()) {
            entry.error(key::SIM_DUPLICATE_NAME.with("name", shortened(&read.name)));
        }
        scenario.clients.push(read);
    }
}

fn read_devices(table: &Table<'_, '_>, names: &Names, scenario: &mut Scenario) {
    for entry in bounded(table, "device", MAX_ENTRIES) {
        let client = command::read_client(names, &entry);
        let device = device::read(&entry);
        entry.report_unknown_keys();
        if let (Some(spec), Some(device)) = (client.and_then(|client| spec(scenario, client)), device) {
            spec.devices.push(device);
        }
    }
}

fn read_replies(table: &Table<'_, '_>, names: &Names, scenario: &mut Scenario) {
    let entries = bounded(table, "reply", MAX_REPLIES);
    let mut read: Vec<(usize, NodeId, Reply)> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let client = command::read_client(names, entry);
        let reply = reply::read(entry);
        entry.report_unknown_keys();
        if let (Some(client), Some(reply)) = (client, reply) {
            read.push((index, client, reply));
        }
    }
    let rules: Vec<&Reply> = read.iter().map(|(_, _, reply)| reply).collect();
    if let Some(circle) = reply::circle(&rules) {
        let topics: Vec<&str> = circle.iter().filter_map(|at| rules.get(*at)?.topic.as_ref().map(TopicName::as_str)).collect();
        let first = circle.first().and_then(|at| read.get(*at)).and_then(|(index, _, _)| entries.get(*index));
        if let Some(entry) = first {
            entry.error(key::SIM_REPLY_CIRCLE.with("topics", shortened(&topics.join(" → "))));
        }
    }
    for (_, client, reply) in read {
        if let Some(spec) = spec(scenario, client) {
            spec.replies.push(reply);
        }
    }
}
