//! A client with what surrounds it.

use std::collections::VecDeque;

use bytes::Bytes;

use super::clock::Clock;
use super::device_run::DeviceState;
use super::settle::Delivery;
use crate::client::Client;
use crate::link::{Conditions, CutDirection, FaultTable, Rule};
use crate::rng::Seed;
use crate::session::ConnectionId;
use crate::sim::ClientSpec;
use crate::time::Instant;
use crate::trace::RecordId;

/// A client with what surrounds it.
#[derive(Clone, Debug, Hash)]
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
    pub(super) faults: FaultTable,
    pub(super) connection: Option<ConnectionId>,
    pub(super) clock: Clock,
}

impl ClientNode {
    /// How many parts per million its clock runs fast; below zero, slow.
    #[must_use]
    pub const fn clock_drift(&self) -> i32 {
        self.clock.drift()
    }

    /// The fault rules on its path that can still strike.
    pub fn faults(&self) -> impl Iterator<Item = &Rule> {
        self.faults.rules()
    }

    /// The connection that its program uses.
    #[must_use]
    pub const fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }
}

/// A client with what only the world knows about it.
#[derive(Clone, Debug, Hash)]
pub(super) struct Station {
    pub(super) node: ClientNode,
    pub(super) devices: Vec<DeviceState>,
    /// Answers given, by rule.
    pub(super) answers: Vec<u32>,
    /// Connections opened so far; names the random streams of the next.
    pub(super) opened: u32,
    /// What came while the program hangs.
    pub(super) inbox: VecDeque<Delivery>,
    pub(super) inbox_bytes: u64,
    /// The record that planned the next attempt to connect.
    pub(super) reconnect: Option<RecordId>,
    /// The last CONNECT that it sent: what somebody with the same Client Identifier sends too.
    pub(super) connect: Option<Bytes>,
}

impl Station {
    pub(super) fn new(spec: &ClientSpec, seed: Seed) -> Self {
        let mut faults = FaultTable::default();
        for rule in &spec.faults {
            faults.add(rule.clone());
        }
        let mut clock = Clock::default();
        clock.set_drift(Instant::ZERO, spec.clock_drift);
        let devices = spec
            .devices
            .iter()
            .enumerate()
            .map(|(number, device)| DeviceState::new(device, seed.stream("device", &format!("{}/{number}", spec.name))));
        Self {
            node: ClientNode {
                client: Client::new(spec.config.clone(), seed.stream("client", &spec.name)),
                powered: true,
                frozen: false,
                conditions: spec.conditions,
                cut: None,
                faults,
                connection: None,
                clock,
            },
            devices: devices.collect(),
            answers: vec![0; spec.replies.len()],
            opened: 0,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            reconnect: None,
            connect: None,
        }
    }
}
