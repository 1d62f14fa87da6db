//! Keys that go to another shard, while requests go on.
//!
//! ```text
//!   opening ─▶ copying ─────▶ catching-up ──────▶ frozen ─────────▶ handed ─────▶ done
//!   target     a snapshot,    what changed        no more writes,   durable: I    rows deleted,
//!   wipes      in parts       since, in rounds    the last rows     own no more   map service told
//! ```
//!
//! One message is on its way at a time; the next is sent once it is acknowledged and the pause is over. After a crash that
//! came before `handed` the stream begins anew, with a higher epoch, and the target wipes what it had; after one that came
//! behind it the source goes on asking the target to take over.

use std::rc::Rc;

use super::{GO_ON, MAP_SERVICE, RESEND, Shard, Step};
use crate::message::{Message, Plan, Row};
use crate::row::{self, number};
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_storage::shelf::SnapshotId;
use glassbase_storage::step::Timer;
use glassbase_trace::sorted::SortedSet;
use glassbase_trace::{Bytes, NodeId};

/// Rows of the store that are read at a time to fill a message, for each row that it may have.
const LOOKED_AT: u64 = 8;

/// Messages of catching up after which the source stops taking requests, however much is left: where more is written than
/// a throttled stream carries, it would never end.
const ROUNDS_MAX: u32 = 40;

/// How far a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Opening,
    Copying,
    CatchingUp,
    Frozen,
    Handed,
    Done,
}

impl Phase {
    pub fn word(self) -> &'static str {
        match self {
            Phase::Opening => "opening",
            Phase::Copying => "copying",
            Phase::CatchingUp => "catching-up",
            Phase::Frozen => "frozen",
            Phase::Handed => "handed",
            Phase::Done => "done",
        }
    }
}

/// A stream of keys to one shard.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub plan: Rc<Plan>,
    pub phase: Phase,
    epoch: u64,
    /// Number of the message that is on its way, or goes next.
    sequence: u64,
    unacknowledged: Option<Message>,
    snapshot: Option<SnapshotId>,
    /// The copy goes on at this row.
    cursor: Vec<u8>,
    /// Rows that changed since the snapshot.
    dirty: SortedSet<Bytes>,
    rounds: u32,
    pub copied: u64,
    pub caught_up: u64,
    pub keys: u64,
}

impl Outgoing {
    fn new(plan: &Rc<Plan>, epoch: u64, phase: Phase) -> Outgoing {
        Outgoing {
            plan: plan.clone(),
            phase,
            epoch,
            sequence: 0,
            unacknowledged: None,
            snapshot: None,
            cursor: Vec::new(),
            dirty: SortedSet::new(),
            rounds: 0,
            copied: 0,
            caught_up: 0,
            keys: 0,
        }
    }

    pub fn is_handed(&self) -> bool {
        matches!(self.phase, Phase::Handed | Phase::Done)
    }

    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }
}

/// What of a stream outlives a crash: plan, epoch, number of the last message, and whether it is handed (1), done (2).
fn durable(step: &mut Step, to: NodeId) -> Result<Option<[u64; 4]>, StorageError> {
    let Some(bytes) = step.shelf.get(&row::stream(b'o', to))? else { return Ok(None) };
    let mut numbers = [0; 4];
    let mut rest = &bytes[..];
    for place in &mut numbers {
        let Some((read, behind)) = number(rest) else { return Ok(None) };
        (*place, rest) = (read, behind);
    }
    Ok(Some(numbers))
}

fn make_durable(step: &mut Step, to: NodeId, outgoing: &Outgoing) -> Result<(), StorageError> {
    let state = match outgoing.phase {
        Phase::Handed => 1,
        Phase::Done => 2,
        _ => 0,
    };
    let numbers = [outgoing.plan.id(), outgoing.epoch, outgoing.sequence, state];
    step.shelf.put(&row::stream(b'o', to), &numbers.map(u64::to_be_bytes).concat())?;
    step.shelf.sync()
}

impl Shard {
    /// The map service wants keys moved to a shard: begins, or says that it is done.
    pub(super) fn begin(&mut self, step: &mut Step, plan: Rc<Plan>, to: NodeId) -> Result<(), StorageError> {
        let Some(known) = self.news.as_ref().and_then(|news| news.plan.as_ref()).map(|plan| plan.id()) else {
            // What it does not know of yet it has to hear of first: whose keys are whose.
            self.want_map(step);
            return Ok(());
        };
        if known != plan.id() {
            self.want_map(step);
            return Ok(());
        }
        match self.outgoing.get(&to) {
            Some(outgoing) if outgoing.is_done() => {
                step.send(MAP_SERVICE, Message::Moved { plan: plan.id(), to });
                return Ok(());
            }
            Some(_) => return Ok(()),
            None => {}
        }
        let epoch = durable(step, to)?.filter(|[of, ..]| *of == plan.id()).map_or(0, |[_, epoch, ..]| epoch) + 1;
        let outgoing = Outgoing::new(&plan, epoch, Phase::Opening);
        make_durable(step, to, &outgoing)?;
        let me = self.me;
        step.note("move-begun", || format!("{me} begins to move keys to {to}, for {}.", plan.text));
        self.outgoing.insert(to, outgoing);
        self.send_next(step, to, Message::Open { plan, epoch });
        Ok(())
    }

    /// After a restart: goes on with a stream that was handed over. Another one begins anew when it is asked for.
    pub(super) fn remember_outgoing(
        &mut self,
        step: &mut Step,
        plan: &Rc<Plan>,
        to: NodeId,
    ) -> Result<(), StorageError> {
        let Some([of, epoch, sequence, state]) = durable(step, to)? else { return Ok(()) };
        if of != plan.id() || state == 0 {
            return Ok(());
        }
        let phase = if state == 1 { Phase::Handed } else { Phase::Done };
        let outgoing = Outgoing { sequence, ..Outgoing::new(plan, epoch, phase) };
        self.outgoing.insert(to, outgoing);
        if phase == Phase::Handed {
            self.send_next(step, to, Message::Own { plan: of, epoch, sequence });
        }
        Ok(())
    }

    /// A key was written: its rows are to be sent again to where it goes.
    pub(super) fn changed(&mut self, key: &[u8], rows: &[Vec<u8>]) {
        let Some((from, to)) = self.news.as_ref().and_then(|news| news.plan.as_ref()?.step(key)) else { return };
        if from == self.me
            && let Some(outgoing) = self.outgoing.get_mut(&to)
            && matches!(outgoing.phase, Phase::Copying | Phase::CatchingUp)
        {
            for row in rows {
                outgoing.dirty.insert(Bytes::from(&row[..]));
            }
        }
    }

    fn send_next(&mut self, step: &mut Step, to: NodeId, message: Message) {
        if let Some(outgoing) = self.outgoing.get_mut(&to) {
            outgoing.unacknowledged = Some(message.clone());
            step.send(to, message);
            step.arm(Timer { kind: RESEND, token: u64::from(to.0) }, self.options.resend_ns);
        }
    }

    pub(super) fn resend(&mut self, step: &mut Step, to: NodeId) {
        if let Some(message) = self.outgoing.get(&to).and_then(|outgoing| outgoing.unacknowledged.clone()) {
            step.send(to, message);
            step.arm(Timer { kind: RESEND, token: u64::from(to.0) }, self.options.resend_ns);
        }
    }

    pub(super) fn acknowledged(
        &mut self,
        step: &mut Step,
        from: NodeId,
        plan: u64,
        epoch: u64,
        next: u64,
    ) -> Result<(), StorageError> {
        let Some(outgoing) = self.outgoing.get_mut(&from) else { return Ok(()) };
        let is_awaited = outgoing.unacknowledged.is_some() && next == outgoing.sequence + 1;
        if outgoing.plan.id() != plan || outgoing.epoch != epoch || !is_awaited {
            return Ok(());
        }
        outgoing.unacknowledged = None;
        outgoing.sequence = next;
        step.disarm(Timer { kind: RESEND, token: u64::from(from.0) });
        // Throttled while it copies; once it is frozen requests wait, so there is no pause.
        if matches!(outgoing.phase, Phase::Frozen | Phase::Handed) || self.options.pause_ns == 0 {
            return self.go_on(step, from);
        }
        step.arm(Timer { kind: GO_ON, token: u64::from(from.0) }, self.options.pause_ns);
        Ok(())
    }

    /// Sends what comes next.
    pub(super) fn go_on(&mut self, step: &mut Step, to: NodeId) -> Result<(), StorageError> {
        loop {
            let Some(outgoing) = self.outgoing.get_mut(&to) else { return Ok(()) };
            if outgoing.unacknowledged.is_some() {
                return Ok(());
            }
            match outgoing.phase {
                Phase::Opening => {
                    outgoing.snapshot = Some(step.shelf.begin_snapshot()?);
                    outgoing.phase = Phase::Copying;
                }
                Phase::Copying => {
                    let rows = self.copy(step, to)?;
                    if !rows.is_empty() {
                        self.send_rows(step, to, rows);
                        return Ok(());
                    }
                }
                Phase::CatchingUp | Phase::Frozen => {
                    let rows = self.catch_up(step, to)?;
                    if !rows.is_empty() {
                        self.send_rows(step, to, rows);
                        return Ok(());
                    }
                    return self.hand_over(step, to);
                }
                Phase::Handed => return self.done(step, to),
                Phase::Done => return Ok(()),
            }
        }
    }

    fn send_rows(&mut self, step: &mut Step, to: NodeId, rows: Vec<Row>) {
        let Some(outgoing) = self.outgoing.get(&to) else { return };
        let (plan, epoch, sequence) = (outgoing.plan.id(), outgoing.epoch, outgoing.sequence);
        self.send_next(step, to, Message::Rows { plan, epoch, sequence, rows: Rc::new(rows) });
    }

    /// The next rows of the snapshot that go there; none: it is through.
    fn copy(&mut self, step: &mut Step, to: NodeId) -> Result<Vec<Row>, StorageError> {
        let (me, most) = (self.me, self.options.chunk_rows.max(1));
        let Some(outgoing) = self.outgoing.get_mut(&to) else { return Ok(Vec::new()) };
        let Some(snapshot) = outgoing.snapshot else { return Ok(Vec::new()) };
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let (plan, mut last) = (outgoing.plan.clone(), Vec::new());
            let seen =
                step.shelf.read_snapshot(snapshot, Some(&outgoing.cursor), most * LOOKED_AT, &mut |row, value| {
                    let goes = row::key_of(row).is_some_and(|key| plan.step(key) == Some((me, to)));
                    if (rows.len() as u64) < most {
                        last = row.to_vec();
                        if goes {
                            rows.push((Bytes::from(row), Some(Bytes::from(value))));
                        }
                    }
                })?;
            // Behind the last row that was taken.
            if !last.is_empty() {
                last.push(0);
                outgoing.cursor = last;
            }
            if rows.len() as u64 >= most || seen == 0 || seen < most * LOOKED_AT {
                let is_through = (rows.len() as u64) < most;
                outgoing.copied += rows.len() as u64;
                if is_through {
                    step.shelf.end_snapshot(snapshot)?;
                    outgoing.snapshot = None;
                    outgoing.phase = Phase::CatchingUp;
                    let copied = outgoing.copied;
                    step.note("copied", || {
                        format!("{me} has sent its snapshot to {to}: {copied} rows; now what changed meanwhile.")
                    });
                }
                return Ok(rows);
            }
        }
    }

    /// Rows that changed meanwhile. When few are left no more writes are taken, and these are the last.
    fn catch_up(&mut self, step: &mut Step, to: NodeId) -> Result<Vec<Row>, StorageError> {
        let (me, most) = (self.me, self.options.chunk_rows.max(1));
        let catches_up = self.options.catches_up;
        let Some(outgoing) = self.outgoing.get_mut(&to) else { return Ok(Vec::new()) };
        if !catches_up {
            outgoing.dirty.clear();
        }
        outgoing.rounds += 1;
        let is_near = outgoing.dirty.len() as u64 <= most || outgoing.rounds >= ROUNDS_MAX;
        if outgoing.phase == Phase::CatchingUp && is_near {
            outgoing.phase = Phase::Frozen;
            let left = outgoing.dirty.len();
            step.note("frozen", || {
                format!("{me} takes no more requests for these keys; {left} rows are left to send to {to}.")
            });
        }
        let mut rows = Vec::new();
        while (rows.len() as u64) < most
            && let Some(row) = outgoing.dirty.pop_first()
        {
            let value = step.shelf.get(&row)?;
            rows.push((row, value.map(|bytes| Bytes::from(&bytes[..]))));
        }
        outgoing.caught_up += rows.len() as u64;
        Ok(rows)
    }

    /// Everything has arrived: durably gives the keys up, and says so to their new shard.
    fn hand_over(&mut self, step: &mut Step, to: NodeId) -> Result<(), StorageError> {
        let me = self.me;
        let Some(outgoing) = self.outgoing.get_mut(&to) else { return Ok(()) };
        outgoing.phase = Phase::Handed;
        let (plan, epoch, sequence) = (outgoing.plan.id(), outgoing.epoch, outgoing.sequence);
        make_durable(step, to, outgoing)?;
        step.note("handed-over", || format!("{me} hands its keys over to {to}: it will never serve them again."));
        self.send_next(step, to, Message::Own { plan, epoch, sequence });
        Ok(())
    }

    /// The target has taken over: what is here of these keys is deleted.
    fn done(&mut self, step: &mut Step, to: NodeId) -> Result<(), StorageError> {
        let me = self.me;
        let Some(outgoing) = self.outgoing.get_mut(&to) else { return Ok(()) };
        outgoing.phase = Phase::Done;
        let plan = outgoing.plan.clone();
        let (mut batch, mut keys) = (WriteBatch::new(), 0);
        step.shelf.scan(None, None, u64::MAX, &mut |row, _| {
            if row::key_of(row).is_some_and(|key| plan.step(key) == Some((me, to))) {
                keys += u64::from(row[0] == b'v');
                batch.delete(row);
            }
        })?;
        if !batch.is_empty() {
            step.shelf.write(&mut batch)?;
        }
        outgoing.keys = keys;
        self.keys = self.keys.saturating_sub(keys);
        make_durable(step, to, outgoing)?;
        step.note("moved", || format!("{keys} keys are on {to} now; {me} has deleted them."));
        step.send(MAP_SERVICE, Message::Moved { plan: plan.id(), to });
        Ok(())
    }
}
