//! What is wrong with bytes that are not a legal packet, and with packets that cannot be written.

use super::ReasonCode;
use crate::text::Message;

/// Bytes that break a rule of the specification. Always the sender's fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DecodeError {
    /// 0x81 Malformed Packet, 0x82 Protocol Error, or the more specific code that the clause asks for.
    pub reason_code: ReasonCode,
    /// The clause, such as `MQTT-3.3.1-4` or `5.0 §2.2.2.2`.
    pub clause: &'static str,
    /// The offset of the first offending byte in the packet.
    pub offset: usize,
    /// What is wrong.
    pub message: Message,
}

/// A packet that has no legal form in bytes. The caller's mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A text or binary field is longer than 65 535 bytes.
    #[error("{field} is longer than 65,535 bytes")]
    FieldTooLong {
        /// The specification's name of the field.
        field: &'static str,
    },
    /// The packet is longer than a Variable Byte Integer can say.
    #[error("the packet is longer than 268,435,455 bytes")]
    PacketTooLong,
    /// The field or value does not exist in this version.
    #[error("{field} does not exist in MQTT {version}")]
    NotInVersion {
        /// The specification's name of the field.
        field: &'static str,
        /// The version.
        version: super::ProtocolVersion,
    },
    /// The packet breaks a rule.
    #[error("{field} breaks {clause}")]
    Illegal {
        /// The specification's name of the field.
        field: &'static str,
        /// The clause.
        clause: &'static str,
    },
}
