//! Hashes of passwords in the two formats of `mosquitto_passwd`.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use hmac::Hmac;
use sha2::{Digest as _, Sha512};

use crate::session::scram::equal;

/// More iterations are refused: each CONNECT costs as many hashes.
pub const PASSWORD_ITERATIONS_MAX: u32 = 250_000;
/// The longest salt in bytes.
const SALT_MAX: usize = 64;
const HASH_BYTES: usize = 64;

/// A password as the broker keeps it: nobody can read it from here.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum PasswordHash {
    /// `$6$salt$hash`: one round of SHA-512 over password and salt, as `mosquitto_passwd -H sha512` makes it.
    Sha512 {
        /// Salt.
        salt: Vec<u8>,
        /// SHA-512.
        hash: [u8; HASH_BYTES],
    },
    /// `$7$iterations$salt$hash`: PBKDF2 with HMAC-SHA-512.
    Pbkdf2Sha512 {
        /// From 1 to [`PASSWORD_ITERATIONS_MAX`].
        iterations: u32,
        /// Salt.
        salt: Vec<u8>,
        /// The derived key.
        hash: [u8; HASH_BYTES],
    },
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

/// Why a text is no password hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordHashError {
    /// It does not begin with `$6$` or `$7$`, so that it would be the password itself.
    Plain,
    /// A `$` with another number, or parts that are missing.
    Format,
    /// Iterations that are no number or out of bounds.
    Iterations,
    /// Salt or hash that is no base64, or of the wrong length.
    Base64,
}

impl PasswordHash {
    /// The hash of a password; `iterations` are brought into their bounds.
    #[must_use]
    pub fn new(password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let iterations = iterations.clamp(1, PASSWORD_ITERATIONS_MAX);
        Self::Pbkdf2Sha512 { iterations, salt: salt.to_vec(), hash: derive(password, salt, iterations).unwrap_or([0; HASH_BYTES]) }
    }

    /// Whether this is the password.
    #[must_use]
    pub fn is_password(&self, password: &[u8]) -> bool {
        match self {
            Self::Sha512 { salt, hash } => equal(&Sha512::new().chain_update(password).chain_update(salt).finalize(), hash),
            Self::Pbkdf2Sha512 { iterations, salt, hash } => {
                derive(password, salt, *iterations).is_some_and(|derived| equal(&derived, hash))
            }
        }
    }

    /// Reads `$6$salt$hash` or `$7$iterations$salt$hash`.
    ///
    /// # Errors
    /// The text is none of them.
    pub fn from_text(text: &str) -> Result<Self, PasswordHashError> {
        let mut parts = text.split('$');
        if parts.next() != Some("") || parts.clone().count() < 2 {
            return Err(PasswordHashError::Plain);
        }
        let hash = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("6"), Some(salt), Some(hash), None) => Self::Sha512 { salt: decode_salt(salt)?, hash: decode_hash(hash)? },
            (Some("7"), Some(iterations), Some(salt), Some(hash)) => {
                let iterations = iterations.parse().ok().filter(|count| (1..=PASSWORD_ITERATIONS_MAX).contains(count));
                let iterations = iterations.ok_or(PasswordHashError::Iterations)?;
                Self::Pbkdf2Sha512 { iterations, salt: decode_salt(salt)?, hash: decode_hash(hash)? }
            }
            _ => return Err(PasswordHashError::Format),
        };
        if parts.next().is_some() { Err(PasswordHashError::Format) } else { Ok(hash) }
    }

    /// Writes what [`PasswordHash::from_text`] reads.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Sha512 { salt, hash } => format!("$6${}${}", BASE64.encode(salt), BASE64.encode(hash)),
            Self::Pbkdf2Sha512 { iterations, salt, hash } => format!("$7${iterations}${}${}", BASE64.encode(salt), BASE64.encode(hash)),
        }
    }
}

fn derive(password: &[u8], salt: &[u8], iterations: u32) -> Option<[u8; HASH_BYTES]> {
    let mut derived = [0; HASH_BYTES];
    // HMAC takes keys of every length.
    pbkdf2::pbkdf2::<Hmac<Sha512>>(password, salt, iterations, &mut derived).ok()?;
    Some(derived)
}

fn decode_salt(text: &str) -> Result<Vec<u8>, PasswordHashError> {
    BASE64.decode(text).ok().filter(|salt| (1..=SALT_MAX).contains(&salt.len())).ok_or(PasswordHashError::Base64)
}

fn decode_hash(text: &str) -> Result<[u8; HASH_BYTES], PasswordHashError> {
    BASE64.decode(text).ok().and_then(|hash| hash.try_into().ok()).ok_or(PasswordHashError::Base64)
}
