//! Fault rules: break the line at exactly the packet one wants to see lost.

use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::act_button::ActButton;
use crate::link::{CutNotice, Rule, Side, Verdict};
use crate::packet::PacketType;
use crate::playground::Action;
use crate::sim::Command;
use crate::text::{Key, key};
use crate::time::Duration;
use crate::trace::NodeId;
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct FaultRulesProps {
    pub(crate) node: NodeId,
    /// Rules that have not struck yet.
    pub(crate) count: usize,
}

const VERDICTS: [(Verdict, Key); 7] = [
    (Verdict::CutBeforeDelivery { notice: CutNotice::Client }, key::PAGE_VERDICT_CUT_BEFORE),
    (Verdict::CutAfterDelivery { notice: CutNotice::Client }, key::PAGE_VERDICT_CUT_AFTER),
    (Verdict::ResetBeforeDelivery, key::PAGE_VERDICT_RESET_BEFORE),
    (Verdict::ResetAfterDelivery, key::PAGE_VERDICT_RESET_AFTER),
    (Verdict::Delay { by: Duration::from_secs(2) }, key::PAGE_VERDICT_DELAY),
    (Verdict::Hold, key::PAGE_VERDICT_HOLD),
    (Verdict::DuplicateConnection, key::PAGE_VERDICT_DOUBLE),
];

fn index(event: &Event) -> usize {
    let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
    select.and_then(|select| usize::try_from(select.selected_index()).ok()).unwrap_or(0)
}

/// The form for a new rule, and how many are in force.
#[component]
pub(crate) fn FaultRules(FaultRulesProps { node, count }: &FaultRulesProps) -> Html {
    let ui = use_ui();
    let node = *node;
    let packet = use_state_eq(|| PacketType::Puback);
    let from = use_state_eq(|| Side::Broker);
    let nth = use_state_eq(|| 1_u32);
    let verdict = use_state_eq(|| 0_usize);
    let on_packet = {
        let packet = packet.clone();
        Callback::from(move |event: Event| PacketType::ALL.get(index(&event)).into_iter().for_each(|it| packet.set(*it)))
    };
    let on_from = {
        let from = from.clone();
        Callback::from(move |event: Event| from.set(if index(&event) == 0 { Side::Client } else { Side::Broker }))
    };
    let on_nth = {
        let nth = nth.clone();
        Callback::from(move |event: Event| {
            let value = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
                .and_then(|input| input.value().parse::<u32>().ok());
            nth.set(value.unwrap_or(1).clamp(1, 999));
        })
    };
    let on_verdict = {
        let verdict = verdict.clone();
        Callback::from(move |event: Event| verdict.set(index(&event)))
    };
    let chosen = VERDICTS.get(*verdict).map_or(Verdict::Pass, |(verdict, _)| *verdict);
    let rule = Rule::once(*from, *packet as u8, *nth, chosen);
    let add = ui.act(Action::Do(Command::AddFault { client: node, rule }));
    html! {
        <section class="control-group">
            <h2>{ ui.text(key::PAGE_FAULTS) }</h2>
            <p class="quiet">{ ui.text(key::PAGE_FAULTS_HELP) }</p>
            <div class="fault-form">
                <label class="line"><span>{ ui.text(key::PAGE_FAULT_FROM) }</span>
                    <select onchange={on_from}>
                        <option selected={*from == Side::Client}>{ ui.text(key::PAGE_FAULT_FROM_CLIENT) }</option>
                        <option selected={*from == Side::Broker}>{ ui.text(key::PAGE_FAULT_FROM_BROKER) }</option>
                    </select>
                </label>
                <label class="line"><span>{ ui.text(key::PAGE_FAULT_PACKET) }</span>
                    <select onchange={on_packet}>
                        for packet_type in PacketType::ALL {
                            <option selected={packet_type == *packet}>{ packet_type.name() }</option>
                        }
                    </select>
                </label>
                <label class="line"><span>{ ui.text(key::PAGE_FAULT_NTH) }</span>
                    <input type="number" min="1" max="999" inputmode="numeric" value={nth.to_string()} onchange={on_nth} />
                </label>
                <label class="line"><span>{ ui.text(key::PAGE_FAULT_VERDICT) }</span>
                    <select onchange={on_verdict}>
                        for (number, (_, name)) in VERDICTS.iter().enumerate() {
                            <option selected={number == *verdict}>{ ui.text(*name) }</option>
                        }
                    </select>
                </label>
            </div>
            <div class="control-row">
                <button type="button" class="button primary" onclick={add}>{ ui.text(key::PAGE_FAULT_ADD) }</button>
                <ActButton class="button" enabled={*count > 0} onclick={ui.act(Action::Do(Command::ClearFaults { client: node }))}>
                    { ui.render(&key::PAGE_FAULT_CLEAR.with("count", *count)) }
                </ActButton>
                <button type="button" class="button" onclick={ui.act::<MouseEvent>(Action::Do(Command::Release { client: node }))}>
                    { ui.text(key::PAGE_RELEASE) }
                </button>
            </div>
        </section>
    }
}
