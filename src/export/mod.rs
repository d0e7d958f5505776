//! The trace as files of other programs.
//!
//! Passwords and Authentication Data are never in a file: their bytes are replaced by `*`, so that every length stays what it was.

mod capture;
mod events;
mod json;
mod pcapng;
mod streams;

use crate::trace::Trace;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// All records with decoded packets.
    Json,
    /// A capture for Wireshark.
    Pcapng,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Json, Self::Pcapng];

    /// The ending of its files, which is also its name on the command line and the page.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pcapng => "pcapng",
        }
    }

    /// The format whose files end so.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| extension.eq_ignore_ascii_case(format.extension()))
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Pcapng => "application/x-pcapng",
        }
    }

    /// The whole trace as a file.
    #[must_use]
    pub fn write(self, trace: &Trace) -> Vec<u8> {
        match self {
            Self::Json => json::write(trace),
            Self::Pcapng => pcapng::write(trace.nodes(), &capture::frames(trace)),
        }
    }
}
