//! Components rendered to text natively, without a browser.

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use yew::ServerRenderer;

use super::components::for_tests::{
    ClientControls, ClientControlsProps, HexView, HexViewProps, PacketListing, PacketListingProps, SequenceTable, SequenceTableProps,
    SessionInspector, SessionInspectorProps,
};
use crate::link::{Conditions, Preset};
use crate::packet::{PacketType, ProtocolVersion, QoS, dissect};
use crate::playground::{ClientRow, FieldRow, Selection};
use crate::session::ConnectionId;
use crate::time::Instant;
use crate::trace::{Node, NodeId, NodeKind, RecordId};
use crate::view::{Fate, PacketRow, SequenceItem, SessionReport, SettingRow, SharedRow, Summary};

const HOSTILE: &str = "<img src=x onerror=alert(1)>";

/// PUBLISH at QoS 0 to `a` with the payload `hi`, in 3.1.1.
fn packet() -> PacketRow {
    PacketRow {
        record: RecordId(1),
        at: Instant::from_millis(1_500),
        connection: ConnectionId(1),
        from: NodeId(1),
        to: NodeId(0),
        packet_type: PacketType::Publish,
        version: ProtocolVersion::V311,
        bytes: Bytes::from_static(b"\x30\x05\x00\x01ahi"),
        summary: Rc::new(Summary {
            qos: Some(QoS::AtMostOnce),
            topic: Some(HOSTILE.into()),
            payload: Some(HOSTILE.into()),
            ..Summary::default()
        }),
        fate: Fate::Arrived { record: RecordId(2), at: Instant::from_millis(1_520) },
        retransmissions: 0,
    }
}

fn nodes() -> Rc<[Node]> {
    let node = |name: &str, kind| Node { name: name.to_owned(), version: None, kind };
    Rc::from([node("broker", NodeKind::Broker), node(HOSTILE, NodeKind::Sensor)])
}

fn render<C>(props: impl FnOnce() -> C::Properties + Send + 'static) -> String
where
    C: yew::BaseComponent,
{
    // The renderer works on threads of its own; here nothing is left but to wait for it.
    let mut html = pin!(ServerRenderer::<C>::with_props(props).hydratable(false).render());
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match html.as_mut().poll(&mut context) {
            Poll::Ready(html) => return html,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

#[test]
fn names_topics_and_payloads_stay_text() {
    let list = render::<PacketListing>(|| PacketListingProps { nodes: nodes(), packets: Rc::from([packet()]), selected: None });
    let table = render::<SequenceTable>(|| SequenceTableProps {
        nodes: nodes(),
        packets: Rc::from([packet()]),
        items: Rc::from([SequenceItem::Packet(0)]),
        records: 3,
        selected: None,
    });
    assert!(list.contains("&lt;img src=x onerror=alert(1)&gt;") && !list.contains("<img"), "{list}");
    assert!(table.contains("&lt;img") && !table.contains("<img"), "{table}");
}

#[test]
fn the_table_tells_only_what_the_cursor_has_seen() {
    let table = |records| {
        render::<SequenceTable>(move || SequenceTableProps {
            nodes: nodes(),
            packets: Rc::from([packet()]),
            items: Rc::from([SequenceItem::Packet(0)]),
            records,
            selected: None,
        })
    };
    assert!(table(3).contains("1.520"));
    assert!(!table(2).contains("1.520"));
}

#[test]
fn a_selected_field_marks_its_bytes_and_no_others() {
    let html = render::<HexView>(|| {
        let packet = packet();
        let fields: Vec<FieldRow> = dissect(&packet.bytes, packet.version).fields.into_iter().map(|field| FieldRow { field }).collect();
        let topic = fields.iter().position(|row| row.field.range == (4..5) && row.field.bits.is_none());
        let selection = Selection { packet, fields, error: None, field: topic, caused_by: None };
        HexViewProps { selection: Rc::new(selection), shown: topic, onhover: yew::Callback::noop() }
    });
    let marked: Vec<&str> = html.split("<span").filter(|span| span.contains("byte shown")).collect();
    assert_eq!(marked.len(), 1, "{html}");
    assert!(marked.iter().all(|span| span.contains("61")), "{html}");
}

/// The controls of a connected client.
fn controls(version: ProtocolVersion, unacknowledged: Option<usize>, live: bool) -> String {
    controls_over(Conditions::default(), version, unacknowledged, live)
}

fn controls_over(conditions: Conditions, version: ProtocolVersion, unacknowledged: Option<usize>, live: bool) -> String {
    render::<ClientControls>(move || ClientControlsProps {
        client: ClientRow {
            node: NodeId(1),
            name: HOSTILE.to_owned(),
            powered: true,
            cut: false,
            connected: true,
            frozen: false,
            conditions,
            faults: 0,
            version,
            usual: None,
            unacknowledged,
            authenticates: false,
            refused: None,
        },
        status: None,
        proposal: Default::default(),
        live,
    })
}

#[test]
fn a_client_of_3_1_1_is_offered_nothing_that_only_5_0_has() {
    let (old, new) = (controls(ProtocolVersion::V311, None, false), controls(ProtocolVersion::V5, None, false));
    for only_new in ["DISCONNECT 0x04", "Topic Alias", "No Local", "Subscription Identifier"] {
        assert!(new.contains(only_new) && !old.contains(only_new), "{only_new}");
    }
    assert!(old.contains(">DISCONNECT<") && !old.contains("0x00"), "{old}");
    assert!(!old.contains("<img") && !new.contains("<img"));
}

#[test]
fn a_loss_of_less_than_a_percent_is_not_shown_as_none() {
    let html = controls_over(Preset::Lte.conditions(), ProtocolVersion::V5, None, false);
    assert!(html.contains(">0.2 %</output>") && html.contains("aria-valuetext=\"0.2 %\""), "{html}");
}

#[test]
fn acknowledging_is_offered_to_whoever_does_it_by_hand_and_possible_when_something_waits() {
    let button = |unacknowledged| {
        let html = controls(ProtocolVersion::V5, unacknowledged, true);
        let end = html.find("받은 메시지 확인하기")?;
        let start = html[..end].rfind("<button")?;
        Some(html[start..end].contains("aria-disabled=\"true\""))
    };
    assert_eq!((button(None), button(Some(0)), button(Some(2))), (None, Some(true), Some(false)));
}

#[test]
fn the_inspector_tells_of_a_broker_that_is_off_of_groups_and_of_unusual_settings() {
    let shown = |broker_off| {
        render::<SessionInspector>(move || SessionInspectorProps {
            report: Rc::new(SessionReport {
                shared: vec![SharedRow { filter: format!("$share/g/{HOSTILE}"), members: vec!["a".to_owned(), "b".to_owned()], turn: 1 }],
                settings: vec![SettingRow { name: "connect_rate", value: "5 / 10 s".to_owned() }],
                broker_off,
                ..SessionReport::default()
            }),
        })
    };
    let html = shown(true);
    assert!(html.contains("브로커가 꺼져 있어요") && !shown(false).contains("브로커가 꺼져 있어요"));
    assert!(html.contains("connect_rate") && html.contains("5 / 10 s"), "{html}");
    assert!(html.contains("b<span class=\"tag good\">다음 차례") && !html.contains("a<span class=\"tag good\">"), "{html}");
    assert!(!html.contains("<img"), "{html}");
}
