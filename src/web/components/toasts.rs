//! Short notices: a mistake, and what to do about it.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use super::icon::{Glyph, Icon};
use crate::text::key;
use crate::web::i18n::use_ui;
use crate::web::state::{Msg, Toast};

/// Long enough to read twice.
const SHOWN_MS: u32 = 9_000;

#[derive(Properties, PartialEq)]
pub(crate) struct ToastsProps {
    pub(crate) toasts: Rc<Vec<Toast>>,
}

/// The notices, the newest last. The region is there before its content, as screen readers need it.
#[component]
pub(crate) fn Toasts(ToastsProps { toasts }: &ToastsProps) -> Html {
    let ui = use_ui();
    html! {
        <div class="toasts" role="status">
            for toast in toasts.iter().cloned() {
                <ToastCard key={toast.id} text={ui.render(&toast.message)} id={toast.id} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ToastCardProps {
    id: u32,
    text: String,
}

#[component]
fn ToastCard(ToastCardProps { id, text }: &ToastCardProps) -> Html {
    let ui = use_ui();
    let id = *id;
    {
        let ui = ui.clone();
        use_effect_with(id, move |&id| {
            let timeout = Timeout::new(SHOWN_MS, move || ui.say(Msg::Dismiss(id)));
            move || drop(timeout)
        });
    }
    html! {
        <div class="toast">
            <span>{ text.clone() }</span>
            <button class="icon-button" type="button" aria-label={ui.text(key::PAGE_CLOSE)} onclick={ui.on(move || Msg::Dismiss(id))}>
                <Icon glyph={Glyph::Cross} />
            </button>
        </div>
    }
}
