//! The protocols that a cluster can run: each one's settings are what makes its nodes.

use std::any::Any;

use super::options::{Protocol, Watch};
use crate::node::Node;
use crate::raft;
use glassbase_trace::NodeId;

impl Protocol for raft::Options {
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node> {
        raft::node(me, members, self)
    }

    fn watch(&self) -> Option<Box<dyn Watch>> {
        Some(Box::new(raft::safety::Watch::new()))
    }

    fn check(&self, _nodes: u16) -> Result<(), String> {
        raft::Options::check(self)
    }
}

impl Watch for raft::safety::Watch {
    fn after(&mut self, node: NodeId, state: &dyn Any) -> Result<(), String> {
        match state.downcast_ref::<raft::Raft>() {
            Some(raft) => self.look(node, raft).map_err(|violation| violation.to_string()),
            None => Ok(()),
        }
    }

    fn crashed(&mut self, node: NodeId) {
        self.forget(node);
    }

    fn clone_box(&self) -> Box<dyn Watch> {
        Box::new(self.clone())
    }
}
