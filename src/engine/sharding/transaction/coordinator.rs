//! The coordinator of two-phase commit.
//!
//! ```text
//!            prepare ▶                all yes: commit, forced              all acknowledged: end
//!   order ───────────▶ VOTING ──────────────────────────────▶ COMMITTING ───────────────────────▶ forgotten
//!                        │      (the client is told here)
//!                        └── a no, or time is over: abort ▶ ─▶ forgotten at once
//! ```
//!
//! **Presumed abort.** Nothing is logged before the votes are in, and an abort is not logged at all: a coordinator that has no
//! information about a transaction says "aborted". So an abort costs it no write and no acknowledgement. Without the
//! presumption it forces a record that it collects votes, forces the abort, and waits until everybody has acknowledged it.
//!
//! **Invariant:** nobody is told "commit" before the commit record is durable; that record is the decision.
//! **Invariant:** a request that was committed is never carried out again: its commit record says which it was.

use std::rc::Rc;

use super::log::{Entry, Log, Record};
use super::message::{Message, Order, Outcome, Share, What};
use super::saga::Saga;
use super::{ACKS, Leg, Options, SAGA, Step, Timer, VOTES, WorkId, listed};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;
use glassbase_trace::sorted::SortedMap;

/// A transaction that is not forgotten.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub request: u64,
    /// Nobody after a restart: a client that waits asks again.
    pub client: Option<NodeId>,
    pub legs: Rc<[Leg]>,
    pub shards: Vec<NodeId>,
    pub phase: Phase,
    /// Who has not voted, or not acknowledged.
    pub missing: Vec<NodeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Voting,
    Committing,
    Aborting,
}

/// The node that coordinates, and that carries out sagas.
#[derive(Clone, Debug)]
pub struct Coordinator {
    pub(super) options: Rc<Options>,
    pub(super) log: Log,
    pub(super) epoch: u64,
    next: u64,
    pub(super) open: SortedMap<WorkId, Open>,
    pub(super) sagas: SortedMap<WorkId, Saga>,
    /// Requests under way, and what became of those that are over, as far as it is known.
    pub(super) running: SortedMap<u64, WorkId>,
    pub(super) settled: SortedMap<u64, Outcome>,
    /// Transactions that were committed; of all others that are not open it is presumed that they were not.
    committed: SortedMap<WorkId, ()>,
}

impl Coordinator {
    pub fn new(options: &Rc<Options>) -> Coordinator {
        Coordinator {
            options: options.clone(),
            log: Log::default(),
            epoch: 0,
            next: 0,
            open: SortedMap::new(),
            sagas: SortedMap::new(),
            running: SortedMap::new(),
            settled: SortedMap::new(),
            committed: SortedMap::new(),
        }
    }

    /// Reads the log: what was decided is told again, what was not is aborted, sagas go on where they were.
    pub fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let (log, records) = Log::open(step)?;
        self.log = log;
        records.iter().for_each(|record| self.replay(record));
        self.epoch += 1;
        let epoch = Record::new(Entry::Epoch, WorkId::default()).numbered(self.epoch);
        self.log.write(step, &epoch, |_| {})?;
        self.log.force(step)?;
        let open: Vec<(WorkId, Phase)> = self.open.iter().map(|(work, open)| (*work, open.phase)).collect();
        for (work, phase) in open {
            match phase {
                // Only a record that votes are being collected is left of it.
                Phase::Voting => self.abort(step, work, "the coordinator crashed before it had decided")?,
                Phase::Committing => {
                    step.note("recovered-commit", || {
                        format!("The log has a commit of {work} and no end: n1 tells it again.")
                    });
                    self.tell_decision(step, work);
                }
                Phase::Aborting => self.tell_decision(step, work),
            }
        }
        self.resume_sagas(step)
    }

    fn replay(&mut self, record: &Record) {
        let work = record.work;
        let open = |phase, missing: Vec<NodeId>| Open {
            request: record.request,
            client: None,
            legs: record.legs.clone().into(),
            shards: record.nodes.clone(),
            phase,
            missing,
        };
        match record.entry {
            Entry::Epoch => self.epoch = record.number,
            Entry::Collecting => {
                self.running.insert(record.request, work);
                self.open.insert(work, open(Phase::Voting, record.nodes.clone()));
            }
            Entry::Commit => {
                self.committed.insert(work, ());
                self.running.remove(&record.request);
                self.settled.insert(record.request, Outcome::Done);
                self.open.insert(work, open(Phase::Committing, record.nodes.clone()));
            }
            Entry::Abort => {
                self.running.remove(&record.request);
                self.open.insert(work, open(Phase::Aborting, record.nodes.clone()));
            }
            Entry::End => drop(self.open.remove(&work)),
            _ => self.replay_saga(record),
        }
    }

    pub fn receive(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        match message {
            Message::Order(order) => self.order(step, from, &order),
            Message::Vote { work, no } => self.vote(step, from, work, no),
            Message::Acknowledge { work } => self.acknowledged(step, from, work),
            Message::Ask { work } => {
                self.asked(step, from, work);
                Ok(())
            }
            Message::Did { work, step: number, undo, no } => self.did(step, from, work, number, undo, no),
            _ => Ok(()),
        }
    }

    pub fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        let work = WorkId(timer.token);
        match timer.kind {
            VOTES => self.abort(step, work, "a vote did not come in time"),
            ACKS => {
                self.tell_decision(step, work);
                Ok(())
            }
            SAGA => self.saga_late(step, work),
            _ => Ok(()),
        }
    }

    fn order(&mut self, step: &mut Step, client: NodeId, order: &Order) -> Result<(), StorageError> {
        let request = order.request;
        if let Some(outcome) = self.settled.get(&request) {
            let outcome = outcome.clone();
            tell(step, client, request, outcome);
            return Ok(());
        }
        if let Some(work) = self.running.get(&request) {
            if let Some(open) = self.open.get_mut(work) {
                open.client = Some(client);
            }
            if let Some(saga) = self.sagas.get_mut(work) {
                saga.client = Some(client);
            }
            return Ok(());
        }
        match &order.what {
            What::Read(account) => {
                let home = self.options.account(account).map(|account| account.home);
                tell(step, client, request, home.map_or(Outcome::Refused(NO_ACCOUNT), Outcome::Elsewhere));
                Ok(())
            }
            What::RefuseUndo(_) => {
                tell(step, client, request, Outcome::Refused("only a shard compensates"));
                Ok(())
            }
            What::Resume => {
                let found = self.resume_stuck(step)?;
                tell(step, client, request, if found { Outcome::Done } else { Outcome::Refused("nothing is stuck") });
                Ok(())
            }
            What::Atomic(legs) | What::Saga(legs) if !self.knows(legs) => {
                tell(step, client, request, Outcome::Refused(NO_ACCOUNT));
                Ok(())
            }
            What::Atomic(legs) => self.begin(step, client, request, legs.clone()),
            What::Saga(legs) => self.begin_saga(step, client, request, legs.clone()),
        }
    }

    fn knows(&self, legs: &[Leg]) -> bool {
        !legs.is_empty() && legs.iter().all(|leg| self.options.account(&leg.account).is_some())
    }

    pub(super) fn new_work(&mut self) -> WorkId {
        self.next += 1;
        WorkId::new(self.epoch, self.next)
    }

    /// Phase one: everybody who takes part is asked to prepare.
    fn begin(&mut self, step: &mut Step, client: NodeId, request: u64, legs: Rc<[Leg]>) -> Result<(), StorageError> {
        let work = self.new_work();
        let shards = self.options.shards_of(&legs);
        step.note("begun", || format!("{work}, {}: n1 asks {} to prepare.", listed(&legs), names(&shards)));
        if !self.options.presume_abort {
            let record = Record { request, nodes: shards.clone(), ..Record::new(Entry::Collecting, work) };
            self.log.write(step, &record, |_| {})?;
            self.log.force(step)?;
        }
        for shard in &shards {
            let share = Share { request, legs: self.options.legs_at(&legs, *shard), peers: without(&shards, *shard) };
            step.send(*shard, Message::Prepare { work, share: share.into() });
        }
        step.arm(Timer { kind: VOTES, token: work.0 }, self.options.votes_ns);
        self.running.insert(request, work);
        let missing = shards.clone();
        self.open.insert(work, Open { request, client: Some(client), legs, shards, phase: Phase::Voting, missing });
        Ok(())
    }

    fn vote(
        &mut self,
        step: &mut Step,
        from: NodeId,
        work: WorkId,
        no: Option<&'static str>,
    ) -> Result<(), StorageError> {
        let Some(open) = self.open.get_mut(&work).filter(|open| open.phase == Phase::Voting) else {
            // A vote that is late, or was sent twice: the one that gave it hears what was decided.
            self.asked(step, from, work);
            return Ok(());
        };
        if let Some(why) = no {
            step.note("no", || format!("{from} votes no to {work}: {why}."));
            open.missing.retain(|shard| *shard != from);
            open.shards.retain(|shard| *shard != from || !self.options.presume_abort);
            return self.abort(step, work, why);
        }
        open.missing.retain(|shard| *shard != from);
        if !open.missing.is_empty() {
            return Ok(());
        }
        self.commit(step, work)
    }

    /// Everybody has voted yes. The decision is the record; only then is it told.
    fn commit(&mut self, step: &mut Step, work: WorkId) -> Result<(), StorageError> {
        let Some(open) = self.open.get_mut(&work) else { return Ok(()) };
        open.phase = Phase::Committing;
        open.missing.clone_from(&open.shards);
        step.disarm(Timer { kind: VOTES, token: work.0 });
        if self.options.coordinator_log {
            let (request, nodes, legs) = (open.request, open.shards.clone(), open.legs.to_vec());
            let record = Record { request, nodes, legs, ..Record::new(Entry::Commit, work) };
            self.log.write(step, &record, |_| {})?;
            self.log.force(step)?;
        }
        step.note("decided", || format!("All have voted yes: {work} is committed from here on."));
        self.committed.insert(work, ());
        self.tell_decision(step, work);
        self.settle(step, work, Outcome::Done);
        Ok(())
    }

    fn abort(&mut self, step: &mut Step, work: WorkId, why: &'static str) -> Result<(), StorageError> {
        let Some(open) = self.open.get_mut(&work).filter(|open| open.phase == Phase::Voting) else { return Ok(()) };
        open.phase = Phase::Aborting;
        open.missing.clone_from(&open.shards);
        step.disarm(Timer { kind: VOTES, token: work.0 });
        step.note("aborted", || format!("{work} is aborted: {why}."));
        if !self.options.presume_abort {
            let record =
                Record { request: open.request, nodes: open.shards.clone(), ..Record::new(Entry::Abort, work) };
            self.log.write(step, &record, |_| {})?;
            self.log.force(step)?;
        }
        self.tell_decision(step, work);
        self.settle(step, work, Outcome::Refused(why));
        if self.options.presume_abort {
            // Whoever asks later is told "aborted" because nothing is known.
            self.open.remove(&work);
        }
        Ok(())
    }

    /// Tells the decision to all who have not acknowledged it.
    fn tell_decision(&mut self, step: &mut Step, work: WorkId) {
        let Some(open) = self.open.get(&work) else { return };
        let commit = open.phase == Phase::Committing;
        for shard in &open.missing {
            step.send(*shard, Message::Decide { work, commit });
        }
        if commit || !self.options.presume_abort {
            step.arm(Timer { kind: ACKS, token: work.0 }, self.options.acks_ns);
        }
    }

    /// The client hears how it ended.
    fn settle(&mut self, step: &mut Step, work: WorkId, outcome: Outcome) {
        let Some(open) = self.open.get_mut(&work) else { return };
        let (request, client) = (open.request, open.client.take());
        self.finish(step, request, client, outcome);
    }

    pub(super) fn finish(&mut self, step: &mut Step, request: u64, client: Option<NodeId>, outcome: Outcome) {
        self.running.remove(&request);
        self.settled.insert(request, outcome.clone());
        if let Some(client) = client {
            tell(step, client, request, outcome);
        }
    }

    fn acknowledged(&mut self, step: &mut Step, from: NodeId, work: WorkId) -> Result<(), StorageError> {
        let Some(open) = self.open.get_mut(&work).filter(|open| open.phase != Phase::Voting) else { return Ok(()) };
        open.missing.retain(|shard| *shard != from);
        if !open.missing.is_empty() {
            return Ok(());
        }
        self.open.remove(&work);
        step.disarm(Timer { kind: ACKS, token: work.0 });
        if self.options.coordinator_log {
            // Not forced: after a crash the decision is told once more, and acknowledged once more.
            self.log.write(step, &Record::new(Entry::End, work), |_| {})?;
        }
        step.note("ended", || format!("All have acknowledged {work}: n1 forgets it."));
        Ok(())
    }

    /// A shard asks what became of a transaction.
    fn asked(&mut self, step: &mut Step, from: NodeId, work: WorkId) {
        let phase = self.open.get(&work).map(|open| open.phase);
        let commit = self.committed.contains_key(&work);
        match phase {
            Some(Phase::Voting) => step.send(from, Message::Uncertain { work }),
            _ if commit => step.send(from, Message::Decide { work, commit }),
            phase => {
                if phase.is_none() {
                    step.note("presumed", || {
                        format!("n1 knows nothing of {work}, so it was aborted: {from} hears that.")
                    });
                }
                step.send(from, Message::Decide { work, commit: false });
            }
        }
    }
}

const NO_ACCOUNT: &str = "there is no such account";

pub(super) fn tell(step: &mut Step, client: NodeId, request: u64, outcome: Outcome) {
    step.send(client, Message::Told { request, outcome });
}

pub(super) fn without(nodes: &[NodeId], me: NodeId) -> Vec<NodeId> {
    nodes.iter().copied().filter(|node| *node != me).collect()
}

/// "n2, n3".
pub(super) fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(", ")
}
