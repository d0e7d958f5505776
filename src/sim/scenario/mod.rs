//! What a run starts from: the content of `scenario.toml`, typed and checked. `lessons/FORMAT.md` describes the file.

mod broker;
mod client;
mod command;
mod device;
mod parse;
mod path;
mod properties;
mod reply;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

pub use device::{Device, Signal};
pub use reply::Reply;
pub use write::NotWritable;

use super::{Command, toml_source::Table};
use crate::broker::BrokerConfig;
use crate::client::ClientConfig;
use crate::link::{Conditions, Rule};
use crate::rng::Seed;
use crate::text::Diagnostic;
use crate::time::{Duration, Instant};
use crate::trace::{Node, NodeId, NodeKind};

/// The most clients in one scenario.
pub const MAX_CLIENTS: usize = 1_000;
/// The most entries of each other kind (devices, replies, faults, commands) in one scenario.
pub const MAX_ENTRIES: usize = 10_000;
/// The most subscriptions of one client.
pub const MAX_SUBSCRIPTIONS: usize = 1_000;
/// The longest payload in bytes.
pub const MAX_PAYLOAD: usize = 262_144;

/// Everything that a run starts from: seed, broker, clients, devices, paths, faults, timeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scenario {
    /// The seed, unless the caller picks another.
    pub seed: Seed,
    /// How long the run is when a lesson judges it; the page can go on after that.
    pub until: Duration,
    /// The broker's settings.
    pub broker: BrokerConfig,
    /// The clients; the first is [`NodeId`] 1.
    pub clients: Vec<ClientSpec>,
    /// Commands at their times, in order of time; at the same time in the order of the file.
    pub timeline: Vec<(Instant, Command)>,
}

/// A client with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientSpec {
    /// Its name, unique in the scenario.
    pub name: String,
    /// What it looks like on the stage.
    pub kind: NodeKind,
    /// Its settings.
    pub config: ClientConfig,
    /// When it connects by itself; `None` waits for a command.
    pub connect_at: Option<Instant>,
    /// Its path to the broker.
    pub conditions: Conditions,
    /// How many parts per million its clock runs fast; below zero, slow.
    pub clock_drift: i32,
    /// Fault rules on its path, in force from the start.
    pub faults: Vec<Rule>,
    /// What it publishes by itself.
    pub devices: Vec<Device>,
    /// What it answers.
    pub replies: Vec<Reply>,
}

impl ClientSpec {
    /// A client that connects at the start over a quiet local network and does nothing else.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: NodeKind::default(),
            config: ClientConfig::new(name),
            connect_at: Some(Instant::ZERO),
            conditions: Conditions::default(),
            clock_drift: 0,
            faults: Vec::new(),
            devices: Vec::new(),
            replies: Vec::new(),
        }
    }
}

impl Default for Scenario {
    /// Only a broker, for one minute.
    fn default() -> Self {
        Self {
            seed: Seed::default(),
            until: Duration::from_secs(60),
            broker: BrokerConfig::default(),
            clients: Vec::new(),
            timeline: Vec::new(),
        }
    }
}

impl Scenario {
    /// Reads `scenario.toml`; `file` is its name for messages.
    ///
    /// # Errors
    /// All mistakes of the author, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        parse::parse(file, text)
    }

    /// The file that reads back to this scenario.
    ///
    /// # Errors
    /// The scenario has something that no file can say.
    pub fn to_toml(&self) -> Result<String, NotWritable> {
        write::write(self)
    }

    /// Reads a file that has only `[[timeline]]` entries for this scenario: a stored solution or a wrong attempt.
    ///
    /// # Errors
    /// All mistakes of the author, in the order of the file.
    pub fn parse_timeline(&self, file: &str, text: &str) -> Result<Vec<(Instant, Command)>, Vec<Diagnostic>> {
        parse::parse_timeline(self, file, text)
    }

    /// Reads the `[[timeline]]` entries of a table that may hold more. Mistakes go to the table's source.
    #[must_use]
    pub fn read_timeline(&self, table: &Table<'_, '_>) -> Vec<(Instant, Command)> {
        command::read_timeline(&self.names(), table)
    }

    /// Who takes part: the broker, then the clients.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        let broker = Node { name: BROKER.to_owned(), version: None, kind: NodeKind::Broker };
        let clients =
            self.clients.iter().map(|client| Node { name: client.name.clone(), version: Some(client.config.version), kind: client.kind });
        std::iter::once(broker).chain(clients).collect()
    }

    /// The node with this name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<NodeId> {
        self.names().node(name)
    }

    fn names(&self) -> Names {
        Names(self.clients.iter().map(|client| client.name.clone()).collect())
    }

    /// The scenario as it is shared between snapshots.
    #[must_use]
    pub fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }
}

/// The name of the broker in every scenario.
pub const BROKER: &str = "broker";

/// The names of the clients in their order.
#[derive(Clone, Debug, Default)]
struct Names(Vec<String>);

impl Names {
    fn node(&self, name: &str) -> Option<NodeId> {
        if name == BROKER {
            return Some(NodeId::BROKER);
        }
        let index = self.0.iter().position(|candidate| candidate == name)?;
        u32::try_from(index).ok()?.checked_add(1).map(NodeId)
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A payload with places for values: `{value}`, `{n}` (1 for the first), `{t}` (seconds since the start), `{payload}` and `{topic}` (of the message that
/// is answered). Everything else, other braces included, stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Template(pub ByteString);

impl Template {
    /// The text with the values filled in. What is filled in is not searched again. The result is cut off at [`MAX_PAYLOAD`].
    #[must_use]
    pub fn fill(&self, values: &[(&str, &str)]) -> Bytes {
        let mut out = String::with_capacity(self.0.len());
        let mut rest: &str = &self.0;
        // Looked at before each place, so that a text full of places takes no more memory than one value beyond the limit.
        'scan: while out.len() < MAX_PAYLOAD
            && let Some(at) = rest.find('{')
        {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            for (name, value) in values {
                let tail = after.strip_prefix('{').and_then(|tail| tail.strip_prefix(name)).and_then(|tail| tail.strip_prefix('}'));
                if let Some(tail) = tail {
                    out.push_str(value);
                    rest = tail;
                    continue 'scan;
                }
            }
            out.push('{');
            rest = after.strip_prefix('{').unwrap_or_default();
        }
        out.push_str(rest);
        let mut end = out.len().min(MAX_PAYLOAD);
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        Bytes::from(out)
    }
}
