//! What a side does when a timer of its TCP strikes.

use bytes::Bytes;

use super::{Application, DATA_RETRIES, Endpoint, Expiry, Outlet, Phase, SYN_ACK_RETRIES, SYN_RETRIES};
use crate::link::path::Extra;
use crate::link::rto;
use crate::time::Instant;

impl Endpoint {
    pub(in crate::link) fn next_timer(&self) -> Option<Instant> {
        [self.ack_at, self.rto_at, self.fin_wait_at, self.probe_at].into_iter().flatten().min()
    }

    /// Carries out the first timer that is due.
    pub(in crate::link) fn handle_timer(&mut self, outlet: &mut Outlet<'_>) -> Expiry {
        let due = |timer: Option<Instant>| timer.is_some_and(|at| at <= outlet.now);
        if due(self.ack_at) {
            self.send_ack(outlet);
        } else if due(self.rto_at) {
            return self.handle_retransmission_timer(outlet);
        } else if due(self.fin_wait_at) {
            self.fin_wait_at = None;
            return Expiry::WaitedForFin;
        } else if due(self.probe_at) {
            return self.probe(outlet);
        }
        Expiry::GoesOn
    }

    /// Asks whether there is room again, with a segment that was acknowledged long ago.
    fn probe(&mut self, outlet: &mut Outlet<'_>) -> Expiry {
        if self.unanswered_probes >= DATA_RETRIES {
            self.probe_at = None;
            return Expiry::GaveUp;
        }
        self.unanswered_probes = self.unanswered_probes.saturating_add(1);
        self.probe_wait = self.probe_wait.scale(2, 1).min(rto::MAXIMUM);
        self.probe_at = Some(outlet.now + self.probe_wait);
        self.acknowledged_now();
        outlet.send(self.header(self.snd_nxt.saturating_sub(1), Bytes::new()), 0, Extra::Nothing);
        Expiry::GoesOn
    }

    /// The application stops or begins to take what arrives. What waits has to be handed on by the caller.
    pub(in crate::link) fn set_takes(&mut self, takes: bool, outlet: &mut Outlet<'_>) {
        self.takes = takes;
        let was_narrow = self.untaken > 0;
        if takes && was_narrow {
            self.untaken = 0;
            if self.phase == Phase::Established {
                self.send_ack(outlet);
            }
        }
    }

    fn handle_retransmission_timer(&mut self, outlet: &mut Outlet<'_>) -> Expiry {
        let retries = match self.phase {
            Phase::SynSent => SYN_RETRIES,
            Phase::SynReceived => SYN_ACK_RETRIES,
            _ => DATA_RETRIES,
        };
        if self.outstanding.front().is_none_or(|oldest| oldest.attempt >= retries) {
            self.rto_at = None;
            if self.phase == Phase::SynReceived {
                let unsent = std::mem::take(&mut self.unsent);
                *self = Self { unsent, segment_size: self.segment_size, ..Self::new(Phase::Listen, Application::Unaware, self.costs) };
                return Expiry::GoesOn;
            }
            return Expiry::GaveUp;
        }
        self.recover = self.snd_nxt;
        self.back_off(outlet.now);
        self.retransmit_oldest(outlet);
        Expiry::GoesOn
    }

    pub(super) fn back_off(&mut self, now: Instant) {
        self.rto.back_off();
        self.rto_at = Some(now + self.rto.rto());
    }
}
