//! `$SYS/broker/…`, as Mosquitto has it.

use super::*;

fn config() -> BrokerConfig {
    BrokerConfig { sys_interval: Some(Duration::from_secs(10)), ..BrokerConfig::default() }
}

/// The retained values, without `$SYS/broker/`.
fn values(bench: &Bench) -> BTreeMap<String, String> {
    let text = |payload: &[u8]| String::from_utf8_lossy(payload).into_owned();
    let topics =
        bench.broker.retained().filter_map(|one| Some((one.topic.as_str().strip_prefix("$SYS/broker/")?.to_owned(), text(one.payload))));
    topics.collect()
}

fn started() -> Bench {
    let mut bench = Bench::with(config());
    bench.pass_until(Instant::ZERO);
    bench
}

/// What `mosquitto_sub -t '$SYS/#'` shows of Mosquitto 2.0.11 when it starts, without `heap`; `clients/maximum` comes with its first client there.
const TOPICS: &str = "bytes/received bytes/sent clients/active clients/connected clients/disconnected clients/expired clients/inactive \
    clients/maximum clients/total load/bytes/received/15min load/bytes/received/1min load/bytes/received/5min load/bytes/sent/15min \
    load/bytes/sent/1min load/bytes/sent/5min load/connections/15min load/connections/1min load/connections/5min load/messages/received/15min \
    load/messages/received/1min load/messages/received/5min load/messages/sent/15min load/messages/sent/1min load/messages/sent/5min \
    load/publish/dropped/15min load/publish/dropped/1min load/publish/dropped/5min load/publish/received/15min load/publish/received/1min \
    load/publish/received/5min load/publish/sent/15min load/publish/sent/1min load/publish/sent/5min load/sockets/15min load/sockets/1min \
    load/sockets/5min messages/received messages/sent messages/stored publish/bytes/received publish/bytes/sent publish/messages/dropped \
    publish/messages/received publish/messages/sent retained|messages/count shared_subscriptions/count store/messages/bytes \
    store/messages/count subscriptions/count uptime version";

#[test]
fn the_topics_are_those_of_mosquitto_from_the_start() {
    let bench = started();
    let topics: Vec<String> = values(&bench).into_keys().map(|topic| topic.replace(' ', "|")).collect();
    assert_eq!(topics, TOPICS.split_whitespace().collect::<Vec<_>>());
    let values = values(&bench);
    assert_eq!(values["uptime"], "0 seconds");
    assert_eq!((&*values["load/sockets/5min"], &*values["clients/total"]), ("0.00", "0"));
    assert!(values["version"].starts_with("mqtt-playground version "));
}

#[test]
fn nothing_is_published_unless_it_is_asked_for() {
    let mut bench = Bench::new();
    bench.pass(Duration::from_secs(100));
    assert!(bench.events.is_empty());
    let mut bench = Bench::with(BrokerConfig { sys_interval: Some(Duration::ZERO), ..BrokerConfig::default() });
    bench.pass(Duration::from_secs(100));
    assert!(bench.events.is_empty());
}

#[test]
fn clients_packets_and_bytes_are_counted() {
    let mut bench = started();
    let publisher = bench.join(connect(V5, "p"));
    let subscriber = bench.join(lasting(V311, "s", 60));
    bench.subscribe(subscriber, "t", Q1);
    bench.send(publisher, publish("t", "12345", Q1, 1));
    bench.cut(subscriber);
    bench.send(publisher, publish("t", "678", Q1, 2));
    bench.pass_until(Instant::from_secs(10));
    let values = values(&bench);
    let value = |topic: &str| values[topic].as_str();
    assert_eq!([value("clients/total"), value("clients/connected"), value("clients/disconnected")], ["2", "1", "1"]);
    assert_eq!([value("clients/active"), value("clients/inactive"), value("clients/maximum")], ["1", "1", "1"]);
    assert_eq!(
        [value("messages/received"), value("messages/sent")],
        ["5", "6"],
        "2 CONNECT, SUBSCRIBE, 2 PUBLISH; their answers and 1 PUBLISH"
    );
    assert_eq!([value("publish/messages/received"), value("publish/messages/sent")], ["2", "1"]);
    assert_eq!([value("publish/bytes/received"), value("publish/bytes/sent")], ["8", "5"]);
    assert_eq!(value("subscriptions/count"), "1");
    assert_eq!(value("uptime"), "10 seconds");
    // 2 CONNECTs in 10 s are 12 a minute: 12·(1−e^(−1/6)).
    assert_eq!(value("load/connections/1min"), "1.84");
    assert_eq!(value("load/sockets/1min"), "1.84");
}

#[test]
fn only_what_has_changed_is_published_again() {
    let mut bench = started();
    let watcher = bench.join(connect(V5, "w"));
    bench.subscribe(watcher, "$SYS/broker/clients/#", Q0);
    assert_eq!(bench.take(watcher).len(), 7, "retained");
    bench.pass_until(Instant::from_secs(10));
    let mut told = bench.payloads(watcher);
    told.sort();
    let expected = ["active=1", "connected=1", "maximum=1", "total=1"].map(|value| format!("$SYS/broker/clients/{value}"));
    assert_eq!(told, expected);
    bench.pass_until(Instant::from_secs(60));
    assert!(bench.payloads(watcher).is_empty());
}

#[test]
fn expired_sessions_are_counted() {
    let mut bench = started();
    let gone = bench.join(lasting(V5, "gone", 5));
    bench.cut(gone);
    let clean = bench.join(connect(V5, "clean"));
    bench.cut(clean);
    bench.pass_until(Instant::from_secs(10));
    assert_eq!(values(&bench)["clients/expired"], "1");
}

#[test]
fn messages_that_a_full_queue_drops_are_counted() {
    let mut bench = Bench::with(BrokerConfig { max_queued_messages: 1, ..config() });
    let subscriber = bench.join(lasting(V5, "s", 60));
    bench.subscribe(subscriber, "t", Q1);
    bench.cut(subscriber);
    let publisher = bench.join(connect(V5, "p"));
    for packet_id in 1..=4 {
        bench.send(publisher, publish("t", "x", Q1, packet_id));
    }
    bench.pass_until(Instant::from_secs(10));
    assert_eq!(values(&bench)["publish/messages/dropped"], "3");
}

#[test]
fn nobody_but_the_broker_publishes_there() {
    let mut bench = started();
    let watcher = bench.join(connect(V5, "w"));
    bench.subscribe(watcher, "$SYS/#", Q2);
    bench.take(watcher);
    for (version, code) in [(V5, ReasonCode::NotAuthorized), (V311, ReasonCode::Success)] {
        let liar = bench.join(connect(version, "liar"));
        bench.send(liar, retained("$SYS/broker/uptime", "for ever", Q1, 1));
        assert_eq!(bench.one(liar), Packet::Puback(Acknowledgement::new(id(1), code)));
        bench.send(liar, retained("$SYS/broker/uptime", "for ever", Q0, 0));
        assert!(!bench.is_closed(liar));
        bench.send(liar, disconnect(ReasonCode::Success));
    }
    let mut willing = with_will(connect(V5, "w2"), Q0, None);
    willing.will.as_mut().unwrap().topic = TopicName::new("$SYS/broker/uptime").unwrap();
    let willing = bench.join(willing);
    bench.cut(willing);
    assert!(bench.take(watcher).is_empty());
    assert_eq!(bench.limits(), ["broker-sys-topic"; 5]);
    assert_eq!(values(&bench)["uptime"], "0 seconds");
}

#[test]
fn a_crash_starts_the_count_again() {
    for persistence in [true, false] {
        let mut bench = Bench::with(BrokerConfig { persistence, ..config() });
        let client = bench.join(lasting(V5, "c", 600));
        bench.send(client, publish("t", "x", Q1, 1));
        bench.pass_until(Instant::from_secs(25));
        assert_eq!(values(&bench)["messages/received"], "2");
        bench.broker.handle_crash(bench.now);
        bench.broker.handle_restart(bench.now);
        bench.drain();
        bench.pass_until(Instant::from_secs(25));
        let values = values(&bench);
        assert_eq!([&*values["uptime"], &*values["messages/received"]], ["0 seconds", "0"]);
        assert_eq!(values["clients/disconnected"], if persistence { "1" } else { "0" });
    }
}
