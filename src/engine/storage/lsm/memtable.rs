//! The memtable: a skip list (Pugh, "Skip Lists: A Probabilistic Alternative to Balanced Trees", 1990) that holds the
//! newest entries in order until they are written to a table.
//!
//! It is unrolled: a node of the list is a block of up to [`SLOTS`] entries in order, as in Platz, Mittal and Venkatesan,
//! "Concurrent Unrolled Skiplist", 2019. So the list has few nodes, its links stay in the processor's cache, and the last
//! steps of a search are within one block.
//!
//! ```text
//!   head ────────────────────────────▶ ┌─────┐ ────────────────▶ end    each block has a tower of links; a quarter of
//!   head ─────────▶ ┌─────┐ ─────────▶ │     │ ─▶ ┌─────┐ ─────▶ end    the towers reaches one level higher
//!   ┌─────┐ ──────▶ │beech│ ─────────▶ │fir  │ ─▶ │oak#9│ ─────▶ end
//!   │alder│ ◀────── │elm#9│ ◀───────── │     │ ◀─ │oak#2│
//!   │ash  │         │elm#4│            │     │    │yew  │               bytes: stamp, lengths, key, value; the next …
//!   └─────┘         └─────┘            └─────┘    └─────┘
//! ```
//!
//! Blocks, links and bytes lie in three arenas and name each other by number; nothing is ever removed, so an insert
//! allocates only when an arena grows. Links and slots carry the first eight bytes of the key that they lead to, so most
//! comparisons of a search need not touch the key. Where keys come in ascending order nothing is searched, and blocks are
//! left full.
//!
//! Order: keys ascend, and among entries of one key the newest comes first.
//!
//! Range deletions lie in a list of their own: they are few, and cover keys rather than being found under one.
//!
//! **Invariant:** every insert has a higher sequence number than all before it.
//! **Invariant:** the first entry of a block, but of the first one, never changes: links stay true.

use std::rc::Rc;

use super::key::{KeyRef, Sequence, Stamp, head};
use super::range_tombstone::{RangeTombstone, RangeTombstones};
use glassbase_sim::Generator;

/// Most entries of a block.
const SLOTS: usize = 64;
/// Entries lie in chunks of so many bytes; one that is longer has a chunk of its own. An entry's address is the number
/// of its chunk and its place there.
const CHUNK_BITS: u32 = 16;
const CHUNK_BYTES: usize = 1 << CHUNK_BITS;
/// Prefixes that the processor reads at a time.
const LINE: usize = 8;
/// Levels of the list: enough for 4^12 blocks.
const HEIGHT_MAX: usize = 12;
const NONE: u32 = u32::MAX;
/// In front of a key among the bytes: stamp, length of the key, length of the value.
const HEADER_BYTES: usize = 16;
/// Memory that an entry takes besides its bytes: its slot, in a block that is two thirds full.
const ENTRY_BYTES: usize = 20;

#[derive(Clone, Debug)]
struct Block {
    /// The beginnings of the keys (the greatest number where there is none), and the addresses of the entries.
    prefixes: [u64; SLOTS],
    at: [u32; SLOTS],
    count: u32,
    next: u32,
    previous: u32,
}

const EMPTY: Block = Block { prefixes: [u64::MAX; SLOTS], at: [0; SLOTS], count: 0, next: NONE, previous: NONE };

/// Where a level leads to: the block, its tower, and the beginning of its first key.
#[derive(Clone, Copy, Debug)]
struct Link {
    prefix: u64,
    block: u32,
    tower: u32,
}

const END: Link = Link { prefix: u64::MAX, block: NONE, tower: 0 };

/// The tower of each level behind which a block belongs.
type Splice = [u32; HEIGHT_MAX];

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
    chunks: Vec<Vec<u8>>,
    /// Bytes in all chunks.
    bytes: usize,
    /// The first of them has no link that leads to it.
    blocks: Vec<Block>,
    links: Vec<Link>,
    height: usize,
    heights: Generator,
    /// The last block, and the towers of the right edge.
    last: u32,
    edge: Splice,
    len: usize,
    newest: Sequence,
    /// As they came, and cut into fragments.
    ranges: Vec<RangeTombstone>,
    fragments: Rc<RangeTombstones>,
}

impl Memtable {
    /// An empty one. Equal generators, equal towers.
    pub fn new(heights: Generator) -> Memtable {
        Memtable {
            chunks: Vec::new(),
            bytes: 0,
            blocks: vec![EMPTY],
            links: vec![END; HEIGHT_MAX],
            height: 1,
            heights,
            last: 0,
            edge: [0; HEIGHT_MAX],
            len: 0,
            newest: 0,
            ranges: Vec::new(),
            fragments: Rc::default(),
        }
    }

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

    /// The generator of the next memtable.
    pub fn heights(&self) -> Generator {
        self.heights.clone()
    }

    /// Adds a put or a delete. Its sequence number is higher than all before.
    pub fn insert(&mut self, stamp: Stamp, key: &[u8], value: &[u8]) {
        debug_assert!(self.newest < stamp.sequence(), "sequence numbers ascend");
        let prefix = head(key);
        let mut splice = self.edge;
        let (block, slot) = if self.is_behind_all(prefix, key) {
            (self.last, self.blocks[self.last as usize].count as usize)
        } else {
            let sought = KeyRef { user: key, stamp };
            let block = self.find_block(prefix, sought, &mut splice);
            (block, self.find_slot(block, prefix, sought))
        };
        let at = self.store(stamp, key, value);
        let (block, slot) = if self.blocks[block as usize].count as usize == SLOTS {
            self.split(block, slot, &splice, prefix)
        } else {
            (block, slot)
        };
        self.blocks[block as usize].insert(slot, prefix, at);
        self.len += 1;
        self.newest = stamp.sequence();
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
        let prefix = head(sought.user);
        let block = self.find_block(prefix, sought, &mut [0; HEIGHT_MAX]);
        let slot = self.find_slot(block, prefix, sought);
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
        match self.blocks[self.last as usize].count {
            0 => Place::NOWHERE,
            count => Place { block: self.last, slot: count - 1 },
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
        match self.blocks[block as usize].previous {
            NONE => Place::NOWHERE,
            // No block but the first is ever empty, and the first only when all are.
            before => Place { block: before, slot: self.blocks[before as usize].count - 1 },
        }
    }

    #[inline(always)]
    pub fn key(&self, place: Place) -> &[u8] {
        self.entry(place).key.user
    }

    #[inline(always)]
    pub fn entry(&self, place: Place) -> Entry<'_> {
        self.entry_at(self.blocks[place.block as usize].at[place.slot as usize])
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

    /// Puts an entry's bytes behind the others; gives their address.
    #[inline]
    fn store(&mut self, stamp: Stamp, key: &[u8], value: &[u8]) -> u32 {
        let length = HEADER_BYTES + key.len() + value.len();
        if self.chunks.last().is_none_or(|chunk| chunk.len() + length > CHUNK_BYTES) {
            self.chunks.push(Vec::with_capacity(if self.bytes == 0 { length } else { length.max(CHUNK_BYTES) }));
        }
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        let at = (number << CHUNK_BITS | chunk.len()) as u32;
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&stamp.to_bytes());
        header[8..12].copy_from_slice(&(key.len() as u32).to_le_bytes());
        header[12..].copy_from_slice(&(value.len() as u32).to_le_bytes());
        chunk.extend_from_slice(&header);
        chunk.extend_from_slice(key);
        chunk.extend_from_slice(value);
        self.bytes += length;
        at
    }

    #[inline(always)]
    fn entry_at(&self, at: u32) -> Entry<'_> {
        let chunk = &self.chunks[(at >> CHUNK_BITS) as usize];
        let (header, rest) = chunk[at as usize % CHUNK_BYTES..].split_at(HEADER_BYTES);
        let length =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]) as usize;
        let stamp = header.first_chunk().map_or(Stamp::LAST, |bytes| Stamp::from_bytes(*bytes));
        let (user, rest) = rest.split_at(length(8));
        Entry { key: KeyRef { user, stamp }, value: &rest[..length(12)] }
    }

    #[inline]
    fn at_or_behind(&self, block: u32, slot: usize) -> Place {
        let here = &self.blocks[block as usize];
        if slot < here.count as usize {
            return Place { block, slot: slot as u32 };
        }
        Place { block: here.next, slot: 0 }
    }

    #[inline]
    fn is_behind_all(&self, prefix: u64, key: &[u8]) -> bool {
        let last = &self.blocks[self.last as usize];
        match last.count as usize {
            0 => true,
            count if last.prefixes[count - 1] != prefix => last.prefixes[count - 1] < prefix,
            count => self.entry_at(last.at[count - 1]).key.user < key,
        }
    }

    /// The last block whose first entry sorts before `sought`, or the first block. Puts into `splice` the towers behind
    /// which a block belongs that follows it.
    #[inline]
    fn find_block(&self, prefix: u64, sought: KeyRef, splice: &mut Splice) -> u32 {
        let (mut tower, mut block, mut stop) = (0u32, 0, NONE);
        for level in (0..self.height).rev() {
            loop {
                let link = self.links[tower as usize + level];
                // A block that stopped the search one level higher stops it here too.
                let is_before = link.prefix < prefix
                    || (link.prefix == prefix && link.block != stop && link.block != NONE && {
                        self.entry_at(self.blocks[link.block as usize].at[0]).key < sought
                    });
                if !is_before {
                    stop = link.block;
                    break;
                }
                (tower, block) = (link.tower, link.block);
            }
            splice[level] = tower;
        }
        block
    }

    /// The first slot of a block at or behind `sought`; their number when there is none.
    #[inline]
    fn find_slot(&self, block: u32, prefix: u64, sought: KeyRef) -> usize {
        let block = &self.blocks[block as usize];
        let count = block.count as usize;
        // First the last of each line, then those of one line are counted: reads that do not wait for one another are
        // quicker than the fewer ones of a binary search.
        let (lines, _) = block.prefixes.as_chunks::<LINE>();
        let line: usize = lines.iter().map(|line| usize::from(line[LINE - 1] < prefix)).sum();
        let within = lines.get(line).map_or(0, |line| line.iter().map(|other| usize::from(*other < prefix)).sum());
        let mut first = line * LINE + within;
        // Of equal beginnings the keys decide.
        let mut past = first;
        while past < count && block.prefixes[past] == prefix {
            past += 1;
        }
        while first < past {
            let middle = (first + past) / 2;
            if self.entry_at(block.at[middle]).key < sought { first = middle + 1 } else { past = middle }
        }
        first
    }

    /// Makes room in a full block, for an entry at `slot` that begins with `prefix`: its upper half becomes a block of its
    /// own, or the new entry does at the right edge. Gives the entry's place.
    #[inline(never)]
    fn split(&mut self, block: u32, slot: usize, splice: &Splice, prefix: u64) -> (u32, usize) {
        let is_edge = block == self.last && slot == SLOTS;
        let kept = if is_edge { SLOTS } else { SLOTS / 2 };
        let left = &mut self.blocks[block as usize];
        let mut right = Block { previous: block, next: left.next, ..EMPTY };
        right.prefixes[..SLOTS - kept].copy_from_slice(&left.prefixes[kept..]);
        right.at[..SLOTS - kept].copy_from_slice(&left.at[kept..]);
        left.prefixes[kept..].fill(u64::MAX);
        (right.count, left.count) = ((SLOTS - kept) as u32, kept as u32);
        let first_prefix = if is_edge { prefix } else { right.prefixes[0] };
        let new = self.blocks.len() as u32;
        match std::mem::replace(&mut self.blocks[block as usize].next, new) {
            NONE => self.last = new,
            next => self.blocks[next as usize].previous = new,
        }
        self.blocks.push(right);
        self.link(new, first_prefix, splice);
        if slot > kept || is_edge { (new, slot - kept) } else { (block, slot) }
    }

    /// Gives a block a tower behind those of `splice`.
    fn link(&mut self, block: u32, prefix: u64, splice: &Splice) {
        let height = self.draw_height();
        let tower = self.links.len() as u32;
        for (level, before) in splice[..height].iter().enumerate() {
            let link = Link { prefix, block, tower };
            let next = std::mem::replace(&mut self.links[*before as usize + level], link);
            self.links.push(next);
            if next.block == NONE {
                self.edge[level] = tower;
            }
        }
    }

    /// 1, and one more with a probability of a quarter each time. Raises the list when it is the highest yet.
    fn draw_height(&mut self) -> usize {
        let bits = self.heights.next_u64();
        let height = 1 + (bits.trailing_zeros() as usize / 2).min(HEIGHT_MAX - 1);
        self.height = self.height.max(height);
        height
    }
}

impl Block {
    #[inline]
    fn insert(&mut self, slot: usize, prefix: u64, at: u32) {
        let count = self.count as usize;
        self.prefixes.copy_within(slot..count, slot + 1);
        self.at.copy_within(slot..count, slot + 1);
        (self.prefixes[slot], self.at[slot]) = (prefix, at);
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BTreeMap;

    use super::*;
    use crate::lsm::key::{Kind, MAX_SEQUENCE};

    type Model = BTreeMap<(Vec<u8>, Reverse<Sequence>), Vec<u8>>;

    fn filled(seed: u64, count: u64) -> (Memtable, Model) {
        let mut generator = Generator::new(seed, "memtable");
        let mut memtable = Memtable::new(Generator::new(seed, "heights"));
        let mut model = Model::new();
        for sequence in 1..=count {
            let length = generator.below(12) as usize;
            let key: Vec<u8> = (0..length).map(|_| [0, b'a', b'b', 255][generator.below(4) as usize]).collect();
            let kind = if generator.chance(0.2) { Kind::Delete } else { Kind::Put };
            let value = if kind == Kind::Put { sequence.to_be_bytes().to_vec() } else { vec![] };
            memtable.insert(Stamp::new(sequence, kind), &key, &value);
            model.insert((key, Reverse(sequence)), value);
        }
        (memtable, model)
    }

    #[test]
    fn holds_what_an_ordered_map_holds_in_both_directions() {
        for seed in 0..40 {
            let (memtable, model) = filled(seed, 10 * seed);
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
        }
    }

    #[test]
    fn a_snapshot_sees_the_newest_entry_that_is_not_newer() {
        let (memtable, model) = filled(3, 500);
        for (key, _) in model.keys() {
            for snapshot in (0..=500).step_by(9).chain([MAX_SEQUENCE]) {
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
            let mut memtable = Memtable::new(Generator::new(1, "heights"));
            for (key, sequence) in keys.iter().zip(1..) {
                memtable.insert(Stamp::new(sequence, Kind::Put), &key.to_be_bytes(), &[]);
            }
            memtable.iter().map(|entry| entry.key.user.to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(list(&keys), list(&shuffled));
    }

    #[test]
    fn a_quarter_of_the_towers_reaches_one_level_higher() {
        let mut memtable = Memtable::new(Generator::new(1, "heights"));
        let mut generator = Generator::new(1, "keys");
        for sequence in 1..=200_000 {
            memtable.insert(Stamp::new(sequence, Kind::Put), &generator.next_u64().to_be_bytes(), &[]);
        }
        let blocks = memtable.blocks.len() - 1;
        let links = (memtable.links.len() - HEIGHT_MAX) as f64 / blocks as f64;
        assert!((1.3..1.37).contains(&links), "{links} links a block");
        let fill = 200_000.0 / (blocks * SLOTS) as f64;
        assert!((0.65..0.75).contains(&fill), "blocks are {fill} full");
        assert!(memtable.links.len() < 20_000);
    }
}
