//! One direction of QoS 1 and 2 between a Client and the broker, as its sender sees it.

use std::collections::BTreeSet;

use super::invariant::Invariant;
use crate::packet::{PacketId, Payload, ProtocolVersion, Publish, QoS, TopicName};
use crate::session::ConnectionId;
use crate::trace::RecordId;

/// What is wrong with a packet: the promise, its clause, and in words.
pub(super) type Fault = (Invariant, &'static str, &'static str);

/// A message that is not acknowledged yet.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) packet_id: PacketId,
    pub(super) qos: QoS,
    /// PUBREC came: PUBREL follows, and PUBLISH never again.
    pub(super) is_received: bool,
    /// On which connection it was sent last.
    pub(super) connection: ConnectionId,
    pub(super) record: RecordId,
    /// Place in the order of first sending.
    order: u64,
    topic: TopicName,
    payload: Payload,
    /// What the owner calls it.
    pub(super) tag: u64,
}

/// Messages in flight in one direction of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    flights: Vec<Flight>,
    next_order: u64,
    /// The last one that was sent again, and on which connection.
    resent: Option<(ConnectionId, u64)>,
    /// Packet Identifiers of which nobody knows whether the sender still remembers them, since it lost power.
    uncertain: BTreeSet<PacketId>,
}

impl Flow {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Flight> {
        self.flights.iter()
    }

    pub(super) fn find(&self, packet_id: PacketId) -> Option<&Flight> {
        self.flights.iter().find(|flight| flight.packet_id == packet_id)
    }

    /// Whether PUBREC has come for a message.
    pub(super) fn is_received(&self, tag: u64) -> bool {
        self.flights.iter().any(|flight| flight.tag == tag && flight.is_received)
    }

    /// The session is gone.
    pub(super) fn clear(&mut self) {
        self.flights.clear();
        self.uncertain.clear();
        self.resent = None;
    }

    /// The sender lost power: it may remember everything or nothing.
    pub(super) fn forget_perhaps(&mut self) {
        self.uncertain.extend(self.flights.iter().map(|flight| flight.packet_id));
        self.flights.clear();
    }

    /// A PUBLISH at QoS 1 or 2 that was not sent before.
    pub(super) fn first(
        &mut self,
        connection: ConnectionId,
        record: RecordId,
        publish: &Publish,
        topic: &TopicName,
        tag: u64,
    ) -> Result<(), Fault> {
        let Some(packet_id) = publish.packet_id else { return Ok(()) };
        self.uncertain.remove(&packet_id);
        if self.find(packet_id).is_some() {
            return Err((Invariant::PacketIds, "MQTT-2.2.1-3", "a Packet Identifier is used again while its message is not acknowledged"));
        }
        let order = self.next_order;
        self.next_order = order.saturating_add(1);
        self.flights.push(Flight {
            packet_id,
            qos: publish.qos,
            is_received: false,
            connection,
            record,
            order,
            topic: topic.clone(),
            payload: publish.payload.clone(),
            tag,
        });
        Ok(())
    }

    /// A PUBLISH with DUP. Says which message it is.
    pub(super) fn again(
        &mut self,
        connection: ConnectionId,
        version: ProtocolVersion,
        publish: &Publish,
        topic: &TopicName,
        record: RecordId,
    ) -> Result<Option<u64>, Fault> {
        let Some(packet_id) = publish.packet_id else { return Ok(None) };
        let promise = if publish.qos == QoS::ExactlyOnce { Invariant::ExactlyOnce } else { Invariant::AtLeastOnce };
        let is_uncertain = self.uncertain.remove(&packet_id);
        let Some(flight) = self.flights.iter_mut().find(|flight| flight.packet_id == packet_id) else {
            if is_uncertain {
                return self.first(connection, record, publish, topic, u64::MAX).map(|()| None);
            }
            return Err((promise, "MQTT-3.3.1-1", "DUP is set, but no such message is in flight"));
        };
        if flight.is_received {
            return Err((Invariant::ExactlyOnce, "MQTT-4.3.3-6", "PUBLISH is sent again after PUBREC"));
        }
        if flight.connection == connection && version == ProtocolVersion::V5 {
            return Err((promise, "MQTT-4.4.0-1", "PUBLISH is sent again on a living connection"));
        }
        if flight.qos != publish.qos || flight.payload != publish.payload || flight.topic != *topic {
            return Err((Invariant::NoInvention, "MQTT-4.4.0-1", "what is sent again is not the same message"));
        }
        let is_late = flight.connection == connection;
        flight.connection = connection;
        if !is_late && self.resent.is_some_and(|(on, order)| on == connection && order > flight.order) {
            return Err((Invariant::Order, "MQTT-4.6.0-1", "messages are sent again in another order"));
        }
        self.resent = Some((connection, flight.order));
        Ok(Some(flight.tag))
    }

    /// PUBACK, PUBCOMP, or a PUBREC that refuses: the message that it ends.
    pub(super) fn end(&mut self, packet_id: PacketId) -> Option<Flight> {
        self.uncertain.remove(&packet_id);
        let place = self.flights.iter().position(|flight| flight.packet_id == packet_id)?;
        Some(self.flights.remove(place))
    }

    /// PUBREC that does not refuse.
    pub(super) fn received(&mut self, packet_id: PacketId) {
        if let Some(flight) = self.flights.iter_mut().find(|flight| flight.packet_id == packet_id) {
            flight.is_received = true;
        }
    }

    /// PUBREL is sent. `answers` says whether a PUBREC came on this connection before.
    pub(super) fn released(&mut self, connection: ConnectionId, packet_id: PacketId, answers: bool) -> Result<(), Fault> {
        let is_uncertain = self.uncertain.contains(&packet_id);
        match self.flights.iter_mut().find(|flight| flight.packet_id == packet_id) {
            Some(flight) if flight.is_received => {
                flight.connection = connection;
                Ok(())
            }
            _ if answers || is_uncertain => Ok(()),
            _ => Err((Invariant::ExactlyOnce, "MQTT-4.3.3-4", "PUBREL without PUBREC")),
        }
    }
}

impl Flow {
    /// The owner gives a message up.
    pub(super) fn end_tag(&mut self, tag: u64) {
        self.flights.retain(|flight| flight.tag != tag);
    }
}
