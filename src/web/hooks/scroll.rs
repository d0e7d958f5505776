//! How far an element is scrolled.

use gloo::events::EventListener;
use web_sys::Element;
use yew::prelude::*;

/// The scroll offset of the element, in CSS pixels, rounded to steps of 64 so that not each pixel draws anew.
#[hook]
pub(crate) fn use_scroll_top(node: &NodeRef) -> i32 {
    let top = use_state_eq(|| 0);
    {
        let (node, top) = (node.clone(), top.clone());
        use_effect_with((), move |()| {
            let listener = node.cast::<Element>().map(|element| {
                let current = element.clone();
                EventListener::new(&element, "scroll", move |_| top.set(current.scroll_top() / 64 * 64))
            });
            move || drop(listener)
        });
    }
    *top
}
