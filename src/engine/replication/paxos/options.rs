//! What a Paxos cluster is set to, and the settings that break it on purpose.

use crate::trace::NodeId;

/// What is agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decree {
    /// One value, once.
    Single,
    /// A sequence of commands, under one leader while it lasts.
    #[default]
    Multi,
}

/// Who does what. An empty list: every member does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    pub proposers: Vec<NodeId>,
    pub acceptors: Vec<NodeId>,
    pub learners: Vec<NodeId>,
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub decree: Decree,
    pub roles: Roles,
    /// A proposer that hears nothing tries again after so long.
    pub retry_ns: u64,
    /// A proposer that was overtaken waits a random time, longer each time. If not, it tries again at once, and two of them
    /// can overtake one another for ever.
    pub back_off: bool,
    /// Multi: the leader is silent for so long at most.
    pub heartbeat_ns: u64,
    /// Multi: without a leader for so long, and for up to as long again, a proposer wants to be it. An acceptor that has
    /// heard the leader less than this ago promises nobody else anything.
    pub leader_timeout_ns: u64,
    /// Broken if false: what an acceptor has promised is forgotten in a crash.
    pub persist_promises: bool,
    /// Broken if true: a proposer proposes its own value whatever the acceptors have accepted.
    pub own_value_always: bool,
    /// Broken if false: nothing is synced before it is promised.
    pub sync: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            decree: Decree::Multi,
            roles: Roles::default(),
            retry_ns: 100_000_000,
            back_off: true,
            heartbeat_ns: 50_000_000,
            leader_timeout_ns: 150_000_000,
            persist_promises: true,
            own_value_always: false,
            sync: true,
        }
    }
}

impl Options {
    /// What does not work, and what would.
    pub fn check(&self) -> Result<(), String> {
        if self.retry_ns == 0 || self.heartbeat_ns == 0 {
            return Err("retry_ns and heartbeat_ns have to be at least 1, or a node sends without end".into());
        }
        if self.leader_timeout_ns <= self.heartbeat_ns {
            let (timeout, heartbeat) = (self.leader_timeout_ns, self.heartbeat_ns);
            return Err(format!("leader_timeout_ns ({timeout}) has to be more than heartbeat_ns ({heartbeat})"));
        }
        if self.leader_timeout_ns.max(self.retry_ns) > u64::MAX / 256 {
            return Err("leader_timeout_ns and retry_ns are too long: take at most a year".into());
        }
        Ok(())
    }
}

/// The roles with every list filled.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub proposers: Vec<NodeId>,
    pub acceptors: Vec<NodeId>,
    pub learners: Vec<NodeId>,
    /// Everybody with a role, each once.
    pub all: Vec<NodeId>,
}

impl Cast {
    pub fn new(members: &[NodeId], roles: &Roles) -> Cast {
        let filled = |list: &[NodeId]| {
            let mut list = if list.is_empty() { members.to_vec() } else { list.to_vec() };
            list.sort_unstable();
            list.dedup();
            list
        };
        let (proposers, acceptors) = (filled(&roles.proposers), filled(&roles.acceptors));
        let learners = filled(&roles.learners);
        let all = filled(&[&proposers[..], &acceptors[..], &learners[..]].concat());
        Cast { proposers, acceptors, learners, all }
    }

    pub fn majority(&self) -> usize {
        self.acceptors.len() / 2 + 1
    }

    /// "proposer, acceptor"
    pub fn roles_of(&self, node: NodeId) -> String {
        let mut text = String::new();
        let lists = [(&self.proposers, "proposer"), (&self.acceptors, "acceptor"), (&self.learners, "learner")];
        for (_, word) in lists.iter().filter(|(list, _)| list.contains(&node)) {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(word);
        }
        text
    }
}
