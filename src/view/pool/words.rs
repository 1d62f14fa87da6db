//! Captions, and above all why a page leaves.

use super::super::View;
use super::super::describe::grouped;
use glassbase_trace::decimal::fixed;
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{Event, FrameId, PageId, PolicyKind, PolicyList, Record, TARGET_ONE, VictimReason};

/// A sentence from the record alone.
pub fn describe(record: &Record) -> Option<String> {
    use Event::*;
    Some(match &record.event {
        PoolReadAhead { page, frame } => {
            format!("Page {} is read into frame {} before anybody asked for it.", page.0, frame.0)
        }
        PoolMoved { page, from, to } => {
            format!("Frame {} goes: page {} moves to frame {}.", from.0, page.0, to.0)
        }
        PoolResized { frames } => format!("The pool has {} frames now.", grouped(u64::from(*frames))),
        PoolVictim { page, reason, number, .. } => why(*page, *reason, *number, None),
        PolicyPlaced { list, item } if list.is_memory() => format!("Page {item} is remembered in {}.", name(*list)),
        PolicyPlaced { list, item } => format!("Frame {item} is the newest of {} now.", name(*list)),
        PolicyForgot { list, page } => format!("Page {} leaves {}.", page.0, name(*list)),
        PolicyReferenced { frame } => format!("The reference bit of frame {} is set.", frame.0),
        PolicyHandMoved { passed, hand, .. } => {
            format!("The hand goes on by {} to frame {}, clearing bits on its way.", frames(*passed), hand.0)
        }
        PolicyTarget { target } => format!("The target is {} pages now.", share(*target)),
        PolicyForetold { accesses } => format!("The optimum is told the next {accesses} accesses."),
        PolicyCounted { frame, count } => format!("The count of frame {} is {count} now.", frame.0),
        PolicyAged {} => "The policy halves all its counts.".to_string(),
        PolicyPointed { hand } => match hand.0 {
            u32::MAX => "The hand will begin at the oldest.".to_string(),
            frame => format!("The hand stands at frame {frame}."),
        },
        PolicySketched { .. } => "The access is counted in the sketch.".to_string(),
        PolicyStacked { page } => format!("Page {} is on top of the stack S.", page.0),
        PolicyUnstacked { page } => format!("Page {} leaves the stack S.", page.0),
        ObjectSized { frame, size } => format!("Frame {} holds {} bytes.", frame.0, grouped(u64::from(*size))),
        PoolRemoved { page, frame } => format!("Page {} is taken out of frame {} for good.", page.0, frame.0),
        PolicyTimes { times } => format!("The policy takes note of the access to frame {}.", times.frame.0),
        CurvesDrawn { curves } => {
            let accesses = grouped(curves.accesses);
            format!("{accesses} accesses replayed with every policy, at {} sizes of the pool.", curves.sizes.len())
        }
        _ => return None,
    })
}

/// Whether it is a cache of keys, and no pool of pages.
pub fn is_cache(view: &View) -> bool {
    view.state.page_size == 0
}

/// What is held: a page of a pool, a key of a cache.
pub fn noun(view: &View) -> &'static str {
    if is_cache(view) { "Key" } else { "Page" }
}

/// What is said of a pool, in the words of a cache.
pub fn of_cache(text: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("Page ", "Key "),
        ("page ", "key "),
        ("pages", "keys"),
        ("Frame ", "Place "),
        ("frame ", "place "),
        ("the pool", "the cache"),
    ];
    WORDS.iter().fold(text.to_string(), |text, (pool, cache)| text.replace(pool, cache))
}

/// A sentence with what the view knows; for engines whose policy is shown.
pub fn caption(view: &View, record: &Record) -> Option<String> {
    let known = view.state.parts.replacement.as_deref()?;
    if !is_cache(view) {
        return said(view, record);
    }
    Some(match &record.event {
        Event::PoolHit { page, .. } => format!("Hit: key {} is in the cache.", page.0),
        Event::PoolMiss { page, .. } => format!("Miss: key {} is fetched and let in.", page.0),
        Event::PoolEvicted { page, .. } => format!("Key {} leaves the cache.", page.0),
        Event::PoolRemoved { page, .. } => {
            format!("Key {} is taken out for good: nothing is remembered of it.", page.0)
        }
        Event::PoolResized { frames } => format!("{} places have been used so far.", grouped(u64::from(*frames))),
        Event::ObjectSized { frame, size } => {
            format!("{} has {} bytes.", of_cache(&upper(&at(view, *frame))), grouped(u64::from(*size)))
        }
        Event::CurvesDrawn { curves } => {
            let accesses = grouped(curves.accesses);
            format!("{accesses} accesses replayed with every policy, at {} sizes of the cache.", curves.sizes.len())
        }
        Event::PolicySketched { .. } => "The access is counted in the sketch: one more in each row.".to_string(),
        Event::PolicyAged {} if known.sketch.is_empty() => {
            "The counts are high on average: all are halved.".to_string()
        }
        Event::PolicyAged {} => "The sketch has counted for long enough: all its counters are halved.".to_string(),
        _ => of_cache(&said(view, record)?),
    })
}

fn said(view: &View, record: &Record) -> Option<String> {
    use Event::*;
    let known = view.state.parts.replacement.as_deref()?;
    Some(match &record.event {
        PoolHit { page, frame } if known.is_ahead(*frame) => {
            format!("Hit: page {} was read ahead, and is used now for the first time.", page.0)
        }
        PoolHit { page, frame } => format!("Hit: page {} is in frame {}.", page.0, frame.0),
        PoolMiss { page, frame } => format!("Miss: page {} is read from the disk into frame {}.", page.0, frame.0),
        PoolVictim { page, reason, number, .. } => why(*page, *reason, *number, Some(known)),
        PoolUnpinned { page, .. } => format!("The access to page {} is over.", page.0),
        PoolEvicted { page, frame } => {
            let dirty = view.state.pool.iter().any(|held| held.frame == *frame && held.dirty);
            let how = if dirty { "What was changed in it is lost." } else { "It is clean: nothing to write." };
            format!("Page {} leaves frame {}. {how}", page.0, frame.0)
        }
        PoolFlushed { page, .. } => match view.pool_doing.victim {
            Some(_) => format!("Page {} is dirty: it has to be written before its frame is free.", page.0),
            None => format!("Page {} is written and clean again.", page.0),
        },
        PolicyPlaced { list, item } => placed(view, known, *list, *item),
        PolicyReferenced { frame } => {
            format!("The reference bit of {} is set: the hand will spare it once.", at(view, *frame))
        }
        PolicyHandMoved { from, passed, hand } => {
            let spared = passed.saturating_sub(1);
            match spared {
                0 => format!("The hand looks at frame {from}: its bit is clear."),
                spared => format!(
                    "The hand passes {}, clears their bits, and stops behind the first whose bit was clear: frame {}.",
                    frames(spared),
                    hand.0.checked_sub(1).unwrap_or(view.state.frames.saturating_sub(1))
                ),
            }
        }
        PolicyTarget { target } => {
            let (before, after) = (share(known.target), share(*target));
            if known.policy == PolicyKind::WTinyLfu {
                let way = if *target > known.target { "grows" } else { "shrinks" };
                return Some(format!(
                    "A sample of accesses is over. By its hits the window {way} from {before} to {after}."
                ));
            }
            if *target > known.target {
                format!("The page was remembered in B1: T1 was too short. Its target grows from {before} to {after}.")
            } else {
                format!("The page was remembered in B2: T2 was too short. T1's target falls from {before} to {after}.")
            }
        }
        PolicyForgot { list, page } => forgot(*list, *page),
        PolicyCounted { frame, count } => counted(view, known, *frame, *count),
        PolicyPointed { hand } if hand.0 == u32::MAX => {
            "The hand is at the newest end: it will begin at the oldest.".to_string()
        }
        PolicyPointed { hand } => format!("The hand stands at {} now.", at(view, *hand)),
        PolicyUnstacked { page } if known.stack.first() == Some(page) => {
            format!("Page {} stands at the bottom of S and is not LIR: it is cut off.", page.0)
        }
        PolicyTimes { times } => {
            let page = at(view, times.frame);
            match (known.policy, times.times.as_slice()) {
                (PolicyKind::Optimum, []) => format!("{} will not be used again.", upper(&page)),
                (PolicyKind::Optimum, [next, ..]) => {
                    let away = next.saturating_sub(known.accesses);
                    format!("{} will be used again in {}.", upper(&page), accesses(away))
                }
                _ => format!("The access is noted: {} was used now.", page),
            }
        }
        _ => return None,
    })
}

/// Why the page leaves.
fn why(page: PageId, reason: VictimReason, number: u64, known: Option<&ReplacementState>) -> String {
    let page = format!("Page {} has to leave", page.0);
    let k = known.map_or(2, |known| known.k);
    match reason {
        VictimReason::FirstIn => format!("{page}: of all it came first."),
        VictimReason::LeastRecent => format!("{page}: of all it was not used for longest."),
        VictimReason::NotReferenced => format!("{page}: the hand found its reference bit clear."),
        VictimReason::TooFewUses => {
            format!("{page}: it was used less than {k} times, {} ago, and that longest ago.", accesses(number))
        }
        VictimReason::KthUse => {
            let which = kth(k);
            format!("{page}: its {which} use is {} ago, further back than any other's.", accesses(number))
        }
        VictimReason::Newcomer => {
            format!("{page}: A1in has {number} pages, more than a quarter; its oldest goes. Its number is remembered.")
        }
        VictimReason::ProvenLeastRecent => format!("{page}: A1in is short enough; of Am it was not used for longest."),
        VictimReason::UsedOnce => {
            let target = known.map(|known| format!(", its target is {}", share(known.target))).unwrap_or_default();
            format!("{page}: T1 has {number} pages{target}. T1 gives its oldest.")
        }
        VictimReason::UsedAgain => {
            let target = known.map(|known| format!(" (target {})", share(known.target))).unwrap_or_default();
            format!("{page}: T1 is no longer than it is to be{target}, so T2 gives its oldest.")
        }
        VictimReason::UsedLast => {
            format!("{page}: it will be used in {} only, later than any other.", accesses(number))
        }
        VictimReason::NeverAgain => format!("{page}: it will not be used again."),
        VictimReason::Drawn => format!("{page}: of {number} it was drawn."),
        VictimReason::OnProbation => format!("{page}: of those on probation it was not used for longest."),
        VictimReason::LeastUsed => {
            format!(
                "{page}: it was used {}, no other less often, and of those it was not used for longest.",
                times(number)
            )
        }
        VictimReason::NotVisited => format!("{page}: its visited bit was clear when the hand came by."),
        VictimReason::FewHits => format!("{page}: at the end of the small queue it had {}, not 2.", hits(number)),
        VictimReason::NoHits => format!("{page}: at the end of the main queue it had no hits left."),
        VictimReason::FrontOfQ => format!("{page}: it stands at the front of Q, which LIR pages do not."),
        VictimReason::BottomOfS => format!("{page}: nothing in Q may go; of S it was not used for longest."),
        VictimReason::LostToCandidate => {
            format!("{page}: asked for {} as estimated, less often than the window's candidate.", times(number))
        }
        VictimReason::NotAdmitted => {
            format!(
                "{page}: the candidate from the window was asked for {} as estimated, no more often than who would leave for it.",
                times(number)
            )
        }
    }
}

fn placed(view: &View, known: &ReplacementState, list: PolicyList, item: u32) -> String {
    if list.is_memory() {
        return format!("Page {item} is gone, but its number stays in {}.", name(list));
    }
    let page = upper(&at(view, FrameId(item)));
    let was =
        known.lists.iter().find(|held| !held.list.is_memory() && held.items.contains(&item)).map(|held| held.list);
    match list {
        PolicyList::Queue => format!("{page} joins the queue at its end."),
        PolicyList::Recent => format!("{page} is the most recently used now."),
        PolicyList::A1in => format!("{page} is a newcomer: it joins A1in."),
        PolicyList::Window => format!("{page} is the newest of the window."),
        PolicyList::Probation if was == Some(PolicyList::Protected) => {
            format!("{page} is pushed out of the protected segment: on probation again.")
        }
        PolicyList::Probation if was == Some(PolicyList::Window) => {
            format!("{page} leaves the window for the main cache: on probation.")
        }
        PolicyList::Probation => format!("{page} is new: it comes on probation."),
        PolicyList::Protected if was == Some(PolicyList::Probation) => {
            format!("{page} is hit on probation: it is protected now.")
        }
        PolicyList::Small => format!("{page} is new: it joins the small queue."),
        PolicyList::Main if was == Some(PolicyList::Small) => {
            format!("{page} was hit twice or more in the small queue: it goes on to the main queue.")
        }
        PolicyList::Main if was == Some(PolicyList::Main) => {
            format!("{page} was hit since it was last here: it goes round the main queue again.")
        }
        PolicyList::Main => format!("{page} came back while its name was in the ghost queue: it joins the main queue."),
        PolicyList::Lir if was == Some(PolicyList::Hir) => {
            format!("{page} came back sooner than the bottom of S: it is LIR now.")
        }
        PolicyList::Lir if was.is_none() => format!("{page} is LIR."),
        PolicyList::Hir if was == Some(PolicyList::Lir) => {
            format!("{page} was at the bottom of S: there is no room for it among the LIR, it goes to Q.")
        }
        PolicyList::Hir => format!("{page} stands at the end of Q."),
        PolicyList::Am if was.is_none() => format!("{page} came back while it was remembered: it is let into Am."),
        PolicyList::T1 if was.is_none() => format!("{page} is new: it goes to T1, for what was used once."),
        PolicyList::T2 if was == Some(PolicyList::T1) => format!("{page} is used again: it goes from T1 to T2."),
        PolicyList::T2 if was.is_none() => format!("{page} came back while it was remembered: it goes to T2."),
        list => format!("{page} is the most recently used of {} now.", name(list)),
    }
}

/// What a policy's count of a page means.
fn counted(view: &View, known: &ReplacementState, frame: FrameId, count: u32) -> String {
    let page = at(view, frame);
    match (known.policy, count) {
        (PolicyKind::Sieve, 0) => {
            format!("The hand passes {page}: it was visited, loses the bit, and stays where it is.")
        }
        (PolicyKind::Sieve, _) => format!("The visited bit of {page} is set; nothing moves."),
        (PolicyKind::S3Fifo, count) if count > known.count(frame) => {
            format!("{} has {} now; nothing moves.", upper(&page), hits(u64::from(count)))
        }
        (PolicyKind::S3Fifo, count) => format!("{} goes on with {}.", upper(&page), hits(u64::from(count))),
        _ => format!("{} was used {} now.", upper(&page), times(u64::from(count))),
    }
}

fn hits(count: u64) -> String {
    if count == 1 { "1 hit".to_string() } else { format!("{count} hits") }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_string() } else { format!("{} times", grouped(count)) }
}

fn forgot(list: PolicyList, page: PageId) -> String {
    format!("Page {} leaves {}.", page.0, name(list))
}

/// "2nd last".
pub fn kth(k: u32) -> String {
    match k {
        0 | 1 => "last".to_string(),
        2 => "2nd last".to_string(),
        3 => "3rd last".to_string(),
        k => format!("{k}th last"),
    }
}

/// What a list is called.
pub fn name(list: PolicyList) -> &'static str {
    match list {
        PolicyList::Queue => "the queue",
        PolicyList::Recent => "the list",
        PolicyList::Retained => "the remembered pages",
        PolicyList::A1in => "A1in",
        PolicyList::A1out => "A1out",
        PolicyList::Am => "Am",
        PolicyList::T1 => "T1",
        PolicyList::T2 => "T2",
        PolicyList::B1 => "B1",
        PolicyList::B2 => "B2",
        PolicyList::Probation => "probation",
        PolicyList::Protected => "the protected segment",
        PolicyList::Window => "the window",
        PolicyList::Small => "the small queue",
        PolicyList::Main => "the main queue",
        PolicyList::Ghost => "the ghost queue",
        PolicyList::Lir => "the LIR set",
        PolicyList::Hir => "Q",
    }
}

/// The page in a frame, or the frame.
fn at(view: &View, frame: FrameId) -> String {
    match page_in(view, frame) {
        Some(page) => format!("page {}", page.0),
        None => format!("frame {}", frame.0),
    }
}

pub fn page_in(view: &View, frame: FrameId) -> Option<PageId> {
    let index = view.state.pool.binary_search_by_key(&frame, |held| held.frame).ok()?;
    Some(view.state.pool[index].page)
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

pub fn accesses(count: u64) -> String {
    if count == 1 { "1 access".to_string() } else { format!("{} accesses", grouped(count)) }
}

fn frames(count: u32) -> String {
    if count == 1 { "1 frame".to_string() } else { format!("{} frames", grouped(u64::from(count))) }
}

/// ARC's target as a person reads it.
pub fn share(target: u64) -> String {
    fixed(target as f64 / TARGET_ONE as f64, 1)
}
