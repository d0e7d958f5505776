//! What `broker` prints of what happens.

use std::io::Write;

use crate::broker::{BrokerEvent, EndCause, Routing};
use crate::link::CloseReason;
use crate::native::Happening;
use crate::packet::{ClientId, QoS};
use crate::text::{Language, Message, key};
use crate::time::Instant;
use crate::view::{denied_words, drop_words, end_words};

/// Who came and went, who was refused, which limits were reached; every decision, if asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    pub(super) language: Language,
    pub(super) is_verbose: bool,
}

impl Log {
    pub(super) fn hear(self, at: Instant, happening: &Happening<'_>) {
        match happening {
            Happening::AcceptFailed(error) => {
                warn(&self.language.render(&key::LOG_ACCEPT_FAILED.with("why", error.to_string())));
            }
            Happening::Broker(event) if !is_of_itself(event) => self.tell(at, self.words_of_event(event)),
            Happening::HandshakeFailed { peer, reason } => {
                self.tell(at, Some(key::LOG_NO_WEBSOCKET.with("peer", peer.to_string()).with("why", *reason)));
            }
            Happening::ListenerFull { peer, address, limit } => {
                let words = key::LOG_LISTENER_FULL.with("peer", peer.to_string()).with("address", address.to_string());
                self.tell(at, Some(words.with("limit", *limit)));
            }
            Happening::Opened { connection, peer, transport } if self.is_verbose => {
                self.tell(at, Some(key::LOG_OPENED.with("number", connection.0).with("peer", format!("{transport}://{peer}"))));
            }
            Happening::Closed { connection, reason } if self.is_verbose => {
                self.tell(at, Some(close_words(*reason).with("number", connection.0)));
            }
            Happening::Broker(_)
            | Happening::Opened { .. }
            | Happening::Closed { .. }
            | Happening::Sent { .. }
            | Happening::AccessChanged(_) => {}
        }
    }

    /// A line with words of clients in it: control characters are written out, so that nobody forges a line or moves the terminal's cursor.
    fn tell(self, at: Instant, message: Option<Message>) {
        let Some(message) = message else { return };
        let mut printable = format!("{at} ");
        for character in self.language.render(&message).chars() {
            if character.is_control() {
                printable.extend(character.escape_debug());
            } else {
                printable.push(character);
            }
        }
        say(&printable);
    }

    fn words_of_event(self, event: &BrokerEvent) -> Option<Message> {
        match event {
            BrokerEvent::ClientConnected { client_id, version, session_present, .. } => {
                let words = key::LOG_CONNECTED.with("client", named(client_id)).with("version", version.to_string());
                Some(words.with("present", u8::from(*session_present)))
            }
            BrokerEvent::ConnectionEnded { client_id: Some(client_id), cause, .. } => Some(gone_words(named(client_id), cause)),
            BrokerEvent::ConnectionEnded { connection, client_id: None, cause } => match cause {
                // Whoever was refused or broke a rule is worth a line without a name too.
                EndCause::Refused { .. } | EndCause::ClientMisbehaved { .. } => {
                    end_words(cause).map(|words| words.with("node", key::LOG_CONNECTION.with("number", connection.0)))
                }
                _ => None,
            },
            BrokerEvent::LimitReached { message } => Some(message.clone()),
            _ if self.is_verbose => words_of_decision(event),
            _ => None,
        }
    }
}

/// How a connected Client went.
fn gone_words(client: String, cause: &EndCause) -> Message {
    if let Some(words) = end_words(cause) {
        return words.with("node", client);
    }
    let words = match cause {
        EndCause::ClientDisconnected(reason_code) => key::LOG_LEFT.with("reason", reason_code.to_string()),
        EndCause::ServerShutDown => key::LOG_SHUT_DOWN.message(),
        EndCause::ServerCrashed => key::LOG_CRASHED.message(),
        _ => key::LOG_NETWORK_CLOSED.message(),
    };
    words.with("client", client)
}

const fn close_words(reason: CloseReason) -> Message {
    match reason {
        CloseReason::ClosedByPeer => key::LOG_CLOSED_BY_PEER,
        CloseReason::ClosedHere => key::LOG_CLOSED_HERE,
        CloseReason::Reset => key::LOG_CLOSED_RESET,
        CloseReason::NetworkDown => key::LOG_CLOSED_NETWORK_DOWN,
        CloseReason::TimedOut => key::LOG_CLOSED_TIMED_OUT,
    }
    .message()
}

/// What only `--verbose` tells. Frames and payloads belong to the clients, passwords among them.
fn words_of_decision(event: &BrokerEvent) -> Option<Message> {
    Some(match event {
        BrokerEvent::PacketReceived { .. }
        | BrokerEvent::MalformedReceived { .. }
        | BrokerEvent::ClientConnected { .. }
        | BrokerEvent::ConnectionEnded { .. }
        | BrokerEvent::LimitReached { .. } => return None,
        BrokerEvent::SessionEnded { client_id, expired } => {
            let words = if *expired { key::VIEW_SESSION_EXPIRED } else { key::VIEW_SESSION_REPLACED };
            words.with("node", named(client_id))
        }
        BrokerEvent::Subscribed { client_id, subscription, reason_code } => key::LOG_SUBSCRIBED
            .with("client", named(client_id))
            .with("filter", subscription.filter.as_str())
            .with("reason", reason_code.to_string()),
        BrokerEvent::Unsubscribed { client_id, filter, reason_code } => {
            key::LOG_UNSUBSCRIBED.with("client", named(client_id)).with("filter", filter.as_str()).with("reason", reason_code.to_string())
        }
        BrokerEvent::MessageAccepted { message, publisher, topic, qos, retain, payload } => {
            let words = key::LOG_ACCEPTED.with("message", message.0).with("topic", topic.as_str()).with("qos", number(*qos));
            let words = words.with("retain", u8::from(*retain)).with("size", payload.len());
            match publisher {
                Some(client_id) => words.with("client", named(client_id)),
                None => words.with("client", key::LOG_THE_BROKER.message()),
            }
        }
        BrokerEvent::SharedMemberChosen { filter, client_id, members, passed_over, .. } => {
            let words = if *passed_over > 0 { key::VIEW_SHARED_PASSED_OVER } else { key::VIEW_SHARED_CHOSEN };
            let words = words.with("filter", filter.as_str()).with("members", *members).with("node", named(client_id));
            if *passed_over > 0 { words.with("passed", *passed_over) } else { words }
        }
        BrokerEvent::MessageRouted { message, client_id, filter, routing } => {
            let words = match routing {
                Routing::Sent { qos, .. } => key::LOG_SENT.with("qos", number(*qos)),
                Routing::QueuedOffline => key::LOG_QUEUED.with("why", key::LOG_QUEUED_OFFLINE.message()),
                Routing::QueuedReceiveMaximum => key::LOG_QUEUED.with("why", key::LOG_QUEUED_RECEIVE_MAXIMUM.message()),
                Routing::QueuedSlowReader => key::LOG_QUEUED.with("why", key::LOG_QUEUED_SLOW_READER.message()),
                Routing::Dropped(reason) => key::LOG_NOT_SENT.with("why", drop_words(*reason)),
            };
            words.with("message", message.0).with("client", named(client_id)).with("filter", filter.as_str())
        }
        BrokerEvent::MessageSent { message, client_id, packet_id: Some(packet_id), dup: true } => {
            key::LOG_SENT_AGAIN.with("message", message.0).with("client", named(client_id)).with("id", packet_id.as_u16())
        }
        BrokerEvent::MessageSent { message, client_id, .. } => {
            key::LOG_SENT_LATER.with("message", message.0).with("client", named(client_id))
        }
        BrokerEvent::DeliveryCompleted { message, client_id, packet_id, reason_code } => key::LOG_COMPLETED
            .with("message", message.0)
            .with("client", named(client_id))
            .with("id", packet_id.as_u16())
            .with("reason", reason_code.to_string()),
        BrokerEvent::MessageDropped { message, client_id, reason } => {
            key::LOG_DROPPED.with("message", message.0).with("client", named(client_id)).with("why", drop_words(*reason))
        }
        BrokerEvent::DuplicateSuppressed { client_id, packet_id } => {
            key::LOG_DUPLICATE.with("client", named(client_id)).with("id", packet_id.as_u16())
        }
        BrokerEvent::RetainedStored { topic, message } => key::LOG_RETAINED_STORED.with("message", message.0).with("topic", topic.as_str()),
        BrokerEvent::RetainedCleared { topic } => key::LOG_RETAINED_CLEARED.with("topic", topic.as_str()),
        BrokerEvent::WillScheduled { client_id, at } => key::VIEW_WILL_SCHEDULED.with("at", at.to_string()).with("node", named(client_id)),
        BrokerEvent::WillDiscarded { client_id, resumed } => {
            let words = if *resumed { key::VIEW_WILL_DISCARDED_RESUMED } else { key::VIEW_WILL_DISCARDED };
            words.with("node", named(client_id))
        }
        BrokerEvent::WillPublished { client_id, .. } => key::VIEW_WILL_PUBLISHED.with("node", named(client_id)),
        BrokerEvent::AccessDenied { client_id, access, topic, decided_by, .. } => {
            denied_words(*access, topic, decided_by).with("node", named(client_id))
        }
        BrokerEvent::AccessChanged => key::VIEW_ACCESS_CHANGED.message(),
    })
}

/// In quotes: it may have spaces in it, or be empty.
fn named(client_id: &ClientId) -> String {
    format!("\"{}\"", client_id.as_str())
}

fn number(qos: QoS) -> u8 {
    u8::from(qos)
}

/// Whether it is about what the broker publishes of itself: a hundred lines every ten seconds would bury everything else.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::{DropReason, MessageId};
    use crate::packet::{PacketId, ReasonCode, TopicFilter, TopicName};
    use crate::session::ConnectionId;

    fn events() -> Vec<BrokerEvent> {
        let client_id = ClientId::new("sensor 1");
        let (message, filter, topic) = (MessageId(7), TopicFilter::new("home/#").unwrap(), TopicName::new("home/a").unwrap());
        let packet_id = PacketId::new(3).unwrap();
        let routings = [
            Routing::Sent { qos: QoS::AtLeastOnce, packet_id: Some(packet_id) },
            Routing::QueuedOffline,
            Routing::QueuedReceiveMaximum,
            Routing::QueuedSlowReader,
            Routing::Dropped(DropReason::QueueFull),
        ];
        let mut events: Vec<_> = routings
            .into_iter()
            .map(|routing| BrokerEvent::MessageRouted { message, client_id: client_id.clone(), filter: filter.clone(), routing })
            .collect();
        let causes = [
            EndCause::ClientDisconnected(ReasonCode::Success),
            EndCause::NetworkClosed,
            EndCause::KeepAliveTimeout,
            EndCause::TakenOver,
            EndCause::Kicked,
            EndCause::Redirected,
            EndCause::ServerShutDown,
            EndCause::ServerCrashed,
        ];
        let connection = ConnectionId(4);
        events.extend(causes.map(|cause| BrokerEvent::ConnectionEnded { connection, client_id: Some(client_id.clone()), cause }));
        let cause = EndCause::Refused { reason_code: ReasonCode::ServerBusy, message: key::BROKER_KICKED.message() };
        events.push(BrokerEvent::ConnectionEnded { connection, client_id: None, cause });
        events.extend([true, false].map(|dup| BrokerEvent::MessageSent {
            message,
            client_id: client_id.clone(),
            packet_id: Some(packet_id),
            dup,
        }));
        events.extend([Some(client_id.clone()), None].map(|publisher| BrokerEvent::MessageAccepted {
            message,
            publisher,
            topic: topic.clone(),
            qos: QoS::ExactlyOnce,
            retain: true,
            payload: "secret".into(),
        }));
        events.push(BrokerEvent::SessionEnded { client_id: client_id.clone(), expired: true });
        events.push(BrokerEvent::RetainedStored { topic: topic.clone(), message });
        events.push(BrokerEvent::RetainedCleared { topic });
        events.push(BrokerEvent::DuplicateSuppressed { client_id, packet_id });
        events
    }

    #[test]
    fn every_line_is_a_text_in_each_language_and_shows_no_payload() {
        for language in Language::ALL {
            let log = Log { language, is_verbose: true };
            for event in events() {
                let text = language.render(&log.words_of_event(&event).expect("a line"));
                let is_whole = !text.contains('{') && !text.contains("log-") && !text.contains("view-") && !text.contains("secret");
                assert!(is_whole, "{event:?}: {text}");
                let is_korean = text.chars().any(|letter| ('가'..='힣').contains(&letter));
                assert_eq!(is_korean, language == Language::Korean, "{event:?}: {text}");
            }
        }
    }

    #[test]
    fn without_verbose_only_comings_goings_and_limits_are_told() {
        let log = Log { language: Language::English, is_verbose: false };
        let told = events().iter().filter(|event| log.words_of_event(event).is_some()).count();
        assert_eq!(told, 9);
    }
}
