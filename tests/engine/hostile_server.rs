//! A client against a server that is broken or means harm: each packet in each state, every byte of them changed, streams cut and endless.

use bytes::Bytes;
use mqtt_playground::client::{
    Acknowledges, Client, ClientConfig, ClientEvent, ClientState, Credentials, DisconnectCause, Output, PublishRequest, ReconnectPolicy,
    RequestMessage,
};
use mqtt_playground::packet::{
    Acknowledgement, Auth, AuthProperties, Connack, ConnackProperties, Connect, Disconnect, DisconnectProperties, Packet, PacketId,
    PacketType, Password, ProtocolVersion, Publish, PublishProperties, QoS, ReasonCode, Suback, Subscribe, SubscribeProperties,
    Subscription, SubscriptionOptions, TopicFilter, TopicName, Unsuback, Unsubscribe, UserProperties,
};
use mqtt_playground::rng::{RngStream, Seed};
use mqtt_playground::session::Transmit;
use mqtt_playground::text::{Language, Message};
use mqtt_playground::time::{Duration, Instant};

use super::test;

const NOW: Instant = Instant::from_secs(100);
const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::V311, ProtocolVersion::V5];

/// How far a client is when the server strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Opening,
    Connecting,
    /// The first message of an exchange is sent (5.0).
    Authenticating,
    Connected,
    /// Connected, with PUBLISH 1 (QoS 1), PUBLISH 2 (QoS 2), PUBREL 3, SUBSCRIBE 4, UNSUBSCRIBE 5 and PINGREQ without an answer.
    Busy,
    /// Authenticating again (5.0).
    Reauthenticating,
    /// The application has a message that it has not acknowledged: PUBLISH 7 at QoS 2.
    Unfinished,
    Disconnecting,
    Waiting,
}

const STAGES: [Stage; 10] = [
    Stage::Idle,
    Stage::Opening,
    Stage::Connecting,
    Stage::Authenticating,
    Stage::Connected,
    Stage::Busy,
    Stage::Reauthenticating,
    Stage::Unfinished,
    Stage::Disconnecting,
    Stage::Waiting,
];

impl Stage {
    const fn exists_in(self, version: ProtocolVersion) -> bool {
        matches!(version, ProtocolVersion::V5) || !matches!(self, Self::Authenticating | Self::Reauthenticating)
    }

    const fn listens(self) -> bool {
        !matches!(self, Self::Idle | Self::Opening | Self::Disconnecting | Self::Waiting)
    }

    fn client(self, version: ProtocolVersion) -> Client {
        let mut config = ClientConfig {
            version,
            clean_start: false,
            reconnect: ReconnectPolicy::Fixed { delay: Duration::from_secs(1) },
            keep_alive: 60,
            ..ClientConfig::new("victim")
        };
        if version == ProtocolVersion::V5 {
            config.session_expiry_interval = Some(3_600);
            config.receive_maximum = Some(2);
            config.maximum_packet_size = Some(1_000);
            config.topic_alias_maximum = Some(3);
        }
        if matches!(self, Self::Authenticating | Self::Reauthenticating) {
            config.authentication =
                Some(Credentials::ScramSha256 { user: "mina".into(), password: Password(Bytes::from_static(b"pencil")) });
        }
        if self == Self::Unfinished {
            config.acknowledges = Acknowledges::WhenTold;
        }
        let mut client = Client::new(config, Seed(5).stream("client", "victim"));
        self.lead(&mut client, version);
        while client.poll_output().is_some() {}
        client
    }

    fn lead(self, client: &mut Client, version: ProtocolVersion) {
        if self == Self::Idle {
            return;
        }
        let start = Instant::from_secs(1);
        client.handle_connect(start).expect("a legal CONNECT");
        if self == Self::Opening {
            return;
        }
        client.handle_transport_opened(start);
        match self {
            Self::Connecting | Self::Authenticating => return,
            Self::Reauthenticating => return authenticate(client),
            _ => give(client, version, &Packet::Connack(Box::new(connack()))),
        }
        match self {
            Self::Disconnecting => client.handle_disconnect(start, ReasonCode::Success).expect("connected"),
            Self::Waiting => client.handle_transport_closed(start),
            Self::Unfinished => give(client, version, &publish(QoS::ExactlyOnce, 7)),
            Self::Busy => {
                for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::ExactlyOnce] {
                    client.handle_publish(start, request(qos)).expect("legal");
                }
                give(client, version, &Packet::Pubrec(ack(3)));
                client.handle_subscribe(start, vec![subscription("a/b")]).expect("connected");
                client.handle_unsubscribe(start, vec![filter("a/b")]).expect("connected");
                let ping = client.poll_timeout().expect("Keep Alive");
                client.handle_timeout(ping);
            }
            _ => {}
        }
    }
}

/// Through an exchange that needs no knowledge of the password up to a second one: the server's half with the same password.
fn authenticate(client: &mut Client) {
    use mqtt_playground::session::scram::{ClientFirst, Nonce, ScramCredentials, ScramServer};
    let first = secret_of_last_packet(client);
    let credentials = ScramCredentials::new("pencil", b"salt", 4_096).expect("legal");
    let server = ScramServer::new(ClientFirst::read(&first).expect("legal"), credentials, &Nonce::new(&[3; 18]));
    give(client, ProtocolVersion::V5, &auth(ReasonCode::ContinueAuthentication, server.server_first()));
    let last = server.verify(&secret_of_last_packet(client)).expect("the right password");
    let mut connack = connack();
    connack.properties.authentication_method = Some("SCRAM-SHA-256".into());
    connack.properties.authentication_data = Some(Password(last));
    give(client, ProtocolVersion::V5, &Packet::Connack(Box::new(connack)));
    client.handle_reauthenticate(Instant::from_secs(2)).expect("connected");
}

fn secret_of_last_packet(client: &mut Client) -> Bytes {
    let mut found = None;
    while let Some(output) = client.poll_output() {
        if let Output::Transmit(Transmit::Packet { bytes, .. }) = output {
            found = Some(bytes);
        }
    }
    match Packet::decode(&found.expect("a packet"), ProtocolVersion::V5).expect("legal") {
        Packet::Connect(connect) => connect.properties.authentication_data.clone().expect("data").0,
        Packet::Auth(auth) => auth.properties.authentication_data.expect("data").0,
        other => panic!("{other:?}"),
    }
}

fn give(client: &mut Client, version: ProtocolVersion, packet: &Packet) {
    client.handle_bytes(Instant::from_secs(1), packet.to_bytes(version).expect("legal"));
}

fn connack() -> Connack {
    Connack { session_present: false, reason_code: ReasonCode::Success, properties: ConnackProperties::default() }
}

fn ack(packet_id: u16) -> Acknowledgement {
    Acknowledgement::new(PacketId::new(packet_id).expect("not 0"), ReasonCode::Success)
}

fn filter(text: &'static str) -> TopicFilter {
    TopicFilter::new(text).expect("legal")
}

fn subscription(text: &'static str) -> Subscription {
    Subscription { filter: filter(text), options: SubscriptionOptions::default() }
}

fn request(qos: QoS) -> PublishRequest {
    let topic = TopicName::new("a/b").expect("legal");
    PublishRequest { topic, payload: Bytes::from_static(b"21"), qos, retain: false, properties: PublishProperties::default() }
}

fn publish(qos: QoS, packet_id: u16) -> Packet {
    let PublishRequest { topic, payload, .. } = request(qos);
    let packet_id = PacketId::new(packet_id);
    Packet::Publish(Publish {
        dup: false,
        qos,
        retain: false,
        topic,
        packet_id,
        properties: PublishProperties::default().into(),
        payload: payload.into(),
    })
}

fn auth(reason_code: ReasonCode, data: Bytes) -> Packet {
    let authentication_method = Some("SCRAM-SHA-256".into());
    let properties = AuthProperties { authentication_method, authentication_data: Some(Password(data)), ..AuthProperties::default() };
    Packet::Auth(Auth { reason_code, properties })
}

/// One legal packet of each type, as far as the version has it.
fn packets(version: ProtocolVersion) -> Vec<Packet> {
    let id = PacketId::new;
    let v5 = version == ProtocolVersion::V5;
    let codes = if v5 { vec![ReasonCode::Success] } else { vec![] };
    let suback = Suback {
        packet_id: id(4).expect("not 0"),
        reason_string: None,
        user_properties: UserProperties::default(),
        reason_codes: vec![ReasonCode::Success],
    };
    let unsuback =
        Unsuback { packet_id: id(5).expect("not 0"), reason_string: None, user_properties: UserProperties::default(), reason_codes: codes };
    let mut all = vec![
        Packet::Connect(Box::new(Connect { version, clean_start: true, ..Connect::default() })),
        Packet::Connack(Box::new(connack())),
        publish(QoS::AtMostOnce, 0),
        publish(QoS::AtLeastOnce, 1),
        publish(QoS::ExactlyOnce, 2),
        Packet::Puback(ack(1)),
        Packet::Pubrec(ack(2)),
        Packet::Pubrel(ack(7)),
        Packet::Pubcomp(ack(3)),
        Packet::Subscribe(Subscribe {
            packet_id: PacketId::MIN,
            properties: SubscribeProperties::default(),
            subscriptions: vec![subscription("a")],
        }),
        Packet::Suback(suback),
        Packet::Unsubscribe(Unsubscribe {
            packet_id: PacketId::MIN,
            user_properties: UserProperties::default(),
            filters: vec![filter("a")],
        }),
        Packet::Unsuback(unsuback),
        Packet::Pingreq,
        Packet::Pingresp,
        Packet::Disconnect(Disconnect::new(ReasonCode::Success)),
    ];
    if v5 {
        all.push(auth(ReasonCode::ContinueAuthentication, Bytes::from_static(b"r=x,s=c2FsdA==,i=4096")));
        // With properties: more to get wrong.
        let pairs = UserProperties(vec![("k".into(), "v".into())]);
        let mut rich = connack();
        rich.properties = ConnackProperties {
            receive_maximum: Some(5),
            maximum_qos: Some(QoS::AtLeastOnce),
            topic_alias_maximum: Some(3),
            server_keep_alive: Some(9),
            user_properties: pairs.clone(),
            ..ConnackProperties::default()
        };
        all.push(Packet::Connack(Box::new(rich)));
        let Packet::Publish(mut rich) = publish(QoS::AtLeastOnce, 1) else { return all };
        rich.properties = PublishProperties {
            message_expiry_interval: Some(3),
            topic_alias: Some(2),
            content_type: Some("text/plain".into()),
            user_properties: pairs.clone(),
            ..PublishProperties::default()
        }
        .into();
        all.push(Packet::Publish(rich));
        let properties =
            DisconnectProperties { reason_string: Some("bye".into()), user_properties: pairs, ..DisconnectProperties::default() };
        all.push(Packet::Disconnect(Disconnect { reason_code: ReasonCode::ServerShuttingDown, properties }));
    }
    all
}

/// What a client did, in the order in which it did it.
#[derive(Debug, PartialEq)]
struct Reaction {
    sent: Vec<Packet>,
    malformed: usize,
    cause: Option<DisconnectCause>,
    closes: usize,
    state: ClientState,
    /// Whether something was sent after the close.
    after_close: bool,
}

fn react(client: &mut Client, pieces: impl Iterator<Item = Bytes>) -> Reaction {
    let version = client.version();
    let mut reaction = Reaction { sent: vec![], malformed: 0, cause: None, closes: 0, state: ClientState::Idle, after_close: false };
    for piece in pieces {
        client.handle_bytes(NOW, piece);
        while let Some(output) = client.poll_output() {
            match output {
                Output::Transmit(Transmit::Packet { bytes, .. }) => {
                    reaction.after_close |= reaction.closes > 0;
                    reaction.sent.push(Packet::decode(&bytes, version).expect("the client sends legal packets"));
                }
                Output::Transmit(Transmit::Close | Transmit::Abort) => reaction.closes += 1,
                Output::Transmit(Transmit::Open) => panic!("opened by what a server sent"),
                Output::Event(ClientEvent::MalformedReceived { .. }) => reaction.malformed += 1,
                Output::Event(ClientEvent::Disconnected(cause)) => {
                    assert!(reaction.cause.is_none(), "one end");
                    reaction.cause = Some(cause);
                }
                Output::Event(_) => {}
            }
        }
    }
    reaction.state = client.state();
    reaction
}

fn says_something(message: &Message) -> bool {
    [Language::Korean, Language::English].into_iter().all(|language| !language.render(message).trim().is_empty())
}

/// What holds whatever the server sent.
fn check(version: ProtocolVersion, reaction: &Reaction, what: &str) {
    let last = reaction.sent.last();
    let disconnect = if let Some(Packet::Disconnect(packet)) = last { Some(packet.reason_code) } else { None };
    assert!(!reaction.after_close, "{what}: nothing is sent after the close\n{reaction:#?}");
    match &reaction.cause {
        None => {
            assert_eq!((reaction.closes, reaction.malformed, disconnect), (0, 0, None), "{what}\n{reaction:#?}");
            assert_ne!(reaction.state, ClientState::Disconnecting, "{what}");
        }
        Some(cause) => {
            assert_eq!((reaction.closes, reaction.state), (1, ClientState::Disconnecting), "{what}\n{reaction:#?}");
            match cause {
                DisconnectCause::ServerMisbehaved { reason_code, clause, message } => {
                    // [MQTT-4.13.2-1]: DISCONNECT with the code of the clause in 5.0, in 3.1.1 only the close.
                    let expected = (version == ProtocolVersion::V5).then_some(*reason_code);
                    assert_eq!(disconnect, expected, "{what}\n{reaction:#?}");
                    assert!(reason_code.is_error() && reason_code.may_be_in_disconnect_of_client(), "{what}: {reason_code}");
                    assert!(!clause.is_empty() && says_something(message), "{what}");
                }
                DisconnectCause::ServerDisconnected(_) | DisconnectCause::Refused(_) => {
                    assert_eq!((disconnect, reaction.malformed), (None, 0), "{what}");
                }
                other => panic!("{what}: {other:?}"),
            }
        }
    }
}

/// The code that a legal packet gets in a state where it must not come, `None` if it may.
fn expected(stage: Stage, version: ProtocolVersion, packet: &Packet) -> Option<u8> {
    use PacketType as T;
    let packet_type = packet.packet_type();
    match (stage, packet_type) {
        (Stage::Connecting, T::Connack) => None,
        // With an Authentication Method CONNACK has to end the exchange, and a challenge to fit it.
        (Stage::Authenticating, T::Auth) | (Stage::Reauthenticating, T::Auth) => Some(0x80),
        (Stage::Connecting | Stage::Authenticating, _) => Some(0x82),
        (_, T::Connect | T::Connack | T::Subscribe | T::Unsubscribe | T::Pingreq | T::Auth) => Some(0x82),
        (_, T::Disconnect) => (version == ProtocolVersion::V311).then_some(0x82),
        (_, T::Publish) => None,
        (Stage::Busy, T::Puback | T::Pubrec | T::Pubcomp | T::Suback | T::Unsuback | T::Pingresp) => None,
        (Stage::Unfinished, T::Pubrel) => Some(0x82),
        (_, T::Pubrel | T::Pubrec | T::Pubcomp) => None,
        (_, T::Puback) => (version == ProtocolVersion::V5).then_some(0x82),
        (_, T::Suback | T::Unsuback | T::Pingresp) => Some(0x82),
    }
}

#[test]
fn every_packet_in_every_state_is_taken_or_answered_as_its_clause_asks_4_13_2_1() {
    for version in VERSIONS {
        for stage in STAGES.into_iter().filter(|stage| stage.exists_in(version)) {
            for packet in packets(version) {
                let mut client = stage.client(version);
                let before = client.state();
                let reaction = react(&mut client, std::iter::once(packet.to_bytes(version).expect("legal")));
                let what = format!("{version} {stage:?} {packet:?}");
                if !stage.listens() {
                    assert_eq!((reaction.state, reaction.sent.len(), reaction.closes), (before, 0, 0), "{what}");
                    assert_eq!(reaction.cause, None, "{what}");
                    continue;
                }
                check(version, &reaction, &what);
                let code = match &reaction.cause {
                    Some(DisconnectCause::ServerMisbehaved { reason_code, .. }) => Some(reason_code.as_u8()),
                    _ => None,
                };
                assert_eq!(code, expected(stage, version, &packet), "{what}\n{reaction:#?}");
            }
        }
    }
}

/// Feeds the bytes whole and one by one, and checks that the client does the same.
fn strike(victim: &Client, version: ProtocolVersion, bytes: &[u8], what: &str) -> Reaction {
    let whole = react(&mut victim.clone(), std::iter::once(Bytes::copy_from_slice(bytes)));
    let dripped = react(&mut victim.clone(), bytes.iter().map(|byte| Bytes::copy_from_slice(&[*byte])));
    check(version, &whole, what);
    assert_eq!(whole.cause.is_some(), dripped.cause.is_some(), "{what}");
    assert_eq!((&whole.sent, whole.malformed), (&dripped.sent, dripped.malformed), "{what}: pieces change nothing");
    whole
}

#[test]
fn no_changed_byte_breaks_a_client() {
    for version in VERSIONS {
        for stage in STAGES.into_iter().filter(|stage| stage.exists_in(version) && stage.listens()) {
            let victim = stage.client(version);
            for packet in packets(version) {
                let bytes = packet.to_bytes(version).expect("legal");
                for at in 0..bytes.len() {
                    for change in [0x01, 0x02, 0x80, 0xFF, bytes[at]] {
                        let mut changed = bytes.to_vec();
                        changed[at] ^= change;
                        strike(&victim, version, &changed, &format!("{version} {stage:?} {changed:02X?}"));
                    }
                    let mut shorter = bytes.to_vec();
                    shorter.remove(at);
                    strike(&victim, version, &shorter, &format!("{version} {stage:?} {shorter:02X?}"));
                    let mut longer = bytes.to_vec();
                    longer.insert(at, 0x7F);
                    strike(&victim, version, &longer, &format!("{version} {stage:?} {longer:02X?}"));
                }
            }
        }
    }
}

#[test]
fn a_stream_cut_anywhere_ends_like_any_broken_connection() {
    for version in VERSIONS {
        for stage in [Stage::Connecting, Stage::Busy] {
            for packet in packets(version) {
                let bytes = packet.to_bytes(version).expect("legal");
                for cut in 1..bytes.len() {
                    let mut client = stage.client(version);
                    let reaction = react(&mut client, std::iter::once(bytes.slice(..cut)));
                    if reaction.cause.is_some() {
                        continue;
                    }
                    client.handle_transport_closed(NOW);
                    assert!(matches!(client.state(), ClientState::Waiting { .. }), "{version} {stage:?} {packet:?} cut at {cut}");
                    let broken = std::iter::from_fn(|| client.poll_output())
                        .any(|output| output == Output::Event(ClientEvent::Disconnected(DisconnectCause::NetworkClosed)));
                    assert!(broken);
                }
            }
        }
    }
}

#[test]
fn a_server_that_never_ends_a_packet_or_says_nothing_meets_a_time_out() {
    for version in VERSIONS {
        let mut client = Stage::Connecting.client(version);
        client.handle_bytes(NOW, Bytes::from_static(&[0x20]));
        let end = client.poll_timeout().expect("a time-out for CONNACK");
        client.handle_timeout(end);
        let gone = std::iter::from_fn(|| client.poll_output())
            .any(|output| output == Output::Event(ClientEvent::Disconnected(DisconnectCause::ConnectTimeout)));
        assert!(gone);
        // A packet that is begun and never ended is no PINGRESP.
        let mut client = Stage::Connected.client(version);
        let mut fired = 0;
        while client.state() == ClientState::Connected {
            let at = client.poll_timeout().expect("Keep Alive");
            client.handle_bytes(at, Bytes::from_static(if fired == 0 { &[0x30, 0x7F] } else { &[0x00] }));
            client.handle_timeout(at);
            fired += 1;
            assert!(fired < 10);
        }
    }
}

#[test]
fn an_announced_length_above_the_maximum_gets_0x95_before_the_rest_has_come_3_1_2_24() {
    let mut client = Stage::Connected.client(ProtocolVersion::V5);
    let reaction = react(&mut client, std::iter::once(Bytes::from_static(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F])));
    assert!(matches!(&reaction.cause, Some(DisconnectCause::ServerMisbehaved { reason_code: ReasonCode::PacketTooLarge, .. })));
    // 3.1.1 can't say a maximum: the client waits, and keeps only what has come.
    let mut client = Stage::Connected.client(ProtocolVersion::V311);
    let reaction = react(&mut client, std::iter::once(Bytes::from_static(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F])));
    assert_eq!(reaction.cause, None);
}

#[test]
fn a_flood_of_messages_is_answered_and_leaves_nothing_behind() {
    for version in VERSIONS {
        let mut client = Stage::Connected.client(version);
        for round in 0..2_000_u16 {
            let id = round % 7 + 1;
            for packet in
                [publish(QoS::AtMostOnce, 0), publish(QoS::AtLeastOnce, id), publish(QoS::ExactlyOnce, id), Packet::Pubrel(ack(id))]
            {
                give(&mut client, version, &packet);
                while client.poll_output().is_some() {}
            }
        }
        assert_eq!(client.state(), ClientState::Connected);
        assert!(client.session().incoming.is_empty());
    }
}

#[test]
fn what_waits_for_the_application_is_bounded_by_receive_maximum_3_3_4_9() {
    let mut client = Stage::Unfinished.client(ProtocolVersion::V5);
    give(&mut client, ProtocolVersion::V5, &publish(QoS::AtLeastOnce, 8));
    assert_eq!(client.session().unacknowledged.len(), 2);
    let reaction = react(&mut client, std::iter::once(publish(QoS::AtLeastOnce, 9).to_bytes(ProtocolVersion::V5).expect("legal")));
    assert!(matches!(&reaction.cause, Some(DisconnectCause::ServerMisbehaved { reason_code: ReasonCode::ReceiveMaximumExceeded, .. })));
}

fn below(rng: &mut RngStream, bound: usize) -> usize {
    usize::try_from(rng.below(bound as u64)).expect("small")
}

/// A stream of server packets, some of them damaged.
fn damaged_stream(rng: &mut RngStream, version: ProtocolVersion) -> Vec<u8> {
    let all = packets(version);
    let mut stream = Vec::new();
    for _ in 0..=below(rng, 6) {
        let mut bytes = all[below(rng, all.len())].to_bytes(version).expect("legal").to_vec();
        for _ in 0..below(rng, 3) {
            let at = below(rng, bytes.len());
            match rng.below(4) {
                0 => bytes[at] = rng.next_u64().to_le_bytes()[0],
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, rng.next_u64().to_le_bytes()[0]),
                _ => bytes.truncate(at.max(1)),
            }
            if bytes.is_empty() {
                break;
            }
        }
        stream.extend(bytes);
    }
    stream
}

#[test]
fn damaged_streams_in_odd_pieces_never_break_a_client() {
    let mut rng = Seed(2_024).stream("hostile", "server");
    for version in VERSIONS {
        let victims: Vec<Client> =
            STAGES.into_iter().filter(|stage| stage.exists_in(version) && stage.listens()).map(|stage| stage.client(version)).collect();
        for _ in 0..4_000 {
            let stream = damaged_stream(&mut rng, version);
            let victim = &victims[below(&mut rng, victims.len())];
            let reaction = strike(victim, version, &stream, &format!("{version} {stream:02X?}"));
            // Whatever it was: the client can go on as soon as the connection is gone.
            let mut client = victim.clone();
            react(&mut client, std::iter::once(Bytes::from(stream)));
            client.handle_transport_closed(NOW);
            while client.poll_output().is_some() {}
            assert!(matches!(client.state(), ClientState::Waiting { .. }), "{reaction:#?}");
            let again = client.poll_timeout().expect("the next attempt");
            client.handle_timeout(again);
            assert_eq!(client.state(), ClientState::Opening);
        }
    }
}

#[test]
fn answers_to_requests_can_not_be_forged_into_a_crash() {
    let version = ProtocolVersion::V5;
    let mut client = Stage::Connected.client(version);
    let asked = RequestMessage { publish: request(QoS::AtMostOnce), timeout: Duration::from_secs(5) };
    client.handle_request(NOW, asked).expect("connected");
    for length in 0..20 {
        let Packet::Publish(mut forged) = publish(QoS::AtMostOnce, 0) else { return };
        forged.topic = TopicName::new("response/victim").expect("legal");
        forged.properties =
            PublishProperties { correlation_data: Some(Bytes::from(vec![0xFF; length])), ..PublishProperties::default() }.into();
        give(&mut client, version, &Packet::Publish(forged));
    }
    assert_eq!((client.state(), client.pending_requests()), (ClientState::Connected, 1));
}
