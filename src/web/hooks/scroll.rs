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

/// Keeps the end of a growing list in sight, unless somebody has scrolled up to read.
#[hook]
pub(crate) fn use_newest(node: &NodeRef, count: usize) {
    let seen = use_mut_ref(|| 0_i32);
    let node = node.clone();
    use_effect_with(count, move |_| {
        if let Some(element) = node.cast::<Element>() {
            // Where the end was before the new rows came.
            let was_at_end = element.scroll_top() + element.client_height() + 60 >= *seen.borrow();
            if was_at_end {
                element.set_scroll_top(element.scroll_height());
            }
            seen.replace(element.scroll_height());
        }
    });
}
