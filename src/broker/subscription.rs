//! Who has subscribed to what: a tree of topic levels in one arena.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::arena::Arena;
use crate::packet::{SubscriptionOptions, TopicFilter, TopicName};

/// The number of a session in the broker's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SessionKey(pub(super) u32);

type NodeId = u32;

/// One subscription of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Subscriber {
    pub(super) session: SessionKey,
    pub(super) options: SubscriptionOptions,
    /// Subscription Identifier.
    pub(super) identifier: Option<u32>,
}

/// A subscription that matches a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match<'a> {
    pub(super) filter: &'a TopicFilter,
    pub(super) subscriber: &'a Subscriber,
}

/// Those who subscribed to one filter, ordered by session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Group {
    filter: TopicFilter,
    subscribers: Vec<Subscriber>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Node {
    /// The node above and the level that leads here; `None` below the root's own level.
    above: Option<(NodeId, Box<str>)>,
    children: BTreeMap<Box<str>, NodeId>,
    /// The child of the level `+`.
    any: Option<NodeId>,
    /// Filters that end here.
    here: Option<Box<Group>>,
    /// Filters that end with `#` below here.
    below: Option<Box<Group>>,
}

impl Node {
    fn is_unused(&self) -> bool {
        self.children.is_empty() && self.any.is_none() && self.here.is_none() && self.below.is_none()
    }
}

/// All subscriptions by filter. Nothing here recurses: a filter may have 65,535 levels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SubscriptionTree {
    nodes: Arena<Node>,
    root: Option<NodeId>,
}

impl SubscriptionTree {
    /// Adds or replaces the subscription of this session to this filter [MQTT-3.8.4-3]; says whether it existed.
    pub(super) fn insert(&mut self, filter: &TopicFilter, subscriber: Subscriber) -> bool {
        let mut at = match self.root {
            Some(root) => root,
            None => {
                let root = self.nodes.insert(Node::default());
                self.root = Some(root);
                root
            }
        };
        let (levels, multi) = split(filter);
        for level in levels {
            at = self.child_or_insert(at, level);
        }
        let Some(node) = self.nodes.get_mut(at) else { return false };
        let slot = if multi { &mut node.below } else { &mut node.here };
        let group = slot.get_or_insert_with(|| Box::new(Group { filter: filter.clone(), subscribers: Vec::new() }));
        match group.subscribers.binary_search_by_key(&subscriber.session, |one| one.session) {
            Ok(index) => {
                if let Some(existing) = group.subscribers.get_mut(index) {
                    *existing = subscriber;
                }
                true
            }
            Err(index) => {
                group.subscribers.insert(index, subscriber);
                false
            }
        }
    }

    /// Removes the subscription of this session to exactly this filter [MQTT-3.10.4-1]; says whether it existed.
    pub(super) fn remove(&mut self, filter: &TopicFilter, session: SessionKey) -> bool {
        let Some(mut at) = self.root else { return false };
        let (levels, multi) = split(filter);
        for level in levels {
            let Some(next) = self.child(at, level) else { return false };
            at = next;
        }
        let Some(node) = self.nodes.get_mut(at) else { return false };
        let slot = if multi { &mut node.below } else { &mut node.here };
        let Some(group) = slot else { return false };
        let Ok(index) = group.subscribers.binary_search_by_key(&session, |one| one.session) else { return false };
        group.subscribers.remove(index);
        if group.subscribers.is_empty() {
            *slot = None;
        }
        self.prune(at);
        true
    }

    /// All subscriptions whose filter matches, ordered by session; within a session in order of their filters' length in levels.
    pub(super) fn matches(&self, topic: &TopicName) -> Vec<Match<'_>> {
        let mut found = Vec::new();
        let Some(root) = self.root else { return found };
        let mut frontier: SmallVec<[NodeId; 16]> = SmallVec::from_slice(&[root]);
        let mut next: SmallVec<[NodeId; 16]> = SmallVec::new();
        // No leading wildcard matches a topic that starts with `$` [MQTT-4.7.2-1].
        let mut wildcards = !topic.as_str().starts_with('$');
        for level in topic.as_str().split('/') {
            for node in frontier.drain(..).filter_map(|id| self.nodes.get(id)) {
                if wildcards {
                    collect(node.below.as_deref(), &mut found);
                    next.extend(node.any);
                }
                next.extend(node.children.get(level).copied());
            }
            wildcards = true;
            std::mem::swap(&mut frontier, &mut next);
            if frontier.is_empty() {
                break;
            }
        }
        for node in frontier.into_iter().filter_map(|id| self.nodes.get(id)) {
            collect(node.here.as_deref(), &mut found);
            // `home/#` also matches `home`.
            collect(node.below.as_deref(), &mut found);
        }
        found.sort_by_key(|one| one.subscriber.session);
        found
    }

    fn child(&self, at: NodeId, level: &str) -> Option<NodeId> {
        let node = self.nodes.get(at)?;
        if level == "+" { node.any } else { node.children.get(level).copied() }
    }

    fn child_or_insert(&mut self, at: NodeId, level: &str) -> NodeId {
        if let Some(child) = self.child(at, level) {
            return child;
        }
        let child = self.nodes.insert(Node { above: Some((at, level.into())), ..Node::default() });
        if let Some(node) = self.nodes.get_mut(at) {
            if level == "+" {
                node.any = Some(child);
            } else {
                node.children.insert(level.into(), child);
            }
        }
        child
    }

    /// Removes nodes that lead nowhere, from `at` upwards.
    fn prune(&mut self, mut at: NodeId) {
        while self.nodes.get(at).is_some_and(Node::is_unused) {
            let Some(node) = self.nodes.remove(at) else { return };
            let Some((above, level)) = node.above else {
                self.root = None;
                return;
            };
            if let Some(parent) = self.nodes.get_mut(above) {
                if &*level == "+" {
                    parent.any = None;
                } else {
                    parent.children.remove(&level);
                }
            }
            at = above;
        }
    }
}

fn collect<'a>(group: Option<&'a Group>, found: &mut Vec<Match<'a>>) {
    if let Some(Group { filter, subscribers }) = group {
        found.extend(subscribers.iter().map(|subscriber| Match { filter, subscriber }));
    }
}

/// The levels that lead to a node, and whether `#` follows them.
fn split(filter: &TopicFilter) -> (impl Iterator<Item = &str>, bool) {
    let text = filter.as_str();
    let (levels, multi) = match text {
        "#" => (None, true),
        _ => match text.strip_suffix("/#") {
            Some(rest) => (Some(rest), true),
            None => (Some(text), false),
        },
    };
    (levels.into_iter().flat_map(|levels| levels.split('/')), multi)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subscriber(session: u32) -> Subscriber {
        Subscriber { session: SessionKey(session), options: SubscriptionOptions::default(), identifier: None }
    }

    fn filter(text: &str) -> TopicFilter {
        TopicFilter::new(text.to_owned()).unwrap()
    }

    fn matched(tree: &SubscriptionTree, topic: &str) -> Vec<(u32, String)> {
        let topic = TopicName::new(topic.to_owned()).unwrap();
        let mut found: Vec<_> = tree.matches(&topic).iter().map(|one| (one.subscriber.session.0, one.filter.to_string())).collect();
        found.sort();
        found
    }

    #[test]
    fn same_filter_again_replaces_the_subscription_mqtt_3_8_4_3() {
        let mut tree = SubscriptionTree::default();
        assert!(!tree.insert(&filter("a/+"), subscriber(1)));
        assert!(tree.insert(&filter("a/+"), Subscriber { identifier: Some(7), ..subscriber(1) }));
        let topic = TopicName::new("a/b").unwrap();
        assert_eq!(tree.matches(&topic).iter().map(|one| one.subscriber.identifier).collect::<Vec<_>>(), [Some(7)]);
    }

    #[test]
    fn only_the_very_same_filter_is_removed_mqtt_3_10_4_1() {
        let mut tree = SubscriptionTree::default();
        for text in ["a/#", "a", "a/+", "A"] {
            tree.insert(&filter(text), subscriber(1));
        }
        assert!(!tree.remove(&filter("#"), SessionKey(1)));
        assert!(!tree.remove(&filter("a/b"), SessionKey(1)));
        assert!(!tree.remove(&filter("a/#"), SessionKey(2)));
        assert!(tree.remove(&filter("a/+"), SessionKey(1)));
        assert_eq!(matched(&tree, "a/b"), [(1, "a/#".to_owned())]);
        assert_eq!(matched(&tree, "a"), [(1, "a".to_owned()), (1, "a/#".to_owned())]);
    }

    #[test]
    fn sixty_five_thousand_levels_neither_recurse_nor_leak() {
        let mut tree = SubscriptionTree::default();
        let deep = "/".repeat(65_535);
        tree.insert(&filter(&deep), subscriber(1));
        tree.insert(&filter(&format!("{}#", "+/".repeat(30_000))), subscriber(2));
        assert_eq!(matched(&tree, &deep).len(), 2);
        assert_eq!(matched(&tree, &"/".repeat(65_534)).len(), 1);
        assert!(tree.remove(&filter(&deep), SessionKey(1)));
        assert!(tree.remove(&filter(&format!("{}#", "+/".repeat(30_000))), SessionKey(2)));
        assert_eq!(tree, SubscriptionTree::default());
    }

    proptest! {
        #[test]
        fn the_tree_equals_trying_every_filter(
            filters in proptest::collection::btree_set("(\\$?[ab]|\\+)?(/([ab]|\\+)?){0,3}(/#)?|#", 1..20),
            removed in proptest::collection::vec(any::<proptest::sample::Index>(), 0..10),
            names in proptest::collection::vec("(\\$?[ab]?)(/[ab]?){0,3}", 1..10),
        ) {
            let mut filters: Vec<TopicFilter> = filters.into_iter().filter_map(|text| TopicFilter::new(text).ok()).collect();
            let mut tree = SubscriptionTree::default();
            for one in &filters {
                tree.insert(one, subscriber(1));
                tree.insert(one, subscriber(2));
            }
            for index in removed {
                if filters.is_empty() { break; }
                let gone = filters.swap_remove(index.index(filters.len()));
                prop_assert!(tree.remove(&gone, SessionKey(1)));
                prop_assert!(!tree.remove(&gone, SessionKey(1)));
                prop_assert!(tree.remove(&gone, SessionKey(2)));
            }
            for name in names.into_iter().filter(|name| !name.is_empty()) {
                let topic = TopicName::new(name.clone()).unwrap();
                let mut expected: Vec<(u32, String)> = [1, 2].iter()
                    .flat_map(|session| filters.iter().filter(|one| one.matches(&topic)).map(|one| (*session, one.to_string())))
                    .collect();
                expected.sort();
                prop_assert_eq!(matched(&tree, &name), expected);
            }
            for one in &filters {
                tree.remove(one, SessionKey(1));
                tree.remove(one, SessionKey(2));
            }
            prop_assert_eq!(tree, SubscriptionTree::default());
        }
    }
}
