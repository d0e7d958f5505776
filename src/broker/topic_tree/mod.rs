//! Which filters match a topic: a tree of topic levels in one arena.

mod level;
#[cfg(test)]
mod tests;

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use smallvec::SmallVec;

use crate::packet::{TopicFilter, TopicName};
use level::{FixedHasher, Level, edge_hash, hash_bytes};

/// What one who subscribed leaves in a [`TopicTree`].
pub trait Subscribed: Copy + Eq + Hash {
    /// Who it is. One subscription for each key and filter.
    type Key: Copy + Ord;

    /// Who it is.
    fn key(&self) -> Self::Key;
}

/// The number of a filter in a [`TopicTree`]. Good until the tree changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FilterId(u32);

/// A subscription that matches a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<S> {
    /// Its filter; see [`TopicTree::filter`].
    pub filter: FilterId,
    /// Whose it is.
    pub subscriber: S,
}

/// All subscriptions by filter.
///
/// Nothing here recurses: a filter may have 65,535 levels. The nodes lie in one vector and name each other by number; where a level leads to is found in one hash
/// table for the whole tree, which is never iterated. Two trees are equal if they hold the same subscriptions, however they came there.
#[derive(Clone, Debug)]
pub struct TopicTree<S> {
    /// The root is the first; empty without subscriptions.
    nodes: Vec<Node<S>>,
    free: Vec<u32>,
    /// Nodes by (node above, level), but for `+` and `#`.
    edges: HashTable<u32>,
    len: usize,
    /// The sum of the hashes of all subscriptions, which does not depend on any order.
    content: u64,
}

#[derive(Clone, Debug)]
struct Node<S> {
    /// The level that leads here from `above`.
    level: Level,
    above: u32,
    /// The node of the level `+` below.
    single: u32,
    /// The node of the level `#` below.
    multi: u32,
    /// How many nodes of other levels are below.
    children: u32,
    subscribers: Group<S>,
}

/// Those who subscribed to one filter, ordered by key. Most filters have one.
#[derive(Clone, Debug)]
enum Group<S> {
    Empty,
    One(S),
    Many(Vec<S>),
}

/// No node.
const NONE: u32 = u32::MAX;
const ROOT: u32 = 0;

type Frontier = SmallVec<[u32; 16]>;

impl<S: Subscribed> TopicTree<S> {
    /// A tree without subscriptions.
    #[must_use]
    pub const fn new() -> Self {
        Self { nodes: Vec::new(), free: Vec::new(), edges: HashTable::new(), len: 0, content: 0 }
    }

    /// How many subscriptions there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds or replaces the subscription of this key to this filter [MQTT-3.8.4-3]; says whether it existed.
    pub fn insert(&mut self, filter: &TopicFilter, subscriber: S) -> bool {
        if self.nodes.is_empty() {
            self.nodes.push(Node::new(Level::default(), NONE));
        }
        let mut at = ROOT;
        for level in levels(filter.as_str()) {
            at = self.below_or_insert(at, level);
        }
        let Some(node) = self.nodes.get_mut(index(at)) else { return false };
        let replaced = node.subscribers.insert(subscriber);
        self.content = self.content.wrapping_add(content_hash(filter, &subscriber));
        match replaced {
            Some(replaced) => self.content = self.content.wrapping_sub(content_hash(filter, &replaced)),
            None => self.len = self.len.saturating_add(1),
        }
        replaced.is_some()
    }

    /// Removes the subscription of this key to exactly this filter [MQTT-3.10.4-1]; says whether it existed.
    pub fn remove(&mut self, filter: &TopicFilter, key: S::Key) -> bool {
        let mut at = ROOT;
        for level in levels(filter.as_str()) {
            let Some(next) = self.below(at, level) else { return false };
            at = next;
        }
        let Some(removed) = self.nodes.get_mut(index(at)).and_then(|node| node.subscribers.remove(key)) else { return false };
        self.content = self.content.wrapping_sub(content_hash(filter, &removed));
        self.len = self.len.saturating_sub(1);
        if self.is_empty() {
            *self = Self::new();
        } else {
            self.prune(at);
        }
        true
    }

    /// Fills `found` with all subscriptions whose filter matches, ordered by key; for one key in order of their filters' length in levels.
    pub fn matches(&self, topic: &TopicName, found: &mut Vec<Match<S>>) {
        found.clear();
        if self.nodes.is_empty() {
            return;
        }
        let mut groups = 0_usize;
        let mut frontier = Frontier::from_slice(&[ROOT]);
        let mut next = Frontier::new();
        // No leading wildcard matches a topic that starts with `$` [MQTT-4.7.2-1].
        let mut wildcards = !topic.as_str().starts_with('$');
        for level in levels(topic.as_str()) {
            let hash = hash_bytes(level);
            for at in frontier.drain(..) {
                let Some(node) = self.nodes.get(index(at)) else { continue };
                if wildcards {
                    groups = groups.saturating_add(self.collect(node.multi, found));
                    if node.single != NONE {
                        next.push(node.single);
                    }
                }
                if node.children > 0 {
                    next.extend(self.child(at, hash, level));
                }
            }
            wildcards = true;
            std::mem::swap(&mut frontier, &mut next);
            if frontier.is_empty() {
                break;
            }
        }
        for at in frontier {
            let Some(node) = self.nodes.get(index(at)) else { continue };
            groups = groups.saturating_add(self.collect(at, found));
            // `home/#` also matches `home`.
            groups = groups.saturating_add(self.collect(node.multi, found));
        }
        // One group is in order already.
        if groups > 1 {
            found.sort_by_key(|one| one.subscriber.key());
        }
    }

    /// The text of a filter that [`TopicTree::matches`] named.
    #[must_use]
    pub fn filter(&self, id: FilterId) -> Option<TopicFilter> {
        TopicFilter::new(self.path(id.0)).ok()
    }

    fn path(&self, mut at: u32) -> String {
        let mut levels: SmallVec<[&str; 16]> = SmallVec::new();
        while let Some(node) = self.nodes.get(index(at))
            && at != ROOT
        {
            levels.push(node.level.as_str());
            at = node.above;
        }
        levels.reverse();
        levels.join("/")
    }

    /// All subscriptions in order of their filters' text.
    fn contents(&self) -> Vec<(String, &[S])> {
        let used = (0..).zip(&self.nodes).filter(|(_, node)| !node.subscribers.as_slice().is_empty());
        let mut contents: Vec<_> = used.map(|(at, node)| (self.path(at), node.subscribers.as_slice())).collect();
        contents.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        contents
    }

    fn collect(&self, at: u32, found: &mut Vec<Match<S>>) -> usize {
        let Some(node) = self.nodes.get(index(at)) else { return 0 };
        let subscribers = node.subscribers.as_slice();
        found.extend(subscribers.iter().map(|subscriber| Match { filter: FilterId(at), subscriber: *subscriber }));
        usize::from(!subscribers.is_empty())
    }

    fn child(&self, above: u32, hash: u64, level: &[u8]) -> Option<u32> {
        let is_it = |at: &u32| self.nodes.get(index(*at)).is_some_and(|node| node.above == above && node.level.as_bytes() == level);
        self.edges.find(edge_hash(above, hash), is_it).copied()
    }

    /// The node to which this level of a filter leads.
    fn below(&self, at: u32, level: &[u8]) -> Option<u32> {
        let node = self.nodes.get(index(at))?;
        match level {
            b"+" => Some(node.single).filter(|below| *below != NONE),
            b"#" => Some(node.multi).filter(|below| *below != NONE),
            _ => self.child(at, hash_bytes(level), level),
        }
    }

    fn below_or_insert(&mut self, at: u32, level: &[u8]) -> u32 {
        if let Some(below) = self.below(at, level) {
            return below;
        }
        let below = self.allocate(Node::new(Level::new(level), at));
        let Some(node) = self.nodes.get_mut(index(at)) else { return below };
        match level {
            b"+" => node.single = below,
            b"#" => node.multi = below,
            _ => {
                node.children = node.children.saturating_add(1);
                let Self { nodes, edges, .. } = self;
                let rehash = |at: &u32| nodes.get(index(*at)).map_or(0, |node| edge_hash(node.above, hash_bytes(node.level.as_bytes())));
                edges.insert_unique(edge_hash(at, hash_bytes(level)), below, rehash);
            }
        }
        below
    }

    fn allocate(&mut self, node: Node<S>) -> u32 {
        if let Some(at) = self.free.pop() {
            if let Some(place) = self.nodes.get_mut(index(at)) {
                *place = node;
            }
            return at;
        }
        // Not twice as much, as a vector grows by itself: a million nodes are many bytes.
        if self.nodes.len() == self.nodes.capacity() {
            self.nodes.reserve_exact((self.nodes.len() / 4).saturating_add(8));
        }
        // More than 2³² nodes would need more memory than the limits of the configuration allow.
        let at = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        self.nodes.push(node);
        at
    }

    /// Removes nodes that lead nowhere, from `at` upwards.
    fn prune(&mut self, mut at: u32) {
        while at != ROOT
            && let Some(node) = self.nodes.get_mut(index(at)).filter(|node| node.is_unused())
        {
            let above = node.above;
            let level = std::mem::take(&mut node.level);
            node.above = NONE;
            self.free.push(at);
            let Some(parent) = self.nodes.get_mut(index(above)) else { return };
            match level.as_bytes() {
                b"+" => parent.single = NONE,
                b"#" => parent.multi = NONE,
                level => {
                    parent.children = parent.children.saturating_sub(1);
                    if let Ok(edge) = self.edges.find_entry(edge_hash(above, hash_bytes(level)), |child| *child == at) {
                        edge.remove();
                    }
                }
            }
            at = above;
        }
    }
}

impl<S> Node<S> {
    const fn new(level: Level, above: u32) -> Self {
        Self { level, above, single: NONE, multi: NONE, children: 0, subscribers: Group::Empty }
    }

    const fn is_unused(&self) -> bool {
        self.children == 0 && self.single == NONE && self.multi == NONE && matches!(self.subscribers, Group::Empty)
    }
}

impl<S: Subscribed> Group<S> {
    fn as_slice(&self) -> &[S] {
        match self {
            Self::Empty => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    /// Adds or replaces; gives what was replaced.
    fn insert(&mut self, subscriber: S) -> Option<S> {
        let key = subscriber.key();
        match self {
            Self::Empty => *self = Self::One(subscriber),
            Self::One(one) if one.key() == key => return Some(std::mem::replace(one, subscriber)),
            Self::One(one) => {
                let both = if one.key() < key { [*one, subscriber] } else { [subscriber, *one] };
                *self = Self::Many(both.to_vec());
            }
            Self::Many(many) => match many.binary_search_by_key(&key, Subscribed::key) {
                Ok(index) => return many.get_mut(index).map(|one| std::mem::replace(one, subscriber)),
                Err(index) => many.insert(index, subscriber),
            },
        }
        None
    }

    fn remove(&mut self, key: S::Key) -> Option<S> {
        let removed = match self {
            Self::One(one) if one.key() == key => Some(*one),
            Self::Many(many) => many.binary_search_by_key(&key, Subscribed::key).ok().map(|index| many.remove(index)),
            Self::Empty | Self::One(_) => None,
        }?;
        match self {
            Self::Many(many) => {
                if let [one] = many.as_slice() {
                    *self = Self::One(*one);
                }
            }
            Self::Empty | Self::One(_) => *self = Self::Empty,
        }
        Some(removed)
    }
}

impl<S: Subscribed> Default for TopicTree<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Subscribed> PartialEq for TopicTree<S> {
    fn eq(&self, other: &Self) -> bool {
        (self.len, self.content) == (other.len, other.content) && self.contents() == other.contents()
    }
}

impl<S: Subscribed> Eq for TopicTree<S> {}

impl<S: Subscribed> Hash for TopicTree<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.len, self.content).hash(state);
    }
}

/// The levels as bytes: a `/` is never part of another character.
fn levels(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|byte| *byte == b'/')
}

fn content_hash<S: Hash>(filter: &TopicFilter, subscriber: &S) -> u64 {
    let mut hasher = FixedHasher::new(hash_bytes(filter.as_str().as_bytes()));
    subscriber.hash(&mut hasher);
    hasher.finish()
}

const fn index(at: u32) -> usize {
    at as usize
}
