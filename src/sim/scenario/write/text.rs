//! Keys, values and tables of TOML.

use std::fmt::Write as _;

use bytestring::ByteString;

use crate::packet::{QoS, TopicFilter, TopicName};
use crate::ratio::Ratio;
use crate::sim::quantity::{Decimal, format_duration};
use crate::time::{Duration, Instant};

/// What stands behind a key.
pub(super) trait Toml {
    fn toml(&self) -> String;
}

impl Toml for str {
    fn toml(&self) -> String {
        let mut out = String::with_capacity(self.len().saturating_add(2));
        out.push('"');
        for c in self.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                c if c.is_control() => drop(write!(out, "\\u{:04X}", u32::from(c))),
                c => out.push(c),
            }
        }
        out.push('"');
        out
    }
}

impl Toml for &str {
    fn toml(&self) -> String {
        (**self).toml()
    }
}

impl Toml for String {
    fn toml(&self) -> String {
        self.as_str().toml()
    }
}

impl Toml for ByteString {
    fn toml(&self) -> String {
        (**self).toml()
    }
}

impl Toml for TopicName {
    fn toml(&self) -> String {
        self.as_str().toml()
    }
}

impl Toml for TopicFilter {
    fn toml(&self) -> String {
        self.as_str().toml()
    }
}

impl Toml for Duration {
    fn toml(&self) -> String {
        format_duration(*self).toml()
    }
}

/// As the time since the start.
impl Toml for Instant {
    fn toml(&self) -> String {
        Duration::from_micros(self.as_micros()).toml()
    }
}

impl Toml for Ratio {
    fn toml(&self) -> String {
        self.to_string().toml()
    }
}

impl Toml for QoS {
    fn toml(&self) -> String {
        u8::from(*self).to_string()
    }
}

macro_rules! as_it_is {
    ($($kind:ty)*) => {
        $(impl Toml for $kind {
            fn toml(&self) -> String {
                self.to_string()
            }
        })*
    };
}
as_it_is!(bool u8 u16 u32 u64 usize i32 Decimal);

impl<T: Toml> Toml for Vec<T> {
    fn toml(&self) -> String {
        format!("[{}]", self.iter().map(Toml::toml).collect::<Vec<_>>().join(", "))
    }
}

/// A pair of texts.
impl Toml for (ByteString, ByteString) {
    fn toml(&self) -> String {
        format!("[{}, {}]", self.0.toml(), self.1.toml())
    }
}

/// A table, in line or with a heading.
impl Toml for Block {
    fn toml(&self) -> String {
        let pairs = self.0.iter().map(|(key, value)| format!("{key} = {value}"));
        format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
    }
}

/// Seconds, as a time.
pub(super) fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

/// A Session Expiry Interval: a time or `"never"`.
pub(super) fn expiry(interval: u32) -> String {
    if interval == u32::MAX { "never".to_owned() } else { format_duration(seconds(interval)) }
}

/// The word for a value.
pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, one)| one == value).map_or("", |(word, _)| word)
}

/// Keys with their values in order.
pub(super) struct Block(Vec<(&'static str, String)>);

impl Block {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn value(&mut self, key: &'static str, value: impl Toml) {
        self.0.push((key, value.toml()));
    }

    /// Written unless it is what the key means when it is not there.
    pub(super) fn unless<T: Toml + PartialEq>(&mut self, key: &'static str, value: &T, plain: &T) {
        if value != plain {
            self.0.push((key, value.toml()));
        }
    }

    /// Written if it is there.
    pub(super) fn optional(&mut self, key: &'static str, value: Option<impl Toml>) {
        if let Some(value) = value {
            self.0.push((key, value.toml()));
        }
    }

    /// The block under its heading, with an empty line before; nothing if it has neither heading of a list nor keys.
    pub(super) fn finish(self, heading: &str) -> String {
        if self.0.is_empty() && !heading.starts_with("[[") {
            return String::new();
        }
        let mut out = String::new();
        if !heading.is_empty() {
            let _ = write!(out, "\n{heading}\n");
        }
        for (key, value) in self.0 {
            let _ = writeln!(out, "{key} = {value}");
        }
        out
    }
}
