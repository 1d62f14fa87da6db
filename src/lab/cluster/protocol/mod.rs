//! Which protocol a lab runs: its settings, and the orders that it takes beside what clients ask.

pub mod cap;
pub mod clocks;
pub mod leader_follower;
pub mod multi_leader;
pub mod paxos;
pub mod quorum;
pub mod raft;

use std::rc::Rc;

use super::machine::ClusterLab;
use crate::lab::LabInfo;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::transactions;
use crate::lab::values::Values;
use crate::replication::Protocol;
use crate::replication::cluster::{Options, Promise};
use crate::sim::Cx;

/// The protocol of a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Consistency against availability.
    Cap,
    LeaderFollower,
    MultiLeader,
    Quorum,
    Raft,
    Paxos,
    Clocks,
    /// Transactions across shards.
    Transactions,
}

impl Kind {
    pub fn lab(self) -> &'static LabInfo {
        match self {
            Kind::Cap => &super::CAP,
            Kind::LeaderFollower => &super::LEADER_FOLLOWER,
            Kind::MultiLeader => &super::MULTI_LEADER,
            Kind::Quorum => &super::QUORUM,
            Kind::Raft => &super::RAFT,
            Kind::Paxos => &super::PAXOS,
            Kind::Clocks => &super::CLOCKS,
            Kind::Transactions => &transactions::TRANSACTIONS,
        }
    }

    pub fn protocol(self, values: &Values) -> Rc<dyn Protocol> {
        match self {
            Kind::Cap => cap::protocol(values),
            Kind::LeaderFollower => Rc::new(leader_follower::options(values)),
            Kind::MultiLeader => Rc::new(multi_leader::options(values)),
            Kind::Quorum => Rc::new(quorum::options(values)),
            Kind::Raft => Rc::new(raft::options(values)),
            Kind::Paxos => Rc::new(paxos::options(values)),
            Kind::Clocks => Rc::new(clocks::options(values)),
            Kind::Transactions => transactions::protocol(values),
        }
    }

    /// Whether it has a setting `members`: nodes beyond them wait to be added.
    pub fn has_members(self) -> bool {
        self == Kind::Raft
    }

    /// What else the lab's settings change about the cluster.
    pub fn adjust(self, values: &Values, options: &mut Options) {
        if self == Kind::Clocks {
            options.uncertainty_ns = values.duration_ns("uncertainty");
        }
    }

    /// How old a value may be that a bounded read gives.
    pub fn staleness_ns(self, values: &Values) -> u64 {
        if self == Kind::LeaderFollower { values.duration_ns("staleness") } else { 0 }
    }

    /// What is checked when nobody says what: what the protocol promises, or is known for not to.
    pub fn promises(self) -> &'static [Promise] {
        match self {
            Kind::Cap => &[Promise::Linearizable, Promise::Money, Promise::Convergence],
            Kind::LeaderFollower => &[Promise::Sessions, Promise::Linearizable],
            Kind::MultiLeader => &[Promise::Convergence, Promise::Sessions],
            Kind::Quorum => &[Promise::Regular, Promise::Convergence],
            Kind::Raft | Kind::Paxos | Kind::Clocks => &[Promise::Linearizable],
            // Its own checker looks at the accounts.
            Kind::Transactions => &[],
        }
    }

    /// Carries out a command of its own.
    pub fn order(self, lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
        match self {
            Kind::Raft => raft::order(lab, cx, call),
            Kind::Paxos => paxos::order(lab, cx, call),
            Kind::LeaderFollower => leader_follower::order(lab, cx, call),
            Kind::Transactions => transactions::order(lab, cx, call),
            Kind::Cap | Kind::MultiLeader | Kind::Quorum | Kind::Clocks => {
                debug_assert!(false, "command {} is declared but not known", call.info.name);
                Ok(String::new())
            }
        }
    }
}
