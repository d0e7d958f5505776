//! QoS 1 and QoS 2 messages on their way in: exactly once at QoS 2, and never more than Receive Maximum (5.0 §4.3, §4.9).

use std::collections::BTreeSet;

use crate::packet::{Acknowledgement, PacketId, ProtocolVersion, QoS, ReasonCode};

/// The receiving half of a Session State: the identifiers of QoS 2 messages that were accepted and not yet released.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inbound {
    version: ProtocolVersion,
    /// PUBLISH is accepted, PUBREL has not come. Survives the connection.
    unreleased: BTreeSet<PacketId>,
    /// PUBLISHes of this connection without PUBACK or PUBCOMP so far; what Receive Maximum counts.
    unacknowledged: BTreeSet<PacketId>,
    receive_maximum: u16,
}

/// What to do with a PUBLISH that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Received {
    /// A message that is new: take it. Acknowledge it as its QoS asks for [MQTT-3.3.4-1].
    New,
    /// A QoS 2 message that was accepted before: send PUBREC, deliver nothing [MQTT-4.3.3-10].
    Duplicate,
    /// The identifier belongs to a QoS 2 message that is not yet released (answer at QoS 1 in 5.0: PUBACK with Packet Identifier in use), or to a QoS 1
    /// message that is not yet acknowledged.
    PacketIdInUse,
    /// More than Receive Maximum messages are unacknowledged: DISCONNECT with Receive Maximum exceeded (5.0 §3.3.4).
    ReceiveMaximumExceeded,
}

impl Inbound {
    /// Nothing received.
    #[must_use]
    pub const fn new() -> Self {
        Self { version: ProtocolVersion::V5, unreleased: BTreeSet::new(), unacknowledged: BTreeSet::new(), receive_maximum: u16::MAX }
    }

    /// A connection to this session begins, on which this side allows `receive_maximum` unacknowledged messages (65 535 if it named none, as in 3.1.1).
    pub fn connection_started(&mut self, version: ProtocolVersion, receive_maximum: u16) {
        self.version = version;
        self.receive_maximum = receive_maximum;
        self.unacknowledged.clear();
    }

    /// PUBLISH at QoS 1 or 2 came. (At QoS 0 there is no identifier, and nothing to remember.)
    pub fn handle_publish(&mut self, packet_id: PacketId, qos: QoS) -> Received {
        if qos == QoS::AtMostOnce {
            return Received::New;
        }
        let counted = self.unacknowledged.contains(&packet_id);
        if self.version == ProtocolVersion::V311 && qos == QoS::AtLeastOnce && !counted {
            // On a connection that has not seen the QoS 2 message of this identifier: who still had it would send it or its PUBREL again first [MQTT-4.4.0-1]. The
            // other side has lost its half of the session, and 3.1.1 has no Reason Code that could tell it. To close instead would keep it out for ever.
            self.unreleased.remove(&packet_id);
        }
        let duplicate = self.unreleased.contains(&packet_id);
        if qos == QoS::AtLeastOnce && (duplicate || counted) || qos == QoS::ExactlyOnce && counted && !duplicate {
            return Received::PacketIdInUse;
        }
        if !counted && self.unacknowledged.len() >= usize::from(self.receive_maximum) {
            return Received::ReceiveMaximumExceeded;
        }
        self.unacknowledged.insert(packet_id);
        if qos == QoS::ExactlyOnce {
            self.unreleased.insert(packet_id);
        }
        if duplicate { Received::Duplicate } else { Received::New }
    }

    /// This side sends PUBACK, or PUBREC with 0x80 or above: the identifier means a new message from now on [MQTT-4.3.2-5] [MQTT-4.3.3-9].
    pub fn finished(&mut self, packet_id: PacketId) {
        self.unreleased.remove(&packet_id);
        self.unacknowledged.remove(&packet_id);
    }

    /// PUBREL came: what the PUBCOMP says [MQTT-4.3.3-11]. For an identifier that is not known: Packet Identifier not found in 5.0.
    pub fn handle_pubrel(&mut self, packet_id: PacketId) -> Acknowledgement {
        let known = self.unreleased.remove(&packet_id);
        self.unacknowledged.remove(&packet_id);
        let reason_code = match self.version {
            ProtocolVersion::V5 if !known => ReasonCode::PacketIdentifierNotFound,
            _ => ReasonCode::Success,
        };
        Acknowledgement::new(packet_id, reason_code)
    }

    /// Identifiers of QoS 2 messages that are accepted and not yet released, upwards.
    pub fn unreleased(&self) -> impl Iterator<Item = PacketId> {
        self.unreleased.iter().copied()
    }

    /// How many messages may still come on this connection before one is acknowledged.
    #[must_use]
    pub fn receive_quota(&self) -> u16 {
        self.receive_maximum.saturating_sub(u16::try_from(self.unacknowledged.len()).unwrap_or(u16::MAX))
    }

    /// Ends the session; the connection and its quota stay.
    pub fn discard(&mut self) {
        self.unreleased.clear();
        self.unacknowledged.clear();
    }
}

impl Default for Inbound {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(value: u16) -> PacketId {
        match PacketId::new(value) {
            Some(id) => id,
            None => PacketId::MIN,
        }
    }

    fn connected(version: ProtocolVersion, receive_maximum: u16) -> Inbound {
        let mut inbound = Inbound::new();
        inbound.connection_started(version, receive_maximum);
        inbound
    }

    #[test]
    fn a_repeated_qos_2_publish_is_delivered_once_also_over_connections_4_3_3_10() {
        let mut inbound = connected(ProtocolVersion::V5, 10);
        assert_eq!(inbound.handle_publish(id(5), QoS::ExactlyOnce), Received::New);
        assert_eq!(inbound.handle_publish(id(5), QoS::ExactlyOnce), Received::Duplicate);
        inbound.connection_started(ProtocolVersion::V5, 10);
        assert_eq!(inbound.handle_publish(id(5), QoS::ExactlyOnce), Received::Duplicate);
        assert_eq!(inbound.handle_pubrel(id(5)).reason_code, ReasonCode::Success);
        assert_eq!(inbound.handle_publish(id(5), QoS::ExactlyOnce), Received::New, "[MQTT-4.3.3-12]");
    }

    #[test]
    fn a_qos_1_id_means_a_new_message_after_puback_4_3_2_5() {
        let mut inbound = connected(ProtocolVersion::V5, 1);
        assert_eq!(inbound.handle_publish(id(1), QoS::AtLeastOnce), Received::New);
        assert_eq!(inbound.handle_publish(id(1), QoS::AtLeastOnce), Received::PacketIdInUse);
        inbound.finished(id(1));
        assert_eq!(inbound.handle_publish(id(1), QoS::AtLeastOnce), Received::New);
    }

    #[test]
    fn after_a_refusing_pubrec_the_id_means_a_new_message_4_3_3_9() {
        let mut inbound = connected(ProtocolVersion::V5, 1);
        assert_eq!(inbound.handle_publish(id(1), QoS::ExactlyOnce), Received::New);
        inbound.finished(id(1));
        assert_eq!(inbound.handle_publish(id(1), QoS::ExactlyOnce), Received::New);
    }

    #[test]
    fn an_identifier_is_not_shared_between_qos_1_and_2() {
        let mut inbound = connected(ProtocolVersion::V5, 10);
        inbound.handle_publish(id(1), QoS::ExactlyOnce);
        assert_eq!(inbound.handle_publish(id(1), QoS::AtLeastOnce), Received::PacketIdInUse);
        inbound.handle_publish(id(2), QoS::AtLeastOnce);
        assert_eq!(inbound.handle_publish(id(2), QoS::ExactlyOnce), Received::PacketIdInUse);
    }

    #[test]
    fn a_sender_without_memory_uses_an_identifier_anew_at_qos_1_4_4_0_1_v311() {
        let mut inbound = connected(ProtocolVersion::V311, 10);
        inbound.handle_publish(id(1), QoS::ExactlyOnce);
        assert_eq!(inbound.handle_publish(id(1), QoS::AtLeastOnce), Received::PacketIdInUse, "on the same connection");
        inbound.connection_started(ProtocolVersion::V311, 10);
        assert_eq!(inbound.handle_publish(id(1), QoS::AtLeastOnce), Received::New);
        inbound.finished(id(1));
        assert_eq!(inbound.handle_publish(id(1), QoS::ExactlyOnce), Received::New, "the old exchange is forgotten");
    }

    #[test]
    fn in_5_0_the_sender_without_memory_is_told_that_an_identifier_is_in_use_3_4_2_1() {
        let mut inbound = connected(ProtocolVersion::V5, 10);
        inbound.handle_publish(id(1), QoS::ExactlyOnce);
        inbound.connection_started(ProtocolVersion::V5, 10);
        assert_eq!(inbound.handle_publish(id(1), QoS::AtLeastOnce), Received::PacketIdInUse);
        assert_eq!(inbound.handle_publish(id(1), QoS::ExactlyOnce), Received::Duplicate);
    }

    #[test]
    fn more_than_receive_maximum_is_noticed_and_a_repetition_counts_once() {
        let mut inbound = connected(ProtocolVersion::V5, 2);
        inbound.handle_publish(id(1), QoS::ExactlyOnce);
        inbound.handle_publish(id(2), QoS::ExactlyOnce);
        assert_eq!(inbound.handle_publish(id(2), QoS::ExactlyOnce), Received::Duplicate);
        assert_eq!(inbound.receive_quota(), 0);
        assert_eq!(inbound.handle_publish(id(3), QoS::AtLeastOnce), Received::ReceiveMaximumExceeded);
        assert_eq!(inbound.handle_publish(id(3), QoS::AtMostOnce), Received::New, "QoS 0 is not counted");
        inbound.handle_pubrel(id(1));
        assert_eq!(inbound.handle_publish(id(3), QoS::AtLeastOnce), Received::New);
    }

    #[test]
    fn a_resumed_session_starts_with_the_whole_quota() {
        let mut inbound = connected(ProtocolVersion::V5, 1);
        inbound.handle_publish(id(1), QoS::ExactlyOnce);
        inbound.connection_started(ProtocolVersion::V5, 1);
        assert_eq!(inbound.receive_quota(), 1);
        assert_eq!(inbound.unreleased().collect::<Vec<_>>(), [id(1)]);
        assert_eq!(inbound.handle_publish(id(9), QoS::ExactlyOnce), Received::New);
    }

    #[test]
    fn pubrel_for_an_unknown_id_is_answered_with_0x92_in_5_0_only() {
        assert_eq!(connected(ProtocolVersion::V5, 1).handle_pubrel(id(9)).reason_code, ReasonCode::PacketIdentifierNotFound);
        assert_eq!(connected(ProtocolVersion::V311, 1).handle_pubrel(id(9)).reason_code, ReasonCode::Success);
    }
}
