//! How connections and sessions end, and the broker itself.

use super::config::Redirect;
use super::connection::Phase;
use super::event::{BrokerEvent, DropReason, EndCause};
use super::message::will_size;
use super::rate_limit::ConnectRates;
use super::session_state::{Online, Session, SessionExpiry};
use super::shared::SharedSubscriptions;
use super::subscription::SessionKey;
use super::{Broker, Timer};
use crate::packet::{ClientId, Connack, Disconnect, Packet, ProtocolVersion, ReasonCode};
use crate::session::{ConnectionId, Transmit};
use crate::text::{Language, Message, key};
use crate::time::Instant;

/// A rule that a Client broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misbehaviour {
    pub(super) reason_code: ReasonCode,
    pub(super) clause: &'static str,
    pub(super) message: Message,
}

impl Misbehaviour {
    pub(super) const fn protocol_error(clause: &'static str, message: Message) -> Self {
        Self { reason_code: ReasonCode::ProtocolError, clause, message }
    }

    pub(super) fn into_cause(self) -> EndCause {
        let Self { reason_code, clause, message } = self;
        EndCause::ClientMisbehaved { reason_code, clause, message }
    }
}

/// What the broker sends and does as the last thing on a connection.
#[derive(Clone, Debug)]
pub(super) enum Farewell {
    /// DISCONNECT to a connected Client of 5.0, then close.
    Disconnect(Box<Disconnect>),
    /// CONNACK that refuses, then close [MQTT-3.2.2-7].
    Connack(ProtocolVersion, Box<Connack>),
    /// Close.
    Close,
    /// Give up at once.
    Abort,
    /// Nothing: it is closed already.
    None,
}

impl Farewell {
    pub(super) fn disconnect(reason_code: ReasonCode) -> Self {
        Self::Disconnect(Box::new(Disconnect::new(reason_code)))
    }

    /// The same with a Reason String.
    pub(super) fn disconnect_because(reason_code: ReasonCode, reason_string: String) -> Self {
        let mut disconnect = Disconnect::new(reason_code);
        disconnect.properties.reason_string = Some(reason_string.into());
        Self::Disconnect(Box::new(disconnect))
    }
}

impl Broker {
    /// The Client broke a rule: DISCONNECT with the code of the clause and its words (5.0), close, and the will as after any close without DISCONNECT 0x00
    /// [MQTT-3.1.2-8].
    pub(super) fn end_misbehaved(&mut self, now: Instant, connection: ConnectionId, misbehaviour: Misbehaviour) {
        // The wire has one language; English, as the names of the specification are. Request Problem Information does not rule it out here (5.0 §3.1.2.11.7).
        let farewell = Farewell::disconnect_because(misbehaviour.reason_code, Language::English.render(&misbehaviour.message));
        self.end_connection(now, connection, misbehaviour.into_cause(), farewell);
    }

    /// Ends a connection with all that follows for its session and its will.
    pub(super) fn end_connection(&mut self, now: Instant, connection: ConnectionId, cause: EndCause, farewell: Farewell) {
        let discard_will = cause == EndCause::ClientDisconnected(ReasonCode::Success);
        if let Some(session) = self.detach(connection, cause, farewell) {
            if discard_will {
                self.discard_will(session, false);
            }
            self.settle(now, session);
        }
    }

    /// Ends the connection alone; tells whose session has to be settled.
    fn detach(&mut self, connection: ConnectionId, cause: EndCause, farewell: Farewell) -> Option<SessionKey> {
        let phase = self.connections.remove(&connection)?.phase;
        self.timers.cancel(&Timer::ConnectDeadline(connection));
        self.timers.cancel(&Timer::KeepAlive(connection));
        let key = match phase {
            Phase::Connected { session, .. } => Some(session),
            Phase::AwaitingConnect | Phase::Authenticating => None,
        };
        // First the event that says why, then what follows from it.
        let client_id = key.and_then(|key| self.sessions.get(key.0)).map(|session| session.client_id.clone());
        self.emit(BrokerEvent::ConnectionEnded { connection, client_id, cause });
        self.say_farewell(connection, phase, farewell);
        if let Some(session) = key.and_then(|key| self.sessions.get_mut(key.0)) {
            session.online = None;
            session.outbound.connection_ended();
            session.start_aliases(0, 0);
        }
        key
    }

    fn say_farewell(&mut self, connection: ConnectionId, phase: Phase, farewell: Farewell) {
        match farewell {
            Farewell::Disconnect(mut disconnect) => {
                if let Phase::Connected { session, version: ProtocolVersion::V5 } = phase {
                    // The Reason String is left out if the packet would be too large for the Client [MQTT-3.14.2-3].
                    let packet = Packet::Disconnect((*disconnect).clone());
                    if !self.fits(session, &packet) {
                        disconnect.properties.reason_string = None;
                    }
                    self.send(session, &Packet::Disconnect(*disconnect));
                }
                self.transmit(connection, Transmit::Close);
            }
            Farewell::Connack(version, connack) => {
                let packet = Packet::Connack(connack);
                if let Ok(bytes) = packet.to_bytes(version) {
                    self.transmit(connection, Transmit::Packet { packet_type: packet.packet_type(), bytes });
                }
                self.transmit(connection, Transmit::Close);
            }
            Farewell::Close => self.transmit(connection, Transmit::Close),
            Farewell::Abort => self.transmit(connection, Transmit::Abort),
            Farewell::None => {}
        }
    }

    /// What becomes of a session that has lost its connection: it ends, or its timers start.
    fn settle(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.sessions.get(key.0) else { return };
        if session.expiry == SessionExpiry::AT_CLOSE {
            // In 3.1.1 it is Clean Session that ends it.
            let expired = session.version == ProtocolVersion::V5;
            self.end_session(now, key, expired);
            return;
        }
        if let Some(delay) = session.expiry.delay() {
            self.timers.set(Timer::SessionEnd(key), now + delay);
        }
        self.schedule_will(now, key);
    }

    /// DISCONNECT brings a new Session Expiry Interval (5.0 §3.14.2.2.2).
    pub(super) fn change_session_expiry(&mut self, key: SessionKey, seconds: u32) -> Result<(), Misbehaviour> {
        let expiry = SessionExpiry(seconds.min(self.config.session_expiry_max));
        let Some(session) = self.sessions.get_mut(key.0) else { return Ok(()) };
        if session.expiry == SessionExpiry::AT_CLOSE && seconds != 0 {
            return Err(Misbehaviour::protocol_error("5.0 §3.14.2.2.2", key::BROKER_DISCONNECT_EXPIRY.message()));
        }
        session.expiry = expiry;
        Ok(())
    }

    /// Discards a Session State, and then publishes a will that was still to come [MQTT-3.1.2-8].
    pub(super) fn end_session(&mut self, now: Instant, key: SessionKey, expired: bool) {
        let Some(mut session) = self.sessions.remove(key.0) else { return };
        self.by_client.remove(&session.client_id);
        for filter in session.subscriptions.keys() {
            self.remove_subscription(filter, key);
        }
        self.timers.cancel(&Timer::SessionEnd(key));
        self.timers.cancel(&Timer::Will(key));
        self.timers.cancel(&Timer::QueueExpiry(key));
        session.kept().for_each(|message| self.held.release(message));
        let (undelivered, will) = (session.take_undelivered(), session.will.take().map(|will| *will));
        let (client_id, user_name) = (session.client_id, session.user_name);
        self.emit(BrokerEvent::SessionEnded { client_id: client_id.clone(), expired });
        for kept in undelivered {
            self.part_with(now, &client_id, kept, DropReason::SessionEnded);
        }
        if let Some(will) = will {
            self.held.free(will_size(&will));
            self.accept_will(now, client_id, user_name, will);
        }
    }

    pub(super) fn shut_down(&mut self, now: Instant) {
        self.stop(now, &EndCause::ServerShutDown, &Farewell::disconnect(ReasonCode::ServerShuttingDown));
    }

    /// Ends the connection of one Client on behalf of somebody who administers the broker.
    pub(super) fn kick(&mut self, now: Instant, client_id: &ClientId, reason: Option<&str>) -> bool {
        let online = self.session_key(client_id).and_then(|key| self.sessions.get(key.0)).and_then(|session| session.online);
        let Some(Online { connection, .. }) = online else { return false };
        let reason = reason.map_or_else(|| Language::English.render(&key::BROKER_KICKED.message()), str::to_owned);
        let farewell = Farewell::disconnect_because(ReasonCode::AdministrativeAction, reason);
        self.end_connection(now, connection, EndCause::Kicked, farewell);
        true
    }

    /// Sends everybody to another Server, whoever connects from now on too.
    pub(super) fn redirect(&mut self, now: Instant, redirect: Option<Redirect>) {
        if let Some(Redirect { server, permanent, only_when_full: false }) = &redirect {
            let mut disconnect = Disconnect::new(if *permanent { ReasonCode::ServerMoved } else { ReasonCode::UseAnotherServer });
            disconnect.properties.server_reference = Some(server.clone());
            self.stop(now, &EndCause::Redirected, &Farewell::Disconnect(Box::new(disconnect)));
        }
        self.config.redirect = redirect;
    }

    /// Connections are gone, and Session Expiry counts from now. Nothing else happens to sessions: nobody is there who could end them or publish their wills.
    pub(super) fn crash(&mut self, now: Instant) {
        let connections = self.connections.ids();
        for connection in connections {
            let key = self.detach(connection, EndCause::ServerCrashed, Farewell::Abort);
            let expiry = key.and_then(|key| self.sessions.get(key.0)).and_then(|session| session.expiry.delay());
            if let (Some(key), Some(expiry)) = (key, expiry) {
                self.timers.set(Timer::SessionEnd(key), now + expiry);
            }
        }
        if self.config.persistence {
            return;
        }
        // No group hands over to another session that is about to end.
        self.shared = SharedSubscriptions::default();
        let sessions: Vec<SessionKey> = self.by_client.values().copied().collect();
        for session in sessions {
            self.discard_will(session, false);
            self.end_session(now, session, false);
        }
        let topics: Vec<_> = self.retained.iter().map(|message| message.topic.clone()).collect();
        for topic in topics {
            self.clear_retained(&topic);
        }
    }

    /// The process is there again: sessions that do not outlive their connection end, and the wills of those who were connected are published or begin to wait.
    pub(super) fn restart(&mut self, now: Instant) {
        let sessions: Vec<SessionKey> = self.by_client.values().copied().collect();
        self.leave_groups_if_over(&sessions);
        for key in sessions {
            let Some(session) = self.sessions.get(key.0) else { continue };
            let (is_over, is_online, has_will) =
                (session.expiry == SessionExpiry::AT_CLOSE, session.online.is_some(), session.will.is_some());
            if is_online {
                continue;
            }
            if is_over {
                let expired = session.version == ProtocolVersion::V5;
                self.end_session(now, key, expired);
            } else if has_will && self.timers.deadline(&Timer::Will(key)).is_none() {
                self.schedule_will(now, key);
            }
        }
        self.connect_rates = ConnectRates::new();
        self.start_statistics(now);
    }

    /// Ends all connections first, so that no will is sent to a Client that is about to be cut off.
    pub(super) fn stop(&mut self, now: Instant, cause: &EndCause, farewell: &Farewell) {
        let connections = self.connections.ids();
        let sessions: Vec<SessionKey> =
            connections.into_iter().filter_map(|connection| self.detach(connection, cause.clone(), farewell.clone())).collect();
        self.leave_groups_if_over(&sessions);
        for session in sessions {
            self.settle(now, session);
        }
    }

    /// Those of many that end at the same time are no members any more: otherwise each would hand over what it has to the next, which ends too.
    fn leave_groups_if_over(&mut self, sessions: &[SessionKey]) {
        for key in sessions {
            let is_over = |session: &&Session| session.online.is_none() && session.expiry == SessionExpiry::AT_CLOSE;
            let Some(session) = self.sessions.get(key.0).filter(is_over) else { continue };
            let filters: Vec<_> = session.subscriptions.keys().filter(|filter| filter.is_shared()).cloned().collect();
            for filter in filters {
                self.remove_subscription(&filter, *key);
            }
        }
    }
}
