//! Commands that ask for many keys, and the hit-ratio curves.
//!
//! As in the [buffer pool lab](crate::lab::pool::job), a command that is stopped says `stop n` and keeps its whole: the
//! optimum knows all that it would have asked for.

use std::rc::Rc;

use super::ACCESSES_MAX;
use super::machine::EvictionLab;
use crate::eviction::{CurveJob, curve_sizes};
use crate::lab::data::Data;
use crate::lab::pool::job::{CURVE_SIZES, CURVE_STEP, distinct, drawn, hits_since};
use crate::lab::pool::pattern::Pattern;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::sim::{Cx, Generator};
use crate::trace::{Counters, PolicyKind};

/// A long command under way.
#[derive(Clone)]
pub struct Job {
    work: Work,
    pub done: u64,
    pub total: u64,
    /// What had been counted when the job began.
    before: Counters,
}

#[derive(Clone)]
enum Work {
    Accesses(Pattern),
    Curves(Box<CurveJob>),
}

/// How many operations a command is, `stop` aside.
fn whole(lab: &EvictionLab, call: &Call, data: &Data) -> u64 {
    let arguments = &call.arguments;
    match call.info.name {
        "scan" => {
            let bound = |name| arguments.number(name).unwrap_or_default();
            let once = bound("from").abs_diff(bound("to")) + 1;
            once.saturating_mul(arguments.number("times").unwrap_or(1))
        }
        "accesses" => data.len() as u64,
        "curve" => {
            let sizes = arguments.number("sizes").unwrap_or(CURVE_SIZES) + 2;
            let each = lab.history.len() as u64;
            (sizes * PolicyKind::ALL.len() as u64).saturating_mul(each).div_ceil(CURVE_STEP as u64)
        }
        _ => arguments.number("count").unwrap_or(1),
    }
}

/// How many operations a command is.
pub fn units(lab: &EvictionLab, call: &Call, data: &Data) -> u64 {
    whole(lab, call, data).min(call.arguments.number("stop").unwrap_or(u64::MAX))
}

impl Job {
    pub fn new(lab: &mut EvictionLab, cx: &mut Cx, call: &Call, data: &Data) -> Result<Job, Refusal> {
        let (work, whole) = match call.info.name {
            "curve" => curves(lab, call),
            _ => accesses(lab, cx, call, data)?,
        };
        let total = whole.min(call.arguments.number("stop").unwrap_or(u64::MAX));
        Ok(Job { work, done: 0, total, before: cx.counters() })
    }

    /// Does the next operation.
    pub fn step(&mut self, lab: &mut EvictionLab, cx: &mut Cx) {
        let index = self.done;
        self.done += 1;
        match &mut self.work {
            Work::Curves(job) => drop(job.step(CURVE_STEP)),
            Work::Accesses(pattern) => lab.access(cx, pattern.next(index)),
        }
    }

    /// Ends the job, whether all is done or not; the answer.
    pub fn finish(self, lab: &mut EvictionLab, cx: &mut Cx) -> String {
        match self.work {
            Work::Curves(job) => {
                let (curves, answer) = drawn(cx, &job, "cache");
                lab.curves = Some(curves);
                answer
            }
            Work::Accesses(_) => hits_since(cx, &self.before, "key"),
        }
    }
}

/// What to ask for, and how many accesses that is.
fn accesses(lab: &mut EvictionLab, cx: &mut Cx, call: &Call, data: &Data) -> Result<(Work, u64), Refusal> {
    let keys = lab.settings.keys;
    let named = ["from", "to"].into_iter().chain((call.info.name == "mixed").then_some("hot"));
    let last = named.filter_map(|name| call.arguments.number(name)).max();
    if let Some(key) = last.filter(|key| *key >= u64::from(keys)) {
        return Err(Refusal::NoSuchKey { key, keys: keys.into() });
    }
    let count = units(lab, call, data);
    if count > ACCESSES_MAX {
        return Err(Refusal::TooManyAccesses { count, most: ACCESSES_MAX });
    }
    let mut pattern = match call.info.name {
        "accesses" => Pattern::List(lab.objects.take(data)?),
        _ => Pattern::of(call, keys, Generator::new(lab.source.next_u64(), "accesses")),
    };
    let whole = whole(lab, call, data).min(ACCESSES_MAX);
    if lab.settings.policy.kind == PolicyKind::Optimum {
        let all: Rc<[u32]> = (0..whole).map(|index| pattern.next(index)).collect();
        lab.foretell(cx, &all);
        pattern = Pattern::List(all);
    }
    Ok((Work::Accesses(pattern), whole))
}

fn curves(lab: &EvictionLab, call: &Call) -> (Work, u64) {
    let accesses = lab.history.to_rc();
    let count = call.arguments.number("sizes").unwrap_or(CURVE_SIZES) as u32;
    let end = accesses.iter().max().map_or(0, |key| key + 1);
    let objects = lab.objects.sizes(end);
    let all = match &objects {
        Some(sizes) => {
            let mut seen = vec![false; sizes.len()];
            accesses.iter().for_each(|key| seen[*key as usize] = true);
            seen.iter().zip(sizes.iter()).filter(|(seen, _)| **seen).map(|(_, size)| u64::from(*size)).sum()
        }
        None => distinct(&accesses),
    };
    let mut sizes = curve_sizes(all, count);
    // What the cache has now is one of them.
    sizes.push(lab.cache.capacity().units());
    sizes.sort_unstable();
    sizes.dedup();
    let job = CurveJob::new(accesses, sizes, PolicyKind::ALL, &lab.settings.policy);
    let job = match objects {
        Some(objects) => job.sized(objects),
        None => job,
    };
    let (_, all) = job.progress();
    (Work::Curves(Box::new(job)), all.div_ceil(CURVE_STEP as u64))
}
