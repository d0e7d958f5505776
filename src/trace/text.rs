//! One line a record, in English, for golden files and for people with a terminal. Secrets never appear.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;

use super::{Event, Malformed, NodeId, Record, Trace};
use crate::broker::{BrokerEvent, DecidedBy, EndCause};
use crate::client::{ClientEvent, ClientState};
use crate::link::{Segment, Side};
use crate::packet::{Packet, ProtocolVersion};
use crate::session::ConnectionId;
use crate::text::Language;

/// Writes records as lines; knows which client a connection belongs to once it has seen it open.
#[derive(Clone, Debug)]
pub struct Text<'t> {
    trace: &'t Trace,
    clients: BTreeMap<ConnectionId, NodeId>,
}

impl<'t> Text<'t> {
    /// For the records of this trace.
    #[must_use]
    pub fn new(trace: &'t Trace) -> Self {
        let clients = trace.records().iter().filter_map(|record| match record.event {
            Event::ConnectionOpening { connection, client } => Some((connection, client)),
            _ => None,
        });
        Self { trace, clients: clients.collect() }
    }

    /// The whole trace, a line each.
    #[must_use]
    pub fn whole(&self) -> String {
        let mut out = String::new();
        for record in self.trace.records() {
            out.push_str(&self.line(record));
            out.push('\n');
        }
        out
    }

    /// One record: `0.020 sensor → broker CONNECT 26 B …`.
    #[must_use]
    pub fn line(&self, record: &Record) -> String {
        format!("{} {}", record.at, self.words(&record.event))
    }

    fn node(&self, node: NodeId) -> &str {
        self.trace.nodes().get(node.0 as usize).map_or("?", |node| node.name.as_str())
    }

    fn side(&self, connection: ConnectionId, side: Side) -> String {
        match (side, self.clients.get(&connection)) {
            (Side::Broker, _) => self.node(NodeId::BROKER).to_owned(),
            (Side::Client, Some(client)) => self.node(*client).to_owned(),
            (Side::Client, None) => format!("client #{}", connection.0),
        }
    }

    fn way(&self, connection: ConnectionId, from: Side) -> String {
        format!("{} → {}", self.side(connection, from), self.side(connection, from.peer()))
    }

    fn words(&self, event: &Event) -> String {
        match event {
            Event::RunStarted { seed: Some(seed) } => format!("run started, seed {}", seed.0),
            Event::RunStarted { seed: None } => "run started".to_owned(),
            Event::CommandApplied { node, command, by_learner } => {
                let who = if *by_learner { "learner" } else { "scenario" };
                format!("{} ({who}): {}", self.node(*node), Language::English.render(command))
            }
            Event::ConnectionOpening { connection, client } => format!("{} opens connection #{}", self.node(*client), connection.0),
            Event::TransportOpened { connection, side } => format!("{} sees #{} open", self.side(*connection, *side), connection.0),
            Event::TransportClosed { connection, side, reason } => {
                format!("{} sees #{} closed: {reason:?}", self.side(*connection, *side), connection.0)
            }
            Event::SegmentSent { connection, segment } => format!("{} {}", self.way(*connection, segment.from), segment_words(segment)),
            Event::SegmentArrived { connection, number } => format!("segment {} of #{} arrived", number, connection.0),
            Event::SegmentLost { connection, number, reason } => format!("segment {} of #{} lost: {reason:?}", number, connection.0),
            Event::PacketSent { connection, from, packet_type, version, bytes } => {
                format!("{} {packet_type} {} B{}", self.way(*connection, *from), bytes.len(), packet_words(bytes, *version))
            }
            Event::PacketReceived { connection, to, sent } => {
                let what = sent.and_then(|sent| self.trace.get(sent)).and_then(|record| match &record.event {
                    Event::PacketSent { packet_type, .. } => Some(packet_type.name()),
                    _ => None,
                });
                format!("{} received {}", self.side(*connection, *to), what.unwrap_or("a packet"))
            }
            Event::PacketLost { connection, sent, reason } => {
                let what = self.trace.get(*sent).map(|record| match &record.event {
                    Event::PacketSent { from, packet_type, .. } => format!("{packet_type} from {}", self.side(*connection, *from)),
                    _ => "packet".to_owned(),
                });
                format!("{} lost: {reason:?}", what.unwrap_or_else(|| "packet".to_owned()))
            }
            Event::PacketMalformed(malformed) => {
                let Malformed { connection, to, bytes, error } = &**malformed;
                let words = Language::English.render(&error.message);
                format!("{} received {} malformed bytes: {words} [{}]", self.side(*connection, *to), bytes.len(), error.clause)
            }
            Event::PacketObserved { connection, from, packet_type, version, bytes } => {
                format!("{} observed {packet_type} {} B{}", self.way(*connection, *from), bytes.len(), packet_words(bytes, *version))
            }
            Event::FaultStruck(fault) => format!("fault on #{}: {:?}", fault.connection.0, fault.verdict),
            Event::PathChanged { client, cut: Some(cut) } => format!("path of {} cut: {cut:?}", self.node(*client)),
            Event::PathChanged { client, cut: None } => format!("path of {} restored", self.node(*client)),
            Event::PowerChanged { node, on } => format!("{} {}", self.node(*node), if *on { "on" } else { "off" }),
            Event::Client { client, event } => format!("{}: {}", self.node(*client), client_words(event)),
            Event::Broker(event) => format!("broker: {}", broker_words(event)),
            Event::LimitReached { message } => format!("limit: {}", Language::English.render(message)),
        }
    }
}

fn segment_words(segment: &Segment) -> String {
    let mut flags = String::new();
    for (set, name) in [(segment.syn, "SYN "), (segment.fin, "FIN "), (segment.rst, "RST "), (segment.ack.is_some(), "ACK ")] {
        if set {
            flags.push_str(name);
        }
    }
    let again = if segment.attempt == 0 { String::new() } else { format!(" again ({})", segment.attempt) };
    format!("segment {} {flags}seq {} len {}{again}", segment.number, segment.seq, segment.payload.len())
}

/// What a line says about the inside of a packet; nothing if it cannot be read.
fn packet_words(bytes: &Bytes, version: ProtocolVersion) -> String {
    let Ok(packet) = Packet::decode(bytes, version) else { return String::new() };
    let mut words = String::new();
    if let Some(id) = packet.packet_id() {
        let _ = write!(words, " id {id}");
    }
    let _ = match &packet {
        Packet::Connect(connect) => {
            write!(words, " {:?} clean {} keep alive {}", connect.client_id.as_str(), connect.clean_start, connect.keep_alive)
        }
        Packet::Connack(connack) => write!(words, " {} session present {}", connack.reason_code, connack.session_present),
        Packet::Publish(publish) => {
            let flags = [(publish.dup, " dup"), (publish.retain, " retain")];
            let flags: String = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
            write!(words, " qos {}{flags} {:?} payload {} B", publish.qos as u8, publish.topic.as_str(), publish.payload.len())
        }
        Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => write!(words, " {}", ack.reason_code),
        Packet::Subscribe(subscribe) => {
            subscribe.subscriptions.iter().try_for_each(|each| write!(words, " {:?} qos {}", each.filter.as_str(), each.options.qos as u8))
        }
        Packet::Suback(suback) => suback.reason_codes.iter().try_for_each(|code| write!(words, " {code}")),
        Packet::Unsubscribe(unsubscribe) => unsubscribe.filters.iter().try_for_each(|filter| write!(words, " {:?}", filter.as_str())),
        Packet::Disconnect(disconnect) => write!(words, " {}", disconnect.reason_code),
        _ => Ok(()),
    };
    words
}

fn client_words(event: &ClientEvent) -> String {
    match event {
        ClientEvent::StateChanged(ClientState::Waiting { until }) => format!("waiting until {until}"),
        ClientEvent::StateChanged(state) => format!("{state:?}").to_lowercase(),
        ClientEvent::Connected { session_present, .. } => format!("connected, session present {session_present}"),
        ClientEvent::MessageReceived { publish, dup } => {
            let again = if *dup { " (dup)" } else { "" };
            format!("message{again} qos {} {:?} payload {} B", publish.qos as u8, publish.topic.as_str(), publish.payload.len())
        }
        ClientEvent::ResponseIgnored { publish, token } => {
            format!(
                "response ignored, request {:?}, {:?} payload {} B",
                token.map(|token| token.0),
                publish.topic.as_str(),
                publish.payload.len()
            )
        }
        other => format!("{other:?}"),
    }
}

fn broker_words(event: &BrokerEvent) -> String {
    match event {
        BrokerEvent::ConnectionEnded { connection, client_id, cause } => {
            let who = client_id.as_ref().map_or_else(|| "no client".to_owned(), |id| format!("{:?}", id.as_str()));
            let why = match cause {
                EndCause::ClientMisbehaved { reason_code, clause, .. } => format!("misbehaved, {reason_code} [{clause}]"),
                EndCause::Refused { reason_code, message } => format!("refused, {reason_code}: {}", Language::English.render(message)),
                EndCause::NotAuthorized { message } => format!("not authorized: {}", Language::English.render(message)),
                other => format!("{other:?}"),
            };
            format!("#{} of {who} ended: {why}", connection.0)
        }
        BrokerEvent::MessageAccepted { message, topic, qos, retain, payload, .. } => {
            format!("message {} accepted: {:?} qos {} retain {retain} payload {} B", message.0, topic.as_str(), *qos as u8, payload.len())
        }
        BrokerEvent::AccessDenied { client_id, user_name, access, topic, decided_by } => {
            let user = user_name.as_ref().map_or_else(|| "anonymous".to_owned(), |name| format!("{:?}", &**name));
            let why = match &**decided_by {
                DecidedBy::Rule { line, text } => format!("line {line}: {text:?}"),
                DecidedBy::NoRule => "no rule allows it".to_owned(),
                DecidedBy::UnknownUser => "no such user".to_owned(),
            };
            format!("denied to {:?} ({user}): {access:?} {:?}, {why}", client_id.as_str(), &**topic)
        }
        BrokerEvent::LimitReached { message } => format!("limit: {}", Language::English.render(message)),
        other => format!("{other:?}"),
    }
}
