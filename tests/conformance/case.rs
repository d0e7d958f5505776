//! Case files, parsed.

use std::collections::BTreeMap;

use mqtt_playground::packet::ProtocolVersion;
use mqtt_playground::time::Duration;

use super::pattern::{self, Token};

/// One case.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) version: ProtocolVersion,
    /// Played against the client, not the broker.
    pub(super) is_client: bool,
    pub(super) settings: Vec<(String, String)>,
    pub(super) steps: Vec<Step>,
    pub(super) known_failure: Option<String>,
}

/// One line of it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) act: Act,
}

#[derive(Clone, Debug)]
pub(super) enum Act {
    Send(char, Vec<Token>),
    Expect {
        connection: char,
        pattern: Vec<Token>,
        in_any_order: bool,
    },
    Closed(char),
    Silent(char),
    Cut(char),
    Open(char),
    Pass(Duration),
    Stop,
    Crash,
    /// The access control of the broker changes: key and value as in a setting.
    Change(Vec<(String, String)>),
    /// A call of the program, and whether it must be an error.
    Do {
        call: String,
        arguments: Vec<String>,
        is_refused: bool,
    },
    /// Topic and payload of a message for the program.
    Got(Vec<u8>, Vec<u8>),
}

#[derive(Default)]
struct Block {
    settings: Vec<(String, String)>,
    steps: Vec<Step>,
}

/// All cases of a file, or its first mistake with its line.
pub(super) fn parse(file: &str) -> Result<Vec<Case>, (usize, String)> {
    let mut setups: BTreeMap<String, Block> = BTreeMap::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut open: Option<String> = None;
    for (index, text) in file.lines().enumerate() {
        let line = index + 1;
        let text = without_comment(text);
        if text.is_empty() {
            continue;
        }
        let fail = |why: String| (line, why);
        if let Some(name) = text.strip_prefix("setup ") {
            setups.insert(name.to_owned(), Block::default());
            open = Some(name.to_owned());
        } else if let Some(header) = text.strip_prefix("case ") {
            cases.push(header_of(header, line).map_err(fail)?);
            open = None;
        } else {
            let mut block = Block::default();
            let mut known_failure = None;
            match text.split_once(' ') {
                Some(("after" | "then", name)) => {
                    let setup = setups.get(name).ok_or_else(|| fail(format!("no setup is called {name}")))?;
                    block = Block { settings: setup.settings.clone(), steps: setup.steps.clone() };
                }
                Some(("set", setting)) => block.settings.push(setting_of(setting).map_err(fail)?),
                Some(("class", _)) => {}
                Some(("known", reason)) => known_failure = Some(reason.trim_start_matches("failure").trim().to_owned()),
                _ => block.steps.push(Step { line, text: text.to_owned(), act: act_of(text).map_err(fail)? }),
            }
            match (&open, cases.last_mut()) {
                (Some(name), _) => {
                    let setup = setups.entry(name.clone()).or_default();
                    setup.settings.extend(block.settings);
                    setup.steps.extend(block.steps);
                }
                (None, Some(case)) => {
                    case.settings.extend(block.settings);
                    case.steps.extend(block.steps);
                    case.known_failure = case.known_failure.take().or(known_failure);
                }
                (None, None) => return Err(fail("a step before the first case".to_owned())),
            }
        }
    }
    Ok(cases)
}

/// The line without indentation and comment: `#` with a space behind it, but inside of a text.
fn without_comment(line: &str) -> &str {
    let mut in_text = false;
    let end = line.char_indices().find_map(|(at, c)| {
        in_text ^= c == '\'';
        (c == '#' && !in_text && line[at + 1..].starts_with(' ')).then_some(at)
    });
    line[..end.unwrap_or(line.len())].trim()
}

fn header_of(header: &str, line: usize) -> Result<Case, String> {
    let (is_client, header) = header.strip_prefix("client ").map_or((false, header), |rest| (true, rest));
    let (version, mut name) = header.split_once(' ').ok_or("case VERSION [CLAUSE] NAME")?;
    let version = match version {
        "v5" => ProtocolVersion::V5,
        "v311" => ProtocolVersion::V311,
        other => return Err(format!("{other} is no version: v5 or v311")),
    };
    if !name.starts_with('[') {
        return Err("a case names its clause".to_owned());
    }
    while name.starts_with('[') {
        name = name.split_once(']').ok_or("a clause without its end")?.1.trim_start();
    }
    let name = name.to_owned();
    Ok(Case { name, line, version, is_client, settings: Vec::new(), steps: Vec::new(), known_failure: None })
}

fn act_of(text: &str) -> Result<Act, String> {
    if let Some(duration) = text.strip_prefix("+ ") {
        return duration_of(duration.trim()).map(Act::Pass);
    }
    if let Some((connection, rest)) = connection_of(text) {
        if let Some(bytes) = rest.strip_prefix('>') {
            return Ok(Act::Send(connection, pattern::parse(bytes)?));
        }
        if let Some(bytes) = rest.strip_prefix('<') {
            let (in_any_order, bytes) = bytes.strip_prefix('*').map_or((false, bytes), |bytes| (true, bytes));
            return Ok(Act::Expect { connection, pattern: pattern::parse(bytes)?, in_any_order });
        }
        match rest.trim() {
            "closed" => return Ok(Act::Closed(connection)),
            "silent" => return Ok(Act::Silent(connection)),
            "cut" => return Ok(Act::Cut(connection)),
            "open" => return Ok(Act::Open(connection)),
            _ => {}
        }
    }
    match text.split_once(' ') {
        None if text == "stop" => Ok(Act::Stop),
        None if text == "crash" => Ok(Act::Crash),
        Some(("change", settings)) => Ok(Act::Change(settings.split('&').map(setting_of).collect::<Result<_, _>>()?)),
        Some(("do", call)) => {
            let (is_refused, call) = call.strip_prefix("refused ").map_or((false, call), |call| (true, call));
            let mut words = words(call)?.into_iter();
            Ok(Act::Do { call: words.next().unwrap_or_default(), arguments: words.collect(), is_refused })
        }
        Some(("got", message)) => match words(message)?.as_slice() {
            [topic, payload] => Ok(Act::Got(topic.clone().into_bytes(), payload.clone().into_bytes())),
            _ => Err("got 'topic' 'payload'".to_owned()),
        },
        _ => Err(format!("no step: {text}")),
    }
}

/// A connection is one capital letter.
fn connection_of(text: &str) -> Option<(char, &str)> {
    let connection = text.chars().next().filter(char::is_ascii_uppercase)?;
    let rest = &text[1..];
    rest.starts_with(['>', '<', ' ']).then_some((connection, rest))
}

fn setting_of(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("KEY = VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn duration_of(text: &str) -> Result<Duration, String> {
    let (number, to_duration): (_, fn(u64) -> Duration) = match text.strip_suffix("ms") {
        Some(number) => (number, Duration::from_millis),
        None => (text.strip_suffix('s').ok_or("a time in s or ms")?, Duration::from_secs),
    };
    number.parse().map(to_duration).map_err(|_| format!("{number} is no number"))
}

/// Words and quoted texts.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').ok_or("a text without its end")?,
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Ok(words)
}
