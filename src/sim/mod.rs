//! The simulator: a scenario becomes a world on one virtual clock; history goes back, forks and compares.

mod command;
mod history;
mod scenario;
mod world;

pub use command::{Command, CommandError};
pub use history::{Branch, BranchId, Cursor, History, Limits, Stride};
pub use scenario::Scenario;
pub use world::{ClientNode, World};
