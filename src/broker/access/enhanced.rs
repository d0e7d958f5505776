//! Enhanced authentication with SCRAM-SHA-256, before CONNACK and again later (5.0 §4.12).

use std::fmt;
use std::hash::{Hash, Hasher};

use bytes::Bytes;
use bytestring::ByteString;
use sha2::{Digest as _, Sha256};

use crate::broker::connection::Phase;
use crate::broker::ending::{Farewell, Misbehaviour};
use crate::broker::event::EndCause;
use crate::broker::handshake::{Refusal, maximum_packet_size};
use crate::broker::subscription::SessionKey;
use crate::broker::{Broker, Timer};
use crate::packet::{Auth, AuthProperties, Connect, DecodeError, Packet, Password, ProtocolVersion, ReasonCode};
use crate::rng::RngStream;
use crate::session::scram::{ClientFirst, NONCE_BYTES, Nonce, SCRAM_SHA_256, ScramCredentials, ScramError, ScramServer};
use crate::session::{ConnectionId, Transmit};
use crate::text::key;
use crate::time::Instant;

/// What Clients must not be able to guess.
#[derive(Clone)]
pub(in crate::broker) struct Secrets {
    rng: RngStream,
    /// Makes up credentials for users that do not exist.
    nobody: [u8; 32],
}

impl Secrets {
    pub(in crate::broker) fn new(mut rng: RngStream) -> Self {
        let nobody = draw(&mut rng);
        Self { rng, nobody }
    }

    /// For a password that is set while the broker runs.
    pub(in crate::broker) fn salt(&mut self) -> [u8; 12] {
        let mut salt = [0; 12];
        salt.iter_mut().zip(draw(&mut self.rng)).for_each(|(to, from)| *to = from);
        salt
    }

    fn nonce(&mut self) -> Nonce {
        let mut nonce = [0; NONCE_BYTES];
        nonce.iter_mut().zip(draw(&mut self.rng)).for_each(|(to, from)| *to = from);
        Nonce::new(&nonce)
    }
}

/// Hashed, so that what is shown tells nothing about the state of the generator.
fn draw(rng: &mut RngStream) -> [u8; 32] {
    let mut hash = Sha256::new();
    for _ in 0..4 {
        hash.update(rng.next_u64().to_le_bytes());
    }
    hash.finalize().into()
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}

impl Hash for Secrets {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { rng, nobody } = self;
        (rng, nobody).hash(state);
    }
}

/// An exchange of AUTH packets that has begun.
#[derive(Clone, Debug, Hash)]
pub(in crate::broker) struct Exchange {
    /// What waits for its end; `None` for a re-authentication.
    connect: Option<Box<Connect>>,
    user: ByteString,
    credentials: ScramCredentials,
    server: ScramServer,
}

impl Broker {
    /// CONNECT names an Authentication Method: the first message of the exchange is in it.
    pub(in crate::broker) fn begin_authentication(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        connect: Connect,
        method: &ByteString,
    ) {
        if **method != *SCRAM_SHA_256 || self.config.access.listed_users().is_none() {
            let why = key::ACCESS_REFUSED_METHOD.with("method", method.chars().take(100).collect::<String>());
            self.refuse_connect(now, connection, &connect, Refusal::new(ReasonCode::BadAuthenticationMethod, why));
            return;
        }
        let data = connect.properties.authentication_data.as_ref().map(|data| data.0.clone());
        let maximum = maximum_packet_size(&connect);
        match self.challenge(data, None) {
            Ok((exchange, challenge)) => {
                if !self.send_auth(connection, ReasonCode::ContinueAuthentication, challenge, maximum) {
                    let why = key::BROKER_REFUSED_PACKET_SIZE.message();
                    self.refuse_connect(now, connection, &connect, Refusal::new(ReasonCode::PacketTooLarge, why));
                    return;
                }
                let Some(state) = self.connections.get_mut(&connection) else { return };
                state.phase = Phase::Authenticating;
                state.exchange = Some(Box::new(Exchange { connect: Some(Box::new(connect)), ..exchange }));
            }
            Err(error) => self.refuse_connect(now, connection, &connect, Refusal::new(ReasonCode::NotAuthorized, error.message())),
        }
    }

    /// Whoever it is gets a challenge.
    fn challenge(&mut self, data: Option<Bytes>, connect: Option<Box<Connect>>) -> Result<(Exchange, Bytes), ScramError> {
        let client_first = ClientFirst::read(&data.unwrap_or_default())?;
        let user = ByteString::from(client_first.user());
        let known = self.config.access.user(&user).and_then(|user| user.scram.clone());
        let credentials = known.unwrap_or_else(|| ScramCredentials::of_nobody(&self.secrets.nobody, &user));
        let server = ScramServer::new(client_first, credentials.clone(), &self.secrets.nonce());
        let challenge = server.server_first();
        Ok((Exchange { connect, user, credentials, server }, challenge))
    }

    /// The proof of the Client: who it is, and what proves the Server to it.
    fn verify(&self, exchange: &Exchange, data: Option<&Password>) -> Result<Bytes, ScramError> {
        let server_final = exchange.server.verify(data.map(|data| &*data.0).unwrap_or_default())?;
        // Its rights may have changed meanwhile.
        let user = self.config.access.user(&exchange.user);
        if user.and_then(|user| user.scram.as_ref()) != Some(&exchange.credentials) {
            return Err(ScramError::WrongProof);
        }
        Ok(server_final)
    }

    /// A packet between CONNECT and CONNACK: only AUTH and DISCONNECT may come [MQTT-3.1.2-30].
    pub(in crate::broker) fn receive_in_authentication(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        packet: Result<Packet, DecodeError>,
        frame: Bytes,
    ) {
        let Some(exchange) = self.connections.get_mut(&connection).and_then(|state| state.exchange.take()) else { return };
        let Some(connect) = exchange.connect.clone() else { return };
        let misbehaviour = match packet {
            Ok(Packet::Disconnect(disconnect)) => {
                let cause = EndCause::ClientDisconnected(disconnect.reason_code);
                return self.end_connection(now, connection, cause, Farewell::Close);
            }
            Ok(Packet::Auth(auth)) if auth.properties.authentication_method != connect.properties.authentication_method => {
                Misbehaviour::protocol_error("MQTT-4.12.0-5", key::ACCESS_METHOD_CHANGED.message())
            }
            Ok(Packet::Auth(auth)) if auth.reason_code == ReasonCode::ContinueAuthentication => {
                return match self.verify(&exchange, auth.properties.authentication_data.as_ref()) {
                    Ok(server_final) => self.accept_connect(now, connection, *connect, Some(exchange.user), Some(server_final)),
                    Err(error) => {
                        self.refuse_connect(now, connection, &connect, Refusal::new(ReasonCode::NotAuthorized, error.message()));
                    }
                };
            }
            Ok(Packet::Auth(auth)) => {
                let message = key::ACCESS_AUTH_OUT_OF_TURN.with("code", auth.reason_code.to_string());
                Misbehaviour::protocol_error("MQTT-4.12.0-3", message)
            }
            Ok(other) => {
                Misbehaviour::protocol_error("MQTT-3.1.2-30", key::ACCESS_BEFORE_CONNACK.with("packet", other.packet_type().name()))
            }
            Err(error) => {
                let misbehaviour = Misbehaviour { reason_code: error.reason_code, clause: error.clause, message: error.message.clone() };
                self.emit(crate::broker::BrokerEvent::MalformedReceived { connection, error: error.into(), bytes: frame });
                misbehaviour
            }
        };
        // There is no DISCONNECT before CONNACK [MQTT-3.14.0-1].
        let refusal = Refusal::new(misbehaviour.reason_code, misbehaviour.message.clone());
        let farewell = refusal.farewell(ProtocolVersion::V5, maximum_packet_size(&connect));
        self.end_connection(now, connection, misbehaviour.into_cause(), farewell);
    }

    /// AUTH on a living connection: re-authentication, with the method of CONNECT [MQTT-4.12.1-1]. Meanwhile everything goes on with the rights of before.
    pub(in crate::broker) fn handle_auth(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        session: SessionKey,
        auth: Auth,
    ) -> Result<(), Misbehaviour> {
        let Some(state) = self.connections.get_mut(&connection) else { return Ok(()) };
        if !state.is_authenticated {
            return Err(Misbehaviour::protocol_error("MQTT-4.12.0-7", key::BROKER_AUTH_WITHOUT_METHOD.message()));
        }
        if auth.properties.authentication_method.as_deref().is_none_or(|method| method != SCRAM_SHA_256) {
            return Err(Misbehaviour::protocol_error("MQTT-4.12.1-1", key::ACCESS_METHOD_CHANGED.message()));
        }
        let maximum = self.sessions.get(session.0).and_then(|session| session.online).map_or(0, |online| online.maximum_packet_size);
        let result = match (auth.reason_code, state.exchange.take()) {
            (ReasonCode::ReAuthenticate, None) => {
                let data = auth.properties.authentication_data.map(|data| data.0);
                self.challenge(data, None).map(|(exchange, challenge)| {
                    if let Some(state) = self.connections.get_mut(&connection) {
                        state.exchange = Some(Box::new(exchange));
                    }
                    self.timers.set(Timer::ConnectDeadline(connection), now + self.config.connect_timeout);
                    (ReasonCode::ContinueAuthentication, challenge)
                })
            }
            (ReasonCode::ContinueAuthentication, Some(exchange)) => {
                self.timers.cancel(&Timer::ConnectDeadline(connection));
                let verified = self.verify(&exchange, auth.properties.authentication_data.as_ref());
                if verified.is_ok()
                    && let Some(session) = self.sessions.get_mut(session.0)
                {
                    session.user_name = Some(exchange.user);
                }
                verified.map(|server_final| (ReasonCode::Success, server_final))
            }
            _ => {
                let message = key::ACCESS_AUTH_OUT_OF_TURN.with("code", auth.reason_code.to_string());
                return Err(Misbehaviour::protocol_error("5.0 §4.12.1", message));
            }
        };
        match result {
            Ok((reason_code, data)) => {
                if !self.send_auth(connection, reason_code, data, maximum) {
                    let message = key::BROKER_REFUSED_PACKET_SIZE.message();
                    return Err(Misbehaviour { reason_code: ReasonCode::PacketTooLarge, clause: "MQTT-3.1.2-24", message });
                }
                if reason_code == ReasonCode::Success {
                    self.enforce_access(now, session);
                }
            }
            // [MQTT-4.12.1-2]
            Err(error) => self.end_unauthorized(now, connection, error.message()),
        }
        Ok(())
    }

    /// Neither CONNECT nor the end of the exchange came in time.
    pub(in crate::broker) fn connect_deadline(&mut self, now: Instant, connection: ConnectionId) {
        match self.connections.get(&connection).map(|state| state.phase) {
            Some(Phase::Connected { .. }) => self.end_unauthorized(now, connection, key::ACCESS_TOO_SLOW.message()),
            _ => self.end_connection(now, connection, EndCause::ConnectTimeout, Farewell::Close),
        }
    }

    /// AUTH has no Reason String here: what there is to say is in its Authentication Data. Says whether the Client accepts a packet of this size.
    fn send_auth(&mut self, connection: ConnectionId, reason_code: ReasonCode, data: Bytes, maximum: usize) -> bool {
        let properties = AuthProperties {
            authentication_method: Some(ByteString::from_static(SCRAM_SHA_256)),
            authentication_data: Some(Password(data)),
            ..AuthProperties::default()
        };
        let packet = Packet::Auth(Auth { reason_code, properties });
        match packet.to_bytes(ProtocolVersion::V5) {
            Ok(bytes) if bytes.len() <= maximum => {
                self.transmit(connection, Transmit::Packet { packet_type: packet.packet_type(), bytes });
                true
            }
            _ => false,
        }
    }
}

/// What the last message of the exchange says in CONNACK [MQTT-4.12.0-5].
pub(in crate::broker) fn connack_properties(data: Bytes) -> (Option<ByteString>, Option<Password>) {
    (Some(ByteString::from_static(SCRAM_SHA_256)), Some(Password(data)))
}
