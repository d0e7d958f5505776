//! A button for an act that is not always possible.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct ActButtonProps {
    #[prop_or_default]
    pub(crate) class: Classes,
    /// Whether it can be done now.
    pub(crate) enabled: bool,
    /// The name of a button that shows a sign only.
    #[prop_or_default]
    pub(crate) name: Option<AttrValue>,
    pub(crate) onclick: Callback<MouseEvent>,
    pub(crate) children: Html,
}

/// The button. Many acts end their own possibility: with `disabled` the browser would take the focus away from whoever has just pressed.
#[component]
pub(crate) fn ActButton(props: &ActButtonProps) -> Html {
    let onclick = if props.enabled { props.onclick.clone() } else { Callback::noop() };
    html! {
        <button
            type="button"
            class={props.class.clone()}
            aria-disabled={(!props.enabled).then_some("true")}
            aria-label={props.name.clone()}
            title={props.name.clone()}
            {onclick}
        >
            { props.children.clone() }
        </button>
    }
}
