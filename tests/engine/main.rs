//! The engine's tests: one list of files, run natively by `cargo test` and again in wasm by `tests/wasm.rs`.
//!
//! To add a file: create `tests/engine/NAME.rs`, add `mod NAME;` below, and import the attribute in it:
//!
//! ```ignore
//! use super::test;
//!
//! #[test]
//! fn keep_alive_runs_out_at_one_and_a_half_times_the_interval() { … }
//! ```
//!
//! `super::test` is std's `#[test]` natively and `#[wasm_bindgen_test]` in wasm. A test here uses virtual time only: no files, no
//! sockets, no threads, no wall clock, and neither proptest nor insta (they are native only). What needs those is a test file of its own
//! beside this folder.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use core::prelude::v1::test;
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

mod access;
mod client_features;
#[path = "../conformance/mod.rs"]
mod conformance;
mod faults;
mod history;
mod hostile_server;
mod network;
mod pairs;
mod run;
mod virtual_time;
mod world;
