//! The lesson: its steps, one at a time.

use std::rc::Rc;

use web_sys::HtmlElement;
use yew::prelude::*;

use super::act_button::ActButton;
use super::icon::{Glyph, Icon};
use super::prose::Prose;
use crate::playground::{Action, LessonScreen};
use crate::text::key;
use crate::web::i18n::use_ui;
use crate::web::route::Place;
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct LessonPaneProps {
    pub(crate) lesson: Rc<LessonScreen>,
}

/// The step that is shown, with progress, hints and the ways on and back.
#[component]
pub(crate) fn LessonPane(LessonPaneProps { lesson: screen }: &LessonPaneProps) -> Html {
    let ui = use_ui();
    let heading = use_node_ref();
    let text = screen.lesson.text.get(ui.language);
    let count = text.steps.len();
    let current = screen.step.min(count.saturating_sub(1));
    {
        // A new step starts at its top, and its headline has the focus: but not when the page has just opened.
        let heading = heading.clone();
        let before = use_mut_ref(|| current);
        use_effect_with(current, move |&current| {
            if before.replace(current) != current
                && let Some(heading) = heading.cast::<HtmlElement>()
            {
                let _ = heading.focus();
                heading.scroll_into_view();
            }
        });
    }
    let Some(step) = text.steps.get(current) else {
        return html! { <p class="empty">{ ui.text(key::PAGE_LESSON_EMPTY) }</p> };
    };
    html! {
        <article class="lesson">
            <p class="lesson-question">{ text.question.clone() }</p>
            <ol class="steps" aria-label={ui.text(key::PAGE_STEPS)}>
                for (index, step) in text.steps.iter().enumerate() {
                    <li key={index}>
                        <button
                            type="button"
                            class={classes!("step", (index < current).then_some("done"), (index == current).then_some("now"))}
                            aria-current={(index == current).then_some("step")}
                            aria-label={format!("{}. {}", index + 1, step.title)}
                            title={step.title.clone()}
                            onclick={ui.act(Action::TurnToStep(index))}
                        />
                    </li>
                }
            </ol>
            <h2 class="step-title" ref={heading} tabindex="-1">{ step.title.clone() }</h2>
            <p class="meta">
                { ui.render(&key::PAGE_STEP_META.with("step", current + 1).with("steps", count).with("minutes", screen.lesson.minutes)) }
            </p>
            if screen.showing_solution {
                <p class="notice">{ ui.text(key::PAGE_SOLUTION_SHOWN) }</p>
            }
            <Prose blocks={step.blocks.clone()} screen={screen.clone()} />
            <div class="lesson-ways">
                <ActButton class="button" enabled={current > 0} onclick={ui.act(Action::TurnToStep(current.saturating_sub(1)))}>
                    { ui.text(key::PAGE_STEP_BACK) }
                </ActButton>
                <button type="button" class="button plain" onclick={ui.act(Action::Restart)}>
                    <Icon glyph={Glyph::Restart} />{ ui.text(key::PAGE_RESTART) }
                </button>
                if current + 1 >= count && !ui.embed {
                    <button type="button" class="button" onclick={ui.on(|| Msg::Go(Place::List))}>{ ui.text(key::PAGE_TO_LIST) }</button>
                } else {
                    <ActButton class="button primary" enabled={current + 1 < count} onclick={ui.act(Action::TurnToStep(current + 1))}>
                        { ui.text(key::PAGE_STEP_NEXT) }
                    </ActButton>
                }
            </div>
            // The top bar of a phone has no room for it.
            if !ui.embed {
                <button type="button" class="button plain phone-only" onclick={ui.on(|| Msg::Go(Place::Live))}>
                    <Icon glyph={Glyph::Plug} />{ ui.text(key::PAGE_LIVE_TITLE) }
                </button>
            }
        </article>
    }
}
