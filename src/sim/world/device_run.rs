//! Devices and replies at work.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;

use super::clock::Clock;
use super::{Source, World, node_of};
use crate::client::{ClientState, PublishRequest};
use crate::packet::{Payload, Publish, PublishProperties, TopicName};
use crate::rng::RngStream;
use crate::sim::quantity::Decimal;
use crate::sim::{Device, Signal};
use crate::text::{Message, key};
use crate::time::{Duration, Instant};
use crate::trace::{Event, RecordId, Trace};

/// How far a device is.
#[derive(Clone, Debug)]
pub(super) struct DeviceState {
    /// How many times it came due.
    turns: u32,
    walk: Decimal,
    rng: RngStream,
    /// What it does at each turn, in words, shared by all records.
    words: Arc<Message>,
}

impl DeviceState {
    pub(super) fn new(device: &Device, rng: RngStream) -> Self {
        Self { turns: 0, walk: Decimal(0), rng, words: key::SIM_DID_PUBLISH.with("topic", device.topic.as_str()).into() }
    }
}

/// All but the words, which never change.
impl Hash for DeviceState {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.turns, &self.walk, &self.rng).hash(state);
    }
}

/// An answer that is being thought about.
#[derive(Clone, Debug, Hash)]
pub(super) struct PendingReply {
    client: u32,
    rule: u32,
    /// The record of the message that is answered.
    cause: RecordId,
    topic: TopicName,
    payload: Payload,
    /// Where the answer goes.
    to: TopicName,
    correlation_data: Option<Bytes>,
}

/// When a device comes due for the first time.
pub(super) fn first_at(device: &Device) -> Option<Instant> {
    at_turn(device, 0, device.start, Clock::default())
}

/// When a device comes due for the turn with this index, if that follows `last`.
fn at_turn(device: &Device, turn: u32, last: Instant, clock: Clock) -> Option<Instant> {
    match &device.signal {
        Signal::Replay { rows } => rows.get(turn as usize).map(|(after, _)| device.start + *after),
        _ if device.times.is_some_and(|times| turn >= times) => None,
        _ if turn == 0 => Some(device.start),
        _ => Some(last + clock.lasts(device.every).max(Duration::from_micros(1))),
    }
}

impl World {
    pub(super) fn run_device(&mut self, index: u32, number: u32, trace: &mut Trace) {
        let scenario = Arc::clone(&self.scenario);
        let now = self.now;
        let Some(device) = scenario.clients.get(index as usize).and_then(|spec| spec.devices.get(number as usize)) else { return };
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        let clock = station.node.clock;
        let Some(state) = station.devices.get_mut(number as usize) else { return };
        let turn = state.turns;
        state.turns = turn.saturating_add(1);
        let elapsed = now.saturating_since(device.start);
        let burst = if let Signal::Burst { size } = device.signal { size } else { 1 };
        // Values are drawn even when nobody can send them: power and network change nothing about the weather.
        let values: Vec<String> = (0..burst)
            .map(|within| {
                let at = if burst == 1 { turn } else { within };
                device.signal.value(at, elapsed, &mut state.walk, &mut state.rng)
            })
            .collect();
        let words = Arc::clone(&state.words);
        if let Some(at) = at_turn(device, turn.saturating_add(1), now, clock) {
            self.timers.set(Source::Device(index, number), at);
        }
        for (within, value) in (1_u32..).zip(values) {
            let n = turn.saturating_mul(burst).saturating_add(within);
            let (n, t) = (n.to_string(), now.to_string());
            let payload = device.payload.fill(&[("value", &value), ("n", &n), ("t", &t)]);
            let request = PublishRequest {
                topic: device.topic.clone(),
                payload,
                qos: device.qos,
                retain: device.retain,
                properties: PublishProperties::default(),
            };
            self.publish_by_program(index, request, None, Arc::clone(&words), trace);
        }
    }

    /// The message, if the client has rules that could answer it.
    pub(super) fn answerable(&self, index: u32, publish: &Publish) -> Option<Publish> {
        let spec = self.scenario.clients.get(index as usize)?;
        if spec.replies.is_empty() { None } else { Some(publish.clone()) }
    }

    /// A message was given to the application of a client: the rules that match plan their answers.
    pub(super) fn plan_replies(&mut self, index: u32, publish: &Publish, cause: RecordId, trace: &mut Trace) {
        let scenario = Arc::clone(&self.scenario);
        let Some(spec) = scenario.clients.get(index as usize) else { return };
        for (rule, reply) in (0_u32..).zip(&spec.replies) {
            let properties = &publish.properties;
            let (to, correlation_data) = match &reply.topic {
                Some(topic) => (Some(topic), None),
                None => (properties.response_topic.as_ref(), properties.correlation_data.clone()),
            };
            if let Some(to) = to.filter(|_| reply.when.matches(&publish.topic)) {
                if self.replies.len() >= self.limits.replies {
                    let message = key::SIM_LIMIT_REPLIES.with("limit", self.limits.replies);
                    self.record(trace, Some(cause), Event::LimitReached { message: message.into() });
                    return;
                }
                let (topic, payload) = (publish.topic.clone(), publish.payload.clone());
                let pending = PendingReply { client: index, rule, cause, topic, payload, to: to.clone(), correlation_data };
                self.timers.set(Source::Reply(self.next_reply), self.now + reply.delay);
                self.replies.insert(self.next_reply, pending);
                self.next_reply += 1;
            }
        }
    }

    pub(super) fn run_reply(&mut self, number: u64, trace: &mut Trace) {
        let Some(pending) = self.replies.remove(&number) else { return };
        let scenario = Arc::clone(&self.scenario);
        let rule = scenario.clients.get(pending.client as usize).and_then(|spec| spec.replies.get(pending.rule as usize));
        let answers = self.stations.get_mut(pending.client as usize).and_then(|station| station.answers.get_mut(pending.rule as usize));
        let (Some(reply), Some(answers)) = (rule, answers) else { return };
        *answers = answers.saturating_add(1);
        let (n, t) = (answers.to_string(), self.now.to_string());
        let payload = String::from_utf8_lossy(&pending.payload);
        let payload = reply.payload.fill(&[("payload", &payload), ("topic", pending.topic.as_str()), ("n", &n), ("t", &t)]);
        let words = key::SIM_DID_REPLY.with("topic", pending.to.as_str());
        let properties = PublishProperties { correlation_data: pending.correlation_data, ..PublishProperties::default() };
        let request = PublishRequest { topic: pending.to, payload, qos: reply.qos, retain: reply.retain, properties };
        self.publish_by_program(pending.client, request, Some(pending.cause), words.into(), trace);
    }

    /// The program on a client publishes, if it runs and wants a connection.
    fn publish_by_program(&mut self, index: u32, request: PublishRequest, cause: Option<RecordId>, words: Arc<Message>, trace: &mut Trace) {
        let now = self.now;
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        if !station.node.powered || station.node.frozen || station.node.client.state() == ClientState::Idle {
            return;
        }
        let local = station.node.clock.shows(now);
        let command = match station.node.client.handle_publish(local, request) {
            Ok(_) => words,
            Err(error) => {
                let reason = crate::sim::CommandError::from(error).message();
                key::SIM_REFUSED.with("command", (*words).clone()).with("reason", reason).into()
            }
        };
        let record = self.record(trace, cause, Event::CommandApplied { node: node_of(index), command, by_learner: false });
        self.drain_client(index, Some(record), trace);
    }
}
