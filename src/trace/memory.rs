//! How much memory a trace takes.

use super::{Event, Record, Trace};
use crate::broker::BrokerEvent;
use crate::client::{ClientEvent, DisconnectCause};
use crate::link::Segment;
use crate::packet::Publish;
use crate::text::{Arg, Message};

const _: () = assert!(size_of::<Record>() <= 32 && size_of::<Event>() <= 16, "a record has grown");

/// What a trace takes, in bytes, without what the allocator adds and without the slack of what is growing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// How many records there are.
    pub count: usize,
    /// The records themselves.
    pub records: usize,
    /// What they point to, without the bytes of packets: segments, decisions, words. Names and topics are shared with packets or sessions.
    pub details: usize,
    /// The bytes of the packets, each counted once: segments, payloads and topics share them.
    pub packets: usize,
}

impl Memory {
    /// All of it.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.records.saturating_add(self.details).saturating_add(self.packets)
    }

    /// Bytes a record, rounded up, without the bytes of packets.
    #[must_use]
    pub const fn per_record(&self) -> usize {
        if self.count == 0 { 0 } else { self.records.saturating_add(self.details).div_ceil(self.count) }
    }
}

impl Trace {
    /// What the kept records take. Goes through all of them.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let mut memory = Memory { count: self.records.len(), records: size_of_val(self.records()), ..Memory::default() };
        for record in self.records() {
            let (details, packets) = behind(&record.event);
            memory.details = memory.details.saturating_add(details);
            memory.packets = memory.packets.saturating_add(packets);
        }
        memory
    }
}

/// What an event points to: details, and bytes of packets.
fn behind(event: &Event) -> (usize, usize) {
    match event {
        Event::RunStarted { seed } => (seed.as_deref().map_or(0, size_of_val), 0),
        // Words that a device shares among all that it does have more owners than this record.
        Event::CommandApplied { command, .. } => {
            let owners = std::sync::Arc::strong_count(command);
            ((message(command).saturating_add(2 * size_of::<usize>())).div_ceil(owners.max(1)), 0)
        }
        Event::SegmentSent { .. } => (size_of::<Segment>(), 0),
        Event::PacketSent { bytes, .. } | Event::PacketObserved { bytes, .. } => (size_of_val(&**bytes), bytes.len()),
        Event::PacketMalformed(malformed) => {
            (size_of_val(&**malformed).saturating_add(args(&malformed.error.message)), malformed.bytes.len())
        }
        Event::FaultStruck(fault) => (size_of_val(&**fault), 0),
        Event::Client { event, .. } => (size_of::<ClientEvent>().saturating_add(behind_client(event)), 0),
        Event::Broker(event) => (size_of::<BrokerEvent>().saturating_add(behind_broker(event)), 0),
        Event::LimitReached { message: words } => (message(words), 0),
        _ => (0, 0),
    }
}

fn behind_client(event: &ClientEvent) -> usize {
    match event {
        ClientEvent::MessageReceived { .. } | ClientEvent::ResponseIgnored { .. } => size_of::<Publish>(),
        ClientEvent::PublishDropped { message: words, .. } | ClientEvent::RequestFailed { message: words, .. } => message(words),
        ClientEvent::Disconnected(DisconnectCause::ServerMisbehaved { message: words, .. }) => message(words),
        ClientEvent::Subscribed { results } | ClientEvent::Unsubscribed { results } => size_of_val(results.as_slice()),
        ClientEvent::LeftUnacknowledged { packet_ids } => size_of_val(packet_ids.as_slice()),
        _ => 0,
    }
}

fn behind_broker(event: &BrokerEvent) -> usize {
    match event {
        BrokerEvent::AccessDenied { decided_by, .. } => size_of_val(&**decided_by),
        BrokerEvent::LimitReached { message } => args(message),
        _ => 0,
    }
}

fn message(words: &Message) -> usize {
    size_of::<Message>().saturating_add(args(words))
}

/// The arguments of a message.
fn args(words: &Message) -> usize {
    let each = words.args().iter().map(|(_, arg)| match arg {
        Arg::Text(text) => text.len(),
        Arg::Message(words) => message(words),
        Arg::Number(_) => 0,
    });
    size_of_val(words.args()).saturating_add(each.sum())
}
