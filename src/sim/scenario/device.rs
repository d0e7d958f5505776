//! Devices: what a client publishes by itself, in integers only.
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

use super::{MAX_ENTRIES, MAX_PAYLOAD, Template};
use crate::packet::{QoS, TopicName};
use crate::rng::RngStream;
use crate::sim::quantity::{Decimal, after_start, parse_duration};
use crate::sim::toml_source::{Table, Value, shortened};
use crate::text::key;
use crate::time::{Duration, Instant};

/// The shortest time between two messages of a device.
const MIN_EVERY: Duration = Duration::from_millis(1);

/// Publishes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Device {
    /// What it measures.
    pub signal: Signal,
    /// The time of the first message.
    pub start: Instant,
    /// The time from one message (or burst) to the next.
    pub every: Duration,
    /// After so many times it falls silent; `None` never.
    pub times: Option<u32>,
    /// Topic Name.
    pub topic: TopicName,
    /// QoS.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
    /// The payload with `{value}`, `{n}`, `{t}`.
    pub payload: Template,
}

/// How values come about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Swings between two values.
    Sine {
        /// The lowest.
        low: Decimal,
        /// The highest.
        high: Decimal,
        /// One full swing.
        cycle: Duration,
        /// Digits after the point.
        decimals: u32,
    },
    /// Starts somewhere and goes up or down by at most a step each time.
    RandomWalk {
        /// The first value.
        start: Decimal,
        /// The largest step.
        step: Decimal,
        /// The lowest.
        low: Decimal,
        /// The highest.
        high: Decimal,
        /// Digits after the point.
        decimals: u32,
    },
    /// One value after the other, then from the front again.
    Steps {
        /// The values.
        values: Vec<String>,
    },
    /// Several messages at once; the value is the number within the burst, from 1.
    Burst {
        /// How many.
        size: u32,
    },
    /// Recorded values at their times after `start`; `every` and `times` do not count.
    Replay {
        /// Time after the start, value.
        rows: Vec<(Duration, String)>,
    },
}

impl Signal {
    /// The value of the `index`-th message (from 0), `elapsed` after the start. `walk` is where a random walk stands; each call draws exactly once.
    #[must_use]
    pub fn value(&self, index: u32, elapsed: Duration, walk: &mut Decimal, rng: &mut RngStream) -> String {
        let draw = rng.next_u64();
        match self {
            Self::Sine { low, high, cycle, decimals } => {
                let swing = i128::from(high.0.saturating_sub(low.0));
                // From −32 768…32 768 to 0…65 536, then to low…high.
                let height = i128::from(sine(elapsed, *cycle)).saturating_add(32_768);
                let offset = swing.saturating_mul(height) >> 16;
                Decimal(low.0.saturating_add(i64::try_from(offset).unwrap_or(0))).with_decimals(*decimals)
            }
            Self::RandomWalk { start, step, low, high, decimals } => {
                if index == 0 {
                    *walk = *start;
                } else {
                    let width = u128::from(step.0.unsigned_abs()).saturating_mul(2).saturating_add(1);
                    let drawn = i64::try_from(u128::from(draw).saturating_mul(width) >> 64).unwrap_or(0);
                    walk.0 = walk.0.saturating_add(drawn.saturating_sub(step.0)).clamp(low.0.min(high.0), high.0);
                }
                walk.with_decimals(*decimals)
            }
            Self::Steps { values } => {
                let at = (index as usize).checked_rem(values.len()).unwrap_or(0);
                values.get(at).cloned().unwrap_or_default()
            }
            Self::Burst { .. } => index.saturating_add(1).to_string(),
            Self::Replay { rows } => rows.get(index as usize).map(|(_, value)| value.clone()).unwrap_or_default(),
        }
    }
}

/// sin(2π·elapsed/cycle) × 32 768 by a table of a quarter wave, linear in between.
fn sine(elapsed: Duration, cycle: Duration) -> i64 {
    const QUARTER: [i64; 65] = [
        0, 804, 1608, 2411, 3212, 4011, 4808, 5602, 6393, 7180, 7962, 8740, 9512, 10279, 11039, 11793, 12540, 13279, 14010, 14733, 15447,
        16151, 16846, 17531, 18205, 18868, 19520, 20160, 20788, 21403, 22006, 22595, 23170, 23732, 24279, 24812, 25330, 25833, 26320,
        26791, 27246, 27684, 28106, 28511, 28899, 29269, 29622, 29957, 30274, 30572, 30853, 31114, 31357, 31581, 31786, 31972, 32138,
        32286, 32413, 32522, 32610, 32679, 32729, 32758, 32768,
    ];
    let cycle = u128::from(cycle.as_micros().max(1));
    let phase = u128::from(elapsed.as_micros()).checked_rem(cycle).unwrap_or(0);
    // 2^16 a turn: two bits of quadrant, six bits of table index, eight bits between two entries.
    let turn = u16::try_from((phase << 16).checked_div(cycle).unwrap_or(0)).unwrap_or(u16::MAX);
    let within = turn & 0x3fff;
    let position = if turn & 0x4000 == 0 { within } else { 0x4000_u16.saturating_sub(within) };
    let index = usize::from(position >> 8);
    let at = |index: usize| QUARTER.get(index).copied().unwrap_or(32_768);
    let (here, next) = (at(index), at(index.saturating_add(1)));
    let height = here.saturating_add(next.saturating_sub(here).saturating_mul(i64::from(position & 0xff)) >> 8);
    if turn & 0x8000 == 0 { height } else { height.saturating_neg() }
}

/// Reads a `[[device]]` table, its `client` key aside.
pub(super) fn read(table: &Table<'_, '_>) -> Option<Device> {
    let signal = read_signal(table);
    let replay = matches!(signal, Some(Signal::Replay { .. }));
    let every = if replay { table.get("every") } else { table.require("every") };
    let every = every.as_ref().map(read_every);
    let start = table.get("start").map(|value| value.duration());
    let times = table.get("times").map(|value| value.integer(1..1_000_001));
    let topic = table.require("topic").and_then(|value| super::client::topic_name(&value));
    let qos = table.get("qos").map(|value| super::client::qos(&value));
    let retain = table.get("retain").map(|value| value.boolean());
    let payload = table.get("payload").map(|value| template(&value));
    Some(Device {
        signal: signal?,
        start: after_start(start.unwrap_or(Some(Duration::ZERO))?),
        every: every.unwrap_or(Some(Duration::from_secs(1)))?,
        times: times.map_or(Some(None), |value| value.and_then(|value| u32::try_from(value).ok()).map(Some))?,
        topic: topic?,
        qos: qos.unwrap_or(Some(QoS::AtMostOnce))?,
        retain: retain.unwrap_or(Some(false))?,
        payload: payload.unwrap_or_else(|| Some(Template("{value}".into())))?,
    })
}

fn read_every(value: &Value<'_, '_>) -> Option<Duration> {
    let every = value.duration()?;
    if every < MIN_EVERY {
        return value.error(key::SIM_DURATION_TOO_SHORT.with("key", value.name()).with("min", "1 ms"));
    }
    Some(every)
}

/// A payload template of bearable length.
pub(super) fn template(value: &Value<'_, '_>) -> Option<Template> {
    let text = value.text()?;
    if text.len() > MAX_PAYLOAD {
        return value.error(key::SIM_TEXT_TOO_LONG.with("key", value.name()).with("max", MAX_PAYLOAD));
    }
    Some(Template(text.into()))
}

#[derive(Clone, Copy)]
enum Kind {
    Sine,
    RandomWalk,
    Steps,
    Burst,
    Replay,
}

fn read_signal(table: &Table<'_, '_>) -> Option<Signal> {
    let kinds =
        [("sine", Kind::Sine), ("random-walk", Kind::RandomWalk), ("steps", Kind::Steps), ("burst", Kind::Burst), ("csv", Kind::Replay)];
    let signal = table.require("signal")?;
    let decimals = |table: &Table<'_, '_>| {
        let value = table.get("decimals").map_or(Some(1), |value| value.integer(0..4))?;
        u32::try_from(value).ok()
    };
    Some(match signal.choice(&kinds)? {
        Kind::Sine => {
            let (low, high) = read_range(table)?;
            let cycle = table.require("cycle")?;
            Signal::Sine { low, high, cycle: read_every(&cycle)?, decimals: decimals(table)? }
        }
        Kind::RandomWalk => {
            let range = read_range(table);
            let first = table.require("first").and_then(|value| value.decimal());
            let step = table.require("step").and_then(|value| match value.decimal()? {
                Decimal(step) if step < 0 => value.error(key::SIM_NUMBER_NEGATIVE.with("key", "step")),
                step => Some(step),
            });
            let decimals = decimals(table);
            let (low, high) = range?;
            Signal::RandomWalk { start: first?, step: step?, low, high, decimals: decimals? }
        }
        Kind::Steps => {
            let values = table.require("values")?;
            let items = values.array()?;
            if items.is_empty() || items.len() > MAX_ENTRIES {
                return values.error(key::SIM_LIST_LENGTH.with("key", "values").with("max", MAX_ENTRIES));
            }
            let read =
                |item: &Value<'_, '_>| if item.is_text() { item.text().map(str::to_owned) } else { item.decimal().map(|d| d.to_string()) };
            Signal::Steps { values: items.iter().map(read).collect::<Option<_>>()? }
        }
        Kind::Burst => {
            let size = table.require("size")?.integer(1..1_001)?;
            Signal::Burst { size: u32::try_from(size).ok()? }
        }
        Kind::Replay => Signal::Replay { rows: read_rows(&table.require("csv")?)? },
    })
}

fn read_range(table: &Table<'_, '_>) -> Option<(Decimal, Decimal)> {
    let low = table.require("low").and_then(|value| value.decimal());
    let high = table.require("high");
    let number = high.as_ref().and_then(|value| value.decimal());
    let (low, number) = (low?, number?);
    if number < low {
        return high?.error(key::SIM_RANGE_REVERSED.with("low", low.to_string()).with("high", number.to_string()));
    }
    Some((low, number))
}

/// Lines of `seconds,value`; a first line that does not start with a digit is a heading.
fn read_rows(value: &Value<'_, '_>) -> Option<Vec<(Duration, String)>> {
    let mut rows: Vec<(Duration, String)> = Vec::new();
    for (index, line) in value.text()?.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        if index == 0 && !line.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let row = line.split_once(',').and_then(|(time, text)| Some((parse_duration(&format!("{} s", time.trim())).ok()?, text.trim())));
        match row {
            Some((time, text)) if rows.last().is_none_or(|(last, _)| *last <= time) => rows.push((time, text.to_owned())),
            _ => return value.error(key::SIM_BAD_CSV.with("line", shortened(line))),
        }
    }
    if rows.is_empty() || rows.len() > MAX_ENTRIES {
        return value.error(key::SIM_LIST_LENGTH.with("key", "csv").with("max", MAX_ENTRIES));
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn a_sine_goes_up_then_down_and_meets_its_ends() {
        let signal = Signal::Sine { low: Decimal(20_000), high: Decimal(30_000), cycle: Duration::from_secs(60), decimals: 1 };
        let mut rng = Seed(1).stream("device", "test");
        let at = |seconds: u64, rng: &mut RngStream| signal.value(0, Duration::from_secs(seconds), &mut Decimal(0), rng);
        let expected = [(0, "25.0"), (5, "27.5"), (15, "30.0"), (30, "25.0"), (45, "20.0"), (60, "25.0")];
        for (seconds, value) in expected {
            assert_eq!(at(seconds, &mut rng), value, "{seconds}");
        }
    }

    #[test]
    fn a_random_walk_stays_between_its_ends_and_makes_no_larger_step() {
        let signal = Signal::RandomWalk { start: Decimal(500), step: Decimal(100), low: Decimal(0), high: Decimal(1_000), decimals: 3 };
        let mut rng = Seed(7).stream("device", "walk");
        let mut walk = Decimal(0);
        let mut last = None;
        for index in 0..2_000 {
            let _ = signal.value(index, Duration::ZERO, &mut walk, &mut rng);
            assert!((0..=1_000).contains(&walk.0));
            assert!(last.is_none_or(|last: i64| (last - walk.0).abs() <= 100));
            last = Some(walk.0);
        }
    }
}
