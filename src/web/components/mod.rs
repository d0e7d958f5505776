//! The components, one a file. Each takes view models in and says actions out.

mod act_button;
mod announcer;
mod broker_controls;
mod client_controls;
mod condition_sliders;
mod conformance_page;
mod controls;
mod cut_controls;
mod failure;
mod fault_rules;
mod field_tree;
mod goals;
mod help_dialog;
mod hex_view;
mod icon;
mod lanes;
mod lesson_list;
mod lesson_pane;
mod live_form;
mod live_page;
mod message_properties;
mod packet_chip;
mod packet_list;
mod packet_panel;
mod prediction;
mod prose;
mod publish_form;
mod sequence;
mod sequence_layout;
mod sequence_table;
mod session_inspector;
mod stage;
mod stage_layout;
mod subscribe_form;
mod tabs;
mod timeline;
mod toasts;
mod top_bar;
mod transport_bar;
mod workbench;

/// What the tests render by itself.
#[cfg(all(test, feature = "ssr", not(target_arch = "wasm32")))]
pub(crate) mod for_tests {
    pub(crate) use super::client_controls::{ClientControls, ClientControlsProps};
    pub(crate) use super::hex_view::{HexView, HexViewProps};
    pub(crate) use super::packet_list::{PacketListing, PacketListingProps};
    pub(crate) use super::sequence_table::{SequenceTable, SequenceTableProps};
    pub(crate) use super::session_inspector::{SessionInspector, SessionInspectorProps};
}

pub(crate) use announcer::Announcer;
pub(crate) use conformance_page::ConformancePage;
pub(crate) use failure::Failure;
pub(crate) use help_dialog::HelpDialog;
pub(crate) use lesson_list::LessonList;
pub(crate) use live_page::LivePage;
pub(crate) use toasts::Toasts;
pub(crate) use top_bar::TopBar;
pub(crate) use workbench::Workbench;
