//! A Topic Filter and a Topic Name, parted by a line feed, against a matcher that is simple and slow.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mqtt_playground_fuzz::topics::compare(bytes));
