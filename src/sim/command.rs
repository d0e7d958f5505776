//! What can be done to a running world.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use crate::link::{Conditions, CutDirection, CutNotice, Rule};
use crate::packet::{QoS, ReasonCode, SubscriptionOptions, TopicFilter, TopicName};
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
    /// A limit would be passed.
    #[error("{0}")]
    Limit(&'static str),
}
