//! The keys that work anywhere on the page.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::prelude::*;

use crate::playground::Action;
use crate::sim::Stride;
use crate::web::i18n::Ui;
use crate::web::state::Msg;

/// What a key press is about.
struct Press {
    key: String,
    shift: bool,
}

/// Listens for the shortcuts. `playing` and `help` are what the toggles turn round.
#[hook]
pub(crate) fn use_shortcuts(ui: &Ui, active: bool, playing: bool, help: bool) {
    let dispatch = ui.dispatch.clone();
    use_effect_with((active, playing, help), move |&(active, playing, help)| {
        let listener = web_sys::window().and_then(|window| window.document()).map(|document| {
            EventListener::new_with_options(&document, "keydown", EventListenerOptions::enable_prevent_default(), move |event| {
                let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
                let Some(msg) = press(event).and_then(|press| meaning(&press, active, playing, help)) else { return };
                event.prevent_default();
                dispatch.emit(msg);
            })
        });
        move || drop(listener)
    });
}

/// The press, if it is meant for the page rather than for what has the focus.
fn press(event: &KeyboardEvent) -> Option<Press> {
    // While an input method composes Hangul, keys belong to it; browsers tell in one of two ways.
    let composing = event.is_composing() || event.key_code() == 229;
    if composing || event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    let key = event.key();
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    if key != "Escape"
        && let Some(target) = target
    {
        let taken_by = match key.as_str() {
            " " => {
                "input:not([type=range]), textarea, select, button, a, summary, [role=button], [role=tab], [role=treeitem], [role=option], dialog"
            }
            "?" => "input:not([type=range], [type=radio], [type=checkbox]), textarea, select",
            _ => "input:not([type=range]), textarea, select, [role=tablist], [role=tree], [role=grid], [role=listbox], [role=menu], dialog",
        };
        if target.closest(taken_by).ok().flatten().is_some() {
            return None;
        }
    }
    Some(Press { key, shift: event.shift_key() })
}

fn meaning(press: &Press, active: bool, playing: bool, help: bool) -> Option<Msg> {
    let stride = if press.shift { Stride::Record } else { Stride::Packet };
    let action = match press.key.as_str() {
        "?" => return Some(Msg::Help(!help)),
        _ if help || !active => return None,
        " " if playing => Action::Pause,
        " " => Action::Play,
        "ArrowRight" => Action::StepForward(stride),
        "ArrowLeft" => Action::StepBack(stride),
        "Home" => Action::ToStart,
        "End" => Action::ToEnd,
        "Escape" => Action::Select(None),
        _ => return None,
    };
    Some(Msg::Act(action))
}
