//! A cache: objects by number, some room, a policy that makes room. And the same for keys of 64 bits.
//!
//! ```text
//!   object ─▶ frame ─▶ size          frames that were given up are used again
//! ```
//!
//! It holds no data: what an object is, its owner knows. An object that is larger than the cache is not let in.
//!
//! **Invariant:** the sizes of what is held sum up to `used`, which is at most the capacity.

use crate::policy::{Policy, PolicyOptions, any};
use crate::sketch::mix;
use crate::{Arrival, Capacity, Newcomer, Replacement, Watch};
use glassbase_trace::{Event, FrameId, PageId};

const NONE: u32 = u32::MAX;

/// How letting an object in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is in this place now.
    In(FrameId),
    /// It is larger than the whole cache.
    TooLarge,
}

/// Objects by dense numbers, under a policy.
#[derive(Clone, Debug)]
pub struct Cache {
    pub(crate) policy: Policy,
    pub(crate) table: Table,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// By object: its frame, or [`NONE`].
    pub frame_of: Vec<u32>,
    /// By frame: its object, or [`NONE`], and its size.
    held: Vec<(u32, u32)>,
    vacant: Vec<u32>,
    capacity: Capacity,
    units: u64,
    used: u64,
    /// Who left for the last that was let in.
    evicted: Vec<u32>,
}

impl Cache {
    pub fn new(options: &PolicyOptions, capacity: impl Into<Capacity>) -> Cache {
        let capacity = match capacity.into() {
            Capacity::Entries(entries) => Capacity::Entries(entries.max(1)),
            bytes => bytes,
        };
        let (frame_of, held, vacant, evicted) = Default::default();
        let table = Table { frame_of, held, vacant, capacity, units: capacity.units(), used: 0, evicted };
        Cache { policy: Policy::new(options, capacity), table }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub fn policy_mut(&mut self) -> &mut Policy {
        &mut self.policy
    }

    pub fn capacity(&self) -> Capacity {
        self.table.capacity
    }

    /// Room that is taken.
    pub fn used(&self) -> u64 {
        self.table.used
    }

    pub fn contains(&self, object: u32) -> bool {
        self.table.frame(object) != NONE
    }

    /// The place of an object that is there.
    pub fn frame(&self, object: u32) -> Option<FrameId> {
        Some(FrameId(self.table.frame(object))).filter(|frame| frame.0 != NONE)
    }

    /// What is held, by frame: object and size.
    pub fn held(&self) -> impl Iterator<Item = (FrameId, u32, u32)> {
        let there = |(frame, held): (u32, &(u32, u32))| (held.0 != NONE).then_some((FrameId(frame), held.0, held.1));
        (0..).zip(&self.table.held).filter_map(there)
    }

    /// Places that were ever used.
    pub fn places(&self) -> u32 {
        self.table.held.len() as u32
    }

    /// Asks for an object; true: it is there.
    pub fn get(&mut self, object: u32, watch: &mut impl Watch) -> bool {
        let frame = self.table.frame(object);
        if frame == NONE {
            return false;
        }
        watch.tell(|| Event::PoolHit { page: PageId(object), frame: FrameId(frame) });
        self.policy.hit(FrameId(frame), watch);
        true
    }

    /// Lets an object in that is not there, or has another size now.
    pub fn put(&mut self, object: u32, size: u32, watch: &mut impl Watch) -> Put {
        self.remove(object, watch);
        any!(&mut self.policy, policy => self.table.put(policy, object, size, watch))
    }

    /// Who left for the last that was let in.
    pub fn evicted(&self) -> &[u32] {
        &self.table.evicted
    }

    /// Takes an object out for good; true: it was there.
    pub fn remove(&mut self, object: u32, watch: &mut impl Watch) -> bool {
        let frame = self.table.frame(object);
        if frame == NONE {
            return false;
        }
        self.table.vacate(FrameId(frame));
        self.table.vacant.push(frame);
        watch.tell(|| Event::PoolRemoved { page: PageId(object), frame: FrameId(frame) });
        self.policy.removed(FrameId(frame), watch);
        true
    }
}

impl Table {
    #[inline]
    pub fn frame(&self, object: u32) -> u32 {
        self.frame_of.get(object as usize).copied().unwrap_or(NONE)
    }

    pub fn reach(&mut self, objects: u32) {
        if self.frame_of.len() < objects as usize {
            self.frame_of.resize(objects as usize, NONE);
        }
    }

    /// Lets an object in that is not there, and makes room for it.
    pub fn put<P: Replacement>(&mut self, policy: &mut P, object: u32, size: u32, watch: &mut impl Watch) -> Put {
        let size = if matches!(self.capacity, Capacity::Entries(_)) { 1 } else { size };
        self.evicted.clear();
        if u64::from(size) > self.units {
            policy.bypassed();
            return Put::TooLarge;
        }
        let page = PageId(object);
        while self.used + u64::from(size) > self.units {
            // There is always one: nothing is pinned, and what is held weighs something.
            let Some(victim) = policy.victim(Some(page), |_| true, watch) else { break };
            let frame = victim.frame;
            let gone = PageId(self.held[frame.index()].0);
            watch.tell(|| Event::PoolVictim { page: gone, frame, reason: victim.reason, number: victim.number });
            self.vacate(frame);
            self.vacant.push(frame.0);
            self.evicted.push(gone.0);
            watch.tell(|| Event::PoolEvicted { page: gone, frame });
            policy.evicted(frame, gone, watch);
        }
        let frame = FrameId(self.vacant.pop().unwrap_or(self.held.len() as u32));
        self.occupy(frame, object, size, watch);
        watch.tell(|| Event::PoolMiss { page, frame });
        if size != 1 {
            watch.tell(|| Event::ObjectSized { frame, size });
        }
        policy.admitted(frame, Newcomer { page, size, arrival: Arrival::Asked }, watch);
        Put::In(frame)
    }

    #[inline]
    fn occupy(&mut self, frame: FrameId, object: u32, size: u32, watch: &mut impl Watch) {
        if self.held.len() <= frame.index() {
            self.held.push((object, size));
            if let Capacity::Bytes { .. } = self.capacity {
                watch.tell(|| Event::PoolResized { frames: self.held.len() as u32 });
            }
        }
        self.held[frame.index()] = (object, size);
        self.used += u64::from(size);
        self.reach(object + 1);
        self.frame_of[object as usize] = frame.0;
    }

    #[inline]
    fn vacate(&mut self, frame: FrameId) {
        let (object, size) = std::mem::replace(&mut self.held[frame.index()], (NONE, 0));
        self.used -= u64::from(size);
        self.frame_of[object as usize] = NONE;
    }
}

/// Objects by keys of 64 bits.
///
/// Every key that was ever let in has a number, also long after it left, so it takes 16 to 32 bytes for each: right for a
/// simulated cache, whose keys are as many as the lab has, and wrong for a server that runs for years.
#[derive(Clone, Debug)]
pub struct KeyCache {
    cache: Cache,
    /// By number.
    keys: Vec<u64>,
    /// Numbers by hash of their keys; the length is a power of two and at least twice the number of keys.
    slots: Vec<u32>,
}

impl KeyCache {
    pub fn new(options: &PolicyOptions, capacity: impl Into<Capacity>) -> KeyCache {
        KeyCache { cache: Cache::new(options, capacity), keys: Vec::new(), slots: vec![NONE; 16] }
    }

    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    pub fn contains(&self, key: u64) -> bool {
        self.number(key).is_ok_and(|number| self.cache.contains(number))
    }

    /// Asks for a key; true: it is there.
    pub fn get(&mut self, key: u64, watch: &mut impl Watch) -> bool {
        self.number(key).is_ok_and(|number| self.cache.get(number, watch))
    }

    /// Lets a key in; gives the keys that left for it, the key itself among them when it is too large.
    pub fn put(&mut self, key: u64, size: u32, watch: &mut impl Watch) -> Vec<u64> {
        let number = self.number_of(key);
        let put = self.cache.put(number, size, watch);
        let left = self.cache.evicted().iter().map(|number| self.keys[*number as usize]);
        left.chain((put == Put::TooLarge).then_some(key)).collect()
    }

    /// Takes a key out for good; true: it was there.
    pub fn remove(&mut self, key: u64, watch: &mut impl Watch) -> bool {
        self.number(key).is_ok_and(|number| self.cache.remove(number, watch))
    }

    /// The keys that are there, by frame.
    pub fn keys(&self) -> impl Iterator<Item = u64> {
        self.cache.held().map(|(_, number, _)| self.keys[number as usize])
    }

    /// The number of a key, or the slot where it would stand.
    fn number(&self, key: u64) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = mix(key) as usize & mask;
        loop {
            match self.slots[slot] {
                NONE => return Err(slot),
                number if self.keys[number as usize] == key => return Ok(number),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn number_of(&mut self, key: u64) -> u32 {
        let slot = match self.number(key) {
            Ok(number) => return number,
            Err(slot) => slot,
        };
        let number = self.keys.len() as u32;
        self.keys.push(key);
        self.slots[slot] = number;
        if self.keys.len() * 2 > self.slots.len() {
            self.slots = vec![NONE; self.slots.len() * 2];
            for number in 0..self.keys.len() {
                if let Err(slot) = self.number(self.keys[number]) {
                    self.slots[slot] = number as u32;
                }
            }
        }
        number
    }
}
