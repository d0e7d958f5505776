//! Packets do not depend on where the stream is cut. The first byte chooses the version, the second where to cut.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mqtt_playground_fuzz::with_version(bytes, mqtt_playground_fuzz::frame_chunks));
