//! What waits to be written to slow Clients, counted in packets and bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};

/// Bytes that wait for all Clients of a server together, now and at most so far.
#[derive(Debug, Default)]
pub struct Gauge {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Gauge {
    /// Bytes that wait.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    /// The most that ever waited at once, in bytes.
    #[must_use]
    pub fn queued_bytes_peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        let now = self.now.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.peak.fetch_max(now, Ordering::Relaxed);
    }

    fn remove(&self, bytes: usize) {
        self.now.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Bounds of one connection's backlog.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// From here on the Client is not read from: it should first read.
    pub(super) pause_bytes: usize,
    pub(super) pause_packets: usize,
    /// Beyond this it is disconnected. What the broker may still send while it pauses fits in between.
    pub(super) bytes_max: usize,
}

/// What waits for one Client.
#[derive(Debug)]
pub(super) struct Backlog {
    bounds: Bounds,
    bytes: AtomicUsize,
    packets: AtomicUsize,
    /// Told when the backlog is small enough to read on.
    eased: Notify,
    /// Told when the connection is to be given up at once.
    given_up: Notify,
    gauge: Arc<Gauge>,
}

impl Backlog {
    fn is_long(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) >= self.bounds.pause_bytes || self.packets.load(Ordering::Relaxed) >= self.bounds.pause_packets
    }

    /// Waits until the Client has read enough of what was sent to it.
    pub(super) async fn eased(&self) {
        while self.is_long() {
            self.eased.notified().await;
        }
    }

    /// Waits until the connection is given up.
    pub(super) async fn given_up(&self) {
        self.given_up.notified().await;
    }

    /// So much was written.
    pub(super) fn written(&self, packets: usize, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.packets.fetch_sub(packets, Ordering::Relaxed);
        self.gauge.remove(bytes);
        if !self.is_long() {
            self.eased.notify_one();
        }
    }
}

/// What was never written is no longer waiting once the connection is gone.
impl Drop for Backlog {
    fn drop(&mut self) {
        self.gauge.remove(self.bytes.load(Ordering::Relaxed));
    }
}

/// What the writer of a connection is told.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// Write a packet.
    Packet(Bytes),
    /// Close in order; over WebSocket with this status code.
    Close(u16),
}

/// The end of a connection at which the server puts packets in.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: mpsc::UnboundedSender<Outgoing>,
    backlog: Arc<Backlog>,
}

/// The backlog is longer than it may ever be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overflow;

impl Outbox {
    /// The outbox with what the two tasks of the connection need of it.
    pub(super) fn new(bounds: Bounds, gauge: Arc<Gauge>) -> (Self, mpsc::UnboundedReceiver<Outgoing>, Arc<Backlog>) {
        let (queue, packets) = mpsc::unbounded_channel();
        let backlog = Arc::new(Backlog {
            bounds,
            bytes: AtomicUsize::new(0),
            packets: AtomicUsize::new(0),
            eased: Notify::new(),
            given_up: Notify::new(),
            gauge,
        });
        (Self { queue, backlog: Arc::clone(&backlog) }, packets, backlog)
    }

    pub(super) fn push(&self, bytes: Bytes) -> Result<(), Overflow> {
        let length = bytes.len();
        let backlog = &self.backlog;
        if backlog.bytes.load(Ordering::Relaxed).saturating_add(length) > backlog.bounds.bytes_max {
            return Err(Overflow);
        }
        backlog.bytes.fetch_add(length, Ordering::Relaxed);
        backlog.packets.fetch_add(1, Ordering::Relaxed);
        backlog.gauge.add(length);
        // A writer that has ended reports it by itself.
        let _ = self.queue.send(Outgoing::Packet(bytes));
        Ok(())
    }

    /// Closes after what was put in before.
    pub(super) fn close(self, code: u16) -> mpsc::UnboundedSender<Outgoing> {
        let _ = self.queue.send(Outgoing::Close(code));
        self.queue
    }

    /// Gives the connection up, with all that waits.
    pub(super) fn give_up(self) {
        self.backlog.given_up.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Bounds {
        Bounds { pause_bytes: 10, pause_packets: 3, bytes_max: 20 }
    }

    #[test]
    fn the_gauge_counts_what_waits_and_forgets_what_goes_with_its_connection() {
        let gauge = Arc::new(Gauge::default());
        let (outbox, packets, backlog) = Outbox::new(bounds(), Arc::clone(&gauge));
        assert!(outbox.push(Bytes::from_static(b"0123456789")).is_ok());
        assert!(outbox.push(Bytes::from_static(b"0123456789")).is_ok());
        assert!(outbox.push(Bytes::from_static(b"0")).is_err());
        backlog.written(1, 10);
        assert_eq!((gauge.queued_bytes(), gauge.queued_bytes_peak()), (10, 20));
        drop((outbox, packets, backlog));
        assert_eq!(gauge.queued_bytes(), 0);
    }

    #[tokio::test]
    async fn reading_pauses_while_much_waits() {
        let (outbox, _packets, backlog) = Outbox::new(bounds(), Arc::default());
        backlog.eased().await;
        for _ in 0..3 {
            assert!(outbox.push(Bytes::from_static(b"0")).is_ok());
        }
        let waiting = tokio::spawn({
            let backlog = Arc::clone(&backlog);
            async move { backlog.eased().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        backlog.written(1, 1);
        assert!(waiting.await.is_ok());
    }
}
