//! The named ranges cover each byte once, the error is that of decoding, secrets are masked. The first byte chooses the version.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mqtt_playground_fuzz::with_version(bytes, mqtt_playground_fuzz::dissection));
