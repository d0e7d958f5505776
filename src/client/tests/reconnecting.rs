use super::*;

fn waits(policy: ReconnectPolicy, attempts: usize) -> Vec<u64> {
    let mut bench = Bench::new(ClientConfig { reconnect: policy, ..config() });
    bench.client.handle_connect(bench.now).unwrap();
    (0..attempts)
        .map(|_| {
            bench.transport_closed();
            let ClientState::Waiting { until } = bench.client.state() else { panic!() };
            let wait = until.saturating_since(bench.now).as_millis();
            bench.until(until.as_micros().div_ceil(1_000));
            assert_eq!(bench.client.state(), ClientState::Opening);
            wait
        })
        .collect()
}

#[test]
fn policies_wait_as_they_say() {
    let second = Duration::from_secs(1);
    assert_eq!(waits(ReconnectPolicy::Fixed { delay: second }, 3), [1_000, 1_000, 1_000]);
    let exponential = |jitter| ReconnectPolicy::Exponential { first: second, max: Duration::from_secs(10), jitter };
    assert_eq!(waits(exponential(false), 6), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    let jittered = waits(exponential(true), 6);
    assert!(jittered.iter().zip([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]).all(|(wait, most)| *wait <= most), "{jittered:?}");
    assert!(jittered.windows(2).any(|pair| pair[0] != pair[1]));
    assert_eq!(jittered, waits(exponential(true), 6), "the same seed, the same waits");
}

#[test]
fn each_wait_takes_one_draw_whatever_the_policy() {
    let delay = Duration::from_secs(1);
    let after = |reconnect| {
        let mut bench = Bench::new(ClientConfig { reconnect, ..config() });
        bench.client.handle_connect(bench.now).unwrap();
        bench.transport_closed();
        bench.until(5_000);
        bench.client.rng.next_u64()
    };
    let fixed = after(ReconnectPolicy::Fixed { delay });
    assert_eq!(fixed, after(ReconnectPolicy::Exponential { first: delay, max: delay, jitter: true }));
    assert_eq!(fixed, after(ReconnectPolicy::Exponential { first: delay, max: delay, jitter: false }));
}

#[test]
fn a_lost_connection_is_made_again_and_success_starts_the_count_anew() {
    let mut bench = Bench::connected(resuming());
    assert_eq!(bench.transport_closed(), ["disconnected: NetworkClosed", "state waiting until 1.000", "attempt 1 at 1.000"]);
    assert_eq!(bench.until(1_000), ["1.000 state opening", "1.000 open"]);
    assert_eq!(bench.transport_closed()[2], "attempt 2 at 2.000");
    bench.until(2_000);
    bench.opened(connack(true));
    assert_eq!(bench.transport_closed()[2], "attempt 1 at 3.000");
}

#[test]
fn without_a_policy_a_lost_connection_stays_lost() {
    let mut bench = Bench::connected(config());
    assert_eq!(bench.transport_closed(), ["disconnected: NetworkClosed", "state idle"]);
    assert_eq!(bench.client.poll_timeout(), None);
}

#[test]
fn a_client_that_waits_can_connect_at_once_or_stop_waiting() {
    let mut bench = Bench::connected(resuming());
    bench.transport_closed();
    bench.client.handle_connect(bench.now).unwrap();
    assert_eq!(bench.seen(), ["state opening", "open"]);
    bench.transport_closed();
    bench.client.handle_disconnect(bench.now, ReasonCode::Success).unwrap();
    assert_eq!(bench.seen(), ["state idle"]);
    assert_eq!(bench.client.poll_timeout(), None);
}
