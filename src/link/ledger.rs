//! The units that one side wrote, and what became of their bytes.

use std::collections::VecDeque;

use super::{LinkEvent, LossReason, Side, UnitNumber, Verdict};

#[derive(Clone, Debug, Hash)]
struct Unit {
    number: UnitNumber,
    /// Bytes written up to and with this unit.
    end: u64,
    verdict: Verdict,
}

/// Every unit has one fate: it arrives or it is lost. Units are settled in the order in which they were written.
///
/// Positions count payload bytes from 0; the sequence number of the byte at position `p` is `p + 1`.
#[derive(Clone, Debug, Hash)]
pub(super) struct Ledger {
    from: Side,
    /// The units without a fate yet.
    open: VecDeque<Unit>,
    /// Number of the next write.
    next: u64,
    written: u64,
    delivered: u64,
    lost: u64,
    /// Bytes written after this side's end; they have no position.
    refused: u64,
    /// Why segments of this direction were lost last.
    pub(super) last_loss: LossReason,
}

impl Ledger {
    pub(super) const fn new(from: Side) -> Self {
        Self { from, open: VecDeque::new(), next: 0, written: 0, delivered: 0, lost: 0, refused: 0, last_loss: LossReason::NoConnection }
    }

    /// Notes a write of `len` bytes.
    pub(super) fn write(&mut self, len: u64, verdict: Verdict) -> UnitNumber {
        let number = self.take_number();
        self.written = self.written.saturating_add(len);
        self.open.push_back(Unit { number, end: self.written, verdict });
        number
    }

    /// Notes a write of `len` bytes that this side, having ended, will never send.
    pub(super) fn refuse(&mut self, len: u64, events: &mut VecDeque<LinkEvent>) -> UnitNumber {
        let unit = self.take_number();
        self.refused = self.refused.saturating_add(len);
        events.push_back(LinkEvent::UnitLost { from: self.from, unit, reason: LossReason::NeverSent });
        unit
    }

    const fn take_number(&mut self) -> UnitNumber {
        let number = UnitNumber(self.next);
        self.next = self.next.saturating_add(1);
        number
    }

    /// The verdict that forbids the delivery of bytes up to `position`, if there is one. It is used up.
    ///
    /// The sender lets no other unit share a segment with such a unit, so that only the next unit can be concerned.
    pub(super) fn take_verdict_before(&mut self, position: u64) -> Option<(UnitNumber, Verdict)> {
        let unit = self.open.front_mut()?;
        let before = matches!(unit.verdict, Verdict::CutBeforeDelivery { .. } | Verdict::ResetBeforeDelivery);
        (before && unit.end <= position).then(|| (unit.number, std::mem::take(&mut unit.verdict)))
    }

    /// The receiver's application was handed the next `len` bytes. Gives the verdict of a unit after which something is to happen.
    pub(super) fn deliver(&mut self, len: u64, events: &mut VecDeque<LinkEvent>) -> Option<(UnitNumber, Verdict)> {
        self.delivered = self.delivered.saturating_add(len);
        let mut after = None;
        while let Some(unit) = self.open.pop_front_if(|unit| unit.end <= self.delivered) {
            events.push_back(LinkEvent::UnitArrived { from: self.from, unit: unit.number });
            if matches!(unit.verdict, Verdict::CutAfterDelivery { .. } | Verdict::ResetAfterDelivery | Verdict::DuplicateConnection) {
                after = Some((unit.number, unit.verdict));
            }
        }
        after
    }

    /// The bytes up to `position` that were not delivered never will be.
    pub(super) fn lose_up_to(&mut self, position: u64, reason: LossReason, events: &mut VecDeque<LinkEvent>) {
        while let Some(unit) = self.open.pop_front_if(|unit| unit.end <= position) {
            let settled = self.delivered.saturating_add(self.lost);
            self.lost = self.lost.saturating_add(unit.end.saturating_sub(settled));
            events.push_back(LinkEvent::UnitLost { from: self.from, unit: unit.number, reason });
        }
    }

    /// Nothing more will be delivered. Bytes from position `sent` on were never sent.
    pub(super) fn lose_all(&mut self, sent: u64, events: &mut VecDeque<LinkEvent>) {
        self.lose_up_to(sent, self.last_loss, events);
        self.lose_up_to(self.written, LossReason::NeverSent, events);
    }

    /// Whether all units have their fate.
    pub(super) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// (delivered, lost, pending) bytes.
    pub(super) const fn account(&self) -> (u64, u64, u64) {
        let pending = self.written.saturating_sub(self.delivered).saturating_sub(self.lost);
        (self.delivered, self.lost.saturating_add(self.refused), pending)
    }
}
