//! What was read is written so that it reads the same, and from then on in the same bytes. The first byte chooses the version.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mqtt_playground_fuzz::with_version(bytes, mqtt_playground_fuzz::round_trip));
