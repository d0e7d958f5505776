//! From a failing scenario to the smallest that still fails: delta debugging over commands, clients, faults and settings.

use std::sync::Arc;

use super::{Invariant, Report};
use crate::broker::BrokerConfig;
use crate::client::ClientConfig;
use crate::link::Conditions;
use crate::sim::{ClientSpec, Scenario};

/// How many things happen in a scenario: commands, faults, subscriptions and connections by themselves.
#[must_use]
pub fn events_of(scenario: &Scenario) -> usize {
    let of_client = |spec: &ClientSpec| {
        spec.faults.len().saturating_add(spec.config.subscriptions.len()).saturating_add(usize::from(spec.connect_at.is_some()))
    };
    scenario.clients.iter().map(of_client).fold(scenario.timeline.len(), usize::saturating_add)
}

/// The smallest scenario found for which `judge` still tells of a violation of `invariant`, within `runs_max` runs.
#[must_use]
pub fn shrink(scenario: &Scenario, invariant: Invariant, runs_max: usize, judge: &mut dyn FnMut(&Arc<Scenario>) -> Report) -> Scenario {
    let mut best = scenario.clone();
    let mut runs = 0_usize;
    loop {
        let before = best.clone();
        for part in [shrink_timeline, shrink_clients, shrink_settings] {
            part(&mut best, &mut |candidate: &Scenario| {
                runs = runs.saturating_add(1);
                runs <= runs_max && judge(&candidate.clone().shared()).violations().any(|violation| violation.invariant == invariant)
            });
        }
        if best == before || runs > runs_max {
            return best;
        }
    }
}

type Fails<'a> = &'a mut dyn FnMut(&Scenario) -> bool;

/// Keeps the candidate if it still fails.
fn try_it(best: &mut Scenario, fails: &mut dyn FnMut(&Scenario) -> bool, change: impl FnOnce(&mut Scenario)) -> bool {
    let mut candidate = best.clone();
    change(&mut candidate);
    let is_better = candidate != *best && fails(&candidate);
    if is_better {
        *best = candidate;
    }
    is_better
}

/// Takes out halves, quarters, … of the commands.
fn shrink_timeline(best: &mut Scenario, fails: Fails<'_>) {
    let mut size = best.timeline.len();
    while size > 0 {
        let mut from = 0;
        while from < best.timeline.len() {
            let to = from.saturating_add(size).min(best.timeline.len());
            if !try_it(best, fails, |scenario| drop(scenario.timeline.drain(from..to))) {
                from = to;
            }
        }
        size /= 2;
    }
}

/// A client that does nothing by itself stands in the place of one that is not needed, so that the numbers of the others stay.
fn shrink_clients(best: &mut Scenario, fails: Fails<'_>) {
    for place in 0..best.clients.len() {
        let mut change = |best: &mut Scenario, change: &dyn Fn(&mut ClientSpec)| {
            try_it(best, &mut *fails, |scenario| {
                if let Some(spec) = scenario.clients.get_mut(place) {
                    change(spec);
                }
            })
        };
        if change(best, &|spec| *spec = ClientSpec { connect_at: None, ..ClientSpec::new(&spec.name) }) {
            continue;
        }
        change(best, &|spec| spec.faults.clear());
        change(best, &|spec| spec.conditions = Conditions::default());
        change(best, &|spec| spec.config.subscriptions.clear());
        for _ in 0..3 {
            change(best, &|spec| spec.config.subscriptions.truncate(spec.config.subscriptions.len().saturating_sub(1)));
            change(best, &|spec| {
                if !spec.config.subscriptions.is_empty() {
                    spec.config.subscriptions.remove(0);
                }
            });
            change(best, &|spec| spec.faults.truncate(spec.faults.len().saturating_sub(1)));
        }
        change(best, &|spec| {
            let plain = ClientConfig::new(spec.name.clone());
            spec.config = ClientConfig { version: spec.config.version, subscriptions: spec.config.subscriptions.clone(), ..plain };
        });
        change(best, &|spec| spec.config.will = None);
        change(best, &|spec| spec.config.receive_maximum = None);
        change(best, &|spec| spec.config.maximum_packet_size = None);
        change(best, &|spec| spec.config.topic_alias_maximum = None);
        change(best, &|spec| spec.config.uses_topic_aliases = false);
    }
    // Those at the end can go.
    while best.clients.last().is_some_and(|spec| spec.connect_at.is_none())
        && !best.timeline.iter().any(|(_, command)| command.node().0 as usize == best.clients.len())
        && try_it(best, fails, |scenario| drop(scenario.clients.pop()))
    {}
}

fn shrink_settings(best: &mut Scenario, fails: Fails<'_>) {
    let plain = BrokerConfig::default();
    if try_it(best, fails, |scenario| scenario.broker = plain.clone()) {
        return;
    }
    let changes: [&dyn Fn(&mut BrokerConfig); 6] = [
        &|broker| broker.receive_maximum = 20,
        &|broker| broker.max_inflight = 20,
        &|broker| broker.max_queued_messages = 1_000,
        &|broker| broker.max_retained = 10_000,
        &|broker| broker.queue_qos_zero = false,
        &|broker| broker.server_keep_alive = None,
    ];
    for change in changes {
        try_it(best, fails, |scenario| change(&mut scenario.broker));
    }
}
