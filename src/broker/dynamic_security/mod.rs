//! Dynamic security: clients, groups and roles that are administered while the broker runs, through messages to `$CONTROL/dynamic-security/v1`.
//!
//! The protocol is that of Mosquitto's plugin of the same name, its words for errors included: `mosquitto_2_0_11.jsonl` holds what that version answers, and the tests
//! compare with it. A *client* here is a user (a User Name with a password), not an MQTT Client. Its roles, then those of its groups, say what it may do; what none
//! of them mentions is decided by the default. They have no credentials for SCRAM: enhanced authentication is refused (0x8C), as in Mosquitto. `%u` and `%c` as levels of a role's topic stand for the User Name and the Client Identifier.

mod clients;
mod control;
mod file;
mod groups;
mod request;
mod roles;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytestring::ByteString;

use super::access::{Identity, PasswordHash, Wanted, unshared};
use super::event::DecidedBy;
use crate::packet::TopicFilter;

/// Where requests are published.
pub(super) const CONTROL_TOPIC: &str = "$CONTROL/dynamic-security/v1";
/// Where they are answered.
const RESPONSE_TOPIC: &str = "$CONTROL/dynamic-security/v1/response";
/// What administers the broker begins with this, and is never allowed by default.
const CONTROL_PREFIX: &str = "$CONTROL";

/// The most clients.
const MAX_CLIENTS: usize = 10_000;
/// The most groups, and the most roles.
const MAX_NAMES: usize = 1_000;
/// The most entries of one list: rules of a role, roles or groups of a client, roles of a group.
const MAX_ENTRIES: usize = 1_000;
/// The longest name or text in bytes.
const MAX_TEXT: usize = 65_535;
/// The priority of a role or group that was given none.
const NO_PRIORITY: i64 = -1;

/// Gives a new salt each time.
type Salts<'a> = &'a mut dyn FnMut() -> [u8; 12];

/// Clients, groups, roles and what is allowed by default. Plain data; changed by requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DynamicSecurity {
    clients: BTreeMap<String, Client>,
    groups: BTreeMap<String, Group>,
    roles: BTreeMap<String, Role>,
    /// Whose roles count for those without User Name.
    anonymous_group: Option<String>,
    defaults: Defaults,
}

/// What is allowed if no role says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Defaults {
    publish_send: bool,
    publish_receive: bool,
    subscribe: bool,
    unsubscribe: bool,
}

impl Default for Defaults {
    /// As `mosquitto_ctrl dynsec init` sets them.
    fn default() -> Self {
        Self { publish_send: false, publish_receive: true, subscribe: false, unsubscribe: true }
    }
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Client {
    /// Without one it cannot log in.
    password: Option<PasswordHash>,
    /// The only Client Identifier that it may connect with.
    client_id: Option<String>,
    text_name: Option<String>,
    text_description: Option<String>,
    disabled: bool,
    roles: Ranked,
    groups: Ranked,
}

/// Clients that share roles. Who belongs to it stands with the clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Group {
    text_name: Option<String>,
    text_description: Option<String>,
    roles: Ranked,
}

/// Rules under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Role {
    text_name: Option<String>,
    text_description: Option<String>,
    /// By kind, then from the highest priority to the lowest.
    rules: Vec<Rule>,
}

/// One rule of a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Rule {
    kind: RuleKind,
    topic: String,
    priority: i64,
    allow: bool,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum RuleKind {
    PublishClientSend,
    PublishClientReceive,
    SubscribeLiteral,
    SubscribePattern,
    UnsubscribeLiteral,
    UnsubscribePattern,
}

impl RuleKind {
    const ALL: [Self; 6] = [
        Self::PublishClientSend,
        Self::PublishClientReceive,
        Self::SubscribeLiteral,
        Self::SubscribePattern,
        Self::UnsubscribeLiteral,
        Self::UnsubscribePattern,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::PublishClientSend => "publishClientSend",
            Self::PublishClientReceive => "publishClientReceive",
            Self::SubscribeLiteral => "subscribeLiteral",
            Self::SubscribePattern => "subscribePattern",
            Self::UnsubscribeLiteral => "unsubscribeLiteral",
            Self::UnsubscribePattern => "unsubscribePattern",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        // Mosquitto compares these without regard to case.
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// Names with priorities, from the highest to the lowest; of the same priority in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Ranked(Vec<(String, i64)>);

impl Ranked {
    /// Says whether it was not there yet and there was room.
    fn insert(&mut self, name: &str, priority: i64) -> bool {
        if self.contains(name) || self.0.len() >= MAX_ENTRIES {
            return false;
        }
        let at = self.0.partition_point(|(_, other)| *other >= priority);
        self.0.insert(at, (name.to_owned(), priority));
        true
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl DynamicSecurity {
    /// One client `admin` with the role `admin`, which may administer and watch everything but publish nothing else: as `mosquitto_ctrl dynsec init` makes it.
    #[must_use]
    pub fn with_admin(user_name: &str, password: PasswordHash) -> Self {
        let mut admin = Client { password: Some(password), text_name: Some("Dynsec admin user".to_owned()), ..Client::default() };
        admin.roles.insert("admin", NO_PRIORITY);
        let mut role = Role::default();
        let rules = [
            (RuleKind::PublishClientSend, "$CONTROL/dynamic-security/#"),
            (RuleKind::PublishClientReceive, "$CONTROL/dynamic-security/#"),
            (RuleKind::PublishClientReceive, "$SYS/#"),
            (RuleKind::PublishClientReceive, "#"),
            (RuleKind::SubscribePattern, "$CONTROL/dynamic-security/#"),
            (RuleKind::SubscribePattern, "$SYS/#"),
            (RuleKind::SubscribePattern, "#"),
            (RuleKind::UnsubscribePattern, "#"),
        ];
        role.rules = rules.map(|(kind, topic)| Rule { kind, topic: topic.to_owned(), priority: 0, allow: true }).into();
        Self {
            clients: BTreeMap::from([(user_name.to_owned(), admin)]),
            roles: BTreeMap::from([("admin".to_owned(), role)]),
            ..Self::default()
        }
    }

    /// Whether this is a client with this password that may connect with this Client Identifier.
    pub(super) fn check_password(&self, user_name: &str, client_id: &str, password: Option<&[u8]>) -> bool {
        let client = self.clients.get(user_name);
        // Who does not exist takes as long as somebody who does: the work is done, its result does not count.
        let hash = client.and_then(|client| client.password.as_ref());
        let compared = hash.or_else(|| self.clients.values().find_map(|client| client.password.as_ref()));
        let right = compared.is_some_and(|hash| hash.is_password(password.unwrap_or_default()));
        right && hash.is_some() && password.is_some() && client.is_some_and(|client| client.may_connect_as(client_id))
    }

    /// Whether somebody who is connected may stay so after a change.
    pub(super) fn is_welcome(&self, who: Identity<'_>, before: Option<&Self>) -> bool {
        let Some(name) = who.user_name else { return true };
        let Some(client) = self.clients.get(&**name) else { return false };
        let has_same_password = match before.and_then(|before| before.clients.get(&**name)) {
            Some(was) => was.password == client.password,
            None => true,
        };
        has_same_password && client.may_connect_as(who.client_id.as_str())
    }

    /// Whether there is such a client, disabled or not.
    pub(super) fn knows(&self, user_name: &str) -> bool {
        self.clients.contains_key(user_name)
    }

    /// Whether a role allows it, or else the default.
    pub(super) fn decide(&self, who: Identity<'_>, wanted: Wanted<'_>) -> Result<(), DecidedBy> {
        for (name, role) in self.roles_of(who) {
            if let Some(rule) = role.rule_for(who, wanted) {
                return if rule.allow { Ok(()) } else { Err(rule.denial(name)) };
            }
        }
        let (allowed, topic) = match wanted {
            Wanted::Publish(topic) => (self.defaults.publish_send, topic.as_str()),
            Wanted::Receive(topic) => (self.defaults.publish_receive, topic.as_str()),
            Wanted::Subscribe(filter) => (self.defaults.subscribe, unshared(filter)),
            Wanted::Unsubscribe(filter) => (self.defaults.unsubscribe, unshared(filter)),
        };
        // What administers the broker has to be allowed in words.
        if allowed && !topic.starts_with(CONTROL_PREFIX) { Ok(()) } else { Err(DecidedBy::NoRule) }
    }

    /// The roles that count, in the order in which they do: those of the client, then those of its groups.
    fn roles_of<'a>(&'a self, who: Identity<'a>) -> impl Iterator<Item = (&'a str, &'a Role)> {
        let client = who.user_name.and_then(|name| self.clients.get(&**name));
        let own = client.into_iter().flat_map(|client| client.roles.names());
        let anonymous = self.anonymous_group.as_deref().filter(|_| who.user_name.is_none());
        let groups = client.into_iter().flat_map(|client| client.groups.names()).chain(anonymous);
        let of_groups = groups.filter_map(|name| self.groups.get(name)).flat_map(|group| group.roles.names());
        own.chain(of_groups).filter_map(|name| self.roles.get_key_value(name)).map(|(name, role)| (name.as_str(), role))
    }
}

impl Client {
    fn may_connect_as(&self, client_id: &str) -> bool {
        !self.disabled && self.client_id.as_ref().is_none_or(|only| only == client_id)
    }
}

impl Role {
    /// The first rule that speaks of it: a literal before the patterns.
    fn rule_for(&self, who: Identity<'_>, wanted: Wanted<'_>) -> Option<&Rule> {
        let of = |kind: RuleKind| self.rules.iter().filter(move |rule| rule.kind == kind);
        let matching = |kind, topic: &str| of(kind).find(|rule| rule.covers(who, topic));
        let literal_or_covering = |literal, pattern, filter: &TopicFilter| {
            let filter = unshared(filter);
            of(literal).find(|rule| rule.topic == filter).or_else(|| of(pattern).find(|rule| rule.covers(who, filter)))
        };
        match wanted {
            Wanted::Publish(topic) => matching(RuleKind::PublishClientSend, topic.as_str()),
            Wanted::Receive(topic) => matching(RuleKind::PublishClientReceive, topic.as_str()),
            Wanted::Subscribe(filter) => literal_or_covering(RuleKind::SubscribeLiteral, RuleKind::SubscribePattern, filter),
            Wanted::Unsubscribe(filter) => literal_or_covering(RuleKind::UnsubscribeLiteral, RuleKind::UnsubscribePattern, filter),
        }
    }
}

impl Rule {
    fn denial(&self, role: &str) -> DecidedBy {
        DecidedBy::Rule { line: 0, text: ByteString::from(format!("{role}: {} {} deny", self.kind.name(), self.topic)) }
    }

    /// Whether the topic, or all that the filter matches, is something that the rule is about.
    fn covers(&self, who: Identity<'_>, text: &str) -> bool {
        // What begins with `$` is named by rules that begin with `$` alone.
        if text.starts_with('$') != self.topic.starts_with('$') {
            return false;
        }
        let mut levels = text.split('/');
        for wanted in self.topic.split('/') {
            let there = levels.next();
            let name = match wanted {
                "#" => return true,
                "+" => {
                    if there.is_none_or(|level| level == "#") {
                        return false;
                    }
                    continue;
                }
                "%u" => who.user_name.map(|name| &**name),
                "%c" => Some(who.client_id.as_str()),
                text => {
                    if there != Some(text) {
                        return false;
                    }
                    continue;
                }
            };
            // A name that could be more than one level means nothing.
            let is_level = name.is_some_and(|name| !name.is_empty() && !name.contains(['+', '#', '/']));
            if !is_level || there != name {
                return false;
            }
        }
        levels.next().is_none()
    }
}
