//! What can be done to a running world.

use bytestring::ByteString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::client::{Client, ClientError, DisconnectRequest, PublishRequest, RequestMessage, SubscribeRequest};
use crate::link::{Conditions, CutDirection, CutNotice, Rule};
use crate::packet::{
    PacketId, PacketType, PublishProperties, QoS, ReasonCode, Subscription, SubscriptionOptions, TopicFilter, TopicName, UserProperties,
};
use crate::sim::quantity::format_duration;
use crate::text::{Message, key};
use crate::time::{Duration, Instant};
use crate::trace::NodeId;

/// One act of a learner, a device or the scenario's timeline. The only way to change a world from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// The client connects.
    Connect {
        /// Which.
        client: NodeId,
    },
    /// The client sends DISCONNECT with this Reason Code and closes.
    Disconnect {
        /// Which.
        client: NodeId,
        /// 0x00 discards the Will, 0x04 keeps it.
        reason_code: ReasonCode,
        /// A new Session Expiry Interval in seconds (5.0).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_expiry: Option<u32>,
    },
    /// The client publishes.
    Publish {
        /// Which.
        client: NodeId,
        /// Topic Name; empty when a Topic Alias that was set before stands for it.
        #[serde(deserialize_with = "topic_or_none")]
        topic: TopicName,
        /// Payload as text.
        payload: ByteString,
        /// QoS.
        qos: QoS,
        /// RETAIN.
        retain: bool,
        /// Properties (5.0).
        #[serde(default, skip_serializing_if = "MessageProperties::is_empty")]
        properties: MessageProperties,
    },
    /// The client publishes a request and waits for the answer (5.0).
    Request {
        /// Which.
        client: NodeId,
        /// Topic Name.
        topic: TopicName,
        /// Payload as text.
        payload: ByteString,
        /// QoS.
        qos: QoS,
        /// How long it waits.
        timeout: Duration,
    },
    /// The application is done with a received message, which the client then acknowledges.
    Acknowledge {
        /// Which.
        client: NodeId,
        /// Of which message; `None` for the one that has waited longest.
        packet_id: Option<PacketId>,
    },
    /// The client authenticates again on its living connection (5.0).
    Reauthenticate {
        /// Which.
        client: NodeId,
    },
    /// The client subscribes.
    Subscribe {
        /// Which.
        client: NodeId,
        /// Topic Filter.
        filter: TopicFilter,
        /// Subscription Options.
        options: SubscriptionOptions,
        /// Subscription Identifier (5.0).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identifier: Option<u32>,
    },
    /// The client unsubscribes.
    Unsubscribe {
        /// Which.
        client: NodeId,
        /// Topic Filter.
        filter: TopicFilter,
    },
    /// The client (or the broker) loses power: nothing more leaves it.
    PowerCut {
        /// Which.
        node: NodeId,
    },
    /// Power is back; a client connects again if its reconnect policy is not `never`, the broker accepts connections.
    PowerOn {
        /// Which.
        node: NodeId,
    },
    /// The path of the client drops everything.
    Cut {
        /// Whose path.
        client: NodeId,
        /// Which way.
        direction: CutDirection,
        /// Who notices.
        notice: CutNotice,
    },
    /// The path carries segments again.
    Restore {
        /// Whose path.
        client: NodeId,
    },
    /// The connection is reset for both sides.
    Reset {
        /// Whose.
        client: NodeId,
    },
    /// The path gets new conditions.
    SetConditions {
        /// Whose path.
        client: NodeId,
        /// The conditions.
        conditions: Conditions,
    },
    /// A fault rule comes into force on the client's path.
    AddFault {
        /// Whose path.
        client: NodeId,
        /// The rule.
        rule: Rule,
    },
    /// All fault rules on the client's path are removed.
    ClearFaults {
        /// Whose path.
        client: NodeId,
    },
    /// What fault rules hold on the client's path travels on.
    Release {
        /// Whose path.
        client: NodeId,
    },
    /// Somebody else connects with the client's Client Identifier and says nothing more.
    ConnectDouble {
        /// Whose Client Identifier, over whose path.
        client: NodeId,
    },
    /// The clock of the client's device runs fast or slow from now on, and its timers with it.
    SetClock {
        /// Whose.
        client: NodeId,
        /// How many parts per million it is too fast; below zero, too slow.
        drift: i32,
    },
    /// The client (or the broker) says goodbye in order and ends.
    Stop {
        /// Which.
        node: NodeId,
    },
    /// The client stops or resumes sending PINGREQ and everything else: its program hangs.
    Freeze {
        /// Which.
        client: NodeId,
        /// Hangs, or goes on.
        frozen: bool,
        /// It goes on by itself after this time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
    },
    /// Somebody who administers the broker ends the client's connection.
    Kick {
        /// Whose.
        client: NodeId,
    },
    /// The broker gets another access control list, in force at once.
    SetAcl {
        /// The list as text; empty forbids everything.
        acl: ByteString,
    },
}

impl Command {
    /// Whom it concerns.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        match self {
            Self::PowerCut { node } | Self::PowerOn { node } | Self::Stop { node } => *node,
            Self::SetAcl { .. } => NodeId::BROKER,
            Self::Connect { client }
            | Self::Disconnect { client, .. }
            | Self::Publish { client, .. }
            | Self::Request { client, .. }
            | Self::Acknowledge { client, .. }
            | Self::Reauthenticate { client }
            | Self::Subscribe { client, .. }
            | Self::Unsubscribe { client, .. }
            | Self::Cut { client, .. }
            | Self::Restore { client }
            | Self::Reset { client }
            | Self::SetConditions { client, .. }
            | Self::AddFault { client, .. }
            | Self::ClearFaults { client }
            | Self::Release { client }
            | Self::ConnectDouble { client }
            | Self::SetClock { client, .. }
            | Self::Kick { client }
            | Self::Freeze { client, .. } => *client,
        }
    }

    /// What it does, in words.
    #[must_use]
    pub fn in_words(&self) -> Message {
        match self {
            Self::Connect { .. } => key::SIM_DID_CONNECT.message(),
            Self::Disconnect { reason_code, .. } => key::SIM_DID_DISCONNECT.with("code", reason_code.to_string()),
            Self::Publish { topic, .. } => key::SIM_DID_PUBLISH.with("topic", topic.as_str()),
            Self::Request { topic, .. } => key::SIM_DID_REQUEST.with("topic", topic.as_str()),
            Self::Acknowledge { packet_id: Some(id), .. } => key::SIM_DID_ACKNOWLEDGE_ID.with("id", id.as_u16()),
            Self::Acknowledge { packet_id: None, .. } => key::SIM_DID_ACKNOWLEDGE.message(),
            Self::Reauthenticate { .. } => key::SIM_DID_REAUTHENTICATE.message(),
            Self::Subscribe { filter, .. } => key::SIM_DID_SUBSCRIBE.with("filter", filter.as_str()),
            Self::Unsubscribe { filter, .. } => key::SIM_DID_UNSUBSCRIBE.with("filter", filter.as_str()),
            Self::PowerCut { .. } => key::SIM_DID_POWER_CUT.message(),
            Self::PowerOn { .. } => key::SIM_DID_POWER_ON.message(),
            Self::Cut { direction: CutDirection::Both, .. } => key::SIM_DID_CUT.message(),
            Self::Cut { direction: CutDirection::ToBroker, .. } => key::SIM_DID_CUT_TO_BROKER.message(),
            Self::Cut { direction: CutDirection::ToClient, .. } => key::SIM_DID_CUT_TO_CLIENT.message(),
            Self::Restore { .. } => key::SIM_DID_RESTORE.message(),
            Self::Reset { .. } => key::SIM_DID_RESET.message(),
            Self::SetConditions { conditions, .. } => key::SIM_DID_SET_PATH
                .with("latency", format_duration(conditions.latency))
                .with("jitter", format_duration(conditions.jitter))
                .with("loss", conditions.loss.to_string()),
            Self::AddFault { rule, .. } => {
                let packet = PacketType::ALL.into_iter().find(|packet| *packet as u8 == rule.label);
                let did = key::SIM_DID_ADD_FAULT.with("nth", rule.nth);
                match packet {
                    Some(packet) => did.with("packet", packet.name()),
                    None => did.with("packet", key::SIM_ANY_PACKET.message()),
                }
            }
            Self::ClearFaults { .. } => key::SIM_DID_CLEAR_FAULTS.message(),
            Self::Release { .. } => key::SIM_DID_RELEASE.message(),
            Self::ConnectDouble { .. } => key::SIM_DID_CONNECT_DOUBLE.message(),
            Self::SetClock { drift, .. } => key::SIM_DID_SET_CLOCK.with("drift", drift.to_string()),
            Self::Stop { .. } => key::SIM_DID_STOP.message(),
            Self::Freeze { frozen: true, .. } => key::SIM_DID_FREEZE.message(),
            Self::Freeze { frozen: false, .. } => key::SIM_DID_THAW.message(),
            Self::Kick { .. } => key::SIM_DID_KICK.message(),
            Self::SetAcl { .. } => key::SIM_DID_SET_ACL.message(),
        }
    }
}

fn topic_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TopicName, D::Error> {
    let text = ByteString::deserialize(deserializer)?;
    if text.is_empty() { Ok(TopicName::default()) } else { TopicName::new(text).map_err(D::Error::custom) }
}

/// Properties of a message that a program publishes (5.0 §3.3.2.3). In 3.1.1 there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageProperties {
    /// Payload Format Indicator: true for UTF-8 text.
    pub payload_is_text: Option<bool>,
    /// Message Expiry Interval in seconds.
    pub message_expiry: Option<u32>,
    /// Topic Alias, which the program gives by itself.
    pub topic_alias: Option<u16>,
    /// Content Type.
    pub content_type: Option<ByteString>,
    /// Response Topic.
    pub response_topic: Option<TopicName>,
    /// Correlation Data as text.
    pub correlation_data: Option<ByteString>,
    /// User Properties in order.
    pub user_properties: Vec<(ByteString, ByteString)>,
}

impl MessageProperties {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As a PUBLISH carries them.
    #[must_use]
    pub fn of_publish(&self) -> PublishProperties {
        let Self { payload_is_text, message_expiry, topic_alias, content_type, response_topic, correlation_data, user_properties } =
            self.clone();
        PublishProperties {
            payload_format_indicator: payload_is_text,
            message_expiry_interval: message_expiry,
            topic_alias,
            response_topic,
            correlation_data: correlation_data.map(ByteString::into_bytes),
            user_properties: UserProperties(user_properties),
            content_type,
            ..PublishProperties::default()
        }
    }
}

impl Command {
    /// Has the program of a client do it; `None` if it is nothing that a program does.
    pub fn tell(&self, now: Instant, client: &mut Client) -> Option<Result<(), ClientError>> {
        let publish = |topic: &TopicName, payload: &ByteString, qos, retain, properties| PublishRequest {
            topic: topic.clone(),
            payload: payload.clone().into_bytes(),
            qos,
            retain,
            properties,
        };
        Some(match self {
            Self::Connect { .. } => client.handle_connect(now),
            Self::Disconnect { reason_code, session_expiry, .. } => {
                client.handle_disconnect(now, DisconnectRequest { session_expiry_interval: *session_expiry, ..(*reason_code).into() })
            }
            Self::Publish { topic, payload, qos, retain, properties, .. } => {
                client.handle_publish(now, publish(topic, payload, *qos, *retain, properties.of_publish())).map(drop)
            }
            Self::Request { topic, payload, qos, timeout, .. } => {
                let publish = publish(topic, payload, *qos, false, PublishProperties::default());
                client.handle_request(now, RequestMessage { publish, timeout: *timeout }).map(drop)
            }
            Self::Acknowledge { packet_id, .. } => {
                let oldest = || client.session().unacknowledged.first().copied();
                match packet_id.or_else(oldest) {
                    Some(packet_id) => client.handle_acknowledge(now, packet_id),
                    None => Err(ClientError::NothingToAcknowledge),
                }
            }
            Self::Reauthenticate { .. } => client.handle_reauthenticate(now),
            Self::Subscribe { filter, options, identifier, .. } => {
                let subscriptions = vec![Subscription { filter: filter.clone(), options: *options }];
                let request = SubscribeRequest { subscriptions, identifier: *identifier, ..SubscribeRequest::default() };
                client.handle_subscribe(now, request).map(drop)
            }
            Self::Unsubscribe { filter, .. } => client.handle_unsubscribe(now, vec![filter.clone()]).map(drop),
            _ => return None,
        })
    }
}

/// A command that cannot be carried out now. The caller's mistake; the world is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No node has this number, or it is of the wrong kind.
    #[error("node {0} does not exist or cannot do this")]
    NoSuchNode(u32),
    /// The client refused.
    #[error(transparent)]
    Client(#[from] crate::client::ClientError),
    /// The node is switched off.
    #[error("the node is switched off: switch it on first")]
    PowerOff,
    /// The program of the client hangs.
    #[error("the program hangs: let it go on first")]
    Frozen,
    /// The payload is longer than this many bytes.
    #[error("the payload is longer than {0} bytes")]
    PayloadTooLarge(usize),
    /// There are this many branches already.
    #[error("there are {0} branches already")]
    TooManyBranches(usize),
    /// An access control list says something that nobody understands.
    #[error("the access control list cannot be read")]
    BadAcl,
    /// A limit has stopped the run.
    #[error("the run was stopped at a limit")]
    Stopped,
    /// A limit would be passed.
    #[error("{0}")]
    Limit(&'static str),
}

impl CommandError {
    /// The same for the learner.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::NoSuchNode(_) => key::SIM_ERROR_NO_SUCH_NODE.message(),
            Self::Client(ClientError::NotConnected) => key::SIM_ERROR_NOT_CONNECTED.message(),
            Self::Client(ClientError::AlreadyConnected) => key::SIM_ERROR_ALREADY_CONNECTED.message(),
            Self::Client(ClientError::Encode(error)) => key::SIM_ERROR_ILLEGAL.with("reason", error.to_string()),
            Self::Client(ClientError::NotAllowedByServer(what)) => key::SIM_ERROR_NOT_ALLOWED.with("reason", *what),
            Self::Client(ClientError::NoPacketIdFree) => key::SIM_ERROR_NO_PACKET_ID.message(),
            Self::Client(ClientError::RetryNotAllowed) => key::SIM_ERROR_RETRY.message(),
            Self::Client(ClientError::NothingToAcknowledge) => key::SIM_ERROR_NOTHING_TO_ACKNOWLEDGE.message(),
            Self::Client(ClientError::TooManyRequests(limit)) => key::SIM_ERROR_TOO_MANY_REQUESTS.with("limit", *limit),
            Self::Client(ClientError::NoResponseTopic) => key::SIM_ERROR_NO_RESPONSE_TOPIC.message(),
            Self::Client(ClientError::CannotReauthenticate) => key::SIM_ERROR_NO_REAUTHENTICATION.message(),
            Self::Client(ClientError::BadCredentials) => key::SIM_ERROR_BAD_CREDENTIALS.message(),
            Self::PowerOff => key::SIM_ERROR_POWER_OFF.message(),
            Self::Frozen => key::SIM_ERROR_FROZEN.message(),
            Self::PayloadTooLarge(limit) => key::SIM_LIMIT_PAYLOAD.with("limit", *limit),
            Self::TooManyBranches(limit) => key::SIM_LIMIT_BRANCHES.with("limit", *limit),
            Self::BadAcl => key::SIM_ERROR_BAD_ACL.message(),
            Self::Stopped | Self::Limit(_) => key::SIM_LIMIT_STOPPED.message(),
        }
    }
}
