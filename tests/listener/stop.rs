//! The end of the process.

use std::io::{Read, Write};

use crate::support::{Program, connect_packet, dial, read_packet};

#[test]
fn each_signal_ends_it_in_order_and_tells_the_clients() {
    for signal in ["TERM", "INT"] {
        let broker = Program::broker(&["--tcp", "127.0.0.1:0"]);
        let mut client = dial(broker.address("mqtt"));
        client.write_all(&connect_packet("a")).unwrap();
        read_packet(&mut client);
        broker.signal(signal);
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [0xE0, 1, 0x8B], "DISCONNECT with Server shutting down");
        assert!(broker.wait(), "{signal}");
    }
}

#[test]
fn a_client_that_does_not_read_delays_the_end_only_so_long_and_a_second_signal_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.json");
    let broker = Program::broker(&["--tcp", "127.0.0.1:0", "--export", file.to_str().unwrap()]);
    let mut client = dial(broker.address("mqtt"));
    client.write_all(&connect_packet("a")).unwrap();
    read_packet(&mut client);
    // It neither closes nor reads: the broker waits for it a moment, in which the second signal comes.
    broker.signal("TERM");
    read_packet(&mut client);
    broker.signal("TERM");
    assert!(!broker.wait());
    assert_eq!(std::fs::read(&file).unwrap(), b"", "nothing was exported");
}

#[test]
fn an_address_in_use_and_a_remote_one_are_refused_with_a_remedy() {
    let broker = Program::broker(&["--tcp", "127.0.0.1:0"]);
    let address = broker.address("mqtt").to_string();
    for (args, words) in [
        (["--tcp", &address], "port 0 for a free one"),
        (["--tcp", "0.0.0.0:0"], "--allow-remote"),
        (["--ws", "[::]:0"], "--allow-remote"),
        (["--export", "trace.txt"], "known are .json and .pcapng"),
        (["--export", "/nowhere/trace.json"], "/nowhere/trace.json"),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mqtt-playground")).arg("broker").args(args).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && complaint.contains(words), "{args:?}: {complaint}");
    }
}
