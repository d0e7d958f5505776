//! The playground: what the page is without a page. Actions go in, a [`Screen`] comes out.

mod action;
mod screen;

pub use action::{Action, LiveInput, Speed};
pub use screen::{BranchRow, ClientRow, FieldRow, LessonScreen, PredictionState, Screen, Selection, TimelineMark, Transport};

use crate::session::Transmit;
use crate::text::Message;

/// Everything behind the page.
#[derive(Debug)]
pub struct Playground {}

impl Playground {
    /// Opens the lesson with this slug, paused at its start.
    ///
    /// # Errors
    /// There is no such lesson.
    pub fn open_lesson(slug: &str) -> Result<Self, Message> {
        let _ = slug;
        todo!()
    }

    /// A client and a real broker: nothing is simulated, `LiveInput` feeds it. `url` is for display only and never carries credentials.
    ///
    /// # Errors
    /// The settings make no legal CONNECT.
    pub fn open_live(config: crate::client::ClientConfig, url: &str) -> Result<Self, Message> {
        let _ = (config, url);
        todo!()
    }

    /// Carries out an action. A mistake leaves everything as it was and says what to do.
    ///
    /// # Errors
    /// The action makes no sense now, in words for the learner.
    pub fn apply(&mut self, action: Action) -> Result<(), Message> {
        let _ = action;
        todo!()
    }

    /// What the page shows now. Parts that did not change are the same `Rc`.
    pub fn screen(&mut self) -> Screen {
        todo!()
    }

    /// What a live client wants done on its WebSocket.
    pub fn poll_live(&mut self) -> Option<Transmit> {
        todo!()
    }

    /// When a live client wants [`LiveInput::Timeout`].
    #[must_use]
    pub fn live_timeout(&self) -> Option<crate::time::Instant> {
        todo!()
    }

    /// The whole current branch as a file: `json`, `pcapng`. Returns its name and content.
    ///
    /// # Errors
    /// No such format.
    pub fn export(&self, format: &str) -> Result<(String, Vec<u8>), Message> {
        let _ = format;
        todo!()
    }
}
