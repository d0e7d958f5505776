//! PUBLISH from a Client: checked, accepted, retained, acknowledged.

use std::sync::Arc;

use bytes::Bytes;

use super::delivery::SharedFrame;
use super::ending::Misbehaviour;
use super::event::{BrokerEvent, MessageId};
use super::message::{ApplicationMessage, MessageContent};
use super::subscription::SessionKey;
use super::{Broker, Timer, sys_topics};
use crate::packet::{Acknowledgement, ClientId, Packet, PacketId, ProtocolVersion, Publish, QoS, ReasonCode, TopicName};
use crate::session::{AliasError, Received};
use crate::text::{Message, key};
use crate::time::Instant;

/// Why a message is not accepted though its packet is legal.
struct Rejection {
    reason_code: ReasonCode,
    clause: &'static str,
    limit: Message,
}

impl Broker {
    pub(super) fn handle_publish(
        &mut self,
        now: Instant,
        key: SessionKey,
        mut publish: Publish,
        frame: &Bytes,
    ) -> Result<(), Misbehaviour> {
        let is_plain = publish.properties.is_empty();
        self.resolve_topic(key, &mut publish)?;
        self.check_publish(&publish)?;
        let Some(session) = self.sessions.get_mut(key.0) else { return Ok(()) };
        let (version, client_id, user_name) = (session.version, session.client_id.clone(), session.user_name.clone());
        let (qos, packet_id) = (publish.qos, publish.packet_id);
        if let Some(packet_id) = packet_id {
            match session.inbound.handle_publish(packet_id, qos) {
                Received::New => {}
                Received::Duplicate => {
                    self.emit(BrokerEvent::DuplicateSuppressed { client_id, packet_id });
                    self.acknowledge_publish(key, qos, packet_id, ReasonCode::Success);
                    return Ok(());
                }
                Received::PacketIdInUse if version == ProtocolVersion::V5 => {
                    // The QoS 2 exchange that owns the identifier goes on.
                    self.send(key, &acknowledgement(qos, packet_id, ReasonCode::PacketIdentifierInUse));
                    return Ok(());
                }
                Received::PacketIdInUse => {
                    return Err(Misbehaviour {
                        reason_code: ReasonCode::PacketIdentifierInUse,
                        clause: "MQTT-2.3.1-2",
                        message: key::BROKER_PACKET_ID_IN_USE.with("id", packet_id.as_u16()),
                    });
                }
                Received::ReceiveMaximumExceeded => {
                    return Err(Misbehaviour {
                        reason_code: ReasonCode::ReceiveMaximumExceeded,
                        clause: "MQTT-3.3.4-7",
                        message: key::BROKER_RECEIVE_MAXIMUM.with("limit", self.config.receive_maximum),
                    });
                }
            }
        }
        self.statistics.count_payload(publish.payload.len());
        if self.deny_publish(key, &publish) {
            return Ok(());
        }
        if self.is_control(&publish.topic) {
            if let Some(packet_id) = packet_id {
                self.acknowledge_publish(key, qos, packet_id, ReasonCode::Success);
            }
            self.handle_control(now, &publish.payload);
            return Ok(());
        }
        if let Some(rejection) = self.rejection(&publish) {
            return self.reject(key, version, qos, packet_id, rejection);
        }
        if let Some((reason_code, message)) = self.disregard(&client_id, &publish) {
            self.emit(BrokerEvent::LimitReached { message });
            // In 3.1.1, and at QoS 0, the exchange goes on as if nothing had happened: the publisher cannot be told.
            let reason_code = if version == ProtocolVersion::V5 { reason_code } else { ReasonCode::Success };
            if let Some(packet_id) = packet_id {
                self.acknowledge_publish(key, qos, packet_id, reason_code);
            }
            return Ok(());
        }
        let frame = if is_plain { SharedFrame::received(version, &publish, frame) } else { SharedFrame::default() };
        let subscribers = self.accept(now, MessageContent::from_publish(client_id, user_name, publish), frame);
        if let Some(packet_id) = packet_id {
            let reason_code = match version {
                ProtocolVersion::V5 if subscribers == 0 => ReasonCode::NoMatchingSubscribers,
                _ => ReasonCode::Success,
            };
            self.acknowledge_publish(key, qos, packet_id, reason_code);
        }
        Ok(())
    }

    /// Gives the PUBLISH its whole Topic Name, whatever becomes of it: an alias that it sets counts from now on (5.0 §3.3.2.3.4).
    fn resolve_topic(&mut self, key: SessionKey, publish: &mut Publish) -> Result<(), Misbehaviour> {
        let Some(session) = self.sessions.get_mut(key.0) else { return Ok(()) };
        // Looked at first: taking it needs values of their own.
        let alias = publish.properties.topic_alias.and_then(|_| publish.properties.topic_alias.take());
        let error = match session.inbound_aliases.resolve(std::mem::take(&mut publish.topic), alias) {
            Ok(topic) => {
                publish.topic = topic;
                return Ok(());
            }
            Err(error) => error,
        };
        let (clause, message) = match (error, alias) {
            (AliasError::Invalid, Some(alias)) => {
                ("MQTT-3.3.2-9", key::BROKER_TOPIC_ALIAS.with("alias", alias).with("limit", self.config.topic_alias_maximum))
            }
            (AliasError::Unknown, Some(alias)) => ("5.0 §3.3.2.3.4", key::BROKER_TOPIC_ALIAS_UNKNOWN.with("alias", alias)),
            (_, None) => ("5.0 §3.3.2.1", key::BROKER_EMPTY_TOPIC.message()),
        };
        Err(Misbehaviour { reason_code: error.reason_code(), clause, message })
    }

    /// What a Client must not send after this broker's CONNACK.
    fn check_publish(&self, publish: &Publish) -> Result<(), Misbehaviour> {
        if !publish.properties.subscription_identifiers.is_empty() {
            return Err(Misbehaviour::protocol_error("MQTT-3.3.4-6", key::BROKER_SUBSCRIPTION_IDENTIFIER_IN_PUBLISH.message()));
        }
        if publish.qos > self.config.maximum_qos {
            let message = key::BROKER_MAXIMUM_QOS.with("qos", u8::from(publish.qos)).with("limit", u8::from(self.config.maximum_qos));
            return Err(Misbehaviour { reason_code: ReasonCode::QoSNotSupported, clause: "MQTT-3.2.2-11", message });
        }
        if publish.retain && !self.config.retain_available {
            let message = key::BROKER_RETAIN_UNAVAILABLE.message();
            return Err(Misbehaviour { reason_code: ReasonCode::RetainNotSupported, clause: "MQTT-3.2.2-14", message });
        }
        Ok(())
    }

    /// Why a message goes nowhere although its exchange is completed: its payload is too long, or its topic is the broker's own.
    fn disregard(&self, client_id: &ClientId, publish: &Publish) -> Option<(ReasonCode, Message)> {
        let (client, size) = (client_id.as_str(), publish.payload.len());
        if let Some(limit) = self.config.max_payload.filter(|limit| usize::try_from(*limit).is_ok_and(|limit| size > limit)) {
            let message = key::BROKER_LIMIT_PAYLOAD.with("client", client).with("size", size).with("limit", limit);
            return Some((ReasonCode::ImplementationSpecificError, message));
        }
        let topic = publish.topic.as_str();
        topic
            .starts_with(sys_topics::PREFIX)
            .then(|| (ReasonCode::NotAuthorized, key::BROKER_SYS_TOPIC.with("client", client).with("topic", topic)))
    }

    fn rejection(&self, publish: &Publish) -> Option<Rejection> {
        if let Some(limit) = self.too_many_levels(publish.topic.as_str()) {
            return Some(Rejection { reason_code: ReasonCode::TopicNameInvalid, clause: "5.0 §4.7.3", limit });
        }
        let stores = publish.retain && !publish.payload.is_empty();
        // A QoS 0 message may be delivered without being retained (5.0 §3.3.1.3); a publisher at QoS 1 or 2 learns of the limit.
        if stores && publish.qos > QoS::AtMostOnce && self.retained_full(&publish.topic) {
            let limit = key::BROKER_LIMIT_RETAINED.with("limit", self.config.max_retained);
            return Some(Rejection { reason_code: ReasonCode::QuotaExceeded, clause: "5.0 §2.4", limit });
        }
        // The same for a message that could not be kept for anyone.
        let size = publish.payload.len().saturating_add(publish.topic.as_str().len());
        if publish.qos > QoS::AtMostOnce && self.held.bytes_with_wills().saturating_add(size) > self.config.max_payload_bytes {
            let limit = key::BROKER_LIMIT_PAYLOADS.with("limit", self.config.max_payload_bytes);
            return Some(Rejection { reason_code: ReasonCode::QuotaExceeded, clause: "5.0 §2.4", limit });
        }
        None
    }

    /// In 5.0 the acknowledgement says why. At QoS 0 and in 3.1.1 there is none that could: DISCONNECT or close.
    fn reject(
        &mut self,
        key: SessionKey,
        version: ProtocolVersion,
        qos: QoS,
        packet_id: Option<PacketId>,
        rejection: Rejection,
    ) -> Result<(), Misbehaviour> {
        let Rejection { reason_code, clause, limit } = rejection;
        self.emit(BrokerEvent::LimitReached { message: limit.clone() });
        match packet_id {
            Some(packet_id) if version == ProtocolVersion::V5 => {
                self.acknowledge_publish(key, qos, packet_id, reason_code);
                Ok(())
            }
            _ => {
                // It was not accepted: when it comes again on another connection, it is no duplicate.
                if let (Some(packet_id), Some(session)) = (packet_id, self.sessions.get_mut(key.0)) {
                    session.inbound.finished(packet_id);
                }
                Err(Misbehaviour { reason_code, clause, message: limit })
            }
        }
    }

    /// PUBACK or PUBREC [MQTT-3.3.4-1]. After PUBACK, and after a PUBREC that refuses, the identifier means a new message [MQTT-4.3.2-5] [MQTT-4.3.3-9].
    pub(super) fn acknowledge_publish(&mut self, key: SessionKey, qos: QoS, packet_id: PacketId, reason_code: ReasonCode) {
        if let Some(session) = self.sessions.get_mut(key.0)
            && (qos == QoS::AtLeastOnce || reason_code.is_error())
        {
            session.inbound.finished(packet_id);
        }
        self.send(key, &acknowledgement(qos, packet_id, reason_code));
    }

    pub(super) fn handle_pubrel(&mut self, key: SessionKey, pubrel: &Acknowledgement) -> Result<(), Misbehaviour> {
        let Some(session) = self.sessions.get_mut(key.0) else { return Ok(()) };
        let pubcomp = session.inbound.handle_pubrel(pubrel.packet_id);
        self.send(key, &Packet::Pubcomp(pubcomp));
        Ok(())
    }

    /// Takes responsibility for a message: keeps it if RETAIN asks for it, and adds it to every matching session [MQTT-4.5.0-1]. Tells how many matched.
    pub(super) fn accept(&mut self, now: Instant, content: MessageContent, frame: SharedFrame) -> usize {
        let id = MessageId(self.next_message);
        self.next_message = self.next_message.saturating_add(1);
        let message = content.accept(id, now);
        self.emit_with(|| BrokerEvent::MessageAccepted {
            message: id,
            publisher: message.publisher.clone(),
            topic: message.topic.clone(),
            qos: message.qos,
            retain: message.retain,
            payload: message.payload.clone(),
        });
        if message.retain {
            self.retain(&message);
        }
        self.route(now, &message, frame)
    }

    /// Stores or replaces the retained message of its topic [MQTT-3.3.1-5]; an empty payload removes it and is never stored itself
    /// [MQTT-3.3.1-6] [MQTT-3.3.1-7].
    fn retain(&mut self, message: &Arc<ApplicationMessage>) {
        if message.payload.is_empty() {
            self.clear_retained(&message.topic);
            return;
        }
        if self.retained_full(&message.topic) {
            let limit = self.config.max_retained;
            self.emit(BrokerEvent::LimitReached { message: key::BROKER_LIMIT_RETAINED.with("limit", limit) });
            return;
        }
        if !self.may_hold(message) {
            // What it replaces goes in any case, and may make room: an older message must not stay in its place (5.0 §3.3.1.3).
            self.clear_retained(&message.topic);
        }
        if !self.may_hold(message) {
            self.report_held_full();
            return;
        }
        let timer = Timer::RetainedExpiry(message.topic.clone());
        match message.expires_at() {
            Some(at) => self.timers.set(timer, at),
            None => drop(self.timers.cancel(&timer)),
        }
        self.held.hold(message);
        if let Some(replaced) = self.retained.store(Arc::clone(message)) {
            self.held.release(&replaced);
        }
        self.emit(BrokerEvent::RetainedStored { topic: message.topic.clone(), message: message.id });
    }

    pub(super) fn clear_retained(&mut self, topic: &TopicName) {
        if let Some(cleared) = self.retained.clear(topic) {
            self.held.release(&cleared);
            self.timers.cancel(&Timer::RetainedExpiry(topic.clone()));
            self.emit(BrokerEvent::RetainedCleared { topic: topic.clone() });
        }
    }

    fn retained_full(&self, topic: &TopicName) -> bool {
        self.retained.len() >= self.config.max_retained && !self.retained.contains(topic)
    }

    /// What to say if a Topic Name or Topic Filter has more levels than [`super::BrokerConfig::max_topic_levels`].
    pub(super) fn too_many_levels(&self, text: &str) -> Option<Message> {
        let limit = self.config.max_topic_levels;
        (text.split('/').count() > limit).then(|| key::BROKER_LIMIT_TOPIC_LEVELS.with("limit", limit))
    }
}

pub(super) const fn acknowledgement(qos: QoS, packet_id: PacketId, reason_code: ReasonCode) -> Packet {
    let acknowledgement = Acknowledgement::new(packet_id, reason_code);
    match qos {
        QoS::ExactlyOnce => Packet::Pubrec(acknowledgement),
        QoS::AtMostOnce | QoS::AtLeastOnce => Packet::Puback(acknowledgement),
    }
}
