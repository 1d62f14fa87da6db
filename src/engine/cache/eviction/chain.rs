//! Doubly linked lists through numbered places, and lists of pages that are remembered after they left.
//!
//! A place (a frame of the pool, say) is in one list at most, so all lists of a policy share one vector of links, and
//! putting a place in front, taking it out and finding the oldest take a few steps whatever the length.
//!
//! ```text
//!   newest ─▶ 4 ⇄ 0 ⇄ 7 ⇄ 2 ◀─ oldest
//! ```
//!
//! **Invariant:** what a place's `newer` is to it, it is to that one's `older`.

use crate::segments::Sizes;
use glassbase_trace::{FrameId, PageId};

pub const NIL: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    newer: u32,
    older: u32,
}

/// The links that the lists of a policy share.
#[derive(Clone, Debug, Default)]
pub struct Links {
    links: Vec<Link>,
}

/// The ends of one list.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    pub newest: u32,
    pub oldest: u32,
    pub len: u32,
}

impl Default for Chain {
    fn default() -> Chain {
        Chain { newest: NIL, oldest: NIL, len: 0 }
    }
}

impl Links {
    /// Makes sure that `place` exists.
    #[inline]
    pub fn reach(&mut self, place: u32) {
        if self.links.len() <= place as usize {
            self.links.resize(place as usize + 1, Link { newer: NIL, older: NIL });
        }
    }

    #[inline]
    pub fn newer(&self, place: u32) -> u32 {
        self.links[place as usize].newer
    }

    #[inline]
    pub fn older(&self, place: u32) -> u32 {
        self.links[place as usize].older
    }

    /// Puts a place that is in no list right behind `newer`, or to the newest end when that is [`NIL`].
    pub fn insert_older(&mut self, chain: &mut Chain, newer: u32, place: u32) {
        if newer == NIL {
            return self.push_newest(chain, place);
        }
        let older = std::mem::replace(&mut self.links[newer as usize].older, place);
        self.links[place as usize] = Link { newer, older };
        match older {
            NIL => chain.oldest = place,
            _ => self.links[older as usize].newer = place,
        }
        chain.len += 1;
    }

    #[inline(always)]
    pub fn unlink(&mut self, chain: &mut Chain, place: u32) {
        let Link { newer, older } = self.links[place as usize];
        match newer {
            NIL => chain.newest = older,
            _ => self.links[newer as usize].older = older,
        }
        match older {
            NIL => chain.oldest = newer,
            _ => self.links[older as usize].newer = newer,
        }
        chain.len -= 1;
    }

    #[inline(always)]
    pub fn push_newest(&mut self, chain: &mut Chain, place: u32) {
        self.links[place as usize] = Link { newer: NIL, older: chain.newest };
        match chain.newest {
            NIL => chain.oldest = place,
            newest => self.links[newest as usize].newer = place,
        }
        chain.newest = place;
        chain.len += 1;
    }

    /// Puts a place of the list to its newest end; true when it was not there.
    #[inline(always)]
    pub fn raise(&mut self, chain: &mut Chain, place: u32) -> bool {
        let moves = chain.newest != place;
        if moves {
            self.unlink(chain, place);
            self.push_newest(chain, place);
        }
        moves
    }

    /// `to`, which is in no list, stands where `from` stood.
    pub fn rename(&mut self, chain: &mut Chain, from: u32, to: u32) {
        self.reach(to);
        let link = self.links[from as usize];
        self.links[to as usize] = link;
        match link.newer {
            NIL => chain.newest = to,
            newer => self.links[newer as usize].older = to,
        }
        match link.older {
            NIL => chain.oldest = to,
            older => self.links[older as usize].newer = to,
        }
    }

    /// The oldest place that `suits`, and how many were passed over.
    #[inline]
    pub fn oldest(&self, chain: &Chain, suits: impl Fn(FrameId) -> bool) -> Option<FrameId> {
        let mut place = chain.oldest;
        while place != NIL && !suits(FrameId(place)) {
            place = self.links[place as usize].newer;
        }
        (place != NIL).then_some(FrameId(place))
    }

    pub fn iter_newest_first(&self, chain: &Chain) -> impl Iterator<Item = u32> {
        let there = |place: u32| Some(place).filter(|place| *place != NIL);
        std::iter::successors(there(chain.newest), move |place| there(self.links[*place as usize].older))
    }

    /// Oldest first.
    pub fn iter(&self, chain: &Chain) -> impl Iterator<Item = u32> {
        let there = |place: u32| Some(place).filter(|place| *place != NIL);
        std::iter::successors(there(chain.oldest), move |place| there(self.newer(*place)))
    }
}

/// Pages that are not in the pool any more, in lists by when they left: the "ghosts" of 2Q and ARC, the retained
/// histories of LRU-K. `N` lists; a page is in one of them at most.
#[derive(Clone, Debug)]
pub struct Ghosts<const N: usize> {
    links: Links,
    pages: Vec<PageId>,
    /// The list that each place is in.
    list: Vec<u8>,
    vacant: Vec<u32>,
    chains: [Chain; N],
    /// By list: the sum of the sizes that its pages had.
    weights: [u64; N],
    sizes: Sizes,
    /// By page id: its place, or [`NIL`].
    by_page: Vec<u32>,
}

impl<const N: usize> Default for Ghosts<N> {
    fn default() -> Ghosts<N> {
        Ghosts {
            links: Links::default(),
            pages: Vec::new(),
            list: Vec::new(),
            vacant: Vec::new(),
            chains: [Chain::default(); N],
            weights: [0; N],
            sizes: Sizes::default(),
            by_page: Vec::new(),
        }
    }
}

impl<const N: usize> Ghosts<N> {
    /// The place of a page that is remembered.
    #[inline]
    pub fn place(&self, page: PageId) -> Option<u32> {
        self.by_page.get(page.index()).copied().filter(|place| *place != NIL)
    }

    /// The list that a page is remembered in.
    #[inline]
    pub fn list(&self, page: PageId) -> Option<usize> {
        self.place(page).map(|place| usize::from(self.list[place as usize]))
    }

    pub fn len(&self, list: usize) -> u32 {
        self.chains[list].len
    }

    pub fn weight(&self, list: usize) -> u64 {
        self.weights[list]
    }

    /// The size that a remembered page had; 1 for others.
    pub fn size(&self, page: PageId) -> u64 {
        self.place(page).map_or(1, |place| self.sizes.of(place))
    }

    /// Remembers a page as the newest of a list; gives its place.
    pub fn push(&mut self, list: usize, page: PageId, size: u32) -> u32 {
        debug_assert!(self.place(page).is_none(), "a page is remembered once");
        if self.by_page.len() <= page.index() {
            self.by_page.resize(page.index() + 1, NIL);
        }
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.pages.push(page);
            self.list.push(0);
            self.pages.len() as u32 - 1
        });
        self.links.reach(place);
        self.pages[place as usize] = page;
        self.list[place as usize] = list as u8;
        self.by_page[page.index()] = place;
        self.sizes.set(place, size);
        self.weights[list] += u64::from(size);
        self.links.push_newest(&mut self.chains[list], place);
        place
    }

    /// Forgets a page; gives the list and the place it had.
    pub fn remove(&mut self, page: PageId) -> Option<(usize, u32)> {
        let place = self.place(page)?;
        let list = usize::from(self.list[place as usize]);
        self.links.unlink(&mut self.chains[list], place);
        self.weights[list] -= self.sizes.of(place);
        self.by_page[page.index()] = NIL;
        self.vacant.push(place);
        Some((list, place))
    }

    /// Forgets the page that was longest in a list.
    pub fn pop_oldest(&mut self, list: usize) -> Option<PageId> {
        let place = self.chains[list].oldest;
        if place == NIL {
            return None;
        }
        let page = self.pages[place as usize];
        self.remove(page);
        Some(page)
    }

    /// Oldest first.
    pub fn iter(&self, list: usize) -> impl Iterator<Item = PageId> {
        self.links.iter(&self.chains[list]).map(|place| self.pages[place as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_move_between_the_ends_and_can_be_renamed() {
        let (mut links, mut chain) = (Links::default(), Chain::default());
        for place in 0..4 {
            links.reach(place);
            links.push_newest(&mut chain, place);
        }
        assert!(links.raise(&mut chain, 0) && !links.raise(&mut chain, 0));
        assert_eq!(links.iter(&chain).collect::<Vec<_>>(), [1, 2, 3, 0]);
        for (from, to) in [(1, 7), (0, 8), (2, 9)] {
            links.rename(&mut chain, from, to);
        }
        assert_eq!(links.iter(&chain).collect::<Vec<_>>(), [7, 9, 3, 8]);
        assert_eq!(links.oldest(&chain, |frame| frame.0 != 7), Some(FrameId(9)));
        links.unlink(&mut chain, 9);
        links.unlink(&mut chain, 8);
        assert_eq!((chain.newest, chain.oldest, chain.len), (3, 7, 2));
    }

    #[test]
    fn a_page_is_remembered_in_one_list_until_it_is_forgotten() {
        let mut ghosts = Ghosts::<2>::default();
        for page in [5, 9, 2] {
            ghosts.push(0, PageId(page), 1);
        }
        assert_eq!(ghosts.remove(PageId(9)).map(|(list, _)| list), Some(0));
        ghosts.push(1, PageId(9), 1);
        assert_eq!((ghosts.list(PageId(9)), ghosts.list(PageId(5)), ghosts.list(PageId(77))), (Some(1), Some(0), None));
        assert_eq!((ghosts.pop_oldest(0), ghosts.len(0), ghosts.len(1)), (Some(PageId(5)), 1, 1));
        assert_eq!(ghosts.iter(0).collect::<Vec<_>>(), [PageId(2)]);
    }
}
