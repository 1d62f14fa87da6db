//! The checkers while a run goes on: whenever clients have been told something, what they were told so far is judged, and the
//! trace hears of it when a verdict changes. So a badge turns red at the answer that breaks a promise.
//!
//! A look costs as much as there are operations, so looks grow rarer: the next one is due when an eighth more has ended, and at
//! the end of each command. Convergence is judged only when somebody asks: until all is healed, nodes may differ.
//!
//! **Invariant:** whether somebody records changes nothing: looking goes by what clients were told alone.

use super::machine::ClusterLab;
use crate::history::linearizable::Limits;
use crate::replication::cluster::{Promise, Ruling};
use crate::sim::Cx;
use crate::trace::VerdictKind;

/// Operations up to which it looks by itself.
const MOST: u64 = 2_000;
/// What a look may use: a few milliseconds.
const LIMITS: Limits = Limits { steps: 100_000, memory_bytes: 8 << 20 };

/// How many operations had ended when it looked last.
#[derive(Clone, Debug, Default)]
pub struct Live {
    looked: u64,
}

/// Judges what clients were told so far, if a look is due. `at_end`: of a command.
pub fn look(lab: &mut ClusterLab, cx: &mut Cx, at_end: bool) {
    let counts = lab.cluster.counts();
    let ended = counts.done + counts.failed + counts.unknown;
    let looked = lab.live.looked;
    let due = if at_end { looked + 1 } else { looked + (looked / 8).max(1) };
    if ended < due || looked > MOST {
        return;
    }
    lab.live.looked = ended;
    let now_ns = cx.now_ns();
    for &promise in lab.settings.kind.promises().iter().filter(|promise| **promise != Promise::Convergence) {
        let ruling = match ended > MOST {
            true => too_many(now_ns),
            false => lab.cluster.judge_within(now_ns, promise, LIMITS),
        };
        let known = lab.cluster.verdict(promise.word()).map(|verdict| verdict.kind);
        let says_nothing = matches!(ruling.kind, VerdictKind::Nothing | VerdictKind::GaveUp);
        let is_new = known.map_or(!says_nothing, |known| known != ruling.kind && known != VerdictKind::Violated);
        if is_new {
            lab.cluster.tell_ruling(cx, promise.word(), in_short(ruling));
        }
    }
}

/// What holds is told once, so without numbers that grow.
fn in_short(ruling: Ruling) -> Ruling {
    match ruling.kind {
        VerdictKind::Holds => Ruling { text: "All that clients were told so far fits.".to_string(), ..ruling },
        _ => ruling,
    }
}

fn too_many(at_ns: u64) -> Ruling {
    let text = format!("More than {MOST} operations: they are looked at when somebody asks, by check.");
    Ruling { kind: VerdictKind::GaveUp, text, at_ns, proof: Default::default() }
}
