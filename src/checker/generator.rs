//! Draws whole scenarios: clients, settings, subscriptions, Wills, messages and faults, and then a time of peace in which everything has to come to rest.

use bytestring::ByteString;

use crate::broker::BrokerConfig;
use crate::client::{Acknowledges, ReconnectPolicy, WantedSubscription};
use crate::link::{Conditions, CutDirection, CutNotice, Rule, Side, Verdict};
use crate::packet::{
    ClientId, PacketType, ProtocolVersion, QoS, ReasonCode, RetainHandling, Subscription, SubscriptionOptions, TopicFilter, TopicName,
    WillMessage, WillProperties,
};
use crate::ratio::Ratio;
use crate::rng::{RngStream, Seed};
use crate::sim::{ClientSpec, Command, MessageProperties, Scenario};
use crate::time::{Duration, Instant};
use crate::trace::NodeId;

const TOPICS: [&str; 7] = ["a", "a/b", "a/b/c", "a/c", "b/x/c", "$x/y", "will/x"];
const FILTERS: [&str; 14] = [
    "a/#",
    "a/+",
    "a/b",
    "+/b",
    "#",
    "+/+/c",
    "b/+/c",
    "$x/#",
    "will/#",
    "a",
    "$share/g/a/#",
    "$share/g/a/b",
    "$share/h/#",
    "$share/g/a/#",
];
/// The faults begin and end within this time.
const TROUBLE_MS: u64 = 20_000;
/// When the last hand is laid on the world.
const PEACE_MS: u64 = 22_000;
/// What the longest timer needs after that.
const REST_MS: u64 = 45_000;

struct Draw(RngStream);

impl Draw {
    fn percent(&mut self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    fn range(&mut self, from: u64, to: u64) -> u64 {
        from.saturating_add(self.0.below(to.saturating_sub(from).saturating_add(1)))
    }

    fn one<T: Clone>(&mut self, of: &[T], otherwise: T) -> T {
        let place = usize::try_from(self.0.below(of.len() as u64)).unwrap_or_default();
        of.get(place).cloned().unwrap_or(otherwise)
    }

    fn qos(&mut self) -> QoS {
        self.one(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce], QoS::AtMostOnce)
    }

    fn topic(&mut self) -> TopicName {
        TopicName::new(self.one(&TOPICS, "a")).unwrap_or_default()
    }

    fn at(&mut self, from: u64, to: u64) -> Instant {
        Instant::from_millis(self.range(from, to))
    }
}

/// The scenario of a seed. The same seed always draws the same.
#[must_use]
pub fn generate(seed: Seed) -> Scenario {
    let mut draw = Draw(seed.stream("scenario", "generator"));
    let count = draw.range(3, 8);
    let mut scenario = Scenario { seed, until: Duration::from_millis(PEACE_MS.saturating_add(REST_MS)), ..Scenario::default() };
    draw_broker(&mut draw, &mut scenario);
    for index in 0..count {
        let client = draw_client(&mut draw, index);
        scenario.clients.push(client);
    }
    // A Client of 3.1.1 cannot be told that there is no room: it is cut off, comes back, and sends the same again for ever.
    if scenario.clients.iter().any(|spec| spec.config.version == ProtocolVersion::V311) {
        scenario.broker.max_retained = BrokerConfig::default().max_retained;
    }
    if draw.percent(25) {
        share_client_id(&mut scenario);
    }
    let mut timeline = Vec::new();
    for uid in 0..draw.range(12, 24) {
        let entry = draw_act(&mut draw, &scenario, uid);
        timeline.extend(entry);
    }
    for _ in 0..draw.range(4, 5) {
        draw_fault(&mut draw, &mut scenario, &mut timeline);
    }
    make_peace(&scenario, &mut timeline);
    timeline.sort_by_key(|(at, _)| *at);
    scenario.timeline = timeline;
    scenario
}

fn draw_broker(draw: &mut Draw, scenario: &mut Scenario) {
    let broker = &mut scenario.broker;
    broker.receive_maximum = draw.one(&[2, 5, 20, 20], 20);
    broker.max_inflight = draw.one(&[1, 2, 20, 20], 20);
    broker.max_queued_messages = draw.one(&[2, 1_000, 1_000], 1_000);
    broker.max_retained = draw.one(&[1, 10_000, 10_000, 10_000], 10_000);
    broker.max_subscriptions = draw.one(&[2, 1_000, 1_000, 1_000], 1_000);
    broker.persistence = draw.percent(50);
    broker.queue_qos_zero = draw.percent(30);
    broker.topic_alias_maximum = draw.one(&[0, 2, 10], 10);
    broker.session_expiry_max = draw.one(&[8, u32::MAX, u32::MAX], u32::MAX);
    broker.server_keep_alive = draw.one(&[None, None, None, Some(4)], None);
}

fn draw_client(draw: &mut Draw, index: u64) -> ClientSpec {
    let mut spec = ClientSpec::new(&format!("c{index}"));
    let config = &mut spec.config;
    let is_new = draw.percent(65);
    config.version = if is_new { ProtocolVersion::V5 } else { ProtocolVersion::V311 };
    config.clean_start = draw.percent(35);
    config.keep_alive = draw.one(&[0, 4, 10, 60], 10);
    config.sends_pings = !draw.percent(8);
    // Who falls silent would be cut off and come back for ever.
    config.reconnect = match draw.percent(85) && config.sends_pings {
        true => ReconnectPolicy::Fixed { delay: Duration::from_millis(draw.range(100, 1_500)) },
        false => ReconnectPolicy::Never,
    };
    config.connect_timeout = Duration::from_secs(5);
    config.persistent_session = draw.percent(50);
    config.keeps_qos_0 = draw.percent(30);
    config.acknowledges = match draw.percent(15) {
        true => Acknowledges::After(Duration::from_millis(draw.range(1, 300))),
        false => Acknowledges::AtOnce,
    };
    if draw.percent(40) {
        config.will = Some(draw_will(draw, is_new, index));
    }
    if is_new {
        config.session_expiry_interval = draw.one(&[None, Some(2), Some(10), Some(600), Some(u32::MAX)], None);
        config.receive_maximum = draw.one(&[None, None, Some(1), Some(2)], None);
        config.maximum_packet_size = draw.one(&[None, None, None, None, Some(60)], None);
        config.topic_alias_maximum = draw.one(&[None, Some(1), Some(5)], None);
        config.uses_topic_aliases = draw.percent(40);
    }
    for _ in 0..draw.range(0, 3) {
        let drawn = draw_subscription(draw, is_new);
        config.subscriptions.extend(drawn.map(|(subscription, identifier)| WantedSubscription { subscription, identifier }));
    }
    spec.connect_at = Some(draw.at(0, 400));
    spec.conditions = Conditions {
        latency: Duration::from_millis(draw.range(1, 60)),
        jitter: Duration::from_millis(draw.one(&[0, 0, 20], 0)),
        loss: Ratio::from_percent(draw.one(&[0, 0, 0, 10, 25], 0)),
        ..Conditions::default()
    };
    spec
}

fn draw_will(draw: &mut Draw, is_new: bool, index: u64) -> WillMessage {
    let mut properties = WillProperties::default();
    if is_new {
        properties.will_delay_interval = draw.one(&[None, Some(1), Some(5)], None);
        properties.message_expiry_interval = draw.one(&[None, None, Some(3)], None);
    }
    let payload = ByteString::from(format!("will of {index}")).into_bytes();
    WillMessage { topic: draw.topic(), payload, qos: draw.qos(), retain: draw.percent(25), properties }
}

fn draw_subscription(draw: &mut Draw, is_new: bool) -> Option<(Subscription, Option<u32>)> {
    let text = draw.one(&FILTERS, "#");
    let filter = TopicFilter::new(text).ok()?;
    let mut options = SubscriptionOptions { qos: draw.qos(), ..SubscriptionOptions::default() };
    let mut identifier = None;
    if is_new {
        let kinds = [RetainHandling::SendAtSubscribe, RetainHandling::SendIfNew, RetainHandling::DoNotSend];
        options.retain_handling = draw.one(&kinds, RetainHandling::SendAtSubscribe);
        options.retain_as_published = draw.percent(40);
        options.no_local = draw.percent(25) && !text.starts_with("$share/");
        identifier = draw.one(&[None, Some(1), Some(200)], None);
    }
    Some((Subscription { filter, options }, identifier))
}

/// Two clients that take the connection from each other; neither comes back by itself.
fn share_client_id(scenario: &mut Scenario) {
    let id = ClientId::new("c0");
    for spec in scenario.clients.iter_mut().take(2) {
        spec.config.client_id = id.clone();
        spec.config.reconnect = ReconnectPolicy::Never;
        spec.config.persistent_session = false;
    }
}

fn node(draw: &mut Draw, scenario: &Scenario) -> NodeId {
    NodeId(u32::try_from(draw.range(1, scenario.clients.len() as u64)).unwrap_or(1))
}

fn is_new(scenario: &Scenario, node: NodeId) -> bool {
    let place = usize::try_from(node.0.saturating_sub(1)).unwrap_or_default();
    scenario.clients.get(place).is_some_and(|spec| spec.config.version == ProtocolVersion::V5)
}

fn draw_act(draw: &mut Draw, scenario: &Scenario, uid: u64) -> Vec<(Instant, Command)> {
    let at = draw.at(300, TROUBLE_MS);
    let client = node(draw, scenario);
    let is_new = is_new(scenario, client);
    match draw.range(0, 99) {
        0..74 => {
            let is_burst = draw.percent(25);
            let (topic, qos, retain) = (draw.topic(), draw.qos(), draw.percent(25));
            let copies = if is_burst { 4 } else { 1 };
            let empties = retain && draw.percent(20);
            let mut properties = MessageProperties::default();
            if is_new {
                properties.message_expiry = draw.one(&[None, None, None, Some(1), Some(4), Some(60)], None);
                if draw.percent(15) {
                    properties.user_properties.push(("k".into(), "v".into()));
                    properties.content_type = Some("text/plain".into());
                    properties.payload_is_text = Some(true);
                }
            }
            (0..copies)
                .map(|copy| {
                    let payload = if empties { ByteString::new() } else { ByteString::from(format!("m{uid}.{copy}")) };
                    let (topic, properties) = (topic.clone(), properties.clone());
                    (at, Command::Publish { client, topic, payload, qos, retain, properties })
                })
                .collect()
        }
        74..86 => {
            let Some((Subscription { filter, options }, identifier)) = draw_subscription(draw, is_new) else { return Vec::new() };
            vec![(at, Command::Subscribe { client, filter, options, identifier })]
        }
        86..92 => {
            let Some((Subscription { filter, .. }, _)) = draw_subscription(draw, is_new) else { return Vec::new() };
            vec![(at, Command::Unsubscribe { client, filter })]
        }
        _ => {
            let keeps_will = is_new && draw.percent(50);
            let reason_code = if keeps_will { ReasonCode::DisconnectWithWillMessage } else { ReasonCode::Success };
            let back = at + Duration::from_millis(draw.range(50, 6_000));
            vec![(at, Command::Disconnect { client, reason_code, session_expiry: None }), (back, Command::Connect { client })]
        }
    }
}

fn draw_fault(draw: &mut Draw, scenario: &mut Scenario, timeline: &mut Vec<(Instant, Command)>) {
    let at = draw.at(500, TROUBLE_MS.saturating_sub(2_000));
    let end = at + Duration::from_millis(draw.range(50, 8_000));
    let client = node(draw, scenario);
    let notice = draw.one(&[CutNotice::Client, CutNotice::Nobody, CutNotice::Both], CutNotice::Client);
    match draw.range(0, 99) {
        0..20 => {
            let direction = draw.one(&[CutDirection::Both, CutDirection::ToBroker, CutDirection::ToClient], CutDirection::Both);
            timeline.push((at, Command::Cut { client, direction, notice }));
            timeline.push((end, Command::Restore { client }));
        }
        20..32 => timeline.push((at, Command::Reset { client })),
        32..46 => {
            timeline.push((at, Command::PowerCut { node: client }));
            timeline.push((end, Command::PowerOn { node: client }));
        }
        46..56 => {
            timeline.push((at, Command::PowerCut { node: NodeId::BROKER }));
            timeline.push((end, Command::PowerOn { node: NodeId::BROKER }));
        }
        56..64 => {
            timeline.push((at, Command::Freeze { client, frozen: true, lasts: None }));
            timeline.push((end, Command::Freeze { client, frozen: false, lasts: None }));
        }
        64..70 => timeline.push((at, Command::Kick { client })),
        _ => {
            use PacketType::{Connack, Connect, Puback, Pubcomp, Publish, Pubrec, Pubrel, Suback, Subscribe};
            let packets = [Connect, Connack, Publish, Publish, Puback, Pubrec, Pubrel, Pubcomp, Subscribe, Suback];
            let packet = draw.one(&packets, Publish);
            let from = match packet {
                Connect | Subscribe => Side::Client,
                Connack | Suback => Side::Broker,
                _ => draw.one(&[Side::Client, Side::Broker], Side::Client),
            };
            let verdicts = [
                Verdict::CutBeforeDelivery { notice },
                Verdict::CutAfterDelivery { notice },
                Verdict::ResetBeforeDelivery,
                Verdict::ResetAfterDelivery,
                Verdict::Delay { by: Duration::from_millis(700) },
            ];
            let verdict = draw.one(&verdicts, Verdict::ResetBeforeDelivery);
            let nth = u32::try_from(draw.range(1, 4)).unwrap_or(1);
            let place = usize::try_from(client.0.saturating_sub(1)).unwrap_or_default();
            if let Some(spec) = scenario.clients.get_mut(place) {
                spec.faults.push(Rule::once(from, packet as u8, nth, verdict));
                timeline.push((end, Command::Restore { client }));
            }
        }
    }
}

/// All faults stop, and everybody is connected again who can be.
fn make_peace(scenario: &Scenario, timeline: &mut Vec<(Instant, Command)>) {
    let at = Instant::from_millis(PEACE_MS);
    timeline.push((at, Command::PowerOn { node: NodeId::BROKER }));
    for (client, _) in (1_u32..).map(NodeId).zip(&scenario.clients) {
        timeline.push((at, Command::ClearFaults { client }));
        timeline.push((at, Command::Restore { client }));
        timeline.push((at, Command::SetConditions { client, conditions: Conditions::default() }));
        timeline.push((at, Command::Freeze { client, frozen: false, lasts: None }));
        timeline.push((at, Command::PowerOn { node: client }));
        // What is half open would only show when somebody sends.
        timeline.push((at, Command::Reset { client }));
        timeline.push((at + Duration::from_secs(8), Command::Connect { client }));
    }
}
