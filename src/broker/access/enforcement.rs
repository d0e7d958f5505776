//! What the access control list means for publishing, subscribing, receiving and wills, also when it changes.

use bytestring::ByteString;

use super::{AccessControl, Identity, Wanted};
use crate::broker::Broker;
use crate::broker::connection::Phase;
use crate::broker::ending::Farewell;
use crate::broker::event::{BrokerEvent, DecidedBy, DeniedAccess, DropReason, EndCause};
use crate::broker::message::{ApplicationMessage, Kept};
use crate::broker::session_state::Session;
use crate::broker::subscription::SessionKey;
use crate::packet::{Acknowledgement, ClientId, Packet, PacketId, ProtocolVersion, Publish, QoS, ReasonCode, TopicFilter, TopicName};
use crate::session::{Awaiting, ConnectionId};
use crate::text::{Language, key};
use crate::time::Instant;

impl Session {
    fn identity(&self) -> Identity<'_> {
        Identity { user_name: self.user_name.as_ref(), client_id: &self.client_id }
    }
}

impl Broker {
    /// Whether this PUBLISH must not be: then it is answered, and nothing more happens with it. In 5.0 PUBACK or PUBREC says why; in 3.1.1, and at QoS 0, the
    /// exchange goes on as if nothing had happened, because the publisher cannot be told [MQTT-3.3.5-2].
    pub(in crate::broker) fn deny_publish(&mut self, key: SessionKey, publish: &Publish) -> bool {
        let Some(session) = self.sessions.get(key.0) else { return false };
        let Err(decided_by) = self.config.access.decide(session.identity(), Wanted::Publish(&publish.topic)) else { return false };
        let is_told = session.version == ProtocolVersion::V5;
        self.report_denied(key, DeniedAccess::Publish, publish.topic.as_str(), decided_by);
        match publish.packet_id {
            Some(packet_id) if is_told => self.refuse_publish(key, publish.qos, packet_id),
            Some(packet_id) => self.acknowledge_publish(key, publish.qos, packet_id, ReasonCode::Success),
            None => {}
        }
        true
    }

    /// PUBACK or PUBREC 0x87, with a Reason String if the Client wants it [MQTT-3.1.2-29] and it fits [MQTT-3.4.2-2] [MQTT-3.5.2-2].
    fn refuse_publish(&mut self, key: SessionKey, qos: QoS, packet_id: PacketId) {
        let Some(session) = self.sessions.get(key.0) else { return };
        let mut acknowledgement = Acknowledgement::new(packet_id, ReasonCode::NotAuthorized);
        acknowledgement.reason_string = Some(Language::English.render(&key::ACCESS_REFUSED_PUBLISH.message()).into());
        let packet = match qos {
            QoS::ExactlyOnce => Packet::Pubrec(acknowledgement),
            QoS::AtMostOnce | QoS::AtLeastOnce => Packet::Puback(acknowledgement),
        };
        if session.online.is_some_and(|online| online.wants_problem_information) && self.fits(key, &packet) {
            if let Some(session) = self.sessions.get_mut(key.0) {
                session.inbound.finished(packet_id);
            }
            self.send(key, &packet);
        } else {
            self.acknowledge_publish(key, qos, packet_id, ReasonCode::NotAuthorized);
        }
    }

    /// Whether this subscription must not be made.
    pub(in crate::broker) fn deny_subscription(&mut self, key: SessionKey, filter: &TopicFilter) -> bool {
        let Some(session) = self.sessions.get(key.0) else { return false };
        let Err(decided_by) = self.config.access.decide(session.identity(), Wanted::Subscribe(filter)) else { return false };
        self.report_denied(key, DeniedAccess::Subscribe, filter.as_str(), decided_by);
        true
    }

    /// Whether this subscription must not be ended.
    pub(in crate::broker) fn deny_unsubscription(&mut self, key: SessionKey, filter: &TopicFilter) -> bool {
        let Some(session) = self.sessions.get(key.0) else { return false };
        let Err(decided_by) = self.config.access.decide(session.identity(), Wanted::Unsubscribe(filter)) else { return false };
        self.report_denied(key, DeniedAccess::Unsubscribe, filter.as_str(), decided_by);
        true
    }

    /// Whether this session may be given this message.
    pub(in crate::broker) fn may_receive(&self, key: SessionKey, message: &ApplicationMessage) -> bool {
        self.decide_delivery(key, message).is_ok()
    }

    /// Whether this session must not be given this message.
    pub(in crate::broker) fn deny_delivery(&mut self, key: SessionKey, message: &ApplicationMessage) -> bool {
        let Err((access, decided_by)) = self.decide_delivery(key, message) else { return false };
        self.report_denied(key, access, message.topic.as_str(), decided_by);
        true
    }

    /// A retained message is also withheld if who published it may not do so any more.
    fn decide_delivery(&self, key: SessionKey, message: &ApplicationMessage) -> Result<(), (DeniedAccess, DecidedBy)> {
        let access = &self.config.access;
        let Some(session) = self.sessions.get(key.0) else { return Ok(()) };
        access.decide(session.identity(), Wanted::Receive(&message.topic)).map_err(|decided_by| (DeniedAccess::Receive, decided_by))?;
        match &message.publisher {
            Some(client_id) if message.retain => {
                let publisher = Identity { user_name: message.publisher_user.as_ref(), client_id };
                access.decide(publisher, Wanted::Publish(&message.topic)).map_err(|decided_by| (DeniedAccess::Retained, decided_by))
            }
            _ => Ok(()),
        }
    }

    /// Whether this will must not be published. Its time is when it is published, not when it was handed in.
    pub(in crate::broker) fn deny_will(&mut self, client_id: &ClientId, user_name: Option<&ByteString>, topic: &TopicName) -> bool {
        let Err(decided_by) = self.config.access.decide(Identity { user_name, client_id }, Wanted::Publish(topic)) else { return false };
        self.emit(BrokerEvent::AccessDenied {
            client_id: client_id.clone(),
            user_name: user_name.cloned(),
            access: DeniedAccess::Will,
            topic: topic.as_str().into(),
            decided_by: decided_by.into(),
        });
        true
    }

    fn report_denied(&mut self, key: SessionKey, access: DeniedAccess, topic: &str, decided_by: DecidedBy) {
        let Some(session) = self.sessions.get(key.0) else { return };
        let (client_id, user_name) = (session.client_id.clone(), session.user_name.clone());
        self.emit(BrokerEvent::AccessDenied { client_id, user_name, access, topic: topic.into(), decided_by: decided_by.into() });
    }

    /// New rights are in force at once: who may not be connected any more is told so and closed; subscriptions, queued messages and what would be sent again lose
    /// what is not permitted any more.
    pub(in crate::broker) fn change_access(&mut self, now: Instant, access: AccessControl) {
        let before = std::mem::replace(&mut self.config.access, access);
        self.emit(BrokerEvent::AccessChanged);
        let connected = (&self.connections).into_iter().filter_map(|(connection, state)| match state.phase {
            Phase::Connected { session, .. } => Some((connection, session)),
            Phase::AwaitingConnect | Phase::Authenticating => None,
        });
        let gone = connected.filter(|(_, key)| self.sessions.get(key.0).is_some_and(|session| !self.is_still_welcome(session, &before)));
        for (connection, _) in gone.collect::<Vec<_>>() {
            self.end_unauthorized(now, connection, key::ACCESS_REVOKED.message());
        }
        let sessions: Vec<SessionKey> = self.by_client.values().copied().collect();
        for session in sessions {
            self.enforce_access(now, session);
        }
    }

    /// Its user is there, with the same secret as when it logged in.
    fn is_still_welcome(&self, session: &Session, before: &AccessControl) -> bool {
        let access = &self.config.access;
        if let Some(dynamic) = &access.dynamic {
            let anonymous = session.user_name.is_some() || access.allow_anonymous;
            return anonymous && dynamic.is_welcome(session.identity(), before.dynamic.as_ref());
        }
        let user = |access: &AccessControl| session.user_name.as_ref().and_then(|name| access.user(name).cloned());
        access.is_known(session.user_name.as_ref()) && (before.users.is_none() || user(access) == user(before))
    }

    /// DISCONNECT 0x87 and close.
    pub(in crate::broker) fn end_unauthorized(&mut self, now: Instant, connection: ConnectionId, message: crate::text::Message) {
        let farewell = Farewell::disconnect_because(ReasonCode::NotAuthorized, Language::English.render(&message));
        self.end_connection(now, connection, EndCause::NotAuthorized { message }, farewell);
    }

    /// Takes from a session what its user may not have: after a change of rights, and when somebody else resumes it.
    pub(in crate::broker) fn enforce_access(&mut self, now: Instant, key: SessionKey) {
        let access = &self.config.access;
        if access.acl.is_none() && access.users.is_none() && access.dynamic.is_none() && access.allow_anonymous {
            return;
        }
        let Some(session) = self.sessions.get(key.0) else { return };
        let (client_id, filters) = (session.client_id.clone(), session.subscriptions.keys().cloned().collect::<Vec<_>>());
        for filter in filters {
            if self.deny_subscription(key, &filter) {
                if let Some(session) = self.sessions.get_mut(key.0) {
                    session.subscriptions.remove(&filter);
                }
                self.remove_subscription(&filter, key);
                let reason_code = ReasonCode::NotAuthorized;
                self.emit(BrokerEvent::Unsubscribed { client_id: client_id.clone(), filter, reason_code });
            }
        }
        self.enforce_access_to_kept(now, key, &client_id);
    }

    fn enforce_access_to_kept(&mut self, now: Instant, key: SessionKey, client_id: &ClientId) {
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        let queued = session.queue.drain();
        let (messages, bytes) = (usize::MAX, usize::MAX);
        for delivery in queued {
            if self.deny_delivery(key, &delivery.message) {
                self.drop_unauthorized(now, client_id, Kept { message: delivery.message, share: delivery.share });
            } else if let Some(session) = self.sessions.get_mut(key.0) {
                session.queue.push(delivery, messages, bytes);
            }
        }
        let Some(session) = self.sessions.get(key.0) else { return };
        // While it is connected, an exchange that has begun is finished.
        if session.online.is_some() {
            return;
        }
        let begun = session.outbound.iter().filter(|flight| flight.awaiting != Awaiting::Pubcomp);
        let refused = begun.filter(|flight| !self.may_receive(key, &flight.tag.message)).map(|flight| (flight.packet_id, flight.qos));
        for (packet_id, qos) in refused.collect::<Vec<(PacketId, QoS)>>() {
            let Some(kept) = self.sessions.get_mut(key.0).and_then(|session| session.outbound.abandon(packet_id)) else { continue };
            self.deny_delivery(key, &kept.message);
            self.drop_unauthorized(now, client_id, kept.sent_at(qos));
        }
    }

    /// Lets go of a message that its session may not have any more; of a Shared Subscription, another member gets it.
    pub(in crate::broker) fn drop_unauthorized(&mut self, now: Instant, client_id: &ClientId, kept: Kept) {
        self.held.release(&kept.message);
        self.part_with(now, client_id, kept, DropReason::NotAuthorized);
    }
}
