//! What is to happen, in the order of virtual time.
//!
//! Things at the same nanosecond happen in the order in which they were put in, so a run is the same every time. The heap
//! holds times and places alone; what is to happen lies still beside it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A queue by time.
#[derive(Clone, Debug)]
pub struct EventQueue<T> {
    /// Time, a number that ascends, and the place in `items`.
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    items: Vec<Option<T>>,
    free: Vec<u32>,
    next: u64,
}

impl<T> Default for EventQueue<T> {
    fn default() -> EventQueue<T> {
        EventQueue { heap: BinaryHeap::new(), items: Vec::new(), free: Vec::new(), next: 0 }
    }
}

impl<T> EventQueue<T> {
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    pub fn push(&mut self, time_ns: u64, item: T) {
        let place = match self.free.pop() {
            Some(place) => {
                self.items[place as usize] = Some(item);
                place
            }
            None => {
                self.items.push(Some(item));
                (self.items.len() - 1) as u32
            }
        };
        self.heap.push(Reverse((time_ns, self.next, place)));
        self.next += 1;
    }

    /// When the next thing happens.
    pub fn next_ns(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((time_ns, _, _))| *time_ns)
    }

    /// The next thing, and when it happens.
    pub fn pop(&mut self) -> Option<(u64, T)> {
        let Reverse((time_ns, _, place)) = self.heap.pop()?;
        self.free.push(place);
        let item = self.items[place as usize].take();
        debug_assert!(item.is_some(), "what is in the heap has an item");
        item.map(|item| (time_ns, item))
    }

    /// Everything that is to happen, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_happen_by_time_and_then_in_the_order_they_came() {
        let mut queue = EventQueue::default();
        for (time_ns, name) in [(5, "c"), (3, "a"), (5, "d"), (3, "b")] {
            queue.push(time_ns, name);
        }
        assert_eq!(queue.pop(), Some((3, "a")));
        queue.push(4, "between");
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest, [(3, "b"), (4, "between"), (5, "c"), (5, "d")]);
        assert!(queue.is_empty() && queue.items.len() <= 4, "places are used again");
    }
}
