//! Shown where a lesson should be and cannot.

use yew::prelude::*;

use crate::text::{Message, key};
use crate::web::i18n::use_ui;
use crate::web::route::{Place, Route};
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct FailureProps {
    pub(crate) message: Message,
    pub(crate) route: Route,
}

/// What went wrong, and the way back to the list.
#[component]
pub(crate) fn Failure(FailureProps { message, route }: &FailureProps) -> Html {
    let ui = use_ui();
    let back = {
        let ui = ui.clone();
        Callback::from(move |event: MouseEvent| {
            event.prevent_default();
            ui.say(Msg::Go(Place::List));
        })
    };
    html! {
        <main class="failure" id="main" tabindex="-1">
            <h1>{ ui.text(key::PAGE_FAILURE_TITLE) }</h1>
            <p>{ ui.render(message) }</p>
            if !route.embed {
                <a class="button primary" href={route.href(&Place::List)} onclick={back}>{ ui.text(key::PAGE_TO_LIST) }</a>
            }
        </main>
    }
}
