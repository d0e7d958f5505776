//! Who may connect, and what they may do then.

mod acl;
mod acl_file;
mod authentication;
mod enforcement;
mod enhanced;
mod password;
mod password_file;

use std::collections::BTreeMap;

use bytestring::ByteString;

pub use acl::{Acl, AclAccess, AclRule, AclSubject};
pub use acl_file::ACL_RULES_MAX;
pub use password::{PASSWORD_ITERATIONS_MAX, PasswordHash, PasswordHashError};
pub use password_file::{USERS_MAX, parse_password_file};

pub(super) use acl::{Identity, Wanted, unshared};
pub(super) use enhanced::{Exchange, Secrets, connack_properties};

use super::dynamic_security::DynamicSecurity;
use super::event::DecidedBy;
use crate::session::scram::{ITERATIONS_MIN, ScramCredentials, ScramError};

/// Who may do what on a broker. Plain data: it is replaced as a whole by [`super::Broker::handle_access_changed`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessControl {
    /// Whether Clients without User Name are accepted.
    pub allow_anonymous: bool,
    /// The users that there are. `None`: nobody keeps a list, and any User Name is believed as long as anonymous Clients are accepted too.
    pub users: Option<BTreeMap<ByteString, User>>,
    /// What they may do. `None`: everything. An [`Acl`] without rules allows nothing.
    pub acl: Option<Acl>,
    /// Clients, groups and roles that are administered through `$CONTROL/dynamic-security/v1`. While it is there, `users` and `acl` do not count.
    pub dynamic: Option<DynamicSecurity>,
}

impl Default for AccessControl {
    /// Everyone may do everything.
    fn default() -> Self {
        Self { allow_anonymous: true, users: None, acl: None, dynamic: None }
    }
}

impl AccessControl {
    /// The one place where it is decided whether somebody may do something.
    pub(super) fn decide(&self, who: Identity<'_>, wanted: Wanted<'_>) -> Result<(), DecidedBy> {
        if !self.is_known(who.user_name) {
            return Err(DecidedBy::UnknownUser);
        }
        if let Some(dynamic) = &self.dynamic {
            return dynamic.decide(who, wanted);
        }
        let Some(acl) = &self.acl else { return Ok(()) };
        acl.decide(who, wanted).map_err(|rule| match rule {
            Some(rule) => DecidedBy::Rule { line: rule.line, text: rule.text.clone() },
            None => DecidedBy::NoRule,
        })
    }

    /// Whether somebody of this name may be connected at all.
    fn is_known(&self, user_name: Option<&ByteString>) -> bool {
        if let (Some(name), Some(dynamic)) = (user_name, &self.dynamic) {
            return dynamic.knows(name);
        }
        match (user_name, &self.users) {
            (Some(name), Some(users)) => users.contains_key(name),
            (Some(_), None) | (None, _) => self.allow_anonymous,
        }
    }

    /// The users that count: those of dynamic security are administered elsewhere, and have no SCRAM credentials.
    fn listed_users(&self) -> Option<&BTreeMap<ByteString, User>> {
        self.users.as_ref().filter(|_| self.dynamic.is_none())
    }

    fn user(&self, name: &str) -> Option<&User> {
        self.listed_users()?.get(name)
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
    /// A user that can log in both ways. Salt and iterations are the caller's choice; SCRAM has at least [`ITERATIONS_MIN`].
    ///
    /// # Errors
    /// The password or the salt cannot be used with SCRAM.
    pub fn with_password(password: &str, salt: &[u8], iterations: u32) -> Result<Self, ScramError> {
        Ok(Self {
            password: Some(PasswordHash::new(password.as_bytes(), salt, iterations)),
            scram: Some(ScramCredentials::new(password, salt, iterations.max(ITERATIONS_MIN))?),
        })
    }
}

#[cfg(test)]
mod tests;
