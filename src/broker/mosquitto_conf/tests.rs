use super::*;
use crate::packet::QoS;
use crate::text::Language;

fn good(text: &str) -> MosquittoConf {
    MosquittoConf::parse("m.conf", text).unwrap_or_else(|mistakes| panic!("{:?}", shown(&mistakes)))
}

/// `line:column key` of each, with the suggestion.
fn shown(found: &[Diagnostic]) -> Vec<String> {
    let word = |one: &Diagnostic| one.suggestion.as_ref().map(|meant| format!(" → {meant}")).unwrap_or_default();
    found.iter().map(|one| format!("{}:{} {}{}", one.line, one.column, one.message.key().as_str(), word(one))).collect()
}

fn mistakes(text: &str) -> Vec<String> {
    shown(&MosquittoConf::parse("m.conf", text).expect_err("a mistake"))
}

#[test]
fn an_empty_file_is_mosquitto_as_it_starts_without_one() {
    let conf = good("# nothing\n\n");
    assert_eq!(
        conf.listeners,
        [ListenerConf { port: 1883, address: Some("127.0.0.1".to_owned()), protocol: ListenerProtocol::Mqtt, max_connections: None }]
    );
    assert!(conf.allow_anonymous && !conf.broker.persistence && conf.notes.is_empty());
    assert_eq!(conf.broker.sys_interval, Some(Duration::from_secs(10)));
    assert_eq!((conf.password_file, conf.acl_file), (None, None));
}

#[test]
fn each_supported_setting_arrives() {
    let conf = good(
        "listener 1884 0.0.0.0\nprotocol websockets\nmax_connections 7\nmax_qos 1\nmax_topic_alias 3\nallow_anonymous true\n\
         password_file /etc/pass word\nacl_file /etc/acl\nallow_zero_length_clientid false\nauto_id_prefix lab-\nclientid_prefixes lab-\n\
         max_inflight_messages 5\nmax_keepalive 60\nmax_packet_size 2000\nmax_queued_bytes 3000\nmax_queued_messages 40\n\
         message_size_limit 500\npersistence true\npersistent_client_expiration 2w\nqueue_qos0_messages 1\nretain_available false\n\
         sys_interval 3\nupgrade_outgoing_qos true\nglobal_max_clients 9\n",
    );
    assert_eq!(
        conf.listeners,
        [ListenerConf {
            port: 1884,
            address: Some("0.0.0.0".to_owned()),
            protocol: ListenerProtocol::Websockets,
            max_connections: Some(7)
        }]
    );
    assert!(conf.allow_anonymous);
    assert_eq!((conf.password_file.as_deref(), conf.acl_file.as_deref()), (Some("/etc/pass word"), Some("/etc/acl")));
    let expected = BrokerConfig {
        max_connections: 7,
        maximum_qos: QoS::AtLeastOnce,
        topic_alias_maximum: 3,
        allow_empty_client_id: false,
        assigned_prefix: "lab-".to_owned(),
        client_id_prefix: Some("lab-".to_owned()),
        max_inflight: 5,
        receive_maximum: 5,
        max_keep_alive: Some(60),
        maximum_packet_size: 2_000,
        max_queued_bytes: 3_000,
        max_queued_messages: 40,
        max_payload: Some(500),
        persistence: true,
        session_expiry_max: 1_209_600,
        queue_qos_zero: true,
        retain_available: false,
        sys_interval: Some(Duration::from_secs(3)),
        upgrade_outgoing_qos: true,
        max_sessions: 9,
        ..Profile::Mosquitto.config()
    };
    assert_eq!(conf.broker, expected);
    assert_eq!(shown(&conf.notes), ["11:1 conf-deprecated"]);
}

#[test]
fn zero_and_minus_one_mean_no_limit_and_the_broker_says_which_it_keeps() {
    let conf =
        good("max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 0\nmax_keepalive 0\nsys_interval 0\nmax_connections -1\n");
    let base = Profile::Mosquitto.config();
    assert_eq!((conf.broker.max_queued_messages, conf.broker.max_connections), (base.max_queued_messages, base.max_connections));
    assert_eq!((conf.broker.max_inflight, conf.broker.max_keep_alive, conf.broker.sys_interval), (u16::MAX, None, None));
    assert_eq!(shown(&conf.notes), ["1:21 conf-no-limit", "2:18 conf-no-limit", "6:17 conf-no-limit"]);
}

#[test]
fn what_cannot_be_followed_is_named_with_line_and_column() {
    assert_eq!(
        mistakes(
            "max_inflight_mesages 5\n  # indented\npersistence yes\nmax_qos 3\nmax_qos two\nlistener 70000\nlistener 1 a b\nlistener 0 /run/s\n\
             protocol mqtts\npersistent_client_expiration 14\npersistent_client_expiration 0d\nsys_interval\nMAX_QOS 1\ncertfile /x.pem\n\
             plugin_opt_config_file /x\nuse_username_as_clientid true\ntopic # out 0\nmax_packet_size 19\n"
        ),
        [
            "1:1 conf-unknown-key → max_inflight_messages",
            "2:3 conf-comment-column",
            "3:13 conf-bad-boolean",
            "4:9 conf-out-of-range",
            "5:1 conf-duplicate",
            "6:10 conf-out-of-range",
            "7:10 conf-extra-word",
            "8:10 conf-unsupported",
            "9:10 conf-bad-protocol",
            "10:30 conf-bad-expiration",
            "11:1 conf-duplicate",
            "12:1 conf-missing-value",
            "13:1 conf-unknown-key → max_qos",
            "14:1 conf-unsupported",
            "15:1 conf-unsupported",
            "16:1 conf-unsupported",
            "17:1 conf-outside-bridge",
            "18:17 conf-out-of-range",
        ]
    );
}

#[test]
fn what_has_nothing_to_change_here_is_noted() {
    let conf =
        good("log_dest stdout\npid_file /run/m.pid\nlog_type all\nlog_type debug\nconnection cloud\naddress example.org\ntopic # out 1\n");
    assert_eq!(shown(&good("check_retain_source false\n").notes), ["1:1 conf-no-effect"]);
    assert!(good("check_retain_source true\n").notes.is_empty());
    assert_eq!(conf.notes.len(), 7);
    assert!(conf.notes.iter().all(|note| note.message.key() == key::CONF_NO_EFFECT));
    for language in Language::ALL {
        let text = language.render(&conf.notes[1].message);
        assert!(text.contains("pid_file") && !text.contains('{') && !text.contains("conf-"), "{text}");
    }
}

#[test]
fn a_setting_counts_once_for_each_listener() {
    let conf = good("listener 1\nmax_qos 1\nmax_connections 10\nlistener 2\nprotocol websockets\nmax_qos 1\nmax_connections 5\n");
    assert_eq!(conf.broker.maximum_qos, QoS::AtLeastOnce);
    assert_eq!(conf.broker.max_connections, 15);
    assert_eq!(conf.listeners.iter().map(|listener| listener.max_connections).collect::<Vec<_>>(), [Some(10), Some(5)]);
    assert!(conf.notes.is_empty());
    assert!(!conf.allow_anonymous, "a listener makes anonymous clients an explicit choice");
    assert_eq!(mistakes("listener 1\nmax_qos 1\nlistener 2\n"), ["2:9 conf-listeners-differ"]);
    assert_eq!(mistakes("max_qos 1\nlistener 2\n"), ["1:9 conf-before-listener"]);
    assert_eq!(good("port 1885\nmax_qos 1\n").listeners[0].port, 1885);
    assert_eq!(good("port 1885\nlistener 1886\n").listeners.len(), 2);
}

#[test]
fn security_is_of_one_listener_only_if_the_file_says_so() {
    let shared = "allow_anonymous false\nlistener 1\npassword_file /a\nlistener 2\n";
    assert_eq!(good(shared).password_file.as_deref(), Some("/a"));
    assert_eq!(mistakes(&format!("per_listener_settings true\n{shared}")), ["2:17 conf-before-listener", "4:15 conf-listeners-differ"]);
    let same = "per_listener_settings true\nlistener 1\nallow_anonymous true\npassword_file /a\nlistener 2\nallow_anonymous true\npassword_file /a\n";
    let conf = good(same);
    assert!(conf.allow_anonymous);
    assert_eq!(conf.password_file.as_deref(), Some("/a"));
    assert_eq!(mistakes("acl_file /a\nper_listener_settings true\n"), ["2:23 conf-per-listener-late"]);
}

#[test]
fn included_directories_are_the_callers_to_read() {
    let mut import = MosquittoImport::new();
    import.read("m.conf", "listener 1883\ninclude_dir /etc/mosquitto/conf.d\n");
    assert_eq!(import.clone().finish().map_err(|found| shown(&found)), Err(vec!["2:13 conf-not-included".to_owned()]));
    assert_eq!(import.take_include_dirs(), ["/etc/mosquitto/conf.d"]);
    import.read("a.conf", "allow_anonymous true\n");
    import.read("b.conf", "allow_anonymous false\n");
    let found = import.finish().unwrap_err();
    assert_eq!(shown(&found), ["1:1 conf-duplicate"]);
    assert_eq!(found[0].file, "b.conf");
    let text = Language::English.render(&found[0].message);
    assert_eq!(text, "allow_anonymous was set in line 1 of a.conf already.");
}

#[test]
fn a_huge_file_and_a_flood_of_mistakes_are_bounded() {
    assert_eq!(mistakes(&"x\n".repeat(5_000)).len(), MAX_DIAGNOSTICS);
    assert_eq!(mistakes(&"#".repeat(MAX_BYTES + 1)), ["1:1 sim-file-too-large"]);
    let many: String = (0..100).map(|port| format!("listener {port}\n")).collect();
    assert!(mistakes(&many).contains(&"65:10 sim-list-length".to_owned()));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_import_panic_and_each_line_counts(lines in proptest::collection::vec("[a-z_0-9]{0,24}[ \t]{0,2}[-a-z0-9가#. ]{0,12}", 0..30)) {
        let text = lines.join("\n");
        if let Err(found) = MosquittoConf::parse("m.conf", &text) {
            proptest::prop_assert!(found.iter().all(|one| one.line <= lines.len() && one.column >= 1));
        }
    }
}
