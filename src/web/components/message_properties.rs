//! Properties that a message may have in MQTT 5.0, folded away until somebody wants them.

use yew::prelude::*;

use super::publish_form::{on_enter, value_of};
use crate::playground::PropertiesDraft;
use crate::text::{Key, key};
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct MessagePropertiesFieldsProps {
    pub(crate) draft: PropertiesDraft,
    pub(crate) onchange: Callback<PropertiesDraft>,
    /// Enter was pressed in one of the fields.
    pub(crate) onenter: Callback<()>,
}

/// The fields.
#[component]
pub(crate) fn MessagePropertiesFields(props: &MessagePropertiesFieldsProps) -> Html {
    let ui = use_ui();
    let MessagePropertiesFieldsProps { draft, onchange, onenter } = props;
    let field = |id: &str, name: String, value: &str, wrong: Option<Key>, set: fn(&mut PropertiesDraft, String)| {
        let (draft, onchange) = (draft.clone(), onchange.clone());
        let oninput = Callback::from(move |event: InputEvent| {
            let mut draft = draft.clone();
            set(&mut draft, value_of(&event));
            onchange.emit(draft);
        });
        let note = format!("property-{id}-note");
        html! {
            <div>
                <label class="line">
                    <span>{ name }</span>
                    <input type="text" value={value.to_owned()} {oninput} onkeydown={on_enter(onenter.clone())} spellcheck="false" autocapitalize="off"
                        aria-invalid={wrong.is_some().to_string()} aria-describedby={note.clone()} />
                </label>
                <p id={note} class="line-note bad">{ wrong.map(|wrong| ui.text(wrong)) }</p>
            </div>
        }
    };
    let number = |wrong: bool| wrong.then_some(key::PAGE_PROPERTY_NUMBER);
    let plain = |name: &str| name.to_owned();
    html! {
        <details class="fold">
            <summary>{ ui.text(key::PAGE_PROPERTIES) }</summary>
            <div class="fold-fields">
                { field("expiry", ui.text(key::PAGE_PROPERTY_EXPIRY), &draft.message_expiry, number(draft.message_expiry().is_err()), |draft, text| draft.message_expiry = text) }
                { field("alias", plain("Topic Alias"), &draft.topic_alias, draft.topic_alias().is_err().then_some(key::PAGE_PROPERTY_ALIAS), |draft, text| draft.topic_alias = text) }
                { field("type", plain("Content Type"), &draft.content_type, None, |draft, text| draft.content_type = text) }
                { field("response", plain("Response Topic"), &draft.response_topic, draft.response_topic().is_err().then_some(key::PAGE_RESPONSE_TOPIC_WRONG), |draft, text| draft.response_topic = text) }
                { field("correlation", plain("Correlation Data"), &draft.correlation_data, None, |draft, text| draft.correlation_data = text) }
                <div class="fold-pair">
                    { field("user-name", ui.text(key::PAGE_PROPERTY_USER_NAME), &draft.user_name, draft.user_name_is_missing().then_some(key::PAGE_PROPERTY_USER_NAME_MISSING), |draft, text| draft.user_name = text) }
                    { field("user-value", ui.text(key::PAGE_PROPERTY_USER_VALUE), &draft.user_value, None, |draft, text| draft.user_value = text) }
                </div>
            </div>
        </details>
    }
}
