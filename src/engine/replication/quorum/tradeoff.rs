//! What R and W cost and give: for each pair of them a cluster of its own, its clients at work, measured in slices.
//!
//! ```text
//!   horizon ──▶ for each pair, the one that is set first:   foretell ──▶ run ──▶ QuorumRun
//!               (how long after a write reads are told)     trials       a cluster
//! ```
//!
//! The small R and W answer sooner, for they wait for the fastest of the nodes; they are also the ones that miss what was
//! written a moment ago. Both are measured as clients see them, and stand beside what the latencies of messages alone
//! foretell ([`super::prediction`]). What is measured differs from that where messages wait for each other: on links that
//! keep their order, and at nodes that are busy.
//!
//! **Invariant:** what is measured depends on the plan alone, not on how the work is sliced.

use std::rc::Rc;

use super::Options;
use super::prediction::{OfCluster, Prediction};
use crate::cluster::{Cluster, ClusterError, LatencyHistogram, Options as Setup, StaleSample, Workload};
use crate::message::Consistency;
use glassbase_sim::{Cx, Generator};
use glassbase_trace::parts::tradeoff::{QUANTILES, QuorumRun, StaleClass, TradeoffState};

/// What happens in a cluster in one slice, and the trials of a prediction in one.
const HAPPENINGS_EACH: u32 = 128;
const TRIALS_EACH: u32 = 100;
/// Trials of each prediction, and of the one that tells how long staleness lasts at all.
const TRIALS: u32 = 5_000;
const HORIZON_TRIALS: u32 = 1_000;
/// Classes of the time since the write, besides the open one.
const CLASSES: u64 = 24;
/// With more nodes to a key than this, not every R and W is measured, but so many of them, evenly spread.
const STEPS_MAX: u16 = 5;

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The cluster, but for its protocol.
    pub setup: Setup,
    pub quorum: Options,
    pub workload: Workload,
    pub seed: u64,
    /// Only the pair that is set.
    pub alone: bool,
}

/// The measurement under way.
#[derive(Clone)]
pub struct Tradeoff {
    plan: Plan,
    pairs: Vec<(u16, u16)>,
    /// Pairs that are done.
    done: usize,
    /// How long a class of the time since the write is.
    class_ns: u64,
    work: Work,
}

#[derive(Clone)]
enum Work {
    Horizon(Foretelling),
    Foretell(Foretelling),
    Run(Box<Running>),
}

/// A prediction, and how many trials it still needs.
#[derive(Clone)]
struct Foretelling {
    trials: OfCluster,
    left: u32,
}

/// A cluster at work.
#[derive(Clone)]
struct Running {
    cx: Cx,
    cluster: Cluster,
    expected: Prediction,
}

impl Plan {
    /// R and W of every pair, the one that is set first.
    pub fn pairs(&self) -> Vec<(u16, u16)> {
        let set = (self.quorum.read, self.quorum.write);
        let steps = if self.alone { Vec::new() } else { steps(self.quorum.replicas) };
        let all = steps.iter().flat_map(|read| steps.iter().map(|write| (*read, *write)));
        std::iter::once(set).chain(all.filter(|pair| *pair != set)).collect()
    }

    /// What the trace tells before anything is measured.
    pub fn told(&self) -> TradeoffState {
        TradeoffState {
            operations: self.workload.operations,
            nodes: self.setup.nodes,
            replicas: self.quorum.replicas,
            read: self.quorum.read,
            write: self.quorum.write,
            pairs: self.pairs().len() as u16,
            runs: Vec::new(),
        }
    }

    fn with(&self, (read, write): (u16, u16)) -> Options {
        Options { read, write, ..self.quorum.clone() }
    }

    fn foretelling(&self, pair: (u16, u16), left: u32) -> Foretelling {
        let trials = OfCluster::new(&self.with(pair), self.setup.nodes, &self.setup.quality, self.seed);
        Foretelling { trials, left }
    }
}

/// From 1 to N: each, or some of them.
fn steps(replicas: u16) -> Vec<u16> {
    let count = replicas.min(STEPS_MAX);
    let step = |at: u16| 1 + (u32::from(at) * u32::from(replicas - 1)).div_ceil(u32::from(count - 1).max(1)) as u16;
    (0..count).map(step).collect()
}

impl Foretelling {
    /// Runs some trials; whether they were the last.
    fn step(&mut self) -> bool {
        let trials = self.left.min(TRIALS_EACH);
        self.trials.run(trials);
        self.left -= trials;
        self.left == 0
    }
}

impl Tradeoff {
    pub fn new(plan: Plan) -> Result<Tradeoff, ClusterError> {
        plan.setup.check()?;
        let (pairs, horizon) = (plan.pairs(), plan.foretelling((1, 1), HORIZON_TRIALS));
        Ok(Tradeoff { plan, pairs, done: 0, class_ns: 1, work: Work::Horizon(horizon) })
    }

    /// Operations that have ended, and all that shall.
    pub fn progress(&self) -> (u64, u64) {
        let each = self.plan.workload.operations.max(1);
        let of_this = match &self.work {
            Work::Run(running) => running.cluster.load_progress().0.min(each - 1),
            _ => 0,
        };
        (self.done as u64 * each + of_this, self.pairs.len() as u64 * each)
    }

    /// Pairs that are done, and all.
    pub fn pairs_done(&self) -> (usize, usize) {
        (self.done, self.pairs.len())
    }

    /// Does a slice of the work; a pair, if one is done with it. Nothing happens once all are.
    pub fn step(&mut self) -> Result<Option<QuorumRun>, ClusterError> {
        let Some(pair) = self.pairs.get(self.done).copied() else { return Ok(None) };
        let (next, run) = match &mut self.work {
            Work::Horizon(foretelling) => {
                if !foretelling.step() {
                    return Ok(None);
                }
                self.class_ns = class_ns(&foretelling.trials.clone().finish());
                (Work::Foretell(self.plan.foretelling(pair, TRIALS)), None)
            }
            Work::Foretell(foretelling) => {
                if !foretelling.step() {
                    return Ok(None);
                }
                let expected = foretelling.trials.clone().finish();
                (Work::Run(Box::new(Running::new(&self.plan, pair, expected)?)), None)
            }
            Work::Run(running) => {
                if !running.step() {
                    return Ok(None);
                }
                let run = running.measured(pair, self.class_ns);
                self.done += 1;
                let next = self.pairs.get(self.done).copied().unwrap_or(pair);
                (Work::Foretell(self.plan.foretelling(next, TRIALS)), Some(run))
            }
        };
        self.work = next;
        Ok(run)
    }
}

/// Staleness is told for as long as it lasts where it lasts longest, with R = W = 1; where there is none, for a read's time.
fn class_ns(longest: &Prediction) -> u64 {
    longest.fresh_after(0.99).max(longest.read_latency(0.5)).div_ceil(CLASSES).max(1)
}

impl Running {
    fn new(plan: &Plan, pair: (u16, u16), expected: Prediction) -> Result<Running, ClusterError> {
        // The same seed for all pairs would let chance favour one of them every time anew: the pair is part of it.
        let name = format!("read {} write {}", pair.0, pair.1);
        let mut cx = Cx::new(Generator::new(plan.seed, &name).next_u64());
        cx.recorder.switch(false);
        // What is asked for is R and W, whatever clients of the lab ask for; nobody judges this history. Requests come to
        // any node, so that chance does not decide for the whole run which clients are near their data.
        let (protocol, consistency) = (Rc::new(plan.with(pair)), Consistency::Default);
        let setup = Setup { protocol, consistency, history: false, sticky: false, ..plan.setup.clone() };
        let mut cluster = Cluster::new(&mut cx, setup)?;
        cluster.start_load(&mut cx, plan.workload.clone());
        Ok(Running { cx, cluster, expected })
    }

    /// Lets some things happen; whether the clients are done.
    fn step(&mut self) -> bool {
        for _ in 0..HAPPENINGS_EACH {
            let (done, total) = self.cluster.load_progress();
            if done >= total || !self.cluster.step(&mut self.cx) {
                return true;
            }
        }
        false
    }

    fn measured(&self, (read, write): (u16, u16), class_ns: u64) -> QuorumRun {
        let (measures, counts) = (&self.cluster.measures, self.cluster.counts());
        let expected = |of: &dyn Fn(f64) -> u64| QUANTILES.iter().map(|at| of(*at as f64 / 1000.0)).collect();
        QuorumRun {
            read,
            write,
            done: counts.done,
            failed: counts.failed + counts.unknown,
            reads_ns: quantiles(&measures.reads),
            writes_ns: quantiles(&measures.writes),
            reads_expected_ns: expected(&|at| self.expected.read_latency(at)),
            writes_expected_ns: expected(&|at| self.expected.write_latency(at)),
            staleness: classes(&measures.staleness, class_ns, &self.expected),
        }
    }
}

fn quantiles(measured: &LatencyHistogram) -> Vec<u64> {
    if measured.count() == 0 {
        return Vec::new();
    }
    QUANTILES.iter().map(|per_mille| measured.percentile_ns(*per_mille)).collect()
}

fn classes(samples: &[StaleSample], class_ns: u64, expected: &Prediction) -> Vec<StaleClass> {
    let class = |at: u64| StaleClass { from_ns: at * class_ns, ..StaleClass::default() };
    let mut classes: Vec<StaleClass> = (0..=CLASSES).map(class).collect();
    for sample in samples {
        let at = (sample.since_write_ns / class_ns).min(CLASSES) as usize;
        classes[at].reads += 1;
        classes[at].stale += u64::from(sample.stale);
        classes[at].expected_millionths += (expected.stale(sample.since_write_ns) * 1e6) as u64;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Arrival, Keys};
    use glassbase_sim::network::{Latency, Quality};

    const MS: u64 = 1_000_000;

    /// Nobody is taken for down because a message takes long.
    fn patient() -> Options {
        let (suspect_ns, timeout_ns) = (50_000 * MS, 55_000 * MS);
        Options { suspect_ns, timeout_ns, hinted_handoff: false, ..Options::default() }
    }

    fn plan(replicas: u16, read: u16, write: u16) -> Plan {
        let latency = Latency::LogNormal { median_ns: 4 * MS, sigma: 1.5 };
        // Messages do not wait for each other, and nothing mends what a write has missed: what the prediction assumes.
        let quality = Quality { latency, reordering: 1.0, ..Quality::default() };
        let read_repair = super::super::ReadRepair::Off;
        let quorum = Options { replicas, read, write, read_repair, anti_entropy_ns: 0, ..patient() };
        let setup = Setup { quality, clients: 2, timeout_ns: 60_000 * MS, ..Setup::new(Rc::new(quorum.clone()), 5) };
        let (keys, arrival) = (Keys::Uniform { count: 1 }, Arrival::Closed { think_ns: 4 * MS });
        let workload = Workload { operations: 10_000, single_writer: true, keys, arrival, ..Workload::default() };
        Plan { setup, quorum, workload, seed: 7, alone: false }
    }

    fn measured(plan: Plan) -> TradeoffState {
        let mut state = plan.told();
        let mut tradeoff = Tradeoff::new(plan).unwrap();
        let mut before = 0;
        while tradeoff.pairs_done().0 < tradeoff.pairs_done().1 {
            state.runs.extend(tradeoff.step().unwrap().map(Rc::new));
            let (done, total) = tradeoff.progress();
            assert!(before <= done && done <= total);
            before = done;
        }
        assert_eq!(tradeoff.step().unwrap(), None, "it is over");
        state
    }

    #[test]
    fn pairs_are_all_of_few_and_some_of_many() {
        assert_eq!(plan(3, 2, 2).pairs().len(), 9);
        assert_eq!(plan(3, 2, 1).pairs()[0], (2, 1));
        assert_eq!(Plan { alone: true, ..plan(3, 1, 3) }.pairs(), [(1, 3)]);
        assert_eq!([1, 2, 5, 9].map(steps), [vec![1], vec![1, 2], vec![1, 2, 3, 4, 5], vec![1, 3, 5, 7, 9]]);
        assert_eq!(steps(1000), [1, 251, 501, 751, 1000]);
        let many = plan(5, 5, 2).pairs();
        assert_eq!(many.len(), 25);
        assert!((1..many.len()).all(|at| !many[..at].contains(&many[at])));
    }

    #[test]
    fn what_is_measured_is_about_what_is_foretold() {
        let state = measured(plan(3, 2, 2));
        assert_eq!(state.runs.len(), 9);
        for run in &state.runs {
            let pair = (run.read, run.write);
            assert_eq!((run.done, run.failed), (10_000, 0), "{pair:?}");
            let (stale, expected) = run.stale_millionths();
            if state.overlaps(run.read, run.write) {
                assert_eq!((stale, expected), (0, 0), "{pair:?}");
            } else {
                assert!(run.reads() > 4_000 && stale > 1_000, "{pair:?}: {stale} of {} reads", run.reads());
                let deviation = (expected as f64 * 1e6 / run.reads() as f64).sqrt();
                let off = (stale as f64 - expected as f64).abs();
                assert!(off < 3.5 * deviation, "{pair:?}: {stale} for {expected}");
            }
            for (measured, expected) in
                [(&run.reads_ns, &run.reads_expected_ns), (&run.writes_ns, &run.writes_expected_ns)]
            {
                for at in 4..=16 {
                    let (measured, expected) = (measured[at] as f64, expected[at] as f64);
                    let share = QUANTILES[at];
                    assert!((measured / expected - 1.0).abs() < 0.1, "{pair:?}, {share}: {measured} for {expected}");
                }
            }
        }
        // Who waits for more waits longer.
        let p50 = |read, write| state.run(read, write).unwrap().latencies_ns(500);
        assert!(p50(1, 1).0 < p50(2, 1).0 && p50(2, 1).0 < p50(3, 1).0);
        assert!(p50(1, 1).1 < p50(1, 2).1 && p50(1, 2).1 < p50(1, 3).1);
    }

    #[test]
    fn later_reads_are_less_often_stale() {
        let state = measured(Plan { alone: true, ..plan(3, 1, 1) });
        let classes = &state.set().unwrap().staleness;
        let share = |classes: &[StaleClass]| {
            let (stale, reads) = classes.iter().fold((0, 0), |sum, class| (sum.0 + class.stale, sum.1 + class.reads));
            stale as f64 / reads.max(1) as f64
        };
        assert!(share(&classes[..3]) > 2.0 * share(&classes[8..12]), "{classes:?}");
        assert!(share(&classes[..3]) > 0.05 && share(&classes[24..]) < 0.02, "{classes:?}");
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let mut bad = plan(3, 2, 2);
        bad.quorum.replicas = 9;
        bad.setup.protocol = Rc::new(bad.quorum.clone());
        assert!(Tradeoff::new(bad).is_err());
    }
}
