//! MQTT over WebSocket, frame by frame: a client written here, so that its frames can be cut and spoilt as no library would.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use mqtt_playground::broker::{BrokerConfig, BrokerEvent, EndCause};
use mqtt_playground::native::{Admission, ServerConfig};

use crate::slow::{BOUND, bounded, is_dropped_for};
use crate::support::{Heard, Listening, connect_packet, dial, publish_packet, subscribe_packet};

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const FINAL: u8 = 0x80;

/// The key and its answer from RFC 6455 §1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The head of the answer to a handshake with these lines besides the usual ones.
fn shake_hands(address: SocketAddr, path: &str, lines: &[&str]) -> (TcpStream, String) {
    let mut stream = dial(address);
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{lines}\r\n"
    )
    .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            break;
        }
        head.extend_from_slice(&byte);
    }
    (stream, String::from_utf8(head).unwrap())
}

fn open(broker: &Listening) -> TcpStream {
    let host = format!("Host: {}", broker.ws);
    let (stream, head) = shake_hands(broker.ws, "/mqtt", &[&host, "Sec-WebSocket-Protocol: mqtt"]);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xFFFF => {
            frame.push(0xFE);
            frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0xFF);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// One frame from the broker: never masked, never fragmented.
fn read_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[0] & 0xF0, FINAL);
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).unwrap();
    (head[0] & 0x0F, payload)
}

/// The packet in the next frame, which has to be binary [MQTT-6.0.0-1].
fn read_packet(stream: &mut TcpStream) -> Vec<u8> {
    let (opcode, payload) = read_frame(stream);
    assert_eq!(opcode, BINARY, "{payload:02X?}");
    payload
}

/// The status code of the Close frame that has to come, and that the connection ends after it.
fn read_close(stream: &mut TcpStream) -> u16 {
    let (opcode, payload) = read_frame(stream);
    assert_eq!(opcode, CLOSE, "{payload:02X?}");
    stream.write_all(&frame(FINAL | CLOSE, &payload)).unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0, "the connection ends");
    u16::from_be_bytes([payload[0], payload[1]])
}

#[test]
fn the_subprotocol_is_answered_mqtt_6_0_0_4() {
    let broker = Listening::start();
    let host = format!("Host: {}", broker.ws);
    let (_stream, head) = shake_hands(broker.ws, "/", &[&host, "Sec-WebSocket-Protocol: chat, mqtt"]);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("sec-websocket-protocol: mqtt\r\n"), "{head}");
    assert!(head.contains(&format!("sec-websocket-accept: {}\r\n", ACCEPT.to_ascii_lowercase())), "{head}");
}

#[test]
fn a_client_without_the_subprotocol_is_refused_mqtt_6_0_0_3() {
    let broker = Listening::start();
    let host = format!("Host: {}", broker.ws);
    for lines in [vec![host.as_str()], vec![&host, "Sec-WebSocket-Protocol: mqttv3.1"]] {
        let (_stream, head) = shake_hands(broker.ws, "/mqtt", &lines);
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    }
}

#[test]
fn foreign_pages_and_foreign_names_are_refused_unless_they_are_named() {
    let config = || ServerConfig {
        admission: Admission { origins: vec!["https://course.example".to_owned()], hosts: vec!["lab.example".to_owned()] },
        ..ServerConfig::default()
    };
    let broker = Listening::with(config());
    let local = format!("Host: {}", broker.ws);
    let status = |lines: &[&str]| {
        let (_stream, head) = shake_hands(broker.ws, "/mqtt", &[lines, &["Sec-WebSocket-Protocol: mqtt"]].concat());
        head.split(' ').nth(1).unwrap_or("none").to_owned()
    };
    for origin in ["Origin: http://localhost:8080", "Origin: https://127.0.0.1", "Origin: https://course.example"] {
        assert_eq!(status(&[&local, origin]), "101", "{origin}");
    }
    for origin in ["Origin: https://example.org", "Origin: null", "Origin: http://localhost.example.org"] {
        assert_eq!(status(&[&local, origin]), "403", "{origin}");
        let reason = broker.until("a report", |heard| match heard {
            Heard::HandshakeFailed(reason) => Some(reason.clone()),
            Heard::Broker(_) => None,
        });
        assert!(reason.contains("--allow-origin"), "{reason}");
    }
    assert_eq!(status(&["Host: lab.example"]), "101");
    for host in ["Host: rebound.example", "Host: 192.0.2.1"] {
        assert_eq!(status(&[host]), "403", "{host}");
    }
}

#[test]
fn a_handshake_is_bounded_in_size_and_time() {
    let broker = Listening::with(ServerConfig { handshake_max: std::time::Duration::from_secs(2), ..ServerConfig::default() });
    let host = format!("Host: {}", broker.ws);
    let (_stream, head) = shake_hands(broker.ws, &format!("/{}", "a".repeat(2_000)), &[&host, "Sec-WebSocket-Protocol: mqtt"]);
    assert!(head.starts_with("HTTP/1.1 414 "), "{head}");

    let mut endless = dial(broker.ws);
    let line = format!("X-Long: {}\r\n", "x".repeat(1_000));
    let refused = endless.write_all(b"GET / HTTP/1.1\r\n").and_then(|()| (0..10_000).try_for_each(|_| endless.write_all(line.as_bytes())));
    assert!(refused.is_err(), "10 MB of header were taken");

    let mut silent = dial(broker.ws);
    silent.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    assert_eq!(silent.read(&mut [0; 1]).unwrap_or(0), 0);
    broker.until("the end of the silent one", |heard| {
        matches!(heard, Heard::HandshakeFailed(reason) if reason.starts_with("no WebSocket handshake within")).then_some(())
    });
}

#[test]
fn packets_may_be_cut_across_frames_and_share_them_mqtt_6_0_0_2() {
    let broker = Listening::start();
    let stream = [connect_packet("cut"), subscribe_packet("a/b", 0), publish_packet("a/b", &[b'x'; 300]), b"\xC0\0".to_vec()].concat();
    for size in [1, 2, 3, 7, 100, stream.len()] {
        let mut client = open(&broker);
        let frames: Vec<u8> = stream.chunks(size).flat_map(|piece| frame(FINAL | BINARY, piece)).collect();
        client.write_all(&frames).unwrap();
        for kind in [0x20, 0x90, 0x30, 0xD0] {
            assert_eq!(read_packet(&mut client)[0], kind, "pieces of {size} bytes");
        }
    }
    // One message in fragments, with a Ping between them.
    let mut client = open(&broker);
    let (head, tail) = stream.split_at(5);
    client.write_all(&[frame(BINARY, head), frame(FINAL | PING, b"?"), frame(FINAL | CONTINUATION, tail)].concat()).unwrap();
    assert_eq!(read_frame(&mut client), (PONG, b"?".to_vec()));
    assert_eq!(read_packet(&mut client)[0], 0x20);
}

#[test]
fn a_text_frame_closes_the_connection_mqtt_6_0_0_1() {
    let broker = Listening::start();
    let mut client = open(&broker);
    client.write_all(&frame(FINAL | BINARY, &connect_packet("talker"))).unwrap();
    read_packet(&mut client);
    client.write_all(&frame(FINAL | TEXT, b"hello")).unwrap();
    assert_eq!(read_close(&mut client), 1003);
    broker.until_event("its end", |event| {
        matches!(event, BrokerEvent::ConnectionEnded { client_id: Some(_), cause: EndCause::NetworkClosed, .. }).then_some(())
    });
}

#[test]
fn spoilt_and_oversized_frames_close_the_connection_with_their_code() {
    let config = BrokerConfig { maximum_packet_size: 1_000, ..BrokerConfig::default() };
    let broker = Listening::with(ServerConfig { broker: config, ..ServerConfig::default() });
    let unmasked = vec![FINAL | BINARY, 2, 0xC0, 0];
    // It announces more than a message may have; nothing of it has to come.
    let announced = [&[FINAL | BINARY, 0xFF][..], &(64_u64 << 20).to_be_bytes(), &[0; 4]].concat();
    for (bytes, code) in [(unmasked, 1002), (frame(FINAL | 0x3, b""), 1002), (announced, 1009), (frame(FINAL | TEXT, b"\xFF"), 1007)] {
        let mut client = open(&broker);
        client.write_all(&bytes).unwrap();
        assert_eq!(read_close(&mut client), code, "{bytes:02X?}");
    }
}

#[test]
fn a_close_frame_is_answered_and_the_will_is_published() {
    let broker = Listening::start();
    let mut client = open(&broker);
    let with_will = b"\x10\x19\0\x04MQTT\x05\x06\0\0\0\0\x01w\0\0\x04gone\0\x02ok";
    client.write_all(&frame(FINAL | BINARY, with_will)).unwrap();
    read_packet(&mut client);
    client.write_all(&frame(FINAL | CLOSE, &1000_u16.to_be_bytes())).unwrap();
    assert_eq!(read_frame(&mut client), (CLOSE, 1000_u16.to_be_bytes().to_vec()));
    broker.until_event("the will", |event| matches!(event, BrokerEvent::WillPublished { .. }).then_some(()));
}

#[test]
fn a_broker_that_stops_says_goodbye_in_mqtt_and_in_websocket() {
    let broker = Listening::start();
    let mut client = open(&broker);
    client.write_all(&frame(FINAL | BINARY, &connect_packet("a"))).unwrap();
    read_packet(&mut client);
    let stopping = std::thread::spawn(move || drop(broker));
    assert_eq!(read_packet(&mut client), [0xE0, 1, 0x8B]);
    assert_eq!(read_close(&mut client), 1001);
    stopping.join().unwrap();
}

#[test]
fn a_reader_that_never_reads_costs_a_bounded_number_of_bytes() {
    let broker = bounded();
    let mut deaf = open(&broker);
    deaf.write_all(&frame(FINAL | BINARY, &[connect_packet("deaf"), subscribe_packet("flood", 0)].concat())).unwrap();
    broker.until_subscribed();
    let mut publisher = broker.connect();
    publisher.write_all(&connect_packet("publisher")).unwrap();
    let message = publish_packet("flood", &[b'x'; 10_000]);
    let is_dropping = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_dropping.load(Ordering::Relaxed) {
                publisher.write_all(&message).unwrap();
            }
        });
        broker.until_event("a message dropped for the deaf client", |event| is_dropped_for(event, "deaf").then_some(()));
        is_dropping.store(true, Ordering::Relaxed);
    });
    let peak = broker.gauge.queued_bytes_peak();
    assert!((BOUND / 2..BOUND + 2 * message.len()).contains(&peak), "{peak} bytes waited at most, {BOUND} are allowed");
}
