//! SUBSCRIBE and SUBACK (5.0 §3.8, §3.9).

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::{PacketId, QoS, ReasonCode, TopicFilter, UserProperties};

/// SUBSCRIBE: at least one subscription [MQTT-3.8.3-2].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subscribe {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// Properties; default in 3.1.1.
    pub properties: SubscribeProperties,
    /// Topic Filters with their options, in order.
    pub subscriptions: Vec<Subscription>,
}

/// SUBSCRIBE Properties (5.0 §3.8.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SubscribeProperties {
    /// Subscription Identifier, 1 to 268 435 455.
    pub subscription_identifier: Option<u32>,
    /// User Properties.
    pub user_properties: UserProperties,
}

/// One Topic Filter with its Subscription Options.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subscription {
    /// Topic Filter.
    pub filter: TopicFilter,
    /// Subscription Options; only the QoS counts in 3.1.1.
    pub options: SubscriptionOptions,
}

/// Subscription Options (5.0 §3.8.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriptionOptions {
    /// Maximum QoS.
    pub qos: QoS,
    /// No Local.
    pub no_local: bool,
    /// Retain As Published.
    pub retain_as_published: bool,
    /// Retain Handling.
    pub retain_handling: RetainHandling,
}

/// Retain Handling (5.0 §3.8.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RetainHandling {
    /// 0: send retained messages at each subscribe.
    #[default]
    SendAtSubscribe = 0,
    /// 1: send them only if the subscription did not exist.
    SendIfNew = 1,
    /// 2: do not send them.
    DoNotSend = 2,
}

/// SUBACK: one Reason Code for each filter of the SUBSCRIBE, in order [MQTT-3.8.4-6].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Suback {
    /// Packet Identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// Reason String (5.0).
    pub reason_string: Option<ByteString>,
    /// User Properties (5.0).
    pub user_properties: UserProperties,
    /// Reason Codes: the granted QoS, or a failure.
    pub reason_codes: Vec<ReasonCode>,
}
