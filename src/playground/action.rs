//! What a learner can do.

use bytes::Bytes;

use super::Until;
use crate::sim::{BranchId, Command, Stride};
use crate::time::{Duration, Instant};
use crate::trace::RecordId;

/// Simulated time per real time, in tenths: 10 is real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(pub u32);

impl Speed {
    /// Real time.
    pub const NORMAL: Self = Self(10);
    /// What the speed control offers: 0.1× to 1000×.
    pub const CHOICES: [Self; 9] = [Self(1), Self(2), Self(5), Self(10), Self(20), Self(50), Self(100), Self(1_000), Self(10_000)];
}

/// One act of the learner, or the passing of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Let time run.
    Play,
    /// Stop it.
    Pause,
    /// Real time has passed since the last tick. Moves the cursor while playing.
    Tick {
        /// How much.
        elapsed: Duration,
    },
    /// Set the speed.
    SetSpeed(Speed),
    /// One step on; pauses.
    StepForward(Stride),
    /// One step back; pauses.
    StepBack(Stride),
    /// To the start; pauses.
    ToStart,
    /// To the end of the lesson's run.
    ToEnd,
    /// To a time; pauses.
    Seek(Instant),
    /// Right behind a record; pauses.
    SeekRecord(RecordId),
    /// Run on until something happens, at most to the end of the lesson; from there on once more as long.
    RunUntil(Until),
    /// Do something in the world, at the cursor. In the past this makes a branch.
    Do(Command),
    /// Go to another branch.
    SwitchBranch(BranchId),
    /// Give a branch a name; an empty one takes it away.
    NameBranch {
        /// Which.
        branch: BranchId,
        /// The name; what is longer than [`Action::NAME_CHARACTERS`] is cut.
        name: String,
    },
    /// Show or leave the comparison of two branches. The newest branch is compared with the one that it left, until [`Action::Compare`] names others.
    ShowComparison(bool),
    /// Compare these two branches.
    Compare(BranchId, BranchId),
    /// Select the packet with this record, everywhere.
    Select(Option<RecordId>),
    /// Select a field of the selected packet, by its index in the dissection.
    SelectField(Option<usize>),
    /// Select the packet that the lesson's text calls by this index; moves the cursor behind it if it lies ahead.
    SelectNamed(usize),
    /// Turn to a step of the lesson's text.
    TurnToStep(usize),
    /// Answer a prediction.
    Predict {
        /// Index of the prediction.
        prediction: usize,
        /// Index of the option.
        option: usize,
    },
    /// Judge the goals now (they are also judged as the cursor moves).
    Check,
    /// Show one more hint.
    RevealHint,
    /// Start anew and play the stored solution.
    ShowSolution,
    /// Start anew.
    Restart,
    /// Something happened on a live connection.
    Live(LiveInput),
}

impl Action {
    /// Characters of a branch's name.
    pub const NAME_CHARACTERS: usize = 40;
}

/// Something happened on a live connection. `now` is the time since it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveInput {
    /// The WebSocket is open.
    Opened {
        /// Now.
        now: Instant,
    },
    /// Bytes came.
    Bytes {
        /// Now.
        now: Instant,
        /// The bytes.
        bytes: Bytes,
    },
    /// The WebSocket closed or failed.
    Closed {
        /// Now.
        now: Instant,
    },
    /// [`super::Playground::live_timeout`] has come.
    Timeout {
        /// Now.
        now: Instant,
    },
}
