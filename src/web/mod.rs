//! The page. It draws the [`Screen`](crate::playground::Screen), turns what a learner does into an [`Action`](crate::playground::Action),
//! and knows nothing of the engine behind the two.

mod app;
mod components;
mod download;
mod family;
mod hooks;
mod i18n;
mod recovery;
#[cfg(all(test, feature = "ssr", not(target_arch = "wasm32")))]
mod render_tests;
mod route;
mod state;
mod storage;
mod websocket;

/// Starts the page in the element `#app`.
pub fn run() {
    recovery::install();
    let root = web_sys::window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id("app"));
    match root {
        Some(root) => {
            // "Loading" makes room for the page.
            while let Some(child) = root.first_child() {
                let _ = root.remove_child(&child);
            }
            yew::Renderer::<app::App>::with_root(root).render();
        }
        None => {
            yew::Renderer::<app::App>::new().render();
        }
    }
}
