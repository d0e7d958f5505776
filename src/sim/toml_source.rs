//! Reads TOML written by people: every mistake becomes a diagnostic with line, column and, where there is one, the spelling that was meant.
//!
//! Scenario and lesson files share this reader. A [`Table`] remembers which keys it was asked for; [`Table::report_unknown_keys`] reports all others.
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

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::quantity::{self, Decimal, QuantityError};
use crate::ratio::Ratio;
use crate::text::{Diagnostic, Message, key, nearest};
use crate::time::Duration;

/// Longest file in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// More mistakes than this are not listed.
pub const MAX_DIAGNOSTICS: usize = 50;
/// The longest time that a file can name.
pub const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 3_600);

/// A file and the mistakes found in it so far.
#[derive(Debug)]
pub struct Source<'i> {
    file: &'i str,
    text: &'i str,
    found: RefCell<Vec<Diagnostic>>,
}

impl<'i> Source<'i> {
    /// A file with the name that its author knows.
    #[must_use]
    pub const fn new(file: &'i str, text: &'i str) -> Self {
        Self { file, text, found: RefCell::new(Vec::new()) }
    }

    /// Parses the text as TOML. `None` if it is none; the mistakes are then noted.
    #[must_use]
    pub fn parse(&self) -> Option<Spanned<DeTable<'i>>> {
        if self.text.len() > MAX_BYTES {
            self.report(0, key::SIM_FILE_TOO_LARGE.with("limit", MAX_BYTES / 1_024), None);
            return None;
        }
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            self.report(at, key::SIM_TOML_SYNTAX.with("error", error.message().trim()), None);
        }
        errors.is_empty().then_some(table)
    }

    /// Notes a mistake at a byte offset of the text.
    pub fn report(&self, offset: usize, message: impl Into<Message>, suggestion: Option<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_DIAGNOSTICS {
            found.push(Diagnostic { suggestion, ..Diagnostic::new(self.file, self.text, offset, message.into()) });
        }
    }

    /// How many mistakes were found.
    #[must_use]
    pub fn mistakes(&self) -> usize {
        self.found.borrow().len()
    }

    /// All mistakes in the order of the file.
    #[must_use]
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        found
    }
}

/// A TOML table that is being read.
#[derive(Debug)]
pub struct Table<'s, 'i> {
    source: &'s Source<'i>,
    table: &'s DeTable<'i>,
    start: usize,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'s, 'i> Table<'s, 'i> {
    /// A table that starts at a byte offset of the file.
    #[must_use]
    pub const fn new(source: &'s Source<'i>, table: &'s DeTable<'i>, start: usize) -> Self {
        Self { source, table, start, asked: RefCell::new(BTreeSet::new()) }
    }

    /// The value of a key, if it is there.
    #[must_use]
    pub fn get(&self, key: &'static str) -> Option<Value<'s, 'i>> {
        self.asked.borrow_mut().insert(key);
        let value = self.table.get(key)?;
        Some(Value { source: self.source, name: key, span: value.span(), value: value.get_ref() })
    }

    /// The value of a key that has to be there.
    #[must_use]
    pub fn require(&self, key: &'static str) -> Option<Value<'s, 'i>> {
        let value = self.get(key);
        if value.is_none() {
            self.error(key::SIM_MISSING_KEY.with("key", key));
        }
        value
    }

    /// The tables of an array of tables (`[[key]]`), empty if there is none.
    #[must_use]
    pub fn tables(&self, key: &'static str) -> Vec<Table<'s, 'i>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        value.array().into_iter().flatten().filter_map(|item| item.table()).collect()
    }

    /// Notes a mistake that concerns the whole table.
    pub fn error(&self, message: impl Into<Message>) {
        self.source.report(self.start, message, None);
    }

    /// Reports the keys that nobody asked for.
    pub fn report_unknown_keys(&self) {
        let asked = self.asked.borrow();
        for name in self.table.keys() {
            let text: &str = name.get_ref();
            if !asked.contains(text) {
                let message = key::SIM_UNKNOWN_KEY.with("key", shortened(text));
                self.source.report(name.span().start, message, nearest(text, asked.iter().copied()));
            }
        }
    }
}

/// A value in a file. Each reading method notes a mistake and gives `None` if the value is of the wrong kind.
#[derive(Clone, Debug)]
pub struct Value<'s, 'i> {
    source: &'s Source<'i>,
    name: &'static str,
    span: Range<usize>,
    value: &'s DeValue<'i>,
}

impl<'s, 'i> Value<'s, 'i> {
    /// Text.
    #[must_use]
    pub fn text(&self) -> Option<&'s str> {
        match self.value {
            DeValue::String(text) => Some(text),
            _ => self.wrong_type(key::SIM_TYPE_TEXT.message()),
        }
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            _ => self.wrong_type(key::SIM_TYPE_BOOLEAN.message()),
        }
    }

    /// A whole number in a range.
    #[must_use]
    pub fn integer(&self, range: Range<u64>) -> Option<u64> {
        let DeValue::Integer(integer) = self.value else { return self.wrong_type(key::SIM_TYPE_INTEGER.message()) };
        let value = u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|value| range.contains(value));
        if value.is_none() {
            let message = key::SIM_OUT_OF_RANGE.with("key", self.name).with("min", range.start).with("max", range.end.saturating_sub(1));
            return self.error(message);
        }
        value
    }

    /// A whole number in a range that may begin below zero.
    #[must_use]
    pub fn signed(&self, range: Range<i64>) -> Option<i64> {
        let DeValue::Integer(integer) = self.value else { return self.wrong_type(key::SIM_TYPE_INTEGER.message()) };
        let value = i64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|value| range.contains(value));
        if value.is_none() {
            let (min, max) = (range.start.to_string(), range.end.saturating_sub(1).to_string());
            return self.error(key::SIM_OUT_OF_RANGE.with("key", self.name).with("min", min).with("max", max));
        }
        value
    }

    /// A number with up to three decimals.
    #[must_use]
    pub fn decimal(&self) -> Option<Decimal> {
        let text = match self.value {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            DeValue::Float(float) => float.as_str(),
            _ => return self.wrong_type(key::SIM_TYPE_DECIMAL.message()),
        };
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => self.error(key::SIM_BAD_DECIMAL.with("key", self.name).with("text", shortened(text))),
        }
    }

    /// A time such as `"20 ms"`.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        let text = match self.value {
            DeValue::String(text) => text,
            DeValue::Integer(number) => {
                let message = key::SIM_DURATION_NEEDS_UNIT.with("key", self.name);
                return self.error_with(message, Some(format!("\"{} s\"", number.as_str())));
            }
            _ => return self.wrong_type(key::SIM_TYPE_DURATION.message()),
        };
        let message = match quantity::parse_duration(text) {
            Ok(value) if value <= MAX_DURATION => return Some(value),
            Ok(_) | Err(QuantityError::TooLarge) => key::SIM_DURATION_TOO_LONG.with("key", self.name),
            Err(QuantityError::Negative) => key::SIM_DURATION_NEGATIVE.with("key", self.name),
            Err(QuantityError::Malformed) => key::SIM_BAD_DURATION.with("key", self.name).with("text", shortened(text)),
        };
        self.error(message)
    }

    /// A time in whole seconds, at most `max`.
    #[must_use]
    pub fn seconds(&self, max: u64) -> Option<u64> {
        let micros = self.duration()?.as_micros();
        let seconds = micros.checked_div(1_000_000)?;
        if micros.checked_rem(1_000_000)? != 0 {
            return self.error(key::SIM_WHOLE_SECONDS.with("key", self.name));
        }
        if seconds > max {
            return self.error(key::SIM_OUT_OF_RANGE.with("key", self.name).with("min", "0 s").with("max", format!("{max} s")));
        }
        Some(seconds)
    }

    /// A share such as `"30 %"`.
    #[must_use]
    pub fn ratio(&self) -> Option<Ratio> {
        let text = self.text()?;
        match text.parse() {
            Ok(ratio) => Some(ratio),
            Err(_) => self.error(key::SIM_BAD_RATIO.with("key", self.name).with("text", shortened(text))),
        }
    }

    /// One of several words; hyphen and underscore count as the same.
    #[must_use]
    pub fn choice<T: Clone>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.text()?;
        let wanted = text.replace('_', "-").to_lowercase();
        if let Some((_, value)) = choices.iter().find(|(name, _)| name.to_lowercase() == wanted) {
            return Some(value.clone());
        }
        let names = choices.iter().map(|(name, _)| *name);
        let listed = names.clone().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let message = key::SIM_UNKNOWN_VALUE.with("key", self.name).with("text", shortened(text)).with("choices", listed);
        self.error_with(message, nearest(text, names))
    }

    /// The items of an array.
    #[must_use]
    pub fn array(&self) -> Option<Vec<Value<'s, 'i>>> {
        match self.value {
            DeValue::Array(items) => Some(
                items.iter().map(|item| Value { source: self.source, name: self.name, span: item.span(), value: item.get_ref() }).collect(),
            ),
            _ => self.wrong_type(key::SIM_TYPE_ARRAY.message()),
        }
    }

    /// A table.
    #[must_use]
    pub fn table(&self) -> Option<Table<'s, 'i>> {
        match self.value {
            DeValue::Table(table) => Some(Table::new(self.source, table, self.span.start)),
            _ => self.wrong_type(key::SIM_TYPE_TABLE.message()),
        }
    }

    /// Whether the value is text.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// Whether the value is a table.
    #[must_use]
    pub const fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    /// The byte offset of the value in its file.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.span.start
    }

    /// The key that holds the value.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Notes a mistake at this value; always `None`.
    pub fn error<T>(&self, message: impl Into<Message>) -> Option<T> {
        self.error_with(message, None)
    }

    /// Notes a mistake with the spelling that was probably meant; always `None`.
    pub fn error_with<T>(&self, message: impl Into<Message>, suggestion: Option<String>) -> Option<T> {
        self.source.report(self.span.start, message, suggestion);
        None
    }

    fn wrong_type<T>(&self, expected: Message) -> Option<T> {
        self.error(key::SIM_WRONG_TYPE.with("key", self.name).with("expected", expected))
    }
}

/// At most 40 characters of a text, for messages.
#[must_use]
pub fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
