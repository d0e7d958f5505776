//! The course: what can be learned, one card a lesson.

use yew::prelude::*;

use super::icon::{Glyph, Icon};
use crate::lesson::{Lesson, Section, catalog, catalog_mistakes};
use crate::text::{Key, key};
use crate::web::i18n::use_ui;
use crate::web::route::{Place, Route};
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct LessonListProps {
    pub(crate) route: Route,
}

const fn section_name(section: Section) -> Key {
    match section {
        Section::FirstContact => key::PAGE_SECTION_FIRST_CONTACT,
        Section::Delivery => key::PAGE_SECTION_DELIVERY,
        Section::State => key::PAGE_SECTION_STATE,
        Section::Reconnecting => key::PAGE_SECTION_RECONNECTING,
        Section::Mqtt5 => key::PAGE_SECTION_MQTT5,
        Section::Security => key::PAGE_SECTION_SECURITY,
        Section::Running => key::PAGE_SECTION_RUNNING,
        Section::Projects => key::PAGE_SECTION_PROJECTS,
    }
}

/// The list of lessons by section.
#[component]
pub(crate) fn LessonList(LessonListProps { route }: &LessonListProps) -> Html {
    let ui = use_ui();
    let lessons = catalog();
    let mut sections: Vec<(Section, Vec<&'static Lesson>)> = Vec::new();
    for lesson in lessons {
        match sections.last_mut().filter(|(section, _)| *section == lesson.section) {
            Some((_, members)) => members.push(lesson),
            None => sections.push((lesson.section, vec![lesson])),
        }
    }
    let go = |place: Place| {
        let ui = ui.clone();
        Callback::from(move |event: MouseEvent| {
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                ui.say(Msg::Go(place.clone()));
            }
        })
    };
    let card = |lesson: &'static Lesson| {
        let text = lesson.text.get(ui.language);
        let place = Place::Lesson(lesson.slug.clone());
        let href = route.href(&place);
        let onclick = go(place);
        html! {
            <li key={lesson.slug.clone()}>
                <a class="card" {href} {onclick}>
                    <span class="card-number" aria-hidden="true">{ lesson.number }</span>
                    <span class="card-text">
                        <span class="card-title">{ text.title.clone() }</span>
                        <span class="card-question">{ text.question.clone() }</span>
                        <span class="card-summary">{ text.summary.clone() }</span>
                    </span>
                    <span class="card-foot">
                        <span>{ ui.render(&key::PAGE_MINUTES.with("minutes", lesson.minutes)) }</span>
                        <Icon glyph={Glyph::Arrow} />
                    </span>
                </a>
            </li>
        }
    };
    html! {
        <main class="list" id="main" tabindex="-1">
            <div class="list-head">
                <h1>{ ui.text(key::PAGE_LIST_TITLE) }</h1>
                <p>{ ui.text(key::PAGE_LIST_LEAD) }</p>
            </div>
            if lessons.is_empty() {
                <p class="empty">{ ui.text(key::PAGE_LIST_EMPTY) }</p>
            }
            if !catalog_mistakes().is_empty() {
                <section class="notice bad" aria-label={ui.text(key::PAGE_LIST_MISTAKES)}>
                    <p>{ ui.text(key::PAGE_LIST_MISTAKES) }</p>
                    <ul>
                        for (index, mistake) in catalog_mistakes().iter().enumerate() {
                            <li key={index}>
                                <code>{ format!("{}:{}:{}", mistake.file, mistake.line, mistake.column) }</code>
                                { " " }{ ui.render(&mistake.message) }
                                if let Some(suggestion) = &mistake.suggestion {
                                    { " " }{ ui.render(&key::PAGE_LIST_SUGGESTION.with("suggestion", suggestion.as_str())) }
                                }
                            </li>
                        }
                    </ul>
                </section>
            }
            for (section, members) in sections {
                <section>
                    <h2>{ ui.text(section_name(section)) }</h2>
                    <ul class="cards">{ for members.into_iter().map(card) }</ul>
                </section>
            }
            <section class="list-end">
                <h2>{ ui.text(key::PAGE_CONFORMANCE_QUESTION) }</h2>
                <p>
                    <a href={route.href(&Place::Conformance)} onclick={go(Place::Conformance)}>{ ui.text(key::PAGE_CONFORMANCE_LINK) }</a>
                </p>
            </section>
        </main>
    }
}
