//! `cargo xtask serve`: the page on this machine, built again on each change.

use std::net::{Ipv4Addr, TcpListener};

use crate::cli::ServeOptions;
use crate::command::{command, run as run_command};
use crate::needs::Need;
use crate::setup;

const NEEDS: [Need; 3] = [Need::WasmTarget, Need::Trunk, Need::WasmBindgen];

/// Sets up, then serves until Ctrl-C.
pub(crate) fn run(options: &ServeOptions) -> Result<(), String> {
    let missing = setup::provide(&NEEDS);
    if !missing.is_empty() {
        return Err(format!("The page cannot be built.\n{}", setup::remedies(&missing)));
    }
    let port = free_port(options.port)?.to_string();
    println!("Building the page: about 2 min the first time, seconds after that. It will be at http://127.0.0.1:{port}/ (Ctrl-C ends).");
    let mut args = vec!["serve", "--address", "127.0.0.1", "--port", &port];
    if options.open && has_screen() {
        args.push("--open");
    }
    run_command(&mut command("trunk", &args))
}

/// Whether a browser could show anything. Elsewhere than on Linux there is always a screen.
fn has_screen() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// `port`, or any free one for 0; an error if another program has it.
fn free_port(port: u16) -> Result<u16, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| format!("Port {port} cannot be used ({error}). Choose another: cargo xtask serve --port 0"))?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}
