//! Tabs: one stop for the tab key, arrows between them.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

/// One tab.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tab {
    /// Identifies the tab and, with `-panel`, its panel.
    pub(crate) id: &'static str,
    /// Its name.
    pub(crate) name: String,
}

#[derive(Properties, PartialEq)]
pub(crate) struct TabsProps {
    pub(crate) label: String,
    pub(crate) tabs: Vec<Tab>,
    pub(crate) selected: usize,
    pub(crate) onselect: Callback<usize>,
}

/// A row of tabs. The caller draws the panel with `role="tabpanel"`, the id `{id}-panel` and the tab's id as its label.
#[component]
pub(crate) fn Tabs(props: &TabsProps) -> Html {
    let count = props.tabs.len();
    let selected = props.selected;
    let onkeydown = {
        let onselect = props.onselect.clone();
        let ids: Vec<&'static str> = props.tabs.iter().map(|tab| tab.id).collect();
        Callback::from(move |event: KeyboardEvent| {
            let next = match event.key().as_str() {
                "ArrowRight" => (selected + 1) % count,
                "ArrowLeft" => (selected + count - 1) % count,
                "Home" => 0,
                "End" => count - 1,
                _ => return,
            };
            event.prevent_default();
            onselect.emit(next);
            let document = web_sys::window().and_then(|window| window.document());
            let tab = document.zip(ids.get(next)).and_then(|(document, id)| document.get_element_by_id(id));
            if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
                let _ = tab.focus();
            }
        })
    };
    let tab = |(index, tab): (usize, &Tab)| {
        let is_selected = index == selected;
        let onclick = {
            let onselect = props.onselect.clone();
            Callback::from(move |_: MouseEvent| onselect.emit(index))
        };
        html! {
            <button
                key={tab.id}
                type="button"
                role="tab"
                class="tab"
                id={tab.id}
                aria-selected={is_selected.to_string()}
                aria-controls={is_selected.then(|| format!("{}-panel", tab.id))}
                tabindex={if is_selected { "0" } else { "-1" }}
                {onclick}
            >
                { tab.name.clone() }
            </button>
        }
    };
    html! {
        <div class="tabs" role="tablist" aria-label={props.label.clone()} {onkeydown}>
            { for props.tabs.iter().enumerate().map(tab) }
        </div>
    }
}
