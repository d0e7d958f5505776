//! The command line.

mod broker;
mod explore;
mod lessons;
mod log;
mod setup;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::export::Format;
use crate::rng::Seed;
use crate::text::{Diagnostic, Language};

/// MQTT Playground without the page: checks lessons, runs them, exports traces, serves real clients.
#[derive(Debug, Parser)]
#[command(name = "mqtt-playground", version)]
pub struct Cli {
    /// Language of messages: ko or en.
    #[arg(long, global = true, default_value = "en", value_parser = language)]
    lang: Language,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Parse and run lessons: each solution has to pass, each wrong attempt to fail.
    Check {
        /// Lesson folders, or folders of lesson folders.
        #[arg(default_value = "lessons")]
        paths: Vec<PathBuf>,
    },
    /// Run a lesson or scenario headless on virtual time.
    Run {
        /// A lesson's folder or a scenario.toml.
        path: PathBuf,
        /// Carry out the stored solution of the lesson.
        #[arg(long)]
        solution: bool,
        /// Another seed than the scenario's.
        #[arg(long)]
        seed: Option<u64>,
        /// How long the run lasts, such as 90s or "2 min"; the lesson's own length if absent.
        #[arg(long)]
        until: Option<String>,
        /// Write the trace; the format goes by the ending: .pcapng or .json. May be repeated.
        #[arg(long, value_name = "FILE")]
        export: Vec<PathBuf>,
        /// Print the trace, a line a record.
        #[arg(long)]
        trace: bool,
    },
    /// Serve real clients with the same broker that runs in the page.
    Broker(broker::Options),
    /// Draw whole worlds with their faults from seeds, run them, and judge whether they keep MQTT's promises.
    Explore(explore::Options),
}

fn language(tag: &str) -> Result<Language, String> {
    Language::from_tag(tag).ok_or_else(|| "use ko or en".to_owned())
}

/// What went wrong, for standard error.
struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let language = cli.lang;
    let done = match cli.command {
        Command::Check { paths } => lessons::check(language, &paths),
        Command::Run { path, solution, seed, until, export, trace } => {
            lessons::run(language, &lessons::RunOptions { path, solution, seed: seed.map(Seed), until, export, trace })
        }
        Command::Broker(options) => broker::serve(language, options),
        Command::Explore(options) => Ok(explore::explore_all(language, &options)),
    };
    match done {
        Ok(code) => code,
        Err(Failure(message)) => {
            let _ = writeln!(std::io::stderr(), "mqtt-playground: {message}");
            ExitCode::FAILURE
        }
    }
}

fn format(file: &Path) -> Result<Format, Failure> {
    let ending = file.extension().map(|ending| ending.to_string_lossy()).unwrap_or_default();
    Format::from_extension(&ending).ok_or_else(|| {
        let known = Format::ALL.map(|format| format!(".{}", format.extension())).join(" and ");
        Failure(format!("{}: no such format; known are {known}", file.display()))
    })
}

/// What is in a folder, by name.
fn listing(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure(format!("{}: {error}", folder.display())))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    Ok(paths)
}

/// A mistake in a file, with its place.
fn report(language: Language, mistake: &Diagnostic) -> String {
    let Diagnostic { file, line, column, message, suggestion } = mistake;
    let mut text = format!("{file}:{line}:{column}: {}", language.render(message));
    if let Some(suggestion) = suggestion {
        text += &match language {
            Language::Korean => format!(" 혹시 {suggestion}?"),
            Language::English => format!(" Did you mean {suggestion}?"),
        };
    }
    text
}
