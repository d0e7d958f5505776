//! Rust source as text without comments and without the insides of literals, so that a rule never trips over prose.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of the project.
pub(crate) struct SourceFile {
    /// Relative to the project's folder, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    /// Its code: comments and literals blanked out, each line in its place.
    pub(crate) fn code(&self) -> String {
        code_of(&self.text)
    }
}

/// All files below `folder` with the given ending, in order.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    paths.sort();
    let is_wanted = |path: &PathBuf| path.extension().is_some_and(|found| found == ending);
    let read = |path: PathBuf| SourceFile {
        path: path.strip_prefix(root).unwrap().components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"),
        text: fs::read_to_string(&path).unwrap(),
    };
    paths.into_iter().filter(is_wanted).map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// Blanks comments (nested ones too), strings, raw strings and characters; keeps line breaks.
pub(crate) fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_non_code(&chars, at);
        if end > at {
            code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            code.push(chars[at]);
            at += 1;
        }
    }
    code
}

/// Where the comment or literal that begins at `at` ends; `at` itself if none begins there.
fn end_of_non_code(chars: &[char], at: usize) -> usize {
    let next = |ahead: usize| chars.get(at + ahead).copied();
    let is_word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match (chars[at], next(1)) {
        ('/', Some('/')) => chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length),
        ('/', Some('*')) => end_of_block_comment(chars, at),
        ('"', _) => end_of_quoted(chars, at + 1, '"'),
        ('b' | 'c', Some('"')) if !is_word_before => end_of_quoted(chars, at + 2, '"'),
        ('b', Some('\'')) if !is_word_before => end_of_quoted(chars, at + 2, '\''),
        ('r', Some('"' | '#')) if !is_word_before => end_of_raw(chars, at, at + 1),
        ('b' | 'c', Some('r')) if !is_word_before && matches!(next(2), Some('"' | '#')) => end_of_raw(chars, at, at + 2),
        // A character, not a lifetime: an escape, or one character and a closing quote.
        ('\'', Some('\\')) => end_of_quoted(chars, at + 1, '\''),
        ('\'', Some(_)) if next(2) == Some('\'') => at + 3,
        _ => at,
    }
}

fn end_of_block_comment(chars: &[char], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = at;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn end_of_quoted(chars: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn end_of_raw(chars: &[char], start: usize, from: usize) -> usize {
    let hashes = chars[from..].iter().take_while(|c| **c == '#').count();
    if chars.get(from + hashes) != Some(&'"') {
        return start; // a raw identifier such as r#type
    }
    let mut at = from + hashes + 1;
    while at < chars.len() {
        if chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    chars.len()
}

#[test]
fn comments_and_literals_are_blanked_and_lines_kept() {
    let text = "a /* b /* c */ d */ e // f\n\"g\\\" //\" h r#\"i \" j\"# k 'l' '\\'' b'\"' 'm: n r#type br\"o\" p";
    let code = code_of(text);
    assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "e", "h", "k", "'m:", "n", "r#type", "p"]);
    assert_eq!(code.lines().count(), 2);
}
