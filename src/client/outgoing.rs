//! Publishing: at once, or from the queue as soon as connection and Receive Maximum allow.

use std::collections::VecDeque;

use crate::client::{Client, ClientError, ClientEvent, ClientState, Overflow, PublishRequest, PublishToken, RequestToken, Timer};
use crate::packet::{EncodeError, Packet, PacketId, Publish, QoS, TopicName};
use crate::session::TopicAlias;
use crate::text::{Message, key};
use crate::time::{Duration, Instant};

/// A publish that waits. It has its full Topic Name and no Topic Alias, since it may be sent on another connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Queued {
    pub(super) token: PublishToken,
    pub(super) publish: Publish,
    /// Since when it waits.
    pub(super) since: Instant,
}

impl Queued {
    /// When its Message Expiry Interval has passed.
    fn expires_at(&self) -> Option<Instant> {
        let seconds = self.publish.properties.message_expiry_interval?;
        Some(self.since + Duration::from_secs(u64::from(seconds)))
    }

    fn is_expired(&self, now: Instant) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }

    /// As it is sent now: what is left of its Message Expiry Interval after the whole seconds that it has waited. The Server counts from when it gets it.
    fn aged(mut self, now: Instant) -> Self {
        let waited = now.saturating_since(self.since).as_millis() / 1_000;
        if let Some(interval) = self.publish.properties.message_expiry_interval
            && waited > 0
        {
            let left = interval.saturating_sub(u32::try_from(waited).unwrap_or(u32::MAX));
            self.publish.properties.message_expiry_interval = Some(left);
        }
        self
    }
}

/// How the Topic Name goes on the wire of this connection, if the application says so.
pub(super) struct Alias {
    number: u16,
    omits_topic: bool,
}

impl Client {
    /// Publishes, now or as soon as the connection and Receive Maximum allow. Without a connection, QoS 0 is dropped unless the settings keep it; while one is
    /// being made, it waits.
    ///
    /// # Errors
    /// The packet would be illegal, or the Server has ruled it out in CONNACK. Nothing has changed then.
    pub fn handle_publish(&mut self, now: Instant, request: PublishRequest) -> Result<PublishToken, ClientError> {
        let checked = self.checked(request)?;
        let token = PublishToken(self.next_token);
        self.next_token = self.next_token.wrapping_add(1);
        self.publish_as(now, token, checked);
        Ok(token)
    }

    pub(super) fn publish_as(&mut self, now: Instant, token: PublishToken, (publish, alias): (Publish, Option<Alias>)) {
        let at_most_once = publish.qos == QoS::AtMostOnce;
        match self.state {
            // A used-up send quota delays no QoS 0 [MQTT-4.9.0-3].
            ClientState::Connected if at_most_once || self.queue.is_empty() && self.outbound.blocked().is_none() => {
                self.send_first(now, Queued { token, publish, since: now }, alias);
            }
            ClientState::Idle | ClientState::Waiting { .. } | ClientState::Disconnecting if at_most_once && !self.config.keeps_qos_0 => {
                self.dropped(token, key::CLIENT_DROPPED_OFFLINE_QOS_0.message());
            }
            _ => self.enqueue(Queued { token, publish, since: now }),
        }
    }

    /// Lets a publish wait, or drops the one that has to give way.
    fn enqueue(&mut self, queued: Queued) {
        let limit = self.config.queue_limit;
        if self.queue.len() >= limit {
            let oldest = if self.config.overflow == Overflow::DropOldest { self.queue.pop_front() } else { None };
            let Some(oldest) = oldest else {
                return self.dropped(queued.token, key::CLIENT_DROPPED_QUEUE_FULL.with("limit", limit));
            };
            self.dropped(oldest.token, key::CLIENT_DROPPED_OLDEST.with("limit", limit));
        }
        let token = queued.token;
        if let Some(at) = queued.expires_at()
            && self.timers.deadline(&Timer::QueueExpiry).is_none_or(|earlier| at < earlier)
        {
            self.timers.set(Timer::QueueExpiry, at);
        }
        self.queue.push_back(queued);
        self.emit(ClientEvent::PublishQueued { token });
    }

    /// Drops what has expired in the queue, and waits for the next.
    pub(super) fn expire_queued(&mut self, now: Instant) {
        let (expired, kept) = std::mem::take(&mut self.queue).into_iter().partition(|queued| queued.is_expired(now));
        self.queue = kept;
        if let Some(at) = self.queue.iter().filter_map(Queued::expires_at).min() {
            self.timers.set(Timer::QueueExpiry, at);
        }
        let expired: VecDeque<Queued> = expired;
        for queued in expired {
            self.dropped(queued.token, key::CLIENT_DROPPED_EXPIRED.message());
        }
    }

    /// A publish is given up, and with it the request that it carried.
    pub(super) fn dropped(&mut self, token: PublishToken, message: Message) {
        self.emit(ClientEvent::PublishDropped { token, message: message.clone().into() });
        self.request_failed(RequestToken(token.0), message);
    }

    /// The message with its full Topic Name, if it has a legal form and the Server takes it.
    pub(super) fn checked(&self, request: PublishRequest) -> Result<(Publish, Option<Alias>), ClientError> {
        let PublishRequest { topic, payload, qos, retain, properties } = request;
        if !properties.subscription_identifiers.is_empty() {
            return Err(EncodeError::Illegal { field: "Subscription Identifier", clause: "MQTT-3.3.4-6" }.into());
        }
        let packet_id = (qos != QoS::AtMostOnce).then_some(PacketId::MIN);
        let mut publish = Publish { dup: false, qos, retain, topic, packet_id, properties: properties.into(), payload: payload.into() };
        let bytes = Packet::Publish(publish.clone()).to_bytes(self.config.version)?;
        let number = publish.properties.topic_alias.take();
        if self.state == ClientState::Connected
            && let Some(limit) = self.connection.server.rules_out_publish(qos, retain, number, &bytes)
        {
            return Err(ClientError::NotAllowedByServer(limit));
        }
        let omits_topic = publish.topic.is_empty();
        if omits_topic {
            let known = number.and_then(|number| self.connection.aliases.get(&number));
            publish.topic = known.cloned().ok_or(EncodeError::Illegal { field: "Topic Name", clause: "MQTT-4.7.3-1" })?;
        }
        Ok((publish, number.map(|number| Alias { number, omits_topic })))
    }

    /// Sends a message for the first time. The caller has seen that nothing blocks it.
    fn send_first(&mut self, now: Instant, queued: Queued, alias: Option<Alias>) {
        let Queued { token, publish, since } = queued;
        let Ok(mut sent) = self.outbound.send(token, &publish) else {
            return self.queue.push_front(Queued { token, publish, since });
        };
        let packet_id = sent.packet_id;
        if let Some(Alias { number, omits_topic }) = alias {
            sent.properties.topic_alias = Some(number);
            if omits_topic {
                sent.topic = TopicName::default();
            }
            // From now on the application has all aliases of this connection to itself: two who give them out would mix them up.
            self.connection.automatic_aliases.connection_started(0);
            self.connection.aliases.insert(number, publish.topic);
        } else if let Some(alias) = self.automatic_alias(&mut sent) {
            self.connection.automatic_aliases.sent(&publish.topic, alias);
        }
        self.send(now, &Packet::Publish(sent));
        self.emit(ClientEvent::PublishSent { token, packet_id });
        if let Some(packet_id) = packet_id {
            self.awaits_acknowledgement(now, packet_id);
        }
    }

    /// Gives the PUBLISH an alias, if the settings want it and the Server takes it so.
    fn automatic_alias(&self, publish: &mut Publish) -> Option<TopicAlias> {
        let chosen = self.connection.automatic_aliases.choose(&publish.topic)?;
        let topic = if chosen.is_known { TopicName::default() } else { publish.topic.clone() };
        let mut aliased = Publish { topic, ..publish.clone() };
        aliased.properties.topic_alias = Some(chosen.alias);
        let bytes = Packet::Publish(aliased.clone()).to_bytes(self.config.version).ok()?;
        // To set an alias takes three bytes more.
        if !self.connection.server.takes(&bytes) {
            return None;
        }
        *publish = aliased;
        Some(chosen)
    }

    /// Sends what has waited: first what is to be sent again, then the queue, as far as the send quota goes.
    pub(super) fn flush(&mut self, now: Instant) {
        while self.state == ClientState::Connected
            && let Some(packet) = self.outbound.next_resend()
        {
            self.resend(now, &packet);
        }
        // QoS 0 does not wait for the quota [MQTT-4.9.0-3]: behind a message that does, later ones would overtake it.
        while self.state == ClientState::Connected
            && let Some(next) = self.queue.iter().position(|one| one.publish.qos == QoS::AtMostOnce || self.outbound.blocked().is_none())
            && let Some(queued) = self.queue.remove(next)
        {
            if queued.is_expired(now) {
                self.dropped(queued.token, key::CLIENT_DROPPED_EXPIRED.message());
                continue;
            }
            let queued = queued.aged(now);
            match self.ruled_out(&queued.publish) {
                Some(message) => self.dropped(queued.token, message),
                None => self.send_first(now, queued, None),
            }
        }
    }

    fn resend(&mut self, now: Instant, packet: &Packet) {
        let Some(packet_id) = packet.packet_id() else { return };
        if let Packet::Publish(publish) = packet
            && let Some(message) = self.ruled_out(publish)
        {
            // The Server takes less than on the connection before.
            if let Some(token) = self.outbound.abandon(packet_id) {
                self.dropped(token, message);
            }
            return;
        }
        self.send(now, packet);
        self.emit(ClientEvent::PacketResent { packet_id });
        self.awaits_acknowledgement(now, packet_id);
    }

    /// Why the Server of this connection does not take a message that was accepted without knowing it.
    fn ruled_out(&self, publish: &Publish) -> Option<Message> {
        let bytes = Packet::Publish(publish.clone()).to_bytes(self.config.version).ok()?;
        let limit = self.connection.server.rules_out_publish(publish.qos, publish.retain, None, &bytes)?;
        Some(key::CLIENT_DROPPED_SERVER_LIMIT.with("limit", limit))
    }

    /// QoS 0 does not wait for a later connection, unless the settings say so.
    pub(super) fn drop_queued_qos_0(&mut self) {
        if self.config.keeps_qos_0 {
            return;
        }
        for queued in std::mem::take(&mut self.queue) {
            if queued.publish.qos == QoS::AtMostOnce {
                self.dropped(queued.token, key::CLIENT_DROPPED_OFFLINE_QOS_0.message());
            } else {
                self.queue.push_back(queued);
            }
        }
    }
}
