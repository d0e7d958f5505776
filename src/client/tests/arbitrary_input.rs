//! Whatever a Server sends, in whatever state: no panic, a legal sequence of packets, bounded queues, and the client can start again.

use proptest::prelude::*;

use super::*;
use crate::packet::{Auth, AuthProperties, Disconnect, PacketType, Suback, Subscribe, SubscribeProperties, Unsuback, UserProperties};

#[derive(Clone, Debug)]
enum Step {
    Connect,
    Opened,
    /// All the way to a plain CONNACK with this Session Present.
    Handshake(bool),
    Closed,
    Bytes(Vec<u8>),
    Packet(Box<Packet>),
    Publish(QoS),
    Subscribe,
    Unsubscribe,
    Request,
    /// The answer to a request, or something like it.
    Response(u64),
    Acknowledge(u16),
    Disconnect,
    PowerCut,
    Wait(u64),
}

fn qos() -> impl Strategy<Value = QoS> {
    prop_oneof![Just(QoS::AtMostOnce), Just(QoS::AtLeastOnce), Just(QoS::ExactlyOnce)]
}

fn reason_code() -> impl Strategy<Value = ReasonCode> {
    prop_oneof![3 => Just(ReasonCode::Success), 1 => proptest::sample::select(&ReasonCode::ALL[..])]
}

fn packet() -> impl Strategy<Value = Packet> {
    let ids = 1u16..6;
    let ack = || (ids.clone(), reason_code()).prop_map(|(packet_id, code)| Acknowledgement::new(id(packet_id), code));
    let user_properties = UserProperties::default;
    prop_oneof![
        6 => (any::<bool>(), reason_code(), prop::option::of(1u16..4), prop::option::of(0u16..3), prop::option::of(1u32..40)).prop_map(
            |(session_present, reason_code, receive_maximum, server_keep_alive, maximum_packet_size)| {
                let properties = ConnackProperties { receive_maximum, server_keep_alive, maximum_packet_size, ..ConnackProperties::default() };
                Packet::Connack(Box::new(Connack { session_present, reason_code, properties }))
            }
        ),
        6 => (qos(), ids.clone(), any::<bool>(), prop::option::weighted(0.05, 1u16..4)).prop_map(|(qos, packet_id, dup, alias)| {
            let mut publish = publish(qos, if qos == QoS::AtMostOnce { 0 } else { packet_id }, "x");
            publish.dup = dup && qos != QoS::AtMostOnce;
            publish.properties.topic_alias = alias;
            Packet::Publish(publish)
        }),
        4 => ack().prop_map(Packet::Puback),
        4 => ack().prop_map(Packet::Pubrec),
        4 => ack().prop_map(Packet::Pubrel),
        4 => ack().prop_map(Packet::Pubcomp),
        3 => (ids.clone(), 1usize..3).prop_map(move |(packet_id, count)| {
            let reason_codes = vec![ReasonCode::Success; count];
            Packet::Suback(Suback { packet_id: id(packet_id), reason_string: None, user_properties: user_properties(), reason_codes })
        }),
        3 => ids.prop_map(move |packet_id| {
            let reason_codes = vec![ReasonCode::Success];
            Packet::Unsuback(Unsuback { packet_id: id(packet_id), reason_string: None, user_properties: user_properties(), reason_codes })
        }),
        3 => Just(Packet::Pingresp),
        1 => Just(Packet::Pingreq),
        1 => reason_code().prop_map(|code| Packet::Disconnect(Disconnect::new(code))),
        1 => Just(Packet::Auth(Auth { reason_code: ReasonCode::ReAuthenticate, properties: AuthProperties::default() })),
        1 => Just(Packet::Connect(Box::default())),
        1 => Just(Packet::Subscribe(Subscribe {
            packet_id: PacketId::MIN,
            properties: SubscribeProperties::default(),
            subscriptions: vec![subscription("a")]
        })),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Connect),
        2 => Just(Step::Opened),
        4 => any::<bool>().prop_map(Step::Handshake),
        2 => Just(Step::Closed),
        2 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Step::Bytes),
        20 => packet().prop_map(|packet| Step::Packet(Box::new(packet))),
        8 => qos().prop_map(Step::Publish),
        2 => Just(Step::Subscribe),
        1 => Just(Step::Unsubscribe),
        2 => Just(Step::Request),
        2 => (0u64..20).prop_map(Step::Response),
        3 => (1u16..6).prop_map(Step::Acknowledge),
        1 => Just(Step::Disconnect),
        1 => Just(Step::PowerCut),
        3 => (0u64..200_000).prop_map(Step::Wait),
    ]
}

/// What the driver of a client knows: whether there is a connection, and what was sent on it.
#[derive(Default)]
struct Driver {
    open: bool,
    sent: Vec<PacketType>,
}

impl Driver {
    fn take(&mut self, bench: &mut Bench) -> Result<(), TestCaseError> {
        while let Some(output) = bench.client.poll_output() {
            match output {
                Output::Transmit(Transmit::Open) => {
                    prop_assert!(!self.open, "one connection at a time");
                    *self = Self { open: true, sent: Vec::new() };
                }
                Output::Transmit(Transmit::Packet { packet_type, bytes }) => {
                    prop_assert!(self.open, "{packet_type} without a connection");
                    prop_assert_eq!(self.sent.is_empty(), packet_type == PacketType::Connect, "CONNECT is first, and only first");
                    prop_assert!(self.sent.last() != Some(&PacketType::Disconnect), "nothing after DISCONNECT");
                    prop_assert!(Packet::decode(&bytes, bench.client.version()).is_ok());
                    self.sent.push(packet_type);
                }
                Output::Transmit(Transmit::Close) => prop_assert!(self.open),
                Output::Transmit(Transmit::Abort) => {
                    prop_assert!(self.open);
                    self.open = false;
                }
                Output::Event(_) => {}
            }
        }
        Ok(())
    }
}

fn acknowledges() -> impl Strategy<Value = Acknowledges> {
    prop_oneof![
        Just(Acknowledges::AtOnce),
        Just(Acknowledges::WhenTold),
        (0u64..30_000).prop_map(|millis| Acknowledges::After(Duration::from_millis(millis)))
    ]
}

/// What is drawn of the settings.
#[derive(Clone, Debug)]
struct Drawn {
    persistent_session: bool,
    clean_start: bool,
    acknowledges: Acknowledges,
    keeps_qos_0: bool,
    drops_oldest: bool,
    aliases: bool,
    retries: bool,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    (any::<[bool; 6]>(), acknowledges()).prop_map(|(flags, acknowledges)| {
        let [persistent_session, clean_start, keeps_qos_0, drops_oldest, aliases, retries] = flags;
        Drawn { persistent_session, clean_start, acknowledges, keeps_qos_0, drops_oldest, aliases, retries }
    })
}

fn run(version: ProtocolVersion, drawn: Drawn, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let Drawn { persistent_session, clean_start, acknowledges, keeps_qos_0, drops_oldest, aliases, retries } = drawn;
    let mut bench = Bench::new(ClientConfig {
        acknowledges,
        keeps_qos_0,
        overflow: if drops_oldest { Overflow::DropOldest } else { Overflow::DropNewest },
        uses_topic_aliases: aliases,
        topic_alias_maximum: aliases.then_some(2),
        retry_interval: (retries && version == ProtocolVersion::V311).then_some(Duration::from_secs(7)),
        request_limit: 3,
        version,
        persistent_session,
        clean_start,
        keep_alive: 20,
        receive_maximum: Some(3),
        queue_limit: 4,
        subscriptions: vec![subscription("a").into()],
        ..resuming()
    });
    let mut driver = Driver::default();
    for step in steps {
        let now = bench.now;
        match step {
            Step::Connect => drop(bench.client.handle_connect(now)),
            Step::Opened => bench.client.handle_transport_opened(now),
            Step::Handshake(session_present) => {
                drop(bench.client.handle_connect(now));
                bench.client.handle_transport_opened(now);
                if bench.client.state() == ClientState::Connecting {
                    bench.client.handle_bytes(now, Packet::Connack(Box::new(connack(session_present))).to_bytes(version).unwrap());
                }
            }
            Step::Closed => {
                bench.client.handle_transport_closed(now);
                driver.open = false;
            }
            Step::Bytes(bytes) => bench.client.handle_bytes(now, Bytes::from(bytes)),
            Step::Packet(packet) => {
                if let Ok(bytes) = packet.to_bytes(version) {
                    bench.client.handle_bytes(now, bytes);
                }
            }
            Step::Publish(qos) => drop(bench.client.handle_publish(now, request(qos))),
            Step::Subscribe => drop(bench.client.handle_subscribe(now, vec![subscription("b")])),
            Step::Unsubscribe => drop(bench.client.handle_unsubscribe(now, vec![TopicFilter::new("b").unwrap()])),
            Step::Request => {
                let message = RequestMessage { publish: request(QoS::AtLeastOnce), timeout: Duration::from_secs(20) };
                drop(bench.client.handle_request(now, message));
            }
            Step::Response(number) => {
                let mut answer = publish(QoS::AtMostOnce, 0, "answer");
                answer.topic = topic("response/sensor");
                if version == ProtocolVersion::V5 {
                    answer.properties.correlation_data = Some(Bytes::copy_from_slice(&number.to_be_bytes()));
                }
                bench.client.handle_bytes(now, Packet::Publish(answer).to_bytes(version).unwrap());
            }
            Step::Acknowledge(packet_id) => drop(bench.client.handle_acknowledge(now, id(packet_id))),
            Step::Disconnect => drop(bench.client.handle_disconnect(now, ReasonCode::Success)),
            Step::PowerCut => {
                bench.client.handle_power_cut();
                driver.open = false;
            }
            Step::Wait(millis) => {
                let end = now + Duration::from_millis(millis);
                while let Some(at) = bench.client.poll_timeout().filter(|at| *at <= end) {
                    bench.now = bench.now.max(at);
                    bench.client.handle_timeout(bench.now);
                    driver.take(&mut bench)?;
                }
                bench.now = end;
            }
        }
        driver.take(&mut bench)?;
        let session = bench.client.session();
        prop_assert!(session.queued.len() <= 4 && bench.client.pending_requests() <= 3);
        prop_assert!(version == ProtocolVersion::V311 || session.unacknowledged.len() <= 3, "[MQTT-3.3.4-9]");
        prop_assert!(bench.client.state() == ClientState::Connected || session.next_pingreq.is_none());
        match bench.client.state() {
            ClientState::Idle if session.unacknowledged.is_empty() && bench.client.pending_requests() == 0 => {
                prop_assert_eq!(bench.client.poll_timeout(), None);
            }
            ClientState::Idle => {}
            ClientState::Connected => prop_assert!(session.exists),
            _ => prop_assert!(bench.client.poll_timeout().is_some(), "no state waits for ever"),
        }
    }
    // Whatever happened: after a power cut it starts anew.
    bench.client.handle_power_cut();
    driver.open = false;
    driver.take(&mut bench)?;
    prop_assert_eq!(bench.client.state(), ClientState::Idle);
    prop_assert!(bench.client.handle_connect(bench.now).is_ok());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_5_0_client_stays_legal(drawn in drawn(), steps in proptest::collection::vec(step(), 0..80)) {
        run(ProtocolVersion::V5, drawn, steps)?;
    }

    #[test]
    fn a_3_1_1_client_stays_legal(drawn in drawn(), steps in proptest::collection::vec(step(), 0..80)) {
        run(ProtocolVersion::V311, drawn, steps)?;
    }
}
