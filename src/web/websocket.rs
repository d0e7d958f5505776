//! The driver of a live connection: carries bytes between the playground's client and a real broker over a WebSocket, and decides nothing.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use wasm_bindgen::JsCast;
use web_sys::{BinaryType, MessageEvent, WebSocket};
use yew::prelude::*;

use super::state::{LiveBroker, Msg};
use crate::packet::ReasonCode;
use crate::playground::{Action, LiveInput, Playground};
use crate::session::Transmit;
use crate::sim::Command;
use crate::text::key;
use crate::time::Instant;
use crate::trace::NodeId;

/// The subprotocol's name [MQTT-6.0.0-3].
const SUBPROTOCOL: &str = "mqtt";
/// Timers of browsers count in a signed 32-bit number of milliseconds.
const LONGEST_TIMEOUT_MS: u64 = 86_400_000;

struct Driver {
    playground: Rc<RefCell<Playground>>,
    broker: LiveBroker,
    dispatch: Callback<Msg>,
    socket: RefCell<Option<Socket>>,
    timer: RefCell<Option<(Instant, Timeout)>>,
    /// Grows with each socket, so that a late event of an old one is known as such.
    number: Cell<u32>,
}

struct Socket {
    socket: WebSocket,
    _listeners: Vec<EventListener>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = self.socket.close();
    }
}

/// Whoever leaves the page's live connection says goodbye: without DISCONNECT the broker would publish the Will [MQTT-3.1.2-8].
impl Drop for Driver {
    fn drop(&mut self) {
        let Ok(mut playground) = self.playground.try_borrow_mut() else { return };
        let _ = playground.apply(Action::Live(LiveInput::Timeout { now: self.broker.now() }));
        let goodbye = Command::Disconnect { client: NodeId(1), reason_code: ReasonCode::Success, session_expiry: None };
        // Refused where there is no connection to say it on.
        if playground.apply(Action::Do(goodbye)).is_ok() {
            while let Some(transmit) = playground.poll_live() {
                if let Transmit::Packet { bytes, .. } = transmit {
                    self.send(&bytes);
                }
            }
        }
    }
}

/// Drives the live connection of this playground, if there is one, after each change of the page.
#[hook]
pub(crate) fn use_live_socket(live: Option<(Rc<RefCell<Playground>>, LiveBroker)>, dispatch: Callback<Msg>) {
    let driver = use_mut_ref(|| None::<Rc<Driver>>);
    use_effect(move || {
        let mut driver = driver.borrow_mut();
        match live {
            None => *driver = None,
            Some((playground, broker)) => {
                let is_same = driver.as_ref().is_some_and(|driver| Rc::ptr_eq(&driver.playground, &playground));
                if !is_same {
                    *driver = Some(Rc::new(Driver::new(playground, broker, dispatch)));
                }
                if let Some(driver) = driver.as_ref() {
                    driver.pump();
                }
            }
        }
    });
}

impl Driver {
    fn new(playground: Rc<RefCell<Playground>>, broker: LiveBroker, dispatch: Callback<Msg>) -> Self {
        Self { playground, broker, dispatch, socket: RefCell::default(), timer: RefCell::default(), number: Cell::new(0) }
    }

    fn now(&self) -> Instant {
        self.broker.now()
    }

    fn feed(&self, input: LiveInput) {
        self.dispatch.emit(Msg::Act(Action::Live(input)));
    }

    /// Does what the client wants done.
    fn pump(self: &Rc<Self>) {
        loop {
            let wanted = self.playground.borrow_mut().poll_live();
            match wanted {
                None => break,
                Some(Transmit::Open) => self.open(),
                Some(Transmit::Packet { bytes, .. }) => self.send(&bytes),
                Some(Transmit::Close | Transmit::Abort) => {
                    // Its events are dropped with it; the client knows that it closed.
                    self.socket.replace(None);
                    self.number.set(self.number.get().wrapping_add(1));
                }
            }
        }
        self.set_timer();
    }

    fn open(self: &Rc<Self>) {
        self.socket.replace(None);
        let number = self.number.get().wrapping_add(1);
        self.number.set(number);
        let Ok(socket) = WebSocket::new_with_str(&self.broker.url, SUBPROTOCOL) else {
            self.dispatch.emit(Msg::Tell(key::PAGE_LIVE_REFUSED.message()));
            self.feed(LiveInput::Closed { now: self.now() });
            return;
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on = |name: &'static str, take: fn(&Self, &Event)| {
            let driver = Rc::downgrade(self);
            EventListener::new(&socket, name, move |event| {
                if let Some(driver) = driver.upgrade().filter(|driver| driver.number.get() == number) {
                    take(&driver, event);
                }
            })
        };
        let listeners = vec![
            on("open", |driver, _| driver.feed(LiveInput::Opened { now: driver.now() })),
            on("close", |driver, _| driver.feed(LiveInput::Closed { now: driver.now() })),
            on("error", |driver, _| driver.dispatch.emit(Msg::Tell(key::PAGE_LIVE_BROKEN.message()))),
            on("message", Self::take_message),
        ];
        self.socket.replace(Some(Socket { socket, _listeners: listeners }));
    }

    fn take_message(&self, event: &Event) {
        let Some(data) = event.dyn_ref::<MessageEvent>().map(MessageEvent::data) else { return };
        if let Some(buffer) = data.dyn_ref::<js_sys::ArrayBuffer>() {
            let bytes = Bytes::from(js_sys::Uint8Array::new(buffer).to_vec());
            self.feed(LiveInput::Bytes { now: self.now(), bytes });
        } else {
            // A text frame: MQTT allows binary ones only [MQTT-6.0.0-1].
            self.dispatch.emit(Msg::Tell(key::PAGE_LIVE_TEXT_FRAME.message()));
            self.socket.replace(None);
            self.feed(LiveInput::Closed { now: self.now() });
        }
    }

    fn send(&self, bytes: &[u8]) {
        if let Some(socket) = &*self.socket.borrow() {
            // Fails only on a socket that is closing, whose end is reported by its event.
            let _ = socket.socket.send_with_u8_array(bytes);
        }
    }

    fn set_timer(self: &Rc<Self>) {
        let Some(at) = self.playground.borrow().live_timeout() else {
            self.timer.replace(None);
            return;
        };
        if self.timer.borrow().as_ref().is_some_and(|(set, _)| *set == at) {
            return;
        }
        // Rounded up: a timer that fires early would fire again and again.
        let wait = at.saturating_since(self.now()).as_micros().div_ceil(1_000).min(LONGEST_TIMEOUT_MS);
        let driver = Rc::downgrade(self);
        let timeout = Timeout::new(u32::try_from(wait).unwrap_or(u32::MAX), move || {
            if let Some(driver) = driver.upgrade() {
                driver.timer.replace(None);
                driver.feed(LiveInput::Timeout { now: driver.now() });
            }
        });
        self.timer.replace(Some((at, timeout)));
    }
}
