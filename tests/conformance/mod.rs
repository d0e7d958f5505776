//! The packet-sequence suite: "send these bytes, expect those", one case after another in `cases/*.txt`, each with its clause.
//!
//! ```text
//! setup connected                                # steps that several cases begin or end with
//!   A> 10 0D 00 04 'MQTT' 05 02 00 00 00 00 01 'a'   # CONNECT
//!   A< 20 _ 00 00 ..                                 # CONNACK
//!
//! case v5 [MQTT-3.1.0-2] a second CONNECT closes
//!   set maximum_qos = 1                          # a field of BrokerConfig, or of ClientConfig
//!   after connected
//!   A> 10 0D 00 04 'MQTT' 05 02 00 00 00 00 01 'a'
//!   A< E0 _ 82 ..                                # DISCONNECT, Protocol Error
//!   A closed
//! ```
//!
//! A line is one step; `#` and a space begin a comment. `A`, `B`, … are Network Connections to the broker, opened when first named.
//!
//! | step | means |
//! |---|---|
//! | `A> BYTES` | these bytes arrive from A |
//! | `A< PATTERN` | the next packet that A gets |
//! | `A<* PATTERN` | as `A<`, in any order among the lines of this kind that stand together |
//! | `A closed` | the broker closes A, and has sent nothing else before |
//! | `A silent` | A has got nothing else so far |
//! | `A cut` | the network breaks |
//! | `A open` | A is a new Network Connection from now on |
//! | `+ 90s`, `+ 89999ms` | time passes; before it does, every packet so far must have been expected |
//! | `stop`, `crash` | the broker shuts down, or dies and starts again |
//! | `change acl = …` | the access control is replaced; several settings with `&` between them |
//! | `after NAME`, `then NAME` | the steps of that `setup` |
//! | `class NAME` | the known bug class that the case belongs to |
//! | `known failure REASON` | the case fails today; once it passes, that is a failure |
//!
//! Bytes are hexadecimal, `'text'` stands for its UTF-8 bytes, `2F*65535` repeats a byte and `('a/')*3` a group. `@p` is a two-byte value that the
//! other side chooses, never 0: the first `@p` of a case binds it. A pattern may also have `_` (a Remaining Length that fits), `?` (any byte), `..`
//! (whatever follows in this packet, where the specification leaves it free) and `81|82` (either).
//!
//! `case client v5 […]` is played against the `Client`: `S` is its connection, the file plays the Server. `do connect`, `do publish 1 'topic' 'payload'`,
//! `do retain …`, `do subscribe 1 'filter'`, `do unsubscribe 'filter'`, `do disconnect 00` are calls of the program; `do refused …` is a call that must be an error;
//! `got 'topic' 'payload'` is a message for the program.
//!
//! Where the specification leaves a choice that this broker has made (`src/broker/mod.rs` lists them), a case states that choice. All else comes
//! from the specification, not from running the code. Every case is run four times: as written, with neighbouring sends joined, byte by byte, and cut at random.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic; the exemption does not reach shared functions"
)]

mod broker_stage;
mod case;
mod client_stage;
mod pattern;
mod planted;
mod run;

use super::test;

/// One test for each file of `cases/`. Natively the files could be listed; in wasm there is no file system.
macro_rules! files {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                run::check(concat!("tests/conformance/cases/", stringify!($name), ".txt"), include_str!(concat!("cases/", stringify!($name), ".txt")));
            }
        )*
    };
}

files! {
    access
    announcements
    client_exchange
    client_malformed_v311
    client_malformed_v5
    first_packet_v311
    first_packet_v5
    flow_control
    keep_alive
    malformed_acknowledgements_v311
    malformed_acknowledgements_v5
    malformed_connect_v311
    malformed_connect_v5
    malformed_other_packets_v311
    malformed_other_packets_v5
    malformed_publish_v311
    malformed_publish_v5
    malformed_subscribe_v311
    malformed_subscribe_v5
    malformed_unsubscribe_v311
    malformed_unsubscribe_v5
    message_properties
    qos_exchange
    resumption
    retained
    sessions
    subscriptions
    topic_matching
    topics_and_strings
    wills
}
