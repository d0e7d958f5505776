//! Whole simulations, native: time per event and per record by number of clients; one hour of 100 clients. See `src/runs.rs` for what is simulated.
//!
//! `cargo run --release --bin world [clients]`

use mqtt_playground::trace::{Event, Record};
use mqtt_playground_benches::race::processor_time;
use mqtt_playground_benches::runs::Run;

const EVENTS: u64 = 300_000;
const ROUNDS: usize = 5;

fn main() {
    let only: Option<u32> = std::env::args().nth(1).and_then(|one| one.parse().ok());
    println!("bytes: record {}, event {}", size_of::<Record>(), size_of::<Event>());
    println!("{:>8} {:>6} {:>12} {:>12} {:>14}", "clients", "trace", "events/s", "records/s", "records/event");
    for clients in [1, 10, 100, 1_000, 10_000] {
        if only.is_some_and(|only| only != clients) {
            continue;
        }
        for keeps in [true, false] {
            let mut run = Run::new(clients, keeps);
            let mut times = Vec::new();
            let mut records = 0;
            for _ in 0..ROUNDS {
                let start = processor_time();
                records = run.run(EVENTS);
                times.push((processor_time() - start).as_secs_f64());
            }
            times.sort_by(f64::total_cmp);
            let (time, word) = (times[ROUNDS / 2], if keeps { "kept" } else { "none" });
            let ratio = records as f64 / EVENTS as f64;
            println!("{clients:>8} {word:>6} {:>12.0} {:>12.0} {ratio:>14.2}", EVENTS as f64 / time, records as f64 / time);
        }
    }
    if only.is_some() {
        return;
    }
    let mut run = Run::new(100, true);
    let (start, end) = (processor_time(), run.now() + mqtt_playground::time::Duration::from_secs(3_600));
    while run.now() < end {
        run.run(10_000);
    }
    println!("1 h, 100 clients at 1 msg/s: {:.2} s", (processor_time() - start).as_secs_f64());
}
