//! Copies that go nowhere, and whether the reason that the broker tells is true.

use super::{Checker, Invariant};
use crate::broker::{DropReason, MessageId};
use crate::packet::{ClientId, QoS, TopicFilter};
use crate::trace::RecordId;

/// What one copy of a session may be.
struct Copy {
    is_it: bool,
    is_flying: bool,
    qos: QoS,
    share: Option<TopicFilter>,
}

impl Checker {
    pub(super) fn take_dropped(&mut self, record: RecordId, id: MessageId, client_id: &ClientId, reason: DropReason) {
        let dies = self.broker_dies();
        let Some(session) = self.session_or_ended(client_id) else { return };
        // A session may have several copies: its own, and one from each group. The record does not say which, but whether it can be is known. A message at QoS 2
        // whose PUBREC has come has reached its subscriber.
        let copies: Vec<Copy> = session
            .owed
            .iter()
            .map(|owed| Copy {
                is_it: owed.message.id == id && !(owed.is_flying && session.flow.is_received(owed.tag)),
                is_flying: owed.is_flying,
                qos: owed.qos,
                share: owed.share.clone(),
            })
            .collect();
        let rank = |Copy { is_it, is_flying, qos, share }: &Copy| {
            let moves = share.as_ref().is_some_and(|share| !dies && self.may_move(share, client_id));
            // A message at QoS 2 that was sent stays with its member.
            let stays = !moves || (*is_flying && *qos == QoS::ExactlyOnce);
            let fits = match reason {
                DropReason::MovedToAnotherMember => moves,
                DropReason::SessionEnded => stays,
                _ => true,
            };
            (*is_it && (reason != DropReason::MovedToAnotherMember || share.is_some())).then_some((!fits, *is_flying, share.is_some()))
        };
        let ranked = copies.iter().enumerate().filter_map(|(place, copy)| Some((rank(copy)?, place)));
        let place = ranked.min().map(|(_, place)| place);
        match place {
            Some(place) => self.drop_owed(record, client_id, place, reason),
            None => self.break_at(record, None, (Invariant::Conservation, "", "a message is dropped that nobody was to get")),
        }
    }

    /// A session that ended had copies from two groups, and it is the other one that moves first: the record of a move does not name the group.
    pub(super) fn moved_the_other(&mut self, id: MessageId, filter: &TopicFilter) -> bool {
        let Some(place) = self.batch.to_choose.iter().position(|(message, _)| *message == id) else { return false };
        let copies = self.ended.iter_mut().flat_map(|(_, session)| session.owed.iter_mut());
        let mut left = copies.filter(|owed| owed.message.id == id && owed.share.as_ref() == Some(filter));
        let Some(owed) = left.next() else { return false };
        owed.share = Some(self.batch.to_choose.remove(place).1);
        true
    }

    /// Whether another member of the group can get a copy.
    fn may_move(&self, share: &TopicFilter, client_id: &ClientId) -> bool {
        let mut others = self.sessions.iter().filter(|(id, _)| *id != client_id);
        self.has_left(share, client_id) && others.any(|(_, session)| session.subscriptions.contains_key(share) && !session.is_over())
    }

    /// Whether a session has ended, is no member of a group, or asks to leave it.
    fn has_left(&self, share: &TopicFilter, client_id: &ClientId) -> bool {
        let Some(session) = self.sessions.get(client_id).filter(|session| session.subscriptions.contains_key(share)) else { return true };
        let connection = session.online.and_then(|id| self.connections.get(&id));
        connection.is_some_and(|connection| connection.unsubscribes.values().any(|(_, unsubscribe)| unsubscribe.filters.contains(share)))
    }

    /// A copy goes nowhere: is the reason true?
    pub(super) fn drop_owed(&mut self, record: RecordId, client_id: &ClientId, place: usize, reason: DropReason) {
        let now = self.now;
        let is_excused = self.batch.is_excused;
        let is_ended = self.ended.iter().any(|(id, _)| id == client_id);
        self.findings.test(Invariant::Conservation);
        let limits = self.limits.as_ref().map(|limits| (limits.max_queued_messages, limits.max_queued_bytes));
        let Some(session) = self.session_or_ended(client_id) else { return };
        if place >= session.owed.len() {
            return;
        }
        let owed = session.owed.remove(place);
        let is_online = session.online.is_some();
        let (connection, waiting) = (session.online, session.waiting());
        if owed.is_flying {
            session.flow.end_tag(owed.tag);
        }
        let packet_size =
            connection.and_then(|id| self.connections.get(&id)).map(|connection| connection.limits_for(crate::link::Side::Broker).1);
        let is_true = match reason {
            DropReason::QosZeroOffline => owed.qos == QoS::AtMostOnce && !is_online,
            DropReason::Expired => owed.message.expires_at().is_some_and(|at| at <= now),
            DropReason::PacketTooLarge => packet_size.is_some_and(|size| size < usize::MAX),
            DropReason::SessionEnded => is_ended,
            DropReason::QueueFull => limits.is_none_or(|(messages, bytes)| waiting >= messages || bytes < 100_000),
            DropReason::NoLocal => false,
            DropReason::MovedToAnotherMember => owed.share.as_ref().is_some_and(|share| is_excused || self.has_left(share, client_id)),
            DropReason::SlowReader | DropReason::PayloadsFull | DropReason::NotAuthorized => true,
        };
        if !is_true {
            let invariant = if reason == DropReason::Expired { Invariant::Expiry } else { Invariant::Conservation };
            self.break_at(record, Some(owed.record), (invariant, "", "a message is dropped for a reason that is not true"));
        }
        if let (DropReason::MovedToAnotherMember, Some(share)) = (reason, owed.share) {
            self.batch.to_choose.push((owed.message.id, share));
        }
    }
}
