//! The hierarchy as a whole. Each test is about one promise; what it needs of the world stands here.

mod counts;
mod cures;
mod faults;
mod races;
mod storms;

use super::{Options, Place, Tiers};
use glassbase_sim::Cx;
use glassbase_trace::parts::tiers::TierCounts;
use glassbase_trace::{Bytes, Event, NodeId, TierOperation};

const MS: u64 = 1_000_000;
const S: u64 = 1000 * MS;

struct Bench {
    cx: Cx,
    tiers: Tiers,
}

impl Bench {
    /// A hierarchy whose database has k1 to k100.
    fn new(seed: u64, options: Options) -> Bench {
        let mut tiers = Tiers::new(seed, options).unwrap();
        tiers.preload(100).unwrap();
        Bench { cx: Cx::new(seed), tiers }
    }

    /// Client 1 asks an application server, counted from 1.
    fn ask(&mut self, app: u16, operation: TierOperation, key: &str) -> u64 {
        let value = Some(Bytes::typed("v")).filter(|_| operation == TierOperation::Put);
        self.tiers.ask(&mut self.cx, NodeId::client(1), Some(app - 1), operation, &Bytes::typed(key), value)
    }

    fn get(&mut self, app: u16, key: &str) -> u64 {
        self.ask(app, TierOperation::Get, key)
    }

    fn put(&mut self, app: u16, key: &str) -> u64 {
        self.ask(app, TierOperation::Put, key)
    }

    /// Lets time pass.
    fn run(&mut self, ns: u64) {
        let until_ns = self.cx.now_ns() + ns;
        self.tiers.run_until(&mut self.cx, until_ns);
    }

    /// Until nothing is under way.
    fn settle(&mut self) {
        while !self.tiers.is_idle() && self.tiers.step(&mut self.cx) {}
        assert!(self.tiers.is_idle(), "somebody waits for what will not come");
    }

    fn counts(&self) -> TierCounts {
        self.tiers.told().counts
    }

    /// What the trace tells, chosen and put into words.
    fn tells(&self, words: impl Fn(&Event) -> Option<String>) -> Vec<String> {
        self.cx.recorder.trace.iter().filter_map(|record| words(&record.event)).collect()
    }

    fn kill(&mut self, place: Place) {
        self.tiers.kill(&mut self.cx, place).unwrap();
    }

    fn restart(&mut self, place: Place, warm: bool) {
        self.tiers.restart(&mut self.cx, place, warm).unwrap();
    }
}
