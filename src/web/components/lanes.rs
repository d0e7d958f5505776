//! The order in which nodes stand side by side: devices that measure left, the broker in the middle, who reads right.

use crate::trace::{Node, NodeId, NodeKind};

/// Whether such a node stands left of the broker when there is a choice.
pub(crate) const fn is_source(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::Sensor | NodeKind::Actuator)
}

/// Nodes left and right of the broker. If all are of one sort, the first half stands left.
pub(crate) fn sides(nodes: &[(NodeId, NodeKind)]) -> (Vec<NodeId>, Vec<NodeId>) {
    let clients: Vec<_> = nodes.iter().filter(|(_, kind)| *kind != NodeKind::Broker).copied().collect();
    let (left, right): (Vec<_>, Vec<_>) = clients.iter().copied().partition(|(_, kind)| is_source(*kind));
    let ids = |them: &[(NodeId, NodeKind)]| them.iter().map(|(id, _)| *id).collect();
    if left.is_empty() || right.is_empty() {
        let (left, right) = clients.split_at(clients.len().div_ceil(2));
        (ids(left), ids(right))
    } else {
        (ids(&left), ids(&right))
    }
}

/// All nodes from left to right, with their names.
pub(crate) fn lanes(nodes: &[Node]) -> Vec<(NodeId, String)> {
    let kinds: Vec<(NodeId, NodeKind)> = (0..).map(NodeId).zip(nodes.iter().map(|node| node.kind)).collect();
    let (left, right) = sides(&kinds);
    let broker = kinds.iter().filter(|(_, kind)| *kind == NodeKind::Broker).map(|(id, _)| *id);
    let order = left.into_iter().chain(broker).chain(right);
    order.filter_map(|id| nodes.get(id.0 as usize).map(|node| (id, node.name.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, kind: NodeKind) -> Node {
        Node { name: name.to_owned(), version: None, kind }
    }

    #[test]
    fn the_broker_stands_between_sources_and_readers() {
        let nodes = [
            node("broker", NodeKind::Broker),
            node("app", NodeKind::App),
            node("sensor", NodeKind::Sensor),
            node("screen", NodeKind::Dashboard),
        ];
        let names: Vec<String> = lanes(&nodes).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["sensor", "broker", "app", "screen"]);
    }

    #[test]
    fn nodes_of_one_sort_share_both_sides() {
        let nodes = [node("broker", NodeKind::Broker), node("a", NodeKind::App), node("b", NodeKind::App)];
        let names: Vec<String> = lanes(&nodes).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["a", "broker", "b"]);
    }
}
