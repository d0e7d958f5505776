//! Keep Alive (5.0 §3.1.2.10): a client that has nothing else to send sends PINGREQ, and expects PINGRESP.

use crate::client::{Client, ClientState, Timer};
use crate::packet::Packet;
use crate::time::{Duration, Instant};

impl Client {
    /// A packet was sent: the next PINGREQ is due one Keep Alive later [MQTT-3.1.2-20].
    pub(super) fn packet_sent(&mut self, now: Instant) {
        self.connection.last_sent = now;
        let keep_alive = self.connection.keep_alive;
        if self.config.sends_pings && keep_alive > Duration::ZERO && self.state == ClientState::Connected {
            self.timers.set(Timer::Pingreq, now + keep_alive);
        }
    }

    /// Sends PINGREQ. MQTT leaves open how long to wait for the PINGRESP; here it is one more Keep Alive, as common libraries do.
    pub(super) fn ping(&mut self, now: Instant) {
        if !self.connection.awaits_pingresp {
            self.connection.awaits_pingresp = true;
            self.timers.set(Timer::Pingresp, now + self.connection.keep_alive);
        }
        self.send(now, &Packet::Pingreq);
    }

    /// PINGRESP came: whether one was expected.
    pub(super) fn pingresp_received(&mut self) -> bool {
        self.timers.cancel(&Timer::Pingresp);
        std::mem::take(&mut self.connection.awaits_pingresp)
    }
}
