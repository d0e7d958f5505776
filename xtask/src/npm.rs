//! The npm packages of `tests/e2e`: Playwright, axe and wasm-opt.

use std::fs;

use crate::command::{command, e2e, run};

/// Whether packages were installed since the lock file last changed. npm writes `node_modules/.package-lock.json` last.
pub(crate) fn is_installed() -> bool {
    let changed = |file: &str| fs::metadata(e2e().join(file)).and_then(|metadata| metadata.modified());
    matches!((changed("package-lock.json"), changed("node_modules/.package-lock.json")), (Ok(lock), Ok(installed)) if installed >= lock)
}

/// Installs exactly what the lock file says. Playwright's own browsers are not fetched: the tests use the system's Chromium.
pub(crate) fn install() -> Result<(), String> {
    run(command("npm", &["ci", "--no-audit", "--no-fund"]).current_dir(e2e()).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
}
