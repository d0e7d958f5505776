//! Which module may know which: a module imports only from lower ranks, and siblings of one rank never name each other.

use std::collections::BTreeSet;

use crate::source::{SourceFile, code_of, files};

/// The modules of the crate, lowest rank first.
const RANKS: [&[&str]; 10] = [
    &["time", "rng", "ratio", "text"],
    &["packet", "link"],
    &["session"],
    &["client", "broker"],
    &["trace"],
    &["sim"],
    &["lesson", "view", "export", "codegen", "checker"],
    &["playground"],
    &["web", "native"],
    &["bin"],
];

/// Siblings of which the first may name the second.
const EXCEPTIONS: [(&str, &str); 1] = [
    // A ratio is drawn from a stream of random numbers.
    ("ratio", "rng"),
];

fn rank(module: &str) -> Option<usize> {
    RANKS.iter().position(|modules| modules.contains(&module))
}

/// The module that a file of `src` belongs to: `src/packet/connect.rs` to `packet`. None for `src/lib.rs`, which only lists the modules.
fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?;
    (inside != "lib.rs").then(|| first.strip_suffix(".rs").unwrap_or(first))
}

/// What breaks the ranks in one file, a sentence each.
fn violations(path: &str, code: &str) -> Vec<String> {
    let Some(module) = module_of(path) else { return Vec::new() };
    let Some(own) = rank(module) else {
        return vec![format!("{path}: `{module}` has no rank: add it to the table of tests/architecture/ranks.rs")];
    };
    let mut found = Vec::new();
    for named in named_modules(path, code) {
        match rank(&named) {
            None => found.push(format!("{path}: names `crate::{named}`, which has no rank")),
            Some(_) if named == module => {}
            Some(other) if other < own || EXCEPTIONS.contains(&(module, named.as_str())) => {}
            Some(other) if other == own => found.push(format!("{path}: `{module}` names its sibling `{named}` (rank {own})")),
            Some(other) => found.push(format!("{path}: `{module}` (rank {own}) names `{named}` (rank {other})")),
        }
    }
    found
}

/// The top-level modules that code names: by `crate::x`, `mqtt_playground::x`, groups of these, and by enough `super::` to leave its own module.
fn named_modules(path: &str, code: &str) -> BTreeSet<String> {
    let words = tokens(code);
    let mut named = BTreeSet::new();
    // A file `src/a/b.rs` is the module `a::b`: its second `super` is the crate. A `mod x { … }` inside adds one.
    let depth = module_depth(path);
    let mut inline_modules: Vec<usize> = Vec::new();
    let mut braces = 0_usize;
    let mut at = 0;
    while at < words.len() {
        match words[at].as_str() {
            "{" => {
                if at >= 2 && words[at - 2] == "mod" {
                    inline_modules.push(braces);
                }
                braces += 1;
            }
            "}" => {
                braces = braces.saturating_sub(1);
                if inline_modules.last() == Some(&braces) {
                    inline_modules.pop();
                }
            }
            "crate" | "mqtt_playground" if words.get(at + 1).is_some_and(|word| word == "::") => heads(&words, at + 2, &mut named),
            "super" if at == 0 || words[at - 1] != "::" => {
                let mut supers = 0;
                let mut after = at;
                while words.get(after).is_some_and(|word| word == "super") && words.get(after + 1).is_some_and(|word| word == "::") {
                    (supers, after) = (supers + 1, after + 2);
                }
                if supers >= depth + inline_modules.len() {
                    heads(&words, after, &mut named);
                }
            }
            _ => {}
        }
        at += 1;
    }
    named
}

/// How many `super` lead from a file's module to the crate root.
fn module_depth(path: &str) -> usize {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    if path.starts_with("src/bin/") { usize::MAX / 2 } else { inside.split('/').count() }
}

/// The first segments after a `::`: one word, or those of a group `{a::b, c}`.
fn heads(words: &[String], at: usize, named: &mut BTreeSet<String>) {
    let is_module =
        |word: &String| word.chars().next().is_some_and(|c| c.is_lowercase() || c == '_') && !matches!(word.as_str(), "self" | "super");
    match words.get(at) {
        Some(word) if word == "{" => {
            let mut depth = 1;
            let mut is_head = true;
            for word in &words[at + 1..] {
                match word.as_str() {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    "," if depth == 1 => is_head = true,
                    _ if depth == 1 && is_head => {
                        if is_module(word) {
                            named.insert(word.clone());
                        }
                        is_head = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        }
        Some(word) if is_module(word) => {
            named.insert(word.clone());
        }
        _ => {}
    }
}

fn tokens(code: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            let mut word = c.to_string();
            while let Some(next) = chars.next_if(|next| next.is_alphanumeric() || *next == '_') {
                word.push(next);
            }
            words.push(word);
        } else if c == ':' && chars.next_if_eq(&':').is_some() {
            words.push("::".to_owned());
        } else if !c.is_whitespace() {
            words.push(c.to_string());
        }
    }
    words
}

fn check(path: &str, text: &str) -> Vec<String> {
    violations(path, &code_of(text))
}

#[test]
fn modules_name_only_lower_ranks() {
    let found: Vec<String> = files("src", "rs").iter().flat_map(|file: &SourceFile| violations(&file.path, &file.code())).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_module_that_names_a_higher_one_is_found() {
    assert_eq!(check("src/packet/connect.rs", "use crate::sim::World;"), ["src/packet/connect.rs: `packet` (rank 1) names `sim` (rank 5)"]);
    assert_eq!(check("src/time.rs", "fn f() { crate::trace::record() }").len(), 1);
    assert_eq!(check("src/session/mod.rs", "use {crate::time::Instant, crate::{packet::{Publish, client}, broker::{Broker}}};").len(), 1);
    assert_eq!(check("src/view/mod.rs", "macro_rules! m { () => { $crate::web::app() } }").len(), 1);
}

#[test]
fn siblings_that_name_each_other_are_found() {
    assert_eq!(
        check("src/client/mod.rs", "use crate::broker::Broker;"),
        ["src/client/mod.rs: `client` names its sibling `broker` (rank 3)"]
    );
}

#[test]
fn an_escape_by_super_is_found() {
    assert_eq!(check("src/packet/connect.rs", "use super::super::broker::Broker;").len(), 1);
    assert_eq!(check("src/time.rs", "use super::{ratio, rng::Seed};").len(), 2);
    assert_eq!(check("src/packet/connect.rs", "mod tests { use super::super::super::broker::Broker; }").len(), 1);
    assert_eq!(check("src/packet/connect.rs", "mod tests { use super::super::topic; } use super::error::E;"), [""; 0]);
}

#[test]
fn an_unknown_module_is_found() {
    assert_eq!(check("src/utils/mod.rs", "").len(), 1);
    assert_eq!(check("src/sim/mod.rs", "use crate::utils::clamp;").len(), 1);
}

#[test]
fn what_is_allowed_is_not_found() {
    let text =
        "//! crate::web::App\nuse crate::packet::{self, web};\nuse crate::sim::World;\nconst S: &str = \"crate::bin\";\n/* crate::web */";
    assert_eq!(check("src/sim/world.rs", text), [""; 0]);
    assert_eq!(check("src/lib.rs", "pub mod web;"), [""; 0]);
    assert_eq!(check("src/bin/mqtt-playground.rs", "mqtt_playground::native::main()"), [""; 0]);
    assert_eq!(check("src/ratio.rs", "use crate::rng::RngStream;"), [""; 0]);
    assert_eq!(check("src/rng.rs", "use crate::ratio::Ratio;").len(), 1);
}
