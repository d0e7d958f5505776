//! What can be done to the broker.

use yew::prelude::*;

use super::act_button::ActButton;
use super::controls::CONTROLS_HEAD;
use crate::playground::Action;
use crate::sim::Command;
use crate::text::key;
use crate::trace::NodeId;
use crate::web::i18n::use_ui;

#[derive(Properties, PartialEq)]
pub(crate) struct BrokerControlsProps {
    pub(crate) powered: bool,
}

/// Crash and restart.
#[component]
pub(crate) fn BrokerControls(BrokerControlsProps { powered }: &BrokerControlsProps) -> Html {
    let ui = use_ui();
    let node = NodeId::BROKER;
    html! {
        <section class="control-group">
            <h2 id={CONTROLS_HEAD} tabindex="-1">{ ui.text(key::PAGE_CONTROLS_BROKER) }</h2>
            <p class="quiet">{ ui.text(key::PAGE_BROKER_HELP) }</p>
            <div class="control-row">
                <ActButton class="button danger" enabled={*powered} onclick={ui.act(Action::Do(Command::PowerCut { node }))}>
                    { ui.text(key::PAGE_BROKER_CRASH) }
                </ActButton>
                <ActButton class="button" enabled={*powered} onclick={ui.act(Action::Do(Command::Stop { node }))}>
                    { ui.text(key::PAGE_STOP) }
                </ActButton>
                <ActButton class="button" enabled={!powered} onclick={ui.act(Action::Do(Command::PowerOn { node }))}>
                    { ui.text(key::PAGE_BROKER_RESTART) }
                </ActButton>
            </div>
        </section>
    }
}
