//! Range scans along the linked leaves, forward and backward.

use super::search::Target;
use super::*;

impl Tree {
    /// Visits the records from `from` to `to` (both included; none: from the first, to the last) in key order, or
    /// backward, at most `limit` of them. Returns how many there were.
    pub fn scan(
        &mut self,
        cx: &mut Cx,
        from: Option<&[u8]>,
        to: Option<&[u8]>,
        reverse: bool,
        limit: u64,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        let first = if reverse { to.or(from) } else { from.or(to) }.unwrap_or_default();
        let (_, count) = self.operate(cx, Operation::Scan, first, 0, |tree, cx| {
            let count = tree.walk_leaves(cx, from, to, reverse, limit, visit)?;
            Ok((Outcome::Done, count))
        })?;
        Ok(count)
    }

    fn walk_leaves(
        &mut self,
        cx: &mut Cx,
        from: Option<&[u8]>,
        to: Option<&[u8]>,
        reverse: bool,
        limit: u64,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        let target = match (reverse, from, to) {
            (false, Some(key), _) | (true, _, Some(key)) => Target::Key(key),
            (false, None, _) => Target::First,
            (true, _, None) => Target::Last,
        };
        let mut leaf = self.descend(cx, target, false)?;
        let mut count = 0;
        // A chain longer than the file is a loop in a damaged file.
        for _ in 0..=self.page_count() {
            let bytes = self.pager.page(leaf);
            let start = from.map_or(0, |key| page::search(bytes, key).0);
            let past = to.map_or(page::slot_count(bytes), |key| {
                let (slot, found) = page::search(bytes, key);
                slot + usize::from(found)
            });
            let slots = start..past.max(start);
            let at_edge = if reverse { start > 0 } else { past < page::slot_count(bytes) };
            let neighbour = if reverse { page::prev(bytes) } else { page::next(bytes) };
            let visited = self.visit_slots(cx, leaf, slots, reverse, limit - count, visit);
            let next = match visited {
                Ok(visited) => {
                    count += visited;
                    let done = at_edge || neighbour.is_none() || count >= limit;
                    if done { Ok(None) } else { self.fetch_node(cx, neighbour, 0).map(Some) }
                }
                Err(error) => Err(error),
            };
            self.pager.unpin(cx, leaf);
            match next? {
                Some(next) => leaf = next,
                None => return Ok(count),
            }
        }
        let page = page::page_id(self.pager.page(leaf));
        self.pager.unpin(cx, leaf);
        Err(StorageError::Corrupt { page, what: "the links between the leaves form a loop".to_string() })
    }

    /// Visits the given slots of a pinned leaf, at most `limit`.
    fn visit_slots(
        &mut self,
        cx: &mut Cx,
        leaf: FrameId,
        slots: std::ops::Range<usize>,
        reverse: bool,
        limit: u64,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<u64, StorageError> {
        let count = (slots.len() as u64).min(limit) as usize;
        let slots = if reverse { slots.end - count..slots.end } else { slots.start..slots.start + count };
        let page = page::page_id(self.pager.page(leaf));
        cx.emit(|| Event::CellsRead { page, slot: slots.start as u16, count: count as u16, backward: reverse });
        let mut read = 0;
        while read < count {
            let bytes = self.pager.page(leaf);
            let overflow = (read..count).find_map(|step| {
                let slot = if reverse { slots.end - 1 - step } else { slots.start + step };
                let (key, value) = page::record(bytes, slot);
                match value {
                    page::Value::Inline(value) => {
                        visit(key, value);
                        None
                    }
                    page::Value::Overflow(first) => Some((step, slot, first)),
                }
            });
            let Some((step, slot, first)) = overflow else { break };
            let value = self.read_overflow(cx, first)?;
            visit(page::key(self.pager.page(leaf), slot), &value);
            read = step + 1;
        }
        Ok(count as u64)
    }
}
