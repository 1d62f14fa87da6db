//! The checker: walks the whole file, outside of virtual time, and says which invariant does not hold.

use super::*;
use crate::page::Value;
use glassbase_trace::bytes::show;

/// What the checker found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Pages looked at.
    pub pages: u32,
    /// Records found in the leaves.
    pub records: u64,
    /// The first invariant found broken; none: all hold.
    pub problem: Option<String>,
}

/// What a page of the file was found to be.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Unknown,
    Meta,
    Tree,
    Overflow,
    Free,
}

/// Keys of a subtree lie from `low` (included) to `high` (excluded).
struct Bounds {
    low: Option<Vec<u8>>,
    high: Option<Vec<u8>>,
}

struct Checker<'a> {
    tree: &'a Tree,
    roles: Vec<Role>,
    /// The leaves from left to right.
    leaves: Vec<PageId>,
    records: u64,
}

impl Tree {
    /// Checks every invariant of the tree and its file.
    pub fn verify(&self, cx: &mut Cx) -> Verification {
        let verification = self.inspect();
        let Verification { pages, records, ref problem } = verification;
        let problem = problem.clone().unwrap_or_default();
        cx.emit(|| Event::Verified { pages, records, problem: problem.into() });
        verification
    }

    fn inspect(&self) -> Verification {
        let roles = vec![Role::Unknown; self.page_count() as usize];
        let mut checker = Checker { tree: self, roles, leaves: Vec::new(), records: 0 };
        let problem = checker.check().err();
        let pages = checker.roles.iter().filter(|role| **role != Role::Unknown).count() as u32;
        Verification { pages, records: checker.records, problem }
    }

    /// Counts the records that can be reached.
    pub(super) fn count_records(&self) -> u64 {
        let mut checker = Checker {
            tree: self,
            roles: vec![Role::Unknown; self.page_count() as usize],
            leaves: Vec::new(),
            records: 0,
        };
        match checker.check_tree() {
            Ok(()) => checker.records,
            Err(_) => self.meta.records,
        }
    }
}

impl Checker<'_> {
    fn check(&mut self) -> Result<(), String> {
        self.take(PageId::META, Role::Meta)?;
        if page::kind(self.read(PageId::META)?) != Some(PageKind::Meta) {
            return Err("page 0 is not the meta page".to_string());
        }
        self.check_tree()?;
        self.check_links()?;
        self.check_free_list()?;
        self.check_deferred()?;
        let used = match self.tree.meta.pages_used {
            0 => self.roles.len(),
            used => self.roles.len().min(used as usize),
        };
        if let Some(page) = self.roles[..used].iter().position(|role| *role == Role::Unknown) {
            return Err(format!("page {page} is lost: neither in the tree nor in the free list"));
        }
        if self.records != self.tree.meta.records {
            return Err(format!("the leaves hold {} records, the count says {}", self.records, self.tree.meta.records));
        }
        Ok(())
    }

    fn check_tree(&mut self) -> Result<(), String> {
        let meta = &self.tree.meta;
        let level = meta.height.checked_sub(1).ok_or("there is no root")?;
        self.check_node(meta.root, level, &Bounds { low: None, high: None }, true)
    }

    /// Gives a page its one role.
    fn take(&mut self, page: PageId, role: Role) -> Result<(), String> {
        let place = self.roles.get_mut(page.index()).ok_or_else(|| format!("page {} is past the end", page.0))?;
        if *place != Role::Unknown {
            return Err(format!("page {} is in two places", page.0));
        }
        *place = role;
        Ok(())
    }

    fn read(&self, page: PageId) -> Result<&[u8], String> {
        let bytes = self.tree.pager.peek(page).map_err(|error| error.to_string())?;
        page::check_layout(bytes).map_err(|what| format!("page {}: {what}", page.0))?;
        if page::page_id(bytes) != page {
            return Err(format!("page {} says that it is page {}", page.0, page::page_id(bytes).0));
        }
        Ok(bytes)
    }

    fn check_node(&mut self, page: PageId, level: u8, bounds: &Bounds, right_edge: bool) -> Result<(), String> {
        self.take(page, Role::Tree)?;
        let bytes = self.read(page)?.to_vec();
        let kind = if level == 0 { PageKind::Leaf } else { PageKind::Inner };
        if page::kind(&bytes) != Some(kind) || page::level(&bytes) != level {
            return Err(format!("page {} should be {} of level {level}", page.0, kind.word()));
        }
        self.check_keys(page, &bytes, bounds)?;
        self.check_fill(page, &bytes, right_edge)?;
        if level == 0 {
            return self.check_leaf(page, &bytes);
        }
        let count = page::slot_count(&bytes);
        for index in 0..=count {
            let low = if index == 0 { bounds.low.clone() } else { Some(page::key(&bytes, index - 1).to_vec()) };
            let high = if index == count { bounds.high.clone() } else { Some(page::key(&bytes, index).to_vec()) };
            let child = page::child_for(&bytes, index);
            self.check_node(child, level - 1, &Bounds { low, high }, right_edge && index == count)?;
        }
        Ok(())
    }

    fn check_keys(&self, page: PageId, bytes: &[u8], bounds: &Bounds) -> Result<(), String> {
        for slot in 0..page::slot_count(bytes) {
            let key = page::key(bytes, slot);
            let ascends = slot == 0 || page::key(bytes, slot - 1) < key;
            let above = bounds.low.as_ref().is_none_or(|low| &low[..] <= key);
            let below = bounds.high.as_ref().is_none_or(|high| key < &high[..]);
            if !(ascends && above && below) {
                return Err(format!("page {}: key {} in slot {slot} is out of order", page.0, show(key)));
            }
        }
        Ok(())
    }

    fn check_fill(&self, page: PageId, bytes: &[u8], right_edge: bool) -> Result<(), String> {
        let (count, tree) = (page::slot_count(bytes), self.tree);
        if count > tree.max_cells() {
            return Err(format!("page {} has {count} keys, {} are allowed", page.0, tree.max_cells()));
        }
        let may_be_short = right_edge || page == tree.meta.root || tree.options.disk_pages != 0;
        if !may_be_short && tree.is_short(bytes) {
            return Err(format!("page {} has only {count} keys in {} bytes", page.0, page::used(bytes)));
        }
        Ok(())
    }

    fn check_leaf(&mut self, page: PageId, bytes: &[u8]) -> Result<(), String> {
        self.leaves.push(page);
        self.records += page::slot_count(bytes) as u64;
        for slot in 0..page::slot_count(bytes) {
            if let Value::Overflow(first) = page::value(bytes, slot) {
                self.check_chain(first)?;
            }
        }
        Ok(())
    }

    fn check_chain(&mut self, first: PageId) -> Result<(), String> {
        let (mut page, mut expected) = (first, None);
        while !page.is_none() {
            self.take(page, Role::Overflow)?;
            let bytes = self.read(page)?;
            if page::kind(bytes) != Some(PageKind::Overflow) {
                return Err(format!("page {} should be an overflow page", page.0));
            }
            let remaining = page::overflow_remaining(bytes) as usize;
            if expected.is_some_and(|expected| expected != remaining) {
                return Err(format!(
                    "overflow page {}: {remaining} bytes remain, not what the one before says",
                    page.0
                ));
            }
            expected = Some(remaining - page::overflow_part(bytes).len());
            page = page::next(bytes);
        }
        if expected != Some(0) {
            return Err(format!("the overflow chain at page {} ends early", first.0));
        }
        Ok(())
    }

    /// Overflow chains that a transaction gave up, but that are not free yet.
    fn check_deferred(&mut self) -> Result<(), String> {
        let Some(journal) = self.tree.journal() else { return Ok(()) };
        let chains = journal.transactions.iter().flat_map(|(_, entry)| &entry.chains);
        chains.copied().collect::<Vec<_>>().into_iter().try_for_each(|chain| self.check_chain(chain))
    }

    fn check_links(&self) -> Result<(), String> {
        for (index, page) in self.leaves.iter().enumerate() {
            let prev = if index == 0 { PageId::NONE } else { self.leaves[index - 1] };
            let next = self.leaves.get(index + 1).copied().unwrap_or(PageId::NONE);
            let bytes = self.read(*page)?;
            if (page::prev(bytes), page::next(bytes)) != (prev, next) {
                return Err(format!("leaf {} does not link to its neighbours", page.0));
            }
        }
        Ok(())
    }

    fn check_free_list(&mut self) -> Result<(), String> {
        let (mut page, mut count) = (self.tree.meta.free_head, 0);
        while !page.is_none() {
            self.take(page, Role::Free)?;
            let bytes = self.read(page)?;
            if page::kind(bytes) != Some(PageKind::Free) {
                return Err(format!("page {} is in the free list, but in use", page.0));
            }
            page = page::next(bytes);
            count += 1;
        }
        match self.tree.meta.free_count {
            expected if expected == count => Ok(()),
            expected => Err(format!("the free list has {count} pages, the count says {expected}")),
        }
    }
}
