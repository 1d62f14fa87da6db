//! The memtable: a skip list (Pugh, "Skip Lists: A Probabilistic Alternative to Balanced Trees", 1990) that holds the
//! newest entries in order until they are written to a table.
//!
//! ```text
//!   head ─────────────────────▶ elm ───────────────────────▶ end     each node has a tower of links; a quarter of the
//!   head ──────▶ beech ───────▶ elm ───────────────────────▶ end     towers reaches one level higher
//!   head ▶ ash ▶ beech ▶ elm#9 ▶ elm#4 ▶ fir ▶ oak ────────▶ end
//! ```
//!
//! Nodes, links and bytes lie in three arenas and name each other by index; nothing is ever removed, so an insert
//! allocates only when an arena grows. A link carries the first eight bytes of the key that it leads to, so most
//! comparisons of a descent need not touch the node. Where keys come in ascending order the towers of the right edge are
//! remembered, and nothing is searched.
//!
//! Order: keys ascend, and among entries of one key the newest comes first.
//!
//! Range deletions lie in a list of their own: they are few, and cover keys rather than being found under one.
//!
//! **Invariant:** every insert has a higher sequence number than all before it.

use std::rc::Rc;

use super::key::{KeyRef, Sequence, Stamp, head};
use super::range_tombstone::{RangeTombstone, RangeTombstones};
use crate::sim::Generator;

/// Levels of the list: enough for 4^12 entries.
const HEIGHT_MAX: usize = 12;
/// The end of the list.
pub const NIL: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    stamp: Stamp,
    /// Where the key begins in the bytes; the value follows it.
    at: u32,
    value_len: u32,
    key_len: u32,
    /// The first of its links.
    tower: u32,
    previous: u32,
}

/// Where a level leads to: the node, its tower, and the beginning of its key.
#[derive(Clone, Copy, Debug)]
struct Link {
    prefix: u64,
    node: u32,
    tower: u32,
}

const END: Link = Link { prefix: u64::MAX, node: NIL, tower: 0 };

/// The link of each level behind which a node belongs.
type Splice = [u32; HEIGHT_MAX];

/// One entry, as it lies in the memtable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    pub key: KeyRef<'a>,
    pub value: &'a [u8],
}

#[derive(Clone, Debug)]
pub struct Memtable {
    bytes: Vec<u8>,
    nodes: Vec<Node>,
    links: Vec<Link>,
    height: usize,
    heights: Generator,
    /// The towers of the right edge, and the last node.
    edge: Splice,
    last: u32,
    /// As they came, and cut into fragments.
    ranges: Vec<RangeTombstone>,
    fragments: Rc<RangeTombstones>,
}

impl Memtable {
    /// An empty one. Equal generators, equal towers.
    pub fn new(heights: Generator) -> Memtable {
        Memtable {
            bytes: Vec::new(),
            nodes: Vec::new(),
            links: vec![END; HEIGHT_MAX],
            height: 1,
            heights,
            edge: [0; HEIGHT_MAX],
            last: NIL,
            ranges: Vec::new(),
            fragments: Rc::default(),
        }
    }

    /// Points: puts and deletes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.ranges.is_empty()
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
        let point = self.nodes.last().map_or(0, |node| node.stamp.sequence());
        point.max(self.ranges.last().map_or(0, |range| range.sequence))
    }

    /// About how much memory it takes.
    pub fn approx_bytes(&self) -> usize {
        let ranges: usize = self.ranges.iter().map(|range| range.start.len() + range.end.len() + 64).sum();
        self.bytes.len() + self.nodes.len() * size_of::<Node>() + self.links.len() * size_of::<Link>() + ranges
    }

    /// The generator of the next memtable.
    pub fn heights(&self) -> Generator {
        self.heights.clone()
    }

    /// Adds a put or a delete. Its sequence number is higher than all before.
    pub fn insert(&mut self, stamp: Stamp, key: &[u8], value: &[u8]) {
        debug_assert!(self.nodes.last().is_none_or(|newest| newest.stamp < stamp), "sequence numbers ascend");
        let prefix = head(key);
        let mut splice = self.edge;
        let previous = if self.is_behind_all(key) { self.last } else { self.find(prefix, key, &mut splice) };
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        let height = self.draw_height();
        let (node, tower) = (self.nodes.len() as u32, self.links.len() as u32);
        let link = Link { prefix, node, tower };
        for (level, before) in splice[..height].iter().enumerate() {
            let before = *before as usize + level;
            let next = std::mem::replace(&mut self.links[before], link);
            self.links.push(next);
            if next.node == NIL {
                self.edge[level] = tower;
            }
        }
        match self.links[tower as usize].node {
            NIL => self.last = node,
            next => self.nodes[next as usize].previous = node,
        }
        let (key_len, value_len) = (key.len() as u32, value.len() as u32);
        self.nodes.push(Node { stamp, at, value_len, key_len, tower, previous });
    }

    /// Adds a range deletion.
    pub fn insert_range(&mut self, range: RangeTombstone) {
        let RangeTombstone { start, end, sequence } = range.clone();
        Rc::make_mut(&mut self.fragments).insert(start, end, sequence);
        self.ranges.push(range);
    }

    /// The first entry at or behind an internal key.
    pub fn seek(&self, sought: KeyRef) -> u32 {
        let key = sought.user;
        let mut splice = self.edge;
        let mut at = match self.find(head(key), key, &mut splice) {
            NIL => self.links[0].node,
            before => self.next(before),
        };
        while at != NIL && self.nodes[at as usize].stamp > sought.stamp && self.key(at) == key {
            at = self.next(at);
        }
        at
    }

    pub fn first(&self) -> u32 {
        self.links[0].node
    }

    pub fn last(&self) -> u32 {
        self.last
    }

    pub fn next(&self, node: u32) -> u32 {
        self.links[self.nodes[node as usize].tower as usize].node
    }

    pub fn previous(&self, node: u32) -> u32 {
        self.nodes[node as usize].previous
    }

    pub fn key(&self, node: u32) -> &[u8] {
        let node = &self.nodes[node as usize];
        &self.bytes[node.at as usize..][..node.key_len as usize]
    }

    pub fn entry(&self, node: u32) -> Entry<'_> {
        let Node { stamp, at, value_len, key_len, .. } = self.nodes[node as usize];
        let (user, rest) = self.bytes[at as usize..].split_at(key_len as usize);
        Entry { key: KeyRef { user, stamp }, value: &rest[..value_len as usize] }
    }

    /// All points in order.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut at = self.first();
        std::iter::from_fn(move || {
            let node = at;
            (node != NIL).then(|| {
                at = self.next(node);
                self.entry(node)
            })
        })
    }

    /// The first entry of the target's user key at or behind it, if there is one.
    pub fn find_newest(&self, target: KeyRef) -> Option<u32> {
        let at = self.seek(target);
        (at != NIL && self.key(at) == target.user).then_some(at)
    }

    fn is_behind_all(&self, key: &[u8]) -> bool {
        self.last == NIL || self.key(self.last) < key
    }

    /// Puts into `splice` the towers behind which `key` belongs, in front of its older entries; gives the node of the
    /// lowest of them.
    #[inline]
    fn find(&self, prefix: u64, key: &[u8], splice: &mut Splice) -> u32 {
        let (mut tower, mut node, mut stop) = (0u32, NIL, NIL);
        for level in (0..self.height).rev() {
            loop {
                let link = self.links[tower as usize + level];
                // A node that stopped the search one level higher stops it here too.
                let is_before = link.prefix < prefix
                    || (link.prefix == prefix && link.node != stop && link.node != NIL && self.key(link.node) < key);
                if !is_before {
                    stop = link.node;
                    break;
                }
                (tower, node) = (link.tower, link.node);
            }
            splice[level] = tower;
        }
        node
    }

    /// 1, and one more with a probability of a quarter each time. Raises the list when it is the highest yet.
    fn draw_height(&mut self) -> usize {
        let bits = self.heights.next_u64();
        let height = 1 + (bits.trailing_zeros() as usize / 2).min(HEIGHT_MAX - 1);
        self.height = self.height.max(height);
        height
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BTreeMap;

    use super::*;
    use crate::storage::lsm::key::{Kind, MAX_SEQUENCE};

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
            assert_eq!(at, NIL);
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
        let (memtable, _) = filled(1, 20_000);
        let links = (memtable.links.len() - HEIGHT_MAX) as f64;
        assert!((1.31..1.36).contains(&(links / 20_000.0)), "{links}");
        assert!(memtable.approx_bytes() < 20_000 * (32 + 22 + 14));
    }
}
