//! The state of the page in one place: what the playground shows, and what is open around it.

use std::cell::RefCell;
use std::rc::Rc;

use yew::Reducible;

use super::route::{Place, Route};
use super::{recovery, storage};
use crate::client::ClientConfig;
use crate::playground::{Action, LiveInput, Playground, Screen};
use crate::sim::Command;
use crate::text::{Language, Message, key};
use crate::time::Instant;
use crate::trace::NodeId;

/// Colours of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the device says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The value of `data-theme` and of the stored preference.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The next one in the round.
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    fn from_tag(tag: &str) -> Option<Self> {
        [Self::System, Self::Light, Self::Dark].into_iter().find(|theme| theme.tag() == tag)
    }
}

/// What fills a screen that has room for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pane {
    /// The lesson, or the form of a live connection.
    Lesson,
    /// Stage and sequence.
    Run,
    /// The side panel with one of its tabs.
    Side(SideTab),
}

/// Tabs of the side panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SideTab {
    /// Fields and bytes of the selected packet.
    Packet,
    /// Session State.
    State,
    /// What can be done to the nodes.
    Controls,
}

/// Tabs of the main panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MainTab {
    /// The sequence diagram.
    Sequence,
    /// Its table twin.
    Table,
    /// The packet list.
    Packets,
}

/// A short notice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Toast {
    /// Names it.
    pub(crate) id: u32,
    /// What it says.
    pub(crate) message: Message,
}

/// A playground and what it shows.
#[derive(Clone)]
pub(crate) struct Session {
    /// The engine.
    pub(crate) playground: Rc<RefCell<Playground>>,
    /// What it shows now.
    pub(crate) screen: Screen,
    /// The real broker, if it is one.
    pub(crate) live: Option<LiveBroker>,
}

/// A real broker: where it is, and when the page turned to it.
#[derive(Clone)]
pub(crate) struct LiveBroker {
    /// The address of its WebSocket listener.
    pub(crate) url: Rc<str>,
    /// Milliseconds of the browser's clock; the live connection counts from here.
    started: f64,
}

impl LiveBroker {
    fn new(url: &str) -> Self {
        Self { url: Rc::from(url), started: milliseconds() }
    }

    /// The time on the live connection's clock.
    pub(crate) fn now(&self) -> Instant {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page is not open for centuries")]
        Instant::from_micros(((milliseconds() - self.started).max(0.0) * 1_000.0) as u64)
    }
}

/// The browser's clock, which never goes back.
fn milliseconds() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// What happened to the page.
#[derive(Clone)]
pub(crate) enum Msg {
    /// Something for the playground.
    Act(Action),
    /// The learner follows a link inside the page.
    Go(Place),
    /// The address changed by itself.
    Routed(Route),
    /// Another language.
    Speak(Language),
    /// Other colours.
    Paint(Theme),
    /// Another part of a small screen.
    Show(Pane),
    /// Another tab of the main panel.
    Main(MainTab),
    /// Open the controls of a node.
    Controls(NodeId),
    /// Open or close the help.
    Help(bool),
    /// Sound of the screen reader's announcements off or on.
    Mute(bool),
    /// A notice.
    Tell(Message),
    /// Take a notice away.
    Dismiss(u32),
    /// Connect to a real broker.
    OpenLive(Box<ClientConfig>, String),
    /// Leave it.
    CloseLive,
    /// Give the trace as a file of this format.
    Export(&'static str),
}

/// The state of the page.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) route: Route,
    pub(crate) language: Language,
    pub(crate) theme: Theme,
    pub(crate) pane: Pane,
    pub(crate) side: SideTab,
    pub(crate) main: MainTab,
    pub(crate) target: NodeId,
    pub(crate) help: bool,
    pub(crate) muted: bool,
    pub(crate) toasts: Rc<Vec<Toast>>,
    pub(crate) session: Option<Session>,
    /// Why there is no session where there should be one.
    pub(crate) failure: Option<Message>,
    last_toast: u32,
}

impl Model {
    /// The page that the address and the stored preferences ask for.
    pub(crate) fn new() -> Self {
        let route = Route::current();
        let stored = storage::preference("language").as_deref().and_then(Language::from_tag);
        let language = route.language.or(stored).unwrap_or_else(browser_language);
        let theme = storage::preference("theme").as_deref().and_then(Theme::from_tag).unwrap_or_default();
        let mut model = Self {
            route,
            language,
            theme,
            pane: Pane::Lesson,
            side: SideTab::Packet,
            main: MainTab::Sequence,
            target: NodeId(1),
            help: false,
            muted: false,
            toasts: Rc::default(),
            session: None,
            failure: None,
            last_toast: 0,
        };
        model.open();
        if let (Some(session), Place::Lesson(slug)) = (&mut model.session, &model.route.place)
            && recovery::replay(slug, &mut session.playground.borrow_mut())
        {
            session.screen = session.playground.borrow_mut().screen();
            model.tell(key::PAGE_RECOVERED.message());
        }
        model
    }

    /// Opens what the route names.
    fn open(&mut self) {
        self.session = None;
        self.failure = None;
        recovery::begin(&self.route.place);
        if let Place::Lesson(slug) = &self.route.place {
            match Playground::open_lesson(slug) {
                Ok(playground) => self.hold(playground, None),
                Err(message) => self.failure = Some(message),
            }
        }
    }

    fn hold(&mut self, mut playground: Playground, live: Option<LiveBroker>) {
        let screen = playground.screen();
        self.session = Some(Session { playground: Rc::new(RefCell::new(playground)), screen, live });
        self.pane = Pane::Lesson;
        self.side = SideTab::Packet;
        self.target = NodeId(1);
    }

    fn tell(&mut self, message: Message) {
        self.last_toast = self.last_toast.wrapping_add(1);
        let mut toasts = (*self.toasts).clone();
        toasts.retain(|toast| toast.message != message);
        toasts.push(Toast { id: self.last_toast, message });
        let surplus = toasts.len().saturating_sub(3);
        toasts.drain(..surplus);
        self.toasts = Rc::new(toasts);
    }

    fn act(&mut self, action: Action) {
        let Some(session) = &mut self.session else { return };
        let mut playground = session.playground.borrow_mut();
        let transport = &session.screen.transport;
        let is_past = transport.records < playground.trace().len();
        let before = recovery::Stand { records: transport.records, at: transport.at, ahead: is_past.then_some(transport.head) };
        if let (Some(live), Action::Do(_)) = (&session.live, &action) {
            // A command happens now, not when something last came from the broker.
            let _ = playground.apply(Action::Live(LiveInput::Timeout { now: live.now() }));
        }
        let outcome = playground.apply(action.clone());
        let screen = playground.screen();
        drop(playground);
        if !screen.live && outcome.is_ok() {
            recovery::note(&action, before, (screen.transport.records, screen.transport.at));
        }
        session.screen = screen;
        if let Err(message) = outcome {
            self.tell(message);
        }
    }

    fn export(&mut self, format: &str) {
        let Some(session) = &self.session else { return };
        let exported = session.playground.borrow().export(format);
        match exported {
            Ok((name, content)) => {
                let notice = match super::download::offer(&name, &content) {
                    Ok(()) => key::PAGE_EXPORT_DONE.with("name", name),
                    Err(_) => key::PAGE_EXPORT_FAILED.message(),
                };
                self.tell(notice);
            }
            Err(message) => self.tell(message),
        }
    }
}

impl Reducible for Model {
    type Action = Msg;

    fn reduce(self: Rc<Self>, msg: Msg) -> Rc<Self> {
        let mut model = (*self).clone();
        match msg {
            Msg::Act(action) => {
                // What the learner picks is what the side panel shows. A small screen stays where it is and marks the way there.
                if matches!(action, Action::Select(Some(_)) | Action::SelectNamed(_)) {
                    model.side = SideTab::Packet;
                    if let Pane::Side(tab) = &mut model.pane {
                        *tab = SideTab::Packet;
                    }
                }
                model.act(action);
            }
            Msg::Go(place) => {
                model.route.push(&place);
                model.route.place = place;
                model.open();
            }
            Msg::Routed(route) => {
                if route.place != model.route.place {
                    model.route = route;
                    model.open();
                }
            }
            Msg::Speak(language) => {
                model.language = language;
                // The address asked once; from here on the learner decides.
                model.route.language = model.route.language.map(|_| language);
                storage::set_preference("language", language.tag());
            }
            Msg::Paint(theme) => {
                model.theme = theme;
                storage::set_preference("theme", theme.tag());
            }
            Msg::Show(pane) => {
                model.pane = pane;
                if let Pane::Side(side) = pane {
                    model.side = side;
                }
            }
            Msg::Main(main) => model.main = main,
            Msg::Controls(node) => {
                model.target = node;
                model.side = SideTab::Controls;
                model.pane = Pane::Side(SideTab::Controls);
            }
            Msg::Help(open) => model.help = open,
            Msg::Mute(muted) => model.muted = muted,
            Msg::Tell(message) => model.tell(message),
            Msg::Dismiss(id) => {
                let rest = model.toasts.iter().filter(|toast| toast.id != id).cloned().collect();
                model.toasts = Rc::new(rest);
            }
            Msg::OpenLive(config, url) => match Playground::open_live(*config, &url) {
                Ok(playground) => {
                    model.hold(playground, Some(LiveBroker::new(&url)));
                    model.act(Action::Do(Command::Connect { client: NodeId(1) }));
                    model.pane = Pane::Run;
                    model.side = SideTab::Controls;
                }
                Err(message) => model.tell(message),
            },
            Msg::CloseLive => model.session = None,
            Msg::Export(format) => model.export(format),
        }
        Rc::new(model)
    }
}

fn browser_language() -> Language {
    let tag = web_sys::window().and_then(|window| window.navigator().language()).unwrap_or_default();
    // Korean first: whoever reads neither language meets the one that most readers here share.
    if tag.is_empty() { Language::Korean } else { Language::from_tag(&tag).unwrap_or(Language::English) }
}
