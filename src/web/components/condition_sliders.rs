//! Conditions of a path: delay, jitter, loss, rate.

use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::link::Conditions;
use crate::playground::Action;
use crate::ratio::Ratio;
use crate::sim::Command;
use crate::text::{Key, key};
use crate::time::Duration;
use crate::trace::NodeId;
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct ConditionSlidersProps {
    pub(crate) node: NodeId,
    pub(crate) conditions: Conditions,
}

/// Bytes per second that can be picked; nothing is no limit.
const RATES: [Option<u64>; 5] = [None, Some(100_000), Some(10_000), Some(1_000), Some(100)];

fn number(event: &Event) -> Option<u64> {
    event.target()?.dyn_into::<HtmlInputElement>().ok()?.value().parse().ok()
}

/// The sliders. A change counts when the slider is let go, so that dragging it makes one command.
#[component]
pub(crate) fn ConditionSliders(ConditionSlidersProps { node, conditions }: &ConditionSlidersProps) -> Html {
    let ui = use_ui();
    let (node, now) = (*node, *conditions);
    let slider =
        |id: &'static str, name: Key, value: u64, max: u64, step: u64, unit: &'static str, change: fn(Conditions, u64) -> Conditions| {
            let onchange = {
                let ui = ui.clone();
                Callback::from(move |event: Event| {
                    if let Some(value) = number(&event) {
                        ui.say(Msg::Act(Action::Do(Command::SetConditions { client: node, conditions: change(now, value) })));
                    }
                })
            };
            html! {
                <div class="slider">
                    <label for={id}>{ ui.text(name) }</label>
                    <input {id} type="range" min="0" max={max.to_string()} step={step.to_string()} value={value.min(max).to_string()}
                        aria-valuetext={format!("{value} {unit}")} {onchange} />
                    <output for={id}>{ format!("{value} {unit}") }</output>
                </div>
            }
        };
    let on_rate = {
        let ui = ui.clone();
        Callback::from(move |event: Event| {
            let index = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok())
                .and_then(|select| usize::try_from(select.selected_index()).ok());
            if let Some(rate) = index.and_then(|index| RATES.get(index)) {
                let conditions = Conditions { rate: *rate, ..now };
                ui.say(Msg::Act(Action::Do(Command::SetConditions { client: node, conditions })));
            }
        })
    };
    html! {
        <div class="sliders">
            { slider("slider-latency", key::PAGE_LATENCY, now.latency.as_millis(), 2_000, 10, "ms", |now, value| Conditions { latency: Duration::from_millis(value), ..now }) }
            { slider("slider-jitter", key::PAGE_JITTER, now.jitter.as_millis(), 1_000, 10, "ms", |now, value| Conditions { jitter: Duration::from_millis(value), ..now }) }
            { slider("slider-loss", key::PAGE_LOSS, u64::from(now.loss.ppm() / 10_000), 60, 1, "%", |now, value| {
                Conditions { loss: Ratio::from_percent(u32::try_from(value).unwrap_or(0)), ..now }
            }) }
            <div class="slider">
                <label for="select-rate">{ ui.text(key::PAGE_RATE) }</label>
                <select id="select-rate" onchange={on_rate}>
                    for rate in RATES {
                        <option selected={rate == now.rate}>
                            { rate.map_or_else(|| ui.text(key::PAGE_RATE_FREE), |rate| ui.render(&key::PAGE_RATE_BYTES.with("rate", rate))) }
                        </option>
                    }
                </select>
            </div>
        </div>
    }
}
