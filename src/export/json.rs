//! The trace as JSON: who takes part, and every record with its time, cause and content. Packets come with their fields and bytes.

use serde_json::{Map, Value, json};

use super::events::{broker_event, client_event, said};
use super::streams::Streams;
use crate::link::Side;
use crate::packet::{PacketType, ProtocolVersion, dissect};
use crate::trace::{Event, Record, Trace};

/// The layout of the file; a reader that knows another one can tell.
const FORMAT: u32 = 1;

/// The file, one record a line.
pub(super) fn write(trace: &Trace) -> Vec<u8> {
    let streams = Streams::of(trace.records());
    let seed = trace.records().iter().find_map(|record| match &record.event {
        Event::RunStarted { seed } => Some(seed.as_deref()),
        _ => None,
    });
    let nodes = trace
        .nodes()
        .iter()
        .zip(0_u32..)
        .map(|(node, number)| json!({ "node": number, "name": node.name, "kind": node.kind, "version": node.version }));
    let head = json!({
        "product": "MQTT Playground",
        "product_version": env!("CARGO_PKG_VERSION"),
        "format": FORMAT,
        "time_unit": "microseconds",
        "seed": seed.flatten(),
        "nodes": nodes.collect::<Vec<_>>(),
        "mqtt_packets_on_the_wire": streams.on_the_wire(),
    });
    let mut file = head.to_string();
    // The head is an object: its closing brace makes room for the records.
    file.pop();
    file.push_str(",\"records\":[\n");
    for (number, record) in trace.records().iter().enumerate() {
        if number > 0 {
            file.push_str(",\n");
        }
        file.push_str(&Value::Object(record_object(record, &streams)).to_string());
    }
    file.push_str("\n]}\n");
    file.into_bytes()
}

fn record_object(record: &Record, streams: &Streams) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("id".to_owned(), json!(record.id));
    object.insert("at".to_owned(), json!(record.at));
    object.insert("cause".to_owned(), json!(record.cause()));
    let (name, content) = event(record, streams);
    object.insert("event".to_owned(), json!(name));
    if let Value::Object(content) = content {
        object.extend(content);
    }
    object
}

fn event(record: &Record, streams: &Streams) -> (&'static str, Value) {
    match &record.event {
        Event::RunStarted { .. } => ("run_started", json!({})),
        Event::CommandApplied { node, command, by_learner } => {
            ("command_applied", json!({ "node": node, "command": said(command), "by_learner": by_learner }))
        }
        Event::ConnectionOpening { connection, client } => ("connection_opening", json!({ "connection": connection, "client": client })),
        Event::TransportOpened { connection, side } => ("transport_opened", json!({ "connection": connection, "side": side })),
        Event::TransportClosed { connection, side, reason } => {
            ("transport_closed", json!({ "connection": connection, "side": side, "reason": reason }))
        }
        Event::SegmentSent { connection, segment } => (
            "segment_sent",
            json!({
                "connection": connection, "number": segment.number, "from": segment.from, "seq": segment.seq, "ack": segment.ack,
                "syn": segment.syn, "fin": segment.fin, "rst": segment.rst, "length": segment.payload.len(), "attempt": segment.attempt,
            }),
        ),
        Event::SegmentArrived { connection, number } => ("segment_arrived", json!({ "connection": connection, "number": number })),
        Event::SegmentLost { connection, number, reason } => {
            ("segment_lost", json!({ "connection": connection, "number": number, "reason": reason }))
        }
        Event::PacketSent { connection, from, packet_type, version, .. } => {
            let mut content = packet(record, *from, *packet_type, *version, streams);
            content["connection"] = json!(connection);
            ("packet_sent", content)
        }
        Event::PacketObserved { connection, from, packet_type, version, .. } => {
            let mut content = packet(record, *from, *packet_type, *version, streams);
            content["connection"] = json!(connection);
            ("packet_observed", content)
        }
        Event::PacketReceived { connection, to, sent } => ("packet_received", json!({ "connection": connection, "to": to, "sent": sent })),
        Event::PacketLost { connection, sent, reason } => {
            ("packet_lost", json!({ "connection": connection, "sent": sent, "reason": reason }))
        }
        Event::PacketMalformed(malformed) => (
            // The bytes themselves may be a broken CONNECT with a password in it.
            "packet_malformed",
            json!({
                "connection": malformed.connection, "to": malformed.to, "length": malformed.bytes.len(),
                "reason_code": malformed.error.reason_code.as_u8(), "clause": malformed.error.clause, "offset": malformed.error.offset,
                "message": said(&malformed.error.message),
            }),
        ),
        Event::FaultStruck(fault) => {
            ("fault_struck", json!({ "connection": fault.connection, "sent": fault.sent, "verdict": fault.verdict }))
        }
        Event::PathChanged { client, cut } => ("path_changed", json!({ "client": client, "cut": cut })),
        Event::PowerChanged { node, on } => ("power_changed", json!({ "node": node, "on": on })),
        Event::Client { client, event } => {
            let (name, mut content) = client_event(event);
            content["client"] = json!(client);
            (name, content)
        }
        Event::Broker(event) => broker_event(event),
        Event::LimitReached { message } => ("limit_reached", json!({ "message": said(message) })),
    }
}

fn packet(record: &Record, from: Side, packet_type: PacketType, version: ProtocolVersion, streams: &Streams) -> Value {
    let Some(written) = streams.written(record.id) else {
        return json!({ "from": from, "packet_type": packet_type, "version": version });
    };
    let dissection = dissect(&written.bytes, version);
    let fields = dissection.fields.iter().map(|field| {
        let mut object = json!({
            "name": field.name, "depth": field.depth, "offset": field.range.start, "length": field.range.len(), "value": field.value,
        });
        if let Some(bits) = &field.bits {
            object["bits"] = json!([bits.start(), bits.end()]);
        }
        object
    });
    json!({
        "from": from,
        "packet_type": packet_type,
        "version": version,
        "on_the_wire": streams.is_on_the_wire(record.id),
        "length": written.bytes.len(),
        "hex": hex(&written.bytes),
        "fields": fields.collect::<Vec<_>>(),
    })
}

/// Two digits a byte, no separators.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
