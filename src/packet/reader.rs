//! The one reader of packets: [`Silent`] it decodes, with a recording [`Sink`] it dissects.

use std::ops::{Range, RangeInclusive};

use bytes::Bytes;
use bytestring::ByteString;

use super::primitive::{Label, Rule, VariableByteIntegerError, read_variable_byte_integer};
use super::small_text::{SmallText, is_plain};
use super::topic::{check_filter, check_name};
use super::{DecodeError, PacketId, Payload, ProtocolVersion, ReasonCode, TopicError, TopicFilter, TopicName};
use crate::text::{Arg, Key, Message, key};

/// Hears of each field as it is read. The methods that do nothing cost nothing in [`Silent`], closures included.
pub(super) trait Sink {
    /// A group begins.
    fn open(&mut self, _name: &'static str, _clause: &'static str, _start: usize, _meaning: Option<Key>) {}
    /// The innermost open group ends; what the description leaves empty stays as it is.
    fn close(&mut self, _end: usize, _describe: impl FnOnce() -> Description) {}
    /// The innermost open group turns out to be defined in another clause.
    fn redefine(&mut self, _clause: &'static str) {}
    fn leaf(&mut self, _name: &'static str, _clause: &'static str, _range: Range<usize>, _describe: impl FnOnce() -> Description) {}
    /// Some bits of the leaf that was told last, which is the byte `at`.
    fn bits(
        &mut self,
        _name: &'static str,
        _clause: &'static str,
        _at: usize,
        _bits: RangeInclusive<u8>,
        _describe: impl FnOnce() -> Description,
    ) {
    }
    /// Bytes that must be shown nowhere.
    fn secret(&mut self, _range: Range<usize>) {}
}

/// Hears nothing: plain decoding.
pub(super) struct Silent;
impl Sink for Silent {}

/// What a field says.
#[derive(Default)]
pub(super) struct Description {
    pub(super) value: String,
    pub(super) meaning: Option<Message>,
}

impl Description {
    pub(super) fn number(label: &Label, value: u32) -> Self {
        Self { value: value.to_string(), meaning: Some(label.meaning.with("value", value)) }
    }

    /// Text in full up to a length that people still read.
    pub(super) fn text(label: &Label, text: &str) -> Self {
        let value = if label.is_secret { "•••".to_owned() } else { excerpt(text) };
        Self { meaning: Some(label.meaning.with("value", value.as_str()).with("length", text.len())), value }
    }

    pub(super) fn bytes(label: &Label, bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if label.is_secret || !text.contains(|c: char| c.is_control() && !c.is_whitespace()) => Self::text(label, text),
            _ if label.is_secret => Self::text(label, "•••"),
            _ => {
                let mut value = bytes.iter().take(32).map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ");
                if bytes.len() > 32 {
                    value.push_str(" …");
                }
                Self { meaning: Some(label.meaning.with("value", value.as_str()).with("length", bytes.len())), value }
            }
        }
    }
}

fn excerpt(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut characters = text.chars();
    let mut value: String = characters.by_ref().take(LONGEST).collect();
    if characters.next().is_some() {
        value.push('…');
    }
    value
}

const LENGTH: Key = key::PACKET_FIELD_LENGTH;
const CUT_SHORT: Key = key::PACKET_ERROR_CUT_SHORT;
const NOT_UTF8: Rule = Rule::malformed("MQTT-1.5.3-1", "MQTT-1.5.4-1", key::PACKET_ERROR_NOT_UTF8);
const NULL_CHARACTER: Rule = Rule::malformed("MQTT-1.5.3-2", "MQTT-1.5.4-2", key::PACKET_ERROR_NULL_CHARACTER);
const VARIABLE_TOO_LONG: Rule = Rule::malformed("3.1.1 §2.2.3", "5.0 §1.5.5", key::PACKET_ERROR_VARIABLE_TOO_LONG);
const VARIABLE_NOT_SHORTEST: Rule = Rule::malformed("3.1.1 §2.2.3", "MQTT-1.5.5-1", key::PACKET_ERROR_VARIABLE_NOT_SHORTEST);
const PACKET_IDENTIFIER: Label = Label::new("Packet Identifier", "MQTT-2.3.1-1", "MQTT-2.2.1-3", key::PACKET_FIELD_PACKET_IDENTIFIER);
const PACKET_IDENTIFIER_ZERO: Rule = Rule::protocol_error("MQTT-2.3.1-1", "MQTT-2.2.1-3", key::PACKET_ERROR_PACKET_IDENTIFIER_ZERO);
const TOPIC_EMPTY: Rule = Rule::protocol_error("MQTT-4.7.3-1", "MQTT-4.7.3-1", key::PACKET_ERROR_TOPIC_EMPTY);
const TOPIC_TOO_LONG: Rule = Rule::malformed("MQTT-4.7.3-3", "MQTT-4.7.3-3", key::PACKET_ERROR_TOPIC_TOO_LONG);
// 0x8F Topic Filter invalid is for filters that are correctly formed and not accepted (5.0 §3.14.2.1).
const MULTI_LEVEL_WILDCARD: Rule = Rule::malformed("MQTT-4.7.1-2", "MQTT-4.7.1-1", key::PACKET_ERROR_MULTI_LEVEL_WILDCARD);
const SINGLE_LEVEL_WILDCARD: Rule = Rule::malformed("MQTT-4.7.1-3", "MQTT-4.7.1-2", key::PACKET_ERROR_SINGLE_LEVEL_WILDCARD);
// 3.1.1 knows no Shared Subscriptions, but a filter that looks like one is refused there too: no broker takes it for an ordinary filter.
const SHARE_NAME_EMPTY: Rule = Rule::malformed("MQTT-4.8.2-1", "MQTT-4.8.2-1", key::PACKET_ERROR_SHARE_NAME);
const SHARE_NAME_ILLEGAL: Rule = Rule::malformed("MQTT-4.8.2-2", "MQTT-4.8.2-2", key::PACKET_ERROR_SHARE_NAME);

/// Bytes of the packet that have passed the check of [`Reader::text_members`]. They become `str` only where they are kept or shown.
#[derive(Clone, Copy)]
pub(super) struct CheckedText<'a>(&'a [u8]);

impl<'a> CheckedText<'a> {
    pub(super) fn as_str(self) -> &'a str {
        std::str::from_utf8(self.0).unwrap_or_default()
    }

    /// The text as a share of the packet that `r` reads.
    #[inline]
    pub(super) fn share<S: Sink>(self, r: &Reader<'_, S>) -> ByteString {
        if self.0.is_empty() { ByteString::new() } else { ByteString::try_from(r.share(self.0)).unwrap_or_default() }
    }
}

/// A cursor over one packet.
pub(super) struct Reader<'a, S> {
    /// What holds the bytes of the packet, and perhaps more.
    buffer: &'a Bytes,
    /// What is still unread of the current region.
    rest: &'a [u8],
    /// Where the current region ends in the frame.
    end: usize,
    /// The version that decides; a CONNECT changes it.
    pub(super) version: ProtocolVersion,
    pub(super) sink: S,
}

/// What surrounds a region with a length of its own.
#[must_use]
pub(super) struct Surroundings<'a> {
    rest: &'a [u8],
    end: usize,
}

impl<'a, S: Sink> Reader<'a, S> {
    #[inline]
    pub(super) fn new(frame: &'a Bytes, version: ProtocolVersion, sink: S) -> Self {
        Self { buffer: frame, rest: frame, end: frame.len(), version, sink }
    }

    /// A reader of the first `length` bytes.
    #[inline]
    pub(super) fn of_first(length: usize, buffer: &'a Bytes, version: ProtocolVersion, sink: S) -> Self {
        let rest = buffer.get(..length).unwrap_or_default();
        Self { buffer, rest, end: rest.len(), version, sink }
    }

    /// These bytes, which lie in the packet, as a share of it.
    #[inline]
    pub(super) fn share(&self, bytes: &[u8]) -> Bytes {
        self.buffer.slice_ref(bytes)
    }

    /// The offset of the next unread byte.
    #[inline]
    pub(super) const fn position(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    /// How many bytes of the current region are unread.
    #[inline]
    pub(super) const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The unread bytes of the current region.
    #[inline]
    pub(super) const fn unread(&self) -> &'a [u8] {
        self.rest
    }

    /// Makes the next `length` bytes the current region; `None` if there are fewer.
    #[inline]
    pub(super) fn narrow(&mut self, length: usize) -> Option<Surroundings<'a>> {
        let (inside, after) = self.rest.split_at_checked(length)?;
        let surroundings = Surroundings { rest: after, end: self.end };
        self.rest = inside;
        self.end = self.end.saturating_sub(after.len());
        Some(surroundings)
    }

    /// Goes on after a region, which has been read to its end.
    #[inline]
    pub(super) fn widen(&mut self, surroundings: Surroundings<'a>) {
        self.rest = surroundings.rest;
        self.end = surroundings.end;
    }

    /// Opens a field that has members.
    #[inline]
    pub(super) fn open(&mut self, label: &Label) {
        let start = self.position();
        self.sink.open(label.name, label.clause(self.version), start, None);
    }

    /// Opens a part of the packet, which has a meaning but no value.
    #[inline]
    pub(super) fn section(&mut self, label: &Label) {
        let start = self.position();
        self.sink.open(label.name, label.clause(self.version), start, Some(label.meaning));
    }

    #[inline]
    pub(super) fn close(&mut self) {
        let end = self.position();
        self.sink.close(end, Description::default);
    }

    /// The breach of a rule at `offset`.
    #[cold]
    pub(super) fn broken(&self, rule: &Rule, offset: usize, field: &'static str, value: impl Into<Arg>) -> Box<DecodeError> {
        let message = rule.message.with("field", field).with("value", value);
        Box::new(DecodeError { reason_code: rule.reason_code, clause: rule.clause(self.version), offset, message })
    }

    /// The bytes end inside of a field.
    #[cold]
    pub(super) fn cut_short(&self, label: &Label, needed: usize) -> Box<DecodeError> {
        Box::new(DecodeError {
            reason_code: ReasonCode::MalformedPacket,
            clause: label.clause(self.version),
            offset: self.position(),
            message: CUT_SHORT.with("field", label.name).with("needed", needed).with("left", self.rest.len()),
        })
    }

    #[inline]
    fn array<const N: usize>(&mut self, label: &Label) -> Result<[u8; N], Box<DecodeError>> {
        let Some((bytes, rest)) = self.rest.split_first_chunk::<N>() else { return Err(self.cut_short(label, N)) };
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    fn leaf(&mut self, label: &Label, length: usize, describe: impl FnOnce() -> Description) {
        let end = self.position();
        self.sink.leaf(label.name, label.clause(self.version), end.saturating_sub(length)..end, describe);
    }

    /// A byte with a description of the caller's.
    #[inline]
    pub(super) fn byte_as(&mut self, label: &Label, describe: impl FnOnce(u8) -> Description) -> Result<u8, Box<DecodeError>> {
        let [value] = self.array(label)?;
        self.leaf(label, 1, || describe(value));
        Ok(value)
    }

    #[inline]
    pub(super) fn byte(&mut self, label: &Label) -> Result<u8, Box<DecodeError>> {
        self.byte_as(label, |value| Description::number(label, value.into()))
    }

    /// A byte of flags, shown in bits.
    #[inline]
    pub(super) fn flags(&mut self, label: &Label) -> Result<u8, Box<DecodeError>> {
        self.byte_as(label, |value| Description {
            value: format!("0b{value:08b}"),
            meaning: Some(label.meaning.with("value", format!("{value:08b}"))),
        })
    }

    /// Bits `low` to `high` of the byte that was read last.
    #[inline]
    pub(super) fn bits(&mut self, label: &Label, byte: u8, low: u8, high: u8) -> u8 {
        self.bits_as(label, byte, low, high, |value| Description::number(label, value.into()))
    }

    #[inline]
    pub(super) fn bits_as(&mut self, label: &Label, byte: u8, low: u8, high: u8, describe: impl FnOnce(u8) -> Description) -> u8 {
        let width = high.saturating_sub(low).saturating_add(1).min(8);
        let mask = 0xFF_u8.checked_shr(8_u32.saturating_sub(width.into())).unwrap_or(0);
        let value = byte.wrapping_shr(low.into()) & mask;
        let at = self.position().saturating_sub(1);
        self.sink.bits(label.name, label.clause(self.version), at, low..=high, || describe(value));
        value
    }

    #[inline]
    pub(super) fn two_byte_integer(&mut self, label: &Label) -> Result<u16, Box<DecodeError>> {
        let value = u16::from_be_bytes(self.array(label)?);
        self.leaf(label, 2, || Description::number(label, value.into()));
        Ok(value)
    }

    #[inline]
    pub(super) fn four_byte_integer(&mut self, label: &Label) -> Result<u32, Box<DecodeError>> {
        let value = u32::from_be_bytes(self.array(label)?);
        self.leaf(label, 4, || Description::number(label, value));
        Ok(value)
    }

    /// Variable Byte Integer (5.0 §1.5.5).
    #[inline]
    pub(super) fn variable_byte_integer(&mut self, label: &Label) -> Result<u32, Box<DecodeError>> {
        self.variable_byte_integer_as(label, |value| Description::number(label, value))
    }

    #[inline]
    pub(super) fn variable_byte_integer_as(
        &mut self,
        label: &Label,
        describe: impl FnOnce(u32) -> Description,
    ) -> Result<u32, Box<DecodeError>> {
        let (value, length) = match read_variable_byte_integer(self.rest) {
            Ok(Some(found)) => found,
            Ok(None) => return Err(self.cut_short(label, self.rest.len().saturating_add(1))),
            Err(VariableByteIntegerError::TooLong) => return Err(self.broken(&VARIABLE_TOO_LONG, self.position(), label.name, "")),
            Err(VariableByteIntegerError::NotShortest) => {
                return Err(self.broken(&VARIABLE_NOT_SHORTEST, self.position(), label.name, ""));
            }
        };
        self.rest = self.rest.get(length..).unwrap_or_default();
        self.leaf(label, length, || describe(value));
        Ok(value)
    }

    /// The value of the Variable Byte Integer that comes next, if it is one.
    pub(super) fn peek_variable_byte_integer(&self) -> Option<u32> {
        read_variable_byte_integer(self.rest).ok().flatten().map(|(value, _)| value)
    }

    /// The length of a text or binary field, then its bytes, both as members of the open group.
    #[inline]
    fn sized(&mut self, label: &Label, length_name: &'static str) -> Result<&'a [u8], Box<DecodeError>> {
        let length = u16::from_be_bytes(self.array(label)?);
        let end = self.position();
        self.sink.leaf(length_name, label.clause(self.version), end.saturating_sub(2)..end, || Description {
            value: length.to_string(),
            meaning: Some(LENGTH.with("value", length)),
        });
        let Some((bytes, rest)) = self.rest.split_at_checked(length.into()) else { return Err(self.cut_short(label, length.into())) };
        if label.is_secret {
            let start = self.position();
            self.sink.secret(start..start.saturating_add(bytes.len()));
        }
        self.rest = rest;
        Ok(bytes)
    }

    /// A text without a check of its own. Members are called `length_name` and `text_name`.
    #[inline]
    fn raw_text(&mut self, label: &Label, length_name: &'static str, text_name: &'static str) -> Result<&'a str, Box<DecodeError>> {
        let bytes = self.sized(label, length_name)?;
        let Ok(text) = std::str::from_utf8(bytes) else { return Err(self.not_utf8(label, bytes)) };
        self.text_leaf(label, text_name, bytes, || Description::text(label, text));
        Ok(text)
    }

    #[inline]
    fn text_leaf(&mut self, label: &Label, text_name: &'static str, bytes: &[u8], describe: impl FnOnce() -> Description) {
        if !bytes.is_empty() {
            let leaf = Label { name: text_name, ..*label };
            self.leaf(&leaf, bytes.len(), describe);
        }
    }

    #[cold]
    fn not_utf8(&mut self, label: &Label, bytes: &[u8]) -> Box<DecodeError> {
        let start = self.position().saturating_sub(bytes.len());
        let leaf = Label { name: "Bytes", ..*label };
        self.leaf(&leaf, bytes.len(), || Description { value: Description::bytes(label, bytes).value, meaning: None });
        let valid = std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
        self.broken(&NOT_UTF8, start.saturating_add(valid), label.name, "")
    }

    /// A text as members of the open group, with all checks of 5.0 §1.5.4.
    #[inline]
    pub(super) fn text_members(
        &mut self,
        label: &Label,
        length_name: &'static str,
        text_name: &'static str,
    ) -> Result<CheckedText<'a>, Box<DecodeError>> {
        let bytes = self.sized(label, length_name)?;
        if !is_plain(bytes) {
            self.check_text(label, bytes, text_name)?;
        }
        let text = CheckedText(bytes);
        self.text_leaf(label, text_name, bytes, || Description::text(label, text.as_str()));
        Ok(text)
    }

    /// The rules of 5.0 §1.5.4, for text that is not simply ASCII.
    fn check_text(&mut self, label: &Label, bytes: &[u8], text_name: &'static str) -> Result<(), Box<DecodeError>> {
        let Ok(text) = std::str::from_utf8(bytes) else { return Err(self.not_utf8(label, bytes)) };
        if let Some(at) = text.find('\0') {
            self.text_leaf(label, text_name, bytes, || Description::text(label, text));
            return Err(self.null_character(label, text, at));
        }
        Ok(())
    }

    #[cold]
    fn null_character(&self, label: &Label, text: &str, at: usize) -> Box<DecodeError> {
        let offset = self.position().saturating_sub(text.len()).saturating_add(at);
        self.broken(&NULL_CHARACTER, offset, label.name, "")
    }

    /// UTF-8 Encoded String (5.0 §1.5.4).
    #[inline]
    pub(super) fn text(&mut self, label: &Label) -> Result<ByteString, Box<DecodeError>> {
        self.open(label);
        let text = self.text_members(label, "Length", "Text")?;
        self.close_text(label, || text.as_str());
        Ok(text.share(self))
    }

    #[inline]
    fn close_text<'t>(&mut self, label: &Label, text: impl FnOnce() -> &'t str) {
        let end = self.position();
        self.sink.close(end, || Description::text(label, text()));
    }

    /// Binary Data (5.0 §1.5.6) as members of the open group.
    #[inline]
    pub(super) fn binary_members(&mut self, label: &Label) -> Result<&'a [u8], Box<DecodeError>> {
        let bytes = self.sized(label, "Length")?;
        if !bytes.is_empty() {
            let leaf = Label { name: "Data", ..*label };
            self.leaf(&leaf, bytes.len(), || Description::bytes(label, bytes));
        }
        Ok(bytes)
    }

    /// Binary Data (5.0 §1.5.6).
    #[inline]
    pub(super) fn binary(&mut self, label: &Label) -> Result<Bytes, Box<DecodeError>> {
        self.open(label);
        let bytes = self.binary_members(label)?;
        let end = self.position();
        self.sink.close(end, || Description::bytes(label, bytes));
        Ok(self.share(bytes))
    }

    /// All that is left of the region.
    #[inline]
    pub(super) fn payload(&mut self, label: &Label) -> Payload {
        let (at, bytes) = (self.position(), std::mem::take(&mut self.rest));
        self.leaf(label, bytes.len(), || Description::bytes(label, bytes));
        // What comes behind is looked at too, since there may be more than was asked for: that makes the copy one of a fixed size.
        Payload::in_place(self.buffer.get(at..).unwrap_or_default(), bytes.len()).unwrap_or_else(|| Payload::shared(self.share(bytes)))
    }

    /// A Topic Name; an empty one only if the caller allows it. `wildcard` is the rule that forbids wildcards in this field.
    #[inline]
    pub(super) fn topic_name(&mut self, label: &Label, wildcard: &Rule, may_be_empty: bool) -> Result<TopicName, Box<DecodeError>> {
        self.open(label);
        let topic = self.topic_name_members(label, wildcard, may_be_empty)?;
        self.close_text(label, || topic.as_str());
        Ok(topic)
    }

    /// As [`Reader::topic_name`], as members of the open group.
    #[inline]
    pub(super) fn topic_name_members(&mut self, label: &Label, wildcard: &Rule, may_be_empty: bool) -> Result<TopicName, Box<DecodeError>> {
        let ahead = self.rest.get(2..).unwrap_or_default();
        let bytes = self.sized(label, "Length")?;
        let topic = match SmallText::plain_name(ahead, bytes.len()) {
            Some(text) if !bytes.is_empty() => TopicName::checked(text),
            _ if bytes.is_empty() && may_be_empty => return Ok(TopicName::default()),
            _ => return self.unusual_topic_name(label, wildcard, bytes),
        };
        self.text_leaf(label, "Text", bytes, || Description::text(label, topic.as_str()));
        Ok(topic)
    }

    /// A Topic Name that is long, not ASCII or wrong.
    fn unusual_topic_name(&mut self, label: &Label, wildcard: &Rule, bytes: &'a [u8]) -> Result<TopicName, Box<DecodeError>> {
        let Ok(text) = std::str::from_utf8(bytes) else { return Err(self.not_utf8(label, bytes)) };
        self.text_leaf(label, "Text", bytes, || Description::text(label, text));
        match check_name(text) {
            Ok(()) => Ok(TopicName::checked(SmallText::of(text).unwrap_or_else(|| SmallText::Shared(CheckedText(bytes).share(self))))),
            Err(error) => Err(self.broken_topic(label, text, error, wildcard)),
        }
    }

    /// A Topic Filter (5.0 §4.7).
    #[inline]
    pub(super) fn topic_filter(&mut self, label: &Label) -> Result<TopicFilter, Box<DecodeError>> {
        self.open(label);
        let text = self.raw_text(label, "Length", "Text")?;
        self.close_text(label, || text);
        match check_filter(text) {
            Ok(()) => Ok(TopicFilter::checked(CheckedText(text.as_bytes()).share(self))),
            Err(error) => Err(self.broken_topic(label, text, error, &MULTI_LEVEL_WILDCARD)),
        }
    }

    #[cold]
    fn broken_topic(&self, label: &Label, text: &str, error: TopicError, wildcard: &Rule) -> Box<DecodeError> {
        let start = self.position().saturating_sub(text.len());
        let find = |pattern: &[char]| text.find(pattern).unwrap_or(0);
        let (rule, at) = match error {
            TopicError::Empty => (&TOPIC_EMPTY, 0),
            TopicError::TooLong => (&TOPIC_TOO_LONG, 0),
            TopicError::NullCharacter => (&NULL_CHARACTER, find(&['\0'])),
            TopicError::WildcardInName => (wildcard, find(&['+', '#'])),
            TopicError::MultiLevelWildcard => (&MULTI_LEVEL_WILDCARD, find(&['#'])),
            TopicError::SingleLevelWildcard => (&SINGLE_LEVEL_WILDCARD, find(&['+'])),
            TopicError::SharedSubscription if text == "$share" || text.starts_with("$share//") => (&SHARE_NAME_EMPTY, 0),
            TopicError::SharedSubscription => (&SHARE_NAME_ILLEGAL, 0),
        };
        self.broken(rule, start.saturating_add(at), label.name, excerpt(text))
    }

    /// Packet Identifier (5.0 §2.2.1).
    #[inline]
    pub(super) fn packet_id(&mut self) -> Result<PacketId, Box<DecodeError>> {
        let value = self.two_byte_integer(&PACKET_IDENTIFIER)?;
        let offset = self.position().saturating_sub(2);
        PacketId::new(value).ok_or_else(|| self.broken(&PACKET_IDENTIFIER_ZERO, offset, PACKET_IDENTIFIER.name, value))
    }
}
