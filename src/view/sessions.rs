//! Session State on both sides, as the inspector shows it.

use crate::packet::{PacketId, ProtocolVersion, QoS};
use crate::text::Message;
use crate::time::Instant;
use crate::trace::NodeId;

/// Everything that the state inspector shows at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionReport {
    /// The clients' side.
    pub clients: Vec<ClientSession>,
    /// The broker's side.
    pub sessions: Vec<BrokerSession>,
    /// Retained messages, in order of topic.
    pub retained: Vec<RetainedRow>,
}

/// A client's view of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSession {
    /// Which.
    pub node: NodeId,
    /// Its name in the scenario.
    pub name: String,
    /// Connection state in words.
    pub state: Message,
    /// Messages sent and not completely acknowledged.
    pub outgoing: Vec<InFlight>,
    /// Identifiers of received QoS 2 messages whose PUBREL has not come.
    pub incoming: Vec<PacketId>,
    /// Publishes that wait.
    pub queued: usize,
    /// When the next PINGREQ is due.
    pub next_ping: Option<Instant>,
}

/// The broker's view of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerSession {
    /// Client Identifier.
    pub client_id: String,
    /// Version of its last connection.
    pub version: ProtocolVersion,
    /// Connected.
    pub connected: bool,
    /// Topic Filters with the granted QoS.
    pub subscriptions: Vec<(String, QoS)>,
    /// Messages sent to it and not completely acknowledged.
    pub outgoing: Vec<InFlight>,
    /// Identifiers of QoS 2 messages from it whose PUBREL has not come.
    pub incoming: Vec<PacketId>,
    /// Messages that wait.
    pub queued: usize,
    /// When the session ends, if it is offline and ever ends.
    pub expires_at: Option<Instant>,
    /// What is known of its Will, if there is one.
    pub will: Option<Message>,
}

/// A message in the middle of its handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// QoS.
    pub qos: QoS,
    /// Topic Name, as far as it is still kept.
    pub topic: Option<String>,
    /// Which packet it waits for: `PUBACK`, `PUBREC`, `PUBCOMP`.
    pub awaits: crate::packet::PacketType,
}

/// A retained message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetainedRow {
    /// Topic Name.
    pub topic: String,
    /// Payload as text, cut to 64 characters; `None` if it is no UTF-8 text.
    pub payload: Option<String>,
    /// QoS.
    pub qos: QoS,
}
