//! Subscriptions of a large installation, and the trees that hold them.

use std::num::NonZeroU32;

use mqtt_playground::broker::{Match, Subscribed, TopicTree};
use mqtt_playground::packet::{SubscriptionOptions, TopicFilter, TopicName};

/// Filters and topics of `count` devices: 50 on each line, 20 lines on each site, four measures each.
///
/// One filter in ten has a wildcard: in equal parts `site/3/line/7/+/temperature`, `site/3/line/7/#` and `+/3/line/7/dev4711/status`. Ten subscriptions for each session.
/// A topic matches 2.3 of them on average, at every count.
pub struct Installation {
    pub filters: Vec<(String, u32)>,
    /// Topics in random order.
    pub topics: Vec<String>,
}

const MEASURES: [&str; 4] = ["temperature", "humidity", "status", "power"];

impl Installation {
    pub fn new(count: usize, topics: usize) -> Self {
        let mut random = Random(7);
        let mut place = || {
            let device = random.below(count);
            (device / 1000, device / 50 % 20, device, MEASURES[random.below(4)])
        };
        let filters = (0..count).map(|index| {
            let (site, line, device, measure) = place();
            let filter = match index % 30 {
                0 => format!("site/{site}/line/{line}/+/{measure}"),
                10 => format!("site/{site}/line/{line}/#"),
                20 => format!("+/{site}/line/{line}/dev{device}/{measure}"),
                _ => {
                    // Each device once, so that the tree is as large as its number of subscriptions says.
                    let (site, line, device) = (index / 1000, index / 50 % 20, index);
                    format!("site/{site}/line/{line}/dev{device}/{measure}")
                }
            };
            (filter, u32::try_from(index / 10).unwrap())
        });
        let filters = filters.collect();
        let topics = (0..topics).map(|_| {
            let (site, line, device, measure) = place();
            format!("site/{site}/line/{line}/dev{device}/{measure}")
        });
        Self { filters, topics: topics.collect() }
    }
}

/// A tree with topics prepared as it likes them.
pub trait TopicIndex {
    fn insert(&mut self, filter: &str, session: u32);
    fn prepare(&mut self, topics: &[String]);
    /// How many subscriptions match all prepared topics together.
    fn match_all(&mut self) -> usize;
}

/// What our broker keeps of a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subscription {
    session: u32,
    options: SubscriptionOptions,
    identifier: Option<NonZeroU32>,
}

impl Subscribed for Subscription {
    type Key = u32;
    fn key(&self) -> u32 {
        self.session
    }
}

#[derive(Default)]
pub struct Ours {
    tree: TopicTree<Subscription>,
    topics: Vec<TopicName>,
    found: Vec<Match<Subscription>>,
}

impl TopicIndex for Ours {
    fn insert(&mut self, filter: &str, session: u32) {
        let filter = TopicFilter::new(filter.to_owned()).unwrap();
        self.tree.insert(&filter, Subscription { session, options: SubscriptionOptions::default(), identifier: None });
    }

    fn prepare(&mut self, topics: &[String]) {
        self.topics = topics.iter().map(|topic| TopicName::new(topic.clone()).unwrap()).collect();
    }

    fn match_all(&mut self) -> usize {
        let mut count = 0;
        for topic in &self.topics {
            self.tree.matches(topic, &mut self.found);
            count += self.found.len();
        }
        count
    }
}

// `mqtt_topic_tree` 0.1.3 is no contestant: it has room for two branches of the tree at a time, and panics when a topic follows a third.
#[cfg(feature = "rmqtt")]
mod peers {
    use super::TopicIndex;

    #[derive(Default)]
    pub struct Rmqtt {
        tree: rmqtt::trie::TopicTree<u64>,
        topics: Vec<rmqtt::topic::Topic>,
    }

    impl TopicIndex for Rmqtt {
        fn insert(&mut self, filter: &str, session: u32) {
            self.tree.insert(&filter.parse().unwrap(), u64::from(session));
        }

        fn prepare(&mut self, topics: &[String]) {
            self.topics = topics.iter().map(|topic| topic.parse().unwrap()).collect();
        }

        fn match_all(&mut self) -> usize {
            self.topics.iter().map(|topic| self.tree.matches(topic).iter().map(|(_, values)| values.len()).sum::<usize>()).sum()
        }
    }
}

/// All trees, ours first.
pub fn indexes() -> Vec<(&'static str, Box<dyn TopicIndex>)> {
    #[allow(unused_mut, reason = "some have conditions")]
    let mut indexes: Vec<(&'static str, Box<dyn TopicIndex>)> = vec![("ours", Box::<Ours>::default())];
    #[cfg(feature = "rmqtt")]
    indexes.push(("rmqtt ", Box::<peers::Rmqtt>::default()));
    indexes
}

/// SplitMix64, so that the installation never changes.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}
