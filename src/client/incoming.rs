//! What comes from the Server.

use bytes::Bytes;
use bytestring::ByteString;

use crate::client::connection::Request;
use crate::client::misbehaviour::{self, Misbehaviour};
use crate::client::{Client, ClientEvent, ClientState, DisconnectCause, OnServerReference, PublishToken, RequestToken};
use crate::packet::{
    Acknowledgement, DecodeError, Disconnect, Packet, PacketId, PacketType, ProtocolVersion, Publish, QoS, ReasonCode, Suback, TopicFilter,
    Unsuback,
};
use crate::session::{Acknowledged, Received};
use crate::text::key;
use crate::time::Instant;

impl Client {
    /// Bytes came in.
    pub fn handle_bytes(&mut self, now: Instant, bytes: Bytes) {
        if !self.is_listening() {
            return;
        }
        self.connection.frames.push(bytes.clone());
        while self.is_listening() {
            match self.connection.frames.next_frame() {
                Ok(Some(frame)) => self.handle_frame(now, frame),
                Ok(None) => return,
                Err(error) => return self.malformed(now, error, bytes),
            }
        }
    }

    const fn is_listening(&self) -> bool {
        matches!(self.state, ClientState::Connecting | ClientState::Connected)
    }

    fn handle_frame(&mut self, now: Instant, frame: Bytes) {
        match Packet::decode(&frame, self.config.version) {
            Ok(packet) => {
                self.emit(ClientEvent::PacketReceived { frame });
                self.handle_packet(now, packet);
            }
            Err(error) => self.malformed(now, error, frame),
        }
    }

    fn malformed(&mut self, now: Instant, error: DecodeError, bytes: Bytes) {
        let what = Misbehaviour { reason_code: error.reason_code, clause: error.clause, message: error.message.clone() };
        self.emit(ClientEvent::MalformedReceived { error: error.into(), bytes });
        self.misbehaved(now, what);
    }

    fn handle_packet(&mut self, now: Instant, packet: Packet) {
        let version = self.config.version;
        let packet_type = packet.packet_type();
        if self.state == ClientState::Connecting {
            return match packet {
                Packet::Connack(connack) => self.handle_connack(now, &connack),
                Packet::Auth(auth) => self.handle_auth(now, &auth),
                Packet::Disconnect(_) => self.misbehaved(now, misbehaviour::disconnect_before_connack()),
                _ => self.misbehaved(now, misbehaviour::before_connack(packet_type)),
            };
        }
        match packet {
            Packet::Publish(publish) => self.handle_publish_packet(now, publish),
            Packet::Puback(ack) => {
                let outcome = self.outbound.handle_puback(ack.packet_id);
                self.acknowledged(now, packet_type, &ack, outcome);
            }
            Packet::Pubrec(ack) => {
                let outcome = self.outbound.handle_pubrec(ack.packet_id, ack.reason_code);
                self.acknowledged(now, packet_type, &ack, outcome);
            }
            Packet::Pubcomp(ack) => {
                let outcome = self.outbound.handle_pubcomp(ack.packet_id);
                self.acknowledged(now, packet_type, &ack, outcome);
            }
            Packet::Pubrel(ack) => {
                // PUBREL answers PUBREC: before that the Server has nothing to release [MQTT-4.3.3-4].
                if self.unfinished.knows(ack.packet_id) {
                    return self.misbehaved(now, misbehaviour::out_of_turn(version, packet_type, ack.packet_id));
                }
                let pubcomp = self.inbound.handle_pubrel(ack.packet_id);
                self.send(now, &Packet::Pubcomp(pubcomp));
            }
            Packet::Suback(suback) => self.handle_suback(now, suback),
            Packet::Unsuback(unsuback) => self.handle_unsuback(now, unsuback),
            Packet::Pingresp => {
                if !self.pingresp_received() {
                    self.misbehaved(now, misbehaviour::unasked_pingresp(version));
                }
            }
            Packet::Disconnect(disconnect) => self.handle_disconnect_packet(now, &disconnect),
            Packet::Connack(_) => self.misbehaved(now, misbehaviour::second_connack(version)),
            Packet::Auth(auth) => self.handle_auth(now, &auth),
            Packet::Connect(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) | Packet::Pingreq => {
                self.misbehaved(now, misbehaviour::client_only_packet(version, packet_type));
            }
        }
    }

    fn handle_publish_packet(&mut self, now: Instant, mut publish: Publish) {
        let version = self.config.version;
        let alias = publish.properties.topic_alias;
        publish.topic = match self.connection.inbound_aliases.resolve(std::mem::take(&mut publish.topic), alias) {
            Ok(topic) => topic,
            Err(error) => {
                let maximum = self.config.topic_alias_maximum.unwrap_or(0);
                return self.misbehaved(now, misbehaviour::topic_alias(version, alias, maximum, error));
            }
        };
        let (qos, dup) = (publish.qos, publish.dup);
        let Some(packet_id) = publish.packet_id else {
            self.give(publish, dup);
            return self.took_at_most_once(now);
        };
        if version == ProtocolVersion::V311 && qos == QoS::AtLeastOnce && dup && self.unfinished.holds(packet_id) {
            // A Server may repeat itself at any time in 3.1.1; the application is still at it.
            return self.emit(ClientEvent::DuplicateSuppressed { packet_id });
        }
        match (self.inbound.handle_publish(packet_id, qos), qos) {
            (Received::New, _) => {
                // [MQTT-4.3.2-4] PUBACK only after the application has the message.
                self.give(publish, dup);
                self.took(now, packet_id, qos);
            }
            (Received::Duplicate, _) => {
                self.emit(ClientEvent::DuplicateSuppressed { packet_id });
                self.came_again(now, packet_id);
            }
            (Received::PacketIdInUse, _) if version == ProtocolVersion::V5 => {
                let refusal = Acknowledgement::new(packet_id, ReasonCode::PacketIdentifierInUse);
                self.send(now, &if qos == QoS::ExactlyOnce { Packet::Pubrec(refusal) } else { Packet::Puback(refusal) });
            }
            (Received::PacketIdInUse, _) => self.misbehaved(now, misbehaviour::packet_id_in_use(packet_id)),
            (Received::ReceiveMaximumExceeded, _) => {
                let maximum = self.config.receive_maximum.unwrap_or(u16::MAX);
                self.misbehaved(now, misbehaviour::receive_maximum_exceeded(maximum));
            }
        }
    }

    fn acknowledged(&mut self, now: Instant, packet_type: PacketType, ack: &Acknowledgement, outcome: Acknowledged<PublishToken>) {
        let version = self.config.version;
        match outcome {
            Acknowledged::Completed { tag } => {
                self.emit(ClientEvent::PublishCompleted { token: tag, packet_id: ack.packet_id, reason_code: ack.reason_code });
                self.awaits_no_more(ack.packet_id);
                if ack.reason_code.is_error() && packet_type != PacketType::Pubcomp {
                    let refused = key::CLIENT_REQUEST_REFUSED.with("reason", ack.reason_code.to_string());
                    self.request_failed(RequestToken(tag.0), refused);
                }
                self.flush(now);
            }
            Acknowledged::Released { pubrel, .. } => {
                self.send(now, &Packet::Pubrel(pubrel));
                self.awaits_acknowledgement(now, ack.packet_id);
            }
            Acknowledged::ReleasedAgain { pubrel } | Acknowledged::Unknown { pubrel: Some(pubrel) } => {
                self.send(now, &Packet::Pubrel(pubrel));
            }
            // PUBACK answers a PUBLISH of this very connection. In 3.1.1, where a PUBLISH may be repeated at any time, there can be one too many.
            Acknowledged::Unknown { pubrel: None } if packet_type == PacketType::Puback && version == ProtocolVersion::V5 => {
                self.misbehaved(now, misbehaviour::unknown_packet_id(version, packet_type, ack.packet_id));
            }
            // A PUBCOMP for an unknown identifier answers the PUBREL that said so.
            Acknowledged::Unknown { pubrel: None } => {}
            Acknowledged::OutOfTurn => self.misbehaved(now, misbehaviour::out_of_turn(version, packet_type, ack.packet_id)),
        }
    }

    fn handle_suback(&mut self, now: Instant, suback: Suback) {
        let Some(Request::Subscribe(filters)) = self.answered(suback.packet_id, |request| matches!(request, Request::Subscribe(_))) else {
            return self.misbehaved(now, misbehaviour::unknown_packet_id(self.config.version, PacketType::Suback, suback.packet_id));
        };
        let Some(results) = pair(filters, &suback.reason_codes) else {
            return self.misbehaved(now, self.miscounted(PacketType::Suback, suback.packet_id, suback.reason_codes.len()));
        };
        self.free_request(suback.packet_id);
        self.emit(ClientEvent::Subscribed { results: results.clone() });
        self.subscriptions_answered(now, &results);
        self.flush(now);
    }

    fn handle_unsuback(&mut self, now: Instant, unsuback: Unsuback) {
        let Some(Request::Unsubscribe(filters)) = self.answered(unsuback.packet_id, |request| matches!(request, Request::Unsubscribe(_)))
        else {
            return self.misbehaved(now, misbehaviour::unknown_packet_id(self.config.version, PacketType::Unsuback, unsuback.packet_id));
        };
        let reason_codes = match self.config.version {
            ProtocolVersion::V5 => unsuback.reason_codes,
            ProtocolVersion::V311 => vec![ReasonCode::Success; filters.len()],
        };
        let Some(results) = pair(filters, &reason_codes) else {
            return self.misbehaved(now, self.miscounted(PacketType::Unsuback, unsuback.packet_id, reason_codes.len()));
        };
        self.free_request(unsuback.packet_id);
        self.emit(ClientEvent::Unsubscribed { results });
        self.flush(now);
    }

    /// The request with this identifier, if it is of the kind that is answered.
    fn answered(&self, packet_id: PacketId, is_kind: impl Fn(&Request) -> bool) -> Option<Request> {
        self.connection.requests.get(&packet_id).filter(|request| is_kind(request)).cloned()
    }

    fn free_request(&mut self, packet_id: PacketId) {
        self.connection.requests.remove(&packet_id);
        if self.connection.requests.is_empty() {
            // An emptied map keeps its room.
            self.connection.requests = Default::default();
        }
        self.outbound.release_request_id(packet_id);
    }

    fn miscounted(&self, packet_type: PacketType, packet_id: PacketId, actual: usize) -> Misbehaviour {
        let expected = match self.connection.requests.get(&packet_id) {
            Some(Request::Subscribe(filters) | Request::Unsubscribe(filters)) => filters.len(),
            None => 0,
        };
        misbehaviour::answer_count(self.config.version, packet_type, expected, actual)
    }

    fn handle_disconnect_packet(&mut self, now: Instant, disconnect: &Disconnect) {
        if self.config.version == ProtocolVersion::V311 {
            return self.misbehaved(now, misbehaviour::client_only_packet(ProtocolVersion::V311, PacketType::Disconnect));
        }
        if disconnect.reason_code == ReasonCode::DisconnectWithWillMessage {
            return self.misbehaved(now, misbehaviour::disconnect_reason(disconnect.reason_code));
        }
        if disconnect.properties.session_expiry_interval.is_some() {
            return self.misbehaved(now, misbehaviour::disconnect_with_session_expiry());
        }
        let stays = self.referred(disconnect.reason_code, disconnect.properties.server_reference.as_ref());
        self.disconnect(now, None, DisconnectCause::ServerDisconnected(disconnect.reason_code), stays);
    }
}

impl Client {
    /// Whether the client comes back to this Server, which may have named another (5.0 §4.11).
    pub(super) fn referred(&mut self, reason_code: ReasonCode, reference: Option<&ByteString>) -> bool {
        let stays = self.config.on_server_reference == OnServerReference::Stay;
        match (reason_code, reference) {
            (ReasonCode::UseAnotherServer | ReasonCode::ServerMoved, Some(reference)) => {
                self.emit(ClientEvent::ServerReferred { reason_code, reference: reference.clone(), stays });
                stays
            }
            _ => true,
        }
    }
}

/// Filters with their Reason Codes, if there is one for each.
fn pair(filters: Vec<TopicFilter>, reason_codes: &[ReasonCode]) -> Option<Vec<(TopicFilter, ReasonCode)>> {
    (filters.len() == reason_codes.len()).then(|| filters.into_iter().zip(reason_codes.iter().copied()).collect())
}
