//! The command line.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::Server;
use crate::broker::{BrokerConfig, BrokerEvent};
use crate::export::Format;
use crate::lesson::{self, Lesson};
use crate::packet::ClientId;
use crate::rng::Seed;
use crate::sim::Scenario;
use crate::text::{Diagnostic, Language};
use crate::time::Instant;
use crate::trace::Text;

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
    Broker {
        /// Address for MQTT over TCP; port 0 picks a free one, and the address in use is printed.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1883")]
        tcp: SocketAddr,
        /// Print every decision of the broker.
        #[arg(long, short)]
        verbose: bool,
    },
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
        Command::Check { paths } => check(language, &paths),
        Command::Run { path, solution, seed, until, export, trace } => {
            run(language, &RunOptions { path, solution, seed: seed.map(Seed), until, export, trace })
        }
        Command::Broker { tcp, verbose } => broker(tcp, verbose),
    };
    match done {
        Ok(code) => code,
        Err(Failure(message)) => {
            let _ = writeln!(std::io::stderr(), "mqtt-playground: {message}");
            ExitCode::FAILURE
        }
    }
}

/// A lesson's folder with its text files, as `lesson::parse` wants it.
struct Folder {
    name: String,
    files: Vec<(String, String)>,
}

impl Folder {
    fn read(path: &Path) -> Result<Self, Failure> {
        let absolute = fs::canonicalize(path).map_err(|error| Failure(format!("{}: {error}", path.display())))?;
        let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut files = Vec::new();
        for file in listing(&absolute)? {
            if file.extension().is_some_and(|end| end == "toml" || end == "md") {
                let text = fs::read_to_string(&file).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
                files.push((file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(), text));
            }
        }
        Ok(Self { name, files })
    }

    fn parse(&self) -> Result<Lesson, Vec<Diagnostic>> {
        let files: Vec<(&str, &str)> = self.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        lesson::parse(&self.name, &files)
    }
}

fn listing(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure(format!("{}: {error}", folder.display())))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    Ok(paths)
}

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

fn check(language: Language, paths: &[PathBuf]) -> Result<ExitCode, Failure> {
    let mut folders = Vec::new();
    for path in paths {
        if path.join("scenario.toml").exists() {
            folders.push(path.clone());
        } else {
            folders.extend(listing(path)?.into_iter().filter(|entry| entry.is_dir()));
        }
    }
    let (mut passed, mut failed) = (0, 0);
    for path in &folders {
        let folder = Folder::read(path)?;
        match folder.parse() {
            Err(mistakes) => {
                failed += 1;
                println!("FAIL {}", folder.name);
                for mistake in &mistakes {
                    println!("  {}", report(language, mistake));
                }
            }
            Ok(lesson) => {
                let (judged, flaws) = lesson::check(&lesson);
                println!("{} {}", if flaws.is_empty() { "ok  " } else { "FAIL" }, folder.name);
                for attempt in &judged {
                    match &attempt.finding {
                        None => println!("  {}: all goals met", attempt.attempt),
                        Some(finding) => println!("  {}: fails as it should: {}", attempt.attempt, language.render(finding)),
                    }
                }
                for flaw in &flaws {
                    println!("  {}: {}", flaw.attempt, language.render(&flaw.message));
                }
                passed += judged.len();
                failed += flaws.len();
            }
        }
    }
    if folders.is_empty() {
        return Err(Failure("no lesson folder found: name a folder that holds NN-slug folders".to_owned()));
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct RunOptions {
    path: PathBuf,
    solution: bool,
    seed: Option<Seed>,
    until: Option<String>,
    export: Vec<PathBuf>,
    trace: bool,
}

fn run(language: Language, options: &RunOptions) -> Result<ExitCode, Failure> {
    let mistakes = |found: Vec<Diagnostic>| Failure(found.iter().map(|found| report(language, found)).collect::<Vec<_>>().join("\n"));
    let mut lesson = if options.path.is_dir() {
        Folder::read(&options.path)?.parse().map_err(mistakes)?
    } else {
        let text = fs::read_to_string(&options.path).map_err(|error| Failure(format!("{}: {error}", options.path.display())))?;
        let scenario = Scenario::parse(&options.path.display().to_string(), &text).map_err(mistakes)?;
        Lesson::bare(scenario)
    };
    if options.solution && lesson.solution.commands.is_empty() && lesson.goals.is_empty() {
        return Err(Failure("a scenario has no stored solution: name a lesson's folder".to_owned()));
    }
    if let Some(until) = &options.until {
        lesson.until = crate::sim::quantity::parse_duration(until).map_err(|error| Failure(format!("--until {until}: {error}")))?;
    }
    let exports = options.export.iter().map(|file| Ok((file, format(file)?))).collect::<Result<Vec<_>, Failure>>()?;
    let attempt = options.solution.then_some(&lesson.solution);
    let run = lesson::run(&lesson, attempt, options.seed).map_err(|(at, error)| Failure(format!("command at t={at}: {error}")))?;
    if options.trace {
        print!("{}", Text::new(&run.trace).whole());
    }
    for goal in &run.goals {
        let id = lesson.goals.get(goal.goal).map(|goal| goal.id.as_str()).unwrap_or_default();
        match &goal.finding {
            None => println!("goal {id}: met"),
            Some(finding) => println!("goal {id}: not met. {}", language.render(finding)),
        }
    }
    println!("{} records, t={}, trace digest {:016x}", run.trace.records().len(), run.world.now(), run.trace.digest());
    for (file, format) in exports {
        let bytes = format.write(&run.trace);
        fs::write(file, &bytes).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
        println!("wrote {} ({} bytes)", file.display(), bytes.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn format(file: &Path) -> Result<Format, Failure> {
    let ending = file.extension().map(|ending| ending.to_string_lossy()).unwrap_or_default();
    Format::from_extension(&ending).ok_or_else(|| {
        let known = Format::ALL.map(|format| format!(".{}", format.extension())).join(" and ");
        Failure(format!("{}: no such format; known are {known}", file.display()))
    })
}

fn broker(address: SocketAddr, verbose: bool) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::bind(address, BrokerConfig::default()).await?;
        // Scripts wait for this line; it says which port 0 became.
        println!("listening on mqtt://{}", server.address()?);
        std::io::stdout().flush()?;
        let stop = async {
            // Without a handler for the signal there is nothing to wait for: serve until killed.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        server.run(stop, |at, event| log(at, event, verbose)).await;
        Ok(ExitCode::SUCCESS)
    })
}

fn log(at: Instant, event: &BrokerEvent, verbose: bool) {
    match event {
        BrokerEvent::ClientConnected { client_id, version, session_present, .. } => {
            println!("{at} {:?} connected (MQTT {version}, Session Present {})", client_id.as_str(), u8::from(*session_present));
        }
        BrokerEvent::ConnectionEnded { client_id: Some(client_id), cause, .. } => println!("{at} {:?} gone: {cause:?}", client_id.as_str()),
        // Frames and payloads belong to the clients, passwords among them.
        BrokerEvent::PacketReceived { .. } | BrokerEvent::MalformedReceived { .. } => {}
        BrokerEvent::MessageAccepted { message, publisher, topic, qos, retain, payload } if verbose => {
            let publisher = publisher.as_ref().map(ClientId::as_str);
            println!("{at} message {} of {publisher:?} accepted: {topic:?} {qos:?} retain {retain} payload {} B", message.0, payload.len());
        }
        other if verbose => println!("{at} {other:?}"),
        _ => {}
    }
}
