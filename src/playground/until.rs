//! What a run can be told to run until.

use crate::lesson::{EventKind, EventPattern, PacketPattern, Pattern};
use crate::packet::{PacketType, TopicFilter};
use crate::text::{Arg, Message, key};
use crate::trace::{Node, NodeId};

/// Something to run until: the first packet or event of a kind, of one client or of any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Until {
    /// What happens.
    pub what: Occurrence,
    /// At which client; a packet counts if the client sends it or is meant to get it. `None` is anybody.
    pub client: Option<NodeId>,
    /// Of a PUBLISH or a received message: its topic matches. Of a SUBSCRIBE or UNSUBSCRIBE: it names this filter.
    pub topic: Option<TopicFilter>,
}

/// A kind of packet or event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    /// A packet of this type is sent.
    Packet(PacketType),
    /// Something else happens.
    Event(EventKind),
}

impl Occurrence {
    /// Whether it has a topic to ask for.
    #[must_use]
    pub const fn has_topic(self) -> bool {
        matches!(
            self,
            Self::Packet(PacketType::Publish | PacketType::Subscribe | PacketType::Unsubscribe) | Self::Event(EventKind::MessageReceived)
        )
    }

    /// In words.
    #[must_use]
    pub fn message(self) -> Message {
        match self {
            Self::Packet(packet_type) => key::LESSON_PACKET.with("packet", packet_type.name()),
            Self::Event(kind) => kind.message(),
        }
    }
}

impl Until {
    /// In words, with the client and the topic that were asked for.
    #[must_use]
    pub fn message(&self, nodes: &[Node]) -> Message {
        let name = self.client.and_then(|client| nodes.get(client.0 as usize)).map(|node| node.name.clone());
        let details: Vec<String> = name.into_iter().chain(self.topic.as_ref().map(ToString::to_string)).collect();
        let what = self.what.message();
        if details.is_empty() { what } else { key::LESSON_EVENT.with("what", Arg::from(what)).with("details", details.join(", ")) }
    }

    /// The same in the language of goals: any of these.
    #[must_use]
    pub fn patterns(&self) -> Vec<Pattern> {
        let topic = self.topic.clone().filter(|_| self.what.has_topic());
        match self.what {
            Occurrence::Packet(packet_type) => {
                let any = PacketPattern { packet_type: Some(packet_type), topic, ..PacketPattern::default() };
                match self.client {
                    None => vec![Pattern::Packet(any)],
                    client => vec![
                        Pattern::Packet(PacketPattern { from: client, ..any.clone() }),
                        Pattern::Packet(PacketPattern { to: client, ..any }),
                    ],
                }
            }
            Occurrence::Event(kind) => {
                vec![Pattern::Event(EventPattern { kind, client: self.client, topic, payload: None, after: None, before: None })]
            }
        }
    }
}
