//! Topic Aliases of one Network Connection, one table for each direction (5.0 §3.3.2.3.4).
//!
//! Both are made anew by `connection_started`: no mapping outlives its connection [MQTT-3.3.2-7]. A new table has the maximum 0, which is also that of a 3.1.1 connection:
//! it accepts no alias and gives none.

use std::collections::BTreeMap;

use crate::packet::{ReasonCode, TopicName};

/// The aliases that the other side has set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct InboundAliases {
    maximum: u16,
    topics: BTreeMap<u16, TopicName>,
}

/// Why a PUBLISH with a Topic Alias cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AliasError {
    /// The alias is 0, or above the Topic Alias Maximum that this side announced [MQTT-3.3.2-8].
    Invalid,
    /// The Topic Name is empty, and the alias was not set on this connection (or there is none).
    Unknown,
}

impl AliasError {
    /// The Reason Code of the DISCONNECT that answers it (5.0 §3.3.2.3.4).
    #[must_use]
    pub const fn reason_code(self) -> ReasonCode {
        match self {
            Self::Invalid => ReasonCode::TopicAliasInvalid,
            Self::Unknown => ReasonCode::ProtocolError,
        }
    }
}

impl InboundAliases {
    /// A table that accepts no alias.
    #[must_use]
    pub const fn new() -> Self {
        Self { maximum: 0, topics: BTreeMap::new() }
    }

    /// A connection begins on which this side announced `maximum` as its Topic Alias Maximum; 0 if it announced none.
    pub fn connection_started(&mut self, maximum: u16) {
        self.maximum = maximum;
        self.topics.clear();
    }

    /// The topic of a PUBLISH with this Topic Name and Topic Alias. With both, the alias means this topic from now on (5.0 §3.3.2.3.4).
    ///
    /// # Errors
    /// What the other side did wrong. Nothing changes then.
    pub fn resolve(&mut self, topic: TopicName, alias: Option<u16>) -> Result<TopicName, AliasError> {
        let Some(alias) = alias else {
            return if topic.is_empty() { Err(AliasError::Unknown) } else { Ok(topic) };
        };
        if alias == 0 || alias > self.maximum {
            return Err(AliasError::Invalid);
        }
        if topic.is_empty() {
            return self.topics.get(&alias).cloned().ok_or(AliasError::Unknown);
        }
        self.topics.insert(alias, detached(&topic));
        Ok(topic)
    }

    /// Every alias that is set, upwards, with its topic.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &TopicName)> {
        self.topics.iter().map(|(&alias, topic)| (alias, topic))
    }
}

/// The aliases that this side has set. When all are given away, the topic that was not sent for the longest time loses its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OutboundAliases {
    maximum: u16,
    by_topic: BTreeMap<TopicName, Assigned>,
    /// The topics by the time of their last use.
    by_use: BTreeMap<u64, TopicName>,
    next_use: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Assigned {
    alias: u16,
    last_use: u64,
}

/// The alias that a PUBLISH may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TopicAlias {
    /// Topic Alias, from 1 to the maximum.
    pub alias: u16,
    /// The other side knows it for this topic, whose name may be left out. Otherwise the PUBLISH has both and so sets it.
    pub is_known: bool,
}

impl OutboundAliases {
    /// A table that gives no alias.
    #[must_use]
    pub const fn new() -> Self {
        Self { maximum: 0, by_topic: BTreeMap::new(), by_use: BTreeMap::new(), next_use: 0 }
    }

    /// A connection begins on which `maximum` aliases may be used: the Topic Alias Maximum of the other side, or less if this side wants fewer; 0 if there is none
    /// [MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.2.2-17] [MQTT-3.2.2-18].
    pub fn connection_started(&mut self, maximum: u16) {
        *self = Self { maximum, ..Self::new() };
    }

    /// How many aliases this connection may use.
    #[must_use]
    pub const fn maximum(&self) -> u16 {
        self.maximum
    }

    /// The alias that a PUBLISH to this topic can have now. Nothing changes: tell with [`OutboundAliases::sent`] that it went out with it.
    #[must_use]
    pub fn choose(&self, topic: &TopicName) -> Option<TopicAlias> {
        if self.maximum == 0 {
            return None;
        }
        if let Some(assigned) = self.by_topic.get(topic) {
            return Some(TopicAlias { alias: assigned.alias, is_known: true });
        }
        // They are given out upwards and never taken back, so that those in use are 1 to their number.
        let free = u16::try_from(self.by_topic.len()).ok().and_then(|used| used.checked_add(1)).filter(|alias| *alias <= self.maximum);
        let alias = match free {
            Some(alias) => alias,
            None => self.by_use.values().next().and_then(|oldest| self.by_topic.get(oldest))?.alias,
        };
        Some(TopicAlias { alias, is_known: false })
    }

    /// A PUBLISH to this topic was sent with the alias that [`OutboundAliases::choose`] gave just before.
    pub fn sent(&mut self, topic: &TopicName, alias: TopicAlias) {
        let last_use = self.next_use;
        self.next_use = last_use.saturating_add(1);
        if let Some(assigned) = self.by_topic.get_mut(topic) {
            let name = self.by_use.remove(&assigned.last_use);
            assigned.last_use = last_use;
            self.by_use.extend(name.map(|name| (last_use, name)));
            return;
        }
        if self.by_topic.len() >= usize::from(self.maximum)
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.by_topic.remove(&oldest);
        }
        let name = detached(topic);
        self.by_use.insert(last_use, name.clone());
        self.by_topic.insert(name, Assigned { alias: alias.alias, last_use });
    }

    /// Every alias that is set, with its topic, in order of the topics.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &TopicName)> {
        self.by_topic.iter().map(|(topic, assigned)| (assigned.alias, topic))
    }
}

/// The topic in memory of its own: a part of a packet would keep the whole packet, payload included, for as long as the connection lives.
fn detached(topic: &TopicName) -> TopicName {
    TopicName::new(topic.as_str().to_owned()).unwrap_or_else(|_| topic.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(text: &str) -> TopicName {
        if text.is_empty() { TopicName::default() } else { TopicName::new(text.to_owned()).unwrap() }
    }

    fn inbound(maximum: u16) -> InboundAliases {
        let mut aliases = InboundAliases::new();
        aliases.connection_started(maximum);
        aliases
    }

    fn outbound(maximum: u16) -> OutboundAliases {
        let mut aliases = OutboundAliases::new();
        aliases.connection_started(maximum);
        aliases
    }

    /// Chooses and sends; alias, and whether the topic was left out.
    fn send(aliases: &mut OutboundAliases, name: &str) -> Option<(u16, bool)> {
        let name = topic(name);
        let chosen = aliases.choose(&name)?;
        assert_eq!(aliases.choose(&name), Some(chosen), "choosing changes nothing");
        aliases.sent(&name, chosen);
        Some((chosen.alias, chosen.is_known))
    }

    #[test]
    fn an_alias_set_with_a_topic_stands_for_it_afterwards() {
        let mut aliases = inbound(5);
        assert_eq!(aliases.resolve(topic("a"), Some(2)), Ok(topic("a")));
        assert_eq!(aliases.resolve(topic(""), Some(2)), Ok(topic("a")));
        assert_eq!(aliases.resolve(topic("b"), Some(2)), Ok(topic("b")), "set anew");
        assert_eq!(aliases.resolve(topic(""), Some(2)), Ok(topic("b")));
        assert_eq!(aliases.resolve(topic("a"), None), Ok(topic("a")));
        assert_eq!(aliases.iter().collect::<Vec<_>>(), [(2, &topic("b"))]);
    }

    #[test]
    fn every_alias_up_to_the_own_maximum_is_accepted_mqtt_3_3_2_10_mqtt_3_3_2_12() {
        let mut aliases = inbound(u16::MAX);
        for alias in 1..=u16::MAX {
            assert!(aliases.resolve(topic("t"), Some(alias)).is_ok());
        }
        let mut aliases = inbound(3);
        assert!(aliases.resolve(topic("t"), Some(3)).is_ok());
    }

    #[test]
    fn alias_0_or_above_the_maximum_is_topic_alias_invalid_mqtt_3_3_2_8_mqtt_3_3_2_9_mqtt_3_3_2_11() {
        let mut aliases = inbound(3);
        for (name, alias) in [("t", 0), ("t", 4), ("", 4), ("", u16::MAX)] {
            let error = aliases.resolve(topic(name), Some(alias)).unwrap_err();
            assert_eq!(error.reason_code(), ReasonCode::TopicAliasInvalid);
        }
        assert_eq!(inbound(0).resolve(topic("t"), Some(1)), Err(AliasError::Invalid));
        assert_eq!(aliases, inbound(3), "nothing was set");
    }

    #[test]
    fn an_unknown_alias_without_topic_is_a_protocol_error() {
        let mut aliases = inbound(3);
        assert_eq!(aliases.resolve(topic(""), Some(1)), Err(AliasError::Unknown));
        assert_eq!(aliases.resolve(topic(""), None), Err(AliasError::Unknown));
        assert_eq!(AliasError::Unknown.reason_code(), ReasonCode::ProtocolError);
    }

    #[test]
    fn no_mapping_outlives_its_connection_mqtt_3_3_2_7() {
        let mut aliases = inbound(3);
        aliases.resolve(topic("t"), Some(1)).unwrap();
        aliases.connection_started(3);
        assert_eq!(aliases.resolve(topic(""), Some(1)), Err(AliasError::Unknown));

        let mut aliases = outbound(3);
        send(&mut aliases, "t");
        aliases.connection_started(3);
        assert_eq!(send(&mut aliases, "t"), Some((1, false)));
    }

    #[test]
    fn without_topic_alias_maximum_no_alias_is_given_mqtt_3_1_2_27_mqtt_3_2_2_18() {
        assert_eq!(OutboundAliases::new().choose(&topic("t")), None);
        assert_eq!(outbound(0).choose(&topic("t")), None);
    }

    #[test]
    fn aliases_stay_below_the_maximum_and_the_least_recently_used_is_given_again_mqtt_3_1_2_26_mqtt_3_2_2_17() {
        let mut aliases = outbound(2);
        assert_eq!(send(&mut aliases, "a"), Some((1, false)));
        assert_eq!(send(&mut aliases, "b"), Some((2, false)));
        assert_eq!(send(&mut aliases, "a"), Some((1, true)));
        assert_eq!(send(&mut aliases, "c"), Some((2, false)), "b was not sent for the longest time");
        assert_eq!(send(&mut aliases, "a"), Some((1, true)));
        assert_eq!(send(&mut aliases, "b"), Some((2, false)));
        assert_eq!(aliases.iter().collect::<Vec<_>>(), [(1, &topic("a")), (2, &topic("b"))]);
    }

    #[test]
    fn a_chosen_alias_that_was_not_sent_is_not_known() {
        let mut aliases = outbound(1);
        assert!(!aliases.choose(&topic("a")).unwrap().is_known);
        assert!(!aliases.choose(&topic("a")).unwrap().is_known);
        assert_eq!(send(&mut aliases, "b"), Some((1, false)));
    }

    #[test]
    fn receiver_and_sender_agree_whatever_the_maximum_and_the_topics() {
        for maximum in 0..6 {
            let (mut there, mut here) = (outbound(maximum), inbound(maximum));
            for step in 0..500_u32 {
                let name = topic(&format!("t/{}", step.wrapping_mul(2_654_435_761) >> 29));
                let chosen = there.choose(&name);
                // Some are chosen and not sent, as when the packet would be too large.
                if step % 7 == 0 {
                    continue;
                }
                let shown = if chosen.is_some_and(|chosen| chosen.is_known) { topic("") } else { name.clone() };
                if let Some(chosen) = chosen {
                    there.sent(&name, chosen);
                }
                assert_eq!(here.resolve(shown, chosen.map(|chosen| chosen.alias)), Ok(name));
            }
            assert_eq!(there.iter().count(), here.iter().count());
        }
    }
}
