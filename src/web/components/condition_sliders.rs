//! Conditions of a path: a preset, delay, jitter, loss, rate, and what a router forgets.

use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::link::{Bursts, Conditions, Preset};
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

/// Idle time-outs in seconds that can be picked; nothing is none.
const IDLE_SECONDS: [Option<u64>; 4] = [None, Some(30), Some(60), Some(300)];

/// Bursts that can be picked: five segments at a time, all lost.
const BURSTS: [(Option<Bursts>, Key); 3] =
    [(None, key::PAGE_BURSTS_NONE), (Some(bursts(1)), key::PAGE_BURSTS_RARE), (Some(bursts(5)), key::PAGE_BURSTS_OFTEN)];

const fn bursts(enter_percent: u32) -> Bursts {
    Bursts { enter: Ratio::from_percent(enter_percent), leave: Ratio::from_percent(20), loss: Ratio::ALWAYS }
}

const fn preset_name(preset: Preset) -> Key {
    match preset {
        Preset::Lan => key::PAGE_PRESET_LAN,
        Preset::Wifi => key::PAGE_PRESET_WIFI,
        Preset::Lte => key::PAGE_PRESET_LTE,
        Preset::Satellite => key::PAGE_PRESET_SATELLITE,
        Preset::Tunnel => key::PAGE_PRESET_TUNNEL,
        Preset::Flaky => key::PAGE_PRESET_FLAKY,
    }
}

fn number(event: &Event) -> Option<u64> {
    event.target()?.dyn_into::<HtmlInputElement>().ok()?.value().parse().ok()
}

/// The sliders. A change counts when the slider is let go, so that dragging it makes one command.
#[component]
pub(crate) fn ConditionSliders(ConditionSlidersProps { node, conditions }: &ConditionSlidersProps) -> Html {
    let ui = use_ui();
    let (node, now) = (*node, *conditions);
    let slider =
        |id: &'static str, name: Key, (value, shown): (u64, String), max: u64, step: u64, change: fn(Conditions, u64) -> Conditions| {
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
                        aria-valuetext={shown.clone()} {onchange} />
                    <output for={id}>{ shown }</output>
                </div>
            }
        };
    let millis = |duration: Duration| (duration.as_millis(), format!("{} ms", duration.as_millis()));
    // A preset's loss may be a part of a percent, which the slider cannot point at.
    let loss = (u64::from(now.loss.ppm() / 10_000), now.loss.to_string());
    // What is set and is none of the choices is a choice of its own.
    let select = |id: &'static str, name: Key, mut choices: Vec<(String, Conditions)>| {
        if choices.iter().all(|(_, conditions)| *conditions != now) {
            choices.insert(0, (ui.text(key::PAGE_OWN_SETTING), now));
        }
        let onchange = {
            let ui = ui.clone();
            let picked: Vec<Conditions> = choices.iter().map(|(_, conditions)| *conditions).collect();
            Callback::from(move |event: Event| {
                let index = event
                    .target()
                    .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok())
                    .and_then(|select| usize::try_from(select.selected_index()).ok());
                if let Some(conditions) = index.and_then(|index| picked.get(index)) {
                    ui.say(Msg::Act(Action::Do(Command::SetConditions { client: node, conditions: *conditions })));
                }
            })
        };
        html! {
            <div class="slider">
                <label for={id}>{ ui.text(name) }</label>
                <select {id} {onchange}>
                    for (label, conditions) in choices {
                        <option selected={conditions == now}>{ label }</option>
                    }
                </select>
            </div>
        }
    };
    let presets = Preset::ALL.into_iter().map(|preset| (ui.text(preset_name(preset)), preset.conditions())).collect();
    let rates = RATES.into_iter().map(|rate| {
        let label = rate.map_or_else(|| ui.text(key::PAGE_RATE_FREE), |rate| ui.render(&key::PAGE_RATE_BYTES.with("rate", rate)));
        (label, Conditions { rate, ..now })
    });
    let all_bursts = BURSTS.into_iter().map(|(bursts, name)| (ui.text(name), Conditions { bursts, ..now }));
    let idle = IDLE_SECONDS.into_iter().map(|seconds| {
        let label =
            seconds.map_or_else(|| ui.text(key::PAGE_IDLE_NEVER), |seconds| ui.render(&key::PAGE_IDLE_AFTER.with("seconds", seconds)));
        (label, Conditions { idle_timeout: seconds.map(Duration::from_secs), ..now })
    });
    html! {
        <div class="sliders">
            { select("select-preset", key::PAGE_PRESET, presets) }
            { slider("slider-latency", key::PAGE_LATENCY, millis(now.latency), 2_000, 10, |now, value| Conditions { latency: Duration::from_millis(value), ..now }) }
            { slider("slider-jitter", key::PAGE_JITTER, millis(now.jitter), 1_000, 10, |now, value| Conditions { jitter: Duration::from_millis(value), ..now }) }
            { slider("slider-loss", key::PAGE_LOSS, loss, 60, 1, |now, value| {
                Conditions { loss: Ratio::from_percent(u32::try_from(value).unwrap_or(0)), ..now }
            }) }
            { select("select-bursts", key::PAGE_BURSTS, all_bursts.collect()) }
            { select("select-rate", key::PAGE_RATE, rates.collect()) }
            { select("select-idle", key::PAGE_IDLE, idle.collect()) }
        </div>
    }
}
