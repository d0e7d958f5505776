//! How long it takes to find the subscriptions that match a topic, at 10,000, 100,000 and 1,000,000 subscriptions with 10 % wildcards.

use mqtt_playground_benches::race::{Contestant, race};
use mqtt_playground_benches::topics::{Installation, indexes};

fn main() {
    for (count, topics, rounds) in [(10_000, 20_000, 21), (100_000, 50_000, 15), (1_000_000, 100_000, 9)] {
        let installation = Installation::new(count, topics);
        let mut indexes = indexes();
        let mut matches = Vec::new();
        for (_, index) in &mut indexes {
            for (filter, session) in &installation.filters {
                index.insert(filter, *session);
            }
            index.prepare(&installation.topics);
            matches.push(index.match_all());
        }
        println!("{count} subscriptions: {:.2} matches a topic", matches[0] as f64 / topics as f64);
        assert!(matches.iter().all(|one| *one == matches[0]), "all find the same: {matches:?}");
        let contestants = indexes.iter_mut().map(|(name, index)| {
            Contestant::new(name, move || {
                std::hint::black_box(index.match_all());
            })
        });
        race(&format!("match at {count} subscriptions"), "topic", topics, rounds, contestants.collect());
    }
}
