//! Binary search in a page.
//!
//! The heads in the slots are searched first, without a branch that depends on what is compared; whole keys are looked at
//! only where heads are equal.

use std::cmp::Ordering;

use super::*;

type Slot = [u8; SLOT_BYTES];

/// The number of keys below `sought`, and whether it follows.
#[inline]
pub fn search(page: &[u8], sought: &[u8]) -> (usize, bool) {
    let head = head_of(sought);
    let slots = slots_of(page);
    let low = partition(slots, |slot| head_in(slot) < head);
    among_equal_heads(page, slots, low, head, sought)
}

/// [`search`], for who knows already that `below` heads are below that of the key.
#[inline]
pub fn search_from(page: &[u8], below: usize, sought: &[u8]) -> (usize, bool) {
    among_equal_heads(page, slots_of(page), below, head_of(sought), sought)
}

/// For each page and its key: how many heads are below the key's. One probe is made in every page before the next is
/// made in any, so that the processor waits for all of them at once; in the end the cells that the searches lead to are
/// touched, too. Takes up to `N` pages.
#[inline]
pub fn search_heads_together<K: AsRef<[u8]>, const N: usize>(pages: &[&[u8]], keys: &[K], below: &mut [usize; N]) {
    let mut searches = [(&[] as &[Slot], 0, 0); N];
    let mut longest = 0;
    for ((search, page), (key, low)) in searches.iter_mut().zip(pages).zip(keys.iter().zip(below.iter_mut())) {
        let slots = slots_of(page);
        *search = (slots, slots.len(), head_of(key.as_ref()));
        *low = 0;
        longest = longest.max(slots.len());
    }
    let searches = &mut searches[..pages.len().min(N)];
    while longest > 0 {
        longest -= longest.div_ceil(2);
        for ((slots, size, head), low) in searches.iter_mut().zip(below.iter_mut()) {
            let half = size.div_ceil(2);
            // An empty range has nothing to be probed; its size stays 0.
            if let Some(slot) = slots.get((*low + half).wrapping_sub(1)).filter(|_| half > 0) {
                *low += if head_in(slot) < *head { half } else { 0 };
                *size -= half;
            }
        }
    }
    let cells = searches.iter().zip(below.iter()).zip(pages);
    let touched = cells.map(|(((slots, ..), low), page)| slots.get(*low).map_or(0, |slot| page[offset_in(slot)]));
    std::hint::black_box(touched.fold(0, u8::wrapping_add));
}

#[inline(always)]
fn slots_of(page: &[u8]) -> &[Slot] {
    page[HEADER_BYTES..slot_at(slot_count(page))].as_chunks().0
}

#[inline(always)]
fn head_in(slot: &Slot) -> u32 {
    u32_at(slot, 4)
}

#[inline(always)]
fn offset_in(slot: &Slot) -> usize {
    u16_at(slot, 0) as usize
}

/// The number of slots for which `below` holds; they all come before the others.
#[inline(always)]
fn partition(slots: &[Slot], below: impl Fn(&Slot) -> bool) -> usize {
    let (mut low, mut size) = (0, slots.len());
    while size > 1 {
        let half = size / 2;
        low += if below(&slots[low + half - 1]) { half } else { 0 };
        size -= half;
    }
    low + usize::from(size == 1 && below(&slots[low]))
}

/// The search among the slots from `low` on whose heads are the sought key's.
#[inline(always)]
fn among_equal_heads(page: &[u8], slots: &[Slot], low: usize, head: u32, sought: &[u8]) -> (usize, bool) {
    match slots.get(low) {
        Some(slot) if head_in(slot) == head => search_cells(page, slots, low, head, sought),
        _ => (low, false),
    }
}

#[inline]
fn search_cells(page: &[u8], slots: &[Slot], low: usize, head: u32, sought: &[u8]) -> (usize, bool) {
    let several = slots.get(low + 1).is_some_and(|slot| head_in(slot) == head);
    let mut high = if several { low + partition(&slots[low..], |slot| head_in(slot) == head) } else { low + 1 };
    let (mut low, prefix) = (low, prefix_bytes(page));
    while low < high {
        let middle = (low + high) / 2;
        let slot = &slots[middle];
        let start = offset_in(slot) + prefix;
        match compare(&page[start..start + u16_at(slot, 2) as usize], sought) {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => return (middle, true),
        }
    }
    (low, false)
}

/// The order of two keys, eight bytes at a time: WebAssembly has no instruction that compares memory, and what stands in
/// for it goes byte by byte.
#[inline]
pub(crate) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let ((lefts, left_rest), (rights, right_rest)) = (left.as_chunks::<8>(), right.as_chunks::<8>());
    for (left, right) in lefts.iter().zip(rights) {
        if left != right {
            return u64::from_be_bytes(*left).cmp(&u64::from_be_bytes(*right));
        }
    }
    if lefts.len() == rights.len() {
        // At most seven bytes each.
        return left_rest.iter().cmp(right_rest);
    }
    let whole = 8 * lefts.len().min(rights.len());
    left[whole..].cmp(&right[whole..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_sim::Generator;

    #[test]
    fn keys_are_ordered_as_slices_are() {
        let mut generator = Generator::new(1, "keys");
        let mut key = || (0..generator.below(20)).map(|_| generator.below(2) as u8).collect::<Vec<u8>>();
        for _ in 0..2000 {
            let (mut left, right) = (key(), key());
            assert_eq!(compare(&left, &right), left.cmp(&right));
            left.truncate(right.len());
            let mut longer = left.clone();
            longer.extend(&right);
            assert_eq!(compare(&left, &longer), left.cmp(&longer));
            assert_eq!(compare(&longer, &left), longer.cmp(&left));
            assert_eq!(compare(&left, &left), Ordering::Equal);
        }
    }

    #[test]
    fn searching_together_finds_what_searching_alone_does() {
        let mut generator = Generator::new(2, "keys");
        let pages: Vec<Vec<u8>> = (0..8)
            .map(|count| {
                let mut keys: Vec<[u8; 2]> =
                    (0..count * count).map(|_| (generator.below(300) as u16).to_be_bytes()).collect();
                keys.sort_unstable();
                keys.dedup();
                let mut page = vec![0; 2048];
                format(&mut page, PageId(1), PageKind::Leaf, 0);
                for (slot, key) in keys.iter().enumerate() {
                    insert_record(&mut page, slot, key, Value::Inline(b"value"));
                }
                page
            })
            .collect();
        let images: Vec<&[u8]> = pages.iter().map(|page| &page[..]).collect();
        for _ in 0..500 {
            let keys: Vec<[u8; 2]> = images.iter().map(|_| (generator.below(300) as u16).to_be_bytes()).collect();
            let mut below = [usize::MAX; 8];
            search_heads_together(&images, &keys, &mut below);
            for ((page, key), below) in images.iter().zip(&keys).zip(below) {
                assert_eq!(search_from(page, below, key), search(page, key));
            }
        }
    }
}
