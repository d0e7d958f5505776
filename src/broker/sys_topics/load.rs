//! Moving averages without floats.

use crate::time::Duration;

/// One in the fixed point of the averages: millionths.
const ONE: i128 = 1_000_000;
/// One in the fixed point of exponentials: 2⁻⁴⁰.
const SCALE: u32 = 40;
/// A change by less than a hundredth is not told.
const TOLD: i128 = 10_000;
/// Over which times, in seconds.
const PERIODS: [i128; 3] = [60, 300, 900];

/// How many of something there are in a minute, on average over 1, 5 and 15 minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Load([i128; 3]);

impl Load {
    /// `count` more have come since the last update, `passed` ago (`None`: this is the first). Gives the averages that have changed, with two decimals.
    pub(super) fn update(&mut self, count: u64, passed: Option<Duration>) -> [Option<String>; 3] {
        let Some(passed) = passed.filter(|passed| *passed > Duration::ZERO) else {
            return self.0.map(|average| Some(text(average)));
        };
        let micros = i128::from(passed.as_micros());
        let a_minute = i128::from(count).saturating_mul(60_000_000).saturating_mul(ONE).checked_div(micros).unwrap_or_default();
        let mut told = [None, None, None];
        for ((average, period), told) in self.0.iter_mut().zip(PERIODS).zip(&mut told) {
            let kept = exponential(micros, period.saturating_mul(1_000_000));
            let next = a_minute.saturating_add(average.saturating_sub(a_minute).saturating_mul(kept) >> SCALE);
            if next.saturating_sub(*average).abs() >= TOLD {
                *told = Some(text(next));
            }
            *average = next;
        }
        told
    }
}

/// e to the power of −`part`/`whole`, in the fixed point of [`SCALE`].
fn exponential(part: i128, whole: i128) -> i128 {
    let one = 1_i128 << SCALE;
    // Halved until the series converges at once, squared as often again.
    let mut x = part.saturating_mul(one).checked_div(whole).unwrap_or_default().clamp(0, one.saturating_mul(64));
    let mut halvings = 0_u32;
    while x > one >> 4 {
        x >>= 1;
        halvings = halvings.saturating_add(1);
    }
    let mut sum = one;
    let mut term = one;
    for n in 1..10_i128 {
        term = (term.saturating_mul(x) >> SCALE).checked_div(n).unwrap_or_default().saturating_neg();
        sum = sum.saturating_add(term);
    }
    for _ in 0..halvings {
        sum = sum.saturating_mul(sum) >> SCALE;
    }
    sum
}

/// With two decimals, rounded.
fn text(average: i128) -> String {
    let hundredths = average.saturating_add(TOLD / 2).max(0).checked_div(TOLD).unwrap_or_default();
    format!("{}.{:02}", hundredths.checked_div(100).unwrap_or_default(), hundredths.checked_rem(100).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_right_to_nine_digits() {
        // e^-x for x = 1/6, 1/30, 1/90, 1, 5, 0, as bc -l gives it.
        let known = [
            (1, 6, 846_481_725),
            (1, 30, 967_216_100),
            (1, 90, 988_950_389),
            (1, 1, 367_879_441),
            (5, 1, 6_737_947),
            (0, 1, 1_000_000_000),
        ];
        for (part, whole, expected) in known {
            let nanos = (exponential(part, whole) * 1_000_000_000) >> SCALE;
            assert!((nanos - expected).abs() <= 2, "{part}/{whole}: {nanos} instead of {expected}");
        }
        assert_eq!(exponential(i128::MAX, 1), 0);
    }

    #[test]
    fn the_first_update_tells_zeros_and_later_ones_what_has_changed() {
        let mut load = Load::default();
        let texts = |told: [Option<String>; 3]| told.map(Option::unwrap_or_default);
        assert_eq!(texts(load.update(0, None)), ["0.00", "0.00", "0.00"]);
        let ten = Some(Duration::from_secs(10));
        assert_eq!(texts(load.update(0, ten)), ["", "", ""]);
        // 10 in 10 seconds are 60 a minute: 60·(1−e^(−1/6)), 60·(1−e^(−1/30)), 60·(1−e^(−1/90)).
        assert_eq!(texts(load.update(10, ten)), ["9.21", "1.97", "0.66"]);
        assert_eq!(texts(load.update(0, ten)), ["7.80", "1.90", "0.66"].map(|text| if text == "0.66" { "" } else { text }));
        for _ in 0..1_000 {
            load.update(10, ten);
        }
        assert_eq!(texts(load.0.map(|average| Some(text(average)))), ["60.00", "60.00", "60.00"]);
        load.update(u64::MAX, Some(Duration::from_micros(1)));
    }
}
