//! Session State that both sides share (5.0 §4.1): QoS 1 and 2 flows out and in, packet identifiers, quotas, topic aliases.

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

mod inbound;
mod outbound;
mod packet_ids;
pub mod scram;
mod topic_alias;

use bytes::Bytes;
use serde::Serialize;

pub use inbound::{Inbound, Received};
pub use outbound::{Acknowledged, Awaiting, Blocked, InFlight, Outbound};
pub use topic_alias::{AliasError, InboundAliases, OutboundAliases, TopicAlias};

use crate::packet::PacketType;

/// A Network Connection, unique within a run. Number 0 is never used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ConnectionId(pub u32);

/// What a state machine wants done on its Network Connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Transmit {
    /// Open a Network Connection (clients only).
    Open,
    /// Send one whole packet.
    Packet {
        /// Its type.
        packet_type: PacketType,
        /// Its bytes.
        bytes: Bytes,
    },
    /// Close in order, after what was sent before.
    Close,
    /// Give the connection up at once.
    Abort,
}
