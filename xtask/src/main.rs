//! `cargo xtask`: sets up what the project needs, serves the page, runs every check.

mod browser;
mod cli;
mod command;
mod debian;
mod fuzz;
mod needs;
mod npm;
mod python;
mod report;
mod rust_tools;
mod serve;
mod setup;
mod sizes;
mod steps;
mod stopwatch;
mod styles;
mod test;

use std::process::ExitCode;

use cli::Task;

fn main() -> ExitCode {
    let result = match cli::parse(std::env::args().skip(1)) {
        Ok(Task::Help) => {
            print!("{}", cli::HELP);
            Ok(())
        }
        Ok(Task::Serve(options)) => serve::run(&options),
        Ok(Task::Test(options)) => test::run(&options),
        Ok(Task::Styles) => styles::write(),
        Err(message) => Err(format!("{message}\n\n{}", cli::HELP)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
