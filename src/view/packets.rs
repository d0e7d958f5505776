//! The packets of a run, one row each.

use bytes::Bytes;

use crate::packet::{PacketId, PacketType, ProtocolVersion, QoS, ReasonCode};
use crate::session::ConnectionId;
use crate::time::Instant;
use crate::trace::{NodeId, Record, RecordId};

/// One MQTT packet between two nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketRow {
    /// Its `PacketSent` record (in a live connection, for the broker's packets: `PacketReceived`).
    pub record: RecordId,
    /// When it was sent.
    pub at: Instant,
    /// On this connection.
    pub connection: ConnectionId,
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// Its type.
    pub packet_type: PacketType,
    /// The version spoken.
    pub version: ProtocolVersion,
    /// All its bytes.
    pub bytes: Bytes,
    /// What a row shows of it.
    pub summary: Summary,
    /// What became of it, in the whole trace: compare the record with the cursor.
    pub fate: Fate,
    /// How many times a segment that carries it was sent again.
    pub retransmissions: u32,
}

/// What a row shows of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Packet Identifier.
    pub packet_id: Option<PacketId>,
    /// QoS of a PUBLISH.
    pub qos: Option<QoS>,
    /// DUP.
    pub dup: bool,
    /// RETAIN.
    pub retain: bool,
    /// Topic Name, or the first Topic Filter.
    pub topic: Option<String>,
    /// Payload as text, cut to 64 characters; `None` if it is no UTF-8 text.
    pub payload: Option<String>,
    /// The (first) Reason Code, in packets that have one.
    pub reason_code: Option<ReasonCode>,
    /// Session Present of a CONNACK.
    pub session_present: Option<bool>,
    /// Clean Start of a CONNECT.
    pub clean_start: Option<bool>,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// Not known (yet).
    #[default]
    InFlight,
    /// It arrived whole.
    Arrived {
        /// The record.
        record: RecordId,
        /// When.
        at: Instant,
    },
    /// It never will.
    Lost {
        /// The record.
        record: RecordId,
        /// When that was certain.
        at: Instant,
        /// Why.
        reason: crate::link::LossReason,
    },
}

impl Fate {
    /// The fate as far as the first `records` records tell.
    #[must_use]
    pub fn seen_from(self, records: usize) -> Self {
        match self {
            Self::Arrived { record, .. } | Self::Lost { record, .. } if (record.0 as usize) < records => self,
            _ => Self::InFlight,
        }
    }
}

/// All packets of a trace, kept up to date as the trace grows.
#[derive(Clone, Debug, Default)]
pub struct PacketList {
    rows: Vec<PacketRow>,
}

impl PacketList {
    /// Takes in the records that came since the last call. The trace only grows; for another branch start anew.
    pub fn extend(&mut self, records: &[Record]) {
        let _ = records;
        todo!()
    }

    /// All rows in order of sending.
    #[must_use]
    pub fn rows(&self) -> &[PacketRow] {
        &self.rows
    }
}
