//! Who may connect, and what they may do then.

mod acl;
mod password;

use std::collections::BTreeMap;

use bytestring::ByteString;

pub use acl::{Acl, AclAccess, AclRule, AclSubject};
pub use password::{PASSWORD_ITERATIONS_MAX, PasswordHash, PasswordHashError};

use super::Broker;
use crate::session::scram::{self, ScramCredentials, ScramError};
use crate::time::Instant;

/// Who may do what on a broker. Plain data: it is replaced as a whole by [`super::Broker::handle_access_changed`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessControl {
    /// Whether Clients without User Name are accepted.
    pub allow_anonymous: bool,
    /// The users that there are. `None`: nobody keeps a list, and any User Name is believed as long as anonymous Clients are accepted too.
    pub users: Option<BTreeMap<ByteString, User>>,
    /// What they may do. `None`: everything. An [`Acl`] without rules allows nothing.
    pub acl: Option<Acl>,
}

impl Default for AccessControl {
    /// Everyone may do everything.
    fn default() -> Self {
        Self { allow_anonymous: true, users: None, acl: None }
    }
}

/// How a user shows that it is who it says it is. With neither it cannot log in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct User {
    /// For User Name and Password in CONNECT.
    pub password: Option<PasswordHash>,
    /// For enhanced authentication; accepted for User Name and Password too if there is no `password`.
    pub scram: Option<ScramCredentials>,
}

impl User {
    /// A user that can log in both ways. Salts and iterations are the caller's choice; those of SCRAM have bounds of their own.
    ///
    /// # Errors
    /// The password cannot be used with SCRAM.
    pub fn with_password(password: &str, salt: &[u8], iterations: u32) -> Result<Self, ScramError> {
        Ok(Self {
            password: Some(PasswordHash::new(password.as_bytes(), salt, iterations)),
            scram: Some(ScramCredentials::new(password, salt, scram::ITERATIONS_MIN)?),
        })
    }
}

impl Broker {
    pub(super) fn change_access(&mut self, _now: Instant, access: AccessControl) {
        self.config.access = access;
    }
}
