//! Retained messages (5.0 §3.3.1.3).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::message::ApplicationMessage;
use crate::packet::{TopicFilter, TopicName};

/// The last retained message of each topic, ordered by Topic Name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct RetainedMessages {
    by_topic: BTreeMap<TopicName, Arc<ApplicationMessage>>,
}

impl RetainedMessages {
    pub(super) fn store(&mut self, message: Arc<ApplicationMessage>) {
        self.by_topic.insert(message.topic.clone(), message);
    }

    pub(super) fn clear(&mut self, topic: &TopicName) -> Option<Arc<ApplicationMessage>> {
        self.by_topic.remove(topic)
    }

    pub(super) fn contains(&self, topic: &TopicName) -> bool {
        self.by_topic.contains_key(topic)
    }

    pub(super) fn len(&self) -> usize {
        self.by_topic.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<ApplicationMessage>> {
        self.by_topic.values()
    }

    /// Those whose topic the filter matches, in order of their topics.
    pub(super) fn matching(&self, filter: &TopicFilter) -> Vec<Arc<ApplicationMessage>> {
        // All matching topics start with the levels before the first wildcard; `home/#` also matches `home`, so the separator does not count.
        let text = filter.as_str();
        let literal = text.split(['+', '#']).next().unwrap_or_default();
        let prefix = if literal.len() == text.len() { literal } else { literal.strip_suffix('/').unwrap_or(literal) };
        let from = TopicName::new(prefix.to_owned()).map_or(Bound::Unbounded, Bound::Included);
        self.by_topic
            .range((from, Bound::Unbounded))
            .take_while(|(topic, _)| topic.as_str().starts_with(prefix))
            .filter(|(topic, _)| filter.matches(topic))
            .map(|(_, message)| Arc::clone(message))
            .collect()
    }
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
                topic: TopicName::new(topic.to_owned()).unwrap(),
                payload: "x".into(),
                qos: QoS::AtMostOnce,
                retain: true,
                properties: PublishProperties::default(),
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

    proptest! {
        #[test]
        fn lookup_equals_trying_every_topic(
            names in proptest::collection::btree_set("(\\$?[ab]?)(/[ab]?){0,3}", 1..20),
            filter in "(\\$?[ab]|\\+)?(/([ab]|\\+)?){0,3}(/#)?",
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
