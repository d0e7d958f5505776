//! Reads `[[client]]` tables.
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

use bytes::Bytes;
use bytestring::ByteString;

use super::path::read_conditions;
use super::{BROKER, ClientSpec, MAX_PAYLOAD, MAX_SUBSCRIPTIONS, properties};
use crate::client::{Acknowledges, ClientConfig, Credentials, OnServerReference, Overflow, ReconnectPolicy, WantedSubscription};
use crate::link::{Conditions, CutDirection, CutNotice};
use crate::packet::{
    ClientId, Password, ProtocolVersion, QoS, RetainHandling, Subscription, SubscriptionOptions, TopicError, TopicFilter, TopicName,
    UserProperties, WillMessage, WillProperties,
};
use crate::session::scram::SCRAM_SHA_256;
use crate::sim::quantity::after_start;
use crate::sim::toml_source::{Table, Value, shortened};
use crate::text::{Message, key};
use crate::trace::NodeKind;

/// The kinds of nodes by the words of the file.
pub(super) const KINDS: [(&str, NodeKind); 5] = [
    ("sensor", NodeKind::Sensor),
    ("actuator", NodeKind::Actuator),
    ("app", NodeKind::App),
    ("dashboard", NodeKind::Dashboard),
    ("server", NodeKind::Server),
];

/// What gives way in a full queue, by the words of the file.
pub(super) const OVERFLOWS: [(&str, Overflow); 2] = [("drop-newest", Overflow::DropNewest), ("drop-oldest", Overflow::DropOldest)];

/// What a Server Reference means, by the words of the file.
pub(super) const SERVER_REFERENCES: [(&str, OnServerReference); 2] =
    [("stay", OnServerReference::Stay), ("leave", OnServerReference::Leave)];

/// Longest text of a name, user name and the like, in bytes: what MQTT allows.
const MAX_TEXT: usize = 65_535;
/// Longest name of a client, in characters.
const MAX_NAME: usize = 64;

/// Reads one `[[client]]` table. Reads on after a mistake, so that all are found.
pub(super) fn read(table: &Table<'_, '_>) -> Option<ClientSpec> {
    let name = table.require("name").and_then(|value| name(&value));
    let mut spec = ClientSpec::new(name.unwrap_or_default());
    let config = &mut spec.config;
    let mut good = name.is_some();
    let mut check = |read: Option<()>| good &= read.is_some();

    let version = table.get("version");
    check(each(version.as_ref(), |value| {
        config.version = value.choice(&[("5.0", ProtocolVersion::V5), ("5", ProtocolVersion::V5), ("3.1.1", ProtocolVersion::V311)])?;
        Some(())
    }));
    let in_5_only = |value: &Value<'_, '_>, version: ProtocolVersion| match version {
        ProtocolVersion::V5 => Some(()),
        ProtocolVersion::V311 => value.error(key::SIM_ONLY_IN_5.with("key", value.name())),
    };
    check(each(table.get("client_id").as_ref(), |value| {
        config.client_id = ClientId::new(text(value)?);
        Some(())
    }));
    check(each(table.get("clean_start").as_ref(), |value| {
        config.clean_start = value.boolean()?;
        Some(())
    }));
    check(each(table.get("session_expiry").as_ref(), |value| {
        in_5_only(value, config.version)?;
        config.session_expiry_interval = Some(expiry(value)?);
        Some(())
    }));
    check(each(table.get("keep_alive").as_ref(), |value| {
        config.keep_alive = u16::try_from(value.seconds(u64::from(u16::MAX))?).ok()?;
        Some(())
    }));
    check(each(table.get("sends_pings").as_ref(), |value| {
        config.sends_pings = value.boolean()?;
        Some(())
    }));
    check(each(table.get("will").as_ref(), |value| {
        config.will = Some(read_will(&value.table()?, config.version)?);
        Some(())
    }));
    check(each(table.get("user").as_ref(), |value| {
        config.user_name = Some(text(value)?);
        Some(())
    }));
    check(each(table.get("password").as_ref(), |value| {
        config.password = Some(Password(text(value)?.into_bytes()));
        Some(())
    }));
    check(each(table.get("receive_maximum").as_ref(), |value| {
        in_5_only(value, config.version)?;
        config.receive_maximum = Some(u16::try_from(value.integer(1..65_536)?).ok()?);
        Some(())
    }));
    check(each(table.get("maximum_packet_size").as_ref(), |value| {
        in_5_only(value, config.version)?;
        config.maximum_packet_size = Some(u32::try_from(value.integer(1..268_435_461)?).ok()?);
        Some(())
    }));
    check(each(table.get("reconnect").as_ref(), |value| {
        config.reconnect = read_reconnect(value)?;
        Some(())
    }));
    check(each(table.get("connect_timeout").as_ref(), |value| {
        config.connect_timeout = value.duration()?;
        Some(())
    }));
    check(each(table.get("queue_limit").as_ref(), |value| {
        config.queue_limit = usize::try_from(value.integer(0..100_001)?).ok()?;
        Some(())
    }));
    check(each(table.get("overflow").as_ref(), |value| {
        config.overflow = value.choice(&OVERFLOWS)?;
        Some(())
    }));
    check(each(table.get("keeps_qos_0").as_ref(), |value| {
        config.keeps_qos_0 = value.boolean()?;
        Some(())
    }));
    check(each(table.get("acknowledges").as_ref(), |value| {
        config.acknowledges = read_acknowledges(value)?;
        Some(())
    }));
    check(each(table.get("retry_interval").as_ref(), |value| {
        if config.version == ProtocolVersion::V5 {
            return value.error(key::SIM_ONLY_IN_311.with("key", value.name()));
        }
        config.retry_interval = Some(value.duration()?);
        Some(())
    }));
    check(read_of_5(table, config));
    check(each(table.get("persistent_session").as_ref(), |value| {
        config.persistent_session = value.boolean()?;
        Some(())
    }));
    check(each(table.get("subscriptions").as_ref(), |value| {
        let items = value.array()?;
        if items.len() > MAX_SUBSCRIPTIONS {
            return value.error(key::SIM_LIST_LENGTH.with("key", "subscriptions").with("max", MAX_SUBSCRIPTIONS));
        }
        let read: Vec<_> = items.iter().map(|item| read_subscription(item, config.version)).collect();
        config.subscriptions = read.into_iter().collect::<Option<_>>()?;
        Some(())
    }));
    check(each(table.get("kind").as_ref(), |value| {
        spec.kind = value.choice(&KINDS)?;
        Some(())
    }));
    let connects = table.get("autoconnect").map_or(Some(true), |value| value.boolean());
    check(each(table.get("connect_at").as_ref(), |value| {
        spec.connect_at = Some(after_start(value.duration()?));
        Some(())
    }));
    match connects {
        Some(true) => {}
        Some(false) => spec.connect_at = None,
        None => check(None),
    }
    check(each(table.get("path").as_ref(), |value| {
        spec.conditions = read_conditions(&value.table()?, Conditions::default())?;
        Some(())
    }));
    check(each(table.get("clock_drift").as_ref(), |value| {
        spec.clock_drift = drift(value)?;
        Some(())
    }));
    good.then_some(spec)
}

/// Parts per million that a clock runs fast or slow: half as fast again, or half as fast, at most.
pub(super) fn drift(value: &Value<'_, '_>) -> Option<i32> {
    const MAX: i64 = 500_000;
    let parts = value.signed(-MAX..MAX.saturating_add(1))?;
    i32::try_from(parts).ok()
}

/// What there is in 5.0 only.
fn read_of_5(table: &Table<'_, '_>, config: &mut ClientConfig) -> Option<()> {
    let version = config.version;
    let mut good = true;
    let mut check = |read: Option<()>| good &= read.is_some();
    check(of_5(table, version, "topic_alias_maximum", |value| {
        config.topic_alias_maximum = Some(u16::try_from(value.integer(0..65_536)?).ok()?);
        Some(())
    }));
    check(of_5(table, version, "uses_topic_aliases", |value| {
        config.uses_topic_aliases = value.boolean()?;
        Some(())
    }));
    check(of_5(table, version, "request_response_information", |value| {
        config.request_response_information = value.boolean()?;
        Some(())
    }));
    check(of_5(table, version, "request_problem_information", |value| {
        config.request_problem_information = Some(value.boolean()?);
        Some(())
    }));
    check(of_5(table, version, "user_properties", |value| {
        config.user_properties = UserProperties(properties::user_properties(value)?);
        Some(())
    }));
    check(of_5(table, version, "authentication", |value| {
        config.authentication = Some(read_credentials(&value.table()?)?);
        Some(())
    }));
    check(of_5(table, version, "response_topic", |value| {
        config.response_topic = Some(topic_name(value)?);
        Some(())
    }));
    check(of_5(table, version, "request_limit", |value| {
        config.request_limit = usize::try_from(value.integer(0..1_001)?).ok()?;
        Some(())
    }));
    check(of_5(table, version, "on_server_reference", |value| {
        config.on_server_reference = value.choice(&SERVER_REFERENCES)?;
        Some(())
    }));
    good.then_some(())
}

/// Runs the reading of a key of 5.0 if it is there.
fn of_5<'s, 'i>(
    table: &Table<'s, 'i>,
    version: ProtocolVersion,
    key: &'static str,
    read: impl FnOnce(&Value<'s, 'i>) -> Option<()>,
) -> Option<()> {
    match table.get(key) {
        None => Some(()),
        Some(value) if version == ProtocolVersion::V311 => value.error(key::SIM_ONLY_IN_5.with("key", key)),
        Some(value) => read(&value),
    }
}

/// `{ method, user, password }`.
fn read_credentials(table: &Table<'_, '_>) -> Option<Credentials> {
    let method = table.require("method").and_then(|value| value.choice(&[(SCRAM_SHA_256, ())]));
    let user = table.require("user").and_then(|value| text(&value));
    let password = table.require("password").and_then(|value| text(&value));
    table.report_unknown_keys();
    method?;
    Some(Credentials::ScramSha256 { user: user?, password: Password(password?.into_bytes()) })
}

/// `"at-once"`, `"when-told"` or `{ after }`.
fn read_acknowledges(value: &Value<'_, '_>) -> Option<Acknowledges> {
    if !value.is_table() {
        return value.choice(&[("at-once", Acknowledges::AtOnce), ("when-told", Acknowledges::WhenTold)]);
    }
    let table = value.table()?;
    let after = table.require("after").and_then(|value| value.duration());
    table.report_unknown_keys();
    Some(Acknowledges::After(after?))
}

/// A Session Expiry Interval: a time or `"never"`.
pub(super) fn expiry(value: &Value<'_, '_>) -> Option<u32> {
    if value.is_text() && value.text() == Some("never") {
        return Some(u32::MAX);
    }
    u32::try_from(value.seconds(u64::from(u32::MAX))?).ok()
}

/// A Subscription Identifier, if there is one.
pub(super) fn identifier(table: &Table<'_, '_>, version: ProtocolVersion) -> Option<Option<u32>> {
    match table.get("identifier") {
        None => Some(None),
        Some(value) if version == ProtocolVersion::V311 => value.error(key::SIM_ONLY_IN_5.with("key", "identifier")),
        Some(value) => u32::try_from(value.integer(1..268_435_456)?).ok().map(Some),
    }
}

/// Runs the reading of a key if it is there.
fn each<'s, 'i>(value: Option<&Value<'s, 'i>>, read: impl FnOnce(&Value<'s, 'i>) -> Option<()>) -> Option<()> {
    value.map_or(Some(()), read)
}

fn name<'s>(value: &Value<'s, '_>) -> Option<&'s str> {
    let text = value.text()?;
    if text.trim().is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        return value.error(key::SIM_BAD_NAME.with("max", MAX_NAME));
    }
    if text == BROKER {
        return value.error(key::SIM_NAME_RESERVED.with("name", BROKER));
    }
    Some(text)
}

/// Text that fits into a UTF-8 Encoded String [MQTT-1.5.4-2].
pub(super) fn text(value: &Value<'_, '_>) -> Option<ByteString> {
    let text = value.text()?;
    if text.len() > MAX_TEXT || text.contains('\0') {
        return value.error(key::SIM_TEXT_TOO_LONG.with("key", value.name()).with("max", MAX_TEXT));
    }
    Some(text.into())
}

/// A payload.
pub(super) fn payload(value: &Value<'_, '_>) -> Option<ByteString> {
    let text = value.text()?;
    if text.len() > MAX_PAYLOAD {
        return value.error(key::SIM_TEXT_TOO_LONG.with("key", value.name()).with("max", MAX_PAYLOAD));
    }
    Some(text.into())
}

/// 0, 1 or 2.
pub(super) fn qos(value: &Value<'_, '_>) -> Option<QoS> {
    QoS::try_from(u8::try_from(value.integer(0..3)?).ok()?).ok()
}

/// A Topic Name.
pub(super) fn topic_name(value: &Value<'_, '_>) -> Option<TopicName> {
    let text = value.text()?;
    match TopicName::new(text) {
        Ok(topic) => Some(topic),
        Err(error) => value.error(topic_problem(text, error)),
    }
}

/// A Topic Filter.
pub(super) fn topic_filter(value: &Value<'_, '_>) -> Option<TopicFilter> {
    let text = value.text()?;
    match TopicFilter::new(text) {
        Ok(filter) => Some(filter),
        Err(error) => value.error(topic_problem(text, error)),
    }
}

fn topic_problem(text: &str, error: TopicError) -> Message {
    let rule = match error {
        TopicError::Empty => key::SIM_TOPIC_EMPTY,
        TopicError::TooLong => key::SIM_TOPIC_TOO_LONG,
        TopicError::NullCharacter => key::SIM_TOPIC_NULL,
        TopicError::WildcardInName => key::SIM_TOPIC_WILDCARD,
        TopicError::MultiLevelWildcard => key::SIM_TOPIC_MULTI_LEVEL,
        TopicError::SingleLevelWildcard => key::SIM_TOPIC_SINGLE_LEVEL,
        TopicError::SharedSubscription => key::SIM_TOPIC_SHARED,
    };
    key::SIM_BAD_TOPIC.with("topic", shortened(text)).with("rule", rule.message())
}

fn read_will(table: &Table<'_, '_>, version: ProtocolVersion) -> Option<WillMessage> {
    let topic = table.require("topic").and_then(|value| topic_name(&value));
    let payload = table.require("payload").and_then(|value| text(&value));
    let qos = table.get("qos").map_or(Some(QoS::AtMostOnce), |value| qos(&value));
    let retain = table.get("retain").map_or(Some(false), |value| value.boolean());
    let delay = match table.get("delay") {
        None => Some(None),
        Some(value) if version == ProtocolVersion::V311 => value.error(key::SIM_ONLY_IN_5.with("key", "will.delay")),
        Some(value) => value.seconds(u64::from(u32::MAX)).and_then(|seconds| u32::try_from(seconds).ok()).map(Some),
    };
    for key in properties::OF_WILL {
        if let (Some(value), ProtocolVersion::V311) = (table.get(key), version) {
            return value.error(key::SIM_ONLY_IN_5.with("key", key));
        }
    }
    let read = properties::read_of_will(table);
    table.report_unknown_keys();
    let of_publish = read?.of_publish();
    let properties = WillProperties {
        will_delay_interval: delay?,
        payload_format_indicator: of_publish.payload_format_indicator,
        message_expiry_interval: of_publish.message_expiry_interval,
        content_type: of_publish.content_type,
        response_topic: of_publish.response_topic,
        correlation_data: of_publish.correlation_data,
        user_properties: of_publish.user_properties,
    };
    let payload: Bytes = payload?.into_bytes();
    Some(WillMessage { topic: topic?, payload, qos: qos?, retain: retain?, properties })
}

fn read_reconnect(value: &Value<'_, '_>) -> Option<ReconnectPolicy> {
    if !value.is_table() {
        return value.choice(&[("never", ReconnectPolicy::Never)]);
    }
    let table = value.table()?;
    let every = table.get("every").map(|value| value.duration());
    let first = table.get("first").map(|value| value.duration());
    let max = table.get("max").map(|value| value.duration());
    let jitter = table.get("jitter").map_or(Some(false), |value| value.boolean());
    table.report_unknown_keys();
    match (every, first, max) {
        (Some(delay), None, None) => Some(ReconnectPolicy::Fixed { delay: delay? }),
        (None, Some(first), Some(max)) => Some(ReconnectPolicy::Exponential { first: first?, max: max?, jitter: jitter? }),
        _ => value.error(key::SIM_BAD_RECONNECT.message()),
    }
}

fn read_subscription(value: &Value<'_, '_>, version: ProtocolVersion) -> Option<WantedSubscription> {
    if value.is_text() {
        return Some(Subscription { filter: topic_filter(value)?, options: SubscriptionOptions::default() }.into());
    }
    let table = value.table()?;
    let filter = table.require("filter").and_then(|value| topic_filter(&value));
    let options = read_options(&table, version);
    let identifier = identifier(&table, version);
    table.report_unknown_keys();
    Some(WantedSubscription { subscription: Subscription { filter: filter?, options: options? }, identifier: identifier? })
}

/// Subscription Options: `qos`, `no_local`, `retain_as_published`, `retain_handling`.
pub(super) fn read_options(table: &Table<'_, '_>, version: ProtocolVersion) -> Option<SubscriptionOptions> {
    let only_in_5 = ["no_local", "retain_as_published", "retain_handling"];
    for key in only_in_5 {
        if let (Some(value), ProtocolVersion::V311) = (table.get(key), version) {
            return value.error(key::SIM_ONLY_IN_5.with("key", key));
        }
    }
    let qos = table.get("qos").map_or(Some(QoS::AtMostOnce), |value| qos(&value));
    let no_local = table.get("no_local").map_or(Some(false), |value| value.boolean());
    let retain_as_published = table.get("retain_as_published").map_or(Some(false), |value| value.boolean());
    let retain_handling = table.get("retain_handling").map_or(Some(0), |value| value.integer(0..3));
    let retain_handling = match retain_handling? {
        0 => RetainHandling::SendAtSubscribe,
        1 => RetainHandling::SendIfNew,
        _ => RetainHandling::DoNotSend,
    };
    Some(SubscriptionOptions { qos: qos?, no_local: no_local?, retain_as_published: retain_as_published?, retain_handling })
}

/// Who learns of a cut, by the words of the file.
pub(super) const NOTICES: [(&str, CutNotice); 3] =
    [("client", CutNotice::Client), ("nobody", CutNotice::Nobody), ("both", CutNotice::Both)];

/// What is cut, by the words of the file.
pub(super) const DIRECTIONS: [(&str, CutDirection); 3] =
    [("both", CutDirection::Both), ("to-broker", CutDirection::ToBroker), ("to-client", CutDirection::ToClient)];
