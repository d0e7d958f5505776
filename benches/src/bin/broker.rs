//! The broker's way from bytes to bytes, native and without peers: for profilers. `node/broker.mjs` compares it with others, in wasm.
//!
//! `cargo run --release --bin broker [scenario] [events]`

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use mqtt_playground_benches::host::{Events, Host};

const TOPIC: &[u8] = b"sensors/room1/temperature";
const PAYLOAD: &[u8] = &[b'x'; 32];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let events = if arguments.iter().any(|one| one == "events") { Events::On } else { Events::Off };
    for (name, publishers, subscribers, qos, window, count) in [
        ("one-to-one-0", 1, 1, 0, 100, 2_000_000),
        ("fan-out-0", 1, 1000, 0, 10, 10_000),
        ("fan-in-1", 100, 1, 1, 1, 1_000_000),
        ("one-to-one-2", 1, 1, 2, 10, 500_000),
    ] {
        if arguments.first().is_some_and(|only| only != name && only != "events") {
            continue;
        }
        let mut scenario = Scenario::new(events, publishers, subscribers, qos, window);
        let start = Instant::now();
        while scenario.published < count {
            scenario.round();
        }
        let deliveries = scenario.published * subscribers;
        println!("{name:<14}{:>10.0} ns/delivery", start.elapsed().as_nanos() as f64 / deliveries as f64);
    }
}

struct Scenario {
    host: Host,
    publishers: Vec<u32>,
    chunk: Bytes,
    published: usize,
    window: usize,
    inputs: VecDeque<(u32, Bytes)>,
}

impl Scenario {
    fn new(events: Events, publishers: usize, subscribers: usize, qos: u8, window: usize) -> Self {
        let mut host = Host::new(events);
        let mut connect = |name: String| {
            let connection = host.open();
            host.receive(connection, packet(0x10, &[b"\0\x04MQTT\x04\x02\0\0\0", &[name.len() as u8], name.as_bytes()]));
            host.taken();
            connection
        };
        let subscriber_connections: Vec<u32> = (0..subscribers).map(|number| connect(format!("sub{number}"))).collect();
        let publisher_connections = (0..publishers).map(|number| connect(format!("pub{number}"))).collect();
        for connection in subscriber_connections {
            host.receive(connection, packet(0x82, &[&[0, 1, 0, TOPIC.len() as u8], TOPIC, &[qos]]));
            host.taken();
        }
        let mut chunk = Vec::new();
        for id in 1..=window {
            let id: &[u8] = if qos == 0 { &[] } else { &[0, id as u8] };
            chunk.extend_from_slice(&packet(0x30 | qos << 1, &[&[0, TOPIC.len() as u8], TOPIC, id, PAYLOAD]));
        }
        Self { host, publishers: publisher_connections, chunk: chunk.into(), published: 0, window, inputs: VecDeque::new() }
    }

    fn round(&mut self) {
        for publisher in &self.publishers {
            self.inputs.push_back((*publisher, self.chunk.clone()));
            self.published += self.window;
        }
        while let Some((connection, bytes)) = self.inputs.pop_front() {
            self.host.receive(connection, bytes);
            for number in self.host.waiting() {
                let answer = answers(self.host.outgoing(*number));
                if !answer.is_empty() {
                    self.inputs.push_back((*number, answer.into()));
                }
            }
            self.host.taken();
        }
    }
}

/// What a client says to these packets.
fn answers(mut bytes: &[u8]) -> Vec<u8> {
    let mut answers = Vec::new();
    while let [first, length, rest @ ..] = bytes {
        let (body, after) = rest.split_at(usize::from(*length));
        match first {
            0x32 => answers.extend_from_slice(&[0x40, 2, body[2 + TOPIC.len()], body[3 + TOPIC.len()]]),
            0x34 => answers.extend_from_slice(&[0x50, 2, body[2 + TOPIC.len()], body[3 + TOPIC.len()]]),
            0x50 => answers.extend_from_slice(&[0x62, 2, body[0], body[1]]),
            0x62 => answers.extend_from_slice(&[0x70, 2, body[0], body[1]]),
            _ => {}
        }
        bytes = after;
    }
    answers
}

fn packet(first: u8, parts: &[&[u8]]) -> Bytes {
    let body = parts.concat();
    [&[first, u8::try_from(body.len()).unwrap()], body.as_slice()].concat().into()
}
