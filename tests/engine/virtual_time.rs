//! The clock and its timers.

use mqtt_playground::time::{Duration, Instant, TimerTable};

use super::test;

/// What a driver does: go to the next deadline, take what is due, until nothing is left.
fn fire_all(table: &mut TimerTable<&'static str>) -> Vec<(Instant, &'static str)> {
    let mut fired = Vec::new();
    while let Some(now) = table.next_deadline() {
        while let Some(key) = table.pop_due(now) {
            fired.push((now, key));
        }
    }
    fired
}

#[test]
fn timers_fire_in_order_of_time_whatever_the_order_of_setting() {
    let mut table = TimerTable::new();
    table.set("will delay", Instant::from_secs(90));
    table.set("retransmit", Instant::from_millis(200));
    table.set("keep alive", Instant::ZERO + Duration::from_secs(60).scale(3, 2));
    let expected =
        [(Instant::from_millis(200), "retransmit"), (Instant::from_secs(90), "keep alive"), (Instant::from_secs(90), "will delay")];
    assert_eq!(fire_all(&mut table), expected);
}

#[test]
fn a_timer_set_again_fires_once_at_the_later_time() {
    let mut table = TimerTable::new();
    table.set("keep alive", Instant::from_secs(1));
    table.set("keep alive", Instant::from_secs(2));
    assert_eq!(fire_all(&mut table), [(Instant::from_secs(2), "keep alive")]);
}
