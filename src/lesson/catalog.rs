//! The lessons built into the program.

use std::sync::OnceLock;

use super::{Lesson, parse};
use crate::text::Diagnostic;

/// The folders of `lessons/` with their files, put together by the build.
mod folders {
    include!(concat!(env!("OUT_DIR"), "/lessons.rs"));
}

struct Catalog {
    lessons: Vec<Lesson>,
    mistakes: Vec<Diagnostic>,
}

fn parsed() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let mut catalog = Catalog { lessons: Vec::new(), mistakes: Vec::new() };
        for (folder, files) in folders::LESSONS {
            match parse(folder, files) {
                Ok(lesson) => catalog.lessons.push(lesson),
                Err(mistakes) => catalog.mistakes.extend(mistakes),
            }
        }
        catalog.lessons.sort_by_key(|lesson| lesson.number);
        catalog
    })
}

/// All lessons in the order of the course. Built in, so that page and command line need no files.
#[must_use]
pub fn catalog() -> &'static [Lesson] {
    &parsed().lessons
}

/// Mistakes in built-in lessons, which are therefore not in the catalog; the page shows them.
#[must_use]
pub fn catalog_mistakes() -> &'static [Diagnostic] {
    &parsed().mistakes
}
