//! A stable sort for lists of any type, compiled once.
//!
//! The standard library's sorts are as fast as sorts get, and each type and key brings its own copy: some five kilobytes
//! of the page's wasm. So what is short, or sorted seldom, is sorted here: places are sorted by a comparison behind a
//! `dyn`, then the items go to their places by swaps. Millions of numbers go by `sort_unstable` of `u64` still.

use std::cmp::Ordering;

/// Sorts by a comparison; items that are equal stay in their order.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut order = order(items.len(), &|left, right| compare(&items[left], &items[right]));
    for place in 0..items.len() {
        let from = settled(&mut order, place);
        items.swap(place, from);
    }
}

/// Sorts by a key; items whose keys are equal stay in their order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |left, right| key(left).cmp(&key(right)));
}

/// The indices of so many items in the order that they should have: merged from the bottom up, runs of one, two, four
/// and so on.
fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut merged = Vec::with_capacity(count);
    let mut run = 1;
    while run < count {
        merged.clear();
        for pair in order.chunks(2 * run) {
            let (mut left, mut right) = pair.split_at(run.min(pair.len()));
            while let (Some((first, rest)), Some((other, others))) = (left.split_first(), right.split_first()) {
                // Of equal items the left one goes first.
                if compare(*first, *other).is_le() {
                    merged.push(*first);
                    left = rest;
                } else {
                    merged.push(*other);
                    right = others;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut order, &mut merged);
        run *= 2;
    }
    order
}

/// Where the item that belongs at `place` is now, all places before it being settled: an item that had to make room
/// is where the one went that came to its place.
fn settled(order: &mut [usize], place: usize) -> usize {
    let mut from = order[place];
    while from < place {
        from = order[from];
    }
    order[place] = from;
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sorts_as_the_standard_library_does() {
        let mut state = 1u32;
        for count in [0, 1, 2, 3, 10, 100, 1000] {
            let mut items: Vec<(u32, String)> = (0..count)
                .map(|number| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 28, number.to_string())
                })
                .collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            sort_by_key(&mut items, |item| item.0);
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn a_long_list_that_is_moved_on_by_one_takes_no_square_of_steps() {
        for by in [1, 99_999] {
            let mut items: Vec<usize> = (0..100_000).map(|number| (number + by) % 100_000).collect();
            sort_by(&mut items, usize::cmp);
            assert!(items.is_sorted());
        }
    }
}
