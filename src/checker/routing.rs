//! From an accepted message to the copies of its subscribers.

use std::sync::Arc;

use super::flow::Fault;
use super::session::{Accepted, Owed, Subscribed};
use super::{Batch, Checker, Invariant, reference};
use crate::broker::{DropReason, MessageId, Routing};
use crate::packet::{ClientId, PacketId, Payload, ProtocolVersion, Publish, PublishProperties, QoS, TopicFilter, TopicName};
use crate::session::ConnectionId;
use crate::trace::RecordId;

/// The promise of a QoS.
const fn promise(qos: QoS) -> Invariant {
    match qos {
        QoS::AtMostOnce => Invariant::AtMostOnce,
        QoS::AtLeastOnce => Invariant::AtLeastOnce,
        QoS::ExactlyOnce => Invariant::ExactlyOnce,
    }
}

impl Checker {
    #[allow(clippy::too_many_arguments, reason = "the fields of one event")]
    pub(super) fn take_accepted(
        &mut self,
        record: RecordId,
        id: MessageId,
        publisher: Option<&ClientId>,
        topic: &TopicName,
        qos: QoS,
        retain: bool,
        payload: &Payload,
    ) {
        let now = self.now;
        let mut properties = PublishProperties::default();
        let will = self.batch.will.take_if(|(message, _)| *message == id);
        let is_will = will.is_some();
        if let Some((_, client_id)) = will {
            let will = self.session_or_ended(&client_id).and_then(|session| session.will.take()).map(|will| will.message);
            let is_same = will
                .as_ref()
                .is_some_and(|will| will.topic == *topic && will.payload == *payload && will.qos == qos && will.retain == retain);
            if let Some(will) = will {
                properties.message_expiry_interval = will.properties.message_expiry_interval;
                properties.payload_format_indicator = will.properties.payload_format_indicator;
                properties.content_type = will.properties.content_type;
                properties.response_topic = will.properties.response_topic;
                properties.correlation_data = will.properties.correlation_data;
                properties.user_properties = will.properties.user_properties;
                if !is_same {
                    self.break_at(record, None, (Invariant::Will, "MQTT-3.1.2-7", "a Will is published otherwise than it was given"));
                }
            }
        } else if let Some(publisher) = publisher {
            self.findings.test(Invariant::NoInvention);
            let fault: Option<Fault> = match &mut self.batch.publish {
                Some(incoming) if incoming.client_id == *publisher => {
                    let publish = &incoming.publish;
                    let is_same = publish.topic == *topic && publish.payload == *payload && publish.qos == qos && publish.retain == retain;
                    properties = publish.properties.clone().into_values();
                    properties.topic_alias = None;
                    let was_accepted = std::mem::replace(&mut incoming.is_accepted, true);
                    if !is_same {
                        Some((Invariant::NoInvention, "5.0 §3.3.2", "a message is accepted otherwise than it was published"))
                    } else if was_accepted || incoming.is_duplicate {
                        Some((promise(qos), "MQTT-4.3.3-10", "a message is accepted twice"))
                    } else {
                        None
                    }
                }
                _ => Some((Invariant::NoInvention, "5.0 §4.5", "a message is accepted that nobody published")),
            };
            if let Some(fault) = fault {
                self.break_at(record, None, fault);
            }
        }
        let message = Arc::new(Accepted {
            id,
            publisher: publisher.cloned(),
            topic: topic.clone(),
            payload: payload.clone(),
            qos,
            retain,
            properties,
            at: now,
            record,
            is_will,
        });
        if retain {
            self.batch.retained = Some(Arc::clone(&message));
        }
        self.messages.insert(id, Arc::clone(&message));
        self.route(record, &message);
    }

    fn route(&mut self, record: RecordId, message: &Arc<Accepted>) {
        for (client_id, session) in &mut self.sessions {
            let own = message.publisher.as_ref() == Some(client_id);
            let (share, _) = session.share_of(own, message.topic.as_str(), message.qos, message.retain);
            let is_over = session.is_over();
            for filter in session.subscriptions.keys().filter(|filter| filter.as_str().starts_with("$share/") && !is_over) {
                let choice = (message.id, filter.clone());
                if reference::matches(reference::behind_share(filter.as_str()), message.topic.as_str())
                    && !self.batch.to_choose.contains(&choice)
                {
                    self.batch.to_choose.push(choice);
                }
            }
            let Some(mut share) = share else { continue };
            self.findings.test(Invariant::MatchingOnly);
            if self.limits.as_ref().is_some_and(|limits| limits.upgrade_outgoing_qos) {
                share.qos = QoS::ExactlyOnce;
            }
            let tag = self.next_tag;
            self.next_tag = tag.saturating_add(1);
            self.batch.owed.push((client_id.clone(), tag));
            session.owed.push(Owed {
                message: Arc::clone(message),
                qos: share.qos,
                retain: share.retain,
                identifiers: share.identifiers,
                share: None,
                is_retained: false,
                is_routed: false,
                is_claimed: false,
                is_flying: false,
                tag,
                record,
            });
        }
    }

    /// A new subscription brings a retained message (5.0 §3.3.1.3).
    pub(super) fn owe_retained(&mut self, record: RecordId, client_id: &ClientId, message: &Arc<Accepted>, subscribed: Subscribed) {
        let now = self.now;
        let own = message.publisher.as_ref() == Some(client_id);
        if message.expires_at().is_some_and(|at| at <= now) || own && subscribed.options.no_local {
            return;
        }
        self.findings.test(Invariant::Retained);
        let tag = self.next_tag;
        self.next_tag = tag.saturating_add(1);
        let Some(session) = self.sessions.get_mut(client_id) else { return };
        self.batch.owed.push((client_id.clone(), tag));
        session.owed.push(Owed {
            message: Arc::clone(message),
            qos: message.qos.min(subscribed.options.qos),
            retain: true,
            identifiers: subscribed.identifier.into_iter().collect(),
            share: None,
            is_retained: true,
            is_routed: false,
            is_claimed: false,
            is_flying: false,
            tag,
            record,
        });
    }

    pub(super) fn take_chosen(&mut self, record: RecordId, id: MessageId, filter: &TopicFilter, client_id: &ClientId) {
        self.findings.test(Invariant::SharedOnce);
        let choice = (id, filter.clone());
        let place = self.batch.to_choose.iter().position(|one| *one == choice);
        let Some(message) = self.messages.get(&id).cloned() else { return };
        match place {
            Some(place) => drop(self.batch.to_choose.remove(place)),
            None if self.moved_the_other(id, filter) => {}
            None => {
                let fault = (Invariant::SharedOnce, "5.0 §4.8.2", "a group gets a message more than once, or one that does not match");
                self.break_at(record, Some(message.record), fault);
            }
        }
        let subscribed = self.sessions.get(client_id).and_then(|session| session.subscriptions.get(filter)).copied();
        let Some(subscribed) = subscribed else {
            let fault = (Invariant::SharedOnce, "5.0 §4.8.2", "a message goes to somebody who is no member of the group");
            return self.break_at(record, Some(message.record), fault);
        };
        let tag = self.next_tag;
        self.next_tag = tag.saturating_add(1);
        let Some(session) = self.sessions.get_mut(client_id) else { return };
        self.batch.owed.push((client_id.clone(), tag));
        session.owed.push(Owed {
            qos: message.qos.min(subscribed.options.qos),
            retain: message.retain && subscribed.options.retain_as_published,
            identifiers: subscribed.identifier.into_iter().collect(),
            share: Some(filter.clone()),
            is_retained: false,
            is_routed: false,
            is_claimed: false,
            is_flying: false,
            tag,
            record,
            message,
        });
    }

    pub(super) fn take_routed(&mut self, record: RecordId, id: MessageId, client_id: &ClientId, routing: Routing) {
        if let Routing::Dropped(DropReason::NoLocal) = routing {
            self.findings.test(Invariant::Options);
            let own = self.messages.get(&id).is_some_and(|message| message.publisher.as_ref() == Some(client_id));
            if !own {
                self.break_at(record, None, (Invariant::Options, "MQTT-3.8.3-3", "No Local keeps away what another Client published"));
            }
            return;
        }
        let Some(session) = self.session_or_ended(client_id) else { return };
        let owed = session.owed.iter().position(|owed| owed.message.id == id && !owed.is_routed);
        let Some(place) = owed else {
            let fault = (Invariant::MatchingOnly, "MQTT-3.3.4-2", "a message goes to a session without a matching subscription");
            return self.break_at(record, None, fault);
        };
        match routing {
            Routing::Dropped(reason) => self.drop_owed(record, client_id, place, reason),
            Routing::Sent { qos, .. } => {
                let Some(owed) = session.owed.get_mut(place) else { return };
                (owed.is_routed, owed.is_claimed) = (true, true);
                if owed.qos != qos {
                    self.break_at(record, None, (Invariant::NoInvention, "MQTT-3.8.4-8", "sent at another QoS than the lower of both"));
                }
            }
            Routing::QueuedOffline | Routing::QueuedReceiveMaximum | Routing::QueuedSlowReader => {
                let is_online = session.online.is_some();
                if let Some(owed) = session.owed.get_mut(place) {
                    owed.is_routed = true;
                }
                let waiting = session.waiting();
                if is_online == (routing == Routing::QueuedOffline) {
                    self.break_at(record, None, (Invariant::Conservation, "", "a message is queued for a reason that is not true"));
                }
                if let Some(limits) = &self.limits {
                    self.findings.test(Invariant::Bounded);
                    if waiting > limits.max_queued_messages {
                        self.break_at(record, None, (Invariant::Bounded, "", "more messages are queued for a session than may be"));
                    }
                }
            }
        }
    }

    /// A PUBLISH goes to a subscriber.
    pub(super) fn take_delivery(
        &mut self,
        record: RecordId,
        id: ConnectionId,
        client_id: &ClientId,
        version: ProtocolVersion,
        publish: &Publish,
        topic: &TopicName,
    ) {
        let now = self.now;
        let max_inflight = self.limits.as_ref().map_or(u16::MAX, |limits| limits.max_inflight.max(1));
        self.findings.test(promise(publish.qos));
        self.findings.test(Invariant::NoInvention);
        let Some(session) = self.sessions.get_mut(client_id) else {
            let fault = (Invariant::Sessions, "5.0 §4.1", "a message goes to a session that has ended");
            return self.break_on(Some(id), record, None, fault);
        };
        session.active_at = now;
        if publish.dup {
            if let Err(fault) = session.flow.again(id, version, publish, topic, record) {
                self.break_on(Some(id), record, None, fault);
            }
            return;
        }
        let mut identifiers = publish.properties.subscription_identifiers.to_vec();
        identifiers.sort_unstable();
        let is_same = |owed: &Owed| !owed.is_flying && owed.message.payload == publish.payload && owed.message.topic == *topic;
        let is_exact = |owed: &Owed| {
            is_same(owed)
                && owed.qos == publish.qos
                && owed.retain == publish.retain
                && (version == ProtocolVersion::V311 || owed.identifiers == identifiers)
        };
        let place = session.owed.iter().position(is_exact).or_else(|| session.owed.iter().position(is_same));
        let Some(place) = place else {
            let fault = self.why_not_owed(client_id, publish, topic);
            return self.break_on(Some(id), record, None, fault);
        };
        let Some(owed) = session.owed.get(place).cloned() else { return };
        let mut faults: Vec<Fault> = Vec::new();
        if owed.qos != publish.qos {
            faults.push((Invariant::NoInvention, "MQTT-3.8.4-8", "delivered at another QoS than the lower of published and granted"));
        }
        if owed.retain != publish.retain {
            let clause = if owed.is_retained { "MQTT-3.3.1-8" } else { "MQTT-3.3.1-12" };
            faults.push((Invariant::Retained, clause, "RETAIN is not what the subscription asks for"));
        }
        if version == ProtocolVersion::V5 {
            self.findings.test(Invariant::Options);
            if owed.identifiers != identifiers {
                faults.push((
                    Invariant::Options,
                    "MQTT-3.3.4-4",
                    "the Subscription Identifiers are not those of the matching subscriptions",
                ));
            }
            faults.extend(changed_property(&owed.message.properties, &publish.properties));
            let waited = now.saturating_since(owed.message.at).as_millis() / 1_000;
            let left = owed
                .message
                .properties
                .message_expiry_interval
                .map(|interval| interval.saturating_sub(u32::try_from(waited).unwrap_or(u32::MAX)));
            if left != publish.properties.message_expiry_interval {
                faults.push((
                    Invariant::Expiry,
                    "MQTT-3.3.2-6",
                    "Message Expiry Interval is not reduced by the time that the message waited",
                ));
            }
        }
        if let Some(at) = owed.message.expires_at() {
            self.findings.test(Invariant::Expiry);
            if at <= now {
                faults.push((Invariant::Expiry, "MQTT-3.3.2-5", "a message is delivered after it expired"));
            }
        }
        if !owed.is_retained && owed.share.is_none() {
            self.findings.test(Invariant::Order);
            let is_before = |other: &&Owed| {
                !other.is_flying
                    && !other.is_retained
                    && other.share.is_none()
                    && other.tag < owed.tag
                    && other.qos == owed.qos
                    && other.message.topic == owed.message.topic
                    && other.message.publisher == owed.message.publisher
            };
            if session.owed.iter().any(|owed| is_before(&owed)) {
                faults.push((Invariant::Order, "MQTT-4.6.0-5", "a message overtakes an earlier one of its publisher, topic and QoS"));
            }
        }
        session.done.insert(owed.message.id);
        if publish.qos == QoS::AtMostOnce {
            session.owed.remove(place);
        } else {
            if let Some(owed) = session.owed.get_mut(place) {
                owed.is_flying = true;
            }
            if let Err(fault) = session.flow.first(id, record, publish, topic, owed.tag) {
                faults.push(fault);
            }
            if self.limits.is_some() {
                self.findings.test(Invariant::Bounded);
                let in_flight = self.connections.get(&id).map_or(0, |connection| connection.from_broker.unacknowledged.len());
                if in_flight > usize::from(max_inflight) {
                    faults.push((Invariant::Bounded, "", "more messages are in flight to one Client than may be"));
                }
            }
        }
        for fault in faults {
            self.break_on(Some(id), record, Some(owed.message.record), fault);
        }
    }

    /// Why a delivery is one too many.
    fn why_not_owed(&self, client_id: &ClientId, publish: &Publish, topic: &TopicName) -> Fault {
        let Some(session) = self.sessions.get(client_id) else {
            return (Invariant::Sessions, "5.0 §4.1", "a message goes to a session that has ended");
        };
        let aliased = publish.properties.topic_alias.is_some() && publish.topic.is_empty();
        let mut known = self.messages.values().rev().filter(|message| message.payload == publish.payload && message.topic == *topic);
        let Some(message) = known.next() else {
            return match aliased {
                true => (Invariant::TopicAlias, "MQTT-3.3.2-7", "a Topic Alias stands for another topic than it was set to"),
                false => (Invariant::NoInvention, "5.0 §4.5", "a message is delivered that was never published"),
            };
        };
        if session.done.contains(&message.id) {
            return match message.is_will {
                true => (Invariant::Will, "MQTT-3.1.2-8", "a Will is delivered twice"),
                false => (promise(publish.qos), "5.0 §4.3", "a message is delivered twice"),
            };
        }
        if message.publisher.as_ref() == Some(client_id) && session.has_matching(topic.as_str()) && !publish.retain {
            return (Invariant::Options, "MQTT-3.8.3-3", "No Local: a Client gets what it published itself");
        }
        let is_member = session.subscriptions.keys().any(|filter| {
            filter.as_str().starts_with("$share/") && reference::matches(reference::behind_share(filter.as_str()), topic.as_str())
        });
        match publish.retain {
            _ if is_member => (Invariant::SharedOnce, "5.0 §4.8.2", "more than one member of a group gets a message"),
            true => (Invariant::Retained, "MQTT-3.3.1-9", "a retained message comes that the subscription does not bring"),
            false => (Invariant::MatchingOnly, "MQTT-3.3.4-2", "a message is delivered that matches no subscription"),
        }
    }

    pub(super) fn take_retained_stored(&mut self, record: RecordId, topic: &TopicName, id: MessageId) {
        self.findings.test(Invariant::Retained);
        match self.batch.retained.take() {
            Some(message) if message.id == id && message.topic == *topic && !message.payload.is_empty() => {
                self.retained.insert(topic.clone(), message);
            }
            _ => self.break_at(record, None, (Invariant::Retained, "MQTT-3.3.1-5", "something is retained that was not published so")),
        }
        if let Some(limits) = &self.limits
            && self.retained.len() > limits.max_retained
        {
            self.break_at(record, None, (Invariant::Bounded, "", "more retained messages than the broker may have"));
        }
    }

    pub(super) fn take_retained_cleared(&mut self, record: RecordId, topic: &TopicName) {
        let now = self.now;
        let dies = self.broker_dies();
        let is_emptied = self.batch.retained.as_ref().is_some_and(|message| message.topic == *topic);
        if is_emptied && self.batch.retained.as_ref().is_some_and(|message| message.payload.is_empty()) {
            self.batch.retained = None;
        }
        let cleared = self.retained.remove(topic);
        let is_expired = cleared.as_ref().and_then(|message| message.expires_at()).is_some_and(|at| at <= now);
        if cleared.is_none() || !(is_expired || is_emptied || dies) {
            self.break_at(record, None, (Invariant::Retained, "MQTT-3.3.1-6", "a retained message is removed without a reason"));
        }
    }

    pub(super) fn take_suppressed(&mut self, record: RecordId, packet_id: PacketId) {
        if let Some(incoming) = self.batch.publish.as_mut().filter(|incoming| incoming.packet_id == Some(packet_id)) {
            incoming.is_accepted = true;
            if !incoming.is_duplicate {
                self.break_at(record, None, (Invariant::ExactlyOnce, "MQTT-4.3.3-10", "a new message is taken for a duplicate"));
            }
        }
    }

    /// What the broker did with one input is all there: did it do everything?
    pub(super) fn end_batch(&mut self) {
        let record = self.last_record();
        let Batch { publish, is_excused, retained, will, to_choose, owed } = std::mem::take(&mut self.batch);
        for (client_id, tag) in owed {
            let found = self.sessions.get(&client_id).and_then(|session| session.owed.iter().find(|owed| owed.tag == tag));
            let Some(owed) = found.filter(|owed| !owed.is_flying && (!owed.is_routed || owed.is_claimed)) else { continue };
            let fault = match () {
                () if owed.is_claimed && owed.qos == QoS::AtMostOnce => {
                    (Invariant::Conservation, "", "a message that is told to be sent is not")
                }
                () if owed.is_claimed => (promise(owed.qos), "MQTT-4.5.0-1", "a message that is told to be sent is not"),
                () if is_excused => continue,
                () if owed.message.is_will => (Invariant::Will, "MQTT-4.5.0-1", "a Will does not go to a matching subscription"),
                () if owed.is_retained => (Invariant::Retained, "MQTT-3.3.1-9", "a subscription does not bring a retained message"),
                () => (Invariant::MatchingOnly, "MQTT-4.5.0-1", "a message does not go to a matching subscription"),
            };
            self.break_at(record, Some(owed.record), fault);
        }
        if let Some(retained) = retained.filter(|_| !is_excused) {
            if !retained.payload.is_empty() {
                self.break_at(record, Some(retained.record), (Invariant::Retained, "MQTT-3.3.1-5", "a message with RETAIN is not stored"));
            } else if self.retained.contains_key(&retained.topic) {
                let fault = (Invariant::Retained, "MQTT-3.3.1-6", "an empty message does not remove the retained one");
                self.break_at(record, Some(retained.record), fault);
            }
        }
        if will.is_some() && !is_excused {
            self.break_at(record, None, (Invariant::Will, "MQTT-3.1.2-8", "a Will is told to be published and is not accepted"));
        }
        for (id, filter) in to_choose {
            let has_member = self.sessions.values().any(|session| session.subscriptions.contains_key(&filter) && !session.is_over());
            if has_member {
                let earlier = self.messages.get(&id).map(|message| message.record);
                self.break_at(record, earlier, (Invariant::SharedOnce, "5.0 §4.8.2", "no member of a group gets a message"));
            }
        }
        if let Some(incoming) = publish {
            self.check_incoming(&incoming, is_excused);
        }
        for (_, session) in std::mem::take(&mut self.ended) {
            if session.will.is_some() && !is_excused && !self.broker_is_off {
                self.break_at(record, None, (Invariant::Will, "MQTT-3.1.2-8", "a session ended without its Will"));
            }
            if let Some(owed) = session.owed.iter().find(|owed| !owed.is_flying) {
                self.break_at(
                    record,
                    Some(owed.record),
                    (Invariant::Conservation, "", "a session ended, and nobody tells of its messages"),
                );
            }
        }
    }

    fn check_incoming(&mut self, incoming: &super::Incoming, is_excused: bool) {
        let Some(connection) = self.connections.get(&incoming.connection) else { return };
        if is_excused || connection.is_over || !self.sees_broker || self.broker_is_off {
            return;
        }
        let waits = |packet_id: &PacketId| {
            connection.from_broker.to_puback.contains(packet_id) || connection.from_broker.to_pubrec.contains(packet_id)
        };
        let fault = if incoming.packet_id.as_ref().is_some_and(waits) {
            Some((promise(incoming.publish.qos), "MQTT-3.3.4-1", "a message is not acknowledged"))
        } else if !incoming.is_accepted && !incoming.is_duplicate && !incoming.publish.topic.as_str().starts_with("$CONTROL/") {
            Some((Invariant::Conservation, "5.0 §4.5", "a message was taken, and nobody tells what became of it"))
        } else {
            None
        };
        if let Some(fault) = fault {
            self.break_on(Some(incoming.connection), incoming.record, None, fault);
        }
    }
}

/// All that a message carries goes on as it came [MQTT-3.3.2-17] [MQTT-3.3.2-18].
fn changed_property(from: &PublishProperties, to: &PublishProperties) -> Option<Fault> {
    let clause = if from.payload_format_indicator != to.payload_format_indicator {
        "MQTT-3.3.2-4"
    } else if from.response_topic != to.response_topic {
        "MQTT-3.3.2-15"
    } else if from.correlation_data != to.correlation_data {
        "MQTT-3.3.2-16"
    } else if from.user_properties != to.user_properties {
        "MQTT-3.3.2-17"
    } else if from.content_type != to.content_type {
        "MQTT-3.3.2-20"
    } else {
        return None;
    };
    Some((Invariant::NoInvention, clause, "a property is not forwarded as it was published"))
}
