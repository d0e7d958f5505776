//! The two tasks of one connection: one reads and one writes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::backlog::{Backlog, Outgoing};
use super::server::Input;
use crate::link::CloseReason;
use crate::session::ConnectionId;

/// Pieces of one connection that wait for the broker; a Client that sends more waits its turn, so that none crowds out the others.
const PIECES_MAX: usize = 2;
/// Bytes written at once, unless a single packet has more.
const BATCH_MAX: usize = 65_536;
/// How long after the last packet the peer may still send: a socket closed with unread bytes is reset, and the peer would lose that packet.
const LINGER: Duration = Duration::from_secs(1);

/// What a peer sent.
pub(super) enum Received {
    /// A piece of its byte stream.
    Bytes(Bytes),
    /// Nothing that concerns MQTT.
    Nothing,
    /// No more.
    End(CloseReason),
    /// What may not come over WebSocket: the connection is to be closed with this status code.
    Refused(u16),
}

/// The connection can take no more packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken(pub(super) CloseReason);

/// Where bytes come from.
pub(super) trait PieceSource: Send + 'static {
    /// The next piece.
    fn next(&mut self) -> impl Future<Output = Received> + Send;
}

/// Where packets go to.
pub(super) trait PacketSink: Send + 'static {
    /// Writes them all. A peer that takes nothing for `stall_max` is given up.
    fn write(&mut self, packets: &[Bytes], stall_max: Duration) -> impl Future<Output = Result<(), Broken>> + Send;

    /// Says that nothing more comes.
    fn close(&mut self, code: u16) -> impl Future<Output = ()> + Send;
}

/// The result, unless it takes longer than a peer is given.
pub(super) async fn in_time<T>(stall_max: Duration, result: impl Future<Output = T>) -> Result<T, Broken> {
    tokio::time::timeout(stall_max, result).await.map_err(|_| Broken(CloseReason::TimedOut))
}

/// The server's end of the tasks of a connection.
pub(super) struct Ends {
    pub(super) queue: mpsc::UnboundedReceiver<Outgoing>,
    pub(super) backlog: Arc<Backlog>,
    pub(super) input: mpsc::Sender<Input>,
    /// Packets and bytes that were written. Read by the server before it asks the broker for more.
    pub(super) written: mpsc::UnboundedSender<(ConnectionId, usize, usize)>,
    pub(super) stall_max: Duration,
    /// The place among the connections of its listener, until the socket is closed.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

/// Starts to read and write, until either side closes.
pub(super) fn spawn(connection: ConnectionId, mut source: impl PieceSource, mut sink: impl PacketSink, ends: Ends) {
    let Ends { mut queue, backlog, input, written, stall_max, place } = ends;
    let (from_peer, pausing) = (input.clone(), Arc::clone(&backlog));
    let mut reading = tokio::spawn(async move {
        let ended = read(connection, &mut source, &pausing, &from_peer).await;
        let _ = from_peer.send(ended).await;
    });
    tokio::spawn(async move {
        let ending = tokio::select! {
            biased;
            () = backlog.given_up() => Ending::GivenUp,
            ending = write(connection, &mut sink, &mut queue, &backlog, &written, stall_max) => ending,
        };
        match ending {
            Ending::Closed(code) => {
                let goodbye = async {
                    sink.close(code).await;
                    let _ = (&mut reading).await;
                };
                let _ = tokio::time::timeout(LINGER, goodbye).await;
            }
            // The broker has to hear of it, even if the reader has not noticed.
            Ending::Broken(reason) => {
                let _ = input.send(Input::Closed(connection, reason)).await;
            }
            Ending::GivenUp => {}
        }
        reading.abort();
        drop(place);
    });
}

async fn read(connection: ConnectionId, source: &mut impl PieceSource, backlog: &Backlog, input: &mpsc::Sender<Input>) -> Input {
    let places = Arc::new(Semaphore::new(PIECES_MAX));
    loop {
        backlog.eased().await;
        match source.next().await {
            Received::Bytes(bytes) => {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
                if input.send(Input::Bytes(connection, bytes, place)).await.is_err() {
                    break;
                }
            }
            Received::Nothing => {}
            Received::End(reason) => return Input::Closed(connection, reason),
            Received::Refused(code) => return Input::Refused(connection, code),
        }
    }
    Input::Closed(connection, CloseReason::ClosedHere)
}

enum Ending {
    Closed(u16),
    Broken(CloseReason),
    GivenUp,
}

async fn write(
    connection: ConnectionId,
    sink: &mut impl PacketSink,
    queue: &mut mpsc::UnboundedReceiver<Outgoing>,
    backlog: &Backlog,
    written: &mpsc::UnboundedSender<(ConnectionId, usize, usize)>,
    stall_max: Duration,
) -> Ending {
    let mut batch = Vec::new();
    loop {
        batch.clear();
        let mut bytes = 0;
        let mut next = queue.recv().await;
        let close = loop {
            match next {
                Some(Outgoing::Packet(packet)) => {
                    bytes += packet.len();
                    batch.push(packet);
                    if bytes >= BATCH_MAX {
                        break None;
                    }
                }
                Some(Outgoing::Close(code)) => break Some(Ending::Closed(code)),
                None => break Some(Ending::GivenUp),
            }
            match queue.try_recv() {
                Ok(more) => next = Some(more),
                Err(_) => break None,
            }
        };
        if !batch.is_empty() {
            if let Err(Broken(reason)) = sink.write(&batch, stall_max).await {
                return Ending::Broken(reason);
            }
            backlog.written(batch.len(), bytes);
            let _ = written.send((connection, batch.len(), bytes));
        }
        if let Some(ending) = close {
            return ending;
        }
    }
}
