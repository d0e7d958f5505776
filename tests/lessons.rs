//! The lessons: every folder parses, its solution passes, its wrong attempts fail with a finding, and its text says the same in both languages.
//!
//! `mqtt-playground check lessons` checks what a lesson's author has to keep; this file checks also what only tests can: that the run is the same every
//! time, that other right solutions pass, and that the numbers in the prose are those of the run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by a panic, in its own words")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mqtt_playground::broker::BrokerEvent;
use mqtt_playground::client::ClientEvent;
use mqtt_playground::lesson::{Attempt, Block, Inline, Lesson, LessonText, Run, check, parse, run};
use mqtt_playground::link::{LossReason, Side};
use mqtt_playground::playground::{Action, Playground};
use mqtt_playground::sim::Stride;
use mqtt_playground::text::Language;
use mqtt_playground::trace::Event;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons")
}

fn folders() -> Vec<String> {
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> =
        entries.filter(|path| path.is_dir()).map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn lesson(folder: &str) -> Lesson {
    let files: BTreeMap<String, String> = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    parse(folder, &files).unwrap_or_else(|mistakes| {
        let line = |found: &mqtt_playground::text::Diagnostic| {
            format!("{}:{}:{}: {}", found.file, found.line, found.column, Language::English.render(&found.message))
        };
        panic!("{}", mistakes.iter().map(line).collect::<Vec<_>>().join("\n"))
    })
}

fn lessons() -> Vec<Lesson> {
    folders().iter().map(|folder| lesson(folder)).collect()
}

/// The lesson without any act of a learner.
fn demonstration(lesson: &Lesson) -> Run {
    run(lesson, None, None).unwrap()
}

/// What each goal that is not met says, with these commands.
fn unmet(lesson: &Lesson, timeline: &str) -> Vec<String> {
    let commands = lesson.scenario.parse_timeline("other.toml", timeline).unwrap();
    let run = run(lesson, Some(&Attempt { name: "other".to_owned(), commands }), None).unwrap();
    let findings = run.goals.iter().filter(|goal| !goal.met).filter_map(|goal| goal.finding.as_ref());
    findings.map(|finding| Language::English.render(finding)).collect()
}

fn entry(at: &str, act: &str, rest: &str) -> String {
    format!("[[timeline]]\nat = \"{at}\"\ndo = \"{act}\"\n{rest}\n")
}

// Every lesson.

#[test]
fn there_is_a_lesson() {
    assert!(!folders().is_empty());
}

#[test]
fn solutions_pass_and_wrong_attempts_fail_with_a_finding() {
    for lesson in lessons() {
        let (judged, flaws) = check(&lesson);
        assert_eq!(flaws, [], "{}", lesson.slug);
        assert!(lesson.wrong.len() >= 2, "{}", lesson.slug);
        assert_eq!(judged.len(), lesson.wrong.len() + 1, "{}", lesson.slug);
        for attempt in judged.iter().filter(|attempt| attempt.attempt != "solution") {
            assert!(attempt.finding.is_some(), "{} {}", lesson.slug, attempt.attempt);
        }
    }
}

#[test]
fn doing_nothing_meets_no_goal_at_all() {
    for lesson in lessons() {
        let met: Vec<_> =
            demonstration(&lesson).goals.iter().filter(|goal| goal.met).map(|goal| lesson.goals[goal.goal].id.clone()).collect();
        assert_eq!(met, [""; 0], "{}", lesson.slug);
    }
}

#[test]
fn a_lesson_runs_the_same_twice() {
    for lesson in lessons() {
        for attempt in std::iter::once(&lesson.solution).chain(&lesson.wrong) {
            let [first, second] = [(), ()].map(|()| run(&lesson, Some(attempt), None).unwrap());
            assert_eq!(first.trace.digest(), second.trace.digest(), "{} {}", lesson.slug, attempt.name);
            assert_eq!(first.world.digest(), second.world.digest(), "{} {}", lesson.slug, attempt.name);
        }
    }
}

#[test]
fn no_run_of_a_lesson_says_anything_malformed() {
    for lesson in lessons() {
        for attempt in std::iter::once(&lesson.solution).chain(&lesson.wrong) {
            let run = run(&lesson, Some(attempt), None).unwrap();
            let malformed = run.trace.records().iter().find(|record| matches!(record.event, Event::PacketMalformed { .. }));
            assert_eq!(malformed, None, "{} {}", lesson.slug, attempt.name);
        }
    }
}

#[test]
fn packets_that_the_text_names_are_in_the_run() {
    for lesson in lessons() {
        let run = demonstration(&lesson);
        for packet in &lesson.packets {
            assert!(packet.find(run.trace.nodes(), run.trace.records()).is_some(), "{}: {}", lesson.slug, packet.name);
        }
    }
}

#[test]
fn both_languages_have_the_same_steps_and_three_hints() {
    for lesson in lessons() {
        let (korean, english) = (outline(&lesson.text.korean), outline(&lesson.text.english));
        assert_eq!(korean, english, "{}", lesson.slug);
        assert!((4..=6).contains(&korean.len()), "{}: {} steps", lesson.slug, korean.len());
        for text in [&lesson.text.korean, &lesson.text.english] {
            assert_eq!(text.hints.len(), 3, "{}", lesson.slug);
            assert!(text.hints.iter().all(|hint| !hint.is_empty()), "{}", lesson.slug);
        }
    }
}

#[test]
fn each_prediction_and_the_goals_are_asked_once() {
    for lesson in lessons() {
        let asked: Vec<usize> = outline(&lesson.text.korean).into_iter().flat_map(|step| step.predictions).collect();
        assert_eq!(asked, (0..lesson.predictions.len()).collect::<Vec<_>>(), "{}", lesson.slug);
        assert!(!asked.is_empty(), "{}", lesson.slug);
        let goals = outline(&lesson.text.korean).into_iter().map(|step| step.goals).sum::<usize>();
        assert_eq!(goals, 1, "{}", lesson.slug);
        for prediction in &lesson.predictions {
            assert_eq!(prediction.options.iter().filter(|option| option.correct).count(), 1, "{}", lesson.slug);
        }
    }
}

#[test]
fn clauses_have_the_form_of_the_specification() {
    for lesson in lessons() {
        for text in [&lesson.text.korean, &lesson.text.english] {
            let clauses = clauses(text);
            assert!(!clauses.is_empty(), "{}", lesson.slug);
            for clause in clauses {
                assert!(is_statement(&clause), "{}: [{clause}]", lesson.slug);
            }
        }
        // The same claims in both languages.
        assert_eq!(clauses(&lesson.text.korean), clauses(&lesson.text.english), "{}", lesson.slug);
    }
}

#[test]
fn no_marks_are_left_in_the_text() {
    for lesson in lessons() {
        let mut lines: Vec<&[Inline]> = Vec::new();
        for text in [&lesson.text.korean, &lesson.text.english] {
            lines.extend(all_lines(text));
        }
        for prediction in &lesson.predictions {
            lines.extend([prediction.question.korean.as_slice(), &prediction.question.english]);
            for option in &prediction.options {
                lines.extend([option.text.korean.as_slice(), &option.text.english, &option.feedback.korean, &option.feedback.english]);
            }
        }
        for goal in &lesson.goals {
            lines.extend([goal.text.korean.as_slice(), &goal.text.english]);
        }
        for inline in lines.into_iter().flatten() {
            if let Inline::Text(text) = inline {
                assert!(
                    !["*", "`", "](", "[MQTT", "{goals", "{prediction"].iter().any(|mark| text.contains(mark)),
                    "{}: {text}",
                    lesson.slug
                );
            }
        }
    }
}

/// What a step holds besides words.
#[derive(Debug, PartialEq, Eq)]
struct StepOutline {
    blocks: Vec<&'static str>,
    predictions: Vec<usize>,
    packets: BTreeSet<usize>,
    goals: usize,
}

fn outline(text: &LessonText) -> Vec<StepOutline> {
    let step = |step: &mqtt_playground::lesson::Step| StepOutline {
        blocks: step.blocks.iter().map(kind).collect(),
        predictions: step
            .blocks
            .iter()
            .filter_map(|block| if let Block::Prediction(index) = block { Some(*index) } else { None })
            .collect(),
        packets: lines(&step.blocks)
            .into_iter()
            .flatten()
            .filter_map(|inline| if let Inline::Packet { packet, .. } = inline { Some(*packet) } else { None })
            .collect(),
        goals: step.blocks.iter().filter(|block| **block == Block::Goals).count(),
    };
    text.steps.iter().map(step).collect()
}

const fn kind(block: &Block) -> &'static str {
    match block {
        Block::Paragraph(_) => "paragraph",
        Block::Heading(_) => "heading",
        Block::List { .. } => "list",
        Block::Note(_) => "note",
        Block::Code(_) => "code",
        Block::Table { .. } => "table",
        Block::Prediction(_) => "prediction",
        Block::Goals => "goals",
    }
}

fn all_lines(text: &LessonText) -> Vec<&[Inline]> {
    text.steps.iter().flat_map(|step| lines(&step.blocks)).chain(text.hints.iter().flat_map(|hint| lines(hint))).collect()
}

/// All lines of blocks, those inside lists, notes and tables too; marks inside marks are lines of their own.
fn lines(blocks: &[Block]) -> Vec<&[Inline]> {
    let mut found: Vec<&[Inline]> = Vec::new();
    for block in blocks {
        match block {
            Block::Paragraph(line) | Block::Heading(line) => found.push(line),
            Block::List { items, .. } => found.extend(items.iter().flat_map(|item| lines(item))),
            Block::Note(inner) => found.extend(lines(inner)),
            Block::Table { head, rows } => found.extend(head.iter().chain(rows.iter().flatten()).map(Vec::as_slice)),
            Block::Code(_) | Block::Prediction(_) | Block::Goals => {}
        }
    }
    let inner: Vec<&[Inline]> = found
        .iter()
        .flat_map(|line| line.iter())
        .filter_map(|inline| match inline {
            Inline::Strong(inner) | Inline::Emphasis(inner) => Some(inner.as_slice()),
            _ => None,
        })
        .collect();
    found.extend(inner);
    found
}

fn clauses(text: &LessonText) -> BTreeSet<String> {
    let inlines = all_lines(text).into_iter().flatten();
    inlines.filter_map(|inline| if let Inline::Clause(clause) = inline { Some(clause.clone()) } else { None }).collect()
}

/// `MQTT-4.4.0-1`, `MQTT-4.2-1`: two or three section numbers, and the number of the statement.
fn is_statement(clause: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    clause.strip_prefix("MQTT-").and_then(|rest| rest.split_once('-')).is_some_and(|(section, statement)| {
        let parts: Vec<&str> = section.split('.').collect();
        (2..=3).contains(&parts.len()) && parts.into_iter().all(number) && number(statement)
    })
}

// first-packets

/// The packets of the run: who sends, what, how many bytes, milliseconds.
fn packets(run: &Run) -> Vec<(u64, String, Vec<u8>)> {
    let text = mqtt_playground::trace::Text::new(&run.trace);
    let sent = run.trace.records().iter().filter_map(|record| match &record.event {
        Event::PacketSent { bytes, .. } => Some((
            record.at.as_micros() / 1_000,
            text.line(record).split(' ').skip(1).take(4).collect::<Vec<_>>().join(" "),
            bytes.to_vec(),
        )),
        _ => None,
    });
    sent.collect()
}

fn packet<'p>(packets: &'p [(u64, String, Vec<u8>)], what: &str) -> &'p (u64, String, Vec<u8>) {
    packets.iter().find(|(_, line, _)| line == what).unwrap_or_else(|| panic!("{what}: {packets:?}"))
}

#[test]
fn first_packets_have_the_bytes_that_the_text_shows() {
    let packets = packets(&demonstration(&lesson("02-first-packets")));
    let bytes = |what: &str| packet(&packets, what).2.clone();
    let connect = b"\x10\x13\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x06sensor";
    assert_eq!(bytes("sensor → broker CONNECT"), connect);
    assert_eq!(bytes("broker → sensor CONNACK").len(), 16);
    assert_eq!(bytes("broker → sensor CONNACK")[..4], [0x20, 14, 0, 0]);
    assert_eq!(bytes("dashboard → broker SUBSCRIBE")[..4], [0x82, 12, 0, 1]);
    assert_eq!(bytes("broker → dashboard SUBACK"), [0x90, 4, 0, 1, 0, 0]);
    assert_eq!(bytes("sensor → broker PUBLISH"), b"\x30\x10\x00\x09home/temp\x0022.5");
    assert_eq!(bytes("broker → dashboard PUBLISH"), bytes("sensor → broker PUBLISH"));
    let report = packets.iter().find(|(at, line, _)| *at == 3_000 && line == "sensor → broker PUBLISH").unwrap();
    assert_eq!(report.2[..3], [0x30, 0x8D, 0x01]);
    assert_eq!(report.2.len(), 3 + 141);
    assert_eq!(bytes("sensor → broker DISCONNECT"), [0xE0, 0x00]);
    // The comparison.
    let request = "POST /home/temp HTTP/1.1\r\nHost: broker.example\r\nContent-Length: 4\r\n\r\n22.5";
    let answer = "HTTP/1.1 204 No Content\r\n\r\n";
    assert_eq!((request.len(), answer.len(), 100 * (request.len() + answer.len())), (73, 27, 10_000));
    assert_eq!((connect.len() + 16 + 18 + 2, connect.len() + 16 + 100 * 18 + 2), (57, 1_839));
}

#[test]
fn first_packets_accepts_another_order_filter_and_qos() {
    let timeline = [
        entry("5 s", "connect", "client = \"sensor\""),
        entry("6 s", "connect", "client = \"phone\""),
        entry("7 s", "subscribe", "client = \"phone\"\nfilter = \"+/temp\"\nqos = 1"),
        entry("7.1 s", "publish", "client = \"sensor\"\ntopic = \"home/temp\"\npayload = \"-3\"\nqos = 1"),
        entry("8 s", "disconnect", "client = \"sensor\""),
        entry("9 s", "disconnect", "client = \"phone\""),
    ];
    assert_eq!(unmet(&lesson("02-first-packets"), &timeline.concat()), [""; 0]);
}

// qos-2

#[test]
fn qos_2_survives_each_break_of_the_demonstration() {
    let run = demonstration(&lesson("09-qos-2"));
    let mut received: BTreeMap<String, usize> = BTreeMap::new();
    for record in run.trace.records() {
        if let Event::Client { event, .. } = &record.event
            && let ClientEvent::MessageReceived { publish, .. } = &**event
        {
            *received.entry(String::from_utf8(publish.payload.to_vec()).unwrap()).or_default() += 1;
        }
    }
    assert_eq!(received, ["T1", "T2", "T3", "T4"].map(|ticket| (ticket.to_owned(), 1)).into());
    let packets = packets(&run);
    let sent_after = |what: &str, at: u64| packets.iter().find(|(sent, line, _)| line == what && *sent > at).unwrap().2.clone();
    assert_eq!(sent_after("gate-a → broker PUBLISH", 4_000)[0] & 0x0F, 0b1100, "DUP and QoS 2");
    assert_eq!(sent_after("broker → gate-a PUBCOMP", 15_000), [0x70, 3, 0, 4, 0x92]);
}

#[test]
fn qos_2_accepts_cuts_by_hand_and_resets() {
    let publish = |at: &str, ticket: &str| {
        entry(at, "publish", &format!("client = \"gate-a\"\ntopic = \"gate/entry\"\npayload = \"{ticket}\"\nqos = 2"))
    };
    let timeline = [
        // The PUBLISH itself is on its way when the learner cuts the path.
        publish("20 s", "T5"),
        entry("20.02 s", "cut", "client = \"gate-a\""),
        entry("21 s", "restore", "client = \"gate-a\""),
        // The PUBREL is on its way when the connection is reset.
        publish("25 s", "T6"),
        entry("25.12 s", "reset", "client = \"gate-a\""),
    ];
    assert_eq!(unmet(&lesson("09-qos-2"), &timeline.concat()), [""; 0]);
}

// loss-and-tcp

#[test]
fn loss_delays_and_holds_up_as_the_text_says() {
    let run = demonstration(&lesson("11-loss-and-tcp"));
    let mut arrivals: BTreeMap<(String, u32), Vec<u64>> = BTreeMap::new();
    let (mut lost, mut again, mut dup) = (0, 0, 0);
    for record in run.trace.records() {
        match &record.event {
            Event::Client { event, .. } => {
                let ClientEvent::MessageReceived { publish, .. } = &**event else { continue };
                let number = std::str::from_utf8(&publish.payload).unwrap().parse().unwrap();
                arrivals.entry((publish.topic.as_str().to_owned(), number)).or_default().push(record.at.as_micros() / 1_000);
                dup += u32::from(publish.dup);
            }
            Event::SegmentLost { reason: LossReason::RandomLoss, .. } => lost += 1,
            Event::SegmentSent { segment, .. } if segment.attempt > 0 => again += 1,
            Event::PacketLost { .. } => panic!("a packet is lost: {record:?}"),
            _ => {}
        }
    }
    assert!(lost > 10 && again > 10, "{lost} lost, {again} sent again");
    assert_eq!(dup, 0);
    assert_eq!(arrivals.len(), 60);
    assert!(arrivals.values().all(|times| times.len() == 1));
    let at = |number: u32| arrivals[&("lab/q0".to_owned(), number)][0];
    assert_eq!([6, 7, 8].map(at), [9_130; 3]);
    assert_eq!(at(14), 18_825);
    assert!([15, 16, 17].map(at).iter().all(|at| (18_825..19_100).contains(at)));
    let quick = (1..=12).filter(|number| at(*number) < 1_000 * (u64::from(*number) + 1) + 100).count();
    assert!(quick >= 6, "most readings are quick: {quick} of 12");
    let fourteen: Vec<u64> = run
        .trace
        .records()
        .iter()
        .filter(|record| matches!(&record.event, Event::SegmentSent { segment, .. } if segment.from == Side::Client && segment.payload.ends_with(b"lab/q0\x0014")))
        .map(|record| record.at.as_micros() / 1_000)
        .collect();
    assert_eq!(fourteen, [15_000, 15_250, 15_751, 16_752, 18_755]);
}

#[test]
fn loss_accepts_cuts_that_break_the_connection_and_another_time() {
    let timeline = [
        entry("22.2 s", "cut", "client = \"sensor-q0\"\nnotice = \"both\""),
        entry("23.4 s", "add-fault", "client = \"sensor-q1\"\npacket = \"PUBACK\"\nfrom = \"broker\"\nverdict = \"cut-before-delivery\""),
        entry("24.5 s", "restore", "client = \"sensor-q0\""),
        entry("26 s", "restore", "client = \"sensor-q1\""),
    ];
    assert_eq!(unmet(&lesson("11-loss-and-tcp"), &timeline.concat()), [""; 0]);
}

// last-will

#[test]
fn wills_come_when_the_text_says() {
    let run = demonstration(&lesson("15-last-will"));
    let wills: Vec<(u64, String)> = run
        .trace
        .records()
        .iter()
        .filter_map(|record| match &record.event {
            Event::Broker(event) => match &**event {
                BrokerEvent::WillPublished { client_id, .. } => Some((record.at.as_micros() / 1_000, client_id.as_str().to_owned())),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(wills, [(40_020, "boiler".to_owned()), (90_100, "freezer".to_owned())]);
    let discarded: Vec<(u64, bool)> = run
        .trace
        .records()
        .iter()
        .filter_map(|record| match &record.event {
            Event::Broker(event) => match &**event {
                BrokerEvent::WillDiscarded { resumed, .. } => Some((record.at.as_micros() / 1_000, *resumed)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(discarded, [(5_020, false), (23_060, true)]);
}

#[test]
fn last_will_accepts_a_tablet_that_is_switched_off_and_a_sensor_that_connects_by_hand() {
    let timeline = [
        entry("6 s", "connect", "client = \"door\""),
        entry("8 s", "publish", "client = \"door\"\ntopic = \"home/door/status\"\npayload = \"online\"\nretain = true"),
        entry("9 s", "power-cut", "node = \"door\""),
        entry("50 s", "connect", "client = \"tablet\""),
        entry("51 s", "power-cut", "node = \"tablet\""),
        entry("60 s", "power-on", "node = \"door\""),
        entry("62 s", "publish", "client = \"door\"\ntopic = \"home/door/status\"\npayload = \"online\"\nretain = true"),
        entry("63 s", "power-on", "node = \"tablet\""),
        entry("64 s", "connect", "client = \"tablet\""),
    ];
    assert_eq!(unmet(&lesson("15-last-will"), &timeline.concat()), [""; 0]);
}

// By way of the page.

/// Whether all goals are met, after a check.
fn solved(playground: &mut Playground) -> bool {
    playground.apply(Action::Check).unwrap();
    playground.screen().lesson.as_ref().unwrap().solved
}

#[test]
fn solutions_done_by_hand_at_the_cursor_solve_the_lesson() {
    for lesson in lessons() {
        let mut playground = Playground::with_lesson(&lesson);
        playground.apply(Action::ToEnd).unwrap();
        assert!(!solved(&mut playground), "{}", lesson.slug);
        for (at, command) in &lesson.solution.commands {
            playground.apply(Action::Seek(*at)).unwrap();
            playground.apply(Action::Do(command.clone())).unwrap();
        }
        playground.apply(Action::ToEnd).unwrap();
        assert!(solved(&mut playground), "{}", lesson.slug);
    }
}

#[test]
fn first_packets_and_the_board_can_be_solved_after_the_end_by_steps_alone() {
    for folder in ["02-first-packets", "15-last-will"] {
        let lesson = lesson(folder);
        let mut playground = Playground::with_lesson(&lesson);
        playground.apply(Action::ToEnd).unwrap();
        for (_, command) in &lesson.solution.commands {
            playground.apply(Action::Do(command.clone())).unwrap();
            for _ in 0..30 {
                playground.apply(Action::StepForward(Stride::Packet)).unwrap();
            }
        }
        assert!(solved(&mut playground), "{folder}");
    }
}
