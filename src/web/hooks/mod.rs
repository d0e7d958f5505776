//! What the browser tells the components.

mod calm;
mod frames;
mod scroll;
mod shortcuts;
mod size;

pub(crate) use calm::use_calm;
pub(crate) use frames::use_frames;
pub(crate) use scroll::{use_newest, use_scroll_top};
pub(crate) use shortcuts::use_shortcuts;
pub(crate) use size::{Size, use_size};
