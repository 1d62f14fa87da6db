//! What a follower does: it joins its leader's log, applies what comes, and acknowledges what is durable.
//!
//! ```text
//!   a new leader is heard ─▶ join: "I have all up to 12, these epochs" ─▶ ◀─ entries from 13 on
//!                                                                         ◀─ rewind to 9: take 10 to 12 back, join again
//!                                                                         ◀─ snapshot: 13 is in no log any more
//! ```

use super::epoch::Epoch;
use super::message::{Entries, Join, Message};
use super::snapshot::Receiving;
use super::{Entry, Mode, Replica, Role, SUSPECT};
use crate::node::Step;
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// What a follower knows of its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Following {
    /// Its log is a beginning of the leader's.
    pub joined: bool,
    /// A snapshot is coming in.
    pub receiving: Option<Receiving>,
    /// It gives all that it has up for a snapshot.
    pub discards: bool,
}

impl Replica {
    pub(super) fn following(&mut self) -> Option<&mut Following> {
        match &mut self.role {
            Role::Follower(following) => Some(following),
            _ => None,
        }
    }

    /// It is a follower and waits to hear a leader.
    pub(super) fn follow_nobody(&mut self, step: &mut Step) {
        self.role = Role::Follower(Following::default());
        self.heard_ns = step.clock_ns;
        self.arm_suspicion(step);
    }

    pub(super) fn arm_suspicion(&mut self, step: &mut Step) {
        let after_ns = self.options.suspect_ns + step.random.below(self.options.suspect_ns);
        step.arm(SUSPECT, after_ns);
    }

    /// A leader is heard. True: it is the one that this node follows.
    fn accept(&mut self, step: &mut Step, from: NodeId, epoch: Epoch) -> Result<bool, StorageError> {
        let is_old = epoch < self.epoch || epoch.number < self.promised;
        if is_old && self.options.fencing {
            let promised = self.promised;
            step.note("fenced", || format!("{from} leads {epoch}, but epoch {promised} is promised: refused."));
            step.send(from, Message::Refused { promised });
            return Ok(false);
        }
        if epoch < self.epoch {
            // Nothing fences the old leader; but its log is no longer this node's.
            return Ok(false);
        }
        if epoch > self.epoch || !matches!(self.role, Role::Follower(_)) {
            if self.is_leader() && !self.options.fencing {
                let (me, mine) = (self.me, self.epoch);
                step.note("split-brain", || {
                    format!("{me} hears {from} lead {epoch}. Nothing fences it: it goes on leading {mine}.")
                });
                return Ok(false);
            }
            self.adopt(step, from, epoch)?;
        }
        self.heard_ns = step.clock_ns;
        self.arm_suspicion(step);
        Ok(true)
    }

    /// Whether it does what the leader of an epoch says: it follows that one, and has promised no later one.
    pub(super) fn obeys(&self, epoch: Epoch) -> bool {
        let is_fenced = self.options.fencing && epoch.number < self.promised;
        epoch == self.epoch && !is_fenced && matches!(self.role, Role::Follower(_))
    }

    /// It follows another leader from now on.
    fn adopt(&mut self, step: &mut Step, from: NodeId, epoch: Epoch) -> Result<(), StorageError> {
        if self.is_leader() {
            let (me, mine) = (self.me, self.epoch);
            step.note("stepped-down", || format!("{me} hears {from} lead {epoch}: it leads {mine} no more."));
            self.step_down(step)?;
        }
        step.disarm(super::ASK);
        self.role = Role::Follower(Following::default());
        self.epoch = epoch;
        self.fresh_ns = None;
        if epoch.number > self.promised {
            (self.promised, self.promised_to, self.led) = (epoch.number, from, false);
            self.keep(step)?;
        }
        let me = self.me;
        step.note("follows", || format!("{me} follows {from} in {epoch}."));
        Ok(())
    }

    /// Says what it has, durably.
    pub(super) fn join(&mut self, step: &mut Step, to: NodeId, whole: bool) -> Result<(), StorageError> {
        self.sync(step)?;
        let join = Join { epoch: self.epoch, end: self.end, history: self.history.clone(), whole };
        step.send(to, Message::Join(join.into()));
        Ok(())
    }

    pub(super) fn entries(&mut self, step: &mut Step, from: NodeId, entries: &Entries) -> Result<(), StorageError> {
        if !self.accept(step, from, entries.epoch)? {
            return Ok(());
        }
        let sent_ns = entries.sent_ns;
        let agrees = entries.prev == self.end && entries.prev_epoch == self.history.at(self.end);
        let (end, me) = (self.end, self.me);
        let Some(following) = self.following() else { return Ok(()) };
        if following.receiving.is_some() {
            // It is there, though what it has does not count yet.
            step.send(from, Message::Acknowledged { epoch: entries.epoch, position: 0, sent_ns });
            return Ok(());
        }
        if !following.joined && !agrees {
            return self.join(step, from, false);
        }
        following.joined = true;
        if entries.prev > end {
            let prev = entries.prev;
            step.note("gap", || format!("{me} has all up to {end}; this begins behind {prev}: something is missing."));
            return self.join(step, from, false);
        }
        self.apply(step, from, entries)?;
        self.committed = self.committed.max(entries.committed.min(self.end));
        if self.end >= entries.end {
            self.fresh_ns = self.fresh_ns.max(Some(entries.sent_ns));
        }
        self.try_waiting(step)
    }

    /// Applies the batches that are new, makes them durable, and says so.
    fn apply(&mut self, step: &mut Step, from: NodeId, entries: &Entries) -> Result<(), StorageError> {
        let before = self.end;
        for batch in &entries.batches {
            if batch.last <= self.end {
                continue;
            }
            let (entry, position) = self.entry_of(step, batch)?;
            step.shelf.apply_log(batch)?;
            self.end = batch.last;
            self.note_entry(position, &entry);
        }
        let (me, end) = (self.me, self.end);
        if end > before {
            self.sync(step)?;
            step.note("applied", || match end - before {
                1 => format!("{me} has entry {end} in its log and its data."),
                _ => format!("{me} has entries {} to {end} in its log and its data.", before + 1),
            });
            if end == entries.end && end > before + 1 {
                step.note("caught-up", || format!("{me} has all that {from} has: {end} entries."));
            }
        }
        if self.loading && end >= entries.end {
            self.loading = false;
            self.keep(step)?;
        }
        let (epoch, sent_ns) = (self.epoch, entries.sent_ns);
        step.send(from, Message::Acknowledged { epoch, position: end, sent_ns });
        Ok(())
    }

    /// The leader has other entries behind `to`.
    pub(super) fn rewind(&mut self, step: &mut Step, from: NodeId, epoch: Epoch, to: u64) -> Result<(), StorageError> {
        if !self.obeys(epoch) || to >= self.end {
            return Ok(());
        }
        let Some(following) = self.following().filter(|following| following.receiving.is_none()) else { return Ok(()) };
        if std::mem::replace(&mut following.discards, true) {
            return self.join(step, from, true);
        }
        self.name_tail(step, from, to)?;
        if !step.shelf.cut_log(to)? {
            let me = self.me;
            step.note("log-discarded", || {
                format!(
                    "{me} cannot take entries back one by one: it wants a snapshot in the place of all that it has."
                )
            });
            return self.join(step, from, true);
        }
        if let Some(following) = self.following() {
            following.discards = false;
        }
        self.read_store(step)?;
        self.committed = self.committed.min(to);
        self.join(step, from, false)
    }

    /// Says which entries are about to be taken back, and which of them clients were told are done.
    pub(super) fn name_tail(&mut self, step: &mut Step, leader: NodeId, to: u64) -> Result<(), StorageError> {
        let (me, end) = (self.me, self.end);
        let Some(tail) = step.shelf.read_log(to, usize::MAX)? else {
            step.note("log-taken-back", || {
                let what = format!("{me} gives entries {} to {end} up, which {leader} does not have", to + 1);
                format!("{what}. Its log does not reach back to them any more: it can't name them.")
            });
            return Ok(());
        };
        let mut entries = Vec::new();
        for batch in &tail {
            entries.push(self.entry_of(step, batch)?);
        }
        let mine = |position: u64| self.history.at(position).leader == me;
        // After a crash it does not know any more what it has told; if nobody had to acknowledge, it had told all.
        let told = |position: u64| mine(position) && (position <= self.told || self.options.mode == Mode::Asynchronous);
        let writes = entries.iter().filter(|(entry, _)| matches!(entry, Entry::Write(..)));
        let lost = writes.filter(|(_, position)| told(*position));
        let lost: Vec<String> = lost.map(|(entry, position)| format!("{} (entry {position})", entry.text())).collect();
        step.note("log-taken-back", || {
            let what = format!("{me} takes entries {} to {end} back, which {leader} does not have", to + 1);
            match lost.len() {
                0 => format!("{what}. No client was told that any of them is done."),
                1 => format!("{what}. A client was told that one of them is done: {}.", lost[0]),
                count => format!("{what}. Clients were told that {count} of them are done: {}.", lost.join(", ")),
            }
        });
        self.lost.extend(lost);
        self.told = self.told.min(to);
        Ok(())
    }
}
