//! Session State on both sides, as the inspector shows it.

use super::packets::text_of;
use super::stage::state_words;
use crate::broker::SessionSummary;
use crate::client::Client;
use crate::packet::{PacketId, PacketType, ProtocolVersion, QoS, TopicName};
use crate::session::Awaiting;
use crate::sim::World;
use crate::text::{Message, key};
use crate::time::Instant;
use crate::trace::{Node, NodeId};

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

impl SessionReport {
    /// Session State of a simulated world; the names are those of its participants.
    #[must_use]
    pub fn of(world: &World, nodes: &[Node]) -> Self {
        let broker = world.broker();
        let clients = (1..).zip(nodes.iter().skip(1)).filter_map(|(number, node)| {
            let found = world.client(NodeId(number))?;
            let mut session = ClientSession::of(NodeId(number), &node.name, &found.client);
            if !found.powered {
                session.state = key::VIEW_STATE_OFF.message();
            }
            Some(session)
        });
        Self {
            clients: clients.collect(),
            sessions: broker.sessions().map(BrokerSession::of).collect(),
            retained: broker
                .retained()
                .map(|retained| RetainedRow {
                    topic: retained.topic.as_str().to_owned(),
                    payload: text_of(retained.payload),
                    qos: retained.qos,
                })
                .collect(),
        }
    }

    /// What is known with a broker outside: the client's side.
    #[must_use]
    pub fn of_client(node: NodeId, name: &str, client: &Client) -> Self {
        Self { clients: vec![ClientSession::of(node, name, client)], ..Self::default() }
    }
}

impl ClientSession {
    fn of(node: NodeId, name: &str, client: &Client) -> Self {
        let view = client.session();
        Self {
            node,
            name: name.to_owned(),
            state: state_words(client.state()),
            outgoing: view.outgoing.iter().map(|flight| in_flight(flight.packet_id, flight.qos, flight.topic, flight.awaiting)).collect(),
            incoming: view.incoming,
            queued: view.queued.len(),
            next_ping: view.next_pingreq,
        }
    }
}

impl BrokerSession {
    fn of(session: SessionSummary<'_>) -> Self {
        let will = session.will.map(|will| {
            let words = match will.scheduled_at {
                None => key::VIEW_WILL_KNOWN.message(),
                Some(at) => key::VIEW_WILL_KNOWN_DUE.with("at", at.to_string()),
            };
            words.with("topic", will.will.topic.as_str()).with("qos", u8::from(will.will.qos))
        });
        Self {
            client_id: session.client_id.as_str().to_owned(),
            version: session.version,
            connected: session.connection.is_some(),
            subscriptions: session.subscriptions.iter().map(|found| (found.filter.as_str().to_owned(), found.options.qos)).collect(),
            outgoing: session
                .in_flight
                .iter()
                .map(|flight| in_flight(flight.packet_id, flight.qos, flight.topic, flight.awaiting))
                .collect(),
            incoming: session.unreleased,
            queued: session.queued_messages,
            expires_at: session.expires_at,
            will,
        }
    }
}

fn in_flight(packet_id: PacketId, qos: QoS, topic: &TopicName, awaiting: Awaiting) -> InFlight {
    let awaits = match awaiting {
        Awaiting::Puback => PacketType::Puback,
        Awaiting::Pubrec => PacketType::Pubrec,
        Awaiting::Pubcomp => PacketType::Pubcomp,
    };
    InFlight { packet_id, qos, topic: (!topic.is_empty()).then(|| topic.as_str().to_owned()), awaits }
}
