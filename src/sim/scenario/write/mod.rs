//! Writes a scenario as the file that reads back to it.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

mod broker;
mod client;
mod command;
#[cfg(test)]
mod tests;
mod text;

use super::Scenario;
use text::Block;

/// The scenario has something that no file can say, such as hashed passwords, a payload that is no text, or a limit above the budget of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scenario has something that a scenario file cannot say")]
pub struct NotWritable;

/// The whole file. What it says reads back to the same scenario, or there is none.
pub(super) fn write(scenario: &Scenario) -> Result<String, NotWritable> {
    let plain = Scenario::default();
    let mut head = Block::new();
    head.value("seed", scenario.seed.0);
    head.unless("until", &scenario.until, &plain.until);
    let mut file = head.finish("");
    file += &broker::write(&scenario.broker).finish("[broker]");
    for spec in &scenario.clients {
        file += &client::write(spec).finish("[[client]]");
    }
    for spec in &scenario.clients {
        spec.devices.iter().for_each(|device| file += &client::device(&spec.name, device).finish("[[device]]"));
        spec.replies.iter().for_each(|reply| file += &client::reply(&spec.name, reply).finish("[[reply]]"));
        spec.faults.iter().for_each(|rule| file += &client::fault(&spec.name, rule).finish("[[fault]]"));
    }
    for (at, command) in &scenario.timeline {
        file += &command::write(scenario, *at, command).finish("[[timeline]]");
    }
    match Scenario::parse("scenario.toml", &file) {
        Ok(read) if read == *scenario => Ok(file),
        _ => Err(NotWritable),
    }
}
