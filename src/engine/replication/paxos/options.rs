//! What a Paxos cluster is set to, and the settings that break it on purpose.

use super::super::cluster;
use super::super::node::Node;
use super::agreement::Watch;
use glassbase_trace::NodeId;

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
///
/// Two quorums are enough that meet: every one of phase 1 with every one of phase 2 (Howard, Malkhi and Spiegelman,
/// "Flexible Paxos: Quorum Intersection Revisited", 2016). Majorities do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub decree: Decree,
    pub roles: Roles,
    /// So many acceptors have to promise a ballot; 0: a majority. Broken if the two quorums together are not more than there
    /// are acceptors: see [`Options::quorums_meet`].
    pub prepare_quorum: u16,
    /// A proposal is chosen once so many acceptors have accepted it; 0: a majority.
    pub accept_quorum: u16,
    /// Single: a proposer that hears nothing tries again after so long.
    pub retry_ns: u64,
    /// Single: a proposer that was overtaken waits a random time up to this before it tries again, up to twice as long each
    /// time. 0: it tries again at once, and two of them can overtake one another for ever.
    pub back_off_ns: u64,
    /// Multi: the leader is silent for so long at most.
    pub heartbeat_ns: u64,
    /// Multi: without a leader for so long, and for up to as long again, a proposer wants to be it.
    pub leader_timeout_ns: u64,
    /// Multi: half of the log is cut off when it has more chosen values than that; 0: never.
    pub snapshot_entries: u64,
    /// Broken if false: an acceptor forgets in a crash what it has promised.
    pub persist_promises: bool,
    /// Broken if true: a proposer proposes its own value whatever the acceptors have accepted.
    pub ignore_accepted: bool,
    /// Broken if false: nothing is synced before it is promised.
    pub sync: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            decree: Decree::Multi,
            roles: Roles::default(),
            prepare_quorum: 0,
            accept_quorum: 0,
            retry_ns: 100_000_000,
            back_off_ns: 20_000_000,
            heartbeat_ns: 50_000_000,
            leader_timeout_ns: 150_000_000,
            snapshot_entries: 1_000,
            persist_promises: true,
            ignore_accepted: false,
            sync: true,
        }
    }
}

impl Options {
    /// One value, once.
    pub fn single() -> Options {
        Options { decree: Decree::Single, ..Options::default() }
    }

    /// A sequence of commands.
    pub fn multi() -> Options {
        Options::default()
    }

    /// What does not work, and what would.
    pub fn check(&self) -> Result<(), String> {
        if self.retry_ns == 0 || self.heartbeat_ns == 0 {
            return Err("retry_ns and heartbeat_ns have to be at least 1, or a node sends without end".into());
        }
        if self.leader_timeout_ns <= self.heartbeat_ns {
            let (timeout, heartbeat) = (self.leader_timeout_ns, self.heartbeat_ns);
            return Err(format!("leader_timeout_ns ({timeout}) has to be more than heartbeat_ns ({heartbeat})"));
        }
        if self.leader_timeout_ns.max(self.retry_ns).max(self.back_off_ns) > u64::MAX / 256 {
            return Err("leader_timeout_ns, retry_ns or back_off_ns is too long: take at most a year".into());
        }
        Ok(())
    }

    /// What does not work in a cluster of so many nodes.
    pub fn check_cast(&self, nodes: u16) -> Result<(), String> {
        let Roles { proposers, acceptors, learners } = &self.roles;
        let everybody = proposers.iter().chain(acceptors).chain(learners);
        if let Some(stranger) = everybody.into_iter().find(|node| node.0 == 0 || node.0 > nodes) {
            return Err(format!("{stranger} has a role, but the nodes are n1 to n{nodes}"));
        }
        let acceptors = if acceptors.is_empty() { usize::from(nodes) } else { distinct(acceptors).len() };
        for (quorum, name) in [(self.prepare_quorum, "prepare_quorum"), (self.accept_quorum, "accept_quorum")] {
            if usize::from(quorum) > acceptors {
                return Err(format!(
                    "{name} is {quorum}, but there are {acceptors} acceptors: nothing could be chosen"
                ));
            }
        }
        Ok(())
    }

    /// Whether every quorum of phase 1 meets every quorum of phase 2, among so many acceptors. If not, two values can be
    /// chosen.
    pub fn quorums_meet(&self, acceptors: u16) -> bool {
        let (prepare, accept) = self.quorums(usize::from(acceptors));
        prepare + accept > usize::from(acceptors)
    }

    fn quorums(&self, acceptors: usize) -> (usize, usize) {
        let filled = |quorum: u16| if quorum == 0 { acceptors / 2 + 1 } else { usize::from(quorum) };
        (filled(self.prepare_quorum), filled(self.accept_quorum))
    }
}

impl cluster::Protocol for Options {
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node> {
        super::node(me, members, self)
    }

    fn watch(&self) -> Option<Box<dyn cluster::Watch>> {
        Some(Box::new(Watch::new(self)))
    }

    fn check(&self, nodes: u16) -> Result<(), String> {
        self.check()?;
        self.check_cast(nodes)
    }
}

/// The roles with every list filled, and how many decide.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub proposers: Vec<NodeId>,
    pub acceptors: Vec<NodeId>,
    pub learners: Vec<NodeId>,
    /// Everybody with a role, each once.
    pub all: Vec<NodeId>,
    pub prepare_quorum: usize,
    pub accept_quorum: usize,
}

impl Cast {
    pub fn new(members: &[NodeId], options: &Options) -> Cast {
        let filled = |list: &[NodeId]| if list.is_empty() { distinct(members) } else { distinct(list) };
        let roles = &options.roles;
        let (proposers, acceptors) = (filled(&roles.proposers), filled(&roles.acceptors));
        let learners = filled(&roles.learners);
        let all = distinct(&[&proposers[..], &acceptors[..], &learners[..]].concat());
        let (prepare_quorum, accept_quorum) = options.quorums(acceptors.len());
        Cast { proposers, acceptors, learners, all, prepare_quorum, accept_quorum }
    }

    /// "proposer, acceptor"
    pub fn roles_of(&self, node: NodeId) -> String {
        let lists = [(&self.proposers, "proposer"), (&self.acceptors, "acceptor"), (&self.learners, "learner")];
        let mut text = String::new();
        for (_, word) in lists.iter().filter(|(list, _)| list.contains(&node)) {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(word);
        }
        text
    }
}

fn distinct(nodes: &[NodeId]) -> Vec<NodeId> {
    let mut nodes = nodes.to_vec();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
