//! Tests of the scenario reader.

use proptest::prelude::*;

use super::*;
use crate::client::ReconnectPolicy;
use crate::link::{CutNotice, Side, Verdict};
use crate::packet::{ProtocolVersion, QoS};
use crate::text::Language;

/// The example of `lessons/FORMAT.md`: what the document shows is what is tested.
fn example() -> &'static str {
    let format = include_str!("../../../lessons/FORMAT.md");
    let (_, rest) = format.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0
}

fn mistakes(text: &str) -> Vec<(usize, usize, &'static str, Option<String>)> {
    let found = Scenario::parse("scenario.toml", text).unwrap_err();
    found.into_iter().map(|d| (d.line, d.column, d.message.key().as_str(), d.suggestion)).collect()
}

#[test]
fn the_example_of_the_format_document_is_read() {
    let scenario = Scenario::parse("scenario.toml", example()).unwrap();
    let [sensor, board] = scenario.clients.as_slice() else { panic!("two clients") };
    assert_eq!((scenario.seed, scenario.until), (Seed(7), Duration::from_secs(120)));
    assert_eq!((sensor.name.as_str(), sensor.kind, sensor.config.keep_alive), ("sensor", NodeKind::Sensor, 60));
    assert_eq!(sensor.config.will.as_ref().map(|will| (will.qos, will.retain)), Some((QoS::AtLeastOnce, true)));
    assert_eq!(sensor.conditions.loss.ppm(), 300_000);
    assert_eq!(sensor.devices.len(), 1);
    assert_eq!(board.config.version, ProtocolVersion::V311);
    assert_eq!(board.config.reconnect, ReconnectPolicy::Fixed { delay: Duration::from_secs(5) });
    let expected = Rule::once(Side::Broker, 4, 1, Verdict::CutBeforeDelivery { notice: CutNotice::Client });
    assert_eq!(sensor.faults, [expected]);
    assert!(scenario.timeline.iter().is_sorted_by_key(|(at, _)| *at));
    assert_eq!(scenario.nodes().len(), 3);
    assert_eq!(scenario.node("dashboard"), Some(NodeId(2)));
}

#[test]
fn mistakes_have_line_column_and_suggestion() {
    let cases = [
        ("sead = 1", (1, 1, "sim-unknown-key", Some("seed"))),
        ("[[client]]\nname = \"a\"\nkeep_alife = \"1 s\"", (3, 1, "sim-unknown-key", Some("keep_alive"))),
        ("[[client]]\nname = \"a\"\nkeep_alive = 60", (3, 14, "sim-duration-needs-unit", Some("\"60 s\""))),
        ("[[client]]\nname = \"a\"\nversion = \"3.1.2\"", (3, 11, "sim-unknown-value", Some("3.1.1"))),
        (
            "[[client]]\nname = \"센서\"\n[[timeline]]\nat = \"1 s\"\ndo = \"connect\"\nclient = \"센사\"",
            (6, 10, "sim-unknown-client", Some("센서")),
        ),
        ("until = \"-1 s\"", (1, 9, "sim-duration-negative", None)),
        ("until = \"900000 h\"", (1, 9, "sim-duration-too-long", None)),
        ("until = nan", (1, 9, "sim-wrong-type", None)),
        ("[[client]]\nname = \"a\"\n[[client]]\nname = \"a\"", (3, 1, "sim-duplicate-name", None)),
        ("[[client]]\nname = \"broker\"", (2, 8, "sim-name-reserved", None)),
        ("[[client]]\nname = \"a\"\npath = { loss = \"130 %\" }", (3, 17, "sim-bad-ratio", None)),
        ("[[client]]\nname = \"a\"\npath = { rate = 0 }", (3, 17, "sim-out-of-range", None)),
        ("[[client]]\nname = \"a\"\nsubscriptions = [\"a/#/b\"]", (3, 18, "sim-bad-topic", None)),
        ("[[client]]\nname = \"a\"\nversion = \"3.1.1\"\nreceive_maximum = 3", (4, 19, "sim-only-in-5", None)),
        ("seed = 1\nseed = 2", (2, 1, "sim-toml-syntax", None)),
        ("[[client]", (1, 10, "sim-toml-syntax", None)),
    ];
    for (text, (line, column, message, suggestion)) in cases {
        let found = mistakes(text);
        assert_eq!(found, [(line, column, message, suggestion.map(str::to_owned))], "{text}");
    }
}

#[test]
fn all_mistakes_are_listed_and_each_reads_well_in_both_languages() {
    let text =
        "sead = 1\n[[client]]\nname = \"a\"\nkind = \"senser\"\nkeep_alive = \"1.5 s\"\n[[device]]\nclient = \"b\"\nsignal = \"sine\"";
    let found = Scenario::parse("lessons/x/scenario.toml", text).unwrap_err();
    assert!(found.len() >= 6, "{found:#?}");
    for diagnostic in &found {
        for language in Language::ALL {
            let words = language.render(&diagnostic.message);
            assert!(!words.contains("{$") && !words.starts_with("sim-"), "{words}");
        }
    }
}

#[test]
fn replies_in_a_circle_are_refused() {
    let text = "[[client]]\nname = \"a\"\n[[reply]]\nclient = \"a\"\nwhen = \"ping\"\ntopic = \"pong\"\n[[reply]]\nclient = \"a\"\nwhen = \"+\"\ntopic = \"ping\"";
    assert_eq!(mistakes(text).first().map(|found| found.2), Some("sim-reply-circle"));
}

#[test]
fn too_many_clients_and_too_long_files_are_refused() {
    let many: String = (0..=MAX_CLIENTS).map(|n| format!("[[client]]\nname = \"c{n}\"\n")).collect();
    assert_eq!(mistakes(&many).first().map(|found| found.2), Some("sim-list-length"));
    let long = format!("# {}", "x".repeat(300_000));
    assert_eq!(mistakes(&long).first().map(|found| found.2), Some("sim-file-too-large"));
    let deep = format!("x = {}", "[".repeat(100_000));
    assert_eq!(mistakes(&deep).first().map(|found| found.2), Some("sim-toml-syntax"));
}

#[test]
fn a_solution_names_the_clients_of_its_scenario() {
    let scenario = Scenario::parse("scenario.toml", example()).unwrap();
    let text = "[[timeline]]\nat = \"2 s\"\ndo = \"power-cut\"\nnode = \"broker\"\n[[timeline]]\nat = \"1 s\"\ndo = \"connect\"\nclient = \"sensor\"";
    let commands = scenario.parse_timeline("solution.toml", text).unwrap();
    let expected = [
        (Instant::from_secs(1), Command::Connect { client: NodeId(1) }),
        (Instant::from_secs(2), Command::PowerCut { node: NodeId::BROKER }),
    ];
    assert_eq!(commands, expected);
    let error = scenario.parse_timeline("solution.toml", "seed = 1").unwrap_err();
    assert_eq!(error.first().map(|d| d.message.key().as_str()), Some("sim-unknown-key"));
}

#[test]
fn templates_fill_known_places_only_and_once() {
    let template = Template("{\"v\":{value},\"n\":{n},\"x\":{x}}".into());
    assert_eq!(template.fill(&[("value", "{n}"), ("n", "3")]), Bytes::from("{\"v\":{n},\"n\":3,\"x\":{x}}"));
    assert_eq!(Template("{{value}".into()).fill(&[("value", "1")]), Bytes::from("{1"));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,400}") {
        let _ = Scenario::parse("x", &text);
    }

    #[test]
    fn a_mutated_example_never_panics(at in 0_usize..4_000, cut in 0_usize..40, insert in "[-\\[\\]{}=\"0-9a-zé\n. %]{0,12}") {
        let mut text: Vec<char> = example().chars().collect();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, insert.chars());
        let text: String = text.into_iter().collect();
        if let Err(found) = Scenario::parse("x", &text) {
            prop_assert!(!found.is_empty());
            let lines = text.lines().count() + 1;
            prop_assert!(found.iter().all(|d| d.line >= 1 && d.line <= lines && d.column >= 1));
        }
    }
}

#[test]
fn a_template_full_of_places_stays_within_the_longest_payload() {
    let places = Template("{payload}".repeat(1_000).into());
    let filled = places.fill(&[("payload", &"가".repeat(MAX_PAYLOAD / 3))]);
    assert_eq!(filled.len(), MAX_PAYLOAD / 3 * 3);
    assert_eq!(Template("{n} of {m}{".into()).fill(&[("n", "1")]), "1 of {m}{");
}

#[test]
fn more_fault_rules_than_a_path_takes_are_a_mistake_and_not_forgotten() {
    let rule = "[[fault]]\nclient = \"a\"\npacket = \"PUBACK\"\nfrom = \"broker\"\nverdict = \"reset-before-delivery\"\n";
    let text = |rules: usize| format!("[[client]]\nname = \"a\"\n{}", rule.repeat(rules));
    assert!(Scenario::parse("scenario.toml", &text(1_000)).is_ok());
    let found = mistakes(&text(1_001));
    assert_eq!(found.iter().map(|(line, _, message, _)| (*line, *message)).collect::<Vec<_>>(), [(5_003, "sim-list-length")]);
}

#[test]
fn every_key_of_a_5_0_client_is_read() {
    use crate::client::{Acknowledges, Credentials, OnServerReference, Overflow};
    let text = r#"
        [[client]]
        name = "a"
        topic_alias_maximum = 7
        uses_topic_aliases = true
        request_response_information = true
        request_problem_information = false
        user_properties = [["site", "seoul"], ["site", "busan"]]
        authentication = { method = "SCRAM-SHA-256", user = "mina", password = "secret" }
        response_topic = "answers/a"
        request_limit = 3
        on_server_reference = "leave"
        overflow = "drop-oldest"
        keeps_qos_0 = true
        acknowledges = { after = "500 ms" }
        subscriptions = ["x", { filter = "y", identifier = 9 }]
        will = { topic = "w", payload = "gone", message_expiry = "1 min", content_type = "text/plain", payload_format = "text", response_topic = "r", correlation_data = "c", user_properties = [["k", "v"]] }
    "#;
    let scenario = Scenario::parse("scenario.toml", text).unwrap();
    let config = &scenario.clients[0].config;
    assert_eq!((config.topic_alias_maximum, config.uses_topic_aliases), (Some(7), true));
    assert_eq!((config.request_response_information, config.request_problem_information), (true, Some(false)));
    assert_eq!(config.user_properties.iter().collect::<Vec<_>>(), [("site", "seoul"), ("site", "busan")]);
    assert!(matches!(&config.authentication, Some(Credentials::ScramSha256 { user, .. }) if &**user == "mina"));
    assert_eq!((config.response_topic.as_ref().map(|topic| topic.as_str()), config.request_limit), (Some("answers/a"), 3));
    assert_eq!((config.on_server_reference, config.overflow, config.keeps_qos_0), (OnServerReference::Leave, Overflow::DropOldest, true));
    assert_eq!(config.acknowledges, Acknowledges::After(Duration::from_millis(500)));
    assert_eq!(config.subscriptions.iter().map(|wanted| wanted.identifier).collect::<Vec<_>>(), [None, Some(9)]);
    let will = &config.will.as_ref().unwrap().properties;
    assert_eq!(
        (will.message_expiry_interval, will.content_type.as_deref(), will.payload_format_indicator),
        (Some(60), Some("text/plain"), Some(true))
    );
    assert_eq!((will.response_topic.is_some(), will.correlation_data.as_deref(), will.user_properties.0.len()), (true, Some(&b"c"[..]), 1));
}

#[test]
fn the_keys_of_one_version_are_refused_in_the_other() {
    let with = |version: &str, line: &str| format!("[[client]]\nname = \"a\"\nversion = \"{version}\"\n{line}");
    for line in [
        "topic_alias_maximum = 1",
        "uses_topic_aliases = true",
        "request_response_information = true",
        "request_problem_information = true",
        "user_properties = []",
        "authentication = { method = \"SCRAM-SHA-256\", user = \"a\", password = \"b\" }",
        "response_topic = \"r\"",
        "request_limit = 1",
        "on_server_reference = \"stay\"",
        "subscriptions = [{ filter = \"a\", identifier = 1 }]",
        "will = { topic = \"w\", payload = \"x\", message_expiry = \"1 s\" }",
    ] {
        assert!(Scenario::parse("scenario.toml", &with("5.0", line)).is_ok(), "{line}");
        let found = mistakes(&with("3.1.1", line));
        assert_eq!(found.iter().map(|mistake| mistake.2).collect::<Vec<_>>(), ["sim-only-in-5"], "{line}");
    }
    assert!(Scenario::parse("scenario.toml", &with("3.1.1", "retry_interval = \"20 s\"")).is_ok());
    assert_eq!(mistakes(&with("5.0", "retry_interval = \"20 s\""))[0].2, "sim-only-in-311");
    for (line, key) in [
        ("acknowledges = \"never\"", "sim-unknown-value"),
        ("user_properties = [[\"one\"]]", "sim-bad-user-property"),
        ("user_properties = [\"one\"]", "sim-wrong-type"),
        ("subscriptions = [{ filter = \"a\", identifier = 0 }]", "sim-out-of-range"),
        ("authentication = { method = \"PLAIN\", user = \"a\", password = \"b\" }", "sim-unknown-value"),
    ] {
        assert_eq!(mistakes(&with("5.0", line))[0].2, key, "{line}");
    }
}

#[test]
fn commands_carry_every_property_and_survive_being_stored() {
    let text = r#"
        [[client]]
        name = "a"
        [[timeline]]
        at = "1 s"
        do = "publish"
        client = "a"
        topic = "t"
        topic_alias = 2
        payload_format = "bytes"
        message_expiry = "30 s"
        content_type = "text/plain"
        response_topic = "r"
        correlation_data = "c"
        user_properties = [["k", "v"]]
        [[timeline]]
        at = "2 s"
        do = "publish"
        client = "a"
        topic_alias = 2
        [[timeline]]
        at = "3 s"
        do = "request"
        client = "a"
        topic = "q"
        timeout = "250 ms"
        [[timeline]]
        at = "4 s"
        do = "acknowledge"
        client = "a"
        packet_id = 7
        [[timeline]]
        at = "5 s"
        do = "acknowledge"
        client = "a"
        [[timeline]]
        at = "6 s"
        do = "reauthenticate"
        client = "a"
        [[timeline]]
        at = "7 s"
        do = "subscribe"
        client = "a"
        filter = "f"
        identifier = 5
        [[timeline]]
        at = "8 s"
        do = "disconnect"
        client = "a"
        session_expiry = "never"
    "#;
    let scenario = Scenario::parse("scenario.toml", text).unwrap();
    let commands: Vec<&Command> = scenario.timeline.iter().map(|(_, command)| command).collect();
    let Command::Publish { properties, .. } = commands[0] else { panic!() };
    let of_publish = properties.of_publish();
    assert_eq!((of_publish.topic_alias, of_publish.message_expiry_interval), (Some(2), Some(30)));
    assert_eq!((of_publish.payload_format_indicator, of_publish.content_type.as_deref()), (Some(false), Some("text/plain")));
    assert_eq!((of_publish.response_topic.is_some(), of_publish.correlation_data.as_deref()), (true, Some(&b"c"[..])));
    assert_eq!(of_publish.user_properties.iter().collect::<Vec<_>>(), [("k", "v")]);
    assert!(matches!(commands[1], Command::Publish { topic, .. } if topic.is_empty()));
    assert!(matches!(commands[2], Command::Request { timeout, .. } if *timeout == Duration::from_millis(250)));
    assert!(matches!(commands[3], Command::Acknowledge { packet_id: Some(id), .. } if id.as_u16() == 7));
    assert!(matches!(commands[4], Command::Acknowledge { packet_id: None, .. }));
    assert!(matches!(commands[5], Command::Reauthenticate { .. }));
    assert!(matches!(commands[6], Command::Subscribe { identifier: Some(5), .. }));
    assert!(matches!(commands[7], Command::Disconnect { session_expiry: Some(u32::MAX), .. }));
    for command in commands {
        let stored = serde_json::to_string(command).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&stored).unwrap(), *command, "{stored}");
    }
}

fn broker(text: &str) -> crate::broker::BrokerConfig {
    Scenario::parse("scenario.toml", &format!("[broker]\n{text}")).unwrap_or_else(|found| panic!("{found:?}")).broker
}

#[test]
fn a_profile_is_what_other_keys_change() {
    let config = broker("profile = \"aws-iot-core\"\nmax_subscriptions = 3");
    assert_eq!((config.maximum_qos, config.max_payload, config.max_subscriptions), (QoS::AtLeastOnce, Some(131_072), 3));
    let config = broker("mosquitto_conf = \"\"\"\nlistener 1883\nmax_qos 0\nsys_interval 5\n\"\"\"\nmaximum_qos = 1");
    assert!(mistakes("[broker]\nmosquitto_conf = \"max_qos 0\\nlistener 1\"").iter().any(|found| found.2 == "sim-in-text"));
    assert_eq!((config.maximum_qos, config.sys_interval), (QoS::AtLeastOnce, Some(Duration::from_secs(5))));
    assert!(!config.access.allow_anonymous, "as in Mosquitto with a listener");
}

#[test]
fn access_limits_and_times_of_the_broker_are_read() {
    let config = broker(concat!(
        "allow_anonymous = false\nacl = \"\"\"\nuser kim\ntopic read home/#\n\"\"\"\nsys_interval = \"10 s\"\nmax_payload = 9\nmax_keep_alive = \"1 min\"\n",
        "topic_alias_maximum = 0\nclient_id_prefix = \"lab-\"\nassigned_prefix = \"lab-auto-\"\nallow_empty_client_id = false\n",
        "connect_rate = { connects = 5, per = \"10 s\" }\nconnect_rate_per_client = { connects = 1, per = \"1 s\" }\n",
        "redirect = { server = \"other\", permanent = true }\nresponse_information = \"answers/\"\ndynamic_security = { admin = \"admin\", password = \"x\" }\n",
        "[[broker.user]]\nname = \"kim\"\npassword = \"secret\"\n[[broker.user]]\nname = \"lee\"\npassword = \"$6$c2FsdA==$",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\"\n",
    ));
    assert!(!config.access.allow_anonymous && config.access.dynamic.is_some());
    assert_eq!(config.access.acl.as_ref().map(crate::broker::Acl::len), Some(1));
    let users = config.access.users.unwrap();
    assert!(users["kim"].password.as_ref().unwrap().is_password(b"secret") && users["kim"].scram.is_some());
    assert!(users["lee"].scram.is_none());
    assert_eq!((config.sys_interval, config.max_payload, config.max_keep_alive), (Some(Duration::from_secs(10)), Some(9), Some(60)));
    assert_eq!((config.topic_alias_maximum, config.allow_empty_client_id), (0, false));
    assert_eq!(config.connect_rate.map(|rate| (rate.connects, rate.per)), Some((5, Duration::from_secs(10))));
    assert_eq!(config.redirect.map(|redirect| (redirect.permanent, redirect.only_when_full)), Some((true, false)));
}

#[test]
fn the_keys_of_an_unknown_command_are_no_mistakes_of_their_own() {
    let text = "[[client]]\nname = \"a\"\n[[timeline]]\nat = \"1 s\"\ndo = \"kik\"\nclient = \"a\"";
    assert_eq!(mistakes(text), [(5, 6, "sim-unknown-value", Some("kick".to_owned()))]);
}

#[test]
fn mistakes_about_the_broker_have_line_column_and_suggestion() {
    let cases = [
        ("profile = \"mosquito\"", (2, 11, "sim-unknown-value", Some("mosquitto"))),
        ("profile = \"emqx\"\nmosquitto_conf = \"\"", (3, 18, "sim-one-base", None)),
        ("mosquitto_conf = \"max_inflight 5\"", (2, 18, "sim-in-text", None)),
        ("mosquitto_conf = \"log_type all\"", (2, 18, "sim-in-text", None)),
        ("mosquitto_conf = \"acl_file /etc/acl\"", (2, 18, "sim-no-files", None)),
        ("acl = \"topik read a\"", (2, 7, "sim-in-text", Some("topic"))),
        ("[[broker.user]]\nname = \"a\"\npassword = \"$7$nonsense\"", (4, 12, "sim-bad-password-hash", None)),
        ("[[broker.user]]\nname = \"a\"\npassword = \"\"", (4, 12, "sim-empty-password", None)),
        ("[[broker.user]]\nname = \"a\"", (2, 1, "sim-missing-key", None)),
        ("connect_rate = { connects = 0, per = \"1 s\" }", (2, 29, "sim-out-of-range", None)),
        ("connect_rate = { connects = 1 }", (2, 16, "sim-missing-key", None)),
        ("sys_interval = \"10 ms\"", (2, 16, "sim-duration-too-short", None)),
        ("max_sessions = 10001", (2, 16, "sim-out-of-range", None)),
        ("max_inflite = 1", (2, 1, "sim-unknown-key", Some("max_inflight"))),
    ];
    for (text, expected) in cases {
        let found = mistakes(&format!("[broker]\n{text}"));
        let found: Vec<_> = found.iter().map(|(line, column, key, meant)| (*line, *column, *key, meant.as_deref())).collect();
        assert!(found.contains(&expected), "{text}: {found:?}");
    }
}

#[test]
fn the_broker_is_administered_by_the_timeline() {
    let text = "[[client]]\nname = \"a\"\n[[timeline]]\nat = \"1 s\"\ndo = \"kick\"\nclient = \"a\"\n[[timeline]]\nat = \"2 s\"\ndo = \"set-acl\"\nacl = \"topic read x\"\n";
    let scenario = Scenario::parse("scenario.toml", text).unwrap();
    let commands: Vec<_> = scenario.timeline.iter().map(|(_, command)| command.clone()).collect();
    assert_eq!(commands, [Command::Kick { client: NodeId(1) }, Command::SetAcl { acl: "topic read x".into() }]);
    let bad = "[[timeline]]\nat = \"2 s\"\ndo = \"set-acl\"\nacl = \"nonsense\"\n";
    assert_eq!(mistakes(bad).first().map(|found| (found.0, found.2)), Some((4, "sim-in-text")));
}

#[test]
fn a_path_starts_from_its_preset_and_says_what_differs() {
    use crate::link::{Bursts, Costs, Outage, Preset, Tls};
    let path = |path: &str| {
        let text = format!("[[client]]\nname = \"a\"\npath = {{ {path} }}");
        Scenario::parse("scenario.toml", &text).unwrap_or_else(|found| panic!("{path}: {found:#?}")).clients[0].conditions
    };
    for preset in Preset::ALL {
        assert_eq!(path(&format!("preset = \"{}\"", preset.name())), preset.conditions());
    }
    let lte = Preset::Lte.conditions();
    let off = path("preset = \"lte\", latency = \"5 ms\", idle_timeout = \"never\", queue = \"unlimited\", tls = \"1.3\"");
    let costs = Costs { tls: Some(Tls::V1_3), websocket: false };
    assert_eq!(off, crate::link::Conditions { latency: Duration::from_millis(5), idle_timeout: None, queue: None, costs, ..lte });
    let all = path(
        "bursts = { enter = \"1 %\", leave = \"25 %\" }, rate = 1000, queue = 3000, idle_timeout = \"60 s\", outage = { every = \"60 s\", lasts = \"20 s\" }, websocket = true",
    );
    let percent = crate::ratio::Ratio::from_percent;
    assert_eq!(all.bursts, Some(Bursts { enter: percent(1), leave: percent(25), loss: percent(100) }));
    assert_eq!((all.rate, all.queue, all.idle_timeout), (Some(1_000), Some(3_000), Some(Duration::from_secs(60))));
    assert_eq!(all.outage, Some(Outage { every: Duration::from_secs(60), lasts: Duration::from_secs(20) }));
    assert!(all.costs.websocket);
}

#[test]
fn absurd_settings_of_a_path_are_refused_with_the_field_named() {
    for (path, key) in [
        ("latency = \"-1 ms\"", "sim-duration-negative"),
        ("latency = \"NaN\"", "sim-bad-duration"),
        ("latency = nan", "sim-wrong-type"),
        ("latency = \"2 h\"", "sim-delay-too-long"),
        ("jitter = \"99999999999999999999 s\"", "sim-duration-too-long"),
        ("jitter = 20", "sim-duration-needs-unit"),
        ("loss = \"101 %\"", "sim-bad-ratio"),
        ("loss = \"-1 %\"", "sim-bad-ratio"),
        ("loss = \"NaN %\"", "sim-bad-ratio"),
        ("rate = 0", "sim-out-of-range"),
        ("rate = -5", "sim-out-of-range"),
        ("rate = 1000000000000", "sim-out-of-range"),
        ("rate = \"fast\"", "sim-unknown-value"),
        ("queue = 0", "sim-out-of-range"),
        ("queue = 1499", "sim-out-of-range"),
        ("idle_timeout = \"0 s\"", "sim-time-is-zero"),
        ("outage = { every = \"0 s\", lasts = \"1 s\" }", "sim-time-is-zero"),
        ("outage = { every = \"10 s\", lasts = \"10 s\" }", "sim-outage-without-end"),
        ("bursts = { enter = \"0 %\", leave = \"1 %\" }", "sim-out-of-range"),
        ("bursts = { enter = \"1 %\", leave = \"0 %\" }", "sim-out-of-range"),
        ("bursts = { enter = \"1 %\" }", "sim-missing-key"),
        ("tls = \"1.1\"", "sim-unknown-value"),
        ("preset = \"lan party\"", "sim-unknown-value"),
        ("latencey = \"1 s\"", "sim-unknown-key"),
    ] {
        let found = mistakes(&format!("[[client]]\nname = \"a\"\npath = {{ {path} }}"));
        assert_eq!(found.iter().map(|(line, _, key, _)| (*line, *key)).collect::<Vec<_>>(), [(3, key)], "{path}");
    }
    let found = mistakes("[[client]]\nname = \"a\"\npath = { preset = \"satelite\" }");
    assert_eq!(found, [(3, 19, "sim-unknown-value", Some("satellite".to_owned()))]);
    for drift in ["500001", "-500001", "1000000000000", "99999999999999999999"] {
        assert_eq!(mistakes(&format!("[[client]]\nname = \"a\"\nclock_drift = {drift}"))[0].2, "sim-out-of-range");
    }
}

#[test]
fn rules_have_a_window_of_time_and_a_number_of_times() {
    let rule = |more: &str| {
        format!("[[client]]\nname = \"a\"\n[[fault]]\nclient = \"a\"\npacket = \"any\"\nfrom = \"client\"\nverdict = \"hold\"\n{more}")
    };
    let read = |more: &str| Scenario::parse("scenario.toml", &rule(more)).unwrap().clients[0].faults[0].clone();
    assert_eq!(read(""), Rule::once(Side::Client, Rule::ANY, 1, Verdict::Hold));
    let windowed = read("times = \"always\"\nnot_before = \"5 s\"\nuntil = \"9 s\"");
    assert_eq!((windowed.times, windowed.not_before, windowed.until), (Rule::ALWAYS, Instant::from_secs(5), Instant::from_secs(9)));
    for (more, key) in [
        ("times = 0", "sim-out-of-range"),
        ("times = \"often\"", "sim-unknown-value"),
        ("nth = 0", "sim-out-of-range"),
        ("not_before = \"9 s\"\nuntil = \"9 s\"", "sim-empty-window"),
        ("until = \"0 s\"", "sim-empty-window"),
    ] {
        assert_eq!(mistakes(&rule(more))[0].2, key, "{more}");
    }
}
