//! Reply rules: what a client answers to what it receives.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

use super::{Template, client, device};
use crate::packet::{QoS, TopicFilter, TopicName};
use crate::sim::toml_source::Table;
use crate::text::key;
use crate::time::Duration;

/// Answers each message whose topic matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reply {
    /// Which messages. The client has to subscribe to them by itself.
    pub when: TopicFilter,
    /// The topic of the answer; `None` for the Response Topic of the message, with its Correlation Data (5.0 §4.10). Without one there is no answer.
    pub topic: Option<TopicName>,
    /// The payload with `{payload}`, `{topic}`, `{n}`, `{t}`.
    pub payload: Template,
    /// QoS.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
    /// How long the answer takes.
    pub delay: Duration,
}

/// Reads a `[[reply]]` table, its `client` key aside.
pub(super) fn read(table: &Table<'_, '_>) -> Option<Reply> {
    let when = table.require("when").and_then(|value| client::topic_filter(&value));
    let to_response_topic = table.get("to_response_topic").map_or(Some(false), |value| value.boolean());
    let topic = match (table.get("topic"), to_response_topic?) {
        (Some(value), false) => client::topic_name(&value).map(Some),
        (None, true) => Some(None),
        _ => {
            table.error(key::SIM_NO_REPLY_TOPIC.message());
            None
        }
    };
    let payload = table.get("payload").map(|value| device::template(&value));
    let qos = table.get("qos").map(|value| client::qos(&value));
    let retain = table.get("retain").map(|value| value.boolean());
    let delay = table.get("delay").map(|value| value.duration());
    Some(Reply {
        when: when?,
        topic: topic?,
        payload: payload.unwrap_or_else(|| Some(Template("{payload}".into())))?,
        qos: qos.unwrap_or(Some(QoS::AtMostOnce))?,
        retain: retain.unwrap_or(Some(false))?,
        delay: delay.unwrap_or(Some(Duration::ZERO))?,
    })
}

/// The indices of replies that answer each other in a circle, if there is one: such a scenario never comes to rest.
pub(super) fn circle(replies: &[&Reply]) -> Option<Vec<usize>> {
    let answers = |from: usize| -> Vec<usize> {
        let Some(topic) = replies.get(from).and_then(|reply| reply.topic.as_ref()) else { return Vec::new() };
        (0..replies.len()).filter(|to| replies.get(*to).is_some_and(|other| other.when.matches(topic))).collect()
    };
    // 0 unseen, 1 on the path, 2 done; the path is explicit, so that no input makes the stack deep.
    let mut state = vec![0_u8; replies.len()];
    for root in 0..replies.len() {
        if state.get(root) != Some(&0) {
            continue;
        }
        let mut path: Vec<(usize, Vec<usize>)> = vec![(root, answers(root))];
        mark(&mut state, root, 1);
        while let Some((at, open)) = path.last_mut() {
            let at = *at;
            match open.pop() {
                Some(next) if state.get(next) == Some(&1) => {
                    let start = path.iter().position(|(node, _)| *node == next).unwrap_or(0);
                    return Some(path.iter().skip(start).map(|(node, _)| *node).collect());
                }
                Some(next) if state.get(next) == Some(&0) => {
                    mark(&mut state, next, 1);
                    path.push((next, answers(next)));
                }
                Some(_) => {}
                None => {
                    mark(&mut state, at, 2);
                    path.pop();
                }
            }
        }
    }
    None
}

fn mark(state: &mut [u8], index: usize, value: u8) {
    if let Some(slot) = state.get_mut(index) {
        *slot = value;
    }
}
