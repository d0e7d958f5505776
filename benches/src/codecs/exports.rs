//! What JavaScript calls. One run at a time: [`codec_prepare`], then [`codec_run`], which is what is measured.

use std::cell::{Cell, RefCell};

use bytes::{Bytes, BytesMut};

use super::mqtt5_protocol::Mqtt5Protocol;
use super::mqttbytes::Mqttbytes;
use super::ours::Ours;
use super::{Codec, decode_all, encode_all, packets};
use crate::mix;

type Run = Box<dyn FnOnce() -> usize>;

thread_local! {
    static STREAMS: RefCell<Vec<Bytes>> = const { RefCell::new(Vec::new()) };
    static RUN: Cell<Option<Run>> = const { Cell::new(None) };
}

/// Makes the stream of `count` packets of this kind; its number, from 0 on.
#[unsafe(no_mangle)]
pub extern "C" fn codec_stream(kind: u32, count: usize) -> usize {
    let stream = match kind {
        0 => mix::mixed(count),
        1 => mix::publishes_qos_0(count),
        _ => mix::publishes_with_six_properties(count),
    };
    STREAMS.with_borrow_mut(|streams| {
        streams.push(stream);
        streams.len() - 1
    })
}

/// Where the stream lies.
#[unsafe(no_mangle)]
pub extern "C" fn codec_stream_address(stream: usize) -> *const u8 {
    STREAMS.with_borrow(|streams| streams[stream].as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn codec_stream_length(stream: usize) -> usize {
    STREAMS.with_borrow(|streams| streams[stream].len())
}

/// Prepares one run of a codec: 0 is ours, 1 mqtt5-protocol, 2 mqttbytes. It decodes the stream, or encodes what it decoded.
#[unsafe(no_mangle)]
pub extern "C" fn codec_prepare(codec: u32, stream: usize, encode: u32) {
    let bytes = STREAMS.with_borrow(|streams| streams[stream].clone());
    let prepare = match codec {
        0 => run::<Ours>,
        1 => run::<Mqtt5Protocol>,
        _ => run::<Mqttbytes>,
    };
    RUN.set(Some(prepare(&bytes, encode == 1)));
}

/// Runs what was prepared; how many packets there were.
#[unsafe(no_mangle)]
pub extern "C" fn codec_run() -> usize {
    RUN.take().map_or(0, |run| run())
}

fn run<C: Codec + 'static>(bytes: &Bytes, encode: bool) -> Run {
    if encode {
        let packets = packets::<C>(bytes);
        let mut out = BytesMut::with_capacity(1 << 17);
        return Box::new(move || {
            encode_all::<C>(&packets, &mut out);
            // To take them down is not part of the work.
            let count = packets.len();
            KEPT.set(Some(Box::new((packets, out))));
            count
        });
    }
    let stream = C::open(bytes);
    Box::new(move || decode_all::<C>(stream))
}

thread_local! {
    /// What the last run leaves for the next preparation to take down.
    static KEPT: Cell<Option<Box<dyn std::any::Any>>> = const { Cell::new(None) };
}
