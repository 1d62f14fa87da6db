//! Frames by a time that only grows while they are held, to find the earliest: a calendar of days, after Brown, "Calendar
//! Queues: A Fast O(1) Priority Queue Implementation for the Simulation Event Set Problem", 1988.
//!
//! ```text
//!   day        0     1     2     3     4     5       a frame stands on the day of the time that it was entered with
//!   frames     -    7,2    -     4     -    1,9      when the day is looked at, those whose time has grown since move on
//! ```
//!
//! Nothing is told to the calendar when a time grows, so a hit costs nothing here. Days follow one another without wrapping
//! around as Brown's do; when a time is behind the last of them, all are dealt out again, on days as long as the times lie
//! apart by then.
//!
//! **Invariant:** no frame stands on a day behind its time's.

const NONE: u32 = u32::MAX;
const WORD: usize = u64::BITS as usize;

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// A lower bound of the frame's time; 0: it is not held.
    bound: u64,
    next: u32,
    previous: u32,
}

const ABSENT: Entry = Entry { bound: 0, next: NONE, previous: NONE };

#[derive(Clone, Debug, Default)]
pub struct Calendar {
    /// When day 0 begins; what is earlier stands there too.
    first: u64,
    /// A day takes 2 to the power of this.
    shift: u32,
    /// The first frame of each day.
    days: Vec<u32>,
    /// A bit for each day that has any.
    held: Vec<u64>,
    /// No day before this word has any.
    lowest: usize,
    entries: Vec<Entry>,
}

impl Calendar {
    /// Holds a frame, which it does not yet, at a time after 0.
    pub fn insert(&mut self, frame: u32, time: u64) {
        if self.entries.len() <= frame as usize {
            self.entries.resize(frame as usize + 1, ABSENT);
        }
        self.reach(time);
        self.link(frame, time);
    }

    /// Sees to it that there is a day for `now`; without it, what is later than all days stands on the last.
    pub fn reach(&mut self, now: u64) {
        if (now.saturating_sub(self.first) >> self.shift) as usize >= self.days.len() {
            self.deal_out(now);
        }
    }

    /// Lets a frame go.
    pub fn remove(&mut self, frame: u32) {
        let Entry { bound, next, previous } = std::mem::replace(&mut self.entries[frame as usize], ABSENT);
        if next != NONE {
            self.entries[next as usize].previous = previous;
        }
        if previous != NONE {
            self.entries[previous as usize].next = next;
            return;
        }
        let day = self.day(bound);
        self.days[day] = next;
        if next == NONE {
            self.held[day / WORD] &= !(1 << (day % WORD));
        }
    }

    /// The first day from `from` on that has any frames, after those have moved on whose times have grown.
    pub fn next_day(&mut self, from: usize, time_of: impl Fn(u32) -> u64) -> Option<usize> {
        let mut from = from.max(self.lowest * WORD);
        loop {
            let day = self.held_from(from)?;
            self.move_on(day, &time_of);
            if self.days[day] != NONE {
                return Some(day);
            }
            from = day + 1;
        }
    }

    /// The frames of a day, in no order.
    pub fn on(&self, day: usize) -> impl Iterator<Item = u32> {
        let there = |frame: u32| Some(frame).filter(|frame| *frame != NONE);
        std::iter::successors(there(self.days[day]), move |frame| there(self.entries[*frame as usize].next))
    }

    fn move_on(&mut self, day: usize, time_of: impl Fn(u32) -> u64) {
        let mut at = self.days[day];
        while at != NONE {
            let (frame, time) = (at, time_of(at));
            at = self.entries[frame as usize].next;
            if self.day(time) != day {
                self.remove(frame);
                self.link(frame, time);
            }
        }
    }

    #[inline(always)]
    fn day(&self, time: u64) -> usize {
        ((time.saturating_sub(self.first) >> self.shift) as usize).min(self.days.len() - 1)
    }

    fn held_from(&mut self, day: usize) -> Option<usize> {
        let mut word = day / WORD;
        let mut bits = self.held.get(word)? & (u64::MAX << (day % WORD));
        while bits == 0 {
            if self.lowest == word && day.is_multiple_of(WORD) {
                self.lowest += 1;
            }
            word += 1;
            bits = *self.held.get(word)?;
        }
        Some(word * WORD + bits.trailing_zeros() as usize)
    }

    fn link(&mut self, frame: u32, time: u64) {
        let day = self.day(time);
        let next = std::mem::replace(&mut self.days[day], frame);
        if next != NONE {
            self.entries[next as usize].previous = frame;
        }
        self.entries[frame as usize] = Entry { bound: time, next, previous: NONE };
        self.held[day / WORD] |= 1 << (day % WORD);
        self.lowest = self.lowest.min(day / WORD);
    }

    /// Lays out the days anew: a quarter of them for what is earlier than anything held, a quarter up to `now`, a half for
    /// what comes.
    fn deal_out(&mut self, now: u64) {
        let held = self.entries.iter().map(|entry| entry.bound).filter(|bound| *bound > 0);
        let earliest = held.min().map_or(now, |bound| bound.min(now));
        let days = self.entries.len().next_power_of_two().max(WORD);
        let span = (now - earliest).max(1);
        self.shift = (4 * span).div_ceil(days as u64).next_power_of_two().trailing_zeros();
        self.first = earliest.saturating_sub((days as u64 / 4) << self.shift);
        self.days = vec![NONE; days];
        self.held = vec![0; days / WORD];
        self.lowest = 0;
        for frame in 0..self.entries.len() {
            let bound = self.entries[frame].bound;
            if bound > 0 {
                self.link(frame as u32, bound);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_sim::Generator;
    use std::collections::BTreeMap;

    #[test]
    fn the_earliest_is_found_whatever_grew_or_left() {
        for seed in 0..40 {
            let mut generator = Generator::new(seed, "calendar");
            let (mut calendar, mut times) = (Calendar::default(), BTreeMap::<u32, u64>::new());
            let (frames, step) = (1 + generator.below(300), 1 + generator.below(50));
            let mut now = 1;
            for _ in 0..3000 {
                now += generator.below(step);
                let frame = generator.below(frames) as u32;
                match times.get(&frame).copied() {
                    None => {
                        let time = 1 + generator.below(now);
                        calendar.insert(frame, time);
                        times.insert(frame, time);
                    }
                    Some(_) if generator.chance(0.3) => {
                        calendar.remove(frame);
                        times.remove(&frame);
                    }
                    Some(time) => {
                        times.insert(frame, time.max(1 + generator.below(now)));
                    }
                }
                let day = calendar.next_day(0, |frame| times[&frame]);
                let found = day.and_then(|day| calendar.on(day).map(|frame| times[&frame]).min());
                assert_eq!(found, times.values().min().copied(), "seed {seed}");
            }
            // Day by day, everything is there once and in order.
            let (mut from, mut all) = (0, Vec::new());
            while let Some(day) = calendar.next_day(from, |frame| times[&frame]) {
                let mut here: Vec<u64> = calendar.on(day).map(|frame| times[&frame]).collect();
                here.sort_unstable();
                all.extend(here);
                from = day + 1;
            }
            let mut sorted: Vec<u64> = times.values().copied().collect();
            sorted.sort_unstable();
            assert_eq!(all, sorted);
        }
    }
}
