//! The scrubber: a native slider, so that keyboards and screen readers know it, over a drawing with the marks.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use crate::playground::{Action, TimelineMark, Transport};
use crate::sim::Stride;
use crate::text::key;
use crate::time::Instant;
use crate::web::family::{Family, mark_class};
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct TimelineProps {
    pub(crate) transport: Rc<Transport>,
}

/// The scrubber.
#[component]
pub(crate) fn Timeline(TimelineProps { transport }: &TimelineProps) -> Html {
    let ui = use_ui();
    let end = transport.end.as_micros().max(1);
    #[allow(clippy::cast_precision_loss, reason = "a place on a line a few hundred pixels long")]
    let percent = |at: Instant| format!("{:.3}%", at.as_micros().min(end) as f64 / end as f64 * 100.0);
    let oninput = {
        let ui = ui.clone();
        Callback::from(move |event: InputEvent| {
            let value =
                event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()).and_then(|input| input.value().parse().ok());
            if let Some(millis) = value {
                ui.say(Msg::Act(Action::Seek(Instant::from_millis(millis))));
            }
        })
    };
    // The keys mean the same here as on the rest of the page: from one thing that happens to the next. PageUp and PageDown leap in time.
    let onkeydown = {
        let ui = ui.clone();
        Callback::from(move |event: KeyboardEvent| {
            let action = match event.key().as_str() {
                "ArrowRight" | "ArrowUp" => Action::StepForward(Stride::Packet),
                "ArrowLeft" | "ArrowDown" => Action::StepBack(Stride::Packet),
                "Home" => Action::ToStart,
                "End" => Action::ToEnd,
                _ => return,
            };
            event.prevent_default();
            ui.say(Msg::Act(action));
        })
    };
    let mark = |mark: &TimelineMark| {
        let class = match (mark.packet_type, mark.kind) {
            (Some(packet_type), _) => Family::of(packet_type).class(),
            (None, Some(kind)) => mark_class(kind),
            (None, None) => "m-quiet",
        };
        html! { <circle class={classes!("timeline-mark", class)} cx={percent(mark.at)} cy="22" r={if mark.packet_type.is_some() { "3" } else { "4" }} /> }
    };
    html! {
        <div class="timeline">
            <svg aria-hidden="true" focusable="false" width="100%" height="44">
                <rect class="timeline-rest" x="0" y="20" width="100%" height="4" rx="2" />
                <rect class="timeline-head" x="0" y="20" width={percent(transport.head)} height="4" rx="2" />
                <rect class="timeline-done" x="0" y="20" width={percent(transport.at)} height="4" rx="2" />
                { transport.marks.iter().map(mark).collect::<Html>() }
            </svg>
            <input
                type="range"
                min="0"
                max={(end / 1_000).max(1).to_string()}
                step="1"
                value={(transport.at.as_micros() / 1_000).to_string()}
                aria-label={ui.text(key::PAGE_TIMELINE)}
                aria-valuetext={format!("{} s", transport.at)}
                {oninput}
                {onkeydown}
            />
        </div>
    }
}
