//! The stage: nodes, the paths between them, and packets on their way.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::controls::CONTROLS_HEAD;
use super::stage_layout::{Layout, Place};
use crate::playground::Action;
use crate::text::{Key, key};
use crate::trace::{NodeId, NodeKind, RecordId};
use crate::view::{Flight, PathStatus, Stage, StageNode, StagePath};
use crate::web::family::Family;
use crate::web::hooks::{Size, use_size};
use crate::web::i18n::{Ui, use_ui};
use crate::web::state::Msg;

#[derive(Properties, PartialEq)]
pub(crate) struct StageViewProps {
    pub(crate) stage: Rc<Stage>,
    /// The node whose controls are open.
    pub(crate) target: Option<NodeId>,
    pub(crate) selected: Option<RecordId>,
}

/// The stage.
#[component]
pub(crate) fn StageView(StageViewProps { stage, target, selected }: &StageViewProps) -> Html {
    let ui = use_ui();
    let node = use_node_ref();
    let size = use_size(&node, Size { width: 672, height: 212 });
    let layout = Layout::new(&stage.nodes, size);
    html! {
        <section class="stage" aria-label={ui.text(key::PAGE_STAGE)} ref={node}>
            <svg viewBox={format!("0 0 {} {}", size.width, size.height)} role="group" aria-label={ui.text(key::PAGE_STAGE_HELP)}>
                { stage.paths.iter().map(|path| path_view(path, stage, &layout, &ui)).collect::<Html>() }
                { stage.nodes.iter().map(|node| node_view(node, *target, &layout, &ui)).collect::<Html>() }
                { stage.flights.iter().filter(|flight| flight.progress < 1_000).map(|flight| flight_view(flight, *selected, &layout, &ui)).collect::<Html>() }
            </svg>
        </section>
    }
}

/// Opens the controls of a node and takes the focus there.
fn open_controls(ui: &Ui, node: NodeId) -> Callback<()> {
    let ui = ui.clone();
    Callback::from(move |()| {
        ui.say(Msg::Controls(node));
        // Once the page has drawn them.
        Timeout::new(0, || {
            let head =
                web_sys::window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id(CONTROLS_HEAD));
            if let Some(head) = head.and_then(|head| head.dyn_into::<HtmlElement>().ok()) {
                let _ = head.focus();
            }
        })
        .forget();
    })
}

/// Enter and Space do what a click does.
fn press(act: Callback<()>) -> Callback<KeyboardEvent> {
    Callback::from(move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            event.prevent_default();
            act.emit(());
        }
    })
}

const fn path_words(status: PathStatus) -> (&'static str, Key) {
    match status {
        PathStatus::Idle => ("path-idle", key::PAGE_PATH_IDLE),
        PathStatus::Opening => ("path-opening", key::PAGE_PATH_OPENING),
        PathStatus::Connected => ("path-connected", key::PAGE_PATH_CONNECTED),
        PathStatus::HalfOpen => ("path-half", key::PAGE_PATH_HALF_OPEN),
        PathStatus::Cut => ("path-cut", key::PAGE_PATH_CUT),
    }
}

fn path_view(path: &StagePath, stage: &Stage, layout: &Layout, ui: &Ui) -> Html {
    let Some(((x1, y1), (x2, y2))) = layout.path(path.client) else { return html! {} };
    let (class, words) = path_words(path.status);
    let name = stage.nodes.iter().find(|node| node.node == path.client).map_or("", |node| node.name.as_str());
    let label = ui.render(&key::PAGE_PATH.with("client", name).with("status", words.message()));
    let client = path.client;
    let d = format!("M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}");
    let (x, y) = ((x1 + x2) / 2.0, (y1 + y2) / 2.0);
    html! {
        <g
            key={format!("path-{}", client.0)}
            class={classes!("path", class)}
            role="button"
            tabindex="0"
            aria-label={label.clone()}
            onclick={open_controls(ui, client).reform(|_: MouseEvent| ())}
            onkeydown={press(open_controls(ui, client))}
        >
            <title>{ label }</title>
            <path class="path-reach" d={d.clone()} />
            <path class="path-line" d={d} />
            if path.status == PathStatus::Cut {
                <g transform={format!("translate({x:.1} {y:.1})")}>
                    <circle class="cut-disc" r="12" />
                    <path class="cut-sign" d="M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5" />
                </g>
            }
        </g>
    }
}

const fn icon_path(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Broker => "M-7-5h14v4h-14zM-7 2h14v4h-14zM-4-3v0M-4 4v0",
        NodeKind::Sensor => "M-2.5 1v-7a2.5 2.5 0 0 1 5 0v7a4.5 4.5 0 1 1-5 0zM0-3v7",
        NodeKind::Actuator => "M-7 0h3l2-6 4 12 2-6h3",
        NodeKind::App => "M-4.5-8h9v16h-9zM-1 5.5h2",
        NodeKind::Dashboard => "M-8-6h16v10h-16zM-3 7h6M-5 1l3-3 2 2 4-4",
        NodeKind::Server => "M-6-8h12v16h-12zM-3-4h6M-3 0h6M3 5v0",
    }
}

fn node_view(node: &StageNode, target: Option<NodeId>, layout: &Layout, ui: &Ui) -> Html {
    let Some(&Place { x, y, width, height, .. }) = layout.place(node.node) else { return html! {} };
    let is_broker = node.kind == NodeKind::Broker;
    let status = ui.render(&node.status);
    let power = if node.powered { None } else { Some(ui.text(key::PAGE_NODE_OFF)) };
    let name = if is_broker { ui.broker(&node.name) } else { node.name.clone() };
    let label = ui.render(&key::PAGE_NODE.with("name", name.as_str()).with("status", power.clone().unwrap_or_else(|| status.clone())));
    let id = node.node;
    let words = power.unwrap_or(status);
    // Where there is room for one line only, its letters stand closer before it is cut.
    let is_low = height < 50.0;
    let status = if is_low { vec![short(&words, width * 1.3, 6.3)] } else { lines(&words, width, 6.3) };
    let squeezed = |line: &str| (is_low && room_of(line) * 6.3 > width - 8.0).then(|| format!("{:.0}", width - 8.0));
    // How much fits: icon, name and status; name and status; the name alone. A status of two lines takes the place of the icon.
    let (icon_y, name_y, status_y) = match (height, status.len()) {
        (height, 0 | 1) if height >= 80.0 => (Some(-21.0), 9.0, Some(27.0)),
        (height, _) if height >= 80.0 => (Some(-25.0), 2.0, Some(19.0)),
        (height, 0 | 1) if height >= 60.0 => (Some(-height / 2.0 + 17.0), 7.0, Some(22.0)),
        (height, 0 | 1) if height >= 40.0 => (None, -2.0, Some(14.0)),
        (height, _) if height >= 50.0 => (None, -9.0, Some(7.0)),
        _ => (None, 4.5, None),
    };
    html! {
        <g
            key={format!("node-{}", id.0)}
            class={classes!("node", is_broker.then_some("node-broker"), (!node.powered).then_some("node-off"), (target == Some(id)).then_some("node-target"))}
            transform={format!("translate({x:.1} {y:.1})")}
            role="button"
            tabindex="0"
            aria-label={label.clone()}
            onclick={open_controls(ui, id).reform(|_: MouseEvent| ())}
            onkeydown={press(open_controls(ui, id))}
        >
            <title>{ label }</title>
            <rect
                class="node-card"
                x={format!("{:.1}", -width / 2.0)}
                y={format!("{:.1}", -height / 2.0)}
                width={width.to_string()}
                height={format!("{height:.1}")}
                rx={if is_broker { "16" } else { "12" }}
            />
            if let Some(icon_y) = icon_y {
                <path class="node-icon" transform={format!("translate(0 {icon_y:.1})")} d={icon_path(node.kind)} />
            }
            <text class="node-name" y={name_y.to_string()}>{ short(&name, width, 8.0) }</text>
            if let Some(status_y) = status_y {
                for (index, line) in status.iter().enumerate() {
                    <text class="node-status" y={(status_y + 14.0 * index as f64).to_string()} textLength={squeezed(line)} lengthAdjust="spacingAndGlyphs">{ line.clone() }</text>
                }
            }
            if !node.powered {
                <g class="node-power" transform={format!("translate({:.1} {:.1})", width / 2.0 - 8.0, -height / 2.0 + 8.0)}>
                    <circle r="9" />
                    <path d="M0-5v4.5M-3-3.2a4.2 4.2 0 1 0 6 0" />
                </g>
            }
        </g>
    }
}

/// How many small Latin letters take as much room. Capitals and Hangul are wider.
fn room_of(text: &str) -> f64 {
    text.chars()
        .map(|letter| {
            if letter.is_ascii_uppercase() {
                1.3
            } else if letter.is_ascii() {
                1.0
            } else {
                1.65
            }
        })
        .sum()
}

/// The text in one line if it fits, else in two of about the same length; what is too long even so is cut.
fn lines(text: &str, width: f64, letter: f64) -> Vec<String> {
    let room = (width - 10.0) / letter;
    let longer = |(first, rest): &(&str, &str)| room_of(first).max(room_of(rest));
    let halves = text.match_indices(' ').map(|(at, _)| text.split_at(at)).min_by(|one, other| longer(one).total_cmp(&longer(other)));
    match halves {
        Some((first, rest)) if room_of(text) > room => {
            vec![short(first.trim_end_matches(" ·"), width, letter), short(rest.trim_start(), width, letter)]
        }
        _ => vec![short(text, width, letter)],
    }
}

/// The text, cut to what fits.
fn short(text: &str, width: f64, letter: f64) -> String {
    let room = (width - 10.0) / letter;
    let mut used = 0.0;
    let mut out = String::new();
    for letter in text.chars() {
        used += room_of(letter.encode_utf8(&mut [0; 4]));
        if used > room {
            out.push('…');
            break;
        }
        out.push(letter);
    }
    out
}

fn flight_view(flight: &Flight, selected: Option<RecordId>, layout: &Layout, ui: &Ui) -> Html {
    let is_from_broker = flight.from == NodeId::BROKER;
    let client = if is_from_broker { flight.to } else { flight.from };
    let Some((at_client, at_broker)) = layout.path(client) else { return html! {} };
    let ((x1, y1), (x2, y2)) = if is_from_broker { (at_broker, at_client) } else { (at_client, at_broker) };
    let family = Family::of(flight.packet_type);
    let name = flight.packet_type.name();
    let wide = name.len() as f64 * 6.9 + 30.0;
    let is_small = (x2 - x1).abs() < wide + 20.0;
    let width = if is_small { 22.0 } else { wide };
    let toward = (x2 - x1).signum();
    // The pill stops at the edges of the nodes.
    let inset = toward * (width / 2.0 + 3.0);
    let (x1, x2) = (x1 + inset, x2 - inset);
    // Without motion a packet stands in the middle of its way.
    let part = if ui.calm { 0.5 } else { f64::from(flight.progress) / 1_000.0 };
    let (x, y) = (x1 + (x2 - x1) * part, y1 + (y2 - y1) * part + if is_from_broker { 13.0 } else { -13.0 });
    let record = flight.record;
    html! {
        <g
            key={format!("flight-{}", record.0)}
            class={classes!("flight", family.class(), flight.waiting.then_some("waiting"), (selected == Some(record)).then_some("selected"))}
            transform={format!("translate({x:.1} {y:.1})")}
            onclick={ui.act(Action::Select(Some(record)))}
            aria-hidden="true"
        >
            <title>{ name }</title>
            <rect x={format!("{:.1}", -width / 2.0)} y="-11" width={format!("{width:.1}")} height="22" rx="11" />
            if is_small {
                <path d={family.path()} />
            } else {
                <path transform={format!("translate({:.1} 0)", -width / 2.0 + 13.0)} d={family.path()} />
                <text x="8" y="4">{ name }</text>
            }
        </g>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_status_takes_two_lines_and_is_not_cut() {
        assert_eq!(lines("연결됨", 86.0, 6.5), ["연결됨"]);
        assert_eq!(lines("20.310초에 다시 연결", 86.0, 6.5), ["20.310초에", "다시 연결"]);
        assert_eq!(lines("21.050초에 다시 연결", 118.0, 6.5), ["21.050초에", "다시 연결"]);
        assert_eq!(lines("reconnects at 20.310 s", 118.0, 6.5), ["reconnects", "at 20.310 s"]);
        assert_eq!(lines("a-name-without-any-blank-in-it", 86.0, 6.5), ["a-name-with…"]);
    }
}
