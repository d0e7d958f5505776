//! Watches the packets of one direction of one session, over all its connections, and fails the test at the first that breaks a rule.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_playground::packet::{Packet, PacketId, PacketType, Publish, QoS};

/// What the receiver of a direction allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allows {
    pub(super) receive_maximum: usize,
    pub(super) alias_maximum: u16,
    pub(super) packet_maximum: usize,
}

/// One direction of a session.
#[derive(Debug)]
pub(super) struct Judge {
    name: String,
    allows: Allows,
    in_flight: BTreeMap<PacketId, Flight>,
    connection: OnConnection,
}

#[derive(Debug)]
struct Flight {
    payload: Vec<u8>,
    is_released: bool,
}

/// What begins anew with each connection.
#[derive(Debug, Default)]
struct OnConnection {
    packets: usize,
    is_over: bool,
    unacknowledged: BTreeSet<PacketId>,
    sent: BTreeSet<PacketId>,
    aliases: BTreeMap<u16, String>,
}

impl Judge {
    pub(super) fn new(name: String, allows: Allows) -> Self {
        Self { name, allows, in_flight: BTreeMap::new(), connection: OnConnection::default() }
    }

    pub(super) fn connection_started(&mut self) {
        self.connection = OnConnection::default();
    }

    pub(super) fn session_ended(&mut self) {
        self.in_flight.clear();
    }

    /// The sender writes a packet.
    pub(super) fn sent(&mut self, packet: &Packet, size: usize) {
        let name = &self.name;
        let first = matches!(packet.packet_type(), PacketType::Connect | PacketType::Connack);
        assert_eq!(self.connection.packets == 0, first, "{name}: {packet:?} is packet {} of its connection", self.connection.packets);
        assert!(!self.connection.is_over, "{name}: {packet:?} after DISCONNECT [MQTT-3.14.4-1] [MQTT-3.14.4-2]");
        self.connection.packets += 1;
        assert!(first || size <= self.allows.packet_maximum, "{name}: {size} bytes [MQTT-3.1.2-24] [MQTT-3.2.2-15]");
        match packet {
            Packet::Publish(publish) => self.publish_sent(publish),
            Packet::Pubrel(pubrel) => {
                // One for an unknown identifier answers a PUBREC that came twice.
                if let Some(flight) = self.in_flight.get(&pubrel.packet_id) {
                    assert!(flight.is_released, "{name}: PUBREL before PUBREC: {pubrel:?}");
                }
            }
            Packet::Disconnect(_) => self.connection.is_over = true,
            _ => {}
        }
    }

    fn publish_sent(&mut self, publish: &Publish) {
        let Self { name, allows, in_flight, connection } = self;
        if let Some(alias) = publish.properties.topic_alias {
            assert!((1..=allows.alias_maximum).contains(&alias), "{name}: alias {alias} of {} [MQTT-3.1.2-26]", allows.alias_maximum);
            if !publish.topic.is_empty() {
                connection.aliases.insert(alias, publish.topic.to_string());
            }
        }
        let topic = match publish.properties.topic_alias {
            Some(alias) if publish.topic.is_empty() => connection.aliases.get(&alias).cloned(),
            _ => Some(publish.topic.to_string()),
        };
        let named = String::from_utf8_lossy(&publish.payload).split(' ').next().map(str::to_owned);
        assert_eq!(topic, named, "{name}: the topic that this connection knows [MQTT-3.3.2-7]");
        let Some(packet_id) = publish.packet_id else { return };
        assert_ne!(publish.qos, QoS::AtMostOnce);
        match in_flight.get(&packet_id) {
            Some(flight) => {
                assert!(publish.dup, "{name}: {packet_id:?} is in flight [MQTT-2.2.1-3] [MQTT-3.3.1-1]");
                assert!(!flight.is_released, "{name}: PUBLISH after PUBREC [MQTT-4.3.3-6]");
                assert_eq!(*flight.payload, *publish.payload, "{name}: {packet_id:?} means another message [MQTT-4.4.0-1]");
            }
            None => {
                assert!(!publish.dup, "{name}: {packet_id:?} was never sent before [MQTT-4.3.2-2] [MQTT-4.3.3-2]");
                in_flight.insert(packet_id, Flight { payload: publish.payload.to_vec(), is_released: false });
            }
        }
        assert!(connection.sent.insert(packet_id), "{name}: sent again on a living connection [MQTT-4.4.0-1]");
        connection.unacknowledged.insert(packet_id);
        let (count, maximum) = (connection.unacknowledged.len(), allows.receive_maximum);
        assert!(count <= maximum, "{name}: {count} unacknowledged, Receive Maximum {maximum} [MQTT-3.3.4-7] [MQTT-3.3.4-9]");
    }

    /// The sender takes an acknowledgement of the receiver.
    pub(super) fn acknowledged(&mut self, packet: &Packet) {
        match packet {
            Packet::Puback(ack) | Packet::Pubcomp(ack) => self.finished(ack.packet_id),
            Packet::Pubrec(ack) if ack.reason_code.is_error() => self.finished(ack.packet_id),
            Packet::Pubrec(ack) => {
                if let Some(flight) = self.in_flight.get_mut(&ack.packet_id) {
                    flight.is_released = true;
                }
            }
            _ => {}
        }
    }

    fn finished(&mut self, packet_id: PacketId) {
        self.in_flight.remove(&packet_id);
        self.connection.unacknowledged.remove(&packet_id);
        self.connection.sent.remove(&packet_id);
    }

    pub(super) fn assert_idle(&self) {
        assert!(self.in_flight.is_empty(), "{}: {:?}", self.name, self.in_flight);
    }

    /// How many aliases this connection has set.
    pub(super) fn aliases(&self) -> usize {
        self.connection.aliases.len()
    }
}
