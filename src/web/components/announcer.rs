//! Says each new thing as one sentence to screen readers, at most one every second and a half.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use crate::text::Message;
use crate::trace::RecordId;
use crate::web::i18n::use_ui;

/// A sentence takes about this long to speak; what comes meanwhile is dropped but for the newest.
const PAUSE_MS: u32 = 1_500;

#[derive(Properties, PartialEq)]
pub(crate) struct AnnouncerProps {
    /// The sentence, and the record that it is about: the same sentence of another record is news.
    pub(crate) announcement: Option<(RecordId, Message)>,
    pub(crate) muted: bool,
}

/// A region that nobody sees and screen readers speak.
#[component]
pub(crate) fn Announcer(AnnouncerProps { announcement, muted }: &AnnouncerProps) -> Html {
    let ui = use_ui();
    let spoken = use_state_eq(|| None::<(RecordId, Message)>);
    let newest = use_mut_ref(|| None::<(RecordId, Message)>);
    let pause = use_mut_ref(|| None::<Timeout>);
    {
        let spoken = spoken.clone();
        use_effect_with((announcement.clone(), *muted), move |(announcement, muted)| {
            newest.replace(announcement.clone().filter(|_| !muted));
            if pause.borrow().is_none() {
                spoken.set(newest.borrow().clone());
                let (newest, again) = (newest.clone(), pause.clone());
                pause.replace(Some(Timeout::new(PAUSE_MS, move || {
                    again.replace(None);
                    spoken.set(newest.borrow().clone());
                })));
            }
        });
    }
    html! {
        <div class="unseen" aria-live="polite" aria-atomic="true">
            if let Some((record, message)) = &*spoken {
                <span key={record.0}>{ ui.render(message) }</span>
            }
        </div>
    }
}
