//! A panic never loses work. A WebAssembly module that panicked cannot go on; so the hook says what happened in plain DOM, keeps the
//! learner's commands, and offers to start again. Starting again replays them.

use std::cell::{Cell, RefCell};

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element};

use super::route::Place;
use crate::playground::{Action, Playground};
use crate::sim::{BranchId, Command};
use crate::text::{Key, Language, key};
use crate::time::{Duration, Instant};
use crate::trace::RecordId;

const STORED: &str = "mqtt-playground.recovery";
/// More acts than this are not kept; a lesson needs a handful.
const LIMIT: usize = 2_000;
/// A run that does not get to a time in this many slices has met a limit.
const SLICES: usize = 500;

/// What happened in this visit that a replay needs.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Log {
    slug: Option<String>,
    acts: Vec<(usize, Instant, Act)>,
    /// Where the page was looking last.
    records: usize,
    at: Instant,
}

#[derive(Debug, Serialize, Deserialize)]
enum Act {
    Do { command: Box<Command>, ahead: Option<Instant> },
    Switch(u32),
    Solution,
    Step(usize),
    Predict(usize, usize),
    Hint,
}

thread_local! {
    static LOG: RefCell<Log> = RefCell::default();
    /// A log whose replay panics is not kept, or starting again would never end.
    static REPLAYING: Cell<bool> = const { Cell::new(false) };
}

/// Starts a new log for what is opened.
pub(crate) fn begin(place: &Place) {
    let slug = match place {
        Place::Lesson(slug) => Some(slug.clone()),
        Place::List | Place::Live | Place::Conformance => None,
    };
    LOG.set(Log { slug, ..Log::default() });
}

/// Where the cursor stood when the learner did something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    pub(crate) records: usize,
    pub(crate) at: Instant,
    /// How far the run was computed, if the cursor stood in its past: there a command makes a branch.
    pub(crate) ahead: Option<Instant>,
}

/// Notes an act that the playground has carried out, and where the cursor stood before and after it.
pub(crate) fn note(action: &Action, Stand { records, at, ahead }: Stand, after: (usize, Instant)) {
    LOG.with_borrow_mut(|log| {
        (log.records, log.at) = after;
        let act = match action {
            Action::Do(command) => Act::Do { command: Box::new(command.clone()), ahead },
            Action::SwitchBranch(BranchId(branch)) => Act::Switch(*branch),
            Action::ShowSolution => Act::Solution,
            Action::TurnToStep(step) => Act::Step(*step),
            Action::Predict { prediction, option } => Act::Predict(*prediction, *option),
            Action::RevealHint => Act::Hint,
            Action::Restart => {
                log.acts.clear();
                return;
            }
            _ => return,
        };
        if matches!(act, Act::Solution) {
            log.acts.clear();
        }
        if log.acts.len() < LIMIT {
            log.acts.push((records, at, act));
        }
    });
}

/// Plays what a panic interrupted, if that was this lesson. Returns whether there was something.
pub(crate) fn replay(slug: &str, playground: &mut Playground) -> bool {
    let Some(log) = take_stored().filter(|log| log.slug.as_deref() == Some(slug)) else { return false };
    REPLAYING.set(true);
    for (records, at, act) in log.acts {
        let mut stand = Stand { records, at, ahead: None };
        let action = match act {
            Act::Do { command, ahead } => {
                stand.ahead = ahead;
                if let Some(head) = ahead {
                    compute(playground, head);
                }
                seek(playground, records, at);
                Action::Do(*command)
            }
            Act::Switch(branch) => Action::SwitchBranch(BranchId(branch)),
            Act::Solution => Action::ShowSolution,
            Act::Step(step) => Action::TurnToStep(step),
            Act::Predict(prediction, option) => Action::Predict { prediction, option },
            Act::Hint => Action::RevealHint,
        };
        if playground.apply(action.clone()).is_ok() {
            note(&action, stand, (records, at));
        }
    }
    seek(playground, log.records, log.at);
    REPLAYING.set(false);
    true
}

fn compute(playground: &mut Playground, at: Instant) {
    for slice in 0..SLICES {
        let action = if slice == 0 { Action::Seek(at) } else { Action::Tick { elapsed: Duration::ZERO } };
        if playground.apply(action).is_err() || !playground.screen().transport.busy {
            break;
        }
    }
}

fn seek(playground: &mut Playground, records: usize, at: Instant) {
    compute(playground, at);
    if playground.screen().transport.records != records {
        let action = match records.checked_sub(1).and_then(|last| u32::try_from(last).ok()) {
            Some(last) => Action::SeekRecord(RecordId(last)),
            None => Action::ToStart,
        };
        let _ = playground.apply(action);
    }
}

/// Makes a panic visible.
pub(crate) fn install() {
    // Yew sets a hook of its own unless it is given one.
    yew::set_custom_panic_hook(Box::new(|info| {
        web_sys::console::error_1(&JsValue::from_str(&info.to_string()));
        // In the middle of a borrow the log cannot be read; then the lesson starts from its beginning.
        LOG.with(|log| {
            if let Ok(log) = log.try_borrow()
                && !REPLAYING.get()
            {
                store(&log);
            }
        });
        let _ = show(&info.to_string());
    }));
}

fn store(log: &Log) {
    let (Some(window), Ok(text)) = (web_sys::window(), serde_json::to_string(log)) else { return };
    let stored = window.session_storage().ok().flatten().is_some_and(|storage| storage.set_item(STORED, &text).is_ok());
    if !stored {
        // A sandboxed frame has no storage, but its entry in the session history outlives a reload.
        if let Ok(history) = window.history() {
            let _ = history.replace_state(&JsValue::from_str(&text), "");
        }
    }
}

fn take_stored() -> Option<Log> {
    let window = web_sys::window()?;
    let storage = window.session_storage().ok().flatten();
    let text = match storage.as_ref().and_then(|storage| storage.get_item(STORED).ok().flatten()) {
        Some(text) => text,
        None => window.history().ok()?.state().ok()?.as_string()?,
    };
    if let Some(storage) = storage {
        let _ = storage.remove_item(STORED);
    }
    if let Ok(history) = window.history() {
        let _ = history.replace_state(&JsValue::NULL, "");
    }
    serde_json::from_str(&text).ok()
}

/// Builds the notice by hand: the components are dead.
fn show(reason: &str) -> Result<(), JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let document = window.document().ok_or(JsValue::NULL)?;
    if document.get_element_by_id("crash").is_some() {
        return Ok(());
    }
    let language =
        document.document_element().and_then(|root| root.get_attribute("lang")).as_deref().and_then(Language::from_tag).unwrap_or_default();
    let notice = element(&document, "div", "crash", None)?;
    notice.set_id("crash");
    notice.set_attribute("role", "alertdialog")?;
    notice.set_attribute("aria-labelledby", "crash-title")?;
    let card = element(&document, "div", "crash-card", None)?;
    let text = |key: Key| language.text(key);
    let title = element(&document, "h1", "", Some(&text(key::PAGE_CRASH_TITLE)))?;
    title.set_id("crash-title");
    card.append_child(&title)?;
    let explanation = element(&document, "p", "", Some(&text(key::PAGE_CRASH_TEXT)))?;
    card.append_child(&explanation)?;
    let button = element(&document, "button", "button primary", Some(&text(key::PAGE_CRASH_RESTART)))?;
    let restart = Closure::<dyn Fn()>::new(move || {
        let _ = window.location().reload();
    });
    button.add_event_listener_with_callback("click", restart.as_ref().unchecked_ref())?;
    restart.forget();
    card.append_child(&button)?;
    let details = element(&document, "pre", "", Some(reason))?;
    card.append_child(&details)?;
    notice.append_child(&card)?;
    if let Some(app) = document.get_element_by_id("app") {
        app.set_attribute("inert", "")?;
    }
    document.body().ok_or(JsValue::NULL)?.append_child(&notice)?;
    button.unchecked_into::<web_sys::HtmlElement>().focus()
}

fn element(document: &Document, tag: &str, class: &str, text: Option<&str>) -> Result<Element, JsValue> {
    let element = document.create_element(tag)?;
    element.set_class_name(class);
    element.set_text_content(text);
    Ok(element)
}
