//! Plays cases and says where they fail.

use mqtt_playground::packet::{ProtocolVersion, dissect};
use mqtt_playground::rng::{RngStream, Seed};

use super::broker_stage::BrokerStage;
use super::case::{self, Act, Case, Step};
use super::client_stage::ClientStage;
use super::pattern::{self, Bindings, Token, hex};
use mqtt_playground::time::Duration;

/// What a case is played on.
pub(super) trait Stage {
    /// Bytes arrive on this connection.
    fn receive(&mut self, connection: char, bytes: &[u8]);
    /// The packets that this connection has got and that nothing has asked for yet.
    fn unread(&mut self, connection: char) -> &mut Vec<Vec<u8>>;
    /// All connections that there were.
    fn connections(&self) -> Vec<char>;
    /// Takes note that the close was expected; `false` if it has not happened.
    fn take_close(&mut self, connection: char) -> bool;
    /// Whether a close has happened that nothing has asked for yet.
    fn is_closed_unasked(&self, connection: char) -> bool;
    fn cut(&mut self, connection: char);
    fn open(&mut self, connection: char);
    fn pass(&mut self, duration: Duration);
    /// Anything else.
    fn act(&mut self, act: &Act) -> Result<(), String>;
    /// Something that happened and that the case should have named.
    fn left_over(&self) -> Option<String>;
    /// The version that this connection speaks.
    fn version(&self, connection: char) -> ProtocolVersion;
}

/// How the bytes of a case are cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    AsWritten,
    Joined,
    ByteByByte,
    AtRandom,
}

/// Plays all cases of a file; panics with all failures.
pub(super) fn check(path: &str, file: &str) {
    let failures = failures(path, file).unwrap_or_else(|mistake| panic!("{mistake}"));
    let shown: Vec<&str> = failures.iter().take(40).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} cases failed\n\n{}\n", failures.len(), shown.join("\n\n"));
}

/// What fails in a file, each with its line; `Err` if the file is not understood.
pub(super) fn failures(path: &str, file: &str) -> Result<Vec<String>, String> {
    let cases = case::parse(file).map_err(|(line, why)| format!("{path}:{line}: {why}"))?;
    let mut failures = Vec::new();
    for case in &cases {
        let outcome = [Cut::AsWritten, Cut::Joined, Cut::ByteByByte, Cut::AtRandom]
            .into_iter()
            .try_for_each(|cut| play(case, cut).map_err(|(line, why)| (line, format!("{why}\n  bytes cut: {cut:?}"))));
        match (outcome, &case.known_failure) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Err((line, why)), None) => failures.push(format!("{path}:{line}: {}\n  {why}", case.name)),
            (Ok(()), Some(reason)) => {
                failures.push(format!("{path}:{}: {} passes now, take its mark away: known failure {reason}", case.line, case.name));
            }
        }
    }
    Ok(failures)
}

fn play(case: &Case, cut: Cut) -> Result<(), (usize, String)> {
    let setup = |why| (case.line, why);
    if case.is_client {
        play_on(&mut ClientStage::new(case.version, &case.settings).map_err(setup)?, case, cut)
    } else {
        play_on(&mut BrokerStage::new(case.version, &case.settings).map_err(setup)?, case, cut)
    }
}

fn play_on(stage: &mut impl Stage, case: &Case, cut: Cut) -> Result<(), (usize, String)> {
    let mut bindings = Bindings::new();
    let mut rng = Seed(case.line as u64).stream("conformance", "cuts");
    let mut at = 0;
    while let Some(step) = case.steps.get(at) {
        let group = group_at(&case.steps, at, cut);
        let fail = |why: String| (step.line, format!("{}\n{why}", step.text));
        match &step.act {
            Act::Send(connection, _) => {
                let mut bytes = Vec::new();
                for step in &case.steps[at..at + group] {
                    if let Act::Send(_, tokens) = &step.act {
                        bytes.extend(pattern::to_bytes(tokens, &bindings).map_err(|why| (step.line, why))?);
                    }
                }
                for piece in pieces(&bytes, cut, &mut rng) {
                    stage.receive(*connection, piece);
                }
            }
            Act::Expect { connection, .. } => expect(stage, *connection, &case.steps[at..at + group], &mut bindings)?,
            Act::Closed(connection) => {
                nothing_unread(stage, *connection).map_err(fail)?;
                if !stage.take_close(*connection) {
                    return Err(fail(format!("  {connection} is still open")));
                }
            }
            Act::Silent(connection) => nothing_left(stage, *connection).map_err(fail)?,
            Act::Cut(connection) => {
                nothing_left(stage, *connection).map_err(fail)?;
                stage.cut(*connection);
            }
            Act::Open(connection) => stage.open(*connection),
            Act::Pass(duration) => {
                all_read(stage).map_err(fail)?;
                stage.pass(*duration);
            }
            other => stage.act(other).map_err(fail)?,
        }
        at += group;
    }
    all_read(stage).map_err(|why| (case.line, format!("the end of the case\n{why}")))
}

/// How many steps belong together: expectations in any order, and sends if they are joined.
fn group_at(steps: &[Step], at: usize, cut: Cut) -> usize {
    let belongs = |step: &&Step| match (&steps[at].act, &step.act) {
        (Act::Send(one, _), Act::Send(other, tokens)) => {
            matches!(cut, Cut::Joined) && one == other && !tokens.iter().any(|token| matches!(token, Token::Bound(_)))
        }
        (Act::Expect { connection: one, in_any_order: true, .. }, Act::Expect { connection: other, in_any_order: true, .. }) => {
            one == other
        }
        _ => false,
    };
    1 + steps[at + 1..].iter().take_while(belongs).count()
}

fn pieces<'a>(bytes: &'a [u8], cut: Cut, rng: &mut RngStream) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = match cut {
            Cut::AsWritten | Cut::Joined => rest.len(),
            // A long packet too, but only its beginning: the rest of 65,535 bytes shows nothing new.
            Cut::ByteByByte if pieces.len() < 500 => 1,
            Cut::ByteByByte => 4_093,
            Cut::AtRandom => 1 + rng.below(rest.len() as u64) as usize,
        };
        let (piece, after) = rest.split_at(length.clamp(1, rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Takes the packets that these expectations describe; in any order, if there are several.
fn expect(stage: &mut impl Stage, connection: char, steps: &[Step], bindings: &mut Bindings) -> Result<(), (usize, String)> {
    let mut waiting: Vec<&Step> = steps.iter().collect();
    while let Some(first) = waiting.first() {
        let version = stage.version(connection);
        let is_closed = stage.is_closed_unasked(connection);
        let unread = stage.unread(connection);
        if unread.is_empty() {
            let state = if is_closed { "is closed" } else { "has got nothing more" };
            return Err((first.line, format!("{}\n  {connection} {state}", first.text)));
        }
        let packet = unread.remove(0);
        let found = waiting.iter().position(|step| match &step.act {
            Act::Expect { pattern, .. } => pattern::matches(pattern, &packet, bindings),
            _ => false,
        });
        match found {
            Some(found) => drop(waiting.remove(found)),
            None => return Err((first.line, format!("{}\n  but got: {}", first.text, describe(&packet, version)))),
        }
    }
    Ok(())
}

/// No packet is left over.
fn nothing_unread(stage: &mut impl Stage, connection: char) -> Result<(), String> {
    let version = stage.version(connection);
    match stage.unread(connection).first() {
        Some(packet) => Err(format!("  {connection} has also got: {}", describe(packet, version))),
        None => Ok(()),
    }
}

/// Neither a packet nor a close is left over.
fn nothing_left(stage: &mut impl Stage, connection: char) -> Result<(), String> {
    nothing_unread(stage, connection)?;
    if stage.is_closed_unasked(connection) { Err(format!("  {connection} has been closed")) } else { Ok(()) }
}

fn all_read(stage: &mut impl Stage) -> Result<(), String> {
    for connection in stage.connections() {
        nothing_left(stage, connection)?;
    }
    stage.left_over().map_or(Ok(()), Err)
}

/// The bytes of a packet and what they say.
fn describe(packet: &[u8], version: ProtocolVersion) -> String {
    let dissection = dissect(packet, version);
    let name = dissection.packet_type.map_or("no packet", |packet_type| packet_type.name());
    let fields = dissection.fields.iter().filter(|field| field.is_leaf()).skip(2);
    let fields: Vec<String> = fields.map(|field| format!("{} {}", field.name, field.value)).collect();
    let error = dissection.error.map_or(String::new(), |error| format!(" · not legal [{}]", error.clause));
    format!("{}\n    {name}: {}{error}", hex(packet), fields.join(" · "))
}
