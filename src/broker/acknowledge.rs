//! What subscribers answer: PUBACK, PUBREC, PUBCOMP.

use super::Broker;
use super::ending::Misbehaviour;
use super::event::BrokerEvent;
use super::message::Kept;
use super::subscription::SessionKey;
use crate::packet::{Acknowledgement, Packet, PacketType};
use crate::session::Acknowledged;
use crate::text::key;
use crate::time::Instant;

impl Broker {
    pub(super) fn handle_puback(&mut self, now: Instant, key: SessionKey, puback: &Acknowledgement) -> Result<(), Misbehaviour> {
        let Some(session) = self.sessions.get_mut(key.0) else { return Ok(()) };
        let acknowledged = session.outbound.handle_puback(puback.packet_id);
        self.acknowledged(now, key, PacketType::Puback, puback, acknowledged)
    }

    pub(super) fn handle_pubrec(&mut self, now: Instant, key: SessionKey, pubrec: &Acknowledgement) -> Result<(), Misbehaviour> {
        let Some(session) = self.sessions.get_mut(key.0) else { return Ok(()) };
        let acknowledged = session.outbound.handle_pubrec(pubrec.packet_id, pubrec.reason_code);
        self.acknowledged(now, key, PacketType::Pubrec, pubrec, acknowledged)
    }

    pub(super) fn handle_pubcomp(&mut self, now: Instant, key: SessionKey, pubcomp: &Acknowledgement) -> Result<(), Misbehaviour> {
        let Some(session) = self.sessions.get_mut(key.0) else { return Ok(()) };
        let acknowledged = session.outbound.handle_pubcomp(pubcomp.packet_id);
        self.acknowledged(now, key, PacketType::Pubcomp, pubcomp, acknowledged)
    }

    fn acknowledged(
        &mut self,
        now: Instant,
        key: SessionKey,
        packet_type: PacketType,
        ack: &Acknowledgement,
        acknowledged: Acknowledged<Kept>,
    ) -> Result<(), Misbehaviour> {
        let (packet_id, reason_code) = (ack.packet_id, ack.reason_code);
        match acknowledged {
            Acknowledged::Completed { tag } => {
                self.held.release(&tag.message);
                if let Some(client_id) = self.sessions.get(key.0).filter(|_| !self.quiet).map(|session| session.client_id.clone()) {
                    self.emit(BrokerEvent::DeliveryCompleted { message: tag.message.id, client_id, packet_id, reason_code });
                }
                self.pump(now, key);
            }
            Acknowledged::Released { pubrel, .. }
            | Acknowledged::ReleasedAgain { pubrel }
            | Acknowledged::Unknown { pubrel: Some(pubrel) } => {
                self.send(key, &Packet::Pubrel(pubrel));
            }
            // An acknowledgement for what an earlier session had sent: there is no answer to it.
            Acknowledged::Unknown { pubrel: None } => {}
            Acknowledged::OutOfTurn => {
                let message = key::BROKER_ACKNOWLEDGEMENT_OUT_OF_TURN.with("packet", packet_type.name()).with("id", packet_id.as_u16());
                return Err(Misbehaviour::protocol_error("MQTT-2.2.1-5", message));
            }
        }
        Ok(())
    }
}
