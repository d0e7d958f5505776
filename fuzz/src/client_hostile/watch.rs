//! What a server may expect of a client, by the packets of both alone.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use mqtt_playground::client::{ClientEvent, PublishToken};
use mqtt_playground::packet::{ConnackProperties, Packet, PacketType, ProtocolVersion, Publish, QoS, TopicName};

/// A QoS 1 or 2 message of the client that is not completely acknowledged.
struct Flight {
    qos: QoS,
    released: bool,
    token: Option<PublishToken>,
}

/// The eyes of a server.
#[derive(Default)]
pub(super) struct Watch {
    version: ProtocolVersion,
    /// Outlive a connection.
    flights: BTreeMap<u16, Flight>,
    connections: usize,
    connection: Connection,
}

/// What ends with a connection.
#[derive(Default)]
struct Connection {
    /// The last CONNACK, with which the client may connect.
    connack: ConnackProperties,
    connected: bool,
    /// PUBLISHes at QoS 1 and 2 that were sent on this connection and are not completely acknowledged.
    unfinished: BTreeSet<u16>,
    /// SUBSCRIBE and UNSUBSCRIBE without an answer.
    requests: BTreeSet<u16>,
    aliases: BTreeMap<u16, TopicName>,
    /// Acknowledgements that the client may send, by type and identifier.
    owed: Vec<(PacketType, u16)>,
}

impl Watch {
    pub(super) fn new(version: ProtocolVersion) -> Self {
        Self { version, ..Self::default() }
    }

    pub(super) fn opened(&mut self) {
        self.connection = Connection::default();
        self.connections += 1;
    }

    /// How many there were.
    pub(super) fn connections(&self) -> usize {
        self.connections
    }

    pub(super) fn event(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::PacketReceived { frame } => self.received(frame),
            ClientEvent::Connected { .. } => self.connection.connected = true,
            ClientEvent::Disconnected(_) => self.connection.connected = false,
            ClientEvent::PublishSent { token, packet_id: Some(id) } => {
                if let Some(flight) = self.flights.get_mut(&id.as_u16()) {
                    flight.token = Some(*token);
                }
            }
            ClientEvent::PublishDropped { token, .. } => self.flights.retain(|_, flight| flight.token != Some(*token)),
            _ => {}
        }
    }

    /// A whole packet of the server is about to be handled.
    fn received(&mut self, frame: &Bytes) {
        let Ok(packet) = Packet::decode(frame, self.version) else { return };
        if let Packet::Connack(connack) = &packet
            && !self.connection.connected
        {
            self.connection.connack = connack.properties.clone();
        }
        if !self.connection.connected {
            return;
        }
        let owed = &mut self.connection.owed;
        match packet {
            Packet::Publish(Publish { qos: QoS::AtLeastOnce, packet_id: Some(id), .. }) => owed.push((PacketType::Puback, id.as_u16())),
            Packet::Publish(Publish { qos: QoS::ExactlyOnce, packet_id: Some(id), .. }) => owed.push((PacketType::Pubrec, id.as_u16())),
            Packet::Pubrel(ack) => owed.push((PacketType::Pubcomp, ack.packet_id.as_u16())),
            Packet::Puback(ack) => self.complete(ack.packet_id.as_u16(), |flight| flight.qos == QoS::AtLeastOnce),
            Packet::Pubcomp(ack) => self.complete(ack.packet_id.as_u16(), |flight| flight.released),
            Packet::Pubrec(ack) => {
                let id = ack.packet_id.as_u16();
                owed.push((PacketType::Pubrel, id));
                let waits = |flight: &Flight| flight.qos == QoS::ExactlyOnce && !flight.released;
                if ack.reason_code.is_error() {
                    self.complete(id, waits);
                } else if let Some(flight) = self.flights.get_mut(&id).filter(|flight| waits(flight)) {
                    flight.released = true;
                }
            }
            Packet::Suback(suback) => drop(self.connection.requests.remove(&suback.packet_id.as_u16())),
            Packet::Unsuback(unsuback) => drop(self.connection.requests.remove(&unsuback.packet_id.as_u16())),
            _ => {}
        }
    }

    fn complete(&mut self, id: u16, completes: impl Fn(&Flight) -> bool) {
        if self.flights.get(&id).is_some_and(completes) {
            self.flights.remove(&id);
            self.connection.unfinished.remove(&id);
        }
    }

    /// The client sends a packet, of so many bytes.
    pub(super) fn sent(&mut self, packet: &Packet, length: usize) {
        let Connection { connack, requests, owed, .. } = &mut self.connection;
        let maximum = connack.maximum_packet_size.map_or(usize::MAX, |size| size as usize);
        let packet_type = packet.packet_type();
        assert!(length <= maximum, "{packet_type} of {length} bytes, over Maximum Packet Size [MQTT-3.2.2-15]");
        match packet {
            Packet::Publish(publish) => self.publish(publish),
            Packet::Subscribe(_) | Packet::Unsubscribe(_) => {
                let id = packet.packet_id().expect("it has one").as_u16();
                assert!(!self.flights.contains_key(&id) && requests.insert(id), "{id} is in use [MQTT-2.2.1-3]");
            }
            Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubcomp(ack) => {
                let place = owed.iter().position(|one| *one == (packet_type, ack.packet_id.as_u16()));
                owed.remove(place.unwrap_or_else(|| panic!("{ack:?} acknowledges nothing of this connection")));
            }
            Packet::Pubrel(ack) => {
                let id = ack.packet_id.as_u16();
                let released = self.flights.get(&id).is_some_and(|flight| flight.released);
                assert!(released || owed.contains(&(PacketType::Pubrel, id)), "PUBREL {id} without PUBREC [MQTT-4.3.3-4]");
            }
            _ => {}
        }
    }

    fn publish(&mut self, publish: &Publish) {
        let Connection { connack, unfinished, requests, aliases, connected, .. } = &mut self.connection;
        assert!(*connected, "PUBLISH before CONNACK");
        assert!(publish.qos <= connack.maximum_qos.unwrap_or(QoS::ExactlyOnce), "over Maximum QoS [MQTT-3.2.2-11]");
        assert!(!publish.retain || connack.retain_available.unwrap_or(true), "RETAIN is not available [MQTT-3.2.2-14]");
        if let Some(alias) = publish.properties.topic_alias {
            let maximum = connack.topic_alias_maximum.unwrap_or(0);
            assert!((1..=maximum).contains(&alias), "alias {alias} of {maximum} [MQTT-3.2.2-17]");
            if publish.topic.is_empty() {
                assert!(aliases.contains_key(&alias), "alias {alias} was not set on this connection [MQTT-3.3.2-7]");
            } else {
                aliases.insert(alias, publish.topic.clone());
            }
        }
        let Some(id) = publish.packet_id.map(|id| id.as_u16()) else { return };
        assert!(!requests.contains(&id), "{id} is in use [MQTT-2.2.1-3]");
        if publish.dup {
            let flight = self.flights.get(&id).expect("DUP of what was sent before");
            assert!(flight.qos == publish.qos && !flight.released);
        } else {
            let flight = Flight { qos: publish.qos, released: false, token: None };
            assert!(self.flights.insert(id, flight).is_none(), "{id} is in flight already [MQTT-2.2.1-4]");
        }
        let is_first = unfinished.insert(id);
        assert!(is_first || self.version == ProtocolVersion::V311, "sent again on a living connection [MQTT-4.4.0-1]");
        let receive_maximum = usize::from(connack.receive_maximum.unwrap_or(u16::MAX));
        assert!(unfinished.len() <= receive_maximum, "Receive Maximum {receive_maximum} [MQTT-3.3.4-7]");
    }
}
