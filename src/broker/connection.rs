//! One Network Connection: its bytes, its first packet, its Keep Alive.

use bytes::Bytes;

use super::access::Exchange;
use super::ending::{Farewell, Misbehaviour};
use super::event::{BrokerEvent, EndCause};
use super::subscription::SessionKey;
use super::{Broker, BrokerConfig, Timer};
use crate::packet::{DecodeError, Disconnect, FrameReader, Packet, PacketType, ProtocolVersion, ReasonCode};
use crate::session::{ConnectionId, Transmit};
use crate::text::key;
use crate::time::{Duration, Instant};

/// What the broker knows about a Network Connection.
#[derive(Clone, Debug, Hash)]
pub(super) struct Connection {
    reader: FrameReader,
    pub(super) phase: Phase,
    /// When the last whole packet came: parts of packets keep nothing alive [MQTT-3.1.2-22].
    last_packet_at: Instant,
    /// One and a half times the Keep Alive; `None` if it is off.
    silence_max: Option<Duration>,
    pub(super) unwritten: Unwritten,
    /// The exchange of AUTH packets that has begun.
    pub(super) exchange: Option<Box<Exchange>>,
    /// Whether CONNECT named an Authentication Method, so that it may be used again.
    pub(super) is_authenticated: bool,
}

/// What was sent and not yet reported as written: a Client that does not read makes it grow.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Unwritten {
    bytes: usize,
    packets: usize,
    /// Whether it was said that messages are dropped, since there was room last.
    is_told: bool,
}

impl Unwritten {
    pub(super) const fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.packets = self.packets.saturating_add(1);
    }

    const fn remove(&mut self, packets: usize, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.packets = self.packets.saturating_sub(packets);
    }

    /// Whether this is the first message dropped since there was room.
    pub(super) const fn is_first_drop(&mut self) -> bool {
        let is_first = !self.is_told;
        self.is_told = true;
        is_first
    }

    /// Whether one more message has to wait or go. A connection with nothing unwritten takes a message of any size.
    pub(super) const fn is_over(self, config: &BrokerConfig) -> bool {
        self.packets > 0 && (self.bytes >= config.max_unwritten_bytes || self.packets >= config.max_unwritten_packets)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    AwaitingConnect,
    /// CONNECT named an Authentication Method, and the exchange is not over.
    Authenticating,
    Connected {
        session: SessionKey,
        version: ProtocolVersion,
    },
}

impl Connection {
    /// The version that CONNECT has named.
    pub(super) const fn version(&self) -> Option<ProtocolVersion> {
        match self.phase {
            Phase::Connected { version, .. } => Some(version),
            Phase::Authenticating => Some(ProtocolVersion::V5),
            Phase::AwaitingConnect => None,
        }
    }
}

impl Broker {
    pub(super) fn open(&mut self, now: Instant, connection: ConnectionId) {
        self.statistics.count_socket();
        // Who is to be sent to another Server has to be heard first; they may be as many again.
        let limit = self.config.max_connections;
        let hears_out = self.config.redirect.is_some() && self.connections.len() < limit.saturating_mul(2);
        if self.connections.len() >= limit && !hears_out {
            let message = key::BROKER_LIMIT_CONNECTIONS.with("limit", limit);
            self.emit(BrokerEvent::LimitReached { message: message.clone() });
            self.transmit(connection, Transmit::Close);
            let cause = EndCause::Refused { reason_code: ReasonCode::ServerBusy, message };
            self.emit(BrokerEvent::ConnectionEnded { connection, client_id: None, cause });
            return;
        }
        let opened = Connection {
            reader: FrameReader::new(self.config.maximum_packet_size.max(1)),
            phase: Phase::AwaitingConnect,
            last_packet_at: now,
            silence_max: None,
            exchange: None,
            is_authenticated: false,
            unwritten: Unwritten::default(),
        };
        self.connections.insert(connection, opened);
        self.timers.set(Timer::ConnectDeadline(connection), now + self.config.connect_timeout);
    }

    pub(super) fn receive(&mut self, now: Instant, connection: ConnectionId, bytes: Bytes) {
        if let Some(state) = self.connections.get_mut(&connection) {
            self.statistics.count_received(bytes.len());
            state.reader.push(bytes.clone());
        }
        // Each packet may end the connection: what follows it is then ignored [MQTT-3.1.4-6].
        while let Some(state) = self.connections.get_mut(&connection) {
            let unread = state.reader.buffered();
            match state.reader.next_frame() {
                Ok(Some(frame)) => {
                    state.last_packet_at = now;
                    let phase = state.phase;
                    self.emit_with(|| BrokerEvent::PacketReceived { connection, frame: frame.clone() });
                    self.handle_frame(now, connection, phase, frame);
                }
                Ok(None) => {
                    let first = state.reader.first_byte();
                    if state.phase == Phase::AwaitingConnect && first.is_some_and(|first| !is_connect(first)) {
                        self.refuse_first_packet(now, connection);
                    }
                    return;
                }
                // What cannot be a packet is shown if it began in this piece.
                Err(error) => {
                    let shown = bytes.len().checked_sub(unread).map(|start| bytes.slice(start..)).unwrap_or_default();
                    self.refuse_bytes(now, connection, error, shown);
                }
            }
        }
    }

    /// What waited for a slow reader goes on when enough was written.
    pub(super) fn written(&mut self, now: Instant, connection: ConnectionId, packets: usize, bytes: usize) {
        let Some(state) = self.connections.get_mut(&connection) else { return };
        let was_over = state.unwritten.is_over(&self.config);
        state.unwritten.remove(packets, bytes);
        if let Phase::Connected { session, .. } = state.phase
            && was_over
            && !state.unwritten.is_over(&self.config)
        {
            state.unwritten.is_told = false;
            self.pump(now, session);
        }
    }

    /// Keep Alive in force from now on, in seconds; 0 turns it off.
    pub(super) fn start_keep_alive(&mut self, now: Instant, connection: ConnectionId, seconds: u16) {
        let silence_max = (seconds > 0).then(|| Duration::from_secs(u64::from(seconds)).scale(3, 2));
        if let Some(state) = self.connections.get_mut(&connection) {
            state.silence_max = silence_max;
        }
        if let Some(silence_max) = silence_max {
            self.timers.set(Timer::KeepAlive(connection), now + silence_max);
        }
    }

    /// Closes the connection if nothing came for one and a half times the Keep Alive [MQTT-3.1.2-22] (3.1.1: [MQTT-3.1.2-24]).
    pub(super) fn check_keep_alive(&mut self, now: Instant, connection: ConnectionId) {
        let Some(state) = self.connections.get(&connection) else { return };
        let Some(silence_max) = state.silence_max else { return };
        let deadline = state.last_packet_at + silence_max;
        if deadline > now {
            self.timers.set(Timer::KeepAlive(connection), deadline);
        } else {
            self.end_connection(now, connection, EndCause::KeepAliveTimeout, Farewell::disconnect(ReasonCode::KeepAliveTimeout));
        }
    }

    fn handle_frame(&mut self, now: Instant, connection: ConnectionId, phase: Phase, frame: Bytes) {
        let first_byte = frame.first().copied().unwrap_or_default();
        match phase {
            Phase::AwaitingConnect if !is_connect(first_byte) => self.refuse_first_packet(now, connection),
            Phase::AwaitingConnect => match Packet::decode(&frame, ProtocolVersion::V5) {
                Ok(Packet::Connect(connect)) => self.handle_connect(now, connection, *connect),
                Ok(_) => {}
                Err(error) => self.refuse_malformed_connect(now, connection, error, frame),
            },
            Phase::Authenticating => {
                let packet = Packet::decode(&frame, ProtocolVersion::V5);
                self.receive_in_authentication(now, connection, packet, frame);
            }
            Phase::Connected { session, version } => match Packet::decode(&frame, version) {
                Ok(packet) => {
                    if let Err(misbehaviour) = self.handle_packet(now, connection, session, packet, &frame) {
                        self.end_misbehaved(now, connection, misbehaviour);
                    }
                }
                Err(error) => self.refuse_bytes(now, connection, error, frame),
            },
        }
    }

    /// The first packet is no CONNECT [MQTT-3.1.0-1]; its first byte says so, there is no need to wait for the rest.
    fn refuse_first_packet(&mut self, now: Instant, connection: ConnectionId) {
        let cause = Misbehaviour::protocol_error("MQTT-3.1.0-1", key::BROKER_FIRST_PACKET.message()).into_cause();
        // Nothing is sent before CONNACK, not even DISCONNECT [MQTT-3.14.0-1].
        self.end_connection(now, connection, cause, Farewell::Close);
    }

    fn handle_packet(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        session: SessionKey,
        packet: Packet,
        frame: &Bytes,
    ) -> Result<(), Misbehaviour> {
        match packet {
            Packet::Publish(publish) => self.handle_publish(now, session, publish, frame),
            Packet::Puback(ack) => self.handle_puback(now, session, &ack),
            Packet::Pubrec(ack) => self.handle_pubrec(now, session, &ack),
            Packet::Pubrel(ack) => self.handle_pubrel(session, &ack),
            Packet::Pubcomp(ack) => self.handle_pubcomp(now, session, &ack),
            Packet::Subscribe(subscribe) => self.handle_subscribe(now, session, subscribe),
            Packet::Unsubscribe(unsubscribe) => self.handle_unsubscribe(now, session, unsubscribe),
            Packet::Pingreq => {
                self.send(session, &Packet::Pingresp);
                Ok(())
            }
            Packet::Disconnect(disconnect) => self.handle_disconnect(now, connection, session, &disconnect),
            Packet::Connect(_) => Err(Misbehaviour::protocol_error("MQTT-3.1.0-2", key::BROKER_SECOND_CONNECT.message())),
            Packet::Auth(auth) => self.handle_auth(now, connection, session, auth),
            Packet::Connack(_) | Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp => {
                Err(Misbehaviour::protocol_error("5.0 §2.1.2", key::BROKER_SERVER_PACKET.with("packet", packet.packet_type().name())))
            }
        }
    }

    fn handle_disconnect(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        session: SessionKey,
        disconnect: &Disconnect,
    ) -> Result<(), Misbehaviour> {
        let reason_code = disconnect.reason_code;
        if !reason_code.may_be_in_disconnect_of_client() {
            let message = key::BROKER_DISCONNECT_REASON.with("code", reason_code.to_string());
            return Err(Misbehaviour::protocol_error("5.0 §3.14.2.1", message));
        }
        if disconnect.properties.server_reference.is_some() {
            return Err(Misbehaviour::protocol_error("5.0 §3.14.2.2.5", key::BROKER_DISCONNECT_SERVER_REFERENCE.message()));
        }
        if let Some(seconds) = disconnect.properties.session_expiry_interval {
            self.change_session_expiry(session, seconds)?;
        }
        self.end_connection(now, connection, EndCause::ClientDisconnected(reason_code), Farewell::Close);
        Ok(())
    }

    /// Bytes that are no packet of this version: DISCONNECT with the code of the clause (5.0) and close [MQTT-4.13.1-1].
    fn refuse_bytes(&mut self, now: Instant, connection: ConnectionId, error: DecodeError, bytes: Bytes) {
        let misbehaviour = Misbehaviour { reason_code: error.reason_code, clause: error.clause, message: error.message.clone() };
        self.emit(BrokerEvent::MalformedReceived { connection, error: error.into(), bytes });
        self.end_misbehaved(now, connection, misbehaviour);
    }
}

fn is_connect(first_byte: u8) -> bool {
    PacketType::from_first_byte(first_byte) == Some(PacketType::Connect)
}
