//! Reads `path` tables: the conditions between a client and the broker.
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

use crate::link::{Bursts, Conditions, Costs, Outage, Preset, Tls};
use crate::sim::toml_source::{Table, Value};
use crate::text::key;
use crate::time::Duration;

/// The highest rate of a path in bytes a second.
const MAX_RATE: u64 = 1_000_000_000_000;
/// The smallest queue before a line: one full segment with its headers.
const MIN_QUEUE: u64 = 1_500;

/// `preset`, then what differs from it; without one, from `base`.
pub(super) fn read_conditions(table: &Table<'_, '_>, base: Conditions) -> Option<Conditions> {
    let presets = Preset::ALL.map(|preset| (preset.name(), preset));
    let base = table.get("preset").map_or(Some(base), |value| value.choice(&presets).map(Preset::conditions));
    // Read on after a wrong name, so that all mistakes are found.
    let known = base.unwrap_or_default();
    let latency = table.get("latency").map_or(Some(known.latency), |value| bearable(&value));
    let jitter = table.get("jitter").map_or(Some(known.jitter), |value| bearable(&value));
    let loss = table.get("loss").map_or(Some(known.loss), |value| value.ratio());
    let bursts = off_or(table, "bursts", known.bursts, "never", read_bursts);
    let rate = off_or(table, "rate", known.rate, "unlimited", |value| bytes(value, 1));
    let queue = off_or(table, "queue", known.queue, "unlimited", |value| bytes(value, MIN_QUEUE));
    let idle_timeout = off_or(table, "idle_timeout", known.idle_timeout, "never", positive);
    let outage = off_or(table, "outage", known.outage, "never", read_outage);
    let tls = off_or(table, "tls", known.costs.tls, "none", |value| value.choice(&[("1.2", Tls::V1_2), ("1.3", Tls::V1_3)]));
    let websocket = table.get("websocket").map_or(Some(known.costs.websocket), |value| value.boolean());
    table.report_unknown_keys();
    base?;
    Some(Conditions {
        latency: latency?,
        jitter: jitter?,
        loss: loss?,
        bursts: bursts?,
        rate: rate?,
        queue: queue?,
        idle_timeout: idle_timeout?,
        outage: outage?,
        costs: Costs { tls: tls?, websocket: websocket? },
    })
}

/// What is off when the file says the word `off`, and else what `read` makes of it.
fn off_or<T>(
    table: &Table<'_, '_>,
    name: &'static str,
    base: Option<T>,
    off: &'static str,
    read: impl Fn(&Value<'_, '_>) -> Option<T>,
) -> Option<Option<T>> {
    match table.get(name) {
        None => Some(base),
        Some(value) if value.is_text() && value.text().is_some_and(|text| text.eq_ignore_ascii_case(off)) => Some(None),
        Some(value) => read(&value).map(Some),
    }
}

/// A count of bytes; the word for none of them has been read before.
fn bytes(value: &Value<'_, '_>, min: u64) -> Option<u64> {
    if value.is_text() { value.choice(&[("unlimited", MAX_RATE)]) } else { value.integer(min..MAX_RATE) }
}

/// A share of at least 0.0001 %.
fn possible(value: &Value<'_, '_>) -> Option<crate::ratio::Ratio> {
    let ratio = value.ratio()?;
    if ratio.ppm() == 0 {
        return value.error(key::SIM_OUT_OF_RANGE.with("key", value.name()).with("min", "0.0001 %").with("max", "100 %"));
    }
    Some(ratio)
}

fn read_bursts(value: &Value<'_, '_>) -> Option<Bursts> {
    let table = value.table()?;
    let enter = table.require("enter").and_then(|value| possible(&value));
    let leave = table.require("leave").and_then(|value| possible(&value));
    let loss = table.get("loss").map_or(Some(crate::ratio::Ratio::ALWAYS), |value| value.ratio());
    table.report_unknown_keys();
    Some(Bursts { enter: enter?, leave: leave?, loss: loss? })
}

fn read_outage(value: &Value<'_, '_>) -> Option<Outage> {
    let table = value.table()?;
    let every = table.require("every").and_then(|value| positive(&value));
    let lasts = table.require("lasts").and_then(|value| positive(&value).map(|lasts| (lasts, value)));
    table.report_unknown_keys();
    let (every, (lasts, at)) = (every?, lasts?);
    if lasts >= every {
        return at.error(key::SIM_OUTAGE_WITHOUT_END.message());
    }
    Some(Outage { every, lasts })
}

/// A time above zero.
fn positive(value: &Value<'_, '_>) -> Option<Duration> {
    let time = value.duration()?;
    if time == Duration::ZERO {
        return value.error(key::SIM_TIME_IS_ZERO.with("key", value.name()));
    }
    Some(time)
}

/// A delay on a path: at most an hour.
fn bearable(value: &Value<'_, '_>) -> Option<Duration> {
    let delay = value.duration()?;
    if delay > Duration::from_secs(3_600) {
        return value.error(key::SIM_DELAY_TOO_LONG.with("key", value.name()));
    }
    Some(delay)
}
