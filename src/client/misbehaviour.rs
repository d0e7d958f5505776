//! What a Server can do wrong, each with its clause and the Reason Code for it.

use crate::packet::{PacketId, PacketType, ProtocolVersion, ReasonCode};
use crate::session::AliasError;
use crate::session::scram::ScramError;
use crate::text::{Message, key};

/// One breach of the protocol by the Server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misbehaviour {
    pub(super) reason_code: ReasonCode,
    pub(super) clause: &'static str,
    pub(super) message: Message,
}

const fn protocol_error(clause: &'static str, message: Message) -> Misbehaviour {
    Misbehaviour { reason_code: ReasonCode::ProtocolError, clause, message }
}

const fn clause(version: ProtocolVersion, v5: &'static str, v311: &'static str) -> &'static str {
    match version {
        ProtocolVersion::V5 => v5,
        ProtocolVersion::V311 => v311,
    }
}

pub(super) fn before_connack(packet: PacketType) -> Misbehaviour {
    protocol_error("MQTT-3.2.0-1", key::CLIENT_SERVER_BEFORE_CONNACK.with("packet", packet.name()))
}

pub(super) fn second_connack(version: ProtocolVersion) -> Misbehaviour {
    protocol_error(clause(version, "MQTT-3.2.0-2", "3.1.1 §3.2"), key::CLIENT_SERVER_SECOND_CONNACK.message())
}

pub(super) fn client_only_packet(version: ProtocolVersion, packet: PacketType) -> Misbehaviour {
    protocol_error(clause(version, "5.0 §2.1.2", "3.1.1 §2.2.1"), key::CLIENT_SERVER_CLIENT_ONLY_PACKET.with("packet", packet.name()))
}

pub(super) fn refused_with_session_present(version: ProtocolVersion) -> Misbehaviour {
    protocol_error(clause(version, "MQTT-3.2.2-6", "MQTT-3.2.2-4"), key::CLIENT_SERVER_REFUSED_WITH_SESSION_PRESENT.message())
}

pub(super) fn connack_reason(reason_code: ReasonCode) -> Misbehaviour {
    protocol_error("MQTT-3.2.2-8", key::CLIENT_SERVER_CONNACK_REASON.with("reason", reason_code.to_string()))
}

pub(super) fn session_present_after_clean_start(version: ProtocolVersion) -> Misbehaviour {
    protocol_error(clause(version, "MQTT-3.2.2-2", "MQTT-3.2.2-1"), key::CLIENT_SERVER_SESSION_PRESENT_AFTER_CLEAN_START.message())
}

pub(super) fn session_present_unknown() -> Misbehaviour {
    protocol_error("MQTT-3.2.2-4", key::CLIENT_SERVER_SESSION_PRESENT_UNKNOWN.message())
}

pub(super) fn no_assigned_client_id() -> Misbehaviour {
    protocol_error("MQTT-3.2.2-16", key::CLIENT_SERVER_NO_ASSIGNED_CLIENT_ID.message())
}

pub(super) fn unasked_response_information() -> Misbehaviour {
    protocol_error("MQTT-3.1.2-28", key::CLIENT_SERVER_UNASKED_RESPONSE_INFORMATION.message())
}

pub(super) fn unasked_authentication() -> Misbehaviour {
    protocol_error("MQTT-4.12.0-6", key::CLIENT_SERVER_UNASKED_AUTHENTICATION.message())
}

pub(super) fn topic_alias(version: ProtocolVersion, alias: Option<u16>, maximum: u16, error: AliasError) -> Misbehaviour {
    let Some(alias) = alias else {
        return protocol_error(clause(version, "5.0 §3.3.2.1", "MQTT-4.7.3-1"), key::CLIENT_SERVER_NO_TOPIC.message());
    };
    let (clause, message) = match error {
        AliasError::Invalid if maximum == 0 => ("MQTT-3.1.2-27", key::CLIENT_SERVER_TOPIC_ALIAS.message()),
        AliasError::Invalid => ("MQTT-3.1.2-26", key::CLIENT_SERVER_TOPIC_ALIAS_MAXIMUM.with("maximum", maximum)),
        AliasError::Unknown => ("5.0 §3.3.2.3.4", key::CLIENT_SERVER_TOPIC_ALIAS_UNKNOWN.message()),
    };
    Misbehaviour { reason_code: error.reason_code(), clause, message: message.with("alias", alias) }
}

pub(super) fn receive_maximum_exceeded(maximum: u16) -> Misbehaviour {
    let message = key::CLIENT_SERVER_RECEIVE_MAXIMUM.with("maximum", maximum);
    Misbehaviour { reason_code: ReasonCode::ReceiveMaximumExceeded, clause: "MQTT-3.3.4-9", message }
}

pub(super) fn packet_id_in_use(packet_id: PacketId) -> Misbehaviour {
    protocol_error("MQTT-2.3.1-4", key::CLIENT_SERVER_PACKET_ID_IN_USE.with("id", packet_id.as_u16()))
}

pub(super) fn unknown_packet_id(version: ProtocolVersion, packet: PacketType, packet_id: PacketId) -> Misbehaviour {
    let message = key::CLIENT_SERVER_UNKNOWN_PACKET_ID.with("packet", packet.name()).with("id", packet_id.as_u16());
    protocol_error(echo_clause(version, packet), message)
}

pub(super) fn out_of_turn(version: ProtocolVersion, packet: PacketType, packet_id: PacketId) -> Misbehaviour {
    let message = key::CLIENT_SERVER_OUT_OF_TURN.with("packet", packet.name()).with("id", packet_id.as_u16());
    protocol_error(echo_clause(version, packet), message)
}

/// Answers carry the Packet Identifier of what they answer.
const fn echo_clause(version: ProtocolVersion, packet: PacketType) -> &'static str {
    match packet {
        PacketType::Suback | PacketType::Unsuback => clause(version, "MQTT-2.2.1-6", "MQTT-2.3.1-7"),
        _ => clause(version, "MQTT-2.2.1-5", "MQTT-2.3.1-6"),
    }
}

pub(super) fn answer_count(version: ProtocolVersion, packet: PacketType, expected: usize, actual: usize) -> Misbehaviour {
    let clause = match packet {
        PacketType::Unsuback => "MQTT-3.11.3-1",
        _ => clause(version, "MQTT-3.8.4-6", "MQTT-3.8.4-5"),
    };
    let message = key::CLIENT_SERVER_ANSWER_COUNT.with("packet", packet.name()).with("expected", expected).with("actual", actual);
    protocol_error(clause, message)
}

pub(super) fn unasked_pingresp(version: ProtocolVersion) -> Misbehaviour {
    protocol_error(clause(version, "5.0 §3.13", "3.1.1 §3.13"), key::CLIENT_SERVER_UNASKED_PINGRESP.message())
}

pub(super) fn disconnect_before_connack() -> Misbehaviour {
    protocol_error("MQTT-3.14.0-1", key::CLIENT_SERVER_BEFORE_CONNACK.with("packet", PacketType::Disconnect.name()))
}

pub(super) fn disconnect_reason(reason_code: ReasonCode) -> Misbehaviour {
    protocol_error("MQTT-3.14.2-1", key::CLIENT_SERVER_DISCONNECT_REASON.with("reason", reason_code.to_string()))
}

pub(super) fn disconnect_with_session_expiry() -> Misbehaviour {
    protocol_error("MQTT-3.14.2-2", key::CLIENT_SERVER_DISCONNECT_SESSION_EXPIRY.message())
}

pub(super) fn other_method() -> Misbehaviour {
    protocol_error("MQTT-4.12.0-5", key::CLIENT_SERVER_OTHER_METHOD.message())
}

pub(super) fn auth_reason(reason_code: ReasonCode) -> Misbehaviour {
    protocol_error("MQTT-3.15.2-1", key::CLIENT_SERVER_AUTH_REASON.with("reason", reason_code.to_string()))
}

pub(super) fn auth_out_of_turn() -> Misbehaviour {
    protocol_error("5.0 §4.12.1", key::CLIENT_SERVER_AUTH_OUT_OF_TURN.message())
}

/// The Server has not proved who it is. What it sends is not trusted any more; the DISCONNECT says nothing about why.
pub(super) fn not_authentic(error: ScramError) -> Misbehaviour {
    let message = key::CLIENT_SERVER_NOT_AUTHENTIC.with("reason", error.message());
    Misbehaviour { reason_code: ReasonCode::UnspecifiedError, clause: "5.0 §4.12", message }
}

/// Not against a clause, but there is no way to go on.
pub(super) fn maximum_packet_size_unusable(maximum: u32, packet: PacketType) -> Misbehaviour {
    let message = key::CLIENT_SERVER_MAXIMUM_PACKET_SIZE.with("maximum", maximum).with("packet", packet.name());
    Misbehaviour { reason_code: ReasonCode::ImplementationSpecificError, clause: "MQTT-3.2.2-15", message }
}
