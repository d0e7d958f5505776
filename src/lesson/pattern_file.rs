//! Patterns as `lesson.toml` writes them.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

use super::Count;
use super::pattern::{EventKind, EventPattern, PacketPattern, Pattern};
use crate::packet::{PacketType, QoS, ReasonCode, TopicFilter};
use crate::sim::Scenario;
use crate::sim::toml_source::{Table, shortened};
use crate::text::{key, nearest};
use crate::time::Instant;
use crate::trace::NodeId;

const EVENTS: [(&str, EventKind); 16] = [
    ("connected", EventKind::Connected),
    ("disconnected", EventKind::Disconnected),
    ("keep-alive-timeout", EventKind::KeepAliveTimeout),
    ("will-published", EventKind::WillPublished),
    ("will-discarded", EventKind::WillDiscarded),
    ("power-off", EventKind::PowerOff),
    ("power-on", EventKind::PowerOn),
    ("path-cut", EventKind::PathCut),
    ("path-restored", EventKind::PathRestored),
    ("message-received", EventKind::MessageReceived),
    ("duplicate-suppressed", EventKind::DuplicateSuppressed),
    ("publish-completed", EventKind::PublishCompleted),
    ("session-ended", EventKind::SessionEnded),
    ("malformed-packet", EventKind::MalformedPacket),
    ("segment-lost", EventKind::SegmentLost),
    ("retransmission", EventKind::Retransmission),
];

pub(super) fn count(scenario: &Scenario, table: Table<'_, '_>) -> Option<Count> {
    let min = table.get("min").and_then(|value| value.integer(0..1_000_001));
    let max = table.get("max").and_then(|value| value.integer(0..1_000_001));
    if min.is_none() && max.is_none() {
        table.error(key::LESSON_MISTAKE_COUNT.message());
    }
    let of = table.require("of").and_then(|value| value.table()).and_then(|of| pattern(scenario, of));
    table.report_unknown_keys();
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    Some(Count { of: of?, min: number(min.unwrap_or(0)), max: max.map(number) })
}

/// A table with `event`, or else with `packet`.
pub(super) fn pattern(scenario: &Scenario, table: Table<'_, '_>) -> Option<Pattern> {
    let pattern = match table.get("event") {
        Some(value) => value.choice(&EVENTS).map(|kind| {
            // Other events have none; asking for them there is reported as an unknown key.
            let has_message = kind == EventKind::MessageReceived;
            Pattern::Event(EventPattern {
                kind,
                client: node(scenario, &table, "client"),
                topic: if has_message { topic(&table) } else { None },
                payload: if has_message { table.get("payload").and_then(|value| value.text().map(str::to_owned)) } else { None },
                after: instant(&table, "after"),
                before: instant(&table, "before"),
            })
        }),
        None => packet_pattern(scenario, &table).map(Pattern::Packet),
    };
    table.report_unknown_keys();
    pattern
}

pub(super) fn packet_pattern(scenario: &Scenario, table: &Table<'_, '_>) -> Option<PacketPattern> {
    let types = PacketType::ALL.map(|packet_type| (packet_type.name(), packet_type));
    let packet_type = table.require("packet").and_then(|value| value.choice(&types));
    let flag = |name: &'static str| table.get(name).and_then(|value| value.boolean());
    let pattern = PacketPattern {
        packet_type,
        from: node(scenario, table, "from"),
        to: node(scenario, table, "to"),
        topic: topic(table),
        payload: table.get("payload").and_then(|value| value.text().map(str::to_owned)),
        qos: table.get("qos").and_then(|value| value.integer(0..3)).and_then(|qos| QoS::try_from(u8::try_from(qos).ok()?).ok()),
        dup: flag("dup"),
        retain: flag("retain"),
        clean_start: flag("clean_start"),
        session_present: flag("session_present"),
        will: flag("will"),
        reason_code: table.get("reason_code").and_then(|value| {
            let code = value.integer(0..256)?;
            let found = u8::try_from(code).ok().and_then(|code| ReasonCode::try_from(code).ok());
            found.or_else(|| value.error(key::LESSON_MISTAKE_REASON_CODE.with("code", code)))
        }),
        id: table.get("id").and_then(|value| value.text().map(str::to_owned)),
        arrived: flag("arrived"),
        after: instant(table, "after"),
        before: instant(table, "before"),
    };
    packet_type.map(|_| pattern)
}

fn node(scenario: &Scenario, table: &Table<'_, '_>, key: &'static str) -> Option<NodeId> {
    let value = table.get(key)?;
    let name = value.text()?;
    scenario.node(name).or_else(|| {
        let nodes = scenario.nodes();
        let suggestion = nearest(name, nodes.iter().map(|node| node.name.as_str()));
        value.error_with(key::LESSON_MISTAKE_NO_NODE.with("name", shortened(name)), suggestion)
    })
}

fn topic(table: &Table<'_, '_>) -> Option<TopicFilter> {
    let value = table.get("topic")?;
    let text = value.text()?;
    TopicFilter::new(text.to_owned())
        .map_err(|error| value.error::<()>(key::LESSON_MISTAKE_TOPIC.with("topic", shortened(text)).with("error", error.to_string())))
        .ok()
}

fn instant(table: &Table<'_, '_>, key: &'static str) -> Option<Instant> {
    table.get(key).and_then(|value| value.duration()).map(|duration| Instant::ZERO + duration)
}
