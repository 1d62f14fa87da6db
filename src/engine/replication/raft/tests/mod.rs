//! Raft in the hands of tests: its steps one by one, as transcripts, and random schedules under the eyes of the watch.

mod random;
mod steps;

use super::super::message::{Answer, Call, Consistency, RequestId};
use super::super::puppet::Puppet;
use std::collections::BTreeMap;

use super::*;

pub(super) fn n(number: u16) -> NodeId {
    NodeId(number)
}

/// Nodes 1 to `count`, all of them voters.
pub(super) fn cluster(count: u16, options: &Options) -> Puppet {
    cluster_of(count, count, options)
}

/// Nodes 1 to `count`; the first `voters` of them vote.
pub(super) fn cluster_of(count: u16, voters: u16, options: &Options) -> Puppet {
    let members: Vec<NodeId> = (1..=voters).map(NodeId).collect();
    let options = options.clone();
    Puppet::new(count, move |me| node(me, &members, &options))
}

pub(super) fn put(text: &str) -> Call {
    Call::Put(Bytes::typed(text))
}

/// A node is elected, by everybody; the time-out has passed everywhere.
pub(super) fn elect(puppet: &mut Puppet, leader: NodeId) {
    puppet.now_ns += 1_000_000_000;
    puppet.fire(leader, ELECTION);
    puppet.settle();
    assert!(puppet.node::<Raft>(leader).is_leader(), "{}", puppet.transcript);
}

pub(super) fn last_answer(puppet: &Puppet) -> Answer {
    puppet.answers.last().unwrap().1.answer.clone()
}

/// Everything arrives but what goes to or comes from one node.
pub(super) fn settle_apart(puppet: &mut Puppet, away: NodeId) {
    for _ in 0..10_000 {
        puppet.lose(|pending| pending.from == away || pending.to == away);
        if puppet.pending.is_empty() {
            return;
        }
        puppet.deliver_at(0);
    }
    panic!("it does not come to rest");
}

/// What a node has under a key.
pub(super) fn value(puppet: &Puppet, id: NodeId, key: &str) -> Option<String> {
    let cell = puppet.node::<Raft>(id).contents().data.get(&Bytes::typed(key));
    cell.map(|cell| cell.value.to_string())
}

pub(super) fn terms(puppet: &Puppet, id: NodeId) -> Vec<u64> {
    let log = puppet.node::<Raft>(id).log();
    (log.start() + 1..=log.last_index()).filter_map(|index| log.term(index)).collect()
}
