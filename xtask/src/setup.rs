//! Gets what a task needs: says first what and how long, then does it.

use std::collections::BTreeMap;

use crate::needs::Need;
use crate::rust_tools;
use crate::stopwatch::Stopwatch;

/// What could not be had, and why.
pub(crate) type Missing = BTreeMap<Need, String>;

/// Installs those of `needs` that are not here, in their order.
pub(crate) fn provide(needs: &[Need]) -> Missing {
    let absent: Vec<Need> = needs.iter().copied().filter(|need| !need.is_met()).collect();
    let mut missing = Missing::new();
    if absent.is_empty() {
        return missing;
    }
    println!(
        "To be installed first (once; tools go into target/tools, packages for Node and Python into node_modules below tests and target/interop):"
    );
    for need in &absent {
        let root = if need.is_system_package() { ", a system package" } else { "" };
        println!("  {need}: {}{root}", need.duration());
    }
    for need in absent {
        println!("\n── installing {need} ({}) ──", need.duration());
        let watch = Stopwatch::start();
        match need.install() {
            Ok(()) if need.is_met() => println!("installed {need} in {} s", watch.elapsed().as_secs()),
            Ok(()) => {
                missing.insert(need, "its installation ended well, yet it is not found".to_owned());
            }
            Err(reason) => {
                println!("not installed: {reason}");
                missing.insert(need, reason);
            }
        }
    }
    if missing.is_empty() {
        rust_tools::remove_build_folder();
    }
    missing
}

/// One line for each thing that is missing, with the command that gets it.
pub(crate) fn remedies(missing: &Missing) -> String {
    missing
        .iter()
        .map(|(need, reason)| format!("missing: {need} ({reason})\n  get it with: {}", need.remedy()))
        .collect::<Vec<_>>()
        .join("\n")
}
