//! The table twin of the sequence diagram: the same rows in words.

use std::rc::Rc;

use yew::prelude::*;

use crate::link::LossReason;
use crate::playground::Action;
use crate::text::{Key, Message, key};
use crate::trace::{Node, NodeId, RecordId};
use crate::view::{Fate, PacketRow, SequenceItem};
use crate::web::family::{Family, details, mark_class};
use crate::web::hooks::use_newest;
use crate::web::i18n::{Ui, use_ui};

/// More rows than this are not put into the page at once; the newest are what counts.
const SHOWN: usize = 400;

#[derive(Properties, PartialEq)]
pub(crate) struct SequenceTableProps {
    pub(crate) nodes: Rc<[Node]>,
    pub(crate) packets: Rc<[PacketRow]>,
    pub(crate) items: Rc<[SequenceItem]>,
    pub(crate) records: usize,
    pub(crate) selected: Option<RecordId>,
}

const fn loss(reason: LossReason) -> Key {
    match reason {
        LossReason::RandomLoss => key::PAGE_LOSS_RANDOM,
        LossReason::BurstLoss => key::VIEW_LOSS_BURST,
        LossReason::QueueFull => key::VIEW_LOSS_QUEUE_FULL,
        LossReason::Outage => key::VIEW_LOSS_OUTAGE,
        LossReason::IdleTimeout => key::VIEW_LOSS_IDLE,
        LossReason::NeverReleased => key::VIEW_LOSS_NEVER_RELEASED,
        LossReason::PathCut => key::PAGE_LOSS_CUT,
        LossReason::ConnectionReset => key::PAGE_LOSS_RESET,
        LossReason::NoConnection => key::PAGE_LOSS_NO_CONNECTION,
        LossReason::NeverSent => key::PAGE_LOSS_NEVER_SENT,
    }
}

/// What became of a packet, in words.
pub(crate) fn fate_words(packet: &PacketRow, records: usize) -> Message {
    match packet.fate.seen_from(records) {
        Fate::InFlight => key::PAGE_FATE_OPEN.message(),
        Fate::Sent => key::VIEW_FATE_SENT.message(),
        Fate::Arrived { at, .. } => key::PAGE_FATE_ARRIVED.with("at", at.to_string()),
        Fate::Lost { at, reason, .. } => key::PAGE_FATE_LOST.with("at", at.to_string()).with("reason", loss(reason).message()),
    }
}

/// The name of a node.
pub(crate) fn node_name(ui: &Ui, nodes: &[Node], node: NodeId) -> String {
    let name = nodes.get(node.0 as usize).map_or("", |node| node.name.as_str());
    if node == NodeId::BROKER { ui.broker(name) } else { name.to_owned() }
}

/// The table.
#[component]
pub(crate) fn SequenceTable(props: &SequenceTableProps) -> Html {
    let ui = use_ui();
    let surplus = props.items.len().saturating_sub(SHOWN);
    let scroller = use_node_ref();
    use_newest(&scroller, props.items.len());
    if props.items.is_empty() {
        return html! { <p class="empty">{ ui.text(key::PAGE_SEQUENCE_EMPTY) }</p> };
    }
    html! {
        <div class="table-scroll tall" ref={scroller} tabindex="0" role="region" aria-label={ui.text(key::PAGE_TAB_TABLE)}>
            if surplus > 0 {
                <p class="quiet pad">{ ui.render(&key::PAGE_ROWS_LEFT_OUT.with("count", surplus)) }</p>
            }
            <table class="rows">
                <thead>
                    <tr>
                        <th scope="col">{ ui.text(key::PAGE_COLUMN_TIME) }</th>
                        <th scope="col">{ ui.text(key::PAGE_COLUMN_WAY) }</th>
                        <th scope="col">{ ui.text(key::PAGE_COLUMN_WHAT) }</th>
                        <th scope="col">{ ui.text(key::PAGE_COLUMN_FATE) }</th>
                    </tr>
                </thead>
                <tbody>{ for props.items.iter().skip(surplus).map(|item| row(item, props, &ui)) }</tbody>
            </table>
        </div>
    }
}

fn row(item: &SequenceItem, props: &SequenceTableProps, ui: &Ui) -> Html {
    match item {
        SequenceItem::Packet(index) => {
            let Some(packet) = props.packets.get(*index) else { return html! {} };
            let family = Family::of(packet.packet_type);
            let is_selected = props.selected == Some(packet.record);
            html! {
                <tr key={format!("p{}", packet.record.0)} class={classes!(is_selected.then_some("selected"))}>
                    <td class="mono">{ packet.at.to_string() }</td>
                    <td class="nowrap">{ node_name(ui, &props.nodes, packet.from) }<span class="way" aria-hidden="true">{ " → " }</span>
                        <span class="unseen">{ ui.text(key::PAGE_TO) }</span>{ node_name(ui, &props.nodes, packet.to) }</td>
                    <td>
                        <button type="button" class={classes!("row-button", family.class())} aria-pressed={is_selected.to_string()}
                            onclick={ui.act(Action::Select(Some(packet.record)))}>
                            <span aria-hidden="true">{ family.glyph() }</span>{ " " }{ packet.packet_type.name() }
                            <span class="arrow-more">{ " " }{ details(packet) }</span>
                        </button>
                    </td>
                    <td class="nowrap">{ ui.render(&fate_words(packet, props.records)) }</td>
                </tr>
            }
        }
        SequenceItem::Mark(mark) => html! {
            <tr key={format!("m{}", mark.record.0)} class={classes!("mark-row", mark_class(mark.kind))}>
                <td class="mono">{ mark.at.to_string() }</td>
                <td>{ node_name(ui, &props.nodes, mark.node) }</td>
                <td colspan="2">{ ui.render(&mark.message) }</td>
            </tr>
        },
    }
}
