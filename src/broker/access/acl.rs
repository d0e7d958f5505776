//! Access control lists as Mosquitto has them.

use bytestring::ByteString;

use crate::packet::TopicFilter;

/// Rules about topics. What no rule allows is refused, and a rule that denies beats all that allow: the order of the rules does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Acl {
    /// The rules in the order of the file.
    pub rules: Vec<AclRule>,
}

/// One line of an access control list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AclRule {
    /// From 1; 0 if the rule comes from no file.
    pub line: u32,
    /// The line as it stands there, for whoever asks why.
    pub text: ByteString,
    /// Whom it is about.
    pub subject: AclSubject,
    /// What it allows or denies.
    pub access: AclAccess,
    /// The topics. In a [`AclSubject::Pattern`] the levels may hold `%u` and `%c`.
    pub filter: TopicFilter,
}

/// Whom a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AclSubject {
    /// `topic …` before the first `user`: Clients without User Name.
    Anonymous,
    /// `topic …` after `user NAME`.
    User(ByteString),
    /// `pattern …`: everyone, with `%u` for the User Name and `%c` for the Client Identifier.
    Pattern,
}

/// What a rule says about its topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AclAccess {
    /// Subscribing and receiving.
    Read,
    /// Publishing.
    Write,
    /// Both.
    ReadWrite,
    /// Neither, whatever other rules say.
    Deny,
}
