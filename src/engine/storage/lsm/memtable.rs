//! The memtable: a skip list that holds the newest entries in order until they are written to a table.
//!
//! It is a deterministic one (Munro, Papadakis and Sedgewick, "Deterministic Skip Lists", 1992) with wide gaps: between
//! two entries that reach a higher lane there are not one to three but 31 to 63, and each such run lies in one block, as
//! in that paper's array form. So a search reads few blocks, and within one no read waits for the one before it.
//!
//! ```text
//!   lane 2    │ alder ································ oak#9 ·········· │
//!                 │                                      │
//!   lane 1    │ alder ····· elm#9 ······· fir │    │ oak#9 ··· teak │        a block leads to blocks one lane lower
//!                 │           │            │           │        │
//!   entries   │ alder ash │ elm#9 elm#4 │ fir │ ◀─▶ │ oak#9 oak#2 │ teak yew │
//! ```
//!
//! A full block is cut into halves, and the upper half's first entry goes into the lane above; where a block of the
//! highest lane is cut there is one lane more. Where keys come in ascending order nothing is searched, and blocks are left
//! full. Nothing is ever removed.
//!
//! A slot has the first eight bytes of its key, so most comparisons of a search need not touch the key, and the address of
//! the entry's bytes, which lie in an [arena](arena) as they stand in the log.
//!
//! Order: keys ascend, and among entries of one key the newest comes first.
//!
//! Range deletions lie in a list of their own: they are few, and cover keys rather than being found under one.
//!
//! **Invariant:** every insert has a higher sequence number than all before it.
//! **Invariant:** the first entry of a block, but of the leftmost of a lane, never changes: what the lane above says of it
//! stays true. What it says of its own first block is never asked.

mod arena;

use std::cmp::Ordering;
use std::rc::Rc;

use super::batch::Write;
use super::key::{KeyRef, Sequence, Stamp, head};
use super::range_tombstone::{RangeTombstone, RangeTombstones};
use crate::page::compare;
use arena::Arena;

/// Most slots of a block.
const SLOTS: usize = 64;
/// Slots that are counted at a time.
const LINE: usize = 8;
/// Most levels, that of the entries included: blocks are half full at least, and addresses have 32 bits.
const LEVELS_MAX: usize = 8;
const NONE: u32 = u32::MAX;
/// Memory that an entry takes besides its key and its value, about: a slot in a block that is two thirds full, the
/// lengths, its part of the lanes.
const ENTRY_BYTES: usize = 36;

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The beginning of the key; the greatest number in a slot that is free.
    head: u64,
    /// Address of the entry.
    at: u32,
    /// Of an entry: its sequence number, less that of the first one. In a lane: the block one lane lower.
    to: u32,
}

#[derive(Clone, Debug)]
struct Block {
    slots: [Slot; SLOTS],
    count: u32,
    next: u32,
    previous: u32,
}

const FREE: Slot = Slot { head: u64::MAX, at: 0, to: 0 };
const EMPTY: Block = Block { slots: [FREE; SLOTS], count: 0, next: NONE, previous: NONE };

/// Where a search went through a lane: the block, and the slot that it left by.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    block: u32,
    slot: u32,
}

/// By level.
type Path = [Step; LEVELS_MAX];

/// The place of an entry. It holds as long as nothing is inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    block: u32,
    slot: u32,
}

impl Place {
    /// Before the first entry, and behind the last.
    pub const NOWHERE: Place = Place { block: NONE, slot: 0 };

    #[inline(always)]
    pub fn is_somewhere(self) -> bool {
        self.block != NONE
    }
}

/// One entry, as it lies in the memtable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    pub key: KeyRef<'a>,
    pub value: &'a [u8],
}

#[derive(Clone, Debug)]
pub struct Memtable {
    arena: Arena,
    /// Bytes of all keys and values.
    bytes: usize,
    /// The entries' blocks, and those of the lanes above, the highest of which has one block alone. The first block of
    /// each is its leftmost.
    levels: Vec<Vec<Block>>,
    /// The rightmost block of each level.
    edge: [u32; LEVELS_MAX],
    len: usize,
    /// The sequence number of the first entry.
    first: Sequence,
    newest: Sequence,
    /// As they came, and cut into fragments.
    ranges: Vec<RangeTombstone>,
    fragments: Rc<RangeTombstones>,
}

impl Default for Memtable {
    fn default() -> Memtable {
        Memtable {
            arena: Arena::default(),
            bytes: 0,
            levels: vec![vec![EMPTY]],
            edge: [0; LEVELS_MAX],
            len: 0,
            first: 0,
            newest: 0,
            ranges: Vec::new(),
            fragments: Rc::default(),
        }
    }
}

impl Memtable {
    /// Points: puts and deletes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0 && self.ranges.is_empty()
    }

    /// The range deletions in the order in which they came.
    pub fn ranges(&self) -> &[RangeTombstone] {
        &self.ranges
    }

    /// The range deletions, to ask which keys they cover.
    pub fn fragments(&self) -> &Rc<RangeTombstones> {
        &self.fragments
    }

    /// The newest write that it holds; 0: none.
    pub fn newest(&self) -> Sequence {
        self.newest
    }

    /// About how much memory it takes.
    #[inline]
    pub fn approx_bytes(&self) -> usize {
        let points = self.bytes + self.len * ENTRY_BYTES;
        if self.ranges.is_empty() { points } else { points + self.ranges_bytes() }
    }

    fn ranges_bytes(&self) -> usize {
        self.ranges.iter().map(|range| range.start.len() + range.end.len() + 64).sum()
    }

    /// Takes the encoded bytes of writes that will be inserted, if they are not too many; gives their address, from which
    /// those of the writes can be told.
    #[inline]
    pub fn take_all(&mut self, bytes: &[u8]) -> Option<u32> {
        self.arena.take_all(bytes)
    }

    /// Takes the encoded bytes of one write; gives their address.
    pub fn take(&mut self, bytes: &[u8]) -> u32 {
        self.arena.take(bytes)
    }

    /// Adds a put or a delete whose bytes were taken. Its sequence number is higher than all before.
    #[inline]
    pub fn insert(&mut self, sequence: Sequence, at: u32, write: Write) {
        debug_assert!(self.newest < sequence, "sequence numbers ascend");
        let Write { kind, key, value } = write;
        if self.len == 0 {
            self.first = sequence;
        }
        debug_assert!(sequence - self.first < u64::from(NONE), "a memtable holds no more than its addresses can name");
        let head = head(key);
        let slot = Slot { head, at, to: (sequence - self.first) as u32 };
        let mut path = Path::default();
        let (block, place) = if self.is_behind_all(head, key) {
            let last = self.edge[0];
            (last, self.levels[0][last as usize].count as usize)
        } else {
            let sought = KeyRef { user: key, stamp: Stamp::new(sequence, kind) };
            let block = self.find_block(head, sought, &mut path);
            (block, self.count_before(0, block, head, sought))
        };
        self.add(0, block, place, slot, &path);
        self.len += 1;
        self.bytes += key.len() + value.len();
        self.newest = sequence;
    }

    /// Adds a range deletion.
    pub fn insert_range(&mut self, range: RangeTombstone) {
        let RangeTombstone { start, end, sequence } = range.clone();
        Rc::make_mut(&mut self.fragments).insert(start, end, sequence);
        self.newest = sequence;
        self.ranges.push(range);
    }

    /// The first entry at or behind an internal key.
    pub fn seek(&self, sought: KeyRef) -> Place {
        let head = head(sought.user);
        let block = self.find_block(head, sought, &mut Path::default());
        let slot = self.count_before(0, block, head, sought);
        self.at_or_behind(block, slot)
    }

    /// The first entry of the target's user key at or behind it, if there is one.
    #[inline]
    pub fn find_newest(&self, target: KeyRef) -> Option<Place> {
        let place = self.seek(target);
        (place.is_somewhere() && self.key(place) == target.user).then_some(place)
    }

    pub fn first(&self) -> Place {
        self.at_or_behind(0, 0)
    }

    pub fn last(&self) -> Place {
        let last = self.edge[0];
        match self.levels[0][last as usize].count {
            0 => Place::NOWHERE,
            count => Place { block: last, slot: count - 1 },
        }
    }

    #[inline]
    pub fn next(&self, place: Place) -> Place {
        self.at_or_behind(place.block, place.slot as usize + 1)
    }

    pub fn previous(&self, place: Place) -> Place {
        let Place { block, slot } = place;
        if slot > 0 {
            return Place { block, slot: slot - 1 };
        }
        match self.levels[0][block as usize].previous {
            NONE => Place::NOWHERE,
            // No block but the first is ever empty, and the first only when all are.
            before => Place { block: before, slot: self.levels[0][before as usize].count - 1 },
        }
    }

    #[inline(always)]
    pub fn key(&self, place: Place) -> &[u8] {
        self.arena.entry(self.slot(place).at).key
    }

    #[inline(always)]
    pub fn entry(&self, place: Place) -> Entry<'_> {
        let Slot { at, to, .. } = *self.slot(place);
        let Write { kind, key, value } = self.arena.entry(at);
        Entry { key: KeyRef::new(key, self.first + u64::from(to), kind), value }
    }

    #[inline(always)]
    fn slot(&self, place: Place) -> &Slot {
        &self.levels[0][place.block as usize].slots[place.slot as usize]
    }

    /// All points in order.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut at = self.first();
        std::iter::from_fn(move || {
            let place = at;
            place.is_somewhere().then(|| {
                at = self.next(place);
                self.entry(place)
            })
        })
    }

    #[inline]
    fn at_or_behind(&self, block: u32, slot: usize) -> Place {
        let here = &self.levels[0][block as usize];
        if slot < here.count as usize {
            return Place { block, slot: slot as u32 };
        }
        Place { block: here.next, slot: 0 }
    }

    #[inline]
    fn is_behind_all(&self, head: u64, key: &[u8]) -> bool {
        let last = &self.levels[0][self.edge[0] as usize];
        match last.count as usize {
            0 => true,
            count if last.slots[count - 1].head != head => last.slots[count - 1].head < head,
            count => compare(self.arena.entry(last.slots[count - 1].at).key, key) == Ordering::Less,
        }
    }

    /// The last block whose first entry sorts before `sought`, or the leftmost block. Leaves the way there in `path`.
    #[inline]
    fn find_block(&self, head: u64, sought: KeyRef, path: &mut Path) -> u32 {
        let mut block = 0;
        for level in (1..self.levels.len()).rev() {
            let slot = self.count_before(level, block, head, sought) - 1;
            path[level] = Step { block, slot: slot as u32 };
            block = self.levels[level][block as usize].slots[slot].to;
        }
        block
    }

    /// How many slots of a block sort before `sought`. In a lane the first always does: the search would not have come
    /// here else.
    #[inline(always)]
    fn count_before(&self, level: usize, block: u32, head: u64, sought: KeyRef) -> usize {
        let block = &self.levels[level][block as usize];
        // First the last of each line, then those of one line are counted: reads that do not wait for one another are
        // quicker than the fewer ones of a binary search.
        let (lines, _) = block.slots.as_chunks::<LINE>();
        let line: usize = lines.iter().map(|line| usize::from(line[LINE - 1].head < head)).sum();
        let within = lines.get(line).map_or(0, |line| line.iter().map(|slot| usize::from(slot.head < head)).sum());
        let first = (line * LINE + within).max(usize::from(level > 0));
        match block.slots[..block.count as usize].get(first) {
            Some(slot) if slot.head == head => self.count_among_equals(level, block, first, head, sought),
            _ => first,
        }
    }

    /// The same where slots from `first` on have the same beginning: the keys decide.
    #[inline(never)]
    fn count_among_equals(&self, level: usize, block: &Block, first: usize, head: u64, sought: KeyRef) -> usize {
        let slots = &block.slots[first..block.count as usize];
        let equals = slots.partition_point(|slot| slot.head == head);
        first + slots[..equals].partition_point(|slot| self.sorts_before(level, slot, sought))
    }

    fn sorts_before(&self, level: usize, slot: &Slot, sought: KeyRef) -> bool {
        let Write { kind, key, .. } = self.arena.entry(slot.at);
        compare(key, sought.user).then_with(|| {
            let sequence = self.first + u64::from(self.first_slot_below(level, slot).to);
            sought.stamp.cmp(&Stamp::new(sequence, kind))
        }) == Ordering::Less
    }

    /// The slot of the entry that a slot of a lane stands for.
    fn first_slot_below<'a>(&'a self, level: usize, slot: &'a Slot) -> &'a Slot {
        let below = self.levels[..level].iter().rev();
        below.fold(slot, |slot, blocks| &blocks[slot.to as usize].slots[0])
    }

    /// Puts a slot into a block, before that at `place`.
    #[inline]
    fn add(&mut self, level: usize, block: u32, place: usize, slot: Slot, path: &Path) {
        let held = &mut self.levels[level][block as usize];
        if (held.count as usize) < SLOTS {
            held.insert(place, slot)
        } else {
            self.add_to_full(level, block, place, slot, path)
        }
    }

    /// The same where the block is full: its upper half becomes a block of its own, or the new slot does at the right edge.
    #[inline(never)]
    fn add_to_full(&mut self, level: usize, block: u32, place: usize, slot: Slot, path: &Path) {
        let is_edge = block == self.edge[level] && place == SLOTS;
        let kept = if is_edge { SLOTS } else { SLOTS / 2 };
        let new = self.cut(level, block, kept);
        let (into, place) = if place > kept || is_edge { (new, place - kept) } else { (block, place) };
        self.levels[level][into as usize].insert(place, slot);
        let first = Slot { to: new, ..self.levels[level][new as usize].slots[0] };
        let above = level + 1;
        if above == self.levels.len() {
            let mut root = EMPTY;
            // Smaller keys than the first may come: the head says nothing of them.
            root.insert(0, Slot { head: 0, to: 0, ..self.levels[level][0].slots[0] });
            root.insert(1, first);
            self.levels.push(vec![root]);
        } else if is_edge {
            let last = self.edge[above];
            self.add(above, last, self.levels[above][last as usize].count as usize, first, path);
        } else {
            let Step { block, slot } = path[above];
            self.add(above, block, slot as usize + 1, first, path);
        }
    }

    /// Moves the slots behind the first `kept` into a new block that follows; gives its number.
    fn cut(&mut self, level: usize, block: u32, kept: usize) -> u32 {
        let blocks = &mut self.levels[level];
        let new = blocks.len() as u32;
        let left = &mut blocks[block as usize];
        let mut right = Block { previous: block, next: left.next, ..EMPTY };
        right.slots[..SLOTS - kept].copy_from_slice(&left.slots[kept..]);
        left.slots[kept..].fill(FREE);
        (right.count, left.count) = ((SLOTS - kept) as u32, kept as u32);
        match std::mem::replace(&mut left.next, new) {
            NONE => self.edge[level] = new,
            next => blocks[next as usize].previous = new,
        }
        blocks.push(right);
        new
    }
}

impl Block {
    #[inline]
    fn insert(&mut self, place: usize, slot: Slot) {
        self.slots.copy_within(place..self.count as usize, place + 1);
        self.slots[place] = slot;
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BTreeMap;

    use super::*;
    use crate::lsm::batch::WriteBatch;
    use crate::lsm::key::{Kind, MAX_SEQUENCE};
    use glassbase_sim::Generator;

    type Model = BTreeMap<(Vec<u8>, Reverse<Sequence>), Vec<u8>>;

    /// Inserts as writes come from a log.
    fn insert(memtable: &mut Memtable, sequence: Sequence, kind: Kind, key: &[u8], value: &[u8]) {
        let mut batch = WriteBatch::new();
        batch.push(Write { kind, key, value });
        let at = memtable.take(batch.iter().bytes());
        memtable.insert(sequence, at, Write { kind, key, value });
    }

    /// Every slot of a lane stands for the first entry of its block, in order, and blocks are half full at least, but for
    /// those at the right edge.
    fn assert_sound(memtable: &Memtable) {
        for (level, blocks) in memtable.levels.iter().enumerate() {
            let (mut at, mut order) = (0, Vec::new());
            while at != NONE {
                let block = &blocks[at as usize];
                order.push(at);
                assert!(block.slots[block.count as usize..].iter().all(|slot| slot.head == u64::MAX));
                assert!(at == memtable.edge[level] || block.count as usize >= SLOTS / 2, "{} slots", block.count);
                assert!(block.next == NONE || blocks[block.next as usize].previous == at);
                at = block.next;
            }
            assert_eq!(order.len(), blocks.len());
            assert_eq!(order.last(), Some(&memtable.edge[level]));
            let Some(lane) = memtable.levels.get(level + 1) else {
                assert_eq!(order.len(), 1);
                continue;
            };
            let slots = lane_slots(lane);
            assert!(slots.iter().map(|slot| slot.to).eq(order));
            for slot in &slots[1..] {
                assert_eq!(slot.at, memtable.first_slot_below(level + 1, slot).at);
            }
        }
        let keys: Vec<KeyRef> = memtable.iter().map(|entry| entry.key).collect();
        assert_eq!(keys.windows(2).find(|pair| pair[0] >= pair[1]), None);
    }

    fn lane_slots(lane: &[Block]) -> Vec<Slot> {
        let mut slots = Vec::new();
        let mut at = 0;
        while at != NONE {
            let block = &lane[at as usize];
            slots.extend_from_slice(&block.slots[..block.count as usize]);
            at = block.next;
        }
        slots
    }

    fn filled(seed: u64, count: u64) -> (Memtable, Model) {
        let mut generator = Generator::new(seed, "memtable");
        let mut memtable = Memtable::default();
        let mut model = Model::new();
        for sequence in 1..=count {
            let length = generator.below(12) as usize;
            let key: Vec<u8> = (0..length).map(|_| [0, b'a', b'b', 255][generator.below(4) as usize]).collect();
            let kind = if generator.chance(0.2) { Kind::Delete } else { Kind::Put };
            let value = if kind == Kind::Put { sequence.to_be_bytes().to_vec() } else { vec![] };
            insert(&mut memtable, sequence, kind, &key, &value);
            model.insert((key, Reverse(sequence)), value);
        }
        (memtable, model)
    }

    #[test]
    fn holds_what_an_ordered_map_holds_in_both_directions() {
        for seed in 0..40 {
            let (memtable, model) = filled(seed, seed * seed * 5);
            let owned =
                |entry: Entry| ((entry.key.user.to_vec(), Reverse(entry.key.stamp.sequence())), entry.value.to_vec());
            assert!(memtable.iter().map(owned).eq(model.iter().map(|(key, value)| (key.clone(), value.clone()))));
            let mut at = memtable.last();
            for (key, value) in model.iter().rev() {
                assert_eq!(owned(memtable.entry(at)), (key.clone(), value.clone()));
                at = memtable.previous(at);
            }
            assert_eq!(at, Place::NOWHERE);
            assert_eq!(memtable.len(), model.len());
            assert_sound(&memtable);
        }
    }

    #[test]
    fn a_snapshot_sees_the_newest_entry_that_is_not_newer() {
        let (memtable, model) = filled(3, 3000);
        for (key, _) in model.keys() {
            for snapshot in (0..=3000).step_by(99).chain([MAX_SEQUENCE]) {
                let expected = model.range((key.clone(), Reverse(snapshot))..).next().filter(|((k, _), _)| k == key);
                let found = memtable.find_newest(KeyRef::seek(key, snapshot)).map(|at| memtable.entry(at));
                let found = found.map(|entry| (entry.key.stamp.sequence(), entry.value));
                assert_eq!(found, expected.map(|((_, sequence), value)| (sequence.0, &value[..])));
            }
        }
    }

    #[test]
    fn ascending_keys_and_random_ones_give_the_same_list() {
        let keys: Vec<u64> = (0..2000).collect();
        let mut shuffled = keys.clone();
        Generator::new(1, "order").shuffle(&mut shuffled);
        let list = |keys: &[u64]| {
            let mut memtable = Memtable::default();
            for (key, sequence) in keys.iter().zip(1..) {
                insert(&mut memtable, sequence, Kind::Put, &key.to_be_bytes(), &[]);
            }
            memtable.iter().map(|entry| entry.key.user.to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(list(&keys), list(&shuffled));
    }

    #[test]
    fn lanes_lead_to_blocks_that_are_half_full_at_least() {
        for (count, ascending) in [(200_000, false), (20_000, true)] {
            let mut memtable = Memtable::default();
            let mut generator = Generator::new(1, "keys");
            for sequence in 1..=count {
                let key = if ascending { sequence } else { generator.next_u64() };
                insert(&mut memtable, sequence, Kind::Put, &key.to_be_bytes(), &[]);
            }
            assert_sound(&memtable);
            let fill = count as f64 / (memtable.levels[0].len() * SLOTS) as f64;
            assert!(if ascending { fill > 0.99 } else { (0.65..0.75).contains(&fill) }, "blocks are {fill} full");
            assert!(memtable.levels.len() <= 4);
        }
    }
}
