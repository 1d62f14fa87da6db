//! What clients ask when they are left to themselves.

use std::rc::Rc;

use super::Tiers;
use super::task::Task;
use super::world::Happening;
use glassbase_sim::network::Latency;
use glassbase_sim::{Cx, Generator, Zipf};
use glassbase_trace::{Bytes, NodeId, TierOperation};

/// Which keys are asked for: k1, k2 and so on.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    Uniform {
        count: u64,
    },
    /// k1 most often.
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
    /// At random, so many a second, whether answers come or not (open loop).
    Open { per_s: u64 },
    /// All at one moment.
    Burst,
}

/// Operations of a burst that begin in one step: who lets time pass can stop between them.
const BURST_STEP: u64 = 1000;
/// Most operations of a burst: all of them are under way at once, and take memory.
pub const BURST_MAX: u64 = 20_000;

/// A workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    pub operations: u64,
    /// Shares of the operations, in hundredths; the rest are reads.
    pub writes_percent: u8,
    /// Reads of keys that were never there, each of another.
    pub missing_percent: u8,
    pub keys: Keys,
    pub arrival: Arrival,
}

/// A workload under way.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    number: u64,
    workload: Workload,
    zipf: Option<Zipf>,
    begun: u64,
    ended: u64,
    missing: u64,
    next_client: u16,
    random: Generator,
}

impl Load {
    fn operation(&mut self) -> (TierOperation, Bytes) {
        let dice = self.random.below(100) as u8;
        let Workload { writes_percent, missing_percent, .. } = self.workload;
        let number = match &self.workload.keys {
            Keys::Uniform { count } => self.random.below(*count) + 1,
            Keys::Zipf { .. } => self.zipf.as_ref().map_or(1, |zipf| zipf.sample(&mut self.random)),
            Keys::Given(keys) => self.random.below(keys.len() as u64),
        };
        if dice >= writes_percent && dice - writes_percent < missing_percent {
            self.missing += 1;
            return (TierOperation::Get, Bytes::typed(&format!("none{}", self.missing)));
        }
        let key = match &self.workload.keys {
            Keys::Given(keys) => keys.get(number as usize).cloned().unwrap_or_default(),
            _ => Bytes::typed(&format!("k{number}")),
        };
        (if dice < writes_percent { TierOperation::Put } else { TierOperation::Get }, key)
    }
}

impl Tiers {
    /// Lets the clients work. A workload that is under way ends.
    pub fn start_load(&mut self, cx: &mut Cx, workload: Workload) {
        self.loads += 1;
        let zipf = match workload.keys {
            Keys::Zipf { count, exponent } => Some(Zipf::new(count, exponent)),
            _ => None,
        };
        let (number, arrival) = (self.loads, workload.arrival);
        let missing = self.load.as_ref().map_or(0, |load| load.missing);
        let random = Generator::new(self.random.next_u64(), "workload");
        self.load = Some(Load { number, workload, zipf, begun: 0, ended: 0, missing, next_client: 0, random });
        match arrival {
            Arrival::Closed { .. } => {
                for client in 1..=self.options.clients {
                    let client = NodeId::client(client);
                    self.queue.push(cx.now_ns(), Happening::Next { client, load: number });
                }
            }
            Arrival::Open { .. } => self.queue.push(cx.now_ns(), Happening::Arrival { load: number }),
            Arrival::Burst => self.arrival(cx, number),
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

    fn begin_in_turn(&mut self, cx: &mut Cx) {
        let Some(load) = &mut self.load else { return };
        load.next_client = load.next_client % self.options.clients.max(1) + 1;
        let client = NodeId::client(load.next_client);
        self.begin_of_load(cx, client);
    }

    fn begin_of_load(&mut self, cx: &mut Cx, client: NodeId) {
        let Some(load) = &mut self.load else { return };
        if load.begun >= load.workload.operations {
            return;
        }
        load.begun += 1;
        let value = Bytes::number(load.begun);
        let number = load.number;
        let (operation, key) = load.operation();
        let value = Some(value).filter(|_| operation == TierOperation::Put);
        self.ask_of(cx, client, None, operation, &key, value, number);
    }

    pub(super) fn next_of_load(&mut self, cx: &mut Cx, client: NodeId, load: u64) {
        if self.load.as_ref().is_some_and(|known| known.number == load) {
            self.begin_of_load(cx, client);
        }
    }

    pub(super) fn arrival(&mut self, cx: &mut Cx, number: u64) {
        let Some(load) = self.load.as_mut().filter(|load| load.number == number) else { return };
        if load.begun >= load.workload.operations {
            return;
        }
        let (wait_ns, at_once) = match load.workload.arrival {
            Arrival::Closed { .. } => return,
            Arrival::Open { per_s } => {
                let mean_ns = 1_000_000_000 / per_s.max(1);
                (Latency::Exponential { floor_ns: 0, mean_ns }.sample(&mut load.random), 1)
            }
            Arrival::Burst => (0, BURST_STEP),
        };
        if at_once == 1 || load.begun + at_once < load.workload.operations {
            self.queue.push(cx.now_ns().saturating_add(wait_ns), Happening::Arrival { load: number });
        }
        for _ in 0..at_once {
            self.begin_in_turn(cx);
        }
    }

    /// A client has its answer: of the load under way, or of an earlier one, which counts no more.
    pub(super) fn client_free(&mut self, cx: &mut Cx, task: &Task) {
        let Some(load) = self.load.as_mut().filter(|load| load.number == task.load) else { return };
        load.ended += 1;
        if let Arrival::Closed { think_ns } = load.workload.arrival {
            let (client, load) = (task.client, load.number);
            self.queue.push(cx.now_ns().saturating_add(think_ns), Happening::Next { client, load });
        }
    }
}
