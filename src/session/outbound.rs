//! QoS 1 and QoS 2 messages on their way out: sent, and not completely acknowledged (5.0 §4.1, §4.3, §4.4, §4.9).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use super::packet_ids::PacketIds;
use crate::packet::{Acknowledgement, Packet, PacketId, ProtocolVersion, Publish, QoS, ReasonCode, TopicName};

/// The sending half of a Session State. `T` is what the owner calls a message.
///
/// Nothing here is ever sent again on a living connection: [`Outbound::next_resend`] has something to give only after
/// [`Outbound::connection_started`] [MQTT-4.4.0-1]. At most 65 535 messages fit, one for each Packet Identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outbound<T> {
    version: ProtocolVersion,
    ids: PacketIds,
    /// In the order of first sending; the key is that order.
    flights: BTreeMap<u64, Box<Flight<T>>>,
    by_id: BTreeMap<PacketId, u64>,
    /// Identifiers of SUBSCRIBE and UNSUBSCRIBE, which share the space on a Client.
    requests: BTreeSet<PacketId>,
    next_order: u64,
    next_release: u64,
    /// Send quota at the start of the connection, and what is left of it [MQTT-4.9.0-1].
    receive_maximum: u16,
    send_quota: u16,
    /// What is to be sent again on this connection: PUBLISH by order, PUBREL as (place in the order, which).
    publishes_due: VecDeque<u64>,
    pubrels_due: VecDeque<(u64, u64)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Flight<T> {
    tag: T,
    packet_id: PacketId,
    /// As first sent; without payload and properties once the receiver owns the message.
    publish: Publish,
    stage: Stage,
    /// Whether it was taken off the send quota of this connection.
    counted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Published,
    /// PUBREC came, as the n-th: PUBRELs keep that order [MQTT-4.6.0-4].
    Released(u64),
}

/// What a message in flight waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaiting {
    /// PUBACK (QoS 1).
    Puback,
    /// PUBREC (QoS 2).
    Pubrec,
    /// PUBCOMP (QoS 2, PUBREL is sent).
    Pubcomp,
}

/// A look at one message in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight<'a, T> {
    /// What the owner calls it.
    pub tag: &'a T,
    /// Its Packet Identifier.
    pub packet_id: PacketId,
    /// Its Topic Name.
    pub topic: &'a TopicName,
    /// Its QoS.
    pub qos: QoS,
    /// What it waits for.
    pub awaiting: Awaiting,
}

/// Why a new QoS 1 or 2 PUBLISH has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocked {
    /// The send quota is zero [MQTT-4.9.0-2].
    SendQuota,
    /// Older messages still have to be sent again first [MQTT-4.6.0-1].
    ResendDue,
    /// All 65 535 Packet Identifiers are in use.
    NoPacketId,
}

/// What an acknowledgement from the other side did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledged<T> {
    /// The exchange is over and its identifier free: PUBACK, PUBCOMP, or PUBREC of 0x80 or above [MQTT-4.4.0-2].
    Completed {
        /// What the owner calls the message.
        tag: T,
    },
    /// PUBREC was taken: this PUBREL is to be sent [MQTT-4.3.3-4].
    Released {
        /// What the owner calls the message.
        tag: T,
        /// Content of the PUBREL.
        pubrel: Acknowledgement,
    },
    /// PUBREC came again: this PUBREL is to be sent again in answer. Nothing changed.
    ReleasedAgain {
        /// Content of the PUBREL.
        pubrel: Acknowledgement,
    },
    /// The identifier is not in use. Nothing changed.
    Unknown {
        /// The answer to a PUBREC: PUBREL, in 5.0 with Packet Identifier not found. PUBACK and PUBCOMP have none.
        pubrel: Option<Acknowledgement>,
    },
    /// The identifier is in use by a packet that this one does not answer [MQTT-2.2.1-5]: the other side breaks the protocol. Nothing changed.
    OutOfTurn,
}

impl<T> Outbound<T> {
    /// Nothing in flight, and no connection: the send quota is zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            version: ProtocolVersion::V5,
            ids: PacketIds::new(),
            flights: BTreeMap::new(),
            by_id: BTreeMap::new(),
            requests: BTreeSet::new(),
            next_order: 0,
            next_release: 0,
            receive_maximum: 0,
            send_quota: 0,
            publishes_due: VecDeque::new(),
            pubrels_due: VecDeque::new(),
        }
    }

    /// A connection to this session begins: the send quota is `receive_maximum` of the other side [MQTT-4.9.0-1] (65 535 if it named none, as in
    /// 3.1.1), and everything in flight is due to be sent again.
    pub fn connection_started(&mut self, version: ProtocolVersion, receive_maximum: u16) {
        self.connection_ended();
        self.version = version;
        self.receive_maximum = receive_maximum;
        self.send_quota = receive_maximum;
        let mut places = Vec::new();
        let mut releases = Vec::new();
        for (&order, flight) in &mut self.flights {
            flight.counted = false;
            match flight.stage {
                Stage::Published => self.publishes_due.push_back(order),
                Stage::Released(release) => {
                    places.push(order);
                    releases.push((release, order));
                }
            }
        }
        // PUBRELs stand at their places among the PUBLISHes, but in the order of their PUBRECs [MQTT-4.6.0-4].
        releases.sort_unstable();
        self.pubrels_due = places.into_iter().zip(releases).map(|(place, (_, order))| (place, order)).collect();
    }

    /// The connection is gone: identifiers of SUBSCRIBE and UNSUBSCRIBE are free again, everything in flight stays.
    pub fn connection_ended(&mut self) {
        while let Some(id) = self.requests.pop_first() {
            self.ids.release(id);
        }
        self.receive_maximum = 0;
        self.send_quota = 0;
        self.publishes_due.clear();
        self.pubrels_due.clear();
    }

    /// Why a new PUBLISH at QoS 1 or 2 has to wait, `None` if it can go.
    #[must_use]
    pub fn blocked(&self) -> Option<Blocked> {
        if !self.publishes_due.is_empty() {
            Some(Blocked::ResendDue)
        } else if self.send_quota == 0 {
            Some(Blocked::SendQuota)
        } else if self.ids.is_exhausted() {
            Some(Blocked::NoPacketId)
        } else {
            None
        }
    }

    /// The identifier that [`Outbound::send`] gives the next message, so that its packet can be made, and its size known, before it is sent.
    ///
    /// # Errors
    /// Why it has to wait.
    pub fn next_id(&self) -> Result<PacketId, Blocked> {
        match self.blocked() {
            Some(blocked) => Err(blocked),
            None => self.ids.peek().ok_or(Blocked::NoPacketId),
        }
    }

    /// How many PUBLISHes at QoS 1 and 2 may still be sent on this connection before one is acknowledged [MQTT-4.9.0-2].
    #[must_use]
    pub const fn send_quota(&self) -> u16 {
        self.send_quota
    }

    /// The quota that this connection started with.
    #[must_use]
    pub const fn receive_maximum(&self) -> u16 {
        self.receive_maximum
    }

    /// Whether something still has to be sent again on this connection.
    #[must_use]
    pub fn is_resending(&self) -> bool {
        !self.publishes_due.is_empty() || !self.pubrels_due.is_empty()
    }

    /// How many messages are in flight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flights.len()
    }

    /// Whether nothing is in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// The messages in flight in the order of their first sending.
    pub fn iter(&self) -> impl Iterator<Item = InFlight<'_, T>> {
        self.flights.values().map(|flight| flight.view())
    }

    /// An identifier for a SUBSCRIBE or UNSUBSCRIBE. `None` if all are in use.
    pub fn allocate_request_id(&mut self) -> Option<PacketId> {
        let id = self.ids.allocate()?;
        self.requests.insert(id);
        Some(id)
    }

    /// SUBACK or UNSUBACK came: whether `id` was in use by a SUBSCRIBE or UNSUBSCRIBE. It is free now.
    pub fn release_request_id(&mut self, id: PacketId) -> bool {
        let known = self.requests.remove(&id);
        if known {
            self.ids.release(id);
        }
        known
    }

    /// Whether the identifier is in use, by a message or a request.
    #[must_use]
    pub fn is_in_use(&self, id: PacketId) -> bool {
        self.ids.contains(id)
    }
}

impl<T: Clone> Outbound<T> {
    /// Gives `message` the next identifier and keeps it until it is completely acknowledged. What comes back is to be sent: DUP 0
    /// [MQTT-4.3.2-2] [MQTT-4.3.3-2]. A QoS 0 message passes through: no identifier, no quota, nothing kept [MQTT-4.3.1-1].
    ///
    /// A Topic Alias is not kept, since it would not outlive the connection [MQTT-3.3.2-7]: give the message its full Topic Name, and the copy that
    /// comes back the alias.
    ///
    /// # Errors
    /// Why it has to wait; see [`Outbound::blocked`].
    pub fn send(&mut self, tag: T, message: &Publish) -> Result<Publish, Blocked> {
        let mut publish = Publish { dup: false, packet_id: None, ..message.clone() };
        if publish.qos == QoS::AtMostOnce {
            return Ok(publish);
        }
        let mut kept = publish.clone();
        if kept.properties.topic_alias.is_some() {
            kept.properties.topic_alias = None;
            publish.properties.topic_alias = None;
        }
        publish.packet_id = Some(self.sent(tag, kept)?);
        Ok(publish)
    }

    /// Keeps a message at QoS 1 or 2 that the owner has written itself, with the identifier of [`Outbound::next_id`], which comes back: until it is completely
    /// acknowledged. It has DUP 0 and no Topic Alias.
    ///
    /// # Errors
    /// As [`Outbound::send`].
    pub fn sent(&mut self, tag: T, mut publish: Publish) -> Result<PacketId, Blocked> {
        if let Some(blocked) = self.blocked() {
            return Err(blocked);
        }
        let packet_id = self.ids.allocate().ok_or(Blocked::NoPacketId)?;
        publish.packet_id = Some(packet_id);
        self.send_quota = self.send_quota.saturating_sub(1);
        let order = self.next_order;
        self.next_order = order.wrapping_add(1);
        self.by_id.insert(packet_id, order);
        self.flights.insert(order, Box::new(Flight { tag, packet_id, publish, stage: Stage::Published, counted: true }));
        Ok(packet_id)
    }

    /// The next packet to send again after the session was resumed: PUBLISH with DUP 1 or PUBREL, with its original identifier, in the original order
    /// [MQTT-4.4.0-1] [MQTT-4.6.0-1]. `None` when all are sent or the send quota is used up (PUBRELs do not wait for it); so ask again after each acknowledgement.
    pub fn next_resend(&mut self) -> Option<Packet> {
        loop {
            let publish = self.publishes_due.front().copied().filter(|_| self.send_quota > 0);
            let pubrel = self.pubrels_due.front().copied();
            match (publish, pubrel) {
                (Some(order), pubrel) if pubrel.is_none_or(|(place, _)| order < place) => {
                    self.publishes_due.pop_front();
                    // It may have been acknowledged in the meantime.
                    if let Some(flight) = self.flights.get_mut(&order).filter(|flight| flight.stage == Stage::Published) {
                        flight.counted = true;
                        self.send_quota = self.send_quota.saturating_sub(1);
                        return Some(Packet::Publish(Publish { dup: true, ..flight.publish.clone() }));
                    }
                }
                (_, Some((_, order))) => {
                    self.pubrels_due.pop_front();
                    if let Some(flight) = self.flights.get(&order) {
                        return Some(Packet::Pubrel(Acknowledgement::new(flight.packet_id, ReasonCode::Success)));
                    }
                }
                _ => return None,
            }
        }
    }

    /// A message in flight once more on the living connection, as only 3.1.1 allows: PUBLISH with DUP 1 or PUBREL. Nothing changes.
    #[must_use]
    pub fn once_more(&self, packet_id: PacketId) -> Option<Packet> {
        let flight = self.by_id.get(&packet_id).and_then(|order| self.flights.get(order))?;
        Some(match flight.stage {
            Stage::Published => Packet::Publish(Publish { dup: true, ..flight.publish.clone() }),
            Stage::Released(_) => Packet::Pubrel(Acknowledgement::new(packet_id, ReasonCode::Success)),
        })
    }

    /// PUBACK came.
    pub fn handle_puback(&mut self, packet_id: PacketId) -> Acknowledged<T> {
        self.finish(packet_id, Awaiting::Puback)
    }

    /// PUBCOMP came.
    pub fn handle_pubcomp(&mut self, packet_id: PacketId) -> Acknowledged<T> {
        self.finish(packet_id, Awaiting::Pubcomp)
    }

    /// PUBREC came.
    pub fn handle_pubrec(&mut self, packet_id: PacketId, reason_code: ReasonCode) -> Acknowledged<T> {
        let Some(flight) = self.by_id.get(&packet_id).and_then(|order| self.flights.get_mut(order)) else {
            if self.requests.contains(&packet_id) {
                return Acknowledged::OutOfTurn;
            }
            let answer = match self.version {
                ProtocolVersion::V5 => ReasonCode::PacketIdentifierNotFound,
                ProtocolVersion::V311 => ReasonCode::Success,
            };
            // A PUBREC with a failure ends the exchange at the other side too: there is nothing to release.
            let pubrel = (!reason_code.is_error()).then(|| Acknowledgement::new(packet_id, answer));
            return Acknowledged::Unknown { pubrel };
        };
        match flight.awaiting() {
            Awaiting::Pubrec if reason_code.is_error() => self.finish(packet_id, Awaiting::Pubrec),
            Awaiting::Pubrec => {
                flight.stage = Stage::Released(self.next_release);
                self.next_release = self.next_release.wrapping_add(1);
                // The receiver owns the message now, it is never sent again [MQTT-4.3.3-6].
                flight.publish.payload = crate::packet::Payload::default();
                flight.publish.properties = crate::packet::CarriedProperties::default();
                Acknowledged::Released { tag: flight.tag.clone(), pubrel: Acknowledgement::new(packet_id, ReasonCode::Success) }
            }
            Awaiting::Pubcomp if !reason_code.is_error() => {
                Acknowledged::ReleasedAgain { pubrel: Acknowledgement::new(packet_id, ReasonCode::Success) }
            }
            Awaiting::Pubcomp | Awaiting::Puback => Acknowledged::OutOfTurn,
        }
    }

    /// Takes a message out that must not be sent on this connection (larger than the other side's Maximum Packet Size, for example); it counts as completed
    /// [MQTT-3.1.2-25].
    pub fn abandon(&mut self, packet_id: PacketId) -> Option<T> {
        let awaiting = self.by_id.get(&packet_id).and_then(|order| self.flights.get(order)).map(|flight| flight.awaiting())?;
        match self.finish(packet_id, awaiting) {
            Acknowledged::Completed { tag } => Some(tag),
            _ => None,
        }
    }

    /// Ends the session: what was in flight, in the order of first sending. Identifiers start from 1 again (also those of requests, so call it before any); the
    /// connection and its whole quota stay.
    pub fn discard(&mut self) -> Vec<(T, Publish)> {
        let (version, receive_maximum) = (self.version, self.receive_maximum);
        let discarded = std::mem::take(self);
        self.version = version;
        self.receive_maximum = receive_maximum;
        self.send_quota = receive_maximum;
        discarded.flights.into_values().map(|flight| (flight.tag, flight.publish)).collect()
    }

    fn finish(&mut self, packet_id: PacketId, awaited: Awaiting) -> Acknowledged<T> {
        let Some(order) = self.by_id.get(&packet_id).copied() else {
            return if self.requests.contains(&packet_id) { Acknowledged::OutOfTurn } else { Acknowledged::Unknown { pubrel: None } };
        };
        if self.flights.get(&order).map(|flight| flight.awaiting()) != Some(awaited) {
            return Acknowledged::OutOfTurn;
        }
        let Some(flight) = self.flights.remove(&order) else {
            return Acknowledged::Unknown { pubrel: None };
        };
        self.by_id.remove(&packet_id);
        self.ids.release(packet_id);
        // A PUBREL of an earlier connection took nothing off this one's quota, so that its PUBCOMP gives nothing back: otherwise more messages than Receive
        // Maximum would be unacknowledged [MQTT-3.3.4-7].
        if flight.counted {
            self.send_quota = self.send_quota.saturating_add(1).min(self.receive_maximum);
        }
        Acknowledged::Completed { tag: flight.tag }
    }
}

impl<T> Default for Outbound<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Flight<T> {
    const fn awaiting(&self) -> Awaiting {
        match (self.stage, self.publish.qos) {
            (Stage::Released(_), _) => Awaiting::Pubcomp,
            (Stage::Published, QoS::ExactlyOnce) => Awaiting::Pubrec,
            (Stage::Published, _) => Awaiting::Puback,
        }
    }

    const fn view(&self) -> InFlight<'_, T> {
        InFlight { tag: &self.tag, packet_id: self.packet_id, topic: &self.publish.topic, qos: self.publish.qos, awaiting: self.awaiting() }
    }
}

#[cfg(test)]
#[path = "outbound_tests.rs"]
mod tests;
