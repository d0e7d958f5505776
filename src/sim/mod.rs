//! The simulator: a scenario becomes a world on one virtual clock; history goes back, forks and compares.

mod command;
mod history;
pub mod quantity;
pub mod scenario;
pub mod toml_source;
mod world;

pub use command::{Command, CommandError, MessageProperties};
pub use history::{Branch, BranchId, Cursor, Difference, History, Limits, Outcome, Stride};
pub use quantity::format_duration;
pub use scenario::{ClientSpec, Device, Reply, Scenario, Signal, Template};
pub use world::{ClientNode, World, WorldLimits};
