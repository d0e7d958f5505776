//! The root: one state, one voice, one page at a time.

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::components::{Announcer, ConformancePage, Failure, HelpDialog, LessonList, LivePage, Toasts, TopBar, Workbench};
use super::hooks::{use_calm, use_frames, use_shortcuts};
use super::i18n::Ui;
use super::route::{Place, Route};
use super::state::{Model, Msg};
use super::websocket::use_live_socket;
use crate::playground::Action;
use crate::text::key;
use crate::time::Duration;

/// The whole page.
#[component]
pub(crate) fn App() -> Html {
    let model = use_reducer(Model::new);
    let dispatch = {
        let dispatcher = model.dispatcher();
        use_callback((), move |msg: Msg, &()| dispatcher.dispatch(msg))
    };
    let ui = Ui { language: model.language, calm: use_calm(), embed: model.route.embed, dispatch: dispatch.clone() };
    let screen = model.session.as_ref().map(|session| &session.screen);
    let playing = screen.is_some_and(|screen| screen.transport.playing);
    let live = screen.is_some_and(|screen| screen.live);
    let tick = {
        let dispatch = dispatch.clone();
        Callback::from(move |elapsed: Duration| dispatch.emit(Msg::Act(Action::Tick { elapsed })))
    };
    // A leap through a long run is computed in slices, one a frame.
    let busy = screen.is_some_and(|screen| screen.transport.busy);
    use_frames((playing || busy) && !live, tick);
    use_shortcuts(&ui, screen.is_some(), playing, model.help);
    use_live_socket(model.session.as_ref().and_then(|session| Some((session.playground.clone(), session.live.clone()?))), dispatch.clone());
    use_way_back(dispatch);
    use_document(&model);
    use_arrival(&model.route.place);

    let page = match (&model.route.place, &model.session, &model.failure) {
        (_, _, Some(message)) => html! { <Failure message={message.clone()} route={model.route.clone()} /> },
        (Place::List, ..) => html! { <LessonList route={model.route.clone()} /> },
        (Place::Conformance, ..) => html! { <ConformancePage /> },
        (Place::Live, None, _) => html! { <LivePage /> },
        (_, Some(session), _) => html! {
            <Workbench screen={session.screen.clone()} pane={model.pane} side={model.side} main={model.main} target={model.target} />
        },
        (Place::Lesson(_), None, None) => html! {},
    };
    let layout = match (&model.session, model.route.embed) {
        (Some(_), true) => "page page-embed",
        (Some(_), false) => "page page-work",
        (None, _) => "page page-text",
    };
    html! {
        <ContextProvider<Ui> context={ui.clone()}>
            <div class={layout}>
                <a class="skip" href="#main" onclick={skip()}>{ ui.text(key::PAGE_SKIP) }</a>
                if !model.route.embed {
                    <TopBar
                        route={model.route.clone()}
                        theme={model.theme}
                        muted={model.muted}
                        lesson={screen.and_then(|screen| screen.lesson.clone())}
                        can_export={screen.is_some()}
                    />
                }
                { page }
            </div>
            <Toasts toasts={model.toasts.clone()} />
            <Announcer announcement={screen.and_then(|screen| screen.announced.zip(screen.announcement.clone()))} muted={model.muted} />
            if model.help {
                <HelpDialog />
            }
        </ContextProvider<Ui>>
    }
}

/// Starts another page at its top, with the focus in it; not the first one, which has just been opened.
#[hook]
fn use_arrival(place: &Place) {
    let before = use_mut_ref(|| place.clone());
    use_effect_with(place.clone(), move |place| {
        if before.replace(place.clone()) != *place {
            if let Some(window) = web_sys::window() {
                window.scroll_to_with_x_and_y(0.0, 0.0);
            }
            focus_main();
        }
    });
}

/// Moves the focus to the main part without touching the address, which names the lesson.
fn skip() -> Callback<MouseEvent> {
    Callback::from(|event: MouseEvent| {
        event.prevent_default();
        focus_main();
    })
}

fn focus_main() {
    let main = web_sys::window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id("main"));
    if let Some(main) = main.and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
        let _ = main.focus();
    }
}

/// Follows the browser's back and forward buttons.
#[hook]
fn use_way_back(dispatch: Callback<Msg>) {
    use_effect_with((), move |()| {
        let listener =
            web_sys::window().map(|window| EventListener::new(&window, "popstate", move |_| dispatch.emit(Msg::Routed(Route::current()))));
        move || drop(listener)
    });
}

/// Keeps what stands outside the components in step: language, colours and title of the document.
#[hook]
fn use_document(model: &Model) {
    let lesson = model.session.as_ref().and_then(|session| session.screen.lesson.as_ref());
    let title = match (lesson, &model.route.place) {
        (Some(lesson), _) => Some(lesson.lesson.text.get(model.language).title.clone()),
        (None, Place::Live) => Some(model.language.text(key::PAGE_LIVE_TITLE)),
        (None, Place::Conformance) => Some(model.language.text(key::PAGE_CONFORMANCE_TITLE)),
        (None, _) => None,
    };
    use_effect_with((model.language, model.theme, title), |(language, theme, title)| {
        let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
        if let Some(root) = document.document_element() {
            let _ = root.set_attribute("lang", language.tag());
            let _ = root.set_attribute("data-theme", theme.tag());
        }
        let name = language.text(key::APP_NAME);
        document.set_title(&title.as_ref().map_or_else(|| name.clone(), |title| format!("{title} · {name}")));
    });
}
