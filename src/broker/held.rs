//! How much all messages together take that the broker keeps for somebody.

use std::collections::BTreeMap;

use super::Broker;
use super::event::{BrokerEvent, MessageId};
use super::message::ApplicationMessage;
use crate::text::key;

/// The messages that are retained, queued or in flight. Each counts once, however many wait for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct HeldMessages {
    /// By how many places each is held.
    places: BTreeMap<MessageId, u32>,
    bytes: usize,
    /// What the wills take that may still be published: their room is theirs until then.
    wills: usize,
    /// The limit was reported, and nothing has been let go since.
    full_reported: bool,
}

impl HeldMessages {
    /// One more place holds the message.
    pub(super) fn hold(&mut self, message: &ApplicationMessage) {
        let places = self.places.entry(message.id).or_default();
        if *places == 0 {
            self.bytes = self.bytes.saturating_add(message.size());
        }
        *places = places.saturating_add(1);
    }

    /// One place lets go of it.
    pub(super) fn release(&mut self, message: &ApplicationMessage) {
        let Some(places) = self.places.get_mut(&message.id) else { return };
        *places = places.saturating_sub(1);
        if *places == 0 {
            self.places.remove(&message.id);
            self.bytes = self.bytes.saturating_sub(message.size());
            self.full_reported = false;
        }
    }

    /// A will of this size waits for its time.
    pub(super) const fn reserve(&mut self, size: usize) {
        self.wills = self.wills.saturating_add(size);
    }

    /// A will of this size is published or discarded.
    pub(super) const fn free(&mut self, size: usize) {
        self.wills = self.wills.saturating_sub(size);
        self.full_reported = false;
    }

    /// Bytes of topics, payloads and properties, those of wills too.
    pub(super) const fn bytes_with_wills(&self) -> usize {
        self.bytes.saturating_add(self.wills)
    }

    /// Bytes of topics, payloads and properties.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many messages there are, and their bytes.
    pub(super) fn totals(&self) -> (usize, usize) {
        (self.places.len(), self.bytes)
    }

    /// Whether the message is held already, or fits.
    fn has_room(&self, message: &ApplicationMessage, limit: usize) -> bool {
        self.bytes_with_wills().saturating_add(message.size()) <= limit || self.places.contains_key(&message.id)
    }
}

impl Broker {
    /// Whether one place more may keep this message ([`super::BrokerConfig::max_payload_bytes`]).
    pub(super) fn may_hold(&self, message: &ApplicationMessage) -> bool {
        self.held.has_room(message, self.config.max_payload_bytes)
    }

    /// Says that the limit is reached, once until something is let go.
    pub(super) fn report_held_full(&mut self) {
        if !std::mem::replace(&mut self.held.full_reported, true) {
            let limit = self.config.max_payload_bytes;
            self.emit(BrokerEvent::LimitReached { message: key::BROKER_LIMIT_PAYLOADS.with("limit", limit) });
        }
    }

    /// Bytes of all messages that are retained, queued or in flight, each counted once: topics, payloads and properties.
    #[must_use]
    pub const fn held_bytes(&self) -> usize {
        self.held.bytes()
    }
}
