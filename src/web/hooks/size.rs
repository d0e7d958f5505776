//! How large an element is.

use wasm_bindgen::prelude::*;
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// Width and height in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// The size of the element, now and whenever it changes. An element that is not shown keeps the size it had.
#[hook]
pub(crate) fn use_size(node: &NodeRef, at_first: Size) -> Size {
    let size = use_state_eq(|| at_first);
    {
        let (node, size) = (node.clone(), size.clone());
        use_effect_with((), move |()| {
            let mut watch = None;
            if let Some(element) = node.cast::<Element>() {
                let current = element.clone();
                let measure = move || {
                    let (width, height) = (current.client_width(), current.client_height());
                    if width > 0 && height > 0 {
                        size.set(Size { width, height });
                    }
                };
                measure();
                let changed = Closure::<dyn FnMut()>::new(measure);
                if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
                    observer.observe(&element);
                    watch = Some((observer, changed));
                }
            }
            move || {
                if let Some((observer, _changed)) = watch {
                    observer.disconnect();
                }
            }
        });
    }
    *size
}
