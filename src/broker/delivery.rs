//! From an accepted message to the PUBLISH packets of its subscribers.

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use super::event::{BrokerEvent, DropReason, Output, Routing};
use super::message::{ApplicationMessage, Delivery};
use super::queue::Queued;
use super::session_state::Session;
use super::subscription::{SessionKey, Subscriber, SubscriptionTree};
use super::topic_tree::{FilterId, Match};
use super::{Broker, Timer};
use crate::packet::{
    CarriedProperties, Packet, PacketId, PacketType, ProtocolVersion, Publish, PublishProperties, QoS, TopicFilter, TopicName,
};
use crate::session::{Blocked, ConnectionId, Transmit};
use crate::text::{Message, key};
use crate::time::Instant;

/// What one session gets of a message, from all its matching subscriptions together.
#[derive(Clone, Debug)]
pub(super) struct Share {
    session: SessionKey,
    /// The filter granted the highest QoS.
    filter: FilterId,
    granted: QoS,
    retain_as_published: bool,
    identifiers: SmallVec<[u32; 1]>,
    /// All matching subscriptions have No Local, and this session published the message.
    excluded: bool,
}

/// Room for the subscriptions that match, kept from message to message. Empty in between.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    matches: Vec<Match<Subscriber>>,
    shares: Vec<Share>,
}

/// The text of a filter, for the next subscriber by the same one.
#[derive(Default)]
struct FilterText(Option<(FilterId, TopicFilter)>);

impl FilterText {
    fn of(&mut self, subscriptions: &SubscriptionTree, id: FilterId) -> Option<TopicFilter> {
        if self.0.as_ref().is_none_or(|(one, _)| *one != id) {
            self.0 = subscriptions.filter(id).map(|filter| (id, filter));
        }
        self.0.as_ref().map(|(_, filter)| filter.clone())
    }
}

/// What is done with one delivery.
struct Decision {
    routing: Routing,
    send: Option<(ConnectionId, Bytes)>,
    limit: Option<Message>,
}

impl Decision {
    const fn dropped(reason: DropReason) -> Self {
        Self { routing: Routing::Dropped(reason), send: None, limit: None }
    }
}

/// The last QoS 0 packet, for the next subscriber who gets the same bytes.
#[derive(Default)]
pub(super) struct SharedFrame(Option<(FrameKind, Bytes)>);

/// In what packets of one message may differ.
#[derive(Clone, PartialEq, Eq)]
struct FrameKind {
    version: ProtocolVersion,
    retain: bool,
    identifiers: SmallVec<[u32; 1]>,
}

impl FrameKind {
    fn is(&self, version: ProtocolVersion, retain: bool, identifiers: &[u32]) -> bool {
        self.version == version && self.retain == retain && (version == ProtocolVersion::V311 || *self.identifiers == *identifiers)
    }
}

impl SharedFrame {
    /// The packet that brought a message without properties. If it has neither QoS nor RETAIN, subscribers of the same version get the very same bytes:
    /// every field has only one form. They are copied, since the original may be a small part of much that came with it.
    pub(super) fn received(version: ProtocolVersion, publish: &Publish, frame: &Bytes) -> Self {
        if publish.qos > QoS::AtMostOnce || publish.retain {
            return Self::default();
        }
        let kind = FrameKind { version, retain: false, identifiers: SmallVec::new() };
        Self(Some((kind, Bytes::copy_from_slice(frame))))
    }

    /// `is_last` says that nobody else will ask.
    fn encode(&mut self, now: Instant, version: ProtocolVersion, delivery: &Delivery, is_last: bool) -> Option<Bytes> {
        let identifiers = &delivery.subscription_identifiers;
        if !self.0.as_ref().is_some_and(|(kind, _)| kind.is(version, delivery.retain, identifiers)) {
            let publish = delivery.to_publish(now, None, false, version == ProtocolVersion::V5);
            let bytes = Packet::Publish(publish).to_bytes(version).ok()?;
            let kind = FrameKind { version, retain: delivery.retain, identifiers: delivery.subscription_identifiers.clone() };
            self.0 = Some((kind, bytes));
        }
        if is_last { self.0.take().map(|(_, bytes)| bytes) } else { self.0.as_ref().map(|(_, bytes)| bytes.clone()) }
    }
}

impl Broker {
    /// Gives a message to every session with a matching subscription, and to one of each group that shares one; tells how many there are.
    pub(super) fn route(&mut self, now: Instant, message: &Arc<ApplicationMessage>, mut frame: SharedFrame) -> usize {
        let mut scratch = std::mem::take(&mut self.scratch);
        self.find_shares(message, &mut scratch);
        let groups = self.shared.matching(&message.topic);
        let mut filter_text = FilterText::default();
        let (all, mut nth) = (scratch.shares.len(), 0_usize);
        for share in scratch.shares.drain(..) {
            nth = nth.saturating_add(1);
            let Share { session: key, filter, granted, retain_as_published, identifiers, excluded } = share;
            let decision = if excluded {
                Decision::dropped(DropReason::NoLocal)
            } else if self.deny_delivery(key, message) {
                Decision::dropped(DropReason::NotAuthorized)
            } else {
                let qos = self.config.delivery_qos(message.qos, granted);
                let retain = message.retain && retain_as_published;
                if all > 1 && qos == QoS::AtMostOnce && self.send_as_before(key, retain, &identifiers, &frame) {
                    continue;
                }
                let delivery = Delivery { message: Arc::clone(message), qos, retain, subscription_identifiers: identifiers, share: None };
                self.decide(now, key, delivery, &mut frame, nth == all && groups.is_empty())
            };
            self.report_routing(message, key, |broker| filter_text.of(&broker.subscriptions, filter), decision);
        }
        self.scratch = scratch;
        // A session that is also a member of a group may get a second copy through it (5.0 §4.8.2).
        for group in &groups {
            self.deliver_to_group(now, *group, message, &mut frame);
        }
        all.saturating_add(groups.len())
    }

    /// The shortest way for a QoS 0 message to many, while nobody listens to what happens: to a Client that takes the very bytes that the last one got. Says whether
    /// it went; if not, [`Broker::decide`] finds out why.
    fn send_as_before(&mut self, key: SessionKey, retain: bool, identifiers: &[u32], frame: &SharedFrame) -> bool {
        if self.wants_events() || self.config.queue_qos_zero {
            return false;
        }
        if let Some(session) = self.sessions.get(key.0)
            && let Some(online) = session.online
            && let Some((kind, bytes)) = &frame.0
            && kind.is(session.version, retain, identifiers)
            && session.outbound_aliases.maximum() == 0
            && bytes.len() <= online.maximum_packet_size
            && let Some(state) = self.connections.get_mut(&online.connection)
            && !state.unwritten.is_over(&self.config)
        {
            state.unwritten.add(bytes.len());
            let packet = Transmit::Packet { packet_type: PacketType::Publish, bytes: bytes.clone() };
            self.outputs.push_back(Output::Transmit(online.connection, packet));
            return true;
        }
        false
    }

    /// One share for each session, ordered by session: the highest granted QoS [MQTT-3.3.4-2] and all identifiers [MQTT-3.3.4-4].
    fn find_shares(&self, message: &ApplicationMessage, scratch: &mut Scratch) {
        let Scratch { matches, shares } = scratch;
        self.subscriptions.matches(&message.topic, matches);
        let mut publisher: Option<Option<SessionKey>> = None;
        for Match { filter, subscriber } in matches.drain(..) {
            let options = subscriber.options;
            let local = options.no_local && {
                let client_id = message.publisher.as_ref();
                *publisher.get_or_insert_with(|| client_id.and_then(|client_id| self.session_key(client_id))) == Some(subscriber.session)
            };
            let share = match shares.last_mut() {
                Some(share) if share.session == subscriber.session => share,
                _ => {
                    shares.push(Share {
                        session: subscriber.session,
                        filter,
                        granted: options.qos,
                        retain_as_published: false,
                        identifiers: SmallVec::new(),
                        excluded: true,
                    });
                    let Some(share) = shares.last_mut() else { continue };
                    share
                }
            };
            if local {
                continue;
            }
            if share.excluded || options.qos > share.granted {
                share.granted = options.qos;
                share.filter = filter;
            }
            share.excluded = false;
            share.retain_as_published |= options.retain_as_published;
            share.identifiers.extend(subscriber.identifier.map(NonZeroU32::get));
        }
    }

    /// Sends, queues or drops one delivery: first the event that says which, then the packet.
    pub(super) fn deliver(&mut self, now: Instant, key: SessionKey, filter: TopicFilter, delivery: Delivery, frame: &mut SharedFrame) {
        let message = Arc::clone(&delivery.message);
        let decision = if self.deny_delivery(key, &message) {
            Decision::dropped(DropReason::NotAuthorized)
        } else {
            self.decide(now, key, delivery, frame, false)
        };
        self.report_routing(&message, key, |_| Some(filter), decision);
    }

    pub(super) fn report_no_local(&mut self, message: &ApplicationMessage, key: SessionKey, filter: TopicFilter) {
        self.report_routing(message, key, |_| Some(filter), Decision::dropped(DropReason::NoLocal));
    }

    fn report_routing(
        &mut self,
        message: &ApplicationMessage,
        key: SessionKey,
        filter: impl FnOnce(&Self) -> Option<TopicFilter>,
        decision: Decision,
    ) {
        let Decision { routing, send, limit } = decision;
        if let Some(message) = limit {
            self.emit(BrokerEvent::LimitReached { message });
        }
        if !self.quiet
            && let Some(client_id) = self.sessions.get(key.0).map(|session| session.client_id.clone())
            && let Some(filter) = filter(self)
        {
            self.emit(BrokerEvent::MessageRouted { message: message.id, client_id, filter, routing });
        }
        if let Some((connection, bytes)) = send {
            self.transmit(connection, Transmit::Packet { packet_type: PacketType::Publish, bytes });
        }
    }

    fn decide(&mut self, now: Instant, key: SessionKey, delivery: Delivery, frame: &mut SharedFrame, is_last: bool) -> Decision {
        let Some(session) = self.sessions.get_mut(key.0) else { return Decision::dropped(DropReason::SessionEnded) };
        let qos = delivery.qos;
        let Some(online) = session.online else {
            if qos == QoS::AtMostOnce && !self.config.queue_qos_zero {
                return Decision::dropped(DropReason::QosZeroOffline);
            }
            return self.enqueue(now, key, delivery, Routing::QueuedOffline);
        };
        let reads_slowly = self.connections.get(&online.connection).is_some_and(|state| state.unwritten.is_over(&self.config));
        if qos == QoS::AtMostOnce && !(self.config.queue_qos_zero && session.queue.holds_qos_zero()) {
            if reads_slowly {
                let (bytes, packets) = (self.config.max_unwritten_bytes, self.config.max_unwritten_packets);
                let is_first = self.connections.get_mut(&online.connection).is_some_and(|state| state.unwritten.is_first_drop());
                let client = session.client_id.as_str();
                let limit =
                    is_first.then(|| key::BROKER_LIMIT_UNWRITTEN.with("client", client).with("packets", packets).with("bytes", bytes));
                return Decision { limit, ..Decision::dropped(DropReason::SlowReader) };
            }
            return match encode_qos_zero(now, session, &delivery, frame, is_last) {
                Some(bytes) => {
                    Decision { routing: Routing::Sent { qos, packet_id: None }, send: Some((online.connection, bytes)), limit: None }
                }
                None => Decision::dropped(DropReason::PacketTooLarge),
            };
        }
        if reads_slowly {
            return self.enqueue(now, key, delivery, Routing::QueuedSlowReader);
        }
        // Messages of one QoS keep their order [MQTT-4.6.0-5].
        if !session.queue.is_empty() || session.outbound.blocked().is_some() {
            return self.enqueue(now, key, delivery, Routing::QueuedReceiveMaximum);
        }
        // A will, or properties, may not have been counted when the message was accepted.
        if !self.may_hold(&delivery.message) {
            self.report_held_full();
            return Decision::dropped(DropReason::PayloadsFull);
        }
        match self.start_flight(now, key, &delivery) {
            Ok(Started::Sent { packet_id, bytes }) => {
                Decision { routing: Routing::Sent { qos, packet_id: Some(packet_id) }, send: Some((online.connection, bytes)), limit: None }
            }
            Ok(Started::TooLarge) => Decision::dropped(DropReason::PacketTooLarge),
            Err(_) => self.enqueue(now, key, delivery, Routing::QueuedReceiveMaximum),
        }
    }

    fn enqueue(&mut self, now: Instant, key: SessionKey, delivery: Delivery, routing: Routing) -> Decision {
        let (messages, bytes) = (self.config.max_queued_messages, self.config.max_queued_bytes);
        if !self.may_hold(&delivery.message) {
            self.report_held_full();
            return Decision::dropped(DropReason::PayloadsFull);
        }
        let Some(session) = self.sessions.get_mut(key.0) else { return Decision::dropped(DropReason::SessionEnded) };
        let message = Arc::clone(&delivery.message);
        let expires_at = delivery.message.expires_at();
        match session.queue.push(delivery, messages, bytes) {
            Queued::Kept => {
                self.held.hold(&message);
                let timer = Timer::QueueExpiry(key);
                if let Some(at) = expires_at
                    && self.timers.deadline(&timer).is_none_or(|earlier| at < earlier)
                {
                    self.timers.set(timer, at.max(now));
                }
                Decision { routing, send: None, limit: None }
            }
            Queued::Full { first } => {
                let limit = first.then(|| {
                    key::BROKER_LIMIT_QUEUE.with("client", session.client_id.as_str()).with("messages", messages).with("bytes", bytes)
                });
                Decision { limit, ..Decision::dropped(DropReason::QueueFull) }
            }
        }
    }

    /// Gives a QoS 1 or 2 message its Packet Identifier. Larger than the Client's Maximum Packet Size it counts as completed without being sent
    /// [MQTT-3.1.2-25].
    fn start_flight(&mut self, now: Instant, key: SessionKey, delivery: &Delivery) -> Result<Started, Blocked> {
        let Some(session) = self.sessions.get_mut(key.0) else { return Err(Blocked::SendQuota) };
        let packet_id = session.outbound.next_id()?;
        let publish = delivery.to_publish(now, Some(packet_id), false, true);
        // Look at the size before the identifier is used.
        let Some((publish, bytes)) = encode_publish(session, publish) else { return Ok(Started::TooLarge) };
        session.outbound.sent(delivery.kept(), publish)?;
        self.held.hold(&delivery.message);
        Ok(Started::Sent { packet_id, bytes })
    }

    /// Sends what may go now: first what has to be sent again, then what is queued, as far as Receive Maximum and a slow reader allow.
    pub(super) fn pump(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.sessions.get(key.0) else { return };
        let waited = !session.queue.is_empty();
        if session.outbound.is_resending() {
            self.resend(now, key);
        } else if !waited {
            return;
        }
        while let Some(session) = self.sessions.get_mut(key.0) {
            let Some(online) = session.online else { return };
            if self.connections.get(&online.connection).is_some_and(|state| state.unwritten.is_over(&self.config)) {
                return;
            }
            let Some(head) = session.queue.front() else { break };
            let expired = head.message.is_expired(now);
            if head.qos > QoS::AtMostOnce && !expired && session.outbound.blocked().is_some() {
                break;
            }
            let client_id = session.client_id.clone();
            let Some(delivery) = session.queue.pop() else { break };
            self.held.release(&delivery.message);
            let message = delivery.message.id;
            if expired {
                self.emit(BrokerEvent::MessageDropped { message, client_id, reason: DropReason::Expired });
                continue;
            }
            let (packet_id, bytes) = if delivery.qos == QoS::AtMostOnce {
                (None, encode_qos_zero(now, session, &delivery, &mut SharedFrame::default(), true))
            } else {
                match self.start_flight(now, key, &delivery) {
                    Ok(Started::Sent { packet_id, bytes }) => (Some(packet_id), Some(bytes)),
                    Ok(Started::TooLarge) | Err(_) => (None, None),
                }
            };
            match bytes {
                Some(bytes) => {
                    self.emit(BrokerEvent::MessageSent { message, client_id, packet_id, dup: false });
                    self.transmit(online.connection, Transmit::Packet { packet_type: PacketType::Publish, bytes });
                }
                None => self.emit(BrokerEvent::MessageDropped { message, client_id, reason: DropReason::PacketTooLarge }),
            }
        }
        if waited && self.sessions.get(key.0).is_some_and(|session| session.queue.is_empty()) {
            self.timers.cancel(&Timer::QueueExpiry(key));
        }
    }

    /// After the session was resumed: PUBLISH with DUP and PUBREL with their original identifiers [MQTT-4.4.0-1].
    fn resend(&mut self, now: Instant, key: SessionKey) {
        while let Some(session) = self.sessions.get_mut(key.0) {
            let Some(online) = session.online else { return };
            // What is left waits, and so does all that is new, until the driver has written enough and calls for more.
            if self.connections.get(&online.connection).is_some_and(|state| state.unwritten.is_over(&self.config)) {
                return;
            }
            let Some(packet) = session.outbound.next_resend() else { return };
            let Packet::Publish(mut publish) = packet else {
                self.send(key, &packet);
                continue;
            };
            let Some(packet_id) = publish.packet_id else { continue };
            let client_id = session.client_id.clone();
            let kept = session.outbound.iter().find(|flight| flight.packet_id == packet_id).map(|flight| flight.tag.sent_at(flight.qos));
            let Some(kept) = kept else { continue };
            let message = Arc::clone(&kept.message);
            // Its right may have been taken away since the connection began.
            if self.deny_delivery(key, &message) {
                if let Some(session) = self.sessions.get_mut(key.0) {
                    session.outbound.abandon(packet_id);
                }
                self.drop_unauthorized(now, &client_id, kept);
                continue;
            }
            let Some(session) = self.sessions.get_mut(key.0) else { return };
            // It has been sent once, so it does not expire any more [MQTT-4.3.3-7]; the interval still tells how old it is.
            let expiry = message.remaining_expiry(now);
            if publish.properties.message_expiry_interval != expiry {
                publish.properties.message_expiry_interval = expiry;
            }
            match encode_publish(session, publish) {
                Some((_, bytes)) => {
                    self.emit(BrokerEvent::MessageSent { message: message.id, client_id, packet_id: Some(packet_id), dup: true });
                    self.transmit(online.connection, Transmit::Packet { packet_type: PacketType::Publish, bytes });
                }
                None => {
                    // Counts as completed [MQTT-3.1.2-25].
                    session.outbound.abandon(packet_id);
                    self.held.release(&message);
                    self.emit(BrokerEvent::MessageDropped { message: message.id, client_id, reason: DropReason::PacketTooLarge });
                }
            }
        }
    }

    /// Removes what has expired in the queue, and waits for the next.
    pub(super) fn expire_queued(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        let client_id = session.client_id.clone();
        let expired = session.queue.take_expired(now);
        let next = session.queue.next_expiry();
        for delivery in expired {
            self.held.release(&delivery.message);
            let message = delivery.message.id;
            self.emit(BrokerEvent::MessageDropped { message, client_id: client_id.clone(), reason: DropReason::Expired });
        }
        if let Some(at) = next {
            self.timers.set(Timer::QueueExpiry(key), at);
        }
    }

    /// Sends any packet but PUBLISH. One that is larger than the Client accepts is not sent [MQTT-3.1.2-24].
    pub(super) fn send(&mut self, key: SessionKey, packet: &Packet) {
        let Some(session) = self.sessions.get(key.0) else { return };
        let Some(online) = session.online else { return };
        let packet_type = packet.packet_type();
        match packet.to_bytes(session.version) {
            Ok(bytes) if bytes.len() <= online.maximum_packet_size => {
                self.transmit(online.connection, Transmit::Packet { packet_type, bytes });
            }
            _ => {
                let message = key::BROKER_LIMIT_CLIENT_PACKET_SIZE
                    .with("client", session.client_id.as_str())
                    .with("packet", packet_type.name())
                    .with("limit", online.maximum_packet_size);
                self.emit(BrokerEvent::LimitReached { message });
            }
        }
    }

    /// Whether the Client of this session accepts a packet of this size.
    pub(super) fn fits(&self, key: SessionKey, packet: &Packet) -> bool {
        let Some(session) = self.sessions.get(key.0) else { return false };
        let maximum = session.online.map_or(0, |online| online.maximum_packet_size);
        packet.to_bytes(session.version).is_ok_and(|bytes| bytes.len() <= maximum)
    }
}

enum Started {
    Sent { packet_id: PacketId, bytes: Bytes },
    TooLarge,
}

/// The packet as this Client can take it, if it fits its Maximum Packet Size: without properties in 3.1.1, with a Topic Alias where the Client allows one. The message comes
/// back as it was.
fn encode_publish(session: &mut Session, publish: Publish) -> Option<(Publish, Bytes)> {
    let version = session.version;
    let maximum = session.online.map_or(0, |online| online.maximum_packet_size);
    if let Some(chosen) = session.outbound_aliases.choose(&publish.topic) {
        let topic = if chosen.is_known { TopicName::default() } else { publish.topic.clone() };
        let properties = PublishProperties { topic_alias: Some(chosen.alias), ..publish.properties.clone().into_values() }.into();
        let aliased = Packet::Publish(Publish { topic, properties, ..publish.clone() });
        // The property needs room too: what does not fit with it may fit without.
        if let Some(bytes) = aliased.to_bytes(version).ok().filter(|bytes| bytes.len() <= maximum) {
            session.outbound_aliases.sent(&publish.topic, chosen);
            return Some((publish, bytes));
        }
    }
    let encode = |packet: &Packet| packet.to_bytes(version).ok().filter(|bytes| bytes.len() <= maximum);
    if version == ProtocolVersion::V311 && !publish.properties.is_empty() {
        let bytes = encode(&Packet::Publish(Publish { properties: CarriedProperties::default(), ..publish.clone() }))?;
        return Some((publish, bytes));
    }
    let packet = Packet::Publish(publish);
    let bytes = encode(&packet)?;
    if let Packet::Publish(publish) = packet { Some((publish, bytes)) } else { None }
}

/// The same at QoS 0, where subscribers without Topic Aliases share their bytes.
fn encode_qos_zero(now: Instant, session: &mut Session, delivery: &Delivery, frame: &mut SharedFrame, is_last: bool) -> Option<Bytes> {
    if session.outbound_aliases.maximum() > 0 {
        return encode_publish(session, delivery.to_publish(now, None, false, true)).map(|(_, bytes)| bytes);
    }
    let maximum = session.online.map_or(0, |online| online.maximum_packet_size);
    frame.encode(now, session.version, delivery, is_last).filter(|bytes| bytes.len() <= maximum)
}
