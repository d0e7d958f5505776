//! The command line and the listener for real clients. Not in the page.

mod cli;
mod server;

pub use cli::{Cli, main};
pub use server::{Server, ServerError};
