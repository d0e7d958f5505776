//! The form that connects to a real broker. What is typed here is stored nowhere and never becomes part of an address.

use std::num::NonZeroU16;

use bytes::Bytes;
use bytestring::ByteString;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlSelectElement, Url};
use yew::prelude::*;

use super::publish_form::value_of;
use crate::client::{Acknowledges, ClientConfig};
use crate::packet::{Password, ProtocolVersion};
use crate::text::{Key, key};
use crate::web::i18n::use_ui;
use crate::web::state::Msg;

/// What is to be said about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// Cannot work, and why.
    Wrong(Key),
}

/// Judges an address by its parts, as the browser's URL parser has split them.
fn judge(protocol: &str, host: &str, has_credentials: bool, has_fragment: bool) -> Verdict {
    // The two names that the content security policy lets through without encryption.
    let is_loopback = matches!(host, "localhost" | "127.0.0.1");
    match protocol {
        _ if host.is_empty() => Verdict::Wrong(key::PAGE_LIVE_URL_WRONG),
        _ if has_credentials => Verdict::Wrong(key::PAGE_LIVE_URL_CREDENTIALS),
        _ if has_fragment => Verdict::Wrong(key::PAGE_LIVE_URL_WRONG),
        "wss:" => Verdict::Fine,
        "ws:" if is_loopback => Verdict::Fine,
        // Everybody on the way could read along.
        "ws:" => Verdict::Wrong(key::PAGE_LIVE_URL_PLAIN),
        "mqtt:" | "mqtts:" | "tcp:" | "ssl:" => Verdict::Wrong(key::PAGE_LIVE_URL_MQTT),
        _ => Verdict::Wrong(key::PAGE_LIVE_URL_WRONG),
    }
}

fn check(url: &str) -> Verdict {
    Url::new(url).map_or(Verdict::Wrong(key::PAGE_LIVE_URL_WRONG), |url| {
        let has_credentials = !url.username().is_empty() || !url.password().is_empty();
        judge(&url.protocol(), &url.hostname(), has_credentials, !url.hash().is_empty())
    })
}

/// A number that may be left out.
fn number<T: std::str::FromStr>(text: &str) -> Result<Option<T>, T::Err> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

/// Puts the focus on the first thing that is wrong.
fn focus_wrong(event: &SubmitEvent) {
    let form = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let wrong = form.and_then(|form| form.query_selector("[aria-invalid=true]").ok().flatten());
    if let Some(wrong) = wrong.and_then(|wrong| wrong.dyn_into::<HtmlElement>().ok()) {
        let _ = wrong.focus();
    }
}

/// A Client Identifier that nobody else is likely to have: two clients with the same one would throw each other out.
fn fresh_client_id() -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any 32 bits will do")]
    let number = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    format!("playground-{number:08x}")
}

/// The form.
#[component]
pub(crate) fn LiveForm() -> Html {
    let ui = use_ui();
    let url = use_state_eq(|| String::from("ws://127.0.0.1:9001"));
    let client_id = use_state_eq(fresh_client_id);
    let version = use_state_eq(|| ProtocolVersion::V5);
    let clean_start = use_state_eq(|| true);
    let session_expiry = use_state_eq(String::new);
    let receive_maximum = use_state_eq(String::new);
    let by_hand = use_state_eq(|| false);
    let (user, password) = (use_node_ref(), use_node_ref());
    let is_v5 = *version == ProtocolVersion::V5;
    let expiry = number::<u32>(&session_expiry);
    let maximum = number::<NonZeroU16>(&receive_maximum);
    let verdict = check(&url);
    let is_url_wrong = matches!(verdict, Verdict::Wrong(_));
    let is_wrong = is_url_wrong || (is_v5 && (expiry.is_err() || maximum.is_err()));
    let onsubmit = {
        let (ui, url, client_id, user, password) = (ui.clone(), (*url).clone(), (*client_id).clone(), user.clone(), password.clone());
        let (version, clean_start, by_hand) = (*version, *clean_start, *by_hand);
        let (expiry, maximum) = (expiry.clone(), maximum.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if is_wrong {
                focus_wrong(&event);
                return;
            }
            let text = |node: &NodeRef| node.cast::<HtmlInputElement>().map(|input| input.value()).filter(|text| !text.is_empty());
            let mut config = ClientConfig::new(client_id.as_str());
            config.version = version;
            config.clean_start = clean_start;
            if version == ProtocolVersion::V5 {
                config.session_expiry_interval = expiry.clone().unwrap_or_default();
                config.receive_maximum = maximum.clone().unwrap_or_default().map(NonZeroU16::get);
            }
            if by_hand {
                config.acknowledges = Acknowledges::WhenTold;
            }
            config.user_name = text(&user).map(ByteString::from);
            config.password = text(&password).map(|text| Password(Bytes::from(text)));
            if let Some(input) = password.cast::<HtmlInputElement>() {
                input.set_value("");
            }
            ui.say(Msg::OpenLive(Box::new(config), url.trim().to_owned()));
        })
    };
    let on_url = {
        let url = url.clone();
        Callback::from(move |event: InputEvent| url.set(value_of(&event)))
    };
    let on_client_id = {
        let client_id = client_id.clone();
        Callback::from(move |event: InputEvent| client_id.set(value_of(&event)))
    };
    let on_version = {
        let version = version.clone();
        Callback::from(move |event: Event| {
            let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
            let is_old = select.is_some_and(|select| select.selected_index() == 1);
            version.set(if is_old { ProtocolVersion::V311 } else { ProtocolVersion::V5 });
        })
    };
    let typed = |state: &UseStateHandle<String>| {
        let state = state.clone();
        Callback::from(move |event: InputEvent| state.set(value_of(&event)))
    };
    let flip = |state: &UseStateHandle<bool>| {
        let state = state.clone();
        Callback::from(move |_: Event| state.set(!*state))
    };
    let advice = match verdict {
        Verdict::Fine => None,
        Verdict::Wrong(key) => Some(ui.text(key)),
    };
    html! {
        <form class="live-form" {onsubmit} autocomplete="off">
            <label class="line"><span>{ ui.text(key::PAGE_LIVE_URL) }</span>
                <input type="text" inputmode="url" value={(*url).clone()} oninput={on_url} spellcheck="false" autocapitalize="off"
                    aria-invalid={is_url_wrong.to_string()} aria-describedby="live-url-note" />
            </label>
            <p id="live-url-note" class={classes!("line-note", is_url_wrong.then_some("bad"))} role="status">{ advice }</p>
            <div class="two">
                <label class="line"><span>{ "Client Identifier" }</span>
                    <input type="text" value={(*client_id).clone()} oninput={on_client_id} spellcheck="false" autocapitalize="off" />
                </label>
                <label class="line"><span>{ ui.text(key::PAGE_LIVE_VERSION) }</span>
                    <select onchange={on_version}><option selected={is_v5}>{ "MQTT 5.0" }</option><option selected={!is_v5}>{ "MQTT 3.1.1" }</option></select>
                </label>
                <label class="line"><span>{ ui.text(key::PAGE_LIVE_USER) }</span>
                    <input ref={user} type="text" autocomplete="off" spellcheck="false" autocapitalize="off" />
                </label>
                <label class="line"><span>{ ui.text(key::PAGE_LIVE_PASSWORD) }</span>
                    <input ref={password} type="password" autocomplete="new-password" />
                </label>
            </div>
            <details class="fold">
                <summary>{ ui.text(key::PAGE_LIVE_SETTINGS) }</summary>
                <div class="fold-fields">
                    <label class="tick"><input type="checkbox" checked={*clean_start} onchange={flip(&clean_start)} /><span>{ if is_v5 { "Clean Start" } else { "Clean Session" } }</span></label>
                    <label class="tick"><input type="checkbox" checked={*by_hand} onchange={flip(&by_hand)} /><span>{ ui.text(key::PAGE_LIVE_BY_HAND) }</span></label>
                    if is_v5 {
                        <div>
                            <label class="line"><span>{ ui.text(key::PAGE_LIVE_SESSION_EXPIRY) }</span>
                                <input type="text" inputmode="numeric" value={(*session_expiry).clone()} oninput={typed(&session_expiry)}
                                    aria-invalid={expiry.is_err().to_string()} aria-describedby="live-expiry-note" />
                            </label>
                            <p id="live-expiry-note" class="line-note bad">{ expiry.is_err().then(|| ui.text(key::PAGE_PROPERTY_NUMBER)) }</p>
                        </div>
                        <div>
                            <label class="line"><span>{ "Receive Maximum" }</span>
                                <input type="text" inputmode="numeric" value={(*receive_maximum).clone()} oninput={typed(&receive_maximum)}
                                    aria-invalid={maximum.is_err().to_string()} aria-describedby="live-maximum-note" />
                            </label>
                            <p id="live-maximum-note" class="line-note bad">{ maximum.is_err().then(|| ui.text(key::PAGE_LIVE_MAXIMUM_WRONG)) }</p>
                        </div>
                    }
                </div>
            </details>
            <p class="quiet">{ ui.text(key::PAGE_LIVE_SECRETS) }</p>
            // Not `disabled`, which would hide from a keyboard what is wrong.
            <button type="submit" class="button primary large" aria-disabled={is_wrong.then_some("true")}>{ ui.text(key::PAGE_LIVE_CONNECT) }</button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_or_local_connections_pass() {
        assert_eq!(judge("wss:", "broker.example", false, false), Verdict::Fine);
        assert_eq!(judge("ws:", "127.0.0.1", false, false), Verdict::Fine);
        assert_eq!(judge("ws:", "localhost", false, false), Verdict::Fine);
        assert_eq!(judge("ws:", "broker.example", false, false), Verdict::Wrong(key::PAGE_LIVE_URL_PLAIN));
        assert_eq!(judge("ws:", "localhost.example", false, false), Verdict::Wrong(key::PAGE_LIVE_URL_PLAIN));
    }

    #[test]
    fn secrets_and_other_protocols_have_no_place_in_the_address() {
        assert_eq!(judge("wss:", "broker.example", true, false), Verdict::Wrong(key::PAGE_LIVE_URL_CREDENTIALS));
        assert_eq!(judge("mqtt:", "broker.example", false, false), Verdict::Wrong(key::PAGE_LIVE_URL_MQTT));
        assert_eq!(judge("https:", "broker.example", false, false), Verdict::Wrong(key::PAGE_LIVE_URL_WRONG));
        assert_eq!(judge("wss:", "", false, false), Verdict::Wrong(key::PAGE_LIVE_URL_WRONG));
    }
}
