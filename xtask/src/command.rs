//! Programs that the tasks run: found on a PATH with the project's own tools first, their output shown as it comes.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Where tools of the project's own are installed: below `target`, so that nothing outside the project changes.
pub(crate) fn tools() -> PathBuf {
    root().join("target/tools")
}

/// The npm packages' folder, with its `package.json` and lock file.
pub(crate) fn e2e() -> PathBuf {
    root().join("tests/e2e")
}

/// The folder of the real clients that the broker is tested with.
pub(crate) fn interop() -> PathBuf {
    root().join("tests/interop")
}

/// Whether this is a continuous-integration run: then a skipped check is a failed one, and system packages may be installed.
pub(crate) fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// A command in the project's folder that finds the project's tools before others.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let path = search_path();
    // Resolved here, because a child's changed PATH is not used for finding the child itself on every system.
    let mut command = Command::new(find(program).unwrap_or_else(|| PathBuf::from(program)));
    command.args(args).current_dir(root()).env("PATH", path).stdin(Stdio::null());
    // What rustup and cargo set for this process is not meant for the children.
    for variable in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(variable);
    }
    command
}

/// The full path of a program, if it is on the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd"] } else { &[""] };
    let files: Vec<String> = endings.iter().map(|ending| format!("{program}{ending}")).collect();
    env::split_paths(&search_path())
        .flat_map(|folder| files.iter().map(move |file| folder.join(file)).collect::<Vec<_>>())
        .find(|path| path.is_file())
}

/// Runs a command with its output shown; the error says what was run and how it ended.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    println!("$ {}", line(command));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", line(command))),
        Err(error) => Err(format!("`{}` could not be started: {error}", line(command))),
    }
}

/// What a command prints, if it succeeds.
pub(crate) fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = command(program, args).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn search_path() -> OsString {
    let own = [tools().join("bin"), e2e().join("node_modules/.bin")];
    let inherited = env::var_os("PATH").unwrap_or_default();
    // Debian keeps servers such as mosquitto where only root's PATH looks.
    let system = if cfg!(unix) { vec![PathBuf::from("/usr/sbin")] } else { Vec::new() };
    let folders = own.into_iter().chain(env::split_paths(&inherited)).chain(system);
    env::join_paths(folders).unwrap_or(inherited)
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut line = program.to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
