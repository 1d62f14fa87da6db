//! The places of a trace that matter: where a command begins, where a page splits, what went wrong.

use super::guide::told;
use glassbase_trace::{Event, PageId, Record};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkerKind {
    Split,
    Merge,
    Borrow,
    Eviction,
    RootChange,
    /// A row goes to another page.
    Move,
    /// What was in memory goes to a file.
    Flush,
    Compaction,
    Checkpoint,
    Commit,
    Abort,
    /// The three passes in which an engine is opened after a crash.
    Analysis,
    Redo,
    Undo,
    /// Writers wait.
    Stall,
    Failure,
    /// A command was not carried out: nothing of the system failed.
    Refusal,
    Crash,
    /// A node leads from here on.
    Election,
    /// A node is paused or slow.
    Fault,
    Partition,
    Heal,
    /// A client has its answer.
    Answer,
    /// A client read what was out of date.
    Stale,
    CommandBegun,
}

impl MarkerKind {
    pub fn word(self) -> &'static str {
        match self {
            MarkerKind::Split => "split",
            MarkerKind::Merge => "merge",
            MarkerKind::Borrow => "borrow",
            MarkerKind::Eviction => "eviction",
            MarkerKind::RootChange => "new root",
            MarkerKind::Move => "move",
            MarkerKind::Flush => "flush",
            MarkerKind::Compaction => "compaction",
            MarkerKind::Checkpoint => "checkpoint",
            MarkerKind::Commit => "commit",
            MarkerKind::Abort => "abort",
            MarkerKind::Analysis => "analysis",
            MarkerKind::Redo => "redo",
            MarkerKind::Undo => "undo",
            MarkerKind::Stall => "stall",
            MarkerKind::Failure => "failure",
            MarkerKind::Refusal => "refused",
            MarkerKind::Crash => "crash",
            MarkerKind::Election => "elected",
            MarkerKind::Fault => "fault",
            MarkerKind::Partition => "partition",
            MarkerKind::Heal => "heal",
            MarkerKind::Answer => "answer",
            MarkerKind::Stale => "stale",
            MarkerKind::CommandBegun => "command",
        }
    }

    /// So frequent that it is only hinted at, without its word.
    pub fn is_quiet(self) -> bool {
        matches!(self, MarkerKind::CommandBegun | MarkerKind::Eviction | MarkerKind::Commit | MarkerKind::Answer)
    }

    /// Such that none of them may go under among others.
    fn is_grave(self) -> bool {
        matches!(self, MarkerKind::Crash | MarkerKind::Failure | MarkerKind::Partition | MarkerKind::Stale)
    }
}

/// A sign is so wide, and stands so far from the next one.
const SIGN_WIDTH: f64 = 5.0;
/// Between a sign and its word, and behind the word.
const WORD_GAP: f64 = 6.0;
const LETTER_WIDTH: f64 = 6.0;

/// A marker that is drawn: where, and whether there is room for its word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sign {
    pub kind: MarkerKind,
    pub x: f64,
    pub worded: bool,
}

/// The signs of a timeline on a track `width` wide, `x` of a marker given by its position; with words, or without.
///
/// Signs that would lie over each other are one: the graver of them, else the first. A word stands where it covers no
/// other sign than lesser ones that would say the same, which are left out then.
pub fn signs(markers: &[Marker], x: impl Fn(usize) -> f64, width: f64, words: bool) -> Vec<Sign> {
    let (mut loud, mut quiet) = (Vec::<Sign>::new(), Vec::<Sign>::new());
    for marker in markers {
        let sign = Sign { kind: marker.kind, x: x(marker.position), worded: false };
        let row = if sign.kind.is_quiet() { &mut quiet } else { &mut loud };
        match row.last_mut().filter(|last| sign.x < last.x + SIGN_WIDTH) {
            Some(last) if sign.kind.is_grave() && !last.kind.is_grave() => last.kind = sign.kind,
            Some(_) => {}
            None => row.push(sign),
        }
    }
    if words {
        give_words(&mut loud, width);
    }
    quiet.extend(loud);
    quiet
}

fn give_words(signs: &mut Vec<Sign>, width: f64) {
    let mut index = 0;
    while let Some(Sign { kind, x, .. }) = signs.get(index).copied() {
        let end = x + WORD_GAP + kind.word().len() as f64 * LETTER_WIDTH;
        let rest = &signs[index + 1..];
        let covered = rest.iter().take_while(|sign| sign.x - SIGN_WIDTH < end).count();
        let says_all = rest[..covered].iter().all(|sign| sign.kind == kind && !kind.is_grave());
        if end < width && says_all {
            signs[index].worded = true;
            signs.drain(index + 1..index + 1 + covered);
        }
        index += 1;
    }
}

/// A place of a trace that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Index of the record.
    pub position: usize,
    pub kind: MarkerKind,
    /// The page it is about, or none.
    pub page: PageId,
}

impl Marker {
    pub fn of(position: usize, record: &Record) -> Option<Marker> {
        let kind = match &record.event {
            Event::SplitBegun { .. } => MarkerKind::Split,
            Event::MergeBegun { .. } => MarkerKind::Merge,
            Event::BorrowBegun { .. } => MarkerKind::Borrow,
            Event::PoolEvicted { .. } => MarkerKind::Eviction,
            Event::RootChanged { .. } => MarkerKind::RootChange,
            Event::ExpectationFailed { .. } | Event::DiskFault { .. } => MarkerKind::Failure,
            Event::Refused { .. } => MarkerKind::Refusal,
            Event::Verified { problem, .. } if !problem.is_empty() => MarkerKind::Failure,
            Event::DiskCrashed { .. } => MarkerKind::Crash,
            Event::CommandBegun { .. } => MarkerKind::CommandBegun,
            event => told(|guide| (guide.marker)(event))?,
        };
        Some(Marker { position, kind, page: record.event.pages()[0] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(places: &[(usize, MarkerKind)]) -> Vec<Marker> {
        places.iter().map(|(position, kind)| Marker { position: *position, kind: *kind, page: PageId::NONE }).collect()
    }

    fn drawn(places: &[(usize, MarkerKind)]) -> Vec<(MarkerKind, bool)> {
        let signs = signs(&at(places), |position| position as f64, 1000.0, true);
        signs.iter().map(|sign| (sign.kind, sign.worded)).collect()
    }

    #[test]
    fn each_crash_is_marked_however_near_a_word_stands() {
        use MarkerKind::{Analysis, Crash, Redo, Undo};
        let places = [(100, Crash), (180, Analysis), (200, Crash), (260, Analysis), (330, Redo), (400, Undo)];
        let expected =
            vec![(Crash, true), (Analysis, false), (Crash, true), (Analysis, true), (Redo, true), (Undo, true)];
        assert_eq!(drawn(&places), expected);
        // On one place, the crash is what is seen.
        assert_eq!(drawn(&[(100, Analysis), (102, Crash)]), vec![(Crash, true)]);
        assert_eq!(drawn(&[(100, Crash), (102, Analysis)]), vec![(Crash, true)]);
    }

    #[test]
    fn one_word_serves_for_what_says_the_same() {
        use MarkerKind::{Merge, Split};
        assert_eq!(
            drawn(&[(100, Split), (110, Split), (120, Split), (200, Merge)]),
            vec![(Split, true), (Merge, true)]
        );
        assert_eq!(drawn(&[(100, Split), (110, Merge)]), vec![(Split, false), (Merge, true)]);
        assert_eq!(drawn(&[(990, Split)]), vec![(Split, false)]);
    }
}
