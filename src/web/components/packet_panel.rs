//! The selected packet: what it is, its fields, its bytes, under one selection.

use std::rc::Rc;

use yew::prelude::*;

use super::field_tree::FieldTree;
use super::hex_view::HexView;
use super::prose::Clause;
use super::sequence_table::{fate_words, node_name};
use crate::playground::{Action, Selection};
use crate::text::key;
use crate::trace::Node;
use crate::web::family::Family;
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct PacketPanelProps {
    pub(crate) selection: Option<Rc<Selection>>,
    pub(crate) nodes: Rc<[Node]>,
    pub(crate) records: usize,
}

/// The panel.
#[component]
pub(crate) fn PacketPanel(props: &PacketPanelProps) -> Html {
    let ui = use_ui();
    let hovered = use_state_eq(|| None::<usize>);
    let record = props.selection.as_ref().map(|selection| selection.packet.record);
    {
        // Another packet has other fields.
        let hovered = hovered.clone();
        use_effect_with(record, move |_| hovered.set(None));
    }
    let Some(selection) = &props.selection else {
        return html! {
            <div class="empty empty-packet">
                <svg viewBox="0 0 64 40" aria-hidden="true" focusable="false"><path d="M6 8h52M6 8l0 26M58 8v26M6 16l46 7M58 27 12 33" /></svg>
                <p>{ ui.text(key::PAGE_PACKET_EMPTY) }</p>
            </div>
        };
    };
    let packet = &selection.packet;
    let family = Family::of(packet.packet_type);
    let shown = hovered.filter(|index| *index < selection.fields.len()).or(selection.field);
    let onhover = {
        let hovered = hovered.clone();
        Callback::from(move |field: Option<usize>| hovered.set(field))
    };
    let explained = shown.and_then(|index| selection.fields.get(index)).map(|row| &row.field);
    html! {
        <div class="packet">
            <header class={classes!("packet-head", family.class())}>
                <h2><span aria-hidden="true">{ family.glyph() }</span>{ " " }{ packet.packet_type.name() }</h2>
                <p>
                    { node_name(&ui, &props.nodes, packet.from) }<span aria-hidden="true">{ " → " }</span>
                    <span class="unseen">{ ui.text(key::PAGE_TO) }</span>{ node_name(&ui, &props.nodes, packet.to) }
                    <span class="dot" aria-hidden="true">{ "·" }</span>
                    { ui.render(&key::PAGE_BYTES.with("bytes", packet.bytes.len())) }
                    <span class="dot" aria-hidden="true">{ "·" }</span>
                    { format!("MQTT {}", packet.version) }
                </p>
                <p>
                    <span class="mono">{ format!("{} s", packet.at) }</span>
                    <span class="dot" aria-hidden="true">{ "·" }</span>
                    { ui.render(&fate_words(packet, props.records)) }
                    if packet.retransmissions > 0 {
                        <span class="dot" aria-hidden="true">{ "·" }</span>
                        { ui.render(&key::PAGE_RETRANSMITTED.with("times", packet.retransmissions)) }
                    }
                </p>
                if let Some(cause) = selection.caused_by {
                    <button type="button" class="link-button" onclick={ui.act(Action::Select(Some(cause)))}>{ ui.text(key::PAGE_CAUSE) }</button>
                }
            </header>
            if let Some(error) = &selection.error {
                <p class="notice bad">{ ui.render(error) }</p>
            }
            <FieldTree selection={selection.clone()} {shown} onhover={onhover.clone()} />
            <HexView selection={selection.clone()} {shown} {onhover} />
            <div class="meaning" tabindex="0" role="region" aria-label={ui.text(key::PAGE_MEANING)}>
                if let Some(field) = explained {
                    <h3>{ field.name }</h3>
                    if let Some(meaning) = &field.meaning {
                        <p>{ ui.render(meaning) }</p>
                    }
                    if let Some(bits) = field.bits.as_ref().zip(packet.bytes.get(field.range.start)).map(|(bits, byte)| strip(bits, *byte)) {
                        <div class="bits" role="img" aria-label={ui.text(key::PAGE_BITS)}>{ bits }</div>
                    }
                    <p class="quiet">{ ui.render(&place(field)) }</p>
                    if let Some(clause) = field.clause {
                        <Clause clause={clause.to_owned()} />
                    }
                } else {
                    <p class="quiet">{ ui.text(key::PAGE_FIELD_HINT) }</p>
                }
            </div>
        </div>
    }
}

/// The eight bits of a byte, with those of a field marked.
fn strip(bits: &std::ops::RangeInclusive<u8>, byte: u8) -> Html {
    let bit = |number: u8| {
        let class = bits.contains(&number).then_some("shown");
        html! { <span class={classes!(class)}>{ if byte >> number & 1 == 1 { "1" } else { "0" } }</span> }
    };
    (0..8).rev().map(bit).collect()
}

/// Which bytes or bits a field covers.
fn place(field: &crate::packet::Field) -> crate::text::Message {
    let (first, last) = (field.range.start, field.range.end.saturating_sub(1));
    match &field.bits {
        Some(bits) if bits.start() == bits.end() => key::PAGE_PLACE_BIT.with("byte", first).with("bit", *bits.start()),
        Some(bits) => key::PAGE_PLACE_BITS.with("byte", first).with("high", *bits.end()).with("low", *bits.start()),
        None if field.range.is_empty() => key::PAGE_PLACE_NONE.message(),
        None if first == last => key::PAGE_PLACE_BYTE.with("byte", first),
        None => key::PAGE_PLACE_BYTES.with("first", first).with("last", last),
    }
}
