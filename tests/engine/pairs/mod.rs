//! Clients and broker together on wires that break at any byte: what QoS, order, flow control, aliases and shared groups promise holds whatever happens.

mod judge;
mod ledger;
mod wires;

use mqtt_playground::broker::{BrokerConfig, BrokerEvent, DropReason};
use mqtt_playground::client::{ClientConfig, ReconnectPolicy};
use mqtt_playground::packet::{ProtocolVersion, QoS, Subscription, SubscriptionOptions, TopicFilter};
use mqtt_playground::rng::{RngStream, Seed};
use mqtt_playground::time::Duration;

use super::test;
use wires::{Got, Peer, Wires};

const V5: ProtocolVersion = ProtocolVersion::V5;
const V311: ProtocolVersion = ProtocolVersion::V311;
const TOPICS: [&str; 4] = ["a", "a/b", "a/c", "d"];
const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
/// How many schedules each test tries.
const SEEDS: u64 = if cfg!(target_arch = "wasm32") { 20 } else { 50 };
const STEPS: u64 = 250;

/// A message that was published.
struct Published {
    payload: String,
    qos: QoS,
}

/// A client that comes back, with a session that stays.
fn client(name: &'static str, version: ProtocolVersion, filters: &[(&'static str, QoS)]) -> ClientConfig {
    let is_v5 = version == V5;
    let subscriptions = filters.iter().map(|(filter, qos)| Subscription {
        filter: TopicFilter::new(*filter).expect("a filter"),
        options: SubscriptionOptions { qos: *qos, ..SubscriptionOptions::default() },
    });
    ClientConfig {
        version,
        clean_start: false,
        session_expiry_interval: is_v5.then_some(u32::MAX),
        receive_maximum: is_v5.then_some(2),
        topic_alias_maximum: is_v5.then_some(2),
        uses_topic_aliases: is_v5,
        reconnect: ReconnectPolicy::Fixed { delay: Duration::from_secs(1) },
        subscriptions: subscriptions.map(Into::into).collect(),
        ..ClientConfig::new(name)
    }
}

fn broker() -> BrokerConfig {
    BrokerConfig { receive_maximum: 3, max_inflight: 4, topic_alias_maximum: 3, max_topic_alias_outgoing: 3, ..BrokerConfig::default() }
}

/// Lets the first `publishers` clients publish while bytes trickle and wires break, and then waits until all is done.
fn play(wires: &mut Wires, publishers: u64, rng: &mut RngStream) -> Vec<Published> {
    play_with(wires, publishers, rng, |_| None)
}

/// The same with Message Expiry Intervals, drawn for each message.
fn play_with(
    wires: &mut Wires,
    publishers: u64,
    rng: &mut RngStream,
    mut expiry: impl FnMut(&mut RngStream) -> Option<u32>,
) -> Vec<Published> {
    let peers = wires.peers.len() as u64;
    let mut published = Vec::new();
    for number in 0..STEPS {
        let index = rng.below(peers) as usize;
        let count = rng.below(60) as usize;
        match rng.below(30) {
            0..8 => {
                let index = rng.below(publishers) as usize;
                let topic = TOPICS[rng.below(TOPICS.len() as u64) as usize];
                let qos = QOS[rng.below(3) as usize];
                let expiry = expiry(rng);
                let note = expiry.map_or_else(|| "x".repeat(count), |seconds| format!("expires-{seconds}"));
                let tag = format!("{index} {number} {note}");
                wires.publish(index, topic, &tag, qos, expiry);
                published.push(Published { payload: format!("{topic} {tag}"), qos });
            }
            8..17 => wires.move_up(index, count),
            17..26 => wires.move_down(index, count),
            26..28 => wires.cut(index),
            _ => wires.wait(Duration::from_millis(rng.below(1_500))),
        }
    }
    wires.settle();
    wires.wait(Duration::from_secs(1));
    wires.settle();
    published
}

/// I1, I2, I3 and I5: how often each message came, at a subscriber whose filter was granted `granted`.
fn assert_delivered(peer: &Peer, published: &[Published], granted: QoS, matches: impl Fn(&str) -> bool) {
    for one in published {
        let copies: Vec<&Got> = peer.got.iter().filter(|got| got.payload == one.payload).collect();
        let (count, qos) = (copies.len(), one.qos.min(granted));
        assert!(copies.iter().all(|got| got.qos == qos), "I4: {:?} came as {copies:?}", one.payload);
        let wanted = match qos {
            _ if !matches(&one.payload) => 0..=0,
            QoS::AtMostOnce => 0..=1,
            QoS::AtLeastOnce => 1..=usize::MAX,
            QoS::ExactlyOnce => 1..=1,
        };
        assert!(wanted.contains(&count), "{} at {qos:?} came {count} times to {}", one.payload, peer.client.client_id());
    }
    assert!(peer.got.iter().all(|got| published.iter().any(|one| one.payload == got.payload)), "I4: no invention");
}

/// I6: first deliveries of one publisher, topic and QoS come in the order of publishing.
fn assert_ordered(peer: &Peer, published: &[Published]) {
    let place = |payload: &str| published.iter().position(|one| one.payload == payload);
    let mut last = std::collections::BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for got in peer.got.iter().filter(|got| seen.insert(got.payload.clone())) {
        let place = place(&got.payload).expect("published");
        let flow: Vec<&str> = got.payload.split(' ').take(2).collect();
        let before = last.insert((flow.join(" "), got.qos, published[place].qos), place);
        let overtaken = before.filter(|before| *before > place).map(|before| &published[before].payload);
        assert_eq!(overtaken, None, "I6: {} came late to {}", got.payload, peer.client.client_id());
    }
}

fn is_acceptance_of(event: &BrokerEvent, wanted: &str) -> bool {
    matches!(event, BrokerEvent::MessageAccepted { payload, .. } if payload[..] == *wanted.as_bytes())
}

#[test]
fn qos_order_quotas_and_aliases_hold_over_cuts_at_any_byte_mqtt_4_4_0_1_mqtt_4_6_0_1_to_6() {
    for seed in 0..SEEDS {
        let mut rng = Seed(seed).stream("pairs", "faults");
        let clients = vec![
            client("p5", V5, &[]),
            client("p3", V311, &[]),
            client("all5", V5, &[("#", QOS[2])]),
            client("all3", V311, &[("#", QOS[2])]),
            client("low", V5, &[("a/#", QOS[1])]),
        ];
        let mut wires = Wires::new(broker(), clients);
        let published = play(&mut wires, 2, &mut rng);
        for peer in &wires.peers[2..4] {
            assert_delivered(peer, &published, QOS[2], |_| true);
            assert_ordered(peer, &published);
        }
        assert_delivered(&wires.peers[4], &published, QOS[1], |payload| payload.starts_with('a'));
        assert_ordered(&wires.peers[4], &published);
        let aliases: Vec<_> = wires.peers.iter().map(|peer| peer.aliases_seen).collect();
        assert_eq!(aliases, [(3, 0), (0, 0), (0, 2), (0, 0), (0, 2)], "aliases were in use, both ways");
        wires.assert_at_rest();
        wires.ledger.assert_settled(&[]);
    }
}

#[test]
fn a_shared_group_gives_each_message_to_exactly_one_member_over_cuts_mqtt_4_8_2_4() {
    for seed in 0..SEEDS {
        let mut rng = Seed(seed).stream("pairs", "groups");
        let group = [("$share/g/#", QOS[2])];
        let clients = vec![
            client("p5", V5, &[]),
            client("p3", V311, &[]),
            client("x", V5, &group),
            client("y", V5, &group),
            client("z", V311, &[("$share/g/#", QOS[2]), ("d", QOS[2])]),
        ];
        let mut wires = Wires::new(broker(), clients);
        let published = play(&mut wires, 2, &mut rng);
        for one in &published {
            // z has an ordinary subscription to one topic too, and so a copy of its own.
            let own = usize::from(one.payload.starts_with('d') && one.qos > QOS[0]);
            let copies: Vec<usize> =
                wires.peers[2..].iter().map(|peer| peer.got.iter().filter(|got| got.payload == one.payload).count()).collect();
            let total: usize = copies.iter().sum();
            match one.qos {
                QoS::AtMostOnce => assert!(total <= 1 + usize::from(one.payload.starts_with('d')), "{copies:?}"),
                QoS::AtLeastOnce => {
                    // A publisher that sends a message again after a break makes it a new one.
                    let accepted = wires.events.iter().filter(|event| is_acceptance_of(event, &one.payload)).count();
                    let members = copies.iter().filter(|count| **count > 0).count();
                    assert!(total > own && members <= accepted + own, "{}: {copies:?}", one.payload);
                }
                QoS::ExactlyOnce => assert_eq!(total, 1 + own, "{}: {copies:?}", one.payload),
            }
        }
        let chosen = wires.events.iter().filter(|event| matches!(event, BrokerEvent::SharedMemberChosen { .. })).count();
        assert!(chosen >= published.iter().filter(|one| one.qos > QOS[0]).count());
        wires.assert_at_rest();
        wires.ledger.assert_settled(&[]);
    }
}

#[test]
fn when_members_lose_their_sessions_others_get_what_was_not_acknowledged_mqtt_4_8_2_5() {
    for seed in 0..SEEDS {
        let mut rng = Seed(seed).stream("pairs", "members");
        let group = [("$share/g/#", QOS[2])];
        let mut passing = [client("x", V5, &group), client("y", V311, &group)];
        passing[0].session_expiry_interval = Some(0);
        passing[1].clean_start = true;
        let [x, y] = passing;
        let mut wires = Wires::new(broker(), vec![client("p5", V5, &[]), client("p3", V311, &[]), client("stays", V5, &group), x, y]);
        let published = play(&mut wires, 2, &mut rng);
        for one in &published {
            let total = wires.peers[2..].iter().flat_map(|peer| &peer.got).filter(|got| got.payload == one.payload).count();
            match one.qos {
                QoS::AtMostOnce => assert!(total <= 1),
                QoS::AtLeastOnce => assert!(total >= 1, "{} is lost", one.payload),
                // One that was sent when its session ended goes to no other.
                QoS::ExactlyOnce => assert!(total <= 1, "{} came {total} times", one.payload),
            }
        }
        wires.assert_at_rest();
        wires.ledger.assert_settled(&["x", "y"]);
    }
}

#[test]
fn a_client_with_a_small_maximum_packet_size_gets_what_fits_in_order_mqtt_3_1_2_24_mqtt_3_1_2_25() {
    for seed in 0..SEEDS {
        let mut rng = Seed(seed).stream("pairs", "sizes");
        let mut small = client("small", V5, &[("#", QOS[2])]);
        small.maximum_packet_size = Some(50);
        let mut wires = Wires::new(broker(), vec![client("p5", V5, &[]), small]);
        let published = play(&mut wires, 1, &mut rng);
        assert_ordered(&wires.peers[1], &published);
        // Beside the payload a PUBLISH has 2 + 2 + 2 + 1 bytes and a topic of at most 3. An alias may make more fit, which is not looked at.
        let fits: Vec<Published> = published.into_iter().filter(|one| one.payload.len() + 10 <= 50).collect();
        wires.peers[1].got.retain(|got| fits.iter().any(|one| one.payload == got.payload));
        assert_delivered(&wires.peers[1], &fits, QOS[2], |_| true);
        wires.assert_at_rest();
        wires.ledger.assert_settled(&[]);
    }
}

#[test]
fn no_message_is_sent_after_its_expiry_and_the_interval_tells_what_is_left_mqtt_3_3_2_5_mqtt_3_3_2_6() {
    let mut expired = 0;
    for seed in 0..SEEDS {
        let mut rng = Seed(seed).stream("pairs", "expiry");
        let clients = vec![
            client("p5", V5, &[]),
            client("all5", V5, &[("#", QOS[2])]),
            client("x", V5, &[("$share/g/#", QOS[1])]),
            client("y", V5, &[("$share/g/#", QOS[1])]),
        ];
        let mut wires = Wires::new(broker(), clients);
        let published = play_with(&mut wires, 1, &mut rng, |rng| Some(rng.below(4) as u32 + 1));
        assert_ordered(&wires.peers[1], &published);
        expired +=
            wires.events.iter().filter(|event| matches!(event, BrokerEvent::MessageDropped { reason: DropReason::Expired, .. })).count();
        wires.assert_at_rest();
        wires.ledger.assert_settled(&[]);
    }
    assert!(expired > 0, "some did expire");
}
