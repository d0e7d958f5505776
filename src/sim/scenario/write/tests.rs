//! Whatever a file can say is written and read back.

use bytes::Bytes;
use proptest::prelude::*;

use super::super::*;
use crate::client::{ReconnectPolicy, WantedSubscription};
use crate::link::{CutNotice, Outage, Side, Verdict};
use crate::packet::{ProtocolVersion, QoS, Subscription, SubscriptionOptions, TopicFilter, TopicName, WillMessage, WillProperties};
use crate::ratio::Ratio;
use crate::sim::MessageProperties;

fn comes_back(text: &str) -> String {
    let scenario = Scenario::parse("scenario.toml", text).unwrap_or_else(|found| panic!("{text}\n{found:#?}"));
    scenario.to_toml().unwrap_or_else(|_| panic!("{text}\n{scenario:#?}"))
}

#[test]
fn every_lesson_is_written_and_read_back() {
    let mut lessons = 0;
    for lesson in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/lessons")).unwrap() {
        let Ok(text) = std::fs::read_to_string(lesson.unwrap().path().join("scenario.toml")) else { continue };
        comes_back(&text);
        lessons += 1;
    }
    assert!(lessons >= 4, "{lessons} lessons");
}

#[test]
fn every_key_is_written_and_read_back() {
    let head = r#"
        seed = 18446744073709551614
        until = "1500 us"
        [broker]
        allow_anonymous = false
        retain_available = false
        queue_qos_zero = true
        persistence = false
        upgrade_outgoing_qos = true
        allow_empty_client_id = false
        wildcard_subscription_available = false
        subscription_identifiers_available = false
        shared_subscription_available = false
        max_queued_messages = 1
        max_queued_bytes = 2
        max_retained = 3
        max_payload_bytes = 4
        max_sessions = 5
        max_connections = 6
        max_topic_levels = 7
        max_subscriptions = 8
        max_client_id_bytes = 9
        maximum_qos = 1
        receive_maximum = 10
        max_inflight = 11
        topic_alias_maximum = 0
        max_topic_alias_outgoing = 12
        maximum_packet_size = 1300
        max_payload = 14
        connect_rate = { connects = 3, per = "1 s" }
        connect_rate_per_client = { connects = 4, per = "250 ms" }
        session_expiry_max = "1 d"
        server_keep_alive = "0 s"
        max_keep_alive = "90 s"
        connect_timeout = "3 s"
        sys_interval = "10 s"
        assigned_prefix = "a\"\\-"
        client_id_prefix = "é\t"
        response_information = "answers"
        redirect = { server = "elsewhere:1883", permanent = true, only_when_full = true }
        [[client]]
        name = "센서 1"
        kind = "sensor"
        client_id = ""
        connect_at = "20 ms"
        clean_start = false
        session_expiry = "never"
        keep_alive = "0 s"
        sends_pings = false
        will = { topic = "w", payload = "gone\n", qos = 2, retain = true, delay = "5 s", message_expiry = "1 min", content_type = "text/plain", payload_format = "text", response_topic = "r", correlation_data = "c", user_properties = [["k", "v"], ["k", ""]] }
        user = "mina"
        password = "비밀"
        receive_maximum = 1
        maximum_packet_size = 60
        reconnect = { first = "1 s", max = "1 min", jitter = true }
        connect_timeout = "1 h"
        queue_limit = 0
        overflow = "drop-oldest"
        keeps_qos_0 = true
        acknowledges = { after = "500 ms" }
        topic_alias_maximum = 7
        uses_topic_aliases = true
        request_response_information = true
        request_problem_information = false
        user_properties = [["site", "seoul"], ["site", "busan"]]
        authentication = { method = "SCRAM-SHA-256", user = "mina", password = "secret" }
        response_topic = "answers/a"
        request_limit = 3
        on_server_reference = "leave"
        persistent_session = true
        subscriptions = ["x", { filter = "$share/g/y/#", qos = 1, identifier = 9 }, { filter = "z", no_local = true, retain_as_published = true, retain_handling = 2 }]
        path = { latency = "1 ms", jitter = "3 us", loss = "0.0001 %", bursts = { enter = "1 %", leave = "25 %", loss = "50 %" }, rate = 1000, queue = 3000, idle_timeout = "60 s", outage = { every = "60 s", lasts = "20 s" }, tls = "1.2", websocket = true }
        clock_drift = -500000
        [[client]]
        name = "b"
        version = "3.1.1"
        autoconnect = false
        reconnect = { every = "2 s" }
        retry_interval = "20 s"
        acknowledges = "when-told"
    "#;
    let mut text = head.to_owned();
    for device in [
        "signal = \"sine\"\nlow = -1.5\nhigh = 2\ncycle = \"1 min\"\ndecimals = 0\nevery = \"1 s\"",
        "signal = \"random-walk\"\nfirst = 0.125\nstep = 1\nlow = 0\nhigh = 5\nevery = \"1 s\"\ntimes = 7\nstart = \"5 s\"",
        "signal = \"steps\"\nvalues = [1, \"two\", 3.5]\nevery = \"1 ms\"\nqos = 2\nretain = true\npayload = '{\"v\":{value}}'",
        "signal = \"burst\"\nsize = 5\nevery = \"1 s\"",
        "signal = \"csv\"\ncsv = \"t,v\\n0,a\\n0.25,b c\\n1.000001,\\n\"",
    ] {
        text += &format!("\n[[device]]\nclient = \"센서 1\"\ntopic = \"d\"\n{device}\n");
    }
    text += "[[reply]]\nclient = \"b\"\nwhen = \"q/+\"\nto_response_topic = true\ndelay = \"1 s\"\nqos = 1\nretain = true\n";
    text += "[[reply]]\nclient = \"b\"\nwhen = \"q\"\ntopic = \"answers\"\npayload = \"{payload}!\"\n";
    for verdict in [
        "verdict = \"cut-before-delivery\"\nnotice = \"both\"",
        "verdict = \"cut-after-delivery\"\nnotice = \"nobody\"\nnth = 3\ntimes = \"always\"",
        "verdict = \"reset-before-delivery\"\ntimes = 2",
        "verdict = \"reset-after-delivery\"\nnot_before = \"1 s\"\nuntil = \"2 s\"",
        "verdict = \"delay\"\nby = \"700 ms\"",
        "verdict = \"hold\"",
        "verdict = \"connect-double\"",
    ] {
        for (packet, from) in [("PUBREL", "client"), ("any", "broker")] {
            text += &format!("[[fault]]\nclient = \"b\"\npacket = \"{packet}\"\nfrom = \"{from}\"\n{verdict}\n");
            text += &format!(
                "[[timeline]]\nat = \"1 s\"\ndo = \"add-fault\"\nclient = \"b\"\npacket = \"{packet}\"\nfrom = \"{from}\"\n{verdict}\n"
            );
        }
    }
    for (number, act) in [
        "publish\"\nclient = \"b\"\ntopic = \"t\"\ntopic_alias = 2\npayload_format = \"bytes\"\nmessage_expiry = \"30 s\"\ncontent_type = \"x\"\nresponse_topic = \"r\"\ncorrelation_data = \"c\"\nuser_properties = [[\"k\", \"v\"]]",
        "publish\"\nclient = \"b\"\ntopic_alias = 2\nqos = 2\nretain = true\npayload = \"\\u0000\\u0085\\r\"",
        "request\"\nclient = \"b\"\ntopic = \"q\"\nqos = 1\ntimeout = \"250 ms\"",
        "acknowledge\"\nclient = \"b\"\npacket_id = 65535",
        "acknowledge\"\nclient = \"b\"",
        "reauthenticate\"\nclient = \"b\"",
        "subscribe\"\nclient = \"b\"\nfilter = \"f/#\"\nidentifier = 5\nqos = 1\nretain_handling = 1",
        "unsubscribe\"\nclient = \"b\"\nfilter = \"f/#\"",
        "disconnect\"\nclient = \"b\"\nreason_code = 4\nsession_expiry = \"never\"",
        "power-cut\"\nnode = \"broker\"",
        "power-on\"\nnode = \"broker\"",
        "stop\"\nnode = \"b\"",
        "cut\"\nclient = \"b\"\ndirection = \"to-broker\"\nnotice = \"nobody\"",
        "cut\"\nclient = \"b\"",
        "restore\"\nclient = \"b\"",
        "reset\"\nclient = \"b\"",
        "set-path\"\nclient = \"b\"\npath = { preset = \"satellite\" }",
        "set-path\"\nclient = \"b\"\npath = {}",
        "clear-faults\"\nclient = \"b\"",
        "freeze\"\nclient = \"b\"\nlasts = \"3 s\"",
        "thaw\"\nclient = \"b\"",
        "release\"\nclient = \"b\"",
        "connect-double\"\nclient = \"b\"",
        "set-clock\"\nclient = \"b\"\ndrift = 100",
        "kick\"\nclient = \"b\"",
        "connect\"\nclient = \"b\"",
        "set-acl\"\nacl = \"user mina\\ntopic read #\\n\"",
    ]
    .iter()
    .enumerate()
    {
        text += &format!("[[timeline]]\nat = \"{} ms\"\ndo = \"{act}\n", 500 + number);
    }
    let written = comes_back(&text);
    // What it writes is its one form.
    assert_eq!(comes_back(&written), written);
}

#[test]
fn what_no_file_can_say_is_not_written() {
    let plain = || Scenario { clients: vec![ClientSpec::new("a")], ..Scenario::default() };
    assert!(plain().to_toml().is_ok());
    let mut above_the_budget = plain();
    above_the_budget.broker.max_sessions += 1;
    let mut no_text = plain();
    no_text.clients[0].config.password = Some(crate::packet::Password(Bytes::from_static(b"\xff")));
    let mut nameless = plain();
    nameless.clients.push(ClientSpec::new("a"));
    let mut nobody = plain();
    nobody.timeline.push((Instant::ZERO, Command::Connect { client: NodeId(7) }));
    let mut ruled = plain();
    ruled.broker.access.acl = Some(crate::broker::Acl::default());
    for scenario in [above_the_budget, no_text, nameless, nobody, ruled] {
        assert_eq!(scenario.to_toml(), Err(NotWritable));
    }
}

fn text() -> impl Strategy<Value = String> {
    "[^\\x00]{0,12}"
}

fn name() -> impl Strategy<Value = String> {
    // A name has a character that is seen, and no control character.
    "[a-zA-Z0-9가-힣 \"'\\\\#=\\[\\]{}.]{0,8}[a-z]"
}

fn topic() -> impl Strategy<Value = String> {
    "[^\\x00+#]{1,12}"
}

prop_compose! {
    fn client()(
        name in name(), id in text(), user in proptest::option::of(text()), secret in proptest::option::of(text()),
        is_new in any::<bool>(), keep_alive in any::<u16>(), at in proptest::option::of(0..10_000_000_u64), delay in 0..100_000_000_u64,
        topic in topic(), payload in text(), qos in 0..3_u8, retain in any::<bool>(),
        (latency, loss, rate) in (0..1_000_000_u64, 0..=1_000_000_u32, proptest::option::of(1..1_000_000_u64)),
        (delay_interval, identifier, every) in (proptest::option::of(0..1_000_u32), proptest::option::of(1..268_435_456_u32), 2..9_u64),
    ) -> ClientSpec {
        let mut spec = ClientSpec::new(&name);
        let config = &mut spec.config;
        config.version = if is_new { ProtocolVersion::V5 } else { ProtocolVersion::V311 };
        config.client_id = crate::packet::ClientId::new(id);
        config.user_name = user.map(Into::into);
        config.password = secret.map(|secret| crate::packet::Password(secret.into()));
        config.keep_alive = keep_alive;
        config.reconnect = ReconnectPolicy::Fixed { delay: Duration::from_micros(delay) };
        let qos = QoS::try_from(qos).unwrap();
        let properties = WillProperties { will_delay_interval: delay_interval.filter(|_| is_new), ..WillProperties::default() };
        let topic_name = TopicName::new(topic.clone()).unwrap();
        config.will = Some(WillMessage { topic: topic_name, payload: payload.into(), qos, retain, properties });
        if let Ok(filter) = TopicFilter::new(topic) {
            let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
            config.subscriptions.push(WantedSubscription { subscription: Subscription { filter, options }, identifier: identifier.filter(|_| is_new) });
        }
        spec.connect_at = at.map(Instant::from_micros);
        spec.conditions.latency = Duration::from_micros(latency);
        spec.conditions.loss = Ratio::from_ppm(loss);
        spec.conditions.rate = rate;
        spec.conditions.outage = Some(Outage { every: Duration::from_secs(every), lasts: Duration::from_millis(1) });
        spec.faults.push(Rule::once(Side::Client, 3, 1, Verdict::CutAfterDelivery { notice: CutNotice::Both }));
        spec
    }
}

proptest! {
    #[test]
    fn any_texts_times_and_numbers_come_back(
        seed in 0..u64::MAX, until in 1..1_000_000_000_000_u64, mut clients in proptest::collection::vec(client(), 1..4),
        messages in proptest::collection::vec((0..1_000_000_000_u64, topic(), text(), text()), 0..5),
    ) {
        clients.sort_by(|one, other| one.name.cmp(&other.name));
        clients.dedup_by(|one, other| one.name == other.name);
        let mut timeline: Vec<_> = messages.into_iter().map(|(at, topic, payload, key)| {
            let properties = MessageProperties { user_properties: vec![(key.clone().into(), key.into())], ..MessageProperties::default() };
            let topic = TopicName::new(topic).unwrap();
            let publish = Command::Publish { client: NodeId(1), topic, payload: payload.into(), qos: QoS::AtLeastOnce, retain: false, properties };
            (Instant::from_micros(at), publish)
        }).collect();
        timeline.sort_by_key(|(at, _)| *at);
        let scenario = Scenario { seed: Seed(seed), until: Duration::from_micros(until), clients, timeline, ..Scenario::default() };
        let written = scenario.to_toml();
        prop_assert!(written.is_ok(), "{scenario:#?}");
    }
}
