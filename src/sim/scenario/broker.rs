//! Reads `[broker]`.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

use bytestring::ByteString;

use super::client;
use crate::broker::{AccessControl, Acl, BrokerConfig, ConnectRate, DynamicSecurity, MosquittoConf, PasswordHash, Profile, Redirect, User};
use crate::sim::toml_source::{Table, Value};
use crate::text::{Diagnostic, key};
use crate::time::Duration;

/// The most users: each costs thousands of hashes when the scenario is read.
const MAX_USERS: usize = 50;
/// What `mosquitto_passwd` uses.
const ITERATIONS: u32 = 101;

/// Reads the table into the settings. Mistakes go to the table's source.
pub(super) fn read(table: &Table<'_, '_>, config: &mut BrokerConfig) {
    read_base(table, config);
    read_access(table, &mut config.access);
    read_switches(table, config);
    read_limits(table, config);
    read_times(table, config);
    read_texts(table, config);
}

/// What the other keys change: a profile, or a `mosquitto.conf`.
fn read_base(table: &Table<'_, '_>, config: &mut BrokerConfig) {
    let profile = table.get("profile");
    let conf = table.get("mosquitto_conf");
    if let (Some(_), Some(conf)) = (&profile, &conf) {
        let _: Option<()> = conf.error(key::SIM_ONE_BASE.message());
        return;
    }
    let profiles = Profile::ALL.map(|profile| (profile.name(), profile));
    if let Some(profile) = profile.and_then(|value| value.choice(&profiles)) {
        *config = profile.config();
    }
    let Some(text) = conf.as_ref().and_then(Value::text) else { return };
    match (conf, MosquittoConf::parse("mosquitto.conf", text)) {
        (Some(value), Ok(read)) => {
            // A scenario has no other files, and nothing in it is to be without effect.
            report(&value, read.notes);
            if read.password_file.is_some() || read.acl_file.is_some() {
                let _: Option<()> = value.error(key::SIM_NO_FILES.message());
            }
            *config = read.broker;
            config.access.allow_anonymous = read.allow_anonymous;
        }
        (Some(value), Err(mistakes)) => report(&value, mistakes),
        (None, _) => {}
    }
}

/// What is wrong in a text inside the file, at the place of that text.
fn report(value: &Value<'_, '_>, found: Vec<Diagnostic>) {
    for Diagnostic { line, message, suggestion, .. } in found {
        let _: Option<()> =
            value.error_with(key::SIM_IN_TEXT.with("key", value.name()).with("line", line).with("message", message), suggestion);
    }
}

/// An access control list as text.
pub(super) fn read_acl(value: &Value<'_, '_>) -> Option<Acl> {
    match Acl::parse(value.name(), value.text()?) {
        Ok(acl) => Some(acl),
        Err(mistakes) => {
            report(value, mistakes);
            None
        }
    }
}

fn read_access(table: &Table<'_, '_>, access: &mut AccessControl) {
    if let Some(value) = table.get("allow_anonymous").and_then(|value| value.boolean()) {
        access.allow_anonymous = value;
    }
    if let Some(acl) = table.get("acl").and_then(|value| read_acl(&value)) {
        access.acl = Some(acl);
    }
    let entries = table.tables("user");
    if entries.len() > MAX_USERS {
        table.error(key::SIM_LIST_LENGTH.with("key", "user").with("max", MAX_USERS));
    } else {
        for entry in entries {
            let name = entry.require("name").and_then(|value| client::text(&value));
            let user = entry.require("password").and_then(|value| read_user(&value, name.as_deref().unwrap_or_default()));
            entry.report_unknown_keys();
            if let (Some(name), Some(user)) = (name, user)
                && access.users.get_or_insert_default().insert(name.clone(), user).is_some()
            {
                entry.error(key::SIM_DUPLICATE_NAME.with("name", name.to_string()));
            }
        }
    }
    if let Some(dynamic) = table.get("dynamic_security").and_then(|value| value.table()) {
        let admin = dynamic.require("admin").and_then(|value| client::text(&value));
        let password = dynamic.require("password").and_then(|value| read_user(&value, admin.as_deref().unwrap_or_default())?.password);
        dynamic.report_unknown_keys();
        if let (Some(admin), Some(password)) = (admin, password) {
            access.dynamic = Some(DynamicSecurity::with_admin(&admin, password));
        }
    }
}

/// A password, or what `mosquitto_passwd` makes of one.
fn read_user(value: &Value<'_, '_>, name: &str) -> Option<User> {
    let text = client::text(value)?;
    if text.starts_with("$6$") || text.starts_with("$7$") {
        return match PasswordHash::from_text(&text) {
            Ok(hash) => Some(User { password: Some(hash), scram: None }),
            Err(_) => value.error(key::SIM_BAD_PASSWORD_HASH.message()),
        };
    }
    // The same scenario makes the same hashes: the salt is the name, which no two users share.
    let salt = format!("salt of {}", name.chars().take(32).collect::<String>());
    match User::with_password(&text, salt.as_bytes(), ITERATIONS) {
        Ok(user) => Some(user),
        // SASLprep forbids some passwords in SCRAM; CONNECT takes them.
        Err(_) if !text.is_empty() => {
            Some(User { password: Some(PasswordHash::new(text.as_bytes(), salt.as_bytes(), ITERATIONS)), scram: None })
        }
        Err(_) => value.error(key::SIM_EMPTY_PASSWORD.message()),
    }
}

fn read_switches(table: &Table<'_, '_>, config: &mut BrokerConfig) {
    let boolean = |key: &'static str, slot: &mut bool| {
        if let Some(value) = table.get(key).and_then(|value| value.boolean()) {
            *slot = value;
        }
    };
    boolean("retain_available", &mut config.retain_available);
    boolean("queue_qos_zero", &mut config.queue_qos_zero);
    boolean("persistence", &mut config.persistence);
    boolean("upgrade_outgoing_qos", &mut config.upgrade_outgoing_qos);
    boolean("allow_empty_client_id", &mut config.allow_empty_client_id);
    boolean("wildcard_subscription_available", &mut config.wildcard_subscription_available);
    boolean("subscription_identifiers_available", &mut config.subscription_identifiers_available);
    boolean("shared_subscription_available", &mut config.shared_subscription_available);
}

fn read_limits(table: &Table<'_, '_>, config: &mut BrokerConfig) {
    let budget = BrokerConfig::default();
    let count = |key: &'static str, min: u64, most: usize, slot: &mut usize| {
        // No setting may pass the default, which is the budget of the page; a profile is brought down to it, too.
        *slot = (*slot).min(most);
        let max = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        if let Some(value) = table.get(key).and_then(|value| value.integer(min..max)) {
            *slot = usize::try_from(value).unwrap_or(*slot);
        }
    };
    count("max_queued_messages", 0, budget.max_queued_messages, &mut config.max_queued_messages);
    count("max_queued_bytes", 0, budget.max_queued_bytes, &mut config.max_queued_bytes);
    count("max_retained", 0, budget.max_retained, &mut config.max_retained);
    count("max_payload_bytes", 0, budget.max_payload_bytes, &mut config.max_payload_bytes);
    count("max_sessions", 0, budget.max_sessions, &mut config.max_sessions);
    count("max_connections", 0, budget.max_connections, &mut config.max_connections);
    count("max_topic_levels", 1, budget.max_topic_levels, &mut config.max_topic_levels);
    count("max_subscriptions", 0, budget.max_subscriptions, &mut config.max_subscriptions);
    count("max_client_id_bytes", 1, budget.max_client_id_bytes, &mut config.max_client_id_bytes);
    if let Some(qos) = table.get("maximum_qos").and_then(|value| client::qos(&value)) {
        config.maximum_qos = qos;
    }
    let sixteen = |key: &'static str, min: u64, slot: &mut u16| {
        if let Some(value) = table.get(key).and_then(|value| value.integer(min..65_536)) {
            *slot = u16::try_from(value).unwrap_or(*slot);
        }
    };
    sixteen("receive_maximum", 1, &mut config.receive_maximum);
    sixteen("max_inflight", 1, &mut config.max_inflight);
    sixteen("topic_alias_maximum", 0, &mut config.topic_alias_maximum);
    sixteen("max_topic_alias_outgoing", 0, &mut config.max_topic_alias_outgoing);
    if let Some(value) = table.get("maximum_packet_size").and_then(|value| value.integer(16..268_435_461)) {
        config.maximum_packet_size = u32::try_from(value).unwrap_or(config.maximum_packet_size);
    }
    if let Some(value) = table.get("max_payload").and_then(|value| value.integer(0..268_435_456)) {
        config.max_payload = u32::try_from(value).ok();
    }
    let rate = |key: &'static str, slot: &mut Option<ConnectRate>| {
        let Some(rate) = table.get(key).and_then(|value| value.table()) else { return };
        let connects = rate.require("connects").and_then(|value| value.integer(1..1_000_001)).and_then(|value| u32::try_from(value).ok());
        let per = rate.require("per").and_then(|value| value.duration());
        rate.report_unknown_keys();
        if let (Some(connects), Some(per)) = (connects, per) {
            *slot = Some(ConnectRate { connects, per });
        }
    };
    rate("connect_rate", &mut config.connect_rate);
    rate("connect_rate_per_client", &mut config.connect_rate_per_client);
}

fn read_times(table: &Table<'_, '_>, config: &mut BrokerConfig) {
    if let Some(value) = table.get("session_expiry_max").and_then(|value| value.seconds(u64::from(u32::MAX))) {
        config.session_expiry_max = u32::try_from(value).unwrap_or(config.session_expiry_max);
    }
    let keep_alive = |key: &'static str, slot: &mut Option<u16>| {
        if let Some(value) = table.get(key).and_then(|value| value.seconds(u64::from(u16::MAX))) {
            *slot = u16::try_from(value).ok();
        }
    };
    keep_alive("server_keep_alive", &mut config.server_keep_alive);
    keep_alive("max_keep_alive", &mut config.max_keep_alive);
    if let Some(value) = table.get("connect_timeout").and_then(|value| value.duration()) {
        config.connect_timeout = value;
    }
    if let Some(value) = table.get("sys_interval") {
        match value.duration() {
            // Each time brings some fifty messages.
            Some(interval) if interval > Duration::ZERO && interval < Duration::from_secs(1) => {
                let _: Option<()> = value.error(key::SIM_DURATION_TOO_SHORT.with("key", "sys_interval").with("min", "1 s"));
            }
            Some(interval) => config.sys_interval = Some(interval).filter(|interval| *interval > Duration::ZERO),
            None => {}
        }
    }
}

fn read_texts(table: &Table<'_, '_>, config: &mut BrokerConfig) {
    let text = |key: &'static str| table.get(key).and_then(|value| client::text(&value));
    if let Some(prefix) = text("assigned_prefix") {
        config.assigned_prefix = prefix.to_string();
    }
    if let Some(prefix) = text("client_id_prefix") {
        config.client_id_prefix = Some(prefix.to_string());
    }
    if let Some(prefix) = table.get("response_information").and_then(|value| client::topic_name(&value)) {
        config.response_information = Some(ByteString::from(prefix.as_str()));
    }
    if let Some(redirect) = table.get("redirect").and_then(|value| value.table()) {
        let server = redirect.require("server").and_then(|value| client::text(&value));
        let permanent = redirect.get("permanent").map_or(Some(false), |value| value.boolean());
        let only_when_full = redirect.get("only_when_full").map_or(Some(false), |value| value.boolean());
        redirect.report_unknown_keys();
        if let (Some(server), Some(permanent), Some(only_when_full)) = (server, permanent, only_when_full) {
            config.redirect = Some(Redirect { server, permanent, only_when_full });
        }
    }
}
