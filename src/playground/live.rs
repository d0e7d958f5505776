//! A client and a real broker: the page's WebSocket feeds it, its trace is recorded with the time since it was opened.

use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;

use super::screen::live_client_rows;
use super::{ClientRow, LiveInput};
use crate::client::{Client, ClientConfig, ClientEvent, ClientState, DisconnectCause, Output};
use crate::link::{CloseReason, Side};
use crate::packet::{PacketType, ProtocolVersion, ReasonCode};
use crate::rng::Seed;
use crate::session::{ConnectionId, Transmit};
use crate::sim::{Command, CommandError, Cursor, Stride};
use crate::text::{Message, key};
use crate::time::Instant;
use crate::trace::{Event, Malformed, Node, NodeId, NodeKind, Recorder, Trace};
use crate::view::SessionReport;

const RECORDS_MAX: usize = 200_000;
/// Bytes of packets that are kept. A message that arrives is kept twice: in its packet and as what the application got.
const BYTES_MAX: usize = 32 << 20;
const CLIENT: NodeId = NodeId(1);

#[derive(Debug)]
pub(super) struct Live {
    pub(super) client: Client,
    recorder: Recorder,
    outbox: VecDeque<Transmit>,
    /// The last time that the page told.
    now: Instant,
    connection: ConnectionId,
    transport: Transport,
    /// Why the Server refused the last CONNECT.
    refused: Option<ReasonCode>,
    /// The client's state from this number of records on, as often as it changed.
    states: Vec<(usize, LiveState)>,
    /// Where the learner is looking, unless it is the newest record.
    past: Option<Cursor>,
}

/// What the page shows of the client's state.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LiveState {
    pub(super) sessions: Rc<SessionReport>,
    pub(super) clients: Rc<[ClientRow]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    Closed,
    Opening,
    Open,
}

impl Live {
    pub(super) fn new(config: ClientConfig, url: &str) -> Self {
        let name = if config.client_id.as_str().is_empty() { "client".to_owned() } else { config.client_id.as_str().to_owned() };
        let nodes = vec![
            Node { name: without_credentials(url), version: None, kind: NodeKind::Broker },
            Node { name, version: Some(config.version), kind: NodeKind::App },
        ];
        let mut live = Self {
            client: Client::new(config, Seed(0).stream("live", "client")),
            recorder: Recorder::new(nodes, RECORDS_MAX, BYTES_MAX),
            outbox: VecDeque::new(),
            now: Instant::ZERO,
            connection: ConnectionId(0),
            transport: Transport::Closed,
            refused: None,
            states: Vec::new(),
            past: None,
        };
        live.keep_state();
        live
    }

    pub(super) const fn trace(&self) -> &Trace {
        self.recorder.trace()
    }

    /// Keeps the client's state for whoever looks back: it is no fold of the trace.
    fn keep_state(&mut self) {
        let name = self.trace().nodes().get(CLIENT.0 as usize).map_or("", |node| node.name.as_str());
        let sessions = Rc::new(SessionReport::of_client(CLIENT, name, &self.client));
        let state = LiveState { sessions, clients: live_client_rows(name, &self.client, self.refused).into() };
        let length = self.trace().len();
        match self.states.last_mut() {
            Some((_, last)) if *last == state => {}
            Some((records, last)) if *records == length => *last = state,
            _ => self.states.push((length, state)),
        }
    }

    /// The client's state at the cursor.
    pub(super) fn state(&self) -> Option<&LiveState> {
        let known = self.states.partition_point(|(records, _)| *records <= self.cursor().records);
        self.states.get(known.saturating_sub(1)).map(|(_, state)| state)
    }

    pub(super) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.outbox.pop_front()
    }

    pub(super) fn handle_input(&mut self, input: LiveInput) {
        let (LiveInput::Opened { now } | LiveInput::Bytes { now, .. } | LiveInput::Closed { now } | LiveInput::Timeout { now }) = &input;
        self.now = self.now.max(*now);
        match input {
            LiveInput::Opened { .. } if self.transport == Transport::Opening => {
                self.transport = Transport::Open;
                self.record(Event::TransportOpened { connection: self.connection, side: Side::Client });
                self.client.handle_transport_opened(self.now);
            }
            LiveInput::Bytes { bytes, .. } if self.transport == Transport::Open => self.client.handle_bytes(self.now, bytes),
            LiveInput::Closed { .. } if self.transport != Transport::Closed => {
                let reason = if self.transport == Transport::Open { CloseReason::ClosedByPeer } else { CloseReason::NetworkDown };
                self.close(reason);
                self.client.handle_transport_closed(self.now);
            }
            LiveInput::Timeout { .. } => self.client.handle_timeout(self.now),
            // What comes late from a connection that is over.
            LiveInput::Opened { .. } | LiveInput::Bytes { .. } | LiveInput::Closed { .. } => {}
        }
        self.drain();
    }

    /// What the learner wants of the client.
    ///
    /// # Errors
    /// It makes no sense now, or cannot be done on a real broker.
    pub(super) fn apply(&mut self, command: &Command) -> Result<(), Message> {
        let now = self.now;
        let Some(outcome) = command.tell(now, &mut self.client) else { return Err(key::PLAYGROUND_LIVE_CANNOT.message()) };
        if outcome.is_ok() {
            // Whoever looks back and does something sees what comes of it.
            self.past = None;
        }
        self.drain();
        outcome.map_err(|error| CommandError::from(error).message())
    }

    fn record(&mut self, event: Event) {
        self.recorder.record(self.now, event);
    }

    fn close(&mut self, reason: CloseReason) {
        if self.transport != Transport::Closed {
            self.transport = Transport::Closed;
            self.record(Event::TransportClosed { connection: self.connection, side: Side::Client, reason });
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Transmit(transmit) => self.transmit(transmit),
                Output::Event(event) => self.note(event),
            }
            // Nothing more is heard of a WebSocket that this side has closed: the close is over at once.
            if self.transport == Transport::Closed && self.client.state() == ClientState::Disconnecting {
                self.client.handle_transport_closed(self.now);
            }
        }
        self.keep_state();
    }

    fn transmit(&mut self, transmit: Transmit) {
        match &transmit {
            Transmit::Open => {
                self.connection = ConnectionId(self.connection.0.saturating_add(1));
                self.transport = Transport::Opening;
                self.record(Event::ConnectionOpening { connection: self.connection, client: CLIENT });
            }
            Transmit::Packet { packet_type, bytes } => {
                let version = self.client.version();
                self.record(Event::PacketSent {
                    connection: self.connection,
                    from: Side::Client,
                    packet_type: *packet_type,
                    version,
                    bytes: bytes.clone().into(),
                });
            }
            Transmit::Close | Transmit::Abort => self.close(CloseReason::ClosedHere),
        }
        self.outbox.push_back(transmit);
    }

    fn note(&mut self, event: ClientEvent) {
        let connection = self.connection;
        match event {
            ClientEvent::PacketReceived { frame } => {
                if let Some(event) = observed(connection, &frame, self.client.version()) {
                    self.record(event);
                }
            }
            ClientEvent::MalformedReceived { error, bytes } => {
                self.record(Event::PacketMalformed(Box::new(Malformed { connection, to: Side::Client, bytes, error: *error })));
            }
            event => {
                match &event {
                    ClientEvent::StateChanged(ClientState::Connected) => self.refused = None,
                    ClientEvent::Disconnected(DisconnectCause::Refused(reason_code)) => self.refused = Some(*reason_code),
                    _ => {}
                }
                self.record(Event::Client { client: CLIENT, event: event.into() });
            }
        }
    }

    // ---- looking back ----

    pub(super) fn cursor(&self) -> Cursor {
        self.past.unwrap_or(Cursor { records: self.trace().len(), at: self.now })
    }

    pub(super) const fn is_following(&self) -> bool {
        self.past.is_none()
    }

    pub(super) const fn head_at(&self) -> Instant {
        self.now
    }

    pub(super) fn follow(&mut self) {
        self.past = None;
    }

    pub(super) fn stay(&mut self) {
        self.past = Some(self.cursor());
    }

    pub(super) fn seek(&mut self, at: Instant) {
        let records = self.trace().records().partition_point(|record| record.at <= at);
        self.past = Some(Cursor { records, at: at.min(self.now) });
    }

    pub(super) fn seek_records(&mut self, records: usize) {
        let records = records.min(self.trace().len());
        let last = records.checked_sub(1).and_then(|index| self.trace().records().get(index));
        self.past = Some(Cursor { records, at: last.map_or(Instant::ZERO, |record| record.at) });
    }

    fn stops(&self, index: usize, stride: Stride) -> bool {
        stride.stops_at(self.trace().records(), index)
    }

    pub(super) fn step_forward(&mut self, stride: Stride) {
        let from = self.cursor().records;
        let stop = (from..self.trace().len()).find(|index| self.stops(*index, stride));
        self.seek_records(stop.map_or(self.trace().len(), |index| index.saturating_add(1)));
    }

    pub(super) fn step_back(&mut self, stride: Stride) {
        let from = self.cursor().records.saturating_sub(1);
        let stop = (0..from).rev().find(|index| self.stops(*index, stride));
        self.seek_records(stop.map_or(0, |index| index.saturating_add(1)));
    }
}

fn observed(connection: ConnectionId, frame: &Bytes, version: ProtocolVersion) -> Option<Event> {
    let packet_type = PacketType::from_first_byte(*frame.first()?)?;
    Some(Event::PacketObserved { connection, from: Side::Broker, packet_type, version, bytes: frame.clone().into() })
}

/// The address without `user:password@` and without a query, which may hold a token.
fn without_credentials(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = if path.is_empty() { String::new() } else { format!("/{path}") };
    if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_it_may_hide() {
        assert_eq!(without_credentials("wss://me:secret@broker.example:8084/mqtt?token=1"), "wss://broker.example:8084/mqtt");
        assert_eq!(without_credentials("ws://127.0.0.1:9001"), "ws://127.0.0.1:9001");
    }
}
