//! Session State on both sides, at the cursor.

use std::rc::Rc;

use yew::prelude::*;

use crate::packet::{PacketId, QoS};
use crate::text::key;
use crate::view::{BrokerSession, ClientSession, InFlight, SessionReport};
use crate::web::family::Family;
use crate::web::i18n::{Ui, use_ui};

#[derive(Properties, PartialEq)]
pub(crate) struct SessionInspectorProps {
    pub(crate) report: Rc<SessionReport>,
}

/// Clients, sessions of the broker, retained messages.
#[component]
pub(crate) fn SessionInspector(SessionInspectorProps { report }: &SessionInspectorProps) -> Html {
    let ui = use_ui();
    html! {
        <div class="state">
            <section>
                <h2>{ ui.text(key::PAGE_STATE_CLIENTS) }</h2>
                { for report.clients.iter().map(|client| client_card(client, &ui)) }
            </section>
            <section>
                <h2>{ ui.text(key::PAGE_STATE_BROKER) }</h2>
                if report.sessions.is_empty() {
                    <p class="quiet">{ ui.text(key::PAGE_STATE_NO_SESSIONS) }</p>
                }
                { for report.sessions.iter().map(|session| session_card(session, &ui)) }
            </section>
            <section>
                <h2>{ ui.text(key::PAGE_STATE_RETAINED) }</h2>
                if report.retained.is_empty() {
                    <p class="quiet">{ ui.text(key::PAGE_STATE_NO_RETAINED) }</p>
                } else {
                    <ul class="state-list">
                        for row in report.retained.iter() {
                            <li key={row.topic.clone()}>
                                <code>{ row.topic.clone() }</code>
                                <span class="state-value">{ row.payload.clone().unwrap_or_else(|| ui.text(key::PAGE_PAYLOAD_BINARY)) }</span>
                                <span class="tag">{ qos(row.qos) }</span>
                            </li>
                        }
                    </ul>
                }
            </section>
        </div>
    }
}

fn qos(qos: QoS) -> String {
    format!("QoS {}", u8::from(qos))
}

fn flights(rows: &[InFlight], ui: &Ui) -> Html {
    rows.iter()
        .map(|row| {
            let family = Family::of(row.awaits);
            html! {
                <li key={row.packet_id.as_u16()}>
                    <span class="tag">{ format!("id {}", row.packet_id) }</span>
                    if let Some(topic) = &row.topic {
                        <code>{ topic.clone() }</code>
                    }
                    <span class={classes!("awaits", family.class())}>{ ui.render(&key::PAGE_STATE_AWAITS.with("packet", row.awaits.name())) }</span>
                </li>
            }
        })
        .collect()
}

fn ids(ids: &[PacketId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Both sides keep the same three things of a QoS flow.
fn common(outgoing: &[InFlight], incoming: &[PacketId], queued: usize, ui: &Ui) -> Html {
    html! {
        <>
            if !outgoing.is_empty() {
                <p class="state-label">{ ui.text(key::PAGE_STATE_OUTGOING) }</p>
                <ul class="state-list">{ flights(outgoing, ui) }</ul>
            }
            if !incoming.is_empty() {
                <p class="state-label">{ ui.text(key::PAGE_STATE_INCOMING) }</p>
                <p class="mono">{ ids(incoming) }</p>
            }
            if queued > 0 {
                <p class="state-label">{ ui.render(&key::PAGE_STATE_QUEUED.with("count", queued)) }</p>
            }
        </>
    }
}

fn client_card(client: &ClientSession, ui: &Ui) -> Html {
    html! {
        <article key={client.node.0} class="state-card">
            <h3>{ client.name.clone() }<span class="tag">{ ui.render(&client.state) }</span></h3>
            { common(&client.outgoing, &client.incoming, client.queued, ui) }
            if let Some(at) = client.next_ping {
                <p class="quiet">{ ui.render(&key::PAGE_STATE_NEXT_PING.with("at", at.to_string())) }</p>
            }
        </article>
    }
}

fn session_card(session: &BrokerSession, ui: &Ui) -> Html {
    let state = if session.connected { key::PAGE_STATE_ONLINE } else { key::PAGE_STATE_OFFLINE };
    html! {
        <article key={session.client_id.clone()} class={classes!("state-card", (!session.connected).then_some("away"))}>
            <h3>
                { session.client_id.clone() }
                <span class={classes!("tag", session.connected.then_some("good"))}>{ ui.text(state) }</span>
                <span class="tag">{ format!("MQTT {}", session.version) }</span>
            </h3>
            if session.subscriptions.is_empty() {
                <p class="quiet">{ ui.text(key::PAGE_STATE_NO_SUBSCRIPTIONS) }</p>
            } else {
                <p class="state-label">{ ui.text(key::PAGE_STATE_SUBSCRIPTIONS) }</p>
                <ul class="state-list">
                    for (filter, granted) in session.subscriptions.iter() {
                        <li key={filter.clone()}><code>{ filter.clone() }</code><span class="tag">{ qos(*granted) }</span></li>
                    }
                </ul>
            }
            { common(&session.outgoing, &session.incoming, session.queued, ui) }
            if let Some(will) = &session.will {
                <p class="state-will">{ ui.render(will) }</p>
            }
            if let Some(at) = session.expires_at {
                <p class="quiet">{ ui.render(&key::PAGE_STATE_EXPIRES.with("at", at.to_string())) }</p>
            }
        </article>
    }
}
