//! Password files and access control lists by themselves.

use proptest::prelude::*;

use super::*;
use crate::broker::DecidedBy;
use crate::packet::{ClientId, TopicFilter, TopicName};
use crate::text::{Diagnostic, Language};

/// What Debian's `mosquitto_passwd` 2.0.11 wrote for `secret`, `pa:ss$word` (`-H sha512`) and `비밀번호`.
const REAL: &str = "\
alice:$7$101$3pvN8IsF32boE7+G$hGB2f9FVrO6NBIhnT7N2mw90+Cq5Y2XdshMIKLA1oV7iEgQrhzM03HK1KKFZvLII1nogAsaKZeF+hF82K0XMhg==
bob:$6$IVoPF9edxa3Ekjt/$NKkgLOhlpteWW6NTwAR+Y/fWzWeLgr9ZO074Sx+bMiUBV//VTxf3dEDAdz0W4UeQE2J4qUZ7VUa8HT9z1Ug3QA==

# a comment
유니:$7$101$ljL9uDmocSKrGCCI$hFC4GC6FYbz6v7RwVTcz5Lw7xPg/toWAlcAoYzZkohwnmVl9XqKEZgeGP5HK1948T/pWzEf6thG1n41wCqAo0g==
";

/// Line and words of every mistake.
fn mistakes<T>(result: Result<T, Vec<Diagnostic>>) -> Vec<(usize, String)> {
    let mistakes = result.err().expect("a mistake");
    mistakes.iter().map(|mistake| (mistake.line, Language::English.render(&mistake.message))).collect()
}

#[test]
fn files_of_mosquitto_passwd_are_read_and_their_passwords_recognized() {
    let users = parse_password_file("passwd", REAL).unwrap();
    for (name, password) in [("alice", "secret"), ("bob", "pa:ss$word"), ("유니", "비밀번호")] {
        let hash = users[name].password.as_ref().unwrap();
        assert!(hash.is_password(password.as_bytes()), "{name}");
        assert!(!hash.is_password(b"Secret"), "{name}");
        assert!(!hash.is_password(b""), "{name}");
        assert!(REAL.contains(&hash.to_text()), "{name}");
    }
    assert_eq!(users.len(), 3);
    assert!(!format!("{users:?}").contains("hGB2f9"), "no hash in Debug output");
}

#[test]
fn scram_credentials_may_stand_beside_a_hash_or_alone() {
    let scram = ScramCredentials::new("secret", b"salt", ITERATIONS_MIN).unwrap();
    let users = parse_password_file("passwd", &format!("{REAL}alice:{0}\ncarol:{0}\n", scram.to_text())).unwrap();
    assert!(users["alice"].password.is_some());
    assert_eq!(users["alice"].scram.as_ref(), Some(&scram));
    assert_eq!(users["carol"], User { password: None, scram: Some(scram) });
}

#[test]
fn a_plain_password_is_refused_without_being_repeated_and_the_tool_is_named() {
    let found = mistakes(parse_password_file("/etc/passwd.txt", "ok:$6$AAAA$\nalice:hunter2\nbob:$hunter3\nhunter4\n"));
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for (_, words) in &found {
        assert!(!words.contains("hunter"), "{words}");
    }
    assert!(found[1].1.contains("mosquitto_passwd -U /etc/passwd.txt"), "{}", found[1].1);
    assert!(found[2].1.contains("mosquitto_passwd"), "{}", found[2].1);
}

#[test]
fn broken_hashes_are_named_by_line_and_reason() {
    let real = REAL.lines().next().unwrap();
    let hash = real.rsplit('$').next().unwrap();
    let text = [
        format!("a:$7$0$3pvN8IsF32boE7+G${hash}"),
        format!("a:$7$1000001$3pvN8IsF32boE7+G${hash}"),
        format!("a:$7$x$3pvN8IsF32boE7+G${hash}"),
        format!("a:$7$101$!!!${hash}"),
        format!("a:$7$101$${hash}"),
        "a:$7$101$3pvN8IsF32boE7+G$AAAA".to_owned(),
        format!("a:$5$101$3pvN8IsF32boE7+G${hash}"),
        format!("a:$7$101$3pvN8IsF32boE7+G${hash}$x"),
        format!(":$7$101$3pvN8IsF32boE7+G${hash}"),
        "a:SCRAM-SHA-256$1:c2FsdA==$AAAA:AAAA".to_owned(),
    ]
    .join("\n");
    let found = mistakes(parse_password_file("passwd", &text));
    let expected = ["iterations", "iterations", "iterations", "base64", "base64", "base64", "form", "form", "no user name", "SCRAM"];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((line, words), (number, expected)) in found.iter().zip((1..).zip(expected)) {
        assert_eq!(*line, number);
        assert!(words.contains(expected), "{number}: {words}");
    }
    let twice = mistakes(parse_password_file("passwd", &format!("{real}\n{real}\n")));
    assert_eq!(twice.len(), 1);
    assert_eq!(twice[0].0, 2);
}

fn acl(text: &str) -> Acl {
    Acl::parse("acl", text).unwrap()
}

/// Who, with a user or without.
struct Who(Option<&'static str>, &'static str);

impl Acl {
    fn check(&self, who: &Who, writes: bool, topic: &str) -> Result<(), u32> {
        let (user, client_id) = (who.0.map(ByteString::from), ClientId::new(who.1));
        let identity = Identity { user_name: user.as_ref(), client_id: &client_id };
        let topic = TopicName::new(topic.to_owned()).unwrap();
        self.decide(identity, if writes { Wanted::Publish(&topic) } else { Wanted::Receive(&topic) })
            .map_err(|rule| rule.map_or(0, |rule| rule.line))
    }

    fn read(&self, who: &Who, topic: &str) -> Result<(), u32> {
        self.check(who, false, topic)
    }

    fn write(&self, who: &Who, topic: &str) -> Result<(), u32> {
        self.check(who, true, topic)
    }

    fn subscribe(&self, who: &Who, filter: &str) -> Result<(), u32> {
        let (user, client_id) = (who.0.map(ByteString::from), ClientId::new(who.1));
        let identity = Identity { user_name: user.as_ref(), client_id: &client_id };
        let filter = TopicFilter::new(filter.to_owned()).unwrap();
        self.decide(identity, Wanted::Subscribe(&filter)).map_err(|rule| rule.map_or(0, |rule| rule.line))
    }
}

#[test]
fn sections_access_kinds_and_comments_mean_what_mosquitto_says() {
    let acl = acl(
        "# general\n\ntopic read news/#\n\n  user alice  \ntopic alice/#\ntopic write cmd/+\ntopic read with spaces/x\nuser bob\ntopic deny alice/private\ntopic read alice/#\n",
    );
    let (anyone, alice, bob) = (Who(None, "c"), Who(Some("alice"), "c"), Who(Some("bob"), "c"));
    assert_eq!(acl.read(&anyone, "news/a"), Ok(()));
    assert_eq!(acl.read(&anyone, "news"), Ok(()));
    assert_eq!(acl.write(&anyone, "news/a"), Err(0));
    assert_eq!(acl.read(&alice, "news/a"), Err(0), "the general section is for anonymous Clients");
    assert_eq!((acl.read(&alice, "alice/x"), acl.write(&alice, "alice/x")), (Ok(()), Ok(())));
    assert_eq!((acl.read(&alice, "cmd/x"), acl.write(&alice, "cmd/x")), (Err(0), Ok(())));
    assert_eq!(acl.read(&alice, "with spaces/x"), Ok(()));
    assert_eq!((acl.read(&bob, "alice/x"), acl.write(&bob, "alice/x")), (Ok(()), Err(0)));
    assert_eq!((acl.read(&bob, "alice/private"), acl.write(&bob, "alice/private")), (Err(10), Err(10)), "line 10 denies");
    assert_eq!(acl.read(&Who(Some("carol"), "c"), "news/a"), Err(0));
}

#[test]
fn deny_wins_wherever_it_stands() {
    let acl = acl("pattern readwrite #\nuser u\ntopic readwrite a/#\ntopic deny a/secret/#\npattern deny %c/locked\n");
    let who = Who(Some("u"), "dev");
    assert_eq!(acl.read(&who, "a/b"), Ok(()));
    assert_eq!(acl.read(&who, "a/secret/x"), Err(4));
    assert_eq!(acl.write(&who, "dev/locked"), Err(5));
    assert_eq!(acl.write(&who, "other/locked"), Ok(()));
}

#[test]
fn an_empty_list_allows_nothing() {
    for text in ["", "\n\n# nothing\n", "user alice\n"] {
        let acl = acl(text);
        assert!(acl.is_empty());
        for who in [Who(None, "c"), Who(Some("alice"), "c")] {
            assert_eq!((acl.read(&who, "a"), acl.write(&who, "a"), acl.subscribe(&who, "#")), (Err(0), Err(0), Err(0)), "{text:?}");
        }
    }
}

#[test]
fn names_become_levels_and_never_patterns() {
    let list = acl("pattern readwrite home/%u/%c/#\npattern deny %u/deny\n");
    assert_eq!(list.write(&Who(Some("u"), "c"), "home/u/c/x"), Ok(()));
    assert_eq!(list.write(&Who(Some("u"), "c"), "home/u/other/x"), Err(0));
    for (user, client) in [("+", "c"), ("#", "c"), ("u", "+"), ("u", "#"), ("u/c", "x"), ("u", "c/x"), ("", "c"), ("u", "a+b")] {
        let who = Who(Some(user), client);
        for topic in ["home/u/c/x", "home/+/c", "home/u/a+b/x", "home/victim/c/x"] {
            if TopicName::new(topic).is_ok() {
                assert_eq!(list.read(&who, topic), Err(0), "{user} {client} {topic}");
            }
        }
        assert_eq!(list.subscribe(&who, "home/#"), Err(0), "{user} {client}");
    }
    assert_eq!(list.write(&Who(None, "c"), "home/u/c/x"), Err(0), "an anonymous Client has no %u");
    assert_eq!(list.read(&Who(Some("%c"), "c"), "home/c/c"), Err(0), "what is filled in is not looked at again");
    // A name that is no level does not slip past a rule that denies.
    let list = acl("pattern readwrite #\npattern deny %u/deny\n");
    assert_eq!(list.read(&Who(Some("u"), "c"), "v/deny"), Ok(()));
    assert_eq!(list.read(&Who(Some("a/b"), "c"), "v/deny"), Err(2));
}

#[test]
fn percent_means_something_in_patterns_alone() {
    let list = acl("topic read a/%c\n");
    assert_eq!(list.read(&Who(None, "x"), "a/%c"), Ok(()));
    assert_eq!(list.read(&Who(None, "x"), "a/x"), Err(0));
}

#[test]
fn a_wildcard_rule_does_not_reach_topics_with_a_dollar_mqtt_4_7_2_1() {
    let list = acl("topic read #\npattern read %c/#\ntopic read $SYS/broker/+\n");
    let who = Who(None, "$SYS");
    assert_eq!(list.read(&who, "a"), Ok(()));
    assert_eq!(list.read(&who, "$SYS/broker/uptime"), Ok(()));
    assert_eq!(list.read(&who, "$SYS/other"), Err(0));
    assert_eq!((list.subscribe(&who, "$SYS/other/#"), list.subscribe(&who, "$SYS/#")), (Err(0), Ok(())));
}

#[test]
fn a_filter_is_granted_if_something_under_it_may_be_read() {
    let list = acl("topic read home/+/temperature\ntopic write cmd/#\ntopic deny home/secret/#\n");
    let who = Who(None, "c");
    for granted in
        ["#", "+/+/+", "home/#", "home/kitchen/temperature", "home/kitchen/#", "+/kitchen/temperature", "$share/g/home/#", "home/+/+"]
    {
        assert_eq!(list.subscribe(&who, granted), Ok(()), "{granted}");
    }
    for nothing in ["home", "home/+", "home/kitchen", "home/kitchen/humidity", "cmd/#", "other/#", "home/a/temperature/x", "$share/g/cmd/x"]
    {
        assert_eq!(list.subscribe(&who, nothing), Err(0), "{nothing}");
    }
    for denied in ["home/secret", "home/secret/#", "home/secret/temperature", "home/secret/+"] {
        assert_eq!(list.subscribe(&who, denied), Err(3), "{denied}");
    }
}

#[test]
fn mistakes_in_a_list_are_named_by_line_with_what_was_meant() {
    let text = "topc read a\ntopic reed a\ntopic\nuser\ntopic read a#\npattern read x%u/y\nuser bob\ntopic read ok\n";
    let result = Acl::parse("acl", text);
    let suggestions: Vec<_> = result.as_ref().unwrap_err().iter().map(|mistake| mistake.suggestion.as_deref()).collect();
    assert_eq!(suggestions, [Some("topic"), Some("read"), None, None, None, None]);
    let found = mistakes(result);
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    for ((_, words), expected) in found.iter().zip(["topc", "reed", "follow topic", "follow user", "a#", "whole levels"]) {
        assert!(words.contains(expected), "{words}");
    }
}

#[test]
fn rules_keep_their_line_for_whoever_asks_why() {
    let access = AccessControl { acl: Some(acl("topic read #\n   topic deny   a/b\n")), ..AccessControl::default() };
    let client_id = ClientId::new("c");
    let who = Identity { user_name: None, client_id: &client_id };
    let topic = TopicName::new("a/b").unwrap();
    let decided = access.decide(who, Wanted::Receive(&topic));
    assert_eq!(decided, Err(DecidedBy::Rule { line: 2, text: "topic deny   a/b".into() }));
}

fn level() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("b"), Just("$x"), Just("")].prop_map(str::to_owned)
}

fn topic() -> impl Strategy<Value = String> {
    proptest::collection::vec(level(), 1..4).prop_map(|levels| levels.join("/")).prop_filter("not empty", |topic| !topic.is_empty())
}

fn filter() -> impl Strategy<Value = String> {
    let level = prop_oneof![3 => level(), 2 => Just("+".to_owned())];
    (proptest::collection::vec(level, 0..4), any::<bool>())
        .prop_map(|(mut levels, rest)| {
            if rest || levels.is_empty() {
                levels.push("#".to_owned());
            }
            levels.join("/")
        })
        .prop_filter("not empty", |filter| !filter.is_empty())
}

fn rule() -> impl Strategy<Value = String> {
    (prop_oneof![Just("read"), Just("write"), Just("readwrite"), Just("deny")], filter())
        .prop_map(|(access, filter)| format!("topic {access} {filter}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_a_parser_panic(text in "(.{0,12}[ :$\n%#]){0,12}", word in "(user|topic|pattern|a:\\$7\\$|a:\\$6\\$)") {
        let _ = Acl::parse("acl", &text);
        let _ = Acl::parse("acl", &format!("{word} {text}"));
        let _ = parse_password_file("passwd", &text);
        let _ = parse_password_file("passwd", &format!("{word}{text}"));
    }

    #[test]
    fn a_message_may_be_read_if_a_rule_allows_and_none_denies(rules in proptest::collection::vec(rule(), 0..6), topic in topic()) {
        // The model matches with the filters of subscriptions, which are another implementation.
        let name = TopicName::new(topic.clone()).unwrap();
        let matching = |rule: &&String| TopicFilter::new(rule.rsplit(' ').next().unwrap().to_owned()).unwrap().matches(&name);
        let kinds: Vec<&str> = rules.iter().filter(matching).map(|rule| rule.split(' ').nth(1).unwrap()).collect();
        let expected = |kind: &str| !kinds.contains(&"deny") && (kinds.contains(&kind) || kinds.contains(&"readwrite"));
        let list = acl(&rules.join("\n"));
        prop_assert_eq!(list.read(&Who(None, "c"), &topic).is_ok(), expected("read"), "{:?}", rules);
        prop_assert_eq!(list.write(&Who(None, "c"), &topic).is_ok(), expected("write"), "{:?}", rules);
    }

    #[test]
    fn a_refused_subscription_would_never_have_got_a_message(rules in proptest::collection::vec(rule(), 0..6), filter in filter(), topic in topic()) {
        let list = acl(&rules.join("\n"));
        let name = TopicName::new(topic.clone()).unwrap();
        let wanted = TopicFilter::new(filter.clone()).unwrap();
        if list.subscribe(&Who(None, "c"), &filter).is_err() && wanted.matches(&name) {
            prop_assert!(list.read(&Who(None, "c"), &topic).is_err(), "{:?} {} {}", rules, filter, topic);
        }
    }
}
