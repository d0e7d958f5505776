//! npm packages: those of `tests/e2e` (Playwright, axe and wasm-opt) and of `tests/interop/node` (MQTT.js).

use std::fs;
use std::path::Path;

use crate::command::{command, run};

/// Whether packages were installed since the lock file last changed. npm writes `node_modules/.package-lock.json` last.
pub(crate) fn is_installed(folder: &Path) -> bool {
    let changed = |file: &str| fs::metadata(folder.join(file)).and_then(|metadata| metadata.modified());
    matches!((changed("package-lock.json"), changed("node_modules/.package-lock.json")), (Ok(lock), Ok(installed)) if installed >= lock)
}

/// Installs exactly what the lock file says. Playwright's own browsers are not fetched: the tests use the system's Chromium.
pub(crate) fn install(folder: &Path) -> Result<(), String> {
    run(command("npm", &["ci", "--no-audit", "--no-fund"]).current_dir(folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
}
