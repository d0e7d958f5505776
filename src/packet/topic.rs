//! Topic Names and Topic Filters (5.0 §4.7).

use std::fmt;

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::small_text::SmallText;

/// Topic Name: no wildcards, no U+0000 [MQTT-4.7.3-2]. Empty only in a PUBLISH with a Topic Alias.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "ByteString", into = "ByteString")]
pub struct TopicName(SmallText);

/// Topic Filter: at least one character, wildcards only as whole levels, `#` only last [MQTT-4.7.1-1] [MQTT-4.7.1-2].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "ByteString", into = "ByteString")]
pub struct TopicFilter(ByteString);

/// Why a text is no Topic Name or Topic Filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// It is empty.
    #[error("is empty: Topic Names and Topic Filters have at least one character [MQTT-4.7.3-1]")]
    Empty,
    /// It is longer than 65 535 bytes in UTF-8.
    #[error("is longer than 65,535 bytes in UTF-8 [MQTT-4.7.3-3]")]
    TooLong,
    /// It contains U+0000.
    #[error("contains the null character U+0000 [MQTT-4.7.3-2]")]
    NullCharacter,
    /// A Topic Name contains `+` or `#`.
    #[error("contains a wildcard: Topic Names have none [MQTT-3.3.2-2]")]
    WildcardInName,
    /// `#` is not the last level or not alone in it.
    #[error("has a `#` that is not alone in the last level [MQTT-4.7.1-1]")]
    MultiLevelWildcard,
    /// `+` is not alone in its level.
    #[error("has a `+` that is not alone in its level [MQTT-4.7.1-2]")]
    SingleLevelWildcard,
    /// `$share` without a valid ShareName or filter.
    #[error("starts with $share but is not $share/ShareName/filter [MQTT-4.8.2-1] [MQTT-4.8.2-2]")]
    SharedSubscription,
}

impl TopicName {
    /// Checks the text.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn new(text: impl Into<ByteString>) -> Result<Self, TopicError> {
        let text = text.into();
        check_name(&text)?;
        Ok(Self(SmallText::new(text)))
    }

    /// Text that [`check_name`] or [`SmallText::plain_name`] has passed.
    pub(super) const fn checked(text: SmallText) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is left out in favour of a Topic Alias.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.as_bytes().is_empty()
    }
}

impl TopicFilter {
    /// Checks the text.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn new(text: impl Into<ByteString>) -> Result<Self, TopicError> {
        let text = text.into();
        check_filter(&text)?;
        Ok(Self(text))
    }

    /// Text that [`check_filter`] has passed.
    pub(super) const fn checked(text: ByteString) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it asks for a Shared Subscription (5.0 §4.8.2).
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.split('/').next() == Some("$share")
    }

    /// ShareName and filter of a Shared Subscription.
    #[must_use]
    pub fn share(&self) -> Option<(&str, &str)> {
        share(&self.0)
    }

    /// Whether the filter has a wildcard.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.0.contains(['+', '#'])
    }

    /// Whether the filter (without `$share`) matches the name (5.0 §4.7): a level by itself, `+` any one level, `#` the parent and
    /// everything below, and no leading wildcard matches a name that starts with `$` [MQTT-4.7.2-1].
    #[must_use]
    pub fn matches(&self, name: &TopicName) -> bool {
        if name.as_str().starts_with('$') && self.0.starts_with(['+', '#']) {
            return false;
        }
        let mut levels = name.as_str().split('/');
        for filter_level in self.0.split('/') {
            match (filter_level, levels.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (expected, Some(level)) if expected == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}

/// Whether the text is a Topic Name.
#[inline]
pub(super) fn check_name(text: &str) -> Result<(), TopicError> {
    check_text(text)?;
    if contains_wildcard(text) { Err(TopicError::WildcardInName) } else { Ok(()) }
}

/// Whether the text is a Topic Filter.
#[inline]
pub(super) fn check_filter(text: &str) -> Result<(), TopicError> {
    check_text(text)?;
    if contains_wildcard(text) || text.starts_with('$') { check_levels(text) } else { Ok(()) }
}

/// The rules for wildcards and Shared Subscriptions, level by level.
fn check_levels(text: &str) -> Result<(), TopicError> {
    let mut levels = text.split('/').peekable();
    while let Some(level) = levels.next() {
        if level.contains('#') && (level != "#" || levels.peek().is_some()) {
            return Err(TopicError::MultiLevelWildcard);
        }
        if level.contains('+') && level != "+" {
            return Err(TopicError::SingleLevelWildcard);
        }
    }
    if text.split('/').next() == Some("$share") && share(text).is_none() { Err(TopicError::SharedSubscription) } else { Ok(()) }
}

fn share(text: &str) -> Option<(&str, &str)> {
    let (name, filter) = text.strip_prefix("$share/")?.split_once('/')?;
    (!name.is_empty() && !name.contains(['+', '#']) && !filter.is_empty()).then_some((name, filter))
}

/// Both wildcards are ASCII, so the bytes tell; without an early exit this takes few instructions for a whole topic.
#[inline]
fn contains_wildcard(text: &str) -> bool {
    text.as_bytes().iter().fold(false, |found, byte| found | matches!(byte, b'+' | b'#'))
}

#[inline]
fn check_text(text: &str) -> Result<(), TopicError> {
    match text {
        "" => Err(TopicError::Empty),
        _ if text.len() > usize::from(u16::MAX) => Err(TopicError::TooLong),
        _ if text.as_bytes().contains(&0) => Err(TopicError::NullCharacter),
        _ => Ok(()),
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<ByteString> for TopicName {
    type Error = TopicError;
    fn try_from(text: ByteString) -> Result<Self, TopicError> {
        Self::new(text)
    }
}

impl TryFrom<ByteString> for TopicFilter {
    type Error = TopicError;
    fn try_from(text: ByteString) -> Result<Self, TopicError> {
        Self::new(text)
    }
}

impl From<TopicName> for ByteString {
    fn from(topic: TopicName) -> Self {
        topic.0.into_shared()
    }
}

impl From<TopicFilter> for ByteString {
    fn from(filter: TopicFilter) -> Self {
        filter.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_section_4_7_says() {
        let cases = [
            ("home/#", "home", true),
            ("home/+/temperature", "home//temperature", true),
            ("home/+", "home", false),
            ("+", "home", true),
            ("+", "/home", false),
            ("/+", "/home", true),
            ("+/+", "/home", true),
            ("#", "$SYS/uptime", false),
            ("+/uptime", "$SYS/uptime", false),
            ("$SYS/#", "$SYS/uptime", true),
            ("Home", "home", false),
            ("a/b", "a/b/c", false),
        ];
        for (filter, name, expected) in cases {
            let matched = TopicFilter::new(filter).unwrap().matches(&TopicName::new(name).unwrap());
            assert_eq!(matched, expected, "{filter} {name}");
        }
    }

    #[test]
    fn illegal_texts_name_the_rule() {
        assert_eq!(TopicFilter::new("a/#/b"), Err(TopicError::MultiLevelWildcard));
        assert_eq!(TopicFilter::new("a#"), Err(TopicError::MultiLevelWildcard));
        assert_eq!(TopicFilter::new("a+/b"), Err(TopicError::SingleLevelWildcard));
        assert_eq!(TopicFilter::new(""), Err(TopicError::Empty));
        assert_eq!(TopicFilter::new("$share/+/a"), Err(TopicError::SharedSubscription));
        assert_eq!(TopicFilter::new("$share/a"), Err(TopicError::SharedSubscription));
        assert_eq!(TopicName::new("a/+"), Err(TopicError::WildcardInName));
        assert_eq!(TopicName::new("a\0"), Err(TopicError::NullCharacter));
    }
}
