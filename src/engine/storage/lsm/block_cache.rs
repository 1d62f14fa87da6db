//! The block cache: blocks of tables that were read lately, up to a number of bytes.
//!
//! Tables are never changed, so a cached block is never dirty; it leaves when room is needed, the least recently used
//! first, or when its table is removed.
//!
//! ```text
//!   places  (open addressing)          slots
//!   hash(file, offset) ──▶ slot  ──▶   file │ offset │ block │ newer │ older
//!                                      newest ─▶ 4 ⇄ 0 ⇄ 7 ⇄ 2 ◀─ oldest: leaves first
//! ```
//!
//! The hash table probes linearly and closes the gap when an entry goes (Knuth, "The Art of Computer Programming",
//! volume 3, section 6.4, algorithm R), so it needs no marks for removed entries.
//!
//! **Invariant:** `used_bytes` is the sum of the cached blocks' lengths and at most `capacity_bytes`.

use std::rc::Rc;

use crate::replacement::chain::{Chain, Links, NIL};
use glassbase_sim::{Cx, MEMORY_ACCESS_NS};
use glassbase_trace::{Event, FileNumber};

#[derive(Clone, Debug)]
struct Slot {
    file: FileNumber,
    offset: u64,
    block: Rc<[u8]>,
}

/// Blocks by file and offset, the least recently used leaving first.
#[derive(Clone, Debug)]
pub struct BlockCache {
    capacity_bytes: usize,
    used_bytes: usize,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Slot numbers by hash; the length is a power of two and at least twice the number of blocks.
    places: Vec<u32>,
    links: Links,
    order: Chain,
    hits: u64,
    misses: u64,
    empty: Rc<[u8]>,
}

impl BlockCache {
    pub fn new(capacity_bytes: usize) -> BlockCache {
        BlockCache {
            capacity_bytes,
            used_bytes: 0,
            slots: Vec::new(),
            free: Vec::new(),
            places: vec![NIL; 16],
            links: Links::default(),
            order: Chain::default(),
            hits: 0,
            misses: 0,
            empty: Rc::from(&[][..]),
        }
    }

    pub fn capacity_bytes(&self) -> usize {
        self.capacity_bytes
    }

    pub fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Number of blocks in the cache.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn hits(&self) -> u64 {
        self.hits
    }

    pub fn misses(&self) -> u64 {
        self.misses
    }

    /// Counts on from here.
    pub fn count_on(&mut self, hits: u64, misses: u64) {
        (self.hits, self.misses) = (hits, misses);
    }

    /// The blocks from the most to the least recently used: file, offset, length.
    pub fn blocks(&self) -> impl Iterator<Item = (FileNumber, u64, usize)> {
        self.links.iter_newest_first(&self.order).map(|at| {
            let slot = &self.slots[at as usize];
            (slot.file, slot.offset, slot.block.len())
        })
    }

    /// The block, if it is here.
    #[inline]
    pub fn get(&mut self, cx: &mut Cx, file: FileNumber, offset: u64) -> Option<Rc<[u8]>> {
        let (_, at) = self.find(file, offset);
        if at == NIL {
            self.misses += 1;
            return None;
        }
        self.hits += 1;
        cx.pass(MEMORY_ACCESS_NS);
        cx.emit(|| Event::BlockHit { file, offset });
        self.links.raise(&mut self.order, at);
        Some(self.slots[at as usize].block.clone())
    }

    /// Keeps a block, for which others may leave. One that is larger than the whole cache is not kept.
    pub fn insert(&mut self, cx: &mut Cx, file: FileNumber, offset: u64, block: Rc<[u8]>) {
        let bytes = block.len();
        if bytes > self.capacity_bytes || self.find(file, offset).1 != NIL {
            return;
        }
        self.make_room(cx, bytes);
        self.used_bytes += bytes;
        let slot = Slot { file, offset, block };
        let at = match self.free.pop() {
            Some(at) => {
                self.slots[at as usize] = slot;
                at
            }
            None => {
                self.slots.push(slot);
                self.slots.len() as u32 - 1
            }
        };
        self.links.reach(at);
        self.grow_places();
        self.links.push_newest(&mut self.order, at);
        let (place, _) = self.find(file, offset);
        self.places[place] = at;
        cx.emit(|| Event::BlockCached { file, offset, bytes: bytes as u32 });
        debug_assert!(self.used_bytes <= self.capacity_bytes);
    }

    /// Changes the capacity; what does not fit leaves.
    pub fn resize(&mut self, cx: &mut Cx, capacity_bytes: usize) {
        self.capacity_bytes = capacity_bytes;
        self.make_room(cx, 0);
        debug_assert!(self.used_bytes <= self.capacity_bytes);
    }

    /// Drops the blocks of a table that is removed.
    pub fn forget(&mut self, cx: &mut Cx, file: FileNumber) {
        let newest_first: Vec<u32> = self.links.iter_newest_first(&self.order).collect();
        for at in newest_first {
            if self.slots[at as usize].file == file {
                self.evict(cx, at);
            }
        }
    }

    fn make_room(&mut self, cx: &mut Cx, bytes: usize) {
        while self.used_bytes + bytes > self.capacity_bytes && self.order.oldest != NIL {
            self.evict(cx, self.order.oldest);
        }
    }

    fn evict(&mut self, cx: &mut Cx, at: u32) {
        self.links.unlink(&mut self.order, at);
        let empty = self.empty.clone();
        let slot = &mut self.slots[at as usize];
        let (file, offset) = (slot.file, slot.offset);
        self.used_bytes -= std::mem::replace(&mut slot.block, empty).len();
        self.free.push(at);
        let (place, found) = self.find(file, offset);
        debug_assert_eq!(found, at);
        self.close_gap(place);
        cx.emit(|| Event::BlockEvicted { file, offset });
    }

    /// Multiplicative hashing (Knuth, section 6.4): the upper bits of a product are those that depend on all bits.
    #[inline(always)]
    fn home(&self, file: FileNumber, offset: u64) -> usize {
        let mixed = (file.0 << 40 ^ file.0 >> 24 ^ offset).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize & (self.places.len() - 1)
    }

    /// The place where the block's slot number stands or would stand, and the number ([`NIL`]: not there).
    #[inline(always)]
    fn find(&self, file: FileNumber, offset: u64) -> (usize, u32) {
        let mask = self.places.len() - 1;
        let mut place = self.home(file, offset);
        loop {
            let at = self.places[place];
            if at == NIL {
                return (place, NIL);
            }
            let slot = &self.slots[at as usize];
            if slot.offset == offset && slot.file == file {
                return (place, at);
            }
            place = (place + 1) & mask;
        }
    }

    /// Empties a place and moves up those behind it that may stand further in front.
    fn close_gap(&mut self, mut gap: usize) {
        let mask = self.places.len() - 1;
        let mut place = gap;
        loop {
            place = (place + 1) & mask;
            let at = self.places[place];
            if at == NIL {
                break;
            }
            let slot = &self.slots[at as usize];
            let home = self.home(slot.file, slot.offset);
            if place.wrapping_sub(home) & mask >= place.wrapping_sub(gap) & mask {
                self.places[gap] = at;
                gap = place;
            }
        }
        self.places[gap] = NIL;
    }

    /// Keeps at least half of the places empty, for the slot that was just taken too, which is in no list yet.
    fn grow_places(&mut self) {
        if self.len() * 2 <= self.places.len() {
            return;
        }
        self.places = vec![NIL; self.places.len() * 2];
        let newest_first: Vec<u32> = self.links.iter_newest_first(&self.order).collect();
        for at in newest_first {
            let Slot { file, offset, .. } = self.slots[at as usize];
            let (place, _) = self.find(file, offset);
            self.places[place] = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use glassbase_sim::Generator;

    /// The same, written as simply as can be: newest in front.
    #[derive(Default)]
    struct Model(VecDeque<(u64, u64, usize)>);

    impl Model {
        fn get(&mut self, file: u64, offset: u64) -> bool {
            let Some(at) = self.0.iter().position(|&(f, o, _)| (f, o) == (file, offset)) else { return false };
            let block = self.0.remove(at).unwrap();
            self.0.push_front(block);
            true
        }

        fn insert(&mut self, file: u64, offset: u64, bytes: usize, capacity: usize) {
            if bytes > capacity || self.0.iter().any(|&(f, o, _)| (f, o) == (file, offset)) {
                return;
            }
            self.0.push_front((file, offset, bytes));
            self.shrink(capacity);
        }

        fn shrink(&mut self, capacity: usize) {
            while self.0.iter().map(|block| block.2).sum::<usize>() > capacity {
                self.0.pop_back();
            }
        }
    }

    #[test]
    fn does_what_a_list_in_order_of_use_does() {
        let mut cx = Cx::new(1);
        let mut generator = Generator::new(5, "cache");
        let (mut capacity, mut model) = (5000, Model::default());
        let mut cache = BlockCache::new(capacity);
        for _ in 0..20_000 {
            let (file, offset) = (generator.below(6), generator.below(40) * 4096);
            match generator.below(200) {
                0 => {
                    cache.forget(&mut cx, FileNumber(file));
                    model.0.retain(|block| block.0 != file);
                }
                1 => {
                    capacity = generator.below(12_000) as usize;
                    cache.resize(&mut cx, capacity);
                    model.shrink(capacity);
                }
                2..100 => {
                    let bytes = 1 + generator.below(300) as usize;
                    cache.insert(&mut cx, FileNumber(file), offset, Rc::from(vec![file as u8; bytes]));
                    model.insert(file, offset, bytes, capacity);
                }
                _ => {
                    let block = cache.get(&mut cx, FileNumber(file), offset);
                    assert_eq!(block.is_some(), model.get(file, offset));
                    assert!(block.is_none_or(|block| block[0] == file as u8));
                }
            }
            let blocks: Vec<_> = cache.blocks().map(|(file, offset, bytes)| (file.0, offset, bytes)).collect();
            assert!(blocks.iter().eq(model.0.iter()), "{blocks:?} {:?}", model.0);
            assert_eq!(cache.used_bytes(), model.0.iter().map(|block| block.2).sum::<usize>());
            assert_eq!(cache.len(), blocks.len());
        }
        assert!(cache.hits() > 1000 && cache.misses() > 1000);
    }
}
