//! Texts for people: messages as data, rendered in Korean or English from `locales/`.
//!
//! Everything below the page says what it has to say as a [`Message`], a key with arguments. Only the outermost layer (page, command
//! line, export) picks a [`Language`] and renders it.

mod diagnostic;

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use serde::{Deserialize, Serialize};

#[allow(missing_docs, reason = "generated: each constant carries its key and variables")]
mod keys {
    use super::Key;
    include!(concat!(env!("OUT_DIR"), "/keys.rs"));
    pub(super) const fn sources(language: super::Language) -> &'static [&'static str] {
        match language {
            super::Language::Korean => KO,
            super::Language::English => EN,
        }
    }
}

pub use diagnostic::{Diagnostic, nearest};
pub use keys::key;

/// The name of a message in `locales/`. Only the constants in [`key`] make one, so each exists in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Key(&'static str);

impl Key {
    /// The name as it stands in the locale files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// This message with no arguments yet.
    #[must_use]
    pub const fn message(self) -> Message {
        Message { key: self, args: Vec::new() }
    }

    /// The message with one argument; add more with [`Message::with`].
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<Arg>) -> Message {
        self.message().with(name, value)
    }
}

impl From<Key> for Message {
    fn from(key: Key) -> Self {
        key.message()
    }
}

/// A value inside a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Arg {
    /// A number, which also selects plural forms.
    Number(i64),
    /// Text as it is: names, topics, payloads. Never translated, never markup.
    Text(String),
    /// Another message, rendered in the same language.
    Message(Box<Message>),
}

macro_rules! from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for Arg {
            fn from(value: $number) -> Self {
                i64::try_from(value).map_or_else(|_| Self::Text(value.to_string()), Self::Number)
            }
        }
    )*};
}
from_number!(u8, u16, u32, u64, usize, i32, i64);

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Message> for Arg {
    fn from(value: Message) -> Self {
        Self::Message(Box::new(value))
    }
}

/// A sentence in no language yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Message {
    key: Key,
    args: Vec<(&'static str, Arg)>,
}

impl Message {
    /// Adds the argument that the locale files call `$name`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        // A message has few arguments, and a trace has many messages.
        self.args.reserve_exact(1);
        self.args.push((name, value.into()));
        self
    }

    /// Names and values of the arguments.
    #[must_use]
    pub fn args(&self) -> &[(&'static str, Arg)] {
        &self.args
    }

    /// The key, for tests and for views that group by it.
    #[must_use]
    pub const fn key(&self) -> Key {
        self.key
    }
}

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// 한국어
    #[default]
    #[serde(rename = "ko")]
    Korean,
    /// English
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Both languages, Korean first.
    pub const ALL: [Self; 2] = [Self::Korean, Self::English];

    /// The BCP 47 tag, as in `<html lang>`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }

    /// The language of a BCP 47 tag such as `ko`, `ko-KR` or `en-GB`.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The message in this language. A message that cannot be formatted shows its key, so that a mistake is visible but harmless.
    #[must_use]
    pub fn render(self, message: &Message) -> String {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(message.key.0).and_then(|found| found.value()) else {
            return message.key.0.to_owned();
        };
        let mut args = FluentArgs::new();
        for (name, value) in &message.args {
            match value {
                Arg::Number(number) => args.set(*name, *number),
                Arg::Text(text) => args.set(*name, text.as_str()),
                Arg::Message(inner) => args.set(*name, self.render(inner)),
            }
        }
        let mut errors = Vec::new();
        bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned()
    }

    /// The text of a message without arguments.
    #[must_use]
    pub fn text(self, key: Key) -> String {
        self.render(&key.message())
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static KOREAN: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        static ENGLISH: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        let cell = match self {
            Self::Korean => &KOREAN,
            Self::English => &ENGLISH,
        };
        cell.get_or_init(|| {
            let tag = match self {
                Self::Korean => unic_langid::langid!("ko"),
                Self::English => unic_langid::langid!("en"),
            };
            let mut bundle = FluentBundle::new_concurrent(vec![tag]);
            // Bidirectional isolation marks would end up in copied text and in tests; both languages run left to right.
            bundle.set_use_isolating(false);
            for source in keys::sources(self) {
                // build.rs has parsed every file; what a parser error leaves over is still usable.
                let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(partial, _)| partial);
                bundle.add_resource_overriding(resource);
            }
            bundle
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_product_name() {
        for language in Language::ALL {
            assert_eq!(language.text(key::APP_NAME), "MQTT Playground");
        }
        assert_eq!(Language::from_tag("ko-KR"), Some(Language::Korean));
        assert_eq!(Language::from_tag("fr"), None);
    }
}
