//! Paxos in the hands of tests: its steps one by one, as transcripts; duels; and storms under the eyes of the watch.

mod duels;
mod random;
mod sequence;
mod steps;
mod storms;

use super::super::message::{Answer, Call, Consistency, RequestId};
use super::super::puppet::Puppet;
use super::agreement::{Violation, Watch};
use super::*;
use glassbase_trace::Bytes;

pub(super) fn n(number: u16) -> NodeId {
    NodeId(number)
}

/// Nodes 1 to `count`.
pub(super) fn cluster(count: u16, options: &Options) -> Puppet {
    let members: Vec<NodeId> = (1..=count).map(NodeId).collect();
    let options = options.clone();
    Puppet::new(count, move |me| node(me, &members, &options))
}

pub(super) fn put(text: &str) -> Call {
    Call::Put(Bytes::typed(text))
}

pub(super) fn ask(puppet: &mut Puppet, client: u16, to: NodeId, call: Call) -> RequestId {
    puppet.ask(client, to, "x", call, Consistency::Default)
}

pub(super) fn last_answer(puppet: &Puppet) -> Answer {
    puppet.answers.last().unwrap().1.answer.clone()
}

/// Everything arrives but what goes to or comes from some nodes.
pub(super) fn settle_apart(puppet: &mut Puppet, away: &[NodeId]) {
    for _ in 0..10_000 {
        puppet.lose(|pending| away.contains(&pending.from) || away.contains(&pending.to));
        if puppet.pending.is_empty() {
            return;
        }
        puppet.deliver_at(0);
    }
    panic!("it does not come to rest");
}

pub(super) fn compare(puppet: &Puppet, name: &str) {
    puppet.compare(&format!("paxos/transcripts/{name}.txt"));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let fine = Options::default();
    assert_eq!((fine.check(), fine.check_cast(3)), (Ok(()), Ok(())));
    for bad in [
        Options { heartbeat_ns: 0, ..fine.clone() },
        Options { retry_ns: 0, ..fine.clone() },
        Options { leader_timeout_ns: fine.heartbeat_ns, ..fine.clone() },
        Options { leader_timeout_ns: u64::MAX, ..fine.clone() },
        Options { back_off_ns: u64::MAX, ..fine.clone() },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
    let roles = Roles { learners: vec![n(4)], ..Roles::default() };
    let two = Roles { acceptors: vec![n(1), n(2)], ..Roles::default() };
    for bad in [
        Options { roles, ..fine.clone() },
        Options { prepare_quorum: 4, ..fine.clone() },
        Options { accept_quorum: 3, roles: two, ..fine.clone() },
    ] {
        assert!(bad.check_cast(3).is_err(), "{bad:?}");
    }
}

#[test]
fn quorums_meet_if_together_they_are_more_than_all() {
    let with = |prepare_quorum, accept_quorum| Options { prepare_quorum, accept_quorum, ..Options::default() };
    for (options, acceptors, meet) in [
        (with(0, 0), 5, true),
        (with(4, 2), 5, true),
        (with(3, 2), 5, false),
        (with(1, 0), 4, false),
        (with(2, 0), 4, true),
    ] {
        assert_eq!(options.quorums_meet(acceptors), meet, "{options:?}");
    }
}

#[test]
fn messages_are_small() {
    assert!(size_of::<super::super::message::Message>() <= 48);
}

#[test]
fn what_is_kept_is_read_back_and_damage_is_found() {
    let request = |call| {
        let (id, key, context) = (RequestId(3), Bytes::typed("x"), Bytes::default());
        let request = super::super::message::Request { id, key, call, consistency: Consistency::Default, context };
        Value::Command(NodeId::client(2), std::rc::Rc::new(request))
    };
    for value in [Value::Nothing, request(put("1")), request(Call::Delete)] {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        let read = Value::decode(&mut Reader::new(&bytes, "value")).unwrap();
        assert_eq!((read.id(), read.text()), (value.id(), value.text()));
        for length in 0..bytes.len() {
            assert!(Value::decode(&mut Reader::new(&bytes[..length], "value")).is_err(), "{value:?} cut to {length}");
        }
        bytes.push(0);
        assert!(Value::decode(&mut Reader::new(&bytes, "value")).is_err(), "{value:?} with something behind it");
    }
}

#[test]
fn a_damaged_shelf_is_an_error() {
    let start = |decree, key: &[u8], value: &[u8]| {
        let mut shelf = Shelf::memory();
        shelf.put(key, value).unwrap();
        let options = Options { decree, ..Options::default() };
        let (mut random, mut outputs) = (glassbase_sim::Generator::new(1, "node"), Vec::new());
        let mut step = super::super::node::Step {
            me: n(1),
            clock_ns: 0,
            uncertainty_ns: 0,
            shelf: &mut shelf,
            random: &mut random,
            outputs: &mut outputs,
            noting: true,
        };
        node(n(1), &[n(1)], &options).start(&mut step)
    };
    for decree in [Decree::Single, Decree::Multi] {
        assert!(start(decree, b"mp", &[1]).is_err(), "half a promise");
        assert!(start(decree, b"mb", &[1]).is_err(), "half a round");
        assert!(start(decree, b"a\0\0\0\0\0\0\0\x01", &[1]).is_err(), "half a proposal");
        assert!(start(decree, b"a\0\0\0\0\0\0\x01", &[0; 11]).is_err(), "half a key");
        assert!(start(decree, b"h\0\0\0\0\0\0\0\x01", &[7]).is_err(), "no value");
    }
    assert!(start(Decree::Multi, b"h\0\0\0\0\0\0\0\x02", &[0]).is_err(), "the first is missing");
    assert!(start(Decree::Multi, b"ma", &[0, 0, 0, 0, 0, 0, 0, 9]).is_err(), "applied, but not known");
}
