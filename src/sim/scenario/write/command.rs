//! `[[timeline]]`.

use super::super::{BROKER, Scenario};
use super::client::{direction, notice, options, path, properties, rule};
use super::text::{Block, expiry};
use crate::packet::{QoS, ReasonCode};
use crate::sim::Command;
use crate::time::Instant;
use crate::trace::NodeId;

pub(super) fn write(scenario: &Scenario, at: Instant, command: &Command) -> Block {
    let mut block = Block::new();
    block.value("at", at);
    block.value("do", act(command));
    match command {
        Command::PowerCut { node } | Command::PowerOn { node } | Command::Stop { node } => block.value("node", name(scenario, *node)),
        Command::SetAcl { .. } => {}
        _ => block.value("client", name(scenario, command.node())),
    }
    match command {
        Command::Disconnect { client: _, reason_code, session_expiry } => {
            block.unless("reason_code", &reason_code.as_u8(), &ReasonCode::Success.as_u8());
            block.optional("session_expiry", session_expiry.map(expiry));
        }
        Command::Publish { client: _, topic, payload, qos, retain, properties: of_message } => {
            block.optional("topic", (!topic.is_empty()).then(|| topic.clone()));
            block.value("payload", payload.clone());
            block.unless("qos", qos, &QoS::AtMostOnce);
            block.unless("retain", retain, &false);
            properties(&mut block, of_message);
        }
        Command::Request { client: _, topic, payload, qos, timeout } => {
            block.value("topic", topic.clone());
            block.value("payload", payload.clone());
            block.unless("qos", qos, &QoS::AtMostOnce);
            block.value("timeout", *timeout);
        }
        Command::Acknowledge { client: _, packet_id } => block.optional("packet_id", packet_id.map(|packet_id| packet_id.as_u16())),
        Command::Subscribe { client: _, filter, options: asked, identifier } => {
            block.value("filter", filter.clone());
            options(&mut block, *asked, *identifier);
        }
        Command::Unsubscribe { client: _, filter } => block.value("filter", filter.clone()),
        Command::Cut { client: _, direction: cut, notice: who } => {
            direction(&mut block, *cut);
            notice(&mut block, *who);
        }
        Command::SetConditions { client: _, conditions } => block.value("path", path(conditions)),
        Command::AddFault { client: _, rule: added } => rule(&mut block, added),
        Command::SetClock { client: _, drift } => block.value("drift", *drift),
        Command::Freeze { client: _, frozen: _, lasts } => block.optional("lasts", *lasts),
        Command::SetAcl { acl } => block.value("acl", acl.clone()),
        Command::Connect { .. }
        | Command::Reauthenticate { .. }
        | Command::PowerCut { .. }
        | Command::PowerOn { .. }
        | Command::Restore { .. }
        | Command::Reset { .. }
        | Command::ClearFaults { .. }
        | Command::Release { .. }
        | Command::ConnectDouble { .. }
        | Command::Stop { .. }
        | Command::Kick { .. } => {}
    }
    block
}

fn name(scenario: &Scenario, node: NodeId) -> &str {
    let place = node.0.checked_sub(1).and_then(|place| usize::try_from(place).ok());
    place.map_or(BROKER, |place| scenario.clients.get(place).map_or("", |spec| spec.name.as_str()))
}

const fn act(command: &Command) -> &'static str {
    match command {
        Command::Connect { .. } => "connect",
        Command::Disconnect { .. } => "disconnect",
        Command::Publish { .. } => "publish",
        Command::Request { .. } => "request",
        Command::Acknowledge { .. } => "acknowledge",
        Command::Reauthenticate { .. } => "reauthenticate",
        Command::Subscribe { .. } => "subscribe",
        Command::Unsubscribe { .. } => "unsubscribe",
        Command::PowerCut { .. } => "power-cut",
        Command::PowerOn { .. } => "power-on",
        Command::Cut { .. } => "cut",
        Command::Restore { .. } => "restore",
        Command::Reset { .. } => "reset",
        Command::SetConditions { .. } => "set-path",
        Command::AddFault { .. } => "add-fault",
        Command::ClearFaults { .. } => "clear-faults",
        Command::Release { .. } => "release",
        Command::ConnectDouble { .. } => "connect-double",
        Command::SetClock { .. } => "set-clock",
        Command::Stop { .. } => "stop",
        Command::Freeze { frozen: true, .. } => "freeze",
        Command::Freeze { frozen: false, .. } => "thaw",
        Command::Kick { .. } => "kick",
        Command::SetAcl { .. } => "set-acl",
    }
}
