//! Publish a message. One press of Enter publishes once, also while an input method composes Hangul.

use bytestring::ByteString;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement, KeyboardEvent};
use yew::prelude::*;

use super::act_button::ActButton;
use super::message_properties::MessagePropertiesFields;
use crate::packet::{QoS, TopicError, TopicName};
use crate::playground::{Action, PropertiesDraft};
use crate::sim::Command;
use crate::text::{Key, key};
use crate::time::Duration;
use crate::trace::NodeId;
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct PublishFormProps {
    pub(crate) node: NodeId,
    /// What the form proposes when it opens.
    pub(crate) proposal: Proposal,
    /// Whether messages have properties and may be requests (5.0).
    pub(crate) has_properties: bool,
}

/// How long a request waits for its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// A message like those that the client publishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) topic: Option<String>,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
}

/// The text of an input, from its event.
pub(crate) fn value_of(event: &InputEvent) -> String {
    event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()).map_or_else(String::new, |input| input.value())
}

/// The QoS that was picked.
pub(crate) fn qos_of(event: &Event) -> QoS {
    event
        .target()
        .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok())
        .and_then(|select| select.value().parse::<u8>().ok())
        .and_then(|value| QoS::try_from(value).ok())
        .unwrap_or_default()
}

/// Does `act` when Enter is pressed in an input: once for each press, and not for the Enter that ends a composition, which browsers tell
/// in one of two ways. A form's own submission would not do: a sandboxed frame of a course has no permission for it.
pub(crate) fn on_enter(act: Callback<()>) -> Callback<KeyboardEvent> {
    Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            if !(event.is_composing() || event.key_code() == 229 || event.repeat()) {
                act.emit(());
            }
        }
    })
}

/// Forms here are grouped fields; nothing is ever submitted to an address.
pub(crate) fn stay() -> Callback<SubmitEvent> {
    Callback::from(|event: SubmitEvent| event.prevent_default())
}

/// What is wrong with a topic, in words.
pub(crate) const fn topic_error(error: TopicError) -> Key {
    match error {
        TopicError::Empty => key::PAGE_TOPIC_EMPTY,
        TopicError::TooLong => key::PAGE_TOPIC_TOO_LONG,
        TopicError::NullCharacter => key::PAGE_TOPIC_NULL,
        TopicError::WildcardInName => key::PAGE_TOPIC_WILDCARD,
        TopicError::MultiLevelWildcard => key::PAGE_TOPIC_MULTI,
        TopicError::SingleLevelWildcard => key::PAGE_TOPIC_SINGLE,
        TopicError::SharedSubscription => key::PAGE_TOPIC_SHARED,
    }
}

/// The three levels as options.
pub(crate) fn qos_options(selected: QoS) -> Html {
    [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce]
        .into_iter()
        .map(|qos| {
            let number = u8::from(qos).to_string();
            html! { <option value={number.clone()} selected={qos == selected}>{ format!("QoS {number}") }</option> }
        })
        .collect()
}

/// The form.
#[component]
pub(crate) fn PublishForm(PublishFormProps { node, proposal, has_properties }: &PublishFormProps) -> Html {
    let ui = use_ui();
    let topic = use_state_eq(|| proposal.topic.clone().unwrap_or_else(|| String::from("home/temp")));
    let payload = use_state_eq(|| String::from("22.5"));
    let qos = use_state_eq(|| proposal.qos);
    let retain = use_state_eq(|| proposal.retain);
    let draft = use_state_eq(PropertiesDraft::default);
    let properties = draft.properties();
    // A Topic Alias that was set before stands for the topic.
    let is_by_alias = topic.is_empty() && properties.as_ref().is_ok_and(|properties| properties.topic_alias.is_some());
    let checked = if is_by_alias { Ok(TopicName::default()) } else { TopicName::new(topic.as_str()) };
    let is_possible = checked.is_ok() && properties.is_ok();
    let act = {
        let (ui, node, payload, qos, retain, checked) = (ui.clone(), *node, payload.clone(), *qos, *retain, checked.clone());
        let properties = properties.clone();
        Callback::from(move |()| {
            if let (Ok(topic), Ok(properties)) = (&checked, &properties) {
                let payload = ByteString::from(payload.as_str());
                let (topic, properties) = (topic.clone(), properties.clone());
                ui.say(Msg::Act(Action::Do(Command::Publish { client: node, topic, payload, qos, retain, properties })));
            }
        })
    };
    let request = {
        let (ui, client, payload, qos, checked) = (ui.clone(), *node, payload.clone(), *qos, checked.clone());
        Callback::from(move |_: MouseEvent| {
            if let Ok(topic) = &checked {
                let payload = ByteString::from(payload.as_str());
                ui.say(Msg::Act(Action::Do(Command::Request { client, topic: topic.clone(), payload, qos, timeout: REQUEST_TIMEOUT })));
            }
        })
    };
    let on_draft = {
        let draft = draft.clone();
        Callback::from(move |changed| draft.set(changed))
    };
    let on_topic = {
        let topic = topic.clone();
        Callback::from(move |event: InputEvent| topic.set(value_of(&event)))
    };
    let on_payload = {
        let payload = payload.clone();
        Callback::from(move |event: InputEvent| payload.set(value_of(&event)))
    };
    let on_qos = {
        let qos = qos.clone();
        Callback::from(move |event: Event| qos.set(qos_of(&event)))
    };
    let on_retain = {
        let retain = retain.clone();
        Callback::from(move |_: Event| retain.set(!*retain))
    };
    html! {
        <form class="control-group" onsubmit={stay()} autocomplete="off" aria-label={ui.text(key::PAGE_PUBLISH)}>
            <h2>{ ui.text(key::PAGE_PUBLISH) }</h2>
            <label class="line">
                <span>{ ui.text(key::PAGE_TOPIC) }</span>
                <input type="text" value={(*topic).clone()} oninput={on_topic} onkeydown={on_enter(act.clone())} spellcheck="false"
                    autocapitalize="off" aria-invalid={checked.is_err().to_string()} aria-describedby="publish-topic-note" />
            </label>
            <p id="publish-topic-note" class={classes!("line-note", checked.is_err().then_some("bad"))}>
                { match &checked {
                    Err(error) => ui.text(topic_error(*error)),
                    Ok(_) if !topic.is_ascii() => ui.render(&key::PAGE_TOPIC_BYTES.with("letters", topic.chars().count()).with("bytes", topic.len())),
                    Ok(_) => String::new(),
                } }
            </p>
            <label class="line">
                <span>{ ui.text(key::PAGE_PAYLOAD) }</span>
                <input type="text" value={(*payload).clone()} oninput={on_payload} onkeydown={on_enter(act.clone())} spellcheck="false" autocapitalize="off" />
            </label>
            <div class="control-row">
                <label class="pick"><span class="unseen">{ "QoS" }</span><select onchange={on_qos}>{ qos_options(*qos) }</select></label>
                <label class="tick"><input type="checkbox" checked={*retain} onchange={on_retain} /><span>{ "RETAIN" }</span></label>
                <ActButton class="button primary" enabled={is_possible} onclick={act.clone().reform(|_: MouseEvent| ())}>{ ui.text(key::PAGE_PUBLISH_DO) }</ActButton>
            </div>
            if *has_properties {
                <MessagePropertiesFields draft={(*draft).clone()} onchange={on_draft} onenter={act} />
                <ActButton class="button" enabled={checked.is_ok() && !is_by_alias} onclick={request}>{ ui.text(key::PAGE_REQUEST_DO) }</ActButton>
                <p class="line-note">{ ui.text(key::PAGE_REQUEST_HELP) }</p>
            }
        </form>
    }
}
