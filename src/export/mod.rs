//! The trace as files of other programs.
