//! What may stand behind `expect` in this lab, and how it is checked.

use super::machine::{PoolLab, percent};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::{Finding, MEASURE, counted, measure};
use crate::lab::script::Call;
use crate::sim::Cx;
use crate::trace::parts::HitCurves;
use crate::trace::{PageId, PolicyKind, TARGET_ONE};

const PAGES: Argument = Argument::rest("page", ArgumentKind::Number { from: 0, to: u32::MAX as u64 }, "the pages");

pub const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single("resident", &[PAGES], "All these pages are in the pool.", "expect resident 7 3"),
    CommandInfo::single("absent", &[PAGES], "None of these pages is in the pool.", "expect absent 7"),
    measure("hit-ratio", "Accesses so far that found their page in the pool, in a hundred.", "expect hit-ratio >= 40"),
    measure("accesses", "Pages asked for so far.", "expect accesses = 12"),
    measure("hits", "Pages found in the pool so far.", "expect hits > 10"),
    measure("misses", "Pages not found in the pool so far.", "expect misses = 0"),
    measure("evictions", "Pages that left the pool to make room.", "expect evictions > 0"),
    measure("flushes", "Dirty pages written so far.", "expect flushes > 0"),
    measure("reads", "Pages read from the disk so far.", "expect reads = 2"),
    measure("writes", "Pages written to the disk so far.", "expect writes > 0"),
    measure("syncs", "Times that what was written was made durable.", "expect syncs = 1"),
    measure("occupied", "Pages in the pool.", "expect occupied = 10"),
    measure("frames", "Frames of the pool.", "expect frames = 10"),
    measure("pages", "Pages of the file.", "expect pages = 60"),
    measure("dirty", "Pages of the pool that are newer than the disk.", "expect dirty = 0"),
    measure("pinned", "Pins that are held.", "expect pinned = 1"),
    measure("ahead", "Pages read ahead and not used yet.", "expect ahead = 0"),
    measure("target", "ARC: how long T1 is to be, rounded; W-TinyLFU: the window, if it adapts.", "expect target > 2"),
    measure(
        "curve-best",
        "The most that any policy but the optimum hits on the curves, in a hundred.",
        "expect curve-best > 50",
    ),
    CommandInfo::single(
        "curve-order",
        MEASURE,
        "How many sizes of the curves have a policy that hits more often than the optimum (there are none).",
        "expect curve-order = 0",
    ),
];

impl PoolLab {
    /// Checks an expectation.
    pub(super) fn check(&self, cx: &Cx, call: &Call) -> Finding {
        let pool = &self.pager.pool;
        let counters = cx.counters();
        let found = match call.info.name {
            "resident" | "absent" => return self.check_pages(call),
            "hit-ratio" => percent(counters.pool_hits, counters.pool_hits + counters.pool_misses),
            "accesses" => self.history.len() as u64,
            "occupied" => u64::from(pool.occupied()),
            "frames" => u64::from(pool.capacity()),
            "pages" => u64::from(self.settings.pages),
            "dirty" => u64::from(pool.dirty_count()),
            "pinned" => self.pinned() as u64,
            "ahead" => pool.replacement(0).ahead.len() as u64,
            "target" => (pool.replacement(0).target + TARGET_ONE / 2) / TARGET_ONE,
            "curve-best" => self.curve_best(),
            "curve-order" => self.above_the_optimum(),
            name => counted(cx, name).unwrap_or_default(),
        };
        Finding::measured(call, found)
    }

    fn check_pages(&self, call: &Call) -> Finding {
        let wanted = call.info.name == "resident";
        let wrong = call.arguments.numbers("page").find(|page| {
            let there = u32::try_from(*page).is_ok_and(|page| self.pager.pool.find(PageId(page)).is_some());
            there != wanted
        });
        match wrong {
            None => Finding::new(true, ""),
            Some(page) if wanted => Finding::new(false, format!("page {page} is not in the pool")),
            Some(page) => Finding::new(false, format!("page {page} is in the pool")),
        }
    }

    fn curve_best(&self) -> u64 {
        self.curves.as_deref().map_or(0, best_of)
    }

    fn above_the_optimum(&self) -> u64 {
        self.curves.as_deref().map_or(0, above_the_optimum)
    }
}

/// The most that any policy but the optimum hits, in a hundred.
pub fn best_of(curves: &HitCurves) -> u64 {
    let real = curves.curves.iter().filter(|curve| curve.policy != PolicyKind::Optimum);
    percent(real.flat_map(|curve| curve.hits.iter().copied()).max().unwrap_or(0), curves.accesses)
}

/// Sizes at which a policy hits more often than the optimum.
pub fn above_the_optimum(curves: &HitCurves) -> u64 {
    let best = curves.curves.iter().find(|curve| curve.policy == PolicyKind::Optimum);
    let best = best.map_or(&[][..], |curve| &curve.hits);
    let above = |index: usize| curves.curves.iter().any(|curve| curve.hits.get(index) > best.get(index));
    (0..best.len()).filter(|index| above(*index)).count() as u64
}
