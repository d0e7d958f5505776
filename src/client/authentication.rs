//! Enhanced authentication (5.0 §4.12): AUTH packets before CONNACK, and again on the living connection. Neither password nor proof ever shows.

use bytestring::ByteString;

use crate::client::misbehaviour::{self, Misbehaviour};
use crate::client::{Client, ClientError, ClientEvent, ClientState, Credentials, DisconnectCause, Timer};
use crate::packet::{Auth, AuthProperties, Connack, Disconnect, Packet, Password, ReasonCode};
use crate::rng::RngStream;
use crate::session::scram::{NONCE_BYTES, Nonce, SCRAM_SHA_256, ScramClient, ScramError, ServerSignature};
use crate::time::Instant;

/// How far the exchange of this connection is. There is none without an Authentication Method in CONNECT.
#[derive(Clone, Debug, Hash)]
pub(super) enum Authentication {
    /// The first message is sent.
    Started(ScramClient),
    /// The proof is sent; this is what the Server has to answer.
    Proved(ServerSignature),
    /// The Server has proved itself; CONNACK or AUTH with Success follows.
    Verified,
    /// Both sides know who the other is, and have said so.
    Done,
}

impl Credentials {
    /// Authentication Method.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::ScramSha256 { .. } => SCRAM_SHA_256,
        }
    }

    fn start(&self, rng: &mut RngStream) -> Result<(Authentication, Password), ScramError> {
        let Self::ScramSha256 { user, .. } = self;
        let mut random = [0; NONCE_BYTES];
        for chunk in random.chunks_mut(8) {
            chunk.iter_mut().zip(rng.next_u64().to_le_bytes()).for_each(|(to, from)| *to = from);
        }
        let (client, message) = ScramClient::start(user, &Nonce::new(&random))?;
        Ok((Authentication::Started(client), Password(message)))
    }

    /// The client's answer to Authentication Data of the Server, and how far the exchange is then.
    fn answer(&self, so_far: Authentication, data: &[u8]) -> Result<(Authentication, Option<Password>), ScramError> {
        let Self::ScramSha256 { password, .. } = self;
        match so_far {
            Authentication::Started(client) => {
                let password = std::str::from_utf8(&password.0).map_err(|_| ScramError::Prohibited)?;
                let (signature, message) = client.respond(password, data)?;
                Ok((Authentication::Proved(signature), Some(Password(message))))
            }
            Authentication::Proved(signature) => {
                signature.verify(data)?;
                Ok((Authentication::Verified, None))
            }
            Authentication::Verified | Authentication::Done => Err(ScramError::Malformed),
        }
    }
}

impl Client {
    /// Authenticates again on the living connection, with the method of CONNECT [MQTT-4.12.1-1]; [`ClientEvent::Authenticated`] follows, or the connection ends
    /// [MQTT-4.12.1-2], also if that takes longer than [`crate::client::ClientConfig::connect_timeout`].
    ///
    /// # Errors
    /// Not connected, or [`ClientError::CannotReauthenticate`].
    pub fn handle_reauthenticate(&mut self, now: Instant) -> Result<(), ClientError> {
        if self.state != ClientState::Connected {
            return Err(ClientError::NotConnected);
        }
        if !matches!(self.connection.authentication.as_deref(), Some(Authentication::Done)) {
            return Err(ClientError::CannotReauthenticate);
        }
        let data = self.start_authentication().ok_or(ClientError::CannotReauthenticate)?;
        self.timers.set(Timer::Authenticate, now + self.config.connect_timeout);
        self.send_auth(now, ReasonCode::ReAuthenticate, Some(data));
        Ok(())
    }

    /// The Server leaves an exchange unanswered. None of the Reason Codes that a Client may send says that, hence 0x80; the Will is published then, as after any failure.
    pub(super) fn authentication_timed_out(&mut self, now: Instant) {
        let packet = Disconnect::new(ReasonCode::UnspecifiedError);
        self.disconnect(now, Some(packet), DisconnectCause::AuthenticationTimeout, true);
    }

    /// Whether the settings have nothing that no exchange could begin with.
    pub(super) fn credentials_are_usable(&self) -> bool {
        self.config.authentication.as_ref().is_none_or(|credentials| credentials.start(&mut self.rng.clone()).is_ok())
    }

    /// Begins an exchange, if the settings have credentials: Authentication Data of CONNECT or AUTH.
    pub(super) fn start_authentication(&mut self) -> Option<Password> {
        let (authentication, data) = self.config.authentication.as_ref()?.start(&mut self.rng).ok()?;
        self.connection.authentication = Some(Box::new(authentication));
        Some(data)
    }

    /// AUTH of the Server.
    pub(super) fn handle_auth(&mut self, now: Instant, auth: &Auth) {
        let again = self.state == ClientState::Connected;
        match self.continue_authentication(auth, again) {
            // Without an answer when the Server has proved itself before it says Success (RFC 4422 §3.6).
            Ok(answer) if auth.reason_code == ReasonCode::ContinueAuthentication => {
                self.send_auth(now, ReasonCode::ContinueAuthentication, answer);
            }
            Ok(_) => {
                self.timers.cancel(&Timer::Authenticate);
                self.authenticated(again);
            }
            Err(what) => self.misbehaved(now, what),
        }
    }

    fn continue_authentication(&mut self, auth: &Auth, again: bool) -> Result<Option<Password>, Misbehaviour> {
        let reason_code = auth.reason_code;
        match self.connection.authentication.as_deref() {
            None => return Err(misbehaviour::unasked_authentication()),
            // Only the Client begins again.
            Some(Authentication::Done) => return Err(misbehaviour::auth_out_of_turn()),
            Some(_) => {}
        }
        // Re-authenticate comes from the Client only, and before CONNACK it is CONNACK that says Success.
        if reason_code == ReasonCode::ReAuthenticate || reason_code == ReasonCode::Success && !again {
            return Err(misbehaviour::auth_reason(reason_code));
        }
        self.check_method(auth.properties.authentication_method.as_ref())?;
        let data = auth.properties.authentication_data.as_ref();
        if reason_code == ReasonCode::Success {
            return self.conclude(data).map(|()| None);
        }
        data.map_or_else(|| Err(misbehaviour::not_authentic(ScramError::Malformed)), |data| self.take_authentication_data(data))
    }

    /// CONNACK with Success has to end the exchange that CONNECT began.
    pub(super) fn authenticate_by_connack(&mut self, connack: &Connack) -> Result<(), Misbehaviour> {
        let properties = &connack.properties;
        if self.connection.authentication.is_some() {
            self.check_method(properties.authentication_method.as_ref())?;
            self.conclude(properties.authentication_data.as_ref())
        } else if properties.authentication_method.is_some() || properties.authentication_data.is_some() {
            Err(misbehaviour::unasked_authentication())
        } else {
            Ok(())
        }
    }

    /// The Server says Success: by then, or with this, it has to have proved itself.
    fn conclude(&mut self, data: Option<&Password>) -> Result<(), Misbehaviour> {
        if let Some(data) = data {
            self.take_authentication_data(data)?;
        }
        match self.connection.authentication.as_deref_mut() {
            Some(authentication @ Authentication::Verified) => {
                *authentication = Authentication::Done;
                Ok(())
            }
            _ => Err(misbehaviour::not_authentic(ScramError::WrongSignature)),
        }
    }

    /// Reports a good end, if there was an exchange.
    pub(super) fn authenticated(&mut self, again: bool) {
        if let (Some(_), Some(credentials)) = (&self.connection.authentication, &self.config.authentication) {
            let method = ByteString::from_static(credentials.method());
            self.emit(ClientEvent::Authenticated { method, again });
        }
    }

    fn take_authentication_data(&mut self, data: &Password) -> Result<Option<Password>, Misbehaviour> {
        let (Some(so_far), Some(credentials)) = (self.connection.authentication.take(), self.config.authentication.as_ref()) else {
            return Err(misbehaviour::unasked_authentication());
        };
        let (next, answer) = credentials.answer(*so_far, &data.0).map_err(misbehaviour::not_authentic)?;
        self.connection.authentication = Some(Box::new(next));
        Ok(answer)
    }

    /// [MQTT-4.12.0-5]
    fn check_method(&self, method: Option<&ByteString>) -> Result<(), Misbehaviour> {
        let expected = self.config.authentication.as_ref().map(Credentials::method);
        if method.map(|method| &**method) == expected { Ok(()) } else { Err(misbehaviour::other_method()) }
    }

    fn send_auth(&mut self, now: Instant, reason_code: ReasonCode, data: Option<Password>) {
        let method = self.config.authentication.as_ref().map(|credentials| ByteString::from_static(credentials.method()));
        let properties = AuthProperties { authentication_method: method, authentication_data: data, ..AuthProperties::default() };
        self.send(now, &Packet::Auth(Auth { reason_code, properties }));
    }
}
