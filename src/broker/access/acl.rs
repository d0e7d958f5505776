//! Access control lists: what Mosquitto's `acl_file` says, as data, and what follows from it.
//!
//! A rule that denies beats all that allow, whatever their order and whoever they are about; what no rule allows is refused. Client Identifiers and User Names
//! are compared with levels of a topic and never become part of a pattern: one that holds `+`, `#` or `/`, or is empty, matches no rule that allows, and a rule
//! that denies treats it as any level.

use std::collections::BTreeMap;

use bytestring::ByteString;

use crate::packet::{ClientId, TopicFilter, TopicName};

/// Rules about topics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Acl {
    anonymous: Vec<AclRule>,
    users: BTreeMap<ByteString, Vec<AclRule>>,
    patterns: Vec<AclRule>,
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
    /// The topics. With [`AclSubject::Pattern`] the levels `%u` and `%c` stand for the User Name and the Client Identifier.
    pub filter: TopicFilter,
}

/// Whom a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AclSubject {
    /// `topic …` before the first `user`: Clients without User Name.
    Anonymous,
    /// `topic …` after `user NAME`.
    User(ByteString),
    /// `pattern …`: everyone.
    Pattern,
}

/// What a rule says about its topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AclAccess {
    /// Subscribing and receiving are allowed.
    Read,
    /// Publishing is allowed.
    Write,
    /// Both are allowed.
    ReadWrite,
    /// Neither is allowed.
    Deny,
}

/// Who wants something.
#[derive(Clone, Copy, Debug)]
pub(in crate::broker) struct Identity<'a> {
    pub(in crate::broker) user_name: Option<&'a ByteString>,
    pub(in crate::broker) client_id: &'a ClientId,
}

/// What somebody wants.
#[derive(Clone, Copy, Debug)]
pub(in crate::broker) enum Wanted<'a> {
    /// To publish a message.
    Publish(&'a TopicName),
    /// To be sent a message.
    Receive(&'a TopicName),
    /// To subscribe. Allowed if there may be a topic that may be read: each message is looked at again.
    Subscribe(&'a TopicFilter),
    /// To end a subscription. Only dynamic security can forbid it.
    Unsubscribe(&'a TopicFilter),
}

impl Acl {
    /// A list of these rules. Without any it allows nothing.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = AclRule>) -> Self {
        let mut acl = Self::default();
        for rule in rules {
            match &rule.subject {
                AclSubject::Anonymous => acl.anonymous.push(rule),
                AclSubject::User(name) => acl.users.entry(name.clone()).or_default().push(rule),
                AclSubject::Pattern => acl.patterns.push(rule),
            }
        }
        acl
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let users = self.users.values().map(Vec::len).fold(0, usize::saturating_add);
        self.anonymous.len().saturating_add(users).saturating_add(self.patterns.len())
    }

    /// Whether there is no rule, so that nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rule that denies, or `Err(None)` if none allows.
    pub(super) fn decide(&self, who: Identity<'_>, wanted: Wanted<'_>) -> Result<(), Option<&AclRule>> {
        if let Wanted::Unsubscribe(_) = wanted {
            return Ok(());
        }
        let own = match who.user_name {
            Some(name) => self.users.get(name).map(Vec::as_slice).unwrap_or_default(),
            None => &self.anonymous,
        };
        let rules = || own.iter().chain(&self.patterns);
        if let Some(rule) = rules().find(|rule| rule.access == AclAccess::Deny && rule.denies(who, wanted)) {
            return Err(Some(rule));
        }
        if rules().any(|rule| rule.allows(who, wanted)) { Ok(()) } else { Err(None) }
    }
}

/// One level of a rule, for one Client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level<'a> {
    Text(&'a str),
    Any,
    Rest,
    /// A name that is no level.
    Nothing,
}

impl AclRule {
    fn denies(&self, who: Identity<'_>, wanted: Wanted<'_>) -> bool {
        match wanted {
            Wanted::Publish(topic) | Wanted::Receive(topic) => self.matches(who, topic.as_str(), Level::Any),
            Wanted::Subscribe(filter) => self.covers(who, unshared(filter)),
            Wanted::Unsubscribe(_) => false,
        }
    }

    fn allows(&self, who: Identity<'_>, wanted: Wanted<'_>) -> bool {
        let (reads, writes) = match self.access {
            AclAccess::Read => (true, false),
            AclAccess::Write => (false, true),
            AclAccess::ReadWrite => (true, true),
            AclAccess::Deny => (false, false),
        };
        match wanted {
            Wanted::Publish(topic) => writes && self.matches(who, topic.as_str(), Level::Nothing),
            Wanted::Receive(topic) => reads && self.matches(who, topic.as_str(), Level::Nothing),
            Wanted::Subscribe(filter) => reads && self.overlaps(who, unshared(filter)),
            Wanted::Unsubscribe(_) => true,
        }
    }

    /// The levels for this Client; a name that cannot be a level becomes `unusable`, one that there is not matches nothing.
    fn levels<'a>(&'a self, who: Identity<'a>, unusable: Level<'a>) -> impl Iterator<Item = Level<'a>> {
        let is_pattern = self.subject == AclSubject::Pattern;
        let name = move |name: &'a str| if is_level(name) { Level::Text(name) } else { unusable };
        self.filter.as_str().split('/').map(move |level| match level {
            "#" => Level::Rest,
            "+" => Level::Any,
            "%u" if is_pattern => who.user_name.map_or(Level::Nothing, |user| name(user)),
            "%c" if is_pattern => name(who.client_id.as_str()),
            text => Level::Text(text),
        })
    }

    /// What begins with `$` is named by rules that begin with `$` alone.
    fn begins_like(&self, text: &str) -> bool {
        text.starts_with('$') == self.filter.as_str().starts_with('$')
    }

    fn matches(&self, who: Identity<'_>, topic: &str, unusable: Level<'_>) -> bool {
        if !self.begins_like(topic) {
            return false;
        }
        let mut topic_levels = topic.split('/');
        for level in self.levels(who, unusable) {
            match (level, topic_levels.next()) {
                (Level::Rest, _) => return true,
                (Level::Any, Some(_)) => {}
                (Level::Text(text), Some(there)) if text == there => {}
                _ => return false,
            }
        }
        topic_levels.next().is_none()
    }

    /// Whether some topic may match both. No wildcard at the beginning matches `$` [MQTT-4.7.2-1].
    fn overlaps(&self, who: Identity<'_>, filter: &str) -> bool {
        if !self.begins_like(filter) || self.levels(who, Level::Nothing).any(|level| level == Level::Nothing) {
            return false;
        }
        let mut levels = self.levels(who, Level::Nothing);
        let mut filter_levels = filter.split('/');
        loop {
            match (levels.next(), filter_levels.next()) {
                (Some(Level::Rest), _) | (_, Some("#")) | (None, None) => return true,
                (Some(Level::Any), Some(_)) | (Some(Level::Text(_)), Some("+")) => {}
                (Some(Level::Text(text)), Some(there)) if text == there => {}
                _ => return false,
            }
        }
    }

    /// Whether this matches all that the filter matches.
    fn covers(&self, who: Identity<'_>, filter: &str) -> bool {
        if !self.begins_like(filter) {
            return false;
        }
        let mut levels = self.levels(who, Level::Any);
        let mut filter_levels = filter.split('/');
        loop {
            match (levels.next(), filter_levels.next()) {
                (Some(Level::Rest), _) | (None, None) => return true,
                (Some(Level::Any), Some(there)) if there != "#" => {}
                (Some(Level::Text(text)), Some(there)) if text == there => {}
                _ => return false,
            }
        }
    }
}

fn is_level(name: &str) -> bool {
    !name.is_empty() && !name.contains(['+', '#', '/'])
}

/// The filter by which messages are chosen.
pub(in crate::broker) fn unshared(filter: &TopicFilter) -> &str {
    filter.share().map_or_else(|| filter.as_str(), |(_, filter)| filter)
}
