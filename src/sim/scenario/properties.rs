//! Reads the properties of a message, in `publish` commands and in wills.
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
use crate::sim::MessageProperties;
use crate::sim::toml_source::{Table, Value};
use crate::text::key;

/// The keys that a Will has too, all of 5.0 only.
pub(super) const OF_WILL: [&str; 6] =
    ["payload_format", "message_expiry", "content_type", "response_topic", "correlation_data", "user_properties"];

/// The most User Properties of one packet.
const MAX_USER_PROPERTIES: usize = 100;

/// Reads `payload_format`, `message_expiry`, `content_type`, `response_topic`, `correlation_data`, `user_properties` and `topic_alias`.
pub(super) fn read(table: &Table<'_, '_>) -> Option<MessageProperties> {
    let alias = |value: Value<'_, '_>| u16::try_from(value.integer(1..65_536)?).ok();
    Some(MessageProperties { topic_alias: optional(table.get("topic_alias"), alias)?, ..read_of_will(table)? })
}

/// The same without a Topic Alias, which a Will can't have.
pub(super) fn read_of_will(table: &Table<'_, '_>) -> Option<MessageProperties> {
    let format = |value: Value<'_, '_>| value.choice(&[("text", true), ("bytes", false)]);
    let expiry = |value: Value<'_, '_>| u32::try_from(value.seconds(u64::from(u32::MAX))?).ok();
    let payload_is_text = optional(table.get("payload_format"), format);
    let message_expiry = optional(table.get("message_expiry"), expiry);
    let content_type = optional(table.get("content_type"), |value| client::text(&value));
    let response_topic = optional(table.get("response_topic"), |value| client::topic_name(&value));
    let correlation_data = optional(table.get("correlation_data"), |value| client::text(&value));
    let user_properties = optional(table.get("user_properties"), |value| user_properties(&value));
    Some(MessageProperties {
        payload_is_text: payload_is_text?,
        message_expiry: message_expiry?,
        topic_alias: None,
        content_type: content_type?,
        response_topic: response_topic?,
        correlation_data: correlation_data?,
        user_properties: user_properties?.unwrap_or_default(),
    })
}

/// A list of `[name, value]`.
pub(super) fn user_properties(value: &Value<'_, '_>) -> Option<Vec<(ByteString, ByteString)>> {
    let pairs = value.array()?;
    if pairs.len() > MAX_USER_PROPERTIES {
        return value.error(key::SIM_LIST_LENGTH.with("key", value.name()).with("max", MAX_USER_PROPERTIES));
    }
    pairs
        .iter()
        .map(|pair| match pair.array()?.as_slice() {
            [name, value] => Some((client::text(name)?, client::text(value)?)),
            _ => pair.error(key::SIM_BAD_USER_PROPERTY.message()),
        })
        .collect()
}

/// Nothing if the key is not there, `None` if its value is a mistake.
fn optional<'s, 'i, T>(value: Option<Value<'s, 'i>>, read: impl FnOnce(Value<'s, 'i>) -> Option<T>) -> Option<Option<T>> {
    value.map_or(Some(None), |value| read(value).map(Some))
}
