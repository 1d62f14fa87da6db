//! The dirty-page table: pages whose newest version may not be durable.
//!
//! A page that was written is volatile until the pages are synced, and may have been changed again by then. So a page has
//! up to two places in the log where redo may have to start:
//!
//! ```text
//!            first            written          after          synced
//!   log  ────┴── changes ─────┴────────────────┴── changes ───┴──────▶     from the sync on, redo starts at `after`
//! ```

use glassbase_trace::sorted::SortedMap;

use glassbase_sim::Cx;
use glassbase_trace::parts::log::DirtyPage;
use glassbase_trace::{Event, Lsn, PageId};

#[derive(Clone, Copy, Debug)]
struct Dirty {
    /// Redo of the page starts here.
    first: Lsn,
    /// All changes up to some point were written, though not synced.
    written: bool,
    /// The first change after that.
    after: Option<Lsn>,
}

#[derive(Clone, Debug, Default)]
pub struct DirtyPages {
    pages: SortedMap<PageId, Dirty>,
}

impl DirtyPages {
    /// A page that was clean in the pool was changed; redo would start at `first`.
    pub fn changed(&mut self, cx: &mut Cx, page: PageId, first: Lsn) {
        match self.pages.get_mut(&page) {
            Some(dirty) if dirty.written && dirty.after.is_none() => dirty.after = Some(first),
            Some(_) => {}
            None => {
                self.pages.insert(page, Dirty { first, written: false, after: None });
                cx.emit(|| Event::DirtyEntry { page, first });
            }
        }
    }

    /// The page was written as it is.
    pub fn written(&mut self, page: PageId) {
        if let Some(dirty) = self.pages.get_mut(&page) {
            (dirty.written, dirty.after) = (true, None);
        }
    }

    /// All that was written is durable.
    pub fn synced(&mut self, cx: &mut Cx) {
        self.pages.retain(|page, dirty| {
            let page = *page;
            if !dirty.written {
                return true;
            }
            let Some(first) = dirty.after else {
                cx.emit(|| Event::DirtyGone { page });
                return false;
            };
            *dirty = Dirty { first, written: false, after: None };
            cx.emit(|| Event::DirtyEntry { page, first });
            true
        });
    }

    /// Keeps the pages that are dirty in the pool, and those that were written but are not durable.
    pub fn retain(&mut self, cx: &mut Cx, in_pool: &dyn Fn(PageId) -> bool) {
        self.pages.retain(|page, dirty| {
            let page = *page;
            let stays = dirty.written || in_pool(page);
            if !stays {
                cx.emit(|| Event::DirtyGone { page });
            }
            stays
        });
    }

    /// The pages with the place where their redo starts.
    pub fn iter(&self) -> impl Iterator<Item = (PageId, Lsn)> {
        self.pages.iter().map(|(page, dirty)| (*page, dirty.first))
    }

    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    pub fn state(&self) -> Vec<DirtyPage> {
        self.iter().map(|(page, first)| DirtyPage { page, first }).collect()
    }
}
