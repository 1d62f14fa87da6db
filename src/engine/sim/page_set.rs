//! A set of pages: one bit each, so that its order is that of the pages and a write costs no allocation.

use glassbase_trace::PageId;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageSet {
    words: Vec<u64>,
    len: u32,
}

impl PageSet {
    pub fn len(&self) -> u32 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn contains(&self, page: PageId) -> bool {
        self.words.get(page.index() / 64).is_some_and(|word| word >> (page.index() % 64) & 1 == 1)
    }

    pub fn insert(&mut self, page: PageId) {
        if self.words.len() <= page.index() / 64 {
            self.words.resize(page.index() / 64 + 1, 0);
        }
        if !self.contains(page) {
            self.words[page.index() / 64] |= 1 << (page.index() % 64);
            self.len += 1;
        }
    }

    /// The pages in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = PageId> {
        (0..self.words.len() as u32 * 64).map(PageId).filter(|page| self.contains(*page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_each_page_once_and_in_order() {
        let mut set = PageSet::default();
        for page in [200, 3, 64, 3, 63] {
            set.insert(PageId(page));
        }
        assert_eq!((set.len(), set.contains(PageId(64)), set.contains(PageId(65))), (4, true, false));
        assert_eq!(set.iter().collect::<Vec<_>>(), [3, 63, 64, 200].map(PageId));
        assert!(!set.is_empty() && PageSet::default().is_empty());
    }
}
