//! Which protocol a lab runs: its settings, and the orders that it takes beside what clients ask.

pub mod raft;

use std::rc::Rc;

use super::machine::ClusterLab;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::values::Values;
use crate::replication::Protocol;
use crate::replication::cluster::{Options, Promise};
use crate::sim::Cx;

/// The protocol of a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Raft,
}

impl Kind {
    /// The name of its lab.
    pub fn lab(self) -> &'static str {
        match self {
            Kind::Raft => "raft",
        }
    }

    pub fn protocol(self, values: &Values) -> Rc<dyn Protocol> {
        match self {
            Kind::Raft => Rc::new(raft::options(values)),
        }
    }

    /// Whether it has a setting `members`: nodes beyond them wait to be added.
    pub fn has_members(self) -> bool {
        self == Kind::Raft
    }

    /// What else the lab's settings change about the cluster.
    pub fn adjust(self, _values: &Values, _options: &mut Options) {}

    /// What the protocol promises, unless its settings break it.
    pub fn promises(self) -> &'static [Promise] {
        match self {
            Kind::Raft => &[Promise::Linearizable],
        }
    }

    /// Carries out a command of its own.
    pub fn order(self, lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        match self {
            Kind::Raft => raft::order(lab, cx, call),
        }
    }
}
