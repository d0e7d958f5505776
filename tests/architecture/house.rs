//! What no file may do, whatever its rank.

use std::collections::BTreeSet;
use std::path::Path;

use crate::source::{SourceFile, files};

/// A file with more lines than this is on its way to being two.
const LINES_WANTED: usize = 500;
/// A file with more lines than this fails.
const LINES_ALLOWED: usize = 650;

/// Words that code may not contain, and why. Written in pieces, so that this file does not contain them.
const BANNED: [(&str, &str); 10] = [
    (concat!("inner", "HTML"), "text from outside is never HTML"),
    (concat!("set_inner", "_html"), "text from outside is never HTML"),
    (concat!("set_outer", "_html"), "text from outside is never HTML"),
    (concat!("insert_adjacent", "_html"), "text from outside is never HTML"),
    (concat!("from_html", "_unchecked"), "text from outside is never HTML"),
    (concat!("to", "do!"), "real code only"),
    (concat!("unimple", "mented!"), "real code only"),
    (concat!("#[ign", "ore"), "a test that does not run tests nothing"),
    (concat!("thread::", "sleep"), "nothing waits on the wall clock"),
    (concat!("unsa", "fe {"), "this crate is safe Rust"),
];

/// Crates of the browser, which only the page may name.
const BROWSER: [&str; 6] = ["yew", "web_sys", "gloo", "js_sys", "wasm_bindgen", "wasm_bindgen_futures"];
/// Crates of the operating system, which only the native side may name.
const SYSTEM: [&str; 2] = ["tokio", "clap"];
/// The wall clock, which only the drivers may read.
const WALL_CLOCK: [&str; 4] = ["std::time::Instant", "std::time::SystemTime", "Instant::now", "SystemTime::now"];

/// Modules without floating-point numbers, whose results could differ between machines.
const INTEGERS_ONLY: [&str; 11] = ["time", "rng", "ratio", "packet", "link", "session", "client", "broker", "trace", "sim", "export"];
/// Modules that meet bytes from outside: their facade denies whatever could panic on them.
const MEETS_BYTES: [&str; 5] = ["packet", "link", "session", "client", "broker"];
const PANIC_LINTS: [&str; 8] =
    ["unwrap_used", "expect_used", "panic", "unreachable", "todo", "indexing_slicing", "string_slice", "arithmetic_side_effects"];

fn is_page(path: &str) -> bool {
    path.starts_with("src/web/") || path == "src/bin/playground-web.rs"
}

fn is_native(path: &str) -> bool {
    path.starts_with("src/native/") || path == "src/bin/mqtt-playground.rs"
}

/// What breaks the rules in one file, a sentence each, with its line.
fn violations(path: &str, text: &str) -> Vec<String> {
    let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
    let mut found = Vec::new();
    let is_engine = path.starts_with("src/") && !is_page(path) && !is_native(path);
    let is_integers_only =
        INTEGERS_ONLY.iter().any(|module| path == format!("src/{module}.rs") || path.starts_with(&format!("src/{module}/")));
    for (index, line) in file.code().lines().enumerate() {
        let mut report = |what: &str, why: &str| found.push(format!("{path}:{}: `{what}`: {why}", index + 1));
        for (word, why) in BANNED {
            if line.contains(word) {
                report(word, why);
            }
        }
        if path.starts_with("src/") {
            for name in BROWSER.into_iter().filter(|name| !is_page(path) && names_crate(line, name)) {
                report(name, "only src/web knows the browser");
            }
            for name in SYSTEM.into_iter().filter(|name| !is_native(path) && names_crate(line, name)) {
                report(name, "only src/native knows the operating system");
            }
        }
        if is_integers_only {
            for name in ["f32", "f64"].into_iter().filter(|name| has_word(line, name)) {
                report(name, "the engine counts in integers");
            }
        }
        if is_engine {
            for name in WALL_CLOCK.into_iter().filter(|name| line.contains(name)) {
                report(name, "the engine runs on virtual time: take `now` as an argument");
            }
        }
    }
    found
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|found| found == word || found.ends_with(&format!("_{word}")))
}

/// Whether a line names the crate in a path (`yew::`) or an import (`use yew;`), not as a part of a longer word.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].trim_start();
        let is_own_word = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '.');
        is_own_word && (after.starts_with("::") || (line.trim_start().starts_with("use ") && after.starts_with([';', ' '])))
    })
}

fn rust_files() -> Vec<SourceFile> {
    ["src", "tests", "xtask/src", "benches/src"].iter().flat_map(|folder| files(folder, "rs")).collect()
}

#[test]
fn no_file_breaks_a_rule_of_the_house() {
    let found: Vec<String> = rust_files().iter().flat_map(|file| violations(&file.path, &file.text)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn files_stay_short() {
    let mut too_long = Vec::new();
    for SourceFile { path, text } in rust_files() {
        let lines = text.lines().count();
        if lines > LINES_ALLOWED {
            too_long.push(format!("{path} has {lines} lines: split it by purpose"));
        } else if lines > LINES_WANTED {
            println!("{path} has {lines} lines, more than {LINES_WANTED}");
        }
    }
    assert!(too_long.is_empty(), "\n{}", too_long.join("\n"));
}

#[test]
fn every_folder_of_src_has_a_facade() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders: BTreeSet<String> = files("src", "rs").iter().filter_map(|file| Some(file.path.rsplit_once('/')?.0.to_owned())).collect();
    for folder in folders.iter().filter(|folder| !matches!(folder.as_str(), "src" | "src/bin")) {
        assert!(root.join(folder).join("mod.rs").is_file(), "{folder} has no mod.rs");
    }
}

#[test]
fn what_meets_bytes_from_outside_denies_panics() {
    let facades = files("src", "rs");
    for module in MEETS_BYTES {
        let facade = facades.iter().find(|file| file.path == format!("src/{module}/mod.rs")).unwrap();
        assert_eq!(missing_lints(&facade.text), [""; 0], "{}", facade.path);
    }
    assert_eq!(missing_lints("#![cfg_attr(not(test), deny(clippy::panic))] // clippy::todo").len(), 7);
}

/// The lints that a facade should deny at its head and does not.
fn missing_lints(facade: &str) -> Vec<&'static str> {
    let code = crate::source::code_of(facade);
    let head = code.split_once("deny(").and_then(|(_, rest)| rest.split_once(')')).map_or("", |(head, _)| head);
    let is_denied = |lint: &&str| head.split(',').any(|item| item.trim() == format!("clippy::{lint}"));
    PANIC_LINTS.into_iter().filter(|lint| !is_denied(lint)).collect()
}

#[test]
fn the_page_has_no_inline_script_style_or_handler() {
    let html = files("", "html").into_iter().find(|file| file.path == "index.html").unwrap().text;
    assert_eq!(inline_code(&html), [""; 0]);
    assert_eq!(inline_code("<script>go()</script><p style=\"color:red\"><p onclick='go()'>").len(), 3);
    let policy = "require-trusted-types-for 'script'";
    assert!(html.contains("default-src 'none'") && html.contains(policy));
}

fn inline_code(html: &str) -> Vec<String> {
    let tags = html.split('<').filter_map(|part| part.split('>').next());
    let is_inline = |tag: &&str| {
        let is_script = tag.starts_with("script") && !tag.contains(" src=");
        is_script
            || tag.starts_with("style")
            || tag.contains(" style=")
            || tag.split_whitespace().any(|word| word.starts_with("on") && word.contains('='))
    };
    tags.filter(is_inline).map(str::to_owned).collect()
}

#[test]
fn planted_breaches_are_found() {
    for (word, _) in BANNED {
        assert_eq!(violations("src/web/app.rs", &format!("fn f() {{ {word} }}")).len(), 1, "{word}");
        assert_eq!(violations("src/web/app.rs", &format!("// {word}\nconst S: &str = \"{word}\";")), [""; 0]);
    }
    assert_eq!(violations("src/view/mod.rs", "use yew::Html;"), ["src/view/mod.rs:1: `yew`: only src/web knows the browser"]);
    assert_eq!(violations("src/view/mod.rs", "\nfn f() -> web_sys::Node {}").len(), 1);
    assert_eq!(violations("src/web/socket.rs", "use tokio::net::TcpStream;").len(), 1);
    assert_eq!(violations("src/link/mod.rs", "let x: f64 = 0_f32.into(); let half = 2;").len(), 2);
    assert_eq!(violations("src/broker/mod.rs", "let now = std::time::SystemTime::now();").len(), 2);
}

#[test]
fn what_is_allowed_is_not_found() {
    assert_eq!(violations("src/web/app.rs", "use yew::Html; let x = wasm_bindgen::JsValue::NULL;"), [""; 0]);
    assert_eq!(violations("src/native/tcp.rs", "use tokio::net; let t = std::time::Instant::now();"), [""; 0]);
    assert_eq!(violations("src/sim/mod.rs", "use crate::time::Instant; let gloomy = view::yew_tree::X;"), [""; 0]);
}
