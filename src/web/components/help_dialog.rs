//! The list of keys.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::icon::{Glyph, Icon};
use crate::text::key;
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

/// The dialog. While it is open the focus stays in it, and returns where it was when it closes.
#[component]
pub(crate) fn HelpDialog() -> Html {
    let ui = use_ui();
    let close_button = use_node_ref();
    {
        let close_button = close_button.clone();
        use_effect_with((), move |()| {
            let before = web_sys::window()
                .and_then(|window| window.document())
                .and_then(|document| document.active_element())
                .and_then(|element| element.dyn_into::<HtmlElement>().ok());
            if let Some(button) = close_button.cast::<HtmlElement>() {
                let _ = button.focus();
            }
            move || {
                if let Some(before) = before {
                    let _ = before.focus();
                }
            }
        });
    }
    let close = ui.on(|| Msg::Help(false));
    let onkeydown = {
        let ui = ui.clone();
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            "Escape" => {
                event.prevent_default();
                ui.say(Msg::Help(false));
            }
            // The close button is the only stop inside.
            "Tab" => event.prevent_default(),
            _ => {}
        })
    };
    let rows = [
        ("Space", key::PAGE_KEYS_PLAY),
        ("→", key::PAGE_KEYS_FORWARD),
        ("←", key::PAGE_KEYS_BACK),
        ("Shift + ← →", key::PAGE_KEYS_RECORD),
        ("Home", key::PAGE_KEYS_START),
        ("End", key::PAGE_KEYS_END),
        ("↑ ↓", key::PAGE_KEYS_ROWS),
        ("Esc", key::PAGE_KEYS_ESCAPE),
        ("?", key::PAGE_KEYS_HELP),
    ];
    html! {
        <div class="veil" onclick={close.clone()}>
            <div
                class="dialog"
                role="dialog"
                aria-modal="true"
                aria-labelledby="help-title"
                onclick={Callback::from(|event: MouseEvent| event.stop_propagation())}
                {onkeydown}
            >
                <div class="dialog-head">
                    <h2 id="help-title">{ ui.text(key::PAGE_KEYS_TITLE) }</h2>
                    <button ref={close_button} class="icon-button" type="button" aria-label={ui.text(key::PAGE_CLOSE)} onclick={close}>
                        <Icon glyph={Glyph::Cross} />
                    </button>
                </div>
                <dl class="keys">
                    for (keys, meaning) in rows {
                        <dt><kbd>{ keys }</kbd></dt>
                        <dd>{ ui.text(meaning) }</dd>
                    }
                </dl>
                <p class="quiet">{ ui.text(key::PAGE_KEYS_NOTE) }</p>
            </div>
        </div>
    }
}
