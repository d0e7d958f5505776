//! A packet of the run, named in the lesson's text.

use yew::prelude::*;

use crate::packet::PacketType;
use crate::playground::Action;
use crate::text::key;
use crate::web::family::Family;
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct PacketChipProps {
    /// Index in the lesson's packets.
    pub(crate) index: usize,
    pub(crate) text: String,
}

/// The family of the packet type that the text starts with.
fn family(text: &str) -> Option<Family> {
    let word = text.split(|it: char| !it.is_ascii_alphabetic()).find(|word| !word.is_empty())?;
    PacketType::ALL.into_iter().find(|it| it.name().eq_ignore_ascii_case(word)).map(Family::of)
}

/// A button that selects the packet everywhere.
#[component]
pub(crate) fn PacketChip(PacketChipProps { index, text }: &PacketChipProps) -> Html {
    let ui = use_ui();
    let family = family(text);
    html! {
        <button
            type="button"
            class={classes!("chip", family.map(Family::class))}
            title={ui.text(key::PAGE_CHIP)}
            onclick={ui.act(Action::SelectNamed(*index))}
        >
            if let Some(family) = family {
                <span class="chip-shape" aria-hidden="true">{ family.glyph() }</span>
            }
            { text.clone() }
        </button>
    }
}
