//! Probability as an integer ratio: exact, and the same on every machine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::rng::RngStream;

/// A probability in parts per million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ratio(u32);

/// The text is not a ratio from `0 %` to `100 %`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a percentage from 0 % to 100 % with at most four decimals, such as \"30 %\" or \"0.5 %\"")]
pub struct RatioError(String);

impl Ratio {
    /// Never.
    pub const NEVER: Self = Self(0);
    /// Always.
    pub const ALWAYS: Self = Self(1_000_000);

    /// `parts` in a million; more than a million counts as always.
    #[must_use]
    pub const fn from_ppm(parts: u32) -> Self {
        if parts > 1_000_000 { Self::ALWAYS } else { Self(parts) }
    }

    /// `percent` in a hundred; more than a hundred counts as always.
    #[must_use]
    pub const fn from_percent(percent: u32) -> Self {
        Self::from_ppm(percent.saturating_mul(10_000))
    }

    /// Parts per million.
    #[must_use]
    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// Decides with exactly one draw, whatever the ratio.
    pub fn roll(self, rng: &mut RngStream) -> bool {
        rng.below(1_000_000) < u64::from(self.0)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = self.0 % 10_000;
        if fraction == 0 {
            write!(f, "{} %", self.0 / 10_000)
        } else {
            write!(f, "{}.{} %", self.0 / 10_000, format!("{fraction:04}").trim_end_matches('0'))
        }
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Self, RatioError> {
        let error = || RatioError(text.chars().take(40).collect());
        let number = text.trim().strip_suffix('%').ok_or_else(error)?.trim();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || fraction.len() > 4 || !digits(whole) || !digits(fraction) {
            return Err(error());
        }
        let whole: u32 = whole.parse().map_err(|_| error())?;
        let fraction: u32 = format!("{fraction:0<4}").parse().map_err(|_| error())?;
        match whole.saturating_mul(10_000).saturating_add(fraction) {
            ppm @ 0..=1_000_000 => Ok(Self(ppm)),
            _ => Err(error()),
        }
    }
}

impl TryFrom<String> for Ratio {
    type Error = RatioError;
    fn try_from(text: String) -> Result<Self, RatioError> {
        text.parse()
    }
}

impl From<Ratio> for String {
    fn from(ratio: Ratio) -> Self {
        ratio.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn text_and_back() {
        for text in ["0 %", "100 %", "30 %", "0.5 %", "12.0625 %"] {
            assert_eq!(text.parse::<Ratio>().map(|r| r.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "30", "-1 %", "100.0001 %", "1e2 %", "NaN %", "1.00001 %", "９ %"] {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
    }

    #[test]
    fn thirty_percent_is_about_thirty_percent() {
        let mut rng = Seed(1).stream("test", "ratio");
        let hits = (0..100_000).filter(|_| Ratio::from_percent(30).roll(&mut rng)).count();
        assert!((29_000..31_000).contains(&hits), "{hits}");
        assert!(!Ratio::NEVER.roll(&mut rng));
        assert!(Ratio::ALWAYS.roll(&mut rng));
    }
}
