//! A scenario that runs, for the tests beside this file.

use std::sync::Arc;

use mqtt_playground::broker::BrokerEvent;
use mqtt_playground::client::ClientEvent;
use mqtt_playground::link::Side;
use mqtt_playground::packet::{Packet, PacketType, Publish};
use mqtt_playground::sim::{Command, CommandError, Scenario, World};
use mqtt_playground::time::Instant;
use mqtt_playground::trace::{Event, NodeId, Record, RecordId, Text, Trace};

pub(super) struct Run {
    pub(super) world: World,
    pub(super) trace: Trace,
}

impl Run {
    /// A scenario file, at its start.
    pub(super) fn new(text: &str) -> Self {
        Self::with_seed(text, None)
    }

    pub(super) fn with_seed(text: &str, seed: Option<u64>) -> Self {
        let mut scenario = Scenario::parse("scenario.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        if let Some(seed) = seed {
            scenario.seed.0 = seed;
        }
        let scenario = Arc::new(scenario);
        Self { world: World::new(&scenario, scenario.seed), trace: Trace::new(scenario.nodes(), 1_000_000) }
    }

    /// Everything up to a time, that included.
    pub(super) fn until_millis(mut self, millis: u64) -> Self {
        self.advance(Instant::from_millis(millis));
        self
    }

    pub(super) fn advance(&mut self, until: Instant) {
        while self.world.next_at().is_some_and(|at| at <= until) && self.world.step(&mut self.trace) {}
    }

    pub(super) fn apply(&mut self, at: Instant, command: &Command) -> Result<RecordId, CommandError> {
        self.advance(at);
        self.world.apply(at, command, &mut self.trace)
    }

    pub(super) fn node(&self, name: &str) -> NodeId {
        self.world.scenario().node(name).expect(name)
    }

    /// The trace as text, for messages of failing tests.
    pub(super) fn text(&self) -> String {
        Text::new(&self.trace).whole()
    }

    pub(super) fn events(&self) -> impl Iterator<Item = (&Record, &Event)> {
        self.trace.records().iter().map(|record| (record, &record.event))
    }

    /// All packets of a type from one side, decoded.
    pub(super) fn sent(&self, side: Side, wanted: PacketType) -> Vec<Packet> {
        self.events()
            .filter_map(|(_, event)| match event {
                Event::PacketSent { from, packet_type, version, bytes, .. } if *from == side && *packet_type == wanted => {
                    Some(Packet::decode(bytes, *version).expect("what is sent is legal"))
                }
                _ => None,
            })
            .collect()
    }

    pub(super) fn publishes(&self, side: Side) -> Vec<Publish> {
        let packets = self.sent(side, PacketType::Publish);
        packets.into_iter().filter_map(|packet| if let Packet::Publish(publish) = packet { Some(publish) } else { None }).collect()
    }

    /// The payloads that the application of a client got, in order.
    pub(super) fn messages(&self, name: &str) -> Vec<String> {
        let node = self.node(name);
        self.events()
            .filter_map(|(_, event)| match event {
                Event::Client { client, event } if *client == node => match &**event {
                    ClientEvent::MessageReceived { publish, .. } => Some(String::from_utf8_lossy(&publish.payload).into_owned()),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }

    pub(super) fn broker_events(&self) -> impl Iterator<Item = (Instant, &BrokerEvent)> {
        self.events().filter_map(|(record, event)| if let Event::Broker(event) = event { Some((record.at, &**event)) } else { None })
    }
}
