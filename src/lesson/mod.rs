//! Lessons: files parsed, run and judged.
//!
//! A lesson is a folder `lessons/NN-slug/` with `scenario.toml`, `lesson.toml`, `ko.md`, `en.md`, `solution.toml` and `wrong-*.toml`.

mod catalog;
mod expectation;
mod model;
mod named;
mod parse;
mod pattern;
mod pattern_file;
mod prose;
mod run;
mod watch;

pub use catalog::{catalog, catalog_mistakes};
pub use expectation::{Count, Expectation, judge};
pub use model::{
    Attempt, Block, Goal, GoalResult, Inline, Lesson, LessonText, NamedPacket, Prediction, PredictionOption, Section, Step, TextByLanguage,
};
pub use parse::{Files, parse};
pub use pattern::{EventKind, EventPattern, PacketPattern, Pattern};
pub use run::{Flaw, Judged, Run, check, run};
pub use watch::Watch;
