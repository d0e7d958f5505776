//! What a lesson consists of, once it is parsed.

use std::sync::Arc;

use crate::sim::{Command, Scenario};
use crate::text::{Language, Message};
use crate::time::{Duration, Instant};

/// A lesson, ready to be run and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// The folder's name without its number: `qos-2`.
    pub slug: String,
    /// Its number in the course.
    pub number: u32,
    /// The part of the course that it belongs to.
    pub section: Section,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// What runs.
    pub scenario: Arc<Scenario>,
    /// How long the run lasts when it is judged.
    pub until: Duration,
    /// Packets that the text refers to by name.
    pub packets: Vec<NamedPacket>,
    /// What the learner predicts.
    pub predictions: Vec<Prediction>,
    /// What the learner has to bring about: predicates on the trace.
    pub goals: Vec<Goal>,
    /// The stored solution.
    pub solution: Attempt,
    /// Stored wrong attempts, each of which must fail.
    pub wrong: Vec<Attempt>,
    /// The prose.
    pub text: TextByLanguage<LessonText>,
}

/// A part of the course (CURRICULUM A to H).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the curriculum's")]
pub enum Section {
    FirstContact,
    Delivery,
    State,
    Reconnecting,
    Mqtt5,
    Security,
    Running,
    Projects,
}

/// The same text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextByLanguage<T> {
    /// 한국어
    pub korean: T,
    /// English
    pub english: T,
}

impl<T> TextByLanguage<T> {
    /// The one in this language.
    pub const fn get(&self, language: Language) -> &T {
        match language {
            Language::Korean => &self.korean,
            Language::English => &self.english,
        }
    }
}

/// The prose of a lesson in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LessonText {
    /// Its name in the list.
    pub title: String,
    /// The question it answers, as a headline.
    pub question: String,
    /// One or two sentences for the list.
    pub summary: String,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Three hints, from vague to plain.
    pub hints: Vec<Vec<Block>>,
}

/// One step of the prose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Its headline.
    pub title: String,
    /// Its content.
    pub blocks: Vec<Block>,
}

/// A block of prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A headline inside a step.
    Heading(Vec<Inline>),
    /// A list.
    List {
        /// Numbered.
        ordered: bool,
        /// Its items.
        items: Vec<Vec<Self>>,
    },
    /// A remark set apart.
    Note(Vec<Self>),
    /// Preformatted text.
    Code(String),
    /// A table.
    Table {
        /// Its head.
        head: Vec<Vec<Inline>>,
        /// Its rows.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// The prediction with this index in [`Lesson::predictions`].
    Prediction(usize),
    /// The goals with the check button.
    Goals,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Plain text.
    Text(String),
    /// Important.
    Strong(Vec<Self>),
    /// Emphasised; also the other language's term at its first use.
    Emphasis(Vec<Self>),
    /// Literal.
    Code(String),
    /// A link to an allowed address.
    Link {
        /// `https:` only.
        url: String,
        /// Its text.
        text: Vec<Self>,
    },
    /// A packet of the run by name: clicking selects it.
    Packet {
        /// Index in [`Lesson::packets`].
        packet: usize,
        /// Its text, such as `PUBLISH dup`.
        text: String,
    },
    /// A clause of the specification, such as `MQTT-4.4.0-1`.
    Clause(String),
    /// A line break.
    Break,
}

/// A packet that the text refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPacket {
    /// Its name in the lesson.
    pub name: String,
    /// How it is found.
    pub pattern: super::PacketPattern,
    /// 1 for the first that matches.
    pub nth: u32,
}

/// A question before the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Its name in the lesson.
    pub id: String,
    /// The question.
    pub question: TextByLanguage<Vec<Inline>>,
    /// The choices.
    pub options: Vec<PredictionOption>,
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredictionOption {
    /// What it says.
    pub text: TextByLanguage<Vec<Inline>>,
    /// What is answered after the choice.
    pub feedback: TextByLanguage<Vec<Inline>>,
    /// Whether it comes true.
    pub correct: bool,
}

/// A goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// Its name in the lesson.
    pub id: String,
    /// What is to be brought about, for the learner.
    pub text: TextByLanguage<Vec<Inline>>,
    /// The predicate.
    pub expectation: super::Expectation,
}

/// How far a goal is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalResult {
    /// Index in [`Lesson::goals`].
    pub goal: usize,
    /// Whether it is met.
    pub met: bool,
    /// If not: what is missing or too much first, in words.
    pub finding: Option<Message>,
}

/// A stored attempt: commands at their times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The file's name: `solution`, `wrong-1-…`.
    pub name: String,
    /// Commands in order of time.
    pub commands: Vec<(Instant, Command)>,
}

impl Lesson {
    /// A scenario without lesson, for running it headless: no text, no goals, no attempts.
    #[must_use]
    pub fn bare(scenario: Scenario) -> Self {
        Self {
            slug: String::new(),
            number: 0,
            section: Section::FirstContact,
            minutes: 0,
            until: scenario.until,
            scenario: Arc::new(scenario),
            packets: Vec::new(),
            predictions: Vec::new(),
            goals: Vec::new(),
            solution: Attempt::default(),
            wrong: Vec::new(),
            text: TextByLanguage::default(),
        }
    }
}
