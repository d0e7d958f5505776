//! What the page shows, as plain data.

use std::rc::Rc;

use crate::client::{Acknowledges, Client, ClientState};
use crate::lesson::{GoalResult, Lesson};
use crate::link::Conditions;
use crate::packet::{Field, PacketType, ProtocolVersion, QoS, ReasonCode};
use crate::sim::{BranchId, Device, World};
use crate::text::Message;
use crate::time::Instant;
use crate::trace::{Node, NodeId, RecordId};
use crate::view::{Comparison, MarkKind, PacketRow, SequenceItem, SessionReport, Stage};

use super::Speed;

/// Everything that the page shows at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Screen {
    /// Who takes part, the broker first.
    pub nodes: Rc<[Node]>,
    /// The transport bar.
    pub transport: Rc<Transport>,
    /// The stage.
    pub stage: Rc<Stage>,
    /// Packets sent up to the cursor.
    pub packets: Rc<[PacketRow]>,
    /// Rows of the sequence diagram up to the cursor; packet indices refer to `packets`.
    pub sequence: Rc<[SequenceItem]>,
    /// The selected packet.
    pub selection: Option<Rc<Selection>>,
    /// Session State at the cursor.
    pub sessions: Rc<SessionReport>,
    /// What can be done to each client.
    pub clients: Rc<[ClientRow]>,
    /// The lesson; `None` on a live connection.
    pub lesson: Option<Rc<LessonScreen>>,
    /// The newest thing that happened, as one sentence for screen readers.
    pub announcement: Option<Message>,
    /// The record that the announcement is about: the same sentence twice is news if the record is another.
    pub announced: Option<RecordId>,
    /// Two branches side by side, if that is what the page shows and there are two.
    pub comparison: Option<Rc<ComparisonScreen>>,
    /// Whether this is a live connection to a real broker.
    pub live: bool,
}

/// The transport bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    /// Playing.
    pub playing: bool,
    /// A long way is still being computed: `Tick` goes on with it, also while paused.
    pub busy: bool,
    /// What it runs on for, if it runs until something happens.
    pub until: Option<Message>,
    /// The time of the cursor.
    pub at: Instant,
    /// How many records are visible.
    pub records: usize,
    /// The right end of the scrubber: the lesson's end, or the head if that is later.
    pub end: Instant,
    /// How far the run is computed.
    pub head: Instant,
    /// Whether a step back is possible.
    pub can_step_back: bool,
    /// Whether a step forward is possible.
    pub can_step_forward: bool,
    /// Speed.
    pub speed: Speed,
    /// The seed; `None` on a live connection.
    pub seed: Option<u64>,
    /// Marks on the scrubber, thinned to at most 200.
    pub marks: Vec<TimelineMark>,
    /// The branches, the original first.
    pub branches: Vec<BranchRow>,
    /// The current one.
    pub branch: BranchId,
}

/// A mark on the scrubber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineMark {
    /// When.
    pub at: Instant,
    /// A packet of this type, or `None` for something else.
    pub packet_type: Option<PacketType>,
    /// What kind, if it is no packet.
    pub kind: Option<MarkKind>,
}

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchRow {
    /// Its number.
    pub id: BranchId,
    /// Its name in words.
    pub name: Message,
    /// The name that the learner gave it; empty without one.
    pub own_name: String,
    /// When it left its parent, and by what.
    pub left: Option<(Instant, Message)>,
}

/// Two branches side by side, up to the time of the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparisonScreen {
    /// The branch on the left.
    pub first: BranchId,
    /// The branch on the right.
    pub second: BranchId,
    /// Whether one of them is still being computed up to the cursor; then there are no rows yet.
    pub waiting: bool,
    /// The first record that is not the same in both, and when it happens in the branch where it happens sooner.
    pub parted: Option<(RecordId, Instant)>,
    /// The rows.
    pub comparison: Comparison,
}

/// The selected packet, with one selection for all views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Its row.
    pub packet: PacketRow,
    /// All fields in pre-order, as in the dissection.
    pub fields: Vec<FieldRow>,
    /// What is wrong with it, if it is not legal.
    pub error: Option<Message>,
    /// Index of the selected field.
    pub field: Option<usize>,
    /// The record that led to it, if that is a packet too.
    pub caused_by: Option<RecordId>,
}

/// A field of the selected packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRow {
    /// The field.
    pub field: Field,
}

/// A client and what can be done to it at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// Which.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Power.
    pub powered: bool,
    /// Its path is cut.
    pub cut: bool,
    /// MQTT connected, as the client sees it.
    pub connected: bool,
    /// Its program hangs.
    pub frozen: bool,
    /// Conditions of its path.
    pub conditions: Conditions,
    /// Fault rules that have not struck yet.
    pub faults: usize,
    /// Its version.
    pub version: ProtocolVersion,
    /// What its first device publishes, if it has one.
    pub usual: Option<UsualMessage>,
    /// How many received messages wait for the learner's acknowledgement; `None` if the client acknowledges by itself.
    pub unacknowledged: Option<usize>,
    /// Whether it proves by AUTH who it is, and so can do it again.
    pub authenticates: bool,
    /// Why a broker outside refused the last CONNECT. In a simulation the broker itself tells it in the sequence.
    pub refused: Option<ReasonCode>,
}

/// A message as a device publishes it, without its payload, which varies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsualMessage {
    /// Topic Name.
    pub topic: String,
    /// QoS.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
}

/// The lesson pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonScreen {
    /// The lesson with all its texts.
    pub lesson: Rc<Lesson>,
    /// Index of the step shown.
    pub step: usize,
    /// One for each prediction.
    pub predictions: Vec<PredictionState>,
    /// One for each goal.
    pub goals: Vec<GoalResult>,
    /// Whether the learner has asked for a check, so that findings are shown.
    pub checked: bool,
    /// All goals met.
    pub solved: bool,
    /// Hints shown so far.
    pub hints_shown: usize,
    /// Whether the stored solution is what runs.
    pub showing_solution: bool,
}

/// An answered or open prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredictionState {
    /// Index of the chosen option.
    pub chosen: Option<usize>,
}

/// What can be done to each client of a simulated world.
pub(super) fn client_rows(world: &World, nodes: &[Node]) -> Vec<ClientRow> {
    let rows = (1..).zip(nodes.iter().skip(1)).filter_map(|(number, node)| {
        let found = world.client(NodeId(number))?;
        let spec = world.scenario().clients.get((number as usize).saturating_sub(1));
        Some(ClientRow {
            node: NodeId(number),
            name: node.name.clone(),
            powered: found.powered,
            cut: found.cut.is_some(),
            connected: found.client.state() == ClientState::Connected,
            frozen: found.frozen,
            conditions: found.conditions,
            faults: found.faults().count(),
            version: found.client.version(),
            usual: spec.and_then(|spec| spec.devices.first()).map(usual_message),
            unacknowledged: unacknowledged(&found.client),
            authenticates: found.client.config().authentication.is_some(),
            refused: None,
        })
    });
    rows.collect()
}

fn usual_message(device: &Device) -> UsualMessage {
    UsualMessage { topic: device.topic.as_str().to_owned(), qos: device.qos, retain: device.retain }
}

fn unacknowledged(client: &Client) -> Option<usize> {
    (client.config().acknowledges == Acknowledges::WhenTold).then(|| client.session().unacknowledged.len())
}

/// The one client of a live connection.
pub(super) fn live_client_rows(name: &str, client: &Client, refused: Option<ReasonCode>) -> Vec<ClientRow> {
    vec![ClientRow {
        node: NodeId(1),
        name: name.to_owned(),
        powered: true,
        cut: false,
        connected: client.state() == ClientState::Connected,
        frozen: false,
        conditions: Conditions::default(),
        faults: 0,
        version: client.version(),
        usual: None,
        unacknowledged: unacknowledged(client),
        authenticates: client.config().authentication.is_some(),
        refused,
    }]
}
