//! Components rendered to text natively, without a browser.

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use yew::ServerRenderer;

use super::components::for_tests::{HexView, HexViewProps, PacketListing, PacketListingProps, SequenceTable, SequenceTableProps};
use crate::packet::{PacketType, ProtocolVersion, QoS, dissect};
use crate::playground::{FieldRow, Selection};
use crate::session::ConnectionId;
use crate::time::Instant;
use crate::trace::{Node, NodeId, NodeKind, RecordId};
use crate::view::{Fate, PacketRow, SequenceItem, Summary};

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
