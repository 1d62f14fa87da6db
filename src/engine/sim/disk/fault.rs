//! Faults that are planned: at the n-th operation the disk does not do what it should.
//!
//! A fault waits for the first operation that it can befall: a failed read for a read, a lost write for a write. Where it
//! strikes inside that operation (which bit, which other page) comes from the disk's own generator, so a plan and a
//! seed give the same damage everywhere.

use super::Disk;

/// Something that goes wrong once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A read answers with an error.
    ReadFails,
    /// A bit of what was written is another one on the medium.
    FlipBit,
    /// There is no room, although there should be.
    DiskFull,
    /// A write is acknowledged and not done: a page stays as it was, appended bytes are zeros.
    WriteLost,
    /// A page is written in the place of another one.
    WriteMisplaced,
}

/// What is planned, in the order in which it was planned.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan(Vec<(u64, Fault)>);

impl Disk {
    /// Once `after_operations` more operations are done, the next one that the fault can befall suffers it.
    pub fn plan(&mut self, after_operations: u64, fault: Fault) {
        let first = self.operations + after_operations;
        self.plan.0.push((first, fault));
    }

    /// Takes a fault that is due and of one of these kinds out of the plan.
    #[inline]
    pub(super) fn due(&mut self, kinds: &[Fault]) -> Option<Fault> {
        if self.plan.0.is_empty() { None } else { self.take_due(kinds) }
    }

    #[cold]
    fn take_due(&mut self, kinds: &[Fault]) -> Option<Fault> {
        // The operation under way is counted already.
        let due = |(first, fault): &(u64, Fault)| *first < self.operations && kinds.contains(fault);
        let index = self.plan.0.iter().position(due)?;
        Some(self.plan.0.remove(index).1)
    }
}
