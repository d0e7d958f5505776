//! How connections and sessions end.

use bytes::Bytes;

use crate::client::connection::Connection;
use crate::client::misbehaviour::Misbehaviour;
use crate::client::{Client, ClientError, ClientEvent, ClientState, DisconnectCause, DisconnectRequest, Timer};
use crate::packet::{Disconnect, DisconnectProperties, EncodeError, Packet, PacketType, ProtocolVersion, ReasonCode, UserProperties};
use crate::session::{Outbound, Transmit};
use crate::text::{Message, key};
use crate::time::Instant;

impl Client {
    /// Sends DISCONNECT and closes; no reconnection follows. A client that waits to reconnect, or whose connection is not yet open, just stops trying.
    ///
    /// # Errors
    /// Not connected, a Reason Code that DISCONNECT from a Client must not have [MQTT-3.14.2-1] (in 3.1.1 all but Success), or a Session Expiry Interval although
    /// that of CONNECT was 0 (5.0 §3.14.2.2.2). Nothing has changed then.
    pub fn handle_disconnect(&mut self, now: Instant, request: impl Into<DisconnectRequest>) -> Result<(), ClientError> {
        let packet = self.disconnect_packet(request.into())?;
        match self.state {
            ClientState::Idle | ClientState::Disconnecting => Err(ClientError::NotConnected),
            ClientState::Waiting { .. } => {
                self.timers.cancel(&Timer::Reconnect);
                self.attempt = 0;
                self.enter(ClientState::Idle);
                Ok(())
            }
            ClientState::Opening => {
                self.transmit(Transmit::Abort);
                self.attempt = 0;
                self.end(DisconnectCause::Requested);
                self.enter(ClientState::Idle);
                Ok(())
            }
            ClientState::Connecting | ClientState::Connected => {
                self.attempt = 0;
                if let Some(interval) = packet.properties.session_expiry_interval {
                    self.connection.ends_session = interval == 0;
                }
                self.disconnect(now, Some(packet), DisconnectCause::Requested, false);
                Ok(())
            }
        }
    }

    fn disconnect_packet(&self, request: DisconnectRequest) -> Result<Disconnect, ClientError> {
        let DisconnectRequest { reason_code, session_expiry_interval, reason_string, user_properties } = request;
        if reason_code != ReasonCode::Success && self.config.version == ProtocolVersion::V311 {
            return Err(EncodeError::NotInVersion { field: "Disconnect Reason Code", version: ProtocolVersion::V311 }.into());
        }
        if !reason_code.may_be_in_disconnect_of_client() {
            return Err(EncodeError::Illegal { field: "Disconnect Reason Code", clause: "MQTT-3.14.2-1" }.into());
        }
        if session_expiry_interval.is_some_and(|interval| interval > 0) && self.config.session_expiry_interval.unwrap_or(0) == 0 {
            return Err(EncodeError::Illegal { field: "Session Expiry Interval", clause: "5.0 §3.14.2.2.2" }.into());
        }
        let properties = DisconnectProperties { session_expiry_interval, reason_string, user_properties, server_reference: None };
        let packet = Disconnect { reason_code, properties };
        Packet::Disconnect(packet.clone()).to_bytes(self.config.version)?;
        Ok(packet)
    }

    /// The Network Connection is closed, or could not be opened.
    pub fn handle_transport_closed(&mut self, now: Instant) {
        match self.state {
            ClientState::Idle | ClientState::Waiting { .. } => {}
            ClientState::Disconnecting => self.closed(now),
            ClientState::Opening | ClientState::Connecting | ClientState::Connected => {
                self.end(DisconnectCause::NetworkClosed);
                self.plan_reconnection(now);
            }
        }
    }

    /// The device loses power: volatile state is gone without a packet. What survives is what the configuration calls persistent (the session, if
    /// [`crate::client::ClientConfig::persistent_session`]).
    pub fn handle_power_cut(&mut self) {
        self.timers = crate::time::TimerTable::new();
        self.forget_unfinished();
        self.leave_connection();
        self.attempt = 0;
        self.reconnects_after_close = false;
        self.enter(ClientState::Idle);
        if !self.config.persistent_session {
            self.discard_session(&key::CLIENT_DROPPED_POWER_CUT.message());
            self.assigned_client_id = None;
            self.starts_anew = false;
        }
        self.forget_requests();
        while let Some(queued) = self.queue.pop_front() {
            self.dropped(queued.token, key::CLIENT_DROPPED_POWER_CUT.message());
        }
        self.forget_requested_subscriptions();
    }

    /// The Server broke the protocol: DISCONNECT with the Reason Code of the clause (5.0), close, and an event that says why.
    pub(super) fn misbehaved(&mut self, now: Instant, what: Misbehaviour) {
        let Misbehaviour { reason_code, clause, message } = what;
        let reason_code = if reason_code.may_be_in_disconnect_of_client() { reason_code } else { ReasonCode::ProtocolError };
        // In 3.1.1 DISCONNECT from the Client is the normal end and would discard the Will; a broken connection is just closed.
        let sent = (self.config.version == ProtocolVersion::V5).then(|| Disconnect::new(reason_code));
        self.disconnect(now, sent, DisconnectCause::ServerMisbehaved { reason_code, clause, message: message.into() }, true);
    }

    /// Sends DISCONNECT, if one is to be sent, and closes in order [MQTT-3.14.4-1] [MQTT-3.14.4-2].
    pub(super) fn disconnect(&mut self, now: Instant, packet: Option<Disconnect>, cause: DisconnectCause, reconnects: bool) {
        if let Some(bytes) = packet.and_then(|packet| self.fitting(packet)) {
            self.transmit(Transmit::Packet { packet_type: PacketType::Disconnect, bytes });
        }
        self.transmit(Transmit::Close);
        self.end(cause);
        self.reconnects_after_close = reconnects;
        self.enter(ClientState::Disconnecting);
        self.timers.set(Timer::Close, now + self.config.connect_timeout);
    }

    /// DISCONNECT as the Server takes it: without Reason String, and without User Properties too, if they make it too large [MQTT-3.14.2-3] [MQTT-3.14.2-4]; `None` if
    /// even so it is.
    fn fitting(&self, mut packet: Disconnect) -> Option<Bytes> {
        let bytes = |packet: &Disconnect| {
            let bytes = Packet::Disconnect(packet.clone()).to_bytes(self.config.version).ok()?;
            self.connection.server.takes(&bytes).then_some(bytes)
        };
        bytes(&packet).or_else(|| {
            packet.properties.reason_string = None;
            bytes(&packet).or_else(|| {
                packet.properties.user_properties = UserProperties::default();
                bytes(&packet)
            })
        })
    }

    /// Gives the connection up without a word: the other side does not answer.
    pub(super) fn give_up(&mut self, now: Instant, cause: DisconnectCause) {
        self.end(cause);
        self.transmit(Transmit::Abort);
        self.plan_reconnection(now);
    }

    /// The connection that was closing is closed.
    pub(super) fn closed(&mut self, now: Instant) {
        self.timers.cancel(&Timer::Close);
        if std::mem::take(&mut self.reconnects_after_close) {
            self.plan_reconnection(now);
        } else {
            self.enter(ClientState::Idle);
        }
    }

    fn end(&mut self, cause: DisconnectCause) {
        for timer in Timer::OF_CONNECTION {
            self.timers.cancel(&timer);
        }
        self.emit(ClientEvent::Disconnected(cause));
        self.leave_unacknowledged();
        self.leave_connection();
        self.drop_queued_qos_0();
    }

    /// Everything that belongs to the connection ends, and with it the session if it was to last no longer [MQTT-3.1.2-23].
    fn leave_connection(&mut self) {
        let ends_session = self.connection.ends_session;
        self.connection = Connection::new(&self.config);
        self.retries = None;
        self.outbound.connection_ended();
        if ends_session {
            self.discard_session(&key::CLIENT_DROPPED_SESSION_ENDED.message());
        }
    }

    /// Throws the Session State away. What was in flight is reported as dropped, each with `why`.
    pub(super) fn discard_session(&mut self, why: &Message) {
        self.has_session = false;
        self.inbound.discard();
        self.unfinished.clear();
        self.timers.cancel(&Timer::Work);
        for (token, _) in Outbound::discard(&mut self.outbound) {
            self.dropped(token, why.clone());
        }
        for known in &mut self.subscriptions {
            known.lose();
        }
    }
}
