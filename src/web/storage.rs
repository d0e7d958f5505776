//! The few preferences that outlive a visit. In a sandboxed frame there is no storage, and nothing here fails for it.

use web_sys::Storage;

fn local() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// A stored preference.
pub(crate) fn preference(name: &str) -> Option<String> {
    local()?.get_item(&format!("mqtt-playground.{name}")).ok()?
}

/// Stores a preference, if there is a place for it.
pub(crate) fn set_preference(name: &str, value: &str) {
    if let Some(storage) = local() {
        let _ = storage.set_item(&format!("mqtt-playground.{name}"), value);
    }
}
