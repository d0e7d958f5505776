//! What several test programs share: a broker in this process, and one as a process of its own.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use mqtt_playground::broker::BrokerEvent;
use mqtt_playground::native::{Gauge, Happening, Recording, Server, ServerConfig, Transport};
use mqtt_playground::trace::Trace;

/// How long any single step may take before the test fails; generous, since machines are slow at times.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Whether something that a test needs is there. On CI it has to be; elsewhere the test says that it was skipped.
pub(crate) fn is_there(found: bool, remedy: &str) -> bool {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(found || !ci, "missing: {remedy}");
    if !found {
        println!("skipped: {remedy}");
    }
    found
}

/// What the broker of this process did, as far as tests look at it.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Broker(BrokerEvent),
    HandshakeFailed(String),
}

/// A broker on free ports of this process, with its events.
pub(crate) struct Listening {
    pub(crate) tcp: SocketAddr,
    pub(crate) ws: SocketAddr,
    pub(crate) gauge: Arc<Gauge>,
    heard: Receiver<Heard>,
    recording: Arc<Mutex<Recording>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

pub(crate) fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

impl Listening {
    pub(crate) fn start() -> Self {
        Self::with(ServerConfig::default())
    }

    pub(crate) fn with(config: ServerConfig) -> Self {
        let (sender, heard) = channel();
        let (bound, bounds) = channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let recording = Arc::new(Mutex::new(Recording::default()));
        let kept = Arc::clone(&recording);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind(ServerConfig { tcp: vec![loopback()], websocket: vec![loopback()], ..config }).unwrap();
                let addresses: Vec<_> = server.addresses().collect();
                assert!(matches!(addresses[..], [(Transport::Tcp, _), (Transport::WebSocket, _)]));
                bound.send((addresses[0].1, addresses[1].1, server.gauge())).unwrap();
                let stop = async {
                    let _ = stopped.await;
                };
                server.run(stop, |at, happening| hear(&sender, &kept, at, happening)).await;
            });
        });
        let (tcp, ws, gauge) = bounds.recv_timeout(PATIENCE).unwrap();
        Self { tcp, ws, gauge, heard, recording, stop: Some(stop), thread: Some(thread) }
    }

    /// The first thing that is wanted, of those that happen from here on.
    pub(crate) fn until<T>(&self, what: &str, mut wanted: impl FnMut(&Heard) -> Option<T>) -> T {
        loop {
            let heard = self.heard.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("never happened: {what}"));
            if let Some(found) = wanted(&heard) {
                return found;
            }
        }
    }

    pub(crate) fn until_event<T>(&self, what: &str, mut wanted: impl FnMut(&BrokerEvent) -> Option<T>) -> T {
        self.until(what, |heard| match heard {
            Heard::Broker(event) => wanted(event),
            Heard::HandshakeFailed(_) => None,
        })
    }

    pub(crate) fn until_subscribed(&self) {
        self.until_event("a subscription", |event| matches!(event, BrokerEvent::Subscribed { .. }).then_some(()));
    }

    pub(crate) fn connect(&self) -> TcpStream {
        dial(self.tcp)
    }

    /// Ends the broker and gives its trace.
    pub(crate) fn stop(mut self) -> Trace {
        self.end();
        self.recording.lock().unwrap().trace().clone()
    }

    fn end(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.end();
    }
}

fn hear(sender: &Sender<Heard>, recording: &Mutex<Recording>, at: mqtt_playground::time::Instant, happening: &Happening<'_>) {
    recording.lock().unwrap().take(at, happening);
    let heard = match happening {
        // Payloads of a flood would fill the memory that a test wants to measure.
        Happening::Broker(BrokerEvent::PacketReceived { .. } | BrokerEvent::MessageAccepted { .. }) => return,
        Happening::Broker(event) => Heard::Broker((*event).clone()),
        Happening::HandshakeFailed { reason, .. } => Heard::HandshakeFailed((*reason).to_owned()),
        _ => return,
    };
    let _ = sender.send(heard);
}

/// A connection whose reads give up rather than hang.
pub(crate) fn dial(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// CONNECT of 5.0 with Clean Start and no Keep Alive.
pub(crate) fn connect_packet(client_id: &str) -> Vec<u8> {
    let mut packet = vec![0x10, u8::try_from(13 + client_id.len()).unwrap()];
    packet.extend_from_slice(b"\0\x04MQTT\x05\x02\0\0\0");
    packet.extend_from_slice(&text(client_id));
    packet
}

/// SUBSCRIBE of 5.0 with Packet Identifier 1.
pub(crate) fn subscribe_packet(filter: &str, qos: u8) -> Vec<u8> {
    let mut packet = vec![0x82, u8::try_from(6 + filter.len()).unwrap(), 0, 1, 0];
    packet.extend_from_slice(&text(filter));
    packet.push(qos);
    packet
}

/// PUBLISH of 5.0 at QoS 0.
pub(crate) fn publish_packet(topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x30];
    let mut rest = 3 + topic.len() + payload.len();
    while rest >= 0x80 {
        packet.push(u8::try_from(rest & 0x7F).unwrap() | 0x80);
        rest >>= 7;
    }
    packet.push(u8::try_from(rest).unwrap());
    packet.extend_from_slice(&text(topic));
    packet.push(0);
    packet.extend_from_slice(payload);
    packet
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// One packet with Remaining Length below 128.
pub(crate) fn read_packet(stream: &mut impl Read) -> Vec<u8> {
    let mut packet = vec![0; 2];
    stream.read_exact(&mut packet).unwrap();
    assert!(packet[1] < 0x80, "a short packet: {packet:02X?}");
    packet.resize(2 + usize::from(packet[1]), 0);
    stream.read_exact(&mut packet[2..]).unwrap();
    packet
}

/// A program that writes lines, read without waiting longer than a step may take.
pub(crate) struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// What it wrote to standard error, for failures.
    complaints: Arc<Mutex<String>>,
    complained: Arc<Condvar>,
}

impl Program {
    pub(crate) fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} could not be started: {error}"));
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let complaints = Arc::new(Mutex::new(String::new()));
        let complained = Arc::new(Condvar::new());
        let (stderr, kept, told) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&complaints), Arc::clone(&complained));
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
                told.notify_all();
            }
        });
        let stdin = child.stdin.take();
        Self { name: name.to_owned(), child, stdin, lines, complaints, complained }
    }

    /// The broker as users start it.
    pub(crate) fn broker(args: &[&str]) -> Self {
        Self::start("mqtt-playground broker", Command::new(env!("CARGO_BIN_EXE_mqtt-playground")).arg("broker").args(args))
    }

    /// The address in the next `listening on` line.
    pub(crate) fn address(&self, scheme: &str) -> SocketAddr {
        let prefix = format!("listening on {scheme}://");
        self.line(&prefix).strip_prefix(&prefix).unwrap().parse().unwrap()
    }

    /// The next line that begins so; others are passed over.
    pub(crate) fn line(&self, prefix: &str) -> String {
        self.find(prefix, |line| line.starts_with(prefix))
    }

    /// The next line that has these words.
    pub(crate) fn line_with(&self, words: &str) -> String {
        self.find(words, |line| line.contains(words))
    }

    fn find(&self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if is_wanted(&line) => return line,
                Ok(_) => {}
                Err(_) => panic!("{}: no line {what:?}; it complained: {}", self.name, self.complaints.lock().unwrap()),
            }
        }
    }

    pub(crate) fn write_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        if let Err(error) = writeln!(stdin, "{line}").and_then(|()| stdin.flush()) {
            panic!("{}: {error}; it complained: {}", self.name, self.complaints.lock().unwrap());
        }
    }

    pub(crate) fn complaints(&self) -> String {
        self.complaints.lock().unwrap().clone()
    }

    /// Waits until it has complained so.
    pub(crate) fn complaint(&self, words: &str) {
        let (complaints, told) = (&self.complaints, &self.complained);
        let kept = complaints.lock().unwrap();
        let (kept, waited) = told.wait_timeout_while(kept, PATIENCE, |kept| !kept.contains(words)).unwrap();
        assert!(!waited.timed_out(), "{}: no complaint {words:?}: {kept}", self.name);
    }

    /// `kill -9`: the program can do nothing about it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end and gives whether it succeeded.
    pub(crate) fn wait(mut self) -> bool {
        drop(self.stdin.take());
        // All its lines have come when it has closed its output.
        while self.lines.recv_timeout(PATIENCE).is_ok() {}
        self.child.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
