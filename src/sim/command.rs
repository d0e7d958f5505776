//! What can be done to a running world.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use crate::client::ClientError;
use crate::link::{Conditions, CutDirection, CutNotice, Rule};
use crate::packet::{PacketType, QoS, ReasonCode, SubscriptionOptions, TopicFilter, TopicName};
use crate::sim::quantity::format_duration;
use crate::text::{Message, key};
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
    },
    /// The client publishes.
    Publish {
        /// Which.
        client: NodeId,
        /// Topic Name.
        topic: TopicName,
        /// Payload as text.
        payload: ByteString,
        /// QoS.
        qos: QoS,
        /// RETAIN.
        retain: bool,
    },
    /// The client subscribes.
    Subscribe {
        /// Which.
        client: NodeId,
        /// Topic Filter.
        filter: TopicFilter,
        /// Subscription Options.
        options: SubscriptionOptions,
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
    /// The client stops or resumes sending PINGREQ and everything else: its program hangs.
    Freeze {
        /// Which.
        client: NodeId,
        /// Hangs, or goes on.
        frozen: bool,
    },
}

impl Command {
    /// Whom it concerns.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        match self {
            Self::PowerCut { node } | Self::PowerOn { node } => *node,
            Self::Connect { client }
            | Self::Disconnect { client, .. }
            | Self::Publish { client, .. }
            | Self::Subscribe { client, .. }
            | Self::Unsubscribe { client, .. }
            | Self::Cut { client, .. }
            | Self::Restore { client }
            | Self::Reset { client }
            | Self::SetConditions { client, .. }
            | Self::AddFault { client, .. }
            | Self::ClearFaults { client }
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
                key::SIM_DID_ADD_FAULT.with("packet", packet.map_or("?", PacketType::name)).with("nth", rule.nth)
            }
            Self::ClearFaults { .. } => key::SIM_DID_CLEAR_FAULTS.message(),
            Self::Freeze { frozen: true, .. } => key::SIM_DID_FREEZE.message(),
            Self::Freeze { frozen: false, .. } => key::SIM_DID_THAW.message(),
        }
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
            Self::PowerOff => key::SIM_ERROR_POWER_OFF.message(),
            Self::Frozen => key::SIM_ERROR_FROZEN.message(),
            Self::PayloadTooLarge(limit) => key::SIM_LIMIT_PAYLOAD.with("limit", *limit),
            Self::TooManyBranches(limit) => key::SIM_LIMIT_BRANCHES.with("limit", *limit),
            Self::Stopped | Self::Limit(_) => key::SIM_LIMIT_STOPPED.message(),
        }
    }
}
