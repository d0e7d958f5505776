//! Session State on both sides, as the inspector shows it.

use super::packets::text_of;
use super::settings::{self, SettingRow};
use super::stage::state_words;
use crate::broker::{SessionSummary, SubscriptionSummary};
use crate::client::{Acknowledges, Client};
use crate::packet::{PacketId, PacketType, ProtocolVersion, QoS, RetainHandling, TopicName};
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
    /// Groups with Shared Subscriptions.
    pub shared: Vec<SharedRow>,
    /// How the broker is set up, as far as it is not as usual.
    pub settings: Vec<SettingRow>,
    /// Who is checked by the broker, and how, if anybody is.
    pub access: Vec<Message>,
    /// Retained messages, in order of topic.
    pub retained: Vec<RetainedRow>,
    /// Whether the broker has no power: what is said of it is what it will find when it starts again.
    pub broker_off: bool,
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
    /// Identifiers of received messages that the program has not acknowledged.
    pub unacknowledged: Vec<PacketId>,
    /// Publishes that wait.
    pub queued: usize,
    /// Requests that wait for their answer.
    pub requests: usize,
    /// What the Receive Maximum of the broker leaves.
    pub sending: Option<Quota>,
    /// Topic Aliases from the client to the broker, and the other way.
    pub aliases: Aliases,
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
    /// The user, if it is not anonymous.
    pub user: Option<String>,
    /// Subscriptions as granted.
    pub subscriptions: Vec<SubscriptionRow>,
    /// Messages sent to it and not completely acknowledged.
    pub outgoing: Vec<InFlight>,
    /// Identifiers of QoS 2 messages from it whose PUBREL has not come.
    pub incoming: Vec<PacketId>,
    /// Messages that wait.
    pub queued: usize,
    /// Their bytes.
    pub queued_bytes: usize,
    /// What the Receive Maximum of the client leaves.
    pub sending: Option<Quota>,
    /// Topic Aliases from the client to the broker, and the other way.
    pub aliases: Aliases,
    /// When the session ends, if it is offline and ever ends.
    pub expires_at: Option<Instant>,
    /// What is known of its Will, if there is one.
    pub will: Option<Message>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Topic Filter.
    pub filter: String,
    /// Granted QoS.
    pub qos: QoS,
    /// Options that are not as usual, by their names in the specification.
    pub options: Vec<String>,
}

/// A group with a Shared Subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRow {
    /// `$share/ShareName/filter`.
    pub filter: String,
    /// The Client Identifiers of the members in the order in which they joined.
    pub members: Vec<String>,
    /// Place of the one whose turn it is.
    pub turn: usize,
}

/// QoS 1 and 2 messages in one direction that are not acknowledged, of those that may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Not acknowledged.
    pub used: u16,
    /// Receive Maximum of the other side.
    pub maximum: u16,
}

impl Quota {
    /// `None` if there is nothing to show: nothing is on its way, or as much as Packet Identifiers allow may be.
    fn of(left: u16, maximum: u16) -> Option<Self> {
        let used = maximum.saturating_sub(left);
        (used > 0 && maximum < u16::MAX).then_some(Self { used, maximum })
    }
}

/// Topic Aliases in force on a connection, with their topics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    /// Set by the client.
    pub to_broker: Vec<(u16, String)>,
    /// Set by the broker.
    pub to_client: Vec<(u16, String)>,
}

fn owned(aliases: &[(u16, &TopicName)]) -> Vec<(u16, String)> {
    let mut aliases: Vec<_> = aliases.iter().map(|(alias, topic)| (*alias, topic.as_str().to_owned())).collect();
    aliases.sort_unstable();
    aliases
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
    /// When it expires.
    pub expires_at: Option<Instant>,
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
            shared: broker
                .shared_groups()
                .map(|group| SharedRow {
                    filter: group.filter.as_str().to_owned(),
                    members: group.members.iter().map(|member| member.as_str().to_owned()).collect(),
                    turn: group.turn,
                })
                .collect(),
            settings: settings::unusual(broker.config()),
            access: settings::access_words(&broker.config().access),
            retained: broker
                .retained()
                .map(|retained| RetainedRow {
                    topic: retained.topic.as_str().to_owned(),
                    payload: text_of(retained.payload),
                    qos: retained.qos,
                    expires_at: retained.expires_at,
                })
                .collect(),
            broker_off: !world.broker_powered(),
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
            unacknowledged: if client.config().acknowledges == Acknowledges::AtOnce { Vec::new() } else { view.unacknowledged },
            queued: view.queued.len(),
            requests: client.pending_requests(),
            sending: Quota::of(view.send_quota, view.send_maximum),
            aliases: Aliases { to_broker: owned(&view.aliases_to_server), to_client: owned(&view.aliases_from_server) },
            next_ping: view.next_pingreq,
        }
    }
}

impl SubscriptionRow {
    fn of(found: &SubscriptionSummary<'_>) -> Self {
        let handling = match found.options.retain_handling {
            RetainHandling::SendAtSubscribe => None,
            RetainHandling::SendIfNew => Some(1),
            RetainHandling::DoNotSend => Some(2),
        };
        let options = [
            found.options.no_local.then(|| "No Local".to_owned()),
            found.options.retain_as_published.then(|| "Retain As Published".to_owned()),
            handling.map(|handling| format!("Retain Handling {handling}")),
            found.identifier.map(|identifier| format!("Subscription Identifier {identifier}")),
        ];
        Self { filter: found.filter.as_str().to_owned(), qos: found.options.qos, options: options.into_iter().flatten().collect() }
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
            user: session.user_name.map(str::to_owned),
            subscriptions: session.subscriptions.iter().map(SubscriptionRow::of).collect(),
            outgoing: session
                .in_flight
                .iter()
                .map(|flight| in_flight(flight.packet_id, flight.qos, flight.topic, flight.awaiting))
                .collect(),
            incoming: session.unreleased,
            queued: session.queued_messages,
            queued_bytes: session.queued_bytes,
            sending: Quota::of(session.send_quota, session.receive_maximum),
            aliases: Aliases { to_broker: owned(&session.aliases_from_client), to_client: owned(&session.aliases_to_client) },
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
