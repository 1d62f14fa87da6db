//! How leaders are set up.

use super::super::cluster::Protocol;
use super::super::node::Node;
use glassbase_history::convergence::Kept;
use glassbase_trace::NodeId;

/// Who sends changes to whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Topology {
    /// Everybody to everybody.
    #[default]
    AllToAll,
    /// Everybody to the next one, which passes it on.
    Ring,
    /// By way of the first member.
    Star,
}

/// What is read where values were written without knowledge of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resolution {
    /// The one with the latest stamp, by the clocks that the leaders have.
    #[default]
    LastWriteWins,
    /// All of them: the client chooses, and what it writes next replaces what it has seen.
    Siblings,
    /// Values that merge ([`super::crdt`]); whole values by stamp.
    Merge,
    Rule(Rule),
}

/// A rule that chooses one of several values; of those that are equal by it, the one with the latest stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The greatest: as numbers if both are, or by their bytes.
    Max,
    Longest,
    /// What this leader wrote.
    Leader(NodeId),
}

/// Settings. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The first so many members take writes. 0: all do.
    pub leaders: u16,
    pub topology: Topology,
    pub resolution: Resolution,
    /// How long a leader gathers changes before it sends them. 0: it sends each at once.
    pub gather_ns: u64,
    /// How often nodes tell their neighbours what they have, so that what was lost is sent again.
    pub exchange_ns: u64,
    /// How many changes of each leader are kept for those who miss them. Who misses more is sent the whole state.
    pub log_kept: u32,
    /// A change waits at a node for those that its writer knew. Off: an answer may be seen before its question.
    pub causal: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            leaders: 0,
            topology: Topology::default(),
            resolution: Resolution::default(),
            gather_ns: 0,
            exchange_ns: 200_000_000,
            log_kept: 1_000,
            causal: true,
        }
    }
}

impl Options {
    /// What is wrong, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        if self.exchange_ns == 0 {
            return Err("the time between exchanges must be above 0: without them what is lost stays lost".into());
        }
        if self.log_kept == 0 {
            return Err("at least 1 change of each leader must be kept".into());
        }
        Ok(())
    }
}

impl Protocol for Options {
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node> {
        super::node(me, members, self)
    }

    fn on_machine(&self, me: NodeId, members: &[NodeId], machine: u16) -> Box<dyn Node> {
        super::on_machine(me, members, self, machine)
    }

    fn kept(&self) -> Kept {
        if self.resolution == Resolution::Siblings { Kept::Siblings } else { Kept::Newest }
    }

    fn check(&self, _nodes: u16) -> Result<(), String> {
        Options::check(self)
    }

    /// What a client has seen counts for every key; but which siblings it has read, it knows key by key.
    fn spans_keys(&self) -> bool {
        self.resolution != Resolution::Siblings
    }
}
