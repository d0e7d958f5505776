//! What the broker owes each session, as this module's own model has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::flow::Flow;
use super::reference;
use crate::broker::MessageId;
use crate::packet::{ClientId, Payload, ProtocolVersion, PublishProperties, QoS, SubscriptionOptions, TopicFilter, TopicName, WillMessage};
use crate::session::ConnectionId;
use crate::time::{Duration, Instant};
use crate::trace::RecordId;

/// A message for which the broker took responsibility.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    pub(super) id: MessageId,
    pub(super) publisher: Option<ClientId>,
    pub(super) topic: TopicName,
    pub(super) payload: Payload,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) properties: PublishProperties,
    pub(super) at: Instant,
    pub(super) record: RecordId,
    pub(super) is_will: bool,
}

impl Accepted {
    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.properties.message_expiry_interval.map(|seconds| self.at + Duration::from_secs(u64::from(seconds)))
    }
}

/// One copy that one session is to get.
#[derive(Clone, Debug)]
pub(super) struct Owed {
    pub(super) message: Arc<Accepted>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// Sorted.
    pub(super) identifiers: Vec<u32>,
    /// The group that it came by.
    pub(super) share: Option<TopicFilter>,
    /// Brought by a new subscription.
    pub(super) is_retained: bool,
    /// The broker has told what it does with it.
    pub(super) is_routed: bool,
    /// The broker has told that it is sent at once.
    pub(super) is_claimed: bool,
    /// It was sent, and is not acknowledged.
    pub(super) is_flying: bool,
    pub(super) tag: u64,
    pub(super) record: RecordId,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Subscribed {
    pub(super) options: SubscriptionOptions,
    pub(super) identifier: Option<u32>,
}

/// A Will that is neither published nor discarded.
#[derive(Clone, Debug)]
pub(super) struct Will {
    pub(super) message: WillMessage,
    /// When it has to come; `None` while the Client is connected.
    pub(super) due: Option<Instant>,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) version: ProtocolVersion,
    pub(super) online: Option<ConnectionId>,
    /// Session Expiry Interval in force, in seconds.
    pub(super) expiry: u32,
    /// When it has to end; `None` while the Client is connected, or never.
    pub(super) due: Option<Instant>,
    pub(super) will: Option<Will>,
    pub(super) subscriptions: BTreeMap<TopicFilter, Subscribed>,
    pub(super) owed: Vec<Owed>,
    /// Messages that it has got, as far as they can come only once.
    pub(super) done: BTreeSet<MessageId>,
    /// From the broker to the Client.
    pub(super) flow: Flow,
    /// QoS 2 identifiers from the Client that are not released.
    pub(super) unreleased: BTreeSet<crate::packet::PacketId>,
    /// When something last went on between the two.
    pub(super) active_at: Instant,
}

/// What a session is to get of a message.
pub(super) struct Share {
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) identifiers: Vec<u32>,
}

impl Session {
    pub(super) fn new(version: ProtocolVersion, now: Instant) -> Self {
        Self {
            version,
            online: None,
            expiry: 0,
            due: None,
            will: None,
            subscriptions: BTreeMap::new(),
            owed: Vec::new(),
            done: BTreeSet::new(),
            flow: Flow::default(),
            unreleased: BTreeSet::new(),
            active_at: now,
        }
    }

    /// The copy that all not shared subscriptions together bring [MQTT-3.3.4-2] [MQTT-3.3.4-4]; the second value says whether No Local alone keeps it away.
    pub(super) fn share_of(&self, own: bool, topic: &str, qos: QoS, retain: bool) -> (Option<Share>, bool) {
        let mut share: Option<Share> = None;
        let mut is_local = false;
        for (filter, subscribed) in &self.subscriptions {
            if filter.as_str().starts_with("$share/") || !reference::matches(filter.as_str(), topic) {
                continue;
            }
            if own && subscribed.options.no_local {
                is_local = true;
                continue;
            }
            let share = share.get_or_insert(Share { qos: QoS::AtMostOnce, retain: false, identifiers: Vec::new() });
            share.qos = share.qos.max(subscribed.options.qos);
            share.retain |= subscribed.options.retain_as_published;
            share.identifiers.extend(subscribed.identifier);
        }
        if let Some(share) = &mut share {
            share.qos = share.qos.min(qos);
            share.retain &= retain;
            share.identifiers.sort_unstable();
        }
        let only_local = share.is_none() && is_local;
        (share, only_local)
    }

    /// Whether any subscription, shared or not, matches.
    pub(super) fn has_matching(&self, topic: &str) -> bool {
        self.subscriptions.keys().any(|filter| reference::matches(reference::behind_share(filter.as_str()), topic))
    }

    /// Whether it ends as soon as somebody looks.
    pub(super) fn is_over(&self) -> bool {
        self.online.is_none() && self.expiry == 0
    }

    /// Copies that wait in the queue.
    pub(super) fn waiting(&self) -> usize {
        self.owed.iter().filter(|owed| owed.is_routed && !owed.is_claimed && !owed.is_flying).count()
    }
}
