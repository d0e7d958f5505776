//! Every normative statement of both specifications, and what shows that it holds here.

use yew::prelude::*;

use super::prose::Clause;
use super::publish_form::value_of;
use crate::packet::ProtocolVersion;
use crate::text::{Key, key};
use crate::view::{Bound, Shown, Statement, statements};
use crate::web::i18n::{Ui, use_ui};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::V5, ProtocolVersion::V311];

const fn bound_name(bound: Bound) -> Key {
    match bound {
        Bound::Client => key::PAGE_CONFORMANCE_CLIENT,
        Bound::Server => key::PAGE_CONFORMANCE_SERVER,
        Bound::Both => key::PAGE_CONFORMANCE_BOTH,
        Bound::Codec => key::PAGE_CONFORMANCE_CODEC,
    }
}

/// What a section is about. The packets have the same names in every language.
fn section_name(version: ProtocolVersion, section: &str, ui: &Ui) -> String {
    let subject = match (section, version) {
        ("3.1", _) => "CONNECT",
        ("3.2", _) => "CONNACK",
        ("3.3", _) => "PUBLISH",
        ("3.4", _) => "PUBACK",
        ("3.5", _) => "PUBREC",
        ("3.6", _) => "PUBREL",
        ("3.7", _) => "PUBCOMP",
        ("3.8", _) => "SUBSCRIBE",
        ("3.9", _) => "SUBACK",
        ("3.10", _) => "UNSUBSCRIBE",
        ("3.11", _) => "UNSUBACK",
        ("3.12", _) => "PINGREQ",
        ("3.14", _) => "DISCONNECT",
        ("3.15", _) => "AUTH",
        ("6.0", _) => "WebSocket",
        (other, version) => {
            let key = match (other, version) {
                ("1.5", _) => key::PAGE_CONFORMANCE_DATA,
                ("2.1" | "2.2" | "2.3", _) => key::PAGE_CONFORMANCE_HEADERS,
                ("4.1", _) => key::PAGE_CONFORMANCE_SESSION,
                ("4.2", _) | ("7.1", _) => key::PAGE_CONFORMANCE_TRANSPORT,
                ("4.3", _) => key::PAGE_CONFORMANCE_QOS,
                ("4.4", _) => key::PAGE_CONFORMANCE_RESEND,
                ("4.5", _) => key::PAGE_CONFORMANCE_RECEIPT,
                ("4.6", _) => key::PAGE_CONFORMANCE_ORDER,
                ("4.7", _) => key::PAGE_CONFORMANCE_TOPICS,
                ("4.8", ProtocolVersion::V5) => key::PAGE_CONFORMANCE_SHARED,
                ("4.9", _) => key::PAGE_CONFORMANCE_FLOW,
                ("4.12", _) => key::PAGE_CONFORMANCE_AUTHENTICATION,
                ("4.8" | "4.13", _) => key::PAGE_CONFORMANCE_ERRORS,
                _ => key::PAGE_CONFORMANCE_GENERAL,
            };
            return format!("{other} {}", ui.text(key));
        }
    };
    format!("{section} {subject}")
}

/// The statements that are left by the choices, section by section.
fn sections(version: ProtocolVersion, bound: Option<Bound>, wanted: &str, ui: &Ui) -> Vec<(&'static str, Vec<&'static Statement>)> {
    let wanted = wanted.trim().to_lowercase();
    let mut sections: Vec<(&'static str, Vec<&'static Statement>)> = Vec::new();
    for statement in statements().iter().filter(|one| one.version == version && bound.is_none_or(|bound| one.bound == bound)) {
        let text = statement.words.get(ui.language);
        if !wanted.is_empty() && !text.to_lowercase().contains(&wanted) && !statement.clause.to_lowercase().contains(&wanted) {
            continue;
        }
        match sections.last_mut().filter(|(section, _)| *section == statement.section()) {
            Some((_, members)) => members.push(statement),
            None => sections.push((statement.section(), vec![statement])),
        }
    }
    sections
}

fn shown(statement: &Statement, ui: &Ui) -> Html {
    match statement.shown {
        Shown::Tests { tests: 0, cases: 0 } => html! { <span class="tag bad">{ ui.text(key::PAGE_CONFORMANCE_NOT_SHOWN) }</span> },
        Shown::Tests { tests, cases } => html! {
            <>
                if tests > 0 {
                    <span class="tag good">{ ui.render(&key::PAGE_CONFORMANCE_TESTS.with("count", tests)) }</span>
                }
                if cases > 0 {
                    <span class="tag good">{ ui.render(&key::PAGE_CONFORMANCE_CASES.with("count", cases)) }</span>
                }
            </>
        },
        Shown::Reason(words) => html! { <span class="quiet">{ words.get(ui.language) }</span> },
    }
}

/// How much of one specification is shown, in numbers.
fn summary(version: ProtocolVersion, ui: &Ui) -> String {
    let (mut total, mut tested, mut cases) = (0_usize, 0_usize, 0_u32);
    for statement in statements().iter().filter(|one| one.version == version) {
        total += 1;
        if let Shown::Tests { tests, cases: own } = statement.shown {
            cases += own;
            tested += usize::from(tests > 0 || own > 0);
        }
    }
    let version = version.to_string();
    ui.render(&match total.saturating_sub(tested) {
        0 => key::PAGE_CONFORMANCE_SUMMARY_ALL.with("version", version).with("total", total).with("cases", cases),
        rest => key::PAGE_CONFORMANCE_SUMMARY
            .with("version", version)
            .with("total", total)
            .with("tested", tested)
            .with("rest", rest)
            .with("cases", cases),
    })
}

/// The page.
#[component]
pub(crate) fn ConformancePage() -> Html {
    let ui = use_ui();
    let version = use_state_eq(|| ProtocolVersion::V5);
    let bound = use_state_eq(|| None::<Bound>);
    let wanted = use_state_eq(String::new);
    let choose_version = |chosen: ProtocolVersion| {
        let version = version.clone();
        Callback::from(move |_: MouseEvent| version.set(chosen))
    };
    let choose_bound = |chosen: Option<Bound>| {
        let bound = bound.clone();
        Callback::from(move |_: MouseEvent| bound.set(chosen))
    };
    let on_wanted = {
        let wanted = wanted.clone();
        Callback::from(move |event: InputEvent| wanted.set(value_of(&event)))
    };
    let found = sections(*version, *bound, &wanted, &ui);
    let count: usize = found.iter().map(|(_, members)| members.len()).sum();
    let bounds = std::iter::once((None, key::PAGE_CONFORMANCE_ALL)).chain(Bound::ALL.map(|bound| (Some(bound), bound_name(bound))));
    html! {
        <main class="list conformance" id="main" tabindex="-1">
            <div class="list-head">
                <h1>{ ui.text(key::PAGE_CONFORMANCE_TITLE) }</h1>
                <p>{ ui.text(key::PAGE_CONFORMANCE_LEAD) }</p>
            </div>
            <div class="conformance-choices">
                <div class="segments" role="group" aria-label={ui.text(key::PAGE_CONFORMANCE_VERSION)}>
                    for one in VERSIONS {
                        <button type="button" aria-pressed={(one == *version).to_string()} onclick={choose_version(one)}>{ format!("MQTT {one}") }</button>
                    }
                </div>
                <div class="segments" role="group" aria-label={ui.text(key::PAGE_CONFORMANCE_BOUND)}>
                    for (one, name) in bounds {
                        <button type="button" aria-pressed={(one == *bound).to_string()} onclick={choose_bound(one)}>{ ui.text(name) }</button>
                    }
                </div>
                <label class="line conformance-search">
                    <span>{ ui.text(key::PAGE_CONFORMANCE_SEARCH) }</span>
                    <input type="text" value={(*wanted).clone()} oninput={on_wanted} spellcheck="false" autocapitalize="off" maxlength="100" />
                </label>
            </div>
            <p>{ summary(*version, &ui) }</p>
            <p class="quiet" role="status">{ ui.render(&key::PAGE_CONFORMANCE_FOUND.with("count", count)) }</p>
            for (section, members) in found {
                <section key={section}>
                    <h2>{ section_name(*version, section, &ui) }</h2>
                    <ul class="statements">
                        for statement in members {
                            <li key={statement.clause}>
                                <span class="statement-clause">
                                    <Clause clause={clause_of(statement)} />
                                    <span class="tag">{ ui.text(bound_name(statement.bound)) }</span>
                                </span>
                                <span class="statement-words">{ statement.words.get(ui.language) }</span>
                                <span class="statement-shown">{ shown(statement, &ui) }</span>
                            </li>
                        }
                    </ul>
                </section>
            }
        </main>
    }
}

/// The clause as links to the specification name it: the two use the same numbers.
fn clause_of(statement: &Statement) -> String {
    match statement.version {
        ProtocolVersion::V5 => statement.clause.to_owned(),
        ProtocolVersion::V311 => format!("3.1.1 {}", statement.clause),
    }
}
