//! The broker behind TCP: the same core, driven by the wall clock and real sockets.
//!
//! One task owns the [`Broker`]; each connection has a task that reads and one that writes. Queues between them are bounded: a Client that
//! does not read is disconnected before its queue grows without end.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::broker::{Broker, BrokerConfig, BrokerEvent, Output};
use crate::rng::RngStream;
use crate::session::{ConnectionId, Transmit};
use crate::time::Instant;

/// Packets that wait for one slow reader before it is disconnected.
const OUTGOING_MAX: usize = 4_096;
/// Pieces of input that wait for the broker; more waits in the sockets.
const INCOMING_MAX: usize = 1_024;
/// Bytes read at once.
const READ_SIZE: usize = 16_384;
/// A peer that takes nothing of a packet for so long is given up.
const WRITE_STALL_MAX: std::time::Duration = std::time::Duration::from_secs(30);
/// How long after the last packet the peer may still send: a socket closed with unread bytes is reset, and the peer would lose that packet.
const LINGER: std::time::Duration = std::time::Duration::from_secs(1);

/// Why the listener could not start.
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

/// A broker that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    broker: Broker,
}

enum Input {
    Opened(TcpStream),
    Bytes(ConnectionId, Bytes),
    Closed(ConnectionId),
}

enum Outgoing {
    Bytes(Bytes),
    Close,
}

impl Server {
    /// Starts to listen; port 0 picks a free one.
    ///
    /// # Errors
    /// [`ServerError::Listen`].
    pub async fn bind(address: SocketAddr, config: BrokerConfig) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(address).await.map_err(|source| ServerError::Listen { address, source })?;
        Ok(Self { listener, broker: Broker::new(config, RngStream::from_entropy(entropy())) })
    }

    /// The address in use.
    ///
    /// # Errors
    /// The operating system cannot tell.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready, then says goodbye to all clients. `log` hears every event.
    pub async fn run(self, stop: impl Future<Output = ()>, mut log: impl FnMut(Instant, &BrokerEvent)) {
        let Self { listener, mut broker } = self;
        let started = tokio::time::Instant::now();
        let (input, mut inputs) = mpsc::channel::<Input>(INCOMING_MAX);
        let mut writers: BTreeMap<ConnectionId, mpsc::Sender<Outgoing>> = BTreeMap::new();
        let mut last_connection = 0;
        tokio::pin!(stop);
        loop {
            let deadline = broker.poll_timeout().map(|at| started + std::time::Duration::from_micros(at.as_micros()));
            let timer = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            let received = tokio::select! {
                () = &mut stop => break,
                () = timer => None,
                accepted = accept(&listener) => Some(Input::Opened(accepted)),
                received = inputs.recv() => received,
            };
            let now = elapsed(started);
            match received {
                Some(Input::Opened(stream)) => {
                    last_connection += 1;
                    let connection = ConnectionId(last_connection);
                    writers.insert(connection, serve(stream, connection, input.clone()));
                    broker.handle_connection_opened(now, connection);
                }
                Some(Input::Bytes(connection, bytes)) if writers.contains_key(&connection) => broker.handle_bytes(now, connection, bytes),
                Some(Input::Closed(connection)) if writers.remove(&connection).is_some() => {
                    broker.handle_connection_closed(now, connection);
                }
                _ => broker.handle_timeout(now),
            }
            drain(&mut broker, now, &mut writers, &mut log);
        }
        let now = elapsed(started);
        let ending: Vec<mpsc::Sender<Outgoing>> = writers.values().cloned().collect();
        broker.handle_shutdown(now);
        drain(&mut broker, now, &mut writers, &mut log);
        // Writers end after what was queued before; give slow sockets a moment, not forever.
        let goodbye = async {
            for writer in ending {
                writer.closed().await;
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), goodbye).await;
    }
}

/// The next connection. When the system refuses one (too many open files), it is asked again after a pause, not in a busy loop.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    }
}

/// Randomness of the operating system, which the standard library draws for its hash maps.
fn entropy() -> [u8; 32] {
    let mut entropy = [0; 32];
    for (number, part) in entropy.chunks_mut(8).enumerate() {
        part.copy_from_slice(&RandomState::new().hash_one(number).to_le_bytes());
    }
    entropy
}

fn elapsed(started: tokio::time::Instant) -> Instant {
    Instant::from_micros(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX))
}

fn drain(
    broker: &mut Broker,
    now: Instant,
    writers: &mut BTreeMap<ConnectionId, mpsc::Sender<Outgoing>>,
    log: &mut impl FnMut(Instant, &BrokerEvent),
) {
    while let Some(output) = broker.poll_output() {
        match output {
            Output::Event(event) => log(now, &event),
            Output::Transmit(connection, transmit) => {
                let Some(writer) = writers.get(&connection) else { continue };
                let (outgoing, last) = match transmit {
                    Transmit::Packet { bytes, .. } => (Outgoing::Bytes(bytes), false),
                    Transmit::Close => (Outgoing::Close, true),
                    Transmit::Abort | Transmit::Open => {
                        writers.remove(&connection);
                        continue;
                    }
                };
                let overflow = writer.try_send(outgoing).is_err();
                if overflow || last {
                    writers.remove(&connection);
                }
                if overflow && !last {
                    broker.handle_connection_closed(now, connection);
                }
            }
        }
    }
}

/// Reads and writes one connection until either side closes it.
fn serve(stream: TcpStream, connection: ConnectionId, input: mpsc::Sender<Input>) -> mpsc::Sender<Outgoing> {
    // Small packets are the rule; waiting to fill a segment would only delay them.
    let _ = stream.set_nodelay(true);
    let (mut reader, mut writer) = stream.into_split();
    let (outgoing, mut queue) = mpsc::channel::<Outgoing>(OUTGOING_MAX);
    let from_peer = input.clone();
    let mut reading = tokio::spawn(async move {
        let mut buffer = BytesMut::with_capacity(READ_SIZE);
        while matches!(reader.read_buf(&mut buffer).await, Ok(read) if read > 0) {
            if from_peer.send(Input::Bytes(connection, buffer.split().freeze())).await.is_err() {
                return;
            }
            buffer.reserve(READ_SIZE);
        }
        let _ = from_peer.send(Input::Closed(connection)).await;
    });
    tokio::spawn(async move {
        let mut broken = false;
        while !broken && let Some(Outgoing::Bytes(bytes)) = queue.recv().await {
            broken = !matches!(tokio::time::timeout(WRITE_STALL_MAX, writer.write_all(&bytes)).await, Ok(Ok(())));
        }
        if broken {
            drop(queue);
            // The broker has to hear of it, even if the reader has not noticed.
            let _ = input.send(Input::Closed(connection)).await;
        } else {
            let _ = writer.shutdown().await;
            drop(queue);
            let _ = tokio::time::timeout(LINGER, &mut reading).await;
        }
        reading.abort();
    });
    outgoing
}
