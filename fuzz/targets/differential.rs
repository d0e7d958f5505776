//! Others read the same packets, but for what `disagreements.md` lists. The first byte chooses the version.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: {
        mqtt_playground_fuzz::differential::forgive_others();
        mqtt_playground_fuzz::differential::check_rows();
    },
    |bytes: &[u8]| mqtt_playground_fuzz::with_version(bytes, mqtt_playground_fuzz::differential::compare)
);
