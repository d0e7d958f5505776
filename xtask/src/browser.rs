//! The browser that the end-to-end tests drive.

use std::env;
use std::path::PathBuf;

use crate::command::find;

const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What the variable CHROMIUM names, or the first Chromium or Chrome on the PATH.
pub(crate) fn path() -> Option<PathBuf> {
    match env::var_os("CHROMIUM") {
        Some(chosen) => Some(PathBuf::from(chosen)).filter(|path| path.is_file()),
        None => PROGRAMS.iter().find_map(|program| find(program)),
    }
}
