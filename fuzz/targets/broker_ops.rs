//! A broker with hostile and hasty clients, crashes and changes of rights: everybody is served by the rules, nothing grows without end.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mqtt_playground_fuzz::broker_ops::broker_ops(bytes));
