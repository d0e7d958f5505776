//! Session State on both sides, at the cursor.

use std::rc::Rc;

use yew::prelude::*;

use crate::packet::{PacketId, QoS};
use crate::text::{Key, key};
use crate::view::{Aliases, BrokerSession, ClientSession, InFlight, Quota, SessionReport, SharedRow};
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
                if report.broker_off {
                    <p class="notice">{ ui.text(key::PAGE_STATE_BROKER_OFF) }</p>
                }
                if report.sessions.is_empty() {
                    <p class="quiet">{ ui.text(key::PAGE_STATE_NO_SESSIONS) }</p>
                }
                { for report.sessions.iter().map(|session| session_card(session, &ui)) }
            </section>
            if !report.shared.is_empty() {
                <section>
                    <h2>{ ui.text(key::PAGE_STATE_SHARED) }</h2>
                    { for report.shared.iter().map(|group| shared_card(group, &ui)) }
                </section>
            }
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
                                if let Some(at) = row.expires_at {
                                    <span class="tag">{ ui.render(&key::PAGE_STATE_MESSAGE_EXPIRES.with("at", at.to_string())) }</span>
                                }
                            </li>
                        }
                    </ul>
                }
            </section>
            if !report.settings.is_empty() || !report.access.is_empty() {
                <section>
                    <h2>{ ui.text(key::PAGE_STATE_SETTINGS) }</h2>
                    <ul class="state-list">
                        for (place, words) in report.access.iter().enumerate() {
                            <li key={place}>{ ui.render(words) }</li>
                        }
                        for row in report.settings.iter() {
                            <li key={row.name}><code>{ row.name }</code><span class="state-value">{ row.value.clone() }</span></li>
                        }
                    </ul>
                </section>
            }
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

fn quota_line(quota: Option<Quota>, ui: &Ui) -> Html {
    let words = |Quota { used, maximum }| ui.render(&key::PAGE_STATE_QUOTA.with("used", used).with("maximum", maximum));
    quota.map(|quota| html! { <p class="quiet">{ words(quota) }</p> }).unwrap_or_default()
}

fn alias_lines(aliases: &Aliases, ui: &Ui) -> Html {
    let list = |label: Key, aliases: &[(u16, String)]| {
        html! {
            if !aliases.is_empty() {
                <p class="state-label">{ ui.text(label) }</p>
                <ul class="state-list">
                    for (alias, topic) in aliases.iter() {
                        <li key={*alias}><span class="tag">{ alias.to_string() }</span><code>{ topic.clone() }</code></li>
                    }
                </ul>
            }
        }
    };
    html! {
        <>
            { list(key::PAGE_STATE_ALIASES_TO_BROKER, &aliases.to_broker) }
            { list(key::PAGE_STATE_ALIASES_TO_CLIENT, &aliases.to_client) }
        </>
    }
}

fn shared_card(group: &SharedRow, ui: &Ui) -> Html {
    html! {
        <article key={group.filter.clone()} class="state-card">
            <p><code>{ group.filter.clone() }</code></p>
            <ul class="state-list">
                for (place, member) in group.members.iter().enumerate() {
                    <li key={member.clone()}>
                        { member.clone() }
                        if place == group.turn {
                            <span class="tag good">{ ui.text(key::PAGE_STATE_TURN) }</span>
                        }
                    </li>
                }
            </ul>
        </article>
    }
}

/// Both sides keep the same things of a QoS flow.
fn common(outgoing: &[InFlight], incoming: &[PacketId], ui: &Ui) -> Html {
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
        </>
    }
}

fn client_card(client: &ClientSession, ui: &Ui) -> Html {
    html! {
        <article key={client.node.0} class="state-card">
            <h3>{ client.name.clone() }<span class="tag">{ ui.render(&client.state) }</span></h3>
            { common(&client.outgoing, &client.incoming, ui) }
            { quota_line(client.sending, ui) }
            if !client.unacknowledged.is_empty() {
                <p class="state-label">{ ui.text(key::PAGE_STATE_UNACKNOWLEDGED) }</p>
                <p class="mono">{ ids(&client.unacknowledged) }</p>
            }
            if client.queued > 0 {
                <p class="state-label">{ ui.render(&key::PAGE_STATE_QUEUED.with("count", client.queued)) }</p>
            }
            if client.requests > 0 {
                <p class="state-label">{ ui.render(&key::PAGE_STATE_REQUESTS.with("count", client.requests)) }</p>
            }
            { alias_lines(&client.aliases, ui) }
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
                if let Some(user) = &session.user {
                    <span class="tag">{ ui.render(&key::PAGE_STATE_USER.with("user", user.as_str())) }</span>
                }
            </h3>
            if session.subscriptions.is_empty() {
                <p class="quiet">{ ui.text(key::PAGE_STATE_NO_SUBSCRIPTIONS) }</p>
            } else {
                <p class="state-label">{ ui.text(key::PAGE_STATE_SUBSCRIPTIONS) }</p>
                <ul class="state-list">
                    for row in session.subscriptions.iter() {
                        <li key={row.filter.clone()}>
                            <code>{ row.filter.clone() }</code>
                            <span class="tag">{ qos(row.qos) }</span>
                            for option in row.options.iter() {
                                <span key={option.clone()} class="tag">{ option.clone() }</span>
                            }
                        </li>
                    }
                </ul>
            }
            { common(&session.outgoing, &session.incoming, ui) }
            { quota_line(session.sending, ui) }
            if session.queued > 0 {
                <p class="state-label">{ ui.render(&key::PAGE_STATE_QUEUED_BYTES.with("count", session.queued).with("bytes", session.queued_bytes)) }</p>
            }
            { alias_lines(&session.aliases, ui) }
            if let Some(will) = &session.will {
                <p class="state-will">{ ui.render(will) }</p>
            }
            if let Some(at) = session.expires_at {
                <p class="quiet">{ ui.render(&key::PAGE_STATE_EXPIRES.with("at", at.to_string())) }</p>
            }
        </article>
    }
}
