//! Will Messages (5.0 §3.1.2.5): published, delayed, discarded.

use bytestring::ByteString;

use super::delivery::SharedFrame;
use super::event::{BrokerEvent, MessageId};
use super::message::{MessageContent, will_size};
use super::subscription::SessionKey;
use super::{Broker, Timer, sys_topics};
use crate::packet::{ClientId, WillMessage};
use crate::text::key;
use crate::time::{Duration, Instant};

impl Broker {
    /// The connection is gone, the session stays: the will comes after Will Delay Interval or with the end of the session, whichever is first
    /// [MQTT-3.1.2-8]. The end of the session publishes it by itself.
    pub(super) fn schedule_will(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.sessions.get(key.0) else { return };
        let Some(will) = &session.will else { return };
        let delay = Duration::from_secs(u64::from(will.properties.will_delay_interval.unwrap_or_default()));
        if delay == Duration::ZERO {
            self.publish_will(now, key);
            return;
        }
        let client_id = session.client_id.clone();
        // After a crash the session has counted on since then.
        let (at, end) = (now + delay, self.timers.deadline(&Timer::SessionEnd(key)));
        let at = end.map_or(at, |end| end.min(at)).max(now);
        self.timers.set(Timer::Will(key), at);
        self.emit(BrokerEvent::WillScheduled { client_id, at });
    }

    /// Publishes the will and removes it [MQTT-3.1.2-10].
    pub(super) fn publish_will(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        let client_id = session.client_id.clone();
        if let Some(will) = session.will.take() {
            self.held.free(will_size(&will));
            let user_name = session.user_name.clone();
            self.accept_will(now, client_id, user_name, *will);
        }
    }

    pub(super) fn accept_will(&mut self, now: Instant, client_id: ClientId, user_name: Option<ByteString>, will: WillMessage) {
        if self.deny_will(&client_id, user_name.as_ref(), &will.topic) {
            return;
        }
        if will.topic.as_str().starts_with(sys_topics::PREFIX) {
            let message = key::BROKER_SYS_TOPIC.with("client", client_id.as_str()).with("topic", will.topic.as_str());
            self.emit(BrokerEvent::LimitReached { message });
            return;
        }
        self.emit(BrokerEvent::WillPublished { client_id: client_id.clone(), message: MessageId(self.next_message) });
        self.accept(now, MessageContent::from_will(client_id, user_name, will), SharedFrame::default());
    }

    /// DISCONNECT 0x00 [MQTT-3.14.4-3], or the session was resumed in time [MQTT-3.1.3-9].
    pub(super) fn discard_will(&mut self, key: SessionKey, resumed: bool) {
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        if let Some(will) = session.will.take() {
            self.held.free(will_size(&will));
            let client_id = session.client_id.clone();
            self.timers.cancel(&Timer::Will(key));
            self.emit(BrokerEvent::WillDiscarded { client_id, resumed });
        }
    }
}
