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
    /// Its type, if the lesson names one.
    pub(crate) packet_type: Option<PacketType>,
}

/// A button that selects the packet everywhere.
#[component]
pub(crate) fn PacketChip(PacketChipProps { index, text, packet_type }: &PacketChipProps) -> Html {
    let ui = use_ui();
    let family = packet_type.map(Family::of);
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
