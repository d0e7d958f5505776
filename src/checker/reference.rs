//! What matches what, written down once more and as simply as it can be: the broker's own code is what is checked.

/// Whether a Topic Filter without a ShareName matches a Topic Name (5.0 §4.7).
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    // [MQTT-4.7.2-1]
    if topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')) {
        return false;
    }
    let mut topic_levels = topic.split('/');
    for level in filter.split('/') {
        // `#` stands for its parent too (5.0 §4.7.1.2).
        if level == "#" {
            return true;
        }
        match topic_levels.next() {
            Some(here) if level == "+" || level == here => {}
            _ => return false,
        }
    }
    topic_levels.next().is_none()
}

/// The filter behind the ShareName of a Shared Subscription (5.0 §4.8.2), or the filter itself.
pub(super) fn behind_share(filter: &str) -> &str {
    match filter.strip_prefix("$share/").and_then(|rest| rest.split_once('/')) {
        Some((_, behind)) => behind,
        None => filter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification_hold_mqtt_4_7_2_1() {
        let hits = [
            ("sport/tennis/player1/#", "sport/tennis/player1"),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking"),
            ("sport/#", "sport"),
            ("#", "sport"),
            ("sport/tennis/+", "sport/tennis/player1"),
            ("sport/+", "sport/"),
            ("+/+", "/finance"),
            ("/+", "/finance"),
            ("$SYS/#", "$SYS/a"),
        ];
        let misses = [("sport/+", "sport"), ("+", "/finance"), ("#", "$SYS/a"), ("+/monitor/Clients", "$SYS/monitor/Clients"), ("a", "A")];
        for (filter, topic) in hits {
            assert!(matches(filter, topic), "{filter} {topic}");
        }
        for (filter, topic) in misses {
            assert!(!matches(filter, topic), "{filter} {topic}");
        }
        assert_eq!(behind_share("$share/group/a/+"), "a/+");
        assert_eq!(behind_share("a/+"), "a/+");
    }
}
