//! The retry interval of older clients (3.1.1 §4.4): what is not acknowledged is sent again on the living connection. 5.0 forbids it [MQTT-4.4.0-1].

use std::collections::{BTreeMap, VecDeque};

use crate::client::{Client, ClientEvent, ClientState, Timer};
use crate::packet::PacketId;
use crate::time::{Duration, Instant};

/// When which packet is to be sent again. The interval is always the same, so that the order of sending is the order of repeating.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Retries {
    due: BTreeMap<PacketId, Instant>,
    /// With entries that are out of date, which `due` does not have.
    order: VecDeque<(Instant, PacketId)>,
}

impl Client {
    /// PUBLISH at QoS 1 or 2, or PUBREL, was sent.
    pub(super) fn awaits_acknowledgement(&mut self, now: Instant, packet_id: PacketId) {
        let Some(interval) = self.config.retry_interval.filter(|interval| *interval > Duration::ZERO) else { return };
        let due = now + interval;
        let retries = self.retries.get_or_insert_default();
        retries.due.insert(packet_id, due);
        retries.order.push_back((due, packet_id));
        if retries.order.len() == 1 {
            self.timers.set(Timer::Retry, due);
        }
    }

    /// The answer came.
    pub(super) fn awaits_no_more(&mut self, packet_id: PacketId) {
        if let Some(retries) = &mut self.retries {
            retries.due.remove(&packet_id);
            // Most leave in the order in which they came; should many others pile up, they are swept out.
            if retries.order.len() > retries.due.len().saturating_mul(2).saturating_add(64) {
                let due = &retries.due;
                retries.order.retain(|(at, packet_id)| due.get(packet_id) == Some(at));
            }
            while retries.order.pop_front_if(|(due, packet_id)| retries.due.get(packet_id) != Some(due)).is_some() {}
            match retries.order.front() {
                Some((due, _)) => self.timers.set(Timer::Retry, *due),
                None => drop(self.timers.cancel(&Timer::Retry)),
            }
        }
    }

    /// Sends again what has waited for the interval, in the order of sending [MQTT-4.6.0-1].
    pub(super) fn retry(&mut self, now: Instant) {
        while self.state == ClientState::Connected
            && let Some(packet_id) = self.next_retry(now)
        {
            let Some(packet) = self.outbound.once_more(packet_id) else { continue };
            self.send(now, &packet);
            self.emit(ClientEvent::PacketRetried { packet_id });
            self.awaits_acknowledgement(now, packet_id);
        }
        if let Some((due, _)) = self.retries.as_ref().and_then(|retries| retries.order.front()) {
            self.timers.set(Timer::Retry, *due);
        }
    }

    fn next_retry(&mut self, now: Instant) -> Option<PacketId> {
        let retries = self.retries.as_mut()?;
        while let Some((due, packet_id)) = retries.order.pop_front_if(|(due, _)| *due <= now) {
            if retries.due.get(&packet_id) == Some(&due) {
                retries.due.remove(&packet_id);
                return Some(packet_id);
            }
        }
        None
    }
}
