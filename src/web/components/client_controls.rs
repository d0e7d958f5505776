//! What can be done to a client and its path.

use yew::prelude::*;

use super::act_button::ActButton;
use super::condition_sliders::ConditionSliders;
use super::controls::CONTROLS_HEAD;
use super::cut_controls::CutControls;
use super::fault_rules::FaultRules;
use super::publish_form::{Proposal, PublishForm};
use super::subscribe_form::SubscribeForm;
use crate::packet::{ProtocolVersion, ReasonCode};
use crate::playground::{Action, ClientRow};
use crate::sim::Command;
use crate::text::{Key, Message, key};
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct ClientControlsProps {
    pub(crate) client: ClientRow,
    /// What the stage says of it.
    pub(crate) status: Option<Message>,
    /// The message it published first.
    pub(crate) proposal: Proposal,
    pub(crate) live: bool,
}

/// All controls of a client. A real one has no path that could be cut.
#[component]
pub(crate) fn ClientControls(ClientControlsProps { client, status, proposal, live }: &ClientControlsProps) -> Html {
    let ui = use_ui();
    let node = client.node;
    let is_v5 = client.version == ProtocolVersion::V5;
    let button = |name: Key, class: &'static str, enabled: bool, command: Command| {
        html! {
            <ActButton class={classes!("button", class)} {enabled} onclick={ui.act(Action::Do(command))}>{ ui.text(name) }</ActButton>
        }
    };
    let disconnect = |name: Key, reason_code: ReasonCode| {
        button(name, "", client.connected, Command::Disconnect { client: node, reason_code, session_expiry: None })
    };
    let state = match status {
        Some(status) if client.powered => ui.render(status),
        _ => ui.text(if client.powered { key::PAGE_PATH_IDLE } else { key::PAGE_NODE_OFF }),
    };
    html! {
        <div class="client-controls">
            <p id={CONTROLS_HEAD} tabindex="-1" class={classes!("control-state", (client.powered && client.connected && !client.cut).then_some("good"))}>
                <b>{ client.name.clone() }</b>{ " " }{ state }
                if client.cut {
                    { " · " }{ ui.text(key::PAGE_PATH_CUT) }
                }
                if client.frozen {
                    { " · " }{ ui.text(key::PAGE_FROZEN) }
                }
            </p>
            <section class="control-group">
                <h2>{ ui.text(key::PAGE_CONTROLS_CONNECTION) }</h2>
                <div class="control-row">
                    { button(key::PAGE_CONNECT, "", client.powered && !client.connected, Command::Connect { client: node }) }
                    // In 3.1.1 a DISCONNECT has no Reason Code, and always discards the Will.
                    if is_v5 {
                        { disconnect(key::PAGE_DISCONNECT, ReasonCode::Success) }
                        { disconnect(key::PAGE_DISCONNECT_WILL, ReasonCode::DisconnectWithWillMessage) }
                    } else {
                        { disconnect(key::PAGE_DISCONNECT_V311, ReasonCode::Success) }
                    }
                    if client.authenticates {
                        { button(key::PAGE_REAUTHENTICATE, "", client.connected, Command::Reauthenticate { client: node }) }
                    }
                    if !live {
                        { button(key::PAGE_KICK, "danger", client.connected, Command::Kick { client: node }) }
                        { button(key::PAGE_DOUBLE, "danger", client.connected, Command::ConnectDouble { client: node }) }
                    }
                </div>
                if let Some(waiting) = client.unacknowledged {
                    <div class="control-row">
                        { button(key::PAGE_ACKNOWLEDGE, "", waiting > 0, Command::Acknowledge { client: node, packet_id: None }) }
                        <p class="line-note">{ ui.render(&key::PAGE_ACKNOWLEDGE_WAITING.with("count", waiting)) }</p>
                    </div>
                }
            </section>
            <PublishForm {node} proposal={proposal.clone()} has_properties={is_v5} />
            <SubscribeForm {node} has_options={is_v5} />
            if !live {
                <section class="control-group">
                    <h2>{ ui.text(key::PAGE_CONTROLS_POWER) }</h2>
                    <div class="control-row">
                        { button(key::PAGE_POWER_CUT, "danger", client.powered, Command::PowerCut { node }) }
                        { button(key::PAGE_STOP, "", client.powered && !client.frozen, Command::Stop { node }) }
                        { button(key::PAGE_POWER_ON, "", !client.powered, Command::PowerOn { node }) }
                        if client.frozen {
                            { button(key::PAGE_THAW, "", true, Command::Freeze { client: node, frozen: false, lasts: None }) }
                        } else {
                            { button(key::PAGE_FREEZE, "", client.powered, Command::Freeze { client: node, frozen: true, lasts: None }) }
                        }
                    </div>
                </section>
                <section class="control-group">
                    <h2>{ ui.text(key::PAGE_CONTROLS_PATH) }</h2>
                    <CutControls {node} cut={client.cut} connected={client.connected} />
                    <ConditionSliders {node} conditions={client.conditions} />
                </section>
                <FaultRules {node} count={client.faults} />
            }
        </div>
    }
}
