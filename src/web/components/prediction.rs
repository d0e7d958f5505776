//! A prediction: the learner commits before the run answers.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{Glyph, Icon};
use super::prose::inlines;
use crate::playground::{Action, LessonScreen};
use crate::text::key;
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct PredictionCardProps {
    pub(crate) screen: Rc<LessonScreen>,
    pub(crate) index: usize,
}

/// The question, its options as radio buttons, and what is said after the choice.
#[component]
pub(crate) fn PredictionCard(PredictionCardProps { screen, index }: &PredictionCardProps) -> Html {
    let ui = use_ui();
    let lesson = &screen.lesson;
    let Some(prediction) = lesson.predictions.get(*index) else { return html! {} };
    let chosen = screen.predictions.get(*index).and_then(|state| state.chosen);
    let feedback = chosen.and_then(|chosen| prediction.options.get(chosen));
    let name = format!("prediction-{index}");
    html! {
        <fieldset class="ask">
            <legend><span class="ask-tag">{ ui.text(key::PAGE_PREDICT) }</span>{ inlines(prediction.question.get(ui.language), lesson) }</legend>
            for (number, option) in prediction.options.iter().enumerate() {
                <label key={number} class={classes!("option", (chosen == Some(number)).then_some("chosen"))}>
                    <input
                        type="radio"
                        name={name.clone()}
                        checked={chosen == Some(number)}
                        onchange={ui.act(Action::Predict { prediction: *index, option: number })}
                    />
                    <span>{ inlines(option.text.get(ui.language), lesson) }</span>
                </label>
            }
            <div class="feedback-place" role="status">
                if let Some(option) = feedback {
                    <div class={classes!("feedback", if option.correct { "right" } else { "wrong" })}>
                        <Icon glyph={if option.correct { Glyph::Check } else { Glyph::Cross }} />
                        <span>
                            <span class="unseen">{ ui.text(if option.correct { key::PAGE_PREDICT_RIGHT } else { key::PAGE_PREDICT_WRONG }) }</span>
                            { inlines(option.feedback.get(ui.language), lesson) }
                        </span>
                    </div>
                }
            </div>
        </fieldset>
    }
}
