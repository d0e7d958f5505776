//! `--export`: the trace of real clients.

use std::io::{Read, Write};
use std::process::Command;

use mqtt_playground::broker::{BrokerEvent, EndCause};
use mqtt_playground::export::Format;
use mqtt_playground::link::{CloseReason, Side};
use mqtt_playground::trace::{Event, NodeId, Trace};
use serde_json::Value;

use crate::support::{Listening, Program, connect_packet, dial, is_there, publish_packet, read_packet, subscribe_packet};

/// CONNECT of 3.1.1 with user name and password.
const WITH_PASSWORD: &[u8] = b"\x10\x22\0\x04MQTT\x04\xC2\0\0\0\x04desk\0\x04anna\0\x0Aopensesame";

/// Two clients in two versions, one of which comes back; one without a name of its own; and one who never says who it is.
fn meet(address: std::net::SocketAddr) {
    let mut desk = dial(address);
    desk.write_all(WITH_PASSWORD).unwrap();
    read_packet(&mut desk);
    desk.write_all(b"\x82\x08\0\x01\0\x03a/b\x01").unwrap();
    read_packet(&mut desk);
    for _ in 0..2 {
        let mut sensor = dial(address);
        sensor.write_all(&[connect_packet("센서"), publish_packet("a/b", &[b'x'; 5_000]), b"\xE0\0".to_vec()].concat()).unwrap();
        sensor.read_to_end(&mut Vec::new()).unwrap();
        let mut head = [0; 3];
        desk.read_exact(&mut head).unwrap();
        assert_eq!(head[0], 0x30);
        let rest = (usize::from(head[2]) << 7) + usize::from(head[1] & 0x7F);
        desk.read_exact(&mut vec![0; rest]).unwrap();
    }
    let mut unnamed = dial(address);
    unnamed.write_all(&connect_packet("")).unwrap();
    unnamed.read_exact(&mut [0; 4]).unwrap();
    drop(dial(address));
    desk.write_all(b"\xE0\0").unwrap();
    desk.read_to_end(&mut Vec::new()).unwrap();
}

fn node(trace: &Trace, name: &str) -> NodeId {
    let place = trace.nodes().iter().position(|node| node.name == name).unwrap_or_else(|| panic!("{name}: {:?}", trace.nodes()));
    NodeId(u32::try_from(place).unwrap())
}

#[test]
fn the_trace_names_clients_by_their_identifier_and_keeps_no_secret() {
    let broker = Listening::start();
    meet(broker.tcp);
    let mut garbage = broker.connect();
    garbage.write_all(b"\x10\xFF\xFF\xFF\xFFopensesame").unwrap();
    let _ = garbage.read_to_end(&mut Vec::new());
    broker.until_event("the end of who never said its name", |event| {
        matches!(event, BrokerEvent::ConnectionEnded { client_id: None, cause: EndCause::NetworkClosed, .. }).then_some(())
    });
    let trace = broker.stop();
    let sensor = node(&trace, "센서");
    let opened = |of| {
        trace.records().iter().filter(|record| matches!(&record.event, Event::ConnectionOpening { client, .. } if *client == of)).count()
    };
    assert_eq!(opened(sensor), 2, "one participant, two connections");
    assert_eq!(opened(node(&trace, "desk")), 1);
    assert!(trace.nodes().iter().any(|node| node.name.starts_with("mqtt://127.0.0.1:")), "who never said its name: {:?}", trace.nodes());
    let observed = |record: &&mqtt_playground::trace::Record| matches!(&record.event, Event::PacketObserved { from: Side::Client, .. });
    assert!(trace.records().iter().filter(observed).count() >= 9);
    assert!(
        trace.records().iter().any(|record| matches!(&record.event, Event::PacketMalformed(malformed) if malformed.to == Side::Broker))
    );
    let closed =
        |wanted| trace.records().iter().any(|record| matches!(&record.event, Event::TransportClosed { reason, .. } if *reason == wanted));
    assert!(closed(CloseReason::ClosedHere) && closed(CloseReason::ClosedByPeer));
    for format in Format::ALL {
        let file = format.write(&trace);
        for secret in ["opensesame", &b"opensesame".map(|byte| format!("{byte:02x}")).concat()] {
            assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()), "{format:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn wireshark_reads_the_capture_of_real_clients_without_a_malformed_packet() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["pcapng", "json"].map(|ending| folder.path().join(format!("trace.{ending}")).display().to_string());
    let broker = Program::broker(&["--tcp", "127.0.0.1:0", "--export", &files[0], "--export", &files[1]]);
    meet(broker.address("mqtt"));
    broker.signal("TERM");
    for file in &files {
        assert!(broker.line("wrote ").contains(file.as_str()));
    }
    assert!(broker.wait());
    let json: Value = serde_json::from_slice(&std::fs::read(&files[1]).unwrap()).unwrap();
    let packets = json["mqtt_packets_on_the_wire"].as_u64().unwrap();
    assert!(packets > 15, "{packets}");

    let found = Command::new("tshark").arg("--version").output().is_ok();
    if !is_there(found, "tshark: apt-get install tshark") {
        return;
    }
    let tshark = |filter: &str| {
        let output = Command::new("tshark").args(["-r", &files[0], "-Y", filter]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().count() as u64
    };
    assert_eq!(tshark("_ws.malformed || tcp.analysis.flags"), 0);
    assert_eq!(tshark("mqtt"), packets);
}

#[test]
fn subscriptions_and_messages_of_clients_are_in_the_trace() {
    let broker = Listening::start();
    let mut client = broker.connect();
    client.write_all(&[connect_packet("a"), subscribe_packet("t", 0), publish_packet("t", b"1")].concat()).unwrap();
    for kind in [0x20, 0x90, 0x30] {
        assert_eq!(read_packet(&mut client)[0], kind);
    }
    let json: Value = serde_json::from_slice(&Format::Json.write(&broker.stop())).unwrap();
    let events: Vec<&str> = json["records"].as_array().unwrap().iter().filter_map(|record| record["event"].as_str()).collect();
    for wanted in
        ["broker_client_connected", "broker_subscribed", "broker_message_accepted", "broker_message_routed", "broker_connection_ended"]
    {
        assert!(events.contains(&wanted), "{wanted} of {events:?}");
    }
}
