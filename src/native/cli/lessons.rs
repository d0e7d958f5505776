//! `check` and `run`: lessons and scenarios without a page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Failure, format, listing, report};
use crate::lesson::{self, Lesson};
use crate::rng::Seed;
use crate::sim::Scenario;
use crate::text::{Diagnostic, Language};
use crate::trace::Text;

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

pub(super) fn check(language: Language, paths: &[PathBuf]) -> Result<ExitCode, Failure> {
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

pub(super) struct RunOptions {
    pub(super) path: PathBuf,
    pub(super) solution: bool,
    pub(super) seed: Option<Seed>,
    pub(super) until: Option<String>,
    pub(super) export: Vec<PathBuf>,
    pub(super) trace: bool,
}

pub(super) fn run(language: Language, options: &RunOptions) -> Result<ExitCode, Failure> {
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
    let memory = run.trace.memory();
    println!("{} bytes of memory: {} a record besides {} bytes of packets", memory.total(), memory.per_record(), memory.packets);
    for (file, format) in exports {
        let bytes = format.write(&run.trace);
        fs::write(file, &bytes).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
        println!("wrote {} ({} bytes)", file.display(), bytes.len());
    }
    Ok(ExitCode::SUCCESS)
}
