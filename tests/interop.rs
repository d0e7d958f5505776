//! Clients that others made, each against `mqtt-playground broker` as users start it: paho-mqtt, aiomqtt, gmqtt, MQTT.js, over TCP and, where the library
//! can, WebSocket. `tests/interop/README.md` says how they are led.
//!
//! Nothing here waits for a time to pass: each step waits for the line that says that it has happened.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test may panic; the exemption for tests does not reach shared functions")]

#[path = "interop/relay.rs"]
mod relay;
mod support;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Command;

use mqtt_playground::packet::PacketType;
use relay::Relay;
use serde_json::{Value, json};
use support::{Program, is_there};

/// A library, and what its clients go over.
#[derive(Clone, Copy, Debug)]
struct Library {
    name: &'static str,
    transport: &'static str,
}

impl Library {
    /// How to start one of its clients; `None` if it is not installed, which is reported.
    fn command(self) -> Option<Command> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let is_python = self.name != "mqtt_js";
        let (program, script, evidence): (PathBuf, PathBuf, PathBuf) = if is_python {
            let python = root.join("target/interop/python");
            let script = root.join(format!("tests/interop/python/{}_client.py", self.name));
            (python.join("bin/python"), script, python.join("requirements.txt"))
        } else {
            let node = root.join("tests/interop/node");
            ("node".into(), node.join("mqtt_js_client.js"), node.join("node_modules/.package-lock.json"))
        };
        let remedy = format!("the client of {} ({}): cargo xtask test --only test installs it", self.name, evidence.display());
        let mut command = Command::new(program);
        command.arg(script).env("PYTHONDONTWRITEBYTECODE", "1");
        is_there(evidence.is_file(), &remedy).then_some(command)
    }
}

/// A client and what it has said that nobody has asked for yet.
struct Peer {
    program: Program,
    said: VecDeque<(String, Value)>,
}

impl Peer {
    fn start(library: Library) -> Option<Self> {
        let program = Program::start(library.name, &mut library.command()?);
        Some(Self { program, said: VecDeque::new() })
    }

    fn tell(&mut self, command: &Value) {
        self.program.write_line(&command.to_string());
    }

    /// The next thing of this kind that it says.
    fn hear(&mut self, word: &str) -> Value {
        if let Some(place) = self.said.iter().position(|(said, _)| said == word) {
            return self.said.remove(place).unwrap().1;
        }
        loop {
            let line = self.program.line("");
            let (said, fields) = line.split_once(' ').unwrap_or((&line, "{}"));
            let fields = serde_json::from_str(fields).unwrap_or_else(|error| panic!("{line}: {error}"));
            if said == word {
                return fields;
            }
            self.said.push_back((said.to_owned(), fields));
        }
    }

    fn subscribe(&mut self, filter: &str, qos: u8) {
        self.tell(&json!({ "do": "subscribe", "filter": filter, "qos": qos }));
        assert_eq!(self.hear("subscribed")["code"], qos, "{filter}");
    }

    fn publish(&mut self, topic: &str, payload: &str, qos: u8, retain: bool) {
        self.tell(&json!({ "do": "publish", "topic": topic, "payload": payload, "qos": qos, "retain": retain }));
        self.hear("published");
    }

    fn payload(&mut self) -> String {
        self.hear("message")["payload"].as_str().unwrap().to_owned()
    }

    fn disconnect(&mut self) {
        self.tell(&json!({ "do": "disconnect" }));
        self.hear("disconnected");
    }
}

/// One broker, and clients of one library in one version.
struct Table {
    library: Library,
    version: u8,
    port: u16,
}

impl Table {
    fn connect(&self, peer: &mut Peer, client_id: &str, clean: bool, will: &Value) -> Option<bool> {
        // In 3.1.1 sessions have no expiry: a clean one ends with its connection.
        let expiry = if clean { 0 } else { 3_600 };
        peer.tell(&json!({
            "do": "connect", "port": self.port, "transport": self.library.transport, "version": self.version,
            "client_id": client_id, "clean": clean, "expiry": expiry, "will": will,
        }));
        peer.hear("connected")["session_present"].as_bool()
    }

    fn every_qos_arrives(&self, from: &mut Peer, to: &mut Peer) {
        for qos in 0..=2 {
            let topic = format!("qos/{qos}");
            to.subscribe(&topic, qos);
            for number in 0..3 {
                from.publish(&topic, &format!("{qos}-{number}"), qos, false);
            }
            for number in 0..3 {
                let message = to.hear("message");
                assert_eq!(message["payload"], format!("{qos}-{number}"), "{message}");
                assert_eq!((&message["qos"], &message["topic"], &message["retain"]), (&json!(qos), &json!(topic), &json!(false)));
            }
        }
    }

    fn a_retained_message_waits_for_who_comes_late(&self, from: &mut Peer, to: &mut Peer) {
        from.publish("retained/한글", "21.5 °C", 1, true);
        to.subscribe("retained/+", 1);
        let message = to.hear("message");
        assert_eq!((&message["payload"], &message["retain"]), (&json!("21.5 °C"), &json!(true)));
        from.publish("retained/한글", "", 1, true);
        assert_eq!(to.hear("message")["payload"], "");
        // Cleared: a new subscription brings nothing before the next message.
        to.subscribe("retained/#", 1);
        from.publish("retained/next", "next", 1, false);
        assert_eq!(to.hear("message")["payload"], "next");
    }

    /// `kill -9`: its will is published; what it missed waits for the next process with its name. Gives that process.
    fn a_killed_client_leaves_its_will_and_finds_its_session_again(&self, mut victim: Peer, from: &mut Peer, to: &mut Peer) -> Peer {
        let client_id = format!("{}-victim-{}", self.library.name, self.version);
        let will = json!({ "topic": "status/victim", "payload": "gone", "qos": 1, "retain": false });
        to.subscribe("status/victim", 1);
        assert_ne!(self.connect(&mut victim, &client_id, false, &will), Some(true));
        victim.subscribe("kept/#", 2);
        victim.program.kill();
        assert_eq!(to.payload(), "gone");
        for (number, qos) in [(1, 1), (2, 2), (3, 1), (4, 2)] {
            from.publish("kept/a", &number.to_string(), qos, false);
        }
        let mut heir = Peer::start(self.library).unwrap();
        assert_ne!(self.connect(&mut heir, &client_id, false, &Value::Null), Some(false));
        // Messages of one QoS keep their order; those at QoS 2 take two round trips.
        let (twice, once): (Vec<Value>, Vec<Value>) = (0..4).map(|_| heir.hear("message")).partition(|message| message["qos"] == 2);
        let payloads =
            |messages: Vec<Value>| messages.iter().map(|message| message["payload"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!((payloads(once), payloads(twice)), (vec!["1".to_owned(), "3".to_owned()], vec!["2".to_owned(), "4".to_owned()]));
        // Exactly once: nothing else comes before what is published now.
        from.publish("kept/a", "last", 2, false);
        assert_eq!(heir.payload(), "last");
        heir.disconnect();
        heir
    }

    fn a_shared_subscription_gives_each_message_to_one(&self, from: &mut Peer, members: [&mut Peer; 2]) {
        let [first, second] = members;
        for (member, own) in [(&mut *first, "own/1"), (&mut *second, "own/2")] {
            member.subscribe("$share/team/work/#", 1);
            member.subscribe(own, 1);
        }
        for number in 0..10 {
            from.publish("work/a", &number.to_string(), 1, false);
        }
        from.publish("own/1", "end", 1, false);
        from.publish("own/2", "end", 1, false);
        let mut got: Vec<String> = Vec::new();
        for member in [first, second] {
            let before = got.len();
            loop {
                match member.payload() {
                    end if end == "end" => break,
                    payload => got.push(payload),
                }
            }
            assert!(got.len() > before, "a member got nothing");
        }
        got.sort();
        assert_eq!(got, (0..10).map(|number| number.to_string()).collect::<Vec<_>>());
    }

    fn a_request_gets_its_response(&self, requester: &mut Peer, responder: &mut Peer) {
        responder.subscribe("request/time", 1);
        requester.subscribe("response/mine", 1);
        let correlation = "00ff1b5c";
        requester.tell(&json!({
            "do": "publish", "topic": "request/time", "payload": "now?", "qos": 1, "retain": false,
            "response_topic": "response/mine", "correlation": correlation,
        }));
        let request = responder.hear("message");
        assert_eq!(request["payload"], "now?");
        responder.tell(&json!({
            "do": "publish", "topic": request["response_topic"], "payload": "noon", "qos": 1, "retain": false,
            "correlation": request["correlation"],
        }));
        let response = requester.hear("message");
        assert_eq!((&response["topic"], &response["payload"]), (&json!("response/mine"), &json!("noon")));
        assert_eq!(response["correlation"], correlation);
        requester.hear("published");
        responder.hear("published");
    }
}

/// `kill -9` in the middle of an exchange: the client has a message, and the broker never gets the packet of this type that answers it. Whatever was in flight comes
/// again to the next process with its name, with DUP, and what the broker knows to have arrived does not.
fn check_in_flight(name: &'static str) {
    let library = Library { name, transport: "tcp" };
    let Some(mut from) = Peer::start(library) else { return };
    let broker = Program::broker(&["--tcp", "127.0.0.1:0"]);
    let address = broker.address("mqtt");
    let relay = Relay::to(address);
    for version in [4, 5] {
        let straight = Table { library, version, port: address.port() };
        let held = Table { library, version, port: relay.port() };
        straight.connect(&mut from, &format!("from-{version}"), true, &Value::Null);
        for (held_back, qos, payloads) in
            [(PacketType::Puback, 1, &["1", "2", "3"][..]), (PacketType::Pubrec, 2, &["1", "2", "3"]), (PacketType::Pubcomp, 2, &["1"])]
        {
            let client_id = format!("{name}-{version}-{}", held_back.name());
            let mut victim = Peer::start(library).unwrap();
            held.connect(&mut victim, &client_id, false, &Value::Null);
            victim.subscribe("flight/#", 2);
            relay.hold_back(held_back);
            for payload in payloads {
                from.publish("flight/a", payload, qos, false);
            }
            relay.until_held();
            victim.program.kill();
            let mut heir = Peer::start(library).unwrap();
            assert_ne!(held.connect(&mut heir, &client_id, false, &Value::Null), Some(false), "{client_id}");
            if held_back != PacketType::Pubcomp {
                let again: Vec<String> = payloads.iter().map(|_| heir.payload()).collect();
                assert_eq!(again, payloads, "{client_id}: all of them, in their order");
            }
            // Nothing else comes before what is published now.
            from.publish("flight/a", "last", 2, false);
            assert_eq!(heir.payload(), "last", "{client_id}");
            let dups = if held_back == PacketType::Pubcomp { 0 } else { payloads.len() };
            assert_eq!(relay.duplicates(), dups, "{client_id}: DUP [MQTT-3.3.1-1]");
            heir.disconnect();
        }
        from.disconnect();
    }
}

fn check(name: &'static str, transport: &'static str) {
    let library = Library { name, transport };
    let Some(mut one) = Peer::start(library) else { return };
    let mut two = Peer::start(library).unwrap();
    let mut victim = Peer::start(library).unwrap();
    let broker = Program::broker(&["--tcp", "127.0.0.1:0", "--ws", "127.0.0.1:0"]);
    let (tcp, ws) = (broker.address("mqtt"), broker.address("ws"));
    let port = if transport == "tcp" { tcp } else { ws }.port();
    for version in [4, 5] {
        let table = Table { library, version, port };
        table.connect(&mut one, &format!("one-{version}"), true, &Value::Null);
        table.connect(&mut two, &format!("two-{version}"), true, &Value::Null);
        table.every_qos_arrives(&mut one, &mut two);
        table.a_retained_message_waits_for_who_comes_late(&mut one, &mut two);
        victim = table.a_killed_client_leaves_its_will_and_finds_its_session_again(victim, &mut one, &mut two);
        if version == 5 {
            table.connect(&mut victim, "three", true, &Value::Null);
            table.a_shared_subscription_gives_each_message_to_one(&mut one, [&mut two, &mut victim]);
            table.a_request_gets_its_response(&mut one, &mut two);
        }
        one.disconnect();
        two.disconnect();
    }
}

#[test]
fn paho_over_tcp() {
    check("paho", "tcp");
}

#[test]
fn paho_over_websocket() {
    check("paho", "websockets");
}

#[test]
fn aiomqtt_over_tcp() {
    check("aiomqtt", "tcp");
}

#[test]
fn aiomqtt_over_websocket() {
    check("aiomqtt", "websockets");
}

#[test]
fn gmqtt_over_tcp() {
    check("gmqtt", "tcp");
}

#[test]
fn mqtt_js_over_tcp() {
    check("mqtt_js", "tcp");
}

#[test]
fn mqtt_js_over_websocket() {
    check("mqtt_js", "websockets");
}

#[test]
fn paho_killed_in_the_middle_of_an_exchange() {
    check_in_flight("paho");
}

#[test]
fn aiomqtt_killed_in_the_middle_of_an_exchange() {
    check_in_flight("aiomqtt");
}

#[test]
fn gmqtt_killed_in_the_middle_of_an_exchange() {
    check_in_flight("gmqtt");
}

#[test]
fn mqtt_js_killed_in_the_middle_of_an_exchange() {
    check_in_flight("mqtt_js");
}
