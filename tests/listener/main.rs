//! The listeners under clients that behave badly, and under many of them: sockets on loopback, free ports, no programs of others.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test may panic; the exemption for tests does not reach shared functions")]

#[path = "../support/mod.rs"]
mod support;

mod config;
mod export;
mod log;
mod many;
mod slow;
#[cfg(unix)]
mod stop;
mod websocket;
