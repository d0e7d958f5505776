//! Whether motion is unwanted.

use gloo::events::EventListener;
use yew::prelude::*;

/// Whether the device asks for reduced motion, now and when that changes.
#[hook]
pub(crate) fn use_calm() -> bool {
    let calm = use_state_eq(|| query().is_some_and(|query| query.matches()));
    {
        let calm = calm.clone();
        use_effect_with((), move |()| {
            let listener = query().map(|query| {
                let current = query.clone();
                EventListener::new(&query, "change", move |_| calm.set(current.matches()))
            });
            move || drop(listener)
        });
    }
    *calm
}

fn query() -> Option<web_sys::MediaQueryList> {
    web_sys::window()?.match_media("(prefers-reduced-motion: reduce)").ok()?
}
