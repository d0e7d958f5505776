//! Pure folds of the trace into what the page shows. No user interface here.

mod compare;
mod conformance;
mod narrator;
mod packets;
mod sequence;
mod sessions;
mod settings;
mod stage;

pub use compare::{ComparedRow, ComparedSide, Comparison, Contrast, Happening};
pub use conformance::{Bound, Shown, Statement, Words, statements};
pub use narrator::{Narrator, denied_words, drop_words, end_words};
pub use packets::{Fate, PacketList, PacketRow, Summary, text_of};
pub use sequence::{Mark, MarkKind, Sequence, SequenceItem};
pub use sessions::{Aliases, BrokerSession, ClientSession, InFlight, Quota, RetainedRow, SessionReport, SharedRow, SubscriptionRow};
pub use settings::SettingRow;
pub use stage::{Flight, PathStatus, Stage, StageFold, StageNode, StagePath, state_words};
