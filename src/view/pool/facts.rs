//! What the pool and its policy know of a frame or a page.

use super::super::describe::grouped;
use super::super::facts::Facts;
use super::super::{Selection, View};
use super::words::{accesses, name, page_in};
use glassbase_trace::parts::ReplacementState;
use glassbase_trace::{FrameId, PageId, PolicyKind};

pub fn inspect(view: &View, selection: Selection) -> Option<Facts> {
    let known = view.state.parts.replacement.as_deref()?;
    if let Some(facts) = super::chart::inspect(known, selection) {
        return Some(facts);
    }
    if super::words::is_cache(view) {
        return of_key(view, known, selection);
    }
    match selection {
        Selection::Frame(frame) => Some(of_frame(view, known, frame)),
        Selection::Page(page) if page.0 < known.pages => Some(of_page(view, known, page)),
        _ => None,
    }
}

/// What the cache and its policy know of a key.
fn of_key(view: &View, known: &ReplacementState, selection: Selection) -> Option<Facts> {
    let key = match selection {
        Selection::Page(key) => key,
        Selection::Frame(frame) => page_in(view, frame)?,
        _ => return None,
    };
    let mut facts = Facts::new(format!("Key {}", key.0));
    let frame = view.state.pool.iter().find(|held| held.page == key).map(|held| held.frame);
    facts = facts.row("is", if frame.is_some() { "in the cache" } else { "not in the cache" });
    if let Some(frame) = frame {
        facts = by_policy(standing(facts, known, frame), known, frame);
    }
    facts = remembered(facts, known, key);
    if let Some(place) = known.stack.iter().rev().position(|page| *page == key) {
        facts = facts.row("in the stack S", format!("{} from the top", place + 1));
    }
    Some(facts)
}

fn of_frame(view: &View, known: &ReplacementState, frame: FrameId) -> Facts {
    let facts = Facts::new(format!("Frame {}", frame.0));
    match page_in(view, frame) {
        None => facts.row("holds", "nothing"),
        Some(page) => {
            let facts = facts.link("holds", format!("page {}", page.0), Selection::Page(page));
            held(facts, view, known, frame).of_page(page, None)
        }
    }
}

fn of_page(view: &View, known: &ReplacementState, page: PageId) -> Facts {
    let mut facts = Facts::new(format!("Page {}", page.0));
    if known.index_pages > 0 {
        let part = if page.0 < known.index_pages { "the B+tree" } else { "the heap file" };
        facts = facts.row("belongs to", part);
    }
    let frame = view.state.pool.iter().find(|held| held.page == page).map(|held| held.frame);
    facts = match frame {
        Some(frame) => {
            let facts = facts.link("is in", format!("frame {}", frame.0), Selection::Frame(frame));
            held(facts, view, known, frame)
        }
        None => facts.row("is", "on the disk alone"),
    };
    facts = remembered(facts, known, page);
    if view.state.unsynced.binary_search(&page).is_ok() {
        facts = facts.row("on the disk", "written, not yet durable");
    }
    facts.of_page(page, None)
}

fn remembered(mut facts: Facts, known: &ReplacementState, page: PageId) -> Facts {
    for list in known.lists.iter().filter(|list| list.list.is_memory()) {
        if let Some(place) = list.items.iter().rposition(|item| *item == page.0) {
            let from_newest = list.items.len() - place;
            let of = list.items.len();
            facts = facts.row("remembered in", format!("{}, {from_newest} of {of} from the newest", name(list.list)));
        }
    }
    facts
}

/// What is known of the page in a frame.
fn held(mut facts: Facts, view: &View, known: &ReplacementState, frame: FrameId) -> Facts {
    if let Ok(index) = view.state.pool.binary_search_by_key(&frame, |held| held.frame) {
        let held = view.state.pool[index];
        facts = facts.row("pins", grouped(u64::from(held.pins))).row("dirty", if held.dirty { "yes" } else { "no" });
    }
    if known.is_ahead(frame) {
        facts = facts.row("read ahead", "not used yet");
    }
    by_policy(standing(facts, known, frame), known, frame)
}

/// Where in the policy's lists a frame stands.
fn standing(mut facts: Facts, known: &ReplacementState, frame: FrameId) -> Facts {
    for list in known.lists.iter().filter(|list| !list.list.is_memory()) {
        if let Some(place) = list.items.iter().position(|item| *item == frame.0) {
            facts = facts.row("stands in", format!("{}, {} to leave", name(list.list), turn(place)));
        }
    }
    facts
}

fn by_policy(mut facts: Facts, known: &ReplacementState, frame: FrameId) -> Facts {
    match known.policy {
        PolicyKind::Clock => {
            let bit = if known.is_referenced(frame) { "set: the hand will spare it once" } else { "clear" };
            facts = facts.row("reference bit", bit);
        }
        PolicyKind::LruK => {
            if let Some((_, times)) = known.times(frame).split_last() {
                let now = known.accesses;
                let ago = |time: &u64| {
                    if *time == 0 { "never".to_string() } else { format!("{} ago", now.saturating_sub(*time)) }
                };
                let uses: Vec<String> = times.iter().map(ago).collect();
                facts = facts.row("last uses", uses.join(", "));
            }
        }
        PolicyKind::Optimum => {
            let next = known.times(frame).first().map(|next| next.saturating_sub(known.accesses));
            facts = facts.row("next use", next.map_or("none".to_string(), |next| format!("in {}", accesses(next))));
        }
        PolicyKind::Sieve => {
            let bit = if known.count(frame) > 0 { "set: the hand will spare it once" } else { "clear" };
            facts = facts.row("visited bit", bit);
        }
        PolicyKind::Lfu | PolicyKind::S3Fifo => facts = facts.row("count", grouped(known.count(frame).into())),
        _ => {}
    }
    if known.bytes > 0 {
        facts = facts.row("bytes", grouped(known.size(frame).into()));
    }
    facts
}

fn turn(place: usize) -> String {
    match place {
        0 => "the first".to_string(),
        1 => "the second".to_string(),
        2 => "the third".to_string(),
        place => format!("number {}", grouped(place as u64 + 1)),
    }
}
