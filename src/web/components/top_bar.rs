//! The top bar: where one is, the language, the colours, the exports.

use std::rc::Rc;

use web_sys::KeyboardEvent;
use yew::prelude::*;

use super::icon::{Glyph, Icon};
use crate::playground::LessonScreen;
use crate::text::{Language, key};
use crate::web::i18n::use_ui;
use crate::web::route::{Place, Route};
use crate::web::state::{Msg, Theme};

#[derive(Properties, PartialEq)]
pub(crate) struct TopBarProps {
    pub(crate) route: Route,
    pub(crate) theme: Theme,
    pub(crate) muted: bool,
    pub(crate) lesson: Option<Rc<LessonScreen>>,
    pub(crate) can_export: bool,
}

/// The top bar.
#[component]
pub(crate) fn TopBar(props: &TopBarProps) -> Html {
    let ui = use_ui();
    let go = |place: Place| {
        let ui = ui.clone();
        Callback::from(move |event: MouseEvent| {
            // With a modifier the browser opens another tab, as for any link.
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                ui.say(Msg::Go(place.clone()));
            }
        })
    };
    let crumb = match (&props.lesson, &props.route.place) {
        (Some(lesson), _) => Some(format!("{}. {}", lesson.lesson.number, lesson.lesson.text.get(ui.language).title)),
        (None, Place::Live) => Some(ui.text(key::PAGE_LIVE_TITLE)),
        (None, Place::Conformance) => Some(ui.text(key::PAGE_CONFORMANCE_TITLE)),
        (None, _) => None,
    };
    let theme = match props.theme {
        Theme::System => key::PAGE_THEME_SYSTEM,
        Theme::Light => key::PAGE_THEME_LIGHT,
        Theme::Dark => key::PAGE_THEME_DARK,
    };
    let (next, muted) = (props.theme.next(), props.muted);
    let is_live = props.route.place == Place::Live;
    html! {
        <header class="top">
            <a class="logo" href={props.route.href(&Place::List)} aria-label={ui.text(key::PAGE_HOME)} onclick={go(Place::List)}>
                <Logo />
                <span>{ ui.text(key::APP_NAME) }</span>
            </a>
            if let Some(crumb) = crumb {
                <nav class="crumb" aria-label={ui.text(key::PAGE_CRUMB)}>
                    <a class="crumb-list" href={props.route.href(&Place::List)} onclick={go(Place::List)}>{ ui.text(key::PAGE_LESSONS) }</a>
                    <span class="crumb-sign" aria-hidden="true">{ "›" }</span>
                    <span class="crumb-here" aria-current="page">{ crumb }</span>
                </nav>
            }
            <div class="grow"></div>
            if !is_live {
                <a class="button plain live-link" aria-label={ui.text(key::PAGE_LIVE_LINK)} href={props.route.href(&Place::Live)} onclick={go(Place::Live)}>
                    <Icon glyph={Glyph::Plug} /><span class="wide">{ ui.text(key::PAGE_LIVE_LINK) }</span>
                </a>
            }
            if props.can_export {
                <ExportMenu />
            }
            <button
                class="icon-button announce"
                type="button"
                aria-pressed={(!muted).to_string()}
                aria-label={ui.text(key::PAGE_ANNOUNCE)}
                title={ui.text(key::PAGE_ANNOUNCE)}
                onclick={ui.on(move || Msg::Mute(!muted))}
            >
                <Icon glyph={if muted { Glyph::Silence } else { Glyph::Sound }} />
            </button>
            <button
                class="icon-button"
                type="button"
                aria-label={ui.text(theme)}
                title={ui.text(theme)}
                onclick={ui.on(move || Msg::Paint(next))}
            >
                <Icon glyph={Glyph::Theme} />
            </button>
            if props.can_export {
                <button class="icon-button keys-button" type="button" aria-label={ui.text(key::PAGE_KEYS_TITLE)}
                    title={ui.text(key::PAGE_KEYS_TITLE)} onclick={ui.on(|| Msg::Help(true))}>
                    <Icon glyph={Glyph::Help} />
                </button>
            }
            <div class="segments" role="group" aria-label={ui.text(key::PAGE_LANGUAGE)}>
                for language in Language::ALL {
                    <button
                        type="button"
                        lang={language.tag()}
                        aria-label={match language { Language::Korean => "한국어", Language::English => "English" }}
                        aria-pressed={(language == ui.language).to_string()}
                        onclick={ui.on(move || Msg::Speak(language))}
                    >
                        { match language { Language::Korean => "한국어", Language::English => "EN" } }
                    </button>
                }
            </div>
        </header>
    }
}

/// The sign of the playground: waves from a device, and a spark.
#[component]
fn Logo() -> Html {
    html! {
        <svg class="logo-sign" viewBox="0 0 28 28" aria-hidden="true" focusable="false">
            <path d="M4 24a3 3 0 0 0 0-3M4 15a9 9 0 0 1 9 9M4 8a16 16 0 0 1 16 16" />
            <circle cx="22" cy="6" r="2.6" />
        </svg>
    }
}

/// Opens a list of file formats.
#[component]
fn ExportMenu() -> Html {
    let ui = use_ui();
    let open = use_state_eq(|| false);
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let onkeydown = {
        let open = open.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && *open {
                event.prevent_default();
                open.set(false);
            }
        })
    };
    let export = |format: &'static str| {
        let (ui, open) = (ui.clone(), open.clone());
        Callback::from(move |_: MouseEvent| {
            open.set(false);
            ui.say(Msg::Export(format));
        })
    };
    let leave = {
        let open = open.clone();
        Callback::from(move |event: FocusEvent| {
            let inside = event
                .related_target()
                .and_then(|target| wasm_bindgen::JsCast::dyn_into::<web_sys::Element>(target).ok())
                .is_some_and(|target| target.closest(".menu").ok().flatten().is_some());
            if !inside {
                open.set(false);
            }
        })
    };
    html! {
        <div class="menu" {onkeydown} onfocusout={leave}>
            <button class="button plain" type="button" aria-expanded={open.to_string()} aria-label={ui.text(key::PAGE_EXPORT)} onclick={toggle}>
                <Icon glyph={Glyph::Download} /><span class="wide">{ ui.text(key::PAGE_EXPORT) }</span>
            </button>
            if *open {
                <div class="menu-list">
                    <button type="button" onclick={export("pcapng")}>
                        <b>{ "pcapng" }</b><span>{ ui.text(key::PAGE_EXPORT_PCAPNG) }</span>
                    </button>
                    <button type="button" onclick={export("json")}>
                        <b>{ "JSON" }</b><span>{ ui.text(key::PAGE_EXPORT_JSON) }</span>
                    </button>
                </div>
            }
        </div>
    }
}
