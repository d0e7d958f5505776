//! One call for each frame of the screen, while something plays.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::render::{AnimationFrame, request_animation_frame};
use yew::prelude::*;

use crate::time::Duration;

/// Longer gaps between frames, as after a hidden tab, count as this many milliseconds: time in the playground waits for its viewer.
const LONGEST: f64 = 100.0;

/// Calls `tick` with the real time since the last frame, while `running`.
#[hook]
pub(crate) fn use_frames(running: bool, tick: Callback<Duration>) {
    use_effect_with(running, move |&running| {
        let slot: Rc<RefCell<Option<AnimationFrame>>> = Rc::default();
        if running {
            request(slot.clone(), None, tick);
        }
        move || drop(slot.take())
    });
}

fn request(slot: Rc<RefCell<Option<AnimationFrame>>>, last: Option<f64>, tick: Callback<Duration>) {
    let inner = slot.clone();
    let frame = request_animation_frame(move |now| {
        // The slot is empty once the effect has ended; then this frame is the last that was already on its way.
        if inner.borrow_mut().take().is_none() {
            return;
        }
        request(inner.clone(), Some(now), tick.clone());
        if let Some(last) = last {
            let elapsed = (now - last).clamp(0.0, LONGEST);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100,000")]
            tick.emit(Duration::from_micros((elapsed * 1_000.0) as u64));
        }
    });
    slot.replace(Some(frame));
}
