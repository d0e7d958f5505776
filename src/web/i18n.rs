//! What every component needs: the language, and a way to say what the learner did.

use yew::prelude::*;

use super::state::Msg;
use crate::playground::Action;
use crate::text::{Key, Language, Message, key};

/// Language and voice of a component.
#[derive(Clone, PartialEq)]
pub(crate) struct Ui {
    /// The language of the page.
    pub(crate) language: Language,
    /// Whether motion is unwanted.
    pub(crate) calm: bool,
    /// Whether the page sits in a frame of a course.
    pub(crate) embed: bool,
    /// Takes what the learner did.
    pub(crate) dispatch: Callback<Msg>,
}

impl Ui {
    /// A text without arguments.
    pub(crate) fn text(&self, key: Key) -> String {
        self.language.text(key)
    }

    /// A message in the language of the page.
    pub(crate) fn render(&self, message: &Message) -> String {
        self.language.render(message)
    }

    /// The name of the broker. Scenarios that give it none of its own call it `broker`.
    pub(crate) fn broker(&self, name: &str) -> String {
        if name == "broker" { self.text(key::VIEW_BROKER) } else { name.to_owned() }
    }

    /// Says what the learner did.
    pub(crate) fn say(&self, msg: Msg) {
        self.dispatch.emit(msg);
    }

    /// An event handler that says what the learner did.
    pub(crate) fn on<E: 'static>(&self, msg: impl Fn() -> Msg + 'static) -> Callback<E> {
        let dispatch = self.dispatch.clone();
        Callback::from(move |_: E| dispatch.emit(msg()))
    }

    /// An event handler that carries out an action.
    pub(crate) fn act<E: 'static>(&self, action: Action) -> Callback<E> {
        self.on(move || Msg::Act(action.clone()))
    }
}

/// The language and the voice. Every component sits below the app, which provides them.
#[hook]
pub(crate) fn use_ui() -> Ui {
    use_context::<Ui>().unwrap_or_else(|| Ui { language: Language::default(), calm: true, embed: false, dispatch: Callback::noop() })
}
