//! The bytes of a packet, as numbers and as characters. Pointing at a byte marks its field, and the other way round.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

use crate::playground::{Action, Selection};
use crate::text::key;
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct HexViewProps {
    pub(crate) selection: Rc<Selection>,
    /// The field that is marked.
    pub(crate) shown: Option<usize>,
    pub(crate) onhover: Callback<Option<usize>>,
}

/// Bytes in a row.
const ROW: usize = 8;
/// More bytes than this are not drawn; payloads can be large.
const SHOWN: usize = 4_096;

/// The innermost whole-byte field over this byte.
fn field_at(selection: &Selection, byte: usize) -> Option<usize> {
    let covers = |field: &crate::packet::Field| field.range.contains(&byte) && field.bits.is_none();
    selection.fields.iter().enumerate().filter(|(_, row)| covers(&row.field)).max_by_key(|(_, row)| row.field.depth).map(|(index, _)| index)
}

/// The hex view: a grid with one stop for the tab key.
#[component]
pub(crate) fn HexView(HexViewProps { selection, shown, onhover }: &HexViewProps) -> Html {
    let ui = use_ui();
    let bytes = &selection.packet.bytes;
    let marked = shown.and_then(|index| selection.fields.get(index)).map(|row| row.field.range.clone());
    let is_marked = |byte: usize| marked.as_ref().is_some_and(|range| range.contains(&byte));
    let chosen = selection.field.and_then(|index| selection.fields.get(index)).map(|row| row.field.range.clone());
    let current = use_state_eq(|| 0_usize);
    // The stop follows the selected field unless it is already inside it.
    let stop = match &chosen {
        Some(range) if !range.contains(&*current) && !range.is_empty() => range.start,
        _ => *current,
    }
    .min(bytes.len().saturating_sub(1));
    let onkeydown = {
        let (ui, current, selection) = (ui.clone(), current.clone(), selection.clone());
        let last = bytes.len().min(SHOWN).saturating_sub(1);
        Callback::from(move |event: KeyboardEvent| {
            let next = match event.key().as_str() {
                "ArrowRight" => stop + 1,
                "ArrowLeft" => stop.saturating_sub(1),
                "ArrowDown" => stop + ROW,
                "ArrowUp" => stop.checked_sub(ROW).unwrap_or(stop),
                "Home" => stop / ROW * ROW,
                "End" => stop / ROW * ROW + ROW - 1,
                "Enter" | " " => stop,
                _ => return,
            }
            .min(last);
            event.prevent_default();
            current.set(next);
            ui.say(Msg::Act(Action::SelectField(field_at(&selection, next))));
            let document = web_sys::window().and_then(|window| window.document());
            let cell = document.and_then(|document| document.get_element_by_id(&format!("byte-{next}")));
            if let Some(cell) = cell.and_then(|cell| cell.dyn_into::<HtmlElement>().ok()) {
                let _ = cell.focus();
            }
        })
    };
    let leave = {
        let onhover = onhover.clone();
        Callback::from(move |_: MouseEvent| onhover.emit(None))
    };
    let cell = |index: usize, byte: u8| {
        let field = field_at(selection, index);
        let hover = {
            let onhover = onhover.clone();
            Callback::from(move |_: MouseEvent| onhover.emit(field))
        };
        let click = {
            let (ui, current) = (ui.clone(), current.clone());
            Callback::from(move |_: MouseEvent| {
                current.set(index);
                ui.say(Msg::Act(Action::SelectField(field)));
            })
        };
        let name = field.and_then(|field| selection.fields.get(field)).map_or("", |row| row.field.name);
        html! {
            <span
                key={index}
                id={format!("byte-{index}")}
                role="gridcell"
                class={classes!("byte", is_marked(index).then_some("shown"))}
                aria-selected={chosen.as_ref().is_some_and(|range| range.contains(&index)).to_string()}
                aria-label={ui.render(&key::PAGE_BYTE.with("index", index).with("value", format!("0x{byte:02X}")).with("field", name))}
                tabindex={if index == stop { "0" } else { "-1" }}
                onclick={click}
                onmouseover={hover}
            >
                { format!("{byte:02x}") }
            </span>
        }
    };
    let row = |(number, chunk): (usize, &[u8])| {
        let start = number * ROW;
        let letters = chunk.iter().enumerate().map(|(offset, &byte)| {
            let letter = if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '·' };
            html! { <span class={classes!("letter", is_marked(start + offset).then_some("shown"))}>{ letter }</span> }
        });
        html! {
            <div key={number} class="hex-row" role="row">
                <span class="hex-offset" aria-hidden="true">{ format!("{start:04x}") }</span>
                <span class="hex-bytes" role="presentation">{ for chunk.iter().enumerate().map(|(offset, &byte)| cell(start + offset, byte)) }</span>
                <span class="hex-letters" aria-hidden="true">{ for letters }</span>
            </div>
        }
    };
    let drawn = bytes.get(..bytes.len().min(SHOWN)).unwrap_or_default();
    html! {
        <div class="hex-box">
            <div class="hex" role="grid" aria-label={ui.text(key::PAGE_HEX)} {onkeydown} onmouseleave={leave}>
                { for drawn.chunks(ROW).enumerate().map(row) }
            </div>
            if bytes.len() > SHOWN {
                <p class="quiet">{ ui.render(&key::PAGE_HEX_REST.with("bytes", bytes.len() - SHOWN)) }</p>
            }
        </div>
    }
}
