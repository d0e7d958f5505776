//! Topic Filters against a naive matcher (5.0 §4.7), written from the specification's text alone.

use mqtt_playground::packet::{TopicFilter, TopicName};

/// # Panics
/// The two disagree.
pub fn compare(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (filter, name) = text.split_once('\n').unwrap_or((text, ""));
    let (checked_filter, checked_name) = (TopicFilter::new(filter), TopicName::new(name));
    assert_eq!(checked_filter.is_ok(), is_filter(filter), "filter {filter:?}");
    assert_eq!(checked_name.is_ok(), is_name(name), "name {name:?}");
    let (Ok(checked_filter), Ok(checked_name)) = (checked_filter, checked_name) else { return };
    if !checked_filter.is_shared() {
        assert_eq!(checked_filter.matches(&checked_name), matches(filter, name), "{filter:?} {name:?}");
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 65_535 && !text.chars().any(|c| matches!(c, '\0' | '+' | '#'))
}

fn is_filter(text: &str) -> bool {
    if text.is_empty() || text.len() > 65_535 || text.contains('\0') {
        return false;
    }
    let levels: Vec<&str> = text.split('/').collect();
    for (index, level) in levels.iter().enumerate() {
        let is_last = index + 1 == levels.len();
        if level.contains('#') && !(*level == "#" && is_last) || level.contains('+') && *level != "+" {
            return false;
        }
    }
    if levels[0] == "$share" {
        // $share/{ShareName}/{filter}: a name of one character or more without wildcards, and a filter.
        return levels.len() >= 3 && !levels[1].is_empty() && !levels[1].contains(['+', '#']) && levels[2..] != [""];
    }
    true
}

/// Each level of the filter for itself, from the right, so that it shares no step with the matcher that it judges.
fn matches(filter: &str, name: &str) -> bool {
    if name.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')) {
        return false;
    }
    let mut filter: Vec<&str> = filter.split('/').collect();
    let mut name: Vec<&str> = name.split('/').collect();
    if filter.last() == Some(&"#") {
        filter.pop();
        if name.len() < filter.len() {
            return false;
        }
        name.truncate(filter.len());
    }
    filter.len() == name.len() && filter.iter().rev().zip(name.iter().rev()).all(|(filter, level)| *filter == "+" || filter == level)
}
