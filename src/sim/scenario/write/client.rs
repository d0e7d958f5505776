//! `[[client]]` with its path, devices, replies and faults.

use super::super::client::{DIRECTIONS, KINDS, NOTICES, OVERFLOWS, SERVER_REFERENCES};
use super::super::{ClientSpec, Device, Reply, Signal};
use super::text::{Block, Toml, expiry, seconds, word};
use crate::client::{Acknowledges, ClientConfig, Credentials, OnServerReference, Overflow, ReconnectPolicy, WantedSubscription};
use crate::link::{Bursts, Conditions, CutDirection, CutNotice, Outage, Rule, Side, Tls, Verdict};
use crate::packet::{PacketType, Password, ProtocolVersion, QoS, RetainHandling, SubscriptionOptions, WillMessage};
use crate::sim::MessageProperties;
use crate::time::{Duration, Instant};
use crate::trace::NodeKind;

pub(super) fn write(spec: &ClientSpec) -> Block {
    let (config, plain) = (&spec.config, ClientConfig::new(spec.name.as_str()));
    let mut block = Block::new();
    block.value("name", &*spec.name);
    if spec.kind != NodeKind::default() {
        block.value("kind", word(&KINDS, &spec.kind));
    }
    if config.version == ProtocolVersion::V311 {
        block.value("version", "3.1.1");
    }
    block.unless("client_id", &config.client_id.as_str(), &plain.client_id.as_str());
    match spec.connect_at {
        None => block.value("autoconnect", false),
        Some(at) => block.unless("connect_at", &at, &Instant::ZERO),
    }
    block.unless("clean_start", &config.clean_start, &plain.clean_start);
    block.optional("session_expiry", config.session_expiry_interval.map(expiry));
    block.unless("keep_alive", &seconds(u32::from(config.keep_alive)), &seconds(u32::from(plain.keep_alive)));
    block.unless("sends_pings", &config.sends_pings, &plain.sends_pings);
    block.optional("will", config.will.as_ref().map(will));
    block.optional("user", config.user_name.as_deref());
    block.optional("password", config.password.as_ref().map(password));
    block.optional("receive_maximum", config.receive_maximum);
    block.optional("maximum_packet_size", config.maximum_packet_size);
    match config.reconnect {
        ReconnectPolicy::Never => {}
        ReconnectPolicy::Fixed { delay } => block.value("reconnect", one("every", delay)),
        ReconnectPolicy::Exponential { first, max, jitter } => {
            let mut policy = one("first", first);
            policy.value("max", max);
            policy.unless("jitter", &jitter, &false);
            block.value("reconnect", policy);
        }
    }
    block.unless("connect_timeout", &config.connect_timeout, &plain.connect_timeout);
    block.unless("queue_limit", &config.queue_limit, &plain.queue_limit);
    if config.overflow != Overflow::default() {
        block.value("overflow", word(&OVERFLOWS, &config.overflow));
    }
    block.unless("keeps_qos_0", &config.keeps_qos_0, &plain.keeps_qos_0);
    match config.acknowledges {
        Acknowledges::AtOnce => {}
        Acknowledges::WhenTold => block.value("acknowledges", "when-told"),
        Acknowledges::After(after) => block.value("acknowledges", one("after", after)),
    }
    block.optional("retry_interval", config.retry_interval);
    block.optional("topic_alias_maximum", config.topic_alias_maximum);
    block.unless("uses_topic_aliases", &config.uses_topic_aliases, &plain.uses_topic_aliases);
    block.unless("request_response_information", &config.request_response_information, &plain.request_response_information);
    block.optional("request_problem_information", config.request_problem_information);
    block.unless("user_properties", &config.user_properties.0, &plain.user_properties.0);
    block.optional("authentication", config.authentication.as_ref().map(credentials));
    block.optional("response_topic", config.response_topic.clone());
    block.unless("request_limit", &config.request_limit, &plain.request_limit);
    if config.on_server_reference != OnServerReference::default() {
        block.value("on_server_reference", word(&SERVER_REFERENCES, &config.on_server_reference));
    }
    block.unless("persistent_session", &config.persistent_session, &plain.persistent_session);
    block.optional("path", (spec.conditions != Conditions::default()).then(|| path(&spec.conditions)));
    block.unless("clock_drift", &spec.clock_drift, &0);
    if !config.subscriptions.is_empty() {
        block.value("subscriptions", config.subscriptions.iter().map(subscription).collect::<Vec<_>>());
    }
    block
}

fn one(key: &'static str, value: impl Toml) -> Block {
    let mut block = Block::new();
    block.value(key, value);
    block
}

fn password(Password(bytes): &Password) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn credentials(Credentials::ScramSha256 { user, password: secret }: &Credentials) -> Block {
    let mut block = one("method", crate::session::scram::SCRAM_SHA_256);
    block.value("user", user.clone());
    block.value("password", password(secret));
    block
}

fn will(will: &WillMessage) -> Block {
    let mut block = one("topic", will.topic.clone());
    block.value("payload", String::from_utf8_lossy(&will.payload).into_owned());
    block.unless("qos", &will.qos, &QoS::AtMostOnce);
    block.unless("retain", &will.retain, &false);
    block.optional("delay", will.properties.will_delay_interval.map(seconds));
    let of_will = &will.properties;
    block.optional("payload_format", of_will.payload_format_indicator.map(format));
    block.optional("message_expiry", of_will.message_expiry_interval.map(seconds));
    block.optional("content_type", of_will.content_type.clone());
    block.optional("response_topic", of_will.response_topic.clone());
    block.optional("correlation_data", of_will.correlation_data.as_ref().map(|data| String::from_utf8_lossy(data).into_owned()));
    block.unless("user_properties", &of_will.user_properties.0, &Vec::new());
    block
}

const fn format(is_text: bool) -> &'static str {
    if is_text { "text" } else { "bytes" }
}

/// The properties of a message.
pub(super) fn properties(block: &mut Block, properties: &MessageProperties) {
    block.optional("payload_format", properties.payload_is_text.map(format));
    block.optional("message_expiry", properties.message_expiry.map(seconds));
    block.optional("topic_alias", properties.topic_alias);
    block.optional("content_type", properties.content_type.clone());
    block.optional("response_topic", properties.response_topic.clone());
    block.optional("correlation_data", properties.correlation_data.clone());
    block.unless("user_properties", &properties.user_properties, &Vec::new());
}

fn subscription(wanted: &WantedSubscription) -> Block {
    let mut block = one("filter", wanted.subscription.filter.clone());
    options(&mut block, wanted.subscription.options, wanted.identifier);
    block
}

/// Subscription Options and Subscription Identifier.
pub(super) fn options(block: &mut Block, options: SubscriptionOptions, identifier: Option<u32>) {
    block.unless("qos", &options.qos, &QoS::AtMostOnce);
    block.unless("no_local", &options.no_local, &false);
    block.unless("retain_as_published", &options.retain_as_published, &false);
    let handling: u8 = match options.retain_handling {
        RetainHandling::SendAtSubscribe => 0,
        RetainHandling::SendIfNew => 1,
        RetainHandling::DoNotSend => 2,
    };
    block.unless("retain_handling", &handling, &0);
    block.optional("identifier", identifier);
}

/// What differs from a quiet path.
pub(super) fn path(conditions: &Conditions) -> Block {
    let plain = Conditions::default();
    let mut block = Block::new();
    block.unless("latency", &conditions.latency, &plain.latency);
    block.unless("jitter", &conditions.jitter, &plain.jitter);
    block.unless("loss", &conditions.loss, &plain.loss);
    block.optional("bursts", conditions.bursts.map(bursts));
    block.optional("rate", conditions.rate);
    block.optional("queue", conditions.queue);
    block.optional("idle_timeout", conditions.idle_timeout);
    block.optional("outage", conditions.outage.map(outage));
    block.optional("tls", conditions.costs.tls.map(|tls| word(&[("1.2", Tls::V1_2), ("1.3", Tls::V1_3)], &tls)));
    block.unless("websocket", &conditions.costs.websocket, &plain.costs.websocket);
    block
}

fn bursts(bursts: Bursts) -> Block {
    let mut block = one("enter", bursts.enter);
    block.value("leave", bursts.leave);
    block.value("loss", bursts.loss);
    block
}

fn outage(outage: Outage) -> Block {
    let mut block = one("every", outage.every);
    block.value("lasts", outage.lasts);
    block
}

pub(super) fn fault(client: &str, rule: &Rule) -> Block {
    let mut block = one("client", client);
    self::rule(&mut block, rule);
    block
}

/// `packet`, `from`, `nth`, … of a fault.
pub(super) fn rule(block: &mut Block, rule: &Rule) {
    let packet = PacketType::ALL.into_iter().find(|packet| *packet as u8 == rule.label);
    block.value("packet", packet.map_or("any", PacketType::name));
    block.value("from", if rule.from == Side::Client { "client" } else { "broker" });
    block.unless("nth", &rule.nth, &1);
    match rule.times {
        Rule::ALWAYS => block.value("times", "always"),
        times => block.unless("times", &times, &1),
    }
    block.unless("not_before", &rule.not_before, &Instant::ZERO);
    block.unless("until", &rule.until, &Instant::FAR_FUTURE);
    let verdict = match rule.verdict {
        // No rule of a file says this.
        Verdict::Pass => "",
        Verdict::CutBeforeDelivery { .. } => "cut-before-delivery",
        Verdict::CutAfterDelivery { .. } => "cut-after-delivery",
        Verdict::ResetBeforeDelivery => "reset-before-delivery",
        Verdict::ResetAfterDelivery => "reset-after-delivery",
        Verdict::Delay { .. } => "delay",
        Verdict::Hold => "hold",
        Verdict::DuplicateConnection => "connect-double",
    };
    block.value("verdict", verdict);
    match rule.verdict {
        Verdict::CutBeforeDelivery { notice } | Verdict::CutAfterDelivery { notice } => self::notice(block, notice),
        Verdict::Delay { by } => block.value("by", by),
        _ => {}
    }
}

/// Who learns of a cut.
pub(super) fn notice(block: &mut Block, notice: CutNotice) {
    block.unless("notice", &word(&NOTICES, &notice), &word(&NOTICES, &CutNotice::default()));
}

/// What is cut.
pub(super) fn direction(block: &mut Block, direction: CutDirection) {
    block.unless("direction", &word(&DIRECTIONS, &direction), &"both");
}

pub(super) fn device(client: &str, device: &Device) -> Block {
    let mut block = one("client", client);
    match &device.signal {
        Signal::Sine { low, high, cycle, decimals } => {
            block.value("signal", "sine");
            block.value("low", *low);
            block.value("high", *high);
            block.value("cycle", *cycle);
            block.value("decimals", *decimals);
        }
        Signal::RandomWalk { start, step, low, high, decimals } => {
            block.value("signal", "random-walk");
            block.value("first", *start);
            block.value("step", *step);
            block.value("low", *low);
            block.value("high", *high);
            block.value("decimals", *decimals);
        }
        Signal::Steps { values } => {
            block.value("signal", "steps");
            block.value("values", values.clone());
        }
        Signal::Burst { size } => {
            block.value("signal", "burst");
            block.value("size", *size);
        }
        Signal::Replay { rows } => {
            block.value("signal", "csv");
            let row = |(at, value): &(Duration, String)| {
                let micros = at.as_micros();
                let (whole, rest) = (micros.checked_div(1_000_000).unwrap_or(0), micros.checked_rem(1_000_000).unwrap_or(0));
                format!("{whole}.{rest:06},{value}\n")
            };
            block.value("csv", rows.iter().map(row).collect::<String>());
        }
    }
    block.value("every", device.every);
    block.unless("start", &device.start, &Instant::ZERO);
    block.optional("times", device.times);
    block.value("topic", device.topic.clone());
    block.unless("qos", &device.qos, &QoS::AtMostOnce);
    block.unless("retain", &device.retain, &false);
    block.value("payload", device.payload.0.clone());
    block
}

pub(super) fn reply(client: &str, reply: &Reply) -> Block {
    let mut block = one("client", client);
    block.value("when", reply.when.clone());
    match &reply.topic {
        Some(topic) => block.value("topic", topic.clone()),
        None => block.value("to_response_topic", true),
    }
    block.value("payload", reply.payload.0.clone());
    block.unless("qos", &reply.qos, &QoS::AtMostOnce);
    block.unless("retain", &reply.retain, &false);
    block.unless("delay", &reply.delay, &Duration::ZERO);
    block
}
