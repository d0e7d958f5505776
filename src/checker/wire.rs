//! Packets on the wire: their sequence, identifiers, sizes, aliases, and what answers what.

use std::sync::Arc;

use bytes::Bytes;

use super::connection::{Sent, Stage, Way};
use super::flow::Fault;
use super::{Checker, Incoming, Invariant};
use crate::link::Side;
use crate::packet::{Packet, PacketId, ProtocolVersion, Publish, QoS, ReasonCode, TopicName};
use crate::session::ConnectionId;
use crate::time::Duration;
use crate::trace::{NodeId, RecordId};

impl Checker {
    /// One side has written a packet.
    pub(super) fn take_sent(&mut self, record: RecordId, id: ConnectionId, from: Side, version: ProtocolVersion, bytes: &Bytes) {
        self.findings.test(Invariant::Canonical);
        let Ok(packet) = Packet::decode(bytes, version) else {
            self.break_on(Some(id), record, None, (Invariant::Canonical, "MQTT-4.13.1-1", "a packet that cannot be read was sent"));
            return;
        };
        self.again.clear();
        if packet.encode(version, &mut self.again).is_err() || self.again != *bytes {
            self.break_on(Some(id), record, None, (Invariant::Canonical, "", "a packet is not written in its one form"));
        }
        let packet = Arc::new(packet);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.version = version;
        connection.way(from).sent.push_back(Sent { record, packet: Arc::clone(&packet), topic: TopicName::default() });
        self.findings.test(Invariant::PacketSize);
        if bytes.len() > connection.limits_for(from).1 {
            let clause = if from == Side::Broker { "MQTT-3.1.2-24" } else { "MQTT-3.2.2-15" };
            self.break_on(Some(id), record, None, (Invariant::PacketSize, clause, "a packet is larger than the other side accepts"));
        }
        self.findings.test(Invariant::Sequence);
        if let Err(fault) = self.check_sequence(id, from, &packet) {
            self.break_on(Some(id), record, None, fault);
        }
        match &*packet {
            Packet::Publish(publish) => self.take_publish_sent(record, id, from, version, publish),
            Packet::Pubrel(pubrel) => self.take_pubrel_sent(record, id, from, pubrel.packet_id),
            Packet::Connack(connack) if from == Side::Broker => self.take_connack(record, id, connack),
            Packet::Suback(suback) if from == Side::Broker => self.take_suback(record, id, suback),
            Packet::Unsuback(unsuback) if from == Side::Broker => self.take_unsuback(record, id, unsuback),
            Packet::Pubrec(pubrec) if from == Side::Broker && pubrec.reason_code.is_error() => {
                self.refuse(pubrec.packet_id);
                self.forget(id, pubrec.packet_id);
            }
            Packet::Puback(puback) if from == Side::Broker && puback.reason_code.is_error() => self.refuse(puback.packet_id),
            Packet::Subscribe(_) | Packet::Unsubscribe(_) => {
                if let (Some(packet_id), Some(connection)) = (packet.packet_id(), self.connections.get_mut(&id))
                    && !connection.requests.insert(packet_id)
                {
                    let fault = (Invariant::PacketIds, "MQTT-2.2.1-3", "two requests have the same Packet Identifier");
                    self.break_on(Some(id), record, None, fault);
                }
            }
            _ => {}
        }
    }

    /// Who may send what, and when (5.0 §4.3, §3.1, §3.14).
    fn check_sequence(&mut self, id: ConnectionId, from: Side, packet: &Packet) -> Result<(), Fault> {
        let Some(connection) = self.connections.get_mut(&id) else { return Ok(()) };
        let (is_spoilt, version) = (connection.is_spoilt, connection.version);
        let way = connection.way(from);
        let fault = |clause, what| Err((Invariant::Sequence, clause, what));
        match (from, packet, way.stage) {
            (_, _, Stage::Over) => return fault("MQTT-3.14.4-2", "a packet after DISCONNECT"),
            (Side::Client, Packet::Connect(_), Stage::Start) => way.stage = Stage::Connected,
            (Side::Client, _, Stage::Start) => return fault("MQTT-3.1.0-1", "the first packet is no CONNECT"),
            (Side::Client, Packet::Connect(_), Stage::Connected) => return fault("MQTT-3.1.0-2", "a second CONNECT"),
            (Side::Broker, Packet::Connack(connack), Stage::Start) => {
                way.stage = if connack.reason_code == ReasonCode::Success { Stage::Connected } else { Stage::Over };
            }
            (Side::Broker, Packet::Auth(_), Stage::Start) => {}
            (Side::Broker, _, Stage::Start) => return fault("MQTT-3.2.0-1", "the first packet of the broker is no CONNACK"),
            (Side::Broker, Packet::Connack(_), _) => return fault("MQTT-3.2.0-2", "a second CONNACK"),
            (_, Packet::Disconnect(_), _) => {
                if from == Side::Broker && version == ProtocolVersion::V311 {
                    return fault("3.1.1 §3.14", "a broker sends no DISCONNECT in 3.1.1");
                }
                way.stage = Stage::Over;
            }
            (Side::Broker, Packet::Subscribe(_) | Packet::Unsubscribe(_) | Packet::Pingreq | Packet::Connect(_), _)
            | (Side::Client, Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp | Packet::Connack(_), _) => {
                return fault("5.0 §2.1.2", "a packet in the wrong direction");
            }
            (_, Packet::Puback(ack), _) => return answer(&mut way.to_puback, ack.packet_id, is_spoilt, "MQTT-4.6.0-2"),
            (_, Packet::Pubrec(ack), _) => return answer(&mut way.to_pubrec, ack.packet_id, is_spoilt, "MQTT-4.6.0-3"),
            (_, Packet::Pubcomp(ack), _) => {
                let Some(place) = way.to_pubcomp.iter().position(|one| *one == ack.packet_id) else {
                    return Err((Invariant::ExactlyOnce, "MQTT-4.3.3-11", "PUBCOMP without PUBREL"));
                };
                way.to_pubcomp.remove(place);
            }
            (_, Packet::Pingresp, _) => match way.pings.checked_sub(1) {
                Some(left) => way.pings = left,
                None => return fault("MQTT-3.12.4-1", "PINGRESP without PINGREQ"),
            },
            _ => {}
        }
        Ok(())
    }

    fn take_publish_sent(&mut self, record: RecordId, id: ConnectionId, from: Side, version: ProtocolVersion, publish: &Publish) {
        let topic = match self.resolve(id, from, publish) {
            Ok(topic) => topic,
            Err(fault) => return self.break_on(Some(id), record, None, fault),
        };
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let (client, client_id, limit) = (connection.client, connection.client_id.clone(), connection.limits_for(from).0);
        if let Some(sent) = connection.way(from).sent.back_mut() {
            sent.topic = topic.clone();
        }
        if let Some(packet_id) = publish.packet_id {
            let way = connection.way(from);
            way.unacknowledged.insert(packet_id);
            let count = way.unacknowledged.len();
            self.findings.test(Invariant::ReceiveMaximum);
            self.findings.test(Invariant::PacketIds);
            if count > usize::from(limit) {
                let clause = if from == Side::Broker { "MQTT-3.3.4-9" } else { "MQTT-3.3.4-7" };
                self.break_on(Some(id), record, None, (Invariant::ReceiveMaximum, clause, "more messages in flight than Receive Maximum"));
            }
        }
        match from {
            Side::Broker => match client_id.filter(|_| self.sees_broker) {
                Some(client_id) => self.take_delivery(record, id, &client_id, version, publish, &topic),
                None => self.take_flow(record, id, (client, true), version, publish, &topic),
            },
            Side::Client => self.take_flow(record, id, (client, false), version, publish, &topic),
        }
    }

    /// Identifiers and DUP of a sender of which no more is known.
    fn take_flow(
        &mut self,
        record: RecordId,
        id: ConnectionId,
        (client, is_broker): (Option<NodeId>, bool),
        version: ProtocolVersion,
        publish: &Publish,
        topic: &TopicName,
    ) {
        let (Some(client), false) = (client, is_broker) else { return };
        if publish.qos == QoS::AtMostOnce {
            return;
        }
        self.findings.test(if publish.qos == QoS::AtLeastOnce { Invariant::AtLeastOnce } else { Invariant::ExactlyOnce });
        let flow = self.outgoing.entry(client).or_default();
        let result = match publish.dup {
            true => flow.again(id, version, publish, topic, record).map(drop),
            false => flow.first(id, record, publish, topic, 0),
        };
        if let Err(fault) = result {
            self.break_on(Some(id), record, None, fault);
        }
    }

    /// The whole Topic Name of a PUBLISH (5.0 §3.3.2.3.4).
    fn resolve(&mut self, id: ConnectionId, from: Side, publish: &Publish) -> Result<TopicName, Fault> {
        let Some(alias) = publish.properties.topic_alias else { return Ok(publish.topic.clone()) };
        self.findings.test(Invariant::TopicAlias);
        let Some(connection) = self.connections.get_mut(&id) else { return Ok(publish.topic.clone()) };
        if alias > connection.limits_for(from).2 {
            let clause = if from == Side::Broker { "MQTT-3.1.2-26" } else { "MQTT-3.2.2-17" };
            return Err((Invariant::TopicAlias, clause, "a Topic Alias above the Topic Alias Maximum"));
        }
        let aliases = &mut connection.way(from).aliases;
        if !publish.topic.is_empty() {
            aliases.insert(alias, publish.topic.clone());
            return Ok(publish.topic.clone());
        }
        aliases.get(&alias).cloned().ok_or((Invariant::TopicAlias, "MQTT-3.3.2-7", "a Topic Alias that was not set on this connection"))
    }

    fn take_pubrel_sent(&mut self, record: RecordId, id: ConnectionId, from: Side, packet_id: PacketId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let (client, client_id) = (connection.client, connection.client_id.clone());
        let pubrecs = &mut connection.way(from).to_pubrel;
        let place = pubrecs.iter().position(|one| *one == packet_id);
        if let Some(place) = place {
            pubrecs.remove(place);
        }
        self.findings.test(Invariant::ExactlyOnce);
        let flow = match (from, client, client_id) {
            (Side::Client, Some(client), _) => Some(self.outgoing.entry(client).or_default()),
            (Side::Broker, _, Some(client_id)) => self.sessions.get_mut(&client_id).map(|session| &mut session.flow),
            _ => None,
        };
        if let Some(Err(fault)) = flow.map(|flow| flow.released(id, packet_id, place.is_some()))
            && (from == Side::Client || self.sees_broker)
        {
            self.break_on(Some(id), record, None, fault);
        }
    }

    /// A packet was taken by the other side.
    pub(super) fn take_received(&mut self, record: RecordId, id: ConnectionId, to: Side, sent: RecordId) {
        if to == Side::Broker {
            self.end_batch();
        }
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(front) = connection.way(to.peer()).sent.pop_front() else { return };
        if front.record != sent {
            let fault = (Invariant::Time, "MQTT-4.2-1", "packets of one connection arrive in another order than they were sent");
            return self.break_on(Some(id), record, Some(front.record), fault);
        }
        let Sent { packet, topic, .. } = front;
        if to == Side::Broker {
            connection.heard_at = now;
            if let Some(silence) = connection.silence_max {
                self.next_due = self.next_due.min(now + silence);
            }
        }
        let way = connection.way(to);
        match &*packet {
            Packet::Publish(publish) => match (publish.packet_id, publish.qos) {
                (Some(packet_id), QoS::AtLeastOnce) => way.to_puback.push_back(packet_id),
                (Some(packet_id), QoS::ExactlyOnce) => way.to_pubrec.push_back(packet_id),
                _ => {}
            },
            Packet::Pubrel(pubrel) => way.to_pubcomp.push(pubrel.packet_id),
            Packet::Pingreq => way.pings = way.pings.saturating_add(1),
            Packet::Pubrec(pubrec) if !pubrec.reason_code.is_error() => way.to_pubrel.push(pubrec.packet_id),
            _ => {}
        }
        // What this answers counts no more.
        let ended = match &*packet {
            Packet::Puback(ack) | Packet::Pubcomp(ack) => Some(ack.packet_id),
            Packet::Pubrec(ack) if ack.reason_code.is_error() => Some(ack.packet_id),
            _ => None,
        };
        if let Some(packet_id) = ended {
            way.unacknowledged.remove(&packet_id);
        }
        if to == Side::Client
            && matches!(&*packet, Packet::Suback(_) | Packet::Unsuback(_))
            && let Some(packet_id) = packet.packet_id()
        {
            connection.requests.remove(&packet_id);
        }
        match to {
            Side::Broker => self.take_input(record, id, &packet, topic, ended),
            Side::Client => self.take_at_client(id, &packet, ended),
        }
    }

    fn take_at_client(&mut self, id: ConnectionId, packet: &Packet, ended: Option<PacketId>) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(client) = connection.client else { return };
        if let Packet::Connack(connack) = packet {
            let properties = &connack.properties;
            connection.receive_maximum_of_broker = properties.receive_maximum.unwrap_or(u16::MAX);
            connection.packet_size_of_broker =
                properties.maximum_packet_size.map_or(usize::MAX, |size| usize::try_from(size).unwrap_or(usize::MAX));
            connection.aliases_of_broker = properties.topic_alias_maximum.unwrap_or(0);
            if connack.reason_code == ReasonCode::Success && !connack.session_present {
                self.outgoing.entry(client).or_default().clear();
            }
        }
        let flow = self.outgoing.entry(client).or_default();
        if let Some(packet_id) = ended {
            flow.end(packet_id);
        } else if let Packet::Pubrec(pubrec) = packet {
            flow.received(pubrec.packet_id);
        }
    }

    /// The broker has taken a packet, and begins to handle it.
    fn take_input(&mut self, record: RecordId, id: ConnectionId, packet: &Packet, topic: TopicName, ended: Option<PacketId>) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        match packet {
            Packet::Connect(connect) if connection.connect.is_none() => connection.connect = Some(Arc::new((**connect).clone())),
            Packet::Disconnect(disconnect) => {
                connection.disconnect = Some(disconnect.reason_code);
                if let (Some(seconds), Some(client_id)) = (disconnect.properties.session_expiry_interval, connection.client_id.clone()) {
                    self.change_expiry(&client_id, seconds);
                }
                return;
            }
            Packet::Subscribe(subscribe) => {
                connection.subscribes.insert(subscribe.packet_id, (record, subscribe.clone()));
            }
            Packet::Unsubscribe(unsubscribe) => {
                connection.unsubscribes.insert(unsubscribe.packet_id, (record, unsubscribe.clone()));
            }
            _ => {}
        }
        let Some(client_id) = connection.client_id.clone() else { return };
        let Some(session) = self.sessions.get_mut(&client_id) else { return };
        session.active_at = now;
        match packet {
            Packet::Publish(publish) => {
                let mut publish = publish.clone();
                publish.topic = topic;
                if let (ProtocolVersion::V311, QoS::AtLeastOnce, Some(packet_id)) = (session.version, publish.qos, publish.packet_id) {
                    // The Client has forgotten the exchange at QoS 2 that had it.
                    session.unreleased.remove(&packet_id);
                }
                let is_duplicate =
                    publish.qos == QoS::ExactlyOnce && publish.packet_id.is_some_and(|packet_id| !session.unreleased.insert(packet_id));
                let packet_id = publish.packet_id;
                self.batch.publish =
                    Some(Incoming { record, connection: id, client_id, packet_id, publish, is_duplicate, is_accepted: false });
            }
            Packet::Pubrel(pubrel) => {
                session.unreleased.remove(&pubrel.packet_id);
            }
            Packet::Pubrec(pubrec) if ended.is_none() => session.flow.received(pubrec.packet_id),
            _ => {}
        }
        if let Some(packet_id) = ended
            && let Some(flight) = session.flow.end(packet_id)
            && let Some(place) = session.owed.iter().position(|owed| owed.tag == flight.tag)
        {
            session.owed.remove(place);
        }
    }

    /// The broker refuses a message.
    fn refuse(&mut self, packet_id: PacketId) {
        if let Some(incoming) = self.batch.publish.as_mut().filter(|incoming| incoming.packet_id == Some(packet_id)) {
            incoming.is_accepted = true;
        }
    }

    /// After a PUBREC that refuses, an identifier means a new message [MQTT-4.3.3-9]. A PUBACK that refuses changes nothing for the message at QoS 2 that has it.
    fn forget(&mut self, id: ConnectionId, packet_id: PacketId) {
        let Some(client_id) = self.connections.get(&id).and_then(|connection| connection.client_id.as_ref()) else { return };
        if let Some(session) = self.sessions.get_mut(client_id) {
            session.unreleased.remove(&packet_id);
        }
    }

    pub(super) fn take_lost(&mut self, id: ConnectionId, sent: RecordId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            for way in [&mut connection.from_client, &mut connection.from_broker] {
                way.sent.retain(|one| one.record != sent);
            }
        }
    }

    /// How long the broker waits for a sign of life [MQTT-3.1.2-22].
    pub(super) fn start_keep_alive(&mut self, id: ConnectionId, seconds: u16) {
        let now = self.now;
        if let Some(connection) = self.connections.get_mut(&id).filter(|_| seconds > 0) {
            let silence = Duration::from_secs(u64::from(seconds)).scale(3, 2);
            connection.silence_max = Some(silence);
            self.next_due = self.next_due.min(now + silence);
        }
    }
}

/// PUBACK or PUBREC answers the PUBLISH that has waited longest.
fn answer(
    waiting: &mut std::collections::VecDeque<PacketId>,
    packet_id: PacketId,
    is_spoilt: bool,
    clause: &'static str,
) -> Result<(), Fault> {
    match waiting.iter().position(|one| *one == packet_id) {
        Some(0) => {
            waiting.pop_front();
            Ok(())
        }
        Some(place) => {
            waiting.remove(place);
            if is_spoilt { Ok(()) } else { Err((Invariant::Order, clause, "messages are acknowledged in another order than they came")) }
        }
        None => Err((Invariant::Sequence, "5.0 §4.3", "an acknowledgement that answers nothing")),
    }
}

impl Way {
    /// Whether nothing waits for this side.
    pub(super) fn is_at_rest(&self) -> bool {
        self.unacknowledged.is_empty() && self.to_puback.is_empty() && self.to_pubrec.is_empty() && self.to_pubcomp.is_empty()
    }
}
