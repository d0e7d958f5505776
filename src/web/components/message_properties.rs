//! Properties that a message may have in MQTT 5.0, folded away until somebody wants them.

use yew::prelude::*;

use super::publish_form::value_of;
use crate::playground::PropertiesDraft;
use crate::text::{Key, key};
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct MessagePropertiesFieldsProps {
    pub(crate) draft: PropertiesDraft,
    pub(crate) onchange: Callback<PropertiesDraft>,
}

/// The fields.
#[component]
pub(crate) fn MessagePropertiesFields(MessagePropertiesFieldsProps { draft, onchange }: &MessagePropertiesFieldsProps) -> Html {
    let ui = use_ui();
    let field = |name: &'static str, value: &str, wrong: Option<Key>, set: fn(&mut PropertiesDraft, String)| {
        let (draft, onchange) = (draft.clone(), onchange.clone());
        let oninput = Callback::from(move |event: InputEvent| {
            let mut draft = draft.clone();
            set(&mut draft, value_of(&event));
            onchange.emit(draft);
        });
        html! {
            <label class="line">
                <span lang="en">{ name }</span>
                <input type="text" value={value.to_owned()} {oninput} spellcheck="false" autocapitalize="off" aria-invalid={wrong.is_some().to_string()} />
                if let Some(wrong) = wrong {
                    <span class="line-note bad">{ ui.text(wrong) }</span>
                }
            </label>
        }
    };
    let number = |wrong: bool| wrong.then_some(key::PAGE_PROPERTY_NUMBER);
    html! {
        <details class="fold">
            <summary>{ ui.text(key::PAGE_PROPERTIES) }</summary>
            <div class="fold-fields">
                { field("Message Expiry Interval", &draft.message_expiry, number(draft.message_expiry().is_err()), |draft, text| draft.message_expiry = text) }
                { field("Topic Alias", &draft.topic_alias, draft.topic_alias().is_err().then_some(key::PAGE_PROPERTY_ALIAS), |draft, text| draft.topic_alias = text) }
                { field("Content Type", &draft.content_type, None, |draft, text| draft.content_type = text) }
                { field("Response Topic", &draft.response_topic, draft.response_topic().is_err().then_some(key::PAGE_TOPIC_WILDCARD), |draft, text| draft.response_topic = text) }
                { field("Correlation Data", &draft.correlation_data, None, |draft, text| draft.correlation_data = text) }
                { field("User Property: name", &draft.user_name, None, |draft, text| draft.user_name = text) }
                { field("User Property: value", &draft.user_value, None, |draft, text| draft.user_value = text) }
            </div>
        </details>
    }
}
