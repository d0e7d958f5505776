//! Texts that nothing shows any more are found here; `build.rs` finds those that a language lacks.

use std::collections::BTreeSet;

use crate::source::{code_of, files};

/// The message keys of a Fluent file.
fn keys(ftl: &str) -> Vec<&str> {
    let is_start = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
    ftl.lines().filter(is_start).filter_map(|line| Some(line.split_once('=')?.0.trim())).collect()
}

/// The words of code: a key is used by naming its constant.
fn words(code: &str) -> BTreeSet<String> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_owned).collect()
}

fn unused<'a>(ftl: &'a str, used: &BTreeSet<String>) -> Vec<&'a str> {
    let is_used = |key: &&str| used.contains(&key.to_uppercase().replace('-', "_"));
    keys(ftl).into_iter().filter(|key| !is_used(key)).collect()
}

#[test]
fn every_text_is_used() {
    let used: BTreeSet<String> = files("src", "rs").iter().flat_map(|file| words(&file.code())).collect();
    for file in files("locales/en", "ftl") {
        assert_eq!(unused(&file.text, &used), [""; 0], "{}: named nowhere in src", file.path);
    }
}

#[test]
fn an_unused_text_is_found() {
    let ftl = "# title = no\nlink-cut = Cut { $side }\nlink-reset = Reset\n    .label = x\n";
    assert_eq!(keys(ftl), ["link-cut", "link-reset"]);
    let used = words(&code_of("key::LINK_CUT.message() // LINK_RESET"));
    assert_eq!(unused(ftl, &used), ["link-reset"]);
}
