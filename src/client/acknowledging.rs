//! When received messages at QoS 1 and 2 are acknowledged: at once, when the application says so, or when it has worked on them. As long as it has not, Receive Maximum
//! holds the Server back (5.0 §4.9).

use std::collections::VecDeque;

use crate::client::{Acknowledges, Client, ClientError, ClientEvent, ClientState, Timer};
use crate::packet::{Acknowledgement, Packet, PacketId, QoS, ReasonCode};
use crate::time::Instant;

/// Messages that the application has and that are not acknowledged: on one connection at most Receive Maximum. Those at QoS 2 outlive it, each with an identifier
/// of its own, so that there are never more than 65 535.
#[derive(Clone, Debug, Hash)]
pub(super) struct Unfinished {
    messages: VecDeque<Message>,
    /// What the application works on, one after the other: when it is done, and with which message.
    work: VecDeque<(Instant, u64)>,
    /// When it is done with everything, QoS 0 included.
    busy_until: Instant,
    next_number: u64,
}

#[derive(Clone, Debug, Hash)]
struct Message {
    number: u64,
    packet_id: PacketId,
    qos: QoS,
    /// Whether it came on this connection: only then can it be acknowledged now.
    is_here: bool,
    /// Whether the application is done with it.
    is_done: bool,
}

impl Unfinished {
    pub(super) const fn new() -> Self {
        Self { messages: VecDeque::new(), work: VecDeque::new(), busy_until: Instant::ZERO, next_number: 0 }
    }

    /// Messages that the application is not done with, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = PacketId> {
        self.messages.iter().filter(|message| !message.is_done).map(|message| message.packet_id)
    }

    pub(super) fn clear(&mut self) {
        self.messages.clear();
        self.work.clear();
        self.busy_until = Instant::ZERO;
    }

    /// Whether a message with this identifier came on this connection.
    pub(super) fn holds(&self, packet_id: PacketId) -> bool {
        self.messages.iter().any(|message| message.packet_id == packet_id && message.is_here)
    }

    /// Whether a message with this identifier waits for PUBACK or PUBREC, whenever it came.
    pub(super) fn knows(&self, packet_id: PacketId) -> bool {
        self.messages.iter().any(|message| message.packet_id == packet_id)
    }

    /// When the application is done with the next message.
    fn next_done(&self) -> Option<Instant> {
        self.work.front().map(|(at, _)| *at)
    }

    fn take(&mut self, packet_id: PacketId, qos: QoS) -> u64 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        self.messages.push_back(Message { number, packet_id, qos, is_here: true, is_done: false });
        number
    }

    /// A message that is kept over the break came again. Returns whether there is one.
    fn came_again(&mut self, packet_id: PacketId) -> bool {
        let Some(at) = self.messages.iter().position(|message| message.packet_id == packet_id) else { return false };
        // PUBRECs follow the order of this connection [MQTT-4.6.0-3].
        if let Some(mut message) = self.messages.remove(at) {
            if message.is_here {
                self.messages.insert(at, message);
            } else {
                message.is_here = true;
                self.messages.push_back(message);
            }
        }
        true
    }

    /// The next message whose acknowledgement is due: those of one kind keep the order in which the messages came [MQTT-4.6.0-2] [MQTT-4.6.0-3].
    fn next_acknowledged(&mut self) -> Option<Message> {
        let oldest = |qos: QoS| self.messages.iter().position(|message| message.is_here && message.qos == qos);
        let done = |at: &usize| self.messages.get(*at).is_some_and(|message| message.is_done);
        let at = [oldest(QoS::AtLeastOnce), oldest(QoS::ExactlyOnce)].into_iter().flatten().filter(done).min()?;
        self.messages.remove(at)
    }
}

impl Client {
    /// The application is done with a message: PUBACK or PUBREC goes out as soon as those of all earlier messages have [MQTT-4.6.0-2].
    ///
    /// # Errors
    /// [`ClientError::NothingToAcknowledge`].
    pub fn handle_acknowledge(&mut self, now: Instant, packet_id: PacketId) -> Result<(), ClientError> {
        let waits = |message: &&mut Message| message.packet_id == packet_id && !message.is_done;
        let message = self.unfinished.messages.iter_mut().find(waits).ok_or(ClientError::NothingToAcknowledge)?;
        message.is_done = true;
        let number = message.number;
        self.unfinished.work.retain(|(_, other)| *other != number);
        self.set_work_timer();
        self.acknowledge_what_is_done(now);
        Ok(())
    }

    /// The application has a new message at QoS 0: nothing to acknowledge, but work.
    pub(super) fn took_at_most_once(&mut self, now: Instant) {
        if let Acknowledges::After(time) = self.config.acknowledges {
            self.unfinished.busy_until = self.unfinished.busy_until.max(now) + time;
        }
    }

    /// The application has a new message at QoS 1 or 2.
    pub(super) fn took(&mut self, now: Instant, packet_id: PacketId, qos: QoS) {
        match self.config.acknowledges {
            Acknowledges::AtOnce => self.acknowledge(now, packet_id, qos),
            Acknowledges::WhenTold => {
                self.unfinished.take(packet_id, qos);
            }
            Acknowledges::After(time) => {
                let done = self.unfinished.busy_until.max(now) + time;
                self.unfinished.busy_until = done;
                let number = self.unfinished.take(packet_id, qos);
                self.unfinished.work.push_back((done, number));
                self.set_work_timer();
            }
        }
    }

    /// A QoS 2 message came again: PUBREC, unless the application is still at it.
    pub(super) fn came_again(&mut self, now: Instant, packet_id: PacketId) {
        if self.unfinished.came_again(packet_id) {
            self.acknowledge_what_is_done(now);
        } else {
            self.acknowledge(now, packet_id, QoS::ExactlyOnce);
        }
    }

    fn acknowledge(&mut self, now: Instant, packet_id: PacketId, qos: QoS) {
        let acknowledgement = Acknowledgement::new(packet_id, ReasonCode::Success);
        if qos == QoS::ExactlyOnce {
            self.send(now, &Packet::Pubrec(acknowledgement));
        } else {
            self.inbound.finished(packet_id);
            self.send(now, &Packet::Puback(acknowledgement));
        }
    }

    fn acknowledge_what_is_done(&mut self, now: Instant) {
        while self.state == ClientState::Connected
            && let Some(message) = self.unfinished.next_acknowledged()
        {
            self.acknowledge(now, message.packet_id, message.qos);
        }
    }

    /// The application has finished some of its work.
    pub(super) fn work_done(&mut self, now: Instant) {
        while let Some((_, number)) = self.unfinished.work.pop_front_if(|(at, _)| *at <= now) {
            if let Some(message) = self.unfinished.messages.iter_mut().find(|message| message.number == number) {
                message.is_done = true;
            }
        }
        self.set_work_timer();
        self.acknowledge_what_is_done(now);
    }

    fn set_work_timer(&mut self) {
        match self.unfinished.next_done() {
            Some(at) => self.timers.set(Timer::Work, at),
            None => drop(self.timers.cancel(&Timer::Work)),
        }
    }

    /// The connection is gone, and with it the right to acknowledge what came on it. At QoS 1 the Server sends it again as a new message. At QoS 2 the message stays with
    /// the application, since it must not get it twice; PUBREC follows when it has come again [MQTT-4.3.3-10].
    pub(super) fn leave_unacknowledged(&mut self) {
        let packet_ids: Vec<_> =
            self.unfinished.messages.iter().filter(|message| message.is_here).map(|message| message.packet_id).collect();
        self.unfinished.messages.retain_mut(|message| {
            message.is_here = false;
            message.qos == QoS::ExactlyOnce
        });
        // What waits in the buffer of a connection goes with it.
        let Unfinished { messages, work, busy_until, .. } = &mut self.unfinished;
        work.retain(|(_, number)| messages.iter().any(|message| message.number == *number));
        *busy_until = work.back().map_or(Instant::ZERO, |(at, _)| *at);
        self.set_work_timer();
        if !packet_ids.is_empty() {
            self.emit(ClientEvent::LeftUnacknowledged { packet_ids });
        }
    }

    /// The program is gone and forgets what it had not finished: at QoS 2 it was not accepted then, and comes again as new.
    pub(super) fn forget_unfinished(&mut self) {
        for message in std::mem::take(&mut self.unfinished.messages) {
            self.inbound.finished(message.packet_id);
        }
        self.unfinished.clear();
    }
}
