//! The labs of clusters: nodes, a network between them, clients, and faults; each lab runs another protocol.
//!
//! ```text
//!   put x 1        a client asks; nothing has happened yet but that
//!   run 500ms      virtual time passes: messages arrive, timers go off, what was planned is done
//!   at 37.5ms …    a command at a moment of its own, inside the `run` that follows
//!   check          the checkers judge what the clients were told so far
//! ```
//!
//! - this file: what the labs declare. [`commands`], [`settings`], [`expectations`]: what they have in common.
//! - [`machine`]: the commands. [`requests`]: those of clients. [`faults`]: what is done to nodes and links. [`job`]: letting
//!   time pass. [`protocol`]: which protocol a lab runs, and the orders it takes.
//! - [`tradeoff`]: what R and W cost and give, measured in the background.
//!
//! A learner sees what happens while time passes; so a client's command only begins, and `run` is the one to watch.

pub mod commands;
pub mod expectations;
pub mod faults;
pub mod job;
mod live;
pub mod machine;
mod presets;
mod protocol;
mod requests;
pub mod settings;
#[cfg(test)]
mod tests;
mod tradeoff;

pub use machine::ClusterLab;
pub use protocol::Kind;

use super::declaration::LabInfo;

/// The lists put together, one behind the other. `N` is how long they are.
pub const fn joined<T: Copy, const N: usize>(lists: &[&[T]]) -> [T; N] {
    let mut all = [lists[0][0]; N];
    let (mut list, mut filled) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            all[filled] = lists[list][at];
            filled += 1;
            at += 1;
        }
        list += 1;
    }
    assert!(filled == N, "the lists are as long as they are said to be");
    all
}

/// Leader and followers.
pub static LEADER_FOLLOWER: LabInfo = LabInfo {
    name: "leader-follower",
    title: "Leader and followers",
    floor: "Replication",
    summary: "Watch a leader ship its log, followers lag behind, reads be stale, and a failover lose what nobody else had.",
    commands: &protocol::leader_follower::COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: &protocol::leader_follower::SETTINGS,
    presets: presets::LEADER_FOLLOWER,
    open: |seed, values| machine::open(Kind::LeaderFollower, seed, values),
};

/// Several leaders.
pub static MULTI_LEADER: LabInfo = LabInfo {
    name: "multi-leader",
    title: "Multi-leader",
    floor: "Replication",
    summary: "Watch several leaders take writes at once, find out that they contradict each other, and settle it by a rule.",
    commands: &protocol::multi_leader::COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: &protocol::multi_leader::SETTINGS,
    presets: presets::MULTI_LEADER,
    open: |seed, values| machine::open(Kind::MultiLeader, seed, values),
};

/// Quorums.
pub static QUORUM: LabInfo = LabInfo {
    name: "quorum",
    title: "Quorums",
    floor: "Replication",
    summary: "Watch reads and writes fan out to N nodes and wait for R and W of them; see what is stale, and how it is repaired.",
    commands: &protocol::quorum::COMMANDS,
    expectations: &protocol::quorum::EXPECTATIONS,
    settings: &protocol::quorum::SETTINGS,
    presets: presets::QUORUM,
    open: |seed, values| machine::open(Kind::Quorum, seed, values),
};

/// Consistency against availability.
pub static CAP: LabInfo = LabInfo {
    name: "cap",
    title: "CAP",
    floor: "Replication",
    summary: "Watch one partition and the same requests in two systems: one refuses, the other goes on and merges later.",
    commands: &protocol::cap::COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: &protocol::cap::SETTINGS,
    presets: presets::CAP,
    open: |seed, values| machine::open(Kind::Cap, seed, values),
};

/// Raft.
pub static RAFT: LabInfo = LabInfo {
    name: "raft",
    title: "Raft",
    floor: "Replication",
    summary: "Watch a leader be elected, a log be copied and committed, and what partitions, crashes and clocks do to it.",
    commands: &protocol::raft::COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: &protocol::raft::SETTINGS,
    presets: presets::RAFT,
    open: |seed, values| machine::open(Kind::Raft, seed, values),
};

/// Paxos.
pub static PAXOS: LabInfo = LabInfo {
    name: "paxos",
    title: "Paxos",
    floor: "Replication",
    summary: "Watch proposers prepare and propose, acceptors promise and accept, and two proposers overtake each other.",
    commands: &protocol::paxos::COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: &protocol::paxos::SETTINGS,
    presets: presets::PAXOS,
    open: |seed, values| machine::open(Kind::Paxos, seed, values),
};

/// Clocks.
pub static CLOCKS: LabInfo = LabInfo {
    name: "clocks",
    title: "Clocks",
    floor: "Replication",
    summary: "Watch the same messages be stamped by four clocks: Lamport's, vectors, hybrid ones, and one that waits out its doubt.",
    commands: &protocol::clocks::COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: &protocol::clocks::SETTINGS,
    presets: presets::CLOCKS,
    open: |seed, values| machine::open(Kind::Clocks, seed, values),
};
