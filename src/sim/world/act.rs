//! Commands carried out.

use super::{Source, World, index_of};
use crate::broker::{AccessControl, Acl};
use crate::client::{ClientError, ReconnectPolicy};
use crate::link::{Link, Side};
use crate::packet::ReasonCode;
use crate::sim::{Command, CommandError};
use crate::text::key;
use crate::time::Instant;
use crate::trace::{Event, NodeId, RecordId, Trace};

impl World {
    /// Carries out a command of the scenario; one that makes no sense is recorded with the reason.
    pub(super) fn act_or_refuse(&mut self, command: &Command, trace: &mut Trace) -> RecordId {
        match self.act(command, false, trace) {
            Ok(record) => record,
            Err(error) => {
                let words = key::SIM_REFUSED.with("command", command.in_words()).with("reason", error.message());
                let event = Event::CommandApplied { node: command.node(), command: words.into(), by_learner: false };
                self.record(trace, self.started, event)
            }
        }
    }

    fn set_acl(&mut self, acl: &str, done: Event, cause: Option<RecordId>, trace: &mut Trace) -> Result<RecordId, CommandError> {
        let Ok(acl) = Acl::parse("acl", acl) else { return Err(CommandError::BadAcl) };
        if !self.broker_powered {
            return Err(CommandError::PowerOff);
        }
        let record = self.record(trace, cause, done);
        let access = AccessControl { acl: Some(acl), ..self.broker.config().access.clone() };
        self.broker.handle_access_changed(self.now, access);
        self.drain_broker(Some(record), trace);
        Ok(record)
    }

    /// Carries out a command up to the point where everything else follows by itself ([`World::settle`]).
    pub(super) fn act(&mut self, command: &Command, by_learner: bool, trace: &mut Trace) -> Result<RecordId, CommandError> {
        let now = self.now;
        let node = command.node();
        let done = Event::CommandApplied { node, command: command.in_words().into(), by_learner };
        let cause = if by_learner { None } else { self.started };
        if let (Command::PowerCut { .. }, NodeId::BROKER) = (command, node) {
            return self.cut_broker_power(done, cause, trace);
        }
        if let (Command::Stop { .. }, NodeId::BROKER) = (command, node) {
            return self.stop_broker(done, cause, trace);
        }
        if let (Command::PowerOn { .. }, NodeId::BROKER) = (command, node) {
            let record = self.record(trace, cause, done);
            if !self.broker_powered {
                self.broker_powered = true;
                let on = self.record(trace, Some(record), Event::PowerChanged { node, on: true });
                self.broker.handle_restart(now);
                self.drain_broker(Some(on), trace);
            }
            return Ok(record);
        }
        if let Command::SetAcl { acl } = command {
            return self.set_acl(acl, done, cause, trace);
        }
        let index = index_of(node).ok_or(CommandError::NoSuchNode(node.0))?;
        let payload_limit = self.limits.payload;
        let station = self.stations.get_mut(index as usize).ok_or(CommandError::NoSuchNode(node.0))?;
        let state = &mut station.node;
        let record = match command {
            Command::Connect { .. }
            | Command::Disconnect { .. }
            | Command::Publish { .. }
            | Command::Request { .. }
            | Command::Acknowledge { .. }
            | Command::Reauthenticate { .. }
            | Command::Subscribe { .. }
            | Command::Unsubscribe { .. } => {
                if !state.powered {
                    return Err(CommandError::PowerOff);
                }
                if state.frozen {
                    return Err(CommandError::Frozen);
                }
                if let Command::Publish { payload, .. } | Command::Request { payload, .. } = command
                    && payload.len() > payload_limit
                {
                    return Err(CommandError::PayloadTooLarge(payload_limit));
                }
                let local = state.clock.shows(now);
                if let Some(done) = command.tell(local, &mut state.client) {
                    done?;
                }
                let record = self.record(trace, cause, done);
                self.drain_client(index, Some(record), trace);
                record
            }
            // It is for the broker, and has been carried out above.
            Command::SetAcl { .. } => return Err(CommandError::NoSuchNode(node.0)),
            Command::PowerCut { .. } => {
                if !state.powered {
                    return Err(CommandError::PowerOff);
                }
                let record = self.record(trace, cause, done);
                self.cut_client_power(index, record, trace);
                record
            }
            Command::Stop { .. } => {
                if !state.powered {
                    return Err(CommandError::PowerOff);
                }
                if state.frozen {
                    return Err(CommandError::Frozen);
                }
                let record = self.record(trace, cause, done);
                self.stop_client(index, record, trace);
                record
            }
            Command::PowerOn { .. } => {
                let record = trace.push(now, cause, done);
                if !state.powered {
                    state.powered = true;
                    let on = trace.push(now, Some(record), Event::PowerChanged { node, on: true });
                    // The machine answers again: what arrives for a connection it knows nothing of meets RST.
                    self.on_links(index, Some(on), trace, |link, now| link.handle_vanish(now, Side::Client, true));
                    self.connect_again(index, on, trace);
                }
                record
            }
            Command::Cut { direction, notice, .. } => {
                state.cut = Some(*direction);
                let record = trace.push(now, cause, done);
                let changed = trace.push(now, Some(record), Event::PathChanged { client: node, cut: Some(*direction) });
                self.on_links(index, Some(changed), trace, |link, now| link.handle_cut(now, *direction, *notice));
                record
            }
            Command::Kick { .. } => {
                if !self.broker_powered {
                    return Err(CommandError::PowerOff);
                }
                let client_id = state.client.client_id().clone();
                if !self.broker.handle_kick(now, &client_id, None) {
                    return Err(ClientError::NotConnected.into());
                }
                let record = self.record(trace, cause, done);
                self.drain_broker(Some(record), trace);
                record
            }
            Command::Restore { .. } => {
                state.cut = None;
                let record = trace.push(now, cause, done);
                let changed = trace.push(now, Some(record), Event::PathChanged { client: node, cut: None });
                self.on_links(index, Some(changed), trace, |link, now| link.handle_restore(now));
                record
            }
            Command::Reset { .. } => {
                if self.links_of(index).is_empty() {
                    return Err(ClientError::NotConnected.into());
                }
                let record = self.record(trace, cause, done);
                self.on_links(index, Some(record), trace, |link, now| link.handle_reset(now));
                record
            }
            Command::SetConditions { conditions, .. } => {
                state.conditions = *conditions;
                let record = trace.push(now, cause, done);
                self.on_links(index, Some(record), trace, |link, now| link.handle_conditions(now, *conditions));
                record
            }
            Command::AddFault { rule, .. } => {
                if !state.faults.add(rule.clone()) {
                    return Err(CommandError::Limit("too many fault rules"));
                }
                self.record(trace, cause, done)
            }
            Command::ClearFaults { .. } => {
                state.faults.clear();
                self.record(trace, cause, done)
            }
            Command::Release { .. } => {
                let record = self.record(trace, cause, done);
                self.on_links(index, Some(record), trace, |link, now| {
                    link.handle_release(now);
                });
                record
            }
            Command::ConnectDouble { .. } => {
                if station.connect.is_none() {
                    return Err(ClientError::NotConnected.into());
                }
                let record = self.record(trace, cause, done);
                self.connect_double(index, Some(record), trace);
                record
            }
            Command::SetClock { drift, .. } => {
                state.clock.set_drift(now, *drift);
                self.touched.push(Source::Client(index));
                self.record(trace, cause, done)
            }
            Command::Freeze { frozen, lasts, .. } => {
                if !state.powered {
                    return Err(CommandError::PowerOff);
                }
                let thaws = state.frozen && !frozen;
                state.frozen = *frozen;
                let record = self.record(trace, cause, done);
                match lasts.filter(|_| *frozen) {
                    Some(lasts) => self.timers.set(Source::Thaw(index), now + lasts),
                    None => {
                        self.timers.cancel(&Source::Thaw(index));
                    }
                }
                // The system goes on to take bytes from the network until its buffer is full.
                let reads = !frozen;
                self.on_links(index, Some(record), trace, |link, now| link.handle_reading(now, Side::Client, reads));
                if thaws {
                    self.empty_inbox(index, trace);
                }
                // The timers of a hung program do not fire; those that came due meanwhile do as soon as it goes on.
                self.drain_client(index, Some(record), trace);
                record
            }
        };
        Ok(record)
    }

    fn cut_broker_power(&mut self, done: Event, cause: Option<RecordId>, trace: &mut Trace) -> Result<RecordId, CommandError> {
        if !self.broker_powered {
            return Err(CommandError::PowerOff);
        }
        let record = self.record(trace, cause, done);
        self.broker_powered = false;
        let off = self.record(trace, Some(record), Event::PowerChanged { node: NodeId::BROKER, on: false });
        let ids: Vec<_> = self.connections.iter().map(|(id, _)| id).collect();
        for id in ids {
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.broker_holds = false;
                connection.link.handle_vanish(self.now, Side::Broker, true);
                self.drain_link(id, Some(off), trace);
            }
        }
        self.broker.handle_crash(self.now);
        self.drain_broker(Some(off), trace);
        Ok(record)
    }

    /// The broker says goodbye to everybody and ends.
    fn stop_broker(&mut self, done: Event, cause: Option<RecordId>, trace: &mut Trace) -> Result<RecordId, CommandError> {
        if !self.broker_powered {
            return Err(CommandError::PowerOff);
        }
        let record = self.record(trace, cause, done);
        self.broker.handle_shutdown(self.now);
        self.drain_broker(Some(record), trace);
        self.broker_powered = false;
        let off = self.record(trace, Some(record), Event::PowerChanged { node: NodeId::BROKER, on: false });
        let ids: Vec<_> = self.connections.iter().map(|(id, _)| id).collect();
        for id in ids {
            if let Some(connection) = self.connections.get_mut(&id) {
                // The system still sends what was written, and refuses those whom the program never saw.
                connection.broker_holds = false;
                connection.link.handle_close(self.now, Side::Broker);
                self.drain_link(id, Some(off), trace);
            }
        }
        self.broker.handle_crash(self.now);
        self.drain_broker(Some(off), trace);
        Ok(record)
    }

    /// The program on a client disconnects in order and ends; its system still sends what was written.
    fn stop_client(&mut self, index: u32, cause: RecordId, trace: &mut Trace) {
        let now = self.now;
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        let local = station.node.clock.shows(now);
        // One that is not connected has nobody to tell.
        let _ = station.node.client.handle_disconnect(local, ReasonCode::Success);
        self.drain_client(index, Some(cause), trace);
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        if let Some(id) = station.node.connection.take()
            && let Some(connection) = self.connections.get_mut(&id)
        {
            connection.link.handle_close(now, Side::Client);
            self.drain_link(id, Some(cause), trace);
        }
        let off = self.record(trace, Some(cause), Event::PowerChanged { node: super::node_of(index), on: false });
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        station.node.powered = false;
        station.reconnect = None;
        station.node.client.handle_power_cut();
        self.drain_client(index, Some(off), trace);
    }

    fn cut_client_power(&mut self, index: u32, cause: RecordId, trace: &mut Trace) {
        let off = self.record(trace, Some(cause), Event::PowerChanged { node: super::node_of(index), on: false });
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        station.node.powered = false;
        station.node.frozen = false;
        self.timers.cancel(&Source::Thaw(index));
        station.node.connection = None;
        station.reconnect = None;
        station.node.client.handle_power_cut();
        self.empty_inbox(index, trace);
        self.on_links(index, Some(off), trace, |link, now| link.handle_vanish(now, Side::Client, false));
        self.drain_client(index, Some(off), trace);
    }

    fn connect_again(&mut self, index: u32, cause: RecordId, trace: &mut Trace) {
        let now = self.now;
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        let local = station.node.clock.shows(now);
        if station.node.client.config().reconnect != ReconnectPolicy::Never && station.node.client.handle_connect(local).is_ok() {
            self.drain_client(index, Some(cause), trace);
        }
    }

    /// Does something to all connections of a client, the oldest first.
    fn on_links(&mut self, index: u32, cause: Option<RecordId>, trace: &mut Trace, mut change: impl FnMut(&mut Link, Instant)) {
        for id in self.links_of(index) {
            if let Some(connection) = self.connections.get_mut(&id) {
                change(&mut connection.link, self.now);
                self.drain_link(id, cause, trace);
            }
        }
    }
}
