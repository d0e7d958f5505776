//! Shared Subscriptions (5.0 §4.8.2): groups of sessions of which one gets each message.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use super::arena::Arena;
use super::delivery::SharedFrame;
use super::event::{BrokerEvent, DropReason, MessageId};
use super::message::{ApplicationMessage, Delivery, Kept};
use super::session_state::Granted;
use super::subscription::{SessionKey, Subscriber};
use super::topic_tree::{Subscribed, TopicTree};
use super::{Broker, BrokerConfig};
use crate::packet::{ClientId, Packet, PacketId, ProtocolVersion, QoS, TopicFilter, TopicName};
use crate::time::Instant;

/// The number of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ShareKey(u32);

impl Subscribed for ShareKey {
    type Key = Self;

    fn key(&self) -> Self {
        *self
    }
}

/// All groups, each named by its ShareName and filter together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SharedSubscriptions {
    groups: Arena<Group>,
    /// By `$share/ShareName/filter`.
    by_filter: BTreeMap<TopicFilter, ShareKey>,
    /// By the filter behind the ShareName.
    tree: TopicTree<ShareKey>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Group {
    filter: TopicFilter,
    /// In the order in which they joined.
    members: Vec<Member>,
    /// Whose turn it is.
    turn: usize,
}

/// A session in a group, with its own options and Subscription Identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Member {
    session: SessionKey,
    granted: Granted,
}

/// What a member can do with a message, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Readiness {
    /// It is sent at once.
    Now,
    /// It waits for an acknowledgement of the Client, which is online.
    Soon,
    /// It waits for the Client to come back.
    Later,
    /// It would be dropped.
    Never,
    /// Its user may not have it.
    Barred,
}

/// One group, for inspectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedGroupSummary<'a> {
    /// `$share/ShareName/filter`.
    pub filter: &'a TopicFilter,
    /// In the order in which they joined.
    pub members: Vec<&'a ClientId>,
    /// Whose turn it is, as a place among the members.
    pub turn: usize,
}

impl SharedSubscriptions {
    /// Makes the session a member, or replaces its options.
    fn join(&mut self, filter: &TopicFilter, member: Member) {
        let Some(topic_filter) = topic_filter(filter) else { return };
        let Self { groups, by_filter, tree } = self;
        let key = *by_filter.entry(filter.clone()).or_insert_with(|| {
            let key = groups.insert(Group { filter: filter.clone(), members: Vec::new(), turn: 0 });
            tree.insert(&topic_filter, ShareKey(key));
            ShareKey(key)
        });
        let Some(group) = groups.get_mut(key.0) else { return };
        match group.members.iter_mut().find(|one| one.session == member.session) {
            Some(existing) => *existing = member,
            None => group.members.push(member),
        }
    }

    /// Says whether the session was a member. A group without members is gone.
    fn leave(&mut self, filter: &TopicFilter, session: SessionKey) -> bool {
        let Some(key) = self.by_filter.get(filter).copied() else { return false };
        let Some(group) = self.groups.get_mut(key.0) else { return false };
        let Some(place) = group.members.iter().position(|one| one.session == session) else { return false };
        group.members.remove(place);
        if place < group.turn {
            group.turn = group.turn.saturating_sub(1);
        }
        if group.turn >= group.members.len() {
            group.turn = 0;
        }
        if group.members.is_empty() {
            self.groups.remove(key.0);
            self.by_filter.remove(filter);
            if let Some(topic_filter) = topic_filter(filter) {
                self.tree.remove(&topic_filter, key);
            }
        }
        true
    }

    /// The groups whose filter matches, in order of their names: their numbers depend on groups that have nothing to do with them.
    pub(super) fn matching(&self, topic: &TopicName) -> Vec<ShareKey> {
        let mut found = Vec::new();
        if !self.by_filter.is_empty() {
            self.tree.matches(topic, &mut found);
        }
        let mut keys: Vec<ShareKey> = found.into_iter().map(|found| found.subscriber).collect();
        keys.sort_by_key(|key| self.groups.get(key.0).map(|group| &group.filter));
        keys
    }
}

/// The filter behind the ShareName.
fn topic_filter(filter: &TopicFilter) -> Option<TopicFilter> {
    let (_, topic_filter) = filter.share()?;
    TopicFilter::new(topic_filter.to_owned()).ok()
}

impl Member {
    fn delivery(&self, config: &BrokerConfig, filter: &TopicFilter, message: &Arc<ApplicationMessage>) -> Delivery {
        let Granted { options, identifier } = self.granted;
        Delivery {
            message: Arc::clone(message),
            qos: config.delivery_qos(message.qos, options.qos),
            retain: message.retain && options.retain_as_published,
            subscription_identifiers: identifier.into_iter().collect(),
            share: Some(filter.clone()),
        }
    }
}

impl Broker {
    /// Makes a subscription, shared or not; it replaces one of the same session to the same filter.
    pub(super) fn add_subscription(&mut self, filter: &TopicFilter, session: SessionKey, granted: Granted) {
        if filter.is_shared() {
            self.shared.join(filter, Member { session, granted });
        } else {
            let Granted { options, identifier } = granted;
            let identifier = identifier.and_then(NonZeroU32::new);
            self.subscriptions.insert(filter, Subscriber { session, options, identifier });
        }
    }

    /// Removes a subscription, shared or not; says whether it existed.
    pub(super) fn remove_subscription(&mut self, filter: &TopicFilter, session: SessionKey) -> bool {
        if filter.is_shared() { self.shared.leave(filter, session) } else { self.subscriptions.remove(filter, session) }
    }

    /// Gives a message to one member of the group: in turn to the next that can take it now; if none can, it waits with one that is online, or else with one that
    /// comes back.
    pub(super) fn deliver_to_group(&mut self, now: Instant, share: ShareKey, message: &Arc<ApplicationMessage>, frame: &mut SharedFrame) {
        let Some(group) = self.shared.groups.get(share.0) else { return };
        let in_turn = group.members.iter().skip(group.turn).chain(group.members.iter().take(group.turn));
        let mut best: Option<(Readiness, usize, Delivery, SessionKey)> = None;
        for (passed_over, member) in in_turn.enumerate() {
            let delivery = member.delivery(&self.config, &group.filter, message);
            let readiness = self.readiness(now, member.session, &delivery);
            if best.as_ref().is_none_or(|(so_far, ..)| readiness < *so_far) {
                best = Some((readiness, passed_over, delivery, member.session));
            }
            if readiness == Readiness::Now {
                break;
            }
        }
        let Some((_, passed_over, delivery, session)) = best else { return };
        let (filter, members) = (group.filter.clone(), group.members.len());
        let Some(client_id) = self.sessions.get(session.0).map(|session| session.client_id.clone()) else { return };
        if let Some(group) = self.shared.groups.get_mut(share.0) {
            let next = group.turn.saturating_add(passed_over).saturating_add(1);
            group.turn = next.checked_rem(members).unwrap_or_default();
        }
        self.emit(BrokerEvent::SharedMemberChosen { message: message.id, filter: filter.clone(), client_id, members, passed_over });
        self.deliver(now, session, filter, delivery, frame);
    }

    fn readiness(&self, now: Instant, key: SessionKey, delivery: &Delivery) -> Readiness {
        let Some(session) = self.sessions.get(key.0) else { return Readiness::Never };
        if !self.may_receive(key, &delivery.message) {
            return Readiness::Barred;
        }
        let is_kept = delivery.qos > QoS::AtMostOnce || self.config.queue_qos_zero;
        let (messages, bytes) = (self.config.max_queued_messages, self.config.max_queued_bytes);
        let waits = |readiness| match is_kept
            && session.queue.has_room(delivery.message.size(), messages, bytes)
            && self.may_hold(&delivery.message)
        {
            true => readiness,
            false => Readiness::Never,
        };
        let Some(online) = session.online else { return waits(Readiness::Later) };
        // A message that is too large for one may be sent to another (5.0 §3.1.2.11.4).
        if online.maximum_packet_size < usize::MAX {
            let packet_id = (delivery.qos > QoS::AtMostOnce).then_some(PacketId::MIN);
            let publish = delivery.to_publish(now, packet_id, false, session.version == ProtocolVersion::V5);
            if !self.fits(key, &Packet::Publish(publish)) {
                return Readiness::Never;
            }
        }
        let reads_slowly = self.connections.get(&online.connection).is_some_and(|state| state.unwritten.is_over(&self.config));
        match delivery.qos {
            QoS::AtMostOnce if reads_slowly => Readiness::Never,
            QoS::AtMostOnce => Readiness::Now,
            _ if !reads_slowly && session.queue.is_empty() && session.outbound.blocked().is_none() => Readiness::Now,
            _ => waits(Readiness::Soon),
        }
    }

    /// A session lets go of a message that has not reached its Client. Another member of the group that it came by gets it, if there is one that may have it; else it is
    /// dropped for this `reason`.
    pub(super) fn part_with(&mut self, now: Instant, client_id: &ClientId, kept: Kept, reason: DropReason) {
        let Kept { message, share } = kept;
        let group = share.and_then(|filter| self.shared.by_filter.get(&filter).copied());
        let group = group.filter(|group| self.has_reader(*group, &message));
        let reason = match group {
            _ if message.is_expired(now) => DropReason::Expired,
            Some(_) => DropReason::MovedToAnotherMember,
            None => reason,
        };
        self.emit(BrokerEvent::MessageDropped { message: message.id, client_id: client_id.clone(), reason });
        if let Some(group) = group.filter(|_| reason == DropReason::MovedToAnotherMember) {
            self.deliver_to_group(now, group, &message, &mut SharedFrame::default());
        }
    }

    /// Whether the group has a member that may be given this message.
    fn has_reader(&self, share: ShareKey, message: &ApplicationMessage) -> bool {
        let Some(group) = self.shared.groups.get(share.0) else { return false };
        group.members.iter().any(|member| self.may_receive(member.session, message))
    }

    /// After UNSUBSCRIBE from a group: what was not sent yet goes to the others. What none of them may have is still delivered (5.0 §3.10.4).
    pub(super) fn hand_over_queued(&mut self, now: Instant, key: SessionKey, filter: &TopicFilter) {
        let Some(group) = self.shared.by_filter.get(filter).copied() else { return };
        let Some(session) = self.sessions.get(key.0) else { return };
        let client_id = session.client_id.clone();
        let of_group = session.queue.iter().filter(|delivery| delivery.share.as_ref() == Some(filter));
        let to_others: BTreeSet<MessageId> =
            of_group.filter(|delivery| self.has_reader(group, &delivery.message)).map(|delivery| delivery.message.id).collect();
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        for delivery in session.queue.take_shared(filter, &to_others) {
            self.held.release(&delivery.message);
            let kept = Kept { message: delivery.message, share: delivery.share };
            self.part_with(now, &client_id, kept, DropReason::NotAuthorized);
        }
    }

    /// All groups in order of their names.
    pub fn shared_groups(&self) -> impl Iterator<Item = SharedGroupSummary<'_>> {
        self.shared.by_filter.values().filter_map(|key| self.shared.groups.get(key.0)).map(|group| SharedGroupSummary {
            filter: &group.filter,
            members: group
                .members
                .iter()
                .filter_map(|member| self.sessions.get(member.session.0))
                .map(|session| &session.client_id)
                .collect(),
            turn: group.turn,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::SubscriptionOptions;

    #[test]
    fn groups_are_told_apart_by_name_and_filter_and_leave_nothing_behind() {
        let mut shared = SharedSubscriptions::default();
        let filters = ["$share/g/a", "$share/h/a", "$share/g/+"].map(|text| TopicFilter::new(text.to_owned()).unwrap());
        let granted = Granted { options: SubscriptionOptions::default(), identifier: None };
        for filter in &filters {
            for session in 0..3 {
                shared.join(filter, Member { session: SessionKey(session), granted });
                shared.join(filter, Member { session: SessionKey(session), granted });
            }
        }
        assert_eq!(shared.groups.get(0).unwrap().members.len(), 3);
        assert_eq!(shared.matching(&TopicName::new("a").unwrap()).len(), 3);
        assert_eq!(shared.matching(&TopicName::new("b").unwrap()), [ShareKey(2)]);
        assert_eq!(shared.matching(&TopicName::new("$share/g/a").unwrap()), []);
        // Whatever was there before, a message goes to the groups in order of their names.
        shared.leave(&filters[0], SessionKey(0));
        shared.leave(&filters[0], SessionKey(1));
        shared.leave(&filters[0], SessionKey(2));
        let other = TopicFilter::new("$share/a/other".to_owned()).unwrap();
        shared.join(&other, Member { session: SessionKey(9), granted });
        (0..3).for_each(|session| shared.join(&filters[0], Member { session: SessionKey(session), granted }));
        assert_eq!(shared.matching(&TopicName::new("a").unwrap()), [ShareKey(2), ShareKey(3), ShareKey(1)]);
        assert!(shared.leave(&other, SessionKey(9)));
        for filter in &filters {
            for session in 0..3 {
                assert!(shared.leave(filter, SessionKey(session)));
                assert!(!shared.leave(filter, SessionKey(session)));
            }
        }
        assert_eq!(shared, SharedSubscriptions::default());
    }
}
