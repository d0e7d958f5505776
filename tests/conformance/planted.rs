//! Planted mistakes, so that a suite that has stopped looking is noticed.

use super::pattern::{Bindings, matches, parse, to_bytes};
use super::run::failures;
use super::test;

const CONNECT: &str = "  A> 10 0E 00 04 'MQTT' 05 02 00 00 00 00 01 'a'\n  A< 20 _ 00 00 ..\n";

/// The failures of one case that begins with a connected client.
fn played(lines: &str) -> Vec<String> {
    failures("f", &format!("case v5 [MQTT-3.12.4-1] name\n{CONNECT}{lines}")).unwrap()
}

#[test]
fn what_differs_from_the_case_is_reported_with_its_line() {
    assert_eq!(played("  A> C0 00   # PINGREQ\n  A< D0 00\n"), [""; 0]);
    let cases = [
        ("  A> C0 00\n  A< D0 01 00\n", "f:5: name", "but got: D0 00"),
        ("  A> C0 00\n", "f:1: name", "A has also got: D0 00"),
        ("  A< D0 00\n", "f:4: name", "A has got nothing more"),
        ("  A closed\n", "f:4: name", "A is still open"),
        ("  A> 00 00\n  A< E0 _ 81 ..\n", "f:1: name", "A has been closed"),
        ("  A> 00 00\n  A closed\n", "f:5: name", "A has also got: E0"),
        ("  A> C0 00\n  + 1s\n  A< D0 00\n", "f:5: name", "A has also got: D0 00"),
        ("  A> C0 00\n  A silent\n  A< D0 00\n", "f:5: name", "A has also got: D0 00"),
        ("  A> 00 00\n  A< E0 _ 82|83 ..\n  A closed\n", "f:5: name", "but got: E0"),
    ];
    for (lines, place, why) in cases {
        let found = played(lines);
        assert!(found.len() == 1 && found[0].starts_with(place) && found[0].contains(why), "{lines}{found:?}");
    }
}

#[test]
fn a_known_failure_that_passes_is_a_failure() {
    assert_eq!(played("  known failure no PINGRESP yet\n  A> C0 00\n  A< D0 01 00\n"), [""; 0]);
    let found = played("  known failure no PINGRESP yet\n  A> C0 00\n  A< D0 00\n");
    assert!(found.len() == 1 && found[0].contains("no PINGRESP yet"), "{found:?}");
}

#[test]
fn packets_of_the_client_and_messages_for_the_program_are_looked_at_too() {
    let client = |lines: &str| {
        failures("f", &format!("case client v5 [MQTT-3.1.0-1] name\n  do connect\n  S< 10 ..\n  S> 20 03 00 00 00\n{lines}")).unwrap()
    };
    assert_eq!(client("  S> 30 05 00 01 't' 00 'x'\n  got 't' 'x'\n"), [""; 0]);
    assert!(client("  S> 30 05 00 01 't' 00 'x'\n")[0].contains("the program also got"));
    assert!(client("  S> 30 05 00 01 't' 00 'x'\n  got 't' 'y'\n")[0].contains("the program got Some((\"t\", \"x\"))"));
    assert!(client("  do disconnect 00\n  S closed\n")[0].contains("S has also got: E0 00"));
    assert!(client("  do publish 0 '#' 'x'\n")[0].contains("the call was refused"));
    assert!(client("  do refused publish 0 't' 'x'\n")[0].contains("the call was accepted"));
}

#[test]
fn a_file_that_is_not_understood_is_named_with_its_line() {
    for (line, why) in [
        ("A> 1", "1 is no byte"),
        ("A> 'a", "a text without its end"),
        ("A shut", "no step"),
        ("after dinner", "no setup is called dinner"),
        ("+ 5", "a time"),
        ("set x", "KEY = VALUE"),
        ("case v4 [MQTT-3.1.0-1] x", "no version"),
        ("case v5 x", "names its clause"),
    ] {
        let mistake = failures("f", &format!("case v5 [MQTT-3.1.0-1] x\n  {line}\n")).unwrap_err();
        assert!(mistake.starts_with("f:2:") && mistake.contains(why), "{mistake}");
    }
}

#[test]
fn patterns_match_what_they_say() {
    let is_match = |pattern: &str, bytes: &[u8]| matches(&parse(pattern).unwrap(), bytes, &mut Bindings::new());
    assert!(is_match("D0 00", &[0xD0, 0]) && !is_match("D0 00", &[0xD0, 0, 0]) && !is_match("D0 00", &[0xD0]));
    assert!(is_match("D0 ..", &[0xD0]) && is_match("D0 ..", &[0xD0, 1, 2]) && !is_match("D0 ? ..", &[0xD0]));
    assert!(is_match("30 _ 'ab'", &[0x30, 2, 0x61, 0x62]) && !is_match("30 _ 'ab'", &[0x30, 3, 0x61, 0x62]));
    assert!(!is_match("30 _ 'ab'", &[0x30, 0x82, 0, 0x61, 0x62]), "not the shortest form");
    assert!(is_match("81|82", &[0x82]) && !is_match("81|82", &[0x83]));
    assert!(is_match("@p @p", &[0, 7, 0, 7]) && !is_match("@p @p", &[0, 7, 0, 8]) && !is_match("@p", &[0, 0]));
    assert_eq!(to_bytes(&parse("2F*3 ('a/')*2 'é'").unwrap(), &Bindings::new()).unwrap(), b"///a/a/\xC3\xA9");
}
