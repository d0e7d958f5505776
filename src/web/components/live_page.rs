//! A real broker: the form before, the connection's state while it runs.

use std::rc::Rc;

use yew::prelude::*;

use super::act_button::ActButton;
use super::live_form::LiveForm;
use crate::packet::ReasonCode;
use crate::playground::{Action, ClientRow};
use crate::sim::Command;
use crate::text::key;
use crate::trace::NodeId;
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

/// The page before a connection.
#[component]
pub(crate) fn LivePage() -> Html {
    let ui = use_ui();
    html! {
        <main class="live" id="main" tabindex="-1">
            <h1>{ ui.text(key::PAGE_LIVE_TITLE) }</h1>
            <p class="lead">{ ui.text(key::PAGE_LIVE_LEAD) }</p>
            <LiveForm />
        </main>
    }
}

fn goodbye(client: NodeId) -> Command {
    Command::Disconnect { client, reason_code: ReasonCode::Success, session_expiry: None }
}

#[derive(Properties, PartialEq)]
pub(crate) struct LivePaneProps {
    pub(crate) clients: Rc<[ClientRow]>,
}

/// Beside the views of a running connection, where a lesson would be.
#[component]
pub(crate) fn LivePane(LivePaneProps { clients }: &LivePaneProps) -> Html {
    let ui = use_ui();
    html! {
        <div class="lesson live-pane">
            <h2 class="step-title">{ ui.text(key::PAGE_LIVE_TITLE) }</h2>
            for client in clients.iter() {
                <div class="live-client" key={client.node.0}>
                    <p class={classes!("control-state", client.connected.then_some("good"))}>
                        <b>{ client.name.clone() }</b>{ " " }
                        { ui.text(if client.connected { key::PAGE_PATH_CONNECTED } else { key::PAGE_PATH_IDLE }) }
                    </p>
                    <div class="control-row">
                        <ActButton class="button" enabled={!client.connected} onclick={ui.act(Action::Do(Command::Connect { client: client.node }))}>
                            { ui.text(key::PAGE_CONNECT) }
                        </ActButton>
                        <ActButton class="button" enabled={client.connected}
                            onclick={ui.act(Action::Do(goodbye(client.node)))}>
                            { ui.text(key::PAGE_DISCONNECT) }
                        </ActButton>
                    </div>
                </div>
            }
            if let Some(reason_code) = clients.iter().find_map(|client| client.refused) {
                <p class="notice bad" role="alert">{ ui.render(&key::PAGE_LIVE_REFUSED_BY_BROKER.with("reason", reason_code.to_string())) }</p>
            }
            <p>{ ui.text(key::PAGE_LIVE_RUNNING) }</p>
            <p class="quiet">{ ui.text(key::PAGE_LIVE_SECRETS) }</p>
            <button type="button" class="button" onclick={ui.on(|| Msg::CloseLive)}>{ ui.text(key::PAGE_LIVE_OTHER) }</button>
        </div>
    }
}
