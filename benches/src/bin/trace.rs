//! Memory of traces, as the trace itself reports it and as asked of the allocator: bytes a record over typical runs, and a run of ten million records.
//!
//! `cargo run --release --bin trace [records of the long run]`

use std::alloc::System;
use std::sync::Arc;

use mqtt_playground::sim::{Scenario, World, WorldLimits};
use mqtt_playground::time::Instant;
use mqtt_playground::trace::Trace;
use mqtt_playground_benches::race::processor_time;
use mqtt_playground_benches::runs::echoes;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Twenty sensors that report once a second at this QoS, and a dashboard that sees all.
fn sensors(qos: u8) -> Scenario {
    let mut text = format!(
        "[[client]]\nname = \"dashboard\"\nsubscriptions = [{{ filter = \"site/#\", qos = {qos} }}]\npath = {{ latency = \"5 ms\", loss = \"1 %\" }}\n"
    );
    for number in 0..20 {
        let name = format!("sensor-{number}");
        text.push_str(&format!(
            "[[client]]\nname = \"{name}\"\npath = {{ latency = \"20 ms\", jitter = \"5 ms\", loss = \"1 %\" }}\n[[device]]\nclient = \"{name}\"\nsignal = \"steps\"\nvalues = [21.5]\ntopic = \"site/hall/{name}/temperature\"\nqos = {qos}\nstart = \"5 s\"\nevery = \"1 s\"\n"
        ));
    }
    Scenario::parse("sensors", &text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

fn main() {
    println!("{:<44}{:>10}{:>9}{:>9}{:>9}{:>11}", "run", "records", "inline", "details", "packets", "allocator");
    for entry in std::fs::read_dir("../lessons").unwrap() {
        let path = entry.unwrap().path().join("scenario.toml");
        if let Ok(text) = std::fs::read_to_string(&path) {
            let name = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
            let scenario = Scenario::parse("scenario.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
            show(&format!("lesson {name}"), &Arc::new(scenario), Instant::from_secs(600), 1_000_000);
        }
    }
    for qos in 0..=2 {
        show(&format!("20 sensors, 1 dashboard, QoS {qos}"), &Arc::new(sensors(qos)), Instant::from_secs(605), 1_000_000);
    }
    show("100 clients that hear themselves, 1 h", &Arc::new(echoes(100)), Instant::from_secs(3_605), 20_000_000);
    show("10,000 clients that hear themselves, 1 min", &Arc::new(echoes(10_000)), Instant::from_secs(65), 20_000_000);
    let records = std::env::args().nth(1).and_then(|records| records.parse().ok()).unwrap_or(10_000_000);
    show("100 clients that hear themselves, to the limit", &Arc::new(echoes(100)), Instant::FAR_FUTURE, records);
}

/// Runs until then, or until so many records.
fn show(name: &str, scenario: &Arc<Scenario>, until: Instant, records: usize) {
    let start = processor_time();
    let limits = WorldLimits { events: u64::MAX, ..WorldLimits::default() };
    let mut world = World::with_limits(scenario, scenario.seed, limits);
    let mut trace = Trace::new(scenario.nodes(), records);
    while world.next_at().is_some_and(|at| at <= until) && !trace.is_full() {
        world.step(&mut trace);
    }
    let took = processor_time() - start;
    drop(world);
    let (memory, region) = (trace.memory(), Region::new(GLOBAL));
    drop(trace);
    let freed = region.change();
    let (count, freed) = (memory.count as f64, freed.bytes_deallocated - freed.bytes_allocated);
    println!(
        "{name:<44}{:>10}{:>9.1}{:>9.1}{:>9.1}{:>11.1}   {:.1} MB in all, {:.2} s",
        memory.count,
        memory.records as f64 / count,
        memory.details as f64 / count,
        memory.packets as f64 / count,
        freed as f64 / count,
        freed as f64 / 1e6,
        took.as_secs_f64()
    );
}
