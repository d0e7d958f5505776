//! Who connects too often is refused, with the reason, and the others are served.

use super::*;

fn rate(connects: u32, seconds: u64) -> Option<ConnectRate> {
    Some(ConnectRate { connects, per: Duration::from_secs(seconds) })
}

#[test]
fn a_flood_of_connects_is_refused_until_time_has_passed() {
    let mut bench = Bench::with(BrokerConfig { connect_rate: rate(3, 30), ..BrokerConfig::default() });
    for name in ["a", "b", "c"] {
        bench.join(connect(V5, name));
    }
    assert_eq!(bench.refused(connect(V5, "d")).1.unwrap().reason_code, ReasonCode::ConnectionRateExceeded);
    assert_eq!(bench.refused(connect(V311, "d")).1.unwrap().reason_code, ReasonCode::ServerUnavailable);
    assert_eq!(bench.limits(), ["broker-limit-connect-rate"; 2]);
    assert_eq!(bench.broker.connection_count(), 3);
    bench.pass(Duration::from_secs(10));
    bench.join(connect(V5, "d"));
    bench.refused(connect(V5, "e"));
}

#[test]
fn two_clients_with_one_identifier_cannot_take_each_other_over_without_end() {
    for version in BOTH {
        let mut bench = Bench::with(BrokerConfig { connect_rate_per_client: rate(2, 10), ..BrokerConfig::default() });
        let first = bench.join(connect(version, "same"));
        let second = bench.join(connect(version, "same"));
        assert!(bench.is_closed(first));
        for _ in 0..50 {
            let (_, connack) = bench.refused(connect(version, "same"));
            assert_eq!(connack.unwrap().reason_code, rate_limit::too_soon(version));
        }
        assert!(!bench.is_closed(second), "who is refused takes nothing over");
        assert_eq!(bench.limits(), ["broker-limit-client-connect-rate"; 50]);
        bench.join(connect(version, "other"));
        bench.pass(Duration::from_secs(5));
        bench.join(connect(version, "same"));
        assert!(bench.is_closed(second));
    }
}

#[test]
fn assigned_identifiers_are_different_clients() {
    let mut bench = Bench::with(BrokerConfig { connect_rate_per_client: rate(1, 10), ..BrokerConfig::default() });
    for _ in 0..5 {
        bench.join(connect(V5, ""));
    }
}

#[test]
fn a_restart_forgets_who_connected_before() {
    let mut bench =
        Bench::with(BrokerConfig { connect_rate: rate(1, 1_000), connect_rate_per_client: rate(1, 1_000), ..BrokerConfig::default() });
    bench.join(connect(V5, "c"));
    bench.refused(connect(V5, "c"));
    bench.broker.handle_crash(bench.now);
    bench.broker.handle_restart(bench.now);
    bench.drain();
    bench.join(connect(V5, "c"));
}
