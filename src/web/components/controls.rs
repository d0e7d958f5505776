//! What can be done to the nodes: publish, pull the plug, cut the line.

use std::rc::Rc;

use yew::prelude::*;

use super::broker_controls::BrokerControls;
use super::client_controls::ClientControls;
use super::publish_form::Proposal;
use crate::packet::PacketType;
use crate::playground::{ClientRow, UsualMessage};
use crate::text::key;
use crate::trace::NodeId;
use crate::view::{PacketRow, Stage};
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

/// What has the focus when the controls of a node are opened from the stage.
pub(super) const CONTROLS_HEAD: &str = "controls-head";

#[derive(Properties, PartialEq)]
pub(crate) struct ControlsProps {
    pub(crate) clients: Rc<[ClientRow]>,
    pub(crate) stage: Rc<Stage>,
    pub(crate) packets: Rc<[PacketRow]>,
    pub(crate) target: NodeId,
    pub(crate) live: bool,
}

/// A message like those that the client's device publishes, or like the first that it published: what it is there for.
fn proposal(packets: &[PacketRow], client: &ClientRow) -> Proposal {
    if let Some(UsualMessage { topic, qos, retain }) = client.usual.clone() {
        return Proposal { topic: Some(topic), qos, retain };
    }
    let is_its = |packet: &&PacketRow| packet.from == client.node && packet.packet_type == PacketType::Publish;
    packets.iter().filter(is_its).find(|packet| packet.summary.topic.is_some()).map_or_else(Proposal::default, |packet| {
        let summary = &packet.summary;
        Proposal { topic: summary.topic.clone(), qos: summary.qos.unwrap_or_default(), retain: summary.retain }
    })
}

/// Picks a node and shows what can be done to it.
#[component]
pub(crate) fn Controls(props: &ControlsProps) -> Html {
    let ui = use_ui();
    let client = props.clients.iter().find(|client| client.node == props.target);
    let broker = props.stage.nodes.iter().find(|node| node.node == NodeId::BROKER);
    let pick = |node: NodeId, name: String| {
        html! {
            <button key={node.0} type="button" aria-pressed={(props.target == node).to_string()} onclick={ui.on(move || Msg::Controls(node))}>
                { name }
            </button>
        }
    };
    html! {
        <div class="controls">
            <div class="picker" role="group" aria-label={ui.text(key::PAGE_CONTROLS_PICK)}>
                { for props.clients.iter().map(|client| pick(client.node, client.name.clone())) }
                if let Some(broker) = broker.filter(|_| !props.live) {
                    { pick(NodeId::BROKER, ui.broker(&broker.name)) }
                }
            </div>
            if let Some(client) = client {
                <ClientControls
                    key={client.node.0}
                    client={client.clone()}
                    status={props.stage.nodes.iter().find(|node| node.node == client.node).map(|node| node.status.clone())}
                    proposal={proposal(&props.packets, client)}
                    live={props.live}
                />
            } else if let Some(broker) = broker.filter(|_| !props.live) {
                <BrokerControls powered={broker.powered} />
            } else {
                <p class="empty">{ ui.text(key::PAGE_CONTROLS_EMPTY) }</p>
            }
        </div>
    }
}
