//! The first byte says what the rest is the text of: scenario, lesson, settings, rights, passwords, commands.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mqtt_playground_fuzz::texts::read(bytes));
