//! Retained messages (5.0 §3.3.1.3).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytestring::ByteString;

use super::message::ApplicationMessage;
use crate::packet::{TopicFilter, TopicName};

/// The last retained message of each topic, ordered by Topic Name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct RetainedMessages {
    by_topic: BTreeMap<ByteString, Arc<ApplicationMessage>>,
}

impl RetainedMessages {
    /// Gives back the message that it replaces.
    pub(super) fn store(&mut self, message: Arc<ApplicationMessage>) -> Option<Arc<ApplicationMessage>> {
        self.by_topic.insert(message.topic.clone().into(), message)
    }

    pub(super) fn clear(&mut self, topic: &TopicName) -> Option<Arc<ApplicationMessage>> {
        self.by_topic.remove(topic.as_str())
    }

    pub(super) fn contains(&self, topic: &TopicName) -> bool {
        self.by_topic.contains_key(topic.as_str())
    }

    pub(super) fn len(&self) -> usize {
        self.by_topic.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<ApplicationMessage>> {
        self.by_topic.values()
    }

    /// Those whose topic the filter matches, in order of their topics. What cannot match is leapt over: `+/x` looks at one or two topics for each first level,
    /// however many topics are below it.
    pub(super) fn matching(&self, filter: &TopicFilter) -> Vec<Arc<ApplicationMessage>> {
        let filter = filter.as_str();
        let mut found = Vec::new();
        // All matching topics start with the levels before the first wildcard; `home/#` also matches `home`, so the separator does not count.
        let literal = filter.split(['+', '#']).next().unwrap_or_default();
        let mut from = if literal.len() == filter.len() { literal } else { literal.strip_suffix('/').unwrap_or(literal) }.to_owned();
        let mut topics = self.by_topic.range::<str, _>((Bound::Included(from.as_str()), Bound::Unbounded)).peekable();
        while let Some((topic, message)) = topics.next() {
            match compare(filter, topic) {
                Step::Matches => found.push(Arc::clone(message)),
                Step::Next => {}
                Step::Leap(beginning, level, end) => {
                    from.clear();
                    from.extend([beginning, level, end]);
                    // Often the next topic is far enough.
                    if topics.peek().is_some_and(|(next, _)| ***next < *from) {
                        topics = self.by_topic.range::<str, _>((Bound::Included(from.as_str()), Bound::Unbounded)).peekable();
                    }
                }
                Step::End => break,
            }
        }
        found
    }
}

/// What a topic says about itself and those that follow it in the order of their bytes.
enum Step<'a> {
    Matches,
    /// This one does not match.
    Next,
    /// None matches before the text that these three parts make.
    Leap(&'a str, &'a str, &'static str),
    /// None matches any more.
    End,
}

/// Compares level by level. In the order of bytes all that is below `a/` stands together, `a-b` before it and `a0` after it.
fn compare<'a>(filter: &'a str, topic: &'a str) -> Step<'a> {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        // [MQTT-4.7.2-1]: on with the character after `$`.
        return Step::Leap("%", "", "");
    }
    // The topic up to the level of the last `+`: with this beginning one place alone can match, and the topic is beyond it.
    let mut beginning: Option<&str> = None;
    let beyond = |beginning: Option<&'a str>| beginning.map_or(Step::End, |beginning| Step::Leap(beginning, "", "0"));
    let mut start = 0_usize;
    let mut topic_levels = topic.split('/');
    let mut filter_levels = filter.split('/').peekable();
    while let Some(level) = filter_levels.next() {
        if level == "#" {
            return Step::Matches;
        }
        let Some(here) = topic_levels.next() else { return Step::Next };
        let end = start.saturating_add(here.len());
        if level == "+" {
            beginning = topic.get(..end);
        } else if here != level {
            let (before, from_here) = topic.split_at_checked(start).unwrap_or_default();
            return match from_here.strip_prefix(level) {
                Some(rest) if rest < "/" && filter_levels.peek().is_some() => Step::Leap(before, level, "/"),
                None if from_here < level => Step::Leap(before, level, ""),
                _ => beyond(beginning),
            };
        }
        start = end.saturating_add(1);
    }
    if topic_levels.next().is_none() { Step::Matches } else { beyond(beginning) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::broker::event::MessageId;
    use crate::broker::message::MessageContent;
    use crate::packet::{PublishProperties, QoS};
    use crate::time::Instant;

    fn stored<'a>(topics: impl IntoIterator<Item = &'a str>) -> RetainedMessages {
        let mut retained = RetainedMessages::default();
        for topic in topics {
            let content = MessageContent {
                publisher: None,
                publisher_user: None,
                topic: TopicName::new(topic.to_owned()).unwrap(),
                payload: "x".into(),
                qos: QoS::AtMostOnce,
                retain: true,
                properties: PublishProperties::default().into(),
            };
            retained.store(content.accept(MessageId(1), Instant::ZERO));
        }
        retained
    }

    fn topics(retained: &RetainedMessages, filter: &str) -> Vec<String> {
        retained.matching(&TopicFilter::new(filter.to_owned()).unwrap()).iter().map(|message| message.topic.to_string()).collect()
    }

    #[test]
    fn wildcards_find_retained_messages_and_leave_dollar_topics_out_mqtt_4_7_2_1() {
        let retained = stored(["home", "home/a", "home/a/b", "homes", "$SYS/x", "/", "방/온도"]);
        assert_eq!(topics(&retained, "home/#"), ["home", "home/a", "home/a/b"]);
        assert_eq!(topics(&retained, "home/+"), ["home/a"]);
        assert_eq!(topics(&retained, "home/a"), ["home/a"]);
        assert_eq!(topics(&retained, "+/+"), ["/", "home/a", "방/온도"]);
        assert_eq!(topics(&retained, "$SYS/#"), ["$SYS/x"]);
        assert_eq!(topics(&retained, "#").len(), 6);
        assert!(topics(&retained, "nowhere/#").is_empty());
    }

    #[test]
    fn characters_around_the_separator_do_not_hide_a_topic() {
        let retained = stored(["a", "a!/x", "a-b", "a/x", "a/x!", "a/x/y", "a0/x", "ab/x", "b/x", "b/x-", "b/y"]);
        assert_eq!(topics(&retained, "+/x"), ["a!/x", "a/x", "a0/x", "ab/x", "b/x"]);
        assert_eq!(topics(&retained, "+/x/#"), ["a!/x", "a/x", "a/x/y", "a0/x", "ab/x", "b/x"]);
        assert_eq!(topics(&retained, "a/#"), ["a", "a/x", "a/x!", "a/x/y"]);
    }

    proptest! {
        #[test]
        fn lookup_equals_trying_every_topic(
            names in proptest::collection::btree_set("(\\$?[ab!]{0,2})(/[ab!]{0,2}){0,3}", 1..20),
            filter in "(\\$?[ab]!?|\\+)?(/([ab]|\\+)?){0,3}(/#)?",
        ) {
            let Ok(parsed) = TopicFilter::new(filter.clone()) else { return Ok(()) };
            let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
            let retained = stored(names.iter().map(String::as_str));
            let expected: Vec<String> =
                names.into_iter().filter(|name| parsed.matches(&TopicName::new(name.clone()).unwrap())).collect();
            prop_assert_eq!(topics(&retained, &filter), expected);
        }
    }
}
