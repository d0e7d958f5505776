//! What the program prints while it serves.

use std::io::Write;

use crate::support::{Program, connect_packet, dial, publish_packet, read_packet};

#[test]
fn what_clients_name_forges_no_line_and_no_control_sequence() {
    let broker = Program::broker(&["--tcp", "127.0.0.1:0"]);
    let mut client = dial(broker.address("mqtt"));
    client.write_all(&connect_packet("a\nlistening on mqtt://example.org:1\u{1b}[2J")).unwrap();
    read_packet(&mut client);
    client.write_all(&publish_packet("$SYS/\nforged\u{1b}[31m\u{9b}1m", b"x")).unwrap();
    let line = broker.line_with("may not publish to");
    assert!(line.contains("$SYS/\\nforged\\u{1b}[31m\\u{9b}1m"), "{line}");
    assert!(line.contains("a\\nlistening"), "{line}");
}

#[test]
fn what_happens_is_told_in_the_language_that_was_asked_for() {
    for (language, words) in [("ko", "연결됐어요"), ("en", "connected")] {
        let broker = Program::broker(&["--tcp", "127.0.0.1:0", "--verbose", "--lang", language]);
        let mut client = dial(broker.address("mqtt"));
        client.write_all(&connect_packet("sensor")).unwrap();
        read_packet(&mut client);
        let line = broker.line_with(words);
        assert!(line.contains("\"sensor\""), "{line}");
        client.write_all(&publish_packet("a", b"x")).unwrap();
        let line = broker.line_with(if language == "ko" { "받아들였어요" } else { "is accepted" });
        assert!(line.contains("QoS 0, RETAIN 0"), "{line}");
    }
}
