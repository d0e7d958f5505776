//! User Name and Password of CONNECT (5.0 §3.1.3.5, §3.1.3.6).

use bytestring::ByteString;

use super::{PasswordHash, User};
use crate::broker::Broker;
use crate::broker::handshake::Refusal;
use crate::packet::{Connect, ReasonCode};
use crate::text::key;

impl Broker {
    /// Who connects, as far as User Name and Password tell. A Password without User Name, which 5.0 permits, tells nothing.
    pub(in crate::broker) fn check_password(&self, connect: &Connect) -> Result<Option<ByteString>, Refusal> {
        let access = &self.config.access;
        let wrong = || Refusal::new(ReasonCode::BadUserNameOrPassword, key::ACCESS_REFUSED_PASSWORD.message());
        let Some(name) = &connect.user_name else {
            let refused = || Refusal::new(ReasonCode::NotAuthorized, key::ACCESS_REFUSED_ANONYMOUS.message());
            return if access.allow_anonymous { Ok(None) } else { Err(refused()) };
        };
        if let Some(dynamic) = &access.dynamic {
            let password = connect.password.as_ref().map(|password| &*password.0);
            let right = dynamic.check_password(name, connect.client_id.as_str(), password);
            return if right { Ok(Some(name.clone())) } else { Err(wrong()) };
        }
        let Some(users) = &access.users else {
            return if access.allow_anonymous { Ok(Some(name.clone())) } else { Err(wrong()) };
        };
        let password = connect.password.as_ref().map(|password| &*password.0);
        // Who does not exist takes as long as somebody who does: the work is done, its result does not count.
        let user = users.get(name);
        let compared = user.filter(|user| user.can_log_in()).or_else(|| users.values().find(|user| user.can_log_in()));
        let right = compared.is_some_and(|compared| compared.is_password(password.unwrap_or_default()));
        if right && password.is_some() && user.is_some_and(User::can_log_in) { Ok(Some(name.clone())) } else { Err(wrong()) }
    }
}

impl User {
    const fn can_log_in(&self) -> bool {
        self.password.is_some() || self.scram.is_some()
    }

    fn is_password(&self, password: &[u8]) -> bool {
        match (&self.password, &self.scram) {
            (Some(hash), _) => PasswordHash::is_password(hash, password),
            (None, Some(scram)) => std::str::from_utf8(password).is_ok_and(|password| scram.is_password(password)),
            (None, None) => false,
        }
    }
}
