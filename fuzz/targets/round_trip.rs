//! What was read is written so that it reads the same, and from then on in the same bytes; so is a packet that the input's choices build. The lowest bit of the
//! first byte chooses the version, the next one which of the two.
#![no_main]

use mqtt_playground_fuzz::{built, round_trip, with_version};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| match bytes.first() {
    Some(first) if first & 2 != 0 => with_version(bytes, built),
    _ => with_version(bytes, round_trip),
});
