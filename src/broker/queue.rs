//! The messages that wait for one subscriber, offline or with Receive Maximum used up.

use std::collections::{BTreeSet, VecDeque};

use super::event::MessageId;
use super::message::Delivery;
use crate::packet::{QoS, TopicFilter};
use crate::time::Instant;

/// First in, first out, bounded in messages and bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct MessageQueue {
    entries: VecDeque<Delivery>,
    bytes: usize,
    /// How many of them are of QoS 0.
    qos_zero: usize,
    /// The limit has been reported and the queue has not been empty since.
    full_reported: bool,
}

/// What became of a message that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queued {
    Kept,
    /// The limit is reached. `first` tells that it was not reported since the queue was last empty.
    Full {
        first: bool,
    },
}

fn is_qos_zero(delivery: &Delivery) -> usize {
    usize::from(delivery.qos == QoS::AtMostOnce)
}

impl MessageQueue {
    pub(super) const fn new() -> Self {
        Self { entries: VecDeque::new(), bytes: 0, qos_zero: 0, full_reported: false }
    }

    /// Whether a message of this size would be kept.
    pub(super) fn has_room(&self, size: usize, max_messages: usize, max_bytes: usize) -> bool {
        self.entries.len() < max_messages && self.bytes.saturating_add(size) <= max_bytes
    }

    pub(super) fn push(&mut self, delivery: Delivery, max_messages: usize, max_bytes: usize) -> Queued {
        let size = delivery.message.size();
        if !self.has_room(size, max_messages, max_bytes) {
            let first = !self.full_reported;
            self.full_reported = true;
            return Queued::Full { first };
        }
        self.bytes = self.bytes.saturating_add(size);
        self.qos_zero = self.qos_zero.saturating_add(is_qos_zero(&delivery));
        self.entries.push_back(delivery);
        Queued::Kept
    }

    pub(super) fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.entries.pop_front()?;
        self.bytes = self.bytes.saturating_sub(delivery.message.size());
        self.qos_zero = self.qos_zero.saturating_sub(is_qos_zero(&delivery));
        if self.entries.is_empty() {
            self.full_reported = false;
        }
        Some(delivery)
    }

    /// Takes out what has expired at `now`, in order.
    pub(super) fn take_expired(&mut self, now: Instant) -> Vec<Delivery> {
        self.take_those(|delivery| delivery.message.is_expired(now))
    }

    /// Takes out those of these messages that came by this Shared Subscription, in order.
    pub(super) fn take_shared(&mut self, filter: &TopicFilter, messages: &BTreeSet<MessageId>) -> Vec<Delivery> {
        self.take_those(|delivery| delivery.share.as_ref() == Some(filter) && messages.contains(&delivery.message.id))
    }

    fn take_those(&mut self, wanted: impl Fn(&Delivery) -> bool) -> Vec<Delivery> {
        let (taken, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.entries).into_iter().partition(wanted);
        self.entries = kept;
        for delivery in &taken {
            self.bytes = self.bytes.saturating_sub(delivery.message.size());
            self.qos_zero = self.qos_zero.saturating_sub(is_qos_zero(delivery));
        }
        if self.entries.is_empty() {
            self.full_reported = false;
        }
        taken.into()
    }

    /// When the next of its messages expires.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.entries.iter().filter_map(|delivery| delivery.message.expires_at()).min()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes in it, as [`super::message::ApplicationMessage::size`] counts them.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a QoS 0 message waits, as those for offline sessions do where the configuration keeps them.
    pub(super) const fn holds_qos_zero(&self) -> bool {
        self.qos_zero > 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Delivery> {
        self.entries.iter()
    }

    pub(super) fn front(&self) -> Option<&Delivery> {
        self.entries.front()
    }

    /// Takes out everything.
    pub(super) fn drain(&mut self) -> VecDeque<Delivery> {
        std::mem::take(self).entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::event::MessageId;
    use crate::broker::message::MessageContent;
    use crate::packet::{PublishProperties, TopicName};

    fn delivery(payload: &'static str, expiry: Option<u32>) -> Delivery {
        let content = MessageContent {
            publisher: None,
            publisher_user: None,
            topic: TopicName::new("t").unwrap(),
            payload: payload.into(),
            qos: QoS::AtLeastOnce,
            retain: false,
            properties: PublishProperties { message_expiry_interval: expiry, ..PublishProperties::default() }.into(),
        };
        let message = content.accept(MessageId(1), Instant::ZERO);
        Delivery { message, qos: QoS::AtLeastOnce, retain: false, subscription_identifiers: Default::default(), share: None }
    }

    #[test]
    fn both_limits_hold_and_are_reported_once() {
        let mut queue = MessageQueue::default();
        assert_eq!(queue.push(delivery("12345", None), 2, 10), Queued::Kept);
        assert_eq!(queue.push(delivery("12345", None), 2, 10), Queued::Full { first: true }, "6 + 6 bytes are more than 10");
        assert_eq!(queue.push(delivery("", None), 2, 10), Queued::Kept);
        assert_eq!(queue.push(delivery("", None), 2, 10), Queued::Full { first: false });
        assert_eq!((queue.len(), queue.bytes()), (2, 7));
        while queue.pop().is_some() {}
        assert_eq!(queue, MessageQueue::default());
    }

    #[test]
    fn properties_count_against_the_byte_limit() {
        let mut queue = MessageQueue::default();
        let mut delivery = delivery("", None);
        let message = std::sync::Arc::get_mut(&mut delivery.message).unwrap();
        message.properties.user_properties.0.push(("name".into(), "value".into()));
        message.properties.correlation_data = Some("data".into());
        assert_eq!(queue.push(delivery.clone(), 9, 77), Queued::Full { first: true });
        assert_eq!(queue.push(delivery, 9, 78), Queued::Kept);
        assert_eq!(queue.bytes(), 78, "1 for the topic, 4 and 5 for the name and the value, 64 for their place, 4 for the data");
    }

    #[test]
    fn expired_messages_leave_in_order_and_free_their_bytes() {
        let mut queue = MessageQueue::default();
        for (payload, expiry) in [("a", Some(5)), ("b", None), ("c", Some(3))] {
            queue.push(delivery(payload, expiry), 9, 99);
        }
        assert_eq!(queue.next_expiry(), Some(Instant::from_secs(3)));
        assert!(queue.take_expired(Instant::from_millis(2_999)).is_empty());
        let gone: Vec<_> = queue.take_expired(Instant::from_secs(5)).iter().map(|gone| gone.message.payload.clone()).collect();
        assert_eq!(gone, ["a", "c"]);
        assert_eq!((queue.len(), queue.bytes(), queue.next_expiry()), (1, 2, None));
    }
}
