//! From the wish to connect to CONNACK.

use crate::client::connection::{Connection, ServerLimits};
use crate::client::{Client, ClientError, ClientEvent, ClientState, DisconnectCause, Timer, misbehaviour};
use crate::packet::{Connack, Connect, ConnectProperties, EncodeError, Packet, ProtocolVersion};
use crate::session::Transmit;
use crate::text::key;
use crate::time::{Duration, Instant};

impl Client {
    /// Starts to connect (asks for a Network Connection), also before a planned reconnection is due. Subscriptions of the configuration follow after CONNACK.
    ///
    /// # Errors
    /// [`ClientError::AlreadyConnected`], or the settings make an illegal CONNECT.
    pub fn handle_connect(&mut self, now: Instant) -> Result<(), ClientError> {
        if !matches!(self.state, ClientState::Idle | ClientState::Waiting { .. }) {
            return Err(ClientError::AlreadyConnected);
        }
        if self.config.version == ProtocolVersion::V5 && self.config.retry_interval.is_some() {
            return Err(ClientError::RetryNotAllowed);
        }
        if self.config.version == ProtocolVersion::V311 && self.config.authentication.is_some() {
            return Err(EncodeError::NotInVersion { field: "Authentication Method", version: ProtocolVersion::V311 }.into());
        }
        if !self.credentials_are_usable() {
            return Err(ClientError::BadCredentials);
        }
        let connect = self.connect_packet();
        if connect.version == ProtocolVersion::V311 && connect.client_id.is_empty() && !connect.clean_start {
            return Err(EncodeError::Illegal { field: "Client Identifier", clause: "MQTT-3.1.3-7" }.into());
        }
        Packet::Connect(Box::new(connect)).to_bytes(self.config.version)?;
        self.timers.cancel(&Timer::Reconnect);
        self.open(now);
        Ok(())
    }

    pub(super) fn open(&mut self, now: Instant) {
        self.connection = Connection::new(&self.config);
        self.enter(ClientState::Opening);
        self.transmit(Transmit::Open);
        self.timers.set(Timer::Connect, now + self.config.connect_timeout);
    }

    /// The Network Connection is open: CONNECT goes out.
    pub fn handle_transport_opened(&mut self, now: Instant) {
        if self.state != ClientState::Opening {
            return;
        }
        let mut connect = self.connect_packet();
        self.connection.clean_start = connect.clean_start;
        connect.properties.authentication_data = self.start_authentication();
        if connect.clean_start {
            self.discard_session(&key::CLIENT_DROPPED_CLEAN_START.message());
        }
        self.send(now, &Packet::Connect(Box::new(connect)));
        self.enter(ClientState::Connecting);
    }

    fn connect_packet(&self) -> Connect {
        let config = &self.config;
        let properties = match config.version {
            ProtocolVersion::V5 => ConnectProperties {
                session_expiry_interval: config.session_expiry_interval,
                receive_maximum: config.receive_maximum,
                maximum_packet_size: config.maximum_packet_size,
                topic_alias_maximum: config.topic_alias_maximum,
                request_response_information: config.request_response_information.then_some(true),
                request_problem_information: config.request_problem_information,
                user_properties: config.user_properties.clone(),
                authentication_method: config.authentication.as_ref().map(|credentials| credentials.method().into()),
                authentication_data: None,
            },
            ProtocolVersion::V311 => ConnectProperties::default(),
        };
        Connect {
            version: config.version,
            clean_start: config.clean_start || self.starts_anew,
            keep_alive: config.keep_alive,
            client_id: self.client_id().clone(),
            will: config.will.clone(),
            user_name: config.user_name.clone(),
            password: config.password.clone(),
            properties,
        }
    }

    /// The answer to CONNECT.
    pub(super) fn handle_connack(&mut self, now: Instant, connack: &Connack) {
        let version = self.config.version;
        let clean_start = self.connection.clean_start;
        // What the Server takes holds for a DISCONNECT that answers this very CONNACK too [MQTT-3.2.2-15].
        self.connection.server = ServerLimits::new(&connack.properties);
        if connack.reason_code.is_error() {
            if connack.session_present {
                return self.misbehaved(now, misbehaviour::refused_with_session_present(version));
            }
            // [MQTT-3.2.2-7] The Server closes too.
            let stays = self.referred(connack.reason_code, connack.properties.server_reference.as_ref());
            return self.disconnect(now, None, DisconnectCause::Refused(connack.reason_code), stays);
        }
        if connack.reason_code.as_u8() != 0 {
            return self.misbehaved(now, misbehaviour::connack_reason(connack.reason_code));
        }
        let properties = &connack.properties;
        if let Err(what) = self.authenticate_by_connack(connack) {
            return self.misbehaved(now, what);
        }
        if properties.response_information.is_some() && !self.config.request_response_information {
            return self.misbehaved(now, misbehaviour::unasked_response_information());
        }
        if connack.session_present && clean_start {
            return self.misbehaved(now, misbehaviour::session_present_after_clean_start(version));
        }
        // 3.1.1 leaves it to the Client whether it goes on with a session that only the Server knows; 5.0 does not [MQTT-3.2.2-4].
        if connack.session_present && !self.has_session && version == ProtocolVersion::V5 {
            self.starts_anew = true;
            return self.misbehaved(now, misbehaviour::session_present_unknown());
        }
        if version == ProtocolVersion::V5 && self.client_id().is_empty() {
            let Some(assigned) = properties.assigned_client_identifier.clone().filter(|id| !id.is_empty()) else {
                return self.misbehaved(now, misbehaviour::no_assigned_client_id());
            };
            self.assigned_client_id = Some(assigned);
        }
        self.connected(now, connack);
    }

    fn connected(&mut self, now: Instant, connack: &Connack) {
        let version = self.config.version;
        let properties = &connack.properties;
        self.timers.cancel(&Timer::Connect);
        self.attempt = 0;
        self.starts_anew = false;
        if self.config.uses_topic_aliases {
            self.connection.automatic_aliases.connection_started(self.connection.server.topic_alias_maximum);
        }
        self.connection.ends_session = match version {
            ProtocolVersion::V5 => properties.session_expiry_interval.or(self.config.session_expiry_interval).unwrap_or(0) == 0,
            ProtocolVersion::V311 => self.connection.clean_start,
        };
        // [MQTT-3.1.2-21] [MQTT-3.2.2-21] [MQTT-3.2.2-22]
        let keep_alive = properties.server_keep_alive.unwrap_or(self.config.keep_alive);
        self.connection.keep_alive = Duration::from_secs(u64::from(keep_alive));
        self.enter(ClientState::Connected);
        self.emit(ClientEvent::Connected { session_present: connack.session_present, keep_alive });
        self.authenticated(false);
        if !connack.session_present && self.has_session {
            // [MQTT-3.2.2-5]
            self.discard_session(&key::CLIENT_DROPPED_SESSION_NOT_PRESENT.message());
        }
        self.has_session = true;
        self.response_information(properties.response_information.as_ref());
        let receive_maximum = match version {
            ProtocolVersion::V5 => self.config.receive_maximum.unwrap_or(u16::MAX),
            ProtocolVersion::V311 => u16::MAX,
        };
        self.inbound.connection_started(version, receive_maximum);
        self.outbound.connection_started(version, properties.receive_maximum.unwrap_or(u16::MAX));
        // CONNECT was the last packet sent [MQTT-3.1.2-20].
        self.packet_sent(self.connection.last_sent);
        self.subscribe_after_connack(now, connack.session_present);
        self.flush(now);
    }
}
