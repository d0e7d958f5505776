//! The engine's tests in wasm: the same files as natively (see `tests/engine/main.rs`), run under Node by
//! `cargo test --target wasm32-unknown-unknown --test wasm`. The same digests in both show that a run does not depend on the platform.
#![cfg(target_arch = "wasm32")]

#[path = "engine/main.rs"]
mod engine;
