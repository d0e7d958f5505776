//! A client against a hostile server and a hasty program: no panic, legal packets, bounded queues.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mqtt_playground_fuzz::client_hostile::client_hostile(bytes));
