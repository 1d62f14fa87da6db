//! Maps and sets in key order, whose code is small.
//!
//! The standard library's `BTreeMap` is as good as they get, and each pair of types brings its own copy of it: three to six
//! kilobytes of the page's wasm, for some fifty pairs. What is not the subject of a lab and not on the path of every
//! operation is kept in these instead, at a tenth of that.
//!
//! ```text
//!   chunks   [a b c d]  [f g]  [k m n]        up to CHUNK items each; one that grows beyond is halved
//! ```
//!
//! A search is two binary searches; an insertion moves half a chunk, and now and then the list of chunks. With a million
//! items there are some ten thousand chunks, so that is not felt.
//!
//! **Invariant:** keys ascend from chunk to chunk and within each; no chunk is empty.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Bound, RangeBounds};

/// Most items of a chunk.
const CHUNK: usize = 128;

/// A chunk, and an index in it. The end of a map is the place after its last chunk.
type Place = (usize, usize);

#[derive(Clone)]
pub struct SortedMap<K, V> {
    chunks: Vec<Vec<(K, V)>>,
}

/// The first of so many places before which `is_before` does not hold.
fn first_place(count: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = (low + high) / 2;
        if is_before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

impl<K, V> SortedMap<K, V> {
    pub const fn new() -> SortedMap<K, V> {
        SortedMap { chunks: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub fn clear(&mut self) {
        self.chunks.clear();
    }

    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { chunks: &self.chunks, front: (0, 0), back: (self.chunks.len(), 0) }
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    pub fn into_values(self) -> impl DoubleEndedIterator<Item = V> {
        self.into_iter().map(|(_, value)| value)
    }

    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.chunks.iter_mut().flatten().map(|(key, value)| (&*key, value))
    }

    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }

    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }

    /// Keeps what `keep` says, asked in order.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for chunk in &mut self.chunks {
            chunk.retain_mut(|(key, value)| keep(key, value));
        }
        self.chunks.retain(|chunk| !chunk.is_empty());
    }

    fn take(&mut self, (chunk, at): Place) -> (K, V) {
        let item = self.chunks[chunk].remove(at);
        if self.chunks[chunk].is_empty() {
            self.chunks.remove(chunk);
        }
        item
    }

    /// Puts an item where it is not yet, and gives its place.
    fn put(&mut self, (mut chunk, mut at): Place, key: K, value: V) -> Place {
        if chunk == self.chunks.len() {
            match chunk.checked_sub(1) {
                // Beyond the last key: at the end of the last chunk.
                Some(last) => (chunk, at) = (last, self.chunks[last].len()),
                None => self.chunks.push(Vec::new()),
            }
        }
        let items = &mut self.chunks[chunk];
        items.insert(at, (key, value));
        if items.len() > CHUNK {
            // What comes in ascending order leaves full chunks behind.
            let from = if at == CHUNK { CHUNK } else { CHUNK / 2 };
            let moved = items.split_off(from);
            self.chunks.insert(chunk + 1, moved);
            if at >= from {
                (chunk, at) = (chunk + 1, at - from);
            }
        }
        (chunk, at)
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    /// The place of the first key that is not before `key`.
    fn seek<Q: Ord + ?Sized>(&self, key: &Q) -> Place
    where
        K: Borrow<Q>,
    {
        let before = |item: &(K, V)| item.0.borrow().cmp(key) == Ordering::Less;
        let chunk = first_place(self.chunks.len(), |chunk| self.chunks[chunk].last().is_some_and(before));
        let at = self.chunks.get(chunk).map_or(0, |items| first_place(items.len(), |at| before(&items[at])));
        (chunk, at)
    }

    /// Where a key is, or where it would be.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<Place, Place>
    where
        K: Borrow<Q>,
    {
        let place = self.seek(key);
        let there = self.chunks.get(place.0).is_some_and(|items| items[place.1].0.borrow() == key);
        if there { Ok(place) } else { Err(place) }
    }

    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|(chunk, at)| &self.chunks[chunk][at].1)
    }

    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|(chunk, at)| &mut self.chunks[chunk][at].1)
    }

    /// Gives the value that the key had before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok((chunk, at)) => Some(std::mem::replace(&mut self.chunks[chunk][at].1, value)),
            Err(place) => {
                self.put(place, key, value);
                None
            }
        }
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|place| self.take(place).1)
    }

    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.is_empty()).then(|| self.take((0, 0)))
    }

    pub fn pop_last(&mut self) -> Option<(K, V)> {
        let chunk = self.chunks.len().checked_sub(1)?;
        Some(self.take((chunk, self.chunks[chunk].len() - 1)))
    }

    /// Takes the first item out, if `is_due` says so of it.
    pub fn pop_first_if(&mut self, is_due: impl FnOnce(&K, &V) -> bool) -> Option<(K, V)> {
        let is_due = self.first_key_value().is_some_and(|(key, value)| is_due(key, value));
        if is_due { self.pop_first() } else { None }
    }

    /// The place of a key, to be filled if it is empty.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry { place: self.find(&key), map: self, key }
    }

    /// The items within bounds; nothing when they are the wrong way round.
    pub fn range<Q: Ord + ?Sized>(&self, bounds: impl RangeBounds<Q>) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let after = |key: &Q| match self.find(key) {
            Ok((chunk, at)) if at + 1 == self.chunks[chunk].len() => (chunk + 1, 0),
            Ok((chunk, at)) => (chunk, at + 1),
            Err(place) => place,
        };
        let front = match bounds.start_bound() {
            Bound::Included(key) => self.seek(key),
            Bound::Excluded(key) => after(key),
            Bound::Unbounded => (0, 0),
        };
        let back = match bounds.end_bound() {
            Bound::Included(key) => after(key),
            Bound::Excluded(key) => self.seek(key),
            Bound::Unbounded => (self.chunks.len(), 0),
        };
        Iter { chunks: &self.chunks, front, back: back.max(front) }
    }
}

/// The place of a key that was asked for.
pub struct Entry<'a, K, V> {
    place: Result<Place, Place>,
    map: &'a mut SortedMap<K, V>,
    key: K,
}

impl<'a, K, V> Entry<'a, K, V> {
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        let (chunk, at) = self.place.unwrap_or_else(|place| self.map.put(place, self.key, make()));
        &mut self.map.chunks[chunk][at].1
    }

    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

/// The items between two places.
pub struct Iter<'a, K, V> {
    chunks: &'a [Vec<(K, V)>],
    front: Place,
    back: Place,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        let (chunk, at) = self.front;
        let items = &self.chunks[chunk];
        self.front = if at + 1 == items.len() { (chunk + 1, 0) } else { (chunk, at + 1) };
        let (key, value) = &items[at];
        Some((key, value))
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        let (chunk, at) = self.back;
        self.back = if at == 0 { (chunk - 1, self.chunks[chunk - 1].len() - 1) } else { (chunk, at - 1) };
        let (key, value) = &self.chunks[self.back.0][self.back.1];
        Some((key, value))
    }
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Iter { ..*self }
    }
}

impl<'a, K, V> IntoIterator for &'a SortedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K, V> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<(K, V)>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.into_iter().flatten()
    }
}

impl<K: Ord, V> Extend<(K, V)> for SortedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, items: I) {
        for (key, value) in items {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut map = SortedMap::new();
        map.extend(items);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for SortedMap<K, V> {
    fn from(items: [(K, V); N]) -> Self {
        items.into_iter().collect()
    }
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        SortedMap::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for SortedMap<K, V> {}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self).finish()
    }
}

/// Keys in order.
#[derive(Clone, PartialEq, Eq)]
pub struct SortedSet<K> {
    keys: SortedMap<K, ()>,
}

impl<K> SortedSet<K> {
    pub const fn new() -> SortedSet<K> {
        SortedSet { keys: SortedMap::new() }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn clear(&mut self) {
        self.keys.clear();
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.keys.keys()
    }

    pub fn first(&self) -> Option<&K> {
        self.iter().next()
    }

    pub fn last(&self) -> Option<&K> {
        self.iter().next_back()
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        self.keys.retain(|key, ()| keep(key));
    }
}

impl<K: Ord> SortedSet<K> {
    /// Whether the key is new.
    pub fn insert(&mut self, key: K) -> bool {
        self.keys.insert(key, ()).is_none()
    }

    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.keys.contains_key(key)
    }

    /// Whether the key was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.keys.remove(key).is_some()
    }

    pub fn pop_first(&mut self) -> Option<K> {
        self.keys.pop_first().map(|(key, ())| key)
    }
}

impl<K> Default for SortedSet<K> {
    fn default() -> Self {
        SortedSet::new()
    }
}

impl<K> IntoIterator for SortedSet<K> {
    type Item = K;
    type IntoIter = std::iter::Map<<SortedMap<K, ()> as IntoIterator>::IntoIter, fn((K, ())) -> K>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter().map(|(key, ())| key)
    }
}

impl<'a, K> IntoIterator for &'a SortedSet<K> {
    type Item = &'a K;
    type IntoIter = std::iter::Map<Iter<'a, K, ()>, fn((&'a K, &'a ())) -> &'a K>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.iter().map(|(key, ())| key)
    }
}

impl<K: Ord> Extend<K> for SortedSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        self.keys.extend(keys.into_iter().map(|key| (key, ())));
    }
}

impl<K: Ord> FromIterator<K> for SortedSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = SortedSet::new();
        set.extend(keys);
        set
    }
}

impl<K: Ord, const N: usize> From<[K; N]> for SortedSet<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<K: fmt::Debug> fmt::Debug for SortedSet<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Draws(u64);

    impl Draws {
        fn below(&mut self, end: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % end
        }
    }

    fn check(map: &SortedMap<u64, u64>, model: &BTreeMap<u64, u64>) {
        assert!(map.chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= CHUNK));
        assert!(map.iter().eq(model) && map.iter().rev().eq(model.iter().rev()));
        assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
        assert_eq!((map.first_key_value(), map.last_key_value()), (model.first_key_value(), model.last_key_value()));
    }

    #[test]
    fn it_does_what_the_standard_map_does() {
        let mut draws = Draws(1);
        for span in [4, 100, 3_000] {
            let (mut map, mut model) = (SortedMap::new(), BTreeMap::new());
            for step in 0..6_000 {
                let (key, value) = (draws.below(span), draws.below(10));
                match draws.below(if step < 4_000 { 6 } else { 10 }) {
                    0..3 => assert_eq!(map.insert(key, value), model.insert(key, value)),
                    3 => assert_eq!(map.entry(key).or_insert(value), model.entry(key).or_insert(value)),
                    4 => assert_eq!(map.get_mut(&key), model.get_mut(&key)),
                    5 => assert_eq!(map.contains_key(&key), model.contains_key(&key)),
                    6 => assert_eq!(map.pop_first(), model.pop_first()),
                    _ => assert_eq!(map.remove(&key), model.remove(&key)),
                }
                if step % 500 == 0 {
                    check(&map, &model);
                }
            }
            for _ in 0..200 {
                let (from, to) = (draws.below(span), draws.below(span));
                let (from, to) = (from.min(to), from.max(to));
                assert!(map.range(from..to).eq(model.range(from..to)));
                assert!(map.range(from..=to).rev().eq(model.range(from..=to).rev()));
                let beyond = (Bound::Excluded(from), Bound::Unbounded);
                assert!(map.range(beyond).eq(model.range(beyond)));
            }
            map.retain(|key, value| {
                *value += 1;
                key % 3 == 0
            });
            model.retain(|key, value| {
                *value += 1;
                key % 3 == 0
            });
            check(&map, &model);
            assert!(map.clone().into_iter().eq(model));
            assert_eq!(map, map.iter().map(|(key, value)| (*key, *value)).collect());
        }
    }

    #[test]
    fn bounds_the_wrong_way_round_hold_nothing() {
        let map: SortedMap<u64, ()> = (0..1_000).map(|key| (key, ())).collect();
        #[expect(clippy::reversed_empty_ranges)]
        let range = map.range(700..300);
        assert_eq!(range.count(), 0);
    }

    #[test]
    fn what_ascends_fills_its_chunks() {
        let set: SortedSet<u64> = (0..1_000).collect();
        assert!(set.keys.chunks.iter().rev().skip(1).all(|chunk| chunk.len() == CHUNK));
        assert!(set.contains(&999) && !set.contains(&1_000));
        assert!((&set).into_iter().eq(&(0..1_000).collect::<Vec<_>>()));
    }
}
