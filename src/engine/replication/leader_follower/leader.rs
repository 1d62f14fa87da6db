//! What a leader does: it writes, ships, counts acknowledgements, and tells clients when their writes are done.
//!
//! ```text
//!   request ─▶ append, sync ─▶ ship ─▶ acknowledged by k ─▶ committed ─▶ tell the client
//!                                                                  (asynchronous: at once)
//! ```
//!
//! For each follower it knows up to where the logs agree. What is lost on the way shows at the next message: its `prev` is
//! beyond what the follower has, so the follower says how far it is, and shipping begins from there.

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::cell::{Cell, Entry, data_key, epoch_record};
use super::epoch::{Epoch, Stamp};
use super::message::{Entries, Join, Message};
use super::snapshot::Sending;
use super::{HEARTBEAT, Replica, Role, SHIP};
use crate::message::{Answer, Call, Request, RequestId, Response};
use crate::node::Step;
use glassbase_storage::StorageError;
use glassbase_trace::{Bytes, NodeId};

use super::cell::Session;

/// Longer keys are refused: they would not fit the smallest pages.
const MAX_KEY_BYTES: usize = 64;
/// Messages that may be on their way to a follower without an answer.
const WINDOW: u64 = 8;

/// What a leader knows of a follower.
#[derive(Clone, Debug, Default)]
pub(super) struct Peer {
    /// The logs agree up to here, and the follower has it durably.
    pub acked: u64,
    /// Shipped up to here; none: it has not joined.
    pub sent: Option<u64>,
    pub snapshot: Option<Sending>,
    /// The newest time of the leader's clock that it has answered to.
    pub contact_ns: Option<u64>,
}

/// A write that waits for acknowledgements.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    client: NodeId,
    request: RequestId,
    compares: bool,
    session: Session,
    since_ns: u64,
    text: Rc<str>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Leadership {
    /// The first position of its epoch.
    pub first: u64,
    pub peers: SortedMap<NodeId, Peer>,
    pub pending: SortedMap<u64, Pending>,
    /// Writes have waited too long for acknowledgements: it does without.
    pub degraded: bool,
    /// It takes as long until it may be expected to have heard anybody.
    pub since_ns: u64,
}

/// A write that a client was told is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub stamp: Stamp,
    pub client: NodeId,
    pub request: RequestId,
    /// What was written, in words.
    pub text: Rc<str>,
}

impl Replica {
    pub(super) fn leadership(&mut self) -> Option<&mut Leadership> {
        match &mut self.role {
            Role::Leader(leadership) => Some(leadership),
            _ => None,
        }
    }

    /// An epoch begins: its first entry says so.
    pub(super) fn lead(&mut self, step: &mut Step, number: u64) -> Result<(), StorageError> {
        let epoch = Epoch { number, leader: self.me };
        (self.promised, self.promised_to, self.led) = (number, self.me, true);
        self.keep(step)?;
        let first = self.end + 1;
        let (key, value) = epoch_record(epoch, first);
        step.shelf.put(&key, &value)?;
        self.sync(step)?;
        self.end = first;
        self.epoch = epoch;
        self.note_entry(first, &Entry::Begins(epoch));
        let peers = self.others().map(|node| (node, Peer::default())).collect();
        let since_ns = step.clock_ns;
        self.role = Role::Leader(Box::new(Leadership { first, peers, since_ns, ..Leadership::default() }));
        step.disarm(super::SUSPECT);
        step.disarm(super::ASK);
        if self.options.ship_every_ns > 0 {
            step.arm(SHIP, self.options.ship_every_ns);
        }
        self.count(step);
        self.heartbeat(step)
    }

    /// A client asks.
    pub(super) fn request(&mut self, step: &mut Step, from: NodeId, request: &Rc<Request>) -> Result<(), StorageError> {
        if !request.call.writes() {
            return self.read(step, from, request);
        }
        if !self.is_leader() {
            self.tell(step, from, request.id, Answer::Redirect(self.known_leader()));
            return Ok(());
        }
        if let Some(why) = self.refusal(step, request) {
            self.tell(step, from, request.id, Answer::Refused(why));
            return Ok(());
        }
        self.write(step, from, request)
    }

    pub(super) fn known_leader(&self) -> Option<NodeId> {
        Some(self.epoch.leader).filter(|node| node.0 > 0 && *node != self.me)
    }

    fn refusal(&mut self, step: &Step, request: &Request) -> Option<&'static str> {
        if matches!(request.call, Call::Merge(_)) {
            return Some("followers keep plain values, which do not merge: put one");
        }
        if request.key.len() > MAX_KEY_BYTES {
            return Some("the key is longer than 64 bytes: take a shorter one");
        }
        (!self.may_lead(step))
            .then_some("the leader does not hear enough followers: another one may have been promoted")
    }

    /// Whether it has heard enough followers lately to be sure that nobody was promoted in its place.
    pub(super) fn may_lead(&mut self, step: &Step) -> bool {
        let (demote_ns, nodes) = (self.options.demote_ns, self.members.len());
        // Any set of answers that promotes another one has one of so many nodes in it, this one included.
        let needed = nodes + 1 - self.options.answers(nodes);
        let now_ns = step.clock_ns;
        let Some(leadership) = self.leadership() else { return false };
        if demote_ns == 0 {
            return true;
        }
        let heard = |peer: &&Peer| now_ns.saturating_sub(peer.contact_ns.unwrap_or(leadership.since_ns)) < demote_ns;
        1 + leadership.peers.values().filter(heard).count() >= needed
    }

    fn write(&mut self, step: &mut Step, from: NodeId, request: &Rc<Request>) -> Result<(), StorageError> {
        let session = Session::decode(&request.context);
        let compares = matches!(request.call, Call::CompareAndSet { .. });
        if let Some((_, position)) = self.clients.get(&from).copied().filter(|(id, _)| *id == request.id) {
            step.note("done-before", || {
                format!("Request {} of {from} is entry {position} already: it is not done twice.", request.id.0)
            });
            self.wait_for(step, position, from, request.id, compares, session);
            return self.settle(step);
        }
        let value = match &request.call {
            Call::Put(value) => Some(value.clone()),
            Call::CompareAndSet { expected, new } => {
                let found = self.cell(step, &request.key)?;
                if found.and_then(|cell| cell.value) != *expected {
                    self.tell(step, from, request.id, Answer::Compared(false));
                    return Ok(());
                }
                Some(new.clone())
            }
            _ => None,
        };
        let position = self.end + 1;
        let cell = Cell { position, client: from, request: request.id, value };
        step.shelf.put(&data_key(&request.key), &cell.encode())?;
        self.sync(step)?;
        self.end = position;
        let epoch = self.epoch;
        step.note("appended", || format!("Entry {position} of {epoch} for {from}: {}.", request.text()));
        self.note_entry(position, &Entry::Write(request.key.clone(), cell));
        self.wait_for(step, position, from, request.id, compares, session);
        self.count(step);
        self.settle(step)?;
        if self.options.ship_every_ns == 0 { self.ship_all(step) } else { Ok(()) }
    }

    /// What is under a key here.
    pub(super) fn cell(&self, step: &mut Step, key: &Bytes) -> Result<Option<Cell>, StorageError> {
        let Some(bytes) = step.shelf.get(&data_key(key))? else { return Ok(None) };
        match Cell::decode(&bytes) {
            Some(cell) => Ok(Some(cell)),
            None => Err(StorageError::DamagedFile {
                name: "replica".to_string(),
                offset: 0,
                what: format!("the record under {key} makes no sense"),
            }),
        }
    }

    fn wait_for(
        &mut self,
        step: &Step,
        position: u64,
        client: NodeId,
        request: RequestId,
        compares: bool,
        session: Session,
    ) {
        let pending =
            Pending { client, request, compares, session, since_ns: step.clock_ns, text: self.text_of(position) };
        if let Some(leadership) = self.leadership() {
            leadership.pending.insert(position, pending);
        }
    }

    /// Counts acknowledgements anew: up to where writes are done.
    pub(super) fn count(&mut self, step: &mut Step) {
        let (nodes, end) = (self.members.len(), self.end);
        let needed = self.options.acknowledgements(nodes);
        let Some(leadership) = self.leadership() else { return };
        let mut acked: Vec<u64> = leadership.peers.values().map(|peer| peer.acked).collect();
        acked.sort_unstable_by(|one, other| other.cmp(one));
        let by_all = if needed == 0 { end } else { acked.get(needed - 1).copied().unwrap_or(end) };
        if leadership.degraded && by_all == end {
            leadership.degraded = false;
            step.note("restored", || format!("{needed} followers have all up to {end}: writes wait for them again."));
        }
        let Some(leadership) = self.leadership() else { return };
        let reached = if leadership.degraded { end } else { by_all };
        // What an earlier epoch wrote counts once an entry of this one does.
        if reached >= leadership.first && reached > self.committed {
            self.committed = reached;
        }
    }

    /// Tells the clients whose writes are done.
    pub(super) fn settle(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let committed = self.committed;
        let needed = self.options.acknowledgements(self.members.len());
        while let Some(leadership) = self.leadership()
            && let Some((position, pending)) = leadership.pending.pop_first_if(|position, _| *position <= committed)
        {
            let Pending { client, request, compares, session, text, .. } = pending;
            let stamp = self.stamp(position);
            let answer = if compares { Answer::Compared(true) } else { Answer::Written };
            let (context, version) = (session.wrote(stamp).encode(), stamp.version());
            step.respond(client, Response { id: request, answer, context, version });
            match needed {
                0 => step.note("done-early", || {
                    format!("{client} is told that entry {position} is done. No follower has to have it.")
                }),
                _ => step.note("committed", || {
                    format!("{client} is told that entry {position} is done: {needed} followers have it.")
                }),
            }
            self.told = self.told.max(position);
            self.answered.push(Answered { stamp, client, request, text });
        }
        self.try_waiting(step)
    }

    fn text_of(&self, position: u64) -> Rc<str> {
        let first = self.entries.front().map_or(0, |(first, ..)| *first);
        let entry = position.checked_sub(first).and_then(|at| self.entries.get(at as usize));
        entry.map_or_else(|| format!("entry {position}").into(), |(.., text)| text.clone())
    }

    /// Ships to everybody what they lack.
    pub(super) fn ship_all(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if !self.is_leader() {
            return Ok(());
        }
        if self.options.ship_every_ns > 0 {
            step.arm(SHIP, self.options.ship_every_ns);
        }
        for node in self.others() {
            self.ship(step, node)?;
        }
        Ok(())
    }

    /// Ships to a follower what it lacks, as far as it has answered.
    pub(super) fn ship(&mut self, step: &mut Step, to: NodeId) -> Result<(), StorageError> {
        let (most, end) = (u64::from(self.options.max_batches), self.end);
        loop {
            let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&to)) else {
                return Ok(());
            };
            let Some(sent) = peer.sent.filter(|_| peer.snapshot.is_none()) else { return Ok(()) };
            if sent >= end || sent.saturating_sub(peer.acked) >= WINDOW * most {
                return Ok(());
            }
            let Some(batches) = step.shelf.read_log(sent, most as usize)? else {
                return self.begin_snapshot(step, to);
            };
            let Some(last) = batches.last().map(|batch| batch.last) else { return Ok(()) };
            step.note("shipped", || match last - sent {
                1 => format!("Entry {last} goes to {to}."),
                _ => format!("Entries {} to {last} go to {to}.", sent + 1),
            });
            self.send_entries(step, to, sent, batches);
            if let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&to)) {
                peer.sent = Some(last);
            }
        }
    }

    fn send_entries(&self, step: &mut Step, to: NodeId, prev: u64, batches: Vec<crate::shelf::Logged>) {
        let entries = Entries {
            epoch: self.epoch,
            prev,
            prev_epoch: self.history.at(prev),
            batches,
            committed: self.committed,
            end: self.end,
            sent_ns: step.clock_ns,
        };
        step.send(to, Message::Entries(entries.into()));
    }

    /// Time to be heard: and to look whether it still may lead.
    pub(super) fn heartbeat(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if !self.is_leader() {
            return Ok(());
        }
        if !self.may_lead(step) {
            let (me, ms) = (self.me, self.options.demote_ns / 1_000_000);
            step.note("stepped-down", || {
                format!("{me} has not heard enough followers for {ms} ms and steps down: another one may be promoted.")
            });
            return self.step_down(step);
        }
        self.degrade(step)?;
        for node in self.others() {
            let end = self.end;
            let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&node)) else { continue };
            let sent = peer.sent.unwrap_or(end);
            self.send_entries(step, node, sent, Vec::new());
            self.resend_piece(step, node)?;
        }
        step.arm(HEARTBEAT, self.options.heartbeat_ns);
        Ok(())
    }

    /// Does without acknowledgements if a write has waited for them for too long.
    fn degrade(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let (degrade_ns, now_ns) = (self.options.degrade_ns, step.clock_ns);
        let Some(leadership) = self.leadership() else { return Ok(()) };
        let waits = |pending: &Pending| now_ns.saturating_sub(pending.since_ns) >= degrade_ns;
        if degrade_ns == 0 || leadership.degraded || !leadership.pending.values().next().is_some_and(waits) {
            return Ok(());
        }
        leadership.degraded = true;
        step.note("degraded", || {
            format!(
                "No acknowledgements for {} ms: writes are done without them until a follower has caught up.",
                degrade_ns / 1_000_000
            )
        });
        self.count(step);
        self.settle(step)
    }

    pub(super) fn acknowledged(
        &mut self,
        step: &mut Step,
        from: NodeId,
        epoch: Epoch,
        position: u64,
        sent_ns: u64,
    ) -> Result<(), StorageError> {
        if epoch != self.epoch {
            return Ok(());
        }
        let end = self.end;
        let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&from)) else {
            return Ok(());
        };
        peer.contact_ns = peer.contact_ns.max(Some(sent_ns));
        if position > peer.acked && position <= end {
            peer.acked = position;
            peer.sent = peer.sent.max(Some(position));
            step.note("acknowledged", || format!("{from} has all up to {position} of {end}."));
            self.count(step);
            self.settle(step)?;
        }
        self.ship(step, from)
    }

    /// A follower says what it has: the log is shipped from where the two agree.
    pub(super) fn joins(&mut self, step: &mut Step, from: NodeId, join: &Join) -> Result<(), StorageError> {
        if join.epoch != self.epoch || !self.is_leader() {
            return Ok(());
        }
        let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&from)) else {
            return Ok(());
        };
        if join.whole {
            if let Some(sending) = peer.snapshot.take() {
                step.shelf.end_snapshot(sending.snapshot)?;
            }
            return self.begin_snapshot(step, from);
        }
        if peer.snapshot.is_some() {
            return Ok(());
        }
        let common = self.history.common(self.end, &join.history, join.end);
        if common < join.end {
            let (epoch, end) = (self.epoch, join.end);
            step.note("diverged", || {
                format!("{from} has entries up to {end}; the logs are the same up to {common}: it takes the rest back.")
            });
            step.send(from, Message::Rewind { epoch, to: common });
            return Ok(());
        }
        let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&from)) else {
            return Ok(());
        };
        (peer.acked, peer.sent) = (common, Some(common));
        step.note("joined", || {
            format!("{from} has all up to {common}, as {epoch} has: shipping goes on from there.", epoch = join.epoch)
        });
        self.count(step);
        self.settle(step)?;
        self.ship(step, from)
    }

    /// Somebody has promised a later epoch.
    pub(super) fn refused(&mut self, step: &mut Step, from: NodeId, promised: u64) -> Result<(), StorageError> {
        if promised <= self.epoch.number || !self.is_leader() {
            return Ok(());
        }
        let (me, epoch) = (self.me, self.epoch);
        if !self.options.fencing {
            step.note("split-brain", || {
                format!("{from} follows epoch {promised}. Nothing fences {me}: it goes on leading {epoch}.")
            });
            return Ok(());
        }
        step.note("stepped-down", || format!("{from} has promised epoch {promised}: {me} leads {epoch} no more."));
        if promised > self.promised {
            (self.promised, self.promised_to) = (promised, NodeId(0));
        }
        self.step_down(step)
    }

    /// It leads no more. Clients whose writes wait are not told anything: nobody knows yet what becomes of them.
    pub(super) fn step_down(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.led = false;
        self.keep(step)?;
        if let Some(leadership) = self.leadership() {
            let snapshots: Vec<_> = leadership.peers.values_mut().filter_map(|peer| peer.snapshot.take()).collect();
            for sending in snapshots {
                step.shelf.end_snapshot(sending.snapshot)?;
            }
        }
        step.disarm(HEARTBEAT);
        step.disarm(SHIP);
        self.epoch = Epoch { number: self.epoch.number, leader: NodeId(0) };
        self.follow_nobody(step);
        Ok(())
    }
}
