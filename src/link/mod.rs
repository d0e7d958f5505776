//! The network between a client and the broker: ordered byte streams made of segments.
//!
//! A [`Link`] is one connection and behaves like TCP where a learner can see it: a handshake, segments that take time, get lost and
//! are sent again, order kept at the price of waiting, closes and resets. It never loses, repeats or reorders bytes of a living connection;
//! only a broken connection loses any.
//!
//! What is modelled: handshake, cumulative and delayed acknowledgements, a receive window of 64 kB that closes when nobody reads, with probes, the retransmission
//! timer of RFC 6298 (1 s before the first measurement, at least 200 ms, doubling up to 64 s, Karn's rule), fast retransmit after three duplicate
//! acknowledgements (RFC 5681, and RFC 6582 for further gaps), buffering behind gaps, FIN both ways, RST, and giving up: a SYN after 6 retransmissions
//! (127 s), data or a FIN after 15. On the path: delay, jitter, loss alone or in bursts, a line with a queue, outages, and a router that forgets idle connections. What
//! is not: congestion control, selective acknowledgements, keep-alive probes of TCP's own. TLS and WebSocket are costs only ([`Costs`]).
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

mod conditions;
mod connection;
mod costs;
mod endpoint;
mod fault;
mod ledger;
mod path;
mod rto;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use conditions::{Bursts, Conditions, Outage, Preset};
pub use connection::Link;
pub use costs::{Costs, Tls};
pub use fault::{FaultTable, Rule, Verdict};

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// Number of this transmission within the connection, from 0, unique over both sides; a retransmission has its own.
    pub number: u32,
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
    /// Bytes that the model adds for TLS and WebSocket ([`Costs`]); they are not in `payload`, and sequence numbers do not count them.
    pub overhead: u16,
    /// How many bytes its sender is ready to receive.
    pub window: u16,
    /// 0 for the first transmission, then 1, 2, … for each retransmission.
    pub attempt: u32,
}

/// Why a segment or bytes were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LossReason {
    /// The loss ratio struck.
    RandomLoss,
    /// The loss ratio of a burst struck.
    BurstLoss,
    /// It found no room before the line.
    QueueFull,
    /// It left while the path was dark.
    Outage,
    /// A router on the path had forgotten the connection.
    IdleTimeout,
    /// A fault rule held it until its sender was gone.
    NeverReleased,
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LinkEvent {
    /// A segment left.
    SegmentSent(Segment),
    /// The segment with this number arrived.
    SegmentArrived {
        /// [`Segment::number`].
        number: u32,
    },
    /// The segment with this number will never arrive. Random loss is told at the moment when it would have arrived, anything else at once.
    SegmentLost {
        /// [`Segment::number`].
        number: u32,
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
    /// The connection ended for this side's application; told once, and only to an application that knew of the connection: not to a broker that never
    /// saw [`LinkEvent::Opened`], nor to a side that vanished.
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
