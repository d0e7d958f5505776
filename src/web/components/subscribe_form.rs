//! Subscribe and unsubscribe.

use yew::prelude::*;

use super::act_button::ActButton;
use super::publish_form::{on_enter, qos_of, qos_options, stay, topic_error, value_of};
use crate::packet::{QoS, RetainHandling, SubscriptionOptions, TopicFilter};
use crate::playground::Action;
use crate::sim::Command;
use crate::text::key;
use crate::trace::NodeId;
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

/// The highest Subscription Identifier (5.0 §3.8.2.1.2).
const IDENTIFIER_MAX: u32 = 268_435_455;

#[derive(Properties, PartialEq)]
pub(crate) struct SubscribeFormProps {
    pub(crate) node: NodeId,
    /// Whether there are options besides QoS (5.0).
    pub(crate) has_options: bool,
}

/// The form.
#[component]
pub(crate) fn SubscribeForm(SubscribeFormProps { node, has_options }: &SubscribeFormProps) -> Html {
    let ui = use_ui();
    let node = *node;
    let filter = use_state_eq(|| String::from("home/#"));
    let qos = use_state_eq(|| QoS::AtLeastOnce);
    let more = use_state_eq(SubscriptionOptions::default);
    let identifier = use_state_eq(String::new);
    let checked = TopicFilter::new(filter.as_str());
    let checked_identifier = match identifier.trim() {
        "" => Ok(None),
        text => text.parse().ok().filter(|number| (1..=IDENTIFIER_MAX).contains(number)).map(Some).ok_or(()),
    };
    let share = checked.as_ref().ok().and_then(TopicFilter::share).map(|(group, _)| group.to_owned());
    // A protocol error [MQTT-3.8.3-4].
    let is_no_local_shared = *has_options && share.is_some() && more.no_local;
    let is_possible = checked.is_ok() && checked_identifier.is_ok() && !is_no_local_shared;
    let act = {
        let (ui, options, checked) = (ui.clone(), SubscriptionOptions { qos: *qos, ..*more }, checked.clone());
        Callback::from(move |()| {
            if let (true, Ok(filter), Ok(identifier)) = (is_possible, &checked, checked_identifier) {
                ui.say(Msg::Act(Action::Do(Command::Subscribe { client: node, filter: filter.clone(), options, identifier })));
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
    let toggle = |flip: fn(&mut SubscriptionOptions)| {
        let more = more.clone();
        Callback::from(move |_: Event| {
            let mut changed = *more;
            flip(&mut changed);
            more.set(changed);
        })
    };
    let on_handling = {
        let more = more.clone();
        Callback::from(move |event: Event| {
            // 0, 1 and 2 as the values of QoS are.
            let retain_handling = match qos_of(&event) {
                QoS::AtMostOnce => RetainHandling::SendAtSubscribe,
                QoS::AtLeastOnce => RetainHandling::SendIfNew,
                QoS::ExactlyOnce => RetainHandling::DoNotSend,
            };
            more.set(SubscriptionOptions { retain_handling, ..*more });
        })
    };
    let on_identifier = {
        let identifier = identifier.clone();
        Callback::from(move |event: InputEvent| identifier.set(value_of(&event)))
    };
    let handlings = [
        (RetainHandling::SendAtSubscribe, key::PAGE_RETAIN_HANDLING_ALWAYS),
        (RetainHandling::SendIfNew, key::PAGE_RETAIN_HANDLING_NEW),
        (RetainHandling::DoNotSend, key::PAGE_RETAIN_HANDLING_NEVER),
    ];
    html! {
        <form class="control-group" onsubmit={stay()} autocomplete="off" aria-label={ui.text(key::PAGE_SUBSCRIBE)}>
            <h2>{ ui.text(key::PAGE_SUBSCRIBE) }</h2>
            <label class="line">
                <span>{ ui.text(key::PAGE_FILTER) }</span>
                <input type="text" value={(*filter).clone()} oninput={on_filter} onkeydown={on_enter(act.clone())} spellcheck="false"
                    autocapitalize="off" aria-invalid={checked.is_err().to_string()} aria-describedby="subscribe-filter-note" />
            </label>
            <p id="subscribe-filter-note" class={classes!("line-note", checked.is_err().then_some("bad"))}>
                { match (&checked, &share) {
                    (Err(error), _) => ui.text(topic_error(*error)),
                    (Ok(_), Some(group)) => ui.render(&key::PAGE_SHARE_HELP.with("group", group.as_str())),
                    (Ok(_), None) => String::new(),
                } }
            </p>
            <div class="control-row">
                <label class="pick"><span class="unseen">{ ui.text(key::PAGE_MAXIMUM_QOS) }</span><select onchange={on_qos}>{ qos_options(*qos) }</select></label>
                <ActButton class="button primary" enabled={is_possible} onclick={act.clone().reform(|_: MouseEvent| ())}>{ ui.text(key::PAGE_SUBSCRIBE_DO) }</ActButton>
                <ActButton class="button" enabled={checked.is_ok()} onclick={unsubscribe}>{ ui.text(key::PAGE_UNSUBSCRIBE_DO) }</ActButton>
            </div>
            if *has_options {
                <details class="fold">
                    <summary>{ ui.text(key::PAGE_OPTIONS) }</summary>
                    <div class="fold-fields">
                        <label class="tick"><input type="checkbox" checked={more.no_local} aria-invalid={is_no_local_shared.to_string()} aria-describedby="no-local-note" onchange={toggle(|more| more.no_local = !more.no_local)} /><span>{ "No Local" }</span></label>
                        <label class="tick"><input type="checkbox" checked={more.retain_as_published} onchange={toggle(|more| more.retain_as_published = !more.retain_as_published)} /><span>{ "Retain As Published" }</span></label>
                        <p id="no-local-note" class="line-note bad">{ is_no_local_shared.then(|| ui.text(key::PAGE_NO_LOCAL_SHARED)) }</p>
                        <label class="line wide">
                            <span>{ "Retain Handling" }</span>
                            <select onchange={on_handling}>
                                for (handling, words) in handlings {
                                    <option value={(handling as u8).to_string()} selected={handling == more.retain_handling}>{ format!("{}: {}", handling as u8, ui.text(words)) }</option>
                                }
                            </select>
                        </label>
                        <label class="line wide">
                            <span>{ "Subscription Identifier" }</span>
                            <input type="text" inputmode="numeric" value={(*identifier).clone()} oninput={on_identifier} onkeydown={on_enter(act)} spellcheck="false"
                                autocapitalize="off" aria-invalid={checked_identifier.is_err().to_string()} aria-describedby="identifier-note" />
                        </label>
                        <p id="identifier-note" class="line-note bad">{ checked_identifier.is_err().then(|| ui.text(key::PAGE_SUBSCRIPTION_IDENTIFIER)) }</p>
                    </div>
                </details>
            }
        </form>
    }
}
