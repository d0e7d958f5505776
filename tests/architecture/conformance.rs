//! The conformance table: every normative statement with the tests and cases that show it, or the reason why none can
//! (`src/view/conformance/reasons.tsv`, in both languages).
//!
//! A test shows a statement if its name holds the clause (`…_mqtt_3_8_4_3`, `…_3_8_4_3`, also `…_3_3_1_9_to_11` and `…_6_and_7`) or if `[MQTT-3.8.4-3]` stands in it or in
//! the comment above it. The two versions number alike and mean different things: a name that ends in `_v311` speaks of 3.1.1, `_both` of
//! both, any other of 5.0; in text it is `[MQTT-3.8.4-3 v311]`. A packet-sequence case names version and clauses in its first line.
//!
//! `UPDATE_CONFORMANCE=1 cargo test --test architecture conformance` writes `docs/conformance.md` and `shown.tsv`, which the page shows, anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::files;

/// A version as files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    V5,
    V311,
}

impl Version {
    const fn word(self) -> &'static str {
        match self {
            Self::V5 => "5.0",
            Self::V311 => "3.1.1",
        }
    }
}

type Clause = (Version, String);

/// What shows each clause: tests by their paths, case files with the number of their cases.
type Evidence = BTreeMap<Clause, BTreeMap<String, usize>>;

/// One normative statement.
struct Statement {
    clause: Clause,
    side: String,
    text: String,
}

/// The rows of a table of the page, which shows what is collected here.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path(name)).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn clause(version: &str, clause: &str) -> Clause {
    let version = if version == Version::V5.word() { Version::V5 } else { Version::V311 };
    (version, clause.to_owned())
}

/// All statements in their order.
fn statements() -> Vec<Statement> {
    let read = |row: Vec<String>| match row.as_slice() {
        [version, number, side, text, _korean] => Statement { clause: clause(version, number), side: side.clone(), text: text.clone() },
        _ => panic!("{row:?}"),
    };
    rows("src/view/conformance/statements.tsv").into_iter().map(read).collect()
}

/// Clauses that cannot be tested, each with the reason.
fn reasons() -> BTreeMap<Clause, String> {
    let read = |row: Vec<String>| match row.as_slice() {
        [version, number, english, _korean] => (clause(version, number), english.clone()),
        _ => panic!("{row:?}"),
    };
    rows("src/view/conformance/reasons.tsv").into_iter().map(read).collect()
}

/// The clauses in the name of a test. Runs of four numbers are clauses, `and N` and `to N` go on in the last one.
fn clauses_of_name(name: &str) -> Vec<Clause> {
    let (name, versions): (_, &[Version]) = match (name.strip_suffix("_v311"), name.strip_suffix("_both")) {
        (Some(name), _) => (name, &[Version::V311]),
        (_, Some(name)) => (name, &[Version::V5, Version::V311]),
        _ => (name, &[Version::V5]),
    };
    let words: Vec<&str> = name.split('_').collect();
    let mut clauses: Vec<(String, u32)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let numbers: Vec<u32> = words[at..].iter().map_while(|word| word.parse().ok()).collect();
        match numbers.as_slice() {
            [] => at += 1,
            [number] if at > 0 && matches!(words[at - 1], "and" | "to") && !clauses.is_empty() => {
                let (section, last) = clauses[clauses.len() - 1].clone();
                let first = if words[at - 1] == "to" { last + 1 } else { *number };
                clauses.extend((first..=*number).map(|number| (section.clone(), number)));
                at += 1;
            }
            numbers => {
                // With the version in front they are a section without a statement, 5_0_3_4_2_1.
                let is_section = numbers.starts_with(&[5, 0]);
                if let [a, b, number] = numbers
                    && at > 0
                    && words[at - 1] == "mqtt"
                {
                    clauses.push((format!("{a}.{b}"), *number));
                } else if !is_section {
                    // Several may stand one after the other, behind a number that belongs to a word: `dup_0_3_3_1_2_4_3_1_1`.
                    let fours = numbers.rchunks_exact(4).rev();
                    clauses.extend(fours.map(|four| (format!("{}.{}.{}", four[0], four[1], four[2]), four[3])));
                }
                at += numbers.len();
            }
        }
    }
    let named = |version| clauses.iter().map(move |(section, number)| (version, format!("MQTT-{section}-{number}")));
    versions.iter().flat_map(|version| named(*version)).collect()
}

/// The clauses in brackets, `[MQTT-3.8.4-3]` or `[MQTT-3.8.4-3 v311]`. `version` is that of those without one.
fn clauses_in_text(text: &str, version: Version) -> Vec<Clause> {
    let mut found = Vec::new();
    for part in text.split("[MQTT-").skip(1) {
        let Some((inside, _)) = part.split_once(']') else { continue };
        let (number, version) = match inside.split_once(' ') {
            Some((number, "v311")) => (number, Version::V311),
            Some((number, "v5")) => (number, Version::V5),
            _ => (inside, version),
        };
        if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-')) {
            found.push((version, format!("MQTT-{number}")));
        }
    }
    found
}

/// The tests of a Rust file, each with the clauses that it names.
fn tests(text: &str) -> Vec<(String, BTreeSet<Clause>)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let indentation = &line[..line.len() - trimmed.len()];
        let Some(name) = trimmed.strip_prefix("fn ").and_then(|rest| rest.split('(').next()) else { continue };
        let above: Vec<&str> = lines[..at].iter().rev().map(|line| line.trim()).take_while(|line| line.starts_with(['#', '/'])).collect();
        if !above.iter().any(|line| matches!(*line, "#[test]" | "#[tokio::test]") || line.starts_with("#[tokio::test(")) {
            continue;
        }
        let end = format!("{indentation}}}");
        let body = lines[at..].iter().take_while(|line| **line != end);
        let version = if name.ends_with("_v311") { Version::V311 } else { Version::V5 };
        let mut clauses: BTreeSet<Clause> = clauses_of_name(name).into_iter().collect();
        for line in above.iter().filter(|line| line.starts_with("//")).chain(body) {
            clauses.extend(clauses_in_text(line, version));
        }
        found.push((name.to_owned(), clauses));
    }
    found
}

/// The cases of a file by the clauses of their first lines.
fn cases(text: &str) -> Vec<Vec<Clause>> {
    let headers = text.lines().filter_map(|line| line.strip_prefix("case "));
    headers
        .map(|header| {
            let header = header.strip_prefix("client ").unwrap_or(header);
            let version = if header.starts_with("v311 ") { Version::V311 } else { Version::V5 };
            clauses_in_text(header, version)
        })
        .collect()
}

/// What shows each clause: a test by its path, or a case file with the number of its cases.
fn evidence() -> Evidence {
    let mut found = Evidence::new();
    let mut note = |clause: Clause, what: String| *found.entry(clause).or_default().entry(what).or_default() += 1;
    for file in files("src", "rs").into_iter().chain(files("tests", "rs")) {
        // These quote clauses as examples of texts that have some.
        if ["tests/architecture/", "tests/conformance/", "src/lesson/"].iter().any(|folder| file.path.starts_with(folder)) {
            continue;
        }
        let place = file.path.trim_end_matches(".rs").trim_end_matches("/mod").to_owned();
        for (name, clauses) in tests(&file.text) {
            for clause in clauses {
                note(clause, format!("{place}::{name}"));
            }
        }
    }
    for file in files("tests/conformance/cases", "txt") {
        for clauses in cases(&file.text) {
            for clause in clauses {
                note(clause, file.path.clone());
            }
        }
    }
    found
}

/// The table for readers: what it counts, how it is made, and every statement.
fn to_markdown(statements: &[Statement], evidence: &Evidence, reasons: &BTreeMap<Clause, String>) -> String {
    let mut text = fs::read_to_string(path("tests/conformance/introduction.md")).unwrap();
    let count: usize = files("tests/conformance/cases", "txt").iter().map(|file| cases(&file.text).len()).sum();
    write!(text, "\n{count} packet-sequence cases are played, each in four cuts, natively and in wasm.\n\n").unwrap();
    text.push_str("| version | binds | statements | shown | with a reason | neither |\n|---|---|---|---|---|---|\n");
    for version in [Version::V5, Version::V311] {
        for side in ["server", "client", "both", "codec"] {
            let of_side: Vec<&Statement> = statements.iter().filter(|one| one.clause.0 == version && one.side == side).collect();
            let shown = of_side.iter().filter(|one| evidence.contains_key(&one.clause)).count();
            let reasoned = of_side.iter().filter(|one| reasons.contains_key(&one.clause)).count();
            let all = of_side.len();
            writeln!(text, "| {} | {side} | {all} | {shown} | {reasoned} | {} |", version.word(), all.saturating_sub(shown + reasoned))
                .unwrap();
        }
    }
    for version in [Version::V5, Version::V311] {
        write!(text, "\n## MQTT {}\n\n| clause | binds | in short | shown by |\n|---|---|---|---|\n", version.word()).unwrap();
        for Statement { clause, side, text: short } in statements.iter().filter(|one| one.clause.0 == version) {
            let shown = match (evidence.get(clause), reasons.get(clause)) {
                (Some(what), _) => what.iter().map(|(what, count)| readable(what, *count)).collect::<Vec<_>>().join("<br>"),
                (None, Some(reason)) => format!("*{reason}*"),
                (None, None) => "**nothing yet**".to_owned(),
            };
            writeln!(text, "| {} | {side} | {} | {shown} |", clause.1, short.replace('|', "\\|")).unwrap();
        }
    }
    text
}

const CASES: &str = "tests/conformance/cases/";

fn readable(what: &str, count: usize) -> String {
    match what.strip_prefix(CASES) {
        Some(file) => format!("{file} ×{count}"),
        None => format!("`{what}`"),
    }
}

/// The numbers of tests and cases, for the page.
fn to_rows(statements: &[Statement], evidence: &Evidence) -> String {
    let mut text = String::new();
    for Statement { clause, .. } in statements {
        let Some(what) = evidence.get(clause) else { continue };
        let cases: usize = what.iter().filter(|(what, _)| what.starts_with(CASES)).map(|(_, count)| count).sum();
        let tests = what.keys().filter(|what| !what.starts_with(CASES)).count();
        writeln!(text, "{}\t{}\t{tests}\t{cases}", clause.0.word(), clause.1).unwrap();
    }
    text
}

#[test]
fn every_clause_that_a_test_names_exists() {
    let known: BTreeSet<Clause> = statements().into_iter().map(|statement| statement.clause).collect();
    let unknown = evidence().into_iter().filter(|(clause, _)| !known.contains(clause));
    let unknown: Vec<String> = unknown.map(|(clause, what)| format!("{clause:?} in {:?}", what.keys())).collect();
    assert!(unknown.is_empty(), "no such statement:\n{}", unknown.join("\n"));
    let unknown: Vec<_> = reasons().into_keys().filter(|clause| !known.contains(clause)).collect();
    assert!(unknown.is_empty(), "reasons for no statement: {unknown:?}");
}

#[test]
fn a_reason_stands_only_where_nothing_shows_the_statement() {
    let evidence = evidence();
    let both: Vec<_> = reasons().into_keys().filter(|clause| evidence.contains_key(clause)).collect();
    assert!(both.is_empty(), "these have tests, take the reasons away: {both:?}");
}

#[test]
fn every_statement_is_shown_or_has_a_reason() {
    let (evidence, reasons) = (evidence(), reasons());
    let is_missing = |one: &Statement| !evidence.contains_key(&one.clause) && !reasons.contains_key(&one.clause);
    let missing: Vec<String> =
        statements().into_iter().filter(is_missing).map(|one| format!("{:?} ({}): {}", one.clause, one.side, one.text)).collect();
    assert!(missing.is_empty(), "{} statements have neither a test nor a reason:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn the_committed_table_is_up_to_date() {
    let (statements, evidence, reasons) = (statements(), evidence(), reasons());
    let made = [
        ("docs/conformance.md", to_markdown(&statements, &evidence, &reasons)),
        ("src/view/conformance/shown.tsv", to_rows(&statements, &evidence)),
    ];
    for (name, text) in made {
        if std::env::var_os("UPDATE_CONFORMANCE").is_some() {
            fs::write(path(name), &text).unwrap();
        }
        let is_up_to_date = fs::read_to_string(path(name)).is_ok_and(|committed| committed == text);
        assert!(is_up_to_date, "{name} is out of date: UPDATE_CONFORMANCE=1 cargo test --test architecture conformance");
    }
}

#[test]
fn every_case_file_is_played() {
    let list = fs::read_to_string(path("tests/conformance/mod.rs")).unwrap();
    let played: BTreeSet<&str> = list.lines().map(str::trim).collect();
    let mut count = 0;
    for file in files("tests/conformance/cases", "txt") {
        let name = file.path.trim_start_matches("tests/conformance/cases/").trim_end_matches(".txt");
        assert!(played.contains(name), "add {name} to `files!` in tests/conformance/mod.rs");
        count += cases(&file.text).len();
    }
    assert!(count >= 2_000, "{count} cases");
}

/// What brokers and clients got wrong before; some are shown by tests as well.
const BUG_CLASSES: [&str; 34] = [
    "$-topics and wildcards",
    "QoS 2 duplicates piling up",
    "Receive Maximum overrun answered wrongly",
    "Remaining Length or property length over 4 bytes",
    "SUBACK without codes",
    "WebSocket frame boundaries are not packet boundaries",
    "Will lost after DISCONNECT >= 0x80",
    "Will lost after a second CONNECT",
    "Will lost after an invalid DISCONNECT",
    "acknowledgement before CONNECT",
    "alias overflow",
    "client ids and topics used as patterns, paths or object keys",
    "dripped bytes that hold a connection open",
    "empty ACL meaning allow",
    "empty topic",
    "id wrap at 65,535",
    "ill-formed UTF-8 forwarded to others",
    "in-flight overflow",
    "keep alive noticed late",
    "malformed $share filters",
    "memory reserved for a huge announced length",
    "missing takeover",
    "offline queue",
    "property section parsed before the size limit",
    "recursion over 65,535 topic levels",
    "refused CONNECT with the socket left open",
    "retained flood",
    "revoked rights keeping retained or queued messages",
    "server-only packets from a client",
    "slow consumer",
    "sub-id 0",
    "surrogates and U+0000",
    "takeover storm",
    "truncated and endless streams",
];

#[test]
fn every_known_bug_class_has_a_case() {
    let files = files("tests/conformance/cases", "txt");
    let found: BTreeSet<&str> = files.iter().flat_map(|file| file.text.lines()).filter_map(|line| line.strip_prefix("  class ")).collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), BUG_CLASSES);
}

#[test]
fn clauses_are_found_in_names_texts_and_cases() {
    let v5 = |clause: &str| (Version::V5, format!("MQTT-{clause}"));
    let v311 = |clause: &str| (Version::V311, format!("MQTT-{clause}"));
    assert_eq!(clauses_of_name("one_copy_mqtt_4_8_2_4"), [v5("4.8.2-4")]);
    assert_eq!(clauses_of_name("one_copy_2_3_1_4_v311"), [v311("2.3.1-4")]);
    assert_eq!(clauses_of_name("one_copy_3_3_1_1_both"), [v5("3.3.1-1"), v311("3.3.1-1")]);
    assert_eq!(clauses_of_name("retain_3_3_1_9_to_11"), [v5("3.3.1-9"), v5("3.3.1-10"), v5("3.3.1-11")]);
    assert_eq!(clauses_of_name("retain_mqtt_3_3_1_6_and_7"), [v5("3.3.1-6"), v5("3.3.1-7")]);
    assert_eq!(clauses_of_name("will_3_1_2_15_and_3_1_3_10"), [v5("3.1.2-15"), v5("3.1.3-10")]);
    assert_eq!(clauses_of_name("left_out_5_0_3_4_2_1"), []);
    assert_eq!(clauses_of_name("shared_5_0_4_8_2"), []);
    assert_eq!(clauses_of_name("dup_0_3_3_1_2_4_3_1_1_v311"), [v311("3.3.1-2"), v311("4.3.1-1")]);
    assert_eq!(clauses_of_name("a_stream_mqtt_4_2_1"), [v5("4.2-1")]);
    assert_eq!(clauses_of_name("in_3_1_1_it_is_0x92_after_2_s"), []);
    let text = "/// Says [MQTT-1.5.4-3].\n#[test]\nfn kept_v311() {\n    // [MQTT-1.5.3-3]\n}\n\n// [MQTT-1.5.4-2]\nfn no_test() {}\n";
    assert_eq!(tests(text), [("kept_v311".to_owned(), BTreeSet::from([v311("1.5.4-3"), v311("1.5.3-3")]))]);
    let text = "case v5 [MQTT-3.1.0-2] a\n  A> C0 00   # [MQTT-1.5.4-1]\ncase client v311 [3.1.1 §2.2] [MQTT-3.2.0-1] b\n";
    assert_eq!(cases(text), [vec![v5("3.1.0-2")], vec![v311("3.2.0-1")]]);
}
