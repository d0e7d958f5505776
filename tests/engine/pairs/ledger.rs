//! Follows every copy of every message through the broker's own words: none is delivered late, none vanishes without a reason (I11, I20).

use std::collections::BTreeMap;

use mqtt_playground::broker::{BrokerEvent, MessageId, Routing};
use mqtt_playground::packet::{ClientId, Packet, Publish};
use mqtt_playground::time::Instant;

/// What the broker still owes to whom.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Copies that wait or are in flight.
    open: BTreeMap<(MessageId, ClientId), Open>,
    /// When a message with this payload was accepted, and with which Message Expiry Interval: its publisher has taken off what it waited there. More than once if its
    /// publisher sent it again.
    accepted: BTreeMap<Vec<u8>, Vec<(Instant, u32)>>,
    /// Message Expiry Interval of the packet that came in last.
    arriving: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Open {
    waiting: i32,
    flying: i32,
}

impl Ledger {
    /// A packet came to the broker.
    pub(super) fn arrives(&mut self, packet: &Packet) {
        self.arriving = match packet {
            Packet::Publish(publish) => publish.properties.message_expiry_interval,
            _ => None,
        };
    }

    pub(super) fn enter(&mut self, now: Instant, event: &BrokerEvent) {
        let (message, client_id, waiting, flying) = match event {
            BrokerEvent::MessageAccepted { payload, .. } => {
                let interval = self.arriving.unwrap_or(u32::MAX);
                self.accepted.entry(payload.to_vec()).or_default().push((now, interval));
                return;
            }
            BrokerEvent::MessageRouted { message, client_id, routing, .. } => match routing {
                Routing::Sent { packet_id, .. } => (message, client_id, 0, i32::from(packet_id.is_some())),
                Routing::Dropped(_) => return,
                _ => (message, client_id, 1, 0),
            },
            BrokerEvent::MessageSent { dup: true, .. } => return,
            BrokerEvent::MessageSent { message, client_id, packet_id, .. } => (message, client_id, -1, i32::from(packet_id.is_some())),
            BrokerEvent::DeliveryCompleted { message, client_id, .. } => (message, client_id, 0, -1),
            BrokerEvent::MessageDropped { message, client_id, .. } => {
                let open = self.open.get(&(*message, client_id.clone())).copied().unwrap_or_default();
                if open.waiting > 0 { (message, client_id, -1, 0) } else { (message, client_id, 0, -1) }
            }
            _ => return,
        };
        let key = (*message, client_id.clone());
        let open = self.open.entry(key.clone()).or_default();
        open.waiting += waiting;
        open.flying += flying;
        assert!(open.waiting >= 0 && open.flying >= 0, "{event:?} of what the broker did not have: {open:?}");
        if *open == Open::default() {
            self.open.remove(&key);
        }
    }

    /// A PUBLISH leaves the broker: not expired when it is sent for the first time, and with what is left of its interval.
    pub(super) fn sent(&self, now: Instant, publish: &Publish, expiry_of: impl Fn(&[u8]) -> Option<u32>) {
        let Some(expiry) = expiry_of(&publish.payload) else { return };
        let Some(left) = publish.properties.message_expiry_interval else { return };
        let accepted = self.accepted.get(&publish.payload[..]).expect("accepted before it is sent");
        let waited = |at: &Instant| u32::try_from(now.saturating_since(*at).as_millis() / 1_000).expect("a short run");
        let is_right = |(at, interval): &(Instant, u32)| {
            *interval <= expiry && left == interval.saturating_sub(waited(at)) && (publish.dup || waited(at) < *interval)
        };
        assert!(
            accepted.iter().any(is_right),
            "{left} s left of {expiry} at {now}, accepted at {accepted:?} [MQTT-3.3.2-5] [MQTT-3.3.2-6]"
        );
    }

    /// Nothing is open. Only a QoS 2 message that waited for PUBCOMP when its session ended is not spoken of: it had arrived.
    pub(super) fn assert_settled(&self, lost_sessions: &[&str]) {
        let is_open =
            |(_, client_id): &(MessageId, ClientId), open: &Open| open.waiting > 0 || !lost_sessions.contains(&client_id.as_str());
        let open: Vec<_> = self.open.iter().filter(|(key, open)| is_open(key, open)).collect();
        assert!(open.is_empty(), "I20: {open:?}");
    }
}
