//! What happened, in words: marks of the diagram and sentences for screen readers.

use std::collections::{BTreeMap, BTreeSet};

use super::packets::{PacketList, PacketRow};
use super::sequence::{Mark, MarkKind};
use crate::broker::{BrokerEvent, DecidedBy, DeniedAccess, DropReason, EndCause, Routing};
use crate::client::{ClientEvent, DisconnectCause};
use crate::link::{CloseReason, CutDirection, LossReason, Segment, Side, Verdict};
use crate::packet::ClientId;
use crate::session::ConnectionId;
use crate::text::{Arg, Message, key};
use crate::trace::{Event, Fault, Malformed, Node, NodeId, NodeKind, Record};

/// Tells records in words. It has to hear every record in order, since later ones refer to earlier ones.
#[derive(Clone, Debug, Default)]
pub struct Narrator {
    names: Vec<Arg>,
    clients: BTreeMap<ConnectionId, NodeId>,
    by_client_id: BTreeMap<ClientId, NodeId>,
    segments: BTreeMap<(ConnectionId, u32), Segment>,
    /// Connections that were open.
    opened: BTreeSet<ConnectionId>,
    /// Connections whose end was told.
    closed: BTreeSet<ConnectionId>,
}

/// Who is concerned by a mark, and what it says.
struct Telling {
    node: NodeId,
    on_path: bool,
    kind: MarkKind,
    message: Message,
}

impl Telling {
    const fn of_node(node: NodeId, kind: MarkKind, message: Message) -> Self {
        Self { node, on_path: false, kind, message }
    }

    const fn of_path(node: NodeId, kind: MarkKind, message: Message) -> Self {
        Self { node, on_path: true, kind, message }
    }
}

impl Narrator {
    /// For a run with these participants.
    #[must_use]
    pub fn new(nodes: &[Node]) -> Self {
        let names = nodes.iter().map(|node| match node.kind {
            NodeKind::Broker => key::VIEW_BROKER.message().into(),
            _ => Arg::from(node.name.as_str()),
        });
        Self { names: names.collect(), ..Self::default() }
    }

    /// The mark that the diagram shows for the record, if any. The packet list has to have taken in the record before.
    pub fn mark(&mut self, record: &Record, packets: &PacketList) -> Option<Mark> {
        let telling = self.tell(record, packets)?;
        let Telling { node, on_path, kind, message } = telling;
        Some(Mark { record: record.id, at: record.at, node, on_path, kind, message })
    }

    /// One sentence for someone who does not see the page: each packet that leaves, each that is lost, and whatever the diagram marks.
    #[must_use]
    pub fn sentence(&self, record: &Record, mark: Option<&Mark>, packets: &PacketList) -> Option<Message> {
        match &record.event {
            Event::PacketSent { .. } | Event::PacketObserved { .. } => {
                let row = packets.rows().get(packets.index_of(record.id)?)?;
                Some(self.sending(row))
            }
            Event::PacketLost { sent, reason, .. } => {
                let row = packets.rows().get(packets.index_of(*sent)?)?;
                let message = key::VIEW_PACKET_LOST.with("from", self.name(row.from)).with("to", self.name(row.to));
                Some(message.with("packet", row.packet_type.name()).with("reason", loss(*reason)))
            }
            Event::Client { client, event } if let ClientEvent::MessageReceived { publish, .. } = &**event => {
                Some(key::VIEW_MESSAGE_RECEIVED.with("node", self.name(*client)).with("topic", publish.topic.as_str()))
            }
            _ => mark.map(|mark| mark.message.clone()),
        }
    }

    /// `sensor sent PUBLISH to broker (QoS 1, id 7)`.
    #[must_use]
    pub fn sending(&self, row: &PacketRow) -> Message {
        key::VIEW_PACKET_SENT
            .with("from", self.name(row.from))
            .with("to", self.name(row.to))
            .with("packet", row.packet_type.name())
            .with("details", details(row))
    }

    fn name(&self, node: NodeId) -> Arg {
        self.names.get(node.0 as usize).cloned().unwrap_or_else(|| Arg::Number(i64::from(node.0)))
    }

    fn at_connection(&self, connection: ConnectionId) -> NodeId {
        self.clients.get(&connection).copied().unwrap_or(NodeId::BROKER)
    }

    fn node_of(&self, client_id: &ClientId) -> NodeId {
        self.by_client_id.get(client_id).copied().unwrap_or(NodeId::BROKER)
    }

    fn end(&self, connection: ConnectionId, side: Side) -> NodeId {
        match side {
            Side::Client => self.at_connection(connection),
            Side::Broker => NodeId::BROKER,
        }
    }

    fn tell(&mut self, record: &Record, packets: &PacketList) -> Option<Telling> {
        match &record.event {
            Event::ConnectionOpening { connection, client } => {
                self.clients.insert(*connection, *client);
                None
            }
            Event::CommandApplied { node, command, by_learner: true } => {
                Some(Telling::of_node(*node, MarkKind::Command, (**command).clone()))
            }
            // The broker's side opens half a round trip earlier or later; one mark is enough.
            Event::TransportOpened { connection, side: Side::Client } => {
                self.opened.insert(*connection);
                let client = self.at_connection(*connection);
                let message = key::VIEW_OPENED.with("client", self.name(client)).with("broker", self.name(NodeId::BROKER));
                Some(Telling::of_path(client, MarkKind::Opened, message))
            }
            Event::TransportClosed { connection, side, reason } => self.tell_close(*connection, *side, *reason),
            Event::SegmentSent { connection, segment } => {
                let is_counted = !segment.payload.is_empty() || segment.syn || segment.fin;
                if is_counted {
                    self.segments.insert((*connection, segment.number), (**segment).clone());
                }
                (is_counted && segment.attempt > 0).then(|| {
                    let message = self.carried(key::VIEW_SEGMENT_AGAIN.with("attempt", segment.attempt), *connection, segment, packets);
                    Telling::of_path(self.at_connection(*connection), MarkKind::Segment, message)
                })
            }
            Event::SegmentArrived { connection, number } => {
                self.segments.remove(&(*connection, *number));
                None
            }
            Event::SegmentLost { connection, number, reason } => {
                let segment = self.segments.remove(&(*connection, *number))?;
                // What a reset or an end takes with it is told by the reset or the end.
                (!matches!(reason, LossReason::ConnectionReset | LossReason::NoConnection | LossReason::NeverSent)).then(|| {
                    let message = self.carried(key::VIEW_SEGMENT_LOST.with("reason", loss(*reason)), *connection, &segment, packets);
                    Telling::of_path(self.at_connection(*connection), MarkKind::Segment, message)
                })
            }
            Event::PacketMalformed(malformed) => {
                let Malformed { connection, to, error, .. } = &**malformed;
                let node = self.end(*connection, *to);
                let message =
                    key::VIEW_MALFORMED.with("node", self.name(node)).with("why", error.message.clone()).with("clause", error.clause);
                Some(Telling::of_node(node, MarkKind::Broken, message))
            }
            Event::FaultStruck(fault) => {
                let Fault { connection, sent, verdict } = &**fault;
                let row = packets.rows().get(packets.index_of(*sent)?)?;
                let message = key::VIEW_FAULT_STRUCK.with("packet", row.packet_type.name()).with("what", verdict_words(*verdict));
                Some(Telling::of_path(self.at_connection(*connection), MarkKind::Broken, message))
            }
            Event::PathChanged { client, cut } => Some(self.tell_path(*client, *cut)),
            Event::PowerChanged { node, on } => {
                let words = if *on { key::VIEW_POWER_ON } else { key::VIEW_POWER_OFF };
                Some(Telling::of_node(*node, MarkKind::Power, words.with("node", self.name(*node))))
            }
            Event::Client { client, event } => self.tell_client(*client, event),
            Event::Broker(event) => self.tell_broker(event),
            Event::LimitReached { message } => Some(Telling::of_node(NodeId::BROKER, MarkKind::Note, (**message).clone())),
            _ => None,
        }
    }

    fn tell_close(&mut self, connection: ConnectionId, side: Side, reason: CloseReason) -> Option<Telling> {
        let (words, kind) = match reason {
            // Whoever closes first is told; the other side follows. A broker outside tells nothing: its close shows only here.
            CloseReason::ClosedByPeer if self.closed.contains(&connection) => return None,
            CloseReason::ClosedByPeer => {
                self.closed.insert(connection);
                let message = key::VIEW_CLOSED_HERE.with("node", self.name(self.end(connection, side.peer())));
                return Some(Telling::of_path(self.at_connection(connection), MarkKind::Closed, message));
            }
            CloseReason::ClosedHere => (key::VIEW_CLOSED_HERE, MarkKind::Closed),
            CloseReason::Reset => (key::VIEW_CLOSED_RESET, MarkKind::Broken),
            CloseReason::NetworkDown if !self.opened.contains(&connection) => (key::VIEW_CLOSED_NEVER_OPENED, MarkKind::Broken),
            CloseReason::NetworkDown => (key::VIEW_CLOSED_NETWORK_DOWN, MarkKind::Broken),
            CloseReason::TimedOut => (key::VIEW_CLOSED_TIMED_OUT, MarkKind::Broken),
        };
        self.closed.insert(connection);
        let message = words.with("node", self.name(self.end(connection, side)));
        Some(Telling::of_path(self.at_connection(connection), kind, message))
    }

    fn tell_path(&self, client: NodeId, cut: Option<CutDirection>) -> Telling {
        let (words, kind) = match cut {
            None => (key::VIEW_RESTORED, MarkKind::Restored),
            Some(CutDirection::Both) => (key::VIEW_CUT_BOTH, MarkKind::Broken),
            Some(CutDirection::ToBroker) => (key::VIEW_CUT_TO_BROKER, MarkKind::Broken),
            Some(CutDirection::ToClient) => (key::VIEW_CUT_TO_CLIENT, MarkKind::Broken),
        };
        let message = words.with("client", self.name(client)).with("broker", self.name(NodeId::BROKER));
        Telling::of_path(client, kind, message)
    }

    fn tell_client(&self, client: NodeId, event: &ClientEvent) -> Option<Telling> {
        let node = self.name(client);
        let telling = |kind, message| Some(Telling::of_node(client, kind, message));
        match event {
            ClientEvent::Disconnected(cause) => match cause {
                // The first two are told by what led to them.
                DisconnectCause::Requested | DisconnectCause::NetworkClosed => None,
                DisconnectCause::ServerDisconnected(reason) => {
                    telling(MarkKind::Note, key::VIEW_SERVER_DISCONNECTED.with("node", node).with("reason", reason.to_string()))
                }
                // Told from the broker's side, in a simulation; on a live connection CONNACK shows it.
                DisconnectCause::Refused(_) => None,
                DisconnectCause::ConnectTimeout => telling(MarkKind::Broken, key::VIEW_CLIENT_CONNECT_TIMEOUT.with("node", node)),
                DisconnectCause::KeepAliveTimeout => telling(MarkKind::Broken, key::VIEW_PING_TIMEOUT.with("node", node)),
                DisconnectCause::AuthenticationTimeout => telling(MarkKind::Broken, key::VIEW_AUTHENTICATION_TIMEOUT.with("node", node)),
                DisconnectCause::ServerMisbehaved { clause, message, .. } => {
                    let words = key::VIEW_SERVER_MISBEHAVED.with("node", node).with("why", (**message).clone());
                    telling(MarkKind::Broken, words.with("clause", *clause))
                }
            },
            ClientEvent::ReconnectScheduled { at, attempt } => {
                let words = key::VIEW_RECONNECT.with("node", node).with("at", at.to_string());
                telling(MarkKind::Note, words.with("attempt", *attempt))
            }
            ClientEvent::PublishDropped { message, .. } => {
                telling(MarkKind::Note, key::VIEW_PUBLISH_DROPPED.with("node", node).with("why", (**message).clone()))
            }
            ClientEvent::DuplicateSuppressed { packet_id } => {
                telling(MarkKind::Note, key::VIEW_DUPLICATE.with("node", node).with("id", packet_id.as_u16()))
            }
            ClientEvent::PacketRetried { packet_id } => {
                telling(MarkKind::Note, key::VIEW_RETRIED.with("node", node).with("id", packet_id.as_u16()))
            }
            ClientEvent::LeftUnacknowledged { packet_ids } => {
                telling(MarkKind::Note, key::VIEW_LEFT_UNACKNOWLEDGED.with("node", node).with("count", packet_ids.len()))
            }
            ClientEvent::ResponseReceived { token } => {
                telling(MarkKind::Note, key::VIEW_RESPONSE_RECEIVED.with("node", node).with("token", token.0))
            }
            ClientEvent::RequestTimedOut { token } => {
                telling(MarkKind::Broken, key::VIEW_REQUEST_TIMED_OUT.with("node", node).with("token", token.0))
            }
            ClientEvent::RequestFailed { token, message } => {
                let words = key::VIEW_REQUEST_FAILED.with("node", node).with("token", token.0);
                telling(MarkKind::Broken, words.with("why", (**message).clone()))
            }
            ClientEvent::ResponseIgnored { token: Some(token), .. } => {
                telling(MarkKind::Note, key::VIEW_RESPONSE_LATE.with("node", node).with("token", token.0))
            }
            ClientEvent::ResponseIgnored { token: None, .. } => telling(MarkKind::Note, key::VIEW_RESPONSE_UNASKED.with("node", node)),
            ClientEvent::Authenticated { method, again } => {
                let words = if *again { key::VIEW_AUTHENTICATED_AGAIN } else { key::VIEW_AUTHENTICATED };
                telling(MarkKind::Note, words.with("node", node).with("method", &**method))
            }
            ClientEvent::ServerReferred { reference, stays, .. } => {
                let words = if *stays { key::VIEW_SERVER_REFERRED_STAYS } else { key::VIEW_SERVER_REFERRED_LEAVES };
                telling(MarkKind::Note, words.with("node", node).with("reference", &**reference))
            }
            _ => None,
        }
    }

    fn tell_broker(&mut self, event: &BrokerEvent) -> Option<Telling> {
        let (node, kind, message) = match event {
            BrokerEvent::ClientConnected { connection, client_id, .. } => {
                self.by_client_id.insert(client_id.clone(), self.at_connection(*connection));
                return None;
            }
            BrokerEvent::ConnectionEnded { connection, cause, .. } => {
                let node = self.at_connection(*connection);
                let words = end_words(cause)?;
                let message = words.with("node", self.name(node));
                return Some(Telling::of_path(node, MarkKind::Broken, message));
            }
            BrokerEvent::SessionEnded { client_id, expired } => {
                let words = if *expired { key::VIEW_SESSION_EXPIRED } else { key::VIEW_SESSION_REPLACED };
                (self.node_of(client_id), MarkKind::Note, words.message())
            }
            BrokerEvent::WillScheduled { client_id, at } => {
                (self.node_of(client_id), MarkKind::Will, key::VIEW_WILL_SCHEDULED.with("at", at.to_string()))
            }
            BrokerEvent::WillDiscarded { client_id, resumed } => {
                let words = if *resumed { key::VIEW_WILL_DISCARDED_RESUMED } else { key::VIEW_WILL_DISCARDED };
                (self.node_of(client_id), MarkKind::Will, words.message())
            }
            BrokerEvent::WillPublished { client_id, .. } => (self.node_of(client_id), MarkKind::Will, key::VIEW_WILL_PUBLISHED.message()),
            BrokerEvent::SharedMemberChosen { filter, client_id, members, passed_over, .. } => {
                let words = if *passed_over > 0 { key::VIEW_SHARED_PASSED_OVER } else { key::VIEW_SHARED_CHOSEN };
                let message = words.with("filter", filter.as_str()).with("members", *members);
                let message = if *passed_over > 0 { message.with("passed", *passed_over) } else { message };
                (self.node_of(client_id), MarkKind::Note, message)
            }
            BrokerEvent::MessageDropped { client_id, reason, .. }
            | BrokerEvent::MessageRouted { client_id, routing: Routing::Dropped(reason), .. } => {
                (self.node_of(client_id), MarkKind::Note, key::VIEW_MESSAGE_DROPPED.with("why", drop_words(*reason)))
            }
            BrokerEvent::DuplicateSuppressed { packet_id, .. } => {
                let message = key::VIEW_DUPLICATE.with("node", self.name(NodeId::BROKER)).with("id", packet_id.as_u16());
                return Some(Telling::of_node(NodeId::BROKER, MarkKind::Note, message));
            }
            BrokerEvent::AccessDenied { client_id, access, topic, decided_by, .. } => {
                (self.node_of(client_id), MarkKind::Note, denied_words(*access, topic, decided_by))
            }
            BrokerEvent::AccessChanged => {
                return Some(Telling::of_node(NodeId::BROKER, MarkKind::Note, key::VIEW_ACCESS_CHANGED.message()));
            }
            BrokerEvent::LimitReached { message } => {
                return Some(Telling::of_node(NodeId::BROKER, MarkKind::Note, message.clone()));
            }
            _ => return None,
        };
        // What concerns a client's session happens at the broker; the words name the client.
        let name = self.name(node);
        Some(Telling::of_node(NodeId::BROKER, kind, message.with("node", name)))
    }

    fn carried(&self, message: Message, connection: ConnectionId, segment: &Segment, packets: &PacketList) -> Message {
        let from = self.end(connection, segment.from);
        let to = self.end(connection, segment.from.peer());
        let carried: Arg = if segment.syn {
            key::VIEW_CARRIED_HANDSHAKE.message().into()
        } else if segment.payload.is_empty() {
            key::VIEW_CARRIED_CLOSE.message().into()
        } else {
            packets.carried_by(connection, segment).map(|row| row.packet_type.name()).collect::<Vec<_>>().join(", ").into()
        };
        message.with("from", self.name(from)).with("to", self.name(to)).with("carried", carried)
    }
}

/// What identifies a packet, in no language: ` (QoS 1, id 7, DUP)`.
fn details(row: &PacketRow) -> String {
    let summary = &row.summary;
    let mut parts = Vec::new();
    parts.extend(summary.qos.map(|qos| format!("QoS {}", u8::from(qos))));
    parts.extend(summary.packet_id.map(|id| format!("id {id}")));
    parts.extend(summary.dup.then(|| "DUP".to_owned()));
    parts.extend(summary.retain.then(|| "RETAIN".to_owned()));
    parts.extend(summary.topic_alias.map(|alias| format!("alias {alias}")));
    // Success says nothing that the type does not say.
    parts.extend(summary.reason_code.filter(|code| code.as_u8() != 0).map(|code| code.to_string()));
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

pub(super) fn loss(reason: LossReason) -> Message {
    match reason {
        LossReason::RandomLoss => key::VIEW_LOSS_RANDOM,
        LossReason::BurstLoss => key::VIEW_LOSS_BURST,
        LossReason::QueueFull => key::VIEW_LOSS_QUEUE_FULL,
        LossReason::Outage => key::VIEW_LOSS_OUTAGE,
        LossReason::IdleTimeout => key::VIEW_LOSS_IDLE,
        LossReason::NeverReleased => key::VIEW_LOSS_NEVER_RELEASED,
        LossReason::PathCut => key::VIEW_LOSS_PATH_CUT,
        LossReason::ConnectionReset => key::VIEW_LOSS_RESET,
        LossReason::NoConnection => key::VIEW_LOSS_NO_CONNECTION,
        LossReason::NeverSent => key::VIEW_LOSS_NEVER_SENT,
    }
    .message()
}

/// Why the broker ended a connection: a sentence about `node`. `None` where others tell it.
#[must_use]
pub fn end_words(cause: &EndCause) -> Option<Message> {
    Some(match cause {
        EndCause::ClientDisconnected(_) | EndCause::NetworkClosed | EndCause::ServerShutDown | EndCause::ServerCrashed => return None,
        EndCause::KeepAliveTimeout => key::VIEW_KEEP_ALIVE_TIMEOUT.message(),
        EndCause::TakenOver => key::VIEW_TAKEN_OVER.message(),
        EndCause::ConnectTimeout => key::VIEW_CONNECT_TIMEOUT.message(),
        EndCause::ClientMisbehaved { clause, message, .. } => {
            key::VIEW_CLIENT_MISBEHAVED.with("why", message.clone()).with("clause", *clause)
        }
        EndCause::Refused { reason_code, message } => {
            key::VIEW_REFUSED.with("reason", reason_code.to_string()).with("why", message.clone())
        }
        EndCause::NotAuthorized { message } => key::VIEW_NOT_AUTHORIZED.with("why", message.clone()),
        EndCause::Kicked => key::VIEW_KICKED.message(),
        EndCause::Redirected => key::VIEW_REDIRECTED.message(),
    })
}

/// What `node` may not do, and what decided it.
#[must_use]
pub fn denied_words(access: DeniedAccess, topic: &str, decided_by: &DecidedBy) -> Message {
    let words = match access {
        DeniedAccess::Publish => key::VIEW_DENIED_PUBLISH,
        DeniedAccess::Will => key::VIEW_DENIED_WILL,
        DeniedAccess::Subscribe => key::VIEW_DENIED_SUBSCRIBE,
        DeniedAccess::Unsubscribe => key::VIEW_DENIED_UNSUBSCRIBE,
        DeniedAccess::Receive => key::VIEW_DENIED_RECEIVE,
        DeniedAccess::Retained => key::VIEW_DENIED_RETAINED,
    };
    let why = match decided_by {
        DecidedBy::Rule { line, text } => key::VIEW_DECIDED_BY_RULE.with("line", *line).with("rule", &**text),
        DecidedBy::NoRule => key::VIEW_DECIDED_BY_NO_RULE.message(),
        DecidedBy::UnknownUser => key::VIEW_DECIDED_BY_UNKNOWN_USER.message(),
    };
    words.with("topic", topic).with("why", why)
}

/// Why a message goes nowhere.
#[must_use]
pub fn drop_words(reason: DropReason) -> Message {
    match reason {
        DropReason::QosZeroOffline => key::VIEW_DROP_QOS_ZERO_OFFLINE,
        DropReason::QueueFull => key::VIEW_DROP_QUEUE_FULL,
        DropReason::NoLocal => key::VIEW_DROP_NO_LOCAL,
        DropReason::Expired => key::VIEW_DROP_EXPIRED,
        DropReason::PacketTooLarge => key::VIEW_DROP_PACKET_TOO_LARGE,
        DropReason::NotAuthorized => key::VIEW_DROP_NOT_AUTHORIZED,
        DropReason::SessionEnded => key::VIEW_DROP_SESSION_ENDED,
        DropReason::SlowReader => key::VIEW_DROP_SLOW_READER,
        DropReason::PayloadsFull => key::VIEW_DROP_PAYLOADS_FULL,
        DropReason::MovedToAnotherMember => key::VIEW_DROP_MOVED_TO_ANOTHER_MEMBER,
    }
    .message()
}

fn verdict_words(verdict: Verdict) -> Message {
    match verdict {
        Verdict::Pass => key::VIEW_VERDICT_PASS.message(),
        Verdict::CutBeforeDelivery { .. } => key::VIEW_VERDICT_CUT_BEFORE.message(),
        Verdict::CutAfterDelivery { .. } => key::VIEW_VERDICT_CUT_AFTER.message(),
        Verdict::ResetBeforeDelivery => key::VIEW_VERDICT_RESET_BEFORE.message(),
        Verdict::ResetAfterDelivery => key::VIEW_VERDICT_RESET_AFTER.message(),
        Verdict::Hold => key::VIEW_VERDICT_HOLD.message(),
        Verdict::DuplicateConnection => key::VIEW_VERDICT_DOUBLE.message(),
        Verdict::Delay { by } => key::VIEW_VERDICT_DELAY.with("by", by.to_string()),
    }
}
