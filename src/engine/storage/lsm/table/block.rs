//! A block of entries: keys in order, each stored without the front that it shares with the key before.
//!
//! ```text
//!   entry     shared │ unshared │ value length │ stamp 8 B │ key from `shared` on │ value      lengths are varints
//!   block     entry entry … entry │ restart 0 u32 │ restart 1 u32 │ … │ number of restarts u32
//!
//!   ashen 7   0 5 …  "ashen"        ◀ restart: stored whole
//!   ash-tree  3 5 …  "-tree"          (in this picture only; "ash-tree" sorts before "ashen")
//! ```
//!
//! Every few entries stands one whole, a *restart point*; their offsets are in an array at the end. A search goes to the
//! last restart point before the target by bisection and on from there entry by entry. The walk copies no key: it knows
//! how far the entry before agrees with the target, so of an entry that shares more than that it knows that it is too
//! small still, of one that shares less that it is too great, and only the rest is compared.

use std::cmp::Ordering;
use std::rc::Rc;

use super::Damage;
use crate::codec::{Reader, put_number};
use crate::lsm::key::{KeyRef, Stamp};

/// Three lengths of one byte each, and the stamp.
const ENTRY_BYTES_MIN: usize = 3 + Stamp::BYTES;

/// How many bytes two keys have in common from the front on.
#[inline(always)]
pub fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let (a_eights, b_eights) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let mut length = 0;
    for (a, b) in a_eights.iter().zip(b_eights) {
        let differing = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differing != 0 {
            return length + differing.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + a[length..].iter().zip(&b[length..]).take_while(|(a, b)| a == b).count()
}

/// Puts entries into a block.
#[derive(Clone, Debug, Default)]
pub struct BlockBuilder {
    bytes: Vec<u8>,
    restarts: Vec<u32>,
    since_restart: u32,
    restart_interval: u32,
    last_key: Vec<u8>,
    last_stamp: Option<Stamp>,
}

impl BlockBuilder {
    pub fn new(restart_interval: u32) -> BlockBuilder {
        BlockBuilder { restart_interval: restart_interval.max(1), ..BlockBuilder::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Length of the block if it were finished now.
    pub fn len(&self) -> usize {
        self.bytes.len() + 4 * (self.restarts.len() + 1)
    }

    pub fn last_user(&self) -> &[u8] {
        &self.last_key
    }

    /// Appends an entry, which must sort after the last one.
    pub fn add(&mut self, key: KeyRef, value: &[u8]) {
        let common = common_prefix(&self.last_key, key.user);
        if let Some(last) = self.last_stamp {
            let order = self.last_key[common..].first().cmp(&key.user[common..].first());
            assert!(order.then(key.stamp.cmp(&last)) == Ordering::Less, "entries of a table ascend");
        }
        let is_restart = self.bytes.is_empty() || self.since_restart == self.restart_interval;
        if is_restart {
            self.restarts.push(self.bytes.len() as u32);
            self.since_restart = 0;
        }
        let shared = if is_restart { 0 } else { common };
        self.since_restart += 1;
        put_number(&mut self.bytes, shared as u64);
        put_number(&mut self.bytes, (key.user.len() - shared) as u64);
        put_number(&mut self.bytes, value.len() as u64);
        self.bytes.extend_from_slice(&key.stamp.to_bytes());
        self.bytes.extend_from_slice(&key.user[shared..]);
        self.bytes.extend_from_slice(value);
        self.last_key.truncate(common);
        self.last_key.extend_from_slice(&key.user[common..]);
        self.last_stamp = Some(key.stamp);
    }

    /// The bytes of the block. The builder is empty then, but remembers the last key.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes);
        for restart in &self.restarts {
            out.extend_from_slice(&restart.to_le_bytes());
        }
        out.extend_from_slice(&(self.restarts.len() as u32).to_le_bytes());
        self.bytes.clear();
        self.restarts.clear();
        self.since_restart = 0;
    }
}

/// Where the parts of an entry stand in its block.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub stamp: Stamp,
    shared: u32,
    key_at: u32,
    value_at: u32,
    end: u32,
}

impl Entry {
    const NONE: Entry = Entry { stamp: Stamp::LAST, shared: 0, key_at: 0, value_at: 0, end: 0 };

    pub fn value(&self) -> std::ops::Range<usize> {
        self.value_at as usize..self.end as usize
    }
}

/// A block to read from.
#[derive(Clone, Debug)]
pub struct Block {
    bytes: Rc<[u8]>,
    entries_end: usize,
    restarts: usize,
}

impl Block {
    pub fn new(bytes: Rc<[u8]>) -> Result<Block, Damage> {
        let Some(count) = bytes.last_chunk::<4>() else { return Err("a block is too short") };
        let restarts = u32::from_le_bytes(*count) as usize;
        let array = restarts.checked_add(1).and_then(|numbers| numbers.checked_mul(4));
        match array.and_then(|array| bytes.len().checked_sub(array)) {
            Some(entries_end) if restarts > 0 && entries_end > 0 => {
                let block = Block { bytes, entries_end, restarts };
                if block.restart(0) == 0 { Ok(block) } else { Err("a block's first entry is no restart point") }
            }
            _ => Err("a block's restart points do not fit into it"),
        }
    }

    pub fn into_bytes(self) -> Rc<[u8]> {
        self.bytes
    }

    /// Offset of a restart point; that of one past the last is the end of the entries.
    #[inline(always)]
    fn restart(&self, number: usize) -> usize {
        let at = self.entries_end + 4 * number;
        match self.bytes.get(at..).and_then(|bytes| bytes.first_chunk::<4>()) {
            Some(offset) if number < self.restarts => u32::from_le_bytes(*offset) as usize,
            _ => self.entries_end,
        }
    }

    /// The entry at `at`.
    #[inline(always)]
    fn entry(&self, at: usize) -> Result<Entry, Damage> {
        let entries = &self.bytes[..self.entries_end];
        let Some(rest) = entries.get(at..).filter(|rest| rest.len() >= ENTRY_BYTES_MIN) else {
            return Err("an entry is cut off");
        };
        let (shared, unshared, value_len, header) = match *rest {
            [a, b, c, ..] if (a | b | c) < 0x80 => (u64::from(a), u64::from(b), u64::from(c), 3),
            _ => long_lengths(rest)?,
        };
        let Some(stamp) = rest.get(header..).and_then(|rest| rest.first_chunk::<8>()) else {
            return Err("an entry is cut off");
        };
        let key_at = (at + header + Stamp::BYTES) as u64;
        // Each of the three is below 2^32 (`long_lengths` sees to it), so the sums do not overflow.
        let (value_at, end) = (key_at + unshared, key_at + unshared + value_len);
        if end > entries.len() as u64 {
            return Err("an entry leads past the end of its block");
        }
        Ok(Entry {
            stamp: Stamp::from_bytes(*stamp),
            shared: shared as u32,
            key_at: key_at as u32,
            value_at: value_at as u32,
            end: end as u32,
        })
    }

    /// The part of the entry's key that it does not share with the one before.
    #[inline(always)]
    fn suffix(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.key_at as usize..entry.value_at as usize]
    }

    fn restart_entry(&self, number: usize) -> Result<(usize, Entry), Damage> {
        let at = self.restart(number);
        let entry = self.entry(at)?;
        if entry.shared == 0 { Ok((at, entry)) } else { Err("an entry at a restart point is not whole") }
    }

    /// The first entry at or after `target`. Its key begins with `entry.shared` bytes of the target.
    #[inline]
    fn find(&self, target: KeyRef) -> Result<Option<(usize, Entry)>, Damage> {
        let (mut low, mut high) = (0, self.restarts);
        while low < high {
            let middle = (low + high) / 2;
            let (_, entry) = self.restart_entry(middle)?;
            let key = KeyRef { user: self.suffix(&entry), stamp: entry.stamp };
            if key < target { low = middle + 1 } else { high = middle }
        }
        if low > 0 {
            let end = self.restart(low);
            let (mut at, mut matched) = (self.restart(low - 1), 0);
            while at < end {
                let entry = self.entry(at)?;
                match (entry.shared as usize).cmp(&matched) {
                    Ordering::Less => return Ok(Some((at, entry))),
                    Ordering::Greater => {}
                    Ordering::Equal => {
                        let (suffix, rest) = (self.suffix(&entry), &target.user[matched..]);
                        let common = common_prefix(suffix, rest);
                        let user = suffix[common..].first().cmp(&rest[common..].first());
                        if user.then(target.stamp.cmp(&entry.stamp)) != Ordering::Less {
                            return Ok(Some((at, entry)));
                        }
                        matched += common;
                    }
                }
                at = entry.end as usize;
            }
        }
        if low < self.restarts { self.restart_entry(low).map(Some) } else { Ok(None) }
    }

    /// The newest version of `target`'s user key from its stamp on.
    #[inline]
    pub fn get(&self, target: KeyRef) -> Result<Option<Entry>, Damage> {
        let found = self.find(target)?.map(|(_, entry)| entry);
        Ok(found.filter(|entry| target.user.get(entry.shared as usize..) == Some(self.suffix(entry))))
    }
}

/// The lengths at the front of an entry when one of them takes more than a byte; and how many bytes they take.
#[inline(never)]
fn long_lengths(entry: &[u8]) -> Result<(u64, u64, u64, usize), Damage> {
    let mut reader = Reader::new(entry);
    let mut length = || reader.number().filter(|length| *length <= u64::from(u32::MAX));
    match (length(), length(), length()) {
        (Some(shared), Some(unshared), Some(value)) => Ok((shared, unshared, value, reader.position())),
        _ => Err("the lengths of an entry are no numbers"),
    }
}

/// An entry remembered on the way to a later one: where it stands, and where its key begins in the trail's keys.
#[derive(Clone, Copy, Debug)]
struct Step {
    at: usize,
    key_at: usize,
}

/// A place in a block, or in none yet.
///
/// Going back, the entries from the restart point on are read once and remembered as a trail.
#[derive(Clone, Debug)]
pub struct BlockCursor {
    block: Option<Block>,
    valid: bool,
    at: usize,
    entry: Entry,
    key: Vec<u8>,
    trail: Vec<Step>,
    trail_keys: Vec<u8>,
}

impl Default for BlockCursor {
    fn default() -> BlockCursor {
        let (key, trail, trail_keys) = (Vec::new(), Vec::new(), Vec::new());
        BlockCursor { block: None, valid: false, at: 0, entry: Entry::NONE, key, trail, trail_keys }
    }
}

impl BlockCursor {
    /// Goes to another block, to none of its entries yet.
    pub fn set(&mut self, block: Block) {
        self.block = Some(block);
        self.valid = false;
        self.trail.clear();
    }

    pub fn invalidate(&mut self) {
        self.valid = false;
    }

    #[inline(always)]
    pub fn is_valid(&self) -> bool {
        self.valid
    }

    #[inline(always)]
    pub fn key(&self) -> KeyRef<'_> {
        debug_assert!(self.valid);
        KeyRef { user: &self.key, stamp: self.entry.stamp }
    }

    #[inline(always)]
    pub fn value(&self) -> &[u8] {
        debug_assert!(self.valid);
        self.block.as_ref().map_or(&[], |block| &block.bytes[self.entry.value()])
    }

    pub fn seek_to_first(&mut self) -> Result<(), Damage> {
        self.trail.clear();
        self.key.clear();
        self.enter(0)
    }

    pub fn seek_to_last(&mut self) -> Result<(), Damage> {
        self.trail.clear();
        self.at = self.block.as_ref().map_or(0, |block| block.entries_end);
        self.back()
    }

    pub fn seek(&mut self, target: KeyRef) -> Result<(), Damage> {
        self.trail.clear();
        self.valid = false;
        let Some(block) = &self.block else { return Ok(()) };
        let Some((at, entry)) = block.find(target)? else { return Ok(()) };
        let Some(front) = target.user.get(..entry.shared as usize) else { return Err(SHARES_TOO_MUCH) };
        self.key.clear();
        self.key.extend_from_slice(front);
        self.key.extend_from_slice(block.suffix(&entry));
        (self.at, self.entry, self.valid) = (at, entry, true);
        Ok(())
    }

    #[inline]
    pub fn next(&mut self) -> Result<(), Damage> {
        debug_assert!(self.valid);
        self.trail.clear();
        self.enter(self.entry.end as usize)
    }

    pub fn prev(&mut self) -> Result<(), Damage> {
        debug_assert!(self.valid);
        self.back()
    }

    /// Comes to the entry at `at` from the one before it, or to the end.
    #[inline(always)]
    fn enter(&mut self, at: usize) -> Result<(), Damage> {
        self.valid = false;
        let Some(block) = &self.block else { return Ok(()) };
        if at >= block.entries_end {
            return Ok(());
        }
        let entry = block.entry(at)?;
        if entry.shared as usize > self.key.len() {
            return Err(SHARES_TOO_MUCH);
        }
        self.key.truncate(entry.shared as usize);
        self.key.extend_from_slice(block.suffix(&entry));
        (self.at, self.entry, self.valid) = (at, entry, true);
        Ok(())
    }

    /// To the entry before `at`, or to none.
    fn back(&mut self) -> Result<(), Damage> {
        self.valid = false;
        if self.trail.is_empty() {
            self.lay_trail()?;
        }
        let (Some(step), Some(block)) = (self.trail.pop(), &self.block) else { return Ok(()) };
        self.entry = block.entry(step.at)?;
        self.key.clear();
        self.key.extend_from_slice(&self.trail_keys[step.key_at..]);
        self.trail_keys.truncate(step.key_at);
        (self.at, self.valid) = (step.at, true);
        Ok(())
    }

    /// Remembers the entries from the last restart point before `at` up to it.
    fn lay_trail(&mut self) -> Result<(), Damage> {
        self.trail_keys.clear();
        let Some(block) = &self.block else { return Ok(()) };
        let (mut low, mut high) = (0, block.restarts);
        while low < high {
            let middle = (low + high) / 2;
            if block.restart(middle) < self.at { low = middle + 1 } else { high = middle }
        }
        if low == 0 {
            return Ok(());
        }
        let (mut at, mut before) = (block.restart_entry(low - 1)?.0, 0..0);
        while at < self.at {
            let entry = block.entry(at)?;
            let key_at = self.trail_keys.len();
            if entry.shared as usize > before.len() {
                return Err(SHARES_TOO_MUCH);
            }
            self.trail_keys.extend_from_within(before.start..before.start + entry.shared as usize);
            self.trail_keys.extend_from_slice(block.suffix(&entry));
            self.trail.push(Step { at, key_at });
            before = key_at..self.trail_keys.len();
            at = entry.end as usize;
        }
        if at == self.at { Ok(()) } else { Err("a restart point is not where an entry begins") }
    }
}

const SHARES_TOO_MUCH: Damage = "an entry shares more than the key before it has";
