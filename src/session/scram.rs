//! SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding, as both sides of MQTT use it for enhanced authentication (5.0 §4.12).
//!
//! Pure functions of what was said: nonces come from the caller. A Client goes `ScramClient::start` → `respond` → `ServerSignature::verify`, a Server
//! `ClientFirst::read` → `ScramServer::new` → `verify`.
//!
//! Of SASLprep (RFC 4013) only the mapping and the table of prohibited characters is done. Normalization (NFKC) and the rules for right-to-left text are not: a
//! password that one side types composed and the other decomposed does not match.

use std::fmt;
use std::hint::black_box;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::text::{Message, key};

/// The name of the method in Authentication Method.
pub const SCRAM_SHA_256: &str = "SCRAM-SHA-256";
/// Fewer iterations are refused by both sides (RFC 7677 §4).
pub const ITERATIONS_MIN: u32 = 4_096;
/// More iterations are refused by both sides: the peer names the number, and each costs two hashes.
pub const ITERATIONS_MAX: u32 = 100_000;
/// Bytes of randomness in a nonce; a multiple of three, so that base64 needs no padding.
pub const NONCE_BYTES: usize = 18;
/// The longest salt that is accepted, in bytes.
pub const SALT_MAX: usize = 256;

const HASH_BYTES: usize = 32;
const HMAC_BLOCK: usize = 64;

type HashBytes = [u8; HASH_BYTES];

/// Why an exchange failed. Says nothing that helps to guess: an unknown user and a wrong password are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScramError {
    /// The message has not the form that RFC 5802 §7 gives it.
    Malformed,
    /// The peer wants channel binding, which there is not.
    ChannelBinding,
    /// The peer demands an extension (`m=`), and none is known here.
    Extension,
    /// Someone wants to act as someone else (`a=`).
    AuthorizationIdentity,
    /// User name or password has a character that SASLprep forbids, or is empty.
    Prohibited,
    /// The nonce is not the one of this exchange.
    Nonce,
    /// The iteration count is outside [`ITERATIONS_MIN`]..=[`ITERATIONS_MAX`].
    Iterations,
    /// The proof of the Client is wrong: no such user, or another password.
    WrongProof,
    /// The signature of the Server is wrong: it does not know the user's keys.
    WrongSignature,
    /// The Server gave up.
    ServerRefused,
}

impl ScramError {
    /// In words.
    #[must_use]
    pub fn message(self) -> Message {
        match self {
            Self::Malformed => key::ACCESS_SCRAM_MALFORMED.message(),
            Self::ChannelBinding => key::ACCESS_SCRAM_CHANNEL_BINDING.message(),
            Self::Extension => key::ACCESS_SCRAM_EXTENSION.message(),
            Self::AuthorizationIdentity => key::ACCESS_SCRAM_AUTHORIZATION_IDENTITY.message(),
            Self::Prohibited => key::ACCESS_SCRAM_PROHIBITED.message(),
            Self::Nonce => key::ACCESS_SCRAM_NONCE.message(),
            Self::Iterations => key::ACCESS_SCRAM_ITERATIONS.with("min", ITERATIONS_MIN).with("max", ITERATIONS_MAX),
            Self::WrongProof => key::ACCESS_SCRAM_WRONG_PROOF.message(),
            Self::WrongSignature => key::ACCESS_SCRAM_WRONG_SIGNATURE.message(),
            Self::ServerRefused => key::ACCESS_SCRAM_SERVER_REFUSED.message(),
        }
    }
}

/// A nonce: printable text without a comma.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// From random bytes.
    #[must_use]
    pub fn new(random: &[u8; NONCE_BYTES]) -> Self {
        Self(BASE64.encode(random))
    }

    /// As it is sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    #[cfg(test)]
    fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What a Server keeps of a password for SCRAM. Whoever reads it can neither log in nor tell the password, but can play the Server.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ScramCredentials {
    salt: Vec<u8>,
    iterations: u32,
    stored_key: HashBytes,
    server_key: HashBytes,
}

impl fmt::Debug for ScramCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScramCredentials({} iterations, ***)", self.iterations)
    }
}

impl ScramCredentials {
    /// The keys of a password.
    ///
    /// # Errors
    /// [`ScramError::Prohibited`], [`ScramError::Iterations`], or [`ScramError::Malformed`] for a salt that is empty or longer than [`SALT_MAX`].
    pub fn new(password: &str, salt: &[u8], iterations: u32) -> Result<Self, ScramError> {
        let salted = salted_password(password, salt, iterations)?;
        let stored_key = Sha256::digest(hmac(&salted, b"Client Key")).into();
        Ok(Self { salt: salt.to_vec(), iterations, stored_key, server_key: hmac(&salted, b"Server Key") })
    }

    /// Keys that no password has, for a user that does not exist: the exchange looks the same until the proof fails. `secret` is the Server's own, so that
    /// the same name gets the same salt each time and nobody can tell it from a real one.
    #[must_use]
    pub fn of_nobody(secret: &[u8; 32], user: &str) -> Self {
        let derive = |label: &[u8]| hmac(secret, &[label, user.as_bytes()].concat());
        let salt = derive(b"salt ").into_iter().take(16).collect();
        Self { salt, iterations: ITERATIONS_MIN, stored_key: derive(b"stored "), server_key: derive(b"server ") }
    }

    /// Whether this is the password. Takes as long as making the credentials did.
    #[must_use]
    pub fn is_password(&self, password: &str) -> bool {
        Self::new(password, &self.salt, self.iterations).is_ok_and(|made| equal(&made.stored_key, &self.stored_key))
    }

    /// Reads `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, the form in which PostgreSQL keeps them too.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (costs, keys) = text.strip_prefix(SCRAM_SHA_256)?.strip_prefix('$')?.split_once('$')?;
        let (iterations, salt) = costs.split_once(':')?;
        let (stored_key, server_key) = keys.split_once(':')?;
        let iterations = iterations.parse().ok().filter(|count| (ITERATIONS_MIN..=ITERATIONS_MAX).contains(count))?;
        let salt = BASE64.decode(salt).ok().filter(|salt| is_salt(salt))?;
        Some(Self { salt, iterations, stored_key: decode_hash(stored_key)?, server_key: decode_hash(server_key)? })
    }

    /// Writes what [`ScramCredentials::from_text`] reads. It belongs into password files and nowhere else.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { salt, iterations, stored_key, server_key } = self;
        let [salt, stored_key, server_key] = [salt.as_slice(), stored_key, server_key].map(|bytes| BASE64.encode(bytes));
        format!("{SCRAM_SHA_256}${iterations}:{salt}${stored_key}:{server_key}")
    }
}

/// The first message of a Client, as the Server reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientFirst {
    gs2_header: String,
    bare: String,
    user: String,
    nonce: String,
}

impl ClientFirst {
    /// Reads `n,,n=user,r=nonce`.
    ///
    /// # Errors
    /// [`ScramError::Malformed`], or what the Client wants and cannot have.
    pub fn read(message: &[u8]) -> Result<Self, ScramError> {
        let message = std::str::from_utf8(message).map_err(|_| ScramError::Malformed)?;
        let (flag, rest) = message.split_once(',').ok_or(ScramError::Malformed)?;
        let (authorize_as, bare) = rest.split_once(',').ok_or(ScramError::Malformed)?;
        // `y`: the Client could, and thinks rightly that the Server cannot.
        match flag {
            "n" | "y" => {}
            _ if flag.starts_with("p=") => return Err(ScramError::ChannelBinding),
            _ => return Err(ScramError::Malformed),
        }
        let mut attributes = bare.split(',');
        let name = match attributes.next() {
            Some(first) if first.starts_with("m=") => return Err(ScramError::Extension),
            Some(first) => first.strip_prefix("n=").ok_or(ScramError::Malformed)?,
            None => return Err(ScramError::Malformed),
        };
        let nonce = attributes.next().and_then(|second| second.strip_prefix("r=")).filter(|nonce| is_nonce(nonce));
        let nonce = nonce.ok_or(ScramError::Malformed)?;
        let user = prepare(&unescape(name)?)?;
        if !authorize_as.is_empty() {
            let wanted = authorize_as.strip_prefix("a=").ok_or(ScramError::Malformed)?;
            if prepare(&unescape(wanted)?)? != user {
                return Err(ScramError::AuthorizationIdentity);
            }
        }
        Ok(Self { gs2_header: format!("{flag},{authorize_as},"), bare: bare.to_owned(), nonce: nonce.to_owned(), user })
    }

    /// Who the Client says it is.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }
}

/// The Server in the middle of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScramServer {
    gs2_header: String,
    /// Both nonces.
    nonce: String,
    /// `client-first-message-bare "," server-first-message`.
    said: String,
    server_first: String,
    credentials: ScramCredentials,
}

impl ScramServer {
    /// Challenges the Client. For an unknown user the credentials are [`ScramCredentials::of_nobody`].
    #[must_use]
    pub fn new(client_first: ClientFirst, credentials: ScramCredentials, nonce: &Nonce) -> Self {
        let ClientFirst { gs2_header, bare, nonce: client_nonce, user: _ } = client_first;
        let nonce = client_nonce + &nonce.0;
        let server_first = format!("r={nonce},s={},i={}", BASE64.encode(&credentials.salt), credentials.iterations);
        Self { gs2_header, nonce, said: format!("{bare},{server_first}"), server_first, credentials }
    }

    /// The challenge, to be sent.
    #[must_use]
    pub fn server_first(&self) -> Bytes {
        Bytes::from(self.server_first.clone())
    }

    /// Checks `c=biws,r=nonce,p=proof` and gives the message that proves the Server to the Client.
    ///
    /// # Errors
    /// The Client is not who it says it is, or says it wrongly.
    pub fn verify(&self, client_final: &[u8]) -> Result<Bytes, ScramError> {
        let client_final = std::str::from_utf8(client_final).map_err(|_| ScramError::Malformed)?;
        let (without_proof, proof) = client_final.rsplit_once(",p=").ok_or(ScramError::Malformed)?;
        let mut attributes = without_proof.split(',');
        let binding = attributes.next().and_then(|first| first.strip_prefix("c=")).ok_or(ScramError::Malformed)?;
        let nonce = attributes.next().and_then(|second| second.strip_prefix("r=")).ok_or(ScramError::Malformed)?;
        if BASE64.decode(binding).map_err(|_| ScramError::Malformed)? != self.gs2_header.as_bytes() {
            return Err(ScramError::ChannelBinding);
        }
        if nonce != self.nonce {
            return Err(ScramError::Nonce);
        }
        let proof = decode_hash(proof).ok_or(ScramError::Malformed)?;
        let auth_message = format!("{},{without_proof}", self.said);
        let client_key = xor(&proof, &hmac(&self.credentials.stored_key, auth_message.as_bytes()));
        if !equal(&Sha256::digest(client_key), &self.credentials.stored_key) {
            return Err(ScramError::WrongProof);
        }
        let signature = hmac(&self.credentials.server_key, auth_message.as_bytes());
        Ok(Bytes::from(format!("v={}", BASE64.encode(signature))))
    }
}

/// A Client that has said who it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScramClient {
    bare: String,
    nonce: String,
}

impl ScramClient {
    /// Starts an exchange; gives the first message.
    ///
    /// # Errors
    /// [`ScramError::Prohibited`].
    pub fn start(user: &str, nonce: &Nonce) -> Result<(Self, Bytes), ScramError> {
        let bare = format!("n={},r={}", escape(&prepare(user)?), nonce.0);
        let message = Bytes::from(format!("{NO_BINDING}{bare}"));
        Ok((Self { bare, nonce: nonce.0.clone() }, message))
    }

    /// Answers the challenge of the Server: gives the signature to expect, and the message with the proof.
    ///
    /// # Errors
    /// The challenge is malformed, of another exchange, or asks for too few or too many iterations.
    pub fn respond(self, password: &str, server_first: &[u8]) -> Result<(ServerSignature, Bytes), ScramError> {
        let server_first = std::str::from_utf8(server_first).map_err(|_| ScramError::Malformed)?;
        let mut attributes = server_first.split(',');
        let nonce = match attributes.next() {
            Some(first) if first.starts_with("m=") => return Err(ScramError::Extension),
            Some(first) if first.starts_with("e=") => return Err(ScramError::ServerRefused),
            Some(first) => first.strip_prefix("r=").filter(|nonce| is_nonce(nonce)).ok_or(ScramError::Malformed)?,
            None => return Err(ScramError::Malformed),
        };
        let salt = attributes.next().and_then(|second| second.strip_prefix("s=")).ok_or(ScramError::Malformed)?;
        let iterations = attributes.next().and_then(|third| third.strip_prefix("i=")).ok_or(ScramError::Malformed)?;
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(ScramError::Nonce);
        }
        let salt = BASE64.decode(salt).map_err(|_| ScramError::Malformed)?;
        if !iterations.bytes().all(|digit| digit.is_ascii_digit()) || iterations.is_empty() {
            return Err(ScramError::Malformed);
        }
        // What does not fit into a number is too many.
        let iterations = iterations.parse().unwrap_or(u32::MAX);
        let salted = salted_password(password, &salt, iterations)?;
        let client_key = hmac(&salted, b"Client Key");
        let stored_key: HashBytes = Sha256::digest(client_key).into();
        let without_proof = format!("c={},r={nonce}", BASE64.encode(NO_BINDING));
        let auth_message = format!("{},{server_first},{without_proof}", self.bare);
        let proof = xor(&client_key, &hmac(&stored_key, auth_message.as_bytes()));
        let signature = hmac(&hmac(&salted, b"Server Key"), auth_message.as_bytes());
        Ok((ServerSignature(signature), Bytes::from(format!("{without_proof},p={}", BASE64.encode(proof)))))
    }
}

/// What the Server has to answer if it knows the user.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerSignature(HashBytes);

impl fmt::Debug for ServerSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSignature(***)")
    }
}

impl ServerSignature {
    /// Checks `v=signature`.
    ///
    /// # Errors
    /// [`ScramError::WrongSignature`]: this is not the Server that knows the user. [`ScramError::ServerRefused`] for `e=…`.
    pub fn verify(&self, server_final: &[u8]) -> Result<(), ScramError> {
        let server_final = std::str::from_utf8(server_final).map_err(|_| ScramError::Malformed)?;
        let first = server_final.split(',').next().unwrap_or_default();
        if first.starts_with("e=") {
            return Err(ScramError::ServerRefused);
        }
        let signature = first.strip_prefix("v=").and_then(decode_hash).ok_or(ScramError::Malformed)?;
        if equal(&signature, &self.0) { Ok(()) } else { Err(ScramError::WrongSignature) }
    }
}

/// The GS2 header of a Client that knows no channel binding.
const NO_BINDING: &str = "n,,";

/// `Hi` of RFC 5802 §2.2, which is PBKDF2.
fn salted_password(password: &str, salt: &[u8], iterations: u32) -> Result<HashBytes, ScramError> {
    if !(ITERATIONS_MIN..=ITERATIONS_MAX).contains(&iterations) {
        return Err(ScramError::Iterations);
    }
    if !is_salt(salt) {
        return Err(ScramError::Malformed);
    }
    let mut salted = [0; HASH_BYTES];
    match pbkdf2::pbkdf2::<Hmac<Sha256>>(prepare(password)?.as_bytes(), salt, iterations, &mut salted) {
        Ok(()) => Ok(salted),
        Err(_) => Err(ScramError::Prohibited),
    }
}

fn is_salt(salt: &[u8]) -> bool {
    (1..=SALT_MAX).contains(&salt.len())
}

/// Printable ASCII but the comma (RFC 5802 §7).
fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
}

fn decode_hash(text: &str) -> Option<HashBytes> {
    BASE64.decode(text).ok()?.try_into().ok()
}

fn hmac(key: &[u8], message: &[u8]) -> HashBytes {
    // All keys here are hashes, shorter than a block: HMAC fills them up with zeros.
    let mut block = [0; HMAC_BLOCK];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn xor(left: &HashBytes, right: &HashBytes) -> HashBytes {
    let mut out = *left;
    out.iter_mut().zip(right).for_each(|(to, from)| *to ^= from);
    out
}

/// Looks at every byte, wherever the first difference is.
#[must_use]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && black_box(left.iter().zip(right).fold(0, |difference, (left, right)| difference | (left ^ right))) == 0
}

fn escape(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// A `saslname`: `=2C` is a comma, `=3D` an equals sign, and no other `=` is legal.
fn unescape(text: &str) -> Result<String, ScramError> {
    let mut parts = text.split('=');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (character, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return Err(ScramError::Malformed),
        };
        name.push(character);
        name.push_str(rest);
    }
    Ok(name)
}

/// SASLprep (RFC 4013) as far as the module's head says.
fn prepare(text: &str) -> Result<String, ScramError> {
    let mut prepared = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // Mapped to nothing (RFC 3454 table B.1).
            '\u{ad}'
            | '\u{34f}'
            | '\u{1806}'
            | '\u{180b}'..='\u{180d}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => {}
            // Other spaces than the ASCII one (table C.1.2).
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => prepared.push(' '),
            _ if is_prohibited(character) => return Err(ScramError::Prohibited),
            _ => prepared.push(character),
        }
    }
    if prepared.is_empty() { Err(ScramError::Prohibited) } else { Ok(prepared) }
}

/// RFC 3454 tables C.2 to C.9.
const fn is_prohibited(character: char) -> bool {
    let code = character as u32;
    character.is_ascii_control()
        || matches!(code, 0x80..=0x9f | 0x340 | 0x341 | 0x6dd | 0x70f | 0x180e | 0x200e | 0x200f | 0x2028..=0x202e | 0x2061..=0x2063 | 0x206a..=0x206f)
        || matches!(code, 0x2ff0..=0x2ffb | 0xe000..=0xf8ff | 0xfdd0..=0xfdef | 0xfff9..=0xffff | 0x1d173..=0x1d17a | 0xe0001 | 0xe0020..=0xe007f)
        || code >= 0xf_0000
        || code & 0xfffe == 0xfffe
}

#[cfg(test)]
#[path = "scram_tests.rs"]
mod tests;
