//! The broker beside a model of a few lines: who gets what, as what, is the same.

use proptest::prelude::*;

use super::*;
use crate::packet::RetainHandling;

const CLIENTS: [(&str, ProtocolVersion); 4] = [("a", V5), ("b", V5), ("c", V311), ("d", V5)];

#[derive(Clone, Debug)]
enum Act {
    Subscribe { client: usize, filter: String, options: SubscriptionOptions, identifier: Option<u32> },
    Unsubscribe { client: usize, filter: String },
    Publish { client: usize, topic: String, qos: QoS, retain: bool, payload: String },
}

/// A PUBLISH as a subscriber sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Copy {
    topic: String,
    payload: String,
    qos: u8,
    retain: bool,
    identifiers: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Wish {
    options: SubscriptionOptions,
    identifier: Option<u32>,
}

#[derive(Default)]
struct Model {
    /// By client and filter.
    wishes: BTreeMap<(usize, String), Wish>,
    /// Publisher, QoS and payload by topic.
    retained: BTreeMap<String, (usize, QoS, String)>,
    /// Members and turn by `$share/…`.
    groups: BTreeMap<String, (Vec<usize>, usize)>,
}

/// Level by level, independently of the broker's own matching.
fn matches(filter: &str, topic: &str) -> bool {
    let (filter, topic): (Vec<&str>, Vec<&str>) = (filter.split('/').collect(), topic.split('/').collect());
    if topic[0].starts_with('$') && (filter[0] == "+" || filter[0] == "#") {
        return false;
    }
    let multi = filter.last() == Some(&"#");
    let fixed = if multi { filter.len() - 1 } else { filter.len() };
    let long_enough = if multi { topic.len() >= fixed } else { topic.len() == fixed };
    long_enough && (0..fixed).all(|level| filter[level] == "+" || filter[level] == topic[level])
}

/// The filter behind the ShareName.
fn unshared(filter: &str) -> Option<&str> {
    filter.strip_prefix("$share/")?.split_once('/').map(|(_, filter)| filter)
}

impl Model {
    /// What each client gets.
    fn apply(&mut self, act: &Act) -> [Vec<Copy>; CLIENTS.len()] {
        let mut got: [Vec<Copy>; CLIENTS.len()] = Default::default();
        match act.clone() {
            Act::Subscribe { client, filter, mut options, identifier } => {
                // What 3.1.1 does not have.
                if CLIENTS[client].1 == V311 {
                    options = SubscriptionOptions { qos: options.qos, ..SubscriptionOptions::default() };
                }
                let wish = Wish { options, identifier: identifier.filter(|_| CLIENTS[client].1 == V5) };
                let existed = self.wishes.insert((client, filter.clone()), wish.clone()).is_some();
                if unshared(&filter).is_some() {
                    let (members, _) = self.groups.entry(filter).or_default();
                    if !members.contains(&client) {
                        members.push(client);
                    }
                    return got;
                }
                let wanted = match options.retain_handling {
                    RetainHandling::SendAtSubscribe => true,
                    RetainHandling::SendIfNew => !existed,
                    RetainHandling::DoNotSend => false,
                };
                for (topic, (publisher, qos, payload)) in self.retained.iter().filter(|(topic, _)| wanted && matches(&filter, topic)) {
                    if !(options.no_local && *publisher == client) {
                        got[client].push(copy(topic, payload, (*qos).min(options.qos), true, wish.identifier.into_iter().collect()));
                    }
                }
            }
            Act::Unsubscribe { client, filter } => {
                self.wishes.remove(&(client, filter.clone()));
                if let Some((members, turn)) = self.groups.get_mut(&filter)
                    && let Some(place) = members.iter().position(|member| *member == client)
                {
                    members.remove(place);
                    *turn -= usize::from(place < *turn);
                    if members.is_empty() {
                        self.groups.remove(&filter);
                    } else {
                        *turn %= members.len();
                    }
                }
            }
            Act::Publish { client: publisher, topic, qos, retain, payload } => {
                if retain && payload.is_empty() {
                    self.retained.remove(&topic);
                } else if retain {
                    self.retained.insert(topic.clone(), (publisher, qos, payload.clone()));
                }
                for (client, got) in got.iter_mut().enumerate() {
                    let wishes: Vec<&Wish> = self
                        .wishes
                        .iter()
                        .filter(|((owner, filter), _)| *owner == client && unshared(filter).is_none() && matches(filter, &topic))
                        .map(|(_, wish)| wish)
                        .filter(|wish| !(wish.options.no_local && client == publisher))
                        .collect();
                    if let Some(granted) = wishes.iter().map(|wish| wish.options.qos).max() {
                        let retain = retain && wishes.iter().any(|wish| wish.options.retain_as_published);
                        let identifiers = wishes.iter().filter_map(|wish| wish.identifier).collect();
                        got.push(copy(&topic, &payload, qos.min(granted), retain, identifiers));
                    }
                }
                for (filter, (members, turn)) in &mut self.groups {
                    if unshared(filter).is_some_and(|filter| matches(filter, &topic)) {
                        let client = members[*turn];
                        *turn = (*turn + 1) % members.len();
                        let Wish { options, identifier } = &self.wishes[&(client, filter.clone())];
                        let retain = retain && options.retain_as_published;
                        got[client].push(copy(&topic, &payload, qos.min(options.qos), retain, identifier.iter().copied().collect()));
                    }
                }
            }
        }
        got
    }
}

fn copy(topic: &str, payload: &str, qos: QoS, retain: bool, mut identifiers: Vec<u32>) -> Copy {
    identifiers.sort_unstable();
    Copy { topic: topic.to_owned(), payload: payload.to_owned(), qos: u8::from(qos), retain, identifiers }
}

fn act() -> impl Strategy<Value = Act> {
    let level = || prop_oneof![Just("x"), Just("y"), Just("")];
    let topic = prop_oneof![
        8 => prop::collection::vec(level(), 1..4).prop_map(|levels| levels.join("/")).prop_filter("a topic", |topic| !topic.is_empty()),
        1 => Just("$x/y".to_owned()),
    ];
    let filter_level = || prop_oneof![2 => Just("x"), 2 => Just("y"), 1 => Just(""), 2 => Just("+")];
    let filter = (prop::collection::vec(filter_level(), 1..4), any::<bool>(), 0_u8..8).prop_map(|(mut levels, multi, share)| {
        if multi {
            levels.push("#");
        }
        let filter = levels.join("/");
        let filter = if filter.is_empty() { "#".to_owned() } else { filter };
        match share {
            0 => format!("$share/g/{filter}"),
            1 => format!("$share/h/{filter}"),
            2 => "$share/g/#".to_owned(),
            3 => format!("$x/{filter}"),
            _ => filter,
        }
    });
    let filter = filter.boxed();
    let qos = || prop_oneof![Just(Q0), Just(Q1), Just(Q2)];
    let handling = prop_oneof![Just(RetainHandling::SendAtSubscribe), Just(RetainHandling::SendIfNew), Just(RetainHandling::DoNotSend)];
    let subscribing = (0..CLIENTS.len(), filter.clone(), qos(), any::<bool>(), any::<bool>(), handling, prop::option::of(1_u32..4))
        .prop_map(|(client, filter, qos, local, retain_as_published, retain_handling, identifier)| {
            let no_local = local && unshared(&filter).is_none();
            let options = SubscriptionOptions { qos, no_local, retain_as_published, retain_handling };
            Act::Subscribe { client, filter, options, identifier }
        });
    let publishing = (0..CLIENTS.len(), topic, qos(), any::<bool>(), "[a-z]{0,2}")
        .prop_map(|(client, topic, qos, retain, payload)| Act::Publish { client, topic, qos, retain, payload });
    prop_oneof![
        4 => subscribing,
        1 => (0..CLIENTS.len(), filter).prop_map(|(client, filter)| Act::Unsubscribe { client, filter }),
        6 => publishing,
    ]
}

/// What this client got, all but acknowledgements.
fn copies(bench: &mut Bench, connection: ConnectionId) -> Vec<Copy> {
    let packets = bench.take(connection).into_iter();
    let mut copies: Vec<Copy> = packets
        .filter_map(|packet| match packet {
            Packet::Publish(one) => {
                let payload = String::from_utf8_lossy(&one.payload).into_owned();
                Some(copy(one.topic.as_str(), &payload, one.qos, one.retain, one.properties.subscription_identifiers.to_vec()))
            }
            _ => None,
        })
        .collect();
    copies.sort();
    copies
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.3.1-12] [MQTT-3.3.1-13] [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.8.3-3] [MQTT-3.8.4-8] [MQTT-4.5.0-1]
    #[test]
    fn everyone_gets_what_a_naive_model_says_mqtt_3_3_4_2(acts in prop::collection::vec(act(), 1..60)) {
        let unbounded = BrokerConfig { max_inflight: u16::MAX, receive_maximum: u16::MAX, ..BrokerConfig::default() };
        let mut bench = Bench::with(unbounded);
        let connections = CLIENTS.map(|(name, version)| bench.join(connect(version, name)));
        let mut model = Model::default();
        for (number, act) in acts.iter().enumerate() {
            let packet_id = u16::try_from(number).unwrap() + 1;
            let (client, packet) = match act {
                Act::Subscribe { client, filter, options, identifier } => {
                    let of_client = if CLIENTS[*client].1 == V311 { super::options(options.qos) } else { *options };
                    (*client, subscribe(packet_id, &[(filter, of_client)], identifier.filter(|_| CLIENTS[*client].1 == V5)))
                }
                Act::Unsubscribe { client, filter } => (*client, unsubscribe(packet_id, &[filter])),
                Act::Publish { client, topic, qos, retain, payload } => {
                    let packet_id = if *qos == Q0 { 0 } else { packet_id };
                    (*client, Packet::Publish(Publish { retain: *retain, ..message(topic, payload, *qos, packet_id) }))
                }
            };
            bench.send(connections[client], packet);
            let mut expected = model.apply(act);
            for (connection, expected) in connections.iter().zip(&mut expected) {
                expected.sort();
                prop_assert_eq!(&copies(&mut bench, *connection), expected, "{:?}", act);
            }
        }
        let kept: Vec<_> = bench.broker.retained().map(|one| one.topic.to_string()).collect();
        prop_assert_eq!(kept, model.retained.into_keys().collect::<Vec<_>>());
    }
}
