//! Subscriptions: asked for, granted, and asked for again after a session was lost.

use serde::Serialize;

use crate::client::connection::Request;
use crate::client::{Client, ClientError, ClientState, SubscribeRequest, WantedSubscription};
use crate::packet::{Packet, PacketId, ReasonCode, Subscribe, SubscribeProperties, Subscription, TopicFilter, Unsubscribe, UserProperties};
use crate::time::Instant;

/// A subscription that the program wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KnownSubscription {
    /// Filter and options.
    pub subscription: Subscription,
    /// Subscription Identifier (5.0).
    pub identifier: Option<u32>,
    /// How far it is.
    pub status: SubscriptionStatus,
}

/// How far a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Not asked for in this session.
    NotSent,
    /// SUBSCRIBE is sent, SUBACK has not come.
    Requested,
    /// SUBACK came with this Reason Code.
    Answered(ReasonCode),
}

impl KnownSubscription {
    pub(super) fn new(wanted: WantedSubscription) -> Self {
        Self { subscription: wanted.subscription, identifier: wanted.identifier, status: SubscriptionStatus::NotSent }
    }

    /// The session is lost.
    pub(super) fn lose(&mut self) {
        self.status = SubscriptionStatus::NotSent;
    }
}

impl Client {
    /// Subscribes. The filters are also remembered for resubscription.
    ///
    /// # Errors
    /// Not connected, an illegal packet, or one that the Server has ruled out in CONNACK. Nothing has changed then.
    pub fn handle_subscribe(&mut self, now: Instant, request: impl Into<SubscribeRequest>) -> Result<PacketId, ClientError> {
        if self.state != ClientState::Connected {
            return Err(ClientError::NotConnected);
        }
        let request = request.into();
        self.check_subscribe(&request)?;
        let packet_id = self.subscribe(now, request.clone())?;
        let identifier = request.identifier;
        for subscription in request.subscriptions {
            let known = KnownSubscription { subscription, identifier, status: SubscriptionStatus::Requested };
            match self.subscriptions.iter_mut().find(|other| other.subscription.filter == known.subscription.filter) {
                Some(other) => *other = known,
                None => self.subscriptions.push(known),
            }
        }
        Ok(packet_id)
    }

    /// Unsubscribes. The filters are also forgotten for resubscription.
    ///
    /// # Errors
    /// Not connected, or an illegal packet. Nothing has changed then.
    pub fn handle_unsubscribe(&mut self, now: Instant, filters: Vec<TopicFilter>) -> Result<PacketId, ClientError> {
        if self.state != ClientState::Connected {
            return Err(ClientError::NotConnected);
        }
        let mut packet = Unsubscribe { packet_id: PacketId::MIN, user_properties: UserProperties::default(), filters: filters.clone() };
        self.check(&Packet::Unsubscribe(packet.clone()))?;
        packet.packet_id = self.outbound.allocate_request_id().ok_or(ClientError::NoPacketIdFree)?;
        let packet_id = packet.packet_id;
        self.subscriptions.retain(|known| !filters.contains(&known.subscription.filter));
        self.connection.requests.insert(packet_id, Request::Unsubscribe(filters));
        self.send(now, &Packet::Unsubscribe(packet));
        Ok(packet_id)
    }

    /// After CONNACK: all subscriptions if the session is new; otherwise those whose SUBACK the broken connection swallowed.
    pub(super) fn subscribe_after_connack(&mut self, now: Instant, session_present: bool) {
        let mut wanted: Vec<SubscribeRequest> = Vec::new();
        for known in &self.subscriptions {
            if session_present && known.status != SubscriptionStatus::Requested {
                continue;
            }
            // One SUBSCRIBE has one Subscription Identifier.
            match wanted.iter_mut().find(|request| request.identifier == known.identifier) {
                Some(request) => request.subscriptions.push(known.subscription.clone()),
                None => {
                    let subscriptions = vec![known.subscription.clone()];
                    wanted.push(SubscribeRequest { subscriptions, identifier: known.identifier, ..SubscribeRequest::default() });
                }
            }
        }
        for request in wanted {
            // In one packet if the Server takes it, otherwise one by one; what it rules out even so stays unsent, which the session view shows.
            let batches = match self.check_subscribe(&request) {
                Ok(()) => vec![request],
                Err(_) => {
                    let identifier = request.identifier;
                    let alone = |subscription| SubscribeRequest { identifier, ..vec![subscription].into() };
                    request.subscriptions.into_iter().map(alone).collect()
                }
            };
            for batch in batches {
                let sent = self.state == ClientState::Connected
                    && self.check_subscribe(&batch).is_ok()
                    && self.subscribe(now, batch.clone()).is_ok();
                let status = if sent { SubscriptionStatus::Requested } else { SubscriptionStatus::NotSent };
                for known in self.subscriptions.iter_mut().filter(|known| batch.subscriptions.contains(&known.subscription)) {
                    known.status = status;
                }
            }
        }
    }

    pub(super) fn subscriptions_answered(&mut self, now: Instant, results: &[(TopicFilter, ReasonCode)]) {
        for (filter, reason_code) in results {
            for known in self.subscriptions.iter_mut().filter(|known| known.subscription.filter == *filter) {
                known.status = SubscriptionStatus::Answered(*reason_code);
            }
            self.response_subscription_answered(now, filter, *reason_code);
        }
    }

    /// The program starts again: it knows what its settings say, and with a persistent session what it knew before.
    pub(super) fn forget_requested_subscriptions(&mut self) {
        if !self.config.persistent_session {
            self.subscriptions = self.config.subscriptions.iter().cloned().map(KnownSubscription::new).collect();
        }
    }

    fn subscribe(&mut self, now: Instant, request: SubscribeRequest) -> Result<PacketId, ClientError> {
        let packet_id = self.outbound.allocate_request_id().ok_or(ClientError::NoPacketIdFree)?;
        let filters = request.subscriptions.iter().map(|subscription| subscription.filter.clone()).collect();
        self.connection.requests.insert(packet_id, Request::Subscribe(filters));
        self.send(now, &Packet::Subscribe(subscribe_packet(packet_id, request)));
        Ok(packet_id)
    }

    fn check_subscribe(&self, request: &SubscribeRequest) -> Result<(), ClientError> {
        self.check(&Packet::Subscribe(subscribe_packet(PacketId::MIN, request.clone())))?;
        let server = &self.connection.server;
        let rules_out = |subscription: &Subscription| server.rules_out_filter(&subscription.filter, request.identifier);
        match request.subscriptions.iter().find_map(rules_out) {
            Some(limit) => Err(ClientError::NotAllowedByServer(limit)),
            None => Ok(()),
        }
    }

    /// Whether the packet has a legal form that the Server takes.
    fn check(&self, packet: &Packet) -> Result<(), ClientError> {
        let bytes = packet.to_bytes(self.config.version)?;
        if self.connection.server.takes(&bytes) {
            Ok(())
        } else {
            Err(ClientError::NotAllowedByServer("Maximum Packet Size [MQTT-3.2.2-15]"))
        }
    }
}

fn subscribe_packet(packet_id: PacketId, request: SubscribeRequest) -> Subscribe {
    let SubscribeRequest { subscriptions, identifier, user_properties } = request;
    Subscribe { packet_id, properties: SubscribeProperties { subscription_identifier: identifier, user_properties }, subscriptions }
}
