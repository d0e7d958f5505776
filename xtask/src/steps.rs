//! The checks, in the order in which they run: quick ones first.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

use crate::browser;
use crate::command::{command, e2e, output, root, run};
use crate::fuzz;
use crate::needs::Need;
use crate::sizes;

/// One check.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) needs: &'static [Need],
    /// What some of its tests need: without it the step runs, those tests say that they are skipped, and the report says so too.
    pub(crate) wants: &'static [Need],
    /// Steps that must have passed, where they were asked for.
    pub(crate) after: &'static [&'static str],
    pub(crate) run: fn() -> Ended,
}

/// A passed step may have something to add for the report; a failed one says why.
pub(crate) type Ended = Result<&'static str, String>;

const NOTHING_TO_ADD: &str = "";

const WASM: &str = "wasm32-unknown-unknown";
/// A message that the compiler also shows is a failure.
const STRICT: [&str; 3] = ["--", "-D", "warnings"];

/// How many worlds a check draws, from seed 0 on: about a minute. Of the first 650,000 one is known to fail, 560768: it seems that Wills due at the same instant
/// are sent in the order of their sessions, which a stranger shifts.
const SEEDS: &str = "40000";

pub(crate) const STEPS: [Step; 14] = [
    Step {
        name: "fmt",
        about: "the code is formatted",
        needs: &[Need::Rustfmt],
        wants: &[],
        after: &[],
        run: || cargo(&["fmt", "--all", "--check"]),
    },
    Step {
        name: "clippy",
        about: "no lint, native: engine, command line, xtask, tests",
        needs: &[Need::Clippy],
        wants: &[],
        after: &[],
        run: clippy,
    },
    Step {
        name: "clippy-web",
        about: "no lint, in wasm: the page",
        needs: &[Need::Clippy, Need::WasmTarget],
        wants: &[],
        after: &[],
        run: clippy_web,
    },
    Step {
        name: "clippy-ssr",
        about: "no lint, native: the page's components and their tests",
        needs: &[Need::Clippy],
        wants: &[],
        after: &[],
        run: || cargo(&[&["clippy", "--locked", "--lib", "--tests", "--features", "ssr"], STRICT.as_slice()].concat()),
    },
    Step {
        name: "test",
        about: "native tests: engine, lessons, architecture, command line, captures, real clients, a real broker",
        needs: &[],
        wants: &[Need::Tshark, Need::Mosquitto, Need::MosquittoClients, Need::Node, Need::Python, Need::PythonClients, Need::NodeClients],
        after: &[],
        run: || cargo(&["test", "--locked", "--workspace"]),
    },
    Step {
        name: "test-ssr",
        about: "the page's components, rendered natively",
        needs: &[],
        wants: &[],
        after: &[],
        run: || cargo(&["test", "--locked", "--lib", "--features", "ssr", "web::"]),
    },
    Step {
        name: "test-wasm",
        about: "the engine's tests again, in wasm under Node",
        needs: &[Need::WasmTarget, Need::WasmBindgen, Need::Node],
        wants: &[],
        after: &[],
        run: || cargo(&["test", "--locked", "--target", WASM, "--test", "wasm"]),
    },
    Step {
        name: "lessons",
        about: "each lesson's solution passes, each wrong attempt fails",
        needs: &[],
        wants: &[],
        after: &[],
        run: lessons,
    },
    Step {
        name: "explore",
        about: "worlds drawn from seeds, with faults: every run keeps MQTT's promises",
        needs: &[],
        wants: &[],
        after: &[],
        run: || cargo(&["run", "--locked", "--release", "--quiet", "--bin", "mqtt-playground", "--", "explore", "--seeds", SEEDS]),
    },
    Step {
        name: "deny",
        about: "licences, advisories, sources of the dependencies",
        needs: &[Need::CargoDeny],
        wants: &[],
        after: &[],
        run: deny,
    },
    Step {
        name: "fuzz",
        about: "a minute of fuzzing: codec, dissection, topics, client; the seeds of other codecs beside ours and of the broker",
        needs: &[Need::CargoFuzz],
        wants: &[],
        after: &[],
        run: fuzz::smoke,
    },
    Step {
        name: "page",
        about: "the page is built as it is published",
        needs: &[Need::WasmTarget, Need::Trunk, Need::WasmBindgen, Need::Node, Need::NpmPackages],
        wants: &[],
        after: &[],
        run: || run(&mut command("trunk", &["build", "--release"])).map(|()| NOTHING_TO_ADD),
    },
    Step {
        name: "sizes",
        about: "the page keeps to its size",
        needs: &[],
        wants: &[],
        after: &["page"],
        run: || sizes::check(&root().join("dist")).map(|()| NOTHING_TO_ADD),
    },
    Step {
        name: "e2e",
        about: "the page in Chromium: lessons, accessibility, content security policy",
        needs: &[Need::Node, Need::NpmPackages, Need::Chromium],
        wants: &[Need::Fonts, Need::Mosquitto],
        after: &["page"],
        run: end_to_end,
    },
];

fn cargo(args: &[&str]) -> Ended {
    run(&mut command("cargo", args)).map(|()| NOTHING_TO_ADD)
}

fn clippy() -> Ended {
    cargo(&[&["clippy", "--locked", "--workspace", "--all-targets"], STRICT.as_slice()].concat())
}

fn clippy_web() -> Ended {
    let page = ["clippy", "--locked", "--target", WASM, "--features", "web", "--lib", "--bin", "playground-web", "--test", "wasm"];
    cargo(&[page.as_slice(), STRICT.as_slice()].concat())
}

/// A check that ran no lesson has shown nothing, so its closing line is read.
fn lessons() -> Ended {
    let args = ["run", "--locked", "--quiet", "--bin", "mqtt-playground", "--", "check", "lessons"];
    let mut check = command("cargo", &args);
    let ended = check.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo could not be started: {error}"))?;
    let text = String::from_utf8_lossy(&ended.stdout);
    print!("{text}");
    match passed(&text) {
        _ if !ended.status.success() => Err(format!("`mqtt-playground check lessons` ended with {}", ended.status)),
        None | Some(0) => Err("`mqtt-playground check lessons` checked no lesson".to_owned()),
        Some(_) => Ok(NOTHING_TO_ADD),
    }
}

/// How many passed, by the last line of the form `N passed, N failed`.
fn passed(text: &str) -> Option<u32> {
    text.lines().rev().find(|line| line.contains(" passed, "))?.split(" passed, ").next()?.split_whitespace().last()?.parse().ok()
}

/// Licences, sources, duplicates and the number of crates; then advisories, whose database is on the network.
fn deny() -> Ended {
    cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"])?;
    crates_in_page()?;
    if cargo(&["deny", "--locked", "check", "advisories"]).is_ok() {
        return Ok(NOTHING_TO_ADD);
    }
    // The database of an earlier run still counts; with none, the report says what was not looked at.
    if has_advisory_database() {
        return cargo(&["deny", "--locked", "check", "--disable-fetch", "advisories"]);
    }
    Ok("but advisories were not looked at: their database cannot be fetched here")
}

fn has_advisory_database() -> bool {
    let home = std::env::var("CARGO_HOME").ok().or_else(|| std::env::var("HOME").ok().map(|home| format!("{home}/.cargo")));
    let Some(home) = home else { return false };
    fs::read_dir(format!("{home}/advisory-dbs"))
        .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| entry.path().is_dir())))
}

/// Most crates that the page may be built from, itself included.
const CRATES_ALLOWED: usize = 150;

fn crates_in_page() -> Ended {
    let args = ["tree", "--locked", "--target", WASM, "--features", "web", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = output("cargo", &args).ok_or("`cargo tree` failed")?;
    // A crate that was listed before ends in "(*)".
    let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty()).collect();
    println!("{} crates in the page, at most {CRATES_ALLOWED} are allowed", crates.len());
    if crates.len() > CRATES_ALLOWED { Err(format!("the page is built from {} crates", crates.len())) } else { Ok(NOTHING_TO_ADD) }
}

fn end_to_end() -> Ended {
    let mut playwright = command("playwright", &["test"]);
    if let Some(browser) = browser::path() {
        playwright.env("CHROMIUM", browser);
    }
    run(playwright.current_dir(e2e())).map(|()| NOTHING_TO_ADD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_tells_how_many_passed() {
        assert_eq!(passed("qos-2 ok\n\n4 passed, 0 failed\n"), Some(4));
        assert_eq!(passed("lessons: 0 passed, 0 failed"), Some(0));
        assert_eq!(passed(""), None);
    }
}
