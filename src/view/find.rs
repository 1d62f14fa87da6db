//! Finds a key in a view: the way of a search, walked by the reader instead of the engine.

use super::{View, tally};
use glassbase_trace::PageId;

/// Where a key is, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// From the root down.
    pub path: Vec<PageId>,
    pub page: PageId,
    pub slot: usize,
    /// The key is there.
    pub there: bool,
}

/// Deepest tree that is searched: a damaged trace may link pages in a circle.
const DEPTH_MAX: usize = 64;

/// Searches from the root; nothing when there is no tree.
pub fn find(view: &View, key: &[u8]) -> Option<Found> {
    let mut page = view.state.root;
    let mut path = Vec::new();
    while path.len() < DEPTH_MAX && !page.is_none() {
        let state = view.page(page)?;
        let (slot, there) = state.cells()?.search(key);
        path.push(page);
        if state.level() == Some(0) {
            return Some(Found { path, page, slot, there });
        }
        page = tally::child(state, slot + usize::from(there))?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Noise, sample_state};
    use glassbase_trace::Bytes;
    use std::rc::Rc;

    #[test]
    fn a_key_is_found_where_it_is_or_would_be() {
        let view = View::of_state(Rc::new(sample_state(4)));
        let found = |key: &str| find(&view, &Bytes::typed(key)).map(|found| (found.page.0, found.slot, found.there));
        assert_eq!(found("40"), Some((2, 1, true)));
        assert_eq!(found("41"), Some((2, 2, false)));
        assert_eq!(found("0"), Some((1, 0, false)));
        assert_eq!(find(&View::default(), b"x"), None);
    }

    #[test]
    fn links_in_a_circle_end_the_search() {
        for seed in 100..130 {
            let mut view = View::default();
            for (index, record) in Noise(seed).trace(400).iter().enumerate() {
                view.apply(index, record);
                let _ = find(&view, &Bytes::number(30));
            }
        }
    }
}
