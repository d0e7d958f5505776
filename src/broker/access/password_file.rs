//! Reads password files as `mosquitto_passwd` writes them.

use std::collections::BTreeMap;

use bytestring::ByteString;

use super::{PASSWORD_ITERATIONS_MAX, PasswordHash, PasswordHashError, User};
use crate::session::scram::{SCRAM_SHA_256, ScramCredentials};
use crate::text::{Diagnostic, Message, key};

/// The most users of one file.
pub const USERS_MAX: usize = 100_000;

/// Reads a password file; `file` is its name for messages. Lines are `name:hash`, where the hash is one of `mosquitto_passwd` or, beside it or instead,
/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` for enhanced authentication.
///
/// # Errors
/// Every line that is wrong. No message repeats what could be a password.
pub fn parse_password_file(file: &str, text: &str) -> Result<BTreeMap<ByteString, User>, Vec<Diagnostic>> {
    let mut users: BTreeMap<ByteString, User> = BTreeMap::new();
    let mut mistakes = Vec::new();
    let mut offset: usize = 0;
    for whole in text.split_inclusive('\n') {
        let at = offset;
        offset = offset.saturating_add(whole.len());
        let line = whole.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(message) = read_line(line, file, &mut users) {
            mistakes.push(Diagnostic::new(file, text, at, message));
        }
        if users.len() > USERS_MAX {
            mistakes.push(Diagnostic::new(file, text, at, key::ACCESS_PASSWORD_TOO_MANY.with("limit", USERS_MAX)));
            break;
        }
    }
    if mistakes.is_empty() { Ok(users) } else { Err(mistakes) }
}

fn read_line(line: &str, file: &str, users: &mut BTreeMap<ByteString, User>) -> Result<(), Message> {
    let (name, secret) = line.split_once(':').ok_or_else(|| key::ACCESS_PASSWORD_NO_COLON.message())?;
    let name = name.trim_end();
    if name.is_empty() || name.len() > usize::from(u16::MAX) || name.contains('\0') {
        return Err(key::ACCESS_PASSWORD_NO_USER.message());
    }
    let user = users.entry(name.into()).or_default();
    let twice = || key::ACCESS_PASSWORD_TWICE.with("user", name);
    if secret.starts_with(SCRAM_SHA_256) {
        let scram = ScramCredentials::from_text(secret).ok_or_else(|| key::ACCESS_PASSWORD_SCRAM.with("user", name))?;
        return if user.scram.replace(scram).is_some() { Err(twice()) } else { Ok(()) };
    }
    let hash = PasswordHash::from_text(secret).map_err(|error| match error {
        PasswordHashError::Plain => key::ACCESS_PASSWORD_PLAIN.with("user", name).with("file", file),
        PasswordHashError::Format => key::ACCESS_PASSWORD_FORMAT.with("user", name),
        PasswordHashError::Iterations => key::ACCESS_PASSWORD_ITERATIONS.with("user", name).with("max", PASSWORD_ITERATIONS_MAX),
        PasswordHashError::Base64 => key::ACCESS_PASSWORD_BASE64.with("user", name),
    })?;
    if user.password.replace(hash).is_some() { Err(twice()) } else { Ok(()) }
}
