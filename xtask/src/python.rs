//! The Python packages of `tests/interop/python`: MQTT clients, in an environment of their own below `target`.

use std::fs;
use std::path::PathBuf;

use crate::command::{command, interop, root, run};

/// Where `tests/interop.rs` finds them.
fn environment() -> PathBuf {
    root().join("target/interop/python")
}

fn requirements() -> PathBuf {
    interop().join("python/requirements.txt")
}

/// A copy of what was asked for, written when all of it is there.
fn receipt() -> PathBuf {
    environment().join("requirements.txt")
}

/// Whether exactly what is asked for was installed.
pub(crate) fn is_installed() -> bool {
    matches!((fs::read(requirements()), fs::read(receipt())), (Ok(wanted), Ok(installed)) if wanted == installed)
}

/// Makes the environment and installs the pinned versions into it.
pub(crate) fn install() -> Result<(), String> {
    let environment = environment().display().to_string();
    let requirements = requirements();
    run(&mut command("python3", &["-m", "venv", "--clear", &environment]))?;
    let pip = format!("{environment}/bin/python");
    let packages = requirements.display().to_string();
    run(&mut command(&pip, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", &packages]))?;
    fs::copy(&requirements, receipt()).map(drop).map_err(|error| format!("{}: {error}", receipt().display()))
}

pub(crate) fn remedy() -> String {
    "cargo xtask test --only test, with python3 and its venv module".to_owned()
}
