//! A mistake in a file, by line and column.

use serde::Serialize;

use super::Message;

/// A mistake in a text file, for its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file as the author knows it: `lessons/07-qos-2/scenario.toml`.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong and what to do.
    pub message: Message,
    /// The spelling that was probably meant.
    pub suggestion: Option<String>,
}

impl Diagnostic {
    /// A mistake at the byte `offset` of `text`; an offset inside a character or past the end counts as the nearest before it.
    #[must_use]
    pub fn new(file: &str, text: &str, offset: usize, message: Message) -> Self {
        let before = text.get(..text.floor_char_boundary(offset)).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()).saturating_add(1);
        Self { file: file.to_owned(), line, column, message, suggestion: None }
    }

    /// Names the known word that is closest to `word`, if one is close enough to be meant.
    #[must_use]
    pub fn suggest<'a>(mut self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.suggestion = nearest(word, known);
        self
    }
}

/// The candidate that is spelled most like `text`, if any is close. Case does not count.
#[must_use]
pub fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    let text: String = text.chars().take(64).collect::<String>().to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = strsim::damerau_levenshtein(&text, &candidate.to_lowercase());
        let close = distance <= candidate.chars().count().div_ceil(3).min(3);
        if close && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::key;

    #[test]
    fn offsets_become_lines_and_columns_in_characters() {
        let text = "가나\n다라마";
        let at = |offset| {
            let found = Diagnostic::new("f", text, offset, key::APP_NAME.message());
            (found.line, found.column)
        };
        assert_eq!([at(0), at(3), at(7), at(10), at(99)], [(1, 1), (1, 2), (2, 1), (2, 2), (2, 4)]);
    }

    #[test]
    fn close_words_are_suggested_and_others_are_not() {
        let found = Diagnostic::new("f", "", 0, key::APP_NAME.message());
        assert_eq!(found.clone().suggest("latncy", ["loss", "latency"]).suggestion.as_deref(), Some("latency"));
        assert_eq!(found.suggest("colour", ["loss", "latency"]).suggestion, None);
    }
}
