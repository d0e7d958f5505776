//! Cutting a path: which way, and who notices.

use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::act_button::ActButton;
use crate::link::{CutDirection, CutNotice};
use crate::playground::Action;
use crate::sim::Command;
use crate::text::{Key, key};
use crate::trace::NodeId;
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct CutControlsProps {
    pub(crate) node: NodeId,
    /// Whether the path is cut.
    pub(crate) cut: bool,
    /// Whether there is a connection that could be reset.
    pub(crate) connected: bool,
}

/// Who notices, its name, and what that means.
const NOTICES: [(CutNotice, Key, Key); 3] = [
    (CutNotice::Client, key::PAGE_NOTICE_CLIENT, key::PAGE_NOTICE_CLIENT_HELP),
    (CutNotice::Nobody, key::PAGE_NOTICE_NOBODY, key::PAGE_NOTICE_NOBODY_HELP),
    (CutNotice::Both, key::PAGE_NOTICE_BOTH, key::PAGE_NOTICE_BOTH_HELP),
];

const DIRECTIONS: [(CutDirection, Key); 3] = [
    (CutDirection::Both, key::PAGE_CUT_BOTH),
    (CutDirection::ToBroker, key::PAGE_CUT_TO_BROKER),
    (CutDirection::ToClient, key::PAGE_CUT_TO_CLIENT),
];

/// The buttons that break a path and mend it, below the choice of who learns of the cut at once.
#[component]
pub(crate) fn CutControls(CutControlsProps { node, cut, connected }: &CutControlsProps) -> Html {
    let ui = use_ui();
    let node = *node;
    let chosen = use_state_eq(|| 0_usize);
    let on_notice = {
        let chosen = chosen.clone();
        Callback::from(move |event: Event| {
            let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
            let index = select.and_then(|select| usize::try_from(select.selected_index()).ok());
            chosen.set(index.filter(|index| *index < NOTICES.len()).unwrap_or(0));
        })
    };
    let (notice, _, help) = NOTICES[*chosen];
    let act = |command: Command| ui.act::<MouseEvent>(Action::Do(command));
    html! {
        <>
            <label class="line"><span>{ ui.text(key::PAGE_NOTICE) }</span>
                <select onchange={on_notice} aria-describedby="cut-notice-help">
                    for (index, (_, name, _)) in NOTICES.iter().enumerate() {
                        <option selected={index == *chosen}>{ ui.text(*name) }</option>
                    }
                </select>
            </label>
            <p class="line-note" id="cut-notice-help">{ ui.text(help) }</p>
            <div class="control-row">
                // What is cut already can be cut another way.
                for (direction, name) in DIRECTIONS {
                    <button type="button" class="button" onclick={act(Command::Cut { client: node, direction, notice })}>{ ui.text(name) }</button>
                }
            </div>
            <div class="control-row">
                <ActButton class="button" enabled={*cut} onclick={act(Command::Restore { client: node })}>{ ui.text(key::PAGE_RESTORE) }</ActButton>
                <ActButton class="button danger" enabled={*connected} onclick={act(Command::Reset { client: node })}>
                    { ui.text(key::PAGE_RESET) }
                </ActButton>
            </div>
        </>
    }
}
