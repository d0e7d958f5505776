//! Real clients (Debian's `mosquitto_pub` and `mosquitto_sub`) against the broker's TCP listener, on loopback and free ports.
//!
//! Nothing here waits for a time to pass: each step waits for the broker's event that says it has happened.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test may panic; the exemption for tests does not reach shared functions")]

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use mqtt_playground::broker::{BrokerConfig, BrokerEvent};
use mqtt_playground::native::Server;

/// How long any single step may take before the test fails; generous, since machines are slow at times.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the programs are there. On CI a missing one is a failure; elsewhere the test says that it was skipped.
fn have_mosquitto() -> bool {
    let found = ["mosquitto_pub", "mosquitto_sub"]
        .iter()
        .all(|program| Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok());
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(found || !ci, "mosquitto_pub and mosquitto_sub are missing: apt-get install mosquitto-clients");
    if !found {
        println!("skipped: mosquitto_pub and mosquitto_sub are missing: apt-get install mosquitto-clients");
    }
    found
}

/// A broker on a free port with its events.
struct Listening {
    port: String,
    events: Receiver<BrokerEvent>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listening {
    fn start() -> Self {
        let (event, events) = channel();
        let (port, ports) = channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind("127.0.0.1:0".parse().unwrap(), BrokerConfig::default()).await.unwrap();
                port.send(server.address().unwrap().port().to_string()).unwrap();
                let stop = async {
                    let _ = stopped.await;
                };
                server
                    .run(stop, move |_, happened| {
                        let _ = event.send(happened.clone());
                    })
                    .await;
            });
        });
        Self { port: ports.recv().unwrap(), events, stop: Some(stop), thread: Some(thread) }
    }

    fn until<T>(&self, what: &str, mut wanted: impl FnMut(&BrokerEvent) -> Option<T>) -> T {
        loop {
            let event = self.events.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("never happened: {what}"));
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    fn until_subscribed(&self) {
        self.until("a subscription", |event| matches!(event, BrokerEvent::Subscribed { .. }).then_some(()));
    }

    fn client(&self, program: &str, args: &str) -> Child {
        Command::new(program)
            .args(["-h", "127.0.0.1", "-p", &self.port])
            .args(args.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn publish(&self, args: &str) {
        let output = self.client("mosquitto_pub", args).wait_with_output().unwrap();
        assert!(output.status.success(), "mosquitto_pub {args}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn lines(child: Child) -> Vec<String> {
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn messages_arrive_at_each_qos_in_both_versions() {
    if !have_mosquitto() {
        return;
    }
    let broker = Listening::start();
    for version in ["311", "5"] {
        for qos in ["0", "1", "2"] {
            let subscriber = broker.client("mosquitto_sub", &format!("-V {version} -q {qos} -t home/+/temp -C 3 -W 30"));
            broker.until_subscribed();
            for value in ["21.5", "22.0", "22.5"] {
                broker.publish(&format!("-V {version} -q {qos} -t home/living/temp -m {value}"));
            }
            assert_eq!(lines(subscriber), ["21.5", "22.0", "22.5"], "MQTT {version}, QoS {qos}");
        }
    }
}

#[test]
fn a_retained_message_meets_a_late_subscriber_until_it_is_cleared() {
    if !have_mosquitto() {
        return;
    }
    let broker = Listening::start();
    broker.publish("-V 5 -q 1 -r -t home/status -m online");
    assert_eq!(lines(broker.client("mosquitto_sub", "-V 311 -t home/# -C 1 -W 30")), ["online"]);
    broker.publish("-V 5 -q 1 -r -t home/status -n");
    let subscriber = broker.client("mosquitto_sub", "-V 5 -t home/# -C 1 -W 30");
    broker.until("RetainedCleared", |event| matches!(event, BrokerEvent::RetainedCleared { .. }).then_some(()));
    broker.until_subscribed();
    broker.publish("-V 5 -t home/next -m next");
    assert_eq!(lines(subscriber), ["next"]);
}

#[test]
fn a_killed_client_leaves_its_will() {
    if !have_mosquitto() {
        return;
    }
    let broker = Listening::start();
    for version in ["311", "5"] {
        let watcher = broker.client("mosquitto_sub", &format!("-V {version} -q 1 -t status/sensor -C 1 -W 30"));
        broker.until_subscribed();
        let will = "--will-topic status/sensor --will-payload offline --will-qos 1";
        let mut sensor = broker.client("mosquitto_sub", &format!("-V {version} -t none {will}"));
        broker.until_subscribed();
        sensor.kill().unwrap();
        sensor.wait().unwrap();
        assert_eq!(lines(watcher), ["offline"], "MQTT {version}");
    }
}

#[test]
fn a_session_keeps_what_its_killed_client_missed() {
    if !have_mosquitto() {
        return;
    }
    let broker = Listening::start();
    for (version, keep) in [("311", "-c"), ("5", "-c -x 3600")] {
        let id = format!("keeper-{version}");
        let args = format!("-V {version} -i {id} {keep} -q 1 -t queue/{version}");
        let mut keeper = broker.client("mosquitto_sub", &args);
        broker.until("its subscription", |event| {
            matches!(event, BrokerEvent::Subscribed { client_id, .. } if client_id.as_str() == id).then_some(())
        });
        keeper.kill().unwrap();
        keeper.wait().unwrap();
        broker.until("the end of its connection", |event| {
            matches!(event, BrokerEvent::ConnectionEnded { client_id: Some(client), .. } if client.as_str() == id).then_some(())
        });
        for value in ["one", "two"] {
            broker.publish(&format!("-V {version} -q 1 -t queue/{version} -m {value}"));
        }
        assert_eq!(lines(broker.client("mosquitto_sub", &format!("{args} -C 2 -W 30"))), ["one", "two"], "MQTT {version}");
    }
}

#[test]
fn garbage_closes_its_connection_and_no_other() {
    if !have_mosquitto() {
        return;
    }
    let broker = Listening::start();
    let subscriber = broker.client("mosquitto_sub", "-V 5 -t home -C 1 -W 30");
    broker.until_subscribed();
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{}", broker.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // The broker closes; whether by FIN or RST depends on what was unread.
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(answer, b"", "nothing is sent to a peer that is no MQTT client [MQTT-4.13.1-1]");
    broker.publish("-V 5 -t home -m still-here");
    assert_eq!(lines(subscriber), ["still-here"]);
}

#[test]
fn the_last_packet_reaches_a_client_that_still_sends() {
    use std::io::Write;
    let broker = Listening::start();
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{}", broker.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // CONNECT, a PUBLISH at QoS 3, and much more than the broker will ever look at.
    let mut bytes = b"\x10\x0e\0\x04MQTT\x05\x02\0\0\0\0\x01a\x36\x05\0\x01t\0\0".to_vec();
    bytes.resize(200_000, 0xC0);
    stream.write_all(&bytes).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).expect("an orderly end, not a reset");
    let connack = 2 + usize::from(received[1]);
    assert_eq!(
        (received[0], received[connack], received[connack + 2]),
        (0x20, 0xE0, 0x81),
        "CONNACK, then DISCONNECT with Malformed Packet"
    );
}

#[test]
fn a_broker_that_stops_says_so_to_its_clients() {
    use std::io::Write;
    let broker = Listening::start();
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{}", broker.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"\x10\x0e\0\x04MQTT\x05\x02\0\0\0\0\x01a").unwrap();
    broker.until("the client is connected", |event| matches!(event, BrokerEvent::ClientConnected { .. }).then_some(()));
    drop(broker);
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(received.ends_with(&[0xE0, 1, 0x8B]), "DISCONNECT with Server shutting down: {received:02X?}");
}
