//! Many keys at a time.
//!
//! A descent waits for memory: each probe of a binary search is at an address that the one before decided, and in a tree
//! larger than the processor's cache most of them miss. Descents of different keys do not depend on each other. So a group of
//! keys goes down together, each step being taken for every key before the next step is taken for any, and their misses
//! overlap (Kocberber, Falsafi and Grot, "Asynchronous Memory Access Chaining", 2015, who call this simple way group
//! prefetching, after Chen, Ailamaki, Gibbons and Mowry, "Improving Hash Join Performance through Prefetching", 2004).
//!
//! ```text
//!   one by one   key 1: ▪▁▁▪▁▁▪▁▁     key 2: ▪▁▁▪▁▁▪▁▁        ▪ work   ▁ waiting for memory
//!   in a group   key 1: ▪ ▪ ▪
//!                key 2:  ▪ ▪ ▪        a key waits while the others work
//! ```
//!
//! **Invariant:** whoever watches cannot tell it from one operation after another. The common descent ([`Tree::locate`])
//! changes nothing: it looks at pages in the pool, and gives up at the first that is not there or not what it should be.
//! Then each key's operation is carried out in turn, with its accesses to the pool in the usual order, so that counters,
//! virtual time, evictions and errors are those of single operations. While recording is on each key goes all the way down
//! a second time, to tell of it.

use super::insert::NewValue;
use super::*;
use crate::page::Value;

/// Keys that go down together. From eight on there is little to be gained: a processor has some ten misses under way.
const GROUP: usize = 16;

/// Where the keys of a group are.
#[derive(Default)]
struct Group {
    /// By level from the root down, then by key: the pages on the way.
    way: Vec<[PageId; GROUP]>,
    /// By key: how many heads of its leaf are below the key's.
    below: [usize; GROUP],
}

impl Tree {
    /// Looks many keys up, as [`Tree::get_with`] does one after another, but faster when the tree is large. Hands to
    /// `visit` the index of each key and its value, or none. Stops at the first error; the keys before it were visited.
    pub fn get_many<K: AsRef<[u8]>>(
        &mut self,
        cx: &mut Cx,
        keys: &[K],
        mut visit: impl FnMut(usize, Option<&[u8]>),
    ) -> Result<(), StorageError> {
        let mut group = Group::default();
        let (mut done, mut at_once) = (0, GROUP);
        while done < keys.len() {
            let keys = &keys[done..keys.len().min(done + at_once)];
            let located = self.locate(keys, &mut group);
            // Where pages are missing, going down together is wasted on the keys behind.
            at_once = if located < keys.len() { located + 1 } else { GROUP.min(2 * at_once) };
            let known = if cx.recorder.is_on() { 0 } else { located };
            for (index, key) in keys.iter().take(located + 1).enumerate() {
                let (key, visit) = (key.as_ref(), |value: Option<&[u8]>| visit(done + index, value));
                if index < known {
                    self.get_located(cx, key, &group, index, visit)?;
                } else {
                    self.get_alone(cx, key, visit)?;
                }
            }
            done += keys.len().min(located + 1);
        }
        Ok(())
    }

    /// Deletes many records, as [`Tree::delete`] does one after another, but faster when the tree is large. Hands to
    /// `told` the index of each key and whether it was there. Stops at the first error.
    pub fn delete_many<K: AsRef<[u8]>>(
        &mut self,
        cx: &mut Cx,
        keys: &[K],
        mut told: impl FnMut(usize, bool),
    ) -> Result<(), StorageError> {
        let mut group = Group::default();
        for (number, keys) in keys.chunks(GROUP).enumerate() {
            // Deletes change pages, so what is found is not used: it brings the pages nearer to the processor.
            self.locate(keys, &mut group);
            for (index, key) in keys.iter().enumerate() {
                let deleted = self.delete(cx, key.as_ref())?;
                told(number * GROUP + index, deleted);
            }
        }
        Ok(())
    }

    /// Adds many records, as [`Tree::insert`] does one after another, but faster when the tree is large. `value` gives the
    /// value for the key of an index; `told` gets each index and whether its key was new. Stops at the first error.
    pub fn insert_many<'v, K: AsRef<[u8]>>(
        &mut self,
        cx: &mut Cx,
        keys: &[K],
        value: impl Fn(usize) -> &'v [u8],
        mut told: impl FnMut(usize, bool),
    ) -> Result<(), StorageError> {
        let mut group = Group::default();
        for (number, keys) in keys.chunks(GROUP).enumerate() {
            let mut located = if cx.recorder.is_on() { 0 } else { self.locate(keys, &mut group) };
            for (index, key) in keys.iter().enumerate() {
                let place = number * GROUP + index;
                let (key, value) = (key.as_ref(), value(place));
                let is_new = if index < located && self.goes_into(&group, index, key, value) {
                    self.insert_located(cx, key, value, &group, index)?
                } else {
                    // It may cut pages, or take frames: what was found for the keys behind may not be so any more.
                    located = 0;
                    self.insert(cx, key, value)?
                };
                told(place, is_new);
            }
        }
        Ok(())
    }

    /// Whether putting a record into the leaf that was located for it changes that page alone.
    #[inline]
    fn goes_into(&self, group: &Group, index: usize, key: &[u8], value: &[u8]) -> bool {
        let leaf = group.way.last().and_then(|pages| self.pager.pool.find(pages[index]));
        let incoming = self.incoming(key, NewValue::Bytes(value));
        let is_short = key.len() <= self.max_key_len() && matches!(incoming.value, Value::Inline(_));
        is_short && leaf.is_some_and(|frame| self.has_room(self.pager.page(frame), incoming.cost()))
    }

    /// The insert of a record whose leaf was located and has room for it.
    #[inline]
    fn insert_located(
        &mut self,
        cx: &mut Cx,
        key: &[u8],
        value: &[u8],
        group: &Group,
        index: usize,
    ) -> Result<bool, StorageError> {
        let (outcome, _) = self.operate(cx, Operation::Insert, key, value.len(), |tree, cx| {
            let leaf = tree.go_located(cx, group, index)?;
            let (slot, found) = page::search(tree.pager.page(leaf), key);
            if found {
                tree.pager.unpin_watched::<false>(cx, leaf);
                return Ok((Outcome::Duplicate, 0));
            }
            tree.add(cx, leaf, slot, key, NewValue::Bytes(value))?;
            Ok((Outcome::Inserted, 0))
        })?;
        Ok(outcome == Outcome::Inserted)
    }

    fn get_alone(&mut self, cx: &mut Cx, key: &[u8], mut visit: impl FnMut(Option<&[u8]>)) -> Result<(), StorageError> {
        if !self.get_with(cx, key, |value| visit(Some(value)))? {
            visit(None);
        }
        Ok(())
    }

    /// Accesses the pages on the way of a key that was located, as a descent does; its leaf is pinned then.
    #[inline(always)]
    fn go_located(&mut self, cx: &mut Cx, group: &Group, index: usize) -> Result<FrameId, StorageError> {
        self.path.clear();
        let mut level = self.meta.height - 1;
        let mut frame = self.fetch_node_watched::<false>(cx, group.way[0][index], level)?;
        for pages in &group.way[1..] {
            level -= 1;
            let fetched = self.fetch_node_watched::<false>(cx, pages[index], level);
            self.pager.unpin_watched::<false>(cx, frame);
            frame = fetched?;
        }
        Ok(frame)
    }

    /// The get of a key that was located.
    #[inline]
    fn get_located(
        &mut self,
        cx: &mut Cx,
        key: &[u8],
        group: &Group,
        index: usize,
        visit: impl FnOnce(Option<&[u8]>),
    ) -> Result<(), StorageError> {
        self.operate(cx, Operation::Get, key, 0, |tree, cx| {
            let frame = tree.go_located(cx, group, index)?;
            let (slot, found) = page::search_from(tree.pager.page(frame), group.below[index], key);
            let shown = if found {
                tree.show_value(cx, frame, slot, |value| visit(Some(value)))
            } else {
                visit(None);
                Ok(())
            };
            tree.pager.unpin_watched::<false>(cx, frame);
            shown?;
            Ok((if found { Outcome::Found } else { Outcome::Absent }, 0))
        })?;
        Ok(())
    }

    /// Goes down with up to [`GROUP`] keys at once. Returns how many of them, from the first on, meet only sound pages
    /// that are in the pool. Changes nothing but `group`.
    #[inline(never)]
    fn locate<K: AsRef<[u8]>>(&self, keys: &[K], group: &mut Group) -> usize {
        group.way.clear();
        let mut pages = [self.meta.root; GROUP];
        let mut images: [&[u8]; GROUP] = [&[]; GROUP];
        let mut located = if self.meta.height == 0 { 0 } else { keys.len().min(GROUP) };
        for level in (0..self.meta.height).rev() {
            group.way.push(pages);
            located = self.look_at(level, &pages[..located], &mut images);
            if level > 0 {
                for ((key, bytes), page) in keys[..located].iter().zip(images).zip(&mut pages) {
                    let (slot, found) = page::search(bytes, key.as_ref());
                    *page = page::child_for(bytes, slot + usize::from(found));
                }
            }
        }
        page::search_heads_together(&images[..located], keys, &mut group.below);
        located
    }

    /// Gets the bytes of each page, as far as they are nodes of this level in the pool. Returns how many are.
    fn look_at<'a>(&'a self, level: u8, pages: &[PageId], images: &mut [&'a [u8]; GROUP]) -> usize {
        let held = pages.iter().map_while(|page| self.pager.pool.find(*page)).zip(images.iter_mut());
        let present = held.map(|(frame, image)| *image = self.pager.page(frame)).count();
        images[..present].iter().position(|image| !page::is_node(image, level)).unwrap_or(present)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_sim::{Device, Generator};

    type Seen = Vec<(usize, Option<Vec<u8>>)>;

    /// A tree of 600 keys, some with values on overflow pages, whose nodes are many more than `frames`, or fewer.
    fn grown(frames: u32, page_size: u32) -> (Cx, Tree) {
        let mut cx = Cx::new(u64::from(frames));
        cx.recorder.switch(false);
        let options = Options { frames, page_size, device: Device::Ssd, ..Options::default() };
        let mut tree = Tree::create(&mut cx, &options).unwrap();
        for number in 0..600u32 {
            let value = vec![number as u8; if number % 50 == 0 { 700 } else { 10 }];
            tree.upsert(&mut cx, key(number * 7919 % 1000).as_bytes(), &value).unwrap();
        }
        tree.flush(&mut cx).unwrap();
        (cx, tree)
    }

    fn key(number: u32) -> String {
        format!("key {number:04}")
    }

    fn some_keys(generator: &mut Generator, count: u64) -> Vec<String> {
        (0..count).map(|_| key(generator.below(1000) as u32)).collect()
    }

    fn one_by_one(cx: &mut Cx, tree: &mut Tree, keys: &[String]) -> (Seen, Result<(), StorageError>) {
        let mut seen = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            match tree.get(cx, key.as_bytes()) {
                Ok(value) => seen.push((index, value)),
                Err(error) => return (seen, Err(error)),
            }
        }
        (seen, Ok(()))
    }

    fn together(cx: &mut Cx, tree: &mut Tree, keys: &[String]) -> (Seen, Result<(), StorageError>) {
        let mut seen = Vec::new();
        let result = tree.get_many(cx, keys, |index, value| seen.push((index, value.map(<[u8]>::to_vec))));
        (seen, result)
    }

    /// Time, counters, pool and disk are equal, and so is the order of the pool: the same work evicts the same pages.
    fn assert_equal_worlds((cx, tree): &(Cx, Tree), (other_cx, other): &(Cx, Tree)) {
        assert_eq!(cx.counters(), other_cx.counters());
        assert_eq!(cx.now_ns(), other_cx.now_ns());
        assert_eq!(tree.pager.pool.state(), other.pager.pool.state());
        assert!(tree.pager.pool.nothing_pinned());
        let traces = [(cx, tree), (other_cx, other)].map(|(cx, tree)| {
            let (mut cx, mut tree) = (cx.clone(), tree.clone());
            cx.recorder.switch(true);
            let keys = some_keys(&mut Generator::new(9, "after"), 50);
            let _ = one_by_one(&mut cx, &mut tree, &keys);
            cx.recorder.trace
        });
        assert_eq!(traces[0], traces[1]);
    }

    #[test]
    fn many_gets_are_gets_one_after_another() {
        let mut generator = Generator::new(3, "keys");
        for (frames, page_size) in
            [(8, 256), (9, 256), (10, 512), (16, 256), (20, 256), (40, 256), (500, 256), (64, 8192)]
        {
            let (mut single, mut many) = (grown(frames, page_size), grown(frames, page_size));
            for count in [0, 1, 2, 15, 16, 17, 33, 300] {
                let keys = some_keys(&mut generator, count);
                let expected = one_by_one(&mut single.0, &mut single.1, &keys);
                assert_eq!(together(&mut many.0, &mut many.1, &keys), expected);
                assert_equal_worlds(&single, &many);
            }
        }
    }

    #[test]
    fn many_gets_meet_the_same_error_at_the_same_key() {
        let mut generator = Generator::new(4, "keys");
        let mut errors = 0;
        for frames in [8, 30, 500] {
            for page in 2..40 {
                let (mut single, mut many) = (grown(frames, 256), grown(frames, 256));
                for (cx, tree) in [&mut single, &mut many] {
                    match page % 2 {
                        0 => tree.flip_bit(cx, PageId(page), 777).unwrap(),
                        // In the pool, where no checksum guards it: a page of another level than expected.
                        _ => {
                            let frame = tree.pager.fetch(cx, PageId(page)).unwrap();
                            tree.format(cx, frame, PageKind::Inner, 7);
                            tree.pager.unpin(cx, frame);
                        }
                    }
                }
                let keys = some_keys(&mut generator, 60);
                let expected = one_by_one(&mut single.0, &mut single.1, &keys);
                errors += u32::from(expected.1.is_err());
                assert_eq!(together(&mut many.0, &mut many.1, &keys), expected);
                assert_equal_worlds(&single, &many);
            }
        }
        assert!(errors > 20, "{errors} errors were met");
    }

    #[test]
    fn recorded_many_gets_leave_the_trace_of_gets() {
        let (mut single, mut many) = (grown(500, 256), grown(500, 256));
        let keys = some_keys(&mut Generator::new(5, "keys"), 100);
        for (cx, _) in [&mut single, &mut many] {
            cx.recorder.switch(true);
        }
        one_by_one(&mut single.0, &mut single.1, &keys).1.unwrap();
        together(&mut many.0, &mut many.1, &keys).1.unwrap();
        assert!(single.0.recorder.trace.len() > 100);
        assert_eq!(single.0.recorder.trace, many.0.recorder.trace);
    }

    #[test]
    fn many_inserts_are_inserts_one_after_another() {
        let mut generator = Generator::new(7, "keys");
        for (frames, page_size) in [(8, 256), (40, 256), (500, 256), (64, 8192)] {
            let (mut single, mut many) = (grown(frames, page_size), grown(frames, page_size));
            let mut keys = some_keys(&mut generator, 700);
            keys[600] = "k".repeat(page_size as usize / 4);
            keys[690] = "k".repeat(page_size as usize);
            let values: Vec<Vec<u8>> = (0..700).map(|at| vec![7; if at % 40 == 0 { 5000 } else { at % 30 }]).collect();
            let (cx, tree) = &mut single;
            let mut expected = Vec::new();
            let all = keys.iter().zip(&values).try_for_each(|(key, value)| {
                expected.push(tree.insert(cx, key.as_bytes(), value)?);
                Ok(())
            });
            let mut told = Vec::new();
            let (cx, tree) = &mut many;
            let done = tree.insert_many(
                cx,
                &keys,
                |at| &values[at],
                |index, is_new| {
                    assert_eq!(index, told.len());
                    told.push(is_new);
                },
            );
            assert!(matches!(&done, Err(StorageError::KeyTooLong { .. })) && done == all, "{done:?}");
            assert_eq!((told.len(), told), (690, expected));
            assert_eq!(many.1.verify(&mut many.0).problem, None);
            assert_equal_worlds(&single, &many);
        }
    }

    #[test]
    fn many_deletes_are_deletes_one_after_another() {
        let mut generator = Generator::new(6, "keys");
        for (frames, page_size) in [(8, 256), (40, 256), (500, 256), (64, 8192)] {
            let (mut single, mut many) = (grown(frames, page_size), grown(frames, page_size));
            let keys = some_keys(&mut generator, 700);
            let (cx, tree) = &mut single;
            let expected: Vec<bool> = keys.iter().map(|key| tree.delete(cx, key.as_bytes()).unwrap()).collect();
            let mut told = Vec::new();
            many.1
                .delete_many(&mut many.0, &keys, |index, deleted| {
                    assert_eq!(index, told.len());
                    told.push(deleted);
                })
                .unwrap();
            assert_eq!(told, expected);
            assert_eq!(many.1.verify(&mut many.0).problem, None);
            assert_equal_worlds(&single, &many);
        }
    }
}
