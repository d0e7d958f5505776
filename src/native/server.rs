//! The broker behind sockets: the same core, driven by the wall clock.
//!
//! One task owns the [`Broker`]; each connection has a task that reads and one that writes. What waits between them is bounded, for input in pieces, for
//! output in bytes and packets: of a Client that does not read what it was sent, nothing more is read, messages at QoS 0 are dropped for it (as Mosquitto
//! does), others wait in its session, and when it has taken nothing for [`ServerConfig::stall_max`], it is disconnected.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::backlog::{Bounds, Gauge, Outbox, Outgoing};
use super::connection::{self, Ends};
use super::listen::{Listener, Transport};
use super::tcp;
use super::websocket::{self, Admission};
use crate::broker::{AccessControl, Broker, BrokerConfig, BrokerEvent, Output};
use crate::link::CloseReason;
use crate::packet::PacketType;
use crate::rng::RngStream;
use crate::session::{ConnectionId, Transmit};
use crate::time::Instant;

/// Pieces of input that wait for the broker; more waits in the sockets.
const INPUTS_MAX: usize = 1_024;
/// Bytes that may wait for one Client before QoS 0 is dropped for it.
const UNWRITTEN_BYTES: usize = 1 << 20;
/// Packets that may wait for one Client before QoS 0 is dropped for it.
const UNWRITTEN_PACKETS: usize = 10_000;
/// How long Clients are given at the end to take what was sent to them.
const GOODBYE: Duration = Duration::from_secs(3);
/// Status codes of WebSocket: an orderly end, and a server that stops.
const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The broker. Without bounds for what is unwritten it gets 1 MiB and 10,000 packets for each connection.
    pub broker: BrokerConfig,
    /// Where to listen for MQTT over TCP; port 0 picks a free one.
    pub tcp: Vec<SocketAddr>,
    /// Where to listen for MQTT over WebSocket.
    pub websocket: Vec<SocketAddr>,
    /// Connections at once of each listener, in the order of `tcp` and then `websocket`. Those without an entry take as many as the broker does.
    pub connections_max: Vec<Option<usize>>,
    /// Who is let in over WebSocket.
    pub admission: Admission,
    /// A peer that takes nothing of what is written to it for so long is given up.
    pub stall_max: Duration,
    /// How long a WebSocket handshake may take.
    pub handshake_max: Duration,
}

impl Default for ServerConfig {
    /// Listens nowhere.
    fn default() -> Self {
        Self {
            broker: BrokerConfig::default(),
            tcp: Vec::new(),
            websocket: Vec::new(),
            connections_max: Vec::new(),
            admission: Admission::default(),
            stall_max: Duration::from_secs(30),
            handshake_max: Duration::from_secs(10),
        }
    }
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}. Choose another address, or port 0 for a free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
}

/// What a server does, for logs and traces.
#[derive(Debug)]
pub enum Happening<'a> {
    /// A connection was accepted; over WebSocket, after its handshake.
    Opened {
        /// Its number.
        connection: ConnectionId,
        /// Who calls.
        peer: SocketAddr,
        /// Over what.
        transport: Transport,
    },
    /// Something happened inside the broker.
    Broker(&'a BrokerEvent),
    /// A packet is sent.
    Sent {
        /// On this connection.
        connection: ConnectionId,
        /// Its type.
        packet_type: PacketType,
        /// All its bytes.
        bytes: &'a Bytes,
    },
    /// A connection is over.
    Closed {
        /// Which.
        connection: ConnectionId,
        /// Why, as the server sees it.
        reason: CloseReason,
    },
    /// A WebSocket handshake did not succeed.
    HandshakeFailed {
        /// Who called.
        peer: SocketAddr,
        /// Why.
        reason: &'a str,
    },
    /// A listener has as many connections as it may: this one was closed.
    ListenerFull {
        /// Who called.
        peer: SocketAddr,
        /// Where.
        address: SocketAddr,
        /// How many it may have.
        limit: usize,
    },
    /// The system gave no connection. It is asked again.
    AcceptFailed(&'a std::io::Error),
    /// Other users, passwords or rights are in force: these.
    AccessChanged(&'a AccessControl),
}

/// What the tasks tell the server.
#[derive(Debug)]
pub(super) enum Input {
    /// With its place among the connections of its listener.
    Opened(SocketAddr, Accepted, Option<OwnedSemaphorePermit>),
    ListenerFull {
        peer: SocketAddr,
        address: SocketAddr,
        limit: usize,
    },
    /// A piece of a Client's stream, and the place that it takes.
    Bytes(ConnectionId, Bytes, OwnedSemaphorePermit),
    Closed(ConnectionId, CloseReason),
    /// To be closed with this status code of WebSocket.
    Refused(ConnectionId, u16),
    HandshakeFailed(SocketAddr, String),
    AcceptFailed(std::io::Error),
    AccessChanged(AccessControl),
}

/// A new connection.
#[derive(Debug)]
pub(super) enum Accepted {
    Tcp(TcpStream),
    WebSocket(websocket::Incoming, websocket::Sender),
}

/// A broker that listens.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    listeners: Vec<Listener>,
    gauge: Arc<Gauge>,
    input: mpsc::Sender<Input>,
    inputs: mpsc::Receiver<Input>,
}

/// Changes a server that runs.
#[derive(Clone, Debug)]
pub struct Control(mpsc::Sender<Input>);

impl Control {
    /// From now on `access` says who may do what. A server that has ended ignores it.
    pub async fn change_access(&self, access: AccessControl) {
        let _ = self.0.send(Input::AccessChanged(access)).await;
    }
}

impl Server {
    /// Starts to listen.
    ///
    /// # Errors
    /// [`ServerError::Listen`].
    pub fn bind(mut config: ServerConfig) -> Result<Self, ServerError> {
        let broker = &mut config.broker;
        broker.max_unwritten_bytes = broker.max_unwritten_bytes.min(UNWRITTEN_BYTES);
        broker.max_unwritten_packets = broker.max_unwritten_packets.min(UNWRITTEN_PACKETS);
        let tcp = config.tcp.iter().map(|address| (Transport::Tcp, *address));
        let websocket = config.websocket.iter().map(|address| (Transport::WebSocket, *address));
        let limits = config.connections_max.iter().copied().chain(std::iter::repeat(None));
        let places = tcp.chain(websocket).zip(limits);
        let listeners = places.map(|((transport, address), limit)| Listener::bind(transport, address, limit)).collect::<Result<_, _>>()?;
        let (input, inputs) = mpsc::channel(INPUTS_MAX);
        Ok(Self { config, listeners, gauge: Arc::default(), input, inputs })
    }

    /// The addresses in use, in the order of the configuration, those for TCP first.
    pub fn addresses(&self) -> impl Iterator<Item = (Transport, SocketAddr)> {
        self.listeners.iter().map(|listener| (listener.transport, listener.address))
    }

    /// What changes the server while it runs.
    #[must_use]
    pub fn control(&self) -> Control {
        Control(self.input.clone())
    }

    /// What waits for slow Clients.
    #[must_use]
    pub fn gauge(&self) -> Arc<Gauge> {
        Arc::clone(&self.gauge)
    }

    /// Serves until `stop` is ready, then says goodbye to all Clients. `observe` hears of everything, with the time since the start.
    pub async fn run(self, stop: impl Future<Output = ()>, observe: impl FnMut(Instant, &Happening<'_>)) {
        let Self { config, listeners, gauge, input, mut inputs } = self;
        let (written, mut reports) = mpsc::unbounded_channel();
        let admission = Arc::new(config.admission.clone());
        let bounds = websocket::Bounds { handshake_max: config.handshake_max, message_max: message_max(&config.broker) };
        let accepting: Vec<_> =
            listeners.into_iter().map(|listener| tokio::spawn(listener.run(Arc::clone(&admission), bounds, input.clone()))).collect();
        let mut serving = Serving {
            started: tokio::time::Instant::now(),
            broker: Broker::new(config.broker.clone(), RngStream::from_entropy(entropy())),
            bounds: backlog_bounds(&config.broker),
            stall_max: config.stall_max,
            outboxes: BTreeMap::new(),
            last_connection: 0,
            gauge,
            input,
            written,
            observe,
        };
        tokio::pin!(stop);
        loop {
            let deadline = serving.broker.poll_timeout().map(|at| serving.started + Duration::from_micros(at.as_micros()));
            let timer = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = &mut stop => break,
                () = timer => serving.handle(None),
                received = inputs.recv() => {
                    // The broker counts what is unwritten: it should know the newest first.
                    while let Ok(report) = reports.try_recv() {
                        serving.handle_written(report);
                    }
                    serving.handle(received);
                }
                Some(report) = reports.recv() => serving.handle_written(report),
            }
        }
        for accepting in accepting {
            accepting.abort();
        }
        let writers = serving.shut_down();
        let goodbye = async {
            for writer in writers {
                writer.closed().await;
            }
        };
        tokio::pin!(goodbye);
        // What Clients still send is read and ignored: closing over it would reset their connections.
        let _ = tokio::time::timeout(GOODBYE, async {
            loop {
                tokio::select! {
                    () = &mut goodbye => break,
                    _ = inputs.recv() => {}
                }
            }
        })
        .await;
    }
}

/// A WebSocket message may hold the largest packet, and others with it.
fn message_max(broker: &BrokerConfig) -> usize {
    usize::try_from(broker.maximum_packet_size).unwrap_or(usize::MAX).saturating_add(1 << 20)
}

/// Reading pauses where QoS 0 begins to be dropped. What may still come is one message for each place in flight, and the answers to what was read.
fn backlog_bounds(broker: &BrokerConfig) -> Bounds {
    let packet = usize::try_from(broker.maximum_packet_size).unwrap_or(usize::MAX);
    let in_flight = packet.saturating_mul(usize::from(broker.max_inflight).saturating_add(2));
    let pause_bytes = broker.max_unwritten_bytes;
    Bounds { pause_bytes, pause_packets: broker.max_unwritten_packets, bytes_max: pause_bytes.saturating_add(in_flight) }
}

/// Randomness of the operating system, which the standard library draws for its hash maps.
pub(super) fn entropy() -> [u8; 32] {
    let mut entropy = [0; 32];
    for (number, part) in entropy.chunks_mut(8).enumerate() {
        part.copy_from_slice(&RandomState::new().hash_one(number).to_le_bytes());
    }
    entropy
}

struct Serving<F> {
    started: tokio::time::Instant,
    broker: Broker,
    bounds: Bounds,
    stall_max: Duration,
    outboxes: BTreeMap<ConnectionId, Outbox>,
    last_connection: u32,
    gauge: Arc<Gauge>,
    input: mpsc::Sender<Input>,
    written: mpsc::UnboundedSender<(ConnectionId, usize, usize)>,
    observe: F,
}

impl<F: FnMut(Instant, &Happening<'_>)> Serving<F> {
    fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn handle(&mut self, received: Option<Input>) {
        let now = self.now();
        match received {
            Some(Input::Opened(peer, accepted, place)) => self.open(now, peer, accepted, place),
            Some(Input::ListenerFull { peer, address, limit }) => {
                (self.observe)(now, &Happening::ListenerFull { peer, address, limit });
            }
            Some(Input::Bytes(connection, bytes, _place)) => {
                if self.outboxes.contains_key(&connection) {
                    self.broker.handle_bytes(now, connection, bytes);
                }
            }
            Some(Input::Closed(connection, reason)) => {
                if let Some(outbox) = self.outboxes.remove(&connection) {
                    outbox.give_up();
                    self.lose(now, connection, reason);
                }
            }
            Some(Input::Refused(connection, code)) => {
                if let Some(outbox) = self.outboxes.remove(&connection) {
                    outbox.close(code);
                    self.lose(now, connection, CloseReason::ClosedHere);
                }
            }
            Some(Input::HandshakeFailed(peer, reason)) => (self.observe)(now, &Happening::HandshakeFailed { peer, reason: &reason }),
            Some(Input::AcceptFailed(error)) => (self.observe)(now, &Happening::AcceptFailed(&error)),
            Some(Input::AccessChanged(access)) => self.broker.handle_access_changed(now, access),
            None => self.broker.handle_timeout(now),
        }
        self.drain(now);
    }

    fn handle_written(&mut self, (connection, packets, bytes): (ConnectionId, usize, usize)) {
        let now = self.now();
        self.broker.handle_written(now, connection, packets, bytes);
        self.drain(now);
    }

    fn open(&mut self, now: Instant, peer: SocketAddr, accepted: Accepted, place: Option<OwnedSemaphorePermit>) {
        self.last_connection = self.last_connection.wrapping_add(1).max(1);
        let connection = ConnectionId(self.last_connection);
        let (outbox, queue, backlog) = Outbox::new(self.bounds, Arc::clone(&self.gauge));
        let ends = Ends { queue, backlog, input: self.input.clone(), written: self.written.clone(), stall_max: self.stall_max, place };
        self.outboxes.insert(connection, outbox);
        let transport = match accepted {
            Accepted::Tcp(stream) => {
                let (source, sink) = tcp::split(stream);
                connection::spawn(connection, source, sink, ends);
                Transport::Tcp
            }
            Accepted::WebSocket(source, sink) => {
                connection::spawn(connection, source, sink, ends);
                Transport::WebSocket
            }
        };
        (self.observe)(now, &Happening::Opened { connection, peer, transport });
        self.broker.handle_connection_opened(now, connection);
    }

    /// The connection is over without the broker's doing.
    fn lose(&mut self, now: Instant, connection: ConnectionId, reason: CloseReason) {
        (self.observe)(now, &Happening::Closed { connection, reason });
        self.broker.handle_connection_closed(now, connection);
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Event(event) => {
                    (self.observe)(now, &Happening::Broker(&event));
                    if event == BrokerEvent::AccessChanged {
                        (self.observe)(now, &Happening::AccessChanged(&self.broker.config().access));
                    }
                }
                Output::Transmit(connection, transmit) => self.transmit(now, connection, transmit),
            }
        }
    }

    fn transmit(&mut self, now: Instant, connection: ConnectionId, transmit: Transmit) {
        match transmit {
            Transmit::Packet { packet_type, bytes } => {
                let Some(outbox) = self.outboxes.get(&connection) else { return };
                (self.observe)(now, &Happening::Sent { connection, packet_type, bytes: &bytes });
                if outbox.push(bytes).is_err()
                    && let Some(outbox) = self.outboxes.remove(&connection)
                {
                    outbox.give_up();
                    self.lose(now, connection, CloseReason::ClosedHere);
                }
            }
            Transmit::Close => {
                if let Some(outbox) = self.outboxes.remove(&connection) {
                    (self.observe)(now, &Happening::Closed { connection, reason: CloseReason::ClosedHere });
                    outbox.close(NORMAL);
                }
            }
            Transmit::Abort | Transmit::Open => {
                if let Some(outbox) = self.outboxes.remove(&connection) {
                    (self.observe)(now, &Happening::Closed { connection, reason: CloseReason::Reset });
                    outbox.give_up();
                }
            }
        }
    }

    /// Ends all connections; gives what tells when each is really over.
    fn shut_down(mut self) -> Vec<mpsc::UnboundedSender<Outgoing>> {
        let now = self.now();
        self.broker.handle_shutdown(now);
        let mut writers = Vec::new();
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Transmit(connection, Transmit::Close) => {
                    if let Some(outbox) = self.outboxes.remove(&connection) {
                        (self.observe)(now, &Happening::Closed { connection, reason: CloseReason::ClosedHere });
                        writers.push(outbox.close(GOING_AWAY));
                    }
                }
                Output::Transmit(connection, transmit) => self.transmit(now, connection, transmit),
                Output::Event(event) => (self.observe)(now, &Happening::Broker(&event)),
            }
        }
        writers
    }
}
