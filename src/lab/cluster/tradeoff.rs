//! What R and W cost and give, measured while the lab's own cluster stands still: the command `tradeoff`.
//!
//! ```text
//!   tradeoff ──▶ pair by pair a cluster of these settings, and 10,000 operations ──▶ one event each ──▶ curves
//!                      └── stop: the same command with `stop n` behind it measures just the first n pairs
//! ```
//!
//! The clusters that are measured are others than the lab's: no virtual time passes here, and no fault reaches them.

use std::rc::Rc;

use super::job::keys;
use super::machine::ClusterLab;
use super::protocol::quorum;
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::Finding;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::{counted, grouped, lasting};
use crate::replication::cluster::Workload;
use crate::replication::quorum::tradeoff::{Plan, Tradeoff};
use crate::sim::Cx;
use crate::trace::Event;
use crate::trace::decimal::fixed;
use crate::trace::parts::{QuorumRun, TradeoffState};

/// Operations of each pair when nobody says.
const OPERATIONS: u64 = 10_000;
const PERCENT: ArgumentKind = ArgumentKind::Number { from: 1, to: 99 };
const PAIRS: ArgumentKind = ArgumentKind::Number { from: 0, to: 1000 };

pub const COMMAND: CommandInfo = CommandInfo::bulk(
    "tradeoff",
    &[
        Argument::named(
            "operations",
            ArgumentKind::Number { from: 100, to: 1_000_000 },
            "how many operations of each pair (10,000)",
        ),
        Argument::named("writes", PERCENT, "so many in a hundred write (50)"),
        Argument::named("keys", ArgumentKind::Number { from: 1, to: 1_000_000 }, "of how many keys (3)"),
        Argument::named("choice", ArgumentKind::Word(super::commands::KEYS), "every key alike, or a few most often"),
        Argument::flag("alone", "only R and W as they are set"),
        Argument::named("stop", PAIRS, "stop after so many pairs, as if by hand"),
    ],
    "Measures latency and staleness of such a cluster for every R and W, in the background.",
    "tradeoff writes 20",
);

const OF_PAIR: &[Argument] = &[
    crate::lab::expectations::MEASURE[0],
    crate::lab::expectations::MEASURE[1],
    Argument::named("read", PAIRS, "with this R; when left out, with the one that is set"),
    Argument::named("write", PAIRS, "with this W"),
];

pub const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single(
        "pairs",
        crate::lab::expectations::MEASURE,
        "Pairs of R and W that were measured.",
        "expect pairs = 9",
    ),
    CommandInfo::single(
        "stale-share",
        OF_PAIR,
        "Reads that were stale in the measurement, in a million.",
        "expect stale-share > 0 read 1 write 1",
    ),
    CommandInfo::single(
        "stale-expected",
        OF_PAIR,
        "Reads that the latencies of messages would make stale, in a million.",
        "expect stale-expected < 1000",
    ),
    CommandInfo::single(
        "read-us",
        OF_PAIR,
        "What half of the measured reads took at most, in microseconds.",
        "expect read-us < 50000 read 1",
    ),
    CommandInfo::single(
        "write-us",
        OF_PAIR,
        "What half of the measured writes took at most, in microseconds.",
        "expect write-us > 20000 write 3",
    ),
];

/// The measurement under way.
#[derive(Clone)]
pub struct Measuring {
    tradeoff: Tradeoff,
    /// Pairs that shall be measured.
    pairs: usize,
    operations: u64,
}

impl Measuring {
    pub fn begin(lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<Measuring, Refusal> {
        let arguments = &call.arguments;
        let settings = &lab.settings;
        let workload = Workload {
            operations: arguments.number("operations").unwrap_or(OPERATIONS),
            writes_percent: arguments.number("writes").map_or(50, |writes| writes.min(100) as u8),
            keys: keys(call),
            ..Workload::default()
        };
        let operations = workload.operations;
        let (setup, quorum) = (settings.options.clone(), quorum::options(&settings.values));
        let plan = Plan { setup, quorum, workload, seed: lab.seed(), alone: arguments.flag("alone") };
        let told = Rc::new(plan.told());
        let stop = arguments.number("stop").unwrap_or(u64::MAX);
        let pairs = u64::from(told.pairs).min(stop) as usize;
        let tradeoff = Tradeoff::new(plan)?;
        lab.tradeoff = Some(told.clone());
        cx.emit(|| Event::TradeoffBegun { plan: told });
        Ok(Measuring { tradeoff, pairs, operations })
    }

    pub fn step(&mut self, lab: &mut ClusterLab, cx: &mut Cx) -> Result<(), Refusal> {
        if self.tradeoff.pairs_done().0 >= self.pairs {
            return Ok(());
        }
        if let Some(run) = self.tradeoff.step()? {
            let event = Event::QuorumMeasured { run: Rc::new(run) };
            if let Some(known) = &mut lab.tradeoff {
                Rc::make_mut(known).fold(&event);
            }
            cx.emit(|| event);
        }
        Ok(())
    }

    pub fn progress(&self) -> (u64, u64) {
        let (done, _) = self.tradeoff.progress();
        let total = (self.pairs as u64 * self.operations).max(1);
        if self.tradeoff.pairs_done().0 >= self.pairs { (total, total) } else { (done.min(total - 1), total) }
    }

    pub fn finish(self, lab: &ClusterLab) -> String {
        lab.tradeoff.as_ref().map(|known| sentence(known)).unwrap_or_default()
    }

    /// The command that measures just the pairs that are done.
    pub fn rewritten(&self, text: &str) -> String {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        if let Some(at) = words.iter().position(|word| *word == "stop") {
            words.drain(at..(at + 2).min(words.len()));
        }
        format!("{} stop {}", words.join(" "), self.tradeoff.pairs_done().0)
    }
}

fn sentence(known: &TradeoffState) -> String {
    let Some(run) = known.set() else { return "Stopped before R and W were measured.".to_string() };
    let ((read_ns, write_ns), (stale, _)) = (run.latencies_ns(500), run.stale_millionths());
    format!(
        "{} of R and W, {} operations each. With R = {} and W = {} half of the reads took up to {}, half of the writes up to {}; {} % of the reads were stale.",
        counted(known.runs.len() as u64, "pair"),
        grouped(known.operations),
        run.read,
        run.write,
        lasting(read_ns),
        lasting(write_ns),
        fixed(stale as f64 / 10_000.0, 2)
    )
}

/// Checks an expectation about what was measured; nothing if it is about something else.
pub fn expected(known: Option<&TradeoffState>, call: &Call) -> Option<Finding> {
    let of: fn(&QuorumRun) -> u64 = match call.info.name {
        "pairs" => return Some(Finding::measured(call, known.map_or(0, |known| known.runs.len() as u64))),
        "stale-share" => |run| run.stale_millionths().0,
        "stale-expected" => |run| run.stale_millionths().1,
        "read-us" => |run| run.latencies_ns(500).0 / 1000,
        "write-us" => |run| run.latencies_ns(500).1 / 1000,
        _ => return None,
    };
    let wanted = |name, set: u16| call.arguments.number(name).map_or(set, |number| number as u16);
    let run = known.and_then(|known| known.run(wanted("read", known.read), wanted("write", known.write)));
    Some(run.map_or(Finding::new(false, "no such pair was measured"), |run| Finding::measured(call, of(run))))
}
