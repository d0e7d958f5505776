//! Rust's own parts from rustup, and tools that cargo compiles, in exactly the versions that the project needs.

use std::fs;

use crate::command::{command, output, root, run, tools};

/// A program that `cargo install` builds.
pub(crate) struct Tool {
    pub(crate) krate: &'static str,
    /// The crate's version; the program must print it.
    pub(crate) version: String,
    pub(crate) duration: &'static str,
    program: &'static str,
    version_args: &'static [&'static str],
    /// Whether the crate's own lock file is used.
    is_locked: bool,
}

/// Builds the page. 0.22 needs a newer Rust than this project.
pub(crate) fn trunk() -> Tool {
    Tool {
        krate: "trunk",
        version: "0.21.14".to_owned(),
        duration: "about 5 min",
        program: "trunk",
        version_args: &["--version"],
        is_locked: true,
    }
}

/// Makes the JavaScript side of the page; must have the version of the `wasm-bindgen` crate exactly.
pub(crate) fn wasm_bindgen() -> Tool {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    Tool {
        krate: "wasm-bindgen-cli",
        version: locked_version(&lock, "wasm-bindgen").unwrap_or_default(),
        duration: "about 3 min",
        program: "wasm-bindgen",
        version_args: &["--version"],
        // Its own lock file names a dependency that has been withdrawn.
        is_locked: false,
    }
}

/// Checks licences, advisories and sources of the dependencies.
pub(crate) fn cargo_deny() -> Tool {
    Tool {
        krate: "cargo-deny",
        version: "0.20.2".to_owned(),
        duration: "about 4 min",
        program: "cargo-deny",
        version_args: &["--version"],
        is_locked: true,
    }
}

/// Builds and runs the fuzz targets.
pub(crate) fn cargo_fuzz() -> Tool {
    Tool {
        krate: "cargo-fuzz",
        version: "0.13.2".to_owned(),
        duration: "about 1 min",
        program: "cargo-fuzz",
        version_args: &["--version"],
        is_locked: true,
    }
}

impl Tool {
    pub(crate) fn is_installed(&self) -> bool {
        output(self.program, self.version_args).is_some_and(|text| text.split_whitespace().nth(1) == Some(self.version.as_str()))
    }

    pub(crate) fn install(&self) -> Result<(), String> {
        let package = format!("{}@{}", self.krate, self.version);
        let root = tools();
        let mut args = vec!["install", &package];
        if self.is_locked {
            args.push("--locked");
        }
        let mut install = command("cargo", &args);
        install.arg("--root").arg(&root);
        // Kept, so that an interrupted installation goes on where it stopped.
        install.env("CARGO_TARGET_DIR", root.join("build"));
        // Half the time to compile; the tools are fast enough.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
        install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env("CARGO_PROFILE_RELEASE_DEBUG", "false");
        run(&mut install)
    }

    pub(crate) fn remedy(&self) -> String {
        let locked = if self.is_locked { " --locked" } else { "" };
        format!("cargo install{locked} {}@{}", self.krate, self.version)
    }
}

/// Removes what compiling the tools left behind, once all of them are installed.
pub(crate) fn remove_build_folder() {
    let folder = tools().join("build");
    if folder.is_dir() && fs::remove_dir_all(&folder).is_err() {
        println!("{} could not be removed: it is no longer needed", folder.display());
    }
}

pub(crate) fn has_component(name: &str) -> bool {
    let program = if name == "clippy" { "cargo-clippy" } else { name };
    output(program, &["--version"]).is_some()
}

pub(crate) fn add_component(name: &str) -> Result<(), String> {
    run(&mut command("rustup", &["component", "add", name]))
}

pub(crate) fn has_wasm_target() -> bool {
    let Some(sysroot) = output("rustc", &["--print", "sysroot"]) else { return false };
    fs::exists(format!("{sysroot}/lib/rustlib/wasm32-unknown-unknown/lib")).unwrap_or(false)
}

pub(crate) fn add_wasm_target() -> Result<(), String> {
    run(&mut command("rustup", &["target", "add", "wasm32-unknown-unknown"]))
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_exactly_that_package_is_found() {
        let lock =
            "[[package]]\nname = \"wasm-bindgen-test\"\nversion = \"0.3.1\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.9\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.9"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }

    #[test]
    fn the_projects_lock_file_names_wasm_bindgen() {
        assert!(wasm_bindgen().version.starts_with("0.2."));
    }
}
