//! What happened inside clients and broker, as JSON: the name of the event and its content.

use serde_json::{Value, json};

use super::json::hex;
use crate::broker::{BrokerEvent, EndCause};
use crate::client::{ClientEvent, DisconnectCause};
use crate::text::{Language, Message};

/// A message in both languages.
pub(super) fn said(message: &Message) -> Value {
    json!({ "key": message.key(), "ko": Language::Korean.render(message), "en": Language::English.render(message) })
}

pub(super) fn client_event(event: &ClientEvent) -> (&'static str, Value) {
    match event {
        // These two are records of their own and never in a trace.
        ClientEvent::PacketReceived { frame } => ("client_packet_received", json!({ "length": frame.len() })),
        ClientEvent::MalformedReceived { bytes, .. } => ("client_malformed_received", json!({ "length": bytes.len() })),
        ClientEvent::StateChanged(state) => ("client_state_changed", json!({ "state": state })),
        ClientEvent::Connected { session_present, keep_alive } => {
            ("client_connected", json!({ "session_present": session_present, "keep_alive": keep_alive }))
        }
        ClientEvent::Disconnected(cause) => ("client_disconnected", disconnect_cause(cause)),
        ClientEvent::ReconnectScheduled { at, attempt } => ("client_reconnect_scheduled", json!({ "due": at, "attempt": attempt })),
        ClientEvent::PublishQueued { token } => ("client_publish_queued", json!({ "token": token })),
        ClientEvent::PublishDropped { token, message } => ("client_publish_dropped", json!({ "token": token, "message": said(message) })),
        ClientEvent::PublishSent { token, packet_id } => ("client_publish_sent", json!({ "token": token, "packet_id": packet_id })),
        ClientEvent::PublishCompleted { token, packet_id, reason_code } => {
            ("client_publish_completed", json!({ "token": token, "packet_id": packet_id, "reason_code": reason_code.as_u8() }))
        }
        ClientEvent::PacketResent { packet_id } => ("client_packet_resent", json!({ "packet_id": packet_id })),
        ClientEvent::PacketRetried { packet_id } => ("client_packet_retried", json!({ "packet_id": packet_id })),
        ClientEvent::LeftUnacknowledged { packet_ids } => ("client_left_unacknowledged", json!({ "packet_ids": packet_ids })),
        ClientEvent::ResponseReceived { token } => ("client_response_received", json!({ "token": token })),
        ClientEvent::RequestTimedOut { token } => ("client_request_timed_out", json!({ "token": token })),
        ClientEvent::RequestFailed { token, message } => ("client_request_failed", json!({ "token": token, "message": said(message) })),
        ClientEvent::ResponseIgnored { publish, token } => (
            "client_response_ignored",
            json!({ "topic": publish.topic.as_str(), "token": token, "packet_id": publish.packet_id, "payload_hex": hex(&publish.payload) }),
        ),
        ClientEvent::Authenticated { method, again } => ("client_authenticated", json!({ "method": &**method, "again": again })),
        ClientEvent::ServerReferred { reason_code, reference, stays } => {
            ("client_server_referred", json!({ "reason_code": reason_code.as_u8(), "server_reference": &**reference, "stays": stays }))
        }
        ClientEvent::MessageReceived { publish, dup } => (
            "client_message_received",
            json!({
                "topic": publish.topic.as_str(), "qos": u8::from(publish.qos), "retain": publish.retain, "dup": dup,
                "packet_id": publish.packet_id, "payload_hex": hex(&publish.payload),
            }),
        ),
        ClientEvent::DuplicateSuppressed { packet_id } => ("client_duplicate_suppressed", json!({ "packet_id": packet_id })),
        ClientEvent::Subscribed { results } => ("client_subscribed", json!({ "results": pairs(results) })),
        ClientEvent::Unsubscribed { results } => ("client_unsubscribed", json!({ "results": pairs(results) })),
    }
}

fn pairs(results: &[(crate::packet::TopicFilter, crate::packet::ReasonCode)]) -> Value {
    results.iter().map(|(filter, code)| json!({ "filter": filter.as_str(), "reason_code": code.as_u8() })).collect()
}

fn disconnect_cause(cause: &DisconnectCause) -> Value {
    match cause {
        DisconnectCause::Requested => json!({ "why": "requested" }),
        DisconnectCause::NetworkClosed => json!({ "why": "network_closed" }),
        DisconnectCause::ServerDisconnected(code) => json!({ "why": "server_disconnected", "reason_code": code.as_u8() }),
        DisconnectCause::Refused(code) => json!({ "why": "refused", "reason_code": code.as_u8() }),
        DisconnectCause::ConnectTimeout => json!({ "why": "connect_timeout" }),
        DisconnectCause::KeepAliveTimeout => json!({ "why": "keep_alive_timeout" }),
        DisconnectCause::AuthenticationTimeout => json!({ "why": "authentication_timeout" }),
        DisconnectCause::ServerMisbehaved { reason_code, clause, message } => {
            json!({ "why": "server_misbehaved", "reason_code": reason_code.as_u8(), "clause": clause, "message": said(message) })
        }
    }
}

fn end_cause(cause: &EndCause) -> Value {
    match cause {
        EndCause::ClientDisconnected(code) => json!({ "why": "client_disconnected", "reason_code": code.as_u8() }),
        EndCause::NetworkClosed => json!({ "why": "network_closed" }),
        EndCause::KeepAliveTimeout => json!({ "why": "keep_alive_timeout" }),
        EndCause::TakenOver => json!({ "why": "taken_over" }),
        EndCause::ConnectTimeout => json!({ "why": "connect_timeout" }),
        EndCause::ClientMisbehaved { reason_code, clause, message } => {
            json!({ "why": "client_misbehaved", "reason_code": reason_code.as_u8(), "clause": clause, "message": said(message) })
        }
        EndCause::Refused { reason_code, message } => {
            json!({ "why": "refused", "reason_code": reason_code.as_u8(), "message": said(message) })
        }
        EndCause::NotAuthorized { message } => json!({ "why": "not_authorized", "message": said(message) }),
        EndCause::Kicked => json!({ "why": "kicked" }),
        EndCause::Redirected => json!({ "why": "redirected" }),
        EndCause::ServerShutDown => json!({ "why": "server_shut_down" }),
        EndCause::ServerCrashed => json!({ "why": "server_crashed" }),
    }
}

pub(super) fn broker_event(event: &BrokerEvent) -> (&'static str, Value) {
    match event {
        // These two are records of their own and never in a trace.
        BrokerEvent::PacketReceived { frame, .. } => ("broker_packet_received", json!({ "length": frame.len() })),
        BrokerEvent::MalformedReceived { bytes, .. } => ("broker_malformed_received", json!({ "length": bytes.len() })),
        BrokerEvent::ClientConnected { connection, client_id, version, session_present, keep_alive } => (
            "broker_client_connected",
            json!({
                "connection": connection, "client_id": client_id.as_str(), "version": version,
                "session_present": session_present, "keep_alive": keep_alive,
            }),
        ),
        BrokerEvent::ConnectionEnded { connection, client_id, cause } => (
            "broker_connection_ended",
            json!({ "connection": connection, "client_id": client_id.as_ref().map(|id| id.as_str()), "cause_of_end": end_cause(cause) }),
        ),
        BrokerEvent::SessionEnded { client_id, expired } => {
            ("broker_session_ended", json!({ "client_id": client_id.as_str(), "expired": expired }))
        }
        BrokerEvent::Subscribed { client_id, subscription, reason_code } => (
            "broker_subscribed",
            json!({
                "client_id": client_id.as_str(), "filter": subscription.filter.as_str(), "options": subscription.options,
                "reason_code": reason_code.as_u8(),
            }),
        ),
        BrokerEvent::Unsubscribed { client_id, filter, reason_code } => (
            "broker_unsubscribed",
            json!({ "client_id": client_id.as_str(), "filter": filter.as_str(), "reason_code": reason_code.as_u8() }),
        ),
        BrokerEvent::MessageAccepted { message, publisher, topic, qos, retain, payload } => (
            "broker_message_accepted",
            json!({
                "message": message, "publisher": publisher.as_ref().map(|id| id.as_str()), "topic": topic.as_str(),
                "qos": u8::from(*qos), "retain": retain, "payload_hex": hex(payload),
            }),
        ),
        BrokerEvent::SharedMemberChosen { message, filter, client_id, members, passed_over } => (
            "broker_shared_member_chosen",
            json!({
                "message": message, "filter": filter.as_str(), "client_id": client_id.as_str(), "members": members, "passed_over": passed_over,
            }),
        ),
        BrokerEvent::MessageRouted { message, client_id, filter, routing } => (
            "broker_message_routed",
            json!({ "message": message, "client_id": client_id.as_str(), "filter": filter.as_str(), "routing": routing }),
        ),
        BrokerEvent::MessageSent { message, client_id, packet_id, dup } => {
            ("broker_message_sent", json!({ "message": message, "client_id": client_id.as_str(), "packet_id": packet_id, "dup": dup }))
        }
        BrokerEvent::DeliveryCompleted { message, client_id, packet_id, reason_code } => (
            "broker_delivery_completed",
            json!({ "message": message, "client_id": client_id.as_str(), "packet_id": packet_id, "reason_code": reason_code.as_u8() }),
        ),
        BrokerEvent::MessageDropped { message, client_id, reason } => {
            ("broker_message_dropped", json!({ "message": message, "client_id": client_id.as_str(), "reason": reason }))
        }
        BrokerEvent::DuplicateSuppressed { client_id, packet_id } => {
            ("broker_duplicate_suppressed", json!({ "client_id": client_id.as_str(), "packet_id": packet_id }))
        }
        BrokerEvent::RetainedStored { topic, message } => {
            ("broker_retained_stored", json!({ "topic": topic.as_str(), "message": message }))
        }
        BrokerEvent::RetainedCleared { topic } => ("broker_retained_cleared", json!({ "topic": topic.as_str() })),
        BrokerEvent::WillScheduled { client_id, at } => ("broker_will_scheduled", json!({ "client_id": client_id.as_str(), "due": at })),
        BrokerEvent::WillDiscarded { client_id, resumed } => {
            ("broker_will_discarded", json!({ "client_id": client_id.as_str(), "resumed": resumed }))
        }
        BrokerEvent::WillPublished { client_id, message } => {
            ("broker_will_published", json!({ "client_id": client_id.as_str(), "message": message }))
        }
        BrokerEvent::AccessDenied { client_id, user_name, access, topic, decided_by } => (
            "broker_access_denied",
            json!({
                "client_id": client_id.as_str(), "user_name": user_name.as_deref(), "access": access, "topic": &**topic, "decided_by": decided_by,
            }),
        ),
        BrokerEvent::AccessChanged => ("broker_access_changed", json!({})),
        BrokerEvent::LimitReached { message } => ("broker_limit_reached", json!({ "message": said(message) })),
    }
}
