//! Lesson text as nodes. Text stays text: nothing here is ever parsed as HTML.

use std::rc::Rc;

use yew::prelude::*;

use super::goals::GoalCard;
use super::packet_chip::PacketChip;
use super::prediction::PredictionCard;
use crate::lesson::{Block, Inline, Lesson};
use crate::playground::LessonScreen;
use crate::text::key;
use crate::web::i18n::{Ui, use_ui};

#[derive(Properties, PartialEq)]
pub(crate) struct ProseProps {
    pub(crate) blocks: Vec<Block>,
    pub(crate) screen: Rc<LessonScreen>,
}

/// Blocks of a lesson.
#[component]
pub(crate) fn Prose(ProseProps { blocks, screen }: &ProseProps) -> Html {
    let ui = use_ui();
    html! { <div class="prose">{ blocks.iter().map(|it| block(it, screen, &ui)).collect::<Html>() }</div> }
}

fn block(it: &Block, screen: &Rc<LessonScreen>, ui: &Ui) -> Html {
    let lesson = &screen.lesson;
    let blocks = |them: &[Block]| them.iter().map(|it| block(it, screen, ui)).collect::<Html>();
    match it {
        Block::Paragraph(line) => html! { <p>{ inlines(line, lesson) }</p> },
        Block::Heading(line) => html! { <h3>{ inlines(line, lesson) }</h3> },
        Block::List { ordered, items } => {
            let items = items.iter().map(|item| html! { <li>{ blocks(item) }</li> }).collect::<Html>();
            if *ordered {
                html! { <ol>{ items }</ol> }
            } else {
                html! { <ul>{ items }</ul> }
            }
        }
        Block::Note(inner) => html! { <div class="note" role="note">{ blocks(inner) }</div> },
        Block::Code(code) => {
            // Wide code scrolls, so it must be reachable by keyboard.
            html! { <pre class="code" tabindex="0" role="region" aria-label={ui.text(key::PAGE_CODE)}><code>{ code.clone() }</code></pre> }
        }
        Block::Table { head, rows } => html! {
            <div class="table-scroll" tabindex="0" role="region" aria-label={ui.text(key::PAGE_LESSON_TABLE)}>
                <table>
                    <thead><tr>{ head.iter().map(|cell| html! { <th scope="col">{ inlines(cell, lesson) }</th> }).collect::<Html>() }</tr></thead>
                    <tbody>
                        { rows.iter().map(|row| html! {
                            <tr>{ row.iter().map(|cell| html! { <td>{ inlines(cell, lesson) }</td> }).collect::<Html>() }</tr>
                        }).collect::<Html>() }
                    </tbody>
                </table>
            </div>
        },
        Block::Prediction(index) => html! { <PredictionCard screen={screen.clone()} index={*index} /> },
        Block::Goals => html! { <GoalCard screen={screen.clone()} /> },
    }
}

/// The pieces of a line.
pub(crate) fn inlines(line: &[Inline], lesson: &Lesson) -> Html {
    line.iter().map(|it| inline(it, lesson)).collect()
}

fn inline(it: &Inline, lesson: &Lesson) -> Html {
    match it {
        Inline::Text(text) => html! { { text.clone() } },
        Inline::Strong(inner) => html! { <strong>{ inlines(inner, lesson) }</strong> },
        Inline::Emphasis(inner) => html! { <em>{ inlines(inner, lesson) }</em> },
        Inline::Code(text) => html! { <code>{ text.clone() }</code> },
        Inline::Link { url, text } => {
            html! { <a href={url.clone()} target="_blank" rel="noopener noreferrer">{ inlines(text, lesson) }</a> }
        }
        Inline::Packet { packet, text } => html! { <PacketChip
            index={*packet}
            text={text.clone()}
            packet_type={lesson.packets.get(*packet).and_then(|packet| packet.pattern.packet_type)}
        /> },
        Inline::Clause(clause) => html! { <Clause clause={clause.clone()} /> },
        Inline::Break => html! { <br /> },
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct ClauseProps {
    pub(crate) clause: String,
}

/// A clause of the specification, as a link into the standard.
#[component]
pub(crate) fn Clause(ClauseProps { clause }: &ClauseProps) -> Html {
    let ui = use_ui();
    let label = ui.render(&key::PAGE_CLAUSE.with("clause", clause.as_str()));
    let url = if clause.starts_with("3.1.1") {
        "https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html"
    } else {
        "https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html"
    };
    html! { <a class="clause" href={url} target="_blank" rel="noopener noreferrer" aria-label={label.clone()} title={label}>{ format!("[{clause}]") }</a> }
}
