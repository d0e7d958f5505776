//! The playground: what the page is without a page. Actions go in, a [`Screen`] comes out.

mod action;
mod clock;
mod compare;
mod draft;
mod live;
mod progress;
mod run;
mod screen;
#[cfg(test)]
mod tests;
mod transport;
mod until;
mod views;

pub use action::{Action, LiveInput, Speed};
pub use draft::{NotAValue, PropertiesDraft};
pub use screen::{
    BranchRow, ClientRow, ComparisonScreen, FieldRow, LessonScreen, PredictionState, Screen, Selection, TimelineMark, Transport,
    UsualMessage,
};
pub use until::{Occurrence, Until};

use std::rc::Rc;

use crate::client::ClientConfig;
use crate::export::Format;
use crate::lesson::{Lesson, catalog, judge};
use crate::session::Transmit;
use crate::sim::{BranchId, Command, Cursor};
use crate::text::{Message, key};
use crate::time::{Duration, Instant};
use crate::trace::{Event, Node, RecordId, Trace};
use crate::view::SessionReport;
use clock::Clock;
use compare::Compared;
use live::Live;
use progress::Progress;
use run::{Run, Search};
use screen::client_rows;
use views::{Source, Views};

/// While time runs, goals are judged this often: judging reads the whole visible run.
const JUDGE_EVERY: Duration = Duration::from_millis(250);

/// Everything behind the page.
#[derive(Debug)]
pub struct Playground {
    engine: Engine,
    clock: Clock,
    progress: Option<Progress>,
    selected: Option<RecordId>,
    field: Option<usize>,
    views: Views,
    compared: Compared,
    /// Counts the runs started here, so that views know a new one.
    runs: u64,
    /// What the goals were last judged on, and the real time since then.
    judged: Option<(Source, usize, bool)>,
    since_judged: Duration,
    transport: views::Kept<Transport, Transport>,
    lesson_screen: views::Kept<LessonScreen, LessonScreen>,
}

#[derive(Debug)]
enum Engine {
    Run(Box<Run>),
    Live(Box<Live>),
}

impl Playground {
    /// Opens the lesson with this slug, paused at its start.
    ///
    /// # Errors
    /// There is no such lesson.
    pub fn open_lesson(slug: &str) -> Result<Self, Message> {
        let lesson = catalog().iter().find(|lesson| lesson.slug == slug);
        lesson.map(Self::with_lesson).ok_or_else(|| key::PLAYGROUND_NO_SUCH_LESSON.with("slug", slug))
    }

    /// Opens a lesson that need not be in the catalog, paused at its start.
    #[must_use]
    pub fn with_lesson(lesson: &Lesson) -> Self {
        let run = Run::new(&lesson.scenario, lesson.scenario.seed, Vec::new());
        Self::new(Engine::Run(Box::new(run)), Some(Progress::new(lesson)))
    }

    /// A client and a real broker: nothing is simulated, `LiveInput` feeds it. `url` is for display only and never carries credentials.
    ///
    /// # Errors
    /// None so far; settings that make no legal CONNECT show when the client connects.
    pub fn open_live(config: ClientConfig, url: &str) -> Result<Self, Message> {
        Ok(Self::new(Engine::Live(Box::new(Live::new(config, url))), None))
    }

    fn new(engine: Engine, progress: Option<Progress>) -> Self {
        Self {
            engine,
            clock: Clock::new(),
            progress,
            selected: None,
            field: None,
            views: Views::default(),
            compared: Compared::default(),
            runs: 0,
            judged: None,
            since_judged: Duration::ZERO,
            transport: views::Kept::default(),
            lesson_screen: views::Kept::default(),
        }
    }

    /// Carries out an action. A mistake leaves everything as it was and says what to do.
    ///
    /// # Errors
    /// The action makes no sense now, in words for the learner.
    pub fn apply(&mut self, action: Action) -> Result<(), Message> {
        match action {
            Action::Select(record) => self.select(record),
            Action::SelectField(field) => self.select_field(field),
            Action::SelectNamed(index) => self.select_named(index),
            Action::TurnToStep(step) => self.lesson_progress()?.turn_to(step),
            Action::Predict { prediction, option } => self.lesson_progress()?.predict(prediction, option),
            Action::RevealHint => self.lesson_progress()?.reveal_hint(),
            Action::Check => {
                self.lesson_progress()?.checked = true;
                self.judge_goals();
                Ok(())
            }
            Action::ShowSolution => {
                let progress = self.lesson_progress()?;
                let script = progress.lesson.solution.commands.clone();
                self.start_anew(script, true);
                self.clock.playing = true;
                Ok(())
            }
            Action::Restart => {
                self.lesson_progress()?;
                self.start_anew(Vec::new(), false);
                Ok(())
            }
            Action::Do(command) => self.carry_out(command),
            Action::Live(input) => match &mut self.engine {
                Engine::Live(live) => {
                    live.handle_input(input);
                    Ok(())
                }
                Engine::Run(_) => Err(key::PLAYGROUND_ONLY_LIVE.message()),
            },
            Action::NameBranch { branch, name } => self.name_branch(branch, &name),
            Action::ShowComparison(shown) => {
                self.compared.shown = shown;
                Ok(())
            }
            Action::Compare(first, second) => self.compare(first, second),
            Action::Tick { elapsed } => self.tick(elapsed),
            moves => self.navigate(moves),
        }
    }

    fn lesson_progress(&mut self) -> Result<&mut Progress, Message> {
        self.progress.as_mut().ok_or_else(|| key::PLAYGROUND_ONLY_IN_LESSON.message())
    }

    fn start_anew(&mut self, script: Vec<(Instant, Command)>, showing_solution: bool) {
        let Some(progress) = &mut self.progress else { return };
        progress.start_anew(showing_solution);
        let scenario = &progress.lesson.scenario;
        self.engine = Engine::Run(Box::new(Run::new(scenario, scenario.seed, script)));
        self.runs += 1;
        self.clock.playing = false;
        self.selected = None;
        self.field = None;
        self.judged = None;
        self.compared.pair = None;
    }

    fn carry_out(&mut self, command: Command) -> Result<(), Message> {
        match &mut self.engine {
            Engine::Live(live) => live.apply(&command),
            Engine::Run(run) => {
                let before = run.history.branches().len();
                run.apply(command)?;
                if run.history.branches().len() > before {
                    self.compared.pair = None;
                }
                if let Some(progress) = &mut self.progress {
                    progress.showing_solution = false;
                }
                Ok(())
            }
        }
    }

    // ---- selection ----

    fn select(&mut self, record: Option<RecordId>) -> Result<(), Message> {
        let Some(record) = record else {
            self.selected = None;
            self.field = None;
            return Ok(());
        };
        let (source, trace) = (self.source(), self.engine.trace());
        self.views.follow(source, trace);
        // An arrival stands for the packet that arrived.
        let packet = match trace.get(record).map(|found| &found.event) {
            Some(Event::PacketReceived { sent: Some(sent), .. } | Event::PacketLost { sent, .. }) => *sent,
            _ => record,
        };
        if self.views.packets.index_of(packet).is_none() {
            return Err(key::PLAYGROUND_NO_SUCH_PACKET.message());
        }
        if self.selected != Some(packet) {
            self.field = None;
        }
        self.selected = Some(packet);
        Ok(())
    }

    fn select_field(&mut self, field: Option<usize>) -> Result<(), Message> {
        let selected = self.selected.ok_or_else(|| key::PLAYGROUND_NO_SELECTION.message())?;
        if let Some(wanted) = field {
            let (source, cursor) = (self.source(), self.engine.cursor());
            self.views.follow(source, self.engine.trace());
            let selection = self.views.selection(selected, self.field, self.engine.trace(), cursor.records);
            if selection.is_none_or(|selection| wanted >= selection.fields.len()) {
                return Err(key::PLAYGROUND_NO_SUCH_FIELD.message());
            }
        }
        self.field = field;
        Ok(())
    }

    fn select_named(&mut self, index: usize) -> Result<(), Message> {
        let progress = self.progress.as_ref().ok_or_else(|| key::PLAYGROUND_ONLY_IN_LESSON.message())?;
        let named = progress.lesson.packets.get(index).cloned().ok_or_else(|| key::PLAYGROUND_NO_SUCH_PACKET.message())?;
        let until = Instant::ZERO + progress.lesson.until;
        let Engine::Run(run) = &mut self.engine else { return Err(key::PLAYGROUND_ONLY_IN_LESSON.message()) };
        let record = match run.go_to(until, |trace| named.find(trace.nodes(), trace.records()))? {
            Search::Found(record) => record,
            Search::Nowhere => return Err(key::PLAYGROUND_NOT_YET.message()),
            Search::GaveUp => return Err(key::PLAYGROUND_TOO_FAR.message()),
        };
        self.clock.playing = false;
        self.select(Some(record))
    }

    // ---- judging ----

    fn lesson_end(&self) -> Option<Instant> {
        self.progress.as_ref().map(|progress| Instant::ZERO + progress.lesson.until)
    }

    /// Whether what did not happen up to the cursor will not happen any more within the lesson.
    fn is_complete(&self) -> bool {
        let is_over = match &self.engine {
            Engine::Run(run) => run.history.is_over(),
            Engine::Live(_) => false,
        };
        let cursor = self.engine.cursor();
        // At the very time of the end, all that happens then has to be visible, too.
        let next = self.engine.trace().records().get(cursor.records);
        let is_past = |end: Instant| cursor.at >= end && next.is_none_or(|next| next.at > end);
        is_over || self.lesson_end().is_some_and(is_past)
    }

    fn judge_goals(&mut self) {
        let cursor = self.engine.cursor();
        let wanted = (self.source(), cursor.records, self.is_complete());
        self.since_judged = Duration::ZERO;
        if self.judged == Some(wanted) {
            return;
        }
        self.judged = Some(wanted);
        let trace = self.engine.trace();
        let visible = trace.records().get(..cursor.records).unwrap_or_default();
        if let Some(progress) = &mut self.progress {
            progress.goals = judge(&progress.lesson, trace.nodes(), visible, wanted.2);
        }
    }

    // ---- what comes out ----

    fn source(&self) -> Source {
        let branch = match &self.engine {
            Engine::Run(run) => run.history.branch(),
            Engine::Live(_) => BranchId(0),
        };
        (self.runs, branch)
    }

    /// What the page shows now. Parts that did not change are the same `Rc`.
    pub fn screen(&mut self) -> Screen {
        let is_busy = matches!(&self.engine, Engine::Run(run) if run.target.is_some() || run.pursuit.is_some());
        if self.progress.is_some() && (!(self.clock.playing || is_busy) || self.since_judged >= JUDGE_EVERY) {
            self.judge_goals();
        }
        let (source, cursor) = (self.source(), self.engine.cursor());
        self.views.follow(source, self.engine.trace());
        let views = &mut self.views;
        let trace = self.engine.trace();
        let selection = self.selected.and_then(|record| views.selection(record, self.field, trace, cursor.records));
        let nodes = views.nodes.get((), || trace.nodes().to_vec());
        let stage = views.stage(trace, cursor);
        let (sessions, clients) = self.engine.state_parts(views, &nodes, cursor);
        let (announced, announcement) = views.announcement(cursor.records).unzip();
        let comparison = self.comparison();
        let mut transport = self.transport();
        transport.busy |= comparison.as_ref().is_some_and(|comparison| comparison.waiting);
        let lesson = self.progress.as_ref().map(Progress::screen);
        Screen {
            nodes,
            transport: self.transport.get(transport.clone(), || transport),
            stage,
            packets: self.views.rows(cursor.records),
            sequence: self.views.items(cursor.records),
            selection,
            sessions,
            clients,
            lesson: lesson.map(|lesson| self.lesson_screen.get(lesson.clone(), || lesson)),
            announcement,
            announced,
            comparison,
            live: matches!(self.engine, Engine::Live(_)),
        }
    }

    /// What a live client wants done on its WebSocket.
    pub fn poll_live(&mut self) -> Option<Transmit> {
        match &mut self.engine {
            Engine::Live(live) => live.poll_transmit(),
            Engine::Run(_) => None,
        }
    }

    /// When a live client wants [`LiveInput::Timeout`].
    #[must_use]
    pub fn live_timeout(&self) -> Option<Instant> {
        match &self.engine {
            Engine::Live(live) => live.client.poll_timeout(),
            Engine::Run(_) => None,
        }
    }

    /// The whole current branch as a file: `json`, `pcapng`. Returns its name and content.
    ///
    /// # Errors
    /// No such format.
    pub fn export(&self, format: &str) -> Result<(String, Vec<u8>), Message> {
        let found = Format::from_extension(format).ok_or_else(|| key::PLAYGROUND_NO_SUCH_FORMAT.with("format", format))?;
        let name = self.progress.as_ref().map_or("mqtt-playground-live", |progress| progress.lesson.slug.as_str());
        Ok((format!("{name}.{}", found.extension()), found.write(self.engine.trace())))
    }

    /// The trace of the current branch, also beyond the cursor.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        self.engine.trace()
    }
}

impl Engine {
    fn trace(&self) -> &Trace {
        match self {
            Self::Run(run) => run.trace(),
            Self::Live(live) => live.trace(),
        }
    }

    fn cursor(&self) -> Cursor {
        match self {
            Self::Run(run) => run.cursor(),
            Self::Live(live) => live.cursor(),
        }
    }

    /// The parts that show state rather than the trace.
    fn state_parts(&mut self, views: &mut Views, nodes: &[Node], cursor: Cursor) -> (Rc<SessionReport>, Rc<[ClientRow]>) {
        match self {
            Self::Run(run) => {
                let world = run.history.world();
                // The state changes only with a record: its place alone tells whether to look again.
                let key = (cursor.records, Instant::ZERO);
                let sessions = views.sessions.get(key, || SessionReport::of(world, nodes));
                let clients = views.clients.get(key, || client_rows(world, nodes));
                (sessions, clients)
            }
            Self::Live(live) => {
                let state = live.state();
                state.map(|state| (Rc::clone(&state.sessions), Rc::clone(&state.clients))).unwrap_or_default()
            }
        }
    }
}
