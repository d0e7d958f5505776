//! The transport bar: time as something one can hold.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::act_button::ActButton;
use super::icon::{Glyph, Icon};
use super::timeline::Timeline;
use crate::playground::{Action, Speed, Transport};
use crate::sim::{BranchId, Stride};
use crate::text::{Key, key};
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct TransportBarProps {
    pub(crate) transport: Rc<Transport>,
    /// A real broker has one speed.
    pub(crate) live: bool,
}

/// `0.5×`, `10×`.
fn times(speed: Speed) -> String {
    if speed.0.is_multiple_of(10) { format!("{}×", speed.0 / 10) } else { format!("{}.{}×", speed.0 / 10, speed.0 % 10) }
}

/// The number that was picked in a list.
fn picked(event: &Event) -> Option<u32> {
    event.target()?.dyn_into::<HtmlSelectElement>().ok()?.value().parse().ok()
}

/// The bar.
#[component]
pub(crate) fn TransportBar(TransportBarProps { transport, live }: &TransportBarProps) -> Html {
    let ui = use_ui();
    let button = |glyph: Glyph, name: Key, class: &'static str, enabled: bool, action: Action| {
        html! {
            <ActButton class={classes!("transport-button", class)} name={ui.text(name)} {enabled} onclick={ui.act(action)}><Icon {glyph} /></ActButton>
        }
    };
    let play = if transport.playing {
        button(Glyph::Pause, key::PAGE_PAUSE, "play", true, Action::Pause)
    } else {
        button(Glyph::Play, key::PAGE_PLAY, "play", *live || transport.can_step_forward || transport.at < transport.end, Action::Play)
    };
    let on_speed = {
        let ui = ui.clone();
        Callback::from(move |event: Event| picked(&event).into_iter().for_each(|speed| ui.say(Msg::Act(Action::SetSpeed(Speed(speed))))))
    };
    let on_branch = {
        let ui = ui.clone();
        Callback::from(move |event: Event| picked(&event).into_iter().for_each(|id| ui.say(Msg::Act(Action::SwitchBranch(BranchId(id))))))
    };
    html! {
        <div class={classes!("transport", transport.busy.then_some("busy"))} role="group" aria-label={ui.text(key::PAGE_TRANSPORT)}>
            <span class="unseen" role="status">if transport.busy { { ui.text(key::PAGE_BUSY) } }</span>
            { button(Glyph::ToStart, key::PAGE_TO_START, "to-start", transport.can_step_back, Action::ToStart) }
            { button(Glyph::StepBack, key::PAGE_BACK, "", transport.can_step_back, Action::StepBack(Stride::Packet)) }
            { play }
            { button(Glyph::StepForward, key::PAGE_FORWARD, "", transport.can_step_forward, Action::StepForward(Stride::Packet)) }
            if !live {
                { button(Glyph::ToEnd, key::PAGE_TO_END, "to-end", transport.at < transport.end, Action::ToEnd) }
            }
            <output class="clock" aria-label={ui.text(key::PAGE_CLOCK)} aria-live="off">{ transport.at.to_string() }<small>{ " s" }</small></output>
            <Timeline transport={transport.clone()} />
            if !live {
            <label class="pick">
                <span class="unseen">{ ui.text(key::PAGE_SPEED) }</span>
                <select onchange={on_speed} title={ui.text(key::PAGE_SPEED)}>
                    for speed in Speed::CHOICES {
                        <option value={speed.0.to_string()} selected={speed == transport.speed}>{ times(speed) }</option>
                    }
                </select>
            </label>
            }
            if transport.branches.len() > 1 {
                <label class="pick pick-branch">
                    <span class="unseen">{ ui.text(key::PAGE_BRANCH) }</span>
                    <select onchange={on_branch} title={ui.text(key::PAGE_BRANCH)}>
                        for branch in transport.branches.iter() {
                            <option value={branch.id.0.to_string()} selected={branch.id == transport.branch}>{ ui.render(&branch.name) }</option>
                        }
                    </select>
                </label>
            }
            if let Some(seed) = transport.seed {
                <span class="seed">{ ui.render(&key::PAGE_SEED.with("seed", seed.to_string())) }</span>
            }
        </div>
    }
}
