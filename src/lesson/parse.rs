//! A lesson's folder becomes a [`Lesson`], or a list of mistakes for its author.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

use std::sync::Arc;

use super::pattern::Pattern;
use super::pattern_file::{count, packet_pattern, pattern};
use super::prose::{self, Names};
use super::{
    Attempt, Count, Expectation, Goal, Inline, Lesson, LessonText, NamedPacket, Prediction, PredictionOption, Section, TextByLanguage,
};
use crate::sim::Scenario;
use crate::sim::toml_source::{MAX_BYTES, Source, Table, Value, shortened};
use crate::text::{Diagnostic, key, nearest};

/// The files of one folder: name and content.
pub type Files<'a> = &'a [(&'a str, &'a str)];

/// The most goals, predictions, named packets or patterns of one lesson.
const ENTRIES_MAX: usize = 100;

/// Reads the folder `NN-slug` with these files.
///
/// # Errors
/// All mistakes in all files; the name of each stands in its diagnostic as `folder/file`.
pub fn parse(folder: &str, files: Files<'_>) -> Result<Lesson, Vec<Diagnostic>> {
    let mut mistakes = Vec::new();
    let (number, slug) = match folder.split_once('-').and_then(|(number, slug)| Some((number.parse::<u32>().ok()?, slug))) {
        Some(found) => found,
        None => return Err(vec![Diagnostic::new(folder, "", 0, key::LESSON_MISTAKE_FOLDER.with("name", folder))]),
    };
    let mut file = |name: &str| {
        let found = files.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        let path = format!("{folder}/{name}");
        match found {
            None => mistakes.push(Diagnostic::new(&path, "", 0, key::LESSON_MISTAKE_NO_FILE.with("name", name))),
            Some(text) if text.len() > MAX_BYTES => {
                mistakes.push(Diagnostic::new(&path, "", 0, key::LESSON_MISTAKE_TOO_DEEP.message()));
            }
            Some(_) => {}
        }
        (path, found.filter(|text| text.len() <= MAX_BYTES).unwrap_or_default())
    };
    let [scenario, lesson, korean, english, solution] = ["scenario.toml", "lesson.toml", "ko.md", "en.md", "solution.toml"].map(&mut file);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let scenario = Arc::new(Scenario::parse(&scenario.0, scenario.1)?);
    let outline = Outline::read(&scenario, &lesson.0, lesson.1)?;
    let korean = Prose::read(&outline, &korean.0, korean.1).map_err(|found| mistakes.extend(found));
    let english = Prose::read(&outline, &english.0, english.1).map_err(|found| mistakes.extend(found));
    let mut attempt = |(path, text): (String, &str)| {
        let name = path.rsplit('/').next().and_then(|name| name.strip_suffix(".toml")).unwrap_or_default().to_owned();
        let commands = scenario.parse_timeline(&path, text).unwrap_or_else(|found| {
            mistakes.extend(found);
            Vec::new()
        });
        Attempt { name, commands }
    };
    let solution = attempt(solution);
    let mut wrong: Vec<Attempt> = files
        .iter()
        .filter(|(name, _)| name.starts_with("wrong-") && name.ends_with(".toml"))
        .map(|(name, text)| attempt((format!("{folder}/{name}"), text)))
        .collect();
    wrong.sort_by(|a, b| a.name.cmp(&b.name));
    match (korean, english) {
        (Ok(korean), Ok(english)) if mistakes.is_empty() => Ok(outline.assemble(number, slug, scenario, solution, wrong, korean, english)),
        _ => Err(mistakes),
    }
}

/// What `lesson.toml` says.
struct Outline {
    section: Section,
    minutes: u32,
    packets: Vec<NamedPacket>,
    packet_names: Vec<String>,
    /// Name, options, index of the correct one.
    predictions: Vec<(String, Vec<String>, usize)>,
    prediction_names: Vec<String>,
    goals: Vec<(String, Expectation)>,
}

impl Outline {
    fn read(scenario: &Scenario, file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let source = Source::new(file, text);
        let outline = source.parse().and_then(|table| {
            let table = Table::new(&source, table.get_ref(), 0);
            let outline = Self::table(scenario, &table);
            table.report_unknown_keys();
            outline
        });
        match outline {
            Some(outline) if source.mistakes() == 0 => Ok(outline),
            _ => Err(source.into_diagnostics()),
        }
    }

    fn table(scenario: &Scenario, table: &Table<'_, '_>) -> Option<Self> {
        let section = table.require("section").and_then(|value| value.choice(&SECTIONS));
        let minutes = table.require("minutes").and_then(|value| value.integer(1..121));
        let mut packets = Vec::new();
        for entry in table.tables("packet").into_iter().take(ENTRIES_MAX) {
            let name = entry.require("name").and_then(|value| value.text().map(str::to_owned));
            let nth = entry.get("nth").and_then(|value| value.integer(1..10_001)).unwrap_or(1);
            let pattern = packet_pattern(scenario, &entry);
            entry.report_unknown_keys();
            if let (Some(name), Some(pattern)) = (name, pattern) {
                packets.push(NamedPacket { name, pattern, nth: u32::try_from(nth).unwrap_or(1) });
            }
        }
        let mut predictions = Vec::new();
        for entry in table.tables("prediction").into_iter().take(ENTRIES_MAX) {
            let id = entry.require("id").and_then(|value| value.text().map(str::to_owned));
            let options: Option<Vec<String>> = entry
                .require("options")
                .and_then(|value| value.array())
                .map(|items| items.iter().filter_map(|item| item.text().map(str::to_owned)).collect());
            let correct = entry.require("correct").and_then(|value| {
                let wanted = value.text()?;
                let names = options.as_deref().unwrap_or_default();
                names.iter().position(|name| name == wanted).or_else(|| {
                    let suggestion = nearest(wanted, names.iter().map(String::as_str));
                    value.error_with(key::LESSON_MISTAKE_NO_OPTION.with("name", shortened(wanted)), suggestion)
                })
            });
            entry.report_unknown_keys();
            if let (Some(id), Some(options), Some(correct)) = (id, options, correct) {
                predictions.push((id, options, correct));
            }
        }
        let mut goals = Vec::new();
        for entry in table.tables("goal").into_iter().take(ENTRIES_MAX) {
            let id = entry.require("id").and_then(|value| value.text().map(str::to_owned));
            let sequence: Vec<Pattern> = entry.tables("sequence").into_iter().filter_map(|item| pattern(scenario, item)).collect();
            let counts: Vec<Count> = entry.tables("count").into_iter().filter_map(|item| count(scenario, item)).collect();
            if sequence.is_empty() && counts.is_empty() {
                entry.error(key::LESSON_MISTAKE_EMPTY_GOAL.message());
            }
            entry.report_unknown_keys();
            if let Some(id) = id {
                goals.push((id, Expectation { sequence, counts }));
            }
        }
        if goals.is_empty() {
            table.error(key::LESSON_MISTAKE_NO_GOALS.message());
        }
        Some(Self {
            section: section?,
            minutes: u32::try_from(minutes?).unwrap_or(1),
            packet_names: packets.iter().map(|packet| packet.name.clone()).collect(),
            packets,
            prediction_names: predictions.iter().map(|(id, _, _)| id.clone()).collect(),
            predictions,
            goals,
        })
    }

    #[allow(clippy::too_many_arguments, reason = "each is one file of the folder")]
    fn assemble(
        self,
        number: u32,
        slug: &str,
        scenario: Arc<Scenario>,
        solution: Attempt,
        wrong: Vec<Attempt>,
        korean: Prose,
        english: Prose,
    ) -> Lesson {
        let mut goals = Vec::new();
        for ((id, expectation), (korean, english)) in self.goals.into_iter().zip(korean.goals.into_iter().zip(english.goals)) {
            goals.push(Goal { id, text: TextByLanguage { korean, english }, expectation });
        }
        let mut predictions = Vec::new();
        let questions = korean.predictions.into_iter().zip(english.predictions);
        for ((id, _, correct), ((korean_question, korean_options), (english_question, english_options))) in
            self.predictions.into_iter().zip(questions)
        {
            let options = korean_options
                .into_iter()
                .zip(english_options)
                .enumerate()
                .map(|(index, ((korean, korean_feedback), (english, english_feedback)))| PredictionOption {
                    text: TextByLanguage { korean, english },
                    feedback: TextByLanguage { korean: korean_feedback, english: english_feedback },
                    correct: index == correct,
                })
                .collect();
            predictions.push(Prediction { id, question: TextByLanguage { korean: korean_question, english: english_question }, options });
        }
        Lesson {
            slug: slug.to_owned(),
            number,
            section: self.section,
            minutes: self.minutes,
            until: scenario.until,
            scenario,
            packets: self.packets,
            predictions,
            goals,
            solution,
            wrong,
            text: TextByLanguage { korean: korean.text, english: english.text },
        }
    }
}

type Line = Vec<Inline>;

/// What a text in one language says: prose, and the texts of goals and predictions in the order of `lesson.toml`.
struct Prose {
    text: LessonText,
    goals: Vec<Line>,
    predictions: Vec<(Line, Vec<(Line, Line)>)>,
}

impl Prose {
    fn read(outline: &Outline, file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        // TOML between `+++` lines, then Markdown. The fence becomes a comment, so that offsets and lines stay those of the file.
        let fences = text.strip_prefix("+++\n").and_then(|rest| rest.find("\n+++\n"));
        let Some(end) = fences.map(|end| end.saturating_add(5)) else {
            return Err(vec![Diagnostic::new(file, text, 0, key::LESSON_MISTAKE_NO_HEAD.message())]);
        };
        let head = format!("#{}", text.get(1..end).unwrap_or_default());
        let body_start = end.saturating_add(4);
        let names = Names { packets: &outline.packet_names, predictions: &outline.prediction_names };
        let mut mistakes = Vec::new();
        let source = Source::new(file, &head);
        let prose = source.parse().and_then(|table| {
            let table = Table::new(&source, table.get_ref(), 0);
            let mut reader = HeadReader { file, whole: text, names: &names, mistakes: &mut mistakes };
            let prose = reader.head(outline, &table);
            table.report_unknown_keys();
            prose
        });
        mistakes.extend(source.into_diagnostics());
        let body = prose::Source { file, whole: text, body: text.get(body_start..).unwrap_or_default(), start: body_start };
        let steps = prose::steps(body, &names).unwrap_or_else(|found| {
            mistakes.extend(found);
            Vec::new()
        });
        if steps.is_empty() && mistakes.is_empty() {
            mistakes.push(Diagnostic::new(file, text, body_start, key::LESSON_MISTAKE_NO_STEPS.message()));
        }
        mistakes.sort_by_key(|found| (found.line, found.column));
        match prose {
            Some(mut prose) if mistakes.is_empty() => {
                prose.text.steps = steps;
                Ok(prose)
            }
            _ => Err(mistakes),
        }
    }
}

struct HeadReader<'a> {
    file: &'a str,
    whole: &'a str,
    names: &'a Names<'a>,
    mistakes: &'a mut Vec<Diagnostic>,
}

impl HeadReader<'_> {
    fn head(&mut self, outline: &Outline, table: &Table<'_, '_>) -> Option<Prose> {
        let text = |name: &'static str| table.require(name).and_then(|value| value.text().map(str::to_owned));
        let (title, question, summary) = (text("title"), text("question"), text("summary"));
        let hints = table.require("hints").and_then(|value| {
            let items = value.array()?;
            if items.len() != 3 {
                return value.error(key::LESSON_MISTAKE_HINTS.message());
            }
            Some(items.iter().map(|item| self.blocks(item)).collect())
        });
        let ids: Vec<&str> = outline.goals.iter().map(|(id, _)| id.as_str()).collect();
        let goals = entries(table, "goal", &ids, |entry| entry.require("text").map(|value| self.line(&value)));
        let ids: Vec<&str> = outline.prediction_names.iter().map(String::as_str).collect();
        let predictions = entries(table, "prediction", &ids, |entry| {
            let question = entry.require("question").map(|value| self.line(&value));
            let id = entry.get("id").and_then(|value| value.text()).unwrap_or_default();
            let options = outline.predictions.iter().find(|(known, _, _)| known == id).map_or(&[][..], |(_, options, _)| options);
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let options = entries(entry, "option", &options, |option| {
                let text = option.require("text").map(|value| self.line(&value));
                let feedback = option.require("feedback").map(|value| self.line(&value));
                Some((text?, feedback?))
            });
            Some((question?, options))
        });
        let text = LessonText { title: title?, question: question?, summary: summary?, steps: Vec::new(), hints: hints? };
        Some(Prose { text, goals, predictions })
    }

    fn line(&mut self, value: &Value<'_, '_>) -> Line {
        self.prose(value, prose::line)
    }

    fn blocks(&mut self, value: &Value<'_, '_>) -> Vec<super::Block> {
        self.prose(value, prose::blocks)
    }

    fn prose<T: Default>(
        &mut self,
        value: &Value<'_, '_>,
        read: impl Fn(prose::Source<'_>, &Names<'_>) -> Result<T, Vec<Diagnostic>>,
    ) -> T {
        let Some(body) = value.text() else { return T::default() };
        let source = prose::Source { file: self.file, whole: self.whole, body, start: value.offset() };
        read(source, self.names).unwrap_or_else(|found| {
            self.mistakes.extend(found);
            T::default()
        })
    }
}

/// The entries `[[name]]` with the wanted ids, in the order of the ids; missing and unknown ids are mistakes.
fn entries<T>(table: &Table<'_, '_>, name: &'static str, wanted: &[&str], mut read: impl FnMut(&Table<'_, '_>) -> Option<T>) -> Vec<T> {
    let mut found: Vec<Option<T>> = wanted.iter().map(|_| None).collect();
    for entry in table.tables(name).into_iter().take(ENTRIES_MAX) {
        if let Some(value) = entry.require("id")
            && let Some(id) = value.text()
        {
            match wanted.iter().position(|known| *known == id) {
                Some(index) => {
                    if let Some(slot) = found.get_mut(index) {
                        *slot = read(&entry);
                    }
                }
                None => {
                    let suggestion = nearest(id, wanted.iter().copied());
                    let _: Option<()> = value.error_with(key::LESSON_MISTAKE_UNKNOWN_ID.with("name", shortened(id)), suggestion);
                    continue;
                }
            }
        }
        entry.report_unknown_keys();
    }
    for (id, _) in wanted.iter().zip(&found).filter(|(_, value)| value.is_none()) {
        table.error(key::LESSON_MISTAKE_TEXT_MISSING.with("kind", name).with("name", *id));
    }
    found.into_iter().flatten().collect()
}

const SECTIONS: [(&str, Section); 8] = [
    ("first-contact", Section::FirstContact),
    ("delivery", Section::Delivery),
    ("state", Section::State),
    ("reconnecting", Section::Reconnecting),
    ("mqtt-5", Section::Mqtt5),
    ("security", Section::Security),
    ("running", Section::Running),
    ("projects", Section::Projects),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCENARIO: &str = "until = \"20 s\"\n[[client]]\nname = \"sensor\"\n";
    const LESSON: &str = r#"section = "delivery"
minutes = 8
[[packet]]
name = "first"
packet = "PUBLISH"
[[prediction]]
id = "how-often"
options = ["once", "twice"]
correct = "twice"
[[goal]]
id = "resent"
sequence = [{ packet = "PUBLISH", from = "sensor", id = "x" }, { event = "path-cut" }]
count = [{ of = { packet = "CONNECT" }, min = 1, max = 2 }]
"#;
    const TEXT: &str = r#"+++
title = "QoS 1"
question = "Q?"
summary = "S"
hints = ["a", "b", "[x](packet:first)"]
[[goal]]
id = "resent"
text = "again [MQTT-4.4.0-1]"
[[prediction]]
id = "how-often"
question = "How often?"
[[prediction.option]]
id = "once"
text = "Once"
feedback = "No"
[[prediction.option]]
id = "twice"
text = "Twice"
feedback = "Yes"
+++

## Step

{prediction: how-often}

{goals}
"#;

    fn folder<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut files = vec![("scenario.toml", SCENARIO), ("lesson.toml", LESSON), ("ko.md", TEXT), ("en.md", TEXT), ("solution.toml", "")];
        for (name, text) in changes {
            files.retain(|(known, _)| known != name);
            files.push((name, text));
        }
        files
    }

    fn mistakes(changes: &[(&str, &str)]) -> Vec<(String, usize, Option<String>)> {
        let found = parse("08-qos-1", &folder(changes)).unwrap_err();
        found.into_iter().map(|found| (found.file, found.line, found.suggestion)).collect()
    }

    #[test]
    fn a_folder_becomes_a_lesson() {
        let lesson = parse("08-qos-1", &folder(&[])).unwrap();
        assert_eq!((lesson.slug.as_str(), lesson.number, lesson.minutes), ("qos-1", 8, 8));
        assert_eq!(lesson.goals[0].expectation.sequence.len(), 2);
        assert_eq!(lesson.goals[0].expectation.counts[0].max, Some(2));
        assert!(lesson.predictions[0].options[1].correct);
        assert_eq!(lesson.text.english.steps[0].blocks, [super::super::Block::Prediction(0), super::super::Block::Goals]);
    }

    #[test]
    fn mistakes_name_file_line_and_suggestion() {
        let typo = LESSON.replace("minutes", "minuts");
        assert!(mistakes(&[("lesson.toml", &typo)]).contains(&("08-qos-1/lesson.toml".into(), 2, Some("minutes".into()))));
        let node = LESSON.replace("from = \"sensor\"", "from = \"sensr\"");
        assert_eq!(mistakes(&[("lesson.toml", &node)]), [("08-qos-1/lesson.toml".into(), 12, Some("sensor".into()))]);
        let payload = LESSON.replace("event = \"path-cut\"", "event = \"path-cut\", payload = \"x\"");
        assert_eq!(mistakes(&[("lesson.toml", &payload)]), [("08-qos-1/lesson.toml".into(), 12, None)], "a cut has no payload");
        let id = TEXT.replace("id = \"resent\"", "id = \"resnt\"");
        assert!(mistakes(&[("ko.md", &id)]).contains(&("08-qos-1/ko.md".into(), 7, Some("resent".into()))));
        let packet = TEXT.replace("packet:first", "packet:frist");
        assert_eq!(mistakes(&[("en.md", &packet)]), [("08-qos-1/en.md".into(), 5, Some("first".into()))]);
        assert_eq!(mistakes(&[("en.md", "no head")]), [("08-qos-1/en.md".into(), 1, None)]);
        assert_eq!(parse("qos", &folder(&[])).unwrap_err().len(), 1);
        assert_eq!(parse("08-qos-1", &[]).unwrap_err().len(), 5);
    }

    proptest! {
        #[test]
        fn broken_files_are_reported_without_a_panic(at in 0_usize..900, garbage in "\\PC{0,8}", which in 0_usize..3) {
            let cut = |text: &str| {
                let at = text.char_indices().map(|(at, _)| at).nth(at).unwrap_or(text.len());
                format!("{}{garbage}{}", &text[..at], text[at..].chars().skip(3).collect::<String>())
            };
            let (name, text) = [("lesson.toml", LESSON), ("ko.md", TEXT), ("scenario.toml", SCENARIO)][which];
            let _ = parse("08-qos-1", &folder(&[(name, &cut(text))]));
        }
    }
}
