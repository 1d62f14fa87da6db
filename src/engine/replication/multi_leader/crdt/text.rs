//! Text that several people type in: each letter has a name of its own, and says after which letter it was typed.
//!
//! H.-G. Roh, M. Jeon, J.-S. Kim, J. Lee, "Replicated Abstract Data Types: Building Blocks for Collaborative Applications",
//! 2011 (the replicated growable array), as the tree that it stands for: a letter hangs below the one it was typed after,
//! and of several below one the later named comes first.
//!
//! ```text
//!   (start)
//!    └─ c 1:n1 ── a 2:n1 ─┬─ r 4:n2 ── t 5:n2        n2 typed "rt" after "ca"; 4 is later than 3, so it comes first:
//!                         └─ t 3:n1                  "ca" "rt" "t"
//! ```
//!
//! A letter that is deleted stays as a place for those that were typed after it.
//!
//! **Invariant:** a letter's name is later than that of the letter it was typed after (Lamport's clock), so the tree has no
//! circle, and what one person types in one go stays together.

use glassbase_trace::sorted::{SortedMap, SortedSet};

use super::dots::{push_dot, take_dot};
use crate::versions::{Dot, Input};
use glassbase_trace::NodeId;

/// A letter's name: a Lamport clock, and the node that typed it. The later clock is the greater name.
type Name = (u64, NodeId);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Name, the name of the letter it was typed after (none: the start), and the letter.
    letters: SortedMap<Name, (Option<Name>, char)>,
    deleted: SortedSet<Name>,
}

impl Text {
    /// All letters in their order, those that are deleted too.
    fn order(&self) -> Vec<Name> {
        let mut below: SortedMap<Option<Name>, Vec<Name>> = SortedMap::new();
        for (name, (after, _)) in &self.letters {
            below.entry(*after).or_default().push(*name);
        }
        let mut order = Vec::with_capacity(self.letters.len());
        // Ascending names on a stack: the latest is taken first.
        let mut stack = below.remove(&None).unwrap_or_default();
        while let Some(name) = stack.pop() {
            order.push(name);
            stack.extend(below.remove(&Some(name)).unwrap_or_default());
        }
        order
    }

    fn visible(&self) -> Vec<Name> {
        let mut order = self.order();
        order.retain(|name| !self.deleted.contains(name));
        order
    }

    /// What typing `text` before the `at`-th letter changes; behind the last if there are fewer.
    pub fn insert(&self, node: NodeId, at: u32, text: &str) -> Text {
        let visible = self.visible();
        let place = (at as usize).min(visible.len());
        let mut after = place.checked_sub(1).and_then(|before| visible.get(before)).copied();
        let mut clock = self.letters.last_key_value().map_or(0, |(name, _)| name.0);
        let mut change = Text::default();
        for letter in text.chars() {
            clock += 1;
            change.letters.insert((clock, node), (after, letter));
            after = Some((clock, node));
        }
        change
    }

    /// What deleting `count` letters from the `at`-th on changes.
    pub fn delete(&self, at: u32, count: u32) -> Text {
        let visible = self.visible();
        let deleted = visible.into_iter().skip(at as usize).take(count as usize).collect();
        Text { letters: SortedMap::new(), deleted }
    }

    pub fn merge(&mut self, other: &Text) {
        for (name, letter) in &other.letters {
            self.letters.entry(*name).or_insert(*letter);
        }
        self.deleted.extend(other.deleted.iter().copied());
    }

    pub fn value(&self) -> String {
        self.visible().iter().filter_map(|name| self.letters.get(name)).map(|(_, letter)| *letter).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.letters.is_empty() && self.deleted.is_empty()
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        let push = |out: &mut Vec<u8>, name: Name| push_dot(out, Dot { node: name.1, count: name.0 });
        out.extend((self.letters.len() as u32).to_be_bytes());
        for (name, (after, letter)) in &self.letters {
            push(out, *name);
            // No letter is named 0: that is the start.
            push(out, after.unwrap_or((0, NodeId(0))));
            out.extend(u32::from(*letter).to_be_bytes());
        }
        out.extend((self.deleted.len() as u32).to_be_bytes());
        self.deleted.iter().for_each(|name| push(out, *name));
    }

    pub fn decode(input: &mut Input) -> Option<Text> {
        let take = |input: &mut Input| take_dot(input).map(|dot| (dot.count, dot.node));
        let mut text = Text::default();
        for _ in 0..input.u32()? {
            let (name, after) = (take(input)?, take(input)?);
            let letter = char::from_u32(input.u32()?)?;
            text.letters.insert(name, ((after.0 > 0).then_some(after), letter));
        }
        for _ in 0..input.u32()? {
            text.deleted.insert(take(input)?);
        }
        Some(text)
    }
}
