//! The world: broker, clients, devices and links, moved from event to event.

use std::sync::Arc;

use crate::broker::Broker;
use crate::client::Client;
use crate::link::{Conditions, CutDirection};
use crate::rng::Seed;
use crate::sim::{Command, CommandError, Scenario};
use crate::time::Instant;
use crate::trace::{NodeId, RecordId, Trace};

/// The state of everything at one instant. Cloning is cheap enough for snapshots: payloads are shared.
#[derive(Clone, Debug)]
pub struct World {}

/// A client with what surrounds it.
#[derive(Clone, Debug)]
pub struct ClientNode {
    /// The client.
    pub client: Client,
    /// Whether it has power.
    pub powered: bool,
    /// Whether its program hangs.
    pub frozen: bool,
    /// Its path to the broker.
    pub conditions: Conditions,
    /// What is cut of it.
    pub cut: Option<CutDirection>,
}

impl World {
    /// The world at time zero, before anything happened. The scenario's timeline is in it.
    #[must_use]
    pub fn new(scenario: &Arc<Scenario>, seed: Seed) -> Self {
        let _ = (scenario, seed);
        todo!()
    }

    /// The time of the last event.
    #[must_use]
    pub fn now(&self) -> Instant {
        todo!()
    }

    /// When the next event happens; `None` when nothing will ever happen by itself.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        todo!()
    }

    /// Moves to the next event and handles it. Returns whether there was one.
    pub fn step(&mut self, trace: &mut Trace) -> bool {
        let _ = trace;
        todo!()
    }

    /// Carries out a command at `now`, which is not before the last event and not after the next.
    ///
    /// # Errors
    /// The command makes no sense now; nothing has changed.
    pub fn apply(&mut self, now: Instant, command: &Command, trace: &mut Trace) -> Result<RecordId, CommandError> {
        let _ = (now, command, trace);
        todo!()
    }

    /// The broker.
    #[must_use]
    pub fn broker(&self) -> &Broker {
        todo!()
    }

    /// Whether the broker has power.
    #[must_use]
    pub fn broker_powered(&self) -> bool {
        todo!()
    }

    /// The client with this number.
    #[must_use]
    pub fn client(&self, node: NodeId) -> Option<&ClientNode> {
        let _ = node;
        todo!()
    }

    /// A digest of the whole state, the same on every platform.
    #[must_use]
    pub fn digest(&self) -> u64 {
        todo!()
    }
}
