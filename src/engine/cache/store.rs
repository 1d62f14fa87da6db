//! What one cache keeps: entries by key, so many and no more, the policy deciding which one leaves.
//!
//! **Invariant:** there are as many entries as the policy has slots in use, and never more than the capacity.

use glassbase_eviction::{Arrival, Newcomer, Policy, PolicyOptions, Replacement};
use glassbase_trace::parts::tiers::is_copy;
use glassbase_trace::sorted::SortedMap;
use glassbase_trace::{Bytes, FrameId, PageId};

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub version: u64,
    /// None: the database has no such key.
    pub value: Option<Bytes>,
    pub kept_ns: u64,
    /// From then on it is expired.
    pub expires_ns: u64,
    /// How long it took to get it.
    pub cost_ns: u64,
    /// Since when there is a newer version, as an onlooker knows; 0: there is none.
    pub stale_ns: u64,
    /// Somebody reads it anew until then, or has given up.
    pub renewing_ns: u64,
    /// The database does not have it yet.
    pub dirty: bool,
}

/// A cache in memory.
#[derive(Clone, Debug)]
pub struct CacheStore {
    capacity: u32,
    options: PolicyOptions,
    policy: Policy,
    slot_of: SortedMap<Bytes, u32>,
    slots: Vec<Option<(Bytes, Entry)>>,
    /// By slot: the number of the key in it.
    pages: Vec<PageId>,
    free: Vec<u32>,
    /// The numbers by which the policy remembers keys, those that left too, in two generations: when the younger one is
    /// full it becomes the older one, which is forgotten.
    number_of: SortedMap<Bytes, u32>,
    older_number_of: SortedMap<Bytes, u32>,
    next_number: u32,
}

/// Keys that are remembered by number in a generation, for each entry that fits.
const NUMBERS_EACH: usize = 16;

impl CacheStore {
    pub fn new(capacity: u32, options: PolicyOptions) -> CacheStore {
        let (slot_of, number_of, older_number_of) = (SortedMap::new(), SortedMap::new(), SortedMap::new());
        let policy = Policy::new(&options, capacity.max(1));
        let (slots, pages, free) = (Vec::new(), Vec::new(), Vec::new());
        CacheStore {
            capacity,
            options,
            policy,
            slot_of,
            slots,
            pages,
            free,
            number_of,
            older_number_of,
            next_number: 0,
        }
    }

    /// The number of a key: the one that it had, unless that is long ago.
    fn number(&mut self, key: &Bytes) -> PageId {
        let known = self.number_of.get(key).or_else(|| self.older_number_of.get(key)).copied();
        let number = known.unwrap_or_else(|| {
            self.next_number = self.next_number.wrapping_add(1);
            self.next_number
        });
        self.remember(key, number);
        PageId(number)
    }

    fn remember(&mut self, key: &Bytes, number: u32) {
        if self.number_of.len() >= (self.capacity as usize + 1) * NUMBERS_EACH {
            self.older_number_of = std::mem::take(&mut self.number_of);
        }
        self.number_of.insert(key.clone(), number);
    }

    /// Keys of which something is remembered, if only their number.
    pub fn remembered(&self) -> usize {
        self.number_of.len() + self.older_number_of.len()
    }

    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    pub fn len(&self) -> usize {
        self.slot_of.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slot_of.is_empty()
    }

    /// By key.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.slot_of.values().filter_map(|slot| self.slots[*slot as usize].as_ref()).map(|(key, entry)| (key, entry))
    }

    /// An entry, expired or not; nobody uses it by that.
    pub fn peek(&self, key: &[u8]) -> Option<&Entry> {
        let slot = *self.slot_of.get(key)?;
        self.slots[slot as usize].as_ref().map(|(_, entry)| entry)
    }

    pub fn peek_mut(&mut self, key: &[u8]) -> Option<&mut Entry> {
        let slot = *self.slot_of.get(key)?;
        self.slots[slot as usize].as_mut().map(|(_, entry)| entry)
    }

    /// An entry, expired or not, that is used: the policy is told.
    pub fn get(&mut self, key: &[u8]) -> Option<&mut Entry> {
        let slot = *self.slot_of.get(key)?;
        self.policy.hit(FrameId(slot), &mut ());
        self.slots[slot as usize].as_mut().map(|(_, entry)| entry)
    }

    /// Keeps an entry; the key of the one that left for it, if one did. With a capacity of 0 nothing is kept.
    pub fn put(&mut self, key: &Bytes, entry: Entry) -> Option<Bytes> {
        if self.capacity == 0 {
            return None;
        }
        if let Some(known) = self.get(key) {
            *known = entry;
            return None;
        }
        let page = self.number(key);
        let left = if self.slot_of.len() >= self.capacity as usize { self.make_room(page) } else { None };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.pages.push(page);
            (self.slots.len() - 1) as u32
        });
        self.slots[slot as usize] = Some((key.clone(), entry));
        self.pages[slot as usize] = page;
        self.slot_of.insert(key.clone(), slot);
        self.policy.admitted(FrameId(slot), Newcomer::page(page, Arrival::Asked), &mut ());
        left
    }

    fn make_room(&mut self, incoming: PageId) -> Option<Bytes> {
        let victim = self.policy.victim(Some(incoming), |_| true, &mut ())?;
        let (key, _) = self.slots.get_mut(victim.frame.index())?.take()?;
        let page = self.pages[victim.frame.index()];
        self.remember(&key, page.0);
        self.policy.evicted(victim.frame, page, &mut ());
        self.slot_of.remove(&key);
        self.free.push(victim.frame.0);
        Some(key)
    }

    /// Takes an entry out; whether it was there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        let Some(slot) = self.slot_of.remove(key) else { return false };
        self.policy.removed(FrameId(slot), &mut ());
        self.slots[slot as usize] = None;
        self.free.push(slot);
        true
    }

    /// There is a newer version of a key: what is kept of it is stale from now on.
    pub fn outdate(&mut self, key: &Bytes, version: u64, now_ns: u64) {
        let CacheStore { slot_of, slots, .. } = self;
        let near = slot_of.range(key.clone()..).take_while(|(kept, _)| kept.starts_with(key));
        for (_, slot) in near.filter(|(kept, _)| is_copy(kept, key)) {
            if let Some((_, entry)) = slots[*slot as usize].as_mut().filter(|(_, entry)| entry.version < version)
                && entry.stale_ns == 0
            {
                entry.stale_ns = now_ns;
            }
        }
    }

    /// The power failed: nothing is left.
    pub fn clear(&mut self) {
        *self = CacheStore::new(self.capacity, self.options.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_sim::Generator;
    use glassbase_trace::PolicyKind;

    pub fn entry(version: u64) -> Entry {
        Entry {
            version,
            value: Some(Bytes::number(version)),
            kept_ns: 0,
            expires_ns: u64::MAX,
            cost_ns: 0,
            stale_ns: 0,
            renewing_ns: 0,
            dirty: false,
        }
    }

    #[test]
    fn the_least_recently_used_leaves() {
        let mut store = CacheStore::new(2, PolicyOptions::of(PolicyKind::Lru));
        let key = |name: &str| Bytes::typed(name);
        assert_eq!(store.put(&key("a"), entry(1)), None);
        assert_eq!(store.put(&key("b"), entry(2)), None);
        assert_eq!(store.get(b"a").map(|entry| entry.version), Some(1));
        assert_eq!(store.put(&key("c"), entry(3)), Some(key("b")));
        assert!(store.remove(b"a") && !store.remove(b"a"));
        assert_eq!(store.put(&key("d"), entry(4)), None);
        assert_eq!(store.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>(), ["c", "d"]);
        store.clear();
        assert!(store.is_empty() && store.peek(b"c").is_none());
    }

    #[test]
    fn every_policy_keeps_to_the_capacity() {
        for kind in PolicyKind::ALL.iter().filter(|kind| **kind != PolicyKind::Optimum) {
            let mut store = CacheStore::new(7, PolicyOptions::of(*kind));
            let mut random = Generator::new(1, "store");
            let mut kept = std::collections::BTreeMap::new();
            for step in 0..3000u64 {
                let key = Bytes::number(random.below(30));
                match random.below(10) {
                    0 => assert_eq!(store.remove(&key), kept.remove(&key).is_some()),
                    1..5 => {
                        if let Some(left) = store.put(&key, entry(step)) {
                            assert!(kept.remove(&left).is_some(), "{kind:?}");
                        }
                        kept.insert(key, step);
                    }
                    _ => assert_eq!(store.get(&key).map(|entry| entry.version), kept.get(&key).copied()),
                }
                assert!(store.len() <= 7);
                let all = store.iter().map(|(key, entry)| (key.clone(), entry.version));
                assert!(all.eq(kept.iter().map(|(key, version)| (key.clone(), *version))), "{kind:?}");
            }
        }
        let mut none = CacheStore::new(0, PolicyOptions::of(PolicyKind::Lru));
        assert_eq!(none.put(&Bytes::number(1), entry(1)), None);
        assert!(none.is_empty());
    }
}
