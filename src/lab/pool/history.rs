//! Every access so far. Cheap to clone: full chunks are shared, only the last, open one is copied.

use std::rc::Rc;

const CHUNK: usize = 1 << 14;

#[derive(Clone, Debug, Default)]
pub struct History {
    full: Vec<Rc<[u32]>>,
    open: Vec<u32>,
}

impl History {
    pub fn push(&mut self, page: u32) {
        self.open.push(page);
        if self.open.len() == CHUNK {
            self.full.push(Rc::from(std::mem::take(&mut self.open)));
        }
    }

    pub fn len(&self) -> usize {
        self.full.len() * CHUNK + self.open.len()
    }

    /// All accesses in order.
    pub fn to_rc(&self) -> Rc<[u32]> {
        self.full.iter().flat_map(|chunk| chunk.iter()).chain(&self.open).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_accesses_come_back_in_order() {
        let mut history = History::default();
        let count = 2 * CHUNK as u32 + 7;
        (0..count).for_each(|page| history.push(page));
        assert_eq!(history.len(), count as usize);
        assert!(history.clone().to_rc().iter().copied().eq(0..count));
    }
}
