//! Sums over all pages, kept up to date page by page, so that the fill of a million-key tree costs nothing to know.

use std::rc::Rc;

use glassbase_trace::{Cells, PageBody, PageId, PageState};

/// What all pages add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub leaf_pages: u32,
    pub inner_pages: u32,
    pub overflow_pages: u32,
    pub free_pages: u32,
    /// Bytes that cells take up in leaves, and in inner pages.
    pub leaf_used: u64,
    pub inner_used: u64,
    /// Keys in leaves, and in inner pages.
    pub leaf_keys: u64,
    pub inner_keys: u64,
    /// Most cells that a page has had, and most characters that a key has taken to write. They only grow, so that
    /// what is drawn does not change its width at every step.
    pub widest_page: u32,
    pub widest_key: u32,
}

impl Tally {
    pub fn of(pages: &[Rc<PageState>]) -> Tally {
        let mut tally = Tally::default();
        for page in pages {
            tally.add(page);
            if let Some(cells) = page.cells() {
                for slot in sampled(cells.len()) {
                    tally.see_key(cells.key(slot));
                }
            }
        }
        tally
    }

    pub fn add(&mut self, page: &PageState) {
        let keys = page.cells().map_or(0, Cells::len) as u64;
        self.widest_page = self.widest_page.max(keys as u32);
        match page.body {
            PageBody::Leaf { .. } => {
                self.leaf_pages += 1;
                self.leaf_used = self.leaf_used.wrapping_add(u64::from(page.used));
                self.leaf_keys += keys;
            }
            PageBody::Inner { .. } => {
                self.inner_pages += 1;
                self.inner_used = self.inner_used.wrapping_add(u64::from(page.used));
                self.inner_keys += keys;
            }
            PageBody::Overflow { .. } => self.overflow_pages += 1,
            PageBody::Free { .. } => self.free_pages += 1,
            PageBody::Meta => {}
        }
    }

    /// Undoes [`Tally::add`] of the same page.
    pub fn remove(&mut self, page: &PageState) {
        let keys = page.cells().map_or(0, Cells::len) as u64;
        match page.body {
            PageBody::Leaf { .. } => {
                self.leaf_pages -= 1;
                self.leaf_used = self.leaf_used.wrapping_sub(u64::from(page.used));
                self.leaf_keys -= keys;
            }
            PageBody::Inner { .. } => {
                self.inner_pages -= 1;
                self.inner_used = self.inner_used.wrapping_sub(u64::from(page.used));
                self.inner_keys -= keys;
            }
            PageBody::Overflow { .. } => self.overflow_pages -= 1,
            PageBody::Free { .. } => self.free_pages -= 1,
            PageBody::Meta => {}
        }
    }

    pub fn see_key(&mut self, key: &[u8]) {
        self.widest_key = self.widest_key.max(label_width(key));
    }
}

/// Few slots of a large page stand for all of them.
fn sampled(len: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by(len / 16 + 1)
}

/// How many characters a key takes to write, without writing it.
pub fn label_width(key: &[u8]) -> u32 {
    match std::str::from_utf8(key) {
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => text.chars().count() as u32,
        _ => match <[u8; 8]>::try_from(key) {
            Ok(eight) => u64::from_be_bytes(eight).checked_ilog10().unwrap_or(0) + 1,
            Err(_) => 2 + 2 * key.len() as u32,
        },
    }
}

/// The `index`-th child of an inner page.
pub fn child(page: &PageState, index: usize) -> Option<PageId> {
    let PageBody::Inner { leftmost, cells, .. } = &page.body else { return None };
    match index.checked_sub(1) {
        None => Some(*leftmost),
        Some(slot) => (slot < cells.len()).then(|| cells.cell(slot).link),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_trace::Bytes;

    #[test]
    fn the_width_of_a_label_is_that_of_its_text() {
        for key in ["0", "9", "10", "18446744073709551615", "ash", "grün", "0xff01"] {
            let bytes = Bytes::typed(key);
            assert_eq!(label_width(&bytes) as usize, bytes.to_string().chars().count(), "{key}");
        }
        assert_eq!(label_width(b""), 2);
    }
}
