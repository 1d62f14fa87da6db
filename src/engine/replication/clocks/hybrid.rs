//! A hybrid logical clock: the greatest physical time that was heard of, and a counter for events within it.
//!
//! S. Kulkarni, M. Demirbas, D. Madappa, B. Avva, M. Leone, "Logical Physical Clocks and Consistent Snapshots in Globally
//! Distributed Databases", 2014.
//!
//! ```text
//!   n1 (clock 10)    10+0 ── 10+1 ──╲
//!   n2 (clock  7)     7+0            ╲▶ 10+2 ── 10+3      until its own clock passes 10
//! ```
//!
//! **Invariant:** if one event can have caused another, its time is smaller.
//! **Invariant:** `wall_ns` is not behind the node's own clock at the event, and not ahead of the clock that is most ahead.

use super::super::versions::seconds;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hybrid {
    pub wall_ns: u64,
    pub count: u32,
}

impl Hybrid {
    /// An event here, when the node's clock shows `clock_ns`.
    pub fn tick(&mut self, clock_ns: u64) -> Hybrid {
        self.advance(clock_ns, None)
    }

    /// A message comes that was sent at `sent`.
    pub fn meet(&mut self, clock_ns: u64, sent: Hybrid) -> Hybrid {
        self.advance(clock_ns, Some(sent))
    }

    fn advance(&mut self, clock_ns: u64, sent: Option<Hybrid>) -> Hybrid {
        let wall_ns = clock_ns.max(self.wall_ns).max(sent.map_or(0, |sent| sent.wall_ns));
        let counts = [Some(*self), sent].into_iter().flatten().filter(|time| time.wall_ns == wall_ns);
        let count = counts.map(|time| time.count + 1).max().unwrap_or(0);
        *self = Hybrid { wall_ns, count };
        *self
    }

    /// "12.003 s+1".
    pub fn text(self) -> String {
        format!("{}+{}", seconds(self.wall_ns), self.count)
    }
}
