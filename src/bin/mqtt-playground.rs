//! The command line program.

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    mqtt_playground::native::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
