//! Times and numbers as people write them, in integers.
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

use std::fmt;
use std::str::FromStr;

use crate::time::{Duration, Instant};

/// Why a text is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a number with a known unit.
    #[error("is not a number with a unit: write it like \"20 ms\"")]
    Malformed,
    /// Below zero.
    #[error("is negative")]
    Negative,
    /// Beyond what can be counted.
    #[error("is too large")]
    TooLarge,
}

/// Reads `90 s`, `20 ms`, `1.5 s`, `2 min`, `1 h`, `1 d`, `250 us`.
///
/// # Errors
/// No such form, negative, or beyond 64 bits of microseconds.
pub fn parse_duration(text: &str) -> Result<Duration, QuantityError> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(QuantityError::Malformed)?;
    let (number, unit) = text.split_at_checked(split).ok_or(QuantityError::Malformed)?;
    let micros_per_unit: u64 = match unit.trim() {
        "us" | "µs" | "μs" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return Err(QuantityError::Malformed),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.len() > 6 || fraction.contains('.') {
        return Err(QuantityError::Malformed);
    }
    let whole: u64 = whole.parse().map_err(|_| QuantityError::TooLarge)?;
    let fraction: u64 = format!("{fraction:0<6}").parse().map_err(|_| QuantityError::Malformed)?;
    let unit = Duration::from_micros(micros_per_unit);
    let micros = unit.scale(whole, 1).as_micros().saturating_add(unit.scale(fraction, 1_000_000).as_micros());
    let micros = Duration::from_micros(micros);
    match (negative, micros) {
        (_, Duration::MAX) => Err(QuantityError::TooLarge),
        (true, _) => Err(QuantityError::Negative),
        (false, micros) => Ok(micros),
    }
}

/// The way people write it, in the largest unit that needs no decimals: `90 s`, `20 ms`.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    let units = [(3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms")];
    for (size, unit) in units {
        if micros != 0 && micros.checked_rem(size) == Some(0) && !(unit == "min" && micros < 120_000_000) {
            return format!("{} {unit}", micros.checked_div(size).unwrap_or_default());
        }
    }
    if micros == 0 { "0 s".to_owned() } else { format!("{micros} us") }
}

/// The instant this long after the start.
#[must_use]
pub const fn after_start(duration: Duration) -> Instant {
    Instant::from_micros(duration.as_micros())
}

/// A number in thousandths: what a sensor measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(pub i64);

impl Decimal {
    /// No number in a scenario is larger: a billion.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// As text with `decimals` (0 to 3) digits after the point, rounded half away from zero.
    #[must_use]
    pub fn with_decimals(self, decimals: u32) -> String {
        let decimals = decimals.min(3);
        let unit = 10_u64.saturating_pow(3_u32.saturating_sub(decimals));
        let rounded = self.0.unsigned_abs().saturating_add(unit.checked_div(2).unwrap_or_default()).checked_div(unit).unwrap_or_default();
        let scale = 10_u64.saturating_pow(decimals);
        let whole = rounded.checked_div(scale).unwrap_or_default();
        let fraction = rounded.checked_rem(scale).unwrap_or_default();
        let sign = if self.0 < 0 && rounded != 0 { "-" } else { "" };
        if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction:0width$}", width = decimals as usize) }
    }
}

impl FromStr for Decimal {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 3 {
            return Err(QuantityError::Malformed);
        }
        let whole: i64 = whole.parse().map_err(|_| QuantityError::TooLarge)?;
        let fraction: i64 = format!("{fraction:0<3}").parse().map_err(|_| QuantityError::Malformed)?;
        let value = whole.checked_mul(1_000).and_then(|value| value.checked_add(fraction)).ok_or(QuantityError::TooLarge)?;
        if value > Self::MAX.0 {
            return Err(QuantityError::TooLarge);
        }
        Ok(Self(if negative { value.saturating_neg() } else { value }))
    }
}

/// With as many decimals as it has.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.with_decimals(3);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, micros) in
            [("90 s", 90_000_000), ("20ms", 20_000), ("1.5 s", 1_500_000), ("2 min", 120_000_000), ("0 s", 0), (" 7 us ", 7)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_micros(micros)), "{text}");
        }
        assert_eq!(parse_duration("-1 s"), Err(QuantityError::Negative));
        assert_eq!(parse_duration("99999999999999999999 s"), Err(QuantityError::TooLarge));
        assert_eq!(parse_duration("9999999999999999 h"), Err(QuantityError::TooLarge));
        for text in ["", "5", "s", ".5 s", "1. s", "1.2.3 s", "1 sec", "NaN s", "1e3 s", "½ s", "--1 s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        for (micros, text) in [(90_000_000, "90 s"), (120_000_000, "2 min"), (20_000, "20 ms"), (0, "0 s"), (1_500_000, "1500 ms")] {
            assert_eq!(format_duration(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!("21.5".parse(), Ok(Decimal(21_500)));
        assert_eq!("-0.25".parse(), Ok(Decimal(-250)));
        assert_eq!(Decimal(21_549).with_decimals(1), "21.5");
        assert_eq!(Decimal(21_550).with_decimals(1), "21.6");
        assert_eq!(Decimal(-40).with_decimals(1), "0.0");
        assert_eq!(Decimal(-999).with_decimals(0), "-1");
        assert_eq!(Decimal(1_200).to_string(), "1.2");
        for text in ["nan", "inf", "1e9", "", "1.", "0x10", "99999999999999999999", "1.2345"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }
}
