//! Who has subscribed to what.

use std::num::NonZeroU32;

use super::topic_tree::{Subscribed, TopicTree};
use crate::packet::SubscriptionOptions;

/// The number of a session in the broker's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SessionKey(pub(super) u32);

/// One subscription of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Subscriber {
    pub(super) session: SessionKey,
    pub(super) options: SubscriptionOptions,
    /// Subscription Identifier, which is never 0.
    pub(super) identifier: Option<NonZeroU32>,
}

impl Subscribed for Subscriber {
    type Key = SessionKey;

    fn key(&self) -> SessionKey {
        self.session
    }
}

/// All subscriptions by filter.
pub(super) type SubscriptionTree = TopicTree<Subscriber>;
