//! The search for an order of one key's operations.
//!
//! Wing and Gong ("Testing and Verifying Concurrent Objects", 1993) go through the history's events in a doubly linked
//! list. An operation that began before the first end in the list may be placed next; then its two events are lifted out.
//! At an end whose operation is not placed, and with nothing left to try, the last choice is taken back. Lowe ("Testing for
//! linearizability", 2017) adds two things that make it fast: configurations that were met are not gone into again, and
//! an operation is placed just in time, which is when an end forces it.
//!
//! ```text
//!   list         ├w1    ├w2    ├r     w1┤     r┤     w2┤
//!                └──────┴──────┴─ may be placed to pass the first end, w1┤
//!
//!   configuration = the first end in the list + which of the operations open there are placed + the register's value
//! ```
//!
//! Why just in time is enough: take any order, and move each operation back to the first end that can't be passed without
//! it, or without one behind it in the order. It is still inside its interval, and the order has not changed.
//!
//! An operation that changes nothing is placed as soon as it fits: whatever order comes later, it may as well stand here.
//! So only writes are tried. Of those without an answer, which need not be placed at all, two kinds of choices lead nowhere
//! that another one does not: to overwrite one before anybody found it, and to take a later one of several that do the same.
//!
//! **Invariant:** when a choice is taken back, list, path and state are what they were before it.

use glassbase_trace::sorted::{SortedMap, SortedSet};
use glassbase_trace::sorting::sort_by;

use super::seen::Seen;
use super::task::{NEVER, NOTHING, Op, State, Step};
use super::{Limits, Why};

/// What came of a search.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The operations (their places in the slice) in an order that explains them. Those without an end may be missing.
    Order(Vec<usize>),
    /// The first operation whose end can't be passed, and the values that the register could have there. The history up to
    /// that end, without it, is linearizable.
    Stuck {
        op: usize,
        states: SortedSet<State>,
    },
    GaveUp(Why),
}

/// What searches may use, and have used. A step is one entry of the list, or one word of a configuration, looked at.
#[derive(Clone, Debug)]
pub struct Budget {
    pub limits: Limits,
    pub steps: u64,
    pub configurations: u64,
    /// The count of steps at which the search under way has to end.
    until: u64,
}

impl Budget {
    pub fn new(limits: Limits) -> Budget {
        Budget { limits, steps: 0, configurations: 0, until: limits.steps }
    }

    /// Lets the next searches use so many steps together, and not more than there are.
    pub fn allow(&mut self, steps: u64) {
        self.until = self.limits.steps.min(self.steps.saturating_add(steps));
    }

    pub fn is_used_up(&self) -> bool {
        self.steps >= self.limits.steps
    }

    fn spend(&mut self, steps: usize, bytes: usize) -> Result<(), Why> {
        self.steps += steps as u64;
        if self.steps > self.until {
            return Err(Why::Steps(self.limits.steps));
        }
        if bytes as u64 > self.limits.memory_bytes {
            return Err(Why::Memory(self.limits.memory_bytes));
        }
        Ok(())
    }
}

/// A configuration in which there is a choice.
struct Frame {
    /// The operation whose end is the first in the list.
    blocked: u32,
    state: State,
    /// Length of the path here.
    placed: usize,
    /// First those that lead straight on are tried, then the others.
    straight: bool,
    /// The last entry of the list that was tried.
    cursor: u32,
}

/// What stays the same during a search, for each operation whose end is known.
struct Crossing {
    /// Where the list of the operations open at its end begins and ends in [`Search::open`].
    open: std::ops::Range<usize>,
    /// How many of the operations without an end have begun before it.
    maybes: usize,
}

struct Search<'a> {
    ops: &'a [Op],
    /// The doubly linked list: entry `2i` is the beginning of operation `i`, `2i + 1` its end, `2n` the head.
    next: Vec<u32>,
    previous: Vec<u32>,
    crossings: Vec<Crossing>,
    open: Vec<u32>,
    /// Operations without an end, in the order in which they began.
    maybes: Vec<u32>,
    /// For an operation without an end: the last one before it that does the same.
    twins: Vec<Option<u32>>,
    is_placed: Vec<bool>,
    path: Vec<u32>,
    state: State,
    seen: Seen,
    config: Vec<u64>,
    furthest: Option<(u32, SortedSet<State>)>,
    /// Steps since the budget was last told.
    steps: usize,
}

/// Looks for an order of operations of one key.
pub fn search(ops: &[Op], budget: &mut Budget) -> Found {
    let mut search = match Search::new(ops, budget) {
        Ok(search) => search,
        Err(why) => return Found::GaveUp(why),
    };
    let mut frames: Vec<Frame> = Vec::new();
    let found = loop {
        let Some(blocked) = search.settle() else {
            break Found::Order(search.path.iter().map(|op| *op as usize).collect());
        };
        search.note(blocked);
        if search.is_new(blocked) {
            let (state, placed) = (search.state, search.path.len());
            frames.push(Frame { blocked, state, placed, straight: true, cursor: search.head() });
        }
        match search.choose(&mut frames, budget) {
            Ok(true) => {}
            Ok(false) => break search.stuck(),
            Err(why) => break Found::GaveUp(why),
        }
    };
    budget.configurations += search.seen.len() as u64;
    found
}

impl Search<'_> {
    fn new<'a>(ops: &'a [Op], budget: &mut Budget) -> Result<Search<'a>, Why> {
        let mut events: Vec<(u32, u32)> = Vec::with_capacity(ops.len() * 2);
        for (index, op) in ops.iter().enumerate() {
            events.push((op.begin, index as u32 * 2));
            events.extend(op.end.map(|end| (end, index as u32 * 2 + 1)));
        }
        sort_by(&mut events, Ord::cmp);
        let entries = ops.len() * 2 + 1;
        let mut search = Search {
            ops,
            next: vec![0; entries],
            previous: vec![0; entries],
            crossings: ops.iter().map(|_| Crossing { open: 0..0, maybes: 0 }).collect(),
            open: Vec::new(),
            maybes: Vec::new(),
            twins: twins(ops),
            is_placed: vec![false; ops.len()],
            path: Vec::with_capacity(ops.len()),
            state: NOTHING,
            seen: Seen::new(1),
            config: Vec::new(),
            furthest: None,
            steps: 0,
        };
        search.link(&events);
        let widest = search.cross(&events, budget)?;
        let words = 1 + widest.div_ceil(64);
        search.seen = Seen::new(words);
        search.config = vec![0; words];
        Ok(search)
    }

    fn head(&self) -> u32 {
        self.ops.len() as u32 * 2
    }

    fn link(&mut self, events: &[(u32, u32)]) {
        let mut last = self.head();
        for (_, entry) in events {
            self.next[last as usize] = *entry;
            self.previous[*entry as usize] = last;
            last = *entry;
        }
        let head = self.head();
        self.next[last as usize] = head;
        self.previous[head as usize] = last;
    }

    /// Finds what is open at each end; gives the most that are open at once.
    fn cross(&mut self, events: &[(u32, u32)], budget: &mut Budget) -> Result<usize, Why> {
        let (mut open, mut widest) = (Vec::new(), 0);
        for (_, entry) in events {
            let index = entry / 2;
            if entry % 2 == 1 {
                open.retain(|other| *other != index);
                budget.spend(1 + open.len(), self.open.len() * size_of::<u32>())?;
                let begun = self.open.len();
                self.open.extend_from_slice(&open);
                let crossing = Crossing { open: begun..self.open.len(), maybes: self.maybes.len() };
                self.crossings[index as usize] = crossing;
                widest = widest.max(open.len() + self.maybes.len());
            } else if self.ops[index as usize].end.is_some() {
                open.push(index);
            } else {
                self.maybes.push(index);
            }
        }
        Ok(widest)
    }

    /// Places what fits and changes nothing. Gives the operation whose end is then the first in the list; nothing if all
    /// that ended are placed.
    fn settle(&mut self) -> Option<u32> {
        let mut entry = self.next[self.head() as usize];
        while entry != self.head() {
            let index = entry / 2;
            self.steps += 1;
            if entry % 2 == 1 {
                return Some(index);
            }
            let step = self.ops[index as usize].step;
            // Lifted entries keep their links, so the walk goes on from here.
            if step.is_pure() && step.after(self.state).is_some() {
                self.lift(index);
            }
            entry = self.next[entry as usize];
        }
        None
    }

    /// Remembers how far the search has come, and with which values.
    fn note(&mut self, blocked: u32) {
        let end = |op: u32| self.ops[op as usize].end;
        match &mut self.furthest {
            Some((op, states)) if *op == blocked => drop(states.insert(self.state)),
            Some((op, _)) if end(*op) > end(blocked) => {}
            _ => self.furthest = Some((blocked, SortedSet::from([self.state]))),
        }
    }

    fn stuck(&mut self) -> Found {
        match self.furthest.take() {
            Some((op, states)) => Found::Stuck { op: op as usize, states },
            None => Found::Order(Vec::new()),
        }
    }

    /// Whether this configuration was never met before.
    fn is_new(&mut self, blocked: u32) -> bool {
        self.config.fill(0);
        // Which choices there are depends on whether the last one has been found yet.
        let first = blocked | u32::from(self.is_unfound()) << 31;
        self.config[0] = u64::from(first) << 32 | u64::from(self.state);
        let crossing = &self.crossings[blocked as usize];
        let open = self.open[crossing.open.clone()].iter().chain(&self.maybes[..crossing.maybes]);
        for (bit, op) in open.enumerate() {
            self.steps += 1;
            self.config[1 + bit / 64] |= u64::from(self.is_placed[*op as usize]) << (bit % 64);
        }
        self.seen.insert(&self.config)
    }

    /// Whether the last operation placed is one that need not have been, and nothing has been found of it.
    fn is_unfound(&self) -> bool {
        self.path.last().is_some_and(|op| self.ops[*op as usize].end.is_none())
    }

    /// Goes to the next choice of the deepest configuration that has one. False when there is none left.
    fn choose(&mut self, frames: &mut Vec<Frame>, budget: &mut Budget) -> Result<bool, Why> {
        while let Some(frame) = frames.last_mut() {
            self.take_back(frame.placed, frame.state);
            while let Some(op) = self.candidate(frame) {
                budget.spend(std::mem::take(&mut self.steps), self.seen.bytes())?;
                if let Some(state) = self.ops[op as usize].step.after(frame.state) {
                    self.lift(op);
                    self.state = state;
                    return Ok(true);
                }
            }
            frames.pop();
        }
        Ok(false)
    }

    /// The next operation to try: one that changes something and began before the first end.
    fn candidate(&mut self, frame: &mut Frame) -> Option<u32> {
        let blocked = self.ops[frame.blocked as usize].step;
        loop {
            let entry = self.next[frame.cursor as usize];
            self.steps += 1;
            if entry % 2 == 1 {
                if !frame.straight {
                    return None;
                }
                (frame.straight, frame.cursor) = (false, self.head());
                continue;
            }
            frame.cursor = entry;
            let step = self.ops[entry as usize / 2].step;
            let is_straight =
                entry / 2 == frame.blocked || (blocked.needs().is_some() && step.sets() == blocked.needs());
            let is_vain = matches!(step, Step::Set(_)) && self.is_unfound();
            let is_twin = self.twins[entry as usize / 2].is_some_and(|twin| !self.is_placed[twin as usize]);
            if !step.is_pure() && is_straight == frame.straight && !is_vain && !is_twin {
                return Some(entry / 2);
            }
        }
    }

    fn take_back(&mut self, placed: usize, state: State) {
        while self.path.len() > placed
            && let Some(op) = self.path.pop()
        {
            self.unlift(op);
        }
        self.state = state;
    }

    /// Takes both events of an operation out of the list.
    fn lift(&mut self, op: u32) {
        self.is_placed[op as usize] = true;
        self.path.push(op);
        // The end first, so that the beginning's own link, by which a walk goes on, leads past both.
        if self.ops[op as usize].end.is_some() {
            self.unlink(op * 2 + 1);
        }
        self.unlink(op * 2);
    }

    /// Puts the events of the last operation that was lifted back.
    fn unlift(&mut self, op: u32) {
        self.is_placed[op as usize] = false;
        self.relink(op * 2);
        if self.ops[op as usize].end.is_some() {
            self.relink(op * 2 + 1);
        }
    }

    fn unlink(&mut self, entry: u32) {
        let (before, behind) = (self.previous[entry as usize], self.next[entry as usize]);
        self.next[before as usize] = behind;
        self.previous[behind as usize] = before;
    }

    fn relink(&mut self, entry: u32) {
        let (before, behind) = (self.previous[entry as usize], self.next[entry as usize]);
        self.next[before as usize] = entry;
        self.previous[behind as usize] = entry;
    }
}

/// For each operation without an end, the last one before it that does the same, as far as anybody asks. An operation that
/// may happen at any time after its beginning can stand in for every later one.
fn twins(ops: &[Op]) -> Vec<Option<u32>> {
    let asked = |op: &Op| match op.step {
        Step::IsNot(value) => Some(value),
        step => step.needs(),
    };
    let asked_for: SortedSet<State> = ops.iter().filter_map(asked).collect();
    let mut last: SortedMap<(Option<State>, State), u32> = SortedMap::new();
    let mut twin = |index: usize, op: &Op| {
        let written = op.step.sets().filter(|_| op.end.is_none())?;
        let written = if asked_for.contains(&written) { written } else { NEVER };
        last.insert((op.step.needs(), written), index as u32)
    };
    ops.iter().enumerate().map(|(index, op)| twin(index, op)).collect()
}
