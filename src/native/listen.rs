//! From listening sockets to connections: accepting, and the handshake of those that need one.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::server::{Accepted, Input, ServerError};
use super::websocket::{self, Admission, Bounds};

/// Connections that may wait in the system until they are accepted.
const QUEUED_BY_SYSTEM: u32 = 4_096;
/// WebSocket handshakes at once.
const HANDSHAKES_MAX: usize = 512;
/// How long to wait when the system has no file left for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What MQTT goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// WebSocket.
    WebSocket,
}

/// As the scheme of an address.
impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "mqtt",
            Self::WebSocket => "ws",
        })
    }
}

/// A socket that listens.
#[derive(Debug)]
pub(super) struct Listener {
    socket: TcpListener,
    pub(super) transport: Transport,
    pub(super) address: SocketAddr,
    /// How many connections it may have, and the places that are free.
    places: Option<(usize, Arc<Semaphore>)>,
}

impl Listener {
    pub(super) fn bind(transport: Transport, address: SocketAddr, limit: Option<usize>) -> Result<Self, ServerError> {
        let limit = limit.map(|limit| limit.min(Semaphore::MAX_PERMITS));
        let places = limit.map(|limit| (limit, Arc::new(Semaphore::new(limit))));
        let bind = move || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // Elsewhere than on Unix it would let a second process listen on the same port.
            #[cfg(unix)]
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let socket = socket.listen(QUEUED_BY_SYSTEM)?;
            let address = socket.local_addr()?;
            Ok(Self { socket, transport, address, places })
        };
        bind().map_err(|source| ServerError::Listen { address, source })
    }

    /// Accepts until the server has gone.
    pub(super) async fn run(self, admission: Arc<Admission>, bounds: Bounds, input: mpsc::Sender<Input>) {
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
        let mut is_failing = false;
        loop {
            // More handshakes wait in the system.
            let handshake = match self.transport {
                Transport::Tcp => None,
                Transport::WebSocket => Arc::clone(&handshakes).acquire_owned().await.ok(),
            };
            let (stream, peer) = match self.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Told once, not ten times a second; tried again all the same: files become free when a Client goes.
                    if !is_failing && input.send(Input::AcceptFailed(error)).await.is_err() {
                        return;
                    }
                    is_failing = true;
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            is_failing = false;
            let place = match &self.places {
                None => None,
                Some((limit, places)) => match Arc::clone(places).try_acquire_owned() {
                    Ok(place) => Some(place),
                    // Closed without a word, as Mosquitto does: it has not said what it speaks.
                    Err(_) => {
                        let full = Input::ListenerFull { peer, address: self.address, limit: *limit };
                        if input.send(full).await.is_err() {
                            return;
                        }
                        continue;
                    }
                },
            };
            if handshake.is_none() {
                if input.send(Input::Opened(peer, Accepted::Tcp(stream), place)).await.is_err() {
                    return;
                }
                continue;
            }
            let (admission, input) = (Arc::clone(&admission), input.clone());
            tokio::spawn(async move {
                let shaken = shake_hands(stream, peer, admission, bounds, place).await;
                drop(handshake);
                let _ = input.send(shaken).await;
            });
        }
    }
}

async fn shake_hands(
    stream: TcpStream,
    peer: SocketAddr,
    admission: Arc<Admission>,
    bounds: Bounds,
    place: Option<OwnedSemaphorePermit>,
) -> Input {
    match websocket::accept(stream, admission, bounds).await {
        Ok((incoming, sender)) => Input::Opened(peer, Accepted::WebSocket(incoming, sender), place),
        Err(reason) => Input::HandshakeFailed(peer, reason),
    }
}
