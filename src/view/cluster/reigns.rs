//! Who led, and when: two at one time are seen at a glance in the diagram of time.

use glassbase_trace::parts::ClusterState;
use glassbase_trace::parts::cluster::NodeHead;
use glassbase_trace::{Event, NodeId, NodeStatus};

/// Reigns that are remembered.
const REIGNS_MAX: usize = 256;

#[derive(Clone, Debug, PartialEq)]
pub struct Reign {
    pub node: NodeId,
    pub term: u64,
    pub from_ns: u64,
    pub until_ns: Option<u64>,
}

/// Those who lead in a state that is taken as a whole.
pub fn of_state(cluster: &ClusterState, ns: u64) -> Vec<Reign> {
    let crowned = super::words::numbered(cluster).filter(|(_, node)| leads(&node.detail.head));
    crowned.map(|(node, state)| Reign { node, term: state.detail.head.term, from_ns: ns, until_ns: None }).collect()
}

/// A crown says who decides. A node of a single decree has one once it knows what was decided, and leads nobody.
fn leads(head: &NodeHead) -> bool {
    head.crowned && !head.role.contains("proposer") && !head.role.contains("acceptor") && !head.role.contains("learner")
}

/// Whether an event can begin or end a reign.
pub fn concerns(event: &Event) -> bool {
    matches!(event, Event::NodeChanged { .. } | Event::NodeStatusChanged { status: NodeStatus::Down, .. })
}

/// Goes on by one event.
pub fn apply(reigns: &mut Vec<Reign>, event: &Event, ns: u64) {
    let (node, term) = match event {
        Event::NodeChanged { node, head } => (*node, leads(head).then_some(head.term)),
        Event::NodeStatusChanged { node, status: NodeStatus::Down, .. } => (*node, None),
        _ => return,
    };
    let open = reigns.iter_mut().rev().find(|reign| reign.node == node && reign.until_ns.is_none());
    match open {
        Some(reign) if term == Some(reign.term) => return,
        Some(reign) => reign.until_ns = Some(ns),
        None => {}
    }
    if let Some(term) = term {
        if reigns.len() == REIGNS_MAX {
            reigns.remove(0);
        }
        reigns.push(Reign { node, term, from_ns: ns, until_ns: None });
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn a_reign_ends_with_its_term_its_crown_or_its_node() {
        let mut reigns = Vec::new();
        let mut tell = |node, crowned, term, ns| {
            let head = NodeHead { crowned, term, ..NodeHead::default() };
            apply(&mut reigns, &Event::NodeChanged { node: NodeId(node), head: Rc::new(head) }, ns);
        };
        tell(1, true, 2, 10);
        tell(1, true, 2, 11);
        tell(2, true, 3, 20);
        tell(1, false, 3, 25);
        tell(2, true, 4, 30);
        let down = NodeStatus::Down;
        let event = Event::NodeStatusChanged { node: NodeId(2), status: down, ahead_ns: 0, behind_ns: 0 };
        apply(&mut reigns, &event, 40);
        let spans: Vec<_> =
            reigns.iter().map(|reign| (reign.node.0, reign.term, reign.from_ns, reign.until_ns)).collect();
        assert_eq!(spans, [(1, 2, 10, Some(25)), (2, 3, 20, Some(30)), (2, 4, 30, Some(40))]);
    }
}
