//! The rules of the house, checked on the text of `src/`: which module may know which (`ranks`), and what no file may do (`house`).
//! Each scanner is tested with planted violations, so that a rule that stopped working is noticed.
#![allow(clippy::unwrap_used, reason = "a test may panic; the exemption for tests does not reach shared functions")]

mod conformance;
mod house;
mod ranks;
mod source;
mod texts;
