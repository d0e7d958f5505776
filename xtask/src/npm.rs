//! The npm packages of `tests/e2e`: Playwright, axe and wasm-opt.

use std::fs;

use crate::command::{command, e2e, run};

const STAMP: &str = "node_modules/.installed-lock.json";

/// Whether the packages of the present lock file are installed.
pub(crate) fn is_installed() -> bool {
    let lock = fs::read(e2e().join("package-lock.json"));
    let installed = fs::read(e2e().join(STAMP));
    matches!((lock, installed), (Ok(lock), Ok(installed)) if lock == installed)
}

/// Installs exactly what the lock file says. Playwright's own browsers are not fetched: the tests use the system's Chromium.
pub(crate) fn install() -> Result<(), String> {
    let mut npm = command("npm", &["ci", "--no-audit", "--no-fund"]);
    npm.current_dir(e2e()).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run(&mut npm)?;
    let copy = fs::copy(e2e().join("package-lock.json"), e2e().join(STAMP));
    copy.map(|_| ()).map_err(|error| format!("tests/e2e/{STAMP} could not be written: {error}"))
}
