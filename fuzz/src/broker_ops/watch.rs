//! What everybody may expect of a broker, by what it was given and what it says and sends alone.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use mqtt_playground::broker::{Broker, BrokerEvent, MessageId, Output, Routing};
use mqtt_playground::packet::{
    Connack, Connect, Packet, PacketType, ProtocolVersion, Publish, QoS, ReasonCode, Subscribe, TopicFilter, TopicName,
};
use mqtt_playground::session::{ConnectionId, Transmit};

/// A message that the broker has accepted.
struct Accepted {
    topic: TopicName,
    qos: QoS,
    retain: bool,
    payload: Bytes,
}

/// A subscription as SUBACK granted it.
struct Granted {
    qos: QoS,
    identifier: Option<u32>,
}

/// A QoS 1 or 2 message that the Client has not acknowledged.
struct Flight {
    qos: QoS,
    released: bool,
    message: MessageId,
}

/// What outlives a connection.
#[derive(Default)]
struct Session {
    subscriptions: BTreeMap<TopicFilter, Granted>,
    flights: BTreeMap<u16, Flight>,
}

/// A PUBLISH that an event has announced.
struct Announced {
    message: MessageId,
    client: String,
    packet_id: Option<u16>,
    dup: bool,
    /// The QoS and the filter, if it was routed just now.
    routed: Option<(QoS, TopicFilter)>,
}

/// The far end of a connection.
#[derive(Default)]
pub(super) struct Peer {
    pub(super) version: ProtocolVersion,
    connect: Option<Connect>,
    client: Option<String>,
    session_present: bool,
    /// The first packet was no legal CONNECT.
    is_ill_formed: bool,
    /// CONNACK has come, with success.
    pub(super) connected: bool,
    /// The last packet has come: a DISCONNECT, or a CONNACK that refuses.
    over: bool,
    pub(super) closed: bool,
    aliases: BTreeMap<u16, TopicName>,
    in_flight: BTreeSet<u16>,
    /// Answers that are due, by type and identifier.
    owed: Vec<(PacketType, u16)>,
    subscribes: Vec<Subscribe>,
    unsubscribes: Vec<(u16, Vec<TopicFilter>)>,
}

impl Peer {
    fn maximum_packet_size(&self) -> usize {
        self.connect.as_ref().and_then(|connect| connect.properties.maximum_packet_size).map_or(usize::MAX, |size| size as usize)
    }

    fn pay(&mut self, packet_type: PacketType, id: u16) {
        let place = self.owed.iter().position(|owed| *owed == (packet_type, id));
        self.owed.remove(place.unwrap_or_else(|| panic!("{packet_type} {id} answers nothing")));
    }

    /// All that was asked before is answered, unless the Client takes no packet of that size.
    fn check_paid(&self) {
        assert!(self.closed || self.owed.is_empty() || self.maximum_packet_size() < 16, "without an answer: {:?}", self.owed);
    }

    /// The oldest message that waits for an acknowledgement: its identifier.
    pub(super) fn first_in_flight(&self) -> Option<u16> {
        self.in_flight.first().copied()
    }
}

/// The eyes of all clients together.
#[derive(Default)]
pub(super) struct Watch {
    pub(super) peers: BTreeMap<ConnectionId, Peer>,
    sessions: BTreeMap<String, Session>,
    messages: BTreeMap<MessageId, Accepted>,
    announced: Option<Announced>,
}

impl Watch {
    pub(super) fn output(&mut self, broker: &Broker, output: &Output) {
        match output {
            Output::Event(event) => self.event(broker, event),
            Output::Transmit(connection, transmit) => {
                let peer = self.peers.get_mut(connection).expect("a connection that was opened");
                assert!(!peer.closed, "nothing after the close: {transmit:?}");
                match transmit {
                    Transmit::Packet { packet_type, bytes } => self.packet(broker, *connection, *packet_type, bytes),
                    Transmit::Close | Transmit::Abort => peer.closed = true,
                    Transmit::Open => panic!("a broker opens nothing"),
                }
            }
        }
    }

    /// After each step.
    pub(super) fn rest(&self, broker: &Broker) {
        assert!(self.announced.is_none(), "a PUBLISH was announced and not sent");
        for peer in self.peers.values() {
            peer.check_paid();
            assert!(!peer.over || peer.closed, "the connection stays open after its last packet");
        }
        let open = self.peers.values().filter(|peer| !peer.closed).count();
        assert_eq!(broker.connection_count(), open);
        for session in broker.sessions() {
            let known = self.sessions.get(session.client_id.as_str()).expect("a session that began with a CONNACK");
            assert_eq!(session.subscriptions.len(), known.subscriptions.len(), "{:?}", session.subscriptions);
            assert!(session.subscriptions.iter().all(|one| known.subscriptions.contains_key(one.filter)));
        }
        assert_eq!(broker.session_count(), self.sessions.len());
    }

    fn event(&mut self, broker: &Broker, event: &BrokerEvent) {
        match event {
            BrokerEvent::PacketReceived { connection, frame } => self.received(*connection, frame),
            BrokerEvent::ClientConnected { connection, client_id, version, session_present, .. } => {
                let peer = self.peers.get_mut(connection).expect("open");
                peer.version = *version;
                peer.client = Some(client_id.as_str().to_owned());
                peer.session_present = *session_present;
                let known = self.sessions.contains_key(client_id.as_str());
                assert_eq!(known, *session_present, "Session Present of {client_id:?}");
                self.sessions.entry(client_id.as_str().to_owned()).or_default();
            }
            BrokerEvent::SessionEnded { client_id, .. } => {
                assert!(self.sessions.remove(client_id.as_str()).is_some(), "{client_id:?} had no session");
            }
            BrokerEvent::Unsubscribed { client_id, filter, reason_code: ReasonCode::Success | ReasonCode::NotAuthorized } => {
                // Also without UNSUBSCRIBE, when rights change. One that may not be ended stays.
                let there = broker.session(client_id).is_some_and(|session| session.subscriptions.iter().any(|one| one.filter == filter));
                if !there && let Some(session) = self.sessions.get_mut(client_id.as_str()) {
                    session.subscriptions.remove(filter);
                }
            }
            BrokerEvent::MessageAccepted { message, topic, qos, retain, payload, .. } => {
                let accepted = Accepted { topic: topic.clone(), qos: *qos, retain: *retain, payload: payload.to_bytes() };
                assert!(self.messages.insert(*message, accepted).is_none(), "{message:?} twice");
            }
            BrokerEvent::MessageRouted { message, client_id, filter, routing } => {
                let accepted = &self.messages[message];
                let session = &self.sessions[client_id.as_str()];
                let topic_filter =
                    filter.share().map_or_else(|| filter.clone(), |(_, own)| TopicFilter::new(own.to_owned()).expect("legal"));
                assert!(topic_filter.matches(&accepted.topic), "{filter:?} does not match {:?}", accepted.topic);
                if !matches!(routing, Routing::Dropped(_)) {
                    assert!(session.subscriptions.contains_key(filter), "{client_id:?} has no subscription {filter:?}");
                }
                if let Routing::Sent { qos, packet_id } = routing {
                    self.announce(Announced {
                        message: *message,
                        client: client_id.as_str().to_owned(),
                        packet_id: packet_id.map(|id| id.as_u16()),
                        dup: false,
                        routed: Some((*qos, filter.clone())),
                    });
                }
            }
            BrokerEvent::MessageSent { message, client_id, packet_id, dup } => self.announce(Announced {
                message: *message,
                client: client_id.as_str().to_owned(),
                packet_id: packet_id.map(|id| id.as_u16()),
                dup: *dup,
                routed: None,
            }),
            BrokerEvent::MessageDropped { message, client_id, .. } => {
                let Some(session) = self.sessions.get_mut(client_id.as_str()) else { return };
                let summary = broker.session(client_id);
                let kept = |id: u16| summary.as_ref().is_some_and(|one| one.in_flight.iter().any(|flight| flight.packet_id.as_u16() == id));
                session.flights.retain(|id, flight| flight.message != *message || kept(*id));
            }
            _ => {}
        }
    }

    fn announce(&mut self, announced: Announced) {
        assert!(self.announced.replace(announced).is_none(), "two PUBLISHes were announced and none sent");
    }

    /// A whole packet from a Client is about to be handled.
    fn received(&mut self, connection: ConnectionId, frame: &Bytes) {
        let peer = self.peers.get_mut(&connection).expect("open");
        assert!(!peer.closed, "a packet is handled after the close");
        peer.check_paid();
        let Ok(packet) = Packet::decode(frame, if peer.connect.is_none() { ProtocolVersion::V5 } else { peer.version }) else {
            if peer.connect.is_none() {
                // Whatever version the bytes mean, one of both can be read.
                peer.is_ill_formed = true;
            }
            return;
        };
        if let (Packet::Connect(connect), None) = (&packet, &peer.connect) {
            peer.version = connect.version;
            peer.connect = Some((**connect).clone());
        }
        if !peer.connected {
            return;
        }
        let flights = peer.client.as_ref().and_then(|client| self.sessions.get_mut(client)).map(|session| &mut session.flights);
        let owe = match packet {
            Packet::Publish(Publish { qos: QoS::AtLeastOnce, packet_id: Some(id), .. }) => (PacketType::Puback, id.as_u16()),
            Packet::Publish(Publish { qos: QoS::ExactlyOnce, packet_id: Some(id), .. }) => (PacketType::Pubrec, id.as_u16()),
            Packet::Pubrel(ack) => (PacketType::Pubcomp, ack.packet_id.as_u16()),
            Packet::Pingreq => (PacketType::Pingresp, 0),
            Packet::Subscribe(subscribe) => {
                let id = subscribe.packet_id.as_u16();
                peer.subscribes.push(subscribe);
                (PacketType::Suback, id)
            }
            Packet::Unsubscribe(unsubscribe) => {
                let id = unsubscribe.packet_id.as_u16();
                peer.unsubscribes.push((id, unsubscribe.filters));
                (PacketType::Unsuback, id)
            }
            Packet::Puback(ack) => {
                return acknowledge(flights, &mut peer.in_flight, ack.packet_id.as_u16(), |one| one.qos == QoS::AtLeastOnce);
            }
            Packet::Pubcomp(ack) => return acknowledge(flights, &mut peer.in_flight, ack.packet_id.as_u16(), |one| one.released),
            Packet::Pubrec(ack) => {
                let id = ack.packet_id.as_u16();
                let waits = |one: &Flight| one.qos == QoS::ExactlyOnce && !one.released;
                if ack.reason_code.is_error() {
                    acknowledge(flights, &mut peer.in_flight, id, waits);
                } else if let Some(flight) = flights.and_then(|flights| flights.get_mut(&id)).filter(|one| waits(one)) {
                    flight.released = true;
                }
                return;
            }
            _ => return,
        };
        peer.owed.push(owe);
    }

    /// The broker sends a packet.
    fn packet(&mut self, broker: &Broker, connection: ConnectionId, packet_type: PacketType, bytes: &Bytes) {
        let peer = self.peers.get_mut(&connection).expect("open");
        if peer.is_ill_formed {
            let refuses =
                |version| matches!(Packet::decode(bytes, version), Ok(Packet::Connack(connack)) if connack.reason_code.is_error());
            assert!(refuses(ProtocolVersion::V5) || refuses(ProtocolVersion::V311), "{bytes:02X?} answers an ill-formed CONNECT");
            peer.over = true;
            return;
        }
        let packet = Packet::decode(bytes, peer.version).expect("the broker sends legal packets");
        assert_eq!(packet.packet_type(), packet_type);
        assert!(!peer.over, "{packet_type} after the last packet");
        assert!(bytes.len() <= peer.maximum_packet_size(), "{packet_type} is larger than the Client accepts [MQTT-3.1.2-24]");
        assert!(peer.connect.is_some(), "{packet_type} before CONNECT");
        match &packet {
            Packet::Connack(connack) => return peer.connack(connack),
            Packet::Auth(_) => {
                let method = peer.connect.as_ref().and_then(|connect| connect.properties.authentication_method.as_ref());
                return assert!(method.is_some(), "AUTH for who named no method [MQTT-4.12.0-6]");
            }
            _ => assert!(peer.connected, "{packet_type} before CONNACK"),
        }
        let client = peer.client.clone().expect("connected");
        match packet {
            Packet::Publish(publish) => self.publish(broker, connection, &client, publish),
            Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubcomp(ack) => peer.pay(packet_type, ack.packet_id.as_u16()),
            Packet::Pubrel(_) => {}
            Packet::Pingresp => peer.pay(packet_type, 0),
            Packet::Suback(suback) => {
                let id = suback.packet_id.as_u16();
                peer.pay(packet_type, id);
                let place = peer.subscribes.iter().position(|one| one.packet_id.as_u16() == id).expect("asked");
                let subscribe = peer.subscribes.remove(place);
                assert_eq!(suback.reason_codes.len(), subscribe.subscriptions.len(), "one code for each filter [MQTT-3.8.4-6]");
                let session = self.sessions.get_mut(&client).expect("a session");
                let identifier = subscribe.properties.subscription_identifier;
                let mut granted: BTreeMap<TopicFilter, Granted> = BTreeMap::new();
                for (one, code) in subscribe.subscriptions.into_iter().zip(suback.reason_codes) {
                    if let Ok(qos) = QoS::try_from(code.as_u8()) {
                        assert!(qos <= one.options.qos, "more than was asked");
                        // Of one filter twice in a packet each brings retained messages, as if it came alone [MQTT-3.8.4-5].
                        let before = granted.get(&one.filter).map_or(qos, |before| before.qos);
                        granted.insert(one.filter, Granted { qos: qos.max(before), identifier });
                    }
                }
                session.subscriptions.extend(granted);
            }
            Packet::Unsuback(unsuback) => {
                let id = unsuback.packet_id.as_u16();
                peer.pay(packet_type, id);
                let place = peer.unsubscribes.iter().position(|one| one.0 == id).expect("asked");
                let (_, filters) = peer.unsubscribes.remove(place);
                let codes = if peer.version == ProtocolVersion::V5 { filters.len() } else { 0 };
                assert_eq!(unsuback.reason_codes.len(), codes, "one code for each filter [MQTT-3.11.3-1]");
            }
            Packet::Disconnect(disconnect) => {
                assert!(peer.version == ProtocolVersion::V5 && disconnect.reason_code.is_error(), "{disconnect:?}");
                assert_eq!(disconnect.properties.session_expiry_interval, None, "[MQTT-3.14.2-2]");
                peer.over = true;
            }
            other => panic!("no Server sends {other:?}"),
        }
    }

    fn publish(&mut self, broker: &Broker, connection: ConnectionId, client: &str, publish: Publish) {
        let announced = self.announced.take().expect("each PUBLISH is announced");
        let peer = self.peers.get_mut(&connection).expect("open");
        let session = self.sessions.get_mut(client).expect("a session");
        let accepted = &self.messages[&announced.message];
        let config = broker.config();
        let packet_id = publish.packet_id.map(|id| id.as_u16());
        assert_eq!((announced.client.as_str(), announced.packet_id, announced.dup), (client, packet_id, publish.dup));
        let topic = match publish.properties.topic_alias {
            None => publish.topic.clone(),
            Some(alias) => {
                let maximum = peer.connect.as_ref().and_then(|connect| connect.properties.topic_alias_maximum).unwrap_or_default();
                assert!((1..=maximum.min(config.max_topic_alias_outgoing)).contains(&alias), "alias {alias} [MQTT-3.1.2-26]");
                if !publish.topic.is_empty() {
                    peer.aliases.insert(alias, publish.topic.clone());
                }
                peer.aliases.get(&alias).expect("an alias that was set on this connection").clone()
            }
        };
        assert_eq!((&topic, &publish.payload.to_bytes()), (&accepted.topic, &accepted.payload));
        assert!(!publish.retain || accepted.retain, "RETAIN of a message that had none");
        assert!(publish.qos <= accepted.qos || config.upgrade_outgoing_qos, "more than the published QoS [MQTT-3.8.4-8]");
        if let Some((qos, filter)) = &announced.routed {
            assert!(publish.qos == *qos && *qos <= session.subscriptions[filter].qos, "more than the granted QoS [MQTT-3.8.4-8]");
            let identifiers: Vec<u32> = session.subscriptions.values().filter_map(|one| one.identifier).collect();
            assert!(publish.properties.subscription_identifiers.iter().all(|one| identifiers.contains(one)), "[MQTT-3.3.4-3]");
        }
        let Some(id) = packet_id else { return };
        if publish.dup {
            assert!(peer.session_present, "DUP in a new session");
            let flight = session.flights.get(&id).expect("DUP of what was sent before");
            assert!(!flight.released && flight.qos == publish.qos && flight.message == announced.message);
        } else {
            let flight = Flight { qos: publish.qos, released: false, message: announced.message };
            assert!(session.flights.insert(id, flight).is_none(), "{id} is in flight already [MQTT-2.2.1-4]");
        }
        assert!(peer.in_flight.insert(id), "sent again on a living connection [MQTT-4.4.0-1]");
        let receive_maximum = peer.connect.as_ref().and_then(|connect| connect.properties.receive_maximum).unwrap_or(u16::MAX);
        let allowed = receive_maximum.min(config.max_inflight.max(1));
        assert!(peer.in_flight.len() <= usize::from(allowed), "Receive Maximum {allowed} [MQTT-3.3.4-9]");
    }

    /// A connection is gone, in the eyes of its Client.
    pub(super) fn closed_by_client(&mut self, connection: ConnectionId) {
        if let Some(peer) = self.peers.get_mut(&connection) {
            peer.closed = true;
        }
    }
}

impl Peer {
    fn connack(&mut self, connack: &Connack) {
        assert!(!self.connected, "a second CONNACK");
        if connack.reason_code == ReasonCode::Success {
            assert_eq!(connack.session_present, self.session_present);
            assert!(self.client.is_some());
            self.connected = true;
        } else {
            assert!(connack.reason_code.is_error() && !connack.session_present, "[MQTT-3.2.2-6]");
            self.over = true;
        }
    }
}

fn acknowledge(flights: Option<&mut BTreeMap<u16, Flight>>, in_flight: &mut BTreeSet<u16>, id: u16, completes: impl Fn(&Flight) -> bool) {
    if let Some(flights) = flights
        && flights.get(&id).is_some_and(completes)
    {
        flights.remove(&id);
        in_flight.remove(&id);
    }
}
