//! Real clients (Debian's `mosquitto_pub`, `mosquitto_sub` and `mosquitto_rr`) against the broker's TCP listener, on loopback and free ports.
//!
//! Nothing here waits for a time to pass: each step waits for the broker's event that says it has happened.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test may panic; the exemption for tests does not reach shared functions")]

mod support;

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use mqtt_playground::broker::BrokerEvent;
use support::{Listening, Program, connect_packet, is_there};

fn have_mosquitto() -> bool {
    let found = ["mosquitto_pub", "mosquitto_sub", "mosquitto_rr"]
        .iter()
        .all(|program| Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok());
    is_there(found, "mosquitto_pub and mosquitto_sub: apt-get install mosquitto-clients")
}

fn client(broker: &Listening, program: &str, args: &str) -> Child {
    Command::new(program)
        .args(["-h", "127.0.0.1", "-p", &broker.tcp.port().to_string()])
        .args(args.split(' '))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn publish(broker: &Listening, args: &str) {
    let output = client(broker, "mosquitto_pub", args).wait_with_output().unwrap();
    assert!(output.status.success(), "mosquitto_pub {args}: {}", String::from_utf8_lossy(&output.stderr));
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
            let subscriber = client(&broker, "mosquitto_sub", &format!("-V {version} -q {qos} -t home/+/temp -C 3 -W 30"));
            broker.until_subscribed();
            for value in ["21.5", "22.0", "22.5"] {
                publish(&broker, &format!("-V {version} -q {qos} -t home/living/temp -m {value}"));
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
    publish(&broker, "-V 5 -q 1 -r -t home/status -m online");
    assert_eq!(lines(client(&broker, "mosquitto_sub", "-V 311 -t home/# -C 1 -W 30")), ["online"]);
    publish(&broker, "-V 5 -q 1 -r -t home/status -n");
    let subscriber = client(&broker, "mosquitto_sub", "-V 5 -t home/# -C 1 -W 30");
    broker.until_event("RetainedCleared", |event| matches!(event, BrokerEvent::RetainedCleared { .. }).then_some(()));
    broker.until_subscribed();
    publish(&broker, "-V 5 -t home/next -m next");
    assert_eq!(lines(subscriber), ["next"]);
}

#[test]
fn a_killed_client_leaves_its_will() {
    if !have_mosquitto() {
        return;
    }
    let broker = Listening::start();
    for version in ["311", "5"] {
        let watcher = client(&broker, "mosquitto_sub", &format!("-V {version} -q 1 -t status/sensor -C 1 -W 30"));
        broker.until_subscribed();
        let will = "--will-topic status/sensor --will-payload offline --will-qos 1";
        let mut sensor = client(&broker, "mosquitto_sub", &format!("-V {version} -t none {will}"));
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
        let mut keeper = client(&broker, "mosquitto_sub", &args);
        broker.until_event("its subscription", |event| {
            matches!(event, BrokerEvent::Subscribed { client_id, .. } if client_id.as_str() == id).then_some(())
        });
        keeper.kill().unwrap();
        keeper.wait().unwrap();
        broker.until_event("the end of its connection", |event| {
            matches!(event, BrokerEvent::ConnectionEnded { client_id: Some(client), .. } if client.as_str() == id).then_some(())
        });
        for value in ["one", "two"] {
            publish(&broker, &format!("-V {version} -q 1 -t queue/{version} -m {value}"));
        }
        assert_eq!(lines(client(&broker, "mosquitto_sub", &format!("{args} -C 2 -W 30"))), ["one", "two"], "MQTT {version}");
    }
}

#[test]
fn garbage_closes_its_connection_and_no_other() {
    if !have_mosquitto() {
        return;
    }
    let broker = Listening::start();
    let subscriber = client(&broker, "mosquitto_sub", "-V 5 -t home -C 1 -W 30");
    broker.until_subscribed();
    let mut stream = broker.connect();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // The broker closes; whether by FIN or RST depends on what was unread.
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(answer, b"", "nothing is sent to a peer that is no MQTT client [MQTT-4.13.1-1]");
    publish(&broker, "-V 5 -t home -m still-here");
    assert_eq!(lines(subscriber), ["still-here"]);
}

#[test]
fn the_last_packet_reaches_a_client_that_still_sends() {
    let broker = Listening::start();
    let mut stream = broker.connect();
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
    let broker = Listening::start();
    let mut stream = broker.connect();
    stream.write_all(&connect_packet("a")).unwrap();
    broker.until_event("the client is connected", |event| matches!(event, BrokerEvent::ClientConnected { .. }).then_some(()));
    drop(broker);
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(received.ends_with(&[0xE0, 1, 0x8B]), "DISCONNECT with Server shutting down: {received:02X?}");
}

#[test]
fn a_shared_subscription_gives_each_message_to_one_member() {
    if !have_mosquitto() {
        return;
    }
    let broker = Listening::start();
    let members = [1, 2].map(|number| {
        let member = client(&broker, "mosquitto_sub", &format!("-V 5 -q 1 -t $share/team/work -t end/{number} -C 4 -W 30"));
        broker.until_subscribed();
        broker.until_subscribed();
        member
    });
    for number in 0..6 {
        publish(&broker, &format!("-V 5 -q 1 -t work -m {number}"));
    }
    for number in 1..=2 {
        publish(&broker, &format!("-V 5 -q 1 -t end/{number} -m end"));
    }
    let mut got: Vec<String> = members.into_iter().flat_map(lines).filter(|line| line != "end").collect();
    got.sort();
    assert_eq!(got, ["0", "1", "2", "3", "4", "5"], "three for each of the two");
}

#[test]
fn a_request_gets_its_response() {
    if !have_mosquitto() {
        return;
    }
    let broker = Listening::start();
    let responder = client(&broker, "mosquitto_sub", "-V 5 -q 1 -t request/time -C 1 -W 30 -F %R");
    broker.until_subscribed();
    let requester = client(&broker, "mosquitto_rr", "-V 5 -q 1 -t request/time -e response/mine -m now? -W 30");
    let [response_topic] = &lines(responder)[..] else { panic!("one request") };
    assert_eq!(response_topic, "response/mine");
    publish(&broker, &format!("-V 5 -q 1 -t {response_topic} -m noon"));
    assert_eq!(lines(requester), ["noon"]);
}

#[test]
fn the_program_tells_of_itself_as_mosquitto_does() {
    if !have_mosquitto() {
        return;
    }
    let broker = Program::broker(&["--tcp", "127.0.0.1:0"]);
    let port = broker.address("mqtt").port().to_string();
    let output = Command::new("mosquitto_sub")
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-V",
            "5",
            "-t",
            "$SYS/broker/version",
            "-t",
            "$SYS/broker/load/sockets/1min",
            "-C",
            "2",
            "-W",
            "30",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("mqtt-playground version ") && said.contains("0.00"), "{said}");
}

#[test]
fn mosquitto_ctrl_administers_clients_roles_and_what_they_may() {
    let found = Command::new("mosquitto_ctrl").arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !is_there(found, "mosquitto_ctrl: apt-get install mosquitto") || !have_mosquitto() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "open sesame\n").unwrap();
    let kept = folder.path().join("dynamic-security.json");
    let arguments = ["--tcp", "127.0.0.1:0", "--admin-password-file", file.to_str().unwrap(), "--dynamic-security", kept.to_str().unwrap()];
    let broker = Program::broker(&arguments);
    let port = std::cell::RefCell::new(broker.address("mqtt").port().to_string());
    let run = |program: &str, user: [&str; 2], args: &str| {
        let [name, password] = user;
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &port.borrow(), "-u", name, "-P", password]).args(args.split(' '));
        let output = command.output().unwrap();
        (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    };
    let administer = |args: &str| {
        let (succeeded, said) = run("mosquitto_ctrl", ["admin", "open sesame"], &format!("dynsec {args}"));
        assert!(succeeded && !said.contains("rror"), "{args}: {said}");
        said
    };
    administer("createRole room");
    for access in ["publishClientSend", "publishClientReceive", "subscribePattern"] {
        administer(&format!("addRoleACL room {access} room/# allow"));
    }
    administer("createClient anna -p secret");
    administer("addClientRole anna room");
    assert!(administer("listClients").contains("anna"));

    let anna = ["anna", "secret"];
    let (succeeded, said) = run("mosquitto_pub", anna, "-V 5 -q 1 -r -t room/light -m on");
    assert!(succeeded, "{said}");
    assert_eq!(run("mosquitto_sub", anna, "-V 5 -q 1 -t room/light -C 1 -W 30"), (true, "on\n".to_owned()));
    let (_, said) = run("mosquitto_pub", anna, "-V 5 -q 1 -t hall/light -m on");
    assert!(said.contains("Not authorized"), "{said}");
    let (succeeded, said) = run("mosquitto_pub", ["anna", "wrong"], "-V 5 -q 1 -t room/light -m on");
    assert!(!succeeded && said.contains("Bad User Name or Password"), "{said}");
    // The broker dies without a word; the next one has what was administered, and needs no password to begin with.
    broker.kill();
    let broker = Program::broker(&["--tcp", "127.0.0.1:0", "--dynamic-security", kept.to_str().unwrap()]);
    *port.borrow_mut() = broker.address("mqtt").port().to_string();
    assert!(run("mosquitto_pub", anna, "-V 5 -q 1 -t room/light -m off").0);
    administer("disableClient anna");
    assert!(!run("mosquitto_pub", anna, "-V 5 -q 1 -t room/light -m off").0);
    broker.kill();
    let broker = Program::broker(&["--tcp", "127.0.0.1:0", "--dynamic-security", kept.to_str().unwrap()]);
    *port.borrow_mut() = broker.address("mqtt").port().to_string();
    assert!(!run("mosquitto_pub", anna, "-V 5 -q 1 -t room/light -m off").0, "disabled for good");
}
