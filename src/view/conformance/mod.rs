//! What the specifications demand, statement by statement, and what shows here that it holds.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::packet::ProtocolVersion;
use crate::text::Language;

/// A line each: version, clause, side, the statement in English and in Korean.
const STATEMENTS: &str = include_str!("statements.tsv");
/// A line each: version, clause, number of tests, number of packet-sequence cases. Written by the collector in `tests/conformance/`, which fails when it is out of date.
const SHOWN: &str = include_str!("shown.tsv");
/// A line each: version, clause, why no test can show it, in English and in Korean.
const REASONS: &str = include_str!("reasons.tsv");

/// Whom a statement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// The Client.
    Client,
    /// The Server.
    Server,
    /// Client and Server.
    Both,
    /// Whoever reads or writes packets.
    Codec,
}

impl Bound {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Client, Self::Server, Self::Both, Self::Codec];

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "client" => Some(Self::Client),
            "server" => Some(Self::Server),
            "both" => Some(Self::Both),
            "codec" => Some(Self::Codec),
            _ => None,
        }
    }
}

/// What shows that a statement holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Tests of the project that carry its clause.
    Tests {
        /// Tests written as code.
        tests: u32,
        /// Packet sequences: these bytes are sent, those have to come back.
        cases: u32,
    },
    /// Nothing can, for this reason.
    Reason(Words),
}

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    english: &'static str,
    korean: &'static str,
}

impl Words {
    /// The text in this language.
    #[must_use]
    pub const fn get(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Korean => self.korean,
        }
    }
}

/// One normative statement, in our own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Of which specification. The two use the same clauses for different statements.
    pub version: ProtocolVersion,
    /// Such as `MQTT-3.1.2-22`.
    pub clause: &'static str,
    /// Whom it binds.
    pub bound: Bound,
    /// What it demands.
    pub words: Words,
    /// What shows it.
    pub shown: Shown,
}

impl Statement {
    /// The section that the clause counts in: `3.1` of `MQTT-3.1.2-22`.
    #[must_use]
    pub fn section(&self) -> &'static str {
        let number = self.clause.strip_prefix("MQTT-").unwrap_or(self.clause);
        let second_dot = number.match_indices(['.', '-']).nth(1).map_or(number.len(), |(at, _)| at);
        number.get(..second_dot).unwrap_or(number)
    }
}

/// All statements of both specifications, in their order.
#[must_use]
pub fn statements() -> &'static [Statement] {
    static ALL: OnceLock<Vec<Statement>> = OnceLock::new();
    ALL.get_or_init(|| {
        let shown = rows(SHOWN).filter_map(shown_row).collect::<BTreeMap<_, _>>();
        let reasons = rows(REASONS).filter_map(reason_row).collect::<BTreeMap<_, _>>();
        rows(STATEMENTS)
            .filter_map(|fields| {
                let [version, clause, side, english, korean] = fields.as_slice() else { return None };
                let name = (version_of(version)?, *clause);
                let shown = match reasons.get(&name) {
                    Some(words) => Shown::Reason(*words),
                    None => shown.get(&name).copied().unwrap_or(Shown::Tests { tests: 0, cases: 0 }),
                };
                let words = Words { english, korean };
                Some(Statement { version: name.0, clause, bound: Bound::from_word(side)?, words, shown })
            })
            .collect()
    })
}

type Name = (ProtocolVersion, &'static str);

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().map(|line| line.split('\t').collect())
}

fn version_of(word: &str) -> Option<ProtocolVersion> {
    [ProtocolVersion::V311, ProtocolVersion::V5].into_iter().find(|version| version.to_string() == word)
}

fn shown_row(fields: Vec<&'static str>) -> Option<(Name, Shown)> {
    let [version, clause, tests, cases] = fields.as_slice() else { return None };
    Some(((version_of(version)?, clause), Shown::Tests { tests: tests.parse().ok()?, cases: cases.parse().ok()? }))
}

fn reason_row(fields: Vec<&'static str>) -> Option<(Name, Words)> {
    let [version, clause, english, korean] = fields.as_slice() else { return None };
    Some(((version_of(version)?, clause), Words { english, korean }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_understood() {
        let counted = |version| statements().iter().filter(|one| one.version == version).count();
        assert_eq!((counted(ProtocolVersion::V5), counted(ProtocolVersion::V311)), (251, 141));
        assert_eq!(statements().len(), STATEMENTS.lines().count());
        assert_eq!(rows(SHOWN).filter_map(shown_row).count(), SHOWN.lines().count());
        assert_eq!(rows(REASONS).filter_map(reason_row).count(), REASONS.lines().count());
    }

    #[test]
    fn the_section_of_a_clause_has_two_numbers() {
        let section = |clause| statements().iter().find(|one| one.clause == clause).map(Statement::section);
        assert_eq!(section("MQTT-3.10.4-1"), Some("3.10"));
        assert_eq!(section("MQTT-4.2-1"), Some("4.2"));
        assert_eq!(section("MQTT-6.0.0-1"), Some("6.0"));
    }
}
