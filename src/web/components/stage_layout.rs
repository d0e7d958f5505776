//! Where the nodes of the stage stand.

use super::lanes::sides;
use crate::trace::{NodeId, NodeKind};
use crate::view::StageNode;
use crate::web::hooks::Size;

/// A node's place: its middle and its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) node: NodeId,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Places of all nodes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    places: Vec<Place>,
    broker: Place,
}

impl Layout {
    /// Places the nodes in a box of this size: sources left, the broker in the middle, readers right.
    pub(crate) fn new(nodes: &[StageNode], size: Size) -> Self {
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let kinds: Vec<(NodeId, NodeKind)> = nodes.iter().map(|node| (node.node, node.kind)).collect();
        let (left, right) = sides(&kinds);
        let is_narrow = width < 520.0;
        let card_width = if is_narrow { 86.0 } else { 128.0 };
        let broker_height = if is_narrow { 76.0 } else { 92.0_f64 }.min(height - 16.0);
        let broker_width = if is_narrow { 80.0 } else { 112.0 };
        let margin = if is_narrow { 8.0 } else { (width * 0.035).clamp(12.0, 120.0) };
        // Opposite a single client it takes the other side.
        let x = if right.is_empty() && !left.is_empty() { width - margin - broker_width / 2.0 } else { width / 2.0 };
        let broker = Place { node: NodeId::BROKER, x, y: height / 2.0, width: broker_width, height: broker_height };
        let mut places = vec![broker];
        for (side, x) in [(left, margin + card_width / 2.0), (right, width - margin - card_width / 2.0)] {
            let slot = height / (side.len().max(1) as f64);
            let card_height = (slot - 10.0).clamp(26.0, 66.0);
            for (index, node) in side.into_iter().enumerate() {
                places.push(Place { node, x, y: slot * (index as f64 + 0.5), width: card_width, height: card_height });
            }
        }
        Self { places, broker }
    }

    /// The place of a node.
    pub(crate) fn place(&self, node: NodeId) -> Option<&Place> {
        self.places.iter().find(|place| place.node == node)
    }

    /// Both ends of the path between a client and the broker: at the client's edge, at the broker's edge.
    pub(crate) fn path(&self, client: NodeId) -> Option<((f64, f64), (f64, f64))> {
        let place = self.place(client)?;
        let toward = if place.x < self.broker.x { 1.0 } else { -1.0 };
        // Paths fan out along the broker's edge, so that they do not meet in one point.
        let spread = ((place.y - self.broker.y) * 0.35).clamp(-self.broker.height * 0.3, self.broker.height * 0.3);
        Some(((place.x + toward * place.width / 2.0, place.y), (self.broker.x - toward * self.broker.width / 2.0, self.broker.y + spread)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::key;

    #[test]
    fn nodes_stay_inside_the_stage_and_apart() {
        let node = |id, kind| StageNode { node: NodeId(id), name: String::new(), kind, powered: true, status: key::APP_NAME.message() };
        let nodes: Vec<StageNode> =
            std::iter::once(node(0, NodeKind::Broker)).chain((1..=5).map(|id| node(id, NodeKind::Sensor))).collect();
        for (width, height) in [(344, 160), (700, 210), (1_200, 300)] {
            let layout = Layout::new(&nodes, Size { width, height });
            for place in &layout.places {
                assert!(place.x - place.width / 2.0 >= 0.0 && place.x + place.width / 2.0 <= f64::from(width), "{place:?}");
                assert!(place.y - place.height / 2.0 >= 0.0 && place.y + place.height / 2.0 <= f64::from(height), "{place:?}");
            }
            for (index, one) in layout.places.iter().enumerate() {
                for other in &layout.places[index + 1..] {
                    let apart = (one.x - other.x).abs() >= (one.width + other.width) / 2.0
                        || (one.y - other.y).abs() >= (one.height + other.height) / 2.0;
                    assert!(apart, "{one:?} {other:?}");
                }
            }
        }
    }
}
