//! Lists of what is in a cache: up to three, oldest first, each with the sum of its sizes.
//!
//! Most policies differ in little but how entries go from one list to another, so they share this. An entry stands in one
//! list at most.
//!
//! ```text
//!   list 0   4 ⇄ 0 ⇄ 7        weight 3        sizes are 1 for pages; objects have their bytes
//!   list 1   2 ⇄ 9            weight 2
//! ```
//!
//! **Invariant:** a list's weight is the sum of its entries' sizes.

use crate::chain::{Chain, Links};
use glassbase_trace::FrameId;

/// Sizes by place. Nothing is kept while all are 1.
#[derive(Clone, Debug, Default)]
pub struct Sizes(Vec<u32>);

impl Sizes {
    #[inline]
    pub fn set(&mut self, place: u32, size: u32) {
        if size != 1 || !self.0.is_empty() {
            if self.0.len() <= place as usize {
                self.0.resize(place as usize + 1, 1);
            }
            self.0[place as usize] = size;
        }
    }

    #[inline(always)]
    pub fn of(&self, place: u32) -> u64 {
        self.0.get(place as usize).map_or(1, |size| u64::from(*size))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Segments {
    links: Links,
    chains: [Chain; 3],
    weights: [u64; 3],
    /// By frame: the list it stands in.
    list: Vec<u8>,
    sizes: Sizes,
}

impl Segments {
    /// A frame that stands in no list becomes the newest of one.
    pub fn push(&mut self, list: usize, frame: FrameId, size: u32) {
        self.links.reach(frame.0);
        if self.list.len() <= frame.index() {
            self.list.resize(frame.index() + 1, 0);
        }
        self.sizes.set(frame.0, size);
        self.enter(list, frame);
    }

    #[inline]
    fn enter(&mut self, list: usize, frame: FrameId) {
        self.list[frame.index()] = list as u8;
        self.weights[list] += self.sizes.of(frame.0);
        self.links.push_newest(&mut self.chains[list], frame.0);
    }

    /// Takes a frame out; gives the list it stood in.
    #[inline]
    pub fn remove(&mut self, frame: FrameId) -> usize {
        let list = self.list_of(frame);
        self.weights[list] -= self.sizes.of(frame.0);
        self.links.unlink(&mut self.chains[list], frame.0);
        list
    }

    /// Makes a frame the newest of a list, which may be its own.
    #[inline]
    pub fn move_to(&mut self, list: usize, frame: FrameId) {
        self.remove(frame);
        self.enter(list, frame);
    }

    /// Makes a frame the newest of its list; true when it was not.
    #[inline(always)]
    pub fn raise(&mut self, frame: FrameId) -> bool {
        let list = self.list_of(frame);
        self.links.raise(&mut self.chains[list], frame.0)
    }

    /// What was in `from` is in `to`, at the same place of the same list.
    pub fn rename(&mut self, from: FrameId, to: FrameId) {
        let list = self.list_of(from);
        self.links.rename(&mut self.chains[list], from.0, to.0);
        if self.list.len() <= to.index() {
            self.list.resize(to.index() + 1, 0);
        }
        self.list[to.index()] = list as u8;
        self.sizes.set(to.0, self.sizes.of(from.0) as u32);
    }

    #[inline(always)]
    pub fn list_of(&self, frame: FrameId) -> usize {
        usize::from(self.list[frame.index()])
    }

    #[inline]
    pub fn len(&self, list: usize) -> u32 {
        self.chains[list].len
    }

    #[inline]
    pub fn weight(&self, list: usize) -> u64 {
        self.weights[list]
    }

    pub fn size(&self, frame: FrameId) -> u32 {
        self.sizes.of(frame.0) as u32
    }

    /// The oldest of a list that suits.
    #[inline]
    pub fn oldest(&self, list: usize, suits: impl Fn(FrameId) -> bool) -> Option<FrameId> {
        self.links.oldest(&self.chains[list], suits)
    }

    /// The next newer one of its list.
    pub fn newer(&self, frame: FrameId) -> Option<FrameId> {
        let newer = self.links.newer(frame.0);
        (newer != crate::chain::NIL).then_some(FrameId(newer))
    }

    /// Oldest first.
    pub fn iter(&self, list: usize) -> impl Iterator<Item = u32> {
        self.links.iter(&self.chains[list])
    }
}
