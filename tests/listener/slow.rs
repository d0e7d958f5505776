//! Clients that do not read, and clients that hardly write.

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mqtt_playground::broker::{BrokerConfig, BrokerEvent, DropReason, EndCause, Routing};
use mqtt_playground::native::ServerConfig;

use crate::support::{Listening, PATIENCE, connect_packet, publish_packet, read_packet, subscribe_packet};

pub(crate) const BOUND: usize = 256 << 10;

pub(crate) fn bounded() -> Listening {
    Listening::with(ServerConfig {
        broker: BrokerConfig { max_unwritten_bytes: BOUND, ..BrokerConfig::default() },
        ..ServerConfig::default()
    })
}

pub(crate) fn is_dropped_for(event: &BrokerEvent, client: &str) -> bool {
    matches!(event, BrokerEvent::MessageRouted { client_id, routing: Routing::Dropped(DropReason::SlowReader), .. } if client_id.as_str() == client)
}

#[test]
fn a_reader_that_never_reads_costs_a_bounded_number_of_bytes_while_others_are_served() {
    let broker = bounded();
    let mut deaf = broker.connect();
    deaf.write_all(&connect_packet("deaf")).unwrap();
    read_packet(&mut deaf);
    deaf.write_all(&subscribe_packet("flood", 0)).unwrap();
    broker.until_subscribed();
    let mut publisher = broker.connect();
    publisher.write_all(&connect_packet("publisher")).unwrap();
    read_packet(&mut publisher);

    // What the system buffers is not bounded by us: publish until the broker says that it drops, and then as much again and more.
    let message = publish_packet("flood", &[b'x'; 10_000]);
    let is_dropping = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_dropping.load(Ordering::Relaxed) {
                publisher.write_all(&message).unwrap();
            }
            for _ in 0..1_000 {
                publisher.write_all(&message).unwrap();
            }
        });
        broker.until_event("a message dropped for the deaf client", |event| is_dropped_for(event, "deaf").then_some(()));
        is_dropping.store(true, Ordering::Relaxed);
    });
    // The publisher is served: what it asks for now is answered, after all that it published was taken in.
    publisher.write_all(b"\xC0\0").unwrap();
    assert_eq!(read_packet(&mut publisher), [0xD0, 0]);
    let peak = broker.gauge.queued_bytes_peak();
    assert!((BOUND / 2..BOUND + 2 * message.len()).contains(&peak), "{peak} bytes waited at most, {BOUND} are allowed");

    // It reads at last, and is served again.
    let mut piece = vec![0; 1 << 20];
    let mut read = 0;
    // The broker counts down after it has written: the last bytes may be read while they still count, and then no more come.
    deaf.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut pauses = 0;
    while broker.gauge.queued_bytes() > 0 {
        match deaf.read(&mut piece) {
            Ok(more) => read += more,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => pauses += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(pauses < 100, "{} bytes wait though their reader reads", broker.gauge.queued_bytes());
    }
    deaf.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(read >= BOUND / 2, "{read}");
    publisher.write_all(&publish_packet("flood", b"last")).unwrap();
    let mut tail = Vec::new();
    while !tail.ends_with(b"last") {
        let more = deaf.read(&mut piece).unwrap();
        tail.extend_from_slice(&piece[..more]);
        tail.drain(..tail.len().saturating_sub(16));
    }
}

#[test]
fn who_does_not_read_answers_is_not_read_from() {
    let broker = Listening::with(ServerConfig {
        broker: BrokerConfig { max_unwritten_bytes: 4_096, ..BrokerConfig::default() },
        ..ServerConfig::default()
    });
    let mut deaf = broker.connect();
    deaf.write_all(&connect_packet("deaf")).unwrap();
    deaf.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    // Pings without end: when its answers fill the sockets, its questions do so too, and the system takes no more.
    let pings = b"\xC0\0".repeat(32_768);
    let mut sent = 0_usize;
    while let Ok(taken) = deaf.write(&pings) {
        sent += taken;
        assert!(sent < 1 << 30, "the broker reads without end");
    }
    let peak = broker.gauge.queued_bytes_peak();
    // A piece of input has at most 16 kB, its answers as much. When one piece makes the backlog long, two may wait for the broker and one for its place.
    assert!(peak <= 4_096 + 4 * 16_384, "{peak} bytes waited");
}

#[test]
fn a_reader_that_takes_nothing_for_long_is_given_up() {
    let broker = Listening::with(ServerConfig {
        broker: BrokerConfig { max_unwritten_bytes: BOUND, ..BrokerConfig::default() },
        stall_max: Duration::from_millis(200),
        ..ServerConfig::default()
    });
    let mut deaf = broker.connect();
    deaf.write_all(&connect_packet("deaf")).unwrap();
    read_packet(&mut deaf);
    deaf.write_all(&subscribe_packet("flood", 0)).unwrap();
    broker.until_subscribed();
    let mut publisher = broker.connect();
    publisher.write_all(&connect_packet("publisher")).unwrap();
    let message = publish_packet("flood", &[b'x'; 100_000]);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                publisher.write_all(&message).unwrap();
            }
        });
        broker.until_event("the end of the deaf client", |event| match event {
            BrokerEvent::ConnectionEnded { client_id: Some(client_id), cause, .. } if client_id.as_str() == "deaf" => {
                assert_eq!(*cause, EndCause::NetworkClosed);
                Some(())
            }
            _ => None,
        });
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_connect_that_drips_meets_its_deadline_and_holds_nobody_up() {
    let connect_timeout = mqtt_playground::time::Duration::from_secs(1);
    let broker =
        Listening::with(ServerConfig { broker: BrokerConfig { connect_timeout, ..BrokerConfig::default() }, ..ServerConfig::default() });
    let mut dripping = broker.connect();
    // A byte, and then one more for each other client that is served, as long as it takes.
    let packet = connect_packet(&"a-long-name".repeat(10));
    let mut served = 0;
    for byte in packet.iter().cycle() {
        if dripping.write_all(&[*byte]).is_err() || broker_closed(&mut dripping) {
            break;
        }
        let mut other = broker.connect();
        other.write_all(&connect_packet("other")).unwrap();
        assert_eq!(read_packet(&mut other)[0], 0x20);
        served += 1;
        assert!(served < packet.len(), "the packet came whole before its deadline: the machine is too fast for this test");
    }
    broker.until_event("the deadline", |event| {
        matches!(event, BrokerEvent::ConnectionEnded { cause: EndCause::ConnectTimeout, .. }).then_some(())
    });
}

/// Whether the peer has closed, found out without waiting long.
fn broker_closed(stream: &mut std::net::TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let ended = matches!(stream.read(&mut [0; 16]), Ok(0));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    ended
}
