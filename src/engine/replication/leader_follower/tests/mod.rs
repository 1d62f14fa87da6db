//! Leader and followers in the hands of tests: steps one by one, as transcripts; in a cluster, in storms.

mod clusters;
mod steps;
mod storms;

use super::*;
use crate::message::{Answer, Call, Consistency};
use crate::puppet::Puppet;

fn n(number: u16) -> NodeId {
    NodeId(number)
}

fn semi(acknowledgements: u16) -> Options {
    Options { mode: Mode::SemiSynchronous { acknowledgements }, ..Options::default() }
}

fn put(text: &str) -> Call {
    Call::Put(Bytes::typed(text))
}

fn replica(puppet: &Puppet, id: NodeId) -> &Replica {
    puppet.node(id)
}
