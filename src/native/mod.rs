//! The command line and the listeners for real clients. Not in the page.

mod backlog;
mod cli;
mod connection;
mod limits;
mod listen;
mod recording;
mod server;
mod tcp;
mod websocket;

pub use backlog::Gauge;
pub use cli::{Cli, main};
pub use limits::raise_open_files;
pub use listen::Transport;
pub use recording::Recording;
pub use server::{Control, Happening, Server, ServerConfig, ServerError};
pub use websocket::Admission;
