//! Thousands of connections, and more than the system allows.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use mqtt_playground::native::raise_open_files;

use crate::support::{Program, connect_packet, dial, publish_packet, read_packet, subscribe_packet};

const MANY: usize = 2_000;
#[test]
fn two_thousand_clients_are_served_at_once() {
    let files = raise_open_files().unwrap_or(u64::MAX);
    assert!(files > MANY as u64 + 64, "{files} open files are allowed: `ulimit -n 4096` before this test allows enough");
    let broker = Program::broker(&["--tcp", "127.0.0.1:0"]);
    let address = broker.address("mqtt");
    let mut clients: Vec<TcpStream> = (0..MANY)
        .map(|number| {
            let mut client = dial(address);
            client.write_all(&[connect_packet(&format!("client-{number}")), subscribe_packet("all", 0)].concat()).unwrap();
            client
        })
        .collect();
    for client in &mut clients {
        assert_eq!(read_packet(client)[0], 0x20);
        assert_eq!(read_packet(client)[0], 0x90);
    }
    let mut publisher = dial(address);
    publisher.write_all(&[connect_packet("publisher"), publish_packet("all", b"hello")].concat()).unwrap();
    for client in &mut clients {
        assert!(read_packet(client).ends_with(b"hello"));
    }
}

/// The system gives the broker so few files that not all can be accepted: those who wait are served when others go.
#[cfg(unix)]
#[test]
fn a_broker_without_a_free_file_goes_on_when_one_is_free() {
    let script = format!("ulimit -n 40 && exec {} broker --tcp 127.0.0.1:0", env!("CARGO_BIN_EXE_mqtt-playground"));
    let broker = Program::start("broker with few files", Command::new("sh").args(["-c", &script]));
    let address = broker.address("mqtt");
    let mut clients: Vec<TcpStream> = (0..60)
        .map(|number| {
            let mut client = dial(address);
            client.write_all(&connect_packet(&format!("client-{number}"))).unwrap();
            client
        })
        .collect();
    // As many as there are files for are served; the last one is not.
    assert_eq!(read_packet(&mut clients[0])[0], 0x20);
    let last = clients.last_mut().unwrap();
    last.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(last.read(&mut [0; 1]).is_err(), "served although there is no file for it");
    // The first half goes: the last client's turn comes.
    let mut last = clients.pop().unwrap();
    clients.drain(..40);
    last.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    assert_eq!(read_packet(&mut last)[0], 0x20);
    let complaints = broker.complaints();
    assert!(complaints.contains("open files") && complaints.contains("ulimit -n"), "{complaints}");
    assert!(complaints.contains("no more connections for now"), "{complaints}");
}

/// Each connection takes the one before over; all are told, and the last one stays.
#[test]
fn a_storm_of_connections_with_one_identifier_leaves_one() {
    let broker = Program::broker(&["--tcp", "127.0.0.1:0", "--ws", "127.0.0.1:0"]);
    let address = broker.address("mqtt");
    let mut storm: Vec<TcpStream> = (0..300)
        .map(|_| {
            let mut client = dial(address);
            client.write_all(&connect_packet("same")).unwrap();
            assert_eq!(read_packet(&mut client)[0], 0x20);
            client
        })
        .collect();
    let mut last = storm.pop().unwrap();
    for mut client in storm {
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [0xE0, 1, 0x8E], "DISCONNECT with Session taken over");
    }
    last.write_all(b"\xC0\0").unwrap();
    assert_eq!(read_packet(&mut last), [0xD0, 0]);
}
