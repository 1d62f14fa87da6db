//! Lamport's clock: a number that grows with every event, and past every number that comes with a message.
//!
//! L. Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", 1978. If one event can have caused
//! another, its number is smaller. The converse does not hold: a smaller number says nothing.

/// The number of the last event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lamport(pub u64);

impl Lamport {
    /// An event here.
    pub fn tick(&mut self) -> Lamport {
        self.0 += 1;
        *self
    }

    /// A message comes that was sent at `sent`.
    pub fn meet(&mut self, sent: Lamport) -> Lamport {
        self.0 = self.0.max(sent.0);
        self.tick()
    }
}
