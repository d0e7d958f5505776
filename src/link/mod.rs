//! The network between a client and the broker: ordered byte streams made of segments.
//!
//! A [`Link`] is one connection and behaves like TCP where a learner can see it: a handshake, segments that take time, get lost and
//! are sent again, order kept at the price of waiting, closes and resets. It never loses, repeats or reorders bytes of a living connection;
//! only a broken connection loses any.

mod conditions;
mod fault;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use conditions::Conditions;
pub use fault::{FaultTable, Rule, Verdict};

use crate::rng::Seed;
use crate::time::Instant;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The end that opened the connection.
    Client,
    /// The end that listens.
    Broker,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Broker,
            Self::Broker => Self::Client,
        }
    }
}

/// What kind of thing the bytes of one write are, opaque to the link (the packet type's number). Fault rules match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(pub u8);

/// A number for each write of one side of one connection, from 0: fate events refer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct UnitNumber(pub u64);

/// A segment on the wire, as a capture shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Number of this transmission within the connection, from 0, unique over both sides; a retransmission has its own.
    pub number: u64,
    /// The sender.
    pub from: Side,
    /// Sequence number relative to the start of the connection (SYN has 0), as Wireshark shows it; wraps like TCP's.
    pub seq: u32,
    /// Acknowledgement number, if ACK is set.
    pub ack: Option<u32>,
    /// SYN.
    pub syn: bool,
    /// FIN.
    pub fin: bool,
    /// RST.
    pub rst: bool,
    /// The bytes it carries.
    pub payload: Bytes,
    /// 0 for the first transmission, then 1, 2, … for each retransmission.
    pub attempt: u32,
}

/// Why a segment or bytes were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LossReason {
    /// The loss ratio struck.
    RandomLoss,
    /// The path was cut.
    PathCut,
    /// The connection was reset while it was on the way.
    ConnectionReset,
    /// The connection no longer existed at the receiver.
    NoConnection,
    /// The connection ended before the bytes were sent.
    NeverSent,
}

/// Why a side saw its connection end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The peer closed it in order (FIN).
    ClosedByPeer,
    /// This side closed it itself.
    ClosedHere,
    /// A reset arrived or was injected (RST).
    Reset,
    /// The operating system noticed that the network is gone.
    NetworkDown,
    /// Too many retransmissions went unanswered.
    TimedOut,
}

/// What a link reports, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// A segment left.
    SegmentSent(Segment),
    /// The segment with this number arrived.
    SegmentArrived {
        /// [`Segment::number`].
        number: u64,
    },
    /// The segment with this number will never arrive.
    SegmentLost {
        /// [`Segment::number`].
        number: u64,
        /// Why.
        reason: LossReason,
    },
    /// This side may send now.
    Opened {
        /// Whose view.
        side: Side,
    },
    /// In-order bytes for the application of `to`.
    BytesArrived {
        /// The receiver.
        to: Side,
        /// The bytes.
        bytes: Bytes,
    },
    /// The last byte of a unit was handed to the receiver.
    UnitArrived {
        /// The sender.
        from: Side,
        /// Which write.
        unit: UnitNumber,
    },
    /// The unit will never arrive whole: the connection ended.
    UnitLost {
        /// The sender.
        from: Side,
        /// Which write.
        unit: UnitNumber,
        /// Why.
        reason: LossReason,
    },
    /// The connection ended for this side.
    Closed {
        /// Whose view.
        side: Side,
        /// Why.
        reason: CloseReason,
    },
    /// A fault rule's verdict was carried out.
    VerdictExecuted {
        /// Sender of the unit that triggered it.
        from: Side,
        /// The unit.
        unit: UnitNumber,
        /// What was done.
        verdict: Verdict,
    },
}

/// Who learns at once that a cut happened; the other side only finds out by its timers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutNotice {
    /// The client's operating system sees its network go, as with Wi-Fi lost.
    #[default]
    Client,
    /// Nobody: the connection stays half-open on both sides.
    Nobody,
    /// Both.
    Both,
}

/// Which directions of the path drop everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutDirection {
    /// Both.
    #[default]
    Both,
    /// From the client to the broker.
    ToBroker,
    /// From the broker to the client.
    ToClient,
}

/// One connection between a client and the broker. `now` never goes back.
#[derive(Clone, Debug)]
pub struct Link {}

impl Link {
    /// Starts the handshake at `now`. `id` names the connection for its random streams.
    #[must_use]
    pub fn open(now: Instant, conditions: Conditions, cut: Option<CutDirection>, seed: Seed, id: &str) -> Self {
        let _ = (now, conditions, cut, seed, id);
        todo!()
    }

    /// The application of `from` writes one unit (one MQTT packet). Before the handshake is over, or when the sending buffer is full, the bytes wait.
    /// A `verdict` other than [`Verdict::Pass`] is carried out when the unit reaches the point that it names.
    pub fn handle_write(&mut self, now: Instant, from: Side, bytes: Bytes, label: Label, verdict: Verdict) -> UnitNumber {
        let _ = (now, from, bytes, label, verdict);
        todo!()
    }

    /// The application of `side` closes: what it wrote is still sent, then FIN.
    pub fn handle_close(&mut self, now: Instant, side: Side) {
        let _ = (now, side);
        todo!()
    }

    /// `side` disappears without a word (power cut, crash): nothing more is sent from there, and what arrives there finds no connection. With `rst`
    /// the operating system still resets the connection (a crashed program on a living machine).
    pub fn handle_vanish(&mut self, now: Instant, side: Side, rst: bool) {
        let _ = (now, side, rst);
        todo!()
    }

    /// Both sides see a reset now; all bytes on the way are lost.
    pub fn handle_reset(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// The path drops everything from now on, also what is on the way.
    pub fn handle_cut(&mut self, now: Instant, direction: CutDirection, notice: CutNotice) {
        let _ = (now, direction, notice);
        todo!()
    }

    /// The path carries segments again. A connection that nobody gave up goes on by retransmission.
    pub fn handle_restore(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// New conditions for segments that leave from now on.
    pub fn handle_conditions(&mut self, now: Instant, conditions: Conditions) {
        let _ = (now, conditions);
        todo!()
    }

    /// Time has come to `now`: deliveries and timers that are due happen, in order.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// When something happens next without input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<LinkEvent> {
        todo!()
    }

    /// Payload bytes that `from` wrote: (handed to the peer, lost for good, still waiting or on the way). Their sum is what was written.
    #[must_use]
    pub fn byte_account(&self, from: Side) -> (u64, u64, u64) {
        let _ = from;
        todo!()
    }

    /// Whether both sides have seen the end and nothing is on the way: the link can be dropped.
    #[must_use]
    pub fn is_over(&self) -> bool {
        todo!()
    }
}
