//! How far one step goes.

use serde::Serialize;

use crate::broker::{BrokerEvent, DropReason, EndCause};
use crate::client::{ClientEvent, ClientState, DisconnectCause};
use crate::link::{CloseReason, Side};
use crate::packet::PacketType;
use crate::trace::{Event, Record};

/// How far one step goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Stride {
    /// To the next record.
    Record,
    /// To the next packet sent, received or lost, or the next change of a connection that a learner can see.
    #[default]
    Packet,
    /// To the next thing that happens because a time ran out: a retransmission of TCP or its giving up, Keep Alive on either side, a pause before reconnecting,
    /// Will Delay, Session or Message Expiry, the wait for CONNACK, CONNECT or a response.
    TimeOut,
}

impl Stride {
    /// Whether a step of this length ends at the record with this index.
    #[must_use]
    pub fn stops_at(self, records: &[Record], index: usize) -> bool {
        let Some(record) = records.get(index) else { return false };
        match self {
            Self::Record => true,
            Self::Packet => matches!(
                record.event,
                Event::PacketSent { .. }
                    | Event::PacketReceived { .. }
                    | Event::PacketObserved { .. }
                    | Event::PacketLost { .. }
                    | Event::PacketMalformed { .. }
                    | Event::FaultStruck { .. }
                    | Event::TransportOpened { .. }
                    | Event::TransportClosed { .. }
                    | Event::PathChanged { .. }
                    | Event::PowerChanged { .. }
                    | Event::LimitReached { .. }
            ),
            Self::TimeOut => is_time_out(records, index, record),
        }
    }

    /// How many records are visible after a step that ends at the record with this index: with it what it brings about at once, such as a message that
    /// reaches the application, so that nothing that a packet did shows only one step later.
    #[must_use]
    pub fn rest(self, records: &[Record], stop: usize) -> usize {
        let after = stop.saturating_add(1);
        let Some(stopped) = records.get(stop) else { return after };
        let brought_about = |record: &Record| {
            matches!(record.event, Event::Client { .. } | Event::Broker(_) | Event::SegmentSent { .. })
                && record.at == stopped.at
                && record.cause().is_some_and(|cause| cause >= stopped.id)
        };
        match self {
            Self::Record => after,
            Self::Packet | Self::TimeOut => after + records.iter().skip(after).take_while(|record| brought_about(record)).count(),
        }
    }
}

fn is_time_out(records: &[Record], index: usize, record: &Record) -> bool {
    // What a timer brings about has no cause, or one that lies back in time; whatever happens because of something else happens in the same instant.
    let cause = record.cause().and_then(|cause| records.get(cause.0 as usize));
    let waited = cause.is_none_or(|cause| cause.at < record.at);
    match &record.event {
        Event::SegmentSent { segment, .. } => segment.attempt > 0 && !answers_an_arrival(records, index, record),
        Event::TransportClosed { reason: CloseReason::TimedOut, .. } => true,
        Event::PacketSent { from: Side::Client, packet_type: PacketType::Pingreq, .. } => true,
        Event::Client { event, .. } => match &**event {
            ClientEvent::Disconnected(DisconnectCause::ConnectTimeout | DisconnectCause::KeepAliveTimeout)
            | ClientEvent::RequestTimedOut { .. }
            | ClientEvent::PacketRetried { .. } => true,
            // Of a live connection nobody knows causes.
            ClientEvent::StateChanged(ClientState::Opening) => cause.is_some() && waited,
            _ => false,
        },
        Event::Broker(event) => match &**event {
            BrokerEvent::ConnectionEnded { cause: EndCause::KeepAliveTimeout | EndCause::ConnectTimeout, .. } => true,
            BrokerEvent::WillPublished { .. }
            | BrokerEvent::SessionEnded { expired: true, .. }
            | BrokerEvent::MessageDropped { reason: DropReason::Expired, .. }
            | BrokerEvent::RetainedCleared { .. } => waited,
            _ => false,
        },
        _ => false,
    }
}

/// Whether the segment left because another one arrived, as in a fast retransmission.
fn answers_an_arrival(records: &[Record], index: usize, sent: &Record) -> bool {
    let Event::SegmentSent { connection: on, .. } = &sent.event else { return false };
    let before = records.get(..index).unwrap_or_default().iter().rev().take_while(|before| before.at == sent.at);
    let mut others = before.skip_while(|before| matches!(&before.event, Event::SegmentSent { connection, .. } if connection == on));
    others.next().is_some_and(|before| matches!(&before.event, Event::SegmentArrived { connection, .. } if connection == on))
}
