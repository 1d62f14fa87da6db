//! Which key has how many bytes.
//!
//! A key keeps the size that it was given first. One that is given none has a size of its own, the same in every run: half
//! of the keys a sixteenth of the largest or less, few nearly as much as that, as objects on the web have.

use std::rc::Rc;

use super::settings::Settings;
use super::{KEYS_MAX, SIZE_MAX};
use crate::lab::data::{self, Data};
use crate::lab::refusal::Refusal;
use crate::lab::words::shortened;
use crate::trace::decimal::number;

/// Sizes by key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    in_bytes: bool,
    keys: u32,
    capacity: u64,
    largest: u32,
    /// Sizes that were given, as far as any was; 0: none.
    given: Rc<Vec<u32>>,
}

impl Objects {
    pub fn new(settings: &Settings) -> Objects {
        let Settings { in_bytes, keys, capacity, largest, .. } = *settings;
        Objects { in_bytes, keys, capacity, largest, given: Rc::default() }
    }

    /// The size of a key; 1 if entries are counted.
    pub fn size(&self, key: u32) -> u32 {
        if !self.in_bytes {
            return 1;
        }
        match self.given.get(key as usize) {
            Some(size) if *size > 0 => *size,
            _ => own_size(key, self.largest),
        }
    }

    /// The sizes of all keys below a number, if bytes are counted.
    pub fn sizes(&self, end: u32) -> Option<Rc<[u32]>> {
        self.in_bytes.then(|| (0..end).map(|key| self.size(key)).collect())
    }

    /// Gives a key a size, or sees to it that it may be asked for with none.
    pub fn give(&mut self, key: u32, size: Option<u64>, known: bool) -> Result<(), Refusal> {
        let (wide, has) = (u64::from(key), u64::from(self.size(key)));
        if key >= self.keys {
            return Err(Refusal::NoSuchKey { key: wide, keys: self.keys.into() });
        }
        let Some(size) = size else { return Ok(()) };
        if !self.in_bytes {
            return Err(Refusal::SizeOfEntry);
        }
        if size != has && (known || self.given.get(key as usize).is_some_and(|size| *size > 0)) {
            return Err(Refusal::SizeChanged { key: wide, has });
        }
        if size > self.capacity {
            return Err(Refusal::LargerThanCache { key: wide, size, capacity: self.capacity });
        }
        let given = Rc::make_mut(&mut self.given);
        if given.len() <= key as usize {
            given.resize(key as usize + 1, 0);
        }
        given[key as usize] = size as u32;
        Ok(())
    }

    /// The keys of data lines, whose sizes are given to them. The error names the line; nothing is changed then.
    pub fn take(&mut self, data: &Data) -> Result<Rc<[u32]>, Refusal> {
        let mut taken = self.clone();
        let key = |(index, text): (usize, &str)| taken.take_line(index as u64 + 1, text);
        let keys = data.iter().enumerate().map(key).collect::<Result<_, _>>()?;
        *self = taken;
        Ok(keys)
    }

    fn take_line(&mut self, line: u64, text: &str) -> Result<u32, Refusal> {
        let column = |index| data::csv_column(text, index, ',').trim().to_string();
        let (key, size) = (column(1), column(2));
        let key = number::<u64>(&key).filter(|key| *key < KEYS_MAX);
        let key = key.ok_or_else(|| Refusal::NoKey { line, text: shortened(text, 40) })?;
        if key >= u64::from(self.keys) {
            return Err(Refusal::KeyPastEnd { line, key, keys: self.keys.into() });
        }
        if size.is_empty() || !self.in_bytes {
            return Ok(key as u32);
        }
        let bytes = number::<u64>(&size).filter(|size| (1..=SIZE_MAX).contains(size));
        let bytes = bytes.ok_or_else(|| Refusal::NoSize { line, text: shortened(&size, 40) })?;
        match self.give(key as u32, Some(bytes), false) {
            // Of several sizes the first holds.
            Ok(()) | Err(Refusal::SizeChanged { .. }) => Ok(key as u32),
            Err(Refusal::LargerThanCache { key, size, capacity }) => {
                Err(Refusal::LineLargerThanCache { line, key, size, capacity })
            }
            Err(other) => Err(other),
        }
    }
}

/// The size of a key that was given none: `largest` halved up to seven times, by chance that is the same in every run.
fn own_size(key: u32, largest: u32) -> u32 {
    let mixed = u64::from(key).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (halvings, within) = ((mixed >> 61) as u32, mixed >> 20 & 0xffff);
    let most = u64::from((largest >> halvings).max(1));
    // From half of `most` to all of it.
    (most - (most / 2) * within / 0x1_0000).max(1) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(in_bytes: bool) -> Objects {
        Objects { in_bytes, keys: 100, capacity: 1000, largest: 800, given: Rc::default() }
    }

    #[test]
    fn sizes_are_within_their_bounds_and_mostly_small() {
        let objects = objects(true);
        let sizes: Vec<u32> = (0..100).map(|key| objects.size(key)).collect();
        assert!(sizes.iter().all(|size| (1..=800).contains(size)), "{sizes:?}");
        let small = sizes.iter().filter(|size| **size <= 50).count();
        assert!((30..70).contains(&small), "{small}");
        assert!((0..100).all(|key| self::objects(false).size(key) == 1));
    }

    #[test]
    fn lines_that_are_wrong_are_named_and_change_nothing() {
        let data = |lines: &[&str]| lines.iter().copied().collect::<Data>();
        let mut objects = objects(true);
        let refused = |objects: &mut Objects, lines: &[&str]| objects.take(&data(lines)).unwrap_err().to_string();
        assert!(refused(&mut objects, &["1,5", "x,3"]).contains("line 2 is \"x,3\""));
        assert!(refused(&mut objects, &["1,5", "2,-3"]).contains("line 2: \"-3\" is no size"));
        assert!(refused(&mut objects, &["1,0"]).contains("line 1: \"0\" is no size"));
        assert!(refused(&mut objects, &["1,5", "7,2000"]).contains("line 2: key 7 has 2,000 bytes"));
        assert!(refused(&mut objects, &["100"]).contains("line 1 asks for key 100, but there are 100"));
        assert_eq!(objects.given.len(), 0);
        assert_eq!(objects.take(&data(&["1,5", "2", "1,6"])).unwrap()[..], [1, 2, 1]);
        assert_eq!(objects.size(1), 5);
        let changed = objects.give(1, Some(9), true);
        assert_eq!(changed, Err(Refusal::SizeChanged { key: 1, has: 5 }));
    }
}
