//! Keys that come from another shard.
//!
//! ```text
//!   Open 0 ─▶ wiped, expects 1      Rows 1, 2, 3 … ─▶ each in turn, durable before its Ack      Own n ─▶ taken over
//! ```
//!
//! **Invariant:** rows are applied in the order in which they were sent, each once: what was sent later is newer.
//! **Invariant:** what is acknowledged outlives a crash, with the number that is expected next.

use std::rc::Rc;

use super::{Shard, Step};
use crate::message::{Message, Plan, Row};
use crate::row::{self, number};
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::NodeId;

/// A stream of keys from one shard.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub plan: Rc<Plan>,
    epoch: u64,
    /// Number of the message that is expected.
    next: u64,
    /// The keys are this shard's.
    pub taken: bool,
}

/// Which message of a stream has come.
#[derive(Clone, Copy, Debug)]
pub struct Arrived {
    pub plan: u64,
    pub epoch: u64,
    pub sequence: u64,
}

impl Incoming {
    fn to_bytes(&self) -> Vec<u8> {
        [self.plan.id(), self.epoch, self.next, u64::from(self.taken)].map(u64::to_be_bytes).concat()
    }
}

impl Shard {
    pub(super) fn remember_incoming(
        &mut self,
        step: &mut Step,
        plan: &Rc<Plan>,
        from: NodeId,
    ) -> Result<(), StorageError> {
        let Some(bytes) = step.shelf.get(&row::stream(b'i', from))? else { return Ok(()) };
        let numbers: Vec<u64> = bytes.chunks(8).filter_map(|chunk| Some(number(chunk)?.0)).collect();
        if let [of, epoch, next, taken] = numbers[..]
            && of == plan.id()
        {
            self.incoming.insert(from, Incoming { plan: plan.clone(), epoch, next, taken: taken == 1 });
        }
        Ok(())
    }

    /// A stream begins, maybe anew: what came before is wiped.
    pub(super) fn open(
        &mut self,
        step: &mut Step,
        from: NodeId,
        plan: Rc<Plan>,
        epoch: u64,
    ) -> Result<(), StorageError> {
        let known = self.news.as_ref().and_then(|news| news.plan.as_ref()).map(|plan| plan.id());
        if known != Some(plan.id()) {
            self.want_map(step);
            return Ok(());
        }
        match self.incoming.get(&from) {
            Some(known) if known.epoch > epoch || known.taken => return Ok(()),
            Some(known) if known.epoch == epoch => {
                if known.next == 1 {
                    self.acknowledge(step, from);
                }
                return Ok(());
            }
            _ => {}
        }
        let me = self.me;
        let mut batch = WriteBatch::new();
        step.shelf.scan(None, None, u64::MAX, &mut |row, _| {
            if row::key_of(row).is_some_and(|key| plan.step(key) == Some((from, me))) {
                batch.delete(row);
            }
        })?;
        let incoming = Incoming { plan, epoch, next: 1, taken: false };
        self.keep(step, from, incoming, batch)
    }

    /// The stream that a message belongs to, if it is its turn. One that was there before is acknowledged again.
    fn in_turn(&mut self, step: &mut Step, from: NodeId, arrived: Arrived) -> Option<Incoming> {
        let known = self.incoming.get(&from)?;
        if known.plan.id() != arrived.plan || known.epoch != arrived.epoch || arrived.sequence > known.next {
            return None;
        }
        if arrived.sequence < known.next {
            if arrived.sequence + 1 == known.next {
                self.acknowledge(step, from);
            }
            return None;
        }
        Some(Incoming { next: known.next + 1, ..known.clone() })
    }

    pub(super) fn take_rows(
        &mut self,
        step: &mut Step,
        from: NodeId,
        arrived: Arrived,
        rows: &[Row],
    ) -> Result<(), StorageError> {
        let Some(incoming) = self.in_turn(step, from, arrived) else { return Ok(()) };
        let mut batch = WriteBatch::new();
        for (row, value) in rows {
            match value {
                Some(value) => batch.put(row, value),
                None => batch.delete(row),
            }
        }
        self.keep(step, from, incoming, batch)
    }

    /// The keys are this shard's from now on.
    pub(super) fn take_over(&mut self, step: &mut Step, from: NodeId, arrived: Arrived) -> Result<(), StorageError> {
        let Some(incoming) = self.in_turn(step, from, arrived) else { return Ok(()) };
        let plan = incoming.plan.clone();
        self.keep(step, from, Incoming { taken: true, ..incoming }, WriteBatch::new())?;
        let mut keys = 0;
        step.shelf.scan(Some(b"v"), Some(b"w"), u64::MAX, &mut |row, _| {
            let is_new = row::key_of(row).is_some_and(|key| plan.step(key) == Some((from, self.me)));
            keys += u64::from(is_new && row[0] == b'v');
        })?;
        self.keys += keys;
        let me = self.me;
        step.note("taken-over", || format!("{me} serves {keys} keys that were on {from}."));
        self.taken.push((plan, from));
        Ok(())
    }

    /// Keeps a stream's state together with its rows, durably, and acknowledges.
    fn keep(
        &mut self,
        step: &mut Step,
        from: NodeId,
        incoming: Incoming,
        mut batch: WriteBatch,
    ) -> Result<(), StorageError> {
        batch.put(&row::stream(b'i', from), &incoming.to_bytes());
        step.shelf.write(&mut batch)?;
        step.shelf.sync()?;
        self.incoming.insert(from, incoming);
        self.acknowledge(step, from);
        Ok(())
    }

    fn acknowledge(&self, step: &mut Step, from: NodeId) {
        if let Some(incoming) = self.incoming.get(&from) {
            let (plan, epoch, next) = (incoming.plan.id(), incoming.epoch, incoming.next);
            step.send(from, Message::Ack { plan, epoch, next });
        }
    }
}
