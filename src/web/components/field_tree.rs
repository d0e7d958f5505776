//! The fields of a packet as a tree: one stop for the tab key, arrows between the fields.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

use crate::playground::{Action, Selection};
use crate::text::key;
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct FieldTreeProps {
    pub(crate) selection: Rc<Selection>,
    /// The field that is marked.
    pub(crate) shown: Option<usize>,
    pub(crate) onhover: Callback<Option<usize>>,
}

/// Classes for the levels, as the content security policy allows no computed styles in attributes.
const DEPTHS: [&str; 6] = ["depth-0", "depth-1", "depth-2", "depth-3", "depth-4", "depth-5"];

/// The tree, always wholly open: a packet has few fields, and seeing them together is the point.
#[component]
pub(crate) fn FieldTree(FieldTreeProps { selection, shown, onhover }: &FieldTreeProps) -> Html {
    let ui = use_ui();
    let current = selection.field.unwrap_or(0);
    let count = selection.fields.len();
    let onkeydown = {
        let ui = ui.clone();
        let has_field = selection.field.is_some();
        Callback::from(move |event: KeyboardEvent| {
            let next = match event.key().as_str() {
                "ArrowDown" if has_field => (current + 1).min(count.saturating_sub(1)),
                "ArrowDown" => current,
                "ArrowUp" => current.saturating_sub(1),
                "Home" => 0,
                "End" => count.saturating_sub(1),
                "Enter" | " " => current,
                _ => return,
            };
            event.prevent_default();
            ui.say(Msg::Act(Action::SelectField(Some(next))));
            let document = web_sys::window().and_then(|window| window.document());
            let item = document.and_then(|document| document.get_element_by_id(&format!("field-{next}")));
            if let Some(item) = item.and_then(|item| item.dyn_into::<HtmlElement>().ok()) {
                let _ = item.focus();
            }
        })
    };
    let row = |(index, row): (usize, &crate::playground::FieldRow)| {
        let field = &row.field;
        let depth = DEPTHS.get(usize::from(field.depth)).unwrap_or(&"depth-5");
        let hover = {
            let onhover = onhover.clone();
            Callback::from(move |_: MouseEvent| onhover.emit(Some(index)))
        };
        html! {
            <div
                key={index}
                id={format!("field-{index}")}
                role="treeitem"
                class={classes!("field", *depth, field.is_group.then_some("group"), (*shown == Some(index)).then_some("shown"))}
                aria-level={(u32::from(field.depth) + 1).to_string()}
                aria-selected={(selection.field == Some(index)).to_string()}
                aria-expanded={field.is_group.then_some("true")}
                tabindex={if index == current { "0" } else { "-1" }}
                onclick={ui.act(Action::SelectField(Some(index)))}
                onmouseover={hover}
            >
                <span class="field-name">{ field.name }</span>
                <span class="field-value">{ field.value.clone() }</span>
            </div>
        }
    };
    let leave = {
        let onhover = onhover.clone();
        Callback::from(move |_: MouseEvent| onhover.emit(None))
    };
    html! {
        <div class="fields" role="tree" aria-label={ui.text(key::PAGE_FIELDS)} {onkeydown} onmouseleave={leave}>
            { for selection.fields.iter().enumerate().map(row) }
        </div>
    }
}
