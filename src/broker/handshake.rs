//! CONNECT and its answer (5.0 §3.1.4).

use bytes::Bytes;
use bytestring::ByteString;

use super::access::connack_properties;
use super::config::Redirect;
use super::connection::Phase;
use super::ending::{Farewell, Misbehaviour};
use super::event::{BrokerEvent, EndCause};
use super::message::will_size;
use super::rate_limit::too_soon;
use super::session_state::{Online, Session, SessionExpiry};
use super::subscription::SessionKey;
use super::{Broker, Timer};
use crate::packet::{
    ClientId, Connack, ConnackProperties, Connect, DecodeError, Packet, ProtocolVersion, QoS, ReasonCode, TopicName, WillMessage,
};
use crate::session::ConnectionId;
use crate::text::{Language, Message, key};
use crate::time::Instant;

/// Why CONNECT is refused.
pub(super) struct Refusal {
    reason_code: ReasonCode,
    message: Message,
    /// Whether the message names a limit that was reached.
    is_limit: bool,
    server_reference: Option<ByteString>,
}

impl Refusal {
    pub(super) const fn new(reason_code: ReasonCode, message: Message) -> Self {
        Self { reason_code, message, is_limit: false, server_reference: None }
    }

    pub(super) fn limit(reason_code: ReasonCode, message: Message) -> Self {
        Self { is_limit: true, ..Self::new(reason_code, message) }
    }

    fn redirected(reason_code: ReasonCode, redirect: &Redirect) -> Self {
        Self { server_reference: Some(redirect.server.clone()), ..Self::new(reason_code, key::BROKER_REFUSED_REDIRECT.message()) }
    }

    /// CONNACK that says so, if the version has a code for it [MQTT-3.2.2-6] and the Client accepts one of this size; without the Reason String if only that
    /// makes it too large [MQTT-3.2.2-19].
    pub(super) fn farewell(&self, version: ProtocolVersion, maximum_packet_size: usize) -> Farewell {
        let mut connack = Connack { session_present: false, reason_code: self.reason_code, properties: ConnackProperties::default() };
        if version == ProtocolVersion::V5 {
            // The wire has one language. Request Problem Information does not rule a Reason String out here (5.0 §3.1.2.11.7).
            connack.properties.reason_string = Some(Language::English.render(&self.message).into());
            connack.properties.server_reference = self.server_reference.clone();
        }
        let fits = |connack: &Connack| {
            Packet::Connack(Box::new(connack.clone())).to_bytes(version).is_ok_and(|bytes| bytes.len() <= maximum_packet_size)
        };
        if !fits(&connack) {
            connack.properties.reason_string = None;
        }
        if fits(&connack) { Farewell::Connack(version, Box::new(connack)) } else { Farewell::Close }
    }
}

/// Maximum Packet Size of the Client.
pub(super) fn maximum_packet_size(connect: &Connect) -> usize {
    connect.properties.maximum_packet_size.map_or(usize::MAX, |size| usize::try_from(size).unwrap_or(usize::MAX))
}

impl Broker {
    /// First who it is, then whether it may connect.
    pub(super) fn handle_connect(&mut self, now: Instant, connection: ConnectionId, connect: Connect) {
        if let Err(message) = self.take_connect(now) {
            let refusal = Refusal::limit(too_soon(connect.version), message);
            self.refuse_connect(now, connection, &connect, refusal);
            return;
        }
        if let Some(method) = connect.properties.authentication_method.clone() {
            self.begin_authentication(now, connection, connect, &method);
            return;
        }
        match self.check_password(&connect) {
            Ok(user_name) => self.accept_connect(now, connection, connect, user_name, None),
            Err(refusal) => self.refuse_connect(now, connection, &connect, refusal),
        }
    }

    /// The Client is `user_name`. `server_final` ends an exchange of AUTH packets.
    pub(super) fn accept_connect(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        connect: Connect,
        user_name: Option<ByteString>,
        server_final: Option<Bytes>,
    ) {
        let version = connect.version;
        let maximum_packet_size = maximum_packet_size(&connect);
        let assigned = connect.client_id.is_empty();
        let client_id = if assigned { self.unused_client_id() } else { connect.client_id.clone() };
        let expiry = self.granted_expiry(&connect);
        let mut connack = self.connack(&connect, &client_id, expiry);
        let is_authenticated = server_final.is_some();
        if let Some(data) = server_final {
            (connack.properties.authentication_method, connack.properties.authentication_data) = connack_properties(data);
        }
        if let Err(refusal) = self.check_connect(&connect, &client_id, &connack, maximum_packet_size) {
            self.refuse_connect(now, connection, &connect, refusal);
            return;
        }
        if !assigned && let Err(message) = self.take_connect_of(now, &client_id) {
            self.refuse_connect(now, connection, &connect, Refusal::limit(too_soon(version), message));
            return;
        }
        self.timers.cancel(&Timer::ConnectDeadline(connection));
        if assigned {
            self.next_assigned = self.next_assigned.saturating_add(1);
        }

        self.take_over(now, &client_id);
        if connect.clean_start
            && let Some(key) = self.session_key(&client_id)
        {
            self.end_session(now, key, false);
        }
        let resumed = self.session_key(&client_id);
        let session_present = resumed.is_some();
        let key = resumed.unwrap_or_else(|| self.create_session(client_id.clone(), version));
        self.timers.cancel(&Timer::SessionEnd(key));
        self.discard_will(key, true);
        if let Some(session) = self.sessions.get_mut(key.0) {
            session.user_name = user_name;
        }
        if session_present {
            self.enforce_access(now, key);
        }

        let keep_alive = self.config.server_keep_alive_for(version, connect.keep_alive).unwrap_or(connect.keep_alive);
        let (receive_maximum, max_inflight) = (self.config.receive_maximum.max(1), self.config.max_inflight.max(1));
        self.held.reserve(connect.will.as_ref().map_or(0, will_size));
        if let Some(session) = self.sessions.get_mut(key.0) {
            session.version = version;
            let wants_problem_information = connect.properties.request_problem_information.unwrap_or(true);
            session.online = Some(Online { connection, maximum_packet_size, wants_problem_information });
            session.expiry = expiry;
            session.will = connect.will.map(Box::new);
            let send_maximum = connect.properties.receive_maximum.unwrap_or(u16::MAX).min(max_inflight);
            session.outbound.connection_started(version, send_maximum);
            // 3.1.1 has no way to announce a Receive Maximum.
            let receive_maximum = if version == ProtocolVersion::V5 { receive_maximum } else { u16::MAX };
            session.inbound.connection_started(version, receive_maximum);
            if version == ProtocolVersion::V5 {
                let of_client = connect.properties.topic_alias_maximum.unwrap_or(0);
                session.start_aliases(self.config.topic_alias_maximum, of_client.min(self.config.max_topic_alias_outgoing));
            }
        }
        if let Some(state) = self.connections.get_mut(&connection) {
            state.phase = Phase::Connected { session: key, version };
            state.is_authenticated = is_authenticated;
        }
        self.start_keep_alive(now, connection, keep_alive);
        self.emit(BrokerEvent::ClientConnected { connection, client_id, version, session_present, keep_alive });
        connack.session_present = session_present;
        self.send(key, &Packet::Connack(Box::new(connack)));
        self.pump(now, key);
    }

    /// All checks that may refuse, before anything is changed.
    fn check_connect(&self, connect: &Connect, client_id: &ClientId, connack: &Connack, maximum_packet_size: usize) -> Result<(), Refusal> {
        let redirect = self.config.redirect.as_ref();
        if let Some(redirect) = redirect {
            let is_full = self.connections.len() > self.config.max_connections;
            let (reason_code, applies) = match connect.version {
                ProtocolVersion::V311 => (ReasonCode::ServerUnavailable, !redirect.only_when_full || is_full),
                _ if !redirect.only_when_full && redirect.permanent => (ReasonCode::ServerMoved, true),
                _ => (ReasonCode::UseAnotherServer, !redirect.only_when_full || is_full),
            };
            if applies {
                return Err(Refusal::redirected(reason_code, redirect));
            }
        }
        if let Err(reason_code) = self.config.check_client_id(&connect.client_id, client_id) {
            return Err(Refusal::new(reason_code, key::BROKER_REFUSED_CLIENT_ID.message()));
        }
        // [MQTT-3.1.3-8] of 3.1.1: the Server could not tell the Client the identifier it needs to resume.
        if connect.version == ProtocolVersion::V311 && connect.client_id.is_empty() && !connect.clean_start {
            return Err(Refusal::new(ReasonCode::ClientIdentifierNotValid, key::BROKER_REFUSED_CLIENT_ID.message()));
        }
        if let Some(will) = &connect.will {
            self.check_will(connect.version, client_id, will)?;
        }
        if self.session_key(client_id).is_none() && self.by_client.len() >= self.config.max_sessions {
            if let (Some(redirect), ProtocolVersion::V5) = (redirect, connect.version) {
                return Err(Refusal::redirected(ReasonCode::UseAnotherServer, redirect));
            }
            let limit = key::BROKER_LIMIT_SESSIONS.with("limit", self.config.max_sessions);
            let reason_code = match connect.version {
                ProtocolVersion::V5 => ReasonCode::QuotaExceeded,
                ProtocolVersion::V311 => ReasonCode::ServerUnavailable,
            };
            return Err(Refusal::limit(reason_code, limit));
        }
        let size = Packet::Connack(Box::new(connack.clone())).to_bytes(connect.version).map_or(usize::MAX, |bytes| bytes.len());
        if size > maximum_packet_size {
            return Err(Refusal::new(ReasonCode::PacketTooLarge, key::BROKER_REFUSED_PACKET_SIZE.message()));
        }
        Ok(())
    }

    fn check_will(&self, version: ProtocolVersion, client_id: &ClientId, will: &WillMessage) -> Result<(), Refusal> {
        if will.qos > self.config.maximum_qos {
            return Err(Refusal::new(ReasonCode::QoSNotSupported, key::BROKER_REFUSED_WILL_QOS.message()));
        }
        if will.retain && !self.config.retain_available {
            return Err(Refusal::new(ReasonCode::RetainNotSupported, key::BROKER_REFUSED_WILL_RETAIN.message()));
        }
        if let Some(limit) = self.too_many_levels(will.topic.as_str()) {
            return Err(Refusal::limit(ReasonCode::TopicNameInvalid, limit));
        }
        let payload = will.payload.len();
        if let Some(limit) = self.config.max_payload.filter(|limit| usize::try_from(*limit).is_ok_and(|limit| payload > limit)) {
            let message = key::BROKER_LIMIT_WILL_PAYLOAD.with("client", client_id.as_str()).with("size", payload).with("limit", limit);
            return Err(Refusal::limit(ReasonCode::QuotaExceeded, message));
        }
        // It takes the room of one that the session may still have.
        let replaced = self.session_key(client_id).and_then(|key| self.sessions.get(key.0)).and_then(|session| session.will.as_ref());
        let others = self.held.bytes_with_wills().saturating_sub(replaced.map_or(0, |will| will_size(will)));
        if others.saturating_add(will_size(will)) > self.config.max_payload_bytes {
            let reason_code = match version {
                ProtocolVersion::V5 => ReasonCode::QuotaExceeded,
                ProtocolVersion::V311 => ReasonCode::ServerUnavailable,
            };
            return Err(Refusal::limit(reason_code, key::BROKER_LIMIT_PAYLOADS.with("limit", self.config.max_payload_bytes)));
        }
        Ok(())
    }

    /// CONNACK with the Reason Code and close [MQTT-3.2.2-7]. In 3.1.1 only five codes exist: for all others close without CONNACK [MQTT-3.2.2-6].
    pub(super) fn refuse_connect(&mut self, now: Instant, connection: ConnectionId, connect: &Connect, refusal: Refusal) {
        let farewell = refusal.farewell(connect.version, maximum_packet_size(connect));
        let Refusal { reason_code, message, is_limit, .. } = refusal;
        if is_limit {
            self.emit(BrokerEvent::LimitReached { message: message.clone() });
        }
        self.end_connection(now, connection, EndCause::Refused { reason_code, message }, farewell);
    }

    /// A CONNECT that breaks the format: in 5.0 CONNACK with the code, in 3.1.1 none except for an unacceptable protocol level
    /// [MQTT-3.1.2-2] [MQTT-3.1.4-1].
    pub(super) fn refuse_malformed_connect(&mut self, now: Instant, connection: ConnectionId, error: DecodeError, frame: Bytes) {
        let reason_code = error.reason_code;
        let connack = Connack { session_present: false, reason_code, properties: ConnackProperties::default() };
        let farewell = match protocol_level(&frame) {
            // Who speaks a level after 5 understands the newest form, who speaks one before 4 the oldest.
            Some(level) if level >= 5 => Farewell::Connack(ProtocolVersion::V5, Box::new(connack)),
            Some(_) if reason_code == ReasonCode::UnsupportedProtocolVersion => Farewell::Connack(ProtocolVersion::V311, Box::new(connack)),
            _ => Farewell::Close,
        };
        let misbehaviour = Misbehaviour { reason_code, clause: error.clause, message: error.message.clone() };
        self.emit(BrokerEvent::MalformedReceived { connection, error: error.into(), bytes: frame });
        self.end_connection(now, connection, misbehaviour.into_cause(), farewell);
    }

    /// One living connection for each Client Identifier: the older one is ended [MQTT-3.1.4-3] (3.1.1: [MQTT-3.1.4-2]).
    fn take_over(&mut self, now: Instant, client_id: &ClientId) {
        let online = self.session_key(client_id).and_then(|key| self.sessions.get(key.0)).and_then(|session| session.online);
        if let Some(online) = online {
            let farewell = Farewell::disconnect(ReasonCode::SessionTakenOver);
            self.end_connection(now, online.connection, EndCause::TakenOver, farewell);
        }
    }

    fn create_session(&mut self, client_id: ClientId, version: ProtocolVersion) -> SessionKey {
        let key = SessionKey(self.sessions.insert(Session::new(client_id.clone(), version)));
        self.by_client.insert(client_id, key);
        key
    }

    /// Session Expiry Interval in force. In 3.1.1 a session without Clean Session is kept as long as the broker keeps any.
    fn granted_expiry(&self, connect: &Connect) -> SessionExpiry {
        let wanted = match connect.version {
            ProtocolVersion::V5 => connect.properties.session_expiry_interval.unwrap_or(0),
            ProtocolVersion::V311 if connect.clean_start => 0,
            ProtocolVersion::V311 => u32::MAX,
        };
        SessionExpiry(wanted.min(self.config.session_expiry_max))
    }

    fn connack(&self, connect: &Connect, client_id: &ClientId, expiry: SessionExpiry) -> Connack {
        let mut connack = Connack { session_present: false, reason_code: ReasonCode::Success, properties: ConnackProperties::default() };
        if connect.version == ProtocolVersion::V5 {
            let config = &self.config;
            let asked = connect.properties.session_expiry_interval.unwrap_or(0);
            connack.properties = ConnackProperties {
                session_expiry_interval: (expiry.0 != asked).then_some(expiry.0),
                // The value 0 would be a Protocol Error (5.0 §3.2.2.3.3), as it would be for Maximum Packet Size.
                receive_maximum: (config.receive_maximum != u16::MAX).then_some(config.receive_maximum.max(1)),
                maximum_qos: (config.maximum_qos != QoS::ExactlyOnce).then_some(config.maximum_qos),
                retain_available: (!config.retain_available).then_some(false),
                maximum_packet_size: Some(config.maximum_packet_size.max(1)),
                assigned_client_identifier: connect.client_id.is_empty().then(|| client_id.clone()),
                wildcard_subscription_available: (!config.wildcard_subscription_available).then_some(false),
                subscription_identifiers_available: (!config.subscription_identifiers_available).then_some(false),
                shared_subscription_available: (!config.shared_subscription_available).then_some(false),
                topic_alias_maximum: (config.topic_alias_maximum > 0).then_some(config.topic_alias_maximum),
                response_information: self.response_information(connect, client_id),
                server_keep_alive: config.server_keep_alive_for(connect.version, connect.keep_alive),
                ..ConnackProperties::default()
            };
        }
        connack
    }

    /// A place for responses, if the Client asks for one [MQTT-3.1.2-28]. A Client Identifier with wildcards in it, or one that makes it too long, gets none: it would
    /// be no Topic Name.
    fn response_information(&self, connect: &Connect, client_id: &ClientId) -> Option<ByteString> {
        let prefix = self.config.response_information.as_ref()?;
        if connect.properties.request_response_information != Some(true) {
            return None;
        }
        TopicName::new(format!("{prefix}{}", client_id.as_str())).ok().map(ByteString::from)
    }

    /// The next assigned Client Identifier that no session has [MQTT-3.1.3-6]. Counted, not drawn, so that a run can be repeated.
    fn unused_client_id(&mut self) -> ClientId {
        loop {
            let client_id = ClientId::new(format!("{}{}", self.config.assigned_prefix, self.next_assigned));
            if !self.by_client.contains_key(&client_id) {
                return client_id;
            }
            self.next_assigned = self.next_assigned.saturating_add(1);
        }
    }
}

/// Protocol Version of a CONNECT whose Protocol Name is MQTT, whatever follows.
fn protocol_level(frame: &Bytes) -> Option<u8> {
    let after_type = frame.get(1..)?;
    let length_bytes = after_type.iter().take(4).position(|byte| byte & 0x80 == 0)?.checked_add(1)?;
    after_type.get(length_bytes..)?.strip_prefix(b"\x00\x04MQTT")?.first().copied()
}
