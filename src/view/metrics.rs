//! How large things are drawn, in the units of the picture: one unit is one pixel at zoom 1.
//!
//! ```text
//!        ┌─────────────────────────┐ ─┐
//!        │ 12                    ◥ │  │ header: page id, marks
//!        │  10  │  20  │  37  │    │  │ slots
//!        │ ▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬         │  │ fill
//!        └─────────────────────────┘ ─┘ PAGE_H
//!         ╰──── page_w ────────────╯╰ gap ╯
//! ```

use super::View;
use super::tally;
use glassbase_trace::bytes::show;

pub const HEADER_H: f64 = 17.0;
pub const SLOT_H: f64 = 24.0;
pub const FILL_H: f64 = 3.0;
pub const PAGE_H: f64 = HEADER_H + SLOT_H + 11.0;
/// From the top of a level to the top of the one below.
pub const LEVEL_H: f64 = PAGE_H + 66.0;
pub const PAD: f64 = 7.0;
/// Between two leaves: room for the arrow that links them.
pub const GAP: f64 = 26.0;
/// An overflow page, and its distance from the leaf above.
pub const OVERFLOW_W: f64 = 30.0;
pub const OVERFLOW_H: f64 = 20.0;
pub const OVERFLOW_GAP: f64 = 16.0;
/// Width of a character of the monospaced face, and what a slot has left and right of its key.
pub const CHAR_W: f64 = 7.8;
const SLOT_PAD: f64 = 13.0;

/// Most characters of a key that are shown.
pub const KEY_CHARS_MAX: usize = 9;
/// Most slots of a page that are shown one by one.
const SLOTS_MAX: u32 = 8;
const PAGE_W_MAX: f64 = 300.0;

/// Sizes that depend on the tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    pub slot_w: f64,
    /// Slots that a page shows.
    pub slots: usize,
    /// Characters of a key that fit into a slot.
    pub chars: usize,
    pub page_w: f64,
}

impl Metrics {
    /// Sizes for a view; taken from the end of a run they fit everywhere in it.
    pub fn of(view: &View) -> Metrics {
        let chars = (view.tally.widest_key as usize).clamp(2, KEY_CHARS_MAX);
        let slot_w = (chars as f64 * CHAR_W + SLOT_PAD).max(30.0);
        let wanted = match view.keys_max() {
            Some(keys) => keys,
            None => view.tally.widest_page.max(3),
        };
        let fitting = ((PAGE_W_MAX - 2.0 * PAD) / slot_w) as u32;
        let slots = wanted.clamp(2, SLOTS_MAX).min(fitting.max(4)) as usize;
        Metrics { slot_w, slots, chars, page_w: slots as f64 * slot_w + 2.0 * PAD }
    }

    /// From the middle of a column to the middle of the next.
    pub fn pitch(&self) -> f64 {
        self.page_w + GAP
    }

    /// The left edge of the `column`-th slot, from the page's left edge.
    pub fn slot_x(&self, column: f64) -> f64 {
        PAD + column * self.slot_w
    }

    /// A key as a slot shows it: long ones are cut in the middle, where the least is lost.
    pub fn label(&self, key: &[u8]) -> String {
        if tally::label_width(key) as usize <= self.chars {
            return show(key);
        }
        let text = if key.len() > 64 { show(&key[..64]) } else { show(key) };
        let count = text.chars().count();
        if count <= self.chars {
            return text;
        }
        let tail = (self.chars - 1) / 3;
        let head = self.chars - 1 - tail;
        let mut label: String = text.chars().take(head).collect();
        label.push('…');
        label.extend(text.chars().skip(count - tail));
        label
    }
}

/// What stands in a column of a page that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Slot(usize),
    /// So many slots, from `first` on, that there is no room for.
    Gap {
        first: usize,
        count: usize,
    },
}

/// Chooses what a page with `len` cells shows in `columns` columns: all, or both ends, or the surroundings of `focus`.
pub fn shown(len: usize, columns: usize, focus: Option<usize>) -> Vec<Shown> {
    if len <= columns {
        return (0..len).map(Shown::Slot).collect();
    }
    let columns = columns.max(3);
    let head = columns / 2;
    let tail = columns - 1 - head;
    let focus = focus.map(|focus| focus.min(len - 1)).filter(|focus| *focus >= head && *focus < len - tail);
    let mut shown = Vec::with_capacity(columns);
    match focus {
        None => {
            shown.extend((0..head).map(Shown::Slot));
            shown.push(Shown::Gap { first: head, count: len - head - tail });
            shown.extend((len - tail..len).map(Shown::Slot));
        }
        Some(focus) => {
            let window = columns - 2;
            let start = focus.saturating_sub(window / 2).clamp(1, len - window - 1);
            shown.push(Shown::Gap { first: 0, count: start });
            shown.extend((start..start + window).map(Shown::Slot));
            shown.push(Shown::Gap { first: start + window, count: len - start - window });
        }
    }
    shown
}

/// The column at which the slot stands, if it is shown.
pub fn column_of(shown: &[Shown], slot: usize) -> Option<usize> {
    shown.iter().position(|shown| *shown == Shown::Slot(slot))
}

/// Where, in columns, the border left of `slot` is: there hangs the child between two separators.
pub fn border_of(shown: &[Shown], slot: usize) -> f64 {
    for (column, shown) in shown.iter().enumerate() {
        match *shown {
            Shown::Slot(at) if slot <= at => return column as f64,
            Shown::Gap { first, count } if slot <= first + count => {
                let inside = slot.saturating_sub(first) as f64 / count.max(1) as f64;
                return column as f64 + inside;
            }
            _ => {}
        }
    }
    shown.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_trace::Bytes;

    #[test]
    fn a_page_shows_all_its_slots_or_says_how_many_it_leaves_out() {
        for columns in 3..9 {
            for len in 0..40 {
                for focus in [None, Some(0), Some(len / 2), Some(len), Some(len + 7)] {
                    let shown = shown(len, columns, focus);
                    assert!(shown.len() <= columns);
                    let total: usize = shown
                        .iter()
                        .map(|one| match one {
                            Shown::Slot(_) => 1,
                            Shown::Gap { count, .. } => *count,
                        })
                        .sum();
                    assert_eq!(total, len);
                    if let Some(focus) = focus.filter(|focus| *focus < len) {
                        assert!(column_of(&shown, focus).is_some(), "{shown:?} does not show {focus}");
                    }
                    let borders: Vec<f64> = (0..=len).map(|slot| border_of(&shown, slot)).collect();
                    assert!(borders.is_sorted(), "{borders:?}");
                }
            }
        }
    }

    #[test]
    fn long_keys_are_cut_in_the_middle() {
        let metrics = Metrics { slot_w: 80.0, slots: 3, chars: 9, page_w: 254.0 };
        assert_eq!(metrics.label(b"ash"), "ash");
        assert_eq!(metrics.label(b"chrysanthemum"), "chrysa…um");
        assert_eq!(metrics.label(&Bytes::number(1234)), "1234");
        assert_eq!(metrics.label(&[0xff; 300]).chars().count(), 9);
    }
}
