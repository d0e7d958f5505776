//! An Application Message in the broker's care.

use std::sync::Arc;

use bytestring::ByteString;
use smallvec::SmallVec;

use super::event::MessageId;
use crate::packet::{
    CarriedProperties, ClientId, PacketId, Payload, Publish, PublishProperties, QoS, TopicFilter, TopicName, UserProperties, WillMessage,
    WillProperties,
};
use crate::time::{Duration, Instant};

/// Bytes of memory that a User Property takes beside its texts. The same on every computer, so that a run is the same too.
const USER_PROPERTY: usize = 64;

/// A message that the broker accepted, shared by all who wait for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ApplicationMessage {
    pub(super) id: MessageId,
    pub(super) publisher: Option<ClientId>,
    /// As which user it was published; `None` is anonymous.
    pub(super) publisher_user: Option<ByteString>,
    pub(super) topic: TopicName,
    pub(super) payload: Payload,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// Without Topic Alias and Subscription Identifiers, which belong to one connection and one subscriber.
    pub(super) properties: CarriedProperties,
    pub(super) accepted_at: Instant,
}

/// What a message is made of before the broker has accepted it.
pub(super) struct MessageContent {
    pub(super) publisher: Option<ClientId>,
    /// As which user it was published; `None` is anonymous.
    pub(super) publisher_user: Option<ByteString>,
    pub(super) topic: TopicName,
    pub(super) payload: Payload,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) properties: CarriedProperties,
}

impl MessageContent {
    pub(super) fn from_publish(publisher: ClientId, publisher_user: Option<ByteString>, publish: Publish) -> Self {
        let Publish { qos, retain, topic, mut properties, payload, .. } = publish;
        // Only what has to be changed is, since that needs values of their own.
        if properties.topic_alias.is_some() {
            properties.topic_alias = None;
        }
        if !properties.subscription_identifiers.is_empty() {
            properties.subscription_identifiers.clear();
        }
        Self { publisher: Some(publisher), publisher_user, topic, payload, qos, retain, properties }
    }

    pub(super) fn from_will(publisher: ClientId, publisher_user: Option<ByteString>, will: WillMessage) -> Self {
        let WillMessage { topic, payload, qos, retain, properties } = will;
        let payload = payload.into();
        let properties = PublishProperties {
            payload_format_indicator: properties.payload_format_indicator,
            message_expiry_interval: properties.message_expiry_interval,
            topic_alias: None,
            response_topic: properties.response_topic,
            correlation_data: properties.correlation_data,
            user_properties: properties.user_properties,
            subscription_identifiers: SmallVec::new(),
            content_type: properties.content_type,
        };
        Self { publisher: Some(publisher), publisher_user, topic, payload, qos, retain, properties: properties.into() }
    }

    pub(super) fn accept(self, id: MessageId, now: Instant) -> Arc<ApplicationMessage> {
        let Self { publisher, publisher_user, topic, payload, qos, retain, properties } = self;
        Arc::new(ApplicationMessage { id, publisher, publisher_user, topic, payload, qos, retain, properties, accepted_at: now })
    }
}

impl ApplicationMessage {
    /// When Message Expiry Interval has passed [MQTT-3.3.2-5].
    pub(super) fn expires_at(&self) -> Option<Instant> {
        let seconds = self.properties.message_expiry_interval?;
        Some(self.accepted_at + Duration::from_secs(u64::from(seconds)))
    }

    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }

    /// What it counts for against the byte limit of a queue: topic, payload and all properties of variable length.
    pub(super) fn size(&self) -> usize {
        if self.properties.is_empty() {
            return self.topic.as_str().len().saturating_add(self.payload.len());
        }
        let PublishProperties { response_topic, correlation_data, user_properties, content_type, .. } = &*self.properties;
        let parts = [
            response_topic.as_ref().map_or(0, |topic| topic.as_str().len()),
            optional(correlation_data.as_deref()),
            optional(content_type.as_deref().map(str::as_bytes)),
        ];
        size(&self.topic, &self.payload, parts, user_properties)
    }

    /// Message Expiry Interval less the whole seconds that the message has waited [MQTT-3.3.2-6].
    pub(super) fn remaining_expiry(&self, now: Instant) -> Option<u32> {
        let waited = now.saturating_since(self.accepted_at).as_millis() / 1_000;
        let interval = self.properties.message_expiry_interval?;
        Some(interval.saturating_sub(u32::try_from(waited).unwrap_or(u32::MAX)))
    }
}

/// What a will counts for: as much as the message that it becomes.
pub(super) fn will_size(will: &WillMessage) -> usize {
    let WillProperties { response_topic, correlation_data, user_properties, content_type, .. } = &will.properties;
    let parts = [
        response_topic.as_ref().map_or(0, |topic| topic.as_str().len()),
        optional(correlation_data.as_deref()),
        optional(content_type.as_deref().map(str::as_bytes)),
    ];
    size(&will.topic, &will.payload, parts, user_properties)
}

fn optional(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(0, <[u8]>::len)
}

/// Topic, payload, the other properties of variable length, and for each User Property the place that it takes even if its texts are empty.
fn size(topic: &TopicName, payload: &[u8], parts: [usize; 3], user_properties: &UserProperties) -> usize {
    let pairs = user_properties.iter().map(|(name, value)| name.len().saturating_add(value.len()).saturating_add(USER_PROPERTY));
    let all = [topic.as_str().len(), payload.len()].into_iter().chain(parts).chain(pairs);
    all.fold(0, usize::saturating_add)
}

/// One message on its way to one subscriber.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Delivery {
    pub(super) message: Arc<ApplicationMessage>,
    /// The lower of published and granted QoS [MQTT-3.8.4-8].
    pub(super) qos: QoS,
    /// RETAIN as this subscriber sees it.
    pub(super) retain: bool,
    pub(super) subscription_identifiers: SmallVec<[u32; 1]>,
    /// The Shared Subscription that it came by: the group whose other members may get it instead.
    pub(super) share: Option<TopicFilter>,
}

/// A message that a session answers for until its Client has it, with the Shared Subscription that it came by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kept {
    pub(super) message: Arc<ApplicationMessage>,
    pub(super) share: Option<TopicFilter>,
}

impl Kept {
    /// As one that was sent at this QoS: a QoS 2 message stays with the member of the group that it was sent to [MQTT-4.8.2-5].
    pub(super) fn sent_at(&self, qos: QoS) -> Self {
        Self { message: Arc::clone(&self.message), share: self.share.clone().filter(|_| qos == QoS::AtLeastOnce) }
    }
}

impl Delivery {
    pub(super) fn kept(&self) -> Kept {
        Kept { message: Arc::clone(&self.message), share: self.share.clone() }
    }

    /// The packet for this subscriber. What 3.1.1 does not have is left out by the caller's choice of `with_properties`.
    pub(super) fn to_publish(&self, now: Instant, packet_id: Option<PacketId>, dup: bool, with_properties: bool) -> Publish {
        let expiry = self.message.remaining_expiry(now);
        let properties = if !with_properties {
            CarriedProperties::default()
        } else if expiry == self.message.properties.message_expiry_interval && self.subscription_identifiers.is_empty() {
            self.message.properties.clone()
        } else {
            let subscription_identifiers = self.subscription_identifiers.clone();
            let properties = self.message.properties.clone().into_values();
            PublishProperties { message_expiry_interval: expiry, subscription_identifiers, ..properties }.into()
        };
        Publish {
            dup,
            qos: self.qos,
            retain: self.retain,
            topic: self.message.topic.clone(),
            packet_id,
            properties,
            payload: self.message.payload.clone(),
        }
    }
}
