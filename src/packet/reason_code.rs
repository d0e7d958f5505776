//! Reason Codes (5.0 §2.4).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::DecodeError;
use super::primitive::{Label, Rule};
use super::reader::{Description, Reader, Sink};
use crate::text::{Key, key};

/// Reason Code: below 0x80 success, from 0x80 failure. 0x00 is Success, Normal disconnection or Granted QoS 0, as the packet has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[allow(missing_docs, reason = "the names are the specification's")]
pub enum ReasonCode {
    Success = 0x00,
    GrantedQoS1 = 0x01,
    GrantedQoS2 = 0x02,
    DisconnectWithWillMessage = 0x04,
    NoMatchingSubscribers = 0x10,
    NoSubscriptionExisted = 0x11,
    ContinueAuthentication = 0x18,
    ReAuthenticate = 0x19,
    UnspecifiedError = 0x80,
    MalformedPacket = 0x81,
    ProtocolError = 0x82,
    ImplementationSpecificError = 0x83,
    UnsupportedProtocolVersion = 0x84,
    ClientIdentifierNotValid = 0x85,
    BadUserNameOrPassword = 0x86,
    NotAuthorized = 0x87,
    ServerUnavailable = 0x88,
    ServerBusy = 0x89,
    Banned = 0x8A,
    ServerShuttingDown = 0x8B,
    BadAuthenticationMethod = 0x8C,
    KeepAliveTimeout = 0x8D,
    SessionTakenOver = 0x8E,
    TopicFilterInvalid = 0x8F,
    TopicNameInvalid = 0x90,
    PacketIdentifierInUse = 0x91,
    PacketIdentifierNotFound = 0x92,
    ReceiveMaximumExceeded = 0x93,
    TopicAliasInvalid = 0x94,
    PacketTooLarge = 0x95,
    MessageRateTooHigh = 0x96,
    QuotaExceeded = 0x97,
    AdministrativeAction = 0x98,
    PayloadFormatInvalid = 0x99,
    RetainNotSupported = 0x9A,
    QoSNotSupported = 0x9B,
    UseAnotherServer = 0x9C,
    ServerMoved = 0x9D,
    SharedSubscriptionsNotSupported = 0x9E,
    ConnectionRateExceeded = 0x9F,
    MaximumConnectTime = 0xA0,
    SubscriptionIdentifiersNotSupported = 0xA1,
    WildcardSubscriptionsNotSupported = 0xA2,
}

/// The byte is no Reason Code of MQTT 5.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("0x{0:02X} is not a Reason Code of MQTT 5.0 §2.4")]
pub struct ReasonCodeError(u8);

impl ReasonCode {
    /// All of them, in order of their value.
    pub const ALL: [Self; 43] = [
        Self::Success,
        Self::GrantedQoS1,
        Self::GrantedQoS2,
        Self::DisconnectWithWillMessage,
        Self::NoMatchingSubscribers,
        Self::NoSubscriptionExisted,
        Self::ContinueAuthentication,
        Self::ReAuthenticate,
        Self::UnspecifiedError,
        Self::MalformedPacket,
        Self::ProtocolError,
        Self::ImplementationSpecificError,
        Self::UnsupportedProtocolVersion,
        Self::ClientIdentifierNotValid,
        Self::BadUserNameOrPassword,
        Self::NotAuthorized,
        Self::ServerUnavailable,
        Self::ServerBusy,
        Self::Banned,
        Self::ServerShuttingDown,
        Self::BadAuthenticationMethod,
        Self::KeepAliveTimeout,
        Self::SessionTakenOver,
        Self::TopicFilterInvalid,
        Self::TopicNameInvalid,
        Self::PacketIdentifierInUse,
        Self::PacketIdentifierNotFound,
        Self::ReceiveMaximumExceeded,
        Self::TopicAliasInvalid,
        Self::PacketTooLarge,
        Self::MessageRateTooHigh,
        Self::QuotaExceeded,
        Self::AdministrativeAction,
        Self::PayloadFormatInvalid,
        Self::RetainNotSupported,
        Self::QoSNotSupported,
        Self::UseAnotherServer,
        Self::ServerMoved,
        Self::SharedSubscriptionsNotSupported,
        Self::ConnectionRateExceeded,
        Self::MaximumConnectTime,
        Self::SubscriptionIdentifiersNotSupported,
        Self::WildcardSubscriptionsNotSupported,
    ];

    /// The number.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self as u8
    }

    /// The Connect Return code that says this in MQTT 3.1.1 (§3.2.2.3): 0 to 5. `None` if 3.1.1 has no word for it; a Server then
    /// closes the Network Connection without a CONNACK [MQTT-3.2.2-6].
    #[must_use]
    pub const fn connect_return_code(self) -> Option<u8> {
        match self {
            Self::Success => Some(0),
            Self::UnsupportedProtocolVersion => Some(1),
            Self::ClientIdentifierNotValid => Some(2),
            Self::ServerUnavailable => Some(3),
            Self::BadUserNameOrPassword => Some(4),
            Self::NotAuthorized => Some(5),
            _ => None,
        }
    }

    /// The Reason Code for a Connect Return code of MQTT 3.1.1 (§3.2.2.3); `None` above 5.
    #[must_use]
    pub const fn from_connect_return_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Success),
            1 => Some(Self::UnsupportedProtocolVersion),
            2 => Some(Self::ClientIdentifierNotValid),
            3 => Some(Self::ServerUnavailable),
            4 => Some(Self::BadUserNameOrPassword),
            5 => Some(Self::NotAuthorized),
            _ => None,
        }
    }

    /// Whether it reports a failure (0x80 or above).
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.as_u8() >= 0x80
    }

    /// Whether DISCONNECT from a Client may have it (5.0 §3.14.2.1, table 3-10).
    #[must_use]
    pub const fn may_be_in_disconnect_of_client(self) -> bool {
        matches!(
            self,
            Self::Success
                | Self::DisconnectWithWillMessage
                | Self::UnspecifiedError
                | Self::MalformedPacket
                | Self::ProtocolError
                | Self::ImplementationSpecificError
                | Self::TopicNameInvalid
                | Self::ReceiveMaximumExceeded
                | Self::TopicAliasInvalid
                | Self::PacketTooLarge
                | Self::MessageRateTooHigh
                | Self::QuotaExceeded
                | Self::AdministrativeAction
                | Self::PayloadFormatInvalid
        )
    }

    /// The specification's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::GrantedQoS1 => "Granted QoS 1",
            Self::GrantedQoS2 => "Granted QoS 2",
            Self::DisconnectWithWillMessage => "Disconnect with Will Message",
            Self::NoMatchingSubscribers => "No matching subscribers",
            Self::NoSubscriptionExisted => "No subscription existed",
            Self::ContinueAuthentication => "Continue authentication",
            Self::ReAuthenticate => "Re-authenticate",
            Self::UnspecifiedError => "Unspecified error",
            Self::MalformedPacket => "Malformed Packet",
            Self::ProtocolError => "Protocol Error",
            Self::ImplementationSpecificError => "Implementation specific error",
            Self::UnsupportedProtocolVersion => "Unsupported Protocol Version",
            Self::ClientIdentifierNotValid => "Client Identifier not valid",
            Self::BadUserNameOrPassword => "Bad User Name or Password",
            Self::NotAuthorized => "Not authorized",
            Self::ServerUnavailable => "Server unavailable",
            Self::ServerBusy => "Server busy",
            Self::Banned => "Banned",
            Self::ServerShuttingDown => "Server shutting down",
            Self::BadAuthenticationMethod => "Bad authentication method",
            Self::KeepAliveTimeout => "Keep Alive timeout",
            Self::SessionTakenOver => "Session taken over",
            Self::TopicFilterInvalid => "Topic Filter invalid",
            Self::TopicNameInvalid => "Topic Name invalid",
            Self::PacketIdentifierInUse => "Packet Identifier in use",
            Self::PacketIdentifierNotFound => "Packet Identifier not found",
            Self::ReceiveMaximumExceeded => "Receive Maximum exceeded",
            Self::TopicAliasInvalid => "Topic Alias invalid",
            Self::PacketTooLarge => "Packet too large",
            Self::MessageRateTooHigh => "Message rate too high",
            Self::QuotaExceeded => "Quota exceeded",
            Self::AdministrativeAction => "Administrative action",
            Self::PayloadFormatInvalid => "Payload format invalid",
            Self::RetainNotSupported => "Retain not supported",
            Self::QoSNotSupported => "QoS not supported",
            Self::UseAnotherServer => "Use another server",
            Self::ServerMoved => "Server moved",
            Self::SharedSubscriptionsNotSupported => "Shared Subscriptions not supported",
            Self::ConnectionRateExceeded => "Connection rate exceeded",
            Self::MaximumConnectTime => "Maximum connect time",
            Self::SubscriptionIdentifiersNotSupported => "Subscription Identifiers not supported",
            Self::WildcardSubscriptionsNotSupported => "Wildcard Subscriptions not supported",
        }
    }
}

impl TryFrom<u8> for ReasonCode {
    type Error = ReasonCodeError;
    fn try_from(value: u8) -> Result<Self, ReasonCodeError> {
        Ok(match value {
            0x00 => Self::Success,
            0x01 => Self::GrantedQoS1,
            0x02 => Self::GrantedQoS2,
            0x04 => Self::DisconnectWithWillMessage,
            0x10 => Self::NoMatchingSubscribers,
            0x11 => Self::NoSubscriptionExisted,
            0x18 => Self::ContinueAuthentication,
            0x19 => Self::ReAuthenticate,
            0x80 => Self::UnspecifiedError,
            0x81 => Self::MalformedPacket,
            0x82 => Self::ProtocolError,
            0x83 => Self::ImplementationSpecificError,
            0x84 => Self::UnsupportedProtocolVersion,
            0x85 => Self::ClientIdentifierNotValid,
            0x86 => Self::BadUserNameOrPassword,
            0x87 => Self::NotAuthorized,
            0x88 => Self::ServerUnavailable,
            0x89 => Self::ServerBusy,
            0x8A => Self::Banned,
            0x8B => Self::ServerShuttingDown,
            0x8C => Self::BadAuthenticationMethod,
            0x8D => Self::KeepAliveTimeout,
            0x8E => Self::SessionTakenOver,
            0x8F => Self::TopicFilterInvalid,
            0x90 => Self::TopicNameInvalid,
            0x91 => Self::PacketIdentifierInUse,
            0x92 => Self::PacketIdentifierNotFound,
            0x93 => Self::ReceiveMaximumExceeded,
            0x94 => Self::TopicAliasInvalid,
            0x95 => Self::PacketTooLarge,
            0x96 => Self::MessageRateTooHigh,
            0x97 => Self::QuotaExceeded,
            0x98 => Self::AdministrativeAction,
            0x99 => Self::PayloadFormatInvalid,
            0x9A => Self::RetainNotSupported,
            0x9B => Self::QoSNotSupported,
            0x9C => Self::UseAnotherServer,
            0x9D => Self::ServerMoved,
            0x9E => Self::SharedSubscriptionsNotSupported,
            0x9F => Self::ConnectionRateExceeded,
            0xA0 => Self::MaximumConnectTime,
            0xA1 => Self::SubscriptionIdentifiersNotSupported,
            0xA2 => Self::WildcardSubscriptionsNotSupported,
            other => return Err(ReasonCodeError(other)),
        })
    }
}

impl From<ReasonCode> for u8 {
    fn from(code: ReasonCode) -> Self {
        code.as_u8()
    }
}

/// Number and name: `0x8E Session taken over`.
impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:02X} {}", self.as_u8(), self.name())
    }
}

/// What 0x00 says in a packet.
pub(super) struct Zero {
    name: &'static str,
    meaning: Key,
}

pub(super) const SUCCESS: Zero = Zero { name: "Success", meaning: key::PACKET_REASON_00 };
pub(super) const NORMAL_DISCONNECTION: Zero = Zero { name: "Normal disconnection", meaning: key::PACKET_REASON_00_DISCONNECT };
pub(super) const GRANTED_QOS_0: Zero = Zero { name: "Granted QoS 0", meaning: key::PACKET_REASON_00_SUBSCRIBE };

impl ReasonCode {
    fn describe(self, zero: &Zero) -> Description {
        let name = if self == Self::Success { zero.name } else { self.name() };
        let meaning = if self == Self::Success { zero.meaning } else { self.meaning() };
        Description { value: format!("0x{:02X} {name}", self.as_u8()), meaning: Some(meaning.message()) }
    }

    /// What the code tells whoever receives it, in a sentence. For 0x00 that of Success.
    #[must_use]
    pub const fn meaning(self) -> Key {
        match self {
            Self::Success => key::PACKET_REASON_00,
            Self::GrantedQoS1 => key::PACKET_REASON_01,
            Self::GrantedQoS2 => key::PACKET_REASON_02,
            Self::DisconnectWithWillMessage => key::PACKET_REASON_04,
            Self::NoMatchingSubscribers => key::PACKET_REASON_10,
            Self::NoSubscriptionExisted => key::PACKET_REASON_11,
            Self::ContinueAuthentication => key::PACKET_REASON_18,
            Self::ReAuthenticate => key::PACKET_REASON_19,
            Self::UnspecifiedError => key::PACKET_REASON_80,
            Self::MalformedPacket => key::PACKET_REASON_81,
            Self::ProtocolError => key::PACKET_REASON_82,
            Self::ImplementationSpecificError => key::PACKET_REASON_83,
            Self::UnsupportedProtocolVersion => key::PACKET_REASON_84,
            Self::ClientIdentifierNotValid => key::PACKET_REASON_85,
            Self::BadUserNameOrPassword => key::PACKET_REASON_86,
            Self::NotAuthorized => key::PACKET_REASON_87,
            Self::ServerUnavailable => key::PACKET_REASON_88,
            Self::ServerBusy => key::PACKET_REASON_89,
            Self::Banned => key::PACKET_REASON_8A,
            Self::ServerShuttingDown => key::PACKET_REASON_8B,
            Self::BadAuthenticationMethod => key::PACKET_REASON_8C,
            Self::KeepAliveTimeout => key::PACKET_REASON_8D,
            Self::SessionTakenOver => key::PACKET_REASON_8E,
            Self::TopicFilterInvalid => key::PACKET_REASON_8F,
            Self::TopicNameInvalid => key::PACKET_REASON_90,
            Self::PacketIdentifierInUse => key::PACKET_REASON_91,
            Self::PacketIdentifierNotFound => key::PACKET_REASON_92,
            Self::ReceiveMaximumExceeded => key::PACKET_REASON_93,
            Self::TopicAliasInvalid => key::PACKET_REASON_94,
            Self::PacketTooLarge => key::PACKET_REASON_95,
            Self::MessageRateTooHigh => key::PACKET_REASON_96,
            Self::QuotaExceeded => key::PACKET_REASON_97,
            Self::AdministrativeAction => key::PACKET_REASON_98,
            Self::PayloadFormatInvalid => key::PACKET_REASON_99,
            Self::RetainNotSupported => key::PACKET_REASON_9A,
            Self::QoSNotSupported => key::PACKET_REASON_9B,
            Self::UseAnotherServer => key::PACKET_REASON_9C,
            Self::ServerMoved => key::PACKET_REASON_9D,
            Self::SharedSubscriptionsNotSupported => key::PACKET_REASON_9E,
            Self::ConnectionRateExceeded => key::PACKET_REASON_9F,
            Self::MaximumConnectTime => key::PACKET_REASON_A0,
            Self::SubscriptionIdentifiersNotSupported => key::PACKET_REASON_A1,
            Self::WildcardSubscriptionsNotSupported => key::PACKET_REASON_A2,
        }
    }
}

impl<S: Sink> Reader<'_, S> {
    /// A Reason Code that is legal in this packet; `zero` is what 0x00 is called there.
    #[inline]
    pub(super) fn reason_code(
        &mut self,
        label: &Label,
        rule: &Rule,
        zero: &Zero,
        is_legal: impl FnOnce(ReasonCode) -> bool,
    ) -> Result<ReasonCode, Box<DecodeError>> {
        let byte = self.byte_as(label, |value| match ReasonCode::try_from(value) {
            Ok(code) => code.describe(zero),
            Err(_) => unknown(value),
        })?;
        match ReasonCode::try_from(byte) {
            Ok(code) if is_legal(code) => Ok(code),
            _ => Err(self.broken(rule, self.position().saturating_sub(1), label.name, format!("0x{byte:02X}"))),
        }
    }

    /// Connect Return code (3.1.1 §3.2.2.3).
    pub(super) fn connect_return_code(&mut self, label: &Label, rule: &Rule) -> Result<ReasonCode, Box<DecodeError>> {
        let byte = self.byte_as(label, |value| match ReasonCode::from_connect_return_code(value) {
            Some(code) => Description { value: format!("0x{value:02X} {}", code.name()), meaning: Some(code.meaning().message()) },
            None => unknown(value),
        })?;
        ReasonCode::from_connect_return_code(byte)
            .ok_or_else(|| self.broken(rule, self.position().saturating_sub(1), label.name, format!("0x{byte:02X}")))
    }
}

fn unknown(value: u8) -> Description {
    Description { value: format!("0x{value:02X}"), meaning: None }
}

/// Connect Reason Codes (5.0 §3.2.2.2, table 3-1).
pub(super) const fn is_connect_reason(code: ReasonCode) -> bool {
    use ReasonCode as R;
    matches!(
        code,
        R::Success
            | R::UnspecifiedError
            | R::MalformedPacket
            | R::ProtocolError
            | R::ImplementationSpecificError
            | R::UnsupportedProtocolVersion
            | R::ClientIdentifierNotValid
            | R::BadUserNameOrPassword
            | R::NotAuthorized
            | R::ServerUnavailable
            | R::ServerBusy
            | R::Banned
            | R::BadAuthenticationMethod
            | R::TopicNameInvalid
            | R::PacketTooLarge
            | R::QuotaExceeded
            | R::PayloadFormatInvalid
            | R::RetainNotSupported
            | R::QoSNotSupported
            | R::UseAnotherServer
            | R::ServerMoved
            | R::ConnectionRateExceeded
    )
}

/// Subscribe Reason Codes (5.0 §3.9.3, table 3-8).
pub(super) const fn is_subscribe_reason(code: ReasonCode) -> bool {
    use ReasonCode as R;
    matches!(
        code,
        R::Success
            | R::GrantedQoS1
            | R::GrantedQoS2
            | R::UnspecifiedError
            | R::ImplementationSpecificError
            | R::NotAuthorized
            | R::TopicFilterInvalid
            | R::PacketIdentifierInUse
            | R::QuotaExceeded
            | R::SharedSubscriptionsNotSupported
            | R::SubscriptionIdentifiersNotSupported
            | R::WildcardSubscriptionsNotSupported
    )
}

/// Return Codes of SUBACK in 3.1.1 [MQTT-3.9.3-2].
pub(super) const fn is_subscribe_return_code(code: ReasonCode) -> bool {
    use ReasonCode as R;
    matches!(code, R::Success | R::GrantedQoS1 | R::GrantedQoS2 | R::UnspecifiedError)
}

/// Unsubscribe Reason Codes (5.0 §3.11.3, table 3-9).
pub(super) const fn is_unsubscribe_reason(code: ReasonCode) -> bool {
    use ReasonCode as R;
    matches!(
        code,
        R::Success
            | R::NoSubscriptionExisted
            | R::UnspecifiedError
            | R::ImplementationSpecificError
            | R::NotAuthorized
            | R::TopicFilterInvalid
            | R::PacketIdentifierInUse
    )
}

/// Disconnect Reason Codes (5.0 §3.14.2.1, table 3-10).
pub(super) const fn is_disconnect_reason(code: ReasonCode) -> bool {
    use ReasonCode as R;
    matches!(
        code,
        R::Success
            | R::DisconnectWithWillMessage
            | R::UnspecifiedError
            | R::MalformedPacket
            | R::ProtocolError
            | R::ImplementationSpecificError
            | R::NotAuthorized
            | R::ServerBusy
            | R::ServerShuttingDown
            | R::KeepAliveTimeout
            | R::SessionTakenOver
            | R::TopicFilterInvalid
            | R::TopicNameInvalid
            | R::ReceiveMaximumExceeded
            | R::TopicAliasInvalid
            | R::PacketTooLarge
            | R::MessageRateTooHigh
            | R::QuotaExceeded
            | R::AdministrativeAction
            | R::PayloadFormatInvalid
            | R::RetainNotSupported
            | R::QoSNotSupported
            | R::UseAnotherServer
            | R::ServerMoved
            | R::SharedSubscriptionsNotSupported
            | R::ConnectionRateExceeded
            | R::MaximumConnectTime
            | R::SubscriptionIdentifiersNotSupported
            | R::WildcardSubscriptionsNotSupported
    )
}
