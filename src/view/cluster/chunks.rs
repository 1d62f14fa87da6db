//! A list that grows at its end and is cheap to clone: views at many points of a run share what they have in common.
//!
//! ```text
//!   view at 500    [■■■■■■■■]─[■■■■■···]
//!   view at 700    [■■■■■■■■]─[■■■■■■■■]─[■■······]      the first chunk is the same one
//! ```
//!
//! It keeps the latest [`CHUNKS_MAX`] chunks; what is older goes.

use std::rc::Rc;

const CHUNK: usize = 64;
/// Some sixteen thousand items.
const CHUNKS_MAX: usize = 256;

#[derive(Clone, Debug, PartialEq)]
pub struct Chunks<T> {
    chunks: Vec<Rc<Vec<T>>>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Chunks<T> {
        Chunks { chunks: Vec::new() }
    }
}

impl<T: Clone> Chunks<T> {
    pub fn push(&mut self, item: T) {
        match self.chunks.last_mut().filter(|chunk| chunk.len() < CHUNK) {
            Some(chunk) => Rc::make_mut(chunk).push(item),
            None => {
                if self.chunks.len() == CHUNKS_MAX {
                    self.chunks.remove(0);
                }
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(item);
                self.chunks.push(Rc::new(chunk));
            }
        }
    }

    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub fn first(&self) -> Option<&T> {
        self.chunks.first()?.first()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// The item whose key is `key`, in a list whose keys ascend.
    pub fn find<K: Ord>(&self, key: K, key_of: impl Fn(&T) -> K) -> Option<&T> {
        let (chunk, index) = self.place(&key, &key_of)?;
        self.chunks[chunk].get(index)
    }

    /// Changes that item.
    pub fn edit<K: Ord>(&mut self, key: K, key_of: impl Fn(&T) -> K, change: impl FnOnce(&mut T)) {
        if let Some((chunk, index)) = self.place(&key, &key_of) {
            change(&mut Rc::make_mut(&mut self.chunks[chunk])[index]);
        }
    }

    /// The items from the first on whose key is not below `key`, in a list whose keys ascend.
    pub fn from<K: Ord>(&self, key: K, key_of: impl Fn(&T) -> K) -> impl Iterator<Item = &T> {
        let first = |chunk: &Rc<Vec<T>>| chunk.first().is_some_and(|first| key_of(first) < key);
        let start = self.chunks.partition_point(first).saturating_sub(1);
        let skipped = self.chunks.get(start).map_or(0, |chunk| chunk.partition_point(|item| key_of(item) < key));
        self.chunks[start.min(self.chunks.len())..].iter().flat_map(|chunk| chunk.iter()).skip(skipped)
    }

    fn place<K: Ord>(&self, key: &K, key_of: &impl Fn(&T) -> K) -> Option<(usize, usize)> {
        let past = self.chunks.partition_point(|chunk| chunk.first().is_some_and(|first| key_of(first) <= *key));
        let chunk = past.checked_sub(1)?;
        let index = self.chunks[chunk].binary_search_by(|item| key_of(item).cmp(key)).ok()?;
        Some((chunk, index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_shares_and_forgets() {
        let mut list = Chunks::default();
        for number in 0..1000u64 {
            list.push(number * 2);
        }
        let before = list.clone();
        list.edit(500, |item| *item, |item| *item = 500);
        assert!(Rc::ptr_eq(&list.chunks[0], &before.chunks[0]));
        assert_eq!(list.find(998, |item| *item), Some(&998));
        assert_eq!(list.find(999, |item| *item), None);
        assert_eq!(list.from(999, |item| *item).next(), Some(&1000));
        assert_eq!(list.from(0, |item| *item).count(), 1000);
        assert_eq!(list.from(5000, |item| *item).count(), 0);
        for number in 1000..50_000u64 {
            list.push(number * 2);
        }
        assert_eq!((list.len() <= CHUNK * CHUNKS_MAX, list.iter().next_back()), (true, Some(&99_998)));
        assert_eq!(Chunks::<u64>::default().from(3, |item| *item).count(), 0);
    }
}
