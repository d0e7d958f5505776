//! SUBSCRIBE and UNSUBSCRIBE.

use smallvec::SmallVec;

use super::Broker;
use super::delivery::SharedFrame;
use super::ending::Misbehaviour;
use super::event::BrokerEvent;
use super::message::Delivery;
use super::session_state::Granted;
use super::subscription::SessionKey;
use crate::packet::{
    Packet, PacketId, PacketType, ProtocolVersion, QoS, ReasonCode, RetainHandling, Suback, Subscribe, Subscription, SubscriptionOptions,
    TopicFilter, Unsuback, Unsubscribe, UserProperties,
};
use crate::text::key;
use crate::time::Instant;

/// The most retained messages that one SUBSCRIBE brings, unless more may be kept: a small packet can name `#` many thousand times.
const RETAINED_AT_ONCE: usize = 10_000;

/// Topic Filters that one SUBSCRIBE may always have, however few subscriptions a session may have.
const FILTERS_MIN: usize = 16;

impl Broker {
    /// Each filter in order, then one SUBACK, then the retained messages [MQTT-3.8.4-5].
    pub(super) fn handle_subscribe(&mut self, now: Instant, key: SessionKey, subscribe: Subscribe) -> Result<(), Misbehaviour> {
        let Subscribe { packet_id, properties, subscriptions } = subscribe;
        let Some(session) = self.sessions.get(key.0) else { return Ok(()) };
        let (version, client_id) = (session.version, session.client_id.clone());
        self.check_reply(key, PacketType::Suback, packet_id, subscriptions.len())?;
        if version == ProtocolVersion::V5 {
            for one in &subscriptions {
                self.check_subscription(one, properties.subscription_identifier)?;
            }
        }
        let in_use = self.is_packet_id_in_use(key, packet_id);
        let mut reason_codes = Vec::with_capacity(subscriptions.len());
        let mut fresh = Vec::new();
        // Repeated filters make no subscription more, but each costs a search among the retained messages.
        let filters_max = self.config.max_subscriptions.max(FILTERS_MIN);
        if subscriptions.len() > filters_max {
            let message = key::BROKER_LIMIT_SUBSCRIPTIONS.with("client", client_id.as_str()).with("limit", filters_max);
            self.emit(BrokerEvent::LimitReached { message });
        }
        for (position, subscription) in subscriptions.into_iter().enumerate() {
            let result = if in_use {
                Err(ReasonCode::PacketIdentifierInUse)
            } else if position >= filters_max {
                Err(ReasonCode::QuotaExceeded)
            } else {
                self.subscribe(key, &subscription, properties.subscription_identifier)
            };
            let reason_code = match result {
                Ok((granted, existed)) => {
                    let handling = subscription.options.retain_handling;
                    let wanted = handling == RetainHandling::SendAtSubscribe || handling == RetainHandling::SendIfNew && !existed;
                    // A member of a group gets no retained messages (5.0 §4.8.2).
                    if wanted && !subscription.filter.is_shared() {
                        fresh.push((subscription.filter.clone(), granted));
                    }
                    match granted.options.qos {
                        QoS::AtMostOnce => ReasonCode::Success,
                        QoS::AtLeastOnce => ReasonCode::GrantedQoS1,
                        QoS::ExactlyOnce => ReasonCode::GrantedQoS2,
                    }
                }
                // 3.1.1 has one code for every failure [MQTT-3.9.3-2].
                Err(_) if version == ProtocolVersion::V311 => ReasonCode::UnspecifiedError,
                Err(reason_code) => reason_code,
            };
            reason_codes.push(reason_code);
            self.emit(BrokerEvent::Subscribed { client_id: client_id.clone(), subscription, reason_code });
        }
        let suback = Suback { packet_id, reason_string: None, user_properties: UserProperties::default(), reason_codes };
        self.send(key, &Packet::Suback(suback));
        let mut room = self.config.max_retained.max(RETAINED_AT_ONCE);
        for (filter, granted) in fresh {
            if !self.send_retained(now, key, &filter, granted, &mut room) {
                let limit = self.config.max_retained.max(RETAINED_AT_ONCE);
                let message = key::BROKER_LIMIT_RETAINED_AT_ONCE.with("client", client_id.as_str()).with("limit", limit);
                self.emit(BrokerEvent::LimitReached { message });
                break;
            }
        }
        Ok(())
    }

    /// SUBACK or UNSUBACK must be sent, with a Reason Code for each filter, and must not be larger than the Client accepts: if it would be, nothing is done and the
    /// connection ends [MQTT-3.1.2-24] [MQTT-3.8.4-1] [MQTT-3.10.4-4].
    fn check_reply(&self, key: SessionKey, packet_type: PacketType, packet_id: PacketId, filters: usize) -> Result<(), Misbehaviour> {
        let Some(session) = self.sessions.get(key.0) else { return Ok(()) };
        let maximum = session.online.map_or(0, |online| online.maximum_packet_size);
        // Any reply takes less than this.
        if filters.saturating_add(16) <= maximum {
            return Ok(());
        }
        let (reason_codes, user_properties) = (vec![ReasonCode::Success; filters], UserProperties::default());
        let reply = match packet_type {
            PacketType::Suback => Packet::Suback(Suback { packet_id, reason_string: None, user_properties, reason_codes }),
            _ => Packet::Unsuback(Unsuback { packet_id, reason_string: None, user_properties, reason_codes }),
        };
        if self.fits(key, &reply) {
            return Ok(());
        }
        let message = key::BROKER_LIMIT_CLIENT_PACKET_SIZE
            .with("client", session.client_id.as_str())
            .with("packet", packet_type.name())
            .with("limit", maximum);
        Err(Misbehaviour { reason_code: ReasonCode::PacketTooLarge, clause: "MQTT-3.1.2-24", message })
    }

    /// What a Client of 5.0 must not ask for, the CONNACK having told it so. (3.1.1 has no way to tell: it gets a failure for this filter.)
    fn check_subscription(&self, subscription: &Subscription, identifier: Option<u32>) -> Result<(), Misbehaviour> {
        let Subscription { filter, options } = subscription;
        let (reason_code, clause, message) = match self.unavailable(filter) {
            Some(ReasonCode::SharedSubscriptionsNotSupported) => {
                (ReasonCode::SharedSubscriptionsNotSupported, "5.0 §3.2.2.3.13", key::BROKER_SHARED_UNAVAILABLE.message())
            }
            Some(reason_code) => (reason_code, "5.0 §3.2.2.3.11", key::BROKER_WILDCARD_UNAVAILABLE.message()),
            None if identifier.is_some() && !self.config.subscription_identifiers_available => (
                ReasonCode::SubscriptionIdentifiersNotSupported,
                "5.0 §3.2.2.3.12",
                key::BROKER_SUBSCRIPTION_IDENTIFIER_UNAVAILABLE.message(),
            ),
            None if filter.is_shared() && options.no_local => {
                (ReasonCode::ProtocolError, "MQTT-3.8.3-4", key::BROKER_SHARED_NO_LOCAL.message())
            }
            None => return Ok(()),
        };
        Err(Misbehaviour { reason_code, clause, message })
    }

    /// What this broker does not serve of a filter.
    fn unavailable(&self, filter: &TopicFilter) -> Option<ReasonCode> {
        if filter.is_shared() && !self.config.shared_subscription_available {
            Some(ReasonCode::SharedSubscriptionsNotSupported)
        } else if filter.has_wildcard() && !self.config.wildcard_subscription_available {
            Some(ReasonCode::WildcardSubscriptionsNotSupported)
        } else {
            None
        }
    }

    /// Makes or replaces one subscription; tells what was granted and whether it existed.
    fn subscribe(&mut self, key: SessionKey, subscription: &Subscription, identifier: Option<u32>) -> Result<(Granted, bool), ReasonCode> {
        let filter = &subscription.filter;
        if let Some(reason_code) = self.unavailable(filter) {
            return Err(reason_code);
        }
        let levels = filter.share().map_or(filter.as_str(), |(_, topic_filter)| topic_filter);
        if let Some(message) = self.too_many_levels(levels) {
            self.emit(BrokerEvent::LimitReached { message });
            return Err(ReasonCode::TopicFilterInvalid);
        }
        if self.deny_subscription(key, filter) {
            return Err(ReasonCode::NotAuthorized);
        }
        let limit = self.config.max_subscriptions;
        let qos = subscription.options.qos.min(self.config.maximum_qos);
        let granted = Granted { options: SubscriptionOptions { qos, ..subscription.options }, identifier };
        let Some(session) = self.sessions.get_mut(key.0) else { return Err(ReasonCode::UnspecifiedError) };
        if session.subscriptions.len() >= limit && !session.subscriptions.contains_key(filter) {
            let message = key::BROKER_LIMIT_SUBSCRIPTIONS.with("client", session.client_id.as_str()).with("limit", limit);
            self.emit(BrokerEvent::LimitReached { message });
            return Err(ReasonCode::QuotaExceeded);
        }
        let existed = session.subscriptions.insert(filter.clone(), granted).is_some();
        self.add_subscription(filter, key, granted);
        Ok((granted, existed))
    }

    /// The retained messages of a new subscription, with RETAIN 1 (5.0 §3.3.1.3), as far as there is `room` for them. Says whether there was for all.
    fn send_retained(&mut self, now: Instant, key: SessionKey, filter: &TopicFilter, granted: Granted, room: &mut usize) -> bool {
        for message in self.retained.matching(filter) {
            let Some(left) = room.checked_sub(1) else { return false };
            *room = left;
            if message.is_expired(now) {
                continue;
            }
            let own = self.sessions.get(key.0).map(|session| &session.client_id) == message.publisher.as_ref();
            if own && granted.options.no_local {
                self.report_no_local(&message, key, filter.clone());
                continue;
            }
            let qos = self.config.delivery_qos(message.qos, granted.options.qos);
            let subscription_identifiers: SmallVec<[u32; 1]> = granted.identifier.into_iter().collect();
            let delivery = Delivery { message, qos, retain: true, subscription_identifiers, share: None };
            self.deliver(now, key, filter.clone(), delivery, &mut SharedFrame::default());
        }
        true
    }

    /// Each filter in order, then one UNSUBACK [MQTT-3.10.4-6]. Deliveries that have begun are finished [MQTT-3.10.4-3].
    pub(super) fn handle_unsubscribe(&mut self, now: Instant, key: SessionKey, unsubscribe: Unsubscribe) -> Result<(), Misbehaviour> {
        let Unsubscribe { packet_id, filters, .. } = unsubscribe;
        self.check_reply(key, PacketType::Unsuback, packet_id, filters.len())?;
        let in_use = self.is_packet_id_in_use(key, packet_id);
        let Some(session) = self.sessions.get(key.0) else { return Ok(()) };
        let (version, client_id) = (session.version, session.client_id.clone());
        let mut reason_codes = Vec::with_capacity(filters.len());
        for filter in filters {
            let denied = !in_use && self.deny_unsubscription(key, &filter);
            let existed = !in_use && !denied && self.unsubscribe(now, key, &filter);
            let reason_code = match existed {
                true => ReasonCode::Success,
                false if denied => ReasonCode::NotAuthorized,
                false if in_use => ReasonCode::PacketIdentifierInUse,
                false => ReasonCode::NoSubscriptionExisted,
            };
            reason_codes.push(reason_code);
            self.emit(BrokerEvent::Unsubscribed { client_id: client_id.clone(), filter, reason_code });
        }
        if version == ProtocolVersion::V311 {
            reason_codes.clear();
        }
        let unsuback = Unsuback { packet_id, reason_string: None, user_properties: UserProperties::default(), reason_codes };
        self.send(key, &Packet::Unsuback(unsuback));
        Ok(())
    }

    fn unsubscribe(&mut self, now: Instant, key: SessionKey, filter: &TopicFilter) -> bool {
        let Some(session) = self.sessions.get_mut(key.0) else { return false };
        let existed = session.subscriptions.remove(filter).is_some() && self.remove_subscription(filter, key);
        self.hand_over_queued(now, key, filter);
        existed
    }

    /// Whether a QoS 2 PUBLISH of this Client owns the identifier. Only 5.0 has a code to say so; 3.1.1 lets it pass.
    fn is_packet_id_in_use(&self, key: SessionKey, packet_id: PacketId) -> bool {
        self.sessions
            .get(key.0)
            .is_some_and(|session| session.version == ProtocolVersion::V5 && session.inbound.unreleased().any(|id| id == packet_id))
    }
}
