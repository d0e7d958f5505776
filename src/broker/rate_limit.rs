//! How often Clients may connect: a token bucket for all together and one for each Client Identifier, in whole numbers on the broker's clock.
//!
//! The one for all stands before anything that costs: a flood of CONNECTs is answered without looking at a password. The one for a Client Identifier comes after
//! authentication, so that nobody is locked out by strangers who use its identifier; it bounds how often two Clients with one identifier can take each other's
//! session over.

use super::Broker;
use crate::packet::{ClientId, ProtocolVersion, ReasonCode};
use crate::text::{Message, key};
use crate::time::{Duration, Instant, TimerTable};

/// More Client Identifiers than this are not followed at once; further ones wait until an older one may connect freely again.
const MAX_FOLLOWED: usize = 10_000;

/// So many CONNECTs in any such time, at once or spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectRate {
    /// How many; 0 counts as 1.
    pub connects: u32,
    /// In which time. Zero is no limit.
    pub per: Duration,
}

impl ConnectRate {
    /// When the bucket is full again after one token more is taken, or `None` if there is none. `full_at` is when it would have been full.
    fn take(self, now: Instant, full_at: Instant) -> Option<Instant> {
        let token = Duration::from_micros(self.per.as_micros().checked_div(u64::from(self.connects.max(1))).unwrap_or_default());
        let full_at = full_at.max(now) + token;
        (full_at <= now + self.per).then_some(full_at)
    }
}

/// When each bucket is full.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ConnectRates {
    all: Instant,
    /// Those that are full already are not in it.
    by_client: TimerTable<ClientId>,
}

impl ConnectRates {
    pub(super) const fn new() -> Self {
        Self { all: Instant::ZERO, by_client: TimerTable::new() }
    }

    fn take_for(&mut self, now: Instant, client_id: &ClientId, rate: ConnectRate) -> bool {
        while self.by_client.pop_due(now).is_some() {}
        let full_at = self.by_client.deadline(client_id);
        if full_at.is_none() && self.by_client.len() >= MAX_FOLLOWED {
            return false;
        }
        let Some(full_at) = rate.take(now, full_at.unwrap_or(now)) else { return false };
        if full_at > now {
            self.by_client.set(client_id.clone(), full_at);
        }
        true
    }
}

/// The code for a CONNECT that comes too soon: 3.1.1 has none of its own.
pub(super) const fn too_soon(version: ProtocolVersion) -> ReasonCode {
    match version {
        ProtocolVersion::V5 => ReasonCode::ConnectionRateExceeded,
        ProtocolVersion::V311 => ReasonCode::ServerUnavailable,
    }
}

impl Broker {
    /// Whether one more CONNECT may be looked at.
    pub(super) fn take_connect(&mut self, now: Instant) -> Result<(), Message> {
        let Some(rate) = self.config.connect_rate else { return Ok(()) };
        let Some(full_at) = rate.take(now, self.connect_rates.all) else {
            return Err(key::BROKER_LIMIT_CONNECT_RATE.with("limit", rate.connects).with("ms", rate.per.as_millis()));
        };
        self.connect_rates.all = full_at;
        Ok(())
    }

    /// Whether this Client may connect once more.
    pub(super) fn take_connect_of(&mut self, now: Instant, client_id: &ClientId) -> Result<(), Message> {
        let Some(rate) = self.config.connect_rate_per_client else { return Ok(()) };
        if self.connect_rates.take_for(now, client_id, rate) {
            return Ok(());
        }
        let message = key::BROKER_LIMIT_CLIENT_CONNECT_RATE.with("client", client_id.as_str());
        Err(message.with("limit", rate.connects).with("ms", rate.per.as_millis()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bucket_gives_its_tokens_at_once_and_refills_evenly() {
        let rate = ConnectRate { connects: 3, per: Duration::from_secs(30) };
        let mut full_at = Instant::ZERO;
        let mut take = |now: Instant| match rate.take(now, full_at) {
            Some(next) => {
                full_at = next;
                true
            }
            None => false,
        };
        let at = Instant::from_secs(100);
        assert_eq!([take(at), take(at), take(at), take(at)], [true, true, true, false]);
        assert!(!take(Instant::from_millis(109_999)));
        assert_eq!([take(Instant::from_secs(110)), take(Instant::from_secs(110))], [true, false]);
        assert!(take(Instant::from_secs(120)));
    }

    #[test]
    fn the_table_of_clients_forgets_those_who_may_connect_freely() {
        let mut rates = ConnectRates::new();
        let rate = ConnectRate { connects: 1, per: Duration::from_secs(1) };
        let client = |number: usize| ClientId::new(number.to_string());
        for number in 0..MAX_FOLLOWED {
            assert!(rates.take_for(Instant::ZERO, &client(number), rate));
        }
        assert!(!rates.take_for(Instant::ZERO, &client(MAX_FOLLOWED), rate), "full");
        assert!(rates.take_for(Instant::from_secs(1), &client(MAX_FOLLOWED), rate));
        assert_eq!(rates.by_client.len(), 1);
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_twice_the_tokens(gaps in proptest::collection::vec(0..3_000_u64, 1..200), connects in 1..10_u32) {
            let rate = ConnectRate { connects, per: Duration::from_secs(10) };
            let (mut now, mut full_at, mut taken) = (Instant::ZERO, Instant::ZERO, Vec::new());
            for gap in gaps {
                now += Duration::from_millis(gap);
                if let Some(next) = rate.take(now, full_at) {
                    full_at = next;
                    taken.push(now);
                }
            }
            for start in &taken {
                let within = taken.iter().filter(|at| *at >= start && at.saturating_since(*start) < rate.per).count();
                prop_assert!(within <= 2 * connects as usize);
            }
        }
    }
}
