//! Bytes as a case file writes them, and patterns of them.

use std::collections::BTreeMap;

/// Values that the other side chose, by name.
pub(super) type Bindings = BTreeMap<String, [u8; 2]>;

/// A piece of a line of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Bytes(Vec<u8>),
    /// One of these.
    Either(Vec<u8>),
    /// `?`
    Any,
    /// `..`
    Rest,
    /// `_`
    RemainingLength,
    /// `@name`
    Bound(String),
}

/// Reads a line of bytes.
pub(super) fn parse(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (token, after) = one(rest)?;
        match (tokens.last_mut(), token) {
            (Some(Token::Bytes(before)), Token::Bytes(bytes)) => before.extend(bytes),
            (_, token) => tokens.push(token),
        }
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn one(text: &str) -> Result<(Token, &str), String> {
    if let Some(after) = text.strip_prefix('\'') {
        let (quoted, after) = after.split_once('\'').ok_or("a text without its end")?;
        return repeated(quoted.as_bytes().to_vec(), after);
    }
    if let Some(after) = text.strip_prefix('(') {
        let (inside, after) = after.split_once(')').ok_or("a group without its end")?;
        return match parse(inside)?.as_slice() {
            [Token::Bytes(bytes)] => repeated(bytes.clone(), after),
            _ => Err("a group has bytes only".to_owned()),
        };
    }
    let end = text.find(' ').unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let token = match word {
        "?" => Token::Any,
        ".." => Token::Rest,
        "_" => Token::RemainingLength,
        _ if word.starts_with('@') => Token::Bound(word.to_owned()),
        _ if word.contains('|') => Token::Either(word.split('|').map(byte).collect::<Result<_, _>>()?),
        _ => {
            let (digits, _) = word.split_once('*').unwrap_or((word, ""));
            return repeated(vec![byte(digits)?], &text[digits.len()..]);
        }
    };
    Ok((token, after))
}

fn byte(digits: &str) -> Result<u8, String> {
    match digits.len() {
        2 => u8::from_str_radix(digits, 16).map_err(|_| format!("{digits} is no byte")),
        _ => Err(format!("{digits} is no byte: two hexadecimal digits")),
    }
}

fn repeated(bytes: Vec<u8>, after: &str) -> Result<(Token, &str), String> {
    let Some(after) = after.strip_prefix('*') else { return Ok((Token::Bytes(bytes), after)) };
    let end = after.find(' ').unwrap_or(after.len());
    let (count, after) = after.split_at(end);
    let count = count.parse().map_err(|_| format!("{count} is no number of times"))?;
    Ok((Token::Bytes(bytes.repeat(count)), after))
}

/// The bytes to send.
pub(super) fn to_bytes(tokens: &[Token], bindings: &Bindings) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for token in tokens {
        match token {
            Token::Bytes(literal) => bytes.extend(literal),
            Token::Bound(name) => bytes.extend(bindings.get(name).ok_or_else(|| format!("{name} has no value yet"))?),
            other => return Err(format!("{other:?} cannot be sent")),
        }
    }
    Ok(bytes)
}

/// Whether a whole packet fits; binds names that have no value yet.
pub(super) fn matches(tokens: &[Token], packet: &[u8], bindings: &mut Bindings) -> bool {
    let mut bound = bindings.clone();
    let mut rest = packet;
    for token in tokens {
        let taken = match token {
            Token::Rest => return accept(bindings, bound),
            Token::Bytes(literal) => rest.starts_with(literal).then_some(literal.len()),
            Token::Either(values) => rest.first().is_some_and(|byte| values.contains(byte)).then_some(1),
            Token::Any => (!rest.is_empty()).then_some(1),
            Token::RemainingLength => remaining_length(rest).filter(|(length, width)| length + width == rest.len()).map(|(_, width)| width),
            Token::Bound(name) => match (rest, bound.get(name)) {
                ([0, 0, ..], _) => None,
                ([high, low, ..], None) => {
                    bound.insert(name.clone(), [*high, *low]);
                    Some(2)
                }
                (_, known) => known.is_some_and(|known| rest.starts_with(known)).then_some(2),
            },
        };
        let Some(taken) = taken else { return false };
        rest = &rest[taken..];
    }
    rest.is_empty() && accept(bindings, bound)
}

fn accept(bindings: &mut Bindings, bound: Bindings) -> bool {
    *bindings = bound;
    true
}

/// A Variable Byte Integer in its shortest form and how many bytes it has. Written here again, so that the suite does not trust the codec.
fn remaining_length(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return (at == 0 || *byte != 0).then_some((value, at + 1));
        }
    }
    None
}

/// Cuts what one side sent into packets. What is left over at the end is no whole packet.
pub(super) fn packets(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        let length = remaining_length(&bytes[1..]).map_or(bytes.len(), |(length, width)| 1 + width + length).min(bytes.len());
        let (packet, rest) = bytes.split_at(length);
        packets.push(packet.to_vec());
        bytes = rest;
    }
    packets
}

/// For messages: all bytes of a short packet, the beginning of a long one.
pub(super) fn hex(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(96).map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ");
    if bytes.len() > 96 { format!("{shown} … ({} bytes)", bytes.len()) } else { shown }
}
