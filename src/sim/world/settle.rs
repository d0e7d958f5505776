//! What follows from an event within the same instant: outputs become writes, writes become segments, bytes are handed on, each with its cause.

use bytes::Bytes;

use super::connection::Connection;
use super::{Source, World, node_of, spoil};
use crate::broker::{self, BrokerEvent};
use crate::client::{self, ClientEvent, ClientState};
use crate::link::{CutDirection, CutNotice, Label, Link, LinkEvent, LossReason, Side, UnitNumber, Verdict};
use crate::packet::PacketType;
use crate::session::{ConnectionId, Transmit};
use crate::text::key;
use crate::trace::{Event, Fault, Malformed, RecordId, Trace};

/// Something that a link hands to one of its two sides.
#[derive(Clone, Debug, Hash)]
pub(super) struct Delivery {
    connection: ConnectionId,
    to: Side,
    what: What,
    cause: Option<RecordId>,
}

#[derive(Clone, Debug, Hash)]
enum What {
    Opened,
    Bytes(Bytes),
    /// The last byte of this packet was among the bytes before.
    Whole(UnitNumber),
    Closed,
}

impl World {
    /// Hands everything on until nothing is left to do in this event, then sets the timers.
    pub(super) fn settle(&mut self, trace: &mut Trace) {
        while let Some(delivery) = self.deliveries.pop_front() {
            self.deliver(delivery, trace);
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for source in touched.drain(..) {
            let at = match source {
                Source::Link(id) => self.connections.get(&id).and_then(|connection| connection.link.poll_timeout()),
                Source::Client(index) => self.client_timeout(index),
                Source::Broker if self.broker_powered => self.broker.poll_timeout(),
                Source::Broker => None,
                _ => continue,
            };
            match at {
                Some(at) => self.timers.set(source, at.max(self.now)),
                None => {
                    self.timers.cancel(&source);
                }
            }
            if let Source::Link(id) = source {
                self.forget_if_over(id);
            }
        }
        // Kept for the next event, with its room.
        self.touched = touched;
    }

    fn client_timeout(&self, index: u32) -> Option<crate::time::Instant> {
        let node = &self.stations.get(index as usize)?.node;
        if node.powered && !node.frozen { node.client.poll_timeout().map(|at| node.clock.when(at)) } else { None }
    }

    fn forget_if_over(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(&id) else { return };
        let waits = self.stations.get(connection.client as usize).is_some_and(|station| !station.inbox.is_empty());
        if connection.link.is_over() && !waits {
            self.connections.remove(&id);
            self.timers.cancel(&Source::Link(id));
        }
    }

    // ---- handing on ----

    pub(super) fn deliver(&mut self, delivery: Delivery, trace: &mut Trace) {
        let Some(connection) = self.connections.get(&delivery.connection) else { return };
        let index = connection.client;
        match delivery.to {
            Side::Client => {
                let Some(station) = self.stations.get_mut(index as usize) else { return };
                if station.node.frozen {
                    self.keep_for_later(index, delivery, trace);
                } else {
                    self.deliver_to_client(index, delivery, trace);
                }
            }
            Side::Broker => self.deliver_to_broker(delivery, trace),
        }
    }

    fn keep_for_later(&mut self, index: u32, delivery: Delivery, trace: &mut Trace) {
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        let id = delivery.connection;
        if let What::Bytes(bytes) = &delivery.what {
            station.inbox_bytes += bytes.len() as u64;
        }
        station.inbox.push_back(delivery);
        if station.inbox_bytes > self.limits.frozen_backlog {
            station.inbox_bytes = 0;
            let message = key::SIM_LIMIT_FROZEN.with("limit", self.limits.frozen_backlog);
            let record = self.record(trace, None, Event::LimitReached { message: message.into() });
            self.reset_link(id, Some(record), trace);
        }
    }

    fn deliver_to_client(&mut self, index: u32, delivery: Delivery, trace: &mut Trace) {
        let now = self.now;
        let Delivery { connection, what, cause, .. } = delivery;
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        let current = station.node.connection == Some(connection) && station.node.powered;
        if !current && let Some(double) = self.connections.get(&connection).and_then(|connection| connection.double.clone()) {
            match what {
                What::Opened => self.write(connection, Side::Client, PacketType::Connect, double, cause, trace),
                What::Whole(_) => {
                    self.packet_received(Some(connection), Side::Client, trace);
                }
                What::Bytes(_) | What::Closed => {}
            }
            return;
        }
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        let now = station.node.clock.shows(now);
        match what {
            What::Whole(unit) => return self.unread(connection, Side::Broker, unit, cause, trace),
            _ if !current => return,
            What::Opened => station.node.client.handle_transport_opened(now),
            What::Bytes(bytes) => station.node.client.handle_bytes(now, bytes),
            What::Closed => {
                station.node.connection = None;
                station.node.client.handle_transport_closed(now);
            }
        }
        self.drain_client_of(index, Some(connection), cause, trace);
    }

    fn deliver_to_broker(&mut self, delivery: Delivery, trace: &mut Trace) {
        let now = self.now;
        let Delivery { connection: id, what, cause, .. } = delivery;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let holds = self.broker_powered && connection.broker_holds;
        match what {
            What::Whole(unit) => return self.unread(id, Side::Client, unit, cause, trace),
            _ if !holds => return,
            What::Opened => self.broker.handle_connection_opened(now, id),
            What::Bytes(bytes) => self.broker.handle_bytes(now, id, bytes),
            What::Closed => {
                connection.broker_holds = false;
                self.broker.handle_connection_closed(now, id);
            }
        }
        self.drain_broker(cause, trace);
    }

    /// The bytes of a packet are all there. If nobody took it by now (the receiver has closed its end), it is lost.
    fn unread(&mut self, id: ConnectionId, from: Side, unit: UnitNumber, cause: Option<RecordId>, trace: &mut Trace) {
        let sent = self.connections.get_mut(&id).and_then(|connection| connection.unread(from, unit));
        if let Some(sent) = sent {
            self.record(trace, cause.or(Some(sent)), Event::PacketLost { connection: id, sent, reason: LossReason::NoConnection });
        }
    }

    /// What waited for a program that hung is handed on, or lost with the program.
    pub(super) fn empty_inbox(&mut self, index: u32, trace: &mut Trace) {
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        station.inbox_bytes = 0;
        for delivery in std::mem::take(&mut station.inbox) {
            self.touched.push(Source::Link(delivery.connection));
            self.deliver_to_client(index, delivery, trace);
        }
    }

    // ---- the client ----

    /// Carries out what a client wants, after a timer or a call.
    pub(super) fn drain_client(&mut self, index: u32, cause: Option<RecordId>, trace: &mut Trace) {
        let current = self.stations.get(index as usize).and_then(|station| station.node.connection);
        self.drain_client_of(index, current, cause, trace);
    }

    fn drain_client_of(&mut self, index: u32, receiving: Option<ConnectionId>, cause: Option<RecordId>, trace: &mut Trace) {
        self.touched.push(Source::Client(index));
        let client = node_of(index);
        let mut cause = cause;
        while let Some(output) = self.stations.get_mut(index as usize).and_then(|station| station.node.client.poll_output()) {
            match output {
                client::Output::Transmit(transmit) => self.transmit_from_client(index, transmit, cause, trace),
                client::Output::Event(ClientEvent::PacketReceived { .. }) => {
                    cause = self.packet_received(receiving, Side::Client, trace).or(cause);
                }
                client::Output::Event(ClientEvent::MalformedReceived { error, bytes }) => {
                    cause = self.packet_malformed(receiving, Side::Client, bytes, *error, trace).or(cause);
                }
                client::Output::Event(event) => {
                    let event = self.by_the_true_clock(index, event);
                    let planned = match &event {
                        ClientEvent::StateChanged(ClientState::Opening) => {
                            self.stations.get_mut(index as usize).and_then(|station| station.reconnect.take())
                        }
                        _ => None,
                    };
                    let schedules = matches!(event, ClientEvent::ReconnectScheduled { .. });
                    let message =
                        if let ClientEvent::MessageReceived { publish, .. } = &event { self.answerable(index, publish) } else { None };
                    let record = self.record(trace, cause.or(planned), Event::Client { client, event: event.into() });
                    // What a timer starts has no cause of its own; what follows is caused by its first event.
                    cause = cause.or(Some(record));
                    if schedules && let Some(station) = self.stations.get_mut(index as usize) {
                        station.reconnect = Some(record);
                    }
                    if let Some(publish) = message {
                        self.plan_replies(index, &publish, record, trace);
                    }
                }
            }
        }
    }

    /// What a client says about its timers, it says by its own clock.
    fn by_the_true_clock(&self, index: u32, event: ClientEvent) -> ClientEvent {
        let when = |at| self.stations.get(index as usize).map_or(at, |station| station.node.clock.when(at));
        match event {
            ClientEvent::ReconnectScheduled { at, attempt } => ClientEvent::ReconnectScheduled { at: when(at), attempt },
            ClientEvent::StateChanged(ClientState::Waiting { until }) => {
                ClientEvent::StateChanged(ClientState::Waiting { until: when(until) })
            }
            event => event,
        }
    }

    fn transmit_from_client(&mut self, index: u32, transmit: Transmit, cause: Option<RecordId>, trace: &mut Trace) {
        let now = self.now;
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        match (transmit, station.node.connection) {
            (Transmit::Open, _) => self.open(index, cause, trace),
            (Transmit::Packet { packet_type, bytes }, Some(id)) => {
                if packet_type == PacketType::Connect {
                    station.connect = Some(bytes.clone());
                }
                let bytes = match self.spoils.get_mut(&index) {
                    None => bytes,
                    Some(rng) => spoil::spoiled(rng, packet_type, &bytes),
                };
                self.write(id, Side::Client, packet_type, bytes, cause, trace);
            }
            (Transmit::Close, Some(id)) => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.link.handle_close(now, Side::Client);
                    self.drain_link(id, cause, trace);
                }
            }
            (Transmit::Abort, Some(id)) => {
                station.node.connection = None;
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.link.handle_vanish(now, Side::Client, true);
                    self.drain_link(id, cause, trace);
                }
            }
            (_, None) => {}
        }
    }

    fn open(&mut self, index: u32, cause: Option<RecordId>, trace: &mut Trace) {
        let id = self.open_link(index, None, cause, trace);
        if let Some(station) = self.stations.get_mut(index as usize) {
            station.node.connection = id;
        }
        if let Some((id, opening)) = id.and_then(|id| Some((id, self.connections.get(&id)?.opening))) {
            self.drain_link(id, Some(opening), trace);
        }
    }

    /// Somebody connects over the same path with the CONNECT that the client sent last. False if it never sent one.
    pub(super) fn connect_double(&mut self, index: u32, cause: Option<RecordId>, trace: &mut Trace) -> bool {
        let Some(connect) = self.stations.get(index as usize).and_then(|station| station.connect.clone()) else { return false };
        if let Some(id) = self.open_link(index, Some(connect), cause, trace) {
            let opening = self.connections.get(&id).map(|connection| connection.opening);
            self.drain_link(id, opening, trace);
        }
        true
    }

    fn open_link(&mut self, index: u32, double: Option<Bytes>, cause: Option<RecordId>, trace: &mut Trace) -> Option<ConnectionId> {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let scenario = std::sync::Arc::clone(&self.scenario);
        let name = scenario.clients.get(index as usize).map_or("", |spec| spec.name.as_str());
        let station = self.stations.get_mut(index as usize)?;
        // The streams of the client's own connections do not depend on how many doubles there were.
        let name = if double.is_some() {
            format!("{name}#double {}", id.0)
        } else {
            station.opened += 1;
            format!("{name}#{}", station.opened)
        };
        let (conditions, cut) = (station.node.conditions, station.node.cut);
        let mut link = Link::open(self.now, conditions, cut, self.seed, &name);
        if !self.broker_powered {
            // Nobody listens: the operating system of the broker's machine answers SYN with RST.
            link.handle_vanish(self.now, Side::Broker, true);
        }
        let opening = self.record(trace, cause, Event::ConnectionOpening { connection: id, client: node_of(index) });
        let mut connection = Connection::new(link, index, opening);
        connection.broker_holds = self.broker_powered;
        connection.double = double;
        self.connections.insert(id, connection);
        Some(id)
    }

    // ---- the broker ----

    /// Carries out what the broker wants.
    pub(super) fn drain_broker(&mut self, cause: Option<RecordId>, trace: &mut Trace) {
        self.touched.push(Source::Broker);
        let now = self.now;
        let mut cause = cause;
        while let Some(output) = self.broker.poll_output() {
            match output {
                broker::Output::Transmit(id, transmit) => {
                    let Some(connection) = self.connections.get_mut(&id).filter(|connection| connection.broker_holds) else { continue };
                    match transmit {
                        Transmit::Packet { packet_type, bytes } => {
                            self.write(id, Side::Broker, packet_type, bytes, cause, trace);
                            continue;
                        }
                        Transmit::Close => connection.link.handle_close(now, Side::Broker),
                        Transmit::Abort => {
                            connection.broker_holds = false;
                            connection.link.handle_vanish(now, Side::Broker, true);
                        }
                        Transmit::Open => continue,
                    }
                    self.drain_link(id, cause, trace);
                }
                broker::Output::Event(BrokerEvent::PacketReceived { connection, .. }) => {
                    cause = self.packet_received(Some(connection), Side::Broker, trace).or(cause);
                }
                broker::Output::Event(BrokerEvent::MalformedReceived { connection, error, bytes }) => {
                    cause = self.packet_malformed(Some(connection), Side::Broker, bytes, *error, trace).or(cause);
                }
                broker::Output::Event(event) => {
                    let planned = match &event {
                        BrokerEvent::WillPublished { client_id, .. } | BrokerEvent::WillDiscarded { client_id, .. } => {
                            self.wills.remove(client_id)
                        }
                        _ => None,
                    };
                    let schedules = if let BrokerEvent::WillScheduled { client_id, .. } = &event { Some(client_id.clone()) } else { None };
                    let record = self.record(trace, cause.or(planned), Event::Broker(event.into()));
                    cause = cause.or(Some(record));
                    if let Some(client_id) = schedules {
                        self.wills.insert(client_id, record);
                    }
                }
            }
        }
    }

    // ---- packets ----

    fn packet_received(&mut self, id: Option<ConnectionId>, to: Side, trace: &mut Trace) -> Option<RecordId> {
        let id = id?;
        let sent = self.connections.get_mut(&id)?.received(to.peer());
        Some(self.record(trace, sent, Event::PacketReceived { connection: id, to, sent }))
    }

    fn packet_malformed(
        &mut self,
        id: Option<ConnectionId>,
        to: Side,
        bytes: Bytes,
        error: crate::packet::DecodeError,
        trace: &mut Trace,
    ) -> Option<RecordId> {
        let id = id?;
        let sent = self.connections.get_mut(&id)?.received(to.peer());
        Some(self.record(trace, sent, Event::PacketMalformed(Box::new(Malformed { connection: id, to, bytes, error }))))
    }

    fn write(&mut self, id: ConnectionId, from: Side, packet_type: PacketType, bytes: Bytes, cause: Option<RecordId>, trace: &mut Trace) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(station) = self.stations.get_mut(connection.client as usize) else { return };
        let version = station.node.client.version();
        let label = Label(packet_type as u8);
        let verdict = station.node.faults.judge(now, from, label);
        let event = || Event::PacketSent { connection: id, from, packet_type, version, bytes: bytes.clone().into() };
        let sent = trace.push_with(now, cause, event);
        let length = bytes.len();
        let unit = connection.link.handle_write(now, from, bytes, verdict);
        connection.sending(from, sent, length, verdict != Verdict::Pass, unit);
        let (_, _, waiting) = connection.link.byte_account(from);
        self.drain_link(id, Some(sent), trace);
        if waiting > self.limits.backlog {
            let message = key::SIM_LIMIT_BACKLOG.with("limit", self.limits.backlog);
            let record = self.record(trace, Some(sent), Event::LimitReached { message: message.into() });
            self.reset_link(id, Some(record), trace);
        }
    }

    // ---- the link ----

    pub(super) fn reset_link(&mut self, id: ConnectionId, cause: Option<RecordId>, trace: &mut Trace) {
        let now = self.now;
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.link.handle_reset(now);
            self.drain_link(id, cause, trace);
        }
    }

    /// Records what a link reports and queues what it hands on.
    pub(super) fn drain_link(&mut self, id: ConnectionId, cause: Option<RecordId>, trace: &mut Trace) {
        self.touched.push(Source::Link(id));
        let mut cause = cause;
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            let Some(event) = connection.link.poll_event() else { return };
            let mut hand_on = |to, what, cause| self.deliveries.push_back(Delivery { connection: id, to, what, cause });
            match event {
                LinkEvent::SegmentSent(segment) => {
                    let why = connection.cause_of(&segment).or(cause).or(Some(connection.opening));
                    let (number, from, seq) = (segment.number, segment.from, segment.seq);
                    let record = trace.push_with(self.now, why, || Event::SegmentSent { connection: id, segment: segment.into() });
                    connection.segment_sent(number, (from, seq), record);
                }
                LinkEvent::SegmentArrived { number } => {
                    let (sent, at) = connection.segment_arrived(number);
                    let record = trace.push(self.now, sent, Event::SegmentArrived { connection: id, number });
                    if let Some(at) = at {
                        connection.note_arrival(at, record);
                    }
                    cause = Some(record);
                }
                LinkEvent::SegmentLost { number, reason } => {
                    let (sent, key) = connection.segment_lost(number);
                    let record = trace.push(self.now, sent, Event::SegmentLost { connection: id, number, reason });
                    if let Some(key) = key {
                        connection.note_loss(key, record);
                    }
                }
                LinkEvent::Opened { side } => {
                    let why = cause.or(Some(connection.opening));
                    let record = trace.push(self.now, why, Event::TransportOpened { connection: id, side });
                    hand_on(side, What::Opened, Some(record));
                }
                LinkEvent::BytesArrived { to, mut bytes } => {
                    while bytes.len() > self.limits.read.max(1) {
                        hand_on(to, What::Bytes(bytes.split_to(self.limits.read.max(1))), cause);
                    }
                    hand_on(to, What::Bytes(bytes), cause);
                }
                LinkEvent::UnitArrived { from, unit } => hand_on(from.peer(), What::Whole(unit), cause),
                LinkEvent::UnitLost { from, unit, reason } => {
                    if let Some(sent) = connection.never(from, unit) {
                        trace.push(self.now, cause.or(Some(sent)), Event::PacketLost { connection: id, sent, reason });
                    }
                }
                LinkEvent::Closed { side, reason } => {
                    let why = cause.or(Some(connection.opening));
                    let record = trace.push(self.now, why, Event::TransportClosed { connection: id, side, reason });
                    hand_on(side, What::Closed, Some(record));
                }
                LinkEvent::VerdictExecuted { from, unit, verdict } => {
                    if let Some(sent) = connection.struck(from, unit) {
                        let record =
                            trace.push(self.now, Some(sent), Event::FaultStruck(Box::new(Fault { connection: id, sent, verdict })));
                        cause = Some(record);
                        let client = connection.client;
                        if let Verdict::CutBeforeDelivery { notice } | Verdict::CutAfterDelivery { notice } = verdict {
                            self.path_cut_by_fault(client, id, notice, record, trace);
                        } else if verdict == Verdict::DuplicateConnection {
                            self.connect_double(client, Some(record), trace);
                        }
                    }
                }
            }
        }
    }

    /// A fault rule has cut the path in one link; all others of the client lie on the same path.
    fn path_cut_by_fault(&mut self, index: u32, struck: ConnectionId, notice: CutNotice, cause: RecordId, trace: &mut Trace) {
        let Some(station) = self.stations.get_mut(index as usize) else { return };
        station.node.cut = Some(CutDirection::Both);
        let record = self.record(trace, Some(cause), Event::PathChanged { client: node_of(index), cut: Some(CutDirection::Both) });
        for id in self.links_of(index) {
            if id != struck
                && let Some(connection) = self.connections.get_mut(&id)
            {
                connection.link.handle_cut(self.now, CutDirection::Both, notice);
                self.drain_link(id, Some(record), trace);
            }
        }
    }

    /// The connections of a client, oldest first.
    pub(super) fn links_of(&self, index: u32) -> Vec<ConnectionId> {
        self.connections.iter().filter(|(_, connection)| connection.client == index).map(|(id, _)| id).collect()
    }
}
