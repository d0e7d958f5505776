//! Texts that people write, or that a link or a file brings: lessons, settings, rights, passwords, commands of administrators.

use bytes::Bytes;
use mqtt_playground::broker::{
    AccessControl, Acl, Broker, BrokerConfig, DynamicSecurity, MosquittoConf, Output, PasswordHash, parse_password_file,
};
use mqtt_playground::lesson;
use mqtt_playground::packet::{ClientId, Connect, Packet, Password, ProtocolVersion, Publish, PublishProperties, QoS, TopicName};
use mqtt_playground::rng::Seed;
use mqtt_playground::session::ConnectionId;
use mqtt_playground::sim::Scenario;
use mqtt_playground::sim::quantity::parse_duration;
use mqtt_playground::text::Diagnostic;
use mqtt_playground::time::{Duration, Instant};

const FILES: [(&str, &str); 6] = [
    ("scenario.toml", include_str!("../../lessons/02-first-packets/scenario.toml")),
    ("lesson.toml", include_str!("../../lessons/02-first-packets/lesson.toml")),
    ("ko.md", include_str!("../../lessons/02-first-packets/ko.md")),
    ("en.md", include_str!("../../lessons/02-first-packets/en.md")),
    ("solution.toml", include_str!("../../lessons/02-first-packets/solution.toml")),
    ("wrong-1-published-too-early.toml", include_str!("../../lessons/02-first-packets/wrong-1-published-too-early.toml")),
];

/// Reads the text as what the first byte says. A text is refused with at least one mistake, each at a place in it.
pub fn read(bytes: &[u8]) {
    let Some((what, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match what % 12 {
        0 => drop(judged(text, Scenario::parse("file", text))),
        // Each file of a lesson in the place of a good one.
        file @ 1..=6 => {
            let mut files = FILES;
            files[usize::from(file - 1)].1 = text;
            drop(refused(lesson::parse("02-first-packets", &files)));
        }
        7 => drop(judged(text, MosquittoConf::parse("file", text))),
        8 => drop(judged(text, Acl::parse("file", text))),
        9 => drop(judged(text, parse_password_file("file", text))),
        10 => drop(parse_duration(text)),
        _ => command(text),
    }
}

fn refused<T>(read: Result<T, Vec<Diagnostic>>) -> Result<T, Vec<Diagnostic>> {
    read.inspect_err(|mistakes| {
        assert!(!mistakes.is_empty(), "refused without a word");
        assert!(mistakes.iter().all(|mistake| mistake.line > 0 && mistake.column > 0));
    })
}

fn judged<T>(text: &str, read: Result<T, Vec<Diagnostic>>) -> Option<T> {
    // One more line than there are line feeds, and the last may be the end.
    let lines = text.split('\n').count();
    let read = refused(read);
    if let Err(mistakes) = &read {
        assert!(mistakes.iter().all(|mistake| mistake.line <= lines), "{mistakes:?}");
    }
    read.ok()
}

/// An administrator's command to dynamic security.
fn command(text: &str) {
    let admin = PasswordHash::new(b"p", b"salt", 1);
    let access =
        AccessControl { allow_anonymous: false, dynamic: Some(DynamicSecurity::with_admin("admin", admin)), ..AccessControl::default() };
    let config = BrokerConfig { access, ..BrokerConfig::default() };
    let mut broker = Broker::new(config, Seed(1).stream("nonces", "broker"));
    let (now, connection) = (Instant::ZERO + Duration::from_secs(1), ConnectionId(1));
    broker.handle_connection_opened(now, connection);
    let connect = Connect {
        client_id: ClientId::new("admin"),
        user_name: Some("admin".into()),
        password: Some(Password(Bytes::from_static(b"p"))),
        ..Connect::default()
    };
    let topic = TopicName::new("$CONTROL/dynamic-security/v1").expect("legal");
    let (properties, payload) = (PublishProperties::default().into(), Bytes::copy_from_slice(text.as_bytes()));
    let publish = Publish { dup: false, qos: QoS::AtMostOnce, retain: false, topic, packet_id: None, properties, payload: payload.into() };
    for packet in [Packet::Connect(Box::new(connect)), Packet::Publish(publish)] {
        broker.handle_bytes(now, connection, packet.to_bytes(ProtocolVersion::V5).expect("legal"));
        while let Some(output) = broker.poll_output() {
            drop::<Output>(output);
        }
    }
    assert_eq!(broker.session_count(), broker.connection_count(), "whoever is connected has a session");
}
