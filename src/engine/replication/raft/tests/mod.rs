//! Raft in the hands of tests: its steps one by one, as transcripts, and random schedules under the eyes of the watch.

mod random;

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
