//! Whatever three clients do, the broker keeps its promises.

use proptest::prelude::*;

use super::*;

/// One step of a schedule.
#[derive(Clone, Debug)]
enum Step {
    Connect {
        client: usize,
        version: bool,
        clean: bool,
        expiry: u32,
        keep_alive: u16,
        will: Option<u32>,
        receive_maximum: u16,
    },
    Packet {
        client: usize,
        packet: Box<Packet>,
    },
    /// Bytes as they come, after CONNECT or before.
    Bytes {
        client: usize,
        bytes: Vec<u8>,
    },
    Cut {
        client: usize,
    },
    Pass {
        millis: u64,
    },
    Crash,
    Shutdown,
}

fn topic() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("a/b"), Just("a/b/c"), Just("$x"), Just("will"), Just("/")].prop_map(str::to_owned)
}

fn filter() -> impl Strategy<Value = String> {
    prop_oneof![
        topic(),
        Just("#".to_owned()),
        Just("a/#".to_owned()),
        Just("+/b".to_owned()),
        Just("$share/g/a".to_owned()),
        Just("$share/g/#".to_owned())
    ]
}

fn qos() -> impl Strategy<Value = QoS> {
    prop_oneof![Just(Q0), Just(Q1), Just(Q2)]
}

fn packet() -> impl Strategy<Value = Packet> {
    let publishing = (topic(), qos(), 1_u16..6, any::<bool>(), any::<bool>(), prop::option::of(0_u32..4), 0_usize..40);
    let publishing = publishing.prop_map(|(topic, qos, packet_id, retain, dup, expiry, size)| {
        let packet_id = if qos == Q0 { 0 } else { packet_id };
        let mut one = message(&topic, &"x".repeat(size), qos, packet_id);
        one.retain = retain;
        one.dup = dup && qos > Q0;
        one.properties.message_expiry_interval = expiry;
        Packet::Publish(one)
    });
    let subscribing = (1_u16..6, filter(), qos(), any::<bool>(), any::<bool>(), prop::option::of(1_u32..9));
    let subscribing = subscribing.prop_map(|(packet_id, filter, qos, local, retain_as_published, identifier)| {
        let no_local = local && !filter.starts_with("$share");
        subscribe(packet_id, &[(&filter, SubscriptionOptions { no_local, retain_as_published, ..options(qos) })], identifier)
    });
    let acknowledging = (0_usize..4, 1_u16..6, any::<bool>()).prop_map(|(kind, packet_id, fails)| {
        let reason_code = if fails && kind < 2 { ReasonCode::QuotaExceeded } else { ReasonCode::Success };
        let ack = Acknowledgement::new(id(packet_id), reason_code);
        match kind {
            0 => Packet::Puback(ack),
            1 => Packet::Pubrec(ack),
            2 => Packet::Pubrel(ack),
            _ => Packet::Pubcomp(ack),
        }
    });
    prop_oneof![
        6 => publishing,
        3 => subscribing,
        5 => acknowledging,
        1 => (1_u16..6, filter()).prop_map(|(packet_id, filter)| unsubscribe(packet_id, &[&filter])),
        1 => Just(Packet::Pingreq),
        1 => prop_oneof![Just(ReasonCode::Success), Just(ReasonCode::DisconnectWithWillMessage)].prop_map(disconnect),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let connecting = (0_usize..3, any::<bool>(), any::<bool>(), 0_u32..5, 0_u16..5, prop::option::of(0_u32..4), 1_u16..4);
    prop_oneof![
        4 => connecting.prop_map(|(client, version, clean, expiry, keep_alive, will, receive_maximum)| {
            Step::Connect { client, version, clean, expiry, keep_alive, will, receive_maximum }
        }),
        16 => (0_usize..3, packet()).prop_map(|(client, packet)| Step::Packet { client, packet: Box::new(packet) }),
        1 => (0_usize..3, prop::collection::vec(any::<u8>(), 0..30)).prop_map(|(client, bytes)| Step::Bytes { client, bytes }),
        2 => (0_usize..3).prop_map(|client| Step::Cut { client }),
        3 => (0_u64..4_000).prop_map(|millis| Step::Pass { millis }),
        1 => prop_oneof![3 => Just(Step::Shutdown), 1 => Just(Step::Crash)],
    ]
}

fn small() -> BrokerConfig {
    BrokerConfig {
        receive_maximum: 3,
        max_inflight: 3,
        max_queued_messages: 4,
        max_queued_bytes: 60,
        max_retained: 3,
        max_sessions: 2,
        max_connections: 3,
        max_topic_levels: 2,
        max_payload_bytes: 150,
        max_subscriptions: 3,
        session_expiry_max: 10,
        queue_qos_zero: true,
        ..BrokerConfig::default()
    }
}

struct Run {
    bench: Bench,
    connections: [Option<ConnectionId>; 3],
}

impl Run {
    fn apply(&mut self, step: Step) {
        let Self { bench, connections } = self;
        match step {
            Step::Connect { client, version, clean, expiry, keep_alive, will, receive_maximum } => {
                let version = if version { V5 } else { V311 };
                let mut one = lasting(version, ["x", "y", "z"][client], expiry);
                one.clean_start = clean;
                one.keep_alive = keep_alive;
                if version == V5 {
                    one.properties.receive_maximum = Some(receive_maximum);
                }
                if let Some(delay) = will {
                    one = with_will(one, Q1, Some(delay));
                }
                connections[client] = Some(bench.dial(one));
            }
            Step::Packet { client, packet } => {
                let Some(connection) = connections[client] else { return };
                let version = bench.peers[&connection].version;
                // What has no form in 3.1.1 is not sent there.
                if let Ok(bytes) = packet.to_bytes(version) {
                    bench.send_bytes(connection, bytes);
                }
            }
            Step::Bytes { client, bytes } => {
                let connection = *connections[client].get_or_insert_with(|| bench.open(V5));
                bench.send_bytes(connection, bytes);
            }
            Step::Cut { client } => {
                if let Some(connection) = connections[client].take() {
                    bench.cut(connection);
                }
            }
            Step::Pass { millis } => bench.pass(Duration::from_millis(millis)),
            Step::Crash => {
                bench.broker.handle_crash(bench.now);
                bench.broker.handle_restart(bench.now);
                bench.drain();
            }
            Step::Shutdown => {
                bench.broker.handle_shutdown(bench.now);
                bench.drain();
            }
        }
    }

    fn check(&mut self) {
        let config = self.bench.broker.config().clone();
        let broker = &self.bench.broker;
        assert!(broker.connection_count() <= config.max_connections);
        assert!(broker.session_count() <= config.max_sessions);
        assert!(broker.retained_count() <= config.max_retained);
        assert!(broker.poll_timeout().is_none_or(|at| at >= self.bench.now));
        let mut living = Vec::new();
        for session in broker.sessions() {
            assert!(session.in_flight.len() <= usize::from(config.max_inflight), "{session:?}");
            assert!(session.queued_messages <= config.max_queued_messages && session.queued_bytes <= config.max_queued_bytes);
            assert!(session.subscriptions.len() <= config.max_subscriptions);
            let mut ids: Vec<_> = session.in_flight.iter().map(|flight| flight.packet_id).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), session.in_flight.len(), "no identifier twice in flight");
            match session.connection {
                Some(connection) => {
                    assert!(!self.bench.peers[&connection].closed);
                    assert_eq!(session.expires_at, None);
                    living.push(connection);
                }
                None => assert!(session.expires_at.is_some() || session.session_expiry_interval == u32::MAX),
            }
        }
        let count = living.len();
        living.dedup();
        assert_eq!(living.len(), count, "a connection has one session");
        // What is held is what is retained, queued and in flight, once each.
        let sessions = broker.by_client.values().filter_map(|key| broker.sessions.get(key.0));
        let held: BTreeMap<_, _> = sessions.flat_map(Session::kept).chain(broker.retained.iter()).map(|one| (one.id, one.size())).collect();
        assert_eq!(broker.held_bytes(), held.values().sum::<usize>());
        // A connection is open on both sides or on none.
        let open = self.bench.peers.values().filter(|peer| !peer.closed).count();
        assert_eq!(open, broker.connection_count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn three_clients_never_break_an_invariant(steps in prop::collection::vec(step(), 1..80)) {
        let mut run = Run { bench: Bench::with(small()), connections: [None; 3] };
        for step in steps {
            run.apply(step);
            run.check();
        }
        // After all sessions have ended nothing is left but what is retained, and the counters.
        let Run { mut bench, .. } = run;
        let open: Vec<_> = bench.peers.iter().filter(|(_, peer)| !peer.closed).map(|(connection, _)| *connection).collect();
        for connection in open {
            bench.cut(connection);
        }
        bench.pass(Duration::from_secs(100));
        prop_assert_eq!(bench.broker.session_count(), 0);
        prop_assert_eq!(bench.broker.connection_count(), 0);
        prop_assert_eq!(&bench.broker.subscriptions, &SubscriptionTree::default());
        prop_assert!(bench.broker.sessions.is_empty());
        prop_assert_eq!(bench.broker.shared_groups().count(), 0);
        prop_assert_eq!(bench.broker.held.bytes_with_wills(), bench.broker.retained.iter().map(|one| one.size()).sum::<usize>());
        prop_assert!(bench.broker.timers.is_empty());
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_leave_others_served(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..10),
        greet in any::<bool>(),
        version in any::<bool>(),
    ) {
        let mut bench = Bench::new();
        let witness = bench.join(connect(V5, "witness"));
        let version = if version { V5 } else { V311 };
        let hostile = if greet { bench.join(connect(version, "hostile")) } else { bench.open(version) };
        for piece in pieces {
            bench.send_bytes(hostile, piece);
        }
        bench.take(witness);
        bench.send(witness, Packet::Pingreq);
        prop_assert_eq!(bench.one(witness), Packet::Pingresp);
    }

    #[test]
    fn the_same_steps_give_the_same_outputs(steps in prop::collection::vec(step(), 1..40)) {
        let run = |steps: &[Step]| {
            let mut run = Run { bench: Bench::with(small()), connections: [None; 3] };
            steps.iter().cloned().for_each(|step| run.apply(step));
            run.bench.events
        };
        prop_assert_eq!(run(&steps), run(&steps));
    }
}
