use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Reader {
    key: u32,
    option: Option<std::num::NonZeroU32>,
    flags: [u8; 4],
}

impl Subscribed for Reader {
    type Key = u32;
    fn key(&self) -> u32 {
        self.key
    }
}

fn reader(key: u32) -> Reader {
    Reader { key, option: None, flags: [0; 4] }
}

fn filter(text: &str) -> TopicFilter {
    TopicFilter::new(text.to_owned()).unwrap()
}

fn found(tree: &TopicTree<Reader>, topic: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    tree.matches(&TopicName::new(topic.to_owned()).unwrap(), &mut found);
    found.iter().map(|one| (one.subscriber.key, tree.filter(one.filter).unwrap().to_string())).collect()
}

#[test]
fn same_filter_again_replaces_the_subscription_mqtt_3_8_4_3() {
    let mut tree = TopicTree::new();
    assert!(!tree.insert(&filter("a/+"), reader(1)));
    let replacing = Reader { option: std::num::NonZeroU32::new(7), ..reader(1) };
    assert!(tree.insert(&filter("a/+"), replacing));
    let mut found = Vec::new();
    tree.matches(&TopicName::new("a/b").unwrap(), &mut found);
    assert_eq!(found.iter().map(|one| one.subscriber).collect::<Vec<_>>(), [replacing]);
    assert_eq!(tree.len(), 1);
}

#[test]
fn only_the_very_same_filter_is_removed_mqtt_3_10_4_1() {
    let mut tree = TopicTree::new();
    for text in ["a/#", "a", "a/+", "A"] {
        tree.insert(&filter(text), reader(1));
    }
    assert!(!tree.remove(&filter("#"), 1));
    assert!(!tree.remove(&filter("a/b"), 1));
    assert!(!tree.remove(&filter("a/#"), 2));
    assert!(tree.remove(&filter("a/+"), 1));
    assert_eq!(found(&tree, "a/b"), [(1, "a/#".to_owned())]);
    assert_eq!(found(&tree, "a"), [(1, "a".to_owned()), (1, "a/#".to_owned())]);
}

#[test]
fn matches_come_in_order_of_keys_then_of_levels() {
    let mut tree = TopicTree::new();
    for (text, key) in [("a/b", 3), ("a/b", 1), ("#", 3), ("a/+", 3), ("a/#", 2), ("a/b", 2), ("+/b", 1)] {
        tree.insert(&filter(text), reader(key));
    }
    let expected = [(1, "+/b"), (1, "a/b"), (2, "a/#"), (2, "a/b"), (3, "#"), (3, "a/+"), (3, "a/b")];
    assert_eq!(found(&tree, "a/b"), expected.map(|(key, text)| (key, text.to_owned())));
}

#[test]
fn sixty_five_thousand_levels_neither_recurse_nor_leak() {
    let mut tree = TopicTree::new();
    let deep = "/".repeat(65_535);
    let wild = format!("{}#", "+/".repeat(30_000));
    tree.insert(&filter(&deep), reader(1));
    tree.insert(&filter(&wild), reader(2));
    assert_eq!(found(&tree, &deep), [(1, deep.clone()), (2, wild.clone())]);
    assert_eq!(found(&tree, &"/".repeat(65_534)).len(), 1);
    assert!(tree.remove(&filter(&deep), 1));
    assert_eq!(tree.free.len(), 65_536);
    assert!(tree.remove(&filter(&wild), 2));
    assert_eq!(tree, TopicTree::new());
    assert_eq!(tree.nodes.capacity(), 0);
}

#[test]
fn long_levels_are_levels_like_others() {
    let mut tree = TopicTree::new();
    let texts = [22, 23, 24, 300].map(|length| format!("방/{}", "x".repeat(length)));
    for text in &texts {
        tree.insert(&filter(text), reader(1));
    }
    for text in &texts {
        assert_eq!(found(&tree, text), [(1, text.clone())]);
    }
}

/// At most 250 bytes for a subscription, of which the node is the largest part.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_node_fills_one_cache_line() {
    assert_eq!(size_of::<Node<Reader>>(), 64);
}

#[test]
fn equality_and_hash_do_not_depend_on_history() {
    let hash = |tree: &TopicTree<Reader>| {
        let mut hasher = FixedHasher::new(0);
        tree.hash(&mut hasher);
        hasher.finish()
    };
    let (mut one, mut other) = (TopicTree::new(), TopicTree::new());
    for text in ["a/b", "c", "a/#"] {
        one.insert(&filter(text), reader(1));
    }
    for text in ["a/#", "x/y/z", "c", "a/b"] {
        other.insert(&filter(text), reader(1));
    }
    assert_ne!(one, other);
    assert_ne!(hash(&one), hash(&other));
    other.remove(&filter("x/y/z"), 1);
    assert_eq!(one, other);
    assert_eq!(hash(&one), hash(&other));
    other.insert(&filter("c"), Reader { flags: [1; 4], ..reader(1) });
    assert_ne!(one, other);
    assert_ne!(hash(&one), hash(&other));
}

proptest! {
    #[test]
    fn the_tree_equals_trying_every_filter(
        filters in proptest::collection::btree_set("(\\$?[ab]|\\+)?(/([ab]|\\+)?){0,3}(/#)?|#", 1..20),
        removed in proptest::collection::vec(any::<proptest::sample::Index>(), 0..10),
        names in proptest::collection::vec("(\\$?[ab]?)(/[ab]?){0,3}", 1..10),
    ) {
        let mut filters: Vec<TopicFilter> = filters.into_iter().filter_map(|text| TopicFilter::new(text).ok()).collect();
        let mut tree = TopicTree::new();
        for one in &filters {
            tree.insert(one, reader(1));
            tree.insert(one, reader(2));
        }
        for index in removed {
            if filters.is_empty() { break; }
            let gone = filters.swap_remove(index.index(filters.len()));
            prop_assert!(tree.remove(&gone, 1));
            prop_assert!(!tree.remove(&gone, 1));
            prop_assert!(tree.remove(&gone, 2));
        }
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            let topic = TopicName::new(name.clone()).unwrap();
            let mut expected: Vec<(u32, String)> = [1, 2].iter()
                .flat_map(|key| filters.iter().filter(|one| one.matches(&topic)).map(|one| (*key, one.to_string())))
                .collect();
            expected.sort();
            let mut found = found(&tree, &name);
            prop_assert!(found.is_sorted_by_key(|(key, _)| *key));
            found.sort();
            prop_assert_eq!(found, expected);
        }
        let mut again = TopicTree::new();
        for one in filters.iter().rev() {
            again.insert(one, reader(2));
            again.insert(one, reader(1));
        }
        prop_assert_eq!(&tree, &again);
        for one in &filters {
            tree.remove(one, 1);
            tree.remove(one, 2);
        }
        prop_assert_eq!(tree, TopicTree::new());
    }
}
