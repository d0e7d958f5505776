//! Packets that the text of a lesson calls by name.

use super::pattern::{Bindings, Matcher};
use super::{NamedPacket, Pattern};
use crate::trace::{Node, Record, RecordId};

impl NamedPacket {
    /// The `PacketSent` record that is meant, if it is among these.
    #[must_use]
    pub fn find(&self, nodes: &[Node], records: &[Record]) -> Option<RecordId> {
        let matcher = Matcher::new(nodes, records);
        let pattern = Pattern::Packet(self.pattern.clone());
        let mut matching = records.iter().filter(|record| matcher.matches(&pattern, record, &mut Bindings::new()));
        let skipped = usize::try_from(self.nth.saturating_sub(1)).ok()?;
        matching.nth(skipped).map(|record| record.id)
    }
}
