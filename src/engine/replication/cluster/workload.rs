//! What clients ask when they are left to themselves: a mix of operations on random keys, as fast as the answers come or at
//! a rate of its own.

use std::collections::VecDeque;
use std::rc::Rc;

use super::{Cluster, Happening};
use crate::cluster::client::Wake;
use crate::message::{Call, Consistency};
use glassbase_sim::network::Latency;
use glassbase_sim::{Cx, Generator, Zipf};
use glassbase_trace::{Bytes, NodeId};

/// Which keys are asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    Uniform {
        count: u64,
    },
    Zipf {
        count: u64,
        exponent: f64,
    },
    /// These, each as likely.
    Given(Rc<[Bytes]>),
}

/// When clients ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Each client asks again so long after it had its answer (closed loop).
    Closed { think_ns: u64 },
    /// Operations come at random, so many a second, whether answers come or not (open loop). One that finds no client idle
    /// waits for one.
    Open { per_s: u64 },
}

/// A workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    pub operations: u64,
    /// Shares of the operations, in hundredths; the rest are reads.
    pub writes_percent: u8,
    pub compare_and_set_percent: u8,
    /// Reads that are followed by a write of the same key by the same client.
    pub read_modify_write_percent: u8,
    pub deletes_percent: u8,
    pub keys: Keys,
    pub arrival: Arrival,
    pub consistency: Consistency,
    /// Only the first client writes.
    pub single_writer: bool,
    /// How many bytes a value is padded to.
    pub value_bytes: u32,
}

impl Default for Workload {
    fn default() -> Workload {
        Workload {
            operations: 100,
            writes_percent: 50,
            compare_and_set_percent: 0,
            read_modify_write_percent: 0,
            deletes_percent: 0,
            keys: Keys::Uniform { count: 3 },
            arrival: Arrival::Closed { think_ns: 0 },
            consistency: Consistency::Default,
            single_writer: false,
            value_bytes: 0,
        }
    }
}

/// A workload under way.
#[derive(Clone, Debug)]
pub(super) struct Load {
    workload: Workload,
    zipf: Option<Zipf>,
    /// The keys by number, so that none is made twice.
    names: Vec<Option<Bytes>>,
    begun: u64,
    ended: u64,
    /// Operations that wait for an idle client.
    backlog: u64,
    idle: VecDeque<NodeId>,
    /// Every value that is written is another one.
    next_value: u64,
    /// For each client the key that it shall write next, after it was read.
    to_write: Vec<Option<Bytes>>,
    random: Generator,
}

impl Load {
    fn key(&mut self) -> Bytes {
        let number = match &self.workload.keys {
            Keys::Uniform { count } => self.random.below(*count),
            Keys::Zipf { .. } => self.zipf.as_ref().map_or(0, |zipf| zipf.sample(&mut self.random).saturating_sub(1)),
            Keys::Given(keys) => {
                let at = self.random.below(keys.len() as u64) as usize;
                return keys.get(at).cloned().unwrap_or_default();
            }
        };
        const NAMES_MAX: u64 = 1 << 16;
        if number >= NAMES_MAX {
            return Bytes::number(number);
        }
        let at = number as usize;
        if self.names.len() <= at {
            self.names.resize(at + 1, None);
        }
        self.names[at].get_or_insert_with(|| name_of(number)).clone()
    }

    fn value(&mut self) -> Bytes {
        self.next_value += 1;
        let size = self.workload.value_bytes as usize;
        if size <= 8 {
            return Bytes::number(self.next_value);
        }
        let mut bytes = vec![b'.'; size];
        bytes[..8].copy_from_slice(&self.next_value.to_be_bytes());
        Bytes::from(&bytes[..])
    }

    fn call(&mut self, at: usize) -> (Bytes, Call) {
        if let Some(key) = self.to_write.get_mut(at).and_then(Option::take) {
            let value = self.value();
            return (key, Call::Put(value));
        }
        let key = self.key();
        let may_write = !self.workload.single_writer || at == 0;
        let mut dice = self.random.below(100) as u8;
        let mut is = |percent: u8| {
            let hit = may_write && dice < percent;
            dice = dice.saturating_sub(percent);
            if hit {
                dice = 200;
            }
            hit
        };
        let Workload { writes_percent, compare_and_set_percent, read_modify_write_percent, deletes_percent, .. } =
            self.workload;
        if is(writes_percent) {
            let value = self.value();
            return (key, Call::Put(value));
        }
        if is(compare_and_set_percent) {
            let expected = match self.random.below(self.next_value + 1) {
                0 => None,
                number => Some(Bytes::number(number)),
            };
            let new = self.value();
            return (key, Call::CompareAndSet { expected, new });
        }
        if is(deletes_percent) {
            return (key, Call::Delete);
        }
        if is(read_modify_write_percent)
            && let Some(next) = self.to_write.get_mut(at)
        {
            *next = Some(key.clone());
        }
        (key, Call::Get)
    }
}

/// x, y, z and then k3, k4: short names for few keys.
fn name_of(number: u64) -> Bytes {
    match number {
        0 => Bytes::typed("x"),
        1 => Bytes::typed("y"),
        2 => Bytes::typed("z"),
        _ => Bytes::typed(&format!("k{number}")),
    }
}

impl Cluster {
    /// Lets the clients work. A workload that is under way ends.
    pub fn start_load(&mut self, cx: &mut Cx, workload: Workload) {
        let zipf = match workload.keys {
            Keys::Zipf { count, exponent } => Some(Zipf::new(count, exponent)),
            _ => None,
        };
        let idle = self.clients.iter().filter(|client| client.is_idle()).map(|client| client.id).collect();
        let random = Generator::new(self.random.next_u64(), "workload");
        let next_value = self.load.as_ref().map_or(0, |load| load.next_value);
        let to_write = vec![None; self.clients.len()];
        let load = Load {
            workload,
            zipf,
            names: Vec::new(),
            begun: 0,
            ended: 0,
            backlog: 0,
            idle,
            next_value,
            to_write,
            random,
        };
        let (arrival, idle) = (load.workload.arrival, load.idle.clone());
        self.load = Some(load);
        match arrival {
            Arrival::Open { .. } => self.queue.push(cx.now_ns(), Happening::Arrival),
            Arrival::Closed { .. } => {
                for client in idle {
                    self.queue.push(cx.now_ns(), Happening::ClientDue { client, wake: Wake::Next });
                }
            }
        }
    }

    /// Operations of the workload that have ended, and all that shall be; equal when none is under way.
    pub fn load_progress(&self) -> (u64, u64) {
        self.load.as_ref().map_or((0, 0), |load| (load.ended, load.workload.operations))
    }

    /// Operations of the workload that have begun.
    pub fn load_begun(&self) -> u64 {
        self.load.as_ref().map_or(0, |load| load.begun)
    }

    /// No more operations are begun.
    pub fn stop_load(&mut self) {
        if let Some(load) = &mut self.load {
            load.workload.operations = load.begun;
        }
    }

    /// The next operation of a workload that comes at its own rate.
    pub(super) fn arrival(&mut self, cx: &mut Cx) {
        let Some(load) = &mut self.load else { return };
        let Arrival::Open { per_s } = load.workload.arrival else { return };
        if load.begun + load.backlog >= load.workload.operations {
            return;
        }
        load.backlog += 1;
        let mean_ns = 1_000_000_000 / per_s.max(1);
        let wait_ns = Latency::Exponential { floor_ns: 0, mean_ns }.sample(&mut load.random);
        self.queue.push(cx.now_ns().saturating_add(wait_ns), Happening::Arrival);
        if let Some(client) = load.idle.pop_front()
            && let Ok(at) = self.client_place(client)
        {
            self.next_operation(cx, at);
        }
    }

    /// A client begins the next operation of the workload, if there is one for it.
    pub(super) fn next_operation(&mut self, cx: &mut Cx, at: usize) {
        if !self.clients[at].is_idle() {
            return;
        }
        let id = self.clients[at].id;
        let Some(load) = &mut self.load else { return };
        let is_open = matches!(load.workload.arrival, Arrival::Open { .. });
        if load.begun >= load.workload.operations || (is_open && load.backlog == 0) {
            load.idle.push_back(id);
            return;
        }
        load.begun += 1;
        load.backlog = load.backlog.saturating_sub(1);
        let (key, call) = load.call(at);
        let consistency = load.workload.consistency;
        self.choose_home(at, None);
        self.begin_request(cx, at, &key, call, consistency, true);
    }

    /// A client has an answer, or has given up.
    pub(super) fn operation_over(&mut self, cx: &mut Cx, at: usize, of_load: bool) {
        let client = self.clients[at].id;
        let Some(load) = &mut self.load else { return };
        load.ended = (load.ended + u64::from(of_load)).min(load.begun);
        let think_ns = match load.workload.arrival {
            Arrival::Closed { think_ns } => think_ns,
            Arrival::Open { .. } => 0,
        };
        if load.begun < load.workload.operations || load.backlog > 0 {
            self.queue.push(cx.now_ns().saturating_add(think_ns), Happening::ClientDue { client, wake: Wake::Next });
        } else {
            load.idle.push_back(client);
        }
    }
}
