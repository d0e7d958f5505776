//! The task: its goals, the check, the hints, the solution.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{Glyph, Icon};
use super::prose::{Prose, inlines};
use crate::playground::{Action, LessonScreen};
use crate::text::key;
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct GoalCardProps {
    pub(crate) screen: Rc<LessonScreen>,
}

/// What is to be brought about, and how far it is.
#[component]
pub(crate) fn GoalCard(GoalCardProps { screen }: &GoalCardProps) -> Html {
    let ui = use_ui();
    let lesson = &screen.lesson;
    let hints = &lesson.text.get(ui.language).hints;
    let shown = screen.hints_shown.min(hints.len());
    // The solution is shown on the second press, so that nobody loses their work by a slip.
    let sure = use_state_eq(|| false);
    let ask = {
        let sure = sure.clone();
        Callback::from(move |_: MouseEvent| sure.set(true))
    };
    let show = {
        let (ui, sure) = (ui.clone(), sure.clone());
        Callback::from(move |_: MouseEvent| {
            sure.set(false);
            ui.say(crate::web::state::Msg::Act(Action::ShowSolution));
        })
    };
    let goal = |(index, goal): (usize, &crate::lesson::Goal)| {
        let result = screen.goals.iter().find(|result| result.goal == index);
        let met = result.is_some_and(|result| result.met);
        let finding = result.and_then(|result| result.finding.as_ref()).filter(|_| screen.checked && !met);
        html! {
            <li key={index} class={classes!("goal", met.then_some("met"), finding.is_some().then_some("missed"))}>
                <span class="goal-sign" aria-hidden="true">if met { <Icon glyph={Glyph::Check} /> }</span>
                <span>
                    <span class="unseen">{ ui.text(if met { key::PAGE_GOAL_MET } else { key::PAGE_GOAL_OPEN }) }</span>
                    { inlines(goal.text.get(ui.language), lesson) }
                    if let Some(finding) = finding {
                        <span class="finding">{ ui.render(finding) }</span>
                    }
                </span>
            </li>
        }
    };
    html! {
        <section class={classes!("task", screen.solved.then_some("solved"))} aria-label={ui.text(key::PAGE_GOALS)}>
            <h3>{ ui.text(key::PAGE_GOALS) }</h3>
            <ul class="goals">{ for lesson.goals.iter().enumerate().map(goal) }</ul>
            <div role="status">
                if screen.solved {
                    <p class="solved-text">{ ui.text(if screen.showing_solution { key::PAGE_SOLVED_BY_SOLUTION } else { key::PAGE_SOLVED }) }</p>
                } else if screen.checked {
                    <p class="unsolved-text">{ ui.text(key::PAGE_UNSOLVED) }</p>
                }
            </div>
            <div class="task-buttons">
                <button type="button" class="button primary" onclick={ui.act(Action::Check)}>{ ui.text(key::PAGE_CHECK) }</button>
                if shown < hints.len() {
                    <button type="button" class="button" onclick={ui.act(Action::RevealHint)}>
                        <Icon glyph={Glyph::Bulb} />
                        { ui.render(&key::PAGE_HINT.with("next", shown + 1).with("all", hints.len())) }
                    </button>
                }
                if *sure {
                    <button type="button" class="button" onclick={show}>{ ui.text(key::PAGE_SOLUTION_SURE) }</button>
                } else {
                    <button type="button" class="button plain" onclick={ask}>{ ui.text(key::PAGE_SOLUTION) }</button>
                }
            </div>
            <div role="status">
                for (index, hint) in hints.iter().take(shown).enumerate() {
                    <div key={index} class="hint">
                        <h4>{ ui.render(&key::PAGE_HINT_TITLE.with("number", index + 1)) }</h4>
                        <Prose blocks={hint.clone()} screen={screen.clone()} />
                    </div>
                }
            </div>
        </section>
    }
}
