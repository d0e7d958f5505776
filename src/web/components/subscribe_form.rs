//! Subscribe and unsubscribe.

use yew::prelude::*;

use super::publish_form::{on_enter, qos_of, qos_options, stay, topic_error, value_of};
use crate::packet::{QoS, SubscriptionOptions, TopicFilter};
use crate::playground::Action;
use crate::sim::Command;
use crate::text::key;
use crate::trace::NodeId;
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct SubscribeFormProps {
    pub(crate) node: NodeId,
}

/// The form.
#[component]
pub(crate) fn SubscribeForm(SubscribeFormProps { node }: &SubscribeFormProps) -> Html {
    let ui = use_ui();
    let node = *node;
    let filter = use_state_eq(|| String::from("home/#"));
    let qos = use_state_eq(|| QoS::AtLeastOnce);
    let checked = TopicFilter::new(filter.as_str());
    let act = {
        let (ui, qos, checked) = (ui.clone(), *qos, checked.clone());
        Callback::from(move |()| {
            if let Ok(filter) = &checked {
                let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
                ui.say(Msg::Act(Action::Do(Command::Subscribe { client: node, filter: filter.clone(), options, identifier: None })));
            }
        })
    };
    let unsubscribe = {
        let (ui, checked) = (ui.clone(), checked.clone());
        Callback::from(move |_: MouseEvent| {
            if let Ok(filter) = &checked {
                ui.say(Msg::Act(Action::Do(Command::Unsubscribe { client: node, filter: filter.clone() })));
            }
        })
    };
    let on_filter = {
        let filter = filter.clone();
        Callback::from(move |event: InputEvent| filter.set(value_of(&event)))
    };
    let on_qos = {
        let qos = qos.clone();
        Callback::from(move |event: Event| qos.set(qos_of(&event)))
    };
    html! {
        <form class="control-group" onsubmit={stay()} autocomplete="off" aria-label={ui.text(key::PAGE_SUBSCRIBE)}>
            <h2>{ ui.text(key::PAGE_SUBSCRIBE) }</h2>
            <label class="line">
                <span>{ ui.text(key::PAGE_FILTER) }</span>
                <input type="text" value={(*filter).clone()} oninput={on_filter} onkeydown={on_enter(act.clone())} spellcheck="false"
                    autocapitalize="off" aria-invalid={checked.is_err().to_string()} aria-describedby="subscribe-filter-note" />
            </label>
            <p id="subscribe-filter-note" class={classes!("line-note", checked.is_err().then_some("bad"))}>
                { checked.as_ref().err().map(|error| ui.text(topic_error(*error))) }
            </p>
            <div class="control-row">
                <label class="pick"><span class="unseen">{ ui.text(key::PAGE_MAXIMUM_QOS) }</span><select onchange={on_qos}>{ qos_options(*qos) }</select></label>
                <button type="button" class="button primary" onclick={act.reform(|_: MouseEvent| ())} disabled={checked.is_err()}>{ ui.text(key::PAGE_SUBSCRIBE_DO) }</button>
                <button type="button" class="button" disabled={checked.is_err()} onclick={unsubscribe}>{ ui.text(key::PAGE_UNSUBSCRIBE_DO) }</button>
            </div>
        </form>
    }
}
