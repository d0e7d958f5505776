//! The packet list: one row a packet, with topic, payload and size.

use std::rc::Rc;

use yew::prelude::*;

use super::sequence_table::node_name;
use crate::playground::Action;
use crate::text::key;
use crate::trace::{Node, RecordId};
use crate::view::PacketRow;
use crate::web::family::{Family, details};
use crate::web::hooks::use_newest;
use crate::web::i18n::{Ui, use_ui};

/// More rows than this are not put into the page at once; the newest are what counts.
const SHOWN: usize = 400;

#[derive(Properties, PartialEq)]
pub(crate) struct PacketListingProps {
    pub(crate) nodes: Rc<[Node]>,
    pub(crate) packets: Rc<[PacketRow]>,
    pub(crate) selected: Option<RecordId>,
}

/// The list.
#[component]
pub(crate) fn PacketListing(props: &PacketListingProps) -> Html {
    let ui = use_ui();
    let surplus = props.packets.len().saturating_sub(SHOWN);
    let scroller = use_node_ref();
    use_newest(&scroller, props.packets.len());
    if props.packets.is_empty() {
        return html! { <p class="empty">{ ui.text(key::PAGE_PACKETS_EMPTY) }</p> };
    }
    html! {
        <div class="table-scroll tall" ref={scroller} tabindex="0" role="region" aria-label={ui.text(key::PAGE_TAB_PACKETS)}>
            if surplus > 0 {
                <p class="quiet pad">{ ui.render(&key::PAGE_ROWS_LEFT_OUT.with("count", surplus)) }</p>
            }
            <table class="rows">
                <thead>
                    <tr>
                        <th scope="col">{ ui.text(key::PAGE_COLUMN_TIME) }</th>
                        <th scope="col">{ ui.text(key::PAGE_COLUMN_PACKET) }</th>
                        <th scope="col">{ ui.text(key::PAGE_COLUMN_WAY) }</th>
                        <th scope="col">{ ui.text(key::PAGE_COLUMN_TOPIC) }</th>
                        <th scope="col">{ ui.text(key::PAGE_COLUMN_PAYLOAD) }</th>
                        <th scope="col" class="number">{ ui.text(key::PAGE_COLUMN_BYTES) }</th>
                    </tr>
                </thead>
                <tbody>{ for props.packets.iter().skip(surplus).map(|packet| row(packet, props, &ui)) }</tbody>
            </table>
        </div>
    }
}

fn row(packet: &PacketRow, props: &PacketListingProps, ui: &Ui) -> Html {
    let family = Family::of(packet.packet_type);
    let is_selected = props.selected == Some(packet.record);
    html! {
        <tr key={packet.record.0} class={classes!(is_selected.then_some("selected"))}>
            <td class="mono">{ packet.at.to_string() }</td>
            <td>
                <button type="button" class={classes!("row-button", family.class())} aria-pressed={is_selected.to_string()}
                    onclick={ui.act(Action::Select(Some(packet.record)))}>
                    <span aria-hidden="true">{ family.glyph() }</span>{ " " }{ packet.packet_type.name() }
                    <span class="arrow-more">{ " " }{ details(packet) }</span>
                </button>
            </td>
            <td class="nowrap">
                { node_name(ui, &props.nodes, packet.from) }<span aria-hidden="true">{ " → " }</span>
                <span class="unseen">{ ui.text(key::PAGE_TO) }</span>{ node_name(ui, &props.nodes, packet.to) }
            </td>
            <td class="mono clip">{ packet.summary.topic.clone() }</td>
            <td class="mono clip">{ packet.summary.payload.clone() }</td>
            <td class="mono number">{ packet.bytes.len() }</td>
        </tr>
    }
}
