//! Reads access control lists in Mosquitto's format (`acl_file` in mosquitto.conf(5)).

use bytestring::ByteString;

use super::{Acl, AclAccess, AclRule, AclSubject};
use crate::packet::TopicFilter;
use crate::text::{Diagnostic, Message, key};

/// The most rules of one list: each message may be compared with each.
pub const ACL_RULES_MAX: usize = 10_000;

impl Acl {
    /// Reads an access control list; `file` is its name for messages. A file without rules is legal and allows nothing.
    ///
    /// # Errors
    /// Every line that says nothing that Mosquitto would understand.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut mistakes = Vec::new();
        let mut rules = Vec::new();
        let mut subject = AclSubject::Anonymous;
        let mut offset: usize = 0;
        for (line, whole) in (1_u32..).zip(text.split_inclusive('\n')) {
            let at = offset;
            offset = offset.saturating_add(whole.len());
            match read_line(line, whole.trim(), &subject) {
                Ok(Line::Nothing) => {}
                Ok(Line::User(name)) => subject = AclSubject::User(name),
                Ok(Line::Rule(_)) if rules.len() >= ACL_RULES_MAX => {
                    mistakes.push(Diagnostic::new(file, text, at, key::ACCESS_ACL_TOO_MANY.with("limit", ACL_RULES_MAX)));
                    break;
                }
                Ok(Line::Rule(rule)) => rules.push(*rule),
                Err(Mistake { message, word, known }) => {
                    mistakes.push(Diagnostic::new(file, text, at, message).suggest(word, known.iter().copied()))
                }
            }
        }
        if mistakes.is_empty() { Ok(Self::new(rules)) } else { Err(mistakes) }
    }
}

enum Line {
    Nothing,
    User(ByteString),
    Rule(Box<AclRule>),
}

struct Mistake<'a> {
    message: Message,
    /// What was written, and what could have been.
    word: &'a str,
    known: &'static [&'static str],
}

impl Mistake<'_> {
    fn plain(message: Message) -> Self {
        Self { message, word: "", known: &[] }
    }
}

const KEYWORDS: &[&str] = &["user", "topic", "pattern"];
const ACCESSES: &[&str] = &["read", "write", "readwrite", "deny"];

fn read_line<'a>(line: u32, text: &'a str, subject: &AclSubject) -> Result<Line, Mistake<'a>> {
    if text.is_empty() || text.starts_with('#') {
        return Ok(Line::Nothing);
    }
    let (keyword, rest) = split_word(text);
    let subject = match keyword {
        "user" if rest.is_empty() => return Err(Mistake::plain(key::ACCESS_ACL_NO_USER.message())),
        "user" => return Ok(Line::User(rest.into())),
        "topic" => subject.clone(),
        "pattern" => AclSubject::Pattern,
        _ => return Err(Mistake { message: key::ACCESS_ACL_KEYWORD.with("word", shortened(keyword)), word: keyword, known: KEYWORDS }),
    };
    // A filter may hold spaces, as long as the kind of access stands before it.
    let (word, filter) = match split_word(rest) {
        ("", _) => return Err(Mistake::plain(key::ACCESS_ACL_NO_TOPIC.with("keyword", keyword))),
        (filter, "") => ("readwrite", filter),
        both => both,
    };
    let access = match word {
        "read" => AclAccess::Read,
        "write" => AclAccess::Write,
        "readwrite" => AclAccess::ReadWrite,
        "deny" => AclAccess::Deny,
        _ => return Err(Mistake { message: key::ACCESS_ACL_ACCESS.with("word", shortened(word)), word, known: ACCESSES }),
    };
    let Ok(filter) = TopicFilter::new(filter) else {
        return Err(Mistake::plain(key::ACCESS_ACL_FILTER.with("filter", shortened(filter))));
    };
    let names_in_part = |level: &str| level.len() > 2 && (level.contains("%u") || level.contains("%c"));
    if subject == AclSubject::Pattern && filter.as_str().split('/').any(names_in_part) {
        return Err(Mistake::plain(key::ACCESS_ACL_PART_OF_LEVEL.message()));
    }
    Ok(Line::Rule(Box::new(AclRule { line, text: shortened(text).into(), subject, access, filter })))
}

/// The first word and what follows it.
fn split_word(text: &str) -> (&str, &str) {
    text.split_once([' ', '\t']).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}
