//! Reads `[[timeline]]` and `[[fault]]` tables.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

use super::{MAX_ENTRIES, Names, broker, client, path, properties};
use crate::link::{Conditions, CutDirection, CutNotice, Rule, Side, Verdict};
use crate::packet::{PacketId, PacketType, ProtocolVersion, QoS, ReasonCode, TopicName};
use crate::sim::Command;
use crate::sim::quantity::after_start;
use crate::sim::toml_source::{Table, Value, shortened};
use crate::text::{key, nearest};
use crate::time::{Duration, Instant};
use crate::trace::NodeId;

/// How long a request waits for its answer unless the file says otherwise.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone, Copy)]
enum Act {
    Connect,
    Disconnect,
    Publish,
    Request,
    Acknowledge,
    Reauthenticate,
    Subscribe,
    Unsubscribe,
    PowerCut,
    PowerOn,
    Cut,
    Restore,
    Reset,
    SetConditions,
    AddFault,
    ClearFaults,
    Freeze,
    Thaw,
    Release,
    ConnectDouble,
    SetClock,
    Stop,
    Kick,
    SetAcl,
}

const ACTS: [(&str, Act); 24] = [
    ("connect", Act::Connect),
    ("disconnect", Act::Disconnect),
    ("publish", Act::Publish),
    ("request", Act::Request),
    ("acknowledge", Act::Acknowledge),
    ("reauthenticate", Act::Reauthenticate),
    ("subscribe", Act::Subscribe),
    ("unsubscribe", Act::Unsubscribe),
    ("power-cut", Act::PowerCut),
    ("power-on", Act::PowerOn),
    ("cut", Act::Cut),
    ("restore", Act::Restore),
    ("reset", Act::Reset),
    ("set-path", Act::SetConditions),
    ("add-fault", Act::AddFault),
    ("clear-faults", Act::ClearFaults),
    ("freeze", Act::Freeze),
    ("thaw", Act::Thaw),
    ("release", Act::Release),
    ("connect-double", Act::ConnectDouble),
    ("set-clock", Act::SetClock),
    ("stop", Act::Stop),
    ("kick", Act::Kick),
    ("set-acl", Act::SetAcl),
];

/// The `[[timeline]]` entries of a file, in order of time; at the same time in the order of the file.
pub(super) fn read_timeline(names: &Names, table: &Table<'_, '_>) -> Vec<(Instant, Command)> {
    let entries = table.tables("timeline");
    if entries.len() > MAX_ENTRIES {
        table.error(key::SIM_LIST_LENGTH.with("key", "timeline").with("max", MAX_ENTRIES));
        return Vec::new();
    }
    let mut timeline: Vec<(Instant, Command)> = entries
        .iter()
        .filter_map(|entry| {
            let at = entry.require("at").and_then(|value| value.duration());
            let act = entry.require("do").and_then(|value| value.choice(&ACTS));
            let command = act.and_then(|act| read_command(names, act, entry));
            if act.is_some() {
                // Without it nobody knows which keys belong here.
                entry.report_unknown_keys();
            }
            Some((after_start(at?), command?))
        })
        .collect();
    timeline.sort_by_key(|(at, _)| *at);
    timeline
}

/// The client that a table names.
pub(super) fn read_client(names: &Names, table: &Table<'_, '_>) -> Option<NodeId> {
    let value = table.require("client")?;
    match read_node(names, &value)? {
        NodeId::BROKER => value.error(key::SIM_NOT_THE_BROKER),
        node => Some(node),
    }
}

fn read_node(names: &Names, value: &Value<'_, '_>) -> Option<NodeId> {
    let text = value.text()?;
    let node = names.node(text);
    if node.is_none() {
        return value.error_with(key::SIM_UNKNOWN_CLIENT.with("name", shortened(text)), nearest(text, names.all()));
    }
    node
}

fn read_command(names: &Names, act: Act, table: &Table<'_, '_>) -> Option<Command> {
    if let Act::PowerCut | Act::PowerOn | Act::Stop = act {
        // «node» because the broker is no client; «client» because that is what every other command says.
        let value = match table.get("client") {
            Some(value) => value,
            None => table.require("node")?,
        };
        let node = read_node(names, &value)?;
        return Some(match act {
            Act::PowerCut => Command::PowerCut { node },
            Act::Stop => Command::Stop { node },
            _ => Command::PowerOn { node },
        });
    }
    if let Act::SetAcl = act {
        let value = table.require("acl")?;
        broker::read_acl(&value)?;
        return Some(Command::SetAcl { acl: value.text()?.into() });
    }
    let client = read_client(names, table);
    Some(match act {
        Act::Connect => Command::Connect { client: client? },
        Act::Disconnect => {
            let reason_code = match table.get("reason_code") {
                None => ReasonCode::Success,
                Some(value) => {
                    let number = u8::try_from(value.integer(0..256)?).ok()?;
                    match ReasonCode::try_from(number) {
                        Ok(code) => code,
                        Err(_) => return value.error(key::SIM_UNKNOWN_REASON_CODE.with("code", format!("0x{number:02X}"))),
                    }
                }
            };
            let session_expiry = table.get("session_expiry").map(|value| client::expiry(&value));
            let session_expiry = match session_expiry {
                None => None,
                Some(seconds) => Some(seconds?),
            };
            Command::Disconnect { client: client?, reason_code, session_expiry }
        }
        Act::Publish => {
            let properties = properties::read(table);
            // A Topic Alias that was set before stands for the topic.
            let topic = match (table.get("topic"), table.get("topic_alias")) {
                (None, Some(_)) => Some(TopicName::default()),
                _ => table.require("topic").and_then(|value| client::topic_name(&value)),
            };
            let payload = table.get("payload").map_or_else(|| Some("".into()), |value| client::payload(&value));
            let qos = table.get("qos").map_or(Some(QoS::AtMostOnce), |value| client::qos(&value));
            let retain = table.get("retain").map_or(Some(false), |value| value.boolean());
            Command::Publish { client: client?, topic: topic?, payload: payload?, qos: qos?, retain: retain?, properties: properties? }
        }
        Act::Request => {
            let topic = table.require("topic").and_then(|value| client::topic_name(&value));
            let payload = table.get("payload").map_or_else(|| Some("".into()), |value| client::payload(&value));
            let qos = table.get("qos").map_or(Some(QoS::AtMostOnce), |value| client::qos(&value));
            let timeout = table.get("timeout").map_or(Some(REQUEST_TIMEOUT), |value| value.duration());
            Command::Request { client: client?, topic: topic?, payload: payload?, qos: qos?, timeout: timeout? }
        }
        Act::Acknowledge => {
            let packet_id = match table.get("packet_id") {
                None => None,
                Some(value) => PacketId::new(u16::try_from(value.integer(1..65_536)?).ok()?),
            };
            Command::Acknowledge { client: client?, packet_id }
        }
        Act::Reauthenticate => Command::Reauthenticate { client: client? },
        Act::Subscribe => {
            let filter = table.require("filter").and_then(|value| client::topic_filter(&value));
            let options = client::read_options(table, ProtocolVersion::V5);
            let identifier = client::identifier(table, ProtocolVersion::V5);
            Command::Subscribe { client: client?, filter: filter?, options: options?, identifier: identifier? }
        }
        Act::Unsubscribe => {
            let filter = table.require("filter").and_then(|value| client::topic_filter(&value));
            Command::Unsubscribe { client: client?, filter: filter? }
        }
        Act::Cut => {
            let direction = table.get("direction").map_or(Some(CutDirection::Both), |value| value.choice(&client::DIRECTIONS));
            let notice = table.get("notice").map_or(Some(CutNotice::default()), |value| value.choice(&client::NOTICES));
            Command::Cut { client: client?, direction: direction?, notice: notice? }
        }
        Act::Restore => Command::Restore { client: client? },
        Act::Reset => Command::Reset { client: client? },
        Act::SetConditions => {
            let path = table.require("path").and_then(|value| path::read_conditions(&value.table()?, Conditions::default()));
            Command::SetConditions { client: client?, conditions: path? }
        }
        Act::AddFault => {
            let rule = read_rule(table);
            Command::AddFault { client: client?, rule: rule? }
        }
        Act::ClearFaults => Command::ClearFaults { client: client? },
        Act::Kick => Command::Kick { client: client? },
        Act::Release => Command::Release { client: client? },
        Act::ConnectDouble => Command::ConnectDouble { client: client? },
        Act::SetClock => {
            let drift = table.require("drift").and_then(|value| client::drift(&value));
            Command::SetClock { client: client?, drift: drift? }
        }
        Act::Freeze => {
            let lasts = match table.get("lasts") {
                None => Some(None),
                Some(value) => value.duration().map(Some),
            };
            Command::Freeze { client: client?, frozen: true, lasts: lasts? }
        }
        // The others have returned above.
        Act::Thaw | Act::PowerCut | Act::PowerOn | Act::Stop | Act::SetAcl => {
            Command::Freeze { client: client?, frozen: false, lasts: None }
        }
    })
}

/// `packet`, `from`, `nth`, `times`, `not_before`, `until`, `verdict` with `notice` and `by`.
pub(super) fn read_rule(table: &Table<'_, '_>) -> Option<Rule> {
    let mut packets = vec![("any", Rule::ANY)];
    packets.extend(PacketType::ALL.map(|packet| (packet.name(), packet as u8)));
    let label = table.require("packet").and_then(|value| value.choice(&packets));
    let from = table.require("from").and_then(|value| value.choice(&[("client", Side::Client), ("broker", Side::Broker)]));
    let nth = table.get("nth").map_or(Some(1), |value| value.integer(1..1_000_001));
    let times = match table.get("times") {
        None => Some(1),
        Some(value) if value.is_text() => value.choice(&[("always", u64::from(Rule::ALWAYS))]),
        Some(value) => value.integer(1..1_000_001),
    };
    let not_before = table.get("not_before").map_or(Some(Duration::ZERO), |value| value.duration());
    let until = match (table.get("until"), not_before) {
        (None, _) => Some(Instant::FAR_FUTURE),
        (Some(value), Some(not_before)) => match value.duration()? {
            until if until <= not_before => value.error(key::SIM_EMPTY_WINDOW.message()),
            until => Some(after_start(until)),
        },
        (Some(value), None) => value.duration().map(after_start),
    };
    let notice = table.get("notice").map_or(Some(CutNotice::default()), |value| value.choice(&client::NOTICES));
    let verdict = table.require("verdict").and_then(|value| {
        let notice = notice?;
        let choices = [
            ("cut-before-delivery", Verdict::CutBeforeDelivery { notice }),
            ("cut-after-delivery", Verdict::CutAfterDelivery { notice }),
            ("reset-before-delivery", Verdict::ResetBeforeDelivery),
            ("reset-after-delivery", Verdict::ResetAfterDelivery),
            ("delay", Verdict::Pass),
            ("hold", Verdict::Hold),
            ("connect-double", Verdict::DuplicateConnection),
        ];
        match value.choice(&choices)? {
            Verdict::Pass => table.require("by")?.duration().map(|by| Verdict::Delay { by }),
            verdict => Some(verdict),
        }
    });
    Some(Rule {
        from: from?,
        label: label?,
        nth: u32::try_from(nth?).ok()?,
        times: u32::try_from(times?).ok()?,
        not_before: after_start(not_before?),
        until: until?,
        verdict: verdict?,
    })
}
