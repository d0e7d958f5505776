//! Any bytes: decoding never panics, and takes no memory that they do not pay for.
#![no_main]

use mqtt_playground::packet::ProtocolVersion;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mqtt_playground_fuzz::decode(bytes, ProtocolVersion::V5));
