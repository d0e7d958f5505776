//! Conditions of a path.

use serde::{Deserialize, Serialize};

use super::Costs;
use crate::ratio::Ratio;
use crate::time::{Duration, Instant};

/// What the path does to segments, the same in both directions. Changes count for segments that leave later.
///
/// A direction is first in, first out: no segment overtakes an earlier one, whatever its jitter. Latency and jitter count up to one day each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// One-way delay.
    pub latency: Duration,
    /// Each segment takes up to this much longer, uniformly.
    pub jitter: Duration,
    /// The share of segments that get lost, each on its own; with `bursts`, of those between the bursts.
    pub loss: Ratio,
    /// Losses that come in bursts.
    pub bursts: Option<Bursts>,
    /// Bytes per second, 40 bytes of headers a segment included; what does not fit the line waits before it. `None`: as fast as one likes; 0 counts as 1.
    pub rate: Option<u64>,
    /// Bytes, headers included, that may wait before the line; a segment that finds no room is dropped. `None`: all wait. Without `rate` nothing ever waits.
    pub queue: Option<u64>,
    /// After so long without a segment either way, a router on the path (NAT, load balancer, firewall) forgets the connection, tells nobody, and drops all
    /// further segments of it.
    pub idle_timeout: Option<Duration>,
    /// The path goes dark again and again.
    pub outage: Option<Outage>,
    /// What TLS and WebSocket cost; counts for connections that open later.
    pub costs: Costs,
}

impl Default for Conditions {
    /// A quiet local network: 20 ms, no jitter, no loss, no limit.
    fn default() -> Self {
        Self::QUIET
    }
}

impl Conditions {
    /// See [`Conditions::default`].
    pub const QUIET: Self = Self {
        latency: Duration::from_millis(20),
        jitter: Duration::ZERO,
        loss: Ratio::NEVER,
        bursts: None,
        rate: None,
        queue: None,
        idle_timeout: None,
        outage: None,
        costs: Costs::NONE,
    };
}

/// Loss in bursts, after Gilbert and Elliott: the path is in a good or a bad state, and each segment may change it before it meets that state's loss.
///
/// In the long run the share `enter / (enter + leave)` of segments meets the bad state, and a stay there lasts `1 / leave` segments on average.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bursts {
    /// How likely a segment finds that the state went from good to bad.
    pub enter: Ratio,
    /// How likely a segment finds that the state went from bad to good.
    pub leave: Ratio,
    /// The share of segments that get lost in the bad state.
    pub loss: Ratio,
}

/// A path that is dark at fixed times: the last part of each period, as on a railway line with a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Outage {
    /// The period.
    pub every: Duration,
    /// How much of it is dark, at its end.
    pub lasts: Duration,
}

impl Outage {
    /// Whether a segment that leaves at `now` gets lost.
    #[must_use]
    pub const fn strikes(self, now: Instant) -> bool {
        match now.as_micros().checked_rem(self.every.as_micros()) {
            Some(within) => within >= self.every.as_micros().saturating_sub(self.lasts.as_micros()),
            None => false,
        }
    }
}

/// Conditions by name. The figures are plausible, not measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preset {
    /// A wire in the house.
    Lan,
    /// Wireless in the house, with neighbours.
    Wifi,
    /// A mobile network; its NAT forgets what is silent for 5 minutes.
    Lte,
    /// A geostationary satellite.
    Satellite,
    /// A mobile network on a train: 40 s of signal, 20 s of tunnel.
    Tunnel,
    /// A bad line: spread delays, and losses in bursts.
    Flaky,
}

impl Preset {
    /// All, from good to bad.
    pub const ALL: [Self; 6] = [Self::Lan, Self::Wifi, Self::Lte, Self::Satellite, Self::Tunnel, Self::Flaky];

    /// The word for it in a scenario.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lan => "lan",
            Self::Wifi => "wifi",
            Self::Lte => "lte",
            Self::Satellite => "satellite",
            Self::Tunnel => "tunnel",
            Self::Flaky => "flaky",
        }
    }

    /// What it stands for.
    #[must_use]
    pub const fn conditions(self) -> Conditions {
        const LTE: Conditions = Conditions {
            latency: Duration::from_millis(40),
            jitter: Duration::from_millis(30),
            loss: Ratio::from_ppm(2_000),
            rate: Some(1_250_000),
            queue: Some(250_000),
            idle_timeout: Some(Duration::from_secs(300)),
            ..Conditions::QUIET
        };
        match self {
            Self::Lan => {
                Conditions { latency: Duration::from_millis(1), rate: Some(12_500_000), queue: Some(250_000), ..Conditions::QUIET }
            }
            Self::Wifi => Conditions {
                latency: Duration::from_millis(3),
                jitter: Duration::from_millis(10),
                loss: Ratio::from_ppm(5_000),
                rate: Some(5_000_000),
                queue: Some(250_000),
                ..Conditions::QUIET
            },
            Self::Lte => LTE,
            Self::Satellite => Conditions {
                latency: Duration::from_millis(300),
                jitter: Duration::from_millis(20),
                loss: Ratio::from_ppm(5_000),
                rate: Some(625_000),
                queue: Some(500_000),
                ..Conditions::QUIET
            },
            Self::Tunnel => Conditions { outage: Some(Outage { every: Duration::from_secs(60), lasts: Duration::from_secs(20) }), ..LTE },
            Self::Flaky => Conditions {
                latency: Duration::from_millis(80),
                jitter: Duration::from_millis(120),
                loss: Ratio::from_percent(1),
                bursts: Some(Bursts { enter: Ratio::from_percent(2), leave: Ratio::from_percent(25), loss: Ratio::from_percent(80) }),
                rate: Some(50_000),
                queue: Some(30_000),
                ..Conditions::QUIET
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_takes_the_end_of_each_period() {
        let outage = Outage { every: Duration::from_secs(60), lasts: Duration::from_secs(20) };
        let dark: Vec<_> = (0..120).filter(|second| outage.strikes(Instant::from_secs(*second))).collect();
        assert_eq!(dark, (40..60).chain(100..120).collect::<Vec<_>>());
        assert!(!Outage { every: Duration::ZERO, lasts: Duration::MAX }.strikes(Instant::ZERO));
        assert!(Outage { every: Duration::from_secs(1), lasts: Duration::MAX }.strikes(Instant::ZERO));
    }

    #[test]
    fn each_preset_has_a_name_of_its_own_and_differs_from_the_default() {
        let names: std::collections::BTreeSet<_> = Preset::ALL.iter().map(|preset| preset.name()).collect();
        assert_eq!(names.len(), Preset::ALL.len());
        assert!(Preset::ALL.iter().all(|preset| preset.conditions() != Conditions::default()));
    }
}
