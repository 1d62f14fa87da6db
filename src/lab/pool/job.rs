//! Commands that ask for many pages, and the hit-ratio curves.
//!
//! ```text
//!   new ──▶ step, step, step … ──▶ finish ──▶ answer
//!              └── stop: the same command with `stop n` behind it does just this much
//! ```
//!
//! Saying `stop n` and not a smaller count keeps the whole: the optimum knows all that the command would have asked for,
//! and a page that is drawn by rank has the same rank.

use std::rc::Rc;

use super::ACCESSES_MAX;
use super::machine::PoolLab;
use super::pattern::{Pattern, Ranks, read_pages};
use crate::lab::data::Data;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::{counted, grouped};
use crate::sim::{Cx, Generator};
use crate::storage::replacement::{CurveJob, curve_sizes};
use crate::trace::parts::HitCurves;
use crate::trace::{Counters, Event, PolicyKind};

/// Accesses that one step of the curves plays.
pub const CURVE_STEP: usize = 20_000;
/// Sizes of the pool at which the curves are taken when nobody says.
pub const CURVE_SIZES: u64 = 24;

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
    Accesses {
        pattern: Pattern,
        /// Draws which accesses change their page; of a hundred, so many.
        writes: Option<(Generator, u64)>,
    },
    Curves(Box<CurveJob>),
}

/// How many operations a command is.
pub fn units(lab: &PoolLab, call: &Call, data: &Data) -> u64 {
    let arguments = &call.arguments;
    let count = || arguments.number("count").unwrap_or(1);
    let whole = match call.info.name {
        "scan" => {
            let bound = |name| arguments.number(name).unwrap_or_default();
            let once = bound("from").abs_diff(bound("to")) + 1;
            once.saturating_mul(arguments.number("times").unwrap_or(1))
        }
        "accesses" => data.len() as u64,
        // A look-up is some accesses; how many is known when it is begun.
        "lookups" => count().saturating_mul(4),
        "heap-scan" => u64::from(lab.settings.pages),
        "curve" => {
            let sizes = arguments.number("sizes").unwrap_or(CURVE_SIZES) + 2;
            let each = lab.history.len() as u64;
            (sizes * (PolicyKind::ALL.len() as u64 - 1) + 1).saturating_mul(each).div_ceil(CURVE_STEP as u64)
        }
        _ => count(),
    };
    whole.min(arguments.number("stop").unwrap_or(u64::MAX))
}

impl Job {
    pub fn new(lab: &mut PoolLab, cx: &mut Cx, call: &Call, data: &Data) -> Result<Job, Refusal> {
        let (work, whole) = match call.info.name {
            "curve" => curves(lab, call),
            _ => accesses(lab, cx, call, data)?,
        };
        let total = whole.min(call.arguments.number("stop").unwrap_or(u64::MAX));
        Ok(Job { work, done: 0, total, before: cx.counters() })
    }

    pub fn is_done(&self) -> bool {
        self.done >= self.total
    }

    /// Does the next operation. After an error the job is over.
    pub fn step(&mut self, lab: &mut PoolLab, cx: &mut Cx) -> Result<(), Refusal> {
        debug_assert!(!self.is_done());
        let index = self.done;
        self.done += 1;
        match &mut self.work {
            Work::Curves(job) => {
                job.step(CURVE_STEP);
                Ok(())
            }
            Work::Accesses { pattern, writes } => {
                let page = pattern.next(index);
                let changes = writes.as_mut().is_some_and(|(generator, percent)| generator.below(100) < *percent);
                lab.access(cx, page, changes)
            }
        }
    }

    /// Ends the job, whether all is done or not; the answer.
    pub fn finish(self, lab: &mut PoolLab, cx: &mut Cx) -> String {
        match self.work {
            Work::Curves(job) => {
                let (curves, answer) = drawn(cx, &job, "pool");
                lab.curves = Some(curves);
                answer
            }
            Work::Accesses { .. } => hits_since(cx, &self.before, "page"),
        }
    }
}

/// Tells what there is of the curves of a cache (a pool, or any other); the answer.
pub fn drawn(cx: &mut Cx, job: &CurveJob, cache: &str) -> (Rc<HitCurves>, String) {
    let curves = job.curves().clone();
    let answer = match curves.accesses {
        0 => "There have been no accesses to replay.".to_string(),
        accesses => {
            let sizes = counted(curves.sizes.len() as u64, "size");
            format!("{} replayed at {sizes} of the {cache}.", counted_accesses(accesses))
        }
    };
    let known = Rc::new(curves.clone());
    cx.emit(|| Event::CurvesDrawn { curves });
    (known, answer)
}

/// `1 access`, `2 accesses`.
pub fn counted_accesses(count: u64) -> String {
    if count == 1 { "1 access".to_string() } else { format!("{} accesses", grouped(count)) }
}

/// Of how many accesses how many hit, in a sentence.
pub fn hits_since(cx: &Cx, before: &Counters, what: &str) -> String {
    let now = cx.counters();
    let (hits, misses) = (now.pool_hits - before.pool_hits, now.pool_misses - before.pool_misses);
    match hits + misses {
        0 => format!("No {what} was asked for."),
        1 if hits == 1 => "A hit.".to_string(),
        1 => "A miss.".to_string(),
        all => {
            let percent = (hits * 200 + all) / (2 * all);
            format!("{} of {} accesses hit: {percent} %.", grouped(hits), grouped(all))
        }
    }
}

/// The command that does `done` operations of this one.
pub fn stopped(call: &Call, text: &str, done: u64, unrecorded: bool) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    if let Some(at) = words.iter().position(|word| *word == "stop") {
        words.drain(at..(at + 2).min(words.len()));
    }
    let mut text = format!("{} stop {done}", words.join(" "));
    let can = call.info.arguments.iter().any(|argument| argument.name == "unrecorded");
    if unrecorded && can && !call.arguments.flag("unrecorded") {
        text.push_str(" unrecorded");
    }
    text
}

/// What to ask for, and how many accesses that is.
fn accesses(lab: &mut PoolLab, cx: &mut Cx, call: &Call, data: &Data) -> Result<(Work, u64), Refusal> {
    let arguments = &call.arguments;
    let pages = lab.settings.pages;
    let too_far = ["from", "to", "hot"].into_iter().filter_map(|name| arguments.number(name));
    if let Some(page) = too_far.max().filter(|page| *page >= u64::from(pages)) {
        return Err(Refusal::NoSuchPage { page: page as u32, pages });
    }
    let count = units(lab, call, data);
    if count > ACCESSES_MAX {
        return Err(Refusal::TooManyAccesses { count, most: ACCESSES_MAX });
    }
    let listed = match call.info.name {
        "accesses" => {
            let column = arguments.number("column").map(|column| column as usize);
            Some(read_pages(data, column, pages)?)
        }
        "lookups" | "heap-scan" => Some(of_twin(lab, call)?),
        _ => None,
    };
    let seed = lab.source.next_u64();
    let writes = arguments.number("writes").map(|percent| (Generator::new(seed, "writes"), percent));
    let (mut pattern, whole) = match listed {
        Some(accesses) => {
            let whole = accesses.len() as u64;
            (Pattern::List(accesses), whole)
        }
        None => {
            let whole = units_whole(lab, call, data);
            (Pattern::of(call, pages, Generator::new(seed, "accesses")), whole)
        }
    };
    if lab.settings.policy.kind == PolicyKind::Optimum {
        let all: Rc<[u32]> = (0..whole).map(|index| pattern.next(index)).collect();
        lab.pager.foretell(cx, &all);
        pattern = Pattern::List(all);
    }
    Ok((Work::Accesses { pattern, writes }, whole))
}

/// As [`units`], as if it did not say `stop`.
fn units_whole(lab: &PoolLab, call: &Call, data: &Data) -> u64 {
    let arguments = &call.arguments;
    match call.info.name {
        "scan" => {
            let bound = |name| arguments.number(name).unwrap_or_default();
            let once = bound("from").abs_diff(bound("to")) + 1;
            once.saturating_mul(arguments.number("times").unwrap_or(1)).min(ACCESSES_MAX)
        }
        "accesses" => data.len() as u64,
        _ => arguments.number("count").unwrap_or_else(|| units(lab, call, data)),
    }
}

/// The accesses of real look-ups, or of a real scan.
fn of_twin(lab: &mut PoolLab, call: &Call) -> Result<Rc<[u32]>, Refusal> {
    let seed = lab.source.next_u64();
    let Some(twin) = &mut lab.twin else { return Err(Refusal::NoRows) };
    let mut accesses = Vec::new();
    if call.info.name == "heap-scan" {
        twin.scan(&mut accesses)?;
        return Ok(accesses.into());
    }
    let mut generator = Generator::new(seed, "look-ups");
    let rows = u64::from(twin.rows());
    let ranks = (call.arguments.word("choice") == Some("zipf")).then(|| Ranks::new(rows));
    for _ in 0..call.arguments.number("count").unwrap_or(1) {
        let key = match &ranks {
            Some(ranks) => ranks.draw(&mut generator),
            None => generator.below(rows),
        };
        twin.look_up(key + 1, &mut accesses)?;
    }
    Ok(accesses.into())
}

fn curves(lab: &PoolLab, call: &Call) -> (Work, u64) {
    let accesses = lab.history.to_rc();
    let sizes = call.arguments.number("sizes").unwrap_or(CURVE_SIZES) as u32;
    let distinct = distinct(&accesses);
    let mut sizes = curve_sizes(distinct, sizes);
    // What the pool has now is one of them.
    sizes.push(u64::from(lab.pager.pool.capacity()));
    sizes.sort_unstable();
    sizes.dedup();
    let job = CurveJob::new(accesses, sizes, PolicyKind::ALL, &lab.settings.policy);
    let (_, all) = job.progress();
    (Work::Curves(Box::new(job)), all.div_ceil(CURVE_STEP as u64))
}

pub fn distinct(accesses: &[u32]) -> u64 {
    let mut pages: Vec<u64> = accesses.iter().map(|page| u64::from(*page)).collect();
    pages.sort_unstable();
    pages.dedup();
    pages.len() as u64
}
