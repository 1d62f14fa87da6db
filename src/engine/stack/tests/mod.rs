//! What is asked of a stack as a whole.

mod follow;
mod storms;

use super::*;
use glassbase_cache::{Arrival, Keys, Workload};
use glassbase_replication::cluster::{Options as ClusterOptions, Protocol};
use glassbase_replication::{ShelfKind, leader_follower, quorum, raft};
use glassbase_sim::Cx;
use glassbase_sim::network::{Latency, Quality};
use glassbase_trace::parts::stack::StackState;
use glassbase_trace::{Bytes, NodeId, TierFate, TierOperation};
use std::rc::Rc;

pub const MS: u64 = 1_000_000;
pub const S: u64 = 1000 * MS;

/// A shard of three replicas, half a millisecond apart.
pub fn shard(protocol: Rc<dyn Protocol>, shelf: ShelfKind) -> ClusterOptions {
    let latency = Latency::Uniform { from_ns: 400_000, to_ns: 600_000 };
    ClusterOptions {
        clients: 8,
        shelf,
        quality: Quality { latency, ..Quality::default() },
        timeout_ns: 300 * MS,
        retries: 20,
        tells_stores: true,
        ..ClusterOptions::new(protocol, 3)
    }
}

pub fn raft() -> Rc<dyn Protocol> {
    Rc::new(raft::Options::default())
}

pub fn leader_follower(mode: leader_follower::Mode) -> Rc<dyn Protocol> {
    Rc::new(leader_follower::Options { mode, failover: true, ..leader_follower::Options::default() })
}

pub fn quorum() -> Rc<dyn Protocol> {
    Rc::new(quorum::Options::default())
}

pub struct Bench {
    pub cx: Cx,
    pub stack: Stack,
}

impl Bench {
    /// A stack that has chosen its leaders; nothing of that is recorded.
    pub fn new(seed: u64, options: Options) -> Bench {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let mut stack = Stack::new(&mut cx, options).unwrap();
        stack.run_until(&mut cx, S);
        cx.recorder.switch(true);
        stack.told_all();
        Bench { cx, stack }
    }

    pub fn run(&mut self, ns: u64) {
        let until_ns = self.cx.now_ns() + ns;
        self.stack.run_until(&mut self.cx, until_ns);
    }

    pub fn ask(&mut self, operation: TierOperation, key: &str, value: Option<&str>) -> u64 {
        let (client, value) = (NodeId::client(1), value.map(Bytes::typed));
        self.stack.ask(&mut self.cx, client, None, operation, &Bytes::typed(key), value)
    }

    /// Asks, and waits for the answer.
    pub fn told(&mut self, operation: TierOperation, key: &str, value: Option<&str>) -> Ended {
        let request = self.ask(operation, key, value);
        while self.stack.last().is_none_or(|last| last.request != request) {
            assert!(self.stack.step(&mut self.cx), "nothing happens any more");
        }
        self.stack.last().unwrap().clone()
    }

    pub fn load(&mut self, operations: u64, writes_percent: u8, keys: u64) {
        let workload = Workload {
            operations,
            writes_percent,
            missing_percent: 0,
            keys: Keys::Uniform { count: keys },
            arrival: Arrival::Open { per_s: 500 },
        };
        self.stack.start_load(&mut self.cx, workload);
    }

    pub fn place(&self, word: &str) -> Place {
        self.stack.place(word).unwrap()
    }

    pub fn kill(&mut self, word: &str) {
        let place = self.place(word);
        self.stack.kill(&mut self.cx, place).unwrap();
    }

    pub fn fold(&self, state: &mut StackState, from: usize) -> usize {
        for record in self.cx.recorder.trace.iter_from(from) {
            state.fold(&record.event, record.time_ns);
        }
        self.cx.recorder.trace.len()
    }
}
