//! What is known of one Network Connection.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::link::Side;
use crate::packet::{ClientId, Connect, Packet, PacketId, ProtocolVersion, ReasonCode, Subscribe, TopicName, Unsubscribe};
use crate::session::ConnectionId;
use crate::time::{Duration, Instant};
use crate::trace::{NodeId, RecordId};

/// A packet that was sent and not taken yet.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) record: RecordId,
    pub(super) packet: Arc<Packet>,
    /// For a PUBLISH: its Topic Name, whatever alias stands for it.
    pub(super) topic: TopicName,
}

/// How far one side has come in writing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing written.
    #[default]
    Start,
    /// CONNECT, or CONNACK with Success.
    Connected,
    /// DISCONNECT, or CONNACK that refuses.
    Over,
}

/// What one side has to answer, and may send.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// Sent by this side and not taken by the other yet, in order.
    pub(super) sent: VecDeque<Sent>,
    pub(super) stage: Stage,
    /// Aliases that this side has set.
    pub(super) aliases: BTreeMap<u16, TopicName>,
    /// QoS 1 and 2 messages of this side that count against the Receive Maximum of the other.
    pub(super) unacknowledged: BTreeSet<PacketId>,
    /// Taken from the other side, to be answered by this one: PUBLISH at QoS 1 and 2 in their order, PUBREL.
    pub(super) to_puback: VecDeque<PacketId>,
    pub(super) to_pubrec: VecDeque<PacketId>,
    pub(super) to_pubcomp: Vec<PacketId>,
    /// PUBRECs that came.
    pub(super) to_pubrel: Vec<PacketId>,
    pub(super) pings: u64,
}

/// One Network Connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) client: Option<NodeId>,
    pub(super) version: ProtocolVersion,
    pub(super) from_client: Way,
    pub(super) from_broker: Way,
    /// As the broker took it (or, outside, as the client sent it).
    pub(super) connect: Option<Arc<Connect>>,
    /// Who it is, once the broker accepted it.
    pub(super) client_id: Option<ClientId>,
    /// Receive Maximum of the broker, as far as CONNACK reached the client; 65 535 before.
    pub(super) receive_maximum_of_broker: u16,
    pub(super) packet_size_of_broker: usize,
    pub(super) aliases_of_broker: u16,
    /// SUBSCRIBEs and UNSUBSCRIBEs that the broker has to answer.
    pub(super) subscribes: BTreeMap<PacketId, (RecordId, Subscribe)>,
    pub(super) unsubscribes: BTreeMap<PacketId, (RecordId, Unsubscribe)>,
    /// Identifiers of requests that the client waits for.
    pub(super) requests: BTreeSet<PacketId>,
    /// The last whole packet that the broker took.
    pub(super) heard_at: Instant,
    /// After this long a silence the broker ends it.
    pub(super) silence_max: Option<Duration>,
    /// DISCONNECT of the client, as the broker took it.
    pub(super) disconnect: Option<ReasonCode>,
    /// Whether the broker has done with it.
    pub(super) is_over: bool,
    /// Whether the client has done with it.
    pub(super) is_left: bool,
    /// Whether the broker told of a break of the protocol on it.
    pub(super) is_spoilt: bool,
}

impl Connection {
    pub(super) fn new(client: Option<NodeId>, now: Instant) -> Self {
        Self {
            client,
            version: ProtocolVersion::V5,
            from_client: Way::default(),
            from_broker: Way::default(),
            connect: None,
            client_id: None,
            receive_maximum_of_broker: u16::MAX,
            packet_size_of_broker: usize::MAX,
            aliases_of_broker: 0,
            subscribes: BTreeMap::new(),
            unsubscribes: BTreeMap::new(),
            requests: BTreeSet::new(),
            heard_at: now,
            silence_max: None,
            disconnect: None,
            is_over: false,
            is_left: false,
            is_spoilt: false,
        }
    }

    pub(super) fn way(&mut self, from: Side) -> &mut Way {
        match from {
            Side::Client => &mut self.from_client,
            Side::Broker => &mut self.from_broker,
        }
    }

    /// What the receiver of this side's packets has announced: Receive Maximum, Maximum Packet Size, Topic Alias Maximum.
    pub(super) fn limits_for(&self, from: Side) -> (u16, usize, u16) {
        match from {
            Side::Client => (self.receive_maximum_of_broker, self.packet_size_of_broker, self.aliases_of_broker),
            Side::Broker => self.connect.as_ref().map_or((u16::MAX, usize::MAX, 0), |connect| {
                let properties = &connect.properties;
                (
                    properties.receive_maximum.unwrap_or(u16::MAX),
                    properties.maximum_packet_size.map_or(usize::MAX, |size| usize::try_from(size).unwrap_or(usize::MAX)),
                    properties.topic_alias_maximum.unwrap_or(0),
                )
            }),
        }
    }
}

/// All that are not forgotten.
pub(super) type Connections = BTreeMap<ConnectionId, Connection>;
