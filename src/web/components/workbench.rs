//! The workbench: lesson, stage, sequence, side panel and transport bar around one run.

use yew::prelude::*;

use super::controls::Controls;
use super::icon::{Glyph, Icon};
use super::lesson_pane::LessonPane;
use super::live_page::LivePane;
use super::packet_list::PacketListing;
use super::packet_panel::PacketPanel;
use super::sequence::SequenceDiagram;
use super::sequence_table::SequenceTable;
use super::session_inspector::SessionInspector;
use super::stage::StageView;
use super::tabs::{Tab, Tabs};
use super::transport_bar::TransportBar;
use crate::playground::Screen;
use crate::text::{Key, key};
use crate::trace::{NodeId, RecordId};
use crate::web::i18n::use_ui;
use crate::web::state::{MainTab, Msg, Pane, SideTab};

#[derive(Properties, PartialEq)]
pub(crate) struct WorkbenchProps {
    pub(crate) screen: Screen,
    pub(crate) pane: Pane,
    pub(crate) side: SideTab,
    pub(crate) main: MainTab,
    pub(crate) target: NodeId,
}

const MAIN_TABS: [(MainTab, &str, Key); 3] = [
    (MainTab::Sequence, "tab-sequence", key::PAGE_TAB_SEQUENCE),
    (MainTab::Table, "tab-table", key::PAGE_TAB_TABLE),
    (MainTab::Packets, "tab-packets", key::PAGE_TAB_PACKETS),
];

const SIDE_TABS: [(SideTab, &str, Key); 3] = [
    (SideTab::Packet, "tab-packet", key::PAGE_TAB_PACKET),
    (SideTab::State, "tab-state", key::PAGE_TAB_STATE),
    (SideTab::Controls, "tab-controls", key::PAGE_TAB_CONTROLS),
];

/// Everything about one run. On a wide screen all parts stand side by side; on a small one `pane` says which is shown.
#[component]
pub(crate) fn Workbench(props: &WorkbenchProps) -> Html {
    let ui = use_ui();
    let WorkbenchProps { screen, pane, side, main, target } = props;
    let main_tabs: Vec<Tab> = MAIN_TABS.iter().map(|(_, id, name)| Tab { id, name: ui.text(*name) }).collect();
    let side_tabs: Vec<Tab> = SIDE_TABS.iter().map(|(_, id, name)| Tab { id, name: ui.text(*name) }).collect();
    let main_index = MAIN_TABS.iter().position(|(tab, ..)| tab == main).unwrap_or(0);
    let side_index = SIDE_TABS.iter().position(|(tab, ..)| tab == side).unwrap_or(0);
    let on_main = {
        let ui = ui.clone();
        Callback::from(move |index: usize| MAIN_TABS.get(index).into_iter().for_each(|(tab, ..)| ui.say(Msg::Main(*tab))))
    };
    let on_side = {
        let ui = ui.clone();
        Callback::from(move |index: usize| SIDE_TABS.get(index).into_iter().for_each(|(tab, ..)| ui.say(Msg::Show(Pane::Side(*tab)))))
    };
    let selected = screen.selection.as_ref().map(|selection| selection.packet.record);
    let shown = match pane {
        Pane::Lesson => "show-lesson",
        Pane::Run => "show-run",
        Pane::Side(_) => "show-side",
    };
    let title =
        screen.lesson.as_ref().map_or_else(|| ui.text(key::PAGE_LIVE_TITLE), |lesson| lesson.lesson.text.get(ui.language).title.clone());
    let main_id = MAIN_TABS[main_index].1;
    let side_id = SIDE_TABS[side_index].1;
    html! {
        <>
            <main class={classes!("bench", shown)} id="main" tabindex="-1">
                <h1 class="unseen">{ title }</h1>
                <section class="pane pane-lesson" aria-label={ui.text(if screen.live { key::PAGE_PANE_LIVE } else { key::PAGE_PANE_LESSON })}>
                    if let Some(lesson) = &screen.lesson {
                        <LessonPane lesson={lesson.clone()} />
                    } else {
                        <LivePane clients={screen.clients.clone()} />
                    }
                </section>
                <section class="pane pane-run" aria-label={ui.text(key::PAGE_PANE_RUN)}>
                    <StageView stage={screen.stage.clone()} target={(*side == SideTab::Controls).then_some(*target)} {selected} />
                    <div class="run-views">
                        <Tabs label={ui.text(key::PAGE_TABS_MAIN)} tabs={main_tabs} selected={main_index} onselect={on_main} />
                        <div class="run-panel" role="tabpanel" id={format!("{main_id}-panel")} aria-labelledby={main_id}>
                            { match main {
                                MainTab::Sequence => html! {
                                    <SequenceDiagram
                                        nodes={screen.nodes.clone()}
                                        packets={screen.packets.clone()}
                                        items={screen.sequence.clone()}
                                        records={screen.transport.records}
                                        shown={*pane == Pane::Run}
                                        playing={screen.transport.playing || screen.live}
                                        {selected}
                                    />
                                },
                                MainTab::Table => html! {
                                    <SequenceTable
                                        nodes={screen.nodes.clone()}
                                        packets={screen.packets.clone()}
                                        items={screen.sequence.clone()}
                                        records={screen.transport.records}
                                        {selected}
                                    />
                                },
                                MainTab::Packets => html! {
                                    <PacketListing nodes={screen.nodes.clone()} packets={screen.packets.clone()} {selected} />
                                },
                            } }
                        </div>
                        if let Some(selection) = &screen.selection {
                            <button type="button" class="peek" onclick={ui.on(|| Msg::Show(Pane::Side(SideTab::Packet)))}>
                                <Icon glyph={Glyph::Bytes} />
                                <span>{ ui.render(&key::PAGE_PEEK.with("packet", selection.packet.packet_type.name()).with("bytes", selection.packet.bytes.len())) }</span>
                                <Icon glyph={Glyph::Arrow} />
                            </button>
                        }
                    </div>
                </section>
                <section class="pane pane-side" aria-label={ui.text(key::PAGE_PANE_SIDE)}>
                    <Tabs label={ui.text(key::PAGE_TABS_SIDE)} tabs={side_tabs} selected={side_index} onselect={on_side} />
                    <div class="side-panel" role="tabpanel" id={format!("{side_id}-panel")} aria-labelledby={side_id} tabindex="0">
                        { match side {
                            SideTab::Packet => html! { <PacketPanel selection={screen.selection.clone()} nodes={screen.nodes.clone()} records={screen.transport.records} /> },
                            SideTab::State => html! { <SessionInspector report={screen.sessions.clone()} /> },
                            SideTab::Controls => html! {
                                <Controls
                                    clients={screen.clients.clone()}
                                    stage={screen.stage.clone()}
                                    packets={screen.packets.clone()}
                                    target={*target}
                                    live={screen.live}
                                />
                            },
                        } }
                    </div>
                </section>
            </main>
            <footer class="foot">
                <TransportBar transport={screen.transport.clone()} live={screen.live} />
                <PaneSwitch pane={*pane} live={screen.live} {selected} />
            </footer>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PaneSwitchProps {
    pane: Pane,
    live: bool,
    selected: Option<RecordId>,
}

/// On a small screen: which part is shown.
#[component]
fn PaneSwitch(PaneSwitchProps { pane, live, selected }: &PaneSwitchProps) -> Html {
    let ui = use_ui();
    let lesson = if *live { key::PAGE_PANE_LIVE } else { key::PAGE_PANE_LESSON };
    let entries = [
        (Pane::Lesson, Glyph::Lesson, lesson),
        (Pane::Run, Glyph::Sequence, key::PAGE_TAB_SEQUENCE),
        (Pane::Side(SideTab::Packet), Glyph::Bytes, key::PAGE_TAB_PACKET),
        (Pane::Side(SideTab::State), Glyph::State, key::PAGE_TAB_STATE),
        (Pane::Side(SideTab::Controls), Glyph::Hand, key::PAGE_TAB_CONTROLS),
    ];
    // A packet that was selected and not looked at yet leaves a mark at the way to it.
    let seen = use_mut_ref(|| None);
    if *pane == Pane::Side(SideTab::Packet) || selected.is_none() {
        seen.replace(*selected);
    }
    let is_new = *selected != *seen.borrow();
    html! {
        <nav class="switch" aria-label={ui.text(key::PAGE_SWITCH)}>
            for (target, glyph, name) in entries {
                <button
                    type="button"
                    class={classes!((is_new && target == Pane::Side(SideTab::Packet)).then_some("new"))}
                    aria-current={(target == *pane).then_some("true")}
                    onclick={ui.on(move || Msg::Show(target))}
                >
                    <Icon {glyph} /><span>{ ui.text(name) }</span>
                </button>
            }
        </nav>
    }
}
