//! Bytes that are in use, as asked of the allocator: for each subscription of a topic tree, and for each idle client with its session on the broker.

use std::alloc::System;

use bytes::Bytes;
use mqtt_playground::broker::{self, Broker, BrokerConfig};
use mqtt_playground::client::{self, Client, ClientConfig};
use mqtt_playground::packet::{QoS, Subscription, SubscriptionOptions, TopicFilter};
use mqtt_playground::rng::Seed;
use mqtt_playground::session::{ConnectionId, Transmit};
use mqtt_playground::time::Instant;
use mqtt_playground_benches::topics::{Installation, indexes};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    for count in [10_000, 100_000, 1_000_000] {
        let installation = Installation::new(count, 0);
        for (name, mut index) in indexes() {
            let (_, bytes) = measured(|| installation.filters.iter().for_each(|(filter, session)| index.insert(filter, *session)));
            println!("{count:>8} subscriptions, {name:<26}{:>8.0} bytes each", bytes / count as f64);
        }
    }
    for version in [mqtt_playground::packet::ProtocolVersion::V311, mqtt_playground::packet::ProtocolVersion::V5] {
        idle_clients(version);
    }
    println!("sizes: Output {} B, BrokerEvent {} B", size_of::<broker::Output>(), size_of::<broker::BrokerEvent>());
}

/// 10,000 connected clients with one subscription each, nothing in flight.
fn idle_clients(version: mqtt_playground::packet::ProtocolVersion) {
    const COUNT: u64 = 10_000;
    let now = Instant::from_secs(1);
    let config = BrokerConfig { max_connections: 20_000, max_sessions: 20_000, ..BrokerConfig::default() };
    let mut broker = Broker::new(config, Seed(1).stream("bench", "broker"));
    let (clients, both) = measured(|| {
        let mut clients: Vec<Client> = Vec::with_capacity(COUNT as usize);
        for number in 0..COUNT {
            let filter = TopicFilter::new(format!("site/{}/device{number}/set", number / 100)).unwrap();
            let subscription =
                Subscription { filter, options: SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() } };
            let config = ClientConfig { version, subscriptions: vec![subscription.into()], ..ClientConfig::new(format!("device{number}")) };
            let mut client = Client::new(config, Seed(number).stream("bench", "client"));
            client.handle_connect(now).unwrap();
            let connection = ConnectionId(u32::try_from(number).unwrap() + 1);
            while let Some(progress) = exchange(&mut client, &mut broker, connection, now) {
                assert!(progress < 10_000, "it comes to rest");
            }
            clients.push(client);
        }
        clients
    });
    assert!(broker.sessions().all(|session| session.connection.is_some() && session.subscriptions.len() == 1));
    assert_eq!(broker.session_count() as u64, COUNT);
    // What goes when the clients go is theirs.
    let (_, rest) = measured(|| drop(clients));
    println!("{COUNT} idle clients, {version:?}: {:.0} bytes each, of which the client {:.0}", both / COUNT as f64, -rest / COUNT as f64);
}

/// Hands over what both sides have to say; `None` if that is nothing.
fn exchange(client: &mut Client, broker: &mut Broker, connection: ConnectionId, now: Instant) -> Option<usize> {
    let mut progress = None;
    while let Some(output) = client.poll_output() {
        progress = Some(progress.unwrap_or(0) + 1);
        match output {
            client::Output::Transmit(Transmit::Open) => {
                broker.handle_connection_opened(now, connection);
                client.handle_transport_opened(now);
            }
            // Each packet in bytes of its own, as from a network.
            client::Output::Transmit(Transmit::Packet { bytes, .. }) => {
                broker.handle_bytes(now, connection, Bytes::copy_from_slice(&bytes))
            }
            client::Output::Transmit(other) => panic!("{other:?}"),
            client::Output::Event(_) => {}
        }
    }
    while let Some(output) = broker.poll_output() {
        progress = Some(progress.unwrap_or(0) + 1);
        match output {
            broker::Output::Transmit(_, Transmit::Packet { bytes, .. }) => client.handle_bytes(now, Bytes::copy_from_slice(&bytes)),
            broker::Output::Transmit(_, other) => panic!("{other:?}"),
            broker::Output::Event(_) => {}
        }
    }
    progress
}

/// By how much the bytes in use have grown.
fn measured<T>(make: impl FnOnce() -> T) -> (T, f64) {
    let region = Region::new(GLOBAL);
    let made = make();
    let change = region.change();
    let grown = change.bytes_allocated as f64 - change.bytes_deallocated as f64;
    (made, grown)
}
