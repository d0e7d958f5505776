//! The TCP segments of a trace as IPv4 packets, as two sniffers would have caught them.
//!
//! There is a tap at each end of every path, and the capture is what both catch when it leaves: each segment appears once for each transmission, at the
//! moment it is sent, whether it arrives or not. So nothing that was sent is missing, bytes appear in order, and a retransmission shows as one. A single tap
//! would miss what the network lost before it.
//!
//! A segment that carries the end of several MQTT packets is written as one frame for each of them (with the same time), so that each packet has a frame of its
//! own, with its own comment.

use std::collections::BTreeMap;

use etherparse::{PacketBuilder, TcpHeader, TcpOptionElement};

use super::streams::{Connection, Stream, Streams};
use crate::link::{CloseReason, LossReason, Segment, Side};
use crate::session::ConnectionId;
use crate::time::Instant;
use crate::trace::{Event, NodeId, Record, Trace};

const BROKER_PORT: u16 = 1883;
const FIRST_CLIENT_PORT: u16 = 49_152;
const CLIENT_PORTS: u32 = 16_384;
/// Initial sequence numbers: fixed, so that the same run gives the same file.
const CLIENT_ISN: u32 = 1_000_000;
const BROKER_ISN: u32 = 2_000_000;
/// Receive window. The trace has none, so it is free; see [`Windows`].
const WINDOW: u16 = u16::MAX;
const TIME_TO_LIVE: u8 = 64;
/// Payload of a full segment on Ethernet.
const MAXIMUM_SEGMENT_SIZE: u16 = 1_460;

/// One captured IPv4 packet.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) at: Instant,
    pub(super) data: Vec<u8>,
    pub(super) comment: Option<String>,
}

/// The address of a node: the broker is 10.0.0.1, client n is 10.1.x.y with n = 256x + y.
pub(super) fn address(node: NodeId) -> [u8; 4] {
    let [_, _, high, low] = node.0.to_be_bytes();
    if node == NodeId::BROKER { [10, 0, 0, 1] } else { [10, 1, high, low] }
}

/// All frames in order of time.
pub(super) fn frames(trace: &Trace) -> Vec<Frame> {
    let mut capture =
        Capture { streams: Streams::of(trace.records()), windows: Windows::default(), synthetic: BTreeMap::new(), frames: Vec::new() };
    for record in trace.records() {
        capture.take(record);
    }
    capture.frames
}

/// Advertised windows: an acknowledgement that repeats the one before changes the window by one byte, and so is an update of the window.
///
/// Two true repetitions before a retransmission would make Wireshark call it a fast retransmission, and those, unlike others, it hands to MQTT a second time: its count of
/// packets would be wrong.
#[derive(Debug, Default)]
struct Windows(BTreeMap<(ConnectionId, Side), (Option<u32>, u16)>);

impl Windows {
    fn next(&mut self, connection: ConnectionId, segment: &Segment) -> u16 {
        let (last, window) = self.0.entry((connection, segment.from)).or_insert((None, WINDOW));
        let is_bare = segment.payload.is_empty() && !segment.syn && !segment.fin && !segment.rst;
        if is_bare && segment.ack == *last {
            *window = if *window == WINDOW { WINDOW - 1 } else { WINDOW };
        }
        *last = segment.ack;
        *window
    }
}

struct Capture {
    streams: Streams,
    windows: Windows,
    /// Connections without segments in the trace, which get invented ones.
    synthetic: BTreeMap<ConnectionId, Synthetic>,
    frames: Vec<Frame>,
}

/// How far an invented TCP connection is.
#[derive(Clone, Copy, Debug, Default)]
struct Synthetic {
    to_broker: u32,
    to_client: u32,
    is_open: bool,
    is_over: bool,
    number: u32,
}

impl Synthetic {
    const fn sent(&mut self, from: Side) -> &mut u32 {
        match from {
            Side::Client => &mut self.to_broker,
            Side::Broker => &mut self.to_client,
        }
    }
}

/// Flags of an invented segment.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    syn: bool,
    fin: bool,
    rst: bool,
}

impl Capture {
    fn take(&mut self, record: &Record) {
        match &record.event {
            Event::SegmentSent { connection, segment } => {
                let Some(opened) = self.streams.connections.get(connection) else { return };
                let lost = self.streams.lost.get(&(*connection, segment.number)).copied();
                let window = self.windows.next(*connection, segment);
                self.frames.extend(segment_frames(record.at, *connection, opened, segment, window, lost));
            }
            Event::TransportOpened { connection, .. } => self.invent_handshake(record.at, *connection),
            Event::PacketSent { connection, from, .. } | Event::PacketObserved { connection, from, .. } => {
                self.invent_data(record, *connection, *from);
            }
            Event::TransportClosed { connection, side, reason } => self.invent_end(record.at, *connection, *side, *reason),
            _ => {}
        }
    }

    fn is_synthetic(&self, connection: ConnectionId) -> bool {
        self.streams.connections.get(&connection).is_some_and(|opened| !opened.has_segments)
    }

    fn invent_handshake(&mut self, at: Instant, connection: ConnectionId) {
        let is_open = self.synthetic.get(&connection).is_some_and(|state| state.is_open);
        if self.is_synthetic(connection) && !is_open {
            let syn = Flags { syn: true, ..Flags::default() };
            self.invent(at, connection, Side::Client, syn, &[]);
            self.invent(at, connection, Side::Broker, syn, &[]);
            self.invent(at, connection, Side::Client, Flags::default(), &[]);
        }
    }

    fn invent_data(&mut self, record: &Record, connection: ConnectionId, from: Side) {
        if !self.is_synthetic(connection) {
            return;
        }
        self.invent_handshake(record.at, connection);
        let Some(bytes) = self.streams.written(record.id).map(|written| written.bytes.clone()) else { return };
        for part in bytes.chunks(usize::from(MAXIMUM_SEGMENT_SIZE)) {
            self.invent(record.at, connection, from, Flags::default(), part);
        }
    }

    fn invent_end(&mut self, at: Instant, connection: ConnectionId, side: Side, reason: CloseReason) {
        let Some(state) = self.synthetic.get_mut(&connection).filter(|state| !state.is_over) else { return };
        state.is_over = true;
        let first = match reason {
            CloseReason::ClosedHere => side,
            CloseReason::ClosedByPeer => side.peer(),
            CloseReason::Reset | CloseReason::NetworkDown | CloseReason::TimedOut => {
                self.invent(at, connection, side.peer(), Flags { rst: true, ..Flags::default() }, &[]);
                return;
            }
        };
        let fin = Flags { fin: true, ..Flags::default() };
        self.invent(at, connection, first, fin, &[]);
        self.invent(at, connection, first.peer(), fin, &[]);
        self.invent(at, connection, first, Flags::default(), &[]);
    }

    fn invent(&mut self, at: Instant, connection: ConnectionId, from: Side, flags: Flags, payload: &[u8]) {
        let Some(opened) = self.streams.connections.get(&connection) else { return };
        let state = self.synthetic.entry(connection).or_default();
        let seq = *state.sent(from);
        let is_first = flags.syn && from == Side::Client;
        let ack = (!is_first).then(|| *state.sent(from.peer()));
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        *state.sent(from) = seq.wrapping_add(length).wrapping_add(u32::from(flags.syn || flags.fin));
        state.is_open = true;
        let number = state.number;
        state.number += 1;
        let Flags { syn, fin, rst } = flags;
        let payload = payload.to_vec().into();
        let segment = Segment { number, from, seq, ack, syn, fin, rst, payload, overhead: 0, window: WINDOW, attempt: 0 };
        self.frames.extend(segment_frames(at, connection, opened, &segment, WINDOW, None));
    }
}

/// The frames of one transmission of a segment: one, unless several packets end in it.
fn segment_frames(
    at: Instant,
    connection: ConnectionId,
    opened: &Connection,
    segment: &Segment,
    window: u16,
    lost: Option<LossReason>,
) -> Vec<Frame> {
    let stream = opened.stream(segment.from);
    let payload = stream.payload(segment);
    let ends = if payload.is_empty() { Vec::new() } else { stream.lane.rows_completed_in(segment.seq, payload.len()) };
    let mut frames = Vec::new();
    let mut start = 0;
    for (row, end) in &ends {
        // What follows the last packet's end, the beginning of one that ends later, stays in the same frame.
        let is_last = ends.last().is_some_and(|(last, _)| last == row);
        let end = if is_last { payload.len() } else { *end };
        let part = payload.get(start..end).unwrap_or_default();
        let comment = comment(stream, Some(*row), segment, lost);
        frames.push(frame(at, connection, opened, segment, window, start, part, is_last, comment));
        start = end;
    }
    if frames.is_empty() {
        frames.push(frame(at, connection, opened, segment, window, 0, &payload, true, comment(stream, None, segment, lost)));
    }
    frames
}

fn comment(stream: &Stream, completed: Option<usize>, segment: &Segment, lost: Option<LossReason>) -> Option<String> {
    let mut parts = Vec::new();
    let packet = completed.and_then(|row| stream.packets.get(row));
    parts.extend(packet.map(|packet| format!("{} [record {}]", packet.title(), packet.record.0)));
    parts.extend((segment.attempt > 0).then(|| format!("retransmission {}", segment.attempt)));
    parts.extend((segment.overhead > 0).then(|| format!("model: {} more bytes of TLS or WebSocket", segment.overhead)));
    parts.extend(lost.map(|reason| match reason {
        LossReason::RandomLoss => "this segment gets lost on the way".to_owned(),
        LossReason::BurstLoss => "this segment gets lost on the way, in a burst".to_owned(),
        LossReason::QueueFull => "this segment is dropped: the queue before the line is full".to_owned(),
        LossReason::Outage => "this segment does not arrive: the path is dark".to_owned(),
        LossReason::IdleTimeout => "this segment is dropped: a router had forgotten the idle connection".to_owned(),
        LossReason::NeverReleased => "this segment was held on the way until its sender was gone".to_owned(),
        LossReason::PathCut => "this segment does not arrive: the path is cut".to_owned(),
        LossReason::ConnectionReset => "this segment does not arrive: the connection is reset".to_owned(),
        LossReason::NoConnection => "this segment arrives where no such connection exists".to_owned(),
        LossReason::NeverSent => "this segment is never sent".to_owned(),
    }));
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[allow(clippy::too_many_arguments, reason = "one part of a segment, with all that surrounds it")]
fn frame(
    at: Instant,
    connection: ConnectionId,
    opened: &Connection,
    segment: &Segment,
    window: u16,
    offset: usize,
    payload: &[u8],
    is_last: bool,
    comment: Option<String>,
) -> Frame {
    let client_port = FIRST_CLIENT_PORT + u16::try_from(connection.0 % CLIENT_PORTS).unwrap_or_default();
    let (client, broker) = (address(opened.client), address(NodeId::BROKER));
    let (source, target, source_port, target_port, isn, peer_isn) = match segment.from {
        Side::Client => (client, broker, client_port, BROKER_PORT, CLIENT_ISN, BROKER_ISN),
        Side::Broker => (broker, client, BROKER_PORT, client_port, BROKER_ISN, CLIENT_ISN),
    };
    let seq = isn.wrapping_add(segment.seq).wrapping_add(u32::try_from(offset).unwrap_or_default());
    let mut header = TcpHeader::new(source_port, target_port, seq, window);
    header.ack = segment.ack.is_some();
    header.acknowledgment_number = segment.ack.map_or(0, |ack| peer_isn.wrapping_add(ack));
    header.syn = segment.syn;
    header.fin = segment.fin && is_last;
    header.rst = segment.rst;
    header.psh = !payload.is_empty() && is_last;
    if segment.syn {
        let fits = header.set_options(&[TcpOptionElement::MaximumSegmentSize(MAXIMUM_SEGMENT_SIZE)]);
        debug_assert!(fits.is_ok(), "one option of four bytes fits: {fits:?}");
    }
    let builder = PacketBuilder::ipv4(source, target, TIME_TO_LIVE).tcp_header(header);
    let mut data = Vec::with_capacity(builder.size(payload.len()));
    // A vector takes all bytes, and a segment is shorter than an IPv4 packet may be.
    let written = builder.write(&mut data, payload);
    debug_assert!(written.is_ok(), "{written:?}");
    Frame { at, data, comment }
}
