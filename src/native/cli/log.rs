//! What `broker` prints of what happens.

use std::io::Write;

use crate::broker::{BrokerEvent, EndCause};
use crate::native::Happening;
use crate::packet::ClientId;
use crate::text::Language;
use crate::time::Instant;

/// Who came and went, who was refused, which limits were reached; every decision, if asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    pub(super) language: Language,
    pub(super) is_verbose: bool,
}

impl Log {
    pub(super) fn hear(self, at: Instant, happening: &Happening<'_>) {
        match happening {
            Happening::Broker(event) => self.hear_event(at, event),
            Happening::Opened { connection, peer, transport } if self.is_verbose => {
                tell(&format!("{at} connection {} from {transport}://{peer}", connection.0));
            }
            Happening::Closed { connection, reason } if self.is_verbose => {
                tell(&format!("{at} connection {} closed: {reason:?}", connection.0));
            }
            Happening::HandshakeFailed { peer, reason } => tell(&format!("{at} no WebSocket for {peer}: {reason}")),
            Happening::AcceptFailed(error) => warn(&format!("no more connections for now: {error}")),
            Happening::Opened { .. } | Happening::Closed { .. } | Happening::Sent { .. } => {}
        }
    }

    fn hear_event(self, at: Instant, event: &BrokerEvent) {
        match event {
            BrokerEvent::ClientConnected { client_id, version, session_present, .. } => {
                tell(&format!("{at} {:?} connected (MQTT {version}, Session Present {})", client_id.as_str(), u8::from(*session_present)));
            }
            BrokerEvent::ConnectionEnded { client_id: Some(client_id), cause, .. } => {
                tell(&format!("{at} {:?} gone: {}", client_id.as_str(), self.cause(cause)));
            }
            BrokerEvent::ConnectionEnded {
                connection,
                client_id: None,
                cause: cause @ (EndCause::Refused { .. } | EndCause::ClientMisbehaved { .. }),
            } => {
                tell(&format!("{at} connection {} refused: {}", connection.0, self.cause(cause)));
            }
            BrokerEvent::LimitReached { message } => tell(&format!("{at} {}", self.language.render(message))),
            // Frames and payloads belong to the clients, passwords among them.
            BrokerEvent::PacketReceived { .. } | BrokerEvent::MalformedReceived { .. } => {}
            // A hundred lines every ten seconds would bury everything else.
            _ if is_of_itself(event) => {}
            BrokerEvent::MessageAccepted { message, publisher, topic, qos, retain, payload } if self.is_verbose => {
                let publisher = publisher.as_ref().map(ClientId::as_str);
                let size = payload.len();
                tell(&format!("{at} message {} of {publisher:?} accepted: {topic:?} {qos:?} retain {retain} payload {size} B", message.0));
            }
            other if self.is_verbose => tell(&format!("{at} {other:?}")),
            _ => {}
        }
    }

    fn cause(self, cause: &EndCause) -> String {
        match cause {
            EndCause::ClientDisconnected(reason_code) => format!("DISCONNECT {reason_code}"),
            EndCause::ClientMisbehaved { reason_code, clause, message } => {
                format!("{reason_code}: {} [{clause}]", self.language.render(message))
            }
            EndCause::Refused { reason_code, message } => format!("{reason_code}: {}", self.language.render(message)),
            EndCause::NotAuthorized { message } => self.language.render(message),
            plain => format!("{plain:?}"),
        }
    }
}

/// A line with words of clients in it: control characters are written out, so that nobody forges a line or moves the terminal's cursor.
fn tell(line: &str) {
    let mut printable = String::with_capacity(line.len());
    for character in line.chars() {
        if character.is_control() {
            printable.extend(character.escape_debug());
        } else {
            printable.push(character);
        }
    }
    say(&printable);
}

/// Whether it is about what the broker publishes of itself.
fn is_of_itself(event: &BrokerEvent) -> bool {
    match event {
        BrokerEvent::MessageAccepted { publisher: None, topic, .. } | BrokerEvent::RetainedStored { topic, .. } => {
            topic.as_str().starts_with("$SYS/")
        }
        _ => false,
    }
}

/// A line on standard output. Should nobody listen any more, serving goes on.
pub(super) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A line on standard error.
pub(super) fn warn(line: &str) {
    let _ = writeln!(std::io::stderr(), "mqtt-playground: {line}");
}
