//! The sequence diagram: a lane for each node, an arrow for each packet.

use std::rc::Rc;

use web_sys::{Element, KeyboardEvent, ScrollBehavior, ScrollToOptions};
use yew::prelude::*;

use super::lanes::lanes;
use super::sequence_layout::{End, Row, SequenceLayout};
use crate::playground::Action;
use crate::text::key;
use crate::trace::{Node, NodeId, RecordId};
use crate::view::{Mark, PacketRow, SequenceItem};
use crate::web::family::{Family, details, mark_class};
use crate::web::hooks::{Size, use_scroll_top, use_size};
use crate::web::i18n::{Ui, use_ui};
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct SequenceDiagramProps {
    pub(crate) nodes: Rc<[Node]>,
    pub(crate) packets: Rc<[PacketRow]>,
    pub(crate) items: Rc<[SequenceItem]>,
    pub(crate) records: usize,
    pub(crate) playing: bool,
    /// Whether it is what a small screen shows.
    pub(crate) shown: bool,
    pub(crate) selected: Option<RecordId>,
}

/// How far an arrow may fall, in CSS pixels, and still be called gentle.
const STEEP: f64 = 30.0;

/// What drawing a row needs.
struct Board<'a> {
    ui: &'a Ui,
    lanes: &'a [(NodeId, String)],
    width: f64,
    gutter: f64,
    packets: &'a [PacketRow],
    items: &'a [SequenceItem],
    selected: Option<RecordId>,
}

/// The diagram. Only the rows in sight are drawn.
#[component]
pub(crate) fn SequenceDiagram(props: &SequenceDiagramProps) -> Html {
    let ui = use_ui();
    let scroller = use_node_ref();
    let size = use_size(&scroller, Size { width: 672, height: 480 });
    let top = use_scroll_top(&scroller);
    let layout = {
        let deps = (props.items.clone(), props.packets.clone(), props.records);
        use_memo(deps, |(items, packets, records)| SequenceLayout::new(items, packets, *records))
    };
    let lanes = use_memo(props.nodes.clone(), |nodes| lanes(nodes));
    let width = f64::from(size.width);
    let board = Board {
        ui: &ui,
        lanes: &lanes,
        width,
        gutter: if width < 520.0 { 46.0 } else { 68.0 },
        packets: &props.packets,
        items: &props.items,
        selected: props.selected,
    };
    use_follow(&scroller, &layout, props, size.height);
    let height = layout.height.max(f64::from(size.height) - 44.0);
    let rows = layout.window(f64::from(top), f64::from(top) + f64::from(size.height));
    let onkeydown = walk(&ui, props);
    html! {
        <div class="sequence" ref={scroller} tabindex="0" role="region" aria-label={ui.text(key::PAGE_SEQUENCE_LABEL)} {onkeydown}>
            <svg class="lane-heads" width="100%" height="40" aria-hidden="true">
                for (index, Head { x, y, name }) in board.heads().into_iter().enumerate() {
                    <text key={index} x={format!("{x:.1}")} y={format!("{y:.0}")}>{ name }</text>
                }
            </svg>
            if props.items.is_empty() {
                <p class="empty">{ ui.text(key::PAGE_SEQUENCE_EMPTY) }</p>
            }
            <svg class="sequence-drawing" width="100%" height={format!("{height:.0}")} role="img" aria-label={ui.text(key::PAGE_SEQUENCE_TWIN)}>
                <g class="lane-lines">
                    { (0..lanes.len()).map(|index| {
                        let x = format!("{:.1}", board.lane_x(index));
                        html! { <line x1={x.clone()} x2={x} y1="0" y2={format!("{height:.0}")} /> }
                    }).collect::<Html>() }
                </g>
                { rows.iter().map(|row| board.row(row)).collect::<Html>() }
            </svg>
        </div>
    }
}

/// Up and down select the packet before and after.
fn walk(ui: &Ui, props: &SequenceDiagramProps) -> Callback<KeyboardEvent> {
    let (ui, packets, selected) = (ui.clone(), props.packets.clone(), props.selected);
    Callback::from(move |event: KeyboardEvent| {
        let at = selected.and_then(|record| packets.iter().position(|packet| packet.record == record));
        let next = match (event.key().as_str(), at) {
            ("ArrowDown", None) => 0,
            ("ArrowDown", Some(at)) => at + 1,
            ("ArrowUp", Some(at)) => at.saturating_sub(1),
            ("ArrowUp", None) => packets.len().saturating_sub(1),
            _ => return,
        };
        event.prevent_default();
        if let Some(packet) = packets.get(next) {
            ui.say(Msg::Act(Action::Select(Some(packet.record))));
        }
    })
}

/// Keeps the newest row in sight while it plays, and the selected one when the selection changes.
#[hook]
fn use_follow(scroller: &NodeRef, layout: &Rc<SequenceLayout>, props: &SequenceDiagramProps, height: i32) {
    let selected = props.selected;
    let calm = use_ui().calm;
    let scroll = {
        let scroller = scroller.clone();
        move |top: f64, smooth: bool| {
            if let Some(element) = scroller.cast::<Element>() {
                let options = ScrollToOptions::new();
                options.set_top(top);
                options.set_behavior(if smooth && !calm { ScrollBehavior::Smooth } else { ScrollBehavior::Auto });
                element.scroll_to_with_scroll_to_options(&options);
            }
        }
    };
    {
        let (scroll, scroller, layout) = (scroll.clone(), scroller.clone(), layout.clone());
        let items = props.items.len();
        let before = use_mut_ref(|| 0.0_f64);
        use_effect_with((items, props.records, props.shown), move |_| {
            // What is not in sight has no height; what happened meanwhile is followed when it comes back.
            let Some(element) = scroller.cast::<Element>().filter(|element| element.client_height() > 0) else { return };
            let room = f64::from(element.client_height());
            // Whoever has scrolled up to read is left alone: only a view near the end follows.
            let end = before.replace(layout.height);
            let was_near_end = f64::from(element.scroll_top()) + room + 120.0 >= end;
            if was_near_end || layout.height < end {
                scroll(layout.height - room + 44.0, false);
            }
        });
    }
    let (items, packets, layout, scroller) = (props.items.clone(), props.packets.clone(), layout.clone(), scroller.clone());
    use_effect_with(selected, move |selected| {
        let Some(selected) = *selected else { return };
        let is_it = |item: &SequenceItem| matches!(item, SequenceItem::Packet(index) if packets.get(*index).is_some_and(|packet| packet.record == selected));
        let row = items.iter().position(is_it).and_then(|index| layout.rows.iter().find(|row| row.item == index));
        if let (Some(row), Some(element)) = (row, scroller.cast::<Element>()) {
            let top = f64::from(element.scroll_top());
            if row.y - 30.0 < top || row.end + 60.0 > top + f64::from(height) {
                scroll(row.y - f64::from(height) / 2.0, true);
            }
        }
    });
}

/// The name over a lane: its middle, its base line.
struct Head {
    x: f64,
    y: f64,
    name: String,
}

/// About how wide the letters of a name are. Hangul is about as wide as it is high.
fn name_width(text: &str) -> f64 {
    text.chars().map(|letter| if letter.is_ascii() { 7.2 } else { 12.5 }).sum::<f64>() + 4.0
}

/// The name, cut to the room.
fn fit(text: &str, room: f64) -> String {
    let mut cut = text.to_owned();
    let mut is_cut = false;
    while name_width(&cut) > room && cut.chars().count() > 3 {
        cut.truncate(cut.char_indices().rev().nth(usize::from(is_cut)).map_or(0, |(at, _)| at));
        cut.push('…');
        is_cut = true;
    }
    cut
}

impl Board<'_> {
    fn lane_room(&self) -> f64 {
        (self.width - self.gutter) / (self.lanes.len().max(1) as f64)
    }

    /// The names over the lanes. If one has no room over its lane, they stand in two rows, where each has the room of two lanes.
    fn heads(&self) -> Vec<Head> {
        let names = self.lanes.iter().map(|(id, name)| if *id == NodeId::BROKER { self.ui.broker(name) } else { name.clone() });
        let names: Vec<String> = names.collect();
        let is_tight = names.iter().any(|name| name_width(name) > self.lane_room());
        let place = |(index, name): (usize, String)| {
            let (room, y) = match (is_tight, index % 2) {
                (false, _) => (self.lane_room(), 25.0),
                (true, 0) => (self.lane_room() * 2.0, 17.0),
                (true, _) => (self.lane_room() * 2.0, 34.0),
            };
            let name = fit(&name, room);
            let half = name_width(&name) / 2.0;
            Head { x: self.lane_x(index).min(self.width - half).max(half), y, name }
        };
        names.into_iter().enumerate().map(place).collect()
    }

    fn lane_x(&self, index: usize) -> f64 {
        self.gutter + self.lane_room() * (index as f64 + 0.5)
    }

    fn node_x(&self, node: NodeId) -> f64 {
        self.lane_x(self.lanes.iter().position(|(id, _)| *id == node).unwrap_or(0))
    }

    fn row(&self, row: &Row) -> Html {
        match self.items.get(row.item) {
            Some(SequenceItem::Packet(index)) => self.packets.get(*index).map(|packet| self.arrow(row, packet)).unwrap_or_default(),
            Some(SequenceItem::Mark(mark)) => self.mark(row, mark),
            None => html! {},
        }
    }

    fn time(&self, row: &Row) -> Html {
        row.at
            .map(|at| html! { <text class="row-time" x="10" y={format!("{:.1}", row.y + 4.0)}>{ at.to_string() }</text> })
            .unwrap_or_default()
    }

    fn arrow(&self, row: &Row, packet: &PacketRow) -> Html {
        let family = Family::of(packet.packet_type);
        let (from, to) = (self.node_x(packet.from), self.node_x(packet.to));
        let part = match row.fate {
            End::Arrived | End::Sent => 1.0,
            End::Lost => 0.62,
            End::Open => 0.45,
        };
        let toward = (to - from).signum();
        let x2 = from + (to - from) * part - if row.fate == End::Arrived { toward * 2.0 } else { 0.0 };
        let y2 = row.end;
        let is_selected = self.selected == Some(packet.record);
        // The arrow's head lies along the arrow.
        let angle = (y2 - row.y).atan2(x2 - from).to_degrees();
        let mut more = details(packet);
        if packet.retransmissions > 0 {
            more.push_str(&format!(" ↻{}", packet.retransmissions));
        }
        let name = packet.packet_type.name();
        let label = (name.len() + more.chars().count() + 3) as f64 * 7.6;
        let room = (to - from).abs();
        let is_tight = label > room + 16.0;
        // On a gentle slope the label lies over the middle. A steep arrow crosses what happened meanwhile: there it keeps above the row
        // where the arrow starts, which is its own, and at the sender's end if there is room.
        let fall = y2 - row.y;
        let (label_x, label_y) = if fall <= STEEP {
            ((from + to) / 2.0, row.y + fall * 0.5 - 8.0)
        } else if label > room {
            ((from + to) / 2.0, row.y - 4.0)
        } else {
            (from + toward * (label / 2.0 + 6.0), row.y - 4.0)
        };
        let record = packet.record;
        html! {
            <g
                key={format!("p{}", record.0)}
                class={classes!("arrow", family.class(), is_selected.then_some("selected"), match row.fate {
                    End::Arrived | End::Sent => None,
                    End::Lost => Some("lost"),
                    End::Open => Some("open"),
                })}
                onclick={self.ui.act(Action::Select(Some(record)))}
            >
                <title>{ self.tip(packet) }</title>
                <rect class="row-mark" x="2" y={format!("{:.1}", row.y - 17.0)} width={format!("{:.1}", (self.width - 4.0).max(0.0))}
                    height={format!("{:.1}", fall.min(STEEP) + 24.0)} rx="6" />
                { self.time(row) }
                <path class="arrow-reach" d={format!("M{from:.1} {:.1}L{x2:.1} {y2:.1}", row.y)} />
                <path class="arrow-line" d={format!("M{from:.1} {:.1}L{x2:.1} {y2:.1}", row.y)} />
                if row.fate == End::Arrived {
                    <path class="arrow-head" d="M0 0-9-4.2-9 4.2z" transform={format!("translate({x2:.1} {y2:.1}) rotate({angle:.1})")} />
                }
                if row.fate == End::Lost {
                    <path class="lost-sign" d="M-6-6 6 6M6-6-6 6" transform={format!("translate({x2:.1} {y2:.1})")} />
                }
                <text class={classes!("arrow-label", is_tight.then_some("tight"))} x={format!("{label_x:.1}")} y={format!("{label_y:.1}")}>
                    <tspan aria-hidden="true">{ family.glyph() }</tspan>
                    { format!(" {name}") }
                    if !more.is_empty() {
                        <tspan class="arrow-more">{ format!(" {more}") }</tspan>
                    }
                </text>
            </g>
        }
    }

    /// What there is no room for on the arrow.
    fn tip(&self, packet: &PacketRow) -> String {
        let mut parts = vec![packet.packet_type.name().to_owned()];
        parts.extend(packet.summary.topic.clone());
        parts.extend(packet.summary.payload.clone().filter(|payload| !payload.is_empty()));
        if packet.retransmissions > 0 {
            parts.push(self.ui.render(&key::PAGE_RETRANSMITTED.with("times", packet.retransmissions)));
        }
        parts.join(" · ")
    }

    fn mark(&self, row: &Row, mark: &Mark) -> Html {
        let here = self.node_x(mark.node);
        let text = self.ui.render(&mark.message);
        let y = format!("{:.1}", row.y);
        let (x1, x2) = if mark.on_path {
            let broker = self.node_x(NodeId::BROKER);
            (here.min(broker), here.max(broker))
        } else {
            (here - 14.0, here + 14.0)
        };
        // The words stand above the line, kept inside the drawing. Hangul is about as wide as it is high.
        let words: f64 = text.chars().map(|letter| if letter.is_ascii() { 6.6 } else { 11.5 }).sum();
        // Long words on a narrow screen also take the room beside the times, and are squeezed if that is not enough.
        let left = if words + 16.0 > self.width - self.gutter { 0.0 } else { self.gutter };
        let squeezed = (words + 8.0 > self.width).then(|| format!("{:.0}", (self.width - 8.0).max(0.0)));
        let half = (words / 2.0 + 8.0).min((self.width - left) / 2.0);
        let x = ((x1 + x2) / 2.0).clamp(left + half, (self.width - half).max(left + half));
        html! {
            <g key={format!("m{}", mark.record.0)} class={classes!("mark", mark_class(mark.kind))}>
                { self.time(row) }
                <line class="mark-line" x1={format!("{x1:.1}")} x2={format!("{x2:.1}")} y1={y.clone()} y2={y} />
                if !mark.on_path {
                    <circle class="mark-dot" cx={format!("{here:.1}")} cy={format!("{:.1}", row.y)} r="4" />
                }
                <text class="mark-text" x={format!("{x:.1}")} y={format!("{:.1}", row.y - if left > 0.0 { 7.0 } else { 13.0 })} textLength={squeezed} lengthAdjust="spacingAndGlyphs">{ text }</text>
            </g>
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_only_as_far_as_it_must() {
        assert_eq!(fit("dashboard", 104.0), "dashboard");
        assert_eq!(fit("dashboard", 52.0), "dash…");
        assert_eq!(fit("거실온도센서", 60.0), "거실온…");
        assert_eq!(fit("ab", 1.0), "ab");
    }
}
