//! `--config` and `--profile`.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use mqtt_playground::broker::PasswordHash;

use crate::support::{Program, connect_packet, dial, publish_packet, read_packet, subscribe_packet};

const NOT_AUTHORIZED: u8 = 0x87;
const BAD_USER_NAME_OR_PASSWORD: u8 = 0x86;

fn write_password(folder: &Path, password: &str) {
    let hash = PasswordHash::new(password.as_bytes(), b"twelve bytes", 101).to_text();
    fs::write(folder.join("passwords"), format!("anna:{hash}\n")).unwrap();
}

fn configured(folder: &Path, text: &str) -> String {
    let file = folder.join("mosquitto.conf");
    fs::write(&file, text.replace("FOLDER", folder.to_str().unwrap())).unwrap();
    file.display().to_string()
}

/// CONNECT of 5.0 with this password for `anna`; gives the Reason Code of CONNACK.
fn log_in(address: SocketAddr, password: &str) -> (TcpStream, u8) {
    let mut stream = dial(address);
    let mut packet = b"\x10\0\0\x04MQTT\x05\xC2\0\0\0\0\x01a\0\x04anna\0".to_vec();
    packet.push(u8::try_from(password.len()).unwrap());
    packet.extend_from_slice(password.as_bytes());
    packet[1] = u8::try_from(packet.len() - 2).unwrap();
    stream.write_all(&packet).unwrap();
    let connack = read_packet(&mut stream);
    (stream, connack[3])
}

#[cfg(unix)]
#[test]
fn users_and_access_come_from_the_files_and_change_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    write_password(folder.path(), "first");
    fs::write(folder.path().join("acl"), "user anna\ntopic readwrite open/#\n").unwrap();
    let text = "# as on a real machine\nlistener 0\nlistener 0 127.0.0.1\nprotocol websockets\npassword_file FOLDER/passwords\nacl_file FOLDER/acl\n";
    let config = configured(folder.path(), text);
    let broker = Program::broker(&["--config", &config]);
    let address = broker.address("mqtt");
    broker.address("ws");
    assert!(address.ip().is_loopback(), "no address is given: not all are meant unless --allow-remote says so");

    let mut anonymous = dial(address);
    anonymous.write_all(&connect_packet("nobody")).unwrap();
    assert_eq!(read_packet(&mut anonymous)[3], NOT_AUTHORIZED);
    assert_eq!(log_in(address, "second").1, BAD_USER_NAME_OR_PASSWORD);
    for reason in ["0x87", "0x86"] {
        assert!(broker.line_with("refused connection ").contains(reason));
    }
    let (mut anna, code) = log_in(address, "first");
    assert_eq!(code, 0);
    anna.write_all(&subscribe_packet("open/a", 0)).unwrap();
    assert_eq!(read_packet(&mut anna).last(), Some(&0));
    anna.write_all(&[publish_packet("closed/a", b"no"), publish_packet("open/a", b"yes")].concat()).unwrap();
    assert!(read_packet(&mut anna).ends_with(b"yes"));

    write_password(folder.path(), "second");
    broker.signal("HUP");
    broker.line("read ");
    assert_eq!(log_in(address, "first").1, BAD_USER_NAME_OR_PASSWORD);
    assert_eq!(log_in(address, "second").1, 0);

    // A mistake changes nothing.
    fs::write(folder.path().join("passwords"), "anna without a hash\n").unwrap();
    broker.signal("HUP");
    broker.complaint("nothing is changed");
    assert_eq!(log_in(address, "second").1, 0);
}

#[test]
fn what_cannot_be_followed_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (text, place) in [
        ("listener 0\nlistner 1884\n", "mosquitto.conf:2:1"),
        ("listener 0\ncafile /etc/ca.pem\n", "mosquitto.conf:2:1"),
        ("password_file FOLDER/missing\n", "FOLDER/missing"),
    ] {
        let config = configured(folder.path(), text);
        let output = Command::new(env!("CARGO_BIN_EXE_mqtt-playground")).args(["broker", "--config", &config]).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        let place = place.replace("FOLDER", folder.path().to_str().unwrap());
        assert!(!output.status.success() && complaint.contains(&place), "{text}: {complaint}");
    }
}

#[test]
fn a_profile_sets_the_limits_and_an_unknown_one_is_refused_with_those_that_are_known() {
    let broker = Program::broker(&["--tcp", "127.0.0.1:0", "--profile", "aws-iot-core"]);
    let mut client = dial(broker.address("mqtt"));
    client.write_all(&connect_packet("a")).unwrap();
    let connack = read_packet(&mut client);
    assert!(connack.windows(2).any(|property| property == [0x24, 1]), "Maximum QoS 1: {connack:02X?}");
    drop(client);

    let output = Command::new(env!("CARGO_BIN_EXE_mqtt-playground")).args(["broker", "--profile", "aws"]).output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && complaint.contains("aws-iot-core") && complaint.contains("mosquitto"), "{complaint}");
}

#[test]
fn each_listener_has_its_own_limit_of_connections() {
    let folder = tempfile::tempdir().unwrap();
    let text = "allow_anonymous true\nlistener 0\nmax_connections 1\nlistener 0\nprotocol websockets\nmax_connections 5\n";
    let broker = Program::broker(&["--config", &configured(folder.path(), text)]);
    let address = broker.address("mqtt");
    let mut first = dial(address);
    first.write_all(&connect_packet("first")).unwrap();
    assert_eq!(read_packet(&mut first)[3], 0);
    let mut second = dial(address);
    assert!(broker.line_with("No connection for ").contains(&address.to_string()));
    let mut rest = Vec::new();
    assert_eq!(second.read_to_end(&mut rest).unwrap_or(0), 0, "closed");
    // A place that is free again is given again.
    drop(first);
    broker.line_with("is gone");
    let third = (0..1_000).find_map(|_| {
        let mut next = dial(address);
        next.write_all(&connect_packet("third")).ok()?;
        let mut answer = [0; 4];
        next.read_exact(&mut answer).ok().map(|()| answer)
    });
    assert_eq!(third.expect("a place")[3], 0);
}
