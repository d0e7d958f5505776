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
